//! What is read of a request: what the gateway vouches for, and nothing that a header claims.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::http::form::segment;
use crate::http::tests::request;

/// A request that no gateway handed over.
fn bare() -> Request {
    let inner = lambda_http::Request::new(Body::Empty);
    Request::new(inner, &SystemClock::new(None), Duration::from_secs(25))
}

fn code<T: std::fmt::Debug>(read: Result<T, impl Into<Problem>>) -> (u16, String) {
    let problem = read.unwrap_err().into();
    (problem.status(), problem.code().to_owned())
}

#[test]
fn who_sent_it_and_where_is_the_gateways_word() {
    let asked = request(&[
        ("/requestContext/http/method", json!("DELETE")),
        ("/requestContext/http/sourceIp", json!("2001:db8::7")),
        ("/headers/x-forwarded-for", json!("198.51.100.9")),
        ("/headers/x-real-ip", json!("198.51.100.9")),
        ("/headers/host", json!("evil.example")),
        ("/headers/x-request-id", json!("another")),
    ]);
    assert_eq!((asked.id(), asked.route(), asked.method()), ("request-1", "GET /charges/{merchant_uid}", "DELETE"));
    assert_eq!(asked.own_url().as_deref(), Some("https://sandbox.example"));
    assert_eq!(asked.source_ip(), "2001:db8::7".parse().ok());
    assert!(asked.deadline().remaining() > Duration::from_secs(20));

    let bare = bare();
    assert_eq!((bare.id(), bare.route(), bare.own_url(), bare.source_ip()), ("", "", None, None));
    assert_eq!(code(bare.caller()), (401, "unauthenticated".to_owned()));
    let nameless = request(&[
        ("/requestContext/requestId", Value::Null),
        ("/requestContext/routeKey", Value::Null),
        ("/requestContext/domainName", Value::Null),
        ("/requestContext/http/sourceIp", json!("nowhere")),
    ]);
    assert_eq!((nameless.id(), nameless.route(), nameless.own_url(), nameless.source_ip()), ("", "", None, None));
}

#[test]
fn a_path_parameter_is_decoded_once_and_what_is_not_there_is_not_found() {
    for (written, read) in [
        ("order_1", "order_1"),
        ("shop%2Fkim%231", "shop/kim#1"),
        ("%ED%82%A4", "키"),
        ("a+b&c=d", "a+b&c=d"),
        ("%2541", "%41"),
        ("%zz%4", "%zz%4"),
        ("", ""),
    ] {
        let asked = request(&[("/pathParameters", json!({ "merchant_uid": written }))]);
        assert_eq!(asked.path("merchant_uid").unwrap(), read, "{written}");
        assert_eq!(code(asked.path("customer_uid")), (404, "not_found".to_owned()));
    }
    assert_eq!(code(request(&[]).path("merchant_uid")), (404, "not_found".to_owned()));
}

proptest! {
    /// Whatever a billing key is called, the path that leads to it is read as that name.
    #[test]
    fn a_name_that_is_written_as_a_segment_is_read_as_it_was(name in "\\PC{0,40}") {
        let asked = request(&[("/pathParameters", json!({ "customer_uid": segment(&name) }))]);
        prop_assert_eq!(asked.path("customer_uid").unwrap(), name);
    }
}

#[test]
fn a_query_parameter_stands_there_once() {
    for (query, read) in [
        ("", Ok(None)),
        ("other=1", Ok(None)),
        ("state=active", Ok(Some("active"))),
        ("other=1,2&state=past_due", Ok(Some("past_due"))),
        ("state=", Ok(Some(""))),
        ("state=a%20b", Ok(Some("a b"))),
        ("state=a&state=b", Err(())),
        ("state=a&state=a", Err(())),
        ("state=a,b", Err(())),
        ("state=a%2Cb", Err(())),
    ] {
        let asked = request(&[("/rawQueryString", json!(query))]);
        match (asked.query("state"), read) {
            (Ok(value), Ok(read)) => assert_eq!(value.as_deref(), read, "{query}"),
            (Err(invalid), Err(())) => assert_eq!(invalid.code, "state_invalid", "{query}"),
            (other, _) => panic!("{query}: {other:?}"),
        }
    }
}

#[test]
fn a_page_has_one_to_a_hundred_entries_and_twenty_unless_asked() {
    let limit = |query: &str| request(&[("/rawQueryString", json!(query))]).limit().map_err(|invalid| invalid.code);
    for (query, entries) in [("", 20), ("limit=1", 1), ("limit=2", 2), ("limit=99", 99), ("limit=100", 100)] {
        assert_eq!(limit(query), Ok(entries), "{query}");
    }
    for query in ["limit=0", "limit=101", "limit=-1", "limit=", "limit=ten", "limit=1.0", "limit=5&limit=5"] {
        assert_eq!(limit(query), Err("limit_invalid".to_owned()), "{query}");
    }
}

#[test]
fn a_card_number_anywhere_in_an_address_is_refused() {
    for (path, query) in [
        ("/charges/4242424242424242", ""),
        ("/charges/4242%2D4242%2D4242%2D4242", ""),
        ("/charges/order_1", "card=4242424242424242"),
        ("/charges/order_1", "note=4242%204242%204242%204242&x=1"),
    ] {
        let asked = request(&[("/rawPath", json!(path)), ("/rawQueryString", json!(query))]);
        assert_eq!(code(asked.check_url()), (400, "sensitive_data_in_url".to_owned()), "{path}?{query}");
    }
    for (path, query) in [("/charges/order_1", ""), ("/charges/imp_448280090638", "from=1519862400&to=1795489200")] {
        assert!(request(&[("/rawPath", json!(path)), ("/rawQueryString", json!(query))]).check_url().is_ok());
    }
}

#[test]
fn a_header_is_read_whatever_case_its_name_has() {
    let asked = request(&[("/headers/X-Shop", json!("kim")), ("/headers/x-other", json!("한"))]);
    assert_eq!((asked.header("x-shop"), asked.header("X-SHOP")), (Some("kim"), Some("kim")));
    assert_eq!((asked.header("x-other"), asked.header("x-none")), (None, None), "not text, and not there");
}

#[test]
fn one_idempotency_key_is_asked_for() {
    let longest = "k".repeat(255);
    for (written, refused) in [
        (json!("8f3a-0001"), None),
        (json!("\"quoted-key\""), None),
        (json!(longest), None),
        (Value::Null, Some("idempotency_key_required")),
        (json!("short"), Some("idempotency_key_invalid")),
        (json!(""), Some("idempotency_key_invalid")),
        (json!(format!("{longest}k")), Some("idempotency_key_invalid")),
        (json!("8f3a-0001,8f3a-0001"), Some("idempotency_key_invalid")),
        (json!("8f3a 0001"), Some("idempotency_key_invalid")),
        (json!("열쇠열쇠열쇠"), Some("idempotency_key_invalid")),
        (json!("4242424242424242"), Some("sensitive_data_in_url")),
    ] {
        let header: &[_] = if written.is_null() { &[] } else { &[("/headers/idempotency-key", written.clone())] };
        let asked = request(header);
        match (asked.idempotency_key(), refused) {
            (Ok(key), None) => assert_eq!(Some(key), written.as_str()),
            (Err(invalid), Some(refused)) => assert_eq!(invalid.code, refused, "{written}"),
            (other, _) => panic!("{written}: {other:?}"),
        }
    }
    let mut twice = bare();
    for _ in 0..2 {
        twice.inner.headers_mut().append("idempotency-key", "8f3a-0001".parse().unwrap());
    }
    assert_eq!(twice.idempotency_key().unwrap_err().code, "idempotency_key_invalid");
}

#[test]
fn scopes_are_found_wherever_an_issuer_writes_them() {
    for (name, claim, found) in [
        ("scope", "billing/customer", vec!["billing/customer"]),
        ("scope", "openid billing/merchant", vec!["openid", "billing/merchant"]),
        ("scp", "openid billing/merchant", vec!["openid", "billing/merchant"]),
        ("scp", "[openid billing/merchant]", vec!["openid", "billing/merchant"]),
        ("scope", "[billing/merchant]", vec!["billing/merchant"]),
        ("scp", "[]", vec![]),
        ("scp", "[billing/merchant", vec!["[billing/merchant"]),
        ("scopes", "billing/merchant", vec![]),
    ] {
        let of = |asked: &str| (asked == name).then_some(claim);
        assert_eq!(scopes(of).collect::<Vec<_>>(), found, "{name}: {claim}");
    }
    let both = |asked: &str| Some(if asked == "scp" { "[billing/customer]" } else { "openid" });
    assert_eq!(scopes(both).collect::<Vec<_>>(), ["openid", "billing/customer"]);
}

#[test]
fn a_caller_is_who_the_verified_token_says() {
    let kim = || Ok(Caller::Customer(CustomerId::parse("auth0|kim").unwrap()));
    for (claims, expected) in [
        (json!({ "sub": "auth0|kim", "scope": "billing/customer" }), kim()),
        (json!({ "sub": "auth0|kim", "scp": "[openid billing/customer]" }), kim()),
        (json!({ "sub": "shop", "scope": "billing/merchant" }), Ok(Caller::Merchant)),
        // The wider one, and nobody has to be named for it.
        (json!({ "sub": "auth0|kim", "scope": "billing/customer billing/merchant" }), Ok(Caller::Merchant)),
        (json!({ "scp": "[billing/merchant]" }), Ok(Caller::Merchant)),
        (json!({ "sub": "auth0|kim", "scope": "openid billing" }), Err(403)),
        (json!({ "sub": "auth0|kim", "scope": "billing/customers xbilling/merchant" }), Err(403)),
        (json!({ "sub": "auth0|kim" }), Err(403)),
        (json!({ "scope": "billing/customer" }), Err(401)),
        (json!({ "sub": "", "scope": "billing/customer" }), Err(401)),
        (json!({ "sub": "kim lee", "scope": "billing/customer" }), Err(401)),
    ] {
        let authorizer = json!({ "jwt": { "claims": claims, "scopes": null } });
        let asked = request(&[("/requestContext/authorizer", authorizer)]);
        let caller = asked.caller().map_err(|problem| problem.status());
        assert_eq!(caller, expected, "{claims}");
        let merchant = asked.merchant().map_err(|problem| problem.status());
        assert_eq!(merchant, expected.and_then(|caller| if caller == Caller::Merchant { Ok(()) } else { Err(403) }));
    }
    for authorizer in [Value::Null, json!({}), json!({ "lambda": { "sub": "shop", "scope": "billing/merchant" } })] {
        assert_eq!(code(request(&[("/requestContext/authorizer", authorizer)]).caller()).0, 401);
    }
}

#[test]
fn a_body_is_its_bytes_however_the_gateway_hands_it_over() {
    for (body, is_base64, bytes) in [
        (json!("{}"), false, b"{}".as_slice()),
        (json!("키"), false, "키".as_bytes()),
        (json!("e30="), true, b"{}"),
        (json!("/wB7"), true, b"\xff\0{"),
        (json!(""), false, b""),
        (Value::Null, false, b""),
    ] {
        let asked = request(&[("/body", body.clone()), ("/isBase64Encoded", json!(is_base64))]);
        assert_eq!(asked.body(), bytes, "{body}");
    }
}

#[test]
fn json_is_taken_for_what_it_is_said_to_be() {
    for (header, content_type) in [
        ("application/json", "application/json"),
        ("Application/JSON ; charset=utf-8", "application/json"),
        ("application/json; charset=\"a;b\"", "application/json"),
        ("application/jsonp", "application/jsonp"),
        ("text/plain", "text/plain"),
        ("", ""),
    ] {
        let asked = request(&[("/headers/content-type", json!(header)), ("/body", json!(r#"{"a":1}"#))]);
        assert_eq!(asked.content_type(), content_type);
        match asked.json() {
            Ok(mut object) => {
                assert_eq!(content_type, "application/json");
                assert_eq!(object.integer::<u32>("a"), Ok(Some(1)));
            }
            Err(problem) => {
                assert_eq!((problem.status(), problem.code()), (415, "unsupported_media_type"));
                assert_ne!(content_type, "application/json");
            }
        }
    }
    assert_eq!(bare().content_type(), "");
    assert_eq!(code(request(&[("/body", json!("[]"))]).json()), (400, "malformed_json".to_owned()));
}

#[test]
fn a_body_has_sixteen_kib_at_most_and_a_list_of_orders_256() {
    let of = |bytes: usize| request(&[("/body", json!(format!("{{}}{}", " ".repeat(bytes - 2))))]);
    let (body, list) = (16 * 1024, 256 * 1024);
    assert!(of(body).json().is_ok() && of(body + 1).json_list().is_ok() && of(list).json_list().is_ok());
    for refused in [of(body + 1).json(), of(list).json(), of(list + 1).json_list()] {
        assert_eq!(code(refused), (413, "payload_too_large".to_owned()));
    }
}
