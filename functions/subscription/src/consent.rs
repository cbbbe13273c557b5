//! `POST /subscriptions/{id}/consent` and `GET /subscriptions/{id}/consents`.

use billing::subscription::TextDigest;
use billing::usecase::{Caller, NewConsent};
use billing::{CustomerId, Timestamp};
use runtime::App;
use runtime::http::present::{consent as present, subscription};
use runtime::http::{Problem, Reply, Request};

/// The customer's own token is the consent: nobody agrees for somebody else.
pub(crate) async fn agree(app: &App, request: &Request) -> Result<Reply, Problem> {
    let customer = own(request)?;
    let mut body = request.json()?;
    let amount = body.number("amount")?.ok_or_else(|| body.missing("amount"))?;
    let from = body.integer("from")?.map(Timestamp);
    let text = body.required("text", TextDigest::parse)?;
    body.finish()?;
    let billing = app.billing(request.deadline());
    let row = billing.consent(&customer, &request.path("id")?, NewConsent { amount, from, text }).await?;
    Ok(subscription::changed(200, &billing.view_after(row).await, None))
}

fn own(request: &Request) -> Result<CustomerId, Problem> {
    match request.caller()? {
        Caller::Customer(customer) => Ok(customer),
        Caller::Merchant => {
            Err(Problem::new(403, "insufficient_scope", "Only the customer can agree, with their own token."))
        }
    }
}

/// What was agreed to, for those who have to show it.
pub(crate) async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let row = app.billing(request.deadline()).subscription(&caller, &request.path("id")?).await?;
    Ok(Reply::json(200, &present::consents(&row)))
}
