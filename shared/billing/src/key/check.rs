//! Checking a key's card by a small charge that is given back: what a key has to be for it, and what its outcome makes of the key.

use serde::{Deserialize, Serialize};

use super::{BillingKey, KeyApplied, KeyState};
use crate::calendar::{ALARM_AGAIN_SECONDS, CLAIMANT_SECONDS};
use crate::ids::{CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{Details, Order, ProductType};
use crate::payment::{Claim, Flow, Payment, Refusal, check};
use crate::time::Timestamp;

/// Most that a check may charge, in won: its customer may choose the amount and sees it on the card's statement. It is as much as
/// the most that a gateway shows by itself where it registers a card (galaxia, see `pg::rules`).
pub const CHECKING_WON_MAX: u64 = 1_000;

/// What the check is called where its customer reads of it.
const CHECK_NAME: &str = "카드 확인";

/// How much is charged to check a card, in won; nothing for 0, as at Iamport (`checking_amount` of
/// `POST /subscribe/payments/schedule`, V1 schema of 2026-08-06; always in won since its release notes of 2024-02-23).
///
/// # Errors
/// `checking_amount_invalid`.
pub fn checking_amount(won: u64) -> Result<Option<u64>, Invalid> {
    match won {
        0 => Ok(None),
        1..=CHECKING_WON_MAX => Ok(Some(won)),
        _ => Err(Invalid::field("checking_amount", format!("whole won, {CHECKING_WON_MAX} at most"))),
    }
}

/// How a key has to stand for a payment to be written on it: active; being checked for its own check; or being issued for a schedule
/// that is recorded with it, and will be claimed once it is active.
#[must_use]
pub fn state_for(payment: &Payment) -> KeyState {
    if payment.checks_a_card() {
        KeyState::Checking
    } else if payment.waits_for_its_key() && payment.version == 1 {
        KeyState::Issuing
    } else {
        KeyState::Active
    }
}

/// How a key's card is checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardCheck {
    /// How much is charged and given back, in won.
    pub amount: u64,
    /// What the card form says of its holder, as the charge's buyer: some gateways take no charge without (ksnet, paymentwall,
    /// smartro_v2, welcome: see `pg::rules`). Kept until the card is checked; after that only the payment's row has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_name: Option<String>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_email: Option<String>,
    /// As above.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub buyer_tel: Option<String>,
}

impl CardCheck {
    /// The order whose payment checks the card of a key of this name.
    #[must_use]
    pub fn order(&self, customer_uid: &CustomerUid) -> Option<Order> {
        Some(Order {
            merchant_uid: check::number_of(customer_uid)?,
            customer_uid: Some(customer_uid.clone()),
            amount: Money::krw(self.amount),
            name: CHECK_NAME.to_owned(),
            details: Details {
                buyer_name: self.buyer_name.clone(),
                buyer_email: self.buyer_email.clone(),
                buyer_tel: self.buyer_tel.clone(),
                // No goods change hands; ksnet has to be told (see `pg::rules`).
                product_type: Some(ProductType::Digital),
                ..Details::default()
            },
        })
    }

    pub(super) fn forget_holder(&mut self) {
        (self.buyer_name, self.buyer_email, self.buyer_tel) = (None, None, None);
    }
}

impl BillingKey {
    /// The order number of the payment that checks its card, if one does.
    #[must_use]
    pub fn check_number(&self) -> Option<MerchantUid> {
        self.checking.as_ref().and_then(|_| check::number_of(&self.customer_uid))
    }

    /// The payment that checks its card, claimed for sending, while it is waited for.
    pub(crate) fn check_payment(&self, now: Timestamp, claim: Claim) -> Option<Payment> {
        let order = self.checking.as_ref()?.order(&self.customer_uid).filter(|_| self.state == KeyState::Checking)?;
        Some(Payment::claimed(order, self.customer_id.clone(), Flow::Charge, now, claim))
    }
}

/// The PSP has the key: from here on its check is owed.
pub(super) fn begin(row: &mut BillingKey, now: Timestamp) {
    row.settle(KeyState::Checking);
    row.due_at = Some(now.plus(CLAIMANT_SECONDS));
}

/// It is looked at again by the calendar: whoever settles the check's payment says so at once.
pub(super) fn open(row: &mut BillingKey, now: Timestamp) {
    if row.state == KeyState::Checking && row.due_at.is_none_or(|due_at| due_at <= now) {
        row.keep_looking(now);
    }
}

/// The card works, whatever becomes of the refund: that is the payment's business, and stays owed there.
pub(super) fn paid(applied: &mut KeyApplied) {
    if applied.row.state == KeyState::Checking {
        applied.row.settle(KeyState::Active);
    }
}

/// The key's customer is told that there is none, and it is deleted at the PSP: the row is due until that is confirmed.
pub(super) fn failed(applied: &mut KeyApplied, refusal: &Refusal, now: Timestamp) {
    if applied.row.state == KeyState::Checking {
        applied.row.settle(KeyState::Abandoned);
        applied.row.refusal = Some(refusal.clone());
        applied.row.due_at = Some(now);
        // That there is one is no surprise: a person is told where it cannot be deleted for a day.
        applied.row.alarm_at = Some(now.plus(ALARM_AGAIN_SECONDS));
    }
}
