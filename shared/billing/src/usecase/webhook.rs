//! Taking a webhook's hint.

use super::Billing;
use super::renew::waits_by_itself;
use crate::alarm::Alarm;
use crate::ids::{CustomerUid, ForeignUid, ImpUid, MerchantUid};
use crate::payment::{Evidence, Payment, Source};
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, KeyPsp, KeyStore, Lookup, PaymentStore, RefundPsp, Saved, SchedulePsp,
    StoreError, SubscriptionStore, WriteError,
};

/// What a webhook's body may say: where to look, never what is true.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WebhookHint {
    /// The PSP's payment.
    pub imp_uid: ImpUid,
    /// The order number.
    pub merchant_uid: MerchantUid,
}

impl WebhookHint {
    /// Where to look for what a notice says, if it can be an order of ours. Whoever shares the account has numbers of its own
    /// kind, and its notices are none of our business.
    #[must_use]
    pub fn about(imp_uid: ImpUid, merchant_uid: &ForeignUid) -> Option<Self> {
        merchant_uid.own().map(|merchant_uid| Self { imp_uid, merchant_uid })
    }
}

/// What became of a hint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WebhookOutcome {
    /// No such order here; the PSP was not asked.
    UnknownOrder,
    /// The PSP does not know the payment, or it is another order's: nothing was changed.
    NotOurs,
    /// The PSP's record was applied; it may have brought nothing new.
    Applied,
    /// The PSP could not be asked; the row is due, so the sweep will.
    Deferred,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: PaymentStore + KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Looks up what a webhook hints at, and applies the PSP's own record. Forged, repeated and reordered hints cost
    /// one read and at most one GET, and change nothing that the PSP does not confirm.
    ///
    /// # Errors
    /// Only if neither the record nor the wish to look again could be written: the sender should try again.
    pub async fn notice(&self, hint: &WebhookHint) -> Result<WebhookOutcome, StoreError> {
        let until = self.steps_until();
        let Some(row) = self.store.payment(&hint.merchant_uid).await? else {
            return self.notice_key(&hint.merchant_uid).await;
        };
        match self.psp.payment(&hint.imp_uid).await {
            Lookup::Found(record) if record.merchant_uid == hint.merchant_uid.as_str() => {
                let seen = Evidence::Records { list: vec![record], complete: false };
                match self.conclude(row.clone(), &seen, Source::Webhook).await {
                    Ok((row, _)) => {
                        self.doubt_key_of(&row).await;
                        // Its key is due until it knows.
                        Box::pin(self.tell_checked_key(&row)).await.ok();
                        match self.renew_after(&row, Some(until)).await {
                            // Money of a period that is over is found by nobody else.
                            Err(stopped) if row.state.was_paid() && !waits_by_itself(&stopped) => {
                                return self.mark_due(row).await.map_err(WriteError::for_who_comes_again);
                            }
                            // Where that went wrong the subscription is due.
                            Ok(()) | Err(_) => {}
                        }
                        if let Some(customer_uid) = row.order.customer_uid.filter(|_| row.window.is_some())
                            && let Ok(Some(key)) = self.store.key(&customer_uid).await
                        {
                            // Its own calendar finds the key if this does not.
                            self.look_at_key(key).await.ok();
                        }
                        Ok(WebhookOutcome::Applied)
                    }
                    Err(_) => self.mark_due(row).await.map_err(WriteError::for_who_comes_again),
                }
            }
            Lookup::Found(_) => {
                let (merchant_uid, imp_uid) = (hint.merchant_uid.clone(), hint.imp_uid.clone());
                self.host.alarm(&Alarm::ForeignPayment { merchant_uid, imp_uid });
                Ok(WebhookOutcome::NotOurs)
            }
            Lookup::Absent => Ok(WebhookOutcome::NotOurs),
            Lookup::Unreachable => self.mark_due(row).await.map_err(WriteError::for_who_comes_again),
        }
    }

    /// A window that only issues a key has the key's name for its order number.
    async fn notice_key(&self, merchant_uid: &MerchantUid) -> Result<WebhookOutcome, StoreError> {
        let Ok(customer_uid) = CustomerUid::parse(merchant_uid.as_str()) else {
            return Ok(WebhookOutcome::UnknownOrder);
        };
        let Some(key) = self.store.key(&customer_uid).await?.filter(|key| key.window.is_some()) else {
            return Ok(WebhookOutcome::UnknownOrder);
        };
        // Whatever goes wrong here, the key's own calendar looks again.
        match self.look_at_key(key).await {
            Ok(Some(_)) => Ok(WebhookOutcome::Applied),
            Ok(None) => Ok(WebhookOutcome::NotOurs),
            Err(_) => Ok(WebhookOutcome::Deferred),
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp,
    S: PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Makes a row due now, so that the sweep asks what could not be asked.
    pub(super) async fn mark_due(&self, mut row: Payment) -> Result<WebhookOutcome, WriteError> {
        for _ in 0..2 {
            let now = self.host.now();
            if row.due_at.is_some_and(|due_at| due_at <= now) {
                return Ok(WebhookOutcome::Deferred);
            }
            let due = self.next(Payment { due_at: Some(now), ..row });
            match self.save_payment(&due).await? {
                Saved::Done => return Ok(WebhookOutcome::Deferred),
                Saved::Conflict(Some(current)) => row = *current,
                Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => {
                    return Err(StoreError::Unavailable.into());
                }
            }
        }
        Err(StoreError::Unavailable.into())
    }
}
