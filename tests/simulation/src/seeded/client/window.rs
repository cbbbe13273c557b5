//! What clients ask about windows: checkouts, keys to be issued there, keys that the merchant brings along, keys replaced.

use billing::checkout::{AccountOrder, Options, Window};
use billing::order::{Details, Order};
use billing::usecase::{Caller, NewAccount, NewCheckout, PrepareKey, ScheduleDisposition};
use billing::{CustomerId, CustomerUid, MerchantUid, Money, Timestamp};

use super::{Setup, Shop, id};
use crate::lambda::Request;
use crate::rng::Rng;

/// How long accounts stay open, in seconds: some close before a lost request for them is known to be lost.
const ACCOUNT_SECONDS_MIN: i64 = 400;
const ACCOUNT_SECONDS_MAX: i64 = 4_000;

/// A window as most storefronts open it.
fn window(pay_method: &str) -> Window {
    Window { pg: None, pay_method: pay_method.to_owned(), options: Options::default() }
}

impl Shop {
    /// Something about windows.
    pub(super) fn in_window(&mut self, rng: &mut Rng, setup: &Setup, now: i64) -> Request {
        match rng.below(100) {
            0..=44 => self.checkout(rng, setup),
            45..=59 => self.account(rng, now),
            60..=79 => self.prepare(rng),
            80..=85 => self.import(rng),
            86..=92 => self.approve(rng).unwrap_or_else(|| self.checkout(rng, setup)),
            _ => self.replace(rng).unwrap_or_else(|| self.issue(rng, setup, now)),
        }
    }

    fn owner(&self, rng: &mut Rng) -> CustomerId {
        rng.pick(&self.customers).cloned().unwrap_or_else(|| id(CustomerId::parse("customer0")))
    }

    fn checkout(&mut self, rng: &mut Rng, setup: &Setup) -> Request {
        self.made += 1;
        let customer_id = self.owner(rng);
        let order = Order {
            merchant_uid: id(MerchantUid::parse(&format!("order{}", self.made))),
            customer_uid: None,
            amount: Money::krw(8_900 + rng.below(2) * 1_000),
            name: "월간 이용권".to_owned(),
            details: super::taxed(self.made, 8_900),
        };
        self.charges.push((customer_id.clone(), order.merchant_uid.clone()));
        let pay_method = if rng.chance(400) { "vbank" } else { "card" };
        if setup.receipts == 0 {
            return Request::Checkout(NewCheckout { order, customer_id, window: window(pay_method) });
        }
        // Most pay in cash, some of them so much that a receipt is due unasked.
        let more = if rng.chance(400) { 100_000 } else { 0 };
        let pay_method = if pay_method == "card" && rng.chance(800) { "trans" } else { pay_method };
        let order = Order { amount: Money::krw(order.amount.minor + more), ..order };
        Request::Checkout(NewCheckout { order, customer_id, window: window(pay_method) })
    }

    /// A virtual account without a window.
    fn account(&mut self, rng: &mut Rng, now: i64) -> Request {
        self.made += 1;
        let customer_id = self.owner(rng);
        let order = Order {
            merchant_uid: id(MerchantUid::parse(&format!("order{}", self.made))),
            customer_uid: None,
            amount: Money::krw(8_900),
            name: "월간 이용권".to_owned(),
            // What is free of tax in part is given no more time, so most are not.
            details: super::taxed(if self.made % 8 < 4 { self.made } else { 0 }, 8_900),
        };
        self.charges.push((customer_id.clone(), order.merchant_uid.clone()));
        let due = Timestamp(now + rng.between(ACCOUNT_SECONDS_MIN, ACCOUNT_SECONDS_MAX));
        let account = AccountOrder { bank: "004".to_owned(), due, holder: Some("가맹점".to_owned()) };
        Request::Account(NewAccount { order, customer_id, pg: None, account })
    }

    /// A key; one in three is issued along with a payment.
    fn prepare(&mut self, rng: &mut Rng) -> Request {
        self.made += 1;
        let customer_id = self.owner(rng);
        let issued = self.issued.entry(customer_id.clone()).or_default();
        *issued += 1;
        let idempotency_key = format!("window-request-{issued}");
        let charged = rng.chance(333).then(|| id(MerchantUid::parse(&format!("order{}", self.made))));
        if let Some(merchant_uid) = &charged {
            self.charges.push((customer_id.clone(), merchant_uid.clone()));
        }
        Request::PrepareKey(PrepareKey {
            customer_id,
            idempotency_key,
            amount: Money::krw(if charged.is_some() { 8_900 } else { 0 }),
            merchant_uid: charged,
            name: "카드 등록".to_owned(),
            details: Details { tax_free: None, vat_amount: None, ..super::taxed(0, 0) },
            window: window("card"),
        })
    }

    /// A key that was issued before there was this system; a second customer may lay claim to it.
    fn import(&mut self, rng: &mut Rng) -> Request {
        let customer = self.owner(rng);
        let name = format!("legacy{}", rng.below(3));
        Request::ImportKey { customer_uid: id(CustomerUid::parse(&name)), customer }
    }

    /// The PG asks whether it may approve.
    fn approve(&self, rng: &mut Rng) -> Option<Request> {
        let (_, merchant_uid) = rng.pick(&self.charges)?.clone();
        let amount = if rng.chance(500) { 8_900 } else { 9_900 };
        Some(Request::Approve { merchant_uid, amount: amount.to_string() })
    }

    /// A key is replaced by another one: of the same customer, or, by mistake, of whoever's.
    pub(super) fn replace(&self, rng: &mut Rng) -> Option<Request> {
        let (owner, customer_uid) = rng.pick(&self.keys)?.clone();
        let same = |(other, key): &&(CustomerId, CustomerUid)| *other == owner && *key != customer_uid;
        let mine: Vec<&(CustomerId, CustomerUid)> = self.keys.iter().filter(same).collect();
        let any: Vec<&(CustomerId, CustomerUid)> = self.keys.iter().collect();
        let mistaken = mine.is_empty() || rng.chance(50);
        let (_, to) = rng.pick(if mistaken { &any } else { &mine })?;
        let schedules = ScheduleDisposition::MoveTo(to.clone());
        Some(Request::DeleteKey { caller: Caller::Merchant, customer_uid, schedules })
    }
}
