//! Billing keys that their customer makes in the PG's window, and keys that the merchant brings along. No card data
//! reaches us: only the PSP's own record says that there is a key.

use super::{Billing, Caller, Failure, check_idempotency_key, not_reserved};
use crate::checkout::{Issue, KeyWindow, Warning, Window, open_until};
use crate::fingerprint::{Fingerprint, FingerprintKey};
use crate::ids::{CustomerId, CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::{BillingKey, KeyEvidence, KeyState};
use crate::money::Money;
use crate::order::{Details, Order};
use crate::payment::{Payment, Source};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, PaymentStore, RefundPsp, Saved, SchedulePsp,
    WindowPsp, WriteError,
};

/// Most keys of one customer that wait for their window at a time.
const PREPARED_MAX: usize = 10;
/// A customer's keys read at a time, and most pages of them: who has more keys than that is no customer.
const KEYS_PAGE: usize = 100;
const KEY_PAGES_MAX: usize = 5;

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
    /// What to tell the storefront of it.
    pub warnings: Vec<Warning>,
    /// Whether it is known to stand, with the amount of its window registered. If not, the same request again makes sure of it.
    pub ready: bool,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + WindowPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Names a billing key that its customer is to issue in the window. The key's name is random to everybody but us,
    /// written once, and becomes a key by nothing but the PSP's record.
    ///
    /// # Errors
    /// Each [`Failure`] means that the window must not be opened. Repeating the same request is safe.
    pub async fn prepare_key(&self, request: PrepareKey, secret: &FingerprintKey) -> Result<PreparedKey, Failure> {
        check_idempotency_key(&request.idempotency_key)?;
        for secret in secret.every() {
            let asked = Asked::read(&request, secret)?;
            if let Some(row) = self.store.key(&asked.customer_uid).await? {
                return self.prepare_again(row, &asked).await;
            }
        }
        let asked = Asked::read(&request, secret)?;
        let now = self.host.now();
        let issue = asked.window.check_issue(&asked.order, &asked.customer_id, now, &self.policy)?;
        let Issue { charges, shown, warnings } = issue;
        if charges && request.merchant_uid.is_none() {
            let detail = "an order number: this gateway charges the amount along with issuing the key";
            return Err(Failure::Invalid(Invalid::new("merchant_uid", "merchant_uid_required", detail)));
        }
        if charges {
            not_reserved(&asked.order.merchant_uid)?;
        }
        asked.window.check_new(now, &self.policy)?;
        self.check_number_of_keys(&asked.customer_id).await?;
        let mut order = Order { amount: shown, ..asked.order.clone() };
        if !charges {
            // Nothing is paid, so no order number is used up.
            order.merchant_uid = MerchantUid::parse(asked.customer_uid.as_str())?;
        }
        let (window, open_until) = (asked.window.clone(), open_until(&asked.window, now, &self.policy));
        let key_window = KeyWindow { order, window, open_until, charges };
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        // The payment first: if its order number is taken, nothing else stands.
        let (payment, ready) = self.payment_of(&key_window, &asked.customer_id).await?;
        let (customer_uid, customer_id) = (asked.customer_uid.clone(), asked.customer_id.clone());
        let fingerprint = asked.fingerprint.clone();
        let row = BillingKey::prepared(customer_uid, customer_id, fingerprint, key_window, self.host.nonce(), now);
        match self.insert_key(&row).await {
            Ok(Saved::Done) => Ok(PreparedKey { key: row, payment, warnings, ready }),
            Ok(Saved::Conflict(Some(current))) => self.prepare_again(*current, &asked).await,
            Err(WriteError::Store(error)) if payment.is_none() => Err(error.into()),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) if payment.is_none() => {
                Err(Failure::Unavailable)
            }
            // The key may stand, or its payment does: nothing opens the window but the same request again.
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) | Err(_) => {
                Ok(PreparedKey { key: row, payment, warnings, ready: false })
            }
        }
    }

    /// Answers a repeat from the row: whatever the merchant has decided and the lists have learnt since, it stands.
    async fn prepare_again(&self, key: BillingKey, asked: &Asked) -> Result<PreparedKey, Failure> {
        if key.fingerprint != asked.fingerprint {
            return Err(Failure::IdempotencyKeyReused);
        }
        let (payment, ready) = match &key.window {
            Some(window) => self.payment_of(window, &key.customer_id).await?,
            None => (None, true),
        };
        let Asked { window, order, .. } = asked;
        let warnings = window.issue_warnings(order, &key.customer_id, key.created_at, &self.policy);
        Ok(PreparedKey { key, payment, warnings, ready })
    }

    /// The payment that a key's window takes along, if it does, and whether the window may be opened for it.
    async fn payment_of(
        &self,
        window: &KeyWindow,
        customer_id: &CustomerId,
    ) -> Result<(Option<Payment>, bool), Failure> {
        if !window.charges {
            return Ok((None, true));
        }
        let existing = self.store.payment(&window.order.merchant_uid).await?;
        let (payment, ready) = self.awaiting(existing, &window.order, customer_id, &window.window).await?;
        Ok((Some(payment), ready))
    }

    /// Each prepared key is looked for at the PSP for a day, so one customer has few of them at a time.
    async fn check_number_of_keys(&self, customer_id: &CustomerId) -> Result<(), Failure> {
        let (mut prepared, mut cursor) = (0, None);
        for _ in 0..KEY_PAGES_MAX {
            let page = self.store.keys_of(customer_id, KEYS_PAGE, cursor.as_deref()).await?;
            prepared += page.items.iter().filter(|key| key.state == KeyState::Prepared).count();
            cursor = page.next;
            if cursor.is_none() && prepared < PREPARED_MAX {
                return Ok(());
            }
            if prepared >= PREPARED_MAX {
                break;
            }
        }
        Err(Failure::TooManyPrepared)
    }
}

/// What a caller asked for, in its normal form, and the name of the key that it is about.
struct Asked {
    customer_uid: CustomerUid,
    customer_id: CustomerId,
    order: Order,
    window: Window,
    fingerprint: Fingerprint,
}

impl Asked {
    fn read(request: &PrepareKey, secret: &FingerprintKey) -> Result<Self, Failure> {
        let (customer_uid, customer_id) = (name(request, secret)?, request.customer_id.clone());
        let named = request.merchant_uid.clone();
        let order = Order {
            merchant_uid: named.map_or_else(|| MerchantUid::parse(customer_uid.as_str()), Ok)?,
            customer_uid: Some(customer_uid.clone()),
            amount: request.amount,
            name: request.name.clone(),
            details: request.details.clone(),
        };
        let (order, window) = request.window.clone().normal_form(order)?;
        let fingerprint = Fingerprint::of(&(&order, &customer_id, "window", &window));
        Ok(Self { customer_uid, customer_id, order, window, fingerprint })
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Makes a prepared key active if the PSP has it. What the browser says counts for nothing; the row is the answer.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for a key that is not the caller's; [`Failure::KeyInactive`] for one that is gone.
    pub async fn confirm_key(&self, caller: &Caller, customer_uid: &str) -> Result<BillingKey, Failure> {
        let row = self.billing_key(caller, customer_uid).await?;
        let row = match row.state {
            // It may have been taken off where it was made.
            KeyState::Active => match self.key_evidence(&row.customer_uid).await {
                Some(KeyEvidence::Found(_)) if row.missing_since.is_none() => row,
                Some(seen) => self.confirmed(row, &seen).await?,
                None => row,
            },
            KeyState::Deleting | KeyState::Deleted | KeyState::Abandoned => {
                // Issued all the same, it is deleted: its customer was told that there is none.
                self.look_at_key(row).await.ok();
                return Err(Failure::KeyInactive);
            }
            // Its check decides.
            KeyState::Checking => row,
            KeyState::Prepared | KeyState::Issuing => match self.psp.key(&row.customer_uid).await {
                Lookup::Found(snapshot) => self.confirmed(row, &KeyEvidence::Found(snapshot)).await?,
                // The customer may still be in the window: the calendar decides when that is over.
                Lookup::Absent | Lookup::Unreachable => row,
            },
        };
        if let Some(window) = row.window.as_ref().filter(|window| window.charges) {
            self.look_at_payment(&window.order.merchant_uid).await;
        }
        match row.state {
            KeyState::Abandoned => Err(Failure::UpstreamMismatch),
            KeyState::Deleted => Err(Failure::KeyInactive),
            KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Active | KeyState::Deleting => {
                Ok(row)
            }
        }
    }

    /// Writes down what was seen of a key. Where nobody knows whether that was written, it stands as before: whoever asks again
    /// finds out.
    async fn confirmed(&self, row: BillingKey, seen: &KeyEvidence) -> Result<BillingKey, Failure> {
        match self.conclude_key(row.clone(), seen).await {
            Ok((row, _)) => Ok(row),
            Err(error) => error.or_pending(row),
        }
    }

    /// Settles the payment that came along with a key, if it can be done now; its own calendar does it otherwise.
    async fn look_at_payment(&self, merchant_uid: &MerchantUid) {
        if let Ok(Some(row)) = self.store.payment(merchant_uid).await
            && !row.state.is_settled()
        {
            self.look(row, Source::Look).await.ok();
        }
    }

    /// Looks for a key that was to be issued in the window, whoever hints at it. The row, if there was news. A window that
    /// was left open may issue it once it is given up, or deleted: then it is deleted (again).
    pub(super) async fn look_at_key(&self, row: BillingKey) -> Result<Option<BillingKey>, WriteError> {
        let awaited = matches!(row.state, KeyState::Prepared | KeyState::Abandoned | KeyState::Deleted);
        if row.window.is_none() || !awaited {
            return Ok(None);
        }
        match self.psp.key(&row.customer_uid).await {
            Lookup::Found(snapshot) => self.settle_key(row, &KeyEvidence::Found(snapshot)).await.map(Some),
            Lookup::Absent | Lookup::Unreachable => Ok(None),
        }
    }

    /// Writes down what was learnt of a key, and deletes one whose customer was told that there is none.
    pub(super) async fn settle_key(&self, row: BillingKey, seen: &KeyEvidence) -> Result<BillingKey, WriteError> {
        let (row, orphan) = self.conclude_key(row, seen).await?;
        if orphan {
            // Whatever anybody has scheduled on it is taken back first. Where that is not known, it is looked for again.
            if let Some(listed) = self.listed_schedules(&row).await
                && self.revoke_unkept(&row, listed, self.cascade_until()).await
            {
                self.finish_deletion(row.clone()).await?;
            }
        }
        Ok(row)
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
            Lookup::Found(record) if record.customer_uid != customer_uid.as_str() => {
                return Err(Failure::UpstreamMismatch);
            }
            Lookup::Found(record) if record.sandbox && !self.policy.accept_sandbox_payments => {
                return Err(Failure::UpstreamMismatch);
            }
            Lookup::Found(record) => record,
            Lookup::Absent => return Err(Failure::NotFound),
            Lookup::Unreachable => return Err(Failure::Unavailable),
        };
        let owned = (customer_uid, customer_id.clone());
        let row = BillingKey::imported(record, owned, self.host.nonce(), self.host.now());
        match self.insert_key(&row).await {
            Ok(Saved::Done) => Ok(row),
            // It may be our own, with something on top: nothing is read any more that could fail.
            Ok(Saved::Conflict(Some(current))) if current.customer_id != customer_id => Err(Failure::KeyTaken),
            Ok(Saved::Conflict(Some(current))) => match current.state {
                KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Active => Ok(*current),
                KeyState::Deleting | KeyState::Deleted | KeyState::Abandoned => Err(Failure::KeyInactive),
            },
            // It may stand: it is answered as one that is not confirmed yet.
            Err(error) => error.or_pending(BillingKey { state: KeyState::Issuing, ..row }),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::Unavailable),
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
