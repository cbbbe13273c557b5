//! Cards, codes and secrets that exist nowhere else, driven through success, decline, error and fault, and then looked for
//! in every row, every log and every answer.

use e2e::stack::{JsonBody, chance, fresh};
use serde_json::{Value, json};

use crate::leaks::Secret;
use crate::psp::AGAIN;
use crate::shop::Buyer;
use crate::world::World;

const CUSTOMERS: &str = "/subscribe/customers/";

/// What is typed on one card form.
struct Canary {
    number: String,
    birth: String,
    pwd_2digit: String,
    cvc: String,
}

impl Canary {
    fn new() -> Self {
        let number = luhn_number();
        let draw = chance();
        // A business number: ten digits are told from chance, six are not.
        let birth = business_number();
        let pwd_2digit = format!("{:02}", 13 + draw % 80);
        let cvc = format!("{:03}", 100 + draw / 100 % 900);
        Self { number, birth, pwd_2digit, cvc }
    }

    fn dashed(&self) -> String {
        let groups: Vec<&str> = (0..16).step_by(4).map(|at| &self.number[at..at + 4]).collect();
        groups.join("-")
    }

    fn form(&self) -> Value {
        json!({ "card_number": self.dashed(), "expiry": "2040-12", "birth": self.birth, "pwd_2digit": self.pwd_2digit })
    }

    fn secrets(&self) -> Vec<Secret> {
        vec![
            Secret::card_number(&self.number),
            Secret::text("birth", &self.birth),
            Secret::field("birth", &self.birth),
            Secret::field("pwd_2digit", &self.pwd_2digit),
            Secret::field("cvc", &self.cvc),
        ]
    }
}

/// A number that passes the Luhn check, starts as cards do, and is no test card.
fn luhn_number() -> String {
    let mut digits: Vec<u64> = vec![9, 4];
    let mut draw = chance();
    digits.extend((0..13).map(|_| {
        let digit = draw % 10;
        draw /= 10;
        digit
    }));
    let doubled = |digit: u64| if digit > 4 { digit * 2 - 9 } else { digit * 2 };
    let sum: u64 =
        digits.iter().enumerate().map(|(at, digit)| if at % 2 == 0 { doubled(*digit) } else { *digit }).sum();
    digits.push((10 - sum % 10) % 10);
    digits.iter().map(ToString::to_string).collect()
}

/// Ten digits whose check digit holds.
fn business_number() -> String {
    let mut draw = chance();
    let digits: Vec<u64> = (0..9)
        .map(|_| {
            let digit = draw % 10;
            draw /= 10;
            digit
        })
        .collect();
    let weights = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let sum: u64 = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<u64>() + digits[8] * 5 / 10;
    let check = (10 - sum % 10) % 10;
    digits.iter().chain([&check]).map(ToString::to_string).collect()
}

/// Sends a canary's form and says what came of it.
async fn issue(world: &World, token: &str, canary: &Canary) -> crate::reply::Reply {
    world.issue(token, &fresh("canary"), &canary.form()).await
}

/// A key on a canary, and everything that can happen to it afterwards.
async fn live_with(world: &World, customer_id: &str, canary: &Canary) {
    let token = world.customer(customer_id);
    let name = fresh("canary");
    let key = world.issue(&token, &name, &canary.form()).await.ok(201);
    let masked = format!("{}******{}", &canary.number[..6], &canary.number[12..]);
    assert_eq!(key["card_number"], masked, "the canary went all the way to the PSP");
    world.issue(&token, &name, &canary.form()).await.ok(201);
    let mut other = canary.form();
    other["pwd_2digit"] = json!("12");
    world.issue(&token, &name, &other).await.problem(422, "idempotency_key_reused");

    let buyer =
        Buyer { customer_id: customer_id.to_owned(), customer_uid: key["customer_uid"].as_str().unwrap().to_owned() };
    world.charge(&buyer.order(&fresh("canary"))).await.ok(200);
    for fault in [
        json!({ "kind": "refused" }),
        json!({ "kind": "reset", "phase": "after" }),
        json!({ "kind": "html_ok" }),
        json!({ "kind": "null_response" }),
        json!({ "kind": "wrong", "field": "amount" }),
        json!({ "kind": "unauthorized" }),
    ] {
        let uid = fresh("canary");
        world.fault(AGAIN, &uid, fault).await;
        world.charge(&buyer.order(&uid)).await;
    }
    let uid = world.scheduled(&buyer, 600).await;
    world.advance(700).await;
    assert_eq!(world.the_row(&uid).await["state"], "paid");
    world.call("GET", "/billing-keys", &token).await.ok(200);
    let gone = world.call("DELETE", &format!("/billing-keys/{}?cascade=true", buyer.customer_uid), &token).await;
    assert_eq!(gone.status, 204, "{}", gone.text);
}

/// A card whose issue goes wrong in every way.
async fn fail_with(world: &World, customer_id: &str, canary: &Canary) {
    let token = world.customer(customer_id);
    for fault in [
        json!({ "kind": "refused", "code": -1 }),
        json!({ "kind": "status", "status": 500 }),
        json!({ "kind": "reset", "phase": "before" }),
        json!({ "kind": "reset", "phase": "after" }),
        json!({ "kind": "html_ok" }),
        json!({ "kind": "truncated", "bytes": 20 }),
        json!({ "kind": "null_response" }),
        json!({ "kind": "unauthorized" }),
        json!({ "kind": "rate_limited" }),
        json!({ "kind": "wrong", "field": "customer_uid" }),
        // A PSP that answers with what was sent.
        json!({ "kind": "wrong", "field": "customer_uid", "value": canary.number }),
    ] {
        world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), fault).await;
        let reply = issue(world, &token, canary).await;
        assert!([201, 202, 402, 503].contains(&reply.status), "{} {}", reply.status, reply.text);
        world.no_faults().await;
    }
    for (operation, kind) in
        [("UpdateItem", "throttle"), ("UpdateItem", "drop_after_commit"), ("GetItem", "internal_error")]
    {
        world.aws_fault(operation, kind, 100, 0).await;
        issue(world, &token, canary).await;
        world.no_aws_faults().await;
    }
    world.advance(200).await;
    world.sweep().await;
}

/// Forms that are refused, with the card in places where it does not belong.
async fn misplace(world: &World, customer_id: &str, canary: &Canary) {
    let token = world.customer(customer_id);
    let form = |changes: Value| {
        let mut form = canary.form();
        form.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
        form
    };
    let dashed = canary.dashed();
    for changes in [
        json!({ "cvc": canary.cvc }),
        json!({ "expiry": "2020-01" }),
        json!({ "expiry": dashed }),
        json!({ "birth": format!("{}1", canary.birth) }),
        json!({ "pwd_2digit": format!("{}1", canary.pwd_2digit) }),
        json!({ "customer_name": dashed }),
        json!({ "customer_addr": format!("card {}", canary.number) }),
        json!({ "customer_tel": canary.number }),
        json!({ "customer_uid": canary.number }),
        json!({ "card_number": canary.number.parse::<u64>().unwrap() }),
        json!({ "card_number": format!("{}x", canary.number) }),
        json!({ "surprise": { "card_number": canary.number } }),
        json!({ canary.number.as_str(): 1 }),
    ] {
        let reply = world.issue(&token, &fresh("canary"), &form(changes.clone())).await;
        assert_eq!(reply.status, 422, "{}", reply.text);
    }
    let truncated = canary.form().to_string();
    for body in [&truncated[..truncated.len() - 1], &truncated.replace(':', "="), &format!("{truncated}{truncated}")] {
        let request =
            world.request("POST", "/billing-keys").bearer_auth(&token).header("idempotency-key", fresh("canary"));
        let reply = world.send(request.header("content-type", "application/json").body(body.to_owned())).await;
        reply.problem(400, "malformed_json");
    }
    for kind in ["text/plain", "application/x-www-form-urlencoded", "application/octet-stream"] {
        let request =
            world.request("POST", "/billing-keys").bearer_auth(&token).header("idempotency-key", fresh("canary"));
        world
            .send(request.header("content-type", kind).body(truncated.clone()))
            .await
            .problem(415, "unsupported_media_type");
    }
    let reply = world.issue(&token, &canary.number, &canary.form()).await;
    reply.problem(400, "sensitive_data_in_url");
    for path in [
        format!("/billing-keys/{}", canary.number),
        format!("/billing-keys?cursor={dashed}"),
        format!("/charges/{dashed}"),
    ] {
        world.call("GET", &path, &token).await.problem(400, "sensitive_data_in_url");
    }
    for field in ["merchant_uid", "customer_uid", "name", "buyer_name", "custom_data", "card_number"] {
        let mut order = json!({ "customer_uid": "k", "merchant_uid": fresh("canary"), "amount": 100, "name": "n" });
        order[field] = json!(dashed);
        assert_eq!(world.charge(&order).await.status, 422, "{field}");
    }
    for notice in [
        json!({ "imp_uid": canary.number, "merchant_uid": "x" }),
        json!({ "imp_uid": "imp_1", "merchant_uid": canary.number }),
        json!({ "imp_uid": "imp_1", "merchant_uid": "x", "card_number": canary.number }),
        json!({ "imp_uid": "imp_1", "merchant_uid": "x", "status": dashed }),
    ] {
        world.notify(&notice).await;
    }
    let request = world.request("POST", &format!("/webhooks/iamport/{}", canary.number));
    world.send(request.json_body(&json!({ "imp_uid": "imp_1", "merchant_uid": "x" }))).await;
}

/// Where something must not be found, with a name for the report.
async fn everything_kept(world: &World) -> Vec<(String, String)> {
    let mut places = Vec::new();
    for item in world.items().await {
        places.push((format!("the row {}", item["pk"]), item.to_string()));
    }
    for entry in std::fs::read_dir(&world.logs).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&std::fs::read(&path).unwrap()).into_owned();
        places.push((format!("the log {}", path.file_name().unwrap().display()), text));
    }
    places.extend(world.told().await.into_iter().map(|event| ("an event".to_owned(), event.to_string())));
    places.extend(World::replies_so_far().into_iter().map(|reply| ("an answer".to_owned(), reply)));
    places
}

#[tokio::test]
async fn no_card_code_or_secret_is_left_anywhere() {
    let world = World::alone().await;
    let canaries: Vec<Canary> = (0..3).map(|_| Canary::new()).collect();
    let customer_id = fresh("canary");
    live_with(&world, &customer_id, &canaries[0]).await;
    fail_with(&world, &customer_id, &canaries[1]).await;
    misplace(&world, &customer_id, &canaries[2]).await;

    let mut secrets: Vec<Secret> = canaries.iter().flat_map(Canary::secrets).collect();
    let product = world.secret().await;
    secrets.push(Secret::text("imp_secret", product["imp_secret"].as_str().unwrap()));
    secrets.push(Secret::text("fingerprint_key", product["fingerprint_key"].as_str().unwrap()));
    for token in product["webhook_tokens"].as_array().unwrap() {
        secrets.push(Secret::text("webhook token", token.as_str().unwrap()));
    }
    // The token that is in use right now: the PSP hands out the same one until it is nearly over.
    let credentials = json!({ "imp_key": product["imp_key"], "imp_secret": product["imp_secret"] });
    let reply =
        world.http.post(format!("{}/users/getToken", world.iamport)).json_body(&credentials).send().await.unwrap();
    let reply: Value = serde_json::from_str(&reply.text().await.unwrap()).unwrap();
    secrets.push(Secret::text("access token", reply["response"]["access_token"].as_str().unwrap()));
    // Bearer tokens of the storefront: signature and claims are long enough to be looked for whole.
    secrets.push(Secret::text("bearer token", world.merchant().rsplit('.').next().unwrap()));

    let places = everything_kept(&world).await;
    let logged: usize = places.iter().filter(|(name, _)| name.starts_with("the log")).map(|(_, text)| text.len()).sum();
    assert!(logged > 10_000, "there are logs to search: {logged} bytes");
    assert!(places.iter().any(|(_, text)| text.contains(&customer_id)), "the canaries' own rows are among them");
    let mut leaks = Vec::new();
    for (place, text) in &places {
        for secret in &secrets {
            for form in secret.found_in(text) {
                leaks.push(format!("{} as {form} in {place}", secret.name));
            }
        }
    }
    assert!(leaks.is_empty(), "{leaks:#?}");
}
