//! How a period comes to its end: paid, given back, passed, or with the subscription itself.

use super::attempts::{is_of, may_still_pay};
use super::next::{Next, unschedule};
use super::upgrade::is_credit;
use super::{Attempt, ClosedPeriod, Ending, Subscription, SubscriptionState};
use crate::day::KstDay;
use crate::payment::{Payment, State};
use crate::time::Timestamp;

impl Subscription {
    /// Somebody ends it. Ending it again changes nothing; a later wish may bring the end forward, never put it off. `held`: how
    /// much of the running period can be given back, where the days that are not used are.
    pub(crate) fn end(&mut self, ending: Ending, held: Option<u64>, by_merchant: bool, now: Timestamp) {
        let over = self.state == SubscriptionState::Completed
            || (self.state == SubscriptionState::Canceled && self.ending.is_some());
        let sooner = matches!(self.ending, Some((Ending::AtPeriodEnd, _))) && ending == Ending::Now;
        // What was given up may be paid late and go on; what somebody has ended may not.
        if over || (self.ending.is_some() && !sooner) {
            return;
        }
        // What was charged after the first wish stays unwanted.
        self.ending = Some((ending, self.ending.map_or(now, |(_, asked_at)| asked_at)));
        self.ended_by_merchant |= by_merchant;
        if ending == Ending::Now {
            let runs = self.paid_period(KstDay::of(now));
            self.state = SubscriptionState::Canceled;
            self.access_until = self.access_until.map(|until| until.min(now));
            self.unused = held.map(|_| Vec::new());
            if let Some((period, held)) = runs.zip(held) {
                self.owe_unused(period.number, held);
            }
        }
    }
}

/// Nobody keeps what was given back in full.
pub(super) fn withdraw_access(row: &mut Subscription, payment: &Payment, period: u32, now: Timestamp) {
    let end = row.calendar.period(period).map(|period| period.ends.start());
    if payment.state == State::Refunded && !is_credit(payment) && end.is_some() && row.access_until == end {
        row.access_until = end.map(|end| end.min(now));
    }
}

/// The current period is paid. Another attempt that is still to be made would pay it twice: it is taken back from the next
/// period, where nothing is put before it is off. After the last period there is none, and so it is taken back first.
pub(super) fn close_unless_last(row: &mut Subscription, payment: &Payment, all: &[&Payment], now: Timestamp) -> Next {
    let open = all.iter().copied().find(|other| may_still_pay(other));
    match open.filter(|_| row.following(now).is_none() && !row.is_over(now)) {
        Some(open) => {
            grant(row);
            // The payment may go back after all. What is tried then has a number of its own: what is taken back here is not
            // mistaken for what somebody stopped in the PSP's console.
            if is_of(open, row.attempt) {
                row.next_attempt(now);
            }
            unschedule(row, open, now)
        }
        None => close(row, payment, now),
    }
}

/// Its customer has the current period from now on.
pub(super) fn grant(row: &mut Subscription) {
    if let Some(period) = row.calendar.period(row.attempt.period) {
        let end = period.ends.start();
        row.access_until = match row.ending {
            Some((Ending::Now, asked_at)) => Some(end.min(asked_at)),
            Some((Ending::AtPeriodEnd, _)) | None => Some(end),
        };
    }
    // Late money takes up again what was given up; what somebody stopped or ended stays so, and what is completed.
    if row.ending.is_none() && !matches!(row.state, SubscriptionState::Paused | SubscriptionState::Completed) {
        row.state = SubscriptionState::Active;
    }
}

/// The current period is paid: on to the next.
fn close(row: &mut Subscription, payment: &Payment, now: Timestamp) -> Next {
    let settled = row.state == SubscriptionState::Completed;
    grant(row);
    let paid = Attempt::of(payment.merchant_uid()).map(|(_, of)| of.number);
    if !settled {
        row.settle(paid, payment.order.amount);
        // It was paid before its customer ended it, and nobody knew.
        row.owe_unused(row.attempt.period, u64::MAX);
    }
    skip(row, paid, now)
}

/// Nothing more is to come of the current period. Periods that passed meanwhile are not charged: nobody pays for a
/// month that is over.
pub(super) fn skip(row: &mut Subscription, paid: Option<u32>, now: Timestamp) -> Next {
    let next = row.next_period(now);
    let is_last = row.is_beyond(next);
    row.running_plan = None;
    if let Some(plan) = row.next_plan.take_if(|_| !is_last) {
        // A calendar that ends goes on in the interval that it has.
        row.calendar.change(next, plan.interval).ok();
        row.turn_after(plan, next);
    }
    let Some(period) = row.calendar.period(next).filter(|_| !is_last) else {
        let before = row.state;
        rest(row, now);
        if row.ending.is_none() {
            (row.state, row.due_at) = (SubscriptionState::Completed, None);
        }
        // Somebody may have put an attempt in this very moment: it is seen once this is written.
        return if row.state == before { Next::Wait } else { Next::Again };
    };
    row.offer = None;
    row.closed_periods.push(ClosedPeriod { attempts: row.attempt.number.saturating_add(1), paid });
    row.closed_periods.resize(usize::try_from(next).unwrap_or(usize::MAX), ClosedPeriod::default());
    row.attempt = Attempt { period: next, number: 0 };
    row.carried.clear();
    row.forget_tried();
    row.attempt_at = period.due_at;
    row.declines = 0;
    row.looks = 0;
    row.due_at = Some(now);
    Next::Again
}

/// Nothing is charged any more, or for now.
pub(super) fn rest(row: &mut Subscription, now: Timestamp) -> Next {
    row.looks = 0;
    row.due_at = match row.ending {
        Some((Ending::AtPeriodEnd, _)) if row.state.charges() => row.access_until.filter(|end| now < *end),
        _ => None,
    };
    if row.ending.is_some() && row.due_at.is_none() {
        row.state = SubscriptionState::Canceled;
    }
    Next::Wait
}
