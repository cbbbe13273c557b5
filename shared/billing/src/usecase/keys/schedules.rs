//! What would still be charged to a billing key: our own rows, and what the PSP lists.

use super::super::schedule::TargetRecorded;
use super::super::{Billing, Failure, Stopped};
use crate::ids::{CustomerId, CustomerUid, ForeignUid};
use crate::key::{BillingKey, REGISTRATIONS_KEPT, Registration};
use crate::payment::{Evidence, Payment, Purpose, Source, State};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, PaymentStore, ScheduleFilter, SchedulePsp,
    StoreError, SubscriptionStore,
};
use crate::subscription::Attempt;
use crate::time::Timestamp;

/// Seconds before now that the PSP's list is asked for: what should have run weeks ago and has not may run yet.
const LIST_BEHIND_SECONDS: i64 = 20 * 86_400;
/// Seconds after the latest possible schedule that it is asked for. With those before now it is no request more than without.
const LIST_AHEAD_SECONDS: i64 = 86_400;
/// Schedules of a key read at a time.
const SCHEDULES_PAGE: usize = 100;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp,
    S: KeyStore + PaymentStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Whether a schedule is to run on another key: a subscription's only if that still charges.
    async fn is_wanted(&self, row: &Payment) -> Result<bool, StoreError> {
        let Some((id, attempt)) = Attempt::of(row.merchant_uid()) else { return Ok(true) };
        let subscription = self.store.subscription(&id).await?;
        let now = self.host.now();
        Ok(subscription.is_some_and(|row| row.charges() && row.attempt == attempt && !row.is_over(now)))
    }

    /// Takes a schedule off its key and registers it on another one, under its own number. The first has to be confirmed
    /// before the second begins: never two of one payment. After `until` the second is the sweep's. What is not to run on any
    /// key is only taken back.
    pub(super) async fn move_schedule(
        &self,
        row: Payment,
        to: &CustomerUid,
        until: Timestamp,
    ) -> Result<Payment, Stopped> {
        if !self.is_wanted(&row).await? {
            return Ok(self.take_schedule_back(row).await?);
        }
        let row = if row.state == State::Intent {
            self.conclude(row, &Evidence::KeyReplaced(to.clone()), Source::Claim).await?.0
        } else {
            self.leaving(row, to).await?
        };
        if row.state != State::Intent || self.host.now() >= until {
            return Ok(row);
        }
        // Its subscription may have ended while it was taken off.
        if self.is_wanted(&row).await? { Ok(self.send(row).await?) } else { Ok(self.take_schedule_back(row).await?) }
    }

    /// Revokes a schedule so that it may move. One whose revocation was promised is revoked, and nothing else.
    async fn leaving(&self, row: Payment, to: &CustomerUid) -> Result<Payment, Failure> {
        let being_revoked = matches!(row.claim.as_ref().map(|claim| claim.purpose), Some(Purpose::Revoke));
        let row = match (being_revoked, &row.moves_to) {
            (true, None) => row,
            (true, Some(_)) => match self.bound_for(row, Some(to)).await? {
                (row, TargetRecorded::Before | TargetRecorded::Now) => row,
                (row, TargetRecorded::Perhaps) => return Ok(row),
            },
            (false, _) => Payment { moves_to: Some(to.clone()), ..row },
        };
        self.changed(row, Purpose::Revoke).await
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Order numbers that the PSP will still charge the key for. Our own index may lag behind a schedule that was
    /// registered a moment ago; the PSP's list does not.
    pub(crate) async fn listed_schedules(&self, key: &BillingKey) -> Option<Vec<String>> {
        let now = self.host.now();
        let until = now.plus(self.policy.schedule_ahead_max_seconds).plus(LIST_AHEAD_SECONDS);
        match self.psp.waiting_schedules(&key.customer_uid, now.plus(-LIST_BEHIND_SECONDS), until).await {
            Lookup::Found(uids) => Some(uids),
            Lookup::Absent => Some(Vec::new()),
            Lookup::Unreachable => None,
        }
    }

    /// Revokes what the PSP would run on a key though no row of ours shows it as scheduled: a suspect one, or one that
    /// somebody else registered, under the name that the PSP has for it. After `until` none is begun any more: somebody waits.
    /// Says whether the PSP lists none any more.
    pub(crate) async fn revoke_unkept(&self, key: &BillingKey, mut unkept: Vec<String>, until: Timestamp) -> bool {
        if unkept.is_empty() {
            return true;
        }
        // Each time another one comes first: one that is never answered must not keep the rest waiting.
        let first = usize::try_from(key.looks).unwrap_or_default() % unkept.len();
        unkept.rotate_left(first);
        // A name that not even the PSP should have stays in its list, and keeps the key: a person is told after a day.
        for uid in unkept.iter().filter_map(|uid| ForeignUid::parse(uid).ok()) {
            if self.host.now() >= until {
                return false;
            }
            // What came of it shows in the list, and the rows are looked at by the sweep.
            self.psp.revoke(&key.customer_uid, &uid).await;
        }
        self.listed_schedules(key).await.is_some_and(|left| left.is_empty())
    }

    /// Whether every schedule that has left a key for another one is registered there, has run, or has failed: until then
    /// the key is kept.
    pub(super) async fn moved_have_arrived(&self, key: &BillingKey) -> Result<bool, StoreError> {
        let Some(successor) = &key.successor else { return Ok(true) };
        let from_here = |row: &&Payment| row.former_keys.last() == Some(&key.customer_uid);
        let there = self.schedules_on(&key.customer_id, successor).await?;
        Ok(there.iter().filter(from_here).all(has_arrived))
    }

    /// What was claimed for the key just before it was marked: neither our index need show it nor the PSP's list. A claim is known
    /// by the answer to its POST, which it shares with whatever else that registers; one that the key keeps no more by the time
    /// alone.
    pub(super) async fn recent_claims(&self, key: &BillingKey) -> Result<RecentClaims, StoreError> {
        let stored = self.store.key(&key.customer_uid).await?;
        let claims = stored.map(|key| key.registrations).unwrap_or_default();
        let (now, policy) = (self.host.now(), &self.policy);
        let is_open = |claim: &&Registration| now < claim.claimed_at.plus(policy.claim_seconds());
        let more_were_made = claims.len() == REGISTRATIONS_KEPT && claims.last().as_ref().is_some_and(is_open);
        let mut lately = RecentClaims { all_arrived: !more_were_made, unsent: Vec::new() };
        for claim in claims.iter().filter(is_open) {
            match self.store.payment(&claim.merchant_uid).await? {
                Some(row) if row.version > claim.version && row.was_answered() => {
                    let to_be_sent = row.state == State::Intent && is_on(&row, key);
                    lately.unsent.extend(Some(row).filter(|_| to_be_sent));
                }
                Some(_) | None => lately.all_arrived = false,
            }
        }
        Ok(lately)
    }

    /// Schedules that would still charge the key. The index finds candidates; each is decided on its own row.
    pub(crate) async fn live_schedules(&self, key: &BillingKey) -> Result<Vec<Payment>, StoreError> {
        let mut rows = self.schedules_on(&key.customer_id, &key.customer_uid).await?;
        rows.retain(|row| is_on(row, key) && !row.state.is_settled() && row.state != State::Suspect);
        Ok(rows)
    }

    /// A customer's schedules on one key, as the index has them.
    async fn schedules_on(&self, owner: &CustomerId, key: &CustomerUid) -> Result<Vec<Payment>, StoreError> {
        let mut found = Vec::new();
        let mut filter =
            ScheduleFilter { customer_uid: Some(key.clone()), limit: SCHEDULES_PAGE, ..ScheduleFilter::default() };
        loop {
            let page = self.store.schedules_of(owner, &filter).await?;
            found.extend(page.items);
            match page.next {
                Some(cursor) => filter.cursor = Some(cursor),
                None => return Ok(found),
            }
        }
    }
}

/// What was claimed for a key just before it was marked.
pub(super) struct RecentClaims {
    /// Whether all of it has been registered by now, or never will be under that claim.
    pub(super) all_arrived: bool,
    /// Schedules that were promised and are still to be sent.
    pub(super) unsent: Vec<Payment>,
}

fn is_on(row: &Payment, key: &BillingKey) -> bool {
    row.order.customer_uid.as_ref() == Some(&key.customer_uid)
}

/// Whether it is known what became of a schedule that was moved to another key.
pub(super) fn has_arrived(row: &Payment) -> bool {
    match row.state {
        State::Intent | State::Claimed | State::Unknown => false,
        State::Scheduled
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Failed
        | State::Revoked
        | State::Suspect
        | State::Awaiting
        | State::Expired => true,
    }
}
