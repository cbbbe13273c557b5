//! A table that notes which days of which slices were asked for, and whose index by day may be behind its rows.

use std::collections::BTreeSet;
use std::sync::Mutex;

use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{
    ClaimStore, KeyStore, Page, PaymentStore, ReportStore, Saved, ScheduleFilter, StoreError, WriteError,
};
use billing::report::{Report, Window};
use billing::usecase::Billing;
use billing::{CustomerId, CustomerUid, KstDay, MerchantUid, Timestamp};
use store::MemoryStore;

use crate::fixture::{TestBilling, TestHost, TestPsp};

#[derive(Debug, Default)]
pub(super) struct Watched {
    rows: MemoryStore,
    /// What was asked of the index.
    pub(super) asked: Mutex<Vec<(KstDay, Window)>>,
    /// Rows that the index shows in each slice.
    pub(super) everywhere: Vec<MerchantUid>,
    shown: Mutex<BTreeSet<(Timestamp, MerchantUid)>>,
}

pub(super) type WatchedBilling = Billing<TestPsp, Watched, TestHost>;

pub(super) fn watched(billing: TestBilling) -> WatchedBilling {
    let Billing { psp, store, host, policy } = billing;
    Billing { psp, store: Watched { rows: store, ..Watched::default() }, host, policy }
}

impl ClaimStore for Watched {
    async fn claims(&self, day: KstDay, window: Window, cursor: Option<&str>) -> Result<Page<MerchantUid>, StoreError> {
        self.asked.lock().unwrap().push((day, window));
        let mut page = self.rows.claims(day, window, cursor).await?;
        let mut shown = self.shown.lock().unwrap();
        shown.extend(page.items.iter().map(|uid| (window.from, uid.clone())));
        // On its last day a slice shows whatever it has not shown before.
        if day.next().start() >= window.until {
            page.items
                .extend(self.everywhere.iter().filter(|uid| shown.insert((window.from, (*uid).clone()))).cloned());
        }
        Ok(page)
    }
}

impl ReportStore for Watched {
    async fn report(&self, day: KstDay) -> Result<Option<Report>, StoreError> {
        self.rows.report(day).await
    }

    async fn save_report(&self, row: &Report) -> Result<Saved<Report>, WriteError> {
        self.rows.save_report(row).await
    }
}

impl PaymentStore for Watched {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        self.rows.payment(uid).await
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
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

impl KeyStore for Watched {
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
