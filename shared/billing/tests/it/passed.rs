//! What a window passes on to its gateway, and the page that a browser comes back to.

use billing::checkout::{Naver, Options, Passed, Warning, Window};
use billing::money::Currency;
use billing::order::{Details, Order};
use billing::{Invalid, Money, Policy};

use crate::fixture::{START, card_window, customer, order};

fn buyer() -> Order {
    let details = Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() };
    Order { customer_uid: None, details, ..order("order_1") }
}

fn with(options: Options) -> Window {
    Window { options, ..card_window() }
}

fn passed(name: &str, json: &str) -> Result<Passed, Invalid> {
    Passed::default().with(name, Some(json))
}

/// What is passed on to the gateway: of the right kind, of a size that a row has room for, nobody's card, and nothing of ours.
#[test]
fn what_is_passed_on_is_bounded_and_takes_the_place_of_nothing() {
    let nested = |levels: usize| format!("{}1{}", r#"{"a":"#.repeat(levels), "}".repeat(levels));
    let text = |length: usize| format!(r#"{{"a":"{}"}}"#, "x".repeat(length));
    let texts = |count: usize| format!(r#"{{"a":[{}]}}"#, vec![format!("\"{}\"", "x".repeat(997)); count].join(","));
    let refused = Err("parameter_invalid".to_owned());
    let card = Err("sensitive_data_in_field".to_owned());
    for (name, json, expected) in [
        ("bypass", r#"{"shop_user_id":"m-1","kcpQuick":{"list":["",7,true]}}"#.to_owned(), Ok(())),
        ("bypass", "{}".to_owned(), Ok(())),
        ("bypass", "[]".to_owned(), refused.clone()),
        ("bypass", r#""text""#.to_owned(), refused.clone()),
        ("company", r#""포트원""#.to_owned(), Ok(())),
        ("company", r#""  ""#.to_owned(), refused.clone()),
        ("company", r#"{"a":1}"#.to_owned(), refused.clone()),
        ("kiccProducts", "[]".to_owned(), Ok(())),
        ("kiccProducts", "[{},7]".to_owned(), refused.clone()),
        ("kiccProducts", "{}".to_owned(), refused.clone()),
        ("popup", "false".to_owned(), Ok(())),
        ("popup", "1".to_owned(), refused.clone()),
        ("brand_new", "true".to_owned(), refused.clone()),
        ("bypass", nested(5), Ok(())),
        ("bypass", nested(6), refused.clone()),
        ("bypass", text(1_000), Ok(())),
        ("bypass", text(1_001), refused.clone()),
        ("bypass", texts(3), Ok(())),
        ("bypass", texts(4), refused.clone()),
        ("bypass", r#"{"a":"two\nlines"}"#.to_owned(), refused.clone()),
        ("bypass", r#"{"a b":1}"#.to_owned(), refused.clone()),
        ("bypass", r#"{"a":9007199254740991}"#.to_owned(), Ok(())),
        ("bypass", r#"{"a":9007199254740992}"#.to_owned(), refused.clone()),
        ("bypass", r#"{"a":["4242-4242-4242-4242"]}"#.to_owned(), card.clone()),
        ("bypass", r#"{"a":4242424242424242}"#.to_owned(), card.clone()),
        ("bypass", r#"{"4242424242424242":1}"#.to_owned(), card.clone()),
        ("storeDetails", r#"{"phoneNumber":"4242424242424242"}"#.to_owned(), card.clone()),
        ("bypass", r#"{"notice_url":"https://elsewhere.example"}"#.to_owned(), refused.clone()),
        ("bypass", r#"{"kcp":{"m_redirect_url":"https://elsewhere.example"}}"#.to_owned(), refused.clone()),
        ("storeDetails", r#"{"noticeUrl":"https://elsewhere.example"}"#.to_owned(), refused.clone()),
        ("cvs", r#"{"__proto__":{}}"#.to_owned(), refused.clone()),
        // A resident registration number, and a telephone number.
        ("bypass", r#"{"customerIdentifier":"900101-1234567"}"#.to_owned(), card.clone()),
        ("bypass", r#"{"customerIdentifier":"01042424242"}"#.to_owned(), Ok(())),
        // Of goods there is an amount.
        ("kiccProducts", r#"[{"amount":1000}]"#.to_owned(), Ok(())),
    ] {
        let normal = |passed| with(Options { passed, ..Options::default() }).normal_form(buyer());
        let is = passed(name, &json).and_then(normal).map(drop).map_err(|invalid| {
            assert_eq!(invalid.field, name, "{json}");
            invalid.code
        });
        assert_eq!(is, expected, "{name}: {json}");
    }
    let given = passed("bypass", r#"{"shop_user_id":"gildong"}"#).unwrap();
    assert!(!format!("{given:?}").contains("gildong"), "{given:?}");
    let kept = serde_json::to_string(&given).unwrap();
    assert_eq!(serde_json::from_str::<Passed>(&kept).unwrap(), given);
}

#[test]
fn whoever_names_in_the_window_whom_a_receipt_is_for_asks_for_one() {
    for (json, asks) in [
        (r#"{"cashReceiptType":"personal"}"#, true),
        (r#"{"nice_v2":{"cashReceiptType":"corporate"}}"#, true),
        (r#"{"cashReceiptType":"anonymous"}"#, false),
        (r#"{"cashReceiptType":""}"#, false),
        (r#"{"other":"personal"}"#, false),
    ] {
        assert_eq!(passed("bypass", json).unwrap().asks_for_receipt(), asks, "{json}");
    }
}

#[test]
fn of_what_is_passed_on_the_rules_see_what_stands_at_a_path() {
    let json = r#"{"a":{"b":"text","n":7,"yes":true,"no":false,"none":"","list":["x","y"],"goods":[{}],"empty":[]}}"#;
    let passed = passed("bypass", json).unwrap();
    for (path, expected) in [
        ("bypass", Some("true")),
        ("bypass.a.b", Some("text")),
        ("bypass.a.n", Some("7")),
        ("bypass.a.yes", Some("true")),
        ("bypass.a.no", Some("false")),
        ("bypass.a.list", Some("x,y")),
        ("bypass.a.goods", Some("true")),
        ("bypass.a.none", None),
        ("bypass.a.empty", None),
        ("bypass.a.b.c", None),
        ("bypass.b", None),
        ("company", None),
    ] {
        assert_eq!(passed.said(path).as_deref(), expected, "{path}");
    }
}

/// On a telephone a window needs a page to come back to: without one it is said so, and refused where nothing works without.
#[test]
fn a_window_without_a_page_to_come_back_to_is_warned_of_or_refused() {
    let without = Policy { return_page: false, currencies: vec![Currency::Krw, Currency::Usd], ..Policy::default() };
    let asked = |pg: &str, options: Options, currency: Currency| {
        let window = Window { pg: Some(pg.to_owned()), ..with(options) };
        let details = Details { buyer_name: Some("홍길동".to_owned()), ..buyer().details };
        let order = Order { amount: Money::new(8_900, currency), details, ..buyer() };
        window.check(&order, &customer("kim"), START, &without).map_err(|invalid| invalid.field)
    };
    assert_eq!(asked("html5_inicis", Options::default(), Currency::Krw), Ok(vec![Warning::ReturnPageMissing]));
    assert_eq!(asked("tosspayments", Options::default(), Currency::Krw), Ok(vec![Warning::ReturnPageMissing]));
    assert_eq!(asked("paypal", Options::default(), Currency::Usd), Err("m_redirect_url".to_owned()));
    let popup = |popup| Options { naver: Naver { popup_mode: Some(popup), ..Naver::default() }, ..Options::default() };
    assert_eq!(asked("naverpay", popup(false), Currency::Krw), Err("m_redirect_url".to_owned()));
    assert!(asked("naverpay", popup(true), Currency::Krw).unwrap().contains(&Warning::ReturnPageMissing));
}
