//! Running a function: start-up, one request after another, and one line of log for each.

use std::future::Future;
use std::time::Duration;

use billing::usecase::Publisher;
use lambda_http::request::LambdaRequest;
use lambda_http::{Adapter, RequestExt, Service as _};
use lambda_runtime::{Error, LambdaEvent, service_fn};

use crate::app::App;
use crate::bus::Bus;
use crate::clock::SystemClock;
use crate::deadline::Deadline;
use crate::http::guard::{Guarded, guard};
use crate::http::{Problem, Reply, Request};
use crate::stream::Batch;

/// Longest time for one HTTP request: the gateway gives up after 30 s.
pub const HANDLER_BUDGET: Duration = Duration::from_secs(25);
/// Kept back from the platform's own limit, so that an answer gets out before the function is killed.
const PLATFORM_MARGIN: Duration = Duration::from_secs(2);
/// Time of a sweep where the platform names none.
const TICK_BUDGET: Duration = Duration::from_secs(120);
/// Kept back by a sweep for its report.
const TICK_MARGIN: Duration = Duration::from_secs(10);

/// Runs a function behind the HTTP API. `handle` translates; whatever it refuses becomes problem+json, and nothing leaves
/// without a body that says why.
///
/// # Errors
/// A setting that is missing or malformed, or the platform's own end.
pub async fn serve_http<H, F>(budget: Duration, handle: H) -> Result<(), Error>
where
    H: Fn(App, Request) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<Reply, Problem>> + Send,
{
    let app = start().await?;
    let answering = service_fn(move |inner: lambda_http::Request| {
        let (app, handle) = (app.clone(), handle.clone());
        async move {
            let platform = until_platform_limit(inner.lambda_context_ref());
            let limit = platform.map_or(budget, |left| budget.min(left.saturating_sub(PLATFORM_MARGIN)));
            let request = Request::new(inner, &app.clock, limit);
            let (id, route) = (request.id().to_owned(), request.route().to_owned());
            let started = app.clock.monotonic();
            let clock = app.clock.clone();
            let outcome = match request.check_url() {
                Ok(()) => handle(app, request).await,
                Err(problem) => Err(problem),
            };
            let taken = clock.monotonic().saturating_sub(started);
            let duration_ms = u64::try_from(taken.as_millis()).unwrap_or(u64::MAX);
            let reply = match outcome {
                Ok(reply) => {
                    tracing::info!(request_id = id, route, status = reply.status(), duration_ms, "answered");
                    reply
                }
                Err(problem) => {
                    let (status, code) = (problem.status(), problem.code().to_owned());
                    tracing::info!(request_id = id, route, status, code, duration_ms, "refused");
                    problem.into_reply(&id)
                }
            };
            Ok::<_, Error>(reply.into_response(&id))
        }
    });
    lambda_runtime::run(service_fn(move |event: LambdaEvent<LambdaRequest>| {
        let Guarded { event: payload, malformed } = guard(event.payload);
        let event = LambdaEvent::new(payload, event.context);
        let answering = answering.clone();
        async move {
            let Some(what) = malformed else { return Adapter::from(answering).call(event).await };
            let refusing = service_fn(move |inner| async move { Ok(malformed_event(&inner, what)) });
            Adapter::from(refusing).call(event).await
        }
    }))
    .await
}

/// The answer to an event that is no request. It names neither route nor path: they may be what is malformed.
fn malformed_event(inner: &lambda_http::Request, what: &'static str) -> lambda_http::Response<lambda_http::Body> {
    let id = Request::id_of(inner).to_owned();
    let problem = Problem::new(400, "malformed_request", format!("The request cannot be read: {what}."));
    let (status, code) = (problem.status(), problem.code());
    tracing::info!(request_id = id, status, code, what, "refused");
    problem.into_reply(&id).into_response(&id)
}

/// How a tick's work ended, for the log.
pub type Ended = Result<serde_json::Value, Error>;

/// Runs a function that a timer starts. The event carries no authority and no meaning.
///
/// # Errors
/// As [`serve_http`].
pub async fn serve_ticks<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(App, Deadline) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Ended> + Send,
{
    let app = start().await?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let (app, handle) = (app.clone(), handle.clone());
        async move {
            let limit = until_platform_limit(Some(&event.context)).unwrap_or(TICK_BUDGET).saturating_sub(TICK_MARGIN);
            let deadline = Deadline::of_tick(&app.clock, limit);
            handle(app, deadline).await
        }
    }))
    .await
}

/// Runs a function that the table's stream starts, with nothing but the bus.
///
/// # Errors
/// As [`serve_http`].
pub async fn serve_stream<H, F>(handle: H) -> Result<(), Error>
where
    H: Fn(Publisher<Bus>, Batch) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = serde_json::Value> + Send,
{
    crate::log::init();
    let publisher = crate::bus::publisher().await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    lambda_runtime::run(service_fn(move |event: LambdaEvent<serde_json::Value>| {
        let (publisher, handle) = (publisher.clone(), handle.clone());
        async move { Ok::<_, Error>(handle(publisher, Batch::read(&event.payload)).await) }
    }))
    .await
}

async fn start() -> Result<App, Error> {
    crate::log::init();
    let app = App::new().await.inspect_err(|error| tracing::error!(%error, "cannot start"))?;
    if !app.config.names_a_channel() {
        tracing::warn!(
            "no channel key is set (IAMPORT_CHANNEL_KEY, IAMPORT_CHECKOUT_PGS): newer gateways are known by theirs alone"
        );
    }
    if app.config.opens_windows() && app.config.checkout_return_url.is_none() {
        tracing::warn!(
            "no page to come back to is set (CHECKOUT_RETURN_URL): on a telephone some gateways' windows do not open, and paypal's nowhere"
        );
    }
    app.warm_up().await;
    Ok(app)
}

/// Time until the platform ends this invocation, by its own wall clock. A deadline that has passed at the start is none:
/// local emulators send a constant.
fn until_platform_limit(context: Option<&lambda_runtime::Context>) -> Option<Duration> {
    let left = context?.deadline.saturating_sub(SystemClock::unix_millis());
    (left > 0).then(|| Duration::from_millis(left))
}

#[cfg(test)]
mod tests;
