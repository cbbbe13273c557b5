//! The sweep's timer: it comes as often as the code counts on, and what of it fails is kept.

use std::collections::BTreeSet;

use serde_json::json;

use super::document::{attribute, number, object, properties, resources_of, text};
use super::{code, functions};

const SWEEP: &str = "shared/billing/src/usecase/sweep.rs";
const SERVE: &str = "shared/runtime/src/serve.rs";

/// Seconds between two sweeps, as the code has it.
pub(crate) fn sweep_seconds() -> i64 {
    code::seconds(SWEEP, "SWEEP_SECONDS")
}

#[test]
fn the_sweep_comes_as_often_as_the_code_counts_on_and_never_twice_at_once() {
    let function = properties("ReconcileFunction", "AWS::Serverless::Function");
    let events = object(&function["Events"], "Events");
    assert_eq!(events.keys().collect::<Vec<_>>(), ["Sweep"], "one timer; the clock decides when the comparison is");
    let sweep = object(&events["Sweep"]["Properties"], "Sweep");
    let minutes = sweep_seconds() / 60;
    assert_eq!(sweep["ScheduleExpression"], format!("rate({minutes} minutes)"), "SWEEP_SECONDS of {SWEEP}");
    let timeout = functions::timeout("reconcile");
    // Two at once would look at the same rows; one that has less than the time that the code assumes gets through too few.
    let least = code::seconds(SERVE, "TICK_BUDGET");
    assert!((least..=sweep_seconds()).contains(&timeout), "{timeout} s");
    let needed = code::seconds(SWEEP, "ROW_SECONDS") + code::seconds(SERVE, "TICK_MARGIN");
    assert!(timeout > 2 * needed, "{timeout} s: no row is looked at with less than {needed} left");
    // SAM's own default is the bare logical id, which two stacks of one account would fight over.
    let name = text(&sweep["Name"]["!Sub"], "Name");
    assert!(name.starts_with("${AWS::StackName}-"), "{name}");
    assert_eq!(sweep["RoleArn"], attribute("SweepScheduleRole.Arn"));
    let known = ["Name", "Description", "ScheduleExpression", "RoleArn", "RetryPolicy", "DeadLetterConfig"];
    assert_eq!(sweep.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(known));
}

/// The next sweep does everything that this one did not: a repeat is only in its way. But that one failed is written down.
#[test]
fn a_sweep_that_fails_is_kept_and_hardly_repeated() {
    let function = properties("ReconcileFunction", "AWS::Serverless::Function");
    let queue = attribute("SweepDeadLetters.Arn");
    // An event that waited for a sweep's time has been overtaken by the next one.
    let invoked = json!({
        "MaximumRetryAttempts": 0,
        "MaximumEventAgeInSeconds": sweep_seconds(),
        "DestinationConfig": { "OnFailure": { "Type": "SQS", "Destination": queue } },
    });
    assert_eq!(function["EventInvokeConfig"], invoked);
    let sweep = &function["Events"]["Sweep"]["Properties"];
    assert_eq!(sweep["DeadLetterConfig"], json!({ "Arn": queue }));
    // Lambda takes an event within milliseconds: one more try is for an accident, and more of them are for nobody.
    let retries = number(&sweep["RetryPolicy"]["MaximumRetryAttempts"], "MaximumRetryAttempts");
    assert_eq!(retries, 1);
    assert_eq!(sweep["RetryPolicy"]["MaximumEventAgeInSeconds"], sweep_seconds());
    assert_eq!(object(&sweep["RetryPolicy"], "RetryPolicy").len(), 2);
    // Fourteen days, the longest there is (SQS's API reference, SetQueueAttributes): over a holiday somebody still finds them.
    let kept = json!({ "SqsManagedSseEnabled": true, "MessageRetentionPeriod": 14 * 86_400 });
    assert_eq!(json!(properties("SweepDeadLetters", "AWS::SQS::Queue")), kept);
    assert_eq!(resources_of("AWS::SQS::Queue"), ["PublishDeadLetters", "SweepDeadLetters"]);
}
