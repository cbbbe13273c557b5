//! What an end at once gives back of a period that is paid: I29, reckoned here from the calendar of our own.

use billing::subscription::{Ending, Subscription};
use ledger::PaymentSort;

use super::History;
use super::periods::{day_of, midnight};
use crate::sim::World;

/// Whether the next charge was lowered by exactly the days that are recorded to be given back.
pub(super) fn owes_unused(before: &Subscription, after: &Subscription) -> bool {
    let more = i128::from(after.unused_amount()) - i128::from(before.unused_amount());
    more > 0 && i128::from(before.adjustment) - i128::from(after.adjustment) == more
}

/// The days that are given back are those which nobody uses, at what the period costs: no fewer and no more.
pub(super) fn unused_wrongly(
    world: &World,
    history: &History,
    before: &Subscription,
    after: &Subscription,
) -> Option<String> {
    let ends = |row: &Subscription| matches!(row.ending, Some((Ending::Now, _)));
    if after.unused_amount() < before.unused_amount() {
        return Some("days that were to be given back are not any more".to_owned());
    }
    if !ends(after) || !history.gives_back {
        return (after.unused_amount() > 0).then(|| "days are given back that nobody was promised".to_owned());
    }
    for days in after.unused.iter().flatten() {
        let (starts, ends) = (history.expected.starts(days.period), history.expected.starts(days.period + 1));
        let used_until = after.access_until.map_or(ends, |until| day_of(until.0) + 1);
        let left = (ends - used_until).clamp(0, ends - starts);
        if (days.days, days.days_left) != (ends - starts, left) {
            return Some(format!("{} of {} days of period {} are given back", days.days_left, days.days, days.period));
        }
    }
    // Ended by this very write, within a period that is paid.
    let period = after.attempt.period.checked_sub(1).filter(|_| ends(after) && !ends(before))?;
    let (starts, over) = (history.expected.starts(period), history.expected.starts(period + 1));
    let has = before.access_until.map(|until| until.0) == Some(midnight(over));
    let now = after.access_until.map(|until| day_of(until.0)).filter(|day| has && *day < over)?;
    let left = (over - now - 1).clamp(0, over - starts);
    let price = i64::try_from(before.running.unwrap_or(before.price.amount).minor).ok()?;
    let whole = (price * left + (over - starts) - 1) / (over - starts);
    let promised = after.unused.iter().flatten().find(|it| it.period == period).map_or(0, |it| it.amount);
    // What somebody has given back of it before is not given back twice, as far as it is known.
    let is_raised = before.differences.iter().any(|it| it.attempt.period == period);
    let differences = before.differences.iter().map(|it| it.attempt).filter(|attempt| attempt.period == period);
    let differences = differences.filter_map(|attempt| attempt.merchant_uid(&after.id).ok());
    let differences = differences.flat_map(|uid| world.ledger.find_all(uid.as_str(), None, PaymentSort::Started));
    let payments = history.payments(&world.ledger, after.id.as_str(), period).into_iter().chain(differences);
    // Or is on its way back: its row has promised it.
    let kept = |it: &ledger::Payment| world.subscriptions.kept(&it.imp_uid).unwrap_or(it.amount).min(it.cancellable());
    let payments: Vec<&ledger::Payment> = payments.filter(|it| it.paid_at != 0).collect();
    let sum = |of: &dyn Fn(&ledger::Payment) -> u64| -> i64 {
        payments.iter().map(|it| i64::try_from(of(it)).unwrap_or(0)).sum()
    };
    let (gone, held) = (sum(&|it| it.amount - kept(it)), sum(&kept));
    // Where a dearer plan began within the period, its price is more than was paid for it: its payments say what there is.
    let least = whole.min(price - gone).min(if is_raised { held } else { whole }).max(0);
    let is_right = i64::try_from(promised).is_ok_and(|promised| (least..=whole).contains(&promised));
    (!is_right).then(|| format!("{promised} is given back for {left} days, and it should be {least} to {whole}"))
}
