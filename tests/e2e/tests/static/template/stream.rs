//! The table's stream: it carries what events are derived from, and what of it is not told is kept.

use serde_json::{Value, json};

use super::document::{attribute, logical, number, object, properties, reference, resources_of};
use super::{code, functions};
use crate::repository;

/// How long the stream keeps a record, in seconds (DynamoDB's developer guide, "Change data capture for DynamoDB Streams", read
/// 2026-11-30).
const KEPT_SECONDS: i64 = 86_400;
/// Most records of a batch, and most entries of a request to the bus: each record tells one thing, hardly ever two.
const BATCH_MAX: i64 = 100;

fn mapping(function: &str) -> &'static Value {
    let body = properties(&format!("{}Function", logical(function)), "AWS::Serverless::Function");
    let events = object(&body["Events"], "Events");
    assert_eq!(events.len(), 1, "{function}: one stream, and nothing else starts it");
    let (name, event) = events.iter().next().expect("an event");
    assert_eq!(event["Type"], "DynamoDB", "{function}.{name}");
    &event["Properties"]
}

/// Where what a function gives up is kept.
pub(crate) fn dead_letters(function: &str) -> &'static Value {
    &mapping(function)["DestinationConfig"]["OnFailure"]["Destination"]
}

/// The age at which a record is given up.
pub(crate) fn given_up_seconds() -> i64 {
    number(&mapping("publish")["MaximumRecordAgeInSeconds"], "MaximumRecordAgeInSeconds")
}

#[test]
fn the_stream_has_both_images_and_one_reader() {
    let table = properties("BillingTable", "AWS::DynamoDB::Table");
    // What happened is what the new image says and the old one did not.
    assert_eq!(table["StreamSpecification"], json!({ "StreamViewType": "NEW_AND_OLD_IMAGES" }));
    let readers: Vec<String> = repository::functions().into_iter().filter(|name| code::reads_stream(name)).collect();
    assert_eq!(readers, ["publish"]);
}

/// The same batch comes again until all of it is told: from where the function says, in halves if it fails, for hours if the bus is
/// away. What is given up then stands in the queue, and the stream has it long enough for somebody to look.
#[test]
fn what_is_not_told_comes_again_and_is_kept_in_the_end() {
    let mapping = object(mapping("publish"), "publish");
    assert_eq!(mapping["Stream"], attribute("BillingTable.StreamArn"));
    // What was written before the function was there is told as well.
    assert_eq!(mapping["StartingPosition"], "TRIM_HORIZON");
    assert_eq!(mapping["FunctionResponseTypes"], json!(["ReportBatchItemFailures"]));
    assert_eq!(mapping["BisectBatchOnFunctionError"], true);
    // By age and not by number: an outage of the bus is many tries long.
    assert!(!mapping.contains_key("MaximumRetryAttempts"));
    let age = given_up_seconds();
    assert!(age >= 4 * 3_600 && KEPT_SECONDS - age >= 12 * 3_600, "{age} s");
    let queue = attribute("PublishDeadLetters.Arn");
    assert_eq!(mapping["DestinationConfig"], json!({ "OnFailure": { "Type": "SQS", "Destination": queue } }));
    let kept = json!({ "SqsManagedSseEnabled": true, "MessageRetentionPeriod": 14 * 86_400 });
    assert_eq!(json!(properties("PublishDeadLetters", "AWS::SQS::Queue")), kept);
    let batch = number(&mapping["BatchSize"], "BatchSize");
    assert!((10..=BATCH_MAX).contains(&batch), "{batch}");
    // Each request to the bus may take as long as one of the table, and each entry of it may be offered three times.
    let request = code::seconds("shared/runtime/src/aws.rs", "OPERATION_SECONDS");
    let entries = code::seconds("shared/runtime/src/bus.rs", "ENTRIES_MAX");
    let offers = code::seconds("shared/billing/src/usecase/publish.rs", "OFFERS");
    let most = 2 * (batch + entries - 1) / entries * request * offers;
    assert!(functions::timeout("publish") > most, "{most} s at the worst");
    assert_eq!(mapping.len(), 7, "teach this test what else it says");
}

#[test]
fn the_bus_is_the_stacks_own_and_the_function_knows_it_by_its_name() {
    assert_eq!(resources_of("AWS::Events::EventBus"), ["EventBus"]);
    // Another stack of the account has another name, and so another bus.
    assert_eq!(properties("EventBus", "AWS::Events::EventBus")["Name"], reference("AWS::StackName"));
    let body = properties("PublishFunction", "AWS::Serverless::Function");
    let given = json!({ "Variables": { "EVENT_BUS_NAME": reference("EventBus") } });
    assert_eq!(body["Environment"], given);
    let read = repository::read("shared/runtime/src/config.rs");
    assert!(read.contains("get(\"EVENT_BUS_NAME\")"), "the function reads another variable");
}
