//! Moving a payment by the PSP's payment records.

use super::applied::Applied;
use super::evidence::Source;
use super::refund;
use super::snapshot::{PaymentSnapshot, PspStatus};
use super::{Payment, Purpose, State, window};
use crate::alarm::Alarm;
use crate::calendar::next_post;
use crate::policy::{LatePaidPolicy, Policy};
use crate::time::Timestamp;

pub(super) fn apply(
    row: &Payment,
    list: &[PaymentSnapshot],
    complete: bool,
    by: Source,
    now: Timestamp,
    policy: &Policy,
) -> Applied {
    let mut applied = Applied::unchanged(row);
    let merchant_uid = row.merchant_uid();

    let mut trusted = Vec::new();
    let mut suspicious = None;
    for record in list {
        match record.mismatch(&row.order, policy) {
            None => trusted.push(record),
            Some(field) => {
                applied.alarm(Alarm::PspMismatch {
                    merchant_uid: merchant_uid.clone(),
                    imp_uid: Some(record.imp_uid.clone()),
                    field,
                });
                // A failed attempt of another amount moved no money: worth an alarm, not worth stopping the row. Nor is a
                // payment of a test channel, which anybody may make under the number of an order in the window.
                let harmless = row.window.is_some() && field == "sandbox";
                if (record.net_paid() > 0 && !harmless) || by == Source::Reply {
                    suspicious = Some(record);
                }
            }
        }
    }
    trusted.sort_by(|a, b| (a.paid_at, &a.imp_uid).cmp(&(b.paid_at, &b.imp_uid)));

    let paid: Vec<&PaymentSnapshot> = trusted.iter().copied().filter(|record| record.took_money()).collect();
    if suspicious.is_some() && !row.state.was_paid() {
        suspect(&mut applied, by, now);
    } else if !paid.is_empty() {
        settle_paid(&mut applied, row, &paid, by, now, policy);
    } else if row.state.was_paid() {
        // Another attempt under the number is not the payment that the row says is there.
        if complete && list.iter().all(|record| Some(&record.imp_uid) != row.imp_uid()) {
            applied.alarm(Alarm::MissingAtPsp { merchant_uid: merchant_uid.clone() });
        }
        applied.settle();
    } else if trusted.iter().any(|record| record.status == PspStatus::Unknown) {
        applied.alarm(Alarm::UnknownStatus { merchant_uid: merchant_uid.clone() });
        applied.keep_looking(now);
    } else if row.is_withdrawn() {
        window::stays_withdrawn(&mut applied, row, &trusted, complete, by, now, policy);
    } else if row.window.is_some() {
        // What failed in a window under the number of an account's order is no attempt of its own.
        let ours = |record: &&&PaymentSnapshot| record.status == PspStatus::Failed && row.account.is_none();
        let failed = trusted.iter().rfind(ours);
        match (window::account(row, &trusted), failed) {
            (Some(account), _) => window::ready(&mut applied, row, account, by, now, policy),
            (None, Some(failed)) => window::failed(&mut applied, row, failed, by, now),
            (None, None) if complete => nothing_found(&mut applied, row, by, now),
            (None, None) => {}
        }
    } else if trusted.iter().any(|record| record.status == PspStatus::Ready) {
        applied.keep_looking(now);
    } else if let Some(failed) = trusted.last() {
        settle_failed(&mut applied, row, failed, complete, by, now);
    } else if complete {
        // Whatever holds money was paid or is suspect.
        nothing_found(&mut applied, row, by, now);
    }
    refund::resolve(&mut applied, &trusted, by, now);
    applied
}

/// Money under the order number that is not what was ordered: nothing is fulfilled, and the sweep keeps looking until a
/// person has put it right at the PSP.
fn suspect(applied: &mut Applied, by: Source, now: Timestamp) {
    applied.row.step(State::Suspect, by, now);
    applied.keep_looking(now);
}

/// At least one record took money. The earliest settles the row; each later one that still holds money is given back.
fn settle_paid(
    applied: &mut Applied,
    row: &Payment,
    paid: &[&PaymentSnapshot],
    by: Source,
    now: Timestamp,
    policy: &Policy,
) {
    let known = row.record.as_ref().filter(|record| record.took_money());
    let keeper = match known {
        Some(known) => paid.iter().find(|record| record.imp_uid == known.imp_uid),
        None => paid.iter().find(|record| record.net_paid() > 0).or(paid.first()),
    };
    let keeper = keeper.copied();
    let kept = keeper.or(known).map(|record| &record.imp_uid);

    for extra in paid.iter().filter(|record| Some(&record.imp_uid) != kept && record.net_paid() > 0) {
        applied.alarm(Alarm::DoublePaid { merchant_uid: row.merchant_uid().clone(), imp_uid: extra.imp_uid.clone() });
        refund::owe(applied, extra, refund::Origin::DoublePaid, now);
    }
    let Some(record) = keeper else {
        return applied.settle();
    };
    if known.is_some_and(|known| record.is_older_than(known)) {
        return;
    }
    // An account that was issued too late is waited for all the same; its order was told to have expired before.
    let expired_once = row.log.iter().any(|step| step.to == State::Expired);
    let told_otherwise = matches!(row.state, State::Failed | State::Revoked | State::Expired)
        || expired_once
        || row.refusal.is_some()
        || row.is_withdrawn();
    if told_otherwise && !row.state.was_paid() && record.net_paid() > 0 {
        late_paid(applied, row, record, now, policy);
    }
    if row.checks_a_card() {
        // What it was for is known by its being paid. It is owed in the very write that says so.
        refund::owe(applied, record, refund::Origin::Check, now);
    }
    let state = match (record.cancel_amount, record.net_paid()) {
        (_, 0) => State::Refunded,
        (0, _) => State::Paid,
        (_, _) => State::PartiallyRefunded,
    };
    applied.row.record = Some(record.clone());
    applied.row.step(state, by, now);
    applied.settle();
}

fn late_paid(applied: &mut Applied, row: &Payment, record: &PaymentSnapshot, now: Timestamp, policy: &Policy) {
    applied.alarm(Alarm::LatePaid { merchant_uid: row.merchant_uid().clone(), imp_uid: record.imp_uid.clone() });
    match policy.late_paid {
        // Whoever withdraws an order does not keep what is paid for it, whatever becomes of other late money.
        LatePaidPolicy::Accept if !row.is_withdrawn() => {}
        LatePaidPolicy::Accept | LatePaidPolicy::Refund => refund::owe(applied, record, refund::Origin::LatePaid, now),
    }
}

/// Every record that can be trusted failed.
fn settle_failed(
    applied: &mut Applied,
    row: &Payment,
    failed: &PaymentSnapshot,
    complete: bool,
    by: Source,
    now: Timestamp,
) {
    let settled = row.state == State::Failed && row.record.is_some() && row.due_at.is_none();
    if settled {
        return;
    }
    let scheduled = row.schedule_at().is_some();
    if scheduled && !row.was_run_as(failed) {
        // Somebody else's attempt under the same number, in a browser say: the schedule's own record decides.
        match row.state {
            State::Revoked | State::Failed => applied.settle(),
            State::Intent
            | State::Claimed
            | State::Unknown
            | State::Scheduled
            | State::Paid
            | State::PartiallyRefunded
            | State::Refunded
            | State::Suspect
            | State::Awaiting
            | State::Expired => {}
        }
        return;
    }
    let unsettled = matches!(row.state, State::Claimed | State::Unknown) && row.in_flight(now);
    if unsettled && by != Source::Reply && failed.customer_uid.is_none() {
        // It does not name our key, so somebody may have made it in a browser: while our own request may still be under
        // way, it says nothing about ours.
        return applied.keep_looking(now);
    }
    applied.row.record = Some(failed.clone());
    applied.row.step(State::Failed, by, now);
    let sent_once_and_answered = by == Source::Reply && row.posts <= 1;
    let not_a_charge = !matches!(row.claim.as_ref().map(|claim| claim.purpose), Some(Purpose::Charge));
    let confirmed = complete && !row.in_flight(now);
    if sent_once_and_answered || not_a_charge || confirmed {
        applied.settle();
    } else {
        // Our own request may still be under way, or an earlier one may: look once more when it no longer can be.
        applied.row.due_at = row.quarantine_until().map(|end| end.max(now));
    }
}

impl Payment {
    /// Whether a payment is the run of this row's schedule: the schedule names it, or the PSP marks it as one.
    pub(crate) fn was_run_as(&self, record: &PaymentSnapshot) -> bool {
        let named = self.schedule.as_ref().is_some_and(|schedule| schedule.imp_uid.as_ref() == Some(&record.imp_uid));
        let marked = record.details.customer_uid_usage.as_deref() == Some("payment.scheduled");
        named || marked || record.imp_uid.as_str().starts_with("imps_")
    }
}

/// The PSP knows no payment under the order number.
fn nothing_found(applied: &mut Applied, row: &Payment, by: Source, now: Timestamp) {
    match row.state {
        State::Claimed | State::Unknown if row.in_flight(now) => applied.keep_looking(now),
        State::Claimed | State::Unknown => {
            // Nothing of ours can execute any more: the same order number may be sent again, under a new claim.
            applied.row.claim = None;
            applied.row.step(State::Intent, by, now);
            applied.row.due_at = Some(next_post(now, row.posts));
        }
        State::Failed if row.in_flight(now) => applied.row.due_at = row.quarantine_until(),
        State::Failed | State::Revoked => applied.settle(),
        State::Suspect if row.in_flight(now) => applied.keep_looking(now),
        State::Suspect => {
            // Nothing under the number holds money any more, and nothing of ours is under way: a person has put it right.
            applied.row.step(State::Failed, by, now);
            applied.settle();
        }
        State::Awaiting => window::nothing_found(applied, by, now),
        State::Expired => applied.settle(),
        State::Intent | State::Scheduled | State::Paid | State::PartiallyRefunded | State::Refunded => {}
    }
}
