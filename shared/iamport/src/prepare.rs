//! Amounts registered before the payment window opens, which then refuses any other.

use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{Content, same, same_if_told};
use crate::error::Error;
use crate::ids::MerchantUid;
use crate::payment::vet_amount;
use crate::wire::{Target, body};

/// A request to register the amount of a payment in the window.
#[derive(Debug, Clone)]
pub struct Prepare {
    merchant_uid: MerchantUid,
    amount: Amount,
    /// ISO 4217 code. Without it the currency is not compared.
    pub currency: Option<String>,
}

impl Prepare {
    /// The window shall take `amount` for `merchant_uid`. Zero is allowed: some gateways issue billing keys so.
    #[must_use]
    pub const fn new(merchant_uid: MerchantUid, amount: Amount) -> Self {
        Self { merchant_uid, amount, currency: None }
    }
}

/// A registered amount.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct Prepared {
    /// The merchant's number of the payment to come.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub merchant_uid: String,
    /// The amount that the window will take.
    pub amount: Amount,
    /// ISO 4217 code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub currency: Option<String>,
}

impl Content for Prepared {
    fn vet(&self) -> Result<(), Error> {
        vet_amount("amount", self.amount, self.currency.as_deref())
    }
}

impl Client {
    /// Registers an amount: `POST /payments/prepare`. Sent at most once.
    ///
    /// Source: `preparePayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.prepare(&Prepare::new(MerchantUid::new("order3")?, Amount::from_minor(64_900, 0))).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) if one is registered already; else any class.
    pub async fn prepare(&self, request: &Prepare) -> Result<Prepared, Error> {
        self.write_prepared(request, |target, body| Call::post(target, Some(body))).await
    }

    /// Changes a registered amount: `PUT /payments/prepare`. Sent at most once.
    ///
    /// Source: `editPreparePayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.update_prepared(&Prepare::new(MerchantUid::new("order3")?, Amount::from_minor(59_900, 0))).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if none is registered; else any class.
    pub async fn update_prepared(&self, request: &Prepare) -> Result<Prepared, Error> {
        self.write_prepared(request, Call::put).await
    }

    /// A registered amount: `GET /payments/prepare/{merchant_uid}`.
    ///
    /// Source: `getPaymentPrepareByMerchantUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let prepared = client.prepared(&MerchantUid::new("order3")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn prepared(&self, merchant_uid: &MerchantUid) -> Result<Prepared, Error> {
        let target = Target::new("/payments/prepare").segment(merchant_uid.as_str());
        let prepared: Prepared = self.send(Call::get(target)).await?;
        same("merchant_uid", merchant_uid.as_str(), &prepared.merchant_uid)?;
        Ok(prepared)
    }

    async fn write_prepared(
        &self,
        request: &Prepare,
        call: impl FnOnce(Target, bytes::Bytes) -> Call,
    ) -> Result<Prepared, Error> {
        let body = body(|object| {
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.maybe_text("currency", request.currency.as_deref());
        });
        let prepared: Prepared = self.send(call(Target::new("/payments/prepare"), body)).await?;
        same("merchant_uid", request.merchant_uid.as_str(), &prepared.merchant_uid)?;
        if let Some(currency) = request.currency.as_deref() {
            same_if_told("currency", currency, prepared.currency.as_deref())?;
        }
        if prepared.amount != request.amount {
            return Err(Error::suspect("amount is not the one that was asked for"));
        }
        Ok(prepared)
    }
}
