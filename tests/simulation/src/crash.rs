//! Crash points: every boundary of every flow × every fault that it can meet, and the same once more inside the recovery.

mod flows;

pub use flows::{FLOWS, Flow};

use std::collections::{BTreeMap, BTreeSet};

use billing::policy::{LatePaidPolicy, Policy};

use crate::chooser::{Chooser, Plan};
use crate::fault::{Call, Fault};
use crate::sim::{Sim, Violation};
use crate::stage::Stage;

/// A fault at a boundary of a run.
pub type Point = (usize, Fault);

/// What one run came to.
#[derive(Debug)]
pub struct Run {
    /// Every boundary crossed from the flow's first call to rest, in order.
    pub made: Vec<Call>,
    /// How many of these belong to the flow's first try.
    pub first_try: usize,
    /// Whether every planned fault has happened.
    pub fired: bool,
    /// Rules broken.
    pub violations: Vec<Violation>,
}

/// Runs a flow with faults at exact boundaries: the first try, the client's retry, sweeps until nothing is owed, the
/// client's last question. Replays a violation: the arguments are what it was reported with.
#[must_use]
pub fn run(flow: &Flow, points: &[Point], late_paid: LatePaidPolicy) -> Run {
    let sim = Sim::new(1, false);
    let mut stage = Stage::new(&sim, Policy { late_paid, ..Policy::default() });
    let request = (flow.prepare)(&mut stage);
    sim.world().chooser = Chooser::Plan(Plan::new(points));
    stage.ask(&request);
    let first_try = made(&sim).len();
    stage.wait(1);
    stage.ask(&request);
    stage.wait(1);
    stage.heal();
    let plan = std::mem::replace(&mut sim.world().chooser, Chooser::Calm);
    stage.ask(&request);
    stage.heal();
    crate::check::rest::check(&sim, &stage.told, stage.policy());
    crate::check::subscription::rest::check(&sim);
    let (made, fired) = match plan {
        Chooser::Plan(plan) => (plan.made().to_vec(), plan.fired() == points.len()),
        Chooser::Calm | Chooser::Chance(_) => (Vec::new(), false),
    };
    let violations = std::mem::take(&mut sim.world().violations);
    Run { made, first_try, fired, violations }
}

fn made(sim: &Sim) -> Vec<Call> {
    match &sim.world().chooser {
        Chooser::Plan(plan) => plan.made().to_vec(),
        Chooser::Calm | Chooser::Chance(_) => Vec::new(),
    }
}

/// What all runs of a flow came to.
#[derive(Debug, Default)]
pub struct Report {
    /// Boundaries of the flow's own calls.
    pub boundaries: usize,
    /// Those of them at which a fault has happened.
    pub hit: BTreeSet<usize>,
    /// (boundary, fault) pairs that there are, and that have happened.
    pub pairs: (usize, usize),
    /// Runs with one fault, and with two.
    pub runs: (usize, usize),
    /// Each broken rule as it was seen, with the first recipe that replays it and how many do.
    pub violations: BTreeMap<String, (Vec<Point>, usize)>,
}

/// Runs a flow with every fault at every boundary, and if `deep` with every second fault at every boundary after it.
#[must_use]
pub fn explore(flow: &Flow, late_paid: LatePaidPolicy, deep: bool) -> Report {
    let mut report = Report::default();
    let calm = run(flow, &[], late_paid);
    report.boundaries = calm.first_try;
    record(&mut report, flow, &[], &calm);
    for (boundary, call) in calm.made.iter().take(calm.first_try).enumerate() {
        for fault in call.class().faults() {
            let first = (boundary, *fault);
            let one = run(flow, &[first], late_paid);
            report.runs.0 += 1;
            report.pairs.0 += 1;
            if one.fired {
                report.pairs.1 += 1;
                report.hit.insert(boundary);
            }
            record(&mut report, flow, &[first], &one);
            if !deep {
                continue;
            }
            for (later, call) in one.made.iter().enumerate().skip(boundary + 1) {
                for fault in call.class().faults() {
                    let points = [first, (later, *fault)];
                    let two = run(flow, &points, late_paid);
                    report.runs.1 += 1;
                    if !two.fired {
                        broken(&mut report, format!("{}: the second fault never happened", flow.name), &points);
                    }
                    record(&mut report, flow, &points, &two);
                }
            }
        }
    }
    report
}

fn record(report: &mut Report, flow: &Flow, points: &[Point], run: &Run) {
    for violation in &run.violations {
        broken(report, format!("{}: {} {}", flow.name, violation.rule, violation.detail), points);
    }
}

fn broken(report: &mut Report, what: String, points: &[Point]) {
    let (_, times) = report.violations.entry(what).or_insert_with(|| (points.to_vec(), 0));
    *times += 1;
}
