//! The secret: what it must hold, how it is kept, and that it is never shown.

use std::sync::atomic::{AtomicU32, Ordering};

use iamport::CredentialSource as _;
use serde_json::json;

use super::*;
use crate::server::{Reply, Server};

pub(crate) const TOKEN: &str = "abcdefghijklmnopqrstuvwxyz012345";

/// The answer of Secrets Manager.
pub(crate) fn told() -> Reply {
    let change = [("webhook_tokens", json!([TOKEN]))];
    Reply::json(200, &json!({ "SecretString": written(&change) }))
}

/// The secret's cache in front of a Secrets Manager that answers there.
pub(crate) fn secrets_at(url: &str, clock: SystemClock) -> Secrets {
    let aws = aws_sdk_secretsmanager::Config::builder()
        .behavior_version_latest()
        .allow_no_auth()
        .region(aws_sdk_secretsmanager::config::Region::new("ap-northeast-2"))
        .endpoint_url(url)
        .retry_config(aws_sdk_secretsmanager::config::retry::RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    Secrets::new(Client::from_conf(aws), "billing", clock)
}

#[tokio::test]
async fn a_secret_is_read_once_in_five_minutes_and_anew_when_it_was_refused() {
    let server = Server::start(|_| told()).await;
    // Beside a simulator the wall clock can be moved.
    let clock_file = std::env::temp_dir().join(format!("secret-clock-{}", std::process::id()));
    let offset = |seconds: u32| std::fs::write(&clock_file, seconds.to_string()).unwrap();
    offset(0);
    let secrets = secrets_at(&server.url, SystemClock::new(clock_file.to_str().map(str::to_owned)));
    for (seconds, fresh, reads) in [(0, false, 1), (290, false, 1), (301, false, 2), (302, true, 3), (302, false, 3)] {
        offset(seconds);
        secrets.credentials(fresh).await.unwrap();
        assert!(secrets.current().await.unwrap().knows_webhook_token(TOKEN));
        assert_eq!(server.seen().len(), reads, "after {seconds} s, anew: {fresh}");
    }
    std::fs::remove_file(&clock_file).unwrap();
}

/// An outage ends with the next request, and not five minutes later.
#[tokio::test]
async fn a_secret_that_could_not_be_read_is_asked_for_again() {
    let asked = AtomicU32::new(0);
    let server = Server::start(move |_| match asked.fetch_add(1, Ordering::Relaxed) {
        0 => Reply::json(500, &json!({})),
        1 => Reply::json(400, &json!({ "__type": "ResourceNotFoundException" })),
        2 => Reply::json(200, &json!({ "SecretString": "{}" })),
        _ => told(),
    })
    .await;
    let secrets = secrets_at(&server.url, SystemClock::new(None));
    for _ in 0..2 {
        assert!(matches!(secrets.current().await, Err(SecretError::Unreadable(_))));
    }
    assert!(matches!(secrets.current().await, Err(SecretError::Malformed(_))));
    assert!(secrets.current().await.is_ok());
    assert_eq!(server.seen().len(), 4);
}

fn written(change: &[(&str, serde_json::Value)]) -> String {
    let mut secret = serde_json::json!({
        "imp_key": "imp_apikey",
        "imp_secret": "canary-secret",
        "webhook_tokens": ["a".repeat(64), "b".repeat(64)],
        "fingerprint_key": "canary-fingerprint-key",
    });
    for (field, value) in change {
        secret[*field] = value.clone();
    }
    secret.to_string()
}

#[test]
fn the_current_and_the_previous_token_are_known() {
    let secret = Secret::parse(&written(&[])).unwrap();
    assert!(secret.knows_webhook_token(&"a".repeat(64)) && secret.knows_webhook_token(&"b".repeat(64)));
    for unknown in ["", "a", &"c".repeat(64), &"a".repeat(65)] {
        assert!(!secret.knows_webhook_token(unknown), "{unknown}");
    }
    let url = secret.notice_url("https://shop.example/webhooks/iamport/").unwrap();
    assert_eq!(*url, format!("https://shop.example/webhooks/iamport/{}", "a".repeat(64)));
}

/// Somebody may write the same value twice while one is being rotated: it is as good as once.
#[test]
fn a_token_or_a_key_that_stands_there_twice_is_known() {
    let change = [
        ("webhook_tokens", json!([TOKEN, TOKEN])),
        ("other_fingerprint_keys", json!(["canary-fingerprint-key", "another-fingerprint-key"])),
    ];
    let secret = Secret::parse(&written(&change)).unwrap();
    assert!(secret.knows_webhook_token(TOKEN) && !secret.knows_webhook_token(&TOKEN[1..]));
    let order = MerchantUid::parse("order_1").unwrap();
    assert!(secret.knows_order_token(&secret.order_token(&order), &order));
}

#[test]
fn an_orders_own_token_is_that_orders_alone_and_survives_a_rotation() {
    let of = |key: &str, others: &[&str]| {
        let others = serde_json::json!(others);
        let change = [("fingerprint_key", serde_json::json!(key)), ("other_fingerprint_keys", others)];
        Secret::parse(&written(&change)).unwrap()
    };
    let (first, second) = (MerchantUid::parse("order_1").unwrap(), MerchantUid::parse("order_2").unwrap());
    let before = of("canary-fingerprint-key", &[]);
    let token = before.order_token(&first);
    assert!(is_order_token(&token) && !before.knows_webhook_token(&token));
    assert!(before.knows_order_token(&token, &first) && !before.knows_order_token(&token, &second));
    assert!(!is_order_token(&"a".repeat(64)), "a global one");
    let rotated = of("another-fingerprint-key", &["canary-fingerprint-key"]);
    assert!(rotated.knows_order_token(&token, &first));
    assert!(!of("another-fingerprint-key", &[]).knows_order_token(&token, &first));
}

#[test]
fn a_secret_that_will_not_do_says_why_and_not_what_it_holds() {
    for (field, value) in [
        ("imp_key", serde_json::json!("")),
        ("webhook_tokens", serde_json::json!([])),
        ("webhook_tokens", serde_json::json!(["canary"])),
        // Long enough, and no word of a path; a word, and not long enough; a good one beside it.
        ("webhook_tokens", serde_json::json!(["canary-canary-canary-canary-canary"])),
        ("webhook_tokens", serde_json::json!(["canary7canary7canary7canary7can"])),
        ("webhook_tokens", serde_json::json!([TOKEN, "canary"])),
        ("imp_secret", serde_json::json!("")),
        ("fingerprint_key", serde_json::json!("canary")),
        ("other_fingerprint_keys", serde_json::json!(["canary"])),
        ("imp_secret", serde_json::json!({"canary": 1})),
    ] {
        let error = Secret::parse(&written(&[(field, value)])).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("canary"), "{error}");
    }
}

#[tokio::test]
async fn a_secret_cannot_be_printed_and_neither_can_what_keeps_it() {
    let printed = format!("{:?}", Secret::parse(&written(&[])).unwrap());
    assert_eq!(printed, "Secret");
    let server = Server::start(|_| told()).await;
    let secrets = secrets_at(&server.url, SystemClock::new(None));
    assert!(secrets.current().await.is_ok());
    assert_eq!(format!("{secrets:?}"), "Secrets");
}
