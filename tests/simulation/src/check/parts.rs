//! I32 at rest: what stands in the PSP's books of each part of a payment that tax is counted by, added up here from its entries.

use billing::payment::{Payment, Refund, RefundState};
use ledger::Cancellation;

use super::rest::{CONSOLE_REASON, names};

/// The parts of a payment are those that were ordered; those of its refunds are at most as much, and all of it once all is given back;
/// and what a row says of its refund is what was given back.
///
/// # Errors
/// What does not add up.
pub fn check(row: &Payment, payment: &ledger::Payment) -> Result<(), String> {
    let uid = row.merchant_uid();
    let ordered = &row.order.details;
    if (payment.tax.free, payment.tax.vat) != (ordered.tax_free.unwrap_or(0), ordered.vat_amount) {
        return Err(format!("{uid} was paid with {:?}, and ordered with {ordered:?}", payment.tax));
    }
    let sum = |of: &dyn Fn(&Cancellation) -> u64| payment.cancel_history.iter().map(of).sum::<u64>();
    let parts = [
        ("all", payment.amount, sum(&|entry| entry.amount)),
        ("free of tax", payment.tax.free, sum(&|entry| entry.tax.free)),
        ("value added tax", payment.tax.vat.unwrap_or(0), sum(&|entry| entry.tax.vat.unwrap_or(0))),
    ];
    let [(_, whole, gone), ..] = parts;
    for (part, of, back) in parts {
        if back > of || (gone == whole && back != of) {
            return Err(format!("{uid} gave back {back} of {of} {part}, and {gone} of {whole} in all"));
        }
    }
    let ours = |entry: &&Cancellation| entry.reason != CONSOLE_REASON;
    for entry in payment.cancel_history.iter().filter(ours) {
        let of_entry = |refund: &&Refund| refund.state == RefundState::Done && names(&entry.reason, &refund.id);
        // What gave it back is held to be there by I7.
        let Some(refund) = row.refunds.iter().find(of_entry) else { continue };
        let said = (refund.parts.tax_free.unwrap_or(0), refund.parts.vat_amount);
        if said != (entry.tax.free, entry.tax.vat) {
            return Err(format!(
                "{uid}: refund {} is said to be {:?} and was {:?}",
                refund.id, refund.parts, entry.tax
            ));
        }
    }
    Ok(())
}
