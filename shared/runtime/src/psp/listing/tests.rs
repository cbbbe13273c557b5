//! Pages of a list in memory that has its share of records nobody can read.

use std::cell::Cell;
use std::ops::Range;

use futures_util::FutureExt as _;

use super::*;

/// Records that are numbers.
struct Numbers;

impl List for Numbers {
    type Told = u32;
    type Record = u32;
    const CALL: &str = "numbers";
    const LIMIT: u32 = 64;

    async fn fetch(&self, _: &Client, _: u32, _: u32) -> Result<Page<u32>, Error> {
        Ok(page("[]"))
    }

    fn read(told: &u32) -> Option<u32> {
        Some(*told)
    }

    fn merchant_uid(_: &u32) -> &str {
        ""
    }
}

fn page(json: &str) -> Page<u32> {
    serde_json::from_str(json).unwrap()
}

/// Which of the numbers below `count` a page holds.
fn held(count: u32, number: u32, limit: u32) -> Range<u32> {
    let first = (number - 1) * limit;
    first.min(count)..(first + limit).min(count)
}

/// A page of the numbers below `count`, of which each has its size; no page above 1,000 is read. Also the calls it took.
fn read(count: u32, number: u32, size: impl Fn(u32) -> u32) -> (Lookup<Listing<u32>>, usize) {
    let calls = Cell::new(0);
    let fetch = |number, limit| {
        calls.set(calls.get() + 1);
        let numbers = held(count, number, limit);
        let next = if numbers.end < count { number + 1 } else { 0 };
        let told = if numbers.clone().map(&size).sum::<u32>() > 1_000 {
            Err(Unread::TooLarge)
        } else {
            let list: Vec<u32> = numbers.collect();
            Ok(page(&format!(r#"{{"total":{count},"previous":0,"next":{next},"list":{list:?}}}"#)))
        };
        async move { told }
    };
    (read_page::<Numbers, _>(number, fetch).now_or_never().unwrap(), calls.get())
}

fn found(read: Lookup<Listing<u32>>) -> Listing<u32> {
    match read {
        Lookup::Found(listing) => listing,
        Lookup::Absent | Lookup::Unreachable => panic!("{read:?}"),
    }
}

#[test]
fn pages_are_halved_exactly() {
    for (number, limit) in [(1, 256), (2, 64), (7, 2)] {
        let [first, second] = Part { number, limit }.halves().unwrap();
        let covered = |number, limit| held(u32::MAX, number, limit).collect::<Vec<_>>();
        let both = [covered(first.number, first.limit), covered(second.number, second.limit)].concat();
        assert_eq!(both, covered(number, limit));
    }
    assert_eq!(Part { number: 9, limit: 1 }.halves(), None);
    for limit in [PAYMENTS_LIMIT, SCHEDULES_LIMIT] {
        assert!(limit.is_power_of_two(), "halved down to one record");
    }
}

#[test]
fn a_page_that_is_too_large_is_read_in_smaller_ones() {
    for (count, size) in [(500, 1), (500, 20), (500, 100), (500, 1_000), (70, 100), (64, 400), (65, 400)] {
        for number in 1..=2 {
            let (listing, calls) = read(count, number, |_| size);
            let listing = found(listing);
            assert_eq!(listing.items, held(count, number, 64).collect::<Vec<_>>(), "nothing skipped, nothing twice");
            assert_eq!(listing.unreadable, []);
            assert_eq!(listing.next, (count > number * 64).then_some(number + 1), "{count} of {size}, page {number}");
            assert!(calls < 128, "{calls}");
        }
    }
}

#[test]
fn a_single_record_that_is_too_large_costs_that_record() {
    let of = |count: u32, large: u32| found(read(count, 1, |number| if number == large { 5_000 } else { 1 }).0);
    let listing = of(100, 17);
    assert_eq!(listing.items, (0..64).filter(|number| *number != 17).collect::<Vec<_>>());
    assert_eq!((listing.unreadable, listing.next), (vec![None], Some(2)));
    let listing = of(1, 0);
    assert_eq!((listing.items, listing.unreadable, listing.next), (vec![], vec![None], None));
    // The last of its page: whether there is another one is found out by asking for it.
    let listing = of(64, 63);
    assert_eq!((listing.items.len(), listing.unreadable.len(), listing.next), (63, 1, Some(2)));
    // A list that ignores how much of it is asked for would have no end.
    assert_eq!(read(500, 1, |_| 5_000).0, Lookup::Unreachable);
}

/// The page of the numbers below 64, of which a page that holds one of the first `broken` contradicts itself.
fn contradicting(broken: u32, at: u32) -> Lookup<Listing<u32>> {
    let fetch = |number, limit| {
        let numbers = held(64, number, limit);
        let told = if numbers.clone().any(|number| (at..at + broken).contains(&number)) {
            Err(Unread::Contradictory)
        } else {
            let list: Vec<u32> = numbers.collect();
            Ok(page(&format!(r#"{{"total":64,"previous":0,"next":{},"list":{list:?}}}"#, number + 1)))
        };
        async move { told }
    };
    read_page::<Numbers, _>(1, fetch).now_or_never().unwrap()
}

/// Single records that contradict themselves cost themselves, unless so many of them stand in a row that it is the list.
#[test]
fn three_records_in_a_row_may_contradict_themselves_and_a_fourth_may_not() {
    for (broken, at) in [(1, 0), (2, 31), (3, 0), (3, 30), (3, 61)] {
        let listing = found(contradicting(broken, at));
        let unreadable = usize::try_from(broken).unwrap();
        assert_eq!((listing.items.len(), listing.unreadable), (64 - unreadable, vec![None; unreadable]));
    }
    for (broken, at) in [(4, 0), (4, 30), (4, 60), (64, 0)] {
        assert_eq!(contradicting(broken, at), Lookup::Unreachable, "{broken} from {at} on");
    }
    // Those that are too large are no contradiction, however many they are.
    let listing = found(read(64, 1, |number| if number < 40 { 5_000 } else { 1 }).0);
    assert_eq!((listing.items.len(), listing.unreadable.len()), (24, 40));
}

#[test]
fn what_is_no_answer_stays_none() {
    for (failure, outcome) in [(Unread::Absent, Lookup::Absent), (Unread::Unanswered, Lookup::Unreachable)] {
        let calls = Cell::new(0);
        let fetch = |_, _| {
            calls.set(calls.get() + 1);
            async move { Err(failure) }
        };
        assert_eq!(read_page::<Numbers, _>(1, fetch).now_or_never(), Some(outcome));
        assert_eq!(calls.get(), 1);
    }
    let contradiction = |_, _| async { Err(Unread::Contradictory) };
    assert_eq!(read_page::<Numbers, _>(1, contradiction).now_or_never(), Some(Lookup::Unreachable));
}

#[test]
fn the_next_page_is_the_one_that_the_psp_names() {
    assert_eq!(next(&page(r#"{"total":3,"previous":0,"next":2,"list":[1,2]}"#), 1), Some(2));
    assert_eq!(next(&page(r#"{"total":3,"previous":1,"next":0,"list":[3]}"#), 2), None);
    assert_eq!(next(&page(r#"{"total":9,"previous":1,"next":2,"list":[3]}"#), 2), None, "never round in circles");
}

#[test]
fn a_bare_list_ends_with_an_empty_page() {
    assert_eq!(next(&page("[1,2]"), 4), Some(5));
    assert_eq!(next(&page("[]"), 5), None);
}
