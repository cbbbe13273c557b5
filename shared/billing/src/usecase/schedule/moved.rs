//! Giving a schedule another time.

use super::super::gateway::on_order;
use super::super::{Billing, Caller, Failure};
use super::{check_schedule_at, own_timer, unchangeable};
use crate::checkout::Warning;
use crate::key::BillingKey;
use crate::payment::{Flow, Payment, Purpose, State};
use crate::pg::Operation;
use crate::ports::{AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, SchedulePsp};
use crate::time::Timestamp;
use crate::verdict::Verdict;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Gives a schedule another time.
    ///
    /// # Errors
    /// `gateway_rule` where its key's gateway moves none; [`Failure::AlreadyExecuted`], [`Failure::ScheduleNotChangeable`],
    /// [`Failure::Refused`] with the PSP's reason.
    pub async fn reschedule(
        &self,
        caller: &Caller,
        merchant_uid: &str,
        schedule_at: Timestamp,
    ) -> Result<Payment, Failure> {
        self.reschedule_and_warn(caller, merchant_uid, schedule_at).await.map(|(row, _)| row)
    }

    /// As [`Self::reschedule()`], with what is said of its key's gateway. A repeat is told the same, unless its key cannot be read.
    ///
    /// # Errors
    /// As [`Self::reschedule()`].
    pub async fn reschedule_and_warn(
        &self,
        caller: &Caller,
        merchant_uid: &str,
        schedule_at: Timestamp,
    ) -> Result<(Payment, Vec<Warning>), Failure> {
        check_schedule_at(schedule_at, self.host.now(), &self.policy)?;
        let row = self.scheduled(caller, merchant_uid).await?;
        own_timer(&row)?;
        let key = match &row.order.customer_uid {
            Some(customer_uid) => self.store.key(customer_uid).await,
            None => Ok(None),
        };
        let verdict = |key: BillingKey| on_order(Operation::MoveSchedule, &key, &row.order, schedule_at);
        let is_waiting = row.state == State::Scheduled && row.claim.is_none();
        if !is_waiting || row.flow == (Flow::Schedule { schedule_at }) {
            // What is done or under way was promised before, whatever its gateway takes.
            let warnings = key.ok().flatten().map(verdict).map(Verdict::warnings).unwrap_or_default();
            return if is_waiting { Ok((row, warnings)) } else { Ok((self.moved(row, schedule_at).await?, warnings)) };
        }
        let key = key?;
        if let (Some(key), Some(before)) = (&key, row.schedule_at()) {
            let taken = |at| on_order(Operation::Schedule, key, &row.order, at).accepted();
            // Only of what its order says for the day that it had is it asked whether it will do for the new one.
            if taken(before).is_ok() {
                taken(schedule_at)?;
            }
        }
        let warnings = key.map(verdict).map(Verdict::accepted).transpose()?.unwrap_or_default();
        Ok((self.moved(row, schedule_at).await?, warnings))
    }

    async fn moved(&self, row: Payment, schedule_at: Timestamp) -> Result<Payment, Failure> {
        let row = self.changed(row, Purpose::Move { schedule_at }).await?;
        if row.state == State::Scheduled { Ok(row) } else { Err(unchangeable(&row)) }
    }
}
