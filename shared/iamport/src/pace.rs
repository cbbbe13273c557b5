//! How many calls are sent a second. V1 documents no limit of its own and answers 429 beyond it, so the limit is the caller's, and gives
//! way to what the other side says.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::deadline::{Deadline, SEND_TIME_MIN};
use crate::error::Error;

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// The slowest pace that refusals lead to: a call in two seconds, so that somebody finds out when it is over.
const SLOWEST: u64 = 2 * SECOND;
/// Calls in a row that are taken before the pace grows by a tenth again.
const CALM: u32 = 10;

/// Places in time for calls, one after the other. All clones of a client share them.
#[derive(Debug)]
pub(crate) struct Pace {
    /// Between two calls at full pace, in nanoseconds.
    full: u64,
    state: Mutex<State>,
}

#[derive(Debug)]
struct State {
    /// Between two calls now, in nanoseconds.
    between: u64,
    /// When the next call may be sent, by the client's monotonic clock.
    next: Duration,
    /// Calls that were taken since the pace last changed.
    taken: u32,
}

impl Pace {
    pub(crate) fn new(calls_a_second: NonZeroU32) -> Self {
        let full = SECOND / u64::from(calls_a_second.get());
        Self { full, state: Mutex::new(State { between: full, next: Duration::ZERO, taken: 0 }) }
    }

    /// Waits for the call's place. None is taken by a call that could not be sent in time.
    ///
    /// # Errors
    /// There is too little time to wait.
    pub(crate) async fn turn(&self, now: Duration, deadline: &Deadline) -> Result<(), Error> {
        let wait = self.place(now, deadline.remaining()).ok_or_else(Error::too_little_time)?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(())
    }

    /// How long the next call waits, if it is no longer than it has time for.
    fn place(&self, now: Duration, remaining: Duration) -> Option<Duration> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = state.next.max(now);
        let wait = at.saturating_sub(now);
        if wait.saturating_add(SEND_TIME_MIN) > remaining && !wait.is_zero() {
            return None;
        }
        state.next = at.saturating_add(Duration::from_nanos(state.between));
        Some(wait)
    }

    /// The other side takes no more for now: half as many from here on, after the pause that it asks for.
    pub(crate) fn refused(&self, now: Duration, pause: Option<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.between = state.between.saturating_mul(2).min(SLOWEST.max(self.full));
        state.taken = 0;
        state.next = state.next.max(now.saturating_add(pause.unwrap_or_default()));
    }

    /// It took one: after some of them the pace grows again.
    pub(crate) fn taken(&self) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.taken = state.taken.saturating_add(1);
        if state.taken >= CALM && state.between > self.full {
            state.taken = 0;
            state.between = (state.between - state.between / 10).max(self.full);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_secs(30);
    const NOW: Duration = Duration::from_secs(1_000);

    fn pace(calls_a_second: u32) -> Pace {
        Pace::new(NonZeroU32::new(calls_a_second).unwrap())
    }

    fn waits(pace: &Pace, calls: u32) -> Vec<u128> {
        (0..calls).map(|_| pace.place(NOW, LONG).unwrap().as_millis()).collect()
    }

    #[test]
    fn calls_at_once_are_spread_and_one_that_comes_later_does_not_wait() {
        let pace = pace(10);
        assert_eq!(waits(&pace, 4), [0, 100, 200, 300]);
        assert_eq!(pace.place(NOW + Duration::from_millis(400), LONG), Some(Duration::ZERO));
        assert_eq!(pace.place(NOW + LONG, LONG), Some(Duration::ZERO), "what was not used is not saved up");
        assert_eq!(pace.place(NOW + LONG, LONG), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_call_without_the_time_to_wait_takes_nobodys_place() {
        let pace = pace(1);
        assert_eq!(waits(&pace, 2), [0, 1_000]);
        let short = Duration::from_millis(2_999);
        assert_eq!(pace.place(NOW, short), None, "it would be sent after two seconds, with less than one left");
        assert_eq!(pace.place(NOW, Duration::from_secs(3)), Some(Duration::from_secs(2)));
        // One that need not wait has its own look at the time.
        assert_eq!(self::pace(1).place(NOW, Duration::ZERO), Some(Duration::ZERO));
    }

    #[test]
    fn refusals_halve_the_pace_and_calls_that_are_taken_bring_it_back_and_no_further() {
        let pace = pace(10);
        assert_eq!(waits(&pace, 2), [0, 100]);
        pace.refused(NOW, None);
        assert_eq!(waits(&pace, 3), [200, 400, 600]);
        pace.refused(NOW, Some(Duration::from_secs(5)));
        assert_eq!(waits(&pace, 2), [5_000, 5_400], "the pause that was asked for");
        for _ in 0..20 {
            pace.refused(NOW, None);
        }
        let slowest = waits(&pace, 2);
        assert_eq!(slowest[1] - slowest[0], 2_000);
        (0..CALM).for_each(|_| pace.taken());
        let faster = waits(&pace, 2);
        assert_eq!(faster[1] - faster[0], 1_800);
        (0..CALM * 60).for_each(|_| pace.taken());
        let full = waits(&pace, 2);
        assert_eq!(full[1] - full[0], 100);
    }

    #[test]
    fn a_pace_slower_than_the_slowest_stays_so() {
        let pace = Pace { full: 5 * SECOND, state: Mutex::new(State { between: 5 * SECOND, next: NOW, taken: 0 }) };
        pace.refused(NOW, None);
        assert_eq!(waits(&pace, 2), [0, 5_000]);
    }
}
