//! What the row of one attempt says about the period that it is of.

use super::{Attempt, Subscription};
use crate::calendar::first_overdue_look;
use crate::day::DAY_SECONDS;
use crate::payment::refund::Origin;
use crate::payment::{Payment, Refund, RefundState, State};
use crate::time::Timestamp;

/// Seconds that an attempt at a closed period is waited for at least: whoever has put it may be about to send it.
const UNDER_WAY_SECONDS: i64 = 3_600;

/// Whether a payment is of this attempt.
pub(super) fn is_of(payment: &Payment, attempt: Attempt) -> bool {
    Attempt::of(payment.merchant_uid()).is_some_and(|(_, of)| of == attempt)
}

/// Whether an attempt may still take money, or may have: it is to be made, or whether it was is not known for certain. One
/// that has taken money is not open any more, whatever is still owed to its customer: a refund that the PSP refuses is its own
/// row's business. So is money that is not what was ordered: a person decides about it.
pub(super) fn may_still_pay(payment: &Payment) -> bool {
    payment.due_at.is_some()
        && match payment.state {
            State::Intent
            | State::Claimed
            | State::Unknown
            | State::Scheduled
            | State::Failed
            | State::Revoked
            | State::Awaiting
            | State::Expired => true,
            State::Paid | State::PartiallyRefunded | State::Refunded | State::Suspect => false,
        }
}

/// Whether an attempt is waited for while nothing has paid its period: it may still pay, holds money that a person has to
/// decide about, or its money is on its way back.
pub(super) fn is_open(payment: &Payment, now: Timestamp) -> bool {
    let suspect = payment.state == State::Suspect && payment.due_at.is_some();
    // Of what has gone back nothing is waited for, whatever its refund's own record leaves open.
    let leaves = keeps_money(payment) && goes_back(payment).is_some_and(|refund| !is_stuck(refund, now));
    may_still_pay(payment) || suspect || leaves
}

/// Whether an attempt at a period that is closed holds up what follows: it may still take money. Nothing is put beside it
/// before the time of that has come, and its own is over; a PSP that never says what became of it stops nothing for ever.
#[must_use]
pub fn holds_up(row: &Subscription, earlier: &Payment, now: Timestamp) -> bool {
    let own = earlier.schedule_at().map_or(earlier.created_at, first_overdue_look);
    let until = row.attempt_at.max(own).max(earlier.created_at.plus(UNDER_WAY_SECONDS));
    may_still_pay(earlier) && now < until
}

/// The refund that gives all of it back which is left, while that is not done.
fn goes_back(payment: &Payment) -> Option<&Refund> {
    let gone = payment.record.as_ref().map_or(0, |record| record.cancel_amount);
    let left = payment.order.amount.minor.saturating_sub(gone);
    let all = |refund: &&Refund| refund.amount >= left && Some(&refund.imp_uid) == payment.imp_uid();
    // Another payment under the same number may be on its way back.
    payment.refunds.iter().filter(|refund| refund.state == RefundState::Pending).find(all)
}

/// Whether a refund does not come to its end: the PSP refuses it, or has not made it within a day. One that nobody has sent yet
/// still goes back.
fn is_stuck(refund: &Refund, now: Timestamp) -> bool {
    refund.refusal.is_some() || (refund.posts > 0 && refund.requested_at.plus(DAY_SECONDS) <= now)
}

fn keeps_money(payment: &Payment) -> bool {
    matches!(payment.state, State::Paid | State::PartiallyRefunded)
}

/// Whether the merchant has money by a payment, and is not about to give all of it back.
pub(super) fn holds_money(payment: &Payment) -> bool {
    keeps_money(payment) && goes_back(payment).is_none()
}

/// Whether the merchant has money by a payment that is to be given back and is not.
pub(super) fn stays_with_us(payment: &Payment, now: Timestamp) -> bool {
    let stuck = goes_back(payment).is_some_and(|refund| is_stuck(refund, now));
    keeps_money(payment) && stuck
}

/// Whether a payment was given back because it came after its customer was told that it had failed, or had ended it all.
pub(super) fn was_late(payment: &Payment) -> bool {
    let late = |refund: &Refund| matches!(refund.origin, Origin::LatePaid | Origin::Unwanted);
    payment.refunds.iter().any(|refund| late(refund) && Some(&refund.imp_uid) == payment.imp_uid())
}

pub(super) fn paid_at(payment: &Payment) -> Option<Timestamp> {
    payment.record.as_ref().and_then(|record| record.paid_at)
}
