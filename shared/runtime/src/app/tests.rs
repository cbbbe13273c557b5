//! What a function opens at its start, and that nothing of it has to succeed.

use billing::ports::{Clock as _, SubscriptionStore as _};
use serde_json::json;

use super::*;
use crate::log::tests::Log;
use crate::secret::tests::{secrets_at, told};
use crate::server::{Reply, Seen, Server};

/// An app whose every service is that server.
pub(crate) fn app_at(url: &str, variables: &[(&'static str, &str)]) -> App {
    rustls::crypto::ring::default_provider().install_default().ok();
    let required = [("TABLE_NAME", "billing"), ("IAMPORT_SECRET_ID", "billing"), ("IAMPORT_BASE_URL", url)];
    let config = Config::read(|name| {
        let value = variables.iter().chain(&required).find(|(known, _)| *known == name);
        value.map(|(_, value)| (*value).to_owned())
    })
    .unwrap();
    let clock = SystemClock::new(None);
    let secrets = secrets_at(url, clock.clone());
    let client = Client::new(config.psp().unwrap(), secrets.clone(), clock.clone()).unwrap();
    let table = aws_sdk_dynamodb::Config::builder()
        .behavior_version_latest()
        .allow_no_auth()
        .region(aws_sdk_dynamodb::config::Region::new("ap-northeast-2"))
        .endpoint_url(url)
        .retry_config(aws_sdk_dynamodb::config::retry::RetryConfig::disabled())
        .http_client(aws_smithy_http_client::Builder::new().build_http())
        .build();
    let store = DynamoStore::new(aws_sdk_dynamodb::Client::from_conf(table), &config.table_name);
    App { config, clock, secrets, client, store }
}

/// What was asked for: the secret, a token, or an item of the table.
pub(crate) fn asked_for(seen: &Seen) -> &str {
    match seen.headers.get("x-amz-target") {
        Some(target) => target.rsplit_once('.').unwrap().1,
        None => &seen.target,
    }
}

#[tokio::test]
async fn the_start_opens_the_way_to_the_secret_a_token_and_the_table() {
    let server = Server::start(|seen| match asked_for(seen) {
        "GetSecretValue" => told(),
        "/users/getToken" => Reply::token(),
        _ => Reply::json(200, &json!({})),
    })
    .await;
    let log = Log::start();
    app_at(&server.url, &[]).warm_up().await;
    let seen = server.seen();
    let mut asked: Vec<&str> = seen.iter().map(asked_for).collect();
    asked.sort_unstable();
    assert_eq!(asked, ["/users/getToken", "GetItem", "GetSecretValue"]);
    assert_eq!(log.lines(), Vec::<serde_json::Value>::new());
}

/// The first request takes longer then, and that is all.
#[tokio::test]
async fn a_start_without_a_table_or_a_token_says_so_and_goes_on() {
    let server = Server::start(|_| Reply::json(400, &json!({ "__type": "AccessDeniedException" }))).await;
    let log = Log::start();
    app_at(&server.url, &[]).warm_up().await;
    let said: Vec<String> = log.lines().iter().map(|line| line["fields"]["message"].to_string()).collect();
    for expected in ["\"no token yet\"", "\"no table yet\""] {
        assert!(said.iter().any(|message| message == expected), "{said:?}");
    }
}

#[tokio::test]
async fn the_use_cases_of_a_request_have_its_settings_its_table_and_its_time() {
    let server = Server::start(|_| Reply::json(200, &json!({}))).await;
    let app = app_at(&server.url, &[("AMOUNT_MAX", "5000")]);
    let deadline = Deadline::of_request(&app.clock, std::time::Duration::from_secs(25));
    let billing = app.billing(&deadline);
    assert_eq!((billing.policy.amount_max_minor, billing.host.came_at()), (5_000, deadline.came_at()));
    assert!((app.now()..=app.now().plus(5)).contains(&billing.host.now()));
    let id = billing::subscription::SubscriptionId::parse("sub0123456789abcdef0123456789").unwrap();
    assert_eq!(billing.store.subscription(&id).await.unwrap(), None);
    assert!(server.seen()[0].body.contains("\"billing\""), "the table that is set: {}", server.seen()[0].body);
}
