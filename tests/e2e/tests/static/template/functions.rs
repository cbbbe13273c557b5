//! How each function is built, run, logged and bounded.

use std::collections::BTreeSet;

use serde_json::{Map, Value, json};

use super::code;
use super::document::{
    attribute, document, logical, number, object, properties, reference, resource, resources_of, substituted,
    unless_absent,
};
use crate::repository;

const SERVE: &str = "shared/runtime/src/serve.rs";
/// An HTTP API gives up on a function after that time, in seconds (API Gateway's developer guide, "Quotas for configuring and running
/// an HTTP API", read 2026-11-29).
const GATEWAY_SECONDS: i64 = 30;
/// Iamport waits so long for the answer to a webhook at least, in seconds, and sends it once (its guide to webhooks).
const WEBHOOK_SECONDS: i64 = 15;

fn globals() -> &'static Map<String, Value> {
    object(&document()["Globals"]["Function"], "Globals.Function")
}

fn function(name: &str) -> &'static Map<String, Value> {
    properties(&format!("{}Function", logical(name)), "AWS::Serverless::Function")
}

pub(crate) fn timeout(name: &str) -> i64 {
    let own = function(name).get("Timeout").or_else(|| globals().get("Timeout"));
    number(own.unwrap_or_else(|| panic!("{name}: Lambda's own timeout is 3 s")), "Timeout")
}

#[test]
fn every_folder_of_functions_is_a_function_with_a_role_and_logs_of_its_own() {
    let wanted: BTreeSet<String> =
        repository::functions().iter().map(|name| format!("{}Function", logical(name))).collect();
    let deployed: BTreeSet<String> = resources_of("AWS::Serverless::Function").into_iter().map(str::to_owned).collect();
    assert_eq!(deployed, wanted);
    for name in repository::functions() {
        let id = logical(&name);
        let build = &resource(&format!("{id}Function"))["Metadata"];
        assert_eq!(*build, json!({ "BuildMethod": "rust-cargolambda", "BuildProperties": { "Binary": name } }), "{id}");
        let body = function(&name);
        assert_eq!(body["Role"], attribute(&format!("{id}Role.Arn")), "{id}");
        // In the group that has retention: one that Lambda makes by itself keeps everything for ever.
        assert_eq!(body["LoggingConfig"], json!({ "LogGroup": reference(&format!("{id}Logs")) }), "{id}");
        let known = ["Description", "Role", "LoggingConfig", "Timeout", "Events", "EventInvokeConfig"];
        let own = if code::reads_stream(&name) { "Environment" } else { "ReservedConcurrentExecutions" };
        for key in body.keys().filter(|key| *key != own && *key != "ReservedConcurrentExecutions") {
            assert!(known.contains(&key.as_str()), "{id}: teach this test {key}");
        }
    }
}

#[test]
fn all_functions_are_built_and_run_alike() {
    let globals = globals();
    // cargo-lambda's builds are programs by the name of `bootstrap` for the runtime without a language (its documents, and
    // Lambda's developer guide, "OS-only runtime"). AL2 goes out of support.
    assert_eq!((&globals["Runtime"], &globals["Handler"]), (&json!("provided.al2023"), &json!("bootstrap")));
    assert_eq!(globals["CodeUri"], ".", "the workspace's root, so that a change under shared/ is built");
    assert!(repository::root().join("Cargo.lock").is_file(), "the root is another folder");
    assert_eq!(globals["Architectures"], json!([reference("Architecture")]));
    // 1,769 MB are one CPU (Lambda's developer guide, "Configure Lambda function memory", as quoted on 2026-11-29): a cold
    // start's handshakes want a quarter of it at least, and no function holds more than a page of rows.
    let memory = number(&globals["MemorySize"], "MemorySize");
    assert!((442..=884).contains(&memory), "{memory} MB");
    let known =
        ["Runtime", "Handler", "CodeUri", "Architectures", "MemorySize", "Timeout", "LoggingConfig", "Environment"];
    assert_eq!(globals.keys().map(String::as_str).collect::<BTreeSet<_>>(), BTreeSet::from(known));
    assert_eq!(object(&document()["Globals"], "Globals").len(), 1, "SAM's other globals: teach this test");
    // A level can be set for JSON only. The platform's own lines say how an invocation ended: they are at INFO.
    let logging = json!({
        "LogFormat": "JSON",
        "ApplicationLogLevel": reference("LogLevel"),
        "SystemLogLevel": "INFO",
    });
    assert_eq!(globals["LoggingConfig"], logging);
    let environment: Vec<&String> = object(&globals["Environment"], "Environment").keys().collect();
    assert_eq!(environment, ["Variables"]);
}

/// A request that is answered in its own time is written down, too: what the handler keeps back for the platform, and one last
/// operation of the table. What hangs all the same is ended soon, since it is paid for and counts against a reserved concurrency.
#[test]
fn a_functions_time_covers_what_its_handler_takes_and_little_more() {
    let margin = code::seconds(SERVE, "PLATFORM_MARGIN");
    let last_write = code::seconds("shared/runtime/src/aws.rs", "OPERATION_SECONDS");
    for name in repository::functions() {
        let Some(budget) = code::budget(&name) else { continue };
        let (least, most) = (budget + margin + last_write, 2 * budget);
        assert!(budget < GATEWAY_SECONDS, "{name}: nobody is there any more after {budget} s");
        let timeout = timeout(&name);
        assert!((least..=most).contains(&timeout), "{name}: {timeout} s, and its handler takes {budget} s");
    }
    let webhook = timeout("webhook");
    assert!(code::budget("webhook").is_some_and(|budget| budget < WEBHOOK_SECONDS), "Iamport has given up by then");
    assert!(webhook <= WEBHOOK_SECONDS, "{webhook} s: Iamport has given up by then");
}

/// Card testing pays in volume, and anybody may knock at the webhook's door: each can be held to a number, and only those.
#[test]
fn what_can_be_flooded_can_be_held_to_a_number() {
    for name in repository::functions() {
        let wanted = if code::card_functions().contains(&name) {
            Some(unless_absent("HasCardConcurrency", reference("CardConcurrency")))
        } else if name == "webhook" {
            Some(unless_absent("HasWebhookConcurrency", reference("WebhookConcurrency")))
        } else {
            None
        };
        assert_eq!(function(&name).get("ReservedConcurrentExecutions"), wanted.as_ref(), "{name}");
    }
}

#[test]
fn every_log_is_kept_for_the_days_that_were_chosen() {
    let groups = resources_of("AWS::Logs::LogGroup");
    let mut names = BTreeSet::new();
    for group in &groups {
        let body = properties(group, "AWS::Logs::LogGroup");
        assert_eq!(body["RetentionInDays"], reference("LogRetentionDays"), "{group}");
        assert!(names.insert(body["LogGroupName"].to_string()), "{group}: another group has its name");
        assert_eq!(body.len(), 2, "{group}: teach this test what else it says");
    }
    for name in repository::functions() {
        let group = properties(&format!("{}Logs", logical(&name)), "AWS::Logs::LogGroup");
        // Where everybody looks for a function's log; by the stack's name, so that two stacks do not share it.
        assert_eq!(group["LogGroupName"], substituted(&format!("/aws/lambda/${{AWS::StackName}}/{name}")));
    }
    for api in ["storefront", "webhook"] {
        let group = properties(&format!("{}AccessLogs", logical(api)), "AWS::Logs::LogGroup");
        assert_eq!(group["LogGroupName"], substituted(&format!("/aws/apigateway/${{AWS::StackName}}/{api}")));
    }
    assert_eq!(groups.len(), repository::functions().len() + 2, "one for each function and each API");
}
