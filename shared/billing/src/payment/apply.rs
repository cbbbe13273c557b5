//! The one function that moves a payment: for the POST's reply, a webhook, the sweep and a change made in the console.

use serde::{Deserialize, Serialize};

use super::snapshot::{PaymentSnapshot, ScheduleSnapshot};
use super::{Flow, Payment, Purpose, Refusal, RefusedBy, State, records, refund, refusal, schedule, window};
use crate::alarm::Alarm;
use crate::calendar::{
    ALARM_AGAIN_SECONDS, UNKNOWN_ALARM_SECONDS, first_overdue_look, next_look, next_overdue_look, next_window_look,
};
use crate::ids::{CustomerUid, ImpUid, Nonce};
use crate::policy::Policy;
use crate::time::Timestamp;

/// Registrations, all in all, after which a schedule that was moved to another key and is refused there has failed: some two
/// hours.
const MOVED_POSTS_MAX: u32 = 6;
/// Alarms that a row remembers, so that its size has an end.
const ALARMS_MAX: usize = 24;

/// What brought the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The reply to our own POST.
    Reply,
    /// A look after our own POST went wrong.
    Look,
    /// A webhook's hint, looked up.
    Webhook,
    /// The sweep.
    Sweep,
    /// Our own claim.
    Claim,
    /// The customer, back from the window, named this payment.
    Customer,
}

/// What was learnt about a payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// Payments that the PSP records under the order number.
    Records {
        /// The records.
        list: Vec<PaymentSnapshot>,
        /// Whether these are all there are (`findAll`) or one of them (a reply, a GET).
        complete: bool,
    },
    /// The schedule that the PSP records under the order number.
    Schedule(ScheduleSnapshot),
    /// The PSP records no schedule under the order number.
    NoSchedule,
    /// How our own POST ended without a record. It says something only about the claim that it was sent under.
    Posted {
        /// The mark of that claim.
        claim: Nonce,
        /// How it ended.
        outcome: PostFailure,
    },
    /// The billing key is no longer active, so an order that was never sent cannot be.
    KeyInactive,
    /// The storefront took back an order that was never sent, or one that its customer was to pay in the window.
    Withdrawn,
    /// The customer replaces the billing key, and the order was never sent on the old one.
    KeyReplaced(CustomerUid),
    /// Nobody says anything: only time has passed.
    Silence,
}

/// How a POST ended that brought no record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostFailure {
    /// The PSP refused it.
    Refused(Refusal),
    /// It certainly never left.
    NotSent,
    /// It left, or may have, and nothing is known.
    Lost,
}

impl Evidence {
    /// Whether it is one payment's record, and there may be others under the number.
    const fn is_one_of_several(&self) -> bool {
        matches!(self, Self::Records { complete: false, .. })
    }

    /// Whether this may be applied to a row that has changed since it was gathered. Payments only ever move forward, and
    /// a POST's outcome knows its claim; a schedule that was seen, or not seen, may be a thing of the past.
    #[must_use]
    pub fn outlives_a_change(&self) -> bool {
        match self {
            Self::Records { list, .. } => !list.is_empty(),
            Self::Posted { .. } | Self::KeyInactive | Self::Withdrawn | Self::KeyReplaced(_) | Self::Silence => true,
            Self::Schedule(_) | Self::NoSchedule => false,
        }
    }
}

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
    fn stay_due(&mut self, before: &Payment, now: Timestamp) {
        // A refund that is owed has a calendar of its own.
        let is_due = before.due_at.filter(|due_at| *due_at <= now && self.row.pending_refund().is_none());
        if is_due.is_some() {
            (self.row.due_at, self.row.looks) = (is_due, before.looks);
        }
    }

    /// What follows from a row as it now stands, whatever brought it there: since when something is under way, that a person is
    /// told if nobody knows what became of it, and that nobody is told of the same thing at every look.
    fn follow_up(&mut self, now: Timestamp) {
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
    }
}

/// Moves a row by what was learnt. Pure: the same three arguments always give the same answer.
///
/// `row'` is due exactly if something is still owed, and equals `row` if the evidence brought nothing new.
#[must_use]
pub fn apply(row: &Payment, seen: &Evidence, by: Source, now: Timestamp, policy: &Policy) -> Applied {
    let mut applied = match seen {
        Evidence::Records { list, complete } => records::apply(row, list, *complete, by, now, policy),
        // A checkout is never registered as a schedule: whoever did it, it says nothing about this order.
        Evidence::Schedule(_) | Evidence::NoSchedule if row.window.is_some() => Applied::unchanged(row),
        Evidence::Schedule(snapshot) => schedule::found(row, snapshot, by, now),
        Evidence::NoSchedule => schedule::absent(row, by, now),
        Evidence::Posted { claim, outcome } => match (claimed_for(row, claim), outcome) {
            (None, _) => Applied::unchanged(row),
            (Some(purpose), PostFailure::Refused(refusal)) => refused(row, purpose, refusal, by, now),
            (Some(purpose), PostFailure::NotSent) => not_sent(row, purpose, by, now),
            (Some(purpose), PostFailure::Lost) => lost(row, purpose, by, now),
        },
        Evidence::Silence => Applied::unchanged(row),
        Evidence::KeyInactive => {
            let mut applied = never_sent(row, State::Failed, by, now);
            if applied.row != *row {
                let message = "the billing key is not active any more".to_owned();
                applied.row.refusal = Some(Refusal { code: refusal::OUR_CODE, message });
                if !row.former_keys.is_empty() {
                    // It was promised once; two keys that replace each other leave none that it could go to.
                    applied.alarm(Alarm::ScheduleRevoked { merchant_uid: row.merchant_uid().clone() });
                }
            }
            applied
        }
        Evidence::Withdrawn if row.window.is_some() => window::withdrawn(row, by, now),
        Evidence::Withdrawn => never_sent(row, State::Revoked, by, now),
        Evidence::KeyReplaced(to) => {
            let mut applied = Applied::unchanged(row);
            let off_its_key = row.state == State::Intent;
            let elsewhere = row.order.customer_uid.as_ref() != Some(to);
            if off_its_key && elsewhere && row.schedule_at().is_some() {
                applied.row.move_to_key(to.clone(), by, now);
            }
            applied
        }
    };
    if applied.row.claim.is_none() {
        applied.row.moves_to = None;
    }
    if seen.is_one_of_several() && matches!(by, Source::Webhook | Source::Customer) {
        applied.stay_due(row, now);
    }
    applied.follow_up(now);
    if applied.row != *row {
        applied.row.updated_at = now;
    }
    applied
}

/// A refusal settles the answer now; the row stays due for one look after the quarantine, because a PG may have taken
/// the money behind a refused call.
fn refused(row: &Payment, purpose: Purpose, refusal: &Refusal, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    match purpose {
        // It was registered on the key before, and its customer was told so: a refusal on the next key does not end it.
        Purpose::Register if !row.former_keys.is_empty() && row.posts < MOVED_POSTS_MAX => {
            applied.alarm(Alarm::MissingAtPsp { merchant_uid: row.merchant_uid().clone() });
            applied.row.step(State::Unknown, by, now);
            applied.keep_looking(now);
        }
        Purpose::Charge | Purpose::Register => {
            if refusal.by() == RefusedBy::Psp {
                applied.alarm(Alarm::RequestRefused { row: row.merchant_uid().to_string(), code: refusal.code });
            }
            applied.row.refusal = Some(refusal.clone());
            applied.row.step(State::Failed, by, now);
            applied.row.due_at = row.quarantine_until();
        }
        Purpose::Move { .. } => {
            applied.row.claim = None;
            applied.row.looks = 0;
            applied.keep_looking(now);
        }
        // Whether there is anything left to revoke is judged by the schedule's own record.
        Purpose::Revoke => applied.keep_looking(now),
        Purpose::Refund => refund::refused(&mut applied, refusal, now),
    }
    applied
}

fn not_sent(row: &Payment, purpose: Purpose, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    applied.row.claim = None;
    match purpose {
        Purpose::Charge | Purpose::Register => applied.row.step(State::Intent, by, now),
        Purpose::Revoke | Purpose::Move { .. } | Purpose::Refund => applied.row.looks = 0,
    }
    applied.keep_looking(now);
    applied
}

fn lost(row: &Payment, purpose: Purpose, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    match purpose {
        Purpose::Charge | Purpose::Register => applied.row.step(State::Unknown, by, now),
        Purpose::Revoke | Purpose::Move { .. } | Purpose::Refund => {}
    }
    applied.keep_looking(now);
    applied
}

/// Ends an order of which nothing can be under way.
fn never_sent(row: &Payment, state: State, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    if row.state == State::Intent {
        applied.row.step(state, by, now);
        applied.settle();
    }
    applied
}

/// What the row is claimed for under this very claim, while that is still open. A reply that comes after other evidence
/// has settled the row, or after somebody else has claimed it, changes nothing.
fn claimed_for(row: &Payment, nonce: &Nonce) -> Option<Purpose> {
    let purpose = row.claim.as_ref().filter(|claim| claim.nonce == *nonce).map(|claim| claim.purpose)?;
    let open = match purpose {
        Purpose::Charge | Purpose::Register => matches!(row.state, State::Claimed | State::Unknown),
        Purpose::Revoke | Purpose::Move { .. } => row.state == State::Scheduled,
        Purpose::Refund => row.pending_refund().is_some(),
    };
    open.then_some(purpose)
}
