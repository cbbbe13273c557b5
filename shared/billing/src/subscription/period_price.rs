//! What one period of a plan costs: its introductory price, or its whole one.

use serde::{Deserialize, Serialize};

use super::Subscription;
use super::intro::{Intro, RunningIntro};
use super::plan::{NextPlan, PlanId, Price};
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::{Details, Order, share};

/// Most periods at an introductory price.
const PERIODS_MAX: u32 = 120;

/// Plans of which a subscription remembers that its customer was introduced to them, so that a row stays small.
const INTRODUCED_KEPT: usize = 20;

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

/// A plan that its customer was introduced to by a subscription, at least for one period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Introduced {
    /// Which plan.
    pub plan_id: PlanId,
    /// The introductory price, and the period from which it is counted.
    #[serde(flatten)]
    pub intro: RunningIntro,
}

impl Introduced {
    /// Whether it is what a plan offers at this price. Another introduction to the same plan is another offer.
    #[must_use]
    pub fn is_to(&self, plan_id: &PlanId, price: &Price) -> bool {
        let terms = |intro: &Intro| (intro.amount, intro.periods);
        self.plan_id == *plan_id && price.intro.as_deref().map(terms) == Some(terms(&self.intro.intro))
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

    /// What the first period costs.
    #[must_use]
    pub fn first_amount(&self) -> Money {
        self.of_period(0).amount
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
    /// The period from which a plan's are counted that is to begin with `first`. One that runs already goes on, and nobody is
    /// introduced to a plan twice, however often they leave it and come back.
    pub(super) fn since_of(&self, plan: &NextPlan, first: u32) -> u32 {
        let runs = self.plan_id == plan.id && self.price == plan.price && self.plan_since <= first;
        let before =
            self.introduced.iter().find(|it| it.is_to(&plan.id, &plan.price)).map(|it| it.intro.since.min(first));
        if runs { self.plan_since } else { before.unwrap_or(first) }
    }

    /// What a plan's period costs with which it begins: its customer may have been introduced to it before.
    pub(super) fn first_period_of(&self, plan: &NextPlan, first: u32) -> PeriodPrice {
        plan.price.of_period(first.saturating_sub(self.since_of(plan, first)))
    }

    /// As [`Self::first_period_of()`], the amount alone.
    #[must_use]
    pub(crate) fn first_price_of(&self, plan: &NextPlan, first: u32) -> Money {
        self.first_period_of(plan, first).amount
    }

    /// Remembers that a period was had at the introductory price of the plan of the next attempt.
    pub(super) fn remember_intro(&mut self, period: u32) {
        let Some(intro) = self.price.intro.as_deref().copied() else { return };
        let known = self.introduced.iter().any(|it| it.is_to(&self.plan_id, &self.price));
        if !known && self.price.of_period(period.saturating_sub(self.plan_since)).is_intro {
            let intro = RunningIntro { intro, since: self.plan_since };
            self.introduced.insert(0, Introduced { plan_id: self.plan_id.clone(), intro });
            self.introduced.truncate(INTRODUCED_KEPT);
        }
    }

    /// The row as if its next attempt were the first of a plan at this price.
    pub(crate) fn at_price(&self, price: &Price) -> Self {
        Self { price: price.clone(), plan_since: self.attempt.period, ..self.clone() }
    }
}
