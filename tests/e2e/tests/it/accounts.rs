//! Virtual accounts without a window: the answer names the account, and the order has no second one. It may be given more time.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::world::World;

const VBANKS: &str = "/vbanks";
const HOUR: i64 = 3_600;

impl World {
    async fn account(&self, uid: &str, due: i64) -> Reply {
        self.account_at("nice_v2", uid, due).await
    }

    async fn account_at(&self, pg: &str, uid: &str, due: i64) -> Reply {
        let body = json!({
            "pg": pg,
            "merchant_uid": uid,
            "customer_id": "kim",
            "name": "노르웨이 회전 의자",
            "amount": 64_900,
            "buyer_name": "홍길동",
            "vbank": { "code": "004", "due": due, "holder": "길동상점" },
        });
        let request = self.request("POST", "/checkouts").bearer_auth(self.merchant());
        self.send(request.json_body(&body)).await
    }

    async fn extend(&self, uid: &str, body: &Value) -> Reply {
        let request = self.request("PATCH", &format!("/checkouts/{uid}")).bearer_auth(self.merchant());
        self.send(request.json_body(body)).await
    }

    async fn extend_to(&self, uid: &str, due: i64) -> Reply {
        self.extend(uid, &json!({ "vbank": { "due": due } })).await
    }
}

fn number() -> String {
    fresh("acc").replace(['-', '_'], "")
}

#[tokio::test]
async fn an_account_is_issued_without_a_window_and_paid_into() {
    let world = World::shared().await;
    let (uid, due) = (number(), world.now().await + 24 * HOUR);
    let issued = world.account(&uid, due).await.ok(201);
    assert_eq!((&issued["status"], &issued["vbank_code"]), (&json!("ready"), &json!("004")));
    assert_eq!((&issued["vbank_date"], &issued["vbank_holder"]), (&json!(due), &json!("길동상점")));
    assert_eq!((&issued["request_pay"], &issued["open_until"]), (&Value::Null, &json!(due + 24 * HOUR)));
    let again = world.account(&uid, due).await.ok(201);
    assert_eq!(again["vbank_num"], issued["vbank_num"]);
    world.account(&uid, due + 1).await.problem(422, "merchant_uid_reused");
    let imp_uid = issued["imp_uid"].clone();
    world.sim("vbank/deposit", json!({ "imp_uid": imp_uid })).await;
    let paid = world.call("GET", &format!("/charges/{uid}"), &world.merchant()).await.ok(200);
    assert!(["paid", "ready"].contains(&paid["status"].as_str().unwrap()), "{paid}");
    world.account(&uid, due).await.ok(201);
}

#[tokio::test]
async fn an_account_whose_reply_is_lost_is_found_and_no_second_one_is_issued() {
    let world = World::alone().await;
    let (uid, due) = (number(), world.now().await + 24 * HOUR);
    world.fault_on(json!({ "path_prefix": VBANKS }), json!({ "kind": "reset", "phase": "after", "times": 1 })).await;
    let told = world.account(&uid, due).await;
    assert!([201, 202].contains(&told.status), "{} {}", told.status, told.text);
    world.no_faults().await;
    world.advance(600).await;
    world.sweep().await;
    let issued = world.account(&uid, due).await.ok(201);
    assert_eq!(issued["status"], "ready");
    let (row, payment) = (world.the_row(&uid).await, world.payment(&uid).await);
    assert_eq!((&row["imp_uid"], &row["record"]["vbank_num"]), (&payment["imp_uid"], &payment["vbank_num"]));
    let withdrawn = world.call("DELETE", &format!("/checkouts/{uid}"), &world.merchant()).await.ok(200);
    assert_eq!((&withdrawn["status"], &withdrawn["vbank_closed"]), (&json!("revoked"), &json!(true)));
}

#[tokio::test]
async fn an_account_that_cannot_be_issued_is_refused_by_the_field() {
    let world = World::shared().await;
    let now = world.now().await;
    world.account(&number(), now + 60).await.problem(422, "vbank_due_invalid");
    let refused = async |change: Value| {
        let mut body = json!({
            "merchant_uid": number(), "customer_id": "kim", "name": "의자", "amount": 64_900,
            "vbank": { "code": "004", "due": now + 24 * HOUR },
        });
        body.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let request = world.request("POST", "/checkouts").bearer_auth(world.merchant());
        world.send(request.json_body(&body)).await
    };
    refused(json!({ "pg": "kcp" })).await.problem(422, "pg_not_configured");
    refused(json!({ "pay_method": "card" })).await.problem(422, "pay_method_invalid");
    refused(json!({ "escrow": true })).await.problem(422, "unknown_field");
    refused(json!({ "vbank": { "due": now + 24 * HOUR } })).await.problem(422, "vbank_code_required");
    refused(json!({ "vbank": { "code": "KB", "due": now + 24 * HOUR } })).await.problem(422, "vbank_code_invalid");
    refused(json!({ "vbank": { "code": "004", "due": "soon" } })).await.problem(422, "due_invalid");
    refused(json!({ "vbank": { "code": "004" } })).await.problem(422, "due_required");
    let long = json!({ "vbank": { "code": "004", "due": now + 24 * HOUR, "holder": "가".repeat(17) } });
    refused(long).await.problem(422, "vbank_holder_invalid");
}

#[tokio::test]
async fn an_account_is_given_more_time_and_paid_into_then() {
    let world = World::alone().await;
    let (uid, now) = (number(), world.now().await);
    let (due, later) = (now + 2 * HOUR, now + 50 * HOUR);
    let issued = world.account_at("settle", &uid, due).await.ok(201);
    assert_eq!((&issued["vbank_date"], &issued["open_until"]), (&json!(due), &json!(due + 24 * HOUR)));
    let extended = world.extend_to(&uid, later).await.ok(200);
    assert_eq!((&extended["vbank_date"], &extended["open_until"]), (&json!(later), &json!(later + 24 * HOUR)));
    assert_eq!((&extended["status"], &extended["vbank_num"]), (&json!("ready"), &issued["vbank_num"]));
    assert_eq!(world.payment(&uid).await["vbank_date"], json!(later));
    let changes = async || {
        let all = world.requests("").await;
        let path = format!("{VBANKS}/{}", issued["imp_uid"].as_str().unwrap());
        all.into_iter().filter(|request| request["method"] == "PUT" && request["path"] == path.as_str()).count()
    };
    world.extend_to(&uid, later).await.ok(200);
    assert_eq!(changes().await, 1, "a repeat is answered from the row");

    world.advance(30 * HOUR).await;
    world.sweep().await;
    world.sim("vbank/deposit", json!({ "imp_uid": issued["imp_uid"] })).await;
    world.advance(7 * HOUR).await;
    world.sweep().await;
    let paid = world.call("GET", &format!("/charges/{uid}"), &world.merchant()).await.ok(200);
    assert_eq!((&paid["status"], &paid["cancel_amount"]), (&json!("paid"), &json!(0)));
    world.extend_to(&uid, later + HOUR).await.problem(409, "already_paid");
    assert_eq!(world.extend_to(&uid, later).await.ok(200)["status"], "paid");
}

#[tokio::test]
async fn an_account_that_may_have_more_time_is_asked_about_until_that_is_known() {
    let world = World::alone().await;
    for phase in ["before", "after"] {
        let (uid, now) = (number(), world.now().await);
        let (due, later) = (now + 24 * HOUR, now + 48 * HOUR);
        let imp_uid = world.account_at("settle", &uid, due).await.ok(201)["imp_uid"].clone();
        let path = format!("{VBANKS}/{}", imp_uid.as_str().unwrap());
        let put = json!({ "path_prefix": path, "method": "PUT" });
        world.fault_on(put, json!({ "kind": "reset", "phase": phase, "times": 1 })).await;
        let told = world.extend_to(&uid, later).await;
        let known = phase == "after";
        let holds = if known { later } else { due };
        let body = told.ok(if known { 200 } else { 202 });
        assert_eq!((&body["status"], &body["vbank_date"]), (&json!("ready"), &json!(holds)), "{phase}");
        if !known {
            world.extend_to(&uid, later + HOUR).await.problem(409, "extension_in_progress");
            assert_eq!(world.the_row(&uid).await["claim"]["purpose"]["extend"]["due"], json!(later));
        }
        world.no_faults().await;
        world.advance(300).await;
        world.sweep().await;
        let read = world.call("GET", &format!("/charges/{uid}"), &world.merchant()).await.ok(200);
        assert_eq!((&read["vbank_date"], &read["status"]), (&json!(later), &json!("ready")), "{phase}");
        assert_eq!(world.payment(&uid).await["vbank_date"], json!(later));
        assert_eq!(world.extend_to(&uid, later).await.ok(200)["vbank_date"], json!(later));
        let withdrawn = world.call("DELETE", &format!("/checkouts/{uid}"), &world.merchant()).await.ok(200);
        assert_eq!((&withdrawn["status"], &withdrawn["vbank_closed"]), (&json!("revoked"), &json!(true)));
        world.extend_to(&uid, later).await.problem(409, "account_not_extendable");
    }
}

#[tokio::test]
async fn an_account_that_cannot_have_more_time_is_told_why() {
    let world = World::shared().await;
    let now = world.now().await;
    let (due, later) = (now + 24 * HOUR, now + 48 * HOUR);
    let (uid, other) = (number(), number());
    world.account_at("settle", &uid, due).await.ok(201);
    world.account_at("nice_v2", &other, due).await.ok(201);
    let refused = world.extend_to(&other, later).await.problem(422, "gateway_rule");
    assert!(refused["detail"].as_str().unwrap().contains("nice_v2.account_extension.impossible"), "{refused}");
    for due in [now - HOUR, now + 60, due - 1, now + 500 * 24 * HOUR] {
        world.extend_to(&uid, due).await.problem(422, "vbank_due_invalid");
    }
    world.extend_to(&number(), later).await.problem(404, "not_found");
    world.extend(&uid, &json!({})).await.problem(422, "vbank_required");
    world.extend(&uid, &json!({ "vbank": {} })).await.problem(422, "due_required");
    world.extend(&uid, &json!({ "vbank": { "due": "soon" } })).await.problem(422, "due_invalid");
    world.extend(&uid, &json!({ "vbank": { "due": later }, "amount": 1 })).await.problem(422, "unknown_field");
    let request = world.request("PATCH", &format!("/checkouts/{uid}")).bearer_auth(world.customer("kim"));
    let theirs = world.send(request.json_body(&json!({ "vbank": { "due": later } }))).await;
    assert_eq!(theirs.status, 403);
    // What the gateway refuses leaves it as it was, and says so.
    let imp_uid = world.payment(&uid).await["imp_uid"].clone();
    let put = json!({ "path_prefix": format!("{VBANKS}/{}", imp_uid.as_str().unwrap()), "method": "PUT" });
    world.fault_on(put, json!({ "kind": "refused", "times": 1 })).await;
    let problem = world.extend_to(&uid, later).await.problem(409, "psp_refused");
    assert!(problem["psp_message"].is_string(), "{problem}");
    let read = world.call("GET", &format!("/charges/{uid}"), &world.merchant()).await.ok(200);
    assert_eq!((&read["vbank_date"], &read["status"]), (&json!(due), &json!("ready")));
}
