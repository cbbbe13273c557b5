//! Every five minutes: everything that is owed is looked at, and once a day all that either side holds is compared. The
//! event says nothing that would be believed.

use billing::Timestamp;
use billing::usecase::{Comparison, SweepReport};
use runtime::{App, Deadline, Ended, metrics};
use serde_json::{Value, json};

pub(crate) async fn handle(app: App, deadline: Deadline) -> Ended {
    let seconds = i64::try_from(deadline.remaining().as_secs()).unwrap_or(i64::MAX);
    let Timestamp(now) = app.now();
    let until = Timestamp(now.saturating_add(seconds));
    let billing = app.billing(&deadline);

    let swept = billing.sweep(until).await?;
    metrics::swept(&swept);
    let mut answer = shown_sweep(&swept);
    tracing::info!(
        seen = swept.seen,
        settled = swept.settled,
        pending = swept.pending,
        failed = swept.failed,
        cut_short = swept.cut_short,
        oldest_seconds = swept.oldest_seconds,
        "swept"
    );

    // What is owed was looked at already; a report that cannot be written now is written by a later tick.
    answer["report"] = match billing.compare(until).await {
        Ok(comparison) => {
            metrics::compared(&comparison, app.now());
            let shown = shown_report(&comparison);
            if !matches!(comparison, Comparison::Done(_)) {
                tracing::info!(report = %shown, "compared");
            }
            shown
        }
        Err(error) => {
            metrics::not_compared(app.now());
            tracing::warn!(%error, "no comparison");
            Value::Null
        }
    };
    Ok(answer)
}

fn shown_sweep(report: &SweepReport) -> Value {
    json!({
        "seen": report.seen,
        "settled": report.settled,
        "pending": report.pending,
        "failed": report.failed,
        "cut_short": report.cut_short,
        "oldest_seconds": report.oldest_seconds,
    })
}

fn shown_report(comparison: &Comparison) -> Value {
    let report = comparison.report();
    let tick = match comparison {
        Comparison::Done(_) => "done",
        Comparison::Held(_) => "held",
        Comparison::Unfinished(_) => "unfinished",
        Comparison::Finished(_) => "finished",
    };
    json!({
        "tick": tick,
        "day": report.day.to_string(),
        "verdict": report.verdict.map(|verdict| verdict.name()),
        "counts": report.counts,
        "channels": report.channels,
    })
}
