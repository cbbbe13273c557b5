//! Cards that are registered in the PG's window: no card data pass through the shop or the API.

use serde_json::{Value, json};

use crate::session::{Device, Tab, browse};
use crate::storefront::{COFFEE, way};
use crate::world::World;

/// The customer's one key, as the API has it.
async fn only_key(world: &World, customer_id: &str) -> Value {
    let mut keys = world.keys(customer_id).await;
    assert_eq!(keys.len(), 1, "{keys:?}");
    keys.remove(0)
}

async fn at_psp(world: &World, key: &Value) -> Option<Value> {
    let keys = world.sim_list("keys").await;
    keys.into_iter().find(|known| known["customer_uid"] == key["customer_uid"])
}

/// Waits for the window that registers a card; returns the page's own.
async fn enter_registration(tab: &mut Tab) -> thirtyfour::WindowHandle {
    tab.click("#register-window").await;
    let page = tab.enter_popup().await;
    tab.says("#approve", "등록하기").await;
    tab.step("window").await;
    page
}

#[tokio::test]
async fn a_card_registered_in_the_window_is_charged() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        let page = enter_registration(tab).await;
        tab.double_click("#approve").await;
        tab.leave_popup(page).await;
        tab.concludes("#card-result", "paid").await;
        tab.step("registered").await;
        let key = only_key(&world, &customer_id).await;
        assert_eq!(key["status"], "active", "{key}");
        at_psp(&world, &key).await.expect("the PSP has the key");
        let taken = world.sim_list("payments").await;
        let of_key = taken.iter().filter(|payment| payment["customer_uid"] == key["customer_uid"]);
        assert_eq!(of_key.filter(|payment| payment["amount"] != 0).count(), 0, "registering takes nothing");

        let order = tab.order_number().await;
        tab.pay_by_card().await;
        let payment = world.payment(&order).await;
        assert_eq!((&payment["amount"], &payment["customer_uid"]), (&json!(COFFEE), &key["customer_uid"]), "{payment}");
        assert_eq!(world.row(&order).await["status"], "paid");
    })
    .await;
}

#[tokio::test]
async fn a_window_that_was_closed_has_registered_nothing() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        let page = enter_registration(tab).await;
        tab.click("#close").await;
        tab.leave_popup(page).await;
        tab.concludes("#card-result", "closed").await;
        tab.step("closed").await;
        let key = only_key(&world, &customer_id).await;
        assert_eq!(key["status"], "prepared", "{key}");
        assert_eq!(at_psp(&world, &key).await, None);
        tab.choose_way(way::CHARGE).await;
        assert!(!tab.seen("#pay").await.is_enabled().await.unwrap(), "there is no card to pay with");

        // The same window again, now to its end: it is the same card.
        let page = enter_registration(tab).await;
        tab.click("#approve").await;
        tab.leave_popup(page).await;
        tab.concludes("#card-result", "paid").await;
        let registered = world.keys(&customer_id).await;
        let active: Vec<_> = registered.iter().filter(|key| key["status"] == "active").collect();
        assert_eq!(active.len(), 1, "{registered:?}");
    })
    .await;
}

#[tokio::test]
async fn a_card_whose_page_was_closed_is_confirmed_from_the_list() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        let page = enter_registration(tab).await;
        tab.approve_without_page(page).await;

        tab.open(&world.shop).await;
        let key = only_key(&world, &customer_id).await;
        let row = format!("#cards [data-customer-uid='{}']", key["customer_uid"].as_str().unwrap());
        tab.seen(&row).await;
        // By webhook it may be active already; else its customer asks.
        if key["status"] != "active" && tab.sees(&format!("{row}[data-status='prepared'] button")).await {
            tab.step("prepared").await;
            tab.click(&format!("{row} button")).await;
            tab.concludes("#card-result", "paid").await;
        }
        tab.seen(&format!("{row}[data-status='active']")).await;
        assert_eq!(only_key(&world, &customer_id).await["status"], "active");
        at_psp(&world, &key).await.expect("the PSP has the key");
    })
    .await;
}

#[tokio::test]
async fn a_stranger_confirms_nothing() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 404");
        let customer_id = tab.sign_in(&world).await;
        let page = enter_registration(tab).await;
        tab.click("#close").await;
        tab.leave_popup(page).await;
        tab.concludes("#card-result", "closed").await;
        let key = only_key(&world, &customer_id).await;
        let customer_uid = key["customer_uid"].as_str().unwrap();
        tab.click("#sign-out").await;
        tab.seen("#sign-in").await;

        let stranger = tab.sign_in(&world).await;
        for (method, path) in [
            ("POST", format!("/billing-keys/{customer_uid}/confirm")),
            ("GET", format!("/billing-keys/{customer_uid}")),
            ("DELETE", format!("/billing-keys/{customer_uid}")),
        ] {
            let body = if method == "POST" { json!({}) } else { Value::Null };
            let (status, problem) = tab.ask(&world, method, &path, &body).await;
            assert_eq!((status, &problem["code"]), (404, &json!("not_found")), "{method} {path}: {problem}");
        }
        assert_eq!(world.keys(&stranger).await, Vec::<Value>::new());
        assert_eq!(only_key(&world, &customer_id).await["status"], "prepared");
    })
    .await;
}

#[tokio::test]
async fn a_phone_registers_a_card_and_comes_back() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        let customer_id = tab.sign_in(&world).await;
        tab.click("#register-window").await;
        tab.at("/v1/window").await;
        tab.says("#approve", "등록하기").await;
        tab.step("window").await;
        tab.click("#approve").await;
        tab.at("/return?").await;
        tab.concludes("#return-result", "paid").await;
        tab.step("returned").await;
        let key = only_key(&world, &customer_id).await;
        assert_eq!(key["status"], "active", "{key}");
        at_psp(&world, &key).await.expect("the PSP has the key");
    })
    .await;
}
