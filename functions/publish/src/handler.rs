//! What the table's stream brings is told. What the bus did not take comes again.

use billing::usecase::Publisher;
use runtime::{Batch, Bus};
use serde_json::Value;

pub(crate) async fn handle(publisher: Publisher<Bus>, batch: Batch) -> Value {
    let published = publisher.publish(batch.changes()).await;
    let changes = batch.changes().len();
    tracing::info!(changes, events = published.taken, open = published.first_open.is_some(), "published");
    batch.answer(published.first_open)
}
