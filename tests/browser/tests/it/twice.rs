//! What a person can do twice: press, open, come back. It is one order and one payment all the same.

use serde_json::Value;
use thirtyfour::WindowHandle;

use crate::checkout::is_paid_once;
use crate::page::until;
use crate::session::{Device, Tab, browse};
use crate::storefront::{COFFEE, MUG};
use crate::world::World;

#[tokio::test]
async fn two_clicks_open_one_window_and_pay_once() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.choose_product("mug").await;
        tab.double_click("#pay").await;
        let page = tab.enter_pg(&order).await;
        assert_eq!(tab.driver.windows().await.unwrap().len(), 2, "one window beside the page");
        tab.double_click("#approve").await;
        tab.leave_popup(page).await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        is_paid_once(&world, &order, MUG).await;
    })
    .await;
}

#[tokio::test]
async fn a_second_tab_pays_the_same_order() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.click("#pay").await;
        let first = tab.enter_pg(&order).await;
        let window = tab.driver.window().await.unwrap();
        let second = tab.driver.new_tab().await.unwrap();
        tab.driver.switch_to_window(second).await.unwrap();
        tab.open(&world.shop).await;
        assert_eq!(tab.order_number().await, order, "the unfinished order goes on");
        tab.step("unfinished in a second tab").await;

        tab.driver.switch_to_window(window).await.unwrap();
        tab.click("#approve").await;
        tab.windows_left(2).await;
        tab.driver.switch_to_window(first).await.unwrap();
        tab.concludes("#pay-result", "paid").await;
        tab.driver.close_window().await.unwrap();

        let second = tab.driver.windows().await.unwrap().remove(0);
        tab.driver.switch_to_window(second).await.unwrap();
        // It does not know yet, and presses.
        tab.click("#pay").await;
        tab.concludes("#pay-result", "paid").await;
        assert_eq!(tab.driver.windows().await.unwrap().len(), 1, "nothing is left to pay, so no window opens");
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn the_back_button_after_paying_pays_nothing_again() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.pay_in_window(&order).await;
        tab.open(&format!("{}/return?merchant_uid={order}", world.shop)).await;
        tab.concludes("#return-result", "paid").await;
        tab.driver.back().await.unwrap();
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("back").await;
        let next = tab.next_order(&order).await;
        assert_eq!(world.payments(&next).await, Vec::<Value>::new());
        tab.driver.forward().await.unwrap();
        tab.concludes("#return-result", "paid").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

/// Opens the PG's window from a tab; returns it and the tab.
async fn opens(tab: &mut Tab, order: &str) -> (WindowHandle, WindowHandle) {
    let before = tab.driver.windows().await.unwrap();
    let page = tab.driver.window().await.unwrap();
    tab.click("#pay").await;
    let window = until("a window opens", async || {
        tab.driver.windows().await.unwrap().into_iter().find(|window| !before.contains(window))
    })
    .await;
    tab.driver.switch_to_window(window.clone()).await.unwrap();
    tab.says("#order-number", order).await;
    (window, page)
}

#[tokio::test]
async fn two_tabs_with_a_window_each_pay_once() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        let (first_window, first_page) = opens(tab, &order).await;
        let tab_of_its_own = tab.driver.new_tab().await.unwrap();
        tab.driver.switch_to_window(tab_of_its_own).await.unwrap();
        tab.open(&world.shop).await;
        assert_eq!(tab.order_number().await, order);
        let (second_window, second_page) = opens(tab, &order).await;
        assert_eq!(tab.driver.windows().await.unwrap().len(), 4);

        tab.driver.switch_to_window(first_window).await.unwrap();
        tab.click("#approve").await;
        tab.windows_left(3).await;
        tab.driver.switch_to_window(first_page).await.unwrap();
        tab.concludes("#pay-result", "paid").await;

        tab.driver.switch_to_window(second_window).await.unwrap();
        tab.click("#approve").await;
        tab.says("#error", "이미 결제된 주문번호입니다").await;
        tab.step("refused").await;
        tab.click("#done").await;
        tab.windows_left(2).await;
        tab.driver.switch_to_window(second_page).await.unwrap();
        tab.concludes("#pay-result", "paid").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn on_a_phone_back_from_the_window_and_then_paid_is_one_order() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.go_to_pg(&order).await;
        tab.driver.back().await.unwrap();
        tab.seen("#open-order-check").await;
        tab.step("back without paying").await;
        assert_eq!(tab.order_number().await, order);
        tab.go_to_pg(&order).await;
        tab.click("#approve").await;
        tab.at("/return?").await;
        tab.concludes("#return-result", "paid").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn what_nobody_knows_to_be_paid_is_not_paid_again() {
    let world = World::alone().await;
    world.webhook_settings(serde_json::json!({ "drop": true })).await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        crate::settle::pays_and_is_gone(tab, &order).await;
        assert_eq!(world.row(&order).await["status"], "pending");
        // The customer comes back and is impatient.
        tab.open(&world.shop).await;
        assert_eq!(tab.order_number().await, order);
        // The server asks the PSP before it lets a window open, and so learns of it.
        tab.click("#pay").await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("found paid").await;
        assert_eq!(tab.driver.windows().await.unwrap().len(), 1, "no window opens");
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn while_an_account_waits_for_its_deposit_no_window_opens() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let (order, page) = tab.open_pg(&world, Some("vbank")).await;
        tab.click("#approve").await;
        tab.click("#done").await;
        tab.leave_popup(page).await;
        tab.concludes("#pay-result", "ready").await;
        tab.click("#pay").await;
        tab.concludes("#pay-result", "ready").await;
        assert_eq!(tab.driver.windows().await.unwrap().len(), 1, "a second window could take the money twice");
        assert_eq!(world.payments(&order).await.len(), 1);
        // Another way is no way either: it is the same order.
        tab.choose("#pay-method", "card").await;
        tab.expect_error("status of 409");
        tab.click("#pay").await;
        let said = tab.concludes("#pay-result", "pending").await;
        tab.step("another way").await;
        assert!(said.contains("이미 다른 방법으로 결제하고 있습니다"), "{said}");
        assert_eq!(world.payments(&order).await.len(), 1);
    })
    .await;
}
