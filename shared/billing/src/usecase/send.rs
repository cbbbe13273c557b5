//! Sending an order and looking for one: the only callers of the PSP's money POSTs.

use std::collections::BTreeSet;

use super::Billing;
use crate::alarm::Alarm;
use crate::ids::CustomerUid;
use crate::key::KeyState;
use crate::payment::{
    Claim, Effect, Evidence, Flow, Payment, PaymentSnapshot, PostFailure, PspStatus, Purpose, Refusal,
    ScheduleSnapshot, Source, State,
};
use crate::policy::Policy;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyStore, Lookup, PaymentStore, PostResult, Saved, SchedulePsp, StoreError,
    WriteError,
};
use crate::time::Timestamp;

/// A schedule that is registered after its time has passed runs this much later instead, in seconds.
const BELATED_SECONDS: i64 = 60;

/// When a schedule that is registered now is to run: at its time, or soon, if that has passed. A request takes no past time, and
/// each time once: the `belated`-th of those whose time has passed, from 1.
pub(super) const fn runs_at(schedule_at: Timestamp, now: Timestamp, belated: i64) -> Timestamp {
    if schedule_at.0 > now.0 { schedule_at } else { now.plus(BELATED_SECONDS * belated) }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Claims a row of which nothing can be under way, and sends it. Without the right to send, or without the means,
    /// the row is returned as it stands.
    pub(super) async fn send(&self, row: Payment) -> Result<Payment, WriteError> {
        let Some(purpose) = row.purpose().filter(|_| row.state == State::Intent) else { return Ok(row) };
        if row.waits_for_its_key()
            && let Some(seen) = self.not_active_yet(&row).await?
        {
            return self.conclude(row, &seen, Source::Claim).await.map(|(row, _)| row);
        }
        if !self.psp.ready().await {
            return Ok(row);
        }
        let claimed = self.claim(row.clone(), purpose);
        // No key is charged for an account, so none has to be active.
        let written = match purpose {
            Purpose::Issue => self.save_payment(&claimed).await?,
            Purpose::Charge
            | Purpose::Register
            | Purpose::Revoke
            | Purpose::Move { .. }
            | Purpose::Extend { .. }
            | Purpose::Refund => self.reclaim_payment(&claimed).await?,
        };
        match written {
            Saved::Done => self.post(claimed).await,
            Saved::Conflict(Some(current)) => Ok(*current),
            Saved::Conflict(None) | Saved::NotExpected => Err(StoreError::Unavailable.into()),
            Saved::KeyNotActive => {
                let seen = self.other_key(&row).await?.map_or(Evidence::KeyInactive, Evidence::KeyReplaced);
                self.conclude(row, &seen, Source::Claim).await.map(|(row, _)| row)
            }
        }
    }

    /// An order that is asked for again. One that was recorded and never left is sent now.
    pub(super) async fn send_if_it_never_left(&self, row: Payment) -> Payment {
        if row.may_be_claimed(self.host.now()) { self.send(row.clone()).await.unwrap_or(row) } else { row }
    }

    /// What the key of a schedule that was recorded with it says of it, while it cannot be registered.
    pub(super) async fn not_active_yet(&self, row: &Payment) -> Result<Option<Evidence>, StoreError> {
        let Some(customer_uid) = &row.order.customer_uid else { return Ok(Some(Evidence::KeyInactive)) };
        Ok(match self.store.key(customer_uid).await?.map(|key| key.state) {
            Some(KeyState::Prepared | KeyState::Issuing | KeyState::Checking) => Some(Evidence::KeyPending),
            Some(KeyState::Abandoned) | None => Some(Evidence::KeyInactive),
            // One that is gone may have another in its place.
            Some(KeyState::Active | KeyState::Deleting | KeyState::Deleted) => None,
        })
    }

    /// An active key for a schedule that was moved to one which is gone itself by now: the one that replaced that, or one
    /// that it comes from.
    async fn other_key(&self, row: &Payment) -> Result<Option<CustomerUid>, StoreError> {
        if row.schedule_at().is_none() {
            return Ok(None);
        }
        let mut tried = BTreeSet::new();
        for first in row.order.customer_uid.iter().chain(row.former_keys.iter().rev()) {
            let mut next = Some(first.clone());
            while let Some(uid) = next.filter(|uid| tried.insert(uid.clone())) {
                let key = self.store.key(&uid).await?.filter(|key| key.customer_id == row.customer_id);
                if key.as_ref().is_some_and(|key| key.state == KeyState::Active) {
                    return Ok(Some(uid));
                }
                next = key.and_then(|key| key.successor);
            }
        }
        Ok(None)
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// The row's next version, claimed for sending.
    pub(super) fn claim(&self, row: Payment, purpose: Purpose) -> Payment {
        let now = self.host.now();
        let claim = Claim::new(purpose, self.host.nonce(), now, &self.policy);
        self.next(row.reclaimed(claim, now))
    }

    /// The row's next version under a fresh mark.
    pub(super) fn next(&self, row: Payment) -> Payment {
        Payment { version: row.version + 1, writer: self.host.nonce(), ..row }
    }

    /// Sends a row that is claimed in the table, exactly once, and writes down what came of it. Where the claim took too long to
    /// be written it stays claimed, and the sweep sends it.
    pub(super) async fn post(&self, row: Payment) -> Result<Payment, WriteError> {
        let posted = match (row.flow, &row.order.customer_uid) {
            _ if !row.may_be_sent(self.host.now(), &self.policy) => return Ok(row),
            (Flow::Checkout { .. }, _) => {
                // In the window its customer pays it; there is nothing to send.
                let Some((window, account)) = row.window.as_ref().zip(row.account.as_ref()) else { return Ok(row) };
                recorded(self.psp.issue_account(&row.order, window.account_pg(&self.policy), account).await)
            }
            (_, None) => return Ok(row),
            (Flow::Charge, Some(_)) => recorded(self.psp.charge(&row.order).await),
            (Flow::Schedule { schedule_at }, Some(customer_uid)) => {
                let now = self.host.now();
                let at = runs_at(schedule_at, now, 1);
                let posted = self.psp.register(customer_uid, &[(&row.order, at)]).await;
                registered(posted, row.merchant_uid().as_str())
            }
        };
        self.settle_post(row, posted).await
    }

    /// Writes down the outcome of a POST. A refused, lost or unreadable one is looked for once before it is written:
    /// what the PSP records counts more than what it answered.
    pub(super) async fn settle_post(&self, row: Payment, posted: PostResult<Evidence>) -> Result<Payment, WriteError> {
        let (seen, by) = match posted {
            PostResult::Known(evidence) => (evidence, Source::Reply),
            PostResult::NotSent => (outcome(&row, PostFailure::NotSent), Source::Reply),
            PostResult::Refused(refusal) => self.found_or(&row, PostFailure::Refused(refusal)).await,
            PostResult::Nonsense => {
                self.host.alarm(&Alarm::PspNonsense { merchant_uid: row.merchant_uid().clone() });
                self.found_or(&row, PostFailure::Lost).await
            }
            PostResult::Lost => self.found_or(&row, PostFailure::Lost).await,
        };
        let (row, effects) = self.conclude(row, &seen, by).await?;
        self.follow(row, effects, by).await
    }

    /// Positive evidence at once, if there is any; else what the POST itself said. A record that is not of this order and
    /// holds no money, such as a stranger's failed attempt in a browser, is no evidence: it may be why we were refused.
    async fn found_or(&self, row: &Payment, otherwise: PostFailure) -> (Evidence, Source) {
        let is_ours = |record: &PaymentSnapshot| record.mismatch(&row.order, &self.policy).is_none();
        let counts =
            |record: &PaymentSnapshot| record.net_paid() > 0 || (is_ours(record) && row.is_answered_by(record));
        match self.evidence(row).await {
            Some(found @ Evidence::Schedule(_)) => (found, Source::Look),
            Some(Evidence::Records { list, complete }) if list.iter().any(counts) => {
                (Evidence::Records { list, complete }, Source::Look)
            }
            Some(_) | None => (outcome(row, otherwise), Source::Reply),
        }
    }

    /// Looks for a row's order at the PSP and writes down what is found. Nothing is learnt from silence.
    pub(super) async fn look(&self, row: Payment, by: Source) -> Result<Payment, WriteError> {
        Ok(self.answered_look(row, by).await?.0)
    }

    /// As [`Self::look()`], and whether the PSP has said anything.
    async fn answered_look(&self, row: Payment, by: Source) -> Result<(Payment, bool), WriteError> {
        let Some(seen) = self.evidence(&row).await else { return Ok((row, false)) };
        let (row, effects) = self.conclude(row, &seen, by).await?;
        Ok((self.follow(row, effects, by).await?, true))
    }

    /// What the PSP holds under the order number: the schedule while it has not run, else every payment.
    async fn evidence(&self, row: &Payment) -> Option<Evidence> {
        self.what_is_there(row, matches!(row.flow, Flow::Schedule { .. }) && row.record.is_none()).await
    }

    /// What the PSP holds under the order number: the schedule if it is asked for and there is one, else every payment.
    /// `None` if it did not say.
    pub(super) async fn what_is_there(&self, row: &Payment, by_schedule: bool) -> Option<Evidence> {
        if by_schedule {
            match self.psp.schedule(row.merchant_uid()).await {
                // What was taken off another key says nothing about this one.
                Lookup::Found(snapshot) if row.left_behind(&snapshot) => {}
                Lookup::Found(snapshot) => return Some(Evidence::Schedule(snapshot)),
                Lookup::Absent => {}
                Lookup::Unreachable => return None,
            }
        }
        // No schedule is no proof that nothing was paid: only no payment either is.
        match self.psp.payments(row.merchant_uid()).await {
            // What others let fail in a browser under the number says nothing of the schedule, and there is none.
            Lookup::Found(list) if by_schedule && are_strangers(row, &list, &self.policy) => Some(Evidence::NoSchedule),
            Lookup::Found(list) if !list.is_empty() => Some(Evidence::Records { list, complete: true }),
            Lookup::Found(_) | Lookup::Absent if by_schedule => Some(Evidence::NoSchedule),
            Lookup::Found(_) | Lookup::Absent => Some(Evidence::Records { list: Vec::new(), complete: true }),
            Lookup::Unreachable => None,
        }
    }

    /// Fetches the payment that a schedule names, and writes it down.
    pub(super) async fn follow(
        &self,
        mut row: Payment,
        effects: Vec<Effect>,
        by: Source,
    ) -> Result<Payment, WriteError> {
        for effect in effects {
            if let Effect::Fetch(imp_uid) = effect
                && let Lookup::Found(record) = self.psp.payment(&imp_uid).await
            {
                let seen = Evidence::Records { list: vec![record], complete: false };
                (row, _) = self.conclude(row, &seen, by).await?;
            }
        }
        Ok(row)
    }

    /// Sends a revocation, a move or an extension again under a new claim. A revocation may be repeated without harm, once whoever
    /// claimed it has had the time to send it; the others only when the one before can no longer arrive.
    pub(super) async fn resend_change(&self, row: Payment) -> Result<Payment, WriteError> {
        let purpose = match (row.state, row.claim.as_ref().map(|claim| claim.purpose)) {
            (State::Scheduled, Some(purpose @ (Purpose::Revoke | Purpose::Move { .. }))) => purpose,
            (State::Awaiting, Some(purpose @ Purpose::Extend { .. })) => purpose,
            _ => return Ok(row),
        };
        if change_is_under_way(&row, self.host.now()) || !self.psp.ready().await {
            return Ok(row);
        }
        Ok(self.change(row, purpose).await?.0)
    }

    /// Claims a registered schedule, or an account, for a change, sends the change, and writes down what came of it. Once the claim
    /// stands, or may stand, the change is carried to its end whatever goes wrong here: no error is returned any more.
    pub(super) async fn change(&self, row: Payment, purpose: Purpose) -> Result<(Payment, ChangeSent), StoreError> {
        let row = if let Purpose::Extend { due } = purpose {
            // What an earlier request has done would pass for what this one does, and this one could undo a later moment.
            let looked = self.answered_look(row.clone(), Source::Look).await;
            let (looked, answered) = looked.map_err(WriteError::for_who_comes_again)?;
            if !answered {
                return Ok((row, ChangeSent::Unanswered));
            }
            if looked != row || due <= self.host.now() {
                return Ok((looked, ChangeSent::Overtaken));
            }
            looked
        } else {
            row
        };
        let claimed = self.claim(row, purpose);
        match self.save_payment(&claimed).await {
            Ok(Saved::Done) => {}
            Err(error) => return error.or_pending((claimed, ChangeSent::Yes)),
            Ok(Saved::Conflict(Some(current))) => return Ok((*current, ChangeSent::Overtaken)),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
                return Err(StoreError::Unavailable);
            }
        }
        if !claimed.may_be_sent(self.host.now(), &self.policy) {
            return Ok((claimed, ChangeSent::Yes));
        }
        let Some(posted) = self.post_change(&claimed, purpose).await else {
            return Ok((claimed, ChangeSent::Overtaken));
        };
        let sent = match &posted {
            // It stays claimed, hence due, and is sent again: somebody may have read the claim, and has a 202 for it.
            PostResult::NotSent => return Ok((claimed, ChangeSent::Yes)),
            PostResult::Refused(refusal) => ChangeSent::Refused(refusal.clone()),
            PostResult::Known(_) | PostResult::Nonsense | PostResult::Lost => ChangeSent::Yes,
        };
        let concluded = match (&sent, purpose) {
            (ChangeSent::Refused(refusal), Purpose::Move { .. }) => self.refused_then_looked(&claimed, refusal).await,
            (ChangeSent::Refused(refusal), Purpose::Extend { .. }) => {
                self.refused_unless_found(&claimed, refusal).await
            }
            _ => self.settle_post(claimed.clone(), posted).await,
        };
        match concluded {
            Ok(row) => Ok((row, sent)),
            // What came of it could not be written: it stays claimed, and the sweep finds out, or sends it.
            Err(_) => Ok((claimed, ChangeSent::Yes)),
        }
    }

    /// The change itself. Nothing, if there is nothing to be changed: a schedule always has a key, and what is to have more time is an
    /// account that is open.
    async fn post_change(&self, claimed: &Payment, purpose: Purpose) -> Option<PostResult<Evidence>> {
        let uid = claimed.merchant_uid();
        Some(match purpose {
            Purpose::Move { schedule_at } => {
                let posted = self.psp.reschedule(uid, schedule_at).await;
                posted.and_then(|snapshot| PostResult::Known(Evidence::Schedule(snapshot)))
            }
            Purpose::Extend { due } => {
                let claim = claimed.claim.as_ref()?.nonce.clone();
                let posted = self.psp.extend_account(&claimed.open_account()?.imp_uid, due).await;
                posted.and_then(|record| PostResult::Known(Evidence::Extended { claim, record: Box::new(record) }))
            }
            Purpose::Revoke | Purpose::Charge | Purpose::Register | Purpose::Issue | Purpose::Refund => {
                registered(self.psp.revoke(claimed.order.customer_uid.as_ref()?, &uid.into()).await, uid.as_str())
            }
        })
    }

    /// An extension that was refused. An account that has more time all the same was given it, and one that was paid into meanwhile asks
    /// for nothing: what the look leaves open is refused.
    async fn refused_unless_found(&self, claimed: &Payment, refusal: &Refusal) -> Result<Payment, WriteError> {
        let row = self.look(claimed.clone(), Source::Look).await?;
        if row.claim != claimed.claim {
            return Ok(row);
        }
        let seen = outcome(&row, PostFailure::Refused(refusal.clone()));
        Ok(self.conclude(row, &seen, Source::Reply).await?.0)
    }

    /// A move that was refused: what the PSP has now is what stands, which is told by the schedule and not by the claim.
    async fn refused_then_looked(&self, claimed: &Payment, refusal: &Refusal) -> Result<Payment, WriteError> {
        let seen = outcome(claimed, PostFailure::Refused(refusal.clone()));
        let (row, _) = self.conclude(claimed.clone(), &seen, Source::Reply).await?;
        self.look(row, Source::Look).await
    }
}

/// Whether a change of a schedule or an account is being sent, or is not to be sent again yet. A revocation may be repeated without
/// harm; a second move could arrive after a third was answered.
pub(super) fn change_is_under_way(row: &Payment, now: Timestamp) -> bool {
    let may_arrive = |claim: &Claim| {
        let may_undo = matches!(claim.purpose, Purpose::Move { .. } | Purpose::Extend { .. });
        claim.is_live(now) && (claim.is_being_sent(now) || may_undo)
    };
    row.claim.as_ref().is_some_and(may_arrive) || row.change_waits(now)
}

/// The outcome of the POST that a row is claimed for.
pub(super) fn outcome(row: &Payment, outcome: PostFailure) -> Evidence {
    let claim = row.claim.as_ref().map_or_else(|| row.writer.clone(), |claim| claim.nonce.clone());
    Evidence::Posted { claim, outcome }
}

/// What became of a change's POST.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum ChangeSent {
    /// It left, or may have, or will.
    Yes,
    /// The PSP refused it.
    Refused(Refusal),
    /// Somebody else wrote the row first, or there is nothing to be changed; nothing was sent.
    Overtaken,
    /// The PSP did not say what there is to be changed; nothing was sent.
    Unanswered,
}

/// Whether all of these failed, and none is a run of the row's schedule. Those of another amount alone are a person's to hear of.
fn are_strangers(row: &Payment, list: &[PaymentSnapshot], policy: &Policy) -> bool {
    let strangers = |record: &PaymentSnapshot| record.status == PspStatus::Failed && !row.was_run_as(record);
    list.iter().all(strangers) && list.iter().any(|record| record.mismatch(&row.order, policy).is_none())
}

/// The payment that a POST answered with.
fn recorded(posted: PostResult<PaymentSnapshot>) -> PostResult<Evidence> {
    posted.and_then(|record| PostResult::Known(Evidence::Records { list: vec![record], complete: false }))
}

/// The schedule of one order among those that a POST answered with.
pub(super) fn registered(posted: PostResult<Vec<ScheduleSnapshot>>, merchant_uid: &str) -> PostResult<Evidence> {
    posted.and_then(|list| match list.into_iter().find(|snapshot| snapshot.merchant_uid == merchant_uid) {
        Some(snapshot) => PostResult::Known(Evidence::Schedule(snapshot)),
        // A batch may be registered in part: an order that the reply leaves out is looked for by itself.
        None => PostResult::Lost,
    })
}
