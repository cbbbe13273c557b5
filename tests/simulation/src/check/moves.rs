//! I12: a row only moves along the published machine, one version at a time. I7 as far as a row alone can show it.

use billing::payment::{Claim, Payment, Purpose, Source, State};

use super::{account, window};
use crate::sim::{START, World};

/// The published machine (ARCHITECTURE.md), and the one move besides it that no evidence makes.
const MACHINE: [(State, &[State]); 12] = [
    (
        State::Intent,
        &[
            State::Claimed,
            State::Scheduled,
            State::Paid,
            State::PartiallyRefunded,
            State::Refunded,
            State::Failed,
            State::Revoked,
            State::Suspect,
        ],
    ),
    (
        State::Claimed,
        &[
            State::Intent,
            State::Unknown,
            State::Scheduled,
            State::Paid,
            State::PartiallyRefunded,
            State::Refunded,
            State::Failed,
            State::Revoked,
            State::Suspect,
        ],
    ),
    (
        State::Unknown,
        &[
            State::Intent,
            State::Scheduled,
            State::Paid,
            State::PartiallyRefunded,
            State::Refunded,
            State::Failed,
            State::Revoked,
            State::Suspect,
        ],
    ),
    (
        State::Scheduled,
        &[
            State::Intent,
            State::Paid,
            State::PartiallyRefunded,
            State::Refunded,
            State::Failed,
            State::Revoked,
            State::Suspect,
        ],
    ),
    (State::Paid, &[State::PartiallyRefunded, State::Refunded]),
    (State::PartiallyRefunded, &[State::Refunded]),
    (State::Refunded, &[]),
    (State::Failed, &[State::Scheduled, State::Paid, State::PartiallyRefunded, State::Refunded, State::Suspect]),
    (
        State::Revoked,
        &[State::Scheduled, State::Paid, State::PartiallyRefunded, State::Refunded, State::Failed, State::Suspect],
    ),
    (
        State::Suspect,
        &[
            State::Intent,
            State::Scheduled,
            State::Paid,
            State::PartiallyRefunded,
            State::Refunded,
            State::Failed,
            State::Revoked,
            State::Awaiting,
            State::Expired,
        ],
    ),
    (
        State::Awaiting,
        &[State::Paid, State::PartiallyRefunded, State::Refunded, State::Failed, State::Suspect, State::Expired],
    ),
    (
        State::Expired,
        &[State::Paid, State::PartiallyRefunded, State::Refunded, State::Failed, State::Suspect, State::Awaiting],
    ),
];

const fn source(by: Source) -> &'static str {
    match by {
        Source::Reply => "reply",
        Source::Look => "look",
        Source::Webhook => "webhook",
        Source::Sweep => "sweep",
        Source::Claim => "claim",
        Source::Customer => "customer",
    }
}

/// Whether the machine has this move. What is paid in a window is withdrawn while it is not paid.
fn may_move(from: State, after: &Payment) -> bool {
    let to = after.state;
    let withdrawn = to == State::Revoked
        && after.is_withdrawn()
        && matches!(from, State::Awaiting | State::Failed | State::Expired);
    // An account that is issued without a window waits for its deposit, or is found when that time is over.
    let issued = after.account.is_some()
        && matches!(from, State::Intent | State::Claimed | State::Unknown)
        && matches!(to, State::Awaiting | State::Expired);
    from == to || withdrawn || issued || MACHINE.iter().any(|(state, next)| *state == from && next.contains(&to))
}

/// Whether a row still asks for what was ordered. A schedule may go to another billing key, and says which it had before;
/// whose that one is, the rules at rest say.
fn same_order(before: &Payment, after: &Payment) -> bool {
    if after.order.customer_uid == before.order.customer_uid {
        return after.order == before.order && after.former_keys == before.former_keys;
    }
    let moved = billing::order::Order { customer_uid: after.order.customer_uid.clone(), ..before.order.clone() };
    let left = after.former_keys.split_last();
    after.order == moved
        && after.schedule_at().is_some()
        && left
            .is_some_and(|(last, rest)| Some(last) == before.order.customer_uid.as_ref() && rest == before.former_keys)
}

/// I14: a revocation or a move that somebody has a 202 for is not forgotten because a repeat of it did not leave.
fn check_promised(world: &mut World, before: &Payment, after: &Payment) {
    let change = |row: &Payment| row.claim.clone().filter(|claim| is_change(claim.purpose));
    let uid = after.merchant_uid().as_str();
    match (change(before), change(after)) {
        (Some(Claim { nonce, .. }), Some(again)) if nonce != again.nonce => {
            world.seen.promised.insert(uid.to_owned());
        }
        (Some(claim), None) if world.seen.promised.remove(uid) => {
            let as_wanted = match claim.purpose {
                Purpose::Move { schedule_at } => after.schedule_at() == Some(schedule_at),
                _ => false,
            };
            let excused = world.seen.unchanged.contains(uid) || world.seen.touched.contains(uid);
            if after.state == State::Scheduled && !as_wanted && !excused {
                world
                    .violation("I14", format!("{uid} was to be changed ({:?}), and that was forgotten", claim.purpose));
            }
        }
        _ => {}
    }
}

const fn is_change(purpose: Purpose) -> bool {
    matches!(purpose, Purpose::Revoke | Purpose::Move { .. })
}

/// Checks one write of a payment row.
pub(crate) fn check_payment(world: &mut World, before: Option<&Payment>, after: &Payment) {
    world.write(|| {
        let claim = after.claim.as_ref().map(|claim| (claim.purpose, claim.quarantine_until.0 - START));
        let (uid, version, state) = (after.merchant_uid(), after.version, after.state.name());
        let due_at = after.due_at.map(|due_at| due_at.0 - START);
        format!("    {uid} v{version} {state} claim {claim:?} due {due_at:?} refunds {}", after.refunds.len())
    });
    let uid = after.merchant_uid();
    if let Err(rule) = after.check() {
        world.violation("I12", format!("{uid}: {rule}"));
    }
    let Some(before) = before else {
        if after.version != 1 {
            world.violation("I12", format!("{uid} begins with version {}", after.version));
        }
        return;
    };
    if after.version != before.version + 1 {
        world.violation("I12", format!("{uid} went from version {} to {}", before.version, after.version));
    }
    if !same_order(before, after) || after.customer_id != before.customer_id || after.window != before.window {
        world.violation("I3", format!("{uid} changed what was ordered"));
    }
    if after.order.customer_uid != before.order.customer_uid {
        world.counts.moved_on += 1;
    }
    let (from, to) = (before.state, after.state);
    if from != to {
        if !may_move(from, after) {
            world.violation("I12", format!("{uid} moved from {} to {}", from.name(), to.name()));
        }
        match after.log.last() {
            Some(step) if step.from == from && step.to == to => {
                *world.counts.moves.entry((from, to, source(step.by))).or_default() += 1;
            }
            _ => world.violation("I12", format!("{uid} moved from {} to {} without a line", from.name(), to.name())),
        }
    }
    check_promised(world, before, after);
    account::check_write(world, before, after);
    if from != to && after.window.is_some() {
        window::check_move(world, before, after);
    }
    let settled_by_record = to.was_paid() && after.record.is_none();
    if settled_by_record {
        world.violation("I12", format!("{uid} is {} without the PSP's record", to.name()));
    }
    if let Some(record) = after.record.as_ref().filter(|_| to.was_paid() && after.record != before.record) {
        if record.amount != after.order.amount || record.merchant_uid != uid.as_str() {
            world.violation("I3", format!("{uid} is {} by a record that is not what was ordered", to.name()));
        }
        if record.sandbox {
            world.violation("I3", format!("{uid} is {} by a payment of a test channel", to.name()));
        }
    }
    let earlier = before.refunds.iter().map(|refund| (&refund.id, &refund.imp_uid));
    let kept = earlier.zip(&after.refunds).all(|((id, imp_uid), now)| *id == now.id && *imp_uid == now.imp_uid);
    if !kept || after.refunds.len() < before.refunds.len() {
        world.violation("I7", format!("{uid} forgot a refund"));
    }
}
