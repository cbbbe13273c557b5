//! Billing keys: one stored card each, named by the merchant's `customer_uid`.

use serde::Deserialize;

use crate::client::{Call, Client};
use crate::envelope::{Content, same};
use crate::error::Error;
use crate::ids::{CustomerUid, NonEmpty};
use crate::lenient::choice;
use crate::page::{Found, Page, or_past_the_end};
use crate::payment::{CardType, Payment};
use crate::secret::{Birth, CardNumber, Cvc, Expiry, Pwd2};
use crate::text::{MaskedCard, PspText, Sensitive};
use crate::wire::{Target, body};

/// A request to store a card as a billing key. By API only nice, kcp, daou, html5_inicis, tosspayments, ksnet, nice_v2 and
/// welcome do.
#[derive(Debug, Clone)]
pub struct IssueBillingKey {
    customer_uid: CustomerUid,
    card_number: CardNumber,
    expiry: Expiry,
    /// Channel to issue on, ≤ 55. The API's schema requires it; older accounts use [`Self::pg`].
    pub channel_key: Option<Sensitive>,
    /// `{gateway}` or `{gateway}.{merchant id}`, ≤ 80; the default gateway if unknown.
    pub pg: Option<String>,
    /// Group of channels to issue on, ≤ 55, in place of [`Self::pg`]; see [`BillingKey::succeeded_channels`].
    pub channel_group_id: Option<String>,
    /// The holder's birth date or business number. KSNET wants it; elsewhere it is a matter of contract.
    pub birth: Option<Birth>,
    /// First two digits of the card's password. KSNET wants them; elsewhere it is a matter of contract.
    pub pwd_2digit: Option<Pwd2>,
    /// Verification code. Paymentwall wants it, others do not take it.
    pub cvc: Option<Cvc>,
    /// The merchant's number of the customer. Toss Payments wants it: without one every key gets an id of its own, and the
    /// cards of a buyer do not belong together.
    pub customer_id: Option<String>,
    /// Holder's name, ≤ 20. Welcome wants it.
    pub customer_name: Option<Sensitive>,
    /// Holder's telephone number, ≤ 20.
    pub customer_tel: Option<Sensitive>,
    /// Holder's e-mail address, ≤ 200.
    pub customer_email: Option<Sensitive>,
    /// Holder's address, ≤ 200.
    pub customer_addr: Option<Sensitive>,
    /// Holder's post code, ≤ 8.
    pub customer_postcode: Option<Sensitive>,
}

impl IssueBillingKey {
    /// A key `customer_uid` for a card. Use a new `customer_uid` for each card: under an old one the key silently
    /// changes its card.
    #[must_use]
    pub const fn new(customer_uid: CustomerUid, card_number: CardNumber, expiry: Expiry) -> Self {
        Self {
            customer_uid,
            card_number,
            expiry,
            channel_key: None,
            pg: None,
            channel_group_id: None,
            birth: None,
            pwd_2digit: None,
            cvc: None,
            customer_id: None,
            customer_name: None,
            customer_tel: None,
            customer_email: None,
            customer_addr: None,
            customer_postcode: None,
        }
    }
}

choice! {
    /// Who wants a billing key deleted. NAVER Pay only.
    Requester {
        /// The customer.
        Customer = "customer",
        /// The merchant: the API's default.
        Admin = "admin",
    }
}

/// A request to delete a billing key for good. Revoke its schedules first and see that they are revoked: what happens
/// to them otherwise is not documented.
#[derive(Debug, Clone)]
pub struct DeleteBillingKey {
    customer_uid: CustomerUid,
    /// Why. Wanted for KakaoPay and NAVER Pay keys of nice_v2.
    pub reason: Option<String>,
    /// Who wants it.
    pub requester: Option<Requester>,
}

impl DeleteBillingKey {
    /// Deletion of the key `customer_uid`.
    #[must_use]
    pub const fn new(customer_uid: CustomerUid) -> Self {
        Self { customer_uid, reason: None, requester: None }
    }
}

/// A billing key. Times are UNIX seconds. At paypal_v2 there is nothing about a card.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct BillingKey {
    /// The merchant's name of the key.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub customer_uid: String,
    /// Code of the payment gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// Whether it was issued on a test channel. Absent from servers before 2026.
    #[serde(default, deserialize_with = "crate::lenient::strict_flag")]
    pub sandbox: Option<bool>,
    /// The merchant's number of the customer.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_id: Option<String>,
    /// Name of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_name: Option<String>,
    /// Standard code of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_code: Option<String>,
    /// Standard code of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_code: Option<String>,
    /// Name of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_name: Option<String>,
    /// Standard code of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_code: Option<String>,
    /// Name of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_name: Option<String>,
    /// Masked card number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_number: Option<MaskedCard>,
    /// Kind of card; some gateways do not tell.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub card_type: Option<CardType>,
    /// Holder's name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_name: Option<Sensitive>,
    /// Holder's telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_tel: Option<Sensitive>,
    /// Holder's e-mail address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_email: Option<Sensitive>,
    /// Holder's address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_addr: Option<Sensitive>,
    /// Holder's post code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_postcode: Option<Sensitive>,
    /// When it was issued.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub inserted: Option<i64>,
    /// When it was changed.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub updated: Option<i64>,
    /// Group of channels that it was issued for.
    #[serde(default, rename = "channelGroupId", deserialize_with = "crate::lenient::text")]
    pub channel_group_id: Option<String>,
    /// With a group: the channels that hold a key now.
    #[serde(default, rename = "succeededChannels", deserialize_with = "crate::lenient::list")]
    pub succeeded_channels: Vec<SucceededChannel>,
    /// With a group: the channels that do not. All of them may be here although the envelope's code is 0.
    #[serde(default, rename = "failedChannels", deserialize_with = "crate::lenient::list")]
    pub failed_channels: Vec<FailedChannel>,
}

impl Content for BillingKey {}

/// A channel of a group on which a billing key was issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct SucceededChannel {
    /// Code of the payment gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// Name of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_name: Option<String>,
    /// Standard code of the card company.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_code: Option<String>,
    /// Standard code of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_code: Option<String>,
    /// Name of the card's issuer; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_issuer_name: Option<String>,
    /// Standard code of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_code: Option<String>,
    /// Name of the card's publisher; only some gateways.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_publisher_name: Option<String>,
    /// Masked card number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub card_number: Option<MaskedCard>,
    /// Kind of card; some gateways do not tell.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub card_type: Option<CardType>,
    /// When it was issued.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub inserted: Option<i64>,
    /// When it was changed. The schema names it both `update` and `updated`.
    #[serde(default, alias = "update", deserialize_with = "crate::lenient::time")]
    pub updated: Option<i64>,
}

/// A channel of a group on which a billing key could not be issued.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct FailedChannel {
    /// Kind of failure, e.g. `INVALID_REQUEST`, `PG_PROVIDER`.
    #[serde(default, rename = "type", deserialize_with = "crate::lenient::text")]
    pub kind: Option<PspText>,
    /// The failure in the gateway's words.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub message: Option<PspText>,
    /// Code of the payment gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The merchant's id at the gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
}

fn key_target(customer_uid: &CustomerUid) -> Target {
    Target::new("/subscribe/customers").segment(customer_uid.as_str())
}

impl Client {
    /// Stores a card: `POST /subscribe/customers/{customer_uid}`. Sent at most once.
    ///
    /// Source: `customer_save`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, number: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut issue = IssueBillingKey::new(
    ///     CustomerUid::new("key_8f3a")?,
    ///     CardNumber::new(number)?,
    ///     Expiry::new("202712")?,
    /// );
    /// issue.birth = Some(Birth::new("880101")?);
    /// issue.pwd_2digit = Some(Pwd2::new("12")?);
    /// let key = client.issue_billing_key(&issue).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) for a card that the gateway does not take; else any class.
    pub async fn issue_billing_key(&self, request: &IssueBillingKey) -> Result<BillingKey, Error> {
        let body = body(|object| {
            object.concealed("channel_key", request.channel_key.as_ref());
            object.maybe_text("pg", request.pg.as_deref());
            object.maybe_text("channel_group_id", request.channel_group_id.as_deref());
            object.card_number("card_number", &request.card_number);
            object.expiry("expiry", request.expiry);
            object.secret("birth", request.birth.as_ref());
            object.secret("pwd_2digit", request.pwd_2digit.as_ref());
            object.secret("cvc", request.cvc.as_ref());
            object.maybe_text("customer_id", request.customer_id.as_deref());
            object.concealed("customer_name", request.customer_name.as_ref());
            object.concealed("customer_tel", request.customer_tel.as_ref());
            object.concealed("customer_email", request.customer_email.as_ref());
            object.concealed("customer_addr", request.customer_addr.as_ref());
            object.concealed("customer_postcode", request.customer_postcode.as_ref());
        });
        self.one_key(&request.customer_uid, Call::post(key_target(&request.customer_uid), Some(body))).await
    }

    /// One billing key: `GET /subscribe/customers/{customer_uid}`.
    ///
    /// Source: `customer_view`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let key = client.billing_key(&CustomerUid::new("key_8f3a")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none (some servers say
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused)); else any class.
    pub async fn billing_key(&self, customer_uid: &CustomerUid) -> Result<BillingKey, Error> {
        self.one_key(customer_uid, Call::get(key_target(customer_uid))).await
    }

    /// Several billing keys: `GET /subscribe/customers` with `customer_uid[]`.
    ///
    /// Source: `customer_view_multiple`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let names = NonEmpty::try_from(vec![CustomerUid::new("key_8f3a")?, CustomerUid::new("key_91bc")?])?;
    /// let keys = client.billing_keys(&names).await?;
    /// assert!(keys.found.len() == 2 || keys.partial);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if none of them exists; else any class.
    pub async fn billing_keys(&self, customer_uids: &NonEmpty<CustomerUid>) -> Result<Found<BillingKey>, Error> {
        let target = customer_uids
            .iter()
            .fold(Target::new("/subscribe/customers"), |target, uid| target.query("customer_uid[]", uid.as_str()));
        let many: Found<BillingKey> = Found::new(self.send_for_status(Call::get_many(target)).await?);
        let asked = |key: &BillingKey| customer_uids.iter().any(|uid| uid.as_str() == key.customer_uid);
        if many.found.iter().all(asked) { Ok(many) } else { Err(Error::suspect("a key that was not asked for")) }
    }

    /// Deletes a billing key for good: `DELETE /subscribe/customers/{customer_uid}`. Sent at most once.
    ///
    /// Source: `customer_delete`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut delete = DeleteBillingKey::new(CustomerUid::new("key_8f3a")?);
    /// delete.reason = Some("card replaced".to_owned());
    /// client.delete_billing_key(&delete).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn delete_billing_key(&self, request: &DeleteBillingKey) -> Result<BillingKey, Error> {
        let target = key_target(&request.customer_uid)
            .maybe_query("reason", request.reason.as_deref())
            .maybe_query("extra[requester]", request.requester.map(Requester::as_str));
        self.one_key(&request.customer_uid, Call::delete(target)).await
    }

    /// Payments made with a billing key: `GET /subscribe/customers/{customer_uid}/payments`. `page` counts from 1; a
    /// page past the end is empty.
    ///
    /// Source: `customer_payments`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let page = client.billing_key_payments(&CustomerUid::new("key_8f3a")?, None).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn billing_key_payments(
        &self,
        customer_uid: &CustomerUid,
        page: Option<u32>,
    ) -> Result<Page<Payment>, Error> {
        let target = key_target(customer_uid).segment("payments").maybe_query("page", page);
        or_past_the_end(self.send(Call::get(target)).await, page)
    }

    async fn one_key(&self, customer_uid: &CustomerUid, call: Call) -> Result<BillingKey, Error> {
        let key: BillingKey = self.send(call).await?;
        same("customer_uid", customer_uid.as_str(), &key.customer_uid)?;
        Ok(key)
    }
}
