//! A batch of the table's stream, and the answer that says how far a function came with it.

use billing::event::Change;
use serde_json::{Value, json};

/// Changes in the order in which they were written, and where each stands in the stream.
#[derive(Debug, Default)]
pub struct Batch {
    changes: Vec<Change>,
    places: Vec<String>,
}

impl Batch {
    /// Reads Lambda's event. A record that cannot be read is told to an operator and left out: it stays so however often it
    /// comes, and must not hold up what was written after it.
    pub(crate) fn read(event: &Value) -> Self {
        let mut batch = Self::default();
        for record in event["Records"].as_array().into_iter().flatten() {
            match store::change(record) {
                Ok(Some(change)) => {
                    batch.changes.push(change);
                    batch.places.push(record["dynamodb"]["SequenceNumber"].as_str().unwrap_or_default().to_owned());
                }
                Ok(None) => {}
                Err(error) => {
                    tracing::error!(alarm = "change_unreadable", detail = %error, "a person has to look at this");
                }
            }
        }
        batch
    }

    /// The changes.
    #[must_use]
    pub fn changes(&self) -> &[Change] {
        &self.changes
    }

    /// The answer that has the stream begin again at the first change that is open; without one, all of it is done (Lambda's
    /// developer guide, "Configuring partial batch response with DynamoDB and Lambda", read 2026-11-30).
    #[must_use]
    pub fn answer(&self, first_open: Option<usize>) -> Value {
        let failed = first_open.and_then(|place| self.places.get(place));
        let failures: Vec<Value> = failed.map(|place| json!({ "itemIdentifier": place })).into_iter().collect();
        json!({ "batchItemFailures": failures })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::tests::logged;

    fn report(version: u64, sequence: &str) -> Value {
        let image = |version: u64| {
            json!({
                "pk": { "S": "RPT#2026-11-24" }, "sk": { "S": "RPT" }, "schema": { "N": "1" },
                "version": { "N": version.to_string() }, "writer": { "S": "0f" }, "leased_until": { "N": "1795478400" },
                "started_at": { "N": "1795478400" },
                "windows": { "M": {
                    "payments": { "M": { "from": { "N": "1" }, "until": { "N": "2" } } },
                    "changes": { "M": { "from": { "N": "1" }, "until": { "N": "2" } } },
                    "schedules": { "M": { "from": { "N": "1" }, "until": { "N": "2" } } },
                } },
                "next": { "M": { "step": { "S": "through" } } },
                "counts": { "M": {} },
            })
        };
        let images = json!({ "OldImage": image(version - 1), "NewImage": image(version), "SequenceNumber": sequence });
        json!({ "eventName": "MODIFY", "dynamodb": images })
    }

    #[test]
    fn an_answer_names_the_first_record_that_is_not_done() {
        let batch = Batch::read(&json!({ "Records": [report(2, "100"), report(3, "200")] }));
        assert_eq!(batch.changes().len(), 2);
        assert_eq!(batch.answer(None), json!({ "batchItemFailures": [] }));
        assert_eq!(batch.answer(Some(1)), json!({ "batchItemFailures": [{ "itemIdentifier": "200" }] }));
    }

    #[test]
    fn what_cannot_be_read_is_told_and_holds_up_nothing() {
        let mut poison = report(2, "100");
        poison["dynamodb"]["NewImage"]["version"] = json!({ "S": "two" });
        let other = json!({ "eventName": "INSERT", "dynamodb": { "NewImage": { "sk": { "S": "PLAN" } } } });
        let mut read = Batch::default();
        let lines = logged(|| {
            read = Batch::read(&json!({ "Records": [poison.clone(), other.clone(), {}, report(3, "300")] }));
        });
        assert_eq!(read.answer(Some(0)), json!({ "batchItemFailures": [{ "itemIdentifier": "300" }] }));
        let alarms: Vec<_> = lines.iter().map(|line| line["fields"]["alarm"].clone()).collect();
        assert_eq!(alarms, ["change_unreadable", "change_unreadable"]);
        assert!(Batch::read(&json!("tick")).changes().is_empty());
    }
}
