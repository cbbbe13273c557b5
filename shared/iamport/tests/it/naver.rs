//! NAVER Pay: product orders, returns, points, reviews.

use iamport::*;
use serde_json::{Value, json};

use crate::server::{Reply, Server};
use crate::support::*;

fn id(text: &str) -> ProductOrderId {
    ProductOrderId::new(text).unwrap()
}

fn two() -> ProductOrders {
    ProductOrders::Only(NonEmpty::try_from(vec![id("1001"), id("1002")]).unwrap())
}

fn order(number: &str) -> Value {
    json!({ "product_order_id": number, "product_order_status": "PAYED" })
}

fn full_order() -> Value {
    json!({
        "product_order_id": "1001", "product_order_status": "DELIVERING", "claim_type": "RETURN",
        "claim_status": "COLLECTING", "product_id": "p1", "product_name": "의자", "product_option_id": "o1",
        "product_option_name": "빨강", "product_amount": 8900, "delivery_amount": 2500, "quantity": 2,
        "orderer": { "name": "홍길동", "id": "gil***", "tel": "01012345678" },
        "shipping_address": {
            "base": "신사동 1", "detail": "101호", "postcode": "01181", "tel1": "0101", "tel2": "0102", "name": "임꺽정",
        },
        "shipping_memo": "문 앞", "shipping_due": 1_800_000_000, "individual_code": "P1234",
    })
}

fn assert_full(order: &NaverProductOrder) {
    assert_eq!(
        (order.product_order_id.as_str(), &order.product_order_status),
        ("1001", &ProductOrderStatus::Delivering)
    );
    assert_eq!(order.claim_type, Some(ClaimType::Return));
    assert_eq!(order.claim_status, Some(ClaimStatus::Collecting));
    assert_eq!((order.product_id.as_deref(), order.product_name.as_deref()), (Some("p1"), Some("의자")));
    assert_eq!((order.product_option_id.as_deref(), order.product_option_name.as_deref()), (Some("o1"), Some("빨강")));
    assert_eq!((order.product_amount, order.delivery_amount), (Some(won(8900)), Some(won(2500))));
    assert_eq!((order.quantity, order.shipping_due), (Some(2), Some(1_800_000_000)));
    let orderer = order.orderer.as_ref().unwrap();
    assert_eq!((orderer.name.as_deref(), orderer.id.as_deref()), (Some("홍길동"), Some("gil***")));
    assert_eq!(orderer.tel.as_deref(), Some("01012345678"));
    let address = order.shipping_address.as_ref().unwrap();
    assert_eq!((address.base.as_deref(), address.detail.as_deref()), (Some("신사동 1"), Some("101호")));
    assert_eq!((address.postcode.as_deref(), address.name.as_deref()), (Some("01181"), Some("임꺽정")));
    assert_eq!((address.tel1.as_deref(), address.tel2.as_deref()), (Some("0101"), Some("0102")));
    assert_eq!((order.shipping_memo.as_deref(), order.individual_code.as_deref()), (Some("문 앞"), Some("P1234")));
    let printed = format!("{order:?}");
    for hidden in ["홍길동", "gil*", "0101", "신사동", "문 앞", "P1234"] {
        assert!(!printed.contains(hidden), "{printed}");
    }
}

fn assert_minimal(order: &NaverProductOrder, number: &str) {
    assert_eq!((order.product_order_id.as_str(), &order.product_order_status), (number, &ProductOrderStatus::Payed));
    assert_eq!((&order.claim_type, &order.claim_status, &order.orderer), (&None, &None, &None));
    assert_eq!((order.product_amount, order.quantity, &order.shipping_address), (None, None, &None));
}

#[tokio::test]
async fn product_orders_are_read() {
    let list = async |client: Client| client.naver_product_orders(&imp_uid()).await;
    let (call, orders) = told(json!([full_order(), order("1002")]), list).await;
    assert_call(&call, "GET", "/payments/imp_123456789012/naver/product-orders", &Value::Null);
    assert_full(&orders[0]);
    assert_minimal(&orders[1], "1002");

    let one = async |client: Client| client.naver_product_order(&id("1001")).await;
    let (call, read) = told(full_order(), one).await;
    assert_call(&call, "GET", "/naver/product-orders/1001", &Value::Null);
    assert_full(&read);
    assert_minimal(&told(order("1001"), one).await.1, "1001");
    let nulls =
        merged(order("1001"), &json!({ "claim_type": null, "orderer": "x", "shipping_address": [], "quantity": {} }));
    assert_minimal(&told(nulls, one).await.1, "1001");
    for wrong in [json!({ "product_order_id": "2" }), json!({ "product_amount": "much" })] {
        assert_eq!(class_after(merged(full_order(), &wrong), one).await, ErrorClass::Suspect, "{wrong}");
    }
    let odd = merged(order("1001"), &json!({ "product_order_status": "SOMETHING_NEW" }));
    assert_eq!(told(odd, one).await.1.product_order_status.as_str(), "SOMETHING_NEW");
}

/// What each action sends to the two product orders, beside their numbers.
async fn act(action: &str, client: Client, orders: &ProductOrders) -> Result<NaverDone, Error> {
    let imp_uid = imp_uid();
    let carrier = NaverDelivery::carrier(NaverDeliveryCompany::Cjgls, "1234567890");
    let back = NaverReturnDelivery::carrier(NaverDeliveryCompany::Epost, "1234567890");
    match action {
        "cancel" => client.naver_cancel(&imp_uid, orders, Some(NaverCancelReason::SoldOut)).await,
        "approve-cancel" => client.naver_approve_cancel(&imp_uid, orders).await,
        "place" => client.naver_place(&imp_uid, orders).await,
        "ship" => client.naver_ship(&imp_uid, orders, &carrier, 1_800_000_000).await,
        "ship-exchanged" => client.naver_ship_exchanged(&imp_uid, orders, &carrier).await,
        "collect-exchanged" => client.naver_collect_exchanged(&imp_uid, orders).await,
        "request-return" => {
            client.naver_request_return(&imp_uid, orders, &back, Some(NaverReturnReason::WrongOption)).await
        }
        "approve-return" => client.naver_approve_return(&imp_uid, orders, Some("네")).await,
        "reject-return" => client.naver_reject_return(&imp_uid, orders, "사용함").await,
        "withhold-return" => {
            let mut withhold = NaverWithhold::new("배송비");
            withhold.reason = Some(NaverWithholdReason::ReturnDeliveryfeeAndExtrafeee);
            withhold.extra_charge = Some(won(3000));
            client.naver_withhold_return(&imp_uid, orders, &withhold).await
        }
        "resolve-return" => client.naver_resolve_return(&imp_uid, orders).await,
        other => panic!("{other}"),
    }
}

fn actions() -> [(&'static str, Value); 11] {
    let carrier =
        json!({ "delivery_method": "DELIVERY", "delivery_company": "CJGLS", "tracking_number": "1234567890" });
    [
        ("cancel", json!({ "reason": "SOLD_OUT" })),
        ("approve-cancel", json!({})),
        ("place", json!({})),
        ("ship", merged(carrier.clone(), &json!({ "dispatched_at": 1_800_000_000 }))),
        ("ship-exchanged", carrier),
        ("collect-exchanged", json!({})),
        (
            "request-return",
            json!({
                "reason": "WRONG_OPTION", "delivery_method": "RETURN_DELIVERY", "delivery_company": "EPOST",
                "tracking_number": "1234567890",
            }),
        ),
        ("approve-return", json!({ "memo": "네" })),
        ("reject-return", json!({ "memo": "사용함" })),
        (
            "withhold-return",
            json!({ "reason": "RETURN_DELIVERYFEE_AND_EXTRAFEEE", "memo": "배송비", "extra_charge": 3000 }),
        ),
        ("resolve-return", json!({})),
    ]
}

#[tokio::test]
async fn product_orders_are_acted_on() {
    each(actions(), |(action, body)| async move {
        let path = format!("/payments/imp_123456789012/naver/{action}");
        let reply = json!([full_order(), order("1002")]);
        let (call, outcome) = told(reply, async |client| act(action, client, &two()).await).await;
        assert_call(&call, "POST", &path, &merged(body.clone(), &json!({ "product_order_id": ["1001", "1002"] })));
        assert!(!outcome.partial);
        assert_full(&outcome.done[0]);
        assert_minimal(&outcome.done[1], "1002");
        let reply = json!([order("7")]);
        let (call, outcome) = told(reply, async |client| act(action, client, &ProductOrders::All).await).await;
        assert_call(&call, "POST", &path, &body);
        assert!(!outcome.partial && outcome.done.len() == 1, "{action}");
    })
    .await;
}

#[tokio::test]
async fn what_was_done_to_some_only_says_so() {
    each(actions(), |(action, _)| async move {
        let some = |status, list: Value| Reply::json(status, &json!({ "code": 0, "response": list }));
        for (reply, done) in [
            (some(207, json!([order("1001")])), 1),
            (some(200, json!([order("1001")])), 1),
            (some(207, json!([order("1001"), order("1002")])), 2),
            (some(207, json!([])), 0),
        ] {
            let (_, outcome) = answered(reply, async |client| act(action, client, &two()).await).await;
            assert!(outcome.partial && outcome.done.len() == done, "{action} {outcome:?}");
        }
        let reply = some(200, json!([]));
        let (_, outcome) = answered(reply, async |client| act(action, client, &ProductOrders::All).await).await;
        assert!(outcome.partial, "{action}: to none of all");
        let other = json!([order("1001"), order("7")]);
        let outcome = class_after(other, async |client| act(action, client, &two()).await).await;
        assert_eq!(outcome, ErrorClass::Suspect, "{action}");
    })
    .await;
}

#[tokio::test]
async fn what_may_be_left_out_is_left_out() {
    let client_of = async |reply: Value| Server::always(Reply::ok(&reply)).await;
    let server = client_of(json!([order("1")])).await;
    let client = client(&server);
    let (imp_uid, all) = (imp_uid(), ProductOrders::All);
    client.naver_cancel(&imp_uid, &all, None).await.unwrap();
    client.naver_approve_return(&imp_uid, &all, None).await.unwrap();
    client.naver_withhold_return(&imp_uid, &all, &NaverWithhold::new("m")).await.unwrap();
    client.naver_request_return(&imp_uid, &all, &NaverReturnDelivery::individual(), None).await.unwrap();
    let designated = NaverReturnDelivery::designated(Some(NaverDeliveryCompany::Honam), Some("7".to_owned()));
    client.naver_request_return(&imp_uid, &all, &designated, None).await.unwrap();
    let nothing = NaverDelivery::other(NaverDeliveryMethod::Nothing);
    client.naver_ship_exchanged(&imp_uid, &all, &nothing).await.unwrap();
    let printed =
        NaverDelivery::other_with(NaverDeliveryMethod::GdfwIssueSvc, Some(NaverDeliveryCompany::Ch1), Some("7".into()));
    client.naver_ship_exchanged(&imp_uid, &all, &printed).await.unwrap();
    let bodies: Vec<Value> = server.calls().iter().map(crate::server::Seen::json).collect();
    let expected = [
        json!({}),
        json!({}),
        json!({ "memo": "m" }),
        json!({ "delivery_method": "RETURN_INDIVIDUAL" }),
        json!({ "delivery_method": "RETURN_DESIGNATED", "delivery_company": "HONAM", "tracking_number": "7" }),
        json!({ "delivery_method": "NOTHING" }),
        json!({ "delivery_method": "GDFW_ISSUE_SVC", "delivery_company": "CH1", "tracking_number": "7" }),
    ];
    assert_eq!(bodies, expected);
    let sent = server.calls().len();
    let error = client.naver_ship(&imp_uid, &all, &nothing, 1_800_000_000_000).await.unwrap_err();
    assert_eq!((error.class(), server.calls().len()), (ErrorClass::NotSent, sent), "milliseconds");
}

#[tokio::test]
async fn points_and_purchases() {
    let point = async |client: Client| client.naver_point(&imp_uid()).await;
    for reply in [json!(null), json!({}), json!([1])] {
        let call = sent(reply.clone(), point).await;
        assert_call(&call, "POST", "/payments/imp_123456789012/naver/point", &Value::Null);
        for (requester, body) in [(None, json!({})), (Some(Requester::Customer), json!({ "requester": "customer" }))] {
            let confirm = async |client: Client| client.naver_confirm(&imp_uid(), requester).await;
            let call = sent(reply.clone(), confirm).await;
            assert_call(&call, "POST", "/payments/imp_123456789012/naver/confirm", &body);
        }
    }
}

#[tokio::test]
async fn cash_that_a_receipt_may_cover() {
    let act = async |client: Client| client.naver_cash_amount(&imp_uid()).await;
    let full = json!({
        "amount_total": 10, "amount_by_npoint": 4, "amount_by_primary": 6, "amount_supply": 9, "amount_vat": 1,
    });
    let (call, cash) = told(full, act).await;
    assert_call(&call, "GET", "/payments/imp_123456789012/naver/cash-amount", &Value::Null);
    assert_eq!((cash.amount_total, cash.amount_by_npoint), (won(10), Some(won(4))));
    assert_eq!(
        (cash.amount_by_primary, cash.amount_supply, cash.amount_vat),
        (Some(won(6)), Some(won(9)), Some(won(1)))
    );
    let (_, cash) = told(json!({ "amount_total": 0, "amount_vat": null }), act).await;
    assert_eq!((cash.amount_total, cash.amount_by_npoint, cash.amount_vat), (Amount::ZERO, None, None));
    assert_eq!(class_after(json!({ "amount_vat": 1 }), act).await, ErrorClass::Suspect);
}

#[tokio::test]
async fn reviews_are_listed() {
    let window = |kind| NaverReviews::new("channel key".into(), 1_800_000_000, 1_800_086_400, kind).unwrap();
    let full = json!({
        "review_id": "r1", "score": 2, "title": "좋아요", "content": "정말", "product_order_id": "1001",
        "product_id": "p1", "product_name": "의자", "product_option_name": "빨강", "writer": "w1",
        "created_at": 1_800_000_001, "modified_at": 1_800_000_002,
    });
    for (kind, word) in [(ReviewType::General, "general"), (ReviewType::Premium, "premium")] {
        let request = window(kind);
        let reply = json!([full, { "review_id": "r2", "score": "13" }]);
        let (call, reviews) = told(reply, async |client| client.naver_reviews(&request).await).await;
        let target =
            format!("/naver/reviews?channel_key=channel%20key&from=1800000000&to=1800086400&review_type={word}");
        assert_call(&call, "GET", &target, &Value::Null);
        let [full, minimal] = &reviews[..] else { panic!("{reviews:?}") };
        assert_eq!((full.review_id.as_str(), full.score.as_deref()), ("r1", Some("2")), "a number as well as a text");
        assert_eq!((full.title.as_deref(), full.content.as_deref()), (Some("좋아요"), Some("정말")));
        assert_eq!((full.product_order_id.as_deref(), full.product_id.as_deref()), (Some("1001"), Some("p1")));
        assert_eq!((full.product_name.as_deref(), full.product_option_name.as_deref()), (Some("의자"), Some("빨강")));
        assert_eq!((full.writer.as_deref(), full.created_at), (Some("w1"), Some(1_800_000_001)));
        assert_eq!(full.modified_at, Some(1_800_000_002));
        assert_eq!((minimal.score.as_deref(), &minimal.title, minimal.modified_at), (Some("13"), &None, None));
    }
    assert!(NaverReviews::new("k".into(), 1, 1_800_000_000_000, ReviewType::General).is_err());
    assert!(NaverReviews::new("k".into(), 0, 1, ReviewType::General).is_err());
}
