//! The table of the simulation, by way of the adapter, the SDK, HTTP and the engine.

use std::collections::BTreeMap;
use std::future::{Future, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Poll;
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{
    DueRow, DueStore, Inserted, KeyStore, Page, PaymentStore, Saved, ScheduleFilter, StoreError, SubscriptionStore,
    WriteError,
};
use billing::subscription::{PlanId, Subscription, SubscriptionId, SubscriptionState};
use billing::{CustomerId, CustomerUid, MerchantUid, Timestamp};
use futures_util::FutureExt;
use simulation::chooser::Chooser;
use simulation::sim::Sim;
use simulation::table::{Backend, Call, WriteCall, Written};
use store::DynamoStore;

use crate::clock::VirtualTime;
use crate::engine::TABLE;
use crate::wire::{Client, Wire};

/// Tries of one operation, and the timeouts of one try and of all of them: as in production.
const ATTEMPTS_MAX: u32 = 3;
const ATTEMPT_SECONDS: u64 = 1;
const OPERATION_SECONDS: u64 = 3;

/// A table behind the real adapter and SDK.
#[derive(Debug)]
pub struct SdkTable {
    store: DynamoStore,
    wire: Arc<Wire>,
    known: Mutex<Known>,
}

/// Rows as they were last read back: after every write, by way of the adapter. What is asked outside of a call is answered
/// from here; the checks at rest read the table itself.
#[derive(Debug, Default)]
struct Known {
    payments: BTreeMap<MerchantUid, Payment>,
    keys: BTreeMap<CustomerUid, BillingKey>,
    subscriptions: BTreeMap<SubscriptionId, Subscription>,
}

/// The SDK's client with the production's retries and timeouts, over this wire.
fn client(wire: &Arc<Wire>) -> aws_sdk_dynamodb::Client {
    let time = VirtualTime::new(Arc::clone(wire));
    let timeouts = TimeoutConfig::builder()
        .operation_attempt_timeout(Duration::from_secs(ATTEMPT_SECONDS))
        .operation_timeout(Duration::from_secs(OPERATION_SECONDS))
        .build();
    let config = aws_sdk_dynamodb::Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .endpoint_url("http://table.invalid")
        .region(Region::from_static("ap-northeast-2"))
        .credentials_provider(Credentials::new("simulation", "simulation", None, None, "simulation"))
        .idempotency_token_provider("00000000-0000-4000-8000-000000000000")
        .retry_config(RetryConfig::standard().with_max_attempts(ATTEMPTS_MAX))
        // A quota of retries of its own: the usual one is shared by every client of the process.
        .retry_partition(RetryPartition::custom("seed").build())
        .timeout_config(timeouts)
        .time_source(time.clone())
        .sleep_impl(time)
        .http_client(Client(Arc::clone(wire)))
        .build();
    aws_sdk_dynamodb::Client::from_conf(config)
}

impl SdkTable {
    /// A table at the end of a wire.
    #[must_use]
    pub fn new(wire: Arc<Wire>) -> Self {
        Self { store: DynamoStore::new(client(&wire), TABLE), wire, known: Mutex::default() }
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.known.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the store promises of a write, whatever went wrong on the way: "done" means written, and "out of reach" means
    /// that nothing was.
    async fn write<'r, T>(
        &self,
        call: impl Future<Output = Result<T, WriteError>>,
        done: impl Fn(&T) -> Vec<Row<'r>>,
    ) -> Result<T, WriteError> {
        let answer = call.await;
        match &answer {
            Ok(saved) => done(saved).into_iter().for_each(|row| self.answered_as_written(row)),
            Err(WriteError::Store(StoreError::Unavailable)) if self.wire.has_committed() => {
                self.wire.broken("a write was answered as out of reach, and it was written".to_owned());
            }
            Err(WriteError::Store(StoreError::Unavailable)) => self.wire.count("write out of reach"),
            Err(_) => self.wire.count("write of unknown outcome"),
        }
        answer
    }

    fn answered_as_written(&self, row: Row<'_>) {
        let (item, version, writer) = match row {
            Row::Payment(row) => (format!("PAY#{}", row.merchant_uid()), row.version, row.writer.as_str()),
            Row::Key(row) => (format!("KEY#{}", row.customer_uid), row.version, row.writer.as_str()),
            Row::Subscription(row) => (format!("SUB#{}", row.id), row.version, row.writer.as_str()),
        };
        if !self.wire.was_written(&item, version, writer) {
            self.wire.broken(format!("{item} {version} was answered as written and never was"));
        }
        // Somebody else's write, outside of any call: the world knows of it.
        if !self.wire.is_in_call() {
            self.read_back(&item);
            // Its key keeps that it was claimed.
            if let Row::Payment(Payment { order, .. }) = row
                && let Some(customer_uid) = &order.customer_uid
            {
                self.read_back(&format!("KEY#{customer_uid}"));
            }
        }
    }

    /// Reads back what stands there after a write. Answers what is new to the world.
    fn read_back(&self, item: &str) -> Option<Written> {
        if let Some(uid) = item.strip_prefix("PAY#").and_then(|uid| MerchantUid::parse(uid).ok()) {
            let after = at_once(self.store.payment(&uid)).flatten()?;
            let before = self.known().payments.insert(uid, after.clone());
            return Some(Written::Payment { before, after });
        }
        if let Some(id) = item.strip_prefix("SUB#").and_then(|id| SubscriptionId::parse(id).ok()) {
            let after = at_once(self.store.subscription(&id)).flatten()?;
            let before = self.known().subscriptions.insert(id, after.clone());
            return Some(Written::Subscription { before, after });
        }
        let uid = item.strip_prefix("KEY#").and_then(|uid| CustomerUid::parse(uid).ok())?;
        let after = at_once(self.store.key(&uid)).flatten()?;
        let before = self.known().keys.insert(uid, after.clone()).map(|row| row.state);
        Some(Written::Key { before, after })
    }

    /// The names of all items of a kind, without the prefix that says so, in their order.
    fn named<T: Ord>(&self, prefix: &str, parse: impl Fn(&str) -> Option<T>) -> Vec<T> {
        let names = self.wire.engine().names().unwrap_or_default();
        let mut named: Vec<T> = names.iter().filter_map(|name| parse(name.strip_prefix(prefix)?)).collect();
        named.sort();
        named
    }

    /// Every row in the table itself, and that it is what was last read back.
    fn scanned<K, R: PartialEq + std::fmt::Debug>(&self, known: &BTreeMap<K, R>, rows: Vec<R>) -> Vec<R> {
        if !rows.iter().eq(known.values()) {
            self.wire.broken(format!("the table holds {rows:?}, and written was {known:?}", known = known.values()));
        }
        rows
    }
}

/// Outside of a call nothing goes wrong on the wire, and nothing waits.
fn at_once<T>(call: impl Future<Output = Result<T, StoreError>>) -> Option<T> {
    call.now_or_never().and_then(Result::ok)
}

/// A row that was to be written.
#[derive(Debug, Clone, Copy)]
enum Row<'a> {
    Payment(&'a Payment),
    Key(&'a BillingKey),
    Subscription(&'a Subscription),
}

/// Whether faults may befall the polled process now.
fn is_exposed(sim: &Sim) -> bool {
    let world = sim.world();
    let process = world.kernel.current;
    matches!(&world.chooser, Chooser::Chance(swarm) if swarm.sources.contains_key(&process))
}

impl Backend for SdkTable {
    fn payment<'a>(&'a self, uid: &'a MerchantUid) -> Call<'a, Option<Payment>> {
        Box::pin(async move {
            if self.wire.is_in_call() {
                self.store.payment(uid).await
            } else {
                Ok(self.known().payments.get(uid).cloned())
            }
        })
    }

    fn payments<'a>(&'a self, uids: &'a [MerchantUid]) -> Call<'a, Vec<Payment>> {
        Box::pin(self.store.payments(uids))
    }

    fn insert<'a>(&'a self, rows: &'a [Payment]) -> WriteCall<'a, Vec<Saved<Payment>>> {
        Box::pin(self.write(self.store.insert(rows), |saved| {
            let done = rows.iter().zip(saved).filter(|(_, saved)| **saved == Saved::Done);
            done.map(|(row, _)| Row::Payment(row)).collect()
        }))
    }

    fn insert_checkout<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>> {
        Box::pin(self.write(self.store.insert_checkout(row), |saved| {
            if *saved == Saved::Done { vec![Row::Payment(row)] } else { Vec::new() }
        }))
    }

    fn reclaim<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>> {
        Box::pin(self.write(self.store.reclaim(row), |saved| {
            if *saved == Saved::Done { vec![Row::Payment(row)] } else { Vec::new() }
        }))
    }

    fn save<'a>(&'a self, row: &'a Payment) -> WriteCall<'a, Saved<Payment>> {
        Box::pin(self.write(self.store.save(row), |saved| {
            if *saved == Saved::Done { vec![Row::Payment(row)] } else { Vec::new() }
        }))
    }

    fn schedules_of<'a>(&'a self, owner: &'a CustomerId, filter: &'a ScheduleFilter) -> Call<'a, Page<Payment>> {
        Box::pin(self.store.schedules_of(owner, filter))
    }

    fn key<'a>(&'a self, uid: &'a CustomerUid) -> Call<'a, Option<BillingKey>> {
        Box::pin(async move {
            if self.wire.is_in_call() { self.store.key(uid).await } else { Ok(self.known().keys.get(uid).cloned()) }
        })
    }

    fn save_key<'a>(&'a self, row: &'a BillingKey, new: bool) -> WriteCall<'a, Saved<BillingKey>> {
        Box::pin(self.write(
            async move { if new { self.store.insert_key(row).await } else { self.store.save_key(row).await } },
            |saved| if *saved == Saved::Done { vec![Row::Key(row)] } else { Vec::new() },
        ))
    }

    fn keys_of<'a>(
        &'a self,
        owner: &'a CustomerId,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<BillingKey>> {
        Box::pin(self.store.keys_of(owner, limit, cursor))
    }

    fn subscription<'a>(&'a self, id: &'a SubscriptionId) -> Call<'a, Option<Subscription>> {
        Box::pin(async move {
            if self.wire.is_in_call() {
                self.store.subscription(id).await
            } else {
                Ok(self.known().subscriptions.get(id).cloned())
            }
        })
    }

    fn last_of_plan<'a>(&'a self, owner: &'a CustomerId, plan: &'a PlanId) -> Call<'a, Option<SubscriptionId>> {
        Box::pin(self.store.last_of_plan(owner, plan))
    }

    fn begin_subscription<'a>(
        &'a self,
        row: &'a Subscription,
        last: Option<&'a SubscriptionId>,
    ) -> WriteCall<'a, Inserted> {
        Box::pin(self.write(self.store.begin_subscription(row, last), |begun| {
            if *begun == Inserted::Done { vec![Row::Subscription(row)] } else { Vec::new() }
        }))
    }

    fn save_subscription<'a>(&'a self, row: &'a Subscription) -> WriteCall<'a, Saved<Subscription>> {
        Box::pin(self.write(self.store.save_subscription(row), |saved| {
            if *saved == Saved::Done { vec![Row::Subscription(row)] } else { Vec::new() }
        }))
    }

    fn subscriptions_of<'a>(
        &'a self,
        owner: &'a CustomerId,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<Subscription>> {
        Box::pin(self.store.subscriptions_of(owner, limit, cursor))
    }

    fn subscriptions_in<'a>(
        &'a self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&'a str>,
    ) -> Call<'a, Page<Subscription>> {
        Box::pin(self.store.subscriptions_in(state, limit, cursor))
    }

    fn due<'a>(&'a self, shard: u8, until: Timestamp, cursor: Option<&'a str>) -> Call<'a, Page<DueRow>> {
        Box::pin(self.store.due(shard, until, cursor))
    }

    fn all_payments(&self) -> Vec<Payment> {
        let uids = self.named("PAY#", |name| MerchantUid::parse(name).ok());
        let rows = at_once(self.store.payments(&uids)).unwrap_or_default();
        self.scanned(&self.known().payments, rows)
    }

    fn all_keys(&self) -> Vec<BillingKey> {
        let uids = self.named("KEY#", |name| CustomerUid::parse(name).ok());
        let rows = uids.iter().filter_map(|uid| at_once(self.store.key(uid)).flatten()).collect();
        self.scanned(&self.known().keys, rows)
    }

    fn all_subscriptions(&self) -> Vec<Subscription> {
        let ids = self.named("SUB#", |name| SubscriptionId::parse(name).ok());
        let rows = ids.iter().filter_map(|id| at_once(self.store.subscription(id)).flatten()).collect();
        self.scanned(&self.known().subscriptions, rows)
    }

    fn is_calm(&self) -> bool {
        self.wire.is_calm()
    }

    fn drive<'a>(
        &'a self,
        sim: &'a Sim,
        mut call: Pin<Box<dyn Future<Output = ()> + Send + 'a>>,
    ) -> Pin<Box<dyn Future<Output = ()> + Send + 'a>> {
        Box::pin(async move {
            let mut turn = Some(self.wire.begin(sim.now(), is_exposed(sim)));
            loop {
                let polled =
                    poll_fn(|context| Poll::Ready(self.wire.during(&mut turn, || call.as_mut().poll(context)))).await;
                let Some(running) = &mut turn else { return };
                let touched = std::mem::take(&mut running.touched);
                let lines = std::mem::take(&mut running.lines);
                for row in touched.iter().filter_map(|item| self.read_back(item)) {
                    sim.written(row);
                }
                {
                    let mut world = sim.world();
                    for line in lines {
                        world.note_text(&line);
                        world.write(|| line);
                    }
                    for broken in self.wire.take_broken() {
                        world.violation("store", broken);
                    }
                }
                let Some(wake) = running.wake.filter(|_| polled.is_pending()) else { return };
                let seconds = i64::try_from(wake / 1_000).unwrap_or(i64::MAX).saturating_sub(sim.now());
                sim.wait(seconds.max(0)).await;
                running.ms = wake.max(sim.now().unsigned_abs().saturating_mul(1_000));
            }
        })
    }
}
