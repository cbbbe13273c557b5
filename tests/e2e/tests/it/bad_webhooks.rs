//! What anybody on the internet may send to the webhook's address, if its token has leaked.

use e2e::stack::fresh;
use serde_json::json;

use crate::reply::Reply;
use crate::shop::card;
use crate::world::World;

const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";

struct Bad {
    name: &'static str,
    content_type: Option<&'static str>,
    body: Vec<u8>,
    status: u16,
}

fn bad(name: &'static str, content_type: &'static str, body: impl Into<Vec<u8>>, status: u16) -> Bad {
    Bad { name, content_type: Some(content_type), body: body.into(), status }
}

/// Bodies about an order that exists, so that only their form can be the reason of a refusal.
fn bodies(uid: &str) -> Vec<Bad> {
    let good = json!({ "imp_uid": "imp_448280090638", "merchant_uid": uid, "status": "paid" }).to_string();
    let with = |imp_uid: serde_json::Value| json!({ "imp_uid": imp_uid, "merchant_uid": uid }).to_string();
    let padded = |size: usize| {
        let mut body = good.clone();
        body.insert_str(1, &format!("\"pad\":\"{}\",", "x".repeat(size)));
        body
    };
    let form = format!("imp_uid=imp_448280090638&merchant_uid={uid}");
    let mut list = vec![
        bad("empty", JSON, "", 400),
        bad("empty form", FORM, "", 400),
        bad("{}", JSON, "{}", 400),
        bad("no imp_uid", JSON, json!({ "merchant_uid": uid }).to_string(), 400),
        bad("no merchant_uid", JSON, json!({ "imp_uid": "imp_448280090638" }).to_string(), 400),
        bad("no imp_uid in a form", FORM, format!("merchant_uid={uid}"), 400),
        bad("no merchant_uid in a form", FORM, "imp_uid=imp_448280090638", 400),
        bad("JSON said to be a form", FORM, good.clone(), 400),
        bad("a form said to be JSON", JSON, form.clone(), 400),
        bad("a form with imp_uid twice", FORM, format!("{form}&imp_uid=imp_000000000000"), 400),
        bad("a form with merchant_uid twice", FORM, format!("{form}&merchant_uid=x"), 400),
        bad("imp_uid twice", JSON, format!(r#"{{"imp_uid":"a","imp_uid":"b","merchant_uid":"{uid}"}}"#), 400),
        bad("a list", JSON, format!("[{good}]"), 400),
        bad("two documents", JSON, format!("{good}{good}"), 400),
        bad("truncated", JSON, &good.as_bytes()[..good.len() - 1], 400),
        bad("not UTF-8", JSON, b"{\"imp_uid\":\"\xff\"}".as_slice(), 400),
        bad("byte order mark", JSON, format!("\u{feff}{good}"), 400),
        bad("deep nesting", JSON, format!("{}{}", "{\"a\":".repeat(500), "}".repeat(500)), 400),
        bad("gzip", JSON, b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".as_slice(), 400),
        bad("8 KiB and one byte", JSON, padded(8 * 1024 + 1 - good.len() - 9), 413),
        bad("1 MB", JSON, padded(1_000_000), 413),
        bad("text", "text/plain", good.clone(), 415),
        bad("XML", "application/xml", good.clone(), 415),
        bad("multipart", "multipart/form-data; boundary=x", good.clone(), 415),
        Bad { name: "no content type", content_type: None, body: good.clone().into_bytes(), status: 415 },
    ];
    for (name, imp_uid) in [
        ("imp_uid leaves its path", json!("../users/getToken")),
        ("imp_uid with a slash", json!("a/b")),
        ("imp_uid with an encoded path", json!("%2e%2e%2f")),
        ("imp_uid with a query", json!("imp_1?x=")),
        ("imp_uid with a fragment", json!("imp_1#")),
        ("imp_uid with a line break", json!("imp_1\r\nHost: elsewhere")),
        ("imp_uid with NUL", json!("imp_1\u{0}")),
        ("imp_uid in Hangul", json!("결제")),
        ("imp_uid of 65 characters", json!("a".repeat(65))),
        ("imp_uid of 4 KB", json!("a".repeat(4_096))),
        ("empty imp_uid", json!("")),
        ("imp_uid as a number", json!(1)),
        ("imp_uid null", json!(null)),
        ("imp_uid as a list", json!(["imp_448280090638"])),
    ] {
        list.push(bad(name, JSON, with(imp_uid), 400));
    }
    for (name, merchant_uid) in [
        ("empty merchant_uid", json!("")),
        ("merchant_uid with a line break", json!("order\r\nHost: elsewhere")),
        ("merchant_uid of 301 characters", json!("a".repeat(301))),
        ("merchant_uid as a number", json!(1)),
        ("merchant_uid null", json!(null)),
    ] {
        let body = json!({ "imp_uid": "imp_448280090638", "merchant_uid": merchant_uid });
        list.push(bad(name, JSON, body.to_string(), 400));
    }
    list
}

#[tokio::test]
async fn malformed_notices_are_refused_before_anything_is_read() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.charge(&buyer.order(&uid)).await.ok(200);
    world
        .eventually("the charge's own webhook is through", || async {
            let webhooks = world.webhooks_of(&uid).await;
            webhooks.iter().all(|webhook| webhook["state"] == "delivered").then_some(())
        })
        .await;
    let (row, calls, writes) = (world.the_row(&uid).await, world.requests_so_far().await, world.writes_so_far().await);
    let mut wrong = Vec::new();
    for bad in bodies(&uid) {
        let mut request = world.http.post(&world.webhook_url).body(bad.body);
        if let Some(content_type) = bad.content_type {
            request = request.header("content-type", content_type);
        }
        let reply = world.send(request).await;
        if reply.status != bad.status {
            wrong.push(format!("{}: expected {}, got {} {}", bad.name, bad.status, reply.status, reply.text));
            continue;
        }
        let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
        let problem = reply.problem(bad.status, &code).to_string();
        for echo in ["getToken", "elsewhere", "결제", "aaaa", "imp_448280090638"] {
            assert!(!problem.contains(echo), "{}: echoed in {problem}", bad.name);
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes, "no write");
    assert_eq!(world.the_row(&uid).await, row);
}

#[tokio::test]
async fn a_compressed_body_is_not_unpacked() {
    let world = World::shared().await;
    let request = world.http.post(&world.webhook_url).header("content-type", JSON).header("content-encoding", "gzip");
    let reply = world.send(request.body(b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03".as_slice())).await;
    reply.problem(400, "malformed_json");
}

#[tokio::test]
async fn other_methods_are_not_allowed() {
    let world = World::shared().await;
    let path = format!("/webhooks/iamport/{}", world.webhook_token());
    for method in ["GET", "PUT", "PATCH", "DELETE"] {
        let request = world.request(method, &path).header("content-type", JSON);
        let reply = world.send(request.body("{\"imp_uid\":\"imp_1\",\"merchant_uid\":\"x\"}")).await;
        reply.problem(405, "method_not_allowed");
    }
    let reply: Reply = world.send(world.request("HEAD", &path)).await;
    assert_eq!((reply.status, reply.text.as_str()), (405, ""));
}

#[tokio::test]
async fn a_form_is_decoded_as_browsers_encode_it() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    world.webhook_settings(json!({ "drop": true })).await;
    let uid = world.scheduled(&buyer, 600).await;
    world.advance(601).await;
    let payment = world.payment(&uid).await;
    let encoded: String = uid.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let body = format!("status=paid+now&merchant_uid={encoded}&imp_uid={}", payment["imp_uid"].as_str().unwrap());
    let request =
        world.http.post(&world.webhook_url).header("content-type", "application/x-www-form-urlencoded; charset=UTF-8");
    assert_eq!(world.send(request.body(body)).await.status, 200);
    crate::table::same_as_psp(&world.the_row(&uid).await, &payment);
}
