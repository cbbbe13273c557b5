//! Seeds: none breaks a rule, each replays bit for bit, and together they try enough to mean something.

#![expect(clippy::print_stdout, reason = "what a test prints is its report")]

use simulation::card::Card;
use simulation::seeded;

/// Seeds of the quick run; `./dev sim` runs more.
const SEEDS: u64 = 1_000;

#[test]
fn no_seed_breaks_a_rule() {
    let mut card = Card::default();
    for seed in 1..=SEEDS {
        card.add(&seeded::run(seed));
    }
    for (seed, violation) in &card.violations {
        println!("seed {seed}: {} {}", violation.rule, violation.detail);
    }
    assert!(card.violations.is_empty(), "{} rules broken", card.violations.len());
    let calls: u64 = card.counts.calls.values().sum();
    let faults: u64 = card.counts.faults.values().sum();
    assert!(calls > 50 * SEEDS && faults > SEEDS, "{calls} boundaries and {faults} faults are too few");
}

#[test]
fn a_seed_replays_bit_for_bit_and_another_seed_is_another_story() {
    for seed in 1..=200 {
        let (first, second) = (seeded::run(seed), seeded::run(seed));
        assert_eq!((first.trace, &first.table), (second.trace, &second.table), "seed {seed}");
        assert_ne!(first.trace, seeded::run(seed + 1).trace);
    }
}

#[test]
fn a_journal_does_not_change_what_it_tells() {
    for seed in 1..=20 {
        let (told, journal) = seeded::replay(seed);
        assert_eq!(told.trace, seeded::run(seed).trace);
        assert!(journal.len() > 10);
    }
}
