//! Payments that the PSP runs later.

use std::collections::BTreeSet;

use futures_util::future::join;
use futures_util::{StreamExt, stream};

use super::send::{ChangeSent, Promised, outcome, registered};
use super::{Billing, Caller, Failure, chargeable, not_reserved};
use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::is_named_unregistered;
use crate::order::Order;
use crate::payment::{Claim, Evidence, Outcome, Payment, Plan, Purpose, ScheduleSnapshot, Source, State, fingerprint};
use crate::policy::Policy;
use crate::ports::{
    ChargePsp, Clock, Entropy, KeyStore, Page, PaymentStore, Posted, Saved, ScheduleFilter, SchedulePsp, StoreError,
    Watch,
};
use crate::time::Timestamp;

/// Most payments registered by one request.
pub const SCHEDULES_MAX: usize = 100;
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
    H: Clock + Entropy + Watch,
{
    /// Registers 1 to 100 payments of one billing key with one POST. Each row's state is its own answer.
    ///
    /// The whole request is checked before anything is written. Orders that were registered before with the same
    /// content are answered from their rows.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has sent nothing.
    pub async fn schedule(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
    ) -> Result<Vec<Payment>, Failure> {
        for (index, new) in wanted.iter().enumerate() {
            not_reserved(&new.order.merchant_uid).map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
        }
        self.schedule_orders(customer_uid, customer_id, wanted).await
    }

    /// As [`Self::schedule()`], under numbers of a subscription's, too.
    pub(super) async fn schedule_orders(
        &self,
        customer_uid: &CustomerUid,
        customer_id: Option<CustomerId>,
        wanted: Vec<NewSchedule>,
    ) -> Result<Vec<Payment>, Failure> {
        let wanted = self.checked(wanted)?;
        let uids: Vec<MerchantUid> = wanted.iter().map(|new| new.order.merchant_uid.clone()).collect();
        let (key, existing) = join(self.store.key(customer_uid), self.store.payments(&uids)).await;
        let existing = existing?;

        let now = self.host.now();
        let mut fresh = Vec::new();
        for (index, new) in wanted.iter().enumerate() {
            match existing.iter().find(|row| *row.merchant_uid() == new.order.merchant_uid) {
                Some(row) => same_request(row, new, customer_id.as_ref())?,
                None => {
                    check_schedule_at(new.schedule_at, now, &self.policy)
                        .map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
                    fresh.push(new);
                }
            }
        }
        let mut rows = existing;
        if !fresh.is_empty() {
            let owner = chargeable(key?.as_ref(), customer_id.as_ref())?.clone();
            if !self.psp.ready().await {
                return Err(Failure::Unavailable);
            }
            let registered = self.register_all(customer_uid, &owner, &fresh, now).await?;
            if let Some(failed) = registered.iter().find(|row| is_named_unregistered(row)) {
                self.doubt_key_of(failed).await;
            }
            rows.extend(registered);
        }
        Ok(uids.iter().filter_map(|uid| rows.iter().find(|row| row.merchant_uid() == uid).cloned()).collect())
    }

    fn checked(&self, wanted: Vec<NewSchedule>) -> Result<Vec<NewSchedule>, Failure> {
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
    async fn register_all(
        &self,
        customer_uid: &CustomerUid,
        owner: &CustomerId,
        fresh: &[&NewSchedule],
        now: Timestamp,
    ) -> Result<Vec<Payment>, Failure> {
        let claim = Claim::new(Purpose::Register, self.host.nonce(), now, &self.policy);
        let claimed = |new: &&NewSchedule| {
            let plan = Plan::Schedule { schedule_at: new.schedule_at };
            Payment::claimed(new.order.clone(), owner.clone(), plan, now, claim.clone())
        };
        let rows: Vec<Payment> = fresh.iter().map(claimed).collect();
        let saved = match self.store.insert(&rows).await {
            Err(StoreError::Unknown) => match self.inserted(&rows).await {
                Ok(saved) => saved,
                // As with a charge: whatever stands in the table will be registered, so all of it is pending.
                Err(_) => return Ok(rows),
            },
            answered => answered?,
        };

        let mut ours = Vec::new();
        let mut overtaken = Vec::new();
        let mut refused = None;
        for ((row, saved), new) in rows.into_iter().zip(saved).zip(fresh) {
            match saved {
                Saved::Done => ours.push(row),
                Saved::Conflict(Some(current)) => match same_request(&current, new, Some(owner)) {
                    Ok(()) => overtaken.push(*current),
                    Err(failure) => refused = Some(failure),
                },
                Saved::KeyNotActive => refused = Some(Failure::KeyInactive),
                Saved::Conflict(None) | Saved::NotAskedFor => refused = Some(Failure::Unavailable),
            }
        }
        if let Some(failure) = refused {
            self.withdraw(ours).await?;
            return Err(failure);
        }
        if !ours.is_empty() {
            let orders: Vec<_> = ours.iter().filter_map(|row| Some((&row.order, row.schedule_at()?))).collect();
            let posted = self.psp.register(customer_uid, &orders).await;
            let concluded = stream::iter(ours.iter().cloned().map(|row| self.registered_one(row, posted.clone())))
                .buffered(WRITES_AT_ONCE)
                .collect::<Vec<_>>()
                .await;
            overtaken.extend(concluded);
        }
        Ok(overtaken)
    }

    /// Which of the rows stand in the table, after a write that was not answered.
    pub(super) async fn inserted(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, Failure> {
        let uids: Vec<MerchantUid> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
        let standing = self.store.payments(&uids).await?;
        let answer = |row: &Payment| match standing.iter().find(|found| found.merchant_uid() == row.merchant_uid()) {
            Some(found) if found.writer == row.writer => Saved::Done,
            other => Saved::Conflict(other.cloned().map(Box::new)),
        };
        Ok(rows.iter().map(answer).collect())
    }

    /// Takes back orders that were claimed and not sent, because the request they came with is refused as a whole.
    async fn withdraw(&self, rows: Vec<Payment>) -> Result<(), Failure> {
        for row in rows {
            let (row, _) = self.conclude(row.clone(), &outcome(&row, Outcome::NotSent), Source::Claim).await?;
            self.conclude(row, &Evidence::Withdrawn, Source::Claim).await?;
        }
        Ok(())
    }

    /// Writes down one order's part of a batch's reply. A row that cannot be written stays claimed, hence pending.
    async fn registered_one(&self, row: Payment, posted: Posted<Vec<ScheduleSnapshot>>) -> Payment {
        let posted = registered(posted, row.merchant_uid().as_str());
        self.settle_post(row.clone(), posted).await.unwrap_or(row)
    }

    /// Gives a schedule another time.
    ///
    /// # Errors
    /// [`Failure::AlreadyExecuted`], [`Failure::ScheduleNotChangeable`], [`Failure::Refused`] with the PSP's reason.
    pub async fn reschedule(
        &self,
        caller: &Caller,
        merchant_uid: &str,
        schedule_at: Timestamp,
    ) -> Result<Payment, Failure> {
        check_schedule_at(schedule_at, self.host.now(), &self.policy)?;
        let row = self.scheduled(caller, merchant_uid).await?;
        own_timer(&row)?;
        if row.plan == (Plan::Schedule { schedule_at }) && row.state == State::Scheduled && row.claim.is_none() {
            return Ok(row);
        }
        let row = self.changed(row, Purpose::Move { schedule_at }).await?;
        if row.state == State::Scheduled { Ok(row) } else { Err(unchangeable(&row)) }
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
            State::Intent => self.conclude(row, &Evidence::Withdrawn, Source::Claim).await?.0,
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
                let row = self.bound_for(row, None).await?;
                self.changed(row, Purpose::Revoke).await?
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
        match row.plan {
            Plan::Schedule { .. } => Ok(row),
            Plan::Charge | Plan::Checkout { .. } => Err(Failure::NotFound),
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
    pub(super) async fn bound_for(&self, row: Payment, to: Option<&CustomerUid>) -> Result<Payment, Failure> {
        if row.moves_to.as_ref() == to {
            return Ok(row);
        }
        let next = self.next(Payment { moves_to: to.cloned(), ..row });
        match self.store.save(&next).await? {
            Saved::Done => Ok(next),
            Saved::Conflict(_) | Saved::KeyNotActive | Saved::NotAskedFor => Err(Failure::ScheduleNotChangeable),
        }
    }

    pub(super) async fn changed(&self, row: Payment, purpose: Purpose) -> Result<Payment, Failure> {
        let other_change = row.claim.as_ref().is_some_and(|claim| claim.purpose != purpose);
        if row.state != State::Scheduled || other_change {
            return Err(unchangeable(&row));
        }
        if row.in_flight(self.host.now()) {
            // The same change is under way: a second one could arrive after a third was answered.
            return Ok(row);
        }
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let (row, sent) = self.change(row, purpose, Promised::No).await?;
        match sent {
            ChangeSent::No => Err(Failure::Unavailable),
            ChangeSent::Overtaken => Err(Failure::ScheduleNotChangeable),
            ChangeSent::Refused(refusal) if row.state == State::Scheduled && row.claim.is_none() => {
                Err(Failure::Refused(refusal))
            }
            ChangeSent::Refused(_) | ChangeSent::Yes => Ok(row),
        }
    }
}

/// A subscription is the one owner of its timer: who wants another time changes the subscription.
fn own_timer(row: &Payment) -> Result<(), Failure> {
    not_reserved(row.merchant_uid()).map_err(|_| Failure::ScheduleNotChangeable)
}

/// Whether a row was written by the very same request.
fn same_request(row: &Payment, new: &NewSchedule, customer_id: Option<&CustomerId>) -> Result<(), Failure> {
    let plan = Plan::Schedule { schedule_at: new.schedule_at };
    let owner = customer_id.unwrap_or(&row.customer_id);
    if row.fingerprint == fingerprint(&new.order, owner, plan) { Ok(()) } else { Err(Failure::MerchantUidReused) }
}

fn unchangeable(row: &Payment) -> Failure {
    let ran = row.state.was_paid() || (row.state == State::Failed && row.record.is_some());
    if ran || row.schedule.as_ref().is_some_and(|schedule| schedule.executed_at.is_some()) {
        Failure::AlreadyExecuted
    } else {
        Failure::ScheduleNotChangeable
    }
}
