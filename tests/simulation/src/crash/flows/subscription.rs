//! Flows of subscriptions.

use std::collections::BTreeMap;

use billing::CustomerUid;
use billing::Money;
use billing::order::Details;
use billing::subscription::{Dunning, Ending, Interval, NoticeDays, PlanId, Price, RefundPolicy, Unit, WithoutConsent};
use billing::usecase::{Caller, NewPlan, NewSubscription};
use ledger::cards::Behaviour;

use super::{APPROVES, key, second_key, webhook, with_fault};
use crate::check::subscription::NOTE;
use crate::fault::Fault;
use crate::lambda::{Answer, Request, Wish};
use crate::stage::Stage;

/// From the world's beginning (November 24, nine in the morning in Seoul) to a month later at ten.
const MONTH: i64 = 30 * 86_400 + 3_600;
const DAY: i64 = 86_400;
/// The sweep looks for a schedule that has run after so many seconds.
const OVERDUE: i64 = 901;

#[expect(clippy::expect_used, reason = "the names below are identifiers")]
fn plan(name: &str, won: u64) -> NewPlan {
    NewPlan {
        id: PlanId::parse(name).expect("a plan"),
        price: Price::new(name.to_owned(), Money::krw(won), Details::default()).expect("a price"),
        interval: Interval::new(Unit::Month, 1).expect("an interval"),
    }
}

fn wanted(customer_uid: CustomerUid) -> Request {
    Request::Subscribe(Box::new(NewSubscription {
        idempotency_key: "subscribe-request-1".to_owned(),
        customer_id: None,
        customer_uid,
        plan: plan("basic", 8_900),
        anchor_day: None,
        due_hour: 10,
        start_at: None,
        trial_days: None,
        periods_max: None,
        dunning: Dunning::default(),
        fallback_cards: false,
        refund: RefundPolicy::None,
        without_consent: WithoutConsent::End,
        notice_days: NoticeDays::default(),
        metadata: BTreeMap::from([(NOTE.to_owned(), "1".to_owned())]),
    }))
}

/// Inserted, charged, and the next period registered.
pub(super) fn subscribe(stage: &mut Stage<'_>) -> Request {
    wanted(key(stage, APPROVES))
}

/// The first charge is declined.
pub(super) fn subscribe_declined(stage: &mut Stage<'_>) -> Request {
    let key = key(stage, APPROVES);
    turn(stage, &key, Behaviour::Decline);
    wanted(key)
}

fn turn(stage: &Stage<'_>, key: &CustomerUid, behaviour: Behaviour) {
    let _ = stage.sim.world().ledger.turn_card(key.as_str(), behaviour);
}

/// A subscription whose first period is paid, and its key.
#[expect(clippy::panic, reason = "a flow that cannot be prepared is an error of this list")]
fn subscribed(stage: &mut Stage<'_>) -> (String, CustomerUid) {
    let key = key(stage, APPROVES);
    match stage.ask(&wanted(key.clone())) {
        Some(Answer::Subscription(Ok(row))) => (row.id.to_string(), key),
        other => panic!("no subscription: {other:?}"),
    }
}

fn wish(id: String, wish: Wish) -> Request {
    Request::Subscription { caller: Caller::Merchant, id, wish }
}

/// The PSP has run the second period, and says so.
pub(super) fn renewal_by_webhook(stage: &mut Stage<'_>) -> Request {
    subscribed(stage);
    stage.wait(MONTH);
    webhook(stage)
}

/// The PSP has run the second period, and nobody was told.
pub(super) fn renewal_by_sweep(stage: &mut Stage<'_>) -> Request {
    subscribed(stage);
    stage.wait(MONTH + OVERDUE);
    Request::Sweep
}

/// The second period is declined, and the next try registered.
pub(super) fn decline(stage: &mut Stage<'_>) -> Request {
    let (_, key) = subscribed(stage);
    turn(stage, &key, Behaviour::InsufficientFunds);
    stage.wait(MONTH);
    webhook(stage)
}

/// The second period is refused for good.
pub(super) fn refused_for_good(stage: &mut Stage<'_>) -> Request {
    let (_, key) = subscribed(stage);
    turn(stage, &key, Behaviour::Expired);
    stage.wait(MONTH);
    webhook(stage)
}

/// A subscription of which the second period was declined.
fn past_due(stage: &mut Stage<'_>) -> (String, CustomerUid) {
    let (id, key) = subscribed(stage);
    turn(stage, &key, Behaviour::Decline);
    stage.wait(MONTH);
    let notice = webhook(stage);
    stage.ask(&notice);
    (id, key)
}

/// The first retry is paid.
pub(super) fn retry(stage: &mut Stage<'_>) -> Request {
    let (_, key) = past_due(stage);
    turn(stage, &key, Behaviour::Approve);
    stage.wait(DAY);
    webhook(stage)
}

pub(super) fn cancel(stage: &mut Stage<'_>, ending: Ending) -> Request {
    let (id, _) = subscribed(stage);
    stage.wait(DAY);
    wish(id, Wish::Cancel(ending))
}

/// Ended at once, and the days that nobody uses go back.
pub(super) fn cancel_unused(stage: &mut Stage<'_>) -> Request {
    let id = refunding(stage);
    stage.wait(DAY);
    wish(id, Wish::Cancel(Ending::Now))
}

/// The same a moment after the second period was charged, of which nobody knows.
pub(super) fn cancel_unused_too_late(stage: &mut Stage<'_>) -> Request {
    let id = refunding(stage);
    stage.wait(MONTH);
    wish(id, Wish::Cancel(Ending::Now))
}

/// A subscription whose first period is paid, of a plan that gives back what is not used.
#[expect(clippy::panic, reason = "a flow that cannot be prepared is an error of this list")]
fn refunding(stage: &mut Stage<'_>) -> String {
    let Request::Subscribe(new) = wanted(key(stage, APPROVES)) else { panic!("no request to subscribe") };
    let new = NewSubscription { refund: RefundPolicy::Unused, ..*new };
    match stage.ask(&Request::Subscribe(Box::new(new))) {
        Some(Answer::Subscription(Ok(row))) => row.id.to_string(),
        other => panic!("no subscription: {other:?}"),
    }
}

/// The second period was charged a moment before, and nobody knows.
pub(super) fn cancel_too_late(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.wait(MONTH);
    wish(id, Wish::Cancel(Ending::Now))
}

/// Ended while the first charge is under way: it pays afterwards.
pub(super) fn cancel_in_flight(stage: &mut Stage<'_>) -> Request {
    let request = subscribe(stage);
    let Some(Answer::Subscription(Ok(row))) = with_fault(stage, &request, &[(SUBSCRIBE_CHARGE, Fault::Late)]) else {
        return request;
    };
    wish(row.id.to_string(), Wish::Cancel(Ending::Now))
}

/// Boundaries of a subscription: the key, the row, the last of its plan, the row's write; the row and its payments, the
/// step's write; the key and the payment, token, insert, POST.
const SUBSCRIBE_CHARGE: usize = 11;

pub(super) fn reactivate(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.ask(&wish(id.clone(), Wish::Cancel(Ending::AtPeriodEnd)));
    stage.wait(DAY);
    wish(id, Wish::Reactivate)
}

/// The end of the period has come.
pub(super) fn sweep_of_an_ending(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.ask(&wish(id, Wish::Cancel(Ending::AtPeriodEnd)));
    stage.wait(MONTH);
    Request::Sweep
}

pub(super) fn pause(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.wait(DAY);
    wish(id, Wish::Pause)
}

/// Resumed a month and a half later: the period that is current then is charged.
pub(super) fn resume(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.ask(&wish(id.clone(), Wish::Pause));
    stage.wait(MONTH + 15 * DAY);
    wish(id, Wish::Resume)
}

pub(super) fn change_card(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    let other = second_key(stage);
    stage.wait(DAY);
    wish(id, Wish::ChangeCard(other))
}

/// The new card is tried at once.
pub(super) fn change_card_past_due(stage: &mut Stage<'_>) -> Request {
    let (id, _) = past_due(stage);
    let other = second_key(stage);
    wish(id, Wish::ChangeCard(other))
}

pub(super) fn change_plan(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.wait(DAY);
    wish(id, Wish::ChangePlan(plan("plus", 19_900)))
}

pub(super) fn change_plan_now(stage: &mut Stage<'_>) -> Request {
    let (id, _) = subscribed(stage);
    stage.wait(10 * DAY);
    wish(id, Wish::ChangePlanNow(plan("plus", 19_900)))
}

/// The attempt that was declined pays after all, when another one has paid the period.
pub(super) fn late_money(stage: &mut Stage<'_>) -> Request {
    let (_, key) = past_due(stage);
    let declined = webhook(stage);
    turn(stage, &key, Behaviour::Approve);
    stage.wait(DAY);
    let notice = webhook(stage);
    stage.ask(&notice);
    approve_late(stage, &declined);
    declined
}

/// The attempt that was declined pays after all, when the subscription was given up.
pub(super) fn late_money_after_the_end(stage: &mut Stage<'_>) -> Request {
    past_due(stage);
    let declined = webhook(stage);
    for days in [1, 2, 2, 2] {
        stage.wait(days * DAY);
        let notice = webhook(stage);
        stage.ask(&notice);
    }
    approve_late(stage, &declined);
    declined
}

fn approve_late(stage: &Stage<'_>, notice: &Request) {
    let Request::Notice(hint) = notice else { return };
    let mut world = stage.sim.world();
    let now = world.kernel.now();
    let _ = world.ledger.settle(now, hint.imp_uid.as_str());
    world.run_ledger();
}

/// The PSP and the table were out of reach for two periods; nothing was registered meanwhile.
pub(super) fn sweep_after_an_outage(stage: &mut Stage<'_>) -> Request {
    let request = subscribe(stage);
    with_fault(stage, &request, &[(SUBSCRIBE_CHARGE + 2, Fault::CrashBefore)]);
    stage.wait(2 * MONTH);
    Request::Sweep
}

/// The key is deleted under the subscription, and there is another one.
pub(super) fn delete_key(stage: &mut Stage<'_>) -> Request {
    let (_, customer_uid) = subscribed(stage);
    second_key(stage);
    stage.wait(DAY);
    Request::DeleteKey {
        caller: Caller::Merchant,
        customer_uid,
        schedules: billing::usecase::ScheduleDisposition::Revoke,
    }
}
