//! Checking a new key's card: a small charge, and only once that is paid the key is one. It moves money as everything does
//! (claim, POST, evidence, `apply`), and goes back as every refund that is owed.

use super::write::has_waited;
use super::{Billing, Stopped};
use crate::ids::CustomerUid;
use crate::key::{BillingKey, KeyEvidence, KeyState};
use crate::payment::{Claim, Payment, Purpose, Refusal, State, check};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp, StoreError,
    WriteError,
};

/// What is kept of a check that was not paid by the key's own card.
const NOT_ITS_CARD: &str = "다른 결제 수단으로 결제되었습니다";

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Carries the check of a key on: its charge is sent if nobody has, the key becomes what the charge's outcome makes of it, and
    /// what is owed after that (the refund, or the deletion of a key whose card was declined) is done as long as nobody has waited
    /// long for it. The rest is the sweep's: both rows are due.
    ///
    /// # Errors
    /// The table did not say where it stands. Whatever stands is due.
    pub(super) async fn carry_check_on(&self, key: BillingKey) -> Result<BillingKey, WriteError> {
        let Some(merchant_uid) = key.check_number().filter(|_| key.state == KeyState::Checking) else { return Ok(key) };
        let row = match self.store.payment(&merchant_uid).await? {
            Some(row) if row.may_be_claimed(self.host.now()) => self.send(row).await?,
            Some(row) => row,
            None => match self.begin_check(&key).await? {
                Some(row) => row,
                None => return Ok(self.store.key(&key.customer_uid).await?.unwrap_or(key)),
            },
        };
        let key = self.key_after_check(key, &row).await?;
        if has_waited(&self.host) {
            return Ok(key);
        }
        // From here on the key is what its customer is told: nothing of this changes that.
        if row.pending_refund().is_some() && row.state.was_paid() {
            Box::pin(self.send_refund(row)).await.ok();
        }
        if key.is_to_be_removed() {
            Box::pin(self.remove_declined(key.clone())).await.ok();
        }
        Ok(key)
    }

    /// Writes the check's payment and sends it. Nothing, if the key is not being checked any more, or nothing can be sent now.
    async fn begin_check(&self, key: &BillingKey) -> Result<Option<Payment>, WriteError> {
        if !self.psp.ready().await {
            return Ok(None);
        }
        let now = self.host.now();
        let claim = Claim::new(Purpose::Charge, self.host.nonce(), now, &self.policy);
        let Some(row) = key.check_payment(now, claim) else { return Ok(None) };
        match self.insert_payments(std::slice::from_ref(&row)).await.pop() {
            Some(Ok(Saved::Done)) => Ok(Some(self.post(row.clone()).await.unwrap_or(row))),
            Some(Ok(Saved::Conflict(Some(current)))) => Ok(Some(*current)),
            Some(Ok(Saved::KeyNotActive)) => Ok(None),
            Some(Err(error)) => Err(error),
            Some(Ok(Saved::Conflict(None) | Saved::NotExpected)) | None => Err(StoreError::Unavailable.into()),
        }
    }

    /// Deletes a key whose card was declined. It is there by the PSP's own record, so it is deleted whatever a look says.
    pub(super) async fn remove_declined(&self, key: BillingKey) -> Result<(), WriteError> {
        match key.record.clone() {
            Some(record) => self.settle_key(key, &KeyEvidence::Found(record)).await.map(drop),
            None => Ok(()),
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Tells a key what became of the payment that checks its card, if a payment is one. What goes wrong here the key's own
    /// calendar finds: it is due until it knows.
    pub(super) async fn tell_checked_key(&self, payment: &Payment) -> Result<(), Stopped> {
        let Some(customer_uid) = check::key_of(payment.merchant_uid()) else { return Ok(()) };
        if outcome(payment) != KeyEvidence::CheckOpen
            && let Some(key) = self.store.key(&customer_uid).await?
        {
            self.key_after_check(key, payment).await?;
        }
        Ok(())
    }

    /// A key being checked as its check's payment makes it.
    async fn key_after_check(&self, key: BillingKey, payment: &Payment) -> Result<BillingKey, WriteError> {
        if key.state != KeyState::Checking {
            return Ok(key);
        }
        self.conclude_key(key, &outcome(payment)).await.map(|(key, _)| key)
    }
}

/// What a check's payment says of its key. Money that is not what was ordered waits for a person, and so does the key.
///
/// Its order number can be read before it is paid, and anybody can pay an order number in a browser. So only the PSP's word that this
/// key was charged says anything of its card; any other money goes back, and the card has not passed.
fn outcome(payment: &Payment) -> KeyEvidence {
    match payment.state {
        State::Paid | State::PartiallyRefunded | State::Refunded if is_of_its_key(payment) => KeyEvidence::CheckPaid,
        State::Paid | State::PartiallyRefunded | State::Refunded => {
            KeyEvidence::CheckFailed(Refusal::of_issuer(NOT_ITS_CARD.to_owned()))
        }
        State::Failed | State::Revoked | State::Expired => KeyEvidence::CheckFailed(why(payment)),
        State::Intent | State::Claimed | State::Unknown | State::Scheduled | State::Suspect | State::Awaiting => {
            KeyEvidence::CheckOpen
        }
    }
}

/// Whether the money was taken from the key that is checked (`customer_uid` of a payment's record, V1 schema of 2026-08-06: the key
/// that it was made with).
fn is_of_its_key(payment: &Payment) -> bool {
    let used = payment.record.as_ref().and_then(|record| record.customer_uid.as_deref());
    payment.checks_a_card() && used.is_some() && used == payment.order.customer_uid.as_ref().map(CustomerUid::as_str)
}

/// Why a check failed, as its key keeps it: the PSP's refusal, or what its failed record says.
fn why(payment: &Payment) -> Refusal {
    let recorded = payment.record.as_ref().and_then(|record| record.fail_reason.clone());
    match (&payment.refusal, &payment.record) {
        (Some(refusal), None) => refusal.clone(),
        (_, _) => Refusal::of_issuer(recorded.unwrap_or_default()),
    }
}
