//! `POST /checkouts`, `PATCH` and `DELETE /checkouts/{merchant_uid}`, `POST /checkouts/{merchant_uid}/complete`,
//! `GET /checkouts/{merchant_uid}/return` and `POST /checkouts/confirm/{token}`.

use std::time::Duration;

use billing::checkout::AccountOrder;
use billing::usecase::{Failure, NewAccount, NewCheckout, NotApproved, OpenedCheckout, ReturnView};
use billing::{CustomerId, ImpUid, MerchantUid};
use runtime::App;
use runtime::http::present::window::WindowParameters;
use runtime::http::{Object, Problem, Reply, Request, form, present, window};

use tokio::time::timeout;

use crate::confirmation;

/// Iamport waits five to ten seconds for its question's answer, and the PG and its customer wait with it.
const CONFIRM_BUDGET: Duration = Duration::from_secs(4);

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "POST /checkouts" => open(&app, &request).await,
        "PATCH /checkouts/{merchant_uid}" => extend(&app, &request).await,
        "DELETE /checkouts/{merchant_uid}" => withdraw(&app, &request).await,
        "POST /checkouts/{merchant_uid}/complete" => complete(&app, &request).await,
        "GET /checkouts/{merchant_uid}/return" => returned(&app, &request).await,
        "POST /checkouts/confirm/{token}" => match timeout(CONFIRM_BUDGET, confirm(&app, &request)).await {
            Ok(answered) => answered,
            Err(_) => Err(Failure::Unavailable.into()),
        },
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn open(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let mut body = request.json()?;
    if let Some((pg, account)) = window::account(&mut body)? {
        return issue(app, request, account_of(body, pg, account)?).await;
    }
    let billing = app.billing(request.deadline());
    let OpenedCheckout { row, warnings, ready } = billing.checkout(command(body)?).await?;
    let request_pay = match &row.window {
        Some(window) if ready && row.is_payable(app.now()) => {
            Some(app.request_pay(request, &row.order, window, &row.customer_id).await?)
        }
        Some(_) | None => None,
    };
    let opening = WindowParameters { request_pay, init: app.config.imp_code.as_ref(), warnings: &warnings };
    let location = format!("/charges/{}", row.merchant_uid());
    if !ready {
        return Ok(present::pending(&present::window::checkout(&row, &opening), &location));
    }
    Ok(Reply::json(201, &present::window::checkout(&row, &opening)).header("location", location))
}

/// An account without a window: there is nothing to open, and its number is the answer.
async fn issue(app: &App, request: &Request, new: NewAccount) -> Result<Reply, Problem> {
    let (row, warnings) = app.billing(request.deadline()).issue_account(new).await?;
    let opening = WindowParameters { request_pay: None, init: app.config.imp_code.as_ref(), warnings: &warnings };
    present::window::account(&row, &opening)
}

fn account_of(mut body: Object, pg: Option<String>, account: AccountOrder) -> Result<NewAccount, Problem> {
    let customer_id = body.required("customer_id", CustomerId::parse)?;
    let order = window::order(&mut body)?;
    body.finish()?;
    Ok(NewAccount { order, customer_id, pg, account })
}

fn command(mut body: Object) -> Result<NewCheckout, Problem> {
    let customer_id = body.required("customer_id", CustomerId::parse)?;
    if !body.has("pay_method") {
        return Err(body.missing("pay_method").into());
    }
    let order = window::order(&mut body)?;
    let window = window::window(&mut body, order.amount.currency)?;
    body.finish()?;
    Ok(NewCheckout { order, customer_id, window })
}

/// Whoever promised the goods says for how long they are kept: the merchant alone.
async fn extend(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let merchant_uid = request.path("merchant_uid")?;
    let mut body = request.json()?;
    let due = window::extension(&mut body)?;
    body.finish()?;
    let (row, warnings) = app.billing(request.deadline()).extend_account(&merchant_uid, due).await?;
    Ok(present::window::extended(&row, &warnings))
}

/// Whoever promised the goods takes them back: the merchant alone.
async fn withdraw(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let row = app.billing(request.deadline()).withdraw_checkout(&request.path("merchant_uid")?).await?;
    let body = present::window::withdrawn(&row);
    if !row.is_withdrawn() {
        return Ok(present::pending(&body, &format!("/charges/{}", row.merchant_uid())));
    }
    Ok(Reply::json(200, &body))
}

/// What the browser says of the outcome (`success`, an amount) is not even read.
async fn complete(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let merchant_uid = request.path("merchant_uid")?;
    let mut body = request.json()?;
    let imp_uid = body.required("imp_uid", ImpUid::parse)?;
    body.finish()?;
    let row = app.billing(request.deadline()).complete(&caller, &merchant_uid, &imp_uid).await?;
    present::window::completed(&row)
}

/// A customer's own browser comes back here, with nothing but the order's own token. It is sent on whatever happens; what the
/// PSP says it is told only with that token, so that nobody can ask about other people's orders.
async fn returned(app: &App, request: &Request) -> Result<Reply, Problem> {
    let Some(page) = &app.config.checkout_return_url else {
        return Err(Problem::new(404, "not_found", "There is no page to return to."));
    };
    let named = request.path("merchant_uid")?;
    let Ok(merchant_uid) = MerchantUid::parse(&named) else {
        return Err(Problem::new(404, "not_found", "There is no such thing here."));
    };
    let imp_uid = request.query("imp_uid").ok().flatten().and_then(|uid| ImpUid::parse(&uid).ok());
    let token = request.query("token").ok().flatten().unwrap_or_default();
    let known = app.secret().await.is_ok_and(|secret| secret.knows_order_token(&token, &merchant_uid));
    let billing = app.billing(request.deadline());
    let outcome = match known {
        true => billing.returned(&merchant_uid, imp_uid.as_ref()).await.unwrap_or(ReturnView::Pending),
        false => ReturnView::Pending,
    };
    Ok(Reply::see_other(location(page, &merchant_uid, imp_uid.as_ref(), outcome)))
}

fn location(page: &str, merchant_uid: &MerchantUid, imp_uid: Option<&ImpUid>, outcome: ReturnView) -> String {
    let (name, status) = match outcome {
        ReturnView::Paid => ("merchant_uid", "paid"),
        ReturnView::Failed => ("merchant_uid", "failed"),
        ReturnView::Ready => ("merchant_uid", "ready"),
        ReturnView::Pending => ("merchant_uid", "pending"),
        ReturnView::Unknown => ("merchant_uid", "unknown"),
        ReturnView::Key { active: true } => ("customer_uid", "active"),
        ReturnView::Key { active: false } => ("customer_uid", "pending"),
    };
    let mut pairs = vec![(name, merchant_uid.as_str()), ("status", status)];
    pairs.extend(imp_uid.map(|imp_uid| ("imp_uid", imp_uid.as_str())));
    form::with_query(page, &pairs)
}

/// Iamport asks before the PG approves. Anything but 200 stops the payment, so in doubt the answer is another.
async fn confirm(app: &App, request: &Request) -> Result<Reply, Problem> {
    let unknown = || confirmation::refused(404, "주문을 찾을 수 없습니다");
    let Ok(asked) = confirmation::read(request) else { return Ok(unknown()) };
    let secret = app.secret().await.map_err(|_| Failure::Unavailable)?;
    let known = request.path("token").is_ok_and(|token| secret.knows_order_token(&token, &asked.merchant_uid));
    if !known {
        return Ok(unknown());
    }
    let billing = app.billing(request.deadline());
    let confirmed = billing.confirm(&asked.merchant_uid, &asked.amount).await;
    Ok(match confirmed.map_err(Failure::from)? {
        Ok(()) => Reply::json(200, &serde_json::json!({})),
        Err(NotApproved::UnknownOrder) => unknown(),
        Err(NotApproved::OtherAmount) => confirmation::refused(409, "결제 금액이 주문 금액과 다릅니다"),
        Err(NotApproved::Closed) => confirmation::refused(409, "이미 처리되었거나 만료된 주문입니다"),
    })
}
