//! Planted bugs of the HTTP edge: mistakes seen in public integrations, which the hunt in `tests/edge` has to find.
//!
//! They exist under `--cfg planted_bugs` only. In every other build [`is`] is the constant `false`, and nothing of them
//! is left.

/// A mistake. The numbers are those of the list in reliability §6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// 14: where a request came from is read from the first hop of `X-Forwarded-For`, which anybody can write.
    FirstHopTrusted,
    /// 15: 403 is answered to a webhook, and it is processed all the same.
    RefusedButProcessed,
    /// Only `scope` is read of a token, not `scp`.
    ScpUnread,
    /// An event goes into the conversion as it is, which ends the process for some.
    EventUnguarded,
}

/// Whether the bug is planted: never.
#[cfg(not(planted_bugs))]
#[must_use]
pub const fn is(_bug: Bug) -> bool {
    false
}

#[cfg(planted_bugs)]
thread_local! {
    static PLANTED: std::cell::Cell<Option<Bug>> = const { std::cell::Cell::new(None) };
}

/// Whether the bug is planted on this thread.
#[cfg(planted_bugs)]
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}

/// Plants one bug on this thread, or none.
#[cfg(planted_bugs)]
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}
