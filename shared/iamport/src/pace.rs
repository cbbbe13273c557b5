//! How many calls are sent a second. V1 documents no limit of its own and answers 429 beyond it, so the limit is the caller's, and gives
//! way to what the other side says.

use std::num::NonZeroU32;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::deadline::{Deadline, SEND_TIME_MIN};
use crate::error::Error;

/// A second, in nanoseconds.
const SECOND: u64 = 1_000_000_000;
/// The slowest pace that refusals lead to: eight calls a second. Sixteen rows that are worked on at once still have their turns within
/// the time of a read.
const SLOWEST: u64 = SECOND / 8;
/// Longest pause that one refusal makes all calls wait for. Whoever answers one call with "in a day" does not stop the others for so long.
const PAUSE_MAX: Duration = Duration::from_secs(60);
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
    /// Counts the times that the pace was slowed down.
    slowed: u32,
}

/// A call's place: at which pace it was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Place(u32);

impl Pace {
    pub(crate) fn new(calls_a_second: NonZeroU32) -> Self {
        let full = SECOND / u64::from(calls_a_second.get());
        Self { full, state: Mutex::new(State { between: full, next: Duration::ZERO, taken: 0, slowed: 0 }) }
    }

    /// Waits for the call's place. None is taken by a call that could not be sent in time.
    ///
    /// # Errors
    /// There is too little time to wait.
    pub(crate) async fn turn(&self, now: Duration, deadline: &Deadline) -> Result<Place, Error> {
        let (wait, place) = self.place(now, deadline.remaining()).ok_or_else(Error::too_little_time)?;
        if !wait.is_zero() {
            tokio::time::sleep(wait).await;
        }
        Ok(place)
    }

    /// How long the next call waits, if that is no longer than half of its time: an answer needs the rest of it.
    fn place(&self, now: Duration, remaining: Duration) -> Option<(Duration, Place)> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let at = state.next.max(now);
        let wait = at.saturating_sub(now);
        let longest = (remaining / 2).min(remaining.saturating_sub(SEND_TIME_MIN));
        if wait > longest {
            return None;
        }
        state.next = at.saturating_add(Duration::from_nanos(state.between));
        Some((wait, Place(state.slowed)))
    }

    /// The other side takes no more for now: half as many from here on, after the pause that it asks for. Those which were sent before
    /// that say nothing of the new pace.
    pub(crate) fn refused(&self, place: Place, now: Duration, pause: Option<Duration>) {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if place == Place(state.slowed) {
            state.between = state.between.saturating_mul(2).min(SLOWEST.max(self.full));
            state.slowed = state.slowed.wrapping_add(1);
            state.taken = 0;
        }
        state.next = state.next.max(now.saturating_add(pause.unwrap_or_default().min(PAUSE_MAX)));
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

    const LONG: Duration = Duration::from_secs(300);
    const NOW: Duration = Duration::from_secs(1_000);

    fn pace(calls_a_second: u32) -> Pace {
        Pace::new(NonZeroU32::new(calls_a_second).unwrap())
    }

    fn wait(pace: &Pace, now: Duration, remaining: Duration) -> Option<Duration> {
        pace.place(now, remaining).map(|(wait, _)| wait)
    }

    fn waits(pace: &Pace, calls: u32) -> Vec<u128> {
        (0..calls).map(|_| wait(pace, NOW, LONG).unwrap().as_millis()).collect()
    }

    /// A call that is sent now and refused.
    fn refuse(pace: &Pace, pause: Option<Duration>) {
        let (_, place) = pace.place(NOW, LONG).unwrap();
        pace.refused(place, NOW, pause);
    }

    #[test]
    fn calls_at_once_are_spread_and_one_that_comes_later_does_not_wait() {
        let pace = pace(10);
        assert_eq!(waits(&pace, 4), [0, 100, 200, 300]);
        assert_eq!(wait(&pace, NOW + Duration::from_millis(400), LONG), Some(Duration::ZERO));
        assert_eq!(wait(&pace, NOW + LONG, LONG), Some(Duration::ZERO), "what was not used is not saved up");
        assert_eq!(wait(&pace, NOW + LONG, LONG), Some(Duration::from_millis(100)));
    }

    #[test]
    fn a_call_waits_for_half_of_its_time_at_most_and_else_takes_nobodys_place() {
        let pace = pace(1);
        assert_eq!(waits(&pace, 2), [0, 1_000]);
        assert_eq!(wait(&pace, NOW, Duration::from_millis(3_999)), None);
        assert_eq!(wait(&pace, NOW, Duration::from_secs(4)), Some(Duration::from_secs(2)));
        // One that need not wait has its own look at the time.
        assert_eq!(wait(&self::pace(1), NOW, Duration::ZERO), Some(Duration::ZERO));
        let quick = self::pace(2);
        assert_eq!(waits(&quick, 1), [0]);
        assert_eq!(wait(&quick, NOW, Duration::from_millis(1_499)), None, "a second is left for the answer");
        assert_eq!(wait(&quick, NOW, Duration::from_millis(1_500)), Some(Duration::from_millis(500)));
    }

    #[test]
    fn refusals_halve_the_pace_and_calls_that_are_taken_bring_it_back_and_no_further() {
        let pace = pace(50);
        assert_eq!(waits(&pace, 2), [0, 20]);
        refuse(&pace, None);
        assert_eq!(waits(&pace, 2), [60, 100]);
        for _ in 0..20 {
            refuse(&pace, None);
        }
        let slowest = waits(&pace, 2);
        assert_eq!(slowest[1] - slowest[0], 125);
        (0..CALM).for_each(|_| pace.taken());
        let faster = waits(&pace, 2);
        assert_eq!(faster[1] - faster[0], 112);
        (0..CALM * 60).for_each(|_| pace.taken());
        let full = waits(&pace, 2);
        assert_eq!(full[1] - full[0], 20);
    }

    #[test]
    fn those_that_were_sent_at_the_old_pace_slow_the_new_one_no_further() {
        let pace = pace(50);
        let places: Vec<Place> = (0..16).map(|_| pace.place(NOW, LONG).unwrap().1).collect();
        places.into_iter().for_each(|place| pace.refused(place, NOW, None));
        let after = waits(&pace, 2);
        assert_eq!(after[1] - after[0], 40);
    }

    #[test]
    fn a_pause_is_kept_for_a_minute_at_most() {
        let pace = pace(50);
        refuse(&pace, Some(Duration::from_secs(5)));
        assert_eq!(waits(&pace, 1), [5_000]);
        refuse(&pace, Some(Duration::from_secs(86_400)));
        assert_eq!(waits(&pace, 1), [60_000]);
    }

    #[test]
    fn a_pace_slower_than_the_slowest_stays_so() {
        let pace = pace(2);
        refuse(&pace, None);
        let after = waits(&pace, 2);
        assert_eq!(after[1] - after[0], 500);
    }
}
