//! The domain's clock, chance and alarms on a real machine.

use billing::alarm::Alarm;
use billing::ports::{AlarmSink, Clock, Entropy};
use billing::{Nonce, Timestamp};

use crate::clock::SystemClock;

/// The machine a function runs on.
#[derive(Debug, Clone)]
pub struct Host {
    clock: SystemClock,
    came_at: Option<Timestamp>,
}

impl Host {
    /// For what somebody waits for who came at that time, or nobody.
    pub(crate) const fn new(clock: SystemClock, came_at: Option<Timestamp>) -> Self {
        Self { clock, came_at }
    }
}

impl Clock for Host {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn came_at(&self) -> Option<Timestamp> {
        self.came_at
    }
}

impl Entropy for Host {
    fn nonce(&self) -> Nonce {
        let mut bytes = [0_u8; 16];
        fill(&mut bytes);
        Nonce::from_bytes(bytes)
    }
}

/// Fresh bytes of the operating system. Without them no write could be told from another, so the function ends: the
/// platform starts a new one.
#[expect(clippy::disallowed_methods, reason = "the place where chance enters")]
fn fill(bytes: &mut [u8]) {
    if getrandom::fill(bytes).is_err() {
        std::process::abort();
    }
}

impl AlarmSink for Host {
    fn alarm(&self, alarm: &Alarm) {
        tracing::error!(alarm = alarm.name(), detail = ?alarm, "a person has to look at this");
    }
}
