//! How often what happened in a world.

use std::collections::BTreeMap;

use billing::payment::State;
use billing::subscription::SubscriptionState;

use crate::fault::{Call, Fault};

/// How often what happened.
#[derive(Debug, Clone, Default)]
pub struct Counts {
    /// Functions invoked.
    pub invocations: u64,
    /// Boundaries crossed, by call.
    pub calls: BTreeMap<Call, u64>,
    /// Faults, by call.
    pub faults: BTreeMap<(Call, Fault), u64>,
    /// Moves of payment rows.
    pub moves: BTreeMap<(State, State, &'static str), u64>,
    /// Moves of subscriptions.
    pub subscription_states: BTreeMap<(SubscriptionState, SubscriptionState), u64>,
    /// Alarms, by name.
    pub alarms: BTreeMap<&'static str, u64>,
    /// Schedules that went to another billing key.
    pub moved_on: u64,
}

impl Counts {
    /// Adds another count to this one.
    pub fn add(&mut self, other: &Self) {
        fn sum<K: Ord + Copy>(into: &mut BTreeMap<K, u64>, from: &BTreeMap<K, u64>) {
            for (key, count) in from {
                *into.entry(*key).or_default() += count;
            }
        }
        self.invocations += other.invocations;
        self.moved_on += other.moved_on;
        sum(&mut self.calls, &other.calls);
        sum(&mut self.faults, &other.faults);
        sum(&mut self.moves, &other.moves);
        sum(&mut self.subscription_states, &other.subscription_states);
        sum(&mut self.alarms, &other.alarms);
    }
}
