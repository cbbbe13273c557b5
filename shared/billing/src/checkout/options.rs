//! The parameters of a window that most windows do not have, each with its rule.

use serde::{Deserialize, Serialize};

use super::Passed;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{is_quota, takes_instalments};
use crate::text;
use crate::time::Timestamp;

/// Lengths of free fields, in characters. Iamport documents few; a row has a limit.
pub(super) const CODE_MAX: usize = 80;
const LANGUAGE_MAX: usize = 10;
const INTERVAL_MAX: usize = 10;
const APP_SCHEME_MAX: usize = 80;
const PRODUCTS_MAX: usize = 100;
const PRODUCT_TEXT_MAX: usize = 200;
const QUOTAS_MAX: usize = 36;
const CARD_DETAILS_MAX: usize = 50;

/// The optional parameters of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Options {
    /// Language of the window, such as `ko` or `en`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub language: Option<String>,
    /// Whether an escrow window is opened.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub escrow: Option<bool>,
    /// Whether what is sold is digital; micropayments by telephone need to be told.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digital: Option<bool>,
    /// How long a virtual account stays open: `YYYYMMDD` or `YYYYMMDDhhmm`, in Seoul.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub vbank_due: Option<String>,
    /// The app to come back to from a card company's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub app_scheme: Option<String>,
    /// The merchant's business registration number: ten digits. Danal's virtual accounts need it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub biz_num: Option<String>,
    /// Whether the merchant's interest-free offers are used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_free_interest_from_mall: Option<bool>,
    /// `display.card_quota`: months of instalments to choose from. An empty list shows none but a single payment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_quota: Option<Vec<u32>>,
    /// `card.direct`: the one card company to go to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub card_direct: Option<CardDirect>,
    /// `card.detail`: card companies to show or to hide.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub card_detail: Vec<CardDetail>,
    /// When the service that is sold is rendered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub period: Option<Period>,
    /// What is sold, piece by piece; escrow windows show it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<Product>,
    /// What only Naver Pay takes.
    #[serde(skip_serializing_if = "Naver::is_empty")]
    pub naver: Naver,
    /// What one gateway or another asks for, passed on as it stands: `bypass` and the like.
    #[serde(skip_serializing_if = "Passed::is_empty")]
    pub passed: Passed,
}

/// `card.direct`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDirect {
    /// Code of the card company.
    pub code: String,
    /// Months of instalments.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quota: Option<u32>,
}

/// One line of `card.detail`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CardDetail {
    /// Code of the card company.
    pub card_code: String,
    /// Whether it is shown.
    pub enabled: bool,
}

/// `period`: days as `YYYYMMDD`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Period {
    /// First day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<String>,
    /// Last day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub to: Option<String>,
    /// How often, such as `1m`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<String>,
}

/// One of `products`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Product {
    /// Its number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// Price of one, in the currency's smallest unit.
    pub unit_price: u64,
    /// How many.
    pub quantity: u32,
}

/// Parameters that only Naver Pay takes.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Naver {
    /// `naverPopupMode`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub popup_mode: Option<bool>,
    /// `naverUseCfm`: last day of use, `YYYYMMDD`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub use_cfm: Option<String>,
    /// `naverProducts`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub products: Vec<NaverProduct>,
    /// `naverProductCode`: the merchant's code of what the key is issued for. By it Naver Pay knows whoever registers twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_code: Option<String>,
    /// `naverProductCount`: how many of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_count: Option<u32>,
    /// `naverMerchantUserKey`: the buyer's number with the merchant, where Naver Pay has asked for it by contract.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub merchant_user_key: Option<String>,
    /// `naverPurchaserName`: the buyer, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchaser_name: Option<String>,
    /// `naverPurchaserBirthday`: `YYYYMMDD`, likewise.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub purchaser_birthday: Option<String>,
    /// `naverCultureBenefit`: whether it counts as culture for the income tax.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub culture_benefit: Option<bool>,
}

impl Naver {
    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// One of `naverProducts`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NaverProduct {
    /// `categoryType`, such as `BOOK`.
    pub category_type: String,
    /// `categoryId`, such as `GENERAL`.
    pub category_id: String,
    /// `uid`.
    pub uid: String,
    /// `name`.
    pub name: String,
    /// `count`.
    pub count: u32,
}

impl Options {
    pub(super) fn normal(self, amount: Money) -> Result<Self, Invalid> {
        Ok(Self {
            language: self.language.map(|language| code("language", &language, LANGUAGE_MAX)).transpose()?,
            escrow: self.escrow,
            digital: self.digital,
            vbank_due: self.vbank_due.map(|due| vbank_due(&due)).transpose()?,
            app_scheme: self.app_scheme.map(|v| text::line("app_scheme", &v, APP_SCHEME_MAX)).transpose()?,
            biz_num: self.biz_num.map(|number| biz_num(&number)).transpose()?,
            use_free_interest_from_mall: self.use_free_interest_from_mall,
            card_quota: self.card_quota.map(|months| quotas(months, amount)).transpose()?,
            card_direct: self.card_direct.map(CardDirect::normal).transpose()?,
            card_detail: bounded("card", self.card_detail, CARD_DETAILS_MAX, |line| {
                Ok(CardDetail { card_code: code("card", &line.card_code, CODE_MAX)?, ..line })
            })?,
            period: self.period.map(Period::normal).transpose()?,
            products: bounded("products", self.products, PRODUCTS_MAX, Product::normal)?,
            naver: self.naver.normal()?,
            passed: self.passed.normal()?,
        })
    }
}

impl CardDirect {
    fn normal(self) -> Result<Self, Invalid> {
        if self.quota.is_some_and(|months| !is_quota(months)) {
            return Err(Invalid::field("card", "quota: 0, or 2 to 36 months"));
        }
        Ok(Self { code: code("card", &self.code, CODE_MAX)?, ..self })
    }
}

impl Period {
    fn normal(self) -> Result<Self, Invalid> {
        let day = |text: Option<String>| text.map(|text| civil_day("period", &text)).transpose();
        let interval = self.interval.map(|text| code("period", &text, INTERVAL_MAX)).transpose()?;
        Ok(Self { from: day(self.from)?, to: day(self.to)?, interval })
    }
}

impl Product {
    fn normal(self) -> Result<Self, Invalid> {
        let printable = |value: &str| text::line("products", value, PRODUCT_TEXT_MAX);
        if self.quantity == 0 {
            return Err(Invalid::field("products", "a quantity of at least one"));
        }
        Ok(Self {
            id: self.id.as_deref().map(printable).transpose()?,
            name: printable(&self.name)?,
            code: self.code.as_deref().map(printable).transpose()?,
            ..self
        })
    }
}

impl Naver {
    fn normal(self) -> Result<Self, Invalid> {
        if self.product_count == Some(0) {
            return Err(Invalid::field("naverProductCount", "at least one"));
        }
        Ok(Self {
            product_code: self
                .product_code
                .map(|v| text::line("naverProductCode", &v, PRODUCT_TEXT_MAX))
                .transpose()?,
            product_count: self.product_count,
            merchant_user_key: {
                let key = self.merchant_user_key;
                key.map(|key| text::line("naverMerchantUserKey", &key, PRODUCT_TEXT_MAX)).transpose()?
            },
            purchaser_name: {
                let name = self.purchaser_name;
                name.map(|name| text::line("naverPurchaserName", &name, PRODUCT_TEXT_MAX)).transpose()?
            },
            purchaser_birthday: {
                let day = self.purchaser_birthday;
                day.map(|day| civil_day("naverPurchaserBirthday", &day)).transpose()?
            },
            culture_benefit: self.culture_benefit,
            popup_mode: self.popup_mode,
            use_cfm: self.use_cfm.map(|day| civil_day("naverUseCfm", &day)).transpose()?,
            products: bounded("naverProducts", self.products, PRODUCTS_MAX, |product| {
                let printable = |value: &str| text::line("naverProducts", value, PRODUCT_TEXT_MAX);
                Ok(NaverProduct {
                    category_type: printable(&product.category_type)?,
                    category_id: printable(&product.category_id)?,
                    uid: printable(&product.uid)?,
                    name: printable(&product.name)?,
                    count: product.count,
                })
            })?,
        })
    }
}

fn bounded<T>(
    field: &str,
    list: Vec<T>,
    max: usize,
    check: impl Fn(T) -> Result<T, Invalid>,
) -> Result<Vec<T>, Invalid> {
    if list.len() > max {
        return Err(Invalid::field(field, format!("at most {max} entries")));
    }
    list.into_iter().map(check).collect()
}

/// A code of Iamport's or a gateway's: no spaces, no markup.
pub(super) fn code(field: &str, value: &str, max: usize) -> Result<String, Invalid> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if !value.chars().all(allowed) {
        return Err(Invalid::field(field, format!("1 to {max} characters of [A-Za-z0-9_.-]")));
    }
    text::line(field, value, max)
}

/// Only the code: the merchant's number at the gateway is configuration.
pub(crate) fn pg_code(value: &str) -> Result<String, Invalid> {
    match code("pg", value, CODE_MAX) {
        Ok(code) if !code.contains('.') => Ok(code),
        Ok(_) | Err(_) => Err(Invalid::field("pg", "a gateway's code, such as html5_inicis")),
    }
}

fn quotas(months: Vec<u32>, amount: Money) -> Result<Vec<u32>, Invalid> {
    let wrong = months.len() > QUOTAS_MAX || months.iter().any(|month| !is_quota(*month));
    if wrong || (months.iter().any(|month| *month != 0) && !takes_instalments(amount)) {
        let detail = "display.card_quota: months of 0 or 2 to 36, and only from 50,000 won";
        return Err(Invalid::new("display.card_quota", "card_quota_invalid", detail));
    }
    Ok(months)
}

fn biz_num(number: &str) -> Result<String, Invalid> {
    let digits: String = number.chars().filter(|c| *c != '-').collect();
    let shaped = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if shaped { Ok(digits) } else { Err(Invalid::field("biz_num", "a business registration number of ten digits")) }
}

fn civil_day(field: &str, text: &str) -> Result<String, Invalid> {
    text::civil_day(text).ok_or_else(|| Invalid::field(field, text::CIVIL_DAY))
}

fn vbank_due(text: &str) -> Result<String, Invalid> {
    vbank_due_at(text).map(|_| text.to_owned()).ok_or_else(not_a_due)
}

pub(super) fn not_a_due() -> Invalid {
    Invalid::field("vbank_due", "YYYYMMDD or YYYYMMDDhhmm in Seoul, later than now")
}

/// The moment that a `vbank_due` names: the end of that day, or of that minute.
pub(super) fn vbank_due_at(text: &str) -> Option<Timestamp> {
    // A sign would be read as a number's, too.
    if !text.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let (day, hour, minute) = match text.len() {
        8 => (text, 23, 59),
        12 => (text.get(..8)?, text.get(8..10)?.parse().ok()?, text.get(10..)?.parse().ok()?),
        _ => return None,
    };
    let day: jiff::civil::Date = day.parse().ok()?;
    let time = jiff::civil::Time::new(hour, minute, 59, 0).ok()?;
    let seoul = jiff::tz::Offset::UTC.to_timestamp(day.to_datetime(time)).ok()?;
    Some(Timestamp(seoul.as_second()).plus(-crate::time::KST_OFFSET_SECONDS))
}
