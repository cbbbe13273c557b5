use std::os::unix::fs::PermissionsExt as _;

use sandbox::aws::seed::SecretFields;
use serde_json::json;

use crate::support::{Endpoint, TABLE, s, table};

#[tokio::test]
async fn table_and_secret_survive_a_restart_with_a_data_directory() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = Endpoint::start(Some(directory.path())).await;
    first.client().ensure_table(&table()).await.expect("the table");
    first.client().ensure_secret("name", &json!({ "imp_key": "kept" })).await.expect("the secret");
    first
        .dynamodb()
        .put_item()
        .table_name(TABLE)
        .item("pk", s("PAY#1"))
        .item("sk", s("PAY"))
        .send()
        .await
        .expect("put");
    first.stop().await;

    let second = Endpoint::start(Some(directory.path())).await;
    let items = second.client().scan(TABLE).await.expect("scanned");
    assert_eq!(items, [json!({ "pk": { "S": "PAY#1" }, "sk": { "S": "PAY" } })]);
    let secret = second.client().ensure_secret("name", &json!({ "imp_key": "new" })).await.expect("the secret");
    assert_eq!(secret, json!({ "imp_key": "kept" }).to_string());
    second.stop().await;

    let mode = std::fs::metadata(directory.path().join("secrets.json")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn without_one_nothing_is_kept() {
    let first = Endpoint::with_table().await;
    first.stop().await;
    let second = Endpoint::start(None).await;
    second.client().scan(TABLE).await.expect_err("no table");
}

#[tokio::test]
async fn a_scan_reads_every_page() {
    let endpoint = Endpoint::with_table().await;
    let sdk = endpoint.dynamodb();
    let filler = "x".repeat(300_000);
    for index in 0..8 {
        let pk = format!("PAY#{index}");
        let put = sdk.put_item().table_name(TABLE).item("pk", s(&pk)).item("sk", s("PAY")).item("filler", s(&filler));
        put.send().await.expect("put");
    }
    assert_eq!(endpoint.client().scan(TABLE).await.expect("scanned").len(), 8);
}

#[test]
fn the_seed_is_random_private_and_stays() {
    let directory = tempfile::tempdir().expect("a directory");
    let first = SecretFields::load_or_create(directory.path()).expect("made");
    let again = SecretFields::load_or_create(directory.path()).expect("read");
    assert!(first == again);
    assert_eq!(first.imp_key, "imp_apikey");
    let other = tempfile::tempdir().expect("a directory");
    let other = SecretFields::load_or_create(other.path()).expect("made");
    assert!(first.webhook_tokens != other.webhook_tokens && first.fingerprint_key != other.fingerprint_key);
    for value in [&first.webhook_tokens[0], &first.fingerprint_key] {
        assert!(value.len() == 64 && value.bytes().all(|byte| byte.is_ascii_hexdigit()), "256 bits in hexadecimal");
    }
    let mode = std::fs::metadata(directory.path().join("secret-seed.json")).expect("the file").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    assert!(!format!("{first:?}").contains(&first.fingerprint_key));
}
