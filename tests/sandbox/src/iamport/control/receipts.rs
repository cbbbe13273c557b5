//! Cash receipts, beside the API.

use axum::body::Bytes;

use super::{PaymentName, Shown, read, show};
use crate::iamport::http::receipts::receipt;
use crate::iamport::state::Desk;

/// Every cash receipt that there ever was, and whom it names.
pub(super) async fn all(sim: Desk) -> Shown {
    Ok(show(serde_json::to_value(sim.ledger.lock().receipts())?))
}

/// The gateway issues one by itself: its customer has named a number in the window.
pub(super) async fn by_itself(sim: Desk, body: Bytes) -> Shown {
    let name: PaymentName = read(&body)?;
    Ok(show(receipt(&sim.command(|ledger, now| ledger.receipt_by_itself(now, &name.imp_uid))?)))
}
