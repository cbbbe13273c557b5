//! What is known of gateways and payment methods, against the API's own list; and what a window may be asked for.

use std::collections::BTreeSet;

use billing::checkout::{
    CardDetail, CardDirect, Naver, NaverProduct, Options, Passed, Period, Product, Warning, Window, open_until,
};
use billing::money::Currency;
use billing::order::{Details, Order};
use billing::pg::{IssueSupport, PAY_METHODS, PGS, Support, issue_support, rules, support};
use billing::{Invalid, Money, Policy, Timestamp};

use crate::fixture::{START, card_window, customer, order};

/// Codes that the API's users have always known.
const PGS_OF_OLD: [&str; 27] = [
    "html5_inicis",
    "inicis",
    "kcp",
    "kcp_billing",
    "uplus",
    "nice",
    "jtnet",
    "kicc",
    "bluewalnut",
    "kakaopay",
    "danal",
    "danal_tpay",
    "mobilians",
    "chai",
    "syrup",
    "payco",
    "paypal",
    "eximbay",
    "naverpay",
    "naverco",
    "smilepay",
    "alipay",
    "paymentwall",
    "payple",
    "tosspay",
    "smartro",
    "settle",
];
const METHODS_OF_OLD: [&str; 20] = [
    "card",
    "trans",
    "vbank",
    "phone",
    "samsung",
    "kpay",
    "kakaopay",
    "payco",
    "lpay",
    "ssgpay",
    "tosspay",
    "cultureland",
    "smartculture",
    "happymoney",
    "booknlife",
    "point",
    "wechat",
    "alipay",
    "unionpay",
    "tenpay",
];
/// Gateways of the documentation that were missing.
const PGS_ADDED: [&str; 16] = [
    "daou",
    "inicis_unified",
    "ksnet",
    "nice_v2",
    "settle_acc",
    "smartro_v2",
    "tosspayments",
    "toss_brandpay",
    "welcome",
    "tosspay_v2",
    "paypal_v2",
    "galaxia",
    "kcp_quick",
    "mobilians_v2",
    "inicis_jp",
    "payletter_global",
];
const METHODS_ADDED: [&str; 13] = [
    "applepay",
    "naverpay",
    "samsungpay",
    "culturegift",
    "pinpay",
    "ssgpay_bank",
    "skpay",
    "naverpay_card",
    "naverpay_point",
    "paypal",
    "toss_brandpay",
    "tosspay_card",
    "tosspay_money",
];

#[test]
fn every_gateway_and_every_method_of_the_documentation_is_listed_once() {
    let pgs: BTreeSet<&str> = PGS.iter().map(|pg| pg.code).collect();
    assert_eq!(pgs, PGS_OF_OLD.into_iter().chain(PGS_ADDED).collect());
    let methods: BTreeSet<&str> = PAY_METHODS.iter().map(|method| method.code).collect();
    assert!(METHODS_OF_OLD.iter().chain(&METHODS_ADDED).all(|method| methods.contains(method)));
    assert_eq!((pgs.len(), methods.len()), (PGS.len(), PAY_METHODS.len()), "each once");
    let legacy: Vec<&str> = PGS.iter().filter(|pg| pg.legacy).map(|pg| pg.code).collect();
    assert_eq!(legacy, ["jtnet", "bluewalnut", "chai", "syrup", "alipay", "payple"]);
    assert!(PGS.iter().map(|pg| pg.name).chain(PAY_METHODS.iter().map(|method| method.name)).all(|it| !it.is_empty()));
}

/// What the list of old ruled out against the documentation, and what it ruled out with it.
#[test]
fn a_gateway_takes_the_methods_that_its_page_lists_and_no_other() {
    let taken: [(&str, &[&str]); 8] = [
        ("uplus", &["tosspay", "kakaopay", "lpay", "payco", "samsung"]),
        ("kcp", &["lpay", "ssgpay", "tosspay", "naverpay_bridge", "point"]),
        ("html5_inicis", &["booknlife", "kpay", "samsung"]),
        ("danal_tpay", &["cultureland", "happymoney"]),
        ("nice_v2", &["cultureland", "payco", "lpay", "ssgpay", "alipay", "naverpay_card"]),
        ("danal", &["phone"]),
        // The value is ignored, or none is named.
        ("kakaopay", &["card", "kakaopay"]),
        ("naverpay", &["card", "naverpay"]),
    ];
    for (pg, method) in taken.iter().flat_map(|(pg, methods)| methods.iter().map(move |method| (*pg, *method))) {
        assert_eq!(support(pg, method), Support::Listed, "{pg} {method}");
    }
    let ruled_out = [("danal", "card"), ("nice_v2", "naverpay"), ("smartro", "kpay"), ("html5_inicis", "wechat")];
    for (pg, method) in ruled_out {
        assert_eq!(support(pg, method), Support::RuledOut, "{pg} {method}");
    }
    assert_eq!(support("brand_new", "card"), Support::UnlistedPg);
    assert_eq!(support("nice", "brand_new"), Support::UnlistedMethod);
    assert_eq!(support("mobilians", "trans"), Support::UnlistedMethod, "three pages, three lists");
}

fn checked(window: Window, order: Order) -> Result<Vec<Warning>, String> {
    let checked = window.normal_form(order).and_then(|(order, window)| held(&window, &order, &Policy::default()));
    checked.map_err(|invalid: Invalid| invalid.code)
}

fn held(window: &Window, order: &Order, policy: &Policy) -> Result<Vec<Warning>, Invalid> {
    window.check(order, &customer("kim"), START, policy)
}

fn with(options: Options) -> Window {
    Window { options, ..card_window() }
}

fn buyer() -> Order {
    Order {
        customer_uid: None,
        amount: Money::krw(64_900),
        details: Details { buyer_tel: Some("010-4242-4242".to_owned()), ..Details::default() },
        ..order("order_1")
    }
}

#[test]
fn what_is_not_listed_is_accepted_with_a_warning_and_what_is_ruled_out_is_not() {
    let at = |pg: &str, pay_method: &str| Window { pg: Some(pg.to_owned()), ..paid_by(pay_method) };
    assert_eq!(checked(at("html5_inicis", "kpay"), buyer()), Ok(vec![]));
    assert_eq!(checked(at("brand_new", "card"), buyer()), Ok(vec![Warning::PgUnlisted]));
    assert_eq!(checked(at("nice", "brand_new"), buyer()), Ok(vec![Warning::PayMethodUnlisted]));
    assert_eq!(checked(at("smartro", "kpay"), buyer()), Err("gateway_rule".to_owned()));
    for pg in ["html5_inicis.INIpayTest", "a b", "", "<pg>"] {
        assert_eq!(checked(at(pg, "card"), buyer()), Err("pg_invalid".to_owned()), "{pg}");
    }
    let no_tel = Order { details: Details::default(), ..buyer() };
    assert_eq!(checked(at("nice", "card"), no_tel), Ok(vec![Warning::BuyerTelMissing]));

    let usd = Order { amount: Money::new(1_999, Currency::Usd), ..buyer() };
    let policy = Policy { currencies: vec![Currency::Krw, Currency::Usd], ..Policy::default() };
    let paypal =
        |order: Order| held(&at("paypal", "card"), &order, &policy).map(|_| ()).map_err(|invalid| invalid.code);
    assert_eq!(paypal(buyer()), Err("gateway_rule".to_owned()), "PayPal has no won");
    assert_eq!(paypal(usd), Ok(()));
    assert_eq!(checked(at("paymentwall", "card"), buyer()), Err("gateway_rule".to_owned()));

    let policy = Policy { pgs: vec!["nice".to_owned()], default_pg: Some("nice".to_owned()), ..Policy::default() };
    let code = |window: Window| held(&window, &buyer(), &policy).map(|_| ()).map_err(|invalid| invalid.code);
    assert_eq!(code(at("kcp", "card")), Err("pg_not_configured".to_owned()));
    assert_eq!(code(Window { pg: None, ..paid_by("kpay") }), Err("gateway_rule".to_owned()));
    assert_eq!(code(Window { pg: None, ..paid_by("card") }), Ok(()));
}

fn paid_by(pay_method: &str) -> Window {
    Window { pay_method: pay_method.to_owned(), ..card_window() }
}

#[test]
fn each_parameter_of_a_window_has_its_rule() {
    let text = |value: &str| Some(value.to_owned());
    let product = |quantity| Product { id: None, name: "의자".to_owned(), code: None, unit_price: 64_900, quantity };
    let period = |from: &str| Some(Period { from: text(from), ..Period::default() });
    let direct = |quota| Some(CardDirect { code: "361".to_owned(), quota });
    let naver = |naver: Naver| Options { naver, ..Options::default() };
    let cases: [(Options, Result<(), &str>); 27] = [
        (Options { language: text("en"), ..Options::default() }, Ok(())),
        (Options { language: text("en<script>"), ..Options::default() }, Err("language_invalid")),
        (Options { escrow: Some(true), digital: Some(false), ..Options::default() }, Ok(())),
        (Options { vbank_due: text("20261231"), ..Options::default() }, Ok(())),
        (Options { vbank_due: text("202612312359"), ..Options::default() }, Ok(())),
        (Options { vbank_due: text("20260230"), ..Options::default() }, Err("vbank_due_invalid")),
        (Options { vbank_due: text("202612312460"), ..Options::default() }, Err("vbank_due_invalid")),
        (Options { vbank_due: text("2026-12-31"), ..Options::default() }, Err("vbank_due_invalid")),
        (Options { vbank_due: text("20261231+1+2"), ..Options::default() }, Err("vbank_due_invalid")),
        (Options { app_scheme: text("myapp"), ..Options::default() }, Ok(())),
        (Options { app_scheme: text("a\r\nb"), ..Options::default() }, Err("app_scheme_invalid")),
        (Options { biz_num: text("123-45-67890"), ..Options::default() }, Ok(())),
        (Options { biz_num: text("123456789"), ..Options::default() }, Err("biz_num_invalid")),
        (Options { card_quota: Some(vec![]), ..Options::default() }, Ok(())),
        (Options { card_quota: Some(vec![0, 2, 3, 6]), ..Options::default() }, Ok(())),
        (Options { card_quota: Some(vec![1]), ..Options::default() }, Err("card_quota_invalid")),
        (Options { card_quota: Some(vec![37]), ..Options::default() }, Err("card_quota_invalid")),
        (Options { card_direct: direct(Some(3)), ..Options::default() }, Ok(())),
        (Options { card_direct: direct(Some(1)), ..Options::default() }, Err("card_invalid")),
        (Options { period: period("20261201"), ..Options::default() }, Ok(())),
        (Options { period: period("20261301"), ..Options::default() }, Err("period_invalid")),
        (Options { products: vec![product(1)], ..Options::default() }, Ok(())),
        (Options { products: vec![product(0)], ..Options::default() }, Err("products_invalid")),
        (naver(Naver { product_code: text(""), ..Naver::default() }), Err("naverProductCode_invalid")),
        (naver(Naver { product_count: Some(0), ..Naver::default() }), Err("naverProductCount_invalid")),
        (
            naver(Naver { purchaser_birthday: text("900101"), ..Naver::default() }),
            Err("naverPurchaserBirthday_invalid"),
        ),
        (naver(Naver { purchaser_birthday: text("19900101"), ..Naver::default() }), Ok(())),
    ];
    for (options, expected) in cases {
        let shown = format!("{options:?}");
        assert_eq!(checked(with(options), buyer()).map(|_| ()), expected.map_err(str::to_owned), "{shown}");
    }
    let small = Order { amount: Money::krw(49_999), ..buyer() };
    let instalments = Options { card_quota: Some(vec![2]), ..Options::default() };
    assert_eq!(checked(with(instalments), small), Err("card_quota_invalid".to_owned()), "only from 50,000 won");

    let due = |text: &str| Options { vbank_due: Some(text.to_owned()), ..Options::default() };
    let new = |text: &str| with(due(text)).check_new(START, &Policy::default()).map_err(|invalid| invalid.code);
    assert_eq!(new("20991231"), Err("vbank_due_invalid".to_owned()), "too far ahead");
    assert_eq!(new("20200101"), Err("vbank_due_invalid".to_owned()), "past");
    assert_eq!(new("20261231"), Ok(()));
}

/// Every parameter at once, as its customer's storefront wrote it, and as the window is opened with it.
#[test]
fn a_window_keeps_every_parameter_that_it_is_given() {
    let text = |value: &str| Some(value.to_owned());
    let given = |biz_num: &str| Options {
        language: text("en"),
        escrow: Some(true),
        digital: Some(false),
        vbank_due: text("202612312359"),
        app_scheme: text("myapp"),
        biz_num: text(biz_num),
        use_free_interest_from_mall: Some(true),
        card_quota: Some(vec![0, 2, 36]),
        card_direct: Some(CardDirect { code: "361".to_owned(), quota: Some(3) }),
        card_detail: vec![CardDetail { card_code: "366".to_owned(), enabled: true }],
        period: Some(Period { from: text("20261201"), to: text("20261231"), interval: text("1m") }),
        products: vec![Product {
            id: text("p1"),
            name: "의자".to_owned(),
            code: text("chair"),
            unit_price: 64_900,
            quantity: 1,
        }],
        naver: Naver {
            popup_mode: Some(true),
            use_cfm: text("20261231"),
            products: vec![naver_product()],
            product_code: text("plan-1"),
            product_count: Some(1),
            merchant_user_key: text("m1"),
            purchaser_name: text("홍길동"),
            purchaser_birthday: text("19900101"),
            culture_benefit: Some(false),
        },
        passed: Passed::default().with("bypass", Some(r#"{"shop_user_id":"gildong"}"#)).unwrap(),
    };
    let (_, window) = with(given("123-45-67890")).normal_form(buyer()).unwrap();
    assert_eq!(window.options, given("1234567890"));
    assert_eq!(
        serde_json::to_value(Options::default()).unwrap(),
        serde_json::json!({}),
        "what is not given is not kept"
    );
}

fn naver_product() -> NaverProduct {
    NaverProduct {
        category_type: "BOOK".to_owned(),
        category_id: "GENERAL".to_owned(),
        uid: "b1".to_owned(),
        name: "책".to_owned(),
        count: 1,
    }
}

/// As long as it may be, and one more.
#[test]
fn lists_and_codes_of_a_window_are_as_long_as_a_row_has_room_for() {
    let product = Product { id: None, name: "의자".to_owned(), code: None, unit_price: 1, quantity: 1 };
    let card = CardDetail { card_code: "366".to_owned(), enabled: true };
    type OfLength<'a> = &'a dyn Fn(usize) -> Options;
    let cases: [(usize, &str, OfLength<'_>); 5] = [
        (100, "products", &|n| Options { products: vec![product.clone(); n], ..Options::default() }),
        (100, "naverProducts", &|n| Options {
            naver: Naver { products: vec![naver_product(); n], ..Naver::default() },
            ..Options::default()
        }),
        (50, "card", &|n| Options { card_detail: vec![card.clone(); n], ..Options::default() }),
        (36, "card_quota", &|n| Options { card_quota: Some(vec![2; n]), ..Options::default() }),
        (10, "language", &|n| Options { language: Some("e".repeat(n)), ..Options::default() }),
    ];
    for (max, field, of) in cases {
        assert_eq!(checked(with(of(max)), buyer()).map(|_| ()), Ok(()), "{field}");
        assert_eq!(checked(with(of(max + 1)), buyer()).map(|_| ()), Err(format!("{field}_invalid")), "{field}");
    }
    assert_eq!(
        checked(with(Options { language: Some(String::new()), ..Options::default() }), buyer()),
        Err("language_invalid".to_owned())
    );
}

/// What issuing a key does at each gateway: (gateway, method, amount, charges | refused).
const ISSUES: [(&str, &str, u64, Option<bool>); 44] = [
    ("html5_inicis", "card", 0, Some(false)),
    ("html5_inicis", "card", 8_900, Some(false)),
    ("html5_inicis", "vbank", 0, None),
    ("kcp_billing", "card", 8_900, Some(false)),
    ("kcp", "card", 0, Some(false)),
    ("tosspayments", "card", 8_900, Some(false)),
    ("kicc", "card", 8_900, Some(false)),
    ("payco", "card", 8_900, Some(false)),
    ("naverpay", "card", 0, Some(false)),
    ("naverpay", "card", 8_900, Some(false)),
    ("smartro_v2", "card", 8_900, Some(false)),
    ("welcome", "card", 8_900, Some(false)),
    ("welcome", "phone", 8_900, Some(true)),
    ("galaxia", "card", 0, Some(false)),
    ("galaxia", "card", 8_900, Some(false)),
    ("galaxia", "phone", 8_900, Some(true)),
    ("kakaopay", "card", 0, Some(false)),
    ("kakaopay", "card", 8_900, Some(true)),
    ("danal_tpay", "card", 0, Some(false)),
    ("danal_tpay", "card", 8_900, Some(true)),
    ("danal", "phone", 8_900, Some(true)),
    ("settle_acc", "trans", 0, Some(false)),
    ("settle_acc", "trans", 8_900, Some(true)),
    ("mobilians", "card", 0, Some(false)),
    ("mobilians", "card", 8_900, Some(true)),
    ("mobilians", "phone", 8_900, Some(true)),
    ("mobilians_v2", "card", 0, Some(false)),
    ("mobilians_v2", "phone", 8_900, Some(true)),
    ("paymentwall", "card", 0, None),
    ("paymentwall", "card", 8_900, Some(true)),
    ("nice_v2", "kakaopay", 0, Some(false)),
    ("nice_v2", "naverpay_card", 8_900, Some(true)),
    ("nice_v2", "naverpay", 0, None),
    ("nice_v2", "card", 0, None),
    ("tosspay_v2", "tosspay", 0, Some(false)),
    ("tosspay_v2", "card", 0, None),
    ("paypal_v2", "paypal", 8_900, Some(false)),
    ("jtnet", "card", 8_900, Some(true)),
    ("nice", "card", 0, None),
    ("uplus", "card", 0, None),
    ("eximbay", "card", 0, None),
    ("ksnet", "card", 0, None),
    ("brand_new", "card", 0, Some(false)),
    ("brand_new", "card", 8_900, Some(true)),
];

#[test]
fn what_an_amount_does_is_known_for_each_gateway_that_issues_keys() {
    let text = |value: &str| Some(value.to_owned());
    for (pg, pay_method, amount, expected) in ISSUES {
        let naver = Naver { product_code: text("plan-1"), product_count: Some(1), ..Naver::default() };
        let options = Options { naver, digital: Some(true), ..Options::default() };
        let window = Window { pg: Some(pg.to_owned()), pay_method: pay_method.to_owned(), options };
        let (buyer_email, buyer_name) = (text("gildong@gmail.com"), text("Gildong Hong"));
        let details = Details { buyer_email, buyer_name, ..buyer().details };
        let order = Order { amount: Money::krw(amount), details, ..order("order1") };
        let issue = window.check_issue(&order, &customer("kim"), START, &Policy::default());
        let charges = issue.as_ref().ok().map(|issue| issue.charges);
        assert_eq!(charges, expected, "{pg} {pay_method} {amount} {issue:?}");
        if let Ok(issue) = issue {
            let shown_least =
                if pg == "naverpay" { 10 } else { 1_000 * u64::from((pg, pay_method) == ("galaxia", "card")) };
            assert_eq!(issue.shown.minor, amount.max(shown_least), "{pg}");
            assert_eq!(issue.warnings.contains(&Warning::PgUnlisted), pg == "brand_new");
            let unknown = issue.warnings.contains(&Warning::IssueMayCharge);
            let is_known = issue_support(pg, pay_method) != IssueSupport::Unlisted;
            assert_eq!(unknown, !is_known && amount > 0, "{pg} {amount}");
            assert_eq!(issue.warnings.contains(&Warning::IssueByLoadUi), pg == "paypal_v2", "{pg}");
        }
    }
    assert_eq!(issue_support("brand_new", "card"), IssueSupport::Unlisted);
}

#[test]
fn a_gateway_whose_channels_are_for_some_methods_opens_no_window_for_another() {
    let pg_methods = [("kcp".to_owned(), vec!["card".to_owned(), "trans".to_owned()])].into();
    let policy = Policy { default_pg: Some("kcp".to_owned()), pg_methods, ..Policy::default() };
    for (pg, pay_method, expected) in [
        (Some("kcp"), "card", None),
        (Some("kcp"), "vbank", Some("pay_method_not_configured")),
        (None, "vbank", Some("pay_method_not_configured")),
        (Some("nice"), "vbank", None),
    ] {
        let window = Window { pg: pg.map(str::to_owned), ..paid_by(pay_method) };
        let checked = window.check(&buyer(), &customer("kim"), START, &policy);
        assert_eq!(checked.err().map(|invalid| invalid.code).as_deref(), expected, "{pg:?} {pay_method}");
    }
}

/// Naver Pay makes a code up for a key of nobody knows what, and takes whoever registers twice for two: the storefront is warned.
#[test]
fn whoever_does_not_say_what_a_naver_key_is_for_is_warned() {
    let text = |value: &str| Some(value.to_owned());
    let issued = |product_code, product_count| {
        let naver = Naver { product_code, product_count, ..Naver::default() };
        let window = Window { pg: text("naverpay"), ..with(Options { naver, ..Options::default() }) };
        let zero = Order { amount: Money::krw(0), ..buyer() };
        let issue = window.check_issue(&zero, &customer("kim"), START, &Policy::default());
        let of_rules = |warning: Warning| match warning {
            Warning::GatewayRule(rule) => Some(rule.id),
            _ => None,
        };
        issue.unwrap().warnings.into_iter().filter_map(of_rules).collect::<Vec<_>>()
    };
    assert_eq!(issued(None, Some(1)), ["naverpay.key_window.product_code.required"]);
    assert_eq!(issued(text("plan-1"), None), ["naverpay.key_window.product_count.required"]);
    assert_eq!(issued(text("plan-1"), Some(1)), Vec::<&str>::new());
}

#[test]
fn a_customers_id_is_as_long_as_the_gateway_takes_it() {
    for (pg, pay_method, most) in [("tosspay_v2", "tosspay", 50), ("smartro_v2", "card", 20)] {
        let window = Window { pg: Some(pg.to_owned()), ..paid_by(pay_method) };
        let zero = Order { amount: Money::krw(0), ..order("order1") };
        let issued = |length: usize| {
            let issue = window.check_issue(&zero, &customer(&"k".repeat(length)), START, &Policy::default());
            issue.map(|_| ()).map_err(|invalid| invalid.field)
        };
        assert_eq!((issued(most), issued(most + 1)), (Ok(()), Err("customer_id".to_owned())), "{pg}");
    }
}

/// PayPal's keys are not issued by `IMP.request_pay`.
#[test]
fn who_issues_in_another_way_is_told_so() {
    let window = Window { pg: Some("paypal_v2".to_owned()), ..paid_by("paypal") };
    let order = Order { amount: Money::new(0, Currency::Usd), ..buyer() };
    let policy = Policy { currencies: vec![Currency::Usd], ..Policy::default() };
    let issue = window.check_issue(&order, &customer("kim"), START, &policy).unwrap();
    assert!(issue.warnings.contains(&Warning::IssueByLoadUi), "{:?}", issue.warnings);
}

/// A warning's code is what a client knows it by, and what it says is a sentence of its own.
#[test]
fn warnings_are_named_as_the_interface_says() {
    let uncertain = billing::pg::rules().find(|rule| !rule.certain).unwrap();
    let all = [
        Warning::PgUnlisted,
        Warning::PayMethodUnlisted,
        Warning::BuyerTelMissing,
        Warning::ReturnPageMissing,
        Warning::IssueMayCharge,
        Warning::IssueByLoadUi,
        Warning::GatewayRule(uncertain),
    ];
    let openapi = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.yaml")).unwrap();
    let codes = all.map(Warning::code).join(", ");
    assert!(openapi.contains(&format!("code: {{enum: [{codes}]}}")), "{codes}");
    let details: BTreeSet<&str> = all.iter().map(|warning| warning.detail()).collect();
    assert_eq!(details.len(), all.len());
    let of_rules: BTreeSet<&str> = rules().map(|rule| Warning::GatewayRule(rule).detail()).collect();
    assert_eq!(of_rules.len(), rules().count());
    let all = details.union(&of_rules);
    assert!(all.clone().all(|detail| detail.ends_with('.') && detail.len() > 30), "{details:?}");
    assert!(rules().all(|rule| Warning::GatewayRule(rule).code() == "gateway_rule"));
}

/// Only who pays into an account may do so after the window has closed.
#[test]
fn a_deposit_is_waited_for_until_it_is_due_and_nothing_else() {
    let policy = Policy::default();
    let options = Options { vbank_due: Some("202612312359".to_owned()), ..Options::default() };
    let window = |pay_method: &str| Window { options: options.clone(), ..paid_by(pay_method) };
    // 23:59:59 in Korea: through the whole of that minute.
    let due = Timestamp(1_798_729_199);
    assert_eq!(open_until(&window("vbank"), START, &policy), due.plus(policy.deposit_grace_seconds));
    assert_eq!(open_until(&window("card"), START, &policy), START.plus(policy.window_seconds));
    assert_eq!(open_until(&paid_by("vbank"), START, &policy), START.plus(policy.window_seconds));
}
