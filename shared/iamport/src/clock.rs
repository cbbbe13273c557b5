//! Where the client's time comes from.

use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

/// The client's two clocks. Programs bring [`SystemClock`]; a test or a simulation brings its own and so owns time.
///
/// A token is trusted until the earlier of both says that it has ended: the wall clock may be set, and the monotonic
/// clock of a frozen machine (an idle Lambda function) may stand still.
///
/// ```
/// use std::time::Duration;
///
/// /// A test's clock: it stands still.
/// struct Noon;
///
/// impl iamport::Clock for Noon {
///     fn monotonic(&self) -> Duration {
///         Duration::ZERO
///     }
///     fn unix_seconds(&self) -> i64 {
///         1_830_297_600
///     }
/// }
/// ```
pub trait Clock: Send + Sync + 'static {
    /// Time since any fixed moment; never goes back.
    fn monotonic(&self) -> Duration;

    /// Seconds since 1970-01-01T00:00:00Z.
    fn unix_seconds(&self) -> i64;
}

/// The machine's own clocks.
///
/// ```
/// use iamport::{Clock, SystemClock};
///
/// let clock = SystemClock::new();
/// let tomorrow = clock.unix_seconds() + 86_400;
/// # assert!(tomorrow > 86_400);
/// ```
#[derive(Debug, Clone, Copy)]
pub struct SystemClock {
    started: Instant,
}

impl SystemClock {
    /// A clock whose monotonic time begins now.
    #[must_use]
    #[expect(clippy::disallowed_methods, reason = "the place where real time enters")]
    pub fn new() -> Self {
        Self { started: Instant::now() }
    }
}

impl Default for SystemClock {
    fn default() -> Self {
        Self::new()
    }
}

impl Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    #[expect(clippy::disallowed_methods, reason = "the place where real time enters")]
    fn unix_seconds(&self) -> i64 {
        // A machine that believes in a time before 1970 has no token that it could trust either way.
        let since_epoch = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        i64::try_from(since_epoch.as_secs()).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Clock, SystemClock};

    #[test]
    fn the_machines_clocks_go_on_and_tell_seconds() {
        let clock = SystemClock::new();
        let (first, wall) = (clock.monotonic(), clock.unix_seconds());
        std::thread::sleep(Duration::from_millis(2));
        let passed = clock.monotonic().saturating_sub(first);
        assert!(passed >= Duration::from_millis(2), "{passed:?}");
        assert!(first < Duration::from_secs(60), "it began when the clock was made, not {first:?} ago");
        // 2020 to 2286: seconds, neither minutes nor milliseconds.
        assert!((1_577_836_800..=9_999_999_999).contains(&wall), "{wall}");
        assert!(clock.unix_seconds() >= wall);
    }

    #[test]
    fn a_copy_tells_the_same_time() {
        let clock = SystemClock::new();
        std::thread::sleep(Duration::from_millis(2));
        let copy = clock;
        assert!(copy.monotonic() >= Duration::from_millis(2), "a copy does not begin anew");
    }
}
