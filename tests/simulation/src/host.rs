//! The host of the simulation: virtual time, seeded marks, alarms kept.

use billing::alarm::Alarm;
use billing::ports::{AlarmSink, Clock, Entropy};
use billing::{Nonce, Timestamp};

use crate::sim::Sim;

/// One machine: it shares the world, and its clock may be off.
#[derive(Debug, Clone, Copy)]
pub struct Host<'a> {
    sim: &'a Sim,
    skew: i64,
    /// When its caller came, by the world's clock, if anybody waits.
    came_at: Option<i64>,
}

impl<'a> Host<'a> {
    /// A machine whose clock is `skew` seconds ahead.
    #[must_use]
    pub const fn new(sim: &'a Sim, skew: i64, came_at: Option<i64>) -> Self {
        Self { sim, skew, came_at }
    }
}

impl Clock for Host<'_> {
    fn now(&self) -> Timestamp {
        Timestamp(self.sim.now() + self.skew)
    }

    fn came_at(&self) -> Option<Timestamp> {
        self.came_at.map(|came_at| Timestamp(came_at + self.skew))
    }
}

impl Entropy for Host<'_> {
    fn nonce(&self) -> Nonce {
        loop {
            // A mark that happens to look like a card number is refused by its type: draw another.
            if let Ok(nonce) = Nonce::parse(&self.sim.world().mark()) {
                return nonce;
            }
        }
    }
}

impl AlarmSink for Host<'_> {
    fn alarm(&self, alarm: &Alarm) {
        self.sim.world().raise(alarm);
    }
}
