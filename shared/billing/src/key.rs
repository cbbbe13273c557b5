//! A billing key's row: whose card it is, and where its life at the PSP stands. No digit of a card that a mask does not
//! show ever reaches it.

mod apply;
mod check;

use serde::{Deserialize, Serialize};

use crate::alarm::Alarm;
use crate::calendar::{CLAIMANT_SECONDS, next_look, next_window_look, window_ends};
use crate::checkout::KeyWindow;
use crate::fingerprint::Fingerprint;
use crate::ids::{CustomerId, CustomerUid, MerchantUid, Nonce};
use crate::payment::{Claim, Payment, Refusal};
use crate::time::Timestamp;
pub use apply::{apply, is_named_unregistered};
pub use check::{CHECKING_WON_MAX, CardCheck, checking_amount, state_for};

/// Where a billing key stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeyState {
    /// Named, waiting for its customer to go through the PG's window.
    Prepared,
    /// Being issued: the card is at the PSP, or on its way.
    Issuing,
    /// At the PSP, and its card is being checked by a small charge. Nothing else may be charged to it, or scheduled.
    Checking,
    /// Can be charged.
    Active,
    /// Being deleted at the PSP. No new charge may claim it.
    Deleting,
    /// Gone at the PSP.
    Deleted,
    /// Never came to be: refused, never sent, or never found.
    Abandoned,
}

impl KeyState {
    /// Every state.
    pub const ALL: [Self; 7] =
        [Self::Prepared, Self::Issuing, Self::Checking, Self::Active, Self::Deleting, Self::Deleted, Self::Abandoned];

    /// The name used in rows, replies and logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Prepared => "prepared",
            Self::Issuing => "issuing",
            Self::Checking => "checking",
            Self::Active => "active",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Abandoned => "abandoned",
        }
    }

    /// Whether the PSP still has to be asked something.
    #[must_use]
    pub const fn is_settled(self) -> bool {
        match self {
            Self::Active | Self::Deleted | Self::Abandoned => true,
            Self::Prepared | Self::Issuing | Self::Checking | Self::Deleting => false,
        }
    }
}

/// What the PSP says of a key, in Iamport's field names; the card number masked to 6 and 4 digits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[expect(missing_docs, reason = "Iamport's own field names, described in its reference")]
pub struct KeySnapshot {
    pub customer_uid: String,
    pub sandbox: bool,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pg_provider: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pg_id: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_name: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_code: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_number: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub card_type: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inserted: Option<Timestamp>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub updated: Option<Timestamp>,
}

/// Claims to register schedules that a key keeps. Who claims more of them within minutes waits for the deletion.
pub const REGISTRATIONS_KEPT: usize = 5;

/// A claim to register a schedule on a key. The table writes it together with that claim, and nothing else does: our index may
/// not show for minutes what was claimed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registration {
    /// When it was claimed.
    pub claimed_at: Timestamp,
    /// The schedule; of several that are registered by one POST the first.
    pub merchant_uid: MerchantUid,
    /// The version of its row that was claimed.
    pub version: u64,
}

impl Registration {
    /// The claim that a row stands under, if it is one.
    #[must_use]
    pub fn of(row: &Payment) -> Option<Self> {
        let claimed_at = row.registering()?.claimed_at;
        Some(Self { claimed_at, merchant_uid: row.merchant_uid().clone(), version: row.version })
    }
}

/// A billing key's row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BillingKey {
    /// The key's name at the PSP. Written once.
    pub customer_uid: CustomerUid,
    /// Whose it is. Never changes.
    pub customer_id: CustomerId,
    /// Where it stands.
    pub state: KeyState,
    /// Counts writes; each write is conditional on the one before.
    pub version: u64,
    /// The last writer's mark.
    pub writer: Nonce,
    /// The issue request in its normal form, under a secret key.
    pub fingerprint: Fingerprint,
    /// Who may be sending, if anybody.
    pub claim: Option<Claim>,
    /// Whether a sent request's outcome was recorded as unknown.
    pub outcome_unknown: bool,
    /// Whether a deletion under way was asked to revoke the key's schedules too.
    pub cascade: bool,
    /// The key that the schedules of a key under deletion move to, or of a deleted one have moved to.
    pub successor: Option<CustomerUid>,
    /// The window that it is issued in, if it is.
    pub window: Option<Box<KeyWindow>>,
    /// How its card is checked before it becomes active, or was, if that was asked for.
    pub checking: Option<Box<CardCheck>>,
    /// Fruitless looks since the last news.
    pub looks: u32,
    /// When to look again.
    pub due_at: Option<Timestamp>,
    /// The PSP's record.
    pub record: Option<KeySnapshot>,
    /// Why the PSP refused the card, or the deletion, if it did.
    pub refusal: Option<Refusal>,
    /// Since when the PSP does not have it, where an active key was not to be found.
    pub missing_since: Option<Timestamp>,
    /// When a person is told next that it stays as it is.
    pub alarm_at: Option<Timestamp>,
    /// The last schedules that were about to be registered on it, [`REGISTRATIONS_KEPT`] at most, the latest first. No write of
    /// the row changes them.
    pub registrations: Vec<Registration>,
    /// When the key was named.
    pub created_at: Timestamp,
    /// When the row last changed.
    pub updated_at: Timestamp,
}

/// What was learnt about a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyEvidence {
    /// The PSP has it.
    Found(KeySnapshot),
    /// The PSP does not have it.
    Absent,
    /// The PSP refused the card, or the deletion.
    Refused(Refusal),
    /// The request certainly never left.
    NotSent,
    /// The request left, or may have, and its outcome is not known.
    Lost,
    /// Its deletion cannot go on yet: what would be charged to it could not be taken off.
    Held,
    /// What becomes of the charge that checks its card is not known yet.
    CheckOpen,
    /// The charge that checks its card was paid.
    CheckPaid,
    /// The charge that checks its card was declined, or the PSP refused it.
    CheckFailed(Refusal),
}

/// The row after the evidence, and what follows from it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeyApplied {
    /// The row. Equal to the old one when the evidence brought nothing new.
    pub row: BillingKey,
    /// What a person must be told.
    pub alarms: Vec<Alarm>,
    /// Whether the key has to be deleted at the PSP: its customer was told that there is none.
    pub delete_orphan: bool,
}

impl BillingKey {
    /// A new row that is claimed for issue from the start.
    #[must_use]
    pub fn issuing(
        customer_uid: CustomerUid,
        customer_id: CustomerId,
        fingerprint: Fingerprint,
        claim: Claim,
        now: Timestamp,
    ) -> Self {
        Self {
            due_at: Some(now.plus(CLAIMANT_SECONDS)),
            claim: Some(claim.clone()),
            ..Self::new(customer_uid, customer_id, KeyState::Issuing, fingerprint, claim.nonce, now)
        }
    }

    /// A new row that its customer may turn into a key in the PG's window. Nothing is sent for it.
    #[must_use]
    pub fn prepared(
        customer_uid: CustomerUid,
        customer_id: CustomerId,
        fingerprint: Fingerprint,
        window: KeyWindow,
        writer: Nonce,
        now: Timestamp,
    ) -> Self {
        Self {
            due_at: Some(next_window_look(now, 0, window.open_until)),
            window: Some(Box::new(window)),
            looks: 1,
            ..Self::new(customer_uid, customer_id, KeyState::Prepared, fingerprint, writer, now)
        }
    }

    /// A new row for a key that the PSP has already.
    #[must_use]
    pub fn imported(record: KeySnapshot, key: (CustomerUid, CustomerId), writer: Nonce, now: Timestamp) -> Self {
        let (customer_uid, customer_id) = key;
        let fingerprint = Fingerprint::of(&(&customer_id, "import"));
        Self {
            record: Some(record),
            ..Self::new(customer_uid, customer_id, KeyState::Active, fingerprint, writer, now)
        }
    }

    /// A first version of which nothing is known or owed.
    const fn new(
        customer_uid: CustomerUid,
        customer_id: CustomerId,
        state: KeyState,
        fingerprint: Fingerprint,
        writer: Nonce,
        now: Timestamp,
    ) -> Self {
        Self {
            customer_uid,
            customer_id,
            state,
            version: 1,
            writer,
            fingerprint,
            due_at: None,
            claim: None,
            outcome_unknown: false,
            cascade: false,
            successor: None,
            window: None,
            checking: None,
            looks: 0,
            record: None,
            refusal: None,
            missing_since: None,
            alarm_at: None,
            registrations: Vec::new(),
            created_at: now,
            updated_at: now,
        }
    }

    /// Whether a customer who is in the window now may still be given the key.
    #[must_use]
    pub fn waits(&self, now: Timestamp) -> bool {
        self.state == KeyState::Prepared
            && self.window.as_ref().is_some_and(|window| now < window_ends(window.open_until))
    }

    /// Whether its customer may open the window now.
    #[must_use]
    pub fn is_issuable(&self, now: Timestamp) -> bool {
        self.state == KeyState::Prepared && self.window.as_ref().is_some_and(|window| now < window.open_until)
    }

    /// Whether a request may still be under way at `now`.
    #[must_use]
    pub fn in_flight(&self, now: Timestamp) -> bool {
        self.claim.as_ref().is_some_and(|claim| claim.is_live(now))
    }

    /// Whether the card was refused, as opposed to never sent or never found.
    #[must_use]
    pub const fn was_refused(&self) -> bool {
        matches!(self.state, KeyState::Abandoned) && self.refusal.is_some()
    }

    /// Whether its card certainly is not at the PSP, and nobody refused it: whoever asks again may send it.
    #[must_use]
    pub fn came_to_nothing(&self, now: Timestamp) -> bool {
        self.state == KeyState::Abandoned && !self.was_refused() && !self.in_flight(now)
    }

    /// Whether it is to be deleted at the PSP because its card did not pass its check.
    #[must_use]
    pub const fn is_to_be_removed(&self) -> bool {
        self.was_refused() && self.checking.is_some() && self.record.is_some() && self.due_at.is_some()
    }

    /// Whether its subscriptions have still to be told that it is gone.
    #[must_use]
    pub const fn is_to_be_told_of(&self) -> bool {
        matches!(self.state, KeyState::Deleted) && self.missing_since.is_some() && self.due_at.is_some()
    }

    /// The rules that every row keeps, checked before each write.
    ///
    /// # Errors
    /// The broken rule.
    pub fn check(&self) -> Result<(), &'static str> {
        let named = |record: &KeySnapshot| record.customer_uid == self.customer_uid.as_str();
        let rules = [
            (self.state.is_settled() || self.due_at.is_some(), "an unsettled key is due"),
            (self.state != KeyState::Active || self.record.is_some(), "an active key has the PSP's record"),
            (
                self.state != KeyState::Checking || (self.record.is_some() && self.checking.is_some()),
                "a key whose card is checked has the PSP's record and an amount",
            ),
            (self.record.as_ref().is_none_or(named), "the record is of this key"),
        ];
        rules.into_iter().find(|(kept, _)| !kept).map_or(Ok(()), |(_, rule)| Err(rule))
    }

    fn settle(&mut self, state: KeyState) {
        self.state = state;
        self.claim = None;
        self.outcome_unknown = false;
        self.cascade = false;
        self.alarm_at = None;
        self.missing_since = self.missing_since.filter(|_| state == KeyState::Deleted);
        // A deleted key goes on saying what replaced it: schedules may still be on their way to it.
        self.successor = self.successor.take().filter(|_| state == KeyState::Deleted);
        self.due_at = None;
        self.looks = 0;
        if let Some(check) = self.checking.as_mut().filter(|_| state != KeyState::Checking) {
            check.forget_holder();
        }
    }

    fn keep_looking(&mut self, now: Timestamp) {
        if self.state == KeyState::Prepared && self.due_at.is_some_and(|due_at| due_at > now) {
            // As with a checkout: only the sweep's own look moves the calendar on.
            return;
        }
        // A deletion is claimed anew with every try: the end of each quarantine would be a try of its own.
        let awaited = self.claim.as_ref().filter(|_| self.state != KeyState::Deleting);
        let quarantine_until = awaited.map(|claim| claim.quarantine_until);
        self.due_at = Some(match (&self.window, self.state) {
            (Some(window), KeyState::Prepared) => next_window_look(now, self.looks, window.open_until),
            _ => next_look(now, self.looks, quarantine_until),
        });
        self.looks = self.looks.saturating_add(1);
    }
}
