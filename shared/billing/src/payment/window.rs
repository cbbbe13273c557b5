//! Moving a checkout by records of the PG's window that took no money (yet). A failed attempt is not the end: the window
//! lets its customer try again under the same number, until the customer names the failure as the outcome or time is up.

use super::applied::Applied;
use super::evidence::Source;
use super::snapshot::{PaymentSnapshot, PspStatus};
use super::{Flow, Payment, Purpose, State, extension};
use crate::calendar::{next_window_look, window_ends};
use crate::checkout::ACCOUNT;
use crate::policy::Policy;
use crate::time::Timestamp;

impl Payment {
    /// Whether its customer may open the window now: it waits, and no virtual account was issued for it.
    #[must_use]
    pub fn is_payable(&self, now: Timestamp) -> bool {
        self.waits(now) && self.open_until().is_some_and(|open_until| now < open_until)
    }

    /// Whether a customer who is in the window now may still pay: the window ends later than it is offered.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        self.window_is_open(now) && self.state == State::Awaiting && self.record.is_none()
    }

    /// Whether the merchant has withdrawn it.
    #[must_use]
    pub const fn is_withdrawn(&self) -> bool {
        self.withdrawn_at.is_some()
    }

    /// Its virtual account, while the PSP's record says that it waits for its deposit.
    #[must_use]
    pub fn open_account(&self) -> Option<&PaymentSnapshot> {
        self.record.as_ref().filter(|record| is_open_account(record))
    }

    /// Whether somebody may still be in the window, however the order stands.
    pub(crate) fn window_is_open(&self, now: Timestamp) -> bool {
        self.open_until().is_some_and(|open_until| now < window_ends(open_until))
    }
}

/// Whether a record is a virtual account that waits for its deposit. A window that was only opened waits without one.
pub(super) fn is_open_account(record: &PaymentSnapshot) -> bool {
    record.status == PspStatus::Ready && record.details.vbank_num.is_some()
}

/// The virtual account among the records that the order waits for: the latest, where one was ordered. Anybody who knows the
/// number may have one opened under it; and a window that was only opened says nothing.
pub(super) fn account<'a>(row: &Payment, trusted: &[&'a PaymentSnapshot]) -> Option<&'a PaymentSnapshot> {
    let ordered = row.window.as_ref().is_some_and(|window| window.pay_method == ACCOUNT);
    let open = || trusted.iter().copied().filter(|record| is_open_account(record));
    // Where one was issued without a window, it is the one whose number its customer was told.
    let told = open().find(|record| row.account.is_some() && Some(&record.imp_uid) == row.imp_uid());
    told.or_else(|| open().max_by_key(|record| record.details.vbank_issued_at)).filter(|_| ordered)
}

/// A virtual account waits for its deposit.
pub(super) fn ready(
    applied: &mut Applied,
    row: &Payment,
    record: &PaymentSnapshot,
    by: Source,
    now: Timestamp,
    policy: &Policy,
) {
    match row.state {
        // Whatever was not what was ordered has been given back, or this would not be asked.
        State::Awaiting | State::Expired | State::Suspect => {}
        // Issued without a window: by this request, or by one before it whose reply was lost.
        State::Intent | State::Claimed | State::Unknown if row.account.is_some() => {}
        // Whoever asked was told that there is none, so nobody is to pay into it: it is closed, and what is paid goes back.
        State::Failed if row.account.is_some() && row.record.is_none() => {
            applied.row.withdrawn_at = Some(now);
            applied.row.record = Some(record.clone());
            applied.row.step(State::Revoked, by, now);
            end(applied, row, now);
            applied.row.due_at = Some(now);
            return;
        }
        State::Failed => return end(applied, row, now),
        State::Intent
        | State::Claimed
        | State::Unknown
        | State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Revoked => return applied.keep_looking(now),
    }
    // It is issued: nothing of that is under way any more.
    if applied.row.claim.as_ref().is_some_and(|claim| claim.purpose == Purpose::Issue) {
        applied.row.claim = None;
    }
    extension::found(applied, row, record);
    keep(applied, row, record, policy);
    wait(applied, by, now);
}

/// The account as the PSP has it, and until when its deposit is waited for.
fn keep(applied: &mut Applied, row: &Payment, record: &PaymentSnapshot, policy: &Policy) {
    let record = extension::latest(row, record);
    let open_until = row.open_until().unwrap_or(row.created_at);
    // A customer can name any date in the window; ours are bounded. What we have asked for keeps to that by itself.
    let grace = policy.deposit_grace_seconds;
    let after = if row.account.is_some() { grace } else { 0 };
    let latest = row.created_at.plus(policy.schedule_ahead_max_seconds).plus(after);
    let closes = record.details.vbank_date.map(|date| date.plus(grace).min(latest));
    applied.row.flow = Flow::Checkout { open_until: closes.map_or(open_until, |closes| closes.max(open_until)) };
    applied.row.record = Some(record);
}

/// Every record that can be trusted failed.
pub(super) fn failed(applied: &mut Applied, row: &Payment, failed: &PaymentSnapshot, by: Source, now: Timestamp) {
    match row.state {
        State::Awaiting if row.window_is_open(now) && by != Source::Customer => {
            return applied.keep_looking(now);
        }
        State::Expired if by != Source::Customer => return applied.settle(),
        State::Failed => return end(applied, row, now),
        State::Awaiting
        | State::Expired
        | State::Intent
        | State::Claimed
        | State::Unknown
        | State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Revoked
        | State::Suspect => {}
    }
    applied.row.record = Some(failed.clone());
    applied.row.step(State::Failed, by, now);
    end(applied, row, now);
}

/// The merchant withdraws the order: whatever is paid from now on goes back. What was paid before, or is not what was ordered,
/// is not withdrawn.
pub(super) fn withdrawn(row: &Payment, by: Source, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    match row.state {
        State::Awaiting | State::Expired | State::Failed => {
            applied.row.withdrawn_at = Some(now);
            applied.row.step(State::Revoked, by, now);
            end(&mut applied, row, now);
            if row.extending_to().is_some() && row.in_flight(now) {
                // It may open what is over by now: it is looked at once more when nothing of it can come any more.
                applied.row.due_at = [applied.row.due_at, row.quarantine_until()].into_iter().flatten().min();
            }
        }
        // An account that was never issued.
        State::Intent if row.account.is_some() => {
            applied.row.withdrawn_at = Some(now);
            applied.row.step(State::Revoked, by, now);
            applied.settle();
        }
        State::Intent
        | State::Claimed
        | State::Unknown
        | State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Revoked
        | State::Suspect => {}
    }
    applied
}

/// Nothing that counts was paid under a withdrawn order. An account that was opened all the same is to be closed, so it is due
/// at once; one that is closed is kept as it is.
pub(super) fn stays_withdrawn(
    applied: &mut Applied,
    row: &Payment,
    trusted: &[&PaymentSnapshot],
    complete: bool,
    by: Source,
    now: Timestamp,
    policy: &Policy,
) {
    if row.state == State::Suspect && !complete {
        // What is not what was ordered may still be there.
        return;
    }
    let ours = trusted.iter().find(|record| Some(&record.imp_uid) == row.imp_uid()).copied();
    let open = account(row, trusted);
    match open {
        // It may have been given more time before it was withdrawn, and be found so only now.
        Some(open) => keep(applied, row, open, policy),
        None => applied.row.record.clone_from(&ours.or(row.record.as_ref()).cloned()),
    }
    applied.row.step(State::Revoked, by, now);
    end(applied, row, now);
    if open.is_some_and(|open| Some(&open.imp_uid) != row.imp_uid()) {
        applied.row.due_at = Some(now);
    }
}

/// The PSP knows no payment under the number.
pub(super) fn nothing_found(applied: &mut Applied, by: Source, now: Timestamp) {
    wait(applied, by, now);
}

/// The order has failed, or was withdrawn. Its window may still be open in another tab, so there is one more look when it closes: a payment
/// whose webhook is lost is found then. As long as an account waits whose order is withdrawn, nobody has been able to close it: that
/// is tried again by the calendar of a window that is open.
fn end(applied: &mut Applied, row: &Payment, now: Timestamp) {
    // A withdrawal begins the calendar anew. Anybody may cause a look; only the sweep's own moves it on.
    let waits = row.due_at.filter(|due_at| row.is_withdrawn() && *due_at > now);
    applied.settle();
    let Some(open_until) = applied.row.open_until().filter(|_| applied.row.window_is_open(now)) else {
        applied.row.due_at = applied.row.due_at.or(waits);
        return;
    };
    if applied.row.due_at.is_some() {
        return;
    }
    if applied.row.open_account().is_none() {
        applied.row.due_at = Some(window_ends(open_until));
        return;
    }
    let looks = if row.is_withdrawn() { row.looks } else { 0 };
    applied.row.due_at = Some(waits.unwrap_or_else(|| next_window_look(now, looks, open_until)));
    applied.row.looks = if waits.is_some() { looks } else { looks.saturating_add(1) };
}

fn wait(applied: &mut Applied, by: Source, now: Timestamp) {
    extension::give_up_in_vain(applied, now);
    // As long as nobody knows whether it has more time, it may be paid.
    if applied.row.window_is_open(now) || applied.row.extending_to().is_some() {
        applied.row.step(State::Awaiting, by, now);
        applied.keep_looking(now);
    } else {
        applied.row.step(State::Expired, by, now);
        applied.settle();
    }
}
