//! I37: what is to be scheduled with a card is either there, or the answer says no. A key that came to be has all of its schedules; with
//! one that did not, none of them waits, or is at the PSP.

use billing::fingerprint::hex;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, State};
use billing::usecase::{IssuedKey, NewSchedule};
use ledger::Ledger;

use super::told::Told;
use crate::lambda::secret;
use crate::sim::World;

/// An answer, in a word.
pub(super) fn kind(issued: &IssuedKey) -> &'static str {
    match (issued.key.state, &issued.schedules) {
        (KeyState::Active, Some(rows)) if rows.iter().all(|row| row.state == State::Scheduled) => "key with schedules",
        (KeyState::Active, _) => "key, schedules pending",
        (KeyState::Abandoned, _) => "no key, no schedules",
        (KeyState::Prepared | KeyState::Issuing | KeyState::Checking | KeyState::Deleting | KeyState::Deleted, _) => {
            "schedules wait for a key"
        }
    }
}

/// When a card and what is to be scheduled on it are answered.
pub(super) fn check_told(world: &mut World, issued: &IssuedKey, wanted: &[NewSchedule]) {
    let uid = issued.key.customer_uid.as_str();
    let Some(rows) = &issued.schedules else { return };
    let is_asked = |row: &Payment| {
        let order = billing::order::Order { customer_uid: None, ..row.order.clone() };
        wanted.iter().any(|new| new.order == order)
    };
    if let Some(row) = rows.iter().find(|row| !is_asked(row)) {
        world.violation("I37", format!("{} was answered with another order", row.merchant_uid()));
    }
    match issued.key.state {
        KeyState::Active | KeyState::Deleting | KeyState::Deleted if rows.len() != wanted.len() => {
            world.violation("I37", format!("{uid} was told active with {} of {} schedules", rows.len(), wanted.len()));
        }
        KeyState::Abandoned => {
            let there = |row: &&Payment| row.state == State::Scheduled;
            if let Some(row) = rows.iter().find(there) {
                world.violation("I37", format!("{} was told scheduled on a key that is none", row.merchant_uid()));
            }
        }
        KeyState::Prepared
        | KeyState::Issuing
        | KeyState::Checking
        | KeyState::Active
        | KeyState::Deleting
        | KeyState::Deleted => {}
    }
}

/// At rest.
pub(super) fn check(
    rows: &[Payment],
    keys: &[BillingKey],
    books: &Ledger,
    told: &Told,
    broken: &mut impl FnMut(&'static str, String),
) {
    for (customer, name, uids) in &told.with_key {
        let digest = hex(&secret().mac("customer_uid", &[customer.as_str(), name]));
        let named = format!("key{}", digest.get(..32).unwrap_or_default());
        let Some(key) = keys.iter().find(|key| key.customer_uid.as_str() == named) else { continue };
        let came_to_be = matches!(key.state, KeyState::Active | KeyState::Deleting | KeyState::Deleted);
        for uid in uids {
            let row = rows.iter().find(|row| row.merchant_uid() == uid);
            let on_it = |row: &Payment| {
                row.order.customer_uid.as_ref() == Some(&key.customer_uid)
                    || row.former_keys.contains(&key.customer_uid)
            };
            let row = row.filter(|row| on_it(row));
            let lost = row.is_none_or(|row| row.posts == 0 && matches!(row.state, State::Intent | State::Failed));
            // One that was taken off its key before it was ever sent was asked to be.
            if came_to_be && lost && key.state == KeyState::Active {
                broken(
                    "I37",
                    format!("{named} is a key, and its schedule {uid} is lost ({:?})", row.map(|row| row.state)),
                );
            }
            let waits = row.is_some_and(|row| !matches!(row.state, State::Failed | State::Revoked));
            if key.state == KeyState::Abandoned && (waits || books.schedule(uid.as_str()).is_ok()) {
                broken("I37", format!("{named} is no key, and {uid} waits for it"));
            }
        }
    }
}
