//! `/subscribe/customers`.

use serde_json::json;

use crate::harness::{CARD, Sim};

#[tokio::test]
async fn test_cards_are_accepted_or_refused_at_issue() {
    let sim = Sim::start().await;
    for good in [
        CARD,
        "4242424242424242",
        "5555-5555-5555-4444",
        "3782-822463-10005",
        "4000-0000-0000-0341",
        "4000-0000-0000-9995",
        "4000-0000-0000-0069",
        "4012-8888-8888-1881",
    ] {
        let key = sim.issue("k", good).await.ok();
        let digits: String = good.chars().filter(char::is_ascii_digit).collect();
        let masked = key["card_number"].as_str().unwrap();
        assert_eq!(masked.len(), digits.len());
        assert_eq!((&masked[..6], &masked[masked.len() - 4..]), (&digits[..6], &digits[digits.len() - 4..]));
        assert!(masked[6..masked.len() - 4].bytes().all(|b| b == b'*'));
    }
    for bad in ["4000-0000-0000-0002", "4242-4242-4242-4241", "4242", "card"] {
        sim.issue("bad", bad).await.refused(200, -1);
    }
    sim.get("/subscribe/customers/bad").await.refused(404, 1);
}

#[tokio::test]
async fn malformed_card_data_is_refused_by_the_pg() {
    let sim = Sim::start().await;
    let good = json!({"card_number": CARD, "expiry": "2099-12", "birth": "900101", "pwd_2digit": "00", "cvc": "123"});
    sim.post("/subscribe/customers/k", good.clone()).await.ok();
    for (field, value) in
        [("expiry", "12/99"), ("expiry", "2020-01"), ("birth", "9001"), ("pwd_2digit", "0"), ("cvc", "x")]
    {
        let mut body = good.clone();
        body[field] = json!(value);
        sim.post("/subscribe/customers/k", body).await.refused(200, -1);
    }
    for field in ["card_number", "expiry"] {
        let mut body = good.clone();
        body.as_object_mut().unwrap().remove(field);
        sim.post("/subscribe/customers/k", body).await.refused(200, 1);
    }
}

#[tokio::test]
async fn lengths_are_limited() {
    let sim = Sim::start().await;
    sim.issue(&"k".repeat(80), CARD).await.ok();
    sim.issue(&"k".repeat(81), CARD).await.refused(200, 1);
    for (field, max) in [
        ("customer_name", 20),
        ("customer_tel", 20),
        ("customer_email", 200),
        ("customer_addr", 200),
        ("customer_postcode", 8),
        ("channel_key", 55),
        ("pg", 80),
    ] {
        for (length, accepted) in [(max, true), (max + 1, false)] {
            let mut body = json!({"card_number": CARD, "expiry": "2099-12"});
            body[field] = json!("가".repeat(length));
            let reply = sim.post("/subscribe/customers/k", body).await;
            assert_eq!(reply.json["code"] == json!(0), accepted, "{field} {length}");
        }
    }
}

#[tokio::test]
async fn a_name_is_silently_pointed_at_the_newest_card() {
    let sim = Sim::start().await;
    let first = sim.issue("k", CARD).await.ok();
    sim.advance(100).await;
    let second = sim.issue("k", "5555-5555-5555-4444").await.ok();
    assert_eq!(second["inserted"], first["inserted"]);
    assert!(second["updated"].as_i64() > first["updated"].as_i64());
    assert_eq!(sim.again("k", "a").await.ok()["card_number"], "555555******4444");
}

#[tokio::test]
async fn one_many_and_delete() {
    let sim = Sim::start().await;
    sim.issue("a", CARD).await.ok();
    sim.issue("b", CARD).await.ok();
    assert_eq!(sim.get("/subscribe/customers/a").await.ok()["customer_uid"], "a");

    let both = sim.get("/subscribe/customers?customer_uid[]=a&customer_uid[]=b").await;
    assert_eq!(both.ok().as_array().unwrap().len(), 2);
    let partial = sim.get("/subscribe/customers?customer_uid%5B%5D=a&customer_uid%5B%5D=nobody").await;
    assert_eq!((partial.status, &partial.json["code"]), (207, &json!(0)));
    assert_eq!(partial.json["response"].as_array().unwrap().len(), 1);
    sim.get("/subscribe/customers?customer_uid[]=nobody").await.refused(404, 1);
    sim.get("/subscribe/customers").await.refused(400, 1);

    assert_eq!(sim.delete("/subscribe/customers/a?reason=gone").await.ok()["customer_uid"], "a");
    sim.get("/subscribe/customers/a").await.refused(404, 1);
    sim.delete("/subscribe/customers/a").await.refused(404, 1);
    sim.again("a", "x").await.refused(200, -1);
    sim.tell("knobs", json!({"unknown_key": "refused"})).await;
    sim.get("/subscribe/customers/a").await.refused(200, 1);
}

#[tokio::test]
async fn payments_and_schedules_of_a_key() {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim.issue("other", CARD).await.ok();
    for number in 0..21 {
        sim.again("k", &format!("m{number}")).await.ok();
    }
    sim.again("other", "x").await.ok();
    let page = sim.get("/subscribe/customers/k/payments").await.ok();
    assert_eq!((&page["total"], &page["previous"], &page["next"]), (&json!(21), &json!(0), &json!(2)));
    let page = sim.get("/subscribe/customers/k/payments?page=2").await.ok();
    assert_eq!((page["list"].as_array().unwrap().len(), &page["next"]), (1, &json!(0)));
    assert_eq!(page["list"][0]["merchant_uid"], "m0", "newest first");
    sim.get("/subscribe/customers/k/payments?page=3").await.refused(404, 1);
    sim.get("/subscribe/customers/nobody/payments").await.refused(404, 1);

    let now = sim.now().await;
    sim.schedule("k", "s", now + 1000).await.ok();
    for path in ["/subscribe/customers/k/schedules", "/subscribe/payments/schedule/customers/k"] {
        let window = format!("{path}?from={now}&to={}", now + 2000);
        assert_eq!(sim.get(&window).await.ok()["list"][0]["merchant_uid"], "s");
        // The status filter is spelt with a hyphen here.
        assert_eq!(sim.get(&format!("{window}&schedule-status=executed")).await.ok()["total"], json!(0));
        assert_eq!(sim.get(&format!("{window}&schedule_status=executed")).await.ok()["total"], json!(1));
        sim.get(path).await.refused(400, 1);
        sim.get(&format!("{path}?from=0&to={now}")).await.refused(400, 1);
    }
}

#[tokio::test]
async fn channel_key_is_required_by_knob() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"require_channel_key": true})).await;
    sim.issue("k", CARD).await.refused(200, 1);
    let body = json!({"card_number": CARD, "expiry": "2099-12", "channel_key": "channel-key-1"});
    sim.post("/subscribe/customers/k", body).await.ok();
}

#[tokio::test]
async fn no_document_limits_the_name_of_a_customer() {
    let sim = Sim::start().await;
    for length in [80, 81, 128] {
        let body = json!({"card_number": CARD, "expiry": "2099-12", "customer_id": "c".repeat(length)});
        let key = sim.post("/subscribe/customers/k", body).await.ok();
        assert_eq!(key["customer_id"].as_str().unwrap().len(), length);
    }
}
