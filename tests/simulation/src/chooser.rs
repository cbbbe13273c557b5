//! Who decides what goes wrong: nobody, a plan of exact boundaries, or chance.

use std::collections::BTreeMap;

use crate::fault::{Call, Class, Fault};
use crate::kernel::ProcessId;
use crate::rng::{Rng, splitmix};

/// Longest a lost request executes after our timeout, in seconds: the design's quarantine promises to outlast it.
pub const LATE_SECONDS_MAX: i64 = 120;

/// Decides each call's fate.
#[derive(Debug)]
pub enum Chooser {
    /// Nothing goes wrong, nothing takes time.
    Calm,
    /// Faults at exact boundaries, counted from the moment the plan was made.
    Plan(Plan),
    /// Faults by chance.
    Chance(Box<Swarm>),
}

/// Faults at exact boundaries.
#[derive(Debug, Clone, Default)]
pub struct Plan {
    points: Vec<(usize, Fault)>,
    made: Vec<Call>,
    fired: usize,
}

impl Plan {
    /// A plan of (boundary, fault), boundaries counted from 0.
    #[must_use]
    pub fn new(points: &[(usize, Fault)]) -> Self {
        Self { points: points.to_vec(), made: Vec::new(), fired: 0 }
    }

    /// The boundaries crossed so far, in order.
    #[must_use]
    pub fn made(&self) -> &[Call] {
        &self.made
    }

    /// How many of the plan's faults have happened.
    #[must_use]
    pub const fn fired(&self) -> usize {
        self.fired
    }

    fn next(&mut self, call: Call) -> Option<Fault> {
        let boundary = self.made.len();
        self.made.push(call);
        let fault = self.points.iter().find(|(at, _)| *at == boundary).map(|(_, fault)| *fault)?;
        if call.class().faults().contains(&fault) {
            self.fired += 1;
            Some(fault)
        } else {
            None
        }
    }
}

/// What may be out of reach as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the two sides of the use cases")]
pub enum Side {
    Psp,
    Table,
}

/// A time in which every call to one side fails. In UNIX seconds.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Which side.
    pub of: Side,
    /// From then on.
    pub from: i64,
    /// Until then.
    pub until: i64,
}

impl Outage {
    fn fault(self, class: Class, now: i64) -> Option<Fault> {
        let fault = match (self.of, class) {
            (Side::Psp, Class::Token | Class::Get) => Fault::Unreachable,
            (Side::Psp, Class::Post) => Fault::NotSent,
            (Side::Table, Class::Read | Class::Write | Class::Index) => Fault::Throttled,
            (Side::Psp, Class::Read | Class::Write | Class::Index)
            | (Side::Table, Class::Token | Class::Get | Class::Post) => return None,
        };
        (self.from..self.until).contains(&now).then_some(fault)
    }
}

/// Faults by chance, each kind of call with its own mix. Every process draws from a source of its own, so that one more
/// webhook does not change what happens to everybody else.
#[derive(Debug)]
pub struct Swarm {
    /// Decides everything.
    pub seed: u64,
    /// Per kind of call: (fault, times in a thousand). The sum of a kind stays below a thousand.
    pub rates: Vec<(Class, Vec<(Fault, u64)>)>,
    /// How often a call takes its time, in a thousand.
    pub slow: u64,
    /// Longest late execution after our timeout, in seconds.
    pub late_seconds_max: i64,
    /// When a whole side is out of reach.
    pub outages: Vec<Outage>,
    /// Each process's source.
    pub sources: BTreeMap<ProcessId, Rng>,
}

impl Swarm {
    fn next(&mut self, process: ProcessId, call: Call, now: i64) -> Option<Fault> {
        let class = call.class();
        let mut drawn = self.sources.get_mut(&process)?.below(1_000);
        if let Some(fault) = self.outages.iter().find_map(|outage| outage.fault(class, now)) {
            return Some(fault);
        }
        let (_, rates) = self.rates.iter().find(|(of, _)| *of == class)?;
        for (fault, rate) in rates {
            if drawn < *rate {
                return Some(*fault);
            }
            drawn -= rate;
        }
        None
    }
}

impl Chooser {
    /// A process begins; `key` names it, whatever else runs. Nothing goes wrong with a process that was not begun.
    pub fn begin(&mut self, process: ProcessId, key: u64) {
        if let Self::Chance(swarm) = self {
            let seed = splitmix(swarm.seed ^ splitmix(key));
            swarm.sources.insert(process, Rng::new(seed));
        }
    }

    /// A process has ended.
    pub fn end(&mut self, process: ProcessId) {
        if let Self::Chance(swarm) = self {
            swarm.sources.remove(&process);
        }
    }

    /// Whether calls that take no time give others the chance to come first.
    #[must_use]
    pub const fn interleaves(&self) -> bool {
        matches!(self, Self::Chance(_))
    }

    /// What goes wrong with the next call of a process.
    pub fn fault(&mut self, process: ProcessId, call: Call, now: i64) -> Option<Fault> {
        match self {
            Self::Calm => None,
            Self::Plan(plan) => plan.next(call),
            Self::Chance(swarm) => swarm.next(process, call, now),
        }
    }

    /// How long a message of this kind travels, in seconds.
    pub fn travel(&mut self, process: ProcessId, class: Class) -> i64 {
        match self {
            Self::Calm | Self::Plan(_) => 0,
            Self::Chance(swarm) => {
                let slow = swarm.slow;
                let Some(source) = swarm.sources.get_mut(&process) else { return 0 };
                match class {
                    _ if !source.chance(slow) => 0,
                    Class::Read | Class::Write | Class::Index => 1,
                    Class::Token | Class::Get => source.between(1, 2),
                    Class::Post => source.between(1, 4),
                }
            }
        }
    }

    /// How long after our timeout a late request of a process executes, in seconds.
    pub fn lateness(&mut self, process: ProcessId) -> i64 {
        match self {
            Self::Calm | Self::Plan(_) => LATE_SECONDS_MAX,
            Self::Chance(swarm) => {
                let most = swarm.late_seconds_max.max(1);
                swarm.sources.get_mut(&process).map_or(most, |source| source.between(1, most))
            }
        }
    }
}
