//! `POST /billing-keys`: card data passes here and nowhere else. A card may be checked by a small charge, and what is to be charged to
//! it later may come along.

use billing::key::checking_amount;
use billing::usecase::{Along, Caller, Failure, IssueKey, NewSchedule, SCHEDULES_WITH_KEY_MAX, gateway_of_keys};
use billing::{CustomerId, Invalid, Timestamp};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, order, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let idempotency_key = request.idempotency_key()?.to_owned();
    // A merchant's may hold as much as a batch of schedules.
    let body = if caller == Caller::Merchant { request.json_list()? } else { request.json()? };
    if body.has("schedules") || body.has("pg") {
        request.merchant()?;
    }
    let issue = command(body, caller, idempotency_key, app.now())?;
    let secret = app.secret().await.map_err(|_| Failure::Unavailable)?;
    let asked = issue.along.schedules.len();
    let issued = app.billing(request.deadline()).issue_and_schedule(issue, secret.fingerprint_key()).await?;
    present::issued::issued(&issued, asked)
}

fn command(mut body: Object, caller: Caller, idempotency_key: String, now: Timestamp) -> Result<IssueKey, Problem> {
    let named = body.optional("customer_id", CustomerId::parse)?;
    let (card, holder) = order::card(&mut body, now)?;
    let won = body.integer("checking_amount")?.map(checking_amount);
    let checking_amount = won.transpose()?.flatten();
    let pg = body.optional("pg", gateway_of_keys)?;
    let schedules = body.optional_list("schedules", SCHEDULES_WITH_KEY_MAX)?;
    let schedules = schedules.into_iter().map(entry).collect::<Result<Vec<_>, Invalid>>()?;
    let missing = body.missing("customer_id");
    body.finish()?;
    let customer_id = order::owner(caller, named, missing)?;
    Ok(IssueKey { customer_id, idempotency_key, card, holder, along: Along { checking_amount, pg, schedules } })
}

fn entry(mut entry: Object) -> Result<NewSchedule, Invalid> {
    let schedule_at = order::seconds(&mut entry, "schedule_at")?;
    let order = order::order_without_key(&mut entry)?;
    entry.finish()?;
    Ok(NewSchedule { order, schedule_at })
}
