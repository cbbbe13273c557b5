use serde_json::{Value, json};

use crate::support::{Shop, claims};

#[tokio::test]
async fn a_sign_in_is_a_cookie_that_no_script_reads_and_no_other_site_sends() {
    let shop = Shop::start().await;
    let mut browser = shop.browser();
    let before = browser.get("/api/session").await.json();
    assert_eq!(before["customer"], Value::Null);
    let answer = browser.enter("/api/session", json!({ "name": "jisu" })).await;
    let cookie = answer.header("set-cookie");
    let (value, attributes) = cookie.split_once("; ").expect("attributes");
    assert_eq!(attributes, "Path=/; HttpOnly; SameSite=Strict");
    assert_eq!(value.strip_prefix("shop_session=").expect("the name").len(), 32);
    assert_eq!(answer.json()["customer"], json!({ "name": "jisu", "customer_id": "demo-jisu" }));
    assert_eq!(browser.get("/api/session").await.json()["customer"]["name"], "jisu");
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[tokio::test]
async fn names_are_plain() {
    let shop = Shop::start().await;
    for name in ["", "지수", "Jisu", "a b", "a;b", "a\nb", &"x".repeat(25)] {
        let answer = shop.browser().post("/api/session", json!({ "name": name })).await;
        assert_eq!(answer.refusal(), (422, "field_invalid".to_owned()), "{name}");
        assert_eq!(answer.header("set-cookie"), "");
    }
}

#[tokio::test]
async fn a_session_ends_with_the_sign_out_and_with_another_sign_in() {
    let shop = Shop::start().await;
    let first = shop.customer("jisu").await;
    let again = first.post("/api/session", json!({ "name": "minjun" })).await;
    assert_eq!(again.json()["customer"]["name"], "minjun");
    assert_eq!(first.get("/api/session").await.json()["customer"], Value::Null, "the old cookie opens nothing");

    let second = shop.customer("jisu").await;
    let out = second.ask("DELETE", "/api/session", "{}").await;
    assert!(out.header("set-cookie").starts_with("shop_session=; Path=/; Max-Age=0"), "{out:?}");
    for (method, path) in [("GET", "/api/orders"), ("POST", "/api/token"), ("POST", "/api/orders")] {
        let answer = second.ask(method, path, "{\"product\":\"coffee\"}").await;
        assert_eq!(answer.refusal(), (401, "signed_out".to_owned()), "{path}");
    }
}

#[tokio::test]
async fn the_page_gets_a_token_of_the_customers_own_for_some_minutes() {
    let shop = Shop::start().await;
    let answer = shop.customer("jisu").await.post("/api/token", json!({})).await.json();
    let claims = claims(answer["token"].as_str().expect("a token"));
    assert_eq!((&claims["sub"], &claims["scope"]), (&json!("demo-jisu"), &json!("billing/customer")));
    let [issued, expires] = ["iat", "exp"].map(|name| claims[name].as_i64().expect("seconds"));
    assert_eq!(expires - issued, 300);
    assert_eq!(answer["expires_at"], expires);
}

#[tokio::test]
async fn the_merchants_token_stays_on_the_server() {
    let shop = Shop::start().await;
    let mut customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    customer.enter("/api/owner/session", json!({})).await;
    let refund = json!({ "amount": 1, "refund": "11111111-1111" });
    let answers = [
        customer.charge(&order, "card-1").await,
        customer.get("/api/orders").await,
        customer.get("/api/session").await,
        customer.post("/api/token", json!({})).await,
        customer.get("/api/owner/orders").await,
        customer.post(&format!("/api/owner/orders/{order}/refund"), refund).await,
    ];
    let seen = shop.api.seen();
    assert!(seen.len() >= 4, "{seen:?}");
    for request in &seen {
        let token = request.headers["authorization"].to_str().expect("text");
        let claims = claims(token);
        assert_eq!(claims["scope"], "billing/merchant");
        let [issued, expires] = ["iat", "exp"].map(|name| claims[name].as_i64().expect("seconds"));
        assert_eq!(expires - issued, 60);
        let bare = token.trim_start_matches("Bearer ");
        for answer in &answers {
            assert_eq!(answer.status, 200);
            let headers = format!("{:?}", answer.headers);
            assert!(!answer.text().contains(bare) && !headers.contains(bare));
        }
    }
}
