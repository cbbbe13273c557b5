//! What callers were told, and the rules that hold the moment they are told it: I15, I17, I18, and I14 for what is gone
//! or given back.

use std::collections::{BTreeMap, BTreeSet};

use billing::CustomerId;
use billing::key::KeyState;
use billing::payment::{Payment, RefundState, State};
use billing::report::{Report, Verdict};
use billing::usecase::{Caller, Comparison, Failure, KeyDeleted};
use ledger::{Ledger, PaymentSort};

use crate::lambda::{Answer, Request};
use crate::sim::{Sim, World};

/// The one word that a storefront acts on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[expect(missing_docs, reason = "the words of the storefront API")]
pub enum Word {
    Paid,
    Failed,
    Pending,
    Scheduled,
    Revoked,
    Expired,
}

/// Everything that callers were told, in order.
#[derive(Debug, Default)]
pub struct Told {
    /// Of payments, by order number: what, and at which moment.
    pub payments: BTreeMap<String, Vec<(Word, u64)>>,
    /// Names of keys that were told to be active.
    pub active_keys: Vec<String>,
    /// Which keys each Idempotency-Key of a customer was answered with, and at which moment first.
    pub named: BTreeMap<(String, String), (BTreeSet<String>, u64)>,
    /// The last report that was finished.
    pub report: Option<Report>,
    /// Refunds that were told to be done: (payment, refund).
    pub refunds_done: Vec<(String, String)>,
    /// Order numbers, and keys, whose schedules somebody wanted to be taken back.
    pub unwanted: BTreeSet<String>,
    /// The cards that were typed under a customer's Idempotency-Key.
    pub cards: BTreeMap<(CustomerId, String), BTreeSet<&'static str>>,
    /// Whether somebody sits at the PSP's console and may take things back there.
    pub console: bool,
    /// Answers heard, by kind.
    pub counts: BTreeMap<&'static str, u64>,
}

/// The word for a row (as `runtime` presents it).
#[must_use]
pub fn word(row: &Payment) -> Word {
    match row.told_state() {
        State::Paid | State::PartiallyRefunded | State::Refunded => Word::Paid,
        State::Failed => Word::Failed,
        State::Revoked => Word::Revoked,
        State::Scheduled => Word::Scheduled,
        State::Intent | State::Claimed | State::Unknown | State::Suspect | State::Awaiting => Word::Pending,
        State::Expired => Word::Expired,
    }
}

fn kind(answer: &Answer) -> &'static str {
    let failure = match answer {
        Answer::Payment(Ok(row)) => {
            return match word(row) {
                Word::Paid => "paid",
                Word::Failed => "failed",
                Word::Pending => "pending",
                Word::Scheduled => "scheduled",
                Word::Revoked => "revoked",
                Word::Expired => "expired",
            };
        }
        Answer::Payments(Ok(_)) => return "schedules",
        Answer::Key(Ok(row)) => return row.state.name(),
        Answer::Keys(Ok(_)) => return "keys",
        Answer::KeyDeleted(Ok(KeyDeleted::Done)) => return "key deleted",
        Answer::KeyDeleted(Ok(KeyDeleted::Pending)) => return "key deletion pending",
        Answer::Refund(Ok((_, refund))) => {
            return match refund.state {
                RefundState::Pending => "refund pending",
                RefundState::Done => "refund done",
                RefundState::Refused => "refund refused",
            };
        }
        Answer::Noticed(Ok(_)) => return "noticed",
        Answer::Noticed(Err(_)) => return "notice not taken",
        Answer::Compared(Ok(Comparison::Finished(report))) => {
            return if report.verdict == Some(Verdict::Matched) { "report matched" } else { "report unmatched" };
        }
        Answer::Compared(Ok(Comparison::Unfinished(_))) => return "report unfinished",
        Answer::Compared(Ok(Comparison::Held(_))) => return "report held",
        Answer::Compared(Ok(Comparison::Done(_))) => return "report done",
        Answer::Compared(Err(_)) => return "no report",
        Answer::Swept(Ok(_)) => return "swept",
        Answer::Swept(Err(_)) => return "sweep failed",
        Answer::Payment(Err(failure))
        | Answer::Payments(Err(failure))
        | Answer::Key(Err(failure))
        | Answer::Keys(Err(failure))
        | Answer::KeyDeleted(Err(failure))
        | Answer::Refund(Err(failure)) => failure,
    };
    match failure {
        Failure::Invalid(_) => "invalid",
        Failure::NotFound => "not found",
        Failure::KeyPending => "key pending",
        Failure::KeyInactive => "key inactive",
        Failure::MerchantUidReused => "merchant_uid reused",
        Failure::IdempotencyKeyReused => "idempotency key reused",
        Failure::IdempotencyInProgress => "in progress",
        Failure::KeyInUse => "key in use",
        Failure::KeyTaken => "key taken",
        Failure::ImpUidMismatch => "imp_uid mismatch",
        Failure::AlreadyExecuted => "already executed",
        Failure::ScheduleNotChangeable => "not changeable",
        Failure::NotRefundable => "not refundable",
        Failure::RefundInProgress => "refund in progress",
        Failure::Refused(_) => "refused",
        Failure::UpstreamMismatch => "upstream mismatch",
        Failure::Unavailable => "unavailable",
        Failure::Store(_) => "unreadable",
    }
}

/// Whether the PSP has ever taken money under an order number.
fn was_paid(books: &Ledger, uid: &str) -> bool {
    books.find_all(uid, None, PaymentSort::Started).iter().any(|payment| payment.paid_at != 0)
}

/// Whether the PSP has ever refused or declined an order.
fn declined(world: &World, row: &Payment) -> bool {
    let uid = row.merchant_uid().as_str();
    let attempts = world.ledger.find_all(uid, None, PaymentSort::Started);
    let by_schedule = world.ledger.schedule(uid).is_ok_and(|schedule| schedule.payment_status.is_some());
    // A payment that was declined first may be approved late.
    let by_card = attempts.iter().any(|payment| payment.failed_at != 0);
    by_card || by_schedule || world.seen.refused.contains(uid)
}

impl Told {
    /// Takes in what is asked.
    pub fn ask(&mut self, request: &Request) {
        if let Request::Issue { customer, name, card } = request {
            self.cards.entry((customer.clone(), name.clone())).or_default().insert(card);
        }
        let unwanted = match request {
            Request::Revoke { merchant_uid, .. } => merchant_uid.to_string(),
            Request::DeleteKey { customer_uid, .. } => customer_uid.to_string(),
            _ => return,
        };
        self.unwanted.insert(unwanted);
    }

    /// Takes in the answer to a request that was made at the moment `asked`, and checks what must be true when it is given.
    pub fn hear(&mut self, sim: &Sim, request: &Request, answer: &Answer, asked: u64) {
        let kind = kind(answer);
        *self.counts.entry(kind).or_default() += 1;
        self.check_owner(sim, request, answer);
        let mut world = sim.world();
        world.run_ledger();
        world.note_text(kind);
        world.write(|| format!("answered {kind}: {request:?}"));
        match (request, answer) {
            (Request::Charge { order, .. }, Answer::Payment(Ok(row))) => {
                if row.order != *order {
                    world.violation("I15", format!("{} was answered with another order", order.merchant_uid));
                }
                self.hear_payment(&mut world, row, Some(asked));
            }
            (Request::Schedule { wanted, .. }, Answer::Payments(Ok(rows))) => {
                if rows.len() != wanted.len() || rows.iter().zip(wanted).any(|(row, new)| row.order != new.order) {
                    world.violation("I15", "schedules were answered with other orders".to_owned());
                }
                for row in rows {
                    self.hear_payment(&mut world, row, Some(asked));
                }
            }
            (_, Answer::Payment(Ok(row))) => self.hear_payment(&mut world, row, None),
            (Request::Keys(customer), Answer::Keys(Ok(rows)))
                if rows.iter().any(|row| row.customer_id != *customer) =>
            {
                world.violation("I18", format!("{customer} was shown somebody else's key"));
            }
            (Request::Issue { customer, name, .. }, Answer::Key(Ok(row))) => {
                let uid = row.customer_uid.as_str();
                let moment = world.kernel.moment();
                let named = (customer.to_string(), name.clone());
                let (names, heard) = self.named.entry(named).or_insert_with(|| (BTreeSet::new(), moment));
                // Two that overlap while the secret is being switched may each make a key; whoever comes later gets one of
                // these.
                if asked < *heard || names.is_empty() {
                    names.insert(uid.to_owned());
                }
                if !names.contains(uid) {
                    world.violation("I15", format!("{name} of {customer} was answered with {names:?} and with {uid}"));
                }
                if row.state == KeyState::Active {
                    self.active_keys.push(uid.to_owned());
                }
            }
            (Request::DeleteKey { customer_uid, .. }, Answer::KeyDeleted(Ok(KeyDeleted::Done)))
                if world.ledger.key(customer_uid.as_str()).is_ok() =>
            {
                world.violation("I14", format!("{customer_uid} was told deleted and is at the PSP"));
            }
            (_, Answer::Compared(Ok(Comparison::Finished(report)))) => self.report = Some(report.clone()),
            (_, Answer::Refund(Ok((row, refund)))) => {
                let shown = world.ledger.payment(refund.imp_uid.as_str(), true).is_ok_and(|payment| {
                    payment.cancel_history.iter().any(|entry| entry.reason.contains(&format!("[{}]", refund.id)))
                });
                if refund.state == RefundState::Done && !shown {
                    world.violation("I17", format!("{} was told given back: {}", row.merchant_uid(), refund.id));
                }
                if refund.state == RefundState::Done {
                    self.refunds_done.push((refund.imp_uid.to_string(), refund.id.clone()));
                }
            }
            _ => {}
        }
    }

    /// `asked`: the moment at which the order itself was asked for (again).
    fn hear_payment(&mut self, world: &mut World, row: &Payment, asked: Option<u64>) {
        let uid = row.merchant_uid().as_str();
        let now = word(row);
        if now == Word::Paid && !was_paid(&world.ledger, uid) {
            world.violation("I17", format!("{uid} was told paid, and the PSP has taken nothing"));
        }
        // Somebody may have taken its key away before it could be sent.
        let unsent = row.order.customer_uid.as_ref().is_some_and(|key| self.unwanted.contains(key.as_str()));
        if now == Word::Failed && !unsent && !declined(world, row) {
            world.violation("I16", format!("{uid} was told failed, and the PSP has neither refused nor declined it"));
        }
        let moment = world.kernel.moment();
        let heard = self.payments.entry(uid.to_owned()).or_default();
        // An answer that was under way while another was given may be older than it.
        let before = asked.unwrap_or(0);
        let last = heard.iter().rev().find(|(word, at)| *word != Word::Pending && *at <= before).map(|(word, _)| *word);
        let consistent = match last {
            Some(Word::Paid) => now == Word::Paid,
            // Unless the PSP has since answered with something that is not what was ordered.
            Some(Word::Failed) => now != Word::Pending || row.state == State::Suspect,
            Some(Word::Pending | Word::Scheduled | Word::Revoked | Word::Expired) | None => true,
        };
        if !consistent {
            world.violation("I15", format!("{uid} was told {last:?} and later {now:?}"));
        }
        heard.push((now, moment));
    }

    /// I18: what is somebody else's looks as if it did not exist.
    fn check_owner(&self, sim: &Sim, request: &Request, answer: &Answer) {
        if let (Request::Issue { customer, name, .. }, Answer::Key(key)) = (request, answer) {
            let cards = self.cards.get(&(customer.clone(), name.clone())).map_or(0, BTreeSet::len);
            let foreign = match key {
                Ok(row) => row.customer_id != *customer,
                Err(failure) => *failure == Failure::IdempotencyKeyReused && cards <= 1,
            };
            if foreign {
                sim.world().violation("I18", format!("{name} of {customer} was answered as somebody else's"));
            }
        }
        let (Request::Revoke { caller, merchant_uid }
        | Request::Move { caller, merchant_uid, .. }
        | Request::Read { caller, merchant_uid }) = request
        else {
            return;
        };
        let owner: Option<CustomerId> = sim.payment(merchant_uid).map(|row| row.customer_id);
        let Caller::Customer(asking) = caller else { return };
        if owner.is_some_and(|owner| owner != *asking) {
            let hidden = match answer {
                Answer::Payment(Err(failure)) => !discloses(failure),
                _ => false,
            };
            if !hidden {
                sim.world().violation("I18", format!("{merchant_uid} was disclosed to another customer"));
            }
        }
    }
}

/// Whether a refusal says more than "there is no such thing" (or that the table was out of reach, or the input wrong).
const fn discloses(failure: &Failure) -> bool {
    !matches!(failure, Failure::NotFound | Failure::Unavailable | Failure::Invalid(_))
}
