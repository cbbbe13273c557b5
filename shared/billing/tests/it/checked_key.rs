//! A card that is checked by a small charge before its key is one: what it takes, what it gives back, and what it leaves where it is
//! declined, unanswered, or broken off.

use billing::ids::MerchantUid;
use billing::key::{BillingKey, CHECKING_WON_MAX, KeyState, checking_amount};
use billing::payment::refund::Origin;
use billing::payment::{Payment, PspStatus, RefundState, RefusedBy, State, check};
use billing::ports::{Clock, PaymentStore};
use billing::report::Verdict;
use billing::usecase::{Along, Caller, Comparison, Failure, IssueKey, ScheduleDisposition, WebhookOutcome};
use billing::{CustomerUid, Timestamp};

use crate::fixture::payments::payment;
use crate::fixture::{
    Act, TestBilling, TestWorld, billing, checked_request, customer, hint_of, issue_request, key_state, order, secret,
};
use crate::schedule::new_schedule;
use crate::sweep::{sweep, sweeps};

const CARD: &str = "4242424242424242";
const MINUTES: i64 = 60;

/// `kim`'s card is registered, and checked by a charge of 100 won.
async fn checked(billing: &TestBilling) -> BillingKey {
    billing.issue_key(checked_request("request-1", CARD, 100), &secret()).await.unwrap()
}

async fn check_of(billing: &TestBilling, key: &BillingKey) -> Payment {
    payment(billing, key.check_number().unwrap().as_str()).await
}

fn posts(billing: &TestBilling) -> Vec<String> {
    let kind = |post: &String| post.split_whitespace().next().unwrap_or_default().to_owned();
    billing.psp.world().posts.iter().map(kind).collect()
}

fn at_psp(billing: &TestBilling, key: &BillingKey) -> bool {
    billing.psp.world().keys.contains_key(key.customer_uid.as_str())
}

#[tokio::test]
async fn a_checked_key_is_active_once_its_charge_is_paid_and_the_charge_is_given_back() {
    let billing = billing().await;
    let key = checked(&billing).await;
    assert_eq!((key.state, key.due_at), (KeyState::Active, None));
    assert_eq!(posts(&billing), ["issue", "charge", "cancel"]);
    let row = check_of(&billing, &key).await;
    assert_eq!((row.state, row.order.amount.minor, row.due_at), (State::Refunded, 100, None));
    assert_eq!((&row.customer_id, row.order.customer_uid.as_ref()), (&key.customer_id, Some(&key.customer_uid)));
    let [refund] = row.refunds.as_slice() else { panic!("{:?}", row.refunds) };
    assert_eq!((refund.origin, refund.state, refund.amount), (Origin::Check, RefundState::Done, 100));
    assert!(billing.alarms().is_empty());
    let again = checked(&billing).await;
    assert_eq!(
        (again, posts(&billing).len()),
        (key.clone(), 3),
        "the same request is the same key, and nothing is sent"
    );
    let charge = billing.charge(order_on(&key, "order_1"), None).await.unwrap();
    assert_eq!(charge.state, State::Paid);
}

fn order_on(key: &BillingKey, uid: &str) -> billing::order::Order {
    billing::order::Order { customer_uid: Some(key.customer_uid.clone()), ..order(uid) }
}

#[tokio::test]
async fn no_check_is_asked_for_by_nothing_and_by_zero() {
    assert_eq!((checking_amount(0), checking_amount(1)), (Ok(None), Ok(Some(1))));
    assert_eq!(checking_amount(CHECKING_WON_MAX), Ok(Some(CHECKING_WON_MAX)));
    assert_eq!(checking_amount(CHECKING_WON_MAX + 1).unwrap_err().code, "checking_amount_invalid");
    let billing = billing().await;
    let plain = billing.issue_key(issue_request("request-1", CARD), &secret()).await.unwrap();
    assert_eq!((plain.state, plain.check_number(), posts(&billing).len()), (KeyState::Active, None, 1));
}

#[tokio::test]
async fn another_amount_under_the_same_name_is_another_request() {
    let billing = billing().await;
    checked(&billing).await;
    for other in [checked_request("request-1", CARD, 200), issue_request("request-1", CARD)] {
        let answer = billing.issue_key(other, &secret()).await;
        assert_eq!(answer, Err(Failure::IdempotencyKeyReused));
    }
}

#[tokio::test]
async fn a_declined_check_is_no_key_anywhere_and_its_customer_is_told_so() {
    for (act, by) in
        [(Act::Decline, RefusedBy::Issuer), (Act::Refuse(-1), RefusedBy::Issuer), (Act::Refuse(1), RefusedBy::Psp)]
    {
        let billing = billing().await;
        billing.psp.will([Act::Approve, act]);
        let key = checked(&billing).await;
        assert_eq!((key.state, key.was_refused()), (KeyState::Abandoned, true));
        assert_eq!(key.refusal.as_ref().map(|refusal| refusal.by()), Some(by));
        assert!(!at_psp(&billing, &key));
        assert_eq!(check_of(&billing, &key).await.state, State::Failed);
        let again = checked(&billing).await;
        assert_eq!((again.state, again.refusal, again.due_at), (key.state, key.refusal, None));
        assert_eq!(posts(&billing), ["issue", "charge", "delete"]);
        let told = billing.alarms();
        assert_eq!(told.contains(&"request_refused"), by == RefusedBy::Psp, "{told:?}");
        assert!(!told.contains(&"orphan_key"), "that there was a key is no surprise: {told:?}");
    }
}

#[tokio::test]
async fn a_declined_key_is_deleted_by_the_sweep_whatever_a_look_says_of_it() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Decline, Act::Unreachable]);
    let key = checked(&billing).await;
    assert_eq!((key.state, at_psp(&billing, &key)), (KeyState::Abandoned, true));
    sweeps(&billing, 2, 5 * MINUTES).await;
    assert_eq!(
        (at_psp(&billing, &key), key_state(&billing, key.customer_uid.as_str()).await),
        (false, KeyState::Abandoned)
    );
    assert_eq!(sweep(&billing).await.seen, 0);
}

#[tokio::test]
async fn a_key_that_cannot_be_deleted_is_told_of_after_a_day_and_tried_on() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Decline]);
    let refusals = std::iter::repeat_n(Act::Refuse(1), 60);
    billing.psp.will(refusals);
    let key = checked(&billing).await;
    sweeps(&billing, 23, 60 * MINUTES).await;
    assert!(billing.alarms().is_empty());
    sweeps(&billing, 2, 60 * MINUTES).await;
    assert_eq!(billing.alarms(), ["orphan_key"]);
    billing.psp.forgives();
    sweeps(&billing, 2, 60 * MINUTES).await;
    assert!(!at_psp(&billing, &key));
}

#[tokio::test]
async fn while_a_check_is_under_way_its_key_is_none_for_anything_else() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let key = checked(&billing).await;
    let uid = key.customer_uid.as_str();
    assert_eq!(key.state, KeyState::Checking);
    assert_eq!(billing.charge(order_on(&key, "order_1"), None).await, Err(Failure::KeyPending));
    let mut new = new_schedule("order_2", billing.host.now().plus(86_400));
    new.order.customer_uid = Some(key.customer_uid.clone());
    assert_eq!(billing.schedule(&key.customer_uid, None, vec![new]).await, Err(Failure::KeyPending));
    let deleted = billing.delete_key(&Caller::Merchant, uid, ScheduleDisposition::InTheWay).await;
    assert_eq!(deleted.unwrap_err(), Failure::KeyPending);
    assert_eq!(billing.confirm_key(&Caller::Merchant, uid).await.unwrap().state, KeyState::Checking);
    assert_eq!(posts(&billing), ["issue", "charge"]);
}

#[tokio::test]
async fn a_check_of_unknown_outcome_is_carried_to_its_end_by_the_sweep() {
    for paid in [true, false] {
        let billing = billing().await;
        billing.psp.will([Act::Approve, Act::Lose]);
        let key = checked(&billing).await;
        assert_eq!(checked(&billing).await.state, KeyState::Checking, "and a repeat sends nothing");
        let mut row = check_of(&billing, &key).await;
        assert_eq!((row.state, posts(&billing).len()), (State::Unknown, 2));
        row.order.customer_uid = Some(key.customer_uid.clone());
        let status = if paid { PspStatus::Paid } else { PspStatus::Failed };
        let now = billing.host.now();
        billing.psp.world().record(&row.order, status, now);
        sweeps(&billing, 3, 5 * MINUTES).await;
        let state = if paid { KeyState::Active } else { KeyState::Abandoned };
        assert_eq!((key_state(&billing, key.customer_uid.as_str()).await, at_psp(&billing, &key)), (state, paid));
        let left: u64 = billing.psp.world().payments.values().flatten().map(|record| record.net_paid()).sum();
        assert_eq!((left, sweep(&billing).await.seen), (0, 0));
    }
}

#[tokio::test]
async fn a_check_that_was_never_sent_is_sent_by_the_sweep() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Unreachable]);
    let key = checked(&billing).await;
    assert_eq!((key.state, check_of(&billing, &key).await.state), (KeyState::Checking, State::Intent));
    sweeps(&billing, 2, 5 * MINUTES).await;
    assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, KeyState::Active);
    assert_eq!(check_of(&billing, &key).await.state, State::Refunded);
}

#[tokio::test]
async fn a_key_found_late_is_checked_before_it_is_one() {
    let billing = billing().await;
    billing.psp.world().looks_fail = true;
    billing.psp.will([Act::ApproveAndLose]);
    let key = checked(&billing).await;
    assert_eq!(key.state, KeyState::Issuing);
    billing.psp.world().looks_fail = false;
    sweeps(&billing, 3, 5 * MINUTES).await;
    assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, KeyState::Active);
    assert_eq!(check_of(&billing, &key).await.state, State::Refunded);
}

#[tokio::test]
async fn a_webhook_of_the_check_makes_its_key_one() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Lose]);
    let key = checked(&billing).await;
    let (order, now) = (check_of(&billing, &key).await.order, billing.host.now());
    let record = billing.psp.world().record(&order, PspStatus::Paid, now);
    assert_eq!(billing.notice(&hint_of(&record)).await, Ok(WebhookOutcome::Applied));
    assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, KeyState::Active);
    sweep(&billing).await;
    assert_eq!(check_of(&billing, &key).await.state, State::Refunded, "and what it took is owed");
}

#[tokio::test]
async fn a_refund_that_is_refused_leaves_the_key_active_and_stays_owed() {
    let billing = billing().await;
    billing.psp.world().refunds_refused = true;
    let key = checked(&billing).await;
    assert_eq!((key.state, key.due_at), (KeyState::Active, None));
    assert_eq!(billing.alarms(), ["refund_refused"]);
    let row = check_of(&billing, &key).await;
    assert_eq!((row.state, row.pending_refund().is_some(), row.due_at.is_some()), (State::Paid, true, true));
    billing.psp.world().refunds_refused = false;
    sweeps(&billing, 3, 60 * MINUTES).await;
    assert_eq!(check_of(&billing, &key).await.state, State::Refunded);
}

#[tokio::test]
async fn a_declined_check_that_is_paid_late_is_given_back_and_its_key_stays_deleted() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Decline]);
    let key = checked(&billing).await;
    let row = check_of(&billing, &key).await;
    let paid = {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut(row.merchant_uid().as_str()).unwrap().last_mut().unwrap();
        (record.status, record.paid_at) = (PspStatus::Paid, Some(Timestamp(record.failed_at.unwrap().0 + 60)));
        record.clone()
    };
    billing.advance(120);
    assert_eq!(billing.notice(&hint_of(&paid)).await, Ok(WebhookOutcome::Applied));
    sweep(&billing).await;
    assert_eq!(check_of(&billing, &key).await.state, State::Refunded);
    assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, KeyState::Abandoned);
    assert_eq!(billing.alarms(), ["late_paid"]);
}

#[tokio::test]
async fn numbers_of_checks_are_nobodys_to_give() {
    let billing = billing().await;
    let number = check::number_of(&CustomerUid::parse(&format!("key{}", "0a".repeat(16))).unwrap()).unwrap();
    assert_eq!(number.as_str(), format!("chk{}", "0a".repeat(16)));
    for (text, is_one) in [
        (number.as_str().to_owned(), true),
        (format!("chk{}", "0A".repeat(16)), false),
        (format!("chk{}", "0a".repeat(15)), false),
        (format!("chk{}0", "0a".repeat(16)), false),
        (format!("chk{}", "0g".repeat(16)), false),
        (format!("key{}", "0a".repeat(16)), false),
    ] {
        let uid = MerchantUid::parse(&text).unwrap();
        assert_eq!(check::key_of(&uid).is_some(), is_one, "{text}");
        let refused = billing.charge(order(&text), None).await;
        assert_eq!(matches!(refused, Err(Failure::Invalid(_))), is_one, "{text}");
    }
    let window_key = CustomerUid::parse(&format!("key{}", "p".repeat(32))).unwrap();
    assert_eq!(check::number_of(&window_key), None);
    let new = new_schedule(number.as_str(), billing.host.now().plus(86_400));
    let refused = billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.field == "schedules[0].merchant_uid"));
}

#[tokio::test]
async fn what_the_gateway_of_card_forms_takes_no_charge_without_is_asked_for_before_the_card_is_sent() {
    let mut billing = billing().await;
    billing.policy.card_pg = Some("welcome".to_owned());
    let mut request = checked_request("request-1", CARD, 100);
    let refused = billing.issue_key(request.clone(), &secret()).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "gateway_rule"));
    assert!(posts(&billing).is_empty());
    request.holder.customer_name = Some("홍길동".to_owned());
    request.holder.customer_tel = Some("010-1234-5678".to_owned());
    let key = billing.issue_key(request, &secret()).await.unwrap();
    let details = check_of(&billing, &key).await.order.details;
    assert_eq!((details.buyer_name.as_deref(), details.buyer_email), (Some("홍길동"), None));
    // The key's row has no more use for it.
    let check = key.checking.unwrap();
    assert_eq!((check.amount, check.buyer_name, check.buyer_tel), (100, None, None));
}

#[tokio::test]
async fn whoever_has_waited_long_for_the_key_does_not_wait_for_its_check() {
    let billing = billing().await;
    *billing.host.came_at.lock().unwrap() = Some(billing.host.now().plus(-11));
    let key = checked(&billing).await;
    assert_eq!((key.state, posts(&billing)), (KeyState::Checking, vec!["issue".to_owned()]));
    *billing.host.came_at.lock().unwrap() = None;
    sweeps(&billing, 2, MINUTES).await;
    assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, KeyState::Active);
}

#[tokio::test]
async fn the_daily_comparison_knows_what_checks_have_taken() {
    let billing = billing().await;
    checked(&billing).await;
    billing.psp.will([Act::Approve, Act::Decline]);
    let by_lee = IssueKey { customer_id: customer("lee"), ..checked_request("request-1", CARD, 100) };
    billing.issue_key(by_lee, &secret()).await.unwrap();
    billing.advance(3_600);
    let Ok(Comparison::Finished(report)) = billing.compare(billing.host.now().plus(3_600)).await else { panic!() };
    assert_eq!((report.verdict, report.counts.payments, report.counts.unrecorded), (Some(Verdict::Matched), 2, 0));
    assert!(billing.alarms().is_empty());
}

#[tokio::test]
async fn a_check_is_claimed_only_while_its_key_is_being_checked() {
    let billing = billing().await;
    let key = checked(&billing).await;
    let mut row = check_of(&billing, &key).await;
    (row.version, row.state) = (row.version + 1, State::Claimed);
    let saved = billing.store.reclaim(&row).await.unwrap();
    assert_eq!(saved, billing::ports::Saved::KeyNotActive);
    let along = Along::default();
    assert_eq!(along.checking_amount, None);
}

#[tokio::test]
async fn a_check_that_another_card_has_paid_says_nothing_of_the_keys_and_goes_back() {
    // In a browser, under the check's number, while nobody knows what became of the charge.
    for (of_key, stays) in [(None, KeyState::Abandoned), (Some("its own"), KeyState::Active)] {
        let billing = billing().await;
        billing.psp.will([Act::Approve, Act::Lose]);
        let key = checked(&billing).await;
        let (order, now) = (check_of(&billing, &key).await.order, billing.host.now());
        let paid = {
            let mut world = billing.psp.world();
            let record = world.record(&order, PspStatus::Paid, now);
            let recorded = world.payments.get_mut(order.merchant_uid.as_str()).unwrap().last_mut().unwrap();
            recorded.customer_uid = of_key.map(|_| key.customer_uid.to_string());
            record
        };
        assert_eq!(billing.notice(&hint_of(&paid)).await, Ok(WebhookOutcome::Applied));
        sweeps(&billing, 3, 60 * MINUTES).await;
        assert_eq!(key_state(&billing, key.customer_uid.as_str()).await, stays);
        assert_eq!(at_psp(&billing, &key), stays == KeyState::Active);
        assert_eq!(check_of(&billing, &key).await.state, State::Refunded);
    }
}
