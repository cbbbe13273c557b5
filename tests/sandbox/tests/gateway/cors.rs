use std::collections::BTreeMap;

use http::{HeaderMap, HeaderValue, Method, header};
use sandbox::gateway::sam::Api;
use sandbox::template::Template;
use serde_json::json;

use crate::support::{Answer, Gateway};

const SHOP: &str = "https://shop.example";

async fn preflight(gateway: &Gateway, path: &str, origin: &str, method: &str) -> Answer {
    let headers = [("origin", origin), ("access-control-request-method", method)];
    gateway.call(Method::OPTIONS, path, &headers, "").await
}

#[tokio::test]
async fn a_preflight_is_answered_by_the_gateway_without_a_token() {
    let gateway = Gateway::start().await;
    let answer = preflight(&gateway, "/charges", SHOP, "POST").await;
    assert_eq!(answer.status, 204);
    assert_eq!(answer.header("access-control-allow-origin"), Some(SHOP));
    assert_eq!(answer.header("access-control-allow-methods"), Some("GET,POST"));
    assert_eq!(answer.header("access-control-allow-headers"), Some("authorization,content-type"));
    assert_eq!(answer.header("access-control-max-age"), Some("600"));
    assert!(gateway.invocations().is_empty());
}

#[tokio::test]
async fn another_origin_gets_no_permission() {
    let gateway = Gateway::start().await;
    for origin in ["https://evil.example", "https://shop.example.evil.example", "http://shop.example", "null"] {
        let answer = preflight(&gateway, "/charges", origin, "POST").await;
        assert_eq!(answer.status, 204);
        assert_eq!(answer.header("access-control-allow-origin"), None, "{origin}");
    }
}

#[tokio::test]
async fn the_functions_own_cors_headers_are_replaced() {
    let gateway = Gateway::start().await;
    gateway.answer_with(&json!({
        "statusCode": 200,
        "headers": { "access-control-allow-origin": "*", "access-control-allow-credentials": "true" },
        "body": "ok",
    }));
    let answer = gateway.call(Method::GET, "/", &[("origin", "https://www.shop.example")], "").await;
    assert_eq!(answer.header("access-control-allow-origin"), Some("https://www.shop.example"));
    assert_eq!(answer.header("access-control-allow-credentials"), None);
    assert_eq!(answer.header("access-control-expose-headers"), Some("location"));
    assert_eq!(answer.header("vary"), Some("origin"));
    for headers in [&[][..], &[("origin", "https://evil.example")]] {
        let answer = gateway.call(Method::GET, "/", headers, "").await;
        assert_eq!(answer.header("access-control-allow-origin"), None, "{headers:?}");
    }
}

#[tokio::test]
async fn a_page_can_read_why_it_was_refused() {
    let gateway = Gateway::start().await;
    let answer = gateway.call(Method::GET, "/charges/x", &[("origin", SHOP)], "").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (401, Some(SHOP)));
}

#[tokio::test]
async fn an_api_without_cors_leaves_it_to_the_function() {
    let gateway = Gateway::start().await;
    let answer = preflight(&gateway, "/webhooks/iamport/t", SHOP, "POST").await;
    assert_eq!((answer.status, answer.header("access-control-allow-origin")), (200, None));
    assert_eq!(gateway.only_event()["requestContext"]["http"]["method"], "OPTIONS");
}

#[test]
fn origins_that_are_left_to_the_deployment_are_local_pages() {
    let text = include_str!("../fixtures/template.yaml").replace(
        "Origins: {Type: CommaDelimitedList, Default: \"https://shop.example, https://www.shop.example\"}",
        "Origins: {Type: CommaDelimitedList}",
    );
    let template = Template::parse(&text, BTreeMap::new()).expect("the fixture");
    let api = Api::from_template(&template).expect("its API");
    let cors = api.cors_for("POST", "/charges").expect("CORS");
    for (origin, allowed) in [
        ("http://localhost:5173", true),
        ("http://127.0.0.1:8010", true),
        ("http://localhost", true),
        ("http://localhost.evil.example", false),
        ("http://localhost:1@evil.example", false),
        ("http://127.0.0.1.evil.example", false),
        ("https://shop.example", false),
    ] {
        let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
        let answer = cors.preflight(&headers);
        assert_eq!(answer.headers().contains_key(header::ACCESS_CONTROL_ALLOW_ORIGIN), allowed, "{origin}");
    }
}

#[test]
fn a_configuration_that_the_real_gateway_refuses_is_refused() {
    let text = include_str!("../fixtures/template.yaml");
    for (from, to, expected) in [
        (
            "AllowOrigins: !Ref Origins",
            "AllowOrigins: ['*']\n        AllowCredentials: true",
            "AllowCredentials with any origin",
        ),
        ("MaxAge: 600", "MaxAge: long", "MaxAge is not a number"),
        ("MaxAge: 600", "Mystery: 1", "Mystery"),
    ] {
        let template = Template::parse(&text.replace(from, to), BTreeMap::new()).expect("parsed");
        let error = Api::from_template(&template).expect_err(to).to_string();
        assert!(error.contains(expected), "{error}");
    }
}
