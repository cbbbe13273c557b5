//! I41: until when an account can be paid into is what the PSP says, and never what was asked for.

use billing::payment::{Payment, Purpose, State};
use ledger::{Ledger, PaymentStatus};

use crate::psp::request::extension_of;
use crate::sim::World;

/// A gateway may keep the minute alone, in seconds.
const MINUTE: i64 = 60;

/// Until when the PSP takes the deposit of a row's account, and whether it still waits for one.
fn kept(row: &Payment, books: &Ledger) -> Option<(i64, bool)> {
    let payment = books.payment(row.imp_uid()?.as_str(), true).ok()?;
    Some((payment.vbank.as_ref()?.due_at, payment.status == PaymentStatus::Ready))
}

/// More time that was told is time that the PSP gives.
pub(crate) fn check_told(world: &mut World, row: &Payment, due: billing::Timestamp) {
    let uid = row.merchant_uid();
    let kept = kept(row, &world.ledger).map(|(due_at, _)| due_at);
    if row.extending_to().is_none() && kept.is_none_or(|kept| kept <= due.0 - MINUTE) {
        world.violation(
            "I41",
            format!("{uid} was told to take its deposit until {due}, and the PSP does until {kept:?}"),
        );
    }
}

/// What a row says is never more than the PSP gives; while the PSP gives it the order does not expire; and what was promised is not
/// forgotten.
pub(crate) fn check_write(world: &mut World, before: &Payment, after: &Payment) {
    if after.account.is_none() {
        return;
    }
    let (uid, now) = (after.merchant_uid(), world.kernel.now());
    let kept = kept(after, &world.ledger);
    let said = after.record.as_ref().and_then(|record| record.details.vbank_date).map(|date| date.0);
    if let (Some((kept, _)), Some(said)) = (kept, said)
        && said > kept
    {
        world
            .violation("I41", format!("{uid} says {said} for the last moment of its account, and the PSP says {kept}"));
    }
    let open = kept.is_some_and(|(kept, waits)| waits && now <= kept);
    if before.state == State::Awaiting && after.state == State::Expired && open {
        world.violation("I41", format!("{uid} expired while its account can be paid into"));
    }
    let Some(claim) = before.claim.as_ref().filter(|_| after.claim.is_none() && after.state == State::Awaiting) else {
        return;
    };
    let Purpose::Extend { due } = claim.purpose else { return };
    let refused = after.imp_uid().is_some_and(|imp_uid| world.seen.refused.contains(&extension_of(imp_uid)));
    // The clock of whoever has written it may be ahead.
    let over = due.0 <= now + crate::seeded::fleet::SKEW_SECONDS_MAX;
    if !after.is_extended_to(due) && !refused && !over && after.imp_uid() == before.imp_uid() {
        world.violation("I41", format!("{uid} was to take its deposit until {due}, and that was forgotten"));
    }
}

/// At rest nothing of an extension is open, and the row knows what the PSP gives.
pub(crate) fn check_rest(row: &Payment, books: &Ledger, now: i64) -> Result<(), String> {
    if row.account.is_none() {
        return Ok(());
    }
    let uid = row.merchant_uid();
    let Some((kept, waits)) = kept(row, books) else { return Ok(()) };
    if row.extended_to.is_some_and(|due| kept <= due.0 - MINUTE) {
        return Err(format!("{uid} was given until {:?}, and the PSP takes its deposit until {kept}", row.extended_to));
    }
    let said = row.record.as_ref().and_then(|record| record.details.vbank_date).map(|date| date.0);
    if waits && now <= kept && said != Some(kept) {
        return Err(format!("{uid} says {said:?} for the last moment of its account, and the PSP says {kept}"));
    }
    if waits && now <= kept && row.state == State::Expired {
        return Err(format!("{uid} has expired, and its account can be paid into until {kept}"));
    }
    Ok(())
}
