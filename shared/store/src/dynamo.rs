//! The DynamoDB adapter. Each write is conditional on the version before it, and each conflict is told apart from our own
//! write by its mark: the SDK repeats a request whose answer was lost.

mod error;
mod insert;
mod item;
mod report;
mod stream;
mod subscription;
mod tries;

use std::time::Duration;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::config::AsyncSleep;
use aws_sdk_dynamodb::types::{AttributeValue, KeysAndAttributes, ReturnValuesOnConditionCheckFailure};
use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{DueRow, DueStore, KeyStore, Page, PaymentStore, Saved, ScheduleFilter, StoreError, WriteError};
use billing::subscription::SubscriptionId;
use billing::{CustomerId, CustomerUid, MerchantUid, Timestamp};

pub use stream::change;

use crate::cursor;
use item::{
    Item, KEY_SK, PAYMENT_SK, Row, SUBSCRIPTION_SK, key_pk, payment_pk, schedule_prefix, sortable, text, update,
};
use tries::Tries;

const OWNER_INDEX: &str = "owner";
const DUE_INDEX: &str = "due";
/// Rows of the `due` index read at a time.
const DUE_PAGE: i32 = 50;
/// How long each try of a write is waited for by the next one, in milliseconds: after a conflict with a transaction, or after
/// silence. Nothing follows the last.
const AGAIN_AFTER_MS: [Option<u64>; 4] = [Some(20), Some(60), Some(180), None];
/// Most keys of one BatchGetItem (DynamoDB's limit).
const BATCH_GET_MAX: usize = 100;
/// Times a batch read is continued for keys that DynamoDB left unprocessed.
const BATCH_ROUNDS_MAX: u32 = 5;

/// The table in DynamoDB.
#[derive(Debug, Clone)]
pub struct DynamoStore {
    client: Client,
    table: String,
}

impl DynamoStore {
    /// A table by its name, through a client whose timeouts and retries are set by the caller.
    #[must_use]
    pub fn new(client: Client, table: impl Into<String>) -> Self {
        Self { client, table: table.into() }
    }

    /// Opens the connection by a read that finds nothing, so that the first request does not wait for it.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`].
    pub async fn warm_up(&self) -> Result<(), StoreError> {
        self.get("WARM#UP".to_owned(), "WARM").await.map(|_| ())
    }

    /// Waits as the client's own retries do: the client's owner decides what time is.
    async fn wait(&self, milliseconds: Option<u64>) {
        if let (Some(milliseconds), Some(time)) = (milliseconds, self.client.config().sleep_impl()) {
            time.sleep(Duration::from_millis(milliseconds)).await;
        }
    }

    async fn get(&self, pk: String, sk: &str) -> Result<Option<Item>, StoreError> {
        let request = self.client.get_item().table_name(&self.table).consistent_read(true);
        let keyed = request.key("pk", AttributeValue::S(pk)).key("sk", AttributeValue::S(sk.to_owned()));
        Ok(keyed.send().await.map_err(|error| error::read(&error))?.item)
    }

    async fn read<R: Row>(&self, pk: String) -> Result<Option<R>, StoreError> {
        self.get(pk, R::sk()).await?.map(R::from_item).transpose()
    }

    /// Reads rows by name; the answer is in no particular order.
    async fn batch_get(&self, pks: &[String], sk: &str) -> Result<Vec<Item>, StoreError> {
        let mut found = Vec::with_capacity(pks.len());
        for chunk in pks.chunks(BATCH_GET_MAX) {
            let mut wanted = KeysAndAttributes::builder().consistent_read(true);
            for pk in chunk {
                let key = [("pk", pk.as_str()), ("sk", sk)];
                wanted = wanted.keys(key.into_iter().map(|(k, v)| (k.into(), AttributeValue::S(v.into()))).collect());
            }
            let mut pending = Some(wanted.build().map_err(|_| StoreError::Unavailable)?);
            for _ in 0..BATCH_ROUNDS_MAX {
                let Some(keys) = pending.take() else { break };
                let request = self.client.batch_get_item().request_items(&self.table, keys);
                let reply = request.send().await.map_err(|error| error::read(&error))?;
                found.extend(reply.responses.unwrap_or_default().remove(&self.table).unwrap_or_default());
                pending = reply.unprocessed_keys.unwrap_or_default().remove(&self.table);
            }
            if pending.is_some() {
                return Err(StoreError::Unavailable);
            }
        }
        Ok(found)
    }

    /// Writes the next version of a row, on condition that the version before it stands there. A transaction that holds
    /// the item for a moment is waited for: nothing was written then.
    async fn write<R: Row>(&self, row: &R) -> Result<Saved<R>, WriteError> {
        let tries = Tries::default();
        for wait in AGAIN_AFTER_MS {
            match self.write_once(row, &tries).await {
                Err(TryError::HeldByTransaction) => self.wait(wait).await,
                Err(TryError::Failed(error)) => return Err(error),
                Ok(saved) => return Ok(saved),
            }
        }
        Err(tries.refused())
    }

    async fn write_once<R: Row>(&self, row: &R, tries: &Tries) -> Result<Saved<R>, TryError> {
        let mut update = update(row.to_item()?);
        let condition = version_condition(row, &mut update.values);
        let reply = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(row.pk()))
            .key("sk", AttributeValue::S(R::sk().to_owned()))
            .update_expression(update.expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .customize()
            .interceptor(tries.clone())
            .send()
            .await;
        match reply {
            Ok(_) => Ok(Saved::Done),
            Err(error) if error::held_by_transaction(&error) => Err(TryError::HeldByTransaction),
            Err(error) => match error::conflicting_item(&error) {
                Some(current) => Ok(conflict(row, current)?),
                None => Err(tries.failed(error::write(&error)).into()),
            },
        }
    }
}

/// Why one try of a write failed.
enum TryError {
    HeldByTransaction,
    Failed(WriteError),
}

impl From<StoreError> for TryError {
    fn from(error: StoreError) -> Self {
        Self::Failed(error.into())
    }
}

impl From<WriteError> for TryError {
    fn from(error: WriteError) -> Self {
        Self::Failed(error)
    }
}

/// The condition under which a row may be written: new rows where there is none, others over their own predecessor.
fn version_condition<R: Row>(row: &R, values: &mut Item) -> &'static str {
    match row.version() {
        1 => "attribute_not_exists(pk)",
        version => {
            values.insert(":before".to_owned(), AttributeValue::N((version - 1).to_string()));
            "#version = :before"
        }
    }
}

/// What a refused condition means: our own write seen again, or somebody else's.
fn conflict<R: Row>(row: &R, current: Option<Item>) -> Result<Saved<R>, StoreError> {
    match current.filter(|item| !item.is_empty()) {
        None => Ok(Saved::Conflict(None)),
        Some(item) => {
            let own_mark = text(&item, "writer") == Some(row.writer().as_str());
            let current = R::from_item(item)?;
            if own_mark && current.version() == row.version() {
                Ok(Saved::Done)
            } else {
                Ok(Saved::Conflict(Some(Box::new(current))))
            }
        }
    }
}

/// A range of the `owner` index's sort key.
struct OwnerRange {
    from: String,
    /// Not part of the range.
    to: String,
}

impl OwnerRange {
    fn prefix(prefix: &str) -> Self {
        // The last of all characters: a key's name may be in any script.
        Self { from: prefix.to_owned(), to: format!("{prefix}{}", char::MAX) }
    }
}

impl DynamoStore {
    /// Names of a customer's rows in a range, and the cursor of the next page.
    async fn owned(
        &self,
        owner: &CustomerId,
        range: OwnerRange,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<(Vec<String>, Option<String>), StoreError> {
        let list = format!("{owner}\n{}", range.from);
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(OWNER_INDEX)
            .key_condition_expression("#owner = :owner AND #sk BETWEEN :from AND :to")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_names("#sk", "owner_sk")
            .expression_attribute_values(":owner", AttributeValue::S(owner.to_string()))
            .expression_attribute_values(":from", AttributeValue::S(range.from))
            .expression_attribute_values(":to", AttributeValue::S(range.to))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if let Some(cursor) = cursor {
            let [pk, sk, owner_sk] = cursor::decode::<3>(&list, cursor)?;
            let key = [("pk", pk), ("sk", sk), ("owner", owner.to_string()), ("owner_sk", owner_sk)];
            request = request.set_exclusive_start_key(Some(
                key.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect(),
            ));
        }
        let reply = request.send().await.map_err(|error| error::read(&error))?;
        let next = reply.last_evaluated_key.as_ref().map(|key| {
            let part = |name| text(key, name).unwrap_or_default();
            cursor::encode(&list, &[part("pk"), part("sk"), part("owner_sk")])
        });
        let names = reply.items.unwrap_or_default();
        Ok((names.iter().filter_map(|item| text(item, "pk").map(str::to_owned)).collect(), next))
    }

    /// Rows by name, in the order of the names.
    async fn rows<R: Row>(&self, pks: &[String]) -> Result<Vec<R>, StoreError> {
        let mut items = self.batch_get(pks, R::sk()).await?;
        let place = |item: &Item| pks.iter().position(|pk| Some(pk.as_str()) == text(item, "pk"));
        items.sort_by_key(place);
        items.into_iter().map(R::from_item).collect()
    }
}

impl PaymentStore for DynamoStore {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        self.read(payment_pk(uid)).await
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        let pks: Vec<String> = uids.iter().map(payment_pk).collect();
        self.rows(&pks).await
    }

    async fn insert(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        self.insert_all(rows).await
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.write(row).await
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let mut saved = self.transact(std::slice::from_ref(row)).await?;
        saved.pop().ok_or(WriteError::Store(StoreError::Unavailable))
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        self.write(row).await
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        let range = match &filter.customer_uid {
            None => OwnerRange::prefix("SCH#"),
            Some(uid) => {
                let prefix = schedule_prefix(uid.as_str());
                let whole = OwnerRange::prefix(&prefix);
                OwnerRange {
                    from: filter.from.map_or(whole.from, |from| format!("{prefix}{}", sortable(from))),
                    to: filter.to.map_or(whole.to, |to| format!("{prefix}{}", sortable(to))),
                }
            }
        };
        // One that ends before it begins is empty, and DynamoDB would refuse it: no row's place is a moment and nothing else.
        let range = OwnerRange { to: range.to.max(range.from.clone()), ..range };
        let (pks, next) = self.owned(owner, range, filter.limit, filter.cursor.as_deref()).await?;
        let mut items: Vec<Payment> = self.rows(&pks).await?;
        items.retain(|row| filter.covers(row));
        Ok(Page { items, next })
    }
}

impl KeyStore for DynamoStore {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        self.read(key_pk(uid)).await
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.write(row).await
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        self.write(row).await
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        let (pks, next) = self.owned(owner, OwnerRange::prefix("KEY#"), limit, cursor).await?;
        Ok(Page { items: self.rows(&pks).await?, next })
    }
}

impl DueStore for DynamoStore {
    async fn due(&self, shard: u8, until: Timestamp, cursor: Option<&str>) -> Result<Page<DueRow>, StoreError> {
        let list = format!("due\n{shard}");
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(DUE_INDEX)
            .key_condition_expression("#shard = :shard AND #due_at <= :until")
            .expression_attribute_names("#shard", "due_shard")
            .expression_attribute_names("#due_at", "due_at")
            .expression_attribute_values(":shard", AttributeValue::S(shard.to_string()))
            .expression_attribute_values(":until", AttributeValue::N(until.to_string()))
            .limit(DUE_PAGE);
        if let Some(cursor) = cursor {
            let [pk, sk, due_at] = cursor::decode::<3>(&list, cursor)?;
            let texts = [("pk", pk), ("sk", sk), ("due_shard", shard.to_string())];
            let texts = texts.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value)));
            let number = std::iter::once(("due_at".to_owned(), AttributeValue::N(due_at)));
            request = request.set_exclusive_start_key(Some(texts.chain(number).collect()));
        }
        let reply = request.send().await.map_err(|error| error::read(&error))?;
        let next = reply.last_evaluated_key.as_ref().map(|key| {
            let part = |name| text(key, name).unwrap_or_default();
            let due_at = key.get("due_at").and_then(|value| value.as_n().ok()).map_or("0", String::as_str);
            cursor::encode(&list, &[part("pk"), part("sk"), due_at])
        });
        let items = reply.items.unwrap_or_default().iter().filter_map(due_row).collect();
        Ok(Page { items, next })
    }
}

fn due_row(item: &Item) -> Option<DueRow> {
    let (pk, sk) = (text(item, "pk")?, text(item, "sk")?);
    match sk {
        PAYMENT_SK => MerchantUid::parse(pk.strip_prefix("PAY#")?).ok().map(DueRow::Payment),
        KEY_SK => CustomerUid::parse(pk.strip_prefix("KEY#")?).ok().map(DueRow::Key),
        SUBSCRIPTION_SK => SubscriptionId::parse(pk.strip_prefix("SUB#")?).ok().map(DueRow::Subscription),
        _ => None,
    }
}
