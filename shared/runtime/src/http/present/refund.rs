//! Refunds as the storefront sees them.

use billing::payment::{Payment, Refund, RefundState};
use billing::usecase::refund_warnings;
use billing::{Money, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{PaymentView, WarningView, exact, payment_view, pending, warning_views};
use crate::http::{Problem, Reply};

/// A refund, beside its payment.
#[derive(Debug, Serialize)]
pub(super) struct RefundFields<'a> {
    id: &'a str,
    imp_uid: &'a str,
    amount: Option<Box<RawValue>>,
    tax_free: Option<Box<RawValue>>,
    vat_amount: Option<Box<RawValue>>,
    /// `done` means that the PSP's record shows it.
    status: &'static str,
    requested_at: Timestamp,
}

/// A refund, as `POST /charges/{merchant_uid}/refunds` answers it.
#[derive(Debug, Serialize)]
struct RefundView<'a> {
    #[serde(flatten)]
    refund: RefundFields<'a>,
    /// The merchant's words, which the answer to the merchant alone repeats.
    reason: Option<&'a str>,
    payment: PaymentView<'a>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
}

/// Every refund of a payment.
pub(super) fn fields(row: &Payment) -> Vec<RefundFields<'_>> {
    row.refunds.iter().map(|refund| of(row, refund)).collect()
}

fn of<'a>(row: &Payment, refund: &'a Refund) -> RefundFields<'a> {
    let money = |minor| exact(Money::new(minor, row.order.amount.currency));
    RefundFields {
        id: &refund.id,
        imp_uid: refund.imp_uid.as_str(),
        amount: money(refund.amount),
        tax_free: refund.parts.tax_free.and_then(money),
        vat_amount: refund.parts.vat_amount.and_then(money),
        status: match refund.state {
            RefundState::Pending => "pending",
            RefundState::Done => "done",
            RefundState::Refused => "refused",
        },
        requested_at: refund.requested_at,
    }
}

/// The answer to a refund: 200 given back, 409 refused by the PSP, 202 not known yet.
///
/// # Errors
/// `refund_conflict`, with the PSP's reason.
pub fn refunded(row: &Payment, refund: &Refund) -> Result<Reply, Problem> {
    let view = RefundView {
        refund: of(row, refund),
        reason: refund.reason.as_deref(),
        payment: payment_view(row),
        warnings: warning_views(&refund_warnings(row, refund)),
    };
    match refund.state {
        RefundState::Done => Ok(Reply::json(200, &view)),
        RefundState::Pending => Ok(pending(&view, &format!("/charges/{}", row.merchant_uid()))),
        RefundState::Refused => {
            let message = refund.refusal.as_ref().map(|refusal| refusal.message.as_str());
            let detail =
                "The payment provider did not give it back. Read the payment again: its balance may have changed.";
            Err(Problem::new(409, "refund_conflict", detail).with("psp_message", &message))
        }
    }
}
