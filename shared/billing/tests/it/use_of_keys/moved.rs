//! Schedules on their way from one key to another.

use billing::key::KeyState;
use billing::payment::{Payment, State};
use billing::usecase::{Caller, KeyDeleted, ScheduleDisposition};

use super::{DAY, QUARANTINE, two_more};
use crate::fixture::payments::scheduled_order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, key_state, uid};
use crate::schedule::new_schedule;
use crate::sweep::{sweep, sweeps};

async fn scheduled_on(billing: &TestBilling) -> (State, String) {
    let Payment { state, order, .. } = scheduled_order_1(billing).await;
    (state, order.customer_uid.unwrap().to_string())
}

async fn delete(billing: &TestBilling, schedules: ScheduleDisposition) -> KeyDeleted {
    billing.delete_key(&Caller::Merchant, "key1", schedules).await.unwrap()
}

#[tokio::test]
async fn what_was_promised_and_never_left_goes_to_the_new_key_and_there_is_nothing_to_revoke() {
    let billing = billing().await;
    let [second, _] = two_more(&billing).await;
    billing.psp.will([Act::Unreachable]);
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    assert_eq!(scheduled_on(&billing).await, (State::Intent, "key1".to_owned()));
    assert_eq!(delete(&billing, ScheduleDisposition::MoveTo(second.clone())).await, KeyDeleted::Done);
    assert_eq!(scheduled_on(&billing).await, (State::Scheduled, second.to_string()));
    assert_eq!(billing.psp.world().posts, ["register order_1", "delete key1"]);
}

#[tokio::test]
async fn what_has_left_the_key_is_not_revoked_with_what_is_on_it() {
    let billing = billing().await;
    let [second, _] = two_more(&billing).await;
    billing.psp.will([Act::Unreachable, Act::Unreachable]);
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    let moving = delete(&billing, ScheduleDisposition::MoveTo(second.clone())).await;
    assert!(matches!(moving, KeyDeleted::Pending(_)), "{moving:?}");
    assert_eq!(scheduled_on(&billing).await, (State::Intent, second.to_string()));
    assert_eq!(delete(&billing, ScheduleDisposition::Revoke).await, KeyDeleted::Done);
    sweeps(&billing, 3, 300).await;
    assert_eq!(scheduled_on(&billing).await, (State::Scheduled, second.to_string()));
    assert_eq!(billing.psp.world().posts, ["delete key1", "register order_1"]);
}

#[tokio::test]
async fn a_key_stays_for_as_long_as_nobody_knows_whether_what_left_it_has_arrived() {
    let billing = billing().await;
    let [second, _] = two_more(&billing).await;
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    billing.psp.world().listing.single_looks_fail = true;
    billing.psp.will([Act::Approve, Act::Lose]);
    delete(&billing, ScheduleDisposition::MoveTo(second.clone())).await;
    // Long after anything could have been carried out.
    for _ in 0..12 {
        billing.advance(2 * QUARANTINE);
        let moving = delete(&billing, ScheduleDisposition::MoveTo(second.clone())).await;
        assert!(matches!(moving, KeyDeleted::Pending(_)), "{moving:?}");
        sweep(&billing).await;
        assert_eq!(scheduled_on(&billing).await, (State::Unknown, second.to_string()));
        assert_eq!(key_state(&billing, "key1").await, KeyState::Deleting);
    }
    assert_eq!(billing.psp.world().posts, ["register order_1", "revoke order_1", "register order_1"]);
    billing.psp.world().listing.single_looks_fail = false;
    sweeps(&billing, 24, 300).await;
    assert_eq!(scheduled_on(&billing).await, (State::Scheduled, second.to_string()));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}

#[tokio::test]
async fn a_schedule_that_has_not_left_yet_goes_to_the_key_that_was_named_last() {
    let billing = billing().await;
    let [second, third] = two_more(&billing).await;
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    billing.psp.will([Act::Lose]);
    delete(&billing, ScheduleDisposition::MoveTo(second)).await;
    assert_eq!(scheduled_on(&billing).await, (State::Scheduled, "key1".to_owned()));
    delete(&billing, ScheduleDisposition::MoveTo(third.clone())).await;
    sweeps(&billing, 24, 300).await;
    assert_eq!(scheduled_on(&billing).await, (State::Scheduled, third.to_string()));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}
