//! A world small enough to hold in a test: the table in memory, a clock that the test moves, and a PSP that does what it
//! is told and remembers what it was asked.

mod accounts;
pub(crate) mod applied;
mod keys;
pub(crate) mod payments;
mod receipts;
mod records;
mod requests;
pub(crate) mod subscriptions;
mod table;

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};

use billing::alarm::Alarm;
use billing::checkout::AccountOrder;
use billing::fingerprint::FingerprintKey;
use billing::key::{BillingKey, KeySnapshot};
use billing::order::{Details, Order};
use billing::payment::receipt::ReceiptSnapshot;
use billing::payment::snapshot::{CancelEntry, RecordDetails};
use billing::payment::{PaymentSnapshot, PspStatus, Refund, Refusal, ScheduleSnapshot, ScheduleStatus, TaxParts};
use billing::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, Lookup, PaymentStore, PostResult, RefundPsp, SchedulePsp,
};
use billing::usecase::Billing;
use billing::{CustomerId, CustomerUid, ForeignUid, ImpUid, MerchantUid, Money, Nonce, Policy, Timestamp};
use store::MemoryStore;

use crate::habits::Reasons;

pub(crate) use keys::key_state;
pub(crate) use records::{hint_of, key_snapshot, schedule_snapshot};
pub(crate) use requests::{card_window, checked_request, issue_request, kim, refund_account, refund_request};
pub(crate) use table::Table;

pub(crate) const START: Timestamp = Timestamp(1_795_478_400);

/// What a test's PSP does with the next POST.
#[derive(Debug, Clone)]
pub(crate) enum Act {
    /// Does it and says so.
    Approve,
    /// Records a failure and says so.
    Decline,
    /// Refuses with this code and records nothing.
    Refuse(i64),
    /// Refuses because it does not know the key.
    Unregistered,
    /// Does nothing; nothing is known.
    Lose,
    /// Does it; nothing is known.
    ApproveAndLose,
    /// Refuses, but does it all the same.
    ApproveAndRefuse,
    /// Does it and answers with something that is no record.
    Garble,
    /// Does nothing and answers with something that is no record.
    GarbleAndLose,
    /// Never reached.
    Unreachable,
    /// A deletion that nobody hears of any more.
    Hang,
}

#[derive(Debug, Default)]
pub(crate) struct World {
    pub(crate) payments: BTreeMap<String, Vec<PaymentSnapshot>>,
    pub(crate) schedules: BTreeMap<String, ScheduleSnapshot>,
    pub(crate) keys: BTreeMap<String, KeySnapshot>,
    /// Amounts that the window must take.
    pub(crate) prepared: BTreeMap<String, Money>,
    acts: VecDeque<Act>,
    /// Every POST that left, by kind and order number or key.
    pub(crate) posts: Vec<String>,
    /// By which parts each refund was asked for, whatever became of it.
    pub(crate) cancelled: Vec<TaxParts>,
    /// Every GET.
    pub(crate) gets: u32,
    pub(crate) down: bool,
    /// Whether others have their turn while it says whether it is ready.
    pub(crate) hesitates: bool,
    /// How many wait for that, and how many have at most.
    pub(crate) line: (usize, usize),
    /// Whether nothing can be looked up.
    pub(crate) looks_fail: bool,
    /// As above, from the next request on that changes something.
    pub(crate) blind_once_posted: bool,
    /// What becomes of a refund's reason.
    pub(crate) reasons: Reasons,
    /// Whether the PSP refuses each refund that names no account.
    pub(crate) account_wanted: bool,
    /// Whether the PSP refuses each refund.
    pub(crate) refunds_refused: bool,
    /// How the listings behave.
    pub(crate) listing: crate::listing::Habits,
    /// The latest cash receipt of each payment, and how many there ever were.
    pub(crate) receipts: BTreeMap<String, ReceiptSnapshot>,
    pub(crate) receipts_made: u32,
    made: u32,
}

impl World {
    /// A payment that the PSP holds, as `status` says.
    pub(crate) fn record(&mut self, order: &Order, status: PspStatus, at: Timestamp) -> PaymentSnapshot {
        self.made += 1;
        let snapshot = PaymentSnapshot {
            imp_uid: ImpUid::parse(&format!("imp_{:012}", self.made)).unwrap(),
            merchant_uid: order.merchant_uid.to_string(),
            status,
            amount: order.amount,
            cancel_amount: 0,
            customer_uid: order.customer_uid.as_ref().map(ToString::to_string),
            sandbox: false,
            paid_at: (status == PspStatus::Paid).then_some(at),
            failed_at: (status == PspStatus::Failed).then_some(at),
            cancelled_at: None,
            fail_reason: (status == PspStatus::Failed).then(|| "한도초과".to_owned()),
            cancel_history: Vec::new(),
            details: RecordDetails::default(),
        };
        self.payments.entry(order.merchant_uid.to_string()).or_default().push(snapshot.clone());
        snapshot
    }

    /// Runs a schedule.
    pub(crate) fn execute(&mut self, order: &Order, status: PspStatus, at: Timestamp) -> PaymentSnapshot {
        let record = self.record(order, status, at);
        let schedule = self.schedules.get_mut(order.merchant_uid.as_str()).unwrap();
        schedule.schedule_status = ScheduleStatus::Executed;
        schedule.executed_at = Some(at);
        schedule.imp_uid = Some(record.imp_uid.clone());
        schedule.payment_status = Some(status);
        record
    }
}

#[derive(Debug, Default)]
pub(crate) struct TestPsp {
    world: Mutex<World>,
    clock: AtomicI64,
}

impl TestPsp {
    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Decides the next POSTs, in order; after them the PSP approves.
    pub(crate) fn will(&self, acts: impl IntoIterator<Item = Act>) {
        self.world().acts.extend(acts);
    }

    /// From now on the PSP approves again.
    pub(crate) fn forgives(&self) {
        self.world().acts.clear();
    }

    fn registers(&self, order: &Order) -> Money {
        self.world().prepared.insert(order.merchant_uid.to_string(), order.amount);
        order.amount
    }

    fn now(&self) -> Timestamp {
        Timestamp(self.clock.load(Ordering::Relaxed))
    }

    fn posting(&self, what: String) -> Option<Act> {
        let mut world = self.world();
        let act = world.acts.pop_front().unwrap_or(Act::Approve);
        if world.down || matches!(act, Act::Unreachable) {
            return None;
        }
        world.posts.push(what);
        world.looks_fail |= world.blind_once_posted;
        Some(act)
    }

    pub(crate) fn getting<T>(&self, read: impl FnOnce(&World) -> Option<T>) -> Lookup<T> {
        let mut world = self.world();
        world.gets += 1;
        if world.down || world.looks_fail || world.listing.no_more() {
            return Lookup::Unreachable;
        }
        read(&world).map_or(Lookup::Absent, Lookup::Found)
    }
}

/// What the PSP answers when it has done as `act` says, and what it answers it with.
fn answered<T>(act: &Act, done: impl FnOnce(Act) -> T) -> PostResult<T> {
    let refusal = |code| Refusal { code, message: "PG 거절".to_owned() };
    match act {
        Act::Refuse(code) => PostResult::Refused(refusal(*code)),
        Act::Unregistered => {
            PostResult::Refused(Refusal { message: "등록되지 않은 구매자입니다".to_owned(), ..refusal(-1) })
        }
        Act::Lose => PostResult::Lost,
        Act::ApproveAndLose => {
            done(Act::Approve);
            PostResult::Lost
        }
        Act::ApproveAndRefuse => {
            done(Act::Approve);
            PostResult::Refused(refusal(-1))
        }
        Act::Garble => {
            done(Act::Approve);
            PostResult::Nonsense
        }
        Act::GarbleAndLose => PostResult::Nonsense,
        Act::Approve | Act::Decline => PostResult::Known(done(act.clone())),
        Act::Unreachable => PostResult::NotSent,
        Act::Hang => PostResult::Lost,
    }
}

impl ChargePsp for TestPsp {
    async fn issue_account(
        &self,
        order: &Order,
        pg: Option<&str>,
        account: &AccountOrder,
    ) -> PostResult<PaymentSnapshot> {
        self.account(order, pg, account)
    }

    async fn extend_account(&self, imp_uid: &ImpUid, due: Timestamp) -> PostResult<PaymentSnapshot> {
        self.extend(imp_uid, due)
    }

    async fn ready(&self) -> bool {
        let hesitates = self.world().hesitates;
        if hesitates {
            self.world().line.0 += 1;
            let longest = self.world().line;
            self.world().line.1 = longest.0.max(longest.1);
            tokio::task::yield_now().await;
            self.world().line.0 -= 1;
        }
        !self.world().down
    }

    async fn charge(&self, order: &Order) -> PostResult<PaymentSnapshot> {
        let Some(act) = self.posting(format!("charge {}", order.merchant_uid)) else { return PostResult::NotSent };
        let now = self.now();
        answered(&act, |act| {
            let status = if matches!(act, Act::Decline) { PspStatus::Failed } else { PspStatus::Paid };
            self.world().record(order, status, now)
        })
    }

    async fn payments(&self, merchant_uid: &MerchantUid) -> Lookup<Vec<PaymentSnapshot>> {
        if self.world().listing.single_looks_fail {
            return Lookup::Unreachable;
        }
        self.getting(|world| world.payments.get(merchant_uid.as_str()).cloned())
    }

    async fn payment(&self, imp_uid: &ImpUid) -> Lookup<PaymentSnapshot> {
        self.getting(|world| world.payments.values().flatten().find(|record| record.imp_uid == *imp_uid).cloned())
    }
}

impl RefundPsp for TestPsp {
    async fn cancel(&self, refund: &Refund) -> PostResult<PaymentSnapshot> {
        let Some(act) = self.posting(format!("cancel {} {}", refund.imp_uid, refund.amount)) else {
            return PostResult::NotSent;
        };
        self.world().cancelled.push(refund.parts);
        let now = self.now();
        let balance = |world: &World| {
            let payment = world.payments.values().flatten().find(|record| record.imp_uid == refund.imp_uid);
            payment.map_or(0, PaymentSnapshot::net_paid)
        };
        let no_account = refund.account.is_none() && self.world().account_wanted;
        if self.world().refunds_refused || no_account {
            return PostResult::Refused(Refusal {
                code: 1, message: "취소할 수 없는 거래입니다".to_owned()
            });
        }
        if balance(&self.world()) != refund.checksum {
            return PostResult::Refused(Refusal {
                code: 1, message: "취소 가능 금액이 다릅니다".to_owned()
            });
        }
        answered(&act, |_| {
            let mut world = self.world();
            let habit = world.reasons;
            let payment =
                world.payments.values_mut().flatten().find(|record| record.imp_uid == refund.imp_uid).unwrap();
            payment.cancel_amount += refund.amount;
            payment.cancelled_at = Some(now);
            let sent = refund.sent_reason();
            let reason = match habit {
                Reasons::Kept | Reasons::NoHistory => Some(sent),
                Reasons::Cut(left) => Some(sent.chars().take(left).collect()),
                Reasons::Dropped => None,
                Reasons::Replaced => Some("고객 요청에 의한 취소".to_owned()),
            };
            let (pg_tid, receipt_url) = (None, None);
            if habit != Reasons::NoHistory {
                let entry = CancelEntry { amount: refund.amount, cancelled_at: Some(now), reason, pg_tid, receipt_url };
                payment.cancel_history.push(entry);
            }
            if payment.net_paid() == 0 {
                payment.status = PspStatus::Cancelled;
            }
            payment.clone()
        })
    }
}

impl SchedulePsp for TestPsp {
    async fn register(
        &self,
        customer_uid: &CustomerUid,
        orders: &[(&Order, Timestamp)],
    ) -> PostResult<Vec<ScheduleSnapshot>> {
        let uids: Vec<&str> = orders.iter().map(|(order, _)| order.merchant_uid.as_str()).collect();
        let Some(act) = self.posting(format!("register {}", uids.join(" "))) else { return PostResult::NotSent };
        answered(&act, |_| {
            let made: Vec<ScheduleSnapshot> = orders
                .iter()
                .map(|(order, at)| ScheduleSnapshot {
                    customer_uid: customer_uid.to_string(),
                    amount: order.amount,
                    ..schedule_snapshot(order.merchant_uid.as_str(), ScheduleStatus::Scheduled, *at)
                })
                .collect();
            let mut world = self.world();
            world.schedules.extend(made.iter().map(|schedule| (schedule.merchant_uid.clone(), schedule.clone())));
            made
        })
    }

    async fn revoke(&self, _: &CustomerUid, merchant_uid: &ForeignUid) -> PostResult<Vec<ScheduleSnapshot>> {
        let Some(act) = self.posting(format!("revoke {merchant_uid}")) else { return PostResult::NotSent };
        let now = self.now();
        let waiting = self.world().schedules.get(merchant_uid.as_str()).map(|schedule| schedule.schedule_status);
        if waiting != Some(ScheduleStatus::Scheduled) {
            return PostResult::Refused(Refusal { code: 1, message: "취소할 예약이 없습니다".to_owned() });
        }
        answered(&act, |_| {
            let mut world = self.world();
            let schedule = world.schedules.get_mut(merchant_uid.as_str()).unwrap();
            schedule.schedule_status = ScheduleStatus::Revoked;
            schedule.revoked_at = Some(now);
            vec![schedule.clone()]
        })
    }

    async fn reschedule(&self, merchant_uid: &MerchantUid, schedule_at: Timestamp) -> PostResult<ScheduleSnapshot> {
        let Some(act) = self.posting(format!("move {merchant_uid}")) else { return PostResult::NotSent };
        answered(&act, |_| {
            let mut world = self.world();
            let schedule = world.schedules.get_mut(merchant_uid.as_str()).unwrap();
            schedule.schedule_at = schedule_at;
            schedule.clone()
        })
    }

    async fn schedule(&self, merchant_uid: &MerchantUid) -> Lookup<ScheduleSnapshot> {
        self.getting(|world| world.schedules.get(merchant_uid.as_str()).cloned())
    }
}

#[derive(Debug, Default)]
pub(crate) struct TestHost {
    clock: AtomicI64,
    /// Seconds that pass whenever somebody looks at the clock.
    pub(crate) ticking: AtomicI64,
    /// When whoever waits came, if a test says so.
    pub(crate) came_at: Mutex<Option<Timestamp>>,
    drawn: AtomicU64,
    pub(crate) alarms: Mutex<Vec<Alarm>>,
}

impl TestHost {
    /// Time goes by.
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.fetch_add(seconds, Ordering::Relaxed);
    }
}

impl Clock for TestHost {
    fn now(&self) -> Timestamp {
        Timestamp(self.clock.fetch_add(self.ticking.load(Ordering::Relaxed), Ordering::Relaxed))
    }

    fn came_at(&self) -> Option<Timestamp> {
        *self.came_at.lock().unwrap()
    }
}

impl Entropy for TestHost {
    fn nonce(&self) -> Nonce {
        Nonce::parse(&format!("{:032x}", self.drawn.fetch_add(1, Ordering::Relaxed))).unwrap()
    }
}

impl AlarmSink for TestHost {
    fn alarm(&self, alarm: &Alarm) {
        self.alarms.lock().unwrap().push(alarm.clone());
    }
}

pub(crate) type TestBilling = Billing<TestPsp, MemoryStore, TestHost>;

/// A world at [`START`] in which `kim` has the active billing key `key1`.
pub(crate) async fn billing() -> TestBilling {
    let billing = Billing {
        psp: TestPsp::default(),
        store: MemoryStore::streaming(),
        host: TestHost::default(),
        policy: Policy::default(),
    };
    billing.psp.clock.store(START.0, Ordering::Relaxed);
    billing.host.clock.store(START.0, Ordering::Relaxed);
    let issued = billing.issue_key(issue_request("first-key", "4242424242424242"), &secret()).await.unwrap();
    let mut key = BillingKey { customer_uid: CustomerUid::parse("key1").unwrap(), version: 1, ..issued };
    key.record = Some(key_snapshot("key1", "424242******4242"));
    billing.store.insert_key(&key).await.unwrap();
    let mut world = billing.psp.world();
    world.keys.insert("key1".to_owned(), key_snapshot("key1", "424242******4242"));
    world.posts.clear();
    world.gets = 0;
    drop(world);
    billing
}

pub(crate) trait TestWorld {
    fn advance(&self, seconds: i64);
    fn wait_until(&self, then: Timestamp);
    fn alarms(&self) -> Vec<&'static str>;
}

impl<S> TestWorld for Billing<TestPsp, S, TestHost> {
    fn advance(&self, seconds: i64) {
        self.host.clock.fetch_add(seconds, Ordering::Relaxed);
        self.psp.clock.fetch_add(seconds, Ordering::Relaxed);
    }

    /// Time goes by until then, and nobody comes meanwhile.
    fn wait_until(&self, then: Timestamp) {
        self.advance(then.0 - self.host.now().0);
    }

    /// Names of the alarms raised since the last look.
    fn alarms(&self) -> Vec<&'static str> {
        self.host.alarms.lock().unwrap().drain(..).map(|alarm| alarm.name()).collect()
    }
}

/// `kim` registers one more card under this Idempotency-Key. The name of its key.
pub(crate) async fn another_card<S: KeyStore + PaymentStore>(
    billing: &Billing<TestPsp, S, TestHost>,
    idempotency_key: &str,
    number: &str,
) -> CustomerUid {
    billing.issue_key(issue_request(idempotency_key, number), &secret()).await.unwrap().customer_uid
}

pub(crate) fn secret() -> FingerprintKey {
    FingerprintKey::new(&[7; 32]).unwrap()
}

pub(crate) fn customer(name: &str) -> CustomerId {
    CustomerId::parse(name).unwrap()
}

/// The name of a billing key.
pub(crate) fn uid(name: &str) -> CustomerUid {
    CustomerUid::parse(name).unwrap()
}

pub(crate) fn order(uid: &str) -> Order {
    Order {
        merchant_uid: MerchantUid::parse(uid).unwrap(),
        customer_uid: CustomerUid::parse("key1").ok(),
        amount: Money::krw(8_900),
        name: "월간 이용권 정기결제".to_owned(),
        details: Details::default(),
    }
}
