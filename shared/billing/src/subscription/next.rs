//! What a step of a subscription comes to: the row, and the one thing that is to be done next.

use super::Subscription;
use crate::alarm::Alarm;
use crate::calendar::next_look;
use crate::ids::{ImpUid, MerchantUid};
use crate::order::Order;
use crate::payment::{Payment, State};
use crate::policy::Policy;
use crate::time::Timestamp;

/// The one thing that is to be done next. Each may be done twice without harm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Nothing, until the subscription is due.
    Wait,
    /// Look once more: the rows of another period or attempt decide now.
    Again,
    /// There is no row for this order yet: register it for this time, or charge it now.
    Put(Box<Order>, Option<Timestamp>),
    /// Take the schedule of this order back.
    Unschedule(MerchantUid),
    /// Give this payment back: it was not to be made, or the period was paid before.
    Refund(MerchantUid),
    /// Give back what the next charge was to be lowered by: none is to come.
    Credit,
}

/// The subscription after a step, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult {
    /// The row. It is written before anything else is done.
    pub row: Subscription,
    /// What comes next.
    pub next: Next,
    /// What a person must be told.
    pub alarms: Vec<Alarm>,
}

/// `policy`: where there is none, the next step comes to what its customer is to be told.
pub(super) fn stepped(
    row: &Subscription,
    now: Timestamp,
    policy: Option<&Policy>,
    decide: impl FnOnce(&mut Subscription, &mut Vec<Alarm>) -> Next,
) -> StepResult {
    let mut stepped = StepResult { row: row.clone(), next: Next::Wait, alarms: Vec::new() };
    stepped.next = decide(&mut stepped.row, &mut stepped.alarms);
    stepped.row.keep_deadline(now);
    // What nobody has agreed to yet is asked for, and told of once they have.
    let unagreed = |policy: &Policy| policy.asks_for_consent() && stepped.row.open_ask(now).is_some();
    if policy.is_some_and(|policy| !unagreed(policy)) {
        stepped.row.give_notice(now);
    }
    if stepped.row.owes_credit() && stepped.row.due_at.is_none() {
        // Whatever has ended it: nobody would look at it any more, and its customer is owed something.
        (stepped.row.looks, stepped.row.due_at) = (row.looks, row.due_at);
        look_again(&mut stepped.row, now);
    }
    if stepped.row != *row {
        stepped.row.updated_at = now;
    }
    stepped
}

pub(super) fn refund(
    row: &mut Subscription,
    payment: &Payment,
    first: &Payment,
    alarms: &mut Vec<Alarm>,
    now: Timestamp,
) -> Next {
    let twice = payment.merchant_uid() != first.merchant_uid();
    if let Some(imp_uid) = payment.imp_uid().filter(|_| twice) {
        let (merchant_uid, imp_uid): (MerchantUid, ImpUid) = (payment.merchant_uid().clone(), imp_uid.clone());
        alarms.push(Alarm::DoublePaid { merchant_uid, imp_uid });
    }
    look_again(row, now);
    Next::Refund(payment.merchant_uid().clone())
}

/// What is not on its way yet is taken back. What is cannot be; if it is paid, that is given back.
pub(super) fn unschedule(row: &mut Subscription, open: &Payment, now: Timestamp) -> Next {
    // Soon, whenever it is to run: the taking back may go wrong.
    look_again(row, now);
    match open.state {
        State::Scheduled | State::Intent => Next::Unschedule(open.merchant_uid().clone()),
        State::Claimed
        | State::Unknown
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Failed
        | State::Revoked
        | State::Suspect
        | State::Awaiting
        | State::Expired => Next::Wait,
    }
}

pub(super) fn look_again(row: &mut Subscription, now: Timestamp) {
    let next = next_look(now, row.looks, None);
    // Whoever looks before its time does not use up the calendar: callers who ask again and again would put the sweep off.
    let waits = |due_at: &Timestamp| row.looks > 0 && now < *due_at && *due_at <= next;
    if row.due_at.filter(waits).is_none() {
        row.due_at = Some(next);
        row.looks = row.looks.saturating_add(1);
    }
}
