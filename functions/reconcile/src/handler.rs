//! Every five minutes: everything that is owed is looked at. The event says nothing that would be believed.

use billing::Timestamp;
use runtime::{App, Deadline, Ended};

pub(crate) async fn handle(app: App, deadline: Deadline) -> Ended {
    let seconds = i64::try_from(deadline.remaining().as_secs()).unwrap_or(i64::MAX);
    let Timestamp(now) = app.now();
    let report = app.billing(&deadline).sweep(Timestamp(now.saturating_add(seconds))).await?;
    tracing::info!(
        seen = report.seen,
        settled = report.settled,
        pending = report.pending,
        failed = report.failed,
        cut_short = report.cut_short,
        oldest_seconds = report.oldest_seconds,
        "swept"
    );
    Ok(serde_json::json!({
        "seen": report.seen,
        "settled": report.settled,
        "pending": report.pending,
        "failed": report.failed,
        "cut_short": report.cut_short,
        "oldest_seconds": report.oldest_seconds,
    }))
}
