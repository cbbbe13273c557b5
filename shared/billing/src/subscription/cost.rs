//! What a period costs, and why. Whatever names a price asks here: the order that is put, the difference of a change within a
//! period, and what is shown beforehand.

use serde::Serialize;

use super::period_price::PeriodPrice;
use super::plan::{NextPlan, Price};
use super::upgrade::Upgrade;
use super::{Period, Proration, Subscription};
use crate::day::KstDay;
use crate::money::Money;
use crate::order::Details;

/// Why a part of a charge is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// What a whole period of the plan costs.
    Plan,
    /// The same at the plan's introductory price.
    Introductory,
    /// What the days that are left of a period cost more under a dearer plan.
    Difference,
    /// What a cheaper plan left over.
    Credit,
}

impl Reason {
    /// The name used in replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Plan => "plan",
            Self::Introductory => "introductory",
            Self::Difference => "difference",
            Self::Credit => "credit",
        }
    }
}

/// One part of a charge.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// Why it is there.
    pub reason: Reason,
    /// How much, in minor units; below zero where it lowers the charge.
    pub amount: i64,
}

/// What is charged for a period or within it, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cost<'a> {
    price: &'a Price,
    whole: PeriodPrice,
    parts: Vec<Part>,
}

impl<'a> Cost<'a> {
    fn new(price: &'a Price, whole: PeriodPrice, parts: impl IntoIterator<Item = (Reason, i64)>) -> Self {
        let named = parts.into_iter().filter(|(_, amount)| *amount != 0);
        Self { price, whole, parts: named.map(|(reason, amount)| Part { reason, amount }).collect() }
    }

    /// A plan's period with this number, raised or lowered once.
    fn whole(price: &'a Price, number: u32, adjustment: i64) -> Self {
        let whole = price.of_period(number);
        let reason = if whole.is_intro { Reason::Introductory } else { Reason::Plan };
        let adjusted = if adjustment < 0 { Reason::Credit } else { Reason::Difference };
        let amount = i64::try_from(whole.amount.minor).unwrap_or(i64::MAX);
        Self::new(price, whole, [(reason, amount), (adjusted, adjustment)])
    }

    /// What the customer reads on the receipt.
    #[must_use]
    pub fn name(&self) -> &'a str {
        &self.price.name
    }

    /// The price that it is counted from.
    #[must_use]
    pub const fn price(&self) -> &'a Price {
        self.price
    }

    /// Its parts. They add up to the amount, unless that would be below zero.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// What is charged.
    #[must_use]
    pub fn amount(&self) -> Money {
        let sum = self.parts.iter().fold(0_i64, |sum, part| sum.saturating_add(part.amount));
        Money { minor: u64::try_from(sum).unwrap_or(0), ..self.whole.amount }
    }

    /// What the whole period costs, before anything is raised or lowered once.
    #[must_use]
    pub const fn whole_amount(&self) -> Money {
        self.whole.amount
    }

    /// The fields that go along, with the same shares of tax as the whole price has.
    pub(crate) fn details(&self) -> Details {
        self.whole.details(self.price).for_amount(self.amount().minor, self.whole.amount.minor)
    }
}

impl Subscription {
    /// What is charged for a period that is to come, and why. None for one that is over or paid, and for one beyond the last.
    #[must_use]
    pub fn cost(&self, period: u32) -> Option<Cost<'_>> {
        if self.is_beyond(period) || self.calendar.period(period).is_none() {
            return None;
        }
        let later = period.checked_sub(self.attempt.period)?;
        match &self.next_plan {
            _ if later == 0 => Some(self.cost_of_next()),
            Some(plan) => {
                let since = self.since_of(plan, self.first_of(plan));
                Some(Cost::whole(&plan.price, period.saturating_sub(since), 0))
            }
            None => Some(Cost::whole(&self.price, period.saturating_sub(self.plan_since), 0)),
        }
    }

    /// As [`Self::cost()`], for the period of the next attempt.
    #[must_use]
    pub fn cost_of_next(&self) -> Cost<'_> {
        Cost::whole(&self.price, self.attempt.period.saturating_sub(self.plan_since), self.adjustment)
    }

    /// What is charged before the plan of an upgrade begins, and why.
    #[must_use]
    pub fn cost_of_upgrade<'a>(&self, upgrade: &'a Upgrade) -> Cost<'a> {
        let charged = i64::try_from(upgrade.amount).unwrap_or(i64::MAX);
        let difference = charged.saturating_sub(upgrade.credit);
        let whole = self.first_period_of(&upgrade.plan, upgrade.attempt.period);
        Cost::new(&upgrade.plan.price, whole, [(Reason::Difference, difference), (Reason::Credit, upgrade.credit)])
    }

    /// The period with which the plan that comes later begins.
    pub(super) fn first_of(&self, next: &NextPlan) -> u32 {
        self.attempt.period.saturating_add(u32::from(!next.with_next_attempt))
    }

    /// What a whole period costs under the plan of the period that runs.
    #[must_use]
    pub fn running_price(&self) -> Money {
        self.running.unwrap_or(self.price.amount)
    }

    /// What a plan comes to that begins today, within a period that is paid: the difference for the days that are left.
    pub(crate) fn difference_to(&self, plan: &NextPlan, today: KstDay, period: &Period) -> Proration {
        let whole = self.first_price_of(plan, period.number);
        Proration::new(self.running_price().minor, whole.minor, today, period)
    }
}
