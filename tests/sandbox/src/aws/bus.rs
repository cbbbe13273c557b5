//! EventBridge as far as a producer and a reader need it: `PutEvents`, and what was put, in its order.
//!
//! `GET /_aws/events?after=N` answers with the events after the first N, and how many there are. They are kept in memory: a restart with
//! `--data` reads the table's stream from its beginning again, and what is told again has the same ids.

use http::StatusCode;
use serde_json::{Value, json};

/// Limits of one request (EventBridge's API reference, `PutEvents`, and its user guide on the size of entries, read 2026-11-30).
const ENTRIES_MAX: usize = 10;
const BYTES_MAX: usize = 256 * 1024;
/// Events of which the latest are kept, so that a sandbox that runs for weeks has an end.
const KEPT_MAX: usize = 100_000;
/// Events of one answer.
const PAGE: usize = 1_000;

/// What was put.
#[derive(Debug, Default)]
pub struct EventBus {
    /// How many were forgotten already.
    forgotten: usize,
    put: Vec<Value>,
    /// How many entries are refused one by one, from the next on.
    refusing: usize,
}

/// An error of the service: its status, name and text.
#[derive(Debug)]
pub struct BusError {
    /// HTTP status.
    pub status: StatusCode,
    /// `__type`.
    pub kind: &'static str,
    /// Text.
    pub message: String,
}

impl EventBus {
    /// `PutEvents`.
    ///
    /// # Errors
    /// A request that the service refuses as a whole.
    pub fn call(&mut self, operation: &str, body: &[u8]) -> Result<Value, BusError> {
        let refuse =
            |kind, message: &str| BusError { status: StatusCode::BAD_REQUEST, kind, message: message.to_owned() };
        if operation != "PutEvents" {
            return Err(refuse("UnknownOperationException", "the sandbox's bus takes PutEvents alone"));
        }
        let request: Value = serde_json::from_slice(body).unwrap_or_default();
        let entries =
            request["Entries"].as_array().ok_or_else(|| refuse("ValidationException", "Entries is missing"))?;
        if entries.is_empty() || entries.len() > ENTRIES_MAX {
            return Err(refuse("ValidationException", "Entries must have length between 1 and 10"));
        }
        if entries.iter().map(size).sum::<usize>() > BYTES_MAX {
            return Err(refuse("ValidationException", "Total size of the entries in the request is over the limit."));
        }
        let answers: Vec<Value> = entries.iter().map(|entry| self.put(entry)).collect();
        let failed = answers.iter().filter(|answer| answer.get("ErrorCode").is_some()).count();
        Ok(json!({ "FailedEntryCount": failed, "Entries": answers }))
    }

    fn put(&mut self, entry: &Value) -> Value {
        if self.refusing > 0 {
            self.refusing -= 1;
            return json!({ "ErrorCode": "ThrottlingException", "ErrorMessage": "Rate exceeded" });
        }
        let text = |name: &str| entry[name].as_str().filter(|text| !text.is_empty());
        let detail =
            text("Detail").and_then(|detail| serde_json::from_str::<Value>(detail).ok()).filter(Value::is_object);
        let (Some(source), Some(kind), Some(detail)) = (text("Source"), text("DetailType"), detail) else {
            return json!({ "ErrorCode": "MalformedDetail", "ErrorMessage": "Detail is malformed." });
        };
        let id = crate::random_hex::<16>().unwrap_or_default();
        // As a target receives it.
        let put = json!({
            "version": "0",
            "id": id,
            "detail-type": kind,
            "source": source,
            "time": entry["Time"],
            "region": crate::REGION,
            "resources": [],
            "bus": entry["EventBusName"],
            "detail": detail,
        });
        self.put.push(put);
        let surplus = self.put.len().saturating_sub(KEPT_MAX);
        self.put.drain(..surplus);
        self.forgotten += surplus;
        json!({ "EventId": id })
    }

    /// The events after the first `after`, and where the next page begins.
    #[must_use]
    pub fn after(&self, after: usize) -> Value {
        let from = after.saturating_sub(self.forgotten).min(self.put.len());
        let until = (from + PAGE).min(self.put.len());
        json!({ "events": self.put[from..until], "next": self.forgotten + until })
    }

    /// Refuses the next entries, each by itself.
    pub fn refuse(&mut self, entries: usize) {
        self.refusing = entries;
    }
}

/// What an entry counts for: its time, and each text that it names.
fn size(entry: &Value) -> usize {
    let texts = ["Source", "DetailType", "Detail"].iter().filter_map(|name| entry[*name].as_str()).map(str::len);
    let resources = entry["Resources"].as_array().into_iter().flatten().filter_map(Value::as_str).map(str::len);
    14 + texts.sum::<usize>() + resources.sum::<usize>()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(detail: &str) -> Value {
        json!({ "Source": "shop", "DetailType": "payment.paid", "Detail": detail })
    }

    fn put(bus: &mut EventBus, entries: &[Value]) -> Result<Value, BusError> {
        bus.call("PutEvents", json!({ "Entries": entries }).to_string().as_bytes())
    }

    #[test]
    fn what_was_put_is_read_in_its_order_page_by_page() {
        let mut bus = EventBus::default();
        for number in 0..3 {
            let answer = put(&mut bus, &[entry(&json!({ "number": number }).to_string())]).unwrap();
            assert_eq!(answer["FailedEntryCount"], 0);
            assert!(answer["Entries"][0]["EventId"].is_string());
        }
        let page = bus.after(1);
        assert_eq!((&page["events"][0]["detail"]["number"], &page["next"]), (&json!(1), &json!(3)));
        assert_eq!(bus.after(3)["events"], json!([]));
        assert_eq!(bus.after(99)["next"], 3, "whoever comes from an earlier run begins anew");
    }

    #[test]
    fn a_request_that_the_service_refuses_puts_nothing_and_an_entry_that_it_refuses_only_that_one() {
        let mut bus = EventBus::default();
        let large = entry(&json!({ "x": "x".repeat(60_000) }).to_string());
        for refused in [vec![], vec![entry("{}"); 11], vec![large; 5]] {
            assert_eq!(put(&mut bus, &refused).unwrap_err().kind, "ValidationException");
        }
        let answer = put(&mut bus, &[entry("{}"), entry("no json"), entry("[]"), entry("{}")]).unwrap();
        assert_eq!(answer["FailedEntryCount"], 2);
        assert_eq!(answer["Entries"][1]["ErrorCode"], "MalformedDetail");
        bus.refuse(1);
        let answer = put(&mut bus, &[entry("{}"), entry("{}")]).unwrap();
        assert_eq!((&answer["Entries"][0]["ErrorCode"], bus.put.len()), (&json!("ThrottlingException"), 3));
    }
}
