//! KCP QuickPay: what leaves, and what is read.

use iamport::*;
use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::support::*;

fn prepare() -> PrepareKcpQuick {
    let verifier = CodeVerifier::new("verifier").unwrap();
    PrepareKcpQuick::new(merchant_uid(), "bt_1", "203.0.113.9".parse().unwrap(), verifier).unwrap()
}

fn member_id() -> MemberId {
    MemberId::new("member/1").unwrap()
}

#[tokio::test]
async fn transactions_are_registered_and_changed() {
    let path = "/kcpquick/prepare/order_monthly_0001";
    let least = json!({ "btid": "bt_1", "cust_ip": "203.0.113.9", "code_verifier": "verifier" });
    let mut most = prepare().with_prepaid(PrepaidAuth::Yes(won(999_999_999))).unwrap();
    most.vender_type = Some("VID2".to_owned());
    most.reward_id = Some("r1".to_owned());
    let more = json!({
        "prepaid_auth_yn": "Y", "prepaid_amount": 999_999_999, "vender_type": "VID2", "reward_id": "r1",
    });
    let without = prepare().with_prepaid(PrepaidAuth::No).unwrap();
    let cases = [
        (prepare(), least.clone()),
        (most, merged(least.clone(), &more)),
        (without, merged(least, &json!({ "prepaid_auth_yn": "N" }))),
    ];
    // The schema describes no content: whatever there is beside code 0 is passed over, and it may be missing.
    for (reply, (request, body)) in [json!(null), json!({ "merchant_uid": "x" }), json!("ok")].into_iter().zip(cases) {
        let call = sent(reply.clone(), async |client| client.prepare_kcp_quick(&request).await).await;
        assert_call(&call, "POST", path, &body);
        let call = sent(reply, async |client| client.update_kcp_quick(&request).await).await;
        assert_call(&call, "PUT", path, &body);
    }
    let bare = Reply::json(200, &json!({ "code": 0 }));
    answered(bare, async |client| client.prepare_kcp_quick(&prepare()).await).await;
    let server = Server::always(Reply::json(200, &json!({ "response": {} }))).await;
    let error = client(&server).prepare_kcp_quick(&prepare()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Suspect, "without a code nothing is said");
    for bad in [won(1_000_000_000), Amount::ZERO, Amount::from_minor(5, 1)] {
        assert!(prepare().with_prepaid(PrepaidAuth::Yes(bad)).is_err(), "{bad}");
    }
    assert!(CodeVerifier::new("").is_err() && CodeVerifier::new("x".repeat(201)).is_err());
    assert!(CodeVerifier::new("x".repeat(200)).is_ok());
}

#[tokio::test]
async fn prepaid_money_and_automatic_keys_are_charged() {
    let new = |member: &str, amount| {
        let member = MemberId::new(member).unwrap();
        PayKcpQuickMoney::new(member, "channel-key-1".into(), merchant_uid(), "의자", amount, imp_uid())
    };
    let mut money = new("member_1", won(8900)).unwrap();
    let least = json!({
        "member_id": "member_1", "channel_key": "channel-key-1", "merchant_uid": "order_monthly_0001", "name": "의자",
        "amount": 8900, "imp_uid": "imp_123456789012",
    });
    let reply = payment_with(&json!({ "imp_uid": "imp_2" }));
    let (call, read) = told(reply, async |client| client.pay_kcp_quick_money(&money).await).await;
    assert_call(&call, "POST", "/kcpquick/payment/money", &least);
    assert_eq!(read.imp_uid, "imp_2", "the number sent is that of the PIN check");
    money.notice_url = text("https://shop.example/1");
    let call = sent(payment(), async |client| client.pay_kcp_quick_money(&money).await).await;
    let most = merged(least, &json!({ "notice_url": "https://shop.example/1" }));
    assert_call(&call, "POST", "/kcpquick/payment/money", &most);
    assert!(new("member_1", Amount::ZERO).is_err() && new(&"m".repeat(17), won(1)).is_err());

    let new =
        |buyer: &str, amount| PayKcpQuickAutopay::new(customer_uid(), merchant_uid(), "의자", buyer.into(), amount);
    let mut autopay = new("홍길동", won(8900)).unwrap();
    let least = json!({
        "customer_uid": "gildong_0001_1234", "merchant_uid": "order_monthly_0001", "name": "의자",
        "buyer_name": "홍길동", "amount": 8900,
    });
    let (call, read) = told(payment(), async |client| client.pay_kcp_quick_autopay(&autopay).await).await;
    assert_call(&call, "POST", "/kcpquick/payment/autopay", &least);
    assert_eq!(read.status, PaymentStatus::Paid);
    autopay.notice_url = text("https://shop.example/1");
    let call = sent(payment(), async |client| client.pay_kcp_quick_autopay(&autopay).await).await;
    let most = merged(least, &json!({ "notice_url": "https://shop.example/1" }));
    assert_call(&call, "POST", "/kcpquick/payment/autopay", &most);
    assert!(new("", won(1)).is_err() && new(&"홍".repeat(21), won(1)).is_err() && new("홍", Amount::ZERO).is_err());

    for wrong in [json!({ "merchant_uid": "other" }), json!({ "amount": 1 })] {
        let act = async |client: Client| client.pay_kcp_quick_money(&money).await;
        assert_eq!(class_after(payment_with(&wrong), act).await, ErrorClass::Suspect, "{wrong}");
        let act = async |client: Client| client.pay_kcp_quick_autopay(&autopay).await;
        assert_eq!(class_after(payment_with(&wrong), act).await, ErrorClass::Suspect, "{wrong}");
    }
    let act = async |client: Client| client.pay_kcp_quick_autopay(&autopay).await;
    assert_eq!(class_after(payment_with(&json!({ "customer_uid": "other" })), act).await, ErrorClass::Suspect);
}

#[tokio::test]
async fn what_is_stored_of_a_customer_is_deleted() {
    let delete = async |client: Client| client.delete_kcp_quick_autopay(&customer_uid()).await;
    let (call, deleted) = told(json!({ "customer_uid": "gildong_0001_1234" }), delete).await;
    assert_call(&call, "DELETE", "/kcpquick/autopay/gildong_0001_1234", &Value::Null);
    assert_eq!(deleted.customer_uid.as_deref(), Some("gildong_0001_1234"));
    assert_eq!(told(json!({}), delete).await.1.customer_uid, None);
    assert_eq!(class_after(json!({ "customer_uid": "other" }), delete).await, ErrorClass::Suspect);

    let request = DeleteKcpQuickMember::new(member_id(), "A 1", "IX01", "01IX").unwrap();
    let delete = async |client: Client| client.delete_kcp_quick_member(&request).await;
    let full = json!({
        "member_id": "member/1", "pg_provider": "kcp_quick", "pg_id": "mid", "inserted": 1_800_000_000,
        "updated": 1_800_000_009,
    });
    let (call, deleted) = told(full.clone(), delete).await;
    let target = "/kcpquick/members/member%2F1?site_code=A%201&partner_type=IX01&partner_subtype=01IX";
    assert_call(&call, "DELETE", target, &Value::Null);
    assert_eq!((deleted.member_id.as_str(), deleted.pg_provider.as_deref()), ("member/1", Some("kcp_quick")));
    assert_eq!((deleted.pg_id.as_deref(), deleted.inserted), (Some("mid"), Some(1_800_000_000)));
    assert_eq!(deleted.updated, Some(1_800_000_009));
    let (_, minimal) = told(json!({ "member_id": "member/1" }), delete).await;
    assert_eq!((minimal.pg_provider, minimal.pg_id, minimal.inserted, minimal.updated), (None, None, None, None));
    assert_eq!(class_after(merged(full, &json!({ "member_id": "m2" })), delete).await, ErrorClass::Suspect);
    assert!(DeleteKcpQuickMember::new(member_id(), "", "x", "x").is_err());
}

#[tokio::test]
async fn a_biometric_check_is_turned_off() {
    let release = async |client: Client| client.release_kcp_quick_fido(&member_id(), &"channel-key-1".into()).await;
    let (call, released) = told(json!({ "member_id": "member/1" }), release).await;
    let path = "/kcpquick/members/member%2F1/fido/release";
    assert_call(&call, "POST", path, &json!({ "channel_key": "channel-key-1" }));
    assert_eq!(released.member_id.as_deref(), Some("member/1"));
    assert_eq!(told(json!({}), release).await.1.member_id, None);
    assert_eq!(class_after(json!({ "member_id": "m2" }), release).await, ErrorClass::Suspect);
}

/// The envelope of a refusal has a fourth member there, with KCP's own words.
#[tokio::test]
async fn the_gateways_own_words_are_kept() {
    let refused = async |error: Value| {
        let envelope = json!({ "code": 1, "message": "failed", "response": null, "error": error });
        let server = Server::always(Reply::json(200, &envelope)).await;
        client(&server).release_kcp_quick_fido(&member_id(), &"k".into()).await.unwrap_err()
    };
    let error = refused(json!({ "code": "KF01", "message": "card 4242424242424242" })).await;
    assert_eq!((error.class(), error.code()), (ErrorClass::Refused, Some(1)));
    assert_eq!(error.psp_message().map(PspText::as_str), Some("failed"));
    let by_kcp = error.gateway_refusal().unwrap();
    assert_eq!(by_kcp.code.as_deref(), Some("KF01"));
    assert_eq!(by_kcp.message.as_deref(), Some("card ****************"));
    for odd in [json!(null), json!("x"), json!([1])] {
        assert_eq!(refused(odd).await.gateway_refusal(), None);
    }
    let server = Server::always(Reply::json(404, &json!({ "code": 1, "error": { "code": "x" } }))).await;
    let error = client(&server).billing_key(&customer_uid()).await.unwrap_err();
    assert_eq!(error.gateway_refusal(), None, "only a refusal has them");
}
