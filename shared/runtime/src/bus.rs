//! The bus of the stack: Amazon EventBridge.

use aws_sdk_eventbridge::Client;
use aws_sdk_eventbridge::primitives::DateTime;
use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use billing::event::{Event, SOURCE};
use billing::ports::{EventBus, Put};
use billing::usecase::Publisher;

use crate::config::ConfigError;

/// Most entries of one `PutEvents` (EventBridge's API reference, `PutEvents`, read 2026-11-30).
const ENTRIES_MAX: usize = 10;
/// Most bytes of one, all entries together (its user guide, "Calculating Amazon EventBridge PutEvents event entry size", read
/// 2026-11-30: 256 KB). Room is left for what the guide counts otherwise.
const BYTES_MAX: usize = 240 * 1024;
/// What an entry's time counts for there.
const TIME_BYTES: usize = 14;

/// A bus by its name.
#[derive(Debug, Clone)]
pub struct Bus {
    client: Client,
    name: String,
}

/// An event as it is sent.
struct Entry {
    kind: &'static str,
    time: i64,
    detail: String,
}

impl Entry {
    fn bytes(&self) -> usize {
        SOURCE.len() + self.kind.len() + self.detail.len() + TIME_BYTES
    }
}

impl Bus {
    /// One request. `None`, if it was not answered: the SDK has tried it again by then.
    async fn send(&self, entries: &[Entry]) -> Option<Vec<Put>> {
        let mut request = self.client.put_events();
        for entry in entries {
            let built = PutEventsRequestEntry::builder();
            let built = built.event_bus_name(&self.name).source(SOURCE).detail_type(entry.kind);
            let built = built.time(DateTime::from_secs(entry.time)).detail(&entry.detail);
            request = request.entries(built.build());
        }
        let reply = match request.send().await {
            Ok(reply) => reply,
            Err(error) => {
                tracing::warn!(error = %aws_sdk_eventbridge::error::DisplayErrorContext(&error), "the bus gives no answer");
                return None;
            }
        };
        let answers = reply.entries.unwrap_or_default();
        let refused = answers.iter().find_map(|answer| answer.error_code.as_deref());
        if let Some(code) = refused {
            tracing::warn!(code, "the bus took only a part");
        }
        // An entry without an id was not taken, whatever is said of it.
        Some(answers.iter().map(|answer| if answer.event_id.is_some() { Put::Taken } else { Put::Refused }).collect())
    }
}

/// What puts events onto the bus that `EVENT_BUS_NAME` names.
///
/// # Errors
/// The variable is missing.
pub(crate) async fn publisher() -> Result<Publisher<Bus>, ConfigError> {
    rustls::crypto::ring::default_provider().install_default().ok();
    let name = crate::config::event_bus_name(|variable| std::env::var(variable).ok())?;
    let client = Client::new(&crate::aws::config().await);
    Ok(Publisher { bus: Bus { client, name } })
}

impl EventBus for Bus {
    async fn put(&self, events: &[&Event]) -> Vec<Put> {
        let mut answers = Vec::with_capacity(events.len());
        let entries = events.iter().map(|event| Entry {
            kind: event.kind.name(),
            time: event.time.0,
            // The bus refuses one without a detail, and it stays open.
            detail: event.json().unwrap_or_default(),
        });
        for chunk in chunks(entries.collect()) {
            match self.send(&chunk).await {
                // An answer that says less says nothing of the rest.
                Some(answer) if answer.len() == chunk.len() => answers.extend(answer),
                Some(_) | None => {
                    answers.push(Put::Unknown);
                    break;
                }
            }
        }
        answers
    }
}

/// As many entries together as one request takes, in their order.
fn chunks(entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let mut chunks: Vec<Vec<Entry>> = Vec::new();
    let mut bytes = 0;
    for entry in entries {
        let fits = bytes + entry.bytes() <= BYTES_MAX;
        match chunks.last_mut().filter(|chunk| fits && chunk.len() < ENTRIES_MAX) {
            Some(chunk) => {
                bytes += entry.bytes();
                chunk.push(entry);
            }
            None => {
                bytes = entry.bytes();
                chunks.push(vec![entry]);
            }
        }
    }
    chunks
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(sizes: &[usize]) -> Vec<Vec<Entry>> {
        let entry = |size: &usize| Entry { kind: "payment.paid", time: 0, detail: "x".repeat(*size) };
        chunks(sizes.iter().map(entry).collect())
    }

    #[test]
    fn no_request_has_more_entries_or_bytes_than_the_bus_takes() {
        // Notes of a subscription may be large: some 45 KB.
        let notes = 45 * 1024;
        for (sizes, lengths) in [
            (&[][..], &[][..]),
            (&[500; 10], &[10]),
            (&[500; 25], &[10, 10, 5]),
            (&[notes; 7], &[5, 2]),
            (&[1, 239 * 1024, 1_000, 1], &[2, 2]),
        ] {
            let sent = sent(sizes);
            assert_eq!(sent.iter().map(Vec::len).collect::<Vec<_>>(), lengths);
            assert!(sent.iter().all(|chunk| chunk.iter().map(Entry::bytes).sum::<usize>() <= BYTES_MAX));
            let order: Vec<usize> = sent.iter().flatten().map(|entry| entry.detail.len()).collect();
            assert_eq!(order, sizes, "in their order");
        }
    }
}
