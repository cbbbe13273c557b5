//! A request that is made for one line: its fields, and what has to be in the books before it.

use std::collections::BTreeMap;

use crate::cards;
use crate::gateways::rule::{Demand, Rule, When};
use crate::gateways::{Operation, Said, rule_of, rules};
use crate::*;

/// 2027-01-15T17:00:00 in Seoul.
pub(super) const NOW: i64 = 1_800_000_000;
const DAY: i64 = 86_400;
const AMOUNT: u64 = 60_000;

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Scene {
    gateway: String,
    operation: Operation,
    method: String,
    fields: BTreeMap<String, String>,
    amount: u64,
    mobile: bool,
    escrow: bool,
    /// The order number was tried before.
    used: bool,
    /// The key is of a test channel.
    sandbox: bool,
    partial: bool,
    refunds: usize,
    /// Between payment and refund, seconds.
    later: i64,
    tax_free_paid: bool,
}

/// What a field may well say.
fn sample(field: &str) -> &'static str {
    match field {
        "merchant_uid" => "order0001",
        "name" => "Monthly plan",
        "buyer_name" | "customer_name" => "Michael Jackson",
        "buyer_email" => "michael@example.com",
        "buyer_tel" | "bypass.customerIdentifier" => "01012345678",
        "customer_id" => "member01",
        "currency" => "KRW",
        "tax_free" | "vat_amount" => "1000",
        "card_quota" => "3",
        "biz_num" => "1234567890",
        "vbank_due" => "20991231",
        "naverUseCfm" | "extra.naverUseCfm" => "20991231",
        "bypass.cashReceiptType" => "anonymous",
        "buyer_first_name_kana" | "buyer_last_name_kana" => "ポート",
        "digital" | "popup" => "true",
        "card.direct.code" => "361",
        "card.direct.quota" => "3",
        "product_type" => "real",
        "extra.requester" => "customer",
        "cash_receipt_type" => "person",
        _ => "x",
    }
}

/// The payment that there is.
fn paid(ledger: &Ledger) -> String {
    ledger.payments().first().unwrap().imp_uid.clone()
}

impl Scene {
    pub(super) fn bare(gateway: &str, operation: Operation) -> Self {
        let gateway = if gateway == "*" { "nice" } else { gateway };
        let mut scene = Self {
            gateway: gateway.to_owned(),
            operation,
            method: "card".to_owned(),
            fields: BTreeMap::new(),
            amount: AMOUNT,
            mobile: false,
            escrow: false,
            used: false,
            sandbox: false,
            partial: false,
            refunds: 0,
            later: 0,
            tax_free_paid: false,
        };
        for field in ["merchant_uid", "name", "buyer_name", "currency"] {
            scene.set(field, sample(field));
        }
        // What the table of keys says is no line.
        if operation == Operation::KeyWindow && gateway == "nice_v2" {
            scene.amount = 0;
        }
        if matches!(operation, Operation::Receipt | Operation::ReceiptCancel) {
            "trans".clone_into(&mut scene.method);
        }
        scene
    }

    /// A request that the line accepts, and the same but for what it asks.
    pub(super) fn pair(rule: &Rule, operation: Operation, knobs: &Knobs) -> (Self, Self) {
        let mut accepted = Self::bare(rule.gateway, operation);
        for when in rule.when {
            accepted.hold(*when);
        }
        let mut refused = accepted.clone();
        accepted.satisfy(rule);
        accepted.settle(knobs, None);
        if rule.demand == Demand::Never {
            refused.settle(knobs, Some(&rule.id(operation)));
            return (accepted, refused);
        }
        refused = accepted.clone();
        // Where the condition was lost on the way it is made again.
        for when in rule.when {
            refused.hold(*when);
        }
        refused.violate(rule);
        refused.settle(knobs, Some(&rule.id(operation)));
        (accepted, refused)
    }

    /// The same where it is what the rule is about.
    pub(super) fn concerned(&self, rule: &Rule) -> Self {
        let mut concerned = self.clone();
        rule.when.iter().for_each(|when| concerned.hold(*when));
        concerned
    }

    /// Gives every other line what it asks.
    fn settle(&mut self, knobs: &Knobs, but: Option<&str>) {
        for _ in 0..30 {
            let Err(refusal) = self.run(knobs) else { return };
            let Some(id) = rule_of(&refusal.message).filter(|id| Some(*id) != but) else { return };
            let broken =
                rules().find(|rule| rule.operations.contains(&self.operation) && rule.id(self.operation) == id);
            let Some(rule) = broken else { return };
            self.satisfy(rule);
        }
    }

    pub(super) fn set(&mut self, field: &str, value: &str) {
        match field {
            "pay_method" => value.clone_into(&mut self.method),
            "escrow" => self.escrow = value == "true",
            "sandbox" => self.sandbox = value == "true",
            "amount" => self.amount = value.parse().unwrap(),
            _ => drop(self.fields.insert(field.to_owned(), value.to_owned())),
        }
    }

    fn unset(&mut self, field: &str) {
        match field {
            "escrow" => self.escrow = false,
            "sandbox" => self.sandbox = false,
            // Holder, bank and account are given together.
            "refund_holder" | "refund_bank" | "refund_account" => {
                self.fields.retain(|name, _| !name.starts_with("refund_"))
            }
            _ => drop(self.fields.remove(field)),
        }
    }

    fn hold(&mut self, when: When) {
        match when {
            When::Methods(methods) => self.set("pay_method", methods[0]),
            When::Mobile => self.mobile = true,
            When::Desktop => self.mobile = false,
            When::Is(field, text) => self.set(field, text),
            When::In(field, texts) => self.set(field, texts[0]),
            When::Given(field) => self.set(field, sample(field)),
            When::Lacks(field, _) => self.unset(field),
            When::Free => self.amount = 0,
            When::NotAt(_) => {}
            When::Partial => self.partial = true,
            When::LaterMonth => self.later = 40 * DAY,
            When::AfterMonths(months) => self.later = (months + 2) * 31 * DAY,
            When::Refunds(count) => self.refunds = count,
            When::Night(from, _) => self.later = (from - 17) * 3600 + 60,
            When::TaxFreePaid => self.tax_free_paid = true,
        }
    }

    /// Takes a condition away.
    fn let_go(&mut self, when: When) {
        match when {
            When::Methods(_) => "card".clone_into(&mut self.method),
            When::Partial => self.partial = false,
            When::LaterMonth | When::AfterMonths(_) | When::Night(..) => self.later = 0,
            When::Refunds(_) => self.refunds = 0,
            When::Is(field, _) => self.unset(field),
            _ => {}
        }
    }

    fn satisfy(&mut self, rule: &Rule) {
        let field = rule.field;
        match rule.demand {
            Demand::Absent => self.unset(field),
            Demand::OneOf(texts) if field == "pay_method" && texts.contains(&self.method.as_str()) => {}
            Demand::OneOf(texts) => self.set(field, texts[0]),
            Demand::NoneOf(_) if field == "currency" => self.set(field, "USD"),
            Demand::NoneOf(_) => self.unset(field),
            Demand::Form(shapes) => self.set(field, &shapes[0].replace('d', "2").replacen('2', "0", 1)),
            Demand::LeastAmount(least) => self.amount = self.amount.max(least),
            Demand::Fresh => self.used = false,
            // Only its answer lets such a request through, or another gateway.
            Demand::Never if rule.when.is_empty() => "nice".clone_into(&mut self.gateway),
            Demand::Never => rule.when.iter().for_each(|when| self.let_go(*when)),
            _ => self.set(field, sample(field)),
        }
    }

    fn violate(&mut self, rule: &Rule) {
        let field = rule.field;
        match rule.demand {
            Demand::Required => self.unset(field),
            Demand::Absent if matches!(field, "escrow" | "sandbox") => self.set(field, "true"),
            Demand::Absent => self.set(field, sample(field)),
            Demand::LeastChars(least) => self.set(field, &"a".repeat(least - 1)),
            Demand::MostChars(most) | Demand::MostBytes(most) => self.set(field, &"a".repeat(most + 1)),
            Demand::Alphanumeric => self.set(field, "order-1"),
            Demand::Ascii => self.set(field, "주문1"),
            Demand::Without(forbidden) => self.set(field, &forbidden[..1].repeat(2)),
            Demand::EucKr => self.set(field, "😀"),
            Demand::Katakana | Demand::OneOf(_) => self.set(field, "abc"),
            Demand::NoHangul => self.set(field, "이용권"),
            Demand::Digits(count) => self.set(field, &"1".repeat(count + 1)),
            Demand::MostNumber(most) => self.set(field, &(most + 1).to_string()),
            Demand::NoneOf(texts) => self.set(field, texts[0]),
            Demand::Form(_) => self.set(field, "soon"),
            Demand::TwoNames => self.set(field, "Michael"),
            Demand::DayFromPayment => self.set(field, "20200101"),
            Demand::LeastAmount(least) => self.amount = least - 1,
            Demand::Tenth => self.set(field, &(self.amount / 10 + 1).to_string()),
            Demand::AsIssued => self.set(field, "other@example.com"),
            Demand::Fresh => self.used = true,
            Demand::Never => {}
        }
    }

    fn get(&self, field: &str) -> Option<String> {
        self.fields.get(field).cloned()
    }

    fn channel(&self) -> Channel {
        Channel { pg_provider: self.gateway.clone(), pg_id: "mid".to_owned() }
    }

    fn said(&self) -> Said {
        self.fields.iter().fold(Said::nothing(), |said, (name, value)| said.with(name, value))
    }

    fn order(&self) -> Order {
        let number = |field: &str| self.get(field).map(|text| text.parse().unwrap());
        Order {
            merchant_uid: self.get("merchant_uid").unwrap_or_default(),
            amount: self.amount,
            currency: self.get("currency").unwrap(),
            name: self.get("name").unwrap_or_default(),
            buyer: Person {
                name: self.get("buyer_name"),
                email: self.get("buyer_email"),
                tel: self.get("buyer_tel"),
                ..Person::default()
            },
            custom_data: None,
            notice_url: None,
            card_quota: self.get("card_quota").map_or(0, |text| text.parse().unwrap()),
            tax: TaxParts { free: number("tax_free").unwrap_or(0), vat: number("vat_amount") },
            more: self.said(),
        }
    }

    fn window(&self) -> WindowOrder {
        let card = cards::read("4242424242424242", "2099-12", NOW).unwrap();
        let wish = KeyWish { customer_uid: "key".to_owned(), customer_id: self.get("customer_id") };
        WindowOrder {
            channel: self.channel(),
            card: Some(card),
            key: (self.operation == Operation::KeyWindow).then_some(wish),
            mobile: self.mobile,
            escrow: self.escrow,
            ..WindowOrder::of(self.order(), &self.method)
        }
    }

    fn key_order(&self) -> KeyOrder {
        let issued = Person { email: Some(sample("buyer_email").to_owned()), ..Person::default() };
        let by_card = Person { name: self.get("customer_name"), ..Person::default() };
        KeyOrder {
            customer_uid: "key".to_owned(),
            customer_id: self.get("customer_id"),
            channel: self.channel(),
            has_channel_key: true,
            card: cards::read("4242424242424242", "2099-12", NOW).unwrap(),
            customer: if self.operation == Operation::Issue {
                by_card
            } else if self.get("buyer_email").is_some() {
                issued
            } else {
                Person::default()
            },
            said: self.said(),
        }
    }

    /// Books with what the request is about.
    pub(super) fn books(&self) -> Ledger {
        let mut ledger = Ledger::new(1);
        ledger.set_knobs(Knobs { gateway_rules: false, sandbox: self.sandbox, ..Knobs::default() });
        if self.used {
            let order = Order { more: Said::nothing(), ..self.order() };
            ledger.fail_in_window(NOW, WindowOrder::of(order, "card"), "no");
        }
        match self.operation {
            Operation::Again | Operation::Schedule | Operation::Move | Operation::Delete => {
                ledger.store_key(NOW, self.key_order(), &self.method).unwrap();
            }
            Operation::Cancel | Operation::Receipt => self.pay(&mut ledger),
            Operation::ReceiptCancel => {
                self.pay(&mut ledger);
                ledger.receipt_by_itself(NOW, &paid(&ledger)).unwrap();
            }
            Operation::VbankChange => drop(ledger.issue_account(NOW, self.account()).unwrap()),
            Operation::Issue | Operation::Onetime | Operation::Window | Operation::KeyWindow | Operation::Vbank => {}
        }
        if self.operation == Operation::Move {
            let entry = ScheduleOrder { order: self.order(), schedule_at: NOW + DAY };
            ledger.register(NOW, "key", None, 0, vec![entry]).unwrap();
        }
        ledger
    }

    fn account(&self) -> AccountOrder {
        AccountOrder {
            order: self.order(),
            channel: self.channel(),
            bank: "004".to_owned(),
            due_at: NOW + DAY,
            holder: self.get("vbank_holder"),
            has_api_key: self.get("pg_api_key").is_some(),
        }
    }

    fn pay(&self, ledger: &mut Ledger) {
        let mut window = self.window();
        window.order.tax = TaxParts { free: if self.tax_free_paid { 10_000 } else { 0 }, vat: None };
        let row = ledger.pay_in_window(NOW, window).unwrap().payment.unwrap();
        if row.status == PaymentStatus::Ready {
            ledger.settle(NOW, &row.imp_uid).unwrap();
        }
        for _ in 0..self.refunds {
            let part =
                CancelOrder { amount: Some(1), tax_free: Some(0), has_refund_account: true, ..CancelOrder::default() };
            ledger.cancel(NOW, &CancelOrder { imp_uid: Some(row.imp_uid.clone()), ..part }).unwrap();
        }
    }

    /// The request itself.
    pub(super) fn act(&self, ledger: &mut Ledger) -> Result<(), Refusal> {
        match self.operation {
            Operation::Issue => ledger.issue_key(NOW, self.key_order()).map(drop),
            Operation::Onetime => {
                let card = self.key_order().card;
                let instrument = Instrument::Card { card, channel: self.channel(), save_as: None };
                ledger.admit(NOW, self.order(), instrument).map(drop)
            }
            Operation::Again => ledger.admit(NOW, self.order(), Instrument::Key("key".to_owned())).map(drop),
            Operation::Schedule => {
                let entry = ScheduleOrder { order: self.order(), schedule_at: NOW + DAY };
                ledger.register(NOW, "key", None, 0, vec![entry]).map(drop)
            }
            Operation::Move => ledger.move_schedule(NOW, "order0001", NOW + 2 * DAY).map(drop),
            Operation::Window | Operation::KeyWindow => ledger.check_window(NOW, &self.window()).map(drop),
            Operation::Cancel => {
                let order = CancelOrder {
                    imp_uid: ledger.payments().first().map(|row| row.imp_uid.clone()),
                    amount: self.partial.then_some(30_000),
                    tax_free: self.get("tax_free").map(|text| text.parse().unwrap()),
                    reason: self.get("reason"),
                    has_refund_account: self.get("refund_account").or_else(|| self.get("refund_holder")).is_some(),
                    said: self.said(),
                    ..CancelOrder::default()
                };
                ledger.cancel(NOW + self.later, &order).map(drop)
            }
            Operation::Vbank => ledger.issue_account(NOW, self.account()).map(drop),
            Operation::VbankChange => {
                let due_at = self.get("vbank_due").map(|_| NOW + 2 * DAY);
                let change = AccountChange { imp_uid: paid(ledger), amount: Some(self.amount), due_at };
                ledger.change_account(NOW, &change).map(drop)
            }
            Operation::Delete => {
                let why = Deletion { reason: self.get("reason"), requester: self.get("extra.requester") };
                ledger.delete_key_for(NOW, "key", &why).map(drop)
            }
            Operation::Receipt => {
                let identifier = "01042424242".to_owned();
                let order =
                    ReceiptOrder { imp_uid: paid(ledger), identifier, said: self.said(), ..ReceiptOrder::default() };
                ledger.issue_receipt(NOW, &order).map(drop)
            }
            Operation::ReceiptCancel => ledger.revoke_receipt(NOW, &paid(ledger)).map(drop),
        }
    }

    pub(super) fn run(&self, knobs: &Knobs) -> Result<(), Refusal> {
        let mut ledger = self.books();
        ledger.set_knobs(knobs.clone());
        self.act(&mut ledger)
    }
}
