//! The simulated world: the PSP's books, the table, time, chance, and everything that was seen to go wrong.

mod counts;
mod requests;
mod write_ahead;

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use billing::alarm::Alarm;
use billing::event::Change;
use billing::key::BillingKey;
use billing::payment::Payment;
use billing::ports::{KeyStore, PaymentStore, PostResult, SubscriptionStore};
use billing::subscription::{Subscription, SubscriptionId};
use billing::{CustomerUid, MerchantUid};
use futures_util::FutureExt;
use ledger::{Ledger, Notice, ScheduleStatus};
use store::MemoryStore;

use crate::check::checked;
use crate::check::recorded::Recorded;
use crate::check::seen::Seen;
use crate::check::subscription::Histories;
use crate::chooser::{Chooser, LATE_SECONDS_MAX};
use crate::exec::Pause;
use crate::fault::{Call, Fault};
use crate::kernel::{Event, Kernel};
use crate::planted::{self, Bug};
use crate::psp::request::{PspReply, PspRequest, extension_of, refusal};
use crate::rng::Rng;
use crate::stubborn::Stubborn;
use crate::table::{Backend, DueIndex, Rows};

pub use counts::Counts;

/// When the simulated world begins: 2026-11-24T00:00:00Z.
pub const START: i64 = 1_795_478_400;

/// What another system does so many seconds before our own request may not have been seen by it.
const OVERTAKES_SECONDS: i64 = 60;
/// A schedule that should have run so many seconds ago and has not is lost: nobody has to look for it (docs/decisions.md:
/// a deletion lists from twenty days before).
const LOST_AFTER_SECONDS: i64 = 20 * 86_400;

/// Whether a schedule still waits for its time, as far as anybody can expect.
pub(crate) fn still_waits(schedule: &ledger::Schedule, now: i64) -> bool {
    schedule.status == ScheduleStatus::Scheduled && schedule.schedule_at + LOST_AFTER_SECONDS > now
}

/// Something that must never happen, and did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// The rule (reliability §4), such as `I5`.
    pub rule: &'static str,
    /// What was seen.
    pub detail: String,
}

/// A request that may move money, and when it can no longer have an effect.
#[derive(Debug)]
struct Flight {
    subject: String,
    resolves: i64,
    /// The balance that a refund insists on.
    checksum: Option<u64>,
}

impl Flight {
    fn may_execute(&self, now: i64, books: &Ledger) -> bool {
        // Balances only fall: a refund that insists on another one is refused for ever.
        let balance = || books.payment(&self.subject, true).map(ledger::Payment::cancellable).ok();
        self.resolves > now && (self.checksum.is_none() || self.checksum == balance())
    }
}

/// What became of a request that left.
pub(crate) struct Sent {
    pub(crate) posted: PostResult<PspReply>,
    /// How long its sender waits for that.
    pub(crate) seconds: i64,
}

/// Everything that changes.
#[derive(Debug)]
pub struct World {
    /// Time and what happens next.
    pub kernel: Kernel,
    /// The PSP's books.
    pub ledger: Ledger,
    /// Webhooks that the PSP wants to send and nobody has taken yet.
    pub notices: Vec<Notice>,
    /// Who decides what goes wrong.
    pub chooser: Chooser,
    /// The table's index of what is owed.
    pub index: DueIndex,
    /// Every alarm raised.
    pub alarms: Vec<Alarm>,
    /// Every rule broken.
    pub violations: Vec<Violation>,
    /// Order numbers of first writes that the table never answered: they may stand there, or not.
    pub unanswered: BTreeSet<String>,
    /// What a bystander has seen.
    pub seen: Seen,
    /// What requests have written of what they wish.
    pub recorded: Recorded,
    /// What is known of subscriptions.
    pub subscriptions: Histories,
    /// How often what happened.
    pub counts: Counts,
    /// A running digest of all that happened.
    pub trace: u64,
    /// A bug that is planted beyond the ports, to see whether the rules find it.
    pub bug: Option<Bug>,
    /// What that bug remembers.
    pub(crate) planted: planted::Memory,
    /// What happened, line by line, if anybody wants to read it.
    pub journal: Option<Vec<String>>,
    /// What the gateway refuses, or ignores, for ever.
    pub stubborn: Option<Stubborn>,
    /// Whether a late charge was admitted when it arrived, rather than when it executes.
    pub admit_first: bool,
    flights: Vec<Flight>,
    chance: Rng,
}

/// The world, shared by every process of it.
#[derive(Debug)]
pub struct Sim {
    world: Mutex<World>,
    /// The table's rows.
    pub rows: Rows,
}

impl World {
    /// Notes a broken rule.
    pub fn violation(&mut self, rule: &'static str, detail: String) {
        self.write(|| format!("VIOLATION {rule} {detail}"));
        self.violations.push(Violation { rule, detail });
    }

    /// Writes a line into the journal, if it is kept.
    pub fn write(&mut self, line: impl FnOnce() -> String) {
        if self.journal.is_none() {
            return;
        }
        let line = format!("{:>9} #{:<3} {}", self.kernel.now() - START, self.kernel.current, line());
        if let Some(journal) = &mut self.journal {
            journal.push(line);
        }
    }

    /// Adds to the digest of all that happened.
    pub fn note(&mut self, what: u64) {
        self.trace = (self.trace ^ what).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23);
    }

    /// Adds a text to the digest.
    pub fn note_text(&mut self, text: &str) {
        for byte in text.bytes() {
            self.trace = (self.trace ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
        }
        self.note(0xff);
    }

    /// Lets the PSP do what is due by now.
    pub fn run_ledger(&mut self) {
        self.ledger.run_until(self.kernel.now());
        let notices = self.ledger.take_notices();
        self.notices.extend(notices);
    }

    /// A fresh writer's mark.
    pub(crate) fn mark(&mut self) -> String {
        format!("{:016x}{:016x}", self.chance.next_u64(), self.chance.next_u64())
    }

    pub(crate) fn raise(&mut self, alarm: &Alarm) {
        *self.counts.alarms.entry(alarm.name()).or_default() += 1;
        self.note_text(alarm.name());
        self.write(|| format!("    alarm {alarm:?}"));
        self.alarms.push(alarm.clone());
    }

    /// A request arrives that nobody waits for any more.
    pub(crate) fn arrive_late(&mut self, request: &PspRequest) {
        self.run_ledger();
        self.check_moved(request);
        if let PspRequest::Delete { customer_uid } = request {
            // What another system has scheduled meanwhile could not be known.
            let on_it = self.ledger.schedules().filter(|row| row.customer_uid == customer_uid.as_str());
            let on_it: Vec<String> = on_it.map(|row| row.order.merchant_uid.clone()).collect();
            self.seen.raced.extend(on_it.into_iter().filter(|uid| self.seen.foreign.contains_key(uid)));
        }
        let now = self.kernel.now();
        let executed = request.execute(&mut self.ledger, now);
        self.check_refusal(request, &executed.posted);
        self.write(|| format!("a late request arrives: {request:?}: {:?}", executed.posted));
        self.run_ledger();
        self.note(0x1a7e);
    }
}

impl Sim {
    /// An empty world at [`START`], its ids and marks decided by `seed`.
    #[must_use]
    pub fn new(seed: u64, shuffle: bool) -> Self {
        Self::with_rows(Rows::Memory(MemoryStore::streaming()), seed, shuffle)
    }

    /// The same world over another table than the one in memory.
    #[must_use]
    pub fn over(backend: Box<dyn Backend>, seed: u64, shuffle: bool) -> Self {
        Self::with_rows(Rows::Backed(backend), seed, shuffle)
    }

    fn with_rows(rows: Rows, seed: u64, shuffle: bool) -> Self {
        let mut chance = Rng::new(seed);
        let shuffle = shuffle.then(|| Rng::new(chance.next_u64()));
        let ledger = Ledger::new(chance.next_u64());
        Self {
            world: Mutex::new(World {
                kernel: Kernel::new(START, shuffle),
                ledger,
                notices: Vec::new(),
                chooser: Chooser::Calm,
                index: DueIndex::default(),
                alarms: Vec::new(),
                violations: Vec::new(),
                unanswered: BTreeSet::new(),
                seen: Seen::default(),
                recorded: Recorded::default(),
                subscriptions: Histories::default(),
                counts: Counts::default(),
                trace: seed,
                bug: None,
                planted: planted::Memory::default(),
                journal: None,
                stubborn: None,
                admit_first: false,
                flights: Vec::new(),
                chance,
            }),
            rows,
        }
    }

    /// The world. Never held while a process is polled.
    pub fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Now, in UNIX seconds.
    #[must_use]
    pub fn now(&self) -> i64 {
        self.world().kernel.now()
    }

    /// What was written since this was asked last, as the table's stream has it. A table that is not in memory has a stream of its
    /// own, which is AWS's.
    pub(crate) fn changes(&self) -> Vec<Change> {
        match &self.rows {
            Rows::Memory(rows) => rows.take_changes(),
            Rows::Backed(_) => Vec::new(),
        }
    }

    /// Whether this bug is planted.
    pub(crate) fn has(&self, bug: Bug) -> bool {
        self.world().bug == Some(bug)
    }

    /// A payment's row as it stands now.
    #[must_use]
    pub fn payment(&self, uid: &MerchantUid) -> Option<Payment> {
        self.rows.payment(uid).now_or_never().and_then(Result::ok).flatten()
    }

    /// A billing key's row as it stands now.
    #[must_use]
    pub fn key(&self, uid: &CustomerUid) -> Option<BillingKey> {
        self.rows.key(uid).now_or_never().and_then(Result::ok).flatten()
    }

    /// A subscription's row as it stands now.
    #[must_use]
    pub fn subscription(&self, id: &SubscriptionId) -> Option<Subscription> {
        self.rows.subscription(id).now_or_never().and_then(Result::ok).flatten()
    }

    /// A call sets out. Answers what goes wrong with it, once it is where it has its effect.
    pub(crate) async fn enter(&self, call: Call) -> Option<Fault> {
        let (fault, seconds) = {
            let mut world = self.world();
            let process = world.kernel.current;
            let now = world.kernel.now();
            let fault = world.chooser.fault(process, call, now);
            *world.counts.calls.entry(call).or_default() += 1;
            if let Some(fault) = fault {
                *world.counts.faults.entry((call, fault)).or_default() += 1;
            }
            world.write(|| format!("{call:?} {}", fault.map_or_else(String::new, |fault| format!("{fault:?}"))));
            let what = place(&Call::ALL, &call) * 64 + fault.map_or(0, |fault| place(&Fault::ALL, &fault) + 1);
            let now = world.kernel.now().unsigned_abs();
            world.note(what ^ (now << 16));
            let crash = fault == Some(Fault::CrashBefore);
            let travel = world.chooser.travel(process, call.class());
            (fault, (!crash).then_some(travel))
        };
        self.pause(seconds).await;
        fault
    }

    /// Lets time pass for the polled process, and others run; without seconds it ends here.
    async fn pause(&self, seconds: Option<i64>) {
        if seconds != Some(0) || self.world().chooser.interleaves() {
            Pause::new(self, seconds).await;
        }
    }

    /// Lets time pass within a call of the table, and others run.
    pub async fn wait(&self, seconds: i64) {
        Pause::new(self, Some(seconds)).await;
    }

    /// A call's answer sets out, after `seconds` at the other side; one that is waited for in vain takes just that long.
    pub(crate) async fn leave(&self, call: Call, fault: Option<Fault>, seconds: i64) {
        let crash = fault == Some(Fault::CrashAfter);
        let travel = {
            let mut world = self.world();
            let process = world.kernel.current;
            world.chooser.travel(process, call.class())
        };
        self.pause((!crash).then_some(if seconds > 0 { seconds } else { travel })).await;
    }

    /// The table has answered the polled process, or has failed it.
    pub(crate) fn heard_from_table<T, E>(&self, answer: &Result<T, E>) {
        if answer.is_err() {
            let mut world = self.world();
            let process = world.kernel.current;
            world.seen.without_table(process);
        }
    }

    /// Lets a request reach the PSP, or not.
    pub(crate) fn send(&self, request: PspRequest, fault: Option<Fault>, timeout: i64) -> Sent {
        let request = planted::sent(self, request);
        if !matches!(fault, Some(Fault::NotSent)) {
            checked::check_sent(self, &request);
        }
        let mut world = self.world();
        world.run_ledger();
        if !matches!(fault, Some(Fault::NotSent)) {
            world.check_alone(&request);
            world.check_unused(&request);
            world.check_moved(&request);
        }
        let now = world.kernel.now();
        let mut resolves = now;
        let stubborn = if matches!(fault, Some(Fault::NotSent)) { None } else { world.resisted(&request) };
        let sent = match fault {
            _ if stubborn.is_some() => Sent { posted: stubborn.unwrap_or(PostResult::Lost), seconds: 0 },
            Some(fault) if fault.stops_the_request() => match fault {
                Fault::LostRequest => Sent { posted: PostResult::Lost, seconds: timeout },
                Fault::ErrorBefore | Fault::GarbledBefore => Sent { posted: PostResult::Lost, seconds: 0 },
                Fault::NonsenseBefore => Sent { posted: PostResult::Nonsense, seconds: 0 },
                Fault::RefusedBefore => Sent { posted: PostResult::Refused(refusal()), seconds: 0 },
                _ => Sent { posted: PostResult::NotSent, seconds: 0 },
            },
            Some(Fault::Late) => {
                let process = world.kernel.current;
                // A card that pays late by itself makes it no later than the latest.
                let by_card = request.pays_late(&world.ledger);
                let late = timeout + world.chooser.lateness(process).min(LATE_SECONDS_MAX - by_card);
                resolves = now + late + by_card;
                world.send_late(&request, late);
                if world.bug == Some(Bug::ClientRepeatsPosts) {
                    request.execute(&mut world.ledger, now);
                }
                Sent { posted: PostResult::Lost, seconds: timeout }
            }
            _ => {
                let executed = request.execute(&mut world.ledger, now);
                world.check_refusal(&request, &executed.posted);
                world.run_ledger();
                let hangs = executed.hangs || fault == Some(Fault::LostReply);
                if executed.hangs {
                    resolves = now + world.ledger.knobs().late_seconds;
                }
                let posted = match fault {
                    Some(Fault::LostReply | Fault::ErrorAfter | Fault::GarbledAfter) => PostResult::Lost,
                    Some(Fault::NonsenseAfter) => PostResult::Nonsense,
                    Some(Fault::RefusedAfter) => PostResult::Refused(refusal()),
                    Some(Fault::WrongAmount) => executed.posted.and_then(|reply| PostResult::Known(reply.falsified())),
                    _ => executed.posted,
                };
                Sent { posted, seconds: if hangs { timeout } else { 0 } }
            }
        };
        if let PspRequest::ExtendAccount(imp_uid, _) = &request {
            // An earlier refusal excuses no later promise.
            world.seen.refused.remove(&extension_of(imp_uid));
        }
        if matches!(sent.posted, PostResult::Refused(_)) {
            world.seen.refused.extend(request.subjects());
            world.seen.unchanged.extend(request.changes());
        }
        let sent = Sent { posted: planted::answered(world.bug, fault, sent.posted), ..sent };
        world.write(|| format!("    sent {request:?}: {:?}, in {} s", sent.posted, sent.seconds));
        if resolves > now {
            let checksum = request.checksum();
            let flights = request.subjects().into_iter().map(|subject| Flight { subject, resolves, checksum });
            world.flights.extend(flights);
        }
        sent
    }
}

impl World {
    fn send_late(&mut self, request: &PspRequest, seconds: i64) {
        let now = self.kernel.now();
        if let (true, PspRequest::Charge(_)) = (self.admit_first, request) {
            if let Some(admission) = request.admit(&mut self.ledger, now) {
                self.ledger.defer(now + seconds, admission);
            }
        } else {
            self.kernel.after(seconds, Event::Late(Box::new(request.clone())));
        }
    }
}

/// The place of a thing in a list, for the digest.
fn place<T: PartialEq>(list: &[T], thing: &T) -> u64 {
    list.iter().position(|other| other == thing).and_then(|place| u64::try_from(place).ok()).unwrap_or(63)
}
