//! Charging a billing key now.

use futures_util::future::join;

use super::gateway::{Rules, on_order};
use super::{Billing, Caller, Failure, chargeable, not_reserved};
use crate::checkout::Warning;
use crate::ids::{CustomerId, MerchantUid};
use crate::invalid::Invalid;
use crate::key::BillingKey;
use crate::order::Order;
use crate::payment::{Claim, Flow, Payment, Purpose, fingerprint};
use crate::pg::Operation;
use crate::ports::{AlarmSink, ChargePsp, Clock, Entropy, KeyStore, PaymentStore, Saved, SchedulePsp};

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Charges an order to its billing key, at most once for ever: the same order again answers from its row.
    ///
    /// The row's state is the answer: paid, failed, or pending for everything else. Once the order is recorded no
    /// error is returned any more, because it will be carried to its end with or without its caller.
    ///
    /// # Errors
    /// Each [`Failure`] means that this call has sent nothing.
    pub async fn charge(&self, order: Order, customer_id: Option<CustomerId>) -> Result<Payment, Failure> {
        self.charge_and_warn(order, customer_id).await.map(|(row, _)| row)
    }

    /// As [`Self::charge()`], with what is said of its key's gateway: that it is on no list, and of its rules that are not certain. A repeat is told the
    /// same, unless its key cannot be read.
    ///
    /// # Errors
    /// As [`Self::charge()`].
    pub async fn charge_and_warn(
        &self,
        order: Order,
        customer_id: Option<CustomerId>,
    ) -> Result<(Payment, Vec<Warning>), Failure> {
        not_reserved(&order.merchant_uid)?;
        let (row, warnings) = self.charge_once(order, customer_id, Rules::Asked).await?;
        self.doubt_key_of(&row).await;
        Ok((row, warnings))
    }

    /// As [`Self::charge()`], under a number of a subscription's, too, and whatever the gateway's rules say if it was promised.
    pub(super) async fn charge_order(
        &self,
        order: Order,
        customer_id: Option<CustomerId>,
        rules: Rules,
    ) -> Result<Payment, Failure> {
        let (row, _) = self.charge_once(order, customer_id, rules).await?;
        self.doubt_key_of(&row).await;
        Ok(row)
    }

    async fn charge_once(
        &self,
        order: Order,
        customer_id: Option<CustomerId>,
        rules: Rules,
    ) -> Result<(Payment, Vec<Warning>), Failure> {
        let order = order.checked(&self.policy)?;
        let customer_uid = order.customer_uid.clone().ok_or_else(no_key)?;
        let (key, existing) = join(self.store.key(&customer_uid), self.store.payment(&order.merchant_uid)).await;
        if let Some(row) = existing? {
            let said = |key: BillingKey| on_order(Operation::Charge, &key, &order, row.created_at).warnings();
            let warnings = key.ok().flatten().map_or_else(Vec::new, said);
            return Ok((self.charge_again(row, &order, customer_id.as_ref()).await?, warnings));
        }
        let key = key?;
        let owner = chargeable(key.as_ref(), customer_id.as_ref())?.clone();
        let now = self.host.now();
        let mut warnings = Vec::new();
        if let Some(key) = key.filter(|_| rules == Rules::Asked) {
            warnings = on_order(Operation::Charge, &key, &order, now).accepted()?;
        }
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let now = self.host.now();
        let claim = Claim::new(Purpose::Charge, self.host.nonce(), now, &self.policy);
        let row = Payment::claimed(order, owner, Flow::Charge, now, claim);
        match self.insert_payments(std::slice::from_ref(&row)).await.pop() {
            Some(Ok(Saved::Done)) => Ok((self.post(row.clone()).await.unwrap_or(row), warnings)),
            // It may stand in the table, and then it will be carried to its end: so it is pending.
            Some(Err(error)) => error.or_pending((row, warnings)),
            Some(Ok(Saved::Conflict(Some(current)))) => {
                let row = self.charge_again(*current, &row.order, customer_id.as_ref()).await?;
                Ok((row, warnings))
            }
            Some(Ok(Saved::KeyNotActive)) => {
                chargeable(self.store.key(&customer_uid).await?.as_ref(), customer_id.as_ref())?;
                Err(Failure::Unavailable)
            }
            Some(Ok(Saved::Conflict(None) | Saved::NotExpected)) | None => Err(Failure::Unavailable),
        }
    }

    /// Answers a repeat from the row. An order that was recorded and never left is sent now.
    async fn charge_again(
        &self,
        row: Payment,
        order: &Order,
        customer_id: Option<&CustomerId>,
    ) -> Result<Payment, Failure> {
        let owner = customer_id.unwrap_or(&row.customer_id);
        if row.flow != Flow::Charge || row.fingerprint != fingerprint(order, owner, Flow::Charge) {
            return Err(Failure::MerchantUidReused);
        }
        Ok(self.send_if_it_never_left(row).await)
    }
}

fn no_key() -> Failure {
    Failure::Invalid(Invalid::new("customer_uid", "customer_uid_required", "the billing key to be charged"))
}

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore,
{
    /// A payment's row, for its owner or the merchant.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a missing, a foreign and a malformed order number alike.
    pub async fn payment(&self, caller: &Caller, merchant_uid: &str) -> Result<Payment, Failure> {
        let merchant_uid = MerchantUid::parse(merchant_uid).map_err(|_| Failure::NotFound)?;
        let row = self.store.payment(&merchant_uid).await?.ok_or(Failure::NotFound)?;
        if caller.may_see(&row.customer_id) { Ok(row) } else { Err(Failure::NotFound) }
    }
}
