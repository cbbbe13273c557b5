//! A cash receipt as the storefront sees it: whom it names is masked.

use billing::payment::Payment;
use billing::payment::receipt::{Receipt, ReceiptState};
use billing::usecase::receipt_warnings;
use billing::{Currency, Money, Timestamp};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{WarningView, exact, pending, warning_views};
use crate::http::{Problem, Reply};

/// A cash receipt.
#[derive(Debug, Serialize)]
pub(super) struct ReceiptView<'a> {
    imp_uid: &'a str,
    /// `issued` means that the PSP says so; `pending` and `cancelling` are carried to their end.
    status: &'static str,
    #[serde(rename = "type")]
    kind: Option<&'static str>,
    identifier_type: Option<&'static str>,
    identifier: Option<&'a str>,
    amount: Option<Box<RawValue>>,
    vat: Option<Box<RawValue>>,
    apply_num: Option<&'a str>,
    receipt_tid: Option<&'a str>,
    receipt_url: Option<&'a str>,
    applied_at: Option<Timestamp>,
    cancelled_at: Option<Timestamp>,
    /// Why the gateway did not do as asked, in its own words.
    psp_message: Option<&'a str>,
}

const fn status(receipt: &Receipt) -> &'static str {
    match receipt.state {
        ReceiptState::Issued => "issued",
        ReceiptState::Asked | ReceiptState::Replacing => "pending",
        ReceiptState::Cancelling => "cancelling",
        ReceiptState::Cancelled => "cancelled",
        ReceiptState::Refused => "refused",
    }
}

/// A payment's receipt, if there is one.
pub(super) fn view(row: &Payment) -> Option<ReceiptView<'_>> {
    let receipt = row.receipt.as_deref()?;
    let (record, wish) = (receipt.record.as_ref(), receipt.wish.as_ref());
    let won = |minor| exact(Money::new(minor, Currency::Krw));
    Some(ReceiptView {
        imp_uid: receipt.imp_uid.as_str(),
        status: status(receipt),
        kind: wish.map(|wish| wish.purpose.name()),
        identifier_type: wish.map(|wish| wish.identifier_type.name()),
        identifier: receipt.masked.as_deref(),
        amount: record.map(|record| record.amount).and_then(won),
        vat: record.and_then(|record| record.vat).and_then(won),
        apply_num: record.and_then(|record| record.apply_num.as_deref()),
        receipt_tid: record.and_then(|record| record.receipt_tid.as_deref()),
        receipt_url: record.and_then(|record| record.receipt_url.as_deref()),
        applied_at: record.and_then(|record| record.applied_at),
        cancelled_at: record.and_then(|record| record.cancelled_at),
        psp_message: receipt.refusal.as_ref().map(|refusal| refusal.message.as_str()),
    })
}

/// A receipt as the request about it is answered.
#[derive(Debug, Serialize)]
struct RequestedReceiptView<'a> {
    #[serde(flatten)]
    receipt: Option<ReceiptView<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<WarningView>,
}

/// The answer to a request about a receipt: 200 for one that was issued or cancelled, 409 for one that the gateway refused, 202 for
/// everything that is not known yet.
///
/// # Errors
/// `receipt_refused`, with the gateway's reason.
pub fn answered(row: &Payment) -> Result<Reply, Problem> {
    let Some(receipt) = row.receipt.as_deref() else { return Err(billing::usecase::Failure::NotFound.into()) };
    let asked = RequestedReceiptView { receipt: view(row), warnings: warning_views(&receipt_warnings(row)) };
    match receipt.state {
        ReceiptState::Issued | ReceiptState::Cancelled => Ok(Reply::json(200, &asked)),
        ReceiptState::Asked | ReceiptState::Replacing | ReceiptState::Cancelling => {
            Ok(pending(&asked, &format!("/charges/{}", row.merchant_uid())))
        }
        ReceiptState::Refused => {
            let message = receipt.refusal.as_ref().map(|refusal| refusal.message.as_str());
            let detail = "The gateway did not issue it. It may be asked for again once the cause is gone.";
            Err(Problem::new(409, "receipt_refused", detail).with("psp_message", &message))
        }
    }
}
