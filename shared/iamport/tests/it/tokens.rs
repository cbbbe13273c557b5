//! The access token: got once, kept as long as it lives, given up when refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Seen, Server};
use crate::support::*;

/// A server whose tokens are numbered and live `lifetime` seconds, and which answers a call as `answer` does.
async fn answering(lifetime: i64, answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Server {
    let count = AtomicUsize::new(0);
    Server::start(move |seen| {
        if seen.is_token() {
            let number = count.fetch_add(1, Ordering::SeqCst) + 1;
            Reply::token_named(&format!("token-{number}"), lifetime)
        } else {
            answer(seen)
        }
    })
    .await
}

/// The same where every call is granted.
async fn numbered(lifetime: i64) -> Server {
    answering(lifetime, |_| Reply::ok(&payment())).await
}

/// The same where the first token is refused with this.
async fn refusing_the_first(refusal: Reply) -> Server {
    answering(1800, move |seen| match seen.headers["authorization"].as_str() {
        "Bearer token-1" => refusal.clone(),
        _ => Reply::ok(&payment()),
    })
    .await
}

/// Fifty calls at once, and what becomes of each.
async fn fifty_calls(client: &Client) -> Vec<Result<(), ErrorClass>> {
    let call = || {
        let client = client.clone();
        tokio::spawn(async move { client.again(&again()).await.map(drop).map_err(|error| error.class()) })
    };
    let mut ended = Vec::new();
    for call in (0..50).map(|_| call()).collect::<Vec<_>>() {
        ended.push(call.await.unwrap());
    }
    ended
}

fn error_chain(error: &Error) -> String {
    let mut text = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn fifty_calls_at_once_ask_for_one_token() {
    let server = numbered(1800).await;
    let client = client(&server);
    assert_eq!(fifty_calls(&client).await, vec![Ok(()); 50]);
    assert_eq!((server.token_requests(), server.calls().len()), (1, 50));
}

#[tokio::test]
async fn fifty_calls_at_once_share_one_failure() {
    let server = Server::start(|_| Reply::text(503, "text/html", "<html>")).await;
    let client = client(&server);
    assert_eq!(fifty_calls(&client).await, vec![Err(ErrorClass::NotSent); 50]);
    assert_eq!(server.token_requests(), 3, "one flight with two repetitions");
    assert_eq!(server.calls().len(), 0);
    // A later call tries anew.
    assert_eq!(client.ready().await.unwrap_err().class(), ErrorClass::NotSent);
    assert_eq!(server.token_requests(), 6);
}

#[tokio::test]
async fn fifty_refused_calls_ask_for_one_new_token() {
    let server =
        refusing_the_first(Reply::json(401, &json!({ "code": -1, "message": "revoked", "response": null }))).await;
    let client = client(&server);
    client.ready().await.unwrap();
    assert_eq!(fifty_calls(&client).await, vec![Ok(()); 50]);
    assert_eq!(server.token_requests(), 2);
    let replayed = server.calls().len() - 50;
    assert!((1..=50).contains(&replayed), "each refused call is sent once more: {replayed}");
}

#[tokio::test]
async fn a_token_is_kept_until_its_last_minute() {
    let server = numbered(1800).await;
    let (client, clock) = client_and_clock(&server);
    client.again(&again()).await.unwrap();
    clock.advance(1490);
    client.again(&again()).await.unwrap();
    assert_eq!(server.token_requests(), 1, "over five minutes left");
    clock.advance(15);
    client.again(&again()).await.unwrap();
    assert_eq!(server.token_requests(), 2, "under five minutes: renewed early");
    assert_eq!(server.calls()[2].headers["authorization"], "Bearer token-2");
    assert_eq!(client.clock_skew_seconds().map(|skew| skew.abs() <= 1600), Some(true));
}

#[tokio::test]
async fn a_failing_early_renewal_hinders_nobody() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if !seen.is_token() {
            return Reply::ok(&payment());
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::token(),
            _ => Reply::text(401, "text/html", ""),
        }
    })
    .await;
    let (client, clock) = client_and_clock(&server);
    client.again(&again()).await.unwrap();
    clock.advance(1600);
    for _ in 0..5 {
        client.again(&again()).await.unwrap();
    }
    assert_eq!(server.token_requests(), 2, "one attempt a minute");
    clock.advance(61);
    client.again(&again()).await.unwrap();
    assert_eq!(server.token_requests(), 3);
    clock.advance(90);
    assert_eq!(
        client.again(&again()).await.unwrap_err().class(),
        ErrorClass::NotSent,
        "in its last minute it is not used"
    );
    assert_eq!(server.calls().len(), 7);
}

#[tokio::test]
async fn either_clock_ends_a_token() {
    let moves: [fn(&TestClock); 3] = [
        |clock| clock.advance_wall(1_790),
        |clock| clock.advance_monotonic(1_790),
        |clock| {
            // Set back by a day, while time went on.
            clock.advance_wall(-86_400);
            clock.advance_monotonic(1_790);
        },
    ];
    for move_clock in moves {
        let server = numbered(1800).await;
        let (client, clock) = client_and_clock(&server);
        client.again(&again()).await.unwrap();
        move_clock(&clock);
        client.again(&again()).await.unwrap();
        assert_eq!(server.token_requests(), 2);
    }
}

#[tokio::test]
async fn a_lifetime_is_the_servers_and_half_an_hour_at_most() {
    // The server's clock is nine hours ahead of ours, and it promises a day.
    let server = Server::start(|seen| {
        if !seen.is_token() {
            return Reply::ok(&payment());
        }
        let now = 1_800_000_000 + 9 * 3600;
        Reply::ok(&json!({ "access_token": "token-1", "now": now, "expired_at": now + 86_400 }))
    })
    .await;
    let (client, clock) = client_and_clock(&server);
    assert_eq!(client.clock_skew_seconds(), None);
    client.ready().await.unwrap();
    assert!((32_398..=32_400).contains(&client.clock_skew_seconds().unwrap()));
    clock.advance(1_795);
    client.again(&again()).await.unwrap();
    assert_eq!(server.token_requests(), 2);
}

/// Iamport gives the same token until its last minute.
#[tokio::test]
async fn the_same_token_again_is_asked_for_once_a_minute() {
    let clock = TestClock::new();
    let asked = clock.clone();
    let server = Server::start(move |seen| {
        if !seen.is_token() {
            return Reply::ok(&payment());
        }
        let now = asked.unix_seconds();
        Reply::ok(&json!({ "access_token": "token-1", "now": now, "expired_at": 1_800_001_800 }))
    })
    .await;
    let client = client_with(Config::new(&server.url).unwrap(), credentials(), clock.clone());
    client.again(&again()).await.unwrap();
    clock.advance(1_560);
    for _ in 0..20 {
        client.again(&again()).await.unwrap();
    }
    assert_eq!(server.token_requests(), 2);
}

#[tokio::test]
async fn a_refused_token_is_replaced_and_the_call_replayed_once() {
    let server = refusing_the_first(Reply::text(401, "text/html", "<html>whatever</html>")).await;
    let client = client(&server);
    client.again(&again()).await.unwrap();
    let calls = server.calls();
    assert_eq!((server.token_requests(), calls.len()), (2, 2));
    assert_eq!(calls[0].body, calls[1].body, "the replay is the same request");
    client.payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    assert_eq!(server.token_requests(), 2);
}

#[tokio::test]
async fn a_late_refusal_of_an_old_token_does_not_cost_the_new_one() {
    let server = answering(1800, |seen| {
        let refusal = || Reply::Full { status: 401, headers: vec![], body: vec![] };
        match (seen.headers["authorization"].as_str(), seen.method.as_str()) {
            ("Bearer token-1", "POST") => Reply::Late(Duration::from_millis(300), Box::new(refusal())),
            ("Bearer token-1", _) => refusal(),
            _ => Reply::ok(&payment()),
        }
    })
    .await;
    let client = client(&server);
    client.ready().await.unwrap();
    let slow = tokio::spawn({
        let client = client.clone();
        async move { client.again(&again()).await.map(drop) }
    });
    tokio::time::sleep(Duration::from_millis(50)).await;
    client.payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    slow.await.unwrap().unwrap();
    assert_eq!(server.token_requests(), 2, "the second token serves both");
}

#[tokio::test]
async fn a_second_refusal_asks_for_fresh_credentials_and_gives_up() {
    let server = Server::start(|seen| {
        if seen.is_token() {
            let fresh = seen.body.contains("new-secret");
            return Reply::token_named(if fresh { "good" } else { "bad" }, 1800);
        }
        match seen.headers["authorization"].as_str() {
            "Bearer good" => Reply::ok(&payment()),
            _ => Reply::Full { status: 401, headers: vec![], body: vec![] },
        }
    })
    .await;
    let source = Rotated::new();
    let asked = Arc::clone(&source.fresh_asked);
    let client = client_with(Config::new(&server.url).unwrap(), source, TestClock::new());
    let error = client.again(&again()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::Unauthorized);
    assert_eq!((server.calls().len(), asked.load(Ordering::SeqCst)), (2, 1), "one replay, one look past the cache");
    // The next call goes through with what was found there.
    client.again(&again()).await.unwrap();
    assert_eq!((server.calls().len(), asked.load(Ordering::SeqCst)), (3, 1));
}

#[tokio::test]
async fn refused_credentials_are_looked_up_past_the_cache() {
    let server = Server::start(|seen| match (seen.is_token(), seen.body.contains("new-secret")) {
        (true, true) => Reply::token(),
        (true, false) => Reply::json(401, &json!({ "code": -1, "message": "key", "response": null })),
        (false, _) => Reply::ok(&payment()),
    })
    .await;
    let source = Rotated::new();
    let client = client_with(Config::new(&server.url).unwrap(), source, TestClock::new());
    client.again(&again()).await.unwrap();
    assert_eq!((server.token_requests(), server.calls().len()), (2, 1));
}

/// A look past the cache is the last word: another would bring the same.
#[tokio::test]
async fn fresh_credentials_that_are_refused_as_well_are_not_looked_up_again() {
    let server = Server::start(|seen| match (seen.is_token(), seen.body.contains("new-secret")) {
        (true, false) => Reply::token(),
        _ => Reply::Full { status: 401, headers: vec![], body: vec![] },
    })
    .await;
    let source = Rotated::new();
    let asked = Arc::clone(&source.fresh_asked);
    let client = client_with(Config::new(&server.url).unwrap(), source, TestClock::new());
    // Refused with two tokens of the old secret, so the new one is asked for; it is refused by itself.
    assert_eq!(client.again(&again()).await.unwrap_err().class(), ErrorClass::Unauthorized);
    assert_eq!((asked.load(Ordering::SeqCst), server.token_requests()), (1, 3));
    assert_eq!(client.again(&again()).await.unwrap_err().class(), ErrorClass::NotSent);
    assert_eq!((asked.load(Ordering::SeqCst), server.token_requests()), (2, 4), "once more for each call");
}

/// A token that was refused three times, or for good, was asked for often enough: the read around it asks no more.
#[tokio::test]
async fn a_read_without_a_token_is_not_repeated() {
    let server = Server::start(|_| Reply::text(401, "application/json", "{}")).await;
    let error = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap_err();
    assert!(matches!(error, Error::NotSent { reason: NotSentReason::NoToken, .. }), "{error:?}");
    assert_eq!(server.token_requests(), 1);
}

#[tokio::test]
async fn refused_credentials_that_are_still_the_same_are_not_tried_twice() {
    let server = Server::start(|_| Reply::text(401, "application/json", "{}")).await;
    let error = client(&server).again(&again()).await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert_eq!(server.seen().len(), 1);
    assert!(error_chain(&error).contains("the token was refused"), "{}", error_chain(&error));
}

/// 129: replies that hold no usable token.
#[tokio::test]
async fn without_a_token_nothing_is_sent() {
    let now = 1_800_000_000_i64;
    let reply = |token: &serde_json::Value, now: serde_json::Value, end: serde_json::Value| {
        Reply::ok(&json!({ "access_token": token, "now": now, "expired_at": end }))
    };
    let good = json!("token-1");
    let bad = [
        (reply(&good, json!(now), json!(now - 1)), 3),
        (reply(&good, json!(now), json!(now)), 3),
        (reply(&good, json!(null), json!(now)), 3),
        (reply(&good, json!("soon"), json!(now)), 3),
        (Reply::ok(&json!({ "access_token": "token-1", "expired_at": now + 1800 })), 3),
        (reply(&json!(""), json!(now), json!(now + 1800)), 3),
        (reply(&json!(null), json!(now), json!(now + 1800)), 3),
        (reply(&json!("a\r\nx: y"), json!(now), json!(now + 1800)), 3),
        (reply(&json!("t".repeat(1 << 19)), json!(now), json!(now + 1800)), 3),
        (reply(&json!("t".repeat(1 << 20)), json!(now), json!(now + 1800)), 3),
        (Reply::ok(&json!(null)), 3),
        (Reply::text(500, "text/html", "<html>"), 3),
        (Reply::text(404, "text/html", "<html>"), 3),
        (Reply::Bytes(vec![]), 3),
        (Reply::json(200, &json!({ "code": -1, "message": "no", "response": null })), 1),
    ];
    each(bad, |(answer, attempts)| async move {
        let shown = format!("{answer:?}").chars().take(200).collect::<String>();
        let server = Server::start(move |_| answer.clone()).await;
        let error = client(&server).again(&again()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotSent, "{shown}");
        assert!(matches!(error, Error::NotSent { reason: NotSentReason::NoToken, .. }), "{shown}");
        assert_eq!((server.calls().len(), server.token_requests()), (0, attempts), "{shown}");
    })
    .await;
}

#[tokio::test]
async fn a_hanging_token_request_ends_in_three_seconds() {
    let server = Server::start(|_| Reply::Hang(vec![])).await;
    let client = client(&server);
    let error = tokio::time::timeout(Duration::from_secs(4), client.again(&again())).await.unwrap().unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert_eq!(server.calls().len(), 0);
    // A shorter budget is kept, too.
    let short = client.within(Duration::from_millis(1_200));
    let error = tokio::time::timeout(Duration::from_secs(2), short.again(&again())).await.unwrap().unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
}

#[tokio::test]
async fn a_waiter_takes_over_from_a_leader_that_gave_up() {
    let count = AtomicUsize::new(0);
    let server = Server::start(move |seen| {
        if !seen.is_token() {
            return Reply::ok(&payment());
        }
        match count.fetch_add(1, Ordering::SeqCst) {
            0 => Reply::Hang(vec![]),
            _ => Reply::token(),
        }
    })
    .await;
    let client = client(&server);
    let leader = tokio::spawn({
        let client = client.within(Duration::from_millis(1_000));
        async move { client.ready().await.map_err(|error| error.class()) }
    });
    tokio::time::sleep(Duration::from_millis(200)).await;
    client.again(&again()).await.unwrap();
    assert_eq!(leader.await.unwrap(), Err(ErrorClass::NotSent));
    assert_eq!(server.token_requests(), 2);
}

#[tokio::test]
async fn credentials_that_cannot_be_had_are_a_cause() {
    struct Broken;
    impl CredentialSource for Broken {
        async fn credentials(&self, _fresh: bool) -> Result<Credentials, Cause> {
            Err("the vault is closed".into())
        }
    }
    let server = numbered(1800).await;
    let client = client_with(Config::new(&server.url).unwrap(), Broken, TestClock::new());
    let error = client.ready().await.unwrap_err();
    assert_eq!(error.class(), ErrorClass::NotSent);
    assert!(error_chain(&error).ends_with("the vault is closed"), "{}", error_chain(&error));
    assert_eq!(server.seen().len(), 0);
}
