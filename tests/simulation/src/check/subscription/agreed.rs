//! I39: nothing is charged at a price that was raised unless its customer has agreed to it within the thirty days before it is,
//! or before the day of the period that is charged, and nothing once it has ended because they had not.

use billing::order::Order;
use billing::subscription::{Attempt, Subscription};

use super::prices::costs;
use super::{CLOCKS, FUNCTION, History, SWEEP};

const WINDOW: i64 = 30 * 86_400;

/// What a write adds to what is known; and whether what was agreed to is changed, or was never said.
pub(super) fn follow(history: &mut History, before: &Subscription, after: &Subscription, now: i64) -> Vec<String> {
    let mut wrong = Vec::new();
    if !after.consents.starts_with(&before.consents) {
        wrong.push("what was agreed to is not what it was".to_owned());
    }
    for consent in after.consents.iter().skip(before.consents.len()) {
        let said =
            history.agreed.iter().any(|(at, price, _)| *price == consent.price.minor && at - CLOCKS <= consent.at.0);
        if consent.by != history.owner || !said {
            wrong.push(format!("nobody has agreed to {:?}", consent.price));
        }
    }
    // What was paid, or promised at the beginning, may be charged again.
    let place = usize::try_from(before.attempt.period).unwrap_or(usize::MAX);
    let is_paid = before.attempt.period < after.attempt.period
        && after.closed_periods.get(place).is_some_and(|past| past.paid.is_some());
    if is_paid && let Some(running) = after.running {
        history.base = running.minor;
    }
    let begun = before.upgrade.as_ref().filter(|_| after.upgrade.is_none());
    if let Some(upgrade) =
        begun.filter(|it| after.differences.iter().any(|kept| kept.attempt == it.attempt && kept.kept))
    {
        history.base = after.running.map_or(upgrade.plan.price.amount.minor, |running| running.minor);
    }
    if after.ended_without_consent {
        history.unagreed_at.get_or_insert(now);
    }
    wrong
}

/// What is wrong with an order that is sent to be executed then.
pub(super) fn sent_unagreed(
    history: &History,
    (order, attempt): (&Order, Attempt),
    executes: i64,
    now: i64,
) -> Option<String> {
    if history.unagreed_at.is_some_and(|at| at + FUNCTION + SWEEP + CLOCKS < now) {
        return Some(format!("{} was sent after the end that nobody had agreed to", order.merchant_uid));
    }
    let row = history.last.as_ref()?;
    let price = match &row.upgrade {
        Some(upgrade) if upgrade.attempt == attempt => {
            // Nobody is introduced to a plan twice.
            let known = row.introduced.iter().find(|it| it.is_to(&upgrade.plan.id, &upgrade.plan.price));
            let since = known.map_or(attempt.period, |it| it.intro.since);
            let intro = upgrade.plan.price.intro.as_deref().filter(|intro| attempt.period < since + intro.periods);
            intro.map_or(upgrade.plan.price.amount.minor, |intro| intro.amount)
        }
        _ if attempt.is_difference() || attempt.period != row.attempt.period => return None,
        _ => costs(row, attempt.period),
    };
    // The increase is of the period's own day: whoever agreed before it, and whose card was declined then, has agreed.
    let day = history.expected.due_at(attempt.period);
    let agreed = |(at, to, from): &(i64, u64, Option<i64>)| {
        let tried = row.declines > 0 || (row.state.name() == "past_due" && row.attempt.number > 0);
        let until = if *from == Some(day) && tried { day } else { executes };
        *to == price && at - CLOCKS <= executes && until - at <= WINDOW + CLOCKS
    };
    let is_right = price <= history.base || history.agreed.iter().any(agreed);
    (!is_right).then(|| {
        let base = history.base;
        format!("{} was sent at a price of {price}, {base} was paid, and nobody has agreed", order.merchant_uid)
    })
}
