//! `GET /billing-keys`, `GET` and `DELETE /billing-keys/{customer_uid}`, `POST /billing-keys/window`,
//! `POST /billing-keys/{customer_uid}/confirm` and `POST /billing-keys/import`.

use billing::key::KeyState;
use billing::usecase::{Caller, KeyDeleted, ScheduleDisposition};
use billing::{CustomerId, CustomerUid, Invalid};
use runtime::App;
use runtime::http::{Problem, Reply, Request, present};

use crate::window;

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "GET /billing-keys" => list(&app, &request).await,
        "GET /billing-keys/{customer_uid}" => read(&app, &request).await,
        "DELETE /billing-keys/{customer_uid}" => delete(&app, &request).await,
        "POST /billing-keys/{customer_uid}/confirm" => confirm(&app, &request).await,
        "POST /billing-keys/import" => import(&app, &request).await,
        "POST /billing-keys/window" => window::prepare(&app, &request).await,
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

/// What the browser says of the window is not asked for: only the PSP's own record makes a key.
async fn confirm(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let row = app.billing(request.deadline()).confirm_key(&caller, &request.path("customer_uid")?).await?;
    let view = present::billing_key(&row);
    match row.state {
        KeyState::Active if row.missing_since.is_none() => Ok(Reply::json(200, &view)),
        KeyState::Prepared
        | KeyState::Issuing
        | KeyState::Checking
        // The PSP does not have it, and is asked once more before it is told to be gone.
        | KeyState::Active
        | KeyState::Deleting
        | KeyState::Deleted
        | KeyState::Abandoned => {
            Ok(present::pending(&view, &present::billing_key_path(&row.customer_uid)))
        }
    }
}

async fn import(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let mut body = request.json()?;
    let customer_uid = body.required("customer_uid", CustomerUid::parse)?;
    let customer_id = body.required("customer_id", CustomerId::parse)?;
    body.finish()?;
    let row = app.billing(request.deadline()).import_key(customer_uid, customer_id).await?;
    let location = present::billing_key_path(&row.customer_uid);
    match row.state {
        KeyState::Active => Ok(Reply::json(201, &present::billing_key(&row)).header("location", location)),
        KeyState::Prepared
        | KeyState::Issuing
        | KeyState::Checking
        | KeyState::Deleting
        | KeyState::Deleted
        | KeyState::Abandoned => Ok(present::pending(&present::billing_key(&row), &location)),
    }
}

async fn delete(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let customer_uid = request.path("customer_uid")?;
    let successor = request.query("replaced_by")?.map(|uid| CustomerUid::parse(&uid)).transpose();
    let successor = successor.map_err(|_| Invalid::field("replaced_by", "a billing key of the same customer"))?;
    let schedules = match (request.query("cascade")?.as_deref(), successor) {
        (None | Some("false"), None) => ScheduleDisposition::InTheWay,
        (None | Some("false"), Some(successor)) => ScheduleDisposition::MoveTo(successor),
        (Some("true"), None) => ScheduleDisposition::Revoke,
        (Some("true"), Some(_)) => return Err(Invalid::field("cascade", "this, or replaced_by").into()),
        (Some(_), _) => return Err(Invalid::field("cascade", "true or false").into()),
    };
    let billing = app.billing(request.deadline());
    match billing.delete_key(&caller, &customer_uid, schedules).await? {
        KeyDeleted::Done => Ok(Reply::empty(204)),
        KeyDeleted::Pending(row) => Ok(present::deleting(&row)),
    }
}
