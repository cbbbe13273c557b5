//! A PSP whose listings come in pages of any size, with records that cannot be read among the others, and which remembers
//! what it was asked.

use std::collections::BTreeMap;
use std::sync::Mutex;

use billing::card::Card;
use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::receipt::{ReceiptOrder, ReceiptSnapshot};
use billing::payment::{PaymentSnapshot, ScheduleSnapshot};
use billing::ports::{
    CardHolder, ChannelPsp, ChargePsp, KeyPsp, Listing, ListingPsp, Lookup, PostResult, ReceiptPsp, SchedulePsp,
};
use billing::report::{Pass, Window};
use billing::{CustomerUid, ForeignUid, ImpUid, MerchantUid, Timestamp};

use crate::fixture::TestPsp;

/// What a listing shows otherwise than it is, and what a look-up does.
#[derive(Debug, Default, Clone)]
pub(super) struct Oddities {
    /// Payments and schedules, by name, whose listed record cannot be read, with the order number that can.
    pub(super) garbled: BTreeMap<String, Option<String>>,
    /// What a look for an order's payments brings.
    pub(super) answers: BTreeMap<String, Lookup<Vec<PaymentSnapshot>>>,
}

/// What it was asked.
#[derive(Debug, Default, Clone)]
pub(super) struct Asked {
    /// Pages of listings, and how much each of them showed.
    pub(super) pages: Vec<(Pass, usize)>,
    /// Order numbers that were looked up one by one.
    pub(super) orders: Vec<String>,
}

#[derive(Debug)]
pub(super) struct PagedPsp {
    pub(super) inner: TestPsp,
    pub(super) page_rows: usize,
    pub(super) odd: Oddities,
    pub(super) asked: Mutex<Asked>,
}

impl PagedPsp {
    fn page<R>(&self, pass: Pass, all: Lookup<Listing<R>>, name: fn(&R) -> &str, page: u32) -> Lookup<Listing<R>> {
        let Lookup::Found(all) = all else { return all };
        assert_eq!(all.next, None, "more than one page of the fixture's");
        let number = usize::try_from(page).unwrap();
        let (start, end) = ((number - 1) * self.page_rows, number * self.page_rows);
        let next = (end < all.items.len()).then_some(page + 1);
        let shown: Vec<R> = all.items.into_iter().skip(start).take(self.page_rows).collect();
        self.asked.lock().unwrap().pages.push((pass, shown.len()));
        let mut listing = Listing { items: Vec::new(), unreadable: Vec::new(), next };
        for record in shown {
            match self.odd.garbled.get(name(&record)) {
                Some(written) => listing.unreadable.push(written.clone()),
                None => listing.items.push(record),
            }
        }
        Lookup::Found(listing)
    }

    fn asked_for(&self, merchant_uid: &MerchantUid) {
        self.asked.lock().unwrap().orders.push(merchant_uid.to_string());
    }
}

impl ChannelPsp for PagedPsp {
    async fn channels(&self) -> Lookup<Vec<billing::channels::SetUp>> {
        self.inner.channels().await
    }
}

impl ListingPsp for PagedPsp {
    async fn listed_payments(&self, window: Window, page: u32) -> Lookup<Listing<PaymentSnapshot>> {
        let all = self.inner.listed_payments(window, 1).await;
        self.page(Pass::Payments, all, |payment| payment.imp_uid.as_str(), page)
    }

    async fn changed_payments(&self, window: Window, page: u32) -> Lookup<Listing<PaymentSnapshot>> {
        let all = self.inner.changed_payments(window, 1).await;
        self.page(Pass::Changes, all, |payment| payment.imp_uid.as_str(), page)
    }

    async fn listed_schedules(&self, window: Window, page: u32) -> Lookup<Listing<ScheduleSnapshot>> {
        let all = self.inner.listed_schedules(window, 1).await;
        self.page(Pass::Schedules, all, |schedule| &schedule.merchant_uid, page)
    }
}

impl ChargePsp for PagedPsp {
    async fn issue_account(
        &self,
        order: &Order,
        pg: Option<&str>,
        account: &billing::checkout::AccountOrder,
    ) -> PostResult<PaymentSnapshot> {
        self.inner.issue_account(order, pg, account).await
    }

    async fn extend_account(&self, imp_uid: &ImpUid, due: Timestamp) -> PostResult<PaymentSnapshot> {
        self.inner.extend_account(imp_uid, due).await
    }

    async fn ready(&self) -> bool {
        self.inner.ready().await
    }

    async fn charge(&self, order: &Order) -> PostResult<PaymentSnapshot> {
        self.inner.charge(order).await
    }

    async fn payments(&self, merchant_uid: &MerchantUid) -> Lookup<Vec<PaymentSnapshot>> {
        self.asked_for(merchant_uid);
        match self.odd.answers.get(merchant_uid.as_str()) {
            Some(answer) => answer.clone(),
            None => self.inner.payments(merchant_uid).await,
        }
    }

    async fn payment(&self, imp_uid: &ImpUid) -> Lookup<PaymentSnapshot> {
        self.inner.payment(imp_uid).await
    }
}

impl ReceiptPsp for PagedPsp {
    async fn issue_receipt(&self, order: &ReceiptOrder) -> PostResult<ReceiptSnapshot> {
        self.inner.issue_receipt(order).await
    }

    async fn revoke_receipt(&self, imp_uid: &ImpUid) -> PostResult<ReceiptSnapshot> {
        self.inner.revoke_receipt(imp_uid).await
    }

    async fn receipt(&self, imp_uid: &ImpUid) -> Lookup<ReceiptSnapshot> {
        self.inner.receipt(imp_uid).await
    }
}

impl SchedulePsp for PagedPsp {
    async fn register(&self, uid: &CustomerUid, orders: &[(&Order, Timestamp)]) -> PostResult<Vec<ScheduleSnapshot>> {
        self.inner.register(uid, orders).await
    }

    async fn revoke(&self, uid: &CustomerUid, merchant_uid: &ForeignUid) -> PostResult<Vec<ScheduleSnapshot>> {
        self.inner.revoke(uid, merchant_uid).await
    }

    async fn reschedule(&self, merchant_uid: &MerchantUid, schedule_at: Timestamp) -> PostResult<ScheduleSnapshot> {
        self.inner.reschedule(merchant_uid, schedule_at).await
    }

    async fn schedule(&self, merchant_uid: &MerchantUid) -> Lookup<ScheduleSnapshot> {
        self.asked_for(merchant_uid);
        self.inner.schedule(merchant_uid).await
    }
}

impl KeyPsp for PagedPsp {
    async fn issue(
        &self,
        uid: &CustomerUid,
        card: &Card,
        holder: &CardHolder,
        pg: Option<&str>,
    ) -> PostResult<KeySnapshot> {
        self.inner.issue(uid, card, holder, pg).await
    }

    async fn key(&self, uid: &CustomerUid) -> Lookup<KeySnapshot> {
        self.inner.key(uid).await
    }

    async fn held_keys(&self, uids: &[CustomerUid]) -> Lookup<Vec<String>> {
        self.inner.held_keys(uids).await
    }

    async fn waiting_schedules(&self, uid: &CustomerUid, from: Timestamp, until: Timestamp) -> Lookup<Vec<String>> {
        self.inner.waiting_schedules(uid, from, until).await
    }

    async fn delete(&self, uid: &CustomerUid) -> PostResult<()> {
        self.inner.delete(uid).await
    }
}
