//! A request as the simulator of Iamport sees it.

use std::collections::BTreeSet;

use billing::pg::{Facts, Field, Operation};
use ledger::gateways::{Force, rule_of, rules};
use ledger::{
    AccountChange, AccountOrder, CancelOrder, Channel, Deletion, Instrument, KeyOrder, KeyWish, Knobs, Ledger, Order,
    PaymentStatus, Person, ReceiptOrder, Refusal, Said, ScheduleOrder, TaxParts, UnlistedIssue, WindowOrder, cards,
};

use crate::cases::{AMOUNT, Case, DAY, NOW};

const KEY: &str = "key1";
/// What a payment names that names a part of its amount.
const FREE: u64 = 10_000;
const VAT: u64 = 3_636;

/// Whose answers are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Questions {
    /// Those that the simulator gives by itself.
    AsTheyAre,
    /// Every open question is answered with a refusal.
    Refusing,
}

/// Everything that the simulator refuses a request for, by the names of its own rules. A refusal that is none's is there in its words.
#[must_use]
pub fn refused(case: &Case, questions: Questions) -> BTreeSet<String> {
    let mut knobs = Knobs::default();
    if questions == Questions::Refusing {
        let open = rules().filter(|rule| matches!(rule.force, Force::Open(_) | Force::Unsupported));
        for rule in open {
            knobs.rule_answers.extend(rule.operations.iter().map(|operation| (rule.id(*operation), true)));
        }
        // Asks whether gateways take the calls for which page and schema differ.
        knobs.rule_answers.insert("doubtful".to_owned(), false);
    }
    let (mut found, mut twice) = (BTreeSet::new(), BTreeSet::new());
    while let Err(refusal) = ask(case, &knobs) {
        let id = rule_of(&refusal.message).map_or_else(|| refusal.message.to_string(), str::to_owned);
        // A call that is taken in doubt only has to be answered with a yes, and what is no rule of the list with nothing.
        let answer = if found.insert(id.clone()) {
            false
        } else if twice.insert(id.clone()) {
            true
        } else {
            break;
        };
        knobs.rule_answers.insert(id, answer);
    }
    found
}

/// Asks it of books that hold what it is about.
///
/// # Errors
/// The simulator's refusal.
fn ask(case: &Case, knobs: &Knobs) -> Result<(), Refusal> {
    let mut books = Ledger::new(1);
    books.set_knobs(Knobs { gateway_rules: false, unlisted_issue: UnlistedIssue::Display, ..Knobs::default() });
    let facts = &case.facts;
    let at = facts.at.unwrap_or(NOW).0;
    match case.operation {
        Operation::Window | Operation::KeyWindow => {
            books.set_knobs(knobs.clone());
            books.check_window(at, &window(case)).map(drop)
        }
        Operation::CardKey => {
            books.set_knobs(knobs.clone());
            books.issue_key(at, key(case, &said(facts, &CARD))?).map(drop)
        }
        Operation::Charge => {
            hold_key(case, &mut books)?;
            books.set_knobs(knobs.clone());
            books.admit(at, order(facts), Instrument::Key(KEY.to_owned())).map(drop)
        }
        Operation::Schedule => {
            hold_key(case, &mut books)?;
            books.set_knobs(knobs.clone());
            let entry = ScheduleOrder { order: order(facts), schedule_at: NOW.0 + DAY };
            books.register(NOW.0, KEY, None, 0, vec![entry]).map(drop)
        }
        Operation::MoveSchedule => {
            hold_key(case, &mut books)?;
            let entry = ScheduleOrder { order: order(facts), schedule_at: NOW.0 + DAY };
            let merchant_uid = entry.order.merchant_uid.clone();
            books.register(NOW.0, KEY, None, 0, vec![entry])?;
            books.set_knobs(knobs.clone());
            books.move_schedule(at, &merchant_uid, NOW.0 + 2 * DAY).map(drop)
        }
        Operation::DeleteKey => {
            hold_key(case, &mut books)?;
            books.set_knobs(knobs.clone());
            let why = Deletion { reason: owned(facts, Field::Reason), requester: owned(facts, Field::Requester) };
            books.delete_key_for(at, KEY, &why).map(drop)
        }
        Operation::Receipt => {
            let imp_uid = pay(case, &mut books)?;
            books.set_knobs(knobs.clone());
            books.issue_receipt(at, &receipt(facts, imp_uid)).map(drop)
        }
        Operation::CancelReceipt => {
            let imp_uid = pay(case, &mut books)?;
            books.receipt_by_itself(at, &imp_uid)?;
            books.set_knobs(knobs.clone());
            books.revoke_receipt(at, &imp_uid).map(drop)
        }
        Operation::Account => {
            books.set_knobs(knobs.clone());
            books.issue_account(at, account(case)).map(drop)
        }
        Operation::ExtendAccount => {
            let imp_uid = books.issue_account(at, account(case))?.imp_uid;
            books.set_knobs(knobs.clone());
            let change = AccountChange { imp_uid, amount: None, due_at: Some(at + 2 * DAY) };
            books.change_account(at, &change).map(drop)
        }
        Operation::Refund => {
            let imp_uid = pay(case, &mut books)?;
            books.set_knobs(knobs.clone());
            books.cancel(at, &cancel(facts, imp_uid)).map(drop)
        }
    }
}

fn account(case: &Case) -> AccountOrder {
    AccountOrder {
        order: order(&case.facts),
        channel: channel(case),
        bank: "004".to_owned(),
        due_at: NOW.0 + DAY,
        holder: owned(&case.facts, Field::VbankHolder),
        has_api_key: false,
    }
}

fn text(facts: &Facts, field: Field) -> Option<&str> {
    facts.fields.get(&field).map(String::as_str)
}

fn owned(facts: &Facts, field: Field) -> Option<String> {
    text(facts, field).map(str::to_owned)
}

/// What stands in requests beside that for which the books have fields, by the names that it has there.
const ORDER: [(Field, &str); 12] = [
    (Field::CustomerId, "customer_id"),
    (Field::ProductType, "product_type"),
    (Field::BrowserIp, "browser_ip"),
    (Field::NaverUseCfm, "extra.naverUseCfm"),
    (Field::Digital, "digital"),
    (Field::VbankDue, "vbank_due"),
    (Field::BizNum, "biz_num"),
    (Field::CardCode, "card.direct.code"),
    (Field::CardMonths, "card.direct.quota"),
    (Field::NaverProducts, "naverProducts"),
    (Field::NaverProductCode, "naverProductCode"),
    (Field::NaverProductCount, "naverProductCount"),
];
const CARD: [(Field, &str); 3] = [(Field::Birth, "birth"), (Field::PwdTwoDigits, "pwd_2digit"), (Field::Cvc, "cvc")];
const CANCEL: [(Field, &str); 2] = [(Field::RefundTel, "refund_tel"), (Field::Requester, "extra.requester")];

fn said(facts: &Facts, names: &[(Field, &str)]) -> Said {
    // What is only known to be there says something all the same.
    let something = |value: &str| if value.is_empty() { "given".to_owned() } else { value.to_owned() };
    names.iter().fold(Said::nothing(), |said, (field, name)| match text(facts, *field) {
        Some(value) => said.with(name, &something(value)),
        None => said,
    })
}

fn order(facts: &Facts) -> Order {
    let number = |field| text(facts, field).and_then(|text| text.parse().ok());
    let amount = facts.amount.unwrap_or(billing::Money::krw(AMOUNT));
    let more = said(facts, &ORDER);
    Order {
        amount: amount.minor,
        currency: amount.currency.code().to_owned(),
        buyer: Person {
            name: owned(facts, Field::BuyerName),
            email: owned(facts, Field::BuyerEmail),
            tel: owned(facts, Field::BuyerTel),
            ..Person::default()
        },
        card_quota: number(Field::CardQuota).and_then(|months| u32::try_from(months).ok()).unwrap_or(0),
        tax: TaxParts { free: number(Field::TaxFree).unwrap_or(0), vat: number(Field::VatAmount) },
        more,
        ..Order::krw(
            text(facts, Field::MerchantUid).unwrap_or("order1234"),
            AMOUNT,
            text(facts, Field::Name).unwrap_or_default(),
        )
    }
}

fn channel(case: &Case) -> Channel {
    Channel { pg_provider: case.gateway.to_owned(), pg_id: "mid".to_owned() }
}

/// A window on a desktop.
fn window(case: &Case) -> WindowOrder {
    let mut order = order(&case.facts);
    if let Some(day) = text(&case.facts, Field::NaverUseCfm) {
        order.more.add("naverUseCfm", day);
    }
    // A page says all that there is, whoever asks for it.
    for field in Field::ALL {
        order.more.add(field.name(), text(&case.facts, field).unwrap_or_default());
    }
    let wish = KeyWish { customer_uid: KEY.to_owned(), customer_id: owned(&case.facts, Field::CustomerId) };
    WindowOrder {
        channel: channel(case),
        card: cards::read("4242424242424242", "2099-12", NOW.0).ok(),
        key: (case.operation == Operation::KeyWindow).then_some(wish),
        escrow: text(&case.facts, Field::Escrow).is_some(),
        ..WindowOrder::of(order, case.pay_method)
    }
}

fn key(case: &Case, said: &Said) -> Result<KeyOrder, Refusal> {
    Ok(KeyOrder {
        customer_uid: KEY.to_owned(),
        customer_id: owned(&case.facts, Field::CustomerId),
        channel: channel(case),
        has_channel_key: true,
        card: cards::read("4242424242424242", "2099-12", NOW.0)?,
        customer: Person { name: owned(&case.facts, Field::CustomerName), ..Person::default() },
        said: said.clone(),
    })
}

/// A key at the gateway by the method, made in a window whatever its rules and its table of keys say.
fn hold_key(case: &Case, books: &mut Ledger) -> Result<(), Refusal> {
    let facts = Facts { amount: Some(billing::Money::krw(0)), ..Facts::default() };
    let facts = facts.with(Field::MerchantUid, Some("issue1".to_owned()));
    let shown = Case { operation: Operation::KeyWindow, facts, ..case.clone() };
    let free = window(&shown);
    let charged = WindowOrder { order: Order { amount: AMOUNT, ..free.order.clone() }, ..free.clone() };
    books.pay_in_window(NOW.0, free).or_else(|_| books.pay_in_window(NOW.0, charged))?;
    Ok(())
}

/// The payment that is given back, and what of it was before. Its number.
fn pay(case: &Case, books: &mut Ledger) -> Result<String, Refusal> {
    let refunded = case.facts.refunded.unwrap_or_default();
    let paid_at = refunded.paid_at.unwrap_or(NOW).0;
    let shown = Case { operation: Operation::Window, facts: Facts::default(), ..case.clone() };
    let mut window = window(&shown);
    window.order.tax =
        TaxParts { free: if refunded.named_tax_free { FREE } else { 0 }, vat: refunded.named_vat.then_some(VAT) };
    let row = books.pay_in_window(paid_at, window)?.payment;
    let row = row.ok_or_else(|| Refusal::rejected("the window led to no payment"))?;
    if row.status == PaymentStatus::Ready {
        books.settle(paid_at, &row.imp_uid)?;
    }
    let part = CancelOrder {
        imp_uid: Some(row.imp_uid.clone()),
        amount: Some(1),
        has_refund_account: true,
        ..CancelOrder::default()
    };
    for _ in 0..refunded.parts_before {
        books.cancel(paid_at, &part)?;
    }
    Ok(row.imp_uid)
}

const RECEIPT: [(Field, &str); 7] = [
    (Field::Taxcard, "identifier_type"),
    (Field::ProductType, "product_type"),
    (Field::BuyerName, "buyer_name"),
    (Field::BuyerTel, "buyer_tel"),
    (Field::CorpRegNo, "corp_reg_no"),
    (Field::CompanyName, "company_name"),
    (Field::CompanyTel, "company_tel"),
];

fn receipt(facts: &Facts, imp_uid: String) -> ReceiptOrder {
    let said = said(facts, &RECEIPT);
    ReceiptOrder { imp_uid, identifier: "01042424242".to_owned(), said, ..ReceiptOrder::default() }
}

fn cancel(facts: &Facts, imp_uid: String) -> CancelOrder {
    let number = |field| text(facts, field).and_then(|text| text.parse().ok());
    let whole = facts.refunded.is_none_or(|refunded| refunded.whole);
    CancelOrder {
        imp_uid: Some(imp_uid),
        amount: (!whole).then_some(1_000),
        tax_free: number(Field::TaxFree),
        vat_amount: number(Field::VatAmount),
        reason: owned(facts, Field::Reason),
        has_refund_account: text(facts, Field::RefundAccount).is_some(),
        said: said(facts, &CANCEL),
        ..CancelOrder::default()
    }
}
