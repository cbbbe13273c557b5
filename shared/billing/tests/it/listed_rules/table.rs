//! A table with rows that cannot be read, which counts the pages of rows that it has shown.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicU64, Ordering};

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{
    ClaimStore, KeyStore, Page, PaymentStore, ReportStore, Saved, ScheduleFilter, StoreError, WriteError,
};
use billing::report::{Report, Window};
use billing::{CustomerId, CustomerUid, KstDay, MerchantUid};
use store::MemoryStore;

#[derive(Debug, Default)]
pub(super) struct Table {
    pub(super) rows: MemoryStore,
    /// Payments whose rows cannot be read.
    pub(super) unreadable: BTreeSet<MerchantUid>,
    /// Pages of what rows claim that were not empty.
    pub(super) pages: AtomicU64,
}

impl Table {
    fn readable(&self, uid: &MerchantUid) -> Result<(), StoreError> {
        if self.unreadable.contains(uid) { Err(StoreError::Unreadable { row: uid.to_string() }) } else { Ok(()) }
    }
}

impl ClaimStore for Table {
    async fn claims(&self, day: KstDay, window: Window, cursor: Option<&str>) -> Result<Page<MerchantUid>, StoreError> {
        let page = self.rows.claims(day, window, cursor).await?;
        self.pages.fetch_add(u64::from(!page.items.is_empty()), Ordering::Relaxed);
        Ok(page)
    }
}

impl ReportStore for Table {
    async fn report(&self, day: KstDay) -> Result<Option<Report>, StoreError> {
        self.rows.report(day).await
    }

    async fn save_report(&self, row: &Report) -> Result<Saved<Report>, WriteError> {
        self.rows.save_report(row).await
    }
}

impl PaymentStore for Table {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        self.readable(uid)?;
        self.rows.payment(uid).await
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        uids.iter().try_for_each(|uid| self.readable(uid))?;
        self.rows.payments(uids).await
    }

    async fn insert(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        self.rows.insert(rows).await
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.rows.insert_checkout(row).await
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.rows.reclaim(row).await
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.rows.save(row).await
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        self.rows.schedules_of(owner, filter).await
    }
}

impl KeyStore for Table {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        self.rows.key(uid).await
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.rows.insert_key(row).await
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.rows.save_key(row).await
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        self.rows.keys_of(owner, limit, cursor).await
    }
}
