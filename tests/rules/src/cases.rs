//! Requests that are made from a rule of the catalogue.

use std::collections::BTreeSet;

use billing::pg::{
    Bytes, Condition, Demand, Facts, Field, Finding, IssueAmount, Letters, Operation, PAY_METHODS, Refunded, Rule,
    check, rules,
};
use billing::{Currency, KstDay, Money, Timestamp};

/// When everything happens: 17:00 in Seoul on 2027-01-15.
pub const NOW: Timestamp = Timestamp(1_800_000_000);
/// Seconds.
pub const DAY: i64 = 86_400;
/// What is paid, in the currency's smallest unit: enough for instalments, and not too much for anybody.
pub const AMOUNT: u64 = 50_000;

/// A request to a gateway.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The gateway's code.
    pub gateway: &'static str,
    /// What it is asked for.
    pub operation: Operation,
    /// How it is paid, was paid, or what the key is.
    pub pay_method: &'static str,
    /// The request itself.
    pub facts: Facts,
}

impl Case {
    /// A request that keeps every rule of the gateway, as far as one can.
    #[must_use]
    pub fn kept(gateway: &'static str, operation: Operation, pay_method: &'static str) -> Self {
        Self::kept_where(gateway, operation, pay_method, &[])
    }

    /// The same, of which the conditions are true.
    fn kept_where(
        gateway: &'static str,
        operation: Operation,
        pay_method: &'static str,
        conditions: &[Condition],
    ) -> Self {
        let facts = Facts {
            amount: Some(Money::krw(AMOUNT)),
            at: Some(NOW),
            refunded: (operation == Operation::Refund).then(|| whole(NOW)),
            ..Facts::default()
        };
        let mut case = Self { gateway, operation, pay_method, facts };
        usual(operation).iter().for_each(|field| case.fill(*field));
        for condition in conditions {
            match condition {
                Condition::Says(field, []) => case.fill(*field),
                Condition::Says(field, texts) => case.say(*field, texts.first().copied().unwrap_or_default()),
                Condition::Lacks(field, _) => case.empty(*field),
            }
        }
        for rule in rules().filter(|rule| rule.applies(gateway, operation, Some(pay_method))) {
            if !rule.conditions.iter().all(|condition| condition.holds(&case.facts)) {
                continue;
            }
            match rule.demand {
                Demand::OneOf(field, texts) if case.get(field).is_some() => {
                    case.say(field, texts.first().copied().unwrap_or_default());
                }
                Demand::Required(field) | Demand::FromDay(field) => case.fill(field),
                Demand::Absent(field) => case.empty(field),
                Demand::Currencies(list) if !list.contains(&Currency::Krw) => {
                    case.facts.amount = list.first().map(|currency| Money::new(AMOUNT, *currency));
                }
                Demand::Issue(IssueAmount::MustBeZero, _) => case.facts.amount = Some(Money::krw(0)),
                Demand::SameMonthOrAccount => case.fill(Field::RefundAccount),
                _ => {}
            }
        }
        case
    }

    /// For a rule: the request that keeps it.
    #[must_use]
    pub fn keeping(rule: &Rule) -> Self {
        Self::kept_where(gateway(rule), rule.operation, pay_method(rule), rule.conditions)
    }

    /// For a rule: the same request but for what the rule asks. `None` if nothing breaks it, because it says only what an amount does.
    #[must_use]
    pub fn breaking(rule: &Rule) -> Option<Self> {
        let mut case = Self::keeping(rule);
        case.break_by(rule).then_some(case)
    }

    /// Gives a field what it usually says.
    pub fn fill(&mut self, field: Field) {
        self.say(field, text(field));
    }

    /// Gives a field this.
    pub fn say(&mut self, field: Field, value: &str) {
        self.facts.fields.insert(field, value.to_owned());
    }

    /// Takes a field away.
    pub fn empty(&mut self, field: Field) {
        self.facts.fields.remove(&field);
    }

    /// What a field says.
    #[must_use]
    pub fn get(&self, field: Field) -> Option<&str> {
        self.facts.fields.get(&field).map(String::as_str)
    }

    /// The rules of the catalogue that it breaks.
    #[must_use]
    pub fn findings(&self) -> Vec<Finding> {
        check(self.gateway, self.operation, Some(self.pay_method), &self.facts)
    }

    /// The names of those, certain or not.
    #[must_use]
    pub fn broken_rules(&self) -> BTreeSet<&'static str> {
        self.findings().iter().map(|finding| finding.rule.id).collect()
    }

    fn later(&mut self, days: i64) {
        self.facts.at = Some(NOW.plus(days * DAY));
    }

    fn pays(&mut self, minor: u64) {
        let currency = self.facts.amount.map_or(Currency::Krw, |amount| amount.currency);
        self.facts.amount = Some(Money::new(minor, currency));
    }

    fn refunds(&mut self, change: impl FnOnce(Refunded) -> Refunded) {
        self.facts.refunded = Some(change(self.facts.refunded.unwrap_or_else(|| whole(NOW))));
    }

    fn break_by(&mut self, rule: &Rule) -> bool {
        match rule.demand {
            Demand::Required(field) => self.empty(field),
            Demand::Along(first, second) => {
                self.fill(first);
                self.empty(second);
            }
            Demand::Apart(first, second) => {
                // A card's code goes with its months.
                let along = (second == Field::CardCode).then_some(Field::CardMonths);
                [first, second].into_iter().chain(along).for_each(|field| self.fill(field));
            }
            Demand::Absent(field) => self.say(field, if field == Field::TaxFree { "1000" } else { text(field) }),
            Demand::Zero(field) => self.say(field, "1"),
            Demand::Length(Field::VbankDue, ..) => self.say(Field::VbankDue, "202712312359"),
            Demand::Length(field, 0, most) => self.say(field, &"1a".repeat(most / 2 + 1)),
            Demand::Length(field, least, _) => self.say(field, &"a".repeat(least.saturating_sub(1))),
            Demand::Bytes(Field::CustomerId, most, _) => self.say(Field::CustomerId, &"1a".repeat(most / 2 + 1)),
            Demand::Bytes(field, most, Bytes::Two) => self.say(field, &"가".repeat(most / 2 + 1)),
            Demand::Bytes(field, most, Bytes::Three) => self.say(field, &"가".repeat(most / 3 + 1)),
            Demand::Only(field, letters) => self.say(field, foreign(field, letters)),
            Demand::Without(field, none) => self.say(field, &format!("Plan {}", none.chars().last().unwrap_or('%'))),
            Demand::Won(0, most) => self.pays(most + 1),
            Demand::Won(least, _) => self.pays(least - 1),
            Demand::Currencies(list) => {
                let other = Currency::ALL.into_iter().find(|currency| !list.contains(currency));
                self.facts.amount = other.map(|currency| Money::new(AMOUNT, currency));
            }
            Demand::VatPercent(percent) => {
                self.say(Field::VatAmount, &(AMOUNT * percent / 100 + 1).to_string());
            }
            Demand::OneOf(field, _) => self.say(field, "false"),
            Demand::FromDay(field) => {
                self.say(field, &yesterday());
            }
            Demand::Methods(list) => self.pay_method = foreign_method(list),
            Demand::Issue(IssueAmount::AlwaysCharged, _) => self.pays(0),
            Demand::Issue(IssueAmount::MustBeZero, _) => self.pays(1_000),
            Demand::Issue(IssueAmount::ShownOnly | IssueAmount::Charged, _) => return false,
            Demand::Impossible => {}
            Demand::TaxPart(field) => {
                let (named_tax_free, named_vat) = (field == Field::TaxFree, field == Field::VatAmount);
                self.refunds(|whole| Refunded { named_tax_free, named_vat, ..whole });
                self.empty(field);
            }
            Demand::Parts(parts_before, _) => self.refunds(|it| Refunded { whole: false, parts_before, ..it }),
            Demand::SameMonth(_) => self.later(31),
            Demand::SameMonthOrAccount => {
                self.later(31);
                self.empty(Field::RefundAccount);
            }
            Demand::Days(days) => self.later(days + 1),
            Demand::Months(months) => self.later(months * 31 + 1),
            Demand::NotBetween(from, _) => {
                self.facts.at = Some(KstDay::of(NOW).start().plus(from * 3_600 + 60));
            }
        }
        true
    }
}

/// The day before everything happens, in eight digits.
#[must_use]
pub fn yesterday() -> String {
    KstDay::of(NOW.plus(-DAY)).to_string().replace('-', "")
}

/// All that was paid, given back at once.
const fn whole(paid_at: Timestamp) -> Refunded {
    Refunded { paid_at: Some(paid_at), whole: true, parts_before: 0, named_tax_free: false, named_vat: false }
}

/// A gateway whose rules hold here, for one that is meant for all.
#[must_use]
pub fn gateway(rule: &Rule) -> &'static str {
    if rule.gateway == "*" { "kicc" } else { rule.gateway }
}

/// A payment method that the rule speaks of, and that its gateway takes.
#[must_use]
pub fn pay_method(rule: &Rule) -> &'static str {
    rule.pay_methods.first().copied().unwrap_or_else(|| method_at(gateway(rule), rule.operation))
}

/// A payment method of a gateway's: that of its keys, or the first in its window.
#[must_use]
pub fn method_at(gateway: &str, operation: Operation) -> &'static str {
    let listed = |operation: Operation| {
        rules().filter(|rule| rule.gateway == gateway && rule.operation == operation).find_map(|rule| {
            match rule.demand {
                Demand::Methods(list) => list.first().copied(),
                _ => None,
            }
        })
    };
    let key_window = || listed(Operation::KeyWindow);
    let window = || listed(Operation::Window);
    match operation {
        Operation::CardKey => None,
        Operation::Charge | Operation::Schedule | Operation::MoveSchedule | Operation::DeleteKey => key_window(),
        Operation::KeyWindow => key_window().or_else(window),
        Operation::Window | Operation::Refund => window(),
        Operation::Receipt | Operation::CancelReceipt => Some("trans"),
        Operation::Account | Operation::ExtendAccount => Some("vbank"),
    }
    .unwrap_or("card")
}

/// What a request says without being asked to.
const fn usual(operation: Operation) -> &'static [Field] {
    const ORDER: &[Field] = &[
        Field::MerchantUid,
        Field::Name,
        Field::BuyerName,
        Field::BuyerEmail,
        Field::BuyerTel,
        Field::CustomerId,
        Field::RedirectUrl,
    ];
    const CHARGE: &[Field] = &[Field::MerchantUid, Field::Name, Field::BuyerName, Field::BuyerEmail, Field::BuyerTel];
    const ACCOUNT: &[Field] = &[
        Field::MerchantUid,
        Field::Name,
        Field::BuyerName,
        Field::BuyerEmail,
        Field::BuyerTel,
        Field::VbankHolder,
        Field::CustomerId,
    ];
    const CARD: &[Field] = &[Field::CustomerName, Field::Birth, Field::PwdTwoDigits, Field::Cvc];
    match operation {
        Operation::Window | Operation::KeyWindow => ORDER,
        Operation::Charge | Operation::Schedule | Operation::MoveSchedule => CHARGE,
        Operation::Account => ACCOUNT,
        Operation::CardKey => CARD,
        Operation::Refund | Operation::DeleteKey => &[Field::Reason, Field::Requester],
        Operation::Receipt => &[Field::BuyerName, Field::BuyerTel],
        Operation::CancelReceipt | Operation::ExtendAccount => &[],
    }
}

/// What a field usually says. What is only there says nothing, as the catalogue is never told what is on a card.
#[must_use]
pub const fn text(field: Field) -> &'static str {
    match field {
        Field::MerchantUid => "order1234",
        Field::Name => "Monthly plan",
        Field::BuyerName => "Gildong Hong",
        Field::BuyerEmail => "gildong@gmail.com",
        Field::BuyerTel | Field::RefundTel => "01042424242",
        Field::CustomerId => "kim",
        Field::CustomerName => "Gildong",
        Field::TaxFree => "0",
        Field::VatAmount => "4545",
        Field::CardQuota | Field::CardMonths => "3",
        Field::ProductType => "digital",
        Field::BrowserIp => "192.0.2.1",
        Field::NaverUseCfm | Field::VbankDue => "20271231",
        Field::VbankHolder => "Gildong",
        Field::Escrow | Field::Digital | Field::NaverProducts => "true",
        Field::BizNum => "1234567890",
        Field::CardCode => "361",
        Field::NaverProductCode => "plan-1",
        Field::NaverProductCount => "1",
        Field::Birth | Field::PwdTwoDigits | Field::Cvc | Field::RefundAccount => "",
        Field::Reason => "변심",
        Field::Requester => "admin",
        Field::Taxcard => "taxcard",
        Field::CorpRegNo => "1178178260",
        Field::CompanyName => "Gildong Inc",
        Field::CompanyTel => "0212345678",
        Field::ConfirmUrl | Field::RedirectUrl | Field::Popup | Field::UseCardPoint => "true",
        Field::NaverPopupMode | Field::KsnetDirect => "true",
        Field::PeriodFrom => "20271101",
        Field::PeriodTo => "20271130",
        Field::PeriodInterval => "1m",
        Field::KcpUser | Field::QuickMember | Field::NiceUser => "member-1",
        Field::KcpPointCode | Field::KsnetCode => "A1",
        Field::QuickAction => "Pay",
        Field::QuickCi => "ZW5jcnlwdGVk",
        Field::NiceDirect => "BANK",
        Field::CashReceiptType => "anonymous",
        Field::CashReceiptIdentifier | Field::StoreTel => "01042424242",
        Field::KsnetUrl => "https://shop.example",
        Field::LetterMethod => "PLCreditCard",
        Field::LetterService => "Plan",
        Field::WelcomeAccept => "below1000",
        Field::WelcomeReserved => "below1000=Y",
        Field::StoreName | Field::Company | Field::CompanyEn => "Gildong Inc",
        Field::StoreNumber => "1178178260",
        Field::StoreOwner => "Gildong Hong",
        Field::StoreAddress => "Seoul",
        Field::KiccProducts => "true",
        Field::FirstNameKana => "ギルドン",
        Field::LastNameKana => "ホン",
        Field::CvsDue => "2027-12-31T23:59:59Z",
        Field::CvsHours => "48",
    }
}

fn foreign(field: Field, letters: Letters) -> &'static str {
    match letters {
        Letters::Alphanumeric => "order-1234",
        Letters::AlphanumericDash => "order.1234",
        Letters::EnglishOrJapanese => "월간 이용권",
        Letters::EucKr if field == Field::Name => "Plan \u{1F600}",
        Letters::EucKr => "Gildong \u{1F600}",
        Letters::TwoNames => "홍길동",
        Letters::Katakana => "Gildong",
        // Neither a telephone nor a resident, whose number goes nowhere at all.
        Letters::MobileNumber => "8501019234567",
    }
}

/// A method that is on the list of all and not on this one.
fn foreign_method(list: &[&str]) -> &'static str {
    let usual = ["card", "trans", "unionpay", "vbank"].into_iter().chain(PAY_METHODS.iter().map(|method| method.code));
    usual.into_iter().find(|method| !list.contains(method)).unwrap_or("unionpay")
}
