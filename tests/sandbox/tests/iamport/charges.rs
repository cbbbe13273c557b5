//! again and onetime: test cards, order numbers, limits.

use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{CARD, Sim, eventually};

#[tokio::test]
async fn declining_cards_answer_code_0_with_status_failed() {
    let sim = Sim::start().await;
    for (card, word) in
        [("4000-0000-0000-0341", "거절"), ("4000-0000-0000-9995", "잔액"), ("4000-0000-0000-0069", "유효기간")]
    {
        sim.issue("k", card).await.ok();
        let row = sim.again("k", &card[15..]).await.ok();
        assert_eq!(row["status"], "failed");
        assert!(row["fail_reason"].as_str().unwrap().contains(word), "{row}");
        assert_eq!((&row["paid_at"], &row["apply_num"]), (&json!(0), &Value::Null));
        assert!(row["failed_at"].as_i64().unwrap() > 0);
    }
    sim.again("nobody", "x").await.refused(200, -1);
}

#[tokio::test]
async fn a_paid_number_is_refused_and_a_failed_one_may_be_tried_again() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.issue("bad", "4000-0000-0000-0341").await.ok();
    sim.again("bad", "a").await.ok();
    sim.again("bad", "a").await.ok();
    assert_eq!(sim.again("k", "a").await.ok()["status"], "paid");
    sim.again("k", "a").await.refused(200, 1);
    let all = sim.get("/payments/findAll/a").await.ok();
    assert_eq!(all["total"], json!(3));
    assert_eq!(sim.paid("a").await, 1);

    sim.tell("knobs", json!({"failed_reusable": false})).await;
    sim.again("bad", "b").await.ok();
    sim.again("k", "b").await.refused(200, 1);
}

#[tokio::test]
async fn two_at_once_are_paid_once_or_twice_by_knob() {
    for (dedupe, expected) in [("commit", 1), ("admission", 2)] {
        let sim = Sim::start().await;
        sim.issue("k", CARD).await.ok();
        sim.tell("knobs", json!({"dedupe": dedupe, "processing_ms": 200})).await;
        let (one, two) = tokio::join!(sim.again("k", "a"), sim.again("k", "a"));
        let accepted = [one, two].iter().filter(|reply| reply.json["code"] == json!(0)).count();
        assert_eq!((accepted, sim.paid("a").await), (expected, expected), "{dedupe}");
    }
}

#[tokio::test]
async fn cards_that_hang_are_paid_not_paid_or_paid_later() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"hang_ms": 30_000, "late_seconds": 60})).await;
    for (card, at_once, later) in
        [("4000-0000-0000-4087", 1, 1), ("4000-0000-0000-2024", 0, 0), ("4000-0000-0000-1000", 0, 1)]
    {
        let key = &card[15..];
        sim.issue(key, card).await.ok();
        let order = json!({"customer_uid": key, "merchant_uid": key, "amount": 100, "name": "n"});
        let request = sim.json("POST", "/subscribe/payments/again", &order).timeout(Duration::from_millis(300));
        assert!(request.send().await.unwrap_err().is_timeout());
        assert_eq!(sim.paid(key).await, at_once, "{card}");
        sim.advance(61).await;
        assert_eq!(sim.paid(key).await, later, "{card}");
    }
}

#[tokio::test]
async fn a_hang_ends_as_a_504_for_who_waits() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"hang_ms": 50})).await;
    sim.issue("k", "4000-0000-0000-4087").await.ok();
    assert_eq!(sim.again("k", "a").await.status, 504);
}

#[tokio::test]
async fn cards_whose_reply_denies_a_payment_that_was_made() {
    let sim = Sim::start().await;
    sim.issue("e", "4000-0000-0000-5001").await.ok();
    assert_eq!(sim.again("e", "a").await.status, 500);
    assert_eq!(sim.paid("a").await, 1);
    sim.issue("r", "4000-0000-0000-5043").await.ok();
    sim.again("r", "b").await.refused(200, -1);
    assert_eq!(sim.paid("b").await, 1);
}

#[tokio::test]
async fn a_caller_that_hangs_up_does_not_stop_the_charge() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.tell("knobs", json!({"processing_ms": 400})).await;
    let order = json!({"customer_uid": "k", "merchant_uid": "a", "amount": 100, "name": "n"});
    let request = sim.json("POST", "/subscribe/payments/again", &order).timeout(Duration::from_millis(100));
    assert!(request.send().await.is_err());
    assert_eq!(sim.paid("a").await, 0);
    eventually("paid without a caller", || async { sim.paid("a").await == 1 }).await;
}

#[tokio::test]
async fn onetime_charges_a_card_and_stores_it_if_named() {
    let sim = Sim::start().await;
    let order = json!({"merchant_uid": "a", "amount": 100, "card_number": CARD, "expiry": "2099-12", "name": "n",
        "buyer_name": "홍길동", "buyer_email": "gildong@example.com", "buyer_tel": "01042424242"});
    let row = sim.post("/subscribe/payments/onetime", order.clone()).await.ok();
    assert_eq!((&row["status"], &row["customer_uid"]), (&json!("paid"), &Value::Null));
    sim.post("/subscribe/payments/onetime", order.clone()).await.refused(200, 1);

    let mut storing = order.clone();
    storing["merchant_uid"] = json!("b");
    storing["customer_uid"] = json!("k");
    assert_eq!(sim.post("/subscribe/payments/onetime", storing).await.ok()["customer_uid"], "k");
    assert_eq!(sim.get("/subscribe/customers/k").await.ok()["card_number"], "424242******4242");

    let mut refused = order;
    refused["merchant_uid"] = json!("c");
    refused["card_number"] = json!("4000-0000-0000-0002");
    sim.post("/subscribe/payments/onetime", refused).await.refused(200, -1);
    sim.get("/payments/findAll/c").await.refused(404, 1);
}

#[tokio::test]
async fn forms_are_read_like_json() {
    let sim = Sim::start().await;
    sim.form("/subscribe/customers/k", "card_number=4242-4242-4242-4242&expiry=2099-12").await.ok();
    let row = sim
        .form(
            "/subscribe/payments/again",
            "customer_uid=k&merchant_uid=a&amount=8900&name=%EC%9B%94%EA%B0%84&buyer_name=a+b",
        )
        .await
        .ok();
    assert_eq!((&row["amount"], &row["name"], &row["buyer_name"]), (&json!(8900), &json!("월간"), &json!("a b")));
    let now = sim.now().await;
    let rows = sim
        .form(
            "/subscribe/payments/schedule",
            &format!(
                "customer_uid=k&schedules[0][merchant_uid]=s&schedules[0][schedule_at]={}&schedules[0][amount]=100",
                now + 50
            ),
        )
        .await
        .ok();
    assert_eq!(rows[0]["name"], "정기결제", "the default name");
    sim.form("/subscribe/payments/unschedule", "customer_uid=k&merchant_uid[]=s").await.ok();
}

#[tokio::test]
async fn amounts_and_lengths_are_checked() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let order = |field: &str, value: Value| {
        let mut body = json!({"customer_uid": "k", "merchant_uid": "m", "amount": 100, "name": "n"});
        body[field] = value;
        sim.post("/subscribe/payments/again", body)
    };
    for amount in [json!(0), json!(-1), json!(100.5), json!("x"), Value::Null] {
        order("amount", amount).await.refused(200, 1);
    }
    for (field, max) in [
        ("merchant_uid", 40),
        ("name", 40),
        ("buyer_name", 16),
        ("buyer_email", 64),
        ("buyer_tel", 16),
        ("buyer_addr", 128),
        ("buyer_postcode", 8),
        ("customer_uid", 80),
    ] {
        order(field, json!("가".repeat(max + 1))).await.refused(200, 1);
    }
    for field in ["merchant_uid", "name", "customer_uid"] {
        order(field, Value::Null).await.refused(200, 1);
    }
    assert!(sim.see("payments").await.as_array().unwrap().is_empty(), "no refusal left a row");
    let dollars = json!({"customer_uid": "k", "merchant_uid": "usd", "amount": 19.99, "name": "n", "currency": "USD"});
    assert_eq!(sim.post("/subscribe/payments/again", dollars).await.ok()["amount"], json!(19.99));
}

#[tokio::test]
async fn unreadable_bodies_are_400() {
    let sim = Sim::start().await;
    for (content_type, body) in [
        ("application/json", "{"),
        ("application/json", "[]"),
        ("text/xml", "<a/>"),
        ("application/x-www-form-urlencoded", "a[=1"),
    ] {
        let request = sim.request("POST", "/subscribe/payments/again").header("content-type", content_type).body(body);
        sim.send(request).await.refused(400, 1);
    }
}

#[tokio::test]
async fn the_next_charge_is_doubled_by_knob() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.tell("knobs", json!({"double_charges": 1})).await;
    sim.again("k", "a").await.ok();
    sim.again("k", "b").await.ok();
    assert_eq!((sim.paid("a").await, sim.paid("b").await), (2, 1));
}
