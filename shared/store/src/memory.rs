//! The table in memory: the same conditions and the same indexes, without a network. For simulations and tests.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing::event::{Change, Row};
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, REGISTRATIONS_KEPT, Registration, state_for};
use billing::payment::Payment;
use billing::ports::{
    ClaimStore, DueRow, DueStore, Inserted, KeyStore, Page, PaymentStore, ReportStore, Saved, ScheduleFilter,
    StoreError, SubscriptionStore, WriteError,
};
use billing::report::{Report, Window, claims_at};
use billing::subscription::{Attempt, PlanId, Subscription, SubscriptionId, SubscriptionState};
use billing::{CustomerId, CustomerUid, KstDay, MerchantUid, Timestamp};

use crate::cursor;
use crate::shard::shard;

/// Rows of the `due` index read at a time.
const DUE_PAGE: usize = 50;
/// Rows of the `day` index read at a time.
const CLAIMS_PAGE: usize = 50;

/// The table in memory.
#[derive(Debug, Default)]
pub struct MemoryStore {
    rows: Mutex<Rows>,
}

#[derive(Debug, Default, Clone)]
struct Rows {
    payments: BTreeMap<MerchantUid, Payment>,
    keys: BTreeMap<CustomerUid, BillingKey>,
    reports: BTreeMap<KstDay, Report>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
    last_of_plan: BTreeMap<(CustomerId, PlanId), SubscriptionId>,
    /// What was written since somebody took it, in its order; nobody does unless it is kept.
    changes: Option<Vec<Change>>,
}

impl MemoryStore {
    /// An empty table.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty table with a stream of its changes, as the real one has.
    #[must_use]
    pub fn streaming() -> Self {
        Self { rows: Mutex::new(Rows { changes: Some(Vec::new()), ..Rows::default() }) }
    }

    /// What was written since this was asked last. Nothing, without a stream.
    #[must_use]
    pub fn take_changes(&self) -> Vec<Change> {
        self.lock().changes.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// Every payment row, by order number.
    #[must_use]
    pub fn all_payments(&self) -> Vec<Payment> {
        self.lock().payments.values().cloned().collect()
    }

    /// Every billing key row, by name.
    #[must_use]
    pub fn all_keys(&self) -> Vec<BillingKey> {
        self.lock().keys.values().cloned().collect()
    }

    /// Every subscription row, by name.
    #[must_use]
    pub fn all_subscriptions(&self) -> Vec<Subscription> {
        self.lock().subscriptions.values().cloned().collect()
    }

    fn lock(&self) -> MutexGuard<'_, Rows> {
        self.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Rows {
    fn put_payment(&mut self, row: &Payment) {
        let before = self.payments.insert(row.merchant_uid().clone(), row.clone());
        self.changed(|| (before.map(|row| Row::Payment(Box::new(row))), Row::Payment(Box::new(row.clone()))));
    }

    fn put_key(&mut self, row: BillingKey) {
        let before = self.keys.insert(row.customer_uid.clone(), row.clone());
        self.changed(|| (before.map(|row| Row::Key(Box::new(row))), Row::Key(Box::new(row))));
    }

    fn put_subscription(&mut self, row: &Subscription) {
        let before = self.subscriptions.insert(row.id.clone(), row.clone());
        let boxed = |row: &Subscription| Row::Subscription(Box::new(row.clone()));
        self.changed(|| (before.as_ref().map(boxed), boxed(row)));
    }

    fn put_report(&mut self, row: &Report) {
        let before = self.reports.insert(row.day, row.clone());
        self.changed(|| (before.map(|row| Row::Report(Box::new(row))), Row::Report(Box::new(row.clone()))));
    }

    fn changed(&mut self, change: impl FnOnce() -> (Option<Row>, Row)) {
        if let Some(changes) = &mut self.changes {
            let (before, after) = change();
            changes.push(Change { before, after });
        }
    }

    /// Whether a payment may be put as far as its subscription is concerned: one of none may always be; one of a
    /// subscription only as the attempt that it asks for now, for its price and to its card.
    fn is_asked_for(&self, row: &Payment) -> bool {
        let Some((id, _)) = Attempt::of(row.merchant_uid()) else { return true };
        let asked = self.subscriptions.get(&id).and_then(Subscription::expected_order);
        asked == Some(Fingerprint::of(&row.order))
    }

    fn subscriptions_where(
        &self,
        list: &str,
        wanted: impl Fn(&Subscription) -> bool,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        let rows = self.subscriptions.values().filter(|row| wanted(row));
        let mut sorted: Vec<_> =
            rows.map(|row| (format!("{:011}#{}", row.created_at.0, row.id), row.clone())).collect();
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        page(list, sorted, limit, cursor)
    }

    fn key_stands(&self, row: &Payment) -> bool {
        let key = row.order.customer_uid.as_ref().and_then(|uid| self.keys.get(uid));
        key.is_some_and(|key| key.state == state_for(row) && key.customer_id == row.customer_id)
    }

    /// The key keeps that a schedule is about to be registered on it.
    fn registering(&mut self, row: &Payment) {
        let key = row.order.customer_uid.as_ref().and_then(|uid| self.keys.get_mut(uid));
        if let Some(key) = key
            && let Some(claim) = Registration::of(row)
        {
            key.registrations.insert(0, claim);
            key.registrations.truncate(REGISTRATIONS_KEPT);
        }
    }

    fn against(&self, row: &Payment) -> Option<Saved<Payment>> {
        let current = self.payments.get(row.merchant_uid());
        verdict(row.version, current.map(|c| c.version), current.is_some_and(|c| c.writer == row.writer), current)
    }
}

/// What stands against writing `version` over `current`: nothing, our own earlier write, or somebody else's.
fn verdict<R: Clone>(
    version: u64,
    current_version: Option<u64>,
    own_mark: bool,
    current: Option<&R>,
) -> Option<Saved<R>> {
    match current_version {
        None if version == 1 => None,
        Some(before) if before + 1 == version => None,
        Some(same) if same == version && own_mark => Some(Saved::Done),
        Some(_) | None => Some(Saved::Conflict(current.cloned().map(Box::new))),
    }
}

/// Cuts a sorted list into the page after `cursor`.
fn page<R>(list: &str, sorted: Vec<(String, R)>, limit: usize, cursor: Option<&str>) -> Result<Page<R>, StoreError> {
    let after = cursor.map(|cursor| cursor::decode::<1>(list, cursor)).transpose()?;
    let mut rest: Vec<(String, R)> =
        sorted.into_iter().filter(|(place, _)| after.as_ref().is_none_or(|[after]| place > after)).collect();
    let more = rest.len() > limit;
    rest.truncate(limit);
    let next = rest.last().filter(|_| more).map(|(place, _)| cursor::encode(list, &[place]));
    Ok(Page { items: rest.into_iter().map(|(_, row)| row).collect(), next })
}

impl PaymentStore for MemoryStore {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        Ok(self.lock().payments.get(uid).cloned())
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        let rows = self.lock();
        Ok(uids.iter().filter_map(|uid| rows.payments.get(uid).cloned()).collect())
    }

    async fn insert(&self, new: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let mut rows = self.lock();
        let (mut answers, mut written) = (Vec::with_capacity(new.len()), None);
        let taken = new.iter().any(|row| matches!(rows.against(row), Some(Saved::Conflict(_))));
        let none_alone = taken && new.iter().all(Payment::waits_for_its_key);
        for row in new {
            let answer = match rows.against(row) {
                Some(answer) => answer,
                None if !rows.key_stands(row) => Saved::KeyNotActive,
                None if none_alone || (row.version == 1 && !rows.is_asked_for(row)) => Saved::NotExpected,
                None => {
                    rows.put_payment(row);
                    written = written.or(Some(row));
                    Saved::Done
                }
            };
            answers.push(answer);
        }
        if let Some(first) = written {
            rows.registering(first);
        }
        Ok(answers)
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.save(row).await
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let mut saved = self.insert(std::slice::from_ref(row)).await?;
        saved.pop().ok_or(WriteError::Store(StoreError::Unavailable))
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let mut rows = self.lock();
        Ok(rows.against(row).unwrap_or_else(|| {
            rows.put_payment(row);
            Saved::Done
        }))
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        let wanted = |row: &&Payment| {
            let of_key = filter.customer_uid.is_none() || filter.customer_uid == row.order.customer_uid;
            row.customer_id == *owner && of_key && filter.covers(row)
        };
        let place = |row: &Payment| {
            let at = row.schedule_at().map_or(0, |at| at.0);
            let key = row.order.customer_uid.as_ref().map_or("", CustomerUid::as_str);
            format!("{key}#{at:011}#{}", row.merchant_uid())
        };
        let rows = self.lock();
        let mut sorted: Vec<_> = rows.payments.values().filter(wanted).map(|row| (place(row), row.clone())).collect();
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        let of = filter.customer_uid.as_ref().map_or("", CustomerUid::as_str);
        page(&format!("{owner}\nSCH#{of}"), sorted, filter.limit, filter.cursor.as_deref())
    }
}

impl KeyStore for MemoryStore {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        Ok(self.lock().keys.get(uid).cloned())
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.save_key(row).await
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        let mut rows = self.lock();
        let current = rows.keys.get(&row.customer_uid);
        let own_mark = current.is_some_and(|current| current.writer == row.writer);
        let registrations = current.map(|current| current.registrations.clone()).unwrap_or_default();
        Ok(verdict(row.version, current.map(|c| c.version), own_mark, current).unwrap_or_else(|| {
            rows.put_key(BillingKey { registrations, ..row.clone() });
            Saved::Done
        }))
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        let place = |key: &BillingKey| format!("{:011}#{}", key.created_at.0, key.customer_uid);
        let rows = self.lock();
        let of_owner = rows.keys.values().filter(|key| key.customer_id == *owner);
        let mut sorted: Vec<_> = of_owner.map(|key| (place(key), key.clone())).collect();
        sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
        page(&format!("{owner}\nKEY#"), sorted, limit, cursor)
    }
}

impl SubscriptionStore for MemoryStore {
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        Ok(self.lock().subscriptions.get(id).cloned())
    }

    async fn last_of_plan(&self, owner: &CustomerId, plan: &PlanId) -> Result<Option<SubscriptionId>, StoreError> {
        Ok(self.lock().last_of_plan.get(&(owner.clone(), plan.clone())).cloned())
    }

    async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        let mut rows = self.lock();
        let current = rows.subscriptions.get(&row.id);
        let own_mark = current.is_some_and(|current| current.writer == row.writer);
        match verdict(row.version, current.map(|c| c.version), own_mark, current) {
            Some(Saved::Conflict(Some(current))) => return Ok(Inserted::Conflict(current)),
            Some(Saved::Done) => return Ok(Inserted::Done),
            Some(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => return Ok(Inserted::Overtaken),
            None => {}
        }
        let plan = (row.customer_id.clone(), row.plan_id.clone());
        if rows.last_of_plan.get(&plan) != last {
            return Ok(Inserted::Overtaken);
        }
        rows.last_of_plan.insert(plan, row.id.clone());
        rows.put_subscription(row);
        Ok(Inserted::Done)
    }

    async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        let mut rows = self.lock();
        let current = rows.subscriptions.get(&row.id);
        let own_mark = current.is_some_and(|current| current.writer == row.writer);
        Ok(verdict(row.version, current.map(|c| c.version), own_mark, current).unwrap_or_else(|| {
            rows.put_subscription(row);
            Saved::Done
        }))
    }

    async fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        let list = format!("{owner}\nSUB#");
        self.lock().subscriptions_where(&list, |row| row.customer_id == *owner, limit, cursor)
    }

    async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        let list = format!("state\n{}", state.name());
        self.lock().subscriptions_where(&list, |row| row.state == state, limit, cursor)
    }
}

impl DueStore for MemoryStore {
    async fn due(&self, wanted: u8, until: Timestamp, cursor: Option<&str>) -> Result<Page<DueRow>, StoreError> {
        let rows = self.lock();
        // Most rows are not due: those are neither named nor hashed.
        let is_due = |at: &Timestamp| *at <= until;
        let payments = rows.payments.iter().filter_map(|(uid, row)| {
            row.next_due_at().filter(is_due).map(|at| (at, format!("PAY#{uid}"), DueRow::Payment(uid.clone())))
        });
        let keys = rows.keys.iter().filter_map(|(uid, row)| {
            row.due_at.filter(is_due).map(|at| (at, format!("KEY#{uid}"), DueRow::Key(uid.clone())))
        });
        let subscriptions = rows.subscriptions.iter().filter_map(|(id, row)| {
            row.due_at.filter(is_due).map(|at| (at, format!("SUB#{id}"), DueRow::Subscription(id.clone())))
        });
        let due = payments.chain(keys).chain(subscriptions).filter(|(_, pk, _)| shard(pk) == wanted);
        let mut sorted: Vec<(String, DueRow)> =
            due.map(|(due_at, pk, row)| (format!("{:011}#{pk}", due_at.0), row)).collect();
        sorted.sort();
        page(&format!("due\n{wanted}"), sorted, DUE_PAGE, cursor)
    }
}

impl ClaimStore for MemoryStore {
    async fn claims(&self, day: KstDay, window: Window, cursor: Option<&str>) -> Result<Page<MerchantUid>, StoreError> {
        let within = |at: &Timestamp| KstDay::of(*at) == day && window.from <= *at && *at < window.until;
        let rows = self.lock();
        let claiming = rows.payments.iter().filter_map(|(uid, row)| Some((claims_at(row).filter(within)?, uid)));
        let mut sorted: Vec<_> = claiming.map(|(at, uid)| (format!("{:011}#{uid}", at.0), uid.clone())).collect();
        sorted.sort();
        page(&format!("day\n{day}"), sorted, CLAIMS_PAGE, cursor)
    }
}

impl ReportStore for MemoryStore {
    async fn report(&self, day: KstDay) -> Result<Option<Report>, StoreError> {
        Ok(self.lock().reports.get(&day).cloned())
    }

    async fn save_report(&self, row: &Report) -> Result<Saved<Report>, WriteError> {
        let mut rows = self.lock();
        let current = rows.reports.get(&row.day);
        let own_mark = current.is_some_and(|current| current.writer == row.writer);
        Ok(verdict(row.version, current.map(|c| c.version), own_mark, current).unwrap_or_else(|| {
            rows.put_report(row);
            Saved::Done
        }))
    }
}
