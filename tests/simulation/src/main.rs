//! `simulation --seeds N [--from S]`: runs seeds and prints the acceptance card. `--seed S` replays one. `--zoo [--from N]
//! [--seeds K]` plants the bugs, K of them from the Nth of the list on. `--crash NAMES` goes through the crash points of the
//! flows whose name holds one of these words (commas between them), or of `all`, one fault deep.

use std::collections::BTreeMap;
use std::process::ExitCode;

use billing::policy::LatePaidPolicy;
use simulation::card::{Card, Speed};
use simulation::crash::{self, FLOWS, Flow};
use simulation::{seeded, zoo};

struct Arguments {
    zoo: bool,
    crash: Vec<&'static Flow>,
    from: u64,
    seeds: u64,
    threads: u64,
}

fn arguments() -> Result<Arguments, String> {
    let mut wanted = Arguments { zoo: false, crash: Vec::new(), from: 1, seeds: 10_000, threads: 1 };
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        if name == "--zoo" {
            wanted.zoo = true;
            continue;
        }
        let value = given.next().ok_or_else(|| format!("{name} needs a value"))?;
        if name == "--crash" {
            wanted.crash = flows(&value)?;
            continue;
        }
        let number: u64 = value.parse().map_err(|_| format!("{name}: {value} is no number"))?;
        match name.as_str() {
            "--seeds" => wanted.seeds = number,
            "--from" => wanted.from = number,
            "--seed" => (wanted.from, wanted.seeds) = (number, 1),
            "--threads" => wanted.threads = number.max(1),
            _ => return Err(format!("{name} is none of --seeds, --from, --seed, --threads, --zoo, --crash")),
        }
    }
    Ok(wanted)
}

/// The flows whose name holds one of the words; each word has to be in one.
fn flows(words: &str) -> Result<Vec<&'static Flow>, String> {
    if words == "all" {
        return Ok(FLOWS.iter().collect());
    }
    let words: Vec<&str> = words.split(',').filter(|word| !word.is_empty()).collect();
    if let Some(unknown) = words.iter().find(|word| !FLOWS.iter().any(|flow| flow.name.contains(**word))) {
        return Err(format!("no flow is called {unknown}"));
    }
    let chosen: Vec<_> = FLOWS.iter().filter(|flow| words.iter().any(|word| flow.name.contains(word))).collect();
    if chosen.is_empty() { Err("--crash needs the name of a flow".to_owned()) } else { Ok(chosen) }
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]
#[expect(clippy::disallowed_methods, reason = "its speed is measured on the real clock; nothing simulated sees it")]
fn main() -> ExitCode {
    let Arguments { zoo, crash, from, seeds, threads } = match arguments() {
        Ok(arguments) => arguments,
        Err(refused) => {
            eprintln!("{refused}");
            return ExitCode::FAILURE;
        }
    };
    if zoo {
        return show_zoo(from, seeds, threads);
    }
    if !crash.is_empty() {
        return show_crash_points(&crash);
    }
    let began = std::time::Instant::now();
    let card = Card::of(from, seeds, threads);
    if card.seeds != seeds {
        eprintln!("a seed ended in a panic: run the seeds one by one with --seed");
        return ExitCode::FAILURE;
    }
    println!("{}", card.text(Some(Speed { took: began.elapsed(), threads })));
    let mut kinds: BTreeMap<(&str, String), (u64, u64)> = BTreeMap::new();
    for (seed, violation) in &card.violations {
        let (first, times) = kinds.entry((violation.rule, pattern(&violation.detail))).or_insert((*seed, 0));
        *first = (*first).min(*seed);
        *times += 1;
    }
    for ((rule, detail), (first, times)) in kinds {
        println!("{rule} {detail}: {times} times, first by seed {first}");
    }
    if seeds == 1 {
        let (outcome, journal) = seeded::replay(from);
        for line in journal.into_iter().chain(outcome.table) {
            println!("{line}");
        }
    }
    // Fewer seeds say nothing about what was tried too little.
    let vacuous = seeds >= 10_000 && !card.vacuous().is_empty();
    if card.violations.is_empty() && !vacuous { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Explores flows with one fault at every boundary; prints what was broken, with the fault that replays it.
#[expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]
fn show_crash_points(flows: &[&Flow]) -> ExitCode {
    let (mut runs, mut broken) = (0, 0);
    for flow in flows {
        let report = crash::explore(flow, LatePaidPolicy::Accept, false);
        runs += 1 + report.runs.0;
        broken += report.violations.len();
        for (what, (recipe, times)) in report.violations {
            println!("{what}: {times} times, first with {recipe:?}");
        }
    }
    println!("{} flows, {runs} runs, {broken} violations", flows.len());
    if broken == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Prints which planted bug is found by which rule, and by which seed first.
#[expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]
fn show_zoo(from: u64, count: u64, threads: u64) -> ExitCode {
    let first = usize::try_from(from.saturating_sub(1)).unwrap_or(0);
    let plants = simulation::planted::zoo();
    let plants = plants.get(first..).unwrap_or_default();
    let plants = plants.get(..usize::try_from(count).unwrap_or(usize::MAX)).unwrap_or(plants);
    let hunted = zoo::hunt_each(plants, usize::try_from(threads).unwrap_or(1));
    println!("{}", zoo::table(&hunted));
    let missed = hunted.iter().any(|(_, hunt)| matches!(hunt, zoo::Hunt::Missed));
    if missed { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

/// A text without the numbers and names that differ from seed to seed.
fn pattern(detail: &str) -> String {
    let word = |word: &str| if word.chars().any(|c| c.is_ascii_digit()) { "…".to_owned() } else { word.to_owned() };
    detail.split(' ').map(word).take(16).collect::<Vec<_>>().join(" ")
}
