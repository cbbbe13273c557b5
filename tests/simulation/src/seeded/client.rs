//! What clients ask: new things, old things again, things that race, and things that are not theirs.

mod receipt;
mod subscription;
mod window;

use std::collections::BTreeMap;

use billing::order::{Details, Order, ProductType};
use billing::payment::Flow;
use billing::subscription::{Attempt, Interval, Subscription};
use billing::usecase::{Caller, NewSchedule, RefundRequest, ScheduleDisposition};
use billing::{CustomerId, CustomerUid, MerchantUid, Money, Timestamp};

use super::setup::Setup;
use crate::lambda::{Answer, Request};
use crate::rng::Rng;

/// One part in so many is free of tax, where a part is.
const FREE_SHARE: u64 = 3;

/// By how much cards are checked, in won.
const CHECKING: [u64; 2] = [100, 1_000];

const APPROVES: &str = "4242424242424242";
/// Cards that decline, hang, lie or pay late. Not the one that hangs for ever without a trace: nobody can settle that.
const ODD_CARDS: [&str; 7] = [
    "4000000000000002",
    "4000000000000341",
    "4000000000009995",
    "4000000000004087",
    "4000000000001000",
    "4000000000005001",
    "4000000000005043",
];

/// What clients share: the storefront's own database.
#[derive(Debug, Default)]
pub(super) struct Shop {
    pub(super) customers: Vec<CustomerId>,
    /// Keys that were told active, with their owners.
    pub(super) keys: Vec<(CustomerId, CustomerUid)>,
    /// Every request ever made.
    pub(super) asked: Vec<Request>,
    /// Order numbers of charges and of schedules, with their owners.
    charges: Vec<(CustomerId, MerchantUid)>,
    schedules: Vec<(CustomerId, MerchantUid)>,
    /// Orders that were told paid in cash, with their owners.
    cash: Vec<(CustomerId, MerchantUid)>,
    /// Names of subscriptions with their owners, the attempts that they were last heard to be at, and how long a period is.
    subscriptions: Vec<(CustomerId, String)>,
    /// When the first of them was begun.
    pub(super) subscribed_at: Option<i64>,
    attempts: BTreeMap<String, Attempt>,
    /// As they were last heard of.
    rows: BTreeMap<String, Subscription>,
    intervals: BTreeMap<String, Interval>,
    made: u64,
    issued: BTreeMap<CustomerId, u64>,
}

#[expect(clippy::expect_used, reason = "the names made here are identifiers")]
fn id<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("an identifier")
}

impl Shop {
    pub(super) fn new(setup: &Setup) -> Self {
        let customers =
            (0..setup.customers).map(|number| id(CustomerId::parse(&format!("customer{number}")))).collect();
        Self { customers, ..Self::default() }
    }

    /// The next thing that a client asks.
    pub(super) fn next(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        let request = self.choose(rng, setup, now);
        self.asked.push(request.clone());
        request
    }

    fn choose(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        if !self.asked.is_empty() && rng.chance(250) {
            // The newest ones most of all: these are the ones that race.
            let back = rng.place(self.asked.len().min(3)) + 1;
            return self.asked[self.asked.len() - back].clone();
        }
        if setup.receipts > 0 && rng.chance(setup.receipts) {
            return self.about_receipts(rng).unwrap_or_else(|| self.in_window(rng, setup, now));
        }
        if rng.chance(setup.subscribed) {
            return self.about_subscriptions(rng, setup, now);
        }
        if rng.chance(setup.windows) {
            return self.in_window(rng, setup, now);
        }
        if rng.chance(setup.replaced) {
            return self.replace(rng).unwrap_or_else(|| self.issue(rng, setup, now));
        }
        let Some((owner, key)) = rng.pick(&self.keys).cloned() else { return self.issue(rng, setup, now) };
        if !self.charges.is_empty() && rng.chance(setup.refunds) {
            return self.refund(rng).unwrap_or_else(|| self.issue(rng, setup, now));
        }
        if setup.batches > 0 && rng.chance(setup.batches) {
            let count = if rng.chance(700) { 51 + rng.place(50) } else { 40 + rng.place(11) };
            return self.schedule(rng, setup, now, (owner, key), count);
        }
        let kinds = if setup.plain { 63 } else { 100 };
        match rng.below(kinds) {
            0..=30 => {
                let order = self.order(rng, &key);
                self.charges.push((owner.clone(), order.merchant_uid.clone()));
                Request::Charge { order, customer: owner }
            }
            31..=46 => {
                let count = 1 + rng.place(3);
                self.schedule(rng, setup, now, (owner, key), count)
            }
            47..=54 => match rng.pick(&self.schedules).cloned() {
                Some((_, merchant_uid)) => Request::Revoke { caller: Caller::Merchant, merchant_uid },
                None => self.issue(rng, setup, now),
            },
            55..=62 => match rng.pick(&self.schedules).cloned() {
                Some((_, merchant_uid)) => {
                    let schedule_at = Timestamp(now + rng.between(330, setup.ahead_seconds_max));
                    Request::Move { caller: Caller::Merchant, merchant_uid, schedule_at }
                }
                None => self.issue(rng, setup, now),
            },
            63..=66 => {
                let schedules =
                    if rng.chance(600) { ScheduleDisposition::Revoke } else { ScheduleDisposition::InTheWay };
                Request::DeleteKey { caller: Caller::Merchant, customer_uid: key, schedules }
            }
            67..=86 => self.refund(rng).unwrap_or_else(|| self.issue(rng, setup, now)),
            87..=90 => self.reuse(rng).unwrap_or_else(|| self.issue(rng, setup, now)),
            91..=94 => self.foreign(rng).unwrap_or_else(|| self.issue(rng, setup, now)),
            _ => self.issue(rng, setup, now),
        }
    }

    /// So many payments of one key at times to come.
    fn schedule(
        &mut self,
        rng: &mut Rng,
        setup: &Setup,
        now: i64,
        (customer, key): (CustomerId, CustomerUid),
        count: usize,
    ) -> Request {
        let mut wanted = Vec::new();
        for place in 0..count {
            let order = self.order(rng, &key);
            self.schedules.push((customer.clone(), order.merchant_uid.clone()));
            let after = rng.between(330, setup.ahead_seconds_max) + i64::try_from(place).unwrap_or(0);
            wanted.push(NewSchedule { order, schedule_at: Timestamp(now + after) });
        }
        wanted.sort_by_key(|new| new.schedule_at);
        wanted.dedup_by_key(|new| new.schedule_at);
        Request::Schedule { customer_uid: key, customer, wanted }
    }

    /// A refund of some charge, under one of three names.
    fn refund(&self, rng: &mut Rng) -> Option<Request> {
        let (_, merchant_uid) = rng.pick(&self.charges)?.clone();
        let amount = if rng.chance(500) { 8_900 } else { 1_000 + rng.below(3) * 1_000 };
        let name = format!("refund-{merchant_uid}-{}", rng.below(3));
        // A part of what is of both kinds has to be named, and a storefront may forget to, or be wrong.
        let tax_free = rng.chance(700).then(|| part_of(&merchant_uid, amount)).flatten();
        let amount = amount.to_string();
        Some(Request::Refund(RefundRequest {
            merchant_uid,
            amount,
            tax_free,
            vat_amount: None,
            reason: None,
            account: None,
            idempotency_key: name,
        }))
    }

    fn issue(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        self.made += 1;
        let odd = rng.chance(setup.odd_cards);
        let card = if odd { *rng.pick(&ODD_CARDS).unwrap_or(&APPROVES) } else { APPROVES };
        let customer = rng.pick(&self.customers).cloned().unwrap_or_else(|| id(CustomerId::parse("customer0")));
        // Customers name their requests alike: nothing of one is the other's.
        let issued = self.issued.entry(customer.clone()).or_default();
        *issued += 1;
        let checks = setup.checked > 0 && rng.chance(setup.checked);
        let checking = checks.then(|| *rng.pick(&CHECKING).unwrap_or(&100));
        let name = format!("issue-request-{issued}");
        let wanted =
            if setup.checked > 0 && rng.chance(400) { self.with_key(rng, setup, now, &customer) } else { Vec::new() };
        Request::Issue { name, customer, card, checking, wanted }
    }

    /// What is to be scheduled on a key that is issued in the same request.
    fn with_key(&mut self, rng: &mut Rng, setup: &Setup, now: i64, customer: &CustomerId) -> Vec<NewSchedule> {
        let nobodys = id(CustomerUid::parse("none"));
        let mut wanted = Vec::new();
        for place in 0..=rng.below(3) {
            let order = Order { customer_uid: None, ..self.order(rng, &nobodys) };
            self.schedules.push((customer.clone(), order.merchant_uid.clone()));
            let after = rng.between(330, setup.ahead_seconds_max) + i64::try_from(place).unwrap_or(0);
            wanted.push(NewSchedule { order, schedule_at: Timestamp(now + after) });
        }
        wanted.sort_by_key(|new| new.schedule_at);
        wanted.dedup_by_key(|new| new.schedule_at);
        wanted
    }

    fn order(&mut self, rng: &mut Rng, key: &CustomerUid) -> Order {
        self.made += 1;
        Order {
            merchant_uid: id(MerchantUid::parse(&format!("order{}", self.made))),
            customer_uid: Some(key.clone()),
            amount: Money::krw(8_900 + rng.below(2) * 1_000),
            name: "월간 이용권".to_owned(),
            details: taxed(self.made, 8_900),
        }
    }

    /// An order number that is used, with another amount.
    fn reuse(&self, rng: &mut Rng) -> Option<Request> {
        match rng.pick(&self.asked)?.clone() {
            Request::Charge { mut order, customer } => {
                order.amount = Money::krw(order.amount.minor + 1);
                Some(Request::Charge { order, customer })
            }
            Request::Issue { customer, name, card, checking, wanted } => {
                let other = if card == APPROVES { ODD_CARDS[1] } else { APPROVES };
                Some(Request::Issue { customer, name, card: other, checking, wanted })
            }
            Request::Checkout(mut new) => {
                new.order.amount = Money::krw(new.order.amount.minor + 1);
                Some(Request::Checkout(new))
            }
            Request::Account(mut new) => {
                new.order.amount = Money::krw(new.order.amount.minor + 1);
                Some(Request::Account(new))
            }
            Request::PrepareKey(mut request) => {
                request.name.push('2');
                Some(Request::PrepareKey(request))
            }
            _ => None,
        }
    }

    /// Somebody else's order.
    fn foreign(&self, rng: &mut Rng) -> Option<Request> {
        let (owner, merchant_uid) =
            rng.pick(if rng.clone().chance(500) { &self.charges } else { &self.schedules })?.clone();
        let caller = Caller::Customer(self.customers.iter().find(|customer| **customer != owner)?.clone());
        if rng.chance(200) {
            return Some(Request::Keys(owner));
        }
        Some(if rng.chance(500) {
            Request::Read { caller, merchant_uid }
        } else {
            Request::Revoke { caller, merchant_uid }
        })
    }

    /// What the storefront remembers of an answer.
    pub(super) fn hear(&mut self, answer: &Answer) {
        self.hear_subscription(answer);
        match answer {
            Answer::Payment(Ok(row)) if row.receiptable().is_ok() => {
                let known = (row.customer_id.clone(), row.merchant_uid().clone());
                if !self.cash.contains(&known) {
                    self.cash.push(known);
                }
            }
            Answer::Key(Ok(row)) if row.state == billing::key::KeyState::Active => {
                let known = (row.customer_id.clone(), row.customer_uid.clone());
                if !self.keys.contains(&known) {
                    self.keys.push(known);
                }
            }
            Answer::Issued(Ok(issued)) if issued.key.state == billing::key::KeyState::Active => {
                let known = (issued.key.customer_id.clone(), issued.key.customer_uid.clone());
                if !self.keys.contains(&known) {
                    self.keys.push(known);
                }
            }
            Answer::Payment(Ok(row)) if matches!(row.flow, Flow::Charge) && row.state.was_paid() => {}
            _ => {}
        }
    }

    /// Every order that was ever sent to be charged.
    pub(super) fn charged(&self) -> Vec<Order> {
        let order = |request: &Request| match request {
            Request::Charge { order, .. } => Some(order.clone()),
            Request::Checkout(new) => Some(new.order.clone()),
            Request::Account(new) => Some(new.order.clone()),
            _ => None,
        };
        self.asked.iter().filter_map(order).collect()
    }

    /// An order number that the storefront knows, or one that nobody knows.
    pub(super) fn some_order(&self, rng: &mut Rng) -> MerchantUid {
        let known: Vec<&MerchantUid> = self.charges.iter().chain(&self.schedules).map(|(_, uid)| uid).collect();
        match rng.pick(&known) {
            Some(uid) if rng.chance(800) => (*uid).clone(),
            _ => id(MerchantUid::parse("never-ordered")),
        }
    }
}

/// The fields of the order of this number. What of it is free of tax, or tax: nothing is said, all of it, a part, or the tax alone.
fn taxed(number: u64, amount: u64) -> Details {
    let (tax_free, vat_amount) = match number % 4 {
        0 => (None, None),
        1 => (Some(amount / FREE_SHARE), Some((amount - amount / FREE_SHARE) / 11)),
        2 => (Some(amount), None),
        _ => (None, Some(amount / 11)),
    };
    let text = |text: &str| Some(text.to_owned());
    Details {
        tax_free,
        vat_amount,
        // Without them one gateway or another takes no payment.
        buyer_name: text("홍길동"),
        buyer_tel: text("01042424242"),
        buyer_email: text("gildong@gmail.com"),
        product_type: Some(ProductType::Digital),
        ..Details::default()
    }
}

/// How much of a refund is free of tax, as a storefront reckons that does not remember what it has given back before.
fn part_of(merchant_uid: &MerchantUid, amount: u64) -> Option<String> {
    let number: u64 = merchant_uid.as_str().strip_prefix("order")?.parse().ok()?;
    (number % 4 == 1).then(|| (amount / FREE_SHARE).to_string())
}
