//! What a customer is asked to confirm in the PG's window: the parameters of `IMP.request_pay` that an order does not
//! have, in Iamport's own names, checked against what is known of the gateways.

mod options;

use serde::{Deserialize, Serialize};

pub use options::{CardDetail, CardDirect, Naver, NaverProduct, Options, Period, Product};
use options::{code, not_a_due, pg_code, vbank_due_at};

use crate::ids::CustomerUid;
use crate::invalid::Invalid;
use crate::money::{Currency, Money};
use crate::order::Order;
use crate::pg::{self, IssueAmount, IssueRule, IssueSupport, Support};
use crate::policy::Policy;
use crate::time::Timestamp;

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
            pay_method: code("pay_method", &self.pay_method, options::CODE_MAX)?,
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

/// Until when a window that is opened now is waited for.
#[must_use]
pub fn open_until(window: &Window, now: Timestamp, policy: &Policy) -> Timestamp {
    let closes = now.plus(policy.window_seconds);
    let due = window.options.vbank_due.as_deref().filter(|_| window.pay_method == "vbank");
    let deposit = due.and_then(vbank_due_at);
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
