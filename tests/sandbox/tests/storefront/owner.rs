use serde_json::json;

use crate::support::Shop;

#[tokio::test]
async fn a_customers_session_opens_nothing_of_the_owners() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    customer.charge(&order, "card-1").await;
    let refund = json!({ "amount": 100, "refund": "11111111-1111" }).to_string();
    let path = format!("/api/owner/orders/{order}/refund");
    // The customer's own session under the owner's name is no owner's either.
    let value = customer.cookie.split('=').nth(1).expect("a value");
    for cookie in [customer.cookie.clone(), format!("shop_owner={value}"), String::new()] {
        let headers = [("origin", shop.url.as_str()), ("content-type", "application/json"), ("cookie", &cookie)];
        for (method, path) in [("POST", path.as_str()), ("GET", "/api/owner/orders")] {
            let answer = shop.send(method, path, &headers, &refund).await;
            assert_eq!(answer.refusal(), (401, "signed_out".to_owned()), "{cookie} {path}");
        }
    }
    assert_eq!(shop.api.posts().len(), 1, "the charge alone");
}

#[tokio::test]
async fn a_refund_goes_out_under_the_name_that_the_page_gave_it() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    customer.charge(&order, "card-1").await;
    let mut owner = shop.browser();
    let entered = owner.enter("/api/owner/session", json!({})).await;
    assert!(entered.header("set-cookie").ends_with("; Path=/api/owner; HttpOnly; SameSite=Strict"), "{entered:?}");
    let list = owner.get("/api/owner/orders").await.json()["list"].clone();
    assert_eq!((&list[0]["merchant_uid"], &list[0]["customer_id"]), (&json!(order), &json!("demo-jisu")));

    let path = format!("/api/owner/orders/{order}/refund");
    let body = json!({ "amount": 900, "refund": "3b2c1d00-aaaa" });
    for _ in 0..2 {
        shop.api.answers(200, json!({ "status": "done", "amount": 900 }));
        assert_eq!(owner.post(&path, body.clone()).await.json()["status"], "done");
    }
    let posts = shop.api.posts();
    for post in &posts[1..] {
        assert_eq!(post.path, format!("/charges/{order}/refunds"));
        assert_eq!(post.headers["idempotency-key"], "refund-3b2c1d00-aaaa");
        assert_eq!(post.body, json!({ "amount": 900, "reason": "구매자 요청" }));
    }
    shop.api.answers(409, json!({ "code": "not_refundable" }));
    assert_eq!(owner.post(&path, body).await.refusal(), (409, "not_refundable".to_owned()));
    for (path, body, status) in [
        (path.as_str(), json!({ "amount": "900", "refund": "3b2c1d00-aaaa" }), 422),
        (&path, json!({ "refund": "3b2c1d00-aaaa" }), 422),
        (&path, json!({ "amount": 900 }), 422),
        (&path, json!({ "amount": 900, "refund": "short" }), 422),
        (&path, json!({ "amount": 900, "refund": "with space in it" }), 422),
        ("/api/owner/orders/shop00/refund", json!({ "amount": 900, "refund": "3b2c1d00-aaaa" }), 404),
    ] {
        assert_eq!(owner.post(path, body.clone()).await.status, status, "{path} {body}");
    }
    assert_eq!(shop.api.posts().len(), posts.len() + 1);
    let account = json!({ "refund_holder": "홍길동", "refund_bank": "088", "refund_account": "110234567890" });
    let mut body = json!({ "amount": 900, "refund": "3b2c1d00-bbbb" });
    for (field, value) in account.as_object().expect("an object") {
        body[field] = value.clone();
    }
    shop.api.answers(200, json!({ "status": "done", "amount": 900 }));
    assert_eq!(owner.post(&path, body).await.status, 200);
    let sent = shop.api.posts().pop().expect("a refund").body;
    assert!(account.as_object().expect("an object").iter().all(|(field, value)| sent[field] == *value), "{sent}");

    let out = owner.ask("DELETE", "/api/owner/session", "{}").await;
    assert!(out.header("set-cookie").starts_with("shop_owner=; Path=/api/owner; Max-Age=0"));
    assert_eq!(owner.get("/api/owner/orders").await.status, 401);
}
