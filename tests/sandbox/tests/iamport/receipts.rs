//! Cash receipts over HTTP: the statuses that the schema documents, and what a record shows.

use serde_json::{Value, json};

use crate::harness::Sim;

async fn paid(sim: &Sim, method: &str, pg: &str) -> String {
    let fields = json!({
        "pg": pg, "pay_method": method, "merchant_uid": format!("{method}-{pg}"), "name": "의자", "amount": 11_000,
        "buyer_tel": "01042424242", "buyer_name": "홍길동",
    });
    let row = sim.tell("window", fields).await;
    if method == "vbank" {
        sim.tell("vbank/deposit", json!({ "imp_uid": row["imp_uid"] })).await;
    }
    row["imp_uid"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn a_receipt_is_issued_looked_up_and_cancelled() {
    let sim = Sim::start().await;
    let uid = paid(&sim, "trans", "html5_inicis").await;
    let path = format!("/receipts/{uid}");
    sim.get(&path).await.refused(404, 1);
    sim.delete(&path).await.refused(400, 1);
    sim.post(&path, json!({})).await.refused(400, 1);
    sim.post(&path, json!({ "identifier": "kim" })).await.refused(500, 1);
    let issued = sim.post(&path, json!({ "identifier": "01042424242", "tax_free": 2200 })).await.ok();
    assert_eq!((&issued["amount"], &issued["vat"], &issued["type"]), (&json!(11_000), &json!(800), &json!("person")));
    assert_eq!((&issued["cancelled_at"], issued.get("identifier")), (&json!(0), None));
    sim.post(&path, json!({ "identifier": "01042424242" })).await.refused(400, 1);
    assert_eq!(sim.get(&path).await.ok(), issued);
    assert_eq!(sim.get(&format!("/payments/{uid}")).await.ok()["cash_receipt_issued"], json!(false), "not by itself");
    assert!(sim.delete(&path).await.ok()["cancelled_at"].as_i64().unwrap() > 0);
    let kept = sim.see("receipts").await;
    assert_eq!((kept.as_array().unwrap().len(), &kept[0]["identifier"]), (1, &json!("01042424242")));
}

#[tokio::test]
async fn one_that_the_gateway_issues_by_itself_shows_on_the_payment() {
    let sim = Sim::start().await;
    let uid = paid(&sim, "trans", "html5_inicis").await;
    sim.tell("receipts", json!({ "imp_uid": uid })).await;
    assert_eq!(sim.get(&format!("/payments/{uid}")).await.ok()["cash_receipt_issued"], json!(true));
    assert_eq!(sim.get(&format!("/receipts/{uid}")).await.ok()["amount"], json!(11_000));
}

#[tokio::test]
async fn a_card_has_none_and_neither_has_a_gateway_that_issues_none() {
    let sim = Sim::start().await;
    let card = json!({
        "pg": "html5_inicis", "pay_method": "card", "merchant_uid": "card", "name": "의자", "amount": 11_000,
        "buyer_tel": "01042424242", "card_number": crate::harness::CARD, "expiry": "2099-12",
    });
    let row: Value = sim.tell("window", card).await;
    let identifier = json!({ "identifier": "01042424242" });
    sim.post(&format!("/receipts/{}", row["imp_uid"].as_str().unwrap()), identifier.clone()).await.refused(400, 1);
    let uid = paid(&sim, "trans", "danal_tpay").await;
    sim.post(&format!("/receipts/{uid}"), identifier).await.refused(501, 1);
}
