//! Every boundary of every flow × every fault it can meet; then the client's retry and sweeps; then every rule. One fault
//! deep, and with a second fault at every boundary of the recovery.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use billing::policy::LatePaidPolicy;
use simulation::crash::{self, FLOWS, Report};

/// Explores every flow, as many at a time as there are cores: no flow shares anything with another.
fn reports(late_paid: LatePaidPolicy, deep: bool) -> BTreeMap<usize, Report> {
    let next = AtomicUsize::new(0);
    let explore = || {
        let mut reports = Vec::new();
        loop {
            let place = next.fetch_add(1, Ordering::Relaxed);
            let Some(flow) = FLOWS.get(place) else { return reports };
            reports.push((place, crash::explore(flow, late_paid, deep)));
        }
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads).map(|_| scope.spawn(explore)).collect();
        let reports: BTreeMap<_, _> = running.into_iter().filter_map(|thread| thread.join().ok()).flatten().collect();
        assert_eq!(reports.len(), FLOWS.len(), "a flow panicked, see above");
        reports
    })
}

fn explore_all(late_paid: LatePaidPolicy, deep: bool) {
    let reports = reports(late_paid, deep);
    println!(
        "{:<42} {:>11} {:>11} {:>7} {:>9} {:>10}",
        "flow", "boundaries", "pairs", "runs", "runs (2)", "violations"
    );
    let mut violations = BTreeMap::new();
    let (mut boundaries, mut runs) = (0, 0);
    for (flow, report) in FLOWS.iter().zip(reports.into_values()) {
        println!(
            "{:<42} {:>7}/{:<3} {:>7}/{:<3} {:>7} {:>9} {:>10}",
            flow.name,
            report.hit.len(),
            report.boundaries,
            report.pairs.1,
            report.pairs.0,
            report.runs.0,
            report.runs.1,
            report.violations.len()
        );
        assert_eq!(report.hit.len(), report.boundaries, "{}: a boundary was never hit", flow.name);
        assert_eq!(report.pairs.1, report.pairs.0, "{}: a fault never happened", flow.name);
        assert!(report.boundaries > 0, "{}: no boundary was crossed", flow.name);
        boundaries += report.boundaries;
        runs += 1 + report.runs.0 + report.runs.1;
        violations.extend(report.violations);
    }
    println!("{} flows, {boundaries} boundaries, {runs} runs", FLOWS.len());
    for (what, (recipe, times)) in &violations {
        println!("{what}\n    {times} times, first with {recipe:?}");
    }
    assert!(violations.is_empty(), "{} violations", violations.len());
}

#[test]
fn one_fault_at_every_boundary() {
    explore_all(LatePaidPolicy::Accept, false);
}

#[test]
fn one_fault_at_every_boundary_when_late_money_is_given_back() {
    explore_all(LatePaidPolicy::Refund, false);
}

#[test]
fn two_faults_at_every_pair_of_boundaries() {
    explore_all(LatePaidPolicy::Accept, true);
}
