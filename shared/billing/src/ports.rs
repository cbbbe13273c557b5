//! What the domain needs from outside, one narrow trait a need. Nothing here says how.

use std::future::Future;

use crate::alarm::Alarm;
use crate::card::Card;
use crate::channels;
use crate::checkout::AccountOrder;
use crate::day::KstDay;
use crate::event::Event;
use crate::ids::{CustomerId, CustomerUid, ForeignUid, ImpUid, MerchantUid, Nonce, SubscriptionId};
use crate::key::{BillingKey, KeySnapshot};
use crate::money::Money;
use crate::order::Order;
use crate::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use crate::payment::{Payment, PaymentSnapshot, Refund, Refusal, ScheduleSnapshot};
use crate::report::{Report, Window};
use crate::subscription::{PlanId, Subscription, SubscriptionState};
use crate::time::Timestamp;

/// How a POST to the PSP ended. The compiler makes every caller choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostResult<T> {
    /// The PSP answered with a record.
    Known(T),
    /// The PSP refused the call; probably nothing was done.
    Refused(Refusal),
    /// No byte of the request left.
    NotSent,
    /// The PSP answered `code: 0` with something that is no record.
    Nonsense,
    /// Bytes left, or may have; nothing is known.
    Lost,
}

impl<T> PostResult<T> {
    /// Reads a known record further; every other outcome stays what it is.
    pub fn and_then<U>(self, read: impl FnOnce(T) -> PostResult<U>) -> PostResult<U> {
        match self {
            Self::Known(record) => read(record),
            Self::Refused(refusal) => PostResult::Refused(refusal),
            Self::NotSent => PostResult::NotSent,
            Self::Nonsense => PostResult::Nonsense,
            Self::Lost => PostResult::Lost,
        }
    }
}

/// How a GET from the PSP ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lookup<T> {
    /// The PSP has it.
    Found(T),
    /// The PSP says that it does not have it.
    Absent,
    /// No usable answer: nothing was learnt.
    Unreachable,
}

/// Charging and looking up payments.
pub trait ChargePsp: Sync {
    /// Makes sure that a call could be authorised now, so that no intent is written which cannot be sent.
    fn ready(&self) -> impl Future<Output = bool> + Send;
    /// `POST /subscribe/payments/again`, exactly once.
    fn charge(&self, order: &Order) -> impl Future<Output = PostResult<PaymentSnapshot>> + Send;
    /// `POST /vbanks`, exactly once, through the channel that is set up for accounts at this gateway.
    fn issue_account(
        &self,
        order: &Order,
        pg: Option<&str>,
        account: &AccountOrder,
    ) -> impl Future<Output = PostResult<PaymentSnapshot>> + Send;
    /// `PUT /vbanks/{imp_uid}`, exactly once: gives an account that waits for its deposit until `due`.
    fn extend_account(&self, uid: &ImpUid, due: Timestamp) -> impl Future<Output = PostResult<PaymentSnapshot>> + Send;
    /// Every payment under an order number (`findAll`, never `find`: a newer failure would hide an older payment).
    fn payments(&self, merchant_uid: &MerchantUid) -> impl Future<Output = Lookup<Vec<PaymentSnapshot>>> + Send;
    /// One payment.
    fn payment(&self, imp_uid: &ImpUid) -> impl Future<Output = Lookup<PaymentSnapshot>> + Send;
}

/// Amounts that the PG's window must take: it refuses any other for that order number.
pub trait WindowPsp: Sync {
    /// `POST /payments/prepare`.
    fn prepare(&self, order: &Order) -> impl Future<Output = PostResult<Money>> + Send;
    /// `PUT /payments/prepare`: another amount than the one that was registered.
    fn correct(&self, order: &Order) -> impl Future<Output = PostResult<Money>> + Send;
    /// `GET /payments/prepare/{merchant_uid}`.
    fn prepared(&self, order: &Order) -> impl Future<Output = Lookup<Money>> + Send;
    /// `DELETE /vbanks/{imp_uid}`: closes a virtual account that waits for its deposit. Not every gateway can.
    fn close_account(&self, imp_uid: &ImpUid) -> impl Future<Output = PostResult<PaymentSnapshot>> + Send;
}

/// Giving money back.
pub trait RefundPsp: Sync {
    /// `POST /payments/cancel` with the amount and the balance before it (`checksum`): the PSP refuses a second one.
    fn cancel(&self, refund: &Refund) -> impl Future<Output = PostResult<PaymentSnapshot>> + Send;
}

/// Cash receipts of payments that were made through the PSP.
pub trait ReceiptPsp: Sync {
    /// `POST /receipts/{imp_uid}`, exactly once: over what is left of the payment.
    fn issue_receipt(&self, order: &ReceiptOrder) -> impl Future<Output = PostResult<ReceiptSnapshot>> + Send;
    /// `DELETE /receipts/{imp_uid}`, exactly once.
    fn revoke_receipt(&self, imp_uid: &ImpUid) -> impl Future<Output = PostResult<ReceiptSnapshot>> + Send;
    /// `GET /receipts/{imp_uid}`: the latest one, whether it stands or not.
    fn receipt(&self, imp_uid: &ImpUid) -> impl Future<Output = Lookup<ReceiptSnapshot>> + Send;
}

/// Schedules.
pub trait SchedulePsp: Sync {
    /// `POST /subscribe/payments/schedule`, exactly once, for orders of one key.
    fn register(
        &self,
        customer_uid: &CustomerUid,
        orders: &[(&Order, Timestamp)],
    ) -> impl Future<Output = PostResult<Vec<ScheduleSnapshot>>> + Send;
    /// `POST /subscribe/payments/unschedule` of one order, under the name that the PSP has for it; naming none would revoke
    /// all of the customer's.
    fn revoke(
        &self,
        customer_uid: &CustomerUid,
        merchant_uid: &ForeignUid,
    ) -> impl Future<Output = PostResult<Vec<ScheduleSnapshot>>> + Send;
    /// `PUT /subscribe/payments/schedule/{merchant_uid}`.
    fn reschedule(
        &self,
        merchant_uid: &MerchantUid,
        schedule_at: Timestamp,
    ) -> impl Future<Output = PostResult<ScheduleSnapshot>> + Send;
    /// `GET /subscribe/payments/schedule/{merchant_uid}`.
    fn schedule(&self, merchant_uid: &MerchantUid) -> impl Future<Output = Lookup<ScheduleSnapshot>> + Send;
}

/// Billing keys.
pub trait KeyPsp: Sync {
    /// `POST /subscribe/customers/{customer_uid}`, exactly once, at the gateway of this code or the one that is set up. The only
    /// place where card data leaves.
    fn issue(
        &self,
        customer_uid: &CustomerUid,
        card: &Card,
        holder: &CardHolder,
        pg: Option<&str>,
    ) -> impl Future<Output = PostResult<KeySnapshot>> + Send;
    /// `GET /subscribe/customers/{customer_uid}`.
    fn key(&self, customer_uid: &CustomerUid) -> impl Future<Output = Lookup<KeySnapshot>> + Send;
    /// Names of those among these keys that the PSP has (`GET /subscribe/customers?customer_uid[]=…`).
    fn held_keys(&self, customer_uids: &[CustomerUid]) -> impl Future<Output = Lookup<Vec<String>>> + Send;
    /// Order numbers of the key's schedules that are still to run before `until`, as the PSP lists them
    /// (`GET /subscribe/customers/{customer_uid}/schedules`).
    fn waiting_schedules(
        &self,
        customer_uid: &CustomerUid,
        from: Timestamp,
        until: Timestamp,
    ) -> impl Future<Output = Lookup<Vec<String>>> + Send;
    /// `DELETE /subscribe/customers/{customer_uid}`.
    fn delete(&self, customer_uid: &CustomerUid) -> impl Future<Output = PostResult<()>> + Send;
}

/// A page of one of the PSP's listings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listing<R> {
    /// The records that can be read.
    pub items: Vec<R>,
    /// Order numbers, as the PSP wrote them, of those that cannot; `None` where not even that can be read.
    pub unreadable: Vec<Option<String>>,
    /// The page after; absent on the last.
    pub next: Option<u32>,
}

/// The PSP's listings of everything that its account holds, ours or not. A listing only finds candidates: what a row becomes
/// is decided by the record itself, looked up. Pages count from 1, and one past the end is empty.
pub trait ListingPsp: Sync {
    /// Payments that began within the window, both edges included, in an order that does not change.
    fn listed_payments(
        &self,
        window: Window,
        page: u32,
    ) -> impl Future<Output = Lookup<Listing<PaymentSnapshot>>> + Send;
    /// Payments that began within the window, those that changed last first.
    fn changed_payments(
        &self,
        window: Window,
        page: u32,
    ) -> impl Future<Output = Lookup<Listing<PaymentSnapshot>>> + Send;
    /// Schedules that are to run within the window, its end excluded; whether they have run or not.
    fn listed_schedules(
        &self,
        window: Window,
        page: u32,
    ) -> impl Future<Output = Lookup<Listing<ScheduleSnapshot>>> + Send;
}

/// The account's channels.
pub trait ChannelPsp: Sync {
    /// `GET /users/pg`.
    fn channels(&self) -> impl Future<Output = Lookup<Vec<channels::SetUp>>> + Send;
}

/// What a card form may say about its holder. Passed through to the PSP, never stored.
#[derive(Debug, Clone, Default)]
#[expect(missing_docs, reason = "Iamport's own field names, described in its reference")]
pub struct CardHolder {
    pub customer_id: Option<CustomerId>,
    pub customer_name: Option<String>,
    pub customer_tel: Option<String>,
    pub customer_email: Option<String>,
    pub customer_addr: Option<String>,
    pub customer_postcode: Option<String>,
}

/// Why the table did not do as asked.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// Throttled or out of reach: nothing was written.
    #[error("the table is out of reach")]
    Unavailable,
    /// A row that cannot be read. It is reported and left as it is.
    #[error("the row {row} cannot be read")]
    Unreadable {
        /// Its name.
        row: String,
    },
    /// A page cursor that the table did not give out for this list.
    #[error("the cursor is not of this list")]
    Cursor,
}

/// Why a write was not confirmed. A type of its own: whoever answers a caller has to say what "not known" means for them, and
/// never passes it on as "nothing was written".
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WriteError {
    /// Nothing was written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The request left and was not answered: it may have been written, or be written yet.
    #[error("the table did not answer")]
    Unknown,
}

impl WriteError {
    /// As the answer to whoever has asked for it: an error if nothing was written, else what the sweep carries on if it stands.
    ///
    /// # Errors
    /// Nothing was written.
    pub fn or_pending<T, E: From<StoreError>>(self, pending: T) -> Result<T, E> {
        match self {
            Self::Store(error) => Err(error.into()),
            Self::Unknown => Ok(pending),
        }
    }

    /// As the failure of somebody who comes again anyway: a tick, or a webhook's sender. It tells nobody what stands.
    #[must_use]
    pub fn for_who_comes_again(self) -> StoreError {
        match self {
            Self::Store(error) => error,
            Self::Unknown => StoreError::Unavailable,
        }
    }
}

/// Most rows of one [`PaymentStore::insert`]. They are written together or not at all, so what one of them is told without an
/// answer of its own holds for all of them. DynamoDB allows 100 actions and 4 MB a transaction; smaller ones lose less to
/// one conflict.
pub const INSERT_MAX: usize = 50;

/// How a conditional write ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Saved<R> {
    /// Written, now or by an earlier try of this very write.
    Done,
    /// Somebody else wrote first; this is what stands there, if anything does.
    Conflict(Option<Box<R>>),
    /// The billing key is not active, or not this customer's.
    KeyNotActive,
    /// The payment is a subscription's, which does not ask for it any more; or came with a card, and another of them conflicts.
    NotExpected,
}

impl<R> Saved<R> {
    /// Whether this holds for an earlier try of the same write, too, which was not answered and may land yet. A version that is
    /// taken stays taken. But a key may become active again, and a subscription may ask for the same once more: that a later try was
    /// refused for such a reason does not keep an earlier one from landing.
    #[must_use]
    pub const fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Conflict(_) => true,
            Self::KeyNotActive | Self::NotExpected => false,
        }
    }
}

/// How the writing of a new subscription ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Inserted {
    /// Written, now or by an earlier try of this very write.
    Done,
    /// One of that name stands there.
    Conflict(Box<Subscription>),
    /// Another one of the plan was begun meanwhile.
    Overtaken,
}

/// A page of a list, and where the next one starts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<R> {
    /// The rows.
    pub items: Vec<R>,
    /// Opaque; absent on the last page.
    pub next: Option<String>,
}

/// Payment rows. Reads are strongly consistent.
pub trait PaymentStore: Sync {
    /// One row.
    fn payment(&self, uid: &MerchantUid) -> impl Future<Output = Result<Option<Payment>, StoreError>> + Send;
    /// Several rows, in the order asked for; missing ones are left out.
    fn payments(&self, uids: &[MerchantUid]) -> impl Future<Output = Result<Vec<Payment>, StoreError>> + Send;
    /// Writes new rows of one billing key, each only if its order number is free and the key is active and its customer's; the payment
    /// that checks a key's card only while the key is being checked, and a schedule that waits for its key only while that is being
    /// issued ([`crate::key::state_for`]), and only if none of the others that wait for it conflicts. The key is a condition of the write.
    /// One answer a row, in order. At most [`INSERT_MAX`] of them; an error is that of them all.
    fn insert(&self, rows: &[Payment]) -> impl Future<Output = Result<Vec<Saved<Payment>>, WriteError>> + Send;
    /// Writes a new row that no billing key has to be active for, only if its order number is free.
    fn insert_checkout(&self, row: &Payment) -> impl Future<Output = Result<Saved<Payment>, WriteError>> + Send;
    /// Writes the next version of a row that is about to be sent again, under the same condition on the key.
    fn reclaim(&self, row: &Payment) -> impl Future<Output = Result<Saved<Payment>, WriteError>> + Send;
    /// Writes the next version of a row: only if the version before it still stands there.
    fn save(&self, row: &Payment) -> impl Future<Output = Result<Saved<Payment>, WriteError>> + Send;
    /// A customer's schedules, by key and time.
    fn schedules_of(
        &self,
        owner: &CustomerId,
        filter: &ScheduleFilter,
    ) -> impl Future<Output = Result<Page<Payment>, StoreError>> + Send;
}

/// Which schedules of a customer to list.
#[derive(Debug, Clone, Default)]
pub struct ScheduleFilter {
    /// Only those of this key. A range of times needs it.
    pub customer_uid: Option<CustomerUid>,
    /// Only those at this time or later.
    pub from: Option<Timestamp>,
    /// Only those before this time.
    pub to: Option<Timestamp>,
    /// Most rows in the page.
    pub limit: usize,
    /// Where to go on.
    pub cursor: Option<String>,
}

impl ScheduleFilter {
    /// Whether a row is a schedule in the times asked for.
    #[must_use]
    pub fn covers(&self, row: &Payment) -> bool {
        row.schedule_at().is_some_and(|at| self.from.is_none_or(|from| at >= from) && self.to.is_none_or(|to| at < to))
    }
}

/// Billing key rows. Reads are strongly consistent.
pub trait KeyStore: Sync {
    /// One row.
    fn key(&self, uid: &CustomerUid) -> impl Future<Output = Result<Option<BillingKey>, StoreError>> + Send;
    /// Writes a new row, only if its name is free.
    fn insert_key(&self, row: &BillingKey) -> impl Future<Output = Result<Saved<BillingKey>, WriteError>> + Send;
    /// Writes the next version of a row: only if the version before it still stands there.
    fn save_key(&self, row: &BillingKey) -> impl Future<Output = Result<Saved<BillingKey>, WriteError>> + Send;
    /// A customer's keys, oldest first.
    fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page<BillingKey>, StoreError>> + Send;
}

/// Subscription rows. Reads are strongly consistent.
pub trait SubscriptionStore: Sync {
    /// One row.
    fn subscription(
        &self,
        id: &SubscriptionId,
    ) -> impl Future<Output = Result<Option<Subscription>, StoreError>> + Send;
    /// The subscription of a plan that the customer began last.
    fn last_of_plan(
        &self,
        owner: &CustomerId,
        plan: &PlanId,
    ) -> impl Future<Output = Result<Option<SubscriptionId>, StoreError>> + Send;
    /// Writes a new row and that it is the last of its plan, if its name is free and `last` is still the one before it.
    fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> impl Future<Output = Result<Inserted, WriteError>> + Send;
    /// Writes the next version of a row: only if the version before it still stands there.
    fn save_subscription(
        &self,
        row: &Subscription,
    ) -> impl Future<Output = Result<Saved<Subscription>, WriteError>> + Send;
    /// A customer's subscriptions, oldest first.
    fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page<Subscription>, StoreError>> + Send;
    /// Everybody's subscriptions that stand so, oldest first. An index finds them: one that has just moved may be missing,
    /// or still be there.
    fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page<Subscription>, StoreError>> + Send;
}

/// Number of partitions of the `due` index, so that no single one is hot.
pub const DUE_SHARDS: u8 = 16;

/// A row that is due.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum DueRow {
    /// A payment.
    Payment(MerchantUid),
    /// A billing key.
    Key(CustomerUid),
    /// A subscription.
    Subscription(SubscriptionId),
}

/// The index of what is owed. It only finds candidates; decisions are taken on a consistent read.
pub trait DueStore: Sync {
    /// Rows of a shard that are due at `until` or earlier, oldest first, from the page that `cursor` names.
    fn due(
        &self,
        shard: u8,
        until: Timestamp,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page<DueRow>, StoreError>> + Send;
}

/// The index of what rows claim that the PSP holds ([`crate::report::claims_at`]). It only finds candidates.
pub trait ClaimStore: Sync {
    /// Rows whose claim is of this day and within the window, its end excluded, from the page that `cursor` names.
    fn claims(
        &self,
        day: KstDay,
        window: Window,
        cursor: Option<&str>,
    ) -> impl Future<Output = Result<Page<MerchantUid>, StoreError>> + Send;
}

/// Rows of the daily report. Reads are strongly consistent.
pub trait ReportStore: Sync {
    /// A day's report.
    fn report(&self, day: KstDay) -> impl Future<Output = Result<Option<Report>, StoreError>> + Send;
    /// Writes version 1 only where there is none, and each later version only over the one before it.
    fn save_report(&self, row: &Report) -> impl Future<Output = Result<Saved<Report>, WriteError>> + Send;
}

/// What became of one event that was put.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// The bus has it.
    Taken,
    /// The bus does not take it now.
    Refused,
    /// The bus gave no answer: it may have it.
    Unknown,
}

/// Where events go. An event may be put more than once: its name says that it is the same.
pub trait EventBus: Sync {
    /// Puts events, in their order. One answer an event; those after the last answer were not put.
    fn put(&self, events: &[&Event]) -> impl Future<Output = Vec<Put>> + Send;
}

/// The time.
pub trait Clock: Sync {
    /// Now, as the PSP would say it.
    fn now(&self) -> Timestamp;
    /// When whoever waits for what is done now came. `None` where nobody does: a tick of the timer.
    fn came_at(&self) -> Option<Timestamp>;
}

/// Chance.
pub trait Entropy: Sync {
    /// 128 fresh bits, as a writer's mark.
    fn nonce(&self) -> Nonce;
}

/// Where alarms go.
pub trait AlarmSink: Sync {
    /// Tells a person.
    fn alarm(&self, alarm: &Alarm);
}
