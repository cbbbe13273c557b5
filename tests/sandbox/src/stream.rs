//! The event source mapping: what reads the table's stream and hands its records to `publish`, as Lambda does (its developer guide,
//! "Using AWS Lambda with Amazon DynamoDB" and "Reporting batch item failures", read 2026-11-30).
//!
//! It begins at the stream's horizon. A batch is handed over until the function has taken all of it: from the first record that it
//! reports, if it reports one; in halves, if it fails; and a record that fails by itself again and again is left out in the end.

use std::time::Duration;

use bytes::Bytes;
use http::{Request, StatusCode};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::aws::client::{AwsClientError, Client};
use crate::net::Http;

/// The function that takes the records.
pub const FUNCTION: &str = "publish";
/// Records of one batch (`BatchSize` of template.yaml).
const BATCH: usize = 50;
/// Pause between looks at a stream without news.
const PAUSE: Duration = Duration::from_millis(150);
/// Longest pause after a failure.
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// A function's first request may compile it.
const TIMEOUT: Duration = Duration::from_secs(300);
/// Times that a single record is handed over to a function that fails on it. Lambda goes by the record's age.
const TRIES: u32 = 20;
const MAX_ANSWER: usize = 6 * 1024 * 1024;

/// Where it reads, and to whom it hands over.
#[derive(Clone, Debug)]
pub struct Options {
    /// The AWS endpoint.
    pub aws_url: String,
    /// The table.
    pub table: String,
    /// Where the functions run.
    pub lambda_url: String,
}

/// Hands the stream's records over until it is dropped. Returns at once if the table has no stream.
///
/// # Errors
/// An AWS endpoint that is none.
pub async fn run(options: Options) -> Result<(), AwsClientError> {
    let client = Client::new(&options.aws_url)?;
    let http = Http::new();
    let described = client.dynamodb("DescribeTable", &json!({ "TableName": options.table })).await?;
    let Some(arn) = described.pointer("/Table/LatestStreamArn").and_then(Value::as_str) else {
        tracing::warn!("the table has no stream: nobody is told of anything");
        return Ok(());
    };
    let stream = client.streams("DescribeStream", &json!({ "StreamArn": arn })).await?;
    let shards = stream.pointer("/StreamDescription/Shards").and_then(Value::as_array).cloned().unwrap_or_default();
    let mut iterators = Vec::new();
    for shard in &shards {
        let asked = json!({ "StreamArn": arn, "ShardId": shard["ShardId"], "ShardIteratorType": "TRIM_HORIZON" });
        iterators.push(client.streams("GetShardIterator", &asked).await?["ShardIterator"].clone());
    }
    loop {
        let mut quiet = true;
        for iterator in &mut iterators {
            let read = client.streams("GetRecords", &json!({ "ShardIterator": iterator, "Limit": BATCH })).await;
            let Ok(mut page) = read.inspect_err(|error| tracing::warn!(%error, "the stream cannot be read")) else {
                continue;
            };
            let mut records = match page["Records"].take() {
                Value::Array(records) => records,
                _ => Vec::new(),
            };
            for record in &mut records {
                record["eventSourceARN"] = json!(arn);
            }
            quiet &= records.is_empty();
            hand_over(&http, &options.lambda_url, records).await;
            *iterator = page["NextShardIterator"].take();
        }
        if quiet {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Hands records over until all of them were taken, or left out.
async fn hand_over(http: &Http, lambda_url: &str, mut records: Vec<Value>) {
    let (mut tries, mut take) = (0_u32, records.len());
    while !records.is_empty() {
        take = take.clamp(1, records.len());
        let rest = match invoke(http, lambda_url, &records[..take]).await {
            Some(answer) => open(&records[..take], &answer),
            // It failed: what of it fails is found by halves.
            None if take > 1 => {
                take /= 2;
                continue;
            }
            None => Some(0),
        };
        match rest {
            None => {
                records.drain(..take);
                (tries, take) = (0, records.len());
            }
            Some(0) if tries >= TRIES => {
                let name = records[0].pointer("/dynamodb/Keys/pk/S").and_then(Value::as_str).unwrap_or("?");
                tracing::error!(
                    row = name,
                    "a record of the stream was given up: as in the dead letters of a deployed stack"
                );
                records.remove(0);
                (tries, take) = (0, records.len());
            }
            Some(first) => {
                records.drain(..first);
                tries = if first == 0 { tries + 1 } else { 1 };
                take = records.len();
                tokio::time::sleep(PAUSE_MAX.min(PAUSE * 2_u32.saturating_pow(tries.min(8)))).await;
            }
        }
    }
}

/// The first record that was not taken, if one was not. A name that the batch does not have means all of it.
fn open(records: &[Value], answer: &Value) -> Option<usize> {
    let failures = answer["batchItemFailures"].as_array()?;
    let place = |failure: &Value| {
        let found = records.iter().position(|it| it["dynamodb"]["SequenceNumber"] == failure["itemIdentifier"]);
        found.unwrap_or(0)
    };
    failures.iter().map(place).min()
}

/// The function's answer; nothing if it failed.
async fn invoke(http: &Http, lambda_url: &str, records: &[Value]) -> Option<Value> {
    let url = format!("{}/2015-03-31/functions/{FUNCTION}/invocations", lambda_url.trim_end_matches('/'));
    let event = json!({ "Records": records }).to_string();
    let request =
        Request::post(url).header("content-type", "application/json").body(Full::new(Bytes::from(event))).ok()?;
    let answer = http.send(request, TIMEOUT, MAX_ANSWER).await.ok()?;
    if answer.status() != StatusCode::OK {
        return None;
    }
    let value: Value = serde_json::from_slice(answer.body()).ok()?;
    value.get("errorMessage").is_none().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_taken_ends_where_the_first_failure_is() {
        let records: Vec<Value> =
            ["1", "2", "3"].iter().map(|number| json!({ "dynamodb": { "SequenceNumber": number } })).collect();
        let failed = |names: &[&str]| {
            let failures: Vec<Value> = names.iter().map(|name| json!({ "itemIdentifier": name })).collect();
            json!({ "batchItemFailures": failures })
        };
        assert_eq!(open(&records, &failed(&[])), None);
        assert_eq!(open(&records, &failed(&["3", "2"])), Some(1));
        assert_eq!(open(&records, &failed(&["9"])), Some(0));
        assert_eq!(open(&records, &json!({})), None);
    }
}
