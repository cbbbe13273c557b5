//! A table that is out of reach, slow, or has done what it says it has not.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::shop::card;
use crate::table::same_as_psp;
use crate::world::World;

/// More than the SDK and the store try together.
const ALL: u32 = 100;

#[tokio::test]
async fn before_the_order_is_written_down_nothing_is_sent() {
    for (operation, kind, answered) in [
        ("TransactWriteItems", "throttle", true),
        // It may be written yet, for all that anybody can tell: so it is pending, and no row is no order.
        ("TransactWriteItems", "internal_error", false),
        ("TransactWriteItems", "drop_before_commit", false),
        ("TransactWriteItems", "conflict", true),
        ("GetItem", "throttle", true),
        ("GetItem", "drop_before_commit", true),
    ] {
        let world = World::alone().await;
        let buyer = world.buyer(card::APPROVES).await;
        let uid = fresh("tbl");
        world.aws_fault(operation, kind, ALL, 0).await;
        let reply = world.charge(&buyer.order(&uid)).await;
        if answered {
            let problem = reply.problem(503, "temporarily_unavailable");
            assert_eq!(problem["retryable"], true, "{operation} {kind}");
        } else {
            reply.pending(&format!("/charges/{uid}"));
        }
        assert!(world.requests_to(AGAIN, &uid).await.is_empty(), "{operation} {kind}: sent without a row");
        world.no_aws_faults().await;
        assert_eq!(world.row(&uid).await, None, "{operation} {kind}");
        world.charge(&buyer.order(&uid)).await.ok(200);
        assert_eq!(world.times_paid(&uid).await, 1);
        same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
    }
}

#[tokio::test]
async fn a_short_fault_is_ridden_out() {
    for (operation, kind, skip) in [
        ("TransactWriteItems", "throttle", 0),
        ("TransactWriteItems", "conflict", 0),
        ("TransactWriteItems", "in_progress", 0),
        ("TransactWriteItems", "internal_error", 0),
        ("UpdateItem", "throttle", 0),
        ("UpdateItem", "internal_error", 0),
        ("UpdateItem", "conflict", 0),
        ("GetItem", "internal_error", 1),
    ] {
        let world = World::alone().await;
        let buyer = world.buyer(card::APPROVES).await;
        let uid = fresh("tbl");
        world.aws_fault(operation, kind, 1, skip).await;
        world.charge(&buyer.order(&uid)).await.ok(200);
        assert_eq!(world.aws_faults().await, json!([]), "{operation} {kind} struck");
        assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1, "{operation} {kind}");
        same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
    }
}

/// The write was carried out and its answer lost: the SDK repeats it, and our own row must be recognised as ours.
#[tokio::test]
async fn a_claim_whose_answer_is_lost_is_still_charged_exactly_once() {
    for kind in ["drop_after_commit", "internal_error_after_commit"] {
        for times in [1, 2] {
            let world = World::alone().await;
            let buyer = world.buyer(card::APPROVES).await;
            let uid = fresh("tbl");
            world.aws_fault("TransactWriteItems", kind, times, 0).await;
            world.charge(&buyer.order(&uid)).await.ok(200);
            assert_eq!(world.aws_faults().await, json!([]), "{kind} struck");
            assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1, "{kind}");
            assert_eq!(world.times_paid(&uid).await, 1, "{kind}");
            same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
        }
    }
}

#[tokio::test]
async fn a_settlement_whose_answer_is_lost_is_recognised_as_our_own() {
    for kind in ["drop_after_commit", "internal_error_after_commit"] {
        let world = World::alone().await;
        world.webhook_settings(json!({ "drop": true })).await;
        let buyer = world.buyer(card::APPROVES).await;
        let uid = fresh("tbl");
        world.aws_fault("UpdateItem", kind, 1, 0).await;
        world.charge(&buyer.order(&uid)).await.ok(200);
        assert_eq!(world.aws_faults().await, json!([]), "{kind} struck");
        let row = world.the_row(&uid).await;
        same_as_psp(&row, &world.payment(&uid).await);
        assert_eq!(row["version"], 2, "claimed and settled, nothing else: {row}");
    }
}

/// Whatever becomes of an order whose claim nobody can confirm, it is charged at most once and never forgotten.
#[tokio::test]
async fn a_claim_that_stays_unconfirmed_is_found_by_the_sweep() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("tbl");
    world.aws_fault("TransactWriteItems", "drop_after_commit", ALL, 0).await;
    let reply = world.charge(&buyer.order(&uid)).await;
    world.no_aws_faults().await;
    match reply.status {
        503 => assert!(world.requests_to(AGAIN, &uid).await.is_empty(), "refused, so nothing was sent"),
        // Found to stand in the table, so it was sent.
        200 => drop(reply.ok(200)),
        _ => drop(reply.pending(&format!("/charges/{uid}"))),
    }
    let row = world.sweep_until_settled(&uid).await;
    same_as_psp(&row, &world.payment(&uid).await);
    assert_eq!(world.times_paid(&uid).await, 1);
}

#[tokio::test]
async fn a_charge_that_cannot_be_settled_is_pending_and_the_sweep_settles_it() {
    for kind in ["throttle", "internal_error", "drop_before_commit"] {
        let world = World::alone().await;
        world.webhook_settings(json!({ "drop": true })).await;
        let buyer = world.buyer(card::APPROVES).await;
        let uid = fresh("tbl");
        world.aws_fault("UpdateItem", kind, ALL, 0).await;
        let reply = world.charge(&buyer.order(&uid)).await;
        assert_eq!(reply.pending(&format!("/charges/{uid}"))["status"], "pending", "{kind}");
        world.no_aws_faults().await;
        assert_eq!(world.times_paid(&uid).await, 1, "{kind}: the money has moved");
        let row = world.the_row(&uid).await;
        assert_eq!(row["state"], "claimed", "{kind}");
        assert!(row["due_at"].is_i64(), "{kind}: {row}");
        assert_eq!(world.charge(&buyer.order(&uid)).await.status, 202, "{kind}: a repeat sends nothing");
        same_as_psp(&world.sweep_until_settled(&uid).await, &world.payment(&uid).await);
        assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1, "{kind}");
    }
}

#[tokio::test]
async fn a_decline_that_cannot_be_settled_is_not_said_to_be_one_before_it_is_written() {
    let world = World::alone().await;
    let buyer = world.buyer(card::DECLINES).await;
    let uid = fresh("tbl");
    world.aws_fault("UpdateItem", "throttle", ALL, 0).await;
    world.charge(&buyer.order(&uid)).await.pending(&format!("/charges/{uid}"));
    world.no_aws_faults().await;
    same_as_psp(&world.sweep_until_settled(&uid).await, &world.payment(&uid).await);
    world.charge(&buyer.order(&uid)).await.problem(402, "card_declined");
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
}

#[tokio::test]
async fn a_slow_table_is_still_one_charge() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("tbl");
    // Slower than one try may be: the SDK repeats it while the first is still being carried out.
    let fault = json!({ "operation": "TransactWriteItems", "kind": "delay", "times": 1, "delay_ms": 1_300 });
    let armed = world.http.post(format!("{}/_aws/faults", world.aws)).body(fault.to_string()).send().await.unwrap();
    assert_eq!(armed.status(), 201);
    world.charge(&buyer.order(&uid)).await.ok(200);
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
    assert_eq!(world.times_paid(&uid).await, 1);
    same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
}

/// Two conditional writes a charge, one a webhook, none a repeat: what the design promises the table costs.
#[tokio::test]
async fn the_write_budget_is_kept() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "hold": true })).await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("tbl");
    let before = world.writes_so_far().await;
    world.charge(&buyer.order(&uid)).await.ok(200);
    assert_eq!(world.writes_so_far().await - before, 2, "claim and settle");
    world.charge(&buyer.order(&uid)).await.ok(200);
    world.sim("webhooks/release", json!({})).await;
    assert_eq!(world.webhooks_of(&uid).await[0]["attempts"][0]["http_status"], 200);
    assert_eq!(world.writes_so_far().await - before, 2, "neither a repeat nor a webhook without news writes");
    assert_eq!(world.the_row(&uid).await["due_at"], Value::Null);
}

#[tokio::test]
async fn a_key_whose_row_cannot_be_written_sends_no_card() {
    let world = World::alone().await;
    let customer_id = fresh("buyer");
    let (token, name) = (world.customer(&customer_id), fresh("issue"));
    let calls = world.requests_so_far().await;
    world.aws_fault("UpdateItem", "throttle", ALL, 0).await;
    let form = crate::shop::card_form(card::APPROVES);
    world.issue(&token, &name, &form).await.problem(503, "temporarily_unavailable");
    world.no_aws_faults().await;
    let sent = world.requests_since(calls).await;
    assert!(sent.is_empty(), "{sent:?}");
    assert!(world.items_of(&customer_id).await.is_empty());
    world.issue(&token, &name, &form).await.ok(201);
}

/// A batch of 51 to 100 is two transactions, of which the first may stand when the second is throttled.
#[tokio::test]
async fn half_a_batch_is_answered_item_by_item_and_the_repeat_registers_the_rest() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let at = world.now().await + 86_400;
    let uids: Vec<String> = (0..60).map(|_| fresh("tbl")).collect();
    let wanted: Vec<(&str, i64)> = uids.iter().zip(at..).map(|(uid, at)| (uid.as_str(), at)).collect();
    let batch = buyer.schedules(&wanted);
    world.aws_fault("TransactWriteItems", "throttle", ALL, 1).await;
    let reply = world.register(&batch).await;
    world.no_aws_faults().await;
    let answer = reply.ok(207);
    for (place, (uid, item)) in uids.iter().zip(answer["list"].as_array().unwrap()).enumerate() {
        assert_eq!(item["merchant_uid"], **uid, "in the order of the request");
        if place < 50 {
            assert_eq!(item["status"], "scheduled", "{item}");
            continue;
        }
        let not_recorded = json!({
            "merchant_uid": uid, "status": "not_recorded", "code": "temporarily_unavailable", "retryable": true,
        });
        assert_eq!(*item, not_recorded);
        assert!(world.row(uid).await.is_none() && world.schedule_at_psp(uid).await.is_none());
    }
    let answer = world.register(&batch).await.ok(201);
    assert!(answer["list"].as_array().unwrap().iter().all(|item| item["status"] == "scheduled"), "{answer}");
}

/// The mark of a change is written and its answer lost, or nothing is known of it at all: never "nothing was recorded".
#[tokio::test]
async fn a_change_whose_write_was_not_answered_is_carried_out_and_said_to_be() {
    for times in [1, ALL] {
        let world = World::alone().await;
        world.webhook_settings(json!({ "drop": true })).await;
        let buyer = world.buyer(card::APPROVES).await;
        let uid = world.scheduled(&buyer, 86_400).await;
        world.aws_fault("UpdateItem", "drop_after_commit", times, 0).await;
        let gone = world.call("DELETE", &format!("/schedules/{uid}"), &world.merchant()).await;
        world.no_aws_faults().await;
        match gone.status {
            200 => assert_eq!(gone.ok(200)["status"], "revoked"),
            _ => drop(gone.pending(&format!("/schedules/{uid}"))),
        }
        let row = world.sweep_until_settled(&uid).await;
        assert_eq!(row["state"], "revoked");

        let uid = fresh("tbl");
        world.charge(&buyer.order(&uid)).await.ok(200);
        world.aws_fault("UpdateItem", "drop_after_commit", times, 0).await;
        let name = fresh("refund");
        let refunded = world.refund(&uid, &name, &json!({ "amount": 900 })).await;
        world.no_aws_faults().await;
        assert!([200, 202].contains(&refunded.status), "{} {}", refunded.status, refunded.text);
        world.sweep_until_settled(&uid).await;
        world.refund(&uid, &name, &json!({ "amount": 900 })).await.ok(200);
        assert_eq!(world.payment(&uid).await["cancel_amount"], 900, "given back once");
    }
}
