//! Where the rows are: in memory, or behind whatever else keeps them.

use std::future::Future;
use std::pin::Pin;

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{DueRow, Inserted, KeyStore, Page, PaymentStore, Saved, ScheduleFilter, StoreError, WriteError};
use billing::subscription::{PlanId, Subscription, SubscriptionId, SubscriptionState};
use billing::{CustomerId, CustomerUid, MerchantUid, Timestamp};
use store::MemoryStore;

use crate::sim::Sim;

/// A call of a table that is not in memory.
pub type Call<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// A write of a table that is not in memory.
pub type WriteCall<'a, T> = Pin<Box<dyn Future<Output = Result<T, WriteError>> + Send + 'a>>;

/// A table that is not in memory. Polled outside of [`Backend::drive`], each call is done at once and nothing goes wrong.
#[expect(missing_docs, reason = "the methods of billing's ports")]
pub trait Backend: std::fmt::Debug + Send + Sync {
    fn payment<'a>(&'a self, uid: &'a MerchantUid) -> Call<'a, Option<Payment>>;
    fn payments<'a>(&'a self, uids: &'a [MerchantUid]) -> Call<'a, Vec<Payment>>;
    fn insert<'a>(&'a self, rows: &'a [Payment]) -> WriteCall<'a, Vec<Saved<Payment>>>;
    fn insert_checkout<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>>;
    fn reclaim<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>>;
    fn save<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>>;
    fn schedules_of<'a>(&'a self, owner: &'a CustomerId, filter: &'a ScheduleFilter) -> Call<'a, Page<Payment>>;
    fn key<'a>(&'a self, uid: &'a CustomerUid) -> Call<'a, Option<BillingKey>>;
    fn save_key<'a>(&'a self, row: &'a BillingKey, new: bool) -> WriteCall<'a, Saved<BillingKey>>;
    fn keys_of<'a>(
        &'a self,
        owner: &'a CustomerId,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<BillingKey>>;
    fn subscription<'a>(&'a self, id: &'a SubscriptionId) -> Call<'a, Option<Subscription>>;
    fn last_of_plan<'a>(&'a self, owner: &'a CustomerId, plan: &'a PlanId) -> Call<'a, Option<SubscriptionId>>;
    fn begin_subscription<'a>(
        &'a self,
        row: &'a Subscription,
        last: Option<&'a SubscriptionId>,
    ) -> WriteCall<'a, Inserted>;
    fn save_subscription<'a>(&'a self, row: &'a Subscription) -> WriteCall<'a, Saved<Subscription>>;
    fn subscriptions_of<'a>(
        &'a self,
        owner: &'a CustomerId,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<Subscription>>;
    fn subscriptions_in<'a>(
        &'a self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<Subscription>>;
    fn due<'a>(&'a self, shard: u8, until: Timestamp, cursor: Option<&'a str>) -> Call<'a, Page<DueRow>>;

    /// Every payment row, by order number.
    fn all_payments(&self) -> Vec<Payment>;
    /// Every billing key row, by name.
    fn all_keys(&self) -> Vec<BillingKey>;
    /// Every subscription row, by name.
    fn all_subscriptions(&self) -> Vec<Subscription>;
    /// Whether nothing ever goes wrong here, so that a seed must end as it does in memory.
    fn is_calm(&self) -> bool;
    /// Carries a call through the simulated world: it takes its time, and what goes wrong here goes wrong. What it writes
    /// is told to the world ([`Sim::written`]) before anybody else runs.
    fn drive<'a>(
        &'a self,
        sim: &'a Sim,
        call: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>>;
}

/// The rows of a world.
#[derive(Debug)]
pub enum Rows {
    /// In memory.
    Memory(MemoryStore),
    /// Elsewhere.
    Backed(Box<dyn Backend>),
}

impl Rows {
    /// What keeps the rows, if they are not in memory.
    #[must_use]
    pub fn backend(&self) -> Option<&dyn Backend> {
        match self {
            Self::Memory(_) => None,
            Self::Backed(backend) => Some(backend.as_ref()),
        }
    }

    /// Every payment row, by order number.
    #[must_use]
    pub fn all_payments(&self) -> Vec<Payment> {
        match self {
            Self::Memory(rows) => rows.all_payments(),
            Self::Backed(backend) => backend.all_payments(),
        }
    }

    /// Every billing key row, by name.
    #[must_use]
    pub fn all_keys(&self) -> Vec<BillingKey> {
        match self {
            Self::Memory(rows) => rows.all_keys(),
            Self::Backed(backend) => backend.all_keys(),
        }
    }

    /// Every subscription row, by name.
    #[must_use]
    pub fn all_subscriptions(&self) -> Vec<Subscription> {
        match self {
            Self::Memory(rows) => rows.all_subscriptions(),
            Self::Backed(backend) => backend.all_subscriptions(),
        }
    }
}

impl PaymentStore for Rows {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        match self {
            Self::Memory(rows) => rows.payment(uid).await,
            Self::Backed(backend) => backend.payment(uid).await,
        }
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        match self {
            Self::Memory(rows) => rows.payments(uids).await,
            Self::Backed(backend) => backend.payments(uids).await,
        }
    }

    async fn insert(&self, new: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        match self {
            Self::Memory(rows) => rows.insert(new).await,
            Self::Backed(backend) => backend.insert(new).await,
        }
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        match self {
            Self::Memory(rows) => rows.insert_checkout(row).await,
            Self::Backed(backend) => backend.insert_checkout(row).await,
        }
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        match self {
            Self::Memory(rows) => rows.reclaim(row).await,
            Self::Backed(backend) => backend.reclaim(row).await,
        }
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        match self {
            Self::Memory(rows) => rows.save(row).await,
            Self::Backed(backend) => backend.save(row).await,
        }
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        match self {
            Self::Memory(rows) => rows.schedules_of(owner, filter).await,
            Self::Backed(backend) => backend.schedules_of(owner, filter).await,
        }
    }
}

impl KeyStore for Rows {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        match self {
            Self::Memory(rows) => rows.key(uid).await,
            Self::Backed(backend) => backend.key(uid).await,
        }
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        match self {
            Self::Memory(rows) => rows.insert_key(row).await,
            Self::Backed(backend) => backend.save_key(row, true).await,
        }
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        match self {
            Self::Memory(rows) => rows.save_key(row).await,
            Self::Backed(backend) => backend.save_key(row, false).await,
        }
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        match self {
            Self::Memory(rows) => rows.keys_of(owner, limit, cursor).await,
            Self::Backed(backend) => backend.keys_of(owner, limit, cursor).await,
        }
    }
}
