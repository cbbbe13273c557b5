//! What is shown of a subscription is never behind what the rows know.

use super::{pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld, another_card, billing, secret};
use crate::sweep::sweep;
use billing::CustomerUid;
use billing::ports::Clock;
use billing::subscription::{Interval, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription, ScheduleDisposition, SubscriptionView};

const DAY: i64 = 86_400;

/// As it is shown by itself and in a list.
async fn shown(billing: &TestBilling, id: &str) -> [SubscriptionView; 2] {
    let alone = billing.view(row(billing, id).await).await.unwrap();
    let rows = billing.subscriptions(&Caller::Customer(alone.row.customer_id.clone()), None, None, 10, None).await;
    let listed = billing.outlines(rows.unwrap().items).await.unwrap();
    [alone, listed.into_iter().find(|view| view.row.id.as_str() == id).unwrap()]
}

#[tokio::test]
async fn the_running_plan_is_shown_until_the_period_of_the_coming_one_begins() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let yearly = NewPlan { interval: Interval::new(Unit::Year, 1).unwrap(), ..plan("연간", 99_000) };
    let begins_at = row(&billing, &id).await.calendar.period(1).unwrap().starts.start();
    for (coming, unit) in [(plan("더 많이", 12_900), Unit::Month), (yearly, Unit::Year)] {
        let (name, won) = (coming.id.clone(), coming.price.amount.minor);
        billing.change_plan(&Caller::Merchant, &id, coming).await.unwrap();
        for view in shown(&billing, &id).await {
            let (running, interval) = view.plans.running;
            assert_eq!((running.id.as_str(), running.amount.minor), ("월간 이용권", 8_900));
            assert_eq!(interval.unwrap().unit(), Unit::Month);
            let (next, interval, at) = view.plans.next.unwrap();
            assert_eq!((&next.id, next.amount.minor, at), (&name, won, Some(begins_at)));
            assert_eq!(interval.unwrap().unit(), unit);
            assert_eq!(view.next_charge.unwrap().amount.minor, won);
        }
    }
    billing.wait_until(begins_at);
    let [view, _] = shown(&billing, &id).await;
    assert_eq!((view.plans.running.0.id.as_str(), view.plans.next.is_none()), ("연간", true), "it has begun");
    pass(&billing, 2, &[], true).await;
    let [view, _] = shown(&billing, &id).await;
    assert_eq!((view.plans.running.0.id.as_str(), view.plans.next.is_none()), ("연간", true));
    assert_eq!(view.plans.running.1.unwrap().unit(), Unit::Year);
}

#[tokio::test]
async fn neither_the_running_plan_nor_the_coming_one_can_be_begun_beside_it() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    for (number, plan) in [plan("월간 이용권", 8_900), plan("더 많이", 12_900)].into_iter().enumerate() {
        let new = NewSubscription { idempotency_key: format!("beside-it-{number}"), plan, ..wanted() };
        assert_eq!(billing.subscribe(new, &secret()).await.map(|_| ()), Err(Failure::SubscriptionExists));
    }
    pass(&billing, 32, &[], true).await;
    let new = NewSubscription { idempotency_key: "once-it-is-over".to_owned(), ..wanted() };
    billing.subscribe(new, &secret()).await.unwrap();
}

#[tokio::test]
async fn what_ends_before_another_plan_began_was_of_the_one_that_ran() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let ending = billing::subscription::Ending::AtPeriodEnd;
    billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
    for days in [0, 40] {
        pass(&billing, days, &[], true).await;
        for view in shown(&billing, &id).await {
            assert_eq!((view.plans.running.0.id.as_str(), view.plans.next), ("월간 이용권", None));
        }
    }
}

#[tokio::test]
async fn the_card_that_took_anothers_place_is_shown_at_once_however_often_it_was_replaced() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let mut old = CustomerUid::parse("key1").unwrap();
    for number in 0..3 {
        let new = another_card(&billing, &format!("another-{number}"), "4111111111111111").await;
        let schedules = ScheduleDisposition::MoveTo(new.clone());
        billing.delete_key(&Caller::Merchant, old.as_str(), schedules).await.unwrap();
        for view in shown(&billing, &id).await {
            assert_eq!((&view.customer_uid, view.has_no_card), (&new, false));
        }
        old = new;
    }
    pass(&billing, 32, &[], true).await;
    assert_eq!(
        (row(&billing, &id).await.state, row(&billing, &id).await.customer_uid),
        (SubscriptionState::Active, old)
    );
}

#[tokio::test]
async fn a_schedule_that_was_moved_in_the_console_is_shown_at_its_new_time() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let uid = format!("{id}p1t0");
    let due = row(&billing, &id).await.attempt_at;
    let later = due.plus(3 * DAY);
    billing.psp.world().schedules.get_mut(&uid).unwrap().schedule_at = later;
    billing.wait_until(due.plus(1_200));
    sweep(&billing).await;
    for view in shown(&billing, &id).await {
        assert_eq!(view.next_charge.unwrap().at, later);
        assert_eq!(view.state, SubscriptionState::Active, "its day is not over");
    }
    billing.advance(DAY);
    sweep(&billing).await;
    for view in shown(&billing, &id).await {
        assert_eq!(view.state, SubscriptionState::PastDue);
        assert!(view.access_until.unwrap() <= billing.host.now());
    }
    pass(&billing, 3, &[], true).await;
    let paid = row(&billing, &id).await;
    assert_eq!((paid.state, paid.attempt.period), (SubscriptionState::Active, 2));
}

#[tokio::test]
async fn what_the_psp_gives_no_answer_about_is_past_due_once_its_day_is_over() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let starts = row(&billing, &id).await.calendar.period(1).unwrap().starts;
    billing.psp.world().down = true;
    billing.advance(starts.next().start().0 - 1 - billing.host.now().0);
    for view in shown(&billing, &id).await {
        assert_eq!(view.state, SubscriptionState::Active);
        assert!(view.access_until.unwrap() > billing.host.now());
    }
    billing.advance(1);
    for view in shown(&billing, &id).await {
        assert_eq!(view.state, SubscriptionState::PastDue, "though nobody has come to write it");
        assert!(view.access_until.unwrap() <= billing.host.now());
    }
    for _ in 0..20 {
        sweep(&billing).await;
        billing.advance(300);
    }
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
    let listed =
        billing.subscriptions(&Caller::Merchant, None, Some(SubscriptionState::PastDue), 10, None).await.unwrap();
    assert_eq!(listed.items.len(), 1);
    billing.psp.world().down = false;
    pass(&billing, 2, &[], true).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
}
