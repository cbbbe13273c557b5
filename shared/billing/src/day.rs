//! Days on the wall calendar in Seoul.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::time::{KST_OFFSET_SECONDS, Timestamp};

/// Length of a day in seconds. Korea has had no daylight saving since 1988.
pub const DAY_SECONDS: i64 = 86_400;

/// A day in Seoul, written as `2026-11-24`. Counts days since 1970-01-01.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct KstDay(i64);

impl KstDay {
    /// The day that `time` falls on.
    #[must_use]
    pub const fn of(time: Timestamp) -> Self {
        Self(time.0.saturating_add(KST_OFFSET_SECONDS).div_euclid(DAY_SECONDS))
    }

    /// Its first second.
    #[must_use]
    pub const fn start(self) -> Timestamp {
        Timestamp(self.0.saturating_mul(DAY_SECONDS).saturating_sub(KST_OFFSET_SECONDS))
    }

    /// The day after.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// Reads `2026-11-24`; nothing else is a day.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let day = Self::on(text.parse().ok()?)?;
        (day.to_string() == text).then_some(day)
    }

    /// The day with this date. `None` at the calendar's very end.
    pub(crate) fn on(date: Date) -> Option<Self> {
        let midnight = jiff::tz::Offset::UTC.to_timestamp(date.at(0, 0, 0, 0)).ok()?;
        Some(Self(midnight.as_second().div_euclid(DAY_SECONDS)))
    }

    /// Its date. `None` beyond every calendar.
    pub(crate) fn date(self) -> Option<Date> {
        let midnight = jiff::Timestamp::from_second(self.0.checked_mul(DAY_SECONDS)?).ok()?;
        Some(jiff::tz::Offset::UTC.to_datetime(midnight).date())
    }

    /// The day before.
    pub(crate) const fn before(self) -> Self {
        Self(self.0.saturating_sub(1))
    }

    /// As the PSP writes days: `20261124`. `None` beyond every calendar.
    pub(crate) fn compact(self) -> Option<String> {
        self.date().map(|date| date.strftime("%Y%m%d").to_string())
    }

    /// Days from this one to `later`; negative if that is earlier.
    #[must_use]
    pub const fn days_until(self, later: Self) -> i64 {
        later.0.saturating_sub(self.0)
    }
}

impl fmt::Display for KstDay {
    /// A day beyond every calendar is written as its number.
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.date() {
            Some(date) => date.fmt(out),
            None => self.0.fmt(out),
        }
    }
}

impl TryFrom<String> for KstDay {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or("a day is written as yyyy-MM-dd")
    }
}

impl From<KstDay> for String {
    fn from(day: KstDay) -> Self {
        day.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_korean_day_begins_nine_hours_before_its_utc_namesake() {
        // 2026-11-23T15:00:00Z is midnight of the 24th in Seoul.
        let midnight = Timestamp(1_795_446_000);
        assert_eq!(KstDay::of(midnight).to_string(), "2026-11-24");
        assert_eq!(KstDay::of(midnight.plus(-1)).to_string(), "2026-11-23");
        assert_eq!(KstDay::of(midnight.plus(DAY_SECONDS - 1)).start(), midnight);
        assert_eq!(KstDay::of(midnight).next().start(), midnight.plus(DAY_SECONDS));
    }

    #[test]
    fn days_are_counted_one_by_one_and_backwards_too() {
        for first in [-800, -1, 0, 20_780] {
            let mut later = KstDay(first);
            for days in 0..800 {
                assert_eq!((KstDay(first).days_until(later), later.days_until(KstDay(first))), (days, -days));
                later = later.next();
            }
        }
    }

    #[test]
    fn a_day_reads_back_as_it_was_written() {
        for text in ["1969-12-31", "1970-01-01", "2024-02-29", "2026-11-24", "9999-12-30"] {
            let day = KstDay::parse(text).unwrap();
            assert_eq!(day.to_string(), text);
            // Rows hold the same text.
            assert_eq!(serde_json::to_value(day).unwrap(), text);
            assert_eq!(serde_json::from_value::<KstDay>(text.into()).unwrap(), day);
        }
        for text in ["", "2026-02-30", "2026-11-24T00:00", "20261124", "PAY"] {
            assert_eq!(KstDay::parse(text), None, "{text}");
            assert!(serde_json::from_value::<KstDay>(text.into()).is_err(), "{text}");
        }
        assert_eq!(KstDay::of(Timestamp(i64::MAX)).to_string(), "106751991167300");
    }
}
