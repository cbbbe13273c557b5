//! What a change of the plan may make of the next charge.

use billing::subscription::Subscription;

use super::History;
use super::periods::day_of;

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
    let difference = i128::from(after.price.amount.minor) - i128::from(running);
    // To the customer's favour.
    let stated = (difference * i128::from(left)).div_euclid(i128::from(ends - starts));
    i128::from(after.adjustment) - i128::from(before.adjustment) == stated
}
