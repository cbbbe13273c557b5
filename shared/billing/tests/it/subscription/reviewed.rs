//! What a reading of the code found in subscriptions, one test each.

use billing::payment::State;
use billing::ports::{Clock, PaymentStore};
use billing::subscription::SubscriptionState;
use billing::usecase::{Caller, Failure, NewSubscription};

use super::changes::paid;
use super::meetings::yearly;
use super::money::states_of;
use super::{pass, plan, run_schedules, wanted};
use crate::fixture::payments::paid_after_all;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, another_card, billing, secret};

async fn to_its_day(billing: &TestBilling, id: &str, seconds: i64) {
    let due = row(billing, id).await.calendar.period(1).unwrap().due_at;
    billing.wait_until(due.plus(seconds));
}

#[tokio::test]
async fn a_month_is_not_counted_as_a_part_of_the_year_that_follows_it() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 10, &[], true).await;
    let next_year = billing.change_plan(&Caller::Merchant, &id, yearly()).await.unwrap();
    for other in [yearly(), plan("월간 이용권", 9_900)] {
        let refused = billing.change_plan_now(&Caller::Merchant, &id, other).await;
        assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "interval_invalid"));
    }
    assert_eq!(row(&billing, &id).await, next_year);
}

#[tokio::test]
async fn a_difference_that_a_schedule_brought_is_not_charged_once_more() {
    for other in [7_900, 4_900] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        pass(&billing, 10, &[], true).await;
        let (before, difference) =
            billing.change_plan_now(&Caller::Merchant, &id, plan("다른 요금", other)).await.unwrap();
        assert!(difference.amount < 0);
        to_its_day(&billing, &id, -2).await;
        // The price changes, and the schedule runs before it can be taken back.
        billing.psp.world().down = true;
        billing.change_plan(&Caller::Merchant, &id, plan("또 다른 요금", 20_000)).await.unwrap();
        billing.psp.world().down = false;
        billing.advance(5);
        for hint in run_schedules(&billing, &[]) {
            billing.notice(&hint).await.unwrap();
        }
        let next = row(&billing, &id).await;
        assert_eq!(paid(&billing)[1], (1, before.order().unwrap().amount.minor));
        assert_eq!((next.attempt.period, next.adjustment, next.order().unwrap().amount.minor), (2, 0, 20_000));
        assert_eq!(next.running.unwrap().minor, other, "what the period costs without what was settled with it");
    }
}

#[tokio::test]
async fn of_two_differences_the_one_that_was_registered_is_brought_and_the_other_is_still_to_come() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 10, &[], true).await;
    let (_, first) = billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 6_900)).await.unwrap();
    billing.psp.world().down = true;
    let (_, second) = billing.change_plan_now(&Caller::Merchant, &id, plan("조금", 4_900)).await.unwrap();
    to_its_day(&billing, &id, 30).await;
    billing.psp.world().down = false;
    for hint in run_schedules(&billing, &[]) {
        billing.notice(&hint).await.unwrap();
    }
    let next = row(&billing, &id).await;
    assert_eq!(i64::try_from(paid(&billing)[1].1).unwrap(), 6_900 + first.amount);
    assert_eq!((next.adjustment, next.running.unwrap().minor), (second.amount, 6_900));
}

#[tokio::test]
async fn a_payment_beside_the_one_that_closed_its_period_goes_back_though_nobody_tells() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    // Somebody is about to charge the next try when late money closes the period: it is sent after that.
    let behind = row(&billing, &id).await;
    let attempt = behind.order().unwrap();
    billing.notice(&paid_after_all(&billing, &format!("{id}p1t0"))).await.unwrap();
    assert_eq!(row(&billing, &id).await.attempt.period, 2);
    let mut beside = billing.store.payment(&attempt.merchant_uid).await.unwrap().unwrap();
    let record = billing.psp.world().record(&attempt, billing::payment::PspStatus::Paid, billing.host.now());
    (beside.state, beside.record, beside.due_at, beside.claim) = (State::Paid, Some(record), None, None);
    beside.version += 1;
    beside.writer = billing::Nonce::parse(&"e".repeat(32)).unwrap();
    billing.store.save(&beside).await.unwrap();
    pass(&billing, 35, &[], false).await;
    assert_eq!(states_of(&billing, 1), [State::Paid, State::Refunded]);
    assert_eq!(states_of(&billing, 2), [State::Paid]);
}

#[tokio::test]
async fn a_plan_that_waits_to_begin_is_one_that_its_customer_has() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    let waits = billing.change_plan(&Caller::Merchant, &id, plan("최고", 18_900)).await.unwrap();
    assert_eq!(waits.next_plan.map(|plan| plan.id.to_string()).as_deref(), Some("최고"));
    let same = NewSubscription { plan: plan("최고", 18_900), idempotency_key: "subscribe-2".to_owned(), ..wanted() };
    assert_eq!(billing.subscribe(same, &secret()).await.map(|_| ()), Err(Failure::SubscriptionExists));
}

#[tokio::test]
async fn a_card_that_is_declined_as_soon_as_it_is_named_takes_none_of_the_tries() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    let before = row(&billing, &id).await;
    assert_eq!(before.state, SubscriptionState::PastDue);
    for number in 0..6 {
        let other = another_card(&billing, &format!("another-{number}"), "4111111111111111").await;
        // The revocation, and the charge.
        billing.psp.will([Act::Approve, Act::Decline]);
        let tried = billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
        assert_eq!((tried.state, tried.declines, tried.attempt_at), (before.state, 1, before.attempt_at));
        billing.advance(60);
    }
    pass(&billing, 12, &[], true).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
    assert_eq!(states_of(&billing, 1).last(), Some(&State::Paid));
}

#[tokio::test]
async fn a_plan_that_cannot_take_a_difference_which_is_not_settled_yet_is_refused() {
    let billing = billing().await;
    let new = NewSubscription { plan: plan("최고", 40_000), ..wanted() };
    let id = begun(&billing, new).await;
    pass(&billing, 15, &[], true).await;
    let (_, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
    let least = u64::try_from(-down.amount).unwrap();
    pass(&billing, 17, &["key1"], true).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
    let refused = billing.change_plan(&Caller::Merchant, &id, plan("조금", least)).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "proration_invalid"));
    billing.change_plan(&Caller::Merchant, &id, plan("조금", least + 100)).await.unwrap();
    // The period passes without a payment, and what follows can be charged.
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 40, &[], true).await;
    billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 40, &[], true).await;
    assert_eq!(paid(&billing).into_iter().map(|(_, won)| won).take(3).collect::<Vec<_>>(), [40_000, 100, least + 100]);
}

#[tokio::test]
async fn one_that_was_changed_as_often_as_it_may_be_can_still_be_resumed() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let first = row(&billing, &id).await.customer_uid;
    let other = another_card(&billing, "another-card", "4111111111111111").await;
    let cards = [other, first].into_iter().cycle();
    let mut refused = None;
    for card in cards.take(100) {
        billing.advance(1);
        refused = billing.change_card(&Caller::Merchant, &id, &card).await.err();
        if refused.is_some() {
            break;
        }
    }
    assert_eq!(refused, Some(Failure::SubscriptionNotChangeable));
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 1, &[], true).await;
    billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 40, &[], true).await;
    assert_eq!(states_of(&billing, 1).iter().filter(|state| **state == State::Paid).count(), 1);
}
