//! How long something that was fetched may be used.

use std::time::Duration;

use crate::clock::Clock;

/// A moment by both of a [`Clock`]'s clocks. A [`Lifetime`] begins at one.
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    monotonic: Duration,
    unix_seconds: i64,
}

/// A time that began at some [`Moment`] and ends by itself: that of a token, or of what a
/// [`CredentialSource`](crate::CredentialSource) keeps.
///
/// It has ended as soon as either clock says so: the wall clock may be set, and the monotonic clock of a frozen machine
/// (an idle Lambda function) may stand still.
///
/// ```
/// use std::time::Duration;
///
/// use iamport::{Moment, SystemClock};
///
/// let clock = SystemClock::new();
/// let lifetime = Moment::now(&clock).lasting(Duration::from_secs(300));
/// assert!(lifetime.left(&clock) > Duration::from_secs(200));
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Lifetime {
    ends_monotonic: Duration,
    ends_unix: i64,
}

impl Moment {
    /// Now.
    #[must_use]
    pub fn now(clock: &(impl Clock + ?Sized)) -> Self {
        Self { monotonic: clock.monotonic(), unix_seconds: clock.unix_seconds() }
    }

    /// What begins at this moment and lasts so long.
    #[must_use]
    pub fn lasting(self, duration: Duration) -> Lifetime {
        Lifetime {
            ends_monotonic: self.monotonic.saturating_add(duration),
            ends_unix: self.unix_seconds.saturating_add(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX)),
        }
    }

    /// Seconds since 1970-01-01T00:00:00Z.
    #[must_use]
    pub const fn unix_seconds(self) -> i64 {
        self.unix_seconds
    }
}

impl Lifetime {
    /// What is left of it: by the clock that says less.
    #[must_use]
    pub fn left(&self, clock: &(impl Clock + ?Sized)) -> Duration {
        let monotonic = self.ends_monotonic.saturating_sub(clock.monotonic());
        let wall = self.ends_unix.saturating_sub(clock.unix_seconds());
        monotonic.min(Duration::from_secs(u64::try_from(wall).unwrap_or(0)))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::Moment;
    use crate::clock::Clock;

    struct At(u64, i64);

    impl Clock for At {
        fn monotonic(&self) -> Duration {
            Duration::from_secs(self.0)
        }

        fn unix_seconds(&self) -> i64 {
            self.1
        }
    }

    #[test]
    fn it_ends_by_whichever_clock_says_so_first() {
        let lifetime = Moment::now(&At(1_000, 50_000)).lasting(Duration::from_secs(300));
        for (clock, left) in [
            (At(1_000, 50_000), 300),
            (At(1_299, 50_299), 1),
            (At(1_300, 50_000), 0),
            // A function that was frozen for an hour: its monotonic clock stood still.
            (At(1_001, 53_600), 0),
            // Somebody set the wall clock back.
            (At(1_100, 40_000), 200),
        ] {
            assert_eq!(lifetime.left(&clock).as_secs(), left);
        }
    }
}
