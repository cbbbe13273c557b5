//! Bugs inside the domain: the patches of `tests/zoo` have made them in this copy of the repository.

pub use billing::planted::Bug as Inner;

use crate::planted::{Bug, Plant, plant as bug};

/// Whether they are in this build.
pub const IN_THIS_BUILD: bool = true;

/// Every bug inside the domain, in the order of the list.
pub const ZOO: &[Plant] = &[
    bug(10, "webhook amount unchecked", Bug::Inside(Inner::AmountUnchecked), &["I3"]),
    bug(11, "currency unchecked", Bug::Inside(Inner::CurrencyUnchecked), &["I3"]),
    bug(13, "imp_uid not bound to order", Bug::Inside(Inner::ImpUidNotBound), &["I3", "I10", "I17"]),
    bug(23, "`code != 0` taken as final failure", Bug::Inside(Inner::RefusalIsFinal), &["I10", "I16"]),
    bug(24, "timeout taken as failure", Bug::Inside(Inner::TimeoutTakenAsFailure), &["I10", "I16"]),
    bug(25, "failed final (no failed→paid)", Bug::Inside(Inner::FailedIsFinal), &["I10", "I16"]),
    bug(29, "delete key before unschedule", Bug::Inside(Inner::KeyDeletedFirst), &["I8"]),
    bug(30, "customer_uid reused", Bug::Inside(Inner::CustomerUidReused), &["I3"]),
    bug(32, "idempotency record deleted on error", Bug::Inside(Inner::RefundForgotten), &["I7"]),
    bug(33, "in-progress record re-run after expiry", Bug::Inside(Inner::RefundRunAgain), &["I5"]),
    bug(34, "key not scoped by user", Bug::Inside(Inner::KeyNotScoped), &["I18"]),
    bug(37, "sandbox payment accepted", Bug::Inside(Inner::SandboxAccepted), &["I3"]),
    bug(0, "failed window attempt final to the sweep", Bug::Inside(Inner::WindowFailureIsFinal), &["I16"]),
    bug(0, "second window payment kept", Bug::Inside(Inner::SecondPaymentKept), &["I1"]),
    bug(0, "checkout expires without a look", Bug::Inside(Inner::ExpiredUnseen), &["I10", "I16"]),
    bug(0, "prepare skipped", Bug::Inside(Inner::PrepareSkipped), &["I3"]),
    bug(0, "moved before it is revoked", Bug::Inside(Inner::MovedBeforeRevoked), &["I8"]),
    bug(0, "old key deleted before schedules moved", Bug::Inside(Inner::OldKeyDeletedFirst), &["I8"]),
    bug(16, "fixed merchant_uid in the rolling schedule", Bug::Inside(Inner::PeriodNotInNumber), &["I2", "I9", "I13"]),
    bug(19, "due from previous due (31→28→28)", Bug::Inside(Inner::DueFromPreviousDue), &["I23"]),
    bug(20, "UTC date as KST date", Bug::Inside(Inner::UtcDayTaken), &["I23"]),
    bug(0, "dunning beside an unknown attempt", Bug::Inside(Inner::TriedBesideUnknown), &["I2", "I5", "I8"]),
    bug(0, "new card before the old attempt is dead", Bug::Inside(Inner::NewCardFirst), &["I8", "I5", "I2"]),
    bug(0, "two live schedules after a plan change", Bug::Inside(Inner::NewPlanFirst), &["I8", "I5", "I2"]),
    bug(0, "cancel forgets the schedule", Bug::Inside(Inner::CancelForgetsSchedule), &["I8", "I6"]),
    bug(0, "paid after cancel kept", Bug::Inside(Inner::PaidAfterEndKept), &["I6"]),
    bug(0, "retry after cancel", Bug::Inside(Inner::TriedAfterEnd), &["I6", "I8"]),
    bug(0, "unsent attempt sent after cancel", Bug::Inside(Inner::UnsentSentAfterEnd), &["I6", "I22"]),
    bug(0, "lapsed periods all charged", Bug::Inside(Inner::LapsedPeriodsCharged), &["I22"]),
    bug(0, "price changed between attempts", Bug::Inside(Inner::PriceNotPinned), &["R8"]),
    bug(0, "difference charged twice", Bug::Inside(Inner::DifferenceChargedTwice), &["R8"]),
    bug(0, "a plan shown before it begins", Bug::Inside(Inner::PlanShownAhead), &["R8"]),
    bug(0, "active without an end", Bug::Inside(Inner::ActiveWithoutEnd), &["I9"]),
    bug(0, "difference lost at the end", Bug::Inside(Inner::DifferenceLostAtEnd), &["I29"]),
    bug(0, "more is charged unasked", Bug::Inside(Inner::UnaskedIncrease), &["I39"]),
    bug(0, "another price is agreed to", Bug::Inside(Inner::AnotherPriceAgreed), &["I39"]),
    bug(0, "anybody agrees", Bug::Inside(Inner::AgreedByAnybody), &["I39"]),
    bug(0, "a consent that nobody hears of", Bug::Inside(Inner::ConsentUntold), &["I27"]),
    bug(0, "a notice that nobody comes to", Bug::Inside(Inner::NoticeUnseen), &["I40"]),
    bug(0, "an introductory price that never ends", Bug::Inside(Inner::IntroductionNeverEnds), &["R8", "I6"]),
    bug(0, "unused days kept", Bug::Inside(Inner::UnusedDaysKept), &["I29"]),
    bug(0, "unnamed card charged", Bug::Inside(Inner::UnnamedCardCharged), &["I30"]),
    bug(0, "late money ignored once given up", Bug::Inside(Inner::LateMoneyIgnored), &["I9", "I2"]),
    bug(0, "access granted before paid", Bug::Inside(Inner::AccessBeforePaid), &["I9"]),
    bug(0, "charged before its day", Bug::Inside(Inner::ChargedBeforeItsDay), &["I22"]),
    bug(0, "final refusal tried again", Bug::Inside(Inner::FinalRefusalTriedAgain), &["I22"]),
    bug(0, "an unanswered write taken as refused", Bug::Inside(Inner::UnansweredTakenAsRefused), &["I28"]),
    bug(0, "a change that was sent is told as not recorded", Bug::Inside(Inner::SentChangeForgotten), &["I28"]),
    bug(0, "a marked deletion is told as not recorded", Bug::Inside(Inner::MarkedDeletionForgotten), &["I28"]),
    bug(0, "a recorded checkout is told as not recorded", Bug::Inside(Inner::RecordedCheckoutForgotten), &["I28"]),
    bug(0, "put beside an attempt at the period before", Bug::Inside(Inner::PutBesideEarlier), &["I8"]),
    bug(0, "a batch refused as a whole", Bug::Inside(Inner::BatchRefusedAsAWhole), &["I28"]),
    bug(0, "paid after a withdrawal kept", Bug::Inside(Inner::PaidAfterWithdrawalKept), &["I16"]),
    bug(0, "refund in doubt called refused", Bug::Inside(Inner::RefundRefusedInDoubt), &["I7", "I14", "I10"]),
    bug(0, "unanswered order sent at every sweep", Bug::Inside(Inner::SentAtEverySweep), &["I31"]),
    bug(0, "nobody told of an unknown outcome", Bug::Inside(Inner::UnknownUntold), &["I31"]),
    bug(0, "alarm at every look", Bug::Inside(Inner::AlarmAtEveryLook), &["I31"]),
    bug(0, "names of others dropped", Bug::Inside(Inner::ForeignNamesRefused), &["I8", "I13", "I31"]),
    bug(0, "key gone at the PSP kept", Bug::Inside(Inner::GoneKeyKept), &["I10", "I11", "I13"]),
    bug(0, "nobody told of a key that stays", Bug::Inside(Inner::StuckDeletionUntold), &["I31"]),
    bug(0, "refund without its tax parts", Bug::Inside(Inner::RefundWithoutParts), &["I32"]),
    bug(0, "receipt over more than is left", Bug::Inside(Inner::ReceiptKeptWhole), &["I35"]),
    bug(0, "receipt sent beside an unknown one", Bug::Inside(Inner::ReceiptSentBesideUnknown), &["I5", "I35"]),
    bug(0, "receipt beside the gateway's own", Bug::Inside(Inner::ReceiptBesideTheGateways), &["I35"]),
    bug(0, "nobody told of a recovery", Bug::Inside(Inner::RecoveryUntold), &["I27"]),
    bug(0, "an event named anew each time", Bug::Inside(Inner::EventNamedAnew), &["I27"]),
    bug(0, "a check of a card is kept", Bug::Inside(Inner::CheckKept), &["I36"]),
    bug(0, "a key is active before its check", Bug::Inside(Inner::CheckSkipped), &["I36"]),
    bug(0, "a declined key stays at the PSP", Bug::Inside(Inner::DeclinedKeyKept), &["I36", "I10"]),
    bug(0, "schedules with a card given up too early", Bug::Inside(Inner::WaitingGivenUp), &["I37"]),
    bug(0, "schedules with a card not recorded", Bug::Inside(Inner::SchedulesNotRecorded), &["I37"]),
    bug(0, "account asked for again at once", Bug::Inside(Inner::AccountAskedForAgain), &["I5", "I38"]),
    bug(0, "account extended by wish", Bug::Inside(Inner::AccountExtendedByWish), &["I41"]),
    bug(0, "account extended beside an unknown", Bug::Inside(Inner::ExtendedBesideUnknown), &["I5", "I41"]),
];

/// Plants a bug inside the domain on this thread. Any other is nothing to the domain.
pub(crate) fn plant(bug: Option<Bug>) {
    billing::planted::plant(match bug {
        Some(Bug::Inside(inner)) => Some(inner),
        _ => None,
    });
}
