//! Records of the API, field by field, and what may be odd about them.

use iamport::*;
use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::support::*;

#[tokio::test]
async fn the_seeds_example_is_read_field_by_field() {
    let full = json!({
        "imp_uid": "imp_123456789012", "merchant_uid": "order_monthly_0001", "pay_method": "card", "channel": "pc",
        "pg_provider": "nice", "emb_pg_provider": "naverpay", "pg_tid": "tid", "pg_id": "mid", "sandbox": true,
        "escrow": true, "apply_num": "30012345", "bank_code": "004", "bank_name": "KB", "card_code": "361",
        "card_name": "BC", "card_issuer_code": "i", "card_issuer_name": "in", "card_publisher_code": "p",
        "card_publisher_name": "pn", "card_quota": 3, "card_number": "424242******4242", "card_type": "null",
        "vbank_code": "c", "vbank_name": "n", "vbank_num": "123", "vbank_holder": "h", "vbank_date": 1,
        "vbank_issued_at": 2, "name": "이용권", "amount": 8900, "cancel_amount": 900, "currency": "KRW",
        "buyer_name": "홍길동", "buyer_email": "e", "buyer_tel": "t", "buyer_addr": "a", "buyer_postcode": "z",
        "custom_data": "{}", "user_agent": "u", "status": "paid", "started_at": 3, "paid_at": 4, "failed_at": 0,
        "cancelled_at": 5, "fail_reason": "f", "cancel_reason": "c", "receipt_url": "r",
        "cancel_history": [{
            "pg_tid": "ct", "amount": 900, "cancelled_at": 5, "reason": "why", "cancellation_id": "id",
            "receipt_url": "cr",
        }],
        "deposit_history": [{ "pg_tid": "dt", "amount": 8900, "depositor_name": "d", "deposited_at": 6 }],
        "cancel_receipt_urls": ["u1", "u2"], "cash_receipt_issued": true, "customer_uid": "gildong_0001_1234",
        "customer_uid_usage": "payment.scheduled", "promotion": { "id": "promotion-id-1", "discount": 1000 },
        "a field of next year": { "deep": [1, 2, 3] },
    });
    let payment = charged(Reply::ok(&full)).await.unwrap();
    let text = |field: &Option<String>| field.clone().unwrap();
    let hidden = |field: &Option<Sensitive>| field.clone().unwrap().into_string();
    assert_eq!((payment.imp_uid.as_str(), payment.merchant_uid.as_str()), ("imp_123456789012", "order_monthly_0001"));
    assert_eq!((text(&payment.pay_method), payment.channel.clone()), ("card".to_owned(), Some(Channel::Pc)));
    assert_eq!((text(&payment.pg_provider), text(&payment.emb_pg_provider)), ("nice".into(), "naverpay".into()));
    assert_eq!((text(&payment.pg_tid), text(&payment.pg_id)), ("tid".into(), "mid".into()));
    assert_eq!((payment.sandbox, payment.escrow), (Some(true), Some(true)));
    assert_eq!((text(&payment.apply_num), text(&payment.bank_code)), ("30012345".into(), "004".into()));
    assert_eq!((text(&payment.bank_name), text(&payment.card_code)), ("KB".into(), "361".into()));
    assert_eq!((text(&payment.card_name), text(&payment.card_issuer_code)), ("BC".into(), "i".into()));
    assert_eq!((text(&payment.card_issuer_name), text(&payment.card_publisher_code)), ("in".into(), "p".into()));
    assert_eq!((text(&payment.card_publisher_name), payment.card_quota), ("pn".into(), Some(3)));
    assert_eq!(payment.card_number.clone().unwrap().as_str(), "424242******4242");
    assert_eq!(payment.card_type, None, "the text \"null\" stands for null");
    assert_eq!((text(&payment.vbank_code), text(&payment.vbank_name)), ("c".into(), "n".into()));
    assert_eq!((hidden(&payment.vbank_num), hidden(&payment.vbank_holder)), ("123".into(), "h".into()));
    assert_eq!((payment.vbank_date, payment.vbank_issued_at), (Some(1), Some(2)));
    assert_eq!((text(&payment.name), payment.currency.as_str()), ("이용권".into(), "KRW"));
    assert_eq!((payment.amount, payment.cancel_amount), (won(8900), won(900)));
    assert_eq!((hidden(&payment.buyer_name), hidden(&payment.buyer_email)), ("홍길동".into(), "e".into()));
    assert_eq!((hidden(&payment.buyer_tel), hidden(&payment.buyer_addr)), ("t".into(), "a".into()));
    assert_eq!((hidden(&payment.buyer_postcode), hidden(&payment.custom_data)), ("z".into(), "{}".into()));
    assert_eq!((hidden(&payment.user_agent), payment.status.clone()), ("u".into(), PaymentStatus::Paid));
    assert_eq!((payment.started_at, payment.paid_at), (Some(3), Some(4)));
    assert_eq!((payment.failed_at, payment.cancelled_at), (None, Some(5)), "0 means never");
    assert_eq!(payment.fail_reason.clone().unwrap().as_str(), "f");
    assert_eq!(payment.cancel_reason.clone().unwrap().as_str(), "c");
    assert_eq!(hidden(&payment.receipt_url), "r");
    let cancellation = &payment.cancel_history[0];
    assert_eq!((text(&cancellation.pg_tid), cancellation.amount), ("ct".into(), won(900)));
    assert_eq!((cancellation.cancelled_at, text(&cancellation.cancellation_id)), (Some(5), "id".into()));
    assert_eq!(cancellation.reason.clone().unwrap().as_str(), "why");
    assert_eq!(hidden(&cancellation.receipt_url), "cr");
    let deposit = &payment.deposit_history[0];
    assert_eq!((text(&deposit.pg_tid), deposit.amount), ("dt".into(), won(8900)));
    assert_eq!((hidden(&deposit.depositor_name), deposit.deposited_at), ("d".into(), Some(6)));
    assert_eq!(payment.cancel_receipt_urls, [Sensitive::from("u1"), Sensitive::from("u2")]);
    assert_eq!((payment.cash_receipt_issued, text(&payment.customer_uid)), (Some(true), "gildong_0001_1234".into()));
    assert_eq!(payment.customer_uid_usage, Some(CustomerUidUsage::Scheduled));
    let promotion = payment.promotion.clone().unwrap();
    assert_eq!((text(&promotion.id), promotion.discount), ("promotion-id-1".into(), Some(won(1000))));
    assert_eq!(payment.anomalies(), []);
}

/// Each required field is required, each other may be absent, null or odd.
#[tokio::test]
async fn required_fields_are_required_and_others_are_not() {
    for field in ["imp_uid", "merchant_uid", "amount", "cancel_amount", "currency", "status"] {
        let mut without = payment();
        without.as_object_mut().unwrap().remove(field);
        let error = charged(Reply::ok(&without)).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Suspect, "{field}");
        assert!(error.to_string().contains(field), "{error}");
    }
    for field in ["imp_uid", "merchant_uid", "amount", "cancel_amount", "currency"] {
        for bad in [json!(null), json!(""), json!([]), json!({}), json!(true)] {
            let reply = payment_with(&json!({ field: bad }));
            assert_eq!(class_of(Reply::ok(&reply)).await, ErrorClass::Suspect, "{field} {bad}");
        }
    }
    let optional = [
        "pay_method",
        "channel",
        "pg_provider",
        "emb_pg_provider",
        "pg_tid",
        "pg_id",
        "escrow",
        "apply_num",
        "bank_code",
        "bank_name",
        "card_code",
        "card_name",
        "card_issuer_code",
        "card_issuer_name",
        "card_publisher_code",
        "card_publisher_name",
        "card_quota",
        "card_number",
        "card_type",
        "vbank_code",
        "vbank_name",
        "vbank_num",
        "vbank_holder",
        "vbank_date",
        "vbank_issued_at",
        "name",
        "buyer_name",
        "buyer_email",
        "buyer_tel",
        "buyer_addr",
        "buyer_postcode",
        "custom_data",
        "user_agent",
        "started_at",
        "paid_at",
        "failed_at",
        "cancelled_at",
        "fail_reason",
        "cancel_reason",
        "receipt_url",
        "cancel_receipt_urls",
        "cash_receipt_issued",
        "customer_uid_usage",
        "promotion",
    ];
    for odd in [json!(null), json!([]), json!({}), json!({ "a": [1] }), json!(-1), json!(false), json!(1.5)] {
        let changes: Value = optional.iter().map(|field| ((*field).to_owned(), odd.clone())).collect();
        let paid = charged(Reply::ok(&payment_with(&changes))).await.unwrap();
        assert_eq!(paid.status, PaymentStatus::Paid, "{odd}");
    }
}

/// A flag that decides whether a payment is real is not guessed.
#[tokio::test]
async fn the_sandbox_flag_is_strict() {
    let cases = [
        (json!(true), Some(true)),
        (json!("true"), Some(true)),
        (json!(1), Some(true)),
        (json!(false), Some(false)),
        (json!(null), None),
    ];
    for (told, read) in cases {
        let payment = charged(Reply::ok(&payment_with(&json!({ "sandbox": told })))).await.unwrap();
        assert_eq!(payment.sandbox, read);
    }
    for odd in [json!("perhaps"), json!([]), json!({}), json!(2), json!("")] {
        assert_eq!(class_of(Reply::ok(&payment_with(&json!({ "sandbox": odd })))).await, ErrorClass::Suspect);
    }
}

/// 127: schedules with the seed's spellings.
#[tokio::test]
async fn schedules_are_read_tolerantly() {
    let full = json!({
        "customer_uid": "gildong_0001_1234", "merchant_uid": "order_monthly_0001", "imp_uid": "imps_1",
        "pg_provider": "nice", "pg_id": "mid", "customer_id": "c1", "schedule_at": "1830297600", "executed_at": "5",
        "revoked_at": "0", "amount": "8900", "currency": "KRW", "name": "n", "buyer_name": "bn", "buyer_email": "be",
        "buyer_tel": "bt", "buyer_addr": "ba", "buyer_postcode": "bp", "custom_data": "cd",
        "schedule_status": "executed", "payment_status": "failed", "fail_reason": "잔액부족",
        "promotion_id": "promotion-id-1", "new": [],
    });
    let server = Server::always(Reply::ok(&full)).await;
    let told = client(&server).scheduled(&merchant_uid()).await.unwrap();
    assert_eq!((told.schedule_at, told.executed_at, told.revoked_at), (Some(1_830_297_600), Some(5), None));
    assert_eq!((told.imp_uid.as_deref(), told.pg_provider.as_deref()), (Some("imps_1"), Some("nice")));
    assert_eq!((told.pg_id.as_deref(), told.customer_id.as_deref()), (Some("mid"), Some("c1")));
    assert_eq!((told.amount, told.currency.as_deref(), told.name.as_deref()), (won(8900), Some("KRW"), Some("n")));
    let buyer = [&told.buyer_name, &told.buyer_email, &told.buyer_tel, &told.buyer_addr, &told.buyer_postcode];
    assert_eq!(buyer.map(|field| field.as_deref().unwrap()), ["bn", "be", "bt", "ba", "bp"]);
    assert_eq!(told.custom_data.as_deref(), Some("cd"));
    assert_eq!((told.schedule_status, told.payment_status), (ScheduleStatus::Executed, Some(PaymentStatus::Failed)));
    assert_eq!(told.fail_reason.unwrap().as_str(), "잔액부족");
    assert_eq!(told.promotion_id.as_deref(), Some("promotion-id-1"));

    let odd = json!({
        "schedule_at": "0", "executed_at": null, "revoked_at": {}, "schedule_status": "paused", "payment_status": "null",
        "imp_uid": "",
    });
    let server = Server::always(Reply::ok(&merged(scheduled(), &odd))).await;
    let told = client(&server).scheduled(&merchant_uid()).await.unwrap();
    assert_eq!((told.schedule_at, told.executed_at, told.revoked_at), (None, None, None));
    assert_eq!(told.schedule_status, ScheduleStatus::Unknown("paused".to_owned()));
    assert_eq!((told.payment_status, told.imp_uid), (None, None));
}

/// 128: a gateway that shows a whole card number.
#[tokio::test]
async fn whole_card_numbers_are_masked_on_arrival() {
    let key = json!({ "customer_uid": "gildong_0001_1234", "card_number": "4242-4242-4242-4242", "card_type": "1" });
    let server = Server::always(Reply::ok(&key)).await;
    let key = client(&server).billing_key(&customer_uid()).await.unwrap();
    let card = key.card_number.clone().unwrap();
    assert_eq!((card.as_str(), card.was_exposed()), ("424242******4242", true));
    assert_eq!(key.card_type, Some(CardType::Check));
    assert!(!format!("{key:?}").contains("4242-4242"));
    for (told, read) in [
        (json!(0), Some(CardType::Credit)),
        (json!("0"), Some(CardType::Credit)),
        (json!(1), Some(CardType::Check)),
        (json!("null"), None),
        (json!(null), None),
        (json!(7), Some(CardType::Unknown("7".to_owned()))),
    ] {
        let payment = charged(Reply::ok(&payment_with(&json!({ "card_type": told })))).await.unwrap();
        assert_eq!(payment.card_type, read, "{told}");
    }
}

#[tokio::test]
async fn billing_keys_are_read_field_by_field() {
    let full = json!({
        "customer_uid": "gildong_0001_1234", "pg_provider": "nice", "pg_id": "mid", "sandbox": true,
        "customer_id": "c1", "card_name": "BC", "card_code": "361", "card_issuer_code": "i", "card_issuer_name": "in",
        "card_publisher_code": "p", "card_publisher_name": "pn", "card_number": "424242******4242", "card_type": 0,
        "customer_name": "n", "customer_tel": "t", "customer_email": "e", "customer_addr": "a",
        "customer_postcode": "z", "inserted": 1, "updated": 2, "channelGroupId": "g",
        "succeededChannels": [{
            "pg_provider": "nice", "pg_id": "mid", "card_name": "BC", "card_code": "361", "card_issuer_code": "i",
            "card_issuer_name": "in", "card_publisher_code": "p", "card_publisher_name": "pn",
            "card_number": "4242424242424242", "card_type": 1, "inserted": 3, "update": 4,
        }],
        "failedChannels": [{
            "type": "PG_PROVIDER", "message": "거절 4242424242424242", "pg_provider": "ksnet", "pg_id": "k",
        }],
    });
    let server = Server::always(Reply::ok(&full)).await;
    let key = client(&server).billing_key(&customer_uid()).await.unwrap();
    assert_eq!(
        (key.pg_provider.as_deref(), key.pg_id.as_deref(), key.sandbox),
        (Some("nice"), Some("mid"), Some(true))
    );
    assert_eq!((key.customer_id.as_deref(), key.card_name.as_deref()), (Some("c1"), Some("BC")));
    assert_eq!((key.card_code.as_deref(), key.card_issuer_code.as_deref()), (Some("361"), Some("i")));
    assert_eq!((key.card_issuer_name.as_deref(), key.card_publisher_code.as_deref()), (Some("in"), Some("p")));
    assert_eq!((key.card_publisher_name.as_deref(), key.card_type), (Some("pn"), Some(CardType::Credit)));
    let customer = [&key.customer_name, &key.customer_tel, &key.customer_email, &key.customer_addr];
    assert_eq!(customer.map(|field| field.as_deref().unwrap()), ["n", "t", "e", "a"]);
    assert_eq!((key.customer_postcode.as_deref(), key.channel_group_id.as_deref()), (Some("z"), Some("g")));
    assert_eq!((key.inserted, key.updated), (Some(1), Some(2)));
    let channel = &key.succeeded_channels[0];
    assert_eq!((channel.pg_provider.as_deref(), channel.pg_id.as_deref()), (Some("nice"), Some("mid")));
    assert_eq!((channel.card_name.as_deref(), channel.card_code.as_deref()), (Some("BC"), Some("361")));
    assert_eq!((channel.card_issuer_code.as_deref(), channel.card_issuer_name.as_deref()), (Some("i"), Some("in")));
    assert_eq!(
        (channel.card_publisher_code.as_deref(), channel.card_publisher_name.as_deref()),
        (Some("p"), Some("pn"))
    );
    assert_eq!(
        (channel.card_type.clone(), channel.inserted, channel.updated),
        (Some(CardType::Check), Some(3), Some(4))
    );
    assert!(channel.card_number.as_ref().unwrap().was_exposed());
    let failed = &key.failed_channels[0];
    assert_eq!(failed.kind.as_ref().unwrap().as_str(), "PG_PROVIDER");
    assert_eq!(failed.message.as_ref().unwrap().as_str(), "거절 ****************");
    assert_eq!((failed.pg_provider.as_deref(), failed.pg_id.as_deref()), (Some("ksnet"), Some("k")));
}

/// Whether the record comes alone or in a list of any form.
#[tokio::test]
async fn no_call_accepts_an_amount_that_its_currency_does_not_have() {
    let odd = json!({ "amount": 8900.5 });
    let (payment, scheduled) = (payment_with(&odd), merged(scheduled(), &odd));
    let prepared = json!({ "merchant_uid": "order_monthly_0001", "amount": 8900.5, "currency": "KRW" });
    let server = Server::with_token(move |seen| {
        let record = match &seen.target {
            target if target.contains("schedule") => &scheduled,
            target if target.contains("prepare") => &prepared,
            _ => &payment,
        };
        Reply::ok(&match &seen.target {
            // In each form that lists come in.
            target if target.ends_with("/payments") => json!({ "total": 1, "list": [record] }),
            target if target.contains(['?']) || target.ends_with("unschedule") => json!([record]),
            _ => record.clone(),
        })
    })
    .await;
    let client = client(&server);
    let suspect = |outcome: Result<(), Error>| {
        let error = outcome.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Suspect);
        assert!(error.to_string().contains("amount cannot be an amount of its currency"), "{error}");
    };
    suspect(client.payment(&imp_uid(), TestPayments::Hide).await.map(drop));
    suspect(client.payments(&PaymentIds::new(vec![imp_uid()], vec![]).unwrap()).await.map(drop));
    suspect(client.billing_key_payments(&customer_uid(), None).await.map(drop));
    let first = FindAll { page: Some(1), ..FindAll::default() };
    suspect(client.find_all_payments(&merchant_uid(), &first).await.map(drop));
    suspect(client.payments_by_status(&ByStatus { page: Some(1), ..ByStatus::default() }).await.map(drop));
    suspect(client.prepared(&merchant_uid()).await.map(drop));
    suspect(client.scheduled(&merchant_uid()).await.map(drop));
    suspect(client.schedules(&Schedules::new(1, 2)).await.map(drop));
    suspect(client.customer_schedules(&KeySchedules::new(customer_uid(), 1, 2)).await.map(drop));
    suspect(client.unschedule(&Unschedule::new(NonEmpty::new(merchant_uid().into()))).await.map(drop));
    assert_eq!(server.calls().len(), 10);
}
