//! The executor: one thread, virtual time, and a process only runs when the scheduler says so.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use crate::kernel::{Event, ProcessId, Ticket};
use crate::sim::Sim;

/// A process of the simulated platform.
pub type Process<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// What a step of the scheduler came to.
#[derive(Debug)]
pub enum Step<T> {
    /// Something happened inside; nothing for the scenario to do.
    Busy,
    /// A process ended with its answer.
    Finished(ProcessId, T),
    /// A process was killed.
    Killed(ProcessId),
    /// One of the scenario's own events is due.
    Scenario(u64),
    /// Nothing more happens before the time asked for; the clock stands there.
    Reached,
}

/// A wait of a port's call: the scheduler decides when the call goes on, if ever.
#[derive(Debug)]
pub(crate) struct Pause<'a> {
    sim: &'a Sim,
    seconds: Option<i64>,
    ticket: Option<Ticket>,
}

impl<'a> Pause<'a> {
    /// Goes on in `seconds`; without them the process is killed here.
    pub(crate) const fn new(sim: &'a Sim, seconds: Option<i64>) -> Self {
        Self { sim, seconds, ticket: None }
    }
}

impl Future for Pause<'_> {
    type Output = ();

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let (sim, seconds) = (self.sim, self.seconds);
        let mut world = sim.world();
        match self.ticket {
            None => {
                let ticket = world.kernel.wait(seconds, context);
                drop(world);
                self.ticket = Some(ticket);
                Poll::Pending
            }
            Some(ticket) if world.kernel.may_go_on(ticket, context) => Poll::Ready(()),
            Some(_) => Poll::Pending,
        }
    }
}

/// The processes that run, and the one scheduler that runs them.
pub struct Executor<'a, T> {
    sim: &'a Sim,
    processes: BTreeMap<ProcessId, Process<'a, T>>,
    started: ProcessId,
}

impl<T> std::fmt::Debug for Executor<'_, T> {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_struct("Executor").field("processes", &self.processes.len()).finish_non_exhaustive()
    }
}

impl<'a, T> Executor<'a, T> {
    /// An executor over a world.
    #[must_use]
    pub const fn new(sim: &'a Sim) -> Self {
        Self { sim, processes: BTreeMap::new(), started: 0 }
    }

    /// Starts a process now; it is first polled when the scheduler comes to it. `lives` is how long the platform lets
    /// it run, in seconds.
    pub fn spawn(&mut self, process: Process<'a, T>, lives: i64) -> ProcessId {
        self.started += 1;
        let id = self.started;
        self.processes.insert(id, process);
        let mut world = self.sim.world();
        world.kernel.after(0, Event::Start(id));
        world.kernel.after(lives, Event::Kill(id));
        id
    }

    /// Whether a process still runs.
    #[must_use]
    pub fn runs(&self, process: ProcessId) -> bool {
        self.processes.contains_key(&process)
    }

    /// Lets the next thing happen, if it happens at `until` or before.
    pub fn step(&mut self, until: i64) -> Step<T> {
        let event = {
            let mut world = self.sim.world();
            let queued = world.kernel.next_at();
            let at_psp = world.ledger.next_due();
            match (queued, at_psp) {
                (queued, Some(due)) if due <= until && queued.is_none_or(|queued| due <= queued) => {
                    world.kernel.move_to(due);
                    world.run_ledger();
                    return Step::Busy;
                }
                (Some(queued), _) if queued <= until => world.kernel.take(),
                _ => {
                    world.kernel.move_to(until);
                    return Step::Reached;
                }
            }
        };
        match event {
            Some(Event::Start(process)) => self.poll(process),
            Some(Event::Resume(ticket)) => {
                let ready = self.sim.world().kernel.ready(ticket);
                match ready {
                    Some((process, waker)) => {
                        waker.wake();
                        self.poll(process)
                    }
                    None => Step::Busy,
                }
            }
            Some(Event::Kill(process)) => match self.processes.remove(&process) {
                Some(ended) => {
                    drop(ended);
                    self.sim.world().kernel.forget(process);
                    Step::Killed(process)
                }
                None => Step::Busy,
            },
            Some(Event::Late(request)) => {
                self.sim.world().arrive_late(&request);
                Step::Busy
            }
            Some(Event::Landing(process, write)) => {
                write.land(self.sim, process);
                Step::Busy
            }
            Some(Event::Scenario(number)) => Step::Scenario(number),
            None => Step::Busy,
        }
    }

    fn poll(&mut self, id: ProcessId) -> Step<T> {
        let Some(process) = self.processes.get_mut(&id) else { return Step::Busy };
        self.sim.world().kernel.current = id;
        match process.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Pending => Step::Busy,
            Poll::Ready(answer) => {
                self.processes.remove(&id);
                self.sim.world().kernel.forget(id);
                Step::Finished(id, answer)
            }
        }
    }
}
