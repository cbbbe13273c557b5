//! `/receipts/{imp_uid}`: cash receipts of payments through Iamport.

use axum::Extension;
use axum::extract::Path;
use serde_json::{Value, json};

use super::Input;
use super::envelope::{self, Answer};
use crate::iamport::state::Desk;
use ledger::{Receipt, ReceiptOrder, Refusal, Said};

/// What a request says that gateways ask for, and the longest that anything of it is.
const SAID: [&str; 7] =
    ["identifier_type", "product_type", "buyer_name", "buyer_tel", "corp_reg_no", "company_name", "company_tel"];
const SAID_MAX: usize = 64;

pub(super) async fn one(sim: Desk, Path(imp_uid): Path<String>) -> Answer {
    let ledger = sim.ledger.lock();
    Ok(envelope::ok(receipt(ledger.receipt(&imp_uid)?)))
}

pub(super) async fn issue(sim: Desk, Path(imp_uid): Path<String>, Extension(input): Extension<Input>) -> Answer {
    let fields = input.body();
    // A field that is missing is a bad request here, unlike elsewhere.
    let identifier =
        fields.text("identifier", 32)?.ok_or_else(|| Refusal::invalid("identifier 은(는) 필수 입력값입니다"))?;
    let mut said = Said::nothing();
    for name in SAID {
        said.add(name, &fields.text(name, SAID_MAX)?.unwrap_or_default());
    }
    let order = ReceiptOrder {
        imp_uid,
        identifier,
        kind: fields.text("type", 16)?,
        tax_free: fields.amount("tax_free", "KRW")?,
        vat_amount: fields.amount("vat_amount", "KRW")?,
        said,
    };
    Ok(envelope::ok(receipt(&sim.command(|ledger, now| ledger.issue_receipt(now, &order))?)))
}

pub(super) async fn revoke(sim: Desk, Path(imp_uid): Path<String>) -> Answer {
    Ok(envelope::ok(receipt(&sim.command(|ledger, now| ledger.revoke_receipt(now, &imp_uid))?)))
}

/// A receipt in V1's shape. Whom it names is not in it.
pub(in crate::iamport) fn receipt(row: &Receipt) -> Value {
    json!({
        "imp_uid": row.imp_uid,
        "receipt_tid": row.receipt_tid,
        "apply_num": row.apply_num,
        "type": row.kind,
        "amount": row.amount,
        "vat": row.vat,
        "receipt_url": format!("https://receipt.invalid/cash/{}", row.apply_num),
        "applied_at": row.applied_at,
        "cancelled_at": row.cancelled_at,
    })
}
