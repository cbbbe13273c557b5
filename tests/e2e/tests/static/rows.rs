//! Rows as the storefront sees them: what the functions serialise is what openapi.yaml describes, in every state.

use std::collections::BTreeSet;

use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, CardCheck, KeySnapshot, KeyState};
use billing::order::{Details, Order};
use billing::payment::receipt::{Receipt, ReceiptPurpose, ReceiptSnapshot, ReceiptState, ReceiptWish};
use billing::payment::refund::{Origin, Refund, RefundState, tax::TaxParts};
use billing::payment::snapshot::RecordDetails;
use billing::payment::{Claim, Flow, Payment, PaymentSnapshot, PspStatus, Purpose, Refusal, ScheduleSnapshot, State};
use billing::subscription::{
    Attempt, Calendar, ClosedPeriod, Consent, Credit, Difference, Dunning, Ending, Fallback, Increase, Interval, Intro,
    NextPlan, Notice, NoticeDays, Periods, PlanId, Price, Proration, RefundPolicy, RunningIntro, RunningPlan,
    Subscription, SubscriptionId, SubscriptionState, TextDigest, Unit, UnusedDays, WithoutConsent,
};
use billing::usecase::{BilledPeriod, NextCharge, SubscriptionView};
use billing::{Currency, CustomerId, CustomerUid, ImpUid, KstDay, MerchantUid, Money, Nonce, Policy, Timestamp};
use e2e::contract::Contract;
use runtime::http::present;
use serde_json::Value;

const NOW: Timestamp = Timestamp(1_800_000_000);
const LATER: Timestamp = Timestamp(1_802_592_000);

fn claim(purpose: Purpose) -> Claim {
    Claim::new(purpose, Nonce::parse("0123456789abcdef0123456789abcdef").unwrap(), NOW, &Policy::default())
}

fn text(value: &str) -> Option<String> {
    Some(value.to_owned())
}

fn payment(flow: Flow, amount: Money) -> Payment {
    let order = Order {
        merchant_uid: MerchantUid::parse("order_monthly_0001").unwrap(),
        customer_uid: CustomerUid::parse("gildong_0001_1234").ok(),
        amount,
        name: "월간 이용권 정기결제".to_owned(),
        details: Details { custom_data: text("{\"cart\":11}"), ..Details::default() },
    };
    Payment::claimed(order, CustomerId::parse("kim").unwrap(), flow, NOW, claim(Purpose::Charge))
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
        details: RecordDetails {
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
            cash_receipt_issued: Some(true),
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

/// A cash receipt in every state, with and without what the PSP says.
fn receipts() -> Vec<Receipt> {
    let imp_uid = ImpUid::parse("imp_448280090638").unwrap();
    let wish = ReceiptWish::new(ReceiptPurpose::Person, None, "010-4242-4242").unwrap();
    let record = ReceiptSnapshot {
        imp_uid: imp_uid.clone(),
        amount: 8_900,
        vat: Some(809),
        apply_num: text("G123456789"),
        receipt_tid: text("tid"),
        receipt_url: text("https://npg.example/cash"),
        applied_at: Some(NOW),
        cancelled_at: Some(LATER),
    };
    let bare = Receipt::asked(imp_uid, wish, NOW);
    ReceiptState::ALL
        .into_iter()
        .flat_map(|state| {
            let known = Receipt { state, record: Some(record.clone()), wish: None, masked: None, ..bare.clone() };
            [Receipt { state, ..bare.clone() }, known]
        })
        .collect()
}

fn refund(state: RefundState) -> Refund {
    Refund {
        id: "r4b3f2a".to_owned(),
        imp_uid: ImpUid::parse("imp_448280090638").unwrap(),
        amount: 100,
        parts: TaxParts { tax_free: Some(40), vat_amount: Some(5) },
        checksum: 1_050,
        exponent: 0,
        reason: text("변심"),
        account: None,
        origin: Origin::Request,
        fingerprint: Fingerprint::of(&"refund"),
        state,
        refusal: None,
        requests: Vec::new(),
        posts: 1,
        requested_at: NOW,
    }
}

/// Every state as a charge and as a schedule, with and without what the PSP says.
fn payments() -> Vec<Payment> {
    let plans = [Flow::Charge, Flow::Schedule { schedule_at: LATER }, Flow::Checkout { open_until: LATER }];
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
            let refunds = [RefundState::Pending, RefundState::Done, RefundState::Refused].map(refund).to_vec();
            rows.push(Payment { refunds, ..bare.clone() });
            for receipt in receipts() {
                rows.push(Payment { receipt: Some(Box::new(receipt)), ..bare.clone() });
            }
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
    KeyState::ALL
        .into_iter()
        .flat_map(|state| {
            let bare = BillingKey { state, ..issuing.clone() };
            let refusal = Some(Refusal { code: -1, message: "카드사 응답 오류".to_owned() });
            let customer_uid = CustomerUid::parse(&format!("key{}", "0a".repeat(16))).unwrap();
            let check = CardCheck { amount: 100, buyer_name: None, buyer_email: None, buyer_tel: None };
            let checking = Some(Box::new(check));
            let checked = BillingKey { customer_uid, checking, ..bare.clone() };
            let recorded = BillingKey { record: Some(record.clone()), ..bare.clone() };
            [BillingKey { refusal, ..bare.clone() }, recorded, checked, bare]
        })
        .collect()
}

/// The fields of a value, and of what is in it.
fn named(value: &Value, fields: &mut BTreeSet<String>) {
    let parts =
        value.as_array().into_iter().flatten().chain(value.as_object().into_iter().flat_map(|map| map.values()));
    parts.for_each(|part| named(part, fields));
    fields.extend(value.as_object().into_iter().flat_map(|map| map.keys().cloned()));
}

/// Holds every row against the schema, its fields and the values that the schema lists, both ways.
fn check(schema: &str, rows: &[Value], lists: &[&str]) {
    let contract = Contract::read();
    let schema = contract.schema(schema);
    for row in rows {
        assert_eq!(contract.errors(schema, row), Vec::<String>::new(), "{row}");
    }
    let mut shown = BTreeSet::new();
    rows.iter().for_each(|row| named(row, &mut shown));
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
fn whatever_a_receipt_comes_to_is_an_answer_of_the_contract() {
    let contract = Contract::read();
    let flow = || payment(Flow::Checkout { open_until: LATER }, Money::krw(8_900));
    let mut statuses = BTreeSet::new();
    for receipt in receipts() {
        let row = Payment { receipt: Some(Box::new(receipt)), ..flow() };
        let (reply, kind) = match present::receipt::answered(&row) {
            Ok(reply) => (reply, "application/json"),
            Err(problem) => (problem.into_reply("TxEvent001IcAAAA="), "application/problem+json"),
        };
        let body = serde_json::from_str(reply.body()).expect("JSON");
        let schema = if kind == "application/json" { "RequestedReceipt" } else { "Problem" };
        assert_eq!(contract.errors(contract.schema(schema), &body), Vec::<String>::new(), "{body}");
        statuses.insert(reply.status());
    }
    assert_eq!(statuses, BTreeSet::from([200, 202, 409]));
}

#[test]
fn withdrawn_checkouts_are_shown_as_described() {
    let checkouts = payments().into_iter().filter(|row| row.open_until().is_some());
    let shown: Vec<Value> = checkouts
        .map(|row| Payment { withdrawn_at: Some(NOW), ..row })
        .map(|row| serde_json::to_value(present::window::withdrawn(&row)).expect("JSON"))
        .collect();
    let contract = Contract::read();
    for body in &shown {
        assert_eq!(contract.errors(contract.schema("WithdrawnCheckout"), body), Vec::<String>::new(), "{body}");
    }
    let closed: BTreeSet<String> = shown.iter().map(|body| body["vbank_closed"].to_string()).collect();
    assert_eq!(closed, BTreeSet::from(["null".to_owned(), "true".to_owned()]));
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
        let (reply, kind) = match present::charged(&row, &[]) {
            Ok(reply) => (reply, "application/json"),
            Err(problem) => (problem.into_reply("TxEvent001IcAAAA="), "application/problem+json"),
        };
        let body = serde_json::from_str(reply.body()).expect("JSON");
        assert_eq!(operation.answer_errors(reply.status(), kind, Some(&body)), Vec::<String>::new(), "{body}");
        statuses.insert(reply.status());
    }
    assert_eq!(statuses, BTreeSet::from([200, 202, 402, 502]));
}

/// A subscription as it stands in every state, with everything that it can have and with nothing that it need not.
fn subscriptions() -> Vec<SubscriptionView> {
    let plan = |won| Price::new("월간 이용권".to_owned(), Money::krw(won), Details::default()).unwrap();
    let interval = |unit| Interval::new(unit, 1).unwrap();
    let monthly = Periods::new(KstDay::of(NOW), Some(31), interval(Unit::Month), 10).unwrap();
    let weekly = Periods::new(KstDay::of(NOW), None, interval(Unit::Week), 10).unwrap();
    let id = SubscriptionId::parse("sub00112233445566778899aabbcc").unwrap();
    let row = Subscription {
        id: id.clone(),
        customer_id: CustomerId::parse("kim").unwrap(),
        customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
        plan_id: PlanId::parse("monthly").unwrap(),
        calendar: Calendar::new(monthly),
        periods_max: Some(12),
        price: plan(8_900),
        plan_since: 0,
        introduced: Vec::new(),
        adjustment: 100,
        carried: vec![(0, 100)],
        running: Some(Money::krw(8_900)),
        next_plan: Some(NextPlan {
            id: PlanId::parse("weekly").unwrap(),
            price: plan(900),
            interval: interval(Unit::Week),
            with_next_attempt: false,
        }),
        running_plan: Some(RunningPlan {
            id: PlanId::parse("basic").unwrap(),
            name: "기본 이용권".to_owned(),
            amount: Money::krw(4_900),
            intro: Some(Box::new(RunningIntro {
                intro: Intro { amount: 900, periods: 2, tax_free: None, vat_amount: None },
                since: 0,
            })),
        }),
        upgrade: None,
        differences: vec![Difference { attempt: Attempt { period: 0, number: 1_000 }, kept: true }],
        credits: vec![Credit { attempt: Attempt { period: 0, number: 0 }, amount: 900 }],
        fallback_cards: true,
        fallbacks: vec![Fallback {
            customer_uid: CustomerUid::parse("gildong_0001_1234").unwrap(),
            since: Attempt { period: 0, number: 0 },
            until: None,
        }],
        dunning: Dunning::default(),
        state: SubscriptionState::Active,
        ending: None,
        agreed: Some(Money::krw(8_900)),
        consents: vec![Consent {
            by: CustomerId::parse("kim").unwrap(),
            at: NOW,
            increase: Increase::IntroEnd,
            price: Money::krw(8_900),
            interval: Interval::new(Unit::Month, 1).ok(),
            from: LATER,
            text: TextDigest::parse(&"0a".repeat(32)).unwrap(),
        }],
        asked: None,
        without_consent: WithoutConsent::OldPrice,
        notice_days: NoticeDays::new(14).unwrap(),
        last_notice: Some(Notice {
            period: 2,
            amount: Money::krw(8_900),
            at: Timestamp(1_795_478_400),
            ends_trial: true,
        }),
        ended_without_consent: true,
        offer: None,
        old_plan: None,
        refund: RefundPolicy::Unused,
        unused: Some(vec![UnusedDays { period: 0, days_left: 10, days: 31, amount: 2_871 }]),
        ended_by_merchant: false,
        attempt: Attempt { period: 1, number: 0 },
        attempt_at: LATER,
        declines: 0,
        closed_periods: vec![ClosedPeriod { attempts: 1, paid: Some(0) }],
        access_until: Some(LATER),
        trial_until: Some(NOW),
        metadata: [("channel".to_owned(), "app".to_owned())].into(),
        fingerprint: Fingerprint::of(&"request"),
        version: 1,
        writer: Nonce::parse("0123456789abcdef0123456789abcdef").unwrap(),
        looks: 0,
        due_at: Some(LATER),
        created_at: NOW,
        updated_at: NOW,
    };
    let bare = Subscription {
        calendar: Calendar::new(weekly),
        periods_max: None,
        next_plan: None,
        running_plan: None,
        agreed: None,
        consents: Vec::new(),
        without_consent: WithoutConsent::End,
        notice_days: NoticeDays::default(),
        last_notice: None,
        ended_without_consent: false,
        refund: RefundPolicy::None,
        unused: None,
        differences: Vec::new(),
        credits: Vec::new(),
        fallback_cards: false,
        fallbacks: Vec::new(),
        access_until: None,
        trial_until: None,
        metadata: [].into(),
        ..row.clone()
    };
    let endings = [None, Some((Ending::AtPeriodEnd, NOW)), Some((Ending::Now, NOW))];
    let attempts: Vec<Payment> = payments()
        .into_iter()
        .map(|mut payment| {
            // A charge of a difference is shown as one.
            let number = if payment.record.is_some() { 1_000 } else { 0 };
            payment.order.merchant_uid = Attempt { period: 0, number }.merchant_uid(&id).unwrap();
            payment
        })
        .collect();
    let mut views = Vec::new();
    for (state, ending) in SubscriptionState::ALL.into_iter().flat_map(|state| endings.map(|ending| (state, ending))) {
        for row in [&row, &bare] {
            let row = Subscription { state, ending, ..row.clone() };
            let next_charge = NextCharge {
                merchant_uid: row.order().unwrap().merchant_uid,
                attempt: row.attempt,
                amount: row.price.amount,
                parts: row.cost_of_next().parts().to_vec(),
                at: row.attempt_at,
            };
            let (current, access_until) = (row.calendar.period(0), row.access_until);
            let nothing = SubscriptionView {
                state: row.state,
                customer_uid: row.customer_uid.clone(),
                has_no_card: row.state == SubscriptionState::PastDue,
                plans: row.plans(NOW),
                current: None,
                access_until,
                next_charge: None,
                is_due: false,
                ask: row.ask(NOW),
                ask_beside: row.ask(NOW),
                row,
                is_open: false,
                warnings: Vec::new(),
                payments: Vec::new(),
            };
            views.push(SubscriptionView {
                current,
                next_charge: Some(next_charge),
                payments: attempts.clone(),
                ..nothing.clone()
            });
            views.push(nothing);
        }
    }
    views
}

#[test]
fn subscriptions_are_shown_as_described() {
    let contract = Contract::read();
    let operation = contract.operation("PATCH /subscriptions/{id}");
    let holds = |schema: &str, shown: &Value| {
        assert_eq!(contract.errors(contract.schema(schema), shown), Vec::<String>::new(), "{shown}");
    };
    let (mut states, mut statuses) = (BTreeSet::new(), BTreeSet::new());
    for view in subscriptions() {
        let shown = serde_json::to_value(present::subscription::subscription(&view)).expect("JSON");
        holds("Subscription", &shown);
        states.extend(shown["state"].as_str().map(str::to_owned));
        holds("Subscription", &serde_json::to_value(present::subscription::outline(&view)).expect("JSON"));
        for amount in [2_450, -300, 0] {
            let charged = u64::try_from(amount).unwrap_or(0);
            let proration = Proration { amount, charged, days_left: 15, days: 30 };
            let reply = present::subscription::changed(200, &view, Some(proration));
            let body: Value = serde_json::from_str(reply.body()).expect("JSON");
            assert_eq!(
                (&body["proration"]["amount"], &body["proration"]["charged"]),
                (&amount.into(), &charged.into())
            );
            let errors = operation.answer_errors(reply.status(), "application/json", Some(&body));
            assert_eq!(errors, Vec::<String>::new(), "{body}");
            statuses.insert(reply.status());
        }
        let consents = serde_json::to_value(present::consent::consents(&view.row)).expect("JSON");
        holds("ConsentList", &consents);
        let period = view.row.calendar.period(0).expect("a period");
        let on_fallback = view.payments.iter().map(|payment| payment.merchant_uid().clone()).collect();
        let instalment = BilledPeriod { period, paid: true, payments: view.payments.clone(), on_fallback };
        let list = present::page(vec![present::subscription::instalment(&instalment)], None);
        holds("PeriodList", &serde_json::to_value(list).expect("JSON"));
    }
    assert_eq!(states, contract.listed(contract.schema("SubscriptionState")));
    assert_eq!(statuses, BTreeSet::from([200, 202]));
}
