//! A card that is checked by a small charge before it is a key, through the gateway, the functions and the PSP's books.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::reply::Reply;
use crate::shop::{Buyer, card, card_form};
use crate::world::World;

async fn checked(world: &World, customer_id: &str, name: &str, number: &str, won: &Value) -> Reply {
    let mut form = card_form(number);
    form["checking_amount"] = won.clone();
    form["customer_name"] = json!("홍길동");
    world.issue(&world.customer(customer_id), name, &form).await
}

/// The PSP's record of the payment that checked a key.
async fn check_of(world: &World, key: &Value) -> Value {
    world.payment(key["checking_merchant_uid"].as_str().unwrap()).await
}

#[tokio::test]
async fn a_checked_card_is_a_key_that_can_be_charged_and_its_check_is_given_back() {
    let world = World::alone().await;
    // Its notice may come to the refund first, which then is under way when the request is answered.
    world.webhook_settings(json!({ "drop": true })).await;
    let (customer_id, name) = (fresh("buyer"), fresh("issue"));
    let key = checked(&world, &customer_id, &name, card::APPROVES, &json!(100)).await.ok(201);
    assert_eq!((&key["status"], &key["checking_amount"]), (&json!("active"), &json!(100)));
    let check = check_of(&world, &key).await;
    assert_eq!(
        (&check["amount"], &check["cancel_amount"], &check["status"]),
        (&json!(100), &json!(100), &json!("cancelled"))
    );
    assert_eq!(checked(&world, &customer_id, &name, card::APPROVES, &json!(100)).await.ok(201), key);
    let other = checked(&world, &customer_id, &name, card::APPROVES, &json!(200)).await;
    other.refuses(422, "idempotency_key_reused", "Idempotency-Key");
    // Its customer reads what was charged; nobody else does.
    let path = format!("/charges/{}", key["checking_merchant_uid"].as_str().unwrap());
    let read = world.call("GET", &path, &world.customer(&customer_id)).await.ok(200);
    assert_eq!((&read["status"], &read["cancel_amount"]), (&json!("cancelled"), &json!(100)));
    world.call("GET", &path, &world.customer(&fresh("other"))).await.problem(404, "not_found");
    let buyer = Buyer { customer_id, customer_uid: key["customer_uid"].as_str().unwrap().to_owned() };
    world.charge(&buyer.order(&fresh("chg"))).await.ok(200);
}

#[tokio::test]
async fn a_declined_check_leaves_no_key_and_says_no_more_than_that() {
    let world = World::shared().await;
    let (customer_id, name) = (fresh("buyer"), fresh("issue"));
    let first = checked(&world, &customer_id, &name, card::DECLINES, &json!(100)).await;
    let problem = first.problem(402, "card_rejected");
    assert!(!problem.to_string().contains("한도"), "{problem}");
    checked(&world, &customer_id, &name, card::DECLINES, &json!(100)).await.problem(402, "card_rejected");
    let keys = world.call("GET", "/billing-keys", &world.customer(&customer_id)).await.ok(200);
    let key = &keys["list"][0];
    assert_eq!(key["status"], "abandoned");
    assert!(world.key_at_psp(key["customer_uid"].as_str().unwrap()).await.is_none());
    let attempts = world.payments(key["checking_merchant_uid"].as_str().unwrap()).await;
    assert!(attempts.len() == 1 && attempts[0]["status"] == "failed", "{attempts:?}");
}

#[tokio::test]
async fn a_check_whose_outcome_is_not_known_is_pending_and_carried_to_its_end() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let (customer_id, name) = (fresh("buyer"), fresh("issue"));
    let won = json!(100);
    let ask = || checked(&world, &customer_id, &name, card::NO_REPLY_PAID_LATER, &won);
    let key = ask().await.ok(202);
    assert_eq!(key["status"], "checking");
    let buyer =
        Buyer { customer_id: customer_id.clone(), customer_uid: key["customer_uid"].as_str().unwrap().to_owned() };
    world.charge(&buyer.order(&fresh("chg"))).await.problem(409, "billing_key_pending");
    assert_eq!(ask().await.ok(202)["status"], "checking", "and nothing more is sent");
    assert_eq!(world.requests_to(AGAIN, key["checking_merchant_uid"].as_str().unwrap()).await.len(), 1);
    for _ in 0..4 {
        world.advance(300).await;
        world.sweep().await;
    }
    assert_eq!(ask().await.ok(201)["status"], "active");
    let check = check_of(&world, &key).await;
    assert_eq!((&check["status"], &check["cancel_amount"]), (&json!("cancelled"), &json!(100)));
}

#[tokio::test]
async fn an_amount_that_is_none_for_a_check_is_refused_and_nothing_is_sent() {
    let world = World::shared().await;
    let customer_id = fresh("buyer");
    for won in [json!(1001), json!(-1), json!(0.5), json!("100")] {
        let reply = checked(&world, &customer_id, &fresh("issue"), card::APPROVES, &won).await;
        reply.refuses(422, "checking_amount_invalid", "checking_amount");
    }
    assert!(world.items_of(&customer_id).await.is_empty());
    let plain = checked(&world, &customer_id, &fresh("issue"), card::APPROVES, &json!(0)).await.ok(201);
    assert!(plain.get("checking_amount").is_none());
}
