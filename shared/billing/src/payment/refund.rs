//! Giving money back. Each refund is an entry of its payment's row, written before it is sent and never removed, so that it
//! is its own idempotency record.

pub mod tax;
mod trace;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use self::tax::TaxParts;
use self::trace::Trace;
use super::applied::Applied;
use super::evidence::Source;
use super::snapshot::PaymentSnapshot;
use super::{Payment, Purpose, Refusal};
use crate::alarm::Alarm;
use crate::calendar::{next_overdue_look, next_post};
use crate::day::DAY_SECONDS;
use crate::fingerprint::{Fingerprint, hex};
use crate::ids::ImpUid;
use crate::time::Timestamp;

/// Most refunds of one payment. Gateways allow far fewer, and an item has 400 KB.
pub const REFUNDS_MAX: usize = 50;
/// Letters of a refund's mark.
const MARK_LETTERS: usize = 8;
/// Seconds after which a refund whose money went back, nobody knows by whom, counts as made: a person was told each day.
const DOUBT_SECONDS: i64 = 7 * DAY_SECONDS;

/// Who wants the money given back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// The storefront asked for it.
    Request,
    /// It is the second payment of one order.
    DoublePaid,
    /// It was paid after its customer was told that it had failed, and the merchant does not keep such money.
    LatePaid,
    /// Its subscription had ended, or has its period paid otherwise.
    Unwanted,
    /// A cheaper plan left it over, and no charge is to come that it could have lowered.
    Difference,
    /// It was to check a card, and nothing else.
    Check,
}

impl Origin {
    /// Whether all that is left of the payment goes back, and not an amount of its own.
    const fn is_whole(self) -> bool {
        match self {
            Self::DoublePaid | Self::LatePaid | Self::Unwanted | Self::Check => true,
            Self::Request | Self::Difference => false,
        }
    }
}

/// Where a refund stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RefundState {
    /// Recorded; sent, being sent, or to be sent.
    Pending,
    /// The PSP's record shows it.
    Done,
    /// The PSP refused it; nothing was given back.
    Refused,
}

/// Where money goes back to that came into a virtual account. The PSP needs it; nobody else is shown it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RefundAccount {
    /// `refund_holder`.
    pub holder: String,
    /// `refund_bank`: the bank's code.
    pub bank: String,
    /// `refund_account`: digits only.
    pub account: String,
    /// `refund_tel`; some gateways want it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tel: Option<String>,
}

impl std::fmt::Debug for RefundAccount {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("RefundAccount")
    }
}

/// One refund.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Refund {
    /// Its name within the payment: letters and digits. What is sent along in the reason follows from it ([`mark`]).
    pub id: String,
    /// The payment it is taken from.
    pub imp_uid: ImpUid,
    /// How much, in minor units; more than zero.
    pub amount: u64,
    /// Which parts of the payment it takes.
    #[serde(flatten)]
    pub parts: TaxParts,
    /// What could be given back before it, in minor units: the PSP refuses the refund if it is not so any more.
    pub checksum: u64,
    /// Decimals of the payment's currency.
    pub exponent: u8,
    /// Why, as the storefront said.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// Where it goes, for a payment into a virtual account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub account: Option<RefundAccount>,
    /// Who wants it.
    pub origin: Origin,
    /// The request in its normal form, to tell a repeat from a reuse.
    pub fingerprint: Fingerprint,
    /// Where it stands.
    pub state: RefundState,
    /// Why the PSP refused it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refusal: Option<Refusal>,
    /// Requests that named the account which a refund of another origin waited for: each is its own idempotency record here.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub requests: Vec<AnsweredRequest>,
    /// How often it was claimed for sending.
    #[serde(default)]
    pub posts: u32,
    /// When it was recorded.
    pub requested_at: Timestamp,
}

/// A request that was answered by a refund which was owed before it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AnsweredRequest {
    /// The name that the request's own refund would have.
    pub id: String,
    /// The request in its normal form, to tell a repeat from a reuse.
    pub fingerprint: Fingerprint,
}

impl Refund {
    /// The request of this name that this refund answers, if it does.
    #[must_use]
    pub fn answers(&self, id: &str) -> Option<&Fingerprint> {
        if self.id == id {
            return Some(&self.fingerprint);
        }
        self.requests.iter().find(|request| request.id == id).map(|request| &request.fingerprint)
    }

    /// Whether it is owed by itself and lacks an account that it could go to, or was refused with the one that it has.
    #[must_use]
    pub fn wants_account(&self) -> bool {
        let owed = match self.origin {
            Origin::Request => false,
            Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted | Origin::Difference | Origin::Check => {
                self.state == RefundState::Pending
            }
        };
        owed && (self.account.is_none() || self.refusal.is_some())
    }

    /// The reason as it is sent: this refund's mark, and the storefront's words. The mark comes first and is short, because a
    /// gateway may cut a reason at any length, and what is left of it has to be recognised.
    #[must_use]
    pub fn sent_reason(&self) -> String {
        let mark = mark(&self.id);
        match &self.reason {
            Some(reason) => format!("[{mark}] {reason}"),
            None => format!("[{mark}]"),
        }
    }
}

/// What the PSP's history knows a refund by, within its payment: eight letters that follow from its name. Letters only,
/// because long runs of digits are hidden in the PSP's words.
#[must_use]
pub fn mark(id: &str) -> String {
    letters('r', &Sha256::digest(format!("refund mark\n{id}"))[..4]).chars().take(MARK_LETTERS).collect()
}

/// Bytes as letters, after a first one.
pub(crate) fn letters(first: char, bytes: &[u8]) -> String {
    let letter = |digit: char| match digit {
        '0'..='9' => "ghijklmnop".chars().nth(digit.to_digit(10).and_then(|n| n.try_into().ok()).unwrap_or(0)),
        letter => Some(letter),
    };
    std::iter::once(first).chain(hex(bytes).chars().filter_map(letter)).collect()
}

/// Records that a payment has to be given back in full, unless that is recorded already.
pub(super) fn owe(applied: &mut Applied, record: &PaymentSnapshot, origin: Origin, now: Timestamp) {
    let row = &mut applied.row;
    let balance = record.net_paid();
    let parts = tax::derived(&row.order.details, &row.refunds, record, balance);
    let known = row.refunds.iter().any(|refund| refund.imp_uid == record.imp_uid && refund.origin != Origin::Request);
    if known || balance == 0 {
        return;
    }
    row.refunds.push(Refund {
        id: format!("auto{}", row.refunds.len() + 1),
        imp_uid: record.imp_uid.clone(),
        amount: balance,
        parts,
        checksum: balance,
        exponent: record.amount.currency.exponent(),
        reason: None,
        account: None,
        origin,
        fingerprint: Fingerprint::of(&(&record.imp_uid, balance)),
        state: RefundState::Pending,
        refusal: None,
        requests: Vec::new(),
        posts: 0,
        requested_at: now,
    });
    row.due_at = Some(now);
}

/// Compares the row's refunds with the PSP's records of their payments: those that are what was ordered.
pub(super) fn resolve(applied: &mut Applied, trusted: &[&PaymentSnapshot], by: Source, now: Timestamp) {
    let in_flight = applied.row.in_flight(now);
    let merchant_uid = applied.row.merchant_uid().clone();
    let refunding = applied.row.claim.as_ref().is_some_and(|claim| claim.purpose == Purpose::Refund);
    // The answer to our own POST, which the PSP has taken.
    let answered = by == Source::Reply && refunding;
    let was_pending = applied.row.pending_refund().is_some();
    let (mut stuck, mut doubted) = (Vec::new(), Vec::new());
    // One from before its money came says nothing of what has gone back of it.
    for record in trusted.iter().filter(|record| record.took_money()) {
        let traces = trace::traces(&applied.row.refunds, record, answered);
        let balance = record.net_paid();
        let before = applied.row.refunds.clone();
        let parts = |amount: u64| tax::derived(&applied.row.order.details, &before, record, amount);
        for (refund, trace) in applied.row.refunds.iter_mut().zip(traces) {
            let Some(trace) = trace.filter(|_| refund.state != RefundState::Done) else { continue };
            match trace {
                Trace::Made => {
                    refund.state = RefundState::Done;
                    refund.refusal = None;
                }
                // Somebody else has given money back meanwhile, so the PSP would refuse ours.
                Trace::Elsewhere if !in_flight => match (refund.origin, balance) {
                    // Nothing else is ever refused; what was stays so.
                    (Origin::Request, _) => refund.state = RefundState::Refused,
                    (
                        Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted | Origin::Difference | Origin::Check,
                        0,
                    ) => refund.state = RefundState::Done,
                    // Where it was all of the payment, it is all that is left.
                    (_, left) => {
                        refund.amount = refund.amount.min(left);
                        refund.parts = parts(refund.amount);
                        refund.checksum = left;
                        refund.refusal = None;
                    }
                },
                // Its money went back, and nobody has said otherwise for as long as that.
                Trace::Unclear if refund.requested_at.plus(DOUBT_SECONDS) <= now => {
                    refund.state = RefundState::Done;
                    refund.refusal = None;
                }
                Trace::Unclear if !in_flight => doubted.push(refund.imp_uid.clone()),
                Trace::Elsewhere | Trace::Unclear | Trace::Untouched => {
                    if refund.refusal.is_some() && refund.origin != Origin::Request {
                        stuck.push(refund.imp_uid.clone());
                    }
                }
            }
        }
    }
    let in_doubt = !doubted.is_empty();
    for imp_uid in doubted {
        applied.alarm(Alarm::RefundUnclear { merchant_uid: merchant_uid.clone(), imp_uid });
    }
    for imp_uid in stuck {
        applied.alarm(Alarm::RefundRefused { merchant_uid: merchant_uid.clone(), imp_uid });
    }
    match applied.row.pending_refund() {
        Some(_) if in_flight && refunding => applied.keep_looking(now),
        // It is not sent again: as much as it is has gone back.
        Some(_) if in_doubt => {
            if refunding {
                applied.row.claim = None;
            }
            applied.row.due_at = Some(next_overdue_look(now, applied.row.looks));
            applied.row.looks = applied.row.looks.saturating_add(1);
        }
        // Refused again: the next try waits for the calendar.
        Some(_) if refunding && applied.row.refused_refund() => {
            applied.row.claim = None;
            applied.keep_looking(now);
        }
        // Nothing of it was found: it is sent again, more and more rarely.
        Some(refund) if refunding => {
            let at = next_post(now, refund.posts);
            applied.row.claim = None;
            applied.row.due_at = Some(at);
        }
        Some(refund) => {
            // What was sent waits for its calendar; what was not may stand behind one that did, and waits no longer.
            let waits = applied.row.due_at.filter(|_| refund.posts > 0);
            applied.row.due_at = Some(waits.unwrap_or(now).max(now));
        }
        None if refunding || was_pending => applied.settle(),
        None => {}
    }
}

/// The PSP refused a refund, and its record does not show it. A request ends there, unless as much has gone back as it is: then
/// nobody knows whether that was ours. Money that must not be kept is tried again by the calendar.
pub(super) fn refused(applied: &mut Applied, refusal: &Refusal, now: Timestamp) {
    let merchant_uid = applied.row.merchant_uid().clone();
    let unclear = applied.row.refund_is_unclear();
    let Some(refund) = applied.row.refunds.iter_mut().find(|refund| refund.state == RefundState::Pending) else {
        return;
    };
    refund.refusal = Some(refusal.clone());
    let imp_uid = refund.imp_uid.clone();
    match refund.origin {
        Origin::Request if unclear => {
            applied.alarm(Alarm::RefundUnclear { merchant_uid, imp_uid });
            applied.keep_looking(now);
        }
        Origin::Request => {
            refund.state = RefundState::Refused;
            // One look after the quarantine, as after every refusal.
            applied.row.due_at = applied.row.quarantine_until();
        }
        Origin::DoublePaid | Origin::LatePaid | Origin::Unwanted | Origin::Difference | Origin::Check => {
            applied.alarm(Alarm::RefundRefused { merchant_uid, imp_uid });
            applied.keep_looking(now);
        }
    }
}

impl Payment {
    /// What of it is neither given back nor on its way back, in minor units.
    #[must_use]
    pub fn kept(&self) -> u64 {
        let left = self.record.as_ref().map_or(0, PaymentSnapshot::net_paid);
        let of_record = |refund: &&Refund| Some(&refund.imp_uid) == self.imp_uid();
        let pending = self.refunds.iter().filter(|refund| refund.state == RefundState::Pending).filter(of_record);
        pending.map(|refund| refund.amount).fold(left, u64::saturating_sub)
    }

    /// The refund that is sent next takes the parts that are left now: since it was recorded others may have been given back. Those
    /// that a request has named stay.
    pub(crate) fn renew_parts(&mut self) {
        let Some(record) = &self.record else { return };
        let is_next = |refund: &&mut Refund| refund.state == RefundState::Pending;
        let before = self.refunds.clone();
        let details = &self.order.details;
        if let Some(refund) = self.refunds.iter_mut().find(is_next)
            && refund.origin != Origin::Request
            && refund.requests.is_empty()
            && refund.imp_uid == record.imp_uid
        {
            refund.parts = tax::derived(details, &before, record, refund.amount);
        }
    }

    /// Whether as much of the payment has gone back as the refund that is to be sent, and it is not known whether that was it.
    /// It is neither sent nor called refused then.
    #[must_use]
    pub fn refund_is_unclear(&self) -> bool {
        // Most payments have none, and every look asks.
        let Some(record) = self.record.as_ref().filter(|_| self.pending_refund().is_some()) else { return false };
        let traces = trace::traces(&self.refunds, record, false);
        let pending = self.refunds.iter().zip(traces).find(|(refund, _)| refund.state == RefundState::Pending);
        pending.is_some_and(|(_, trace)| trace == Some(Trace::Unclear))
    }
}
