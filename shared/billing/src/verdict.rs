//! What becomes of a request by the rules of its gateway: it is refused, or accepted with warnings. Nothing else decides that, at
//! whatever operation.

use crate::invalid::Invalid;
use crate::pg::{self, Facts, Operation, Rule, Support};

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
    /// No page of the storefront's is set for browsers that come back from the window: on a telephone most windows need one.
    ReturnPageMissing,
    /// This gateway issues keys by `IMP.loadUI('paypal-rt', …)` rather than `IMP.request_pay`.
    IssueByLoadUi,
    /// The request breaks a rule of the gateway that is not certain.
    GatewayRule(&'static Rule),
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
            Self::ReturnPageMissing => "return_page_missing",
            Self::IssueByLoadUi => "issue_by_load_ui",
            Self::GatewayRule(_) => "gateway_rule",
        }
    }

    /// What it means.
    #[must_use]
    pub fn detail(self) -> &'static str {
        match self {
            Self::PgUnlisted => {
                "This gateway (pg) is not on our list, so no rule of it is known. The request is passed on as it is; check it with the gateway."
            }
            Self::PayMethodUnlisted => {
                "This payment method (pay_method) is not on our list. The request is passed on as it is."
            }
            Self::BuyerTelMissing => "Some gateways refuse to open their window without buyer_tel.",
            Self::IssueMayCharge => "Whether this gateway charges the amount is not known; it is taken to.",
            Self::ReturnPageMissing => {
                "CHECKOUT_RETURN_URL is not set: a mobile browser has nowhere to come back to, and some windows do not open."
            }
            Self::IssueByLoadUi => {
                "Hand the object to IMP.loadUI('paypal-rt', request_pay) instead of IMP.request_pay."
            }
            Self::GatewayRule(rule) => pg::warning_text(rule),
        }
    }
}

/// What is said of a request.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Verdict {
    refusal: Option<Invalid>,
    warnings: Vec<Warning>,
}

impl Verdict {
    /// By the rules of a gateway, for what is asked of it. Of one that is not known nothing is said; one that is known and not listed may
    /// be newer than the list, as its payment method may.
    pub(crate) fn of(pg: Option<&str>, operation: Operation, pay_method: Option<&str>, facts: &Facts) -> Self {
        let Some(pg) = pg else { return Self::default() };
        let findings = pg::check(pg, operation, pay_method, facts);
        let unsure = findings.iter().filter(|finding| !finding.refuses());
        let warnings = unlisted(pg, pay_method).into_iter().chain(unsure.map(|it| Warning::GatewayRule(it.rule)));
        Self { warnings: warnings.collect(), refusal: pg::refused(&findings).err() }
    }

    /// Of a key that this gateway is to issue, by what could be done with it: one that can certainly not be charged is of no use, so nobody
    /// is sent to make it (`pg`).
    pub(crate) fn of_use(pg: &str) -> Self {
        Self::never(pg, Operation::Charge, "pg")
    }

    /// Of a key that schedules are to move to (`replaced_by`): where certainly nothing is scheduled they would come to nothing.
    pub(crate) fn of_successor(pg: Option<&str>) -> Self {
        pg.map_or_else(Self::default, |pg| Self::never(pg, Operation::Schedule, "replaced_by"))
    }

    /// What is said of a gateway's keys, whatever the order. One of these operations is needed.
    fn never(pg: &str, needed: Operation, field: &str) -> Self {
        let (never, others): (Vec<_>, Vec<_>) =
            pg::use_of_keys(pg).into_iter().partition(|it| it.refuses() && it.rule.operation == needed);
        let refusal = never.first().map(|it| Invalid::new(field, "gateway_rule", it.refusal().detail));
        Self { warnings: others.into_iter().map(|it| Warning::GatewayRule(it.rule)).collect(), refusal }
    }

    /// Both: refused if either is, by the first; warned of all, of each once.
    pub(crate) fn and(mut self, other: Self) -> Self {
        self.refusal = self.refusal.or(other.refusal);
        for warning in other.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
        self
    }

    /// With those warnings alone.
    pub(crate) fn only(mut self, said: impl Fn(&Warning) -> bool) -> Self {
        self.warnings.retain(said);
        self
    }

    /// The field for which it is refused.
    pub(crate) fn refused_field(&self) -> Option<&str> {
        self.refusal.as_ref().map(|refusal| refusal.field.as_str())
    }

    /// For what is asked for: it is refused, or promised with these warnings.
    ///
    /// # Errors
    /// `gateway_rule`.
    pub(crate) fn accepted(self) -> Result<Vec<Warning>, Invalid> {
        match self.refusal {
            Some(refusal) => Err(refusal),
            None => Ok(self.warnings),
        }
    }

    /// For what stands: it was promised before, and a rule that would refuse it was learnt of since.
    pub(crate) fn warnings(self) -> Vec<Warning> {
        self.warnings
    }
}

/// What of a gateway and a method is on no list, and may be newer.
fn unlisted(pg: &str, pay_method: Option<&str>) -> Option<Warning> {
    if !pg::is_pg(pg) {
        return Some(Warning::PgUnlisted);
    }
    let pay_method = pay_method?;
    // One that is listed is warned of by the rule that has it not.
    let is_new = pg::support(pg, pay_method) == Support::UnlistedMethod && !pg::is_pay_method(pay_method);
    is_new.then_some(Warning::PayMethodUnlisted)
}
