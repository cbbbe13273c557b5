//! What is told of a billing key. Nothing of its card: not even the digits that a mask shows.

use serde::Serialize;

use super::kind::Kind;
use crate::ids::{CustomerId, CustomerUid};
use crate::key::{BillingKey, KeyState};

/// The key as the storefront knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct KeyFacts {
    /// Its name.
    pub customer_uid: CustomerUid,
    /// Whose it is: the `sub` of the storefront's tokens.
    pub customer_id: CustomerId,
    /// `active`, `deleted` or `abandoned`.
    pub state: &'static str,
    /// The key that took over its schedules, if one did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced_by: Option<CustomerUid>,
}

impl KeyFacts {
    /// `None` of a key that is being made, or deleted: a deletion may be given up, and then nothing happened.
    pub(super) fn of(row: &BillingKey) -> Option<Self> {
        match row.state {
            KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleting => None,
            KeyState::Active | KeyState::Deleted | KeyState::Abandoned => Some(Self::as_it_stands(row)),
        }
    }

    fn as_it_stands(row: &BillingKey) -> Self {
        Self {
            customer_uid: row.customer_uid.clone(),
            customer_id: row.customer_id.clone(),
            state: row.state.name(),
            replaced_by: row.successor.clone().filter(|_| row.state == KeyState::Deleted),
        }
    }
}

/// What a new version of a key tells.
pub(super) fn news(before: Option<&BillingKey>, after: &BillingKey) -> (Vec<Kind>, KeyFacts) {
    let facts = KeyFacts::as_it_stands(after);
    let was = before.map(|before| before.state);
    let kinds = match after.state {
        KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleting => Vec::new(),
        KeyState::Active => match was {
            // It was never anything else as far as anybody was told.
            Some(KeyState::Active | KeyState::Deleting) => Vec::new(),
            None
            | Some(
                KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleted | KeyState::Abandoned,
            ) => {
                vec![Kind::BillingKeyActive]
            }
        },
        KeyState::Deleted => {
            let known = before.filter(|before| before.state == KeyState::Deleted);
            let known = known.and_then(|before| before.successor.as_ref());
            let is_news = facts.replaced_by.as_ref() != known;
            // A key that another one has taken over from keeps that one. If a row says otherwise, the key is just deleted.
            let is_deleted = was != Some(KeyState::Deleted) || (is_news && facts.replaced_by.is_none());
            let deleted = is_deleted.then_some(Kind::BillingKeyDeleted);
            let replaced = (is_news && facts.replaced_by.is_some()).then_some(Kind::BillingKeyReplaced);
            deleted.into_iter().chain(replaced).collect()
        }
        KeyState::Abandoned => {
            (was != Some(KeyState::Abandoned)).then_some(Kind::BillingKeyAbandoned).into_iter().collect()
        }
    };
    (kinds, facts)
}
