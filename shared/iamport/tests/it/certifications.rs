//! Identity checks: what leaves, and what is read.

use iamport::*;
use serde_json::{Value, json};

use crate::support::*;

fn full() -> Value {
    json!({
        "imp_uid": "imp_123456789012", "merchant_uid": "check_1", "pg_tid": "tid", "pg_provider": "danal",
        "name": "홍길동", "gender": "female", "birthday": "1988-01-01", "foreigner": false, "foreigner_v2": "Y",
        "phone": "01012345678", "carrier": "LGT_MVNO", "certified": true, "certified_at": 1_800_000_000,
        "unique_key": "ci", "unique_in_site": "di", "origin": "https://shop.example/join",
    })
}

fn minimal() -> Value {
    json!({ "imp_uid": "imp_123456789012", "foreigner_v2": null, "certified_at": 0, "gender": null })
}

fn assert_read(full: &Certification, minimal: &Certification) {
    assert_eq!((full.imp_uid.as_str(), full.merchant_uid.as_deref()), ("imp_123456789012", Some("check_1")));
    assert_eq!((full.pg_tid.as_deref(), full.pg_provider.as_deref()), (Some("tid"), Some("danal")));
    assert_eq!((full.name.as_deref(), full.gender.clone()), (Some("홍길동"), Some(Gender::Female)));
    assert_eq!(
        (full.birthday.as_deref(), full.foreigner, full.foreigner_v2),
        (Some("1988-01-01"), Some(false), Some(true))
    );
    assert_eq!((full.phone.as_deref(), full.carrier.clone()), (Some("01012345678"), Some(CertifiedCarrier::LgtMvno)));
    assert_eq!((full.certified, full.certified_at), (Some(true), Some(1_800_000_000)));
    assert_eq!((full.unique_key.as_deref(), full.unique_in_site.as_deref()), (Some("ci"), Some("di")));
    assert_eq!(full.origin.as_deref(), Some("https://shop.example/join"));
    assert_eq!((minimal.certified, minimal.certified_at, minimal.gender.clone()), (None, None, None));
    assert_eq!((&minimal.name, &minimal.unique_key, minimal.foreigner_v2), (&None, &None, None));
    let printed = format!("{full:?}");
    assert!(printed.contains("imp_123456789012") && printed.contains("certified: Some(true)"), "{printed}");
    for hidden in ["홍길동", "Female", "1988", "0101", "Lgt", "ci\"", "di\"", "join"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

#[tokio::test]
async fn results_are_read_and_erased() {
    let path = "/certifications/imp_123456789012";
    let read = async |client: Client| client.certification(&imp_uid()).await;
    let (call, check) = told(full(), read).await;
    assert_call(&call, "GET", path, &Value::Null);
    assert_read(&check, &told(minimal(), read).await.1);
    let erase = async |client: Client| client.delete_certification(&imp_uid()).await;
    let (call, check) = told(full(), erase).await;
    assert_call(&call, "DELETE", path, &Value::Null);
    assert_read(&check, &told(minimal(), erase).await.1);
    for wrong in [json!({ "imp_uid": "imp_2" }), json!({ "imp_uid": null }), json!({ "certified": "maybe" })] {
        assert_eq!(class_after(merged(full(), &wrong), read).await, ErrorClass::Suspect, "{wrong}");
    }
}

#[tokio::test]
async fn a_code_is_asked_for_and_confirmed() {
    let mut request = RequestOtp::new(
        "channel-key-1".into(),
        "홍길동".into(),
        "01012345678".into(),
        "880101".into(),
        "2".into(),
        Carrier::Lgt,
    );
    let least = json!({
        "channel_key": "channel-key-1", "name": "홍길동", "phone": "01012345678", "birth": "880101",
        "gender_digit": "2", "carrier": "LGT",
    });
    let number = json!({ "imp_uid": "imp_123456789012" });
    let (call, check) = told(number.clone(), async |client| client.request_otp(&request).await).await;
    assert_call(&call, "POST", "/certifications/otp/request", &least);
    assert_eq!(check.imp_uid, "imp_123456789012");
    request.is_mvno = Some(true);
    request.company = Some("의자공방".to_owned());
    request.merchant_uid = Some(AnyMerchantUid::new("check #1").unwrap());
    request.pg = Some("danal.A1".to_owned());
    request.verification_method = Some(VerificationMethod::App);
    request.bypass = text("{}");
    let call = sent(number, async |client| client.request_otp(&request).await).await;
    let more = json!({
        "is_mvno": true, "company": "의자공방", "merchant_uid": "check #1", "pg": "danal.A1",
        "verification_method": "APP", "bypass": "{}",
    });
    assert_call(&call, "POST", "/certifications/otp/request", &merged(least, &more));
    assert_eq!(class_after(json!({}), async |client| client.request_otp(&request).await).await, ErrorClass::Suspect);
    let printed = format!("{request:?}");
    assert!(printed.contains("check #1") && !printed.contains("Lgt") && !printed.contains("의자"), "{printed}");

    let path = "/certifications/otp/confirm/imp_123456789012";
    let otp = Otp::new("123456");
    let confirm = async |client: Client| client.confirm_otp(&imp_uid(), Some(&otp)).await;
    let (call, check) = told(full(), confirm).await;
    assert_call(&call, "POST", path, &json!({ "otp": "123456" }));
    assert_read(&check, &told(minimal(), confirm).await.1);
    let call = sent(full(), async |client| client.confirm_otp(&imp_uid(), None).await).await;
    assert_call(&call, "POST", path, &json!({}));
}
