//! Moving a receipt by what was learnt of it, and by what became of its payment.

use super::UNASKED_UNTIL_SECONDS;
use super::{NoReceipt, Receipt, ReceiptAct, ReceiptOrigin, ReceiptSeen, ReceiptSnapshot, ReceiptState};
use crate::alarm::Alarm;
use crate::calendar::{ALARM_AGAIN_SECONDS, UNKNOWN_ALARM_SECONDS, next_look, next_post};
use crate::payment::applied::Applied;
use crate::payment::{Payment, PostFailure, Refusal};
use crate::policy::Policy;
use crate::time::Timestamp;

/// What a look, a reply or a failed request says of a payment's receipt.
pub(in crate::payment) fn apply(row: &Payment, seen: &ReceiptSeen, now: Timestamp) -> Applied {
    let mut applied = Applied::unchanged(row);
    let left = row.left_for_receipt();
    let Some(mut receipt) = row.receipt.as_deref().cloned() else {
        // Nobody here has asked for it.
        if let ReceiptSeen::Record(record) = seen
            && Some(&record.imp_uid) == row.imp_uid()
            && record.stands()
            && row.receiptable() != Err(NoReceipt::NotCash)
        {
            let mut receipt = Receipt::found(record.clone(), now);
            settle(&mut Moved { applied: &mut applied, receipt: &mut receipt, left, now }, None);
            applied.row.receipt = Some(Box::new(receipt));
        }
        return applied;
    };
    match seen {
        ReceiptSeen::Record(record) if record.imp_uid != receipt.imp_uid => return applied,
        ReceiptSeen::Record(record) => {
            recorded(Moved { applied: &mut applied, receipt: &mut receipt, left, now }, Some(record));
        }
        ReceiptSeen::Absent => recorded(Moved { applied: &mut applied, receipt: &mut receipt, left, now }, None),
        ReceiptSeen::Posted { claim, outcome } => {
            // A reply that comes after other evidence has settled it, or after somebody else has claimed it, changes nothing.
            let Some(act) = receipt.claim.as_ref().filter(|it| it.nonce == *claim).map(|it| it.act) else {
                return applied;
            };
            let mut moved = Moved { applied: &mut applied, receipt: &mut receipt, left, now };
            match outcome {
                PostFailure::NotSent => {
                    // It is looked up before the next try: the gateway may have issued one by itself meanwhile.
                    moved.receipt.claim = None;
                    moved.receipt.issues = moved.receipt.issues.saturating_sub(u32::from(act == ReceiptAct::Issue));
                    moved.keep_looking();
                }
                PostFailure::Lost => moved.keep_looking(),
                PostFailure::Refused(refusal) => refused(&mut moved, act, refusal),
            }
        }
    }
    applied.row.receipt = Some(Box::new(receipt));
    applied
}

/// What a change of the payment means for its receipt.
pub(in crate::payment) fn follow(applied: &mut Applied, now: Timestamp, policy: &Policy) {
    if let Some((paid_at, imp_uid)) = applied.row.wants_receipt(now, policy).zip(applied.row.imp_uid().cloned()) {
        applied.row.receipt = Some(Box::new(Receipt::unasked(imp_uid, paid_at, now)));
    }
    let left = applied.row.left_for_receipt();
    let Some(receipt) = applied.row.receipt.as_deref_mut() else { return };
    let differs = receipt.record.as_ref().is_some_and(|record| record.stands() && record.amount != left);
    match receipt.state {
        // Some gateways cancel a receipt along with its payment, and others leave it (`pg/v1/ksnet/warning.mdx`,
        // `pg/v1/smartro-v2/api.mdx`, 2026-08): which of them this one is, a look tells.
        ReceiptState::Issued if differs && !receipt.doubt && receipt.told_of != Some(left) => {
            receipt.doubt = true;
            receipt.due_at = Some(now);
        }
        ReceiptState::Asked if left == 0 && receipt.claim.is_none() && !receipt.doubt => {
            receipt.state = ReceiptState::Cancelled;
            receipt.due_at = None;
            receipt.forget();
        }
        ReceiptState::Asked
        | ReceiptState::Issued
        | ReceiptState::Replacing
        | ReceiptState::Cancelling
        | ReceiptState::Cancelled
        | ReceiptState::Refused => {}
    }
}

/// A receipt that is being moved, with what is left of its payment.
struct Moved<'a> {
    applied: &'a mut Applied,
    receipt: &'a mut Receipt,
    left: u64,
    now: Timestamp,
}

impl Moved<'_> {
    /// Nobody knows yet: it is looked up again by the calendar.
    fn keep_looking(&mut self) {
        let until = self.receipt.claim.as_ref().map(|claim| claim.quarantine_until);
        self.receipt.due_at = Some(next_look(self.now, self.receipt.looks, until));
        self.receipt.looks = self.receipt.looks.saturating_add(1);
        self.silence_alarm();
    }

    /// A person is told of what the PSP neither does nor refuses.
    fn silence_alarm(&mut self) {
        if self.receipt.since.is_some_and(|since| since.plus(UNKNOWN_ALARM_SECONDS) <= self.now) {
            let merchant_uid = self.applied.row.merchant_uid().clone();
            self.alarm(Alarm::OutcomeUnknown { merchant_uid });
        }
    }

    /// Tells a person, once a day.
    fn alarm(&mut self, alarm: Alarm) {
        if self.receipt.alarmed_at.is_none_or(|at| at.plus(ALARM_AGAIN_SECONDS) <= self.now) {
            self.receipt.alarmed_at = Some(self.now);
            self.applied.alarm(alarm);
        }
    }

    fn refused_alarm(&mut self) {
        let alarm = Alarm::ReceiptRefused {
            merchant_uid: self.applied.row.merchant_uid().clone(),
            imp_uid: self.receipt.imp_uid.clone(),
        };
        self.alarm(alarm);
    }

    fn differs_alarm(&mut self) {
        let alarm = Alarm::ReceiptDiffers {
            merchant_uid: self.applied.row.merchant_uid().clone(),
            imp_uid: self.receipt.imp_uid.clone(),
        };
        self.alarm(alarm);
    }

    /// Nothing is to be done any more.
    fn rest(&mut self, state: ReceiptState) {
        self.receipt.state = state;
        self.receipt.due_at = None;
        self.receipt.alarmed_at = None;
        self.receipt.since = None;
        if matches!(state, ReceiptState::Cancelled | ReceiptState::Refused) {
            self.receipt.forget();
        }
    }

    /// The next request goes out when the calendar says: what the PSP refuses is asked for more and more rarely.
    fn go_on(&mut self, state: ReceiptState) {
        self.receipt.state = state;
        let at = if self.receipt.tries == 0 { self.now } else { next_post(self.now, self.receipt.tries) };
        self.receipt.due_at = Some(at);
        self.silence_alarm();
    }
}

/// The PSP's record, or its word that there is none. While our own request may still execute, only what that would bring about
/// proves anything.
fn recorded(mut moved: Moved<'_>, record: Option<&ReceiptSnapshot>) {
    let stands = record.is_some_and(ReceiptSnapshot::stands);
    let answered = moved.receipt.claim.as_ref().is_some_and(|claim| match claim.act {
        ReceiptAct::Issue => stands,
        ReceiptAct::Revoke => !stands,
    });
    if moved.receipt.in_flight(moved.now) && !answered {
        return moved.keep_looking();
    }
    let foreign = record.is_some_and(|record| moved.receipt.is_older_than_asked(record));
    let before = moved.receipt.record.take();
    let revoked = moved.receipt.claim.as_ref().is_some_and(|claim| claim.act == ReceiptAct::Revoke);
    moved.receipt.record = record.cloned().or_else(|| {
        // It is gone, and nobody says when.
        before.clone().map(|before| ReceiptSnapshot { cancelled_at: before.cancelled_at.or(Some(moved.now)), ..before })
    });
    moved.receipt.claim = None;
    moved.receipt.doubt = false;
    moved.receipt.looks = 0;
    if answered {
        moved.receipt.since = None;
        moved.receipt.tries = 0;
        moved.receipt.refusal = None;
    }
    if foreign {
        moved.receipt.become_somebody_elses();
    }
    settle(&mut moved, before.filter(|_| !revoked).as_ref());
}

/// What follows from a receipt's record that nothing of ours can change any more. `before`: the record that stood before, unless
/// our own request was to cancel it.
fn settle(moved: &mut Moved<'_>, before: Option<&ReceiptSnapshot>) {
    let (left, receipt) = (moved.left, &mut *moved.receipt);
    let stands = receipt.stands();
    let right = receipt.record.as_ref().is_some_and(|record| record.amount == left);
    match (receipt.state, stands) {
        (ReceiptState::Asked, true) if receipt.issues == 0 => {
            // The gateway has issued it by itself, or somebody has in the console.
            receipt.become_somebody_elses();
            found(moved, right);
        }
        (ReceiptState::Asked | ReceiptState::Issued | ReceiptState::Refused, true) => found(moved, right),
        (ReceiptState::Asked | ReceiptState::Replacing, false) if left == 0 => moved.rest(ReceiptState::Cancelled),
        (ReceiptState::Asked | ReceiptState::Replacing, false) => {
            if receipt.state == ReceiptState::Replacing {
                receipt.tries = 0;
            }
            moved.go_on(ReceiptState::Asked);
        }
        (ReceiptState::Issued, false) => {
            let followed = before.is_some_and(|before| before.stands() && before.amount != left);
            if left > 0 && followed && receipt.wish.is_some() {
                // The gateway has cancelled it with a part of its payment: the rest has none.
                receipt.tries = 0;
                moved.go_on(ReceiptState::Asked);
            } else {
                if left > 0 && before.is_some_and(ReceiptSnapshot::stands) {
                    moved.differs_alarm();
                }
                moved.rest(ReceiptState::Cancelled);
            }
        }
        (ReceiptState::Replacing | ReceiptState::Cancelling, true) => moved.go_on(moved.receipt.state),
        (ReceiptState::Cancelling | ReceiptState::Cancelled, false) => moved.rest(ReceiptState::Cancelled),
        (ReceiptState::Cancelled, true) => {
            // Issued anew in the console.
            receipt.become_somebody_elses();
            found(moved, right);
        }
        (ReceiptState::Refused, false) => moved.rest(ReceiptState::Refused),
    }
}

/// One is in force: it is right, or is to be put right.
fn found(moved: &mut Moved<'_>, right: bool) {
    moved.receipt.state = ReceiptState::Issued;
    if right && moved.left > 0 {
        return moved.rest(ReceiptState::Issued);
    }
    if moved.left == 0 {
        return moved.go_on(ReceiptState::Cancelling);
    }
    if moved.receipt.wish.is_none() {
        // Nobody here knows whom it names: a person puts it right.
        moved.receipt.alarmed_at = None;
        moved.differs_alarm();
        moved.receipt.told_of = Some(moved.left);
        moved.receipt.due_at = None;
        return;
    }
    moved.go_on(ReceiptState::Replacing);
}

/// The PSP refused our request, and its record does not show that it was done all the same. It is looked up once more when nothing
/// of it can execute any more.
fn refused(moved: &mut Moved<'_>, act: ReceiptAct, refusal: &Refusal) {
    let receipt = &mut *moved.receipt;
    receipt.refusal = Some(receipt.without_its_number(refusal));
    let until = receipt.claim.as_ref().map_or(moved.now, |claim| claim.quarantine_until);
    let never_issued = receipt.record.is_none();
    match (act, receipt.origin) {
        (ReceiptAct::Issue, ReceiptOrigin::Request) if never_issued => {
            receipt.state = ReceiptState::Refused;
            receipt.due_at = Some(until);
        }
        (ReceiptAct::Issue, ReceiptOrigin::Unasked) if receipt.asked_at.plus(UNASKED_UNTIL_SECONDS) <= moved.now => {
            receipt.state = ReceiptState::Refused;
            receipt.due_at = Some(until);
            moved.refused_alarm();
        }
        // A merchant who takes it back is told, and it stands as before.
        (ReceiptAct::Revoke, _) if receipt.state == ReceiptState::Cancelling && moved.left > 0 => {
            receipt.state = ReceiptState::Issued;
            receipt.due_at = Some(until);
            // Who has asked may have been told that it would be done.
            moved.refused_alarm();
        }
        (ReceiptAct::Issue | ReceiptAct::Revoke, _) => {
            receipt.due_at = Some(next_post(moved.now, receipt.tries).max(until));
            moved.refused_alarm();
        }
    }
}
