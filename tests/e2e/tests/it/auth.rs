//! Who may ask for what. The gateway checks the token; the functions check what it allows.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use e2e::stack::{JsonBody, fresh, sandbox_token};
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::shop::{card, card_form};
use crate::world::World;

/// The claims of a token, under another header and signature.
fn resigned(token: &str, header: &Value, signature: &str) -> String {
    let claims = token.split('.').nth(1).unwrap();
    format!("{}.{claims}.{signature}", URL_SAFE_NO_PAD.encode(header.to_string()))
}

#[tokio::test]
async fn without_a_good_token_nothing_is_read_or_done() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, 86_400).await;
    let good = world.merchant();
    let short_lived = world.token(&["merchant", "--expires-in", "1s"]);
    let elsewhere = std::env::temp_dir().join(fresh("another-key"));
    let foreign = sandbox_token(&["merchant"], &elsewhere);
    std::fs::remove_dir_all(&elsewhere).unwrap();
    tokio::time::sleep(std::time::Duration::from_millis(2_100)).await;

    let (head, signature) = good.rsplit_once('.').unwrap();
    let header: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head.split('.').next().unwrap()).unwrap()).unwrap();
    let flipped: String = signature.chars().rev().collect();
    let claims: Value =
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(head.split('.').nth(1).unwrap()).unwrap()).unwrap();
    let mut richer = claims.clone();
    richer["scope"] = json!("billing/merchant billing/customer admin");
    let changed =
        format!("{}.{}.{signature}", head.split('.').next().unwrap(), URL_SAFE_NO_PAD.encode(richer.to_string()));
    let tokens = [
        ("none", None),
        ("empty", Some("Bearer ".to_owned())),
        ("no token at all", Some("Bearer nonsense".to_owned())),
        ("basic authentication", Some("Basic bWVyY2hhbnQ6c2VjcmV0".to_owned())),
        ("expired", Some(format!("Bearer {short_lived}"))),
        ("signed by somebody else", Some(format!("Bearer {foreign}"))),
        ("a damaged signature", Some(format!("Bearer {head}.{flipped}"))),
        ("no signature", Some(format!("Bearer {head}."))),
        ("changed claims", Some(format!("Bearer {changed}"))),
        (
            "alg none",
            Some(format!(
                "Bearer {}",
                resigned(&good, &json!({ "alg": "none", "typ": "JWT", "kid": header["kid"] }), "")
            )),
        ),
        (
            "HS256",
            Some(format!(
                "Bearer {}",
                resigned(&good, &json!({ "alg": "HS256", "typ": "JWT", "kid": header["kid"] }), signature)
            )),
        ),
    ];
    let (row, calls, writes) = (world.the_row(&uid).await, world.requests_so_far().await, world.writes_so_far().await);
    let routes = crate::ownership::secured();
    for (name, authorization) in &tokens {
        for route in &routes {
            let filled = |parameter: &str| if parameter == "customer_uid" { &buyer.customer_uid } else { &uid }.clone();
            let (method, path) = route.filled(filled);
            let mut request = world.request(method, &path).json_body(&json!({}));
            if let Some(authorization) = authorization {
                request = request.header("authorization", authorization);
            }
            let reply = world.send(request).await;
            assert_eq!(reply.status, 401, "{name}: {method} {path}: {}", reply.text);
            assert_eq!(reply.json()["message"], "Unauthorized", "{name}");
            assert!(reply.header("www-authenticate").starts_with("Bearer"), "{name}");
        }
    }
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes);
    assert_eq!(world.the_row(&uid).await, row);
    world.call("GET", &format!("/schedules/{uid}"), &good).await.ok(200);
}

#[tokio::test]
async fn a_customer_cannot_name_amounts_or_change_schedules() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, 86_400).await;
    let token = world.customer(&buyer.customer_id);
    let (row, calls, writes) = (world.the_row(&uid).await, world.requests_so_far().await, world.writes_so_far().await);
    let charge = fresh("ord");
    let at = world.now().await + 90_000;
    for (method, path, body) in [
        ("POST", "/charges".to_owned(), buyer.order(&charge)),
        ("POST", "/schedules".to_owned(), buyer.schedules(&[(&charge, at)])),
        ("PATCH", format!("/schedules/{uid}"), json!({ "schedule_at": at })),
        ("DELETE", format!("/schedules/{uid}"), Value::Null),
    ] {
        let reply = world.send(world.request(method, &path).bearer_auth(&token).json_body(&body)).await;
        assert_eq!(reply.status, 403, "{method} {path}: {}", reply.text);
        assert!(reply.header("www-authenticate").contains("insufficient_scope"), "{method} {path}");
    }
    assert_eq!(world.row(&charge).await, None);
    assert_eq!(world.the_row(&uid).await, row);
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes, "no write");
}

#[tokio::test]
async fn a_list_shows_a_customer_their_own() {
    let world = World::alone().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let schedule = world.scheduled(&buyer, 86_400).await;
    let stranger = world.customer(&other.customer_id);
    let list = world.call("GET", "/billing-keys", &stranger).await.ok(200);
    let uids: Vec<&Value> = list["list"].as_array().unwrap().iter().map(|key| &key["customer_uid"]).collect();
    assert_eq!(uids, [&json!(other.customer_uid)], "own keys only");
    let list = world.call("GET", "/schedules", &stranger).await.ok(200);
    assert_eq!(list["list"], json!([]), "own schedules only");
    let list = world.call("GET", "/schedules", &world.customer(&buyer.customer_id)).await.ok(200);
    assert_eq!(list["list"][0]["merchant_uid"], schedule, "and those there are");
}

#[tokio::test]
async fn the_storefronts_server_sees_every_customers_things() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let merchant = world.merchant();
    let key = world.call("GET", &format!("/billing-keys/{}", buyer.customer_uid), &merchant).await.ok(200);
    assert_eq!(key["customer_id"], buyer.customer_id);
    let list = world.call("GET", &format!("/billing-keys?customer_id={}", buyer.customer_id), &merchant).await.ok(200);
    assert_eq!(list["list"], json!([key]));
}

#[tokio::test]
async fn the_storefronts_server_says_for_whom_it_issues_a_key() {
    let world = World::alone().await;
    let request = world.request("POST", "/billing-keys").bearer_auth(world.merchant());
    let request = request.header("idempotency-key", fresh("issue")).json_body(&card_form(card::APPROVES));
    let refusal = Refusal {
        name: "nobody named".to_owned(),
        request,
        status: 422,
        code: "customer_id_required",
        field: Some("customer_id".to_owned()),
        secret: None,
    };
    all_refused(&world, vec![refusal]).await;
}

/// Issuers differ in where they write scopes; the gateway reads both places, and hands a list over as `[a b]`.
#[tokio::test]
async fn scopes_are_found_in_scope_and_in_scp() {
    let world = World::alone().await;
    for (claim, status) in [
        (json!({ "scp": "openid billing/merchant" }), 404),
        (json!({ "scp": "[openid billing/merchant]" }), 404),
        (json!({ "scope": "[billing/merchant]" }), 404),
        (json!({ "scope": "openid", "scp": "billing/merchant" }), 404),
        (json!({ "scp": "openid" }), 403),
        (json!({}), 403),
    ] {
        let event = lookup(&json!("shop.example"), &claim);
        let answer = world.invoke("charge", &event).await;
        assert_eq!(answer["statusCode"], status, "{claim}: {answer}");
    }
}

#[tokio::test]
async fn an_event_that_is_no_request_is_400_and_the_function_lives() {
    let world = World::alone().await;
    let claims = json!({ "scope": "billing/merchant" });
    for host in ["bad host", "a:99999999", "[::1", "ex%zz", "a<b", "a,b", ""] {
        let answer = world.invoke("charge", &lookup(&json!(host), &claims)).await;
        assert_eq!(answer["statusCode"], 400, "{host}: {answer}");
        let problem: Value = serde_json::from_str(answer["body"].as_str().unwrap()).unwrap();
        assert_eq!((&problem["code"], &problem["request_id"]), (&json!("malformed_request"), &json!("direct")));
    }
    let mut event = lookup(&json!("shop.example"), &claims);
    event["isBase64Encoded"] = json!(true);
    event["body"] = json!("***");
    assert_eq!(world.invoke("charge", &event).await["statusCode"], 400);
    assert_eq!(world.invoke("charge", &lookup(&json!("shop.example"), &claims)).await["statusCode"], 404);
}

/// Looks an order of nobody up, past the gateway.
fn lookup(host: &Value, claims: &Value) -> Value {
    let mut claims = claims.clone();
    claims["sub"] = json!("storefront-server");
    let (route, path) = ("GET /charges/{merchant_uid}", "/charges/nobodys");
    json!({
        "version": "2.0",
        "routeKey": route,
        "rawPath": path,
        "rawQueryString": "",
        "headers": { "host": host },
        "pathParameters": { "merchant_uid": "nobodys" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "x", "domainName": "x", "domainPrefix": "x",
            "authorizer": { "jwt": { "claims": claims, "scopes": null } },
            "http": { "method": "GET", "path": path, "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1", "userAgent": "x" },
            "requestId": "direct", "routeKey": route, "stage": "$default",
            "time": "02/Nov/2026:01:30:15 +0000", "timeEpoch": 1_793_583_015_000_i64,
        },
        "isBase64Encoded": false,
    })
}
