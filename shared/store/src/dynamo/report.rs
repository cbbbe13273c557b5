//! The daily report: its row, and the index of what rows claim that the PSP holds.

use aws_sdk_dynamodb::types::AttributeValue;
use billing::channels::Seen;
use billing::ports::{ClaimStore, Page, ReportStore, Saved, StoreError, WriteError};
use billing::report::{Checkpoint, Counts, Report, Verdict, Window, Windows};
use billing::{KstDay, MerchantUid, Nonce, Timestamp};
use serde::{Deserialize, Serialize};

use super::item::{Item, PAYMENT_SK, Row, SCHEMA, text};
use super::{DynamoStore, error};
use crate::cursor;

pub(super) const REPORT_SK: &str = "RPT";
/// Sparse: a payment row is in it exactly while it claims that the PSP holds something. One partition a day: a shop settles
/// far fewer than the thousand rows a second that a partition takes, and a day is read in one order.
const DAY_INDEX: &str = "day";
/// Rows of the `day` index read at a time.
const CLAIMS_PAGE: i32 = 50;

fn report_pk(day: KstDay) -> String {
    format!("RPT#{day}")
}

/// Everything that a report has it keeps, so no attribute of it is ever removed.
#[derive(Serialize, Deserialize)]
struct ReportItem {
    pk: String,
    sk: String,
    schema: u32,
    version: u64,
    writer: Nonce,
    leased_until: Timestamp,
    started_at: Timestamp,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    finished_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    verdict: Option<Verdict>,
    windows: Windows,
    next: Checkpoint,
    counts: Counts,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    channels: Option<Seen>,
}

impl Row for Report {
    fn pk(&self) -> String {
        report_pk(self.day)
    }

    fn sk() -> &'static str {
        REPORT_SK
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        let row = ReportItem {
            pk: self.pk(),
            sk: REPORT_SK.to_owned(),
            schema: SCHEMA,
            version: self.version,
            writer: self.writer.clone(),
            leased_until: self.leased_until,
            started_at: self.started_at,
            finished_at: self.finished_at,
            verdict: self.verdict,
            windows: self.windows,
            next: self.next.clone(),
            counts: self.counts,
            channels: self.channels,
        };
        serde_dynamo::to_item(row).map_err(|_| StoreError::Unreadable { row: self.pk() })
    }

    fn from_item(item: Item) -> Result<Self, StoreError> {
        let name = text(&item, "pk").unwrap_or_default().to_owned();
        let unreadable = || StoreError::Unreadable { row: name.clone() };
        let day = name.strip_prefix("RPT#").and_then(KstDay::parse).ok_or_else(unreadable)?;
        let row: ReportItem = serde_dynamo::from_item(item).map_err(|_| unreadable())?;
        Ok(Self {
            day,
            version: row.version,
            writer: row.writer,
            leased_until: row.leased_until,
            started_at: row.started_at,
            finished_at: row.finished_at,
            verdict: row.verdict,
            windows: row.windows,
            next: row.next,
            counts: row.counts,
            channels: row.channels,
        })
    }
}

impl ReportStore for DynamoStore {
    async fn report(&self, day: KstDay) -> Result<Option<Report>, StoreError> {
        self.read(report_pk(day)).await
    }

    async fn save_report(&self, row: &Report) -> Result<Saved<Report>, WriteError> {
        self.write(row).await
    }
}

impl ClaimStore for DynamoStore {
    async fn claims(&self, day: KstDay, window: Window, cursor: Option<&str>) -> Result<Page<MerchantUid>, StoreError> {
        if window.from >= window.until {
            return Ok(Page { items: Vec::new(), next: None });
        }
        let list = format!("day\n{day}");
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DAY_INDEX)
            // Times are whole seconds, so the second before the end is the last one within.
            .key_condition_expression("#day = :day AND #day_at BETWEEN :from AND :last")
            .expression_attribute_names("#day", "day")
            .expression_attribute_names("#day_at", "day_at")
            .expression_attribute_values(":day", AttributeValue::S(day.to_string()))
            .expression_attribute_values(":from", AttributeValue::N(window.from.to_string()))
            .expression_attribute_values(":last", AttributeValue::N(window.until.plus(-1).to_string()))
            .limit(CLAIMS_PAGE);
        if let Some(cursor) = cursor {
            let [pk, day_at] = cursor::decode::<2>(&list, cursor)?;
            let texts = [("pk", pk), ("sk", PAYMENT_SK.to_owned()), ("day", day.to_string())];
            let mut key: Item =
                texts.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect();
            key.insert("day_at".to_owned(), AttributeValue::N(day_at));
            request = request.set_exclusive_start_key(Some(key));
        }
        let reply = request.send().await.map_err(|error| error::read(&error))?;
        let next = reply.last_evaluated_key.as_ref().map(|key| {
            let day_at = key.get("day_at").and_then(|value| value.as_n().ok()).map_or("", String::as_str);
            cursor::encode(&list, &[text(key, "pk").unwrap_or_default(), day_at])
        });
        let named = |item: &Item| MerchantUid::parse(text(item, "pk")?.strip_prefix("PAY#")?).ok();
        Ok(Page { items: reply.items.unwrap_or_default().iter().filter_map(named).collect(), next })
    }
}
