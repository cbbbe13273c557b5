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
    write(&of_sweep(report));
}

fn of_sweep(report: &SweepReport) -> [Measured; 4] {
    [
        ("SweepSeen", "Count", report.seen.into()),
        ("SweepPending", "Count", report.pending.into()),
        ("SweepFailed", "Count", report.failed.into()),
        ("SweepOldestSeconds", "Seconds", report.oldest_seconds),
    ]
}

/// Measures the daily comparison: on each tick how long its report is overdue, and once a day what it says.
pub fn compared(comparison: &Comparison, now: Timestamp) {
    write(&of_comparison(comparison, now));
}

fn of_comparison(comparison: &Comparison, now: Timestamp) -> Vec<Measured> {
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
        if let Some(channels) = report.channels {
            measured.extend([
                ("ChannelsMissing", "Count", i64::from(channels.missing)),
                ("ChannelsInOtherMode", "Count", i64::from(channels.other_mode)),
            ]);
        }
    }
    measured
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
    use billing::Nonce;
    use billing::channels::Seen;
    use billing::report::Counts;

    use super::*;

    #[test]
    fn a_sweep_is_measured_by_what_an_operator_waits_for() {
        let report = SweepReport { seen: 9, settled: 4, pending: 3, failed: 2, cut_short: false, oldest_seconds: 77 };
        let expected = [
            ("SweepSeen", "Count", 9),
            ("SweepPending", "Count", 3),
            ("SweepFailed", "Count", 2),
            ("SweepOldestSeconds", "Seconds", 77),
        ];
        assert_eq!(of_sweep(&report), expected);
    }

    /// What it says is measured once, by the tick that came to its end; how late it is, by every tick.
    #[test]
    fn a_report_is_measured_when_it_is_finished_and_its_delay_always() {
        let began = Timestamp(1_795_478_400);
        let now = began.plus(600);
        let report = Report::begun(began, Nonce::parse(&"0".repeat(32)).unwrap(), now);
        let overdue = report.overdue_seconds(now);
        assert!(overdue > 0);
        for comparison in [Comparison::Held(report.clone()), Comparison::Unfinished(report.clone())] {
            assert_eq!(of_comparison(&comparison, now), [("ReportOverdueSeconds", "Seconds", overdue)]);
        }
        for (missing, matched) in [(0, 1), (3, 0)] {
            let counts = Counts { healed: 5, unrecorded: missing * 2, missing, ..Counts::default() };
            let finished = Report { counts, ..report.clone() }.finished(now);
            assert_eq!(
                of_comparison(&Comparison::Done(finished.clone()), now),
                [("ReportOverdueSeconds", "Seconds", 0)],
                "it was measured by the tick that came to its end"
            );
            let expected = [
                ("ReportOverdueSeconds", "Seconds", 0),
                ("ReportMatched", "Count", matched),
                ("ReportHealed", "Count", 5),
                ("ReportUnrecorded", "Count", i64::from(missing) * 2),
                ("ReportMissing", "Count", missing.into()),
            ];
            assert_eq!(of_comparison(&Comparison::Finished(finished.clone()), now), expected);
            let channels = Some(Seen { expected: 4, missing: 2, other_mode: 1 });
            let looked = of_comparison(&Comparison::Finished(Report { channels, ..finished }), now);
            assert_eq!(looked[5..], [("ChannelsMissing", "Count", 2), ("ChannelsInOtherMode", "Count", 1)]);
        }
    }

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
