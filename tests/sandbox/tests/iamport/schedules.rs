//! Scheduled payments: registered, moved, revoked, run by the clock.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use crate::harness::{CARD, SECRET, Sim, eventually};

#[tokio::test]
async fn the_clock_runs_what_it_passes_in_order_and_tells_the_shop() {
    let (mut sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    let now = sim.now().await;
    sim.schedule("k", "second", now + 2 * 86_400).await.ok();
    sim.schedule("k", "first", now + 86_400).await.ok();
    sim.schedule("k", "far", now + 40 * 86_400).await.ok();
    sim.advance(3 * 86_400).await;
    sim.login().await;

    let told = shop.expect(2).await;
    let order: Vec<Value> = told.iter().map(|webhook| webhook.json()["merchant_uid"].clone()).collect();
    assert_eq!(order, ["first", "second"], "each before the next was due");
    let row = sim.get("/subscribe/payments/schedule/first").await.ok();
    assert_eq!((&row["schedule_status"], &row["payment_status"]), (&json!("executed"), &json!("paid")));
    assert_eq!(row["executed_at"], json!(now + 86_400), "at its own time, not when the clock arrived");
    assert_eq!(told[0].json()["imp_uid"], row["imp_uid"]);
    assert_eq!(sim.get("/subscribe/payments/schedule/far").await.ok()["schedule_status"], "scheduled");
    let payment = &sim.attempts("second").await[0];
    assert_eq!(payment["paid_at"].as_i64().unwrap(), now + 2 * 86_400);
}

/// A shop that registers the next payment when it hears of one, as subscriptions do: a year of them in one move.
#[tokio::test]
async fn the_clock_waits_for_a_shop_that_registers_the_next_payment() {
    const MONTH: i64 = 30 * 86_400;
    let sim = Arc::new(Sim::start().await);
    sim.issue("k", CARD).await.ok();
    let start = sim.now().await + MONTH;

    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let shop_sim = sim.clone();
    let shop = axum::Router::new().fallback(move |body: String| {
        let sim = shop_sim.clone();
        async move {
            // A shop takes its time; time must not go on meanwhile.
            tokio::time::sleep(Duration::from_millis(50)).await;
            let told: Value = serde_json::from_str(&body).unwrap();
            let period: i64 = told["merchant_uid"].as_str().unwrap().parse().unwrap();
            let token = sim.post("/users/getToken", json!({"imp_key": "imp_apikey", "imp_secret": SECRET})).await.ok();
            let next = json!({"customer_uid": "k", "schedules": [{"merchant_uid": (period + 1).to_string(),
                "schedule_at": start + MONTH * (period + 1), "amount": 8900, "name": "n"}]});
            let request = sim
                .http
                .post(format!("{}/subscribe/payments/schedule", sim.base))
                .header("authorization", token["access_token"].as_str().unwrap())
                .header("content-type", "application/json")
                .body(next.to_string());
            assert_eq!(request.send().await.unwrap().status(), 200);
        }
    });
    tokio::spawn(async move { axum::serve(listener, shop).await.unwrap() });
    sim.tell("webhooks/url", json!({"url": url})).await;

    sim.schedule("k", "0", start).await.ok();
    sim.advance(12 * MONTH + 3600).await;
    let rows = sim.see("payments").await;
    let paid: Vec<i64> = rows.as_array().unwrap().iter().map(|row| row["paid_at"].as_i64().unwrap()).collect();
    let due: Vec<i64> = (0..12).map(|period| start + MONTH * period).collect();
    assert_eq!(paid, due, "each at its own time");
}

#[tokio::test]
async fn real_time_runs_them_too() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.schedule("k", "a", sim.now().await + 1).await.ok();
    eventually("run by the tick", || async { sim.paid("a").await == 1 }).await;
}

#[tokio::test]
async fn a_failed_attempt_is_told_and_rescheduled_or_retried() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", "4000-0000-0000-9995").await.ok();
    let now = sim.now().await;
    for name in ["a", "b"] {
        sim.schedule("k", name, now + 10).await.ok();
    }
    let at = |seconds| json!({"schedule_at": now + seconds});
    let path = "/subscribe/payments/schedule";
    sim.post(&format!("{path}/a/reschedule"), at(100)).await.refused(400, 1);
    sim.post(&format!("{path}/a/retry"), json!({})).await.refused(400, 1);
    sim.advance(11).await;
    for webhook in shop.expect(2).await {
        assert_eq!(webhook.json()["status"], "failed");
    }
    let row = sim.get(&format!("{path}/a")).await.ok();
    assert!(row["fail_reason"].as_str().unwrap().contains("잔액"));
    assert_eq!((&row["schedule_status"], &row["payment_status"]), (&json!("executed"), &json!("failed")));

    sim.put(&format!("{path}/a"), at(500)).await.refused(400, 1);
    sim.issue("k", CARD).await.ok();
    assert_eq!(sim.post(&format!("{path}/a/retry"), json!({})).await.ok()["status"], "paid");
    sim.post(&format!("{path}/a/retry"), json!({})).await.refused(400, 1);
    sim.post(&format!("{path}/b/reschedule"), at(-500)).await.refused(400, 1);
    assert_eq!(sim.post(&format!("{path}/b/reschedule"), at(500)).await.ok()["schedule_status"], "scheduled");
    sim.advance(600).await;
    assert_eq!((sim.paid("a").await, sim.paid("b").await), (1, 1));
    assert_eq!(sim.attempts("b").await.len(), 2);
    sim.post(&format!("{path}/nothing/retry"), json!({})).await.refused(404, 1);
    sim.post(&format!("{path}/nothing/reschedule"), at(900)).await.refused(404, 1);
}

#[tokio::test]
async fn put_moves_one_that_waits() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let now = sim.now().await;
    sim.schedule("k", "a", now + 100).await.ok();
    let path = "/subscribe/payments/schedule/a";
    assert_eq!(sim.put(path, json!({"schedule_at": now + 1000})).await.ok()["schedule_at"], json!(now + 1000));
    sim.put(path, json!({"schedule_at": now - 1000})).await.refused(400, 1);
    sim.put(path, json!({})).await.refused(400, 1);
    sim.put(path, json!({"schedule_at": "tomorrow"})).await.refused(400, 1);
    sim.put("/subscribe/payments/schedule/nothing", json!({"schedule_at": now + 1000})).await.refused(404, 1);
    sim.advance(500).await;
    assert_eq!(sim.paid("a").await, 0);
    sim.advance(600).await;
    assert_eq!(sim.paid("a").await, 1);
}

#[tokio::test]
async fn unschedule_takes_the_named_or_without_names_all() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.issue("other", CARD).await.ok();
    let now = sim.now().await;
    for (key, name) in [("k", "a"), ("k", "b"), ("k", "c"), ("other", "d")] {
        sim.schedule(key, name, now + 1000).await.ok();
    }
    let path = "/subscribe/payments/unschedule";
    let rows = sim.post(path, json!({"customer_uid": "k", "merchant_uid": ["a"]})).await.ok();
    assert_eq!(rows.as_array().unwrap().len(), 1);
    assert_eq!(rows[0]["schedule_status"], "revoked");
    assert!(rows[0]["revoked_at"].as_i64().unwrap() >= now);
    sim.post(path, json!({"customer_uid": "k", "merchant_uid": ["a"]})).await.refused(200, 1);
    sim.post(path, json!({"customer_uid": "k", "merchant_uid": ["d"]})).await.refused(200, 1);
    sim.post(path, json!({})).await.refused(200, 1);
    let all = sim.post(path, json!({"customer_uid": "k", "merchant_uid": []})).await.ok();
    assert_eq!(all.as_array().unwrap().len(), 2, "the hazard: an empty list means all");
    sim.post(path, json!({"merchant_uid": ["d"]})).await.ok();
    sim.advance(2000).await;
    assert!(sim.see("payments").await.as_array().unwrap().is_empty());
}

#[tokio::test]
async fn an_unknown_key_needs_a_card() {
    let sim = Sim::start().await;
    let now = sim.now().await;
    sim.schedule("new", "a", now + 10).await.refused(200, 1);
    let mut body = json!({"customer_uid": "new", "card_number": CARD, "expiry": "2099-12", "customer_name": "홍길동",
        "schedules": [{"merchant_uid": "a", "schedule_at": now + 10, "amount": 100}]});
    sim.post("/subscribe/payments/schedule", body.clone()).await.ok();
    assert_eq!(sim.get("/subscribe/customers/new").await.ok()["customer_name"], "홍길동");
    assert_eq!(sim.get("/subscribe/payments/schedule/a").await.ok()["buyer_name"], "홍길동");
    body["customer_uid"] = json!("newer");
    body["card_number"] = json!("4000-0000-0000-0002");
    body["schedules"][0]["merchant_uid"] = json!("b");
    sim.post("/subscribe/payments/schedule", body).await.refused(200, -1);
    sim.get("/subscribe/payments/schedule/b").await.refused(404, 1);
}

#[tokio::test]
async fn checking_amount_is_charged_and_returned() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let body = json!({"customer_uid": "k", "checking_amount": 100,
        "schedules": [{"merchant_uid": "a", "schedule_at": sim.now().await + 10, "amount": 100}]});
    sim.post("/subscribe/payments/schedule", body).await.ok();
    let row = sim.see("payments").await[0].clone();
    assert_eq!((&row["status"], &row["cancel_amount"]), (&json!("cancelled"), &json!(100)));
}

#[tokio::test]
async fn a_number_is_registered_once_and_a_batch_is_all_or_nothing() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let at = sim.now().await + 100;
    sim.schedule("k", "a", at).await.ok();
    sim.schedule("k", "a", at).await.refused(200, 1);
    let entry = |name: &str| json!({"merchant_uid": name, "schedule_at": at, "amount": 100, "name": "n"});
    for bad in [vec![entry("b"), entry("b")], vec![entry("b"), entry("a")], vec![]] {
        sim.post("/subscribe/payments/schedule", json!({"customer_uid": "k", "schedules": bad})).await.refused(200, 1);
    }
    sim.get("/subscribe/payments/schedule/b").await.refused(404, 1);
    sim.again("k", "paid").await.ok();
    sim.schedule("k", "paid", at).await.refused(200, 1);
    let hundred: Vec<Value> = (0..100).map(|number| entry(&format!("n{number}"))).collect();
    let rows = sim.post("/subscribe/payments/schedule", json!({"customer_uid": "k", "schedules": hundred})).await.ok();
    assert_eq!(rows.as_array().unwrap().len(), 100);
}

#[tokio::test]
async fn a_past_time_is_refused_by_knob() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.tell("knobs", json!({"past_schedule": "refuse"})).await;
    sim.schedule("k", "a", 1_519_862_400).await.refused(400, 1);
}

#[tokio::test]
async fn the_list_has_a_window_filters_pages_and_two_shapes() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let now = sim.now().await;
    for number in 1..=5 {
        sim.schedule("k", &format!("s{number}"), now + number * 100).await.ok();
    }
    sim.post("/subscribe/payments/unschedule", json!({"merchant_uid": ["s5"]})).await.ok();
    let path = format!("/subscribe/payments/schedule?schedule_from={now}&schedule_to={}", now + 1000);
    let page = sim.get(&format!("{path}&limit=2&page=2")).await.ok();
    assert_eq!((&page["total"], &page["previous"], &page["next"]), (&json!(5), &json!(1), &json!(3)));
    assert_eq!(page["list"][0]["merchant_uid"], "s3");
    let oldest = sim.get(&format!("{path}&limit=2&sorting=scheduled")).await.ok();
    assert_eq!((&oldest["list"][0]["merchant_uid"], &oldest["list"][1]["merchant_uid"]), (&json!("s1"), &json!("s2")));
    assert_eq!(sim.get(&format!("{path}&schedule_status=revoked")).await.ok()["list"][0]["merchant_uid"], "s5");
    assert_eq!(sim.get(&path).await.ok()["list"][0]["merchant_uid"], "s5", "the latest first, as the schema has it");
    let of_key = format!("from={now}&to={}", now + 1000);
    let by_its_own_path = format!("/subscribe/customers/k/schedules?{of_key}");
    let by_that_of_schedules = format!("/subscribe/payments/schedule/customers/k?{of_key}");
    for path in [&by_its_own_path, &by_that_of_schedules] {
        assert_eq!(sim.get(path).await.ok()["list"][0]["merchant_uid"], "s5");
    }
    let exclusive = format!("/subscribe/payments/schedule?schedule_from={}&schedule_to={}", now + 100, now + 200);
    assert_eq!(sim.get(&exclusive).await.ok()["total"], json!(1), "from is inclusive, to is not");
    for bad in [
        "/subscribe/payments/schedule".to_owned(),
        format!("{path}&sorting=-schedule_at"),
        format!("{path}&limit=1001"),
        format!("{path}&limit=0"),
        format!("{path}&page=0"),
        format!("{path}&schedule_status=running"),
        format!("/subscribe/payments/schedule?schedule_from={now}&schedule_to={}", now + 93 * 86_400),
    ] {
        sim.get(&bad).await.refused(400, 1);
    }
    sim.tell("knobs", json!({"schedule_list_shape": "array"})).await;
    for path in [&path, &by_its_own_path, &by_that_of_schedules] {
        assert_eq!(sim.get(path).await.ok().as_array().unwrap().len(), 5, "{path}");
        assert_eq!(sim.get(&format!("{path}&page=2")).await.ok(), json!([]), "{path}");
    }
}

#[tokio::test]
async fn a_deleted_keys_schedule_fails_when_it_runs() {
    let (sim, shop) = Sim::with_shop().await;
    sim.issue("k", CARD).await.ok();
    sim.schedule("k", "a", sim.now().await + 10).await.ok();
    sim.delete("/subscribe/customers/k").await.ok();
    sim.advance(11).await;
    assert_eq!(shop.expect(1).await[0].json()["status"], "failed");
    assert_eq!(sim.paid("a").await, 0);
    sim.post("/subscribe/payments/schedule/a/retry", json!({})).await.refused(404, 1);
}

#[tokio::test]
async fn the_console_retries_revokes_edits_and_recovers() {
    let sim = Sim::start().await;
    sim.issue("k", "4000-0000-0000-0341").await.ok();
    let now = sim.now().await;
    for name in ["edited", "revoked", "retried", "recovered"] {
        sim.schedule("k", name, now + 100).await.ok();
    }
    sim.tell("console/edit", json!({"merchant_uid": "edited", "schedule_at": now + 5000})).await;
    sim.tell("console/revoke", json!({"merchant_uid": "revoked"})).await;
    sim.advance(200).await;
    sim.issue("k", CARD).await.ok();
    assert_eq!(sim.tell("console/retry", json!({"merchant_uid": "retried"})).await["status"], "paid");
    let recovered = sim.tell("console/recover", json!({})).await;
    assert_eq!(recovered[0]["merchant_uid"], "recovered");
    assert_eq!(recovered.as_array().unwrap().len(), 1);
    assert_eq!(sim.get("/subscribe/payments/schedule/revoked").await.ok()["schedule_status"], "revoked");
    assert_eq!(sim.get("/subscribe/payments/schedule/edited").await.ok()["schedule_status"], "scheduled");
    let again = sim.json("POST", "/_sim/console/revoke", &json!({"merchant_uid": "revoked"}));
    assert_eq!(sim.send(again).await.status, 400);
}

#[tokio::test]
async fn schedules_are_lost_doubled_and_late_by_knob() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    let now = sim.now().await;
    sim.tell("knobs", json!({"lose_schedules": 1, "double_schedules": 1, "schedule_delay_seconds": 21_600})).await;
    for (name, at) in [("lost", 10), ("double", 20)] {
        sim.schedule("k", name, now + at).await.ok();
    }
    sim.advance(3600).await;
    assert!(sim.see("payments").await.as_array().unwrap().is_empty(), "six hours late");
    sim.advance(21_600).await;
    assert_eq!((sim.paid("lost").await, sim.paid("double").await), (0, 2));
}
