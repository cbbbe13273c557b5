//! Paying at a convenience store, with a number that is issued before: Galaxia only.

use crate::amount::Amount;
use crate::buyer::Buyer;
use crate::charge::{check_positive, same_order};
use crate::client::{Call, Client};
use crate::envelope::same;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid, check_seconds};
use crate::payment::Payment;
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// A request for a number with which a customer pays at a convenience store.
#[derive(Debug, Clone)]
pub struct IssueCvs {
    channel_key: Sensitive,
    merchant_uid: MerchantUid,
    amount: Amount,
    expired_at: Option<i64>,
    /// The merchant's own barcode, to be registered in place of a new one.
    pub barcode: Option<Sensitive>,
    /// Name of the order, ≤ 40.
    pub name: Option<String>,
    /// The buyer.
    pub buyer: Buyer,
    /// Asked when the customer pays: 200 means that it may be paid. Without it, it always may.
    pub confirm_url: Option<Sensitive>,
    /// Where the webhooks of this payment go, instead of the console's URL.
    pub notice_url: Vec<Sensitive>,
    /// The merchant's own data, kept with the payment. JSON in a string by convention.
    pub custom_data: Option<Sensitive>,
}

impl IssueCvs {
    /// A number through the channel `channel_key`, for paying `amount`.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero.
    pub fn new(channel_key: Sensitive, merchant_uid: MerchantUid, amount: Amount) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        Ok(Self {
            channel_key,
            merchant_uid,
            amount,
            expired_at: None,
            barcode: None,
            name: None,
            buyer: Buyer::default(),
            confirm_url: None,
            notice_url: Vec::new(),
            custom_data: None,
        })
    }

    /// Sets the last moment for paying, in UNIX seconds. Without it the contract with Galaxia rules.
    ///
    /// # Errors
    /// [`InvalidInput`] if it is not in seconds.
    pub fn with_expired_at(mut self, expired_at: i64) -> Result<Self, InvalidInput> {
        check_seconds("expired_at", expired_at)?;
        self.expired_at = Some(expired_at);
        Ok(self)
    }
}

impl Client {
    /// Issues, or registers, a number for paying at a convenience store: `POST /cvs`. Sent at most once.
    ///
    /// Source: `issueCvsPayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let merchant_uid = MerchantUid::new("order_0001")?;
    /// let issue = IssueCvs::new("channel-key-1".into(), merchant_uid, Amount::from_minor(30_000, 0))?;
    /// let payment = client.issue_cvs(&issue.with_expired_at(1_830_297_600)?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn issue_cvs(&self, request: &IssueCvs) -> Result<Payment, Error> {
        let body = body(|object| {
            object.concealed("channel_key", Some(&request.channel_key));
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.maybe_integer("expired_at", request.expired_at);
            object.concealed("barcode", request.barcode.as_ref());
            object.maybe_text("name", request.name.as_deref());
            request.buyer.write(object);
            object.concealed("confirm_url", request.confirm_url.as_ref());
            object.concealed_texts("notice_url", &request.notice_url);
            object.concealed("custom_data", request.custom_data.as_ref());
        });
        let payment: Payment = self.send(Call::post(Target::new("/cvs"), Some(body))).await?;
        same_order(&request.merchant_uid, request.amount, &payment)?;
        Ok(payment)
    }

    /// Voids a store number that is not paid yet, so that nobody can pay it: `DELETE /cvs/{imp_uid}`. Sent at most once.
    ///
    /// Source: `revokeCvsPayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let payment = client.revoke_cvs(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn revoke_cvs(&self, imp_uid: &ImpUid) -> Result<Payment, Error> {
        let payment: Payment = self.send(Call::delete(Target::new("/cvs").segment(imp_uid.as_str()))).await?;
        same("imp_uid", imp_uid.as_str(), &payment.imp_uid)?;
        Ok(payment)
    }
}
