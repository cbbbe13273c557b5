//! The words that rows, requests and replies use, and what may be said of further tries.

use billing::invalid::Invalid;
use billing::subscription::{Dunning, Ending, GiveUp, SubscriptionState};

/// Each value has its own word, and no other text is read as one.
fn are_the_words_of<T: Copy + PartialEq + std::fmt::Debug>(
    all: &[(T, &str)],
    name: impl Fn(T) -> &'static str,
    parse: impl Fn(&str) -> Result<T, Invalid>,
    refused: &str,
) {
    for (value, word) in all {
        assert_eq!((name(*value), parse(word)), (*word, Ok(*value)));
        for wrong in ["", "xyzzy", &word.to_uppercase(), &format!("{word} ")] {
            assert_eq!(parse(wrong).map_err(|invalid| invalid.code).err().as_deref(), Some(refused), "{wrong}");
        }
    }
}

#[test]
fn states_ends_and_what_comes_after_the_last_try_are_written_as_the_contract_says() {
    let states = [
        (SubscriptionState::Active, "active"),
        (SubscriptionState::PastDue, "past_due"),
        (SubscriptionState::Paused, "paused"),
        (SubscriptionState::Canceled, "canceled"),
        (SubscriptionState::Unpaid, "unpaid"),
        (SubscriptionState::Completed, "completed"),
    ];
    are_the_words_of(&states, SubscriptionState::name, SubscriptionState::parse, "state_invalid");
    let endings = [(Ending::AtPeriodEnd, "period_end"), (Ending::Now, "now")];
    are_the_words_of(&endings, Ending::name, Ending::parse, "at_invalid");
    let ways = [(GiveUp::Cancel, "cancel"), (GiveUp::Unpaid, "unpaid")];
    are_the_words_of(&ways, GiveUp::name, GiveUp::parse, "give_up_invalid");
}

#[test]
fn further_tries_are_on_the_days_that_were_asked_for() {
    assert_eq!(Dunning::default().retry_days(), [1, 3, 5, 7]);
    for days in [vec![], vec![1], vec![60], vec![2, 9, 30], (1..=10).collect()] {
        let dunning = Dunning::new(days.clone(), GiveUp::Unpaid).unwrap();
        assert_eq!(dunning.retry_days(), days);
        let tries: Vec<u16> = (0..).map_while(|attempt| dunning.day(attempt)).collect();
        assert_eq!(tries, [&[0], days.as_slice()].concat(), "the first one is on the period's own day");
    }
    for days in [vec![0], vec![61], vec![2, 2], vec![3, 1], (1..=11).collect()] {
        let refused = Dunning::new(days, GiveUp::Cancel).map_err(|invalid| invalid.code);
        assert_eq!(refused.err().as_deref(), Some("retry_days_invalid"));
    }
}
