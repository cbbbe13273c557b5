//! Cards by their data: registered, charged, scheduled, deleted.

use serde_json::{Value, json};

use crate::session::{Device, browse};
use crate::storefront::{COFFEE, MUG, card, way};
use crate::world::World;

#[tokio::test]
async fn a_card_is_registered_and_charged() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        tab.type_card(card::APPROVES).await;
        tab.step("card typed").await;
        let customer_uid = tab.register_card(card::APPROVES).await;
        tab.step("card registered").await;
        let keys = world.keys(&customer_id).await;
        assert_eq!(keys.len(), 1, "{keys:?}");
        assert_eq!((&keys[0]["customer_uid"], &keys[0]["status"]), (&json!(customer_uid), &json!("active")));
        // The page has let go of the card's data.
        let script = "return [...document.querySelectorAll('#card-form input')].map((field) => field.value).join('');";
        assert_eq!(tab.run(script, Vec::new()).await, "");

        let order = tab.order_number().await;
        tab.choose_way(way::CHARGE).await;
        tab.step("ready to charge").await;
        tab.click("#pay").await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("charged").await;
        let row = world.row(&order).await;
        assert_eq!((&row["status"], &row["amount"]), (&json!("paid"), &json!(COFFEE)), "{row}");
        let payment = world.payment(&order).await;
        assert_eq!((&payment["status"], &payment["amount"]), (&json!("paid"), &json!(COFFEE)), "{payment}");
        assert_eq!(payment["customer_uid"], customer_uid, "{payment}");
        assert_eq!(row["imp_uid"], payment["imp_uid"]);
    })
    .await;
}

#[tokio::test]
async fn a_refused_card_is_not_registered() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 402");
        let customer_id = tab.sign_in(&world).await;
        tab.type_card(card::REFUSED_AT_ISSUE).await;
        tab.click("#register").await;
        let said = tab.concludes("#card-result", "error").await;
        assert!(said.contains("카드사가 이 카드를 거절했습니다"), "{said}");
        tab.step("card refused").await;
        assert_eq!(tab.listed("#cards").await, Vec::new());
        let keys = world.keys(&customer_id).await;
        assert!(keys.iter().all(|key| key["status"] != "active"), "{keys:?}");
    })
    .await;
}

#[tokio::test]
async fn a_card_registered_by_two_clicks_is_one_card() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        tab.type_card(card::APPROVES).await;
        tab.double_click("#register").await;
        tab.concludes("#card-result", "paid").await;
        let keys = world.keys(&customer_id).await;
        assert_eq!(keys.len(), 1, "{keys:?}");
    })
    .await;
}

#[tokio::test]
async fn a_declined_charge_says_so_and_the_next_try_is_another_order() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 402");
        tab.sign_in(&world).await;
        tab.register_card(card::DECLINES).await;
        let order = tab.order_number().await;
        tab.choose_way(way::CHARGE).await;
        tab.click("#pay").await;
        tab.concludes("#pay-result", "failed").await;
        tab.lists_only("#orders", &order, "failed").await;
        tab.step("declined").await;
        assert_eq!(world.row(&order).await["status"], "failed");
        assert_eq!(world.payment(&order).await["status"], "failed");
        tab.click("#order-again").await;
        let next = tab.next_order(&order).await;
        assert_eq!(world.payments(&next).await, Vec::<Value>::new());
    })
    .await;
}

#[tokio::test]
async fn two_clicks_charge_once() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        tab.register_card(card::APPROVES).await;
        let order = tab.choose_product("mug").await;
        tab.choose_way(way::CHARGE).await;
        tab.double_click("#pay").await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        assert_eq!(world.payment(&order).await["amount"], MUG);
    })
    .await;
}

#[tokio::test]
async fn a_scheduled_payment_is_made_at_its_time() {
    let world = World::alone().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let customer_uid = tab.register_card(card::APPROVES).await;
        let order = tab.order_number().await;
        tab.choose_way(way::SCHEDULE).await;
        tab.choose("#pay-after", "10m").await;
        tab.step("ready to schedule").await;
        tab.click("#pay").await;
        tab.concludes("#pay-result", "scheduled").await;
        tab.lists_only("#orders", &order, "scheduled").await;
        tab.step("scheduled").await;
        assert_eq!(world.row(&order).await["status"], "scheduled");
        assert_eq!(world.payments(&order).await, Vec::<Value>::new(), "nothing is taken before its time");
        let schedules = world.sim_list("schedules").await;
        let schedule = schedules.iter().find(|schedule| schedule["merchant_uid"] == order).expect("a schedule");
        assert_eq!((&schedule["customer_uid"], &schedule["amount"]), (&json!(customer_uid), &json!(COFFEE)));

        world.advance(11 * 60).await;
        let row = world.row_that_is(&order, "paid").await;
        assert_eq!(world.payment(&order).await["imp_uid"], row["imp_uid"]);
        tab.click("#orders-refresh").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("paid at its time").await;
    })
    .await;
}

#[tokio::test]
async fn a_card_with_scheduled_payments_is_deleted_only_with_them() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 409");
        let customer_id = tab.sign_in(&world).await;
        let customer_uid = tab.register_card(card::APPROVES).await;
        let order = tab.order_number().await;
        tab.choose_way(way::SCHEDULE).await;
        tab.click("#pay").await;
        tab.concludes("#pay-result", "scheduled").await;
        let delete = format!("[data-customer-uid='{customer_uid}'] button[aria-label]");
        tab.click(&delete).await;
        tab.concludes("#card-result", "pending").await;
        tab.step("card in use").await;
        tab.click("#delete-cascade").await;
        tab.concludes("#card-result", "done").await;
        tab.step("card deleted").await;
        assert_eq!(world.row_that_is(&order, "revoked").await["status"], "revoked");
        let keys = world.keys(&customer_id).await;
        assert!(keys.iter().all(|key| key["status"] == "deleted"), "{keys:?}");
        let at_psp = world.sim_list("keys").await;
        assert!(at_psp.iter().all(|key| key["customer_uid"] != customer_uid.as_str()), "{at_psp:?}");
    })
    .await;
}
