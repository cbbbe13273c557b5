//! What is issued to be paid into or paid with: virtual accounts, store numbers, Benepia points.

use iamport::*;
use serde_json::{Value, json};

use crate::support::*;

fn waiting() -> Value {
    payment_with(&json!({
        "status": "ready", "paid_at": 0, "vbank_code": "004", "vbank_num": "1234567890", "vbank_date": 1_830_297_600,
    }))
}

fn issue_vbank(amount: Amount, vbank_due: i64) -> Result<IssueVbank, InvalidInput> {
    let bank = StandardCode::new("004").unwrap();
    IssueVbank::new("channel-key-1".into(), merchant_uid(), amount, bank, vbank_due)
}

#[tokio::test]
async fn a_virtual_account_is_issued() {
    let mut issue = issue_vbank(won(8900), 1_830_297_600).unwrap();
    let least = json!({
        "channel_key": "channel-key-1", "merchant_uid": "order_monthly_0001", "amount": 8900, "vbank_code": "004",
        "vbank_due": 1_830_297_600,
    });
    let (call, read) = told(payment(), async |client| client.issue_vbank(&issue).await).await;
    assert_call(&call, "POST", "/vbanks", &least);
    assert_eq!(read.vbank_num, None, "a minimal reply");

    issue.pg_api_key = Some(PgApiKey::new("a+b/c="));
    issue.product_type = Some(ProductType::Real);
    issue.vbank_num = text("1234567890");
    issue.vbank_holder = text("의자공방");
    issue.vbank_key = text("key1");
    issue.name = Some("의자".to_owned());
    issue.buyer = buyer();
    issue.business_registration_number = text("1234567890");
    issue.notice_url = vec!["https://shop.example/1".into(), "https://shop.example/2".into()];
    issue.custom_data = text("{}");
    issue.tax_free = Some(won(100));
    issue.vat_amount = Some(won(800));
    issue.product_count = Some(2);
    issue.escrow_password = Some(EscrowPassword::new("pass"));
    issue.fixed_unlimited_vbank = Some(true);
    let (call, read) = told(waiting(), async |client| client.issue_vbank(&issue).await).await;
    let more = json!({
        "product_type": "real", "vbank_num": "1234567890", "vbank_holder": "의자공방", "vbank_key": "key1", "name": "의자",
        "business_registration_number": "1234567890", "custom_data": "{}", "tax_free": 100, "vat_amount": 800,
        "notice_url": ["https://shop.example/1", "https://shop.example/2"], "product_count": 2,
        "escrow_password": "pass", "fixed_unlimited_vbank": true,
    });
    let most = merged(merged(least, &buyer_json()), &more);
    assert_call(&call, "POST", "/vbanks?pg_api_key=a%2Bb%2Fc%3D", &most);
    assert_eq!((read.status, read.vbank_code.as_deref()), (PaymentStatus::Ready, Some("004")));
    assert_eq!((read.vbank_num.as_deref(), read.vbank_date), (Some("1234567890"), Some(1_830_297_600)));

    assert!(issue_vbank(Amount::ZERO, 1_830_297_600).is_err());
    assert!(issue_vbank(won(1), 1_830_297_600_000).is_err(), "milliseconds");
    for wrong in [json!({ "merchant_uid": "other" }), json!({ "amount": 1 })] {
        let act = async |client: Client| client.issue_vbank(&issue).await;
        assert_eq!(class_after(payment_with(&wrong), act).await, ErrorClass::Suspect, "{wrong}");
    }
}

#[tokio::test]
async fn a_virtual_account_is_changed() {
    let due = 1_830_297_600;
    let changes = [
        (ModifyVbank::amount(imp_uid(), won(8900)), json!({ "amount": 8900 })),
        (ModifyVbank::vbank_due(imp_uid(), due), json!({ "vbank_due": due })),
        (ModifyVbank::both(imp_uid(), won(8900), due), json!({ "amount": 8900, "vbank_due": due })),
    ];
    for (change, body) in changes {
        let change = change.unwrap();
        for reply in [payment(), waiting()] {
            let (call, read) = told(reply, async |client| client.modify_vbank(&change).await).await;
            assert_call(&call, "PUT", "/vbanks/imp_123456789012", &body);
            assert_eq!(read.amount, won(8900));
        }
    }
    assert!(ModifyVbank::amount(imp_uid(), Amount::ZERO).is_err());
    assert!(ModifyVbank::vbank_due(imp_uid(), 0).is_err());
    assert!(ModifyVbank::both(imp_uid(), won(1), due * 1000).is_err());
    assert!(ModifyVbank::both(imp_uid(), Amount::ZERO, due).is_err());
    let change = ModifyVbank::amount(imp_uid(), won(8901)).unwrap();
    let act = async |client: Client| client.modify_vbank(&change).await;
    assert_eq!(class_after(payment(), act).await, ErrorClass::Suspect, "another amount");
    assert_eq!(class_after(payment_with(&json!({ "imp_uid": "imp_2" })), act).await, ErrorClass::Suspect);
}

#[tokio::test]
async fn a_store_number_is_issued_and_voided() {
    let mut issue = IssueCvs::new("channel-key-1".into(), merchant_uid(), won(8900)).unwrap();
    let least = json!({ "channel_key": "channel-key-1", "merchant_uid": "order_monthly_0001", "amount": 8900 });
    let call = sent(payment(), async |client| client.issue_cvs(&issue).await).await;
    assert_call(&call, "POST", "/cvs", &least);

    issue = issue.with_expired_at(1_830_297_600).unwrap();
    issue.barcode = text("8801234567890");
    issue.name = Some("의자".to_owned());
    issue.buyer = buyer();
    issue.confirm_url = text("https://shop.example/confirm");
    issue.notice_url = vec!["https://shop.example/1".into()];
    issue.custom_data = text("{}");
    let (call, read) = told(waiting(), async |client| client.issue_cvs(&issue).await).await;
    let more = json!({
        "expired_at": 1_830_297_600, "barcode": "8801234567890", "name": "의자", "custom_data": "{}",
        "confirm_url": "https://shop.example/confirm", "notice_url": ["https://shop.example/1"],
    });
    assert_call(&call, "POST", "/cvs", &merged(merged(least, &buyer_json()), &more));
    assert_eq!(read.status, PaymentStatus::Ready);
    assert!(issue.clone().with_expired_at(-1).is_err());
    assert!(IssueCvs::new("k".into(), merchant_uid(), Amount::ZERO).is_err());
    let act = async |client: Client| client.issue_cvs(&issue).await;
    assert_eq!(class_after(payment_with(&json!({ "amount": 1 })), act).await, ErrorClass::Suspect);

    let revoke = async |client: Client| client.revoke_cvs(&imp_uid()).await;
    let (call, read) = told(payment_with(&json!({ "status": "cancelled", "cancelled_at": 5 })), revoke).await;
    assert_call(&call, "DELETE", "/cvs/imp_123456789012", &Value::Null);
    assert_eq!((read.status, read.cancelled_at), (PaymentStatus::Cancelled, Some(5)));
    assert_eq!(told(payment(), revoke).await.1.cancelled_at, None);
    assert_eq!(class_after(payment_with(&json!({ "imp_uid": "imp_2" })), revoke).await, ErrorClass::Suspect);
}

#[tokio::test]
async fn welfare_points_are_asked_for_and_paid_with() {
    let account = || BenepiaAccount::new("gildong".into(), BenepiaPassword::new("pass"), "channel-key-1".into());
    let who = json!({ "benepia_user": "gildong", "benepia_password": "pass", "channel_key": "channel-key-1" });
    let ask = async |client: Client| client.benepia_point(&account()).await;
    let (call, read) = told(json!({ "point": 12_345, "bank_holder": "x" }), ask).await;
    assert_call(&call, "POST", "/benepia/point", &who);
    assert_eq!(read.point, won(12_345));
    assert_eq!(told(json!({ "point": "0" }), ask).await.1.point, Amount::ZERO);
    assert_eq!(class_after(json!({}), ask).await, ErrorClass::Suspect);

    let new = |member, amount| PayBenepia::new(account(), member, merchant_uid(), amount, "의자");
    let mut pay = new(BenepiaMember::Test, won(8900)).unwrap();
    let least = merged(who, &json!({ "merchant_uid": "order_monthly_0001", "amount": 8900, "name": "의자" }));
    let call = sent(payment(), async |client| client.pay_benepia(&pay).await).await;
    assert_call(&call, "POST", "/benepia/payment", &least);
    pay = new(BenepiaMember::Code("A001".to_owned()), won(8900)).unwrap();
    pay.buyer = buyer();
    pay.notice_url = vec!["https://shop.example/1".into()];
    pay.custom_data = text("{}");
    let (call, read) = told(payment(), async |client| client.pay_benepia(&pay).await).await;
    let more = json!({ "benepia_member_code": "A001", "notice_url": ["https://shop.example/1"], "custom_data": "{}" });
    assert_call(&call, "POST", "/benepia/payment", &merged(merged(least, &buyer_json()), &more));
    assert_eq!(read.status, PaymentStatus::Paid);
    assert!(new(BenepiaMember::Code(String::new()), won(1)).is_err(), "an empty code would be a test payment");
    assert!(new(BenepiaMember::Test, Amount::ZERO).is_err());
    for wrong in [json!({ "merchant_uid": "other" }), json!({ "amount": 1 })] {
        let act = async |client: Client| client.pay_benepia(&pay).await;
        assert_eq!(class_after(payment_with(&wrong), act).await, ErrorClass::Suspect, "{wrong}");
    }
}
