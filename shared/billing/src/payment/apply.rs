//! The one function that moves a payment: for the POST's reply, a webhook, the sweep and a change made in the console.

use super::applied::Applied;
use super::evidence::{Evidence, PostFailure, Source};
use super::{
    Payment, PaymentSnapshot, Purpose, Refusal, RefusedBy, State, extension, receipt, records, refund, refusal,
    schedule, window,
};
use crate::alarm::Alarm;
use crate::calendar::KEY_WAIT_SECONDS;
use crate::ids::Nonce;
use crate::policy::Policy;
use crate::time::Timestamp;

/// Registrations, all in all, after which a schedule that was moved to another key and is refused there has failed: some two
/// hours.
const MOVED_POSTS_MAX: u32 = 6;

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
        Evidence::Extended { claim, record } => extended(row, claim, record, by, now, policy),
        Evidence::Receipt(seen) => receipt::apply(row, seen, now),
        Evidence::KeyInactive => {
            let mut applied = never_sent(row, State::Failed, by, now);
            if applied.row != *row {
                let waited = row.waits_for_its_key();
                let message =
                    if waited { "the billing key was not issued" } else { "the billing key is not active any more" };
                let message = message.to_owned();
                applied.row.refusal = Some(Refusal { code: refusal::OUR_CODE, message });
                if !row.former_keys.is_empty() {
                    // It was promised once; two keys that replace each other leave none that it could go to.
                    applied.alarm(Alarm::ScheduleRevoked { merchant_uid: row.merchant_uid().clone() });
                }
            }
            applied
        }
        Evidence::KeyPending => {
            let mut applied = Applied::unchanged(row);
            if row.waits_for_its_key() && row.due_at.is_none_or(|due_at| due_at <= now) {
                // One sweep after its key at the earliest: whoever looks at that may decide.
                // Not by the key's own calendar, whose looks are farther and farther apart: a schedule has its time.
                applied.row.due_at = Some(now.plus(KEY_WAIT_SECONDS));
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
    receipt::follow(&mut applied, now, policy);
    let still_asks = row.extending_to().is_some() && (&applied.row.claim, applied.row.state) == (&row.claim, row.state);
    if still_asks && by != Source::Sweep {
        // Anybody may cause a look by coming back; only the sweep's own puts off when it is asked for again.
        applied.row.due_at = [row.due_at, applied.row.due_at].into_iter().flatten().min();
        applied.row.looks = row.looks;
    }
    if applied.row != *row {
        applied.row.updated_at = now;
    }
    applied
}

/// The PSP has answered the request that gives an account more time. What else its record says counts as it always does.
fn extended(
    row: &Payment,
    nonce: &Nonce,
    record: &PaymentSnapshot,
    by: Source,
    now: Timestamp,
    policy: &Policy,
) -> Applied {
    let field = record.mismatch(&row.order, policy);
    let field = field.or_else(|| (Some(&record.imp_uid) != row.imp_uid()).then_some("imp_uid"));
    if let Some(field) = field {
        // It is as if nothing had been answered: no money is in it, so the next look finds out.
        let mut applied = Applied::unchanged(row);
        let (merchant_uid, imp_uid) = (row.merchant_uid().clone(), Some(record.imp_uid.clone()));
        applied.alarm(Alarm::PspMismatch { merchant_uid, imp_uid, field });
        return applied;
    }
    if row.state == State::Suspect {
        // What is not what was ordered stands beside it, and this record says nothing of that.
        return Applied::unchanged(row);
    }
    let mut before = row.clone();
    if let Some(Purpose::Extend { due }) = claimed_for(row, nonce) {
        // It has been carried out. Whether the account has more time the record says, and not that it was answered.
        if row.record.as_ref().is_some_and(|known| extension::is_later(known, record)) {
            before.extended_to = Some(due);
        }
        (before.claim, before.looks) = (None, 0);
    }
    records::apply(&before, std::slice::from_ref(record), false, by, now, policy)
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
        Purpose::Charge | Purpose::Register | Purpose::Issue => {
            // No card is involved in issuing an account: whoever refuses it, a person has to look at our side of it.
            if refusal.by() == RefusedBy::Psp || purpose == Purpose::Issue {
                applied.alarm(Alarm::RequestRefused { row: row.merchant_uid().to_string(), code: refusal.code });
            }
            applied.row.refusal = Some(refusal.clone());
            applied.row.step(State::Failed, by, now);
            applied.row.due_at = row.quarantine_until();
        }
        Purpose::Move { .. } | Purpose::Extend { .. } => {
            if let Purpose::Extend { .. } = purpose {
                // Whoever asked for it may have been told 202.
                applied.alarm(Alarm::RequestRefused { row: row.merchant_uid().to_string(), code: refusal.code });
            }
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
        Purpose::Charge | Purpose::Register | Purpose::Issue => applied.row.step(State::Intent, by, now),
        Purpose::Revoke | Purpose::Move { .. } | Purpose::Extend { .. } | Purpose::Refund => applied.row.looks = 0,
    }
    applied.keep_looking(now);
    applied
}

fn lost(row: &Payment, purpose: Purpose, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    match purpose {
        Purpose::Charge | Purpose::Register | Purpose::Issue => applied.row.step(State::Unknown, by, now),
        Purpose::Revoke | Purpose::Move { .. } | Purpose::Extend { .. } | Purpose::Refund => {}
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
        Purpose::Charge | Purpose::Register | Purpose::Issue => matches!(row.state, State::Claimed | State::Unknown),
        Purpose::Revoke | Purpose::Move { .. } => row.state == State::Scheduled,
        Purpose::Extend { .. } => row.state == State::Awaiting,
        Purpose::Refund => row.pending_refund().is_some(),
    };
    open.then_some(purpose)
}
