use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn only_the_shops_own_pages_may_change_something() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    let (own, cookie) = (shop.url.as_str(), customer.cookie.as_str());
    let body = json!({ "pay_method": "card", "language": "ko" }).to_string();
    let json = "application/json";
    let other_port = "http://127.0.0.1:1";
    for (origin, content_type, expected) in [
        (None, json, (403, "cross_origin")),
        (Some("http://evil.example"), json, (403, "cross_origin")),
        (Some(other_port), json, (403, "cross_origin")),
        (Some("null"), json, (403, "cross_origin")),
        (Some(own), "application/x-www-form-urlencoded", (415, "unsupported_media_type")),
        (Some(own), "text/plain", (415, "unsupported_media_type")),
        (Some(own), "", (415, "unsupported_media_type")),
    ] {
        let mut headers = vec![("cookie", cookie), ("content-type", content_type)];
        headers.extend(origin.map(|origin| ("origin", origin)));
        let answer = shop.send("POST", &format!("/api/orders/{order}/checkout"), &headers, &body).await;
        assert_eq!(answer.refusal(), (expected.0, expected.1.to_owned()), "{origin:?} {content_type}");
        assert_eq!(answer.header("access-control-allow-origin"), "");
    }
    assert!(shop.api.seen().is_empty(), "nothing reached the billing API");
    let headers = [("cookie", cookie), ("content-type", "application/json; charset=utf-8"), ("origin", own)];
    assert_eq!(shop.send("POST", &format!("/api/orders/{order}/checkout"), &headers, &body).await.status, 200);
}

#[tokio::test]
async fn the_shop_answers_to_one_name() {
    let shop = Shop::start().await;
    let port = shop.authority.rsplit(':').next().expect("a port");
    let localhost = format!("localhost:{port}");
    let moved = shop.send("GET", "/return?merchant_uid=a", &[("host", &localhost)], "").await;
    assert_eq!((moved.status, moved.header("location")), (307, format!("{}/return?merchant_uid=a", shop.url).as_str()));
    // DNS rebinding: somebody's own name that leads to this machine.
    for host in [format!("evil.example:{port}"), "127.0.0.1".to_owned(), "127.0.0.1:1".to_owned(), String::new()] {
        for path in ["/", "/api/session"] {
            let answer = shop.send("GET", path, &[("host", &host)], "").await;
            assert_eq!(answer.status, 421, "{host} {path}");
        }
    }
    let headers = [("host", localhost.as_str()), ("origin", &shop.url), ("content-type", "application/json")];
    assert_eq!(shop.send("POST", "/api/session", &headers, "{\"name\":\"jisu\"}").await.status, 421);
}

#[tokio::test]
async fn what_is_no_request_of_the_page_is_refused() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    for (body, expected) in [
        ("", (400, "malformed_json")),
        ("[]", (400, "malformed_json")),
        ("{\"product\":", (400, "malformed_json")),
        ("{}", (422, "field_invalid")),
        ("{\"product\":7}", (422, "field_invalid")),
        ("{\"product\":\"yacht\"}", (404, "not_found")),
    ] {
        let answer = customer.ask("POST", "/api/orders", body).await;
        assert_eq!(answer.refusal(), (expected.0, expected.1.to_owned()), "{body}");
    }
    let long = json!({ "product": "x".repeat(5_000) }).to_string();
    assert_eq!(customer.ask("POST", "/api/orders", &long).await.status, 413);
    for (method, path) in [
        ("GET", "/api/nothing"),
        ("GET", "/api/"),
        ("PUT", "/api/session"),
        ("POST", "/api/orders/x"),
        ("DELETE", "/api/orders"),
        ("GET", "/api/orders/x/charge"),
        ("GET", "/api/owner/nothing"),
    ] {
        assert_eq!(customer.ask(method, path, "{}").await.status, 404, "{method} {path}");
    }
    assert!(shop.api.seen().is_empty());
}
