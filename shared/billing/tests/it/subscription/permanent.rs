//! What the PSP refuses, or does not say, for ever: it holds up nothing else, and customers are told where they stand.

use billing::payment::{PspStatus, RefundState, State};
use billing::policy::LatePaidPolicy;
use billing::ports::Clock;
use billing::subscription::{Ending, SubscriptionState};
use billing::usecase::{Caller, NewSubscription};

use super::money::states_of;
use super::{pass, run_schedules, wanted};
use crate::fixture::payments::{paid_after_all, payment};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, billing, hint_of, order, refund_request};
use crate::habits::Reasons;
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;

/// A subscription whose second period was declined once, and whose next try is scheduled.
async fn behind(billing: &TestBilling, new: NewSubscription) -> String {
    let id = begun(billing, new).await;
    pass(billing, 31, &["key1"], true).await;
    assert_eq!(row(billing, &id).await.state, SubscriptionState::PastDue);
    id
}

/// Time goes by in which the PSP refuses to give anything back.
async fn without_refunds(billing: &TestBilling, days: i64) {
    for _ in 0..days * 24 {
        billing.advance(3_600);
        for hint in run_schedules(billing, &[]) {
            billing.notice(&hint).await.unwrap();
        }
        sweep(billing).await;
    }
}

#[tokio::test]
async fn of_two_paid_attempts_one_pays_the_period_though_the_other_cannot_be_given_back() {
    let billing = billing().await;
    billing.psp.world().refunds_refused = true;
    let id = behind(&billing, wanted()).await;
    // The try of the plan pays, and so does the first one in the console, before anybody has heard of either.
    let at = row(&billing, &id).await.attempt_at;
    billing.wait_until(at.plus(1));
    let tried = run_schedules(&billing, &[]);
    let recovered = paid_after_all(&billing, &format!("{id}p1t0"));
    for hint in tried.iter().chain([&recovered]) {
        billing.notice(hint).await.unwrap();
    }
    sweep(&billing).await;
    let paid = row(&billing, &id).await;
    assert_eq!((paid.state, paid.attempt.period), (SubscriptionState::Active, 2));
    assert!(paid.access_until > Some(billing.host.now().plus(20 * DAY)));
    without_refunds(&billing, 40).await;
    assert_eq!(states_of(&billing, 2), [State::Paid], "and it goes on");
    assert_eq!(states_of(&billing, 1), [State::Paid, State::Paid]);
    let owed = [payment(&billing, &format!("{id}p1t0")).await, payment(&billing, &format!("{id}p1t1")).await];
    let owed: Vec<_> = owed.iter().filter(|row| row.pending_refund().is_some()).collect();
    assert_eq!(owed.len(), 1, "one goes back as soon as the PSP lets it");
    assert!(owed.iter().all(|row| row.due_at.is_some()));
}

#[tokio::test]
async fn late_money_that_the_psp_will_not_give_back_pays_its_period_and_nobody_is_charged_beside_it() {
    // Also where it is the last one.
    for periods_max in [None, Some(2)] {
        let mut billing = billing().await;
        billing.policy.late_paid = LatePaidPolicy::Refund;
        let id = behind(&billing, NewSubscription { periods_max, ..wanted() }).await;
        billing.psp.world().refunds_refused = true;
        billing.notice(&paid_after_all(&billing, &format!("{id}p1t0"))).await.unwrap();
        sweeps(&billing, 3, 300).await;
        without_refunds(&billing, 6).await;
        let kept = row(&billing, &id).await;
        let expected =
            if periods_max.is_some() { (SubscriptionState::Completed, 1) } else { (SubscriptionState::Active, 2) };
        assert_eq!((kept.state, kept.attempt.period), expected);
        assert!(kept.access_until > Some(billing.host.now()));
        assert_eq!(states_of(&billing, 1), [State::Paid, State::Revoked], "not charged a second time");
        // Once it is given back after all, nobody keeps what it paid for.
        billing.psp.world().refunds_refused = false;
        without_refunds(&billing, 2).await;
        assert_eq!(states_of(&billing, 1), [State::Refunded, State::Revoked]);
        assert!(row(&billing, &id).await.access_until <= Some(billing.host.now()));
    }
}

#[tokio::test]
async fn a_last_period_whose_payment_goes_back_is_tried_again_and_not_paused_by_our_own_revocation() {
    let mut billing = billing().await;
    billing.policy.late_paid = LatePaidPolicy::Refund;
    let id = behind(&billing, NewSubscription { periods_max: Some(2), ..wanted() }).await;
    billing.psp.world().refunds_refused = true;
    let late = paid_after_all(&billing, &format!("{id}p1t0"));
    // The refund is refused, and the other attempt cannot be taken back yet.
    billing.psp.will(std::iter::repeat_n(Act::Lose, 4));
    billing.notice(&late).await.unwrap();
    sweeps(&billing, 3, 60).await;
    assert_eq!(states_of(&billing, 1), [State::Paid, State::Scheduled], "{:?}", billing.psp.world().posts);
    billing.psp.forgives();
    // A person gives the late money back in the console.
    let now = billing.host.now();
    for record in billing.psp.world().payments.get_mut(&format!("{id}p1t0")).unwrap() {
        (record.cancel_amount, record.status, record.cancelled_at) = (8_900, PspStatus::Cancelled, Some(now));
    }
    billing.notice(&late).await.unwrap();
    // What was asked for several times is asked for once an hour.
    sweeps(&billing, 4, 1_000).await;
    assert_eq!(states_of(&billing, 1)[..2], [State::Refunded, State::Revoked]);
    pass(&billing, 10, &[], true).await;
    let over = row(&billing, &id).await;
    assert_eq!((over.state, states_of(&billing, 1).last()), (SubscriptionState::Completed, Some(&State::Paid)));
}

#[tokio::test]
async fn late_money_whose_way_back_nobody_has_begun_yet_pays_for_nothing() {
    let mut billing = billing().await;
    billing.policy.late_paid = LatePaidPolicy::Refund;
    let id = behind(&billing, wanted()).await;
    billing.notice(&paid_after_all(&billing, &format!("{id}p1t0"))).await.unwrap();
    // No sweep came for a day.
    billing.advance(26 * 3_600);
    let before = row(&billing, &id).await.access_until;
    let asked = billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!(asked.access_until, before, "it goes back as soon as it is sent");
    for _ in 0..3 {
        sweep(&billing).await;
        billing.advance(300);
    }
    assert_eq!(payment(&billing, &format!("{id}p1t0")).await.state, State::Refunded);
    assert!(row(&billing, &id).await.access_until <= Some(billing.host.now()));
}

#[tokio::test]
async fn a_suspect_attempt_beside_a_paid_one_stops_nothing() {
    let billing = billing().await;
    let id = behind(&billing, wanted()).await;
    // Money of another amount lies under the first attempt's number.
    let mut wrong = order(&format!("{id}p1t0"));
    wrong.amount = billing::Money::krw(1_000);
    let record = billing.psp.world().record(&wrong, PspStatus::Paid, billing.host.now());
    billing.notice(&hint_of(&record)).await.unwrap();
    assert_eq!(states_of(&billing, 1), [State::Suspect, State::Scheduled]);
    pass(&billing, 12, &[], true).await;
    let paid = row(&billing, &id).await;
    assert_eq!((paid.state, paid.attempt.period), (SubscriptionState::Active, 2));
    assert_eq!(states_of(&billing, 1), [State::Suspect, State::Paid]);
    assert!(payment(&billing, &format!("{id}p1t0")).await.due_at.is_some(), "a person is waited for");
    assert!(!billing.view(paid).await.unwrap().is_pending());
}

#[tokio::test]
async fn one_whose_payment_nobody_knows_the_end_of_is_past_due_after_its_day_and_active_once_it_is_paid() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let due = row(&billing, &id).await.attempt_at;
    billing.wait_until(due.plus(-600));
    // The schedule is lost at the PSP, and each registration after that is not answered.
    billing.psp.world().schedules.clear();
    billing.psp.will(std::iter::repeat_n(Act::Lose, 20));
    billing.advance(2 * 3_600);
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active, "its day is not over");
    sweeps(&billing, 2 * 24, 3_600).await;
    let waits = row(&billing, &id).await;
    assert_eq!(
        (waits.state, waits.attempt.number, waits.declines),
        (SubscriptionState::PastDue, 0, 0),
        "no other attempt"
    );
    assert_eq!(states_of(&billing, 1).len(), 1);
    // Its money turns up.
    let record = billing.psp.world().record(&order(&format!("{id}p1t0")), PspStatus::Paid, billing.host.now());
    billing.notice(&hint_of(&record)).await.unwrap();
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
}

#[tokio::test]
async fn a_schedule_that_cannot_be_taken_back_keeps_no_paid_period_open() {
    let billing = billing().await;
    let id = behind(&billing, wanted()).await;
    billing.psp.will(std::iter::repeat_n(Act::Refuse(1), 200));
    billing.notice(&paid_after_all(&billing, &format!("{id}p1t0"))).await.unwrap();
    let paid = row(&billing, &id).await;
    assert_eq!((paid.state, paid.attempt.period), (SubscriptionState::Active, 2));
    assert!(paid.access_until > Some(billing.host.now()));
    assert_eq!(states_of(&billing, 2), [], "nothing is put beside it");
    let before = billing.psp.world().posts.len();
    without_refunds(&billing, 1).await;
    let posts = billing.psp.world().posts.len() - before;
    assert!((1..=60).contains(&posts), "{posts} calls in a day");
    let refused = payment(&billing, &format!("{id}p1t1")).await;
    assert_eq!(refused.refunds.iter().filter(|refund| refund.state == RefundState::Done).count(), 0);
}

#[tokio::test]
async fn a_completed_subscription_is_not_looked_at_again_for_a_refund_whose_record_stays_unclear() {
    let billing = billing().await;
    let new = NewSubscription { periods_max: Some(1), ..wanted() };
    let id = begun(&billing, new).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Completed);
    billing.psp.world().reasons = Reasons::NoHistory;
    billing.psp.will([Act::ApproveAndLose]);
    billing.refund(refund_request(&format!("{id}p0t0"), "8900", "refund-1")).await.unwrap();
    billing.advance(3_600);
    sweep(&billing).await;
    let payment = payment(&billing, &format!("{id}p0t0")).await;
    assert_eq!((payment.state, payment.refunds[0].state), (State::Refunded, RefundState::Pending));
    let stored = row(&billing, &id).await;
    assert_eq!((stored.due_at, stored.access_until <= Some(billing.host.now())), (None, true));
}
