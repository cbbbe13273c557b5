//! A table whose answers get lost: each write and each read meets what a test has decided for it.

use std::collections::VecDeque;
use std::future::Future;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{
    DueRow, DueStore, Inserted, KeyStore, Page, PaymentStore, Saved, ScheduleFilter, StoreError, SubscriptionStore,
    WriteError,
};
use billing::subscription::{PlanId, Subscription, SubscriptionId, SubscriptionState};
use billing::usecase::Billing;
use billing::{CustomerId, CustomerUid, MerchantUid, Timestamp};
use store::MemoryStore;

use crate::fixture::{TestHost, TestPsp, billing};

/// What becomes of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, and its answer is lost.
    Lost,
    /// It is not carried out, and its answer is lost.
    Dropped,
    /// It is refused without an effect.
    Throttled,
    /// Its answer is lost, and it is carried out when the test says so.
    Late,
}

/// The table.
#[derive(Debug, Default)]
pub(crate) struct Lossy {
    pub(crate) rows: MemoryStore,
    writes: Mutex<VecDeque<Fate>>,
    /// How many reads are answered before all others fail.
    reads: Mutex<Option<u32>>,
    late: Mutex<Vec<Payment>>,
    meanwhile: Mutex<Option<BillingKey>>,
    rival: Mutex<Option<Payment>>,
    hidden: Mutex<Option<String>>,
    lags: AtomicBool,
}

pub(crate) type LossyBilling = Billing<TestPsp, Lossy, TestHost>;

/// The fixture's world with such a table.
pub(crate) async fn lossy() -> LossyBilling {
    let Billing { psp, store, host, policy } = billing().await;
    Billing { psp, store: Lossy { rows: store, ..Lossy::default() }, host, policy }
}

impl Lossy {
    /// Decides the next writes, in order; after them the table answers.
    pub(crate) fn will(&self, fates: impl IntoIterator<Item = Fate>) {
        self.writes.lock().unwrap().extend(fates);
    }

    /// How many fates nothing has met yet.
    pub(crate) fn fates_left(&self) -> usize {
        self.writes.lock().unwrap().len()
    }

    /// After `answered` more reads none is answered any more.
    pub(crate) fn reads_fail_after(&self, answered: u32) {
        *self.reads.lock().unwrap() = Some(answered);
    }

    /// How many more reads are answered, if not all are.
    pub(crate) fn reads_left(&self) -> Option<u32> {
        *self.reads.lock().unwrap()
    }

    /// The payment of this name is not seen by the next look: it is only about to be written.
    pub(crate) fn hides(&self, merchant_uid: &str) {
        *self.hidden.lock().unwrap() = Some(merchant_uid.to_owned());
    }

    /// Somebody writes this key after the next write that is not answered.
    pub(crate) fn meanwhile(&self, key: BillingKey) {
        *self.meanwhile.lock().unwrap() = Some(key);
    }

    /// Somebody writes this payment just before the next write.
    pub(crate) fn overtaken_by(&self, row: Payment) {
        *self.rival.lock().unwrap() = Some(row);
    }

    /// The index of a customer's schedules shows none of them, or all of them again.
    pub(crate) fn index_lags(&self, lags: bool) {
        self.lags.store(lags, Ordering::Relaxed);
    }

    /// Everything is answered again.
    pub(crate) fn heals(&self) {
        self.writes.lock().unwrap().clear();
        *self.reads.lock().unwrap() = None;
    }

    /// Carries out what was late, and says how each ended.
    pub(crate) async fn land(&self) -> Vec<Saved<Payment>> {
        let late: Vec<Payment> = self.late.lock().unwrap().drain(..).collect();
        let mut saved = Vec::new();
        for row in late {
            saved.extend(match row.version {
                1 if row.order.customer_uid.is_some() => self.rows.insert(&[row]).await.unwrap(),
                _ => vec![self.rows.save(&row).await.unwrap()],
            });
        }
        saved
    }

    async fn writing<T>(
        &self,
        late: &[Payment],
        write: impl Future<Output = Result<T, WriteError>>,
    ) -> Result<T, WriteError> {
        let fate = self.writes.lock().unwrap().pop_front().unwrap_or(Fate::Answered);
        let rival = self.rival.lock().unwrap().take();
        if let Some(row) = rival {
            assert_eq!(self.rows.save(&row).await.unwrap(), Saved::Done);
        }
        let answer = match fate {
            Fate::Answered => return write.await,
            Fate::Lost => write.await.and(Err(WriteError::Unknown)),
            Fate::Dropped => Err(WriteError::Unknown),
            Fate::Throttled => Err(StoreError::Unavailable.into()),
            Fate::Late => {
                self.late.lock().unwrap().extend_from_slice(late);
                Err(WriteError::Unknown)
            }
        };
        let meanwhile = self.meanwhile.lock().unwrap().take();
        if let Some(key) = meanwhile {
            assert_eq!(self.rows.save_key(&key).await.unwrap(), Saved::Done);
        }
        answer
    }

    async fn reading<T>(&self, read: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let fails = match self.reads.lock().unwrap().as_mut() {
            None => false,
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
        };
        if fails { Err(StoreError::Unavailable) } else { read.await }
    }
}

impl PaymentStore for Lossy {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        self.reading(self.rows.payment(uid)).await
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        let mut rows = self.reading(self.rows.payments(uids)).await?;
        let hidden = self.hidden.lock().unwrap().take_if(|_| !rows.is_empty());
        rows.retain(|row| hidden.as_deref() != Some(row.merchant_uid().as_str()));
        Ok(rows)
    }

    async fn insert(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        self.writing(rows, self.rows.insert(rows)).await
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.writing(std::slice::from_ref(row), self.rows.insert_checkout(row)).await
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.writing(std::slice::from_ref(row), self.rows.reclaim(row)).await
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.writing(std::slice::from_ref(row), self.rows.save(row)).await
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        let mut page = self.reading(self.rows.schedules_of(owner, filter)).await?;
        page.items.retain(|_| !self.lags.load(Ordering::Relaxed));
        Ok(page)
    }
}

impl KeyStore for Lossy {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        self.reading(self.rows.key(uid)).await
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.writing(&[], self.rows.insert_key(row)).await
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.writing(&[], self.rows.save_key(row)).await
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        self.reading(self.rows.keys_of(owner, limit, cursor)).await
    }
}

impl SubscriptionStore for Lossy {
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        self.reading(self.rows.subscription(id)).await
    }

    async fn last_of_plan(&self, owner: &CustomerId, plan: &PlanId) -> Result<Option<SubscriptionId>, StoreError> {
        self.reading(self.rows.last_of_plan(owner, plan)).await
    }

    async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        self.writing(&[], self.rows.begin_subscription(row, last)).await
    }

    async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        self.writing(&[], self.rows.save_subscription(row)).await
    }

    async fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        self.reading(self.rows.subscriptions_of(owner, limit, cursor)).await
    }

    async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        self.reading(self.rows.subscriptions_in(state, limit, cursor)).await
    }
}

impl DueStore for Lossy {
    async fn due(&self, shard: u8, until: Timestamp, cursor: Option<&str>) -> Result<Page<DueRow>, StoreError> {
        self.reading(self.rows.due(shard, until, cursor)).await
    }
}
