//! Payments as Iamport records them.

use serde::Deserialize;

use crate::amount::Amount;
use crate::envelope::Content;
use crate::error::Error;
use crate::lenient::open_enum;
use crate::text::{MaskedCard, PspText, Sensitive};

open_enum! {
    /// State of a payment. There is no value for "partly cancelled": compare [`Payment::cancel_amount`]. `Failed` is
    /// not final with every gateway; some approve later.
    PaymentStatus {
        /// A window was opened or a virtual account issued; nothing is paid.
        Ready = "ready",
        /// Paid.
        Paid = "paid",
        /// Cancelled after it was paid.
        Cancelled = "cancelled",
        /// Not approved; see [`Payment::fail_reason`].
        Failed = "failed",
    }
}

open_enum! {
    /// Where a payment was made.
    Channel {
        /// The window on a desktop browser.
        Pc = "pc",
        /// The window on a phone.
        Mobile = "mobile",
        /// The REST API: with a billing key or with card data.
        Api = "api",
    }
}

open_enum! {
    /// Kind of a card. Some gateways do not tell.
    CardType {
        /// Credit card.
        Credit = "0",
        /// Debit ("check") card.
        Check = "1",
    }
}

open_enum! {
    /// What the billing key of a payment was used for. `Issue` is the issue of a key in the window, which also shows
    /// as a paid payment with some gateways.
    CustomerUidUsage {
        /// The payment issued the key.
        Issue = "issue",
        /// The key was charged at once.
        Payment = "payment",
        /// The key was charged by a schedule.
        Scheduled = "payment.scheduled",
    }
}

/// A payment. Times are UNIX seconds and absent while the API says 0; empty texts are absent too.
///
/// Before goods are handed over, compare it with your own record of the order:
///
/// ```
/// use iamport::{Payment, PaymentStatus};
///
/// fn pays(payment: &Payment, merchant_uid: &str, won: u64) -> bool {
///     payment.status == PaymentStatus::Paid
///         && payment.merchant_uid == merchant_uid
///         && payment.currency == "KRW"
///         && payment.amount.to_minor(0) == Some(won)
///         && payment.cancel_amount.to_minor(0) == Some(0)
///         && payment.sandbox != Some(true)
/// }
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Payment {
    /// Iamport's number of the payment.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub imp_uid: String,
    /// The merchant's number.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub merchant_uid: String,
    /// Way of paying, e.g. `card`, `vbank`, `trans`; an open set that differs by gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pay_method: Option<String>,
    /// Where it was made.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub channel: Option<Channel>,
    /// Code of the payment gateway, e.g. `html5_inicis`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// Code of the easy-pay service inside the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub emb_pg_provider: Option<String>,
    /// The gateway's number of the transaction.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_tid: Option<String>,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// Whether it was made on a test channel, i.e. with no money. Absent from servers before 2026.
    #[serde(default, deserialize_with = "crate::lenient::strict_flag")]
    pub sandbox: Option<bool>,
    /// Whether it is an escrow payment.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub escrow: Option<bool>,
    /// The card company's approval number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub apply_num: Option<String>,
    /// Standard code of the bank, for transfers.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub bank_code: Option<String>,
    /// Name of the bank, for transfers.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub bank_name: Option<String>,
    /// Standard code of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_code: Option<String>,
    /// Name of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_name: Option<String>,
    /// Standard code of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_code: Option<String>,
    /// Name of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_name: Option<String>,
    /// Standard code of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_code: Option<String>,
    /// Name of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_name: Option<String>,
    /// Months of instalment; 0 is one payment.
    #[serde(default, deserialize_with = "crate::lenient::count")]
    pub card_quota: Option<u32>,
    /// Masked card number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_number: Option<MaskedCard>,
    /// Kind of card.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub card_type: Option<CardType>,
    /// Standard code of the virtual account's bank.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub vbank_code: Option<String>,
    /// Name of the virtual account's bank.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub vbank_name: Option<String>,
    /// Number of the virtual account.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub vbank_num: Option<Sensitive>,
    /// Holder of the virtual account.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub vbank_holder: Option<Sensitive>,
    /// When the virtual account closes.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub vbank_date: Option<i64>,
    /// When the virtual account was issued.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub vbank_issued_at: Option<i64>,
    /// Name of the order.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<String>,
    /// Amount of the payment, in units of the currency; never negative.
    pub amount: Amount,
    /// How much of it has been cancelled; never negative.
    pub cancel_amount: Amount,
    /// ISO 4217 code.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub currency: String,
    /// Buyer's name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_name: Option<Sensitive>,
    /// Buyer's e-mail address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_email: Option<Sensitive>,
    /// Buyer's telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_tel: Option<Sensitive>,
    /// Buyer's address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_addr: Option<Sensitive>,
    /// Buyer's post code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_postcode: Option<Sensitive>,
    /// The merchant's own data, JSON in a string.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub custom_data: Option<Sensitive>,
    /// The buyer's browser.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub user_agent: Option<Sensitive>,
    /// State; it, not the envelope, says whether money moved.
    #[serde(deserialize_with = "crate::lenient::required_open")]
    pub status: PaymentStatus,
    /// When it began.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub started_at: Option<i64>,
    /// When it was paid.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub paid_at: Option<i64>,
    /// When it failed.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub failed_at: Option<i64>,
    /// When it was (last) cancelled.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub cancelled_at: Option<i64>,
    /// Why it failed, in the gateway's words.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub fail_reason: Option<PspText>,
    /// Why it was cancelled.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub cancel_reason: Option<PspText>,
    /// Where the receipt can be seen.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_url: Option<Sensitive>,
    /// Each cancellation, whole or partial.
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub cancel_history: Vec<Cancellation>,
    /// Each deposit to a fixed virtual account.
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub deposit_history: Vec<Deposit>,
    /// Receipts of cancellations. Deprecated by the API in favour of [`Self::cancel_history`].
    #[serde(default, deserialize_with = "crate::lenient::texts")]
    pub cancel_receipt_urls: Vec<Sensitive>,
    /// Whether a cash receipt was issued on its own.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub cash_receipt_issued: Option<bool>,
    /// The billing key used.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_uid: Option<String>,
    /// What the billing key was used for; absent for an ordinary payment.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub customer_uid_usage: Option<CustomerUidUsage>,
    /// The promotion applied.
    #[serde(default, deserialize_with = "crate::lenient::object")]
    pub promotion: Option<Promotion>,
    /// What [`Client::payment_with_extension`](crate::Client::payment_with_extension) adds.
    #[serde(default, deserialize_with = "crate::lenient::object")]
    pub extension: Option<PaymentExtension>,
}

/// What a gateway tells of a payment beside what Iamport knows. The schema has it in a text only, and there for daou.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PaymentExtension {
    /// daou: who paid into the virtual account.
    #[serde(default, rename = "REMITTER", alias = "remitter", deserialize_with = "crate::lenient::text")]
    pub remitter: Option<Sensitive>,
}

/// One cancellation of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Cancellation {
    /// The gateway's number of the cancellation.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_tid: Option<String>,
    /// Amount cancelled.
    pub amount: Amount,
    /// UNIX seconds.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub cancelled_at: Option<i64>,
    /// The reason given.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub reason: Option<PspText>,
    /// Iamport's id of the cancellation; webhooks of cancellations carry it.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub cancellation_id: Option<String>,
    /// Where its receipt can be seen.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_url: Option<Sensitive>,
}

/// One deposit to a fixed virtual account.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Deposit {
    /// The gateway's number of the deposit.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_tid: Option<String>,
    /// Amount deposited.
    pub amount: Amount,
    /// Who deposited it.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub depositor_name: Option<Sensitive>,
    /// UNIX seconds.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub deposited_at: Option<i64>,
}

/// The promotion applied to a payment.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Promotion {
    /// `promotion-id-…`.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub id: Option<String>,
    /// What it took off the amount.
    #[serde(default)]
    pub discount: Option<Amount>,
}

/// Something about a payment that does not fit together. The status still rules; each is worth a note or an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Anomaly {
    /// Status `paid` without a time of payment.
    PaidWithoutTime,
    /// Status `paid` with a time of failure.
    PaidWithFailureTime,
    /// More cancelled than was paid.
    CancelledTooMuch,
    /// The cancellations do not add up to the amount cancelled.
    CancellationsDoNotAddUp,
    /// The gateway showed more of the card number than it may.
    CardNumberExposed,
}

impl Payment {
    /// What does not fit together in this record.
    #[must_use]
    pub fn anomalies(&self) -> Vec<Anomaly> {
        let paid = self.status == PaymentStatus::Paid;
        let history_minor = self
            .cancel_history
            .iter()
            .try_fold(0_u64, |sum, one| one.amount.to_minor(ODDITY_EXPONENT).and_then(|minor| sum.checked_add(minor)));
        let history_differs =
            !self.cancel_history.is_empty() && history_minor != self.cancel_amount.to_minor(ODDITY_EXPONENT);
        [
            (paid && self.paid_at.is_none(), Anomaly::PaidWithoutTime),
            (paid && self.failed_at.is_some(), Anomaly::PaidWithFailureTime),
            (self.cancel_amount > self.amount, Anomaly::CancelledTooMuch),
            (history_differs, Anomaly::CancellationsDoNotAddUp),
            (self.card_number.as_ref().is_some_and(MaskedCard::was_exposed), Anomaly::CardNumberExposed),
        ]
        .into_iter()
        .filter_map(|(holds, oddity)| holds.then_some(oddity))
        .collect()
    }
}

/// Sums are made in ten-thousandths: no currency has more than four decimal places.
const ODDITY_EXPONENT: u8 = 4;

/// [`Error::Suspect`] for an amount that the currency does not have.
pub(crate) fn vet_amount(field: &'static str, amount: Amount, currency: Option<&str>) -> Result<(), Error> {
    let undivided = matches!(currency, Some("KRW" | "JPY" | "krw" | "jpy"));
    if amount.is_negative() || (undivided && !amount.is_whole()) {
        return Err(Error::suspect(format!("{field} cannot be an amount of its currency")));
    }
    Ok(())
}

impl Content for Payment {
    fn vet(&self) -> Result<(), Error> {
        vet_amount("amount", self.amount, Some(&self.currency))?;
        vet_amount("cancel_amount", self.cancel_amount, Some(&self.currency))
    }
}
