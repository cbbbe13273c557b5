//! Holding the rules against a request.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use super::facts::{Facts, Refunded};
use super::lists::{is_pay_method, is_pg};
use super::rule::{Bytes, Condition, Demand, Field, IssueAmount, Letters, Operation, Rule};
use super::rules::rules;
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::money::Currency;
use crate::time::{KST_OFFSET_SECONDS, Timestamp};

/// A rule that a request breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: &'static Rule,
}

impl Finding {
    /// Whether the request is refused for it; it is warned of otherwise.
    #[must_use]
    pub const fn refuses(&self) -> bool {
        self.rule.certain
    }

    /// The refusal, whose text names the gateway, what it asks for, and the rule.
    #[must_use]
    pub fn refusal(&self) -> Invalid {
        let detail = format!("{}, as {} wants it (rule {})", asked_where(self.rule), who(self.rule), self.rule.id);
        Invalid::new(field(self.rule), "gateway_rule", detail)
    }
}

/// The rules that a request breaks at a gateway. For one that is not listed there are only those that hold at every gateway, and for
/// a payment method that is not, only those that hold for all.
#[must_use]
pub fn check(gateway: &str, operation: Operation, pay_method: Option<&str>, facts: &Facts) -> Vec<Finding> {
    let here = rules().filter(|rule| rule.applies(gateway, operation, pay_method));
    let here = here.filter(|rule| rule.conditions.iter().all(|condition| condition.holds(facts)));
    here.filter(|rule| is_broken(&rule.demand, gateway, pay_method, facts)).map(|rule| Finding { rule }).collect()
}

/// What keeps a gateway's keys from being charged at all: who issues one there may have no use of it. A rule that keeps them only from
/// being scheduled is of use to know, and leaves them one.
#[must_use]
pub fn use_of_keys(gateway: &str) -> Vec<Finding> {
    let of_use = |rule: &&Rule| matches!(rule.operation, Operation::Charge | Operation::Schedule) && rule.refuses_all();
    rules().filter(|rule| rule.gateway == gateway).filter(of_use).map(|rule| Finding { rule }).collect()
}

/// The first of these that a request is refused for.
///
/// # Errors
/// `gateway_rule`.
pub fn refused(findings: &[Finding]) -> Result<(), Invalid> {
    findings.iter().find(|finding| finding.refuses()).map_or(Ok(()), |finding| Err(finding.refusal()))
}

/// Whether a gateway asks for a field of every such request, certainly or not.
#[must_use]
pub fn asks_for(gateway: &str, operation: Operation, pay_method: Option<&str>, field: Field) -> bool {
    let always = |rule: &Rule| rule.demand == Demand::Required(field) && rule.conditions.is_empty();
    rules().any(|rule| rule.applies(gateway, operation, pay_method) && always(rule))
}

/// Whether a gateway takes a payment method, as far as the lists say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Support {
    /// Nothing speaks against it.
    Listed,
    /// The gateway is not listed: it may be newer than the list.
    UnlistedPg,
    /// The method is not listed, or not certainly one of this gateway's: it may be newer than the list.
    UnlistedMethod,
    /// The gateway's list is complete, and has no such method.
    RuledOut,
}

/// What the lists say of a gateway and a payment method in the window.
#[must_use]
pub fn support(pg: &str, pay_method: &str) -> Support {
    let methods = |rule: &&Rule| matches!(rule.demand, Demand::Methods(_));
    let list = rules().filter(methods).find(|rule| rule.applies(pg, Operation::Window, Some(pay_method)));
    let takes = |rule: &Rule| matches!(rule.demand, Demand::Methods(list) if list.contains(&pay_method));
    match list {
        _ if !is_pg(pg) => Support::UnlistedPg,
        Some(rule) if takes(rule) => Support::Listed,
        Some(rule) if rule.certain && is_pay_method(pay_method) => Support::RuledOut,
        None if is_pay_method(pay_method) => Support::Listed,
        Some(_) | None => Support::UnlistedMethod,
    }
}

/// How a gateway issues billing keys in its window by a payment method.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IssueSupport {
    /// What the amount does, and the least that is shown, in the currency's smallest unit.
    Known(IssueAmount, u64),
    /// It is not known. An amount above zero may be charged, so it is taken to be.
    Unlisted,
    /// The gateway issues no keys in its window, or none by this method.
    RuledOut,
}

/// What the lists say of issuing a billing key in a gateway's window.
#[must_use]
pub fn issue_support(pg: &str, pay_method: &str) -> IssueSupport {
    let here = || rules().filter(|rule| rule.applies(pg, Operation::KeyWindow, Some(pay_method)));
    let missing = |rule: &Rule| matches!(rule.demand, Demand::Methods(list) if !list.contains(&pay_method));
    let out = |rule: &Rule| rule.demand == Demand::Impossible || (missing(rule) && is_pay_method(pay_method));
    if here().any(|rule| rule.certain && out(rule)) {
        return IssueSupport::RuledOut;
    }
    // Where it is only thought to have to be zero, nobody says that more is not charged.
    let guessed = |rule: &Rule| !rule.certain && matches!(rule.demand, Demand::Issue(IssueAmount::MustBeZero, _));
    for rule in here().filter(|rule| !guessed(rule)) {
        if let Demand::Issue(amount, shown) = rule.demand {
            return IssueSupport::Known(amount, shown);
        }
    }
    IssueSupport::Unlisted
}

/// What is said to whoever is warned of a rule.
#[must_use]
pub fn warning_text(rule: &Rule) -> &'static str {
    static TEXTS: LazyLock<BTreeMap<&'static str, String>> = LazyLock::new(|| {
        let text = |rule: &'static Rule| format!("This may be refused: {}.", sentence(rule));
        rules().map(|rule| (rule.id, text(rule))).collect()
    });
    TEXTS.get(rule.id).map_or("A rule of this gateway that is not certain may refuse this.", String::as_str)
}

impl Condition {
    /// Whether it is true of a request.
    #[must_use]
    pub fn holds(&self, facts: &Facts) -> bool {
        let given = |field: &Field| facts.fields.get(field).map(String::as_str);
        match self {
            Self::Says(field, texts) => given(field).is_some_and(|text| texts.is_empty() || texts.contains(&text)),
            Self::Lacks(field, part) => given(field).is_none_or(|text| !text.contains(part)),
        }
    }
}

fn is_broken(demand: &Demand, gateway: &str, pay_method: Option<&str>, facts: &Facts) -> bool {
    let given = |field: &Field| facts.fields.get(field).map(String::as_str);
    let is = |field: &Field, wrong: &dyn Fn(&str) -> bool| given(field).is_some_and(wrong);
    let refunded = || facts.refunded.unwrap_or_default();
    match demand {
        Demand::Required(field) => given(field).is_none(),
        Demand::Along(first, second) => given(first).is_some() && given(second).is_none(),
        Demand::Apart(first, second) => given(first).is_some() && given(second).is_some(),
        Demand::Absent(field) => given(field).is_some(),
        Demand::Zero(field) => is(field, &|value| value != "0"),
        Demand::Length(field, least, most) => is(field, &|value| !(*least..=*most).contains(&value.chars().count())),
        Demand::Bytes(field, most, bytes) => is(field, &|value| counted(value, *bytes) > *most),
        Demand::Only(field, letters) => is(field, &|value| !written_in(value, *letters)),
        Demand::Without(field, none) => is(field, &|value| value.chars().any(|c| none.contains(c))),
        Demand::Won(least, most) => {
            facts.amount.is_some_and(|it| it.currency == Currency::Krw && !(*least..=*most).contains(&it.minor))
        }
        Demand::Currencies(list) => facts.amount.is_some_and(|amount| !list.contains(&amount.currency)),
        Demand::VatPercent(percent) => facts.amount.is_some_and(|amount| {
            let most = u128::from(amount.minor) * u128::from(*percent);
            is(&Field::VatAmount, &|vat| vat.parse::<u64>().is_ok_and(|vat| u128::from(vat) * 100 > most))
        }),
        Demand::OneOf(field, texts) => is(field, &|value| !texts.contains(&value)),
        Demand::FromDay(field) => facts.at.and_then(|at| KstDay::of(at).compact()).is_some_and(|day| {
            // Both are written in eight digits.
            is(field, &|value| value.len() == day.len() && value < day.as_str())
        }),
        Demand::Methods(list) => pay_method.is_some_and(|by| is_pay_method(by) && !list.contains(&by)),
        Demand::Issue(IssueAmount::AlwaysCharged, _) => facts.amount.is_some_and(|amount| amount.minor == 0),
        Demand::Issue(IssueAmount::MustBeZero, _) => facts.amount.is_some_and(|amount| amount.minor > 0),
        Demand::Issue(IssueAmount::ShownOnly | IssueAmount::Charged, _) => false,
        Demand::Impossible => true,
        Demand::TaxPart(field) => {
            let Refunded { named_tax_free, named_vat, .. } = refunded();
            let named = if *field == Field::VatAmount { named_vat } else { named_tax_free };
            named && given(field).is_none()
        }
        Demand::Parts(most, but) => {
            let Refunded { whole, parts_before, .. } = refunded();
            !but.contains(&gateway) && facts.refunded.is_some() && !whole && parts_before >= *most
        }
        Demand::SameMonth(but) => !but.contains(&gateway) && is_later_month(facts),
        Demand::SameMonthOrAccount => is_later_month(facts) && given(&Field::RefundAccount).is_none(),
        Demand::Days(days) => match (refunded().paid_at, facts.at) {
            (Some(paid_at), Some(at)) => KstDay::of(paid_at).days_until(KstDay::of(at)) > *days,
            _ => false,
        },
        Demand::Months(months) => match (refunded().paid_at.and_then(date), facts.at.and_then(date)) {
            (Some((then, day)), Some((now, today))) => now - then > *months || (now - then == *months && today > day),
            _ => false,
        },
        Demand::NotBetween(from, to) => facts.at.is_some_and(|at| {
            let hour = hour(at);
            if from <= to { (*from..*to).contains(&hour) } else { hour >= *from || hour < *to }
        }),
    }
}

fn counted(text: &str, bytes: Bytes) -> usize {
    let beyond = match bytes {
        Bytes::Two => 2,
        Bytes::Three => 3,
    };
    text.chars().map(|c| if c.is_ascii() { 1 } else { beyond }).sum()
}

fn written_in(text: &str, letters: Letters) -> bool {
    let hangul = |c: char| matches!(c, '\u{1100}'..='\u{11FF}' | '\u{3130}'..='\u{318F}' | '\u{AC00}'..='\u{D7A3}');
    match letters {
        Letters::Alphanumeric => text.chars().all(|c| c.is_ascii_alphanumeric()),
        Letters::AlphanumericDash => text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_')),
        Letters::EnglishOrJapanese => !text.chars().any(hangul),
        Letters::EucKr => text.chars().all(|c| u32::from(c) <= 0xFFFF),
        Letters::TwoNames => text.split(' ').count() == 2 && text.split(' ').all(|name| !name.is_empty()),
        Letters::Katakana => text.chars().all(|c| matches!(c, '\u{30A0}'..='\u{30FF}' | ' ' | '\u{3000}')),
        Letters::MobileNumber => {
            text.starts_with("01") && matches!(text.len(), 10 | 11) && text.bytes().all(|byte| byte.is_ascii_digit())
        }
    }
}

fn hour(at: Timestamp) -> i64 {
    at.0.saturating_add(KST_OFFSET_SECONDS).rem_euclid(86_400) / 3_600
}

/// The calendar month in Seoul, counted from year 0, and the day in it.
fn date(at: Timestamp) -> Option<(i64, i64)> {
    let day: i64 = KstDay::of(at).compact()?.parse().ok()?;
    Some((day / 10_000 * 12 + day / 100 % 100, day % 100))
}

/// Whether the payment was in an earlier calendar month than its refund.
fn is_later_month(facts: &Facts) -> bool {
    match (facts.refunded.and_then(|it| it.paid_at).and_then(date), facts.at.and_then(date)) {
        (Some((paid, _)), Some((now, _))) => paid < now,
        _ => false,
    }
}

/// The field of the request that a refusal names.
const fn field(rule: &Rule) -> &'static str {
    match rule.demand {
        Demand::Required(field)
        | Demand::Along(_, field)
        | Demand::Apart(_, field)
        | Demand::Absent(field)
        | Demand::Zero(field)
        | Demand::Length(field, _, _)
        | Demand::Bytes(field, _, _)
        | Demand::Only(field, _)
        | Demand::Without(field, _)
        | Demand::OneOf(field, _)
        | Demand::FromDay(field)
        | Demand::TaxPart(field) => field.name(),
        Demand::VatPercent(_) => "vat_amount",
        Demand::Won(_, _) | Demand::Issue(_, _) | Demand::Parts(_, _) => "amount",
        Demand::Currencies(_) => "currency",
        Demand::Methods(_) => "pay_method",
        Demand::SameMonth(_) | Demand::Days(_) | Demand::Months(_) | Demand::NotBetween(_, _) => "merchant_uid",
        Demand::SameMonthOrAccount => "refund_account",
        Demand::Impossible => match rule.operation {
            Operation::Window | Operation::KeyWindow | Operation::Account | Operation::CardKey => "pg",
            Operation::Charge | Operation::Schedule | Operation::DeleteKey => "customer_uid",
            Operation::MoveSchedule => "schedule_at",
            Operation::Refund | Operation::Receipt | Operation::CancelReceipt | Operation::ExtendAccount => {
                "merchant_uid"
            }
        },
    }
}

/// The gateway, and the payment methods that the rule is about.
fn who(rule: &Rule) -> String {
    let who = if rule.gateway == "*" { "every gateway" } else { rule.gateway };
    let by = if rule.pay_methods.is_empty() { String::new() } else { format!(" ({})", rule.pay_methods.join(", ")) };
    format!("{who}{by}")
}

fn sentence(rule: &Rule) -> String {
    format!("{} asks for {} (rule {})", who(rule), asked_where(rule), rule.id)
}

/// What is asked for, and of which requests.
fn asked_where(rule: &Rule) -> String {
    let conditions: Vec<String> = rule.conditions.iter().map(condition).collect();
    let of_all = if conditions.is_empty() { String::new() } else { format!(" where {}", conditions.join(" and ")) };
    format!("{}{of_all}", asked(rule))
}

fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Says(field, []) => format!("there is {}", field.name()),
        Condition::Says(field, texts) => format!("{} is {}", field.name(), texts.join(" or ")),
        Condition::Lacks(field, "") => format!("there is no {}", field.name()),
        Condition::Lacks(field, part) => format!("{} has no {part}", field.name()),
    }
}

fn asked(rule: &Rule) -> String {
    match rule.demand {
        Demand::Required(field) => field.name().to_owned(),
        Demand::Along(first, second) => format!("{} along with {}", second.name(), first.name()),
        Demand::Apart(first, second) => format!("no {} along with {}", second.name(), first.name()),
        Demand::Absent(Field::Taxcard) => "no card of the tax office".to_owned(),
        Demand::Absent(field) => format!("no {}", field.name()),
        Demand::Zero(field) => format!("no {} but zero", field.name()),
        Demand::Length(field, 0, most) => format!("{} of at most {most} characters", field.name()),
        Demand::Length(field, least, most) if least == most => format!("{} of {most} characters", field.name()),
        Demand::Length(field, least, most) => format!("{} of {least} to {most} characters", field.name()),
        Demand::Bytes(field, most, Bytes::Two) => {
            format!("{} of at most {most} bytes, of which Hangul takes two", field.name())
        }
        Demand::Bytes(field, most, Bytes::Three) => {
            format!("{} of at most {most} bytes, of which Hangul takes three", field.name())
        }
        Demand::Only(field, letters) => format!("{} in {}", field.name(), written(letters)),
        Demand::Without(field, none) => format!("{} without any of {none}", field.name()),
        Demand::Won(least, u64::MAX) => format!("an amount from {least} won"),
        Demand::Won(least, most) => format!("an amount of {least} to {most} won"),
        Demand::Currencies(list) => {
            let codes: Vec<&str> = list.iter().map(|currency| currency.code()).collect();
            format!("a currency of {}", codes.join(", "))
        }
        Demand::VatPercent(percent) => format!("a vat_amount of at most {percent} % of the amount"),
        Demand::OneOf(field, texts) => format!("{} of {}", field.name(), texts.join(" or ")),
        Demand::FromDay(field) => format!("{} on the payment's day or later", field.name()),
        Demand::Methods(list) => format!("one of the payment methods {}", list.join(", ")),
        Demand::Issue(amount, _) => meaning(amount).to_owned(),
        Demand::Impossible => format!("another gateway: this one has no {}", done(rule.operation)),
        Demand::TaxPart(field) => format!("{} of the refund, as the payment named it", field.name()),
        Demand::Parts(0, _) => "the whole payment to be given back at once".to_owned(),
        Demand::Parts(most, _) => format!("at most {most} refunds of a part"),
        Demand::SameMonth(_) => "the refund in the calendar month of the payment".to_owned(),
        Demand::SameMonthOrAccount => "refund_account after the calendar month of the payment".to_owned(),
        Demand::Days(days) => format!("the refund within {days} days of the payment"),
        Demand::Months(months) => format!("the refund within {months} months of the payment"),
        Demand::NotBetween(from, to) => format!("no refund from {from}:00 to {to}:00 in Seoul"),
    }
}

const fn written(letters: Letters) -> &'static str {
    match letters {
        Letters::Alphanumeric => "letters and digits only",
        Letters::AlphanumericDash => "letters, digits, - and _ only",
        Letters::EnglishOrJapanese => "English or Japanese",
        Letters::EucKr => "characters that EUC-KR has",
        Letters::TwoNames => "a first and a last name with one space between them",
        Letters::Katakana => "katakana",
        Letters::MobileNumber => "the digits of a Korean mobile number",
    }
}

const fn meaning(amount: IssueAmount) -> &'static str {
    match amount {
        IssueAmount::ShownOnly => "any amount, which is only shown",
        IssueAmount::Charged => "the amount that is charged along with the issue, or zero",
        IssueAmount::AlwaysCharged => "more than zero: it issues no key without a payment",
        IssueAmount::MustBeZero => "an amount of zero: it only issues here",
    }
}

const fn done(operation: Operation) -> &'static str {
    match operation {
        Operation::Window => "payments in the window",
        Operation::KeyWindow => "billing keys by its window",
        Operation::CardKey => "billing keys for cards that are typed elsewhere",
        Operation::Charge => "charges of its keys by this API",
        Operation::Schedule => "schedules for its keys",
        Operation::MoveSchedule => "moves of a schedule to another time",
        Operation::Refund => "refunds of such payments",
        Operation::DeleteKey => "deletion of its keys by this API",
        Operation::Receipt => "cash receipts by this API",
        Operation::CancelReceipt => "cancellation of cash receipts by this API",
        Operation::Account => "virtual accounts without a window",
        Operation::ExtendAccount => "more time for virtual accounts",
    }
}
