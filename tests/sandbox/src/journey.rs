//! Moving the sandbox's clock as time would pass: nothing that lies on the way is skipped.
//!
//! The simulator runs every schedule that its clock passes, and waits for the answers to its webhooks. In the real
//! system a timer also starts the sweep, and what the sweep does (a lost webhook caught up, a period's end, the next
//! payment registered) is what later schedules come from. So a move stops whenever something is to happen, and sweeps
//! there: when the simulator has something to run, and when a row of the table is due. A subscription steps through
//! months in this way, period by period, without a sweep for every day on which there is nothing to do.

use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::aws::client::Client;
use crate::net::{Http, HttpError};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;
/// The longest step if the table says what is due: the daily comparison wants to run now and then as well.
const LONGEST: i64 = 31 * DAY;
/// Sweeps for rows that stay due, roughly, whatever the distance: an outcome that nobody knows is asked for every hour,
/// for ever.
const MOST_SWEEPS: i64 = 200;
/// The index of the table that holds exactly the rows which are owed something, and its sort key: UNIX seconds.
const DUE_INDEX: &str = "due";
const DUE_AT: &str = "due_at";
/// Sweeps at one moment while each says that it ran out of time.
const SWEEPS_AT_ONCE: usize = 5;
/// Moving the clock runs every schedule that it passes, webhooks included.
const CLOCK_TIMEOUT: Duration = Duration::from_secs(120);
/// The function's own limit is below it.
const SWEEP_TIMEOUT: Duration = Duration::from_secs(120);
/// The answers are a few numbers.
const MAX_ANSWER: usize = 1 << 20;

/// What a journey moves.
#[derive(Clone, Debug)]
pub struct Places {
    /// The simulator, which keeps the clock: `http://127.0.0.1:8010`.
    pub iamport_url: String,
    /// Where the functions run; without it nothing is swept.
    pub lambda_url: Option<String>,
    /// The functions' table; without it there is a sweep for every day.
    pub table: Option<TablePlace>,
}

/// Where a table is.
#[derive(Clone, Debug)]
pub struct TablePlace {
    /// The AWS endpoint.
    pub aws_url: String,
    /// The table's name.
    pub name: String,
}

/// What happened on the way.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Journey {
    /// UNIX seconds by the simulator's clock, at the end.
    pub now: i64,
    /// Moments at which the simulator had something to run.
    pub moments: u64,
    /// Sweeps that ended.
    pub sweeps: u64,
    /// Sweeps that failed, as a whole or for some of what they looked at.
    pub failed: u64,
    /// Why there was no sweep from some moment on.
    pub unswept: Option<String>,
}

/// Why a clock was not moved, or not all the way.
#[derive(Debug, thiserror::Error)]
pub enum JourneyError {
    /// The simulator gave no answer.
    #[error(transparent)]
    Http(#[from] HttpError),
    /// The simulator refuses: the clock only moves forward, and ends with the year 9999.
    #[error("{url} refuses with {status}: {why}")]
    Refused {
        /// The clock's address.
        url: String,
        /// Its answer.
        status: StatusCode,
        /// In its own words.
        why: String,
    },
    /// An address that is none, or an answer that is no clock's.
    #[error("{0}")]
    Unusable(String),
}

/// What the simulator says of its clock.
struct Clock {
    now: i64,
    /// When it has something to run next.
    next_due: Option<i64>,
}

impl Places {
    /// UNIX seconds by the simulator's clock.
    ///
    /// # Errors
    /// [`JourneyError`] if it does not say.
    pub async fn now(&self) -> Result<i64, JourneyError> {
        Ok(self.clock(None).await?.now)
    }

    /// Moves the clock to `target`, UNIX seconds, or a moment later: the machine's time goes on meanwhile.
    ///
    /// # Errors
    /// [`JourneyError`]. What had happened until then has happened.
    pub async fn travel(&self, target: i64) -> Result<Journey, JourneyError> {
        let mut clock = self.clock(None).await?;
        let unknown = || "where the functions run is not known".to_owned();
        let mut journey = Journey { unswept: self.lambda_url.is_none().then(unknown), ..Journey::default() };
        let spacing = (target.saturating_sub(clock.now) / MOST_SWEEPS).clamp(HOUR, DAY);
        loop {
            let due = clock.next_due.filter(|due| *due > clock.now && *due <= target);
            let swept = match journey.unswept {
                None => self.next_sweep(clock.now, spacing).await.min(target),
                Some(_) => target,
            };
            let stop = due.map_or(swept, |due| due.min(swept));
            if due == Some(stop) {
                journey.moments = journey.moments.saturating_add(1);
            }
            clock = self.clock(Some(stop.saturating_sub(clock.now))).await?;
            self.sweep(&mut journey).await;
            if clock.now >= target {
                journey.now = clock.now;
                return Ok(journey);
            }
        }
    }

    /// When there is something for a sweep to do: at the earliest after `spacing`, at the latest after the longest step.
    async fn next_sweep(&self, now: i64, spacing: i64) -> i64 {
        let Some(rows) = self.due_rows().await else { return now.saturating_add(DAY) };
        let first = rows.into_iter().min().unwrap_or(i64::MAX);
        first.clamp(now.saturating_add(spacing), now.saturating_add(LONGEST))
    }

    /// When each row is due that is owed something. `None` if the table does not say.
    async fn due_rows(&self) -> Option<Vec<i64>> {
        let TablePlace { aws_url, name } = self.table.as_ref()?;
        let client = Client::new(aws_url).ok()?;
        let rows = client.scan_index(name, DUE_INDEX).await.ok()?;
        let due_at = |row: &Value| row.get(DUE_AT)?.get("N")?.as_str()?.parse().ok();
        rows.iter().map(due_at).collect()
    }

    async fn clock(&self, advance: Option<i64>) -> Result<Clock, JourneyError> {
        let url = format!("{}/_sim/clock", self.iamport_url.trim_end_matches('/'));
        let answer =
            exchange(&url, advance.map(|seconds| json!({ "advance_seconds": seconds })), CLOCK_TIMEOUT).await?;
        let (status, said) = answer;
        if status != StatusCode::OK {
            let why = said.get("error").and_then(Value::as_str).unwrap_or_default().to_owned();
            return Err(JourneyError::Refused { url, status, why });
        }
        let now = said.get("now").and_then(Value::as_i64);
        let now = now.ok_or_else(|| JourneyError::Unusable(format!("{url}: the answer has no time")))?;
        Ok(Clock { now, next_due: said.get("next_due").and_then(Value::as_i64) })
    }

    /// Sweeps as the timer does. A sweep that fails is the timer's to repeat, so it stops nothing here either.
    async fn sweep(&self, journey: &mut Journey) {
        let Some(lambda_url) = self.lambda_url.as_ref().filter(|_| journey.unswept.is_none()) else {
            return;
        };
        let url = format!("{}/2015-03-31/functions/reconcile/invocations", lambda_url.trim_end_matches('/'));
        for _ in 0..SWEEPS_AT_ONCE {
            let event = json!({ "source": "aws.scheduler", "detail-type": "Scheduled Event", "detail": "{}" });
            let (status, report) = match exchange(&url, Some(event), SWEEP_TIMEOUT).await {
                Ok(answer) => answer,
                Err(error) => {
                    journey.unswept = Some(error.to_string());
                    return;
                }
            };
            journey.sweeps = journey.sweeps.saturating_add(1);
            // A function that fails answers 200 as well, with an error instead of a report.
            let failures = report.get("failed").and_then(Value::as_u64);
            if status != StatusCode::OK || failures != Some(0) {
                journey.failed = journey.failed.saturating_add(1);
            }
            if report.get("cut_short") != Some(&json!(true)) {
                return;
            }
        }
    }
}

async fn exchange(url: &str, body: Option<Value>, timeout: Duration) -> Result<(StatusCode, Value), JourneyError> {
    let method = if body.is_some() { Method::POST } else { Method::GET };
    let body = body.as_ref().map(Value::to_string).unwrap_or_default();
    let request = Request::builder()
        .method(method)
        .uri(url)
        .header(header::CONTENT_TYPE, "application/json")
        .body(Full::new(Bytes::from(body)))
        .map_err(|_| JourneyError::Unusable(format!("`{url}` is not a URL")))?;
    let answer = Http::new().send(request, timeout, MAX_ANSWER).await?;
    Ok((answer.status(), serde_json::from_slice(answer.body()).unwrap_or_default()))
}
