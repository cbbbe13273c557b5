//! Planted bugs: mistakes seen in public integrations, made beyond billing's ports. The rules must find each of them.
//!
//! Only those that an adapter or a setting can make. A mistake inside a use case needs a switch in `billing` itself.

use billing::payment::PspStatus;
use billing::policy::Policy;
use billing::ports::{DueRow, Page, Posted, StoreError};

use crate::psp::request::{PspReply, PspRequest};
use crate::sim::Sim;

/// A mistake.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Bug {
    /// Nobody waits until a lost request can no longer execute.
    NoQuarantine,
    /// The quarantine counts from the claim, and ends before the PSP's latest execution.
    ShortQuarantine,
    /// A claim is written whatever stands there.
    ClaimWithoutCondition,
    /// A row is written whatever stands there.
    SaveWithoutCondition,
    /// A reset after the request was sent counts as "not sent".
    LostTakenAsNotSent,
    /// `code: 0` counts as paid.
    AnsweredTakenAsPaid,
    /// HTTP 5xx on a GET counts as "no such thing".
    UnreachableTakenAsAbsent,
    /// The HTTP client repeats a POST by itself.
    ClientRepeatsPosts,
    /// A repeat is sent under a new order number.
    NewNumberOnRepeat,
    /// A refund is sent without its amount.
    RefundWithoutAmount,
    /// Schedules are taken back without naming one.
    UnscheduleWithoutNumber,
    /// Billing keys never show in the `due` index.
    KeysNeverDue,
}

impl Bug {
    /// Every planted bug, and the rules of which one must find it.
    pub const ALL: [(Self, &'static [&'static str]); 12] = [
        (Self::NoQuarantine, &["I5", "I1"]),
        (Self::ShortQuarantine, &["I5", "I1"]),
        (Self::ClaimWithoutCondition, &["I5", "I1", "I12"]),
        (Self::SaveWithoutCondition, &["I12", "I3", "I7", "I10"]),
        (Self::LostTakenAsNotSent, &["I5", "I1"]),
        (Self::AnsweredTakenAsPaid, &["I17"]),
        (Self::UnreachableTakenAsAbsent, &["I1", "I5", "I10", "I16"]),
        (Self::ClientRepeatsPosts, &["I1", "I5", "I7"]),
        (Self::NewNumberOnRepeat, &["I11", "I4"]),
        (Self::RefundWithoutAmount, &["I7"]),
        (Self::UnscheduleWithoutNumber, &["I14"]),
        (Self::KeysNeverDue, &["I13", "I10"]),
    ];
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

/// A request as this bug sends it.
pub(crate) fn sent(sim: &Sim, request: PspRequest) -> PspRequest {
    let bug = sim.world().bug;
    match (bug, request) {
        (Some(Bug::RefundWithoutAmount), PspRequest::Cancel(refund)) => {
            PspRequest::CarelessCancel { refund, amount: false, checksum: true }
        }
        (Some(Bug::UnscheduleWithoutNumber), PspRequest::Revoke { customer_uid, .. }) => {
            PspRequest::RevokeAll { customer_uid }
        }
        (Some(Bug::NewNumberOnRepeat), PspRequest::Charge(mut order)) => {
            let posts = sim.payment(&order.merchant_uid).map_or(0, |row| row.posts);
            let renamed = billing::MerchantUid::parse(&format!("{}a{posts}", order.merchant_uid));
            if let (true, Ok(renamed)) = (posts > 1, renamed) {
                order.merchant_uid = renamed;
            }
            PspRequest::Charge(order)
        }
        (_, request) => request,
    }
}

/// An answer as this bug reads it.
pub(crate) fn answered(bug: Option<Bug>, posted: Posted<PspReply>) -> Posted<PspReply> {
    match (bug, posted) {
        (Some(Bug::LostTakenAsNotSent), Posted::Lost) => Posted::NotSent,
        (Some(Bug::AnsweredTakenAsPaid), Posted::Known(PspReply::Payment(mut payment))) => {
            payment.status = PspStatus::Paid;
            payment.paid_at = payment.paid_at.or(payment.failed_at);
            Posted::Known(PspReply::Payment(payment))
        }
        (_, posted) => posted,
    }
}

/// A page of the index as this bug shows it.
pub(crate) fn due(bug: Option<Bug>, page: Result<Page<DueRow>, StoreError>) -> Result<Page<DueRow>, StoreError> {
    page.map(|mut page| {
        if bug == Some(Bug::KeysNeverDue) {
            page.items.retain(|row| matches!(row, DueRow::Payment(_)));
        }
        page
    })
}
