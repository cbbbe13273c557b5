//! The periods of a subscription over its whole life: another plan may count them in other intervals.

use serde::{Deserialize, Serialize};

use super::periods::{Interval, Period, Periods};
use crate::day::KstDay;
use crate::invalid::Invalid;

/// Periods, numbered through from 0, whatever they were counted in. Each change begins where a period ends, so they tile.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Calendar {
    /// The number that each stretch begins with, and its periods. The first begins with 0.
    stretches: Vec<(u32, Periods)>,
}

impl Calendar {
    /// Periods of one kind.
    #[must_use]
    pub fn new(periods: Periods) -> Self {
        Self { stretches: vec![(0, periods)] }
    }

    /// The periods that the last stretch is counted in.
    #[must_use]
    pub fn latest(&self) -> Option<&Periods> {
        self.stretches.last().map(|(_, periods)| periods)
    }

    /// What the period with this number is counted in.
    #[must_use]
    pub fn interval_of(&self, number: u32) -> Option<Interval> {
        self.stretches.iter().rfind(|(first, _)| *first <= number).map(|(_, periods)| periods.interval())
    }

    /// The period with this number. `None` once the calendar ends.
    #[must_use]
    pub fn period(&self, number: u32) -> Option<Period> {
        let (first, periods) = self.stretches.iter().rfind(|(first, _)| *first <= number)?;
        // A stretch begins on the day on which the one before it would have gone on: the last period before it ends there.
        Some(Period { number, ..periods.period(number.checked_sub(*first)?)? })
    }

    /// The period that `day` falls in. `None` before the first one, and once the calendar ends.
    #[must_use]
    pub fn period_on(&self, day: KstDay) -> Option<Period> {
        let begun = |periods: &Periods| periods.period(0).is_some_and(|first| first.starts <= day);
        let (first, periods) = self.stretches.iter().rfind(|(_, periods)| begun(periods))?;
        self.period(first.checked_add(periods.period_on(day)?.number)?)
    }

    /// Counts in another interval from the period with this number on, which begins on the day that it would have begun on
    /// anyway.
    ///
    /// # Errors
    /// `interval_count_invalid` beyond the calendar.
    pub fn change(&mut self, number: u32, interval: Interval) -> Result<(), Invalid> {
        let beyond = || Invalid::field("interval_count", "periods within the calendar");
        let starts = self.period(number).ok_or_else(beyond)?.starts;
        let latest = self.latest().ok_or_else(beyond)?;
        if latest.interval() == interval {
            return Ok(());
        }
        let anchor_day = self.stretches.iter().rev().find_map(|(_, periods)| periods.anchor_day());
        let periods = latest.changed(starts, interval, anchor_day)?;
        self.stretches.retain(|(first, _)| *first < number);
        self.stretches.push((number, periods));
        Ok(())
    }
}
