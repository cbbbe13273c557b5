//! Scheduled payments as Iamport records them, and the ways to look them up.

use serde::Deserialize;

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{Content, same};
use crate::error::Error;
use crate::ids::{CustomerUid, MerchantUid};
use crate::lenient::{choice, open_enum};
use crate::page::{Page, or_past_the_end};
use crate::payment::{PaymentStatus, vet_amount};
use crate::text::{PspText, Sensitive};
use crate::wire::Target;

open_enum! {
    /// State of a schedule. Whether its payment succeeded is another question:
    /// [`ScheduledPayment::payment_status`].
    ScheduleStatus {
        /// Not yet run.
        Scheduled = "scheduled",
        /// Run, with whatever success.
        Executed = "executed",
        /// Revoked before it ran.
        Revoked = "revoked",
    }
}

choice! {
    /// Restricts a list to one state of schedule.
    ScheduleFilter {
        /// Not yet run.
        Scheduled = "scheduled",
        /// Run.
        Executed = "executed",
        /// Revoked.
        Revoked = "revoked",
    }
}

/// A payment registered for later, as Iamport records it. Times are UNIX seconds and absent while the API says 0.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[non_exhaustive]
pub struct ScheduledPayment {
    /// The billing key that is charged.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub customer_uid: String,
    /// The merchant's number.
    #[serde(deserialize_with = "crate::lenient::required_text")]
    pub merchant_uid: String,
    /// Iamport's number of the payment; absent until it ran.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub imp_uid: Option<String>,
    /// Gateway that made the payment of a key with several channels.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_provider: Option<String>,
    /// The merchant's id at that gateway.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub pg_id: Option<String>,
    /// The merchant's number of the customer.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub customer_id: Option<String>,
    /// When it shall run.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub schedule_at: Option<i64>,
    /// When it ran.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub executed_at: Option<i64>,
    /// When it was revoked.
    #[serde(default, deserialize_with = "crate::lenient::time")]
    pub revoked_at: Option<i64>,
    /// Amount; never negative.
    pub amount: Amount,
    /// ISO 4217 code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub currency: Option<String>,
    /// Name of the order.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub name: Option<String>,
    /// Buyer's name.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_name: Option<Sensitive>,
    /// Buyer's e-mail address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_email: Option<Sensitive>,
    /// Buyer's telephone number.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_tel: Option<Sensitive>,
    /// Buyer's address.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_addr: Option<Sensitive>,
    /// Buyer's post code.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub buyer_postcode: Option<Sensitive>,
    /// The merchant's own data.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub custom_data: Option<Sensitive>,
    /// State of the schedule.
    #[serde(deserialize_with = "crate::lenient::required_open")]
    pub schedule_status: ScheduleStatus,
    /// State of its payment; absent until it ran.
    #[serde(default, deserialize_with = "crate::lenient::open")]
    pub payment_status: Option<PaymentStatus>,
    /// Why the payment failed, in the gateway's words.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub fail_reason: Option<PspText>,
    /// A promotion to apply.
    #[serde(default, deserialize_with = "crate::lenient::text")]
    pub promotion_id: Option<String>,
}

impl Content for ScheduledPayment {
    fn vet(&self) -> Result<(), Error> {
        vet_amount("amount", self.amount, self.currency.as_deref())
    }
}

/// A window of one billing key's schedules: at least `from`, before `to`, three months at most.
#[derive(Debug, Clone)]
pub struct KeySchedules {
    customer_uid: CustomerUid,
    from: i64,
    to: i64,
    /// Only this state; all by default.
    pub status: Option<ScheduleFilter>,
    /// Page, from 1; the first by default.
    pub page: Option<u32>,
}

impl KeySchedules {
    /// The schedules of `customer_uid` between two moments in UNIX seconds.
    #[must_use]
    pub const fn new(customer_uid: CustomerUid, from: i64, to: i64) -> Self {
        Self { customer_uid, from, to, status: None, page: None }
    }

    /// The status has a hyphen in these two endpoints, unlike anywhere else.
    fn query(&self, target: Target) -> Target {
        target
            .maybe_query("page", self.page)
            .maybe_query("from", Some(self.from))
            .maybe_query("to", Some(self.to))
            .maybe_query("schedule-status", self.status.map(ScheduleFilter::as_str))
    }
}

choice! {
    /// Order of [`Client::schedules`]. Without one the latest comes first.
    ScheduleSorting {
        /// Earliest time of payment first.
        ScheduledAsc = "scheduled",
    }
}

/// A window of all schedules of the account: at least `schedule_from`, before `schedule_to`, three months at most.
#[derive(Debug, Clone)]
pub struct Schedules {
    schedule_from: i64,
    schedule_to: i64,
    /// Only this state; all by default.
    pub schedule_status: Option<ScheduleFilter>,
    /// Page, from 1; the first by default.
    pub page: Option<u32>,
    /// Elements on a page, 1 to 1,000; 20 by default.
    pub limit: Option<u32>,
    /// Order.
    pub sorting: Option<ScheduleSorting>,
}

impl Schedules {
    /// The schedules between two moments in UNIX seconds.
    #[must_use]
    pub const fn new(schedule_from: i64, schedule_to: i64) -> Self {
        Self { schedule_from, schedule_to, schedule_status: None, page: None, limit: None, sorting: None }
    }
}

pub(crate) fn one(merchant_uid: &MerchantUid) -> Target {
    Target::new("/subscribe/payments/schedule").segment(merchant_uid.as_str())
}

impl Client {
    /// All schedules of a window: `GET /subscribe/payments/schedule`. A page past the end is empty.
    ///
    /// Source: `findSchedulesByRange`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut window = Schedules::new(now - 7 * 86_400, now + 60 * 86_400);
    /// window.limit = Some(1_000);
    /// let page = client.schedules(&window).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) for a window over three months; else any class.
    pub async fn schedules(&self, request: &Schedules) -> Result<Page<ScheduledPayment>, Error> {
        let target = Target::new("/subscribe/payments/schedule")
            .maybe_query("schedule_from", Some(request.schedule_from))
            .maybe_query("schedule_to", Some(request.schedule_to))
            .maybe_query("schedule_status", request.schedule_status.map(ScheduleFilter::as_str))
            .maybe_query("page", request.page)
            .maybe_query("limit", request.limit)
            .maybe_query("sorting", request.sorting.map(ScheduleSorting::as_str));
        let page = or_past_the_end(self.send(Call::get(target)).await, request.page)?;
        Ok(page.with_possible_next(request.page, request.limit))
    }

    /// One schedule: `GET /subscribe/payments/schedule/{merchant_uid}`.
    ///
    /// Source: `getScheduleByMid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let scheduled = client.scheduled(&MerchantUid::new("order_monthly_0002")?).await?;
    /// if scheduled.schedule_status == ScheduleStatus::Executed { /* scheduled.payment_status */ }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) if there is none (yet); else any class.
    pub async fn scheduled(&self, merchant_uid: &MerchantUid) -> Result<ScheduledPayment, Error> {
        self.one_schedule(merchant_uid, Call::get(one(merchant_uid)), None).await
    }

    /// Schedules of one billing key: `GET /subscribe/payments/schedule/customers/{customer_uid}`. A page past the end
    /// is empty.
    ///
    /// Source: `findSchedulesByCustomer`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut window = KeySchedules::new(CustomerUid::new("key_8f3a")?, now, now + 60 * 86_400);
    /// window.status = Some(ScheduleFilter::Scheduled);
    /// let open = client.customer_schedules(&window).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn customer_schedules(&self, request: &KeySchedules) -> Result<Page<ScheduledPayment>, Error> {
        let target = Target::new("/subscribe/payments/schedule/customers").segment(request.customer_uid.as_str());
        self.key_schedules(request, target).await
    }

    /// Schedules of one billing key, by its own path: `GET /subscribe/customers/{customer_uid}/schedules`. A page past
    /// the end is empty.
    ///
    /// Source: `findSchedulesByCustomer`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, now: i64) -> Result<(), Box<dyn std::error::Error>> {
    /// let window = KeySchedules::new(CustomerUid::new("key_8f3a")?, now, now + 60 * 86_400);
    /// let page = client.billing_key_schedules(&window).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn billing_key_schedules(&self, request: &KeySchedules) -> Result<Page<ScheduledPayment>, Error> {
        let target = Target::new("/subscribe/customers").segment(request.customer_uid.as_str()).segment("schedules");
        self.key_schedules(request, target).await
    }

    async fn key_schedules(&self, request: &KeySchedules, target: Target) -> Result<Page<ScheduledPayment>, Error> {
        let outcome = self.send(Call::get(request.query(target))).await;
        let page: Page<ScheduledPayment> = or_past_the_end(outcome, request.page)?;
        page.list
            .iter()
            .try_for_each(|told| same("customer_uid", request.customer_uid.as_str(), &told.customer_uid))?;
        Ok(page.with_possible_next(request.page, None))
    }

    pub(crate) async fn one_schedule(
        &self,
        merchant_uid: &MerchantUid,
        call: Call,
        schedule_at: Option<i64>,
    ) -> Result<ScheduledPayment, Error> {
        let told: ScheduledPayment = self.send(call).await?;
        same("merchant_uid", merchant_uid.as_str(), &told.merchant_uid)?;
        match (schedule_at, told.schedule_at) {
            (Some(asked), Some(told)) if asked != told => {
                Err(Error::suspect("schedule_at is not the one that was asked for"))
            }
            _ => Ok(told),
        }
    }
}
