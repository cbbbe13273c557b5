//! Every field of an order and of a card form, each in its place; and what is not one, under its own name.

use serde_json::{Value, json};

use super::*;

pub(crate) fn object(body: &Value) -> Object {
    Object::parse(body.to_string().as_bytes()).unwrap()
}

/// All that may be said of a payment on a billing key.
pub(crate) fn every_detail() -> Value {
    json!({
        "tax_free": 1900, "vat_amount": 700, "buyer_name": "김길동", "buyer_email": "kim@shop.example",
        "buyer_tel": "010-1234-5678", "buyer_addr": "서울", "buyer_postcode": "06164", "custom_data": {"cart": [1, 2]},
        "card_quota": 3, "interest_free_by_merchant": true, "use_card_point": false, "product_type": "digital",
        "product_count": 2, "cash_receipt_type": "company", "browser_ip": "192.0.2.1",
        "extra": {"naverUseCfm": "20261231"}
    })
}

pub(crate) fn merged(mut one: Value, other: &Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

/// What was said in [`every_detail`].
pub(crate) fn said() -> Details {
    Details {
        card_quota: Some(3),
        interest_free_by_merchant: Some(true),
        use_card_point: Some(false),
        product_type: Some(ProductType::Digital),
        product_count: Some(2),
        cash_receipt_type: Some(CashReceiptType::Company),
        browser_ip: Some("192.0.2.1".to_owned()),
        naver_use_cfm: Some("20261231".to_owned()),
        ..said_of_any()
    }
}

/// What of it may be said however a payment is made.
pub(crate) fn said_of_any() -> Details {
    Details {
        tax_free: Some(1_900),
        vat_amount: Some(700),
        buyer_name: Some("김길동".to_owned()),
        buyer_email: Some("kim@shop.example".to_owned()),
        buyer_tel: Some("010-1234-5678".to_owned()),
        buyer_addr: Some("서울".to_owned()),
        buyer_postcode: Some("06164".to_owned()),
        custom_data: Some(r#"{"cart":[1,2]}"#.to_owned()),
        ..Details::default()
    }
}

/// Each field of a body in turn with a value that no field takes is refused under its own name; what takes any JSON is not.
#[track_caller]
pub(crate) fn each_field_is_refused_by_name<T>(body: &Value, read: impl Fn(&mut Object) -> Result<T, Invalid>) {
    for name in body.as_object().unwrap().keys() {
        for value in [json!([{}, 7]), json!("\u{0}"), json!(-0.5)] {
            let refused = read(&mut object(&merged(body.clone(), &json!({ name: value })))).err();
            match (name.as_str(), refused) {
                // Whatever is said there is kept as it is, or checked by the domain.
                (_, None) => assert!(value.is_string() || name == "custom_data", "{name}: {value}"),
                (_, Some(invalid)) => {
                    assert!(invalid.field == *name || invalid.field.starts_with(&format!("{name}[")), "{invalid:?}");
                    assert!(!invalid.to_string().contains("0.5"), "{invalid}");
                }
            }
        }
    }
}

fn key() -> CustomerUid {
    CustomerUid::parse("key1").unwrap()
}

fn ordered() -> Value {
    json!({ "merchant_uid": "order_1", "amount": 8900, "name": "월간 이용권" })
}

#[test]
fn every_field_of_an_order_is_read_into_its_place() {
    let body = merged(ordered(), &every_detail());
    let mut read = object(&body);
    let expected = Order {
        merchant_uid: MerchantUid::parse("order_1").unwrap(),
        customer_uid: Some(key()),
        amount: Money::krw(8_900),
        name: "월간 이용권".to_owned(),
        details: said(),
    };
    assert_eq!(order(&mut read, key()), Ok(expected.clone()));
    assert_eq!(read.finish(), Ok(()), "every field was taken");
    let mut bare = object(&ordered());
    assert_eq!(order(&mut bare, key()), Ok(Order { details: Details::default(), ..expected }));
    each_field_is_refused_by_name(&body, |object| order(object, key()));
}

#[test]
fn an_order_without_what_it_needs_names_what_is_missing() {
    for name in ["merchant_uid", "amount", "name"] {
        for missing in [json!({ name: null }), json!({})] {
            let mut body = ordered();
            body.as_object_mut().unwrap().remove(name);
            let refused = order(&mut object(&merged(body, &missing)), key()).unwrap_err();
            assert_eq!((refused.field.as_str(), refused.code), (name, format!("{name}_required")));
        }
    }
}

#[test]
fn amounts_are_in_the_currency_that_is_named() {
    let amount = |change: Value| {
        let mut body = object(&merged(ordered(), &change));
        order(&mut body, key()).map(|order| (order.amount, order.details.tax_free)).map_err(|invalid| invalid.code)
    };
    let dollars = |minor| Money::new(minor, Currency::Usd);
    assert_eq!(amount(json!({ "currency": "USD", "amount": 12.34, "tax_free": 0.5 })), Ok((dollars(1_234), Some(50))));
    assert_eq!(amount(json!({ "currency": "KRW", "tax_free": 0 })), Ok((Money::krw(8_900), Some(0))));
    assert_eq!(amount(json!({ "amount": 12.34 })), Err("amount_invalid".to_owned()));
    assert_eq!(amount(json!({ "currency": "USD", "vat_amount": 0.001 })), Err("vat_amount_invalid".to_owned()));
    for unknown in [json!(null), json!("won"), json!("krw"), json!("")] {
        assert_eq!(amount(json!({ "currency": unknown })), Err("currency_unsupported".to_owned()), "{unknown}");
    }
}

#[test]
fn the_seeds_spellings_stand_for_the_real_ones_and_never_beside_them() {
    for (seeds, real) in [
        (json!({ "carf_quota": 3 }), json!({ "card_quota": 3 })),
        (json!({ "buyer_post": "06164" }), json!({ "buyer_postcode": "06164" })),
        (json!({ "extra.naverUseCfm": "20261231" }), json!({ "extra": { "naverUseCfm": "20261231" } })),
    ] {
        let read = |said: &Value| order(&mut object(&merged(ordered(), said)), key());
        assert_eq!(read(&seeds), read(&real));
        assert_ne!(read(&real).unwrap().details, Details::default());
        let both = read(&merged(seeds, &real)).unwrap_err();
        let name = real.as_object().unwrap().keys().next().unwrap();
        assert!(both.code == "duplicate_field" && both.field.starts_with(name.as_str()), "{both:?}");
    }
    for (extra, day) in [(json!({}), None), (json!(null), None), (json!({ "naverUseCfm": null }), None)] {
        let read = order(&mut object(&merged(ordered(), &json!({ "extra": extra }))), key()).unwrap();
        assert_eq!(read.details.naver_use_cfm, day);
    }
    let unknown = order(&mut object(&merged(ordered(), &json!({ "extra": { "naver": 1 } }))), key()).unwrap_err();
    assert_eq!((unknown.field.as_str(), unknown.code.as_str()), ("extra.naver", "unknown_field"));
}

#[test]
fn what_is_said_twice_within_another_object_is_named_with_it() {
    let twice = json!({ "extra.naverUseCfm": "20261231", "extra": { "naverUseCfm": "20261231" } });
    let mut schedules = object(&json!({ "schedules": [merged(ordered(), &twice)] })).list("schedules", 1).unwrap();
    let refused = order(&mut schedules[0], key()).unwrap_err();
    assert_eq!((refused.field.as_str(), refused.code.as_str()), ("schedules[0].extra.naverUseCfm", "duplicate_field"));
}

#[test]
fn custom_data_is_kept_as_it_was_written() {
    for (written, kept) in [
        (r#""plain""#, Some("plain")),
        (r#"{"b": 1, "a":1.0}"#, Some(r#"{"b": 1, "a":1.0}"#)),
        ("[1,2]", Some("[1,2]")),
        ("7.10", Some("7.10")),
        ("true", Some("true")),
        ("null", None),
    ] {
        let body = format!(r#"{{"merchant_uid":"order_1","amount":8900,"name":"n","custom_data":{written}}}"#);
        let read = order(&mut Object::parse(body.as_bytes()).unwrap(), key()).unwrap();
        assert_eq!(read.details.custom_data.as_deref(), kept, "{written}");
    }
}

#[test]
fn a_billing_key_is_its_customers_own_or_whose_the_merchant_says() {
    let id = |text: &str| CustomerId::parse(text).unwrap();
    let missing = || Invalid::new("customer_id", "customer_id_required", "whose key it will be");
    for (caller, named, expected) in [
        (Caller::Merchant, Some(id("kim")), Ok(id("kim"))),
        (Caller::Merchant, None, Err("customer_id_required")),
        (Caller::Customer(id("kim")), None, Ok(id("kim"))),
        (Caller::Customer(id("kim")), Some(id("kim")), Ok(id("kim"))),
        (Caller::Customer(id("kim")), Some(id("lee")), Err("customer_id_invalid")),
    ] {
        let whose = owner(caller, named, missing());
        assert_eq!(whose.as_ref().map_err(|invalid| invalid.code.as_str()), expected.as_ref().map_err(|code| *code));
    }
}

#[test]
fn a_time_is_whole_seconds_and_must_be_named() {
    let read = |value: Value| seconds(&mut object(&json!({ "schedule_at": value })), "schedule_at");
    assert_eq!(read(json!(1_795_478_400)), Ok(Timestamp(1_795_478_400)));
    assert_eq!(read(json!(-1)), Ok(Timestamp(-1)));
    assert_eq!(read(json!(null)).unwrap_err().code, "schedule_at_required");
    for wrong in [json!("1795478400"), json!(1.5), json!(true)] {
        assert_eq!(read(wrong).unwrap_err().code, "schedule_at_invalid");
    }
}

const NOW: Timestamp = Timestamp(1_795_478_400);

fn card_form() -> Value {
    json!({
        "card_number": "4242-4242-4242-4242", "expiry": "2030-12", "birth": "900101", "pwd_2digit": "07", "cvc": "045",
        "customer_name": "김길동", "customer_tel": "010-1234-5678", "customer_email": "kim@shop.example",
        "customer_addr": "서울", "customer_postcode": "06164"
    })
}

#[test]
fn a_card_form_is_read_whole_and_no_part_of_it_can_be_printed() {
    let mut form = object(&card_form());
    let (card, holder) = super::card(&mut form, NOW).unwrap();
    assert_eq!(form.finish(), Ok(()));
    assert!(card.birth.is_some() && card.pwd_2digit.is_some() && card.cvc.is_some());
    let printed = format!("{card:?}");
    assert!(!["4242", "2030", "900101", "07", "045"].iter().any(|part| printed.contains(part)), "{printed}");
    let CardHolder { customer_id, customer_name, customer_tel, customer_email, customer_addr, customer_postcode } =
        holder;
    assert_eq!(customer_id, None, "whose it is, the token says");
    let read = [customer_name, customer_tel, customer_email, customer_addr, customer_postcode];
    let said = ["김길동", "010-1234-5678", "kim@shop.example", "서울", "06164"];
    assert_eq!(read.each_ref().map(Option::as_deref), said.map(Some));
    let (bare, holder) =
        super::card(&mut object(&json!({ "card_number": "4242424242424242", "expiry": "203012" })), NOW).unwrap();
    assert!(bare.birth.is_none() && bare.pwd_2digit.is_none() && bare.cvc.is_none() && holder.customer_name.is_none());
    each_field_is_refused_by_name(&card_form(), |object| super::card(object, NOW));
}

/// Digits without quotes have lost their leading zeros: the field is wrong, and not only its type.
#[test]
fn digits_without_quotes_are_a_wrong_value() {
    for (name, value, code) in [
        ("pwd_2digit", json!(7), "pwd_2digit_invalid"),
        ("pwd_2digit", json!("7"), "pwd_2digit_invalid"),
        ("cvc", json!(45), "cvc_invalid"),
        ("cvc", json!("45"), "cvc_invalid"),
        ("card_number", json!(4_242_424_242_424_242_u64), "field_type"),
        ("expiry", json!("2020-01"), "card_expired"),
    ] {
        let refused = super::card(&mut object(&merged(card_form(), &json!({ name: value }))), NOW).err().unwrap();
        assert_eq!((refused.field.as_str(), refused.code.as_str()), (name, code));
    }
}
