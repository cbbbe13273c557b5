//! Events of the gateway, for the tests of what is made of them.

use std::time::Duration;

use lambda_http::request::LambdaRequest;
use serde_json::{Value, json};

use super::Request;
use crate::clock::SystemClock;

/// An event of the HTTP API, with other values in these places (JSON pointers).
pub(crate) fn event(change: &[(&str, Value)]) -> LambdaRequest {
    serde_json::from_value(event_json(change)).unwrap()
}

/// As [`event`], before anybody has read it.
pub(crate) fn event_json(change: &[(&str, Value)]) -> Value {
    let mut event = json!({
        "version": "2.0",
        "routeKey": "GET /charges/{merchant_uid}",
        "rawPath": "/charges/order_1",
        "rawQueryString": "",
        "headers": { "host": "shop.example", "x-forwarded-proto": "https", "content-type": "application/json" },
        "requestContext": {
            "accountId": "123456789012", "apiId": "sandbox", "domainName": "sandbox.example", "requestId": "request-1",
            "http": {
                "method": "GET", "path": "/charges/order_1", "protocol": "HTTP/1.1", "sourceIp": "192.0.2.1",
                "userAgent": "test"
            },
            "routeKey": "GET /charges/{merchant_uid}", "stage": "$default",
            "time": "29/Nov/2026:00:00:00 +0000", "timeEpoch": 1_795_910_400_000_i64
        },
        "isBase64Encoded": false
    });
    for (place, value) in change {
        let (parent, name) = place.rsplit_once('/').unwrap();
        event.pointer_mut(parent).unwrap()[name] = value.clone();
    }
    event
}

/// A request of the storefront's, as a function gets it.
pub(crate) fn request(change: &[(&str, Value)]) -> Request {
    Request::new(event(change).into(), &SystemClock::new(None), Duration::from_secs(25))
}
