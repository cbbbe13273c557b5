//! What is learnt about a payment, and from whom.

use serde::{Deserialize, Serialize};

use super::Refusal;
use super::snapshot::{PaymentSnapshot, ReceiptSnapshot, ScheduleSnapshot};
use crate::ids::{CustomerUid, Nonce};

/// What brought the evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// The reply to our own POST.
    Reply,
    /// A look of our own: before a POST, or after one went wrong.
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
    /// The billing key is no longer active, or never was, so an order that was never sent cannot be.
    KeyInactive,
    /// The billing key is not active yet: an order that was recorded with it goes on waiting.
    KeyPending,
    /// The storefront took back an order that was never sent, or one that its customer was to pay in the window.
    Withdrawn,
    /// What the PSP has answered to the request that gives its virtual account more time: the account as it is now.
    Extended {
        /// The mark of the claim that it was sent under.
        claim: Nonce,
        /// The account.
        record: Box<PaymentSnapshot>,
    },
    /// Something about the payment's cash receipt.
    Receipt(ReceiptSeen),
    /// The customer replaces the billing key, and the order was never sent on the old one.
    KeyReplaced(CustomerUid),
    /// Nobody says anything: only time has passed.
    Silence,
}

/// What was learnt about a receipt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReceiptSeen {
    /// The PSP's record of the latest receipt of the payment.
    Record(ReceiptSnapshot),
    /// The PSP has none of the payment.
    Absent,
    /// How our own request ended without a record. It says something only about the claim that it was sent under.
    Posted {
        /// The mark of that claim.
        claim: Nonce,
        /// How it ended.
        outcome: PostFailure,
    },
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
    pub(super) const fn is_one_of_several(&self) -> bool {
        matches!(self, Self::Records { complete: false, .. })
    }

    /// Whether this may be applied to a row that has changed since it was gathered. Payments only ever move forward, and
    /// a POST's outcome knows its claim; a schedule that was seen, or not seen, may be a thing of the past.
    #[must_use]
    pub fn outlives_a_change(&self) -> bool {
        match self {
            Self::Records { list, .. } => !list.is_empty(),
            Self::Posted { .. }
            | Self::Extended { .. }
            | Self::KeyInactive
            | Self::KeyPending
            | Self::Withdrawn
            | Self::KeyReplaced(_)
            | Self::Silence
            | Self::Receipt(ReceiptSeen::Posted { .. }) => true,
            Self::Schedule(_) | Self::NoSchedule | Self::Receipt(ReceiptSeen::Record(_) | ReceiptSeen::Absent) => false,
        }
    }
}
