//! The parts of a payment that tax is counted by, and what gateways ask of a refund of them.

use serde::{Deserialize, Serialize};

use super::{CancelOrder, Ledger, Order, Payment, Refusal};

/// Parts of an amount, minor units.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TaxParts {
    /// Free of tax (`tax_free`).
    pub free: u64,
    /// Value added tax (`vat_amount`), where the shop named it.
    pub vat: Option<u64>,
}

// `POST /payments/cancel` of `src/schema/v1.openapi.yml` (af926bd2, 2026-08-06), parameters `tax_free` and `vat_amount`.
/// What is missing is not taken for zero, so it has to be there for a payment that has such a part. Welcome says the same
/// of payments that named it. (Smartro asks for it in partial refunds only, which stands among its rules.)
/// Brandpay's own page wants what is left of it in each (`pg/v1/toss-brandpay/warning.mdx`).
const FREE_REQUIRED: [&str; 7] = ["kcp", "kcp_quick", "kicc", "nice", "payco", "toss_brandpay", "welcome"];
/// It has to be there where the payment named it.
const VAT_REQUIRED: [&str; 4] = ["html5_inicis", "nice", "nice_v2", "welcome"];

/// Why a refund's parts are not taken. The wording is the simulator's own: `tax parts` stands in all of them.
fn refused(why: &str) -> Refusal {
    Refusal::rejected(format!("과세/면세 금액 오류 (tax parts): {why}"))
}

/// The same by a gateway's rule, whose id ends the message.
fn refused_by(pg: &str, field: &str, why: &str) -> Refusal {
    Refusal::rejected(format!("과세/면세 금액 오류 (tax parts): {why} [{pg}.cancel.{field}]"))
}

/// Whether a refusal in these words is about the parts that tax is counted by.
#[must_use]
pub fn is_about_tax(message: &str) -> bool {
    let of_field = |id: &str| id.ends_with(".tax_free") || id.ends_with(".vat_amount");
    message.contains("(tax parts)") || super::gateways::rule_of(message).is_some_and(of_field)
}

/// The parts of an order that is to be paid.
///
/// # Errors
/// For parts that are more than the amount.
pub(super) fn check(order: &Order) -> Result<(), Refusal> {
    let taxed = order.amount.checked_sub(order.tax.free).ok_or_else(|| refused("면세 금액이 결제 금액보다 큽니다"))?;
    match order.tax.vat {
        Some(vat) if vat > taxed => Err(refused("부가세가 과세 금액보다 큽니다")),
        _ => Ok(()),
    }
}

impl Ledger {
    /// The parts by which a gateway gives so much back.
    ///
    /// # Errors
    /// For a part that the gateway asks for and that is missing, and for one that is larger than what is left of it.
    pub(super) fn refunded_parts(
        &self,
        payment: &Payment,
        amount: u64,
        order: &CancelOrder,
    ) -> Result<TaxParts, Refusal> {
        let (free_left, taxed_left, vat_left) = payment.parts_left();
        let pg = payment.channel.pg_provider.as_str();
        let wants = |list: &[&str]| self.knobs.gateway_rules && list.contains(&pg);
        let all = amount == payment.cancellable();
        let named = |entry: &super::Cancellation| entry.tax.vat.is_some();
        // Its own sum of what is left is wrong by then.
        if pg == "tosspay_v2"
            && self.knobs.gateway_rules
            && self.knobs.tosspay_v2_later_partial
            && payment.tax.vat.is_some()
            && !all
            && !payment.cancel_history.iter().all(named)
        {
            return Err(refused_by(pg, "vat_amount", "이전 부분취소에 부가세가 지정되지 않아 취소할 수 없습니다"));
        }
        let free = match order.tax_free {
            Some(free) => free,
            None if payment.tax.free > 0 && wants(&FREE_REQUIRED) => {
                return Err(refused_by(pg, "tax_free", "면세 금액이 필요합니다"));
            }
            None if all => free_left,
            None => 0,
        };
        let taxed = amount.checked_sub(free).filter(|taxed| free <= free_left && *taxed <= taxed_left);
        let taxed = taxed.ok_or_else(|| refused("취소 가능한 과세/면세 금액과 다릅니다"))?;
        let vat = match order.vat_amount {
            Some(vat) => Some(vat),
            None if payment.tax.vat.is_some() && wants(&VAT_REQUIRED) => {
                return Err(refused_by(pg, "vat_amount", "결제 시 부가세를 지정했으므로 취소 부가세가 필요합니다"));
            }
            None if all => payment.tax.vat.map(|_| vat_left),
            None => None,
        };
        if vat.is_some_and(|vat| vat > vat_left || vat > taxed || vat_left - vat > taxed_left - taxed) {
            return Err(refused("취소 가능한 부가세와 다릅니다"));
        }
        Ok(TaxParts { free, vat })
    }
}

impl Payment {
    /// What is left of each part, minor units: free of tax, taxed, value added tax.
    #[must_use]
    pub fn parts_left(&self) -> (u64, u64, u64) {
        let given = |of: fn(&TaxParts) -> u64| self.cancel_history.iter().map(|entry| of(&entry.tax)).sum::<u64>();
        let free = self.tax.free.saturating_sub(given(|tax| tax.free));
        let vat = self.tax.vat.unwrap_or(0).saturating_sub(given(|tax| tax.vat.unwrap_or(0)));
        (free, self.cancellable().saturating_sub(free), vat)
    }

    /// What the console asks for so much: as much as can be of what is taxed.
    #[must_use]
    pub(super) fn parts_by_hand(&self, amount: u64) -> TaxParts {
        let (_, taxed_left, vat_left) = self.parts_left();
        let taxed = amount.min(taxed_left);
        let vat = self.tax.vat.map(|_| vat_left.min(taxed));
        TaxParts { free: amount.saturating_sub(taxed), vat }
    }
}

#[cfg(test)]
mod tests;
