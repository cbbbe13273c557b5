//! The ways to look payments up.

use crate::client::{Call, Client};
use crate::envelope::same;
use crate::error::Error;
use crate::ids::{ImpUid, InvalidInput, MerchantUid};
use crate::lenient::choice;
use crate::page::{Found, Page, or_past_the_end};
use crate::payment::Payment;
use crate::wire::Target;

choice! {
    /// Whether a payment made on a test channel may be found.
    TestPayments {
        /// A test payment is not found: for production, where it would be goods for nothing.
        Hide = "false",
        /// A test payment is found; [`Payment::sandbox`] tells.
        Show = "true",
    }
}

choice! {
    /// Restricts a search to one state.
    StatusFilter {
        /// Not yet paid.
        Ready = "ready",
        /// Paid.
        Paid = "paid",
        /// Cancelled.
        Cancelled = "cancelled",
        /// Failed.
        Failed = "failed",
    }
}

choice! {
    /// Order of a list of payments: by which time, and whether it goes down (`Desc`, latest first) or up (`Asc`).
    Sorting {
        /// Latest start first: the API's default.
        StartedDesc = "-started",
        /// Earliest start first.
        StartedAsc = "started",
        /// Latest payment first.
        PaidDesc = "-paid",
        /// Earliest payment first.
        PaidAsc = "paid",
        /// Latest change first.
        UpdatedDesc = "-updated",
        /// Earliest change first.
        UpdatedAsc = "updated",
    }
}

/// Ids for [`Client::payments`]: 1 to 100 of both kinds together.
#[derive(Debug, Clone)]
pub struct PaymentIds {
    imp_uids: Vec<ImpUid>,
    merchant_uids: Vec<MerchantUid>,
}

impl PaymentIds {
    /// Takes the ids to look for.
    ///
    /// # Errors
    /// [`InvalidInput`] unless there are 1 to 100 in all.
    pub fn new(imp_uids: Vec<ImpUid>, merchant_uids: Vec<MerchantUid>) -> Result<Self, InvalidInput> {
        if !(1..=100).contains(&imp_uids.len().saturating_add(merchant_uids.len())) {
            return Err(InvalidInput::new("imp_uid[], merchant_uid[]", "must be 1 to 100 ids"));
        }
        Ok(Self { imp_uids, merchant_uids })
    }
}

/// Options of [`Client::find_all_payments`].
#[derive(Debug, Clone, Default)]
pub struct FindAll {
    /// Only this state; all by default.
    pub status: Option<StatusFilter>,
    /// Page, from 1; the first by default.
    pub page: Option<u32>,
    /// Elements on a page, 1 to 1,000; 20 by default.
    pub limit: Option<u32>,
    /// Order; [`Sorting::StartedDesc`] by default.
    pub sorting: Option<Sorting>,
}

/// Options of [`Client::payments_by_status`].
#[derive(Debug, Clone, Default)]
pub struct ByStatus {
    /// Only this state; all by default.
    pub status: Option<StatusFilter>,
    /// Page, from 1; the first by default.
    pub page: Option<u32>,
    /// Elements on a page, 1 to 1,000; 20 by default.
    pub limit: Option<u32>,
    /// Start of the window, UNIX seconds. Default 90 days before its end; the window may not be longer. Both ends belong to it.
    /// They are of the start of a payment that is ready, and of the payment, cancellation or failure of any other.
    pub from: Option<i64>,
    /// End of the window, UNIX seconds. Default now.
    pub to: Option<i64>,
    /// Order; [`Sorting::StartedDesc`] by default.
    pub sorting: Option<Sorting>,
}

fn one(imp_uid: &ImpUid, test_payments: TestPayments) -> Target {
    let target = Target::new("/payments").segment(imp_uid.as_str());
    match test_payments {
        TestPayments::Hide => target,
        TestPayments::Show => target.query("include_sandbox", TestPayments::Show.as_str()),
    }
}

impl Client {
    /// One payment: `GET /payments/{imp_uid}`. The only lookup that can hide test payments.
    ///
    /// Source: `getPaymentByImpUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let payment = client.payment(&ImpUid::new("imp_123456789012")?, TestPayments::Hide).await?;
    /// if payment.status == PaymentStatus::Paid && payment.amount.to_minor(0) == Some(8_900) { /* … */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none, or only a hidden one; else any class.
    pub async fn payment(&self, imp_uid: &ImpUid, test_payments: TestPayments) -> Result<Payment, Error> {
        self.one_payment(imp_uid, one(imp_uid, test_payments)).await
    }

    /// As [`Self::payment`], with what the gateway tells besides: `GET /payments/{imp_uid}` with `extension=true`. At daou that
    /// is who paid into a virtual account.
    ///
    /// Source: `getPaymentByImpUid`, V1 schema of 2026-08-06, whose text alone has this parameter.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let imp_uid = ImpUid::new("imp_123456789012")?;
    /// let payment = client.payment_with_extension(&imp_uid, TestPayments::Hide).await?;
    /// let remitter = payment.extension.and_then(|extension| extension.remitter);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// As [`Self::payment`].
    pub async fn payment_with_extension(
        &self,
        imp_uid: &ImpUid,
        test_payments: TestPayments,
    ) -> Result<Payment, Error> {
        self.one_payment(imp_uid, one(imp_uid, test_payments).query("extension", "true")).await
    }

    async fn one_payment(&self, imp_uid: &ImpUid, target: Target) -> Result<Payment, Error> {
        let payment: Payment = self.send(Call::get(target)).await?;
        same("imp_uid", imp_uid.as_str(), &payment.imp_uid)?;
        Ok(payment)
    }

    /// Several payments: `GET /payments` with `imp_uid[]` and `merchant_uid[]`. Not filtered by test channel.
    ///
    /// Source: `getPaymentListByImpUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let ids = PaymentIds::new(vec![ImpUid::new("imp_1")?], vec![MerchantUid::new("order1")?])?;
    /// for payment in client.payments(&ids).await?.found { /* … */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if none of them exists; else any class.
    pub async fn payments(&self, ids: &PaymentIds) -> Result<Found<Payment>, Error> {
        let target = ids
            .imp_uids
            .iter()
            .fold(Target::new("/payments"), |target, imp_uid| target.query("imp_uid[]", imp_uid.as_str()));
        let target = ids
            .merchant_uids
            .iter()
            .fold(target, |target, merchant_uid| target.query("merchant_uid[]", merchant_uid.as_str()));
        let many: Found<Payment> = Found::new(self.send_for_status(Call::get_many(target)).await?);
        let asked = |payment: &Payment| {
            ids.imp_uids.iter().any(|imp_uid| imp_uid.as_str() == payment.imp_uid)
                || ids.merchant_uids.iter().any(|merchant_uid| merchant_uid.as_str() == payment.merchant_uid)
        };
        if many.found.iter().all(asked) { Ok(many) } else { Err(Error::suspect("a payment that was not asked for")) }
    }

    /// The first payment with a merchant's number: `GET /payments/find/{merchant_uid}/{payment_status}`, without the
    /// status if none is named.
    ///
    /// Several attempts may share a number, and with the default order a later failure hides an earlier success: to
    /// settle an unknown outcome use [`Self::find_all_payments`].
    ///
    /// Source: `getPaymentByMerchantUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let merchant_uid = MerchantUid::new("order1")?;
    /// let paid = client.find_payment(&merchant_uid, Some(StatusFilter::Paid), None).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none (yet); else any class.
    pub async fn find_payment(
        &self,
        merchant_uid: &MerchantUid,
        status: Option<StatusFilter>,
        sorting: Option<Sorting>,
    ) -> Result<Payment, Error> {
        let target = Target::new("/payments/find").segment(merchant_uid.as_str());
        let target = status.into_iter().fold(target, |target, status| target.segment(status.as_str()));
        let target = target.maybe_query("sorting", sorting.map(Sorting::as_str));
        let payment: Payment = self.send(Call::get(target)).await?;
        same("merchant_uid", merchant_uid.as_str(), &payment.merchant_uid)?;
        Ok(payment)
    }

    /// All payments with a merchant's number: `GET /payments/findAll/{merchant_uid}/{payment_status}`, without
    /// the status if none is named. The lookup that settles an unknown outcome.
    ///
    /// Source: `getAllPaymentsByMerchantUid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let page = client.find_all_payments(&MerchantUid::new("order1")?, &FindAll::default()).await?;
    /// let paid = page.list.iter().any(|payment| payment.status == PaymentStatus::Paid);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none (yet); else any class.
    pub async fn find_all_payments(
        &self,
        merchant_uid: &MerchantUid,
        options: &FindAll,
    ) -> Result<Page<Payment>, Error> {
        let target = Target::new("/payments/findAll").segment(merchant_uid.as_str());
        let target = options.status.into_iter().fold(target, |target, status| target.segment(status.as_str()));
        let target = target
            .maybe_query("page", options.page)
            .maybe_query("limit", options.limit)
            .maybe_query("sorting", options.sorting.map(Sorting::as_str));
        let page: Page<Payment> = or_past_the_end(self.send(Call::get(target)).await, options.page)?;
        page.list.iter().try_for_each(|payment| same("merchant_uid", merchant_uid.as_str(), &payment.merchant_uid))?;
        Ok(page)
    }

    /// Payments of a window of time: `GET /payments/status/{payment_status}`, which is `all` if none is named. A page past the end
    /// is empty.
    ///
    /// Source: `getPaymentsByStatus`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let window = ByStatus { from: Some(now - 3 * 86_400), to: Some(now), limit: Some(100), ..ByStatus::default() };
    /// let page = client.payments_by_status(&window).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) for a window over 90 days; else any class.
    pub async fn payments_by_status(&self, options: &ByStatus) -> Result<Page<Payment>, Error> {
        let target = Target::new("/payments/status")
            .segment(options.status.map_or("all", StatusFilter::as_str))
            .maybe_query("page", options.page)
            .maybe_query("limit", options.limit)
            .maybe_query("from", options.from)
            .maybe_query("to", options.to)
            .maybe_query("sorting", options.sorting.map(Sorting::as_str));
        or_past_the_end(self.send(Call::get(target)).await, options.page)
    }
}
