//! Billing keys that are none at the PSP any more: taken off in the customer's pay app, or removed in the console.

use super::Billing;
use super::pages::{ROWS_A_PAGE, through_pages};
use crate::ids::{CustomerId, CustomerUid, SubscriptionId};
use crate::key::{BillingKey, KeyState, is_named_unregistered};
use crate::payment::Payment;
use crate::ports::{
    AlarmSink, Clock, Entropy, KeyStore, PaymentStore, Saved, StoreError, SubscriptionStore, WriteError,
};

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore + KeyStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Lets the sweep look for the key of a payment that failed because nobody knew it. A hint of the PG's words and no more:
    /// what goes wrong here, the daily comparison finds.
    pub(super) async fn doubt_key_of(&self, payment: &Payment) {
        if let Some(customer_uid) = payment.order.customer_uid.as_ref().filter(|_| is_named_unregistered(payment))
            && let Ok(Some(key)) = self.store.key(customer_uid).await
            && key.state == KeyState::Active
            && key.due_at.is_none()
        {
            self.mark_key_due(key).await.ok();
        }
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: KeyStore + SubscriptionStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Lets the sweep carry on the subscriptions that were to be charged to a key which is gone: their next attempt has no card,
    /// and their customer can be told before its time. Until all of them know, the key's row stays due.
    pub(super) async fn tell_of_gone_key(&self, key: BillingKey) -> Result<(), WriteError> {
        for id in self.charged_to(&key.customer_id, &key.customer_uid).await? {
            self.wake(&id).await?;
        }
        let told = BillingKey { due_at: None, ..self.next_key(key) };
        match self.save_key(&told).await? {
            Saved::Done | Saved::Conflict(_) => Ok(()),
            Saved::KeyNotActive | Saved::NotExpected => Err(StoreError::Unavailable.into()),
        }
    }

    async fn charged_to(&self, owner: &CustomerId, key: &CustomerUid) -> Result<Vec<SubscriptionId>, StoreError> {
        let mut found = Vec::new();
        let rows = |cursor: Option<String>| async move {
            self.store.subscriptions_of(owner, ROWS_A_PAGE, cursor.as_deref()).await
        };
        through_pages(rows, |rows| {
            found.extend(rows.into_iter().filter(|row| row.customer_uid == *key).map(|row| row.id));
            false
        })
        .await?;
        Ok(found)
    }
}
