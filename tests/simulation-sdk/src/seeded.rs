//! A seed, and what a run of seeds came to.

use std::fmt::Write as _;
use std::sync::Arc;
use std::time::Duration;

use simulation::card::Card;
use simulation::fault::Class;
use simulation::rng::{Rng, splitmix};
use simulation::seeded::setup::Setup;
use simulation::seeded::{self, Outcome};
use simulation::sim::{Sim, Violation};

use crate::backend::SdkTable;
use crate::fault::{Fault, Weather};
use crate::wire::{Wire, WireCounts};

/// Most clients of a seed, and most steps of each.
const CLIENTS_MAX: usize = 2;
const STEPS_MAX: u64 = 6;
/// How many times as often as in memory a POST to the PSP meets a fault.
const POST_FAULTS: u64 = 2;

/// What a seed came to, above the adapter and below it.
#[derive(Debug)]
pub struct Run {
    /// Above.
    pub outcome: Outcome,
    /// Below.
    pub counts: WireCounts,
    /// What happened, line by line, if it was kept.
    pub journal: Vec<String>,
}

/// Runs a seed over the SDK.
///
/// # Errors
/// If the engine does not start.
pub fn run(seed: u64) -> Result<Run, String> {
    play(seed, &setup(seed), Weather::draw(seed), false)
}

/// Runs a seed and keeps its journal.
///
/// # Errors
/// If the engine does not start.
pub fn replay(seed: u64) -> Result<Run, String> {
    play(seed, &setup(seed), Weather::draw(seed), true)
}

/// Runs a seed over the SDK with nothing going wrong below the adapter: as in memory.
///
/// # Errors
/// If the engine does not start.
pub fn run_calm(seed: u64) -> Result<Run, String> {
    play(seed, &calm_setup(seed), Weather::calm(), false)
}

/// What a seed draws above the adapter, as in memory, with fewer clients and steps: each request costs a hundred times what
/// it costs in memory.
#[must_use]
pub fn setup(seed: u64) -> Setup {
    let drawn = Setup::draw(&mut Rng::new(splitmix(seed)));
    let (clients, steps) = (drawn.clients.min(CLIENTS_MAX), drawn.steps.min(STEPS_MAX));
    // The comparison runs over rows in memory only.
    let mut setup = Setup { clients, steps, compares: false, ..drawn };
    // With so few steps there are few POSTs: each of them meets what can befall it more often, so that every kind is met.
    let posts = setup.rates.iter_mut().filter(|(class, _)| *class == Class::Post);
    posts.flat_map(|(_, faults)| faults).for_each(|(_, rate)| *rate = rate.saturating_mul(POST_FAULTS));
    setup
}

/// The same without what only the table in memory does in its own way: a write that lands late, and the pieces of a batch, each
/// of which may fail.
#[must_use]
pub fn calm_setup(seed: u64) -> Setup {
    let mut setup = Setup { batches: 0, ..setup(seed) };
    for (_, faults) in &mut setup.rates {
        faults.retain(|(fault, _)| *fault != simulation::fault::Fault::LateCommit);
    }
    setup
}

fn play(seed: u64, setup: &Setup, weather: Weather, journal: bool) -> Result<Run, String> {
    let head = journal.then(|| vec![format!("{weather:?}"), format!("{setup:#?}")]);
    let wire = Arc::new(Wire::new(seed, weather)?);
    let sim = Sim::over(Box::new(SdkTable::new(Arc::clone(&wire))), seed, true);
    sim.world().journal = head;
    let mut outcome = seeded::play(&sim, seed, setup);
    let broken = wire.take_broken().into_iter();
    outcome.violations.extend(broken.map(|detail| Violation { rule: "store", detail }));
    let journal = sim.world().journal.take().unwrap_or_default();
    Ok(Run { outcome, counts: wire.counts(), journal })
}

/// What a run of seeds came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Above the adapter.
    pub card: Card,
    /// Below.
    pub counts: WireCounts,
}

impl Report {
    /// Runs `seeds` seeds from `from` on, on so many threads: a world shares nothing with another.
    ///
    /// # Errors
    /// If the engine does not start.
    pub fn of(from: u64, seeds: u64, threads: u64) -> Result<Self, String> {
        let share = move |share: u64| {
            let mut report = Self::default();
            for seed in (from..from.saturating_add(seeds)).filter(|seed| seed % threads == share) {
                report.add(&run(seed)?);
            }
            Ok::<Self, String>(report)
        };
        let shares: Vec<Result<Self, String>> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|number| scope.spawn(move || share(number))).collect();
            running.into_iter().filter_map(|share| share.join().ok()).collect()
        });
        let mut report = Self::default();
        for share in shares {
            report.join(&share?);
        }
        Ok(report)
    }

    /// Takes in one seed.
    pub fn add(&mut self, run: &Run) {
        self.card.add(&run.outcome);
        self.counts.add(&run.counts);
    }

    /// Takes in another report.
    pub fn join(&mut self, other: &Self) {
        self.card.join(&other.card);
        self.counts.add(&other.counts);
    }

    /// What was tried less often than it must be for these seeds to mean anything, in two thousand seeds.
    #[must_use]
    pub fn vacuous(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut want = |name: String, times: u64, least: u64| {
            if times < least.saturating_mul(self.card.seeds) / 2_000 {
                missing.push(format!("{name}: {times} times"));
            }
        };
        for fault in Fault::ALL {
            want(format!("{fault:?}"), self.counts.faults.get(&fault).copied().unwrap_or(0), FAULTS_LEAST);
        }
        for (event, least) in EVENTS {
            want(event.to_owned(), self.counts.events.get(event).copied().unwrap_or(0), least);
        }
        for fault in simulation::fault::Fault::ALL {
            want(format!("{fault:?} above the adapter"), self.card.faults(fault), ABOVE_LEAST);
        }
        missing
    }

    /// The card as text.
    #[must_use]
    pub fn text(&self, took: Duration, threads: u64) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<28} {value}");
        };
        let requests: u64 = self.counts.requests.values().sum();
        let calls: u64 = self.card.counts.calls.values().sum();
        let above: u64 = self.card.counts.faults.values().sum();
        let below: u64 = self.counts.faults.values().sum();
        let per_second = u128::from(self.card.seeds) * 1_000 / took.as_millis().max(1);
        line("seeds over the SDK", self.card.seeds.to_string());
        line("boundaries crossed", calls.to_string());
        line("HTTP requests", requests.to_string());
        line("faults above the adapter", above.to_string());
        line("faults below the adapter", below.to_string());
        line("rules broken", self.card.violations.len().to_string());
        line("seeds per second and core", (per_second / u128::from(threads.max(1))).to_string());
        line("digest", format!("{:016x}", self.card.trace));
        for (operation, count) in &self.counts.requests {
            line(&format!("  {operation}"), count.to_string());
        }
        for fault in Fault::ALL {
            line(&format!("  {fault:?}"), self.counts.faults.get(&fault).copied().unwrap_or(0).to_string());
        }
        for (event, count) in &self.counts.events {
            line(&format!("  {event}"), count.to_string());
        }
        let missing = self.vacuous();
        line("tried too little", if missing.is_empty() { "nothing".to_owned() } else { missing.join("; ") });
        text
    }
}

/// Least times of each fault below the adapter, in two thousand seeds.
const FAULTS_LEAST: u64 = 100;
/// Least times of each fault above the adapter, in two thousand seeds.
const ABOVE_LEAST: u64 = 20;
/// Least times of what must come of them, in two thousand seeds.
const EVENTS: [(&str, u64); 6] = [
    ("own write met", 200),
    ("own write overtaken", 50),
    ("own transaction met", 50),
    ("own transaction replayed", 50),
    ("write out of reach", 50),
    ("write of unknown outcome", 100),
];
