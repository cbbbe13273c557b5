//! Giving a virtual account more time (`PUT /vbanks/{imp_uid}`). Until when it can be paid into is what the PSP's record says, and never
//! what was asked for: a request that is lost may be carried out yet, and one that is refused changes nothing.

use super::applied::Applied;
use super::snapshot::PaymentSnapshot;
use super::{Payment, Purpose, State};
use crate::day::DAY_SECONDS;
use crate::time::Timestamp;

impl Payment {
    /// The last moment for the deposit of its virtual account, as the PSP's record has it, while that is open.
    #[must_use]
    pub fn deposit_due(&self) -> Option<Timestamp> {
        self.open_account()?.details.vbank_date
    }

    /// The last moment for the deposit that is being asked for: whether it holds is not known yet.
    #[must_use]
    pub fn extending_to(&self) -> Option<Timestamp> {
        match self.claim.as_ref()?.purpose {
            Purpose::Extend { due } => Some(due),
            Purpose::Charge
            | Purpose::Register
            | Purpose::Issue
            | Purpose::Revoke
            | Purpose::Move { .. }
            | Purpose::Refund => None,
        }
    }

    /// Whether its deposit can be made until then, by the PSP's own word. A gateway may keep another moment than it was asked for.
    #[must_use]
    pub fn is_extended_to(&self, due: Timestamp) -> bool {
        let holds = || self.state == State::Awaiting && self.deposit_due() == Some(due);
        let kept = self.state.was_paid() || self.state.is_waited_for();
        self.account.is_some() && kept && (self.extended_to == Some(due) || holds())
    }
}

/// Whether an account has more time by a record than by the one before.
pub(super) fn is_later(known: &PaymentSnapshot, record: &PaymentSnapshot) -> bool {
    record.details.vbank_date > known.details.vbank_date
}

/// The account was looked up while more time is asked for. The PSP was asked what is there before that was sent, so that nothing but it
/// has done this.
pub(super) fn found(applied: &mut Applied, row: &Payment, record: &PaymentSnapshot) {
    let Some(due) = row.extending_to() else { return };
    let Some(known) = row.record.as_ref().filter(|known| known.imp_uid == record.imp_uid) else {
        // The account that was to have more time is closed, and another one stands in its place.
        applied.row.claim = None;
        return;
    };
    // A gateway may keep the day alone. What falls short by more is not what was asked for.
    if is_later(known, record) && record.details.vbank_date.is_some_and(|now| now.plus(DAY_SECONDS) > due) {
        applied.row.extended_to = Some(due);
        applied.row.claim = None;
        applied.row.looks = 0;
    }
}

/// A record of an account, with the last moment that is known of it: that only ever moves on, so one with an earlier moment was read
/// before.
pub(super) fn latest(row: &Payment, record: &PaymentSnapshot) -> PaymentSnapshot {
    let mut latest = record.clone();
    let known = row.record.as_ref().filter(|known| row.account.is_some() && known.imp_uid == record.imp_uid);
    latest.details.vbank_date = record.details.vbank_date.max(known.and_then(|known| known.details.vbank_date));
    latest
}

/// A moment that has passed itself is not asked for any more, once nothing of the request can be carried out.
pub(super) fn give_up_in_vain(applied: &mut Applied, now: Timestamp) {
    if applied.row.extending_to().is_some_and(|due| due <= now) && !applied.row.in_flight(now) {
        applied.row.claim = None;
        applied.row.looks = 0;
    }
}
