//! The examples of the project's own description, word for word, against the simulator and through our API.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::shop::card;
use crate::world::World;

/// The example's REST API secret.
pub(crate) const SECRET: &str = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f";

impl World {
    async fn iamport(&self, method: &str, path: &str, access_token: Option<&str>, body: Option<Value>) -> Value {
        let mut request = self.http.request(method.parse().unwrap(), format!("{}{path}", self.iamport));
        if let Some(token) = access_token {
            // As the example has it: the token alone, without a scheme.
            request = request.header("Authorization", token);
        }
        if let Some(body) = body {
            request = request.json_body(&body);
        }
        let response = request.send().await.unwrap();
        let (status, text) = (response.status(), response.text().await.unwrap());
        let reply: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status.as_u16(), &reply["code"], &reply["message"]), (200, &json!(0), &Value::Null), "{text}");
        reply["response"].clone()
    }
}

#[tokio::test]
async fn the_examples_work_against_the_simulator_as_written() {
    let world = World::alone().await;
    let token = world
        .iamport("POST", "/users/getToken", None, Some(json!({ "imp_key": "imp_apikey", "imp_secret": SECRET })))
        .await;
    assert!(token["expired_at"].as_i64() > token["now"].as_i64());
    let access_token = token["access_token"].as_str().unwrap();

    let customer_uid = fresh("gildong_0001_1234");
    let form = json!({
        "card_number": "4242-4242-4242-4242", "expiry": "204012", "birth": "900101", "pwd_2digit": "12",
    });
    let path = format!("/subscribe/customers/{customer_uid}");
    let key = world.iamport("POST", &path, Some(access_token), Some(form)).await;
    assert_eq!(key["customer_uid"], customer_uid);

    let merchant_uid = fresh("order_monthly_0001");
    let order = json!({
        "customer_uid": customer_uid, "merchant_uid": merchant_uid, "amount": 8900, "name": "월간 이용권 정기결제",
    });
    let payment = world.iamport("POST", "/subscribe/payments/again", Some(access_token), Some(order)).await;
    assert_eq!((&payment["status"], &payment["amount"]), (&json!("paid"), &json!(8900)));

    let scheduled_uid = fresh("order_monthly_0001");
    let at = world.now().await + 30 * 86_400;
    let schedule = json!({
        "customer_uid": customer_uid,
        "schedules": [{
            "merchant_uid": scheduled_uid, "schedule_at": at, "amount": 8900, "name": "월간 이용권 정기결제",
            "buyer_name": "홍길동", "buyer_tel": "01012345678", "buyer_email": "gildong@gmail.com",
        }],
    });
    let rows = world.iamport("POST", "/subscribe/payments/schedule", Some(access_token), Some(schedule)).await;
    assert_eq!((&rows[0]["merchant_uid"], &rows[0]["schedule_status"]), (&json!(scheduled_uid), &json!("scheduled")));

    let imp_uid = payment["imp_uid"].as_str().unwrap();
    let looked_up = world.iamport("GET", &format!("/payments/{imp_uid}"), Some(access_token), None).await;
    assert_eq!(looked_up, payment);
}

#[tokio::test]
async fn a_charge_in_the_seeds_spelling_leaves_us_in_the_real_one() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("order_monthly_0001");
    let order = json!({
        "customer_uid": buyer.customer_uid, "merchant_uid": uid, "amount": 64900, "name": "노르웨이 회전 의자",
        "currency": "KRW", "tax_free": 0, "buyer_name": "홍길동", "buyer_email": "gildong@gmail.com",
        "buyer_tel": "010-4242-4242", "buyer_addr": "서울특별시 강남구 신사동", "buyer_post": "01181",
        "carf_quota": 3, "interest_free_by_merchant": true, "use_card_point": false, "custom_data": "{\"cart\":11}",
        "browser_ip": "203.0.113.10",
    });
    let paid = world.charge(&order).await.ok(200);
    let payment = world.payment(&uid).await;
    assert_eq!(payment["card_quota"], 3, "carf_quota left as card_quota");
    assert_eq!(payment["buyer_postcode"], "01181", "buyer_post left as buyer_postcode");
    assert_eq!(payment["buyer_tel"], "01042424242", "without separators");
    for (name, value) in [
        ("amount", json!(64900)),
        ("name", json!("노르웨이 회전 의자")),
        ("buyer_name", json!("홍길동")),
        ("buyer_email", json!("gildong@gmail.com")),
        ("buyer_addr", json!("서울특별시 강남구 신사동")),
        ("custom_data", json!("{\"cart\":11}")),
    ] {
        assert_eq!(payment[name], value, "{name}");
    }
    assert_eq!((&paid["card_quota"], &paid["custom_data"]), (&json!(3), &json!("{\"cart\":11}")));

    let mut real = order.clone();
    let fields = real.as_object_mut().unwrap();
    let (quota, postcode) = (fields.remove("carf_quota").unwrap(), fields.remove("buyer_post").unwrap());
    fields.extend([("card_quota".to_owned(), quota), ("buyer_postcode".to_owned(), postcode)]);
    assert_eq!(world.charge(&real).await.ok(200), paid, "the same request in the real spelling");
}

#[tokio::test]
async fn a_schedule_with_every_field_of_the_seed_reaches_the_psp() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, at) = (fresh("order_monthly_0001"), world.now().await + 30 * 86_400);
    let wanted = json!({
        "customer_uid": buyer.customer_uid,
        "customer_id": buyer.customer_id,
        "schedules": [{
            "merchant_uid": uid, "schedule_at": at, "currency": "KRW", "amount": 8900, "tax_free": 0,
            "name": "월간 이용권 정기결제", "buyer_name": "홍길동", "buyer_tel": "01012345678",
            "buyer_email": "gildong@gmail.com", "buyer_addr": "서울특별시 강남구 신사동", "buyer_postcode": "01181",
            "custom_data": "기타", "extra.naverUseCfm": "20401231",
        }],
    });
    world.register(&wanted).await.ok(201);
    let schedule = world.schedule_at_psp(&uid).await.unwrap();
    let sent = &wanted["schedules"][0];
    for name in [
        "schedule_at",
        "currency",
        "amount",
        "name",
        "buyer_name",
        "buyer_tel",
        "buyer_email",
        "buyer_addr",
        "buyer_postcode",
        "custom_data",
    ] {
        assert_eq!(schedule[name], sent[name], "{name}");
    }
    assert_eq!(schedule["customer_uid"], buyer.customer_uid);
}
