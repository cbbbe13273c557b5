//! Subscriptions' rows, and which one of a plan a customer began last.

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::{AttributeValue, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update};
use billing::fingerprint::{Fingerprint, hex};
use billing::ports::{Inserted, Page, Saved, StoreError, SubscriptionStore, WriteError};
use billing::subscription::{
    Asked, Attempt, Calendar, ClosedPeriod, Consent, Credit, Difference, Dunning, Ending, Fallback, Introduced,
    NextPlan, Notice, NoticeDays, Offer, OldPlan, PlanId, Price, RefundPolicy, RunningPlan, Subscription,
    SubscriptionId, SubscriptionState, UnusedDays, Upgrade, WithoutConsent,
};
use billing::{CustomerId, CustomerUid, Money, Nonce, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::item::{Item, Keyed, Row, SUBSCRIPTION_SK, keyed, read, sortable, subscription_pk, text, update, write};
use super::tries::Tries;
use super::{AGAIN_AFTER_MS, DynamoStore, OwnerRange, conflict, error, version_condition};
use crate::cursor;

const STATE_INDEX: &str = "state";
const PLAN_SK: &str = "PLAN";

#[derive(Serialize, Deserialize)]
struct SubscriptionItem {
    id: SubscriptionId,
    customer_uid: CustomerUid,
    /// Partition and sort key of the `state` index, which has subscriptions alone: other rows have no `state_sk`.
    state: SubscriptionState,
    state_sk: String,
    version: u64,
    writer: Nonce,
    plan_id: PlanId,
    calendar: Calendar,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    periods_max: Option<u32>,
    price: Price,
    #[serde(default)]
    plan_since: u32,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    introduced: Vec<Introduced>,
    #[serde(default)]
    adjustment: i64,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    carried: Vec<(u32, i64)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running: Option<Money>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next_plan: Option<NextPlan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    running_plan: Option<RunningPlan>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    upgrade: Option<Upgrade>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    differences: Vec<Difference>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    credits: Vec<Credit>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    fallback_cards: bool,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    fallbacks: Vec<Fallback>,
    dunning: Dunning,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ending: Option<(Ending, Timestamp)>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    agreed: Option<Money>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    consents: Vec<Consent>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked: Option<Asked>,
    #[serde(default, skip_serializing_if = "WithoutConsent::is_end")]
    without_consent: WithoutConsent,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ended_without_consent: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    offer: Option<Box<Offer>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    old_plan: Option<Box<OldPlan>>,
    #[serde(default, skip_serializing_if = "NoticeDays::is_default")]
    notice_days: NoticeDays,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    last_notice: Option<Notice>,
    #[serde(default, skip_serializing_if = "RefundPolicy::is_none")]
    refund: RefundPolicy,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    unused: Option<Vec<UnusedDays>>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    ended_by_merchant: bool,
    attempt: Attempt,
    attempt_at: Timestamp,
    declines: u32,
    #[serde(default, skip_serializing_if = "String::is_empty")]
    closed_periods: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    access_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trial_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    metadata: BTreeMap<String, String>,
    /// The one order that may be put for it: the condition under which its payments are written.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    expected_order: Option<Fingerprint>,
    fingerprint: Fingerprint,
    looks: u32,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// Periods as text, equal ones in a row together: `1:0*35,4:3` is 35 that were paid at once and one by its fourth attempt.
/// Ten years of days are some letters then, and not a row that costs fifty writes.
fn periods_text(past: &[ClosedPeriod]) -> String {
    past.chunk_by(|a, b| a == b)
        .filter_map(|run| {
            let ClosedPeriod { attempts, paid } = run.first()?;
            let paid = paid.map_or_else(String::new, |number| format!(":{number}"));
            let times = if run.len() > 1 { format!("*{}", run.len()) } else { String::new() };
            Some(format!("{attempts}{paid}{times}"))
        })
        .collect::<Vec<_>>()
        .join(",")
}

fn periods_from(text: &str) -> Option<Vec<ClosedPeriod>> {
    let mut past = Vec::new();
    for run in text.split(',').filter(|run| !run.is_empty()) {
        let (one, times) =
            run.split_once('*').map_or(Some((run, 1)), |(one, times)| Some((one, times.parse().ok()?)))?;
        let (attempts, paid) = match one.split_once(':') {
            Some((attempts, paid)) => (attempts, Some(paid.parse().ok()?)),
            None => (one, None),
        };
        let one = ClosedPeriod { attempts: attempts.parse().ok()?, paid };
        past.resize(past.len().checked_add(times)?, one);
    }
    Some(past)
}

impl Row for Subscription {
    fn pk(&self) -> String {
        subscription_pk(&self.id)
    }

    fn sk() -> &'static str {
        SUBSCRIPTION_SK
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        let place = format!("{}#{}", sortable(self.created_at), self.id);
        let owner_sk = format!("SUB#{place}");
        let row = SubscriptionItem {
            id: self.id.clone(),
            customer_uid: self.customer_uid.clone(),
            state: self.state,
            state_sk: place,
            version: self.version,
            writer: self.writer.clone(),
            plan_id: self.plan_id.clone(),
            calendar: self.calendar.clone(),
            periods_max: self.periods_max,
            price: self.price.clone(),
            plan_since: self.plan_since,
            introduced: self.introduced.clone(),
            adjustment: self.adjustment,
            carried: self.carried.clone(),
            running: self.running,
            next_plan: self.next_plan.clone(),
            running_plan: self.running_plan.clone(),
            upgrade: self.upgrade.clone(),
            differences: self.differences.clone(),
            credits: self.credits.clone(),
            fallback_cards: self.fallback_cards,
            fallbacks: self.fallbacks.clone(),
            dunning: self.dunning.clone(),
            ending: self.ending,
            agreed: self.agreed,
            consents: self.consents.clone(),
            asked: self.asked,
            without_consent: self.without_consent,
            notice_days: self.notice_days,
            last_notice: self.last_notice,
            ended_without_consent: self.ended_without_consent,
            offer: self.offer.clone(),
            old_plan: self.old_plan.clone(),
            refund: self.refund,
            unused: self.unused.clone(),
            ended_by_merchant: self.ended_by_merchant,
            attempt: self.attempt,
            attempt_at: self.attempt_at,
            declines: self.declines,
            closed_periods: periods_text(&self.closed_periods),
            access_until: self.access_until,
            trial_until: self.trial_until,
            metadata: self.metadata.clone(),
            expected_order: self.expected_order(),
            fingerprint: self.fingerprint.clone(),
            looks: self.looks,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        write(keyed(self.pk(), SUBSCRIPTION_SK, &self.customer_id, owner_sk, self.due_at, row))
    }

    fn from_item(item: Item) -> Result<Self, StoreError> {
        let Keyed { owner, due_at, row, .. } = read::<SubscriptionItem>(item)?;
        let unreadable = || StoreError::Unreadable { row: subscription_pk(&row.id) };
        Ok(Self {
            closed_periods: periods_from(&row.closed_periods).ok_or_else(unreadable)?,
            id: row.id,
            customer_id: owner,
            customer_uid: row.customer_uid,
            plan_id: row.plan_id,
            calendar: row.calendar,
            periods_max: row.periods_max,
            price: row.price,
            plan_since: row.plan_since,
            introduced: row.introduced,
            adjustment: row.adjustment,
            carried: row.carried,
            running: row.running,
            next_plan: row.next_plan,
            running_plan: row.running_plan,
            upgrade: row.upgrade,
            differences: row.differences,
            credits: row.credits,
            fallback_cards: row.fallback_cards,
            fallbacks: row.fallbacks,
            dunning: row.dunning,
            state: row.state,
            ending: row.ending,
            agreed: row.agreed,
            consents: row.consents,
            asked: row.asked,
            without_consent: row.without_consent,
            notice_days: row.notice_days,
            last_notice: row.last_notice,
            ended_without_consent: row.ended_without_consent,
            offer: row.offer,
            old_plan: row.old_plan,
            refund: row.refund,
            unused: row.unused,
            ended_by_merchant: row.ended_by_merchant,
            attempt: row.attempt,
            attempt_at: row.attempt_at,
            declines: row.declines,
            access_until: row.access_until,
            trial_until: row.trial_until,
            metadata: row.metadata,
            fingerprint: row.fingerprint,
            version: row.version,
            writer: row.writer,
            looks: row.looks,
            due_at,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A customer's plan. The name is a digest, because either part may hold any character.
fn plan_pk(owner: &CustomerId, plan: &PlanId) -> String {
    let digest = Sha256::digest(format!("{owner}\n{plan}"));
    format!("PLAN#{}", hex(&digest[..16]))
}

impl SubscriptionStore for DynamoStore {
    async fn subscription(&self, id: &SubscriptionId) -> Result<Option<Subscription>, StoreError> {
        self.read(subscription_pk(id)).await
    }

    async fn last_of_plan(&self, owner: &CustomerId, plan: &PlanId) -> Result<Option<SubscriptionId>, StoreError> {
        let pk = plan_pk(owner, plan);
        let Some(item) = self.get(pk.clone(), PLAN_SK).await? else { return Ok(None) };
        let last = text(&item, "last").and_then(|last| SubscriptionId::parse(last).ok());
        last.map(Some).ok_or(StoreError::Unreadable { row: pk })
    }

    async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        let actions = vec![
            TransactWriteItem::builder().update(self.new_row(row)?).build(),
            TransactWriteItem::builder().update(self.last_one(row, last)?).build(),
        ];
        let tries = Tries::default();
        for wait in AGAIN_AFTER_MS {
            let request = self.client.transact_write_items().set_transact_items(Some(actions.clone()));
            // Each write has a mark of its own, which 32 characters hold.
            let token = row.writer.as_str();
            let Err(failure) = request.client_request_token(token).customize().interceptor(tries.clone()).send().await
            else {
                return Ok(Inserted::Done);
            };
            let Some(reasons) = error::cancellation(&failure) else {
                match error::write(&failure) {
                    WriteError::Store(_) => return Err(tries.refused()),
                    WriteError::Unknown => tries.may_have_written(),
                }
                self.wait(wait).await;
                continue;
            };
            let refused =
                |place: usize| reasons.get(place).filter(|reason| reason.code() == Some("ConditionalCheckFailed"));
            if let Some(reason) = refused(0) {
                return match conflict(row, reason.item.clone())? {
                    Saved::Done => Ok(Inserted::Done),
                    Saved::Conflict(Some(current)) => Ok(Inserted::Conflict(current)),
                    Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Err(WriteError::Unknown),
                };
            }
            if refused(1).is_some() {
                return Ok(Inserted::Overtaken);
            }
            self.wait(wait).await;
        }
        Err(tries.refused())
    }

    async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        self.write(row).await
    }

    async fn subscriptions_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        let (pks, next) = self.owned(owner, OwnerRange::prefix("SUB#"), limit, cursor).await?;
        Ok(Page { items: self.rows(&pks).await?, next })
    }

    async fn subscriptions_in(
        &self,
        state: SubscriptionState,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<Subscription>, StoreError> {
        let list = format!("state\n{}", state.name());
        let mut request = self
            .client
            .query()
            .table_name(&self.table)
            .index_name(STATE_INDEX)
            .key_condition_expression("#state = :state")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":state", AttributeValue::S(state.name().to_owned()))
            .limit(i32::try_from(limit).unwrap_or(i32::MAX));
        if let Some(cursor) = cursor {
            let [pk, sk, place] = cursor::decode::<3>(&list, cursor)?;
            let key = [("pk", pk), ("sk", sk), ("state", state.name().to_owned()), ("state_sk", place)];
            request = request.set_exclusive_start_key(Some(
                key.into_iter().map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).collect(),
            ));
        }
        let reply = request.send().await.map_err(|error| error::read(&error))?;
        let next = reply.last_evaluated_key.as_ref().map(|key| {
            let part = |name| text(key, name).unwrap_or_default();
            cursor::encode(&list, &[part("pk"), part("sk"), part("state_sk")])
        });
        let names = reply.items.unwrap_or_default();
        let pks: Vec<String> = names.iter().filter_map(|item| text(item, "pk").map(str::to_owned)).collect();
        let mut items: Vec<Subscription> = self.rows(&pks).await?;
        // The index may be a moment behind.
        items.retain(|row| row.state == state);
        Ok(Page { items, next })
    }
}

impl DynamoStore {
    fn new_row(&self, row: &Subscription) -> Result<Update, StoreError> {
        let mut update = update(row.to_item()?);
        let condition = version_condition(row, &mut update.values);
        Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(row.pk()))
            .key("sk", AttributeValue::S(SUBSCRIPTION_SK.to_owned()))
            .update_expression(update.expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| StoreError::Unavailable)
    }

    fn last_one(&self, row: &Subscription, last: Option<&SubscriptionId>) -> Result<Update, StoreError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(plan_pk(&row.customer_id, &row.plan_id)))
            .key("sk", AttributeValue::S(PLAN_SK.to_owned()))
            .update_expression("SET #last = :id")
            .expression_attribute_names("#last", "last")
            .expression_attribute_values(":id", AttributeValue::S(row.id.to_string()));
        let update = match last {
            None => update.condition_expression("attribute_not_exists(#last)"),
            Some(last) => update
                .condition_expression("#last = :last")
                .expression_attribute_values(":last", AttributeValue::S(last.to_string())),
        };
        update.build().map_err(|_| StoreError::Unavailable)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_became_of_periods_reads_back_as_it_was_written() {
        let paid = |attempts, number| ClosedPeriod { attempts, paid: Some(number) };
        let mut past = vec![paid(1, 0); 35];
        past.extend([paid(4, 3), ClosedPeriod::default(), ClosedPeriod { attempts: 5, paid: None }, paid(1, 0)]);
        assert_eq!(periods_text(&past), "1:0*35,4:3,0,5,1:0");
        assert_eq!(periods_from(&periods_text(&past)), Some(past));
        assert_eq!(periods_from(""), Some(Vec::new()));
        for text in ["x", "1:", "1*", "1:0*-1", "1:0*x", "-1"] {
            assert_eq!(periods_from(text), None, "{text}");
        }
    }
}
