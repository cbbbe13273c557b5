//! The rows of the books. Amounts are integers in the currency's minor unit (won for KRW, cents for USD);
//! times are UNIX seconds, 0 where V1 says "did not happen".

use serde::{Deserialize, Serialize};

use super::cards::Card;
use super::gateways::Said;
use super::tax::TaxParts;

/// Status of a payment; V1 has exactly these four.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PaymentStatus {
    /// Virtual account issued, money not yet received.
    Ready,
    /// Money taken.
    Paid,
    /// Money taken and given back.
    Cancelled,
    /// Attempted and declined.
    Failed,
}

impl PaymentStatus {
    /// V1's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Paid => "paid",
            Self::Cancelled => "cancelled",
            Self::Failed => "failed",
        }
    }
}

/// What a billing key had to do with a payment (`customer_uid_usage`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyUsage {
    /// The payment issued the key.
    Issue,
    /// The key was charged at once.
    Payment,
    /// The key was charged by a schedule.
    Scheduled,
}

impl KeyUsage {
    /// V1's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Issue => "issue",
            Self::Payment => "payment",
            Self::Scheduled => "payment.scheduled",
        }
    }
}

/// Who pays: V1's `buyer_*` (on payments) and `customer_*` (on keys) fields.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Person {
    /// Name.
    pub name: Option<String>,
    /// E-mail address.
    pub email: Option<String>,
    /// Telephone number.
    pub tel: Option<String>,
    /// Postal address.
    pub addr: Option<String>,
    /// Postcode.
    pub postcode: Option<String>,
}

impl Person {
    /// Fields missing here are taken from `fallback`: a schedule's buyer falls back to the key's customer.
    #[must_use]
    pub fn or(self, fallback: &Self) -> Self {
        Self {
            name: self.name.or_else(|| fallback.name.clone()),
            email: self.email.or_else(|| fallback.email.clone()),
            tel: self.tel.or_else(|| fallback.tel.clone()),
            addr: self.addr.or_else(|| fallback.addr.clone()),
            postcode: self.postcode.or_else(|| fallback.postcode.clone()),
        }
    }
}

/// The payment gateway and the shop's account there.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Channel {
    /// PG code, such as `html5_inicis`.
    pub pg_provider: String,
    /// The shop's id at that PG.
    pub pg_id: String,
}

impl Default for Channel {
    fn default() -> Self {
        Self { pg_provider: "html5_inicis".to_owned(), pg_id: "INIBillTst".to_owned() }
    }
}

/// One billing key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BillingKey {
    /// The shop's name for it.
    pub customer_uid: String,
    /// The shop's name for the customer.
    pub customer_id: Option<String>,
    /// PG that holds the card.
    pub channel: Channel,
    /// Issued on a test channel.
    pub sandbox: bool,
    /// The card, masked.
    pub card: Card,
    /// What pays: `card`, or the window's word for it.
    #[serde(default = "by_card")]
    pub pay_method: String,
    /// `customer_*` fields.
    pub customer: Person,
    /// First issue, UNIX seconds.
    pub inserted: i64,
    /// Latest (re-)issue, UNIX seconds.
    pub updated: i64,
}

/// What keys were before they had a method.
fn by_card() -> String {
    "card".to_owned()
}

/// One refund of a payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cancellation {
    /// V1's `cancellation_id`.
    pub cancellation_id: String,
    /// The PG's number for the refund.
    pub pg_tid: String,
    /// Refunded, minor units.
    pub amount: u64,
    /// UNIX seconds.
    pub cancelled_at: i64,
    /// Reason as given.
    pub reason: String,
    /// Which parts of the payment it took.
    #[serde(default)]
    pub tax: TaxParts,
}

/// A virtual account into which the customer pays.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VirtualAccount {
    /// Account number.
    pub number: String,
    /// Account holder.
    pub holder: String,
    /// The bank's code; the gateway's own bank if it was not asked for.
    #[serde(default)]
    pub bank: Option<String>,
    /// Deposit deadline, UNIX seconds.
    pub due_at: i64,
    /// Issued, UNIX seconds.
    pub issued_at: i64,
}

/// What only a payment made in a browser window has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Browser {
    /// On a telephone: V1's `channel` says `mobile`, and `pc` otherwise.
    pub mobile: bool,
    /// What the browser calls itself.
    pub user_agent: Option<String>,
    /// V1's word for how it is paid, as the shop asked for it.
    pub pay_method: String,
    /// The wallet, where a PG's window went on to one.
    pub emb_pg_provider: Option<String>,
    /// Paid into escrow.
    pub escrow: bool,
    /// A billing key's issue by which no money moved, whatever the amount says.
    pub issue_only: bool,
    /// Webhook addresses of this payment after the first.
    pub more_notice_urls: Vec<String>,
}

/// One payment attempt that reached the PG.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Payment {
    /// `imp_` + 12 digits, `imps_` + 12 digits for a schedule's.
    pub imp_uid: String,
    /// The shop's order number; several failed attempts may share one.
    pub merchant_uid: String,
    /// Made in a browser window; `None` over the API.
    pub browser: Option<Browser>,
    /// PG.
    pub channel: Channel,
    /// The PG's transaction number.
    pub pg_tid: String,
    /// Approval number of the card company; present once approved.
    pub apply_num: Option<String>,
    /// Made on a test channel.
    pub sandbox: bool,
    /// The card, masked; `None` if something else pays.
    pub card: Option<Card>,
    /// Instalment months, 0 for a single payment.
    pub card_quota: u32,
    /// The virtual account, if that is how it is paid.
    pub vbank: Option<VirtualAccount>,
    /// Order name.
    pub name: String,
    /// Minor units.
    pub amount: u64,
    /// Which parts of the amount tax is counted by.
    #[serde(default)]
    pub tax: TaxParts,
    /// Refunded so far, minor units: always the sum of `cancel_history`.
    pub cancel_amount: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// `buyer_*` fields.
    pub buyer: Person,
    /// The shop's own data, kept verbatim.
    pub custom_data: Option<String>,
    /// Overrides the configured webhook address.
    pub notice_url: Option<String>,
    /// Current status.
    pub status: PaymentStatus,
    /// UNIX seconds.
    pub started_at: i64,
    /// UNIX seconds, 0 if never paid.
    pub paid_at: i64,
    /// UNIX seconds, 0 if never failed.
    pub failed_at: i64,
    /// UNIX seconds of the latest refund, 0 if none.
    pub cancelled_at: i64,
    /// The PG's words on a decline.
    pub fail_reason: Option<String>,
    /// Reason of the latest refund.
    pub cancel_reason: Option<String>,
    /// Refunds, oldest first.
    pub cancel_history: Vec<Cancellation>,
    /// Billing key charged or issued.
    pub customer_uid: Option<String>,
    /// What the key was used for.
    pub usage: Option<KeyUsage>,
    /// What the record says of its cash receipt; which receipts count is a knob.
    #[serde(default)]
    pub cash_receipt_issued: bool,
}

impl Payment {
    /// What can still be refunded, minor units.
    #[must_use]
    pub fn cancellable(&self) -> u64 {
        let moved = self.paid_at != 0 && !self.browser.as_ref().is_some_and(|browser| browser.issue_only);
        if moved { self.amount.saturating_sub(self.cancel_amount) } else { 0 }
    }

    /// How it was asked for: V1's word.
    #[must_use]
    pub fn pay_method(&self) -> &str {
        let over_the_api = if self.vbank.is_some() { "vbank" } else { "card" };
        self.browser.as_ref().map_or(over_the_api, |browser| &browser.pay_method)
    }

    /// V1's word for how it is recorded, which some gateways' is another.
    #[must_use]
    pub fn recorded_method(&self) -> &str {
        super::window::recorded(&self.channel, self.pay_method(), self.card.is_some())
    }
}

/// Where a schedule stands; V1's `schedule_status`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ScheduleStatus {
    /// Waiting for its time.
    Scheduled,
    /// Attempted.
    Executed,
    /// Taken back before its time.
    Revoked,
}

impl ScheduleStatus {
    /// V1's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Scheduled => "scheduled",
            Self::Executed => "executed",
            Self::Revoked => "revoked",
        }
    }
}

/// What is to be charged: common to again, onetime and schedule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The shop's order number.
    pub merchant_uid: String,
    /// Minor units, above 0.
    pub amount: u64,
    /// ISO 4217 code.
    pub currency: String,
    /// Order name.
    pub name: String,
    /// `buyer_*` fields.
    pub buyer: Person,
    /// The shop's own data.
    pub custom_data: Option<String>,
    /// Webhook address of this payment.
    pub notice_url: Option<String>,
    /// Instalment months, 0 for a single payment.
    pub card_quota: u32,
    /// Which parts of the amount tax is counted by.
    #[serde(default)]
    pub tax: TaxParts,
    /// What the request says beside this.
    #[serde(default)]
    pub more: Said,
}

/// One scheduled payment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Billing key to charge.
    pub customer_uid: String,
    /// The shop's name for the customer.
    pub customer_id: Option<String>,
    /// PG of the key when it was registered.
    pub channel: Channel,
    /// What to charge.
    pub order: Order,
    /// UNIX seconds.
    pub schedule_at: i64,
    /// UNIX seconds, 0 until executed.
    pub executed_at: i64,
    /// UNIX seconds, 0 unless revoked.
    pub revoked_at: i64,
    /// Where it stands.
    pub status: ScheduleStatus,
    /// Outcome of the attempt.
    pub payment_status: Option<PaymentStatus>,
    /// Payment made by the attempt.
    pub imp_uid: Option<String>,
    /// The PG's words on a decline.
    pub fail_reason: Option<String>,
    /// Whether the attempt is under way: it can neither be moved nor revoked.
    #[serde(default)]
    pub(super) running: bool,
    /// Place in the agenda while it waits.
    pub(super) ticket: Option<(i64, u64)>,
}

impl Schedule {
    /// Whether it waits for ever: its time came, and nothing happened.
    #[must_use]
    pub fn is_lost(&self) -> bool {
        self.status == ScheduleStatus::Scheduled && self.ticket.is_none()
    }
}

/// An amount registered before the payment window opens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prepared {
    /// The shop's order number.
    pub merchant_uid: String,
    /// Minor units.
    pub amount: u64,
    /// ISO 4217 code.
    pub currency: String,
}

/// Something the shop is to be told by webhook. Produced by the books in the order of the events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    /// UNIX seconds of the event.
    pub at: i64,
    /// The payment.
    pub imp_uid: String,
    /// Its order number.
    pub merchant_uid: String,
    /// `paid`, `ready`, `failed` or `cancelled`.
    pub status: PaymentStatus,
    /// On refunds only.
    pub cancellation_id: Option<String>,
    /// Address given with the payment; `None` means the configured one.
    pub notice_url: Option<String>,
}
