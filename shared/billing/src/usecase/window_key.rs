//! Billing keys that their customer makes in the PG's window, and keys that the merchant brings along. No card data
//! reaches us: only the PSP's own record says that there is a key.

use super::{Billing, Caller, Failure, check_idempotency_key};
use crate::checkout::{Checked, KeyWindow, Window, open_until};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::{BillingKey, KeyEvidence, KeyState};
use crate::money::Money;
use crate::order::{Details, Order};
use crate::payment::{Payment, Source};
use crate::ports::{
    ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Looked, PaymentStore, RefundPsp, Saved, SchedulePsp, Watch, WindowPsp,
};

/// A billing key to be issued in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrepareKey {
    /// Whose key it will be.
    pub customer_id: CustomerId,
    /// The caller's own name for this request. The same name with the same content is the same request for ever.
    pub idempotency_key: String,
    /// The order number, where the gateway charges the amount.
    pub merchant_uid: Option<MerchantUid>,
    /// What the window shows, and some gateways charge. Zero: only a key.
    pub amount: Money,
    /// What the window says that it is for.
    pub name: String,
    /// Who buys.
    pub details: Details,
    /// The window.
    pub window: Window,
}

/// A prepared key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PreparedKey {
    /// Its row.
    pub key: BillingKey,
    /// The row of the payment that the gateway takes along with it, if it does.
    pub payment: Option<Payment>,
    /// What was asked for in its normal form, and what to tell the storefront of it.
    pub checked: Checked,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + WindowPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + Watch,
{
    /// Names a billing key that its customer is to issue in the window. The key's name is random to everybody but us,
    /// written once, and becomes a key by nothing but the PSP's record.
    ///
    /// # Errors
    /// Each [`Failure`] means that the window must not be opened. Repeating the same request is safe.
    pub async fn prepare_key(&self, request: PrepareKey, secret: &FingerprintKey) -> Result<PreparedKey, Failure> {
        check_idempotency_key(&request.idempotency_key)?;
        for secret in secret.every() {
            let prepared = self.checked_key(&request, secret)?;
            if let Some(row) = self.store.key(&prepared.customer_uid).await? {
                return self.prepare_again(row, prepared).await;
            }
        }
        let prepared = self.checked_key(&request, secret)?;
        let now = self.host.now();
        prepared.checked.window.check_new(now, &self.policy)?;
        // The payment first: if its order number is taken, nothing else stands.
        let payment = self.payment_of(&prepared).await?;
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let Checked { order, window, .. } = &prepared.checked;
        let key_window = KeyWindow {
            open_until: open_until(window, now, &self.policy),
            order: order.clone(),
            window: window.clone(),
            charges: prepared.charges,
        };
        let (customer_uid, customer_id) = (prepared.customer_uid.clone(), request.customer_id.clone());
        let fingerprint = prepared.fingerprint.clone();
        let row = BillingKey::prepared(customer_uid, customer_id, fingerprint, key_window, self.host.nonce(), now);
        match self.store.insert_key(&row).await? {
            Saved::Done => Ok(PreparedKey { key: row, payment, checked: prepared.checked }),
            Saved::Conflict(Some(current)) => self.prepare_again(*current, prepared).await,
            Saved::Conflict(None) | Saved::KeyNotActive => Err(Failure::Unavailable),
        }
    }

    async fn prepare_again(&self, key: BillingKey, prepared: Prepared) -> Result<PreparedKey, Failure> {
        if key.fingerprint != prepared.fingerprint {
            return Err(Failure::IdempotencyKeyReused);
        }
        let payment = self.payment_of(&prepared).await?;
        Ok(PreparedKey { key, payment, checked: prepared.checked })
    }

    async fn payment_of(&self, prepared: &Prepared) -> Result<Option<Payment>, Failure> {
        if !prepared.charges {
            return Ok(None);
        }
        let Checked { order, window, .. } = &prepared.checked;
        self.awaiting(order, &prepared.customer_id, window).await.map(Some)
    }

    /// Checks a request and names its key.
    fn checked_key(&self, request: &PrepareKey, secret: &FingerprintKey) -> Result<Prepared, Failure> {
        let customer_uid = name(request, secret)?;
        let own = MerchantUid::parse(customer_uid.as_str())?;
        let order = Order {
            merchant_uid: request.merchant_uid.clone().unwrap_or_else(|| own.clone()),
            customer_uid: Some(customer_uid.clone()),
            amount: request.amount,
            name: request.name.clone(),
            details: request.details.clone(),
        };
        let length = request.customer_id.as_str().len();
        let (mut checked, charges) = request.window.clone().checked_for_issue(order, length, &self.policy)?;
        match (&request.merchant_uid, charges) {
            (None, true) => {
                let detail = "an order number: this gateway charges the amount along with issuing the key";
                return Err(Failure::Invalid(Invalid::new("merchant_uid", "merchant_uid_required", detail)));
            }
            // Nothing is paid, so no order number is used up.
            (Some(_), false) => checked.order.merchant_uid = own,
            (None, false) | (Some(_), true) => {}
        }
        let customer_id = request.customer_id.clone();
        let fingerprint = Fingerprint::of(&(&checked.order, &customer_id, "window", &checked.window));
        Ok(Prepared { customer_uid, customer_id, checked, charges, fingerprint })
    }
}

/// A request in its normal form.
struct Prepared {
    customer_uid: CustomerUid,
    customer_id: CustomerId,
    checked: Checked,
    charges: bool,
    fingerprint: Fingerprint,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + Watch,
{
    /// Makes a prepared key active if the PSP has it. What the browser says counts for nothing; the row is the answer.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a key that is not the caller's; [`Failure::KeyInactive`] for one that is gone.
    pub async fn confirm_key(&self, caller: &Caller, customer_uid: &str) -> Result<BillingKey, Failure> {
        let row = self.billing_key(caller, customer_uid).await?;
        let row = match row.state {
            KeyState::Active => row,
            KeyState::Deleting | KeyState::Deleted | KeyState::Abandoned => {
                // Issued all the same, it is deleted: its customer was told that there is none.
                self.look_at_key(&row.customer_uid).await.ok();
                return Err(Failure::KeyInactive);
            }
            KeyState::Prepared | KeyState::Issuing => match self.psp.key(&row.customer_uid).await {
                Looked::Found(snapshot) => self.conclude_key(row, &KeyEvidence::Found(snapshot)).await?.0,
                // The customer may still be in the window: the calendar decides when that is over.
                Looked::Absent | Looked::Unreachable => row,
            },
        };
        if let Some(window) = row.window.as_ref().filter(|window| window.charges) {
            self.look_at_payment(&window.order.merchant_uid).await;
        }
        if row.state == KeyState::Abandoned { Err(Failure::UpstreamMismatch) } else { Ok(row) }
    }

    /// Settles the payment that came along with a key, if it can be done now; its own calendar does it otherwise.
    async fn look_at_payment(&self, merchant_uid: &MerchantUid) {
        if let Ok(Some(row)) = self.store.payment(merchant_uid).await
            && !row.state.is_settled()
        {
            self.look(row, Source::Look).await.ok();
        }
    }

    /// Looks for a key that was to be issued in the window, whoever hints at it. Says whether there was news.
    pub(super) async fn look_at_key(&self, customer_uid: &CustomerUid) -> Result<bool, Failure> {
        let row = self.store.key(customer_uid).await?.filter(|row| row.window.is_some());
        let Some(row) = row.filter(|row| matches!(row.state, KeyState::Prepared | KeyState::Abandoned)) else {
            return Ok(false);
        };
        let seen = match self.psp.key(customer_uid).await {
            Looked::Found(snapshot) => KeyEvidence::Found(snapshot),
            Looked::Absent | Looked::Unreachable => return Ok(false),
        };
        let (row, orphan) = self.conclude_key(row, &seen).await?;
        if orphan {
            self.finish_deletion(row).await?;
        }
        Ok(true)
    }

    /// Adopts a key that the merchant already has at the PSP. Once adopted it is that customer's for ever.
    ///
    /// # Errors
    /// [`Failure::NotFound`] if the PSP has no such key; [`Failure::KeyTaken`] if it is another customer's here.
    pub async fn import_key(&self, customer_uid: CustomerUid, customer_id: CustomerId) -> Result<BillingKey, Failure> {
        if let Some(row) = self.store.key(&customer_uid).await? {
            return self.imported_before(row, &customer_id).await;
        }
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let record = match self.psp.key(&customer_uid).await {
            Looked::Found(record) if record.customer_uid != customer_uid.as_str() => {
                return Err(Failure::UpstreamMismatch);
            }
            Looked::Found(record) if record.sandbox && !self.policy.accept_sandbox_payments => {
                return Err(Failure::UpstreamMismatch);
            }
            Looked::Found(record) => record,
            Looked::Absent => return Err(Failure::NotFound),
            Looked::Unreachable => return Err(Failure::Unavailable),
        };
        let owned = (customer_uid, customer_id.clone());
        let row = BillingKey::imported(record, owned, self.host.nonce(), self.host.now());
        match self.store.insert_key(&row).await? {
            Saved::Done => Ok(row),
            Saved::Conflict(Some(current)) => self.imported_before(*current, &customer_id).await,
            Saved::Conflict(None) | Saved::KeyNotActive => Err(Failure::Unavailable),
        }
    }

    async fn imported_before(&self, row: BillingKey, customer_id: &CustomerId) -> Result<BillingKey, Failure> {
        if row.customer_id != *customer_id {
            return Err(Failure::KeyTaken);
        }
        let uid = row.customer_uid.to_string();
        self.confirm_key(&Caller::Merchant, &uid).await
    }
}

/// The key's name: 128 bits of a keyed digest in letters. It serves as an order number where only a key is issued, and
/// in those a run of digits could pass for a card number.
fn name(request: &PrepareKey, secret: &FingerprintKey) -> Result<CustomerUid, Failure> {
    let digest = secret.mac("window_key", &[request.customer_id.as_str(), &request.idempotency_key]);
    let letters: String = digest.iter().take(16).flat_map(|byte| [byte >> 4, byte & 15]).map(letter).collect();
    Ok(CustomerUid::parse(&format!("key{letters}"))?)
}

fn letter(nibble: u8) -> char {
    char::from(b'a'.saturating_add(nibble))
}
