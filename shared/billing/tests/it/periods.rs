//! The periods of subscriptions, against a calendar that is counted day by day here and shares nothing with the code.

use std::collections::BTreeMap;

use billing::subscription::periods::DUE_HOUR;
use billing::subscription::{Interval, Period, Periods, Unit};
use billing::{KstDay, Timestamp};

const DAY: i64 = 86_400;
/// 2000-01-01, in days since 1970.
const YEAR_2000: i64 = 10_957;

/// The Gregorian calendar from 2000 on, one month after another: its first day, and its length.
struct Months(Vec<(i64, i64)>);

impl Months {
    fn counted() -> Self {
        let (mut months, mut day) = (Vec::new(), YEAR_2000);
        for year in 2000..=2401 {
            let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
            for month in 1..=12 {
                let length = match month {
                    2 => 28 + i64::from(leap),
                    4 | 6 | 9 | 11 => 30,
                    _ => 31,
                };
                months.push((day, length));
                day += length;
            }
        }
        Self(months)
    }

    /// The anchor's day in the month with this place, counted from January 2000.
    fn day(&self, place: usize, anchor: i64) -> i64 {
        let (first, length) = self.0[place];
        first + anchor.min(length) - 1
    }
}

/// 10:00 in Seoul on this day.
fn due(day: i64) -> Timestamp {
    Timestamp(day * DAY - 9 * 3_600 + 10 * 3_600)
}

fn day(text: &str) -> KstDay {
    KstDay::parse(text).unwrap()
}

fn periods(start: &str, anchor_day: Option<i8>, unit: Unit, count: u16) -> Periods {
    Periods::new(day(start), anchor_day, Interval::new(unit, count).unwrap(), DUE_HOUR).unwrap()
}

fn starts(periods: &Periods, numbers: std::ops::Range<u32>) -> Vec<String> {
    numbers.map(|number| periods.period(number).unwrap().starts.to_string()).collect()
}

#[test]
fn every_month_of_four_centuries_is_due_on_its_anchor() {
    let months = Months::counted();
    let mut checked = 0;
    for anchor in 1..=31_i8 {
        let periods = periods("2000-01-01", Some(anchor), Unit::Month, 1);
        for place in 0..4_800_usize {
            let period = periods.period(u32::try_from(place).unwrap()).unwrap();
            assert_eq!(period.due_at, due(months.day(place, i64::from(anchor))), "{anchor}, month {place}");
            checked += 1;
        }
    }
    assert_eq!(checked, 148_800);
}

#[test]
fn every_interval_is_counted_from_its_anchor() {
    let months = Months::counted();
    let mut checked = 0_u32;
    // No month is shorter than those before the 28th; single months are all counted above.
    for anchor in [1, 15, 28, 29, 30, 31_i8] {
        for (unit, count, step) in (2..=12).map(|count| (Unit::Month, count, count)).chain([(Unit::Year, 1, 12)]) {
            let periods = periods("2000-02-01", Some(anchor), unit, count);
            for (number, place) in (0..).zip((1..4_801).step_by(usize::from(step))) {
                let period = periods.period(number).unwrap();
                assert_eq!(period.due_at, due(months.day(place, i64::from(anchor))), "{anchor}, {count} {unit:?}");
                checked += 1;
            }
        }
    }
    for (unit, days) in [(Unit::Day, 1), (Unit::Week, 7)] {
        for count in [1, 2, 5, 52] {
            let periods = periods("2000-01-01", None, unit, count);
            for number in 0..2_000_u32 {
                let counted = YEAR_2000 + i64::from(number) * i64::from(count) * days;
                assert_eq!(periods.period(number).unwrap().due_at, due(counted));
                checked += 1;
            }
        }
    }
    assert_eq!(checked, 78_982);
}

#[test]
fn periods_tile_and_each_day_is_in_the_one_it_is_looked_up_in() {
    for start in ["2000-01-31", "2024-02-29", "2025-01-30", "2099-12-31"] {
        for (unit, count) in [(Unit::Month, 1), (Unit::Month, 5), (Unit::Year, 1), (Unit::Week, 2), (Unit::Day, 1)] {
            let periods = periods(start, None, unit, count);
            let mut before: Option<Period> = None;
            for number in 0..300 {
                let period = periods.period(number).unwrap();
                assert_eq!(period.number, number);
                assert!(period.starts < period.ends);
                assert_eq!(before.map_or(day(start), |before| before.ends), period.starts, "{start} {count} {unit:?}");
                assert_eq!(KstDay::of(period.due_at), period.starts);
                let last = KstDay::of(period.ends.start().plus(-1));
                assert_eq!(periods.period_on(period.starts), Some(period));
                assert_eq!(periods.period_on(last), Some(period));
                before = Some(period);
            }
            assert_eq!(periods.period_on(KstDay::of(day(start).start().plus(-1))), None, "before it began");
        }
    }
}

#[test]
fn months_that_lack_the_day_end_a_period_early_and_no_later_one() {
    let from_the_31st = periods("2025-01-31", None, Unit::Month, 1);
    let found = starts(&from_the_31st, 0..5);
    assert_eq!(found, ["2025-01-31", "2025-02-28", "2025-03-31", "2025-04-30", "2025-05-31"]);
    let leap = periods("2024-02-29", None, Unit::Year, 1);
    assert_eq!(starts(&leap, 0..5), ["2024-02-29", "2025-02-28", "2026-02-28", "2027-02-28", "2028-02-29"]);
    let century = periods("2096-02-29", None, Unit::Year, 1);
    assert_eq!(century.period(4).unwrap().starts, day("2100-02-28"));
    assert_eq!(century.period(304).unwrap().starts, day("2400-02-29"));
}

#[test]
fn a_subscription_begins_on_the_first_anchor_day_that_is_not_past() {
    for (start, anchor, first) in [
        ("2025-01-10", 15, "2025-01-15"),
        ("2025-01-15", 15, "2025-01-15"),
        ("2025-01-16", 15, "2025-02-15"),
        ("2025-02-28", 31, "2025-02-28"),
        ("2025-02-27", 30, "2025-02-28"),
        ("2025-01-31", 30, "2025-02-28"),
        ("2025-12-31", 1, "2026-01-01"),
    ] {
        let periods = periods(start, Some(anchor), Unit::Month, 1);
        assert_eq!(periods.period(0).unwrap().starts, day(first), "{start}, {anchor}");
    }
}

#[test]
fn the_day_is_seouls() {
    // 2025-01-31T00:30+09:00 is the evening of the 30th in UTC.
    let night = Timestamp(1_738_251_000);
    let monthly = Interval::new(Unit::Month, 1).unwrap();
    let periods = Periods::new(KstDay::of(night), None, monthly, DUE_HOUR).unwrap();
    assert_eq!(starts(&periods, 0..2), ["2025-01-31", "2025-02-28"]);
    // 10:00 in Seoul is 01:00 UTC.
    assert_eq!(periods.period(0).unwrap().due_at, Timestamp(1_738_285_200));
    let midnight = Periods::new(KstDay::of(night), None, monthly, 0).unwrap().period(1).unwrap();
    assert_eq!(midnight.due_at, midnight.starts.start());
}

#[test]
fn what_is_no_interval_anchor_or_hour_is_refused_by_its_name() {
    let monthly = Interval::new(Unit::Month, 1).unwrap();
    let refused = |anchor, interval, hour| {
        Periods::new(day("2025-01-31"), anchor, interval, hour).map_err(|invalid| invalid.code).err()
    };
    for anchor in [i8::MIN, -1, 0, 32, i8::MAX] {
        assert_eq!(refused(Some(anchor), monthly, 10).as_deref(), Some("anchor_day_invalid"), "{anchor}");
    }
    let weekly = Interval::new(Unit::Week, 1).unwrap();
    assert_eq!(refused(Some(1), weekly, 10).as_deref(), Some("anchor_day_invalid"));
    assert_eq!(refused(None, monthly, 24).as_deref(), Some("due_hour_invalid"));
    assert_eq!(refused(None, monthly, -1).as_deref(), Some("due_hour_invalid"));
    assert_eq!(refused(Some(31), monthly, 23), None);
    let longest = BTreeMap::from([(365, Unit::Day), (52, Unit::Week), (12, Unit::Month), (1, Unit::Year)]);
    for (count, unit) in longest {
        assert!(Interval::new(unit, count).is_ok());
        for wrong in [0, count + 1, u16::MAX] {
            assert_eq!(
                Interval::new(unit, wrong).map_err(|invalid| invalid.code),
                Err("interval_count_invalid".into())
            );
        }
    }
}

#[test]
fn the_calendar_ends_and_nothing_panics() {
    let yearly = periods("2025-01-31", None, Unit::Year, 1);
    assert!(yearly.period(7_000).is_some());
    for number in [7_974, 8_000, 1 << 20, u32::MAX - 1, u32::MAX] {
        assert_eq!(yearly.period(number), None, "{number}");
    }
    assert_eq!(yearly.period_on(day("9999-12-30")), None);
    assert_eq!(yearly.period_on(KstDay::of(Timestamp(i64::MAX))), None);
    let monthly = Interval::new(Unit::Month, 1).unwrap();
    assert!(Periods::new(KstDay::of(Timestamp(i64::MAX)), None, monthly, DUE_HOUR).is_err());
}
