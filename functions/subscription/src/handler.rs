//! `POST` and `GET /subscriptions`, `GET`, `PATCH` and `DELETE /subscriptions/{id}`, `GET /subscriptions/{id}/periods`, and what
//! a change would come to: `POST /subscriptions/{id}/preview` and `GET /subscriptions/{id}/cancellation-preview`. Consent is beside it.

use billing::subscription::{Ending, RefundPolicy, SubscriptionState};
use billing::usecase::{Caller, Failure, NewPlan};
use billing::{CustomerId, CustomerUid, Invalid};
use runtime::App;
use runtime::http::present::{preview as previews, subscription as present};
use runtime::http::{Object, Problem, Reply, Request, present::page, subscription};

use crate::consent;

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "POST /subscriptions" => subscribe(&app, &request).await,
        "GET /subscriptions" => list(&app, &request).await,
        "GET /subscriptions/{id}" => read(&app, &request).await,
        "GET /subscriptions/{id}/periods" => periods(&app, &request).await,
        "POST /subscriptions/{id}/preview" => preview(&app, &request).await,
        "POST /subscriptions/{id}/consent" => consent::agree(&app, &request).await,
        "GET /subscriptions/{id}/consents" => consent::list(&app, &request).await,
        "GET /subscriptions/{id}/cancellation-preview" => preview_end(&app, &request).await,
        "PATCH /subscriptions/{id}" => change(&app, &request).await,
        "DELETE /subscriptions/{id}" => cancel(&app, &request).await,
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn subscribe(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    let mut body = request.json()?;
    let new = subscription::subscription(&mut body, idempotency_key)?;
    body.finish()?;
    let secret = app.secret().await.map_err(|_| Failure::Unavailable)?;
    let billing = app.billing(request.deadline());
    let row = billing.subscribe(new, secret.fingerprint_key()).await?;
    Ok(present::changed(201, &billing.view_after(row).await, None))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let owner = request.query("customer_id")?.map(|id| CustomerId::parse(&id)).transpose()?;
    let state = request.query("state")?.map(|state| SubscriptionState::parse(&state)).transpose()?;
    let (limit, cursor) = (request.limit()?, request.query("cursor")?);
    let billing = app.billing(request.deadline());
    let found = billing.subscriptions(&caller, owner.as_ref(), state, limit, cursor.as_deref()).await?;
    let seen = billing.outlines(found.items).await?;
    Ok(Reply::json(200, &page(seen.iter().map(present::outline).collect(), found.next)))
}

async fn read(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let billing = app.billing(request.deadline());
    let row = billing.subscription(&caller, &request.path("id")?).await?;
    Ok(Reply::json(200, &present::subscription(&billing.view(row).await?)))
}

async fn periods(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let (limit, cursor) = (request.limit()?, request.query("cursor")?);
    let billing = app.billing(request.deadline());
    let found = billing.instalments(&caller, &request.path("id")?, limit, cursor.as_deref()).await?;
    Ok(Reply::json(200, &page(found.items.iter().map(present::instalment).collect(), found.next)))
}

async fn preview(app: &App, request: &Request) -> Result<Reply, Problem> {
    // Who names an amount is the storefront.
    request.merchant()?;
    let mut body = request.json()?;
    let now = when(&mut body)?.unwrap_or(false);
    let plan = subscription::other_plan(&mut body)?;
    body.finish()?;
    let billing = app.billing(request.deadline());
    let seen = billing.preview_plan(&Caller::Merchant, &request.path("id")?, plan, now).await?;
    Ok(Reply::json(200, &previews::plan(&seen)))
}

async fn preview_end(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let refund = request.query("refund")?.map(|refund| RefundPolicy::parse(&refund)).transpose()?;
    let billing = app.billing(request.deadline());
    Ok(Reply::json(200, &previews::ends(&billing.preview_end(&caller, &request.path("id")?, refund).await?)))
}

/// Whether a plan begins now; not said, where it is not.
fn when(body: &mut Object) -> Result<Option<bool>, Invalid> {
    body.optional("change", |text| match text {
        "next_period" => Ok(false),
        "now" => Ok(true),
        _ => Err(Invalid::field("change", "next_period or now")),
    })
}

/// One change a request, so that each is done whole or not at all.
enum Change {
    Card(CustomerUid),
    FallbackCards(bool),
    CancelAtPeriodEnd(bool),
    Paused(bool),
    Plan { plan: Box<NewPlan>, now: bool },
}

async fn change(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let id = request.path("id")?;
    let wanted = command(request.json()?)?;
    if matches!(wanted, Change::Paused(_) | Change::Plan { .. }) {
        // Who names an amount, or lets one go, is the storefront.
        request.merchant()?;
    }
    let billing = app.billing(request.deadline());
    let (row, proration) = match wanted {
        Change::Card(customer_uid) => (billing.change_card(&caller, &id, &customer_uid).await?, None),
        Change::FallbackCards(agreed) => (billing.change_fallback_cards(&caller, &id, agreed).await?, None),
        Change::CancelAtPeriodEnd(true) => {
            (billing.cancel_subscription(&caller, &id, Ending::AtPeriodEnd).await?, None)
        }
        Change::CancelAtPeriodEnd(false) => (billing.reactivate_subscription(&caller, &id).await?, None),
        Change::Paused(true) => (billing.pause_subscription(&Caller::Merchant, &id).await?, None),
        Change::Paused(false) => (billing.resume_subscription(&Caller::Merchant, &id).await?, None),
        Change::Plan { plan, now: false } => (billing.change_plan(&Caller::Merchant, &id, *plan).await?, None),
        Change::Plan { plan, now: true } => {
            let (row, proration) = billing.change_plan_now(&Caller::Merchant, &id, *plan).await?;
            (row, Some(proration))
        }
    };
    Ok(present::changed(200, &billing.view_after(row).await, proration))
}

fn command(mut body: Object) -> Result<Change, Problem> {
    let mut changes = Vec::new();
    changes.extend(body.optional("customer_uid", CustomerUid::parse)?.map(Change::Card));
    changes.extend(body.flag("fallback_cards")?.map(Change::FallbackCards));
    changes.extend(body.flag("cancel_at_period_end")?.map(Change::CancelAtPeriodEnd));
    changes.extend(body.flag("paused")?.map(Change::Paused));
    let when = when(&mut body)?;
    if body.has("plan") {
        let plan = Box::new(subscription::other_plan(&mut body)?);
        changes.push(Change::Plan { plan, now: when.unwrap_or(false) });
    } else if when.is_some() {
        return Err(body.missing("plan").into());
    }
    body.finish()?;
    match (changes.pop(), changes.is_empty()) {
        (Some(change), true) => Ok(change),
        _ => {
            let wanted = "exactly one of customer_uid, fallback_cards, cancel_at_period_end, paused and plan";
            Err(Invalid::new("body", "changes_invalid", wanted).into())
        }
    }
}

async fn cancel(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let ending = request.query("at")?.map(|at| Ending::parse(&at)).transpose()?.unwrap_or(Ending::AtPeriodEnd);
    let refund = request.query("refund")?.map(|refund| RefundPolicy::parse(&refund)).transpose()?;
    let billing = app.billing(request.deadline());
    let row = billing.end_subscription(&caller, &request.path("id")?, ending, refund).await?;
    Ok(present::changed(200, &billing.view_after(row).await, None))
}
