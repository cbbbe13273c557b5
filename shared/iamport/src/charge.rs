//! Charging without a window: a billing key again, or card data once.

use crate::amount::Amount;
use crate::client::{Call, Client};
use crate::envelope::{same, same_if_told};
use crate::error::Error;
use crate::ids::{CustomerUid, InvalidInput, MerchantUid, check_text};
use crate::lenient::choice;
use crate::payment::Payment;
use crate::secret::{Birth, CardNumber, Cvc, Expiry, Pwd2};
use crate::text::Sensitive;
use crate::wire::{Object, Target, body};

choice! {
    /// What is sold. KSNET wants to know; paypal_v2 takes it for keys.
    ProductType {
        /// Goods.
        Real = "real",
        /// Digital content.
        Digital = "digital",
    }
}

choice! {
    /// For whom a cash receipt is issued. New Toss Pay only: it issues one unless it is told [`Self::Anonymous`].
    CashReceiptType {
        /// A person.
        Person = "person",
        /// A company.
        Company = "company",
        /// Nobody: no receipt.
        Anonymous = "anonymous",
    }
}

/// What every kind of charge may carry beside its required fields. Limits are the API's, in characters; it is the
/// gateway that enforces them.
///
/// ```
/// # use iamport::*;
/// # fn example(again: &mut Again) {
/// again.details = Details {
///     buyer_name: Some("홍길동".into()),
///     buyer_email: Some("gildong@shop.example".into()),
///     card_quota: Some(3),
///     ..Details::default()
/// };
/// # }
/// ```
#[derive(Debug, Clone, Default)]
pub struct Details {
    /// ISO 4217 code. The API's default is KRW; PayPal wants it and takes no KRW. KSNET takes USD with foreign cards only.
    pub currency: Option<String>,
    /// Part of the amount that is free of tax. Default 0: all of it is taxed. At KSNET a merchant id that is free of tax wants
    /// the whole amount here, and a taxed one nothing. welcome takes it from merchants that set tax themselves.
    pub tax_free: Option<Amount>,
    /// Tax within the amount. Default: computed by the gateway. For nice, html5_inicis, nice_v2, welcome (a tenth at most) and,
    /// with a key, tosspay_v2; by agreement. 0 with `tax_free` 0 is a rate of zero.
    pub vat_amount: Option<Amount>,
    /// Buyer's name, ≤ 16. KSNET, Welcome and smartro_v2 want it, html5_inicis for a card charged once. Paymentwall wants a
    /// first and a last name with one space between.
    pub buyer_name: Option<Sensitive>,
    /// Buyer's e-mail address, ≤ 64. Paymentwall (the one given for the key) and smartro_v2 want it, html5_inicis for a card
    /// charged once.
    pub buyer_email: Option<Sensitive>,
    /// Buyer's telephone number, ≤ 16. smartro_v2 wants it, html5_inicis for a card charged once.
    pub buyer_tel: Option<Sensitive>,
    /// Buyer's address, ≤ 128.
    pub buyer_addr: Option<Sensitive>,
    /// Buyer's post code, ≤ 8.
    pub buyer_postcode: Option<Sensitive>,
    /// Months of instalment, 2 or more and only from 50,000 KRW; 0 is one payment.
    pub card_quota: Option<u32>,
    /// Whether the merchant pays the instalment's interest; by contract with nice, nice_v2 or ksnet.
    pub interest_free_by_merchant: Option<bool>,
    /// Whether points of the card are used; by contract with nice, nice_v2, ksnet or smartro_v2.
    pub use_card_point: Option<bool>,
    /// The merchant's own data, kept with the payment. JSON in a string by convention.
    pub custom_data: Option<Sensitive>,
    /// Where the webhook of this payment goes, instead of the console's URL.
    pub notice_url: Option<Sensitive>,
    /// The buyer's IP address. Paymentwall wants it; others take the caller's.
    pub browser_ip: Option<Sensitive>,
    /// What is sold.
    pub product_type: Option<ProductType>,
    /// A promotion to apply, `promotion-id-…`. The amount of the reply is then the gateway's affair.
    pub promotion_id: Option<String>,
    /// Parameters handed to the gateway as they are: JSON in a string.
    pub bypass: Option<Sensitive>,
}

impl Details {
    pub(crate) fn write(&self, object: &mut Object<'_>) {
        object.maybe_text("currency", self.currency.as_deref());
        object.maybe_amount("tax_free", self.tax_free);
        object.maybe_amount("vat_amount", self.vat_amount);
        object.concealed("buyer_name", self.buyer_name.as_ref());
        object.concealed("buyer_email", self.buyer_email.as_ref());
        object.concealed("buyer_tel", self.buyer_tel.as_ref());
        object.concealed("buyer_addr", self.buyer_addr.as_ref());
        object.concealed("buyer_postcode", self.buyer_postcode.as_ref());
        object.maybe_integer("card_quota", self.card_quota);
        object.flag("interest_free_by_merchant", self.interest_free_by_merchant);
        object.flag("use_card_point", self.use_card_point);
        object.concealed("custom_data", self.custom_data.as_ref());
        object.concealed("notice_url", self.notice_url.as_ref());
        object.concealed("browser_ip", self.browser_ip.as_ref());
        object.maybe_text("product_type", self.product_type.map(ProductType::as_str));
        object.maybe_text("promotion_id", self.promotion_id.as_deref());
        object.concealed("bypass", self.bypass.as_ref());
    }

    /// [`Error::Suspect`] unless the payment is of the sum that was asked for.
    fn check_sum(&self, asked: Amount, payment: &Payment) -> Result<(), Error> {
        if let Some(currency) = self.currency.as_deref() {
            same("currency", currency, &payment.currency)?;
        }
        if self.promotion_id.is_none() && payment.amount != asked {
            return Err(Error::suspect("amount is not the one that was asked for"));
        }
        Ok(())
    }
}

/// [`Error::Suspect`] unless the payment has the number and the sum that were asked for.
pub(crate) fn same_order(merchant_uid: &MerchantUid, amount: Amount, payment: &Payment) -> Result<(), Error> {
    same("merchant_uid", merchant_uid.as_str(), &payment.merchant_uid)?;
    Details::default().check_sum(amount, payment)
}

/// A sum that is charged: above zero.
pub(crate) fn check_positive(field: &'static str, amount: Amount) -> Result<(), InvalidInput> {
    if amount.is_positive() { Ok(()) } else { Err(InvalidInput::new(field, "must be above zero")) }
}

/// Longest name of an order, in characters.
pub(crate) const NAME_CHARS_MAX: usize = 40;

/// A request to charge a billing key now.
///
/// paypal_v2 asks that the page which causes a charge loads its fraud check with the `merchant_uid` as its id, so a charge by a
/// server alone is outside of what it foresees.
#[derive(Debug, Clone)]
pub struct Again {
    customer_uid: CustomerUid,
    merchant_uid: MerchantUid,
    amount: Amount,
    name: String,
    /// What may be added.
    pub details: Details,
    /// Tax within the amount. Deprecated by the API in favour of [`Details::tax_free`].
    pub vat: Option<Amount>,
    /// How many pieces are sold. Default 1.
    pub product_count: Option<u32>,
    /// For whom a cash receipt is issued.
    pub cash_receipt_type: Option<CashReceiptType>,
    /// `extra.naverUseCfm`: the day on which the service is used up, `yyyyMMdd`. NAVER Pay wants it for repeated
    /// payments.
    pub naver_use_cfm: Option<String>,
    /// One channel of a key that was issued for a group of channels, ≤ 55.
    pub channel_key: Option<Sensitive>,
}

impl Again {
    /// A charge of `amount` to the key `customer_uid` under the number `merchant_uid`, for an order called `name`.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero or the name not 1 to 40 characters.
    pub fn new(
        customer_uid: CustomerUid,
        merchant_uid: MerchantUid,
        amount: Amount,
        name: impl Into<String>,
    ) -> Result<Self, InvalidInput> {
        let name = name.into();
        check_positive("amount", amount)?;
        check_text("name", &name, NAME_CHARS_MAX)?;
        Ok(Self {
            customer_uid,
            merchant_uid,
            amount,
            name,
            details: Details::default(),
            vat: None,
            product_count: None,
            cash_receipt_type: None,
            naver_use_cfm: None,
            channel_key: None,
        })
    }
}

/// A request to charge a card once, by its number: daou, kcp, nice, nice_v2, html5_inicis, paymentwall, settle, tosspayments,
/// ksnet and welcome.
#[derive(Debug, Clone)]
pub struct Onetime {
    merchant_uid: MerchantUid,
    amount: Amount,
    card_number: CardNumber,
    expiry: Expiry,
    /// What may be added.
    pub details: Details,
    /// Name of the order, ≤ 40. html5_inicis wants it.
    pub name: Option<String>,
    /// Tax within the amount. Deprecated by the API in favour of [`Details::tax_free`].
    pub vat: Option<Amount>,
    /// The holder's birth date or business number; which gateways want it is a matter of contract. KSNET does not check it.
    pub birth: Option<Birth>,
    /// First two digits of the card's password; which gateways want them is a matter of contract. KSNET does not check them.
    pub pwd_2digit: Option<Pwd2>,
    /// Verification code. Paymentwall wants it, others do not take it.
    pub cvc: Option<Cvc>,
    /// Also keeps the card as this billing key. Not with KSNET and Toss Payments.
    pub customer_uid: Option<CustomerUid>,
    /// `{gateway}` or `{gateway}.{merchant id}`, ≤ 80.
    pub pg: Option<String>,
    /// Group of channels to route by, ≤ 55, in place of [`Self::pg`]. Spelt `channelGroupId` in this endpoint alone.
    pub channel_group_id: Option<String>,
    /// 3-D Secure: id of the charge. Paymentwall only.
    pub secure_3d_charge_id: Option<Sensitive>,
    /// 3-D Secure: token. Paymentwall only.
    pub secure_3d_token: Option<Sensitive>,
}

impl Onetime {
    /// A charge of `amount` to a card under the number `merchant_uid`.
    ///
    /// # Errors
    /// [`InvalidInput`] if the amount is not above zero.
    pub fn new(
        merchant_uid: MerchantUid,
        amount: Amount,
        card_number: CardNumber,
        expiry: Expiry,
    ) -> Result<Self, InvalidInput> {
        check_positive("amount", amount)?;
        Ok(Self {
            merchant_uid,
            amount,
            card_number,
            expiry,
            details: Details::default(),
            name: None,
            vat: None,
            birth: None,
            pwd_2digit: None,
            cvc: None,
            customer_uid: None,
            pg: None,
            channel_group_id: None,
            secure_3d_charge_id: None,
            secure_3d_token: None,
        })
    }
}

impl Client {
    /// Charges a billing key: `POST /subscribe/payments/again`. Sent at most once.
    ///
    /// `Ok` means that the gateway was reached, not that money moved: [`Payment::status`] says `Paid` or `Failed`.
    /// The reply's numbers, sum and key are compared with the request; a difference is
    /// [`ErrorClass::Suspect`](crate::ErrorClass::Suspect).
    ///
    /// Source: `again`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut again = Again::new(
    ///     CustomerUid::new("key_8f3a")?,
    ///     MerchantUid::new("order_monthly_0001")?,
    ///     Amount::from_minor(8_900, 0),
    ///     "월간 이용권 정기결제",
    /// )?;
    /// again.details.buyer_name = Some("홍길동".into());
    /// match client.again(&again).await {
    ///     Ok(payment) if payment.status == PaymentStatus::Paid => { /* fulfil */ }
    ///     Ok(payment) if payment.status == PaymentStatus::Failed => { /* payment.fail_reason */ }
    ///     Ok(_) => { /* a status of the future: look again later */ }
    ///     Err(error) => match error.class() {
    ///         ErrorClass::NotSent | ErrorClass::Unauthorized | ErrorClass::RateLimited => { /* not charged; may be sent again */ }
    ///         ErrorClass::Refused | ErrorClass::Rejected | ErrorClass::NotFound => { /* refused; confirm with find_all_payments */ }
    ///         ErrorClass::Suspect | ErrorClass::Unknown => { /* perhaps charged: find_all_payments before anything else */ }
    ///     },
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn again(&self, request: &Again) -> Result<Payment, Error> {
        let body = body(|object| {
            object.text("customer_uid", request.customer_uid.as_str());
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.text("name", &request.name);
            request.details.write(object);
            object.maybe_amount("vat", request.vat);
            object.maybe_integer("product_count", request.product_count);
            object.maybe_text("cash_receipt_type", request.cash_receipt_type.map(CashReceiptType::as_str));
            write_naver_use_cfm(object, request.naver_use_cfm.as_deref());
            object.concealed("channel_key", request.channel_key.as_ref());
        });
        let payment: Payment = self.send(Call::post(Target::new("/subscribe/payments/again"), Some(body))).await?;
        same("merchant_uid", request.merchant_uid.as_str(), &payment.merchant_uid)?;
        same_if_told("customer_uid", request.customer_uid.as_str(), payment.customer_uid.as_deref())?;
        request.details.check_sum(request.amount, &payment)?;
        Ok(payment)
    }

    /// Charges a card by its number: `POST /subscribe/payments/onetime`. Sent at most once. As with [`Self::again`],
    /// only [`Payment::status`] says whether money moved.
    ///
    /// Source: `onetime`, V1 schema of 2026-08-06.
    ///
    /// ```
    /// # use iamport::*;
    /// # async fn example(client: Client, number: String) -> Result<(), Box<dyn std::error::Error>> {
    /// let mut onetime = Onetime::new(
    ///     MerchantUid::new("order2")?,
    ///     Amount::from_minor(8_900, 0),
    ///     CardNumber::new(number)?,
    ///     Expiry::new("2027-12")?,
    /// )?;
    /// onetime.birth = Some(Birth::new("880101")?);
    /// onetime.pwd_2digit = Some(Pwd2::new("12")?);
    /// let payment = client.onetime(&onetime).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    /// Any class.
    pub async fn onetime(&self, request: &Onetime) -> Result<Payment, Error> {
        let body = body(|object| {
            object.text("merchant_uid", request.merchant_uid.as_str());
            object.amount("amount", request.amount);
            object.card_number("card_number", &request.card_number);
            object.expiry("expiry", request.expiry);
            object.secret("birth", request.birth.as_ref());
            object.secret("pwd_2digit", request.pwd_2digit.as_ref());
            object.secret("cvc", request.cvc.as_ref());
            object.maybe_text("customer_uid", request.customer_uid.as_ref().map(CustomerUid::as_str));
            object.maybe_text("pg", request.pg.as_deref());
            object.maybe_text("channelGroupId", request.channel_group_id.as_deref());
            object.maybe_text("name", request.name.as_deref());
            request.details.write(object);
            object.maybe_amount("vat", request.vat);
            object.concealed("secure_3d_charge_id", request.secure_3d_charge_id.as_ref());
            object.concealed("secure_3d_token", request.secure_3d_token.as_ref());
        });
        let payment: Payment = self.send(Call::post(Target::new("/subscribe/payments/onetime"), Some(body))).await?;
        same("merchant_uid", request.merchant_uid.as_str(), &payment.merchant_uid)?;
        if let Some(customer_uid) = &request.customer_uid {
            same_if_told("customer_uid", customer_uid.as_str(), payment.customer_uid.as_deref())?;
        }
        request.details.check_sum(request.amount, &payment)?;
        Ok(payment)
    }
}

/// `extra: {naverUseCfm}`: nested, though documents write it with a dot.
pub(crate) fn write_naver_use_cfm(object: &mut Object<'_>, day: Option<&str>) {
    if let Some(day) = day {
        object.object("extra", |extra| extra.text("naverUseCfm", day));
    }
}
