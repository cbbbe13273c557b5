//! Billing keys that vanish at the PSP, and such as it will not let go.

use billing::key::KeyState;
use billing::ports::{Clock, KeyStore, SubscriptionStore};
use billing::report::Verdict;
use billing::usecase::{Caller, Comparison, Failure, KeyDeleted, ScheduleDisposition};
use billing::{CustomerUid, Timestamp};

use crate::fixture::{
    Act, TestBilling, TestWorld, billing, customer, issue_request, key_snapshot, key_state, order, secret,
};
use crate::schedule::new_schedule;
use crate::sweep::sweep;

const HOUR: i64 = 3_600;
const DAY: i64 = 86_400;

/// Its customer takes the card off in the pay app.
fn taken_off(billing: &TestBilling) {
    billing.psp.world().keys.remove("key1");
}

async fn confirm(billing: &TestBilling) -> Result<KeyState, Failure> {
    billing.confirm_key(&Caller::Customer(customer("kim")), "key1").await.map(|row| row.state)
}

async fn missing_since(billing: &TestBilling) -> Option<Timestamp> {
    billing.store.key(&CustomerUid::parse("key1").unwrap()).await.unwrap().unwrap().missing_since
}

#[tokio::test]
async fn a_refusal_that_names_the_key_has_it_looked_up_twice_and_deleted() {
    let billing = billing().await;
    taken_off(&billing);
    billing.psp.will([Act::Unregistered]);
    billing.charge(order("order_1"), None).await.unwrap();
    sweep(&billing).await;
    assert_eq!(
        (key_state(&billing, "key1").await, billing.alarms()),
        (KeyState::Active, vec!["request_refused"]),
        "one look is no proof"
    );
    billing.advance(599);
    sweep(&billing).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active);
    billing.advance(1);
    sweep(&billing).await;
    let alarms = vec!["key_gone"];
    assert_eq!((key_state(&billing, "key1").await, billing.alarms()), (KeyState::Deleted, alarms));
    assert_eq!(billing.charge(order("order_2"), None).await, Err(Failure::KeyInactive));
    billing.advance(DAY);
    assert_eq!(sweep(&billing).await.seen, 0, "nothing is owed any more");
}

#[tokio::test]
async fn a_refusal_with_other_words_costs_no_look() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(billing.store.key(&CustomerUid::parse("key1").unwrap()).await.unwrap().unwrap().due_at, None);
}

#[tokio::test]
async fn a_key_that_is_there_again_stays_active() {
    let billing = billing().await;
    let key = billing.psp.world().keys["key1"].clone();
    taken_off(&billing);
    assert_eq!(confirm(&billing).await, Ok(KeyState::Active));
    assert_eq!(missing_since(&billing).await, Some(billing.host.now()));
    // It was charged meanwhile if somebody wanted that; here the PSP had lost its mind for a minute.
    billing.psp.world().keys.insert("key1".to_owned(), key);
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!((key_state(&billing, "key1").await, missing_since(&billing).await), (KeyState::Active, None));
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn no_answer_is_no_evidence() {
    let billing = billing().await;
    taken_off(&billing);
    confirm(&billing).await.unwrap();
    billing.psp.world().down = true;
    billing.advance(DAY);
    sweep(&billing).await;
    assert_eq!(confirm(&billing).await, Ok(KeyState::Active));
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}

#[tokio::test]
async fn whoever_confirms_a_key_that_is_gone_is_told_so() {
    let billing = billing().await;
    assert_eq!(confirm(&billing).await, Ok(KeyState::Active));
    taken_off(&billing);
    assert_eq!(confirm(&billing).await, Ok(KeyState::Active), "asked once more in ten minutes");
    assert!(missing_since(&billing).await.is_some());
    billing.advance(600);
    assert_eq!(confirm(&billing).await, Err(Failure::KeyInactive));
    assert_eq!(billing.alarms(), ["key_gone"]);
}

#[tokio::test]
async fn the_daily_comparison_looks_for_the_keys_of_its_rows_with_one_call_a_page() {
    let billing = billing().await;
    for (uid, days) in [("order_1", 3), ("order_2", 20), ("order_3", 50)] {
        let new = new_schedule(uid, billing.host.now().plus(days * DAY));
        billing.schedule(&CustomerUid::parse("key1").unwrap(), None, vec![new]).await.unwrap();
    }
    billing.advance(HOUR);
    let Comparison::Finished(report) = billing.compare(billing.host.now().plus(HOUR)).await.unwrap() else { panic!() };
    assert_eq!(report.verdict, Some(Verdict::Matched));
    billing.advance(DAY);
    taken_off(&billing);
    let Comparison::Finished(report) = billing.compare(billing.host.now().plus(HOUR)).await.unwrap() else { panic!() };
    assert_eq!((report.verdict, report.counts.missing), (Some(Verdict::Unmatched), 1), "each key once");
    billing.advance(600);
    sweep(&billing).await;
    assert_eq!((key_state(&billing, "key1").await, billing.alarms()), (KeyState::Deleted, vec!["key_gone"]));
}

#[tokio::test]
async fn a_charge_of_these_days_is_enough_for_the_comparison_to_look() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    taken_off(&billing);
    billing.advance(HOUR);
    let Comparison::Finished(report) = billing.compare(billing.host.now().plus(HOUR)).await.unwrap() else { panic!() };
    assert_eq!(report.counts.missing, 1);
}

#[tokio::test]
async fn the_subscription_of_a_key_that_is_gone_is_looked_at_at_once() {
    let billing = billing().await;
    let id = billing.subscribe(crate::subscription::wanted(), &secret()).await.unwrap().id;
    taken_off(&billing);
    confirm(&billing).await.unwrap();
    billing.advance(600);
    let before = billing.store.subscription(&id).await.unwrap().unwrap();
    assert!(before.due_at.unwrap() > billing.host.now());
    sweep(&billing).await;
    let after = billing.store.subscription(&id).await.unwrap().unwrap();
    assert!(after.version > before.version, "it was woken");
    let key = billing.store.key(&CustomerUid::parse("key1").unwrap()).await.unwrap().unwrap();
    assert_eq!((key.state, key.due_at), (KeyState::Deleted, None), "and nothing is owed any more");
}

#[tokio::test]
async fn a_deletion_that_is_refused_is_tried_by_the_calendar_shows_why_and_is_told_once_a_day() {
    let billing = billing().await;
    billing.psp.will(std::iter::repeat_n(Act::Refuse(-1), 500));
    let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
    assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "{deleted:?}");
    let row = billing.billing_key(&Caller::Merchant, "key1").await.unwrap();
    assert_eq!(
        (row.state, row.refusal.map(|refusal| refusal.message)),
        (KeyState::Deleting, Some("PG 거절".to_owned()))
    );
    let mut alarms = Vec::new();
    for tick in 0..3 * 288 {
        billing.advance(300);
        sweep(&billing).await;
        alarms.extend(billing.alarms().into_iter().map(|name| (tick / 288, name)));
    }
    assert_eq!(alarms, [(1, "key_deletion_stuck"), (2, "key_deletion_stuck")]);
    let tries = billing.psp.world().posts.iter().filter(|post| *post == "delete key1").count();
    assert!((60..90).contains(&tries), "by the hour, and not with every sweep: {tries}");
    // Whoever asks again waits no longer for the alarm; once it is let go it is gone.
    billing.psp.forgives();
    assert_eq!(billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await, Ok(KeyDeleted::Done));
    let row = billing.billing_key(&Caller::Merchant, "key1").await.unwrap();
    assert_eq!((row.state, row.refusal, row.alarm_at), (KeyState::Deleted, None, None));
}

#[tokio::test]
async fn an_orphan_that_cannot_be_deleted_is_told_once_a_day() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    let request = issue_request("request-1", "4242424242424242");
    let row = billing.issue_key(request, &secret()).await.unwrap();
    let uid = row.customer_uid.to_string();
    billing.psp.world().keys.insert(uid.clone(), key_snapshot(&uid, "424242******4242"));
    billing.psp.will(std::iter::repeat_n(Act::Refuse(-1), 500));
    let mut alarms = 0;
    for _ in 0..2 * 288 {
        billing.advance(300);
        sweep(&billing).await;
        alarms += billing.alarms().len();
    }
    assert_eq!(alarms, 2);
}
