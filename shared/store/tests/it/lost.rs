//! Writes whose answers are lost or refused on the way: what the store may say of them. The SDK repeats on its own, and shows
//! the last try's error only.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use aws_sdk_dynamodb::config::http::HttpRequest;
use aws_sdk_dynamodb::config::interceptors::BeforeSerializationInterceptorContextMut;
use aws_sdk_dynamodb::config::retry::{RetryConfig, RetryPartition};
use aws_sdk_dynamodb::config::timeout::TimeoutConfig;
use aws_sdk_dynamodb::config::{
    AsyncSleep, ConfigBag, HttpClient, Intercept, RuntimeComponents, SharedHttpClient, Sleep,
    StalledStreamProtectionConfig,
};
use aws_sdk_dynamodb::error::{BoxError, ConnectorError};
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, HttpConnectorSettings, SharedHttpConnector,
};
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Flow, Payment};
use billing::ports::{KeyStore, PaymentStore, Saved, StoreError, WriteError};
use store::DynamoStore;

use crate::rows::{key, next, nonce, payment};
use crate::table::Table;

/// What becomes of one request.
#[derive(Debug, Clone, Copy)]
enum Fate {
    /// It is carried out and answered.
    Answered,
    /// It is carried out, and the connection breaks.
    Lost,
    /// 400, nothing is done.
    Throttled,
    /// 500, nothing is done.
    Error,
    /// A transaction holds the item: nothing is done.
    Held,
}

/// A way to the table on which each request meets its fate, in order; the rest are answered.
#[derive(Debug, Clone)]
struct Way {
    inner: SharedHttpClient,
    fates: Arc<Mutex<VecDeque<Fate>>>,
}

#[derive(Debug)]
struct Connector {
    inner: SharedHttpConnector,
    fates: Arc<Mutex<VecDeque<Fate>>>,
}

impl HttpClient for Way {
    fn http_connector(&self, settings: &HttpConnectorSettings, parts: &RuntimeComponents) -> SharedHttpConnector {
        let inner = self.inner.http_connector(settings, parts);
        SharedHttpConnector::new(Connector { inner, fates: Arc::clone(&self.fates) })
    }
}

impl HttpConnector for Connector {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let fate = self.fates.lock().unwrap().pop_front().unwrap_or(Fate::Answered);
        let call = self.inner.call(request);
        let refusal = |status: u16, name: &str| {
            let body = format!(r#"{{"__type":"com.amazonaws.dynamodb.v20120810#{name}","message":"no"}}"#);
            Ok(HttpResponse::new(status.try_into().unwrap(), body.into()))
        };
        HttpConnectorFuture::new(async move {
            match fate {
                Fate::Answered => call.await,
                Fate::Lost => {
                    call.await?;
                    Err(ConnectorError::io("the connection broke".into()))
                }
                Fate::Throttled => refusal(400, "ProvisionedThroughputExceededException"),
                Fate::Error => refusal(500, "InternalServerError"),
                Fate::Held => refusal(400, "TransactionConflictException"),
            }
        })
    }
}

/// Time that passes at once, and is written down.
#[derive(Debug, Clone, Default)]
struct Waited(Arc<Mutex<Vec<Duration>>>);

impl Waited {
    fn take(&self) -> Vec<Duration> {
        std::mem::take(&mut self.0.lock().unwrap())
    }
}

impl AsyncSleep for Waited {
    fn sleep(&self, duration: Duration) -> Sleep {
        let waited = self.clone();
        // A limit that nothing came near is made, and never waited for.
        Sleep::new(async move { waited.0.lock().unwrap().push(duration) })
    }
}

/// A client on whose way these fates wait. The SDK tries three times, as in production; it waits for nothing but its next try.
fn client_with(table: &Table, fates: &[Fate], waited: &Waited) -> aws_sdk_dynamodb::config::Builder {
    let inner = SharedHttpClient::new(aws_smithy_http_client::Builder::new().build_http());
    let way = Way { inner, fates: Arc::new(Mutex::new(fates.iter().copied().collect())) };
    let retries = RetryConfig::standard().with_max_attempts(3);
    let config = table.client.config().to_builder().http_client(way).retry_config(retries);
    let config = config.sleep_impl(waited.clone()).timeout_config(TimeoutConfig::disabled());
    let config = config.stalled_stream_protection(StalledStreamProtectionConfig::disabled());
    config.retry_partition(RetryPartition::custom("lost").build())
}

fn store_of(table: &Table, config: aws_sdk_dynamodb::config::Builder) -> DynamoStore {
    DynamoStore::new(aws_sdk_dynamodb::Client::from_conf(config.build()), table.name())
}

/// A store on whose way these fates wait, with an active key in its table.
async fn store_with(table: &Table, fates: &[Fate]) -> DynamoStore {
    table.store().insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    store_of(table, client_with(table, fates, &Waited::default()))
}

#[tokio::test]
async fn a_save_that_was_lost_and_then_refused_may_have_been_written() {
    use Fate::{Error, Held, Lost, Throttled};
    for (fates, said, written) in [
        ([Lost, Throttled, Throttled].as_slice(), Err(WriteError::Unknown), true),
        (&[Error, Throttled, Throttled], Err(WriteError::Unknown), false),
        (&[Lost, Held, Held, Held, Held], Err(WriteError::Unknown), true),
        (&[Throttled, Throttled, Throttled], Err(WriteError::Store(StoreError::Unavailable)), false),
        (&[Held, Held, Held, Held], Err(WriteError::Store(StoreError::Unavailable)), false),
        (&[Lost], Ok(Saved::Done), true),
        (&[Lost, Held], Ok(Saved::Done), true),
        (&[Throttled, Lost], Ok(Saved::Done), true),
    ] {
        let table = Table::start().await;
        let store = store_with(&table, fates).await;
        let first = payment("order_1", "key1", "kim", Flow::Charge);
        table.store().insert(std::slice::from_ref(&first)).await.unwrap();
        let second = next(&first, 9);
        assert_eq!(store.save(&second).await, said, "{fates:?}");
        let stands = table.store().payment(first.merchant_uid()).await.unwrap();
        assert_eq!(stands, Some(if written { second } else { first }), "{fates:?}");
    }
}

#[tokio::test]
async fn a_claim_that_was_lost_and_then_refused_may_have_been_written() {
    use Fate::{Error, Lost, Throttled};
    for (fates, said, written) in [
        ([Lost, Throttled, Throttled].as_slice(), Err(WriteError::Unknown), true),
        // The first round of three ends in silence, the second is refused.
        (&[Lost, Error, Error, Throttled, Throttled, Throttled], Err(WriteError::Unknown), true),
        (&[Throttled, Throttled, Throttled], Err(WriteError::Store(StoreError::Unavailable)), false),
        (&[Lost], Ok(vec![Saved::Done]), true),
    ] {
        let table = Table::start().await;
        let store = store_with(&table, fates).await;
        let row = payment("order_1", "key1", "kim", Flow::Charge);
        assert_eq!(store.insert(std::slice::from_ref(&row)).await, said, "{fates:?}");
        let stands = table.store().payment(row.merchant_uid()).await.unwrap();
        assert_eq!(stands, written.then_some(row), "{fates:?}");
    }
}

/// The key may be active again when the first try lands.
#[tokio::test]
async fn a_claim_that_was_not_answered_and_then_refused_for_its_key_may_land_yet() {
    for (fates, said) in [
        ([].as_slice(), Ok(vec![Saved::KeyNotActive])),
        (&[Fate::Throttled], Ok(vec![Saved::KeyNotActive])),
        (&[Fate::Error], Err(WriteError::Unknown)),
    ] {
        let table = Table::start().await;
        let store = store_with(&table, fates).await;
        let active = key("key1", "kim", KeyState::Active);
        let deleting =
            BillingKey { state: KeyState::Deleting, version: active.version + 1, writer: nonce(8), ..active };
        assert_eq!(table.store().save_key(&deleting).await.unwrap(), Saved::Done);
        let row = payment("order_1", "key1", "kim", Flow::Charge);
        assert_eq!(store.insert(std::slice::from_ref(&row)).await, said, "{fates:?}");
    }
}

/// A row that somebody else has written keeps the first try from landing.
#[tokio::test]
async fn a_claim_that_was_not_answered_and_then_overtaken_is_overtaken() {
    let table = Table::start().await;
    let store = store_with(&table, &[Fate::Error]).await;
    let row = payment("order_1", "key1", "kim", Flow::Charge);
    table.store().insert(&[Payment { writer: nonce(8), ..row.clone() }]).await.unwrap();
    let said = store.insert(std::slice::from_ref(&row)).await.unwrap();
    assert!(matches!(said.as_slice(), [Saved::Conflict(Some(_))]), "{said:?}");
}

#[tokio::test]
async fn rows_of_which_some_were_written_are_not_answered_as_out_of_reach() {
    let table = Table::start().await;
    let store = store_with(&table, &[Fate::Answered, Fate::Throttled, Fate::Throttled, Fate::Throttled]).await;
    let mut rows: Vec<_> =
        (0..60).map(|number| payment(&format!("order_{number}"), "key1", "kim", Flow::Charge)).collect();
    rows.iter_mut().for_each(|row| row.writer = nonce(50));
    assert_eq!(store.insert(&rows).await, Err(WriteError::Unknown));
    let uids: Vec<_> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
    let stand = table.store().payments(&uids).await.unwrap();
    assert!(!stand.is_empty() && stand.len() < rows.len(), "{} rows stand", stand.len());
}

/// A transaction is over in a moment, and whoever asks again too soon asks in vain.
#[tokio::test]
async fn a_write_that_is_held_waits_longer_each_time_and_not_for_a_try_that_never_comes() {
    let table = Table::start().await;
    let row = payment("order_1", "key1", "kim", Flow::Charge);
    for (held, said) in
        [(1, Ok(Saved::Done)), (3, Ok(Saved::Done)), (4, Err(WriteError::Store(StoreError::Unavailable)))]
    {
        let waited = Waited::default();
        let store = store_of(&table, client_with(&table, &vec![Fate::Held; held], &waited));
        assert_eq!(store.save(&row).await, said, "{held}");
        let waits = waited.take();
        assert_eq!(waits.len(), held.min(3), "{waits:?}");
        assert!(waits.is_sorted_by(|one, next| one < next) && !waits.contains(&Duration::ZERO), "{waits:?}");
    }
}

#[tokio::test]
async fn a_table_is_warm_once_it_has_answered() {
    let table = Table::start().await;
    let throttled = [Fate::Throttled; 3];
    let store = store_of(&table, client_with(&table, &throttled, &Waited::default()));
    assert_eq!(store.warm_up().await, Err(StoreError::Unavailable));
    assert_eq!(store.warm_up().await, Ok(()));
}

/// Fails before a request is made.
#[derive(Debug)]
struct Unmade;

impl Intercept for Unmade {
    fn name(&self) -> &'static str {
        "Unmade"
    }

    fn modify_before_serialization(
        &self,
        _: &mut BeforeSerializationInterceptorContextMut<'_>,
        _: &RuntimeComponents,
        _: &mut ConfigBag,
    ) -> Result<(), BoxError> {
        Err("there is nothing to send".into())
    }
}

#[tokio::test]
async fn a_write_of_which_no_request_could_be_made_was_not_written() {
    let table = Table::start().await;
    let store = store_of(&table, client_with(&table, &[], &Waited::default()).interceptor(Unmade));
    let row = payment("order_1", "key1", "kim", Flow::Charge);
    assert_eq!(store.save(&row).await, Err(WriteError::Store(StoreError::Unavailable)));
    assert_eq!(store.insert(&[row]).await, Err(WriteError::Store(StoreError::Unavailable)));
}
