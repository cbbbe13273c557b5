//! A new card for an old one: schedules move first, and no payment is ever registered twice.

use std::sync::atomic::Ordering;

use billing::CustomerUid;
use billing::key::KeyState;
use billing::payment::{PspStatus, ScheduleStatus, State};
use billing::ports::Clock;
use billing::usecase::{Caller, Failure, KeyDeleted, ScheduleDisposition, Scheduled};

use crate::fixture::payments::scheduled_order_1;
use crate::fixture::{
    Act, START, TestBilling, TestWorld, another_card, billing, customer, issue_request, key_state, kim, secret,
};
use crate::schedule::new_schedule;
use crate::sweep::{sweep, sweeps};

/// A world with a schedule on `key1`, and a second key.
async fn two_keys() -> (TestBilling, CustomerUid) {
    let billing = billing().await;
    let new = new_schedule("order_1", START.plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    let second = another_card(&billing, "second-card", "5555555555554444").await;
    billing.psp.world().posts.clear();
    (billing, second)
}

#[tokio::test]
async fn schedules_move_to_the_new_key_before_the_old_one_goes() {
    let (billing, second) = two_keys().await;
    let moved = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await;
    assert_eq!(moved, Ok(KeyDeleted::Done));
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.state, row.order.customer_uid.as_ref()), (State::Scheduled, Some(&second)));
    assert_eq!(row.schedule_at(), Some(START.plus(86_400)));
    assert_eq!(billing.psp.world().posts, ["revoke order_1", "register order_1", "delete key1"]);
    assert_eq!(billing.psp.world().schedules["order_1"].customer_uid, second.as_str());
    // The very same request that made it answers from its row.
    let again = new_schedule("order_1", START.plus(86_400));
    let key = again.order.customer_uid.clone().unwrap();
    assert_eq!(billing.schedule(&key, None, vec![again]).await.unwrap(), [Scheduled::Recorded(Box::new(row))]);
}

#[tokio::test]
async fn whatever_is_lost_on_the_way_the_sweep_carries_the_move_to_its_end() {
    for lost in 0..3 {
        for act in [Act::Lose, Act::ApproveAndLose, Act::Unreachable] {
            let (billing, second) = two_keys().await;
            let acts = (0..lost).map(|_| Act::Approve).chain([act.clone()]);
            billing.psp.will(acts);
            billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await.ok();
            for _ in 0..24 {
                billing.advance(300);
                sweep(&billing).await;
                let row = scheduled_order_1(&billing).await;
                let on_old = row.order.customer_uid.as_ref().is_some_and(|uid| uid.as_str() == "key1");
                let world = billing.psp.world();
                let alive = world.schedules["order_1"].schedule_status == ScheduleStatus::Scheduled;
                assert!(on_old || !alive || world.schedules["order_1"].customer_uid == second.as_str());
            }
            let row = scheduled_order_1(&billing).await;
            assert_eq!(row.state, State::Scheduled, "step {lost}, {act:?}");
            if key_state(&billing, "key1").await == KeyState::Active {
                // Nothing had been promised: the deletion was refused before its first step was sent.
                assert_eq!(row.order.customer_uid.as_ref().unwrap().as_str(), "key1");
                continue;
            }
            assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted, "step {lost}, {act:?}");
            assert_eq!(row.order.customer_uid, Some(second), "step {lost}, {act:?}");
        }
    }
}

#[tokio::test]
async fn a_schedule_that_runs_meanwhile_is_paid_on_the_old_key_and_not_moved() {
    let (billing, second) = two_keys().await;
    billing.advance(86_400);
    let order = scheduled_order_1(&billing).await.order;
    let now = billing.host.now();
    billing.psp.world().execute(&order, PspStatus::Paid, now);
    let moved = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second)).await.unwrap();
    billing.advance(1_000);
    sweep(&billing).await;
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.state, row.order.customer_uid.unwrap().as_str()), (State::Paid, "key1"));
    assert_eq!(billing.psp.world().payments["order_1"].len(), 1, "{moved:?}");
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}

#[tokio::test]
async fn only_an_active_key_of_the_same_customer_can_take_over() {
    let (billing, second) = two_keys().await;
    let to = |uid: &str| ScheduleDisposition::MoveTo(CustomerUid::parse(uid).unwrap());
    let mut lees = issue_request("lees-card", "5555555555554444");
    lees.customer_id = customer("lee");
    let lees = billing.issue_key(lees, &secret()).await.unwrap().customer_uid;
    for uid in [lees.as_str(), "nothing", "key1"] {
        assert_eq!(billing.delete_key(&kim(), "key1", to(uid)).await, Err(Failure::NotFound), "{uid}");
    }
    billing.delete_key(&kim(), second.as_str(), ScheduleDisposition::InTheWay).await.unwrap();
    assert_eq!(
        billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second)).await,
        Err(Failure::KeyInactive)
    );
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active);
    assert_eq!(scheduled_order_1(&billing).await.state, State::Scheduled);
}

#[tokio::test]
async fn a_revocation_that_was_promised_never_becomes_a_move() {
    // Promised before the key is replaced.
    let (billing, second) = two_keys().await;
    billing.psp.will([Act::Lose]);
    billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    billing.advance(200);
    billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second)).await.unwrap();
    settled(&billing, State::Revoked).await;

    // Promised while the move is under way.
    let (billing, second) = two_keys().await;
    billing.psp.will([Act::Lose]);
    billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await.unwrap();
    assert_eq!(scheduled_order_1(&billing).await.moves_to, Some(second));
    billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    assert_eq!(scheduled_order_1(&billing).await.moves_to, None);
    settled(&billing, State::Revoked).await;

    // All revoked rather than moved, the second time round.
    let (billing, second) = two_keys().await;
    billing.psp.will([Act::Lose]);
    billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second)).await.unwrap();
    assert!(scheduled_order_1(&billing).await.moves_to.is_some());
    billing.delete_key(&kim(), "key1", ScheduleDisposition::Revoke).await.unwrap();
    assert_eq!(scheduled_order_1(&billing).await.moves_to, None);
    settled(&billing, State::Revoked).await;
}

/// Sweeps until the deletion is through, and says what has become of the schedule.
async fn settled(billing: &TestBilling, state: State) {
    sweeps(billing, 24, 300).await;
    assert_eq!(scheduled_order_1(billing).await.state, state);
    assert_eq!(key_state(billing, "key1").await, KeyState::Deleted);
    let posts = billing.psp.world().posts.clone();
    assert!(!posts.contains(&"register order_1".to_owned()), "registered again: {posts:?}");
}

#[tokio::test]
async fn the_old_key_stays_until_its_schedules_are_known_to_be_on_the_new_one() {
    let (billing, second) = two_keys().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let moved = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await;
    assert!(matches!(moved, Ok(KeyDeleted::Pending(_))), "{moved:?}");
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleting);
    let again = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await;
    assert!(matches!(again, Ok(KeyDeleted::Pending(_))), "nobody knows yet whether it is registered there");
    sweeps(&billing, 6, 300).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.state, row.order.customer_uid), (State::Scheduled, Some(second)));
}

#[tokio::test]
async fn schedules_that_have_all_run_keep_the_key_for_no_sweep_more() {
    let (billing, second) = two_keys().await;
    let others =
        ["order_2", "order_3"].map(|uid| new_schedule(uid, START.plus(86_400 + i64::from(uid.ends_with('3')))));
    billing.schedule(&others[0].order.customer_uid.clone().unwrap(), None, others.to_vec()).await.unwrap();
    billing.advance(86_500);
    let now = billing.host.now();
    for uid in ["order_1", "order_2", "order_3"] {
        let order = billing.scheduled(&Caller::Merchant, uid).await.unwrap().order;
        billing.psp.world().execute(&order, PspStatus::Paid, now);
    }
    let moved = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second)).await;
    assert_eq!(moved, Ok(KeyDeleted::Done));
}

#[tokio::test]
async fn a_slow_move_is_answered_in_time_and_goes_on_in_the_sweep() {
    let (billing, second) = two_keys().await;
    billing.host.ticking.store(1, Ordering::Relaxed);
    let moved = billing.delete_key(&kim(), "key1", ScheduleDisposition::MoveTo(second.clone())).await;
    assert!(matches!(moved, Ok(KeyDeleted::Pending(_))), "{moved:?}");
    assert_eq!(billing.psp.world().posts, ["revoke order_1"], "the second request would not fit in");
    billing.host.ticking.store(0, Ordering::Relaxed);
    sweeps(&billing, 3, 300).await;
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.state, row.order.customer_uid), (State::Scheduled, Some(second)));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}
