//! Paying in the PG's window: each way in which a window can end, and what a person can do beside it.

use serde_json::{Value, json};

use crate::page::until;
use crate::session::{Device, Tab, browse};
use crate::storefront::COFFEE;
use crate::world::World;

/// Row and books agree that this order was paid once, with this amount.
pub(crate) async fn is_paid_once(world: &World, order: &str, amount: u64) {
    let row = world.row_that_is(order, "paid").await;
    assert_eq!((&row["amount"], &row["cancel_amount"]), (&json!(amount), &json!(0)), "{row}");
    let payment = world.payment(order).await;
    assert_eq!((&payment["status"], &payment["amount"]), (&json!("paid"), &json!(amount)), "{payment}");
    assert_eq!(row["imp_uid"], payment["imp_uid"], "{row}");
}

#[tokio::test]
async fn paid() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.step("shop").await;
        tab.click("#pay").await;
        let page = tab.enter_pg(&order).await;
        tab.says("#amount", "12,900원").await;
        tab.click("#approve").await;
        tab.leave_popup(page).await;
        tab.concludes("#pay-result", "paid").await;
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("paid").await;
        is_paid_once(&world, &order, COFFEE).await;
        assert!(!tab.seen("#pay").await.is_enabled().await.unwrap(), "what is paid cannot be paid again");
    })
    .await;
}

/// Goes on under another number than this one, which was not paid, and pays.
async fn pays_another(tab: &mut Tab, world: &World, order: &str) {
    tab.click("#order-again").await;
    let next = tab.next_order(order).await;
    tab.pay_in_window(&next).await;
    is_paid_once(world, &next, COFFEE).await;
}

#[tokio::test]
async fn declined_and_then_paid_under_another_number() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 402");
        let (order, page) = tab.open_pg(&world, None).await;
        tab.click("#decline").await;
        tab.leave_popup(page).await;
        let said = tab.concludes("#pay-result", "failed").await;
        assert!(said.contains("결제되지 않았습니다"), "{said}");
        tab.lists_only("#orders", &order, "failed").await;
        tab.step("declined").await;
        assert_eq!(world.row(&order).await["status"], "failed");
        assert_eq!(world.payment(&order).await["status"], "failed");

        pays_another(tab, &world, &order).await;
        assert_eq!(world.payment(&order).await["status"], "failed");
    })
    .await;
}

#[tokio::test]
async fn a_payment_that_was_cancelled_in_the_window_goes_on_under_another_number() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 402");
        let (order, page) = tab.open_pg(&world, None).await;
        tab.click("#close").await;
        tab.leave_popup(page).await;
        let said = tab.concludes("#pay-result", "failed").await;
        assert!(said.contains("사용자가 결제를 취소하셨습니다"), "{said}");
        tab.step("cancelled").await;
        tab.lists_only("#orders", &order, "failed").await;
        assert_eq!(world.row(&order).await["status"], "failed");
        assert_eq!(world.payment(&order).await["paid_at"], 0);

        pays_another(tab, &world, &order).await;
    })
    .await;
}

#[tokio::test]
async fn a_window_that_was_closed_by_its_frame_can_be_opened_again() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        let (order, page) = tab.open_pg(&world, None).await;
        tab.close_popup(page).await;
        tab.concludes("#pay-result", "closed").await;
        tab.step("closed").await;
        nothing_is_paid(&world, &order).await;

        assert_eq!(tab.order_number().await, order, "it is the same order still");
        tab.pay_in_window(&order).await;
        tab.lists_only("#orders", &order, "paid").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

async fn nothing_is_paid(world: &World, order: &str) {
    assert_eq!(world.row(order).await["status"], "pending");
    let payments = world.payments(order).await;
    assert!(payments.iter().all(|payment| payment["paid_at"] == 0), "{payments:?}");
}

#[tokio::test]
async fn a_phone_goes_to_the_window_and_comes_back() {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.step("shop").await;
        tab.go_to_pg(&order).await;
        tab.step("window").await;
        tab.click("#approve").await;
        let address = tab.at("/return?").await;
        assert!(address.contains(&format!("merchant_uid={order}")) && address.contains("status=paid"), "{address}");
        tab.concludes("#return-result", "paid").await;
        tab.step("returned").await;
        is_paid_once(&world, &order, COFFEE).await;

        // Back leads to the shop: the window has left no trace in the history.
        tab.driver.back().await.unwrap();
        tab.lists_only("#orders", &order, "paid").await;
        tab.step("back").await;
        is_paid_once(&world, &order, COFFEE).await;
    })
    .await;
}

#[tokio::test]
async fn a_phone_comes_back_unpaid_from_a_decline() {
    comes_back_unpaid("#decline", "[51] 카드사 승인 거절").await;
}

#[tokio::test]
async fn a_phone_comes_back_unpaid_from_a_cancelled_payment() {
    comes_back_unpaid("#close", "사용자가 결제를 취소하셨습니다").await;
}

async fn comes_back_unpaid(press: &str, reason: &str) {
    let world = World::shared().await;
    browse(Device::Phone, async |tab| {
        tab.expect_error("status of 402");
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tab.go_to_pg(&order).await;
        tab.click(press).await;
        let address = tab.at("/return?").await;
        assert!(address.contains("status=failed"), "{address}");
        let said = tab.concludes("#return-result", "failed").await;
        assert!(said.contains(reason), "{said}");
        tab.step("returned").await;
        let row = world.row(&order).await;
        assert_eq!((&row["status"], &row["fail_reason"]), (&json!("failed"), &json!(reason)), "{row}");
        assert_eq!(world.payment(&order).await["paid_at"], 0);
        // Whoever writes another word into the address changes nothing.
        tab.open(&format!("{}/return?merchant_uid={order}&status=paid&imp_success=true", world.shop)).await;
        tab.concludes("#return-result", "failed").await;
        tab.open(&format!("{}/checkouts/{order}/return?imp_success=true&merchant_uid={order}", world.gateway)).await;
        tab.concludes("#return-result", "failed").await;
        assert_eq!(world.row(&order).await["status"], "failed");
    })
    .await;
}

/// From the page's own console: the next window opens with these members changed.
async fn tamper(tab: &Tab, changes: Value) {
    let script = "
        const { request_pay } = IMP;
        IMP.request_pay = (params, callback) => request_pay({ ...params, ...arguments[0] }, (said) => {
          window.said = said;
          callback(said);
        });";
    tab.run(&script.replace("arguments[0]", &changes.to_string()), Vec::new()).await;
}

#[tokio::test]
async fn a_tampered_amount_is_refused_by_the_window() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        tamper(tab, json!({ "amount": 100 })).await;
        tab.click("#pay").await;
        let page = tab.enter_popup().await;
        tab.says("#error", "사전 등록된 금액과 다릅니다").await;
        tab.step("refused").await;
        assert!(!tab.sees("#approve").await);
        tab.click("#done").await;
        tab.leave_popup(page).await;
        until("the callback", async || {
            (tab.run("return window.said?.success;", Vec::new()).await == false).then_some(())
        })
        .await;
        tab.concludes("#pay-result", "closed").await;
        tab.step("after the refusal").await;
        assert_eq!(world.payments(&order).await, Vec::<Value>::new());
        let row = world.row(&order).await;
        assert_eq!((&row["status"], &row["amount"]), (&json!("pending"), &json!(COFFEE)), "{row}");
    })
    .await;
}

#[tokio::test]
async fn the_payment_of_another_number_pays_nothing() {
    let world = World::shared().await;
    browse(Device::Desktop, async |tab| {
        tab.expect_error("status of 409");
        tab.sign_in(&world).await;
        let order = tab.order_number().await;
        // A cheap payment under a number that nobody has registered, passed off as this order's.
        let cheap = e2e::stack::fresh("cheap");
        tamper(tab, json!({ "merchant_uid": cheap, "amount": 100 })).await;
        tab.click("#pay").await;
        tab.approve(&cheap).await;
        tab.concludes("#pay-result", "error").await;
        tab.step("refused").await;
        // The PSP asks before it takes money (confirm_url), and we know no such order.
        let payments = world.payments(&cheap).await;
        assert!(payments.iter().all(|payment| payment["paid_at"] == 0), "{payments:?}");
        assert_eq!(world.row(&order).await["status"], "pending");
        assert_eq!(world.payments(&order).await, Vec::<Value>::new());
    })
    .await;
}
