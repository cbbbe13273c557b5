//! Metrics in CloudWatch's embedded format: one line of JSON on stdout, of which the platform makes numbers. Nothing is sent
//! and nothing can fail.

use std::io::Write;

use billing::Timestamp;
use billing::report::{Report, Verdict};
use billing::usecase::{Comparison, SweepReport};
use serde_json::{Map, Value, json};

use crate::clock::SystemClock;

/// Shared with the filter that counts logged alarms (template.yaml).
const NAMESPACE: &str = "IamportBilling";

/// A named number and its unit.
type Measured = (&'static str, &'static str, i64);

/// Measures a sweep.
pub fn swept(report: &SweepReport) {
    write(&[
        ("SweepSeen", "Count", report.seen.into()),
        ("SweepPending", "Count", report.pending.into()),
        ("SweepFailed", "Count", report.failed.into()),
        ("SweepOldestSeconds", "Seconds", report.oldest_seconds),
    ]);
}

/// Measures the daily comparison: on each tick how long its report is overdue, and once a day what it says.
pub fn compared(comparison: &Comparison, now: Timestamp) {
    let report = comparison.report();
    let mut measured: Vec<Measured> = vec![("ReportOverdueSeconds", "Seconds", report.overdue_seconds(now))];
    if let Comparison::Finished(_) = comparison {
        let counts = report.counts;
        measured.extend([
            ("ReportMatched", "Count", i64::from(report.verdict == Some(Verdict::Matched))),
            ("ReportHealed", "Count", counts.healed.into()),
            ("ReportUnrecorded", "Count", counts.unrecorded.into()),
            ("ReportMissing", "Count", counts.missing.into()),
        ]);
    }
    write(&measured);
}

/// Measures a tick on which the report could be neither read nor claimed: it is overdue all the same.
pub fn not_compared(now: Timestamp) {
    write(&[("ReportOverdueSeconds", "Seconds", Report::overdue_at(now))]);
}

fn write(measured: &[Measured]) {
    let function = std::env::var("AWS_LAMBDA_FUNCTION_NAME").unwrap_or_default();
    let line = embedded(&function, SystemClock::unix_millis(), measured);
    let mut out = std::io::stdout().lock();
    // A number that is lost is no reason to fail; and unlike a log line this one holds no text that came from outside.
    writeln!(out, "{line}").ok();
}

fn embedded(function: &str, unix_millis: u64, measured: &[Measured]) -> Value {
    let described: Vec<Value> = measured.iter().map(|(name, unit, _)| json!({ "Name": name, "Unit": unit })).collect();
    let directive = json!({ "Namespace": NAMESPACE, "Dimensions": [["FunctionName"]], "Metrics": described });
    let mut line = Map::new();
    line.insert("_aws".to_owned(), json!({ "Timestamp": unix_millis, "CloudWatchMetrics": [directive] }));
    line.insert("FunctionName".to_owned(), function.into());
    line.extend(measured.iter().map(|(name, _, value)| ((*name).to_owned(), (*value).into())));
    Value::Object(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_what_cloudwatch_reads() {
        let line = embedded(
            "reconcile",
            1_795_478_400_123,
            &[("SweepSeen", "Count", 3), ("SweepOldestSeconds", "Seconds", 0)],
        );
        let expected = json!({
            "_aws": {
                "Timestamp": 1_795_478_400_123_u64,
                "CloudWatchMetrics": [{
                    "Namespace": "IamportBilling",
                    "Dimensions": [["FunctionName"]],
                    "Metrics": [
                        { "Name": "SweepSeen", "Unit": "Count" },
                        { "Name": "SweepOldestSeconds", "Unit": "Seconds" },
                    ],
                }],
            },
            "FunctionName": "reconcile",
            "SweepSeen": 3,
            "SweepOldestSeconds": 0,
        });
        assert_eq!(line, expected);
        // Each metric and each dimension that is announced is there, as a number and as a text.
        let directive = &line["_aws"]["CloudWatchMetrics"][0];
        for metric in directive["Metrics"].as_array().unwrap() {
            assert!(line[metric["Name"].as_str().unwrap()].is_i64());
        }
        assert!(line[directive["Dimensions"][0][0].as_str().unwrap()].is_string());
    }
}
