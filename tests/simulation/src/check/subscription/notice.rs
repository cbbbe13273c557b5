//! That a customer is told of a charge before it is made, once, and in time: I40, reckoned here from what the storefront was promised.

use billing::Timestamp;
use billing::subscription::Subscription;

const DAY: i64 = 86_400;

/// When its customer is told of the next charge, if they are: so many days before, and before a trial is over.
pub(crate) fn told_at(row: &Subscription) -> Timestamp {
    let ends_trial = row.attempt.period == 0 && row.trial_until.is_some();
    row.attempt_at.plus(-(i64::from(row.notice_days.days()) + i64::from(ends_trial)) * DAY)
}

fn waits_for_plan(row: &Subscription) -> bool {
    row.next_plan.as_ref().is_some_and(|plan| plan.with_next_attempt)
}

/// From when on its customer is to be told of the next charge, if they are: of the one that ends a trial, a day earlier, and of
/// renewals, unless the period before is no longer than the notice. Not of what they are still asked about, or of a plan that has yet to
/// begin.
fn due_from(row: &Subscription) -> Option<i64> {
    let period = row.attempt.period;
    let days = i64::from(row.notice_days.days());
    let first_try = row.declines == 0 && row.asked.is_none() && !waits_for_plan(row);
    let goes_on = matches!(row.state.name(), "active" | "past_due") && row.ending.is_none();
    let after_trial = period == 0 && row.trial_until.is_some();
    let before = period.checked_sub(1).and_then(|before| row.calendar.period(before));
    let long = before.is_some_and(|before| before.starts.start().0 + days * DAY < before.ends.start().0);
    (days > 0 && first_try && goes_on && (after_trial || long)).then_some(told_at(row).0)
}

/// What is wrong with what a write says of a notice.
pub(super) fn noticed_wrongly(asks: bool, before: &Subscription, after: &Subscription) -> Option<String> {
    let now = after.updated_at.0;
    let unagreed = asks && after.ask_of_next(after.updated_at).is_some_and(|ask| !ask.given);
    let from = due_from(after).filter(|_| !unagreed);
    let told = after.last_notice.filter(|notice| notice.period == after.attempt.period);
    if after.last_notice != before.last_notice {
        let Some(notice) = after.last_notice else { return Some("a notice is forgotten".to_owned()) };
        if before.last_notice.is_some_and(|earlier| earlier.period >= notice.period) {
            return Some(format!("a second notice of period {}", notice.period));
        }
        if from.is_none_or(|from| now < from) || now >= notice.at.0 || notice.at != after.attempt_at {
            return Some(format!("at {now} a notice of a charge at {}, from {from:?} on", notice.at.0));
        }
        let after_trial = after.attempt.period == 0;
        if told.is_none() || notice.ends_trial != after_trial {
            return Some(format!("a notice of period {} while {} is next", notice.period, after.attempt.period));
        }
        if Some(notice.amount.minor) != after.cost(notice.period).map(|it| it.amount().minor) {
            return Some(format!("a notice of {}, and another amount is charged", notice.amount.minor));
        }
    }
    let from = from.filter(|_| told.is_none() && now < after.attempt_at.0)?;
    // Somebody comes to it by then; who has just changed it comes to it at once.
    let looked_at = after.due_at.map(|due_at| due_at.0);
    (looked_at.is_none_or(|at| at > from.max(now)))
        .then(|| format!("nobody is told at {from}: looked at {looked_at:?}"))
}
