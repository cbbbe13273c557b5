//! Sequences that once went wrong, each as it was found.

mod window;

use billing::Timestamp;
use billing::payment::{
    Claim, Evidence, Flow, Payment, PostFailure, PspStatus, Purpose, ScheduleSnapshot, ScheduleStatus, Source, State,
    apply,
};
use billing::ports::{Clock, Entropy, PaymentStore};
use billing::usecase::{Caller, Failure, KeyDeleted, ScheduleDisposition, WebhookHint};

use crate::fixture::payments::order_1;
use crate::fixture::{
    Act, START, TestBilling, TestWorld, billing, customer, hint_of, order, refund_request, schedule_snapshot,
};
use crate::schedule::new_schedule;
use crate::sweep::sweeps;

const DAY: i64 = 86_400;

async fn scheduled(billing: &TestBilling, at: Timestamp) -> State {
    let new = new_schedule("order_1", at);
    let rows = billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    rows.first().unwrap().row().unwrap().state
}

fn at_the_psp(at: Timestamp) -> ScheduleSnapshot {
    schedule_snapshot("order_1", ScheduleStatus::Scheduled, at)
}

#[tokio::test]
async fn a_not_sent_that_comes_late_does_not_release_anothers_claim() {
    let billing = billing().await;
    let mine = Claim::new(Purpose::Charge, billing.host.nonce(), START, &billing.policy);
    let sent = Payment::claimed(order("order_1"), customer("kim"), Flow::Charge, START, mine.clone());
    // Somebody else found the row as an intent and is sending it.
    let theirs = Claim::new(Purpose::Charge, billing.host.nonce(), START, &billing.policy);
    let now_theirs = Payment { claim: Some(theirs), version: 3, ..sent };
    let late = Evidence::Posted { claim: mine.nonce, outcome: PostFailure::NotSent };
    assert_eq!(apply(&now_theirs, &late, Source::Reply, START, &billing.policy).row, now_theirs);
}

#[tokio::test]
async fn the_quarantine_covers_the_claims_own_write_the_post_and_a_late_execution() {
    let policy = billing::Policy::default();
    let slowest_write_and_secret = 16;
    let latest_execution = slowest_write_and_secret + policy.post_timeout_seconds + policy.quarantine_seconds;
    assert!(policy.claim_seconds() > latest_execution);
}

#[tokio::test]
async fn a_revocation_that_was_promised_is_carried_out_whatever_stands_in_its_way() {
    let billing = billing().await;
    scheduled(&billing, START.plus(DAY)).await;
    billing.psp.will([Act::Lose, Act::Unreachable, Act::Lose, Act::Unreachable]);
    assert!(billing.unschedule(&Caller::Merchant, "order_1").await.unwrap().claim.is_some(), "202");
    sweeps(&billing, 30, 300).await;
    assert_eq!(order_1(&billing).await.state, State::Revoked);
    assert_eq!(billing.psp.world().schedules["order_1"].schedule_status, ScheduleStatus::Revoked);
}

#[tokio::test]
async fn a_schedule_that_was_told_refused_is_revoked_or_its_payment_is_late() {
    for runs_first in [false, true] {
        let billing = billing().await;
        billing.psp.will([Act::Refuse(-1)]);
        let at = START.plus(600);
        assert_eq!(scheduled(&billing, at).await, State::Failed);
        billing.psp.world().schedules.insert("order_1".to_owned(), at_the_psp(at));
        billing.psp.will(if runs_first { vec![Act::Lose] } else { vec![Act::Unreachable] });
        sweeps(&billing, 1, 156).await;
        if runs_first {
            billing.advance(500);
            billing.psp.world().execute(&order("order_1"), PspStatus::Paid, at);
            sweeps(&billing, 3, 1_000).await;
            assert_eq!((order_1(&billing).await.state, billing.alarms().contains(&"late_paid")), (State::Paid, true));
        } else {
            sweeps(&billing, 2, 60).await;
            assert_eq!(order_1(&billing).await.state, State::Revoked);
        }
    }
}

#[tokio::test]
async fn of_two_moves_to_one_time_the_second_waits_for_the_first() {
    let billing = billing().await;
    scheduled(&billing, START.plus(DAY)).await;
    billing.psp.will([Act::Lose]);
    let to = START.plus(3 * DAY);
    let first = billing.reschedule(&Caller::Merchant, "order_1", to).await.unwrap();
    assert!(first.claim.is_some(), "202");
    assert_eq!(billing.reschedule(&Caller::Merchant, "order_1", to).await.unwrap(), first);
    sweeps(&billing, 1, 60).await;
    assert_eq!(billing.psp.world().posts, ["register order_1", "move order_1"], "it may still arrive");
    sweeps(&billing, 1, 100).await;
    let row = order_1(&billing).await;
    assert_eq!((row.schedule_at(), row.claim), (Some(to), None));
}

#[tokio::test]
async fn a_refund_is_not_settled_by_a_record_that_is_not_what_was_ordered() {
    let billing = billing().await;
    let paid = billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.will([Act::Lose]);
    let (row, refund) = billing.refund(refund_request(paid.merchant_uid().as_str(), "900", "refund-1")).await.unwrap();
    let mut wrong = row.record.clone().unwrap();
    wrong.amount.minor += 1;
    wrong.cancel_amount = 900;
    wrong.cancel_history.push(billing::payment::snapshot::CancelEntry {
        amount: 900,
        cancelled_at: Some(START),
        reason: Some(refund.sent_reason()),
        pg_tid: None,
        receipt_url: None,
    });
    let seen = Evidence::Records { list: vec![wrong], complete: false };
    let after = apply(&row, &seen, Source::Reply, START, &billing.policy).row;
    assert!(after.pending_refund().is_some() && after.due_at.is_some());
}

#[tokio::test]
async fn a_suspect_order_ends_when_a_person_has_given_the_money_back() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    let mut wrong = order("order_1");
    wrong.amount.minor = 1;
    billing.psp.world().record(&wrong, PspStatus::Paid, START);
    sweeps(&billing, 1, 60).await;
    assert_eq!(order_1(&billing).await.state, State::Suspect);
    if let Some(record) = billing.psp.world().payments.get_mut("order_1").unwrap().first_mut() {
        record.status = PspStatus::Cancelled;
        record.cancel_amount = 1;
    }
    sweeps(&billing, 3, 3_600).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Failed, None));
    assert_eq!(billing.psp.world().posts, ["charge order_1"], "and it is not charged by itself");
}

#[tokio::test]
async fn somebody_elses_failure_does_not_settle_a_registration_under_way() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let at = START.plus(DAY);
    scheduled(&billing, at).await;
    let failed = billing.psp.world().record(&order("order_1"), PspStatus::Failed, START);
    billing.notice(&hint_of(&failed)).await.unwrap();
    assert_eq!(order_1(&billing).await.state, State::Unknown);
    // The registration was executed late.
    billing.psp.world().schedules.insert("order_1".to_owned(), at_the_psp(at));
    sweeps(&billing, 1, 60).await;
    billing.advance(DAY);
    billing.psp.world().execute(&order("order_1"), PspStatus::Paid, at);
    sweeps(&billing, 2, 1_000).await;
    assert_eq!(order_1(&billing).await.state, State::Paid);
}

#[tokio::test]
async fn a_schedule_that_is_not_found_is_not_registered_again_if_it_was_paid() {
    let billing = billing().await;
    scheduled(&billing, START.plus(DAY)).await;
    billing.advance(DAY + 5);
    billing.psp.world().execute(&order("order_1"), PspStatus::Paid, START.plus(DAY));
    billing.psp.world().schedules.remove("order_1");
    sweeps(&billing, 2, 900).await;
    assert_eq!(order_1(&billing).await.state, State::Paid);
    assert_eq!(billing.psp.world().posts, ["register order_1"]);
}

#[tokio::test]
async fn a_revoked_row_that_was_made_due_comes_to_rest() {
    let billing = billing().await;
    scheduled(&billing, START.plus(DAY)).await;
    billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    let failed = billing.psp.world().record(&order("order_1"), PspStatus::Failed, START);
    billing.psp.world().down = true;
    billing.notice(&hint_of(&failed)).await.unwrap();
    billing.psp.world().down = false;
    sweeps(&billing, 3, 3_600).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Revoked, None));
}

#[tokio::test]
async fn a_schedule_that_was_seen_before_the_row_changed_is_not_applied_to_it() {
    let old = Evidence::Schedule(at_the_psp(START.plus(DAY)));
    assert!(!old.outlives_a_change() && !Evidence::NoSchedule.outlives_a_change());
    assert!(!Evidence::Records { list: Vec::new(), complete: true }.outlives_a_change());
}

#[tokio::test]
async fn a_cancellation_without_an_amount_is_a_whole_one() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    if let Some(record) = billing.psp.world().payments.get_mut("order_1").unwrap().first_mut() {
        record.status = PspStatus::Cancelled;
    }
    let imp_uid = order_1(&billing).await.imp_uid().unwrap().clone();
    billing.notice(&WebhookHint { imp_uid, merchant_uid: order("order_1").merchant_uid }).await.unwrap();
    assert_eq!(order_1(&billing).await.state, State::Refunded);
}

#[tokio::test]
async fn a_schedule_that_never_left_is_not_told_to_have_run() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    assert_eq!(scheduled(&billing, START.plus(DAY)).await, State::Intent);
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Revoked, None));
    assert!(billing.store.payment(row.merchant_uid()).await.unwrap().is_some());
    assert_eq!(billing.host.now(), START);
}

/// What anybody may do in a browser under an order number: the record names no billing key.
fn in_a_browser(billing: &TestBilling, amount: u64) -> WebhookHint {
    let mut world = billing.psp.world();
    let mut theirs = order("order_1");
    theirs.amount.minor = amount;
    let imp_uid = world.record(&theirs, PspStatus::Failed, START).imp_uid;
    world.payments.get_mut("order_1").unwrap().last_mut().unwrap().customer_uid = None;
    WebhookHint { imp_uid, merchant_uid: theirs.merchant_uid }
}

#[tokio::test]
async fn a_refusal_is_not_passed_over_for_a_strangers_failed_payment_of_another_amount() {
    let billing = billing().await;
    in_a_browser(&billing, 1);
    billing.psp.will([Act::Refuse(1)]);
    assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Failed);
    sweeps(&billing, 4, 156).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Failed, None));
    assert_eq!(billing.psp.world().posts, ["charge order_1"], "it is not sent for ever");
}

#[tokio::test]
async fn a_strangers_failed_payment_does_not_fail_a_charge_under_way() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(billing.charge(order("order_1"), None).await.unwrap().state, State::Unknown);
    let hint = in_a_browser(&billing, order("order_1").amount.minor);
    billing.notice(&hint).await.unwrap();
    sweeps(&billing, 1, 60).await;
    assert_eq!(order_1(&billing).await.state, State::Unknown);
    // Ours executes late.
    billing.psp.world().record(&order("order_1"), PspStatus::Paid, START.plus(100));
    sweeps(&billing, 1, 100).await;
    assert_eq!((order_1(&billing).await.state, billing.alarms()), (State::Paid, vec![]));
}

#[tokio::test]
async fn a_failed_payment_that_nobody_claims_fails_the_charge_once_nothing_of_ours_can_execute() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    in_a_browser(&billing, order("order_1").amount.minor);
    sweeps(&billing, 2, 156).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.due_at), (State::Failed, None));
}

#[tokio::test]
async fn a_strangers_failed_payment_keeps_no_lost_schedule_from_being_registered_again() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    assert_eq!(scheduled(&billing, START.plus(DAY)).await, State::Unknown);
    in_a_browser(&billing, order("order_1").amount.minor);
    sweeps(&billing, 4, 156).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, billing.psp.world().posts.len()), (State::Scheduled, 2), "{:?}", row.due_at);
}

#[tokio::test]
async fn a_registration_that_was_told_refused_stays_failed_for_its_caller_while_it_is_taken_back() {
    let billing = billing().await;
    let at = START.plus(DAY);
    billing.psp.will([Act::Refuse(-1), Act::Refuse(1)]);
    assert_eq!(scheduled(&billing, at).await, State::Failed);
    billing.psp.world().schedules.insert("order_1".to_owned(), at_the_psp(at));
    sweeps(&billing, 1, 156).await;
    let found = order_1(&billing).await;
    assert_eq!((found.state, found.told_state()), (State::Scheduled, State::Failed));
    sweeps(&billing, 3, 156).await;
    assert_eq!(order_1(&billing).await.told_state(), State::Revoked);
}

#[tokio::test]
async fn a_key_is_not_deleted_while_the_psp_would_still_run_a_suspect_schedule_on_it() {
    for cascade in [false, true] {
        let billing = billing().await;
        let at = START.plus(DAY);
        scheduled(&billing, at).await;
        billing.psp.world().schedules.get_mut("order_1").unwrap().amount.minor += 1;
        billing.advance(DAY / 2);
        let due = Payment { due_at: Some(START), version: 3, ..order_1(&billing).await };
        billing.store.save(&due).await.unwrap();
        sweeps(&billing, 1, 1).await;
        assert_eq!(order_1(&billing).await.state, State::Suspect);
        billing.psp.world().posts.clear();
        let deleted = billing
            .delete_key(
                &Caller::Merchant,
                "key1",
                if cascade { ScheduleDisposition::Revoke } else { ScheduleDisposition::InTheWay },
            )
            .await;
        if cascade {
            assert_eq!(deleted, Ok(KeyDeleted::Done));
            assert_eq!(billing.psp.world().posts, ["revoke order_1", "delete key1"]);
        } else {
            assert_eq!(deleted, Err(Failure::KeyInUse));
            assert!(billing.psp.world().posts.is_empty());
        }
    }
}

#[tokio::test]
async fn one_refund_without_a_reason_in_the_history_is_not_two() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    let request = |name: &str| refund_request("order_1", "1000", name);
    let forget_reasons = || {
        let mut world = billing.psp.world();
        let entries = world.payments.values_mut().flatten().flat_map(|record| &mut record.cancel_history);
        entries.for_each(|entry| entry.reason = None);
    };
    billing.refund(request("refund-1")).await.unwrap();
    forget_reasons();
    billing.psp.will([Act::Lose]);
    let (_, second) = billing.refund(request("refund-2")).await.unwrap();
    assert_eq!(second.state, billing::payment::RefundState::Pending, "the first one's entry is not the second's");
    sweeps(&billing, 2, 160).await;
    forget_reasons();
    sweeps(&billing, 2, 160).await;
    let row = order_1(&billing).await;
    assert!(row.refunds.iter().all(|refund| refund.state == billing::payment::RefundState::Done), "{:?}", row.refunds);
    assert_eq!(row.record.unwrap().cancel_amount, 2_000);
}
