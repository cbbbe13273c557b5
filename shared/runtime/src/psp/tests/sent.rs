//! What goes out: all that was said, where it belongs, and nothing else.

use billing::checkout::AccountOrder;
use billing::payment::refund::tax::TaxParts;
use billing::payment::refund::{Origin, RefundAccount};
use billing::payment::{Refund, RefundState};

use super::*;
use crate::http::order::tests::said;

/// What was sent to that address.
fn body(server: &Server, target: &str) -> Value {
    server.seen().into_iter().find(|seen| seen.target == target && seen.method != "GET").unwrap().json()
}

/// [`said`], as Iamport wants it: amounts as numbers, the buyer's own data as text.
fn said_of_a_payment() -> Value {
    json!({
        "currency": "KRW", "tax_free": 1900, "vat_amount": 700, "buyer_name": "김길동",
        "buyer_email": "kim@shop.example", "buyer_tel": "010-1234-5678", "buyer_addr": "서울", "buyer_postcode": "06164",
        "card_quota": 3, "interest_free_by_merchant": true, "use_card_point": false,
        "custom_data": "{\"cart\":[1,2]}", "product_type": "digital", "product_count": 2, "cash_receipt_type": "company",
        "browser_ip": "192.0.2.1", "extra": { "naverUseCfm": "20261231" },
        "notice_url": format!("https://shop.example/webhooks/iamport/{TOKEN}"),
        "merchant_uid": ORDER, "amount": 8900, "name": "월간 이용권"
    })
}

fn merged(mut one: Value, other: &Value) -> Value {
    one.as_object_mut().unwrap().extend(other.as_object().unwrap().clone());
    one
}

#[tokio::test]
async fn a_charge_and_a_schedule_say_all_that_was_said_of_the_order() {
    let key = CustomerUid::parse("gildong_0001_1234").unwrap();
    let order = Order { details: said(), ..order() };
    let (psp, server) = psp(|_| envelope(200, 1, "한도초과")).await;
    psp.charge(&order).await;
    let charged = merged(said_of_a_payment(), &json!({ "customer_uid": key.as_str() }));
    assert_eq!(body(&server, "/subscribe/payments/again"), charged);
    psp.register(&key, &[(&order, Timestamp(1_800_000_000))]).await;
    let item = merged(said_of_a_payment(), &json!({ "schedule_at": 1_800_000_000 }));
    let registered = json!({ "customer_uid": key.as_str(), "schedules": [item] });
    assert_eq!(body(&server, "/subscribe/payments/schedule"), registered);
}

/// What a card is charged by has no place in it, and the gateway is named by its channel's key alone.
#[tokio::test]
async fn an_account_is_asked_for_through_its_gateways_channel() {
    let order = Order { customer_uid: None, details: said(), ..order() };
    let due = Timestamp(1_800_000_000);
    let account = AccountOrder { bank: "004".to_owned(), due, holder: Some("길동상점".to_owned()) };
    let (psp, server) = psp(|_| envelope(200, 1, "계약되지 않은 은행입니다")).await;
    assert!(matches!(psp.issue_account(&order, Some("nice_v2"), &account).await, PostResult::Refused(_)));
    let expected = json!({
        "channel_key": "channel-key-4", "merchant_uid": ORDER, "amount": 8900, "name": "월간 이용권",
        "vbank_code": "004", "vbank_due": 1_800_000_000, "vbank_holder": "길동상점",
        "tax_free": 1900, "vat_amount": 700, "buyer_name": "김길동", "buyer_email": "kim@shop.example",
        "buyer_tel": "010-1234-5678", "buyer_addr": "서울", "buyer_postcode": "06164",
        "custom_data": "{\"cart\":[1,2]}", "product_type": "digital", "product_count": 2,
        "notice_url": [format!("https://shop.example/webhooks/iamport/{TOKEN}")],
    });
    assert_eq!(body(&server, "/vbanks"), expected);
    let posts = server.seen().len();
    for pg in [None, Some("kcp")] {
        assert_eq!(psp.issue_account(&order, pg, &account).await, PostResult::NotSent);
    }
    assert_eq!(server.seen().len(), posts, "without a channel nothing leaves");
}

/// Its amount stays what was ordered, so it is not said.
#[tokio::test]
async fn an_account_is_given_another_last_moment_and_nothing_else() {
    let (psp, server) = psp(|_| envelope(400, 1, "입금대기 상태가 아닙니다")).await;
    let imp_uid = ImpUid::parse("imp_448280090638").unwrap();
    assert!(matches!(psp.extend_account(&imp_uid, Timestamp(1_800_000_000)).await, PostResult::Refused(_)));
    assert_eq!(body(&server, "/vbanks/imp_448280090638"), json!({ "vbank_due": 1_800_000_000 }));
}

#[tokio::test]
async fn kinds_of_goods_and_receipts_have_iamports_names() {
    use billing::order::{CashReceiptType, ProductType};
    let receipts = [
        ("person", CashReceiptType::Person),
        ("company", CashReceiptType::Company),
        ("anonymous", CashReceiptType::Anonymous),
    ];
    let goods = [("real", ProductType::Real), ("digital", ProductType::Digital), ("real", ProductType::Real)];
    for ((receipt, cash_receipt_type), (kind, product_type)) in receipts.into_iter().zip(goods) {
        let details = Details {
            cash_receipt_type: Some(cash_receipt_type),
            product_type: Some(product_type),
            ..Details::default()
        };
        let (psp, server) = psp(|_| envelope(200, 1, "한도초과")).await;
        psp.charge(&Order { details, ..order() }).await;
        let sent = body(&server, "/subscribe/payments/again");
        assert_eq!((&sent["cash_receipt_type"], &sent["product_type"]), (&json!(receipt), &json!(kind)));
    }
}

/// An order without a key, or a name that Iamport cannot have, is no request: nothing is sent.
#[tokio::test]
async fn what_can_be_no_request_is_not_sent() {
    let (psp, server) = psp(|_| Reply::ok(&payment(&json!({})))).await;
    assert_eq!(psp.charge(&Order { customer_uid: None, ..order() }).await, PostResult::NotSent);
    assert_eq!(psp.charge(&Order { name: String::new(), ..order() }).await, PostResult::NotSent);
    assert_eq!(psp.register(&CustomerUid::parse("key1").unwrap(), &[]).await, PostResult::NotSent);
    assert!(server.seen().iter().all(|seen| seen.target == "/"), "{:?}", server.seen());
}

/// Everything that the form said goes out in one POST, with the merchant's own channel, and nothing of it in the address.
#[tokio::test]
async fn a_card_is_registered_with_all_that_was_said_of_it() {
    let (psp, server) =
        psp(|_| Reply::ok(&json!({ "customer_uid": "key1", "card_number": "424242******4242", "inserted": 1 }))).await;
    let now = Timestamp(1_795_478_400);
    let card = Card {
        number: billing::card::CardNumber::parse("4242-4242-4242-4242").unwrap(),
        expiry: billing::card::Expiry::parse("2030-12", now).unwrap(),
        birth: billing::card::Birth::parse("900101").ok(),
        pwd_2digit: billing::card::Pwd2Digit::parse("12").ok(),
        cvc: billing::card::Cvc::parse("735").ok(),
    };
    let holder = CardHolder {
        customer_id: Some(billing::CustomerId::parse("kim").unwrap()),
        customer_name: Some("김길동".to_owned()),
        customer_tel: Some("010-1234-5678".to_owned()),
        customer_email: Some("kim@shop.example".to_owned()),
        customer_addr: Some("서울".to_owned()),
        customer_postcode: Some("06164".to_owned()),
    };
    let posted = psp.issue(&CustomerUid::parse("key1").unwrap(), &card, &holder, None).await;
    assert!(matches!(&posted, PostResult::Known(key) if key.customer_uid == "key1"), "{posted:?}");
    let sent = server.seen().into_iter().find(|seen| seen.target.contains("customers")).unwrap();
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/subscribe/customers/key1"));
    let expected = json!({
        "card_number": "4242-4242-4242-4242", "expiry": "2030-12", "birth": "900101", "pwd_2digit": "12", "cvc": "735",
        "channel_key": "channel-key-1", "customer_id": "kim", "customer_name": "김길동", "customer_tel": "010-1234-5678",
        "customer_email": "kim@shop.example", "customer_addr": "서울", "customer_postcode": "06164",
    });
    assert_eq!(sent.json(), expected);
    // At another gateway by its own channel, or by none: never by the one that is for the gateway of card forms.
    for (pg, channel) in [("kcp", json!("channel-key-2")), ("nice", Value::Null)] {
        psp.issue(&CustomerUid::parse("key2").unwrap(), &card, &holder, Some(pg)).await;
        let sent = server.seen().into_iter().rfind(|seen| seen.target.contains("customers")).unwrap().json();
        assert_eq!((&sent["pg"], &sent["channel_key"]), (&json!(if pg == "kcp" { "kcp.A1" } else { pg }), &channel));
    }
}

fn refund(parts: TaxParts) -> Refund {
    Refund {
        id: "rabcdef".to_owned(),
        imp_uid: billing::ImpUid::parse(IMP_UID).unwrap(),
        amount: 3_000,
        parts,
        checksum: 8_900,
        exponent: 0,
        reason: Some("변심".to_owned()),
        account: None,
        origin: Origin::Request,
        fingerprint: billing::fingerprint::Fingerprint::of(&"refund"),
        state: RefundState::Pending,
        refusal: None,
        requests: Vec::new(),
        posts: 0,
        requested_at: Timestamp(1_800_000_000),
    }
}

#[tokio::test]
async fn a_refund_names_its_parts_its_balance_and_who_wants_it() {
    for (parts, tax_free, vat_amount) in [
        (TaxParts { tax_free: Some(1_900), vat_amount: Some(0) }, json!(1_900), json!(0)),
        (TaxParts::default(), Value::Null, Value::Null),
    ] {
        let (psp, server) = psp(|_| Reply::ok(&payment(&json!({ "cancel_amount": 3_000 })))).await;
        assert!(matches!(psp.cancel(&refund(parts)).await, PostResult::Known(_)));
        let sent = server.seen().into_iter().find(|seen| seen.target == "/payments/cancel").unwrap().json();
        assert_eq!((&sent["amount"], &sent["checksum"]), (&json!(3_000), &json!(8_900)));
        assert_eq!((&sent["tax_free"], &sent["vat_amount"]), (&tax_free, &vat_amount));
        assert_eq!(sent["extra"], json!({ "requester": "admin" }));
    }
}

/// Money that came into a virtual account goes back to an account that is named to the PSP and to nobody else.
#[tokio::test]
async fn a_refund_into_an_account_names_it_and_logs_nothing_of_it() {
    let account = RefundAccount {
        holder: "canary-holder".to_owned(),
        bank: "088".to_owned(),
        account: "56210001".to_owned(),
        tel: Some("01012345678".to_owned()),
    };
    let log = Log::start();
    let (psp, server) = psp(|_| envelope(400, 1, "bad")).await;
    psp.cancel(&Refund { account: Some(account), ..refund(TaxParts::default()) }).await;
    let sent = body(&server, "/payments/cancel");
    let named =
        ["refund_holder", "refund_bank", "refund_account", "refund_tel"].map(|name| sent[name].as_str().unwrap());
    assert_eq!(named, ["canary-holder", "088", "56210001", "01012345678"]);
    let lines = log.lines();
    assert!(!lines.is_empty());
    assert!(!lines.iter().any(|line| named.iter().any(|part| *part != "088" && line.to_string().contains(part))));
}

#[tokio::test]
async fn a_key_is_deleted_with_a_reason() {
    let (psp, server) =
        psp(|_| Reply::ok(&json!({ "customer_uid": "key1", "inserted": 0, "updated": 0, "sandbox": false }))).await;
    assert!(matches!(psp.delete(&CustomerUid::parse("key1").unwrap()).await, PostResult::Known(())));
    let asked = server.seen().into_iter().find(|seen| seen.target.starts_with("/subscribe/customers/key1?")).unwrap();
    assert!(asked.target.contains("reason=%") && asked.target.contains("requester%5D=admin"), "{}", asked.target);
}

#[tokio::test]
async fn a_receipt_names_whom_it_is_for_and_the_parts_of_what_is_left() {
    use billing::payment::receipt::{ReceiptOrder, ReceiptPurpose, ReceiptWish};
    use billing::policy::ReceiptIssuer;
    use billing::ports::ReceiptPsp;

    let imp_uid = ImpUid::parse(IMP_UID).unwrap();
    let target = format!("/receipts/{IMP_UID}");
    for (purpose, number, kind, word) in [
        (ReceiptPurpose::Person, "01012345678", "phone", "person"),
        (ReceiptPurpose::Company, "1178178260", "business", "company"),
    ] {
        let order = ReceiptOrder {
            imp_uid: imp_uid.clone(),
            wish: ReceiptWish::new(purpose, None, number).unwrap(),
            parts: TaxParts { tax_free: Some(1_900), vat_amount: Some(700) },
            buyer_name: Some("김길동".to_owned()),
            buyer_email: Some("kim@shop.example".to_owned()),
            buyer_tel: Some("010-1234-5678".to_owned()),
            product_type: Some(billing::order::ProductType::Digital),
            issuer: ReceiptIssuer {
                corp_reg_no: Some("1178178260".to_owned()),
                company_name: Some("길동상점".to_owned()),
                company_tel: Some("02-1234-5678".to_owned()),
            },
        };
        let answer = json!({
            "imp_uid": IMP_UID, "apply_num": "G1", "type": word, "amount": 8900, "vat": 700, "applied_at": 31,
            "cancelled_at": 0
        });
        let (psp, server) = psp(move |_| Reply::ok(&answer)).await;
        let PostResult::Known(issued) = psp.issue_receipt(&order).await else { panic!("a receipt") };
        assert_eq!((issued.amount, issued.vat, issued.stands()), (8_900, Some(700), true));
        let expected = json!({
            "identifier": number, "identifier_type": kind, "type": word, "product_type": "digital", "tax_free": 1900,
            "vat_amount": 700, "buyer_name": "김길동", "buyer_email": "kim@shop.example", "buyer_tel": "010-1234-5678",
            "corp_reg_no": "1178178260", "company_name": "길동상점", "company_tel": "02-1234-5678"
        });
        assert_eq!(body(&server, &target), expected);
    }
    // What documents its refusals by an HTTP status has refused; what only broke has not answered.
    for (status, refused) in [(400, true), (501, true), (500, true), (502, false), (504, false)] {
        let (psp, _server) = psp(move |_| envelope(status, 1, "발급 실패")).await;
        let answers = [psp.revoke_receipt(&imp_uid).await];
        let expected = |it: &PostResult<_>| matches!(it, PostResult::Refused(_)) == refused;
        assert!(answers.iter().all(expected), "{status}: {answers:?}");
        assert_eq!(psp.receipt(&imp_uid).await, Lookup::Unreachable, "{status}");
    }
}
