//! What 503 promises: whoever was told that nothing was recorded finds nothing, ever. Not what the request itself has
//! written, and not what of it reaches the table later.

use std::collections::BTreeMap;

use billing::key::{BillingKey, KeyState};
use billing::payment::refund::Origin;
use billing::payment::{Payment, Purpose, State};
use billing::subscription::{Subscription, SubscriptionId, SubscriptionState};
use billing::usecase::Failure;
use billing::{CustomerUid, MerchantUid, Nonce};

use crate::kernel::ProcessId;
use crate::lambda::{Answer, Request, Wish};
use crate::sim::Sim;

/// What requests have written, by the process that ran each.
#[derive(Debug, Default)]
pub struct Recorded {
    requests: BTreeMap<ProcessId, Asked>,
}

#[derive(Debug)]
struct Asked {
    request: Request,
    /// What it has written of what it was asked.
    wrote: Vec<Trace>,
    /// It was answered that nothing was recorded.
    denied: bool,
}

/// A trace of a request in the table.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Trace {
    /// A new order, or one that was withdrawn and is claimed again.
    Payment(MerchantUid),
    /// An order that was withdrawn.
    Withdrawal(MerchantUid),
    /// A refund of an order, by its name.
    Refund(MerchantUid, String),
    /// A cash receipt that was asked for, or taken back, by the mark of its claim.
    Receipt(MerchantUid, Nonce),
    /// A change of a schedule, or of an account, by the mark of its claim.
    Claim(MerchantUid, Nonce),
    /// A key whose card was claimed, by the mark of that claim, if it has one.
    Issue(CustomerUid, Option<Nonce>),
    /// A key that was named, or marked; by the mark of its claim, if it has one.
    Key(CustomerUid, Option<Nonce>),
    /// A subscription, begun or changed.
    Subscription(SubscriptionId),
}

impl Recorded {
    /// A request is begun.
    pub(crate) fn ask(&mut self, process: ProcessId, request: &Request) {
        let carries_nothing = matches!(
            request,
            Request::Sweep
                | Request::Compare
                | Request::Notice(_)
                | Request::Read { .. }
                | Request::Keys(_)
                | Request::Subscriptions { .. }
        );
        if !carries_nothing {
            self.requests.insert(process, Asked { request: request.clone(), wrote: Vec::new(), denied: false });
        }
    }
}

fn note(sim: &Sim, trace: impl FnOnce(&Request) -> Option<Trace>) {
    let mut world = sim.world();
    let process = world.kernel.current;
    let Some(asked) = world.recorded.requests.get_mut(&process) else { return };
    if let Some(trace) = trace(&asked.request).filter(|trace| !asked.wrote.contains(trace)) {
        asked.wrote.push(trace);
    }
}

/// The polled process has written a payment's row.
pub(crate) fn payment(sim: &Sim, before: Option<&Payment>, after: &Payment) {
    let uid = after.merchant_uid();
    let fresh = before.is_none_or(|before| before.state == State::Revoked && after.state == State::Claimed);
    let claims = |wanted: fn(Purpose) -> bool| {
        let claim = after.claim.as_ref().filter(|claim| wanted(claim.purpose))?;
        let known = before.and_then(|before| before.claim.as_ref()).is_some_and(|known| known.nonce == claim.nonce);
        (!known).then(|| Trace::Claim(uid.clone(), claim.nonce.clone()))
    };
    note(sim, |request| match request {
        Request::Charge { order, .. } => (fresh && order.merchant_uid == *uid).then(|| Trace::Payment(uid.clone())),
        Request::Schedule { wanted, .. } => {
            let asked = wanted.iter().any(|new| new.order.merchant_uid == *uid);
            (fresh && asked).then(|| Trace::Payment(uid.clone()))
        }
        Request::Issue { wanted, .. } => {
            let asked = wanted.iter().any(|new| new.order.merchant_uid == *uid);
            (fresh && asked).then(|| Trace::Payment(uid.clone()))
        }
        Request::Account(new) => (fresh && new.order.merchant_uid == *uid).then(|| Trace::Payment(uid.clone())),
        Request::Checkout(new) => (fresh && new.order.merchant_uid == *uid).then(|| Trace::Payment(uid.clone())),
        Request::Withdraw { merchant_uid } if merchant_uid == uid => {
            let fresh = before.is_some_and(|before| !before.is_withdrawn()) && after.is_withdrawn();
            fresh.then(|| Trace::Withdrawal(uid.clone()))
        }
        Request::Refund(_) => {
            let known = before.map_or(0, |before| before.refunds.len());
            let new = after.refunds.get(known..).and_then(<[_]>::first).filter(|new| new.origin == Origin::Request);
            new.map(|new| Trace::Refund(uid.clone(), new.id.clone()))
        }
        Request::Receipt { merchant_uid, .. } | Request::CancelReceipt { merchant_uid } if merchant_uid == uid => {
            let claim = |row: &Payment| Some(row.receipt.as_deref()?.claim.as_ref()?.nonce.clone());
            let made = claim(after).filter(|made| before.and_then(claim).as_ref() != Some(made));
            made.map(|made| Trace::Receipt(uid.clone(), made))
        }
        Request::Revoke { merchant_uid, .. } if merchant_uid == uid => {
            claims(|purpose| matches!(purpose, Purpose::Revoke))
        }
        Request::Move { merchant_uid, .. } if merchant_uid == uid => {
            claims(|purpose| matches!(purpose, Purpose::Move { .. }))
        }
        Request::Extend { merchant_uid, .. } if merchant_uid == uid => {
            claims(|purpose| matches!(purpose, Purpose::Extend { .. }))
        }
        _ => None,
    });
}

/// The polled process has written a billing key's row.
pub(crate) fn key(sim: &Sim, before: Option<KeyState>, after: &BillingKey) {
    let claim = after.claim.as_ref().map(|claim| claim.nonce.clone());
    let uid = || Some(Trace::Key(after.customer_uid.clone(), claim.clone()));
    note(sim, |request| match (request, before, after.state) {
        (Request::Issue { .. }, _, KeyState::Issuing) => Some(Trace::Issue(after.customer_uid.clone(), claim.clone())),
        (Request::PrepareKey(_), None, KeyState::Prepared) | (Request::ImportKey { .. }, None, KeyState::Active) => {
            uid()
        }
        (Request::DeleteKey { customer_uid, .. }, Some(KeyState::Active), KeyState::Deleting)
            if *customer_uid == after.customer_uid =>
        {
            uid()
        }
        _ => None,
    });
}

/// The polled process has written a subscription's row.
pub(crate) fn subscription(sim: &Sim, before: Option<&Subscription>, after: &Subscription) {
    note(sim, |request| {
        let wished = match (request, before) {
            (Request::Subscribe(_), None) => true,
            (Request::Subscription { id, wish, .. }, Some(before)) if *id == after.id.to_string() => match wish {
                Wish::Read => false,
                Wish::Consent(_) => after.consents.len() > before.consents.len(),
                Wish::Cancel(_) => after.ending.is_some() && after.ending != before.ending,
                Wish::Reactivate => after.ending.is_none() && before.ending.is_some(),
                Wish::Pause => after.state == SubscriptionState::Paused && before.state != SubscriptionState::Paused,
                Wish::Resume => {
                    after.state == SubscriptionState::Active
                        && matches!(before.state, SubscriptionState::Paused | SubscriptionState::Unpaid)
                        && after.attempt.number > before.attempt.number
                }
                // A step of its own may come to the same: it moves on to another attempt.
                Wish::ChangeCard(_) | Wish::ChangePlan(_) | Wish::ChangePlanNow(_)
                    if before.attempt != after.attempt =>
                {
                    false
                }
                // So it is where the card before is gone, and its successor or another one comes in its place.
                Wish::ChangeCard(card) => {
                    let falls_back = after.fallbacks.len() > before.fallbacks.len();
                    let replaces =
                        sim.key(&before.customer_uid).is_some_and(|key| key.successor.as_ref() == Some(card));
                    after.customer_uid == *card && before.customer_uid != *card && !falls_back && !replaces
                }
                Wish::ChangePlan(plan) | Wish::ChangePlanNow(plan) => {
                    let waits = |row: &Subscription| row.upgrade.as_ref().map(|upgrade| upgrade.plan.id.clone());
                    let next = |row: &Subscription| row.next_plan.as_ref().map(|next| next.id.clone());
                    let offered = |row: &Subscription| row.offer.as_ref().map(|offer| offer.plan.id.clone());
                    let comes =
                        |row: &Subscription| [next(row), waits(row), offered(row)].contains(&Some(plan.id.clone()));
                    let is = |row: &Subscription| row.plan_id == plan.id && row.price == plan.price;
                    (comes(after) && !comes(before)) || (is(after) && !is(before) && !comes(before))
                }
            },
            _ => false,
        };
        wished.then(|| Trace::Subscription(after.id.clone()))
    });
}

/// Whether what a request has written stands in the table, or what came of it.
fn stands(sim: &Sim, trace: &Trace) -> bool {
    match trace {
        Trace::Payment(uid) => {
            // What was withdrawn and never sent may be claimed again: it is as good as not there.
            sim.payment(uid).is_some_and(|row| row.state != State::Revoked)
        }
        Trace::Withdrawal(uid) => sim.payment(uid).is_some_and(|row| row.is_withdrawn()),
        Trace::Refund(uid, id) => sim.payment(uid).is_some_and(|row| row.refunds.iter().any(|refund| refund.id == *id)),
        Trace::Receipt(uid, nonce) => sim.payment(uid).is_some_and(|row| {
            let claim = row.receipt.as_deref().and_then(|receipt| receipt.claim.as_ref());
            claim.is_some_and(|claim| claim.nonce == *nonce)
        }),
        Trace::Claim(uid, nonce) => sim.payment(uid).is_some_and(|row| {
            matches!(row.state, State::Scheduled | State::Awaiting)
                && row.claim.as_ref().is_some_and(|claim| claim.nonce == *nonce)
        }),
        // Somebody else may have asked for the same since; and what that has made may be deleted by now.
        Trace::Issue(uid, claim) => sim.key(uid).is_some_and(|row| {
            let made = matches!(row.state, KeyState::Active | KeyState::Deleted);
            row.state != KeyState::Abandoned && is_own(&row, claim.as_ref()) && !(gone_on(&row, claim.as_ref()) && made)
        }),
        Trace::Key(uid, claim) => sim.key(uid).is_some_and(|row| {
            let restored = gone_on(&row, claim.as_ref()) && row.state == KeyState::Active;
            row.state != KeyState::Abandoned && is_own(&row, claim.as_ref()) && !restored
        }),
        Trace::Subscription(_) => true,
    }
}

/// Whether a key holds no other claim than this one.
fn is_own(row: &BillingKey, claim: Option<&Nonce>) -> bool {
    row.claim.as_ref().is_none_or(|held| claim.is_none_or(|claim| held.nonce == *claim))
}

/// Whether the claim that was made on a key is over.
const fn gone_on(row: &BillingKey, claim: Option<&Nonce>) -> bool {
    row.claim.is_none() && claim.is_some()
}

/// A process has answered: if it says that nothing was recorded, nothing is.
pub(crate) fn check_answered(sim: &Sim, process: ProcessId, answer: &Answer) {
    let denied = matches!(
        answer,
        Answer::Payment(Err(Failure::Unavailable))
            // Where some of a batch stand, each of them is answered for, whatever kept the others out.
            | Answer::Payments(Err(_))
            | Answer::Key(Err(Failure::Unavailable))
            | Answer::Issued(Err(Failure::Unavailable))
            | Answer::KeyDeleted(Err(Failure::Unavailable))
            | Answer::Opened(Err(Failure::Unavailable))
            | Answer::Prepared(Err(Failure::Unavailable))
            | Answer::Refund(Err(Failure::Unavailable))
            | Answer::Receipt(Err(Failure::Unavailable))
            | Answer::Subscription(Err(Failure::Unavailable))
    );
    if let Some(asked) = sim.world().recorded.requests.get_mut(&process) {
        asked.denied = denied;
    }
    if denied {
        check_denied(sim, process, "was told that nothing was recorded");
    }
}

/// A write has reached the table after its process had given up on it.
pub(crate) fn check_landed(sim: &Sim, process: ProcessId) {
    check_denied(sim, process, "had been told that nothing was recorded when it was");
}

fn check_denied(sim: &Sim, process: ProcessId, what: &str) {
    let wrote = match sim.world().recorded.requests.get(&process) {
        Some(asked) if asked.denied => asked.wrote.clone(),
        Some(_) | None => return,
    };
    let left = wrote.into_iter().find(|trace| stands(sim, trace));
    if let Some(trace) = left {
        let mut world = sim.world();
        let request = world.recorded.requests.get(&process).map(|asked| format!("{:?}", asked.request));
        world.violation("I28", format!("{} {what}: {trace:?}", request.unwrap_or_default()));
    }
}
