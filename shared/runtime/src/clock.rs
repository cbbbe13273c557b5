//! The one place that reads the machine's clocks.

use std::time::Duration;

use billing::Timestamp;

/// Wall and monotonic time. Beside a local simulator whose clock was moved, the wall clock moves along with it.
#[derive(Debug, Clone)]
pub(crate) struct SystemClock {
    started: std::time::Instant,
    offset_file: Option<String>,
}

impl SystemClock {
    #[expect(clippy::disallowed_methods, reason = "the place where time enters")]
    pub(crate) fn new(offset_file: Option<String>) -> Self {
        Self { started: std::time::Instant::now(), offset_file }
    }

    pub(crate) fn now(&self) -> Timestamp {
        Timestamp(i64::try_from(since_epoch().as_secs()).unwrap_or(i64::MAX)).plus(self.offset_seconds())
    }

    /// Time since this clock was made; never goes back.
    pub(crate) fn monotonic(&self) -> Duration {
        self.started.elapsed()
    }

    /// Milliseconds since the epoch by the machine's own clock, as the platform counts its deadlines.
    pub(crate) fn unix_millis() -> u64 {
        u64::try_from(since_epoch().as_millis()).unwrap_or(u64::MAX)
    }

    /// What a simulator wrote down last; nothing on a real function, which has no such file.
    fn offset_seconds(&self) -> i64 {
        let text = self.offset_file.as_ref().and_then(|path| std::fs::read_to_string(path).ok());
        text.and_then(|text| text.trim().parse().ok()).unwrap_or(0)
    }
}

#[expect(clippy::disallowed_methods, reason = "the place where time enters")]
fn since_epoch() -> Duration {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default()
}

impl iamport::Clock for SystemClock {
    fn monotonic(&self) -> Duration {
        Self::monotonic(self)
    }

    fn unix_seconds(&self) -> i64 {
        self.now().0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_wall_clock_is_the_machines_and_a_simulators_file_moves_it() {
        let machine = || i64::try_from(std::time::UNIX_EPOCH.elapsed().unwrap().as_secs()).unwrap();
        let before = machine();
        let (millis, now) = (SystemClock::unix_millis(), SystemClock::new(None).now().0);
        let after = machine();
        assert!((before..=after).contains(&i64::try_from(millis / 1_000).unwrap()), "{millis}");
        assert!((before..=after).contains(&now), "{now}");

        let file = std::env::temp_dir().join(format!("clock-{}", std::process::id()));
        let moved = SystemClock::new(file.to_str().map(str::to_owned));
        for (text, seconds) in [(None, 0), (Some("86400\n"), 86_400), (Some("-60"), -60), (Some("soon"), 0)] {
            if let Some(text) = text {
                std::fs::write(&file, text).unwrap();
            }
            let before = machine();
            let now = iamport::Clock::unix_seconds(&moved);
            assert!((before + seconds..=machine() + seconds).contains(&now), "{text:?}");
        }
        std::fs::remove_file(&file).unwrap();
    }

    /// Both the product and the client count by it.
    #[test]
    fn the_other_clock_runs_from_when_it_was_made() {
        let clock = SystemClock::new(None);
        let first = (clock.monotonic(), iamport::Clock::monotonic(&clock));
        std::thread::sleep(Duration::from_millis(2));
        let copy = clock.clone();
        let second = (copy.monotonic(), iamport::Clock::monotonic(&copy));
        assert!(first.0 < Duration::from_secs(60), "it began when it was made");
        let least = Duration::from_millis(2);
        assert!(second.0 >= first.0 + least && second.1 >= first.1 + least, "{first:?} {second:?}");
    }
}
