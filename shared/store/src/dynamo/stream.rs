//! Records of the table's stream, as Lambda hands them over (its developer guide, "Using AWS Lambda with Amazon DynamoDB"; the images
//! are DynamoDB's own JSON): what stood there, and what stands there since.

use aws_sdk_dynamodb::primitives::Blob;
use aws_sdk_dynamodb::types::AttributeValue;
use billing::event::{Change, Row as Told};
use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::StoreError;
use billing::report::Report;
use billing::subscription::Subscription;
use serde_json::Value;

use super::item::{Item, KEY_SK, PAYMENT_SK, Row, SUBSCRIPTION_SK, text};
use super::report::REPORT_SK;

/// The change that a record is of. None, for a row of which nothing is told, or one that was removed: no row with money ever is.
///
/// # Errors
/// [`StoreError::Unreadable`] for a record without the images that the stream is to carry, and for a row that cannot be read.
pub fn change(record: &Value) -> Result<Option<Change>, StoreError> {
    let images = &record["dynamodb"];
    let name = || images["Keys"]["pk"]["S"].as_str().unwrap_or("?").to_owned();
    let unreadable = || StoreError::Unreadable { row: name() };
    if record["eventName"] == "REMOVE" {
        return Ok(None);
    }
    let after = read(images.get("NewImage").ok_or_else(unreadable)?).ok_or_else(unreadable)?;
    let before = match images.get("OldImage") {
        Some(image) => Some(read(image).ok_or_else(unreadable)?),
        // What was there is not said: it must not be taken for nothing.
        None if record["eventName"] != "INSERT" => return Err(unreadable()),
        None => None,
    };
    let Some(after) = row(after)? else { return Ok(None) };
    let before = before.map(row).transpose()?.flatten();
    Ok(Some(Change { before, after }))
}

fn row(item: Item) -> Result<Option<Told>, StoreError> {
    Ok(Some(match text(&item, "sk") {
        Some(PAYMENT_SK) => Told::Payment(Box::new(Payment::from_item(item)?)),
        Some(KEY_SK) => Told::Key(Box::new(BillingKey::from_item(item)?)),
        Some(SUBSCRIPTION_SK) => Told::Subscription(Box::new(Subscription::from_item(item)?)),
        Some(REPORT_SK) => Told::Report(Box::new(Report::from_item(item)?)),
        Some(_) | None => return Ok(None),
    }))
}

/// An item out of DynamoDB's JSON.
fn read(image: &Value) -> Option<Item> {
    image.as_object()?.iter().map(|(name, value)| Some((name.clone(), attribute(value)?))).collect()
}

fn attribute(value: &Value) -> Option<AttributeValue> {
    let (kind, value) = value.as_object()?.iter().next()?;
    let texts = || value.as_array()?.iter().map(|item| Some(item.as_str()?.to_owned())).collect::<Option<Vec<_>>>();
    Some(match kind.as_str() {
        "S" => AttributeValue::S(value.as_str()?.to_owned()),
        "N" => AttributeValue::N(value.as_str()?.to_owned()),
        "BOOL" => AttributeValue::Bool(value.as_bool()?),
        "NULL" => AttributeValue::Null(true),
        "L" => AttributeValue::L(value.as_array()?.iter().map(attribute).collect::<Option<_>>()?),
        "M" => AttributeValue::M(read(value)?),
        "SS" => AttributeValue::Ss(texts()?),
        "NS" => AttributeValue::Ns(texts()?),
        // No row of ours has bytes; a later version's may, and this one does not look at them.
        "B" => AttributeValue::B(Blob::new(value.as_str()?)),
        "BS" => AttributeValue::Bs(texts()?.into_iter().map(Blob::new).collect()),
        _ => return None,
    })
}
