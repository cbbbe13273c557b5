//! A row after a piece of evidence, and what follows from it, whichever way it came.

use super::{Flow, Payment, Purpose, State};
use crate::alarm::Alarm;
use crate::calendar::{
    ALARM_AGAIN_SECONDS, UNKNOWN_ALARM_SECONDS, first_overdue_look, next_look, next_overdue_look, next_window_look,
};
use crate::ids::ImpUid;
use crate::time::Timestamp;

/// Alarms that a row remembers, so that its size has an end.
const ALARMS_MAX: usize = 24;

/// What has to happen besides writing the row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Tell a person.
    Alarm(Alarm),
    /// Fetch this payment and apply it: the schedule names it, only its own record settles anything.
    Fetch(ImpUid),
}

/// The row after the evidence, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Applied {
    /// The row. Equal to the old one when the evidence brought nothing new: then nothing is written.
    pub row: Payment,
    /// What has to happen.
    pub effects: Vec<Effect>,
}

impl Applied {
    pub(super) fn unchanged(row: &Payment) -> Self {
        Self { row: row.clone(), effects: Vec::new() }
    }

    pub(super) fn alarm(&mut self, alarm: Alarm) {
        self.effects.push(Effect::Alarm(alarm));
    }

    /// Nothing is owed any more, unless money is still to be given back.
    pub(super) fn settle(&mut self) {
        let refunding = self.row.claim.as_ref().is_some_and(|claim| claim.purpose == Purpose::Refund);
        if self.row.pending_refund().is_none() || !refunding {
            self.row.claim = None;
        }
        if self.row.pending_refund().is_none() {
            self.row.due_at = None;
            self.row.looks = 0;
        }
    }

    /// A row that is due is looked at in whole: another payment under its number may be why, which could not be looked up, or not
    /// be written down. What somebody brings of one of them does not take that off the calendar.
    pub(super) fn stay_due(&mut self, before: &Payment, now: Timestamp) {
        // A refund that is owed has a calendar of its own.
        let is_due = before.due_at.filter(|due_at| *due_at <= now && self.row.pending_refund().is_none());
        if is_due.is_some() {
            (self.row.due_at, self.row.looks) = (is_due, before.looks);
        }
    }

    /// What follows from a row as it now stands, whatever brought it there: since when something is under way, that a person is
    /// told if nobody knows what became of it, and that nobody is told of the same thing at every look.
    pub(super) fn follow_up(&mut self, now: Timestamp) {
        let since = self.row.under_way_since.unwrap_or(now);
        self.row.under_way_since = self.row.is_under_way().then_some(since);
        let silent = self.row.unanswered_since().is_some_and(|since| since.plus(UNKNOWN_ALARM_SECONDS) <= now);
        if silent {
            self.alarm(Alarm::OutcomeUnknown { merchant_uid: self.row.merchant_uid().clone() });
        }
        if self.row.due_at.is_none() {
            // Nothing is owed, so that no calendar tells of it again; and whatever comes next is news.
            self.row.alarmed_at.clear();
            return;
        }
        let told = &mut self.row.alarmed_at;
        self.effects.retain(|effect| {
            let Effect::Alarm(alarm) = effect else { return true };
            let Some(what) = alarm.lasting() else { return true };
            let again = told.get(&what).is_none_or(|at| at.plus(ALARM_AGAIN_SECONDS) <= now);
            if again {
                told.insert(what, now);
            }
            again
        });
        for _ in ALARMS_MAX..told.len() {
            let oldest = told.iter().min_by_key(|(_, at)| **at).map(|(what, _)| what.clone());
            oldest.and_then(|oldest| told.remove(&oldest));
        }
    }

    /// Still owed: look again by the calendar, one step further along it.
    pub(super) fn keep_looking(&mut self, now: Timestamp) {
        let row = &mut self.row;
        let waiting_for = match row.flow {
            Flow::Schedule { schedule_at } if row.state == State::Scheduled && row.claim.is_none() => Some(schedule_at),
            Flow::Checkout { open_until } if row.state == State::Awaiting && row.claim.is_none() => {
                if row.due_at.is_some_and(|due_at| due_at > now) {
                    // Anybody may cause a look by coming back; only the sweep's own moves the calendar on.
                    return;
                }
                row.due_at = Some(next_window_look(now, row.looks, open_until));
                row.looks = row.looks.saturating_add(1);
                return;
            }
            Flow::Schedule { .. } | Flow::Charge | Flow::Checkout { .. } => None,
        };
        match waiting_for {
            Some(schedule_at) if now < first_overdue_look(schedule_at) => {
                row.looks = 0;
                row.due_at = Some(first_overdue_look(schedule_at));
                return;
            }
            Some(_) => row.due_at = Some(next_overdue_look(now, row.looks)),
            None => row.due_at = Some(next_look(now, row.looks, row.quarantine_until())),
        }
        row.looks = row.looks.saturating_add(1);
        // A change is sent again sooner, the nearer the schedule's time is, and no sweep passes over that.
        if let Some(resent_at) = row.changes_again_at().filter(|at| now < *at) {
            row.due_at = row.due_at.map(|due_at| due_at.min(resent_at));
        }
    }
}
