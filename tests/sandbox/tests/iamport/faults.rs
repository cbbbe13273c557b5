//! Every fault, as a client sees it, and what the books say afterwards.

use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::{CARD, Reply, Sim, eventually};

const AGAIN: &str = "/subscribe/payments/again";

async fn sim_with_key() -> Sim {
    let sim = Sim::start().await;
    sim.issue("k", CARD).await.ok();
    sim
}

/// Adds a fault for the next charge.
async fn fault(sim: &Sim, mut fault: Value) {
    fault["matcher"] = json!({"method": "POST", "path_prefix": AGAIN});
    sim.tell("faults", fault).await;
}

async fn charge(sim: &Sim, merchant_uid: &str) -> reqwest::Result<(u16, Vec<u8>)> {
    let order = json!({"customer_uid": "k", "merchant_uid": merchant_uid, "amount": 8900, "name": "n"});
    let response = sim.json("POST", AGAIN, &order).send().await?;
    let status = response.status().as_u16();
    Ok((status, response.bytes().await?.to_vec()))
}

#[tokio::test]
async fn statuses_and_pages_before_and_after_the_payment() {
    let sim = sim_with_key().await;
    let mut number = 0;
    for (kind, expected) in [
        (json!({"kind": "status", "status": 500}), 500),
        (json!({"kind": "status", "status": 502}), 502),
        (json!({"kind": "status", "status": 503}), 503),
        (json!({"kind": "status", "status": 504}), 504),
        (json!({"kind": "html_ok"}), 200),
        (json!({"kind": "html_unavailable"}), 503),
        (json!({"kind": "refused", "code": 1}), 200),
        (json!({"kind": "refused", "code": -1}), 200),
        (json!({"kind": "hang", "ms": 20}), 504),
    ] {
        for (phase, executed) in [("before", 0), ("after", 1)] {
            number += 1;
            let name = format!("m{number}");
            let mut kind = kind.clone();
            kind["phase"] = json!(phase);
            fault(&sim, kind.clone()).await;
            let reply = sim.again("k", &name).await;
            assert_eq!(reply.status, expected, "{kind}");
            if kind["kind"] == "refused" {
                reply.refused(200, kind["code"].as_i64().unwrap());
            } else {
                assert!(reply.text.starts_with("<!doctype html>"), "{kind}: {}", reply.text);
                assert!(reply.headers["content-type"].to_str().unwrap().starts_with("text/html"));
            }
            assert_eq!(sim.paid(&name).await, executed, "{kind}");
        }
    }
}

#[tokio::test]
async fn a_reset_leaves_no_reply_before_or_after_the_payment() {
    let sim = sim_with_key().await;
    for (phase, executed) in [("before", 0), ("after", 1)] {
        fault(&sim, json!({"kind": "reset", "phase": phase})).await;
        let error = charge(&sim, phase).await.unwrap_err();
        assert!(!error.is_timeout() && error.is_request(), "{error:?}");
        assert!(format!("{error:?}").contains("ConnectionReset"), "{error:?}");
        assert_eq!(sim.paid(phase).await, executed);
        charge(&sim, &format!("{phase}-next")).await.unwrap();
    }
    let log = sim.see("requests?path_prefix=/subscribe/payments/again").await;
    assert_eq!((&log[0]["status"], &log[0]["fault"]), (&Value::Null, &json!("reset")));
    assert_eq!(log[1]["status"], json!(200));
}

#[tokio::test]
async fn bodies_are_cut_dripped_bloated_and_mislabelled() {
    let sim = sim_with_key().await;
    fault(&sim, json!({"kind": "truncated", "bytes": 40})).await;
    assert!(charge(&sim, "truncated").await.is_err());
    assert_eq!(sim.paid("truncated").await, 1);

    fault(&sim, json!({"kind": "oversized"})).await;
    assert!(charge(&sim, "big").await.unwrap().1.len() > 5 * 1024 * 1024);

    fault(&sim, json!({"kind": "slow_drip", "bytes_per_second": 20})).await;
    let order = json!({"customer_uid": "k", "merchant_uid": "drip", "amount": 8900, "name": "n"});
    let mut response = sim.json("POST", AGAIN, &order).timeout(Duration::from_millis(500)).send().await.unwrap();
    assert_eq!(response.status(), 200);
    let mut got = 0;
    let error = loop {
        match response.chunk().await {
            Ok(Some(bytes)) => got += bytes.len(),
            Ok(None) => panic!("the whole body came in time"),
            Err(error) => break error,
        }
    };
    assert!(error.is_timeout() && (1..=12).contains(&got), "{got} {error:?}");

    fault(&sim, json!({"kind": "wrong_content_type"})).await;
    let reply = sim.again("k", "plain").await;
    assert_eq!(reply.headers["content-type"], "text/plain");
    assert_eq!(reply.json["code"], json!(0));

    fault(&sim, json!({"kind": "broken_gzip"})).await;
    let reply = sim.again("k", "gzip").await;
    assert_eq!(reply.headers["content-encoding"], "gzip");

    fault(&sim, json!({"kind": "empty_body"})).await;
    assert_eq!(charge(&sim, "empty").await.unwrap(), (200, Vec::new()));
    fault(&sim, json!({"kind": "empty_object"})).await;
    assert_eq!(charge(&sim, "object").await.unwrap().1, b"{}");
    fault(&sim, json!({"kind": "bom"})).await;
    assert!(charge(&sim, "bom").await.unwrap().1.starts_with(b"\xef\xbb\xbf{"));
    fault(&sim, json!({"kind": "duplicate_keys"})).await;
    let body = String::from_utf8(charge(&sim, "twice").await.unwrap().1).unwrap();
    assert_eq!(body.matches("\"code\"").count(), 2);
    for name in ["big", "drip", "plain", "gzip", "empty", "object", "bom", "twice"] {
        assert_eq!(sim.paid(name).await, 1, "{name}");
    }
}

#[tokio::test]
async fn a_truncated_reply_promises_more_than_it_sends() {
    let sim = sim_with_key().await;
    for kept in [0, 1, 17] {
        fault(&sim, json!({"kind": "truncated", "bytes": kept})).await;
        let order = json!({"customer_uid": "k", "merchant_uid": format!("t{kept}"), "amount": 1, "name": "n"});
        let mut response = sim.json("POST", AGAIN, &order).send().await.unwrap();
        assert!(response.content_length().unwrap() > 500);
        let mut got = Vec::new();
        let cut = loop {
            match response.chunk().await {
                Ok(Some(bytes)) => got.extend_from_slice(&bytes),
                Ok(None) => break false,
                Err(_) => break true,
            }
        };
        assert!(cut, "the client notices");
        assert_eq!(got.len(), kept);
    }
}

#[tokio::test]
async fn refusals_of_the_edge() {
    let sim = sim_with_key().await;
    fault(&sim, json!({"kind": "redirect"})).await;
    let reply = sim.again("k", "a").await;
    assert_eq!((reply.status, reply.headers["location"].to_str().unwrap()), (302, "http://elsewhere.invalid/"));
    fault(&sim, json!({"kind": "redirect", "status": 307, "location": "http://127.0.0.2/"})).await;
    assert_eq!(sim.again("k", "a").await.status, 307);
    fault(&sim, json!({"kind": "unauthorized"})).await;
    sim.again("k", "a").await.refused(401, -1);
    fault(&sim, json!({"kind": "rate_limited", "retry_after": 7})).await;
    let reply = sim.again("k", "a").await;
    assert_eq!((reply.status, reply.headers["retry-after"].to_str().unwrap()), (429, "7"));
    fault(&sim, json!({"kind": "rate_limited"})).await;
    assert!(!sim.again("k", "a").await.headers.contains_key("retry-after"));
    assert_eq!(sim.paid("a").await, 0, "none of these executes");
    assert_eq!(sim.again("k", "a").await.ok()["status"], "paid");
}

#[tokio::test]
async fn replies_that_lie_about_a_true_payment() {
    let sim = sim_with_key().await;
    let mut number = 0;
    let mut ask = async |kind: Value| -> (String, Reply) {
        number += 1;
        let name = format!("m{number}");
        fault(&sim, kind).await;
        let reply = sim.again("k", &name).await;
        assert_eq!((reply.status, sim.paid(&name).await), (200, 1));
        (name, reply)
    };
    let (_, reply) = ask(json!({"kind": "null_response"})).await;
    assert_eq!((&reply.json["code"], &reply.json["response"]), (&json!(0), &Value::Null));
    let (name, reply) = ask(json!({"kind": "array_response"})).await;
    assert_eq!(reply.json["response"][0]["merchant_uid"], name.as_str());
    let (_, reply) = ask(json!({"kind": "string_numbers"})).await;
    assert_eq!((&reply.json["code"], &reply.json["response"]["amount"]), (&json!("0"), &json!("8900")));
    let (_, reply) = ask(json!({"kind": "unknown_status"})).await;
    assert_eq!(reply.json["response"]["status"], "pending");
    let (_, reply) = ask(json!({"kind": "unknown_status", "status": "Paid"})).await;
    assert_eq!(reply.json["response"]["status"], "Paid");
    for (field, wrong) in [
        ("amount", json!(8901)),
        ("currency", json!("USD")),
        ("customer_uid", json!("somebody-elses-key")),
        ("imp_uid", json!("imp_000000000000")),
        ("cancel_history", Value::Null),
    ] {
        let (_, reply) = ask(json!({"kind": "wrong", "field": field})).await;
        assert_eq!(reply.json["response"][field], wrong);
    }
    let (name, reply) = ask(json!({"kind": "wrong", "field": "merchant_uid"})).await;
    assert_eq!(reply.json["response"]["merchant_uid"], format!("{name}x"));
    let (_, reply) = ask(json!({"kind": "wrong", "field": "amount", "value": 0.5})).await;
    assert_eq!(reply.json["response"]["amount"], json!(0.5));

    sim.tell("faults", json!({"kind": "wrong", "field": "amount", "matcher": {"path_prefix": "/payments/findAll"}}))
        .await;
    assert_eq!(sim.get("/payments/findAll/m1").await.ok()["list"][0]["amount"], json!(8901), "in lists too");
    assert_eq!(sim.get("/payments/findAll/m1").await.ok()["list"][0]["amount"], json!(8900));
}

#[tokio::test]
async fn latency_before_and_after_the_payment() {
    let sim = sim_with_key().await;
    for (phase, meanwhile) in [("before", 0), ("after", 1)] {
        fault(&sim, json!({"kind": "latency", "ms": 400, "phase": phase})).await;
        let started = Instant::now();
        let (reply, seen) = tokio::join!(sim.again("k", phase), async {
            tokio::time::sleep(Duration::from_millis(150)).await;
            sim.paid(phase).await
        });
        assert!(started.elapsed() >= Duration::from_millis(400));
        assert_eq!(seen, meanwhile, "{phase}");
        reply.ok();
    }
}

#[tokio::test]
async fn late_execution_of_a_charge_follows_the_simulators_clock() {
    let sim = sim_with_key().await;
    fault(&sim, json!({"kind": "late", "seconds": 90})).await;
    assert_eq!(sim.again("k", "a").await.status, 504);
    sim.advance(80).await;
    sim.get("/payments/findAll/a").await.refused(404, 1);
    sim.advance(20).await;
    assert_eq!(sim.get("/payments/findAll/a").await.ok()["total"], json!(1));

    fault(&sim, json!({"kind": "late", "seconds": 90})).await;
    sim.again("k", "a").await.refused(200, 1);
    // One that is paid meanwhile is not paid again, unless the PSP only looks at admission.
    for (dedupe, expected) in [("commit", 1), ("admission", 2)] {
        sim.tell("knobs", json!({"dedupe": dedupe})).await;
        fault(&sim, json!({"kind": "late", "seconds": 90})).await;
        assert_eq!(sim.again("k", dedupe).await.status, 504);
        sim.again("k", dedupe).await.ok();
        sim.advance(100).await;
        assert_eq!(sim.paid(dedupe).await, expected, "{dedupe}");
    }
}

#[tokio::test]
async fn late_execution_of_anything_else() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"hang_ms": 20})).await;
    sim.tell("faults", json!({"kind": "late", "seconds": 3000, "answer": "hang", "matcher": {"method": "POST", "path_prefix": "/subscribe/customers/"}})).await;
    assert_eq!(sim.issue("k", CARD).await.status, 504);
    sim.get("/subscribe/customers/k").await.refused(404, 1);
    // Past the life of its token: it was let in when it arrived.
    sim.advance(3001).await;
    eventually("issued late", || async { !sim.see("keys").await.as_array().unwrap().is_empty() }).await;
    sim.tell(
        "faults",
        json!({"kind": "late", "seconds": 10, "matcher": {"path_prefix": "/subscribe/payments/unschedule"}}),
    )
    .await;
    sim.post("/subscribe/payments/unschedule", json!({"customer_uid": "k"})).await.refused(401, -1);
}

#[tokio::test]
async fn rules_match_skip_and_run_out() {
    let sim = sim_with_key().await;
    sim.tell(
        "faults",
        json!({"kind": "status", "status": 500, "times": 2, "skip": 1, "matcher": {"merchant_uid": "x"}}),
    )
    .await;
    let mut statuses = Vec::new();
    for path in [
        "/payments/find/x",
        "/payments/find/y",
        "/payments/findAll/x/paid",
        "/payments?merchant_uid[]=x",
        "/payments/find/x",
    ] {
        statuses.push(sim.get(path).await.status);
    }
    assert_eq!(statuses, [404, 404, 500, 500, 404]);
    assert_eq!(sim.see("faults").await[0]["fired"], json!(2));

    sim.tell("faults", json!({"kind": "status", "status": 503, "times": null})).await;
    for _ in 0..3 {
        assert_eq!(sim.get("/payments/find/x").await.status, 503);
    }
    let schedule = json!({"customer_uid": "k", "schedules": [{"merchant_uid": "s"}]});
    sim.delete("/_sim/faults").await;
    sim.tell("faults", json!({"kind": "status", "status": 502, "matcher": {"merchant_uid": "s", "method": "post"}}))
        .await;
    assert_eq!(sim.post("/subscribe/payments/schedule", schedule).await.status, 502, "found in a batch");
    for bad in [
        json!({"kind": "earthquake"}),
        json!({"kind": "status"}),
        json!({"kind": "latency", "ms": 1, "milliseconds": 2}),
        json!({"kind": "bom", "matcher": {"path": "/"}}),
        json!({}),
    ] {
        assert_eq!(sim.send(sim.json("POST", "/_sim/faults", &bad)).await.status, 400, "{bad}");
    }
}
