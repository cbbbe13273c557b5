//! Planted bugs: mistakes seen in public integrations, made in here to see whether the simulation's rules find them, and those
//! of the HTTP edge.
//!
//! This file is in the zoo's copy of the repository only. The question at the place of each mistake is a patch of `tests/zoo`.

use std::cell::Cell;

/// A mistake inside the domain. Those that an adapter can make are the simulation's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Nobody compares what was paid with what was ordered.
    AmountUnchecked,
    /// Nobody compares the currency of what was paid.
    CurrencyUnchecked,
    /// Nobody compares the order number of a payment with the order that it is taken for.
    ImpUidNotBound,
    /// A payment of a test channel counts.
    SandboxAccepted,
    /// A refusal ends the order: nobody looks whether the money was taken behind it.
    RefusalIsFinal,
    /// A POST without an answer has failed.
    TimeoutTakenAsFailure,
    /// What has failed never becomes paid.
    FailedIsFinal,
    /// A key is deleted first and its schedules are taken back afterwards.
    KeyDeletedFirst,
    /// A customer has one key name for all cards.
    CustomerUidReused,
    /// A refund that went wrong is forgotten, so that it can be asked for again.
    RefundForgotten,
    /// A refund that should have ended by now is sent again.
    RefundRunAgain,
    /// An Idempotency-Key is the same whoever sends it.
    KeyNotScoped,
    /// A failed attempt in the window ends the order, whoever finds it.
    WindowFailureIsFinal,
    /// The second payment of one order is kept.
    SecondPaymentKept,
    /// A checkout whose time is up expires without a look.
    ExpiredUnseen,
    /// The window is opened without its amount being registered.
    PrepareSkipped,
    /// A schedule is registered on another key before it is known to be off the first one.
    MovedBeforeRevoked,
    /// A key that is replaced is deleted first and its schedules are moved afterwards.
    OldKeyDeletedFirst,
    /// A payment's number says nothing of its period.
    PeriodNotInNumber,
    /// A period begins on the day of the month that the one before began on.
    DueFromPreviousDue,
    /// A subscription begins on its day in Greenwich.
    UtcDayTaken,
    /// A period is tried again while nothing is known of the try before.
    TriedBesideUnknown,
    /// A new card is registered before the old attempt is known to be off.
    NewCardFirst,
    /// A new price is registered before the old attempt is known to be off.
    NewPlanFirst,
    /// Nobody looks at what still waits once a subscription is ended or paused.
    CancelForgetsSchedule,
    /// What is paid after the end is kept.
    PaidAfterEndKept,
    /// A period is tried again though the subscription was ended.
    TriedAfterEnd,
    /// What was never sent is sent, whether its subscription still asks for it or not.
    UnsentSentAfterEnd,
    /// After an outage every period that went by is charged.
    LapsedPeriodsCharged,
    /// The price of a period changes between two tries.
    PriceNotPinned,
    /// A difference stays to be charged though the payment that was registered with it has brought it.
    DifferenceChargedTwice,
    /// What a change of the plan comes to is left to a next charge that never comes.
    DifferenceLostAtEnd,
    /// A card that nobody named for a subscription is charged.
    UnnamedCardCharged,
    /// A plan that is to come is shown as the one that runs, and the one that runs may be begun once more.
    PlanShownAhead,
    /// A subscription says that it is active for as long as nobody knows of its charge.
    ActiveWithoutEnd,
    /// Money that comes after a subscription was given up is nobody's.
    LateMoneyIgnored,
    /// A period is open to its customer before it is paid.
    AccessBeforePaid,
    /// What is due tomorrow is charged today.
    ChargedBeforeItsDay,
    /// A card that is refused for good is tried again.
    FinalRefusalTriedAgain,
    /// The next period is put while an attempt at the one before may still be made.
    PutBesideEarlier,
    /// A refund that no entry of the PSP's history names is called refused, whatever the balance says.
    RefundRefusedInDoubt,
    /// What the PSP never answers, or refuses, is sent again at every sweep.
    SentAtEverySweep,
    /// Nobody is told of what nobody knows the outcome of.
    UnknownUntold,
    /// A person is told of the same thing at every look.
    AlarmAtEveryLook,
    /// Names that the PSP holds are taken only as we would make them ourselves.
    ForeignNamesRefused,
    /// A key that is gone at the PSP stays active.
    GoneKeyKept,
    /// Nobody is told of a key that cannot be deleted.
    StuckDeletionUntold,
    /// What is paid for a checkout that was withdrawn is kept.
    PaidAfterWithdrawalKept,
    /// A write that was not answered was not made, says its caller's answer.
    UnansweredTakenAsRefused,
    /// A change of a schedule was sent, and what came of it could not be written: nothing was recorded, says the answer.
    SentChangeForgotten,
    /// A key is marked for deletion, and something after that went wrong: nothing was recorded, says the answer.
    MarkedDeletionForgotten,
    /// A checkout is recorded, and its amount could not be registered: nothing was recorded, says the answer.
    RecordedCheckoutForgotten,
    /// A batch of which some were recorded is answered as if none were.
    BatchRefusedAsAWhole,
    /// A card's fingerprint is the bare hash of its number.
    BareFingerprint,
    /// Whatever the PSP refuses, the card is to blame: nobody is told that our own request was at fault.
    CardBlamedForAll,
    /// Whatever passes the Luhn check is a card number.
    AnyLuhnNumberAccepted,
    /// More is charged than was paid, and nobody is asked.
    UnaskedIncrease,
    /// A customer is asked to agree to pay more, and no event says so.
    ConsentUntold,
    /// Nobody looks at a subscription when its customer is to be told of a charge.
    NoticeUnseen,
    /// A customer agrees to one price, and another is taken for agreed.
    AnotherPriceAgreed,
    /// Whoever is asked for a consent may give it, for somebody else as well.
    AgreedByAnybody,
    /// An introductory price is charged for ever.
    IntroductionNeverEnds,
    /// Days that nobody uses are kept, though their customer was promised them.
    UnusedDaysKept,
    /// A refund says nothing of the parts that tax is counted by.
    RefundWithoutParts,
    /// A refund that was made forgets of which parts.
    PartsForgotten,
    /// A cash receipt stays as it was when its payment is given back.
    ReceiptKeptWhole,
    /// A cash receipt that is not found is issued again, though the request before may still execute.
    ReceiptSentBesideUnknown,
    /// A cash receipt is issued without a look whether the gateway has issued one by itself.
    ReceiptBesideTheGateways,
    /// Nobody is told that what was past due is paid.
    RecoveryUntold,
    /// An event is named anew each time that it is put.
    EventNamedAnew,
    /// What a check of a card has taken is kept.
    CheckKept,
    /// A key whose card is to be checked is active at once.
    CheckSkipped,
    /// A key whose card did not pass its check stays at the PSP.
    DeclinedKeyKept,
    /// What is to be scheduled with a card is given up while nobody knows yet whether there is a key.
    WaitingGivenUp,
    /// What is to be scheduled with a card is not written down before the card is sent.
    SchedulesNotRecorded,
    /// An account that is not found is asked for again at once, though the first request may still be carried out.
    AccountAskedForAgain,
    /// An account has more time as soon as that is asked for, whatever the PSP says.
    AccountExtendedByWish,
    /// An account's second extension is sent while the first may still be carried out.
    ExtendedBesideUnknown,
    /// A schedule is moved whatever its key's gateway takes.
    MovedWhereNoneAre,
}

thread_local! {
    static PLANTED: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// Plants a bug into everything that runs on this thread from now on, in place of the one before.
pub fn plant(bug: Option<Bug>) {
    PLANTED.set(bug);
}

/// Whether this bug is planted on this thread.
pub(crate) fn has(bug: Bug) -> bool {
    PLANTED.get() == Some(bug)
}
