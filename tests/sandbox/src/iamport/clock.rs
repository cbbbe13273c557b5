//! The simulator's clock: the machine's, plus an offset that only grows, plus a skew that others do not share.

use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use tokio::sync::watch;

/// How long a wait sleeps at most before it looks at the clock again.
const NAP: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Clock {
    /// Seconds ahead of the machine. Watched, so that waiting tasks wake when the clock is moved.
    offset: watch::Sender<i64>,
    /// Seconds by which the PSP's clock differs from everybody else's.
    skew: AtomicI64,
    /// Where the offset is published for other processes.
    file: Option<PathBuf>,
}

impl Clock {
    pub(super) fn start(offset: i64, file: Option<PathBuf>) -> std::io::Result<Self> {
        let clock = Self { offset: watch::Sender::new(offset), skew: AtomicI64::new(0), file };
        clock.publish()?;
        Ok(clock)
    }

    /// UNIX seconds by this clock.
    pub(super) fn now(&self) -> i64 {
        wall_millis().div_euclid(1000) + self.offset() + self.skew.load(Ordering::Relaxed)
    }

    pub(super) fn offset(&self) -> i64 {
        *self.offset.borrow()
    }

    pub(super) fn set_skew(&self, seconds: i64) {
        self.skew.store(seconds, Ordering::Relaxed);
        self.offset.send_modify(|_| ());
    }

    /// Moves on so that [`Clock::now`] is at least `at`; never back.
    pub(super) fn move_to(&self, at: i64) -> std::io::Result<()> {
        let missing = at - self.now();
        if missing > 0 {
            self.offset.send_modify(|offset| *offset += missing);
            self.publish()?;
        }
        Ok(())
    }

    /// Returns once the clock says `at`, however it gets there.
    pub(super) async fn wait_until(&self, at: i64) {
        let mut moved = self.offset.subscribe();
        loop {
            let missing = at - self.now();
            if missing <= 0 {
                return;
            }
            let nap = Duration::from_secs(missing.unsigned_abs()).min(NAP);
            tokio::select! {
                () = tokio::time::sleep(nap) => {}
                _ = moved.changed() => {}
            }
        }
    }

    fn publish(&self) -> std::io::Result<()> {
        self.file.as_deref().map_or(Ok(()), |file| crate::files::replace(file, self.offset().to_string().as_bytes()))
    }
}

/// Milliseconds since 1970 by the machine.
#[expect(clippy::disallowed_methods, reason = "the sandbox is where real time enters")]
pub(super) fn wall_millis() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_never_goes_back() {
        let clock = Clock::start(5000, None).unwrap();
        clock.move_to(clock.now() - 100).unwrap();
        assert_eq!(clock.offset(), 5000);
        clock.move_to(clock.now() + 100).unwrap();
        assert!((5100..=5101).contains(&clock.offset()));
    }

    #[tokio::test]
    async fn a_wait_ends_when_the_clock_is_moved_there() {
        let clock = Clock::start(0, None).unwrap();
        let at = clock.now() + 86_400;
        let (waited, ()) = tokio::join!(tokio::time::timeout(NAP, clock.wait_until(at)), async {
            tokio::task::yield_now().await;
            clock.move_to(at).unwrap();
        });
        waited.unwrap();
    }
}
