//! The catalogue of what gateways ask for: of each rule a request that keeps it and the same one that breaks it. Both are made
//! from the rule, so there is none without them.

use std::collections::BTreeSet;

use billing::pg::{
    Bytes, Condition, Demand, Facts, Field, Finding, IssueAmount, IssueSupport, Letters, Operation, Refunded, Rule,
    Source, asks_for, check, is_pay_method, is_pg, issue_support, refused, rules,
};
use billing::{Currency, KstDay, Money, Timestamp};

use crate::fixture::START;

const DAY: i64 = 86_400;

/// A gateway whose rules hold here, for one that is meant for all.
fn gateway(rule: &Rule) -> &'static str {
    if rule.gateway == "*" { "kicc" } else { rule.gateway }
}

/// A payment method that the rule speaks of, and that its gateway takes.
fn pay_method(rule: &Rule) -> Option<&'static str> {
    let named = rule.pay_methods.first().copied();
    let here = |other: &&Rule| other.gateway == gateway(rule) && other.operation == rule.operation;
    let listed = rules().filter(here).find_map(|other| match other.demand {
        Demand::Methods(list) => list.first().copied(),
        _ => None,
    });
    named.or(listed).or(Some("card"))
}

fn text(field: Field) -> &'static str {
    match field {
        Field::MerchantUid => "order1234",
        Field::Name => "Monthly plan",
        Field::BuyerName => "Gildong Hong",
        Field::BuyerEmail => "gildong@gmail.com",
        Field::BuyerTel | Field::RefundTel => "01042424242",
        Field::CustomerId => "kim",
        Field::CustomerName => "홍길동",
        Field::TaxFree => "0",
        Field::VatAmount => "4545",
        Field::CardQuota | Field::CardMonths => "3",
        Field::ProductType => "digital",
        Field::BrowserIp => "192.0.2.1",
        Field::NaverUseCfm | Field::VbankDue => "20991231",
        Field::Escrow | Field::Digital | Field::NaverProducts => "true",
        Field::VbankHolder => "Gildong",
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
        Field::PeriodFrom => "20991101",
        Field::PeriodTo => "20991130",
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

/// A request that keeps every rule of the gateway.
fn kept(rule: &Rule) -> Facts {
    let by = pay_method(rule);
    let mut facts = Facts {
        amount: Some(Money::krw(50_000)),
        at: Some(START),
        refunded: Some(Refunded { paid_at: Some(START), whole: true, ..Refunded::default() }),
        ..Facts::default()
    };
    // Nobody is asked for all of these at once, but nobody minds them.
    let unasked =
        [Field::Taxcard, Field::VatAmount, Field::CardQuota, Field::Escrow, Field::CardCode, Field::CardMonths];
    let not_at_once = [
        Field::PeriodInterval,
        Field::NiceDirect,
        Field::CashReceiptIdentifier,
        Field::ConfirmUrl,
        Field::WelcomeAccept,
        Field::WelcomeReserved,
    ];
    for field in Field::ALL.into_iter().filter(|field| !unasked.contains(field) && !not_at_once.contains(field)) {
        facts = facts.with(field, Some(text(field).to_owned()));
    }
    for condition in rule.conditions {
        facts = match condition {
            Condition::Says(field, texts) => {
                facts.with(*field, Some((*texts.first().unwrap_or(&text(*field))).to_owned()))
            }
            Condition::Lacks(field, _) => without(facts, *field),
        };
    }
    for other in rules().filter(|other| other.applies(gateway(rule), rule.operation, by)) {
        if !other.conditions.iter().all(|condition| condition.holds(&facts)) {
            continue;
        }
        match other.demand {
            Demand::OneOf(field, texts) if facts.fields.contains_key(&field) => {
                facts = facts.with(field, Some(texts[0].to_owned()))
            }
            Demand::Required(field) => facts = facts.with(field, Some(text(field).to_owned())),
            Demand::Currencies(list) if !list.contains(&Currency::Krw) => {
                facts.amount = list.first().map(|currency| Money::new(50_000, *currency));
            }
            Demand::Absent(field) => drop(facts.fields.remove(&field)),
            Demand::Issue(IssueAmount::MustBeZero, _) => facts.amount = Some(Money::krw(0)),
            _ => {}
        }
    }
    facts
}

fn hour(hour: i64) -> Timestamp {
    KstDay::of(START).start().plus(hour * 3_600)
}

/// The same with this one rule broken, if it can be, and the payment method.
fn broken(rule: &Rule) -> Option<(Facts, Option<&'static str>)> {
    let (mut facts, mut by) = (kept(rule), pay_method(rule));
    let filled = |facts: Facts, field: Field, with: String| facts.with(field, Some(with));
    facts = match rule.demand {
        Demand::Required(field) => without(facts, field),
        Demand::Along(first, second) => without(filled(facts, first, text(first).to_owned()), second),
        Demand::Apart(first, second) => {
            // A card's code goes with its months.
            let facts = [first, second, Field::CardMonths].into_iter();
            facts.fold(kept(rule), |facts, field| filled(facts, field, text(field).to_owned()))
        }
        Demand::Absent(field) => filled(facts, field, text(field).to_owned()),
        Demand::Zero(field) => filled(facts, field, "1".to_owned()),
        Demand::Length(field, 0, most) => filled(facts, field, "1".repeat(most + 1)),
        Demand::Length(field, least, _) => filled(facts, field, "1".repeat(least - 1)),
        Demand::Bytes(field, most, Bytes::Two) => filled(facts, field, "가".repeat(most / 2 + 1)),
        Demand::Bytes(field, most, Bytes::Three) => filled(facts, field, "가".repeat(most / 3 + 1)),
        Demand::Only(field, letters) => {
            let wrong = match letters {
                Letters::Alphanumeric => "order-1234",
                Letters::AlphanumericDash => "order.1234",
                Letters::EnglishOrJapanese => "월간 이용권",
                Letters::EucKr => "Gildong 😀",
                Letters::TwoNames => "홍길동",
                Letters::Katakana => "Gildong",
                Letters::MobileNumber => "8501011234567",
            };
            filled(facts, field, wrong.to_owned())
        }
        Demand::Without(field, none) => {
            let wrong = format!("Plan {}", none.chars().next().unwrap());
            filled(facts, field, wrong)
        }
        Demand::Won(least, most) => {
            let wrong = least.checked_sub(1).unwrap_or_else(|| most + 1);
            Facts { amount: Some(Money::krw(wrong)), ..facts }
        }
        Demand::Currencies(list) => {
            let other = Currency::ALL.into_iter().find(|currency| !list.contains(currency)).unwrap();
            Facts { amount: Some(Money::new(50_000, other)), ..facts }
        }
        Demand::VatPercent(_) => filled(facts, Field::VatAmount, "5001".to_owned()),
        Demand::OneOf(field, _) => filled(facts, field, "another".to_owned()),
        Demand::FromDay(field) => {
            let yesterday = KstDay::of(START.plus(-DAY)).to_string().replace('-', "");
            filled(facts, field, yesterday)
        }
        Demand::Methods(list) => {
            by = Some(
                ["card", "vbank", "trans"].into_iter().find(|method| !list.contains(method)).unwrap_or("unionpay"),
            );
            facts
        }
        Demand::Issue(IssueAmount::AlwaysCharged, _) => Facts { amount: Some(Money::krw(0)), ..facts },
        Demand::Issue(IssueAmount::MustBeZero, _) => Facts { amount: Some(Money::krw(1_000)), ..facts },
        Demand::Issue(IssueAmount::ShownOnly | IssueAmount::Charged, _) => return None,
        Demand::Impossible => facts,
        Demand::TaxPart(field) => {
            let (named_tax_free, named_vat) = (field == Field::TaxFree, field == Field::VatAmount);
            let named = Refunded { named_tax_free, named_vat, ..facts.refunded.unwrap() };
            without(Facts { refunded: Some(named), ..facts }, field)
        }
        Demand::Parts(parts_before, _) => {
            let part = Refunded { whole: false, parts_before, ..facts.refunded.unwrap() };
            Facts { refunded: Some(part), ..facts }
        }
        Demand::SameMonth(_) => Facts { at: Some(START.plus(31 * DAY)), ..facts },
        Demand::SameMonthOrAccount => without(Facts { at: Some(START.plus(31 * DAY)), ..facts }, Field::RefundAccount),
        Demand::Days(days) => Facts { at: Some(START.plus((days + 1) * DAY)), ..facts },
        Demand::Months(months) => Facts { at: Some(START.plus((months * 31 + 1) * DAY)), ..facts },
        Demand::NotBetween(from, _) => Facts { at: Some(hour(from)), ..facts },
    };
    Some((facts, by))
}

fn without(mut facts: Facts, field: Field) -> Facts {
    facts.fields.remove(&field);
    facts
}

#[test]
fn each_rule_lets_a_request_pass_that_keeps_it_and_names_itself_to_one_that_breaks_it() {
    for rule in rules() {
        let (facts, by) = (kept(rule), pay_method(rule));
        let findings = check(gateway(rule), rule.operation, by, &facts);
        if rule.demand == Demand::Impossible {
            assert_eq!(check("brand_new", rule.operation, Some("phone"), &facts), [], "{}", rule.id);
        } else {
            assert!(findings.iter().all(|finding| finding.rule != rule), "{}: {findings:?}", rule.id);
            assert_eq!(refused(&findings), Ok(()), "{}", rule.id);
        }
        let Some((facts, by)) = broken(rule) else { continue };
        let findings = check(gateway(rule), rule.operation, by, &facts);
        let finding = findings.iter().find(|finding| finding.rule == rule);
        let finding = finding.unwrap_or_else(|| panic!("{} is not noticed: {findings:?}", rule.id));
        assert_eq!(finding.refuses(), rule.certain);
        // Others may be about the same thing, such as a smaller amount.
        assert_eq!(refused(&findings).is_err(), findings.iter().any(|it| it.rule.certain), "{}", rule.id);
        let refusal = finding.refusal();
        assert_eq!(refusal.code, "gateway_rule");
        let who = if rule.gateway == "*" { "every gateway" } else { rule.gateway };
        assert!(refusal.detail.contains(who) && refusal.detail.contains(rule.id), "{}", refusal.detail);
        assert!(!refusal.field.is_empty() && refusal.detail.len() > rule.id.len() + 20);
    }
}

/// Where one rule is broken, nothing else is complained of: another finding is about the same field.
#[test]
fn a_broken_rule_takes_none_about_anything_else_with_it() {
    let found = |rule: &Rule, by, facts: &Facts| check(gateway(rule), rule.operation, by, facts);
    for rule in rules() {
        let Some((facts, by)) = broken(rule) else { continue };
        // By another method other rules hold.
        if by != pay_method(rule) {
            continue;
        }
        let before = found(rule, by, &kept(rule));
        let after = found(rule, by, &facts);
        let own = after.iter().find(|finding| finding.rule == rule).unwrap().refusal().field;
        let strange = |finding: &&Finding| !before.contains(finding) && finding.refusal().field != own;
        assert_eq!(after.iter().find(strange), None, "{}", rule.id);
    }
}

#[test]
fn each_rule_is_named_once_by_gateway_and_operation() {
    let mut ids = BTreeSet::new();
    for rule in rules() {
        assert!(ids.insert(rule.id), "{} twice", rule.id);
        let gateway = if rule.gateway == "*" { "any" } else { rule.gateway };
        let start = format!("{gateway}.{}.", rule.operation.name());
        assert!(rule.id.starts_with(&start) && rule.id.len() > start.len(), "{}", rule.id);
        let written = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || matches!(byte, b'_' | b'.');
        assert!(rule.id.bytes().all(written), "{}", rule.id);
    }
    assert_eq!(ids.len(), rules().count());
}

#[test]
fn each_rule_has_a_page_of_the_documentation_and_a_date() {
    for Rule { id, source: Source { document, date }, .. } in rules() {
        let roots = ["opi/ko/", "sdk/ko/", "src/schema/", "src/content/", "assets/docs/help/"];
        assert!(roots.iter().any(|root| document.starts_with(root)), "{id}: {document}");
        assert!([".mdx", ".md", ".yml"].iter().any(|end| document.ends_with(end)), "{id}: {document}");
        assert!(KstDay::parse(date).is_some_and(|day| day.to_string().as_str() > "2023"), "{id}: {date}");
        assert!(KstDay::parse(date).unwrap() < KstDay::of(START), "{id}: {date}");
    }
}

#[test]
fn each_rules_gateway_and_methods_are_on_the_lists() {
    for rule in rules() {
        assert!(rule.gateway == "*" || is_pg(rule.gateway), "{}", rule.id);
        assert!(rule.pay_methods.iter().all(|method| is_pay_method(method)), "{}", rule.id);
        if let Demand::Methods(list) = rule.demand {
            assert!(!list.is_empty() && list.iter().all(|method| is_pay_method(method)), "{}", rule.id);
            assert_eq!(list.iter().collect::<BTreeSet<_>>().len(), list.len(), "{}", rule.id);
        }
        if let Demand::SameMonth(but) | Demand::Parts(_, but) = rule.demand {
            assert!(but.iter().all(|gateway| is_pg(gateway)), "{}", rule.id);
        }
    }
}

/// What the amount does is no demand but a fact: it is what the lists say of the gateway, unless it is only guessed to be zero.
#[test]
fn each_rule_of_what_an_amount_does_is_what_is_said_of_its_gateway() {
    let mut said = 0;
    for rule in rules() {
        let Demand::Issue(amount, shown) = rule.demand else { continue };
        let guessed = !rule.certain && amount == IssueAmount::MustBeZero;
        let expected = if guessed { IssueSupport::Unlisted } else { IssueSupport::Known(amount, shown) };
        assert_eq!(issue_support(rule.gateway, pay_method(rule).unwrap()), expected, "{}", rule.id);
        said += 1;
    }
    assert!(said > 20);
}

#[test]
fn what_is_not_known_breaks_no_rule_of_anybody() {
    let nothing = Facts::default();
    for operation in Operation::ALL {
        assert_eq!(check("brand_new", operation, None, &nothing), []);
        assert_eq!(check("brand_new", operation, Some("brand_new"), &nothing), []);
    }
    // A method that is not known may be newer than the gateway's own list.
    let new = check("smartro", Operation::Window, Some("brand_new"), &nothing);
    assert_eq!(new, []);
}

#[test]
fn rules_hold_to_their_very_bounds() {
    let named = |gateway: &str, operation, by, facts: Facts, id: &str| {
        check(gateway, operation, Some(by), &facts).iter().any(|finding| finding.rule.id == id)
    };
    let name = |text: &str| Facts::default().with(Field::Name, Some(text.to_owned()));
    let bytes = "nice_v2.window.name.bytes";
    assert!(!named("nice_v2", Operation::Window, "card", name(&"가".repeat(20)), bytes));
    assert!(named("nice_v2", Operation::Window, "card", name(&("가".repeat(20) + "a")), bytes));
    for forbidden in "%&|$-+=[]".chars() {
        let id = "nice_v2.window.name.characters";
        assert!(named("nice_v2", Operation::Window, "card", name(&format!("Pro {forbidden} 1월")), id), "{forbidden}");
    }
    let won = |amount| Facts { amount: Some(amount), ..Facts::default() };
    let limits = "kakaopay.charge.amount";
    for (amount, broken) in [(99, true), (100, false), (2_000_000, false), (2_000_001, true)] {
        assert_eq!(named("kakaopay", Operation::Charge, "card", won(Money::krw(amount)), limits), broken, "{amount}");
    }
    assert!(
        !named("kakaopay", Operation::Charge, "card", won(Money::new(99, Currency::Usd)), limits),
        "cents are no won"
    );
    let vat = |vat: &str| won(Money::krw(10_000)).with(Field::VatAmount, Some(vat.to_owned()));
    for (amount, broken) in [("1000", false), ("1001", true)] {
        assert_eq!(named("welcome", Operation::Charge, "card", vat(amount), "welcome.charge.vat_amount"), broken);
    }
    let refund = |paid_at: Timestamp, at: Timestamp| Facts {
        at: Some(at),
        refunded: Some(Refunded { paid_at: Some(paid_at), whole: true, ..Refunded::default() }),
        ..Facts::default()
    };
    // The first second of December in Seoul.
    let december = Timestamp(1_796_050_800);
    assert_eq!(KstDay::of(december).to_string(), "2026-12-01");
    let month = "any.refund.phone.same_month";
    for (at, broken) in [(december.plus(-1), false), (december, true)] {
        let facts = refund(december.plus(-2), at);
        assert_eq!(named("danal", Operation::Refund, "phone", facts.clone(), month), broken);
        assert!(!named("kcp", Operation::Refund, "phone", facts, month), "KCP gives back to an account");
    }
    for (days, broken) in [(180, false), (181, true)] {
        let facts = refund(START, START.plus(days * DAY));
        assert_eq!(named("paypal_v2", Operation::Refund, "paypal", facts, "paypal_v2.refund.deadline"), broken);
    }
    // From 1 December to 1 June.
    for (days, broken) in [(182, false), (183, true)] {
        let facts = refund(december, december.plus(days * DAY));
        assert_eq!(named("ksnet", Operation::Refund, "card", facts, "ksnet.refund.deadline"), broken, "{days}");
    }
    for (at, broken) in [(22, false), (23, true), (0, true), (5, true), (6, false)] {
        let facts = refund(START, hour(at));
        assert_eq!(named("ksnet", Operation::Refund, "vbank", facts, "ksnet.refund.vbank.hours"), broken, "{at}");
    }
    let names = |text: &str| Facts::default().with(Field::BuyerName, Some(text.to_owned()));
    for (text, broken) in [("Gildong Hong", false), ("홍길동", true), ("A B C", true), ("A  B", true), ("A ", true)]
    {
        let id = "paymentwall.charge.buyer_name.words";
        assert_eq!(named("paymentwall", Operation::Charge, "card", names(text), id), broken, "{text}");
    }
}

/// Who makes the object of a window has to know where the customer's number with the merchant is wanted.
#[test]
fn it_is_known_who_asks_for_a_field() {
    let asked = |gateway, by| asks_for(gateway, Operation::Window, Some(by), Field::CustomerId);
    assert!(asked("galaxia", "card") && asked("smartro_v2", "kakaopay") && asked("toss_brandpay", "toss_brandpay"));
    assert!(!asked("smartro_v2", "card") && !asked("html5_inicis", "card"));
}
