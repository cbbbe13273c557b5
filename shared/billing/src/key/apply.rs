//! How a billing key moves.

use super::{BillingKey, KeyApplied, KeyEvidence, KeySnapshot, KeyState, check};
use crate::alarm::Alarm;
use crate::calendar::{ALARM_AGAIN_SECONDS, GONE_AGAIN_SECONDS};
use crate::ids::Nonce;
use crate::payment::{Payment, RefusedBy, State, said};
use crate::policy::Policy;
use crate::time::Timestamp;

/// What PGs and the PSP write when they do not know a billing key (`등록되지 않은 구매자입니다`: Iamport V1, `again`). A hint to look
/// the key up; what it misses is found by the daily comparison.
const UNREGISTERED: [&str; 5] = [
    "등록되지 않은 구매자",
    "등록되지 않은 빌링키",
    "등록된 빌링키가 없",
    "빌링키를 찾을 수 없",
    "billing key not found",
];

/// Moves a key by what was learnt. Pure, and the only way a key moves after it was claimed. `sent_under` is the mark of the
/// claim that a POST was sent under, if the evidence is a POST's outcome.
#[must_use]
pub fn apply(
    row: &BillingKey,
    seen: &KeyEvidence,
    sent_under: Option<&Nonce>,
    now: Timestamp,
    policy: &Policy,
) -> KeyApplied {
    let mut applied = KeyApplied { row: row.clone(), alarms: Vec::new(), delete_orphan: false };
    let ours = sent_under.is_none_or(|nonce| row.claim.as_ref().is_some_and(|claim| claim.nonce == *nonce));
    match seen {
        // How a POST ended says something only about the claim that it was sent under.
        KeyEvidence::Refused(_) | KeyEvidence::NotSent | KeyEvidence::Lost | KeyEvidence::Held if !ours => {}
        KeyEvidence::Found(snapshot) => found(&mut applied, snapshot, now, policy),
        KeyEvidence::Absent => absent(&mut applied, now),
        KeyEvidence::Refused(refusal) => match row.state {
            KeyState::Issuing => {
                let confirm_at = row.claim.as_ref().map(|claim| claim.quarantine_until);
                if refusal.by() == RefusedBy::Psp {
                    let (row, code) = (row.customer_uid.to_string(), refusal.code);
                    applied.alarms.push(Alarm::RequestRefused { row, code });
                }
                applied.row.refusal = Some(refusal.clone());
                applied.row.outcome_unknown = false;
                applied.row.state = KeyState::Abandoned;
                // One look after the quarantine: a refused call that made a key all the same leaves an orphan.
                applied.row.due_at = confirm_at;
            }
            KeyState::Deleting => {
                applied.row.refusal = Some(refusal.clone());
                not_deleted(&mut applied, now);
            }
            KeyState::Prepared | KeyState::Checking | KeyState::Active | KeyState::Deleted | KeyState::Abandoned => {}
        },
        KeyEvidence::NotSent => match row.state {
            // The card is not kept, so nobody can send it later: the customer types it again.
            KeyState::Issuing => applied.row.settle(KeyState::Abandoned),
            KeyState::Deleting => not_deleted(&mut applied, now),
            KeyState::Prepared | KeyState::Checking | KeyState::Active | KeyState::Deleted | KeyState::Abandoned => {}
        },
        KeyEvidence::Lost => match row.state {
            KeyState::Issuing => {
                applied.row.outcome_unknown = true;
                applied.row.keep_looking(now);
            }
            KeyState::Deleting => {
                applied.row.outcome_unknown = true;
                not_deleted(&mut applied, now);
            }
            KeyState::Prepared | KeyState::Checking | KeyState::Active | KeyState::Deleted | KeyState::Abandoned => {}
        },
        KeyEvidence::Held => match row.state {
            KeyState::Deleting => not_deleted(&mut applied, now),
            KeyState::Prepared
            | KeyState::Issuing
            | KeyState::Checking
            | KeyState::Active
            | KeyState::Deleted
            | KeyState::Abandoned => {}
        },
        KeyEvidence::CheckOpen => check::open(&mut applied.row, now),
        KeyEvidence::CheckPaid => check::paid(&mut applied),
        KeyEvidence::CheckFailed(refusal) => check::failed(&mut applied, refusal, now),
    }
    if applied.row != *row {
        applied.row.updated_at = now;
    }
    applied
}

fn found(applied: &mut KeyApplied, snapshot: &KeySnapshot, now: Timestamp, policy: &Policy) {
    let row = &mut applied.row;
    let mismatch = if snapshot.customer_uid != row.customer_uid.as_str() {
        Some("customer_uid")
    } else if snapshot.sandbox && !policy.accept_sandbox_payments {
        Some("sandbox")
    } else {
        None
    };
    if let Some(field) = mismatch {
        applied.alarms.push(Alarm::KeyMismatch { customer_uid: row.customer_uid.clone(), field });
        match (row.state, field) {
            // A test channel's key could never be charged here.
            (KeyState::Issuing | KeyState::Prepared, "sandbox") => row.settle(KeyState::Abandoned),
            (KeyState::Issuing, _) => {
                row.outcome_unknown = true;
                row.keep_looking(now);
            }
            (KeyState::Deleting, _) => {
                row.outcome_unknown = true;
                not_deleted(applied, now);
            }
            (KeyState::Prepared, _) => row.keep_looking(now),
            // It was the key's own when it was issued, and the check's charge finds out.
            (KeyState::Checking | KeyState::Active | KeyState::Deleted | KeyState::Abandoned, _) => {}
        }
        return;
    }
    match row.state {
        KeyState::Issuing if row.checking.is_some() => {
            row.record = Some(snapshot.clone());
            check::begin(row, now);
        }
        KeyState::Checking => row.record = Some(snapshot.clone()),
        KeyState::Prepared | KeyState::Issuing | KeyState::Active => {
            row.record = Some(snapshot.clone());
            row.settle(KeyState::Active);
        }
        KeyState::Deleting => not_deleted(applied, now),
        KeyState::Abandoned | KeyState::Deleted => {
            row.keep_looking(now);
            let orphan = Alarm::OrphanKey { customer_uid: row.customer_uid.clone() };
            let first = row.alarm_at.unwrap_or(now);
            tell_daily(applied, orphan, first, now);
            applied.delete_orphan = true;
        }
    }
}

/// A key under deletion is still there, or may be. It is tried on by the calendar; after a day a person is told, and then once
/// a day.
fn not_deleted(applied: &mut KeyApplied, now: Timestamp) {
    let row = &mut applied.row;
    row.keep_looking(now);
    // Rows of older versions have no time for it: they count from their claim.
    let claimed_at = row.claim.as_ref().map(|claim| claim.claimed_at.plus(ALARM_AGAIN_SECONDS));
    let alarm_at = row.alarm_at.or(claimed_at).unwrap_or(now);
    let stuck = Alarm::KeyDeletionStuck { customer_uid: row.customer_uid.clone() };
    tell_daily(applied, stuck, alarm_at, now);
}

/// Tells a person of what stays as it is, once `alarm_at` has come, and again a day later: it is tried far more often.
fn tell_daily(applied: &mut KeyApplied, alarm: Alarm, alarm_at: Timestamp, now: Timestamp) {
    if alarm_at <= now {
        applied.row.alarm_at = Some(now.plus(ALARM_AGAIN_SECONDS));
        applied.alarms.push(alarm);
    }
}

/// An active key that the PSP does not have. One answer is not enough: in a brownout a PSP may say so of anything. So it is
/// asked once more some minutes later, and the key is charged meanwhile if somebody wants that: on a key that is gone a charge
/// is refused, and on one that is not it is right. Then the key is deleted, and due until its subscriptions are told.
fn missing(applied: &mut KeyApplied, now: Timestamp) {
    let row = &mut applied.row;
    match row.missing_since {
        None => {
            row.missing_since = Some(now);
            row.due_at = Some(now.plus(GONE_AGAIN_SECONDS));
        }
        Some(since) if now < since.plus(GONE_AGAIN_SECONDS) => row.due_at = Some(since.plus(GONE_AGAIN_SECONDS)),
        Some(_) => {
            row.settle(KeyState::Deleted);
            row.due_at = Some(now);
            applied.alarms.push(Alarm::KeyGone { customer_uid: row.customer_uid.clone() });
        }
    }
}

/// Whether a payment failed because nobody knows its billing key, as far as the words for it say.
#[must_use]
pub fn is_named_unregistered(payment: &Payment) -> bool {
    payment.state == State::Failed && said::names(payment, &UNREGISTERED)
}

fn absent(applied: &mut KeyApplied, now: Timestamp) {
    let row = &mut applied.row;
    match row.state {
        KeyState::Issuing if row.in_flight(now) => row.keep_looking(now),
        KeyState::Issuing => row.settle(KeyState::Abandoned),
        KeyState::Deleting => {
            row.refusal = None;
            row.settle(KeyState::Deleted);
        }
        KeyState::Abandoned if row.in_flight(now) => {
            row.due_at = row.claim.as_ref().map(|claim| claim.quarantine_until);
        }
        KeyState::Abandoned => row.settle(KeyState::Abandoned),
        KeyState::Deleted => row.settle(KeyState::Deleted),
        KeyState::Prepared if row.waits(now) => row.keep_looking(now),
        KeyState::Prepared => row.settle(KeyState::Abandoned),
        // The charge that is under way on it says so, too, and has an outcome.
        KeyState::Checking => {}
        KeyState::Active => missing(applied, now),
    }
}
