//! The delivery of what was paid for through Paymentwall, which pays the merchant out only when it knows of it.

use serde::Deserialize;

use crate::client::{Call, Client};
use crate::envelope::Content;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid, check_seconds};
use crate::lenient::choice;
use crate::text::{PspText, Sensitive};
use crate::wire::{Target, body};

choice! {
    /// How far a delivery is.
    PaymentwallStatus {
        /// The order was placed.
        OrderPlaced = "order_placed",
        /// The goods were handed to the carrier.
        OrderShipped = "order_shipped",
        /// They are on their way.
        Delivering = "delivering",
        /// They have arrived.
        Delivered = "delivered",
    }
}

/// Where physical goods go and with whom. Each field is wanted, and takes 40 characters, the carrier's 64.
#[derive(Debug, Clone)]
pub struct PaymentwallShipping {
    /// Number of the waybill.
    pub carrier_tracking_id: String,
    /// The carrier.
    pub carrier_type: String,
    /// Country.
    pub country: Sensitive,
    /// City.
    pub city: Sensitive,
    /// Post code.
    pub zip: Sensitive,
    /// State; `N/A` outside the USA.
    pub state: Sensitive,
    /// Street.
    pub street: Sensitive,
    /// Telephone number.
    pub phone: Sensitive,
    /// First name of who receives.
    pub firstname: Sensitive,
    /// Last name of who receives.
    pub lastname: Sensitive,
}

/// A delivery to tell Paymentwall about.
#[derive(Debug, Clone)]
pub struct PaymentwallDelivery {
    imp_uid: ImpUid,
    merchant_uid: MerchantUid,
    status: PaymentwallStatus,
    estimated_delivery_datetime: i64,
    estimated_update_datetime: i64,
    refundable: bool,
    email: Sensitive,
    /// Where the goods go. Without it they are digital, and the times may be now.
    pub shipping: Option<PaymentwallShipping>,
    /// Why, ≤ 64.
    pub reason: Option<String>,
    /// Anything else, ≤ 400.
    pub details: Option<String>,
}

impl PaymentwallDelivery {
    /// A delivery of the payment `imp_uid` with the number `merchant_uid` to the person with the address `email` (≤ 50). It
    /// shall arrive at `estimated_delivery_datetime`, and its state will be told again at `estimated_update_datetime`, both in
    /// UNIX seconds.
    ///
    /// # Errors
    /// [`InvalidInput`] if a time is not in seconds.
    pub fn new(
        imp_uid: ImpUid,
        merchant_uid: MerchantUid,
        status: PaymentwallStatus,
        estimated_delivery_datetime: i64,
        estimated_update_datetime: i64,
        refundable: bool,
        email: Sensitive,
    ) -> Result<Self, InvalidInput> {
        check_seconds("estimated_delivery_datetime", estimated_delivery_datetime)?;
        check_seconds("estimated_update_datetime", estimated_update_datetime)?;
        Ok(Self {
            imp_uid,
            merchant_uid,
            status,
            estimated_delivery_datetime,
            estimated_update_datetime,
            refundable,
            email,
            shipping: None,
            reason: None,
            details: None,
        })
    }
}

/// Paymentwall's own answer. It may say no although the envelope's code is 0: see [`Self::accepted`].
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct PaymentwallAnswer {
    /// Whether it worked. The schema has this only in its text.
    #[serde(default, deserialize_with = "crate::lenient::flag")]
    pub success: Option<bool>,
    /// Code of the failure.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub error_code: Option<PspText>,
    /// The failure in Paymentwall's words.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub error: Option<PspText>,
    /// The failure in detail.
    #[serde(default, deserialize_with = "crate::lenient::texts")]
    pub notices: Vec<PspText>,
}

impl PaymentwallAnswer {
    /// Whether Paymentwall took the delivery: as it says, or else because it names no failure.
    #[must_use]
    pub fn accepted(&self) -> bool {
        self.success.unwrap_or(self.error_code.is_none() && self.error.is_none())
    }
}

impl Content for PaymentwallAnswer {}

impl Client {
    /// Tells Paymentwall about a delivery: `POST /paymentwall/delivery`. Sent at most once.
    ///
    /// Source: `paymentwall_delivery`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = PaymentwallDelivery::new(
    ///     ImpUid::new("imp_448280090638")?,
    ///     MerchantUid::new("order_0001")?,
    ///     PaymentwallStatus::Delivered,
    ///     now,
    ///     now,
    ///     true,
    ///     "gildong@shop.example".into(),
    /// )?;
    /// let answer = client.paymentwall_delivery(&delivery).await?;
    /// if !answer.accepted() { /* answer.error, answer.notices */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class. What Paymentwall itself refuses is no error here: see [`PaymentwallAnswer::accepted`].
    pub async fn paymentwall_delivery(&self, request: &PaymentwallDelivery) -> Result<PaymentwallAnswer, Error> {
        let body = body(|object| {
            object.text("imp_uid", request.imp_uid.as_str());
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.text("type", if request.shipping.is_some() { "physical" } else { "digital" });
            object.text("status", request.status.as_str());
            object.integer("estimated_delivery_datetime", request.estimated_delivery_datetime);
            object.integer("estimated_update_datetime", request.estimated_update_datetime);
            object.text("refundable", if request.refundable { "yes" } else { "no" });
            object.concealed("shipping_address_email", Some(&request.email));
            if let Some(shipping) = &request.shipping {
                object.text("carrier_tracking_id", &shipping.carrier_tracking_id);
                object.text("carrier_type", &shipping.carrier_type);
                object.concealed("shipping_address_country", Some(&shipping.country));
                object.concealed("shipping_address_city", Some(&shipping.city));
                object.concealed("shipping_address_zip", Some(&shipping.zip));
                object.concealed("shipping_address_state", Some(&shipping.state));
                object.concealed("shipping_address_street", Some(&shipping.street));
                object.concealed("shipping_address_phone", Some(&shipping.phone));
                object.concealed("shipping_address_firstname", Some(&shipping.firstname));
                object.concealed("shipping_address_lastname", Some(&shipping.lastname));
            }
            object.maybe_text("reason", request.reason.as_deref());
            object.maybe_text("details", request.details.as_deref());
        });
        self.send(Call::post(Target::new("/paymentwall/delivery"), Some(body))).await
    }
}
