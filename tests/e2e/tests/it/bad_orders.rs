//! Charges and schedules that must not be made.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::shop::{Buyer, card};
use crate::world::World;

/// A field, a value it must not have, and what is said about it. The value is JSON text, exactly as it is sent.
type Row = (&'static str, &'static str, u16, &'static str);

/// Rules that charges and each entry of a schedule share.
const ORDER_ROWS: &[Row] = &[
    ("merchant_uid", "null", 422, "merchant_uid_required"),
    ("merchant_uid", "20261124", 422, "field_type"),
    ("merchant_uid", "{}", 422, "field_type"),
    ("merchant_uid", "\"\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"../users/getToken\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order 0001\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order/0001\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order%2f0001\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order\\u0000nul\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order\\r\\nset-cookie: a\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"주문번호일번\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"order🙂smile\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"abcdefghijabcdefghijabcdefghijabcdefghijx\"", 422, "merchant_uid_invalid"),
    ("merchant_uid", "\"4242-4242-4242-4242\"", 422, "sensitive_data_in_field"),
    ("amount", "null", 422, "amount_required"),
    ("amount", "0", 422, "amount_invalid"),
    ("amount", "0.0", 422, "amount_invalid"),
    ("amount", "-8900", 422, "amount_invalid"),
    ("amount", "-0", 422, "amount_invalid"),
    ("amount", "8900.5", 422, "amount_invalid"),
    ("amount", "0.001", 422, "amount_invalid"),
    ("amount", "1e3", 422, "amount_invalid"),
    ("amount", "8.9E+3", 422, "amount_invalid"),
    ("amount", "\"8900\"", 422, "amount_invalid"),
    ("amount", "true", 422, "amount_invalid"),
    ("amount", "[8900]", 422, "amount_invalid"),
    ("amount", "{\"minor\":8900}", 422, "amount_invalid"),
    ("amount", "9007199254740993", 422, "amount_invalid"),
    ("amount", "1000000000000000000000000000000", 422, "amount_invalid"),
    ("amount", "1000000001", 422, "amount_out_of_range"),
    ("name", "null", 422, "name_required"),
    ("name", "\"\"", 422, "name_invalid"),
    ("name", "\"   \"", 422, "name_invalid"),
    ("name", "12345", 422, "field_type"),
    ("name", "\"abcdefghijabcdefghijabcdefghijabcdefghijx\"", 422, "name_invalid"),
    (
        "name",
        "\"이용권이용권이용권이용권이용권이용권이용권이용권이용권이용권이용권이용권이용권이용\"",
        422,
        "name_invalid",
    ),
    ("name", "\"line\\r\\nbreak\"", 422, "name_invalid"),
    ("name", "\"bell\\u0007ring\"", 422, "name_invalid"),
    ("name", "\"\\u202egnorw\"", 422, "name_invalid"),
    ("name", "\"card 4242 4242 4242 4242\"", 422, "sensitive_data_in_field"),
    ("currency", "null", 422, "currency_unsupported"),
    ("currency", "\"USD\"", 422, "currency_unsupported"),
    ("currency", "\"krw\"", 422, "currency_unsupported"),
    ("currency", "\"KRW \"", 422, "currency_unsupported"),
    ("currency", "\"\"", 422, "currency_unsupported"),
    ("currency", "\"DOGECOIN\"", 422, "currency_unsupported"),
    ("currency", "410", 422, "field_type"),
    ("tax_free", "-1234", 422, "tax_free_invalid"),
    ("tax_free", "12.34", 422, "tax_free_invalid"),
    ("tax_free", "8901", 422, "tax_free_invalid"),
    ("tax_free", "\"1234\"", 422, "tax_free_invalid"),
    ("vat_amount", "8901", 422, "vat_amount_invalid"),
    ("vat_amount", "-1234", 422, "vat_amount_invalid"),
    ("card_quota", "1", 422, "card_quota_invalid"),
    ("card_quota", "-1", 422, "card_quota_invalid"),
    ("card_quota", "37", 422, "card_quota_invalid"),
    ("card_quota", "3", 422, "card_quota_invalid"),
    ("card_quota", "2.5", 422, "card_quota_invalid"),
    ("card_quota", "\"12months\"", 422, "card_quota_invalid"),
    ("card_quota", "4294967299", 422, "card_quota_invalid"),
    ("buyer_name", "\"abcdefghijabcdefg\"", 422, "buyer_name_invalid"),
    ("buyer_name", "12345", 422, "field_type"),
    ("buyer_name", "\"4242424242424242\"", 422, "sensitive_data_in_field"),
    ("buyer_email", "\"gildong.gmail.com\"", 422, "buyer_email_invalid"),
    ("buyer_email", "\"gil@dong@gmail.com\"", 422, "buyer_email_invalid"),
    ("buyer_email", "\"gil dong@gmail.com\"", 422, "buyer_email_invalid"),
    ("buyer_email", "\"a@b.kr\\r\\nbcc: c@d.kr\"", 422, "buyer_email_invalid"),
    (
        "buyer_email",
        "\"abcdefghijabcdefghijabcdefghijabcdefghijabcdefghijabcdefghij@abc.kr\"",
        422,
        "buyer_email_invalid",
    ),
    ("buyer_tel", "\"010-abcd-efgh\"", 422, "buyer_tel_invalid"),
    ("buyer_tel", "\"01042424242424242\"", 422, "buyer_tel_invalid"),
    ("buyer_tel", "1042424242", 422, "field_type"),
    ("buyer_postcode", "\"011811234\"", 422, "buyer_postcode_invalid"),
    ("buyer_postcode", "\"\"", 422, "buyer_postcode_invalid"),
    ("interest_free_by_merchant", "\"true\"", 422, "field_type"),
    ("interest_free_by_merchant", "1", 422, "field_type"),
    ("use_card_point", "\"never\"", 422, "field_type"),
    ("custom_data", "\"nul\\u0000byte\"", 422, "custom_data_invalid"),
    ("custom_data", "\"the card is 4242-4242-4242-4242\"", 422, "sensitive_data_in_field"),
    ("custom_data", "{\"card\":\"4242424242424242\"}", 422, "sensitive_data_in_field"),
    ("product_type", "\"imaginary\"", 422, "product_type_invalid"),
    ("product_count", "0", 422, "product_count_invalid"),
    ("product_count", "10000", 422, "product_count_invalid"),
    ("cash_receipt_type", "\"nobody\"", 422, "cash_receipt_type_invalid"),
    ("browser_ip", "\"999.1.1.1\"", 422, "browser_ip_invalid"),
    ("browser_ip", "\"localhost\"", 422, "browser_ip_invalid"),
    // The merchant's configuration, which no caller may choose.
    ("pg", "\"nice.nictest04m\"", 422, "unknown_field"),
    ("channel_key", "\"channel-key-elsewhere\"", 422, "unknown_field"),
    ("notice_url", "\"https://elsewhere.example/\"", 422, "unknown_field"),
    ("bypass", "{\"elsewhere\":{}}", 422, "unknown_field"),
    ("imp_uid", "\"imp_448280090638\"", 422, "unknown_field"),
    ("status", "\"paid-already\"", 422, "unknown_field"),
    // A card has no business on these routes.
    ("card_number", "\"4242-4242-4242-4242\"", 422, "unknown_field"),
    ("checking_amount", "12345", 422, "unknown_field"),
];

/// The good object with one field set to a piece of JSON text, digits and exponents as they are.
fn with(good: &Value, field: &str, json: &str) -> String {
    const MARK: &str = "@@here@@";
    let mut object = good.clone();
    object[field] = json!(MARK);
    object.to_string().replace(&format!("\"{MARK}\""), json)
}

/// What a text value says, without its quotes and escapes; numbers as they are.
fn content(json: &str) -> String {
    serde_json::from_str::<String>(json).unwrap_or_else(|_| json.trim_matches(['{', '}', '[', ']']).to_owned())
}

fn post(world: &World, path: &str, body: String) -> reqwest::RequestBuilder {
    let request = world.request("POST", path).bearer_auth(world.merchant());
    request.header("content-type", "application/json").body(body)
}

fn refusal(name: String, request: reqwest::RequestBuilder, row: Row, field: String) -> Refusal {
    let (_, json, status, code) = row;
    // Words that an answer may hold for reasons of its own.
    let secret = Some(content(json)).filter(|text| !matches!(text.as_str(), "null" | "true" | "8900" | "KRW " | "   "));
    Refusal { name, request, status, code, field: Some(field), secret }
}

#[tokio::test]
async fn bad_charges_are_refused_and_the_field_is_named() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let mut table = Vec::new();
    for row in ORDER_ROWS {
        let body = with(&buyer.order(&fresh("bad")), row.0, row.1);
        table.push(refusal(format!("{}: {}", row.0, row.1), post(&world, "/charges", body), *row, row.0.to_owned()));
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn bad_entries_of_a_schedule_are_refused_and_their_place_is_named() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let at = world.now().await + 86_400;
    let mut table = Vec::new();
    for row in ORDER_ROWS {
        let body = buyer.schedules(&[(&fresh("bad"), at), (&fresh("bad"), at + 60)]);
        let entry = with(&body["schedules"][1], row.0, row.1);
        let text = json!({ "customer_uid": buyer.customer_uid, "schedules": [body["schedules"][0], "@@entry@@"] });
        let text = text.to_string().replace("\"@@entry@@\"", &entry);
        let field = format!("schedules[1].{}", row.0);
        table.push(refusal(format!("{}: {}", row.0, row.1), post(&world, "/schedules", text), *row, field));
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn fields_that_must_be_there_are_missed_by_name() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let at = world.now().await + 86_400;
    let mut table = Vec::new();
    let mut missing = |path: &str, body: Value, field: &str, code: &'static str| {
        let request = post(&world, path, body.to_string());
        let field = Some(field.to_owned());
        table.push(Refusal { name: format!("{path} without {code}"), request, status: 422, code, field, secret: None });
    };
    let without = |mut body: Value, field: &str| {
        body.as_object_mut().unwrap().remove(field).expect("it was there");
        body
    };
    let order = || buyer.order(&fresh("bad"));
    missing("/charges", without(order(), "customer_uid"), "customer_uid", "customer_uid_required");
    missing("/charges", without(order(), "merchant_uid"), "merchant_uid", "merchant_uid_required");
    missing("/charges", without(order(), "amount"), "amount", "amount_required");
    missing("/charges", without(order(), "name"), "name", "name_required");
    missing("/charges", json!({}), "customer_uid", "customer_uid_required");
    let schedules = || buyer.schedules(&[(&fresh("bad"), at)]);
    missing("/schedules", without(schedules(), "customer_uid"), "customer_uid", "customer_uid_required");
    missing("/schedules", without(schedules(), "schedules"), "schedules", "schedules_required");
    for (name, code) in [
        ("merchant_uid", "merchant_uid_required"),
        ("schedule_at", "schedule_at_required"),
        ("amount", "amount_required"),
        ("name", "name_required"),
    ] {
        let mut body = schedules();
        body["schedules"][0].as_object_mut().unwrap().remove(name).unwrap();
        missing("/schedules", body, &format!("schedules[0].{name}"), code);
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn schedules_at_the_wrong_time_or_in_the_wrong_number_are_refused() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let now = world.now().await;
    let mut table = Vec::new();
    let mut bad = |name: &str, body: String, code: &'static str, field: &str, secret: Option<String>| {
        let (name, field) = (name.to_owned(), Some(field.to_owned()));
        table.push(Refusal { name, request: post(&world, "/schedules", body), status: 422, code, field, secret });
    };
    let at = "schedules[0].schedule_at";
    let tomorrow = now + 86_400;
    for (name, time) in [
        ("the seed's own time, long past", "1519862400".to_owned()),
        ("a second ago", (now - 1).to_string()),
        ("now", now.to_string()),
        ("in a second", (now + 1).to_string()),
        ("in four minutes", (now + 240).to_string()),
        ("in 401 days", (now + 401 * 86_400).to_string()),
        ("milliseconds", format!("{tomorrow}000")),
        ("microseconds", format!("{tomorrow}000000")),
        ("zero", "0".to_owned()),
        ("negative", format!("-{tomorrow}")),
        ("a fraction", format!("{tomorrow}.5")),
        ("an exponent", "1.8e9".to_owned()),
        ("larger than 64 bits", "99999999999999999999".to_owned()),
        ("text", format!("\"{tomorrow}\"")),
        ("a date", "\"2027-01-01T10:00:00+09:00\"".to_owned()),
        ("true", "true".to_owned()),
    ] {
        let body = buyer.schedules(&[(&fresh("bad"), 0)]);
        let body = body.to_string().replace("\"schedule_at\":0", &format!("\"schedule_at\":{time}"));
        let secret = (time.len() > 4).then(|| time.trim_matches('"').to_owned());
        bad(name, body, "schedule_at_invalid", at, secret);
    }
    bad("none", buyer.schedules(&[]).to_string(), "schedules_invalid", "schedules", None);
    let uids: Vec<String> = (0..101).map(|_| fresh("bad")).collect();
    let many: Vec<(&str, i64)> = uids.iter().zip(tomorrow..).map(|(uid, at)| (uid.as_str(), at)).collect();
    // 101 entries of this size do not fit into 16 KiB with long names: as short as they get.
    let short: Vec<Value> = many
        .iter()
        .enumerate()
        .map(|(place, (_, at))| json!({ "merchant_uid": format!("{}{place}", &uids[0][..14]), "schedule_at": at, "amount": 1, "name": "n" }))
        .collect();
    let short = json!({ "customer_uid": buyer.customer_uid, "schedules": short });
    bad("101 entries", short.to_string(), "schedules_invalid", "schedules", None);
    bad(
        "two at the same time",
        buyer.schedules(&[(&uids[0], tomorrow), (&uids[1], tomorrow)]).to_string(),
        "schedules_invalid",
        "schedules",
        None,
    );
    bad(
        "one order twice",
        buyer.schedules(&[(&uids[0], tomorrow), (&uids[0], tomorrow + 1)]).to_string(),
        "schedules_invalid",
        "schedules",
        None,
    );
    for (name, value) in [("an object", json!({})), ("text", json!("canary-text")), ("a number", json!(12345))] {
        let body = json!({ "customer_uid": buyer.customer_uid, "schedules": value });
        bad(name, body.to_string(), "field_type", "schedules", Some(content(&value.to_string())));
    }
    let body = json!({ "customer_uid": buyer.customer_uid, "schedules": ["canary-text"] });
    bad("text in the list", body.to_string(), "field_type", "schedules[0]", Some("canary-text".to_owned()));
    for field in ["checking_amount", "card_number", "expiry", "birth", "pwd_2digit", "cvc", "pg"] {
        let mut body = buyer.schedules(&[(&fresh("bad"), tomorrow)]);
        body[field] = json!("canary-value");
        bad(field, body.to_string(), "unknown_field", field, Some("canary-value".to_owned()));
    }
    all_refused(&world, table).await;
}

#[tokio::test]
async fn a_move_to_a_wrong_time_is_refused() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, 86_400).await;
    let (row, now) = (world.the_row(&uid).await, world.now().await);
    let mut table = Vec::new();
    for (time, code) in [
        ((now - 1).to_string(), "schedule_at_invalid"),
        ((now + 60).to_string(), "schedule_at_invalid"),
        (format!("{}000", now + 86_400), "schedule_at_invalid"),
        ("\"tomorrow\"".to_owned(), "schedule_at_invalid"),
        ("null".to_owned(), "schedule_at_required"),
    ] {
        let request = world.request("PATCH", &format!("/schedules/{uid}")).bearer_auth(world.merchant());
        let request = request.header("content-type", "application/json").body(format!("{{\"schedule_at\":{time}}}"));
        let field = Some("schedule_at".to_owned());
        table.push(Refusal { name: time, request, status: 422, code, field, secret: None });
    }
    all_refused(&world, table).await;
    assert_eq!(world.the_row(&uid).await, row);
}

#[tokio::test]
async fn keys_that_are_not_the_customers_are_as_good_as_missing() {
    let world = World::alone().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let at = world.now().await + 86_400;
    let mut table = Vec::new();
    let mut bad = |name: &str, key: Value, customer_id: Value, status: u16, code: &'static str, field: Option<&str>| {
        for path in ["/charges", "/schedules"] {
            let mut body = match path {
                "/charges" => buyer.order(&fresh("bad")),
                _ => buyer.schedules(&[(&fresh("bad"), at)]),
            };
            body["customer_uid"] = key.clone();
            if !customer_id.is_null() {
                body["customer_id"] = customer_id.clone();
            }
            table.push(Refusal {
                name: format!("{path}: {name}"),
                request: world.request("POST", path).bearer_auth(world.merchant()).json_body(&body),
                status,
                code,
                field: field.map(str::to_owned),
                secret: key.as_str().map(str::to_owned),
            });
        }
    };
    let own = json!(buyer.customer_uid);
    bad("another customer's key", json!(other.customer_uid), json!(buyer.customer_id), 404, "not_found", None);
    bad("a key of nobody", json!("keyffffffffffffffffffffffffffffffff"), Value::Null, 404, "not_found", None);
    bad("a number", json!(12345), Value::Null, 422, "field_type", Some("customer_uid"));
    bad("a name that nobody has", json!("../customers"), Value::Null, 404, "not_found", None);
    bad("a relative path", json!(".."), Value::Null, 422, "customer_uid_invalid", Some("customer_uid"));
    bad("an encoded path", json!("a%2Fb"), Value::Null, 422, "customer_uid_invalid", Some("customer_uid"));
    bad("a line break", json!("key\r\n"), Value::Null, 422, "customer_uid_invalid", Some("customer_uid"));
    bad("81 characters", json!("k".repeat(81)), Value::Null, 422, "customer_uid_invalid", Some("customer_uid"));
    bad("a card number", json!("4242424242424242"), Value::Null, 422, "sensitive_data_in_field", Some("customer_uid"));
    bad("a customer with a space", own, json!("two words"), 422, "customer_id_invalid", Some("customer_id"));
    all_refused(&world, table).await;
}

#[tokio::test]
async fn a_key_being_issued_and_one_that_was_refused_cannot_be_charged() {
    let world = World::alone().await;
    let customer_id = fresh("buyer");
    let token = world.customer(&customer_id);
    let form = crate::shop::card_form;
    world
        .fault_on(json!({ "path_prefix": "/subscribe/customers/" }), json!({ "kind": "reset", "phase": "before" }))
        .await;
    let open = world.issue(&token, &fresh("issue"), &form(card::APPROVES)).await;
    assert_eq!(open.status, 202, "{}", open.text);
    world.issue(&token, &fresh("issue"), &form(card::REFUSED_AT_ISSUE)).await.problem(402, "card_rejected");
    let keys = world.call("GET", "/billing-keys", &token).await.ok(200);
    let key = |status: &str| {
        let found = keys["list"].as_array().unwrap().iter().find(|key| key["status"] == status).unwrap();
        found["customer_uid"].as_str().unwrap().to_owned()
    };
    for (status, code) in [("issuing", "billing_key_pending"), ("abandoned", "billing_key_inactive")] {
        let buyer = Buyer { customer_id: customer_id.clone(), customer_uid: key(status) };
        let uid = fresh("bad");
        world.charge(&buyer.order(&uid)).await.problem(409, code);
        assert_eq!(world.row(&uid).await, None);
        let at = world.now().await + 86_400;
        world.register(&buyer.schedules(&[(&uid, at)])).await.problem(409, code);
        assert_eq!(world.row(&uid).await, None);
    }
}

#[tokio::test]
async fn bad_lists_are_refused() {
    let world = World::alone().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let (own, foreign) = (&buyer.customer_uid, &other.customer_uid);
    for place in 1..4 {
        world.scheduled(&buyer, 86_400 * place).await;
        world.scheduled(&other, 86_400 * place).await;
    }
    let page =
        world.call("GET", &format!("/schedules?customer_uid={foreign}&limit=1"), &world.merchant()).await.ok(200);
    let cursor = page["next"].as_str().unwrap();
    let mut table = Vec::new();
    let mut bad = |query: String, status: u16, code: &'static str, field: Option<&str>| {
        let request = world.request("GET", &query).bearer_auth(world.merchant());
        let field = field.map(str::to_owned);
        table.push(Refusal { name: query, request, status, code, field, secret: None });
    };
    for limit in ["0", "101", "1001", "-1", "x", "", "1.5", "99999999999999999999"] {
        bad(format!("/schedules?customer_uid={own}&limit={limit}"), 422, "limit_invalid", Some("limit"));
    }
    bad(format!("/schedules?customer_uid={own}&limit=1&limit=2"), 422, "limit_invalid", Some("limit"));
    for forged in ["x", "e30", &"A".repeat(300), "%00", cursor] {
        bad(format!("/schedules?customer_uid={own}&cursor={forged}"), 400, "cursor_invalid", Some("cursor"));
    }
    bad(format!("/schedules?customer_uid={own}&from=yesterday"), 422, "from_invalid", Some("from"));
    bad(format!("/schedules?customer_uid={own}&to=1.5"), 422, "to_invalid", Some("to"));
    bad("/schedules".to_owned(), 422, "customer_uid_required", Some("customer_uid"));
    bad("/schedules?customer_uid=no%25body".to_owned(), 422, "customer_uid_invalid", Some("customer_uid"));
    bad("/schedules?customer_uid=nobody".to_owned(), 404, "not_found", None);
    bad("/billing-keys".to_owned(), 422, "customer_id_required", Some("customer_id"));
    bad("/billing-keys?customer_id=kim&limit=0".to_owned(), 422, "limit_invalid", Some("limit"));
    bad("/billing-keys?customer_id=kim&cursor=x".to_owned(), 400, "cursor_invalid", Some("cursor"));
    bad("/charges/4242424242424242".to_owned(), 400, "sensitive_data_in_url", None);
    bad("/charges/x?card=4242-4242-4242-4242".to_owned(), 400, "sensitive_data_in_url", None);
    bad("/charges/x?card=4242%204242%204242%204242".to_owned(), 400, "sensitive_data_in_url", None);
    bad("/charges/x?card=%34242424242424242".to_owned(), 400, "sensitive_data_in_url", None);
    bad("/charges/..%2F..%2Fusers".to_owned(), 404, "not_found", None);
    bad("/charges/order%00".to_owned(), 404, "not_found", None);
    bad("/schedules/%ED%95%9C".to_owned(), 404, "not_found", None);
    bad("/billing-keys/..%2Fx".to_owned(), 404, "not_found", None);
    all_refused(&world, table).await;
}
