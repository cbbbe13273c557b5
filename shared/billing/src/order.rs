//! What a storefront asks to be paid: Iamport's own field names, checked against Iamport's own limits.

use serde::{Deserialize, Serialize};

use crate::ids::{CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::money::{Currency, Money};
use crate::policy::Policy;
use crate::text;

/// Smallest amount in won that may be paid in instalments (Iamport, `card_quota`).
const CARD_QUOTA_AMOUNT_MIN: u64 = 50_000;
/// Most months of an instalment plan any Korean issuer offers.
const CARD_QUOTA_MAX: u32 = 36;
/// Lengths of the PSP's fields, in characters (Iamport V1 schema).
const NAME_MAX: usize = 40;
const BUYER_NAME_MAX: usize = 16;
const BUYER_EMAIL_MAX: usize = 64;
const BUYER_TEL_MAX: usize = 16;
const BUYER_ADDR_MAX: usize = 128;
const BUYER_POSTCODE_MAX: usize = 8;
const PRODUCT_COUNT_OVER: u32 = 10_000;
const PROMOTION_ID_MAX: usize = 80;

/// One payment as ordered. Everything needed to send it again stands here, so that a crash loses nothing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Order {
    /// The order number, unique for ever.
    pub merchant_uid: MerchantUid,
    /// The billing key to be charged; for an order that is paid in the PG's window, the key that this issues, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub customer_uid: Option<CustomerUid>,
    /// What is charged.
    pub amount: Money,
    /// What the customer reads on the receipt; at most 40 characters.
    pub name: String,
    /// Fields that Iamport takes but does not need.
    #[serde(flatten)]
    pub details: Details,
}

/// The optional fields of an order.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Details {
    /// Part of the amount that is free of tax, in minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tax_free: Option<u64>,
    /// Part of the amount that is value added tax, in minor units; computed by the PG when absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vat_amount: Option<u64>,
    /// At most 16 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_name: Option<String>,
    /// At most 64 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_email: Option<String>,
    /// At most 16 characters; kept without separators.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_tel: Option<String>,
    /// At most 128 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_addr: Option<String>,
    /// At most 8 characters.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub buyer_postcode: Option<String>,
    /// Months of instalments: 0 for none, else 2–36, and only from 50,000 won.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_quota: Option<u32>,
    /// Whether the merchant pays the instalment interest.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interest_free_by_merchant: Option<bool>,
    /// Whether card points are to be used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_card_point: Option<bool>,
    /// The storefront's own data, returned with the payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_data: Option<String>,
    /// `real` or `digital` goods; KSNET requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<ProductType>,
    /// Number of goods in the order.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_count: Option<u32>,
    /// For whom a cash receipt is issued.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cash_receipt_type: Option<CashReceiptType>,
    /// A promotion of the PSP's, passed through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub promotion_id: Option<String>,
    /// The buyer's address on the network; Paymentwall requires it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub browser_ip: Option<String>,
    /// `extra.naverUseCfm`: last day of use, `yyyyMMdd`; Naver Pay's recurring payments require it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub naver_use_cfm: Option<String>,
}

/// Goods in a parcel or goods on a screen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ProductType {
    /// Something that is delivered.
    Real,
    /// Something that is downloaded or used online.
    Digital,
}

/// For whom a cash receipt is issued.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum CashReceiptType {
    /// A person.
    Person,
    /// A company.
    Company,
    /// Nobody: no receipt.
    Anonymous,
}

impl CashReceiptType {
    /// Reads Iamport's spelling.
    ///
    /// # Errors
    /// `cash_receipt_type_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "person" => Ok(Self::Person),
            "company" => Ok(Self::Company),
            "anonymous" => Ok(Self::Anonymous),
            _ => Err(Invalid::field("cash_receipt_type", "person, company or anonymous")),
        }
    }
}

impl ProductType {
    /// Reads Iamport's spelling.
    ///
    /// # Errors
    /// `product_type_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "real" => Ok(Self::Real),
            "digital" => Ok(Self::Digital),
            _ => Err(Invalid::field("product_type", "real or digital")),
        }
    }

    /// Iamport's spelling.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Real => "real",
            Self::Digital => "digital",
        }
    }
}

impl Order {
    /// The order with every field checked and in its normal form.
    ///
    /// # Errors
    /// The first field that breaks a rule of Iamport's or of `policy`.
    pub fn checked(self, policy: &Policy) -> Result<Self, Invalid> {
        check_amount(self.amount, policy)?;
        self.normal()
    }

    /// The order in its normal form, checked by Iamport's rules alone: what the same request is recognised by, whatever
    /// the merchant has decided meanwhile.
    ///
    /// # Errors
    /// The first field that breaks a rule of Iamport's.
    pub fn normal(mut self) -> Result<Self, Invalid> {
        self.name = text::line("name", &self.name, NAME_MAX)?;
        self.details = self.details.checked(self.amount)?;
        Ok(self)
    }
}

/// Checks an amount against the currencies and bounds of the policy.
///
/// # Errors
/// `currency_unsupported`, `amount_invalid`, `amount_out_of_range`.
pub fn check_amount(amount: Money, policy: &Policy) -> Result<(), Invalid> {
    if !policy.currencies.contains(&amount.currency) {
        return Err(Invalid::new("currency", "currency_unsupported", "a currency that this merchant charges"));
    }
    if amount.minor == 0 {
        return Err(Invalid::field("amount", "more than zero"));
    }
    if amount.minor > policy.amount_max_minor {
        return Err(Invalid::new("amount", "amount_out_of_range", "at most the merchant's limit for one payment"));
    }
    Ok(())
}

impl Details {
    /// The same fields for another amount: as much of it is free of tax, and is tax, as of the whole.
    #[must_use]
    pub fn for_amount(self, amount: u64, whole: u64) -> Self {
        let part = |of: Option<u64>| of.map(|of| share(of, amount, whole));
        Self { tax_free: part(self.tax_free), vat_amount: part(self.vat_amount), ..self }
    }

    fn checked(self, amount: Money) -> Result<Self, Invalid> {
        let taxed = amount.minor.saturating_sub(self.tax_free.unwrap_or(0));
        let part = |field: &str, of: Option<u64>, (most, what): (u64, &str)| match of {
            Some(minor) if minor > most => Err(Invalid::field(field, format!("at most {what}"))),
            within => Ok(within),
        };
        Ok(Self {
            tax_free: part("tax_free", self.tax_free, (amount.minor, "the amount"))?,
            vat_amount: part("vat_amount", self.vat_amount, (taxed, "the part of the amount that is taxed"))?,
            buyer_name: checked(self.buyer_name, |value| text::line("buyer_name", value, BUYER_NAME_MAX))?,
            buyer_email: checked(self.buyer_email, |value| text::email("buyer_email", value, BUYER_EMAIL_MAX))?,
            buyer_tel: checked(self.buyer_tel, |value| text::telephone("buyer_tel", value, BUYER_TEL_MAX))?,
            buyer_addr: checked(self.buyer_addr, |value| text::line("buyer_addr", value, BUYER_ADDR_MAX))?,
            buyer_postcode: checked(self.buyer_postcode, |value| {
                text::line("buyer_postcode", value, BUYER_POSTCODE_MAX)
            })?,
            card_quota: checked_quota(self.card_quota, amount)?,
            interest_free_by_merchant: self.interest_free_by_merchant,
            use_card_point: self.use_card_point,
            custom_data: checked(self.custom_data, |value| text::data("custom_data", value))?,
            product_type: self.product_type,
            product_count: match self.product_count {
                Some(0) | Some(PRODUCT_COUNT_OVER..) => return Err(Invalid::field("product_count", "1 to 9999")),
                count => count,
            },
            cash_receipt_type: self.cash_receipt_type,
            promotion_id: checked(self.promotion_id, |value| text::line("promotion_id", value, PROMOTION_ID_MAX))?,
            browser_ip: checked(self.browser_ip, |value| {
                let address: Result<std::net::IpAddr, _> = value.parse();
                address.map(|ip| ip.to_string()).map_err(|_| Invalid::field("browser_ip", "an IPv4 or IPv6 address"))
            })?,
            naver_use_cfm: checked(self.naver_use_cfm, |value| {
                let refused = || Invalid::new("extra.naverUseCfm", "extra_invalid", text::CIVIL_DAY);
                text::civil_day(value).ok_or_else(refused)
            })?,
        })
    }
}

/// The same part of `amount` as `of` is of `whole`, rounded down.
pub(crate) fn share(of: u64, amount: u64, whole: u64) -> u64 {
    let part = u128::from(of) * u128::from(amount) / u128::from(whole.max(1));
    u64::try_from(part).unwrap_or(amount).min(amount)
}

fn checked(
    value: Option<String>,
    rule: impl FnOnce(&str) -> Result<String, Invalid>,
) -> Result<Option<String>, Invalid> {
    value.as_deref().map(rule).transpose()
}

/// Whether an amount may be paid in instalments.
pub(crate) fn takes_instalments(amount: Money) -> bool {
    amount.currency == Currency::Krw && amount.minor >= CARD_QUOTA_AMOUNT_MIN
}

/// Whether a card offers so many months of instalments; 0 is none.
pub(crate) const fn is_quota(months: u32) -> bool {
    matches!(months, 0 | 2..=CARD_QUOTA_MAX)
}

fn checked_quota(months: Option<u32>, amount: Money) -> Result<Option<u32>, Invalid> {
    match months {
        None | Some(0) => Ok(months),
        Some(some) if is_quota(some) && takes_instalments(amount) => Ok(months),
        Some(_) => Err(Invalid::field("card_quota", "0, or 2 to 36 months from 50,000 won")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn order(details: Details) -> Order {
        Order {
            merchant_uid: MerchantUid::parse("order_monthly_0001").unwrap(),
            customer_uid: CustomerUid::parse("gildong_0001_1234").ok(),
            amount: Money::krw(49_999),
            name: "월간 이용권 정기결제".to_owned(),
            details,
        }
    }

    fn refusal(order: Order) -> String {
        order.checked(&Policy::default()).map_or_else(|invalid| invalid.code, |_| "accepted".to_owned())
    }

    #[test]
    fn the_seeds_order_is_accepted_and_normalised() {
        let details = Details { buyer_tel: Some("010-4242-4242".to_owned()), ..Details::default() };
        let checked = order(details).checked(&Policy::default()).unwrap();
        assert_eq!(checked.details.buyer_tel.as_deref(), Some("01042424242"));
    }

    #[test]
    fn amounts_outside_the_bounds_are_refused() {
        let with = |amount| Order { amount, ..order(Details::default()) };
        assert_eq!(refusal(with(Money::krw(0))), "amount_invalid");
        assert_eq!(refusal(with(Money::krw(1_000_000_001))), "amount_out_of_range");
        assert_eq!(refusal(with(Money::new(100, Currency::Usd))), "currency_unsupported");
    }

    #[test]
    fn instalments_need_fifty_thousand_won() {
        let quota = |months, won| {
            let mut wanted = order(Details { card_quota: Some(months), ..Details::default() });
            wanted.amount = Money::krw(won);
            refusal(wanted)
        };
        assert_eq!(quota(3, 50_000), "accepted");
        assert_eq!(quota(0, 100), "accepted");
        for (months, won) in [(1, 60_000), (37, 60_000), (3, 49_999)] {
            assert_eq!(quota(months, won), "card_quota_invalid", "{months} {won}");
        }
    }

    #[test]
    fn each_text_field_names_itself_when_it_is_too_long() {
        let long = || Some("가".repeat(300));
        let cases: [(Details, &str); 6] = [
            (Details { buyer_name: long(), ..Details::default() }, "buyer_name_invalid"),
            (Details { buyer_email: long(), ..Details::default() }, "buyer_email_invalid"),
            (Details { buyer_tel: long(), ..Details::default() }, "buyer_tel_invalid"),
            (Details { buyer_addr: long(), ..Details::default() }, "buyer_addr_invalid"),
            (Details { buyer_postcode: long(), ..Details::default() }, "buyer_postcode_invalid"),
            (Details { naver_use_cfm: Some("20260230".to_owned()), ..Details::default() }, "extra_invalid"),
        ];
        for (details, code) in cases {
            assert_eq!(refusal(order(details)), code);
        }
    }
}
