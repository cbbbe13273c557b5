//! Seeds over the real adapter and SDK: none breaks a rule, each replays bit for bit, and together they try enough.

#![expect(clippy::print_stdout, reason = "what a test prints is its report")]
#![expect(
    clippy::disallowed_methods,
    reason = "the card's speed is measured on the real clock; nothing simulated sees it"
)]

use simulation_sdk::seeded::{self, Report};

/// Seeds of the run.
const SEEDS: u64 = 2_000;

/// Seeds that are run at a time, each on a thread of its own: a world shares nothing with another.
const THREADS: u64 = 2;

#[test]
fn no_seed_breaks_a_rule() {
    let began = std::time::Instant::now();
    let report = Report::of(1, SEEDS, THREADS).unwrap();
    println!("{}", report.text(began.elapsed(), THREADS));
    for (seed, violation) in &report.card.violations {
        println!("seed {seed}: {} {}", violation.rule, violation.detail);
    }
    assert_eq!(report.card.seeds, SEEDS);
    assert!(report.card.violations.is_empty(), "{} rules broken", report.card.violations.len());
    assert_eq!(report.vacuous(), Vec::<String>::new());
}

#[test]
fn a_seed_replays_bit_for_bit() {
    for seed in 1..=50 {
        let (first, second) = (seeded::run(seed).unwrap(), seeded::replay(seed).unwrap());
        assert_eq!(
            (first.outcome.trace, &first.outcome.table),
            (second.outcome.trace, &second.outcome.table),
            "{seed}"
        );
        assert_eq!(first.counts, second.counts, "seed {seed}");
    }
}

#[test]
fn without_faults_below_the_adapter_the_table_is_the_one_in_memory() {
    for seed in 1..=200 {
        let memory = simulation::seeded::run_with(seed, &seeded::calm_setup(seed), true);
        let sdk = seeded::run_calm(seed).unwrap();
        assert_eq!(sdk.outcome.violations, memory.violations, "seed {seed}");
        assert_eq!(sdk.outcome.table, memory.table, "seed {seed}");
        assert_eq!(sdk.outcome.trace, memory.trace, "seed {seed}");
    }
}
