//! The SDK's HTTP client: each request goes to the engine in process, and on its way goes wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use aws_sdk_dynamodb::config::http::{HttpRequest, HttpResponse};
use aws_sdk_dynamodb::config::{HttpClient, RuntimeComponents};
use aws_sdk_dynamodb::error::ConnectorError;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_types::body::SdkBody;
use serde_json::{Value, json};
use simulation::rng::{Rng, splitmix};
use simulation::sim::START;

use crate::clock::Until;
use crate::engine::{Engine, Reply};
use crate::fault::{Fault, Weather};

/// How often what happened below the adapter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WireCounts {
    /// HTTP requests, by operation.
    pub requests: BTreeMap<&'static str, u64>,
    /// Faults.
    pub faults: BTreeMap<Fault, u64>,
    /// What came of them.
    pub events: BTreeMap<&'static str, u64>,
}

impl WireCounts {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        fn sum<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(*key).or_default() += count;
            }
        }
        sum(&mut self.requests, &other.requests);
        sum(&mut self.faults, &other.faults);
        sum(&mut self.events, &other.events);
    }
}

/// One call of the store, for as long as it runs: its time, its chance, and what it has done.
#[derive(Debug)]
pub(crate) struct Turn {
    pub(crate) ms: u64,
    rng: Rng,
    exposed: bool,
    /// The first moment for which something waits.
    pub(crate) wake: Option<u64>,
    /// Names of the items that were written since this was last looked at.
    pub(crate) touched: Vec<String>,
    /// What happened, for the journal.
    pub(crate) lines: Vec<String>,
    attempts: u32,
    committed: bool,
    /// The item that somebody else writes before the next request arrives.
    overtaken: Option<String>,
}

#[derive(Debug, Default)]
struct State {
    turn: Option<Turn>,
    begun: u64,
    counts: WireCounts,
    broken: Vec<String>,
    /// Every (item, version, writer) that was ever written.
    written: BTreeSet<(String, String, String)>,
}

/// The way to the engine.
#[derive(Debug)]
pub struct Wire {
    engine: Engine,
    weather: Weather,
    seed: u64,
    state: Mutex<State>,
}

/// What the SDK is given as its HTTP client.
#[derive(Debug, Clone)]
pub struct Client(pub Arc<Wire>);

impl HttpClient for Client {
    fn http_connector(&self, _: &HttpConnectorSettings, _: &RuntimeComponents) -> SharedHttpConnector {
        SharedHttpConnector::new(self.clone())
    }
}

impl HttpConnector for Client {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let target = request.headers().get("x-amz-target").unwrap_or_default();
        let operation = operation(target.rsplit('.').next().unwrap_or_default());
        let body = request.body().bytes().and_then(|body| std::str::from_utf8(body).ok()).unwrap_or_default();
        let wire = &self.0;
        match wire.fate(operation) {
            None => HttpConnectorFuture::ready(Ok(response(wire.execute(operation, body)))),
            Some(fate) => HttpConnectorFuture::new(carry(Arc::clone(wire), operation, body.to_owned(), fate)),
        }
    }
}

/// What becomes of one request.
#[derive(Debug)]
struct Fate {
    fault: Option<Fault>,
    there_ms: u64,
    back_ms: u64,
    coin: bool,
}

async fn carry(
    wire: Arc<Wire>,
    operation: &'static str,
    body: String,
    fate: Fate,
) -> Result<HttpResponse, ConnectorError> {
    let Fate { fault, there_ms, back_ms, coin } = fate;
    Until::new(Arc::clone(&wire), there_ms).await;
    let reset = || ConnectorError::io("connection reset by peer".into());
    wire.overtake();
    match fault {
        Some(Fault::Throttled) => return Ok(response(throttled(coin))),
        Some(Fault::ErrorBefore) => return Ok(response(internal_error())),
        Some(Fault::ResetBefore) => return Err(reset()),
        Some(Fault::SilenceBefore) => return std::future::pending().await,
        Some(Fault::Conflict) => return Ok(response(conflict(operation, &body))),
        Some(Fault::InProgress) => return Ok(response(in_progress())),
        _ => {}
    }
    let reply = match fault {
        Some(Fault::ShortPage) => wire.execute(operation, &with_limit_of_one(&body)),
        Some(Fault::Unprocessed) => wire.execute_in_part(operation, &body),
        _ if wire.weather.forgetful && operation == "TransactWriteItems" => {
            wire.execute(operation, &without_token(&body))
        }
        _ => wire.execute(operation, &body),
    };
    Until::new(Arc::clone(&wire), back_ms).await;
    match fault {
        Some(Fault::ErrorAfter) => Ok(response(internal_error())),
        Some(Fault::ResetAfter) => Err(reset()),
        Some(Fault::Overtaken) => {
            wire.let_overtake(reply.status, &body);
            Err(reset())
        }
        Some(Fault::SilenceAfter) => std::future::pending().await,
        Some(Fault::Truncated) => {
            let kept = reply.body.chars().take(reply.body.chars().count() / 2).collect();
            Ok(response(Reply { body: kept, ..reply }))
        }
        _ => Ok(response(reply)),
    }
}

impl Wire {
    /// A wire to a fresh engine.
    ///
    /// # Errors
    /// If the engine does not start.
    pub fn new(seed: u64, weather: Weather) -> Result<Self, String> {
        Ok(Self { engine: Engine::start()?, weather, seed, state: Mutex::default() })
    }

    /// The engine.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.engine
    }

    /// Whether nothing goes wrong here, ever.
    #[must_use]
    pub const fn is_calm(&self) -> bool {
        self.weather.is_calm()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// How often what happened.
    #[must_use]
    pub fn counts(&self) -> WireCounts {
        self.state().counts.clone()
    }

    /// Notes that something happened.
    pub(crate) fn count(&self, what: &'static str) {
        *self.state().counts.events.entry(what).or_default() += 1;
    }

    /// Notes that the store broke its promise.
    pub(crate) fn broken(&self, what: String) {
        self.state().broken.push(what);
    }

    /// What was broken since the last time.
    pub(crate) fn take_broken(&self) -> Vec<String> {
        std::mem::take(&mut self.state().broken)
    }

    /// A call begins, at this second. Nothing goes wrong with one that is not exposed.
    pub(crate) fn begin(&self, now: i64, exposed: bool) -> Turn {
        let mut state = self.state();
        state.begun += 1;
        let rng = Rng::new(splitmix(self.seed ^ splitmix(state.begun ^ 0x7e1e_9a4f)));
        let ms = now.unsigned_abs().saturating_mul(1_000);
        Turn {
            ms,
            rng,
            exposed,
            wake: None,
            touched: Vec::new(),
            lines: Vec::new(),
            attempts: 0,
            committed: false,
            overtaken: None,
        }
    }

    /// Lets a call go on for as long as it does not wait. Outside of it nothing goes wrong and no time passes.
    pub(crate) fn during<T>(&self, call: &mut Option<Turn>, go_on: impl FnOnce() -> T) -> T {
        if let Some(turn) = call {
            turn.wake = None;
            // The SDK draws its backoff from the thread's own source.
            fastrand::seed(turn.rng.next_u64());
        }
        self.state().turn = call.take();
        let went = go_on();
        *call = self.state().turn.take();
        went
    }

    /// Whether a call runs.
    pub(crate) fn is_in_call(&self) -> bool {
        self.state().turn.is_some()
    }

    /// Whether the running call has written anything.
    pub(crate) fn has_committed(&self) -> bool {
        self.state().turn.as_ref().is_some_and(|turn| turn.committed)
    }

    /// Whether an item's version was ever written by this writer.
    pub(crate) fn was_written(&self, item: &str, version: u64, writer: &str) -> bool {
        self.state().written.contains(&(item.to_owned(), version.to_string(), writer.to_owned()))
    }

    pub(crate) fn now_ms(&self) -> u64 {
        self.state().turn.as_ref().map_or_else(|| START.unsigned_abs().saturating_mul(1_000), |turn| turn.ms)
    }

    /// Whether a moment has come; if not, the running call is woken then.
    pub(crate) fn reached(&self, ms: u64) -> bool {
        match &mut self.state().turn {
            Some(turn) if turn.ms < ms => {
                turn.wake = Some(turn.wake.map_or(ms, |first| first.min(ms)));
                false
            }
            Some(_) => true,
            None => false,
        }
    }

    /// What becomes of the next request; nothing special outside of a call.
    fn fate(&self, operation: &'static str) -> Option<Fate> {
        let mut state = self.state();
        let State { turn, counts, .. } = &mut *state;
        let turn = turn.as_mut()?;
        *counts.requests.entry(operation).or_default() += 1;
        turn.attempts += 1;
        if !turn.exposed {
            return None;
        }
        let fault = self.weather.fault(&mut turn.rng, operation);
        let there_ms = self.weather.travel(&mut turn.rng);
        let back_ms = self.weather.travel(&mut turn.rng);
        if let Some(fault) = fault {
            *counts.faults.entry(fault).or_default() += 1;
        }
        if let Some(fault) = fault {
            turn.lines.push(format!("    {operation}, request {}: {fault:?}", turn.attempts));
        }
        Some(Fate { fault, there_ms, back_ms, coin: turn.rng.chance(500) })
    }

    fn execute(&self, operation: &str, body: &str) -> Reply {
        let reply = self.engine.call(operation, body);
        if matches!(operation, "UpdateItem" | "TransactWriteItems") {
            self.note_write(operation, body, &reply);
        }
        if reply.status >= 500 || reply.body.contains("SerializationException") || reply.body.contains("Validation") {
            self.broken(format!("the engine refuses {operation} {body}: {}", reply.body));
        }
        reply
    }

    /// Half of the keys only; the rest is left to the caller.
    fn execute_in_part(&self, operation: &str, body: &str) -> Reply {
        let Ok(mut request) = serde_json::from_str::<Value>(body) else { return self.execute(operation, body) };
        let pointer = format!("/RequestItems/{}/Keys", crate::engine::TABLE);
        let Some(keys) = request.pointer_mut(&pointer).and_then(Value::as_array_mut) else {
            return self.execute(operation, body);
        };
        let rest = keys.split_off(keys.len() / 2);
        let none_left = keys.is_empty();
        let table = request["RequestItems"][crate::engine::TABLE].clone();
        let mut reply = if none_left { json!({ "Responses": {} }) } else { Value::Null };
        if !none_left {
            let part = self.execute(operation, &request.to_string());
            let Ok(answer) = serde_json::from_str(&part.body) else { return part };
            reply = answer;
        }
        let mut unprocessed = table;
        unprocessed["Keys"] = Value::Array(rest);
        reply["UnprocessedKeys"] = json!({ crate::engine::TABLE: unprocessed });
        Reply { status: 200, body: reply.to_string() }
    }

    /// Somebody else will write the item of a write that was done.
    fn let_overtake(&self, status: u16, body: &str) {
        let request: Value = serde_json::from_str(body).unwrap_or_default();
        let items = request["TransactItems"].as_array().into_iter().flatten();
        let mut names = items.filter_map(versioned).filter_map(|write| write.pointer("/Key/pk/S"));
        let name = request.pointer("/Key/pk/S").or_else(|| names.next());
        if let (Some(name), 200, Some(turn)) = (name.and_then(Value::as_str), status, &mut self.state().turn) {
            turn.overtaken = Some(name.to_owned());
        }
    }

    /// Somebody else touches an item: its next version, by another writer, and nothing else.
    fn overtake(&self) {
        let Some(name) = self.state().turn.as_mut().and_then(|turn| turn.overtaken.take()) else { return };
        // Each kind of row has the name that its own begins with.
        let sort = name.split('#').next().unwrap_or_default();
        let touch = json!({
            "TableName": crate::engine::TABLE,
            "Key": { "pk": { "S": name }, "sk": { "S": sort } },
            "UpdateExpression": "SET #writer = :writer ADD #version :one",
            "ExpressionAttributeNames": { "#writer": "writer", "#version": "version" },
            "ExpressionAttributeValues": { ":one": { "N": "1" }, ":writer": { "S": OTHER_WRITER } },
        });
        let reply = self.engine.call("UpdateItem", &touch.to_string());
        let mut state = self.state();
        if reply.status != 200 {
            state.broken.push(format!("nobody could overtake {name}: {}", reply.body));
        } else if let Some(turn) = &mut state.turn {
            turn.lines.push(format!("    somebody else writes {name}"));
            turn.touched.push(name);
        }
    }

    fn note_write(&self, operation: &str, body: &str, reply: &Reply) {
        let Ok(request) = serde_json::from_str::<Value>(body) else { return };
        let items = request["TransactItems"].as_array();
        // With its place in the transaction.
        let rows = |(place, item): (usize, &Value)| Some((place, versioned(item)?.clone()));
        let writes: Vec<(usize, Value)> = match operation {
            "UpdateItem" => vec![(0, request.clone())],
            _ => items.into_iter().flatten().enumerate().filter_map(rows).collect(),
        };
        // What a key's row keeps of a schedule is no version of it, and shows all the same.
        let keys = items.into_iter().flatten().filter_map(|item| item.pointer("/Update/Key/pk/S")?.as_str());
        let keys: Vec<String> = keys.filter(|name| name.starts_with("KEY#")).map(str::to_owned).collect();
        let mut state = self.state();
        let State { turn, counts, written, .. } = &mut *state;
        if let Some(turn) = turn.as_mut().filter(|_| reply.status == 200) {
            turn.touched.extend(keys);
        }
        for (place, write) in writes {
            let part = |pointer: &str| write.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned();
            let name = part("/Key/pk/S");
            let version = part("/ExpressionAttributeValues/:version/N");
            let writer = part("/ExpressionAttributeValues/:writer/S");
            if reply.status == 200 {
                if !written.insert((name.clone(), version, writer)) {
                    *counts.events.entry("own transaction replayed").or_default() += 1;
                }
                if let Some(turn) = turn {
                    turn.touched.push(name);
                    turn.committed = true;
                }
            } else if written.contains(&(name, version, writer.clone())) {
                // Refused because of our own earlier try, or of somebody who came after it.
                let refused: Value = serde_json::from_str(&reply.body).unwrap_or_default();
                let stored = match operation {
                    "UpdateItem" => refused.pointer("/Item/writer/S"),
                    _ => refused.pointer(&format!("/CancellationReasons/{place}/Item/writer/S")),
                };
                if let Some(stored) = stored.and_then(Value::as_str) {
                    let what = match (operation, stored == writer) {
                        (_, false) => "own write overtaken",
                        ("UpdateItem", true) => "own write met",
                        (_, true) => "own transaction met",
                    };
                    *counts.events.entry(what).or_default() += 1;
                }
            }
        }
    }
}

/// The mark of somebody else.
const OTHER_WRITER: &str = "00000000000000000000000000000000";

/// A transaction's write of a row's next version. What says which subscription is the last of its plan is no row, and what a
/// key's row keeps of a schedule is no version of it.
fn versioned(item: &Value) -> Option<&Value> {
    item.get("Update").filter(|write| write.pointer("/ExpressionAttributeValues/:version").is_some())
}

/// The operation by its name, as a literal.
fn operation(name: &str) -> &'static str {
    const SERVED: [&str; 5] = ["GetItem", "BatchGetItem", "Query", "UpdateItem", "TransactWriteItems"];
    SERVED.into_iter().find(|served| *served == name).unwrap_or("Unknown")
}

fn response(reply: Reply) -> HttpResponse {
    let status = reply.status.try_into().unwrap_or_else(|_| internal_status());
    let mut response = HttpResponse::new(status, SdkBody::from(reply.body));
    response.headers_mut().insert("content-type", "application/x-amz-json-1.0");
    response
}

#[expect(clippy::expect_used, reason = "500 is a status")]
fn internal_status() -> aws_smithy_runtime_api::http::StatusCode {
    500.try_into().expect("500 is a status")
}

fn refusal(status: u16, name: &str, message: &str) -> Reply {
    let body = json!({ "__type": format!("com.amazonaws.dynamodb.v20120810#{name}"), "message": message });
    Reply { status, body: body.to_string() }
}

fn throttled(coin: bool) -> Reply {
    let name = if coin { "ProvisionedThroughputExceededException" } else { "ThrottlingException" };
    refusal(400, name, "Rate exceeded")
}

fn internal_error() -> Reply {
    refusal(500, "InternalServerError", "Internal server error")
}

fn in_progress() -> Reply {
    refusal(400, "TransactionInProgressException", "Transaction is in progress for the given ClientRequestToken")
}

/// What a write is told while another transaction holds one of its items.
fn conflict(operation: &str, body: &str) -> Reply {
    if operation == "UpdateItem" {
        return refusal(400, "TransactionConflictException", "Transaction is ongoing for the item");
    }
    let request: Value = serde_json::from_str(body).unwrap_or_default();
    let items = request["TransactItems"].as_array().map_or(1, Vec::len);
    let last = items.saturating_sub(1);
    let reason = |place| match place {
        place if place == last => {
            json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
        }
        _ => json!({ "Code": "None" }),
    };
    let reasons: Vec<Value> = (0..items).map(reason).collect();
    let body = json!({
        "__type": "com.amazonaws.dynamodb.v20120810#TransactionCanceledException",
        "Message": "Transaction cancelled, please refer cancellation reasons for specific reasons",
        "CancellationReasons": reasons,
    });
    Reply { status: 400, body: body.to_string() }
}

fn edited(body: &str, edit: impl FnOnce(&mut serde_json::Map<String, Value>)) -> String {
    let Ok(Value::Object(mut request)) = serde_json::from_str(body) else { return body.to_owned() };
    edit(&mut request);
    Value::Object(request).to_string()
}

fn without_token(body: &str) -> String {
    edited(body, |request| {
        request.remove("ClientRequestToken");
    })
}

fn with_limit_of_one(body: &str) -> String {
    edited(body, |request| {
        request.insert("Limit".to_owned(), Value::from(1));
    })
}
