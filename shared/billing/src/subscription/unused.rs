//! What is given back of a period that its customer has paid for, and that is ended within: the days that nobody uses any more.
//!
//! It is owed like the rest that a cheaper plan leaves over: the row says how much before anybody is asked for it, and is looked
//! at until it is recorded to go back.

use serde::{Deserialize, Serialize};

use super::periods::Period;
use super::{Ending, Subscription};
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::money::Money;

/// What is given back when a subscription is ended at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundPolicy {
    /// Nothing of the period that runs.
    #[default]
    None,
    /// The days of it that are not used.
    Unused,
}

impl RefundPolicy {
    /// Reads `none` or `unused`.
    ///
    /// # Errors
    /// `refund_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let all = [Self::None, Self::Unused];
        all.into_iter().find(|it| it.name() == text).ok_or_else(|| Invalid::field("refund", "none or unused"))
    }

    /// The name used in rows, requests and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Unused => "unused",
        }
    }

    /// Whether it is the one that holds unless a plan says otherwise.
    #[must_use]
    pub const fn is_none(&self) -> bool {
        matches!(self, Self::None)
    }
}

/// The days of one period that are given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UnusedDays {
    /// The period.
    pub period: u32,
    /// Its days that are not used: that of the end is.
    pub days_left: i64,
    /// Days of the whole period.
    pub days: i64,
    /// What is given back for them, in minor units.
    pub amount: u64,
}

impl UnusedDays {
    /// The share of `price` that the days after `today` have, `held` at most. Fractions are the customer's.
    #[must_use]
    pub fn new(period: &Period, price: Money, held: u64, today: KstDay) -> Self {
        let days = period.starts.days_until(period.ends).max(1);
        let days_left = today.next().days_until(period.ends).clamp(0, days);
        let share = i128::from(price.minor) * i128::from(days_left);
        let share = u64::try_from(share.saturating_add(i128::from(days) - 1) / i128::from(days)).unwrap_or(0);
        Self { period: period.number, days_left, days, amount: share.min(held) }
    }
}

impl Subscription {
    /// The period that runs, if its customer has paid for it and has it until its end.
    pub(crate) fn paid_period(&self, today: KstDay) -> Option<Period> {
        let number = self.attempt.period.checked_sub(1)?;
        let period = self.calendar.period(number).filter(|it| today < it.ends)?;
        // One that was never paid, or was given back, has nothing left to be counted.
        (self.access_until == Some(period.ends.start())).then_some(period)
    }

    /// What is given back in all for days that are not used, in minor units.
    #[must_use]
    pub fn unused_amount(&self) -> u64 {
        self.unused.iter().flatten().map(|it| it.amount).fold(0, u64::saturating_add)
    }

    /// Owes its customer the days of a paid period after its end, if it was ended so. What was owed for it before is part of
    /// that. `held`: how much can be given back of it.
    pub(super) fn owe_unused(&mut self, period: u32, held: u64) {
        let price = self.running_price();
        let ended = matches!(self.ending, Some((Ending::Now, _)));
        let Some((end, period)) = self.access_until.zip(self.calendar.period(period)).filter(|_| ended) else { return };
        let Some(all) = &mut self.unused else { return };
        let owed = UnusedDays::new(&period, price, held, KstDay::of(end));
        let before = all.iter().find(|it| it.period == owed.period).map_or(0, |it| it.amount);
        let more = owed.amount.saturating_sub(before);
        if more > 0 {
            all.retain(|it| it.period != owed.period);
            all.push(owed);
            self.adjustment = self.adjustment.saturating_sub_unsigned(more);
        }
    }
}
