//! What a person is told of: every alarm watches a metric that is there, in the direction and from the number that the code
//! gives a meaning to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use syn::visit::Visit;

use super::code;
use super::document::{attribute, logical, number, properties, reference, resources_of, text, unless_absent};
use super::sweep::sweep_seconds;
use crate::{repository, sources};

const METRICS: &str = "shared/runtime/src/metrics.rs";
const CALENDAR: &str = "shared/billing/src/calendar.rs";
/// Metrics of AWS's own, with their dimensions: Lambda's developer guide, "Metrics for functions"; API Gateway's, "Metrics for HTTP
/// APIs"; SQS's, "Available CloudWatch metrics".
const OF_AWS: &[(&str, &str, &str)] = &[
    ("AWS/ApiGateway", "5xx", "ApiId"),
    ("AWS/Lambda", "Errors", "FunctionName"),
    ("AWS/Lambda", "Invocations", "FunctionName"),
    ("AWS/Lambda", "IteratorAge", "FunctionName"),
    ("AWS/SQS", "ApproximateNumberOfMessagesVisible", "QueueName"),
];

/// The pairs of a name and a unit that metrics.rs writes.
#[derive(Default)]
struct Named(BTreeSet<String>);

impl<'ast> Visit<'ast> for Named {
    fn visit_expr_tuple(&mut self, tuple: &'ast syn::ExprTuple) {
        let texts: Vec<Option<String>> = tuple.elems.iter().map(code::literal).collect();
        if let [Some(name), Some(unit), None] = texts.as_slice()
            && (unit == "Count" || unit == "Seconds")
        {
            self.0.insert(name.clone());
        }
        syn::visit::visit_expr_tuple(self, tuple);
    }

    fn visit_macro(&mut self, made: &'ast syn::Macro) {
        if let Ok(tuples) =
            made.parse_body_with(syn::punctuated::Punctuated::<syn::Expr, syn::Token![,]>::parse_terminated)
        {
            tuples.iter().for_each(|tuple| self.visit_expr(tuple));
        }
    }

    fn visit_item_mod(&mut self, _: &'ast syn::ItemMod) {}
}

/// The metrics that the code writes.
fn emitted() -> BTreeSet<String> {
    let mut named = Named::default();
    named.visit_file(&sources::parsed(METRICS));
    assert!(named.0.contains("SweepSeen"), "{METRICS} is read wrongly: {:?}", named.0);
    named.0
}

/// The dimension that each of them has.
fn emitted_by() -> String {
    let source = repository::read(METRICS);
    let (_, rest) = source.split_once("\"Dimensions\": [[\"").expect("dimensions");
    rest.split_once("\"]]").expect("one dimension").0.to_owned()
}

fn namespace() -> String {
    code::text(METRICS, "NAMESPACE")
}

fn alarm(name: &str) -> &'static Map<String, Value> {
    properties(name, "AWS::CloudWatch::Alarm")
}

/// How long a number has to be wrong until somebody is told.
fn watched_seconds(name: &str) -> i64 {
    let body = alarm(name);
    number(&body["Period"], name) * number(&body["EvaluationPeriods"], name)
}

fn dimension(name: &str, value: Value) -> Value {
    json!([{ "Name": name, "Value": value }])
}

/// What an alarm watches, and when it speaks. Its period and its number of them are for each alarm to say.
struct Watched {
    namespace: String,
    metric: &'static str,
    dimensions: Option<Value>,
    statistic: &'static str,
    comparison: &'static str,
    missing: &'static str,
}

fn is(name: &str, watch: &Watched) {
    let mut wanted = json!({
        "Namespace": watch.namespace,
        "MetricName": watch.metric,
        "Statistic": watch.statistic,
        "ComparisonOperator": watch.comparison,
        "TreatMissingData": watch.missing,
    });
    if let Some(dimensions) = &watch.dimensions {
        wanted["Dimensions"] = dimensions.clone();
    }
    let told = ["AlarmDescription", "AlarmActions", "Period", "EvaluationPeriods", "DatapointsToAlarm", "Threshold"];
    let said: Map<String, Value> = alarm(name)
        .iter()
        .filter(|(key, _)| !told.contains(&key.as_str()))
        .map(|(key, value)| (key.clone(), value.clone()))
        .collect();
    assert_eq!(Value::Object(said), wanted, "{name}");
}

fn of_reconcile() -> Option<Value> {
    Some(dimension(&emitted_by(), reference("ReconcileFunction")))
}

#[test]
fn every_alarm_is_known_and_tells_whoever_wants_to_be_told() {
    let known = [
        "FunctionErrorsAlarm",
        "LoggedAlarmsAlarm",
        "PublishBehindAlarm",
        "PublishDeadLettersAlarm",
        "PublishSilentAlarm",
        "ReportOverdueAlarm",
        "StorefrontServerErrorsAlarm",
        "SweepBehindAlarm",
        "SweepDeadLettersAlarm",
        "SweepSilentAlarm",
    ];
    let deployed: BTreeSet<&str> = resources_of("AWS::CloudWatch::Alarm").into_iter().collect();
    assert_eq!(deployed, BTreeSet::from(known));
    for name in known {
        let told = unless_absent("HasAlarmTopic", json!([reference("AlarmTopicArn")]));
        assert_eq!(alarm(name)["AlarmActions"], told, "{name}");
        assert!(!text(&alarm(name)["AlarmDescription"], name).is_empty());
        // Only where a number is to be wrong twice is one period not enough.
        assert_eq!(alarm(name).contains_key("DatapointsToAlarm"), name == "StorefrontServerErrorsAlarm", "{name}");
    }
    let document = repository::read("docs/alarms.md");
    for watcher in known {
        assert!(document.contains(&format!("`{watcher}`")), "docs/alarms.md does not explain {watcher}");
    }
}

/// What a log line's field `alarm` may say is a text in two places of the sources: behind the macro's own field, and in the
/// one function that names billing's alarms.
#[test]
fn every_alarm_that_a_log_may_name_is_explained() {
    let mut named = BTreeSet::new();
    for path in repository::rust_files(&["shared/", "functions/"]).into_iter().filter(|path| !path.contains("/tests/"))
    {
        let source = repository::read(&path);
        let of_alarms = path == "shared/billing/src/alarm.rs";
        for line in source.lines() {
            let behind = line.split_once("alarm = \"").or_else(|| line.split_once("} => \"").filter(|_| of_alarms));
            named.extend(behind.and_then(|(_, text)| text.split_once('"')).map(|(name, _)| name.to_owned()));
        }
    }
    let document = repository::read("docs/alarms.md");
    let rows = document.lines().filter_map(|line| line.strip_prefix("| `")?.split_once(" | "));
    let explained: BTreeSet<String> = rows
        .flat_map(|(names, _)| names.split(", ").map(|name| name.trim_matches('`').to_owned()).collect::<Vec<_>>())
        .collect();
    assert!(named.contains("psp_mismatch") && named.contains("psp_rejected"), "the sources were not read: {named:?}");
    // The first row is the table's head; the alarms of the stack have a table of their own.
    let of_logs = |name: &String| name != "alarm" && !name.ends_with("Alarm");
    assert_eq!(named, explained.into_iter().filter(of_logs).collect());
}

#[test]
fn every_metric_is_one_that_somebody_writes() {
    let filtered = text(&alarm("LoggedAlarmsAlarm")["MetricName"], "LoggedAlarmsAlarm");
    for name in resources_of("AWS::CloudWatch::Alarm").into_iter().filter(|name| *name != "FunctionErrorsAlarm") {
        let body = alarm(name);
        let (space, metric) = (text(&body["Namespace"], name), text(&body["MetricName"], name));
        let by = body.get("Dimensions").map(|dimensions| text(&dimensions[0]["Name"], name));
        if space == namespace() {
            let written = emitted().contains(metric) && by == Some(emitted_by().as_str());
            assert!(written || (metric == filtered && by.is_none()), "{name}: nobody writes {metric} by {by:?}");
        } else {
            let found = OF_AWS.iter().any(|(s, m, d)| (*s, *m, Some(*d)) == (space, metric, by));
            assert!(found, "{name}: {space} {metric} by {by:?} is none of AWS's metrics that this test knows");
        }
    }
    assert!(!emitted().contains(filtered), "two sources would be added up");
}

/// A handler answers every failure that it knows with a status, so that one error is one too many.
#[test]
fn an_error_of_any_function_is_told_within_five_minutes() {
    let body = alarm("FunctionErrorsAlarm");
    let mut metrics = body["Metrics"].as_array().expect("metrics").clone();
    let sum = metrics.remove(0);
    assert_eq!(sum["Expression"], "SUM(METRICS())");
    // One of them is what the alarm looks at, and that is the sum (CloudWatch's API reference, MetricDataQuery, read 2026-11-29).
    assert_ne!(sum.get("ReturnData"), Some(&json!(false)));
    let watched: BTreeSet<String> = metrics.iter().map(|metric| metric["MetricStat"].to_string()).collect();
    let wanted = repository::functions().into_iter().map(|function| {
        let metric = json!({
            "Namespace": "AWS/Lambda",
            "MetricName": "Errors",
            "Dimensions": dimension("FunctionName", reference(&format!("{}Function", logical(&function)))),
        });
        json!({ "Metric": metric, "Period": 300, "Stat": "Sum" }).to_string()
    });
    assert_eq!(watched, wanted.collect(), "every function, each once");
    let ids: BTreeSet<String> = metrics.iter().chain([&sum]).map(|metric| metric["Id"].to_string()).collect();
    assert_eq!(ids.len(), metrics.len() + 1, "each by a name of its own");
    assert!(metrics.iter().all(|metric| metric["ReturnData"] == false), "only the sum is looked at");
    let rest: BTreeMap<&str, &Value> = body.iter().map(|(key, value)| (key.as_str(), value)).collect();
    assert_eq!(*rest["ComparisonOperator"], "GreaterThanThreshold");
    assert_eq!(
        (number(rest["Threshold"], "Threshold"), number(rest["EvaluationPeriods"], "EvaluationPeriods")),
        (0, 1)
    );
    // A function that is not called has no errors.
    assert_eq!(*rest["TreatMissingData"], "notBreaching");
    assert_eq!(rest.len(), 7, "teach this test what else it says: {rest:?}");
}

/// The name of the field by which `AlarmSink` tells of something, in tracing's JSON.
fn field_of_alarms() -> String {
    let host = repository::read("shared/runtime/src/host.rs");
    let (_, rest) = host.split_once("tracing::error!(").expect("a line at ERROR");
    let (field, _) = rest.split_once(" = alarm.name()").expect("the alarm's name");
    // Fields are below `fields` unless the events are flattened.
    let log = repository::read("shared/runtime/src/log.rs");
    assert!(log.contains(".json()") && !log.contains("flatten_event"), "log lines have another form");
    format!("$.fields.{field}")
}

#[test]
fn every_alarm_that_a_function_logs_is_counted() {
    let counted = &alarm("LoggedAlarmsAlarm")["MetricName"];
    assert!(repository::read("docs/alarms.md").contains(&format!("`{}`", text(counted, "MetricName"))), "{counted}");
    // Any value: which alarms there are is for the code to say.
    let pattern = format!("{{ {} = \"*\" }}", field_of_alarms());
    let mut filters = BTreeSet::new();
    for function in repository::functions() {
        let filter = format!("{}LoggedAlarms", logical(&function));
        let wanted = json!({
            "LogGroupName": reference(&format!("{}Logs", logical(&function))),
            "FilterPattern": pattern,
            "MetricTransformations": [{
                "MetricNamespace": namespace(),
                "MetricName": counted,
                // One a line.
                "MetricValue": "1",
                "Unit": "Count",
            }],
        });
        assert_eq!(json!(properties(&filter, "AWS::Logs::MetricFilter")), wanted, "{filter}");
        filters.insert(filter);
    }
    assert_eq!(
        resources_of("AWS::Logs::MetricFilter").into_iter().map(str::to_owned).collect::<BTreeSet<_>>(),
        filters
    );
    // One line is enough, and no line is no alarm.
    is(
        "LoggedAlarmsAlarm",
        &Watched {
            namespace: namespace(),
            metric: "LoggedAlarms",
            dimensions: None,
            statistic: "Sum",
            comparison: "GreaterThanThreshold",
            missing: "notBreaching",
        },
    );
    assert_eq!(
        (number(&alarm("LoggedAlarmsAlarm")["Threshold"], "Threshold"), watched_seconds("LoggedAlarmsAlarm")),
        (0, 300)
    );
}

#[test]
fn a_sweep_that_does_not_run_is_told_of_after_two_that_were_missed() {
    is(
        "SweepSilentAlarm",
        &Watched {
            namespace: "AWS/Lambda".to_owned(),
            metric: "Invocations",
            dimensions: of_reconcile(),
            statistic: "Sum",
            comparison: "LessThanThreshold",
            // A function that is not called writes nothing at all.
            missing: "breaching",
        },
    );
    assert_eq!(number(&alarm("SweepSilentAlarm")["Threshold"], "Threshold"), 1);
    let watched = watched_seconds("SweepSilentAlarm");
    // A single tick may be late.
    assert!((2 * sweep_seconds() + 1..=3 * sweep_seconds()).contains(&watched), "{watched} s");
    let said = text(&alarm("SweepSilentAlarm")["AlarmDescription"], "SweepSilentAlarm");
    assert!(said.contains(&format!("{} minutes", watched / 60)), "{said}");
}

#[test]
fn what_stays_owed_is_told_of_after_its_own_alarm_and_before_it_is_hardly_looked_at() {
    is(
        "SweepBehindAlarm",
        &Watched {
            namespace: namespace(),
            metric: "SweepOldestSeconds",
            dimensions: of_reconcile(),
            // The worst of a period's sweeps.
            statistic: "Maximum",
            comparison: "GreaterThanThreshold",
            // SweepSilentAlarm tells of a sweep that does not run.
            missing: "notBreaching",
        },
    );
    let threshold = number(&alarm("SweepBehindAlarm")["Threshold"], "Threshold");
    // A row tells of itself first, and two sweeps have gone by since.
    let least = code::seconds(CALENDAR, "UNKNOWN_ALARM_SECONDS") + 2 * sweep_seconds();
    // From then on it is looked at by the hour: whoever is told before can still put something right.
    let hourly = *code::waits(CALENDAR, "UNKNOWN").last().expect("waits");
    assert!((least..hourly).contains(&threshold), "{threshold} s, between {least} and {hourly}");
    // Every sweep writes it, so one period is a sweep.
    assert_eq!(watched_seconds("SweepBehindAlarm"), sweep_seconds());
}

#[test]
fn a_comparison_that_is_owed_is_told_of_on_the_morning_of_its_day() {
    is(
        "ReportOverdueAlarm",
        &Watched {
            namespace: namespace(),
            metric: "ReportOverdueSeconds",
            dimensions: of_reconcile(),
            // A report that is finished says 0: of two ticks in a period the better one counts.
            statistic: "Minimum",
            comparison: "GreaterThanThreshold",
            missing: "notBreaching",
        },
    );
    let threshold = number(&alarm("ReportOverdueAlarm")["Threshold"], "Threshold");
    let begins = code::seconds("shared/billing/src/report.rs", "BEGINS_SECONDS");
    // It may take hours in which the PSP answers slowly; at noon somebody can still ask the PSP.
    assert!(threshold >= 3_600 && begins + threshold < 12 * 3_600, "{threshold} s after {begins}");
    let said = text(&alarm("ReportOverdueAlarm")["AlarmDescription"], "ReportOverdueAlarm");
    let words = ["one hour", "two hours", "three hours", "four hours", "five hours", "six hours", "seven hours"];
    let word = words[usize::try_from(threshold / 3_600 - 1).expect("hours")];
    assert!(threshold % 3_600 == 0 && said.contains(word), "{threshold} s: {said}");
    assert_eq!(number(&alarm("ReportOverdueAlarm")["Period"], "Period"), sweep_seconds(), "every tick writes it");
    // The tick that is at it as the time is up may be the one that finishes it.
    assert_eq!(watched_seconds("ReportOverdueAlarm"), 2 * sweep_seconds());
}

#[test]
fn a_sweep_that_failed_and_a_change_that_was_given_up_are_told_of() {
    for of in ["Sweep", "Publish"] {
        let name = format!("{of}DeadLettersAlarm");
        is(
            &name,
            &Watched {
                namespace: "AWS/SQS".to_owned(),
                metric: "ApproximateNumberOfMessagesVisible",
                dimensions: Some(dimension("QueueName", attribute(&format!("{of}DeadLetters.QueueName")))),
                statistic: "Maximum",
                comparison: "GreaterThanThreshold",
                // A queue that nobody used for hours writes nothing.
                missing: "notBreaching",
            },
        );
        assert_eq!((number(&alarm(&name)["Threshold"], "Threshold"), watched_seconds(&name)), (0, 300));
    }
}

/// What changed is told within seconds. Before any of it is given up somebody has hours to see to the bus.
#[test]
fn changes_that_are_not_told_are_told_of_long_before_they_are_given_up() {
    is(
        "PublishBehindAlarm",
        &Watched {
            namespace: "AWS/Lambda".to_owned(),
            metric: "IteratorAge",
            dimensions: Some(dimension("FunctionName", reference("PublishFunction"))),
            statistic: "Maximum",
            comparison: "GreaterThanThreshold",
            // Without changes nothing is old.
            missing: "notBreaching",
        },
    );
    // In milliseconds (Lambda's developer guide, "Metrics for functions", read 2026-11-30).
    let threshold = number(&alarm("PublishBehindAlarm")["Threshold"], "Threshold") / 1_000;
    assert!((300..3_600).contains(&threshold) && threshold * 10 < super::stream::given_up_seconds(), "{threshold} s");
    let said = text(&alarm("PublishBehindAlarm")["AlarmDescription"], "PublishBehindAlarm");
    assert!(threshold == 900 && said.contains("a quarter of an hour"), "{threshold} s: {said}");
    assert_eq!(watched_seconds("PublishBehindAlarm"), 300);
}

/// A mapping that was switched off, or may not read, has no age to be looked at. The report of the day is written each day, so a day and
/// the time that it may be late go by with a change.
#[test]
fn changes_that_nobody_reads_are_told_of_after_a_day_without_any() {
    is(
        "PublishSilentAlarm",
        &Watched {
            namespace: "AWS/Lambda".to_owned(),
            metric: "Invocations",
            dimensions: Some(dimension("FunctionName", reference("PublishFunction"))),
            statistic: "Sum",
            comparison: "LessThanThreshold",
            // A function that is not called writes nothing at all.
            missing: "breaching",
        },
    );
    assert_eq!(number(&alarm("PublishSilentAlarm")["Threshold"], "Threshold"), 1);
    let (day, watched) = (86_400, watched_seconds("PublishSilentAlarm"));
    // The next report may be later by what the comparison takes, and what the stream has is lost after a day.
    assert!((day + 1_800..=day + 7_200).contains(&watched), "{watched} s");
    // In each of its periods, which CloudWatch adds up by whole hours: a period that ends in the middle of one would have none.
    assert_eq!(number(&alarm("PublishSilentAlarm")["Period"], "Period"), 3_600);
    let said = text(&alarm("PublishSilentAlarm")["AlarmDescription"], "PublishSilentAlarm");
    assert!(said.contains(&format!("{} hours", watched / 3_600)), "{said}");
}

/// The table and Iamport may be away for a moment, and the functions say so with 503: twice in a quarter of an hour is more.
#[test]
fn a_storefront_that_answers_5xx_again_is_told_of() {
    is(
        "StorefrontServerErrorsAlarm",
        &Watched {
            namespace: "AWS/ApiGateway".to_owned(),
            metric: "5xx",
            dimensions: Some(dimension("ApiId", reference("StorefrontApi"))),
            statistic: "Sum",
            comparison: "GreaterThanThreshold",
            // No requests, no errors.
            missing: "notBreaching",
        },
    );
    let body = alarm("StorefrontServerErrorsAlarm");
    assert_eq!(
        (number(&body["Threshold"], "Threshold"), number(&body["DatapointsToAlarm"], "DatapointsToAlarm")),
        (0, 2)
    );
    assert_eq!((number(&body["Period"], "Period"), watched_seconds("StorefrontServerErrorsAlarm")), (300, 900));
}
