//! What is told of a day's comparison with the PSP: its verdict.

use serde::Serialize;

use super::kind::Kind;
use crate::day::KstDay;
use crate::report::{Counts, Report, Verdict};
use crate::time::Timestamp;

/// The report as an operator reads it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ReportFacts {
    /// The day in Seoul.
    pub day: KstDay,
    /// `matched` or `unmatched`; absent while it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<&'static str>,
    /// When it began.
    pub started_at: Timestamp,
    /// When it was through.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub finished_at: Option<Timestamp>,
    /// What was compared, and what was found.
    pub counts: Counts,
}

impl ReportFacts {
    /// `None` until it is through.
    pub(super) fn of(row: &Report) -> Option<Self> {
        row.verdict.map(|_| Self::as_it_stands(row))
    }

    fn as_it_stands(row: &Report) -> Self {
        Self {
            day: row.day,
            verdict: row.verdict.map(Verdict::name),
            started_at: row.started_at,
            finished_at: row.finished_at,
            counts: row.counts,
        }
    }
}

/// What a new version of a report tells.
pub(super) fn news(before: Option<&Report>, after: &Report) -> (Vec<Kind>, ReportFacts) {
    let was = before.and_then(ReportFacts::of);
    let is = ReportFacts::of(after);
    let kind = match after.verdict {
        Some(Verdict::Matched) => Some(Kind::ReportMatched),
        Some(Verdict::Unmatched) => Some(Kind::ReportUnmatched),
        None => None,
    };
    (kind.filter(|_| was != is).into_iter().collect(), ReportFacts::as_it_stands(after))
}
