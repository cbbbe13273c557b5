//! Points in time as the PSP counts them: whole seconds since the UNIX epoch.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Korea has had no daylight saving since 1988, so the offset is fixed and needs no zone database.
pub(crate) const KST_OFFSET_SECONDS: i64 = 9 * 3600;

/// Seconds since 1970-01-01T00:00:00Z.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Timestamp(pub i64);

impl Timestamp {
    /// This moment moved by whole seconds (negative: earlier).
    #[must_use]
    pub const fn plus(self, seconds: i64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// The later of the two.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Ord::max(self, other)
    }

    /// The earlier of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        Ord::min(self, other)
    }

    /// Year and month (1–12) on a wall calendar in Seoul. `None` outside the years a calendar can hold.
    #[must_use]
    pub fn kst_year_month(self) -> Option<(i16, i8)> {
        let shifted = jiff::Timestamp::from_second(self.0.checked_add(KST_OFFSET_SECONDS)?).ok()?;
        let date = jiff::tz::Offset::UTC.to_datetime(shifted).date();
        Some((date.year(), date.month()))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_nine_hours_of_a_korean_day_are_the_previous_utc_date() {
        // 2025-01-31T15:30:00Z is 2025-02-01T00:30+09:00.
        assert_eq!(Timestamp(1_738_337_400).kst_year_month(), Some((2025, 2)));
        assert_eq!(Timestamp(1_738_335_599).kst_year_month(), Some((2025, 1)));
    }

    #[test]
    fn a_timestamp_beyond_any_calendar_has_no_month() {
        assert_eq!(Timestamp(i64::MAX).kst_year_month(), None);
    }
    #[test]
    fn a_timestamp_is_written_as_its_seconds() {
        for (seconds, text) in [(0, "0"), (1_795_478_400, "1795478400"), (-1, "-1")] {
            assert_eq!(Timestamp(seconds).to_string(), text);
        }
    }
}
