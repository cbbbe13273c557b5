//! Orders whose virtual account is issued without a window: sent like a charge, and then waited for like a checkout.

use super::window::is_open_account;
use super::{Claim, Flow, Payment, PaymentSnapshot, State};
use crate::calendar::CLAIMANT_SECONDS;
use crate::checkout::{AccountOrder, Window};
use crate::fingerprint::Fingerprint;
use crate::ids::CustomerId;
use crate::order::Order;
use crate::time::Timestamp;

impl Payment {
    /// A new row whose virtual account is to be issued, claimed for that from the start.
    #[must_use]
    pub fn account_claimed(
        order: Order,
        customer_id: CustomerId,
        (window, account): (Window, AccountOrder),
        open_until: Timestamp,
        now: Timestamp,
        claim: Claim,
    ) -> Self {
        let fingerprint = account_fingerprint(&order, &customer_id, &window, &account);
        Self {
            window: Some(Box::new(window)),
            account: Some(account),
            state: State::Claimed,
            due_at: Some(now.plus(CLAIMANT_SECONDS)),
            under_way_since: Some(now),
            claim: Some(claim.clone()),
            posts: 1,
            ..Self::new(order, customer_id, Flow::Checkout { open_until }, fingerprint, claim.nonce, now)
        }
    }

    /// Whether a record of this order says what became of the request for it. An account was asked for, so only one that waits, or
    /// money, does: what others let fail or leave open in a browser under the number was not sent by us.
    #[must_use]
    pub(crate) fn is_answered_by(&self, record: &PaymentSnapshot) -> bool {
        self.account.is_none() || record.took_money() || is_open_account(record)
    }
}

/// The fingerprint of an order for a virtual account: all that was asked.
#[must_use]
pub fn account_fingerprint(
    order: &Order,
    customer_id: &CustomerId,
    window: &Window,
    account: &AccountOrder,
) -> Fingerprint {
    Fingerprint::of(&(order, customer_id, "account", window, account))
}
