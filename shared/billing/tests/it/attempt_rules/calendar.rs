//! Periods of a subscription whose interval changes.

use billing::KstDay;
use billing::subscription::periods::DUE_HOUR;
use billing::subscription::{Calendar, Interval, Period, Periods, Unit};

const INTERVALS: [(Unit, u16); 4] = [(Unit::Day, 10), (Unit::Week, 1), (Unit::Month, 1), (Unit::Year, 1)];
/// The first of them is such that a week of it begins on January 31 and another on February 28.
const STARTS: [&str; 3] = ["2027-01-24", "2027-01-31", "2024-02-29"];

fn interval((unit, count): (Unit, u16)) -> Interval {
    Interval::new(unit, count).unwrap()
}

/// A calendar after these changes, each from the period with that number on.
fn changed(start: &str, first: (Unit, u16), changes: &[(u32, (Unit, u16))]) -> Calendar {
    let periods = Periods::new(KstDay::parse(start).unwrap(), None, interval(first), DUE_HOUR).unwrap();
    let mut calendar = Calendar::new(periods);
    for (number, to) in changes {
        calendar.change(*number, interval(*to)).unwrap();
    }
    calendar
}

fn periods(calendar: &Calendar) -> Vec<Period> {
    (0..12).map(|number| calendar.period(number).unwrap()).collect()
}

#[test]
fn periods_tile_however_often_their_interval_changes() {
    for start in STARTS {
        for (first, second, third) in triples() {
            for (number, later) in [(1, 2), (3, 7)] {
                let calendar = changed(start, first, &[(number, second), (later, third)]);
                let all = periods(&calendar);
                assert_eq!(all[0].starts.to_string(), start);
                for (place, pair) in (0..).zip(all.windows(2)) {
                    assert_eq!(pair[0].number, place);
                    assert!(pair[0].starts < pair[0].ends);
                    assert_eq!(pair[0].ends, pair[1].starts, "{start} {first:?} {second:?} {third:?}, period {place}");
                    let last_day = KstDay::of(pair[0].ends.start().plus(-1));
                    assert_eq!([pair[0].starts, last_day].map(|day| calendar.period_on(day)), [Some(pair[0]); 2]);
                }
            }
        }
    }
}

#[test]
fn an_interval_that_was_changed_before_it_began_leaves_no_trace() {
    for start in STARTS {
        for (first, never, instead) in triples() {
            for last in INTERVALS {
                for (number, later) in [(1, 5), (2, 8)] {
                    let with = changed(start, first, &[(number, never), (number, instead), (later, last)]);
                    let without = changed(start, first, &[(number, instead), (later, last)]);
                    assert_eq!(periods(&with), periods(&without), "{start} {first:?} {never:?} {instead:?} {last:?}");
                }
            }
        }
    }
}

fn triples() -> impl Iterator<Item = ((Unit, u16), (Unit, u16), (Unit, u16))> {
    let pairs = INTERVALS.into_iter().flat_map(|one| INTERVALS.map(|other| (one, other)));
    pairs.flat_map(|(one, other)| INTERVALS.map(|third| (one, other, third)))
}
