//! Events: every change of what is told is told, nothing else is, and nothing that is nobody's business.

mod rows;
mod samples;
mod schema;
mod stories;
mod year;

use std::collections::BTreeSet;

use billing::Nonce;
use billing::event::{Event, Kind, Row, derive};
use proptest::prelude::*;

use rows::{CANARY, versions};

fn names(events: &[Event]) -> Vec<&'static str> {
    events.iter().map(|event| event.kind.name()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2_000, ..ProptestConfig::default() })]

    #[test]
    fn the_same_two_versions_tell_the_same_byte_for_byte((before, after) in versions()) {
        let written = || derive(before.as_ref(), &after).iter().map(|event| event.json().unwrap()).collect::<Vec<_>>();
        prop_assert_eq!(written(), written());
    }

    /// Whoever keeps the facts of the last event has what the row says, and hears of nothing if that is what it said before.
    #[test]
    fn a_change_of_what_is_told_is_told_and_nothing_else_is((before, after) in versions()) {
        let events = derive(before.as_ref(), &after);
        let (was, is) = (before.as_ref().and_then(Row::facts), after.facts());
        match &is {
            // A key that was only under deletion, and a payment whose requests were in flight, may have been told as they are now.
            Some(facts) if was.is_some() && was != is => {
                prop_assert!(!events.is_empty(), "{was:?} became {is:?}");
                prop_assert!(events.iter().all(|event| event.facts == *facts));
            }
            Some(_) if was == is => prop_assert!(events.is_empty(), "{:?}: nothing changed", names(&events)),
            Some(facts) => prop_assert!(events.iter().all(|event| event.facts == *facts)),
            // A schedule that leaves its key is told of before it has arrived on the next, and a refund whatever its payment is.
            None => prop_assert!(events.iter().all(|event| matches!(
                event.kind, Kind::ScheduleMoved | Kind::RefundMade | Kind::RefundRefused
            )), "{:?}", names(&events)),
        }
    }

    #[test]
    fn a_version_tells_each_thing_once_and_in_the_order_of_versions((before, after) in versions()) {
        let events = derive(before.as_ref(), &after);
        let kinds: BTreeSet<Kind> = events.iter().map(|event| event.kind).collect();
        let ids: BTreeSet<String> = events.iter().map(Event::id).collect();
        prop_assert_eq!((kinds.len(), ids.len()), (events.len(), events.len()));
        prop_assert!(events.iter().all(|event| event.sequence == after.version()));
        prop_assert!(events.iter().all(|event| event.subject == after.subject()));
        // Told once more by an older image, or by itself, it is nothing new.
        prop_assert_eq!(derive(Some(&after), &after), Vec::new());
        if let Some(before) = before {
            prop_assert_eq!(derive(Some(&after), &before), Vec::new());
        }
    }

    #[test]
    fn no_event_names_a_card_a_person_an_account_or_the_psps_words((before, after) in versions()) {
        for event in derive(before.as_ref(), &after) {
            let text = event.json().unwrap();
            prop_assert!(!text.contains(CANARY) && !text.contains("홍길동"), "{text}");
        }
    }
}

#[test]
fn every_kind_has_a_name_of_its_own_that_says_of_what_it_is() {
    let names: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(names.len(), Kind::ALL.len());
    for kind in Kind::ALL {
        assert_eq!(Kind::parse(kind.name()), Some(kind));
        let (of, what) = kind.name().split_once('.').unwrap();
        let word = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
        assert!(word(of) && word(what), "{}", kind.name());
    }
    assert_eq!(Kind::parse("payment.eaten"), None);
}

/// An id that a consumer has kept for a year has to mean the same in the next version of this code.
#[test]
fn an_id_depends_on_row_version_writer_and_kind_and_stays_what_it_is() {
    let (event, failed) = (samples::event(Kind::PaymentPaid), samples::event(Kind::PaymentFailed));
    assert_eq!(event.id(), "evt5fb5100aff3b323ff6bf3a1aa606c6f1");
    let others = [
        Event { kind: Kind::PaymentFailed, ..event.clone() },
        Event { sequence: 3, ..event.clone() },
        Event { writer: Nonce::parse(&"1".repeat(32)).unwrap(), ..event.clone() },
        Event { subject: samples::event(Kind::BillingKeyActive).subject, ..event.clone() },
    ];
    assert!(others.iter().all(|other| other.id() != event.id()));
    let same = Event { time: event.time.plus(1), facts: failed.facts, ..event.clone() };
    assert_eq!(same.id(), event.id(), "neither when it was told nor what else it says");
}
