//! What the simulation found in subscriptions, one test each.

use billing::payment::{ScheduleStatus, State};
use billing::ports::Clock;
use billing::subscription::{Ending, SubscriptionState};
use billing::usecase::{Caller, KeyDeleted, NewSubscription, ScheduleDisposition};

use super::money::{run_late, states_of};
use super::{pass, plan, timeline, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestWorld, another_card, billing};
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_schedule_that_could_not_be_taken_back_is_taken_back_soon_and_not_when_it_has_run() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.psp.world().down = true;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    let due_at = row(&billing, &id).await.due_at.unwrap();
    assert!(due_at < billing.host.now().plus(3_600), "and not in a month");
    billing.psp.world().down = false;
    billing.advance(3_600);
    sweep(&billing).await;
    let next = format!("{id}p1t0");
    assert_eq!(billing.psp.world().schedules[&next].schedule_status, ScheduleStatus::Revoked);
    assert_eq!(row(&billing, &id).await.due_at, None);
}

#[tokio::test]
async fn what_never_left_is_not_sent_once_its_period_is_over() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    let id = begun(&billing, wanted()).await;
    assert_eq!(states_of(&billing, 0), [State::Intent]);
    billing.advance(40 * DAY);
    for _ in 0..4 {
        sweep(&billing).await;
        billing.advance(300);
    }
    assert_eq!(states_of(&billing, 0), [State::Revoked], "nobody pays for a month that is over");
    assert_eq!(states_of(&billing, 1), [State::Paid]);
    let charged = format!("charge {id}p0t0");
    assert!(billing.psp.world().posts.iter().filter(|post| post.starts_with(&charged)).count() <= 1);
}

#[tokio::test]
async fn an_end_that_is_brought_forward_keeps_what_came_after_the_first_wish_unwanted() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.advance(32 * DAY);
    billing.psp.world().down = true;
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    billing.advance(60);
    billing.psp.world().down = false;
    let hints = run_late(&billing, &id);
    billing.psp.world().down = true;
    billing.advance(60);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    billing.psp.world().down = false;
    billing.notice(&hints[0]).await.unwrap();
    sweeps(&billing, 4, 3_600).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded]);
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
}

#[tokio::test]
async fn the_first_period_costs_what_it_did_when_it_was_tried() {
    let billing = billing().await;
    billing.psp.will([Act::Decline]);
    let id = begun(&billing, wanted()).await;
    assert_eq!(states_of(&billing, 0)[0], State::Failed);
    let changed = billing.change_plan(&Caller::Merchant, &id, plan("더 큰 이용권", 19_900)).await.unwrap();
    assert_eq!((changed.attempt.period, changed.price.amount.minor), (0, 8_900));
    assert_eq!(changed.next_plan.unwrap().price.amount.minor, 19_900);
}

#[tokio::test]
async fn resumed_within_a_declined_period_it_is_tried_at_once() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    let resumed = billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!((resumed.state, resumed.attempt.period), (SubscriptionState::Active, 2));
    assert_eq!(states_of(&billing, 1).last(), Some(&State::Paid));
}

#[tokio::test]
async fn a_key_is_deleted_though_a_subscriptions_payment_is_scheduled_on_it() {
    let billing = billing().await;
    let new = NewSubscription { fallback_cards: true, ..wanted() };
    let id = begun(&billing, new).await;
    let other = another_card(&billing, "second-key", "4111111111111111").await;
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
    assert_eq!(deleted, KeyDeleted::Done);
    sweeps(&billing, 3, 300).await;
    pass(&billing, 32, &[], true).await;
    let paid = states_of(&billing, 1).into_iter().filter(|state| *state == State::Paid).count();
    assert_eq!((paid, row(&billing, &id).await.customer_uid), (1, other));
}

#[tokio::test]
async fn the_schedule_of_one_that_has_ended_does_not_follow_its_card_to_another() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let other = another_card(&billing, "second-key", "4111111111111111").await;
    billing.psp.will([Act::Unreachable]);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    billing.psp.world().posts.clear();
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::MoveTo(other)).await.unwrap();
    sweeps(&billing, 3, 300).await;
    assert_eq!(states_of(&billing, 1), [State::Revoked]);
    let posts = billing.psp.world().posts.clone();
    assert_eq!(posts, [format!("revoke {id}p1t0"), "delete key1".to_owned()]);
}

#[tokio::test]
async fn callers_who_ask_again_and_again_do_not_put_the_sweep_off() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let other = another_card(&billing, "second-key", "4111111111111111").await;
    billing.psp.world().down = true;
    for _ in 0..10 {
        billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
        billing.advance(1);
    }
    let due_at = row(&billing, &id).await.due_at.unwrap();
    assert!(due_at <= billing.host.now().plus(60), "{due_at} at {}", billing.host.now());
}

#[tokio::test]
async fn a_registration_that_was_refused_and_made_is_tried_again_before_its_day_only_on_another_card() {
    for agreed in [true, false] {
        let billing = billing().await;
        let start_at = Some(billing.host.now().plus(20 * DAY));
        billing.psp.will([Act::ApproveAndRefuse]);
        billing.psp.world().looks_fail = true;
        let new = NewSubscription { start_at, fallback_cards: agreed, ..wanted() };
        let id = begun(&billing, new).await;
        billing.psp.world().looks_fail = false;
        billing.advance(10);
        let newer = another_card(&billing, "newer-card", "4111111111111111").await;
        billing.advance(600);
        pass(&billing, 2, &[], true).await;
        let registered = |post: &&String| post.starts_with("register");
        let registered = billing.psp.world().posts.iter().filter(registered).count();
        let card = row(&billing, &id).await.customer_uid;
        if agreed {
            assert_eq!((registered, card), (2, newer));
        } else {
            assert_eq!((registered, card.as_str()), (1, "key1"));
        }
    }
}

#[tokio::test]
async fn a_registration_that_was_refused_and_made_all_the_same_pauses_nothing() {
    // It is taken back at once, or not yet.
    for act in [Act::Approve, Act::Unreachable, Act::Lose] {
        let billing = billing().await;
        let start_at = Some(billing.host.now().plus(20 * DAY));
        billing.psp.will([Act::ApproveAndRefuse, act]);
        // Nor can it be looked up when it is refused.
        billing.psp.world().looks_fail = true;
        let id = begun(&billing, NewSubscription { start_at, ..wanted() }).await;
        let refused = timeline(&billing);
        assert_eq!(refused.iter().map(|(.., state)| *state).collect::<Vec<_>>(), [State::Failed]);
        billing.advance(600);
        billing.psp.world().looks_fail = false;
        pass(&billing, 22, &[], true).await;
        let row = row(&billing, &id).await;
        assert_eq!((row.state, row.attempt.period, row.declines), (SubscriptionState::Active, 1, 0));
        let paid = timeline(&billing).into_iter().filter(|(of, _, state)| of.period == 0 && *state == State::Paid);
        assert_eq!(paid.count(), 1);
    }
}
