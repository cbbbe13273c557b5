//! What leaves the machine: once, on a fresh connection, to one host, in time.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use iamport::*;
use serde_json::json;
use tokio::net::TcpListener;

use crate::server::{Reply, Server};
use crate::support::*;

/// Everything that can go wrong with an exchange, seen from the server.
fn failures() -> Vec<Reply> {
    let whole = Reply::ok(&payment()).bytes();
    vec![
        Reply::Bytes(vec![]),
        Reply::Reset(vec![]),
        Reply::Reset(whole[..40].to_vec()),
        Reply::Bytes(whole[..whole.len() / 2].to_vec()),
        Reply::Bytes(b"SSH-2.0-OpenSSH\r\n".to_vec()),
        Reply::text(500, "text/html", "<html>"),
        Reply::text(503, "application/json", "{}").with_header("retry-after", "0"),
        Reply::text(200, "text/html", "<html>"),
        Reply::json(408, &json!({ "code": 1, "message": null, "response": null })),
        Reply::text(302, "text/html", "").with_header("location", "/elsewhere"),
    ]
}

#[tokio::test]
async fn whatever_changes_something_is_sent_exactly_once() {
    for failure in failures() {
        let server = Server::always(failure.clone()).await;
        let client = client(&server);
        let card = || (CardNumber::new("4242424242424242").unwrap(), Expiry::new("2027-12").unwrap());
        let item = ScheduleItem::new(merchant_uid(), 1_830_297_600, won(8900), "KRW", "x").unwrap();
        let cancel = Cancel::new(CancelTarget::Imp(imp_uid()), won(1), won(1)).unwrap();
        let outcomes = [
            client.again(&again()).await.map(drop),
            client.onetime(&Onetime::new(merchant_uid(), won(1), card().0, card().1).unwrap()).await.map(drop),
            client.issue_billing_key(&IssueBillingKey::new(customer_uid(), card().0, card().1)).await.map(drop),
            client.delete_billing_key(&DeleteBillingKey::new(customer_uid())).await.map(drop),
            client.schedule(&Schedule::new(customer_uid(), NonEmpty::new(item))).await.map(drop),
            client.unschedule(&Unschedule::new(NonEmpty::new(merchant_uid().into()))).await.map(drop),
            client.move_schedule(&merchant_uid(), 1_830_297_600).await.map(drop),
            client.reschedule(&merchant_uid(), 1_830_297_600).await.map(drop),
            client.retry_schedule(&merchant_uid()).await.map(drop),
            client.prepare(&Prepare::new(merchant_uid(), won(1))).await.map(drop),
            client.update_prepared(&Prepare::new(merchant_uid(), won(1))).await.map(drop),
            client.cancel(&cancel).await.map(drop),
        ];
        for (at, outcome) in outcomes.iter().enumerate() {
            assert_eq!(outcome.as_ref().unwrap_err().class(), ErrorClass::Unknown, "call {at} under {failure:?}");
        }
        assert_eq!(server.calls().len(), outcomes.len(), "{failure:?}");
    }
}

#[tokio::test]
async fn reads_are_repeated_twice_at_most() {
    each(failures(), |failure| async move {
        let server = Server::always(failure.clone()).await;
        let error = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
        assert_eq!((error.class(), server.calls().len()), (ErrorClass::Unknown, 3), "{failure:?}");
    })
    .await;
    // And only while the answer may change.
    let envelope = json!({ "code": 1, "message": null, "response": null });
    for (answer, class) in [
        (Reply::json(200, &envelope), ErrorClass::Refused),
        (Reply::json(404, &envelope), ErrorClass::NotFound),
        (Reply::json(400, &envelope), ErrorClass::Rejected),
        (Reply::ok(&json!(null)), ErrorClass::Suspect),
        (Reply::text(429, "text/html", "").with_header("retry-after", "5"), ErrorClass::RateLimited),
    ] {
        let server = Server::always(answer).await;
        let error = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
        assert_eq!((error.class(), server.calls().len()), (class, 1));
    }
}

#[tokio::test]
async fn a_read_that_works_the_third_time_works() {
    let count = AtomicUsize::new(0);
    let server = Server::with_token(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::text(429, "text/html", "").with_header("retry-after", "0"),
        1 => Reply::Reset(vec![]),
        _ => Reply::ok(&payment()),
    })
    .await;
    client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    assert_eq!(server.calls().len(), 3);
}

/// 118: the token does not go where a redirect points.
#[tokio::test]
async fn redirects_are_not_followed() {
    let elsewhere = Server::always(Reply::ok(&payment())).await;
    let location = format!("{}/subscribe/payments/again", elsewhere.url);
    each([301, 302, 303, 307, 308].map(|status| (status, location.clone())), |(status, location)| async move {
        let redirect = Reply::text(status, "text/html", "").with_header("location", &location);
        let server = Server::always(redirect).await;
        let client = client(&server);
        assert_eq!(client.again(&again()).await.unwrap_err().class(), ErrorClass::Unknown);
        assert_eq!(client.prepared(&merchant_uid()).await.unwrap_err().class(), ErrorClass::Unknown);
        let server =
            Server::start(move |_| Reply::text(status, "text/html", "").with_header("location", &location)).await;
        assert_eq!(crate::support::client(&server).ready().await.unwrap_err().class(), ErrorClass::NotSent);
    })
    .await;
    assert_eq!(elsewhere.seen().len(), 0);
}

#[tokio::test]
async fn charges_have_connections_of_their_own_and_reads_share() {
    let server = Server::with_token(|_| Reply::ok(&payment())).await;
    let client = client(&server);
    for _ in 0..3 {
        client.again(&again()).await.unwrap();
    }
    for _ in 0..3 {
        client.payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    }
    client.again(&again()).await.unwrap();
    let connections: Vec<_> = server.calls().iter().map(|call| call.connection).collect();
    let reads = &connections[3..6];
    assert!(reads.iter().all(|connection| *connection == reads[0]), "{connections:?}");
    let mut charges = [connections[0], connections[1], connections[2], connections[6], reads[0]].to_vec();
    charges.sort_unstable();
    charges.dedup();
    assert_eq!(charges.len(), 5, "{connections:?}");
}

/// An idle connection that the server has closed meanwhile costs a read nothing.
#[tokio::test]
async fn a_stale_connection_is_no_failure_of_a_read() {
    let count = AtomicUsize::new(0);
    let server = Server::with_token(move |_| match count.fetch_add(1, Ordering::SeqCst) {
        0 => Reply::ok(&payment()),
        1 => Reply::Reset(vec![]),
        _ => Reply::ok(&payment()),
    })
    .await;
    let client = client(&server);
    client.payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    client.payment(&imp_uid(), TestPayments::Hide).await.unwrap();
}

async fn refused_url() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn a_refused_connection_is_not_sent() {
    // The token comes from a server that lives for one request only.
    let server = Server::always(Reply::token()).await;
    let client = client(&server);
    client.ready().await.unwrap();
    drop(server);
    tokio::time::sleep(Duration::from_millis(50)).await;
    let error = client.again(&again()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: NotSentReason::Connect, .. }), "{error:?}");

    let client = client_with(Config::new(&refused_url().await).unwrap(), credentials(), TestClock::new());
    assert_eq!(client.again(&again()).await.unwrap_err().class(), ErrorClass::NotSent);
}

#[tokio::test]
async fn an_unknown_host_is_not_sent() {
    let config = Config::new("https://no-such-host.invalid").unwrap();
    let client = client_with(config, credentials(), TestClock::new());
    let error = client.again(&again()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
}

#[tokio::test]
async fn with_too_little_time_nothing_is_sent() {
    let server = Server::always(Reply::ok(&payment())).await;
    let client = client(&server);
    for budget in [Duration::ZERO, Duration::from_millis(999)] {
        let error = client.within(budget).again(&again()).await.unwrap_err();
        assert!(matches!(error, Error::NotSent { reason: NotSentReason::TooLittleTime, .. }), "{error:?}");
        let error = client.within(budget).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotSent);
    }
    assert_eq!(server.seen().len(), 0);
    client.within(Duration::from_secs(2)).again(&again()).await.unwrap();
}

/// A token that takes most of the budget leaves too little for the charge.
#[tokio::test]
async fn time_that_the_token_took_is_gone() {
    let clock = TestClock::new();
    let moved = clock.clone();
    let server = Server::start(move |seen| {
        if seen.is_token() {
            moved.advance(9);
            return Reply::token();
        }
        Reply::ok(&payment())
    })
    .await;
    let mut config = Config::new(&server.url).unwrap();
    config.token_timeout = Duration::from_secs(30);
    let client = client_with(config, credentials(), clock);
    let error = client.within(Duration::from_millis(9_900)).again(&again()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: NotSentReason::TooLittleTime, .. }), "{error:?}");
    assert_eq!(server.calls().len(), 0);
}

#[tokio::test]
async fn a_replay_needs_time_as_well() {
    let clock = TestClock::new();
    let moved = clock.clone();
    let server = Server::with_token(move |_| {
        moved.advance(5);
        Reply::Full { status: 401, headers: vec![], body: vec![] }
    })
    .await;
    let client = client_with(Config::new(&server.url).unwrap(), credentials(), clock);
    client.ready().await.unwrap();
    let error = client.within(Duration::from_millis(5_500)).again(&again()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized, "not processed, so not unknown");
    assert_eq!(server.calls().len(), 1);
}
