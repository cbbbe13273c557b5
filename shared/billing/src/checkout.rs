//! What a customer is asked to confirm in the PG's window: the parameters of `IMP.request_pay` that an order does not
//! have, in Iamport's own names, checked against what is known of the gateways.

use serde::{Deserialize, Serialize};

use crate::ids::CustomerUid;
use crate::invalid::Invalid;
use crate::money::{Currency, Money};
use crate::order::Order;
use crate::pg::{self, IssueAmount, IssueRule, IssueSupport, Support};
use crate::policy::Policy;
use crate::text;
use crate::time::Timestamp;

/// Lengths of free fields, in characters. Iamport documents few; a row has a limit.
const CODE_MAX: usize = 80;
const APP_SCHEME_MAX: usize = 80;
const PRODUCTS_MAX: usize = 100;
const PRODUCT_TEXT_MAX: usize = 200;
const QUOTAS_MAX: usize = 36;
const CARD_DETAILS_MAX: usize = 50;

/// A window's parameters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Window {
    /// The gateway; the merchant's own default if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pg: Option<String>,
    /// The payment method, such as `card` or `vbank`.
    pub pay_method: String,
    /// What most windows do not have.
    #[serde(flatten)]
    pub options: Options,
}

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

/// Something that was accepted and may still not be what the gateway wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Warning {
    /// The gateway is not on the list.
    PgUnlisted,
    /// The payment method is not on the list.
    PayMethodUnlisted,
    /// No `buyer_tel`: some gateways refuse to open without one.
    BuyerTelMissing,
    /// The gateway may charge the amount along with issuing the key: it is taken to.
    IssueMayCharge,
    /// This gateway issues keys by `IMP.loadUI('paypal-rt', …)` rather than `IMP.request_pay`.
    IssueByLoadUi,
}

impl Warning {
    /// Stable name.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::PgUnlisted => "pg_unlisted",
            Self::PayMethodUnlisted => "pay_method_unlisted",
            Self::BuyerTelMissing => "buyer_tel_missing",
            Self::IssueMayCharge => "issue_may_charge",
            Self::IssueByLoadUi => "issue_by_load_ui",
        }
    }

    /// What it means.
    #[must_use]
    pub const fn detail(self) -> &'static str {
        match self {
            Self::PgUnlisted => "This pg is not on our list. It is passed on as it is; check it with the gateway.",
            Self::PayMethodUnlisted => "This pay_method is not on our list. It is passed on as it is.",
            Self::BuyerTelMissing => "Some gateways refuse to open their window without buyer_tel.",
            Self::IssueMayCharge => "Whether this gateway charges the amount is not known; it is taken to.",
            Self::IssueByLoadUi => {
                "Hand the object to IMP.loadUI('paypal-rt', request_pay) instead of IMP.request_pay."
            }
        }
    }
}

/// A checked window, and what to tell the storefront of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// The order, in its normal form.
    pub order: Order,
    /// The window, in its normal form.
    pub window: Window,
    /// What may still not be what the gateway wants.
    pub warnings: Vec<Warning>,
}

impl Window {
    /// Checks an order that is to be paid in this window.
    ///
    /// # Errors
    /// The first field that breaks a rule; `pay_method_unsupported` where the lists rule gateway and method out.
    pub fn checked(self, order: Order, policy: &Policy) -> Result<Checked, Invalid> {
        let order = order.checked(policy)?;
        let window = self.normal(order.amount)?;
        let mut warnings = Vec::new();
        let pg = window.pg_at(policy)?;
        match pg.map(|pg| pg::support(pg, &window.pay_method)) {
            None | Some(Support::Listed) => {}
            Some(Support::UnlistedPg) => warnings.push(Warning::PgUnlisted),
            Some(Support::UnlistedMethod) => warnings.push(Warning::PayMethodUnlisted),
            Some(Support::RuledOut) => return Err(unsupported("a payment method that this gateway takes")),
        }
        check_for_pg(pg, &order)?;
        if order.details.buyer_tel.is_none() {
            warnings.push(Warning::BuyerTelMissing);
        }
        Ok(Checked { order, window, warnings })
    }

    /// Checks an order that issues a billing key in this window. Says whether the gateway charges its amount.
    ///
    /// # Errors
    /// As [`Self::checked`]; `amount_invalid` where the gateway cannot issue a key with this amount.
    pub fn checked_for_issue(
        self,
        mut order: Order,
        customer_id_length: usize,
        policy: &Policy,
    ) -> Result<(Checked, bool), Invalid> {
        if order.amount.minor > 0 {
            order = order.checked(policy)?;
        } else {
            // Zero is no payment; everything else is checked as for one.
            let currency = order.amount.currency;
            let shown = Order { amount: Money::new(1, currency), ..order }.checked(policy)?;
            order = Order { amount: Money::new(0, currency), ..shown };
        }
        let window = self.normal(order.amount)?;
        let pg = window.pg_at(policy)?;
        check_for_pg(pg, &order)?;
        let mut warnings = Vec::new();
        let amount = order.amount.minor;
        let charges = match pg.map_or(IssueSupport::Unlisted, |pg| pg::issue_support(pg, &window.pay_method)) {
            IssueSupport::RuledOut => return Err(unsupported("a payment method that this gateway issues keys for")),
            IssueSupport::Unlisted => {
                if pg.is_some() {
                    warnings.push(Warning::PgUnlisted);
                }
                if amount > 0 {
                    warnings.push(Warning::IssueMayCharge);
                }
                amount > 0
            }
            IssueSupport::Rule(rule) => {
                check_customer_id(&rule, customer_id_length)?;
                if rule.pg == "paypal_v2" {
                    warnings.push(Warning::IssueByLoadUi);
                }
                let minor = amount.max(rule.shown_min);
                order.amount = Money::new(minor, order.amount.currency);
                issue_charges(&rule, amount)?
            }
        };
        if order.details.buyer_tel.is_none() {
            warnings.push(Warning::BuyerTelMissing);
        }
        Ok((Checked { order, window, warnings }, charges))
    }

    /// Code of the gateway that the window is opened at, as far as it is known.
    fn pg_at<'a>(&'a self, policy: &'a Policy) -> Result<Option<&'a str>, Invalid> {
        match &self.pg {
            Some(pg) if !policy.pgs.is_empty() && !policy.pgs.contains(pg) => {
                Err(Invalid::new("pg", "pg_not_configured", "a gateway that this merchant has set up"))
            }
            Some(pg) => Ok(Some(pg)),
            None => Ok(policy.default_pg.as_deref()),
        }
    }

    /// Checks what depends on the time at which a window is asked for first. A repeat is the same request at any time.
    ///
    /// # Errors
    /// `vbank_due_invalid` if it is past, or further ahead than a payment may be.
    pub fn check_new(&self, now: Timestamp, policy: &Policy) -> Result<(), Invalid> {
        let within = now..=now.plus(policy.schedule_ahead_max_seconds);
        match self.options.vbank_due.as_deref().and_then(vbank_due_at) {
            Some(due) if !within.contains(&due) => Err(not_a_due()),
            Some(_) | None => Ok(()),
        }
    }

    fn normal(self, amount: Money) -> Result<Self, Invalid> {
        Ok(Self {
            pg: self.pg.map(|pg| pg_code(&pg)).transpose()?,
            pay_method: code("pay_method", &self.pay_method, CODE_MAX)?,
            options: self.options.normal(amount)?,
        })
    }
}

fn check_for_pg(pg: Option<&str>, order: &Order) -> Result<(), Invalid> {
    match pg {
        Some("paypal" | "paypal_v2") if order.amount.currency == Currency::Krw => {
            Err(Invalid::new("currency", "currency_unsupported", "a currency that PayPal takes: it has no won"))
        }
        Some("paymentwall") if order.details.buyer_email.is_none() => {
            Err(Invalid::new("buyer_email", "buyer_email_required", "this field: Paymentwall needs it"))
        }
        Some(_) | None => Ok(()),
    }
}

fn unsupported(detail: &str) -> Invalid {
    Invalid::new("pay_method", "pay_method_unsupported", detail)
}

fn check_customer_id(rule: &IssueRule, length: usize) -> Result<(), Invalid> {
    match rule.customer_id_max {
        Some(max) if length > max => {
            Err(Invalid::field("customer_id", format!("at most {max} characters: this gateway takes no more")))
        }
        Some(_) | None => Ok(()),
    }
}

fn issue_charges(rule: &IssueRule, amount: u64) -> Result<bool, Invalid> {
    match rule.amount {
        IssueAmount::ShownOnly => Ok(false),
        IssueAmount::Charged => Ok(amount > 0),
        IssueAmount::AlwaysCharged if amount == 0 => {
            Err(Invalid::field("amount", "more than zero: this gateway issues no key without a payment"))
        }
        IssueAmount::AlwaysCharged => Ok(true),
        IssueAmount::MustBeZero if amount > 0 => Err(Invalid::field("amount", "zero: this gateway only issues here")),
        IssueAmount::MustBeZero => Ok(false),
    }
}

impl Options {
    fn normal(self, amount: Money) -> Result<Self, Invalid> {
        let short = |field: &str, value: Option<String>, max| value.map(|v| text::line(field, &v, max)).transpose();
        Ok(Self {
            language: self.language.map(|language| code("language", &language, 10)).transpose()?,
            escrow: self.escrow,
            digital: self.digital,
            vbank_due: self.vbank_due.map(|due| vbank_due(&due)).transpose()?,
            app_scheme: short("app_scheme", self.app_scheme, APP_SCHEME_MAX)?,
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
        })
    }
}

impl CardDirect {
    fn normal(self) -> Result<Self, Invalid> {
        match self.quota {
            Some(1) | Some(37..) => Err(Invalid::field("card", "quota: 0, or 2 to 36 months")),
            quota => Ok(Self { code: code("card", &self.code, CODE_MAX)?, quota }),
        }
    }
}

impl Period {
    fn normal(self) -> Result<Self, Invalid> {
        let day = |text: Option<String>| text.map(|text| civil_day("period", &text)).transpose();
        let interval = self.interval.map(|text| code("period", &text, 10)).transpose()?;
        Ok(Self { from: day(self.from)?, to: day(self.to)?, interval })
    }
}

impl Product {
    fn normal(self) -> Result<Self, Invalid> {
        let line = |value: &str| text::line("products", value, PRODUCT_TEXT_MAX);
        if self.quantity == 0 {
            return Err(Invalid::field("products", "a quantity of at least one"));
        }
        Ok(Self {
            id: self.id.as_deref().map(line).transpose()?,
            name: line(&self.name)?,
            code: self.code.as_deref().map(line).transpose()?,
            ..self
        })
    }
}

impl Naver {
    fn normal(self) -> Result<Self, Invalid> {
        Ok(Self {
            popup_mode: self.popup_mode,
            use_cfm: self.use_cfm.map(|day| civil_day("naverUseCfm", &day)).transpose()?,
            products: bounded("naverProducts", self.products, PRODUCTS_MAX, |product| {
                let line = |value: &str| text::line("naverProducts", value, PRODUCT_TEXT_MAX);
                Ok(NaverProduct {
                    category_type: line(&product.category_type)?,
                    category_id: line(&product.category_id)?,
                    uid: line(&product.uid)?,
                    name: line(&product.name)?,
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
fn code(field: &str, value: &str, max: usize) -> Result<String, Invalid> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.');
    if value.is_empty() || value.len() > max || !value.chars().all(allowed) {
        return Err(Invalid::field(field, format!("1 to {max} characters of [A-Za-z0-9_.-]")));
    }
    text::line(field, value, max)
}

/// Only the code: the merchant's number at the gateway is configuration.
fn pg_code(value: &str) -> Result<String, Invalid> {
    match code("pg", value, CODE_MAX) {
        Ok(code) if !code.contains('.') => Ok(code),
        Ok(_) | Err(_) => Err(Invalid::field("pg", "a gateway's code, such as html5_inicis")),
    }
}

fn quotas(months: Vec<u32>, amount: Money) -> Result<Vec<u32>, Invalid> {
    let wrong = months.len() > QUOTAS_MAX || months.iter().any(|month| !matches!(month, 0 | 2..=36));
    if wrong || (months.iter().any(|month| *month > 1) && !crate::order::takes_instalments(amount)) {
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
    let day = text.len() == 8 && text.bytes().all(|b| b.is_ascii_digit()) && text.parse::<jiff::civil::Date>().is_ok();
    if day { Ok(text.to_owned()) } else { Err(Invalid::field(field, "a day as yyyyMMdd")) }
}

fn vbank_due(text: &str) -> Result<String, Invalid> {
    vbank_due_at(text).map(|_| text.to_owned()).ok_or_else(not_a_due)
}

fn not_a_due() -> Invalid {
    Invalid::field("vbank_due", "YYYYMMDD or YYYYMMDDhhmm in Seoul, later than now")
}

/// The moment that a `vbank_due` names: the end of that day, or of that minute.
fn vbank_due_at(text: &str) -> Option<Timestamp> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    let (day, hour, minute) = match text.len() {
        8 if digits => (text, 23, 59),
        12 if digits => (text.get(..8)?, text.get(8..10)?.parse().ok()?, text.get(10..)?.parse().ok()?),
        _ => return None,
    };
    let day: jiff::civil::Date = day.parse().ok()?;
    let time = jiff::civil::Time::new(hour, minute, 59, 0).ok()?;
    let seoul = jiff::tz::Offset::UTC.to_timestamp(day.to_datetime(time)).ok()?;
    Some(Timestamp(seoul.as_second()).plus(-crate::time::KST_OFFSET_SECONDS))
}

/// Until when a window that is opened now is waited for.
#[must_use]
pub fn open_until(window: &Window, now: Timestamp, policy: &Policy) -> Timestamp {
    let closes = now.plus(policy.window_seconds);
    let deposit = window.options.vbank_due.as_deref().and_then(vbank_due_at);
    deposit.map_or(closes, |due| closes.max(due.plus(policy.deposit_grace_seconds)))
}

/// A billing key's window, complete enough to be opened again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeyWindow {
    /// What the window shows: the key's own name as order number, unless it is a payment as well.
    pub order: Order,
    /// The window.
    pub window: Window,
    /// Until when it is waited for.
    pub open_until: Timestamp,
    /// Whether the gateway charges the order: then it is a payment with a row of its own.
    pub charges: bool,
}

impl KeyWindow {
    /// The key that it issues.
    #[must_use]
    pub const fn customer_uid(&self) -> Option<&CustomerUid> {
        self.order.customer_uid.as_ref()
    }
}
