use serde_json::{Value, json};

use crate::support::{Seen, Shop};

fn bodies(posts: &[Seen]) -> Vec<Value> {
    posts.iter().map(|post| post.body.clone()).collect()
}

#[tokio::test]
async fn the_server_names_the_price_whatever_the_browser_sends() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("mug").await;
    let body =
        json!({ "pay_method": "vbank", "language": "en", "amount": 1, "name": "x", "customer_id": "demo-other" });
    assert_eq!(customer.post(&format!("/api/orders/{order}/checkout"), body).await.status, 200);
    let posts = shop.api.posts();
    assert_eq!(posts[0].path, "/checkouts");
    assert_eq!(
        posts[0].body,
        json!({
            "merchant_uid": order,
            "customer_id": "demo-jisu",
            "amount": 24_000,
            "name": "도자기 머그컵",
            "pay_method": "vbank",
            "language": "en",
            "buyer_name": "jisu",
            "buyer_email": "jisu@example.com",
            "buyer_tel": "010-4242-4242",
        })
    );
    let phone = customer.order("membership").await;
    customer.checkout(&phone, "phone").await;
    assert_eq!(shop.api.posts()[1].body["digital"], true);
}

#[tokio::test]
async fn order_numbers_fit_every_gateway_and_never_repeat() {
    let shop = Shop::start().await;
    let mut numbers = std::collections::BTreeSet::new();
    for customer in ["a", "b"] {
        for product in ["coffee", "mug", "membership"] {
            let number = shop.customer(customer).await.order(product).await;
            assert!(number.len() <= 40 && number.bytes().all(|byte| byte.is_ascii_alphanumeric()), "{number}");
            assert!(numbers.insert(number));
        }
    }
}

#[tokio::test]
async fn a_button_pressed_twice_is_the_same_request() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    let press = || customer.charge(&order, "card-1");
    let answers = tokio::join!(press(), press(), press());
    for answer in [answers.0, answers.1, answers.2] {
        assert_eq!(answer.json()["status"], "paid");
    }
    let posts = shop.api.posts();
    assert_eq!(posts.len(), 3);
    assert!(posts.iter().all(|post| post.body == posts[0].body && post.path == "/charges"));
    assert_eq!(posts[0].body["customer_uid"], "card-1");
    assert_eq!(posts[0].body["customer_id"], "demo-jisu", "the API refuses somebody else's card by it");
}

#[tokio::test]
async fn a_reload_shows_the_order_that_is_not_settled_and_then_a_new_one() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    assert_eq!(customer.order("coffee").await, order, "nothing was begun yet");
    customer.checkout(&order, "card").await;
    for unsettled in [Some("pending"), Some("ready"), None] {
        shop.api.stands(&order, unsettled);
        let shown = customer.post("/api/orders", json!({ "product": "coffee" })).await.json();
        assert_eq!(shown["merchant_uid"], order, "{unsettled:?}");
        assert_eq!((&shown["way"], &shown["choice"]), (&json!("checkout"), &json!({ "pay_method": "card" })));
        assert_eq!(shown["payment"]["status"].as_str(), unsettled);
    }
    assert_ne!(customer.order("mug").await, order);
    assert_ne!(shop.customer("minjun").await.order("coffee").await, order);
    for settled in ["paid", "failed", "cancelled", "expired"] {
        shop.api.stands(&order, Some(settled));
        let next = customer.order("coffee").await;
        assert_ne!(next, order, "{settled}");
    }
}

#[tokio::test]
async fn nobody_knows_is_no_reason_for_a_second_order() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    shop.api.silent(true);
    assert_eq!(customer.charge(&order, "card-1").await.refusal(), (503, "no_answer".to_owned()));
    let shown = customer.post("/api/orders", json!({ "product": "coffee" })).await.json();
    assert_eq!((shown["merchant_uid"].as_str(), &shown["answered"]), (Some(order.as_str()), &json!(false)));
    shop.api.silent(false);
    assert_eq!(customer.charge(&order, "card-1").await.json()["status"], "paid");
    let posts = shop.api.posts();
    assert_eq!(posts[0].body, posts[1].body);
    assert_eq!(posts.len(), 2, "the server itself repeats nothing");
}

#[tokio::test]
async fn another_wish_under_a_number_that_is_used_is_refused_here() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    customer.checkout(&order, "card").await;
    for other in [customer.charge(&order, "card-1").await, customer.checkout(&order, "vbank").await] {
        assert_eq!(other.refusal(), (409, "order_in_progress".to_owned()));
    }
    assert_eq!(shop.api.posts().len(), 1);
    let another = customer.post("/api/orders", json!({ "product": "coffee", "another": true })).await.json();
    let another = another["merchant_uid"].as_str().expect("a number");
    assert_ne!(another, order);
    let again = customer.post("/api/orders", json!({ "product": "coffee", "another": true })).await.json();
    assert_eq!(again["merchant_uid"], another, "asking twice for a second order is asking once");
    assert_eq!(customer.charge(another, "card-1").await.status, 200);
}

#[tokio::test]
async fn somebody_elses_number_is_not_found() {
    let shop = Shop::start().await;
    let order = shop.customer("jisu").await.order("coffee").await;
    let other = shop.customer("minjun").await;
    assert_eq!(other.charge(&order, "card-1").await.status, 404);
    assert_eq!(other.charge("shop0000000000000000", "card-1").await.status, 404);
    assert!(shop.api.seen().is_empty());
}

#[tokio::test]
async fn a_refusal_for_good_ends_the_number_and_any_other_does_not() {
    let shop = Shop::start().await;
    for (status, code, ends) in [
        (402, "card_declined", true),
        (404, "not_found", true),
        (409, "billing_key_inactive", true),
        (422, "merchant_uid_reused", true),
        (429, "too_many", false),
        (503, "temporarily_unavailable", false),
    ] {
        let customer = shop.customer(&format!("c{status}")).await;
        let order = customer.order("coffee").await;
        shop.api.answers(status, json!({ "code": code, "fail_reason": "[51]" }));
        let answer = customer.charge(&order, "card-1").await;
        assert_eq!(answer.refusal(), (status, code.to_owned()), "the answer is the API's own");
        assert_eq!(answer.json()["fail_reason"], "[51]");
        assert_eq!(customer.order("coffee").await != order, ends, "{status}");
    }
}

#[tokio::test]
async fn what_says_nothing_of_the_order_is_not_passed_on() {
    let shop = Shop::start().await;
    for (status, body, code) in [
        (401, json!({ "message": "Unauthorized" }), "temporarily_unavailable"),
        (403, json!({ "message": "Forbidden" }), "temporarily_unavailable"),
        (500, json!({ "message": "Internal Server Error" }), "no_answer"),
        (503, json!({ "message": "Service Unavailable" }), "no_answer"),
    ] {
        let customer = shop.customer(&format!("c{status}")).await;
        let order = customer.order("coffee").await;
        shop.api.answers(status, body);
        assert_eq!(customer.charge(&order, "card-1").await.refusal(), (503, code.to_owned()), "{status}");
        assert_eq!(customer.order("coffee").await, order, "{status}");
    }
}

#[tokio::test]
async fn a_schedule_goes_by_the_sandboxs_clock_and_repeats_its_first_time() {
    let directory = tempfile::tempdir().expect("a directory");
    let file = directory.path().join("clock-offset");
    std::fs::write(&file, "86400\n").expect("written");
    let shop = Shop::with_clock(Some(&file)).await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("membership").await;
    let path = format!("/api/orders/{order}/schedule");
    let ask = || customer.post(&path, json!({ "customer_uid": "card-1", "after": "30d" }));
    let before = jiff::Timestamp::now().as_second();
    shop.api.answers(201, json!({ "list": [{ "status": "scheduled" }], "next": null }));
    assert_eq!(ask().await.json()["list"][0]["status"], "scheduled");
    std::fs::write(&file, "172800\n").expect("written");
    ask().await;
    let bodies = bodies(&shop.api.posts());
    assert_eq!(bodies[0], bodies[1]);
    assert_eq!(shop.api.posts()[0].path, "/schedules");
    let entry = &bodies[0]["schedules"][0];
    let at = entry["schedule_at"].as_i64().expect("seconds");
    let expected = before + 31 * 86_400;
    assert!((expected..expected + 10).contains(&at), "{at} is not {expected}");
    assert_eq!((&entry["amount"], &entry["merchant_uid"]), (&json!(8_900), &json!(order)));
    assert_eq!(bodies[0]["customer_id"], "demo-jisu");
}

#[tokio::test]
async fn choices_are_checked_before_a_number_is_used() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    let order = customer.order("coffee").await;
    for (act, body) in [
        ("checkout", json!({ "pay_method": "cash", "language": "ko" })),
        ("checkout", json!({ "pay_method": "card", "language": "fr" })),
        ("checkout", json!({ "pay_method": "card" })),
        ("charge", json!({})),
        ("charge", json!({ "customer_uid": "" })),
        ("charge", json!({ "customer_uid": "../x" })),
        ("charge", json!({ "customer_uid": "x".repeat(81) })),
        ("schedule", json!({ "customer_uid": "card-1", "after": "1s" })),
    ] {
        let answer = customer.post(&format!("/api/orders/{order}/{act}"), body.clone()).await;
        assert_eq!(answer.refusal(), (422, "field_invalid".to_owned()), "{act} {body}");
    }
    assert!(shop.api.seen().is_empty());
    assert_eq!(customer.charge(&order, "card-1").await.status, 200);
}

#[tokio::test]
async fn the_list_says_of_each_order_what_the_api_says() {
    let shop = Shop::start().await;
    let customer = shop.customer("jisu").await;
    assert_eq!(customer.get("/api/orders").await.json(), json!({ "list": [] }));
    let coffee = customer.order("coffee").await;
    customer.charge(&coffee, "card-1").await;
    let mug = customer.order("mug").await;
    shop.api.answers(503, json!({ "code": "temporarily_unavailable" }));
    customer.checkout(&mug, "card").await;
    customer.order("membership").await;
    let list = customer.get("/api/orders").await.json()["list"].clone();
    let shown: Vec<_> = list.as_array().expect("a list").iter().map(|order| order["merchant_uid"].clone()).collect();
    assert_eq!(shown, [json!(mug), json!(coffee)], "newest first, and none that nothing was done with");
    assert_eq!((&list[0]["answered"], &list[0]["payment"]), (&json!(true), &Value::Null));
    assert_eq!(list[1]["payment"]["status"], "paid");
    assert_eq!(shop.customer("minjun").await.get("/api/orders").await.json(), json!({ "list": [] }));
    shop.api.silent(true);
    let list = customer.get("/api/orders").await.json()["list"].clone();
    assert_eq!((&list[1]["answered"], &list[1]["payment"]), (&json!(false), &Value::Null));
}
