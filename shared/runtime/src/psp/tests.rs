//! What each answer of the PSP means, through the ports and over a socket: the adapter alone between a server and a use case.

use billing::order::{Details, Order};
use futures_util::future::join_all;
use serde_json::{Value, json};

use super::*;
use crate::clock::SystemClock;
use crate::log::tests::Log;
use crate::secret::tests::{TOKEN, secrets_at, told};
use crate::server::{Reply, Seen, Server};

mod lists;
mod records;
mod sent;

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
        "IAMPORT_CHECKOUT_PGS" => Some("kcp.A1=channel-key-2".to_owned()),
        "IAMPORT_VBANK_CHANNELS" => Some("settle=channel-key-3,nice_v2.A1=channel-key-4".to_owned()),
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
    let (imp_uid, key, merchant_uid) = (&imp_uid, &key, &merchant_uid);
    let absent = |name: &str| name == "not found" || name == "said to be absent";
    let said = ("said to be absent", envelope(200, 1, "존재하지 않는 결제정보입니다."));
    // All at once: each look is repeated after a pause.
    let looks =
        refusals().into_iter().filter(|(name, _)| *name != "another's").chain([said]).map(|(name, reply)| async move {
            let (psp, _server) = psp(move |_| reply.clone()).await;
            let (payment, payments) = (psp.payment(imp_uid), psp.payments(merchant_uid));
            let looked = tokio::join!(payment, payments, psp.key(key), psp.schedule(merchant_uid));
            let looked = [word(&looked.0), word(&looked.1), word(&looked.2), word(&looked.3)];
            let expected = if absent(name) { "absent" } else { "unreachable" };
            assert!(looked.iter().all(|one| *one == expected), "{name}: {looked:?}");
        });
    join_all(looks).await;
}

/// Without time to write down what came of it nothing is sent.
#[tokio::test]
async fn four_seconds_before_the_end_nothing_leaves_any_more() {
    let (psp, server) = psp_with(4, |_| Reply::ok(&payment(&json!({})))).await;
    assert_eq!(psp.charge(&order()).await, PostResult::NotSent);
    assert!(server.seen().iter().all(|seen| seen.target == "/" || seen.is_token()), "{:?}", server.seen());
}

/// A deposit or another closing came first, or the gateway cannot: nobody has to look at that.
#[tokio::test]
async fn an_account_that_cannot_be_closed_or_extended_is_no_fault_of_the_request() {
    for (name, reply) in refusals() {
        let log = Log::start();
        let (psp, _server) = psp(move |_| reply.clone()).await;
        let imp_uid = ImpUid::parse(IMP_UID).unwrap();
        let posted = psp.close_account(&imp_uid).await;
        assert_eq!(psp.extend_account(&imp_uid, Timestamp(1_800_000_000)).await, posted, "{name}");
        let code = match name {
            "refused" => Some(1),
            "rejected" => Some(400),
            "forbidden" => Some(403),
            "not found" => Some(404),
            _ => None,
        };
        match (name, &posted) {
            ("no token" | "too many", PostResult::NotSent) | ("another's", PostResult::Known(_)) => {}
            (_, PostResult::Refused(refusal)) => assert_eq!(Some(refusal.code), code, "{name}"),
            (_, PostResult::Lost) => assert_eq!(code, None, "{name}"),
            (_, PostResult::Known(_) | PostResult::NotSent | PostResult::Nonsense) => panic!("{name}: {posted:?}"),
        }
        let lines = log.lines();
        assert!(lines.iter().all(|line| line["fields"]["alarm"].is_null()), "{name}: {lines:?}");
        assert_eq!(lines.is_empty(), name == "another's", "{name}: {lines:?}");
    }
}

/// What our own checks should have caught is a person's to look at; what the PSP refuses for reasons of its own is not.
#[tokio::test]
async fn a_failed_call_is_a_line_of_log_that_names_it_and_nothing_of_the_request() {
    for (name, reply) in refusals().into_iter().filter(|(name, _)| *name != "another's") {
        let log = Log::start();
        let (psp, _server) = psp(move |_| reply.clone()).await;
        let order = Order { name: "canary".to_owned(), ..order() };
        psp.charge(&order).await;
        let lines = log.lines();
        let failures: Vec<&Value> = lines.iter().filter(|line| line["fields"]["message"] == "PSP").collect();
        assert_eq!(failures.len(), 1, "{name}: {lines:?}");
        let fields = &failures[0]["fields"];
        assert_eq!((&failures[0]["level"], &fields["psp.call"]), (&json!("WARN"), &json!("again")));
        assert!(!fields["psp.class"].as_str().unwrap().is_empty() && !fields["error"].as_str().unwrap().is_empty());
        let alarms = lines.iter().filter(|line| line["fields"]["alarm"] == "psp_rejected").count();
        assert_eq!(alarms, usize::from(["rejected", "forbidden", "not found"].contains(&name)), "{name}: {lines:?}");
        assert!(!lines.iter().any(|line| line.to_string().contains("canary")), "{lines:?}");
    }
    let log = Log::start();
    let (psp, _server) = psp(|_| Reply::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())).await;
    psp.charge(&order()).await;
    let causes = log.lines()[0]["fields"]["causes"].as_str().unwrap().to_owned();
    assert!(!causes.is_empty(), "what lies below a failure is named with it");
}

#[tokio::test]
async fn whether_a_call_could_be_made_now_is_whether_there_is_a_token() {
    let log = Log::start();
    let (ready, server) = psp(|_| Reply::ok(&Value::Null)).await;
    assert!(ready.ready().await);
    assert!(server.seen().iter().any(Seen::is_token) && log.lines().is_empty());
    let (late, server) = psp_with(4, |_| Reply::ok(&Value::Null)).await;
    assert!(!late.ready().await, "without time there is none");
    assert!(!server.seen().iter().any(Seen::is_token));
    let lines = log.lines();
    assert_eq!((lines.len(), &lines[0]["fields"]["psp.call"]), (1, &json!("getToken")));
}
