//! What a customer is asked to confirm in the PG's window: the parameters of `IMP.request_pay` that an order does not
//! have, in Iamport's own names, checked against what is known of the gateways.

mod account;
mod options;
mod passed;

use serde::{Deserialize, Serialize};

pub use account::AccountOrder;
pub(crate) use account::METHOD as ACCOUNT;
pub(crate) use options::pg_code;
pub use options::{CardDetail, CardDirect, Naver, NaverProduct, Options, Period, Product};
use options::{code, not_a_due, vbank_due_at};
pub use passed::Passed;

use crate::ids::CustomerId;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{Order, check_amount};
use crate::pg::{self, Demand, Facts, Field, IssueAmount, IssueSupport, Operation};
use crate::policy::Policy;
use crate::time::Timestamp;
use crate::verdict::Verdict;
pub use crate::verdict::Warning;

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

    /// Checks an order that is to be paid in this window now, against the merchant's decisions and the gateway's rules.
    ///
    /// # Errors
    /// `gateway_rule` for what the gateway certainly refuses, and those of the merchant's limits.
    pub fn check(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Vec<Warning>, Invalid> {
        check_amount(order.amount, policy)?;
        let mut warnings = self.verdict(order, customer_id, now, policy)?.accepted()?;
        warnings.extend(unset(order, policy));
        Ok(warnings)
    }

    /// What is said of an order that was recorded `then`, to a repeat: the same as at first, whatever is refused by now.
    #[must_use]
    pub fn warnings(&self, order: &Order, customer_id: &CustomerId, then: Timestamp, policy: &Policy) -> Vec<Warning> {
        let verdict = self.verdict(order, customer_id, then, policy).unwrap_or_default();
        verdict.warnings().into_iter().chain(unset(order, policy)).collect()
    }

    fn verdict(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        at: Timestamp,
        policy: &Policy,
    ) -> Result<Verdict, Invalid> {
        let Some(pg) = self.pg_at(policy)? else { return Ok(Verdict::default()) };
        let told = self.tells_customer(order, Some(pg)).then_some(customer_id);
        Ok(self.held_against(pg, Operation::Window, &self.facts(order, told, at, policy)))
    }

    /// Checks an order that issues a billing key in this window. Zero is no payment, and no amount to be checked.
    ///
    /// # Errors
    /// As [`Self::check`].
    pub fn check_issue(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        now: Timestamp,
        policy: &Policy,
    ) -> Result<Issue, Invalid> {
        let Money { minor: amount, currency } = order.amount;
        check_amount(Money::new(amount.max(1), currency), policy)?;
        let (mut issue, verdict) = self.issue(order, customer_id, now, policy)?;
        issue.warnings.extend(verdict.accepted()?);
        issue.warnings.extend(unset(order, policy));
        Ok(issue)
    }

    /// As [`Self::warnings`], of an order that issues a billing key.
    #[must_use]
    pub fn issue_warnings(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        then: Timestamp,
        policy: &Policy,
    ) -> Vec<Warning> {
        let issue = self.issue(order, customer_id, then, policy).map(|(issue, verdict)| (issue.warnings, verdict));
        let (warnings, verdict) = issue.unwrap_or_default();
        warnings.into_iter().chain(verdict.warnings()).chain(unset(order, policy)).collect()
    }

    fn issue(
        &self,
        order: &Order,
        customer_id: &CustomerId,
        at: Timestamp,
        policy: &Policy,
    ) -> Result<(Issue, Verdict), Invalid> {
        let Money { minor: amount, currency } = order.amount;
        let pg = self.pg_at(policy)?;
        let mut issue = Issue { charges: amount > 0, shown: order.amount, warnings: Vec::new() };
        match pg.map_or(IssueSupport::Unlisted, |pg| pg::issue_support(pg, &self.pay_method)) {
            IssueSupport::Known(means, shown_min) => {
                issue.charges = amount > 0 && means != IssueAmount::ShownOnly;
                issue.shown = Money::new(amount.max(shown_min), currency);
            }
            IssueSupport::Unlisted => issue.warnings.extend((amount > 0).then_some(Warning::IssueMayCharge)),
            // It is refused by the rule that says so.
            IssueSupport::RuledOut => {}
        }
        let Some(pg) = pg else { return Ok((issue, Verdict::default())) };
        let mut facts = self.facts(order, Some(customer_id), at, policy);
        if let Some(uid) = order.customer_uid.as_ref().filter(|_| !issue.charges) {
            // Nothing is paid, so the key's own name is sent as the order's.
            facts = facts.with(Field::MerchantUid, Some(uid.to_string()));
        }
        issue.warnings.extend((pg == "paypal_v2").then_some(Warning::IssueByLoadUi));
        let (of_window, of_key) = (self.held_against(pg, Operation::KeyWindow, &facts), Verdict::of_use(pg));
        let verdict = match of_window.refused_field() {
            None | Some("pg") => of_window.and(of_key),
            // Nobody is asked for more, for a key that is of no use.
            Some(_) => of_key.and(of_window),
        };
        Ok((issue, verdict))
    }

    fn held_against(&self, pg: &str, operation: Operation, facts: &Facts) -> Verdict {
        // Of these a warning of its own is given, at whatever gateway.
        let own = [Field::BuyerTel, Field::RedirectUrl].map(Demand::Required);
        let verdict = Verdict::of(Some(pg), operation, Some(&self.pay_method), facts);
        verdict.only(|it| !matches!(it, Warning::GatewayRule(rule) if own.contains(&rule.demand)))
    }

    /// Whether the gateway is told whose the window is: where it issues a billing key, and where it asks.
    #[must_use]
    pub fn tells_customer(&self, order: &Order, pg: Option<&str>) -> bool {
        let asks = |pg| pg::asks_for(pg, Operation::Window, Some(&self.pay_method), Field::CustomerId);
        order.customer_uid.is_some() || pg.is_some_and(asks)
    }

    /// What the rules speak of: the order, whose it is, and what the window is opened with.
    fn facts(&self, order: &Order, told: Option<&CustomerId>, now: Timestamp, policy: &Policy) -> Facts {
        let options = &self.options;
        let said = |said: bool| said.then(|| "true".to_owned());
        let direct = options.card_direct.as_ref();
        let facts = Facts::of(order, now)
            .with(Field::CustomerId, told.map(ToString::to_string))
            .with(Field::Escrow, options.escrow.and_then(said))
            .with(Field::Digital, options.digital.map(|digital| digital.to_string()))
            .with(Field::VbankDue, options.vbank_due.clone())
            .with(Field::BizNum, options.biz_num.clone())
            .with(Field::CardCode, direct.map(|direct| direct.code.clone()))
            .with(Field::CardMonths, direct.and_then(|direct| direct.quota).map(|months| months.to_string()))
            .with(Field::NaverProducts, said(!options.naver.products.is_empty()))
            .with(Field::NaverProductCode, options.naver.product_code.clone())
            .with(Field::NaverProductCount, options.naver.product_count.map(|count| count.to_string()));
        let period = options.period.clone().unwrap_or_default();
        let facts = facts
            .with(Field::NaverUseCfm, options.naver.use_cfm.clone())
            .with(Field::NaverPopupMode, options.naver.popup_mode.map(|popup| popup.to_string()))
            .with(Field::PeriodFrom, period.from)
            .with(Field::PeriodTo, period.to)
            .with(Field::PeriodInterval, period.interval)
            .with(Field::RedirectUrl, said(policy.return_page))
            .with(Field::ConfirmUrl, said(policy.confirms));
        Field::ALL.into_iter().fold(facts, |facts, field| facts.with(field, options.passed.said(field.name())))
    }

    /// Code of the gateway that the window is opened at, as far as it is known.
    fn pg_at<'a>(&'a self, policy: &'a Policy) -> Result<Option<&'a str>, Invalid> {
        if self.pg.as_ref().is_some_and(|pg| !policy.pgs.is_empty() && !policy.pgs.contains(pg)) {
            return Err(Invalid::new("pg", "pg_not_configured", "a gateway that this merchant has set up"));
        }
        let pg = self.pg.as_deref().or(policy.default_pg.as_deref());
        // A gateway whose channels are each for some methods opens no window for another one.
        let methods = pg.and_then(|pg| policy.pg_methods.get(pg));
        if methods.is_some_and(|methods| !methods.contains(&self.pay_method)) {
            let detail = "a method that this merchant has a channel for at this gateway";
            return Err(Invalid::new("pay_method", "pay_method_not_configured", detail));
        }
        Ok(pg)
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

/// What windows need at one gateway or another, and this one has not.
fn unset(order: &Order, policy: &Policy) -> impl Iterator<Item = Warning> {
    let told = order.details.buyer_tel.is_none().then_some(Warning::BuyerTelMissing);
    told.into_iter().chain((!policy.return_page).then_some(Warning::ReturnPageMissing))
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
