//! Orders that their customer pays in the PG's window. Nothing is sent for them but the amount that the window must take;
//! what the browser says of the outcome is a hint of what to look up.

use super::{Billing, Caller, Failure, not_reserved};
use crate::alarm::Alarm;
use crate::checkout::{self, Warning, Window};
use crate::ids::{CustomerId, CustomerUid, ImpUid, MerchantUid};
use crate::key::{BillingKey, KeyState};
use crate::money::Money;
use crate::order::Order;
use crate::payment::{Evidence, Payment, PaymentSnapshot, PspStatus, Refusal, Source, State, checkout_fingerprint};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, PaymentStore, PostResult, RefundPsp, Saved,
    SchedulePsp, StoreError, WindowPsp,
};

/// An order to be paid in the window.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCheckout {
    /// What is to be paid. It names no billing key.
    pub order: Order,
    /// Whose order it is.
    pub customer_id: CustomerId,
    /// The window.
    pub window: Window,
}

/// A checkout as it is answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OpenedCheckout {
    /// Its row.
    pub row: Payment,
    /// What to tell the storefront of it.
    pub warnings: Vec<Warning>,
    /// Whether it is known to stand, with its amount registered. If not, the window must not be opened; the same request again
    /// makes sure of it.
    pub ready: bool,
}

/// What a customer who comes back from the window is shown. Only a look at the PSP says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReturnView {
    /// Paid.
    Paid,
    /// The attempt that the customer comes back from failed.
    Failed,
    /// A virtual account waits for its deposit.
    Ready,
    /// Not known yet.
    Pending,
    /// The window issued a billing key, and nothing was to be paid.
    Key {
        /// Whether the PSP has it.
        active: bool,
    },
    /// There is no such order.
    Unknown,
}

/// Why a payment must not be approved (`confirm_url`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotApproved {
    /// There is no such order.
    UnknownOrder,
    /// The window shows another amount than was ordered.
    OtherAmount,
    /// It was paid, told as failed, or not paid in time.
    Closed,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + WindowPsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Records an order that its customer is to pay in the window, and registers its amount with the PSP. The same request
    /// again answers from its row, for ever; while it can still be paid its amount is made sure of each time.
    ///
    /// # Errors
    /// Each [`Failure`] means that the window must not be opened, and [`Failure::Unavailable`] that nothing was recorded.
    /// Repeating the same request is safe.
    pub async fn checkout(&self, new: NewCheckout) -> Result<OpenedCheckout, Failure> {
        not_reserved(&new.order.merchant_uid)?;
        let (order, window) = new.window.normal_form(new.order)?;
        let existing = self.store.payment(&order.merchant_uid).await?;
        let (customer_id, now) = (&new.customer_id, self.host.now());
        let warnings = match &existing {
            None => window.check(&order, customer_id, now, &self.policy)?,
            Some(row) => window.warnings(&order, customer_id, row.created_at, &self.policy),
        };
        let (row, ready) = self.awaiting(existing, &order, &new.customer_id, &window).await?;
        Ok(OpenedCheckout { row, warnings, ready })
    }

    /// The row of an order that is paid in the window, made if there is none, and its amount registered. The flag says whether
    /// the window may be opened: the row is known to stand, with its amount.
    pub(super) async fn awaiting(
        &self,
        existing: Option<Payment>,
        order: &Order,
        customer_id: &CustomerId,
        window: &Window,
    ) -> Result<(Payment, bool), Failure> {
        let (row, stands) = match existing {
            Some(row) => (row, true),
            None => self.insert_awaiting(order, customer_id, window).await?,
        };
        if row.fingerprint != checkout_fingerprint(order, customer_id, window) {
            return Err(Failure::MerchantUidReused);
        }
        if stands && row.is_payable(self.host.now()) { self.registered_amount(row).await } else { Ok((row, stands)) }
    }

    async fn insert_awaiting(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        window: &Window,
    ) -> Result<(Payment, bool), Failure> {
        let now = self.host.now();
        window.check_new(now, &self.policy)?;
        if !self.psp.ready().await {
            return Err(Failure::Unavailable);
        }
        let open_until = checkout::open_until(window, now, &self.policy);
        let (order, customer_id, window) = (order.clone(), customer_id.clone(), window.clone());
        let row = Payment::awaiting(order, customer_id, window, open_until, self.host.nonce(), now);
        match self.insert_awaiting_payment(&row).await {
            Ok(Saved::Done) => Ok((row, true)),
            Ok(Saved::Conflict(Some(current))) => Ok((*current, true)),
            Err(error) => error.or_pending((row, false)),
            Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => Err(Failure::Unavailable),
        }
    }

    /// Makes sure that the window takes the order's amount and no other. The order is recorded by now, so what cannot be
    /// reached leaves it waiting for the same request again.
    async fn registered_amount(&self, row: Payment) -> Result<(Payment, bool), Failure> {
        let (row, refused) = match self.psp.prepare(&row.order).await {
            PostResult::Known(amount) if amount == row.order.amount => return Ok((row, true)),
            // It stands there already, or the order is paid.
            PostResult::Refused(refusal) => match self.look(row.clone(), Source::Look).await {
                Ok(row) => (row, Some(refusal)),
                Err(_) => return Ok((row, false)),
            },
            PostResult::Known(_) | PostResult::NotSent | PostResult::Nonsense | PostResult::Lost => (row, None),
        };
        if !row.is_payable(self.host.now()) {
            return Ok((row, true));
        }
        match self.psp.prepared(&row.order).await {
            Lookup::Found(amount) if amount == row.order.amount => Ok((row, true)),
            Lookup::Found(_) => match self.psp.correct(&row.order).await {
                PostResult::Known(amount) if amount == row.order.amount => Ok((row, true)),
                PostResult::Refused(refusal) => Err(self.request_refused(&row.order, refusal)),
                PostResult::Known(_) | PostResult::NotSent | PostResult::Nonsense | PostResult::Lost => {
                    Ok((row, false))
                }
            },
            Lookup::Absent => match refused {
                Some(refusal) => Err(self.request_refused(&row.order, refusal)),
                None => Ok((row, false)),
            },
            Lookup::Unreachable => Ok((row, false)),
        }
    }

    /// No card is involved in registering an amount: whoever refuses it, a person has to look at our side of it.
    fn request_refused(&self, order: &Order, refusal: Refusal) -> Failure {
        self.host.alarm(&Alarm::RequestRefused { row: order.merchant_uid.to_string(), code: refusal.code });
        Failure::RequestRefused(refusal)
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// The customer comes back from the window and names a payment. The PSP's own record of it decides, and what else the
    /// PSP holds under the order: the row's state is the answer.
    ///
    /// # Errors
    /// [`Failure::NotFound`] for an order that is not the caller's to see, or was not made for the window;
    /// [`Failure::ImpUidMismatch`].
    pub async fn complete(&self, caller: &Caller, merchant_uid: &str, imp_uid: &ImpUid) -> Result<Payment, Failure> {
        let row = self.payment(caller, merchant_uid).await?;
        if row.window.is_none() {
            return Err(Failure::NotFound);
        }
        match self.psp.payment(imp_uid).await {
            Lookup::Found(record) if record.merchant_uid != row.merchant_uid().as_str() => {
                let (merchant_uid, imp_uid) = (row.merchant_uid().clone(), imp_uid.clone());
                self.host.alarm(&Alarm::ForeignPayment { merchant_uid, imp_uid });
                Err(Failure::ImpUidMismatch)
            }
            Lookup::Found(record) => {
                if let Some(seen) = self.around(&row, record).await {
                    return match self.conclude(row.clone(), &seen, Source::Customer).await {
                        Ok((row, _)) => Ok(row),
                        // It may be settled by now: it is pending until somebody knows.
                        Err(error) => error.or_pending(row),
                    };
                }
                self.mark_due(row.clone()).await.ok();
                Ok(row)
            }
            // It may be a payment of a test channel, which only this listing shows; or the PSP is behind itself.
            Lookup::Absent => Ok(self.look(row.clone(), Source::Look).await.unwrap_or(row)),
            Lookup::Unreachable => {
                self.mark_due(row.clone()).await.ok();
                Ok(row)
            }
        }
    }

    /// A payment that took money speaks for itself. One that did not may be the first of two attempts: without knowing
    /// the others it settles nothing.
    async fn around(&self, row: &Payment, record: PaymentSnapshot) -> Option<Evidence> {
        if record.took_money() {
            return Some(Evidence::Records { list: vec![record], complete: false });
        }
        match self.psp.payments(row.merchant_uid()).await {
            Lookup::Found(list) if list.iter().any(|one| one.imp_uid == record.imp_uid) => {
                Some(Evidence::Records { list, complete: true })
            }
            Lookup::Found(_) | Lookup::Absent | Lookup::Unreachable => None,
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Somebody comes back to `m_redirect_url`. Nothing proves who it is, so a failure that is named settles nothing here;
    /// a settled order, an unknown one and a foreign payment cost the PSP no more than one look.
    ///
    /// # Errors
    /// Only if the row cannot be read.
    pub async fn returned(&self, merchant_uid: &MerchantUid, imp_uid: Option<&ImpUid>) -> Result<ReturnView, Failure> {
        let Some(row) = self.store.payment(merchant_uid).await?.filter(|row| row.window.is_some()) else {
            return self.returned_with_key(merchant_uid).await;
        };
        let Some(imp_uid) = imp_uid.filter(|_| !row.state.is_settled()) else { return Ok(told(&row, None)) };
        match self.psp.payment(imp_uid).await {
            Lookup::Found(record) if record.merchant_uid == merchant_uid.as_str() => {
                let status = record.status;
                let seen = Evidence::Records { list: vec![record], complete: false };
                let row = self.conclude(row.clone(), &seen, Source::Webhook).await.map_or(row, |(row, _)| row);
                Ok(told(&row, Some(status)))
            }
            Lookup::Found(_) | Lookup::Absent | Lookup::Unreachable => Ok(told(&row, None)),
        }
    }

    /// A window that only issues a key has the key's name for its order number.
    async fn returned_with_key(&self, merchant_uid: &MerchantUid) -> Result<ReturnView, Failure> {
        let Ok(customer_uid) = CustomerUid::parse(merchant_uid.as_str()) else { return Ok(ReturnView::Unknown) };
        let prepared = |key: &BillingKey| key.window.is_some();
        let Some(key) = self.store.key(&customer_uid).await?.filter(prepared) else { return Ok(ReturnView::Unknown) };
        let open = matches!(key.state, KeyState::Prepared | KeyState::Abandoned);
        let news = if open { self.look_at_key(key.clone()).await.unwrap_or(None) } else { None };
        Ok(ReturnView::Key { active: news.unwrap_or(key).state == KeyState::Active })
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore + KeyStore,
    H: Clock,
{
    /// Whether the PG may approve what its customer has confirmed in the window (`confirm_url`): a payment, or the issue
    /// of a key under the key's own name.
    ///
    /// # Errors
    /// Only if the row cannot be read: then it must not be approved either.
    pub async fn confirm(
        &self,
        merchant_uid: &MerchantUid,
        amount: &str,
    ) -> Result<Result<(), NotApproved>, StoreError> {
        let now = self.host.now();
        if let Some(row) = self.store.payment(merchant_uid).await? {
            let open = row.window.as_ref().map(|_| row.waits(now));
            return Ok(may_approve(open, row.order.amount, amount));
        }
        let Ok(customer_uid) = CustomerUid::parse(merchant_uid.as_str()) else {
            return Ok(Err(NotApproved::UnknownOrder));
        };
        let key = self.store.key(&customer_uid).await?;
        let window = key.as_ref().and_then(|key| Some((key.waits(now), key.window.as_ref()?)));
        Ok(match window {
            Some((open, window)) => may_approve(Some(open), window.order.amount, amount),
            None => Err(NotApproved::UnknownOrder),
        })
    }
}

fn may_approve(open: Option<bool>, ordered: Money, shown: &str) -> Result<(), NotApproved> {
    let open = open.ok_or(NotApproved::UnknownOrder)?;
    match Money::parse("amount", shown, ordered.currency) {
        Ok(shown) if shown == ordered && open => Ok(()),
        Ok(shown) if shown == ordered => Err(NotApproved::Closed),
        Ok(_) | Err(_) => Err(NotApproved::OtherAmount),
    }
}

fn told(row: &Payment, attempt: Option<PspStatus>) -> ReturnView {
    match (row.state, attempt) {
        (State::Paid | State::PartiallyRefunded | State::Refunded, _) => ReturnView::Paid,
        (State::Failed, _) | (State::Awaiting, Some(PspStatus::Failed)) => ReturnView::Failed,
        (State::Awaiting, _) if row.record.is_some() => ReturnView::Ready,
        (
            State::Awaiting
            | State::Expired
            | State::Intent
            | State::Claimed
            | State::Unknown
            | State::Scheduled
            | State::Revoked
            | State::Suspect,
            _,
        ) => ReturnView::Pending,
    }
}
