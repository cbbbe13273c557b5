//! Virtual accounts without a window. Issuing one is a POST like any that moves money: a second one under the same number could be
//! paid into as well, so it is claimed, sent once, and looked for before it is sent again.

use super::{Billing, Failure, not_reserved};
use crate::checkout::{AccountOrder, Warning, Window};
use crate::fingerprint::Fingerprint;
use crate::ids::CustomerId;
use crate::order::Order;
use crate::payment::{Claim, Payment, Purpose, account_fingerprint};
use crate::ports::{AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, Saved, SchedulePsp};

/// An order that its customer is to pay into a virtual account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewAccount {
    /// What is to be paid. It names no billing key.
    pub order: Order,
    /// Whose order it is.
    pub customer_id: CustomerId,
    /// Code of the gateway; the first that is set up for accounts if absent.
    pub pg: Option<String>,
    /// The account.
    pub account: AccountOrder,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Has a virtual account issued for an order, at most one for ever: the same request again answers from its row.
    ///
    /// The row's state is the answer: awaiting its deposit, failed if the PSP refused it, pending for everything else.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has sent nothing.
    pub async fn issue_account(&self, new: NewAccount) -> Result<(Payment, Vec<Warning>), Failure> {
        not_reserved(&new.order.merchant_uid)?;
        let (order, window) = Window::of_account(new.pg).normal_form(new.order)?;
        let account = new.account.normal()?;
        let existing = self.store.payment(&order.merchant_uid).await?;
        let asked_at = existing.as_ref().map_or_else(|| self.host.now(), |row| row.created_at);
        let checked = window.check_account(&order, &account, &new.customer_id, asked_at, &self.policy);
        let fingerprint = account_fingerprint(&order, &new.customer_id, &window, &account);
        if let Some(row) = existing {
            // What is recorded is answered as it was, whatever is refused by now.
            return Ok((self.account_again(row, &fingerprint).await?, checked.unwrap_or_default()));
        }
        let warnings = checked?;
        account.check_new(asked_at, &self.policy)?;
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let now = self.host.now();
        let claim = Claim::new(Purpose::Issue, self.host.nonce(), now, &self.policy);
        let open_until = account.open_until(&self.policy);
        let row = Payment::account_claimed(order, new.customer_id, (window, account), open_until, now, claim);
        match self.insert_awaiting_payment(&row).await {
            Ok(Saved::Done) => Ok((self.post(row.clone()).await.unwrap_or(row), warnings)),
            // It may stand in the table, and then it will be carried to its end: so it is pending.
            Err(error) => error.or_pending((row, warnings)),
            Ok(Saved::Conflict(Some(current))) => Ok((self.account_again(*current, &fingerprint).await?, warnings)),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::Unavailable),
        }
    }

    /// Answers a repeat from the row. An order that was recorded and never left is sent now.
    async fn account_again(&self, row: Payment, fingerprint: &Fingerprint) -> Result<Payment, Failure> {
        if row.fingerprint != *fingerprint {
            return Err(Failure::MerchantUidReused);
        }
        Ok(self.send_if_it_never_left(row).await)
    }
}
