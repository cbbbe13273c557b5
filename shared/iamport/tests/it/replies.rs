//! Every kind of reply and the class that it gets.

use std::time::Duration;

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::*;

/// A 200 with this very text.
fn raw(body: impl Into<Vec<u8>>) -> Reply {
    Reply::text(200, "application/json", body)
}

/// 111, 115: nothing, or something that is no JSON.
#[tokio::test]
async fn no_envelope_is_unknown() {
    for body in ["", " ", "<html>ok</html>", "<?xml version=\"1.0\"?><a/>", "ok", "{", "{\"code\":0}x", "{} {}", "NaN"]
    {
        assert_eq!(class_of(raw(body)).await, ErrorClass::Unknown, "{body}");
    }
    assert_eq!(class_of(raw(&b"\x1f\x8b\x08\x00\x00"[..])).await, ErrorClass::Unknown, "gzip");
    assert_eq!(class_of(raw(&b"{\"code\":0,\"message\":\"\xff\"}"[..])).await, ErrorClass::Unknown, "not UTF-8");
    let honest = json!({ "code": 0, "response": payment() }).to_string();
    assert_eq!(class_of(Reply::text(200, "text/html", honest.clone())).await, ErrorClass::Unknown, "says it is HTML");
    assert!(charged(Reply::text(200, "APPLICATION/JSON", honest.clone())).await.is_ok());
    assert!(charged(Reply::Full { status: 200, headers: vec![], body: honest.into_bytes() }).await.is_ok());
    for status in [500, 502, 503, 504] {
        assert_eq!(class_of(Reply::text(status, "text/html", "<html>")).await, ErrorClass::Unknown, "{status}");
        let envelope = json!({ "code": 1, "message": "not done", "response": null });
        assert_eq!(class_of(Reply::json(status, &envelope)).await, ErrorClass::Unknown, "{status} proves nothing");
    }
    for status in [201, 202, 204, 207, 402, 405, 408, 409, 418, 422] {
        let envelope = json!({ "code": 0, "message": null, "response": payment() });
        assert_eq!(class_of(Reply::json(status, &envelope)).await, ErrorClass::Unknown, "{status}");
    }
}

/// 112: an envelope that contradicts itself.
#[tokio::test]
async fn content_of_the_wrong_shape_is_suspect() {
    let bodies = [
        json!({}),
        json!([]),
        json!(null),
        json!("x"),
        json!(1),
        json!({ "code": 0 }),
        json!({ "code": 0, "message": null, "response": null }),
        json!({ "code": 0, "message": null, "response": [] }),
        json!({ "code": 0, "message": null, "response": "paid" }),
        json!({ "code": 0, "message": null, "response": {} }),
        json!({ "message": null, "response": payment() }),
    ];
    for body in bodies {
        assert_eq!(class_of(Reply::json(200, &body)).await, ErrorClass::Suspect, "{body}");
    }
    assert_eq!(class_of(raw(r#"{"code":0,"code":1,"response":null}"#)).await, ErrorClass::Suspect, "a field twice");
    let deep = format!("{{\"code\":0,\"response\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_eq!(class_of(raw(deep)).await, ErrorClass::Suspect, "deep nesting");
}

/// 113: spellings of the code.
#[tokio::test]
async fn the_code_is_read_as_a_number() {
    for code in ["0", "0.0", "\"0\"", "0e5", "-0"] {
        let body = format!("{{\"code\":{code},\"message\":null,\"response\":{}}}", payment());
        assert_eq!(charged(raw(body)).await.unwrap().status, PaymentStatus::Paid, "{code}");
    }
    for code in ["true", "false", "null", "\"\"", "\"ok\"", "[]", "{}", "0.5", "1e30"] {
        let body = format!("{{\"code\":{code},\"message\":null,\"response\":{}}}", payment());
        assert_eq!(class_of(raw(body)).await, ErrorClass::Suspect, "{code}");
    }
}

/// 114: refusals, and what they say.
#[tokio::test]
async fn another_code_is_a_refusal() {
    for code in [-1, 1, 99_999] {
        // Also with content beside it: the code decides.
        for response in [json!(null), payment()] {
            let body = json!({ "code": code, "message": "카드 4242-4242-4242-4242 거절", "response": response });
            let error = charged(Reply::json(200, &body)).await.unwrap_err();
            assert_eq!((error.class(), error.code()), (ErrorClass::Refused, Some(code)));
            assert_eq!(error.psp_message().unwrap().as_str(), "카드 ****-****-****-**** 거절");
        }
    }
    let error = charged(raw(r#"{"code":"-1","message":{"odd":1}}"#)).await.unwrap_err();
    assert_eq!((error.class(), error.code(), error.psp_message()), (ErrorClass::Refused, Some(-1), None));
}

/// 116: a reply cut off anywhere says nothing, and panics nowhere.
#[tokio::test]
async fn truncated_at_every_byte_is_unknown() {
    let whole = Reply::ok(&payment()).bytes();
    let server = {
        let whole = whole.clone();
        let next = std::sync::atomic::AtomicUsize::new(0);
        Server::with_token(move |_| {
            let cut = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
            Reply::Bytes(whole[..cut].to_vec())
        })
        .await
    };
    let client = client(&server);
    for cut in 0..whole.len() {
        let error = client.again(&again()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unknown, "cut at byte {cut}: {error:?}");
        assert_eq!(server.calls().len(), cut + 1);
    }
    assert!(client.again(&again()).await.is_ok(), "the whole of it is fine");
}

/// 116 again, where no length gives the cut away.
#[tokio::test]
async fn truncated_without_a_length_is_unknown() {
    let body = json!({ "code": 0, "message": null, "response": payment() }).to_string();
    let next = std::sync::atomic::AtomicUsize::new(0);
    let total = body.len();
    let server = Server::with_token(move |_| {
        let cut = next.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n";
        Reply::Bytes(format!("{head}{}", &body[..cut]).into_bytes())
    })
    .await;
    let client = client(&server);
    for cut in 0..total {
        let error = client.again(&again()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unknown, "cut at byte {cut}: {error:?}");
    }
    assert!(client.again(&again()).await.is_ok());
}

/// 117: too much is not read.
#[tokio::test]
async fn oversized_replies_are_unknown() {
    let huge = "x".repeat(5 << 20);
    let body = json!({ "code": 0, "message": huge, "response": payment() }).to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n";
    let announced = format!("{head}content-length: {}\r\n\r\n{body}", body.len());
    let unannounced = format!("{head}connection: close\r\n\r\n{body}");
    for reply in [announced, unannounced] {
        let error = charged(Reply::Bytes(reply.into_bytes())).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Unknown);
        assert!(matches!(error, Error::TooLarge { .. }), "whoever reads lists asks for a smaller page: {error:?}");
        assert!(error.to_string().contains("1 MiB"), "{error}");
    }
    // The limit itself is read, and not one byte more; also where no length says so before.
    let filled = |bytes: usize| {
        let body = |text: String| json!({ "code": 0, "message": text, "response": payment() }).to_string();
        body("x".repeat(bytes - body(String::new()).len()))
    };
    for (bytes, fits) in [(1 << 20, true), ((1 << 20) + 1, false)] {
        assert_eq!(charged(raw(filled(bytes))).await.is_ok(), fits, "{bytes}");
        let unannounced = format!("{head}connection: close\r\n\r\n{}", filled(bytes));
        assert_eq!(charged(Reply::Bytes(unannounced.into_bytes())).await.is_ok(), fits, "{bytes}, unannounced");
    }
}

/// 117: too slow is cut off.
#[tokio::test]
async fn drips_and_silence_end_at_the_deadline() {
    let whole = Reply::ok(&payment()).bytes();
    let head = whole.windows(4).position(|window| window == b"\r\n\r\n").unwrap() + 4;
    let slow = [
        Reply::Hang(vec![]),
        Reply::Hang(whole[..head].to_vec()),
        Reply::Hang(whole[..whole.len() - 1].to_vec()),
        Reply::Drip(vec![], whole.clone()),
        Reply::Drip(whole[..head].to_vec(), whole[head..].to_vec()),
    ];
    each(slow, |reply| async move {
        let server = Server::always(reply).await;
        let client = client(&server);
        client.ready().await.unwrap();
        let (client, charge) = (client.within(Duration::from_millis(1_100)), again());
        let waited = tokio::time::timeout(Duration::from_secs(3), client.again(&charge)).await;
        assert_eq!(waited.expect("must give up").unwrap_err().class(), ErrorClass::Unknown);
        assert_eq!(server.calls().len(), 1);
    })
    .await;
}

/// 119: amounts.
#[tokio::test]
async fn amounts_are_compared_by_value() {
    for amount in ["8900", "8900.0", "\"8900\"", "8.9e3"] {
        let body = payment().to_string().replace("\"amount\":8900", &format!("\"amount\":{amount}"));
        let body = format!("{{\"code\":0,\"message\":null,\"response\":{body}}}");
        assert_eq!(charged(raw(body)).await.unwrap().amount, won(8900), "{amount}");
    }
    for amount in [json!(8900.01), json!(-8900), json!(null), json!(1), json!(8901), json!("8900 "), json!(89.00)] {
        let reply = Reply::ok(&payment_with(&json!({ "amount": amount })));
        assert_eq!(class_of(reply).await, ErrorClass::Suspect, "{amount}");
    }
    // Also where there is nothing to compare with.
    for change in [json!({ "amount": -1 }), json!({ "amount": 0.5 }), json!({ "cancel_amount": -1 })] {
        let server = Server::always(Reply::ok(&payment_with(&change))).await;
        let error = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Suspect, "{change}");
    }
    let dollars = payment_with(&json!({ "amount": 19.99, "currency": "USD" }));
    let server = Server::always(Reply::ok(&dollars)).await;
    let payment = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    assert_eq!(payment.amount.to_minor(2), Some(1_999));
}

/// 120: states of the future are no state of today.
#[tokio::test]
async fn other_statuses_are_unknown_statuses() {
    for (status, kept) in [
        (json!("Paid"), "Paid"),
        (json!("pending"), "pending"),
        (json!("partial"), "partial"),
        (json!(""), ""),
        (json!(null), "null"),
        (json!(1), "1"),
        (json!(["paid"]), "null"),
    ] {
        let payment = charged(Reply::ok(&payment_with(&json!({ "status": status })))).await.unwrap();
        assert_eq!(payment.status, PaymentStatus::Unknown(kept.to_owned()));
    }
    let failed = charged(Reply::ok(&payment_with(&json!({ "status": "failed", "fail_reason": "한도초과" })))).await;
    let failed = failed.expect("code 0 with status failed is an answer");
    assert_eq!((failed.status, failed.fail_reason.unwrap().as_str()), (PaymentStatus::Failed, "한도초과"));
}

/// 121: contradictions that leave the status standing.
#[tokio::test]
async fn odd_records_are_noted() {
    let cases = [
        (json!({ "paid_at": 0 }), vec![Anomaly::PaidWithoutTime]),
        (json!({ "failed_at": 5 }), vec![Anomaly::PaidWithFailureTime]),
        (json!({ "cancel_amount": 8901 }), vec![Anomaly::CancelledTooMuch]),
        (json!({ "status": "cancelled", "cancel_amount": 8900 }), vec![]),
        (
            json!({ "cancel_amount": 900, "cancel_history": [{ "amount": 800 }] }),
            vec![Anomaly::CancellationsDoNotAddUp],
        ),
        (json!({ "cancel_amount": 900, "cancel_history": [{ "amount": 400 }, { "amount": 500.0 }] }), vec![]),
        (json!({ "card_number": "4242424242424242" }), vec![Anomaly::CardNumberExposed]),
        (json!({ "status": "failed", "paid_at": 0, "failed_at": 5 }), vec![]),
    ];
    for (changes, anomalies) in cases {
        let payment = charged(Reply::ok(&payment_with(&changes))).await.unwrap();
        assert_eq!(payment.anomalies(), anomalies, "{changes}");
    }
}

/// 122 and design: the reply must speak of the same thing.
#[tokio::test]
async fn another_number_key_or_currency_is_suspect() {
    for changes in [
        json!({ "merchant_uid": "ORDER_monthly_0001" }),
        json!({ "merchant_uid": "order_monthly_0001 " }),
        json!({ "merchant_uid": "order_monthly_0002" }),
        json!({ "customer_uid": "gildong_0001_1235" }),
    ] {
        assert_eq!(class_of(Reply::ok(&payment_with(&changes))).await, ErrorClass::Suspect, "{changes}");
    }
    let server = Server::always(Reply::ok(&payment_with(&json!({ "currency": "USD" })))).await;
    let mut charge = again();
    charge.details.currency = Some("KRW".to_owned());
    assert_eq!(client(&server).again(&charge).await.unwrap_err().class(), ErrorClass::Suspect);

    // Under a promotion the gateway takes less; the caller compares.
    let discounted = payment_with(&json!({ "amount": 7900, "promotion": { "discount": 1000 } }));
    let server = Server::always(Reply::ok(&discounted)).await;
    let mut charge = again();
    charge.details.promotion_id = Some("promotion-id-1".to_owned());
    assert_eq!(client(&server).again(&charge).await.unwrap().amount, won(7900));
}

/// The same, for every other call.
#[tokio::test]
async fn no_call_accepts_a_reply_about_something_else() {
    let other = payment_with(&json!({ "imp_uid": "imp_2", "merchant_uid": "other" }));
    let server = Server::always(Reply::ok(&other)).await;
    let client_of = client;
    let client = client_of(&server);
    let suspect = |outcome: Result<(), Error>| assert_eq!(outcome.unwrap_err().class(), ErrorClass::Suspect);
    suspect(client.payment(&imp_uid(), TestPayments::Hide).await.map(drop));
    suspect(client.find_payment(&merchant_uid(), None, None).await.map(drop));
    suspect(client.retry_schedule(&merchant_uid()).await.map(drop));
    for target in [CancelTarget::Imp(imp_uid()), CancelTarget::Merchant(merchant_uid())] {
        suspect(client.cancel(&Cancel::new(target, won(1), won(1)).unwrap()).await.map(drop));
    }
    let card = || (CardNumber::new("4242424242424242").unwrap(), Expiry::new("2027-12").unwrap());
    let onetime = Onetime::new(merchant_uid(), won(8900), card().0, card().1).unwrap();
    suspect(client.onetime(&onetime).await.map(drop));

    let server = Server::always(Reply::ok(&json!([other]))).await;
    let client = client_of(&server);
    suspect(client.payments(&PaymentIds::new(vec![imp_uid()], vec![]).unwrap()).await.map(drop));
    suspect(client.find_all_payments(&merchant_uid(), &FindAll::default()).await.map(drop));

    let server = Server::always(Reply::ok(&json!({ "customer_uid": "other" }))).await;
    let client = client_of(&server);
    suspect(client.billing_key(&customer_uid()).await.map(drop));
    suspect(client.delete_billing_key(&DeleteBillingKey::new(customer_uid())).await.map(drop));
    suspect(client.issue_billing_key(&IssueBillingKey::new(customer_uid(), card().0, card().1)).await.map(drop));
    let server = Server::always(Reply::ok(&json!([{ "customer_uid": "other" }]))).await;
    suspect(client_of(&server).billing_keys(&NonEmpty::new(customer_uid())).await.map(drop));

    let prepared = json!({ "merchant_uid": "order_monthly_0001", "amount": 1 });
    let server = Server::always(Reply::ok(&prepared)).await;
    suspect(client_of(&server).prepare(&Prepare::new(merchant_uid(), won(2))).await.map(drop));
    let server = Server::always(Reply::ok(&merged(prepared, &json!({ "merchant_uid": "other" })))).await;
    suspect(client_of(&server).prepared(&merchant_uid()).await.map(drop));

    for changes in [
        json!({ "merchant_uid": "other" }),
        json!({ "customer_uid": "other" }),
        json!({ "amount": 1 }),
        json!({ "currency": "JPY" }),
        json!({ "schedule_at": 1 }),
    ] {
        let server = Server::always(Reply::ok(&json!([merged(scheduled(), &changes)]))).await;
        let item = ScheduleItem::new(merchant_uid(), 1_830_297_600, won(8900), "KRW", "x").unwrap();
        suspect(client_of(&server).schedule(&Schedule::new(customer_uid(), NonEmpty::new(item))).await.map(drop));
    }
    let server = Server::always(Reply::ok(&json!([merged(scheduled(), &json!({ "merchant_uid": "other" }))]))).await;
    suspect(client_of(&server).unschedule(&Unschedule::new(NonEmpty::new(merchant_uid().into()))).await.map(drop));
    let server = Server::always(Reply::ok(&merged(scheduled(), &json!({ "schedule_at": 1 })))).await;
    suspect(client_of(&server).move_schedule(&merchant_uid(), 1_830_297_600).await.map(drop));
    let server = Server::always(Reply::ok(&merged(scheduled(), &json!({ "merchant_uid": "other" })))).await;
    suspect(client_of(&server).scheduled(&merchant_uid()).await.map(drop));
}

/// 123: findAll with nothing, one, and several.
#[tokio::test]
async fn find_all_shows_every_attempt() {
    let failed = |imp_uid: &str| payment_with(&json!({ "imp_uid": imp_uid, "status": "failed" }));
    let paid = |imp_uid: &str| payment_with(&json!({ "imp_uid": imp_uid }));
    for list in [
        vec![],
        vec![failed("imp_1")],
        vec![failed("imp_1"), failed("imp_2"), paid("imp_3")],
        vec![paid("imp_1"), paid("imp_2")],
    ] {
        let as_page = json!({ "total": list.len(), "previous": 0, "next": 2, "list": list });
        for (response, next) in [(json!(list), None), (as_page, Some(2))] {
            let server = Server::always(Reply::ok(&response)).await;
            let page = client(&server).find_all_payments(&merchant_uid(), &FindAll::default()).await.unwrap();
            assert_eq!((page.list.len(), page.next, page.previous), (list.len(), next, None));
            let paid_told = list.iter().filter(|payment| payment["status"] == "paid").count();
            assert_eq!(page.list.iter().filter(|one| one.status == PaymentStatus::Paid).count(), paid_told);
        }
    }
    // An object that should be a page but has no list must not read as "nothing found".
    for broken in [json!({ "total": 1 }), json!({ "total": 1, "list": null }), json!({ "list": {} }), json!("x")] {
        let server = Server::always(Reply::ok(&broken)).await;
        let error = client(&server).find_all_payments(&merchant_uid(), &FindAll::default()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::Suspect, "{broken}");
    }
}

/// 124: not found is said by an envelope or not at all.
/// The API's schema gives schedules as a bare list, which does not say whether more follow.
#[tokio::test]
async fn a_full_bare_list_of_schedules_has_a_next_page() {
    let server = Server::with_token(|seen| {
        let count = if seen.target.contains("page=2") { 3 } else { 20 };
        Reply::ok(&(0..count).map(|_| scheduled()).collect())
    })
    .await;
    let client = client(&server);
    let mut all = Schedules::new(1, 2);
    assert_eq!(client.schedules(&all).await.unwrap().next, Some(2));
    all.page = Some(2);
    assert_eq!(client.schedules(&all).await.unwrap().next, None);
    (all.page, all.limit) = (None, Some(100));
    assert_eq!(client.schedules(&all).await.unwrap().next, None, "20 of 100 are the last");
    let mut of_key = KeySchedules::new(customer_uid(), 1, 2);
    assert_eq!(client.billing_key_schedules(&of_key).await.unwrap().next, Some(2));
    of_key.page = Some(2);
    assert_eq!(client.customer_schedules(&of_key).await.unwrap().next, None);
}

#[tokio::test]
async fn not_found_needs_an_envelope() {
    let envelope = json!({ "code": -1, "message": "존재하지 않는 결제정보입니다.", "response": null });
    let find = async |reply: Reply| {
        let server = Server::always(reply).await;
        client(&server).find_payment(&merchant_uid(), None, None).await.unwrap_err()
    };
    let error = find(Reply::json(404, &envelope)).await;
    assert_eq!((error.class(), error.code()), (ErrorClass::NotFound, Some(-1)));
    assert_eq!(error.psp_message().unwrap().as_str(), "존재하지 않는 결제정보입니다.");
    for reply in [
        Reply::text(404, "text/html", "<html>404</html>"),
        Reply::text(404, "text/html", envelope.to_string()),
        Reply::text(404, "application/json", ""),
        Reply::json(404, &json!({ "message": "Not Found" })),
        Reply::json(404, &json!([])),
    ] {
        assert_eq!(find(reply).await.class(), ErrorClass::Unknown);
    }
    let refused = find(Reply::json(200, &json!({ "code": 1, "message": "not found", "response": null }))).await;
    assert_eq!(refused.class(), ErrorClass::Refused, "an old server's way to say so");
}

#[tokio::test]
async fn rejections_need_an_envelope() {
    let envelope = json!({ "code": 1, "message": "m", "response": null });
    for status in [400, 403] {
        let error = charged(Reply::json(status, &envelope)).await.unwrap_err();
        assert_eq!((error.class(), error.code()), (ErrorClass::Rejected, Some(1)));
        assert!(error.to_string().contains(&status.to_string()));
        assert_eq!(class_of(Reply::text(status, "text/html", "<html>")).await, ErrorClass::Unknown);
    }
}

#[tokio::test]
async fn rate_limits_carry_their_wait() {
    for (header, wait) in [
        (Some("7"), Some(Duration::from_secs(7))),
        (Some("99999999"), Some(Duration::from_secs(86_400))),
        (Some("-1"), None),
        (Some("Fri, 31 Dec 1999 23:59:59 GMT"), None),
        (None, None),
    ] {
        let reply = Reply::text(429, "text/html", "<html>slow down</html>");
        let reply = match header {
            Some(header) => reply.with_header("retry-after", header),
            None => reply,
        };
        let error = charged(reply).await.unwrap_err();
        assert_eq!((error.class(), error.retry_after()), (ErrorClass::RateLimited, wait), "{header:?}");
    }
}

/// What 401 and 429 mean does not hang on a body that never comes whole.
#[tokio::test]
async fn some_statuses_decide_alone() {
    for (status, class) in [(401, ErrorClass::Unauthorized), (429, ErrorClass::RateLimited)] {
        let head =
            format!("HTTP/1.1 {status} X\r\ncontent-type: text/html\r\ncontent-length: 99\r\n\r\n<ht").into_bytes();
        for reply in [Reply::Bytes(head.clone()), Reply::Reset(head.clone()), Reply::Hang(head)] {
            let server = Server::always(reply).await;
            assert_eq!(client(&server).again(&again()).await.unwrap_err().class(), class);
        }
    }
}

/// 125: some of several ids.
#[tokio::test]
async fn partial_lists_say_so() {
    let envelope = json!({ "code": 0, "message": null, "response": [payment()] });
    let ids = PaymentIds::new(vec![imp_uid(), ImpUid::new("imp_2").unwrap()], vec![]).unwrap();
    for (status, partial) in [(200, false), (207, true)] {
        let server = Server::always(Reply::json(status, &envelope)).await;
        let many = client(&server).payments(&ids).await.unwrap();
        assert_eq!((many.found.len(), many.partial), (1, partial));
    }
    let envelope = json!({ "code": 0, "message": null, "response": [{ "customer_uid": "gildong_0001_1234" }] });
    let server = Server::always(Reply::json(207, &envelope)).await;
    let keys = client(&server).billing_keys(&NonEmpty::new(customer_uid())).await.unwrap();
    assert!(keys.partial);
}
