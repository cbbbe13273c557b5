//! What is told of a payment: a charge, a schedule, or a checkout.

use serde::Serialize;

use super::amount::{amount, part};
use super::kind::Kind;
use crate::ids::{CustomerId, CustomerUid, ImpUid, MerchantUid, SubscriptionId};
use crate::key::is_named_unregistered;
use crate::money::Money;
use crate::payment::{Flow, Payment, Refund, RefundState, RefusedBy, State};
use crate::subscription::{Attempt, is_final};
use crate::time::Timestamp;

/// The payment as the storefront knows it. Names and amounts are the API's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PaymentFacts {
    /// The order number.
    pub merchant_uid: MerchantUid,
    /// Whose it is: the `sub` of the storefront's tokens.
    pub customer_id: CustomerId,
    /// The billing key that it is charged to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer_uid: Option<CustomerUid>,
    /// `charge`, `schedule` or `checkout`.
    pub flow: &'static str,
    /// Where it stands. `pending` is what is not told for itself: a schedule that is on its way to another key.
    pub state: &'static str,
    /// What was ordered, in the currency's main unit.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// Its currency.
    pub currency: &'static str,
    /// How much of it went back.
    #[serde(serialize_with = "amount")]
    pub cancel_amount: Money,
    /// The PSP's payment: once it is paid, or has an account that waits.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub imp_uid: Option<ImpUid>,
    /// When it was paid.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_at: Option<Timestamp>,
    /// When it is to run, for a schedule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schedule_at: Option<Timestamp>,
    /// Until when a deposit is waited for, while one is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deposit_until: Option<Timestamp>,
    /// What may help, if it failed, as far as the words for it tell: `retry` (the same card later, or another one), `another_card` (this
    /// one will not do again), or `contact_merchant` (its customer can do nothing: our request was refused).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remedy: Option<&'static str>,
    /// Refunds that were made or refused.
    pub refunds: Vec<RefundFact>,
    /// The subscription that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub subscription: Option<OfSubscription>,
}

/// A refund that has come to its end.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefundFact {
    /// Its name within the payment.
    pub id: String,
    /// The payment that it was taken from: the second one of an order is not the one that was kept.
    pub imp_uid: ImpUid,
    /// How much.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// How much of it is free of tax, where the payment names such a part.
    #[serde(serialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub tax_free: Option<Money>,
    /// How much of it is value added tax, where the payment names it.
    #[serde(serialize_with = "part", skip_serializing_if = "Option::is_none")]
    pub vat_amount: Option<Money>,
    /// `done` or `refused`.
    pub status: &'static str,
}

/// Which attempt of which subscription a payment is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfSubscription {
    /// The subscription.
    pub id: SubscriptionId,
    /// The period's number, from 0.
    pub period: u32,
    /// The attempt's, from 0.
    pub attempt: u32,
}

/// The name of what callers are told; what is not told for itself has none of its own.
const fn state(row: &Payment) -> &'static str {
    match row.told_state() {
        State::Intent | State::Claimed | State::Unknown => "pending",
        told @ (State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Failed
        | State::Revoked
        | State::Suspect
        | State::Awaiting
        | State::Expired) => told.name(),
    }
}

/// What may help a payment that failed, as far as the words for it tell.
fn remedy(row: &Payment) -> &'static str {
    let on_key = row.order.customer_uid.is_some();
    match row.refused_by() {
        // No card has anything to do with an account that was not issued.
        _ if row.account.is_some() => "contact_merchant",
        _ if on_key && is_named_unregistered(row) => "another_card",
        // In a window its customer has typed the card's number anew.
        RefusedBy::Issuer if on_key && is_final(row) => "another_card",
        RefusedBy::Issuer => "retry",
        // Its billing key was not issued, or is gone.
        RefusedBy::Ourselves => "another_card",
        RefusedBy::Psp => "contact_merchant",
    }
}

/// Whether the row says something that is not open. Of the charge that checks a card nothing is told: nobody has ordered it, it is
/// given back, and what it comes to is told of its billing key.
pub(super) fn is_told(row: &Payment) -> bool {
    match row.told_state() {
        _ if row.checks_a_card() => false,
        State::Intent | State::Claimed | State::Unknown => false,
        // A window says nothing, an account that waits does.
        State::Awaiting => row.open_account().is_some(),
        State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Failed
        | State::Revoked
        | State::Suspect
        | State::Expired => true,
    }
}

impl PaymentFacts {
    pub(super) fn of(row: &Payment) -> Self {
        let money = |minor| Money::new(minor, row.order.amount.currency);
        let paid = row.record.as_ref().filter(|_| row.told_state().was_paid());
        let account = row.open_account().filter(|_| row.told_state() == State::Awaiting);
        Self {
            merchant_uid: row.merchant_uid().clone(),
            customer_id: row.customer_id.clone(),
            customer_uid: row.order.customer_uid.clone(),
            flow: match row.flow {
                Flow::Charge => "charge",
                Flow::Schedule { .. } => "schedule",
                Flow::Checkout { .. } => "checkout",
            },
            state: state(row),
            amount: row.order.amount,
            currency: row.order.amount.currency.code(),
            // The PSP may leave out how much of a cancelled payment went back: all that is not left did.
            cancel_amount: money(paid.map_or(0, |record| record.amount.minor.saturating_sub(record.net_paid()))),
            imp_uid: paid.or(account).map(|record| record.imp_uid.clone()),
            paid_at: paid.and_then(|record| record.paid_at),
            schedule_at: row.schedule_at(),
            deposit_until: account.and(row.open_until()),
            remedy: (row.told_state() == State::Failed).then(|| remedy(row)),
            refunds: row.refunds.iter().filter_map(|refund| fact(refund, money)).collect(),
            subscription: Attempt::of(row.merchant_uid()).map(|(id, attempt)| OfSubscription {
                id,
                period: attempt.period,
                attempt: attempt.number,
            }),
        }
    }
}

fn fact(refund: &Refund, money: impl Fn(u64) -> Money) -> Option<RefundFact> {
    let status = match refund.state {
        RefundState::Pending => return None,
        RefundState::Done => "done",
        RefundState::Refused => "refused",
    };
    Some(RefundFact {
        id: refund.id.clone(),
        imp_uid: refund.imp_uid.clone(),
        amount: money(refund.amount),
        tax_free: refund.parts.tax_free.map(&money),
        vat_amount: refund.parts.vat_amount.map(&money),
        status,
    })
}

/// What a new version of a payment tells.
pub(super) fn news(before: Option<&Payment>, after: &Payment) -> (Vec<Kind>, PaymentFacts) {
    let (was, is) = (before.map(PaymentFacts::of), PaymentFacts::of(after));
    if after.checks_a_card() {
        return (Vec::new(), is);
    }
    let mut kinds = moves(before, was.as_ref(), after, &is);
    kinds.extend(refunds(was.as_ref(), &is));
    // What was told before, and is otherwise now. What was open before is told of by its move alone.
    let was_told = before.is_some_and(is_told);
    if kinds.is_empty() && was_told && is_told(after) && was.as_ref() != Some(&is) {
        kinds.push(Kind::PaymentUpdated);
    }
    (kinds, is)
}

/// What the new state tells, if it is one that the row did not have before.
fn moves(before: Option<&Payment>, was: Option<&PaymentFacts>, after: &Payment, is: &PaymentFacts) -> Vec<Kind> {
    let came = was.is_none_or(|was| was.state != is.state);
    let was_paid = before.is_some_and(|before| before.told_state().was_paid());
    let to_another_key = after.schedule_at().is_some() && was.is_some_and(|was| was.customer_uid != is.customer_uid);
    let moved_key = to_another_key.then_some(Kind::ScheduleMoved);
    let one = |kind, happened: bool| happened.then_some(kind).into_iter().collect();
    match after.told_state() {
        State::Intent | State::Claimed | State::Unknown => moved_key.into_iter().collect(),
        State::Scheduled if came => vec![Kind::ScheduleScheduled],
        State::Scheduled => {
            let moved_time = was.is_some_and(|was| was.schedule_at != is.schedule_at);
            one(Kind::ScheduleMoved, moved_time || to_another_key)
        }
        State::Paid => paid(after, !was_paid),
        // It was paid, too, where nobody saw that before: who delivers goods waits for it.
        State::PartiallyRefunded => {
            let mut kinds = paid(after, !was_paid);
            if came || gave_back(was, is) {
                kinds.push(Kind::PaymentPartiallyRefunded);
            }
            kinds
        }
        // Nothing was ever to be delivered for what was seen only when it was gone.
        State::Refunded => one(Kind::PaymentRefunded, came),
        State::Failed => one(Kind::PaymentFailed, came),
        State::Revoked => match after.flow {
            Flow::Schedule { .. } => one(Kind::ScheduleRevoked, came),
            Flow::Charge | Flow::Checkout { .. } => one(Kind::PaymentWithdrawn, came),
        },
        State::Suspect => one(Kind::PaymentSuspect, came),
        State::Expired => one(Kind::PaymentExpired, came),
        State::Awaiting => {
            let same = was.is_some_and(|was| (was.deposit_until, &was.imp_uid) == (is.deposit_until, &is.imp_uid));
            one(Kind::DepositWaiting, is.deposit_until.is_some() && (came || !same))
        }
    }
}

/// The money came.
fn paid(row: &Payment, came: bool) -> Vec<Kind> {
    let by_deposit = row.record.as_ref().is_some_and(|record| record.details.vbank_num.is_some());
    let deposit = (came && by_deposit).then_some(Kind::DepositReceived);
    came.then_some(Kind::PaymentPaid).into_iter().chain(deposit).collect()
}

fn gave_back(was: Option<&PaymentFacts>, is: &PaymentFacts) -> bool {
    was.is_none_or(|was| was.cancel_amount != is.cancel_amount)
}

/// Refunds that came to their end, each kind once: which they are is in the facts.
fn refunds(was: Option<&PaymentFacts>, is: &PaymentFacts) -> impl Iterator<Item = Kind> {
    let ended = |status: &str| {
        let known = |refund: &&RefundFact| was.is_some_and(|was| was.refunds.contains(refund));
        is.refunds.iter().any(|refund| refund.status == status && !known(&refund))
    };
    let (made, refused) = (ended("done"), ended("refused"));
    made.then_some(Kind::RefundMade).into_iter().chain(refused.then_some(Kind::RefundRefused))
}
