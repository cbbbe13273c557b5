//! What must hold when something is sent that a subscription's payment comes of: I5, I6, I8, I22 and I30.

use billing::Timestamp;
use billing::alarm::Alarm;
use billing::order::Order;
use ledger::{PaymentSort, ScheduleStatus};

use super::agreed::sent_unagreed;
use super::{CLOCKS, FUNCTION, SWEEP, attempt_of, periods};
use crate::psp::request::PspRequest;
use crate::sim::World;

/// Whether two numbers are of one subscription, and different.
fn beside(uid: &str, other: &str) -> bool {
    let id = |uid: &str| attempt_of(uid).map(|(id, _)| id);
    uid != other && id(uid).is_some() && id(uid) == id(other)
}

/// What must hold when something is sent that a subscription's payment comes of. `in_flight`: order numbers of requests that
/// may still execute.
pub(crate) fn check_sent(world: &mut World, request: &PspRequest, in_flight: &[String]) {
    let sent: Vec<(&Order, Option<Timestamp>)> = match request {
        PspRequest::Charge(order) => vec![(order, None)],
        PspRequest::Register { orders, .. } => orders.iter().map(|(order, at)| (order, Some(*at))).collect(),
        _ => return,
    };
    for (order, at) in sent {
        let uid = &order.merchant_uid;
        let Some((id, attempt)) = attempt_of(uid.as_str()) else { continue };
        let consented = world.subscriptions.of(&id).zip(order.customer_uid.as_ref());
        let consented =
            consented.is_none_or(|(history, card)| history.falls_back || world.subscriptions.is_named(history, card));
        if !consented {
            let card = order.customer_uid.as_ref().map(ToString::to_string);
            world.violation("I30", format!("{uid} was sent to a card that nobody has named for it: {card:?}"));
        }
        let executes = at.map_or(world.kernel.now(), |at| at.0);
        let unagreed = world
            .subscriptions
            .of(&id)
            .filter(|_| world.subscriptions.asks)
            .and_then(|history| sent_unagreed(history, (order, attempt), executes, world.kernel.now()));
        if let Some(detail) = unagreed {
            world.violation("I39", detail);
        }
        // What is paid cannot be paid again by a request that is still on its way.
        let paid = |uid: &str| world.ledger.find_all(uid, None, PaymentSort::Started).iter().any(|it| it.paid_at != 0);
        let same_period = |other: &str| attempt_of(other).is_some_and(|(_, it)| it.period == attempt.period);
        let other = in_flight.iter().find(|it| beside(it, uid.as_str()) && same_period(it) && !paid(it));
        if let Some(other) = other {
            world.violation("I5", format!("{uid} was sent while {other} may still execute"));
        }
        let waiting = world.ledger.schedules().find(|schedule| {
            // One that is not what was ordered holds up nothing: a person was told, and decides about it.
            let waiting = &schedule.order.merchant_uid;
            let told = |alarm: &Alarm| matches!(alarm, Alarm::PspMismatch { merchant_uid, .. } if merchant_uid.as_str() == waiting);
            schedule.status == ScheduleStatus::Scheduled
                && beside(waiting, uid.as_str())
                && !world.alarms.iter().any(told)
        });
        if let Some(waiting) = waiting {
            let waiting = waiting.order.merchant_uid.clone();
            world.violation("I8", format!("{uid} was sent while {waiting} is scheduled"));
        }
        let now = world.kernel.now();
        if attempt.is_difference() {
            // It is due when its plan is wished, within a period that is paid.
            continue;
        }
        if world.seen.touched.contains(uid.as_str()) {
            // Somebody has given it another time in the console.
            continue;
        }
        let Some(history) = world.subscriptions.of(&id) else { continue };
        let (due_at, ends_at) = (history.expected.due_at(attempt.period), history.expected.ends_at(attempt.period));
        let executes = at.map_or(now, |at| at.0);
        // Whoever begins today is charged at once, before the hour that is for the days to come.
        let earliest =
            if attempt.period == 0 { due_at.min(periods::midnight(history.expected.starts(0))) } else { due_at };
        let tried = !history.payments(&world.ledger, &id, attempt.period).is_empty();
        let on_its_day = at.is_none_or(|at| at.0 == due_at || tried || history.steered || now + FUNCTION > earliest);
        if !on_its_day {
            world.violation("I22", format!("{uid} was sent for {executes}, and its period begins at {due_at}"));
            continue;
        }
        let ended = history.ended_at.is_some_and(|at| at + SWEEP + CLOCKS < now);
        if executes + CLOCKS < earliest {
            world.violation("I22", format!("{uid} was sent for {executes}, and it is due at {due_at}"));
        }
        if executes >= ends_at + SWEEP + CLOCKS {
            world.violation("I22", format!("{uid} was sent for {executes}, and its period was over at {ends_at}"));
        }
        if ended {
            world.violation("I6", format!("{uid} was sent after its customer had heard that it ends"));
        }
    }
}
