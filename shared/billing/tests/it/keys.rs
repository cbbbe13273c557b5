//! Billing keys: issued once, shown masked, deleted in the PSP's order.

use billing::fingerprint::FingerprintKey;
use billing::key::KeyState;
use billing::payment::{RefusedBy, State};
use billing::ports::{Clock, KeyStore};
use billing::usecase::{Caller, Failure, KeyDeleted, ScheduleDisposition};

use crate::fixture::payments::scheduled_order_1;
use crate::fixture::{Act, TestBilling, TestWorld, billing, customer, issue_request, key_state, secret};
use crate::foreign::registered_elsewhere;
use crate::schedule::new_schedule;
use crate::sweep::{sweep, sweeps};

const CARD: &str = "4242424242424242";
const OTHER_CARD: &str = "5555555555554444";

#[tokio::test]
async fn a_key_is_issued_under_a_name_that_says_nothing() {
    let billing = billing().await;
    let row = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    assert_eq!((row.state, row.due_at), (KeyState::Active, None));
    assert_eq!(row.record.as_ref().unwrap().card_number.as_deref(), Some("424242******4242"));
    let name = row.customer_uid.as_str();
    assert_eq!(name.len(), 35);
    assert!(!name.contains("kim") && !name.contains("4242") && name.bytes().all(|b| b.is_ascii_alphanumeric()));
    assert!(!format!("{row:?}").contains(CARD));
}

#[tokio::test]
async fn the_same_request_again_is_the_same_key_and_no_second_post() {
    let billing = billing().await;
    for act in [Act::Approve, Act::Refuse(-1)] {
        billing.psp.world().posts.clear();
        let name = format!("request-{act:?}");
        billing.psp.will([act]);
        let first = billing.issue_key(issue_request(&name, CARD), &secret()).await.unwrap();
        let again = billing.issue_key(issue_request(&name, CARD), &secret()).await.unwrap();
        assert_eq!((first, 1), (again, billing.psp.world().posts.len()));
    }
}

#[tokio::test]
async fn another_card_or_customer_under_the_same_name() {
    let billing = billing().await;
    let first = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    let other_card = billing.issue_key(issue_request("request-1", OTHER_CARD), &secret()).await;
    assert_eq!(other_card, Err(Failure::IdempotencyKeyReused));
    let mut by_lee = issue_request("request-1", CARD);
    by_lee.customer_id = customer("lee");
    let of_lee = billing.issue_key(by_lee, &secret()).await.unwrap();
    assert_ne!(of_lee.customer_uid, first.customer_uid, "names of different customers are independent");
}

#[tokio::test]
async fn a_refused_card_is_abandoned_and_confirmed_once() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    let row = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    assert!(row.was_refused());
    billing.advance(155);
    assert_eq!(sweep(&billing).await.settled, 1);
    assert_eq!(sweep(&billing).await.seen, 0);
}

#[tokio::test]
async fn a_key_that_appears_after_its_card_was_refused_is_deleted() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    let row = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    let mut late = billing.psp.world().keys.get("key1").unwrap().clone();
    late.customer_uid = row.customer_uid.to_string();
    billing.psp.world().keys.insert(row.customer_uid.to_string(), late);
    billing.advance(155);
    sweep(&billing).await;
    assert_eq!(billing.alarms(), ["orphan_key"]);
    assert!(!billing.psp.world().keys.contains_key(row.customer_uid.as_str()));
}

#[tokio::test]
async fn a_lost_issue_is_found_later_or_abandoned_and_the_card_is_never_sent_by_the_sweep() {
    let billing = billing().await;
    billing.psp.will([Act::ApproveAndLose]);
    let found = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    assert_eq!(found.state, KeyState::Active, "a look at once");

    billing.psp.will([Act::Lose]);
    let lost = billing.issue_key(issue_request("request-2", CARD), &secret()).await.unwrap();
    assert_eq!((lost.state, lost.outcome_unknown), (KeyState::Issuing, true));
    let again = billing.issue_key(issue_request("request-2", CARD), &secret()).await.unwrap();
    assert_eq!(again, lost, "still pending, and not sent again");
    billing.advance(155);
    sweep(&billing).await;
    assert_eq!(key_state(&billing, lost.customer_uid.as_str()).await, KeyState::Abandoned);
    assert_eq!(billing.psp.world().posts.len(), 2);

    let retyped = billing.issue_key(issue_request("request-2", CARD), &secret()).await.unwrap();
    assert_eq!(retyped.state, KeyState::Active, "the customer typed the same card again");
}

#[tokio::test]
async fn a_card_that_never_left_is_unavailable_and_can_be_sent_again() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    let unsent = billing.issue_key(issue_request("request-1", CARD), &secret()).await;
    assert_eq!(unsent, Err(Failure::Unavailable));
    let sent = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    assert_eq!(sent.state, KeyState::Active);
}

#[tokio::test]
async fn a_key_of_a_test_channel_is_refused_in_production() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let lost = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    let mut test_key = billing.psp.world().keys.get("key1").unwrap().clone();
    test_key.customer_uid = lost.customer_uid.to_string();
    test_key.sandbox = true;
    billing.psp.world().keys.insert(lost.customer_uid.to_string(), test_key);
    billing.advance(60);
    sweep(&billing).await;
    assert_eq!(billing.alarms(), ["key_mismatch"]);
    assert_eq!(key_state(&billing, lost.customer_uid.as_str()).await, KeyState::Abandoned);
}

#[tokio::test]
async fn a_verification_code_is_refused_where_the_pg_takes_none() {
    let billing = billing().await;
    let mut request = issue_request("request-1", CARD);
    request.card.cvc = billing::card::Cvc::parse("123").ok();
    let Err(Failure::Invalid(invalid)) = billing.issue_key(request, &secret()).await else { panic!("accepted") };
    assert_eq!(invalid.code, "cvc_not_accepted");
}

#[tokio::test]
async fn a_key_with_schedules_is_deleted_only_with_them() {
    let billing = billing().await;
    let new = new_schedule("order_1", billing.host.now().plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    let kim = Caller::Customer(customer("kim"));
    assert_eq!(billing.delete_key(&kim, "key1", ScheduleDisposition::InTheWay).await, Err(Failure::KeyInUse));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active);

    assert_eq!(billing.delete_key(&kim, "key1", ScheduleDisposition::Revoke).await, Ok(KeyDeleted::Done));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
    assert_eq!(scheduled_order_1(&billing).await.state, State::Revoked);
    assert_eq!(billing.psp.world().posts, ["register order_1", "revoke order_1", "delete key1"]);
    assert_eq!(
        billing.delete_key(&kim, "key1", ScheduleDisposition::Revoke).await,
        Ok(KeyDeleted::Done),
        "deleting it again is done"
    );
}

#[tokio::test]
async fn a_deletion_whose_answer_was_lost_is_carried_on_by_the_sweep() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let kim = Caller::Customer(customer("kim"));
    let deleted = billing.delete_key(&kim, "key1", ScheduleDisposition::InTheWay).await;
    assert!(matches!(deleted, Ok(KeyDeleted::Pending(_))), "{deleted:?}");
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleting);
    billing.advance(60);
    sweep(&billing).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Deleted);
}

#[tokio::test]
async fn a_deletion_without_cascade_that_died_never_revokes_a_schedule() {
    let billing = billing().await;
    let new = new_schedule("order_1", billing.host.now().plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    // Marked by a deletion that found no schedule, lost its race with the one above, and died.
    let key = billing.store.key(&billing::CustomerUid::parse("key1").unwrap()).await.unwrap().unwrap();
    let due_at = Some(billing.host.now());
    let marked = billing::key::BillingKey { version: key.version + 1, state: KeyState::Deleting, due_at, ..key };
    billing.store.save_key(&marked).await.unwrap();
    sweep(&billing).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active);
    assert_eq!(scheduled_order_1(&billing).await.state, State::Scheduled);
}

#[tokio::test]
async fn a_key_is_not_promised_again_while_a_deletion_may_be_on_its_way() {
    for arrives in [true, false] {
        let billing = billing().await;
        billing.psp.will([Act::Hang]);
        let kim = Caller::Customer(customer("kim"));
        // Whoever deletes it dies with the deletion on its way.
        tokio::select! {
            biased;
            told = billing.delete_key(&kim, "key1", ScheduleDisposition::InTheWay) => panic!("{told:?}"),
            () = std::future::ready(()) => {}
        }
        registered_elsewhere(&billing, "other-system-2", "key1");
        billing.advance(60);
        sweep(&billing).await;
        assert_eq!(key_state(&billing, "key1").await, KeyState::Deleting, "it may be carried out yet");
        if arrives {
            billing.psp.world().keys.remove("key1");
        }
        sweeps(&billing, 8, 300).await;
        let expected = if arrives { KeyState::Deleted } else { KeyState::Active };
        assert_eq!(key_state(&billing, "key1").await, expected);
    }
}

#[tokio::test]
async fn a_key_that_was_restored_knows_nothing_of_the_deletion_before() {
    let billing = billing().await;
    let kim = Caller::Customer(customer("kim"));
    billing.psp.will([Act::Refuse(1)]);
    let refused = billing.delete_key(&kim, "key1", ScheduleDisposition::InTheWay).await;
    assert!(matches!(refused, Ok(KeyDeleted::Pending(_))), "{refused:?}");
    registered_elsewhere(&billing, "other-system-2", "key1");
    sweeps(&billing, 8, 300).await;
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active);
    billing.advance(86_400);
    assert_eq!(billing.delete_key(&kim, "key1", ScheduleDisposition::InTheWay).await, Err(Failure::KeyInUse));
    assert_eq!(key_state(&billing, "key1").await, KeyState::Active, "and it can be charged");
}

#[tokio::test]
async fn a_foreign_key_is_as_unknown_as_none() {
    let billing = billing().await;
    let lee = Caller::Customer(customer("lee"));
    for uid in ["key1", "nothing", "../x", ""] {
        assert_eq!(billing.billing_key(&lee, uid).await, Err(Failure::NotFound));
        assert_eq!(billing.delete_key(&lee, uid, ScheduleDisposition::Revoke).await, Err(Failure::NotFound));
    }
    assert_eq!(billing.billing_keys(&customer("lee"), 10, None).await.unwrap().items, []);
    assert_eq!(billing.billing_keys(&customer("kim"), 10, None).await.unwrap().items.len(), 2);
    assert!(billing.store.key(&billing::CustomerUid::parse("key1").unwrap()).await.unwrap().is_some());
}

#[tokio::test]
async fn a_repeat_is_recognised_while_the_secret_is_being_rotated() {
    let billing = billing().await;
    let key = |byte| FingerprintKey::new(&[byte; 32]).unwrap();
    let stages = [key(1), key(1).beside(vec![key(2)]), key(2).beside(vec![key(1)])];
    let row = billing.issue_key(issue_request("request-1", CARD), &stages[0]).await.unwrap();
    for stage in &stages {
        assert_eq!(billing.issue_key(issue_request("request-1", CARD), stage).await.unwrap(), row);
        let other_card = billing.issue_key(issue_request("request-1", OTHER_CARD), stage).await;
        assert_eq!(other_card, Err(Failure::IdempotencyKeyReused));
    }
    let new = billing.issue_key(issue_request("request-2", CARD), &stages[2]).await.unwrap();
    // A function that still has the stage before.
    assert_eq!(billing.issue_key(issue_request("request-2", CARD), &stages[1]).await.unwrap(), new);
}

#[tokio::test]
async fn a_refusal_of_our_request_does_not_blame_the_card() {
    let billing = billing().await;
    for (request, code, by, alarms) in [
        ("request-1", -1, RefusedBy::Issuer, 0),
        ("request-2", 1, RefusedBy::Psp, 1),
        ("request-3", 400, RefusedBy::Psp, 1),
    ] {
        billing.psp.will([Act::Refuse(code)]);
        let row = billing.issue_key(issue_request(request, CARD), &secret()).await.unwrap();
        assert_eq!((row.state, row.refusal.map(|refusal| refusal.by())), (KeyState::Abandoned, Some(by)));
        assert_eq!(billing.alarms().len(), alarms);
    }
}

/// Instances of the same function, while one secret takes another's place.
fn rotation() -> [FingerprintKey; 2] {
    let key = |byte| FingerprintKey::new(&[byte; 32]).unwrap();
    [key(1).beside(vec![key(2)]), key(2).beside(vec![key(1)])]
}

#[tokio::test]
async fn a_card_is_sent_once_though_two_instances_name_the_same_request_by_different_secrets() {
    let billing = billing().await;
    let [old, new] = rotation();
    billing.psp.world().hesitates = true;
    let ask = |secret| billing.issue_key(issue_request("request-1", CARD), secret);
    let (first, second) = tokio::join!(ask(&old), ask(&new));
    let sent = |billing: &TestBilling| billing.psp.world().posts.iter().filter(|it| it.starts_with("issue")).count();
    assert_eq!(sent(&billing), 1, "{first:?} {second:?}");
    for secret in [&old, &new] {
        let again = ask(secret).await.unwrap();
        assert_eq!(
            (again.state, Ok(&again.customer_uid)),
            (KeyState::Active, first.as_ref().map(|key| &key.customer_uid))
        );
    }
    assert_eq!(sent(&billing), 1);
}

#[tokio::test]
async fn a_request_that_came_to_a_key_is_answered_by_it_whatever_else_stands_under_its_other_name() {
    let [old, new] = rotation();
    for [failed, done] in [[&old, &new], [&new, &old]] {
        let billing = billing().await;
        let alone = |secret: &FingerprintKey| secret.clone().beside(Vec::new());
        billing.psp.will([Act::Unreachable]);
        let refused = billing.issue_key(issue_request("request-1", CARD), &alone(failed)).await;
        assert_eq!(refused, Err(Failure::Unavailable));
        let key = billing.issue_key(issue_request("request-1", CARD), &alone(done)).await.unwrap();
        for secret in [&old, &new] {
            let again = billing.issue_key(issue_request("request-1", CARD), secret).await.unwrap();
            assert_eq!((again.state, &again.customer_uid), (KeyState::Active, &key.customer_uid));
        }
    }
}
