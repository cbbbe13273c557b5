//! What must hold at the edge. The words in front are reliability's: its invariants (§4) and its catalogue (§3, §8).

use std::fmt;

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// A call that changes something leaves exactly once, for its own address and nobody else's.
    SentOnce,
    /// `paid` is said only of a payment of which the PSP says it.
    NoFalseSuccess,
    /// A reply that is taken for a payment is of the amount and currency that were asked for.
    SameMoney,
    /// A schedule lies ahead, by no more than 400 days.
    ScheduleNear,
    /// A refund says how much, and what was left before it.
    RefundExact,
    /// A revocation names its schedules.
    RevokedByNumber,
    /// A list is read to its end.
    WholeList,
    /// No token is asked for while one is good, also by calls at the same time.
    OneToken,
    /// No call bears a token that has ended.
    LiveToken,
    /// Nothing that a peer says ends in a panic.
    NoPanic,
    /// No card data and no credential stands in any log line, error, reply, item or `Debug` text.
    Secrecy,
    /// A webhook that is refused does nothing: no call of the PSP, no row changed.
    RefusedWithoutEffect,
    /// Only the address that the gateway saw decides whether a webhook may come in.
    SourceOfGateway,
    /// A card's fingerprint cannot be worked out without the secret.
    KeyedFingerprint,
    /// The function that takes cards is called synchronously: no queue, topic or destination keeps its events.
    CardKeptNowhere,
    /// Only what says that there is no such thing says so: a failure of the API is no answer.
    AbsentIfSaid,
    /// Every request is answered as the scenario expects.
    Answered,
}

impl Rule {
    /// The rule in reliability's words.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::SentOnce => "C15 one request leaves, no redirect",
            Self::NoFalseSuccess => "I17 no false success",
            Self::SameMoney => "I3 same amount and currency",
            Self::ScheduleNear => "76 at most 400 days ahead",
            Self::RefundExact => "F16 amount and checksum of a refund",
            Self::RevokedByNumber => "F17 revoked by number",
            Self::WholeList => "I11 lists are read to the end",
            Self::OneToken => "T3 single flight of the token",
            Self::LiveToken => "T4 no token after its end",
            Self::NoPanic => "F21 unknown values are kept",
            Self::Secrecy => "I24 secrecy",
            Self::RefusedWithoutEffect => "I20 refused without effect",
            Self::SourceOfGateway => "91 the gateway's source address",
            Self::KeyedFingerprint => "K4 keyed fingerprint",
            Self::CardKeptNowhere => "P11 the card route keeps nothing",
            Self::AbsentIfSaid => "I10 absent only where it is said",
            Self::Answered => "I13 answered",
        }
    }
}

impl fmt::Display for Rule {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

/// A rule that did not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Violation {
    /// Which.
    pub rule: Rule,
    /// What was seen.
    pub detail: String,
}

impl Violation {
    /// A rule that did not hold, and what was seen.
    #[must_use]
    pub fn new(rule: Rule, detail: impl Into<String>) -> Self {
        Self { rule, detail: detail.into() }
    }
}
