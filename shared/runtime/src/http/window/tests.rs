//! Every parameter of a window in its place, and what is none under its own name.

use serde_json::{Value, json};

use super::*;
use crate::http::order::tests::{each_field_is_refused_by_name, every_detail, merged, object, said_of_any};

/// Every parameter that a window may have.
pub(crate) fn every_parameter() -> Value {
    json!({
        "pg": "html5_inicis", "pay_method": "vbank", "language": "en", "escrow": true, "digital": false,
        "vbank_due": "20261231", "app_scheme": "shopapp", "biz_num": "1234567890", "useFreeInterestFromMall": true,
        "display": { "card_quota": [0, 3, 6] },
        "card": {
            "direct": { "code": "367", "quota": 3 },
            "detail": [{ "card_code": "366", "enabled": true }, { "card_code": "381", "enabled": false }]
        },
        "period": { "from": "20261101", "to": "20261130", "interval": "1m" },
        "products": [
            { "id": "p1", "name": "이용권", "code": "c1", "unitPrice": 4450, "quantity": 2 },
            { "name": "덤", "unitPrice": 0, "quantity": 1 }
        ],
        "naverPopupMode": true, "naverUseCfm": "20261231",
        "naverProducts":
            [{ "categoryType": "BOOK", "categoryId": "GENERAL", "uid": "107922211", "name": "책", "count": 10 }],
        "naverProductCode": "monthly", "naverProductCount": 1, "naverMerchantUserKey": "user-1",
        "naverPurchaserName": "홍길동", "naverPurchaserBirthday": "19900101", "naverCultureBenefit": false,
        "bypass": { "kcpQuick": { "actionType": "Pay", "retries": 3, "options": ["a", ""] }, "cashReceipt": true },
        "company": "포트원", "company_en": "PortOne",
        "kiccProducts": [{ "orderNumber": "x1", "name": "상품A", "quantity": 3, "amount": 1000 }],
        "storeDetails": { "businessName": "포트원", "phoneNumber": "0216705176" }, "popup": true, "useCardPoint": false,
        "buyer_first_name_kana": "ギルドン", "buyer_last_name_kana": "ホン",
        "cvs": { "payment_deadline": { "valid_hours": 48 } }
    })
}

/// What was said in [`every_parameter`].
pub(crate) fn every_option() -> Window {
    let text = |text: &str| Some(text.to_owned());
    let product = |id: Option<&str>, name: &str, code: Option<&str>, unit_price, quantity| Product {
        id: id.map(str::to_owned),
        name: name.to_owned(),
        code: code.map(str::to_owned),
        unit_price,
        quantity,
    };
    let options = Options {
        language: text("en"),
        escrow: Some(true),
        digital: Some(false),
        vbank_due: text("20261231"),
        app_scheme: text("shopapp"),
        biz_num: text("1234567890"),
        use_free_interest_from_mall: Some(true),
        card_quota: Some(vec![0, 3, 6]),
        card_direct: Some(CardDirect { code: "367".to_owned(), quota: Some(3) }),
        card_detail: vec![
            CardDetail { card_code: "366".to_owned(), enabled: true },
            CardDetail { card_code: "381".to_owned(), enabled: false },
        ],
        period: Some(Period { from: text("20261101"), to: text("20261130"), interval: text("1m") }),
        products: vec![product(Some("p1"), "이용권", Some("c1"), 4_450, 2), product(None, "덤", None, 0, 1)],
        naver: Naver {
            popup_mode: Some(true),
            use_cfm: text("20261231"),
            products: vec![NaverProduct {
                category_type: "BOOK".to_owned(),
                category_id: "GENERAL".to_owned(),
                uid: "107922211".to_owned(),
                name: "책".to_owned(),
                count: 10,
            }],
            product_code: text("monthly"),
            product_count: Some(1),
            merchant_user_key: text("user-1"),
            purchaser_name: text("홍길동"),
            purchaser_birthday: text("19900101"),
            culture_benefit: Some(false),
        },
        passed: every_passed(),
    };
    Window { pg: text("html5_inicis"), pay_method: "vbank".to_owned(), options }
}

fn every_passed() -> Passed {
    let parameters = [
        ("buyer_first_name_kana", r#""ギルドン""#),
        ("buyer_last_name_kana", r#""ホン""#),
        ("bypass", r#"{"cashReceipt":true,"kcpQuick":{"options":["a",""],"retries":3,"actionType":"Pay"}}"#),
        ("company", r#""포트원""#),
        ("company_en", r#""PortOne""#),
        ("cvs", r#"{"payment_deadline":{"valid_hours":48}}"#),
        ("kiccProducts", r#"[{"amount":1000,"name":"상품A","orderNumber":"x1","quantity":3}]"#),
        ("popup", "true"),
        ("storeDetails", r#"{"businessName":"포트원","phoneNumber":"0216705176"}"#),
        ("useCardPoint", "false"),
    ];
    parameters.into_iter().fold(Passed::default(), |passed, (name, json)| passed.with(name, Some(json)).unwrap())
}

/// A parameter that is passed on is JSON, and which JSON it may be is the domain's rule.
#[test]
fn what_is_passed_on_is_read_as_it_stands() {
    let read = |text: &str| window(&mut Object::parse(text.as_bytes()).unwrap(), Currency::Krw);
    let same = |text: &str| read(text).unwrap().options.passed;
    assert_eq!(same(r#"{"bypass":{"a":1,"b":null}}"#), same(r#"{ "bypass": { "b": null, "a": 1 } }"#));
    assert_ne!(same(r#"{"bypass":{"a":1}}"#), same(r#"{"bypass":{"a":"1"}}"#));
    for text in [r#"{"bypass":{"a":1,"a":2}}"#, r#"{"bypass":{"a":[{"b":1,"b":1}]}}"#, r#"{"bypass":{"a":1.5}}"#] {
        let refused = read(text).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.code.as_str()), ("bypass", "parameter_invalid"), "{text}");
    }
}

#[test]
fn every_parameter_of_a_window_is_read_into_its_place() {
    let mut body = object(&every_parameter());
    assert_eq!(window(&mut body, Currency::Krw), Ok(every_option()));
    assert_eq!(body.finish(), Ok(()), "every field was taken");
    each_field_is_refused_by_name(&every_parameter(), |object| window(object, Currency::Krw));
}

#[test]
fn a_window_of_which_nothing_is_said_is_one_for_cards() {
    let bare = Window { pg: None, pay_method: "card".to_owned(), options: Options::default() };
    assert_eq!(window(&mut object(&json!({})), Currency::Krw), Ok(bare.clone()));
    let nulls: serde_json::Map<String, Value> =
        every_parameter().as_object().unwrap().keys().map(|name| (name.clone(), Value::Null)).collect();
    assert_eq!(window(&mut object(&Value::Object(nulls)), Currency::Krw), Ok(bare.clone()));
    // An empty list of instalments is another thing than none: it shows none.
    let options = |said: Value| window(&mut object(&said), Currency::Krw).unwrap().options;
    assert_eq!(options(json!({ "display": { "card_quota": [] } })).card_quota, Some(vec![]));
    assert_eq!(options(json!({ "display": {} })), bare.options);
    assert_eq!(options(json!({ "card": {} })), bare.options);
    assert_eq!(options(json!({ "card": { "detail": [] }, "products": [], "naverProducts": null })), bare.options);
    assert_eq!(options(json!({ "period": {} })).period, Some(Period::default()));
}

#[test]
fn what_is_missing_or_unknown_within_is_named_with_the_whole_way_to_it() {
    for (said, field, code) in [
        (json!({ "display": { "quota": [] } }), "display.quota", "unknown_field"),
        (json!({ "display": { "card_quota": ["3"] } }), "display.card_quota", "card_quota_invalid"),
        (json!({ "card": { "direct": {} } }), "card.direct.code", "code_required"),
        (json!({ "card": { "direct": { "code": "367", "x": 1 } } }), "card.direct.x", "unknown_field"),
        (json!({ "card": { "detail": [{ "card_code": "366" }] } }), "card.detail[0].enabled", "enabled_required"),
        (json!({ "card": { "detail": [{ "enabled": true }] } }), "card.detail[0].card_code", "card_code_required"),
        (json!({ "card": { "x": 1 } }), "card.x", "unknown_field"),
        (json!({ "card": { "detail": vec![json!({}); 201] } }), "card.detail", "detail_invalid"),
        (json!({ "period": { "until": "20261130" } }), "period.until", "unknown_field"),
        (json!({ "products": [{ "name": "n", "quantity": 1 }] }), "products[0].unitPrice", "unitPrice_required"),
        (json!({ "products": [{ "name": "n", "unitPrice": 1 }] }), "products[0].quantity", "quantity_required"),
        (json!({ "products": [{ "unitPrice": 1, "quantity": 1 }] }), "products[0].name", "name_required"),
        (json!({ "products": vec![json!({}); 201] }), "products", "products_invalid"),
        (json!({ "naverProducts": [{}] }), "naverProducts[0].categoryType", "categoryType_required"),
    ] {
        let refused = window(&mut object(&said), Currency::Krw).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.code.as_str()), (field, code));
    }
    for name in ["categoryType", "categoryId", "uid", "name", "count"] {
        let mut parameters = every_parameter();
        parameters["naverProducts"][0].as_object_mut().unwrap().remove(name);
        let refused = window(&mut object(&parameters), Currency::Krw).unwrap_err();
        assert_eq!(refused.field, format!("naverProducts[0].{name}"));
    }
}

#[test]
fn a_price_in_a_window_is_in_the_currency_of_the_order() {
    let said = json!({ "products": [{ "name": "n", "unitPrice": 1.5, "quantity": 1 }] });
    let dollars = window(&mut object(&said), Currency::Usd).unwrap().options.products;
    assert_eq!(dollars[0].unit_price, 150);
    assert_eq!(window(&mut object(&said), Currency::Krw).unwrap_err().field, "products[0].unitPrice");
}

fn buyer() -> Value {
    let mut buyer = every_detail();
    // What only a charge on a billing key takes, or an order and not its buyer.
    for name in [
        "card_quota",
        "interest_free_by_merchant",
        "use_card_point",
        "product_type",
        "product_count",
        "cash_receipt_type",
        "browser_ip",
        "extra",
    ] {
        buyer.as_object_mut().unwrap().remove(name).unwrap();
    }
    buyer
}

#[test]
fn more_time_for_an_account_is_its_last_moment_and_nothing_else() {
    let read = |body: Value| {
        let mut object = object(&body);
        extension(&mut object).and_then(|due| object.finish().map(|()| due)).map_err(|refused| refused.code)
    };
    assert_eq!(read(json!({ "vbank": { "due": 1_800_000_000 } })), Ok(Timestamp(1_800_000_000)));
    for (body, code) in [
        (json!({}), "vbank_required"),
        (json!({ "vbank": null }), "vbank_required"),
        (json!({ "vbank": {} }), "due_required"),
        (json!({ "vbank": { "due": "soon" } }), "due_invalid"),
        (json!({ "vbank": 7 }), "field_type"),
        (json!({ "vbank": { "due": 1, "code": "004" } }), "unknown_field"),
        (json!({ "vbank": { "due": 1 }, "amount": 1 }), "unknown_field"),
    ] {
        assert_eq!(read(body.clone()), Err(code.to_owned()), "{body}");
    }
}

#[test]
fn an_order_that_is_paid_in_a_window_has_no_key_and_its_buyer() {
    let body =
        merged(json!({ "merchant_uid": "order_1", "amount": 12.5, "currency": "USD", "name": "Pass" }), &buyer());
    let body = merged(body, &json!({ "tax_free": 19, "vat_amount": 7, "product_type": "digital" }));
    let mut read = object(&body);
    let expected = Order {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: None,
        amount: Money::new(1_250, Currency::Usd),
        name: "Pass".to_owned(),
        details: said_of_any(),
    };
    let of_usd = Details { tax_free: Some(1_900), vat_amount: Some(700), ..said_of_any() };
    let goods = Details { product_type: Some(ProductType::Digital), ..of_usd.clone() };
    assert_eq!(order(&mut read), Ok(Order { details: goods, ..expected }));
    assert_eq!(read.finish(), Ok(()));
    for name in ["merchant_uid", "amount", "name"] {
        let refused = order(&mut object(&merged(body.clone(), &json!({ name: null })))).unwrap_err();
        assert_eq!((refused.field.as_str(), refused.code), (name, format!("{name}_required")));
    }
    each_field_is_refused_by_name(&body, order);

    let mut read = object(&merged(json!({ "amount": 12.5, "currency": "USD", "tax_free": 19, "vat_amount": 7 }), &{
        let mut buyer = buyer();
        buyer.as_object_mut().unwrap().retain(|name, _| name != "tax_free" && name != "vat_amount");
        buyer
    }));
    assert_eq!(shown(&mut read), Ok((Some(Money::new(1_250, Currency::Usd)), Currency::Usd, of_usd)));
    assert_eq!(read.finish(), Ok(()));
    assert_eq!(shown(&mut object(&json!({}))), Ok((None, Currency::Krw, Details::default())));
}
