//! The lines of the simulator's list, as the catalogue sees what they are about.

use billing::pg::{Field, Operation, Refunded};
use billing::{Currency, KstDay, Money, Timestamp};
use ledger::gateways::{Demand, Operation as Call, Rule, When};

use crate::cases::{AMOUNT, Case, DAY, NOW, method_at, yesterday};

/// What the API has no word for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Missing {
    /// A call that it never makes.
    Call(&'static str),
    /// A field that it does not send, or whose value it never chooses.
    Field(&'static str),
}

/// A request that has what a line asks, and the same one without.
///
/// # Errors
/// What of it the API does not have.
pub fn pair(rule: &Rule, call: Call) -> Result<(Case, Case), Missing> {
    let operation = operation(call).ok_or(Missing::Call(call.word()))?;
    let gateway = if rule.gateway == "*" { "kicc" } else { rule.gateway };
    let by = rule.when.iter().find_map(|when| match when {
        When::Methods(list) => list.first().copied(),
        _ => None,
    });
    let mut kept = Case::kept(gateway, operation, by.unwrap_or_else(|| method_at(gateway, operation)));
    for when in rule.when {
        hold(&mut kept, *when)?;
    }
    // What a condition needs is left in place.
    let conditions: Vec<&str> = rule.when.iter().filter_map(|when| named(*when)).collect();
    let special = matches!(rule.field, "amount" | "pay_method" | "currency");
    let field = field(rule.field);
    if let (Some(field), Demand::Required) = (field, rule.demand)
        && !conditions.contains(&rule.field)
    {
        kept.fill(field);
    }
    if field.is_none() && !special && !matches!(rule.demand, Demand::Never | Demand::Fresh) {
        return Err(Missing::Field(rule.field));
    }
    let mut broken = kept.clone();
    violate(&mut broken, rule, field);
    Ok((kept, broken))
}

pub(crate) const fn operation(call: Call) -> Option<Operation> {
    match call {
        Call::Issue => Some(Operation::CardKey),
        Call::Again => Some(Operation::Charge),
        Call::Schedule => Some(Operation::Schedule),
        Call::Window => Some(Operation::Window),
        Call::KeyWindow => Some(Operation::KeyWindow),
        Call::Cancel => Some(Operation::Refund),
        Call::Delete => Some(Operation::DeleteKey),
        Call::Receipt => Some(Operation::Receipt),
        Call::ReceiptCancel => Some(Operation::CancelReceipt),
        Call::Vbank => Some(Operation::Account),
        Call::VbankChange => Some(Operation::ExtendAccount),
        Call::Move => Some(Operation::MoveSchedule),
        // A card is charged by its key.
        Call::Onetime => None,
    }
}

/// The catalogue's word for a field of the simulator's.
fn field(name: &str) -> Option<Field> {
    match name {
        "naverUseCfm" => Some(Field::NaverUseCfm),
        "refund_holder" => Some(Field::RefundAccount),
        _ => Field::ALL.into_iter().find(|field| field.name() == name),
    }
}

const fn named(when: When) -> Option<&'static str> {
    match when {
        When::Is(field, _) | When::In(field, _) | When::Given(field) => Some(field),
        _ => None,
    }
}

fn hold(case: &mut Case, when: When) -> Result<(), Missing> {
    let refunded = |case: &mut Case, change: &dyn Fn(Refunded) -> Refunded| {
        case.facts.refunded = Some(change(case.facts.refunded.unwrap_or_default()));
    };
    match when {
        // Who opens our windows is not known before they are open; what is not sent is what it asks for.
        When::Methods(_) | When::Mobile | When::Desktop | When::NotAt(_) | When::Lacks(..) => {}
        When::Is(name, value) => case.say(field(name).ok_or(Missing::Field(name))?, value),
        When::In(name, values) => {
            case.say(field(name).ok_or(Missing::Field(name))?, values.first().copied().unwrap_or_default());
        }
        When::Given(name) => case.fill(field(name).ok_or(Missing::Field(name))?),
        When::Free => case.facts.amount = Some(Money::krw(0)),
        When::Partial => refunded(case, &|it| Refunded { whole: false, ..it }),
        When::LaterMonth => case.facts.at = Some(NOW.plus(31 * DAY)),
        When::AfterMonths(months) => case.facts.at = Some(NOW.plus((months + 1) * 31 * DAY)),
        When::Refunds(count) => {
            let parts_before = u32::try_from(count).unwrap_or(u32::MAX);
            refunded(case, &|it| Refunded { parts_before, ..it });
        }
        When::Night(from, _) => case.facts.at = Some(Timestamp(KstDay::of(NOW).start().0 + from * 3_600 + 60)),
        When::TaxFreePaid => refunded(case, &|it| Refunded { named_tax_free: true, ..it }),
    }
    Ok(())
}

fn say(case: &mut Case, field: Option<Field>, value: &str) {
    if let Some(field) = field {
        case.say(field, value);
    }
}

fn violate(case: &mut Case, rule: &Rule, field: Option<Field>) {
    match rule.demand {
        Demand::OneOf(_) if rule.field == "pay_method" => {
            case.pay_method = other_method(rule.demand);
        }
        Demand::OneOf(_) | Demand::NoneOf(_) if rule.field == "currency" => {
            case.facts.amount = other_currency(rule.demand).map(|currency| Money::new(AMOUNT, currency));
        }
        Demand::OneOf(_) => say(case, field, "false"),
        Demand::NoneOf(texts) => say(case, field, texts.first().copied().unwrap_or_default()),
        Demand::Required => {
            if let Some(field) = field {
                case.empty(field);
            }
        }
        Demand::Absent => match field {
            Some(Field::TaxFree | Field::VatAmount) => say(case, field, "1000"),
            Some(field) => case.fill(field),
            None => {}
        },
        Demand::LeastChars(least) => say(case, field, &"a".repeat(least.saturating_sub(1))),
        Demand::MostChars(most) => say(case, field, &"1a".repeat(most / 2 + 1)),
        Demand::MostBytes(most) if field == Some(Field::CustomerId) => say(case, field, &"1a".repeat(most / 2 + 1)),
        Demand::MostBytes(most) => say(case, field, &"가".repeat(most / 2 + 1)),
        Demand::Alphanumeric => say(case, field, "order-1234"),
        Demand::Ascii => say(case, field, "주문1234"),
        Demand::Without(forbidden) => say(case, field, &format!("Plan {}", forbidden.chars().last().unwrap_or('%'))),
        Demand::EucKr => say(case, field, "Plan \u{1F600}"),
        Demand::Katakana => say(case, field, "Gildong"),
        Demand::NoHangul => say(case, field, "월간 이용권"),
        Demand::Digits(count) => say(case, field, &"1".repeat(count + 1)),
        Demand::Form(_) => say(case, field, "soon"),
        Demand::TwoNames => say(case, field, "홍길동"),
        Demand::DayFromPayment => say(case, field, &yesterday()),
        Demand::MostNumber(most) => say(case, field, &(most + 1).to_string()),
        Demand::LeastAmount(least) => case.facts.amount = Some(Money::krw(least - 1)),
        Demand::Tenth => say(case, field, &(AMOUNT / 10 + 1).to_string()),
        // What a request says has been said before: nothing in it shows.
        Demand::AsIssued | Demand::Fresh | Demand::Never => {}
    }
}

fn other_method(demand: Demand) -> &'static str {
    ["card", "trans", "unionpay", "vbank"]
        .into_iter()
        .find(|method| matches!(demand, Demand::OneOf(list) if !list.contains(method)))
        .unwrap_or("unionpay")
}

fn other_currency(demand: Demand) -> Option<Currency> {
    Currency::ALL.into_iter().find(|currency| match demand {
        Demand::OneOf(list) => !list.contains(&currency.code()),
        Demand::NoneOf(list) => list.contains(&currency.code()),
        _ => false,
    })
}
