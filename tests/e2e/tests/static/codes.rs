//! Problem codes: what the sources can name, openapi.yaml lists, and the other way round.

use std::collections::{BTreeMap, BTreeSet};

use billing::payment::Refusal;
use billing::payment::receipt::NoReceipt;
use billing::ports::StoreError;
use billing::usecase::Failure;
use billing::{Invalid, Money, Timestamp};
use e2e::contract::Contract;
use runtime::http::Problem;

use crate::sources::{self, Call};

/// A call that names a code, or a field from which codes are made.
struct Naming {
    /// With a dot before a method's.
    name: &'static str,
    /// Whose call it is, if the name alone does not tell.
    file: &'static str,
    /// Which argument names it.
    argument: usize,
    /// What is appended to make the codes.
    suffixes: &'static [&'static str],
}

const fn naming(name: &'static str, file: &'static str, argument: usize, suffixes: &'static [&'static str]) -> Naming {
    Naming { name, file, argument, suffixes }
}

const CODE: &[&str] = &[""];
const INVALID: &[&str] = &["_invalid"];
const REQUIRED: &[&str] = &["_required"];
const BOTH: &[&str] = &["_required", "_invalid"];

const NAMINGS: &[Naming] = &[
    naming("Problem::new", "", 1, CODE),
    naming("Self::new", "runtime/src/http/problem.rs", 1, CODE),
    naming("conflict", "runtime/src/http/problem.rs", 0, CODE),
    naming("Invalid::new", "", 1, CODE),
    naming("Invalid{}", "", 0, CODE),
    naming("quoted", "", 1, CODE),
    naming("Invalid::field", "", 0, INVALID),
    naming("identifier!", "", 0, INVALID),
    naming(".required", "", 0, REQUIRED),
    naming(".required_text", "", 0, REQUIRED),
    naming(".missing", "", 0, REQUIRED),
    naming("form::field", "", 1, REQUIRED),
    naming("code", "billing/src/checkout.rs", 0, INVALID),
    naming("code", "billing/src/checkout/options.rs", 0, INVALID),
    naming("civil_day", "", 0, INVALID),
    naming("bounded", "", 0, INVALID),
    naming(".integers", "", 0, INVALID),
    naming(".optional_list", "", 0, INVALID),
    naming(".list", "", 0, BOTH),
    naming("seconds", "", 1, BOTH),
    naming("order::seconds", "", 1, BOTH),
    naming(".number", "", 0, INVALID),
    naming(".integer", "", 0, INVALID),
    naming("money", "", 1, INVALID),
    naming("Money::parse", "", 0, INVALID),
    naming("part_of_amount", "", 0, INVALID),
    naming("text::line", "", 0, INVALID),
    naming("line", "", 0, INVALID),
    naming("text::email", "", 0, INVALID),
    naming("text::telephone", "", 0, INVALID),
    naming("text::data", "", 0, INVALID),
    naming(".query", "", 0, INVALID),
    naming("time", "schedule/src/handler.rs", 1, INVALID),
];

/// Where a name is passed on: the caller's own call is read instead.
const PASSED_ON: &[(&str, &str)] = &[
    ("functions/schedule/src/handler.rs", "time"),
    ("functions/webhook/src/notice.rs", "malformed"),
    ("shared/billing/src/checkout/options.rs", "bounded"),
    ("shared/billing/src/checkout/options.rs", "civil_day"),
    ("shared/billing/src/checkout/options.rs", "code"),
    ("shared/billing/src/money.rs", "parse"),
    ("shared/billing/src/order.rs", "checked"),
    ("shared/billing/src/text.rs", "data"),
    ("shared/billing/src/text.rs", "email"),
    ("shared/billing/src/text.rs", "line"),
    ("shared/billing/src/text.rs", "telephone"),
    ("shared/billing/src/usecase/issue_key.rs", "checked"),
    ("shared/runtime/src/http/form.rs", "field"),
    ("shared/runtime/src/http/input.rs", "integer"),
    ("shared/runtime/src/http/input.rs", "integers"),
    ("shared/runtime/src/http/input.rs", "list"),
    ("shared/runtime/src/http/input.rs", "missing"),
    ("shared/runtime/src/http/input.rs", "number"),
    ("shared/runtime/src/http/input.rs", "optional_list"),
    ("shared/runtime/src/http/input.rs", "required"),
    ("shared/runtime/src/http/input.rs", "required_text"),
    ("shared/runtime/src/http/order.rs", "money"),
    ("shared/runtime/src/http/order.rs", "quoted"),
    ("shared/runtime/src/http/order.rs", "seconds"),
    ("shared/runtime/src/http/problem.rs", "from"),
    ("shared/runtime/src/http/request.rs", "query"),
];

/// In the sources, and yet in no answer.
const NEVER_ANSWERED: &[(&str, &str)] = &[
    ("nonce_invalid", "a nonce is made by us and read from our own rows"),
    ("promotion_id_invalid", "no request can carry a promotion_id"),
    ("token_invalid", "a browser that comes back without its order's token is sent on all the same"),
];

fn naming_of(call: &Call) -> Option<&'static Naming> {
    let name = if call.is_method { format!(".{}", call.name) } else { call.name.clone() };
    NAMINGS.iter().find(|naming| naming.name == name && call.file.ends_with(naming.file))
}

/// Every code that the sources name, with the places.
fn named() -> BTreeMap<String, BTreeSet<String>> {
    let mut codes: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut passed_on = BTreeSet::new();
    for call in sources::calls(sources::EDGE) {
        let Some(naming) = naming_of(&call) else { continue };
        let place = (call.file.as_str(), call.within.as_str());
        match call.arguments.get(naming.argument) {
            Some(Some(name)) => {
                for suffix in naming.suffixes {
                    codes.entry(format!("{name}{suffix}")).or_default().insert(call.file.clone());
                }
            }
            Some(None) => {
                let known = PASSED_ON.iter().find(|known| **known == place);
                let known = known.unwrap_or_else(|| {
                    panic!(
                        "{}: `{}` in `{}` names a code that this test cannot read",
                        call.file, call.name, call.within
                    )
                });
                passed_on.insert(*known);
            }
            // Another function of the same name.
            None => {}
        }
    }
    assert_eq!(passed_on, PASSED_ON.iter().copied().collect(), "places that pass no name on any more");
    codes
}

#[test]
fn every_code_of_the_sources_is_in_the_contract_and_no_other() {
    let mut named: BTreeSet<String> = named().into_keys().collect();
    for (code, reason) in NEVER_ANSWERED {
        assert!(named.remove(*code), "{code} is no longer in the sources ({reason})");
    }
    let contract = Contract::read();
    let listed = contract.listed(contract.schema("ProblemCode"));
    let missing: Vec<_> = named.difference(&listed).collect();
    let surplus: Vec<_> = listed.difference(&named).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing: {missing:?}, surplus: {surplus:?}");
}

#[test]
fn every_code_of_the_contract_comes_with_an_answer() {
    let contract = Contract::read();
    let answered: BTreeSet<String> = contract.codes_by_status().into_values().flatten().collect();
    assert_eq!(answered, contract.listed(contract.schema("ProblemCode")));
}

/// A code that the edge turns into a status by itself stands under that status.
#[test]
fn every_field_code_stands_under_the_status_that_it_comes_with() {
    let by_status = Contract::read().codes_by_status();
    let own: BTreeSet<String> = sources::calls(sources::EDGE)
        .into_iter()
        .filter(|call| matches!(call.name.as_str(), "Problem::new" | "Self::new" | "conflict"))
        .flat_map(|call| call.arguments.into_iter().flatten())
        .collect();
    let mut checked = 0;
    for code in named().into_keys() {
        let unanswered = NEVER_ANSWERED.iter().any(|(never, _)| *never == code);
        // Only a notice names an imp_uid, and what is wrong with a notice is a bad request.
        if unanswered || own.contains(&code) || code.starts_with("imp_uid_") {
            continue;
        }
        let status = Problem::from(Invalid::new("field", &code, "something")).status();
        assert!(by_status.get(&status).is_some_and(|codes| codes.contains(&code)), "{code} is answered with {status}");
        checked += 1;
    }
    assert!(checked > 50, "only {checked} codes");
}

#[test]
fn every_failure_of_the_domain_keeps_the_contract() {
    let contract = Contract::read();
    let by_status = contract.codes_by_status();
    let failures = [
        Failure::Invalid(Invalid::field("amount", "more than zero").within("schedules[2]")),
        Failure::NotFound,
        Failure::KeyPending,
        Failure::KeyInactive,
        Failure::MerchantUidReused,
        Failure::IdempotencyKeyReused,
        Failure::IdempotencyInProgress,
        Failure::TooManyPrepared,
        Failure::KeyTaken,
        Failure::ImpUidMismatch,
        Failure::KeyInUse,
        Failure::AlreadyExecuted,
        Failure::ScheduleNotChangeable,
        Failure::SubscriptionExists,
        Failure::SubscriptionNotChangeable,
        Failure::DifferenceDeclined(None),
        Failure::NotRefundable,
        Failure::RefundInProgress,
        Failure::NoReceipt(NoReceipt::NotPaid),
        Failure::NoReceipt(NoReceipt::NotCash),
        Failure::NoReceipt(NoReceipt::NothingLeft),
        Failure::ReceiptsOff,
        Failure::ReceiptExists,
        Failure::ReceiptInProgress,
        Failure::AlreadyPaid,
        Failure::ConsentNotAsked,
        Failure::ConsentTooEarly { opens_at: Timestamp(1_795_478_400) },
        Failure::ConsentMismatch,
        Failure::CheckoutNotWithdrawable,
        Failure::AccountNotExtendable,
        Failure::ExtensionInProgress,
        Failure::RefundOwed { amount: Money::krw(8_900) },
        Failure::Refused(Refusal { code: 1, message: "이미 실행된 예약입니다.".to_owned() }),
        Failure::RequestRefused(Refusal { code: 1, message: "설정된 PG 가 없습니다.".to_owned() }),
        Failure::CardNotSent,
        Failure::UpstreamMismatch,
        Failure::Unavailable,
        Failure::from(StoreError::Cursor),
    ];
    for failure in failures {
        // Fails to compile when a failure is added, so that the list above is extended.
        match &failure {
            Failure::Invalid(_)
            | Failure::NotFound
            | Failure::KeyPending
            | Failure::KeyInactive
            | Failure::MerchantUidReused
            | Failure::IdempotencyKeyReused
            | Failure::IdempotencyInProgress
            | Failure::TooManyPrepared
            | Failure::KeyTaken
            | Failure::ImpUidMismatch
            | Failure::KeyInUse
            | Failure::AlreadyExecuted
            | Failure::ScheduleNotChangeable
            | Failure::SubscriptionExists
            | Failure::SubscriptionNotChangeable
            | Failure::DifferenceDeclined(_)
            | Failure::ConsentNotAsked
            | Failure::ConsentTooEarly { .. }
            | Failure::ConsentMismatch
            | Failure::NotRefundable
            | Failure::RefundInProgress
            | Failure::NoReceipt(_)
            | Failure::ReceiptsOff
            | Failure::ReceiptExists
            | Failure::ReceiptInProgress
            | Failure::AlreadyPaid
            | Failure::CheckoutNotWithdrawable
            | Failure::AccountNotExtendable
            | Failure::ExtensionInProgress
            | Failure::RefundOwed { .. }
            | Failure::Refused(_)
            | Failure::RequestRefused(_)
            | Failure::CardNotSent
            | Failure::UpstreamMismatch
            | Failure::Unavailable
            | Failure::Store(_) => {}
        }
        let problem = Problem::from(failure.clone());
        let (status, code) = (problem.status(), problem.code().to_owned());
        let reply = problem.into_reply("TxEvent001IcAAAA=");
        let body = serde_json::from_str(reply.body()).expect("JSON");
        assert_eq!(contract.errors(contract.schema("Problem"), &body), Vec::<String>::new(), "{failure:?}");
        assert!(by_status.get(&status).is_some_and(|codes| codes.contains(&code)), "{code} is answered with {status}");
    }
}
