//! What of a payment is under way: who may be sending, since when nobody knows what became of it, and whether it may be sent.

use super::{Flow, Payment, Purpose, State};
use crate::calendar::next_change;
use crate::time::Timestamp;

impl Payment {
    /// Whether it is a schedule that was recorded before its key was, and was never sent.
    #[must_use]
    pub const fn waits_for_its_key(&self) -> bool {
        matches!((self.state, self.flow), (State::Intent, Flow::Schedule { .. })) && self.posts == 0
    }

    /// When the claim's last request can no longer execute.
    #[must_use]
    pub fn quarantine_until(&self) -> Option<Timestamp> {
        self.claim.as_ref().map(|claim| claim.quarantine_until)
    }

    /// Whether a request may still be under way at `now`.
    #[must_use]
    pub fn in_flight(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_live(now))
    }

    /// Whether something of it is under way whose outcome is not known, or is to be.
    pub(super) fn is_under_way(&self) -> bool {
        let sending = matches!(self.state, State::Intent | State::Claimed | State::Unknown);
        sending || self.claim.is_some() || self.pending_refund().is_some()
    }

    /// Since when nobody knows what became of something that was sent, or is to be. Nothing for what a person has to decide about:
    /// money that is not what was ordered, a refund that the PSP refuses or that may have been made.
    #[must_use]
    pub fn unanswered_since(&self) -> Option<Timestamp> {
        let told = || self.state == State::Suspect || self.refused_refund() || self.refund_is_unclear();
        self.under_way_since.filter(|_| !told())
    }

    /// Whether a change of the schedule or of the account that was sent is not sent again yet: what the PSP refuses, or does not answer,
    /// is asked for more and more rarely, whoever asks.
    #[must_use]
    pub fn change_waits(&self, now: Timestamp) -> bool {
        self.changes_again_at().is_some_and(|at| now < at)
    }

    /// When a change of the schedule or of the account that is claimed may be sent again.
    pub(super) fn changes_again_at(&self) -> Option<Timestamp> {
        let claim = self.claim.as_ref()?;
        let until = match claim.purpose {
            Purpose::Revoke | Purpose::Move { .. } => self.schedule_at(),
            Purpose::Extend { .. } => self.deposit_due(),
            Purpose::Charge | Purpose::Register | Purpose::Issue | Purpose::Refund => return None,
        };
        Some(next_change(claim.claimed_at, self.looks, until))
    }

    /// Whether an order that stands recorded may be sent now by whoever asks: it was sent once at most, or its time has come.
    #[must_use]
    pub fn may_be_claimed(&self, now: Timestamp) -> bool {
        self.state == State::Intent && (self.posts <= 1 || self.due_at.is_none_or(|due_at| due_at <= now))
    }
}
