//! Which rules a storefront can break through the API of a stack in won.

use billing::Currency;
use billing::pg::{Demand, Field, Operation, Rule, asks_for, rules};

use crate::cases::Case;

/// Gateways that are set up for accounts in the stack of the tests (`VBANK_CHANNELS` of `tools/dev/settings.py`). One of them is not
/// asked for any, since its key would stand in a URL.
const ACCOUNTS_AT: [&str; 8] =
    ["nice_v2", "settle", "html5_inicis", "nice", "ksnet", "smartro_v2", "tosspayments", "welcome"];

/// How a payment that may have a cash receipt is made in a window of a gateway's, if one can.
#[must_use]
pub fn deposited(gateway: &'static str) -> Option<&'static str> {
    let opens = |pay_method: &&'static str| {
        let window = Case::kept(gateway, Operation::Window, pay_method);
        let in_won = window.facts.amount.is_some_and(|amount| amount.currency == Currency::Krw);
        in_won && !window.findings().iter().any(billing::pg::Finding::refuses)
    };
    ["trans", "vbank"].into_iter().find(opens)
}

/// Whether a gateway certainly refuses such a call, whatever it says.
fn never(gateway: &str, operation: Operation) -> bool {
    let mut here = rules().filter(|rule| rule.gateway == gateway && rule.operation == operation);
    here.any(|rule| rule.certain && rule.demand == Demand::Impossible && rule.pay_methods.is_empty())
}

/// The request that keeps a rule and the one that breaks it, if both can be made there.
///
/// # Errors
/// Why not.
pub fn through_the_api(rule: &Rule) -> Result<(Case, Case), &'static str> {
    if !rule.certain {
        return Err("it refuses nothing");
    }
    let kept = Case::keeping(rule);
    let broken = Case::breaking(rule).ok_or("it says what an amount does")?;
    let is_won = |case: &Case| case.facts.amount.is_none_or(|amount| amount.currency == Currency::Krw);
    let paid = (rule.operation == Operation::Refund)
        .then(|| Case::kept(kept.gateway, Operation::Window, kept.pay_method))
        .is_none_or(|paid| is_won(&paid));
    if !paid || !is_won(&kept) || !is_won(&broken) {
        return Err("the stack sells in won alone");
    }
    match (rule.operation, rule.demand) {
        (Operation::Receipt, Demand::Required(Field::CorpRegNo | Field::CompanyName | Field::CompanyTel)) => {
            Err("who issues a receipt is a setting")
        }
        (Operation::Receipt | Operation::CancelReceipt, _) if deposited(kept.gateway).is_none() => {
            Err("its windows take neither transfers nor deposits, so nothing has a receipt")
        }
        (Operation::CancelReceipt, _) if never(kept.gateway, Operation::Receipt) => {
            Err("no receipt is asked for there, so none is taken back")
        }
        (Operation::Receipt, Demand::Required(field))
            if asks_for(kept.gateway, Operation::Window, deposited(kept.gateway), field) =>
        {
            Err("nothing is paid there without it")
        }
        (Operation::CardKey, Demand::Required(Field::Cvc)) => Err("a stack takes no cvc unless it is set up for it"),
        (_, Demand::Required(Field::Requester | Field::Reason)) => Err("the product always says it itself"),
        (Operation::MoveSchedule, _) if never(kept.gateway, Operation::Schedule) => {
            Err("what is not scheduled is not moved")
        }
        (Operation::KeyWindow, demand) if demand != Demand::Impossible && never(kept.gateway, Operation::Charge) => {
            Err("no window is opened for a key that nobody charges")
        }
        (Operation::Window, Demand::Length(Field::CustomerId, ..) | Demand::Bytes(Field::CustomerId, ..))
            if !asks_for(kept.gateway, Operation::Window, Some(kept.pay_method), Field::CustomerId) =>
        {
            Err("a window is told whose it is only where its gateway asks")
        }
        (Operation::Window | Operation::KeyWindow, Demand::Required(Field::CustomerId)) => {
            Err("there is no window without its customer, at whatever gateway")
        }
        (_, Demand::Required(Field::RedirectUrl)) => Err("whether there is a page to come back to is a setting"),
        (Operation::Refund, Demand::TaxPart(_)) => {
            Err("the parts of a refund are derived, or asked for whatever the gateway is")
        }
        (Operation::KeyWindow, Demand::Only(Field::MerchantUid, _)) => {
            Err("a window that only issues a key has the key's own name for its number")
        }
        (Operation::Account, _) if !ACCOUNTS_AT.contains(&kept.gateway) => {
            Err("no stack is set up for accounts where none are issued")
        }
        (Operation::ExtendAccount, _)
            if !ACCOUNTS_AT.contains(&kept.gateway) || never(kept.gateway, Operation::Account) =>
        {
            Err("no account is issued there, so none is given more time")
        }
        _ => Ok((kept, broken)),
    }
}
