//! The PSP's books: a deterministic state machine. No I/O, no clock (time is an argument), no randomness but a
//! seeded generator it owns. The HTTP face drives it; a seeded simulation can drive it in-process.
//!
//! Commands take `now` in UNIX seconds and answer with rows or a [`Refusal`]. What the shop is to be told by
//! webhook piles up until [`Ledger::take_notices`]. Nothing happens by itself: call [`Ledger::run_until`] to let
//! schedules and late executions that have fallen due run, in time order.

mod access;
mod accounts;
mod cancel;
pub mod cards;
mod channels;
mod charge;
mod console;
mod days;
pub mod gateways;
mod ids;
mod keys;
mod knobs;
mod query;
mod receipts;
mod refusal;
mod rows;
mod schedule;
mod tax;
#[cfg(test)]
mod tests;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

pub use self::access::AccessToken;
pub use self::accounts::{AccountChange, AccountOrder};
pub use self::cancel::CancelOrder;
pub use self::channels::{ChannelKind, Setting};
pub use self::charge::{Admission, Charged, Delivery, Instrument};
pub use self::gateways::Said;
pub use self::keys::{Deletion, KeyOrder};
pub use self::knobs::{
    ByteCount, ClosedWindow, Dedupe, Knobs, PartialCancelStatus, PastSchedule, RuleRefusal, ScheduleBatch,
    ScheduleChecks, UnknownChannel, UnlistedIssue,
};
pub use self::query::{Page, PaymentSort, ScheduleFilter};
pub use self::receipts::{Receipt, ReceiptFlag, ReceiptOnRefund, ReceiptOrder};
pub use self::refusal::{Refusal, RefusalKind};
pub use self::rows::{
    BillingKey, Browser, Cancellation, Channel, KeyUsage, Notice, Order, Payment, PaymentStatus, Person, Prepared,
    Schedule, ScheduleStatus, VirtualAccount,
};
pub use self::schedule::ScheduleOrder;
pub use self::tax::{TaxParts, is_about_tax};
pub use self::window::{Agreed, Issue, KeyWish, Means, WindowOrder};

/// Something that happens at a time of its own.
#[derive(Debug, Clone, Serialize, Deserialize)]
enum Task {
    /// The schedule of this `merchant_uid`.
    Schedule(String),
    /// The end of that schedule's run.
    Running(String),
    /// A charge admitted earlier whose caller never got an answer.
    Late(Box<Admission>),
    /// A payment that a customer confirmed in a window and that is approved late.
    Window(Box<WindowOrder>),
}

/// The books. See the module's documentation.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Ledger {
    knobs: Knobs,
    ids: ids::Ids,
    /// Never written to a snapshot: it is a credential.
    #[serde(skip)]
    token: Option<AccessToken>,
    keys: BTreeMap<String, BillingKey>,
    /// In order of creation; never removed.
    payments: Vec<Payment>,
    #[serde(skip)]
    by_imp_uid: BTreeMap<String, usize>,
    #[serde(skip)]
    by_merchant_uid: BTreeMap<String, Vec<usize>>,
    schedules: BTreeMap<String, Schedule>,
    prepared: BTreeMap<String, Prepared>,
    /// In order of issue; never removed.
    #[serde(default)]
    receipts: Vec<Receipt>,
    /// The shop's channels, as its console has them.
    #[serde(default = "channels::usual")]
    settings: Vec<Setting>,
    /// Keyed by time and a serial number, so that equal times run in order of registration.
    #[serde(with = "pairs")]
    agenda: BTreeMap<(i64, u64), Task>,
    next_ticket: u64,
    #[serde(skip)]
    notices: Vec<Notice>,
}

impl Ledger {
    /// Empty books. The seed decides every id they will make up.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            knobs: Knobs::default(),
            ids: ids::Ids::new(seed),
            token: None,
            keys: BTreeMap::new(),
            payments: Vec::new(),
            by_imp_uid: BTreeMap::new(),
            by_merchant_uid: BTreeMap::new(),
            schedules: BTreeMap::new(),
            prepared: BTreeMap::new(),
            receipts: Vec::new(),
            settings: channels::usual(),
            agenda: BTreeMap::new(),
            next_ticket: 0,
            notices: Vec::new(),
        }
    }

    /// The settings in force.
    #[must_use]
    pub const fn knobs(&self) -> &Knobs {
        &self.knobs
    }

    /// Changes the settings from now on.
    pub fn set_knobs(&mut self, knobs: Knobs) {
        self.knobs = knobs;
    }

    /// Empties the books; knobs, channels, access token and the id generator stay.
    pub fn clear(&mut self) {
        self.keys.clear();
        self.payments.clear();
        self.by_imp_uid.clear();
        self.by_merchant_uid.clear();
        self.schedules.clear();
        self.prepared.clear();
        self.receipts.clear();
        self.agenda.clear();
        self.notices.clear();
    }

    /// Rebuilds what a snapshot leaves out. Call once after deserialising.
    #[must_use]
    pub fn reindexed(mut self) -> Self {
        self.by_imp_uid.clear();
        self.by_merchant_uid.clear();
        for (place, payment) in self.payments.iter().enumerate() {
            self.by_imp_uid.insert(payment.imp_uid.clone(), place);
            self.by_merchant_uid.entry(payment.merchant_uid.clone()).or_default().push(place);
        }
        self
    }

    /// Takes the webhooks that have become due since the last call, oldest first.
    pub fn take_notices(&mut self) -> Vec<Notice> {
        std::mem::take(&mut self.notices)
    }

    /// Time of the next thing that will happen by itself, UNIX seconds.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.agenda.first_key_value().map(|((at, _), _)| *at)
    }

    /// Runs everything due up to and including `now`, in time order, each at its own time.
    pub fn run_until(&mut self, now: i64) {
        while let Some(entry) = self.agenda.first_entry() {
            let at = entry.key().0;
            if at > now {
                break;
            }
            match entry.remove() {
                Task::Schedule(merchant_uid) => self.begin_schedule(at, &merchant_uid),
                Task::Running(merchant_uid) => self.run_schedule(at, &merchant_uid),
                Task::Late(admission) => self.run_late(at, *admission),
                Task::Window(order) => self.run_late_window(at, *order),
            }
        }
    }

    fn enqueue(&mut self, at: i64, task: Task) -> (i64, u64) {
        let ticket = (at, self.next_ticket);
        self.next_ticket += 1;
        self.agenda.insert(ticket, task);
        ticket
    }

    fn insert_payment(&mut self, payment: Payment) -> usize {
        let place = self.payments.len();
        self.by_imp_uid.insert(payment.imp_uid.clone(), place);
        self.by_merchant_uid.entry(payment.merchant_uid.clone()).or_default().push(place);
        self.payments.push(payment);
        place
    }

    fn attempts(&self, merchant_uid: &str) -> impl Iterator<Item = &Payment> {
        self.by_merchant_uid.get(merchant_uid).into_iter().flatten().filter_map(|place| self.payments.get(*place))
    }

    fn notify(&mut self, at: i64, place: usize, cancellation_id: Option<String>) {
        let Some(payment) = self.payments.get(place) else { return };
        // A partial refund is announced as `cancelled` whatever the row's own status says.
        let status = if cancellation_id.is_some() { PaymentStatus::Cancelled } else { payment.status };
        let more = payment.browser.iter().flat_map(|browser| &browser.more_notice_urls);
        let addresses = std::iter::once(payment.notice_url.clone()).chain(more.cloned().map(Some));
        self.notices.extend(addresses.map(|notice_url| Notice {
            at,
            imp_uid: payment.imp_uid.clone(),
            merchant_uid: payment.merchant_uid.clone(),
            status,
            cancellation_id: cancellation_id.clone(),
            notice_url,
        }));
    }

    /// A fresh `imp_`/`imps_` number.
    fn fresh_imp_uid(&mut self, prefix: &str) -> String {
        loop {
            let candidate = self.ids.digits12(prefix);
            if !self.by_imp_uid.contains_key(&candidate) {
                return candidate;
            }
        }
    }
}

/// JSON has no maps with compound keys: the agenda travels as a list of pairs.
mod pairs {
    use std::collections::BTreeMap;

    use serde::{Deserialize, Deserializer, Serializer};

    use super::Task;

    pub(super) fn serialize<S: Serializer>(map: &BTreeMap<(i64, u64), Task>, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(map)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<BTreeMap<(i64, u64), Task>, D::Error> {
        Ok(Vec::<((i64, u64), Task)>::deserialize(deserializer)?.into_iter().collect())
    }
}
