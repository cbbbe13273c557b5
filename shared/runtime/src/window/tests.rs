//! The object for `IMP.request_pay`: what a caller may choose as it was chosen, and the rest ours.

use serde_json::{Value, json};

use super::*;
use crate::app::tests::app_at;
use crate::http::order::tests::{merged, object};
use crate::http::tests::request;
use crate::http::window::tests::every_parameter;
use crate::http::window::{order as window_order, window};
use crate::secret::tests::told;
use crate::server::{Reply, Server};

/// The object for this body, from an app with these variables, of an order of kim's that issues this key, if one; and the token of
/// the order's own addresses.
async fn request_pay(variables: &[(&'static str, &str)], body: &Value, key: Option<&str>) -> (Value, String) {
    let server = Server::start(|_| told()).await;
    let app = app_at(&server.url, variables);
    let mut body = object(body);
    let mut order = window_order(&mut body).unwrap();
    order.customer_uid = key.map(|key| billing::CustomerUid::parse(key).unwrap());
    let window = window(&mut body, order.amount.currency).unwrap();
    let kim = CustomerId::parse("kim").unwrap();
    let json = app.request_pay(&request(&[]), &order, &window, &kim).await.unwrap();
    let token = app.secret().await.unwrap().order_token(&order.merchant_uid).to_string();
    (serde_json::from_str(&json).unwrap(), token)
}

fn ordered() -> Value {
    json!({
        "merchant_uid": "order_1", "amount": 8900, "currency": "KRW", "name": "월간 이용권", "tax_free": 1900,
        "vat_amount": 700, "buyer_name": "김길동", "buyer_email": "kim@shop.example", "buyer_tel": "01012345678",
        "buyer_addr": "서울", "buyer_postcode": "06164", "custom_data": { "cart": [1, 2] }
    })
}

/// Whatever may be said of a window reaches the page as it was said: names, numbers, lists, nothing more and nothing less.
#[tokio::test]
async fn a_page_is_given_what_was_asked_for_and_nothing_else() {
    let asked = merged(ordered(), &every_parameter());
    let (given, _) = request_pay(&[], &asked, None).await;
    assert_eq!(given, asked);
    let bare = json!({ "merchant_uid": "order_1", "amount": 12.5, "currency": "USD", "name": "Pass" });
    let (given, _) = request_pay(&[], &bare, Some("key1")).await;
    let whose = json!({ "pay_method": "card", "customer_uid": "key1", "customer_id": "kim" });
    assert_eq!(given, merged(bare.clone(), &whose));
    // Without a key only where the gateway asks whose it is.
    let at_galaxia = merged(bare, &json!({ "pg": "galaxia", "pay_method": "card" }));
    let (given, _) = request_pay(&[], &at_galaxia, None).await;
    assert_eq!(given, merged(at_galaxia, &json!({ "customer_id": "kim" })));
}

/// The order's own addresses carry a token that is good for this order alone.
#[tokio::test]
async fn a_window_reports_to_addresses_of_ours() {
    let bare = json!({ "merchant_uid": "order_1", "amount": 8900, "name": "Pass" });
    let notice = ("NOTICE_URL", "https://hook.example/webhooks/iamport/");
    let page = ("CHECKOUT_RETURN_URL", "https://shop.example/done");
    let (confirm, public) = (("CHECKOUT_CONFIRM", "true"), ("PUBLIC_URL", "https://api.example/v1"));
    for (variables, notice_url, confirm_url, m_redirect_url) in [
        (vec![], None, None, None),
        (vec![notice], Some("https://hook.example/webhooks/iamport/TOKEN"), None, None),
        // Without an address of its own the API has the one that the gateway names.
        (vec![confirm], None, Some("https://sandbox.example/checkouts/confirm/TOKEN"), None),
        (vec![confirm, public], None, Some("https://api.example/v1/checkouts/confirm/TOKEN"), None),
        (vec![page], None, None, Some("https://sandbox.example/checkouts/order_1/return?token=TOKEN")),
        (vec![page, public], None, None, Some("https://api.example/v1/checkouts/order_1/return?token=TOKEN")),
    ] {
        let (given, token) = request_pay(&variables, &bare, None).await;
        let of = |url: Option<&str>| url.map_or(Value::Null, |url| url.replace("TOKEN", &token).into());
        assert_eq!(given["notice_url"], of(notice_url), "{variables:?}");
        assert_eq!(given["confirm_url"], of(confirm_url), "{variables:?}");
        assert_eq!(given["m_redirect_url"], of(m_redirect_url), "{variables:?}");
    }
}

#[tokio::test]
async fn without_the_secret_there_is_no_window() {
    let server = Server::start(|_| Reply::json(400, &json!({ "__type": "ResourceNotFoundException" }))).await;
    let mut body = object(&ordered());
    let order = window_order(&mut body).unwrap();
    let window = window(&mut object(&json!({})), order.amount.currency).unwrap();
    let failed =
        app_at(&server.url, &[]).request_pay(&request(&[]), &order, &window, &CustomerId::parse("kim").unwrap()).await;
    assert!(matches!(failed, Err(Failure::Unavailable)), "{failed:?}");
}

fn config(pgs: &str, pg: &str, channel_key: &str) -> Config {
    let variables = [
        ("TABLE_NAME", "billing"),
        ("IAMPORT_SECRET_ID", "billing/iamport"),
        ("IAMPORT_CHECKOUT_PGS", pgs),
        ("IAMPORT_PG", pg),
        ("IAMPORT_CHANNEL_KEY", channel_key),
    ];
    Config::read(|name| variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned()))
        .unwrap()
}

#[test]
fn a_window_is_opened_at_the_channel_that_is_set_up_for_its_gateway() {
    let two = "html5_inicis.INIpayTest=channel-key-1, kakaopay";
    for (pgs, pg, key, asked, expected_pg, expected_key) in [
        (two, "", "", Some("html5_inicis"), Some("html5_inicis.INIpayTest"), Some("channel-key-1")),
        (two, "", "", None, Some("html5_inicis.INIpayTest"), Some("channel-key-1")),
        (two, "", "", Some("kakaopay"), Some("kakaopay"), None),
        ("", "nice.IMP1", "channel-key-2", None, Some("nice.IMP1"), Some("channel-key-2")),
        ("", "nice.IMP1", "channel-key-2", Some("nice"), Some("nice.IMP1"), Some("channel-key-2")),
        ("", "nice.IMP1", "channel-key-2", Some("kcp"), Some("kcp"), None),
        ("", "", "", Some("kcp"), Some("kcp"), None),
        ("", "", "", None, None, None),
    ] {
        let (pg, channel_key) = channel(&config(pgs, pg, key), asked, "card");
        assert_eq!((pg.as_deref(), channel_key.as_deref()), (expected_pg, expected_key), "{pgs} {asked:?}");
    }
}

#[test]
fn a_method_has_the_channel_that_is_set_up_for_it_alone() {
    let three = "kcp.A1:card+trans=channel-key-1, kcp.A2:kakaopay=channel-key-2, kcp=channel-key-3";
    for (pgs, method, expected_pg, expected_key) in [
        (three, "card", "kcp.A1", Some("channel-key-1")),
        (three, "trans", "kcp.A1", Some("channel-key-1")),
        (three, "kakaopay", "kcp.A2", Some("channel-key-2")),
        (three, "vbank", "kcp", Some("channel-key-3")),
        // A channel of another method is none for this one.
        ("kcp.A1:card=channel-key-1", "vbank", "kcp", None),
    ] {
        let (pg, channel_key) = channel(&config(pgs, "", ""), Some("kcp"), method);
        assert_eq!((pg.as_deref(), channel_key.as_deref()), (Some(expected_pg), expected_key), "{pgs} {method}");
    }
    let first = channel(&config(three, "", ""), None, "kakaopay");
    assert_eq!(
        first,
        (Some("kcp.A2".to_owned()), Some("channel-key-2".to_owned())),
        "the first gateway's, if none is named"
    );
    assert_eq!(config(three, "", "").policy.pgs, ["kcp"]);
}

#[test]
fn the_gateways_that_are_set_up_are_the_ones_that_may_be_named() {
    let policy = config("html5_inicis.INIpayTest=channel-key-1,kakaopay", "", "").policy;
    assert_eq!(
        (policy.pgs.join(" "), policy.default_pg.as_deref()),
        ("html5_inicis kakaopay".to_owned(), Some("html5_inicis"))
    );
    let policy = config("", "nice.IMP1", "").policy;
    assert_eq!((policy.pgs.len(), policy.default_pg.as_deref()), (0, Some("nice")), "a default, and no limit");
}
