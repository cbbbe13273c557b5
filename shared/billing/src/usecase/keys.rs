//! Reading and deleting billing keys.

use super::schedule::Bound;
use super::{Billing, Caller, Failure, Stopped, chargeable, customer_uid_in_path};
use crate::calendar::ALARM_AGAIN_SECONDS;
use crate::ids::{CustomerId, CustomerUid, ForeignUid, MerchantUid};
use crate::key::{BillingKey, KeyEvidence, KeyState};
use crate::payment::{Claim, Evidence, Payment, Purpose, Source, State};
use crate::planted::{self, Bug};
use crate::ports::{
    ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Looked, Page, PaymentStore, Posted, Saved, ScheduleFilter,
    SchedulePsp, StoreError, SubscriptionStore, Watch, WriteError,
};
use crate::subscription::Attempt;
use crate::time::Timestamp;

/// What becomes of the schedules of a key that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Schedules {
    /// They keep the key.
    InTheWay,
    /// They are revoked.
    Revoke,
    /// They are moved to this key of the same customer.
    MoveTo(CustomerUid),
}

/// How a deletion ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyDeleted {
    /// Gone at the PSP.
    Done,
    /// Under way: no charge can claim the key any more, and the sweep carries it to its end. The row as it was marked.
    Pending(Box<BillingKey>),
}

/// Seconds before now that the PSP's list is asked for: what should have run weeks ago and has not may run yet.
const LIST_BEHIND_SECONDS: i64 = 20 * 86_400;
/// Seconds after the latest possible schedule that it is asked for. With those before now it is no request more than without.
const LIST_AHEAD_SECONDS: i64 = 86_400;
/// A deletion revokes and moves schedules for so long, in seconds, before it leaves the rest to the sweep: its caller waits.
const CASCADE_SECONDS: i64 = 8;
/// Schedules of a key read at a time.
const SCHEDULES_PAGE: usize = 100;

impl<P, S, H> Billing<P, S, H>
where
    S: KeyStore,
{
    /// A key's row, for its owner or the merchant.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed name alike.
    pub async fn billing_key(&self, caller: &Caller, customer_uid: &str) -> Result<BillingKey, Failure> {
        let row = self.store.key(&customer_uid_in_path(customer_uid)?).await?.ok_or(Failure::NotFound)?;
        if caller.may_see(&row.customer_id) { Ok(row) } else { Err(Failure::NotFound) }
    }

    /// A customer's keys, oldest first.
    ///
    /// # Errors
    /// `cursor_invalid`.
    pub async fn billing_keys(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, Failure> {
        Ok(self.store.keys_of(owner, limit, cursor).await?)
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp,
    S: KeyStore + PaymentStore + SubscriptionStore,
    H: Clock + Entropy + Watch,
{
    /// Deletes a key at the PSP. Schedules on it are in the way, or revoked first, or moved to another key.
    ///
    /// The order is fixed by the PSP: mark the key so that nothing new can claim it, revoke, confirm, delete, confirm.
    ///
    /// # Errors
    /// [`Failure::KeyInUse`]; [`Failure::KeyPending`] while it is being issued. Of the key that schedules are to move to:
    /// [`Failure::NotFound`] if it is not the same customer's, [`Failure::KeyPending`] and [`Failure::KeyInactive`].
    pub async fn delete_key(
        &self,
        caller: &Caller,
        customer_uid: &str,
        schedules: Schedules,
    ) -> Result<KeyDeleted, Failure> {
        let until = self.cascade_until();
        let key = self.billing_key(caller, customer_uid).await?;
        match key.state {
            KeyState::Deleted => return Ok(KeyDeleted::Done),
            KeyState::Prepared | KeyState::Issuing => return Err(Failure::KeyPending),
            KeyState::Abandoned => return Err(Failure::NotFound),
            KeyState::Active | KeyState::Deleting => {}
        }
        match &schedules {
            Schedules::InTheWay if !self.live_schedules(&key).await?.is_empty() => return Err(Failure::KeyInUse),
            Schedules::InTheWay | Schedules::Revoke => {}
            Schedules::MoveTo(to) => {
                let successor = self.store.key(to).await?.filter(|_| *to != key.customer_uid);
                chargeable(successor.as_ref(), Some(&key.customer_id))?;
            }
        }
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let marked = key.state == KeyState::Deleting
            && match &schedules {
                Schedules::InTheWay => true,
                Schedules::Revoke => key.cascade,
                Schedules::MoveTo(to) => key.successor.as_ref() == Some(to),
            };
        let key = if marked {
            key
        } else {
            match self.mark_deleting(key, schedules).await? {
                Marked::Deleting(key) => key,
                Marked::Gone => return Ok(KeyDeleted::Done),
                Marked::Perhaps(key) => return Ok(KeyDeleted::Pending(Box::new(key))),
            }
        };
        // The mark stands: whatever goes wrong from here on, the sweep goes on.
        match self.continue_deletion(key.clone(), Some(until)).await {
            Ok(Deletion::Done) => Ok(KeyDeleted::Done),
            Ok(Deletion::InUse) => Err(Failure::KeyInUse),
            Err(Stopped::Failed(failure)) if planted::has(Bug::MarkedDeletionForgotten) => Err(failure),
            Ok(Deletion::Pending) | Err(_) => Ok(KeyDeleted::Pending(Box::new(key))),
        }
    }

    /// Carries the deletion of a marked key on, as it was asked for, until its caller has waited long enough. What keeps it
    /// from going on is looked at again by the calendar.
    pub(super) async fn continue_deletion(
        &self,
        mut key: BillingKey,
        until: Option<Timestamp>,
    ) -> Result<Deletion, Stopped> {
        match self.try_deletion(&mut key, until).await? {
            Some(ended) => Ok(ended),
            None => {
                self.conclude_key(key, &KeyEvidence::Held).await?;
                Ok(Deletion::Pending)
            }
        }
    }

    /// One try at deleting a marked key; nothing if something keeps it. The row as it was written last. No new schedule can claim the key any more, but one may
    /// have been registered just before it was marked.
    async fn try_deletion(&self, key: &mut BillingKey, until: Option<Timestamp>) -> Result<Option<Deletion>, Stopped> {
        let mut live = self.live_schedules(key).await?;
        if !self.moved_have_arrived(key).await? {
            return Ok(None);
        }
        let Some(listed) = self.listed_schedules(key).await else { return Ok(None) };
        let mut unkept = Vec::new();
        for uid in listed {
            let row = match MerchantUid::parse(&uid) {
                Ok(uid) if live.iter().any(|row| *row.merchant_uid() == uid) => continue,
                Ok(uid) => self.store.payment(&uid).await?.filter(|row| {
                    row.state == State::Scheduled && row.order.customer_uid.as_ref() == Some(&key.customer_uid)
                }),
                Err(_) => None,
            };
            match row {
                Some(row) => live.push(row),
                None => unkept.push(uid),
            }
        }
        let successor = match &key.successor {
            Some(to) => self.store.key(to).await?.filter(|to| to.state == KeyState::Active).map(|to| to.customer_uid),
            None => None,
        };
        // What no row of ours knows cannot be moved.
        let in_the_way = !unkept.is_empty() || (!live.is_empty() && successor.is_none());
        if !key.cascade && in_the_way && key.outcome_unknown {
            // A deletion was sent. As long as it may be carried out, the key is not promised again, though something is in the
            // way now; after that the PSP knows whether it is there.
            let settled = key.updated_at.plus(self.policy.claim_seconds()) <= self.host.now();
            match self.psp.key(&key.customer_uid).await {
                Looked::Found(_) if settled => {}
                Looked::Absent => {
                    self.conclude_key(key.clone(), &KeyEvidence::Absent).await?;
                    return Ok(Some(Deletion::Done));
                }
                Looked::Found(_) | Looked::Unreachable => return Ok(None),
            }
        }
        if !key.cascade && in_the_way {
            let restored = BillingKey {
                state: KeyState::Active,
                claim: None,
                due_at: None,
                successor: None,
                refusal: None,
                alarm_at: None,
                ..self.next_key(key.clone())
            };
            return match self.save_key(&restored).await? {
                Saved::Done => Ok(Some(Deletion::InUse)),
                // Somebody wrote in between, so it stays marked: the sweep decides anew.
                Saved::Conflict(_) | Saved::KeyNotActive | Saved::NotAskedFor => Ok(Some(Deletion::Pending)),
            };
        }
        let replaced_first = key.successor.is_some() && planted::has(Bug::OldKeyDeletedFirst);
        if replaced_first || planted::has(Bug::KeyDeletedFirst) {
            self.finish_deletion(key.clone()).await?;
        }
        // Where nobody waits, a slow list leaves time for the schedules all the same.
        let until = until.unwrap_or_else(|| self.cascade_until());
        let mut unreadable = false;
        for row in live {
            if self.host.now() >= until {
                // It got on, and is due: the next sweep takes the rest.
                return Ok(Some(Deletion::Pending));
            }
            let left = match &successor {
                Some(to) => self.move_schedule(row, to, until).await,
                None => self.take_schedule_back(row).await.map_err(Stopped::from),
            };
            match left {
                // A person is told where its own turn comes; the others are not kept waiting for that.
                Err(Stopped::Failed(Failure::Store(StoreError::Unreadable { .. }))) => unreadable = true,
                Ok(row) if row.state == State::Revoked => self.wake_subscription(&row).await?,
                // On the other key for good, or not: until that is known this one may still be needed.
                Ok(row) if row.order.customer_uid.as_ref() != Some(&key.customer_uid) && has_arrived(&row) => {}
                // It ran before it could be taken off.
                Ok(row) if row.state.is_settled() => {}
                Err(Stopped::Failed(Failure::AlreadyExecuted)) => {}
                Ok(_) | Err(_) => return Ok(None),
            }
        }
        if unreadable {
            return Ok(None);
        }
        if self.host.now() >= until {
            return Ok(Some(Deletion::Pending));
        }
        if !unkept.is_empty() {
            match self.about_to_delete(key.clone()).await? {
                Ok(marked) => *key = marked,
                Err(ended) => return Ok(Some(ended)),
            }
            if !self.revoke_unkept(key, unkept, until).await {
                return Ok(None);
            }
        }
        Ok(Some(self.finish_deletion(key.clone()).await?))
    }

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
    async fn move_schedule(&self, row: Payment, to: &CustomerUid, until: Timestamp) -> Result<Payment, Stopped> {
        if !self.is_wanted(&row).await? {
            return Ok(self.take_schedule_back(row).await?);
        }
        let unsent = row.state == State::Intent;
        let row = if unsent || (row.state == State::Scheduled && planted::has(Bug::MovedBeforeRevoked)) {
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
                (row, Bound::Before | Bound::Now) => row,
                (row, Bound::Perhaps) => return Ok(row),
            },
            (false, _) => Payment { moves_to: Some(to.clone()), ..row },
        };
        self.changed(row, Purpose::Revoke).await
    }

    async fn mark_deleting(&self, key: BillingKey, schedules: Schedules) -> Result<Marked, Failure> {
        let now = self.host.now();
        let claim = Claim::new(Purpose::Revoke, self.host.nonce(), now, &self.policy);
        // Asked for once more in another way, it does not begin anew for whoever waits for it.
        let again = key.state == KeyState::Deleting;
        let marked = BillingKey {
            alarm_at: key.alarm_at.filter(|_| again).or(Some(now.plus(ALARM_AGAIN_SECONDS))),
            refusal: key.refusal.clone().filter(|_| again),
            missing_since: None,
            state: KeyState::Deleting,
            due_at: Some(now.plus(crate::calendar::CLAIMANT_SECONDS)),
            claim: Some(claim),
            cascade: schedules == Schedules::Revoke,
            successor: match schedules {
                Schedules::MoveTo(to) => Some(to),
                Schedules::InTheWay | Schedules::Revoke => None,
            },
            looks: 0,
            updated_at: now,
            ..self.next_key(key)
        };
        match self.save_key(&marked).await {
            Ok(Saved::Done) => Ok(Marked::Deleting(marked)),
            // If it stands, the sweep deletes the key.
            Err(error) => error.or_pending(Marked::Perhaps(marked)),
            // Ours may be below what stands there, or another's of the same wish.
            Ok(Saved::Conflict(Some(current))) => match current.state {
                KeyState::Deleted => Ok(Marked::Gone),
                KeyState::Deleting if (current.cascade, &current.successor) == (marked.cascade, &marked.successor) => {
                    Ok(Marked::Deleting(*current))
                }
                KeyState::Prepared
                | KeyState::Issuing
                | KeyState::Active
                | KeyState::Deleting
                | KeyState::Abandoned => Err(Failure::IdempotencyInProgress),
            },
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotAskedFor) => Err(Failure::IdempotencyInProgress),
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    H: Clock,
{
    /// Until when a deletion that is carried on now goes on by itself.
    pub(super) fn cascade_until(&self) -> Timestamp {
        self.host.now().plus(CASCADE_SECONDS)
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + Watch,
{
    /// Order numbers that the PSP will still charge the key for. Our own index may lag behind a schedule that was
    /// registered a moment ago; the PSP's list does not.
    pub(super) async fn listed_schedules(&self, key: &BillingKey) -> Option<Vec<String>> {
        let now = self.host.now();
        let until = now.plus(self.policy.schedule_ahead_max_seconds + LIST_AHEAD_SECONDS);
        match self.psp.waiting_schedules(&key.customer_uid, now.plus(-LIST_BEHIND_SECONDS), until).await {
            Looked::Found(uids) => Some(uids),
            Looked::Absent => Some(Vec::new()),
            Looked::Unreachable => None,
        }
    }

    /// Revokes what the PSP would run on a key though no row of ours shows it as scheduled: a suspect one, or one that
    /// somebody else registered, under the name that the PSP has for it. After `until` none is begun any more: somebody waits.
    /// Says whether the PSP lists none any more.
    pub(super) async fn revoke_unkept(&self, key: &BillingKey, unkept: Vec<String>, until: Timestamp) -> bool {
        if unkept.is_empty() {
            return true;
        }
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

    /// What the PSP has under a key's name. Nothing is learnt from silence.
    pub(super) async fn key_evidence(&self, customer_uid: &CustomerUid) -> Option<KeyEvidence> {
        match self.psp.key(customer_uid).await {
            Looked::Found(snapshot) => Some(KeyEvidence::Found(snapshot)),
            Looked::Absent => Some(KeyEvidence::Absent),
            Looked::Unreachable => None,
        }
    }

    /// Deletes a marked key at the PSP and confirms it. Deleting twice does no harm, but one of two tries may be slow: that a
    /// deletion is about to be sent is written down first, so that nobody takes the mark off whom it could still overtake.
    pub(super) async fn finish_deletion(&self, key: BillingKey) -> Result<Deletion, WriteError> {
        let key = match self.about_to_delete(key).await? {
            Ok(key) => key,
            Err(ended) => return Ok(ended),
        };
        let seen = match self.psp.delete(&key.customer_uid).await {
            Posted::Known(()) => self.key_evidence(&key.customer_uid).await.unwrap_or(KeyEvidence::Lost),
            Posted::Refused(refusal) => match self.key_evidence(&key.customer_uid).await {
                Some(KeyEvidence::Found(_)) => KeyEvidence::Refused(refusal),
                looked => looked.unwrap_or(KeyEvidence::Lost),
            },
            Posted::NotSent => KeyEvidence::NotSent,
            Posted::Nonsense | Posted::Lost => KeyEvidence::Lost,
        };
        let (key, _) = self.conclude_key(key, &seen).await?;
        Ok(Deletion::shown_by(&key))
    }

    /// Writes down that the deletion of a marked key is about to be sent, or the revocation of what no row of ours knows on it.
    /// `Err` if it is not: somebody else wrote first, or that took so long that it could arrive when nobody waits for it any
    /// more. An orphan is promised to nobody, and needs no mark.
    async fn about_to_delete(&self, key: BillingKey) -> Result<Result<BillingKey, Deletion>, WriteError> {
        if key.state != KeyState::Deleting {
            return Ok(Ok(key));
        }
        let claim = Claim::new(Purpose::Revoke, self.host.nonce(), self.host.now(), &self.policy);
        let marked = BillingKey { outcome_unknown: true, updated_at: claim.claimed_at, ..self.next_key(key) };
        match self.save_key_for(&marked, self.patience(marked.claim.as_ref())).await? {
            Saved::Done if claim.may_be_sent(self.host.now(), &self.policy) => Ok(Ok(marked)),
            Saved::Done => Ok(Err(Deletion::Pending)),
            Saved::Conflict(Some(current)) => Ok(Err(Deletion::shown_by(&current))),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotAskedFor => Err(StoreError::Unavailable.into()),
        }
    }

    /// Whether every schedule that has left a key for another one is registered there, has run, or has failed: until then
    /// the key is kept.
    async fn moved_have_arrived(&self, key: &BillingKey) -> Result<bool, StoreError> {
        let Some(successor) = &key.successor else { return Ok(true) };
        let from_here = |row: &&Payment| row.former_keys.last() == Some(&key.customer_uid);
        let there = self.schedules_on(&key.customer_id, successor).await?;
        Ok(there.iter().filter(from_here).all(has_arrived))
    }

    /// Schedules that would still charge the key. The index finds candidates; each is decided on its own row.
    pub(super) async fn live_schedules(&self, key: &BillingKey) -> Result<Vec<Payment>, StoreError> {
        let mut rows = self.schedules_on(&key.customer_id, &key.customer_uid).await?;
        rows.retain(|row| {
            let on_the_key = row.order.customer_uid.as_ref() == Some(&key.customer_uid);
            on_the_key && !row.state.is_settled() && row.state != State::Suspect
        });
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

/// How far a deletion has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Deletion {
    /// Gone at the PSP.
    Done,
    /// A schedule turned up in time: the key stays.
    InUse,
    /// Not yet; the sweep goes on.
    Pending,
}

impl Deletion {
    fn shown_by(key: &BillingKey) -> Self {
        if key.state == KeyState::Deleted { Self::Done } else { Self::Pending }
    }
}

/// What became of the mark that a key is to be deleted.
enum Marked {
    /// It stands.
    Deleting(BillingKey),
    /// The key is deleted by now.
    Gone,
    /// It may stand.
    Perhaps(BillingKey),
}

/// Whether it is known what became of a schedule that was moved to another key.
fn has_arrived(row: &Payment) -> bool {
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
