//! What a change of the plan within a paid period comes to in money, so that no end of a subscription can leave it open.
//!
//! A dearer plan is charged for the days that are left before it begins: by a payment of its own, of the period that runs.
//! What a cheaper one leaves over lowers the next charge; where none is to come any more, it is given back.

use serde::{Deserialize, Serialize};

use super::attempts::{holds_money, is_of};
use super::next::{Next, look_again, refund, unschedule};
use super::plan::NextPlan;
use super::{Attempt, Subscription, SubscriptionState};
use crate::alarm::Alarm;
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::order::{Details, Order};
use crate::payment::refund::Origin;
use crate::payment::{Payment, Refund, State};
use crate::policy::Policy;
use crate::time::Timestamp;

/// Attempts from this number on are charges of differences. Those at a period itself are far fewer, and 40 characters hold it.
const FIRST: u32 = 1_000;
/// Most charges of differences within one period.
const TRIES_MAX: usize = 20;

/// A dearer plan that begins within the period that runs, once its difference is paid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Upgrade {
    /// The plan.
    pub plan: NextPlan,
    /// The charge of its difference.
    pub attempt: Attempt,
    /// What is charged, in minor units.
    pub amount: u64,
    /// What the next charge was to be lowered by, which is taken off this one instead: not above zero.
    pub credit: i64,
}

/// A charge of a difference that was made, or was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Difference {
    /// Which one it is.
    pub attempt: Attempt,
    /// Whether its plan has begun by it. What others of them bring goes back.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub kept: bool,
}

/// What was given back of a payment because no charge was to come that it could have lowered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Credit {
    /// The payment.
    pub attempt: Attempt,
    /// How much, in minor units.
    pub amount: u64,
}

impl Attempt {
    /// Whether it charges the difference of a dearer plan, and not a period.
    #[must_use]
    pub const fn is_difference(self) -> bool {
        self.number >= FIRST
    }
}

impl Subscription {
    /// The order by which the difference of a dearer plan is charged.
    pub(crate) fn upgrade_order(&self, upgrade: &Upgrade) -> Result<Order, Invalid> {
        let cost = self.cost_of_upgrade(upgrade);
        Ok(Order {
            merchant_uid: upgrade.attempt.merchant_uid(&self.id)?,
            customer_uid: Some(self.customer_uid.clone()),
            amount: cost.amount(),
            name: cost.name().to_owned(),
            // Less than a whole price is not paid in instalments.
            details: Details { card_quota: None, ..self.dated(cost.details(), cost.price(), upgrade.attempt.period) },
        })
    }

    /// Lets a dearer plan begin as soon as `amount` is paid. `None` if that was tried too often within this period.
    pub(crate) fn upgrade_to(&mut self, plan: NextPlan, amount: u64) -> Option<&Upgrade> {
        let period = self.attempt.period.checked_sub(1)?;
        let tried = self.differences.iter().filter(|it| it.attempt.period == period).count();
        let number = u32::try_from(tried).ok().filter(|_| tried < TRIES_MAX)?.checked_add(FIRST)?;
        let attempt = Attempt { period, number };
        self.differences.push(Difference { attempt, kept: false });
        Some(self.upgrade.insert(Upgrade { plan, attempt, amount, credit: self.adjustment.min(0) }))
    }

    /// Whether the difference that a payment brought is paid for a plan that has begun by it.
    pub(crate) fn keeps(&self, attempt: Attempt) -> bool {
        self.differences.iter().any(|it| it.attempt == attempt && it.kept)
    }

    /// Whether its customer is owed what the next charge was to be lowered by: none is to come.
    #[must_use]
    pub fn owes_credit(&self) -> bool {
        let over = self.ending.is_some() || !self.is_live();
        over && self.adjustment < 0
    }

    /// So much of a payment is recorded to go back to its customer.
    pub(crate) fn credited(&mut self, credit: Credit) {
        self.adjustment = self.adjustment.saturating_add_unsigned(credit.amount).min(0);
        self.credits.push(credit);
    }

    /// A period begins. What was tried within those before it is remembered only as far as it was kept.
    pub(super) fn forget_tried(&mut self) {
        self.differences.retain(|it| it.kept);
    }
}

/// Whether anything of a payment is under way, apart from money that goes back.
pub(super) fn is_under_way(payment: &Payment) -> bool {
    payment.due_at.is_some() && !payment.state.was_paid()
}

/// Whether the last that was left of a payment is what a cheaper plan left over, whoever gave back the rest of it before: that plan
/// was paid for. Whoever gives back the rest afterwards takes its period with it.
pub(super) fn is_credit(payment: &Payment) -> bool {
    let credit = |refund: &&Refund| refund.origin == Origin::Difference;
    payment.refunds.iter().filter(credit).any(|refund| refund.amount == refund.checksum)
}

/// Moves what a dearer plan waits for, by the payments of such differences and those of the current period. Nothing, if the
/// periods decide what is next. `held`: whether an attempt at a period before may still take money.
pub(super) fn settle(
    row: &mut Subscription,
    (differences, payments): (&[&Payment], &[&Payment]),
    held: bool,
    alarms: &mut Vec<Alarm>,
    (now, policy): (Timestamp, &Policy),
) -> Option<Next> {
    let number = |payment: &Payment| Attempt::of(payment.merchant_uid()).map(|(_, attempt)| attempt);
    let waited_for = row.upgrade.as_ref().map(|upgrade| upgrade.attempt);
    let unwanted = differences.iter().find(|payment| {
        let of = number(payment);
        holds_money(payment) && of != waited_for && of.is_some_and(|attempt| !row.keeps(attempt))
    });
    if let Some(payment) = unwanted {
        return Some(refund(row, payment, payment, alarms, now));
    }
    // It was not sent after all, and the plan it was for is not waited for any more: it never is.
    let left_over = differences
        .iter()
        .find(|payment| payment.state == State::Intent && payment.due_at.is_some() && number(payment) != waited_for);
    if let Some(payment) = left_over {
        return Some(unschedule(row, payment, now));
    }
    let upgrade = row.upgrade.clone()?;
    let runs = row.calendar.period(upgrade.attempt.period).is_some_and(|period| KstDay::of(now) < period.ends);
    let next_is_open = row.attempt.period.checked_sub(1) == Some(upgrade.attempt.period);
    let wanted = row.charges() && row.state == SubscriptionState::Active && runs && next_is_open;
    let Some(payment) = differences.iter().find(|payment| is_of(payment, upgrade.attempt)) else {
        if !wanted {
            return Some(drop_it(row, now));
        }
        // What is registered for the next period at the old price is taken back first, and what is left of the one before.
        if held || payments.iter().any(|payment| is_under_way(payment)) {
            return None;
        }
        // It was agreed to when it was asked for; by now that may be too long ago.
        if policy.asks_for_consent() && row.lacks_consent(row.cost_of_upgrade(&upgrade).whole_amount(), now) {
            return Some(drop_it(row, now));
        }
        let Ok(order) = row.upgrade_order(&upgrade) else { return Some(drop_it(row, now)) };
        look_again(row, now);
        return Some(Next::Put(Box::new(order), None));
    };
    if holds_money(payment) {
        if !next_is_open || !row.was_to_be_paid(payment) {
            row.upgrade = None;
            return Some(refund(row, payment, payment, alarms, now));
        }
        return Some(begin(row, upgrade, now));
    }
    let other_card = payment.order.customer_uid.as_ref() != Some(&row.customer_uid);
    if !is_under_way(payment) {
        // Taken back because another card was named since: it is put on that one.
        let again = payment.state == State::Revoked && other_card && wanted;
        if again && row.upgrade_to(upgrade.plan, upgrade.amount).is_some() {
            look_again(row, now);
            return Some(Next::Again);
        }
        return Some(drop_it(row, now));
    }
    // The period that it was for is over: what comes of it goes back, and the next one is not kept waiting.
    if !runs {
        return Some(drop_it(row, now));
    }
    if payment.state == State::Intent && (!wanted || other_card) {
        return Some(unschedule(row, payment, now));
    }
    look_again(row, now);
    Some(Next::Wait)
}

/// Its difference is paid: the plan begins.
fn begin(row: &mut Subscription, upgrade: Upgrade, now: Timestamp) -> Next {
    for difference in row.differences.iter_mut().filter(|it| it.attempt == upgrade.attempt) {
        difference.kept = true;
    }
    row.take_up(upgrade);
    drop_it(row, now)
}

fn drop_it(row: &mut Subscription, now: Timestamp) -> Next {
    row.upgrade = None;
    row.looks = 0;
    row.due_at = Some(now);
    Next::Again
}

impl Subscription {
    /// The plan begins whose difference is paid.
    pub(crate) fn take_up(&mut self, upgrade: Upgrade) {
        self.adjustment = self.adjustment.saturating_sub(upgrade.credit);
        self.begin_now(upgrade.plan);
        self.agreed = self.running;
        // Paid before the end: what is left of it is worth more now.
        self.owe_unused(upgrade.attempt.period, u64::MAX);
    }

    /// The plan of the period that runs, and of those after it, is this one.
    pub(crate) fn begin_now(&mut self, plan: NextPlan) {
        let runs = self.attempt.period.saturating_sub(1);
        self.running = Some(self.first_price_of(&plan, runs));
        self.plan_since = self.since_of(&plan, runs);
        (self.plan_id, self.price) = (plan.id, plan.price);
        self.remember_intro(runs);
        (self.next_plan, self.running_plan) = (None, None);
        (self.offer, self.asked, self.old_plan) = (None, None, None);
    }
}
