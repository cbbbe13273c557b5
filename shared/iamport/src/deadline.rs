//! The time that one call may take.

use std::sync::Arc;
use std::time::Duration;

use crate::clock::Clock;
use crate::error::Error;

/// With less than this left, nothing is sent: a reply could hardly arrive, and the outcome would be unknown.
pub(crate) const SEND_TIME_MIN: Duration = Duration::from_secs(1);

/// A budget that began at some moment of the monotonic clock.
#[derive(Clone)]
pub(crate) struct Deadline {
    clock: Arc<dyn Clock>,
    start: Duration,
    budget: Duration,
}

impl Deadline {
    pub(crate) fn start(clock: &Arc<dyn Clock>, budget: Duration) -> Self {
        Self { clock: Arc::clone(clock), start: clock.monotonic(), budget }
    }

    pub(crate) fn remaining(&self) -> Duration {
        self.budget.saturating_sub(self.clock.monotonic().saturating_sub(self.start))
    }

    /// What is left for an exchange, or the refusal to begin one.
    pub(crate) fn for_exchange(&self) -> Result<Duration, Error> {
        let remaining = self.remaining();
        if remaining < SEND_TIME_MIN { Err(Error::too_little_time()) } else { Ok(remaining) }
    }
}

/// The pause before repetition `attempt` (0 for the first): 100 ms, 200 ms, …, each cut by up to a half so that many
/// instances do not repeat in step. The low digits of the caller's clock are random enough for that.
pub(crate) fn backoff(clock: &dyn Clock, attempt: u32) -> Duration {
    let full = Duration::from_millis(100).saturating_mul(2_u32.saturating_pow(attempt.min(4)));
    let half = full / 2;
    let spread = u64::try_from(half.as_nanos()).unwrap_or(1).max(1);
    half.saturating_add(Duration::from_nanos(u64::from(clock.monotonic().subsec_nanos()) % spread))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::time::Duration;

    use super::backoff;
    use crate::clock::Clock;

    struct At(Duration);

    impl Clock for At {
        fn monotonic(&self) -> Duration {
            self.0
        }

        fn unix_seconds(&self) -> i64 {
            0
        }
    }

    proptest::proptest! {
        #[test]
        fn a_pause_doubles_each_time_and_is_cut_by_a_half_at_most(nanos: u64, attempt in 0_u32..3) {
            let full = Duration::from_millis(100 << attempt);
            let pause = backoff(&At(Duration::from_nanos(nanos)), attempt);
            proptest::prop_assert!(pause >= full / 2 && pause <= full, "{pause:?}");
        }
    }

    #[test]
    fn instances_that_fail_at_the_same_time_do_not_repeat_in_step() {
        // A hundred clocks that began at moments of their own: a prime number of nanoseconds apart.
        let clocks = (0..100_u64).map(|instance| At(Duration::from_nanos(instance.wrapping_mul(7_368_787))));
        let pauses: BTreeSet<u128> = clocks.map(|clock| backoff(&clock, 0).as_millis()).collect();
        assert!(pauses.len() > 25, "in {} of 50 milliseconds", pauses.len());
    }
}
