//! The daily comparison of the table with the PSP's listings, both ways. It is carried on tick by tick: its report says
//! where it stands, so that an end of time or a crash in the middle loses nothing.

mod keys;
mod listed;
mod rows;
mod run;

use super::Billing;
use crate::alarm::Alarm;
use crate::channels::{self, Wrong};
use crate::ports::{
    AlarmSink, ChannelPsp, ChargePsp, ClaimStore, Clock, Entropy, KeyPsp, KeyStore, ListingPsp, Lookup, PaymentStore,
    ReceiptPsp, ReportStore, Saved, SchedulePsp, StoreError, WriteError,
};
use crate::report::{Checkpoint, Report};
use crate::time::Timestamp;
use run::{Run, Stop};

/// Seconds by which a lease outlives its holder's time, for a last write that was sent in time.
const LEASE_MARGIN_SECONDS: i64 = 60;

/// What a tick's part in the comparison came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Comparison {
    /// The present day's report was finished before: nothing was done.
    Done(Report),
    /// Another tick is at work on it: nothing was done.
    Held(Report),
    /// Carried on, and not through: the next tick goes on from here.
    Unfinished(Report),
    /// Carried on to its end.
    Finished(Report),
}

impl Comparison {
    /// The report as it stands.
    #[must_use]
    pub const fn report(&self) -> &Report {
        match self {
            Self::Done(report) | Self::Held(report) | Self::Unfinished(report) | Self::Finished(report) => report,
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + ReceiptPsp + ListingPsp + ChannelPsp,
    S: PaymentStore + KeyStore + ClaimStore + ReportStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Carries the present day's comparison on until `deadline`, if it is not done and nobody else is at it. The clock
    /// alone decides: it is due from four in the morning in Seoul, once a day.
    ///
    /// # Errors
    /// Only if the report's row cannot be read or claimed. Whatever stops the work later is a reason to go on next time.
    pub async fn compare(&self, deadline: Timestamp) -> Result<Comparison, StoreError> {
        let mut run = match self.claim_report(deadline).await? {
            Ok(report) => Run::new(report, deadline),
            Err(nothing_to_do) => return Ok(nothing_to_do),
        };
        if run.report.channels.is_none() {
            run.report.channels = self.look_at_channels().await;
        }
        match self.carry_on(&mut run).await {
            Ok(()) => {
                run.report = run.report.finished(self.host.now());
                match self.keep(&mut run).await {
                    Ok(()) => Ok(Comparison::Finished(run.report)),
                    Err(stop) => Ok(self.stopped(run, stop).await),
                }
            }
            Err(stop) => Ok(self.stopped(run, stop).await),
        }
    }

    /// Whether the channels that the settings name are set up, and are what this stage expects. Where nobody answers, the next tick
    /// asks again, until the report is through.
    async fn look_at_channels(&self) -> Option<channels::Seen> {
        let configured = &self.policy.channels;
        let set_up = match self.psp.channels().await {
            Lookup::Found(set_up) => set_up,
            // An account without a channel is told as one that has none.
            Lookup::Absent => Vec::new(),
            Lookup::Unreachable => return None,
        };
        let findings = channels::check(configured, &set_up, self.policy.accept_sandbox_payments);
        for channels::Finding { channel, wrong } in findings.iter().cloned() {
            self.host.alarm(&match wrong {
                Wrong::Missing => Alarm::ChannelMissing { channel },
                Wrong::Test => Alarm::ChannelMode { channel, test: true },
                Wrong::Live => Alarm::ChannelMode { channel, test: false },
            });
        }
        Some(channels::Seen::of(configured, &findings))
    }

    /// The present report under our own lease, or why there is nothing to do for us.
    async fn claim_report(&self, deadline: Timestamp) -> Result<Result<Report, Comparison>, StoreError> {
        let now = self.host.now();
        let leased_until = deadline.plus(LEASE_MARGIN_SECONDS);
        let stored = self.store.report(Report::day_at(now)).await.inspect_err(|error| {
            if let StoreError::Unreadable { row } = error {
                self.host.alarm(&Alarm::RowViolation { row: row.clone(), rule: "the row can be read" });
            }
        })?;
        let ours = match stored {
            None => Report::begun(now, self.host.nonce(), leased_until),
            Some(report) if report.finished_at.is_some() => return Ok(Err(Comparison::Done(report))),
            Some(report) if report.leased_until > now => return Ok(Err(Comparison::Held(report))),
            Some(report) => self.next_report(Report { leased_until, ..report }),
        };
        match self.store.save_report(&ours).await.map_err(WriteError::for_who_comes_again)? {
            Saved::Done => Ok(Ok(ours)),
            Saved::Conflict(Some(theirs)) => Ok(Err(Comparison::Held(*theirs))),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(StoreError::Unavailable),
        }
    }

    /// One page after another until it is through.
    async fn carry_on(&self, run: &mut Run) -> Result<(), Stop> {
        loop {
            self.time_is_left(run)?;
            let (next, worked) = match run.report.next.clone() {
                Checkpoint::List { pass, from, page } => self.compare_page(run, pass, from, page).await?,
                Checkpoint::Rows { pass, from, day, cursor } => {
                    self.compare_rows(run, pass, from, day, cursor.as_deref()).await?
                }
                Checkpoint::Through => return Ok(()),
            };
            run.report.next = next;
            // Empty pages are not worth a write: reading them again costs as little.
            if worked && run.report.next != Checkpoint::Through {
                self.keep(run).await?;
            }
        }
    }

    /// Writes the report as it stands now.
    async fn keep(&self, run: &mut Run) -> Result<(), Stop> {
        let next = self.next_report(run.report.clone());
        match self.store.save_report(&next).await? {
            Saved::Done => {
                run.report = next;
                Ok(())
            }
            Saved::Conflict(Some(theirs)) => Err(Stop::Overtaken(theirs)),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(Stop::Unanswered),
        }
    }

    /// Lets go of the report, so that the next tick need not wait for the lease to run out.
    async fn stopped(&self, mut run: Run, stop: Stop) -> Comparison {
        if let Stop::Overtaken(theirs) = stop {
            return Comparison::Held(*theirs);
        }
        // Not finished in the table, hence not here either.
        (run.report.finished_at, run.report.verdict) = (None, None);
        run.report.leased_until = self.host.now();
        match self.keep(&mut run).await {
            Err(Stop::Overtaken(theirs)) => Comparison::Held(*theirs),
            Ok(()) | Err(Stop::OutOfTime | Stop::Unanswered) => Comparison::Unfinished(run.report),
        }
    }

    fn next_report(&self, report: Report) -> Report {
        Report { version: report.version + 1, writer: self.host.nonce(), ..report }
    }
}
