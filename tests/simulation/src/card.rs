//! The acceptance card: what a run of seeds came to, and whether it has tried enough to mean anything.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use billing::subscription::SubscriptionState;

use crate::fault::Fault;
use crate::seeded::{self, Outcome, setup};
use crate::sim::{Counts, Violation};

const YEAR_SECONDS: u64 = 31_556_952;

/// What a run of seeds came to.
#[derive(Debug, Default)]
pub struct Card {
    /// Seeds run.
    pub seeds: u64,
    /// Calls, faults, moves, alarms.
    pub counts: Counts,
    /// Answers, and what befell webhooks, ticks and the console.
    pub events: BTreeMap<&'static str, u64>,
    /// Virtual seconds.
    pub seconds: u64,
    /// Rules broken, with their seeds.
    pub violations: Vec<(u64, Violation)>,
    /// Digest of every seed's digest, in whatever order they came.
    pub trace: u64,
}

impl Card {
    /// Runs `seeds` seeds from `from` on, on as many threads as asked for: what comes of them does not depend on that.
    #[must_use]
    pub fn of(from: u64, seeds: u64, threads: u64) -> Self {
        let share = move |share: u64| {
            let mut card = Self::default();
            for seed in (from..from.saturating_add(seeds)).filter(|seed| seed % threads == share) {
                card.add(&seeded::run(seed));
            }
            card
        };
        let shares: Vec<Self> = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|number| scope.spawn(move || share(number))).collect();
            running.into_iter().filter_map(|share| share.join().ok()).collect()
        });
        let mut card = Self::default();
        shares.iter().for_each(|share| card.join(share));
        card
    }

    /// Takes in one seed.
    pub fn add(&mut self, outcome: &Outcome) {
        self.seeds += 1;
        self.counts.add(&outcome.counts);
        for (event, count) in &outcome.events {
            *self.events.entry(event).or_default() += count;
        }
        self.seconds += outcome.seconds.unsigned_abs();
        self.trace = self.trace.wrapping_add(outcome.trace);
        self.violations.extend(outcome.violations.iter().map(|violation| (outcome.seed, violation.clone())));
    }

    /// Takes in another card.
    pub fn join(&mut self, other: &Self) {
        self.seeds += other.seeds;
        self.counts.add(&other.counts);
        for (event, count) in &other.events {
            *self.events.entry(event).or_default() += count;
        }
        self.seconds += other.seconds;
        self.trace = self.trace.wrapping_add(other.trace);
        self.violations.extend(other.violations.iter().cloned());
    }

    /// How often a fault has happened, at whatever call.
    #[must_use]
    pub fn faults(&self, fault: Fault) -> u64 {
        self.counts.faults.iter().filter(|((_, of), _)| *of == fault).map(|(_, count)| count).sum()
    }

    /// What was tried less often than it must be for these seeds to mean anything: each fault 100 times, each recovery
    /// branch 50 times in 10,000 seeds.
    #[must_use]
    pub fn vacuous(&self) -> Vec<String> {
        let wanted = |per_ten_thousand: u64| per_ten_thousand.saturating_mul(self.seeds) / 10_000;
        let mut missing = Vec::new();
        for fault in Fault::ALL {
            let times = self.faults(fault);
            if times < wanted(100) {
                missing.push(format!("fault {fault:?}: {times} times"));
            }
        }
        for branch in BRANCHES {
            let times = self.branch(branch);
            if times < wanted(50) {
                missing.push(format!("{branch:?}: {times} times"));
            }
        }
        missing
    }

    fn branch(&self, branch: &Branch) -> u64 {
        match branch {
            Branch::Move(from, to, by) => {
                let same = |((f, t, b), _): &(&(billing::payment::State, billing::payment::State, &str), &u64)| {
                    f.name() == *from && t.name() == *to && b == by
                };
                self.counts.moves.iter().filter(same).map(|(_, count)| count).sum()
            }
            Branch::SubscriptionState(from, to) => {
                let same = |((f, t), _): &(&(SubscriptionState, SubscriptionState), &u64)| (f, t) == (from, to);
                self.counts.subscription_states.iter().filter(same).map(|(_, count)| count).sum()
            }
            Branch::Alarm(name) => self.counts.alarms.get(name).copied().unwrap_or(0),
            Branch::Event(name) => self.events.get(name).copied().unwrap_or(0),
            Branch::MovedOn => self.counts.moved_on,
        }
    }

    /// The card as text, with how fast it came about if that was measured.
    #[must_use]
    pub fn text(&self, speed: Option<Speed>) -> String {
        let mut text = String::new();
        let calls: u64 = self.counts.calls.values().sum();
        let faults: u64 = self.counts.faults.values().sum();
        let pairs = setup::possible();
        let covered = pairs.iter().filter(|pair| self.counts.faults.contains_key(pair)).count();
        let never = pairs.iter().filter(|pair| !self.counts.faults.contains_key(pair));
        let never: Vec<String> = never.map(|(call, fault)| format!("{call:?} {fault:?}")).collect();
        let years = self.seconds / YEAR_SECONDS;
        let mut line = |name: &str, value: String| {
            let _ = writeln!(text, "{name:<28} {value}");
        };
        line("seeds", self.seeds.to_string());
        line("steps (invocations)", self.counts.invocations.to_string());
        line("boundaries crossed", calls.to_string());
        line("simulated years", years.to_string());
        line("faults", faults.to_string());
        line("fault × boundary pairs", format!("{covered}/{}", pairs.len()));
        line("rules broken", self.violations.len().to_string());
        if let Some(Speed { took, threads }) = speed {
            let per_second = u128::from(self.seeds) * 1_000 / took.as_millis().max(1);
            line("seeds per second and core", (per_second / u128::from(threads.max(1))).to_string());
        }
        line("pairs never met", if never.is_empty() { "none".to_owned() } else { never.join(", ") });
        line("digest", format!("{:016x}", self.trace));
        for fault in Fault::ALL {
            line(&format!("  {fault:?}"), self.faults(fault).to_string());
        }
        for ((from, to, by), count) in &self.counts.moves {
            line(&format!("  {} → {} ({by})", from.name(), to.name()), count.to_string());
        }
        for ((from, to), count) in &self.counts.subscription_states {
            line(&format!("  subscription {} → {}", from.name(), to.name()), count.to_string());
        }
        for (alarm, count) in &self.counts.alarms {
            line(&format!("  alarm {alarm}"), count.to_string());
        }
        line("  schedules moved on", self.counts.moved_on.to_string());
        for (event, count) in &self.events {
            line(&format!("  {event}"), count.to_string());
        }
        let missing = self.vacuous();
        line("tried too little", if missing.is_empty() { "nothing".to_owned() } else { missing.join("; ") });
        text
    }
}

/// How long a run took.
#[derive(Debug, Clone, Copy)]
pub struct Speed {
    /// On the real clock.
    pub took: Duration,
    /// Threads that ran seeds.
    pub threads: u64,
}

/// Something that must have happened for a run to mean anything.
#[derive(Debug)]
enum Branch {
    Move(&'static str, &'static str, &'static str),
    /// Of a subscription.
    SubscriptionState(SubscriptionState, SubscriptionState),
    Alarm(&'static str),
    Event(&'static str),
    /// A schedule went to another billing key.
    MovedOn,
}

/// The recovery branches.
const BRANCHES: &[Branch] = &[
    Branch::Move("claimed", "paid", "reply"),
    Branch::Move("claimed", "paid", "look"),
    Branch::Move("claimed", "paid", "sweep"),
    Branch::Move("claimed", "paid", "webhook"),
    Branch::Move("claimed", "failed", "reply"),
    Branch::Move("claimed", "failed", "look"),
    Branch::Move("claimed", "intent", "reply"),
    Branch::Move("claimed", "intent", "sweep"),
    Branch::Move("claimed", "scheduled", "look"),
    Branch::Move("claimed", "scheduled", "sweep"),
    Branch::Move("claimed", "suspect", "reply"),
    Branch::Move("claimed", "unknown", "reply"),
    Branch::Move("unknown", "intent", "sweep"),
    Branch::Move("unknown", "paid", "sweep"),
    Branch::Move("unknown", "paid", "webhook"),
    Branch::Move("unknown", "scheduled", "sweep"),
    Branch::Move("failed", "paid", "sweep"),
    Branch::Move("failed", "paid", "webhook"),
    Branch::Move("suspect", "paid", "sweep"),
    Branch::Move("suspect", "scheduled", "sweep"),
    Branch::Move("scheduled", "paid", "webhook"),
    Branch::Move("scheduled", "paid", "sweep"),
    Branch::Move("scheduled", "failed", "sweep"),
    Branch::Move("scheduled", "revoked", "sweep"),
    Branch::Move("intent", "claimed", "claim"),
    Branch::Alarm("late_paid"),
    Branch::Alarm("orphan_key"),
    Branch::Alarm("schedule_moved"),
    Branch::Alarm("schedule_revoked"),
    Branch::Alarm("psp_mismatch"),
    Branch::Alarm("psp_nonsense"),
    Branch::Event("killed"),
    Branch::Event("merchant_uid reused"),
    Branch::Event("not found"),
    Branch::Event("schedules in part"),
    Branch::Event("refund done"),
    Branch::Event("refund refused"),
    Branch::Event("refund pending"),
    Branch::Event("refund in progress"),
    Branch::Event("key in use"),
    Branch::Event("key deletion pending"),
    Branch::Event("tick skipped"),
    Branch::Event("tick doubled"),
    Branch::Event("webhook dropped"),
    Branch::Event("webhook doubled"),
    Branch::Event("webhook late"),
    Branch::Event("webhook forged"),
    Branch::Event("cancel"),
    Branch::Event("approve late"),
    Branch::Event("revoke"),
    Branch::Event("edit"),
    Branch::Event("retry"),
    Branch::Event("stranger"),
    Branch::Event("clocks differ"),
    Branch::Event("clocks jump"),
    Branch::Event("two versions"),
    Branch::Event("secret rotated"),
    Branch::Event("PSP out of reach"),
    Branch::Event("table out of reach"),
    Branch::Event("keys"),
    Branch::Move("awaiting", "paid", "customer"),
    Branch::Move("awaiting", "paid", "webhook"),
    Branch::Move("awaiting", "paid", "sweep"),
    Branch::Move("awaiting", "paid", "look"),
    Branch::Move("awaiting", "failed", "customer"),
    Branch::Move("awaiting", "failed", "sweep"),
    Branch::Move("awaiting", "suspect", "webhook"),
    Branch::Move("awaiting", "expired", "sweep"),
    Branch::Move("awaiting", "revoked", "claim"),
    Branch::Move("expired", "paid", "webhook"),
    Branch::Move("expired", "awaiting", "webhook"),
    Branch::Move("scheduled", "intent", "reply"),
    Branch::Alarm("double_paid"),
    Branch::Alarm("foreign_payment"),
    Branch::Event("opened"),
    Branch::Event("opened before"),
    Branch::Event("paid in the window"),
    Branch::Event("declined in the window"),
    Branch::Event("account issued"),
    Branch::Event("deposited"),
    Branch::Event("deposited after its end"),
    Branch::Event("paid twice"),
    Branch::Event("paid another amount"),
    Branch::Event("paid on a test channel"),
    Branch::Event("tampering refused"),
    Branch::Event("registered otherwise"),
    Branch::Event("used after its end"),
    Branch::Event("came back"),
    Branch::Event("came back with another's payment"),
    Branch::Event("came back with a made-up payment"),
    Branch::Event("imp_uid mismatch"),
    Branch::Event("returned paid"),
    Branch::Event("returned failed"),
    Branch::Event("returned with a key"),
    Branch::Event("approved"),
    Branch::Event("other amount not approved"),
    Branch::Event("prepared"),
    Branch::Event("stranger confirms"),
    Branch::Event("brought along"),
    Branch::Event("issued too late"),
    Branch::MovedOn,
    Branch::Event("key replaced"),
    Branch::SubscriptionState(SubscriptionState::Active, SubscriptionState::PastDue),
    Branch::SubscriptionState(SubscriptionState::Active, SubscriptionState::Paused),
    Branch::SubscriptionState(SubscriptionState::Active, SubscriptionState::Canceled),
    Branch::SubscriptionState(SubscriptionState::Active, SubscriptionState::Unpaid),
    Branch::SubscriptionState(SubscriptionState::Active, SubscriptionState::Completed),
    Branch::SubscriptionState(SubscriptionState::PastDue, SubscriptionState::Active),
    Branch::SubscriptionState(SubscriptionState::PastDue, SubscriptionState::Canceled),
    Branch::SubscriptionState(SubscriptionState::Paused, SubscriptionState::Active),
    Branch::SubscriptionState(SubscriptionState::Unpaid, SubscriptionState::Active),
    Branch::SubscriptionState(SubscriptionState::Unpaid, SubscriptionState::Canceled),
    Branch::Event("subscription exists"),
    Branch::Event("subscription not changeable"),
    Branch::Event("subscriptions"),
    Branch::Event("card declines"),
    Branch::Event("card recovers"),
    Branch::Event("declined, and approved beside the next try"),
    Branch::Event("forgotten schedule run by hand"),
    Branch::Event("subscription of three years"),
    Branch::Event("period paid"),
    Branch::Event("period paid by a retry"),
    Branch::Event("period that nobody paid for"),
];
