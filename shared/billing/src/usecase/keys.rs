//! Reading and deleting billing keys.

mod schedules;

use std::collections::BTreeSet;

use super::gateway::{on_deletion, on_successor};
use super::{Billing, Caller, Failure, Stopped, chargeable, customer_uid_in_path};
use crate::calendar::ALARM_AGAIN_SECONDS;
use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::key::{BillingKey, KeyEvidence, KeyState};
use crate::payment::{Claim, Purpose, State};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, Page, PaymentStore, PostResult, Saved, SchedulePsp,
    StoreError, SubscriptionStore, WriteError,
};
use crate::time::Timestamp;
use schedules::{RecentClaims, has_arrived};

/// What becomes of the schedules of a key that is to be deleted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ScheduleDisposition {
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

/// A deletion revokes and moves schedules for so long, in seconds, before it leaves the rest to the sweep: its caller waits.
const CASCADE_SECONDS: i64 = 8;

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
    H: Clock + Entropy + AlarmSink,
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
        schedules: ScheduleDisposition,
    ) -> Result<KeyDeleted, Failure> {
        let until = self.cascade_until();
        let key = self.billing_key(caller, customer_uid).await?;
        match key.state {
            KeyState::Deleted => return Ok(KeyDeleted::Done),
            KeyState::Prepared | KeyState::Issuing | KeyState::Checking => return Err(Failure::KeyPending),
            KeyState::Abandoned => return Err(Failure::NotFound),
            KeyState::Active | KeyState::Deleting => {}
        }
        match &schedules {
            ScheduleDisposition::InTheWay if !self.live_schedules(&key).await?.is_empty() => {
                return Err(Failure::KeyInUse);
            }
            ScheduleDisposition::InTheWay | ScheduleDisposition::Revoke => {}
            ScheduleDisposition::MoveTo(to) => {
                let successor = self.store.key(to).await?.filter(|_| *to != key.customer_uid);
                chargeable(successor.as_ref(), Some(&key.customer_id))?;
                if let Some(successor) = successor.filter(|_| key.successor.as_ref() != Some(to)) {
                    on_successor(&successor).accepted()?;
                }
            }
        }
        if key.state == KeyState::Active {
            on_deletion(&key).accepted()?;
        }
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let marked = key.state == KeyState::Deleting
            && match &schedules {
                ScheduleDisposition::InTheWay => true,
                ScheduleDisposition::Revoke => key.cascade,
                ScheduleDisposition::MoveTo(to) => key.successor.as_ref() == Some(to),
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

    /// One try at deleting a marked key; nothing if something keeps it. `key` is left as it was written last. No new schedule
    /// can claim the key any more, but one may have been registered just before it was marked.
    async fn try_deletion(&self, key: &mut BillingKey, until: Option<Timestamp>) -> Result<Option<Deletion>, Stopped> {
        let mut live = self.live_schedules(key).await?;
        // Before the PSP is asked for its list, which then shows what has arrived.
        let RecentClaims { all_arrived, unsent } = self.recent_claims(key).await?;
        let mut known: BTreeSet<MerchantUid> = live.iter().map(|row| row.merchant_uid().clone()).collect();
        live.extend(unsent.into_iter().filter(|row| known.insert(row.merchant_uid().clone())));
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
            let settled = !key.in_flight(self.host.now());
            match self.psp.key(&key.customer_uid).await {
                Lookup::Found(_) if settled => {}
                Lookup::Absent => {
                    let (key, _) = self.conclude_key(key.clone(), &KeyEvidence::Absent).await?;
                    return Ok(Some(Deletion::shown_by(&key)));
                }
                Lookup::Found(_) | Lookup::Unreachable => return Ok(None),
            }
        }
        if !key.cascade && in_the_way {
            let restored = BillingKey {
                state: KeyState::Active,
                claim: None,
                outcome_unknown: false,
                due_at: None,
                successor: None,
                refusal: None,
                alarm_at: None,
                ..self.next_key(key.clone())
            };
            return match self.save_key(&restored).await? {
                Saved::Done => Ok(Some(Deletion::InUse)),
                Saved::Conflict(Some(current)) => Ok(Some(Deletion::shown_by(&current))),
                Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Ok(Some(Deletion::Pending)),
            };
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
        if !all_arrived {
            // What could be taken off is off; another may come yet.
            return Ok(None);
        }
        Ok(Some(self.finish_deletion(key.clone()).await?))
    }

    async fn mark_deleting(&self, key: BillingKey, schedules: ScheduleDisposition) -> Result<Marked, Failure> {
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
            cascade: schedules == ScheduleDisposition::Revoke,
            successor: match schedules {
                ScheduleDisposition::MoveTo(to) => Some(to),
                ScheduleDisposition::InTheWay | ScheduleDisposition::Revoke => None,
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
                | KeyState::Checking
                | KeyState::Active
                | KeyState::Deleting
                | KeyState::Abandoned => Err(Failure::IdempotencyInProgress),
            },
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::IdempotencyInProgress),
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
    H: Clock + Entropy + AlarmSink,
{
    /// What the PSP has under a key's name. Nothing is learnt from silence.
    pub(super) async fn key_evidence(&self, customer_uid: &CustomerUid) -> Option<KeyEvidence> {
        match self.psp.key(customer_uid).await {
            Lookup::Found(snapshot) => Some(KeyEvidence::Found(snapshot)),
            Lookup::Absent => Some(KeyEvidence::Absent),
            Lookup::Unreachable => None,
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
            PostResult::Known(()) => self.key_evidence(&key.customer_uid).await.unwrap_or(KeyEvidence::Lost),
            PostResult::Refused(refusal) => match self.key_evidence(&key.customer_uid).await {
                Some(KeyEvidence::Found(_)) => KeyEvidence::Refused(refusal),
                looked => looked.unwrap_or(KeyEvidence::Lost),
            },
            PostResult::NotSent => KeyEvidence::NotSent,
            PostResult::Nonsense | PostResult::Lost => KeyEvidence::Lost,
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
        let now = self.host.now();
        let claim = Claim::new(Purpose::Revoke, self.host.nonce(), now, &self.policy);
        let marked = BillingKey {
            claim: Some(claim.clone()),
            outcome_unknown: true,
            alarm_at: key.alarm_at.or(Some(now.plus(ALARM_AGAIN_SECONDS))),
            updated_at: now,
            ..self.next_key(key)
        };
        match self.save_key(&marked).await? {
            Saved::Done if claim.may_be_sent(self.host.now(), &self.policy) => Ok(Ok(marked)),
            Saved::Done => Ok(Err(Deletion::Pending)),
            Saved::Conflict(Some(current)) => Ok(Err(Deletion::shown_by(&current))),
            Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(StoreError::Unavailable.into()),
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
    /// How far it has come, as the row says: one that is active again has lost its mark to a schedule.
    const fn shown_by(key: &BillingKey) -> Self {
        match key.state {
            KeyState::Deleted => Self::Done,
            KeyState::Active => Self::InUse,
            KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleting | KeyState::Abandoned => {
                Self::Pending
            }
        }
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
