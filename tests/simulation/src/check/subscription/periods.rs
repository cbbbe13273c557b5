//! When the periods of a subscription begin, reckoned here by ourselves: with nothing of `billing`'s calendar, and no date
//! library. Days are counted from 1970-01-01 by their date in Seoul.

use billing::subscription::{Interval, Unit};

const DAY: i64 = 86_400;
const SEOUL: i64 = 9 * 3_600;

/// Which day it is in Seoul.
#[must_use]
pub const fn day_of(seconds: i64) -> i64 {
    (seconds + SEOUL).div_euclid(DAY)
}

/// Its first second.
#[must_use]
pub const fn midnight(day: i64) -> i64 {
    day * DAY - SEOUL
}

const fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

/// Days of a month; January is 0.
const fn length(year: i64, month: i64) -> i64 {
    match month {
        1 if is_leap(year) => 29,
        1 => 28,
        3 | 5 | 8 | 10 => 30,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of January of a year.
const fn new_year(year: i64) -> i64 {
    let before = year - 1;
    365 * (year - 1970) + (before / 4 - before / 100 + before / 400) - (1969 / 4 - 1969 / 100 + 1969 / 400)
}

/// Year, month (January is 0) and day of the month (from 1).
#[must_use]
pub const fn date(day: i64) -> (i64, i64, i64) {
    // Never too late, and at most a year too early.
    let mut year = 1970 + day.div_euclid(366);
    while new_year(year + 1) <= day {
        year += 1;
    }
    let mut left = day - new_year(year);
    let mut month = 0;
    while left >= length(year, month) {
        left -= length(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// The day with this number in a month that is counted from the year 0, or the month's last if it is shorter.
#[must_use]
pub const fn in_month(months: i64, wanted: i64) -> i64 {
    let (year, month) = (months.div_euclid(12), months.rem_euclid(12));
    let mut first = new_year(year);
    let mut earlier = 0;
    while earlier < month {
        first += length(year, earlier);
        earlier += 1;
    }
    let last = length(year, month);
    first + if wanted < last { wanted } else { last } - 1
}

/// Periods of one length.
#[derive(Debug, Clone, Copy)]
struct Stretch {
    number: u32,
    first: i64,
    /// The day of the month; none for days and weeks.
    anchor: Option<i64>,
    interval: Interval,
}

impl Stretch {
    fn starts(&self, number: u32) -> i64 {
        let count = i64::from(self.interval.count()) * i64::from(number - self.number);
        let (year, month, day) = date(self.first);
        let months = year * 12 + month;
        match self.interval.unit() {
            Unit::Day => self.first + count,
            Unit::Week => self.first + 7 * count,
            Unit::Month => in_month(months + count, self.anchor.unwrap_or(day)),
            Unit::Year => in_month(months + 12 * count, self.anchor.unwrap_or(day)),
        }
    }
}

const fn by_month(interval: Interval) -> bool {
    matches!(interval.unit(), Unit::Month | Unit::Year)
}

/// The periods of one subscription, as they were asked for.
#[derive(Debug, Clone)]
pub struct Expected {
    stretches: Vec<Stretch>,
    hour: i64,
}

impl Expected {
    /// Periods that begin at `start`, or on the first anchor day after it.
    #[must_use]
    pub fn new(start: i64, anchor: Option<i8>, interval: Interval, hour: i8) -> Self {
        let day = day_of(start);
        let (year, month, of_month) = date(day);
        let wanted = anchor.map_or(of_month, i64::from);
        let this_month = in_month(year * 12 + month, wanted);
        let first = match by_month(interval) {
            false => day,
            true if this_month < day => in_month(year * 12 + month + 1, wanted),
            true => this_month,
        };
        let anchor = by_month(interval).then_some(wanted);
        Self { stretches: vec![Stretch { number: 0, first, anchor, interval }], hour: i64::from(hour) }
    }

    /// Periods of another length from this one on.
    pub fn change(&mut self, number: u32, interval: Interval) {
        let first = self.starts(number);
        // That of the last months or years: weeks between have none.
        let anchor = self.stretches.iter().rev().find_map(|stretch| stretch.anchor);
        let (year, month, day) = date(first);
        let kept = anchor.filter(|anchor| in_month(year * 12 + month, *anchor) == first);
        let anchor = by_month(interval).then(|| kept.unwrap_or(day));
        self.stretches.retain(|stretch| stretch.number < number);
        self.stretches.push(Stretch { number, first, anchor, interval });
    }

    /// How long the periods are that come last.
    #[must_use]
    pub fn interval(&self) -> Option<Interval> {
        self.stretches.last().map(|stretch| stretch.interval)
    }

    /// The first day of a period.
    #[must_use]
    pub fn starts(&self, number: u32) -> i64 {
        self.stretches.iter().rfind(|stretch| stretch.number <= number).map_or(0, |stretch| stretch.starts(number))
    }

    /// When a period is to be paid.
    #[must_use]
    pub fn due_at(&self, number: u32) -> i64 {
        midnight(self.starts(number)) + self.hour * 3_600
    }

    /// When a period is over.
    #[must_use]
    pub fn ends_at(&self, number: u32) -> i64 {
        midnight(self.starts(number + 1))
    }
}
