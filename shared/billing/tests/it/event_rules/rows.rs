//! Rows that nobody chose: every state with every record, whether a use case makes that or not. What must never be told has a word
//! of its own in them.

use std::collections::BTreeMap;

use billing::checkout::{KeyWindow, Options, Window};
use billing::event::Row;
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, KeySnapshot, KeyState};
use billing::order::{Details, Order};
use billing::payment::refund::Origin;
use billing::payment::snapshot::{CancelEntry, RecordDetails};
use billing::payment::{
    Claim, Flow, Payment, PaymentSnapshot, PspStatus, Purpose, Refund, RefundAccount, RefundState, Refusal, Source,
    State, Step, TaxParts,
};
use billing::report::{Counts, Report};
use billing::subscription::{
    Asked, Attempt, Calendar, ClosedPeriod, Dunning, Ending, Interval, NextPlan, Notice, NoticeDays, Offer, Periods,
    PlanId, Price, RunningPlan, Subscription, SubscriptionId, SubscriptionState, Unit,
};
use billing::{Currency, CustomerId, CustomerUid, ImpUid, KstDay, MerchantUid, Money, Nonce, Policy, Timestamp};
use proptest::option::of;
use proptest::prelude::*;
use proptest::sample::select;

use crate::fixture::START;

/// Stands in every field that no event may show: names, addresses, cards, accounts, the PSP's words, the storefront's own data.
pub(super) const CANARY: &str = "canary";
const SUBSCRIPTION: &str = "sub0123456789abcdef0123456789";

fn canary() -> Option<String> {
    Some(format!("{CANARY}-홍길동"))
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0_i64..4).prop_map(|days| START.plus(days * 86_400 + days))
}

fn nonce() -> Nonce {
    Nonce::parse("0f").unwrap()
}

fn money() -> impl Strategy<Value = Money> {
    (select(vec![1_000_u64, 8_900, 19_999]), select(vec![Currency::Krw, Currency::Usd]))
        .prop_map(|(minor, currency)| Money::new(minor, currency))
}

fn key_uid() -> impl Strategy<Value = CustomerUid> {
    select(vec!["key1", "key2"]).prop_map(|uid| CustomerUid::parse(uid).unwrap())
}

fn imp_uid() -> impl Strategy<Value = ImpUid> {
    select(vec!["imp_1", "imp_2"]).prop_map(|uid| ImpUid::parse(uid).unwrap())
}

fn details() -> Details {
    Details {
        buyer_name: canary(),
        buyer_email: canary(),
        buyer_tel: canary(),
        buyer_addr: canary(),
        buyer_postcode: canary(),
        custom_data: canary(),
        browser_ip: canary(),
        promotion_id: canary(),
        ..Details::default()
    }
}

fn refund() -> impl Strategy<Value = Refund> {
    let states = vec![RefundState::Pending, RefundState::Done, RefundState::Refused];
    let origins = vec![Origin::Request, Origin::DoublePaid, Origin::LatePaid, Origin::Unwanted, Origin::Difference];
    (0_u8..4, imp_uid(), 1_u64..1_000, select(states), select(origins)).prop_map(
        |(id, imp_uid, amount, state, origin)| Refund {
            id: format!("r{id}"),
            imp_uid,
            amount,
            parts: TaxParts::default(),
            checksum: amount,
            exponent: 0,
            reason: canary(),
            account: Some(RefundAccount {
                holder: CANARY.to_owned(),
                bank: CANARY.to_owned(),
                account: CANARY.to_owned(),
                tel: canary(),
            }),
            origin,
            fingerprint: Fingerprint::of(&CANARY),
            state,
            refusal: Some(Refusal { code: -1, message: CANARY.to_owned() }),
            requests: Vec::new(),
            posts: 0,
            requested_at: START,
        },
    )
}

fn record(order: Order) -> impl Strategy<Value = PaymentSnapshot> {
    let statuses = vec![PspStatus::Ready, PspStatus::Paid, PspStatus::Cancelled, PspStatus::Failed, PspStatus::Unknown];
    (imp_uid(), select(statuses), 0_u64..=1_000, any::<bool>(), of(time())).prop_map(
        move |(imp_uid, status, cancel_amount, account, at)| PaymentSnapshot {
            imp_uid,
            merchant_uid: order.merchant_uid.to_string(),
            status,
            amount: order.amount,
            cancel_amount,
            customer_uid: None,
            sandbox: false,
            paid_at: at,
            failed_at: at,
            cancelled_at: at,
            fail_reason: canary(),
            cancel_history: vec![CancelEntry {
                amount: cancel_amount,
                cancelled_at: at,
                reason: canary(),
                pg_tid: canary(),
                receipt_url: canary(),
            }],
            details: RecordDetails {
                apply_num: canary(),
                card_code: canary(),
                card_name: canary(),
                card_number: canary(),
                pg_tid: canary(),
                receipt_url: canary(),
                vbank_name: canary(),
                vbank_holder: canary(),
                vbank_num: canary().filter(|_| account),
                vbank_date: at,
                ..RecordDetails::default()
            },
        },
    )
}

fn flow() -> impl Strategy<Value = Flow> {
    prop_oneof![
        Just(Flow::Charge),
        time().prop_map(|schedule_at| Flow::Schedule { schedule_at }),
        time().prop_map(|open_until| Flow::Checkout { open_until }),
    ]
}

/// A payment with this number.
pub(super) fn payment(merchant_uid: &'static str) -> impl Strategy<Value = Payment> {
    let order = (money(), of(key_uid())).prop_map(move |(amount, customer_uid)| Order {
        merchant_uid: MerchantUid::parse(merchant_uid).unwrap(),
        customer_uid,
        amount,
        name: CANARY.to_owned(),
        details: details(),
    });
    let with_record = order.prop_flat_map(|order| (Just(order.clone()), of(record(order))));
    let refunds = proptest::collection::vec(refund(), 0..3);
    let parts = (with_record, flow(), select(State::ALL.to_vec()), refunds, 1_u64..5, any::<bool>());
    parts.prop_map(|((order, record), flow, state, refunds, version, refused)| {
        let claim = Claim::new(Purpose::Charge, nonce(), START, &Policy::default());
        let customer = CustomerId::parse("kim").unwrap();
        let reachable = match state {
            // No row says paid without the PSP's record (`Payment::check`).
            State::Paid | State::PartiallyRefunded | State::Refunded => record.is_some(),
            State::Scheduled => matches!(flow, Flow::Schedule { .. }),
            State::Awaiting | State::Expired => matches!(flow, Flow::Checkout { .. }),
            _ => true,
        };
        let state = if reachable { state } else { State::Failed };
        Payment {
            window: matches!(flow, Flow::Checkout { .. }).then(|| Box::new(window())),
            state,
            version,
            record,
            refunds,
            refusal: refused.then(|| Refusal { code: -1, message: CANARY.to_owned() }),
            log: vec![Step { at: START, from: State::Claimed, to: state, by: Source::Reply }],
            updated_at: START.plus(i64::try_from(version).unwrap()),
            ..Payment::claimed(order, customer, flow, START, claim)
        }
    })
}

fn window() -> Window {
    Window { pg: canary(), pay_method: "vbank".to_owned(), options: Options::default() }
}

/// A billing key.
pub(super) fn key() -> impl Strategy<Value = BillingKey> {
    (select(KeyState::ALL.to_vec()), of(key_uid()), 1_u64..5).prop_map(|(state, successor, version)| {
        let uid = CustomerUid::parse("key1").unwrap();
        let customer = CustomerId::parse("kim").unwrap();
        let order = Order {
            merchant_uid: MerchantUid::parse("order_1").unwrap(),
            customer_uid: None,
            amount: Money::krw(100),
            name: CANARY.to_owned(),
            details: details(),
        };
        let window = KeyWindow { order, window: window(), open_until: START, charges: false };
        let record = KeySnapshot {
            customer_uid: uid.to_string(),
            sandbox: false,
            pg_provider: canary(),
            pg_id: canary(),
            card_name: canary(),
            card_code: canary(),
            card_number: canary(),
            card_type: canary(),
            inserted: None,
            updated: None,
        };
        BillingKey {
            state,
            successor,
            version,
            record: Some(record),
            refusal: Some(Refusal { code: -1, message: CANARY.to_owned() }),
            updated_at: START.plus(i64::try_from(version).unwrap()),
            ..BillingKey::prepared(uid, customer, Fingerprint::of(&CANARY), window, nonce(), START)
        }
    })
}

fn price() -> impl Strategy<Value = Price> {
    money().prop_map(|amount| Price {
        name: CANARY.to_owned(),
        amount,
        details: details(),
        naver_use_by_period: false,
        intro: None,
    })
}

fn plan_id() -> impl Strategy<Value = PlanId> {
    select(vec!["basic", "pro"]).prop_map(|id| PlanId::parse(id).unwrap())
}

fn interval() -> Interval {
    Interval::new(Unit::Month, 1).unwrap()
}

/// A subscription.
pub(super) fn subscription() -> impl Strategy<Value = Subscription> {
    let next = of((plan_id(), price()).prop_map(|(id, price)| NextPlan {
        id,
        price,
        interval: interval(),
        with_next_attempt: false,
    }));
    let running = of((plan_id(), money()).prop_map(|(id, amount)| RunningPlan {
        id,
        name: CANARY.to_owned(),
        amount,
        intro: None,
    }));
    let endings = vec![Ending::AtPeriodEnd, Ending::Now];
    let closed = proptest::collection::vec(of(0_u32..2), 0..3);
    (
        (plan_id(), price(), next, running, key_uid(), select(SubscriptionState::ALL.to_vec())),
        (of((select(endings), time())), any::<bool>(), of(time()), of(time()), closed, any::<bool>(), 1_u64..5),
        (of((money(), time(), time(), 0_u32..3)), of((plan_id(), price(), time())), of((0_u32..3, money(), time()))),
    )
        .prop_map(
            |(
                (plan_id, price, next_plan, running_plan, customer_uid, state),
                (ending, ended_by_merchant, access_until, trial_until, closed, noted, version),
                (asked, offered, noticed),
            )| {
                let notes = BTreeMap::from([("seat".to_owned(), "12A".to_owned())]);
                let closed_periods: Vec<ClosedPeriod> =
                    closed.into_iter().map(|paid| ClosedPeriod { attempts: 2, paid }).collect();
                let period = u32::try_from(closed_periods.len()).unwrap();
                Subscription {
                    id: SubscriptionId::parse(SUBSCRIPTION).unwrap(),
                    customer_id: CustomerId::parse("kim").unwrap(),
                    customer_uid,
                    plan_id,
                    calendar: Calendar::new(Periods::new(KstDay::of(START), None, interval(), 10).unwrap()),
                    periods_max: None,
                    price,
                    plan_since: 0,
                    introduced: Vec::new(),
                    adjustment: 0,
                    carried: Vec::new(),
                    running: None,
                    next_plan,
                    running_plan,
                    upgrade: None,
                    differences: Vec::new(),
                    credits: Vec::new(),
                    fallback_cards: false,
                    fallbacks: Vec::new(),
                    dunning: Dunning::default(),
                    state,
                    ending,
                    agreed: None,
                    consents: Vec::new(),
                    asked: asked.map(|(price, from, since, reminders)| Asked { price, from, since, reminders }),
                    without_consent: billing::subscription::WithoutConsent::End,
                    ended_without_consent: ending.is_some() && !ended_by_merchant && noted,
                    offer: offered.map(|(id, price, at)| {
                        let plan = NextPlan { id, price, interval: interval(), with_next_attempt: false };
                        Box::new(Offer { plan, at })
                    }),
                    notice_days: NoticeDays::default(),
                    last_notice: noticed.map(|(period, amount, at)| Notice {
                        period,
                        amount,
                        at,
                        ends_trial: trial_until.is_some(),
                    }),
                    old_plan: None,
                    refund: billing::subscription::RefundPolicy::None,
                    unused: None,
                    ended_by_merchant,
                    attempt: Attempt { period, number: 0 },
                    attempt_at: START,
                    declines: 0,
                    closed_periods,
                    access_until,
                    trial_until,
                    metadata: if noted { notes } else { BTreeMap::new() },
                    fingerprint: Fingerprint::of(&CANARY),
                    version,
                    writer: nonce(),
                    looks: 0,
                    due_at: None,
                    created_at: START,
                    updated_at: START.plus(i64::try_from(version).unwrap()),
                }
            },
        )
}

/// A day's report.
pub(super) fn report() -> impl Strategy<Value = Report> {
    let counts = (0_u32..2, 0_u32..2).prop_map(|(rows, missing)| Counts { rows, missing, ..Counts::default() });
    (counts, any::<bool>(), 1_u64..5).prop_map(|(counts, finished, version)| {
        let begun = Report { counts, version, ..Report::begun(START, nonce(), START) };
        if finished { begun.finished(START.plus(60)) } else { begun }
    })
}

/// Any row.
pub(super) fn row() -> impl Strategy<Value = Row> {
    prop_oneof![
        4 => payment("order_1").prop_map(|row| Row::Payment(Box::new(row))),
        2 => payment("sub0123456789abcdef0123456789p3t1").prop_map(|row| Row::Payment(Box::new(row))),
        1 => key().prop_map(|row| Row::Key(Box::new(row))),
        3 => subscription().prop_map(|row| Row::Subscription(Box::new(row))),
        1 => report().prop_map(|row| Row::Report(Box::new(row))),
    ]
}

/// The version before a row, or that it is the first.
pub(super) fn before(after: &Row) -> impl Strategy<Value = Option<Row>> + use<> {
    let version = after.version().saturating_sub(1);
    let any: BoxedStrategy<Row> = match after {
        Row::Payment(row) if row.merchant_uid().as_str() == "order_1" => {
            payment("order_1").prop_map(move |row| Row::Payment(Box::new(Payment { version, ..row }))).boxed()
        }
        Row::Payment(_) => payment("sub0123456789abcdef0123456789p3t1")
            .prop_map(move |row| Row::Payment(Box::new(Payment { version, ..row })))
            .boxed(),
        Row::Key(_) => key().prop_map(move |row| Row::Key(Box::new(BillingKey { version, ..row }))).boxed(),
        Row::Subscription(_) => {
            subscription().prop_map(move |row| Row::Subscription(Box::new(Subscription { version, ..row }))).boxed()
        }
        Row::Report(_) => report().prop_map(move |row| Row::Report(Box::new(Report { version, ..row }))).boxed(),
    };
    of(any)
}

/// A row and the version before it.
pub(super) fn versions() -> impl Strategy<Value = (Option<Row>, Row)> {
    row().prop_flat_map(|after| (before(&after), Just(after)))
}
