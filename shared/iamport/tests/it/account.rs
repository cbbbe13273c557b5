//! Channels, sub-merchants, and the codes of banks and card companies.

use iamport::*;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn channels_are_listed() {
    let full = json!({
        "pg_provider": "nice_v2", "pg_id": "mid", "sandbox": true, "type": "api_payment", "channel_name": "정기결제",
        "channel_key": "channel-key-1",
    });
    let reply = json!([full, { "pg_provider": "danal", "type": "something new" }]);
    let (call, channels) = told(reply, async |client| client.pg_settings().await).await;
    assert_call(&call, "GET", "/users/pg", &Value::Null);
    let [full, minimal] = &channels[..] else { panic!("{channels:?}") };
    assert_eq!((full.pg_provider.as_str(), full.pg_id.as_deref()), ("nice_v2", Some("mid")));
    assert_eq!((full.sandbox, full.kind.clone()), (Some(true), Some(PgSettingType::ApiPayment)));
    assert_eq!((full.channel_name.as_deref(), full.channel_key.as_deref()), (Some("정기결제"), Some("channel-key-1")));
    assert!(!format!("{full:?}").contains("channel-key-1"));
    assert_eq!((minimal.sandbox, &minimal.channel_key, &minimal.pg_id), (None, &None, &None));
    assert_eq!(minimal.kind.as_ref().map(PgSettingType::as_str), Some("something new"));
    let act = async |client: Client| client.pg_settings().await;
    assert_eq!(class_after(json!([{ "pg_provider": "nice", "sandbox": "?" }]), act).await, ErrorClass::Suspect);
    assert!(told(json!([]), act).await.1.is_empty());
}

#[tokio::test]
async fn sub_merchants_are_read() {
    let code = TierCode::new("AB1").unwrap();
    let act = async |client: Client| client.tier(&code).await;
    let (call, tier) = told(json!({ "tier_code": "AB1", "tier_name": "분점" }), act).await;
    assert_call(&call, "GET", "/tiers/AB1", &Value::Null);
    assert_eq!((tier.tier_code.as_str(), tier.tier_name.as_deref()), ("AB1", Some("분점")));
    assert_eq!(told(json!({ "tier_code": "AB1" }), act).await.1.tier_name, None);
    assert_eq!(class_after(json!({ "tier_code": "AB2" }), act).await, ErrorClass::Suspect);
    for bad in ["", "AB", "AB12", "ab1", "A/1", "가나다"] {
        assert!(TierCode::new(bad).is_err(), "{bad}");
    }
}

#[tokio::test]
async fn codes_are_listed_and_named() {
    let code = StandardCode::new("004").unwrap();
    let list = json!([{ "code": "004", "name": "국민" }, { "code": "361" }]);
    let read = |list: Vec<CodeName>| list.into_iter().map(|one| (one.code, one.name)).collect::<Vec<_>>();
    let expected = [("004".to_owned(), Some("국민".to_owned())), ("361".to_owned(), None)];
    let (call, cards) = told(list.clone(), async |client| client.card_codes().await).await;
    assert_call(&call, "GET", "/cards", &Value::Null);
    assert_eq!(read(cards), expected);
    let (call, banks) = told(list, async |client| client.bank_codes().await).await;
    assert_call(&call, "GET", "/banks", &Value::Null);
    assert_eq!(read(banks), expected);

    let card = async |client: Client| client.card_code(&code).await;
    let bank = async |client: Client| client.bank_code(&code).await;
    let full = json!({ "code": "004", "name": "국민" });
    let (call, one) = told(full.clone(), card).await;
    assert_call(&call, "GET", "/cards/004", &Value::Null);
    assert_eq!((one.code.as_str(), one.name.as_deref()), ("004", Some("국민")));
    let (call, one) = told(full, bank).await;
    assert_call(&call, "GET", "/banks/004", &Value::Null);
    assert_eq!((one.code.as_str(), one.name.as_deref()), ("004", Some("국민")));
    assert_eq!(told(json!({ "code": "004" }), bank).await.1.name, None);
    assert_eq!(class_after(json!({ "code": "005" }), card).await, ErrorClass::Suspect);
    assert_eq!(class_after(json!({ "name": "국민" }), bank).await, ErrorClass::Suspect);
    for bad in ["", "123456789", "0 4", "..", "가"] {
        assert!(StandardCode::new(bad).is_err(), "{bad}");
    }
}
