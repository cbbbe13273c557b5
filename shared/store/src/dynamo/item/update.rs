//! Items as updates of what stands there: what a row has is set, what it lacks is removed.

use aws_sdk_dynamodb::types::AttributeValue;
use billing::key::{REGISTRATIONS_KEPT, Registration};

use super::Item;

/// Attributes that a row may lack. A write removes those that are absent, and touches no attribute that it does not know.
const OPTIONAL: [&str; 59] = [
    "customer_uid",
    "schedule_at",
    "open_until",
    "window",
    "account",
    "extended_to",
    "checking",
    "withdrawn_at",
    "moves_to",
    "former_keys",
    "successor",
    "claim",
    "due_at",
    "due_shard",
    "under_way_since",
    "alarmed_at",
    "day",
    "day_at",
    "imp_uid",
    "record",
    "schedule",
    "refusal",
    "refunds",
    "receipt",
    "own_due_at",
    "missing_since",
    "alarm_at",
    "outcome_unknown",
    "cascade",
    "expires_at",
    "periods_max",
    "ending",
    "ended_by_merchant",
    "agreed",
    "consents",
    "asked",
    "without_consent",
    "ended_without_consent",
    "offer",
    "old_plan",
    "notice_days",
    "last_notice",
    "refund",
    "unused",
    "access_until",
    "expected_order",
    "next_plan",
    "running_plan",
    "introduced",
    "upgrade",
    "differences",
    "credits",
    "fallback_cards",
    "fallbacks",
    "carried",
    "running",
    "closed_periods",
    "trial_until",
    "metadata",
];

/// An update that sets what the row has, removes what it lacks, and leaves attributes of later versions alone.
pub(in crate::dynamo) struct Update {
    pub expression: String,
    pub names: Item0,
    pub values: Item,
}

/// What a key's row keeps of a schedule that is about to be registered on it: it comes first, and the others move on by one.
/// Each expression reads the row as it was before the update.
pub(in crate::dynamo) fn registered(claim: &Registration) -> Update {
    let moves = (2..=REGISTRATIONS_KEPT).map(|place| {
        let before = place - 1;
        format!("registration_{place} = if_not_exists(registration_{before}, :no_registration)")
    });
    let sets: Vec<String> = std::iter::once("registration_1 = :registration".to_owned()).chain(moves).collect();
    let registration = AttributeValue::M(Item::from([
        ("at".to_owned(), AttributeValue::N(claim.claimed_at.to_string())),
        ("uid".to_owned(), AttributeValue::S(claim.merchant_uid.to_string())),
        ("v".to_owned(), AttributeValue::N(claim.version.to_string())),
    ]));
    Update {
        expression: format!("SET {}", sets.join(", ")),
        names: Item0::new(),
        values: Item::from([
            (":registration".to_owned(), registration),
            (":no_registration".to_owned(), AttributeValue::Null(true)),
        ]),
    }
}

/// Attribute names by placeholder.
#[expect(clippy::disallowed_types, reason = "the SDK's own map type")]
pub(in crate::dynamo) type Item0 = std::collections::HashMap<String, String>;

pub(in crate::dynamo) fn update(mut item: Item) -> Update {
    item.remove("pk");
    item.remove("sk");
    let removed: Vec<&str> = OPTIONAL.into_iter().filter(|name| !item.contains_key(*name)).collect();
    let mut attributes: Vec<(String, AttributeValue)> = item.into_iter().collect();
    attributes.sort_by(|(a, _), (b, _)| a.cmp(b));

    let (mut names, mut values, mut sets, mut drops) = (Item0::new(), Item::new(), Vec::new(), Vec::new());
    for (name, value) in attributes {
        sets.push(format!("#{name} = :{name}"));
        values.insert(format!(":{name}"), value);
        names.insert(format!("#{name}"), name);
    }
    for name in removed {
        drops.push(format!("#{name}"));
        names.insert(format!("#{name}"), name.to_owned());
    }
    let expression = format!("SET {} REMOVE {}", sets.join(", "), drops.join(", "));
    Update { expression, names, values }
}
