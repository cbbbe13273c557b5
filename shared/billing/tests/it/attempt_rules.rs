//! Subscriptions: which attempt closes a period, which goes back, and what a card or a deadline changes.

mod calendar;
mod money;
mod names;
mod time;

use billing::payment::{Payment, PspStatus, State};
use billing::subscription::{Attempt, ClosedPeriod, StepContext, StepResult, Subscription};
use billing::usecase::NewSubscription;
use billing::{ImpUid, Timestamp};

use crate::fixture::billing;
use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, row};
use crate::subscription::wanted;

const DAY: i64 = 86_400;
const PRICE: u64 = 8_900;

/// One whose first period is paid and whose second is to be charged at its `attempt_at`, and that first payment.
async fn first_paid(new: NewSubscription) -> (Subscription, Payment) {
    let billing = billing().await;
    let id = begun(&billing, new).await;
    let row = row(&billing, &id).await;
    assert_eq!(row.attempt, Attempt { period: 1, number: 0 });
    let first = payment(&billing, &format!("{id}p0t0")).await;
    assert_eq!(first.state, State::Paid);
    (row, first)
}

/// The same when the second period's try of this number is next.
fn at_try(row: &Subscription, number: u32) -> Subscription {
    Subscription { attempt: Attempt { period: 1, number }, ..row.clone() }
}

/// A payment as the first period's, but for this attempt and at this time.
fn paid(row: &Subscription, like: &Payment, (period, number): (u32, u32), at: Timestamp) -> Payment {
    let mut payment = like.clone();
    payment.order.merchant_uid = Attempt { period, number }.merchant_uid(&row.id).unwrap();
    let record = payment.record.as_mut().unwrap();
    record.merchant_uid = payment.order.merchant_uid.to_string();
    record.imp_uid = ImpUid::parse(&format!("imp_9{period:05}{number:06}")).unwrap();
    record.paid_at = Some(at);
    payment.created_at = at;
    payment
}

/// A declined attempt.
fn declined(payment: &Payment) -> Payment {
    let mut payment = Payment { state: State::Failed, ..payment.clone() };
    let record = payment.record.as_mut().unwrap();
    (record.status, record.failed_at) = (PspStatus::Failed, record.paid_at.take());
    payment
}

fn stepped(row: &Subscription, payments: &[Payment], now: Timestamp) -> StepResult {
    crate::step_rules::stepped(row, payments, &StepContext::default(), now)
}

/// What became of the second period, once it is closed.
fn closed(stepped: &StepResult) -> Option<ClosedPeriod> {
    stepped.row.closed_periods.get(1).copied()
}

#[tokio::test]
async fn a_payment_is_one_too_many_once_another_attempt_has_paid_its_period() {
    let (mut row, first) = first_paid(wanted()).await;
    row.closed_periods = vec![ClosedPeriod { attempts: 2, paid: Some(1) }, ClosedPeriod { attempts: 1, paid: None }];
    row.attempt = Attempt { period: 2, number: 0 };
    let beside = |of| row.is_paid_by_another(&paid(&row, &first, of, row.attempt_at));
    assert!(beside((0, 0)) && beside((0, 2)), "the second attempt has paid that period");
    assert!(!beside((0, 1)), "it is the one that has paid");
    assert!(!beside((1, 0)), "nothing has paid that period");
    assert!(!beside((2, 0)) && !beside((3, 0)), "not closed yet");
    let mut foreign = first.clone();
    foreign.order.merchant_uid = crate::fixture::order("order_1").merchant_uid;
    assert!(!row.is_paid_by_another(&foreign), "no subscription's");
}

#[tokio::test]
async fn the_period_before_is_the_last_one_that_anything_was_tried_for() {
    let (mut row, _) = first_paid(wanted()).await;
    row.attempt = Attempt { period: 5, number: 0 };
    // Each way in which five periods were tried or had passed.
    for tried in 0_u32..32 {
        row.closed_periods =
            (0..5).map(|period| ClosedPeriod { attempts: (tried >> period) & 1, paid: None }).collect();
        assert_eq!(row.tried_before(), tried.checked_ilog2(), "{tried:05b}");
    }
}
