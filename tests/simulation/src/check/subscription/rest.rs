//! What must be true of subscriptions once everything is calm: I2, I6, I8, I9, I22, and that each of them goes on.

use std::collections::BTreeSet;

use billing::Timestamp;
use billing::key::{BillingKey, KeyState};
use billing::subscription::{Attempt, Credit, Ending, Subscription, SubscriptionState};
use ledger::{Payment, PaymentStatus, ScheduleStatus};

use super::notice::told_at;
use super::periods::{day_of, midnight};
use super::{CLOCKS, History, attempt_of};
use crate::sim::{Sim, Violation, World};

const DAY: i64 = 86_400;
/// The farthest ahead that the PSP is given anything, in seconds.
const AHEAD_MAX: i64 = 400 * DAY;
/// What is due so soon that the PSP would not take it any more, in seconds, and a little more.
const SOON: i64 = 700;

/// Checks every subscription. Broken rules are added to the world.
pub(crate) fn check(sim: &Sim) {
    let rows = sim.rows.all_subscriptions();
    if rows.is_empty() {
        return;
    }
    let keys = sim.rows.all_keys();
    let payments = sim.rows.all_payments();
    let owed = payments.iter().filter(|payment| payment.pending_refund().is_some());
    let goes_back: BTreeSet<String> = owed.map(|payment| payment.merchant_uid().to_string()).collect();
    let mut world = sim.world();
    let mut found = Vec::new();
    for row in &rows {
        let mut broken = |rule, detail: String| found.push(Violation { rule, detail: format!("{}: {detail}", row.id) });
        let Some(history) = world.subscriptions.of(row.id.as_str()) else { continue };
        let uid = row.attempt.merchant_uid(&row.id).map(|uid| uid.to_string()).unwrap_or_default();
        for period in history.attempts.keys() {
            check_period(&world, row, history, (*period, &goes_back), &mut broken);
        }
        if !row.is_live() && row.adjustment < 0 {
            broken("I29", format!("it is over, and {} is left of a change of the plan", row.adjustment));
        }
        check_schedules(&world, row, &uid, &mut broken);
        check_access(&world, row, (history, &goes_back), &mut broken);
        if let Err(detail) = goes_on(&world, row, history, &uid, &keys) {
            broken("I13", detail);
        }
    }
    for Violation { rule, detail } in found {
        world.violation(rule, detail);
    }
}

fn is_kept(payment: &&Payment) -> bool {
    payment.status != PaymentStatus::Failed && payment.cancellable() > 0
}

/// I2, I6, and the amounts and times of one period's payments.
fn check_period(
    world: &World,
    row: &Subscription,
    history: &History,
    (period, goes_back): (u32, &BTreeSet<String>),
    broken: &mut impl FnMut(&'static str, String),
) {
    let payments = history.payments(&world.ledger, row.id.as_str(), period);
    // What the PSP refuses to give back is owed for as long as it does.
    let owed = |payment: &&Payment| goes_back.contains(&payment.merchant_uid);
    let kept: Vec<&Payment> = payments.iter().copied().filter(is_kept).filter(|payment| !owed(payment)).collect();
    if kept.len() > 1 {
        broken("I2", format!("period {period} is paid {} times", kept.len()));
    }
    let place = usize::try_from(period).unwrap_or(usize::MAX);
    let closed_by = row.closed_periods.get(place).and_then(|past| past.paid);
    let by = |number: u32| format!("{}p{period}t{number}", row.id);
    if let Some(number) = closed_by
        && !payments.iter().any(|payment| payment.merchant_uid == by(number) && payment.paid_at != 0)
    {
        broken("I2", format!("period {period} was closed as paid by attempt {number}, which took no money"));
    }
    for payment in &kept {
        let number = attempt_of(&payment.merchant_uid).map(|(_, attempt)| attempt.number);
        // After the last one there is none to go on to; those between may be over by then. One that is to end with it is due
        // until it does.
        let none_follows = row.due_at.is_none() || row.periods_max == Some(period + 1);
        let is_last = row.periods_max.is_some() && none_follows && period == row.attempt.period;
        let touched = world.seen.touched.contains(&payment.merchant_uid);
        if number.is_none() || (closed_by != number && !is_last && !touched) {
            let uid = &payment.merchant_uid;
            broken("I2", format!("the money of {uid} is kept, and period {period} was closed by {closed_by:?}"));
        }
        if history.ended_at.is_some_and(|at| at + CLOCKS < payment.paid_at) {
            broken("I6", format!("{} was paid after the end and is kept", payment.merchant_uid));
        }
    }
    for payment in payments.iter().filter(|payment| payment.paid_at != 0) {
        let offered = history.offered.get(&period).is_some_and(|amounts| amounts.contains(&payment.amount));
        if !offered {
            broken("R8", format!("{} was paid {}, which it never cost", payment.merchant_uid, payment.amount));
        }
    }
    check_tries(world, row, history, (period, &payments), broken);
}

/// I22: a period is tried on its day and on those of its dunning, and no more often.
fn check_tries(
    world: &World,
    row: &Subscription,
    history: &History,
    (period, payments): (u32, &[&Payment]),
    broken: &mut impl FnMut(&'static str, String),
) {
    let touched = |payment: &&Payment| world.seen.touched.contains(&payment.merchant_uid);
    let due_at = history.expected.due_at(period);
    if history.steered || payments.iter().any(touched) {
        return;
    }
    let mut tried: Vec<i64> = payments.iter().map(|payment| payment.started_at).collect();
    tried.sort_unstable();
    let days = row.dunning.retry_days();
    if tried.len() > 1 + days.len() {
        broken("I22", format!("period {period} was tried {} times", tried.len()));
    }
    for (at, day) in tried.iter().skip(1).zip(days) {
        if at + CLOCKS < due_at + i64::from(*day) * DAY {
            broken("I22", format!("period {period} was tried again at {at}, before day {day}"));
        }
    }
    // After a refusal for good the same card is not tried again.
    let keys =
        payments.iter().filter(|payment| payment.fail_reason.as_deref().is_some_and(|it| it.contains("유효기간")));
    for refused in keys {
        let again = payments
            .iter()
            .find(|payment| payment.customer_uid == refused.customer_uid && payment.started_at > refused.started_at);
        if let Some(again) = again {
            broken("I22", format!("{} followed a refusal for good", again.merchant_uid));
        }
    }
}

/// I8: the PSP runs nothing of a subscription but the attempt that it waits for.
fn check_schedules(world: &World, row: &Subscription, uid: &str, broken: &mut impl FnMut(&'static str, String)) {
    let of_row = |schedule: &&ledger::Schedule| {
        let of = attempt_of(&schedule.order.merchant_uid);
        schedule.status == ScheduleStatus::Scheduled && of.is_some_and(|(id, _)| id == row.id.as_str())
    };
    let waiting: Vec<&ledger::Schedule> = world.ledger.schedules().filter(of_row).collect();
    let wanted = row.state.charges() && row.ending.is_none();
    for schedule in &waiting {
        if !wanted || schedule.order.merchant_uid != uid {
            let (it, state) = (&schedule.order.merchant_uid, row.state.name());
            broken("I8", format!("{it} is scheduled, and the subscription is {state} at {uid}"));
        }
    }
    if waiting.len() > 1 {
        broken("I8", format!("{} schedules wait", waiting.len()));
    }
}

/// I9: what a customer has is paid for, and what is paid for a customer has.
fn check_access(
    world: &World,
    row: &Subscription,
    (history, goes_back): (&History, &BTreeSet<String>),
    broken: &mut impl FnMut(&'static str, String),
) {
    let now = world.kernel.now();
    let touched = |payment: &&Payment| world.seen.touched.contains(&payment.merchant_uid);
    let paid = |counts: &dyn Fn(&Payment) -> bool| {
        let is_paid =
            |period: &&u32| history.payments(&world.ledger, row.id.as_str(), **period).iter().any(|it| counts(it));
        history.attempts.keys().filter(is_paid).map(|period| history.expected.ends_at(*period)).max()
    };
    // What somebody ran in the console may be found out later.
    let found = history
        .attempts
        .keys()
        .all(|period| !history.payments(&world.ledger, row.id.as_str(), *period).iter().any(touched));
    // What the PSP refuses to give back yet is not what anybody has access for.
    let granted = paid(&|payment| is_kept(&payment) && !goes_back.contains(&payment.merchant_uid));
    let given = row.trial_until.map(|until| until.0);
    // What a cheaper plan gave back takes nobody's period away, though the merchant had given back all the rest.
    let credited = |payment: &Payment| {
        let of =
            |credit: &&Credit| credit.attempt.merchant_uid(&row.id).is_ok_and(|it| it.as_str() == payment.merchant_uid);
        row.credits.iter().filter(of).map(|credit| credit.amount).sum::<u64>()
    };
    let was_kept =
        |payment: &Payment| payment.status != PaymentStatus::Failed && payment.cancellable() + credited(payment) > 0;
    let most = paid(&was_kept).max(given);
    let has = row.access_until.map(|until| until.0);
    if has > most && has.is_some_and(|until| until > now) {
        broken("I9", format!("access until {has:?}, and paid is {most:?}"));
    }
    let ended = matches!(row.ending, Some((Ending::Now, _)));
    if granted > has && !ended && found {
        broken("I9", format!("paid until {granted:?}, and access is {has:?}"));
    }
}

/// A subscription that is on is paid for now, and its next period is registered or due.
fn goes_on(world: &World, row: &Subscription, history: &History, uid: &str, keys: &[BillingKey]) -> Result<(), String> {
    let Attempt { period, .. } = row.attempt;
    let now = world.kernel.now();
    if !row.state.charges() || row.ending.is_some() {
        let waits = row.state.charges() && row.due_at.is_some_and(|due_at| due_at.0 > now);
        return if row.due_at.is_none() || waits { Ok(()) } else { Err(format!("{:?} and due", row.state)) };
    }
    let Some(due_at) = row.due_at else { return Err("on, and never due again".to_owned()) };
    // Nothing is registered, or charged, before its customer has agreed to what it costs.
    let waits = world.subscriptions.asks && row.ask_of_next(Timestamp(now)).is_some_and(|ask| !ask.given);
    if waits && due_at <= row.consent_until().max(Timestamp(now)) {
        return Ok(());
    }
    if row.state == SubscriptionState::Active {
        if history.expected.due_at(period) <= now {
            return Err(format!("active, and period {period} is not paid"));
        }
        if let Some(before) = period.checked_sub(1) {
            let paid = history.payments(&world.ledger, row.id.as_str(), before);
            let edited = paid.iter().any(|payment| world.seen.touched.contains(&payment.merchant_uid));
            if history.expected.starts(before) > day_of(now) && !edited {
                return Err(format!("period {period} is next before the one before has begun"));
            }
            if !paid.iter().any(|payment| payment.paid_at != 0) && midnight(history.expected.starts(period)) > now {
                return Err(format!("active, and the period that runs, {before}, was never paid"));
            }
        }
    }
    let key = keys.iter().find(|key| key.customer_uid == row.customer_uid);
    let has_card = key.is_some_and(|key| key.state == KeyState::Active);
    // What somebody has changed in the console is found out when its time comes.
    let touched = world.seen.touched.contains(uid);
    let at_psp = world
        .ledger
        .schedule(uid)
        .is_ok_and(|schedule| schedule.status == ScheduleStatus::Scheduled && schedule.schedule_at == row.attempt_at.0);
    // Or it is charged when its time comes, or is registered when the PSP takes it.
    let far = row.attempt_at.0 > now + AHEAD_MAX && due_at.0 + AHEAD_MAX == row.attempt_at.0;
    let soon = row.attempt_at.0 <= now + SOON && due_at.0 <= now + SOON;
    // A day on which its customer is told comes before that one.
    let at_its_time = due_at == row.attempt_at || due_at == told_at(row);
    if at_psp || touched || soon || !has_card || at_its_time || far {
        Ok(())
    } else {
        Err(format!("attempt {:?} at {} is not at the PSP", row.attempt, row.attempt_at))
    }
}
