//! A table of our own layout: in an embedded engine, or in any other emulator named by `STORE_TEST_ENDPOINT`.

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::types::{
    AttributeDefinition, BillingMode, GlobalSecondaryIndex, KeySchemaElement, KeyType, Projection, ProjectionType,
    ScalarAttributeType,
};
use store::DynamoStore;

pub(crate) struct Table {
    pub(crate) client: Client,
    name: String,
}

impl Table {
    pub(crate) async fn start() -> Self {
        let endpoint = match std::env::var("STORE_TEST_ENDPOINT") {
            Ok(endpoint) => endpoint,
            Err(_) => embedded_engine().await,
        };
        let config = aws_sdk_dynamodb::Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .endpoint_url(endpoint)
            .region(Region::from_static("ap-northeast-2"))
            .credentials_provider(Credentials::new("test", "test", None, None, "test"))
            .http_client(aws_smithy_http_client::Builder::new().build_http())
            .build();
        let table = Self { client: Client::from_conf(config), name: format!("billing-{}", unique()) };
        table.create().await;
        table
    }

    pub(crate) fn store(&self) -> DynamoStore {
        DynamoStore::new(self.client.clone(), &self.name)
    }

    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    async fn create(&self) {
        let attribute = |name: &str, kind| {
            AttributeDefinition::builder().attribute_name(name).attribute_type(kind).build().unwrap()
        };
        let key = |name: &str, kind| KeySchemaElement::builder().attribute_name(name).key_type(kind).build().unwrap();
        let index = |name: &str, partition: &str, sort: &str| {
            GlobalSecondaryIndex::builder()
                .index_name(name)
                .key_schema(key(partition, KeyType::Hash))
                .key_schema(key(sort, KeyType::Range))
                .projection(Projection::builder().projection_type(ProjectionType::KeysOnly).build())
                .build()
                .unwrap()
        };
        self.client
            .create_table()
            .table_name(&self.name)
            .billing_mode(BillingMode::PayPerRequest)
            .set_attribute_definitions(Some(vec![
                attribute("pk", ScalarAttributeType::S),
                attribute("sk", ScalarAttributeType::S),
                attribute("owner", ScalarAttributeType::S),
                attribute("owner_sk", ScalarAttributeType::S),
                attribute("due_shard", ScalarAttributeType::S),
                attribute("due_at", ScalarAttributeType::N),
                attribute("day", ScalarAttributeType::S),
                attribute("day_at", ScalarAttributeType::N),
                attribute("state", ScalarAttributeType::S),
                attribute("state_sk", ScalarAttributeType::S),
            ]))
            .key_schema(key("pk", KeyType::Hash))
            .key_schema(key("sk", KeyType::Range))
            .global_secondary_indexes(index("owner", "owner", "owner_sk"))
            .global_secondary_indexes(index("due", "due_shard", "due_at"))
            .global_secondary_indexes(index("day", "day", "day_at"))
            .global_secondary_indexes(index("state", "state", "state_sk"))
            .send()
            .await
            .unwrap();
    }
}

async fn embedded_engine() -> String {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let database = dynoxide::Database::memory().unwrap();
    tokio::spawn(dynoxide::server::serve_on(listener, database));
    format!("http://{address}")
}

/// A number that no other test of this process has.
fn unique() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    u64::from(std::process::id()) * 10_000 + NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}
