//! Virtual accounts without a window: the answer names the account, and the order has no second one.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::world::World;

const VBANKS: &str = "/vbanks";
const HOUR: i64 = 3_600;

impl World {
    async fn account(&self, uid: &str, due: i64) -> Reply {
        let body = json!({
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
