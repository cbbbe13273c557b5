//! `sandbox dump`: the table, readable.

use std::path::PathBuf;

use serde_json::{Map, Number, Value};

use super::state::{self, Running};
use super::{CliError, print};
use crate::aws::client::Client;

#[derive(Debug, clap::Args)]
pub(super) struct Args {
    /// The AWS endpoint; that of the running sandbox if not given
    #[arg(long)]
    aws_url: Option<String>,
    /// The table; that of the running sandbox if not given
    #[arg(long)]
    table: Option<String>,
    /// The running sandbox's state directory
    #[arg(long, default_value = state::DEFAULT_STATE)]
    state: PathBuf,
}

pub(super) async fn run(args: Args) -> Result<(), CliError> {
    let running = Running::read(&args.state);
    let url = args.aws_url.or_else(|| running.as_ref().map(|running| running.aws_url.clone()));
    let url = url.unwrap_or_else(|| "http://127.0.0.1:8000".to_owned());
    let table = args.table.or_else(|| running.map(|running| running.table));
    let table = table.unwrap_or_else(|| super::serve::DEFAULT_TABLE.to_owned());
    let failed = |source| CliError::AwsClient { url: url.clone(), source };
    let client = Client::new(&url).map_err(failed)?;
    let mut items: Vec<Value> = client.scan(&table).await.map_err(failed)?.iter().map(plain_item).collect();
    let key = |item: &Value, name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    items.sort_by_cached_key(|item| (key(item, "pk"), key(item, "sk")));
    for item in items {
        print(&item.to_string())?;
    }
    Ok(())
}

fn plain_item(item: &Value) -> Value {
    let attributes = item.as_object().into_iter().flatten();
    Value::Object(attributes.map(|(name, value)| (name.clone(), plain(value))).collect::<Map<_, _>>())
}

/// A value without its type, for example `{"N": "3"}` as `3`.
fn plain(typed: &Value) -> Value {
    let Some((kind, value)) = typed.as_object().and_then(|map| map.iter().next()) else {
        return typed.clone();
    };
    match (kind.as_str(), value) {
        ("NULL", _) => Value::Null,
        ("N", Value::String(digits)) => number(digits),
        ("NS", Value::Array(items)) => items.iter().map(|item| item.as_str().map_or(Value::Null, number)).collect(),
        ("L", Value::Array(items)) => items.iter().map(plain).collect(),
        ("M", map) => plain_item(map),
        // Text, flags, bytes (base64) and sets of text or bytes are what they are.
        _ => value.clone(),
    }
}

/// A number as it was stored. One that a double would round stays text.
fn number(digits: &str) -> Value {
    let integer = digits.parse::<i64>().map(Number::from).or_else(|_| digits.parse::<u64>().map(Number::from));
    integer.map_or_else(|_| Value::from(digits), Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::plain_item;

    #[test]
    fn types_disappear_and_numbers_keep_their_digits() {
        let item = json!({
            "pk": { "S": "PAY#1" },
            "amount": { "N": "12000" },
            "huge": { "N": "18446744073709551615" },
            "exact": { "N": "0.1000000000000000000001" },
            "gone": { "NULL": true },
            "flag": { "BOOL": false },
            "log": { "L": [{ "M": { "at": { "N": "1" } } }] },
            "names": { "SS": ["a", "b"] },
            "counts": { "NS": ["1", "2"] },
        });
        let expected = json!({
            "pk": "PAY#1",
            "amount": 12000,
            "huge": 18_446_744_073_709_551_615_u64,
            "exact": "0.1000000000000000000001",
            "gone": null,
            "flag": false,
            "log": [{ "at": 1 }],
            "names": ["a", "b"],
            "counts": [1, 2],
        });
        assert_eq!(plain_item(&item), expected);
    }
}
