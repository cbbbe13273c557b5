//! Introductory prices: a plan's first periods cost less. They are counted by the calendar from the period with which the plan
//! begins, so that everybody knows the day on which they end.

use serde::{Deserialize, Serialize};

/// What a plan's first periods cost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intro {
    /// What is charged for each of them, in minor units of the plan's currency.
    pub amount: u64,
    /// How many they are.
    pub periods: u32,
    /// How much of it is free of tax; the same share as of the plan's price, if not said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_free: Option<u64>,
    /// How much of it is value added tax; likewise.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_amount: Option<u64>,
}

/// The introductory price of a plan that runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningIntro {
    /// The price.
    #[serde(flatten)]
    pub intro: Intro,
    /// The period with which the plan began.
    pub since: u32,
}

impl RunningIntro {
    /// The first period at the plan's whole price.
    #[must_use]
    pub const fn ends_with(&self) -> u32 {
        self.since.saturating_add(self.intro.periods)
    }
}
