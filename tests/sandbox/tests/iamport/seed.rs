//! The requests of the project's own description, as written there, misspellings included.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Sim;

fn names(value: &Value) -> BTreeSet<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

/// Every name of the documented reply is there.
#[track_caller]
fn has_all(value: &Value, documented: &str) {
    let missing: Vec<&str> = documented.split_whitespace().filter(|name| !names(value).contains(name)).collect();
    assert!(missing.is_empty(), "missing {missing:?} in {value}");
}

const PAYMENT: &str = "imp_uid merchant_uid pay_method channel pg_provider emb_pg_provider pg_tid pg_id escrow apply_num \
    bank_code bank_name card_code card_name card_quota card_number card_type vbank_code vbank_name vbank_num \
    vbank_holder vbank_date vbank_issued_at name amount cancel_amount currency buyer_name buyer_email buyer_tel \
    buyer_addr buyer_postcode custom_data user_agent status started_at paid_at failed_at cancelled_at fail_reason \
    cancel_reason receipt_url cancel_history cancel_receipt_urls cash_receipt_issued customer_uid customer_uid_usage \
    sandbox deposit_history promotion card_issuer_code card_issuer_name card_publisher_code card_publisher_name";

#[tokio::test]
async fn get_token_as_written() {
    let sim = Sim::start().await;
    let reply = sim
        .post(
            "/users/getToken",
            json!({
                "imp_key": "imp_apikey",
                "imp_secret": "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f"
            }),
        )
        .await
        .ok();
    assert_eq!(reply["access_token"].as_str().unwrap().len(), 40);
    let lifetime = reply["expired_at"].as_i64().unwrap() - reply["now"].as_i64().unwrap();
    assert!((1700..=1800).contains(&lifetime), "UNIX seconds, no offset for Korea: {lifetime}");
}

#[tokio::test]
async fn issue_again_and_look_up_as_written() {
    let sim = Sim::start().await;
    let key = sim
        .post(
            "/subscribe/customers/%EA%B8%B8%EB%8F%99_0001_4242",
            json!({"card_number": "4242-4242-4242-4242", "expiry": "209912", "birth": "900101", "pwd_2digit": "12",
                "customer_id": "gildong", "customer_name": "홍길동", "customer_tel": "010-4242-4242",
                "customer_email": "gildong@gmail.com", "customer_addr": "서울특별시 강남구 신사동",
                "customer_postcode": "01181", "pg": "nice.nictest04m"}),
        )
        .await
        .ok();
    has_all(
        &key,
        "customer_uid pg_provider pg_id customer_id card_name card_code card_number card_type customer_name \
         customer_tel customer_email customer_addr customer_postcode inserted updated sandbox card_issuer_code \
         card_issuer_name card_publisher_code card_publisher_name",
    );
    assert_eq!(key["customer_uid"], "길동_0001_4242");
    assert_eq!(key["card_number"], "424242******4242");
    assert_eq!((&key["pg_provider"], &key["pg_id"]), (&json!("nice"), &json!("nictest04m")));
    assert_eq!(key["card_type"], json!(0), "an integer, whatever the description's sample says");
    assert!(key["inserted"].is_i64() && key["customer_postcode"] == "01181");

    let payment = sim
        .post(
            "/subscribe/payments/again",
            json!({"customer_uid": "길동_0001_4242", "merchant_uid": "order_monthly_0001", "amount": 8900,
                "name": "월간 이용권 정기결제", "buyer_post": "01181", "carf_quota": 3, "buyer_postcode": "06018",
                "buyer_name": "홍길동", "buyer_tel": "01012345678", "tax_free": 0, "custom_data": "{\"a\":1}"}),
        )
        .await
        .ok();
    has_all(&payment, PAYMENT);
    assert_eq!(payment["status"], "paid");
    assert_eq!(payment["amount"], json!(8900));
    assert_eq!(payment["card_quota"], json!(0), "carf_quota is an unknown field");
    assert_eq!(payment["buyer_postcode"], "06018", "and so is buyer_post");
    assert_eq!(payment["custom_data"], "{\"a\":1}");
    assert_eq!(payment["customer_uid_usage"], "payment");
    assert_eq!(payment["currency"], "KRW");
    assert_eq!((&payment["failed_at"], &payment["vbank_date"]), (&json!(0), &json!(0)));
    let imp_uid = payment["imp_uid"].as_str().unwrap();
    assert!(imp_uid.len() == 16 && imp_uid.starts_with("imp_") && imp_uid[4..].bytes().all(|b| b.is_ascii_digit()));

    assert_eq!(sim.get(&format!("/payments/{imp_uid}")).await.ok(), payment);
}

#[tokio::test]
async fn schedule_as_written_with_its_time_long_past() {
    let sim = Sim::start().await;
    sim.issue("gildong_0001_1234", "4242-4242-4242-4242").await.ok();
    let rows = sim
        .post(
            "/subscribe/payments/schedule",
            json!({"customer_uid": "gildong_0001_1234", "schedules": [{
                "merchant_uid": "order_monthly_0001", "schedule_at": 1_519_862_400, "amount": 8900,
                "name": "월간 이용권 정기결제", "buyer_name": "홍길동", "buyer_tel": "01012345678",
                "buyer_email": "gildong@gmail.com"}]}),
        )
        .await
        .ok();
    has_all(
        &rows[0],
        "customer_uid merchant_uid imp_uid customer_id schedule_at executed_at revoked_at amount name buyer_name \
         buyer_email buyer_tel buyer_addr buyer_postcode custom_data schedule_status payment_status fail_reason \
         currency pg_provider pg_id promotion_id",
    );
    assert_eq!(rows[0]["schedule_at"], json!(1_519_862_400));
    assert_eq!((&rows[0]["executed_at"], &rows[0]["revoked_at"]), (&json!(0), &json!(0)), "integers, not \"0\"");
    assert_eq!((&rows[0]["schedule_status"], &rows[0]["payment_status"]), (&json!("scheduled"), &Value::Null));
    assert_eq!(rows[0]["currency"], "KRW", "the default");
    assert_eq!(rows[0]["imp_uid"], Value::Null);

    sim.advance(2).await;
    let row = sim.get("/subscribe/payments/schedule/order_monthly_0001").await.ok();
    assert_eq!((&row["schedule_status"], &row["payment_status"]), (&json!("executed"), &json!("paid")));
    let payment = sim.get(&format!("/payments/{}", row["imp_uid"].as_str().unwrap())).await.ok();
    has_all(&payment, PAYMENT);
    assert_eq!(payment["customer_uid_usage"], "payment.scheduled");
    assert!(payment["imp_uid"].as_str().unwrap().starts_with("imps_"));
}

#[tokio::test]
async fn the_real_spellings_are_heard() {
    let sim = Sim::start().await;
    sim.issue("k", "4242-4242-4242-4242").await.ok();
    let order = |quota, amount| {
        json!({"customer_uid": "k", "merchant_uid": format!("q{quota}-{amount}"), "amount": amount, "name": "n",
            "card_quota": quota})
    };
    assert_eq!(sim.post("/subscribe/payments/again", order(3, 50_000)).await.ok()["card_quota"], json!(3));
    sim.post("/subscribe/payments/again", order(3, 8900)).await.refused(200, -1);
}

#[tokio::test]
async fn an_unknown_path_is_404_in_an_envelope() {
    let sim = Sim::start().await;
    sim.get("/payments/a/b/c").await.refused(404, 1);
    sim.send(sim.request("PATCH", "/payments/cancel")).await.refused(405, 1);
}
