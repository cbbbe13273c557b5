//! What a subscription is of: a price for each period, and how it changes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::periods::{Interval, Period};
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::Details;
use crate::text;

/// Longest name of a plan, in characters: it stands on the receipt unless the plan has another name for that.
const PLAN_ID_MAX: usize = 40;
/// Most notes of a subscription, and their lengths in characters.
const NOTES_MAX: usize = 20;
const NOTE_NAME_MAX: usize = 40;
const NOTE_MAX: usize = 500;

/// The storefront's own name for a plan. A customer has one live subscription of a plan at a time.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PlanId(String);

impl PlanId {
    /// Reads a plan's name.
    ///
    /// # Errors
    /// `id_invalid` unless 1 to 40 printable characters; `sensitive_data_in_field`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        text::line("id", text, PLAN_ID_MAX).map(Self)
    }

    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PlanId {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.0)
    }
}

/// What a period costs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// What the customer reads on the receipt.
    pub name: String,
    /// What is charged for each period.
    pub amount: Money,
    /// Fields that Iamport takes but does not need, the same for each period.
    #[serde(flatten)]
    pub details: Details,
}

/// A plan that begins with a period that has not begun.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NextPlan {
    /// Its name.
    pub id: PlanId,
    /// What its periods cost.
    pub price: Price,
    /// How long they are.
    pub interval: Interval,
    /// Whether it begins with the period of the next attempt already, once nothing of that is registered any more.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub with_next_attempt: bool,
}

/// What a change of the plan within a paid period comes to: the difference for the days that are left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proration {
    /// What the next charge is raised by, in minor units; lowered by, if negative. Fractions are the customer's.
    pub amount: i64,
    /// Days of the period that are left, today's included.
    pub days_left: i64,
    /// Days of the whole period.
    pub days: i64,
}

impl Proration {
    /// For a change from one amount to another, in minor units, on `today` within `period`.
    #[must_use]
    pub fn new(from: u64, to: u64, today: KstDay, period: &Period) -> Self {
        let days = period.starts.days_until(period.ends).max(1);
        let days_left = today.days_until(period.ends).clamp(0, days);
        let difference = (i128::from(to) - i128::from(from)) * i128::from(days_left);
        let amount = difference.div_euclid(i128::from(days));
        Self { amount: i64::try_from(amount).unwrap_or(0), days_left, days }
    }
}

/// Checks the storefront's notes on a subscription.
///
/// # Errors
/// `metadata_invalid` for too many or too long ones; `sensitive_data_in_field`.
pub fn checked_metadata(notes: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, Invalid> {
    if notes.len() > NOTES_MAX {
        return Err(Invalid::field("metadata", format!("at most {NOTES_MAX} entries")));
    }
    for (name, note) in &notes {
        let _: String = text::line("metadata", name, NOTE_NAME_MAX)?;
        if !note.is_empty() {
            let _: String = text::line("metadata", note, NOTE_MAX)?;
        }
    }
    Ok(notes)
}
