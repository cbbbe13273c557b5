//! How an event is written: a CloudEvents 1.0 object in JSON (github.com/cloudevents/spec, `cloudevents/spec.md` and
//! `formats/json-format.md`, read 2026-11-30). The same text is the `detail` of EventBridge's entry and the body of a webhook.

use serde::Serialize;

use super::facts::Facts;
use super::{Event, Kind};
use crate::time::Timestamp;

/// Where events come from: CloudEvents' `source`, and EventBridge's.
pub const SOURCE: &str = "iamport-billing";
/// The version of the schemas. A field may be added within one; anything else is another version.
pub const SCHEMA_VERSION: u32 = 1;
/// Digits of a sequence. CloudEvents orders by it as text (`extensions/sequence.md`); a row has no billion versions.
const SEQUENCE_DIGITS: usize = 10;

#[derive(Serialize)]
struct Envelope<'a> {
    specversion: &'static str,
    id: String,
    source: &'static str,
    r#type: &'static str,
    subject: String,
    time: String,
    datacontenttype: &'static str,
    dataschema: String,
    sequence: String,
    data: &'a Facts,
}

impl Kind {
    /// The name of its schema in `events/schema/`, as CloudEvents' `dataschema`.
    #[must_use]
    pub fn schema(self) -> String {
        format!("urn:{SOURCE}:event:v{SCHEMA_VERSION}:{}", self.name())
    }
}

impl Event {
    /// Its text. The same event is always the same bytes.
    ///
    /// # Errors
    /// None that an event of a row could meet.
    pub fn json(&self) -> Result<String, serde_json::Error> {
        serde_json::to_string(&Envelope {
            specversion: "1.0",
            id: self.id(),
            source: SOURCE,
            r#type: self.kind.name(),
            subject: self.subject.to_string(),
            time: written(self.time),
            datacontenttype: "application/json",
            dataschema: self.kind.schema(),
            sequence: format!("{:0SEQUENCE_DIGITS$}", self.sequence),
            data: &self.facts,
        })
    }
}

/// A time by RFC 3339, in UTC. Beyond every calendar it is the nearest one that has a date.
fn written(time: Timestamp) -> String {
    let bounds = (jiff::Timestamp::MIN.as_second(), jiff::Timestamp::MAX.as_second());
    jiff::Timestamp::from_second(time.0.clamp(bounds.0, bounds.1)).unwrap_or(jiff::Timestamp::UNIX_EPOCH).to_string()
}
