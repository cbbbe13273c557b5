//! Lookups, registered amounts, refunds, virtual accounts.

use serde_json::{Value, json};

use crate::harness::{CARD, Sim};

async fn charged(sim: &Sim, names: &[&str]) -> Vec<String> {
    sim.issue("k", CARD).await.ok();
    let mut imp_uids = Vec::new();
    for name in names {
        imp_uids.push(sim.again("k", name).await.ok()["imp_uid"].as_str().unwrap().to_owned());
    }
    imp_uids
}

#[tokio::test]
async fn one_is_found_by_number_and_test_channel_payments_are_hidden_by_knob() {
    let sim = Sim::start().await;
    let imp_uid = &charged(&sim, &["a"]).await[0];
    assert_eq!(sim.get(&format!("/payments/{imp_uid}")).await.ok()["sandbox"], json!(false));
    sim.get("/payments/imp_000000000000").await.refused(404, 1);

    sim.tell("knobs", json!({"sandbox": true})).await;
    let hidden = sim.again("k", "b").await.ok();
    assert_eq!(hidden["sandbox"], json!(true));
    let path = format!("/payments/{}", hidden["imp_uid"].as_str().unwrap());
    sim.get(&path).await.refused(404, 1);
    sim.get(&format!("{path}?include_sandbox=false")).await.refused(404, 1);
    assert_eq!(sim.get(&format!("{path}?include_sandbox=true")).await.ok(), hidden);
    assert_eq!(sim.get("/payments/find/b").await.ok(), hidden, "the other lookups do not filter");
    assert_eq!(sim.get("/payments/findAll/b").await.ok()["list"][0], hidden);
}

#[tokio::test]
async fn a_slash_at_the_end_is_served_as_client_libraries_send_it() {
    let mut sim = Sim::start().await;
    charged(&sim, &["a"]).await;
    for path in ["/payments/find/a", "/payments/findAll/a"] {
        assert_eq!(sim.get(&format!("{path}/")).await.ok(), sim.get(path).await.ok());
    }
    sim.get("/payments/findAll/b/").await.refused(404, 1);
    sim.token = "wrong".to_owned();
    for path in ["/payments/find/a/", "/payments/findAll/a/"] {
        sim.get(path).await.refused(401, -1);
    }
}

#[tokio::test]
async fn many_are_partial_with_207() {
    let sim = Sim::start().await;
    let uids = charged(&sim, &["a", "b"]).await;
    let all = sim.get(&format!("/payments?imp_uid[]={}&merchant_uid[]=b", uids[0])).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 2);
    let some = sim.get(&format!("/payments?imp_uid[]={}&imp_uid[]=imp_000000000000", uids[0])).await;
    assert_eq!((some.status, some.json["response"].as_array().unwrap().len()), (207, 1));
    sim.get("/payments?imp_uid[]=imp_000000000000").await.refused(404, 1);
    sim.get("/payments").await.refused(400, 1);
    let too_many: Vec<String> = (0..101).map(|number| format!("imp_uid[]={number}")).collect();
    sim.get(&format!("/payments?{}", too_many.join("&"))).await.refused(400, 1);
}

#[tokio::test]
async fn find_shows_one_of_several_attempts_and_find_all_shows_all() {
    let sim = Sim::start().await;
    sim.issue("bad", "4000-0000-0000-0341").await.ok();
    sim.issue("k", CARD).await.ok();
    sim.tell("knobs", json!({"dedupe": "admission"})).await;
    sim.again("bad", "a").await.ok();
    sim.advance(10).await;
    sim.again("k", "a").await.ok();
    sim.advance(10).await;
    // A late failure after the success, as one in flight could be: registered before, run after.
    sim.again("bad", "b").await.ok();

    assert_eq!(sim.get("/payments/find/a").await.ok()["status"], "paid", "newest first by default");
    assert_eq!(sim.get("/payments/find/a?sorting=started").await.ok()["status"], "failed");
    assert_eq!(sim.get("/payments/find/a/failed").await.ok()["status"], "failed");
    sim.get("/payments/find/a/ready").await.refused(404, 1);
    sim.get("/payments/find/a/unknown").await.refused(400, 1);
    sim.get("/payments/find/a?sorting=size").await.refused(400, 1);
    let page = sim.get("/payments/findAll/a?limit=1&page=2").await.ok();
    assert_eq!((&page["total"], &page["list"][0]["status"]), (&json!(2), &json!("failed")));
    assert_eq!(sim.get("/payments/findAll/a/paid").await.ok()["total"], json!(1));
    sim.get("/payments/findAll/nothing").await.refused(404, 1);
    sim.get("/payments/findAll/a?page=3").await.refused(404, 1);
}

#[tokio::test]
async fn the_list_by_status_has_a_window_of_90_days_and_an_end() {
    let mut sim = Sim::start().await;
    sim.issue("bad", "4000-0000-0000-0341").await.ok();
    charged(&sim, &["a", "b", "c"]).await;
    sim.again("bad", "d").await.ok();
    let list = async |path: &str| sim.get(&format!("/payments/status/{path}")).await;
    assert_eq!(list("all").await.ok()["total"], json!(4));
    assert_eq!(list("failed").await.ok()["list"][0]["merchant_uid"], "d");
    assert_eq!(list("cancelled").await.ok()["total"], json!(0), "an empty first page is no error");
    let page = list("paid?limit=2&page=2&sorting=started").await.ok();
    assert_eq!((&page["list"][0]["merchant_uid"], &page["previous"]), (&json!("c"), &json!(1)));
    list("paid?limit=2&page=3").await.refused(400, 1);
    list("bogus").await.refused(400, 1);
    let now = sim.now().await;
    list(&format!("all?from={}&to={now}", now - 91 * 86_400)).await.refused(400, 1);
    assert_eq!(list(&format!("all?from={}&to={}", now - 200, now - 100)).await.ok()["total"], json!(0));
    sim.advance(91 * 86_400).await;
    sim.login().await;
    assert_eq!(sim.get("/payments/status/all").await.ok()["total"], json!(0), "90 days back by default");
}

#[tokio::test]
async fn amounts_are_registered_changed_and_enforced_in_the_window() {
    let sim = Sim::start().await;
    let body = |amount| json!({"merchant_uid": "a", "amount": amount});
    sim.put("/payments/prepare", body(1)).await.refused(404, 1);
    sim.get("/payments/prepare/a").await.refused(404, 1);
    let row = sim.post("/payments/prepare", body(500)).await.ok();
    assert_eq!(row, json!({"merchant_uid": "a", "amount": 500, "currency": "KRW"}));
    sim.post("/payments/prepare", body(500)).await.ok();
    sim.post("/payments/prepare", body(501)).await.refused(200, 1);
    sim.put("/payments/prepare", body(600)).await.ok();
    assert_eq!(sim.get("/payments/prepare/a").await.ok()["amount"], json!(600));

    let window = |amount| {
        json!({"merchant_uid": "a", "amount": amount, "card_number": CARD, "expiry": "2099-12",
        "customer_uid": "window-key", "name": "n"})
    };
    let refused = sim.send(sim.json("POST", "/_sim/window", &window(500))).await;
    assert_eq!(refused.status, 400);
    let row = sim.tell("window", window(600)).await;
    assert_eq!((&row["status"], &row["channel"]), (&json!("paid"), &json!("pc")));
    assert_eq!((&row["customer_uid_usage"], &row["amount"]), (&json!("issue"), &json!(0)));
    sim.get("/subscribe/customers/window-key").await.ok();
    sim.post("/payments/prepare", body(600)).await.refused(200, 1);
}

#[tokio::test]
async fn refunds_in_full_and_in_part() {
    let sim = Sim::start().await;
    let uids = charged(&sim, &["full", "part", "zero"]).await;
    let cancel = |body: Value| sim.post("/payments/cancel", body);

    let row = cancel(json!({"imp_uid": uids[0], "reason": "변심"})).await.ok();
    assert_eq!((&row["status"], &row["cancel_amount"]), (&json!("cancelled"), &json!(8900)));
    let entry = &row["cancel_history"][0];
    assert_eq!((&entry["amount"], &entry["reason"]), (&json!(8900), &json!("변심")));
    for name in ["pg_tid", "cancelled_at", "receipt_url", "cancellation_id"] {
        assert!(!entry[name].is_null(), "{name}");
    }
    assert_eq!((&row["cancel_reason"], row["cancel_receipt_urls"].as_array().unwrap().len()), (&json!("변심"), 1));
    cancel(json!({"imp_uid": uids[0]})).await.refused(200, 1);

    let row = cancel(json!({"imp_uid": uids[1], "amount": 900, "checksum": 8900})).await.ok();
    assert_eq!((&row["status"], &row["cancel_amount"]), (&json!("paid"), &json!(900)));
    cancel(json!({"imp_uid": uids[1], "amount": 900, "checksum": 8900})).await.refused(200, 1);
    cancel(json!({"imp_uid": uids[1], "amount": 8001})).await.refused(200, 1);
    cancel(json!({"imp_uid": "imp_000000000000", "merchant_uid": "part"})).await.refused(200, 1);
    cancel(json!({"imp_uid": uids[1], "amount": -1})).await.refused(200, 1);
    let row = cancel(json!({"merchant_uid": "part", "amount": 8000, "checksum": "8000"})).await.ok();
    assert_eq!((&row["status"], row["cancel_history"].as_array().unwrap().len()), (&json!("cancelled"), 2));

    let row = cancel(json!({"imp_uid": uids[2], "amount": 0})).await.ok();
    assert_eq!(row["cancel_amount"], json!(8900), "0 is everything");
    cancel(json!({"merchant_uid": "nothing"})).await.refused(200, 1);
    cancel(json!({})).await.refused(200, 1);
}

#[tokio::test]
async fn partly_refunded_says_cancelled_by_knob() {
    let sim = Sim::start().await;
    let uids = charged(&sim, &["a"]).await;
    sim.tell("knobs", json!({"partial_cancel_status": "cancelled"})).await;
    let body = json!({"imp_uid": uids[0], "amount": 900});
    let row = sim.post("/payments/cancel", body.clone()).await.ok();
    assert_eq!((&row["status"], &row["cancel_amount"]), (&json!("cancelled"), &json!(900)));
    assert_eq!(sim.post("/payments/cancel", body).await.ok()["cancel_amount"], json!(1800));
}

#[tokio::test]
async fn a_failed_payment_cannot_be_refunded_and_a_scheduled_one_shows_it() {
    let sim = Sim::start().await;
    sim.issue("bad", "4000-0000-0000-0341").await.ok();
    let failed = sim.again("bad", "a").await.ok();
    sim.post("/payments/cancel", json!({"imp_uid": failed["imp_uid"]})).await.refused(200, 1);
    sim.issue("k", CARD).await.ok();
    sim.schedule("k", "s", sim.now().await).await.ok();
    sim.advance(1).await;
    sim.post("/payments/cancel", json!({"merchant_uid": "s"})).await.ok();
    assert_eq!(sim.get("/subscribe/payments/schedule/s").await.ok()["payment_status"], "cancelled");
}

#[tokio::test]
async fn a_virtual_account_is_ready_then_paid_and_refunded_to_an_account() {
    let (sim, shop) = Sim::with_shop().await;
    let row =
        sim.tell("vbank", json!({"merchant_uid": "v", "amount": 5000, "name": "n", "buyer_tel": "01042424242"})).await;
    assert_eq!((&row["status"], &row["pay_method"]), (&json!("ready"), &json!("vbank")));
    assert!(row["vbank_num"].is_string() && row["vbank_date"].as_i64() > row["vbank_issued_at"].as_i64());
    assert_eq!(row["card_number"], Value::Null);
    let name = json!({"imp_uid": row["imp_uid"]});
    let row = sim.tell("vbank/deposit", name.clone()).await;
    assert_eq!(row["status"], "paid");
    let told: Vec<Value> = shop.expect(2).await.iter().map(|webhook| webhook.json()["status"].clone()).collect();
    assert!(told.contains(&json!("ready")) && told.contains(&json!("paid")));
    sim.post("/payments/cancel", name.clone()).await.refused(200, 1);
    let mut refund = name;
    for (field, value) in [("refund_holder", "홍길동"), ("refund_bank", "088"), ("refund_account", "1")] {
        refund[field] = json!(value);
    }
    assert_eq!(sim.post("/payments/cancel", refund).await.ok()["status"], "cancelled");
}
