//! Refunds that the PSP's history does not name, or names with what a gateway left of the reason.

use billing::payment::snapshot::CancelEntry;
use billing::payment::{RefundState, State};
use billing::ports::Clock;
use billing::usecase::Failure;

use super::{given_back, paid, refund};
use crate::fixture::payments::order_1;
use crate::fixture::{Act, TestBilling, TestWorld};
use crate::habits::Reasons;
use crate::sweep::{sweep, sweeps};

/// Somebody gives money back in the PSP's console.
fn console(billing: &TestBilling, amount: u64, reason: Option<&str>) {
    let now = billing.host.now();
    let mut world = billing.psp.world();
    let record = world.payments.get_mut("order_1").unwrap().first_mut().unwrap();
    record.cancel_amount += amount;
    let (reason, cancelled_at) = (reason.map(str::to_owned), Some(now));
    record.cancel_history.push(CancelEntry { amount, cancelled_at, reason, pg_tid: None, receipt_url: None });
}

#[tokio::test]
async fn a_refund_that_was_answered_is_made_whatever_became_of_its_reason() {
    let lengths = (0..20).map(Reasons::Cut);
    for reasons in [Reasons::Kept, Reasons::Dropped, Reasons::Replaced, Reasons::NoHistory].into_iter().chain(lengths) {
        let billing = paid().await;
        billing.psp.world().reasons = reasons;
        for (amount, key) in [("1000", "a"), ("1000", "b"), ("500", "c")] {
            let told = refund(&billing, amount, key).await;
            assert_eq!(told, Ok((State::PartiallyRefunded, RefundState::Done)), "{reasons:?} {key}");
            sweeps(&billing, 3, 160).await;
            assert_eq!(refund(&billing, amount, key).await, told, "{reasons:?} {key}");
        }
        assert_eq!((given_back(&billing), order_1(&billing).await.due_at), (2_500, None), "{reasons:?}");
        assert!(billing.alarms().is_empty(), "{reasons:?}");
    }
}

#[tokio::test]
async fn a_lost_refund_is_recognised_by_what_is_left_of_its_mark() {
    for left in 0..20 {
        for act in [Act::ApproveAndLose, Act::ApproveAndRefuse, Act::Garble] {
            let billing = paid().await;
            billing.psp.world().reasons = Reasons::Cut(left);
            billing.psp.will([act.clone()]);
            let told = refund(&billing, "900", "a").await.unwrap().1;
            sweeps(&billing, 4, 160).await;
            let row = order_1(&billing).await;
            // "[rabcd": five letters of it, or nothing at all, where the amount, the time and the balance decide.
            let known = left == 0 || left >= 6;
            let state = row.refunds[0].state;
            assert_eq!(state, if known { RefundState::Done } else { RefundState::Pending }, "{left} {act:?}");
            assert!(told != RefundState::Refused && given_back(&billing) == 900, "{left} {act:?}");
            assert_eq!(billing.alarms().contains(&"refund_unclear"), !known, "{left} {act:?}");
        }
    }
}

#[tokio::test]
async fn what_went_back_under_another_reason_is_never_called_refused_and_never_sent_again() {
    for reasons in [Reasons::Replaced, Reasons::NoHistory] {
        for act in [Act::ApproveAndLose, Act::ApproveAndRefuse] {
            let billing = paid().await;
            billing.psp.world().reasons = reasons;
            billing.psp.will([act]);
            assert_eq!(refund(&billing, "1000", "a").await.unwrap().1, RefundState::Pending);
            let mut alarms = billing.alarms();
            for day in 0..6 {
                for key in ["b", "c"] {
                    assert_eq!(refund(&billing, "1000", key).await, Err(Failure::RefundInProgress), "{day}");
                }
                sweeps(&billing, 24, 3_600).await;
                alarms.extend(billing.alarms());
                assert_eq!(order_1(&billing).await.refunds[0].state, RefundState::Pending);
            }
            assert!(alarms.iter().all(|alarm| *alarm == "refund_unclear"));
            assert!((6..=7).contains(&alarms.len()), "once, and then daily: {alarms:?}");
            assert_eq!((given_back(&billing), billing.psp.world().posts.len()), (1_000, 1));
            // A week of that, and nobody has said otherwise: its money went back.
            billing.advance(2 * 86_400);
            sweep(&billing).await;
            let row = order_1(&billing).await;
            assert_eq!((row.refunds[0].state, row.due_at), (RefundState::Done, None));
            assert_eq!(refund(&billing, "1000", "b").await.unwrap().1, RefundState::Done);
        }
    }
}

#[tokio::test]
async fn a_refund_in_the_console_of_the_same_amount_leaves_ours_in_doubt_and_another_amount_does_not() {
    for (by_hand, state) in [(900, RefundState::Pending), (901, RefundState::Refused), (500, RefundState::Refused)] {
        let billing = paid().await;
        billing.psp.will([Act::Lose]);
        refund(&billing, "900", "a").await.unwrap();
        console(&billing, by_hand, Some("매장 방문 취소"));
        sweeps(&billing, 4, 160).await;
        assert_eq!(order_1(&billing).await.refunds[0].state, state, "{by_hand}");
        assert_eq!((given_back(&billing), billing.psp.world().posts.len()), (by_hand, 1));
    }
}

#[tokio::test]
async fn one_that_was_refused_is_not_taken_for_the_one_that_was_made_by_hand_after_it() {
    for reason in [None, Some("매장 방문 취소")] {
        let billing = paid().await;
        billing.psp.will([Act::Refuse(1)]);
        assert_eq!(refund(&billing, "900", "a").await.unwrap().1, RefundState::Refused);
        sweeps(&billing, 2, 160).await;
        console(&billing, 900, reason);
        refund(&billing, "900", "b").await.unwrap();
        sweeps(&billing, 2, 160).await;
        assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Refused, 900));
    }
}

#[tokio::test]
async fn of_two_refunds_of_one_amount_each_has_an_entry_of_its_own() {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::Dropped;
    billing.psp.will([Act::Refuse(1)]);
    assert_eq!(refund(&billing, "900", "a").await.unwrap().1, RefundState::Refused);
    sweeps(&billing, 2, 160).await;
    assert_eq!(refund(&billing, "900", "b").await.unwrap().1, RefundState::Done);
    billing.psp.will([Act::Lose]);
    assert_eq!(refund(&billing, "900", "c").await.unwrap().1, RefundState::Pending, "not the entry of the one before");
    let states: Vec<RefundState> = order_1(&billing).await.refunds.iter().map(|refund| refund.state).collect();
    assert_eq!(states, [RefundState::Refused, RefundState::Done, RefundState::Pending]);
    sweeps(&billing, 3, 160).await;
    assert_eq!((given_back(&billing), order_1(&billing).await.due_at), (1_800, None));
}

#[tokio::test]
async fn a_refusal_is_told_only_after_the_record_was_looked_at() {
    let billing = paid().await;
    billing.psp.world().reasons = Reasons::Replaced;
    billing.psp.world().looks_fail = true;
    billing.psp.will([Act::ApproveAndRefuse]);
    assert_eq!(refund(&billing, "900", "a").await.unwrap().1, RefundState::Pending);
    billing.psp.world().looks_fail = false;
    sweeps(&billing, 3, 160).await;
    assert_eq!((order_1(&billing).await.refunds[0].state, given_back(&billing)), (RefundState::Pending, 900));
}
