//! What the merchant may decide. Everything here comes from configuration; nothing here is decided per request.

use std::collections::BTreeMap;

use crate::channels;
use crate::money::Currency;

/// What to do with a charge that turns out paid after its customer was told that it had failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LatePaidPolicy {
    /// Keep the money: the row becomes `paid`, with an alarm.
    Accept,
    /// Give it back in full, with an alarm.
    Refund,
}

/// Whether cash receipts are issued through the PSP, and for whom.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CashReceiptPolicy {
    /// For nobody: the gateway issues them by itself, by its contract with the merchant.
    Off,
    /// For whoever asks.
    OnRequest,
    /// For whoever asks, and unasked where the law requires it.
    Required,
}

/// Who issues cash receipts: the merchant, as two gateways want it said: Welcome its number, Daou all of it (`POST /receipts/{imp_uid}` of Iamport's V1 schema,
/// `corp_reg_no`, `company_name` and `company_tel`; af926bd2, 2026-08-06).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReceiptIssuer {
    /// Its business number (사업자등록번호), ten digits.
    pub corp_reg_no: Option<String>,
    /// Its registered name.
    pub company_name: Option<String>,
    /// The telephone number of its customer service.
    pub company_tel: Option<String>,
}

impl ReceiptIssuer {
    /// Reads a business number. Hyphens may stand in it. Whether it is somebody's is the gateway's to say.
    #[must_use]
    pub fn number(text: &str) -> Option<String> {
        let digits = text.replace('-', "");
        (digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit())).then_some(digits)
    }
}

/// Whether customers are asked before they pay more than they have paid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ConsentPolicy {
    /// As Korea's E-Commerce Act has it: nothing more is charged without the customer's own consent. See docs/law.md.
    Kr,
    /// Nobody is asked: the storefront sees to it, or no such law holds.
    Off,
}

/// The merchant's settings, with the defaults of the design.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Currencies that may be charged.
    pub currencies: Vec<Currency>,
    /// Largest amount of one payment, in minor units.
    pub amount_max_minor: u64,
    /// Whether payments of a PG's test channel count. Never in production: such a payment is free goods.
    pub accept_sandbox_payments: bool,
    /// See [`LatePaidPolicy`].
    pub late_paid: LatePaidPolicy,
    /// See [`CashReceiptPolicy`].
    pub cash_receipts: CashReceiptPolicy,
    /// Who issues them.
    pub receipt_issuer: ReceiptIssuer,
    /// See [`ConsentPolicy`].
    pub consent: ConsentPolicy,
    /// Whether the configured PG takes a card's verification code at key issue.
    pub cvc_accepted: bool,
    /// Longest a money POST may last at our end, in seconds.
    pub post_timeout_seconds: i64,
    /// Longest time between making a claim and sending under it, in seconds: the claim's own write, repeated, and the
    /// secret. With the POST's own time it fills a handler's 25 seconds and more.
    pub claim_write_seconds: i64,
    /// How long after that a lost request may still execute at the PSP, in seconds. Until then "not found" proves nothing.
    pub quarantine_seconds: i64,
    /// Shortest time between now and a new `schedule_at`, in seconds.
    pub schedule_lead_min_seconds: i64,
    /// Longest time between now and a new `schedule_at`, in seconds.
    pub schedule_ahead_max_seconds: i64,
    /// Codes of the gateways that windows may be opened at; empty: any.
    pub pgs: Vec<String>,
    /// Whether a browser that comes back from a window has a page of the storefront's to go on to (`m_redirect_url`).
    pub return_page: bool,
    /// Whether the PG asks before it approves what is paid in a window (`confirm_url`).
    pub confirms: bool,
    /// The payment methods of those gateways that are set up for some alone.
    pub pg_methods: BTreeMap<String, Vec<String>>,
    /// Code of the gateway of a window that names none.
    pub default_pg: Option<String>,
    /// Codes of the gateways with a channel for virtual accounts that are issued without a window, the default first.
    pub account_pgs: Vec<String>,
    /// Code of the gateway that issues keys for cards of our own form, as far as it is known.
    pub card_pg: Option<String>,
    /// The channels that the settings name, each for what it is for.
    pub channels: Vec<channels::Configured>,
    /// How long after it was made a checkout may be paid, and a key be issued in the window, in seconds.
    pub window_seconds: i64,
    /// How long after a virtual account has closed its deposit is still waited for, in seconds.
    pub deposit_grace_seconds: i64,
}

impl Default for Policy {
    fn default() -> Self {
        Self {
            currencies: vec![Currency::Krw],
            amount_max_minor: 1_000_000_000,
            accept_sandbox_payments: false,
            late_paid: LatePaidPolicy::Accept,
            cash_receipts: CashReceiptPolicy::OnRequest,
            receipt_issuer: ReceiptIssuer::default(),
            // The use cases' own default. That of a deployment is `kr`.
            consent: ConsentPolicy::Off,
            cvc_accepted: false,
            post_timeout_seconds: 15,
            claim_write_seconds: 20,
            quarantine_seconds: 120,
            schedule_lead_min_seconds: 5 * 60,
            schedule_ahead_max_seconds: 400 * 86_400,
            pgs: Vec::new(),
            // The use cases' own default, like the next. A deployment says itself what it has.
            return_page: true,
            confirms: false,
            pg_methods: BTreeMap::new(),
            default_pg: None,
            account_pgs: Vec::new(),
            card_pg: None,
            channels: Vec::new(),
            window_seconds: 86_400,
            deposit_grace_seconds: 86_400,
        }
    }
}

impl Policy {
    /// Whether nothing more is charged than was agreed to.
    #[must_use]
    pub const fn asks_for_consent(&self) -> bool {
        matches!(self.consent, ConsentPolicy::Kr)
    }

    /// Seconds from a claim until its POST can no longer execute: writing the claim, the POST itself, and the quarantine.
    #[must_use]
    pub const fn claim_seconds(&self) -> i64 {
        self.claim_write_seconds + self.post_timeout_seconds + self.quarantine_seconds
    }
}
