//! What a period costs, and why. Whatever names a price asks here: the order that is put, the difference of a change within a
//! period, and what is shown beforehand.

use serde::Serialize;

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
    parts: Vec<Part>,
}

impl<'a> Cost<'a> {
    fn new(price: &'a Price, parts: impl IntoIterator<Item = (Reason, i64)>) -> Self {
        let named = parts.into_iter().filter(|(_, amount)| *amount != 0);
        Self { price, parts: named.map(|(reason, amount)| Part { reason, amount }).collect() }
    }

    /// A whole period at a price, raised or lowered once.
    fn whole(price: &'a Price, adjustment: i64) -> Self {
        let adjusted = if adjustment < 0 { Reason::Credit } else { Reason::Difference };
        let whole = i64::try_from(price.whole().minor).unwrap_or(i64::MAX);
        Self::new(price, [(Reason::Plan, whole), (adjusted, adjustment)])
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
        Money { minor: u64::try_from(sum).unwrap_or(0), ..self.price.whole() }
    }

    /// The fields that go along, with the same shares of tax as the whole price has.
    pub(crate) fn details(&self) -> Details {
        self.price.details.clone().for_amount(self.amount().minor, self.price.whole().minor)
    }
}

impl Price {
    /// What a whole period costs.
    #[must_use]
    pub const fn whole(&self) -> Money {
        self.amount
    }
}

impl Subscription {
    /// What is charged for a period that is to come, and why. None for one that is over or paid, and for one beyond the last.
    #[must_use]
    pub fn cost(&self, period: u32) -> Option<Cost<'_>> {
        if self.is_beyond(period) || self.calendar.period(period).is_none() {
            return None;
        }
        match period.checked_sub(self.attempt.period)? {
            0 => Some(self.cost_of_next()),
            _ => Some(Cost::whole(self.next_plan.as_ref().map_or(&self.price, |plan| &plan.price), 0)),
        }
    }

    /// As [`Self::cost()`], for the period of the next attempt.
    #[must_use]
    pub fn cost_of_next(&self) -> Cost<'_> {
        Cost::whole(&self.price, self.adjustment)
    }

    /// What a whole period costs under the plan of the period that runs.
    #[must_use]
    pub fn running_price(&self) -> Money {
        self.running.unwrap_or(self.price.whole())
    }

    /// What a plan comes to that begins today, within a period that is paid: the difference for the days that are left.
    pub(crate) fn difference_to(&self, plan: &NextPlan, today: KstDay, period: &Period) -> Proration {
        Proration::new(self.running_price().minor, plan.price.whole().minor, today, period)
    }
}

impl Upgrade {
    /// What is charged before its plan begins, and why.
    #[must_use]
    pub fn cost(&self) -> Cost<'_> {
        let charged = i64::try_from(self.amount).unwrap_or(i64::MAX);
        let difference = charged.saturating_sub(self.credit);
        Cost::new(&self.plan.price, [(Reason::Difference, difference), (Reason::Credit, self.credit)])
    }
}
