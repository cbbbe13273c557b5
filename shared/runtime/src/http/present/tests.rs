//! Payments, refunds and keys as the storefront sees them, in each of their states.

use std::collections::BTreeSet;

use billing::checkout::{KeyWindow, Warning, Window};
use billing::fingerprint::Fingerprint;
use billing::key::{KeySnapshot, KeyState};
use billing::order::{Details, Order};
use billing::payment::snapshot::RecordDetails;
use billing::payment::{Claim, Flow, PaymentSnapshot, Purpose, Refusal, ScheduleSnapshot};
use billing::{Currency, CustomerId, ImpUid, MerchantUid, Nonce, Policy};
use serde_json::{Value, json};

use super::window::{WindowParameters, checkout, completed, prepared_key, withdrawn};
use super::*;
use crate::config::ImpCode;

pub(super) mod contract;
mod extensions;
mod receipts;
mod refunds;
mod warned;

pub(super) const NOW: Timestamp = Timestamp(1_795_478_400);
const RUNS_AT: Timestamp = NOW.plus(86_400);

fn order() -> Order {
    Order {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: CustomerUid::parse("key1").ok(),
        amount: Money::krw(8_900),
        name: "월간 이용권".to_owned(),
        details: Details { custom_data: Some("{\"cart\":1}".to_owned()), ..Details::default() },
    }
}

fn nonce() -> Nonce {
    Nonce::parse(&"0".repeat(32)).unwrap()
}

pub(super) fn kim() -> CustomerId {
    CustomerId::parse("kim").unwrap()
}

/// A payment by this flow, as its order is recorded.
pub(super) fn payment_by(flow: Flow, order: Order) -> Payment {
    match flow {
        Flow::Checkout { open_until } => {
            let window = Window { pg: None, pay_method: "vbank".to_owned(), options: Default::default() };
            Payment::awaiting(order, kim(), window, open_until, nonce(), NOW)
        }
        Flow::Charge | Flow::Schedule { .. } => {
            let claim = Claim::new(Purpose::Charge, nonce(), NOW, &Policy::default());
            Payment::claimed(order, kim(), flow, NOW, claim)
        }
    }
}

fn charge_in(state: State, record: Option<PaymentSnapshot>) -> Payment {
    Payment { state, record, ..payment_by(Flow::Charge, order()) }
}

pub(super) fn record(status: PspStatus) -> PaymentSnapshot {
    PaymentSnapshot {
        imp_uid: ImpUid::parse("imp_1").unwrap(),
        merchant_uid: "order_1".to_owned(),
        status,
        amount: Money::krw(8_900),
        cancel_amount: 0,
        customer_uid: None,
        sandbox: false,
        paid_at: None,
        failed_at: None,
        cancelled_at: None,
        fail_reason: None,
        cancel_history: Vec::new(),
        details: RecordDetails::default(),
    }
}

fn schedule_record(schedule_status: ScheduleStatus, fail_reason: Option<&str>) -> ScheduleSnapshot {
    ScheduleSnapshot {
        merchant_uid: "order_1".to_owned(),
        customer_uid: "key1".to_owned(),
        imp_uid: None,
        schedule_status,
        payment_status: None,
        schedule_at: RUNS_AT,
        executed_at: None,
        revoked_at: None,
        amount: Money::krw(8_900),
        fail_reason: fail_reason.map(str::to_owned),
    }
}

pub(super) fn refusal(code: i64) -> Refusal {
    Refusal { code, message: "한도초과".to_owned() }
}

fn json_of(view: &impl Serialize) -> Value {
    serde_json::from_str(&serde_json::to_string(view).unwrap()).unwrap()
}

fn body(reply: &Reply) -> Value {
    serde_json::from_str(reply.body()).unwrap()
}

#[test]
fn a_payment_says_one_word_to_act_on() {
    let mut said = BTreeSet::new();
    for (state, without_record, with_record) in [
        (State::Intent, "pending", "pending"),
        (State::Claimed, "pending", "pending"),
        (State::Unknown, "pending", "pending"),
        (State::Scheduled, "scheduled", "scheduled"),
        (State::Paid, "paid", "paid"),
        (State::PartiallyRefunded, "paid", "paid"),
        (State::Refunded, "cancelled", "cancelled"),
        (State::Failed, "failed", "failed"),
        (State::Revoked, "revoked", "revoked"),
        (State::Suspect, "pending", "pending"),
        // A virtual account waits for its deposit; a window that nobody has gone through has no record.
        (State::Awaiting, "pending", "ready"),
        (State::Expired, "expired", "expired"),
    ] {
        for (recorded, word) in [(None, without_record), (Some(record(PspStatus::Ready)), with_record)] {
            let view = json_of(&payment(&charge_in(state, recorded)));
            assert_eq!((&view["status"], &view["state"]), (&json!(word), &json!(state.name())));
            contract::keeps("Payment", &view);
            said.insert(word.to_owned());
        }
    }
    assert_eq!(said, contract::words("PaymentFields", "status"));
    // Its caller was told that it was refused, and it stands at the PSP all the same.
    let told = Payment { refusal: Some(refusal(-1)), ..charge_in(State::Scheduled, None) };
    let view = json_of(&payment(&told));
    assert_eq!((&view["status"], &view["state"]), (&json!("failed"), &json!("failed")));
}

#[test]
fn a_schedule_says_what_became_of_it() {
    let scheduled = |state, record, schedule, refusal| {
        let row = payment_by(Flow::Schedule { schedule_at: RUNS_AT }, order());
        let view = json_of(&payment(&Payment { state, record, schedule, refusal, ..row }));
        contract::keeps("Payment", &view);
        assert_eq!(view["schedule_at"], json!(RUNS_AT.0));
        view["schedule_status"].as_str().unwrap().to_owned()
    };
    let mut said = BTreeSet::new();
    for (state, untold, tried) in [
        (State::Intent, "pending", "pending"),
        (State::Claimed, "pending", "pending"),
        (State::Unknown, "pending", "pending"),
        (State::Suspect, "pending", "pending"),
        (State::Scheduled, "scheduled", "scheduled"),
        (State::Paid, "executed", "executed"),
        (State::PartiallyRefunded, "executed", "executed"),
        (State::Refunded, "executed", "executed"),
        // Who was never registered was refused; who was declined has run.
        (State::Failed, "refused", "executed"),
        (State::Revoked, "revoked", "revoked"),
    ] {
        for (record, word) in [(None, untold), (Some(record(PspStatus::Failed)), tried)] {
            assert_eq!(scheduled(state, record.clone(), None, None), word, "{state:?}");
            let waiting = schedule_record(ScheduleStatus::Scheduled, None);
            assert_eq!(scheduled(state, record.clone(), Some(waiting), None), word, "{state:?}");
            // What the PSP says of the schedule itself is the word on it.
            let revoked = schedule_record(ScheduleStatus::Revoked, None);
            assert_eq!(scheduled(state, record.clone(), Some(revoked), None), "revoked");
            let executed = schedule_record(ScheduleStatus::Executed, None);
            let expected = if state == State::Revoked { "revoked" } else { "executed" };
            assert_eq!(scheduled(state, record, Some(executed), None), expected);
            said.insert(word.to_owned());
        }
    }
    assert_eq!(said, contract::words("PaymentFields", "schedule_status"));
    assert_eq!(scheduled(State::Scheduled, None, None, Some(refusal(-1))), "refused", "as its caller was told");
    let charge = json_of(&payment(&charge_in(State::Paid, None)));
    assert_eq!((&charge["schedule_at"], &charge["schedule_status"]), (&Value::Null, &Value::Null));
}

#[test]
fn why_a_payment_failed_is_the_latest_word_of_the_psp_and_said_of_no_other() {
    let reason = |state, recorded: Option<&str>, scheduled: Option<&str>, refused: Option<()>| {
        let failed =
            |reason: &str| PaymentSnapshot { fail_reason: Some(reason.to_owned()), ..record(PspStatus::Failed) };
        let row = Payment {
            schedule: scheduled.map(|reason| schedule_record(ScheduleStatus::Executed, Some(reason))),
            refusal: refused.map(|()| refusal(-1)),
            ..charge_in(state, recorded.map(failed))
        };
        json_of(&payment(&row))["fail_reason"].clone()
    };
    assert_eq!(reason(State::Failed, Some("잔액부족"), Some("분실카드"), Some(())), json!("잔액부족"));
    assert_eq!(reason(State::Failed, None, Some("분실카드"), Some(())), json!("분실카드"));
    assert_eq!(reason(State::Failed, None, None, Some(())), json!("한도초과"));
    assert_eq!(reason(State::Failed, None, None, None), Value::Null);
    for state in State::ALL.into_iter().filter(|state| !matches!(state, State::Failed | State::Scheduled)) {
        assert_eq!(reason(state, Some("잔액부족"), Some("분실카드"), Some(())), Value::Null, "{state:?}");
    }
}

fn everything() -> PaymentSnapshot {
    let text = |text: &str| Some(text.to_owned());
    PaymentSnapshot {
        cancel_amount: 3_000,
        customer_uid: text("key1"),
        paid_at: Some(Timestamp(11)),
        cancelled_at: Some(Timestamp(13)),
        details: RecordDetails {
            pay_method: text("card"),
            pg_provider: text("nice"),
            pg_tid: text("tid-1"),
            pg_id: text("nictest"),
            apply_num: text("30001"),
            card_code: text("366"),
            card_name: text("신한카드"),
            card_number: text("424242******4242"),
            card_quota: Some(3),
            receipt_url: text("https://pg.example/receipt"),
            cash_receipt_issued: Some(true),
            customer_uid_usage: text("payment"),
            vbank_code: text("088"),
            vbank_name: text("신한은행"),
            vbank_num: text("56210001"),
            vbank_holder: text("(주)상점"),
            vbank_date: Some(Timestamp(21)),
            vbank_issued_at: Some(Timestamp(22)),
        },
        ..record(PspStatus::Paid)
    }
}

#[test]
fn a_payment_shows_all_that_the_psp_says_of_it() {
    let paid = charge_in(State::PartiallyRefunded, Some(everything()));
    let row = Payment { updated_at: NOW.plus(60), ..paid };
    let view = json_of(&payment(&row));
    let expected = json!({
        "merchant_uid": "order_1", "imp_uid": "imp_1", "customer_uid": "key1", "customer_id": "kim", "name": "월간 이용권",
        "status": "paid", "state": "partially_refunded", "amount": 8900, "cancel_amount": 3000, "currency": "KRW",
        "paid_at": 11, "failed_at": null, "cancelled_at": 13, "fail_reason": null, "pay_method": "card",
        "pg_provider": "nice", "pg_tid": "tid-1", "apply_num": "30001", "card_code": "366", "card_name": "신한카드",
        "card_number": "424242******4242", "card_quota": 3, "receipt_url": "https://pg.example/receipt",
        "custom_data": "{\"cart\":1}", "vbank_code": "088", "vbank_name": "신한은행", "vbank_num": "56210001",
        "vbank_holder": "(주)상점", "vbank_date": 21, "vbank_issued_at": 22, "created_at": NOW.0, "updated_at": NOW.0 + 60
    });
    assert_eq!(view, expected);
    contract::keeps("Payment", &view);
    // When an attempt has failed is no news of a payment that was made after it.
    for (status, failed_at) in
        [(PspStatus::Failed, json!(12)), (PspStatus::Paid, Value::Null), (PspStatus::Ready, Value::Null)]
    {
        let record = PaymentSnapshot { failed_at: Some(Timestamp(12)), status, ..everything() };
        assert_eq!(json_of(&payment(&charge_in(State::Paid, Some(record))))["failed_at"], failed_at, "{status:?}");
    }
}

/// Amounts go out digit by digit as they are, with as many decimals as their currency has.
#[test]
fn amounts_are_shown_exactly() {
    for (amount, back, written, given_back) in [
        (Money::krw(8_900), 1, "8900", "1"),
        (Money::new(1_230, Currency::Usd), 5, "12.30", "0.05"),
        (Money::new(9_007_199_254_740_991, Currency::Usd), 0, "90071992547409.91", "0.00"),
        (Money::krw(9_007_199_254_740_991), 0, "9007199254740991", "0"),
    ] {
        let order = Order { amount, ..order() };
        let record = PaymentSnapshot { amount, cancel_amount: back, ..record(PspStatus::Paid) };
        let row = Payment { record: Some(record), ..payment_by(Flow::Charge, order) };
        let text = serde_json::to_string(&payment(&row)).unwrap();
        assert!(text.contains(&format!("\"amount\":{written},\"cancel_amount\":{given_back},")), "{text}");
    }
}

#[test]
fn a_charge_is_answered_by_what_is_known_of_it() {
    for state in State::ALL {
        let answer = charged(&charge_in(state, Some(record(PspStatus::Paid))), &[]);
        match state {
            State::Paid | State::PartiallyRefunded | State::Refunded => assert_eq!(answer.unwrap().status(), 200),
            State::Failed => assert_eq!(answer.unwrap_err().status(), 402),
            _ => {
                let pending = answer.unwrap();
                assert_eq!(pending.status(), 202, "{state:?}");
                let headers = pending.into_response("id").headers().clone();
                assert_eq!(
                    (headers["location"].as_bytes(), headers["retry-after"].as_bytes()),
                    (&b"/charges/order_1"[..], &b"10"[..])
                );
            }
        }
    }
    for (code, status, named) in
        [(-1, 402, "card_declined"), (1, 502, "request_refused"), (0, 409, "billing_key_inactive")]
    {
        let failed = Payment { refusal: Some(refusal(code)), ..charge_in(State::Failed, None) };
        let problem = charged(&failed, &[]).unwrap_err();
        assert_eq!((problem.status(), problem.code()), (status, named));
        let told = body(&problem.into_reply("id"));
        assert_eq!((&told["merchant_uid"], &told["imp_uid"]), (&json!("order_1"), &Value::Null));
        assert_eq!(told["fail_reason"], json!("한도초과"));
    }
    let unsure = [Warning::PgUnlisted];
    for state in [State::Paid, State::Unknown] {
        let view = body(&charged(&charge_in(state, Some(record(PspStatus::Paid))), &unsure).unwrap());
        contract::keeps("RequestedPayment", &view);
        assert_eq!(view["warnings"][0]["code"], json!("pg_unlisted"));
    }
    let recorded = charged(&charge_in(State::Failed, Some(record(PspStatus::Failed))), &[]).unwrap_err();
    assert_eq!(body(&recorded.into_reply("id"))["imp_uid"], json!("imp_1"));
}

#[test]
fn a_customer_who_comes_back_from_a_window_is_told_what_is_known() {
    let row = payment_by(Flow::Checkout { open_until: RUNS_AT }, order());
    for state in State::ALL {
        let answer = completed(&Payment { state, record: Some(record(PspStatus::Ready)), ..row.clone() });
        let told = answer.map(|reply| (reply.status(), body(&reply)["state"].clone()));
        let told = told.map_err(|problem| (problem.status(), problem.code().to_owned()));
        let refused = |status, code: &str| Err((status, code.to_owned()));
        let expected = match state {
            State::Paid | State::PartiallyRefunded | State::Refunded => Ok((200, json!(state.name()))),
            State::Failed => refused(402, "payment_failed"),
            State::Expired => refused(409, "checkout_expired"),
            State::Revoked => refused(409, "checkout_withdrawn"),
            _ => Ok((202, json!(state.name()))),
        };
        assert_eq!(told, expected);
    }
    let failed = Payment { state: State::Failed, refusal: Some(refusal(-1)), ..row };
    let told = body(&completed(&failed).unwrap_err().into_reply("id"));
    assert_eq!((&told["merchant_uid"], &told["fail_reason"]), (&json!("order_1"), &json!("한도초과")));
}

fn key_in(state: KeyState, record: Option<KeySnapshot>) -> BillingKey {
    let claim = Claim::new(Purpose::Charge, nonce(), NOW, &Policy::default());
    let uid = CustomerUid::parse("key/1 길").unwrap();
    let row = BillingKey::issuing(uid, kim(), Fingerprint::of(&"key"), claim, NOW);
    BillingKey { state, record, refusal: Some(refusal(1)), ..row }
}

fn key_record() -> KeySnapshot {
    let text = |text: &str| Some(text.to_owned());
    KeySnapshot {
        customer_uid: "key/1 길".to_owned(),
        sandbox: false,
        pg_provider: text("nice"),
        pg_id: text("nictest"),
        card_name: text("신한카드"),
        card_code: text("366"),
        card_number: text("424242******4242"),
        card_type: text("0"),
        inserted: Some(Timestamp(31)),
        updated: Some(Timestamp(32)),
    }
}

#[test]
fn a_billing_key_shows_its_masked_card_and_why_it_is_still_there() {
    let row = key_in(KeyState::Active, Some(key_record()));
    let view = json_of(&billing_key(&row));
    let expected = json!({
        "customer_uid": "key/1 길", "customer_id": "kim", "status": "active", "pg_provider": "nice", "pg_id": "nictest",
        "card_name": "신한카드", "card_code": "366", "card_number": "424242******4242", "card_type": "0", "inserted": 31,
        "updated": 32, "created_at": NOW.0
    });
    assert_eq!(view, expected);
    let mut said = BTreeSet::new();
    for state in KeyState::ALL {
        let view = json_of(&billing_key(&key_in(state, None)));
        contract::keeps("BillingKey", &view);
        assert_eq!((&view["status"], &view["card_number"]), (&json!(state.name()), &Value::Null));
        // A card that was refused says so elsewhere.
        let refused = if state == KeyState::Deleting { json!("한도초과") } else { Value::Null };
        assert_eq!(view["deletion_refused"], refused, "{state:?}");
        said.insert(state.name().to_owned());
    }
    assert_eq!(said, contract::words("BillingKeyFields", "status"));
    assert_eq!(billing_key_path(&row.customer_uid), "/billing-keys/key%2F1%20%EA%B8%B8");
}

#[test]
fn a_page_says_where_the_next_one_begins() {
    assert_eq!(json_of(&page(vec![1, 2], Some("c".to_owned()))), json!({ "list": [1, 2], "next": "c" }));
    assert_eq!(json_of(&page(Vec::<u8>::new(), None)), json!({ "list": [], "next": null }));
}

#[test]
fn a_window_is_shown_with_what_it_is_for() {
    let row = payment_by(Flow::Checkout { open_until: RUNS_AT }, order());
    let code = |tier: Option<&str>| ImpCode { code: "imp12345678".to_owned(), tier: tier.map(str::to_owned) };
    let warnings = [Warning::PgUnlisted, Warning::BuyerTelMissing];
    let init = code(Some("t01"));
    let opening =
        WindowParameters { request_pay: Some(r#"{"amount":8900}"#.to_owned()), init: Some(&init), warnings: &warnings };
    let view = json_of(&checkout(&row, &opening));
    contract::keeps("Checkout", &view);
    assert_eq!((&view["merchant_uid"], &view["open_until"]), (&json!("order_1"), &json!(RUNS_AT.0)));
    assert_eq!(
        (&view["request_pay"], &view["init"]),
        (&json!({ "amount": 8900 }), &json!({ "code": "imp12345678", "tier": "t01" }))
    );
    let codes: Vec<&Value> = view["warnings"].as_array().unwrap().iter().map(|warning| &warning["code"]).collect();
    assert_eq!(codes, [&json!("pg_unlisted"), &json!("buyer_tel_missing")]);
    let bare = WindowParameters { request_pay: None, init: None, warnings: &[] };
    let view = json_of(&checkout(&row, &bare));
    contract::keeps("Checkout", &view);
    assert_eq!((&view["request_pay"], &view["init"], &view["warnings"]), (&Value::Null, &Value::Null, &json!([])));

    let window = KeyWindow {
        order: order(),
        window: Window { pg: None, pay_method: "card".to_owned(), options: Default::default() },
        open_until: RUNS_AT,
        charges: true,
    };
    let key =
        BillingKey::prepared(CustomerUid::parse("key1").unwrap(), kim(), Fingerprint::of(&"key"), window, nonce(), NOW);
    for charged in [None, Some(&row)] {
        let view = json_of(&prepared_key(&key, charged, &bare));
        contract::keeps("PreparedBillingKey", &view);
        assert_eq!((&view["customer_uid"], &view["status"]), (&json!("key1"), &json!("prepared")));
        assert_eq!((&view["charges"], &view["open_until"]), (&json!(charged.is_some()), &json!(RUNS_AT.0)));
        assert_eq!(view["payment"], charged.map_or(Value::Null, |row| json_of(&payment(row))));
    }
}

#[test]
fn a_withdrawn_checkout_says_whether_anybody_can_still_pay() {
    let row = payment_by(Flow::Checkout { open_until: RUNS_AT }, order());
    let account = |status| PaymentSnapshot { status, ..everything() };
    for (record, closed) in [
        (None, Value::Null),
        (Some(record(PspStatus::Ready)), Value::Null),
        (Some(account(PspStatus::Ready)), json!(false)),
        (Some(account(PspStatus::Cancelled)), json!(true)),
        (Some(account(PspStatus::Paid)), json!(true)),
    ] {
        let row = Payment { state: State::Revoked, withdrawn_at: Some(NOW.plus(9)), record, ..row.clone() };
        let view = json_of(&withdrawn(&row));
        contract::keeps("WithdrawnCheckout", &view);
        assert_eq!((&view["withdrawn_at"], &view["vbank_closed"]), (&json!(NOW.0 + 9), &closed));
    }
}
