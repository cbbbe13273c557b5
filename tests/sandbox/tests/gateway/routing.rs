use std::time::Duration;

use http::Method;
use sandbox::gateway::routes::{Access, Route, Routes};
use serde_json::{Value, json};

use crate::support::{Gateway, customer, fixture};

#[test]
fn the_most_specific_route_wins() {
    let api = fixture();
    for (method, path, expected) in [
        ("GET", "/charges/latest", Some("GET /charges/latest")),
        ("GET", "/charges/other", Some("GET /charges/{merchant_uid}")),
        ("POST", "/charges", Some("POST /charges")),
        ("GET", "/files/b/one", Some("GET /files/{bucket}/{proxy+}")),
        ("PUT", "/files/b/one/two", Some("ANY /files/{bucket}/{proxy+}")),
        ("GET", "/", Some("GET /")),
        ("DELETE", "/webhooks/iamport/t", Some("ANY /webhooks/iamport/{token}")),
        // Nothing of this is a route.
        ("GET", "/charges", None),
        ("GET", "/charges/", None),
        ("POST", "/charges/", None),
        ("GET", "/charges/a/b", None),
        ("GET", "//charges/latest", None),
        ("GET", "/files/b", None),
        ("GET", "/files/b/", None),
        ("GET", "/files//x", None),
        ("POST", "/", None),
        ("GET", "/CHARGES/latest", None),
        ("GET", "/debug", None),
        ("GET", "", None),
        ("OPTIONS", "*", None),
    ] {
        let found = api.routes.find(method, path).map(|found| found.route.key().to_owned());
        assert_eq!(found.as_deref(), expected, "{method} {path}");
    }
}

/// Named so that the order of the alphabet would choose the least specific one each time.
#[test]
fn literals_beat_variables_and_variables_beat_greedy_ones() {
    let route = |method: &str, path: &str| {
        Route::new("Api", Some((method, path)), "f".to_owned(), Access::Open, Duration::from_secs(1)).expect(path)
    };
    let catch_all = Route::new("Api", None, "f".to_owned(), Access::Open, Duration::from_secs(1)).expect("$default");
    let routes = [
        catch_all,
        route("ANY", "/{all+}"),
        route("ANY", "/x/{a+}"),
        route("ANY", "/x/{b}"),
        route("ANY", "/x/~c"),
        route("GET", "/x/{b}"),
        route("ANY", "/{b}/~c/{d}"),
        route("ANY", "/x/{b}/{e}"),
    ];
    let routes = Routes::new(routes.to_vec()).expect("no two are the same");
    for (method, path, expected) in [
        ("PUT", "/x/~c", "ANY /x/~c"),
        ("GET", "/x/~c", "ANY /x/~c"),
        ("GET", "/x/y", "GET /x/{b}"),
        ("PUT", "/x/y", "ANY /x/{b}"),
        ("PUT", "/x/y/z/w", "ANY /x/{a+}"),
        ("PUT", "/x/~c/z", "ANY /x/{b}/{e}"),
        ("PUT", "/y/~c/z", "ANY /{b}/~c/{d}"),
        ("PUT", "/y/z", "ANY /{all+}"),
        ("PUT", "/", "$default"),
    ] {
        let found = routes.find(method, path).map(|found| found.route.key().to_owned());
        assert_eq!(found.as_deref(), Some(expected), "{method} {path}");
    }
}

#[tokio::test]
async fn an_unknown_route_is_404_and_invokes_nothing() {
    let gateway = Gateway::start().await;
    for (method, path) in [(Method::GET, "/nope"), (Method::DELETE, "/charges"), (Method::GET, "/charges/a/b")] {
        let answer = gateway.call(method, path, &[], "").await;
        assert_eq!((answer.status, answer.json()), (404, json!({ "message": "Not Found" })), "{path}");
        assert!(answer.header("apigw-requestid").is_some());
    }
    assert!(gateway.invocations().is_empty());
}

#[tokio::test]
async fn path_variables_are_decoded_and_an_encoded_slash_never_splits() {
    let gateway = Gateway::start().await;
    for (path, expected) in [
        ("/charges/a%2Fb", json!({ "merchant_uid": "a/b" })),
        ("/charges/..%2f..%2Fschedules", json!({ "merchant_uid": "../../schedules" })),
        ("/charges/%ED%95%9C%20a%2Bb+c", json!({ "merchant_uid": "한 a+b+c" })),
        ("/charges/%2e%2e", json!({ "merchant_uid": ".." })),
        ("/charges/a%3Fb%23c", json!({ "merchant_uid": "a?b#c" })),
        ("/charges/%ff", json!({ "merchant_uid": "\u{fffd}" })),
        ("/charges/100%", json!({ "merchant_uid": "100%" })),
    ] {
        assert_eq!(gateway.get_as(&customer(), path).await.status, 200, "{path}");
        let (function, event) = gateway.invocations().pop().expect("an invocation");
        assert_eq!(function, "charge");
        assert_eq!(event["routeKey"], "GET /charges/{merchant_uid}", "{path}");
        assert_eq!(event["pathParameters"], expected, "{path}");
    }
}

#[tokio::test]
async fn a_greedy_variable_takes_the_rest_and_the_raw_path_is_decoded() {
    let gateway = Gateway::start().await;
    gateway.get("/files/my%20bucket/a/b%2Fc/?x=%20").await;
    let event = gateway.only_event();
    assert_eq!(event["pathParameters"], json!({ "bucket": "my bucket", "proxy": "a/b/c/" }));
    assert_eq!(event["rawPath"], "/files/my bucket/a/b/c/");
    assert_eq!(event["requestContext"]["http"]["path"], "/files/my bucket/a/b/c/");
    assert_eq!(event["rawQueryString"], "x=%20");
}

/// `curl --path-as-is`: dots are text, so nothing climbs out of the route that was authorised.
#[tokio::test]
async fn dot_segments_are_not_resolved() {
    let gateway = Gateway::start().await;
    for path in ["/webhooks/iamport/../../charges", "/charges/../charges/latest", "/./charges/latest"] {
        let request = format!("GET {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let answer = gateway.raw(request.as_bytes()).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
    assert!(gateway.invocations().is_empty());
    // Of a variable it is a value like any other: the function is told, and the route's own access counts.
    gateway.raw(b"GET /files/../charges HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert_eq!(gateway.only_event()["pathParameters"], json!({ "bucket": "..", "proxy": "charges" }));
    let answer = gateway.raw(b"GET /charges/.. HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "it is /charges/{{merchant_uid}}: {answer}");
}

#[tokio::test]
async fn an_absolute_target_is_matched_by_its_path() {
    let gateway = Gateway::start().await;
    let answer =
        gateway.raw(b"GET http://elsewhere/charges/latest HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 401 "), "{answer}");
    let answer = gateway.raw(b"OPTIONS * HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
    assert!(answer.starts_with("HTTP/1.1 404 "), "{answer}");
}

#[tokio::test]
async fn each_function_is_invoked_by_its_binary() {
    let gateway = Gateway::start().await;
    gateway.get("/").await;
    gateway.call(Method::POST, "/webhooks/iamport/t", &[], "{}").await;
    gateway.call(Method::POST, "/sweep", &[("authorization", &customer())], "").await;
    let functions: Vec<String> = gateway.invocations().into_iter().map(|(function, _)| function).collect();
    assert_eq!(functions, ["file-store", "webhook", "sweep-every"]);
    assert_eq!(gateway.invocations()[0].1["body"], Value::Null);
}
