//! `GET /billing-keys`, and `GET` and `DELETE /billing-keys/{customer_uid}`.

use billing::usecase::{Caller, KeyDeleted};
use billing::{CustomerId, Invalid};
use runtime::App;
use runtime::http::{Problem, Reply, Request, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "GET /billing-keys" => list(&app, &request).await,
        "GET /billing-keys/{customer_uid}" => read(&app, &request).await,
        "DELETE /billing-keys/{customer_uid}" => delete(&app, &request).await,
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let owner = match request.caller()? {
        Caller::Customer(own) => own,
        Caller::Merchant => {
            let named = request.query("customer_id")?;
            let missing = Invalid::new("customer_id", "customer_id_required", "the customer whose keys are wanted");
            CustomerId::parse(&named.ok_or(missing)?)?
        }
    };
    let (limit, cursor) = (request.limit()?, request.query("cursor")?);
    let page = app.billing(request.deadline()).billing_keys(&owner, limit, cursor.as_deref()).await?;
    let keys = page.items.iter().map(present::billing_key).collect();
    Ok(Reply::json(200, &present::page(keys, page.next.clone())))
}

async fn read(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let row = app.billing(request.deadline()).billing_key(&caller, &request.path("customer_uid")?).await?;
    Ok(Reply::json(200, &present::billing_key(&row)))
}

async fn delete(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let customer_uid = request.path("customer_uid")?;
    let cascade = match request.query("cascade")?.as_deref() {
        None | Some("false") => false,
        Some("true") => true,
        Some(_) => return Err(Invalid::field("cascade", "true or false").into()),
    };
    let billing = app.billing(request.deadline());
    match billing.delete_key(&caller, &customer_uid, cascade).await? {
        KeyDeleted::Done => Ok(Reply::empty(204)),
        KeyDeleted::Pending => {
            let row = billing.billing_key(&caller, &customer_uid).await?;
            Ok(present::pending(&present::billing_key(&row), &format!("/billing-keys/{}", row.customer_uid)))
        }
    }
}
