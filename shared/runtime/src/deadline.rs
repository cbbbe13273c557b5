//! How long a request may still take.

use std::time::Duration;

use crate::clock::SystemClock;

/// Kept at the end of a request to write down an unknown outcome and answer (design §6).
pub(crate) const KEPT_FOR_THE_RECORD: Duration = Duration::from_secs(4);

/// The end of a request's time, on the monotonic clock.
#[derive(Debug, Clone)]
pub struct Deadline {
    clock: SystemClock,
    ends: Duration,
}

impl Deadline {
    pub(crate) fn after(clock: &SystemClock, budget: Duration) -> Self {
        Self { ends: clock.monotonic().saturating_add(budget), clock: clock.clone() }
    }

    /// What is left.
    #[must_use]
    pub fn remaining(&self) -> Duration {
        self.ends.saturating_sub(self.clock.monotonic())
    }

    /// What a call to the PSP may take: what is left, less what is kept for the record.
    pub(crate) fn for_psp(&self) -> Duration {
        self.remaining().saturating_sub(KEPT_FOR_THE_RECORD)
    }
}
