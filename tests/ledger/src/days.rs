//! Korean days. Civil-from-days for the Gregorian calendar; Korea has no summer time.

const KST_SECONDS: i64 = 9 * 3600;

/// Year, month and day in Korea.
const fn civil(at: i64) -> (i64, i64, i64) {
    let days = (at + KST_SECONDS).div_euclid(86_400) + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted + 2) / 5 + 1;
    let (month, carry) = if shifted < 10 { (shifted + 3, 0) } else { (shifted - 9, 1) };
    (year_of_era + era * 400 + carry, month, day)
}

/// The day as the number `YYYYMMDD`.
pub(crate) const fn date(at: i64) -> i64 {
    let (year, month, day) = civil(at);
    year * 10_000 + month * 100 + day
}

/// Months since year 0.
pub(crate) const fn month(at: i64) -> i64 {
    let (year, month, _) = civil(at);
    year * 12 + month - 1
}

/// The hour, 0 to 23.
pub(crate) const fn hour(at: i64) -> i64 {
    (at + KST_SECONDS).rem_euclid(86_400) / 3600
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_korean() {
        assert_eq!((date(0), month(0), hour(0)), (19_700_101, 1970 * 12, 9));
        // 2026-03-31T23:59:59 in Seoul, and a second later.
        assert_eq!((date(1_774_969_199), hour(1_774_969_199)), (20_260_331, 23));
        assert_eq!((date(1_774_969_200), hour(1_774_969_200)), (20_260_401, 0));
        assert_eq!(date(951_750_000), 20_000_229);
        assert_eq!(month(951_750_000), 2000 * 12 + 1);
    }
}
