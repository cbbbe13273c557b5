use serde_json::{Value, json};

use crate::support::{Browser, Shop};

const ID: &str = "sub0123456789abcdefghijklmn";

fn wish(request: &str) -> Value {
    json!({ "plan": "basic", "customer_uid": "key-1", "start": "now", "request": request })
}

async fn owner(shop: &Shop) -> Browser<'_> {
    let mut owner = shop.browser();
    owner.enter("/api/owner/session", json!({})).await;
    owner
}

#[tokio::test]
async fn the_server_names_the_plan_and_the_page_names_the_wish() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let mut body = wish("11111111-1111");
    // What a page adds counts for nothing.
    body["amount"] = json!(1);
    body["customer_id"] = json!("demo-other");
    for _ in 0..2 {
        shop.api.answers(201, json!({ "id": ID, "state": "active" }));
        let answer = customer.post("/api/subscriptions", body.clone()).await;
        assert_eq!((answer.status, &answer.json()["id"]), (201, &json!(ID)));
    }
    let posts = shop.api.posts();
    assert_eq!(posts.len(), 2);
    for post in &posts {
        assert_eq!(post.path, "/subscriptions");
        assert_eq!(post.headers["idempotency-key"], "subscribe-jisu-11111111-1111");
        assert_eq!(
            crate::support::claims(post.headers["authorization"].to_str().expect("text"))["scope"],
            "billing/merchant"
        );
        assert_eq!(
            post.body,
            json!({
                "customer_uid": "key-1",
                "customer_id": "demo-jisu",
                "plan": {
                    "id": "basic",
                    "name": "월간 이용권",
                    "amount": 9_900,
                    "currency": "KRW",
                    "interval": "month",
                    "interval_count": 1,
                    "buyer_name": "jisu",
                    "buyer_email": "jisu@example.com",
                    "buyer_tel": "010-4242-4242",
                },
            })
        );
    }
    let mut trial = wish("22222222-2222");
    trial["start"] = json!("trial");
    customer.post("/api/subscriptions", trial).await;
    assert_eq!(shop.api.posts()[2].body["trial_days"], 14);
}

#[tokio::test]
async fn nobody_subscribes_with_less() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    for (field, value, status) in [
        ("plan", json!("gold"), 404),
        ("plan", json!(9_900), 422),
        ("customer_uid", json!("../charges"), 422),
        ("start", json!("later"), 422),
        ("request", json!("short"), 422),
        ("request", json!("with space in it"), 422),
    ] {
        let mut body = wish("11111111-1111");
        body[field] = value.clone();
        assert_eq!(customer.post("/api/subscriptions", body).await.status, status, "{field} {value}");
    }
    let nobody = shop.browser();
    assert_eq!(
        nobody.post("/api/subscriptions", wish("11111111-1111")).await.refusal(),
        (401, "signed_out".to_owned())
    );
    assert_eq!(shop.api.posts().len(), 0);
}

#[tokio::test]
async fn the_owner_sees_and_changes_what_no_customer_does() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let change = format!("/api/owner/subscriptions/{ID}/change");
    let refund = format!("/api/owner/subscriptions/{ID}/refund");
    for (method, path) in [("GET", "/api/owner/subscriptions?state=active"), ("POST", &change), ("POST", &refund)] {
        let answer = customer.ask(method, path, &json!({ "paused": true }).to_string()).await;
        assert_eq!(answer.refusal(), (401, "signed_out".to_owned()), "{path}");
    }
    assert_eq!(shop.api.seen().len(), 0);

    let owner = owner(&shop).await;
    let path_of_last =
        || shop.api.seen().last().map(|seen| format!("{}?{}", seen.path, seen.query)).expect("a request");
    owner.get("/api/owner/subscriptions?state=past_due&cursor=a%26b%3D1").await;
    assert_eq!(path_of_last(), "/subscriptions?state=past_due&limit=20&cursor=a%26b%3D1");
    owner.get(&format!("/api/owner/subscriptions/{ID}/periods")).await;
    assert_eq!(path_of_last(), format!("/subscriptions/{ID}/periods?limit=100"));
    for state in ["", "?state=", "?state=all", "?state=active%26customer_id=x"] {
        let answer = owner.get(&format!("/api/owner/subscriptions{state}")).await;
        assert_eq!(answer.refusal(), (422, "field_invalid".to_owned()), "{state}");
    }

    for (asked, sent) in [
        (json!({ "paused": true }), json!({ "paused": true })),
        (json!({ "paused": false }), json!({ "paused": false })),
        (
            json!({ "plan": "plus", "change": "now", "amount": 1 }),
            json!({
                "plan": {
                    "id": "plus", "name": "월간 이용권 플러스", "amount": 14_900, "currency": "KRW",
                    "interval": "month", "interval_count": 1,
                },
                "change": "now",
            }),
        ),
    ] {
        shop.api.answers(200, json!({ "id": ID, "proration": { "amount": 2_500, "days_left": 15, "days": 30 } }));
        let answer = owner.post(&change, asked).await;
        assert_eq!((answer.status, &answer.json()["proration"]["amount"]), (200, &json!(2_500)));
        let seen = shop.api.posts().pop().expect("a change");
        assert_eq!((seen.method.as_str(), seen.path), ("PATCH", format!("/subscriptions/{ID}")));
        assert_eq!(seen.body, sent);
    }
    for (path, body, status) in [
        (change.as_str(), json!({}), 422),
        (&change, json!({ "plan": "gold", "change": "now" }), 404),
        (&change, json!({ "plan": "plus", "change": "yesterday" }), 422),
        ("/api/owner/subscriptions/key-1/change", json!({ "paused": true }), 404),
        ("/api/owner/subscriptions/sub%2F..%2Fcharges/change", json!({ "paused": true }), 404),
    ] {
        assert_eq!(owner.post(path, body.clone()).await.status, status, "{path} {body}");
    }
    assert_eq!(shop.api.posts().len(), 3);
}

#[tokio::test]
async fn the_owner_gives_back_what_a_subscription_paid_and_nothing_else() {
    let shop = Shop::start().await;
    let owner = owner(&shop).await;
    let path = format!("/api/owner/subscriptions/{ID}/refund");
    let body = |merchant_uid: &str| json!({ "merchant_uid": merchant_uid, "amount": 9_900, "refund": "3b2c1d00-aaaa" });
    for _ in 0..2 {
        shop.api.answers(200, json!({ "status": "done", "amount": 9_900 }));
        assert_eq!(owner.post(&path, body(&format!("{ID}p4t1"))).await.status, 200);
        let seen = shop.api.posts().pop().expect("a refund");
        assert_eq!(seen.path, format!("/charges/{ID}p4t1/refunds"));
        assert_eq!(seen.headers["idempotency-key"], "refund-3b2c1d00-aaaa");
        assert_eq!(seen.body, json!({ "amount": 9_900, "reason": "구매자 요청" }));
    }
    for other in ["shop0011", ID, &format!("{ID}p4t1/../x"), &format!("{ID}xp4t1"), "sub00p4t1"] {
        assert_eq!(owner.post(&path, body(other)).await.refusal(), (404, "not_found".to_owned()), "{other}");
    }
    assert_eq!(shop.api.posts().len(), 2);
}

#[tokio::test]
async fn a_shop_without_the_sandbox_has_no_clock_to_move() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let session = customer.get("/api/session").await.json();
    assert_eq!(session["clock"], Value::Null);
    assert_eq!(session["plans"].as_array().map(Vec::len), Some(4), "{session}");
    let moved = customer.post("/api/clock", json!({ "from": 1_800_000_000, "by": "1d" })).await;
    for answer in [moved, customer.get("/api/clock").await] {
        assert_eq!(answer.refusal(), (404, "not_found".to_owned()));
    }
}
