//! Withdrawing a checkout: nobody is to pay it any more.

use super::{Billing, Caller, Failure};
use crate::payment::{Evidence, Payment, Source, State};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, Lookup, PaymentStore, PostResult, SchedulePsp, WindowPsp, WriteError,
};

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + WindowPsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Withdraws an order that its customer was to pay in the window, or into a virtual account. Whatever is paid for it from
    /// then on goes back, and the account is closed where the gateway can. Asked for again it answers from its row, and tries
    /// an account again that is still open.
    ///
    /// The PSP is looked at first, so that what is paid already is told instead. A payment that comes in between is decided by
    /// the write: it is either there before the withdrawal, or late.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for an order that was not made for the window; [`Failure::AlreadyPaid`];
    /// [`Failure::CheckoutNotWithdrawable`]. Each one means that it is not withdrawn.
    pub async fn withdraw_checkout(&self, merchant_uid: &str) -> Result<Payment, Failure> {
        let row = self.payment(&Caller::Merchant, merchant_uid).await?;
        if row.window.is_none() {
            return Err(Failure::NotFound);
        }
        if row.is_withdrawn() {
            return Ok(self.close_account(row).await);
        }
        withdrawable(&row)?;
        let list = match self.psp.payments(row.merchant_uid()).await {
            Lookup::Found(list) => list,
            Lookup::Absent => Vec::new(),
            Lookup::Unreachable => return Err(Failure::Unavailable),
        };
        let seen = Evidence::Records { list, complete: true };
        let looked = self.conclude(row, &seen, Source::Look).await;
        let (row, _) = looked.map_err(WriteError::for_who_comes_again)?;
        withdrawable(&row)?;
        let row = match self.conclude(row.clone(), &Evidence::Withdrawn, Source::Claim).await {
            Ok((row, _)) => row,
            // It may be withdrawn yet: as long as nobody knows, it is pending.
            Err(error) => return error.or_pending(row),
        };
        if !row.is_withdrawn() {
            withdrawable(&row)?;
            return Err(Failure::Unavailable);
        }
        Ok(self.close_account(row).await)
    }

    /// Closes the virtual account of a withdrawn order, so that nobody pays into it by mistake. A gateway that cannot leaves it
    /// open: then a deposit goes back like everything that is paid late. Whatever goes wrong here, the order is withdrawn.
    pub(super) async fn close_account(&self, row: Payment) -> Payment {
        let Some(account) = row.open_account().filter(|_| row.state == State::Revoked) else { return row };
        match self.psp.close_account(&account.imp_uid).await {
            PostResult::Known(record) => {
                let seen = Evidence::Records { list: vec![record], complete: false };
                self.conclude(row.clone(), &seen, Source::Look).await.map_or(row, |(row, _)| row)
            }
            // The account is what its record says: the next look finds out.
            PostResult::Refused(_) | PostResult::NotSent | PostResult::Nonsense | PostResult::Lost => row,
        }
    }
}

/// Whether an order may be withdrawn as it stands.
fn withdrawable(row: &Payment) -> Result<(), Failure> {
    match row.state {
        State::Awaiting | State::Expired | State::Failed => Ok(()),
        // An account that was never issued: nothing of it can be under way.
        State::Intent if row.account.is_some() => Ok(()),
        State::Paid | State::PartiallyRefunded | State::Refunded => Err(Failure::AlreadyPaid),
        State::Suspect | State::Intent | State::Claimed | State::Unknown | State::Scheduled | State::Revoked => {
            Err(Failure::CheckoutNotWithdrawable)
        }
    }
}
