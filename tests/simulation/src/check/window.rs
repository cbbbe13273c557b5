//! Rules about what is paid, and which keys are issued, in the PG's window.

use std::collections::BTreeSet;

use billing::alarm::Alarm;
use billing::calendar::window_ends;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, Source, State};
use billing::usecase::ReturnView;
use billing::{MerchantUid, Timestamp};
use ledger::{KeyUsage, Ledger, PaymentSort};

use crate::seeded::fleet::SKEW_SECONDS_MAX;
use crate::sim::World;

/// Whether a payment in the books is the one that was ordered.
pub(crate) fn is_ordered(payment: &ledger::Payment, row: &Payment) -> bool {
    let key = row.order.customer_uid.as_ref().map(billing::CustomerUid::as_str);
    payment.amount == row.order.amount.minor
        && payment.currency == row.order.amount.currency.code()
        && !payment.sandbox
        && payment.customer_uid.as_deref().is_none_or(|uid| key == Some(uid))
}

/// Whether a payment in the books is no payment, but the trace of a key that was issued in the window.
pub(crate) fn is_mere_issue(payment: &ledger::Payment, keys: &[BillingKey]) -> bool {
    payment.usage == Some(KeyUsage::Issue)
        && payment.amount == 0
        && keys.iter().any(|key| key.window.is_some() && key.customer_uid.as_str() == payment.merchant_uid)
}

/// I3: a window is only handed out while the PSP takes exactly the order's amount in it.
pub(crate) fn check_opened(world: &mut World, row: &Payment) {
    // Whatever clock its handler runs by, the window was handed out.
    if !row.is_payable(Timestamp(world.kernel.now() + SKEW_SECONDS_MAX)) {
        return;
    }
    let uid = row.merchant_uid().as_str();
    let registered = world.ledger.prepared(uid).ok().map(|prepared| (prepared.amount, prepared.currency.clone()));
    let ordered = (row.order.amount.minor, row.order.amount.currency.code().to_owned());
    if registered.as_ref() != Some(&ordered) {
        world.violation(
            "I3",
            format!("the window of {uid} was opened for {ordered:?}, and registered is {registered:?}"),
        );
    }
}

/// The accounts that were issued for an order without a window.
pub(crate) fn issued<'a>(books: &'a Ledger, uid: &str) -> impl Iterator<Item = &'a ledger::Payment> + use<'a> {
    let attempts = books.find_all(uid, None, PaymentSort::Started);
    attempts.into_iter().filter(|payment| payment.browser.is_none() && payment.vbank.is_some())
}

/// I38: an account that is told is one that the PSP has.
pub(crate) fn check_account(world: &mut World, row: &Payment) {
    let uid = row.merchant_uid().as_str();
    let told = row.record.as_ref().and_then(|record| record.details.vbank_num.clone());
    let known = |number: &String| {
        world
            .ledger
            .find_all(uid, None, PaymentSort::Started)
            .iter()
            .any(|payment| payment.vbank.as_ref().is_some_and(|vbank| vbank.number == *number))
    };
    if told.as_ref().is_some_and(|number| !known(number)) {
        world.violation("I38", format!("{uid} was told of an account that the PSP does not have"));
    }
}

/// I38: an order has one account at most, and none can be paid into whose order was told as failed or is withdrawn.
pub(crate) fn check_accounts(row: &Payment, books: &Ledger, now: i64) -> Result<(), String> {
    if row.account.is_none() {
        return Ok(());
    }
    let uid = row.merchant_uid().as_str();
    let issued: Vec<&ledger::Payment> = issued(books, uid).collect();
    if issued.len() > 1 {
        return Err(format!("{uid} has {} accounts", issued.len()));
    }
    let ended = matches!(row.told_state(), State::Failed | State::Revoked);
    // What nobody has closed has closed by itself once its time is over.
    let open = |payment: &&ledger::Payment| {
        let lasts = payment.vbank.as_ref().is_some_and(|vbank| now < vbank.due_at);
        payment.status == ledger::PaymentStatus::Ready && lasts
    };
    if ended && issued.iter().any(open) {
        return Err(format!("{uid} is {}, and its account is open", row.state.name()));
    }
    Ok(())
}

/// I16: only its customer, back from the window, or the end of its time makes a failed attempt the end of an order.
pub(crate) fn check_move(world: &mut World, before: &Payment, after: &Payment) {
    let uid = after.merchant_uid();
    let now = world.kernel.now();
    let by = after.log.last().map(|step| step.by);
    let open = |row: &Payment| row.open_until().is_some_and(|end| now + SKEW_SECONDS_MAX < window_ends(end).0);
    match (before.state, after.state) {
        (State::Awaiting, State::Failed) if open(before) && by != Some(Source::Customer) => {
            world.violation("I16", format!("{uid} failed by {by:?} while its customer may still pay"));
        }
        (State::Awaiting, State::Expired) if open(before) => {
            world.violation("I16", format!("{uid} expired while its customer may still pay"));
        }
        _ => {}
    }
}

/// I17: a key is active by the PSP's own record alone.
pub(crate) fn check_activated(world: &mut World, before: Option<KeyState>, after: &BillingKey) {
    let activated = after.state == KeyState::Active && !matches!(before, Some(KeyState::Active | KeyState::Deleting));
    let at_psp = world.ledger.key(after.customer_uid.as_str()).is_ok();
    // It may have vanished since it was looked at.
    if activated && !at_psp && !world.seen.vanished.contains(after.customer_uid.as_str()) {
        world.violation("I17", format!("{} became active, and the PSP has no such key", after.customer_uid));
    }
}

/// I17 and I16 of what a customer is shown who is sent back from the window.
pub(crate) fn check_returned(world: &mut World, uid: &MerchantUid, returned: ReturnView) {
    let attempts = world.ledger.find_all(uid.as_str(), None, PaymentSort::Started);
    let wrong = match returned {
        ReturnView::Paid => !attempts.iter().any(|payment| payment.paid_at != 0),
        ReturnView::Failed => !attempts.iter().any(|payment| payment.failed_at != 0 || payment.cancelled_at != 0),
        ReturnView::Ready => !attempts.iter().any(|payment| payment.vbank.is_some()),
        ReturnView::Pending | ReturnView::Unknown | ReturnView::Key { active: false } => false,
        // It may be on its way out again.
        ReturnView::Key { active: true } => attempts.is_empty(),
    };
    if wrong {
        world.violation("I17", format!("{uid} came back as {returned:?}, and the PSP knows nothing of it"));
    }
}

/// I10 of an order that was not paid in its window.
pub(crate) fn agrees(row: &Payment, books: &Ledger) -> Result<(), String> {
    let attempts = books.find_all(row.merchant_uid().as_str(), None, PaymentSort::Started);
    let state = row.state;
    let agrees = match state {
        State::Expired => true,
        State::Revoked => row.is_withdrawn(),
        State::Failed => row.account.is_some() || !attempts.is_empty(),
        _ => false,
    };
    if agrees { Ok(()) } else { Err(format!("{} although it was not paid in the window", state.name())) }
}

/// I1 and I7 of an order that may be paid in several tabs: only one payment is kept, and a person knows of the others.
pub(crate) fn check_paid_once(row: &Payment, paid: &[&&ledger::Payment], alarms: &[Alarm]) -> Result<(), String> {
    let uid = row.merchant_uid();
    let kept = paid.iter().filter(|payment| payment.cancellable() > 0).count();
    if kept > 1 {
        return Err(format!("{uid} was paid {} times, and {kept} of them are kept", paid.len()));
    }
    let told: BTreeSet<&str> = alarms
        .iter()
        .filter_map(|alarm| match alarm {
            Alarm::DoublePaid { merchant_uid, imp_uid } if merchant_uid == uid => Some(imp_uid.as_str()),
            _ => None,
        })
        .collect();
    let own = row.record.as_ref().map(|record| record.imp_uid.as_str());
    let hidden = |payment: &&&ledger::Payment| {
        let by_us = payment.cancel_history.iter().any(|entry| entry.reason.starts_with("[r"));
        own != Some(payment.imp_uid.as_str()) && by_us && !told.contains(payment.imp_uid.as_str())
    };
    match paid.iter().copied().find(hidden) {
        Some(payment) => Err(format!("{uid}: {} was given back, and nobody was told", payment.imp_uid)),
        None => Ok(()),
    }
}

/// I11: the issue of a key is not taken for a payment without a row.
pub(crate) fn check_issue_alarms(keys: &[BillingKey], alarms: &[Alarm]) -> Result<(), String> {
    let issue = alarms.iter().find_map(|alarm| match alarm {
        Alarm::Unrecorded { merchant_uid, .. } => {
            keys.iter().find(|key| key.window.is_some() && key.customer_uid.as_str() == merchant_uid)
        }
        _ => None,
    });
    issue.map_or(Ok(()), |key| Err(format!("the issue of {} was taken for a payment", key.customer_uid)))
}
