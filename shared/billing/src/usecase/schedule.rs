//! Payments that the PSP runs later.

mod moved;
mod scheduled;

use std::collections::BTreeSet;

use futures_util::future::join;
use futures_util::{StreamExt, stream};

pub use self::scheduled::Scheduled;
use super::gateway::{Rules, on_order};
use super::send::{ChangeSent, change_is_under_way, registered, runs_at};
use super::{Billing, Caller, Failure, chargeable, not_reserved};
use crate::checkout::Warning;
use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::is_named_unregistered;
use crate::order::Order;
use crate::payment::{Claim, Evidence, Flow, Payment, Purpose, ScheduleSnapshot, Source, State, fingerprint};
use crate::pg::Operation;
use crate::policy::Policy;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, Page, PaymentStore, PostResult, Saved, ScheduleFilter, SchedulePsp,
    WriteError,
};
use crate::time::Timestamp;

/// Most payments registered by one request.
pub const SCHEDULES_MAX: usize = 100;
/// Seconds for which the outcome of a batch is written down row by row, before the rest is left to the sweep.
const CONCLUDE_SECONDS: i64 = 5;
/// So long after the claims were made no further order is begun to be written down: with a slow PSP the last one would be
/// answered after the gateway has given up.
const CONCLUDE_UNTIL_SECONDS: i64 = 20;
/// Rows written at a time after a batch was registered.
const WRITES_AT_ONCE: usize = 8;

/// One payment to be scheduled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewSchedule {
    /// What is to be paid.
    pub order: Order,
    /// When.
    pub schedule_at: Timestamp,
}

/// Checks a time that the PSP is to charge at.
///
/// # Errors
/// `schedule_at_invalid` when it is past, too soon, too far ahead, or in milliseconds (which is too far ahead).
pub fn check_schedule_at(schedule_at: Timestamp, now: Timestamp, policy: &Policy) -> Result<(), Invalid> {
    let earliest = now.plus(policy.schedule_lead_min_seconds);
    let latest = now.plus(policy.schedule_ahead_max_seconds);
    if (earliest..=latest).contains(&schedule_at) {
        Ok(())
    } else {
        let minutes = policy.schedule_lead_min_seconds / 60;
        let days = policy.schedule_ahead_max_seconds / 86_400;
        Err(Invalid::field("schedule_at", format!("UNIX seconds, from {minutes} minutes to {days} days ahead")))
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Registers 1 to 100 payments of one billing key with one POST. Each is answered by itself, in order.
    ///
    /// The whole request is checked before anything is written. Orders that were registered before with the same
    /// content are answered from their rows.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has recorded and sent nothing.
    pub async fn schedule(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
    ) -> Result<Vec<Scheduled>, Failure> {
        let answers = self.schedule_and_warn(customer_uid, customer_id, wanted).await?;
        Ok(answers.into_iter().map(|(answer, _)| answer).collect())
    }

    /// As [`Self::schedule()`], each with what is said of its key's gateway: that it is on no list, and of its rules that are not certain. A repeat is
    /// told the same, unless the key cannot be read.
    ///
    /// # Errors
    /// As [`Self::schedule()`].
    pub async fn schedule_and_warn(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
    ) -> Result<Vec<(Scheduled, Vec<Warning>)>, Failure> {
        for (index, new) in wanted.iter().enumerate() {
            not_reserved(&new.order.merchant_uid).map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
        }
        self.schedule_each(customer_uid, customer_id, wanted, Rules::Asked).await
    }

    /// As [`Self::schedule()`], under numbers of a subscription's, too, and whatever the gateway's rules say if they were
    /// promised.
    pub(super) async fn schedule_orders(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
        rules: Rules,
    ) -> Result<Vec<Scheduled>, Failure> {
        let answers = self.schedule_each(customer_uid, customer_id, wanted, rules).await?;
        Ok(answers.into_iter().map(|(answer, _)| answer).collect())
    }

    async fn schedule_each(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
        rules: Rules,
    ) -> Result<Vec<(Scheduled, Vec<Warning>)>, Failure> {
        let wanted = self.checked(wanted)?;
        let uids: Vec<MerchantUid> = wanted.iter().map(|new| new.order.merchant_uid.clone()).collect();
        let (key, existing) = join(self.store.key(customer_uid), self.store.payments(&uids)).await;
        let existing = existing?;
        let said = |new: &NewSchedule| {
            let key = key.as_ref().ok().and_then(Option::as_ref);
            let said = |key| on_order(Operation::Schedule, key, &new.order, new.schedule_at).warnings();
            key.map(said).unwrap_or_default()
        };
        let warnings: Vec<Vec<Warning>> = wanted.iter().map(said).collect();

        let now = self.host.now();
        let mut fresh = Vec::new();
        for (index, new) in wanted.iter().enumerate() {
            match existing.iter().find(|row| *row.merchant_uid() == new.order.merchant_uid) {
                Some(row) => same_request(row, new, customer_id.as_ref())?,
                None => {
                    check_schedule_at(new.schedule_at, now, &self.policy)
                        .map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
                    fresh.push((index, new));
                }
            }
        }
        let mut answers: Vec<Scheduled> = existing.into_iter().map(Box::new).map(Scheduled::Recorded).collect();
        if !fresh.is_empty() {
            let key = key?;
            let owner = chargeable(key.as_ref(), customer_id.as_ref())?.clone();
            for (index, new) in fresh.iter().filter(|_| rules == Rules::Asked) {
                let broken = |invalid: Invalid| invalid.within(&format!("schedules[{index}]"));
                let key = key.as_ref().ok_or(Failure::NotFound)?;
                on_order(Operation::Schedule, key, &new.order, new.schedule_at).accepted().map_err(broken)?;
            }
            let fresh: Vec<&NewSchedule> = fresh.into_iter().map(|(_, new)| new).collect();
            if !self.psp.ready().await {
                return Err(Failure::Unavailable);
            }
            let registered = self.register_all(customer_uid, &owner, &fresh, now).await?;
            let rows = registered.iter().filter_map(Scheduled::row);
            if let Some(failed) = rows.into_iter().find(|row| is_named_unregistered(row)) {
                self.doubt_key_of(failed).await;
            }
            answers.extend(registered);
        }
        let place = |answer: &Scheduled| uids.iter().position(|uid| uid == answer.merchant_uid());
        answers.sort_by_key(place);
        let warned = |answer: Scheduled| {
            // What is not recorded is not promised, and nothing is to be said of it.
            let place = answer.row().and_then(|_| place(&answer));
            let warnings = place.and_then(|place| warnings.get(place)).cloned();
            (answer, warnings.unwrap_or_default())
        };
        Ok(answers.into_iter().map(warned).collect())
    }

    pub(super) fn checked(&self, wanted: Vec<NewSchedule>) -> Result<Vec<NewSchedule>, Failure> {
        let refused = |detail: &str| Failure::Invalid(Invalid::field("schedules", detail));
        if wanted.is_empty() || wanted.len() > SCHEDULES_MAX {
            return Err(refused("1 to 100 schedules"));
        }
        let uids: BTreeSet<_> = wanted.iter().map(|new| &new.order.merchant_uid).collect();
        if uids.len() < wanted.len() {
            return Err(refused("each merchant_uid once"));
        }
        let times: BTreeSet<_> = wanted.iter().map(|new| new.schedule_at).collect();
        if times.len() < wanted.len() {
            return Err(refused("each schedule_at once"));
        }
        let check = |(index, new): (usize, NewSchedule)| {
            let order = new.order.checked(&self.policy);
            let order = order.map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
            Ok(NewSchedule { order, ..new })
        };
        wanted.into_iter().enumerate().map(check).collect()
    }

    /// Claims the fresh orders, sends those that were claimed in one POST, and writes down what came of each.
    ///
    /// Once one of them stands in the table, or may, none of them is taken back and no failure is that of them all: what
    /// stands is carried to its end, and what does not says so.
    async fn register_all(
        &self,
        customer_uid: &CustomerUid,
        owner: &CustomerId,
        fresh: &[&NewSchedule],
        now: Timestamp,
    ) -> Result<Vec<Scheduled>, Failure> {
        let claim = Claim::new(Purpose::Register, self.host.nonce(), now, &self.policy);
        let claimed = |new: &&NewSchedule| {
            let flow = Flow::Schedule { schedule_at: new.schedule_at };
            Payment::claimed(new.order.clone(), owner.clone(), flow, now, claim.clone())
        };
        let rows: Vec<Payment> = fresh.iter().map(claimed).collect();
        let written = self.insert_payments(&rows).await;

        let (mut ours, mut answers) = (Vec::new(), Vec::new());
        for ((row, written), new) in rows.into_iter().zip(written).zip(fresh) {
            let why = match written {
                Ok(Saved::Done) => {
                    ours.push(row);
                    continue;
                }
                // As with a charge: if it stands in the table it will be registered, so it is pending.
                Err(WriteError::Unknown) => {
                    answers.push(Scheduled::Recorded(Box::new(row)));
                    continue;
                }
                Ok(Saved::Conflict(Some(current))) => match same_request(&current, new, Some(owner)) {
                    Ok(()) => {
                        answers.push(Scheduled::Recorded(current));
                        continue;
                    }
                    Err(failure) => failure,
                },
                Ok(Saved::KeyNotActive) => Failure::KeyInactive,
                Err(WriteError::Store(error)) => error.into(),
                Ok(Saved::Conflict(None) | Saved::NotExpected) => Failure::Unavailable,
            };
            answers.push(Scheduled::NotRecorded { merchant_uid: row.order.merchant_uid, why });
        }
        let nothing_stands = ours.is_empty() && answers.iter().all(|answer| answer.row().is_none());
        if let Some(why) = answers.iter().find_map(Scheduled::why)
            && nothing_stands
        {
            return Err(why.clone());
        }
        let ours = self.register_claimed(customer_uid, &claim, ours).await;
        answers.extend(ours.into_iter().map(Box::new).map(Scheduled::Recorded));
        Ok(answers)
    }

    /// Sends orders that are claimed in the table in one POST, and writes down what came of each. Where the claims took too long to
    /// be written they stay claimed, and the sweep sends them.
    pub(super) async fn register_claimed(
        &self,
        customer_uid: &CustomerUid,
        claim: &Claim,
        ours: Vec<Payment>,
    ) -> Vec<Payment> {
        let now = self.host.now();
        let mut belated = 0;
        let mut at = |schedule_at| {
            belated += i64::from(schedule_at <= now);
            runs_at(schedule_at, now, belated)
        };
        let orders: Vec<_> = ours.iter().filter_map(|row| Some((&row.order, at(row.schedule_at()?)))).collect();
        if !claim.may_be_sent(now, &self.policy) || orders.is_empty() {
            return ours;
        }
        let posted = self.psp.register(customer_uid, &orders).await;
        // A slow table must not keep the caller waiting: what is not written down by then is the sweep's.
        let until = self.host.now().plus(CONCLUDE_SECONDS).min(claim.claimed_at.plus(CONCLUDE_UNTIL_SECONDS));
        stream::iter(ours.into_iter().map(|row| self.registered_one(row, posted.clone(), until)))
            .buffered(WRITES_AT_ONCE)
            .collect()
            .await
    }

    /// Writes down one order's part of a batch's reply. A row that cannot be written stays claimed, hence pending.
    async fn registered_one(
        &self,
        row: Payment,
        posted: PostResult<Vec<ScheduleSnapshot>>,
        until: Timestamp,
    ) -> Payment {
        if self.host.now() >= until {
            return row;
        }
        let posted = registered(posted, row.merchant_uid().as_str());
        self.settle_post(row.clone(), posted).await.unwrap_or(row)
    }

    /// Takes a schedule back. Revoking it again answers the same.
    ///
    /// # Errors
    /// [`Failure::AlreadyExecuted`], [`Failure::ScheduleNotChangeable`].
    pub async fn unschedule(&self, caller: &Caller, merchant_uid: &str) -> Result<Payment, Failure> {
        let row = self.scheduled(caller, merchant_uid).await?;
        own_timer(&row)?;
        self.take_schedule_back(row).await
    }

    /// As [`Self::unschedule()`], for a subscription's, too.
    pub(super) async fn take_schedule_back(&self, row: Payment) -> Result<Payment, Failure> {
        let row = match row.state {
            State::Revoked => return Ok(row),
            // It was recorded and never left: taking it back needs nobody else.
            State::Intent => match self.conclude(row.clone(), &Evidence::Withdrawn, Source::Claim).await {
                Ok((row, _)) => row,
                // Taken back, or still to be sent: it is pending until somebody knows.
                Err(error) => return error.or_pending(row),
            },
            State::Claimed
            | State::Unknown
            | State::Scheduled
            | State::Paid
            | State::PartiallyRefunded
            | State::Refunded
            | State::Failed
            | State::Suspect
            | State::Awaiting
            | State::Expired => {
                // Whatever it was bound for: it is taken back now.
                match self.bound_for(row, None).await? {
                    (row, TargetRecorded::Before) => self.changed(row, Purpose::Revoke).await?,
                    // It was on its way to another key and is not any more, so its revocation is what is under way.
                    (row, TargetRecorded::Now) => self.changed(row.clone(), Purpose::Revoke).await.unwrap_or(row),
                    (row, TargetRecorded::Perhaps) => return Ok(row),
                }
            }
        };
        match row.state {
            State::Revoked | State::Scheduled => Ok(row),
            State::Intent
            | State::Claimed
            | State::Unknown
            | State::Paid
            | State::PartiallyRefunded
            | State::Refunded
            | State::Failed
            | State::Suspect
            | State::Awaiting
            | State::Expired => Err(unchangeable(&row)),
        }
    }

    /// A schedule's row, for its owner or the merchant.
    ///
    /// # Errors
    /// [`Failure::NotFound`], also for a charge that was never a schedule.
    pub async fn scheduled(&self, caller: &Caller, merchant_uid: &str) -> Result<Payment, Failure> {
        let row = self.payment(caller, merchant_uid).await?;
        match row.flow {
            Flow::Schedule { .. } => Ok(row),
            Flow::Charge | Flow::Checkout { .. } => Err(Failure::NotFound),
        }
    }

    /// A customer's schedules. The merchant names a key, which says whose they are.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a key that is not the caller's; `customer_uid_required` from a merchant without one.
    pub async fn schedules(&self, caller: &Caller, filter: &ScheduleFilter) -> Result<Page<Payment>, Failure> {
        let owner = match (&filter.customer_uid, caller) {
            (Some(customer_uid), _) => {
                let key = self.store.key(customer_uid).await?.ok_or(Failure::NotFound)?;
                if !caller.may_see(&key.customer_id) {
                    return Err(Failure::NotFound);
                }
                key.customer_id
            }
            (None, Caller::Customer(customer_id)) => customer_id.clone(),
            (None, Caller::Merchant) => {
                let detail = "the billing key whose schedules are wanted";
                return Err(Failure::Invalid(Invalid::new("customer_uid", "customer_uid_required", detail)));
            }
        };
        Ok(self.store.schedules_of(&owner, filter).await?)
    }

    /// Writes down where a schedule goes once it is revoked: to another key, or nowhere.
    pub(super) async fn bound_for(
        &self,
        row: Payment,
        to: Option<&CustomerUid>,
    ) -> Result<(Payment, TargetRecorded), Failure> {
        if row.moves_to.as_ref() == to {
            return Ok((row, TargetRecorded::Before));
        }
        let next = self.next(Payment { moves_to: to.cloned(), ..row });
        match self.save_payment(&next).await {
            Ok(Saved::Done) => Ok((next, TargetRecorded::Now)),
            Err(error) => error.or_pending((next, TargetRecorded::Perhaps)),
            // Ours may be below what stands there, or another's of the same wish.
            Ok(Saved::Conflict(Some(current))) if current.moves_to.as_ref() == to => {
                Ok((*current, TargetRecorded::Now))
            }
            Ok(Saved::Conflict(_) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::ScheduleNotChangeable),
        }
    }

    /// Changes a registered schedule.
    ///
    /// # Errors
    /// Nothing was changed by this call, and nothing will be.
    pub(super) async fn changed(&self, row: Payment, purpose: Purpose) -> Result<Payment, Failure> {
        let is_promised = row.claim.is_some();
        if row.state != State::Scheduled || row.claim.as_ref().is_some_and(|claim| claim.purpose != purpose) {
            return Err(unchangeable(&row));
        }
        if change_is_under_way(&row, self.host.now()) {
            return Ok(row);
        }
        // What an earlier request has promised is carried to its end: nobody is told that nothing will come of it.
        if !self.psp.ready().await {
            return if is_promised { Ok(row) } else { Err(Failure::Unavailable) };
        }
        let (row, sent) = match self.change(row.clone(), purpose).await {
            Ok(changed) => changed,
            Err(_) if is_promised => return Ok(row),
            Err(error) => return Err(error.into()),
        };
        // Whoever overtook this one may stand on top of its claim, or want the same.
        let wanted = is_as_wanted(&row, purpose);
        let stands = row.state == State::Scheduled && row.claim.is_none() && !wanted;
        match sent {
            ChangeSent::Overtaken if !wanted => Err(unchangeable(&row)),
            ChangeSent::Refused(refusal) if stands => Err(Failure::Refused(refusal)),
            ChangeSent::Overtaken | ChangeSent::Unanswered | ChangeSent::Refused(_) | ChangeSent::Yes => Ok(row),
        }
    }
}

/// A subscription is the one owner of its timer: who wants another time changes the subscription.
fn own_timer(row: &Payment) -> Result<(), Failure> {
    not_reserved(row.merchant_uid()).map_err(|_| Failure::ScheduleNotChangeable)
}

/// Whether a row was written by the very same request.
fn same_request(row: &Payment, new: &NewSchedule, customer_id: Option<&CustomerId>) -> Result<(), Failure> {
    let flow = Flow::Schedule { schedule_at: new.schedule_at };
    let owner = customer_id.unwrap_or(&row.customer_id);
    if row.fingerprint == fingerprint(&new.order, owner, flow) { Ok(()) } else { Err(Failure::MerchantUidReused) }
}

/// Whether a change is done, or is under way.
fn is_as_wanted(row: &Payment, purpose: Purpose) -> bool {
    let is_done = match purpose {
        Purpose::Move { schedule_at } => row.state == State::Scheduled && row.schedule_at() == Some(schedule_at),
        Purpose::Revoke
        | Purpose::Charge
        | Purpose::Register
        | Purpose::Issue
        | Purpose::Extend { .. }
        | Purpose::Refund => row.state == State::Revoked,
    };
    is_done || (row.state == State::Scheduled && row.claim.as_ref().is_some_and(|claim| claim.purpose == purpose))
}

/// How a schedule came to be bound for where it goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum TargetRecorded {
    /// It was.
    Before,
    /// It was written down now.
    Now,
    /// It may have been written down now.
    Perhaps,
}

fn unchangeable(row: &Payment) -> Failure {
    let ran = row.state.was_paid() || (row.state == State::Failed && row.record.is_some());
    if ran || row.schedule.as_ref().is_some_and(|schedule| schedule.executed_at.is_some()) {
        Failure::AlreadyExecuted
    } else {
        Failure::ScheduleNotChangeable
    }
}
