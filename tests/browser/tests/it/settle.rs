//! What settles a payment when the page does not: the webhook, before it or instead of it, and the sweep without either.

use serde_json::{Value, json};

use crate::checkout::is_paid_once;
use crate::page::until;
use crate::session::{Device, Tab, browse};
use crate::storefront::{COFFEE, MUG};
use crate::world::World;

/// From the page's own console: what the page asks `complete` is on its way until it is let go.
async fn hold_complete(tab: &Tab) {
    let script = "
        const send = window.fetch;
        const gate = new Promise((open) => { window.letGo = open; });
        window.held = 0;
        window.fetch = async (url, options) => {
          if (String(url).endsWith('/complete')) {
            window.held += 1;
            await gate;
          }
          return send(url, options);
        };";
    tab.run(script, Vec::new()).await;
}

#[tokio::test]
async fn the_webhook_is_there_before_the_page() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        hold_complete(tab).await;
        tab.click("#pay").await;
        tab.approve(&order).await;
        until("the page asks", async || (tab.run("return held;", Vec::new()).await == 1).then_some(())).await;
        // The page has not said a word yet.
        is_paid_once(&world, &order, COFFEE).await;
        let before = world.row(&order).await;
        tab.run("letGo();", Vec::new()).await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        assert_eq!(world.row(&order).await["updated_at"], before["updated_at"], "there was nothing left to write");
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn the_page_is_there_before_the_webhook() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "hold": true })).await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.pay_in_window(&order).await;
        is_paid_once(&world, &order, COFFEE).await;
        assert_eq!(webhook_of(&world, &order).await["state"], "held");
        world.sim("webhooks/release", json!({})).await;
        until("the webhook is answered", async || {
            (webhook_of(&world, &order).await["state"] == "delivered").then_some(())
        })
        .await;
        is_paid_once(&world, &order, COFFEE).await;
        tab.click("#orders-refresh").await;
        tab.lists_only("#orders", &order, "paid").await;
    })
    .await;
}

async fn webhook_of(world: &World, order: &str) -> Value {
    let webhooks = world.sim_list("webhooks").await;
    let mut of_order = webhooks.into_iter().filter(|webhook| webhook["merchant_uid"] == order);
    let webhook = of_order.next().expect("a webhook");
    assert!(of_order.next().is_none(), "one webhook for one payment");
    webhook
}

/// Opens the PG's window, closes the shop's page behind it, and pays. The browser goes on in a tab of its own.
pub(crate) async fn pays_and_is_gone(tab: &mut Tab, order: &str) {
    tab.click("#pay").await;
    let page = tab.enter_pg(order).await;
    tab.approve_without_page(page).await;
}

#[tokio::test]
async fn a_customer_who_closed_the_page_has_paid_by_webhook() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.choose_product("mug").await;
        pays_and_is_gone(tab, &order).await;
        is_paid_once(&world, &order, MUG).await;
        tab.open(&world.shop).await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("paid without the page").await;
    })
    .await;
}

#[tokio::test]
async fn without_page_and_webhook_the_sweep_settles_it() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        pays_and_is_gone(tab, &order).await;
        assert_eq!(world.payment(&order).await["status"], "paid");
        assert_eq!(world.row(&order).await["status"], "pending", "nobody has told us");
        // Whoever comes back meanwhile is not asked to pay again.
        tab.open(&world.shop).await;
        assert_eq!(tab.order_number().await, order);
        tab.seen("#open-order-check").await;
        tab.step("not known yet").await;

        until("the sweep has settled it", async || {
            world.advance(5 * 60).await;
            world.sweep().await;
            (world.row(&order).await["status"] == "paid").then_some(())
        })
        .await;
        is_paid_once(&world, &order, COFFEE).await;
        tab.click("#orders-refresh").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("swept").await;
        // The page still shows the order that it had begun: pressed now, it finds it paid.
        tab.click("#pay").await;
        tab.concludes("#pay-result", "paid").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn a_virtual_account_is_shown_and_then_paid_into() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let (order, page) = tab.open_pg(&world, Some("vbank")).await;
        tab.click("#approve").await;
        let account = until("the account", async || {
            let number = tab.text("#vbank-num").await;
            (!number.is_empty()).then_some(number)
        })
        .await;
        tab.step("account in the window").await;
        tab.click("#done").await;
        tab.leave_popup(page).await;
        let said = tab.concludes("#pay-result", "ready").await;
        assert!(said.contains(&account), "{said}");
        tab.lists_only("#orders", &order, "ready").await;
        tab.step("account in the shop").await;
        let (row, payment) = (world.row(&order).await, world.payment(&order).await);
        assert_eq!((&row["status"], &row["vbank_num"]), (&json!("ready"), &json!(account)), "{row}");
        assert_eq!((&payment["status"], &payment["paid_at"]), (&json!("ready"), &json!(0)), "{payment}");

        world.sim("vbank/deposit", json!({ "imp_uid": payment["imp_uid"] })).await;
        is_paid_once(&world, &order, COFFEE).await;
        tab.click("#check-again").await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("paid into").await;
    })
    .await;
}
