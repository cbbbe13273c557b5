//! Planted bugs: mistakes seen in public integrations. The rules must find each of them.
//!
//! Most are made here, beyond billing's ports, as an adapter, a handler or a setting would make them. Those inside the domain
//! are patches (`tests/zoo`), and in the zoo's copy of the repository only: see [`inside`].

use std::collections::BTreeMap;

use billing::key::KeySnapshot;
use billing::order::Order;
use billing::payment::{Payment, PaymentSnapshot, PspStatus};
use billing::policy::Policy;
use billing::ports::{DueRow, Lookup, Page, PostResult, StoreError};
use billing::usecase::{Caller, WebhookHint};
use billing::{CustomerUid, ImpUid, MerchantUid, Money, Timestamp};

use crate::fault::Fault;
use crate::inside::{self, Inner};
use crate::kernel::ProcessId;
use crate::psp::request::{PspReply, PspRequest, refusal};
use crate::sim::{Sim, World};

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// An order number is made from the clock.
    NumberFromTheClock,
    /// A repeat is sent under a new order number.
    NewNumberOnRepeat,
    /// The first attempt under an order number stands for all.
    FirstAttemptOnly,
    /// The newest attempt under an order number stands for all.
    NewestAttemptOnly,
    /// Nobody waits until a lost request can no longer execute.
    NoQuarantine,
    /// The quarantine counts from the claim, and ends before the PSP's latest execution.
    ShortQuarantine,
    /// A claim is written whatever stands there.
    ClaimWithoutCondition,
    /// What is to be sent is written after it was sent.
    IntentAfterPost,
    /// A row is written whatever stands there.
    SaveWithoutCondition,
    /// A webhook's body says what is true.
    BodyTrusted,
    /// A payment counts for the order that the webhook's body names.
    OrderFromBody,
    /// `code: 0` counts as paid.
    AnsweredTakenAsPaid,
    /// A refund is sent without its amount.
    RefundWithoutAmount,
    /// A refund is sent without its checksum.
    RefundWithoutChecksum,
    /// Schedules are taken back without naming one.
    UnscheduleWithoutNumber,
    /// A write that the SDK repeated is taken for somebody else's.
    OwnWriteTakenAsConflict,
    /// HTTP 401 counts as a refusal of the order.
    UnauthorizedTakenAsRefusal,
    /// A lagging index says which order numbers are free.
    IndexDecidesUniqueness,
    /// A sweep looks at what became due since the one before.
    SweepWindow,
    /// Only the first page of a list is read.
    FirstPageOnly,
    /// A reset after the request was sent counts as "not sent".
    LostTakenAsNotSent,
    /// HTTP 5xx on a GET counts as "no such thing".
    UnreachableTakenAsAbsent,
    /// The HTTP client repeats a POST by itself.
    ClientRepeatsPosts,
    /// A customer who comes back and says that it is paid is believed.
    CallbackBelieved,
    /// A payment counts for the order that a customer comes back to.
    OrderFromCallback,
    /// What was paid is not compared with what was ordered when a customer comes back.
    CallbackAmountUnchecked,
    /// A key that was issued in the window is confirmed without asking the PSP.
    KeyConfirmedUnasked,
    /// Anybody may confirm a key.
    ConfirmedByAnybody,
    /// Billing keys never show in the `due` index.
    KeysNeverDue,
    /// A subscription's next payment is written whatever stands there, and whether it is asked for or not.
    NextPutCarelessly,
    /// A subscription's payment is written whether it is asked for or not.
    PutUnasked,
    /// Subscriptions never show in the `due` index.
    SubscriptionsNeverDue,
    /// A batch of the table's stream is done once it was handed over, whatever the bus has taken of it.
    BatchDoneUnasked,
    /// One inside the domain.
    Inside(Inner),
}

/// A bug of the zoo.
#[derive(Debug, Clone, Copy)]
pub struct Plant {
    /// Its number in the list of known mistakes; 0 for one that came later.
    pub number: u8,
    /// Its name there.
    pub name: &'static str,
    /// The mistake.
    pub bug: Bug,
    /// The rules of which one must find it.
    pub rules: &'static [&'static str],
}

pub(crate) const fn plant(number: u8, name: &'static str, bug: Bug, rules: &'static [&'static str]) -> Plant {
    Plant { number, name, bug, rules }
}

/// Every bug that is in this build: those made here, and those inside the domain.
#[must_use]
pub fn zoo() -> Vec<Plant> {
    OUTSIDE.iter().chain(inside::ZOO).copied().collect()
}

/// Every bug that is made here, in the order of the list.
const OUTSIDE: &[Plant] = &[
    plant(1, "merchant_uid from timestamp", Bug::NumberFromTheClock, &["I1", "I15"]),
    plant(2, "new uid on retry", Bug::NewNumberOnRepeat, &["I11", "I4"]),
    plant(3, "find instead of findAll", Bug::FirstAttemptOnly, &["I10", "I16"]),
    plant(4, "find sorted -started hides paid", Bug::NewestAttemptOnly, &["I10", "I16"]),
    plant(5, "no quarantine", Bug::NoQuarantine, &["I5", "I1"]),
    plant(5, "quarantine shorter than a late execution", Bug::ShortQuarantine, &["I5", "I1"]),
    plant(6, "claim not version-guarded", Bug::ClaimWithoutCondition, &["I4", "I5", "I1", "I12"]),
    plant(7, "intent after POST", Bug::IntentAfterPost, &["I4"]),
    plant(8, "result write unconditional", Bug::SaveWithoutCondition, &["I12", "I3", "I7", "I10"]),
    plant(9, "webhook body status trusted", Bug::BodyTrusted, &["I10", "I17"]),
    plant(12, "merchant_uid from body not PSP", Bug::OrderFromBody, &["I10", "I17"]),
    plant(22, "`code == 0` taken as paid", Bug::AnsweredTakenAsPaid, &["I17"]),
    plant(26, "refund without amount", Bug::RefundWithoutAmount, &["I7"]),
    plant(27, "refund without checksum", Bug::RefundWithoutChecksum, &["I7"]),
    plant(28, "unschedule with empty list", Bug::UnscheduleWithoutNumber, &["I14"]),
    plant(31, "own conditional failure read as conflict", Bug::OwnWriteTakenAsConflict, &["I15"]),
    plant(35, "401 marks order failed", Bug::UnauthorizedTakenAsRefusal, &["I16"]),
    plant(40, "GSI read decides uniqueness", Bug::IndexDecidesUniqueness, &["I5", "I1"]),
    plant(42, "sweep window loses its edge", Bug::SweepWindow, &["I13"]),
    plant(43, "page 2 never read", Bug::FirstPageOnly, &["I13"]),
    plant(0, "a reset counts as not sent", Bug::LostTakenAsNotSent, &["I5", "I1"]),
    plant(0, "5xx on a GET counts as absent", Bug::UnreachableTakenAsAbsent, &["I1", "I5", "I10", "I16"]),
    plant(0, "the HTTP client repeats a POST", Bug::ClientRepeatsPosts, &["I1", "I5", "I7"]),
    plant(0, "the callback's success believed", Bug::CallbackBelieved, &["I17"]),
    plant(0, "imp_uid of another order completes", Bug::OrderFromCallback, &["I17", "I10"]),
    plant(0, "amount not compared on complete", Bug::CallbackAmountUnchecked, &["I17", "I3", "I10"]),
    plant(0, "key confirmed without asking the PSP", Bug::KeyConfirmedUnasked, &["I17"]),
    plant(0, "key confirmed by anybody", Bug::ConfirmedByAnybody, &["I18"]),
    plant(0, "billing keys never due", Bug::KeysNeverDue, &["I13", "I10"]),
    plant(17, "next schedule without put-if-absent", Bug::NextPutCarelessly, &["I12", "I5", "I1", "I4"]),
    plant(0, "next schedule though nobody asks for it", Bug::PutUnasked, &["I2", "I5", "I6", "I8", "I22"]),
    plant(0, "subscriptions never due", Bug::SubscriptionsNeverDue, &["I13"]),
    plant(0, "a batch of changes done unasked", Bug::BatchDoneUnasked, &["I27"]),
];

/// Bugs of the list that are not planted here, and where they are.
pub const ELSEWHERE: &[(u8, &str, &str)] = &[
    (14, "IP from X-Forwarded-For first hop", EDGE),
    (15, "403 sent but processing continues", EDGE),
    (18, "schedule_at in ms", EDGE),
    (21, "expired_at + 9 h", EDGE),
    (36, "unknown enum panics", EDGE),
    (38, "PAN in Debug of request", EDGE),
    (39, "bare SHA-256 of PAN as fingerprint", EDGE),
    (41, "DLQ on card route", EDGE),
    (44, "token refresh per call without single flight", EDGE),
    (45, "redirect followed", EDGE),
];
const EDGE: &str = "at the HTTP edge: tests/edge";

/// What the planted bug remembers.
#[derive(Debug, Default)]
pub struct Memory {
    /// Rows that are written only after their POST.
    withheld: BTreeMap<ProcessId, Vec<Payment>>,
}

/// Plants a bug into this thread's domain for as long as this lives.
#[derive(Debug)]
pub(crate) struct Planted;

impl Planted {
    pub(crate) fn new(bug: Bug) -> Self {
        inside::plant(Some(bug));
        Self
    }
}

impl Drop for Planted {
    fn drop(&mut self) {
        inside::plant(None);
    }
}

/// The settings as this bug has them.
pub(crate) fn policy(bug: Option<Bug>, policy: &Policy) -> Policy {
    let quarantine_seconds = match bug {
        Some(Bug::NoQuarantine) => -policy.post_timeout_seconds,
        Some(Bug::ShortQuarantine) => 20,
        _ => policy.quarantine_seconds,
    };
    Policy { quarantine_seconds, ..policy.clone() }
}

/// An order as the handler of this bug hands it on.
pub(crate) fn ordered(sim: &Sim, order: Order) -> Order {
    if !sim.has(Bug::NumberFromTheClock) {
        return order;
    }
    match MerchantUid::parse(&format!("pay{}", sim.now())) {
        Ok(merchant_uid) => Order { merchant_uid, ..order },
        Err(_) => order,
    }
}

/// A request as this bug sends it.
pub(crate) fn sent(sim: &Sim, request: PspRequest) -> PspRequest {
    let bug = sim.world().bug;
    match (bug, request) {
        (Some(Bug::RefundWithoutAmount), PspRequest::Cancel(refund)) => {
            PspRequest::CarelessCancel { refund, amount: false, checksum: true }
        }
        (Some(Bug::RefundWithoutChecksum), PspRequest::Cancel(refund)) => {
            PspRequest::CarelessCancel { refund, amount: true, checksum: false }
        }
        (Some(Bug::UnscheduleWithoutNumber), PspRequest::Revoke { customer_uid, .. }) => {
            PspRequest::RevokeAll { customer_uid }
        }
        (Some(Bug::NewNumberOnRepeat), PspRequest::Charge(mut order)) => {
            let posts = sim.payment(&order.merchant_uid).map_or(0, |row| row.posts);
            let renamed = MerchantUid::parse(&format!("{}a{posts}", order.merchant_uid));
            if let (true, Ok(renamed)) = (posts > 1, renamed) {
                order.merchant_uid = renamed;
            }
            PspRequest::Charge(order)
        }
        (_, request) => request,
    }
}

/// An answer as this bug reads it.
pub(crate) fn answered(bug: Option<Bug>, fault: Option<Fault>, posted: PostResult<PspReply>) -> PostResult<PspReply> {
    match (bug, posted) {
        (Some(Bug::LostTakenAsNotSent), PostResult::Lost) => PostResult::NotSent,
        (Some(Bug::UnauthorizedTakenAsRefusal), PostResult::NotSent) if fault == Some(Fault::Unauthorized) => {
            PostResult::Refused(refusal())
        }
        (Some(Bug::AnsweredTakenAsPaid), PostResult::Known(PspReply::Payment(mut payment))) => {
            payment.status = PspStatus::Paid;
            payment.paid_at = payment.paid_at.or(payment.failed_at);
            PostResult::Known(PspReply::Payment(payment))
        }
        (_, posted) => posted,
    }
}

/// The payments under an order number as this bug lists them. They come newest first.
pub(crate) fn listed(bug: Option<Bug>, mut looked: Lookup<Vec<PaymentSnapshot>>) -> Lookup<Vec<PaymentSnapshot>> {
    if let Lookup::Found(list) = &mut looked {
        match bug {
            Some(Bug::FirstAttemptOnly) => drop(list.drain(..list.len().saturating_sub(1))),
            Some(Bug::NewestAttemptOnly) => list.truncate(1),
            _ => {}
        }
    }
    looked
}

/// The payment that a webhook is about, as this bug takes it from the body.
pub(crate) fn noticed(sim: &Sim, hint: &WebhookHint, looked: Lookup<PaymentSnapshot>) -> Lookup<PaymentSnapshot> {
    match (sim.world().bug, looked) {
        (Some(Bug::OrderFromBody), Lookup::Found(record)) => {
            Lookup::Found(PaymentSnapshot { merchant_uid: hint.merchant_uid.to_string(), ..record })
        }
        // The PSP's own webhooks say what its record says, and a forged one says what it likes.
        (Some(Bug::BodyTrusted), Lookup::Found(record)) if record.merchant_uid == hint.merchant_uid.as_str() => {
            Lookup::Found(record)
        }
        (Some(Bug::BodyTrusted), looked) => sim
            .payment(&hint.merchant_uid)
            .map_or(looked, |row| Lookup::Found(forged(&row.order, hint.imp_uid.clone(), row.created_at))),
        (_, looked) => looked,
    }
}

/// The payment that a customer names who comes back, as this bug takes it from the browser.
pub(crate) fn completed(sim: &Sim, hint: &WebhookHint, looked: Lookup<PaymentSnapshot>) -> Lookup<PaymentSnapshot> {
    let bug = sim.world().bug;
    let believed = matches!(bug, Some(Bug::CallbackBelieved | Bug::OrderFromCallback | Bug::CallbackAmountUnchecked));
    let Some(row) = believed.then(|| sim.payment(&hint.merchant_uid)).flatten() else { return looked };
    match (bug, looked) {
        (Some(Bug::CallbackBelieved), _) => Lookup::Found(forged(&row.order, hint.imp_uid.clone(), row.created_at)),
        (Some(Bug::OrderFromCallback), Lookup::Found(record)) => {
            Lookup::Found(PaymentSnapshot { merchant_uid: hint.merchant_uid.to_string(), ..record })
        }
        (Some(Bug::CallbackAmountUnchecked), Lookup::Found(record)) => {
            Lookup::Found(PaymentSnapshot { amount: row.order.amount, ..record })
        }
        (_, looked) => looked,
    }
}

/// A key that somebody confirms, as this bug takes it from the browser.
pub(crate) fn confirmed(sim: &Sim, customer_uid: &CustomerUid, looked: Lookup<KeySnapshot>) -> Lookup<KeySnapshot> {
    match looked {
        Lookup::Absent if sim.has(Bug::KeyConfirmedUnasked) => Lookup::Found(KeySnapshot {
            customer_uid: customer_uid.to_string(),
            sandbox: false,
            pg_provider: None,
            pg_id: None,
            card_name: None,
            card_code: None,
            card_number: None,
            card_type: None,
            inserted: None,
            updated: None,
        }),
        looked => looked,
    }
}

/// Whoever confirms a key, as the handler of this bug hands it on.
pub(crate) fn confirming(sim: &Sim, caller: Caller) -> Caller {
    if sim.has(Bug::ConfirmedByAnybody) { Caller::Merchant } else { caller }
}

/// A record as a forged body would have it.
fn forged(order: &Order, imp_uid: ImpUid, paid_at: Timestamp) -> PaymentSnapshot {
    PaymentSnapshot {
        imp_uid,
        merchant_uid: order.merchant_uid.to_string(),
        status: PspStatus::Paid,
        amount: Money::new(order.amount.minor, order.amount.currency),
        cancel_amount: 0,
        customer_uid: None,
        sandbox: false,
        paid_at: Some(paid_at),
        failed_at: None,
        cancelled_at: None,
        fail_reason: None,
        cancel_history: Vec::new(),
        details: billing::payment::snapshot::RecordDetails::default(),
    }
}

/// A page of the index as this bug shows it to a sweep of everything that is due at `until`.
pub(crate) fn due(
    world: &World,
    until: Timestamp,
    page: Result<Page<DueRow>, StoreError>,
) -> Result<Page<DueRow>, StoreError> {
    /// Time between two sweeps, in seconds.
    const WINDOW_SECONDS: i64 = 300;
    page.map(|mut page| {
        match world.bug {
            Some(Bug::KeysNeverDue) => page.items.retain(|row| !matches!(row, DueRow::Key(_))),
            Some(Bug::SubscriptionsNeverDue) => page.items.retain(|row| !matches!(row, DueRow::Subscription(_))),
            Some(Bug::SweepWindow) => {
                page.items
                    .retain(|row| world.index.due_at(row).is_none_or(|due_at| until.0 - due_at.0 < WINDOW_SECONDS));
            }
            Some(Bug::FirstPageOnly) => page.next = None,
            _ => {}
        }
        page
    })
}

/// Whether this bug writes a new row only after its POST. It is kept until then.
pub(crate) fn withholds(sim: &Sim, rows: &[Payment]) -> bool {
    let mut world = sim.world();
    let process = world.kernel.current;
    let withheld = world.bug == Some(Bug::IntentAfterPost);
    if withheld {
        world.planted.withheld.insert(process, rows.to_vec());
    }
    withheld
}

/// What the polled process has not written yet, although it has been sent by now.
pub(crate) fn withheld(sim: &Sim) -> Vec<Payment> {
    let mut world = sim.world();
    let process = world.kernel.current;
    world.planted.withheld.remove(&process).unwrap_or_default()
}
