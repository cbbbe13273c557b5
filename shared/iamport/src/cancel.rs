//! Cancelling payments, whole or in part.

use crate::amount::Amount;
use crate::charge::check_positive;
use crate::client::{Call, Client};
use crate::customer::Requester;
use crate::envelope::same;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid};
use crate::payment::Payment;
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// Which payment to cancel: exactly one of the two numbers, because Iamport lets one silently win over the other.
#[derive(Debug, Clone)]
pub enum CancelTarget {
    /// By Iamport's number.
    Imp(ImpUid),
    /// By the merchant's number.
    Merchant(MerchantUid),
}

/// A request to give money back.
///
/// html5_inicis and nice cancel exactly what is sent, so amount, tax and tax-free part have to be right. At paypal_v2 a
/// cancellation may be pending: it is done when the status is `Cancelled` and the history holds it. KSNET takes at most nine
/// parts within six months, no part of a phone payment, and refunds no virtual account between 23:00 and 6:00. tosspayments
/// refunds no part of a gift certificate.
///
/// The API takes a missing or zero amount for "all of it", and without `checksum` a repeated partial refund is paid
/// twice. So neither can be left out here.
#[derive(Debug, Clone)]
pub struct Cancel {
    target: CancelTarget,
    amount: Amount,
    checksum: Amount,
    /// Part of the amount that is free of tax. kcp, kcp_quick, kicc, nice and payco want it for payments free of tax, smartro_v2
    /// for a part that holds any, and welcome if the payment named it; elsewhere the default is 0.
    pub tax_free: Option<Amount>,
    /// Tax within the amount: nice, html5_inicis, nice_v2 and welcome, if the payment named it.
    pub vat_amount: Option<Amount>,
    /// Why; kept with the payment. NAVER Pay wants it.
    pub reason: Option<String>,
    /// Holder of the account to refund to; for virtual accounts, at smartro_v2 for transfers too, at kcp for phone bills of an
    /// earlier month.
    pub refund_holder: Option<Sensitive>,
    /// Code of that account's bank.
    pub refund_bank: Option<Sensitive>,
    /// Number of that account.
    pub refund_account: Option<Sensitive>,
    /// Telephone number of the person refunded; wanted by smartro, and by smartro_v2 for virtual accounts and transfers.
    pub refund_tel: Option<Sensitive>,
    /// Whether a promotion stays applied after a partial refund.
    pub retain_promotion: Option<bool>,
    /// Whether this cancellation sends a webhook, to the console's URL. By default it does not.
    pub enable_webhook: Option<bool>,
    /// Who wants it. NAVER Pay only, which wants it.
    pub requester: Option<Requester>,
}

impl Cancel {
    /// Gives back `amount` of a payment of which, as the caller believes, `checksum` is still left. Iamport refuses
    /// if it believes otherwise.
    ///
    /// ```
    /// # use iamport::*;
    /// let target = || CancelTarget::Imp(ImpUid::new("imp_123456789012").expect("a valid number"));
    /// let won = |minor| Amount::from_minor(minor, 0);
    /// assert!(Cancel::new(target(), won(3_000), won(8_900)).is_ok());
    /// assert!(Cancel::new(target(), won(0), won(8_900)).is_err(), "0 would mean all of it");
    /// assert!(Cancel::new(target(), won(9_000), won(8_900)).is_err(), "more than is left");
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`] unless 0 < `amount` ≤ `checksum`.
    pub fn new(target: CancelTarget, amount: Amount, checksum: Amount) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        if amount > checksum {
            return Err(InvalidInput::new("amount", "must not exceed the checksum"));
        }
        Ok(Self {
            target,
            amount,
            checksum,
            tax_free: None,
            vat_amount: None,
            reason: None,
            refund_holder: None,
            refund_bank: None,
            refund_account: None,
            refund_tel: None,
            retain_promotion: None,
            enable_webhook: None,
            requester: None,
        })
    }
}

impl Client {
    /// Gives money back: `POST /payments/cancel`. Sent at most once.
    ///
    /// After an unknown outcome look at [`Payment::cancel_amount`] and [`Payment::cancel_history`]; repeating the
    /// request with the same checksum is refused if the first one worked.
    ///
    /// Source: `cancelPayment`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, payment: Payment) -> Result<(), Box<dyn std::error::Error>> {
    /// let left = Amount::from_minor(8_900, 0);
    /// let mut cancel = Cancel::new(CancelTarget::Imp(ImpUid::new(payment.imp_uid)?), left, left)?;
    /// cancel.reason = Some("returned".to_owned());
    /// let payment = client.cancel(&cancel).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) if nothing is left to cancel or the checksum differs; else any class.
    pub async fn cancel(&self, request: &Cancel) -> Result<Payment, Error> {
        let body = body(|object| {
            match &request.target {
                CancelTarget::Imp(imp_uid) => object.text("imp_uid", imp_uid.as_str()),
                CancelTarget::Merchant(merchant_uid) => object.text("merchant_uid", merchant_uid.as_str()),
            }
            object.amount("amount", request.amount);
            object.amount("checksum", request.checksum);
            object.maybe_amount("tax_free", request.tax_free);
            object.maybe_amount("vat_amount", request.vat_amount);
            object.maybe_text("reason", request.reason.as_deref());
            object.concealed("refund_holder", request.refund_holder.as_ref());
            object.concealed("refund_bank", request.refund_bank.as_ref());
            object.concealed("refund_account", request.refund_account.as_ref());
            object.concealed("refund_tel", request.refund_tel.as_ref());
            object.flag("retain_promotion", request.retain_promotion);
            object.flag("enable_webhook", request.enable_webhook);
            if let Some(requester) = request.requester {
                object.object("extra", |extra| extra.text("requester", requester.as_str()));
            }
        });
        let payment: Payment = self.send(Call::post(Target::new("/payments/cancel"), Some(body))).await?;
        match &request.target {
            CancelTarget::Imp(imp_uid) => same("imp_uid", imp_uid.as_str(), &payment.imp_uid)?,
            CancelTarget::Merchant(merchant_uid) => {
                same("merchant_uid", merchant_uid.as_str(), &payment.merchant_uid)?;
            }
        }
        Ok(payment)
    }
}
