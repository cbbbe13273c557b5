//! Billing keys that a customer makes in the gateway's window, keys that are adopted, and keys that give way to others.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::shop::{Buyer, card};
use crate::world::World;

impl World {
    async fn prepare(&self, token: &str, idempotency_key: &str, body: &Value) -> Reply {
        let request = self.request("POST", "/billing-keys/window").bearer_auth(token);
        self.send(request.header("idempotency-key", idempotency_key).json_body(body)).await
    }

    async fn confirm(&self, token: &str, customer_uid: &str) -> Reply {
        self.call("POST", &format!("/billing-keys/{customer_uid}/confirm"), token).await
    }
}

fn wanted() -> Value {
    json!({ "pg": "html5_inicis", "pay_method": "card", "buyer_name": "홍길동", "buyer_tel": "010-4242-4242" })
}

fn form(number: &str) -> Value {
    json!({ "card_number": number, "expiry": "2040-12" })
}

#[tokio::test]
async fn a_key_is_made_in_the_window_and_charged() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    let token = world.customer(&customer_id);
    let name = fresh("window");
    let prepared = world.prepare(&token, &name, &wanted()).await.ok(201);
    let uid = prepared["customer_uid"].as_str().unwrap().to_owned();
    assert_eq!(
        (&prepared["status"], &prepared["charges"], &prepared["payment"]),
        (&json!("prepared"), &json!(false), &Value::Null)
    );
    let request_pay = &prepared["request_pay"];
    assert_eq!((&request_pay["customer_uid"], &request_pay["amount"]), (&json!(uid), &json!(0)));
    assert_eq!((&request_pay["merchant_uid"], &request_pay["customer_id"]), (&json!(uid), &json!(customer_id)));
    assert_eq!(world.prepare(&token, &name, &wanted()).await.ok(201), prepared, "the same request, the same key");

    world.confirm(&token, &uid).await.pending(&format!("/billing-keys/{uid}"));
    let buyer = Buyer { customer_id, customer_uid: uid.clone() };
    world.charge(&buyer.order(&fresh("ord"))).await.problem(409, "billing_key_pending");
    world.in_window(request_pay, form(card::APPROVES)).await;
    world.confirm(&world.customer(&fresh("lee")), &uid).await.problem(404, "not_found");
    let key = world.confirm(&token, &uid).await.ok(200);
    assert_eq!((&key["status"], &key["card_number"]), (&json!("active"), &json!("424242******4242")));
    world.charge(&buyer.order(&fresh("ord"))).await.ok(200);
    let again = world.prepare(&token, &name, &wanted()).await.ok(201);
    assert_eq!((&again["status"], &again["request_pay"]), (&json!("active"), &Value::Null));
}

#[tokio::test]
async fn a_card_that_the_window_refuses_makes_no_key() {
    let world = World::shared().await;
    let token = world.customer(&fresh("buyer"));
    let prepared = world.prepare(&token, &fresh("window"), &wanted()).await.ok(201);
    let uid = prepared["customer_uid"].as_str().unwrap();
    world.in_window(&prepared["request_pay"], json!({ "approve": false })).await;
    world.confirm(&token, uid).await.pending(&format!("/billing-keys/{uid}"));
    assert_eq!(world.key_at_psp(uid).await, None);
}

#[tokio::test]
async fn a_gateway_that_charges_along_with_the_key_leaves_a_payment() {
    let world = World::shared().await;
    let (customer_id, order) = (fresh("buyer"), fresh("ord"));
    let token = world.customer(&customer_id);
    let body = json!({
        "customer_id": customer_id, "pg": "kakaopay", "pay_method": "card", "name": "첫 달 이용권", "amount": 8_900,
        "merchant_uid": order, "buyer_tel": "010-4242-4242",
    });
    let customers = world.prepare(&token, &fresh("window"), &body).await;
    customers.problem(403, "insufficient_scope");
    let prepared = world.prepare(&world.merchant(), &fresh("window"), &body).await.ok(201);
    assert_eq!((&prepared["charges"], &prepared["payment"]["merchant_uid"]), (&json!(true), &json!(order)));
    let uid = prepared["customer_uid"].as_str().unwrap();
    world.in_window(&prepared["request_pay"], form(card::APPROVES)).await;
    assert_eq!(world.confirm(&token, uid).await.ok(200)["status"], "active");
    let payment = world.call("GET", &format!("/charges/{order}"), &token).await.ok(200);
    assert_eq!((&payment["status"], &payment["customer_uid"]), (&json!("paid"), &json!(uid)));
    assert_eq!(world.times_paid(&order).await, 1);

    let mut unnamed = body.clone();
    unnamed.as_object_mut().unwrap().remove("merchant_uid");
    let refused = world.prepare(&world.merchant(), &fresh("window"), &unnamed).await;
    refused.refuses(422, "merchant_uid_required", "merchant_uid");
}

#[tokio::test]
async fn keys_that_nobody_confirms_are_found_or_given_up() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let token = world.customer(&fresh("buyer"));
    let made = world.prepare(&token, &fresh("window"), &wanted()).await.ok(201);
    let left = world.prepare(&token, &fresh("window"), &wanted()).await.ok(201);
    world.in_window(&made["request_pay"], form(card::APPROVES)).await;
    world.advance(600).await;
    world.sweep().await;
    let status = async |key: &Value| {
        let path = format!("/billing-keys/{}", key["customer_uid"].as_str().unwrap());
        world.call("GET", &path, &token).await.ok(200)["status"].clone()
    };
    assert_eq!((status(&made).await, status(&left).await), (json!("active"), json!("prepared")));
    world.advance(90_000).await;
    world.sweep().await;
    assert_eq!(status(&left).await, json!("abandoned"));
    let uid = left["customer_uid"].as_str().unwrap();
    world.confirm(&token, uid).await.problem(409, "billing_key_inactive");
}

#[tokio::test]
async fn a_key_that_iamport_has_is_adopted_for_one_customer() {
    let world = World::shared().await;
    let (uid, customer_id) = (fresh("old-key"), fresh("buyer"));
    let adopt = async |customer_id: &str| {
        let body = json!({ "customer_uid": uid, "customer_id": customer_id });
        world.post("/billing-keys/import", &world.merchant(), &body).await
    };
    adopt(&customer_id).await.problem(404, "not_found");
    let elsewhere = json!({ "merchant_uid": fresh("issue"), "pay_method": "card", "amount": 0, "customer_uid": uid });
    world.in_window(&elsewhere, form(card::APPROVES)).await;
    let adopted = adopt(&customer_id).await.ok(201);
    assert_eq!((&adopted["status"], &adopted["customer_id"]), (&json!("active"), &json!(customer_id)));
    assert_eq!(adopt(&customer_id).await.ok(201), adopted);
    adopt(&fresh("lee")).await.problem(409, "billing_key_exists");
    let buyer = Buyer { customer_id: customer_id.clone(), customer_uid: uid.clone() };
    world.charge(&buyer.order(&fresh("ord"))).await.ok(200);
    let body = json!({ "customer_uid": uid, "customer_id": customer_id });
    let customers = world.post("/billing-keys/import", &world.customer(&customer_id), &body).await;
    assert_eq!(customers.status, 403);
}

#[tokio::test]
async fn a_key_is_adopted_read_charged_and_deleted_under_whatever_name_iamport_has_it() {
    let world = World::shared().await;
    for (kind, encoded) in
        [("/", "%2F"), ("#", "%23"), ("?", "%3F"), ("@", "%40"), ("+", "%2B"), (" ", "%20"), ("길", "%EA%B8%B8")]
    {
        let (name, customer_id) = (fresh("old-key"), fresh("buyer"));
        let (uid, path) = (format!("{name}{kind}1"), format!("/billing-keys/{name}{encoded}1"));
        let elsewhere =
            json!({ "merchant_uid": fresh("issue"), "pay_method": "card", "amount": 0, "customer_uid": uid });
        world.in_window(&elsewhere, form(card::APPROVES)).await;
        let body = json!({ "customer_uid": uid, "customer_id": customer_id });
        let adopted = world.post("/billing-keys/import", &world.merchant(), &body).await;
        assert_eq!(adopted.headers["location"], path, "{uid}");
        assert_eq!(adopted.ok(201)["customer_uid"], json!(uid));
        let token = world.customer(&customer_id);
        assert_eq!(world.call("GET", &path, &token).await.ok(200)["customer_uid"], json!(uid));
        assert_eq!(world.call("POST", &format!("{path}/confirm"), &token).await.ok(200)["status"], json!("active"));
        let buyer = Buyer { customer_id, customer_uid: uid.clone() };
        world.charge(&buyer.order(&fresh("ord"))).await.ok(200);
        assert_eq!(world.call("DELETE", &path, &token).await.status, 204, "{uid}");
        assert_eq!(world.call("GET", &path, &token).await.ok(200)["status"], json!("deleted"));
    }
}

#[tokio::test]
async fn a_new_card_takes_over_the_schedules_of_the_old_one() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let order = world.scheduled(&buyer, 30 * 86_400).await;
    let token = world.customer(&buyer.customer_id);
    let prepared = world.prepare(&token, &fresh("window"), &wanted()).await.ok(201);
    let new = prepared["customer_uid"].as_str().unwrap();
    let path = format!("/billing-keys/{}?replaced_by={new}", buyer.customer_uid);
    world.call("DELETE", &path, &token).await.problem(409, "billing_key_pending");
    world.in_window(&prepared["request_pay"], form("5555-5555-5555-4444")).await;
    world.confirm(&token, new).await.ok(200);

    assert_eq!(world.call("DELETE", &path, &token).await.status, 204);
    assert_eq!(world.key_at_psp(&buyer.customer_uid).await, None);
    let schedule = world.schedule_at_psp(&order).await.unwrap();
    assert_eq!((&schedule["customer_uid"], &schedule["schedule_status"]), (&json!(new), &json!("scheduled")));
    world.advance(30 * 86_400 + 60).await;
    world
        .eventually("the schedule is paid on the new card", || async {
            let row = world.charge_status(&order).await;
            (row["status"] == "paid" && row["customer_uid"] == new).then_some(())
        })
        .await;
    assert_eq!(world.times_paid(&order).await, 1);
    let path = format!("/billing-keys/{new}?replaced_by=a&cascade=true");
    world.call("DELETE", &path, &token).await.refuses(422, "cascade_invalid", "cascade");
}
