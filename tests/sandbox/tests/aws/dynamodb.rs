use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    ConditionCheck, Put, ReturnValuesOnConditionCheckFailure, TimeToLiveStatus, TransactWriteItem, Update,
};

use crate::support::{Endpoint, TABLE, n, s, table};

#[tokio::test]
async fn the_table_has_the_keys_indexes_and_expiry_of_the_template() {
    let endpoint = Endpoint::with_table().await;
    let sdk = endpoint.dynamodb();
    let described = sdk.describe_table().table_name(TABLE).send().await.expect("described");
    let described = described.table().expect("a table");
    let keys: Vec<&str> = described.key_schema().iter().map(|key| key.attribute_name()).collect();
    assert_eq!(keys, ["pk", "sk"]);
    let mut indexes: Vec<String> = described
        .global_secondary_indexes()
        .iter()
        .map(|index| {
            let keys: Vec<&str> = index.key_schema().iter().map(|key| key.attribute_name()).collect();
            let projection = index.projection().and_then(|p| p.projection_type()).expect("a projection");
            format!("{}: {} {projection}", index.index_name().expect("a name"), keys.join("+"))
        })
        .collect();
    indexes.sort();
    assert_eq!(indexes, ["due: due_shard+due_at KEYS_ONLY", "owner: owner+sk KEYS_ONLY"]);
    let expiry = sdk.describe_time_to_live().table_name(TABLE).send().await.expect("described");
    let expiry = expiry.time_to_live_description().expect("a description");
    assert_eq!(expiry.attribute_name(), Some("expires_at"));
    assert_eq!(expiry.time_to_live_status(), Some(&TimeToLiveStatus::Enabled));
}

#[tokio::test]
async fn an_existing_table_is_left_as_it_is() {
    let endpoint = Endpoint::with_table().await;
    let sdk = endpoint.dynamodb();
    sdk.put_item().table_name(TABLE).item("pk", s("PAY#1")).item("sk", s("PAY")).send().await.expect("put");
    endpoint.client().ensure_table(&table()).await.expect("no error");
    let count = sdk.scan().table_name(TABLE).send().await.expect("scanned").count();
    assert_eq!(count, 1);
}

#[tokio::test]
async fn a_conditional_put_that_loses_shows_the_winner() {
    let endpoint = Endpoint::with_table().await;
    let put = |nonce: &str| {
        endpoint
            .dynamodb()
            .put_item()
            .table_name(TABLE)
            .item("pk", s("PAY#1"))
            .item("sk", s("PAY"))
            .item("nonce", s(nonce))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .send()
    };
    put("first").await.expect("the first wins");
    let error = put("second").await.expect_err("the second loses").into_service_error();
    let aws_sdk_dynamodb::operation::put_item::PutItemError::ConditionalCheckFailedException(failed) = error else {
        panic!("another error: {error:?}");
    };
    assert_eq!(failed.item().and_then(|item| item.get("nonce")), Some(&s("first")));
}

#[tokio::test]
async fn of_racing_claims_exactly_one_wins() {
    let endpoint = Endpoint::with_table().await;
    let mut claims = tokio::task::JoinSet::new();
    for claimant in 0..16 {
        let sdk = endpoint.dynamodb();
        claims.spawn(async move {
            sdk.put_item()
                .table_name(TABLE)
                .item("pk", s("PAY#race"))
                .item("sk", s("PAY"))
                .item("claimant", n(claimant))
                .condition_expression("attribute_not_exists(pk)")
                .send()
                .await
                .is_ok()
        });
    }
    let won = claims.join_all().await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1);
}

#[tokio::test]
async fn a_transaction_that_fails_changes_nothing_and_shows_the_item() {
    let endpoint = Endpoint::with_table().await;
    let sdk = endpoint.dynamodb();
    sdk.put_item()
        .table_name(TABLE)
        .item("pk", s("KEY#1"))
        .item("sk", s("KEY"))
        .item("state", s("deleted"))
        .send()
        .await
        .expect("a key");
    let check = ConditionCheck::builder()
        .table_name(TABLE)
        .key("pk", s("KEY#1"))
        .key("sk", s("KEY"))
        .condition_expression("#state = :active")
        .expression_attribute_names("#state", "state")
        .expression_attribute_values(":active", s("active"))
        .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
        .build()
        .expect("a check");
    let put = Put::builder().table_name(TABLE).item("pk", s("PAY#1")).item("sk", s("PAY")).build().expect("a put");
    let error = sdk
        .transact_write_items()
        .transact_items(TransactWriteItem::builder().put(put).build())
        .transact_items(TransactWriteItem::builder().condition_check(check).build())
        .send()
        .await
        .expect_err("the key is not active");
    let SdkError::ServiceError(error) = error else { panic!("another error: {error:?}") };
    let TransactWriteItemsError::TransactionCanceledException(canceled) = error.into_err() else {
        panic!("another exception");
    };
    let reasons: Vec<&str> = canceled.cancellation_reasons().iter().filter_map(|reason| reason.code()).collect();
    assert_eq!(reasons, ["None", "ConditionalCheckFailed"]);
    let old = canceled.cancellation_reasons()[1].item().expect("the old item");
    assert_eq!(old.get("state"), Some(&s("deleted")));
    let payment = sdk.get_item().table_name(TABLE).key("pk", s("PAY#1")).key("sk", s("PAY")).send().await;
    assert!(payment.expect("read").item().is_none());
}

#[tokio::test]
async fn a_sparse_index_holds_a_row_exactly_while_it_has_the_key() {
    let endpoint = Endpoint::with_table().await;
    let sdk = endpoint.dynamodb();
    let due = || async {
        let page = sdk
            .query()
            .table_name(TABLE)
            .index_name("due")
            .key_condition_expression("due_shard = :shard AND due_at <= :now")
            .expression_attribute_values(":shard", s("7"))
            .expression_attribute_values(":now", n(1_000))
            .send()
            .await
            .expect("queried");
        page.items().iter().filter_map(|item| item.get("pk")?.as_s().ok().cloned()).collect::<Vec<_>>()
    };
    for (pk, at) in [("PAY#late", 900), ("PAY#early", 100), ("PAY#future", 1_001)] {
        sdk.put_item()
            .table_name(TABLE)
            .item("pk", s(pk))
            .item("sk", s("PAY"))
            .item("due_shard", s("7"))
            .item("due_at", n(at))
            .send()
            .await
            .expect("put");
    }
    assert_eq!(due().await, ["PAY#early", "PAY#late"]);
    let settle = Update::builder()
        .table_name(TABLE)
        .key("pk", s("PAY#early"))
        .key("sk", s("PAY"))
        .update_expression("REMOVE due_shard, due_at")
        .build()
        .expect("an update");
    sdk.transact_write_items()
        .transact_items(TransactWriteItem::builder().update(settle).build())
        .send()
        .await
        .expect("settled");
    assert_eq!(due().await, ["PAY#late"]);
}
