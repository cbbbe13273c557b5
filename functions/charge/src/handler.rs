//! `POST /charges` and `GET /charges/{merchant_uid}`.

use billing::order::Order;
use billing::{CustomerId, CustomerUid};
use runtime::App;
use runtime::http::{Object, Problem, Reply, Request, order, present};

pub(crate) async fn handle(app: App, request: Request) -> Result<Reply, Problem> {
    match request.route() {
        "POST /charges" => charge(&app, &request).await,
        "GET /charges/{merchant_uid}" => read(&app, &request).await,
        _ => Err(Problem::new(404, "not_found", "There is no such route.")),
    }
}

async fn charge(app: &App, request: &Request) -> Result<Reply, Problem> {
    request.merchant()?;
    let (order, customer_id) = command(request.json()?)?;
    let (row, warnings) = app.billing(request.deadline()).charge_and_warn(order, customer_id).await?;
    present::charged(&row, &warnings)
}

fn command(mut body: Object) -> Result<(Order, Option<CustomerId>), Problem> {
    let customer_uid = body.required("customer_uid", CustomerUid::parse)?;
    let customer_id = body.optional("customer_id", CustomerId::parse)?;
    let order = order::order(&mut body, customer_uid)?;
    body.finish()?;
    Ok((order, customer_id))
}

async fn read(app: &App, request: &Request) -> Result<Reply, Problem> {
    let caller = request.caller()?;
    let row = app.billing(request.deadline()).payment(&caller, &request.path("merchant_uid")?).await?;
    Ok(Reply::json(200, &present::payment(&row)))
}
