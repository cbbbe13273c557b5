use std::time::Duration;

use serde_json::{Value, json};

use crate::support::{Gateway, Lambda};

#[tokio::test]
async fn status_headers_cookies_and_body_are_the_functions() {
    let gateway = Gateway::start().await;
    gateway.answer_with(&json!({
        "statusCode": 402,
        "headers": { "Content-Type": "application/problem+json", "Retry-After": 5, "Content-Length": "9999" },
        "multiValueHeaders": { "x-ignored": ["1"] },
        "cookies": ["a=1; Path=/", "b=2"],
        "body": "{\"code\":\"card_rejected\"}",
    }));
    let answer = gateway.get("/").await;
    assert_eq!(answer.status, 402);
    assert_eq!(answer.header("content-type"), Some("application/problem+json"));
    assert_eq!(answer.header("retry-after"), Some("5"));
    assert_eq!(answer.header("x-ignored"), None);
    let cookies: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|value| value.to_str().expect("text")).collect();
    assert_eq!(cookies, ["a=1; Path=/", "b=2"]);
    assert_eq!(answer.json(), json!({ "code": "card_rejected" }));
}

#[tokio::test]
async fn base64_bodies_are_decoded() {
    let gateway = Gateway::start().await;
    gateway.answer_with(&json!({ "statusCode": 200, "isBase64Encoded": true, "body": "AP8=" }));
    assert_eq!(&gateway.get("/").await.body[..], b"\x00\xff");
}

#[tokio::test]
async fn an_empty_answer_has_no_body_and_a_plain_one_a_type() {
    let gateway = Gateway::start().await;
    gateway.answer_with(&json!({ "statusCode": 204 }));
    let answer = gateway.get("/").await;
    assert_eq!((answer.status, answer.body.len(), answer.header("content-type")), (204, 0, None));
    gateway.answer_with(&json!({ "statusCode": "200", "headers": null, "body": "text" }));
    let answer = gateway.get("/").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("text/plain;charset=UTF-8")));
}

#[tokio::test]
async fn json_without_a_status_is_the_body_of_a_200() {
    let gateway = Gateway::start().await;
    gateway.answer_with(&json!({ "hello": "world" }));
    let answer = gateway.get("/").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, Some("application/json")));
    assert_eq!(answer.json(), json!({ "hello": "world" }));
}

#[tokio::test]
async fn a_function_that_fails_is_500_and_its_message_goes_nowhere() {
    let gateway = Gateway::start().await;
    let error = br#"{"errorType":"Panic","errorMessage":"card 4242424242424242"}"#.to_vec();
    for lambda in [
        Lambda::FunctionError(error.clone()),
        // The header decides, whatever the payload looks like.
        Lambda::FunctionError(br#"{"statusCode":200,"body":"fine"}"#.to_vec()),
        Lambda::Payload(error),
        Lambda::Status(500),
        Lambda::Status(404),
        Lambda::Payload(b"not json".to_vec()),
        Lambda::Payload(br#"{"statusCode":99}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":101}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":"many"}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":200,"body":{"not":"text"}}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":200,"isBase64Encoded":true,"body":"***"}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":200,"headers":{"bad name":"x"}}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":200,"headers":{"x":"line\r\nbreak: y"}}"#.to_vec()),
        Lambda::Payload(br#"{"statusCode":200,"headers":[]}"#.to_vec()),
    ] {
        gateway.behave(lambda.clone());
        let answer = gateway.get("/").await;
        assert_eq!((answer.status, answer.json()), (500, json!({ "message": "Internal Server Error" })), "{lambda:?}");
        let reason = answer.header("x-sandbox-reason").expect("a reason for the developer");
        assert!(reason.starts_with("file-store: ") && !reason.contains("4242"), "{reason}");
    }
}

#[tokio::test]
async fn a_function_that_takes_too_long_is_503_and_is_not_invoked_again() {
    let gateway = Gateway::with_timeout(Duration::from_millis(300)).await;
    gateway.behave(Lambda::Hang);
    let answer = gateway.get("/").await;
    assert_eq!((answer.status, answer.json()), (503, json!({ "message": "Service Unavailable" })));
    assert_eq!(gateway.invocations().len(), 1);
}

#[tokio::test]
async fn a_routes_own_timeout_counts() {
    let gateway = Gateway::start().await;
    gateway.behave(Lambda::Hang);
    let answer = tokio::time::timeout(Duration::from_secs(5), gateway.get("/slow")).await;
    assert_eq!(answer.expect("200 ms, not 30 s").status, 503);
}

#[tokio::test]
async fn no_functions_at_all_is_500_and_says_where_they_should_be() {
    let gateway = Gateway::without_lambda().await;
    let answer = gateway.get("/").await;
    assert_eq!(answer.status, 500);
    let reason = answer.header("x-sandbox-reason").expect("a reason");
    assert!(reason.contains("nothing answers at http://127.0.0.1:"), "{reason}");
}

#[tokio::test]
async fn every_answer_has_its_own_id() {
    let gateway = Gateway::start().await;
    let first = gateway.get("/").await;
    let second = gateway.get("/nope").await;
    let id = |answer: &crate::support::Answer| answer.header("apigw-requestid").expect("an id").to_owned();
    assert_ne!(id(&first), id(&second));
    assert_eq!(gateway.only_event()["requestContext"]["requestId"], Value::from(id(&first)));
}
