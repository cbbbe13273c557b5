//! How long a request may still take.

use std::time::Duration;

use billing::Timestamp;

use crate::clock::SystemClock;

/// Kept at the end of a request to write down an unknown outcome and answer.
pub(crate) const KEPT_FOR_THE_RECORD: Duration = Duration::from_secs(4);

/// The end of a request's time, on the monotonic clock.
#[derive(Debug, Clone)]
pub struct Deadline {
    clock: SystemClock,
    ends: Duration,
    came_at: Option<Timestamp>,
}

impl Deadline {
    /// For a request: somebody waits from now on.
    pub(crate) fn of_request(clock: &SystemClock, budget: Duration) -> Self {
        Self { came_at: Some(clock.now()), ..Self::of_tick(clock, budget) }
    }

    /// For a tick of the timer, which nobody waits for.
    pub(crate) fn of_tick(clock: &SystemClock, budget: Duration) -> Self {
        Self { ends: clock.monotonic().saturating_add(budget), clock: clock.clone(), came_at: None }
    }

    /// When whoever waits came.
    pub(crate) const fn came_at(&self) -> Option<Timestamp> {
        self.came_at
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn somebody_waits_for_a_request_and_nobody_for_a_tick() {
        let clock = SystemClock::new(None);
        let before = clock.now();
        let came_at = Deadline::of_request(&clock, Duration::from_secs(25)).came_at();
        assert!(came_at.is_some_and(|came_at| (before..=clock.now()).contains(&came_at)), "{came_at:?}");
        assert_eq!(Deadline::of_tick(&clock, Duration::from_secs(25)).came_at(), None);
    }

    /// The PSP gets what is left but the time in which an unknown outcome is written down; where there is no more, nothing.
    #[test]
    fn four_seconds_are_the_records() {
        let clock = SystemClock::new(None);
        let deadline = Deadline::of_request(&clock, Duration::from_secs(25));
        let (psp, whole) = (deadline.for_psp(), Duration::from_secs(25));
        assert!(psp <= whole.saturating_sub(KEPT_FOR_THE_RECORD) && psp > Duration::from_secs(15), "{psp:?}");
        assert!(deadline.remaining() > psp && deadline.remaining() <= whole);
        assert_eq!(Deadline::of_tick(&clock, Duration::from_secs(4)).for_psp(), Duration::ZERO);
    }
}
