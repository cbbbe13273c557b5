//! Two versions of a row for each kind of event: the smallest change that tells it.

use std::collections::BTreeMap;

use billing::event::{Event, Kind, Row, derive};
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, KeyState};
use billing::order::Details;
use billing::payment::refund::Origin;
use billing::payment::{
    Claim, Flow, Payment, PaymentSnapshot, PspStatus, Purpose, Refund, RefundState, State, TaxParts, snapshot,
};
use billing::report::{Counts, Report};
use billing::subscription::{
    Asked, Attempt, Calendar, ClosedPeriod, Dunning, Ending, Interval, NextPlan, Notice, NoticeDays, Periods, PlanId,
    Price, RefundPolicy, Subscription, SubscriptionId, SubscriptionState, Unit, WithoutConsent,
};
use billing::{CustomerUid, ImpUid, KstDay, Money, Nonce, Policy, Timestamp};

use crate::fixture::{START, card_window, customer, order, uid};

const LATER: Timestamp = Timestamp(START.0 + 60);
const DAY: i64 = 86_400;

fn nonce() -> Nonce {
    Nonce::parse("0f").unwrap()
}

/// The PSP's record of the order's payment.
pub(super) fn record(status: PspStatus) -> PaymentSnapshot {
    PaymentSnapshot {
        imp_uid: ImpUid::parse("imp_448280090638").unwrap(),
        merchant_uid: "order_monthly_0001".to_owned(),
        status,
        amount: Money::krw(8_900),
        cancel_amount: 0,
        customer_uid: Some("key1".to_owned()),
        sandbox: false,
        paid_at: (status == PspStatus::Paid).then_some(LATER),
        failed_at: (status == PspStatus::Failed).then_some(LATER),
        cancelled_at: None,
        fail_reason: None,
        cancel_history: Vec::new(),
        details: snapshot::RecordDetails::default(),
    }
}

pub(super) fn payment(flow: Flow) -> Payment {
    let claim = Claim::new(Purpose::Charge, nonce(), START, &Policy::default());
    let mut row = Payment::claimed(order("order_monthly_0001"), customer("kim"), flow, START, claim);
    if let Flow::Checkout { .. } = flow {
        row.window = Some(Box::new(card_window()));
        row.state = State::Awaiting;
        row.order.customer_uid = None;
    }
    row
}

pub(super) const AT: Flow = Flow::Schedule { schedule_at: Timestamp(START.0 + 30 * DAY) };
pub(super) const WINDOW: Flow = Flow::Checkout { open_until: Timestamp(START.0 + DAY) };

/// The next version, a minute later.
pub(super) fn then(row: &Payment, change: impl FnOnce(&mut Payment)) -> Payment {
    let mut next = Payment { version: row.version + 1, updated_at: LATER, ..row.clone() };
    change(&mut next);
    next
}

pub(super) fn in_state(row: &Payment, state: State) -> Payment {
    then(row, |row| row.state = state)
}

pub(super) fn paid(row: &Payment) -> Payment {
    then(row, |row| {
        row.state = State::Paid;
        row.record = Some(record(PspStatus::Paid));
    })
}

pub(super) fn given_back(row: &Payment, amount: u64) -> Payment {
    then(row, |row| {
        let record = row.record.as_mut().unwrap();
        record.cancel_amount = amount;
        row.state = if amount == record.amount.minor { State::Refunded } else { State::PartiallyRefunded };
    })
}

pub(super) fn account(row: &Payment) -> Payment {
    then(row, |row| {
        let details = snapshot::RecordDetails {
            vbank_num: Some("6017-canary".to_owned()),
            vbank_date: Some(START.plus(DAY)),
            ..snapshot::RecordDetails::default()
        };
        row.record = Some(PaymentSnapshot { customer_uid: None, details, ..record(PspStatus::Ready) });
    })
}

pub(super) fn refund(state: RefundState) -> Refund {
    Refund {
        id: "r4b3f2a".to_owned(),
        imp_uid: ImpUid::parse("imp_448280090638").unwrap(),
        amount: 900,
        parts: TaxParts { tax_free: Some(300), vat_amount: Some(55) },
        checksum: 8_900,
        exponent: 0,
        reason: None,
        account: None,
        origin: Origin::Request,
        fingerprint: Fingerprint::of(&"refund"),
        state,
        refusal: None,
        requests: Vec::new(),
        posts: 1,
        requested_at: START,
    }
}

fn of_payment(before: &Payment, after: Payment) -> (Option<Row>, Row) {
    (Some(Row::Payment(Box::new(before.clone()))), Row::Payment(Box::new(after)))
}

fn key(state: KeyState) -> BillingKey {
    let claim = Claim::new(Purpose::Register, nonce(), START, &Policy::default());
    let row = BillingKey::issuing(uid("key1"), customer("kim"), Fingerprint::of(&"key"), claim, START);
    BillingKey { state, ..row }
}

fn of_key(from: KeyState, to: KeyState, successor: Option<CustomerUid>) -> (Option<Row>, Row) {
    let after = BillingKey { version: 2, successor, updated_at: LATER, ..key(to) };
    (Some(Row::Key(Box::new(key(from)))), Row::Key(Box::new(after)))
}

pub(super) fn price(won: u64) -> Price {
    Price::new("월간 이용권".to_owned(), Money::krw(won), Details::default()).unwrap()
}

pub(super) fn plan(id: &str, won: u64) -> NextPlan {
    let interval = Interval::new(Unit::Month, 1).unwrap();
    NextPlan { id: PlanId::parse(id).unwrap(), price: price(won), interval, with_next_attempt: false }
}

/// Begun on the day of [`START`], its first month paid.
pub(super) fn subscription() -> Subscription {
    let interval = Interval::new(Unit::Month, 1).unwrap();
    let calendar = Calendar::new(Periods::new(KstDay::of(START), None, interval, 10).unwrap());
    let access_until = calendar.period(0).map(|first| first.ends.start());
    Subscription {
        id: SubscriptionId::parse("sub0123456789abcdef0123456789").unwrap(),
        customer_id: customer("kim"),
        customer_uid: uid("key1"),
        plan_id: PlanId::parse("basic").unwrap(),
        calendar,
        periods_max: None,
        price: price(8_900),
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
        dunning: Dunning::default(),
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
        attempt: Attempt { period: 1, number: 0 },
        attempt_at: START,
        declines: 0,
        closed_periods: vec![ClosedPeriod { attempts: 1, paid: Some(0) }],
        access_until,
        trial_until: None,
        metadata: BTreeMap::from([("seat".to_owned(), "12A".to_owned())]),
        fingerprint: Fingerprint::of(&"subscription"),
        version: 3,
        writer: nonce(),
        looks: 0,
        due_at: None,
        created_at: START,
        updated_at: START,
    }
}

fn of_subscription(from: &Subscription, change: impl FnOnce(&mut Subscription)) -> (Option<Row>, Row) {
    let mut after = Subscription { version: from.version + 1, updated_at: LATER, ..from.clone() };
    change(&mut after);
    (Some(Row::Subscription(Box::new(from.clone()))), Row::Subscription(Box::new(after)))
}

/// The second period is paid.
fn second_paid(row: &mut Subscription) {
    row.access_until = row.calendar.period(1).map(|second| second.ends.start());
    row.closed_periods.push(ClosedPeriod { attempts: 1, paid: Some(0) });
    row.attempt = Attempt { period: 2, number: 0 };
}

fn asked(reminders: u32) -> Asked {
    Asked { price: Money::krw(12_900), from: START.plus(30 * DAY), since: START, reminders }
}

fn notice(ends_trial: bool) -> Notice {
    Notice { period: 1, amount: Money::krw(8_900), at: START.plus(7 * DAY), ends_trial }
}

fn standing(from: SubscriptionState, to: SubscriptionState) -> (Option<Row>, Row) {
    of_subscription(&Subscription { state: from, ..subscription() }, |row| row.state = to)
}

fn of_report(missing: u32) -> (Option<Row>, Row) {
    let before = Report::begun(START, nonce(), START);
    let counts = Counts { payments: 812, rows: 790, healed: 1, missing, ..Counts::default() };
    let after = Report { version: 2, counts, ..before.clone() }.finished(LATER);
    (Some(Row::Report(Box::new(before))), Row::Report(Box::new(after)))
}

/// A change that tells this.
pub(super) fn change(kind: Kind) -> (Option<Row>, Row) {
    use SubscriptionState::{Active, Canceled, Completed, PastDue, Paused, Unpaid};
    let (charge, schedule, window) = (payment(Flow::Charge), payment(AT), payment(WINDOW));
    let scheduled = in_state(&schedule, State::Scheduled);
    let ends = Some((Ending::AtPeriodEnd, START));
    let begun = subscription();
    match kind {
        Kind::PaymentPaid => of_payment(&charge, paid(&charge)),
        Kind::PaymentFailed => of_payment(&charge, in_state(&charge, State::Failed)),
        Kind::PaymentExpired => of_payment(&window, in_state(&window, State::Expired)),
        Kind::PaymentWithdrawn => of_payment(&window, in_state(&window, State::Revoked)),
        Kind::PaymentPartiallyRefunded => of_payment(&paid(&charge), given_back(&paid(&charge), 900)),
        Kind::PaymentRefunded => of_payment(&paid(&charge), given_back(&paid(&charge), 8_900)),
        Kind::PaymentSuspect => of_payment(&charge, in_state(&charge, State::Suspect)),
        Kind::PaymentUpdated => {
            let corrected = then(&paid(&charge), |row| row.record.as_mut().unwrap().paid_at = Some(LATER.plus(1)));
            of_payment(&paid(&charge), corrected)
        }
        Kind::RefundMade => {
            let asked = then(&paid(&charge), |row| row.refunds.push(refund(RefundState::Pending)));
            let made = then(&given_back(&asked, 900), |row| row.refunds[0].state = RefundState::Done);
            of_payment(&asked, Payment { version: asked.version + 1, ..made })
        }
        Kind::RefundRefused => {
            let asked = then(&paid(&charge), |row| row.refunds.push(refund(RefundState::Pending)));
            of_payment(&asked, then(&asked, |row| row.refunds[0].state = RefundState::Refused))
        }
        Kind::DepositWaiting => of_payment(&window, account(&window)),
        Kind::DepositReceived => {
            let waits = account(&window);
            let came = then(&waits, |row| {
                row.state = State::Paid;
                let record = row.record.as_mut().unwrap();
                (record.status, record.paid_at) = (PspStatus::Paid, Some(LATER));
            });
            of_payment(&waits, came)
        }
        Kind::ScheduleScheduled => of_payment(&schedule, scheduled),
        Kind::ScheduleMoved => {
            let moved = Flow::Schedule { schedule_at: START.plus(31 * DAY) };
            of_payment(&scheduled, then(&scheduled, |row| row.flow = moved))
        }
        Kind::ScheduleRevoked => of_payment(&scheduled, in_state(&scheduled, State::Revoked)),
        Kind::BillingKeyActive => of_key(KeyState::Issuing, KeyState::Active, None),
        Kind::BillingKeyAbandoned => of_key(KeyState::Issuing, KeyState::Abandoned, None),
        Kind::BillingKeyDeleted => of_key(KeyState::Deleting, KeyState::Deleted, None),
        Kind::BillingKeyReplaced => of_key(KeyState::Deleting, KeyState::Deleted, Some(uid("key2"))),
        Kind::SubscriptionCreated => {
            let attempt = Attempt { period: 0, number: 0 };
            let new = Subscription { access_until: None, closed_periods: Vec::new(), attempt, version: 1, ..begun };
            (None, Row::Subscription(Box::new(new)))
        }
        Kind::SubscriptionRenewed => of_subscription(&begun, second_paid),
        Kind::SubscriptionPastDue => standing(Active, PastDue),
        Kind::SubscriptionRecovered => of_subscription(&Subscription { state: PastDue, ..begun }, |row| {
            second_paid(row);
            row.state = Active;
        }),
        Kind::SubscriptionPaused => standing(Active, Paused),
        Kind::SubscriptionResumed => standing(Paused, Active),
        Kind::SubscriptionPlanChanged => of_subscription(&begun, |row| row.next_plan = Some(plan("pro", 12_900))),
        Kind::SubscriptionCancelScheduled => of_subscription(&begun, |row| row.ending = ends),
        Kind::SubscriptionCancelRevoked => {
            of_subscription(&Subscription { ending: ends, ..begun }, |row| row.ending = None)
        }
        Kind::SubscriptionCanceled => of_subscription(&begun, |row| {
            (row.state, row.ending) = (Canceled, Some((Ending::Now, LATER)));
            row.access_until = Some(LATER);
        }),
        Kind::SubscriptionUnpaid => standing(PastDue, Unpaid),
        Kind::SubscriptionCompleted => standing(Active, Completed),
        Kind::SubscriptionConsentRequired => of_subscription(&begun, |row| row.asked = Some(asked(0))),
        Kind::SubscriptionConsentReminder => {
            of_subscription(&Subscription { asked: Some(asked(0)), ..begun }, |row| row.asked = Some(asked(1)))
        }
        Kind::SubscriptionRenewalUpcoming => of_subscription(&begun, |row| row.last_notice = Some(notice(false))),
        Kind::SubscriptionTrialEnding => {
            let trial = Subscription { trial_until: Some(START.plus(7 * DAY)), ..begun };
            of_subscription(&trial, |row| row.last_notice = Some(notice(true)))
        }
        Kind::SubscriptionUpdated => of_subscription(&begun, |row| row.customer_uid = uid("key2")),
        Kind::ReportMatched => of_report(0),
        Kind::ReportUnmatched => of_report(2),
    }
}

/// What that change tells, this kind first.
pub(super) fn event(kind: Kind) -> Event {
    let (before, after) = change(kind);
    let events = derive(before.as_ref(), &after);
    events.into_iter().find(|event| event.kind == kind).unwrap_or_else(|| panic!("nothing tells {}", kind.name()))
}
