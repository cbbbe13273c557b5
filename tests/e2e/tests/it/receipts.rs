//! Cash receipts of deposits and transfers, through the gateway: what callers are told, what the row keeps, and what the PSP has.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::shop::card;
use crate::world::World;

const NUMBER: &str = "010-4242-1234";

struct Paid {
    uid: String,
    customer: String,
    imp_uid: String,
}

/// An order that was paid by a transfer at this gateway.
async fn transferred(world: &World, pg: &str) -> Paid {
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let order = json!({
        "merchant_uid": uid, "customer_id": customer, "pg": pg, "pay_method": "trans", "name": "의자", "amount": 64_900,
        "buyer_tel": "010-4242-4242",
    });
    let opened = world.checkout(&order).await.ok(201);
    let paid = world.in_window(&opened["request_pay"], json!({})).await;
    let imp_uid = paid["imp_uid"].as_str().unwrap().to_owned();
    let token = world.customer(&customer);
    world.post(&format!("/checkouts/{uid}/complete"), &token, &json!({ "imp_uid": imp_uid })).await.ok(200);
    Paid { uid, customer, imp_uid }
}

impl World {
    async fn ask(&self, paid: &Paid, body: &Value) -> Reply {
        self.post(&format!("/charges/{}/receipt", paid.uid), &self.customer(&paid.customer), body).await
    }

    async fn take_back(&self, paid: &Paid) -> Reply {
        self.call("DELETE", &format!("/charges/{}/receipt", paid.uid), &self.merchant()).await
    }

    /// Every receipt of a payment that the PSP ever had.
    async fn receipts(&self, paid: &Paid) -> Vec<Value> {
        let all = self.see_receipts().await;
        all.into_iter().filter(|receipt| receipt["imp_uid"] == json!(paid.imp_uid)).collect()
    }

    /// Sweeps until nothing of the order is due.
    async fn settled(&self, paid: &Paid) -> Value {
        let row = self.sweep_until_settled(&paid.uid).await;
        assert_eq!(row.get("due_at").unwrap_or(&Value::Null), &Value::Null);
        self.call("GET", &format!("/charges/{}", paid.uid), &self.merchant()).await.ok(200)
    }
}

fn in_force(receipts: &[Value]) -> Vec<i64> {
    receipts
        .iter()
        .filter(|receipt| receipt["cancelled_at"] == json!(0))
        .map(|receipt| receipt["amount"].as_i64().unwrap())
        .collect()
}

#[tokio::test]
async fn a_receipt_is_issued_reduced_with_a_refund_and_gone_with_the_last() {
    let world = World::alone().await;
    let paid = transferred(&world, "html5_inicis").await;
    let issued = world.ask(&paid, &json!({ "identifier": NUMBER })).await.ok(200);
    assert_eq!((&issued["status"], &issued["identifier"]), (&json!("issued"), &json!("*******1234")));
    assert_eq!((&issued["amount"], &issued["vat"], &issued["type"]), (&json!(64_900), &json!(5_900), &json!("person")));
    assert_eq!(world.ask(&paid, &json!({ "identifier": "01042421234" })).await.ok(200), issued, "the same answer");
    assert_eq!(world.receipts(&paid).await.len(), 1);
    let read = world.call("GET", &format!("/charges/{}", paid.uid), &world.customer(&paid.customer)).await.ok(200);
    assert_eq!(read["cash_receipt"], issued);

    world.refund(&paid.uid, &fresh("refund"), &json!({ "amount": 4_900 })).await.ok(200);
    let reduced = world.settled(&paid).await;
    assert_eq!(
        (&reduced["cash_receipt"]["status"], &reduced["cash_receipt"]["amount"]),
        (&json!("issued"), &json!(60_000))
    );
    assert_eq!(in_force(&world.receipts(&paid).await), [60_000]);
    let receipts = world.receipts(&paid).await;
    assert!(receipts.iter().all(|receipt| receipt["identifier"] == json!("01042421234")), "{receipts:?}");

    world.refund(&paid.uid, &fresh("refund"), &json!({ "amount": 60_000 })).await.ok(200);
    let gone = world.settled(&paid).await;
    assert_eq!((&gone["status"], &gone["cash_receipt"]["status"]), (&json!("cancelled"), &json!("cancelled")));
    assert_eq!(in_force(&world.receipts(&paid).await), Vec::<i64>::new());
    // Whom it named is forgotten with it, and was never logged.
    assert!(!world.the_row(&paid.uid).await.to_string().contains("01042421234"));
    assert_eq!(world.logged(&["01042421234"]) + world.logged(&[NUMBER]), 0);
    world.ask(&paid, &json!({ "identifier": NUMBER })).await.problem(409, "nothing_left");
}

#[tokio::test]
async fn a_receipt_whose_answer_is_lost_is_found_or_sent_again_and_issued_once() {
    let world = World::alone().await;
    for phase in ["before", "after"] {
        let paid = transferred(&world, "html5_inicis").await;
        let path = format!("/receipts/{}", paid.imp_uid);
        let lost = json!({ "kind": "status", "status": 502, "phase": phase });
        world.fault_on(json!({ "method": "POST", "path_prefix": path }), lost).await;
        // What the look after it would have found is not known either.
        let look = json!({ "kind": "html_unavailable", "skip": 1, "times": 3 });
        world.fault_on(json!({ "method": "GET", "path_prefix": path }), look).await;
        let told = world.ask(&paid, &json!({ "identifier": NUMBER })).await.ok(202);
        assert_eq!((&told["status"], &told["apply_num"]), (&json!("pending"), &Value::Null), "{phase}");
        let settled = world.settled(&paid).await;
        assert_eq!(settled["cash_receipt"]["status"], json!("issued"), "{phase}");
        assert_eq!(world.receipts(&paid).await.len(), 1, "{phase}");
    }
}

#[tokio::test]
async fn a_merchant_takes_it_back_and_one_of_the_gateways_own_is_in_the_way() {
    let world = World::alone().await;
    let paid = transferred(&world, "html5_inicis").await;
    world.take_back(&paid).await.problem(404, "not_found");
    world.ask(&paid, &json!({ "identifier": NUMBER })).await.ok(200);
    world.ask(&paid, &json!({ "identifier": "010-4242-9999" })).await.problem(409, "receipt_exists");
    let token = world.customer(&paid.customer);
    let path = format!("/charges/{}/receipt", paid.uid);
    assert_eq!(world.call("DELETE", &path, &token).await.status, 403, "only the merchant");
    let cancelled = world.take_back(&paid).await.ok(200);
    assert_eq!((&cancelled["status"], &cancelled["identifier_type"]), (&json!("cancelled"), &Value::Null));
    assert_eq!(world.take_back(&paid).await.ok(200), cancelled, "the same answer");
    world.sim("receipts", json!({ "imp_uid": paid.imp_uid })).await;
    world.ask(&paid, &json!({ "identifier": NUMBER })).await.problem(409, "receipt_exists");
    world.take_back(&paid).await.ok(200);
    let company = json!({ "identifier": "117-81-78260", "type": "company" });
    assert_eq!(world.ask(&paid, &company).await.ok(200)["identifier_type"], json!("business"));
}

#[tokio::test]
async fn what_is_wrong_with_a_request_is_said_before_anything_is_sent() {
    let world = World::shared().await;
    let paid = transferred(&world, "html5_inicis").await;
    let with = |field: &str, value: Value| {
        let mut body = json!({ "identifier": NUMBER });
        body[field] = value;
        body
    };
    for (body, code, field) in [
        (json!({}), "identifier_required", "identifier"),
        (with("identifier", json!("02-424-4242")), "identifier_invalid", "identifier"),
        (with("identifier", json!("901010-2012345")), "identifier_invalid", "identifier"),
        (with("identifier", json!(card::APPROVES)), "sensitive_data_in_field", "identifier"),
        (with("identifier", json!(1_042_421_234_u64)), "field_type", "identifier"),
        (with("identifier_type", json!("person")), "identifier_type_invalid", "identifier_type"),
        (with("identifier_type", json!("business")), "identifier_type_invalid", "identifier_type"),
        (with("type", json!("personal")), "type_invalid", "type"),
        (with("amount", json!(1)), "unknown_field", "amount"),
    ] {
        world.ask(&paid, &body).await.refuses(422, code, field);
    }
    assert!(world.receipts(&paid).await.is_empty());
    // A gateway without receipts, a card, an order that nobody has paid.
    let elsewhere = transferred(&world, "danal_tpay").await;
    world.ask(&elsewhere, &json!({ "identifier": NUMBER })).await.refuses(422, "gateway_rule", "merchant_uid");
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.charge(&buyer.order(&uid)).await.ok(200);
    let body = json!({ "identifier": NUMBER });
    let path = format!("/charges/{uid}/receipt");
    world.post(&path, &world.merchant(), &body).await.problem(409, "not_cash");
    let unpaid = fresh("ord");
    world.checkout(&crate::checkouts::order(&unpaid, "somebody")).await.ok(201);
    world.post(&format!("/charges/{unpaid}/receipt"), &world.merchant(), &body).await.problem(409, "not_paid");
}
