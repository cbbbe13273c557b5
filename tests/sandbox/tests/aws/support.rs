//! An endpoint of its own for each test, and SDK clients for it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use aws_sdk_dynamodb::config::retry::RetryConfig;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::AttributeValue;
use bytes::Bytes;
use http::{Method, Request};
use http_body_util::Full;
use sandbox::aws::client::Client;
use sandbox::aws::table::Table;
use sandbox::aws::{self, Options};
use sandbox::net::Http;
use sandbox::template::Template;
use serde_json::Value;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

pub(crate) const TABLE: &str = "rows";

pub(crate) struct Endpoint {
    pub(crate) url: String,
    stop: oneshot::Sender<()>,
    task: JoinHandle<()>,
}

impl Endpoint {
    pub(crate) async fn start(data: Option<&Path>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its address"));
        let (stop, stopped) = oneshot::channel();
        let options = Options { data: data.map(PathBuf::from) };
        let task = tokio::spawn(async move {
            let shutdown = async move {
                stopped.await.ok();
            };
            aws::serve(listener, options, shutdown).await.expect("the endpoint");
        });
        Self { url, stop, task }
    }

    /// With the fixture's table.
    pub(crate) async fn with_table() -> Self {
        let endpoint = Self::start(None).await;
        endpoint.client().ensure_table(&table()).await.expect("the table");
        endpoint
    }

    pub(crate) async fn stop(self) {
        self.stop.send(()).expect("the endpoint runs");
        self.task.await.expect("it ends without a panic");
    }

    pub(crate) fn client(&self) -> Client {
        Client::new(&self.url).expect("a URL")
    }

    pub(crate) fn dynamodb(&self) -> aws_sdk_dynamodb::Client {
        self.dynamodb_with(RetryConfig::disabled())
    }

    pub(crate) fn dynamodb_with(&self, retries: RetryConfig) -> aws_sdk_dynamodb::Client {
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(sandbox::REGION))
            .credentials_provider(credentials())
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(retries)
            .build();
        aws_sdk_dynamodb::Client::from_conf(config)
    }

    pub(crate) fn secrets(&self) -> aws_sdk_secretsmanager::Client {
        let config = aws_sdk_secretsmanager::Config::builder()
            .behavior_version(aws_sdk_secretsmanager::config::BehaviorVersion::latest())
            .region(aws_sdk_secretsmanager::config::Region::new(sandbox::REGION))
            .credentials_provider(credentials())
            .endpoint_url(&self.url)
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .retry_config(aws_sdk_secretsmanager::config::retry::RetryConfig::disabled())
            .build();
        aws_sdk_secretsmanager::Client::from_conf(config)
    }

    /// The control interface.
    pub(crate) async fn control(&self, method: Method, path: &str, body: &Value) -> (u16, Value) {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        let request = Request::builder()
            .method(method)
            .uri(format!("{}{path}", self.url))
            .body(Full::new(Bytes::from(body)))
            .expect("a request");
        let answer = Http::new().send(request, Duration::from_secs(5), 1 << 20).await.expect("an answer");
        (answer.status().as_u16(), serde_json::from_slice(answer.body()).expect("JSON"))
    }

    pub(crate) async fn arm(&self, fault: Value) {
        let (status, _) = self.control(Method::POST, "/_aws/faults", &fault).await;
        assert_eq!(status, 201, "{fault}");
    }
}

fn credentials() -> Credentials {
    Credentials::builder().access_key_id("sandbox").secret_access_key("sandbox").provider_name("test").build()
}

pub(crate) fn template() -> Template {
    Template::parse(include_str!("../fixtures/template.yaml"), BTreeMap::new()).expect("the fixture")
}

pub(crate) fn table() -> Table {
    Table::from_template(&template(), TABLE).expect("the fixture's table")
}

pub(crate) fn s(text: &str) -> AttributeValue {
    AttributeValue::S(text.to_owned())
}

pub(crate) fn n(number: i64) -> AttributeValue {
    AttributeValue::N(number.to_string())
}
