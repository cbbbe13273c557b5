//! Planted bugs of the HTTP edge: mistakes seen in public integrations, which the hunt in `tests/edge` has to find.
//!
//! This file is in the zoo's copy of the repository only. The question at the place of each mistake is a patch of `tests/zoo`.

use std::cell::Cell;

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

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants one bug on this thread, or none.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this bug is planted on this thread.
#[must_use]
pub fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
