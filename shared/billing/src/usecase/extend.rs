//! Giving a virtual account that was issued without a window more time (`PUT /vbanks/{imp_uid}`).
//!
//! Two such requests under way could be carried out in any order, and the earlier moment would then stand, although the later one was
//! answered. So one is sent at a time, under a claim, and the next only once nothing of it can execute and the PSP has said what came of
//! it: what an earlier request has done would else pass for what the next one does.

use super::gateway::on_extension;
use super::send::{ChangeSent, change_is_under_way};
use super::{Billing, Caller, Failure};
use crate::checkout::{AccountOrder, Warning};
use crate::payment::{Payment, Purpose, State};
use crate::ports::{AlarmSink, ChargePsp, Clock, Entropy, PaymentStore, SchedulePsp};
use crate::time::Timestamp;

/// Times that it is tried anew on what somebody else has written in between.
const CONFLICTS_MAX: u32 = 3;

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Gives the virtual account of an order until `due`. The row says what holds: its claim is gone once that is known, and until
    /// then the request is carried to its end. The same request again is answered with what has become of it.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for an order that is no checkout; [`Failure::AlreadyPaid`]; [`Failure::AccountNotExtendable`];
    /// [`Failure::ExtensionInProgress`] while another moment is being asked for; `vbank_due_invalid`; `gateway_rule`;
    /// [`Failure::Refused`] with the PSP's reason. Each one means that this call changes nothing.
    pub async fn extend_account(&self, merchant_uid: &str, due: Timestamp) -> Result<(Payment, Vec<Warning>), Failure> {
        for _ in 0..CONFLICTS_MAX {
            let row = self.payment(&Caller::Merchant, merchant_uid).await?;
            if let Some(answer) = self.extended(row, due).await? {
                return Ok(answer);
            }
        }
        Err(Failure::Unavailable)
    }

    /// As above, for the row as it was read. Nothing, if somebody else wrote it first.
    async fn extended(&self, row: Payment, due: Timestamp) -> Result<Option<(Payment, Vec<Warning>)>, Failure> {
        if row.window.is_none() {
            return Err(Failure::NotFound);
        }
        let pg = row.record.as_ref().and_then(|record| record.details.pg_provider.as_deref());
        let issued_by = || row.window.as_ref().and_then(|window| window.account_pg(&self.policy));
        let verdict = on_extension(pg.or_else(issued_by), &row.order, row.created_at);
        if row.extending_to().is_none() && row.is_extended_to(due) {
            // What was asked for is answered as it was, whatever is refused by now.
            return Ok(Some((row, verdict.warnings())));
        }
        let now = self.host.now();
        let present = extendable(&row, now)?;
        let is_promised = match row.extending_to() {
            Some(other) if other != due => return Err(Failure::ExtensionInProgress),
            Some(_) => true,
            None => false,
        };
        let warnings = if is_promised { verdict.warnings() } else { verdict.accepted()? };
        if is_promised && (change_is_under_way(&row, now) || due <= now) {
            return Ok(Some((row, warnings)));
        }
        if !is_promised {
            AccountOrder::check_extension(due, present, row.created_at, now, &self.policy)?;
        }
        // What an earlier request has promised is carried to its end: nobody is told that nothing will come of it.
        if !self.psp.ready().await {
            return if is_promised { Ok(Some((row, warnings))) } else { Err(Failure::Unavailable) };
        }
        let (row, sent) = match self.change(row.clone(), Purpose::Extend { due }).await {
            Ok(changed) => changed,
            Err(_) if is_promised => return Ok(Some((row, warnings))),
            Err(error) => return Err(error.into()),
        };
        if row.extending_to() == Some(due) || row.is_extended_to(due) {
            return Ok(Some((row, warnings)));
        }
        match sent {
            ChangeSent::Overtaken => Ok(None),
            ChangeSent::Unanswered => Err(Failure::Unavailable),
            ChangeSent::Refused(refusal) if row.state == State::Awaiting => Err(Failure::Refused(refusal)),
            // It was paid or withdrawn meanwhile. Whatever else the row has come to, it is not what was asked for.
            ChangeSent::Refused(_) | ChangeSent::Yes => {
                extendable(&row, self.host.now()).and(Err(Failure::AccountNotExtendable))
            }
        }
    }
}

/// The last moment for the deposit of an account that can be given more time.
fn extendable(row: &Payment, now: Timestamp) -> Result<Timestamp, Failure> {
    if row.account.is_some() && row.state.was_paid() {
        return Err(Failure::AlreadyPaid);
    }
    if row.account.is_none() || row.state != State::Awaiting {
        return Err(Failure::AccountNotExtendable);
    }
    // Another request of it may be under way, such as a refund of what else was paid under its number.
    let is_free = row.claim.is_none() || row.extending_to().is_some();
    let present = row.deposit_due().filter(|_| is_free).ok_or(Failure::AccountNotExtendable)?;
    // One that is being given more time goes on being given it, whatever the clock says meanwhile.
    if present <= now && row.extending_to().is_none() {
        return Err(Failure::AccountNotExtendable);
    }
    Ok(present)
}
