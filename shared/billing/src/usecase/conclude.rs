//! Writing what was learnt: apply, check, write on condition, and once more if somebody wrote in between.

use super::Billing;
use super::write::has_waited;
use crate::alarm::Alarm;
use crate::key::{self, BillingKey, KeyEvidence};
use crate::payment::{Effect, Evidence, Payment, Source, apply};
use crate::ports::{AlarmSink, Clock, Entropy, KeyStore, PaymentStore, Saved, StoreError, WriteError};
use crate::subscription::Attempt;

/// Times a write is tried anew on what somebody else has written in between.
const CONFLICTS_MAX: u32 = 5;

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Applies evidence to a row and writes the outcome, if there is any. Returns the row as it now stands in the
    /// table, and what is left to be done besides alarms, which are raised here.
    pub(super) async fn conclude(
        &self,
        mut row: Payment,
        seen: &Evidence,
        by: Source,
    ) -> Result<(Payment, Vec<Effect>), WriteError> {
        for _ in 0..CONFLICTS_MAX {
            let now = self.host.now();
            let mut applied = apply(&row, seen, by, now, &self.policy);
            if is_news_for_its_subscription(&row, &applied.row) {
                applied.row.due_at = applied.row.due_at.or(Some(now));
            } else if is_to_be_told(&row) && !matches!(by, Source::Sweep | Source::Webhook) {
                // Only who carries the subscription on after this takes it off the calendar.
                applied.row.due_at = applied.row.due_at.or(row.due_at);
            }
            if applied.row == row {
                return Ok((row, self.raise(applied.effects)));
            }
            if let Err(rule) = applied.row.check() {
                // The row stops here, the function does not: nothing is written and a person is told.
                self.host.alarm(&Alarm::RowViolation { row: row.merchant_uid().to_string(), rule });
                return Ok((row, Vec::new()));
            }
            // Alarms come first: after the write a repeat would find nothing new, and nobody would ever be told.
            let effects = self.raise(applied.effects);
            let next = Payment { version: row.version + 1, writer: self.host.nonce(), ..applied.row };
            match self.save_payment(&next).await? {
                Saved::Done => return Ok((next, effects)),
                // What is due is the sweep's to carry on, and whoever waits has waited long enough. What was seen is not in what
                // stands there: nobody may take that for the outcome.
                Saved::Conflict(Some(current)) if has_waited(&self.host) && current.due_at.is_some() => {
                    return Err(StoreError::Unavailable.into());
                }
                Saved::Conflict(Some(current)) if seen.outlives_a_change() => row = *current,
                // What was seen may be older than what stands there now. If that is still open, it is due.
                Saved::Conflict(Some(current)) => return Ok((*current, Vec::new())),
                Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => {
                    return Err(StoreError::Unavailable.into());
                }
            }
        }
        Err(StoreError::Unavailable.into())
    }

    /// Raises the alarms among the effects and hands back the rest.
    fn raise(&self, effects: Vec<Effect>) -> Vec<Effect> {
        effects
            .into_iter()
            .filter(|effect| match effect {
                Effect::Alarm(alarm) => {
                    self.host.alarm(alarm);
                    false
                }
                Effect::Fetch(_) => true,
            })
            .collect()
    }
}

/// Whether something happened that a subscription no longer waits for: money that came late, or was given back. The row
/// stays due until the subscription knows.
fn is_news_for_its_subscription(before: &Payment, after: &Payment) -> bool {
    let moved = before.state.is_settled() && after.state != before.state;
    moved && Attempt::of(before.merchant_uid()).is_some()
}

/// Whether what happened to an attempt is still to be told to its subscription.
pub(super) fn is_to_be_told(row: &Payment) -> bool {
    row.state.is_settled() && row.due_at.is_some() && Attempt::of(row.merchant_uid()).is_some()
}

impl<P, S, H> Billing<P, S, H>
where
    S: KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Applies evidence to a key's row and writes the outcome, if there is any. The flag says whether the key is an
    /// orphan that has to be deleted at the PSP.
    pub(super) async fn conclude_key(
        &self,
        mut row: BillingKey,
        seen: &KeyEvidence,
    ) -> Result<(BillingKey, bool), WriteError> {
        let sent_under = row.claim.as_ref().map(|claim| claim.nonce.clone());
        for _ in 0..CONFLICTS_MAX {
            let applied = key::apply(&row, seen, sent_under.as_ref(), self.host.now(), &self.policy);
            if let Err(rule) = applied.row.check() {
                self.host.alarm(&Alarm::RowViolation { row: row.customer_uid.to_string(), rule });
                return Ok((row, false));
            }
            applied.alarms.iter().for_each(|alarm| self.host.alarm(alarm));
            if applied.row == row {
                return Ok((row, applied.delete_orphan));
            }
            let next = self.next_key(applied.row);
            match self.save_key(&next).await? {
                Saved::Done => return Ok((next, applied.delete_orphan)),
                Saved::Conflict(Some(current)) if has_waited(&self.host) && current.due_at.is_some() => {
                    return Err(StoreError::Unavailable.into());
                }
                Saved::Conflict(Some(current)) => row = *current,
                Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => {
                    return Err(StoreError::Unavailable.into());
                }
            }
        }
        Err(StoreError::Unavailable.into())
    }

    /// Lets the sweep look for a key now. Whoever writes its row meanwhile has news of it.
    pub(super) async fn mark_key_due(&self, row: BillingKey) -> Result<(), WriteError> {
        let due = BillingKey { due_at: Some(self.host.now()), ..self.next_key(row) };
        self.save_key(&due).await.map(|_| ())
    }

    /// The row's next version under a fresh mark.
    pub(super) fn next_key(&self, row: BillingKey) -> BillingKey {
        BillingKey { version: row.version + 1, writer: self.host.nonce(), ..row }
    }
}
