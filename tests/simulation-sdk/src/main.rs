//! `simulation-sdk --seeds N [--from S] [--threads T]`: runs seeds over the adapter, the SDK and the embedded engine. `--seed S`
//! replays one with its journal.

use std::process::ExitCode;
use std::time::Instant;

use simulation_sdk::seeded::{Report, replay};

fn arguments() -> Result<(u64, u64, u64), String> {
    let (mut from, mut seeds, mut threads) = (1, 2_000, 1);
    let mut given = std::env::args().skip(1);
    while let Some(name) = given.next() {
        let value = given.next().ok_or_else(|| format!("{name} needs a number"))?;
        let number: u64 = value.parse().map_err(|_| format!("{name}: {value} is no number"))?;
        match name.as_str() {
            "--seeds" => seeds = number,
            "--from" => from = number,
            "--seed" => (from, seeds) = (number, 1),
            "--threads" => threads = number.max(1),
            _ => return Err(format!("{name} is none of --seeds, --from, --seed, --threads")),
        }
    }
    Ok((from, seeds, threads))
}

#[expect(clippy::print_stdout, reason = "a command line tool talks to its terminal")]
#[expect(clippy::disallowed_methods, reason = "its speed is measured on the real clock; nothing simulated sees it")]
fn run() -> Result<bool, String> {
    let (from, seeds, threads) = arguments()?;
    let began = Instant::now();
    let report = Report::of(from, seeds, threads)?;
    if report.card.seeds != seeds {
        return Err("a seed ended in a panic: run the seeds one by one with --seed".to_owned());
    }
    println!("{}", report.text(began.elapsed(), threads));
    for (seed, violation) in &report.card.violations {
        println!("seed {seed}: {} {}", violation.rule, violation.detail);
    }
    if seeds == 1 {
        replay(from)?.journal.iter().for_each(|line| println!("{line}"));
    }
    Ok(report.card.violations.is_empty())
}

#[expect(clippy::print_stderr, reason = "a command line tool talks to its terminal")]
fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(refused) => {
            eprintln!("{refused}");
            ExitCode::FAILURE
        }
    }
}
