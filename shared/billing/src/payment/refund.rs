//! Giving money back. Each refund is an entry of its payment's row, written before it is sent and never removed, so that it
//! is its own idempotency record.

use serde::{Deserialize, Serialize};

use super::apply::Applied;
use super::snapshot::{CancelEntry, PaymentSnapshot};
use super::{Purpose, Refusal};
use crate::alarm::Alarm;
use crate::fingerprint::Fingerprint;
use crate::ids::ImpUid;
use crate::planted::{self, Bug};
use crate::time::Timestamp;

/// Most refunds of one payment. Gateways allow far fewer, and an item has 400 KB.
pub const REFUNDS_MAX: usize = 50;
/// Seconds by which the PSP's clock may be behind ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 600;

/// Who wants the money given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The storefront asked for it.
    Request,
    /// It is the second payment of one order.
    DoublePaid,
    /// It was paid after its customer was told that it had failed, and the merchant does not keep such money.
    LatePaid,
    /// Its subscription had ended, or has its period paid otherwise.
    Unwanted,
    /// A cheaper plan left it over, and no charge is to come that it could have lowered.
    Difference,
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Recorded; sent, being sent, or to be sent.
    Pending,
    /// The PSP's record shows it.
    Done,
    /// The PSP refused it; nothing was given back.
    Refused,
}

/// Where money goes back to that came into a virtual account. The PSP needs it; nobody else is shown it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAccount {
    /// `refund_holder`.
    pub holder: String,
    /// `refund_bank`: the bank's code.
    pub bank: String,
    /// `refund_account`: digits only.
    pub account: String,
    /// `refund_tel`; some gateways want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tel: Option<String>,
}

impl std::fmt::Debug for RefundAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RefundAccount")
    }
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its name within the payment: letters and digits, sent along in the reason, so that the PSP's history shows it.
    pub id: String,
    /// The payment it is taken from.
    pub imp_uid: ImpUid,
    /// How much, in minor units; more than zero.
    pub amount: u64,
    /// What could be given back before it, in minor units: the PSP refuses the refund if it is not so any more.
    pub checksum: u64,
    /// Decimals of the payment's currency.
    pub exponent: u8,
    /// Why, as the storefront said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it goes, for a payment into a virtual account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<RefundAccount>,
    /// Who wants it.
    pub origin: Origin,
    /// The request in its normal form, to tell a repeat from a reuse.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub state: RefundState,
    /// Why the PSP refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// When it was recorded.
    pub requested_at: Timestamp,
}

impl Refund {
    /// The reason as it is sent: the storefront's words and this refund's name.
    #[must_use]
    pub fn sent_reason(&self) -> String {
        match &self.reason {
            Some(reason) => format!("{reason} [{}]", self.id),
            None => format!("[{}]", self.id),
        }
    }

    /// Whether an entry of the PSP's history is this refund: it carries the name, or, where the PSP keeps no reasons, it
    /// has the amount and the time, and the balance shows that something was given back since this one was decided on.
    fn is(&self, entry: &CancelEntry, balance: u64) -> bool {
        match &entry.reason {
            Some(reason) => reason.contains(&format!("[{}]", self.id)),
            None => {
                let since = self.requested_at.plus(-CLOCK_TOLERANCE_SECONDS);
                let since_then = balance.saturating_add(self.amount) <= self.checksum;
                since_then && entry.amount == self.amount && entry.cancelled_at.is_none_or(|at| at >= since)
            }
        }
    }
}

/// Records that a payment has to be given back in full, unless that is recorded already.
pub(super) fn owe(applied: &mut Applied, record: &PaymentSnapshot, origin: Origin, now: Timestamp) {
    let row = &mut applied.row;
    let balance = record.net_paid();
    let known = row.refunds.iter().any(|refund| refund.imp_uid == record.imp_uid && refund.origin != Origin::Request);
    if known || balance == 0 {
        return;
    }
    row.refunds.push(Refund {
        id: format!("auto{}", row.refunds.len() + 1),
        imp_uid: record.imp_uid.clone(),
        amount: balance,
        checksum: balance,
        exponent: record.amount.currency.exponent(),
        reason: None,
        account: None,
        origin,
        fingerprint: Fingerprint::of(&(&record.imp_uid, balance)),
        state: RefundState::Pending,
        refusal: None,
        requested_at: now,
    });
    row.due_at = Some(now);
}

/// Compares the row's refunds with the PSP's records of their payments: those that are what was ordered.
pub(super) fn resolve(applied: &mut Applied, trusted: &[&PaymentSnapshot], now: Timestamp) {
    let in_flight = applied.row.in_flight(now);
    let merchant_uid = applied.row.merchant_uid().clone();
    let mut stuck = Vec::new();
    for refund in applied.row.refunds.iter_mut().filter(|refund| refund.state != RefundState::Done) {
        let Some(record) = trusted.iter().find(|record| record.imp_uid == refund.imp_uid) else { continue };
        let balance = record.net_paid();
        if record.cancel_history.iter().any(|entry| refund.is(entry, balance)) {
            refund.state = RefundState::Done;
            refund.refusal = None;
        } else if refund.state == RefundState::Pending && !in_flight && balance != refund.checksum {
            // Somebody else has given money back meanwhile, so the PSP would refuse ours.
            match (refund.origin, balance) {
                (Origin::Request, _) => refund.state = RefundState::Refused,
                (Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted, 0) => refund.state = RefundState::Done,
                (Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted, left) => {
                    (refund.amount, refund.checksum) = (left, left);
                    refund.refusal = None;
                }
                // A part of the payment: what is left of it, at most.
                (Origin::Difference, 0) => refund.state = RefundState::Done,
                (Origin::Difference, left) => {
                    (refund.amount, refund.checksum) = (refund.amount.min(left), left);
                    refund.refusal = None;
                }
            }
        } else if refund.refusal.is_some() && refund.origin != Origin::Request {
            stuck.push(refund.imp_uid.clone());
        }
    }
    for imp_uid in stuck {
        applied.alarm(Alarm::RefundRefused { merchant_uid: merchant_uid.clone(), imp_uid });
    }
    let refunding = applied.row.claim.as_ref().is_some_and(|claim| claim.purpose == Purpose::Refund);
    match applied.row.pending_refund() {
        Some(_) if in_flight && refunding => applied.keep_looking(now),
        // Refused again: the next try waits for the calendar.
        Some(_) if refunding && applied.row.refused_refund() => {
            applied.row.claim = None;
            applied.keep_looking(now);
        }
        Some(_) => {
            if refunding {
                applied.row.claim = None;
            }
            applied.row.due_at = Some(now);
        }
        None if refunding => applied.settle(),
        None => {}
    }
}

/// The PSP refused a refund, and its record does not show it. A request ends there; money that must not be kept is
/// tried again by the calendar.
pub(super) fn refused(applied: &mut Applied, refusal: &Refusal, now: Timestamp) {
    let merchant_uid = applied.row.merchant_uid().clone();
    let Some(refund) = applied.row.refunds.iter_mut().find(|refund| refund.state == RefundState::Pending) else {
        return;
    };
    refund.refusal = Some(refusal.clone());
    match refund.origin {
        Origin::Request => {
            refund.state = RefundState::Refused;
            // One look after the quarantine, as after every refusal.
            applied.row.due_at = applied.row.quarantine_until();
            if planted::has(Bug::RefundForgotten) {
                applied.row.refunds.retain(|kept| kept.refusal.is_none());
            }
        }
        Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted | Origin::Difference => {
            let imp_uid = refund.imp_uid.clone();
            applied.alarm(Alarm::RefundRefused { merchant_uid, imp_uid });
            applied.keep_looking(now);
        }
    }
}
