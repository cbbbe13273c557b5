//! One thing after another in a simulated world: ask, wait, heal. For crash points, where a run must be exact.

use billing::policy::Policy;

use crate::check::seen::check_answered;
use crate::check::told::Told;
use crate::exec::{Executor, Step};
use crate::lambda::{Answer, Machine, Request, invocation, secret};
use crate::sim::Sim;

/// Most sweeps until nothing is owed any more. In the quarantine of a lost request the calendar looks four times; a
/// second fault in one of the looks costs a few more.
pub const SWEEPS_MAX: u32 = 24;
/// Time until the next sweep while something stays due, in seconds. What is due later is swept to the second: that is when
/// rules about time break.
const SWEEP_PAUSE_SECONDS: i64 = 30;
/// The gateway gives up after this many seconds.
const GATEWAY_SECONDS: i64 = 29;

/// A world and its only client.
#[derive(Debug)]
pub struct Stage<'a> {
    /// The world.
    pub sim: &'a Sim,
    /// What the client was told.
    pub told: Told,
    machine: Machine,
    executor: Executor<'a, Answer>,
}

impl<'a> Stage<'a> {
    /// A stage in a world.
    #[must_use]
    pub fn new(sim: &'a Sim, policy: Policy) -> Self {
        Self {
            sim,
            told: Told::default(),
            machine: Machine { skew: 0, policy, secret: secret() },
            executor: Executor::new(sim),
        }
    }

    /// The merchant's settings.
    #[must_use]
    pub const fn policy(&self) -> &Policy {
        &self.machine.policy
    }

    /// Lets one invocation run to its end. Without an answer it was killed.
    pub fn ask(&mut self, request: &Request) -> Option<Answer> {
        let (began, moment) = {
            let world = self.sim.world();
            (world.kernel.now(), world.kernel.moment())
        };
        self.told.ask(request);
        let process = invocation(self.sim, self.machine.clone(), request.clone());
        let id = self.executor.spawn(process, request.life());
        loop {
            match self.executor.step(began + request.life()) {
                Step::Finished(ended, answer) if ended == id => {
                    let took = self.sim.now() - began;
                    if took > GATEWAY_SECONDS && !matches!(request, Request::Sweep) {
                        self.sim.world().violation("I13", format!("answered after {took} s: {request:?}"));
                    }
                    check_answered(&mut self.sim.world(), id, &answer);
                    self.told.hear(self.sim, request, &answer, moment);
                    return Some(answer);
                }
                Step::Killed(ended) if ended == id => return None,
                Step::Reached => return None,
                Step::Busy | Step::Finished(..) | Step::Killed(_) | Step::Scenario(_) => {}
            }
        }
    }

    /// Lets time pass.
    pub fn wait(&mut self, seconds: i64) {
        let until = self.sim.now() + seconds;
        while !matches!(self.executor.step(until), Step::Reached) {}
    }

    /// Sweeps whenever something is due, until nothing is owed any more. Answers the number of sweeps.
    pub fn heal(&mut self) -> u32 {
        let mut sweeps = 0;
        loop {
            let Some(due) = crate::quiet::first_owed(self.sim) else { return sweeps };
            if sweeps == SWEEPS_MAX {
                self.sim.world().violation("I13", format!("still owed after {sweeps} sweeps"));
                return sweeps;
            }
            let ahead = due.0 - self.sim.now();
            self.wait(if ahead > 0 { ahead } else { SWEEP_PAUSE_SECONDS });
            self.ask(&Request::Sweep);
            sweeps += 1;
        }
    }
}
