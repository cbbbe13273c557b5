//! Returns of goods bought through NAVER Pay.

use crate::amount::Amount;
use crate::client::Client;
use crate::error::Error;
use crate::ids::ImpUid;
use crate::lenient::choice;
use crate::naver::{NaverDeliveryCompany, NaverDone, ProductOrders};
use crate::wire::Object;

choice! {
    /// Why goods come back.
    NaverReturnReason {
        /// The buyer changed their mind: the API's default.
        IntentChanged = "INTENT_CHANGED",
        /// Another colour or size.
        ColorAndSize = "COLOR_AND_SIZE",
        /// The wrong goods were ordered.
        WrongOrder = "WRONG_ORDER",
        /// The buyer is not satisfied.
        ProductUnsatisfied = "PRODUCT_UNSATISFIED",
        /// The delivery was late.
        DelayedDelivery = "DELAYED_DELIVERY",
        /// Sold out.
        SoldOut = "SOLD_OUT",
        /// They did not arrive.
        DroppedDelivery = "DROPPED_DELIVERY",
        /// They are damaged.
        Broken = "BROKEN",
        /// The description differs.
        IncorrectInfo = "INCORRECT_INFO",
        /// Others were delivered.
        WrongDelivery = "WRONG_DELIVERY",
        /// Another option was delivered.
        WrongOption = "WRONG_OPTION",
    }
}

choice! {
    /// Why a return is held back. `EXTRAFEEE` has three E in the API.
    NaverWithholdReason {
        /// The cost of the return's delivery is open.
        ReturnDeliveryfee = "RETURN_DELIVERYFEE",
        /// Another cost is open.
        Extrafeee = "EXTRAFEEE",
        /// Both are open.
        ReturnDeliveryfeeAndExtrafeee = "RETURN_DELIVERYFEE_AND_EXTRAFEEE",
        /// The goods are not back yet.
        ReturnProductNotDelivered = "RETURN_PRODUCT_NOT_DELIVERED",
        /// Anything else: the API's default.
        Etc = "ETC",
    }
}

/// How goods come back.
#[derive(Debug, Clone)]
pub struct NaverReturnDelivery {
    delivery_method: &'static str,
    delivery_company: Option<NaverDeliveryCompany>,
    tracking_number: Option<String>,
}

impl NaverReturnDelivery {
    /// With a carrier that the buyer chose (`RETURN_DELIVERY`), which wants its code and the number of the waybill.
    #[must_use]
    pub fn carrier(company: NaverDeliveryCompany, tracking_number: impl Into<String>) -> Self {
        let tracking_number = Some(tracking_number.into());
        Self { delivery_method: "RETURN_DELIVERY", delivery_company: Some(company), tracking_number }
    }

    /// With a carrier that the shop sends (`RETURN_DESIGNATED`).
    #[must_use]
    pub const fn designated(company: Option<NaverDeliveryCompany>, tracking_number: Option<String>) -> Self {
        Self { delivery_method: "RETURN_DESIGNATED", delivery_company: company, tracking_number }
    }

    /// The buyer brings them (`RETURN_INDIVIDUAL`).
    #[must_use]
    pub const fn individual() -> Self {
        Self { delivery_method: "RETURN_INDIVIDUAL", delivery_company: None, tracking_number: None }
    }

    fn write(&self, object: &mut Object<'_>) {
        object.text("delivery_method", self.delivery_method);
        object.maybe_text("delivery_company", self.delivery_company.map(NaverDeliveryCompany::as_str));
        object.maybe_text("tracking_number", self.tracking_number.as_deref());
    }
}

/// Why and with what a return is held back.
#[derive(Debug, Clone)]
pub struct NaverWithhold {
    memo: String,
    /// Why. Without a reason NAVER takes [`NaverWithholdReason::Etc`].
    pub reason: Option<NaverWithholdReason>,
    /// Other cost to be claimed, in won. Default 0.
    pub extra_charge: Option<Amount>,
}

impl NaverWithhold {
    /// With a note to the buyer.
    #[must_use]
    pub fn new(memo: impl Into<String>) -> Self {
        Self { memo: memo.into(), reason: None, extra_charge: None }
    }
}

impl Client {
    /// Asks NAVER to have goods returned: `POST /payments/{imp_uid}/naver/request-return`. Sent at most once. Without a reason
    /// NAVER takes that the buyer changed their mind.
    ///
    /// Source: `naverRequestReturnProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let delivery = NaverReturnDelivery::carrier(NaverDeliveryCompany::Cjgls, "1234567890");
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let outcome = client.naver_request_return(&imp_uid, &orders, &delivery, Some(NaverReturnReason::Broken)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`], and [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the delivery is not right.
    pub async fn naver_request_return(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        delivery: &NaverReturnDelivery,
        reason: Option<NaverReturnReason>,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "request-return", orders, |object| {
            object.maybe_text("reason", reason.map(NaverReturnReason::as_str));
            delivery.write(object);
        })
        .await
    }

    /// Approves a return: `POST /payments/{imp_uid}/naver/approve-return`. Sent at most once. Money goes back; what is to be
    /// kept of it, or charged besides, has to be claimed with [`Self::naver_withhold_return`] before.
    ///
    /// Source: `naverApproveReturnProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.naver_approve_return(&ImpUid::new("imp_448280090638")?, &orders, None).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`].
    pub async fn naver_approve_return(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        memo: Option<&str>,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "approve-return", orders, |object| object.maybe_text("memo", memo)).await
    }

    /// Rejects a return, with a note to the buyer: `POST /payments/{imp_uid}/naver/reject-return`. Sent at most once.
    ///
    /// Source: `naverRejectReturnProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_448280090638")?;
    /// let outcome = client.naver_reject_return(&imp_uid, &orders, "사용한 상품입니다").await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`], and [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if the note is not right.
    pub async fn naver_reject_return(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        memo: &str,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "reject-return", orders, |object| object.text("memo", memo)).await
    }

    /// Holds a return back, for instance until its cost is paid: `POST /payments/{imp_uid}/naver/withhold-return`. Sent at most
    /// once.
    ///
    /// Source: `naverWithholdReturnProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut withhold = NaverWithhold::new("반품 배송비를 결제해 주세요");
    /// withhold.reason = Some(NaverWithholdReason::ReturnDeliveryfee);
    /// let outcome = client.naver_withhold_return(&ImpUid::new("imp_448280090638")?, &orders, &withhold).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_reject_return`].
    pub async fn naver_withhold_return(
        &self,
        imp_uid: &ImpUid,
        orders: &ProductOrders,
        withhold: &NaverWithhold,
    ) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "withhold-return", orders, |object| {
            object.maybe_text("reason", withhold.reason.map(NaverWithholdReason::as_str));
            object.text("memo", &withhold.memo);
            object.maybe_amount("extra_charge", withhold.extra_charge);
        })
        .await
    }

    /// Ends the holding back of a return: `POST /payments/{imp_uid}/naver/resolve-return`. Sent at most once.
    ///
    /// Source: `naverResolveReturnProductOrder`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, orders: ProductOrders) -> Result<(), Box<dyn std::error::Error>> {
    /// let outcome = client.naver_resolve_return(&ImpUid::new("imp_448280090638")?, &orders).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::naver_cancel`].
    pub async fn naver_resolve_return(&self, imp_uid: &ImpUid, orders: &ProductOrders) -> Result<NaverDone, Error> {
        self.naver_do(imp_uid, "resolve-return", orders, |_| {}).await
    }
}
