//! When a world is quiet: nothing is owed any more but what waits for a day to come. Subscriptions that go on are due for ever.

use billing::key::KeyState;
use billing::payment::{Payment, State};
use billing::ports::DueRow;
use billing::subscription::{Attempt, Subscription};
use billing::{CustomerUid, Timestamp};

use crate::check::subscription::told_at;
use crate::sim::Sim;

/// The farthest ahead that the PSP is given anything, in seconds.
const AHEAD_MAX: i64 = 400 * 86_400;
/// What is due sooner than this is waited for, in seconds.
const SOON: i64 = 600;

/// When the first row is due that does not only wait for a day to come.
#[must_use]
pub fn first_owed(sim: &Sim) -> Option<Timestamp> {
    let due: Vec<(Timestamp, DueRow)> = sim.world().index.all().cloned().collect();
    due.into_iter().find(|(_, row)| !waits(sim, row)).map(|(due_at, _)| due_at)
}

/// Whether nothing has to be done about a row before its time comes: it is a subscription that goes on, the payment that
/// such a one waits for, or a key that waits for its schedules.
fn waits(sim: &Sim, row: &DueRow) -> bool {
    let now = sim.now();
    match row {
        DueRow::Payment(uid) => {
            Attempt::of(uid).is_some() && sim.payment(uid).is_some_and(|row| is_scheduled(&row, now))
        }
        DueRow::Key(uid) => waits_for_its_schedules(sim, uid),
        DueRow::Subscription(id) => sim.subscription(id).is_some_and(|row| goes_on(sim, &row, now)),
    }
}

/// Whether a key that is being deleted can only wait: a schedule that has left it for another key is not known to be there, and
/// is looked at later.
#[must_use]
pub fn waits_for_its_schedules(sim: &Sim, uid: &CustomerUid) -> bool {
    let on_its_way = |row: &Payment| {
        let unknown = matches!(row.state, State::Intent | State::Claimed | State::Unknown);
        unknown && row.former_keys.last() == Some(uid) && row.due_at.is_some_and(|due_at| due_at.0 > sim.now())
    };
    sim.key(uid).is_some_and(|key| key.state == KeyState::Deleting) && sim.rows.all_payments().iter().any(on_its_way)
}

/// Whether a row can only wait for another one that is looked at later: a schedule for its key, a key for the charge that checks it.
#[must_use]
pub fn waits_for_another(sim: &Sim, row: &DueRow) -> bool {
    match row {
        DueRow::Payment(uid) => {
            let waiting = sim.payment(uid).filter(Payment::waits_for_its_key).and_then(|row| row.order.customer_uid);
            waiting.and_then(|key| sim.key(&key)).is_some_and(|key| !key.state.is_settled())
        }
        DueRow::Key(uid) => {
            let key = sim.key(uid).filter(|key| key.state == KeyState::Checking);
            let check = key.and_then(|key| key.check_number()).and_then(|number| sim.payment(&number));
            let is_later = check.and_then(|row| row.due_at).is_some_and(|due_at| due_at.0 > sim.now());
            is_later || waits_for_its_schedules(sim, uid)
        }
        DueRow::Subscription(_) => false,
    }
}

fn is_ahead(at: Option<Timestamp>, now: i64) -> bool {
    at.is_some_and(|at| at.0 > now + SOON)
}

fn is_scheduled(row: &Payment, now: i64) -> bool {
    row.state == State::Scheduled && row.claim.is_none() && is_ahead(row.schedule_at(), now)
}

fn goes_on(sim: &Sim, row: &Subscription, now: i64) -> bool {
    let uids = row.attempts_at(row.attempt.period);
    let mut open = uids.iter().filter_map(|uid| sim.payment(uid)).filter(|payment| payment.due_at.is_some());
    let ends = row.ending.is_some() && row.due_at == row.access_until;
    let at_its_time =
        is_ahead(Some(row.attempt_at), now) && (row.due_at >= Some(row.attempt_at) || row.due_at == Some(told_at(row)));
    let far = row.attempt_at.0 > now + AHEAD_MAX && row.due_at.is_some_and(|at| at.0 > now);
    // Another attempt than the one that is waited for is to be taken back first.
    let waited_for = |payment: &Payment| Attempt::of(payment.merchant_uid()).is_some_and(|(_, of)| of == row.attempt);
    let in_order = open.all(|payment| is_scheduled(&payment, now) && waited_for(&payment));
    is_ahead(row.due_at, now) && (at_its_time || ends || far) && in_order
}
