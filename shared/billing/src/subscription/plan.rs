//! What a subscription is of: a price for each period, and how it changes.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};

use super::Subscription;
use super::intro::{Intro, RunningIntro};
use super::periods::{Interval, Period};
use crate::day::KstDay;
use crate::invalid::Invalid;
use crate::money::Money;
use crate::order::Details;
use crate::text;
use crate::time::Timestamp;

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
    /// Fields that Iamport takes but does not need, the same for each period. None is a day: see the next one.
    #[serde(flatten)]
    pub details: Details,
    /// Whether each payment names the last day of its period as the one on which the service is used up (`extra.naverUseCfm`).
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub naver_use_by_period: bool,
    /// What the first periods cost, if that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<Box<Intro>>,
}

impl Price {
    /// What a plan names in place of a day.
    const BY_PERIOD: &str = "period_end";

    /// A price as a plan states it: one day cannot be that of every period.
    ///
    /// # Errors
    /// `extra_invalid` for a day.
    pub fn new(name: String, amount: Money, details: Details) -> Result<Self, Invalid> {
        let naver_use_by_period = match details.naver_use_cfm.as_deref() {
            None => false,
            Some(Self::BY_PERIOD) => true,
            Some(_) => {
                let detail = "`period_end` in a plan: each payment names the last day of its own period";
                return Err(Invalid::new("extra.naverUseCfm", "extra_invalid", detail));
            }
        };
        Ok(Self { name, amount, details: Details { naver_use_cfm: None, ..details }, naver_use_by_period, intro: None })
    }
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

/// The plan before the one of the next attempt, which nobody has paid for yet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OldPlan {
    /// Its name.
    pub id: PlanId,
    /// What it costs.
    pub price: Price,
    /// The period with which it began.
    pub since: u32,
}

/// The plan of a period that was paid, or of the trial: what its customer has now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunningPlan {
    /// Its name.
    pub id: PlanId,
    /// What the customer reads on the receipt.
    pub name: String,
    /// What a whole period of it costs.
    pub amount: Money,
    /// What its first periods cost, if that is less.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub intro: Option<Box<RunningIntro>>,
}

impl RunningPlan {
    fn of(id: &PlanId, price: &Price, since: u32) -> Self {
        let intro = price.intro.as_deref().map(|intro| Box::new(RunningIntro { intro: *intro, since }));
        Self { id: id.clone(), name: price.name.clone(), amount: price.amount, intro }
    }
}

/// What its customer has now, and what comes after it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plans {
    /// The plan that runs, and how long its periods are.
    pub running: (RunningPlan, Option<Interval>),
    /// The plan that takes its place, if one does, and when that begins, if anything is charged.
    pub next: Option<(RunningPlan, Option<Interval>, Option<Timestamp>)>,
}

impl Subscription {
    fn plan_of_next(&self) -> RunningPlan {
        RunningPlan::of(&self.plan_id, &self.price, self.plan_since)
    }

    /// The period of the next attempt is of this plan; the one that runs keeps its own until then.
    pub(crate) fn turn_to(&mut self, plan: NextPlan, now: Timestamp) {
        let runs = self.is_before_next(now).then(|| self.running_plan.take().unwrap_or_else(|| self.plan_of_next()));
        self.follow_with(plan, runs, self.attempt.period);
    }

    /// A period of the present plan is paid, or over, and those from this one on are of another.
    pub(super) fn turn_after(&mut self, plan: NextPlan, first: u32) {
        let runs = self.plan_of_next();
        self.follow_with(plan, Some(runs), first);
    }

    /// The next attempt is of this plan. The one that runs until then is remembered while it is another.
    fn follow_with(&mut self, plan: NextPlan, runs: Option<RunningPlan>, first: u32) {
        let since = self.since_of(&plan, first);
        let same = |id: &PlanId, price: &Price| *id == plan.id && *price == plan.price;
        if !same(&self.plan_id, &self.price) {
            let old = OldPlan { id: self.plan_id.clone(), price: self.price.clone(), since: self.plan_since };
            self.old_plan.get_or_insert(Box::new(old));
        }
        self.old_plan.take_if(|old| same(&old.id, &old.price));
        (self.offer, self.asked) = (None, None);
        (self.plan_id, self.price, self.plan_since) = (plan.id, plan.price, since);
        self.running_plan = runs.filter(|runs| *runs != self.plan_of_next());
    }

    /// Whether what its customer has now was paid or given before the period of the next attempt begins.
    fn is_before_next(&self, now: Timestamp) -> bool {
        let has_begun = self.attempt.period > 0 || self.trial_until.is_some();
        has_begun && self.calendar.period(self.attempt.period).is_none_or(|next| now < next.starts.start())
    }

    /// What its customer has now, and what comes after it: another plan is the running one from the day on which the
    /// first period of it begins.
    #[must_use]
    pub fn plans(&self, now: Timestamp) -> Plans {
        let charges = self.charges();
        let before = self.is_before_next(now);
        let number = if before { self.attempt.period.saturating_sub(1) } else { self.attempt.period };
        // What has ended, or stands still, goes on to no other plan.
        let runs = self.running_plan.clone().filter(|_| before || !charges);
        let starts = |number: u32| self.calendar.period(number).map(|it| it.starts.start()).filter(|_| charges);
        let next = match &self.next_plan {
            Some(plan) => {
                let first = self.first_of(plan);
                let shown = RunningPlan::of(&plan.id, &plan.price, self.since_of(plan, first));
                Some((shown, Some(plan.interval), starts(first)))
            }
            None if runs.is_some() => {
                let interval = self.calendar.interval_of(self.attempt.period);
                Some((self.plan_of_next(), interval, starts(self.attempt.period)))
            }
            None => None,
        };
        let running = (runs.unwrap_or_else(|| self.plan_of_next()), self.calendar.interval_of(number));
        Plans { running, next: next.filter(|_| self.is_live() && self.ending.is_none()) }
    }

    /// Whether it is of a plan, now or later: a customer has one live subscription of each.
    #[must_use]
    pub fn is_of_plan(&self, plan: &PlanId, now: Timestamp) -> bool {
        let runs = self.running_plan.as_ref().filter(|_| self.is_before_next(now) || !self.charges());
        let waits = self.upgrade.as_ref().map(|upgrade| &upgrade.plan);
        // What it may become by a consent, or for want of one.
        let offered = self.offer.as_ref().map(|offer| &offer.plan);
        let goes_back = !self.without_consent.is_end();
        let old = self.old_plan.as_ref().filter(|_| goes_back).is_some_and(|old| old.id == *plan);
        let planned = self.next_plan.iter().chain(waits).chain(offered).any(|next| next.id == *plan);
        self.plan_id == *plan || planned || old || runs.is_some_and(|runs| runs.id == *plan)
    }
}

/// What a change of the plan within a paid period comes to: the difference for the days that are left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proration {
    /// The difference in minor units: charged at once, or taken off the next charge if negative. Fractions are the
    /// customer's.
    pub amount: i64,
    /// What of it is charged at once: all of it, but for what the next charge was to be lowered by already.
    pub charged: u64,
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
        Self { amount: i64::try_from(amount).unwrap_or(0), charged: 0, days_left, days }
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
