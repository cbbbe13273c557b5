//! The mistakes of reliability §6.7 that belong to the edge.

use crate::rule::Rule;
use crate::world::Kind;

/// A planted bug.
#[derive(Debug, Clone, Copy)]
pub struct Bug {
    /// Its number in the list.
    pub number: u8,
    /// The list's own words.
    pub name: &'static str,
    /// In which kind of scenario it shows.
    pub kind: Kind,
    /// The rules of which one must find it.
    pub rules: &'static [Rule],
}

const fn bug(number: u8, name: &'static str, kind: Kind, rules: &'static [Rule]) -> Bug {
    Bug { number, name, kind, rules }
}

/// Every bug that is planted at the edge.
pub const ALL: [Bug; 23] = [
    bug(11, "currency unchecked", Kind::Calls, &[Rule::SameMoney]),
    bug(14, "IP from X-Forwarded-For first hop", Kind::Shop, &[Rule::SourceOfGateway]),
    bug(15, "403 sent but processing continues", Kind::Shop, &[Rule::RefusedWithoutEffect]),
    bug(18, "schedule_at in ms", Kind::Calls, &[Rule::ScheduleNear]),
    bug(21, "expired_at + 9 h", Kind::Calls, &[Rule::LiveToken]),
    bug(22, "code == 0 taken as paid", Kind::Calls, &[Rule::NoFalseSuccess]),
    bug(26, "refund without amount", Kind::Calls, &[Rule::RefundExact]),
    bug(27, "refund without checksum", Kind::Calls, &[Rule::RefundExact]),
    bug(28, "unschedule with empty list", Kind::Calls, &[Rule::RevokedByNumber]),
    bug(36, "unknown enum panics", Kind::Calls, &[Rule::NoPanic]),
    bug(38, "PAN in Debug of request", Kind::Calls, &[Rule::Secrecy]),
    bug(39, "bare SHA-256 of PAN as fingerprint", Kind::Shop, &[Rule::KeyedFingerprint]),
    bug(41, "DLQ on card route", Kind::Deploy, &[Rule::CardKeptNowhere]),
    bug(43, "page 2 never read", Kind::Calls, &[Rule::WholeList]),
    bug(44, "token refresh per call without single flight", Kind::Calls, &[Rule::OneToken]),
    bug(45, "redirect followed", Kind::Calls, &[Rule::SentOnce]),
    // Not of that list.
    bug(46, "tier not sent", Kind::Shop, &[Rule::Answered]),
    bug(47, "scopes in scp unread", Kind::Shop, &[Rule::Answered]),
    bug(48, "an event without a host ends the process", Kind::Shop, &[Rule::Answered]),
    bug(49, "any number that passes Luhn is a card", Kind::Shop, &[Rule::Answered]),
    bug(50, "any failure of a look-up taken as absence", Kind::Calls, &[Rule::AbsentIfSaid]),
    bug(51, "what was fetched ages by the monotonic clock alone", Kind::Calls, &[Rule::LiveToken]),
    bug(52, "the card blamed for whatever is refused", Kind::Shop, &[Rule::Answered]),
];

/// The bug with this number.
#[must_use]
pub fn numbered(number: u8) -> Option<Bug> {
    ALL.into_iter().find(|bug| bug.number == number)
}
