//! `POST /charges/{merchant_uid}/refunds`, and `POST` and `DELETE /charges/{merchant_uid}/receipt`: what is done about a payment that was
//! paid.

use billing::MerchantUid;
use billing::payment::RefundAccount;
use billing::payment::receipt::{IdentifierType, ReceiptPurpose, ReceiptWish};
use billing::usecase::{Failure, RefundRequest};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "POST /charges/{merchant_uid}/refunds" => refund(&app, &request).await,
        "POST /charges/{merchant_uid}/receipt" => ask_for_receipt(&app, &request).await,
        "DELETE /charges/{merchant_uid}/receipt" => cancel_receipt(&app, &request).await,
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn ask_for_receipt(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let merchant_uid = request.path("merchant_uid")?;
    let wish = wish(request.json()?)?;
    let row = app.billing(request.deadline()).ask_for_receipt(&caller, &merchant_uid, wish).await?;
    present::receipt::answered(&row)
}

async fn cancel_receipt(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let row = app.billing(request.deadline()).cancel_receipt(&request.path("merchant_uid")?).await?;
    present::receipt::answered(&row)
}

async fn refund(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let merchant_uid = MerchantUid::parse(&request.path("merchant_uid")?).map_err(|_| Failure::NotFound)?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let refund = command(request.json()?, merchant_uid, idempotency_key)?;
    let (row, refund) = app.billing(request.deadline()).refund(refund).await?;
    present::refund::refunded(&row, &refund)
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

/// Whom the receipt shall name. What that is follows from what the receipt is for, unless it is said.
fn wish(mut body: Object) -> Result<ReceiptWish, Problem> {
    let purpose = body.optional("type", ReceiptPurpose::parse)?.unwrap_or(ReceiptPurpose::Person);
    let named = body.optional("identifier_type", IdentifierType::parse)?;
    let text = body.required_text("identifier")?;
    body.finish()?;
    Ok(ReceiptWish::new(purpose, named, &text)?)
}
