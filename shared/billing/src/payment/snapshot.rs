//! What the PSP says. A snapshot is always a PSP record that our own token fetched, never a webhook's body.

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerUid, ImpUid};
use crate::money::Money;
use crate::order::Order;
use crate::policy::Policy;
use crate::time::Timestamp;

/// The status of a payment at the PSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PspStatus {
    /// Waiting for the customer (a virtual account without its deposit).
    Ready,
    /// Paid.
    Paid,
    /// Given back.
    Cancelled,
    /// Declined.
    Failed,
    /// A status that this version does not know: the PSP may add some without notice.
    #[serde(other)]
    Unknown,
}

/// A payment as the PSP records it, in Iamport's field names. Times are absent where Iamport writes 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PaymentSnapshot {
    /// The PSP's payment.
    pub imp_uid: ImpUid,
    /// The order number the PSP holds it under, exactly as it wrote it.
    pub merchant_uid: String,
    /// Where it stands.
    pub status: PspStatus,
    /// What was charged.
    pub amount: Money,
    /// How much of it was given back, in minor units.
    pub cancel_amount: u64,
    /// The billing key charged, where the PSP names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_uid: Option<String>,
    /// Whether it came through a PG's test channel.
    pub sandbox: bool,
    /// Time of payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// Time of failure.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed_at: Option<Timestamp>,
    /// Time of the last refund.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// The PG's wording of a failure, scrubbed and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_reason: Option<String>,
    /// Each refund, oldest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub cancel_history: Vec<CancelEntry>,
    /// What is worth showing and nothing depends on.
    #[serde(flatten)]
    pub details: RecordDetails,
}

/// One refund of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CancelEntry {
    /// How much, in minor units.
    pub amount: u64,
    /// When.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
    /// Why, scrubbed and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The PG's transaction.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pg_tid: Option<String>,
    /// The receipt's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
}

/// Descriptive fields of a payment, all optional at the PSP.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "Iamport's own field names, described in its reference")]
pub struct RecordDetails {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pay_method: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pg_provider: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pg_tid: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pg_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub apply_num: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_number: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_quota: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_receipt_issued: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_uid_usage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_num: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_holder: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_date: Option<Timestamp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_issued_at: Option<Timestamp>,
}

impl PaymentSnapshot {
    /// Money taken and not given back, in minor units.
    #[must_use]
    pub fn net_paid(&self) -> u64 {
        match self.status {
            // A full cancellation whose amount the PSP leaves out, or an account that was closed before anybody paid.
            PspStatus::Cancelled if self.cancel_amount == 0 => 0,
            PspStatus::Paid | PspStatus::Cancelled => self.amount.minor.saturating_sub(self.cancel_amount),
            PspStatus::Ready | PspStatus::Failed | PspStatus::Unknown => 0,
        }
    }

    /// Whether money was ever taken. A `cancelled` payment that was never paid (a closed virtual account) took none.
    #[must_use]
    pub fn took_money(&self) -> bool {
        match self.status {
            PspStatus::Paid => true,
            PspStatus::Cancelled => self.paid_at.is_some() || self.cancel_amount > 0,
            PspStatus::Ready | PspStatus::Failed | PspStatus::Unknown => false,
        }
    }

    /// The first field in which this record is not what was ordered.
    #[must_use]
    pub fn mismatch(&self, order: &Order, policy: &Policy) -> Option<&'static str> {
        let key = order.customer_uid.as_ref().map(CustomerUid::as_str);
        let other_key = self.customer_uid.as_deref().is_some_and(|uid| key != Some(uid));
        let rules = [
            (self.merchant_uid != order.merchant_uid.as_str(), "merchant_uid"),
            (self.amount.currency != order.amount.currency, "currency"),
            (self.amount.minor != order.amount.minor, "amount"),
            (other_key, "customer_uid"),
            (self.sandbox && !policy.accept_sandbox_payments, "sandbox"),
        ];
        rules.into_iter().find(|(differs, _)| *differs).map(|(_, field)| field)
    }

    /// Whether `self` was read before `newer` was: refunds only ever grow, and paid never turns back into failed.
    #[must_use]
    pub fn is_older_than(&self, newer: &Self) -> bool {
        self.imp_uid == newer.imp_uid
            && (self.cancel_amount < newer.cancel_amount || (newer.took_money() && !self.took_money()))
    }
}

/// The status of a schedule at the PSP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScheduleStatus {
    /// Waiting for its time.
    Scheduled,
    /// Attempted.
    Executed,
    /// Taken back.
    Revoked,
    /// A status that this version does not know.
    #[serde(other)]
    Unknown,
}

/// A schedule as the PSP records it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ScheduleSnapshot {
    /// The order number, exactly as the PSP wrote it.
    pub merchant_uid: String,
    /// The billing key, exactly as the PSP wrote it.
    pub customer_uid: String,
    /// The payment, once attempted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imp_uid: Option<ImpUid>,
    /// Where it stands.
    pub schedule_status: ScheduleStatus,
    /// How the attempt ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub payment_status: Option<PspStatus>,
    /// When it is to run.
    pub schedule_at: Timestamp,
    /// When it ran.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub executed_at: Option<Timestamp>,
    /// When it was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revoked_at: Option<Timestamp>,
    /// What is to be charged.
    pub amount: Money,
    /// The PG's wording of a failure, scrubbed and cut.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_reason: Option<String>,
}

impl ScheduleSnapshot {
    /// The first field in which this schedule is not what was ordered. Its time is compared elsewhere: it may be moved.
    #[must_use]
    pub fn mismatch(&self, order: &Order) -> Option<&'static str> {
        let rules = [
            (self.merchant_uid != order.merchant_uid.as_str(), "merchant_uid"),
            (order.customer_uid.as_ref().map(CustomerUid::as_str) != Some(&self.customer_uid), "customer_uid"),
            (self.amount != order.amount, "amount"),
        ];
        rules.into_iter().find(|(differs, _)| *differs).map(|(_, field)| field)
    }
}

/// A receipt as the PSP records it, in Iamport's field names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptSnapshot {
    /// The payment that it is of.
    pub imp_uid: ImpUid,
    /// Over how much, in won.
    pub amount: u64,
    /// Tax within it, in won.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat: Option<u64>,
    /// The tax office's number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub apply_num: Option<String>,
    /// The gateway's number of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_tid: Option<String>,
    /// Where it can be seen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub receipt_url: Option<String>,
    /// When it was issued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_at: Option<Timestamp>,
    /// When it was cancelled; absent while it stands.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cancelled_at: Option<Timestamp>,
}

impl ReceiptSnapshot {
    /// Whether it is in force.
    #[must_use]
    pub const fn stands(&self) -> bool {
        self.cancelled_at.is_none()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(status: PspStatus, was_paid: bool, cancel_amount: u64) -> PaymentSnapshot {
        PaymentSnapshot {
            imp_uid: ImpUid::parse("imp_1").unwrap(),
            merchant_uid: "order_1".to_owned(),
            status,
            amount: Money::krw(8_900),
            cancel_amount,
            customer_uid: None,
            sandbox: false,
            paid_at: was_paid.then_some(Timestamp(1)),
            failed_at: None,
            cancelled_at: None,
            fail_reason: None,
            cancel_history: Vec::new(),
            details: RecordDetails::default(),
        }
    }

    #[test]
    fn what_is_left_of_a_payment_is_what_was_taken_and_has_not_gone_back() {
        let none_back = 0;
        for (status, was_paid, back, took_money, left) in [
            (PspStatus::Paid, true, none_back, true, 8_900),
            (PspStatus::Paid, true, 900, true, 8_000),
            (PspStatus::Paid, true, 8_900, true, 0),
            (PspStatus::Cancelled, true, 8_900, true, 0),
            (PspStatus::Cancelled, true, 900, true, 8_000),
            // What went back was taken before, whether the PSP says when or not.
            (PspStatus::Cancelled, false, 8_900, true, 0),
            (PspStatus::Cancelled, false, 1, true, 8_899),
            // All of it, where the PSP leaves out how much.
            (PspStatus::Cancelled, true, none_back, true, 0),
            // An account that was closed before anybody paid.
            (PspStatus::Cancelled, false, none_back, false, 0),
            (PspStatus::Ready, false, none_back, false, 0),
            (PspStatus::Failed, false, none_back, false, 0),
            (PspStatus::Unknown, false, none_back, false, 0),
        ] {
            let record = record(status, was_paid, back);
            assert_eq!((record.took_money(), record.net_paid()), (took_money, left), "{record:?}");
        }
    }
}
