//! Claims: payment rows written together with the condition that their billing key is active and its customer's, or is being
//! checked for its own check's row. Where they are schedules, the key keeps when.

use aws_sdk_dynamodb::error::SdkError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, ConditionCheck, ReturnValuesOnConditionCheckFailure, TransactWriteItem, Update,
};
use billing::fingerprint::Fingerprint;
use billing::key::{Registration, state_for};
use billing::payment::Payment;
use billing::ports::{INSERT_MAX, Saved, StoreError, WriteError};
use billing::subscription::Attempt;
use sha2::{Digest, Sha256};

use super::item::{Item, Item0, KEY_SK, PAYMENT_SK, Row, SUBSCRIPTION_SK, key_pk, registered, subscription_pk, update};
use super::tries::Tries;
use super::{AGAIN_AFTER_MS, DynamoStore, conflict, error, version_condition};

/// Rounds in which rows that stand in the way are taken out of a chunk. Only races put them there.
const ROUNDS_MAX: u32 = 4;

impl DynamoStore {
    pub(super) async fn insert_all(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let mut saved = Vec::with_capacity(rows.len());
        for chunk in rows.chunks(INSERT_MAX) {
            match self.insert_chunk(chunk).await {
                Ok(answers) => saved.extend(answers),
                // An earlier chunk stands in the table already.
                Err(WriteError::Store(_)) if saved.contains(&Saved::Done) => return Err(WriteError::Unknown),
                Err(error) => return Err(error),
            }
        }
        Ok(saved)
    }

    /// Writes a chunk as one transaction. Rows that conflict are answered as such and the others tried without them, unless they wait
    /// for the key that they came with: then none of them is wanted without the others.
    async fn insert_chunk(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let mut answers: Vec<Option<Saved<Payment>>> = rows.iter().map(|_| None).collect();
        for _ in 0..ROUNDS_MAX {
            let open: Vec<usize> = (0..rows.len()).filter(|place| answers[*place].is_none()).collect();
            if open.is_empty() {
                break;
            }
            let batch: Vec<Payment> = open.iter().map(|place| rows[*place].clone()).collect();
            let saved = self.transact(&batch).await?;
            let all_done = saved.iter().all(|one| *one == Saved::Done);
            if !all_done && batch.iter().all(Payment::waits_for_its_key) {
                let not_alone = |one| if one == Saved::Done { Saved::NotExpected } else { one };
                return Ok(saved.into_iter().map(not_alone).collect());
            }
            for (place, one) in open.into_iter().zip(saved) {
                // In a cancelled transaction nothing was written: rows without a reason of their own are still open.
                if all_done || one != Saved::Done {
                    answers[place] = Some(one);
                }
            }
        }
        answers.into_iter().collect::<Option<Vec<_>>>().ok_or(WriteError::Store(StoreError::Unavailable))
    }

    /// Writes rows of one key in one transaction. `Done` for every row: all were written. Any other answer: none was,
    /// and the rows that are `Done` had nothing against them.
    pub(super) async fn transact(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let Some(first) = rows.first() else { return Ok(Vec::new()) };
        let mut actions = vec![self.key_stands(first)?];
        for row in rows {
            let asked = self.is_expected(row)?;
            actions.extend(asked.map(|asked| TransactWriteItem::builder().condition_check(asked).build()));
        }
        let count = actions.len();
        for row in rows {
            actions.push(TransactWriteItem::builder().update(self.row_update(row)?).build());
        }
        let token = token(rows);
        let tries = Tries::default();
        for wait in AGAIN_AFTER_MS {
            let request = self.client.transact_write_items().set_transact_items(Some(actions.clone()));
            match request.client_request_token(&token).customize().interceptor(tries.clone()).send().await {
                Ok(_) => return Ok(rows.iter().map(|_| Saved::Done).collect()),
                Err(failure) => match refusals(rows, count, &failure, &tries)? {
                    Refusals::Final(saved) => return tries.answered(saved),
                    Refusals::TryAgain => self.wait(wait).await,
                },
            }
        }
        Err(tries.refused())
    }

    /// The condition on the rows' key. That a schedule is claimed on it is written down with the same write units.
    fn key_stands(&self, row: &Payment) -> Result<TransactWriteItem, StoreError> {
        // An order without a key is never claimed for one: nothing is written.
        let customer_uid = row.order.customer_uid.as_ref().ok_or(StoreError::Unavailable)?;
        let key = [("pk", key_pk(customer_uid)), ("sk", KEY_SK.to_owned())];
        let key = key.map(|(name, value)| (name.to_owned(), AttributeValue::S(value))).into_iter().collect();
        let condition = "#state = :wanted AND #owner = :owner";
        let mut names = Item0::from([("#state".into(), "state".into()), ("#owner".into(), "owner".into())]);
        let mut values = Item::from([
            (":wanted".into(), AttributeValue::S(state_for(row).name().to_owned())),
            (":owner".into(), AttributeValue::S(row.customer_id.to_string())),
        ]);
        let action = TransactWriteItem::builder();
        let action = if let Some(claim) = Registration::of(row) {
            let update = registered(&claim);
            names.extend(update.names);
            values.extend(update.values);
            let key = Update::builder().table_name(&self.table).set_key(Some(key)).condition_expression(condition);
            let key = key.set_expression_attribute_names(Some(names)).set_expression_attribute_values(Some(values));
            let key = key.update_expression(update.expression).build().map_err(|_| StoreError::Unavailable)?;
            action.update(key)
        } else {
            let key =
                ConditionCheck::builder().table_name(&self.table).set_key(Some(key)).condition_expression(condition);
            let key = key.set_expression_attribute_names(Some(names)).set_expression_attribute_values(Some(values));
            action.condition_check(key.build().map_err(|_| StoreError::Unavailable)?)
        };
        Ok(action.build())
    }

    /// What a subscription has to ask for, for its payment to be written.
    fn is_expected(&self, row: &Payment) -> Result<Option<ConditionCheck>, StoreError> {
        let Some((id, _)) = Attempt::of(row.merchant_uid()).filter(|_| row.version == 1) else { return Ok(None) };
        let asked = Fingerprint::of(&row.order).as_str().to_owned();
        ConditionCheck::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(subscription_pk(&id)))
            .key("sk", AttributeValue::S(SUBSCRIPTION_SK.to_owned()))
            .condition_expression("#expected_order = :expected")
            .expression_attribute_names("#expected_order", "expected_order")
            .expression_attribute_values(":expected", AttributeValue::S(asked))
            .build()
            .map(Some)
            .map_err(|_| StoreError::Unavailable)
    }

    fn row_update(&self, row: &Payment) -> Result<Update, StoreError> {
        let mut update = update(row.to_item()?);
        let condition = version_condition(row, &mut update.values);
        Update::builder()
            .table_name(&self.table)
            .key("pk", AttributeValue::S(row.pk()))
            .key("sk", AttributeValue::S(PAYMENT_SK.to_owned()))
            .update_expression(update.expression)
            .condition_expression(condition)
            .set_expression_attribute_names(Some(update.names))
            .set_expression_attribute_values(Some(update.values))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build()
            .map_err(|_| StoreError::Unavailable)
    }
}

/// The same token makes our own repetitions one transaction, for the ten minutes that DynamoDB remembers it; 36
/// characters at most. Each write has its own mark, and each chunk of a write its own rows.
fn token(rows: &[Payment]) -> String {
    let mut digest = Sha256::new();
    for row in rows {
        digest.update(format!("{}\n{}\n{}\n", row.pk(), row.version, row.writer));
    }
    billing::fingerprint::hex(&digest.finalize()[..16])
}

enum Refusals {
    Final(Vec<Saved<Payment>>),
    TryAgain,
}

/// What a failed transaction says of each row.
fn refusals<R>(
    rows: &[Payment],
    conditions: usize,
    failure: &SdkError<TransactWriteItemsError, R>,
    tries: &Tries,
) -> Result<Refusals, WriteError> {
    let Some(reasons) = error::cancellation(failure) else {
        return match error::write(failure) {
            WriteError::Store(_) => Err(tries.refused()),
            // Silence, or an earlier try of ours is still being worked on.
            WriteError::Unknown => {
                tries.may_have_written();
                Ok(Refusals::TryAgain)
            }
        };
    };
    let refused = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    let (before, of_rows) = reasons.split_at_checked(conditions).ok_or(WriteError::Unknown)?;
    // The first condition is the key's, the others are subscriptions'.
    let unmet = match before.iter().position(refused) {
        Some(0) => Some(Saved::KeyNotActive),
        Some(_) => Some(Saved::NotExpected),
        None => None,
    };
    if unmet.is_none() && !of_rows.iter().any(refused) {
        // A conflict with another transaction, or throttling: nothing was written.
        return Ok(Refusals::TryAgain);
    }
    let answer = |(row, reason): (&Payment, &CancellationReason)| match (refused(reason), &unmet) {
        (true, _) => conflict(row, reason.item.clone()),
        (false, Some(unmet)) => Ok(unmet.clone()),
        (false, None) => Ok(Saved::Done),
    };
    let saved = rows.iter().zip(of_rows).map(answer).collect::<Result<Vec<_>, StoreError>>()?;
    Ok(Refusals::Final(saved))
}
