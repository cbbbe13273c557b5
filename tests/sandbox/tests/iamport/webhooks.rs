//! What the shop is told, how, and how it goes wrong.

use sandbox::iamport::{Options, WebhookFormat};
use serde_json::{Value, json};

use crate::harness::{CARD, Shop, Sim, eventually};

#[tokio::test]
async fn an_approval_is_told_in_json_and_an_ordinary_failure_is_not() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    let row = sim.again("k", "a").await.ok();
    let told = shop.expect(1).await;
    assert_eq!(told[0].content_type, "application/json");
    assert_eq!(told[0].json(), json!({"imp_uid": row["imp_uid"], "merchant_uid": "a", "status": "paid"}));
    sim.issue("bad", "4000-0000-0000-0341").await.ok();
    sim.again("bad", "b").await.ok();
    shop.expect_silence().await;
    eventually("recorded", || async { sim.see("webhooks").await[0]["state"] == "delivered" }).await;
    let seen = sim.see("webhooks").await;
    assert_eq!(seen[0]["attempts"][0]["http_status"], json!(200));
    assert_eq!(seen[0]["host"], "127.0.0.1");
    assert!(!seen.to_string().contains("path-token-canary"), "the address is a secret of the shop");
}

#[tokio::test]
async fn the_form_is_a_setting() {
    let shop = Shop::open().await;
    let options = Options {
        default_notice_url: Some(shop.url.clone()),
        webhook_format: WebhookFormat::Form,
        ..Options::default()
    };
    let sim = Sim::start_with(options).await;
    sim.issue("k", CARD).await.ok();
    let row = sim.again("k", "a b").await.ok();
    let told = shop.expect(1).await;
    assert_eq!(told[0].content_type, "application/x-www-form-urlencoded");
    let imp_uid = row["imp_uid"].as_str().unwrap();
    assert_eq!(told[0].body, format!("imp_uid={imp_uid}&merchant_uid=a+b&status=paid"));
    sim.tell("webhooks/settings", json!({"format": "json"})).await;
    sim.again("k", "b").await.ok();
    assert_eq!(shop.expect(2).await[1].content_type, "application/json");
}

#[tokio::test]
async fn a_payments_own_address_replaces_the_configured_one() {
    let (sim, shop) = Sim::with_shop().await;
    let other = Shop::open().await;
    sim.issue("k", CARD).await.ok();
    let body = json!({"customer_uid": "k", "merchant_uid": "a", "amount": 1, "name": "n", "notice_url": other.url});
    sim.post("/subscribe/payments/again", body).await.ok();
    other.expect(1).await;
    shop.expect_silence().await;
    assert!(shop.received().is_empty());
    sim.tell("webhooks/url", json!({"url": other.url})).await;
    sim.again("k", "b").await.ok();
    other.expect(2).await;
}

#[tokio::test]
async fn refunds_are_told_only_if_asked_or_made_in_the_console() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    for name in ["a", "b", "c"] {
        sim.again("k", name).await.ok();
    }
    shop.expect(3).await;
    sim.post("/payments/cancel", json!({"merchant_uid": "a"})).await.ok();
    shop.expect_silence().await;
    let row = sim.post("/payments/cancel", json!({"merchant_uid": "b", "enable_webhook": true})).await.ok();
    let told = shop.expect(4).await[3].json();
    assert_eq!(told["status"], "cancelled");
    assert_eq!(told["cancellation_id"], row["cancel_history"][0]["cancellation_id"]);
    let row = sim.tell("console/cancel", json!({"merchant_uid": "c", "amount": 100})).await;
    assert_eq!(row["cancel_amount"], json!(100));
    assert_eq!(shop.expect(5).await[4].json()["status"], "cancelled");
}

#[tokio::test]
async fn dropped_doubled_and_late() {
    let (mut sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    sim.tell("webhooks/settings", json!({"drop_next": 1})).await;
    sim.again("k", "dropped").await.ok();
    shop.expect_silence().await;
    assert_eq!(sim.see("webhooks").await[0]["state"], "dropped");

    sim.tell("webhooks/settings", json!({"copies": 2})).await;
    sim.again("k", "double").await.ok();
    for webhook in shop.expect(2).await {
        assert_eq!(webhook.json()["merchant_uid"], "double");
    }
    sim.tell("webhooks/settings", json!({"copies": 1, "delay_seconds": 3600})).await;
    sim.again("k", "late").await.ok();
    shop.expect_silence().await;
    sim.advance(3601).await;
    sim.login().await;
    assert_eq!(shop.expect(3).await[2].json()["merchant_uid"], "late");
    sim.tell("webhooks/settings", json!({"delay_seconds": 0, "drop": true})).await;
    sim.again("k", "never").await.ok();
    shop.expect_silence().await;
}

#[tokio::test]
async fn held_ones_are_released_in_another_order() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    sim.tell("webhooks/settings", json!({"hold": true})).await;
    sim.again("k", "a").await.ok();
    sim.tell("console/cancel", json!({"merchant_uid": "a"})).await;
    shop.expect_silence().await;
    let sent = sim.tell("webhooks/release", json!({"reverse": true})).await;
    assert_eq!(sent, json!([{"id": 1, "http_status": 200}, {"id": 0, "http_status": 200}]));
    let order: Vec<Value> = shop.expect(2).await.iter().map(|webhook| webhook.json()["status"].clone()).collect();
    assert_eq!(order, ["cancelled", "paid"]);
    assert_eq!(sim.tell("webhooks/release", json!({})).await, json!([]), "each is released once");
}

#[tokio::test]
async fn sent_once_by_default_and_retried_on_5xx_if_set() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    shop.answer_with(&[500]);
    sim.again("k", "once").await.ok();
    shop.expect(1).await;
    shop.expect_silence().await;

    sim.tell("webhooks/settings", json!({"retries": 5, "retry_interval_ms": 10})).await;
    shop.answer_with(&[500, 503, 200]);
    sim.again("k", "thrice").await.ok();
    shop.expect(4).await;
    shop.answer_with(&[404]);
    sim.again("k", "client-error").await.ok();
    shop.expect(5).await;
    shop.expect_silence().await;
    let seen = sim.see("webhooks").await;
    let statuses: Vec<&Value> =
        seen[1]["attempts"].as_array().unwrap().iter().map(|attempt| &attempt["http_status"]).collect();
    assert_eq!(statuses, [&json!(500), &json!(503), &json!(200)]);
    assert_eq!((&seen[1]["state"], &seen[2]["state"]), (&json!("delivered"), &json!("failed")));
}

#[tokio::test]
async fn an_absent_shop_and_an_absent_address_are_recorded() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.again("k", "a").await.ok();
    assert_eq!(sim.see("webhooks").await[0]["state"], "no_address");
    let closed = {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        format!("http://{}/", listener.local_addr().unwrap())
    };
    sim.tell("webhooks/url", json!({"url": closed})).await;
    sim.again("k", "b").await.ok();
    eventually("failed", || async { sim.see("webhooks").await[1]["state"] == "failed" }).await;
    assert_eq!(sim.see("webhooks").await[1]["attempts"][0]["error"], "connect");
}

#[tokio::test]
async fn forged_sent_and_resent() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    let row = sim.again("k", "a").await.ok();
    shop.expect(1).await;
    let resent = sim.tell("webhooks/0/resend", json!({})).await;
    assert_eq!(resent["http_status"], json!(200));
    assert_eq!(shop.received()[1].body, shop.received()[0].body);
    sim.tell("webhooks/send", json!({"imp_uid": row["imp_uid"], "status": "failed"})).await;
    assert_eq!(shop.received()[2].json()["status"], "failed");
    let forged = json!({"imp_uid": "imp_1", "merchant_uid": "a", "status": "paid"});
    sim.tell("webhooks/forge", json!({"body": forged})).await;
    assert_eq!(shop.received()[3].json(), forged);
    sim.tell("webhooks/forge", json!({"body": "%%", "content_type": "text/plain"})).await;
    assert_eq!((&*shop.received()[4].body, &*shop.received()[4].content_type), ("%%", "text/plain"));
    let missing = sim.send(sim.json("POST", "/_sim/webhooks/99/resend", &json!({}))).await;
    assert_eq!(missing.status, 404);
}

#[tokio::test]
async fn a_late_approval_follows_a_failure() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", "4000-0000-0000-0341").await.ok();
    let row = sim.again("k", "a").await.ok();
    let row = sim.tell("console/approve", json!({"imp_uid": row["imp_uid"]})).await;
    assert_eq!(row["status"], "paid");
    assert_eq!(shop.expect(1).await[0].json()["status"], "paid");
}
