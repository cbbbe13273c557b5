//! The parts of a refund that tax is counted by.
//!
//! A payment that names how much of it is free of tax, or is value added tax, has to be given back by the same parts: some gateways
//! refuse a refund without them, others take what is missing for zero, and the next partial refund fails (`/payments/cancel` of
//! Iamport's V1 schema, `tax_free` and `vat_amount`; `pg/v1/tosspay-v2/caution.mdx`; read 2026-11-29). So each refund of such a payment
//! names its parts, and they add up to those of the payment.

use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use super::{Refund, RefundState};
use crate::invalid::Invalid;
use crate::order::{Details, share};
use crate::payment::snapshot::PaymentSnapshot;

/// Parts of an amount, in minor units. Each is absent where the payment names none.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxParts {
    /// Free of tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tax_free: Option<u64>,
    /// Value added tax.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vat_amount: Option<u64>,
}

/// What a payment still holds of each part, as far as its own refunds tell: who gave money back elsewhere has not said of which.
#[derive(Debug, Clone, Copy)]
struct Left {
    named: TaxParts,
    whole: u64,
    free: u64,
    taxed: u64,
    vat: u64,
}

impl Left {
    fn of(details: &Details, refunds: &[Refund], record: &PaymentSnapshot) -> Self {
        let whole = record.amount.minor;
        let named = TaxParts { tax_free: details.tax_free, vat_amount: details.vat_amount };
        let (free, vat) = (named.tax_free.unwrap_or(0).min(whole), named.vat_amount.unwrap_or(0));
        let full = Self { named, whole, free, taxed: whole.saturating_sub(free), vat };
        let made = refunds.iter().filter(|it| it.imp_uid == record.imp_uid && it.state == RefundState::Done);
        made.fold(full, |left, refund| {
            let free = refund.parts.tax_free.unwrap_or(0);
            Self {
                free: left.free.saturating_sub(free),
                taxed: left.taxed.saturating_sub(refund.amount.saturating_sub(free)),
                vat: left.vat.saturating_sub(refund.parts.vat_amount.unwrap_or(0)),
                ..left
            }
        })
    }

    /// How much of so large a refund can be free of tax: the rest of it is no more than what is left of the taxed part.
    fn free_within(&self, amount: u64) -> RangeInclusive<u64> {
        let most = self.free.min(amount);
        amount.saturating_sub(self.taxed).min(most)..=most
    }

    /// How much of so large a taxed part can be value added tax: what stays of that is no more than what stays of the taxed part.
    fn vat_within(&self, taxed: u64) -> RangeInclusive<u64> {
        let most = self.vat.min(taxed);
        self.vat.saturating_sub(self.taxed.saturating_sub(taxed)).min(most)..=most
    }

    /// The same share of the refund as of the payment.
    fn free_by_share(&self, amount: u64) -> u64 {
        let within = self.free_within(amount);
        let whole_free = self.named.tax_free.unwrap_or(0).min(self.whole);
        share(whole_free, amount, self.whole).clamp(*within.start(), *within.end())
    }

    fn vat_by_share(&self, taxed: u64) -> u64 {
        let within = self.vat_within(taxed);
        let whole_taxed = self.whole.saturating_sub(self.named.tax_free.unwrap_or(0));
        share(self.named.vat_amount.unwrap_or(0), taxed, whole_taxed).clamp(*within.start(), *within.end())
    }

    fn parts(&self, amount: u64, free: u64, vat: Option<u64>) -> TaxParts {
        let vat = vat.unwrap_or_else(|| self.vat_by_share(amount.saturating_sub(free)));
        TaxParts { tax_free: self.named.tax_free.map(|_| free), vat_amount: self.named.vat_amount.map(|_| vat) }
    }
}

/// The parts of a refund that nobody was asked about: what is left, if it is all that is left, else by the payment's own shares.
#[must_use]
pub(crate) fn derived(details: &Details, refunds: &[Refund], record: &PaymentSnapshot, amount: u64) -> TaxParts {
    let left = Left::of(details, refunds, record);
    left.parts(amount, left.free_by_share(amount), None)
}

/// The parts of a refund that a request names, or leaves to be found.
///
/// # Errors
/// `tax_free_required` where the amount can be split in more than one way; `tax_free_invalid` and `vat_amount_invalid` for more, or
/// less, than what is left of a part allows.
pub fn asked(
    details: &Details,
    refunds: &[Refund],
    record: &PaymentSnapshot,
    amount: u64,
    given: TaxParts,
) -> Result<TaxParts, Invalid> {
    let left = Left::of(details, refunds, record);
    let within = left.free_within(amount);
    let free = match given.tax_free {
        Some(free) if within.contains(&free) => free,
        Some(_) => return Err(Invalid::field("tax_free", expected(&within))),
        None if within.start() == within.end() => *within.start(),
        None => {
            let detail =
                "how much of the refund is free of tax: the payment is in part, and not all of it is given back";
            return Err(Invalid::new("tax_free", "tax_free_required", detail));
        }
    };
    let within = left.vat_within(amount.saturating_sub(free));
    match given.vat_amount {
        Some(_) if left.named.vat_amount.is_none() => {
            Err(Invalid::field("vat_amount", "nothing: the payment names no tax of its own"))
        }
        Some(vat) if !within.contains(&vat) => Err(Invalid::field("vat_amount", expected(&within))),
        vat => Ok(left.parts(amount, free, vat)),
    }
}

fn expected(within: &RangeInclusive<u64>) -> String {
    if within.start() == within.end() {
        format!("{} in the currency's smallest unit, by what is left of the payment's parts", within.start())
    } else {
        let (least, most) = (within.start(), within.end());
        format!("{least} to {most} in the currency's smallest unit, by what is left of the payment's parts")
    }
}
