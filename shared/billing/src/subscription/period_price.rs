//! What one period of a plan costs: its introductory price, or its whole one.

use super::Subscription;
use super::intro::Intro;
use super::plan::{NextPlan, Price};
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{Details, Order, share};

/// Most periods at an introductory price.
const PERIODS_MAX: u32 = 120;

/// What one period of a plan costs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct PeriodPrice {
    /// Whether that is its introductory price.
    pub(super) is_intro: bool,
    /// How much.
    pub(super) amount: Money,
    /// How much of that is free of tax, and value added tax.
    pub(super) tax_free: Option<u64>,
    pub(super) vat_amount: Option<u64>,
}

impl PeriodPrice {
    /// The fields that go along with it.
    pub(super) fn details(&self, price: &Price) -> Details {
        Details { tax_free: self.tax_free, vat_amount: self.vat_amount, ..price.details.clone() }
    }
}

impl Price {
    /// The same with an introductory price.
    ///
    /// # Errors
    /// `intro_invalid` for one that is no less than the price, or for no period or too many.
    pub fn with_intro(self, intro: Option<Intro>) -> Result<Self, Invalid> {
        let is_less = |intro: &Intro| (1..self.amount.minor).contains(&intro.amount);
        let lasts = |intro: &Intro| (1..=PERIODS_MAX).contains(&intro.periods);
        if intro.as_ref().is_some_and(|intro| !is_less(intro) || !lasts(intro)) {
            let detail = format!("less than the plan's amount, for 1 to {PERIODS_MAX} periods");
            return Err(Invalid::field("intro", detail));
        }
        Ok(Self { intro: intro.map(Box::new), ..self })
    }

    /// What the plan's period with this number costs, counted from the one with which it begins.
    pub(super) fn of_period(&self, number: u32) -> PeriodPrice {
        let intro = self.intro.as_deref().filter(|intro| number < intro.periods);
        let Some(intro) = intro else {
            let Details { tax_free, vat_amount, .. } = &self.details;
            return PeriodPrice { is_intro: false, amount: self.amount, tax_free: *tax_free, vat_amount: *vat_amount };
        };
        let shared = |of: Option<u64>| of.map(|of| share(of, intro.amount, self.amount.minor));
        PeriodPrice {
            is_intro: true,
            amount: Money { minor: intro.amount, ..self.amount },
            tax_free: intro.tax_free.or_else(|| shared(self.details.tax_free)),
            vat_amount: intro.vat_amount.or_else(|| shared(self.details.vat_amount)),
        }
    }

    /// An order of this price as it is while the introduction lasts.
    pub(crate) fn introductory(&self, order: Order) -> Order {
        let first = self.of_period(0);
        Order { amount: first.amount, details: first.details(self), ..order }
    }

    /// The price as it is without an introduction, or with it: what has to be taken at some time.
    #[must_use]
    pub fn without_intro(&self) -> Self {
        Self { intro: None, ..self.clone() }
    }
}

impl Subscription {
    /// Which of a plan's periods this one would be, if the plan began with `first` where it does not run already.
    pub(super) fn number_within(&self, plan: &NextPlan, period: u32, first: u32) -> u32 {
        let runs = self.plan_id == plan.id && self.price == plan.price && self.plan_since <= period;
        period.saturating_sub(if runs { self.plan_since } else { first })
    }

    /// The row as if its next attempt were the first of a plan at this price.
    pub(crate) fn at_price(&self, price: &Price) -> Self {
        Self { price: price.clone(), plan_since: self.attempt.period, ..self.clone() }
    }
}
