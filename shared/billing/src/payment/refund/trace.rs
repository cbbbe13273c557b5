//! What the PSP's record of a payment shows of each of its refunds.
//!
//! The PSP's schema asks for no `cancel_history`, and gateways cut a reason, drop it or put their own in its place. So an entry
//! that carries a refund's mark is that refund, however much was cut off; and where no entry does, the balance has the last word:
//! what it may have been taken for is never called refused.

use super::{MARK_LETTERS, Refund, RefundState, mark};
use crate::payment::snapshot::{CancelEntry, PaymentSnapshot};

/// Seconds by which the PSP's clock may be behind ours.
const CLOCK_TOLERANCE_SECONDS: i64 = 600;
/// Letters of a mark that are enough to recognise it by, where the reason was cut within it.
const RECOGNISED_FROM: usize = 5;

/// What a record shows of a refund.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Trace {
    /// It was made.
    Made,
    /// Nothing has gone back since it was decided on.
    Untouched,
    /// Something has gone back since, and that was not it.
    Elsewhere,
    /// It is pending, as much has gone back since as it is, and it is not known whether that was it.
    Unclear,
}

/// What a record shows of each refund, in their order; nothing of those of other payments. `answered`: the record is the PSP's
/// answer to the POST of the one that is pending.
pub(super) fn traces(refunds: &[Refund], record: &PaymentSnapshot, answered: bool) -> Vec<Option<Trace>> {
    let mut entries: Vec<&CancelEntry> = record.cancel_history.iter().collect();
    let mut found = vec![None; refunds.len()];
    // Each entry is one refund's: those that are named come first, and those that are done already take theirs before others do.
    let done = |refund: &Refund| refund.state == RefundState::Done;
    let rules: [fn(&Refund, &CancelEntry) -> bool; 3] =
        [names, is_cut_off, |refund, entry| refund.state == RefundState::Done && may_be(refund, entry)];
    for rule in rules {
        for (refund, found) in refunds.iter().zip(&mut found) {
            if refund.imp_uid == record.imp_uid && found.is_none() {
                let place = entries.iter().position(|entry| rule(refund, entry));
                *found = place.map(|place| {
                    entries.remove(place);
                    Trace::Made
                });
            }
        }
    }
    for (refund, found) in refunds.iter().zip(&mut found) {
        if refund.imp_uid == record.imp_uid && found.is_none() && !done(refund) {
            *found = Some(unnamed(refund, &entries, record, answered));
        }
    }
    found
}

/// What is to be seen of a refund that no entry names.
fn unnamed(refund: &Refund, left: &[&CancelEntry], record: &PaymentSnapshot, answered: bool) -> Trace {
    let balance = record.net_paid();
    let down = refund.checksum.saturating_sub(balance);
    if down == 0 {
        return Trace::Untouched;
    }
    // One that was refused is found by its mark alone: whoever was told so may have given the money back by hand.
    if refund.state != RefundState::Pending {
        return Trace::Elsewhere;
    }
    // The PSP gives back by the balance that we name, and has answered that it did.
    if answered && down == refund.amount {
        return Trace::Made;
    }
    // Where all of it is owed back: as long as something is left, that was not made, and of nothing there is no doubt.
    if refund.origin.is_whole() || down < refund.amount {
        return Trace::Elsewhere;
    }
    let mut candidates = left.iter().filter(|entry| may_be(refund, entry)).peekable();
    let any = candidates.peek().is_some();
    // Where the PSP keeps no reasons, the amount, the time and the balance say enough.
    if candidates.any(|entry| reason(entry).is_none()) {
        return Trace::Made;
    }
    let listed = record.cancel_history.iter().fold(0_u64, |sum, entry| sum.saturating_add(entry.amount));
    let unlisted = record.cancel_amount.saturating_sub(listed);
    let in_doubt = any || unlisted >= refund.amount;
    if in_doubt { Trace::Unclear } else { Trace::Elsewhere }
}

/// Whether an entry has the refund's amount, and is not older than it.
fn may_be(refund: &Refund, entry: &CancelEntry) -> bool {
    let since = refund.requested_at.plus(-CLOCK_TOLERANCE_SECONDS);
    entry.amount == refund.amount && entry.cancelled_at.is_none_or(|at| at >= since)
}

fn reason(entry: &CancelEntry) -> Option<&str> {
    entry.reason.as_deref().map(str::trim).filter(|reason| !reason.is_empty())
}

/// Whether an entry's reason has the refund's whole mark, or its name, as older versions of this system sent it.
fn names(refund: &Refund, entry: &CancelEntry) -> bool {
    let Some(reason) = reason(entry) else { return false };
    reason.contains(&mark(&refund.id)) || reason.contains(&format!("[{}]", refund.id))
}

/// Whether an entry's reason is what is left of the refund's after it was cut within the mark.
fn is_cut_off(refund: &Refund, entry: &CancelEntry) -> bool {
    let Some(reason) = reason(entry).filter(|_| may_be(refund, entry)) else { return false };
    let left = reason.trim_start_matches('[').trim_end_matches(['.', '…']);
    let enough = (RECOGNISED_FROM..MARK_LETTERS).contains(&left.len());
    enough && mark(&refund.id).starts_with(left)
}
