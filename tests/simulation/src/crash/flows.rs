//! The flows whose every boundary is tried, each with what has to stand before it.

mod subscription;
mod window;

use billing::order::{Details, Order};
use billing::subscription::Ending;
use billing::usecase::{Caller, NewSchedule, RefundRequest, ScheduleDisposition, WebhookHint};
use billing::{CustomerId, CustomerUid, ImpUid, MerchantUid, Money, Timestamp};

use crate::chooser::{Chooser, Plan};
use crate::fault::Fault;
use crate::lambda::{Answer, Request};
use crate::stage::Stage;

/// A flow.
#[derive(Debug)]
pub struct Flow {
    /// Its name in reports.
    pub name: &'static str,
    /// Prepares the world without a fault, and says what is asked under faults.
    pub prepare: fn(&mut Stage<'_>) -> Request,
}

const APPROVES: &str = "4242424242424242";
const REFUSED: &str = "4000000000000002";
const DECLINES: &str = "4000000000000341";

/// Every flow that moves money, or the right to it.
pub const FLOWS: &[Flow] = &[
    Flow { name: "issue key", prepare: |_| issue("first-key", APPROVES) },
    Flow { name: "issue refused", prepare: |_| issue("first-key", "4000000000000002") },
    Flow { name: "issue checked key", prepare: |_| issue_checked(APPROVES) },
    Flow { name: "issue checked key, declined", prepare: |_| issue_checked(DECLINES) },
    Flow { name: "sweep of a check that never began", prepare: |stage| sweep_of_a_check(stage, Fault::CrashAfter) },
    Flow { name: "sweep of a check whose reply is lost", prepare: |stage| sweep_of_a_check(stage, Fault::LostReply) },
    Flow { name: "issue key with schedules", prepare: |stage| issue_with_schedules(stage, APPROVES, None) },
    Flow {
        name: "issue checked key with schedules",
        prepare: |stage| issue_with_schedules(stage, APPROVES, Some(100)),
    },
    Flow { name: "schedules with a declined check", prepare: |stage| issue_with_schedules(stage, DECLINES, Some(100)) },
    Flow { name: "schedules with a refused card", prepare: |stage| issue_with_schedules(stage, REFUSED, None) },
    Flow { name: "charge", prepare: |stage| charge(stage, APPROVES) },
    Flow { name: "charge declined", prepare: |stage| charge(stage, DECLINES) },
    Flow { name: "schedule", prepare: |stage| schedule(stage, APPROVES) },
    Flow { name: "schedule that fails", prepare: |stage| schedule(stage, DECLINES) },
    Flow { name: "unschedule", prepare: unschedule },
    Flow { name: "move schedule", prepare: move_schedule },
    Flow { name: "delete key", prepare: |stage| delete_key(stage, false) },
    Flow { name: "delete key with schedules", prepare: |stage| delete_key(stage, true) },
    Flow { name: "refund in full", prepare: |stage| refund(stage, 8_900) },
    Flow { name: "refund in part", prepare: |stage| refund(stage, 1_000) },
    Flow { name: "webhook of a schedule", prepare: webhook_of_a_schedule },
    Flow { name: "webhook of an unknown charge", prepare: webhook_of_an_unknown_charge },
    Flow {
        name: "sweep of a charge that never arrived",
        prepare: |stage| sweep_of_a_charge(stage, Fault::LostRequest),
    },
    Flow { name: "sweep of a charge whose reply is lost", prepare: |stage| sweep_of_a_charge(stage, Fault::LostReply) },
    Flow { name: "sweep of a refused charge", prepare: |stage| sweep_of_a_charge(stage, Fault::RefusedBefore) },
    Flow { name: "sweep of a charge refused though paid", prepare: sweep_of_a_false_refusal },
    Flow { name: "sweep of a lost registration", prepare: sweep_of_a_registration },
    Flow { name: "sweep of an executed schedule", prepare: sweep_of_a_schedule },
    Flow { name: "sweep of an unanswered key", prepare: sweep_of_a_key },
    Flow { name: "sweep of a lost refund", prepare: sweep_of_a_refund },
    Flow { name: "open checkout", prepare: |_| window::checkout() },
    Flow { name: "open checkout again", prepare: window::checkout_again },
    Flow { name: "open checkout, registered otherwise", prepare: window::checkout_corrected },
    Flow { name: "complete, paid", prepare: |stage| window::complete(stage, window::CARD) },
    Flow { name: "complete, failed", prepare: |stage| window::complete(stage, window::DECLINED) },
    Flow { name: "complete, account issued", prepare: |stage| window::complete(stage, window::ACCOUNT) },
    Flow { name: "issue account", prepare: |stage| window::account(stage) },
    Flow { name: "issue account again", prepare: window::account_again },
    Flow {
        name: "sweep of an account that was never asked for",
        prepare: |stage| window::sweep_of_an_account(stage, Fault::LostRequest),
    },
    Flow {
        name: "sweep of an account whose reply is lost",
        prepare: |stage| window::sweep_of_an_account(stage, Fault::LostReply),
    },
    Flow {
        name: "sweep of an account refused though issued",
        prepare: |stage| window::sweep_of_an_account(stage, Fault::RefusedAfter),
    },
    Flow { name: "withdraw account", prepare: window::withdraw_account },
    Flow { name: "extend account", prepare: window::extend_account },
    Flow { name: "extend account again", prepare: window::extend_account_again },
    Flow { name: "sweep of an extension that is late", prepare: window::sweep_of_an_extension },
    Flow { name: "withdraw account while it is extended", prepare: window::withdraw_extended },
    Flow { name: "complete, foreign imp_uid", prepare: window::complete_foreign },
    Flow { name: "complete, made-up imp_uid", prepare: window::complete_made_up },
    Flow { name: "complete, the other tab paid", prepare: window::complete_the_failed_of_two },
    Flow { name: "return", prepare: window::returned },
    Flow { name: "webhook of a window payment", prepare: window::webhook_paid },
    Flow { name: "webhook of a second window payment", prepare: window::webhook_second },
    Flow { name: "sweep of an unpaid checkout", prepare: window::sweep_unpaid },
    Flow { name: "sweep of a checkout paid in silence", prepare: window::sweep_paid },
    Flow { name: "confirm_url", prepare: window::approve },
    Flow { name: "cash receipt", prepare: window::receipt },
    Flow { name: "cash receipt taken back", prepare: window::receipt_taken_back },
    Flow { name: "sweep of a receipt after a refund", prepare: |stage| window::receipt_after_refund(stage, 1_000) },
    Flow {
        name: "sweep of a receipt after all went back",
        prepare: |stage| window::receipt_after_refund(stage, 8_900),
    },
    Flow { name: "prepare window key", prepare: |_| window::prepare(None) },
    Flow { name: "prepare window key, charged", prepare: |_| window::prepare(Some("order9")) },
    Flow { name: "confirm window key", prepare: |stage| window::confirm(stage, None) },
    Flow { name: "confirm window key, charged", prepare: |stage| window::confirm(stage, Some("order9")) },
    Flow { name: "webhook of a window key", prepare: window::webhook_key },
    Flow { name: "import key", prepare: window::import },
    Flow { name: "sweep of a key never issued", prepare: window::sweep_key },
    Flow { name: "webhook of a key issued too late", prepare: window::webhook_orphan },
    Flow { name: "replace key", prepare: |stage| replace(stage, 0) },
    Flow { name: "replace key, never sent", prepare: replace_unsent },
    Flow { name: "replace key while one runs", prepare: |stage| replace(stage, 3_600) },
    Flow { name: "sweep of a replacement", prepare: sweep_of_a_replacement },
    Flow { name: "subscribe", prepare: subscription::subscribe },
    Flow { name: "subscribe, declined", prepare: subscription::subscribe_declined },
    Flow { name: "renewal by webhook", prepare: subscription::renewal_by_webhook },
    Flow { name: "renewal by sweep", prepare: subscription::renewal_by_sweep },
    Flow { name: "renewal declined", prepare: subscription::decline },
    Flow { name: "renewal refused for good", prepare: subscription::refused_for_good },
    Flow { name: "retry paid", prepare: subscription::retry },
    Flow { name: "cancel now", prepare: |stage| subscription::cancel(stage, Ending::Now) },
    Flow { name: "cancel now, unused days refunded", prepare: subscription::cancel_unused },
    Flow {
        name: "cancel, charged a moment before, unused days refunded",
        prepare: subscription::cancel_unused_too_late,
    },
    Flow { name: "cancel at period end", prepare: |stage| subscription::cancel(stage, Ending::AtPeriodEnd) },
    Flow { name: "cancel, charged a moment before", prepare: subscription::cancel_too_late },
    Flow { name: "cancel, charge in flight", prepare: subscription::cancel_in_flight },
    Flow { name: "reactivate", prepare: subscription::reactivate },
    Flow { name: "sweep of an ending", prepare: subscription::sweep_of_an_ending },
    Flow { name: "pause", prepare: subscription::pause },
    Flow { name: "resume", prepare: subscription::resume },
    Flow { name: "change card", prepare: subscription::change_card },
    Flow { name: "change card, past due", prepare: subscription::change_card_past_due },
    Flow { name: "change plan", prepare: subscription::change_plan },
    Flow { name: "change plan now", prepare: subscription::change_plan_now },
    Flow { name: "late money of a paid period", prepare: subscription::late_money },
    Flow { name: "late money once given up", prepare: subscription::late_money_after_the_end },
    Flow { name: "sweep after an outage", prepare: subscription::sweep_after_an_outage },
    Flow { name: "delete key of a subscription", prepare: subscription::delete_key },
];

#[expect(clippy::expect_used, reason = "the names below are identifiers")]
fn id<T, E: std::fmt::Debug>(parsed: Result<T, E>) -> T {
    parsed.expect("an identifier")
}

fn kim() -> CustomerId {
    id(CustomerId::parse("kim"))
}

fn uid(text: &str) -> MerchantUid {
    id(MerchantUid::parse(text))
}

fn issue(name: &str, card: &'static str) -> Request {
    Request::Issue { customer: kim(), name: name.to_owned(), card, checking: None, wanted: Vec::new() }
}

fn issue_with_schedules(stage: &mut Stage<'_>, card: &'static str, checking: Option<u64>) -> Request {
    let now = stage.sim.now();
    let new = |(number, seconds): (&str, i64)| NewSchedule {
        order: Order { customer_uid: None, ..order(number, &id(CustomerUid::parse("none"))) },
        schedule_at: Timestamp(now + seconds),
    };
    let wanted = [("period0", 3_600), ("period1", 7_200)].map(new).to_vec();
    Request::Issue { customer: kim(), name: "first-key".to_owned(), card, checking, wanted }
}

fn issue_checked(card: &'static str) -> Request {
    Request::Issue { customer: kim(), name: "first-key".to_owned(), card, checking: Some(100), wanted: Vec::new() }
}

/// An active key of kim's.
#[expect(clippy::panic, reason = "a flow that cannot be prepared is an error of this list")]
fn key(stage: &mut Stage<'_>, card: &'static str) -> CustomerUid {
    match stage.ask(&issue("prepared-key", card)) {
        Some(Answer::Key(Ok(row))) => row.customer_uid,
        other => panic!("no key: {other:?}"),
    }
}

fn order(merchant_uid: &str, customer_uid: &CustomerUid) -> Order {
    Order {
        merchant_uid: uid(merchant_uid),
        customer_uid: Some(customer_uid.clone()),
        amount: Money::krw(8_900),
        name: "월간 이용권".to_owned(),
        details: Details::default(),
    }
}

fn charge(stage: &mut Stage<'_>, card: &'static str) -> Request {
    let key = key(stage, card);
    Request::Charge { order: order("order1", &key), customer: kim() }
}

/// Lets the next request meet one fault, at the first call of the given kind.
fn with_fault(stage: &mut Stage<'_>, request: &Request, boundaries: &[(usize, Fault)]) -> Option<Answer> {
    stage.sim.world().chooser = Chooser::Plan(Plan::new(boundaries));
    let answer = stage.ask(request);
    stage.sim.world().chooser = Chooser::Calm;
    answer
}

fn wanted(stage: &Stage<'_>, key: &CustomerUid, seconds: &[i64]) -> Vec<NewSchedule> {
    let now = stage.sim.now();
    let new = |(place, seconds): (usize, &i64)| NewSchedule {
        order: order(&format!("period{place}"), key),
        schedule_at: Timestamp(now + seconds),
    };
    seconds.iter().enumerate().map(new).collect()
}

fn schedule(stage: &mut Stage<'_>, card: &'static str) -> Request {
    let key = key(stage, card);
    let wanted = wanted(stage, &key, &[3_600, 7_200]);
    Request::Schedule { customer_uid: key, customer: kim(), wanted }
}

fn scheduled(stage: &mut Stage<'_>) -> CustomerUid {
    let request = schedule(stage, APPROVES);
    stage.ask(&request);
    stage.wait(1);
    match request {
        Request::Schedule { customer_uid, .. } => customer_uid,
        _ => id(CustomerUid::parse("none")),
    }
}

fn unschedule(stage: &mut Stage<'_>) -> Request {
    scheduled(stage);
    Request::Revoke { caller: Caller::Merchant, merchant_uid: uid("period0") }
}

fn move_schedule(stage: &mut Stage<'_>) -> Request {
    scheduled(stage);
    let schedule_at = Timestamp(stage.sim.now() + 5_000);
    Request::Move { caller: Caller::Merchant, merchant_uid: uid("period0"), schedule_at }
}

fn delete_key(stage: &mut Stage<'_>, cascade: bool) -> Request {
    let (customer_uid, schedules) = if cascade {
        (scheduled(stage), ScheduleDisposition::Revoke)
    } else {
        (key(stage, APPROVES), ScheduleDisposition::InTheWay)
    };
    Request::DeleteKey { caller: Caller::Merchant, customer_uid, schedules }
}

fn paid(stage: &mut Stage<'_>) {
    let request = charge(stage, APPROVES);
    stage.ask(&request);
}

fn refund_request(amount: u64) -> Request {
    Request::Refund(RefundRequest {
        merchant_uid: uid("order1"),
        amount: amount.to_string(),
        tax_free: None,
        vat_amount: None,
        reason: None,
        account: None,
        idempotency_key: "refund-request-1".to_owned(),
    })
}

fn refund(stage: &mut Stage<'_>, amount: u64) -> Request {
    paid(stage);
    refund_request(amount)
}

/// The PSP's webhook for the latest payment in its books.
#[expect(clippy::expect_used, reason = "a flow that cannot be prepared is an error of this list")]
fn webhook(stage: &Stage<'_>) -> Request {
    let world = stage.sim.world();
    let payment = world.ledger.payments().last().expect("a payment");
    Request::Notice(WebhookHint {
        imp_uid: id(ImpUid::parse(&payment.imp_uid)),
        merchant_uid: uid(&payment.merchant_uid),
    })
}

fn webhook_of_a_schedule(stage: &mut Stage<'_>) -> Request {
    scheduled(stage);
    stage.wait(3_601);
    webhook(stage)
}

/// Boundaries of a charge: two reads, token, insert, POST, look, save.
const CHARGE_POST: usize = 4;
const CHARGE_LOOK: usize = 5;

fn webhook_of_an_unknown_charge(stage: &mut Stage<'_>) -> Request {
    let request = charge(stage, APPROVES);
    with_fault(stage, &request, &[(CHARGE_POST, Fault::LostReply), (CHARGE_LOOK, Fault::Unreachable)]);
    webhook(stage)
}

fn sweep_of_a_charge(stage: &mut Stage<'_>, fault: Fault) -> Request {
    let request = charge(stage, APPROVES);
    with_fault(stage, &request, &[(CHARGE_POST, fault), (CHARGE_LOOK, Fault::Unreachable)]);
    stage.wait(200);
    Request::Sweep
}

fn sweep_of_a_false_refusal(stage: &mut Stage<'_>) -> Request {
    let request = charge(stage, APPROVES);
    with_fault(stage, &request, &[(CHARGE_POST, Fault::RefusedAfter), (CHARGE_LOOK, Fault::Unreachable)]);
    stage.wait(200);
    Request::Sweep
}

/// Boundaries of a registration: two reads, token, insert, POST, a look and a save for each order.
const REGISTER_POST: usize = 4;

fn sweep_of_a_registration(stage: &mut Stage<'_>) -> Request {
    let request = schedule(stage, APPROVES);
    with_fault(stage, &request, &[(REGISTER_POST, Fault::LostRequest)]);
    stage.wait(200);
    Request::Sweep
}

fn sweep_of_a_schedule(stage: &mut Stage<'_>) -> Request {
    scheduled(stage);
    stage.wait(3_600 + 901);
    Request::Sweep
}

/// Boundaries of an issue: read, token, insert, POST, look, save.
const ISSUE_POST: usize = 3;

fn sweep_of_a_key(stage: &mut Stage<'_>) -> Request {
    let request = issue("first-key", APPROVES);
    with_fault(stage, &request, &[(ISSUE_POST, Fault::LostReply), (ISSUE_POST + 1, Fault::Unreachable)]);
    stage.wait(31);
    Request::Sweep
}

/// Boundaries of an issue with a check: read, token, insert, POST, save; then the payment's read, token, insert, POST.
const CHECK_INSERT: usize = 7;
const CHECK_POST: usize = 8;

/// Its caller was killed before the charge was sent, or never heard of it.
fn sweep_of_a_check(stage: &mut Stage<'_>, fault: Fault) -> Request {
    let place = if fault == Fault::LostReply { CHECK_POST } else { CHECK_INSERT };
    let request = issue_checked(APPROVES);
    with_fault(stage, &request, &[(place, fault), (CHECK_POST + 1, Fault::Unreachable)]);
    stage.wait(31);
    Request::Sweep
}

/// Boundaries of a refund: read, token, save, POST, look, save.
const REFUND_POST: usize = 3;

fn sweep_of_a_refund(stage: &mut Stage<'_>) -> Request {
    paid(stage);
    let request = refund_request(1_000);
    with_fault(stage, &request, &[(REFUND_POST, Fault::LostRequest), (REFUND_POST + 1, Fault::Unreachable)]);
    stage.wait(200);
    Request::Sweep
}

/// Another active key of kim's.
#[expect(clippy::panic, reason = "a flow that cannot be prepared is an error of this list")]
fn second_key(stage: &mut Stage<'_>) -> CustomerUid {
    match stage.ask(&issue("second-key", APPROVES)) {
        Some(Answer::Key(Ok(row))) => row.customer_uid,
        other => panic!("no key: {other:?}"),
    }
}

fn replacement(customer_uid: CustomerUid, to: CustomerUid) -> Request {
    Request::DeleteKey { caller: Caller::Merchant, customer_uid, schedules: ScheduleDisposition::MoveTo(to) }
}

/// Two schedules wait on the key; after so many seconds.
fn replace(stage: &mut Stage<'_>, seconds: i64) -> Request {
    let customer_uid = scheduled(stage);
    let to = second_key(stage);
    stage.wait(seconds);
    replacement(customer_uid, to)
}

/// One of the two was never sent.
fn replace_unsent(stage: &mut Stage<'_>) -> Request {
    let customer_uid = scheduled(stage);
    let to = second_key(stage);
    let schedule_at = Timestamp(stage.sim.now() + 9_000);
    let wanted = vec![NewSchedule { order: order("period9", &customer_uid), schedule_at }];
    let request = Request::Schedule { customer_uid: customer_uid.clone(), customer: kim(), wanted };
    with_fault(stage, &request, &[(REGISTER_POST, Fault::NotSent)]);
    replacement(customer_uid, to)
}

/// The replacement's caller was killed before anything was revoked.
fn sweep_of_a_replacement(stage: &mut Stage<'_>) -> Request {
    let request = replace(stage, 0);
    with_fault(stage, &request, &[(REPLACED_MARKED + 1, Fault::CrashBefore)]);
    stage.wait(31);
    Request::Sweep
}

/// Boundaries of a replacement: the key, its successor, token, mark.
const REPLACED_MARKED: usize = 3;
