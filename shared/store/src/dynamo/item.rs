//! Rows as items: the one place that knows the table's layout.

mod update;

use std::collections::BTreeMap;

use aws_sdk_dynamodb::types::AttributeValue;
use billing::checkout::{AccountOrder, KeyWindow, Window};
use billing::fingerprint::Fingerprint;
use billing::key::{BillingKey, CardCheck, KeySnapshot, KeyState, REGISTRATIONS_KEPT, Registration};
use billing::order::Order;
use billing::payment::receipt::Receipt;
use billing::payment::{Claim, Flow, Payment, PaymentSnapshot, Refund, Refusal, ScheduleSnapshot, State, Step};
use billing::ports::StoreError;
use billing::report::claims_at;
use billing::subscription::SubscriptionId;
use billing::{CustomerId, CustomerUid, KstDay, MerchantUid, Nonce, Timestamp};
use serde::{Deserialize, Serialize};

use crate::shard::shard;

pub(super) use update::{Item0, registered, update};

/// The SDK's own map type.
#[expect(clippy::disallowed_types, reason = "the SDK's items are hash maps; nothing iterates over them in order")]
pub(super) type Item = std::collections::HashMap<String, AttributeValue>;

/// Version of the layout. Later versions only add attributes; what an older version does not know it leaves alone.
pub(super) const SCHEMA: u32 = 1;

pub(super) const PAYMENT_SK: &str = "PAY";
pub(super) const KEY_SK: &str = "KEY";
pub(super) const SUBSCRIPTION_SK: &str = "SUB";

pub(super) fn payment_pk(uid: &MerchantUid) -> String {
    format!("PAY#{uid}")
}

pub(super) fn key_pk(uid: &CustomerUid) -> String {
    format!("KEY#{uid}")
}

pub(super) fn subscription_pk(id: &SubscriptionId) -> String {
    format!("SUB#{id}")
}

/// Sort key of the `owner` index for a schedule: by key, then by time. Seconds are zero-padded to sort as text. A number sign in
/// an adopted key's name is written as `%`, which no name has: the schedules of `a#b` are none of `a`'s.
pub(super) fn schedule_prefix(customer_uid: &str) -> String {
    format!("SCH#{}#", customer_uid.replace('#', "%"))
}

pub(super) fn sortable(time: Timestamp) -> String {
    format!("{:011}", time.0.max(0))
}

#[derive(Serialize, Deserialize)]
pub(super) struct Keyed<T> {
    pk: String,
    sk: String,
    schema: u32,
    /// Partition and sort key of the `owner` index.
    pub owner: CustomerId,
    owner_sk: String,
    /// Partition and sort key of the `due` index: present exactly while something is owed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    due_shard: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    #[serde(flatten)]
    pub row: T,
}

#[derive(Serialize, Deserialize)]
struct PaymentItem {
    merchant_uid: MerchantUid,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    customer_uid: Option<CustomerUid>,
    state: State,
    version: u64,
    writer: Nonce,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule_at: Option<Timestamp>,
    /// Present exactly for a checkout, with its window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    open_until: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<Box<Window>>,
    /// The virtual account that is issued without a window.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<AccountOrder>,
    /// The last deadline of it that was asked for and granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    extended_to: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    withdrawn_at: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    moves_to: Option<CustomerUid>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    former_keys: Vec<CustomerUid>,
    /// Partition and sort key of the `day` index: present exactly while the row claims that the PSP holds something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    day_at: Option<Timestamp>,
    fingerprint: Fingerprint,
    order: Order,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
    posts: u32,
    looks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    under_way_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    alarmed_at: BTreeMap<String, Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    imp_uid: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<PaymentSnapshot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    schedule: Option<ScheduleSnapshot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    refunds: Vec<Refund>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    receipt: Option<Box<Receipt>>,
    /// When the payment itself is due, while its receipt is: `due_at` is the earlier of the two then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    own_due_at: Option<Timestamp>,
    log: Vec<Step>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct KeyItem {
    customer_uid: CustomerUid,
    state: KeyState,
    version: u64,
    writer: Nonce,
    fingerprint: Fingerprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    claim: Option<Claim>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    outcome_unknown: bool,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    cascade: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    successor: Option<CustomerUid>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    window: Option<Box<KeyWindow>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    checking: Option<Box<CardCheck>>,
    looks: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    record: Option<KeySnapshot>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    refusal: Option<Refusal>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    missing_since: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alarm_at: Option<Timestamp>,
    /// The latest first. These are written by [`registered()`] alone.
    #[serde(default, skip_serializing)]
    registration_1: Option<RegistrationItem>,
    #[serde(default, skip_serializing)]
    registration_2: Option<RegistrationItem>,
    #[serde(default, skip_serializing)]
    registration_3: Option<RegistrationItem>,
    #[serde(default, skip_serializing)]
    registration_4: Option<RegistrationItem>,
    #[serde(default, skip_serializing)]
    registration_5: Option<RegistrationItem>,
    created_at: Timestamp,
    updated_at: Timestamp,
}

/// One [`Registration`]. Short names: five of them, and the key's row stays within one write unit.
#[derive(Deserialize)]
struct RegistrationItem {
    at: Timestamp,
    uid: MerchantUid,
    v: u64,
}

/// A kind of row that the table holds.
pub(super) trait Row: Sized {
    fn pk(&self) -> String;
    fn sk() -> &'static str;
    fn version(&self) -> u64;
    fn writer(&self) -> &Nonce;
    fn to_item(&self) -> Result<Item, StoreError>;
    fn from_item(item: Item) -> Result<Self, StoreError>;
}

pub(super) fn keyed<T>(
    pk: String,
    sk: &str,
    owner: &CustomerId,
    owner_sk: String,
    due_at: Option<Timestamp>,
    row: T,
) -> Keyed<T> {
    let due_shard = due_at.map(|_| shard(&pk).to_string());
    Keyed { pk, sk: sk.to_owned(), schema: SCHEMA, owner: owner.clone(), owner_sk, due_shard, due_at, row }
}

pub(super) fn write<T: Serialize>(keyed: Keyed<T>) -> Result<Item, StoreError> {
    let pk = keyed.pk.clone();
    serde_dynamo::to_item(keyed).map_err(|_| StoreError::Unreadable { row: pk })
}

pub(super) fn read<T: for<'de> Deserialize<'de>>(item: Item) -> Result<Keyed<T>, StoreError> {
    let row = text(&item, "pk").unwrap_or_default().to_owned();
    serde_dynamo::from_item(item).map_err(|_| StoreError::Unreadable { row })
}

impl Row for Payment {
    fn pk(&self) -> String {
        payment_pk(self.merchant_uid())
    }

    fn sk() -> &'static str {
        PAYMENT_SK
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        let uid = self.merchant_uid();
        let owner_sk = match self.flow {
            Flow::Charge | Flow::Checkout { .. } => format!("PAY#{}#{uid}", sortable(self.created_at)),
            Flow::Schedule { schedule_at } => {
                let customer_uid = self.order.customer_uid.as_ref().map_or("", CustomerUid::as_str);
                format!("{}{}#{uid}", schedule_prefix(customer_uid), sortable(schedule_at))
            }
        };
        let day_at = claims_at(self);
        let row = PaymentItem {
            merchant_uid: uid.clone(),
            customer_uid: self.order.customer_uid.clone(),
            state: self.state,
            version: self.version,
            writer: self.writer.clone(),
            schedule_at: self.schedule_at(),
            open_until: self.open_until(),
            window: self.window.clone(),
            account: self.account.clone(),
            extended_to: self.extended_to,
            withdrawn_at: self.withdrawn_at,
            moves_to: self.moves_to.clone(),
            former_keys: self.former_keys.clone(),
            day: day_at.map(|at| KstDay::of(at).to_string()),
            day_at,
            fingerprint: self.fingerprint.clone(),
            order: self.order.clone(),
            claim: self.claim.clone(),
            posts: self.posts,
            looks: self.looks,
            under_way_since: self.under_way_since,
            alarmed_at: self.alarmed_at.clone(),
            imp_uid: self.imp_uid().map(ToString::to_string),
            record: self.record.clone(),
            schedule: self.schedule.clone(),
            refusal: self.refusal.clone(),
            refunds: self.refunds.clone(),
            receipt: self.receipt.clone(),
            own_due_at: self.due_at.filter(|_| is_due(self.receipt.as_deref())),
            log: self.log.clone(),
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        write(keyed(self.pk(), PAYMENT_SK, &self.customer_id, owner_sk, self.next_due_at(), row))
    }

    fn from_item(item: Item) -> Result<Self, StoreError> {
        let Keyed { owner, due_at, row, .. } = read::<PaymentItem>(item)?;
        Ok(Self {
            order: row.order,
            customer_id: owner,
            flow: match (row.schedule_at, row.open_until) {
                (Some(schedule_at), _) => Flow::Schedule { schedule_at },
                (None, Some(open_until)) => Flow::Checkout { open_until },
                (None, None) => Flow::Charge,
            },
            window: row.window,
            account: row.account,
            extended_to: row.extended_to,
            withdrawn_at: row.withdrawn_at,
            moves_to: row.moves_to,
            former_keys: row.former_keys,
            fingerprint: row.fingerprint,
            state: row.state,
            version: row.version,
            writer: row.writer,
            claim: row.claim,
            posts: row.posts,
            looks: row.looks,
            due_at: if is_due(row.receipt.as_deref()) { row.own_due_at } else { due_at },
            under_way_since: row.under_way_since,
            alarmed_at: row.alarmed_at,
            record: row.record,
            schedule: row.schedule,
            refusal: row.refusal,
            refunds: row.refunds,
            receipt: row.receipt,
            log: row.log,
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

fn is_due(receipt: Option<&Receipt>) -> bool {
    receipt.is_some_and(|receipt| receipt.due_at.is_some())
}

impl Row for BillingKey {
    fn pk(&self) -> String {
        key_pk(&self.customer_uid)
    }

    fn sk() -> &'static str {
        KEY_SK
    }

    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }

    fn to_item(&self) -> Result<Item, StoreError> {
        let owner_sk = format!("KEY#{}#{}", sortable(self.created_at), self.customer_uid);
        let row = KeyItem {
            customer_uid: self.customer_uid.clone(),
            state: self.state,
            version: self.version,
            writer: self.writer.clone(),
            fingerprint: self.fingerprint.clone(),
            claim: self.claim.clone(),
            outcome_unknown: self.outcome_unknown,
            cascade: self.cascade,
            successor: self.successor.clone(),
            window: self.window.clone(),
            checking: self.checking.clone(),
            looks: self.looks,
            record: self.record.clone(),
            refusal: self.refusal.clone(),
            missing_since: self.missing_since,
            alarm_at: self.alarm_at,
            registration_1: None,
            registration_2: None,
            registration_3: None,
            registration_4: None,
            registration_5: None,
            created_at: self.created_at,
            updated_at: self.updated_at,
        };
        write(keyed(self.pk(), KEY_SK, &self.customer_id, owner_sk, self.due_at, row))
    }

    fn from_item(item: Item) -> Result<Self, StoreError> {
        let Keyed { owner, due_at, row, .. } = read::<KeyItem>(item)?;
        let kept: [_; REGISTRATIONS_KEPT] =
            [row.registration_1, row.registration_2, row.registration_3, row.registration_4, row.registration_5];
        Ok(Self {
            customer_uid: row.customer_uid,
            customer_id: owner,
            state: row.state,
            version: row.version,
            writer: row.writer,
            fingerprint: row.fingerprint,
            claim: row.claim,
            outcome_unknown: row.outcome_unknown,
            cascade: row.cascade,
            successor: row.successor,
            window: row.window,
            checking: row.checking,
            looks: row.looks,
            due_at,
            record: row.record,
            refusal: row.refusal,
            missing_since: row.missing_since,
            alarm_at: row.alarm_at,
            registrations: kept
                .into_iter()
                .flatten()
                .map(|kept| Registration { claimed_at: kept.at, merchant_uid: kept.uid, version: kept.v })
                .collect(),
            created_at: row.created_at,
            updated_at: row.updated_at,
        })
    }
}

/// A text attribute.
pub(super) fn text<'a>(item: &'a Item, name: &str) -> Option<&'a str> {
    item.get(name).and_then(|value| value.as_s().ok()).map(String::as_str)
}
