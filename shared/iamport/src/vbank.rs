//! Virtual accounts: issued without a window, changed, and closed before their deposit.

use crate::amount::Amount;
use crate::buyer::Buyer;
use crate::charge::{ProductType, check_positive, same_order};
use crate::client::{Call, Client};
use crate::envelope::same;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid, StandardCode, check_seconds};
use crate::payment::Payment;
use crate::secret::{EscrowPassword, PgApiKey};
use crate::text::Sensitive;
use crate::wire::{Target, body};

/// A request for a virtual account. settle, nice, nice_v2, html5_inicis, ksnet, smartro_v2, tosspayments and welcome issue
/// them, by contract. Several may wait under one `merchant_uid`.
#[derive(Debug, Clone)]
pub struct IssueVbank {
    channel_key: Sensitive,
    merchant_uid: MerchantUid,
    amount: Amount,
    vbank_code: StandardCode,
    vbank_due: i64,
    /// The merchant's own key at Inicis. html5_inicis wants it, and refuses with a hash mismatch without it.
    pub pg_api_key: Option<PgApiKey>,
    /// What is sold. KSNET wants it.
    pub product_type: Option<ProductType>,
    /// Number of a fixed account: smartro_v2 and settle, by agreement.
    pub vbank_num: Option<Sensitive>,
    /// Holder to be shown, ≤ 16. html5_inicis, nice, settle and smartro_v2 want it; tosspayments, ksnet and welcome show the
    /// merchant's name instead.
    pub vbank_holder: Option<Sensitive>,
    /// Key that ties a fixed account to a customer, ≤ 13: tosspayments, by agreement.
    pub vbank_key: Option<Sensitive>,
    /// Name of the order, ≤ 40.
    pub name: Option<String>,
    /// The buyer. The name is wanted by html5_inicis, tosspayments, ksnet, smartro_v2 and welcome, the e-mail address by
    /// html5_inicis, smartro_v2 and for settle's escrow on a fixed account, the telephone by smartro_v2.
    pub buyer: Buyer,
    /// The buyer's business number, ≤ 10: nice_v2, for the delivery of an escrow payment.
    pub business_registration_number: Option<Sensitive>,
    /// Where the webhooks of this payment go, instead of the console's URL.
    pub notice_url: Vec<Sensitive>,
    /// The merchant's own data, kept with the payment. JSON in a string by convention.
    pub custom_data: Option<Sensitive>,
    /// Part of the amount that is free of tax: nice and nice_v2 with an id of mixed tax, which want it, and welcome.
    pub tax_free: Option<Amount>,
    /// Tax within the amount: nice, nice_v2 and welcome, where it must not exceed a tenth.
    pub vat_amount: Option<Amount>,
    /// How many pieces are sold. Default 1.
    pub product_count: Option<u32>,
    /// Password of an escrow deposit: settle's escrow on a fixed account.
    pub escrow_password: Option<EscrowPassword>,
    /// Whether a fixed account may be used without limit: settle.
    pub fixed_unlimited_vbank: Option<bool>,
}

impl IssueVbank {
    /// An account at the bank `vbank_code` through the channel `channel_key`, into which `amount` is to be paid until
    /// `vbank_due` (UNIX seconds).
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero or the time not in seconds.
    pub fn new(
        channel_key: Sensitive,
        merchant_uid: MerchantUid,
        amount: Amount,
        vbank_code: StandardCode,
        vbank_due: i64,
    ) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        check_seconds("vbank_due", vbank_due)?;
        Ok(Self {
            channel_key,
            merchant_uid,
            amount,
            vbank_code,
            vbank_due,
            pg_api_key: None,
            product_type: None,
            vbank_num: None,
            vbank_holder: None,
            vbank_key: None,
            name: None,
            buyer: Buyer::default(),
            business_registration_number: None,
            notice_url: Vec::new(),
            custom_data: None,
            tax_free: None,
            vat_amount: None,
            product_count: None,
            escrow_password: None,
            fixed_unlimited_vbank: None,
        })
    }
}

/// A change of a virtual account that waits for its deposit: settle only. What a change of nothing would do is not
/// documented, so it cannot be made.
#[derive(Debug, Clone)]
pub struct ModifyVbank {
    imp_uid: ImpUid,
    amount: Option<Amount>,
    vbank_due: Option<i64>,
}

impl ModifyVbank {
    /// Another amount.
    ///
    /// # Errors
    /// [`InvalidInput`] if it is not above zero.
    pub fn amount(imp_uid: ImpUid, amount: Amount) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        Ok(Self { imp_uid, amount: Some(amount), vbank_due: None })
    }

    /// Another last moment for the deposit, in UNIX seconds.
    ///
    /// # Errors
    /// [`InvalidInput`] if it is not in seconds.
    pub fn vbank_due(imp_uid: ImpUid, vbank_due: i64) -> Result<Self, InvalidInput> {
        check_seconds("vbank_due", vbank_due)?;
        Ok(Self { imp_uid, amount: None, vbank_due: Some(vbank_due) })
    }

    /// Another amount and another last moment.
    ///
    /// # Errors
    /// As with each of them.
    pub fn both(imp_uid: ImpUid, amount: Amount, vbank_due: i64) -> Result<Self, InvalidInput> {
        let with_amount = Self::amount(imp_uid.clone(), amount)?;
        Ok(Self { amount: with_amount.amount, ..Self::vbank_due(imp_uid, vbank_due)? })
    }
}

fn one(imp_uid: &ImpUid) -> Target {
    Target::new("/vbanks").segment(imp_uid.as_str())
}

impl Client {
    /// Issues a virtual account: `POST /vbanks`. Sent at most once. The payment is [`Ready`](crate::PaymentStatus::Ready)
    /// until the deposit. After an unknown outcome look it up by `merchant_uid`: a second account may be paid into as well.
    ///
    /// Source: `createVbank`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut issue = IssueVbank::new(
    ///     "channel-key-1".into(),
    ///     MerchantUid::new("order_0001")?,
    ///     Amount::from_minor(30_000, 0),
    ///     StandardCode::new("004")?,
    ///     1_830_297_600,
    /// )?;
    /// issue.buyer.buyer_name = Some("홍길동".into());
    /// let payment = client.issue_vbank(&issue).await?;
    /// let number = payment.vbank_num;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn issue_vbank(&self, request: &IssueVbank) -> Result<Payment, Error> {
        let target = Target::new("/vbanks");
        let target = match &request.pg_api_key {
            Some(key) => target.secret_query("pg_api_key", key),
            None => target,
        };
        let body = body(|object| {
            object.concealed("channel_key", Some(&request.channel_key));
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.text("vbank_code", request.vbank_code.as_str());
            object.integer("vbank_due", request.vbank_due);
            object.maybe_text("product_type", request.product_type.map(ProductType::as_str));
            object.concealed("vbank_num", request.vbank_num.as_ref());
            object.concealed("vbank_holder", request.vbank_holder.as_ref());
            object.concealed("vbank_key", request.vbank_key.as_ref());
            object.maybe_text("name", request.name.as_deref());
            request.buyer.write(object);
            object.concealed("business_registration_number", request.business_registration_number.as_ref());
            object.concealed_texts("notice_url", &request.notice_url);
            object.concealed("custom_data", request.custom_data.as_ref());
            object.maybe_amount("tax_free", request.tax_free);
            object.maybe_amount("vat_amount", request.vat_amount);
            object.maybe_integer("product_count", request.product_count);
            object.secret("escrow_password", request.escrow_password.as_ref());
            object.flag("fixed_unlimited_vbank", request.fixed_unlimited_vbank);
        });
        let payment: Payment = self.send(Call::post(target, Some(body))).await?;
        same_order(&request.merchant_uid, request.amount, &payment)?;
        Ok(payment)
    }

    /// Changes a virtual account that waits for its deposit: `PUT /vbanks/{imp_uid}`. Sent at most once.
    ///
    /// Source: `modifyVbank`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let longer = ModifyVbank::vbank_due(ImpUid::new("imp_448280090638")?, 1_830_384_000)?;
    /// let payment = client.modify_vbank(&longer).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it is no virtual account or waits for no deposit,
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is no such payment; else any class.
    pub async fn modify_vbank(&self, request: &ModifyVbank) -> Result<Payment, Error> {
        let body = body(|object| {
            object.maybe_amount("amount", request.amount);
            object.maybe_integer("vbank_due", request.vbank_due);
        });
        let payment = self.one_vbank(&request.imp_uid, Call::put(one(&request.imp_uid), body)).await?;
        if request.amount.is_some_and(|asked| asked != payment.amount) {
            return Err(Error::suspect("amount is not the one that was asked for"));
        }
        Ok(payment)
    }

    /// Closes a virtual account before its deposit, so that nobody pays into it by mistake: `DELETE /vbanks/{imp_uid}`.
    /// Sent at most once.
    ///
    /// Not every gateway can: the schema names html5_inicis, uplus, danal, nice, kicc, settle, smartro, tosspayments, ksnet,
    /// smartro_v2, nice_v2 and welcome. html5_inicis wants the merchant's own key besides: [`Self::revoke_vbank_with_key`].
    ///
    /// Source: `revokeVbank`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let payment = client.revoke_vbank(&ImpUid::new("imp_448280090638")?).await?;
    /// assert_eq!(payment.status, PaymentStatus::Cancelled);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it is no virtual account or waits for no deposit,
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is no such payment,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by a gateway that cannot; else any class.
    pub async fn revoke_vbank(&self, imp_uid: &ImpUid) -> Result<Payment, Error> {
        self.one_vbank(imp_uid, Call::delete(one(imp_uid))).await
    }

    /// As [`Self::revoke_vbank`], for html5_inicis: `DELETE /vbanks/{imp_uid}` with the merchant's own key at Inicis. A wrong
    /// key is refused as a hash mismatch. The API takes the key in the query, so it may be seen in the logs of proxies.
    ///
    /// Source: `revokeVbank`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, key: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let payment = client.revoke_vbank_with_key(&imp_uid, &PgApiKey::new(key)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::revoke_vbank`].
    pub async fn revoke_vbank_with_key(&self, imp_uid: &ImpUid, pg_api_key: &PgApiKey) -> Result<Payment, Error> {
        self.one_vbank(imp_uid, Call::delete(one(imp_uid).secret_query("pg_api_key", pg_api_key))).await
    }

    async fn one_vbank(&self, imp_uid: &ImpUid, call: Call) -> Result<Payment, Error> {
        let payment: Payment = self.send(call).await?;
        same("imp_uid", imp_uid.as_str(), &payment.imp_uid)?;
        Ok(payment)
    }
}
