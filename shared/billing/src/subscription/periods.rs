//! The periods of a subscription on the wall calendar in Seoul. Each is counted from the anchor, never from the one before,
//! so that nothing drifts: a subscription anchored on the 31st is due on February 28 and then on March 31. A period ends
//! where the next one begins.

use jiff::Span;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::time::Timestamp;

/// The hour in Seoul at which a period is due unless its plan says otherwise: Korean banks close their books around
/// midnight, and refuse cards meanwhile.
pub const DUE_HOUR: i8 = 10;

/// The longest that a period may be, by unit. A payment can be registered with the PSP for at most 400 days ahead.
const LONGEST: [(Unit, u16); 4] = [(Unit::Day, 365), (Unit::Week, 52), (Unit::Month, 12), (Unit::Year, 1)];

/// What periods are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Unit {
    /// Days.
    Day,
    /// Weeks of seven days.
    Week,
    /// Months of the calendar.
    Month,
    /// Years of the calendar.
    Year,
}

impl Unit {
    /// Reads `day`, `week`, `month` or `year`.
    ///
    /// # Errors
    /// `interval_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let unit = LONGEST.iter().map(|(unit, _)| *unit).find(|unit| unit.name() == text);
        unit.ok_or_else(|| Invalid::field("interval", "day, week, month or year"))
    }

    /// The name used in rows, requests and replies.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }
}

/// How long a period is: one unit or several, at most a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Interval {
    unit: Unit,
    count: u16,
}

impl Interval {
    /// An interval of `count` units.
    ///
    /// # Errors
    /// `interval_count_invalid` for none, or for more than a year.
    pub fn new(unit: Unit, count: u16) -> Result<Self, Invalid> {
        let longest = LONGEST.iter().find(|(of, _)| *of == unit).map_or(1, |(_, longest)| *longest);
        if (1..=longest).contains(&count) {
            Ok(Self { unit, count })
        } else {
            Err(Invalid::field("interval_count", format!("a number from 1 to {longest}")))
        }
    }

    /// What it is counted in.
    #[must_use]
    pub const fn unit(self) -> Unit {
        self.unit
    }

    /// Units in a period.
    #[must_use]
    pub const fn count(self) -> u16 {
        self.count
    }

    /// How long such a period is on the mean of the calendar, in seconds: to compare prices of periods of different lengths.
    #[must_use]
    pub fn mean_seconds(self) -> u64 {
        // A year of 365.2425 days, and its twelfth.
        let unit = match self.unit {
            Unit::Day => 86_400,
            Unit::Week => 604_800,
            Unit::Month => 2_629_746,
            Unit::Year => 31_556_952,
        };
        unit * u64::from(self.count)
    }

    /// From the anchor to the beginning of the period that comes this many later. `None` beyond every calendar.
    fn times(self, number: u32) -> Option<Span> {
        let units = i64::from(self.count) * i64::from(number);
        let span = Span::new();
        match self.unit {
            Unit::Day => span.try_days(units),
            Unit::Week => span.try_weeks(units),
            Unit::Month => span.try_months(units),
            Unit::Year => span.try_years(units),
        }
        .ok()
    }
}

/// One period. It has its first day, and not its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Counted from 0.
    pub number: u32,
    /// First day.
    pub starts: KstDay,
    /// First day of the next period.
    pub ends: KstDay,
    /// When it is to be paid: on its first day, at the plan's hour.
    pub due_at: Timestamp,
}

/// The periods of one subscription.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Periods {
    /// First day of period 0.
    first: KstDay,
    /// The day of the month that periods of months and years begin on, or the month's last if that is shorter.
    anchor_day: i8,
    interval: Interval,
    /// Hour of the day in Seoul, 0–23.
    due_hour: i8,
}

impl Periods {
    /// Periods from the first anchor day on that is not before `start`; without an anchor day from `start` itself, on whose
    /// day of the month the others begin. Every period is a whole one.
    ///
    /// # Errors
    /// `anchor_day_invalid` unless 1 to 31, and for intervals of days and weeks, which have none; `due_hour_invalid`;
    /// `start_at_invalid` for a day beyond the calendar.
    pub fn new(start: KstDay, anchor_day: Option<i8>, interval: Interval, due_hour: i8) -> Result<Self, Invalid> {
        let beyond = || Invalid::field("start_at", "a day of the calendar");
        let date = start.date().ok_or_else(beyond)?;
        let by_day = matches!(interval.unit, Unit::Day | Unit::Week);
        if anchor_day.is_some_and(|day| by_day || !(1..=31).contains(&day)) {
            return Err(Invalid::field("anchor_day", "a number from 1 to 31, for intervals of months and years"));
        }
        if !(0..=23).contains(&due_hour) {
            return Err(Invalid::field("due_hour", "an hour from 0 to 23 in Seoul"));
        }
        let anchor_day = anchor_day.unwrap_or_else(|| date.day());
        let this_month = anchored(date, anchor_day);
        let first = if this_month < date {
            let next_month = date.checked_add(Span::new().months(1)).map_err(|_| beyond())?;
            anchored(next_month, anchor_day)
        } else {
            this_month
        };
        let first = KstDay::on(if by_day { date } else { first }).ok_or_else(beyond)?;
        Ok(Self { first, anchor_day, interval, due_hour })
    }

    /// What they are counted in.
    #[must_use]
    pub const fn interval(&self) -> Interval {
        self.interval
    }

    /// The day of the month that periods of months and years begin on; `None` for those of days and weeks.
    #[must_use]
    pub const fn anchor_day(&self) -> Option<i8> {
        match self.interval.unit {
            Unit::Day | Unit::Week => None,
            Unit::Month | Unit::Year => Some(self.anchor_day),
        }
    }

    /// The hour in Seoul at which they are due.
    #[must_use]
    pub const fn due_hour(&self) -> i8 {
        self.due_hour
    }

    /// Periods of another interval, the first of which begins on `starts`. Those of months and years keep an anchor that has
    /// been before, if that day is one of its own: a plan that changes on February 28 is still one of the 31st.
    pub(crate) fn changed(&self, starts: KstDay, interval: Interval, anchor_day: Option<i8>) -> Result<Self, Invalid> {
        let beyond = || Invalid::field("interval_count", "periods within the calendar");
        let date = starts.date().ok_or_else(beyond)?;
        let by_month = matches!(interval.unit, Unit::Month | Unit::Year);
        let anchor_day = anchor_day.filter(|day| by_month && anchored(date, *day) == date);
        Self::new(starts, anchor_day, interval, self.due_hour)
    }

    /// The period with this number. `None` once the calendar ends, in the year 9999.
    #[must_use]
    pub fn period(&self, number: u32) -> Option<Period> {
        let (starts, ends) = (self.starts(number)?, self.starts(number.checked_add(1)?)?);
        let due_at = starts.start().plus(i64::from(self.due_hour) * 3_600);
        Some(Period { number, starts, ends, due_at })
    }

    /// The period that `day` falls in. `None` before the first one, and once the calendar ends.
    #[must_use]
    pub fn period_on(&self, day: KstDay) -> Option<Period> {
        // No period is shorter than a day, so the one wanted has at most this number.
        let days = u32::try_from(self.first.days_until(day)).ok()?;
        let has_begun = |number: &u32| *number <= days && self.starts(*number).is_some_and(|starts| starts <= day);
        // The last one that has begun, found digit by digit: there are so many of them, and the search ends by itself.
        let digits = (0..u32::BITS).rev().map(|place| 1 << place);
        let number = digits.fold(0, |number, digit| Some(number + digit).filter(has_begun).unwrap_or(number));
        self.period(number)
    }

    fn starts(&self, number: u32) -> Option<KstDay> {
        let first = self.first.date()?;
        let later = match self.interval.unit {
            Unit::Day | Unit::Week => first.checked_add(self.interval.times(number)?).ok()?,
            // From the first of the month, which every month has.
            Unit::Month | Unit::Year => {
                let month = first.first_of_month().checked_add(self.interval.times(number)?).ok()?;
                anchored(month, self.anchor_day)
            }
        };
        KstDay::on(later)
    }
}

/// The anchor day in the month of `date`.
fn anchored(date: Date, anchor_day: i8) -> Date {
    let last = date.last_of_month();
    date.first_of_month().checked_add(Span::new().days(i64::from(anchor_day - 1))).map_or(last, |day| day.min(last))
}
