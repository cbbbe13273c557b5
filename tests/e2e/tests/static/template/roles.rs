//! What each function may do is what its code does, and no more.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::code::{self, Use};
use super::document::{attribute, logical, object, properties, reference, resources_of, substituted, text};
use crate::repository;

/// The version of IAM's language that knows policy variables; without it the one of 2008 is meant.
const LANGUAGE: &str = "2012-10-17";

/// One action on one thing, with what it is bound to.
type Grant = (String, Value, Value);

fn one_or_many(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |items| items.iter().collect())
}

/// What a role is allowed, action by action.
fn granted(role: &str) -> Vec<Grant> {
    let body = properties(role, "AWS::IAM::Role");
    let keys: Vec<&str> = body.keys().map(String::as_str).collect();
    assert_eq!(
        keys,
        ["AssumeRolePolicyDocument", "Policies"],
        "{role}: teach this test where else it is allowed things"
    );
    let mut grants = Vec::new();
    for policy in body["Policies"].as_array().expect("policies") {
        let document = &policy["PolicyDocument"];
        assert_eq!(document["Version"], LANGUAGE, "{role}");
        for statement in document["Statement"].as_array().expect("statements") {
            assert_eq!(statement["Effect"], "Allow", "{role}: {statement}");
            for key in object(statement, role).keys() {
                let known = ["Sid", "Effect", "Action", "Resource", "Condition"].contains(&key.as_str());
                assert!(known, "{role}: teach this test {key}");
            }
            for action in one_or_many(&statement["Action"]) {
                for resource in one_or_many(&statement["Resource"]) {
                    grants.push((text(action, role).to_owned(), resource.clone(), statement["Condition"].clone()));
                }
            }
        }
    }
    grants.sort_by_key(|grant| format!("{grant:?}"));
    grants
}

fn assumed_by(service: &str, condition: Option<Value>) -> Value {
    let mut statement = json!({ "Effect": "Allow", "Principal": { "Service": service }, "Action": "sts:AssumeRole" });
    if let Some(condition) = condition {
        statement["Condition"] = condition;
    }
    json!({ "Version": LANGUAGE, "Statement": [statement] })
}

/// Where the pattern of a row's name stands in the adapter, such as `format!("KEY#{uid}")`.
fn names_of(function: &str) -> String {
    let source = repository::read("shared/store/src/dynamo/item.rs");
    let (_, body) = source.split_once(&format!("fn {function}(")).expect("how such a row is named");
    let (_, format) = body.split_once("format!(\"").expect("a pattern");
    let (prefix, _) = format.split_once('{').expect("a prefix");
    format!("{prefix}*")
}

/// The row that is read to connect, and is never there.
fn name_of_no_row() -> String {
    let source = repository::read("shared/store/src/dynamo.rs");
    let (_, body) = source.split_once("fn warm_up(").expect("what is read to connect");
    let (_, name) = body.split_once("self.get(\"").expect("a name");
    name.split_once('"').expect("its end").0.to_owned()
}

/// Card data passes through a function that touches keys' rows, the payments that check a card and the schedules that come with one,
/// so it is held to keys and payments: whoever takes it over reaches no subscription and no list.
fn bound_to(function: &str, used: &Use) -> Value {
    let reaches = &code::port("KeyStore") | &code::port("PaymentStore");
    if code::card_functions().contains(function) && used.ports.is_subset(&reaches) && used.indexes.is_empty() {
        let names = [names_of("key_pk"), names_of("payment_pk"), name_of_no_row()];
        json!({ "ForAllValues:StringLike": { "dynamodb:LeadingKeys": names } })
    } else {
        Value::Null
    }
}

fn needed(function: &str, used: &Use) -> Vec<Grant> {
    let name = logical(function);
    let mut grants: Vec<Grant> = Vec::new();
    for operation in &used.rows {
        grants.push((format!("dynamodb:{operation}"), attribute("BillingTable.Arn"), bound_to(function, used)));
    }
    for index in &used.indexes {
        let at = substituted(&format!("${{BillingTable.Arn}}/index/{index}"));
        grants.push(("dynamodb:Query".to_owned(), at, Value::Null));
    }
    if code::reads_stream(function) {
        // What Lambda asks of the stream in the function's name (its developer guide, "Using AWS Lambda with Amazon DynamoDB",
        // "Execution role permissions", read 2026-11-30).
        for action in ["DescribeStream", "GetRecords", "GetShardIterator", "ListStreams"] {
            grants.push((format!("dynamodb:{action}"), attribute("BillingTable.StreamArn"), Value::Null));
        }
        grants.push(("events:PutEvents".to_owned(), attribute("EventBus.Arn"), Value::Null));
        let queue = super::stream::dead_letters(function);
        grants.push(("sqs:SendMessage".to_owned(), queue.clone(), Value::Null));
    } else {
        // `runtime::secret` reads it, and `App` is the same for all of them.
        grants.push(("secretsmanager:GetSecretValue".to_owned(), reference("IamportSecret"), Value::Null));
    }
    // The group is the template's: a function that may make groups makes one without retention.
    for action in ["logs:CreateLogStream", "logs:PutLogEvents"] {
        grants.push((action.to_owned(), attribute(&format!("{name}Logs.Arn")), Value::Null));
    }
    // Lambda puts an event that failed where the function says, in the function's name (developer guide, "Asynchronous
    // invocation").
    let on_failure = &properties(&format!("{name}Function"), "AWS::Serverless::Function").get("EventInvokeConfig");
    if let Some(queue) = on_failure.and_then(|config| config.pointer("/DestinationConfig/OnFailure/Destination")) {
        grants.push(("sqs:SendMessage".to_owned(), queue.clone(), Value::Null));
    }
    grants.sort_by_key(|grant| format!("{grant:?}"));
    grants
}

#[test]
fn a_function_is_allowed_what_its_code_does_and_nothing_else() {
    for (function, used) in code::uses() {
        let role = format!("{}Role", logical(function));
        assert_eq!(
            granted(&role),
            needed(function, used),
            "{role}: left is what the template allows, right what functions/{function} comes to: {used:?}"
        );
    }
}

#[test]
fn the_function_that_takes_cards_reaches_keys_and_payments_alone() {
    for function in code::card_functions() {
        let bound = bound_to(function, &code::uses()[function]);
        assert_ne!(bound, Value::Null, "functions/{function} takes cards and comes to more than keys and payments");
    }
}

#[test]
fn a_role_is_one_functions_and_nobody_elses() {
    let mut roles: BTreeSet<String> = BTreeSet::new();
    for function in repository::functions() {
        let role = format!("{}Role", logical(&function));
        let body = properties(&role, "AWS::IAM::Role");
        assert_eq!(body["AssumeRolePolicyDocument"], assumed_by("lambda.amazonaws.com", None), "{role}");
        roles.insert(role);
    }
    // The scheduler works for every account: only for a schedule of this one may it take the role (EventBridge Scheduler's user
    // guide, "Confused deputy prevention").
    let own = json!({ "StringEquals": { "aws:SourceAccount": reference("AWS::AccountId") } });
    let scheduler = &properties("SweepScheduleRole", "AWS::IAM::Role")["AssumeRolePolicyDocument"];
    assert_eq!(*scheduler, assumed_by("scheduler.amazonaws.com", Some(own)));
    roles.insert("SweepScheduleRole".to_owned());
    assert_eq!(resources_of("AWS::IAM::Role").into_iter().map(str::to_owned).collect::<BTreeSet<_>>(), roles);
}

#[test]
fn the_scheduler_starts_the_sweep_and_keeps_what_it_could_not_start() {
    let wanted = vec![
        ("lambda:InvokeFunction".to_owned(), attribute("ReconcileFunction.Arn"), Value::Null),
        ("sqs:SendMessage".to_owned(), attribute("SweepDeadLetters.Arn"), Value::Null),
    ];
    assert_eq!(granted("SweepScheduleRole"), wanted);
}
