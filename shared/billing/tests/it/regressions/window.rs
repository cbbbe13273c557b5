//! Sequences around the PG's window and around keys that are replaced, each as the simulation found it.

use billing::checkout::Window;
use billing::key::KeyState;
use billing::order::Order;
use billing::payment::{Evidence, Payment, PaymentSnapshot, PspStatus, ScheduleStatus, Source, State, apply};
use billing::policy::LatePaidPolicy;
use billing::ports::{Clock, KeyStore};
use billing::usecase::{Caller, KeyDeleted, NewCheckout, PrepareKey, ScheduleDisposition, WebhookHint};
use billing::{CustomerUid, MerchantUid, Money};

use super::{DAY, scheduled};
use crate::fixture::payments::order_1;
use crate::fixture::{
    Act, START, TestBilling, TestWorld, another_card, billing, card_window, customer, key_state, order, secret,
};
use crate::sweep::{sweep, sweeps};

/// When a window is not waited for any more, in seconds.
const CLOSED: i64 = DAY + 3_600;

fn in_window() -> Order {
    Order { customer_uid: None, ..order("order_1") }
}

async fn opened() -> TestBilling {
    opened_for("card").await
}

async fn opened_for(pay_method: &str) -> TestBilling {
    let billing = billing().await;
    let window = Window { pay_method: pay_method.to_owned(), ..card_window() };
    let new = NewCheckout { order: in_window(), customer_id: customer("kim"), window };
    assert_eq!(billing.checkout(new).await.unwrap().row.state, State::Awaiting);
    billing
}

fn paid(billing: &TestBilling, status: PspStatus) -> PaymentSnapshot {
    let now = billing.host.now();
    billing.psp.world().record(&in_window(), status, now)
}

/// An account that waits for its deposit for a day.
fn account(billing: &TestBilling) -> PaymentSnapshot {
    paid(billing, PspStatus::Ready);
    let due = billing.host.now().plus(DAY);
    let mut world = billing.psp.world();
    let record = world.payments.get_mut("order_1").unwrap().last_mut().unwrap();
    record.details.vbank_num = Some("56123456789012".to_owned());
    record.details.vbank_date = Some(due);
    record.clone()
}

async fn complete(billing: &TestBilling, record: &PaymentSnapshot) -> Payment {
    billing.complete(&Caller::Customer(customer("kim")), "order_1", &record.imp_uid).await.unwrap()
}

async fn notice(billing: &TestBilling, record: &PaymentSnapshot) {
    let merchant_uid = MerchantUid::parse(&record.merchant_uid).unwrap();
    billing.notice(&WebhookHint { imp_uid: record.imp_uid.clone(), merchant_uid }).await.unwrap();
}

#[tokio::test]
async fn a_failed_attempt_settles_nothing_while_the_others_are_not_known() {
    let billing = opened().await;
    let failed = paid(&billing, PspStatus::Failed);
    paid(&billing, PspStatus::Paid);
    billing.psp.world().listing.single_looks_fail = true;
    assert_eq!(complete(&billing, &failed).await.state, State::Awaiting, "202");
    billing.psp.world().listing.single_looks_fail = false;
    sweeps(&billing, 1, 1).await;
    assert_eq!((order_1(&billing).await.state, billing.alarms()), (State::Paid, vec![]));
}

#[tokio::test]
async fn an_order_that_was_told_failed_is_looked_at_once_more_when_its_window_closes() {
    let billing = opened().await;
    let failed = paid(&billing, PspStatus::Failed);
    assert_eq!(complete(&billing, &failed).await.state, State::Failed, "402");
    // In another tab; its webhook is lost.
    paid(&billing, PspStatus::Paid);
    sweeps(&billing, 2, DAY).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at, billing.alarms()), (State::Paid, None, vec!["late_paid"]));
}

#[tokio::test]
async fn a_deposit_on_an_account_that_was_issued_too_late_is_late_money() {
    for late_paid in [LatePaidPolicy::Accept, LatePaidPolicy::Refund] {
        let mut billing = opened_for("vbank").await;
        billing.policy.late_paid = late_paid;
        sweeps(&billing, 1, CLOSED).await;
        assert_eq!(order_1(&billing).await.state, State::Expired, "told 409");
        let issued = account(&billing);
        notice(&billing, &issued).await;
        assert_eq!(order_1(&billing).await.state, State::Awaiting);
        let now = billing.host.now();
        if let Some(record) = billing.psp.world().payments.get_mut("order_1").unwrap().last_mut() {
            (record.status, record.paid_at) = (PspStatus::Paid, Some(now));
        }
        notice(&billing, &issued).await;
        sweeps(&billing, 1, 1).await;
        assert_eq!(billing.alarms(), ["late_paid"]);
        let kept = if late_paid == LatePaidPolicy::Accept { State::Paid } else { State::Refunded };
        assert_eq!(order_1(&billing).await.state, kept);
    }
}

#[tokio::test]
async fn money_that_the_psp_refuses_to_give_back_is_asked_for_more_and_more_rarely() {
    let billing = opened().await;
    notice(&billing, &paid(&billing, PspStatus::Paid)).await;
    let second = paid(&billing, PspStatus::Paid);
    notice(&billing, &second).await;
    billing.psp.will(vec![Act::Refuse(1); 100]);
    billing.psp.world().posts.clear();
    // A day of ticks.
    sweeps(&billing, 288, 300).await;
    let tries = billing.psp.world().posts.len();
    assert!((20..=30).contains(&tries), "{tries} tries a day");
    assert_eq!(order_1(&billing).await.state, State::Paid);
}

#[tokio::test]
async fn a_suspect_order_whose_account_still_waits_waits_on_once_the_wrong_money_is_gone() {
    let billing = opened_for("vbank").await;
    account(&billing);
    let mut wrong = in_window();
    wrong.amount.minor = 1;
    let wrong = billing.psp.world().record(&wrong, PspStatus::Paid, START);
    notice(&billing, &wrong).await;
    assert_eq!(order_1(&billing).await.state, State::Suspect);
    if let Some(record) = billing.psp.world().payments.get_mut("order_1").unwrap().last_mut() {
        (record.status, record.cancel_amount) = (PspStatus::Cancelled, 1);
    }
    sweeps(&billing, 1, 901).await;
    assert_eq!(order_1(&billing).await.state, State::Awaiting);
    sweeps(&billing, 12, DAY / 3).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Expired, None));
}

/// A window that only issues a key.
async fn prepared(billing: &TestBilling) -> CustomerUid {
    let request = PrepareKey {
        customer_id: customer("kim"),
        idempotency_key: "window-1".to_owned(),
        merchant_uid: None,
        amount: Money::krw(0),
        name: "카드 등록".to_owned(),
        details: order("order_1").details,
        window: Window { pg: Some("html5_inicis".to_owned()), ..card_window() },
    };
    billing.prepare_key(request, &secret()).await.unwrap().key.customer_uid
}

/// Its customer goes through it.
fn issued(billing: &TestBilling, uid: &CustomerUid) -> PaymentSnapshot {
    let now = billing.host.now();
    let mut world = billing.psp.world();
    let mut key = world.keys["key1"].clone();
    key.customer_uid = uid.to_string();
    world.keys.insert(uid.to_string(), key);
    let merchant_uid = MerchantUid::parse(uid.as_str()).unwrap();
    let shown = Order { merchant_uid, customer_uid: Some(uid.clone()), amount: Money::krw(0), ..order("order_1") };
    world.record(&shown, PspStatus::Paid, now);
    let record = world.payments.get_mut(uid.as_str()).unwrap().last_mut().unwrap();
    record.details.customer_uid_usage = Some("issue".to_owned());
    record.clone()
}

#[tokio::test]
async fn a_key_that_an_open_window_issues_again_after_it_was_deleted_is_deleted_again() {
    let billing = billing().await;
    let uid = prepared(&billing).await;
    notice(&billing, &issued(&billing, &uid)).await;
    assert_eq!(key_state(&billing, uid.as_str()).await, KeyState::Active);
    let deleted = billing.delete_key(&Caller::Merchant, uid.as_str(), ScheduleDisposition::InTheWay).await;
    assert_eq!(deleted, Ok(KeyDeleted::Done));
    notice(&billing, &issued(&billing, &uid)).await;
    assert_eq!((key_state(&billing, uid.as_str()).await, billing.alarms()), (KeyState::Deleted, vec!["orphan_key"]));
    assert!(!billing.psp.world().keys.contains_key(uid.as_str()));
}

#[tokio::test]
async fn a_key_that_was_issued_too_late_in_silence_is_found_by_the_daily_comparison() {
    let billing = billing().await;
    let uid = prepared(&billing).await;
    sweeps(&billing, 1, CLOSED).await;
    assert_eq!(key_state(&billing, uid.as_str()).await, KeyState::Abandoned);
    issued(&billing, &uid);
    billing.advance(DAY);
    billing.compare(billing.host.now().plus(3_600)).await.unwrap();
    sweep(&billing).await;
    assert_eq!(billing.alarms(), ["orphan_key"], "and not as a payment without a row");
    assert!(!billing.psp.world().keys.contains_key(uid.as_str()));
    let row = billing.store.key(&uid).await.unwrap().unwrap();
    assert_eq!((row.state, row.due_at), (KeyState::Abandoned, None));
}

async fn replace(billing: &TestBilling, uid: &str, to: &CustomerUid) -> KeyDeleted {
    billing.delete_key(&Caller::Merchant, uid, ScheduleDisposition::MoveTo(to.clone())).await.unwrap()
}

#[tokio::test]
async fn a_refusal_on_the_next_key_ends_nothing_before_it_was_tried_for_two_hours() {
    let billing = billing().await;
    let to = another_card(&billing, "request-2", "4242424242424242").await;
    scheduled(&billing, START.plus(3 * DAY)).await;
    billing.psp.will([Act::Approve, Act::Lose]);
    replace(&billing, "key1", &to).await;
    let row = order_1(&billing).await;
    let claim = row.claim.clone().unwrap().nonce;
    let refusal = billing::payment::Refusal { code: -1, message: "거절".to_owned() };
    let seen = Evidence::Posted { claim, outcome: billing::payment::PostFailure::Refused(refusal) };
    let after = |posts| {
        let row = Payment { posts, ..row.clone() };
        apply(&row, &seen, Source::Reply, START.plus(10), &billing.policy).row.state
    };
    assert_eq!((after(2), after(5), after(6)), (State::Unknown, State::Unknown, State::Failed));
}

#[tokio::test]
async fn a_schedule_follows_when_its_next_key_is_replaced_before_it_got_there() {
    let billing = billing().await;
    let (second, third) = (
        another_card(&billing, "request-2", "4242424242424242").await,
        another_card(&billing, "request-3", "4242424242424242").await,
    );
    scheduled(&billing, START.plus(3 * DAY)).await;
    billing.psp.will([Act::Lose]);
    assert!(matches!(replace(&billing, "key1", &second).await, KeyDeleted::Pending(_)));
    assert_eq!(replace(&billing, second.as_str(), &third).await, KeyDeleted::Done);
    sweeps(&billing, 6, 160).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.order.customer_uid.as_ref()), (State::Scheduled, Some(&third)));
    let schedule = billing.psp.world().schedules["order_1"].clone();
    assert_eq!((schedule.customer_uid.as_str(), schedule.schedule_status), (third.as_str(), ScheduleStatus::Scheduled));
}

#[tokio::test]
async fn a_schedule_that_is_on_its_next_key_already_does_not_go_there_again() {
    let billing = billing().await;
    let to = another_card(&billing, "request-2", "4242424242424242").await;
    billing.psp.will([Act::Unreachable]);
    assert_eq!(scheduled(&billing, START.plus(DAY)).await, State::Intent);
    let seen = Evidence::KeyReplaced(to.clone());
    let there = apply(&order_1(&billing).await, &seen, Source::Claim, START, &billing.policy).row;
    assert_eq!((there.former_keys.len(), there.order.customer_uid.as_ref()), (1, Some(&to)));
    assert_eq!(apply(&there, &seen, Source::Claim, START.plus(1), &billing.policy).row, there);
}

#[tokio::test]
async fn a_schedule_that_no_key_is_left_for_fails_with_an_alarm() {
    let billing = billing().await;
    let to = another_card(&billing, "request-2", "4242424242424242").await;
    billing.psp.will([Act::Unreachable]);
    assert_eq!(scheduled(&billing, START.plus(DAY)).await, State::Intent);
    let moved = apply(&order_1(&billing).await, &Evidence::KeyReplaced(to), Source::Claim, START, &billing.policy).row;
    let applied = apply(&moved, &Evidence::KeyInactive, Source::Claim, START, &billing.policy);
    let alarms: Vec<&str> = applied
        .effects
        .iter()
        .filter_map(|effect| match effect {
            billing::payment::Effect::Alarm(alarm) => Some(alarm.name()),
            billing::payment::Effect::Fetch(_) => None,
        })
        .collect();
    assert_eq!((applied.row.state, alarms), (State::Failed, vec!["schedule_revoked"]));
}
