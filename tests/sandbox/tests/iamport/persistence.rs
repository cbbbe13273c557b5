//! What survives, what is published, and what must never be seen.

use std::path::Path;

use sandbox::iamport::Options;
use serde_json::json;

use crate::harness::{CARD, SECRET, Sim, eventually};

fn options(directory: &Path) -> Options {
    Options {
        data_file: Some(directory.join("iamport.json")),
        clock_file: Some(directory.join("clock")),
        ..Options::default()
    }
}

#[tokio::test]
async fn the_books_survive_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start_with(options(directory.path())).await;
    sim.issue("k", CARD).await.ok();
    let payment = sim.again("k", "a").await.ok();
    let at = sim.now().await + 5000;
    sim.schedule("k", "s", at).await.ok();
    sim.tell("knobs", json!({"failed_reusable": false, "hang_ms": 77})).await;
    sim.tell("webhooks/settings", json!({"format": "form"})).await;
    sim.advance(1000).await;
    sim.stop().await;

    let mut sim = Sim::start_with(options(directory.path())).await;
    let imp_uid = payment["imp_uid"].as_str().unwrap();
    assert_eq!(sim.get(&format!("/payments/{imp_uid}")).await.ok(), payment);
    sim.again("k", "a").await.refused(200, 1);
    let knobs = sim.see("knobs").await;
    assert_eq!((&knobs["failed_reusable"], &knobs["hang_ms"]), (&json!(false), &json!(77)));
    assert_eq!(sim.see("webhooks/settings").await["format"], "form");
    assert!(sim.see("clock").await["offset_seconds"].as_i64().unwrap() >= 1000);
    sim.tell("clock", json!({"to": at})).await;
    assert_eq!(sim.paid("s").await, 1, "the agenda is kept too");
    sim.login().await;
    let other = sim.again("k", "b").await.ok();
    assert_ne!(other["imp_uid"], payment["imp_uid"]);
}

#[tokio::test]
async fn changes_reach_the_file_while_it_runs_and_no_secret_does() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start_with(options(directory.path())).await;
    let body = json!({"card_number": "4012-8888-8888-1881", "expiry": "2099-11", "birth": "710317", "pwd_2digit": "83",
        "cvc": "947"});
    sim.post("/subscribe/customers/k", body.clone()).await.ok();
    let mut onetime = body;
    onetime["merchant_uid"] = json!("a");
    onetime["amount"] = json!(100);
    onetime["pg"] = json!("nice");
    sim.post("/subscribe/payments/onetime", onetime).await.ok();
    let file = directory.path().join("iamport.json");
    eventually("written", || async { std::fs::read_to_string(&file).unwrap_or_default().contains("\"a\"") }).await;
    let mut seen = std::fs::read_to_string(&file).unwrap();
    for what in ["requests", "payments", "keys", "schedules", "webhooks", "knobs", "faults", "health"] {
        seen.push_str(&sim.see(what).await.to_string());
    }
    for canary in
        ["4012888888881881", "4012-8888", "2099-11", "209911", "710317", "\"83\"", "\"947\"", SECRET, &sim.token]
    {
        assert!(!seen.contains(canary), "{canary}");
    }
    assert!(seen.contains("401288******1881"));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o077, 0, "for the owner's eyes only");
    }
}

#[tokio::test]
async fn a_file_of_another_kind_is_not_overwritten() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("iamport.json");
    for content in ["not json", r#"{"version": 999}"#] {
        std::fs::write(&file, content).unwrap();
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let served = sandbox::iamport::serve(listener, options(directory.path()), std::future::ready(())).await;
        assert!(served.is_err());
        assert_eq!(std::fs::read_to_string(&file).unwrap(), content);
    }
}

#[tokio::test]
async fn the_clocks_offset_is_published_and_only_grows() {
    let directory = tempfile::tempdir().unwrap();
    let sim = Sim::start_with(Options { data_file: None, ..options(directory.path()) }).await;
    let published = || std::fs::read_to_string(directory.path().join("clock")).unwrap().parse::<i64>().unwrap();
    assert_eq!(published(), 0);
    sim.advance(31 * 86_400).await;
    assert!((31 * 86_400..=31 * 86_400 + 1).contains(&published()));
    let now = sim.now().await;
    for bad in [
        json!({"advance_seconds": -1}),
        json!({"to": now - 100}),
        json!({}),
        json!({"advance": 1}),
        json!({"to": now * 1000}),
        json!({"to": now + 5, "advance_seconds": 5}),
    ] {
        assert_eq!(sim.send(sim.json("POST", "/_sim/clock", &bad)).await.status, 400, "{bad}");
    }
}

#[tokio::test]
async fn reset_empties_the_books_and_keeps_the_settings() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.again("k", "a").await.ok();
    sim.schedule("k", "s", sim.now().await + 10).await.ok();
    sim.tell("knobs", json!({"late_seconds": 5})).await;
    sim.tell("reset", json!({})).await;
    for what in ["payments", "keys", "schedules", "webhooks", "requests"] {
        assert_eq!(sim.see(what).await, json!([]), "{what}");
    }
    assert_eq!(sim.see("knobs").await["late_seconds"], json!(5));
    sim.advance(20).await;
    assert_eq!(sim.see("payments").await, json!([]), "the agenda is empty too");
    sim.issue("k", CARD).await.ok();
    sim.again("k", "a").await.ok();
}

#[tokio::test]
async fn requests_are_logged_with_their_order_numbers() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.again("k", "a").await.ok();
    sim.get("/payments/find/a").await.ok();
    let log = sim.see("requests?merchant_uid=a").await;
    assert_eq!(log.as_array().unwrap().len(), 2);
    assert_eq!((&log[0]["method"], &log[0]["path"]), (&json!("POST"), &json!("/subscribe/payments/again")));
    assert_eq!((&log[0]["status"], &log[0]["format"]), (&json!(200), &json!("json")));
    assert_eq!(sim.see("requests?method=post&path_prefix=/subscribe/payments").await.as_array().unwrap().len(), 1);
    assert_eq!(sim.get("/_sim/requests?colour=red").await.status, 400);
}

#[tokio::test]
async fn misspelt_knobs_are_noticed_and_the_cards_are_listed() {
    let sim = Sim::start().await;
    for bad in [json!({"dedup": "commit"}), json!({"dedupe": "never"}), json!({"hang_ms": -1})] {
        assert_eq!(sim.send(sim.json("POST", "/_sim/knobs", &bad)).await.status, 400, "{bad}");
    }
    let bad = json!({"formt": "form"});
    assert_eq!(sim.send(sim.json("POST", "/_sim/webhooks/settings", &bad)).await.status, 400);
    let cards = sim.see("cards").await;
    assert!(cards.as_array().unwrap().iter().any(|card| card["number"] == "4242424242424242"));
}
