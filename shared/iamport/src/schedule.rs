//! Registering, moving and revoking payments that Iamport makes by itself at a given time.

use crate::amount::Amount;
use crate::charge::{CashReceiptType, Details, NAME_CHARS_MAX, check_positive, write_naver_use_cfm};
use crate::client::{Call, Client};
use crate::envelope::{same, same_if_told};
use crate::error::Error;
use crate::ids::{AnyMerchantUid, CustomerUid, InvalidInput, MerchantUid, NonEmpty, check_seconds, check_text};
use crate::payment::Payment;
use crate::scheduled::{ScheduledPayment, one};
use crate::secret::{Birth, CardNumber, Cvc, Expiry, Pwd2};
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

/// One payment to be made later.
#[derive(Debug, Clone)]
pub struct ScheduleItem {
    merchant_uid: MerchantUid,
    schedule_at: i64,
    amount: Amount,
    currency: String,
    name: String,
    /// What may be added. Its currency is ignored: a schedule's is required. Missing buyer fields are filled from the
    /// billing key's customer.
    pub details: Details,
    /// How many pieces are sold. Default 1.
    pub product_count: Option<u32>,
    /// For whom a cash receipt is issued.
    pub cash_receipt_type: Option<CashReceiptType>,
    /// `extra.naverUseCfm`: the day on which the service is used up, `yyyyMMdd`. NAVER Pay wants it.
    pub naver_use_cfm: Option<String>,
}

impl ScheduleItem {
    /// A payment of `amount` under the number `merchant_uid` at `schedule_at` (UNIX seconds), in `currency` (ISO
    /// 4217), for an order called `name`. One number for one payment: it cannot be paid twice.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero, the time not in seconds, the currency not three capital
    /// letters, or the name not 1 to 40 characters.
    pub fn new(
        merchant_uid: MerchantUid,
        schedule_at: i64,
        amount: Amount,
        currency: impl Into<String>,
        name: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        let (currency, name) = (currency.into(), name.into());
        check_seconds("schedule_at", schedule_at)?;
        check_positive("amount", amount)?;
        check_text("name", &name, NAME_CHARS_MAX)?;
        if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
            return Err(InvalidInput::new("currency", "must be three capital letters"));
        }
        Ok(Self {
            merchant_uid,
            schedule_at,
            amount,
            currency,
            name,
            details: Details::default(),
            product_count: None,
            cash_receipt_type: None,
            naver_use_cfm: None,
        })
    }

    fn write(&self, object: &mut Object<'_>) {
        object.text("merchant_uid", self.merchant_uid.as_str());
        write_schedule_at(object, self.schedule_at);
        object.amount("amount", self.amount);
        object.text("name", &self.name);
        Details { currency: Some(self.currency.clone()), ..self.details.clone() }.write(object);
        object.maybe_integer("product_count", self.product_count);
        object.maybe_text("cash_receipt_type", self.cash_receipt_type.map(CashReceiptType::as_str));
        write_naver_use_cfm(object, self.naver_use_cfm.as_deref());
    }
}

/// Card data for a schedule whose billing key does not exist yet: the key is issued first, where it can be by API (see
/// [`IssueBillingKey`](crate::IssueBillingKey)).
#[derive(Debug, Clone)]
pub struct NewCard {
    /// The card's number.
    pub card_number: CardNumber,
    /// Its last month.
    pub expiry: Expiry,
    /// The holder's birth date or business number.
    pub birth: Option<Birth>,
    /// First two digits of its password.
    pub pwd_2digit: Option<Pwd2>,
    /// Verification code. Paymentwall wants it, others do not take it.
    pub cvc: Option<Cvc>,
}

/// A request to register payments for later.
#[derive(Debug, Clone)]
pub struct Schedule {
    customer_uid: CustomerUid,
    schedules: NonEmpty<ScheduleItem>,
    /// The merchant's number of the customer. Toss Payments wants it if a key is issued.
    pub customer_id: Option<String>,
    /// A test charge that is made and cancelled at once; absent or 0 for none. It moves real money for a moment.
    pub checking_amount: Option<Amount>,
    /// Card data, if the key is to be issued with the first schedule. Ignored by the API if the key exists.
    pub new_card: Option<NewCard>,
    /// One channel, ≤ 55: to issue a new key on, or one of those of a key for a group of channels.
    pub channel_key: Option<Sensitive>,
    /// `{gateway}` or `{gateway}.{merchant id}`: the older way to name a channel.
    pub pg: Option<String>,
}

impl Schedule {
    /// Payments with the key `customer_uid`.
    #[must_use]
    pub const fn new(customer_uid: CustomerUid, schedules: NonEmpty<ScheduleItem>) -> Self {
        Self {
            customer_uid,
            schedules,
            customer_id: None,
            checking_amount: None,
            new_card: None,
            channel_key: None,
            pg: None,
        }
    }
}

/// A request to revoke payments that were registered for later.
///
/// The API takes a missing list of numbers for "all of this customer's"; here it cannot be missing.
#[derive(Debug, Clone)]
pub struct Unschedule {
    merchant_uids: NonEmpty<AnyMerchantUid>,
    /// Restricts the numbers to those of one billing key.
    pub customer_uid: Option<CustomerUid>,
}

impl Unschedule {
    /// Revokes the payments with these numbers, as Iamport lists them.
    #[must_use]
    pub const fn new(merchant_uids: NonEmpty<AnyMerchantUid>) -> Self {
        Self { merchant_uids, customer_uid: None }
    }
}

impl Client {
    /// Registers payments for later: `POST /subscribe/payments/schedule`. Sent at most once.
    ///
    /// The reply lists what was registered, and may list less than was asked for: compare. An element that was not
    /// asked for, or with another sum, key or time, makes the reply [`ErrorClass::Suspect`](crate::ErrorClass::Suspect).
    ///
    /// Source: `schedule`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let item = ScheduleItem::new(
    ///     MerchantUid::new("order_monthly_0002")?,
    ///     1_830_297_600,
    ///     Amount::from_minor(8_900, 0),
    ///     "KRW",
    ///     "월간 이용권 정기결제",
    /// )?;
    /// let registered = client.schedule(&Schedule::new(CustomerUid::new("key_8f3a")?, NonEmpty::new(item))).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) for an unknown key; else any class.
    pub async fn schedule(&self, request: &Schedule) -> Result<Vec<ScheduledPayment>, Error> {
        let body = body(|object| {
            object.text("customer_uid", request.customer_uid.as_str());
            object.maybe_text("customer_id", request.customer_id.as_deref());
            object.maybe_amount("checking_amount", request.checking_amount);
            if let Some(card) = &request.new_card {
                object.card_number("card_number", &card.card_number);
                object.expiry("expiry", card.expiry);
                object.secret("birth", card.birth.as_ref());
                object.secret("pwd_2digit", card.pwd_2digit.as_ref());
                object.secret("cvc", card.cvc.as_ref());
            }
            object.concealed("channel_key", request.channel_key.as_ref());
            object.maybe_text("pg", request.pg.as_deref());
            object.objects("schedules", request.schedules.iter(), |inner, item| item.write(inner));
        });
        let call = Call::post(Target::new("/subscribe/payments/schedule"), Some(body));
        let registered: Vec<ScheduledPayment> = self.send(call).await?;
        for told in &registered {
            same("customer_uid", request.customer_uid.as_str(), &told.customer_uid)?;
            let asked = request.schedules.iter().find(|item| item.merchant_uid.as_str() == told.merchant_uid);
            let asked = asked.ok_or_else(|| Error::suspect("a schedule that was not asked for"))?;
            same_if_told("currency", &asked.currency, told.currency.as_deref())?;
            if told.amount != asked.amount || told.schedule_at.is_some_and(|at| at != asked.schedule_at) {
                return Err(Error::suspect("a schedule differs from what was asked for"));
            }
        }
        Ok(registered)
    }

    /// Revokes payments before they run: `POST /subscribe/payments/unschedule`. Sent at most once. The reply lists
    /// what was concerned; see [`ScheduledPayment::executed_at`] for those that had run already.
    ///
    /// Source: `unschedule`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let numbers = NonEmpty::new(MerchantUid::new("order_monthly_0002")?.into());
    /// let revoked = client.unschedule(&Unschedule::new(numbers)).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Refused`](crate::ErrorClass::Refused) if there is nothing to revoke; else any class.
    pub async fn unschedule(&self, request: &Unschedule) -> Result<Vec<ScheduledPayment>, Error> {
        let body = body(|object| {
            object.maybe_text("customer_uid", request.customer_uid.as_ref().map(CustomerUid::as_str));
            object.texts("merchant_uid", request.merchant_uids.iter().map(AnyMerchantUid::as_str));
        });
        let call = Call::post(Target::new("/subscribe/payments/unschedule"), Some(body));
        let revoked: Vec<ScheduledPayment> = self.send(call).await?;
        let asked = |told: &ScheduledPayment| {
            request.merchant_uids.iter().any(|merchant_uid| merchant_uid.as_str() == told.merchant_uid)
        };
        if revoked.iter().all(asked) { Ok(revoked) } else { Err(Error::suspect("a schedule that was not asked for")) }
    }

    /// Moves a payment that has not run: `PUT /subscribe/payments/schedule/{merchant_uid}`. Sent at most once.
    ///
    /// Source: `updateScheduleByMid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let moved = client.move_schedule(&MerchantUid::new("order_monthly_0002")?, 1_830_384_000).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it has run, was revoked, or the time is past; else any class.
    /// A time that is not in seconds is [`ErrorClass::NotSent`](crate::ErrorClass::NotSent).
    pub async fn move_schedule(&self, merchant_uid: &MerchantUid, schedule_at: i64) -> Result<ScheduledPayment, Error> {
        let call = Call::put(one(merchant_uid), time_body(schedule_at)?);
        self.one_schedule(merchant_uid, call, Some(schedule_at)).await
    }

    /// Schedules anew a payment that failed or was revoked:
    /// `POST /subscribe/payments/schedule/{merchant_uid}/reschedule`. Sent at most once.
    ///
    /// Source: `rescheduleByMid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let again = client.reschedule(&MerchantUid::new("order_monthly_0002")?, 1_830_384_000).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it has not run yet, is paid, or the time is past; else any
    /// class. A time that is not in seconds is [`ErrorClass::NotSent`](crate::ErrorClass::NotSent).
    pub async fn reschedule(&self, merchant_uid: &MerchantUid, schedule_at: i64) -> Result<ScheduledPayment, Error> {
        let call = Call::post(one(merchant_uid).segment("reschedule"), Some(time_body(schedule_at)?));
        self.one_schedule(merchant_uid, call, Some(schedule_at)).await
    }

    /// Makes a scheduled payment that failed or was revoked now: `POST /subscribe/payments/schedule/{merchant_uid}/retry`. A charge, sent
    /// at most once; only [`Payment::status`] says whether money moved.
    ///
    /// Source: `retryScheduleByMid`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let payment = client.retry_schedule(&MerchantUid::new("order_monthly_0002")?).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// [`ErrorClass::Rejected`](crate::ErrorClass::Rejected) if it has not run yet or is paid,
    /// [`ErrorClass::NotFound`](crate::ErrorClass::NotFound) without schedule or key; else any class.
    pub async fn retry_schedule(&self, merchant_uid: &MerchantUid) -> Result<Payment, Error> {
        let payment: Payment = self.send(Call::post(one(merchant_uid).segment("retry"), None)).await?;
        same("merchant_uid", merchant_uid.as_str(), &payment.merchant_uid)?;
        Ok(payment)
    }
}

fn time_body(schedule_at: i64) -> Result<bytes::Bytes, Error> {
    check_seconds("schedule_at", schedule_at).map_err(InvalidInput::not_sent)?;
    Ok(body(|object| write_schedule_at(object, schedule_at)))
}

fn write_schedule_at(object: &mut Object<'_>, seconds: i64) {
    object.integer("schedule_at", seconds);
}
