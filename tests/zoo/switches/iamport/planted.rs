//! Planted bugs: mistakes seen in public integrations, which the hunt in `tests/edge` has to find.
//!
//! This file is in the zoo's copy of the repository only. The question at the place of each mistake is a patch of `tests/zoo`.

use std::cell::Cell;

/// A mistake. The numbers are those of the list in reliability §6.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bug {
    /// 11: a reply in another currency is taken for the one that was asked for.
    CurrencyUnchecked,
    /// 18: `schedule_at` goes out in milliseconds.
    ScheduleAtInMilliseconds,
    /// 21: `expired_at` is read as a Korean wall time, nine hours too late.
    ExpiryNineHoursLate,
    /// 22: `code == 0` is taken for paid.
    AnsweredTakenAsPaid,
    /// 26: a refund goes out without its amount.
    RefundWithoutAmount,
    /// 27: a refund goes out without its checksum.
    RefundWithoutChecksum,
    /// 28: schedules are revoked by an empty list, which the API reads as "all".
    UnscheduleWithoutNumbers,
    /// 36: a value that is not known yet ends in a panic.
    UnknownValuePanics,
    /// 38: `Debug` prints what a request holds of a card.
    CardInDebug,
    /// 43: a list says that its first page is its last.
    SecondPageNeverRead,
    /// 44: every call asks for a token of its own.
    TokenPerCall,
    /// 45: a redirect is followed.
    RedirectFollowed,
    /// `code: 1` on a GET counts as "there is no such thing".
    AnyFailureTakenAsAbsent,
    /// What was fetched ages by the monotonic clock alone, which stands still while a function is frozen.
    MonotonicClockAlone,
    /// The sub-merchant's code does not reach the API.
    TierForgotten,
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants one bug on this thread, or none. A client is to be made after it, and used on this thread only.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this bug is planted on this thread.
pub(crate) fn is(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
