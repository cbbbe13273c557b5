//! What a test's PSP makes of what it is told.

/// What becomes of a refund's reason at the PSP.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) enum Reasons {
    /// It stands in the history as it was sent.
    #[default]
    Kept,
    /// So many characters are left of it.
    Cut(usize),
    /// The history has entries without reasons.
    Dropped,
    /// The gateway has a text of its own.
    Replaced,
    /// There is no history.
    NoHistory,
}
