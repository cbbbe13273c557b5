//! What a storefront, a webhook or the sweep may ask for. Each moves money the one way: claim, POST, conclude.

mod account;
mod cards;
mod change_plan;
mod charge;
mod check_key;
mod checkout;
mod compare;
mod conclude;
mod credit;
mod extend;
mod gateway;
mod gone_key;
mod issue_key;
mod keys;
mod pages;
mod publish;
mod receipt;
mod refund;
mod renew;
mod schedule;
mod schedule_with_key;
mod send;
mod subscribe;
mod subscription_consent;
mod subscription_preview;
mod subscriptions;
mod sweep;
mod webhook;
mod window_key;
mod withdraw;
mod write;

use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::{BillingKey, KeyState};
use crate::money::Money;
use crate::payment::receipt::NoReceipt;
use crate::payment::{Refusal, check};
use crate::policy::Policy;
use crate::ports::{StoreError, WriteError};
use crate::subscription::Attempt;
use crate::time::Timestamp;

pub use account::NewAccount;
pub use checkout::{NewCheckout, NotApproved, OpenedCheckout, ReturnView};
pub use compare::Comparison;
pub use gateway::{deletion_warnings, receipt_warnings, refund_warnings};
pub use issue_key::{Along, IssueKey, check_idempotency_key};
pub use keys::{KeyDeleted, ScheduleDisposition};
pub use publish::{Published, Publisher};
pub use refund::RefundRequest;
pub use schedule::{NewSchedule, SCHEDULES_MAX, Scheduled, check_schedule_at};
pub use schedule_with_key::{IssuedKey, SCHEDULES_WITH_KEY_MAX, gateway_of_keys};
pub use subscribe::{NewPlan, NewSubscription};
pub use subscription_consent::NewConsent;
pub use subscription_preview::{EndPreview, GivenBack, PlanPreview};
pub use subscriptions::{BilledPeriod, NextCharge, SubscriptionView, is_on_fallback};
pub use sweep::SweepReport;
pub use webhook::{WebhookHint, WebhookOutcome};
pub use window_key::{PrepareKey, PreparedKey};

/// The use cases over their ports: the PSP, the table and the host (clock, chance, alarms).
#[derive(Debug, Clone)]
pub struct Billing<P, S, H> {
    /// The PSP.
    pub psp: P,
    /// The table.
    pub store: S,
    /// Clock, chance and alarms.
    pub host: H,
    /// The merchant's settings.
    pub policy: Policy,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Caller {
    /// A signed-in customer of the storefront; sees and touches only what is theirs.
    Customer(CustomerId),
    /// The storefront's own server.
    Merchant,
}

impl Caller {
    /// Whether this caller may see what belongs to `owner`.
    #[must_use]
    pub fn may_see(&self, owner: &CustomerId) -> bool {
        match self {
            Self::Customer(customer_id) => customer_id == owner,
            Self::Merchant => true,
        }
    }
}

/// Why a use case did not do as asked. Nothing was sent to the PSP unless the variant says so.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Failure {
    /// The input breaks a rule.
    #[error(transparent)]
    Invalid(#[from] Invalid),
    /// There is no such thing, or it is somebody else's: the two look alike.
    #[error("not found")]
    NotFound,
    /// The billing key is still being issued or confirmed.
    #[error("the billing key is not active yet")]
    KeyPending,
    /// The billing key was deleted, or never came to be.
    #[error("the billing key is not active any more")]
    KeyInactive,
    /// The card certainly is not at the PSP, and what was recorded to be scheduled with it has come to nothing. Nothing of it is sent
    /// later, and its order numbers are used.
    #[error("the card was not sent")]
    CardNotSent,
    /// The order number was used for another request.
    #[error("the merchant_uid was used for another request")]
    MerchantUidReused,
    /// The Idempotency-Key was used for another request.
    #[error("the Idempotency-Key was used for another request")]
    IdempotencyKeyReused,
    /// The same request is being worked on right now.
    #[error("the same request is being worked on")]
    IdempotencyInProgress,
    /// Too many billing keys of the customer wait for their window.
    #[error("too many billing keys wait for their window")]
    TooManyPrepared,
    /// The billing key belongs to another customer.
    #[error("the billing key belongs to another customer")]
    KeyTaken,
    /// The billing key still has schedules.
    #[error("the billing key still has schedules")]
    KeyInUse,
    /// The schedule has run.
    #[error("the schedule has already been executed")]
    AlreadyExecuted,
    /// The schedule was revoked, or is not registered yet, or is being changed.
    #[error("the schedule cannot be changed in its present state")]
    ScheduleNotChangeable,
    /// The customer has a live subscription of the same plan.
    #[error("the customer has a live subscription of this plan")]
    SubscriptionExists,
    /// The subscription has ended, or is about to.
    #[error("the subscription cannot be changed in its present state")]
    SubscriptionNotChangeable,
    /// The difference of a dearer plan was declined; the plan stays as it was. What the card's issuer said, if it said it.
    #[error("the difference was declined")]
    DifferenceDeclined(Option<String>),
    /// The customer is asked nothing: nothing is to cost more, or nothing is to be charged.
    #[error("there is nothing to agree to")]
    ConsentNotAsked,
    /// What is to be agreed to is too far ahead.
    #[error("it cannot be agreed to before {opens_at}")]
    ConsentTooEarly {
        /// From when on it can.
        opens_at: Timestamp,
    },
    /// The customer is asked to agree to something else.
    #[error("the customer is asked to agree to another price, or from another day on")]
    ConsentMismatch,
    /// Nothing of the payment can be given back.
    #[error("nothing of this payment can be given back")]
    NotRefundable,
    /// Another refund of the payment is under way.
    #[error("another refund is under way")]
    RefundInProgress,
    /// A payment of the order goes back anyway, and waits for the account that it is to go to.
    #[error("a refund waits for its account")]
    RefundOwed {
        /// How much of it goes back.
        amount: Money,
    },
    /// No cash receipt can be issued for the payment.
    #[error("no cash receipt can be issued for this payment")]
    NoReceipt(NoReceipt),
    /// The settings say that the gateway issues cash receipts by itself.
    #[error("cash receipts are not issued here")]
    ReceiptsOff,
    /// The payment has a cash receipt of another content, or one that the gateway has issued by itself.
    #[error("the payment has another cash receipt")]
    ReceiptExists,
    /// Something about the payment's cash receipt is under way.
    #[error("a cash receipt is under way")]
    ReceiptInProgress,
    /// The payment that was named belongs to another order. Nothing was changed, and a person was told.
    #[error("the payment belongs to another order")]
    ImpUidMismatch,
    /// The checkout was paid: there is nothing to withdraw, and nobody waits for its deposit.
    #[error("the checkout was paid")]
    AlreadyPaid,
    /// It has no virtual account that can be given more time: none was issued without a window, or it does not wait for its deposit
    /// any more.
    #[error("no virtual account of it can be extended in its present state")]
    AccountNotExtendable,
    /// Its virtual account is being given more time already, until another moment.
    #[error("another extension is under way")]
    ExtensionInProgress,
    /// Something was paid for the checkout that is not what was ordered.
    #[error("the checkout cannot be withdrawn in its present state")]
    CheckoutNotWithdrawable,
    /// The PSP refused a change; the row stands as before.
    #[error("the payment provider refused: {}", .0.message)]
    Refused(Refusal),
    /// The PSP refused to take the order's amount, so that no window can be opened for it. A person was told.
    #[error("the payment provider refused the request: {}", .0.message)]
    RequestRefused(Refusal),
    /// The PSP answered with something that belongs to another channel.
    #[error("the payment provider answered for another channel")]
    UpstreamMismatch,
    /// The table or the PSP is out of reach. Repeating the same request is safe.
    #[error("temporarily unavailable")]
    Unavailable,
    /// A row that cannot be read.
    #[error(transparent)]
    Store(StoreError),
}

// There is none for `WriteError`: a use case that was not told whether its write stands answers with its row, not with a failure.
impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable => Self::Unavailable,
            StoreError::Cursor => Self::Invalid(Invalid::new("cursor", "cursor_invalid", "a cursor of this very list")),
            StoreError::Unreadable { .. } => Self::Store(error),
        }
    }
}

/// Why carrying something on was broken off. What it belongs to stays due and is taken up again, so this says nothing of what
/// stands in the table and is no [`Failure`] of a request: that would tell its caller that nothing was recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Stopped {
    /// It cannot be done, or not now.
    Failed(Failure),
    /// The table did not say what became of a write.
    Unknown,
}

impl Stopped {
    /// As the failure of a request that has written nothing of its own yet: what was broken off was promised to others.
    fn before_the_request(self) -> Failure {
        match self {
            Self::Failed(failure) => failure,
            Self::Unknown => Failure::Unavailable,
        }
    }
}

impl From<Failure> for Stopped {
    fn from(failure: Failure) -> Self {
        Self::Failed(failure)
    }
}

impl From<StoreError> for Stopped {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<WriteError> for Stopped {
    fn from(error: WriteError) -> Self {
        match error {
            WriteError::Store(error) => error.into(),
            WriteError::Unknown => Self::Unknown,
        }
    }
}

/// Checks that a key may be charged for `customer_id` (when the caller named one), and says whose it is.
fn chargeable<'a>(key: Option<&'a BillingKey>, customer_id: Option<&CustomerId>) -> Result<&'a CustomerId, Failure> {
    let key = key.ok_or(Failure::NotFound)?;
    if customer_id.is_some_and(|customer_id| *customer_id != key.customer_id) {
        return Err(Failure::NotFound);
    }
    match key.state {
        KeyState::Active => Ok(&key.customer_id),
        KeyState::Prepared | KeyState::Issuing | KeyState::Checking => Err(Failure::KeyPending),
        KeyState::Deleting | KeyState::Deleted | KeyState::Abandoned => Err(Failure::KeyInactive),
    }
}

/// Checks that an order number is not one of those that are made here, for subscriptions and for checks of cards.
///
/// # Errors
/// `merchant_uid_invalid`.
fn not_reserved(merchant_uid: &MerchantUid) -> Result<(), Invalid> {
    match (Attempt::of(merchant_uid), check::key_of(merchant_uid)) {
        (None, None) => Ok(()),
        (Some(_), _) => Err(Invalid::field("merchant_uid", "not a number that subscriptions make for their payments")),
        (None, Some(_)) => Err(Invalid::field("merchant_uid", "not a number that checks of cards make")),
    }
}

/// A key's name as a caller wrote it: a malformed one is as unknown as a foreign one.
///
/// # Errors
/// [`Failure::NotFound`].
pub fn customer_uid_in_path(text: &str) -> Result<CustomerUid, Failure> {
    CustomerUid::parse(text).map_err(|_| Failure::NotFound)
}
