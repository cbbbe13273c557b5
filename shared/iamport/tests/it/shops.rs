//! PAYCO's orders and balances, sales slips with shares, Paymentwall's deliveries.

use iamport::*;
use serde_json::{Value, json};

use crate::support::*;

#[tokio::test]
async fn payco_is_told_how_far_an_order_is() {
    for (status, word) in [
        (PaycoStatus::DeliveryStart, "DELIVERY_START"),
        (PaycoStatus::PurchaseDecision, "PURCHASE_DECISION"),
        (PaycoStatus::Canceled, "CANCELED"),
    ] {
        let act = async |client: Client| client.set_payco_status(&imp_uid(), status).await;
        let (call, order) = told(json!({ "status": word }), act).await;
        assert_call(&call, "POST", "/payco/orders/status/imp_123456789012", &json!({ "status": word }));
        assert_eq!(order.status.as_str(), word);
        assert_eq!(class_after(json!({ "status": "OTHER" }), act).await, ErrorClass::Suspect);
        assert_eq!(class_after(json!({}), act).await, ErrorClass::Suspect);
    }
}

#[tokio::test]
async fn a_payment_is_split_by_means() {
    let part = |from: u64| json!({ "tax_free": from, "supply": from + 1, "vat": from + 2, "service": from + 3 });
    let parts = json!({
        "cash_receipt": part(10), "primary": part(20), "secondary": part(30), "discount": part(40),
    });
    let act = async |client: Client| client.payment_balance(&imp_uid()).await;
    let full = merged(
        parts.clone(),
        &json!({ "amount": 8900, "histories": [merged(parts, &json!({ "created": 1_800_000_000 })), {}] }),
    );
    let (call, balance) = told(full.clone(), act).await;
    assert_call(&call, "GET", "/payments/imp_123456789012/balance", &Value::Null);
    let assert_part = |part: &Option<BalancePart>, from: u64| {
        let part = part.as_ref().unwrap();
        assert_eq!((part.tax_free, part.supply), (won(from), won(from + 1)));
        assert_eq!((part.vat, part.service), (won(from + 2), won(from + 3)));
    };
    assert_eq!(balance.amount, won(8900));
    assert_part(&balance.cash_receipt, 10);
    assert_part(&balance.primary, 20);
    assert_part(&balance.secondary, 30);
    assert_part(&balance.discount, 40);
    let [full_history, minimal_history] = &balance.histories[..] else { panic!("{balance:?}") };
    assert_part(&full_history.cash_receipt, 10);
    assert_part(&full_history.primary, 20);
    assert_part(&full_history.secondary, 30);
    assert_part(&full_history.discount, 40);
    assert_eq!((full_history.created, minimal_history.created), (Some(1_800_000_000), None));
    let (_, minimal) = told(json!({ "amount": "8900", "histories": null, "discount": null }), act).await;
    assert_eq!((minimal.amount, minimal.discount, minimal.histories), (won(8900), None, vec![]));
    for wrong in [json!({ "amount": null }), json!({ "primary": { "supply": 1 } }), json!({ "primary": "x" })] {
        assert_eq!(class_after(merged(full.clone(), &wrong), act).await, ErrorClass::Suspect, "{wrong}");
    }
}

#[tokio::test]
async fn shares_stand_on_the_sales_slip() {
    let mut chair = PartnerShare::new("123-45-67890", "의자공방", won(5000)).unwrap();
    chair.tax_free = Some(won(100));
    chair.vat_amount = Some(won(445));
    let shares = NonEmpty::try_from(vec![chair, PartnerShare::new("2", "책상공방", won(3900)).unwrap()]).unwrap();
    let act = async |client: Client| client.register_partner_receipt(&imp_uid(), &shares).await;
    let (call, slip) = told(json!({ "receipt_url": "https://receipt.example/1" }), act).await;
    let body = json!({ "data": [
        {
            "business_registration_number": "123-45-67890", "company_name": "의자공방", "amount": 5000,
            "tax_free": 100, "vat_amount": 445,
        },
        { "business_registration_number": "2", "company_name": "책상공방", "amount": 3900 },
    ]});
    assert_call(&call, "POST", "/partners/receipts/imp_123456789012", &body);
    assert_eq!(slip.receipt_url.as_deref(), Some("https://receipt.example/1"));
    assert_eq!(told(json!({}), act).await.1.receipt_url, None);
    assert!(PartnerShare::new("1", "x", Amount::ZERO).is_err());
}

#[tokio::test]
async fn paymentwall_is_told_about_deliveries() {
    let new = |update: i64| {
        let (status, email) = (PaymentwallStatus::OrderShipped, "gildong@gmail.com".into());
        PaymentwallDelivery::new(imp_uid(), merchant_uid(), status, 1_800_000_000, update, false, email)
    };
    let mut delivery = new(1_800_000_009).unwrap();
    let least = json!({
        "imp_uid": "imp_123456789012", "merchant_uid": "order_monthly_0001", "type": "digital",
        "status": "order_shipped", "estimated_delivery_datetime": 1_800_000_000,
        "estimated_update_datetime": 1_800_000_009, "refundable": "no",
        "shipping_address_email": "gildong@gmail.com",
    });
    let (call, answer) =
        told(json!({ "success": 1 }), async |client| client.paymentwall_delivery(&delivery).await).await;
    assert_call(&call, "POST", "/paymentwall/delivery", &least);
    assert!(answer.accepted() && answer.success == Some(true) && answer.notices.is_empty());
    delivery.shipping = Some(PaymentwallShipping {
        carrier_tracking_id: "1234567890".to_owned(),
        carrier_type: "FedEx".to_owned(),
        country: "KR".into(),
        city: "서울".into(),
        zip: "01181".into(),
        state: "N/A".into(),
        street: "신사동".into(),
        phone: "01012345678".into(),
        firstname: "길동".into(),
        lastname: "홍".into(),
    });
    delivery.reason = Some("why".to_owned());
    delivery.details = Some("more".to_owned());
    let reply = json!({ "error_code": 3, "error": "Wrong", "notices": ["a", "b"] });
    let (call, answer) = told(reply, async |client| client.paymentwall_delivery(&delivery).await).await;
    let more = json!({
        "type": "physical", "carrier_tracking_id": "1234567890", "carrier_type": "FedEx",
        "shipping_address_country": "KR", "shipping_address_city": "서울", "shipping_address_zip": "01181",
        "shipping_address_state": "N/A", "shipping_address_street": "신사동",
        "shipping_address_phone": "01012345678", "shipping_address_firstname": "길동",
        "shipping_address_lastname": "홍", "reason": "why", "details": "more",
    });
    assert_call(&call, "POST", "/paymentwall/delivery", &merged(least, &more));
    assert!(!answer.accepted());
    assert_eq!((answer.error_code.as_deref(), answer.error.as_deref()), (Some("3"), Some("Wrong")));
    assert_eq!(answer.notices.iter().map(|notice| &**notice).collect::<Vec<_>>(), ["a", "b"]);
    let act = async |client: Client| client.paymentwall_delivery(&delivery).await;
    for (reply, accepted) in [
        (json!({}), true),
        (json!({ "success": 0 }), false),
        (json!({ "success": 1, "error_code": 0 }), true),
        (json!({ "error": "Wrong" }), false),
    ] {
        assert_eq!(told(reply.clone(), act).await.1.accepted(), accepted, "{reply}");
    }
    assert!(new(1_800_000_000_000).is_err(), "milliseconds");
}
