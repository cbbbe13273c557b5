//! The right to send one request for a row.

use serde::{Deserialize, Serialize};

use super::{Flow, Payment};
use crate::calendar::CLAIMANT_SECONDS;
use crate::ids::Nonce;
use crate::policy::Policy;
use crate::time::Timestamp;

/// By how many seconds the clocks of two machines may differ (ARCHITECTURE.md, Decisions).
const CLOCKS_APART_SECONDS: i64 = 6;

/// What a claim is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Purpose {
    /// Charging now.
    Charge,
    /// Registering a schedule.
    Register,
    /// Issuing a virtual account.
    Issue,
    /// Taking a schedule back.
    Revoke,
    /// Giving a schedule another time.
    Move {
        /// The new time.
        schedule_at: Timestamp,
    },
    /// Giving a virtual account more time.
    Extend {
        /// The new last moment for its deposit.
        due: Timestamp,
    },
    /// Giving money back: the first of the row's refunds that is pending.
    Refund,
}

/// The right to send one POST. Nobody else may send before `quarantine_until`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claim {
    /// What is being sent.
    pub purpose: Purpose,
    /// The claimant's mark.
    pub nonce: Nonce,
    /// When the claim was made.
    pub claimed_at: Timestamp,
    /// Until then a request that was sent may still execute, so "not found" proves nothing.
    pub quarantine_until: Timestamp,
}

impl Claim {
    /// A claim made now.
    #[must_use]
    pub fn new(purpose: Purpose, nonce: Nonce, now: Timestamp, policy: &Policy) -> Self {
        Self { purpose, nonce, claimed_at: now, quarantine_until: now.plus(policy.claim_seconds()) }
    }

    /// Whether a request under this claim may still execute.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.quarantine_until
    }

    /// Whether its request may be begun now. Later it could execute after the quarantine, which leaves so much time for
    /// writing the claim down and no more; the clocks of two machines share what is kept back.
    #[must_use]
    pub fn may_be_sent(&self, now: Timestamp, policy: &Policy) -> bool {
        begun_in_time(self.claimed_at, now, policy)
    }

    /// Whether whoever made this claim may still be about to send its request.
    #[must_use]
    pub fn is_being_sent(&self, now: Timestamp) -> bool {
        now < self.claimed_at.plus(CLAIMANT_SECONDS)
    }
}

impl Payment {
    /// What this row's order is sent as; a checkout in the window is never sent.
    #[must_use]
    pub const fn purpose(&self) -> Option<Purpose> {
        match self.flow {
            Flow::Charge => Some(Purpose::Charge),
            Flow::Schedule { .. } => Some(Purpose::Register),
            Flow::Checkout { .. } if self.account.is_some() => Some(Purpose::Issue),
            Flow::Checkout { .. } => None,
        }
    }

    /// The claim that it is being registered under as a schedule, if it is.
    #[must_use]
    pub fn registering(&self) -> Option<&Claim> {
        self.claim.as_ref().filter(|claim| claim.purpose == Purpose::Register)
    }
}

/// Whether a request that was claimed then may be begun now.
pub(super) fn begun_in_time(claimed_at: Timestamp, now: Timestamp, policy: &Policy) -> bool {
    now < claimed_at.plus(policy.claim_write_seconds - CLOCKS_APART_SECONDS)
}
