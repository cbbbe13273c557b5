//! Who may see and do what: customers their own, the owner refunds.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::session::{Device, Tab, browse};
use crate::storefront::{COFFEE, card};
use crate::world::World;

/// Pays one order with a registered card; returns its number.
async fn buys(tab: &Tab) -> String {
    tab.register_card(card::APPROVES).await;
    let order = tab.order_number().await;
    tab.pay_by_card().await;
    tab.lists_only("#orders", &order, "paid").await;
    order
}

#[tokio::test]
async fn a_customer_sees_their_own_payments_only() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 404");
        tab.sign_in(&world).await;
        let order = buys(tab).await;
        assert_eq!(tab.ask(&world, "GET", &format!("/charges/{order}"), &Value::Null).await.0, 200);
        tab.click("#sign-out").await;
        tab.seen("#sign-in").await;
        tab.step("signed out").await;
        assert!(!tab.sees("#orders-section").await);

        let other = tab.sign_in(&world).await;
        assert_eq!(tab.listed("#orders").await, Vec::new());
        assert_eq!(world.keys(&other).await, Vec::<Value>::new());
        let (status, problem) = tab.ask(&world, "GET", &format!("/charges/{order}"), &Value::Null).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{problem}");
        let card = json!({ "customer_uid": fresh("card") });
        let (status, problem) = tab.ask(&world, "POST", &format!("/api/orders/{order}/charge"), &card).await;
        assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{problem}");
        tab.open(&format!("{}/return?merchant_uid={order}&status=paid", world.shop)).await;
        tab.concludes("#return-result", "error").await;
        tab.step("somebody elses order").await;
    })
    .await;
}

#[tokio::test]
async fn an_order_number_of_nobody_is_unknown_whatever_the_address_says() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        tab.expect_error("status of 404");
        tab.sign_in(&world).await;
        tab.open(&format!("{}/return?merchant_uid={}&status=paid&imp_success=true", world.shop, fresh("no"))).await;
        tab.concludes("#return-result", "error").await;
        tab.step("unknown order").await;
    })
    .await;
}

#[tokio::test]
async fn the_owner_refunds_a_part_and_then_the_rest() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = buys(tab).await;
        tab.click("#owner-enter").await;
        let row = format!("#owner-orders [data-merchant-uid='{order}']");
        tab.fill(&format!("{row} input[name='amount']"), "2900").await;
        tab.step("owner").await;
        tab.double_click(&format!("{row} button[type='submit']")).await;
        tab.concludes("#owner-result", "paid").await;
        tab.seen(&format!("{row}[data-status='partly']")).await;
        tab.lists_only("#orders", &order, "partly").await;
        tab.step("refunded in part").await;
        let (paid, payment) = (world.row(&order).await, world.payment(&order).await);
        assert_eq!((&paid["status"], &paid["cancel_amount"]), (&json!("paid"), &json!(2900)), "{paid}");
        assert_eq!((&payment["status"], &payment["cancel_amount"]), (&json!("paid"), &json!(2900)), "{payment}");

        tab.click(&format!("{row} button[type='submit']")).await;
        tab.seen(&format!("{row}[data-status='cancelled']")).await;
        tab.lists_only("#orders", &order, "cancelled").await;
        tab.step("refunded").await;
        let (paid, payment) = (world.row(&order).await, world.payment(&order).await);
        assert_eq!((&paid["status"], &paid["cancel_amount"]), (&json!("cancelled"), &json!(COFFEE)), "{paid}");
        assert_eq!((&payment["status"], &payment["cancel_amount"]), (&json!("cancelled"), &json!(COFFEE)), "{payment}");
        assert!(!tab.sees(&format!("{row} button[type='submit']")).await, "there is nothing left to refund");
    })
    .await;
}

#[tokio::test]
async fn a_customer_refunds_nothing() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 401");
        tab.expect_error("status of 403");
        tab.sign_in(&world).await;
        let order = buys(tab).await;
        let refund = json!({ "amount": COFFEE, "refund": "00000000-0000" });
        let by_the_shop = tab.ask(&world, "POST", &format!("/api/owner/orders/{order}/refund"), &refund).await;
        assert_eq!(by_the_shop.0, 401, "{by_the_shop:?}");
        let by_the_api = tab.ask(&world, "POST", &format!("/charges/{order}/refunds"), &json!({ "amount": 1 })).await;
        assert_eq!(by_the_api.0, 403, "{by_the_api:?}");
        assert_eq!(world.payment(&order).await["cancel_amount"], 0);
    })
    .await;
}
