//! That a customer is told of a charge before it is made, once, and in time: I40, reckoned here from what the storefront was promised.

use billing::subscription::{Attempt, Subscription};

const DAY: i64 = 86_400;

/// From when on its customer is to be told of the next charge, if they are: of the one that ends a trial, and of renewals, unless a
/// period is no longer than the notice.
fn due_from(row: &Subscription) -> Option<i64> {
    let Attempt { period, number } = row.attempt;
    let days = i64::from(row.notice_days.days());
    let first_try = number == 0 && row.declines == 0;
    let goes_on = matches!(row.state.name(), "active" | "past_due") && row.ending.is_none();
    let after_trial = period == 0 && row.trial_until.is_some();
    let before = period.checked_sub(1).and_then(|before| row.calendar.period(before));
    let long = before.is_some_and(|before| before.starts.start().0 + days * DAY < before.ends.start().0);
    (days > 0 && first_try && goes_on && (after_trial || long)).then_some(row.attempt_at.0 - days * DAY)
}

/// What is wrong with what a write says of a notice.
pub(super) fn noticed_wrongly(before: &Subscription, after: &Subscription) -> Option<String> {
    let (now, from) = (after.updated_at.0, due_from(after));
    let told = after.noticed.filter(|notice| notice.period == after.attempt.period);
    if after.noticed != before.noticed {
        let Some(notice) = after.noticed else { return Some("a notice is forgotten".to_owned()) };
        if before.noticed.is_some_and(|earlier| earlier.period >= notice.period) {
            return Some(format!("a second notice of period {}", notice.period));
        }
        if from.is_none_or(|from| now < from) || now >= notice.charge_at.0 || notice.charge_at != after.attempt_at {
            return Some(format!("at {now} a notice of a charge at {}, from {from:?} on", notice.charge_at.0));
        }
        let after_trial = after.attempt.period == 0;
        if told.is_none() || notice.ends_trial != after_trial {
            return Some(format!("a notice of period {} while {} is next", notice.period, after.attempt.period));
        }
        if after.next_plan.is_none()
            && Some(notice.amount.minor) != after.cost(notice.period).map(|it| it.amount().minor)
        {
            return Some(format!("a notice of {}, and another amount is charged", notice.amount.minor));
        }
    }
    let from = from.filter(|_| told.is_none() && now < after.attempt_at.0)?;
    // Somebody comes to it by then; who has just changed it comes to it at once.
    let looked_at = after.due_at.map(|due_at| due_at.0);
    (looked_at.is_none_or(|at| at > from.max(now)))
        .then(|| format!("nobody is told at {from}: looked at {looked_at:?}"))
}
