//! One order number, one charge: whoever asks how often, and whatever the card does.

use e2e::stack::fresh;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::shop::card;
use crate::table::same_as_psp;
use crate::world::World;

#[tokio::test]
async fn a_paid_order_answers_the_same_for_ever_and_was_posted_once() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    let first = world.charge(&buyer.order(&uid)).await.ok(200);
    let row = world.the_row(&uid).await;
    for _ in 0..3 {
        assert_eq!(world.charge(&buyer.order(&uid)).await.ok(200), first);
    }
    let mut same = buyer.order(&uid);
    same["currency"] = json!("KRW");
    same["customer_id"] = json!(buyer.customer_id);
    assert_eq!(world.charge(&same).await.ok(200), first, "the same order, written out");
    assert_eq!(world.the_row(&uid).await, row, "a repeat writes nothing");
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
    assert_eq!(world.times_paid(&uid).await, 1);
}

#[tokio::test]
async fn a_declined_order_answers_the_same_for_ever_and_was_posted_once() {
    let world = World::shared().await;
    let buyer = world.buyer(card::DECLINES).await;
    let uid = fresh("ord");
    let first = world.charge(&buyer.order(&uid)).await.problem(402, "card_declined");
    let row = world.the_row(&uid).await;
    for _ in 0..3 {
        let again = world.charge(&buyer.order(&uid)).await.problem(402, "card_declined");
        for name in ["fail_reason", "imp_uid", "merchant_uid", "detail"] {
            assert_eq!(again[name], first[name], "{name}");
        }
    }
    assert_eq!(world.the_row(&uid).await, row);
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1, "one order number is one attempt");
    assert_eq!(world.payments(&uid).await.len(), 1);
}

#[tokio::test]
async fn another_body_under_a_used_order_number_is_refused_and_charges_nothing() {
    let world = World::shared().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let uid = fresh("ord");
    world.charge(&buyer.order(&uid)).await.ok(200);
    let row = world.the_row(&uid).await;
    for (name, value) in [
        ("amount", json!(8901)),
        ("name", json!("다른 이용권")),
        ("customer_uid", json!(other.customer_uid)),
        ("buyer_name", json!("홍길동")),
        ("tax_free", json!(100)),
        ("custom_data", json!("x")),
    ] {
        let mut order = buyer.order(&uid);
        order[name] = value;
        world.charge(&order).await.refuses(422, "merchant_uid_reused", "merchant_uid");
    }
    assert_eq!(world.the_row(&uid).await, row);
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
    assert_eq!(world.times_paid(&uid).await, 1);
}

#[tokio::test]
async fn twenty_requests_at_once_are_one_charge() {
    let world = World::shared().await;
    for (number, final_status) in [(card::APPROVES, 200), (card::DECLINES, 402)] {
        let buyer = world.buyer(number).await;
        let uid = fresh("ord");
        let order = buyer.order(&uid);
        let replies = join_all((0..20).map(|_| world.charge(&order))).await;
        for reply in &replies {
            match reply.status {
                // Somebody else's request is still being worked on.
                202 => assert_eq!(reply.pending(&format!("/charges/{uid}"))["status"], "pending"),
                status => assert_eq!(status, final_status, "{}", reply.text),
            }
        }
        assert!(replies.iter().any(|reply| reply.status == final_status), "whoever sent it knows");
        assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1, "posts");
        let payment = world.payment(&uid).await;
        same_as_psp(&world.the_row(&uid).await, &payment);
        assert_eq!(world.the_row(&uid).await["posts"], 1);
        assert_eq!(world.charge(&order).await.status, final_status);
    }
}

#[tokio::test]
async fn of_different_requests_at_once_one_wins_and_the_others_are_told() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    let orders: Vec<Value> = (0..8)
        .map(|number| {
            let mut order = buyer.order(&uid);
            order["amount"] = json!(1_000 + number);
            order
        })
        .collect();
    let replies = join_all(orders.iter().map(|order| world.charge(order))).await;
    let mut winners = Vec::new();
    for (order, reply) in orders.iter().zip(&replies) {
        if reply.status == 200 {
            winners.push(order["amount"].clone());
        } else {
            reply.refuses(422, "merchant_uid_reused", "merchant_uid");
        }
    }
    let payment = world.payment(&uid).await;
    assert_eq!(winners, [payment["amount"].clone()]);
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
}

/// Waits until the charge of this order has left for the PSP.
async fn reaches_the_psp(world: &World, uid: &str) {
    let sent = world.eventually("the request reaches the PSP", async || {
        (!world.requests_to(AGAIN, uid).await.is_empty()).then_some(())
    });
    sent.await;
}

#[tokio::test]
async fn a_request_beside_one_that_is_under_way_is_pending_and_sends_nothing() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.fault(AGAIN, &uid, json!({ "kind": "latency", "ms": 1_500, "phase": "before" })).await;
    let order = buyer.order(&uid);
    let (first, second) = tokio::join!(world.charge(&order), async {
        reaches_the_psp(&world, &uid).await;
        world.charge(&order).await
    });
    let body = second.pending(&format!("/charges/{uid}"));
    assert_eq!((&body["status"], &body["imp_uid"]), (&json!("pending"), &Value::Null));
    first.ok(200);
    assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
}

/// Cards that lie: the money moved, and the answer says otherwise.
#[tokio::test]
async fn money_taken_behind_an_error_is_found_at_once() {
    let world = World::shared().await;
    for number in [card::ERROR_BUT_PAID, card::REFUSED_BUT_PAID] {
        let buyer = world.buyer(number).await;
        let uid = fresh("ord");
        world.charge(&buyer.order(&uid)).await.ok(200);
        same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
        assert_eq!(world.requests_to(AGAIN, &uid).await.len(), 1);
    }
}

#[tokio::test]
async fn the_order_is_written_down_before_it_is_sent() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.fault(AGAIN, &uid, json!({ "kind": "latency", "ms": 1_500, "phase": "before" })).await;
    let order = buyer.order(&uid);
    let (reply, ()) = tokio::join!(world.charge(&order), async {
        reaches_the_psp(&world, &uid).await;
        assert!(world.payments(&uid).await.is_empty(), "no money has moved yet");
        let row = world.the_row(&uid).await;
        assert_eq!((&row["state"], &row["order"]["amount"]["minor"]), (&json!("claimed"), &json!(8900)));
        assert!(row["due_at"].is_i64(), "if everybody died now, the sweep would find it: {row}");
    });
    reply.ok(200);
}
