//! `confirm_url`: the shop's word before the approval.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::http::StatusCode;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::harness::Sim;
use crate::window::{card, params, with};

/// A shop that answers every confirmation the same way. Keeps what it was asked.
async fn shop(status: u16, answer: &'static str, delay_ms: u64) -> (String, Arc<Mutex<Vec<Value>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/checkouts/confirm/secret", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let log = asked.clone();
    let handler = move |body: String| {
        let log = log.clone();
        async move {
            log.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            tokio::time::sleep(Duration::from_millis(delay_ms)).await;
            (StatusCode::from_u16(status).unwrap(), answer)
        }
    };
    let router = Router::new().route("/checkouts/confirm/secret", axum::routing::post(handler));
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, asked)
}

#[tokio::test]
async fn the_shop_is_asked_before_the_approval() {
    let sim = Sim::start().await;
    let (url, asked) = shop(200, "{}", 0).await;
    let window = sim.open(&with(params("a"), json!({"confirm_url": url}))).await;
    assert!(asked.lock().unwrap().is_empty(), "not when it opens");
    let bad = json!({"card_number": "1", "expiry": "2099-12"});
    assert_eq!(sim.act(&window, "pay", &bad).await.status, 422);
    assert!(asked.lock().unwrap().is_empty(), "not for a form that is wrong");
    assert_eq!(sim.press(&window, "pay", &card()).await["outcome"], "paid");
    let told = json!({"imp_uid": window["imp_uid"], "merchant_uid": "a", "amount": 64_900});
    assert_eq!(*asked.lock().unwrap(), [told]);
    assert_eq!(sim.attempts("a").await[0]["imp_uid"], window["imp_uid"]);

    let window = sim.open(&with(params("b"), json!({"confirm_url": url, "currency": "USD", "amount": 19.99}))).await;
    sim.press(&window, "close", &json!({})).await;
    assert_eq!(asked.lock().unwrap().len(), 1, "not when the customer leaves");
    let window = sim.open(&with(params("b"), json!({"confirm_url": url, "currency": "USD", "amount": 19.99}))).await;
    sim.press(&window, "pay", &card()).await;
    assert_eq!(asked.lock().unwrap()[1]["amount"], json!(19.99));
}

#[tokio::test]
async fn anything_but_a_200_in_time_stops_the_payment() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"confirm_timeout_ms": 400})).await;
    let cases = [
        (shop(400, r#"{"reason": "재고가 없습니다"}"#, 0).await.0, "재고가 없습니다"),
        (shop(500, "oops", 0).await.0, "confirm_url"),
        (shop(201, "{}", 0).await.0, "confirm_url"),
        (shop(302, "", 0).await.0, "confirm_url"),
        (shop(404, r#"{"reason": 5}"#, 0).await.0, "confirm_url"),
        (shop(200, "{}", 2000).await.0, "제때"),
        ("http://127.0.0.1:9/".to_owned(), "제때"),
    ];
    for (case, (url, reason)) in cases.iter().enumerate() {
        let name = format!("a{case}");
        let window = sim.open(&with(params(&name), json!({"confirm_url": url, "customer_uid": name}))).await;
        let ended = sim.press(&window, "pay", &card()).await;
        assert_eq!(ended["outcome"], "failed", "{name}");
        assert!(ended["callback"]["error_msg"].as_str().unwrap().contains(reason), "{ended}");
        let row = sim.attempts(&name).await.remove(0);
        assert_eq!((&row["status"], &row["imp_uid"]), (&json!("failed"), &window["imp_uid"]));
        assert!(row["fail_reason"].as_str().unwrap().contains(reason), "{row}");
        sim.get(&format!("/subscribe/customers/{name}")).await.refused(404, 1);
    }
}

#[tokio::test]
async fn the_number_is_looked_at_again_after_the_shops_word() {
    let sim = Sim::start().await;
    let (slow, _) = shop(200, "{}", 400).await;
    let form = card();
    let window = sim.open(&with(params("a"), json!({"confirm_url": slow}))).await;
    let (first, second) = tokio::join!(sim.press(&window, "pay", &form), async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        sim.buy(&params("a")).await
    });
    assert_eq!((&first["outcome"], &second["outcome"]), (&json!("refused"), &json!("paid")));
    assert_eq!(sim.paid("a").await, 1);
}
