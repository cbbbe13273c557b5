//! Records of the table's stream: what the adapter wrote is what is read out of them.

use aws_sdk_dynamodb::types::AttributeValue;
use billing::event::Row;
use billing::key::{BillingKey, KeyState};
use billing::payment::Flow;
use billing::ports::{KeyStore, PaymentStore, ReportStore, StoreError, SubscriptionStore};
use billing::report::Report;
use serde_json::{Map, Value, json};
use store::change;

use crate::rows::{NOW, full, key, next, nonce, payment};
use crate::subscriptions::subscription;
use crate::table::Table;

/// A value in DynamoDB's JSON.
fn typed(value: &AttributeValue) -> Value {
    match value {
        AttributeValue::S(text) => json!({ "S": text }),
        AttributeValue::N(digits) => json!({ "N": digits }),
        AttributeValue::Bool(flag) => json!({ "BOOL": flag }),
        AttributeValue::Null(_) => json!({ "NULL": true }),
        AttributeValue::L(items) => json!({ "L": items.iter().map(typed).collect::<Vec<_>>() }),
        AttributeValue::M(map) => {
            let entries: Map<String, Value> = map.iter().map(|(name, value)| (name.clone(), typed(value))).collect();
            json!({ "M": entries })
        }
        other => panic!("no row has {other:?}"),
    }
}

/// An item as the stream shows it.
async fn image(table: &Table, pk: &str, sk: &str) -> Value {
    let request = table.client.get_item().table_name(table.name()).consistent_read(true);
    let keyed = request.key("pk", AttributeValue::S(pk.to_owned())).key("sk", AttributeValue::S(sk.to_owned()));
    let item = keyed.send().await.unwrap().item.unwrap();
    item.iter().map(|(name, value)| (name.clone(), typed(value))).collect::<Map<_, _>>().into()
}

fn record(before: Option<&Value>, after: &Value) -> Value {
    let name = if before.is_some() { "MODIFY" } else { "INSERT" };
    let keys = json!({ "pk": after["pk"], "sk": after["sk"] });
    let mut images = json!({ "Keys": keys, "NewImage": after, "SequenceNumber": "100" });
    if let Some(before) = before {
        images["OldImage"] = before.clone();
    }
    json!({ "eventName": name, "dynamodb": images })
}

#[tokio::test]
async fn a_record_is_the_change_that_was_written() {
    let table = Table::start().await;
    let store = table.store();
    let active = key("key1", "kim", KeyState::Active);
    store.insert_key(&active).await.unwrap();
    let gone = BillingKey { version: 2, writer: nonce(2), ..key("key1", "kim", KeyState::Deleting) };
    let first = payment("order_1", "key1", "kim", Flow::Charge);
    store.insert(std::slice::from_ref(&first)).await.unwrap();
    let then = next(&full("order_1"), 4);
    let begun = Report::begun(NOW, nonce(1), NOW.plus(300));
    store.save_report(&begun).await.unwrap();
    let finished = Report { version: 2, writer: nonce(2), ..begun.clone() }.finished(NOW.plus(60));
    let new = subscription("kim", 1);
    store.begin_subscription(&new, None).await.unwrap();
    let later = billing::subscription::Subscription { version: new.version + 1, writer: nonce(5), ..new.clone() };

    let names =
        [("KEY#key1", "KEY"), ("PAY#order_1", "PAY"), ("RPT#2026-11-24", "RPT"), (&format!("SUB#{}", new.id), "SUB")];
    let mut before = Vec::new();
    for (pk, sk) in names {
        before.push(image(&table, pk, sk).await);
    }
    store.save_key(&gone).await.unwrap();
    store.save(&then).await.unwrap();
    store.save_report(&finished).await.unwrap();
    store.save_subscription(&later).await.unwrap();
    let rows = [
        (Row::Key(Box::new(active)), Row::Key(Box::new(gone))),
        (Row::Payment(Box::new(first)), Row::Payment(Box::new(then))),
        (Row::Report(Box::new(begun)), Row::Report(Box::new(finished))),
        (Row::Subscription(Box::new(new)), Row::Subscription(Box::new(later))),
    ];
    for (((pk, sk), before), (was, is)) in names.into_iter().zip(before).zip(rows) {
        let after = image(&table, pk, sk).await;
        let inserted = change(&record(None, &before)).unwrap().unwrap();
        assert_eq!((inserted.before, inserted.after), (None, was.clone()));
        let modified = change(&record(Some(&before), &after)).unwrap().unwrap();
        assert_eq!((modified.before, modified.after), (Some(was), is));
        // Whose version was there before is never guessed.
        let mut half = record(Some(&before), &after);
        half["dynamodb"].as_object_mut().unwrap().remove("OldImage");
        assert_eq!(change(&half), Err(StoreError::Unreadable { row: pk.to_owned() }));
    }
}

#[tokio::test]
async fn a_record_of_a_row_that_is_told_of_by_nobody_is_none_and_one_that_cannot_be_read_is_named() {
    let image = json!({ "pk": { "S": "PLAN#c0ffee" }, "sk": { "S": "PLAN" }, "id": { "S": "sub1" } });
    assert_eq!(change(&record(None, &image)), Ok(None));
    let mut removed = record(Some(&image), &image);
    removed["eventName"] = json!("REMOVE");
    removed["dynamodb"].as_object_mut().unwrap().remove("NewImage");
    assert_eq!(change(&removed), Ok(None));
    let poison = json!({ "pk": { "S": "PAY#order_1" }, "sk": { "S": "PAY" }, "version": { "N": "one" } });
    assert_eq!(change(&record(None, &poison)), Err(StoreError::Unreadable { row: "PAY#order_1".to_owned() }));
    for nothing in [json!({}), json!({ "eventName": "INSERT", "dynamodb": { "NewImage": { "sk": { "X": 1 } } } })] {
        assert!(change(&nothing).is_err(), "{nothing}");
    }
}
