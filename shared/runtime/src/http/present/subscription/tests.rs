//! Subscriptions as they are shown, with every part that one may have and without it.

use billing::fingerprint::Fingerprint;
use billing::order::{Details, Order};
use billing::payment::{Flow, PaymentSnapshot, PspStatus, State};
use billing::subscription::{
    Ask, Attempt, Calendar, ClosedPeriod, Consent, Credit, Ending, GiveUp, Increase, NoticeDays, Periods, PlanId,
    Plans, Price, Reason, RefundPolicy, SubscriptionId, SubscriptionState, TextDigest, Unit, WithoutConsent,
};
use billing::usecase::NextCharge;
use billing::{Currency, CustomerUid, KstDay, MerchantUid, Nonce};
use serde_json::{Value, json};

use super::*;
use crate::http::present::tests::{NOW, contract, kim, payment_by, record, refusal};

const ID: &str = "sub0123456789abcdef0123456789";

fn attempt_of(period: u32, number: u32) -> Attempt {
    Attempt { period, number }
}

fn uid(attempt: Attempt) -> MerchantUid {
    attempt.merchant_uid(&SubscriptionId::parse(ID).unwrap()).unwrap()
}

fn key(name: &str) -> CustomerUid {
    CustomerUid::parse(name).unwrap()
}

fn monthly() -> Interval {
    Interval::new(Unit::Month, 1).unwrap()
}

/// A payment of that attempt.
fn paid_by(attempt: Attempt, amount: Money, state: State, record: Option<PaymentSnapshot>) -> Payment {
    let order = Order {
        merchant_uid: uid(attempt),
        customer_uid: Some(key("key1")),
        amount,
        name: "월간 이용권".to_owned(),
        details: Details::default(),
    };
    Payment { state, record, ..payment_by(Flow::Charge, order) }
}

/// A subscription in dollars that was just begun.
fn row() -> Subscription {
    let amount = Money::new(1_250, Currency::Usd);
    let periods = Periods::new(KstDay::of(NOW), Some(24), monthly(), 9).unwrap();
    Subscription {
        id: SubscriptionId::parse(ID).unwrap(),
        customer_id: kim(),
        customer_uid: key("key1"),
        plan_id: PlanId::parse("pro").unwrap(),
        calendar: Calendar::new(periods),
        periods_max: None,
        price: Price::new("Pass".to_owned(), amount, Details::default()).unwrap(),
        plan_since: 0,
        introduced: Vec::new(),
        adjustment: 0,
        carried: Vec::new(),
        running: None,
        next_plan: None,
        running_plan: None,
        upgrade: None,
        differences: Vec::new(),
        credits: Vec::new(),
        fallback_cards: false,
        fallbacks: Vec::new(),
        dunning: Dunning::new(vec![2, 5], GiveUp::Unpaid).unwrap(),
        state: SubscriptionState::Active,
        ending: None,
        agreed: None,
        consents: Vec::new(),
        asked: None,
        without_consent: WithoutConsent::End,
        ended_without_consent: false,
        offer: None,
        notice_days: NoticeDays::default(),
        last_notice: None,
        old_plan: None,
        refund: RefundPolicy::None,
        unused: None,
        ended_by_merchant: false,
        attempt: attempt_of(0, 0),
        attempt_at: NOW,
        declines: 0,
        closed_periods: Vec::<ClosedPeriod>::new(),
        access_until: None,
        trial_until: None,
        metadata: BTreeMap::new(),
        fingerprint: Fingerprint::of(&"subscription"),
        version: 1,
        writer: Nonce::parse(&"0".repeat(32)).unwrap(),
        looks: 0,
        due_at: None,
        created_at: NOW,
        updated_at: NOW.plus(7),
    }
}

fn seen(row: Subscription) -> Seen {
    Seen {
        state: row.state,
        customer_uid: row.customer_uid.clone(),
        has_no_card: false,
        plans: Plans { running: (running("pro", 1_250), Some(monthly())), next: None },
        current: None,
        access_until: None,
        next_charge: None,
        payments: Vec::new(),
        is_due: false,
        ask: None,
        ask_beside: None,
        is_open: false,
        warnings: Vec::new(),
        row,
    }
}

fn running(id: &str, minor: u64) -> RunningPlan {
    RunningPlan {
        id: PlanId::parse(id).unwrap(),
        name: id.to_uppercase(),
        amount: Money::new(minor, Currency::Usd),
        intro: None,
    }
}

fn json_of(view: &impl Serialize) -> Value {
    let value = serde_json::from_str(&serde_json::to_string(view).unwrap()).unwrap();
    contract::keeps("Subscription", &value);
    value
}

#[test]
fn a_subscription_of_which_nothing_has_happened_yet_is_shown_whole() {
    let view = json_of(&outline(&seen(row())));
    let anchor = row().calendar.latest().and_then(Periods::anchor_day);
    let expected = json!({
        "id": ID, "customer_id": "kim", "customer_uid": "key1", "card_problem": null, "fallback_cards": false,
        "state": "active",
        "plan": {
            "id": "pro", "name": "PRO", "amount": 12.5, "currency": "USD", "interval": "month", "interval_count": 1,
            "retry_days": [2, 5], "give_up": "unpaid", "refund": "none", "without_consent": "end",
            "notice_days": 7
        },
        "anchor_day": anchor, "due_hour": 9, "periods": null, "current_period": null, "access_until": null,
        "trial_until": null, "next_charge": null, "cancel": null, "metadata": {}, "created_at": NOW.0,
        "updated_at": NOW.0 + 7
    });
    assert_eq!(view, expected);
    let mut with_attempts = expected;
    with_attempts["attempts"] = json!([]);
    assert_eq!(json_of(&subscription(&seen(row()))), with_attempts);
}

#[test]
fn every_part_that_a_subscription_may_have_is_shown() {
    let now = row();
    let period = now.calendar.period(0).unwrap();
    let whole = Subscription {
        periods_max: Some(12),
        fallback_cards: true,
        ending: Some((Ending::AtPeriodEnd, NOW.plus(3))),
        trial_until: Some(NOW.plus(4)),
        adjustment: -300,
        metadata: BTreeMap::from([("source".to_owned(), "app".to_owned())]),
        ..now
    };
    let next = NextCharge {
        merchant_uid: uid(attempt_of(1, 0)),
        attempt: attempt_of(1, 0),
        amount: Money::new(950, Currency::Usd),
        parts: vec![Part { reason: Reason::Plan, amount: 1_250 }, Part { reason: Reason::Credit, amount: -300 }],
        at: NOW.plus(6),
    };
    let seen = Seen {
        customer_uid: key("key2"),
        has_no_card: true,
        state: SubscriptionState::PastDue,
        plans: Plans {
            running: (running("pro", 1_250), Some(monthly())),
            next: Some((running("basic", 500), Interval::new(Unit::Week, 2).ok(), Some(NOW.plus(9)))),
        },
        current: Some(period),
        access_until: Some(NOW.plus(5)),
        next_charge: Some(next),
        ..seen(whole)
    };
    let view = json_of(&outline(&seen));
    let parts = json!({
        "customer_uid": view["customer_uid"], "card_problem": view["card_problem"], "state": view["state"],
        "fallback_cards": view["fallback_cards"], "next_plan": view["next_plan"], "periods": view["periods"],
        "current_period": view["current_period"], "access_until": view["access_until"],
        "trial_until": view["trial_until"], "next_charge": view["next_charge"], "cancel": view["cancel"],
        "credit": view["credit"], "metadata": view["metadata"]
    });
    let expected = json!({
        "customer_uid": "key2", "card_problem": "billing_key_inactive", "state": "past_due", "fallback_cards": true,
        "next_plan": {
            "id": "basic", "name": "BASIC", "amount": 5.0, "currency": "USD", "interval": "week", "interval_count": 2,
            "begins_at": NOW.0 + 9
        },
        "periods": 12,
        "current_period": { "number": 0, "starts_at": period.starts.start().0, "ends_at": period.ends.start().0 },
        "access_until": NOW.0 + 5, "trial_until": NOW.0 + 4,
        "next_charge": {
            "merchant_uid": format!("{ID}p1t0"), "period": 1, "attempt": 0, "amount": 9.5, "currency": "USD",
            "parts": [{ "reason": "plan", "amount": 12.5 }, { "reason": "credit", "amount": -3.0 }], "at": NOW.0 + 6
        },
        "cancel": { "at": "period_end", "requested_at": NOW.0 + 3 },
        "credit": { "next_charge": 3.0, "given_back": 0.0 }, "metadata": { "source": "app" }
    });
    assert_eq!(parts, expected);
    for state in SubscriptionState::ALL {
        assert_eq!(json_of(&outline(&Seen { state, ..seen.clone() }))["state"], json!(state.name()));
    }
}

/// A credit is what a cheaper plan has left over: what lowers the next charge, and what went back; never what raises one.
#[test]
fn a_credit_is_shown_while_there_is_one() {
    for (adjustment, given_back, shown) in [
        (0, vec![], None),
        (300, vec![], None),
        (0, vec![0], None),
        (-1, vec![], Some((r#""0.01""#, r#""0.00""#))),
        (-300, vec![], Some((r#""3.00""#, r#""0.00""#))),
        (0, vec![1], Some((r#""0.00""#, r#""0.01""#))),
        (300, vec![100, 25], Some((r#""0.00""#, r#""1.25""#))),
        (-300, vec![100, 25], Some((r#""3.00""#, r#""1.25""#))),
    ] {
        let credits = given_back.iter().map(|amount| Credit { attempt: attempt_of(0, 0), amount: *amount });
        let row = Subscription { adjustment, credits: credits.collect(), ..row() };
        let text = serde_json::to_string(&outline(&seen(row))).unwrap();
        let expected = shown.map(|(next, back)| {
            format!(
                "\"credit\":{{\"next_charge\":{},\"given_back\":{}}}",
                next.trim_matches('"'),
                back.trim_matches('"')
            )
        });
        match expected {
            Some(expected) => assert!(text.contains(&expected), "{adjustment} {given_back:?}: {text}"),
            None => assert!(!text.contains("\"credit\""), "{adjustment} {given_back:?}: {text}"),
        }
    }
}

#[test]
fn each_attempt_is_shown_in_short() {
    let dollars = |minor| Money::new(minor, Currency::Usd);
    let mut paid = PaymentSnapshot {
        amount: dollars(1_250),
        cancel_amount: 205,
        paid_at: Some(NOW.plus(1)),
        ..record(PspStatus::Paid)
    };
    paid.details.card_name = Some("신한카드".to_owned());
    paid.details.card_number = Some("424242******4242".to_owned());
    paid.details.receipt_url = Some("https://pg.example/receipt".to_owned());
    let declined = paid_by(attempt_of(1, 0), dollars(1_250), State::Failed, None);
    let payments = vec![
        Payment { refusal: Some(refusal(-1)), ..declined },
        paid_by(attempt_of(1, 1), dollars(1_250), State::PartiallyRefunded, Some(paid)),
        paid_by(attempt_of(1, 1_000), dollars(300), State::Claimed, None),
        // A payment that is no subscription's is none of its attempts.
        Payment {
            order: Order { merchant_uid: MerchantUid::parse("order_1").unwrap(), ..row().order().unwrap() },
            ..paid_by(attempt_of(1, 2), dollars(1), State::Paid, None)
        },
    ];
    let fallback = billing::subscription::Fallback {
        customer_uid: key("key1"),
        since: attempt_of(1, 1),
        until: Some(attempt_of(1, 2)),
    };
    let row = Subscription { fallbacks: vec![fallback], ..row() };
    let period = row.calendar.period(1).unwrap();
    let view = json_of(&subscription(&Seen { payments: payments.clone(), ..seen(row) }));
    let expected = json!([
        {
            "merchant_uid": format!("{ID}p1t0"), "period": 1, "attempt": 0, "charges": "period", "imp_uid": null,
            "customer_uid": "key1", "fallback": false, "status": "failed", "state": "failed", "amount": 12.5,
            "cancel_amount": null, "currency": "USD", "at": NOW.0, "paid_at": null, "fail_reason": "한도초과",
            "card_name": null, "card_number": null, "receipt_url": null
        },
        {
            "merchant_uid": format!("{ID}p1t1"), "period": 1, "attempt": 1, "charges": "period", "imp_uid": "imp_1",
            "customer_uid": "key1", "fallback": true, "status": "paid", "state": "partially_refunded", "amount": 12.5,
            "cancel_amount": 2.05, "currency": "USD", "at": NOW.0, "paid_at": NOW.0 + 1, "fail_reason": null,
            "card_name": "신한카드", "card_number": "424242******4242", "receipt_url": "https://pg.example/receipt"
        },
        {
            "merchant_uid": format!("{ID}p1t1000"), "period": 1, "attempt": 1000, "charges": "difference",
            "imp_uid": null, "customer_uid": "key1", "fallback": false, "status": "pending", "state": "claimed",
            "amount": 3.0, "cancel_amount": null, "currency": "USD", "at": NOW.0, "paid_at": null, "fail_reason": null,
            "card_name": null, "card_number": null, "receipt_url": null
        }
    ]);
    assert_eq!(view["attempts"], expected);

    let billed = BilledPeriod { period, paid: true, on_fallback: vec![uid(attempt_of(1, 1))], payments };
    let view: Value = serde_json::from_str(&serde_json::to_string(&instalment(&billed)).unwrap()).unwrap();
    assert_eq!(view["attempts"], expected);
    assert_eq!((&view["number"], &view["paid"], &view["due_at"]), (&json!(1), &json!(true), &json!(period.due_at.0)));
    assert_eq!(view["starts_at"], json!(period.starts.start().0));
    assert_eq!(view["ends_at"], json!(period.ends.start().0));
}

/// When an attempt is to be made is its schedule's time, where it has one.
#[test]
fn an_attempt_that_is_scheduled_is_made_at_its_time() {
    let order = paid_by(attempt_of(1, 0), Money::krw(1), State::Scheduled, None).order;
    let scheduled = payment_by(Flow::Schedule { schedule_at: NOW.plus(99) }, order);
    let view = json_of(&subscription(&Seen { payments: vec![scheduled], ..seen(row()) }));
    assert_eq!(view["attempts"][0]["at"], json!(NOW.0 + 99));
}

#[test]
fn a_change_is_answered_at_once_or_as_under_way() {
    let done = changed(201, &seen(row()), None);
    assert_eq!(done.status(), 201);
    assert_eq!(serde_json::from_str::<Value>(done.body()).unwrap(), json_of(&subscription(&seen(row()))));
    let ending = Subscription { ending: Some((Ending::Now, NOW)), ..row() };
    for (row, word) in [(row(), "pending"), (ending, "cancellation_pending")] {
        let reply = changed(200, &Seen { is_open: true, ..seen(row) }, None);
        let body: Value = serde_json::from_str(reply.body()).unwrap();
        contract::keeps("Subscription", &body);
        assert_eq!((reply.status(), &body["pending"]), (202, &json!(word)));
        let headers = reply.into_response("id").headers().clone();
        assert_eq!(headers["location"], format!("/subscriptions/{ID}"));
        assert_eq!(headers["retry-after"], "10");
    }
}

#[test]
fn what_a_change_costs_is_shown_exactly_and_with_its_sign() {
    for (amount, charged, written) in [
        (0, 0, r#"{"amount":0.00,"charged":0.00,"days_left":3,"days":30}"#),
        (1, 1, r#"{"amount":0.01,"charged":0.01,"days_left":3,"days":30}"#),
        (-1, 0, r#"{"amount":-0.01,"charged":0.00,"days_left":3,"days":30}"#),
        (1_250, 950, r#"{"amount":12.50,"charged":9.50,"days_left":3,"days":30}"#),
        (-1_250, 0, r#"{"amount":-12.50,"charged":0.00,"days_left":3,"days":30}"#),
    ] {
        let reply = changed(200, &seen(row()), Some(Proration { amount, charged, days_left: 3, days: 30 }));
        assert!(reply.body().contains(&format!("\"proration\":{written}")), "{}", reply.body());
        contract::keeps("Subscription", &serde_json::from_str(reply.body()).unwrap());
    }
}

/// What is asked, and what was agreed to: the price with the length that it is for. Consents of the version before have none.
#[test]
fn a_price_that_is_agreed_to_is_shown_with_its_length() {
    for (interval, length) in [(Some(monthly()), json!(["month", 1])), (None, json!([null, null]))] {
        let increase = Increase::TrialEnd;
        let (price, from) = (Money::krw(8_900), NOW.plus(60));
        let asked = Ask { increase, price, interval, from, opens_at: NOW, given: true };
        let view = json_of(&outline(&Seen { ask: Some(asked), ..seen(row()) }));
        let text = TextDigest::parse(&"0a".repeat(32)).unwrap();
        let consent = Consent { by: kim(), at: NOW, increase, price, interval, from, text };
        let row = Subscription { consents: vec![consent], ..row() };
        let given = serde_json::to_value(crate::http::present::consent::consents(&row)).unwrap();
        contract::keeps("ConsentList", &given);
        for shown in [&view["consent"], &given["list"][0]] {
            assert_eq!(json!([shown["interval"], shown["interval_count"]]), length);
            assert_eq!((&shown["reason"], &shown["from"]), (&json!("trial_end"), &json!(from.0)));
        }
        assert_eq!(given["list"][0]["customer_id"], "kim");
    }
}
