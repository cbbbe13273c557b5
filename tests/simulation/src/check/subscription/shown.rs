//! What whoever reads a subscription is shown: its state has a deadline, and its plan is that of the period that runs.

use billing::Timestamp;
use billing::subscription::{Subscription, SubscriptionState};

use super::periods::{day_of, midnight};
use super::{CLOCKS, History};

/// I9, of whoever reads: it does not say "active" on the day after the one on which its access ended without a charge. Whoever
/// was resumed since has the day on which that was.
pub(super) fn said_active(row: &Subscription, now: i64) -> Option<String> {
    let until = row.access_until?.0.max(midnight(day_of(row.attempt_at.0)));
    let over = until.max(row.created_at.0) + 2 * 86_400 <= now;
    let says = row.state_at(Timestamp(now)) == SubscriptionState::Active;
    (says && over && row.ending.is_none()).then(|| format!("said active at {now}, and its access had ended at {until}"))
}

/// R8, of whoever reads: while a period runs that was paid, the plan that is shown is its own. Only who asks for that changes it
/// within.
pub(super) fn shown_ahead(history: &History, before: &Subscription, after: &Subscription, now: i64) -> Option<String> {
    let runs = |row: &Subscription| row.access_until.is_some_and(|until| now + CLOCKS < until.0);
    let (was, is) = (before.plans(Timestamp(now)).running.0, after.plans(Timestamp(now)).running.0);
    let same_period = before.attempt.period == after.attempt.period;
    // With its last period paid ahead, by somebody's hand at the PSP, it is over, or ends with it, and shows the plan that it
    // ends with.
    let ends = after.state == SubscriptionState::Completed
        || (after.ending.is_some() && after.access_until > before.access_until);
    let asked = history.plans_now.contains(&is.id) || ends;
    (same_period && runs(before) && runs(after) && is != was && !asked)
        .then(|| format!("{} of {} was shown, and within its period {} of {}", was.id, was.amount, is.id, is.amount))
}
