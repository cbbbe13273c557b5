//! What callers were told, and the rules that hold the moment they are told it: I15, I17, I18, and I14 for what is gone
//! or given back.

mod kind;

use std::collections::{BTreeMap, BTreeSet};

use billing::key::{BillingKey, KeyState};
use billing::order::Order;
use billing::payment::{Payment, RefundState, State};
use billing::report::Report;
use billing::usecase::{Caller, Comparison, Failure, KeyDeleted, NewSchedule, ScheduleDisposition, Scheduled};
use billing::{CustomerId, CustomerUid, MerchantUid};
use ledger::{Ledger, PaymentSort};

use self::kind::kind;
use super::{account, checked, receipt, subscription, window, with_key};
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
    /// Keys that somebody wanted to be replaced: a charge that was never sent cannot be any more.
    pub replaced: BTreeSet<String>,
    /// The cards that were typed under a customer's Idempotency-Key.
    pub cards: BTreeMap<(CustomerId, String), BTreeSet<&'static str>>,
    /// What was to be scheduled with a card: (customer, Idempotency-Key, order numbers).
    pub with_key: Vec<(CustomerId, String, Vec<MerchantUid>)>,
    /// Orders of which the merchant was told that they are withdrawn.
    pub withdrawn: BTreeSet<String>,
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

/// Whether the PSP has ever taken money as ordered.
fn was_paid(books: &Ledger, row: &Payment) -> bool {
    let attempts = books.find_all(row.merchant_uid().as_str(), None, PaymentSort::Started);
    attempts.iter().any(|payment| payment.paid_at != 0 && window::is_ordered(payment, row))
}

/// Whether the PSP has ever refused or declined an order.
fn declined(world: &World, row: &Payment) -> bool {
    let uid = row.merchant_uid().as_str();
    let attempts = world.ledger.find_all(uid, None, PaymentSort::Started);
    let by_schedule = world.ledger.schedule(uid).is_ok_and(|schedule| schedule.payment_status.is_some());
    // A payment that was declined first may be approved late.
    let by_card = attempts.iter().any(|payment| payment.failed_at != 0);
    // What was paid in a window and given back by a person was not what was ordered.
    let put_right = row.window.is_some() && attempts.iter().any(|payment| payment.cancelled_at != 0);
    // Nothing can be sent on a key that is gone.
    let keys = row.order.customer_uid.iter().chain(&row.former_keys);
    let vanished = keys.into_iter().any(|key| world.seen.vanished.contains(key.as_str()));
    by_card || by_schedule || put_right || vanished || world.seen.refused.contains(uid)
}

impl Told {
    /// Takes in what is asked.
    pub fn ask(&mut self, request: &Request) {
        if let Request::Issue { customer, name, card, wanted, .. } = request {
            self.cards.entry((customer.clone(), name.clone())).or_default().insert(card);
            let uids: Vec<_> = wanted.iter().map(|new| new.order.merchant_uid.clone()).collect();
            if !uids.is_empty() {
                self.with_key.push((customer.clone(), name.clone(), uids));
            }
        }
        let unwanted = match request {
            Request::Revoke { merchant_uid, .. } => merchant_uid.to_string(),
            Request::DeleteKey { schedules: ScheduleDisposition::MoveTo(_), customer_uid, .. } => {
                self.replaced.insert(customer_uid.to_string());
                return;
            }
            Request::DeleteKey { customer_uid, .. } => customer_uid.to_string(),
            _ => return,
        };
        self.unwanted.insert(unwanted);
    }

    /// How often a key was replaced, and a schedule went along: counted when the key is known to be gone.
    fn count_replaced(&mut self, request: &Request, answer: &Answer) {
        let moved = matches!(request, Request::DeleteKey { schedules: ScheduleDisposition::MoveTo(_), .. });
        if moved && matches!(answer, Answer::KeyDeleted(Ok(KeyDeleted::Done))) {
            *self.counts.entry("key replaced").or_default() += 1;
        }
    }

    /// Takes in the answer to a request that was made at the moment `asked`, and checks what must be true when it is given.
    pub fn hear(&mut self, sim: &Sim, request: &Request, answer: &Answer, asked: u64) {
        let kind = kind(answer);
        *self.counts.entry(kind).or_default() += 1;
        self.count_replaced(request, answer);
        self.check_owner(sim, request, answer);
        let mut world = sim.world();
        world.run_ledger();
        world.note_text(kind);
        world.write(|| format!("answered {kind}: {request:?}"));
        subscription::check_told(&mut world, request, answer);
        match (request, answer) {
            (Request::Charge { order, .. }, Answer::Payment(Ok(row))) => {
                if row.order != *order {
                    world.violation("I15", format!("{} was answered with another order", order.merchant_uid));
                }
                self.hear_payment(&mut world, row, Some(asked));
            }
            (Request::Schedule { wanted, .. }, Answer::Payments(Ok(told))) => {
                let of_another = |(told, new): (&Scheduled, &NewSchedule)| match told {
                    Scheduled::Recorded(row) => !answers(row, &new.order),
                    Scheduled::NotRecorded { merchant_uid, .. } => *merchant_uid != new.order.merchant_uid,
                };
                if told.len() != wanted.len() || told.iter().zip(wanted).any(of_another) {
                    world.violation("I15", "schedules were answered with other orders".to_owned());
                }
                for row in told.iter().filter_map(Scheduled::row) {
                    self.hear_payment(&mut world, row, Some(asked));
                }
            }
            (Request::Account(new), Answer::Payment(Ok(row))) => {
                let same = row.order == new.order && row.customer_id == new.customer_id;
                if !same || row.account.as_ref() != Some(&new.account) {
                    world.violation("I15", format!("{} was answered with another order", new.order.merchant_uid));
                }
                window::check_account(&mut world, row);
                self.hear_payment(&mut world, row, Some(asked));
            }
            (Request::Extend { due, .. }, Answer::Payment(Ok(row))) => {
                account::check_told(&mut world, row, *due);
                self.hear_payment(&mut world, row, None);
            }
            (Request::Checkout(new), Answer::Opened(Ok(opened))) => {
                let row = &opened.row;
                if row.order != new.order || row.customer_id != new.customer_id {
                    world.violation("I15", format!("{} was answered with another order", new.order.merchant_uid));
                }
                if opened.ready {
                    window::check_opened(&mut world, row);
                }
                self.hear_payment(&mut world, row, Some(asked));
            }
            (Request::PrepareKey(request), Answer::Prepared(Ok(prepared))) => {
                let named = (&request.customer_id, &request.idempotency_key);
                self.hear_named((sim, &mut world), named, &prepared.key, Some(asked));
                if let Some(row) = &prepared.payment {
                    if prepared.ready {
                        window::check_opened(&mut world, row);
                    }
                    self.hear_payment(&mut world, row, Some(asked));
                }
            }
            (Request::Return { merchant_uid, .. }, Answer::ReturnView(Ok(returned))) => {
                window::check_returned(&mut world, merchant_uid, *returned);
            }
            (Request::Approve { merchant_uid, amount }, Answer::Approved(Ok(Ok(())))) => {
                let ordered = sim.payment(merchant_uid).map(|row| row.order.amount.minor.to_string());
                if ordered.as_ref() != Some(amount) {
                    world.violation("I3", format!("{amount} was approved for {merchant_uid}, ordered was {ordered:?}"));
                }
            }
            (Request::ConfirmKey { .. } | Request::ImportKey { .. }, Answer::Key(Ok(row)))
                if row.state == KeyState::Active =>
            {
                self.active_keys.push(row.customer_uid.to_string());
            }
            (Request::Withdraw { merchant_uid }, Answer::Payment(Ok(row))) => {
                // One that was not answered may be withdrawn, and is told as it is known to be.
                if word(row) == Word::Revoked {
                    self.withdrawn.insert(merchant_uid.to_string());
                }
                self.hear_payment(&mut world, row, None);
            }
            (_, Answer::Payment(Ok(row))) => self.hear_payment(&mut world, row, None),
            (Request::Keys(customer), Answer::Keys(Ok(rows)))
                if rows.iter().any(|row| row.customer_id != *customer) =>
            {
                world.violation("I18", format!("{customer} was shown somebody else's key"));
            }
            (Request::Issue { customer, name, checking, .. }, Answer::Key(Ok(row))) => {
                checked::check_told(&mut world, row, *checking);
                self.hear_named((sim, &mut world), (customer, name), row, None);
            }
            (Request::Issue { customer, name, checking, wanted, .. }, Answer::Issued(Ok(issued))) => {
                checked::check_told(&mut world, &issued.key, *checking);
                with_key::check_told(&mut world, issued, wanted);
                self.hear_named((sim, &mut world), (customer, name), &issued.key, None);
                for row in issued.schedules.iter().flatten() {
                    self.hear_payment(&mut world, row, Some(asked));
                }
            }
            (Request::DeleteKey { customer_uid, .. }, Answer::KeyDeleted(Ok(KeyDeleted::Done)))
                // A window that was left open may have issued it again meanwhile: at rest that one is gone, too.
                if world.ledger.key(customer_uid.as_str()).is_ok()
                    && sim.key(customer_uid).is_none_or(|row| row.window.is_none()) =>
            {
                world.violation("I14", format!("{customer_uid} was told deleted and is at the PSP"));
            }
            (_, Answer::Receipt(Ok(row))) => receipt::check_told(&mut world, request, row),
            (_, Answer::Compared(Ok(Comparison::Finished(report)))) => self.report = Some(report.clone()),
            (_, Answer::Refund(Ok(refunded))) => {
                let (row, refund) = &**refunded;
                let shown = super::rest::is_shown(&world.ledger, row, refund);
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

    /// A key, as its customer's request of this name was answered. `asked`: at which moment, where several that overlap may each
    /// have named one.
    fn hear_named(
        &mut self,
        (sim, world): (&Sim, &mut World),
        request: (&CustomerId, &String),
        row: &BillingKey,
        asked: Option<u64>,
    ) {
        let (customer, name) = request;
        let uid = row.customer_uid.as_str();
        let moment = world.kernel.moment();
        let named = (customer.to_string(), name.clone());
        // Pending because nobody knows whether it stands, and it does not: whoever asks again is told of another.
        if row.state != KeyState::Active && sim.key(&row.customer_uid).is_none() {
            return;
        }
        let (names, heard) = self.named.entry(named).or_insert_with(|| (BTreeSet::new(), moment));
        if !names.contains(uid) {
            // What was pending may have come to nothing, or have never stood.
            names.retain(|uid| {
                let state = CustomerUid::parse(uid).ok().and_then(|uid| sim.key(&uid));
                state.is_some_and(|row| row.state != KeyState::Abandoned || row.was_refused())
            });
        }
        // Two windows that overlap while the secret is being switched may each have a key; whoever comes later gets one of these.
        if asked.is_some_and(|asked| asked < *heard) || names.is_empty() {
            names.insert(uid.to_owned());
        }
        if !names.contains(uid) {
            world.violation("I15", format!("{name} of {customer} was answered with {names:?} and with {uid}"));
        }
        if row.state == KeyState::Active {
            self.active_keys.push(uid.to_owned());
        }
    }

    /// `asked`: the moment at which the order itself was asked for (again).
    fn hear_payment(&mut self, world: &mut World, row: &Payment, asked: Option<u64>) {
        let uid = row.merchant_uid().as_str();
        let now = word(row);
        if now == Word::Paid && !was_paid(&world.ledger, row) {
            world.violation("I17", format!("{uid} was told paid, and the PSP has taken nothing"));
        }
        // Somebody may have taken its key away before it could be sent.
        let gone =
            |key: &str| self.unwanted.contains(key) || (row.schedule_at().is_none() && self.replaced.contains(key));
        let unsent = row.order.customer_uid.as_ref().is_some_and(|key| gone(key.as_str()));
        // What was recorded with a key that never came to be is a rule's of its own (I37).
        let with_its_key = row.posts == 0 && row.registration_was_refused();
        if now == Word::Failed && !unsent && !with_its_key && !declined(world, row) {
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
        let key = match answer {
            Answer::Key(key) => Some(key.as_ref()),
            Answer::Issued(issued) => Some(issued.as_ref().map(|issued| &issued.key)),
            _ => None,
        };
        if let (Request::Issue { customer, name, .. }, Some(key)) = (request, key) {
            let cards = self.cards.get(&(customer.clone(), name.clone())).map_or(0, BTreeSet::len);
            let foreign = match key {
                Ok(row) => row.customer_id != *customer,
                Err(failure) => *failure == Failure::IdempotencyKeyReused && cards <= 1,
            };
            if foreign {
                sim.world().violation("I18", format!("{name} of {customer} was answered as somebody else's"));
            }
        }
        self.check_key_owner(sim, request, answer);
        let (Request::Revoke { caller, merchant_uid }
        | Request::Move { caller, merchant_uid, .. }
        | Request::Complete { caller, merchant_uid, .. }
        | Request::Receipt { caller, merchant_uid, .. }
        | Request::Read { caller, merchant_uid }) = request
        else {
            return;
        };
        let owner: Option<CustomerId> = sim.payment(merchant_uid).map(|row| row.customer_id);
        let Caller::Customer(asking) = caller else { return };
        if owner.is_some_and(|owner| owner != *asking) {
            let hidden = match answer {
                Answer::Payment(Err(failure)) | Answer::Receipt(Err(failure)) => !discloses(failure),
                _ => false,
            };
            if !hidden {
                sim.world().violation("I18", format!("{merchant_uid} was disclosed to another customer"));
            }
        }
    }
}

impl Told {
    /// I18 of keys and subscriptions: only its owner, or the merchant, confirms one; one that was brought along is one customer's for ever.
    fn check_key_owner(&self, sim: &Sim, request: &Request, answer: &Answer) {
        let owner = |uid| sim.key(uid).map(|row| row.customer_id);
        let disclosed = match (request, answer) {
            (Request::PrepareKey(request), Answer::Prepared(Ok(prepared))) => {
                prepared.key.customer_id != request.customer_id
            }
            (Request::ConfirmKey { caller: Caller::Customer(asking), customer_uid }, Answer::Key(key)) => {
                let foreign = owner(customer_uid).is_some_and(|owner| owner != *asking);
                foreign && key.as_ref().map_or_else(discloses, |_| true)
            }
            (Request::ImportKey { customer, customer_uid }, Answer::Key(Ok(_))) => {
                owner(customer_uid).is_some_and(|owner| owner != *customer)
            }
            _ => subscription::is_foreign(sim, request, answer),
        };
        if disclosed {
            sim.world().violation("I18", format!("somebody else's row was answered: {request:?}"));
        }
    }
}

/// Whether a row is that of a schedule as it was asked for. It may have gone to another key since.
fn answers(row: &Payment, asked: &Order) -> bool {
    let first = row.former_keys.first().or(row.order.customer_uid.as_ref());
    first == asked.customer_uid.as_ref()
        && Order { customer_uid: asked.customer_uid.clone(), ..row.order.clone() } == *asked
}

/// Whether a refusal says more than "there is no such thing" (or that the table was out of reach, or the input wrong).
const fn discloses(failure: &Failure) -> bool {
    !matches!(failure, Failure::NotFound | Failure::Unavailable | Failure::Invalid(_))
}
