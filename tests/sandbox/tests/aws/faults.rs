use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::put_item::{PutItemError, PutItemOutput};
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{Put, TransactWriteItem};
use aws_smithy_types::error::metadata::ProvideErrorMetadata as _;
use http::Method;
use serde_json::{Value, json};

use crate::support::{Endpoint, TABLE, s};

async fn put(sdk: &aws_sdk_dynamodb::Client, pk: &str) -> Result<PutItemOutput, SdkError<PutItemError>> {
    sdk.put_item().table_name(TABLE).item("pk", s(pk)).item("sk", s("PAY")).send().await
}

async fn exists(endpoint: &Endpoint, pk: &str) -> bool {
    let found = endpoint.dynamodb().get_item().table_name(TABLE).key("pk", s(pk)).key("sk", s("PAY")).send().await;
    found.expect("read").item().is_some()
}

#[tokio::test]
async fn a_throttled_call_does_nothing_and_the_sdk_repeats_it() {
    let endpoint = Endpoint::with_table().await;
    endpoint.arm(json!({ "operation": "PutItem", "kind": "throttle" })).await;
    let error = put(&endpoint.dynamodb(), "PAY#1").await.expect_err("throttled").into_service_error();
    assert!(error.is_provisioned_throughput_exceeded_exception(), "{error:?}");
    assert!(!exists(&endpoint, "PAY#1").await);
    endpoint.arm(json!({ "operation": "PutItem", "kind": "throttle", "times": 2 })).await;
    let patient = endpoint.dynamodb_with(RetryConfig::standard().with_max_attempts(3));
    put(&patient, "PAY#1").await.expect("the third attempt succeeds");
    assert!(exists(&endpoint, "PAY#1").await);
}

#[tokio::test]
async fn conflicts_are_those_of_the_operation() {
    let endpoint = Endpoint::with_table().await;
    endpoint.arm(json!({ "operation": "PutItem", "kind": "conflict" })).await;
    let error = put(&endpoint.dynamodb(), "PAY#1").await.expect_err("in conflict").into_service_error();
    assert!(error.is_transaction_conflict_exception(), "{error:?}");

    endpoint.arm(json!({ "operation": "TransactWriteItems", "kind": "conflict" })).await;
    let transact = || {
        let item = |pk: &str| {
            let put = Put::builder().table_name(TABLE).item("pk", s(pk)).item("sk", s("PAY")).build().expect("a put");
            TransactWriteItem::builder().put(put).build()
        };
        endpoint.dynamodb().transact_write_items().transact_items(item("PAY#1")).transact_items(item("PAY#2")).send()
    };
    let error = transact().await.expect_err("in conflict").into_service_error();
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error else { panic!("{error:?}") };
    let codes: Vec<_> = canceled.cancellation_reasons().iter().map(|reason| reason.code()).collect();
    assert_eq!(codes, [Some("TransactionConflict"), Some("None")]);
    assert!(!exists(&endpoint, "PAY#1").await);

    endpoint.arm(json!({ "operation": "TransactWriteItems", "kind": "in_progress" })).await;
    let error = transact().await.expect_err("in progress").into_service_error();
    assert!(error.is_transaction_in_progress_exception(), "{error:?}");
    transact().await.expect("the fault is used up");
    assert!(exists(&endpoint, "PAY#2").await);
}

#[tokio::test]
async fn a_lost_answer_leaves_the_row_and_no_answer() {
    let endpoint = Endpoint::with_table().await;
    endpoint.arm(json!({ "operation": "PutItem", "kind": "drop_after_commit" })).await;
    let error = put(&endpoint.dynamodb(), "PAY#1").await.expect_err("no answer");
    assert!(matches!(error, SdkError::DispatchFailure(_) | SdkError::ResponseError(_)), "{error:?}");
    assert!(exists(&endpoint, "PAY#1").await);

    endpoint.arm(json!({ "operation": "PutItem", "kind": "drop_before_commit" })).await;
    put(&endpoint.dynamodb(), "PAY#2").await.expect_err("no answer");
    assert!(!exists(&endpoint, "PAY#2").await);
}

#[tokio::test]
async fn a_500_may_or_may_not_have_been_carried_out() {
    let endpoint = Endpoint::with_table().await;
    for (kind, pk, committed) in [("internal_error", "PAY#1", false), ("internal_error_after_commit", "PAY#2", true)] {
        endpoint.arm(json!({ "operation": "PutItem", "kind": kind })).await;
        let error = put(&endpoint.dynamodb(), pk).await.expect_err(kind).into_service_error();
        assert!(error.is_internal_server_error(), "{error:?}");
        assert_eq!(exists(&endpoint, pk).await, committed, "{kind}");
    }
}

#[tokio::test]
async fn a_fault_waits_for_its_turn_and_names_its_service() {
    let endpoint = Endpoint::with_table().await;
    endpoint.arm(json!({ "operation": "PutItem", "kind": "internal_error", "skip": 1 })).await;
    put(&endpoint.dynamodb(), "PAY#1").await.expect("the first passes");
    put(&endpoint.dynamodb(), "PAY#2").await.expect_err("the second fails");
    put(&endpoint.dynamodb(), "PAY#3").await.expect("the third passes");
    endpoint.arm(json!({ "operation": "GetSecretValue", "kind": "throttle" })).await;
    let error = endpoint.secrets().get_secret_value().secret_id("any").send().await.expect_err("throttled");
    assert_eq!(error.into_service_error().code(), Some("ThrottlingException"));
}

#[tokio::test]
async fn impossible_faults_are_refused_and_all_can_be_disarmed() {
    let endpoint = Endpoint::with_table().await;
    for fault in [
        json!({ "operation": "Query", "kind": "conflict" }),
        json!({ "operation": "PutItem", "kind": "in_progress" }),
        json!({ "operation": "PutItem", "kind": "delay" }),
        json!({ "operation": "PutItem", "kind": "throttle", "times": 0 }),
        json!({ "operation": "PutItem", "kind": "meteor" }),
        json!({ "operation": "PutItem", "kind": "throttle", "tiems": 2 }),
    ] {
        let (status, body) = endpoint.control(Method::POST, "/_aws/faults", &fault).await;
        assert_eq!(status, 400, "{fault}: {body}");
    }
    endpoint.arm(json!({ "operation": "*", "kind": "throttle", "times": 9 })).await;
    let (_, left) = endpoint.control(Method::DELETE, "/_aws/faults", &Value::Null).await;
    assert_eq!(left, json!([]));
    put(&endpoint.dynamodb(), "PAY#1").await.expect("nothing is armed");
}

#[tokio::test]
async fn calls_are_counted_by_operation() {
    let endpoint = Endpoint::with_table().await;
    endpoint.control(Method::DELETE, "/_aws/calls", &Value::Null).await;
    put(&endpoint.dynamodb(), "PAY#1").await.expect("put");
    put(&endpoint.dynamodb(), "PAY#2").await.expect("put");
    exists(&endpoint, "PAY#1").await;
    let (_, calls) = endpoint.control(Method::GET, "/_aws/calls", &Value::Null).await;
    assert_eq!(calls, json!({ "GetItem": 1, "PutItem": 2 }));
}

#[tokio::test]
async fn other_services_are_refused_by_name() {
    let endpoint = Endpoint::start(None).await;
    let error = endpoint.client().dynamodb("MakeCoffee", &json!({})).await.expect_err("no such operation");
    assert!(error.to_string().contains("UnknownOperationException"), "{error}");
    let (status, body) = endpoint.control(Method::POST, "/", &json!({})).await;
    assert_eq!(status, 400);
    assert_eq!(body["__type"], "UnknownOperationException");
}
