//! What an event must be before `lambda_http` makes a request of it.
//!
//! That conversion panics where an address, a query or a base64 body cannot be read (`lambda_http` 1.3.2,
//! `request.rs::into_api_gateway_v2_request`; `aws_lambda_events` 1.2.1, `encodings/http.rs::from_maybe_encoded`), and a panic
//! ends the process. API Gateway answers such requests itself; what it lets through, or who calls the function without it, gets
//! 400 here.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequest;
use lambda_http::http::header::HOST;
use lambda_http::http::{HeaderMap, HeaderValue, Uri};
use lambda_http::request::LambdaRequest;

/// Longest path and query together, in bytes: three times the path still fits an address (64 KiB).
const TARGET_BYTES_MAX: usize = 20_000;
/// The scheme of the address that the conversion makes.
const PROTO: &str = "x-forwarded-proto";

/// An event that the conversion takes, and why what came was none.
#[derive(Debug)]
pub(crate) struct Guarded {
    /// The event. Nothing of a malformed one is left in it but its request id.
    pub(crate) event: LambdaRequest,
    /// What could not be read.
    pub(crate) malformed: Option<&'static str>,
}

/// Looks an event over.
pub(crate) fn guard(event: LambdaRequest) -> Guarded {
    match event {
        LambdaRequest::ApiGatewayV2(mut event) => {
            let malformed = malformed(&event);
            if malformed.is_some() {
                event.headers = HeaderMap::new();
                event.raw_path = None;
                event.raw_query_string = None;
                event.cookies = None;
                event.body = None;
                event.is_base64_encoded = false;
            }
            // The conversion makes an address of these three. Nobody reads it, and what stands there is not ours to vouch for.
            event.headers.insert(HOST, HeaderValue::from_static("localhost"));
            event.headers.insert(PROTO, HeaderValue::from_static("https"));
            event.request_context.stage = None;
            Guarded { event: LambdaRequest::ApiGatewayV2(event), malformed }
        }
        event => Guarded { event, malformed: None },
    }
}

fn malformed(event: &ApiGatewayV2httpRequest) -> Option<&'static str> {
    let mut hosts = event.headers.get_all(HOST).iter();
    // One is what RFC 9112 §3.2 asks for; a direct invocation may have none.
    if hosts.next().is_some_and(|host| !is_host(host)) || hosts.next().is_some() {
        return Some("the Host header");
    }
    let path = event.raw_path.as_deref().unwrap_or_default();
    let query = event.raw_query_string.as_deref().unwrap_or_default();
    let target_fits = path.len().saturating_add(query.len()) <= TARGET_BYTES_MAX;
    if !target_fits || !(path.is_empty() || path.starts_with('/')) {
        return Some("the path");
    }
    if format!("/?{query}").parse::<Uri>().is_err() {
        return Some("the query");
    }
    let body = event.body.as_deref().filter(|_| event.is_base64_encoded);
    body.is_some_and(|body| STANDARD.decode(body).is_err()).then_some("the body")
}

/// `uri-host [ ":" port ]` (RFC 9112 §3.2), of what hosts on the internet are called.
fn is_host(value: &HeaderValue) -> bool {
    let Ok(text) = value.to_str() else { return false };
    let (host, port) = match text.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, port),
        Some(_) | None => (text, ""),
    };
    let address = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
    let named = match address {
        Some(address) => address.parse::<std::net::Ipv6Addr>().is_ok(),
        None => !host.is_empty() && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'.' | b'_')),
    };
    named && (port.is_empty() || (port.bytes().all(|b| b.is_ascii_digit()) && port.parse::<u16>().is_ok()))
}

#[cfg(test)]
mod tests {
    use lambda_http::RequestExt;
    use serde_json::{Value, json};

    use super::*;
    use crate::http::tests::event;

    /// The event, looked over and converted as the runtime does it.
    fn converted(change: &[(&str, Value)]) -> (lambda_http::Request, Option<&'static str>) {
        let guarded = guard(event(change));
        (guarded.event.into(), guarded.malformed)
    }

    #[test]
    fn no_host_ends_the_process() {
        for host in [
            "shop.example",
            "shop.example:443",
            "127.0.0.1:3000",
            "localhost",
            "[::1]:3000",
            "[::1]",
            "a:",
            "1.2.3.999",
        ] {
            let (request, malformed) = converted(&[("/headers/host", json!(host))]);
            assert_eq!((malformed, request.uri().path()), (None, "/charges/order_1"), "{host}");
        }
        for host in [
            "bad host",
            "a:99999999",
            "[::1",
            "ex%zz",
            "a<b",
            "a,b",
            "shop.example,shop.example",
            "",
            ":80",
            "a:b",
            "[x]",
            "user@shop.example",
            "shop.example/x",
            "호스트",
        ] {
            let (_, malformed) = converted(&[("/headers/host", json!(host))]);
            assert_eq!(malformed, Some("the Host header"), "{host}");
        }
    }

    #[test]
    fn nothing_else_of_an_address_ends_it_either() {
        for (place, value) in [
            ("/rawPath", json!("charges")),
            ("/rawPath", json!(":99999999")),
            ("/rawPath", json!(format!("/{}", "한".repeat(30_000)))),
            ("/rawQueryString", json!("a b")),
            ("/rawQueryString", json!("a=\u{7f}")),
            ("/rawQueryString", json!("a=<\n>")),
            ("/rawQueryString", json!("x".repeat(70_000))),
        ] {
            let (request, malformed) = converted(&[(place, value.clone())]);
            assert!(malformed.is_some(), "{place}");
            assert!(request.request_context_ref().is_some(), "the answer names the request");
        }
        for (place, value) in [
            ("/headers/x-forwarded-proto", json!("ht tp")),
            ("/headers/x-forwarded-proto", json!("//")),
            ("/requestContext/domainName", json!("bad host")),
            ("/requestContext/stage", json!("a b<%zz")),
            ("/rawPath", json!("/charges/한글 %zz?#[")),
            ("/rawPath", json!("")),
            ("/rawQueryString", json!("from=1&to=%ZZ&x={}|^")),
        ] {
            assert_eq!(converted(&[(place, value.clone())]).1, None, "{place} {value}");
        }
    }

    #[test]
    fn a_body_that_is_no_base64_is_refused() {
        let with = |text: &str| {
            let mut event = event(&[("/isBase64Encoded", json!(true))]);
            if let LambdaRequest::ApiGatewayV2(event) = &mut event {
                event.body = Some(text.to_owned());
            }
            let guarded = guard(event);
            (lambda_http::Request::from(guarded.event), guarded.malformed)
        };
        let (request, malformed) = with("e30=");
        assert_eq!((request.body().as_ref(), malformed), (b"{}".as_slice(), None));
        for text in ["***", "e30", "e3=0", "한"] {
            assert_eq!(with(text).1, Some("the body"), "{text}");
        }
    }
}
