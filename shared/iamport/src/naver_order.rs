//! What a shop does with product orders of NAVER Pay: takes them up, sends the goods, cancels, exchanges.

use crate::client::Client;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, check_seconds};
use crate::lenient::choice;
use crate::naver::{NaverDeliveryCompany, NaverDone, ProductOrders};
use crate::wire::Object;

choice! {
    /// Why product orders are cancelled.
    NaverCancelReason {
        /// Sold out.
        SoldOut = "SOLD_OUT",
        /// The delivery is late.
        DelayedDelivery = "DELAYED_DELIVERY",
        /// The buyer is not satisfied: the API's default.
        ProductUnsatisfied = "PRODUCT_UNSATISFIED",
        /// The buyer changed their mind.
        IntentChanged = "INTENT_CHANGED",
        /// Another colour or size.
        ColorAndSize = "COLOR_AND_SIZE",
        /// The wrong goods were ordered.
        WrongOrder = "WRONG_ORDER",
        /// The description differs.
        IncorrectInfo = "INCORRECT_INFO",
    }
}

choice! {
    /// How goods travel, other than with a carrier.
    NaverDeliveryMethod {
        /// With a waybill that Goodsflow prints.
        GdfwIssueSvc = "GDFW_ISSUE_SVC",
        /// The buyer fetches them.
        VisitReceipt = "VISIT_RECEIPT",
        /// They are handed over.
        DirectDelivery = "DIRECT_DELIVERY",
        /// By courier.
        QuickSvc = "QUICK_SVC",
        /// There is nothing to deliver.
        Nothing = "NOTHING",
    }
}

/// How goods travel. With a carrier, both its code and the number of the waybill are wanted.
#[derive(Debug, Clone)]
pub struct NaverDelivery {
    delivery_method: &'static str,
    delivery_company: Option<NaverDeliveryCompany>,
    tracking_number: Option<String>,
}

impl NaverDelivery {
    /// With a carrier (`DELIVERY`).
    #[must_use]
    pub fn carrier(company: NaverDeliveryCompany, tracking_number: impl Into<String>) -> Self {
        Self {
            delivery_method: "DELIVERY",
            delivery_company: Some(company),
            tracking_number: Some(tracking_number.into()),
        }
    }

    /// In another way.
    #[must_use]
    pub const fn other(method: NaverDeliveryMethod) -> Self {
        Self { delivery_method: method.as_str(), delivery_company: None, tracking_number: None }
    }

    /// In another way, with a carrier and a waybill nevertheless.
    #[must_use]
    pub fn other_with(
        method: NaverDeliveryMethod,
        company: Option<NaverDeliveryCompany>,
        tracking_number: Option<String>,
    ) -> Self {
        Self { delivery_method: method.as_str(), delivery_company: company, tracking_number }
    }

    fn write(&self, object: &mut Object<'_>) {
        object.text("delivery_method", self.delivery_method);
        object.maybe_text("delivery_company", self.delivery_company.map(NaverDeliveryCompany::as_str));
        object.maybe_text("tracking_number", self.tracking_number.as_deref());
    }
}

impl Client {
    /// Cancels product orders and gives their money back: `POST /payments/{imp_uid}/naver/cancel`. Sent at most once. Without a
    /// reason NAVER takes that the buyer was not satisfied.
    ///
    /// Source: `naverCancelProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let orders = ProductOrders::Only(NonEmpty::new(ProductOrderId::new("2027010112345678")?));
    /// let outcome = client.naver_cancel(&imp_uid, &orders, Some(NaverCancelReason::SoldOut)).await?;
    /// if outcome.partial { /* some were not cancelled: read them with naver_product_orders */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without such a payment,
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) if none was cancelled (also as 500); else any class.
    pub async fn naver_cancel(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        reason: Option<NaverCancelReason>,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "cancel", orders, |object| {
            object.maybe_text("reason", reason.map(NaverCancelReason::as_str));
        })
        .await
    }

    /// Approves the cancellation that the buyer asked for after the order was taken up:
    /// `POST /payments/{imp_uid}/naver/approve-cancel`. Sent at most once. Money goes back.
    ///
    /// Source: `naverApproveCancelProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.naver_approve_cancel(&ImpUid::new("imp_448280090638")?, &orders).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`].
    pub async fn naver_approve_cancel(&self, imp_uid: &ImpUid, orders: &ProductOrders) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "approve-cancel", orders, |_| {}).await
    }

    /// Tells NAVER that the shop has taken the order up: `POST /payments/{imp_uid}/naver/place`. Sent at most once.
    ///
    /// Source: `naverPlaceProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.naver_place(&ImpUid::new("imp_448280090638")?, &ProductOrders::All).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`].
    pub async fn naver_place(&self, imp_uid: &ImpUid, orders: &ProductOrders) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "place", orders, |_| {}).await
    }

    /// Tells NAVER that goods were sent at `dispatched_at` (UNIX seconds): `POST /payments/{imp_uid}/naver/ship`. Sent at most
    /// once.
    ///
    /// Source: `naverShipProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = NaverDelivery::carrier(NaverDeliveryCompany::Cjgls, "1234567890");
    /// let outcome = client.naver_ship(&ImpUid::new("imp_448280090638")?, &orders, &delivery, 1_830_297_600).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`], and [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the delivery is not right. A
    /// time that is not in seconds is [`ErrorClass::NotSent`](crate::ErrorClass::NotSent).
    pub async fn naver_ship(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        delivery: &NaverDelivery,
        dispatched_at: i64,
    ) -> Result<NaverDone, Error> {
        check_seconds("dispatched_at", dispatched_at).map_err(InvalidInput::not_sent)?;
        self.naver_do(imp_uid, "ship", orders, |object| {
            delivery.write(object);
            object.integer("dispatched_at", dispatched_at);
        })
        .await
    }

    /// Tells NAVER that the new goods of an exchange were sent: `POST /payments/{imp_uid}/naver/ship-exchanged`. Sent at most
    /// once.
    ///
    /// Source: `naverShipProductOrder`, V1 schema of 2026-08-06, which names it as it names [`Self::naver_ship`].
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = NaverDelivery::other(NaverDeliveryMethod::QuickSvc);
    /// let outcome = client.naver_ship_exchanged(&ImpUid::new("imp_448280090638")?, &orders, &delivery).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_ship`].
    pub async fn naver_ship_exchanged(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        delivery: &NaverDelivery,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "ship-exchanged", orders, |object| delivery.write(object)).await
    }

    /// Tells NAVER that the old goods of an exchange came back: `POST /payments/{imp_uid}/naver/collect-exchanged`. Sent at most
    /// once.
    ///
    /// Source: `naverCollectProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.naver_collect_exchanged(&ImpUid::new("imp_448280090638")?, &orders).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`].
    pub async fn naver_collect_exchanged(&self, imp_uid: &ImpUid, orders: &ProductOrders) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "collect-exchanged", orders, |_| {}).await
    }
}
