//! The cash receipt of a deposit or a transfer: what is asked for, what the PSP has of it, and who may be sending.
//!
//! A payment has one receipt at a time, as it has at the PSP (`/receipts/{imp_uid}`, V1 schema, read 2026-11-30). It is moved as money
//! is: written before it is sent, one request at a time under a claim of its own, its outcome from the reply or from a look. It has
//! a calendar of its own, too ([`Receipt::due_at`]), so that a receipt in doubt never makes anybody ask about the payment more often.

mod apply;
mod identifier;

use serde::{Deserialize, Serialize};

pub use identifier::{Identifier, IdentifierType, ReceiptPurpose};

pub(super) use apply::{apply, follow};

pub use super::evidence::ReceiptSeen;
pub use super::snapshot::ReceiptSnapshot;

use super::claim::begun_in_time;
use super::refund::tax::{self, TaxParts};
use super::{Payment, PaymentSnapshot, Refusal};
use crate::calendar::CLAIMANT_SECONDS;
use crate::day::DAY_SECONDS;
use crate::ids::{ImpUid, Nonce};
use crate::invalid::Invalid;
use crate::money::Currency;
use crate::order::ProductType;
use crate::policy::{CashReceiptPolicy, Policy, ReceiptIssuer};
use crate::time::Timestamp;

/// The payment methods whose payments have cash receipts (`issueReceipt`, V1 schema, read 2026-11-30).
const CASH_METHODS: [&str; 2] = ["vbank", "trans"];

/// From how many won on a shop of one of the trades on the list, retail by e-commerce among them, has to issue a receipt unasked, and
/// within how many seconds of the payment (Income Tax Act, art. 162-3 (4), and table 3-3 of its decree, to which the National Tax
/// Service's notice of 2020-12-15 added retail by e-commerce; read 2026-11-30).
const UNASKED_FROM_WON: u64 = 100_000;
pub(super) const UNASKED_UNTIL_SECONDS: i64 = 5 * DAY_SECONDS;

/// Seconds by which the PSP's clock and ours may differ.
const CLOCKS_DIFFER_SECONDS: i64 = 300;

/// Seconds that a customer has to name a number before one is issued unasked: what
/// is issued to nobody and then again to somebody is three entries at the tax office for one payment.
const UNASKED_AFTER_SECONDS: i64 = DAY_SECONDS;

/// Whose wish a receipt is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptOrigin {
    /// The customer's, or the merchant's on behalf of the customer.
    Request,
    /// The merchant's settings': nobody has asked.
    Unasked,
    /// The gateway's own, or the console's: it was found at the PSP. Whom it names is not known.
    Found,
}

/// Where a receipt stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptState {
    /// To be issued.
    Asked,
    /// The PSP has issued it, over what is left of the payment.
    Issued,
    /// The PSP has one that is not what it should be: it is to be cancelled, and issued anew.
    Replacing,
    /// It is to be cancelled for good.
    Cancelling,
    /// It was cancelled, or is not to be issued any more.
    Cancelled,
    /// The PSP refused to issue it.
    Refused,
}

impl ReceiptState {
    /// Every state.
    pub const ALL: [Self; 6] =
        [Self::Asked, Self::Issued, Self::Replacing, Self::Cancelling, Self::Cancelled, Self::Refused];

    /// Whether nothing is to be done, as far as the state alone can tell.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Issued | Self::Cancelled | Self::Refused => true,
            Self::Asked | Self::Replacing | Self::Cancelling => false,
        }
    }
}

/// What one request about a receipt does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ReceiptAct {
    /// `POST /receipts/{imp_uid}`.
    Issue,
    /// `DELETE /receipts/{imp_uid}`.
    Revoke,
}

/// The right to send one request about a receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptClaim {
    /// What is being sent.
    pub act: ReceiptAct,
    /// The claimant's mark.
    pub nonce: Nonce,
    /// When the claim was made.
    pub claimed_at: Timestamp,
    /// Until then a request that was sent may still execute.
    pub quarantine_until: Timestamp,
}

impl ReceiptClaim {
    /// Whether a request under this claim may still execute.
    #[must_use]
    pub fn is_live(&self, now: Timestamp) -> bool {
        now < self.quarantine_until
    }

    /// Whether its request may be begun now, as with every other claim.
    pub(crate) fn may_be_sent(&self, now: Timestamp, policy: &Policy) -> bool {
        begun_in_time(self.claimed_at, now, policy)
    }
}

/// What a receipt is to say, whoever wants it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceiptWish {
    /// What it is good for.
    #[serde(rename = "type")]
    pub purpose: ReceiptPurpose,
    /// What the identifier is.
    pub identifier_type: IdentifierType,
    /// Whom it names.
    pub identifier: Identifier,
}

impl ReceiptWish {
    /// A receipt for this purpose, naming whoever the text does. Without a kind it is a telephone's number for a person, and a
    /// business number for a company. A company's expense is no person's, and the other way round: one gateway does not check that, and
    /// then the receipt is good for nothing (`pg/v1/newtoss/warning.mdx`, 2026-08).
    ///
    /// # Errors
    /// `identifier_type_invalid`; as [`Identifier::parse`].
    pub fn new(
        purpose: ReceiptPurpose,
        identifier_type: Option<IdentifierType>,
        identifier: &str,
    ) -> Result<Self, Invalid> {
        let identifier_type = match (purpose, identifier_type) {
            (ReceiptPurpose::Person, None | Some(IdentifierType::Phone)) => IdentifierType::Phone,
            (ReceiptPurpose::Company, None | Some(IdentifierType::Business)) => IdentifierType::Business,
            (_, Some(IdentifierType::Taxcard)) => IdentifierType::Taxcard,
            (ReceiptPurpose::Person, Some(IdentifierType::Business)) => {
                return Err(Invalid::field("identifier_type", "phone or taxcard for a person"));
            }
            (ReceiptPurpose::Company, Some(IdentifierType::Phone)) => {
                return Err(Invalid::field("identifier_type", "business or taxcard for a company"));
            }
        };
        Ok(Self { purpose, identifier_type, identifier: Identifier::parse(identifier, identifier_type)? })
    }

    /// What the tax office wants of a receipt that nobody asked for: the number that stands for nobody.
    #[must_use]
    pub fn unasked() -> Self {
        Self {
            purpose: ReceiptPurpose::Person,
            identifier_type: IdentifierType::Phone,
            identifier: Identifier::nobodys(),
        }
    }
}

/// A payment's cash receipt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Receipt {
    /// The payment that it is of.
    pub imp_uid: ImpUid,
    /// Whose wish it is.
    pub origin: ReceiptOrigin,
    /// What it is to say. Kept for as long as it may have to be issued (again): a refund of a part of the payment needs it once more.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub wish: Option<ReceiptWish>,
    /// Whom it names, masked: what is left of the wish.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked: Option<String>,
    /// Where it stands.
    pub state: ReceiptState,
    /// Whether what the PSP has of it is in doubt: it is looked up before anything is sent.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub doubt: bool,
    /// The PSP's record of the latest one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub record: Option<ReceiptSnapshot>,
    /// Who may be sending, if anybody.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub claim: Option<ReceiptClaim>,
    /// Why the PSP refused the last request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// How often it was claimed to be issued, in all, but for requests that surely never left.
    #[serde(default)]
    pub issues: u32,
    /// How often it was claimed since the PSP last did as asked.
    #[serde(default)]
    pub tries: u32,
    /// Fruitless looks since the last news.
    #[serde(default)]
    pub looks: u32,
    /// Since when the PSP has not done what it was asked, and not said no either.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub since: Option<Timestamp>,
    /// When to go on. Present exactly while work on it is outstanding.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// When a person was last told of what lasts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alarmed_at: Option<Timestamp>,
    /// What was left of the payment, in won, when a person was told that nobody here can issue it anew over that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told_of: Option<u64>,
    /// When it was asked for.
    pub asked_at: Timestamp,
}

/// Why no receipt can be issued for a payment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoReceipt {
    /// It is not paid.
    NotPaid,
    /// It was not paid in cash: by a deposit or a transfer, in won.
    NotCash,
    /// All of it was given back.
    NothingLeft,
}

/// A request for a receipt, as it is sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReceiptOrder {
    /// The payment.
    pub imp_uid: ImpUid,
    /// What it is to say.
    pub wish: ReceiptWish,
    /// Of what is left of the payment: what is free of tax, and what is tax.
    pub parts: TaxParts,
    /// The order's buyer: some gateways want it.
    pub buyer_name: Option<String>,
    /// The order's buyer.
    pub buyer_email: Option<String>,
    /// The order's buyer.
    pub buyer_tel: Option<String>,
    /// What was sold: one gateway wants it.
    pub product_type: Option<ProductType>,
    /// Who issues it.
    pub issuer: ReceiptIssuer,
}

/// What is to be done about a receipt next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ReceiptNext {
    /// Nothing, or not yet.
    Wait,
    /// Look it up.
    Look,
    /// Send this, under a new claim.
    Send(ReceiptAct),
}

impl Receipt {
    /// A receipt that somebody wants. Nothing of it was sent yet.
    #[must_use]
    pub fn asked(imp_uid: ImpUid, wish: ReceiptWish, now: Timestamp) -> Self {
        Self {
            masked: Some(wish.identifier.masked()),
            wish: Some(wish),
            ..Self::new(imp_uid, ReceiptOrigin::Request, ReceiptState::Asked, now)
        }
    }

    /// A receipt that the merchant's settings want. What the gateway has issued by itself is looked up first.
    #[must_use]
    fn unasked(imp_uid: ImpUid, paid_at: Timestamp, now: Timestamp) -> Self {
        Self {
            origin: ReceiptOrigin::Unasked,
            doubt: true,
            due_at: Some(paid_at.plus(UNASKED_AFTER_SECONDS).max(now)),
            asked_at: paid_at,
            ..Self::asked(imp_uid, ReceiptWish::unasked(), now)
        }
    }

    /// A receipt of which only the PSP's record is known.
    #[must_use]
    fn found(record: ReceiptSnapshot, now: Timestamp) -> Self {
        let state = if record.stands() { ReceiptState::Issued } else { ReceiptState::Cancelled };
        let receipt = Self::new(record.imp_uid.clone(), ReceiptOrigin::Found, state, now);
        Self { record: Some(record), due_at: None, ..receipt }
    }

    const fn new(imp_uid: ImpUid, origin: ReceiptOrigin, state: ReceiptState, now: Timestamp) -> Self {
        Self {
            imp_uid,
            origin,
            wish: None,
            masked: None,
            state,
            doubt: false,
            record: None,
            claim: None,
            refusal: None,
            issues: 0,
            tries: 0,
            looks: 0,
            since: None,
            due_at: Some(now),
            alarmed_at: None,
            told_of: None,
            asked_at: now,
        }
    }

    /// Whether a request of ours may still execute.
    #[must_use]
    pub fn in_flight(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_live(now))
    }

    /// Whether the PSP has one in force, as far as is known.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.record.as_ref().is_some_and(ReceiptSnapshot::stands)
    }

    /// What is to be done next.
    pub(crate) fn next(&self, now: Timestamp) -> ReceiptNext {
        if self.due_at.is_none_or(|due_at| due_at > now) {
            return ReceiptNext::Wait;
        }
        match self.state {
            _ if self.doubt || self.claim.is_some() => ReceiptNext::Look,
            ReceiptState::Asked => ReceiptNext::Send(ReceiptAct::Issue),
            ReceiptState::Replacing | ReceiptState::Cancelling => ReceiptNext::Send(ReceiptAct::Revoke),
            ReceiptState::Issued | ReceiptState::Cancelled | ReceiptState::Refused => ReceiptNext::Look,
        }
    }

    /// This receipt under a new claim, ready to be written before its request.
    #[must_use]
    pub(crate) fn claimed(mut self, act: ReceiptAct, nonce: Nonce, now: Timestamp, policy: &Policy) -> Self {
        let quarantine_until = now.plus(policy.claim_seconds());
        self.claim = Some(ReceiptClaim { act, nonce, claimed_at: now, quarantine_until });
        self.doubt = true;
        self.issues = self.issues.saturating_add(u32::from(act == ReceiptAct::Issue));
        self.tries = self.tries.saturating_add(1);
        self.since = self.since.or(Some(now));
        self.looks = 0;
        self.due_at = Some(now.plus(CLAIMANT_SECONDS));
        self
    }

    /// Whether this very wish is what it was asked for.
    #[must_use]
    pub fn is_for(&self, wish: &ReceiptWish) -> bool {
        self.origin == ReceiptOrigin::Request && self.wish.as_ref() == Some(wish)
    }

    /// It turns out that the one in force was not asked for here: whom it names is not known.
    pub(crate) fn become_somebody_elses(&mut self) {
        self.origin = ReceiptOrigin::Found;
        self.masked = None;
        self.forget();
    }

    /// Whether a record in force, of which nothing was known before, is of a receipt that stood when the present request was sent: the
    /// gateway's own. By how much its clock may differ from ours is not documented, so younger ones are taken for the asked one.
    fn is_older_than_asked(&self, record: &ReceiptSnapshot) -> bool {
        let sent_at = self.claim.as_ref().filter(|claim| claim.act == ReceiptAct::Issue).map(|claim| claim.claimed_at);
        let before = |at: Timestamp| sent_at.is_some_and(|sent_at| at.plus(CLOCKS_DIFFER_SECONDS) < sent_at);
        self.issues == 1 && !self.stands() && record.stands() && record.applied_at.is_some_and(before)
    }

    /// A refusal without the number that the request carried: gateways repeat what they refuse.
    fn without_its_number(&self, refusal: &Refusal) -> Refusal {
        let hidden = |wish: &ReceiptWish| wish.identifier.hidden_in(&refusal.message);
        Refusal { message: self.wish.as_ref().map_or_else(|| refusal.message.clone(), hidden), ..refusal.clone() }
    }

    /// Forgets whom it names: it is never issued again.
    pub(crate) fn forget(&mut self) {
        self.wish = None;
    }
}

impl Payment {
    /// When the sweep has to look at this row: for the payment's sake, or for its receipt's.
    #[must_use]
    pub fn next_due_at(&self) -> Option<Timestamp> {
        let of_receipt = self.receipt.as_ref().and_then(|receipt| receipt.due_at);
        match (self.due_at, of_receipt) {
            (Some(own), Some(of_receipt)) => Some(own.min(of_receipt)),
            (own, of_receipt) => own.or(of_receipt),
        }
    }

    /// The payment's record, if a receipt may be issued for it.
    ///
    /// # Errors
    /// Why not.
    pub fn receiptable(&self) -> Result<&PaymentSnapshot, NoReceipt> {
        let record = self.record.as_ref().filter(|_| self.state.was_paid()).ok_or(NoReceipt::NotPaid)?;
        let method = record.details.pay_method.as_deref().unwrap_or_default();
        if !CASH_METHODS.contains(&method) || record.amount.currency != Currency::Krw {
            return Err(NoReceipt::NotCash);
        }
        if record.net_paid() == 0 { Err(NoReceipt::NothingLeft) } else { Ok(record) }
    }

    /// What is left of the payment that a receipt is of, in won.
    #[must_use]
    pub fn left_for_receipt(&self) -> u64 {
        self.receiptable().map_or(0, PaymentSnapshot::net_paid)
    }

    /// The request that its receipt is issued by, over what is left of the payment.
    pub(crate) fn receipt_order(&self, issuer: &ReceiptIssuer) -> Option<ReceiptOrder> {
        let (receipt, record) = (self.receipt.as_ref()?, self.receiptable().ok()?);
        let details = &self.order.details;
        Some(ReceiptOrder {
            imp_uid: receipt.imp_uid.clone(),
            wish: receipt.wish.clone()?,
            parts: tax::derived(details, &self.refunds, record, record.net_paid()),
            buyer_name: details.buyer_name.clone(),
            buyer_email: details.buyer_email.clone(),
            buyer_tel: details.buyer_tel.clone(),
            product_type: details.product_type,
            issuer: issuer.clone(),
        })
    }

    /// Whether its window was told to whom its gateway shall issue a receipt.
    fn asked_in_window(&self) -> bool {
        self.window.as_ref().is_some_and(|window| window.options.passed.asks_for_receipt())
    }

    /// Whether its gateway has issued a receipt that Iamport does not show: of SSGPAY's bank accounts at NICE, where each order asks for
    /// one (`opi/ko/integration/pg/v1/nice-v2/payment-caution.mdx`, 2025-10-23).
    pub(crate) fn has_unseen_receipt(&self) -> bool {
        let method = self.window.as_ref().map(|window| window.pay_method.as_str());
        method == Some("ssgpay_bank") && self.asked_in_window()
    }

    /// When it was paid, if the settings want a receipt of it though nobody has asked for one, and the time for that is not over.
    fn wants_receipt(&self, now: Timestamp, policy: &Policy) -> Option<Timestamp> {
        if policy.cash_receipts != CashReceiptPolicy::Required || self.receipt.is_some() || self.asked_in_window() {
            return None;
        }
        // What is on its way back is not counted: a receipt over it would be reduced at once.
        let record = self.receiptable().ok().filter(|_| self.kept() >= UNASKED_FROM_WON)?;
        record.paid_at.filter(|paid_at| now < paid_at.plus(UNASKED_UNTIL_SECONDS))
    }
}
