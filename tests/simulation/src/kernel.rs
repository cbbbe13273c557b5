//! Virtual time: a queue of what happens next, and the places where processes wait.

use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::task::{Context, Waker};

use crate::psp::request::PspRequest;
use crate::rng::Rng;
use crate::table::Landing;

/// A process: one invocation of one function.
pub type ProcessId = u64;
/// A place where a process waits.
pub type Ticket = u64;

/// Something that happens at a time of its own.
#[derive(Debug)]
pub enum Event {
    /// A waiting call goes on.
    Resume(Ticket),
    /// A process is started.
    Start(ProcessId),
    /// A process ends at once, wherever it stands.
    Kill(ProcessId),
    /// A request reaches the PSP long after its sender has given up on it.
    Late(Box<PspRequest>),
    /// A write of this process reaches the table long after that has given up on it.
    Landing(ProcessId, Box<Landing>),
    /// The scenario's own events, by number: the scenario keeps what they mean.
    Scenario(u64),
}

#[derive(Debug)]
struct Entry {
    at: i64,
    /// Order among events of one second.
    order: u64,
    sequence: u64,
    event: Event,
}

impl Entry {
    const fn place(&self) -> (i64, u64, u64) {
        (self.at, self.order, self.sequence)
    }
}

impl PartialEq for Entry {
    fn eq(&self, other: &Self) -> bool {
        self.place() == other.place()
    }
}

impl Eq for Entry {}

impl PartialOrd for Entry {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Entry {
    fn cmp(&self, other: &Self) -> Ordering {
        self.place().cmp(&other.place())
    }
}

#[derive(Debug)]
struct Slot {
    process: ProcessId,
    ready: bool,
    waker: Waker,
}

/// The clock and the queue.
#[derive(Debug)]
pub struct Kernel {
    now: i64,
    sequence: u64,
    queue: BinaryHeap<Reverse<Entry>>,
    slots: BTreeMap<Ticket, Slot>,
    /// The process that is being polled.
    pub current: ProcessId,
    /// Shuffles what happens within one second; in order of arrival without it.
    shuffle: Option<Rng>,
}

impl Kernel {
    /// A clock at `now`. With chance, events of one second come in any order.
    #[must_use]
    pub const fn new(now: i64, shuffle: Option<Rng>) -> Self {
        Self { now, sequence: 0, queue: BinaryHeap::new(), slots: BTreeMap::new(), current: 0, shuffle }
    }

    /// Now, in UNIX seconds.
    #[must_use]
    pub const fn now(&self) -> i64 {
        self.now
    }

    /// A number that grows with everything that happens: orders moments within a second.
    #[must_use]
    pub const fn moment(&self) -> u64 {
        self.sequence
    }

    /// Lets `event` happen in `seconds`.
    pub fn after(&mut self, seconds: i64, event: Event) {
        self.sequence += 1;
        let order = self.shuffle.as_mut().map_or(0, Rng::next_u64);
        let at = self.now.saturating_add(seconds.max(0));
        self.queue.push(Reverse(Entry { at, order, sequence: self.sequence, event }));
    }

    /// When the next event happens.
    #[must_use]
    pub fn next_at(&self) -> Option<i64> {
        self.queue.peek().map(|Reverse(entry)| entry.at)
    }

    /// Moves the clock on; never back.
    pub fn move_to(&mut self, at: i64) {
        self.now = self.now.max(at);
    }

    /// Takes the next event, moving the clock to it.
    pub fn take(&mut self) -> Option<Event> {
        let Reverse(entry) = self.queue.pop()?;
        self.move_to(entry.at);
        Some(entry.event)
    }

    /// Lets the polled process wait; it goes on in `seconds`, or never.
    pub(crate) fn wait(&mut self, seconds: Option<i64>, context: &Context<'_>) -> Ticket {
        self.sequence += 1;
        let ticket = self.sequence;
        let slot = Slot { process: self.current, ready: false, waker: context.waker().clone() };
        self.slots.insert(ticket, slot);
        match seconds {
            Some(seconds) => self.after(seconds, Event::Resume(ticket)),
            None => self.after(0, Event::Kill(self.current)),
        }
        ticket
    }

    /// Whether a waiting call may go on; if so it leaves its place.
    pub(crate) fn may_go_on(&mut self, ticket: Ticket, context: &Context<'_>) -> bool {
        let Some(slot) = self.slots.get_mut(&ticket) else { return false };
        if slot.ready {
            self.slots.remove(&ticket);
            return true;
        }
        slot.waker.clone_from(context.waker());
        false
    }

    /// Marks a waiting call as ready. Answers its process and whom to wake; nothing, if the process is gone.
    pub(crate) fn ready(&mut self, ticket: Ticket) -> Option<(ProcessId, Waker)> {
        let slot = self.slots.get_mut(&ticket)?;
        slot.ready = true;
        Some((slot.process, slot.waker.clone()))
    }

    /// Forgets every wait of a process that has ended.
    pub(crate) fn forget(&mut self, process: ProcessId) {
        self.slots.retain(|_, slot| slot.process != process);
    }
}
