//! From `X-Amz-Target` to a service, with the faults in between.

use std::time::Duration;

use bytes::Bytes;
use http::{HeaderValue, Method, Request, Response, StatusCode, Uri, header};
use http_body_util::Full;
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::{Value, json};

use super::faults::{self, Fault, Kind};
use super::{Endpoint, Service, lock};
use crate::net::{self, Hangup, HttpError, Reply};

/// DynamoDB's limit of a request, 16 MB.
const MAX_BODY: usize = 16 * 1024 * 1024;
/// The prefix of calls of the table's stream.
const STREAMS: &str = "DynamoDBStreams_20120810.";
/// The engine is in this process: a call that takes longer is stuck.
const ENGINE_TIMEOUT: Duration = Duration::from_secs(60);

impl Endpoint {
    pub(super) async fn handle(&self, request: Request<Incoming>) -> Result<Reply, Hangup> {
        let (parts, body) = request.into_parts();
        let Ok(body) = net::read_body(body, MAX_BODY).await else {
            let error = json!({ "__type": "com.amazon.coral.service#RequestEntityTooLargeException" });
            return Ok(net::json(StatusCode::PAYLOAD_TOO_LARGE, &error));
        };
        if parts.uri.path().starts_with("/_aws/") {
            return Ok(self.control(&parts.method, &parts.uri, &body));
        }
        let target = parts.headers.get("x-amz-target").and_then(|value| value.to_str().ok()).unwrap_or_default();
        let Some((service, operation)) = split_target(target) else {
            return Ok(unknown_target(target));
        };
        if target.starts_with(STREAMS) {
            // What reads the stream is the platform's, and neither counted nor disturbed.
            return Ok(self.engine(&parts, body).await);
        }
        lock(&self.calls).entry(operation.to_owned()).and_modify(|count| *count += 1).or_insert(1_u64);
        let operation = operation.to_owned();
        let fault = lock(&self.faults).next(&operation);
        let Some(fault) = fault else {
            return Ok(self.execute(service, &operation, &parts, body).await);
        };
        self.faulty(fault, service, &operation, &parts, body).await
    }

    async fn faulty(
        &self,
        fault: Fault,
        service: Service,
        operation: &str,
        parts: &http::request::Parts,
        body: Bytes,
    ) -> Result<Reply, Hangup> {
        tracing::info!(operation, kind = ?fault.kind, "fault");
        tokio::time::sleep(Duration::from_millis(fault.delay_ms)).await;
        let request: Value = serde_json::from_slice(&body).unwrap_or_default();
        let committed = matches!(fault.kind, Kind::DropAfterCommit | Kind::InternalErrorAfterCommit | Kind::Delay);
        let reply = if committed { Some(self.execute(service, operation, parts, body).await) } else { None };
        match (fault.kind, reply) {
            (Kind::DropBeforeCommit | Kind::DropAfterCommit, _) => Err(Hangup),
            (Kind::Delay, Some(reply)) => Ok(reply),
            (kind, _) => match faults::error_of(kind, service, operation, &request) {
                Some((status, error)) => Ok(typed(service, status, &error)),
                None => Err(Hangup),
            },
        }
    }

    async fn execute(&self, service: Service, operation: &str, parts: &http::request::Parts, body: Bytes) -> Reply {
        match service {
            Service::DynamoDb => self.engine(parts, body).await,
            Service::EventBridge => match lock(&self.bus).call(operation, &body) {
                Ok(answer) => typed(service, StatusCode::OK, &answer),
                Err(error) => typed(service, error.status, &json!({ "__type": error.kind, "message": error.message })),
            },
            Service::SecretsManager => {
                if !parts.headers.contains_key(header::AUTHORIZATION) {
                    let error = json!({ "__type": "MissingAuthenticationTokenException", "Message": "Missing Authentication Token" });
                    return typed(service, StatusCode::BAD_REQUEST, &error);
                }
                let outcome = lock(&self.secrets).call(operation, &body, Timestamp::now());
                match outcome {
                    Ok(answer) => typed(service, StatusCode::OK, &answer),
                    Err(error) => {
                        typed(service, error.status, &json!({ "__type": error.kind, "Message": error.message }))
                    }
                }
            }
        }
    }

    /// Hands the call to the DynamoDB engine as it is, and its answer back as it is.
    async fn engine(&self, parts: &http::request::Parts, body: Bytes) -> Reply {
        let mut request = Request::new(Full::new(body));
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.engine.clone();
        *request.headers_mut() = parts.headers.clone();
        for own in [header::HOST, header::CONTENT_LENGTH, header::TRANSFER_ENCODING, header::CONNECTION, header::EXPECT]
        {
            request.headers_mut().remove(own);
        }
        match self.http.send(request, ENGINE_TIMEOUT, usize::MAX).await {
            Ok(answer) => {
                let (mut parts, body) = answer.into_parts();
                parts.headers.remove(header::CONTENT_LENGTH);
                parts.headers.remove(header::CONNECTION);
                Response::from_parts(parts, Full::new(body))
            }
            Err(error @ (HttpError::Connect(_) | HttpError::Timeout(..) | HttpError::Broken(..))) => {
                tracing::error!(%error, "the DynamoDB engine gave no answer");
                let error = json!({
                    "__type": "com.amazonaws.dynamodb.v20120810#InternalServerError",
                    "message": "the sandbox's DynamoDB engine gave no answer",
                });
                typed(Service::DynamoDb, StatusCode::INTERNAL_SERVER_ERROR, &error)
            }
        }
    }

    /// `/_aws/health`, `/_aws/faults`, `/_aws/calls` (how often each operation was called, for write budgets), and `/_aws/events` (what
    /// was put on the bus).
    fn control(&self, method: &Method, uri: &Uri, body: &[u8]) -> Reply {
        let path = uri.path();
        match (method, path) {
            (&Method::GET, "/_aws/events") => {
                let after = uri.query().and_then(|query| query.strip_prefix("after=")?.parse().ok()).unwrap_or(0);
                net::json(StatusCode::OK, &lock(&self.bus).after(after))
            }
            // The next entries are refused one by one, as a throttled bus refuses some of a request.
            (&Method::POST, "/_aws/events/refuse") => {
                let asked: Value = serde_json::from_slice(body).unwrap_or_default();
                let entries = asked["entries"].as_u64().and_then(|entries| usize::try_from(entries).ok());
                lock(&self.bus).refuse(entries.unwrap_or(1));
                net::json(StatusCode::CREATED, &json!({}))
            }
            (&Method::GET, "/_aws/health") => net::json(StatusCode::OK, &json!({ "status": "ok" })),
            (&Method::GET, "/_aws/calls") => net::json(StatusCode::OK, &json!(*lock(&self.calls))),
            (&Method::DELETE, "/_aws/calls") => {
                lock(&self.calls).clear();
                net::json(StatusCode::OK, &json!({}))
            }
            (&Method::GET, "/_aws/faults") => net::json(StatusCode::OK, &lock(&self.faults).list()),
            (&Method::DELETE, "/_aws/faults") => {
                lock(&self.faults).clear();
                net::json(StatusCode::OK, &json!([]))
            }
            (&Method::POST, "/_aws/faults") => {
                let fault = serde_json::from_slice::<Fault>(body).map_err(|error| error.to_string());
                match fault.and_then(|fault| fault.check().map(|()| fault)) {
                    Ok(fault) => {
                        let mut faults = lock(&self.faults);
                        faults.arm(fault);
                        net::json(StatusCode::CREATED, &faults.list())
                    }
                    Err(why) => net::json(StatusCode::BAD_REQUEST, &json!({ "message": why })),
                }
            }
            _ => net::json(StatusCode::NOT_FOUND, &json!({ "message": format!("nothing at {method} {path}") })),
        }
    }
}

fn split_target(target: &str) -> Option<(Service, &str)> {
    let (prefix, operation) = target.split_once('.')?;
    match prefix {
        "secretsmanager" => Some((Service::SecretsManager, operation)),
        "AWSEvents" => Some((Service::EventBridge, operation)),
        "DynamoDB_20120810" | "DynamoDBStreams_20120810" => Some((Service::DynamoDb, operation)),
        _ => None,
    }
}

fn unknown_target(target: &str) -> Reply {
    let message = if target.is_empty() {
        "The sandbox's AWS endpoint answers DynamoDB, Secrets Manager and EventBridge, and the request has no X-Amz-Target."
            .to_owned()
    } else {
        format!("The sandbox's AWS endpoint answers DynamoDB, Secrets Manager and EventBridge, not `{target}`.")
    };
    let error = json!({ "__type": "UnknownOperationException", "message": message });
    typed(Service::SecretsManager, StatusCode::BAD_REQUEST, &error)
}

/// JSON with the media type of the service's protocol version, and the headers that SDKs log.
fn typed(service: Service, status: StatusCode, value: &Value) -> Reply {
    let mut reply = net::json(status, value);
    let kind = match service {
        Service::DynamoDb => "application/x-amz-json-1.0",
        Service::SecretsManager | Service::EventBridge => "application/x-amz-json-1.1",
    };
    reply.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
    let id = crate::random_hex::<16>().unwrap_or_default();
    if let Ok(id) = HeaderValue::from_str(&id) {
        reply.headers_mut().insert("x-amzn-requestid", id);
    }
    reply
}
