//! Webhooks: hints about where to look.

use billing::payment::{PspStatus, State};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{WebhookHint, WebhookOutcome};
use billing::{ImpUid, MerchantUid};

use crate::fixture::{Act, START, TestBilling, TestWorld, billing, order};
use crate::schedule::new_schedule;

fn hint(merchant_uid: &str, imp_uid: &str) -> WebhookHint {
    WebhookHint { imp_uid: ImpUid::parse(imp_uid).unwrap(), merchant_uid: MerchantUid::parse(merchant_uid).unwrap() }
}

async fn state(billing: &TestBilling, uid: &str) -> State {
    billing.store.payment(&MerchantUid::parse(uid).unwrap()).await.unwrap().unwrap().state
}

#[tokio::test]
async fn an_unknown_order_costs_no_call_to_the_psp() {
    let billing = billing().await;
    assert_eq!(billing.notice(&hint("nothing", "imp_000000000001")).await, Ok(WebhookOutcome::UnknownOrder));
    assert_eq!(billing.psp.world().gets, 0);
}

#[tokio::test]
async fn a_schedule_that_ran_is_settled_and_a_repeat_writes_nothing() {
    let billing = billing().await;
    let new = new_schedule("order_1", billing.host.now().plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new.clone()]).await.unwrap();
    billing.advance(86_400);
    let record = billing.psp.world().execute(&new.order, PspStatus::Paid, new.schedule_at);
    let hint = hint("order_1", record.imp_uid.as_str());
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Applied));
    let settled = billing.store.payment(&hint.merchant_uid).await.unwrap().unwrap();
    assert_eq!((settled.state, settled.due_at), (State::Paid, None));
    for _ in 0..10 {
        assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Applied));
    }
    assert_eq!(billing.store.payment(&hint.merchant_uid).await.unwrap().unwrap(), settled);
}

#[tokio::test]
async fn a_payment_of_another_order_changes_neither() {
    let billing = billing().await;
    let cheap = billing.charge(order("cheap"), None).await.unwrap();
    billing.psp.will([Act::Lose]);
    billing.charge(order("dear"), None).await.unwrap();
    let imp_uid = cheap.imp_uid().unwrap().as_str();
    assert_eq!(billing.notice(&hint("dear", imp_uid)).await, Ok(WebhookOutcome::NotOurs));
    assert_eq!(state(&billing, "dear").await, State::Unknown);
    assert_eq!(billing.alarms(), ["foreign_payment"]);
}

#[tokio::test]
async fn a_payment_that_the_psp_does_not_know_has_no_effect() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let before = billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(billing.notice(&hint("order_1", "imp_999999999999")).await, Ok(WebhookOutcome::NotOurs));
    assert_eq!(billing.store.payment(before.merchant_uid()).await.unwrap(), Some(before));
}

#[tokio::test]
async fn a_psp_that_cannot_be_asked_makes_the_row_due_now() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().down = true;
    let hint = hint("order_1", paid.imp_uid().unwrap().as_str());
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Deferred));
    let due = billing.store.payment(paid.merchant_uid()).await.unwrap().unwrap();
    assert_eq!((due.state, due.due_at), (State::Paid, Some(START)));
    assert_eq!(billing.notice(&hint).await, Ok(WebhookOutcome::Deferred), "and once is enough");
    assert_eq!(billing.store.payment(paid.merchant_uid()).await.unwrap().unwrap(), due);

    billing.psp.world().down = false;
    crate::sweep::sweep(&billing).await;
    assert_eq!(billing.store.payment(paid.merchant_uid()).await.unwrap().unwrap().due_at, None);
}

#[tokio::test]
async fn news_of_one_payment_does_not_put_off_the_look_that_another_one_needs() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    let second = billing.psp.world().record(&order("order_1"), PspStatus::Paid, START.plus(5));
    billing.psp.world().down = true;
    let of_second = billing.notice(&hint("order_1", second.imp_uid.as_str())).await;
    assert_eq!(of_second, Ok(WebhookOutcome::Deferred));
    billing.psp.world().down = false;
    // The PSP repeats its notice of the first one.
    let of_first = billing.notice(&hint("order_1", paid.imp_uid().unwrap().as_str())).await;
    assert_eq!((of_first, billing.alarms()), (Ok(WebhookOutcome::Applied), vec![]));
    crate::sweep::sweep(&billing).await;
    assert_eq!(billing.alarms(), ["double_paid"]);
    crate::sweep::sweep(&billing).await;
    let row = billing.store.payment(paid.merchant_uid()).await.unwrap().unwrap();
    assert_eq!((row.due_at, row.refunds.len()), (None, 1), "the second one went back, and all is done");
}

#[tokio::test]
async fn a_refund_in_the_console_is_adopted_and_an_older_record_does_not_undo_it() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    let hint = hint("order_1", paid.imp_uid().unwrap().as_str());
    let cancel = |amount: u64, status: PspStatus| {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
        record.cancel_amount = amount;
        record.status = status;
    };
    cancel(900, PspStatus::Paid);
    billing.notice(&hint).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::PartiallyRefunded);
    cancel(8_900, PspStatus::Cancelled);
    billing.notice(&hint).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::Refunded);
    cancel(0, PspStatus::Paid);
    billing.notice(&hint).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::Refunded, "refunds only ever grow");
}

#[tokio::test]
async fn two_payments_for_one_order_raise_an_alarm_and_the_first_one_stands() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    let second = billing.psp.world().record(&order("order_1"), PspStatus::Paid, START.plus(5));
    billing.notice(&hint("order_1", second.imp_uid.as_str())).await.unwrap();
    assert_eq!(billing.alarms(), ["double_paid"]);
    let row = billing.store.payment(paid.merchant_uid()).await.unwrap().unwrap();
    assert_eq!((row.state, row.imp_uid()), (State::Paid, paid.imp_uid()));
}

#[tokio::test]
async fn a_test_payment_is_no_payment_in_production() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    let record = billing.psp.world().record(&order("order_1"), PspStatus::Paid, START);
    billing.psp.world().payments.get_mut("order_1").unwrap().first_mut().unwrap().sandbox = true;
    billing.notice(&hint("order_1", record.imp_uid.as_str())).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::Suspect);
    assert_eq!(billing.alarms(), ["psp_mismatch"]);
}
