//! Issuing a billing key: one Idempotency-Key is one card, whatever gets lost.

use e2e::stack::fresh;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::reply::without_request_id;
use crate::shop::{card, card_form};
use crate::world::World;

const CUSTOMERS: &str = "/subscribe/customers/";

/// POSTs that carried a card to the PSP for this key.
async fn issues(world: &World, customer_uid: &str) -> usize {
    world.requests_to(&format!("{CUSTOMERS}{customer_uid}"), "").await.len()
}

/// The customer's only key, by its row.
async fn only_key(world: &World, customer_id: &str) -> Value {
    let mut items = world.items_of(customer_id).await;
    assert_eq!(items.len(), 1, "{items:?}");
    items.remove(0)
}

#[tokio::test]
async fn the_same_request_again_is_the_same_key_and_sends_no_card() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    let (token, name) = (world.customer(&customer_id), fresh("issue"));
    let first = world.issue(&token, &name, &card_form(card::APPROVES)).await.ok(201);
    let row = only_key(&world, &customer_id).await;
    for number in [card::APPROVES, "4242424242424242", "4242 4242 4242 4242"] {
        let mut form = card_form(number);
        form["expiry"] = json!("204012");
        assert_eq!(world.issue(&token, &name, &form).await.ok(201), first, "{number}: the same card");
    }
    assert_eq!(only_key(&world, &customer_id).await, row);
    assert_eq!(issues(&world, first["customer_uid"].as_str().unwrap()).await, 1);
}

#[tokio::test]
async fn another_card_under_the_same_name_is_refused() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    let (token, name) = (world.customer(&customer_id), fresh("issue"));
    let first = world.issue(&token, &name, &card_form(card::APPROVES)).await.ok(201);
    for (field, value) in [
        ("card_number", "5555-5555-5555-4444"),
        ("expiry", "2041-01"),
        ("birth", "900102"),
        ("pwd_2digit", "13"),
        ("customer_name", "홍길동"),
    ] {
        let mut form = card_form(card::APPROVES);
        form[field] = json!(value);
        let reply = world.issue(&token, &name, &form).await;
        let problem = reply.refuses(422, "idempotency_key_reused", "Idempotency-Key");
        assert!(!problem.to_string().contains(&name), "{problem}");
    }
    assert_eq!(issues(&world, first["customer_uid"].as_str().unwrap()).await, 1);
    only_key(&world, &customer_id).await;
}

#[tokio::test]
async fn the_same_name_of_another_customer_is_another_key() {
    let world = World::shared().await;
    let name = fresh("issue");
    let (one, two) = (fresh("buyer"), fresh("buyer"));
    let first = world.issue(&world.customer(&one), &name, &card_form(card::APPROVES)).await.ok(201);
    let second = world.issue(&world.customer(&two), &name, &card_form("5555-5555-5555-4444")).await.ok(201);
    assert_ne!(first["customer_uid"], second["customer_uid"]);
    assert_eq!((&first["customer_id"], &second["customer_id"]), (&json!(one), &json!(two)));
    for uid in [&first["customer_uid"], &second["customer_uid"]] {
        let uid = uid.as_str().unwrap();
        assert!(uid.len() >= 32 && !uid.contains(&name) && !uid.contains(&one) && !uid.contains(&two), "{uid}");
    }
}

#[tokio::test]
async fn while_a_request_is_under_way_its_repeat_is_told_to_wait() {
    let world = World::alone().await;
    let customer_id = fresh("buyer");
    let (token, name, form) = (world.customer(&customer_id), fresh("issue"), card_form(card::APPROVES));
    let slow = json!({ "kind": "latency", "ms": 1_500, "phase": "before" });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), slow).await;
    let (first, second) = tokio::join!(world.issue(&token, &name, &form), async {
        world
            .eventually("the card reaches the PSP", || async { (world.faults_fired().await == [1]).then_some(()) })
            .await;
        world.issue(&token, &name, &form).await
    });
    let problem = second.problem(409, "idempotency_in_progress");
    assert_eq!(problem["retryable"], true);
    let key = first.ok(201);
    assert_eq!(world.issue(&token, &name, &form).await.ok(201), key);
    assert_eq!(issues(&world, key["customer_uid"].as_str().unwrap()).await, 1);
}

#[tokio::test]
async fn ten_at_once_are_one_key() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    let (token, name, form) = (world.customer(&customer_id), fresh("issue"), card_form(card::APPROVES));
    let replies = join_all((0..10).map(|_| world.issue(&token, &name, &form))).await;
    for reply in &replies {
        match reply.status {
            409 => drop(reply.problem(409, "idempotency_in_progress")),
            _ => drop(reply.ok(201)),
        }
    }
    let row = only_key(&world, &customer_id).await;
    assert_eq!(row["state"], "active");
    assert_eq!(issues(&world, row["customer_uid"].as_str().unwrap()).await, 1);
}

#[tokio::test]
async fn a_card_is_not_blamed_for_a_request_that_the_psp_refused() {
    let world = World::alone().await;
    let refused = json!({ "kind": "refused", "code": 1 });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), refused).await;
    let customer_id = fresh("buyer");
    let (token, name) = (world.customer(&customer_id), fresh("issue"));
    for _ in 0..2 {
        let problem = world.issue(&token, &name, &card_form(card::APPROVES)).await.problem(502, "request_refused");
        assert_eq!(problem["retryable"], false);
        assert_eq!(problem.get("psp_message"), None, "the merchant's settings are nothing for customers");
    }
    let row = only_key(&world, &customer_id).await;
    assert_eq!(issues(&world, row["customer_uid"].as_str().unwrap()).await, 1);
    // Once the setting is right, another try under a new name works.
    world.issue(&token, &fresh("issue"), &card_form(card::APPROVES)).await.ok(201);
}

#[tokio::test]
async fn a_refused_card_is_refused_in_the_same_words_whatever_the_reason() {
    let world = World::alone().await;
    let mut seen = Vec::new();
    for refused in [None, Some(json!({ "kind": "refused", "code": -1 }))] {
        let number = if refused.is_some() { card::APPROVES } else { card::REFUSED_AT_ISSUE };
        if let Some(fault) = refused {
            world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), fault).await;
        }
        let customer_id = fresh("buyer");
        let (token, name) = (world.customer(&customer_id), fresh("issue"));
        let problem = world.issue(&token, &name, &card_form(number)).await.problem(402, "card_rejected");
        let again = world.issue(&token, &name, &card_form(number)).await.problem(402, "card_rejected");
        assert_eq!(without_request_id(again), without_request_id(problem.clone()), "and so it stays");
        let row = only_key(&world, &customer_id).await;
        assert_eq!(row["state"], "abandoned");
        assert_eq!(issues(&world, row["customer_uid"].as_str().unwrap()).await, 1);
        seen.push(without_request_id(problem));
    }
    assert!(seen.iter().all(|problem| *problem == seen[0]), "a reason would help whoever tests stolen cards: {seen:?}");
    let allowed = ["type", "title", "status", "code", "detail", "retryable"];
    assert!(seen[0].as_object().unwrap().keys().all(|name| allowed.contains(&name.as_str())), "{seen:?}");
}

#[tokio::test]
async fn a_lost_reply_is_looked_up_and_the_key_is_active_at_once() {
    let world = World::alone().await;
    for fault in ["reset", "status", "html_ok"] {
        let mut fault = json!({ "kind": fault, "phase": "after" });
        if fault["kind"] == "status" {
            fault["status"] = json!(503);
        }
        world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), fault).await;
        let customer_id = fresh("buyer");
        let key = world.issue(&world.customer(&customer_id), &fresh("issue"), &card_form(card::APPROVES)).await.ok(201);
        assert_eq!(key["status"], "active");
        assert_eq!(issues(&world, key["customer_uid"].as_str().unwrap()).await, 1);
    }
}

#[tokio::test]
async fn an_unknown_outcome_is_pending_and_the_sweep_activates_the_key() {
    let world = World::alone().await;
    let lost = json!({ "kind": "reset", "phase": "after" });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), lost).await;
    let blind = json!({ "kind": "html_unavailable", "times": null });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "GET" }), blind).await;
    let customer_id = fresh("buyer");
    let (token, name, form) = (world.customer(&customer_id), fresh("issue"), card_form(card::APPROVES));
    let reply = world.issue(&token, &name, &form).await;
    let row = only_key(&world, &customer_id).await;
    let uid = row["customer_uid"].as_str().unwrap();
    assert_eq!(reply.pending(&format!("/billing-keys/{uid}"))["status"], "issuing");
    assert!(row["due_at"].is_i64(), "{row}");
    assert_eq!(world.issue(&token, &name, &form).await.status, 202, "a repeat sends no second card");
    world.no_faults().await;
    world.advance_to(row["due_at"].as_i64().unwrap()).await;
    world.sweep().await;
    let row = world.key_row(uid).await;
    assert_eq!((&row["state"], &row["due_at"]), (&json!("active"), &Value::Null));
    assert_eq!(world.issue(&token, &name, &form).await.ok(201)["status"], "active");
    assert_eq!(issues(&world, uid).await, 1);
}

#[tokio::test]
async fn a_card_that_never_arrived_is_given_up_after_the_quarantine() {
    let world = World::alone().await;
    let lost = json!({ "kind": "reset", "phase": "before" });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), lost).await;
    let customer_id = fresh("buyer");
    let (token, name, form) = (world.customer(&customer_id), fresh("issue"), card_form(card::APPROVES));
    assert_eq!(world.issue(&token, &name, &form).await.status, 202);
    let uid = only_key(&world, &customer_id).await["customer_uid"].as_str().unwrap().to_owned();
    for _ in 0..6 {
        let row = world.key_row(&uid).await;
        let Some(due_at) = row["due_at"].as_i64() else { break };
        world.advance_to(due_at).await;
        world.sweep().await;
    }
    let row = world.key_row(&uid).await;
    assert_eq!((&row["state"], &row["due_at"]), (&json!("abandoned"), &Value::Null));
    assert!(world.key_at_psp(&uid).await.is_none());
    // The card is not kept, so only the customer can send it again; nothing can be under way any more.
    assert_eq!(world.issue(&token, &name, &form).await.ok(201)["status"], "active");
    assert_eq!(issues(&world, &uid).await, 2);
}

#[tokio::test]
async fn a_key_of_a_refused_card_that_exists_all_the_same_is_deleted_at_the_psp() {
    let world = World::alone().await;
    let refused = json!({ "kind": "refused", "phase": "after" });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "POST" }), refused).await;
    let blind = json!({ "kind": "html_unavailable", "times": null });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "GET" }), blind).await;
    let customer_id = fresh("buyer");
    let (token, name) = (world.customer(&customer_id), fresh("issue"));
    world.issue(&token, &name, &card_form(card::APPROVES)).await.problem(402, "card_rejected");
    let uid = only_key(&world, &customer_id).await["customer_uid"].as_str().unwrap().to_owned();
    assert!(world.key_at_psp(&uid).await.is_some(), "refused, and there all the same");
    world.no_faults().await;
    for _ in 0..4 {
        let Some(due_at) = world.key_row(&uid).await["due_at"].as_i64() else { break };
        world.advance_to(due_at).await;
        world.sweep().await;
    }
    assert!(world.key_at_psp(&uid).await.is_none(), "nobody knows of it, so nobody may charge it");
    assert_eq!(world.key_row(&uid).await["due_at"], Value::Null);
}

#[tokio::test]
async fn a_reply_about_another_key_activates_nothing_by_itself() {
    let world = World::alone().await;
    let wrong = json!({ "kind": "wrong", "field": "customer_uid" });
    world
        .fault_on(json!({ "path_prefix": CUSTOMERS }), json!({ "kind": "wrong", "field": "customer_uid", "times": 3 }))
        .await;
    drop(wrong);
    let customer_id = fresh("buyer");
    let reply = world.issue(&world.customer(&customer_id), &fresh("issue"), &card_form(card::APPROVES)).await;
    let row = only_key(&world, &customer_id).await;
    let uid = row["customer_uid"].as_str().unwrap();
    assert_eq!(reply.pending(&format!("/billing-keys/{uid}"))["status"], "issuing");
    assert!(!reply.text.contains("somebody-elses-key"));
    world.no_faults().await;
    world.advance_to(row["due_at"].as_i64().unwrap()).await;
    world.sweep().await;
    assert_eq!(world.key_row(uid).await["state"], "active");
}

#[tokio::test]
async fn a_test_channels_key_is_of_no_use() {
    let world = World::alone().await;
    world.sim("knobs", json!({ "sandbox": true })).await;
    let customer_id = fresh("buyer");
    let reply = world.issue(&world.customer(&customer_id), &fresh("issue"), &card_form(card::APPROVES)).await;
    reply.problem(502, "upstream_mismatch");
    assert_eq!(only_key(&world, &customer_id).await["state"], "abandoned");
}

#[tokio::test]
async fn keys_are_listed_in_pages_oldest_first() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    let token = world.customer(&customer_id);
    let mut issued = Vec::new();
    for _ in 0..3 {
        let key = world.issue(&token, &fresh("issue"), &card_form(card::APPROVES)).await.ok(201);
        issued.push(key["customer_uid"].as_str().unwrap().to_owned());
    }
    let (mut seen, mut query) = (Vec::new(), "?limit=2".to_owned());
    loop {
        let page = world.call("GET", &format!("/billing-keys{query}"), &token).await.ok(200);
        seen.extend(
            page["list"].as_array().unwrap().iter().map(|key| key["customer_uid"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        query = format!("?limit=2&cursor={next}");
    }
    seen.sort();
    issued.sort();
    assert_eq!(seen, issued, "each once");
}

#[tokio::test]
async fn a_deletion_whose_reply_is_lost_ends_deleted() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (token, path) = (world.customer(&buyer.customer_id), format!("/billing-keys/{}", buyer.customer_uid));
    let lost = json!({ "kind": "reset", "phase": "before" });
    world.fault_on(json!({ "path_prefix": CUSTOMERS, "method": "DELETE" }), lost).await;
    let open = world.call("DELETE", &path, &token).await;
    assert_eq!(open.pending(&path)["status"], "deleting");
    world.charge(&buyer.order(&fresh("ord"))).await.problem(409, "billing_key_inactive");
    for _ in 0..4 {
        let Some(due_at) = world.key_row(&buyer.customer_uid).await["due_at"].as_i64() else { break };
        world.advance_to(due_at).await;
        world.sweep().await;
    }
    let row = world.key_row(&buyer.customer_uid).await;
    assert_eq!((&row["state"], &row["due_at"]), (&json!("deleted"), &Value::Null));
    assert!(world.key_at_psp(&buyer.customer_uid).await.is_none());
}
