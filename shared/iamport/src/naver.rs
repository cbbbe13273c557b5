//! Product orders of NAVER Pay's order type (`naverco`): one for each kind of goods in a payment.

use bytes::Bytes;
use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{Content, Documented, Meaning, same};
use crate::error::Error;
use crate::ids::{ImpUid, NonEmpty, ProductOrderId};
use crate::lenient::{choice, open_enum};
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// 500: it was done to none of them.
const EACH: Documented = &[(500, Meaning::Refused)];

/// On which product orders of a payment something is done. To the API a missing list means all of them; here that has to be
/// said.
///
/// ```
/// # use iamport::*;
/// let one = ProductOrders::Only(NonEmpty::new(ProductOrderId::new("2027010112345678")?));
/// # Ok::<(), iamport::InvalidInput>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProductOrders {
    /// On these.
    Only(NonEmpty<ProductOrderId>),
    /// On every one of the payment.
    All,
}

impl ProductOrders {
    fn write(&self, object: &mut Object<'_>) {
        if let Self::Only(ids) = self {
            object.texts("product_order_id", ids.iter().map(ProductOrderId::as_str));
        }
    }
}

open_enum! {
    /// State of a product order.
    ProductOrderStatus {
        /// Waits for the deposit.
        PaymentWaiting = "PAYMENT_WAITING",
        /// Paid. The spelling is NAVER's.
        Payed = "PAYED",
        /// On its way.
        Delivering = "DELIVERING",
        /// Delivered.
        Delivered = "DELIVERED",
        /// The purchase is confirmed.
        PurchaseDecided = "PURCHASE_DECIDED",
        /// Exchanged.
        Exchanged = "EXCHANGED",
        /// Cancelled.
        Canceled = "CANCELED",
        /// Returned.
        Returned = "RETURNED",
        /// Cancelled because nobody paid.
        CanceledByNopayment = "CANCELED_BY_NOPAYMENT",
    }
}

open_enum! {
    /// Kind of a claim.
    ClaimType {
        /// Cancellation.
        Cancel = "CANCEL",
        /// Return.
        Return = "RETURN",
        /// Exchange.
        Exchange = "EXCHANGE",
        /// The confirmation of the purchase is held back.
        PurchaseDecisionHoldback = "PURCHASE_DECISION_HOLDBACK",
        /// Cancellation by NAVER.
        AdminCancel = "ADMIN_CANCEL",
    }
}

open_enum! {
    /// State of a claim.
    ClaimStatus {
        /// A cancellation was asked for.
        CancelRequest = "CANCEL_REQUEST",
        /// It is being cancelled.
        Canceling = "CANCELING",
        /// It is cancelled.
        CancelDone = "CANCEL_DONE",
        /// The cancellation was rejected.
        CancelReject = "CANCEL_REJECT",
        /// A return was asked for.
        ReturnRequest = "RETURN_REQUEST",
        /// The goods are being collected, for a return or an exchange.
        Collecting = "COLLECTING",
        /// They are collected.
        CollectDone = "COLLECT_DONE",
        /// They are returned.
        ReturnDone = "RETURN_DONE",
        /// The return was rejected.
        ReturnReject = "RETURN_REJECT",
        /// An exchange was asked for.
        ExchangeRequest = "EXCHANGE_REQUEST",
        /// The new goods are on their way.
        ExchangeRedelivering = "EXCHANGE_REDELIVERING",
        /// They are exchanged.
        ExchangeDone = "EXCHANGE_DONE",
        /// The exchange was rejected.
        ExchangeReject = "EXCHANGE_REJECT",
        /// The confirmation of the purchase is held back.
        PurchaseDecisionHoldback = "PURCHASE_DECISION_HOLDBACK",
        /// It is held back while the goods are delivered again.
        PurchaseDecisionHoldbackRedelivering = "PURCHASE_DECISION_HOLDBACK_REDELIVERING",
        /// The confirmation of the purchase was asked for.
        PurchaseDecisionRequest = "PURCHASE_DECISION_REQUEST",
        /// It is held back no more.
        PurchaseDecisionHoldbackRelease = "PURCHASE_DECISION_HOLDBACK_RELEASE",
        /// NAVER is cancelling it.
        AdminCanceling = "ADMIN_CANCELING",
        /// NAVER has cancelled it.
        AdminCancelDone = "ADMIN_CANCEL_DONE",
    }
}

choice! {
    /// A carrier, by NAVER's code.
    NaverDeliveryCompany {
        /// CJ Logistics.
        Cjgls = "CJGLS",
        /// Logen.
        Kgb = "KGB",
        /// KG Logis.
        Dongbu = "DONGBU",
        /// Parcels of Korea Post.
        Epost = "EPOST",
        /// Registered mail of Korea Post.
        Registpost = "REGISTPOST",
        /// Hanjin.
        Hanjin = "HANJIN",
        /// Hyundai.
        Hyundai = "HYUNDAI",
        /// KGB.
        Kgbls = "KGBLS",
        /// GTX Logis.
        Innogis = "INNOGIS",
        /// Daesin.
        Daesin = "DAESIN",
        /// Ilyang.
        Ilyang = "ILYANG",
        /// Kyungdong.
        Kdexp = "KDEXP",
        /// Chunil.
        Chunil = "CHUNIL",
        /// Any other.
        Ch1 = "CH1",
        /// Hapdong.
        Hdexp = "HDEXP",
        /// CVSnet.
        Cvsnet = "CVSNET",
        /// DHL.
        Dhl = "DHL",
        /// FedEx.
        Fedex = "FEDEX",
        /// GSMNTON.
        Gsmnton = "GSMNTON",
        /// WarpEx.
        Warpex = "WARPEX",
        /// Wizwa.
        Wizwa = "WIZWA",
        /// EMS.
        Ems = "EMS",
        /// DHL Germany.
        Dhlde = "DHLDE",
        /// ACI.
        Aciexpress = "ACIEXPRESS",
        /// EZUSA.
        Ezusa = "EZUSA",
        /// Pantos.
        Pantos = "PANTOS",
        /// UPS.
        Ups = "UPS",
        /// Hyundai, international.
        Hlcglobal = "HLCGLOBAL",
        /// CJ Logistics, international.
        Korexg = "KOREXG",
        /// TNT.
        Tnt = "TNT",
        /// Sungwon Global.
        Swgexp = "SWGEXP",
        /// Daewoon Global.
        Daewoon = "DAEWOON",
        /// USPS.
        Usps = "USPS",
        /// i-parcel.
        Iparcel = "IPARCEL",
        /// Kunyoung.
        Kunyoung = "KUNYOUNG",
        /// Hanuisarang.
        Hpl = "HPL",
        /// Dadream.
        Dadream = "DADREAM",
        /// SLX.
        Slx = "SLX",
        /// SF Express.
        Sfexpress = "SFEXPRESS",
        /// Honam.
        Honam = "HONAM",
    }
}

/// One product order.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NaverProductOrder {
    /// NAVER's number of it.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub product_order_id: String,
    /// Its state.
    #[serde(deserialize_with = "crate::lenient::required_open")]
    pub product_order_status: ProductOrderStatus,
    /// Kind of the claim on it.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub claim_type: Option<ClaimType>,
    /// State of that claim.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub claim_status: Option<ClaimStatus>,
    /// Number of the goods.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_id: Option<String>,
    /// Their name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_name: Option<String>,
    /// Number of the option.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_option_id: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub product_option_name: Option<String>,
    /// Price of these goods.
    #[serde(default)]
    pub product_amount: Option<Amount>,
    /// Cost of their delivery.
    #[serde(default)]
    pub delivery_amount: Option<Amount>,
    /// Pieces.
    #[serde(default, deserialize_with = "crate::lenient::count")]
    pub quantity: Option<u32>,
    /// Who ordered.
    #[serde(default, deserialize_with = "crate::lenient::object")]
    pub orderer: Option<NaverOrderer>,
    /// Where the goods go.
    #[serde(default, deserialize_with = "crate::lenient::object")]
    pub shipping_address: Option<NaverAddress>,
    /// A note for the delivery.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub shipping_memo: Option<Sensitive>,
    /// Until when they have to be sent.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub shipping_due: Option<i64>,
    /// The buyer's personal number at the customs.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub individual_code: Option<Sensitive>,
}

impl Content for NaverProductOrder {}

/// Who ordered.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NaverOrderer {
    /// Name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<Sensitive>,
    /// Id at NAVER, masked.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub id: Option<Sensitive>,
    /// Telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub tel: Option<Sensitive>,
}

/// Where goods go.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct NaverAddress {
    /// Street.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub base: Option<Sensitive>,
    /// The rest of the address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub detail: Option<Sensitive>,
    /// Post code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub postcode: Option<Sensitive>,
    /// First telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub tel1: Option<Sensitive>,
    /// Second telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub tel2: Option<Sensitive>,
    /// Name of who receives.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<Sensitive>,
}

/// What became of a request about several product orders. NAVER is asked about each by itself, so some may have been done
/// and others not.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct NaverDone {
    /// Those to which it was done, in their new state.
    pub done: Vec<NaverProductOrder>,
    /// Whether it was not done to all: the API said so (HTTP 207), or told of fewer than were named. Read the others singly
    /// before anything else.
    pub partial: bool,
}

impl Client {
    /// The product orders of a payment: `GET /payments/{imp_uid}/naver/product-orders`.
    ///
    /// Source: `getProductOrders`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let orders = client.naver_product_orders(&ImpUid::new("imp_448280090638")?).await?;
    /// let paid = orders.iter().all(|order| order.product_order_status == ProductOrderStatus::Payed);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment; else any class.
    pub async fn naver_product_orders(&self, imp_uid: &ImpUid) -> Result<Vec<NaverProductOrder>, Error> {
        self.send(Call::get(of_payment(imp_uid, "product-orders"))).await
    }

    /// One product order: `GET /naver/product-orders/{product_order_id}`.
    ///
    /// Source: `getProductOrderSingle`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let order = client.naver_product_order(&ProductOrderId::new("2027010112345678")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none; else any class.
    pub async fn naver_product_order(&self, product_order_id: &ProductOrderId) -> Result<NaverProductOrder, Error> {
        let target = Target::new("/naver/product-orders").segment(product_order_id.as_str());
        let order: NaverProductOrder = self.send(Call::get(target)).await?;
        same("product_order_id", product_order_id.as_str(), &order.product_order_id)?;
        Ok(order)
    }

    /// Does `action` to product orders of a payment.
    pub(crate) async fn naver_do(
        &self,
        imp_uid: &ImpUid,
        action: &str,
        orders: &ProductOrders,
        fill: impl FnOnce(&mut Object<'_>),
    ) -> Result<NaverDone, Error> {
        let body: Bytes = body(|object| {
            orders.write(object);
            fill(object);
        });
        let call = Call::post_many(of_payment(imp_uid, action), body).documenting(EACH);
        let (status, done): (u16, Vec<NaverProductOrder>) = self.send_for_status(call).await?;
        let fewer = match orders {
            ProductOrders::Only(ids) => {
                let asked = |order: &NaverProductOrder| ids.iter().any(|id| id.as_str() == order.product_order_id);
                if !done.iter().all(asked) {
                    return Err(Error::suspect("a product order that was not asked for"));
                }
                ids.iter().any(|id| done.iter().all(|order| order.product_order_id != id.as_str()))
            }
            ProductOrders::All => done.is_empty(),
        };
        Ok(NaverDone { done, partial: status == 207 || fewer })
    }
}

/// The address of something about a payment of NAVER Pay's.
pub(crate) fn of_payment(imp_uid: &ImpUid, what: &str) -> Target {
    Target::new("/payments").segment(imp_uid.as_str()).segment("naver").segment(what)
}
