//! Why the simulator says no, in V1's own classes.

use std::borrow::Cow;

/// The class decides the HTTP status and the envelope's `code`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The PG or card company refused: HTTP 200, code -1.
    Pg,
    /// The request was refused before the PG: HTTP 200, code 1.
    Rejected,
    /// Malformed, or not possible in the present state: HTTP 400.
    Invalid,
    /// No such thing: HTTP 404.
    NotFound,
    /// The gateway did not do it, in the words of a call that documents it so: HTTP 500.
    Failed,
    /// The gateway has no such thing: HTTP 501.
    Unsupported,
}

/// A refusal with the message for the envelope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// Class.
    pub kind: RefusalKind,
    /// For people; never branch on it.
    pub message: Cow<'static, str>,
}

impl Refusal {
    /// The PG refused.
    pub fn pg(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: RefusalKind::Pg, message: message.into() }
    }

    /// Refused before the PG.
    pub fn rejected(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: RefusalKind::Rejected, message: message.into() }
    }

    /// Malformed, or impossible now.
    pub fn invalid(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: RefusalKind::Invalid, message: message.into() }
    }

    /// No such thing.
    pub fn not_found(message: impl Into<Cow<'static, str>>) -> Self {
        Self { kind: RefusalKind::NotFound, message: message.into() }
    }
}
