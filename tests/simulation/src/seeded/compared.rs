//! I11 by our own means: at rest, the daily comparison finds that table and PSP agree, and changes nothing.

use billing::Timestamp;
use billing::payment::Payment;
use billing::report::{Counts, Report, Verdict};

use super::{DAY, Play};
use crate::lambda::{Request, SWEEP_LIFE_SECONDS};

/// Seconds by which clocks differ at most.
const CLOCKS: i64 = 60;
/// Names the one invocation in which the comparison at rest runs.
const KEY: u64 = 0x0fee_0000_0000;

impl Play<'_> {
    /// Runs the next day's comparison while nothing goes wrong.
    pub(super) fn compare_at_rest(&mut self) {
        let day = Report::day_at(Timestamp(self.sim.now()));
        let at = self.sim.now() + DAY;
        // A clock that is behind must not be in the day before.
        let begins = Report::day_at(Timestamp(at - CLOCKS)) != Report::day_at(Timestamp(at));
        let next_day = if begins { at + CLOCKS } else { at };
        while self.step(next_day) {}
        let before: Vec<String> = self.sim.rows.all_payments().iter().map(state).collect();
        self.told.report = None;
        self.spawn(Request::Compare, None, KEY);
        let until = self.sim.now() + SWEEP_LIFE_SECONDS;
        while self.step(until) {}
        let after: Vec<String> = self.sim.rows.all_payments().iter().map(state).collect();
        let (others, vanished) = {
            let world = self.sim.world();
            (!world.seen.foreign.is_empty(), !world.seen.vanished.is_empty())
        };
        let agreed =
            self.told.report.as_ref().is_some_and(|report| report.day > day && is_right(report, others, vanished));
        if !agreed || before != after {
            let report = self.told.report.take();
            let changed: Vec<&String> = after.iter().filter(|row| !before.contains(row)).collect();
            self.sim.world().violation("I11", format!("compared at rest: {changed:?} {report:?}"));
        }
        self.count("compared at rest");
    }
}

/// Whether a report says that table and PSP agree; of what other systems do on keys of ours it says
/// that no row knows it, and of keys that have vanished that they are missing.
fn is_right(report: &Report, others: bool, vanished: bool) -> bool {
    let Counts { missing, suspect, unreadable, deferred, unrecorded, .. } = report.counts;
    let theirs = (unrecorded == 0 || others) && (missing == 0 || vanished);
    report.verdict == Some(Verdict::Matched) || (theirs && [suspect, unreadable, deferred] == [0; 3])
}

/// Where a row stands. Which of several failed attempts it shows does not count: in the console one may be made again.
fn state(row: &Payment) -> String {
    let money =
        row.record.as_ref().filter(|_| row.state.was_paid()).map(|record| (&record.imp_uid, record.cancel_amount));
    let refunds: Vec<_> = row.refunds.iter().map(|refund| (&refund.id, refund.state)).collect();
    format!("{} {:?} {} {money:?} {refunds:?} {:?}", row.merchant_uid(), row.flow, row.state.name(), row.due_at)
}
