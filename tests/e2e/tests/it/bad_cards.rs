//! Card forms that must not leave us, and Idempotency-Keys that are none.

use e2e::stack::{JsonBody, fresh};
use reqwest::header::HeaderValue;
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::shop::{card, card_form};
use crate::world::World;

/// A field, a value it must not have, and the code. A value of `None` is a field that is missing.
fn rows() -> Vec<(&'static str, Option<Value>, &'static str)> {
    let some = |field, value: Value, code| (field, Some(value), code);
    let mut rows = vec![
        ("card_number", None, "card_number_required"),
        some("card_number", Value::Null, "card_number_required"),
        some("card_number", json!(4_242_424_242_424_242_u64), "field_type"),
        ("expiry", None, "expiry_required"),
        some("expiry", json!(204_012), "field_type"),
        some("expiry", json!("2020-01"), "card_expired"),
        some("expiry", json!("202001"), "card_expired"),
        some("birth", json!(900_101), "field_type"),
        some("pwd_2digit", json!(12), "pwd_2digit_invalid"),
        some("cvc", json!("735"), "cvc_not_accepted"),
        some("cvc", json!(735), "cvc_invalid"),
        some("customer_name", json!("4242-4242-4242-4242"), "sensitive_data_in_field"),
        some("customer_addr", json!("card: 4242 4242 4242 4242"), "sensitive_data_in_field"),
        some("customer_name", json!(12_345), "field_type"),
        some("customer_email", json!(format!("{}@gmail.com", "g".repeat(191))), "customer_email_invalid"),
        some("customer_addr", json!("가".repeat(201)), "customer_addr_invalid"),
        some("customer_id", json!("two words"), "customer_id_invalid"),
        some("customer_id", json!("somebody-else"), "customer_id_invalid"),
    ];
    for (field, code, values) in [
        (
            "card_number",
            "card_number_invalid",
            &[
                "",
                "abcdefgh",
                "4242-4242-4242-424x",
                "424242424242",
                "42424242424242424242",
                "4242424242424241",
                "0000000000000000",
                "0000-0000-0000-0000",
                "8888888888888888",
                "４２４２４２４２４２４２４２４２",
                "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
                "4242--4242-4242-4242",
                " 4242424242424242",
                "4242424242424242 ",
                "4242-4242 4242-4242",
                "4242.4242.4242.4242",
                "4242\n4242\n4242\n4242",
                "-4242424242424242",
            ][..],
        ),
        (
            "expiry",
            "expiry_invalid",
            &[
                "",
                "2040-13",
                "2040-00",
                "40-01",
                "01/40",
                "2040-1",
                "2040/01",
                "204013",
                "20401",
                "2070-01",
                "２０４０-12",
                "2040-12-01",
            ],
        ),
        (
            "birth",
            "birth_invalid",
            &[
                "",
                "90010",
                "9001011",
                "991332",
                "000230",
                "010229",
                "90-101",
                "120814752",
                "12081475211",
                "1208147522",
                "９00101",
            ],
        ),
        ("pwd_2digit", "pwd_2digit_invalid", &["", "1", "123", "ab", "１２", " 1"]),
        ("cvc", "cvc_invalid", &["12", "12345", "73x", ""]),
        (
            "customer_name",
            "customer_name_invalid",
            &["", "abcdefghijabcdefghijx", "길동\r\nset-cookie: a", "\u{202e}길동길동", "nul\u{0}byte"],
        ),
        ("customer_tel", "customer_tel_invalid", &["010-abcd-efgh", "0104242424242424242424", "123", ""]),
        (
            "customer_email",
            "customer_email_invalid",
            &["gildong.gmail.com", "gil@dong@gmail.com", "a@b.kr\r\nbcc: c@d.kr", "gil dong@gmail.com", "@gmail.com"],
        ),
        ("customer_postcode", "customer_postcode_invalid", &["011811234", ""]),
        ("customer_uid", "unknown_field", &["gildong_0001_1234"]),
        ("channel_key", "unknown_field", &["channel-key-elsewhere"]),
        ("notice_url", "unknown_field", &["https://elsewhere.example/"]),
        ("bypass", "unknown_field", &["anything"]),
        ("merchant_uid", "unknown_field", &["order_monthly_0001"]),
        ("amount", "unknown_field", &["8900won"]),
    ] {
        rows.extend(values.iter().map(|value| some(field, json!(value), code)));
    }
    rows
}

#[tokio::test]
async fn bad_card_forms_are_refused_and_the_field_is_named() {
    let world = World::alone().await;
    let token = world.customer(&fresh("bad"));
    let mut table = Vec::new();
    for (field, value, code) in rows() {
        let mut form = card_form(card::APPROVES);
        match &value {
            Some(value) => form[field] = value.clone(),
            None => drop(form.as_object_mut().unwrap().remove(field)),
        }
        let request = world.request("POST", "/billing-keys").bearer_auth(&token);
        let secret = value.as_ref().map(|value| value.as_str().map_or_else(|| value.to_string(), str::to_owned));
        table.push(Refusal {
            name: format!("{field}: {value:?}"),
            request: request.header("idempotency-key", fresh("bad")).json_body(&form),
            status: 422,
            code,
            field: Some(field.to_owned()),
            secret: secret.filter(|secret| secret != "null"),
        });
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn a_gateway_is_the_merchants_to_name_and_by_its_code_alone() {
    let world = World::alone().await;
    let customer_id = fresh("bad");
    let mut form = card_form(card::APPROVES);
    form["customer_id"] = json!(customer_id);
    form["pg"] = json!("html5_inicis");
    world.issue(&world.customer(&customer_id), &fresh("bad"), &form).await.problem(403, "insufficient_scope");
    for pg in ["nice.nictest04m", "", "html5 inicis"] {
        form["pg"] = json!(pg);
        world.issue(&world.merchant(), &fresh("bad"), &form).await.refuses(422, "pg_invalid", "pg");
    }
    let keys = world.call("GET", &format!("/billing-keys?customer_id={customer_id}"), &world.merchant()).await.ok(200);
    assert_eq!(keys["list"], json!([]), "and nothing is recorded");
}

#[tokio::test]
async fn this_month_is_good_and_last_month_is_over_in_korea() {
    let world = World::alone().await;
    let token = world.customer(&fresh("bad"));
    let month = korean_month(world.now().await);
    let spelt = |month: i64| format!("{}-{:02}", month.div_euclid(12), month.rem_euclid(12) + 1);
    let mut form = card_form(card::APPROVES);
    form["expiry"] = json!(spelt(month));
    world.issue(&token, &fresh("issue"), &form).await.ok(201);
    form["expiry"] = json!(spelt(month - 1));
    world.issue(&token, &fresh("issue"), &form).await.refuses(422, "card_expired", "expiry");
    form["expiry"] = json!(spelt(month + 12 * 20));
    world.issue(&token, &fresh("issue"), &form).await.ok(201);
    form["expiry"] = json!(spelt(month + 12 * 21 + 11));
    world.issue(&token, &fresh("issue"), &form).await.refuses(422, "expiry_invalid", "expiry");
}

/// Months since year 0 of a moment in Korea, counted year by year.
fn korean_month(now: i64) -> i64 {
    let mut days = (now + 9 * 3_600).div_euclid(86_400);
    let (mut year, mut month) = (1970_i64, 0_i64);
    loop {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let length =
            [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31][usize::try_from(month).unwrap()];
        if days < length {
            return year * 12 + month;
        }
        days -= length;
        month += 1;
        if month == 12 {
            (year, month) = (year + 1, 0);
        }
    }
}

#[tokio::test]
async fn card_numbers_in_every_usual_form_are_taken_and_sent_in_one() {
    let world = World::shared().await;
    let token = world.customer(&fresh("good"));
    for (number, masked) in [
        ("4242-4242-4242-4242", "424242******4242"),
        ("4242 4242 4242 4242", "424242******4242"),
        ("4242424242424242", "424242******4242"),
        ("3782-822463-10005", "378282*****0005"),
        ("378282246310005", "378282*****0005"),
        ("3056-930902-5904", "305693****5904"),
        ("5555555555554444", "555555******4444"),
    ] {
        let key = world.issue(&token, &fresh("issue"), &card_form(number)).await.ok(201);
        assert_eq!(key["card_number"], masked, "{number}");
    }
    for birth in ["000229", "1208147521"] {
        let mut form = card_form(card::APPROVES);
        form["birth"] = json!(birth);
        world.issue(&token, &fresh("issue"), &form).await.ok(201);
    }
}

#[tokio::test]
async fn an_idempotency_key_is_required_and_has_a_form() {
    let world = World::alone().await;
    let token = world.customer(&fresh("bad"));
    let form = card_form(card::APPROVES);
    let request = || world.request("POST", "/billing-keys").bearer_auth(&token).json_body(&form);
    let mut table = Vec::new();
    let mut bad = |name: &str, request: reqwest::RequestBuilder, code: &'static str, secret: &str| {
        let field = Some("Idempotency-Key".to_owned());
        let (name, secret) = (name.to_owned(), Some(secret.to_owned()));
        table.push(Refusal { name, request, status: 400, code, field, secret });
    };
    bad("none", request(), "idempotency_key_required", "");
    for (name, key) in [
        ("empty", ""),
        ("7 characters", "abcdefg"),
        ("256 characters", &"k".repeat(256)),
        ("a space", "first card"),
        ("a tab", "first\tcard"),
        ("Hangul", "첫번째카드입니다"),
        ("Latin-1", "première-carte"),
        ("a comma", "first,second-key"),
    ] {
        let value = HeaderValue::from_bytes(key.as_bytes()).unwrap();
        bad(name, request().header("idempotency-key", value), "idempotency_key_invalid", key);
    }
    let twice = request().header("idempotency-key", "the-first-key").header("idempotency-key", "the-second-key");
    bad("two", twice, "idempotency_key_invalid", "the-second-key");
    for number in ["4242424242424242", "4242-4242-4242-4242", "card:4242424242424242"] {
        bad("a card number", request().header("idempotency-key", number), "sensitive_data_in_url", number);
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn a_card_number_in_the_query_is_refused_before_anything_else() {
    let world = World::alone().await;
    let token = world.customer(&fresh("bad"));
    let mut table = Vec::new();
    for query in [
        "?card_number=4242424242424242",
        "?x=4242-4242-4242-4242",
        "?4242%204242%204242%204242",
        "?a=%34242424242424242&b",
    ] {
        let request = world.request("POST", &format!("/billing-keys{query}")).bearer_auth(&token);
        table.push(Refusal {
            name: query.to_owned(),
            request: request.header("idempotency-key", fresh("bad")).json_body(&card_form(card::APPROVES)),
            status: 400,
            code: "sensitive_data_in_url",
            field: None,
            secret: Some("4242".to_owned()),
        });
    }
    all_refused(&world, table).await;
    let logs = std::fs::read_to_string(world.logs.join("functions.log")).unwrap();
    assert!(!logs.contains("4242424242424242") && !logs.contains("4242-4242"), "and it is not logged");
}
