//! What each answer of the PSP means, through the ports and over a socket: the adapter alone between a server and a use case.

use billing::order::{Details, Order};
use billing::payment::refund::Origin;
use billing::payment::{Refund, RefundState, TaxParts};
use serde_json::{Value, json};

use super::*;
use crate::clock::SystemClock;
use crate::secret::tests::{TOKEN, secrets_at, told};
use crate::server::{Reply, Seen, Server};

const ORDER: &str = "order_monthly_0001";
const IMP_UID: &str = "imp_123456789012";

/// An adapter whose PSP and whose secret are that server, with this much time for its request.
async fn psp_with(seconds: u64, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Psp, Server) {
    rustls::crypto::ring::default_provider().install_default().ok();
    let server = Server::start(move |seen| match seen.target.as_str() {
        "/" => told(),
        "/users/getToken" => Reply::token(),
        _ => answer(seen),
    })
    .await;
    let url = server.url.clone();
    let config = Config::read(|name| match name {
        "TABLE_NAME" | "IAMPORT_SECRET_ID" => Some("billing".to_owned()),
        "IAMPORT_BASE_URL" => Some(url.clone()),
        "NOTICE_URL" => Some("https://shop.example/webhooks/iamport".to_owned()),
        "IAMPORT_CHANNEL_KEY" => Some("channel-key-1".to_owned()),
        _ => None,
    })
    .unwrap();
    let clock = SystemClock::new(None);
    let secrets = secrets_at(&server.url, clock.clone());
    let client = Client::new(config.psp().unwrap(), secrets.clone(), clock.clone()).unwrap();
    let deadline = Deadline::of_request(&clock, Duration::from_secs(seconds));
    (Psp::new(client, secrets, &config, deadline), server)
}

async fn psp(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> (Psp, Server) {
    psp_with(25, answer).await
}

fn envelope(status: u16, code: i64, message: &str) -> Reply {
    Reply::json(status, &json!({ "code": code, "message": message, "response": null }))
}

fn payment(change: &Value) -> Value {
    let mut payment = json!({
        "imp_uid": IMP_UID, "merchant_uid": ORDER, "amount": 8900, "cancel_amount": 0, "currency": "KRW", "status": "paid",
        "sandbox": false, "paid_at": 1_800_000_001, "failed_at": 0, "customer_uid": "gildong_0001_1234",
    });
    payment.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
    payment
}

fn order() -> Order {
    Order {
        merchant_uid: MerchantUid::parse(ORDER).unwrap(),
        customer_uid: Some(CustomerUid::parse("gildong_0001_1234").unwrap()),
        amount: Money::krw(8_900),
        name: "월간 이용권".to_owned(),
        details: Details::default(),
    }
}

/// Answers that are none, or that refuse: what each is called.
fn refusals() -> Vec<(&'static str, Reply)> {
    let html = |status| Reply::text(status, "text/html", "<html>no</html>");
    vec![
        ("refused", envelope(200, 1, "한도초과")),
        ("rejected", envelope(400, 1, "bad")),
        ("forbidden", envelope(403, 1, "no")),
        ("not found", envelope(404, 1, "존재하지 않는 결제정보입니다.")),
        ("a page that is not found", html(404)),
        ("no token", envelope(401, -1, "Unauthorized")),
        ("too many", envelope(429, 429, "slow down")),
        ("in trouble", envelope(500, 1, "error")),
        ("a firewall's page", html(403)),
        ("a page", html(200)),
        ("moved", html(301)),
        ("cut short", Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())),
        ("nothing", Reply::Bytes(Vec::new())),
        ("another's", Reply::ok(&payment(&json!({ "merchant_uid": "another" })))),
    ]
}

#[tokio::test]
async fn every_answer_to_a_charge_says_what_became_of_the_money() {
    for (name, reply) in refusals() {
        let (psp, server) = psp(move |_| reply.clone()).await;
        let posted = psp.charge(&order()).await;
        let expected = match name {
            "refused" => Some(1),
            "rejected" => Some(400),
            "forbidden" => Some(403),
            "not found" => Some(404),
            _ => None,
        };
        match (name, &posted) {
            ("no token" | "too many", PostResult::NotSent) | ("another's", PostResult::Nonsense) => {}
            (_, PostResult::Refused(refusal)) => assert_eq!(Some(refusal.code), expected, "{name}"),
            (_, PostResult::Lost) => assert!(expected.is_none(), "{name}: {posted:?}"),
            (_, PostResult::Known(_) | PostResult::NotSent | PostResult::Nonsense) => panic!("{name}: {posted:?}"),
        }
        let charges = server.seen().iter().filter(|seen| seen.target == "/subscribe/payments/again").count();
        assert_eq!(charges, if name == "no token" { 2 } else { 1 }, "{name}: a charge is sent once");
    }
}

#[tokio::test]
async fn what_was_charged_is_read_and_where_its_notice_goes_was_said() {
    let (psp, server) = psp(|_| Reply::ok(&payment(&json!({})))).await;
    let PostResult::Known(record) = psp.charge(&order()).await else { panic!("a record") };
    assert_eq!((record.imp_uid.as_str(), record.amount), (IMP_UID, Money::krw(8_900)));
    let sent = server.seen().into_iter().find(|seen| seen.target == "/subscribe/payments/again").unwrap().json();
    assert_eq!(sent["notice_url"], format!("https://shop.example/webhooks/iamport/{TOKEN}"));
    assert_eq!((&sent["merchant_uid"], &sent["amount"]), (&json!(ORDER), &json!(8900)));
}

const fn word<T>(looked: &Lookup<T>) -> &'static str {
    match looked {
        Lookup::Found(_) => "found",
        Lookup::Absent => "absent",
        Lookup::Unreachable => "unreachable",
    }
}

/// Of what the PSP has, nothing may be taken for gone but what it says is not there.
#[tokio::test]
async fn only_an_answer_that_says_so_means_that_nothing_is_there() {
    let imp_uid = ImpUid::parse(IMP_UID).unwrap();
    let key = CustomerUid::parse("gildong_0001_1234").unwrap();
    let merchant_uid = MerchantUid::parse(ORDER).unwrap();
    let absent = |name: &str| name == "not found" || name == "said to be absent";
    let said = ("said to be absent", envelope(200, 1, "존재하지 않는 결제정보입니다."));
    for (name, reply) in refusals().into_iter().filter(|(name, _)| *name != "another's").chain([said]) {
        let (psp, _server) = psp(move |_| reply.clone()).await;
        let looked = [
            word(&psp.payment(&imp_uid).await),
            word(&psp.payments(&merchant_uid).await),
            word(&psp.key(&key).await),
            word(&psp.schedule(&merchant_uid).await),
        ];
        let expected = if absent(name) { "absent" } else { "unreachable" };
        assert!(looked.iter().all(|one| *one == expected), "{name}: {looked:?}");
    }
}

/// Lists come by the page: all of them are read, and one that cannot be is no list.
#[tokio::test]
async fn a_list_is_all_of_its_pages() {
    let page = |number: u64| {
        let next = if number < 3 { number + 1 } else { 0 };
        let one = payment(&json!({ "imp_uid": format!("imp_{number}") }));
        Reply::ok(&json!({ "total": 3, "previous": number - 1, "next": next, "list": [one] }))
    };
    let number =
        |seen: &Seen| if seen.target.contains("page=3") { 3 } else { 1 + u64::from(seen.target.contains("page=2")) };
    let merchant_uid = MerchantUid::parse(ORDER).unwrap();
    let (whole, _server) = psp(move |seen| page(number(seen))).await;
    let Lookup::Found(list) = whole.payments(&merchant_uid).await else { panic!("a list") };
    let names: Vec<&str> = list.iter().map(|record| record.imp_uid.as_str()).collect();
    assert_eq!(names, ["imp_1", "imp_2", "imp_3"]);

    for (third, expected) in [(envelope(404, 1, "none"), Some(2)), (envelope(500, 1, "error"), None)] {
        let (part, _server) = psp(move |seen| if number(seen) == 3 { third.clone() } else { page(number(seen)) }).await;
        match (part.payments(&merchant_uid).await, expected) {
            (Lookup::Found(list), Some(count)) => assert_eq!(list.len(), count),
            (Lookup::Unreachable, None) => {}
            (other, _) => panic!("{other:?}"),
        }
    }
}

/// Without time to write down what came of it nothing is sent.
#[tokio::test]
async fn four_seconds_before_the_end_nothing_leaves_any_more() {
    let (psp, server) = psp_with(4, |_| Reply::ok(&payment(&json!({})))).await;
    assert_eq!(psp.charge(&order()).await, PostResult::NotSent);
    assert!(server.seen().iter().all(|seen| seen.target == "/" || seen.is_token()), "{:?}", server.seen());
}

#[tokio::test]
async fn an_account_that_cannot_be_closed_is_no_fault_of_the_request() {
    for (reply, code) in
        [(envelope(400, 1, "입금완료"), 400), (envelope(404, 1, "none"), 404), (envelope(200, 7, "no"), 7)]
    {
        let (psp, _server) = psp(move |_| reply.clone()).await;
        let posted = psp.close_account(&ImpUid::parse(IMP_UID).unwrap()).await;
        assert!(matches!(&posted, PostResult::Refused(refusal) if refusal.code == code), "{posted:?}");
    }
}

/// A key is asked for by 25 names at a time, and those that the PSP does not have are left out.
#[tokio::test]
async fn keys_are_asked_for_in_parts() {
    let keys: Vec<CustomerUid> =
        (0..51).map(|number| CustomerUid::parse(&format!("key-{number:02}")).unwrap()).collect();
    let (psp, server) = psp(|seen| {
        let held = (0..51)
            .map(|number| format!("key-{number:02}"))
            .filter(|uid| seen.target.contains(uid.as_str()) && uid != "key-30");
        let list: Vec<Value> = held.map(|uid| json!({ "customer_uid": uid, "inserted": 1, "updated": 1 })).collect();
        Reply::ok(&json!(list))
    })
    .await;
    let Lookup::Found(held) = psp.held_keys(&keys).await else { panic!("a list") };
    assert_eq!((held.len(), held.contains(&"key-30".to_owned())), (50, false));
    let asked = server.seen().iter().filter(|seen| seen.target.starts_with("/subscribe/customers?")).count();
    assert_eq!(asked, 3);
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
    let posted = psp.issue(&CustomerUid::parse("key1").unwrap(), &card, &holder).await;
    assert!(matches!(&posted, PostResult::Known(key) if key.customer_uid == "key1"), "{posted:?}");
    let sent = server.seen().into_iter().find(|seen| seen.target.contains("customers")).unwrap();
    assert_eq!((sent.method.as_str(), sent.target.as_str()), ("POST", "/subscribe/customers/key1"));
    let expected = json!({
        "card_number": "4242-4242-4242-4242", "expiry": "2030-12", "birth": "900101", "pwd_2digit": "12", "cvc": "735",
        "channel_key": "channel-key-1", "customer_id": "kim", "customer_name": "김길동", "customer_tel": "010-1234-5678",
        "customer_email": "kim@shop.example", "customer_addr": "서울", "customer_postcode": "06164",
    });
    assert_eq!(sent.json(), expected);
}

/// Iamport lists three months at most: a year is asked for in windows that leave nothing out, each to its last page.
#[tokio::test]
async fn what_waits_on_a_key_is_asked_for_in_windows_without_a_gap() {
    let year = 360 * 86_400;
    let number = |target: &str, name: &str| {
        let query = target.split_once('?').unwrap().1;
        let value = query.split('&').find_map(|pair| pair.strip_prefix(&format!("{name}=")));
        value.map(|value| value.parse::<i64>().unwrap())
    };
    let (psp, server) = psp(move |seen| {
        let (from, page) = (number(&seen.target, "from").unwrap(), number(&seen.target, "page").unwrap_or(1));
        if page == 2 {
            return envelope(404, 1, "none");
        }
        let one = json!({
            "customer_uid": "key1", "merchant_uid": format!("at_{from}"), "schedule_at": from + 1, "amount": 8900,
            "currency": "KRW", "schedule_status": "scheduled", "executed_at": 0, "revoked_at": 0,
        });
        Reply::ok(&json!({ "total": 1, "previous": 0, "next": 2, "list": [one] }))
    })
    .await;
    let from = Timestamp(1_795_478_400);
    let waiting = psp.waiting_schedules(&CustomerUid::parse("key1").unwrap(), from, from.plus(year)).await;
    let asked: Vec<Seen> = server.seen().into_iter().filter(|seen| seen.target.contains("/schedules?")).collect();
    assert!(asked.iter().all(|seen| seen.target.contains("schedule-status=scheduled")), "{:?}", asked[0].target);
    let first_pages = asked.iter().filter(|seen| number(&seen.target, "page") != Some(2));
    let windows: Vec<(i64, i64)> =
        first_pages.map(|seen| (number(&seen.target, "from").unwrap(), number(&seen.target, "to").unwrap())).collect();
    assert_eq!((windows[0].0, windows.last().unwrap().1), (from.0, from.plus(year).0));
    assert!(windows.windows(2).all(|pair| pair[0].1 >= pair[1].0), "no gap: {windows:?}");
    assert!(windows.iter().all(|(from, to)| to - from <= 90 * 86_400), "three months: {windows:?}");
    let names: Vec<String> = windows.iter().map(|(from, _)| format!("at_{from}")).collect();
    assert_eq!(waiting, Lookup::Found(names));
    assert_eq!(asked.len(), 2 * windows.len(), "each to its last page");
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

#[tokio::test]
async fn a_key_is_deleted_with_a_reason() {
    let (psp, server) =
        psp(|_| Reply::ok(&json!({ "customer_uid": "key1", "inserted": 0, "updated": 0, "sandbox": false }))).await;
    assert!(matches!(psp.delete(&CustomerUid::parse("key1").unwrap()).await, PostResult::Known(())));
    let asked = server.seen().into_iter().find(|seen| seen.target.starts_with("/subscribe/customers/key1?")).unwrap();
    assert!(asked.target.contains("reason=%") && asked.target.contains("requester%5D=admin"), "{}", asked.target);
}
