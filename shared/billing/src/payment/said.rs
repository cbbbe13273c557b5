//! What the PSP and the PGs say of a failure, in their own words: there are no codes for most of it.

use super::Payment;

/// Whether one of these words was said of why a payment failed: by its own record, its schedule's or a refusal.
pub(crate) fn names(payment: &Payment, words: &[&str]) -> bool {
    let of_payment = payment.record.as_ref().and_then(|record| record.fail_reason.as_deref());
    let of_schedule = payment.schedule.as_ref().and_then(|schedule| schedule.fail_reason.as_deref());
    let refused = payment.refusal.as_ref().map(|refusal| refusal.message.as_str());
    let said = [of_payment, of_schedule, refused].map(|text| text.unwrap_or_default().to_lowercase());
    said.iter().any(|text| words.iter().any(|words| text.contains(words)))
}
