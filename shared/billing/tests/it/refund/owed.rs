//! Money that goes back by itself and waits for an account: a second deposit into a virtual account.

use billing::payment::{RefundState, State};
use billing::ports::Clock;
use billing::usecase::{Failure, RefundRequest};
use billing::{ImpUid, Money};

use super::{given_back, paid, paid_again, request};
use crate::fixture::payments::order_1;
use crate::fixture::{TestBilling, TestWorld, refund_account};
use crate::sweep::sweeps;

fn to_account(amount: &str, key: &str, number: &str) -> RefundRequest {
    RefundRequest { account: Some(refund_account(number)), ..request(amount, key) }
}

/// An order that was paid twice; the PSP wants an account to give the second payment back to.
async fn owed() -> (TestBilling, ImpUid) {
    let billing = paid().await;
    billing.psp.world().account_wanted = true;
    let (second, _) = paid_again(&billing, billing.host.now()).await;
    sweeps(&billing, 3, 300).await;
    assert_eq!(order_1(&billing).await.refunds[0].state, RefundState::Pending);
    // What was sent last without an account can no longer arrive.
    billing.advance(200);
    (billing, second.imp_uid)
}

#[tokio::test]
async fn a_request_that_names_an_account_sends_what_is_owed_and_is_answered_by_it() {
    let (billing, second) = owed().await;
    let told = billing.refund(to_account("8900", "a", "110-123-456789")).await.unwrap();
    assert_eq!((told.1.state, &told.1.imp_uid, told.1.amount), (RefundState::Done, &second, 8_900));
    assert_eq!((given_back(&billing), told.0.refunds.len()), (8_900, 1), "once, and nothing besides");
    let posts = billing.psp.world().posts.len();
    let again = billing.refund(to_account("8900", "a", "110123456789")).await.unwrap();
    assert_eq!((again.1, billing.psp.world().posts.len()), (told.1, posts), "the same answer");
    let other = billing.refund(to_account("8900", "a", "110123456780")).await;
    assert_eq!(other.map(|_| ()), Err(Failure::IdempotencyKeyReused));
    sweeps(&billing, 2, 300).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Paid, None));
    // The first payment is refunded as ever.
    let first = billing.refund(to_account("8900", "b", "110-123-456789")).await.unwrap();
    assert_eq!((first.0.state, first.1.state, given_back(&billing)), (State::Refunded, RefundState::Done, 17_800));
}

#[tokio::test]
async fn an_account_that_is_named_while_an_earlier_sending_may_still_arrive_is_used_after_that() {
    let (billing, _) = owed().await;
    while !order_1(&billing).await.in_flight(billing.host.now()) {
        sweeps(&billing, 1, 300).await;
    }
    let told = billing.refund(to_account("8900", "a", "110-123-456789")).await.unwrap();
    assert_eq!((told.1.state, given_back(&billing)), (RefundState::Pending, 0));
    sweeps(&billing, 1, 300).await;
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Done, 8_900));
    assert_eq!(billing.refund(to_account("8900", "a", "110-123-456789")).await.unwrap().1.state, RefundState::Done);
}

#[tokio::test]
async fn another_amount_or_no_account_is_told_what_is_owed() {
    let (billing, _) = owed().await;
    let before = order_1(&billing).await;
    for request in [to_account("900", "a", "110-123-456789"), request("8900", "b")] {
        let refused = billing.refund(request).await.map(|_| ());
        assert_eq!(refused, Err(Failure::RefundOwed { amount: Money::krw(8_900) }));
    }
    assert_eq!(order_1(&billing).await, before);
}

#[tokio::test]
async fn an_account_that_the_bank_refuses_is_replaced_by_another() {
    let (billing, _) = owed().await;
    billing.psp.world().refunds_refused = true;
    let first = billing.refund(to_account("8900", "a", "110-000-000000")).await.unwrap();
    assert_eq!(first.1.state, RefundState::Pending, "it goes on being owed");
    billing.psp.world().refunds_refused = false;
    billing.advance(200);
    let second = billing.refund(to_account("8900", "b", "110-123-456789")).await.unwrap();
    assert_eq!((second.1.state, given_back(&billing)), (RefundState::Done, 8_900));
    let repeated = billing.refund(to_account("8900", "a", "110-000-000000")).await.unwrap();
    assert_eq!(repeated.1.state, RefundState::Done);
}

#[tokio::test]
async fn one_that_waits_is_told_of_once_and_then_daily_and_asked_for_a_few_times_a_day() {
    let (billing, _) = owed().await;
    let (mut alarms, before) = (billing.alarms(), billing.psp.world().posts.len());
    sweeps(&billing, 7 * 288, 300).await;
    alarms.extend(billing.alarms());
    let refused = alarms.iter().filter(|alarm| **alarm == "refund_refused").count();
    let twice = alarms.iter().filter(|alarm| **alarm == "double_paid").count();
    assert!((7..=9).contains(&refused) && (7..=9).contains(&twice), "{alarms:?}");
    let posts = billing.psp.world().posts.len() - before;
    assert!(posts <= 7 * 30, "{posts} in a week");
}
