//! Faults on demand: what an emulator never does by itself, and the real services do.
//!
//! `POST /_aws/faults {"operation": "PutItem", "kind": "throttle", "times": 2}` arms one, `GET` lists what is armed,
//! `DELETE` disarms all. An armed fault hits the next `times` calls of its operation after skipping `skip` of them.

use std::collections::VecDeque;

use http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What happens to a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Refused for lack of capacity, before anything is done. SDKs repeat it.
    Throttle,
    /// `TransactionCanceledException` with the reason `TransactionConflict` (transactions), or
    /// `TransactionConflictException` (single writes). Nothing is done.
    Conflict,
    /// `TransactionInProgressException`: the same token is being executed. Nothing is done.
    InProgress,
    /// A 500 before anything is done. SDKs repeat it.
    InternalError,
    /// A 500 after the call was carried out.
    InternalErrorAfterCommit,
    /// The connection is closed and nothing is done.
    DropBeforeCommit,
    /// The call is carried out, and the connection closed without an answer.
    DropAfterCommit,
    /// The call is only late.
    Delay,
}

/// An armed fault.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The operation's name without its service (`PutItem`, `GetSecretValue`), or `*`.
    pub operation: String,
    /// What happens.
    pub kind: Kind,
    /// How many calls it hits.
    #[serde(default = "once")]
    pub times: u32,
    /// How many calls pass unharmed before.
    #[serde(default)]
    pub skip: u32,
    /// Wait before the fault happens, milliseconds. For [`Kind::Delay`] this is all that happens.
    #[serde(default)]
    pub delay_ms: u64,
}

fn once() -> u32 {
    1
}

/// Single writes that can conflict with a transaction.
const SINGLE_WRITES: &[&str] = &["PutItem", "UpdateItem", "DeleteItem"];
/// Transactions.
const TRANSACTIONS: &[&str] = &["TransactWriteItems", "TransactGetItems"];

impl Fault {
    /// Refuses combinations that the real service cannot show.
    ///
    /// # Errors
    /// One line saying why.
    pub fn check(&self) -> Result<(), String> {
        let operation = self.operation.as_str();
        let possible = match self.kind {
            Kind::Conflict => SINGLE_WRITES.contains(&operation) || TRANSACTIONS.contains(&operation),
            Kind::InProgress => operation == "TransactWriteItems",
            Kind::Delay => self.delay_ms > 0,
            Kind::Throttle
            | Kind::InternalError
            | Kind::InternalErrorAfterCommit
            | Kind::DropBeforeCommit
            | Kind::DropAfterCommit => true,
        };
        if operation.is_empty() {
            return Err("operation is empty".to_owned());
        }
        if self.times == 0 {
            return Err("times is 0".to_owned());
        }
        if !possible {
            return Err(format!("{operation} cannot fail with {}", json!(self.kind)));
        }
        Ok(())
    }
}

/// All armed faults, oldest first.
#[derive(Debug, Default)]
pub struct Faults {
    armed: VecDeque<Fault>,
}

impl Faults {
    /// Arms one more.
    pub fn arm(&mut self, fault: Fault) {
        self.armed.push_back(fault);
    }

    /// Disarms all.
    pub fn clear(&mut self) {
        self.armed.clear();
    }

    /// What is armed.
    #[must_use]
    pub fn list(&self) -> Value {
        json!(self.armed)
    }

    /// The fault that hits this call, if any. Each armed fault counts the calls of its operation.
    pub fn next(&mut self, operation: &str) -> Option<Fault> {
        let mut hit = None;
        for fault in self.armed.iter_mut().filter(|fault| fault.operation == "*" || fault.operation == operation) {
            if fault.skip > 0 {
                fault.skip -= 1;
            } else if hit.is_none() {
                fault.times = fault.times.saturating_sub(1);
                hit = Some(fault.clone());
            }
        }
        self.armed.retain(|fault| fault.times > 0);
        hit
    }
}

/// The error that a fault answers with, if it answers: status and body, worded as the service words them.
#[must_use]
pub fn error_of(kind: Kind, service: super::Service, operation: &str, request: &Value) -> Option<(StatusCode, Value)> {
    let dynamodb = |name: &str| format!("com.amazonaws.dynamodb.v20120810#{name}");
    let is_dynamodb = service == super::Service::DynamoDb;
    match kind {
        Kind::Throttle if is_dynamodb => Some((
            StatusCode::BAD_REQUEST,
            json!({
                "__type": dynamodb("ProvisionedThroughputExceededException"),
                "message": "The level of configured provisioned throughput for the table was exceeded. Consider increasing your provisioning level with the UpdateTable API.",
            }),
        )),
        Kind::Throttle => {
            Some((StatusCode::BAD_REQUEST, json!({ "__type": "ThrottlingException", "Message": "Rate exceeded" })))
        }
        Kind::InternalError | Kind::InternalErrorAfterCommit if is_dynamodb => Some((
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "__type": dynamodb("InternalServerError"), "message": "Internal server error" }),
        )),
        Kind::InternalError | Kind::InternalErrorAfterCommit => Some((
            StatusCode::INTERNAL_SERVER_ERROR,
            json!({ "__type": "InternalServiceError", "Message": "An error occurred on the server side." }),
        )),
        Kind::Conflict if TRANSACTIONS.contains(&operation) => {
            // The first item is the one in conflict; the others have nothing to report.
            let items = request.get("TransactItems").and_then(Value::as_array).map_or(1, Vec::len);
            let reasons: Vec<Value> = (0..items)
                .map(|index| {
                    if index == 0 {
                        json!({ "Code": "TransactionConflict", "Message": "Transaction is ongoing for the item" })
                    } else {
                        json!({ "Code": "None" })
                    }
                })
                .collect();
            let codes: Vec<&str> = reasons.iter().filter_map(|reason| reason["Code"].as_str()).collect();
            Some((
                StatusCode::BAD_REQUEST,
                json!({
                    "__type": dynamodb("TransactionCanceledException"),
                    "Message": format!(
                        "Transaction cancelled, please refer cancellation reasons for specific reasons [{}]",
                        codes.join(", ")
                    ),
                    "CancellationReasons": reasons,
                }),
            ))
        }
        Kind::Conflict => Some((
            StatusCode::BAD_REQUEST,
            json!({ "__type": dynamodb("TransactionConflictException"), "message": "Transaction is ongoing for the item" }),
        )),
        Kind::InProgress => Some((
            StatusCode::BAD_REQUEST,
            json!({
                "__type": dynamodb("TransactionInProgressException"),
                "Message": "Transaction is in progress for the given ClientRequestToken",
            }),
        )),
        Kind::DropBeforeCommit | Kind::DropAfterCommit | Kind::Delay => None,
    }
}
