//! Giving money back: once for one request, never more than was paid.

mod doubt;
mod owed;
mod tax;

use billing::Timestamp;
use billing::payment::{PaymentSnapshot, PspStatus, RefundState, State};
use billing::policy::LatePaidPolicy;
use billing::usecase::{Failure, RefundRequest, WebhookHint};

use crate::fixture::payments::order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, hint_of, order, refund_request};
use crate::sweep::{sweep, sweeps};

fn request(amount: &str, key: &str) -> RefundRequest {
    RefundRequest { reason: Some("변심".to_owned()), ..refund_request("order_1", amount, &format!("refund-{key}")) }
}

pub(crate) async fn refund(billing: &TestBilling, amount: &str, key: &str) -> Result<(State, RefundState), Failure> {
    billing.refund(request(amount, key)).await.map(|(row, refund)| (row.state, refund.state))
}

pub(crate) async fn paid() -> TestBilling {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().posts.clear();
    billing
}

/// The order is paid a second time, and a notice tells of it.
async fn paid_again(billing: &TestBilling, at: Timestamp) -> (PaymentSnapshot, WebhookHint) {
    let second = billing.psp.world().record(&order("order_1"), PspStatus::Paid, at);
    let hint = hint_of(&second);
    billing.notice(&hint).await.unwrap();
    (second, hint)
}

pub(crate) fn given_back(billing: &TestBilling) -> u64 {
    billing.psp.world().payments.values().flatten().map(|record| record.cancel_amount).sum()
}

#[tokio::test]
async fn parts_and_then_the_rest_are_given_back() {
    let billing = paid().await;
    assert_eq!(refund(&billing, "900", "a").await, Ok((State::PartiallyRefunded, RefundState::Done)));
    assert_eq!(refund(&billing, "8000", "b").await, Ok((State::Refunded, RefundState::Done)));
    assert_eq!(refund(&billing, "1", "c").await, Err(Failure::NotRefundable));
    let row = order_1(&billing).await;
    assert_eq!((row.due_at, row.claim, given_back(&billing)), (None, None, 8_900));
}

#[tokio::test]
async fn the_same_request_again_gives_nothing_more_back() {
    let billing = paid().await;
    let first = refund(&billing, "900", "a").await;
    assert_eq!(refund(&billing, "900", "a").await, first);
    assert_eq!(refund(&billing, "901", "a").await, Err(Failure::IdempotencyKeyReused));
    assert_eq!((given_back(&billing), billing.psp.world().posts.len()), (900, 1));
}

#[tokio::test]
async fn amounts_that_cannot_be_are_refused_before_anything_is_written() {
    let billing = paid().await;
    let before = order_1(&billing).await;
    for amount in ["0", "-1", "1.5", "8901", "1e3", "\"900\"", "null"] {
        let Err(Failure::Invalid(invalid)) = refund(&billing, amount, "a").await else { panic!("{amount}") };
        assert_eq!(invalid.code, "refund_amount_invalid", "{amount}");
    }
    assert_eq!(order_1(&billing).await, before);
}

#[tokio::test]
async fn what_was_not_paid_cannot_be_given_back() {
    let billing = billing().await;
    assert_eq!(refund(&billing, "1", "a").await, Err(Failure::NotFound));
    billing.psp.will([Act::Decline]);
    billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(refund(&billing, "1", "a").await, Err(Failure::NotRefundable));
}

#[tokio::test]
async fn a_lost_refund_is_found_or_sent_again_and_given_back_once() {
    for act in [Act::Lose, Act::ApproveAndLose, Act::ApproveAndRefuse, Act::Garble, Act::Unreachable] {
        let billing = paid().await;
        billing.psp.will([act.clone()]);
        refund(&billing, "900", "a").await.unwrap();
        sweeps(&billing, 4, 160).await;
        let row = order_1(&billing).await;
        assert_eq!((given_back(&billing), row.due_at, row.pending_refund()), (900, None, None), "{act:?}");
        assert_eq!(row.state, State::PartiallyRefunded, "{act:?}");
    }
}

#[tokio::test]
async fn a_lost_refund_is_not_sent_again_before_the_quarantine_is_over() {
    let billing = paid().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(refund(&billing, "900", "a").await, Ok((State::Paid, RefundState::Pending)));
    assert_eq!(refund(&billing, "900", "b").await, Err(Failure::RefundInProgress));
    billing.advance(150);
    sweep(&billing).await;
    assert_eq!(billing.psp.world().posts.len(), 1);
}

#[tokio::test]
async fn a_refund_that_the_psp_refuses_gives_nothing_back_and_does_not_block_the_next() {
    let billing = paid().await;
    billing.psp.will([Act::Refuse(1)]);
    assert_eq!(refund(&billing, "900", "a").await, Ok((State::Paid, RefundState::Refused)));
    assert_eq!(refund(&billing, "900", "a").await, Ok((State::Paid, RefundState::Refused)), "the same answer");
    billing.advance(160);
    sweep(&billing).await;
    assert_eq!(order_1(&billing).await.due_at, None);
    assert_eq!(refund(&billing, "900", "b").await, Ok((State::PartiallyRefunded, RefundState::Done)));
}

#[tokio::test]
async fn a_refund_in_the_console_makes_ours_refused_by_its_checksum() {
    let billing = paid().await;
    billing.psp.world().payments.get_mut("order_1").unwrap().first_mut().unwrap().cancel_amount = 500;
    assert_eq!(refund(&billing, "8900", "a").await, Ok((State::PartiallyRefunded, RefundState::Refused)));
    assert_eq!(given_back(&billing), 500);
}

#[tokio::test]
async fn a_record_from_before_the_second_payment_does_not_say_that_it_went_back() {
    let billing = paid().await;
    let (second, hint) = paid_again(&billing, START.plus(5)).await;
    let as_it_was = |status, paid_at| {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut("order_1").unwrap().iter_mut().find(|it| it.imp_uid == second.imp_uid);
        let record = record.unwrap();
        (record.status, record.paid_at) = (status, paid_at);
    };
    // A function that had looked before the deposit came writes down what it saw.
    as_it_was(PspStatus::Ready, None);
    billing.notice(&hint).await.unwrap();
    as_it_was(PspStatus::Paid, second.paid_at);
    assert_eq!(order_1(&billing).await.refunds[0].state, RefundState::Pending);
    sweeps(&billing, 3, 160).await;
    assert_eq!(given_back(&billing), 8_900);
}

#[tokio::test]
async fn the_second_payment_of_an_order_is_given_back() {
    let billing = paid().await;
    let (second, _) = paid_again(&billing, START.plus(5)).await;
    assert_eq!(billing.alarms(), ["double_paid"]);
    sweeps(&billing, 3, 160).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at, given_back(&billing)), (State::Paid, None, 8_900));
    assert_eq!(billing.psp.world().posts, [format!("cancel {} 8900", second.imp_uid)]);
}

#[tokio::test]
async fn a_late_payment_is_given_back_where_the_merchant_wants_it_so() {
    let mut billing = billing().await;
    billing.policy.late_paid = LatePaidPolicy::Refund;
    billing.psp.will([Act::Refuse(-1)]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().record(&order("order_1"), PspStatus::Paid, START);
    sweeps(&billing, 4, 160).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at, given_back(&billing)), (State::Refunded, None, 8_900));
}

#[tokio::test]
async fn of_two_refunds_at_once_one_is_made() {
    let billing = paid().await;
    let both = futures_util::future::join(refund(&billing, "8900", "a"), refund(&billing, "8900", "b")).await;
    let made = [both.0, both.1].into_iter().filter(Result::is_ok).count();
    assert_eq!((made, given_back(&billing)), (1, 8_900));
}
