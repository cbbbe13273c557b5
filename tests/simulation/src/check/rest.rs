//! What must be true once everything is calm: I1, I3, I7, I8, I10, I11, I14, I16.

use std::collections::BTreeSet;

use billing::alarm::Alarm;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, Refund, RefundState, State};
use billing::policy::{LatePaidPolicy, Policy};
use ledger::{Ledger, PaymentSort};

use super::told::{Told, Word};
use super::{account, checked, parts, window, with_key};
use crate::seeded::console::is_foreign;
use crate::sim::{Sim, Violation, still_waits};

/// The reason that marks a refund made in the console.
pub const CONSOLE_REASON: &str = "console";

/// Names of keys that were issued before there was this system, and may never be heard of.
const BROUGHT_ALONG: &str = "legacy";

/// Checks a world at rest. Broken rules are added to it.
pub fn check(sim: &Sim, told: &Told, policy: &Policy) {
    let rows = sim.rows.all_payments();
    let keys = sim.rows.all_keys();
    let mut found = Vec::new();
    let mut broken = |rule, detail| found.push(Violation { rule, detail });
    {
        let world = sim.world();
        let books = &world.ledger;
        for row in &rows {
            if let Err(detail) = agrees(row, books) {
                broken("I10", format!("{}: {detail}", row.merchant_uid()));
            }
            if let Err(detail) = window::check_accounts(row, books, world.kernel.now()) {
                broken("I38", detail);
            }
            if let Err(detail) = account::check_rest(row, books, world.kernel.now()) {
                broken("I41", detail);
            }
            check_money(row, books, &world.alarms, &mut broken);
            super::receipt::check_rest(row, books, &world.alarms, &mut broken);
            check_late(row, books, told, &world.alarms, policy, &mut broken);
            for uid in row.order.customer_uid.iter().chain(&row.former_keys).chain(&row.moves_to) {
                let owner = keys.iter().find(|key| key.customer_uid == *uid).map(|key| &key.customer_id);
                // A window is handed out once the row of its key stands there, too.
                let unopened = owner.is_none() && row.window.is_some() && row.record.is_none();
                if owner != Some(&row.customer_id) && !unopened {
                    broken("I3", format!("{} is charged to a key of {owner:?}", row.merchant_uid()));
                }
            }
        }
        let known: BTreeSet<&str> = rows.iter().map(|row| row.merchant_uid().as_str()).collect();
        // What strangers let fail in a browser under a number that we never recorded is not ours.
        let ours =
            |payment: &&ledger::Payment| payment.customer_uid.is_some() && !window::is_mere_issue(payment, &keys);
        let at_psp = books.payments().iter().filter(ours).map(|payment| payment.merchant_uid.as_str());
        for uid in at_psp.chain(books.schedules().map(|schedule| schedule.order.merchant_uid.as_str())) {
            if !known.contains(uid) && !is_foreign(uid) {
                broken("I11", format!("{uid} is at the PSP and has no row"));
            }
        }
        for schedule in books.schedules() {
            // A key that vanished leaves its schedules behind; and another system may schedule on one that goes just then.
            let gone = books.key(&schedule.customer_uid).is_err()
                && !world.seen.vanished.contains(&schedule.customer_uid)
                && !world.seen.raced.contains(&schedule.order.merchant_uid);
            if still_waits(schedule, world.kernel.now()) && gone {
                broken("I8", format!("{} is scheduled on a deleted key", schedule.order.merchant_uid));
            }
        }
        check_keys(&keys, books, told, &world.seen.vanished, &mut broken);
        checked::check(&keys, books, &world.seen.vanished, &mut broken);
        with_key::check(&rows, &keys, books, told, &mut broken);
        if let Err(detail) = window::check_issue_alarms(&keys, &world.alarms) {
            broken("I11", detail);
        }
        for (imp_uid, id) in &told.refunds_done {
            let row = rows.iter().find(|row| row.refunds.iter().any(|refund| refund.id == *id));
            let refund = row.and_then(|row| Some((row, row.refunds.iter().find(|refund| refund.id == *id)?)));
            if !refund.is_some_and(|(row, refund)| is_shown(books, row, refund)) {
                broken("I14", format!("{imp_uid} was told given back by {id} and is not"));
            }
        }
        for (uid, words) in &told.payments {
            let row = rows.iter().find(|row| row.merchant_uid().as_str() == uid);
            let Some(row) = row else {
                // Whoever cannot know whether the order is recorded says "pending", and the order number stays free.
                let unknowable = world.unanswered.contains(uid) && words.iter().all(|(word, _)| *word == Word::Pending);
                if !unknowable {
                    broken("I14", format!("{uid} was answered and has no row"));
                }
                continue;
            };
            let lost = matches!(row.state, State::Revoked | State::Failed) && !has_run(uid, books);
            let keys = row.order.customer_uid.iter().chain(&row.former_keys);
            let wanted =
                told.unwanted.contains(uid) || keys.into_iter().any(|key| told.unwanted.contains(key.as_str()));
            // Two keys that replace each other leave none that it could go to: then a person is told.
            let mut keys = row.order.customer_uid.iter().chain(&row.former_keys);
            let no_key = !row.former_keys.is_empty() && keys.all(|key| told.replaced.contains(key.as_str()));
            let alarmed = |alarm: &Alarm| matches!(alarm, Alarm::ScheduleRevoked { merchant_uid } if merchant_uid == row.merchant_uid());
            let vanished = |key: &billing::CustomerUid| world.seen.vanished.contains(key.as_str());
            let vanished = row.order.customer_uid.iter().chain(&row.former_keys).any(vanished);
            let wanted = wanted || vanished || (no_key && world.alarms.iter().any(alarmed));
            if lost && words.iter().any(|(word, _)| *word == Word::Scheduled) && !wanted && !told.console {
                let state = row.state.name();
                broken("I14", format!("{uid} was told scheduled, and is {state} though nobody asked for it"));
            }
            if words.iter().any(|(word, _)| *word == Word::Paid) && !row.state.was_paid() {
                broken("I14", format!("{uid} was told paid and is {}", row.state.name()));
            }
        }
    }
    let mut world = sim.world();
    for Violation { rule, detail } in found {
        world.violation(rule, detail);
    }
}

/// I10 for what nobody has touched in the console: it needs no daily comparison. A stranger's attempt touches nothing.
pub fn check_untouched(sim: &Sim) {
    let rows = sim.rows.all_payments();
    let mut world = sim.world();
    for row in rows.iter().filter(|row| !world.seen.touched.contains(row.merchant_uid().as_str())).collect::<Vec<_>>() {
        if let Err(detail) = agrees(row, &world.ledger) {
            world.violation("I10", format!("{}, which nobody has touched: {detail}", row.merchant_uid()));
        }
    }
}

/// Whether the PSP has ever tried to run a schedule.
fn has_run(uid: &str, books: &Ledger) -> bool {
    !books.find_all(uid, None, PaymentSort::Started).is_empty()
        || books.schedule(uid).is_ok_and(|schedule| schedule.status == ledger::ScheduleStatus::Executed)
}

/// Whether the books have what a row says was given back: an entry that names it; or, for what was in doubt for a week, one of its
/// amount that is no other refund's of the row, or, where no history is shown, as much in all as the row says.
pub(crate) fn is_shown(books: &Ledger, row: &Payment, refund: &Refund) -> bool {
    let Ok(payment) = books.payment(refund.imp_uid.as_str(), true) else { return false };
    let named = |entry: &ledger::Cancellation| names(&entry.reason, &refund.id);
    let of_another = |entry: &ledger::Cancellation| row.refunds.iter().any(|other| names(&entry.reason, &other.id));
    let done = row.refunds.iter().filter(|it| it.imp_uid == refund.imp_uid && it.state == RefundState::Done);
    payment.cancel_history.iter().any(|entry| named(entry) || (entry.amount == refund.amount && !of_another(entry)))
        || books.knobs().history_hidden && payment.cancel_amount >= done.map(|refund| refund.amount).sum()
}

/// Whether the reason of an entry is that of the refund of this name.
pub(crate) fn names(reason: &str, id: &str) -> bool {
    reason.starts_with(&format!("[{}]", billing::payment::refund::mark(id))) || reason.ends_with(&format!("[{id}]"))
}

/// Refunds of a payment that carry this name.
fn entries(payment: &ledger::Payment, id: &str) -> usize {
    payment.cancel_history.iter().filter(|entry| names(&entry.reason, id)).count()
}

/// I10: the row is what the PSP's books say, and nothing of it is under way.
fn agrees(row: &Payment, books: &Ledger) -> Result<(), String> {
    let uid = row.merchant_uid().as_str();
    let payments = books.find_all(uid, None, PaymentSort::Started);
    let paid = paid_as_ordered(row, &payments);
    let schedule = books.schedule(uid).ok();
    let waiting = schedule.filter(|schedule| schedule.status == ledger::ScheduleStatus::Scheduled);
    let state = row.state;
    let is = |wanted: &[State], because: &str| {
        if wanted.contains(&state) { Ok(()) } else { Err(format!("{} although {because}", state.name())) }
    };
    if !paid.is_empty() {
        let kept = row.record.as_ref().and_then(|record| paid.iter().find(|p| p.imp_uid == record.imp_uid.as_str()));
        let Some(kept) = kept else { return Err(format!("{} and its record is no paid one", state.name())) };
        let wanted = match (kept.cancel_amount, kept.cancellable()) {
            (0, _) => State::Paid,
            (_, 0) => State::Refunded,
            (_, _) => State::PartiallyRefunded,
        };
        is(&[wanted], "the PSP has taken money")?;
        if row.record.as_ref().is_some_and(|record| record.cancel_amount != kept.cancel_amount) {
            return Err("its refunds are not the PSP's".to_owned());
        }
    } else if row.window.is_some() {
        window::agrees(row, books)?;
    } else if let Some(waiting) = waiting {
        is(&[State::Scheduled], "the PSP will run it")?;
        if row.schedule_at().map(|at| at.0) != Some(waiting.schedule_at) {
            return Err("its time is not the PSP's".to_owned());
        }
    } else if schedule.is_some_and(|schedule| schedule.status == ledger::ScheduleStatus::Revoked) {
        is(&[State::Revoked, State::Failed], "the PSP has revoked it")?;
    } else if !payments.is_empty() || schedule.is_some() {
        is(&[State::Failed], "every attempt failed")?;
    } else {
        is(&[State::Failed, State::Revoked], "the PSP has never heard of it")?;
    }
    if row.pending_refund().is_some() {
        return Err("a refund is still pending".to_owned());
    }
    if row.claim.is_some() && state != State::Scheduled && row.due_at.is_some() {
        return Err("somebody still holds a claim".to_owned());
    }
    if row.due_at.is_some() && state != State::Scheduled {
        return Err(format!("{} and still due", state.name()));
    }
    Ok(())
}

/// Payments that took money. In a window anybody may pay anything: what is not as ordered is a person's to put right.
fn paid_as_ordered<'a, 'b>(row: &Payment, payments: &'a [&'b ledger::Payment]) -> Vec<&'a &'b ledger::Payment> {
    let counts = |payment: &&&ledger::Payment| row.window.is_none() || window::is_ordered(payment, row);
    payments.iter().filter(|payment| payment.paid_at != 0).filter(counts).collect()
}

fn check_money(row: &Payment, books: &Ledger, alarms: &[Alarm], broken: &mut impl FnMut(&'static str, String)) {
    let uid = row.merchant_uid().as_str();
    let payments = books.find_all(uid, None, PaymentSort::Started);
    let paid = paid_as_ordered(row, &payments);
    if row.window.is_some() {
        if let Err(detail) = window::check_paid_once(row, &paid, alarms) {
            broken("I1", detail);
        }
    } else if paid.len() > 1 {
        broken("I1", format!("{uid} was paid {} times", paid.len()));
    }
    for payment in paid {
        let same = payment.amount == row.order.amount.minor
            && payment.currency == row.order.amount.currency.code()
            && payment.customer_uid.as_deref() == row.order.customer_uid.as_ref().map(billing::CustomerUid::as_str);
        if !same {
            broken("I3", format!("{uid} was not paid as ordered"));
        }
        if let Err(detail) = parts::check(row, payment) {
            broken("I32", detail);
        }
        let sum: u64 = payment.cancel_history.iter().map(|entry| entry.amount).sum();
        if sum != payment.cancel_amount || sum > payment.amount {
            broken("I7", format!("{uid} gave back {sum} of {}", payment.amount));
        }
        let mut left = payment.amount;
        for entry in &payment.cancel_history {
            let ours = row.refunds.iter().find(|refund| names(&entry.reason, &refund.id));
            if let Some(refund) = ours.filter(|refund| refund.checksum != left) {
                let decided = refund.checksum;
                broken("I7", format!("{uid} gave back {} of {left}, and it was decided on {decided}", entry.amount));
            }
            left = left.saturating_sub(entry.amount);
            let wanted = row.refunds.iter().any(|refund| {
                names(&entry.reason, &refund.id) && refund.amount == entry.amount && refund.state == RefundState::Done
            });
            if entry.reason != CONSOLE_REASON && !wanted {
                broken("I7", format!("{uid} gave back {} that no refund of its row shows", entry.amount));
            }
        }
        for refund in &row.refunds {
            let times = if refund.imp_uid.as_str() == payment.imp_uid { entries(payment, &refund.id) } else { 0 };
            if times > 1 || (refund.state == RefundState::Refused && times > 0) {
                broken("I7", format!("{uid}: refund {} ({:?}) was given {times} times", refund.id, refund.state));
            }
        }
    }
}

/// I16: money that its customer was told had failed is never kept in silence; what is paid for an order that was told withdrawn is
/// never kept.
fn check_late(
    row: &Payment,
    books: &Ledger,
    told: &Told,
    alarms: &[Alarm],
    policy: &Policy,
    broken: &mut impl FnMut(&'static str, String),
) {
    let uid = row.merchant_uid();
    let told_failed = told
        .payments
        .get(uid.as_str())
        .is_some_and(|words| words.iter().any(|(word, _)| matches!(word, Word::Failed | Word::Expired)));
    let payments = books.find_all(uid.as_str(), None, PaymentSort::Started);
    if told.withdrawn.contains(uid.as_str())
        && let Some(kept) = paid_as_ordered(row, &payments).iter().find(|payment| payment.cancellable() > 0)
    {
        broken("I16", format!("{uid} was told withdrawn, and {} is kept", kept.imp_uid));
    }
    let kept = payments.iter().any(|payment| payment.cancellable() > 0);
    if !told_failed || !kept {
        return;
    }
    let alarmed = alarms.iter().any(|alarm| match alarm {
        Alarm::LatePaid { merchant_uid, .. } => merchant_uid == uid,
        _ => false,
    });
    if !alarmed || policy.late_paid == LatePaidPolicy::Refund {
        broken("I16", format!("{uid} was told failed, and its money is kept (alarm: {alarmed})"));
    }
}

fn check_keys(
    keys: &[BillingKey],
    books: &Ledger,
    told: &Told,
    vanished: &BTreeSet<String>,
    broken: &mut impl FnMut(&'static str, String),
) {
    for key in keys {
        let uid = key.customer_uid.as_str();
        let at_psp = books.key(uid).is_ok();
        let agrees = match key.state {
            KeyState::Active => at_psp || vanished.contains(uid),
            KeyState::Deleted | KeyState::Abandoned => !at_psp,
            KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleting => false,
        };
        if !agrees {
            broken("I10", format!("{uid} is {} and at the PSP: {at_psp}", key.state.name()));
        }
        if key.due_at.is_some() {
            broken("I10", format!("{uid} is {} and still due", key.state.name()));
        }
        if told.active_keys.iter().any(|told| told == uid)
            && !matches!(key.state, KeyState::Active | KeyState::Deleting | KeyState::Deleted)
        {
            broken("I14", format!("{uid} was told active and is {}", key.state.name()));
        }
    }
    for key in books.keys() {
        let row = keys.iter().find(|row| row.customer_uid.as_str() == key.customer_uid);
        // In the window a customer may try another card.
        if key.updated != key.inserted && row.is_none_or(|row| row.window.is_none()) {
            broken("I3", format!("{} was pointed at another card", key.customer_uid));
        }
        if row.is_none() && !key.customer_uid.starts_with(BROUGHT_ALONG) {
            broken("I11", format!("{} is at the PSP and has no row", key.customer_uid));
        }
    }
}
