//! What an answer is counted as.

use billing::payment::{RefundState, State};
use billing::report::Verdict;
use billing::usecase::{Comparison, Failure, KeyDeleted, NotApproved, ReturnView};

use super::{Word, word};
use crate::check::{receipt, with_key};
use crate::lambda::Answer;

pub(super) fn kind(answer: &Answer) -> &'static str {
    let failure = match answer {
        Answer::Payment(Ok(row)) => {
            return match word(row) {
                Word::Paid => "paid",
                Word::Failed => "failed",
                Word::Pending => "pending",
                Word::Scheduled => "scheduled",
                Word::Revoked => "revoked",
                Word::Expired => "expired",
            };
        }
        Answer::Payments(Ok(answers)) => {
            let all = answers.iter().all(|answer| answer.row().is_some());
            return if all { "schedules" } else { "schedules in part" };
        }
        Answer::Key(Ok(row)) => return row.state.name(),
        Answer::Issued(Ok(issued)) => return with_key::kind(issued),
        Answer::Keys(Ok(_)) => return "keys",
        Answer::Opened(Ok(opened)) if !opened.ready => return "not ready to be opened",
        Answer::Opened(Ok(opened)) => {
            return if opened.row.state == State::Awaiting { "opened" } else { "opened before" };
        }
        Answer::Prepared(Ok(prepared)) if !prepared.ready => return "not ready to be opened",
        Answer::Prepared(Ok(prepared)) => return prepared.key.state.name(),
        Answer::ReturnView(Ok(returned)) => {
            return match returned {
                ReturnView::Paid => "returned paid",
                ReturnView::Failed => "returned failed",
                ReturnView::Ready => "returned ready",
                ReturnView::Pending => "returned pending",
                ReturnView::Unknown => "returned unknown",
                ReturnView::Key { .. } => "returned with a key",
            };
        }
        Answer::Approved(Ok(Ok(()))) => return "approved",
        Answer::Approved(Ok(Err(NotApproved::OtherAmount))) => return "other amount not approved",
        Answer::Approved(Ok(Err(NotApproved::UnknownOrder | NotApproved::Closed))) => return "not approved",
        Answer::Approved(Err(_)) => return "unavailable",
        Answer::KeyDeleted(Ok(KeyDeleted::Done)) => return "key deleted",
        Answer::KeyDeleted(Ok(KeyDeleted::Pending(_))) => return "key deletion pending",
        Answer::Refund(Ok(refunded)) => {
            return match refunded.1.state {
                RefundState::Pending => "refund pending",
                RefundState::Done => "refund done",
                RefundState::Refused => "refund refused",
            };
        }
        Answer::Receipt(Ok(row)) => return receipt::kind(row),
        Answer::Subscription(Ok(row)) => return row.state.name(),
        Answer::Subscriptions(Ok(_)) => return "subscriptions",
        Answer::Noticed(Ok(_)) => return "noticed",
        Answer::Noticed(Err(_)) => return "notice not taken",
        Answer::Compared(Ok(Comparison::Finished(report))) => {
            return if report.verdict == Some(Verdict::Matched) { "report matched" } else { "report unmatched" };
        }
        Answer::Compared(Ok(Comparison::Unfinished(_))) => return "report unfinished",
        Answer::Compared(Ok(Comparison::Held(_))) => return "report held",
        Answer::Compared(Ok(Comparison::Done(_))) => return "report done",
        Answer::Compared(Err(_)) => return "no report",
        Answer::Swept(Ok(_)) => return "swept",
        Answer::Swept(Err(_)) => return "sweep failed",
        Answer::Payment(Err(failure))
        | Answer::Payments(Err(failure))
        | Answer::Key(Err(failure))
        | Answer::Issued(Err(failure))
        | Answer::Keys(Err(failure))
        | Answer::Opened(Err(failure))
        | Answer::Prepared(Err(failure))
        | Answer::ReturnView(Err(failure))
        | Answer::KeyDeleted(Err(failure))
        | Answer::Subscription(Err(failure))
        | Answer::Subscriptions(Err(failure))
        | Answer::Receipt(Err(failure))
        | Answer::Refund(Err(failure)) => failure,
    };
    match failure {
        Failure::Invalid(_) => "invalid",
        Failure::NotFound => "not found",
        Failure::KeyPending => "key pending",
        Failure::KeyInactive => "key inactive",
        Failure::CardNotSent => "card not sent",
        Failure::MerchantUidReused => "merchant_uid reused",
        Failure::IdempotencyKeyReused => "idempotency key reused",
        Failure::IdempotencyInProgress => "in progress",
        Failure::KeyInUse => "key in use",
        Failure::KeyTaken => "key taken",
        Failure::TooManyPrepared => "too many prepared",
        Failure::ImpUidMismatch => "imp_uid mismatch",
        Failure::AlreadyExecuted => "already executed",
        Failure::ScheduleNotChangeable => "not changeable",
        Failure::SubscriptionExists => "subscription exists",
        Failure::SubscriptionNotChangeable => "subscription not changeable",
        Failure::ConsentNotAsked => "consent not asked",
        Failure::ConsentTooEarly { .. } => "consent too early",
        Failure::ConsentMismatch => "consent mismatch",
        Failure::DifferenceDeclined(_) => "difference declined",
        Failure::NotRefundable => "not refundable",
        Failure::RefundInProgress => "refund in progress",
        Failure::NoReceipt(_) => "no receipt",
        Failure::ReceiptsOff => "receipts off",
        Failure::ReceiptExists => "receipt exists",
        Failure::ReceiptInProgress => "receipt in progress",
        Failure::AlreadyPaid => "already paid",
        Failure::CheckoutNotWithdrawable => "checkout not withdrawable",
        Failure::AccountNotExtendable => "account not extendable",
        Failure::ExtensionInProgress => "extension in progress",
        Failure::RefundOwed { .. } => "refund owed",
        Failure::Refused(_) => "refused",
        Failure::RequestRefused(_) => "request refused",
        Failure::UpstreamMismatch => "upstream mismatch",
        Failure::Unavailable => "unavailable",
        Failure::Store(_) => "unreadable",
    }
}
