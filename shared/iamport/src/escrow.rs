//! The delivery of what was paid for in escrow.

use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning};
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, check_seconds};
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// 409: nothing is registered.
const READ: Documented = &[(409, Meaning::Absent)];

/// 405: not sent in the way that is wanted; the schema says "not as a POST" of the PUT, too. 409: registered already, or not
/// to be changed. 500: it failed.
const WRITE: Documented = &[(405, Meaning::Rejected), (409, Meaning::Rejected), (500, Meaning::Refused)];

/// An address in two lines. smartro_v2 wants it in place of `addr`.
#[derive(Debug, Clone)]
pub struct FormedAddress {
    /// Street or lot.
    pub address_line_1: Sensitive,
    /// Flat, building.
    pub address_line_2: Sensitive,
}

/// Who sends or receives goods. html5_inicis wants name, telephone, address and post code; smartro_v2 name, telephone, post
/// code and the formed address.
#[derive(Debug, Clone, Default)]
pub struct EscrowParty {
    /// Name.
    pub name: Option<Sensitive>,
    /// Telephone number.
    pub tel: Option<Sensitive>,
    /// Address.
    pub addr: Option<Sensitive>,
    /// Post code.
    pub postcode: Option<Sensitive>,
    /// Address in two lines.
    pub formed_address: Option<FormedAddress>,
}

impl EscrowParty {
    fn write(&self, object: &mut Object<'_>) {
        object.concealed("name", self.name.as_ref());
        object.concealed("tel", self.tel.as_ref());
        object.concealed("addr", self.addr.as_ref());
        object.concealed("postcode", self.postcode.as_ref());
        if let Some(address) = &self.formed_address {
            object.object("formed_address", |inner| {
                inner.concealed("address_line_1", Some(&address.address_line_1));
                inner.concealed("address_line_2", Some(&address.address_line_2));
            });
        }
    }
}

/// Goods of a delivery. welcome wants them.
#[derive(Debug, Clone)]
pub struct EscrowProduct {
    id: String,
    name: String,
    amount: Amount,
    /// The merchant's code of the goods.
    pub code: Option<String>,
    /// ISO 4217 code. Default KRW.
    pub currency: Option<String>,
    /// Pieces. Default 1.
    pub quantity: Option<u32>,
    /// Kind of goods.
    pub tag: Option<String>,
}

impl EscrowProduct {
    /// Goods with the id `id`, called `name`, for `amount` a piece.
    #[must_use]
    pub fn new(id: impl Into<String>, name: impl Into<String>, amount: Amount) -> Self {
        Self { id: id.into(), name: name.into(), amount, code: None, currency: None, quantity: None, tag: None }
    }

    fn write(&self, object: &mut Object<'_>) {
        object.text("id", &self.id);
        object.text("name", &self.name);
        object.amount("amount", self.amount);
        object.maybe_text("code", self.code.as_deref());
        object.maybe_text("currency", self.currency.as_deref());
        object.maybe_integer("quantity", self.quantity);
        object.maybe_text("tag", self.tag.as_deref());
    }
}

/// The delivery of an escrow payment, to be registered or changed.
#[derive(Debug, Clone)]
pub struct EscrowDelivery {
    imp_uid: ImpUid,
    company: String,
    invoice: String,
    sent_at: i64,
    /// Who sends.
    pub sender: EscrowParty,
    /// Relation to the sender, e.g. `본인`. daou wants it.
    pub sender_relationship: Option<Sensitive>,
    /// Who receives.
    pub receiver: EscrowParty,
    /// When the goods are received. daou wants it. One text of the schema says `YYYYMMDD`, the other UNIX seconds; it is sent
    /// as it stands here.
    pub receiving_at: Option<String>,
    /// Where the goods are sent from. daou wants it.
    pub address: Option<Sensitive>,
    /// The goods. welcome wants them.
    pub products: Vec<EscrowProduct>,
    /// Whether the buyer is mailed when the purchase is confirmed: nice_v2, and only when it is registered. Default yes.
    pub send_email: Option<bool>,
}

impl EscrowDelivery {
    /// A delivery of the payment `imp_uid` by the carrier with the code `company` under the number `invoice`, sent at
    /// `sent_at` (UNIX seconds).
    ///
    /// # Errors
    /// [`InvalidInput`] if the time is not in seconds.
    pub fn new(
        imp_uid: ImpUid,
        company: impl Into<String>,
        invoice: impl Into<String>,
        sent_at: i64,
    ) -> Result<Self, InvalidInput> {
        check_seconds("sent_at", sent_at)?;
        Ok(Self {
            imp_uid,
            company: company.into(),
            invoice: invoice.into(),
            sent_at,
            sender: EscrowParty::default(),
            sender_relationship: None,
            receiver: EscrowParty::default(),
            receiving_at: None,
            address: None,
            products: Vec::new(),
            send_email: None,
        })
    }

    /// Registering and changing take the same, but for [`Self::send_email`].
    fn write(&self, object: &mut Object<'_>) {
        object.object("sender", |sender| {
            self.sender.write(sender);
            sender.concealed("relationship", self.sender_relationship.as_ref());
        });
        object.object("receiver", |receiver| self.receiver.write(receiver));
        object.object("logis", |logis| {
            logis.text("company", &self.company);
            logis.text("invoice", &self.invoice);
            logis.integer("sent_at", self.sent_at);
            logis.maybe_text("receiving_at", self.receiving_at.as_deref());
            logis.concealed("address", self.address.as_ref());
        });
        if !self.products.is_empty() {
            object.objects("products", self.products.iter(), |inner, product| product.write(inner));
        }
    }
}

/// A delivery as it is registered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct EscrowLogis {
    /// Code of the carrier.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub company: Option<String>,
    /// Number of the waybill.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub invoice: String,
    /// When the goods were sent.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub sent_at: Option<i64>,
    /// When it was registered.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub applied_at: Option<i64>,
}

impl Content for EscrowLogis {}

fn one(imp_uid: &ImpUid) -> Target {
    Target::new("/escrows/logis").segment(imp_uid.as_str())
}

impl Client {
    /// The delivery registered for an escrow payment: `GET /escrows/logis/{imp_uid}`.
    ///
    /// Source: `escrow_logis_get`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = client.escrow_delivery(&ImpUid::new("imp_448280090638")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment, or if nothing is registered for it (409);
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the gateway has no escrow here; else any class.
    pub async fn escrow_delivery(&self, imp_uid: &ImpUid) -> Result<EscrowLogis, Error> {
        self.send(Call::get(one(imp_uid)).documenting(READ)).await
    }

    /// Registers the delivery of an escrow payment: `POST /escrows/logis/{imp_uid}`. Sent at most once. KSNET shows it after
    /// half an hour or an hour.
    ///
    /// Source: `escrow_logis_save`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let mut delivery = EscrowDelivery::new(imp_uid, "CJGLS", "1234567890", 1_830_297_600)?;
    /// delivery.receiver.name = Some("홍길동".into());
    /// client.register_escrow_delivery(&delivery).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if something is missing, it is registered already (409) or not to
    /// be done this way (405); [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment;
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) also as 500; else any class.
    pub async fn register_escrow_delivery(&self, request: &EscrowDelivery) -> Result<EscrowLogis, Error> {
        let body = body(|object| {
            request.write(object);
            object.flag("send_email", request.send_email);
        });
        self.send(Call::post(one(&request.imp_uid), Some(body)).documenting(WRITE)).await
    }

    /// Changes the delivery of an escrow payment: `PUT /escrows/logis/{imp_uid}`. Sent at most once. nice_v2 cannot.
    ///
    /// Source: `escrow_logis_edit`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let delivery = EscrowDelivery::new(imp_uid, "CJGLS", "1234567891", 1_830_297_600)?;
    /// client.update_escrow_delivery(&delivery).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::register_escrow_delivery`]; 409 says that it cannot be changed.
    pub async fn update_escrow_delivery(&self, request: &EscrowDelivery) -> Result<EscrowLogis, Error> {
        let body = body(|object| request.write(object));
        self.send(Call::put(one(&request.imp_uid), body).documenting(WRITE)).await
    }
}
