//! Moving a payment by the PSP's schedule records.

use super::applied::{Applied, Effect};
use super::evidence::Source;
use super::snapshot::{PspStatus, ScheduleSnapshot, ScheduleStatus};
use super::{Claim, Flow, Payment, Purpose, State};
use crate::alarm::Alarm;
use crate::calendar::next_post;
use crate::ids::CustomerUid;
use crate::time::Timestamp;

/// The PSP holds a schedule under the order number.
pub(super) fn found(row: &Payment, snapshot: &ScheduleSnapshot, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    if left_behind(row, snapshot) {
        return absent(row, by, now);
    }
    if let Some(field) = snapshot.mismatch(&row.order) {
        let imp_uid = snapshot.imp_uid.clone();
        applied.alarm(Alarm::PspMismatch { merchant_uid: row.merchant_uid().clone(), imp_uid, field });
        if !row.state.was_paid() {
            applied.row.step(State::Suspect, by, now);
            applied.keep_looking(now);
        }
        return applied;
    }
    match snapshot.schedule_status {
        ScheduleStatus::Scheduled => waiting(&mut applied, row, snapshot, by, now),
        ScheduleStatus::Executed => executed(&mut applied, row, snapshot, by, now),
        ScheduleStatus::Revoked => revoked(&mut applied, row, snapshot, by, now),
        ScheduleStatus::Unknown => {
            applied.alarm(Alarm::UnknownStatus { merchant_uid: row.merchant_uid().clone() });
            // What was refused is due, too: it is looked for by the same calendar, and not by each sweep. A refund has its own.
            if row.due_at.is_some() && !row.state.was_paid() {
                applied.keep_looking(now);
            }
        }
    }
    applied
}

/// Whether a schedule is the one that was revoked when its key was replaced: on its present key there is none (yet), not
/// even if that is a key which it had before.
pub(super) fn left_behind(row: &Payment, snapshot: &ScheduleSnapshot) -> bool {
    let elsewhere = row.order.customer_uid.as_ref().map(CustomerUid::as_str) != Some(&snapshot.customer_uid);
    let before = row.registering().is_some_and(|claim| snapshot.revoked_at.is_some_and(|at| at <= claim.claimed_at));
    let revoked = snapshot.schedule_status == ScheduleStatus::Revoked;
    revoked && (elsewhere || before) && row.former_keys.iter().any(|key| key.as_str() == snapshot.customer_uid)
}

fn waiting(applied: &mut Applied, row: &Payment, snapshot: &ScheduleSnapshot, by: Source, now: Timestamp) {
    if row.state.was_paid() {
        return;
    }
    let told_failed = row.refusal.is_some();
    if matches!(row.state, State::Failed | State::Revoked) && !told_failed {
        // Revived in the console: it will run, so it is owed again.
        applied.alarm(Alarm::ScheduleMoved { merchant_uid: row.merchant_uid().clone() });
    }
    applied.row.step(State::Scheduled, by, now);
    applied.row.schedule = Some(snapshot.clone());
    let purpose = row.claim.as_ref().map(|claim| claim.purpose);
    match purpose {
        _ if told_failed => {
            // The customer was told that it is not registered, so it must not run: take it back.
            let nonce = row.claim.as_ref().map_or_else(|| row.writer.clone(), |claim| claim.nonce.clone());
            if !matches!(purpose, Some(Purpose::Revoke)) {
                let (claimed_at, quarantine_until) = (now, now);
                applied.row.claim = Some(Claim { purpose: Purpose::Revoke, nonce, claimed_at, quarantine_until });
                applied.row.looks = 0;
                applied.row.due_at = Some(now);
            } else {
                applied.keep_looking(now);
            }
        }
        Some(Purpose::Revoke) => applied.keep_looking(now),
        Some(Purpose::Move { schedule_at }) if snapshot.schedule_at != schedule_at => applied.keep_looking(now),
        Some(
            Purpose::Charge
            | Purpose::Register
            | Purpose::Issue
            | Purpose::Move { .. }
            | Purpose::Extend { .. }
            | Purpose::Refund,
        )
        | None => {
            let as_planned = row.flow == (Flow::Schedule { schedule_at: snapshot.schedule_at });
            if purpose.is_none() && !as_planned {
                applied.alarm(Alarm::ScheduleMoved { merchant_uid: row.merchant_uid().clone() });
            } else if purpose.is_none() && snapshot.schedule_at <= now {
                applied.alarm(Alarm::ScheduleOverdue { merchant_uid: row.merchant_uid().clone() });
            }
            if purpose.is_some() || !as_planned {
                applied.row.looks = 0;
            }
            applied.row.flow = Flow::Schedule { schedule_at: snapshot.schedule_at };
            applied.row.claim = None;
            applied.keep_looking(now);
        }
    }
}

/// It ran. Only the payment's own record settles anything, unless the attempt failed before there was a payment.
fn executed(applied: &mut Applied, row: &Payment, snapshot: &ScheduleSnapshot, by: Source, now: Timestamp) {
    if row.state.was_paid() {
        return;
    }
    applied.row.schedule = Some(snapshot.clone());
    match (&snapshot.imp_uid, snapshot.payment_status) {
        (Some(imp_uid), _) => {
            if row.imp_uid() != Some(imp_uid) || !row.state.is_settled() {
                applied.effects.push(Effect::Fetch(imp_uid.clone()));
                applied.keep_looking(now);
            } else {
                applied.settle();
            }
        }
        (None, Some(PspStatus::Failed)) => {
            applied.row.step(State::Failed, by, now);
            applied.settle();
        }
        (None, Some(PspStatus::Ready | PspStatus::Paid | PspStatus::Cancelled | PspStatus::Unknown) | None) => {
            applied.keep_looking(now);
        }
    }
}

fn revoked(applied: &mut Applied, row: &Payment, snapshot: &ScheduleSnapshot, by: Source, now: Timestamp) {
    if row.state.was_paid() || row.state == State::Failed {
        return applied.settle();
    }
    let asked_for = matches!(row.claim.as_ref().map(|claim| claim.purpose), Some(Purpose::Revoke));
    if !asked_for && row.state != State::Revoked {
        applied.alarm(Alarm::ScheduleRevoked { merchant_uid: row.merchant_uid().clone() });
    }
    if let Some(to) = row.moves_to.clone().filter(|_| asked_for) {
        return applied.row.move_to_key(to, by, now);
    }
    applied.row.schedule = Some(snapshot.clone());
    applied.row.step(State::Revoked, by, now);
    applied.settle();
}

/// The PSP holds no schedule under the order number.
pub(super) fn absent(row: &Payment, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    match row.state {
        State::Claimed | State::Unknown if row.in_flight(now) => applied.keep_looking(now),
        State::Claimed | State::Unknown => {
            applied.row.claim = None;
            applied.row.step(State::Intent, by, now);
            applied.row.due_at = Some(next_post(now, row.posts));
        }
        State::Scheduled if row.in_flight(now) => applied.keep_looking(now),
        State::Scheduled => {
            // It was there and is gone, and nothing of ours is under way: a revocation that was asked for is done;
            // otherwise it is registered anew, so that the payment is not lost.
            let asked_for = matches!(row.claim.as_ref().map(|claim| claim.purpose), Some(Purpose::Revoke));
            applied.alarm(Alarm::MissingAtPsp { merchant_uid: row.merchant_uid().clone() });
            if let Some(to) = row.moves_to.clone().filter(|_| asked_for) {
                applied.row.move_to_key(to, by, now);
                return applied;
            }
            applied.row.claim = None;
            if asked_for {
                applied.row.step(State::Revoked, by, now);
                applied.settle();
            } else {
                applied.row.step(State::Intent, by, now);
                applied.row.due_at = Some(now);
            }
        }
        State::Failed if row.in_flight(now) => applied.row.due_at = row.quarantine_until(),
        State::Failed | State::Revoked | State::Paid | State::PartiallyRefunded | State::Refunded => applied.settle(),
        State::Suspect => applied.keep_looking(now),
        State::Intent | State::Awaiting | State::Expired => {}
    }
    applied
}
