//! Which billing key a subscription charges, and what stands in its place.

use super::Billing;
use super::pages::{ROWS_A_PAGE, through_pages};
use crate::ids::CustomerUid;
use crate::key::{BillingKey, KeyState};
use crate::payment::Payment;
use crate::ports::{KeyStore, StoreError};
use crate::subscription::{OtherCard, Subscription, is_final};

/// How often a key that took another one's place may have been replaced itself.
const REPLACED_MAX: u32 = 16;

impl<P, S, H> Billing<P, S, H>
where
    S: KeyStore,
{
    /// The card that took the place of one which is gone; else, where that was agreed to, the customer's newest, if it is
    /// newer than that one. No other is charged: nobody named it for this. Nor is one that was refused for good by
    /// one of `payments`: those of this period, and the differences of the one before.
    pub(super) async fn other_card(
        &self,
        row: &Subscription,
        key: Option<&BillingKey>,
        payments: &[Payment],
    ) -> Result<Option<OtherCard>, StoreError> {
        let is_active = |key: &BillingKey| key.state == KeyState::Active && key.customer_id == row.customer_id;
        if let Some(customer_uid) = self.successor(row, key).await? {
            return Ok(Some(OtherCard { customer_uid, is_named: true }));
        }
        if !row.fallback_cards {
            return Ok(None);
        }
        let refused = |key: &BillingKey| {
            payments.iter().any(|it| is_final(it) && it.order.customer_uid.as_ref() == Some(&key.customer_uid))
        };
        let mut newest: Option<BillingKey> = None;
        let keys = |cursor: Option<String>| async move {
            self.store.keys_of(&row.customer_id, ROWS_A_PAGE, cursor.as_deref()).await
        };
        through_pages(keys, |keys| {
            newest = keys.into_iter().rfind(|key| is_active(key) && !refused(key)).or(newest.take());
            false
        })
        .await?;
        let since = key.filter(|key| is_active(key)).map(|key| key.created_at);
        let newest = newest.filter(|newest| newest.customer_uid != row.customer_uid);
        let newer = newest.filter(|newest| since.is_none_or(|since| newest.created_at > since));
        Ok(newer.map(|key| OtherCard { customer_uid: key.customer_uid, is_named: false }))
    }

    /// The active key at the end of those that took each other's place, beginning with that of a subscription.
    pub(super) async fn successor(
        &self,
        row: &Subscription,
        key: Option<&BillingKey>,
    ) -> Result<Option<CustomerUid>, StoreError> {
        let mut next = key.and_then(|key| key.successor.clone());
        for _ in 0..REPLACED_MAX {
            let Some(uid) = next else { return Ok(None) };
            let key = self.store.key(&uid).await?.filter(|key| key.customer_id == row.customer_id);
            if key.as_ref().is_some_and(|key| key.state == KeyState::Active) {
                return Ok(Some(uid));
            }
            next = key.and_then(|key| key.successor);
        }
        Ok(None)
    }
}
