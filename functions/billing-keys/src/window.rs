//! `POST /billing-keys/window`.

use billing::usecase::{Caller, PrepareKey};
use billing::{CustomerId, MerchantUid, Money};
use runtime::App;
use runtime::http::present::window::WindowParameters;
use runtime::http::{Object, Problem, Reply, Request, order, present, window};

/// What the window says that it is for, unless the storefront says otherwise.
const NAME: &str = "카드 등록";

pub(crate) async fn prepare(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let command = command(request.json()?, caller, idempotency_key)?;
    let secret = app.secret().await.map_err(|_| billing::usecase::Failure::Unavailable)?;
    let prepared = app.billing(request.deadline()).prepare_key(command, secret.fingerprint_key()).await?;

    let (key, payment, now) = (&prepared.key, prepared.payment.as_ref(), app.now());
    let payable = payment.is_none_or(|payment| payment.is_payable(now));
    let request_pay = match &key.window {
        Some(opened) if prepared.ready && key.is_issuable(now) && payable => {
            Some(app.request_pay(request, &opened.order, &opened.window, &key.customer_id).await?)
        }
        Some(_) | None => None,
    };
    let opening = WindowParameters { request_pay, init: app.config.imp_code.as_ref(), warnings: &prepared.warnings };
    let location = present::billing_key_path(&key.customer_uid);
    if !prepared.ready {
        return Ok(present::pending(&present::window::prepared_key(key, payment, &opening), &location));
    }
    Ok(Reply::json(201, &present::window::prepared_key(key, payment, &opening)).header("location", location))
}

fn command(mut body: Object, caller: Caller, idempotency_key: String) -> Result<PrepareKey, Problem> {
    let names_amount = body.has("amount") || body.has("merchant_uid");
    if names_amount && caller != Caller::Merchant {
        return Err(Problem::new(403, "insufficient_scope", "Whoever names an amount holds billing/merchant."));
    }
    let named = body.optional("customer_id", CustomerId::parse)?;
    let customer_id = order::owner(caller, named, body.missing("customer_id"))?;
    let merchant_uid = body.optional("merchant_uid", MerchantUid::parse)?;
    let name = body.text("name")?.unwrap_or_else(|| NAME.to_owned());
    let (amount, currency, details) = window::shown(&mut body)?;
    let window = window::window(&mut body, currency)?;
    body.finish()?;
    let amount = amount.unwrap_or(Money::new(0, currency));
    Ok(PrepareKey { customer_id, idempotency_key, merchant_uid, amount, name, details, window })
}
