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
