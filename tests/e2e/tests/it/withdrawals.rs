//! Checkouts that the merchant withdraws.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::reply::Reply;
use crate::shop::card;
use crate::world::World;

/// A checkout of this kind: its number, and its customer's token.
async fn opened(world: &World, pg: &str, pay_method: &str) -> (String, String, Value) {
    let (uid, customer) = (fresh("ord"), fresh("buyer"));
    let due = jiff::Timestamp::from_second(world.now().await + 3 * 86_400).unwrap().strftime("%Y%m%d").to_string();
    let order = json!({
        "merchant_uid": uid, "customer_id": customer, "pg": pg, "pay_method": pay_method, "name": "의자",
        "amount": 64_900, "buyer_tel": "010-4242-4242",
        // Some gateways open no account without its last day.
        "vbank_due": if pay_method == "vbank" { json!(due) } else { Value::Null },
    });
    let opened = world.post("/checkouts", &world.merchant(), &order).await.ok(201);
    (uid, world.customer(&customer), opened["request_pay"].clone())
}

async fn withdraw(world: &World, uid: &str) -> Reply {
    world.call("DELETE", &format!("/checkouts/{uid}"), &world.merchant()).await
}

#[tokio::test]
async fn a_checkout_that_is_withdrawn_is_paid_by_nobody() {
    let world = World::alone().await;
    let (uid, token, request_pay) = opened(&world, "html5_inicis", "card").await;
    let withdrawn = withdraw(&world, &uid).await.ok(200);
    assert_eq!((&withdrawn["status"], &withdrawn["vbank_closed"]), (&json!("revoked"), &Value::Null));
    assert!(withdrawn["withdrawn_at"].is_i64());
    assert_eq!(withdraw(&world, &uid).await.ok(200), withdrawn, "again: the same answer");
    let read = world.call("GET", &format!("/charges/{uid}"), &token).await.ok(200);
    assert_eq!(read["status"], json!("revoked"));

    // Somebody was in the window all the same: the PSP asks before it takes the money, and is told no.
    let paid = world.in_window(&request_pay, json!({ "card_number": card::APPROVES, "expiry": "2040-12" })).await;
    let path = format!("/checkouts/{uid}/complete");
    let told = world.post(&path, &token, &json!({ "imp_uid": paid["imp_uid"] })).await;
    told.problem(409, "checkout_withdrawn");
    world.advance(86_400).await;
    world.sweep().await;
    // The PSP's books have the last word on where the money is: it was never taken.
    let tried = world.payment(&uid).await;
    assert_eq!((&tried["status"], &tried["paid_at"]), (&json!("failed"), &json!(0)), "{tried}");
}

#[tokio::test]
async fn what_is_paid_is_not_withdrawn() {
    let world = World::alone().await;
    let (uid, token, request_pay) = opened(&world, "html5_inicis", "card").await;
    world.webhook_settings(json!({ "drop": true })).await;
    world.in_window(&request_pay, json!({ "card_number": card::APPROVES, "expiry": "2040-12" })).await;
    withdraw(&world, &uid).await.problem(409, "already_paid");
    let read = world.call("GET", &format!("/charges/{uid}"), &token).await.ok(200);
    assert_eq!((&read["status"], &read["cancel_amount"]), (&json!("paid"), &json!(0)));
}

#[tokio::test]
async fn an_account_is_closed_where_the_gateway_can() {
    let world = World::alone().await;
    for (pg, closed) in [("nice_v2", true), ("html5_inicis", false)] {
        let (uid, _, request_pay) = opened(&world, pg, "vbank").await;
        let issued = world.in_window(&request_pay, json!({})).await;
        world
            .eventually("the row knows its account", || async {
                (world.the_row(&uid).await["imp_uid"] == issued["imp_uid"]).then_some(())
            })
            .await;
        let withdrawn = withdraw(&world, &uid).await.ok(200);
        assert_eq!((&withdrawn["status"], &withdrawn["vbank_closed"]), (&json!("revoked"), &json!(closed)), "{pg}");
        let payment = world.payment(&uid).await;
        assert_eq!(payment["status"], json!(if closed { "cancelled" } else { "ready" }), "{pg}");
    }
}

#[tokio::test]
async fn only_the_merchant_withdraws_and_only_checkouts() {
    let world = World::shared().await;
    let (uid, token, _) = opened(&world, "html5_inicis", "card").await;
    assert_eq!(world.call("DELETE", &format!("/checkouts/{uid}"), &token).await.status, 403);
    let buyer = world.buyer(card::APPROVES).await;
    let charged = fresh("ord");
    world.charge(&buyer.order(&charged)).await.ok(200);
    for uid in [charged.as_str(), "nobody-has-this", "wc-renewal:11"] {
        withdraw(&world, uid).await.problem(404, "not_found");
    }
}
