//! What a call does with the time that it has, to the millisecond: its clock stands still, so that a busy machine has spent
//! none of it.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use iamport::*;

use crate::server::{Reply, Server};
use crate::support::{again, credentials, imp_uid, payment};

/// A clock that stands still unless it is moved.
#[derive(Clone, Debug, Default)]
struct Still(Arc<AtomicU64>);

impl Still {
    fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for Still {
    fn monotonic(&self) -> Duration {
        Duration::from_secs(self.0.load(Ordering::SeqCst))
    }

    fn unix_seconds(&self) -> i64 {
        1_800_000_000 + i64::try_from(self.0.load(Ordering::SeqCst)).unwrap()
    }
}

fn still_client(server: &Server, token_timeout: Duration) -> (Client, Still) {
    let mut config = Config::new(&server.url).unwrap();
    config.token_timeout = token_timeout;
    let clock = Still::default();
    (Client::new(config, credentials(), clock.clone()).unwrap(), clock)
}

fn busy(seconds: &str) -> Reply {
    Reply::text(429, "text/html", "").with_header("retry-after", seconds)
}

/// A pause, and a second in which an exchange can end: with less than both left, asking again is not even begun.
const CASES: [(u64, &str, usize); 3] = [(1_000, "0", 3), (1_999, "1", 1), (1_000, "1", 1)];

#[tokio::test]
async fn a_read_is_repeated_while_its_pause_and_a_second_are_left() {
    for (milliseconds, pause, calls) in CASES {
        let server = Server::always(busy(pause)).await;
        let (client, _) = still_client(&server, Duration::from_secs(3));
        client.ready().await.unwrap();
        let client = client.within(Duration::from_millis(milliseconds));
        let error = client.payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::RateLimited, "{milliseconds} ms, pause of {pause} s");
        assert_eq!(server.calls().len(), calls, "{milliseconds} ms, pause of {pause} s");
    }
}

#[tokio::test]
async fn a_token_is_asked_for_again_while_its_pause_and_a_second_are_left() {
    for (milliseconds, pause, requests) in CASES {
        let server = Server::start(move |_| busy(pause)).await;
        let (client, _) = still_client(&server, Duration::from_millis(milliseconds));
        assert_eq!(client.ready().await.unwrap_err().class(), ErrorClass::NotSent);
        assert_eq!(server.token_requests(), requests, "{milliseconds} ms, pause of {pause} s");
    }
}

#[tokio::test]
async fn a_wait_longer_than_the_time_for_a_token_is_not_begun() {
    let server = Server::start(|_| busy("5")).await;
    let (client, _) = still_client(&server, Duration::from_secs(3));
    let error = client.ready().await.unwrap_err();
    assert_eq!((error.class(), server.token_requests()), (ErrorClass::NotSent, 1));
    let source = std::error::Error::source(&error).map(ToString::to_string).unwrap_or_default();
    assert!(source.contains("rate limited"), "whoever reads the error learns why there is no token: {source}");
}

#[tokio::test]
async fn a_call_with_exactly_a_second_left_is_sent() {
    let server = Server::always(Reply::ok(&payment())).await;
    let (client, _) = still_client(&server, Duration::from_secs(3));
    client.ready().await.unwrap();
    client.within(Duration::from_secs(1)).again(&again()).await.unwrap();
    let short = client.within(Duration::from_nanos(999_999_999));
    let error = short.again(&again()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: NotSentReason::TooLittleTime, .. }), "{error:?}");
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn early_renewals_begin_five_minutes_before_the_end_and_are_a_minute_apart() {
    // Iamport gives the same end again.
    let clock = Still::default();
    let asked = clock.clone();
    let server = Server::start(move |seen| {
        if !seen.is_token() {
            return Reply::ok(&payment());
        }
        Reply::token_named("token-1", 1_800_001_800 - asked.unix_seconds())
    })
    .await;
    let client = Client::new(Config::new(&server.url).unwrap(), credentials(), clock.clone()).unwrap();
    // Seconds after the first token, and how many requests for one there have been after a call then.
    for (at, requests) in [(0, 1), (1_500, 1), (1_501, 2), (1_560, 2), (1_561, 3), (1_620, 3), (1_621, 4)] {
        let now = clock.monotonic().as_secs();
        clock.advance(at - now);
        client.again(&again()).await.unwrap();
        assert_eq!(server.token_requests(), requests, "after {at} s");
    }
}

#[tokio::test]
async fn a_token_of_half_a_minute_serves_all_who_waited_for_it() {
    let server =
        Server::start(|seen| if seen.is_token() { Reply::token_named("short", 30) } else { Reply::ok(&payment()) })
            .await;
    let (client, _) = still_client(&server, Duration::from_secs(3));
    let charge = again();
    let calls = [client.again(&charge), client.again(&charge), client.again(&charge)];
    let [first, second, third] = calls;
    let (first, second, third) = tokio::join!(first, second, third);
    assert!(first.is_ok() && second.is_ok() && third.is_ok());
    assert_eq!(server.token_requests(), 1);
    // Whoever comes later finds less than a minute left.
    client.again(&charge).await.unwrap();
    assert_eq!(server.token_requests(), 2);
}

fn paced_client(server: &Server, calls_a_second: u32) -> Client {
    let mut config = Config::new(&server.url).unwrap();
    config.calls_a_second = NonZeroU32::new(calls_a_second);
    Client::new(config, credentials(), Still::default()).unwrap()
}

#[tokio::test]
async fn a_call_whose_turn_comes_too_late_is_not_sent() {
    let server = Server::always(Reply::ok(&payment())).await;
    let client = paced_client(&server, 2);
    client.ready().await.unwrap();
    // The second one would wait for half a second, and have less than one left.
    let client = client.within(Duration::from_millis(1_400));
    client.again(&again()).await.unwrap();
    let error = client.again(&again()).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: NotSentReason::TooLittleTime, .. }), "{error:?}");
    assert_eq!(server.calls().len(), 1);
}

#[tokio::test]
async fn all_calls_wait_for_what_one_of_them_was_asked_to_wait_for() {
    let server = Server::always(busy("5")).await;
    let client = paced_client(&server, 1_000);
    client.ready().await.unwrap();
    let client = client.within(Duration::from_secs(5));
    assert_eq!(client.again(&again()).await.unwrap_err().class(), ErrorClass::RateLimited);
    // Clones share it.
    let error = client.clone().again(&again()).await.unwrap_err();
    assert_eq!((error.class(), server.calls().len()), (ErrorClass::NotSent, 1));
}
