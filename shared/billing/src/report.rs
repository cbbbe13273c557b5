//! The daily two-way comparison's report: one row a day, which is also where the comparison stands while it is under way.

use serde::{Deserialize, Serialize};

use crate::channels;
use crate::day::{DAY_SECONDS, KstDay};
use crate::ids::Nonce;
use crate::payment::{Payment, State};
use crate::time::Timestamp;

/// When a day's comparison may begin, in seconds after midnight in Seoul: banks' own night work is over by then.
pub const BEGINS_SECONDS: i64 = 4 * 3_600;

/// What happened in the last seconds is not compared: a payment may be at the PSP and not yet in the table, and the other
/// way round. The next day's windows reach back over it.
const SETTLING_SECONDS: i64 = 900;
/// How far back payments are compared, in seconds. Four days: a comparison that fails twice in a row loses nothing, even if the
/// next one begins late.
const PAYMENTS_BACK_SECONDS: i64 = 4 * DAY_SECONDS;
/// How much longer ago a payment may have begun that is looked at because it changed lately, in seconds: the widest window
/// that the PSP allows.
const CHANGES_BACK_SECONDS: i64 = 90 * DAY_SECONDS;
/// Schedules are compared from a week back, in seconds …
const SCHEDULES_BACK_SECONDS: i64 = 7 * DAY_SECONDS;
/// … to two months ahead, in seconds.
const SCHEDULES_AHEAD_SECONDS: i64 = 60 * DAY_SECONDS;
/// Payments are compared in slices of so many seconds: small enough that one tick gets through the busiest.
const PAYMENTS_SLICE_SECONDS: i64 = 6 * 3_600;
/// Schedules are compared in slices of so many seconds.
const SCHEDULES_SLICE_SECONDS: i64 = 7 * DAY_SECONDS;

/// A stretch of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// Its first second.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

/// What a comparison covers. Fixed when it begins, so that it means the same on every tick that carries it on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Windows {
    /// Payments by when they began.
    pub payments: Window,
    /// Payments that began longer ago, of which those are compared that changed since then.
    pub changes: Window,
    /// Schedules by when they are to run.
    pub schedules: Window,
}

impl Windows {
    /// The windows of a comparison that begins now.
    #[must_use]
    pub const fn at(now: Timestamp) -> Self {
        let settled = now.plus(-SETTLING_SECONDS);
        let recent = settled.plus(-PAYMENTS_BACK_SECONDS);
        Self {
            payments: Window { from: recent, until: settled },
            changes: Window { from: recent.plus(-CHANGES_BACK_SECONDS), until: recent },
            schedules: Window { from: now.plus(-SCHEDULES_BACK_SECONDS), until: now.plus(SCHEDULES_AHEAD_SECONDS) },
        }
    }
}

/// One of the three passes, in their order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pass {
    /// The last days' payments, both ways.
    Payments,
    /// Older payments that changed lately, against their rows.
    Changes,
    /// Schedules, both ways.
    Schedules,
}

/// Where a comparison goes on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "step", rename_all = "lowercase")]
pub enum Checkpoint {
    /// With a page of the PSP's listing.
    List {
        /// Of this pass,
        pass: Pass,
        /// in the slice that begins here,
        from: Timestamp,
        /// counted from 1.
        page: u32,
    },
    /// With the rows that claim that the PSP holds something.
    Rows {
        /// Of this pass,
        pass: Pass,
        /// in the slice that begins here,
        from: Timestamp,
        /// of this day,
        day: KstDay,
        /// from the page that this names.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        cursor: Option<String>,
    },
    /// Nowhere: it is through.
    Through,
}

/// What a comparison has found so far.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// Payments of the PSP's that were compared.
    pub payments: u32,
    /// Older payments that had changed.
    pub changes: u32,
    /// Schedules of the PSP's that were compared.
    pub schedules: u32,
    /// Rows that claim something, and were compared.
    pub rows: u32,
    /// Rows that the comparison has put right.
    pub healed: u32,
    /// Payments and schedules of our keys that no row knows.
    pub unrecorded: u32,
    /// Rows that claim what the PSP does not have.
    pub missing: u32,
    /// Rows that hold something else than what was ordered.
    pub suspect: u32,
    /// Rows, and records of the PSP's, that cannot be read.
    pub unreadable: u32,
    /// Rows that the PSP gave no answer about. They are due, so that the sweep asks.
    pub deferred: u32,
    /// Payments and schedules of others that share the account.
    pub foreign: u32,
    /// Cash receipts that were not what their row said. What the row has become is the PSP's record; what is wrong with that is due.
    pub receipts: u32,
}

impl Counts {
    /// Both sums together.
    #[must_use]
    pub const fn plus(self, more: Self) -> Self {
        Self {
            payments: self.payments.saturating_add(more.payments),
            changes: self.changes.saturating_add(more.changes),
            schedules: self.schedules.saturating_add(more.schedules),
            rows: self.rows.saturating_add(more.rows),
            healed: self.healed.saturating_add(more.healed),
            unrecorded: self.unrecorded.saturating_add(more.unrecorded),
            missing: self.missing.saturating_add(more.missing),
            suspect: self.suspect.saturating_add(more.suspect),
            unreadable: self.unreadable.saturating_add(more.unreadable),
            deferred: self.deferred.saturating_add(more.deferred),
            foreign: self.foreign.saturating_add(more.foreign),
            receipts: self.receipts.saturating_add(more.receipts),
        }
    }

    /// Whether table and PSP agree now, as far as this was counted. What was healed agrees.
    #[must_use]
    pub const fn matched(&self) -> bool {
        self.unrecorded == 0 && self.missing == 0 && self.suspect == 0 && self.unreadable == 0 && self.deferred == 0
    }
}

/// How a comparison ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// Everything that either side holds, the other holds too.
    Matched,
    /// Something is left that a person or the sweep has to look at.
    Unmatched,
}

impl Verdict {
    /// The name used in rows and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Unmatched => "unmatched",
        }
    }
}

/// A day's report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The day, from four in the morning to four in the morning.
    pub day: KstDay,
    /// Counts writes; each write is conditional on the one before.
    pub version: u64,
    /// The last writer's mark.
    pub writer: Nonce,
    /// Until then nobody else carries it on.
    pub leased_until: Timestamp,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was through.
    pub finished_at: Option<Timestamp>,
    /// How it ended; present exactly when it was through.
    pub verdict: Option<Verdict>,
    /// What it covers.
    pub windows: Windows,
    /// Where it goes on.
    pub next: Checkpoint,
    /// What was found.
    pub counts: Counts,
    /// What the day's look at the channels came to; nothing if Iamport gave no answer.
    pub channels: Option<channels::Seen>,
}

impl Report {
    /// The day whose report is the present one.
    #[must_use]
    pub const fn day_at(now: Timestamp) -> KstDay {
        KstDay::of(now.plus(-BEGINS_SECONDS))
    }

    /// A report that begins now, held by its writer.
    #[must_use]
    pub fn begun(now: Timestamp, writer: Nonce, leased_until: Timestamp) -> Self {
        let windows = Windows::at(now);
        Self {
            day: Self::day_at(now),
            version: 1,
            writer,
            leased_until,
            started_at: now,
            finished_at: None,
            verdict: None,
            next: Checkpoint::List { pass: Pass::Payments, from: windows.payments.from, page: 1 },
            windows,
            counts: Counts::default(),
            channels: None,
        }
    }

    /// This report as it stands at its end.
    #[must_use]
    pub const fn finished(mut self, now: Timestamp) -> Self {
        self.finished_at = Some(now);
        self.verdict = Some(if self.counts.matched() { Verdict::Matched } else { Verdict::Unmatched });
        self.leased_until = now;
        self
    }

    /// How long it has been owed, in seconds; nothing once it is through.
    #[must_use]
    pub const fn overdue_seconds(&self, now: Timestamp) -> i64 {
        match self.finished_at {
            Some(_) => 0,
            None => owed_seconds(self.day, now),
        }
    }

    /// How long the present day's report has been owed if there is none, in seconds.
    #[must_use]
    pub const fn overdue_at(now: Timestamp) -> i64 {
        owed_seconds(Self::day_at(now), now)
    }

    /// The slice of a pass that begins at `from`.
    #[must_use]
    pub fn slice(&self, pass: Pass, from: Timestamp) -> Window {
        let (window, length) = match pass {
            Pass::Payments => (self.windows.payments, PAYMENTS_SLICE_SECONDS),
            Pass::Changes => (self.windows.changes, CHANGES_BACK_SECONDS),
            Pass::Schedules => (self.windows.schedules, SCHEDULES_SLICE_SECONDS),
        };
        Window { from, until: from.plus(length).min(window.until) }
    }

    /// Where to go on once the slice that begins at `from` is done.
    #[must_use]
    pub fn after_slice(&self, pass: Pass, from: Timestamp) -> Checkpoint {
        let end = self.slice(pass, from).until;
        let list = |pass, from| Checkpoint::List { pass, from, page: 1 };
        match pass {
            Pass::Payments if end < self.windows.payments.until => list(Pass::Payments, end),
            Pass::Payments => list(Pass::Changes, self.windows.changes.from),
            Pass::Changes => list(Pass::Schedules, self.windows.schedules.from),
            Pass::Schedules if end < self.windows.schedules.until => list(Pass::Schedules, end),
            Pass::Schedules => Checkpoint::Through,
        }
    }
}

/// How long ago a day's comparison could begin, in seconds.
const fn owed_seconds(day: KstDay, now: Timestamp) -> i64 {
    now.0.saturating_sub(day.start().plus(BEGINS_SECONDS).0)
}

/// When the thing is, or is to be, that a row claims the PSP holds: the payment, or the schedule while it waits. `None` for
/// a row that claims nothing. The table's index by day is made of this.
#[must_use]
pub fn claims_at(row: &Payment) -> Option<Timestamp> {
    match (row.state, &row.record) {
        (State::Scheduled, _) => row.schedule_at(),
        (_, Some(record)) => {
            Some(record.paid_at.or(record.failed_at).or(record.cancelled_at).unwrap_or(row.created_at))
        }
        (_, None) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: Timestamp = Timestamp(1_795_489_200); // 2026-11-24T12:00+09:00

    fn begun(now: Timestamp) -> Report {
        Report::begun(now, Nonce::from_bytes([0; 16]), now)
    }

    #[test]
    fn a_day_of_reports_begins_at_four_in_the_morning() {
        let four = NOON.plus(-8 * 3_600);
        assert_eq!(Report::day_at(four).to_string(), "2026-11-24");
        assert_eq!(Report::day_at(four.plus(-1)).to_string(), "2026-11-23");
        assert_eq!(begun(four).overdue_seconds(NOON), 8 * 3_600);
        assert_eq!(begun(four.plus(-1)).overdue_seconds(four), DAY_SECONDS);
        assert_eq!(Report { finished_at: Some(NOON), ..begun(four) }.overdue_seconds(NOON), 0);
    }

    #[test]
    fn a_day_without_a_report_owes_it_from_four_in_the_morning_on() {
        let four = NOON.plus(-8 * 3_600);
        for seconds in 0..DAY_SECONDS {
            assert_eq!(Report::overdue_at(four.plus(seconds)), seconds);
        }
        assert_eq!(Report::overdue_at(four.plus(DAY_SECONDS)), 0, "the next day's");
    }

    #[test]
    fn a_verdict_has_one_name_in_rows_and_logs() {
        for (verdict, name) in [(Verdict::Matched, "matched"), (Verdict::Unmatched, "unmatched")] {
            assert_eq!(verdict.name(), name);
            assert_eq!(serde_json::to_value(verdict).unwrap(), name);
        }
    }

    #[test]
    fn slices_cover_their_windows_without_a_gap() {
        let report = begun(NOON);
        let mut place = report.next.clone();
        let mut ends = std::collections::BTreeMap::new();
        let mut steps = 0;
        while let Checkpoint::List { pass, from, page: 1 } = place {
            let slice = report.slice(pass, from);
            assert!(slice.from < slice.until, "{slice:?}");
            let (first, end) = ends.entry(format!("{pass:?}")).or_insert((from, from));
            assert_eq!(*end, from, "begins where the one before ends");
            *end = slice.until;
            assert!(*first <= from);
            place = report.after_slice(pass, from);
            steps += 1;
        }
        assert_eq!((place, steps), (Checkpoint::Through, 16 + 1 + 10));
        let windows = report.windows;
        for (pass, window) in
            [("Payments", windows.payments), ("Changes", windows.changes), ("Schedules", windows.schedules)]
        {
            assert_eq!(ends[pass], (window.from, window.until), "{pass}");
        }
    }

    #[test]
    fn successive_days_overlap() {
        let (today, tomorrow) = (begun(NOON).windows, begun(NOON.plus(DAY_SECONDS)).windows);
        assert!(tomorrow.payments.from.plus(DAY_SECONDS) < today.payments.until);
        assert!(tomorrow.schedules.from < today.schedules.until);
    }

    #[test]
    fn only_what_agrees_is_matched() {
        assert!(Counts { payments: 9, healed: 3, foreign: 4, ..Counts::default() }.matched());
        for counts in [
            Counts { unrecorded: 1, ..Counts::default() },
            Counts { missing: 1, ..Counts::default() },
            Counts { suspect: 1, ..Counts::default() },
            Counts { unreadable: 1, ..Counts::default() },
            Counts { deferred: 1, ..Counts::default() },
        ] {
            assert!(!counts.matched() && !Counts::default().plus(counts).matched(), "{counts:?}");
        }
    }
}
