//! Rows as the storefront sees them: what the functions serialise is what openapi.yaml describes, in every state.

use std::collections::BTreeSet;

use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, KeySnapshot, KeyState};
use billing::order::{Details, Order};
use billing::payment::snapshot::Facts;
use billing::payment::{Claim, Payment, PaymentSnapshot, Plan, PspStatus, Purpose, Refusal, ScheduleSnapshot, State};
use billing::{Currency, CustomerId, CustomerUid, ImpUid, MerchantUid, Money, Nonce, Policy, Timestamp};
use runtime::http::present;
use serde_json::Value;

use crate::contract::Contract;

const NOW: Timestamp = Timestamp(1_800_000_000);
const LATER: Timestamp = Timestamp(1_802_592_000);
const KEY_STATES: [KeyState; 6] = [
    KeyState::Prepared,
    KeyState::Issuing,
    KeyState::Active,
    KeyState::Deleting,
    KeyState::Deleted,
    KeyState::Abandoned,
];

fn claim(purpose: Purpose) -> Claim {
    Claim::new(purpose, Nonce::parse("0123456789abcdef0123456789abcdef").unwrap(), NOW, &Policy::default())
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn payment(plan: Plan, amount: Money) -> Payment {
    let order = Order {
        merchant_uid: MerchantUid::parse("order_monthly_0001").unwrap(),
        customer_uid: CustomerUid::parse("gildong_0001_1234").ok(),
        amount,
        name: "월간 이용권 정기결제".to_owned(),
        details: Details { custom_data: text("{\"cart\":11}"), ..Details::default() },
    };
    Payment::claimed(order, CustomerId::parse("kim").unwrap(), plan, NOW, claim(Purpose::Charge))
}

fn record(status: PspStatus, amount: Money, cancel_amount: u64) -> PaymentSnapshot {
    PaymentSnapshot {
        imp_uid: ImpUid::parse("imp_448280090638").unwrap(),
        merchant_uid: "order_monthly_0001".to_owned(),
        status,
        amount,
        cancel_amount,
        customer_uid: text("gildong_0001_1234"),
        sandbox: false,
        paid_at: Some(NOW),
        failed_at: Some(NOW),
        cancelled_at: (cancel_amount > 0).then_some(NOW),
        fail_reason: text("한도초과"),
        cancel_history: Vec::new(),
        facts: Facts {
            pay_method: text("card"),
            pg_provider: text("nice"),
            pg_tid: text("nictest00m01162"),
            pg_id: text("nictest00m"),
            apply_num: text("30015689"),
            card_code: text("361"),
            card_name: text("BC카드"),
            card_number: text("424242******4242"),
            card_quota: Some(0),
            receipt_url: text("https://npg.example/receipt"),
            customer_uid_usage: text("payment"),
            vbank_code: text("088"),
            vbank_name: text("신한은행"),
            vbank_num: text("56123456789012"),
            vbank_holder: text("가맹점"),
            vbank_date: Some(LATER),
            vbank_issued_at: Some(NOW),
        },
    }
}

/// Every state as a charge and as a schedule, with and without what the PSP says.
fn payments() -> Vec<Payment> {
    let plans = [Plan::Charge, Plan::Schedule { schedule_at: LATER }, Plan::Checkout { open_until: LATER }];
    let amounts = [Money::krw(8_900), Money::new(1_050, Currency::Usd)];
    let mut rows = Vec::new();
    for (plan, amount) in plans.into_iter().flat_map(|plan| amounts.map(|amount| (plan, amount))) {
        for state in State::ALL {
            let bare = Payment { state, ..payment(plan, amount) };
            let refusal = Some(Refusal { code: 1, message: "등록되지 않은 빌링키입니다.".to_owned() });
            let told = |status, cancelled| Some(record(status, amount, cancelled));
            rows.push(Payment { refusal, ..bare.clone() });
            rows.push(Payment { record: told(PspStatus::Failed, 0), ..bare.clone() });
            rows.push(Payment { record: told(PspStatus::Paid, 0), claim: None, ..bare.clone() });
            rows.push(Payment {
                record: told(PspStatus::Cancelled, 100),
                schedule: Some(scheduled(amount)),
                ..bare.clone()
            });
            rows.push(bare);
        }
    }
    rows
}

fn scheduled(amount: Money) -> ScheduleSnapshot {
    let known = serde_json::json!({
        "customer_uid": "gildong_0001_1234",
        "merchant_uid": "order_monthly_0001",
        "imp_uid": null,
        "schedule_at": LATER,
        "amount": amount,
        "schedule_status": "executed",
        "payment_status": "failed",
        "fail_reason": "한도초과",
    });
    serde_json::from_value(known).expect("a schedule")
}

fn keys() -> Vec<BillingKey> {
    let record = KeySnapshot {
        customer_uid: "gildong_0001_1234".to_owned(),
        sandbox: false,
        pg_provider: text("nice"),
        pg_id: text("nictest00m"),
        card_name: text("BC카드"),
        card_code: text("361"),
        card_number: text("424242******4242"),
        card_type: text("0"),
        inserted: Some(NOW),
        updated: Some(NOW),
    };
    let issuing = BillingKey::issuing(
        CustomerUid::parse("gildong_0001_1234").unwrap(),
        CustomerId::parse("kim").unwrap(),
        Fingerprint::of(&"request"),
        claim(Purpose::Register),
        NOW,
    );
    KEY_STATES
        .into_iter()
        .flat_map(|state| {
            let bare = BillingKey { state, ..issuing.clone() };
            [BillingKey { record: Some(record.clone()), ..bare.clone() }, bare]
        })
        .collect()
}

/// Holds every row against the schema, its fields and the values that the schema lists, both ways.
fn check(schema: &str, rows: &[Value], lists: &[&str]) {
    let contract = Contract::read();
    let schema = contract.schema(schema);
    for row in rows {
        assert_eq!(contract.errors(schema, row), Vec::<String>::new(), "{row}");
    }
    let shown: BTreeSet<String> =
        rows.iter().flat_map(|row| row.as_object().expect("an object").keys().cloned()).collect();
    assert_eq!(shown, contract.fields(schema));
    let parts = schema["allOf"].as_array().into_iter().flatten().map(|part| contract.resolved(part));
    let properties = parts.chain([schema]).filter_map(|part| part["properties"].as_object());
    for (field, property) in properties.flatten() {
        let seen = rows.iter().filter(|row| row.get(field).is_some_and(|value| !value.is_null()));
        assert!(seen.count() > 0, "no row shows {field}");
        if lists.contains(&field.as_str()) {
            let values = rows.iter().filter_map(|row| row.get(field)?.as_str()).map(str::to_owned);
            assert_eq!(values.collect::<BTreeSet<_>>(), contract.listed(property), "{field}");
        }
    }
}

#[test]
fn payments_are_shown_as_described() {
    let shown =
        payments().iter().map(|row| serde_json::to_value(present::payment(row)).expect("JSON")).collect::<Vec<_>>();
    check("Payment", &shown, &["status", "state", "schedule_status"]);
    let list = serde_json::to_value(present::page(shown, Some("c0ffee".to_owned()))).expect("JSON");
    let contract = Contract::read();
    assert_eq!(contract.errors(contract.schema("PaymentList"), &list), Vec::<String>::new());
}

#[test]
fn billing_keys_are_shown_as_described() {
    let shown =
        keys().iter().map(|row| serde_json::to_value(present::billing_key(row)).expect("JSON")).collect::<Vec<_>>();
    check("BillingKey", &shown, &["status"]);
}

#[test]
fn whatever_a_charge_comes_to_is_an_answer_of_the_contract() {
    let contract = Contract::read();
    let operation = contract.operation("POST /charges");
    let mut statuses = BTreeSet::new();
    for row in payments() {
        let (reply, kind) = match present::charged(&row) {
            Ok(reply) => (reply, "application/json"),
            Err(problem) => (problem.into_reply("TxEvent001IcAAAA="), "application/problem+json"),
        };
        let body = serde_json::from_str(reply.body()).expect("JSON");
        assert_eq!(operation.answer_errors(reply.status(), kind, Some(&body)), Vec::<String>::new(), "{body}");
        statuses.insert(reply.status());
    }
    assert_eq!(statuses, BTreeSet::from([200, 202, 402]));
}
