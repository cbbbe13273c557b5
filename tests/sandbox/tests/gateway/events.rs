use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::support::{Gateway, claims, sign};

/// What changes from run to run, checked for its form and replaced.
fn normalise(event: &mut Value, port: u16) {
    let context = &mut event["requestContext"];
    let time = context["time"].as_str().expect("a time").to_owned();
    let form: String = time.chars().map(|c| if c.is_ascii_digit() { '0' } else { c }).collect();
    assert!(form.starts_with("00/") && form.ends_with("/0000:00:00:00 +0000"), "{time}");
    let epoch = context["timeEpoch"].as_i64().expect("milliseconds");
    assert!(epoch > 1_700_000_000_000, "{epoch}");
    context["time"] = json!("TIME");
    context["timeEpoch"] = json!(0);
    let id = context["requestId"].as_str().expect("an id");
    assert!(id.len() == 16 && id.ends_with('='), "{id}");
    context["requestId"] = json!("ID");
    for claim in ["exp", "iat", "nbf"] {
        context["authorizer"]["jwt"]["claims"][claim].as_str().expect("text").parse::<i64>().expect("seconds");
        context["authorizer"]["jwt"]["claims"][claim] = json!("SECONDS");
    }
    let headers = &mut event["headers"];
    assert_eq!(headers["x-forwarded-port"], port.to_string());
    headers["x-forwarded-port"] = json!("PORT");
    assert_eq!(headers["host"], format!("127.0.0.1:{port}"));
    headers["host"] = json!("HOST");
    assert!(headers["authorization"].as_str().is_some_and(|value| value.starts_with("Bearer ")));
    headers["authorization"] = json!("BEARER");
}

#[tokio::test]
async fn the_event_is_payload_format_2_0() {
    let gateway = Gateway::start().await;
    let token = sign(&claims("storefront-server", "billing/merchant"));
    let request = Request::post(format!("{}/charges?a=1&b=%ED%95%9C+x&a=2&flag", gateway.url))
        .header("Authorization", format!("Bearer {token}"))
        .header("Content-Type", "application/json; charset=utf-8")
        .header("User-Agent", "storefront/1.0")
        .header("X-Twice", "one")
        .header("X-Twice", "two")
        .header("Cookie", "first=1; second=2")
        .header("Cookie", "third=3")
        .header("X-Forwarded-For", "203.0.113.9")
        .body(Full::new(Bytes::from(r#"{"amount":12000,"name":"구독"}"#)))
        .expect("a request");
    assert_eq!(gateway.send(request).await.status, 200);
    let mut event = gateway.only_event();
    normalise(&mut event, gateway.port);
    let golden: Value = serde_json::from_str(include_str!("../fixtures/event.json")).expect("the golden event");
    assert_eq!(event, golden, "{event:#}");
}

#[tokio::test]
async fn what_is_absent_is_left_out() {
    let gateway = Gateway::start().await;
    gateway.get("/").await;
    let event = gateway.only_event();
    let mut members: Vec<&String> = event.as_object().expect("an object").keys().collect();
    members.sort();
    assert_eq!(
        members,
        ["headers", "isBase64Encoded", "rawPath", "rawQueryString", "requestContext", "routeKey", "version"]
    );
    assert_eq!(event["rawQueryString"], "");
}

#[tokio::test]
async fn the_source_is_the_connection_never_a_header() {
    let gateway = Gateway::start().await;
    let spoofed =
        [("x-forwarded-for", "52.78.100.19"), ("x-real-ip", "52.78.100.19"), ("forwarded", "for=52.78.100.19")];
    gateway.call(Method::POST, "/webhooks/iamport/t", &spoofed, "{}").await;
    let event = gateway.only_event();
    assert_eq!(event["requestContext"]["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(event["headers"]["x-forwarded-for"], "52.78.100.19, 127.0.0.1");
}

#[tokio::test]
async fn bodies_are_text_or_base64_by_their_type() {
    let gateway = Gateway::start().await;
    let form = "imp_uid=imp_1&status=paid";
    for (kind, body, is_text) in [
        (Some("application/json"), &b"{}"[..], true),
        (Some("APPLICATION/JSON; charset=utf-8"), b"{}", true),
        (Some("text/plain"), "글".as_bytes(), true),
        (Some("application/xml"), b"<a/>", true),
        (Some("application/x-www-form-urlencoded"), form.as_bytes(), false),
        (Some("application/octet-stream"), b"\x00\xff", false),
        (Some("application/problem+json"), b"{}", false),
        (None, b"{}", false),
        // Says text, and is none.
        (Some("application/json"), b"\xff\xfe", false),
    ] {
        let mut request = Request::post(format!("{}/webhooks/iamport/t", gateway.url));
        if let Some(kind) = kind {
            request = request.header("content-type", kind);
        }
        gateway.send(request.body(Full::new(Bytes::from_static(body))).expect("a request")).await;
        let (_, event) = gateway.invocations().pop().expect("an invocation");
        assert_eq!(event["isBase64Encoded"], json!(!is_text), "{kind:?}");
        let expected = if is_text { String::from_utf8_lossy(body).into_owned() } else { STANDARD.encode(body) };
        assert_eq!(event["body"], expected, "{kind:?}");
    }
}

#[tokio::test]
async fn hop_by_hop_headers_stay_behind_and_a_chunked_body_gets_its_length() {
    let gateway = Gateway::start().await;
    let request = b"POST /webhooks/iamport/t HTTP/1.1\r\nhost: x\r\nconnection: close\r\nte: trailers\r\n\
        content-type: text/plain\r\ntransfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
    let answer = gateway.raw(request).await;
    assert!(answer.starts_with("HTTP/1.1 200 "), "{answer}");
    let event = gateway.only_event();
    assert_eq!(event["body"], "abcde");
    let headers = event["headers"].as_object().expect("an object");
    assert_eq!(headers["content-length"], "5");
    for gone in ["connection", "te", "transfer-encoding", "cookie"] {
        assert!(!headers.contains_key(gone), "{gone}");
    }
}
