//! KCP QuickPay: prepaid money, automatic payment, and what is stored of a customer.

use std::net::Ipv4Addr;

use serde::Deserialize;

use crate::amount::Amount;
use crate::charge::{NAME_CHARS_MAX, check_positive, same_order};
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning, Nothing, same, same_if_told};
use crate::error::Error;
use crate::ids::{CustomerUid, ImpUid, InvalidInput, MemberId, MerchantUid, check_text};
use crate::payment::Payment;
use crate::secret::CodeVerifier;
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// 409: the number is registered already.
const REGISTER: Documented = &[(409, Meaning::Rejected)];

/// 500: the key could not be deleted.
const DELETE_KEY: Documented = &[(500, Meaning::Refused)];

/// Longest buyer's name of an automatic payment, in characters; elsewhere it is 16.
const BUYER_NAME_CHARS_MAX: usize = 20;

/// Longest customer's id of a payment with prepaid money, in characters; elsewhere there is no limit.
const MEMBER_ID_CHARS_MAX: usize = 16;

/// The largest prepaid amount has nine digits.
const PREPAID_AMOUNT_MAX: u64 = 999_999_999;

/// Whether a transaction may take prepaid money: for the window's actions Pay and PinCheck, and wanted for PrepaidAuth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrepaidAuth {
    /// It may take this amount, of nine digits at most.
    Yes(Amount),
    /// It may not.
    No,
}

/// A transaction with prepaid money, to be registered or changed.
#[derive(Debug, Clone)]
pub struct PrepareKcpQuick {
    merchant_uid: MerchantUid,
    btid: String,
    cust_ip: Sensitive,
    code_verifier: CodeVerifier,
    prepaid: Option<PrepaidAuth>,
    /// Issuer of the barcode, for the window's action PrepaidOfflineUse: `VID2` Jeulgeoun, `VID3` Coop Marketing. 20 bytes.
    pub vender_type: Option<String>,
    /// Id of the chain's reward policy, for the same action. 20 bytes.
    pub reward_id: Option<String>,
}

impl PrepareKcpQuick {
    /// A transaction under the number `merchant_uid`, with the merchant's own registration number `btid`, of the customer at
    /// the address `cust_ip`.
    ///
    /// # Errors
    /// [`InvalidInput`] if `btid` is not 1 to 20 characters.
    pub fn new(
        merchant_uid: MerchantUid,
        btid: impl Into<String>,
        cust_ip: Ipv4Addr,
        code_verifier: CodeVerifier,
    ) -> Result<Self, InvalidInput> {
        let btid = btid.into();
        check_text("btid", &btid, 20)?;
        let cust_ip = Sensitive::from(cust_ip.to_string());
        Ok(Self { merchant_uid, btid, cust_ip, code_verifier, prepaid: None, vender_type: None, reward_id: None })
    }

    /// Says whether it may take prepaid money.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount has more than nine digits, or is not a whole number above zero.
    pub fn with_prepaid(mut self, prepaid: PrepaidAuth) -> Result<Self, InvalidInput> {
        if let PrepaidAuth::Yes(amount) = prepaid {
            let allowed = amount.to_minor(0).is_some_and(|won| (1..=PREPAID_AMOUNT_MAX).contains(&won));
            if !allowed {
                return Err(InvalidInput::new("prepaid_amount", "must be a whole number of 1 to 9 digits"));
            }
        }
        self.prepaid = Some(prepaid);
        Ok(self)
    }

    fn write(&self, object: &mut Object<'_>) {
        object.text("btid", &self.btid);
        object.concealed("cust_ip", Some(&self.cust_ip));
        object.secret("code_verifier", Some(&self.code_verifier));
        match self.prepaid {
            Some(PrepaidAuth::Yes(amount)) => {
                object.text("prepaid_auth_yn", "Y");
                object.amount("prepaid_amount", amount);
            }
            Some(PrepaidAuth::No) => object.text("prepaid_auth_yn", "N"),
            None => {}
        }
        object.maybe_text("vender_type", self.vender_type.as_deref());
        object.maybe_text("reward_id", self.reward_id.as_deref());
    }
}

/// A request to pay with a customer's prepaid money, after the PIN was checked in the window.
#[derive(Debug, Clone)]
pub struct PayKcpQuickMoney {
    member_id: MemberId,
    channel_key: Sensitive,
    merchant_uid: MerchantUid,
    name: String,
    amount: Amount,
    imp_uid: ImpUid,
    /// Where the webhook of this payment goes, instead of the console's URL.
    pub notice_url: Option<Sensitive>,
}

impl PayKcpQuickMoney {
    /// A payment of `amount` by the customer `member_id` under the number `merchant_uid`, for an order called `name`.
    /// `imp_uid` is the number of the PIN check.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero, the name not 1 to 40 characters, or the customer's id longer than 16.
    pub fn new(
        member_id: MemberId,
        channel_key: Sensitive,
        merchant_uid: MerchantUid,
        name: impl Into<String>,
        amount: Amount,
        imp_uid: ImpUid,
    ) -> Result<Self, InvalidInput> {
        let name = name.into();
        check_positive("amount", amount)?;
        check_text("name", &name, NAME_CHARS_MAX)?;
        check_text("member_id", member_id.as_str(), MEMBER_ID_CHARS_MAX)?;
        Ok(Self { member_id, channel_key, merchant_uid, name, amount, imp_uid, notice_url: None })
    }
}

/// A request to charge a customer's automatic-payment key.
#[derive(Debug, Clone)]
pub struct PayKcpQuickAutopay {
    customer_uid: CustomerUid,
    merchant_uid: MerchantUid,
    name: String,
    buyer_name: Sensitive,
    amount: Amount,
    /// Where the webhook of this payment goes, instead of the console's URL.
    pub notice_url: Option<Sensitive>,
}

impl PayKcpQuickAutopay {
    /// A charge of `amount` to the key `customer_uid` under the number `merchant_uid`, for an order called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero, the name not 1 to 40 characters, or the buyer's not 1 to 20.
    pub fn new(
        customer_uid: CustomerUid,
        merchant_uid: MerchantUid,
        name: impl Into<String>,
        buyer_name: Sensitive,
        amount: Amount,
    ) -> Result<Self, InvalidInput> {
        let name = name.into();
        check_positive("amount", amount)?;
        check_text("name", &name, NAME_CHARS_MAX)?;
        check_text("buyer_name", &buyer_name, BUYER_NAME_CHARS_MAX)?;
        Ok(Self { customer_uid, merchant_uid, name, buyer_name, amount, notice_url: None })
    }
}

/// A request to delete what is stored of a customer. The three codes are those of the registration.
#[derive(Debug, Clone)]
pub struct DeleteKcpQuickMember {
    member_id: MemberId,
    site_code: String,
    partner_type: String,
    partner_subtype: String,
}

impl DeleteKcpQuickMember {
    /// Deletion of the customer `member_id`.
    ///
    /// # Errors
    /// [`InvalidInput`] if a code is not 1 to 80 characters.
    pub fn new(
        member_id: MemberId,
        site_code: impl Into<String>,
        partner_type: impl Into<String>,
        partner_subtype: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        let (site_code, partner_type, partner_subtype) =
            (site_code.into(), partner_type.into(), partner_subtype.into());
        check_text("site_code", &site_code, 80)?;
        check_text("partner_type", &partner_type, 80)?;
        check_text("partner_subtype", &partner_subtype, 80)?;
        Ok(Self { member_id, site_code, partner_type, partner_subtype })
    }
}

/// A customer as KCP QuickPay stores one.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KcpQuickMember {
    /// The customer's id.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub member_id: String,
    /// Code of the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// When it was registered.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub inserted: Option<i64>,
    /// When it was changed.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub updated: Option<i64>,
}

impl Content for KcpQuickMember {}

/// An automatic-payment key that is gone. The schema promises no field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KcpQuickAutopayDeleted {
    /// The key.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_uid: Option<String>,
}

impl Content for KcpQuickAutopayDeleted {}

/// A customer whose biometric check is off. The schema promises no field.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct KcpQuickFidoReleased {
    /// The customer's id.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub member_id: Option<String>,
}

impl Content for KcpQuickFidoReleased {}

fn prepared(merchant_uid: &MerchantUid) -> Target {
    Target::new("/kcpquick/prepare").segment(merchant_uid.as_str())
}

fn member(member_id: &MemberId) -> Target {
    Target::new("/kcpquick/members").segment(member_id.as_str())
}

impl Client {
    /// Registers a transaction with prepaid money: `POST /kcpquick/prepare/{merchant_uid}`. Sent at most once. The schema
    /// describes no content of the reply: its code 0 is all that is read.
    ///
    /// Source: `prepare_create`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, verifier: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let prepare = PrepareKcpQuick::new(
    ///     MerchantUid::new("order_0001")?,
    ///     "bt_0001",
    ///     "203.0.113.9".parse()?,
    ///     CodeVerifier::new(verifier)?,
    /// )?;
    /// let prepare = prepare.with_prepaid(PrepaidAuth::Yes(Amount::from_minor(30_000, 0)))?;
    /// client.prepare_kcp_quick(&prepare).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if a parameter is not right or the number is registered already
    /// (409); else any class.
    pub async fn prepare_kcp_quick(&self, request: &PrepareKcpQuick) -> Result<(), Error> {
        let body = body(|object| request.write(object));
        let call = Call::post(prepared(&request.merchant_uid), Some(body)).documenting(REGISTER);
        self.send::<Nothing>(call).await.map(drop)
    }

    /// Changes a transaction with prepaid money: `PUT /kcpquick/prepare/{merchant_uid}`. Sent at most once. Of the reply only
    /// the code is read.
    ///
    /// Source: `prepare_update`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, prepare: PrepareKcpQuick) -> Result<(), Box<dyn std::error::Error>> {
    /// client.update_kcp_quick(&prepare.with_prepaid(PrepaidAuth::No)?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if nothing is registered,
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if a parameter is not right; else any class.
    pub async fn update_kcp_quick(&self, request: &PrepareKcpQuick) -> Result<(), Error> {
        let body = body(|object| request.write(object));
        self.send::<Nothing>(Call::put(prepared(&request.merchant_uid), body)).await.map(drop)
    }

    /// Pays with a customer's prepaid money: `POST /kcpquick/payment/money`. A charge, sent at most once; only
    /// [`Payment::status`] says whether money moved.
    ///
    /// Source: `payWithMoney`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, checked: ImpUid) -> Result<(), Box<dyn std::error::Error>> {
    /// let pay = PayKcpQuickMoney::new(
    ///     MemberId::new("member_1")?,
    ///     "channel-key-1".into(),
    ///     MerchantUid::new("order_0001")?,
    ///     "의자",
    ///     Amount::from_minor(30_000, 0),
    ///     checked,
    /// )?;
    /// let payment = client.pay_kcp_quick_money(&pay).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn pay_kcp_quick_money(&self, request: &PayKcpQuickMoney) -> Result<Payment, Error> {
        let body = body(|object| {
            object.text("member_id", request.member_id.as_str());
            object.concealed("channel_key", Some(&request.channel_key));
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.text("name", &request.name);
            object.amount("amount", request.amount);
            object.text("imp_uid", request.imp_uid.as_str());
            object.concealed("notice_url", request.notice_url.as_ref());
        });
        let payment: Payment = self.send(Call::post(Target::new("/kcpquick/payment/money"), Some(body))).await?;
        same_order(&request.merchant_uid, request.amount, &payment)?;
        Ok(payment)
    }

    /// Charges a customer's automatic-payment key: `POST /kcpquick/payment/autopay`. A charge, sent at most once; only
    /// [`Payment::status`] says whether money moved. [`Client::again`] does not reach these keys.
    ///
    /// Source: `payWithAutoPaymentKey`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let pay = PayKcpQuickAutopay::new(
    ///     CustomerUid::new("key_8f3a")?,
    ///     MerchantUid::new("order_0001")?,
    ///     "의자",
    ///     "홍길동".into(),
    ///     Amount::from_minor(30_000, 0),
    /// )?;
    /// let payment = client.pay_kcp_quick_autopay(&pay).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn pay_kcp_quick_autopay(&self, request: &PayKcpQuickAutopay) -> Result<Payment, Error> {
        let body = body(|object| {
            object.text("customer_uid", request.customer_uid.as_str());
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.text("name", &request.name);
            object.concealed("buyer_name", Some(&request.buyer_name));
            object.amount("amount", request.amount);
            object.concealed("notice_url", request.notice_url.as_ref());
        });
        let payment: Payment = self.send(Call::post(Target::new("/kcpquick/payment/autopay"), Some(body))).await?;
        same_order(&request.merchant_uid, request.amount, &payment)?;
        same_if_told("customer_uid", request.customer_uid.as_str(), payment.customer_uid.as_deref())?;
        Ok(payment)
    }

    /// Deletes a customer's automatic-payment key: `DELETE /kcpquick/autopay/{customer_uid}`. Sent at most once.
    ///
    /// Source: `deleteAutoPayKey`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// client.delete_kcp_quick_autopay(&CustomerUid::new("key_8f3a")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a key,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) also as 500; else any class.
    pub async fn delete_kcp_quick_autopay(&self, customer_uid: &CustomerUid) -> Result<KcpQuickAutopayDeleted, Error> {
        let target = Target::new("/kcpquick/autopay").segment(customer_uid.as_str());
        let deleted: KcpQuickAutopayDeleted = self.send(Call::delete(target).documenting(DELETE_KEY)).await?;
        same_if_told("customer_uid", customer_uid.as_str(), deleted.customer_uid.as_deref())?;
        Ok(deleted)
    }

    /// Deletes what is stored of a customer, for good: `DELETE /kcpquick/members/{member_id}`. Sent at most once.
    ///
    /// Source: `member_delete`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let delete = DeleteKcpQuickMember::new(MemberId::new("member_1")?, "A1B2C", "IX01", "01IX")?;
    /// client.delete_kcp_quick_member(&delete).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a customer; else any class.
    pub async fn delete_kcp_quick_member(&self, request: &DeleteKcpQuickMember) -> Result<KcpQuickMember, Error> {
        let target = member(&request.member_id)
            .query("site_code", &request.site_code)
            .query("partner_type", &request.partner_type)
            .query("partner_subtype", &request.partner_subtype);
        let deleted: KcpQuickMember = self.send(Call::delete(target)).await?;
        same("member_id", request.member_id.as_str(), &deleted.member_id)?;
        Ok(deleted)
    }

    /// Turns a customer's biometric check off: `POST /kcpquick/members/{member_id}/fido/release`. Sent at most once.
    ///
    /// Source: `releaseFido`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// if let Err(error) = client.release_kcp_quick_fido(&MemberId::new("member_1")?, &"channel-key-1".into()).await {
    ///     let by_kcp = error.gateway_refusal().and_then(|refusal| refusal.message.as_ref());
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) by KCP, whose own words are in
    /// [`Error::gateway_refusal`](crate::Error::gateway_refusal); [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the
    /// channel is not one of KCP QuickPay; else any class. 500 says that KCP could not be talked to: perhaps it was done.
    pub async fn release_kcp_quick_fido(
        &self,
        member_id: &MemberId,
        channel_key: &Sensitive,
    ) -> Result<KcpQuickFidoReleased, Error> {
        let body = body(|object| object.concealed("channel_key", Some(channel_key)));
        let target = member(member_id).segment("fido").segment("release");
        let released: KcpQuickFidoReleased = self.send(Call::post(target, Some(body))).await?;
        same_if_told("member_id", member_id.as_str(), released.member_id.as_deref())?;
        Ok(released)
    }
}
