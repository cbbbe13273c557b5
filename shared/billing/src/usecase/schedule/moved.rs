//! Giving a schedule another time.

use super::super::gateway::check_move;
use super::super::{Billing, Caller, Failure};
use super::{check_schedule_at, own_timer, unchangeable};
use crate::payment::{Flow, Payment, Purpose, State};
use crate::ports::{AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, SchedulePsp};
use crate::time::Timestamp;

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
        check_schedule_at(schedule_at, self.host.now(), &self.policy)?;
        let row = self.scheduled(caller, merchant_uid).await?;
        own_timer(&row)?;
        if row.flow == (Flow::Schedule { schedule_at }) && row.state == State::Scheduled && row.claim.is_none() {
            return Ok(row);
        }
        // What is under way was promised before, whatever its gateway takes.
        if row.state == State::Scheduled
            && row.claim.is_none()
            && let Some(customer_uid) = &row.order.customer_uid
            && let Some(key) = self.store.key(customer_uid).await?
        {
            check_move(&key, &row.order, schedule_at)?;
        }
        let row = self.changed(row, Purpose::Move { schedule_at }).await?;
        if row.state == State::Scheduled { Ok(row) } else { Err(unchangeable(&row)) }
    }
}
