//! A card and what is to be scheduled on it, in one request: Iamport's `POST /subscribe/payments/schedule` with card fields, as claims
//! of their own.
//!
//! The schedules are written down before the card leaves, as orders that wait for their key. From then on each of them has an end:
//! the key becomes active, and they are registered, by the request or by the sweep; or it does not, and they have failed.

use std::collections::BTreeMap;

use super::gateway::{on_card, on_first_order};
use super::issue_key::name;
use super::schedule::{NewSchedule, check_schedule_at};
use super::write::has_waited;
use super::{Billing, Failure, IssueKey, not_reserved};
use crate::checkout::{Warning, pg_code};
use crate::fingerprint::FingerprintKey;
use crate::ids::{CustomerUid, MerchantUid};
use crate::invalid::Invalid;
use crate::key::{BillingKey, KeyState};
use crate::order::Order;
use crate::payment::{Claim, Evidence, Payment, Purpose, Source, fingerprint};
use crate::pg::Operation;
use crate::ports::{
    AlarmSink, ChargePsp, Clock, Entropy, INSERT_MAX, KeyPsp, KeyStore, PaymentStore, RefundPsp, Saved, SchedulePsp,
    WriteError,
};

/// Most schedules that come with a card: they are written in one transaction, so that none of them stands without the others. More
/// can be registered on the key afterwards.
pub const SCHEDULES_WITH_KEY_MAX: usize = INSERT_MAX;

/// Reads the code of the gateway that a key is to be issued at. The merchant's number there is configuration, as with windows.
///
/// # Errors
/// `pg_invalid`.
pub fn gateway_of_keys(code: &str) -> Result<String, Invalid> {
    pg_code(code)
}

/// A key, and what was to be scheduled on it. What is said of its gateway is not kept: it follows from the request, also from a repeat of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuedKey {
    /// The key.
    pub key: BillingKey,
    /// Its schedules, in the order asked for. `None`: where they stand is not known now.
    pub schedules: Option<Vec<Payment>>,
    /// What is said of the key and of its check.
    pub warnings: Vec<Warning>,
    /// What is said of each of its schedules, by its order number.
    pub of_schedules: BTreeMap<MerchantUid, Vec<Warning>>,
}

impl<P, S, H> Billing<P, S, H>
where
    P: ChargePsp + SchedulePsp + KeyPsp + RefundPsp,
    S: KeyStore + PaymentStore,
    H: Clock + Entropy + AlarmSink,
{
    /// Issues a key as [`Self::issue_key()`] does, and registers what is to be scheduled on it once it is active. An abandoned key has
    /// schedules that have failed, a pending one such as wait for it.
    ///
    /// # Errors
    /// As of [`Self::issue_key()`]. [`Failure::CardNotSent`]: there is no key, and what was recorded of the schedules has come to
    /// nothing.
    pub async fn issue_and_schedule(&self, request: IssueKey, secret: &FingerprintKey) -> Result<IssuedKey, Failure> {
        let wanted = request.along.schedules.iter().map(|new| new.order.merchant_uid.clone()).collect::<Vec<_>>();
        // The card is gone with the request once it was sent.
        let said = name(&request, secret).map(|uid| self.warnings_of_issue(&request, &uid));
        let key = self.issue_key(request, secret).await?;
        let (warnings, of_schedules) = said.unwrap_or_default();
        // The key stands, so nothing that goes wrong from here on is an error: what is not known is pending.
        let Ok(rows) = self.store.payments(&wanted).await else {
            return Ok(IssuedKey { key, schedules: None, warnings, of_schedules });
        };
        let rows: Vec<Payment> = rows.into_iter().filter(|row| row.customer_id == key.customer_id).collect();
        let mut schedules: Vec<Payment> =
            if has_waited(&self.host) { rows } else { self.carry_on_waiting(&key, rows).await };
        schedules.sort_by_key(|row| wanted.iter().position(|uid| uid == row.merchant_uid()));
        Ok(IssuedKey { key, schedules: Some(schedules), warnings, of_schedules })
    }

    /// What is said of a card's gateway: for its key, with the charge that checks it, and for each schedule.
    fn warnings_of_issue(
        &self,
        request: &IssueKey,
        key: &CustomerUid,
    ) -> (Vec<Warning>, BTreeMap<MerchantUid, Vec<Warning>>) {
        let pg = self.gateway_of(request);
        let of_card = on_card(pg, &request.card, &request.holder);
        let check = request.check().and_then(|check| check.order(key));
        let of_check = check.map(|order| on_first_order(Operation::Charge, pg, &order, self.host.now()));
        let of_schedule = |new: NewSchedule| {
            let said = on_first_order(Operation::Schedule, pg, &new.order, new.schedule_at).warnings();
            (new.order.merchant_uid, said)
        };
        let of_schedules = self.schedules_on_it(request, key).into_iter().map(of_schedule).collect();
        (of_card.and(of_check.unwrap_or_default()).warnings(), of_schedules)
    }

    /// At which gateway the key is to be issued, as far as that is known.
    pub(super) fn gateway_of<'a>(&'a self, request: &'a IssueKey) -> Option<&'a str> {
        request.along.pg.as_deref().or(self.policy.card_pg.as_deref())
    }

    /// Registers what waits for a key, in one POST, or ends it with a key that never came to be. What cannot be done now is due.
    async fn carry_on_waiting(&self, key: &BillingKey, rows: Vec<Payment>) -> Vec<Payment> {
        let (waiting, mut others): (Vec<_>, Vec<_>) = rows.into_iter().partition(Payment::waits_for_its_key);
        match key.state {
            KeyState::Active if self.psp.ready().await => {
                let now = self.host.now();
                let claim = Claim::new(Purpose::Register, self.host.nonce(), now, &self.policy);
                let claimed = waiting.iter().map(|row| self.next(row.clone().reclaimed(claim.clone(), now)));
                let claimed: Vec<Payment> = claimed.collect();
                let mut ours = Vec::new();
                for (row, (before, written)) in
                    claimed.clone().into_iter().zip(waiting.into_iter().zip(self.insert_payments(&claimed).await))
                {
                    match written {
                        Ok(Saved::Done) => ours.push(row),
                        Ok(Saved::Conflict(Some(current))) => others.push(*current),
                        Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) | Err(_) => {
                            others.push(before);
                        }
                    }
                }
                others.extend(self.register_claimed(&key.customer_uid, &claim, ours).await);
            }
            KeyState::Abandoned => {
                for row in waiting {
                    let ended = self.conclude(row.clone(), &Evidence::KeyInactive, Source::Claim).await;
                    others.push(ended.map_or(row, |(row, _)| row));
                }
            }
            KeyState::Prepared
            | KeyState::Issuing
            | KeyState::Checking
            | KeyState::Active
            | KeyState::Deleting
            | KeyState::Deleted => others.extend(waiting),
        }
        others
    }

    /// Checks what is to be scheduled with a card, before anything is written.
    ///
    /// # Errors
    /// The first rule that is broken; [`Failure::MerchantUidReused`] where a number is used.
    pub(super) async fn check_schedules_with(&self, request: &IssueKey, key: &CustomerUid) -> Result<(), Failure> {
        if request.along.schedules.is_empty() {
            return Ok(());
        }
        let wanted = self.checked(self.schedules_on_it(request, key))?;
        if wanted.len() > SCHEDULES_WITH_KEY_MAX {
            let detail = format!("1 to {SCHEDULES_WITH_KEY_MAX} schedules with a card");
            return Err(Failure::Invalid(Invalid::field("schedules", detail)));
        }
        let pg = self.gateway_of(request);
        let now = self.host.now();
        for (index, new) in wanted.iter().enumerate() {
            not_reserved(&new.order.merchant_uid)
                .and_then(|()| check_schedule_at(new.schedule_at, now, &self.policy))
                .and_then(|()| on_first_order(Operation::Schedule, pg, &new.order, new.schedule_at).accepted())
                .map_err(|invalid| invalid.within(&format!("schedules[{index}]")))?;
        }
        let uids: Vec<MerchantUid> = wanted.into_iter().map(|new| new.order.merchant_uid).collect();
        // A number that is used here is another request's: this one has no key yet.
        if self.store.payments(&uids).await?.is_empty() { Ok(()) } else { Err(Failure::MerchantUidReused) }
    }

    /// What is to be scheduled, on the key that is being issued.
    fn schedules_on_it(&self, request: &IssueKey, key: &CustomerUid) -> Vec<NewSchedule> {
        let on_it = |new: &NewSchedule| NewSchedule {
            order: Order { customer_uid: Some(key.clone()), ..new.order.clone() },
            ..new.clone()
        };
        request.along.schedules.iter().map(on_it).collect()
    }

    /// Writes down what is to be scheduled with a key whose card is about to be sent. `Some`: it is not sent, and this is the answer.
    pub(super) async fn record_schedules_with(
        &self,
        key: &BillingKey,
        request: &IssueKey,
    ) -> Option<Result<BillingKey, Failure>> {
        if request.along.schedules.is_empty() {
            return None;
        }
        let wanted = match self.checked(self.schedules_on_it(request, &key.customer_uid)) {
            Ok(wanted) => wanted,
            Err(failure) => return Some(self.withdrawn(key.clone()).await.and(Err(failure))),
        };
        let now = self.host.now();
        let waiting = |new: NewSchedule| {
            Payment::waiting(new.order, key.customer_id.clone(), new.schedule_at, self.host.nonce(), now)
        };
        let rows: Vec<Payment> = wanted.into_iter().map(waiting).collect();
        let mut why = None;
        for (row, written) in rows.iter().zip(self.insert_payments(&rows).await) {
            match written {
                Ok(Saved::Done) => {}
                Ok(Saved::Conflict(Some(current))) if is_the_same(&current, row) => {}
                Ok(Saved::Conflict(Some(_))) => why = Some(Failure::MerchantUidReused),
                // It may stand: the card stays here, the sweep gives the key up, and what stands with it.
                Err(WriteError::Unknown) => return Some(Ok(key.clone())),
                Err(WriteError::Store(error)) => why = why.or(Some(error.into())),
                Ok(Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected) => {
                    why = why.or(Some(Failure::Unavailable));
                }
            }
        }
        let why = why?;
        Some(match self.withdrawn(key.clone()).await {
            Err(_) => Err(why),
            Ok(pending) => Ok(pending),
        })
    }

    /// The answer for a card that was not sent and will not be, where schedules were recorded with it: they have come to nothing.
    pub(super) async fn withdrawn_with_schedules(&self, key: BillingKey) -> Result<BillingKey, Failure> {
        match self.withdrawn(key).await {
            Err(_) => Err(Failure::CardNotSent),
            Ok(pending) => Ok(pending),
        }
    }

    /// Whether anything of what is to be scheduled with a key was recorded.
    pub(super) async fn has_recorded(&self, key: &BillingKey, request: &IssueKey) -> Result<bool, Failure> {
        let uids: Vec<MerchantUid> = request.along.schedules.iter().map(|new| new.order.merchant_uid.clone()).collect();
        if uids.is_empty() {
            return Ok(false);
        }
        let rows = self.store.payments(&uids).await?;
        Ok(rows.iter().any(|row| row.order.customer_uid.as_ref() == Some(&key.customer_uid)))
    }
}

/// Whether a row was written by the very same request.
fn is_the_same(current: &Payment, row: &Payment) -> bool {
    current.fingerprint == fingerprint(&row.order, &row.customer_id, row.flow) && current.waits_for_its_key()
}
