//! What a customer is asked to confirm in the PG's window: the parameters of `IMP.request_pay` that an order does not
//! have, in Iamport's own names, checked against what is known of the gateways.

mod options;

use serde::{Deserialize, Serialize};

pub use options::{CardDetail, CardDirect, Naver, NaverProduct, Options, Period, Product};
use options::{code, not_a_due, pg_code, vbank_due_at};

use crate::invalid::Invalid;
use crate::money::{Currency, Money};
use crate::order::{Order, check_amount};
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

/// What a gateway makes of a window that issues a billing key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Issue {
    /// Whether it charges the amount.
    pub charges: bool,
    /// What the window shows: the amount, or the least that it can show.
    pub shown: Money,
    /// What may still not be what the gateway wants.
    pub warnings: Vec<Warning>,
}

impl Window {
    /// An order and its window in their normal form, checked by Iamport's rules alone: what the same request is
    /// recognised by, whatever the merchant has decided and the lists have learnt meanwhile.
    ///
    /// # Errors
    /// The first field that breaks a rule.
    pub fn normal_form(self, order: Order) -> Result<(Order, Self), Invalid> {
        let order = order.normal()?;
        let window = self.normal(order.amount)?;
        Ok((order, window))
    }

    /// Checks an order that is to be paid in this window, against the merchant's decisions and the lists.
    ///
    /// # Errors
    /// `pay_method_unsupported` where the lists rule gateway and method out, and those of the merchant's limits.
    pub fn check(&self, order: &Order, policy: &Policy) -> Result<Vec<Warning>, Invalid> {
        check_amount(order.amount, policy)?;
        let mut warnings = Vec::new();
        let pg = self.pg_at(policy)?;
        match pg.map(|pg| pg::support(pg, &self.pay_method)) {
            None | Some(Support::Listed) => {}
            Some(Support::UnlistedPg) => warnings.push(Warning::PgUnlisted),
            Some(Support::UnlistedMethod) => warnings.push(Warning::PayMethodUnlisted),
            Some(Support::RuledOut) => return Err(unsupported("a payment method that this gateway takes")),
        }
        check_for_pg(pg, order)?;
        if order.details.buyer_tel.is_none() {
            warnings.push(Warning::BuyerTelMissing);
        }
        Ok(warnings)
    }

    /// Checks an order that issues a billing key in this window. Zero is no payment, and no amount to be checked.
    ///
    /// # Errors
    /// As [`Self::check`]; `amount_invalid` where the gateway cannot issue a key with this amount.
    pub fn check_issue(&self, order: &Order, customer_id_length: usize, policy: &Policy) -> Result<Issue, Invalid> {
        let Money { minor: amount, currency } = order.amount;
        check_amount(Money::new(amount.max(1), currency), policy)?;
        let pg = self.pg_at(policy)?;
        check_for_pg(pg, order)?;
        let mut issue = Issue { charges: amount > 0, shown: order.amount, warnings: Vec::new() };
        match pg.map_or(IssueSupport::Unlisted, |pg| pg::issue_support(pg, &self.pay_method)) {
            IssueSupport::RuledOut => return Err(unsupported("a payment method that this gateway issues keys for")),
            IssueSupport::Unlisted => {
                issue.warnings.extend(pg.map(|_| Warning::PgUnlisted));
                issue.warnings.extend((amount > 0).then_some(Warning::IssueMayCharge));
            }
            IssueSupport::Rule(rule) => {
                check_customer_id(&rule, customer_id_length)?;
                issue.warnings.extend((rule.pg == "paypal_v2").then_some(Warning::IssueByLoadUi));
                issue.charges = issue_charges(&rule, amount)?;
                issue.shown = Money::new(amount.max(rule.shown_min), currency);
            }
        }
        issue.warnings.extend(order.details.buyer_tel.is_none().then_some(Warning::BuyerTelMissing));
        Ok(issue)
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
