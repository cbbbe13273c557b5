//! PAYCO: how far an order is, and what a payment is made up of.

use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning, same};
use crate::error::Error;
use crate::ids::ImpUid;
use crate::lenient::{choice, open_enum};
use crate::wire::{Target, body};

/// 405: not for this payment.
const BALANCE: Documented = &[(405, Meaning::Rejected)];

choice! {
    /// How far an order shall be.
    PaycoStatus {
        /// The delivery has begun.
        DeliveryStart = "DELIVERY_START",
        /// The purchase is confirmed.
        PurchaseDecision = "PURCHASE_DECISION",
        /// The order is cancelled. Whether that moves money is not documented: to give money back use [`Client::cancel`].
        Canceled = "CANCELED",
    }
}

open_enum! {
    /// How far an order is.
    PaycoOrderStatus {
        /// The delivery has begun.
        DeliveryStart = "DELIVERY_START",
        /// The purchase is confirmed.
        PurchaseDecision = "PURCHASE_DECISION",
        /// The order is cancelled.
        Canceled = "CANCELED",
    }
}

/// An order after its state was set.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PaycoOrder {
    /// Its new state.
    #[serde(deserialize_with = "crate::lenient::required_open")]
    pub status: PaycoOrderStatus,
}

impl Content for PaycoOrder {}

/// What one means of payment covers, refunds deducted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BalancePart {
    /// Value of supply that is free of tax.
    pub tax_free: Amount,
    /// Value of supply that is taxed.
    pub supply: Amount,
    /// Tax.
    pub vat: Amount,
    /// Service charge.
    pub service: Amount,
}

/// What a payment is made up of, refunds deducted.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PaymentBalance {
    /// The whole amount, as it was first.
    pub amount: Amount,
    /// Covered by a cash receipt.
    #[serde(default)]
    pub cash_receipt: Option<BalancePart>,
    /// The main means: card, transfer, virtual account, telephone.
    #[serde(default)]
    pub primary: Option<BalancePart>,
    /// The second means: points of the gateway or the card.
    #[serde(default)]
    pub secondary: Option<BalancePart>,
    /// Discount of the gateway or the card.
    #[serde(default)]
    pub discount: Option<BalancePart>,
    /// What it was made up of before.
    #[serde(default, deserialize_with = "crate::lenient::list")]
    pub histories: Vec<BalanceHistory>,
}

impl Content for PaymentBalance {}

/// What a payment was made up of at one time.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BalanceHistory {
    /// Covered by a cash receipt.
    #[serde(default)]
    pub cash_receipt: Option<BalancePart>,
    /// The main means.
    #[serde(default)]
    pub primary: Option<BalancePart>,
    /// The second means.
    #[serde(default)]
    pub secondary: Option<BalancePart>,
    /// Discount.
    #[serde(default)]
    pub discount: Option<BalancePart>,
    /// When it was recorded.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub created: Option<i64>,
}

impl Client {
    /// What a payment is made up of: `GET /payments/{imp_uid}/balance`. PAYCO only.
    ///
    /// Source: `balanceByImpUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let balance = client.payment_balance(&ImpUid::new("imp_448280090638")?).await?;
    /// let by_points = balance.secondary.map(|part| part.supply);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment,
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) also as 405; else any class.
    pub async fn payment_balance(&self, imp_uid: &ImpUid) -> Result<PaymentBalance, Error> {
        let target = Target::new("/payments").segment(imp_uid.as_str()).segment("balance");
        self.send(Call::get(target).documenting(BALANCE)).await
    }

    /// Tells PAYCO how far an order is: `POST /payco/orders/status/{imp_uid}`. Sent at most once.
    ///
    /// Source: `changeOrderStatus`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.set_payco_status(&ImpUid::new("imp_448280090638")?, PaycoStatus::DeliveryStart).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn set_payco_status(&self, imp_uid: &ImpUid, status: PaycoStatus) -> Result<PaycoOrder, Error> {
        let body = body(|object| object.text("status", status.as_str()));
        let target = Target::new("/payco/orders/status").segment(imp_uid.as_str());
        let order: PaycoOrder = self.send(Call::post(target, Some(body))).await?;
        same("status", status.as_str(), order.status.as_str())?;
        Ok(order)
    }
}
