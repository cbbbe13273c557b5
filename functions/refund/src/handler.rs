//! `POST /charges/{merchant_uid}/refunds`.

use billing::MerchantUid;
use billing::payment::RefundAccount;
use billing::usecase::{Failure, RefundRequest};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let merchant_uid = MerchantUid::parse(&request.path("merchant_uid")?).map_err(|_| Failure::NotFound)?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let refund = command(request.json()?, merchant_uid, idempotency_key)?;
    let (row, refund) = app.billing(request.deadline()).refund(refund).await?;
    present::refunded(&row, &refund)
}

/// A refund without an amount would be one of everything at the PSP, so it has to be named.
fn command(mut body: Object, merchant_uid: MerchantUid, idempotency_key: String) -> Result<RefundRequest, Problem> {
    let missing = Problem::new(422, "refund_amount_invalid", "Expected a JSON number above zero.").field("amount");
    let amount = body.number("amount").map_err(|_| missing.clone())?.ok_or(missing)?;
    let (tax_free, vat_amount) = (body.number("tax_free")?, body.number("vat_amount")?);
    let reason = body.text("reason")?;
    let (holder, bank) = (body.text("refund_holder")?, body.text("refund_bank")?);
    let (number, tel) = (body.text("refund_account")?, body.text("refund_tel")?);
    let account = match (holder, bank, number) {
        (None, None, None) if tel.is_none() => None,
        (Some(holder), Some(bank), Some(account)) => Some(RefundAccount { holder, bank, account, tel }),
        (None, _, _) => return Err(body.missing("refund_holder").into()),
        (_, None, _) => return Err(body.missing("refund_bank").into()),
        (_, _, None) => return Err(body.missing("refund_account").into()),
    };
    body.finish()?;
    Ok(RefundRequest { merchant_uid, amount, tax_free, vat_amount, reason, account, idempotency_key })
}
