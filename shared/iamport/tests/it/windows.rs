//! The object for `IMP.request_pay`: every parameter under its own name, and nothing that was not asked for.

use iamport::{Amount, CustomerUid, MerchantUid, NaverProduct, RequestPay, Sensitive, ServicePeriod, WindowProduct};
use serde_json::{Value, json};

fn window() -> RequestPay {
    RequestPay::new(MerchantUid::new("order1").unwrap(), "card", Amount::from_minor(64_900, 0))
}

fn shown(window: &RequestPay) -> Value {
    serde_json::from_str(&window.to_json()).unwrap()
}

#[test]
fn a_bare_window_has_what_it_needs_and_no_more() {
    assert_eq!(shown(&window()), json!({ "pay_method": "card", "merchant_uid": "order1", "amount": 64_900 }));
}

#[test]
fn every_parameter_has_its_own_name() {
    let text = |value: &str| Some(value.to_owned());
    let hidden = |value: &str| Some(Sensitive::from(value));
    let mut window = window();
    window.channel_key = text("channel-key-1");
    window.pg = text("html5_inicis.INIpayTest");
    window.name = text("노르웨이 회전 의자");
    window.currency = text("KRW");
    window.tax_free = Some(Amount::from_minor(900, 0));
    window.vat_amount = Some(Amount::from_minor(5_800, 0));
    window.language = text("ko");
    window.custom_data = hidden(r#"{"cart":11}"#);
    window.buyer_name = hidden("홍길동");
    window.buyer_tel = hidden("01042424242");
    window.buyer_email = hidden("gildong@gmail.com");
    window.buyer_addr = hidden("서울특별시 강남구 신사동");
    window.buyer_postcode = hidden("01181");
    window.confirm_url = hidden("https://shop.example/confirm");
    window.notice_url = hidden("https://shop.example/notice");
    window.m_redirect_url = text("https://shop.example/return");
    window.app_scheme = text("shopapp");
    window.customer_uid = CustomerUid::new("gildong_0001_1234").ok();
    window.customer_id = text("kim");
    window.escrow = Some(true);
    window.digital = Some(false);
    window.vbank_due = text("202612312359");
    window.biz_num = text("1234567890");
    window.use_free_interest_from_mall = Some(true);
    window.card_quota = Some(vec![0, 2, 3]);
    window.card_direct = Some(("361".to_owned(), Some(3)));
    window.card_detail = vec![("366".to_owned(), false)];
    window.period = Some(ServicePeriod { from: text("20261201"), to: text("20261231"), interval: text("1m") });
    window.products = vec![WindowProduct {
        id: text("1"),
        name: "의자".to_owned(),
        code: text("chair"),
        unit_price: Amount::from_minor(64_900, 0),
        quantity: 1,
    }];
    window.naver_popup_mode = Some(true);
    window.naver_use_cfm = text("20261231");
    window.naver_products = vec![NaverProduct {
        category_type: "PRODUCT".to_owned(),
        category_id: "GENERAL".to_owned(),
        uid: "chair".to_owned(),
        name: "의자".to_owned(),
        count: 1,
    }];
    window.passed = vec![
        ("bypass".to_owned(), Sensitive::from(r#"{"shop_user_id":"gildong"}"#)),
        ("company".to_owned(), Sensitive::from(r#""포트원""#)),
    ];
    let expected = json!({
        "bypass": { "shop_user_id": "gildong" }, "company": "포트원",
        "channelKey": "channel-key-1", "pg": "html5_inicis.INIpayTest", "pay_method": "card", "merchant_uid": "order1",
        "amount": 64_900, "name": "노르웨이 회전 의자", "currency": "KRW", "tax_free": 900, "vat_amount": 5_800,
        "language": "ko", "custom_data": { "cart": 11 }, "buyer_name": "홍길동", "buyer_tel": "01042424242",
        "buyer_email": "gildong@gmail.com", "buyer_addr": "서울특별시 강남구 신사동", "buyer_postcode": "01181",
        "confirm_url": "https://shop.example/confirm", "notice_url": "https://shop.example/notice",
        "m_redirect_url": "https://shop.example/return", "app_scheme": "shopapp", "customer_uid": "gildong_0001_1234",
        "customer_id": "kim", "escrow": true, "digital": false, "vbank_due": "202612312359", "biz_num": "1234567890",
        "useFreeInterestFromMall": true, "display": { "card_quota": [0, 2, 3] },
        "card": { "direct": { "code": "361", "quota": 3 }, "detail": [{ "card_code": "366", "enabled": false }] },
        "period": { "from": "20261201", "to": "20261231", "interval": "1m" },
        "products": [{ "id": "1", "name": "의자", "code": "chair", "unitPrice": 64_900, "quantity": 1 }],
        "naverPopupMode": true, "naverUseCfm": "20261231",
        "naverProducts": [
            { "categoryType": "PRODUCT", "categoryId": "GENERAL", "uid": "chair", "name": "의자", "count": 1 }
        ],
    });
    assert_eq!(shown(&window), expected);
    let printed = format!("{window:?}");
    for secret in ["gildong\"", "홍길동", "01042424242", "shop.example", "channel-key-1"] {
        assert!(!printed.contains(secret), "{printed}");
    }
}

#[test]
fn a_card_company_and_a_choice_of_them_need_not_come_together() {
    let (mut direct, mut detail) = (window(), window());
    direct.card_direct = Some(("361".to_owned(), None));
    assert_eq!(shown(&direct)["card"], json!({ "direct": { "code": "361" } }));
    detail.card_detail = vec![("366".to_owned(), true)];
    assert_eq!(shown(&detail)["card"], json!({ "detail": [{ "card_code": "366", "enabled": true }] }));
}

#[test]
fn amounts_are_exact_and_free_text_stays_text() {
    let mut window = RequestPay::new(MerchantUid::new("order1").unwrap(), "card", Amount::from_minor(1_999, 2));
    window.name = Some("</script><b>\"의자\"\u{2028}".to_owned());
    window.custom_data = Some(Sensitive::from("not json {"));
    assert!(window.to_json().contains(r#""amount":19.99"#));
    assert_eq!(shown(&window)["name"], "</script><b>\"의자\"\u{2028}");
    assert_eq!(shown(&window)["custom_data"], "not json {");
}
