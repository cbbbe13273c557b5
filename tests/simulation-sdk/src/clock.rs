//! Time as the SDK sees it: it passes only while a call of the simulation waits.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::config::{AsyncSleep, Sleep};
use aws_smithy_async::time::TimeSource;

use crate::wire::Wire;

/// The SDK's clock and its way to wait.
#[derive(Debug, Clone)]
pub struct VirtualTime {
    wire: Arc<Wire>,
}

impl VirtualTime {
    /// The time of a wire.
    #[must_use]
    pub const fn new(wire: Arc<Wire>) -> Self {
        Self { wire }
    }
}

impl TimeSource for VirtualTime {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_millis(self.wire.now_ms())
    }
}

impl AsyncSleep for VirtualTime {
    fn sleep(&self, duration: Duration) -> Sleep {
        // Never nothing: whoever waits lets others run.
        let milliseconds = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX).max(1);
        Sleep::new(Until::new(Arc::clone(&self.wire), milliseconds))
    }
}

/// A wait that ends at a moment of virtual time.
#[derive(Debug)]
pub(crate) struct Until {
    wire: Arc<Wire>,
    ends_ms: u64,
}

impl Until {
    /// A wait that begins now.
    pub(crate) fn new(wire: Arc<Wire>, milliseconds: u64) -> Self {
        let ends_ms = wire.now_ms().saturating_add(milliseconds);
        Self { wire, ends_ms }
    }
}

impl Future for Until {
    type Output = ();

    fn poll(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<()> {
        if self.wire.reached(self.ends_ms) { Poll::Ready(()) } else { Poll::Pending }
    }
}
