//! A key that is deleted in the moment in which schedules are registered on it, while the index shows none of them.

use billing::key::{KeyState, REGISTRATIONS_KEPT};
use billing::order::Order;
use billing::payment::{Claim, Flow, Payment, Purpose, State};
use billing::ports::{Clock, Entropy, KeyStore, PaymentStore, Saved, SchedulePsp};
use billing::usecase::{Caller, Failure, KeyDeleted, ScheduleDisposition};
use billing::{MerchantUid, Timestamp};

use crate::fixture::{Act, TestWorld, customer, uid};
use crate::lossy::{LossyBilling, lossy};
use crate::schedule::new_schedule;

const DAY: i64 = 86_400;

/// Somebody claims schedules on `key1`, and has not registered them yet. `merchant_uids` are claimed by one transaction.
async fn claims(billing: &LossyBilling, merchant_uids: &[&str]) -> Vec<Payment> {
    let now = billing.host.now();
    let claim = Claim::new(Purpose::Register, billing.host.nonce(), now, &billing.policy);
    let claimed = |merchant_uid: &&str| {
        let new = new_schedule(merchant_uid, now.plus(DAY));
        let plan = Flow::Schedule { schedule_at: new.schedule_at };
        Payment::claimed(new.order, customer("kim"), plan, now, claim.clone())
    };
    let rows: Vec<Payment> = merchant_uids.iter().map(claimed).collect();
    assert!(billing.store.rows.insert(&rows).await.unwrap().iter().all(|saved| *saved == Saved::Done));
    rows
}

/// They are registered.
async fn registers(billing: &LossyBilling, rows: &[Payment]) {
    let orders: Vec<(&Order, Timestamp)> = rows.iter().map(|row| (&row.order, row.schedule_at().unwrap())).collect();
    billing.psp.register(&uid("key1"), &orders).await;
}

async fn state(billing: &LossyBilling) -> KeyState {
    billing.store.rows.key(&uid("key1")).await.unwrap().unwrap().state
}

async fn state_of(billing: &LossyBilling, merchant_uid: &str) -> State {
    let row = billing.store.rows.payment(&MerchantUid::parse(merchant_uid).unwrap()).await.unwrap();
    row.unwrap().state
}

fn deletions(billing: &LossyBilling) -> usize {
    billing.psp.world().posts.iter().filter(|post| post.starts_with("delete")).count()
}

/// The key is to be deleted with what is on it, which is under way: no deletion is sent while a schedule may be registered yet that
/// neither the index nor the PSP shows.
async fn waits(billing: &LossyBilling) {
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
    assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "{deleted:?}");
    assert_eq!(deletions(billing), 0);
}

async fn sweeps(billing: &LossyBilling, seconds: i64) {
    billing.advance(seconds);
    billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
}

#[tokio::test]
async fn a_key_waits_for_the_schedules_that_were_claimed_just_before_it_was_marked() {
    let billing = lossy().await;
    billing.store.index_lags(true);
    let rows = claims(&billing, &["order_1", "order_2"]).await;
    waits(&billing).await;
    registers(&billing, &rows).await;
    for _ in 0..10 {
        sweeps(&billing, 60).await;
    }
    let posts = billing.psp.world().posts.clone();
    assert_eq!(posts.last().map(String::as_str), Some("delete key1"), "{posts:?}");
    assert_eq!((state(&billing).await, deletions(&billing)), (KeyState::Deleted, 1));
    for merchant_uid in ["order_1", "order_2"] {
        assert_eq!(state_of(&billing, merchant_uid).await, State::Revoked);
    }
}

#[tokio::test]
async fn what_was_claimed_and_never_sent_keeps_no_key() {
    let billing = lossy().await;
    billing.store.index_lags(true);
    claims(&billing, &["order_1"]).await;
    waits(&billing).await;
    for _ in 0..10 {
        sweeps(&billing, 60).await;
    }
    assert_eq!((state(&billing).await, deletions(&billing)), (KeyState::Deleted, 1));
}

#[tokio::test]
async fn a_claim_before_the_last_one_is_waited_for_too_though_it_is_of_the_same_second() {
    for apart in [1, 0] {
        let billing = lossy().await;
        billing.store.index_lags(true);
        claims(&billing, &["order_1"]).await;
        billing.advance(apart);
        let new = new_schedule("order_2", billing.host.now().plus(DAY));
        billing.schedule(&uid("key1"), None, vec![new]).await.unwrap();
        waits(&billing).await;
    }
}

#[tokio::test]
async fn schedules_whose_registration_is_answered_delay_no_deletion() {
    let billing = lossy().await;
    let tomorrow = billing.host.now().plus(DAY);
    // In one transaction, as they are sent in one POST.
    let many = (1..=50).map(|number| new_schedule(&format!("order_{number}"), tomorrow.plus(number))).collect();
    billing.schedule(&uid("key1"), None, many).await.unwrap();
    let in_use = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
    assert_eq!(in_use, Err(Failure::KeyInUse));
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
    assert_eq!(deleted, Ok(KeyDeleted::Done));
}

#[tokio::test]
async fn of_requests_one_after_another_each_is_known_by_its_own_answer() {
    let (kept, more) = (REGISTRATIONS_KEPT - 1, REGISTRATIONS_KEPT);
    for (requests, seconds, deletes_at_once) in [(kept, 1, true), (more, 1, false), (more, 60, true)] {
        let billing = lossy().await;
        let tomorrow = billing.host.now().plus(DAY);
        for number in 0..requests {
            let new = new_schedule(&format!("order_{number}"), tomorrow);
            billing.schedule(&uid("key1"), None, vec![new]).await.unwrap();
            billing.advance(seconds);
        }
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await;
        assert_eq!(deleted == Ok(KeyDeleted::Done), deletes_at_once, "{requests} in {seconds} s each: {deleted:?}");
    }
}

#[tokio::test]
async fn what_was_promised_and_never_left_is_in_the_way_though_no_index_shows_it() {
    for (schedules, ends) in
        [(ScheduleDisposition::InTheWay, State::Scheduled), (ScheduleDisposition::Revoke, State::Revoked)]
    {
        let billing = lossy().await;
        billing.psp.will([Act::Unreachable]);
        let new = new_schedule("order_1", billing.host.now().plus(DAY));
        billing.schedule(&uid("key1"), None, vec![new]).await.unwrap();
        assert_eq!(state_of(&billing, "order_1").await, State::Intent, "the PSP was not reached");
        billing.store.index_lags(true);
        let deleted = billing.delete_key(&Caller::Merchant, "key1", schedules.clone()).await;
        let answer = if ends == State::Scheduled { Err(Failure::KeyInUse) } else { Ok(KeyDeleted::Done) };
        assert_eq!(deleted, answer);
        sweeps(&billing, 60).await;
        assert_eq!(state_of(&billing, "order_1").await, ends);
    }
}

#[tokio::test]
async fn what_can_be_taken_off_is_taken_off_at_once() {
    let billing = lossy().await;
    let new = new_schedule("order_1", billing.host.now().plus(300));
    billing.schedule(&uid("key1"), None, vec![new]).await.unwrap();
    billing.advance(60);
    claims(&billing, &["order_2"]).await;
    billing.store.index_lags(true);
    waits(&billing).await;
    assert_eq!(
        billing.psp.world().posts,
        ["register order_1", "revoke order_1"],
        "it would run while the other is waited for"
    );
    assert_eq!(state_of(&billing, "order_1").await, State::Revoked);
}

#[tokio::test]
async fn what_a_look_has_found_says_nothing_of_the_rest_of_its_post() {
    let billing = lossy().await;
    let (first, second) = (claims(&billing, &["order_1", "order_2"]).await, "order_2");
    registers(&billing, &first[..1]).await;
    billing.store.index_lags(true);
    billing.advance(31);
    // The first is found. The second may still be registered by the same POST.
    billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
    assert_eq!(
        (state_of(&billing, "order_1").await, state_of(&billing, second).await),
        (State::Scheduled, State::Claimed)
    );
    waits(&billing).await;
}
