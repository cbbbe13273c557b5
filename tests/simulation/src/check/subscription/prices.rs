//! What a change of the plan may make of the next charge.

use std::collections::{BTreeMap, BTreeSet};

use billing::subscription::{PlanId, Subscription};

use super::History;
use super::periods::day_of;

/// What a period costs under a row's plan, by how many of its periods went before: the first ones may cost less.
pub(super) fn costs(row: &Subscription, period: u32) -> u64 {
    let intro = row.price.intro.as_deref().filter(|intro| period < row.plan_since + intro.periods);
    intro.map_or(row.price.amount.minor, |intro| intro.amount)
}

/// An introduction that a plan offers: which plan, at how much, for how many periods.
type Offered = (PlanId, u64, u32);

/// How its customer was introduced to plans.
#[derive(Debug, Default)]
pub(super) struct Introductions {
    /// Plans, and the periods with which they began.
    began: BTreeSet<(PlanId, u32)>,
    /// Introductions of which a period was had, and the periods from which they are counted.
    had: BTreeMap<Offered, u32>,
}

impl Introductions {
    /// A row's plan is known.
    pub(super) fn knows(&mut self, row: &Subscription) {
        self.began.insert((row.plan_id.clone(), row.plan_since));
    }

    /// A write may say that another period was had at an introductory price: it is paid and over, or its plan has begun within it.
    pub(super) fn follow(&mut self, before: &Subscription, after: &Subscription) {
        let paid = after.closed_periods.get(before.closed_periods.len()).is_some_and(|closed| closed.paid.is_some());
        if paid {
            self.had_in(before, before.attempt.period);
        }
        let within = before.running != after.running && before.closed_periods.len() == after.closed_periods.len();
        if let Some(runs) = after.attempt.period.checked_sub(1).filter(|_| within) {
            self.had_in(after, runs);
        }
    }

    fn had_in(&mut self, row: &Subscription, period: u32) {
        if let Some(offered) = offered(row)
            && row.plan_since <= period
            && period < row.plan_since + offered.2
        {
            self.had.entry(offered).or_insert(row.plan_since);
        }
    }

    /// Whether somebody is introduced to a plan that is theirs already, or was before, or to another at a time that is not its beginning.
    pub(super) fn wrong(&self, before: &Subscription, after: &Subscription) -> Option<String> {
        let same = (&before.plan_id, &before.price) == (&after.plan_id, &after.price);
        let period = after.attempt.period;
        let is_new = !same && (after.plan_since == period || after.plan_since + 1 == period);
        let is_known = self.began.contains(&(after.plan_id.clone(), after.plan_since));
        let earlier = same && after.plan_since < before.plan_since && after.plan_since + 1 == period;
        let had = offered(after).and_then(|offered| self.had.get(&offered)).filter(|_| !same);
        // Nobody has agreed to what comes after: the old price holds, and the introduction lasts one period longer.
        let unanswered = before.asked.is_some() && after.asked.is_none();
        let longer = same && unanswered && after.plan_since == before.plan_since + 1;
        let right = match had {
            Some(since) => after.plan_since == *since || (unanswered && is_known),
            None if same => after.plan_since == before.plan_since || earlier || longer,
            None => is_new || is_known,
        };
        (!right).then(|| {
            format!(
                "the plan of period {period} began with {} before, and now with {}; had {had:?}",
                before.plan_since, after.plan_since
            )
        })
    }
}

fn offered(row: &Subscription) -> Option<Offered> {
    row.price.intro.as_deref().map(|intro| (row.plan_id.clone(), intro.amount, intro.periods))
}

/// Whether exactly what was to lower the next charge is recorded to go back, because none is to come.
pub(super) fn gave_credit(before: &Subscription, after: &Subscription) -> bool {
    let given = after.credits.iter().skip(before.credits.len()).map(|credit| credit.amount).sum::<u64>();
    let settled = after.adjustment.checked_sub(before.adjustment).and_then(|it| u64::try_from(it).ok());
    // With nothing left of any payment nothing can go back.
    settled.is_some_and(|settled| given == settled || (given == 0 && after.credits.len() > before.credits.len()))
}

/// Whether a dearer plan has begun, which took along what was to lower the next charge.
pub(super) fn began_dearer(before: &Subscription, after: &Subscription) -> bool {
    let Some(upgrade) = before.upgrade.as_ref().filter(|_| after.upgrade.is_none()) else { return false };
    let kept = after.differences.iter().any(|it| it.attempt == upgrade.attempt && it.kept);
    kept && after.price == upgrade.plan.price && before.adjustment == upgrade.credit && after.adjustment == 0
}

/// Whether an adjustment is the difference of the prices for the days that are left of the period that runs.
pub(super) fn is_prorated(history: Option<&History>, before: &Subscription, after: &Subscription) -> bool {
    let (Some(history), Some(period)) = (history, after.attempt.period.checked_sub(1)) else { return false };
    let (starts, ends) = (history.expected.starts(period), history.expected.starts(period + 1));
    // A period that was paid before it began is left as a whole.
    let left = (ends - day_of(after.updated_at.0)).min(ends - starts);
    // From what the running period costs, which may be less than what the next one was to.
    let running = before.running.map_or(before.price.amount.minor, |running| running.minor);
    let difference = i128::from(costs(after, period)) - i128::from(running);
    // To the customer's favour.
    let stated = (difference * i128::from(left)).div_euclid(i128::from(ends - starts));
    i128::from(after.adjustment) - i128::from(before.adjustment) == stated
}
