//! The exact spelling of every request, and that its reply is read.

use iamport::*;
use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::support::*;

/// Every optional field of a charge.
fn all_details() -> Details {
    Details {
        currency: Some("KRW".to_owned()),
        tax_free: Some(won(100)),
        vat_amount: Some(won(800)),
        buyer_name: text("홍길동"),
        buyer_email: text("gildong@gmail.com"),
        buyer_tel: text("01012345678"),
        buyer_addr: text("서울특별시 강남구 신사동"),
        buyer_postcode: text("01181"),
        card_quota: Some(3),
        interest_free_by_merchant: Some(true),
        use_card_point: Some(false),
        custom_data: text(r#"{"plan":"monthly"}"#),
        notice_url: text("https://shop.example/webhook"),
        browser_ip: text("203.0.113.9"),
        product_type: Some(ProductType::Digital),
        promotion_id: Some("promotion-id-1".to_owned()),
        bypass: text(r#"{"x":1}"#),
    }
}

fn all_details_json() -> Value {
    json!({
        "currency": "KRW",
        "tax_free": 100,
        "vat_amount": 800,
        "buyer_name": "홍길동",
        "buyer_email": "gildong@gmail.com",
        "buyer_tel": "01012345678",
        "buyer_addr": "서울특별시 강남구 신사동",
        "buyer_postcode": "01181",
        "card_quota": 3,
        "interest_free_by_merchant": true,
        "use_card_point": false,
        "custom_data": r#"{"plan":"monthly"}"#,
        "notice_url": "https://shop.example/webhook",
        "browser_ip": "203.0.113.9",
        "product_type": "digital",
        "promotion_id": "promotion-id-1",
        "bypass": r#"{"x":1}"#,
    })
}

fn card() -> (CardNumber, Expiry) {
    (CardNumber::new("4242424242424242").unwrap(), Expiry::new("202712").unwrap())
}

#[tokio::test]
async fn get_token() {
    let server = Server::always(Reply::ok(&payment())).await;
    client(&server).ready().await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 1);
    let expected = json!({ "imp_key": "imp_apikey", "imp_secret": IMP_SECRET });
    assert_call(&seen[0], "POST", "/users/getToken", &expected);
    assert_eq!(seen[0].headers["content-type"], "application/json");
    assert!(!seen[0].headers.contains_key("authorization"));
}

#[tokio::test]
async fn tier_and_base_path() {
    let server =
        Server::start(|seen| if seen.target == "/v1/users/getToken" { Reply::token() } else { Reply::ok(&payment()) })
            .await;
    let config = Config::new(&format!("{}/v1/", server.url)).unwrap().with_tier("abc").unwrap();
    client_with(config, credentials(), TestClock::new()).again(&again()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen[1].target, "/v1/subscribe/payments/again");
    assert_eq!(seen[1].headers["tier"], "abc");
    assert!(!seen[0].headers.contains_key("tier"), "the token is the agent's");
}

#[tokio::test]
async fn issue_billing_key() {
    let response = json!({ "customer_uid": "gildong_0001_1234" });
    let (number, expiry) = card();
    let least = IssueBillingKey::new(customer_uid(), number.clone(), expiry);
    let call = sent(response.clone(), async |client| client.issue_billing_key(&least).await).await;
    let expected = json!({ "card_number": "4242-4242-4242-4242", "expiry": "2027-12" });
    assert_call(&call, "POST", "/subscribe/customers/gildong_0001_1234", &expected);

    let mut most = IssueBillingKey::new(customer_uid(), CardNumber::new("3782-822463-10005").unwrap(), expiry);
    most.channel_key = text("channel-key-1");
    most.pg = Some("html5_inicis.INIBillTst".to_owned());
    most.channel_group_id = Some("group-1".to_owned());
    most.birth = Some(Birth::new("880101").unwrap());
    most.pwd_2digit = Some(Pwd2::new("12").unwrap());
    most.cvc = Some(Cvc::new("123").unwrap());
    most.customer_id = Some("c1".to_owned());
    most.customer_name = text("홍길동");
    most.customer_tel = text("01012345678");
    most.customer_email = text("gildong@gmail.com");
    most.customer_addr = text("서울");
    most.customer_postcode = text("01181");
    let call = sent(response, async |client| client.issue_billing_key(&most).await).await;
    let expected = json!({
        "channel_key": "channel-key-1",
        "pg": "html5_inicis.INIBillTst",
        "channel_group_id": "group-1",
        "card_number": "378282246310005",
        "expiry": "2027-12",
        "birth": "880101",
        "pwd_2digit": "12",
        "cvc": "123",
        "customer_id": "c1",
        "customer_name": "홍길동",
        "customer_tel": "01012345678",
        "customer_email": "gildong@gmail.com",
        "customer_addr": "서울",
        "customer_postcode": "01181",
    });
    assert_call(&call, "POST", "/subscribe/customers/gildong_0001_1234", &expected);
}

#[tokio::test]
async fn read_and_delete_billing_keys() {
    let key = json!({ "customer_uid": "gildong_0001_1234" });
    let call = sent(key.clone(), async |client| client.billing_key(&customer_uid()).await).await;
    assert_call(&call, "GET", "/subscribe/customers/gildong_0001_1234", &Value::Null);

    let names = NonEmpty::try_from(vec![customer_uid(), CustomerUid::new("a&b[]").unwrap()]).unwrap();
    let call = sent(json!([key]), async |client| client.billing_keys(&names).await).await;
    let target = "/subscribe/customers?customer_uid%5B%5D=gildong_0001_1234&customer_uid%5B%5D=a%26b%5B%5D";
    assert_call(&call, "GET", target, &Value::Null);

    let mut delete = DeleteBillingKey::new(customer_uid());
    let call = sent(key.clone(), async |client| client.delete_billing_key(&delete).await).await;
    assert_call(&call, "DELETE", "/subscribe/customers/gildong_0001_1234", &Value::Null);
    delete.reason = Some("카드 교체".to_owned());
    delete.requester = Some(Requester::Customer);
    let call = sent(key, async |client| client.delete_billing_key(&delete).await).await;
    let target = "/subscribe/customers/gildong_0001_1234?reason=%EC%B9%B4%EB%93%9C%20%EA%B5%90%EC%B2%B4\
                  &extra%5Brequester%5D=customer";
    assert_call(&call, "DELETE", target, &Value::Null);
}

#[tokio::test]
async fn lists_of_a_billing_key() {
    let page = json!({ "total": 1, "previous": 0, "next": 0, "list": [payment()] });
    let call = sent(page.clone(), async |client| client.billing_key_payments(&customer_uid(), None).await).await;
    assert_call(&call, "GET", "/subscribe/customers/gildong_0001_1234/payments", &Value::Null);
    let call = sent(page, async |client| client.billing_key_payments(&customer_uid(), Some(2)).await).await;
    assert_call(&call, "GET", "/subscribe/customers/gildong_0001_1234/payments?page=2", &Value::Null);

    let mut window = KeySchedules::new(customer_uid(), 1, 2);
    window.page = Some(3);
    window.status = Some(ScheduleFilter::Revoked);
    let query = "page=3&from=1&to=2&schedule-status=revoked";
    let call = sent(json!([scheduled()]), async |client| client.billing_key_schedules(&window).await).await;
    let target = format!("/subscribe/customers/gildong_0001_1234/schedules?{query}");
    assert_call(&call, "GET", &target, &Value::Null);
    let call = sent(json!([scheduled()]), async |client| client.customer_schedules(&window).await).await;
    let target = format!("/subscribe/payments/schedule/customers/gildong_0001_1234?{query}");
    assert_call(&call, "GET", &target, &Value::Null);
}

#[tokio::test]
async fn charge_a_billing_key() {
    let call = sent(payment(), async |client| client.again(&again()).await).await;
    let least = json!({
        "customer_uid": "gildong_0001_1234",
        "merchant_uid": "order_monthly_0001",
        "amount": 8900,
        "name": "월간 이용권 정기결제",
    });
    assert_call(&call, "POST", "/subscribe/payments/again", &least);
    assert!(call.body.contains(r#""amount":8900,"#), "an integer, not 8900.0: {}", call.body);

    let mut most = again();
    most.details = all_details();
    most.vat = Some(won(809));
    most.product_count = Some(2);
    most.cash_receipt_type = Some(CashReceiptType::Anonymous);
    most.naver_use_cfm = Some("20271231".to_owned());
    most.channel_key = text("channel-key-1");
    let call = sent(payment(), async |client| client.again(&most).await).await;
    let expected = merged(
        merged(least, &all_details_json()),
        &json!({
            "vat": 809,
            "product_count": 2,
            "cash_receipt_type": "anonymous",
            "extra": { "naverUseCfm": "20271231" },
            "channel_key": "channel-key-1",
        }),
    );
    assert_call(&call, "POST", "/subscribe/payments/again", &expected);
}

#[tokio::test]
async fn charge_in_a_currency_with_cents() {
    let mut dollars = Again::new(customer_uid(), merchant_uid(), Amount::from_minor(1_999, 2), "plan").unwrap();
    dollars.details.currency = Some("USD".to_owned());
    let reply = payment_with(&json!({ "amount": 19.99, "currency": "USD" }));
    let call = sent(reply, async |client| client.again(&dollars).await).await;
    assert!(call.body.contains(r#""amount":19.99,"#), "{}", call.body);
}

#[tokio::test]
async fn charge_a_card_once() {
    let (number, expiry) = card();
    let mut onetime = Onetime::new(merchant_uid(), won(8900), number, expiry).unwrap();
    let least = json!({
        "merchant_uid": "order_monthly_0001",
        "amount": 8900,
        "card_number": "4242-4242-4242-4242",
        "expiry": "2027-12",
    });
    let call = sent(payment(), async |client| client.onetime(&onetime).await).await;
    assert_call(&call, "POST", "/subscribe/payments/onetime", &least);

    onetime.details = all_details();
    onetime.name = Some("의자".to_owned());
    onetime.vat = Some(won(809));
    onetime.birth = Some(Birth::new("1234567890").unwrap());
    onetime.pwd_2digit = Some(Pwd2::new("12").unwrap());
    onetime.cvc = Some(Cvc::new("123").unwrap());
    onetime.customer_uid = Some(customer_uid());
    onetime.pg = Some("nice".to_owned());
    onetime.channel_group_id = Some("group-1".to_owned());
    onetime.secure_3d_charge_id = text("charge-1");
    onetime.secure_3d_token = text("secure-1");
    let call = sent(payment(), async |client| client.onetime(&onetime).await).await;
    let expected = merged(
        merged(least, &all_details_json()),
        &json!({
            "name": "의자",
            "vat": 809,
            "birth": "1234567890",
            "pwd_2digit": "12",
            "cvc": "123",
            "customer_uid": "gildong_0001_1234",
            "pg": "nice",
            "channelGroupId": "group-1",
            "secure_3d_charge_id": "charge-1",
            "secure_3d_token": "secure-1",
        }),
    );
    assert_call(&call, "POST", "/subscribe/payments/onetime", &expected);
}

#[tokio::test]
async fn schedule_payments() {
    let item = || ScheduleItem::new(merchant_uid(), 1_830_297_600, won(8900), "KRW", "월간 이용권").unwrap();
    let least = json!({
        "merchant_uid": "order_monthly_0001",
        "schedule_at": 1_830_297_600,
        "amount": 8900,
        "currency": "KRW",
        "name": "월간 이용권",
    });
    let request = Schedule::new(customer_uid(), NonEmpty::new(item()));
    let call = sent(json!([scheduled()]), async |client| client.schedule(&request).await).await;
    let expected = json!({ "customer_uid": "gildong_0001_1234", "schedules": [least] });
    assert_call(&call, "POST", "/subscribe/payments/schedule", &expected);

    let mut full = item();
    full.details = all_details();
    full.product_count = Some(2);
    full.cash_receipt_type = Some(CashReceiptType::Person);
    full.naver_use_cfm = Some("20271231".to_owned());
    let second = ScheduleItem::new(MerchantUid::new("second").unwrap(), 1_832_976_000, won(1), "KRW", "x").unwrap();
    let mut request = Schedule::new(customer_uid(), NonEmpty::try_from(vec![full, second]).unwrap());
    let (card_number, expiry) = card();
    request.customer_id = Some("c1".to_owned());
    request.checking_amount = Some(Amount::ZERO);
    request.channel_key = text("channel-key-1");
    request.pg = Some("nice".to_owned());
    request.new_card = Some(NewCard {
        card_number,
        expiry,
        birth: Some(Birth::new("880101").unwrap()),
        pwd_2digit: Some(Pwd2::new("12").unwrap()),
        cvc: Some(Cvc::new("123").unwrap()),
    });
    let call = sent(json!([scheduled()]), async |client| client.schedule(&request).await).await;
    let first = merged(
        merged(least, &all_details_json()),
        &json!({ "product_count": 2, "cash_receipt_type": "person", "extra": { "naverUseCfm": "20271231" } }),
    );
    let second =
        json!({ "merchant_uid": "second", "schedule_at": 1_832_976_000, "amount": 1, "currency": "KRW", "name": "x" });
    let expected = json!({
        "customer_uid": "gildong_0001_1234",
        "customer_id": "c1",
        "checking_amount": 0,
        "channel_key": "channel-key-1",
        "pg": "nice",
        "card_number": "4242-4242-4242-4242",
        "expiry": "2027-12",
        "birth": "880101",
        "pwd_2digit": "12",
        "cvc": "123",
        "schedules": [first, second],
    });
    assert_call(&call, "POST", "/subscribe/payments/schedule", &expected);
}

#[tokio::test]
async fn unschedule_payments() {
    let numbers =
        NonEmpty::try_from(vec![merchant_uid().into(), AnyMerchantUid::new("wc-renewal:\"2\"/주문").unwrap()]).unwrap();
    let mut request = Unschedule::new(numbers);
    let call = sent(json!([scheduled()]), async |client| client.unschedule(&request).await).await;
    let expected = json!({ "merchant_uid": ["order_monthly_0001", "wc-renewal:\"2\"/주문"] });
    assert_call(&call, "POST", "/subscribe/payments/unschedule", &expected);
    request.customer_uid = Some(customer_uid());
    let call = sent(json!([scheduled()]), async |client| client.unschedule(&request).await).await;
    let expected = merged(expected, &json!({ "customer_uid": "gildong_0001_1234" }));
    assert_call(&call, "POST", "/subscribe/payments/unschedule", &expected);
}

#[tokio::test]
async fn close_a_virtual_account() {
    let account = payment();
    let imp_uid = ImpUid::new(account["imp_uid"].as_str().unwrap()).unwrap();
    let call = sent(account, async |client| client.revoke_vbank(&imp_uid).await).await;
    assert_call(&call, "DELETE", &format!("/vbanks/{imp_uid}"), &Value::Null);
    let key = PgApiKey::new("inicis key");
    let call = sent(payment(), async |client| client.revoke_vbank_with_key(&imp_uid, &key).await).await;
    assert_call(&call, "DELETE", &format!("/vbanks/{imp_uid}?pg_api_key=inicis%20key"), &Value::Null);
}

#[tokio::test]
async fn a_key_with_a_name_of_its_own_kind_is_one_segment_of_the_path() {
    let uid = CustomerUid::new("shop/kim#1?a@b+c 길동").unwrap();
    let key = json!({ "customer_uid": uid.as_str() });
    let call = sent(key, async |client| client.billing_key(&uid).await).await;
    let target = "/subscribe/customers/shop%2Fkim%231%3Fa%40b%2Bc%20%EA%B8%B8%EB%8F%99";
    assert_call(&call, "GET", target, &Value::Null);
}

#[tokio::test]
async fn read_and_move_schedules() {
    let mut window = Schedules::new(1, 2);
    let call = sent(json!([]), async |client| client.schedules(&window).await).await;
    assert_call(&call, "GET", "/subscribe/payments/schedule?schedule_from=1&schedule_to=2", &Value::Null);
    window.schedule_status = Some(ScheduleFilter::Executed);
    window.page = Some(2);
    window.limit = Some(1000);
    window.sorting = Some(ScheduleSorting::ScheduledAsc);
    let call = sent(json!({ "total": 0, "list": [] }), async |client| client.schedules(&window).await).await;
    let target = "/subscribe/payments/schedule?schedule_from=1&schedule_to=2&schedule_status=executed&page=2\
                  &limit=1000&sorting=scheduled";
    assert_call(&call, "GET", target, &Value::Null);

    let path = "/subscribe/payments/schedule/order_monthly_0001";
    let call = sent(scheduled(), async |client| client.scheduled(&merchant_uid()).await).await;
    assert_call(&call, "GET", path, &Value::Null);
    let body = json!({ "schedule_at": 1_830_297_600 });
    let call = sent(scheduled(), async |client| client.move_schedule(&merchant_uid(), 1_830_297_600).await).await;
    assert_call(&call, "PUT", path, &body);
    let call = sent(scheduled(), async |client| client.reschedule(&merchant_uid(), 1_830_297_600).await).await;
    assert_call(&call, "POST", &format!("{path}/reschedule"), &body);
    let call = sent(payment(), async |client| client.retry_schedule(&merchant_uid()).await).await;
    assert_call(&call, "POST", &format!("{path}/retry"), &Value::Null);
}

#[tokio::test]
async fn read_payments() {
    let call = sent(payment(), async |client| client.payment(&imp_uid(), TestPayments::Hide).await).await;
    assert_call(&call, "GET", "/payments/imp_123456789012", &Value::Null);
    let call = sent(payment(), async |client| client.payment(&imp_uid(), TestPayments::Show).await).await;
    assert_call(&call, "GET", "/payments/imp_123456789012?include_sandbox=true", &Value::Null);
    let reply = payment_with(&json!({ "extension": { "REMITTER": "홍길동", "x": 1 } }));
    let act = async |client: Client| client.payment_with_extension(&imp_uid(), TestPayments::Hide).await;
    let (call, paid) = told(reply, act).await;
    assert_call(&call, "GET", "/payments/imp_123456789012?extension=true", &Value::Null);
    assert_eq!(paid.extension.unwrap().remitter.as_deref(), Some("홍길동"));
    for odd in [json!(null), json!("x"), json!([])] {
        let (_, paid) = told(payment_with(&json!({ "extension": odd })), act).await;
        assert_eq!(paid.extension, None);
    }

    let ids = PaymentIds::new(vec![imp_uid()], vec![MerchantUid::new("a").unwrap(), merchant_uid()]).unwrap();
    let call = sent(json!([payment()]), async |client| client.payments(&ids).await).await;
    let target = "/payments?imp_uid%5B%5D=imp_123456789012&merchant_uid%5B%5D=a&merchant_uid%5B%5D=order_monthly_0001";
    assert_call(&call, "GET", target, &Value::Null);

    let call = sent(payment(), async |client| client.find_payment(&merchant_uid(), None, None).await).await;
    assert_call(&call, "GET", "/payments/find/order_monthly_0001", &Value::Null);
    let call = sent(payment(), async |client| {
        client.find_payment(&merchant_uid(), Some(StatusFilter::Paid), Some(Sorting::StartedAsc)).await
    })
    .await;
    assert_call(&call, "GET", "/payments/find/order_monthly_0001/paid?sorting=started", &Value::Null);

    let mut options = FindAll::default();
    let page = json!({ "total": 1, "previous": 0, "next": 0, "list": [payment()] });
    let call = sent(page.clone(), async |client| client.find_all_payments(&merchant_uid(), &options).await).await;
    assert_call(&call, "GET", "/payments/findAll/order_monthly_0001", &Value::Null);
    options = FindAll {
        status: Some(StatusFilter::Failed),
        page: Some(2),
        limit: Some(1000),
        sorting: Some(Sorting::UpdatedDesc),
    };
    let call = sent(page.clone(), async |client| client.find_all_payments(&merchant_uid(), &options).await).await;
    let target = "/payments/findAll/order_monthly_0001/failed?page=2&limit=1000&sorting=-updated";
    assert_call(&call, "GET", target, &Value::Null);

    let call = sent(page.clone(), async |client| client.payments_by_status(&ByStatus::default()).await).await;
    assert_call(&call, "GET", "/payments/status/all", &Value::Null);
    let options = ByStatus {
        status: Some(StatusFilter::Cancelled),
        page: Some(2),
        limit: Some(100),
        from: Some(1),
        to: Some(2),
        sorting: Some(Sorting::PaidDesc),
    };
    let call = sent(page, async |client| client.payments_by_status(&options).await).await;
    let target = "/payments/status/cancelled?page=2&limit=100&from=1&to=2&sorting=-paid";
    assert_call(&call, "GET", target, &Value::Null);
}

#[tokio::test]
async fn prepare_payments() {
    let prepared = json!({ "merchant_uid": "order_monthly_0001", "amount": 64900 });
    let mut request = Prepare::new(merchant_uid(), won(64_900));
    let call = sent(prepared.clone(), async |client| client.prepare(&request).await).await;
    assert_call(&call, "POST", "/payments/prepare", &prepared);
    request.currency = Some("KRW".to_owned());
    let call = sent(prepared.clone(), async |client| client.update_prepared(&request).await).await;
    assert_call(&call, "PUT", "/payments/prepare", &merged(prepared.clone(), &json!({ "currency": "KRW" })));
    let call = sent(prepared, async |client| client.prepared(&merchant_uid()).await).await;
    assert_call(&call, "GET", "/payments/prepare/order_monthly_0001", &Value::Null);
}

#[tokio::test]
async fn cancel_payments() {
    let least = Cancel::new(CancelTarget::Merchant(merchant_uid()), won(900), won(8900)).unwrap();
    let call = sent(payment(), async |client| client.cancel(&least).await).await;
    let expected = json!({ "merchant_uid": "order_monthly_0001", "amount": 900, "checksum": 8900 });
    assert_call(&call, "POST", "/payments/cancel", &expected);

    let mut most = Cancel::new(CancelTarget::Imp(imp_uid()), won(8900), won(8900)).unwrap();
    most.tax_free = Some(won(100));
    most.vat_amount = Some(won(800));
    most.reason = Some("반품".to_owned());
    most.refund_holder = text("홍길동");
    most.refund_bank = text("04");
    most.refund_account = text("1234567890");
    most.refund_tel = text("01012345678");
    most.retain_promotion = Some(true);
    most.enable_webhook = Some(true);
    most.requester = Some(Requester::Admin);
    let call = sent(payment(), async |client| client.cancel(&most).await).await;
    let expected = json!({
        "imp_uid": "imp_123456789012",
        "amount": 8900,
        "checksum": 8900,
        "tax_free": 100,
        "vat_amount": 800,
        "reason": "반품",
        "refund_holder": "홍길동",
        "refund_bank": "04",
        "refund_account": "1234567890",
        "refund_tel": "01012345678",
        "retain_promotion": true,
        "enable_webhook": true,
        "extra": { "requester": "admin" },
    });
    assert_call(&call, "POST", "/payments/cancel", &expected);
}

#[tokio::test]
async fn identifiers_cannot_leave_their_segment() {
    for hostile in ["a/b", "../../users/getToken", "a?x=1", "a#b", "%2e%2e", "a b", "..;", "...", "\\..\\", "가나"] {
        let name = CustomerUid::new(hostile).unwrap();
        let response = json!({ "customer_uid": hostile });
        let call = sent(response, async |client| client.billing_key(&name).await).await;
        let segment = call.target.strip_prefix("/subscribe/customers/").unwrap();
        assert!(segment.bytes().all(|b| b.is_ascii_alphanumeric() || b"%-._~".contains(&b)), "{segment}");
        assert!(!matches!(segment.to_ascii_lowercase().as_str(), "." | ".." | "%2e%2e"), "{segment}");
    }
    assert!(CustomerUid::new("..").is_err() && CustomerUid::new(".").is_err() && CustomerUid::new("a\r\nb").is_err());
}

#[test]
fn requests_that_would_do_harm_cannot_be_built() {
    let target = || CancelTarget::Imp(imp_uid());
    assert!(Cancel::new(target(), Amount::ZERO, won(1)).is_err(), "0 means all");
    assert!(Cancel::new(target(), won(2), won(1)).is_err());
    assert!(NonEmpty::<MerchantUid>::try_from(vec![]).is_err(), "an empty list means all");
    assert!(Again::new(customer_uid(), merchant_uid(), Amount::ZERO, "x").is_err());
    assert!(Again::new(customer_uid(), merchant_uid(), won(1), "").is_err());
    assert!(Again::new(customer_uid(), merchant_uid(), won(1), "x".repeat(41)).is_err());
    let (number, expiry) = card();
    assert!(Onetime::new(merchant_uid(), Amount::ZERO, number, expiry).is_err());
    let item = |at, amount, currency| ScheduleItem::new(merchant_uid(), at, amount, currency, "x");
    assert!(item(1_830_297_600, won(1), "KRW").is_ok());
    assert!(item(1_830_297_600_000, won(1), "KRW").is_err(), "milliseconds");
    assert!(item(0, won(1), "KRW").is_err() && item(-1, won(1), "KRW").is_err());
    assert!(item(1_830_297_600, Amount::ZERO, "KRW").is_err());
    assert!(item(1_830_297_600, won(1), "krw").is_err() && item(1_830_297_600, won(1), "KRW ").is_err());
    assert!(PaymentIds::new(vec![], vec![]).is_err());
    assert!(PaymentIds::new(vec![imp_uid(); 50], vec![merchant_uid(); 50]).is_ok());
    assert!(PaymentIds::new(vec![imp_uid(); 50], vec![merchant_uid(); 51]).is_err());
}

#[tokio::test]
async fn a_time_in_milliseconds_is_not_sent() {
    let server = Server::always(Reply::ok(&scheduled())).await;
    let client = client(&server);
    let error = client.move_schedule(&merchant_uid(), 1_830_297_600_000).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    let error = client.reschedule(&merchant_uid(), 0).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert_eq!(server.seen().len(), 0);
}
