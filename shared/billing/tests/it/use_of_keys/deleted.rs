//! Deleting a key: what is in the way of it, who goes on with it, and until when it may be sent.

use std::sync::atomic::Ordering;

use billing::CustomerUid;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Claim, Flow, Payment, Purpose, State};
use billing::ports::{Entropy, KeyStore, PaymentStore, Saved};
use billing::usecase::{Caller, Failure, KeyDeleted, ScheduleDisposition};

use super::{DAY, QUARANTINE, stored, two_more};
use crate::fixture::{Act, START, TestBilling, TestPsp, TestWorld, billing, customer, key_state, uid};
use crate::foreign::registered_elsewhere;
use crate::lossy::{Fate, lossy};
use crate::schedule::new_schedule;
use crate::sweep::sweep;

fn deletions(psp: &TestPsp) -> usize {
    psp.world().posts.iter().filter(|post| post.starts_with("delete")).count()
}

async fn delete(billing: &TestBilling, schedules: &ScheduleDisposition) -> Result<KeyDeleted, Failure> {
    billing.delete_key(&Caller::Merchant, "key1", schedules.clone()).await
}

async fn state_of(billing: &TestBilling, merchant_uid: &str) -> State {
    billing.scheduled(&Caller::Merchant, merchant_uid).await.unwrap().state
}

/// Everything that a deletion may be asked to do with schedules.
fn wishes(to: [CustomerUid; 2]) -> Vec<ScheduleDisposition> {
    let [second, third] = to.map(ScheduleDisposition::MoveTo);
    vec![ScheduleDisposition::InTheWay, ScheduleDisposition::Revoke, second, third]
}

/// What a key's row says of a wish.
fn promised(wish: &ScheduleDisposition) -> (bool, Option<CustomerUid>) {
    match wish {
        ScheduleDisposition::InTheWay => (false, None),
        ScheduleDisposition::Revoke => (true, None),
        ScheduleDisposition::MoveTo(to) => (false, Some(to.clone())),
    }
}

#[tokio::test]
async fn a_key_in_use_stays_as_it_is_and_the_psp_is_not_asked() {
    let billing = billing().await;
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    let (before, asked) = (stored(&billing, "key1").await, billing.psp.world().gets);
    // At any time after it was claimed, and whether the PSP can be reached or not.
    for (seconds, down) in [(0, false), (QUARANTINE - 1, false), (1, false), (3_600, false), (0, true)] {
        billing.advance(seconds);
        billing.psp.world().down = down;
        assert_eq!(delete(&billing, &ScheduleDisposition::InTheWay).await, Err(Failure::KeyInUse));
    }
    assert_eq!(stored(&billing, "key1").await, before);
    let world = billing.psp.world();
    assert_eq!((world.gets, world.posts.as_slice()), (asked, ["register order_1".to_owned()].as_slice()));
}

#[tokio::test]
async fn what_was_promised_long_ago_and_never_left_is_in_the_way_too() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    billing.advance(3_600);
    assert_eq!(delete(&billing, &ScheduleDisposition::InTheWay).await, Err(Failure::KeyInUse));
    assert_eq!(delete(&billing, &ScheduleDisposition::Revoke).await, Ok(KeyDeleted::Done));
    assert_eq!(state_of(&billing, "order_1").await, State::Revoked);
    sweep(&billing).await;
    assert_eq!(billing.psp.world().posts, ["delete key1"]);
}

#[tokio::test]
async fn what_was_taken_back_a_moment_ago_is_not_in_the_way() {
    let billing = billing().await;
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", START.plus(DAY))]).await.unwrap();
    billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    assert_eq!(delete(&billing, &ScheduleDisposition::InTheWay).await, Ok(KeyDeleted::Done));
    assert_eq!(billing.psp.world().posts, ["register order_1", "revoke order_1", "delete key1"]);
}

/// The PSP's list is asked from twenty days back to a day beyond the longest time ahead.
#[tokio::test]
async fn what_the_psp_would_run_within_the_longest_time_ahead_is_in_the_way_and_nothing_beyond_its_list() {
    let (first, end) = (-20 * DAY, 401 * DAY);
    let in_the_way = [first, 0, 399 * DAY, 400 * DAY - 1, 400 * DAY, end - 1].map(|seconds| (seconds, true));
    for (seconds, in_the_way) in in_the_way.into_iter().chain([(first - 1, false), (end, false)]) {
        let billing = billing().await;
        registered_elsewhere(&billing, "other-system-2", "key1");
        billing.psp.world().schedules.get_mut("other-system-2").unwrap().schedule_at = START.plus(seconds);
        let deleted = delete(&billing, &ScheduleDisposition::InTheWay).await;
        let expected = if in_the_way { Err(Failure::KeyInUse) } else { Ok(KeyDeleted::Done) };
        assert_eq!((deleted, deletions(&billing.psp)), (expected, usize::from(!in_the_way)), "in {seconds} s");
    }
}

#[tokio::test]
async fn what_was_claimed_is_waited_for_until_its_request_cannot_be_carried_out_any_more() {
    let billing = lossy().await;
    let claim = Claim::new(Purpose::Register, billing.host.nonce(), START, &billing.policy);
    let new = new_schedule("order_1", START.plus(DAY));
    let plan = Flow::Schedule { schedule_at: new.schedule_at };
    let claimed = Payment::claimed(new.order, customer("kim"), plan, START, claim);
    assert_eq!(billing.store.rows.insert(&[claimed]).await, Ok(vec![Saved::Done]));
    billing.store.index_lags(true);
    for second in 0..QUARANTINE {
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
        assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "after {second} s: {deleted:?}");
        billing.advance(1);
    }
    assert_eq!(deletions(&billing.psp), 0);
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
    assert_eq!((deleted, deletions(&billing.psp)), (Ok(KeyDeleted::Done), 1));
}

#[tokio::test]
async fn a_deletion_that_is_asked_for_again_begins_anew_only_if_something_else_is_wanted() {
    for (first, second) in (0..4).flat_map(|first| (0..4).map(move |second| (first, second))) {
        let billing = billing().await;
        let wishes = wishes(two_more(&billing).await);
        let (first, second) = (&wishes[first], &wishes[second]);
        // The PSP does not say what it would run.
        billing.psp.world().looks_fail = true;
        assert!(matches!(delete(&billing, first).await, Ok(KeyDeleted::Pending(_))));
        let before = stored(&billing, "key1").await;
        billing.advance(60);
        assert!(matches!(delete(&billing, second).await, Ok(KeyDeleted::Pending(_))));
        let after = stored(&billing, "key1").await;
        let goes_on = second == first || *second == ScheduleDisposition::InTheWay;
        let wish = if goes_on { first } else { second };
        assert_eq!((after.cascade, after.successor), promised(wish), "{first:?}, then {second:?}");
        assert_eq!(after.claim == before.claim, goes_on, "{first:?}, then {second:?}");
        assert_eq!([before.alarm_at, after.alarm_at], [Some(START.plus(DAY)); 2], "{first:?}, then {second:?}");
        assert_eq!(deletions(&billing.psp), 0);
    }
}

#[tokio::test]
async fn a_person_is_told_a_day_after_the_first_wish_however_often_another_one_follows() {
    let billing = billing().await;
    let wishes = wishes(two_more(&billing).await);
    billing.psp.world().looks_fail = true;
    for (number, second) in (0..24).map(|hour| hour * 3_600).chain([DAY - 1]).enumerate() {
        billing.wait_until(START.plus(second));
        assert!(matches!(delete(&billing, &wishes[number % 4]).await, Ok(KeyDeleted::Pending(_))));
        assert!(billing.alarms().is_empty(), "after {second} s");
    }
    billing.advance(1);
    assert!(matches!(delete(&billing, &ScheduleDisposition::Revoke).await, Ok(KeyDeleted::Pending(_))));
    assert_eq!(billing.alarms(), ["key_deletion_stuck"]);
}

#[tokio::test]
async fn why_the_psp_would_not_delete_a_key_is_kept_when_another_wish_follows() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(1)]);
    assert!(matches!(delete(&billing, &ScheduleDisposition::InTheWay).await, Ok(KeyDeleted::Pending(_))));
    let refused = stored(&billing, "key1").await.refusal;
    assert!(refused.is_some());
    billing.psp.world().looks_fail = true;
    assert!(matches!(delete(&billing, &ScheduleDisposition::Revoke).await, Ok(KeyDeleted::Pending(_))));
    assert_eq!(stored(&billing, "key1").await.refusal, refused);
}

/// Somebody else marks the key between the look at it and the mark.
#[tokio::test]
async fn whoever_is_overtaken_goes_on_with_the_very_same_wish_and_with_no_other() {
    for (ours, theirs) in (0..4).flat_map(|ours| (0..4).map(move |theirs| (ours, theirs))) {
        let billing = lossy().await;
        let wishes = wishes(two_more(&billing).await);
        let key = billing.store.rows.key(&uid("key1")).await.unwrap().unwrap();
        let (cascade, successor) = promised(&wishes[theirs]);
        let (version, state, due_at) = (key.version + 1, KeyState::Deleting, Some(START.plus(30)));
        let marked = BillingKey { version, state, due_at, cascade, successor, ..key };
        billing.store.will([Fate::Dropped]);
        billing.store.meanwhile(marked.clone());
        let deleted = billing.delete_key(&Caller::Merchant, "key1", wishes[ours].clone()).await;
        let stored = billing.store.rows.key(&uid("key1")).await.unwrap().unwrap();
        if ours == theirs {
            assert_eq!((deleted, deletions(&billing.psp)), (Ok(KeyDeleted::Done), 1), "{:?}", wishes[ours]);
            assert_eq!(stored.state, KeyState::Deleted);
        } else {
            let answer = (deleted, deletions(&billing.psp));
            assert_eq!(answer, (Err(Failure::IdempotencyInProgress), 0), "{:?}, {:?}", wishes[ours], wishes[theirs]);
            assert_eq!(stored, marked);
        }
    }
}

#[tokio::test]
async fn whoever_is_overtaken_by_anything_but_a_deletion_does_not_delete() {
    for (state, answer) in [
        (KeyState::Active, Err(Failure::IdempotencyInProgress)),
        (KeyState::Abandoned, Err(Failure::IdempotencyInProgress)),
        (KeyState::Deleted, Ok(KeyDeleted::Done)),
    ] {
        let billing = lossy().await;
        let key = billing.store.rows.key(&uid("key1")).await.unwrap().unwrap();
        billing.store.will([Fate::Dropped]);
        billing.store.meanwhile(BillingKey { version: key.version + 1, state, ..key });
        assert_eq!(
            billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await,
            answer,
            "{state:?}"
        );
        assert_eq!(deletions(&billing.psp), 0, "{state:?}");
    }
}

/// Each look at the clock takes a while, and two of them lie between a deletion's mark and its sending: of the twenty seconds for
/// writing a claim six are kept back.
#[tokio::test]
async fn a_deletion_whose_mark_took_fourteen_seconds_is_not_sent_under_it() {
    for (seconds, sent) in [(6, 1), (7, 0)] {
        let billing = billing().await;
        billing.psp.world().looks_fail = true;
        assert!(matches!(delete(&billing, &ScheduleDisposition::InTheWay).await, Ok(KeyDeleted::Pending(_))));
        billing.psp.world().looks_fail = false;
        billing.advance(60);
        billing.host.ticking.store(seconds, Ordering::Relaxed);
        sweep(&billing).await;
        billing.host.ticking.store(0, Ordering::Relaxed);
        assert_eq!(deletions(&billing.psp), sent, "{} s", 2 * seconds);
        billing.advance(300);
        sweep(&billing).await;
        assert_eq!((key_state(&billing, "key1").await, deletions(&billing.psp)), (KeyState::Deleted, 1));
    }
}
