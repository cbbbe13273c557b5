//! Which card a subscription charges. Only the one that was named for it, or the one that took that one's place
//! (`replaced_by`); another one of its customer only where that was agreed to (`fallback_cards`), and that is recorded.

use serde::{Deserialize, Serialize};

use super::dunning::declined;
use super::next::{Next, StepResult, stepped};
use super::{Attempt, Subscription};
use crate::ids::CustomerUid;
use crate::policy::Policy;
use crate::time::Timestamp;

/// Most cards that are remembered as having been charged unnamed; older ones are forgotten first.
const FALLBACKS_MAX: usize = 32;

/// A card that is charged though nobody named it for the subscription.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fallback {
    /// The billing key.
    pub customer_uid: CustomerUid,
    /// The first attempt that it was for.
    pub since: Attempt,
    /// The attempt from which on a named card is charged again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Attempt>,
}

impl Subscription {
    /// Charges this card from the attempt with this number on.
    pub(super) fn fall_back_to(&mut self, card: &CustomerUid, since: Attempt, is_named: bool) {
        self.name_card(card, since);
        if !is_named {
            self.fallbacks.push(Fallback { customer_uid: card.clone(), since, until: None });
            let surplus = self.fallbacks.len().saturating_sub(FALLBACKS_MAX);
            self.fallbacks.drain(..surplus);
        }
    }

    /// Somebody names the card that is charged from this attempt on, or it takes a named one's place.
    pub(crate) fn name_card(&mut self, card: &CustomerUid, since: Attempt) {
        for fallback in self.fallbacks.iter_mut().filter(|fallback| fallback.until.is_none()) {
            fallback.until = Some(since);
        }
        self.customer_uid = card.clone();
    }

    /// Whether an attempt was charged, or is to be, on a card that nobody had named for the subscription.
    #[must_use]
    pub fn is_on_fallback(&self, attempt: Attempt, card: &CustomerUid) -> bool {
        let covers = |it: &Fallback| it.since <= attempt && it.until.is_none_or(|until| attempt < until);
        self.fallbacks.iter().any(|it| it.customer_uid == *card && covers(it))
    }
}

/// A card that is charged in place of the one that is named for a subscription.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtherCard {
    /// The billing key.
    pub customer_uid: CustomerUid,
    /// Whether somebody named it, by replacing the one before with it.
    pub is_named: bool,
}

/// The card that was to be charged is no billing key any more: another one is, if there is one. Without one the attempt
/// counts as declined once its time has come; until then its customer may register another.
#[must_use]
pub fn without_card(row: &Subscription, other: Option<&OtherCard>, now: Timestamp, policy: &Policy) -> StepResult {
    stepped(row, now, Some(policy), |row, _| match other {
        Some(other) => {
            row.fall_back_to(&other.customer_uid, row.attempt, other.is_named);
            row.due_at = Some(now);
            Next::Again
        }
        // Nobody has what the dearer plan costs: it does not begin.
        None if row.upgrade.is_some() => {
            row.upgrade = None;
            row.due_at = Some(now);
            Next::Again
        }
        None if now < row.attempt_at => {
            row.looks = 0;
            row.due_at = Some(row.attempt_at);
            Next::Wait
        }
        None => declined(row, false, now),
    })
}
