//! Cash receipts: what leaves, and what is read.

use iamport::*;
use serde_json::{Value, json};

use crate::support::*;

fn full(whose: &str, number: &str) -> Value {
    json!({
        whose: number, "receipt_tid": "rt", "apply_num": "012345678", "type": "company", "amount": 8900, "vat": 809,
        "receipt_url": "https://receipt.example/1", "applied_at": 1_800_000_000, "cancelled_at": 1_800_000_100,
        "a field of next year": [1],
    })
}

fn minimal(whose: &str, number: &str) -> Value {
    json!({ whose: number, "apply_num": null, "type": "null", "amount": "8900", "vat": null, "applied_at": 0 })
}

/// Both kinds of receipt have the same fields.
macro_rules! assert_read {
    ($full:expr, $minimal:expr) => {{
        let (full, minimal) = ($full, $minimal);
        assert_eq!((full.receipt_tid.as_deref(), full.apply_num.as_deref()), (Some("rt"), Some("012345678")));
        assert_eq!((full.kind, full.amount, full.vat), (Some(ReceiptType::Company), won(8900), Some(won(809))));
        assert_eq!(full.receipt_url.as_deref(), Some("https://receipt.example/1"));
        assert_eq!((full.applied_at, full.cancelled_at), (Some(1_800_000_000), Some(1_800_000_100)));
        assert_eq!((minimal.receipt_tid, minimal.apply_num, minimal.kind, minimal.vat), (None, None, None, None));
        assert_eq!((minimal.amount, minimal.receipt_url), (won(8900), None));
        assert_eq!((minimal.applied_at, minimal.cancelled_at), (None, None));
    }};
}

#[tokio::test]
async fn receipts_of_payments() {
    let (full, minimal) = (full("imp_uid", "imp_123456789012"), minimal("imp_uid", "imp_123456789012"));
    let path = "/receipts/imp_123456789012";
    let read = async |client: Client| client.receipt(&imp_uid()).await;
    let (call, receipt) = told(full.clone(), read).await;
    assert_call(&call, "GET", path, &Value::Null);
    assert_eq!(receipt.imp_uid, "imp_123456789012");
    assert_read!(receipt, told(minimal.clone(), read).await.1);

    let mut issue = IssueReceipt::new(imp_uid(), "01012345678".into());
    let call = sent(minimal.clone(), async |client| client.issue_receipt(&issue).await).await;
    assert_call(&call, "POST", path, &json!({ "identifier": "01012345678" }));
    issue.details = details();
    issue.vat = Some(won(700));
    issue.company_tel = Some("0212345678".to_owned());
    issue.company_name = Some("의자공방".to_owned());
    let (call, receipt) = told(full.clone(), async |client| client.issue_receipt(&issue).await).await;
    let own = json!({
        "identifier": "01012345678", "vat": 700, "company_tel": "0212345678", "company_name": "의자공방",
    });
    assert_call(&call, "POST", path, &merged(own, &details_json()));
    assert_read!(receipt, told(minimal.clone(), async |client| client.issue_receipt(&issue).await).await.1);

    let revoke = async |client: Client| client.revoke_receipt(&imp_uid()).await;
    let (call, receipt) = told(full, revoke).await;
    assert_call(&call, "DELETE", path, &Value::Null);
    assert_read!(receipt, told(minimal, revoke).await.1);
}

#[tokio::test]
async fn receipts_of_cash_taken_elsewhere() {
    let number = "order_monthly_0001";
    let (full, minimal) = (full("merchant_uid", number), minimal("merchant_uid", number));
    let path = "/receipts/external/order_monthly_0001";
    let read = async |client: Client| client.external_receipt(&merchant_uid()).await;
    let (call, receipt) = told(full.clone(), read).await;
    assert_call(&call, "GET", path, &Value::Null);
    assert_eq!(receipt.merchant_uid, number);
    assert_read!(receipt, told(minimal.clone(), read).await.1);

    let new = |amount| IssueExternalReceipt::new(merchant_uid(), "channel-key-1".into(), "의자", amount, "1".into());
    let mut issue = new(won(8900)).unwrap();
    let least = json!({ "channel_key": "channel-key-1", "name": "의자", "amount": 8900, "identifier": "1" });
    let call = sent(minimal.clone(), async |client| client.issue_external_receipt(&issue).await).await;
    assert_call(&call, "POST", path, &least);
    issue.details = details();
    issue.pay_method = Some(CashPayMethod::Trans);
    let (call, receipt) = told(full.clone(), async |client| client.issue_external_receipt(&issue).await).await;
    let most = merged(merged(least, &details_json()), &json!({ "pay_method": "trans" }));
    assert_call(&call, "POST", path, &most);
    assert_read!(receipt, told(minimal.clone(), async |client| client.issue_external_receipt(&issue).await).await.1);
    assert!(new(Amount::ZERO).is_err());

    let revoke = async |client: Client| client.revoke_external_receipt(&merchant_uid()).await;
    let (call, receipt) = told(full, revoke).await;
    assert_call(&call, "DELETE", path, &Value::Null);
    assert_read!(receipt, told(minimal, revoke).await.1);
}

#[tokio::test]
async fn a_receipt_of_something_else_is_suspect() {
    let of_payment = async |client: Client| client.receipt(&imp_uid()).await;
    let external = async |client: Client| client.external_receipt(&merchant_uid()).await;
    for wrong in
        [json!({ "imp_uid": "imp_2" }), json!({ "amount": -1 }), json!({ "amount": 0.5 }), json!({ "vat": {} })]
    {
        let reply = merged(full("imp_uid", "imp_123456789012"), &wrong);
        assert_eq!(class_after(reply, of_payment).await, ErrorClass::Suspect, "{wrong}");
    }
    for wrong in [json!({ "merchant_uid": "other" }), json!({ "amount": -1 }), json!({ "amount": null })] {
        let reply = merged(full("merchant_uid", "order_monthly_0001"), &wrong);
        assert_eq!(class_after(reply, external).await, ErrorClass::Suspect, "{wrong}");
    }
    let issue = IssueExternalReceipt::new(merchant_uid(), "k".into(), "의자", won(8901), "1".into()).unwrap();
    let reply = full("merchant_uid", "order_monthly_0001");
    let issue = async |client: Client| client.issue_external_receipt(&issue).await;
    assert_eq!(class_after(reply, issue).await, ErrorClass::Suspect, "another amount");
}

fn details() -> ReceiptDetails {
    ReceiptDetails {
        identifier_type: Some(ReceiptIdentifierType::Business),
        purpose: Some(ReceiptPurpose::Company),
        product_type: Some(ProductType::Real),
        buyer_name: text("홍길동"),
        buyer_email: text("gildong@gmail.com"),
        buyer_tel: text("01012345678"),
        tax_free: Some(won(100)),
        vat_amount: Some(won(800)),
        corp_reg_no: Some("1234567890".to_owned()),
    }
}

fn details_json() -> Value {
    json!({
        "identifier_type": "business", "type": "company", "product_type": "real", "buyer_name": "홍길동",
        "buyer_email": "gildong@gmail.com", "buyer_tel": "01012345678", "tax_free": 100, "vat_amount": 800,
        "corp_reg_no": "1234567890",
    })
}
