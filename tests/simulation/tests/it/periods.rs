//! The calendar that the rules count by: days that calendars print.

use billing::subscription::{Interval, Unit};
use simulation::check::subscription::periods::{Expected, date, in_month};

const DAY: i64 = 86_400;

fn days(expected: &Expected, numbers: std::ops::Range<u32>) -> Vec<(i64, i64, i64)> {
    numbers.map(|number| date(expected.starts(number))).map(|(year, month, day)| (year, month + 1, day)).collect()
}

fn every(unit: Unit, count: u16) -> Interval {
    Interval::new(unit, count).unwrap()
}

#[test]
fn days_have_the_dates_that_calendars_print() {
    for (day, wanted) in [
        (0, (1970, 1, 1)),
        (-1, (1969, 12, 31)),
        (10_957, (2000, 1, 1)),
        (11_016, (2000, 2, 29)),
        (20_781, (2026, 11, 24)),
        (47_540, (2100, 2, 28)),
        (47_541, (2100, 3, 1)),
    ] {
        let (year, month, of_month) = date(day);
        assert_eq!((year, month + 1, of_month), wanted);
        assert_eq!(in_month(year * 12 + month, of_month), day);
    }
}

#[test]
fn months_from_the_31st_and_years_from_a_leap_day() {
    // 2027-01-31T00:30 in Seoul is January 30 elsewhere.
    let months = Expected::new(1_801_323_000, None, every(Unit::Month, 1), 10);
    assert_eq!(days(&months, 0..4), [(2027, 1, 31), (2027, 2, 28), (2027, 3, 31), (2027, 4, 30)]);
    let years = Expected::new(1_835_395_200, None, every(Unit::Year, 1), 10);
    assert_eq!(days(&years, 0..5)[0], (2028, 2, 29));
    assert_eq!(days(&years, 3..5), [(2031, 2, 28), (2032, 2, 29)]);
    assert_eq!(months.due_at(1), 1_801_323_000 - 1_800 + 28 * DAY + 10 * 3_600);
}

#[test]
fn another_length_begins_where_a_period_would_have() {
    let mut periods = Expected::new(1_801_323_000, None, every(Unit::Month, 1), 10);
    periods.change(1, every(Unit::Month, 3));
    assert_eq!(days(&periods, 0..4), [(2027, 1, 31), (2027, 2, 28), (2027, 5, 31), (2027, 8, 31)]);
    periods.change(2, every(Unit::Week, 1));
    assert_eq!(days(&periods, 2..4), [(2027, 5, 31), (2027, 6, 7)]);
}
