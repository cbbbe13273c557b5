//! The shares of sub-merchants on the sales slip of a payment.

use serde::Deserialize;

use crate::amount::Amount;
use crate::charge::check_positive;
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning};
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, NonEmpty};
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// 501: the gateway cannot. Its 500 is Iamport's own fault and says nothing of what was done.
const PARTNER: Documented = &[(501, Meaning::Rejected)];

/// One sub-merchant's share of a payment.
#[derive(Debug, Clone)]
pub struct PartnerShare {
    business_registration_number: String,
    company_name: String,
    amount: Amount,
    /// Part of the share that is free of tax. Default 0.
    pub tax_free: Option<Amount>,
    /// Tax within the share. Default: an eleventh.
    pub vat_amount: Option<Amount>,
}

impl PartnerShare {
    /// A share of `amount` of the merchant `company_name` with the business number `business_registration_number`, which is
    /// written with dashes.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero.
    pub fn new(
        business_registration_number: impl Into<String>,
        company_name: impl Into<String>,
        amount: Amount,
    ) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        Ok(Self {
            business_registration_number: business_registration_number.into(),
            company_name: company_name.into(),
            amount,
            tax_free: None,
            vat_amount: None,
        })
    }
}

/// A sales slip with shares.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PartnerReceipt {
    /// Where it can be seen.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub receipt_url: Option<Sensitive>,
}

impl Content for PartnerReceipt {}

impl Client {
    /// Puts the shares of sub-merchants on the sales slip of a payment: `POST /partners/receipts/{imp_uid}`. Sent at most once.
    /// html5_inicis only, after the merchant's key at Inicis was stored in the console. Whether it may be done twice is not
    /// documented.
    ///
    /// Source: `partner`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let share = PartnerShare::new("123-45-67890", "의자공방", Amount::from_minor(20_000, 0))?;
    /// let slip = client.register_partner_receipt(&ImpUid::new("imp_448280090638")?, &NonEmpty::new(share)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the payment is not paid or the gateway cannot (501),
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without payment or channel; else any class.
    pub async fn register_partner_receipt(
        &self,
        imp_uid: &ImpUid,
        shares: &NonEmpty<PartnerShare>,
    ) -> Result<PartnerReceipt, Error> {
        let body = body(|object| {
            object.objects("data", shares.iter(), |inner, share| {
                inner.text("business_registration_number", &share.business_registration_number);
                inner.text("company_name", &share.company_name);
                inner.amount("amount", share.amount);
                inner.maybe_amount("tax_free", share.tax_free);
                inner.maybe_amount("vat_amount", share.vat_amount);
            });
        });
        let target = Target::new("/partners/receipts").segment(imp_uid.as_str());
        self.send(Call::post(target, Some(body)).documenting(PARTNER)).await
    }
}
