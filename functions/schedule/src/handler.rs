//! `POST` and `GET /schedules`, and `GET`, `PATCH` and `DELETE /schedules/{merchant_uid}`.

use billing::ports::ScheduleFilter;
use billing::usecase::{Caller, NewSchedule, SCHEDULES_MAX};
use billing::{CustomerId, CustomerUid, Invalid, Timestamp};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, form, order, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "POST /schedules" => register(&app, &request).await,
        "GET /schedules" => list(&app, &request).await,
        "GET /schedules/{merchant_uid}" => read(&app, &request).await,
        "PATCH /schedules/{merchant_uid}" => reschedule(&app, &request).await,
        "DELETE /schedules/{merchant_uid}" => revoke(&app, &request).await,
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn register(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let (customer_uid, customer_id, wanted) = command(request.json_list()?)?;
    let answers = app.billing(request.deadline()).schedule_and_warn(&customer_uid, customer_id, wanted).await?;
    let listed = form::with_query("/schedules", &[("customer_uid", customer_uid.as_str())]);
    present::schedule::registered(&answers, &listed)
}

fn command(mut body: Object) -> Result<(CustomerUid, Option<CustomerId>, Vec<NewSchedule>), Problem> {
    let customer_uid = body.required("customer_uid", CustomerUid::parse)?;
    let customer_id = body.optional("customer_id", CustomerId::parse)?;
    let entries = body.list("schedules", SCHEDULES_MAX)?;
    body.finish()?;
    let read = |mut entry: Object| {
        let schedule_at = order::seconds(&mut entry, "schedule_at")?;
        let order = order::order(&mut entry, customer_uid.clone())?;
        entry.finish()?;
        Ok(NewSchedule { order, schedule_at })
    };
    let wanted = entries.into_iter().map(read).collect::<Result<Vec<_>, Invalid>>()?;
    Ok((customer_uid, customer_id, wanted))
}

async fn list(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let filter = ScheduleFilter {
        customer_uid: request.query("customer_uid")?.map(|uid| CustomerUid::parse(&uid)).transpose()?,
        from: time(request, "from")?,
        to: time(request, "to")?,
        limit: request.limit()?,
        cursor: request.query("cursor")?,
    };
    let page = app.billing(request.deadline()).schedules(&caller, &filter).await?;
    let rows = page.items.iter().map(present::payment).collect();
    Ok(Reply::json(200, &present::page(rows, page.next.clone())))
}

fn time(request: &Request, name: &str) -> Result<Option<Timestamp>, Invalid> {
    let read = |text: String| text.parse().map(Timestamp).map_err(|_| Invalid::field(name, "UNIX seconds"));
    request.query(name)?.map(read).transpose()
}

async fn read(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let row = app.billing(request.deadline()).scheduled(&caller, &request.path("merchant_uid")?).await?;
    Ok(Reply::json(200, &present::payment(&row)))
}

async fn reschedule(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let merchant_uid = request.path("merchant_uid")?;
    let mut body = request.json()?;
    let schedule_at = order::seconds(&mut body, "schedule_at")?;
    body.finish()?;
    let billing = app.billing(request.deadline());
    let (row, warnings) = billing.reschedule_and_warn(&Caller::Merchant, &merchant_uid, schedule_at).await?;
    Ok(present::schedule::changed(&row, &warnings))
}

async fn revoke(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let billing = app.billing(request.deadline());
    let row = billing.unschedule(&Caller::Merchant, &request.path("merchant_uid")?).await?;
    Ok(present::schedule::changed(&row, &[]))
}
