//! What plants a bug into the code under test: the patches of `tests/zoo` have made them in this copy of the repository.

/// Whether the bugs are in this build.
pub const IN_THIS_BUILD: bool = true;

/// Plants the bug with this number on this thread, or none. Bug 41 is a property of what is deployed: see
/// [`crate::deploy`].
pub fn plant(number: Option<u8>) {
    use iamport::planted::Bug as Client;
    use runtime::planted::Bug as Edge;

    iamport::planted::plant(match number {
        Some(11) => Some(Client::CurrencyUnchecked),
        Some(18) => Some(Client::ScheduleAtInMilliseconds),
        Some(21) => Some(Client::ExpiryNineHoursLate),
        Some(22) => Some(Client::AnsweredTakenAsPaid),
        Some(26) => Some(Client::RefundWithoutAmount),
        Some(27) => Some(Client::RefundWithoutChecksum),
        Some(28) => Some(Client::UnscheduleWithoutNumbers),
        Some(36) => Some(Client::UnknownValuePanics),
        Some(38) => Some(Client::CardInDebug),
        Some(43) => Some(Client::SecondPageNeverRead),
        Some(44) => Some(Client::TokenPerCall),
        Some(45) => Some(Client::RedirectFollowed),
        Some(46) => Some(Client::TierForgotten),
        Some(50) => Some(Client::AnyFailureTakenAsAbsent),
        Some(51) => Some(Client::MonotonicClockAlone),
        _ => None,
    });
    runtime::planted::plant(match number {
        Some(14) => Some(Edge::FirstHopTrusted),
        Some(15) => Some(Edge::RefusedButProcessed),
        Some(47) => Some(Edge::ScpUnread),
        Some(48) => Some(Edge::EventUnguarded),
        _ => None,
    });
    billing::planted::plant(match number {
        Some(39) => Some(billing::planted::Bug::BareFingerprint),
        Some(49) => Some(billing::planted::Bug::AnyLuhnNumberAccepted),
        Some(52) => Some(billing::planted::Bug::CardBlamedForAll),
        _ => None,
    });
}
