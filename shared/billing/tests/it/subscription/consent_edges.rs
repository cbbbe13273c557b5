//! Consent where something else has changed meanwhile: another length of periods, another card, another subscription of the plan.

use billing::Money;
use billing::payment::PspStatus;
use billing::ports::Clock;
use billing::subscription::{Increase, Interval, SubscriptionState, Unit, WithoutConsent};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};

use super::changes::paid;
use super::consent::{agree, ask, asking};
use super::{pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, another_card, hint_of, secret};

fn of(unit: Unit, name: &str, won: u64) -> NewPlan {
    NewPlan { interval: Interval::new(unit, 1).unwrap(), ..plan(name, won) }
}

async fn yearly(billing: &TestBilling) -> String {
    begun(billing, NewSubscription { plan: of(Unit::Year, "연간", 99_000), ..wanted() }).await
}

#[tokio::test]
async fn less_for_a_shorter_period_that_comes_to_more_is_asked_about() {
    // Twelve months at 8,250 are no more than the year, and at 8,300 they are.
    for (won, more) in [(8_250, false), (8_300, true), (19_900, true)] {
        let billing = asking().await;
        let id = yearly(&billing).await;
        billing.change_plan(&Caller::Merchant, &id, of(Unit::Month, "월간", won)).await.unwrap();
        let asked = ask(&billing, &id).await;
        assert_eq!(asked.map(|ask| (ask.price, ask.increase)), more.then_some((Money::krw(won), Increase::DearerPlan)));
        pass(&billing, 370, &[], true).await;
        let after = row(&billing, &id).await;
        assert_eq!(after.ended_without_consent, more, "{won}");
        assert_eq!(paid(&billing), if more { vec![(0, 99_000)] } else { vec![(0, 99_000), (1, won)] });
    }
}

#[tokio::test]
async fn a_consent_to_a_year_is_none_to_a_month_at_the_same_figure() {
    let billing = asking().await;
    let id = yearly(&billing).await;
    pass(&billing, 340, &[], true).await;
    billing.change_plan(&Caller::Merchant, &id, of(Unit::Year, "연간 플러스", 120_000)).await.unwrap();
    let asked = ask(&billing, &id).await.unwrap();
    agree(&billing, &id, 120_000, Some(asked.from)).await.unwrap();
    billing.change_plan(&Caller::Merchant, &id, of(Unit::Month, "월간 플러스", 120_000)).await.unwrap();
    let asked = ask(&billing, &id).await.unwrap();
    assert!(!asked.given, "they have agreed to a year");
    agree(&billing, &id, 120_000, Some(asked.from)).await.unwrap();
    let consents = row(&billing, &id).await.consents;
    let units: Vec<_> = consents.iter().map(|it| it.interval.unwrap().unit()).collect();
    assert_eq!(units, [Unit::Year, Unit::Month]);
}

#[tokio::test]
async fn whoever_agreed_and_names_another_card_after_a_decline_is_not_asked_again() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(30), ..wanted() }).await;
    let asked = ask(&billing, &id).await.unwrap();
    billing.advance((asked.opens_at.0 - billing.host.now().0).max(0) + 60);
    agree(&billing, &id, 8_900, Some(asked.from)).await.unwrap();
    pass(&billing, 31, &["key1"], true).await;
    let other = another_card(&billing, "another-card", "4111111111111111").await;
    billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
    pass(&billing, 1, &[], true).await;
    let after = row(&billing, &id).await;
    assert_eq!((paid(&billing), after.consents.len(), after.asked), (vec![(0, 8_900)], 1, None));
}

#[tokio::test]
async fn what_a_consent_may_make_of_a_plan_cannot_be_begun_beside_it() {
    let begin = |plan: NewPlan| NewSubscription { idempotency_key: "another-request".to_owned(), plan, ..wanted() };
    // A plan that is offered.
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    let dearer = plan("더 많이", 12_900);
    billing.change_plan_now(&Caller::Merchant, &id, dearer.clone()).await.unwrap();
    let beside = billing.subscribe(begin(dearer), &secret()).await;
    assert_eq!(beside.map(|_| ()), Err(Failure::SubscriptionExists));
    // The one that it goes back to without a consent.
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { without_consent: WithoutConsent::OldPrice, ..wanted() }).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    pass(&billing, 31, &[], true).await;
    let beside = billing.subscribe(begin(wanted().plan), &secret()).await;
    assert_eq!(beside.map(|_| ()), Err(Failure::SubscriptionExists));
}

#[tokio::test]
async fn a_plan_that_could_not_begin_is_not_offered() {
    for now in [true, false] {
        let billing = asking().await;
        let id = begun(&billing, wanted()).await;
        // Another length of periods waits for the next one.
        billing.change_plan(&Caller::Merchant, &id, of(Unit::Year, "연간", 8_000)).await.unwrap();
        let dearer = plan("더 많이", 12_900);
        let refused = if now {
            billing.change_plan_now(&Caller::Merchant, &id, dearer).await.map(|_| ())
        } else {
            billing.preview_plan(&Caller::Merchant, &id, dearer, true).await.map(|_| ())
        };
        assert!(refused.is_err(), "{now}");
        assert_eq!(row(&billing, &id).await.offer, None);
    }
}

#[tokio::test]
async fn an_offer_is_asked_about_only_while_it_can_be_taken() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert!(ask(&billing, &id).await.is_some());
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(ask(&billing, &id).await, None);
}

#[tokio::test]
async fn the_same_consent_again_is_told_the_same_decline() {
    let billing = asking().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    // The schedule of the next period is taken back, and the difference declined.
    billing.psp.will([Act::Approve, Act::Decline]);
    let first = agree(&billing, &id, 12_900, None).await.map(|_| ());
    assert!(matches!(first, Err(Failure::DifferenceDeclined(_))), "{first:?}");
    assert_eq!(agree(&billing, &id, 12_900, None).await.map(|_| ()), first);
}

#[tokio::test]
async fn a_payment_at_the_old_price_does_not_make_it_forgotten() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { without_consent: WithoutConsent::OldPrice, ..wanted() }).await;
    // Nobody can take the schedule back any more, and it runs.
    pass(&billing, 29, &[], true).await;
    let registered = row(&billing, &id).await;
    billing.psp.world().down = true;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 20_000)).await.unwrap();
    billing.psp.world().down = false;
    billing.wait_until(registered.attempt_at);
    let hint =
        hint_of(&billing.psp.world().execute(&registered.order().unwrap(), PspStatus::Paid, registered.attempt_at));
    billing.notice(&hint).await.unwrap();
    assert_eq!(paid(&billing), [(0, 8_900), (1, 8_900)]);
    pass(&billing, 35, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900), (1, 8_900), (2, 8_900)]);
    assert!(!row(&billing, &id).await.ended_without_consent);
}

/// Asked at once they have until the seventh day: they are reminded a day before that, and not in the breath in which they are asked.
#[tokio::test]
async fn who_is_asked_late_is_reminded_as_well() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(3), ..wanted() }).await;
    let mut reminders = Vec::new();
    for _ in 0..7 {
        reminders.push(row(&billing, &id).await.asked.map(|it| it.reminders));
        pass(&billing, 1, &[], true).await;
    }
    assert_eq!(reminders, [Some(0), Some(0), Some(0), Some(0), Some(0), Some(0), Some(1)]);
    assert!(row(&billing, &id).await.ended_without_consent);
}

/// The question is as old as the pause: it is put anew, and does not end what was just resumed.
#[tokio::test]
async fn who_was_asked_before_a_pause_is_asked_anew_after_it() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(30), ..wanted() }).await;
    pass(&billing, 10, &[], true).await;
    assert!(row(&billing, &id).await.asked.is_some());
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 25, &[], true).await;
    let resumed = billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(
        (resumed.state, resumed.asked.map(|it| it.since)),
        (SubscriptionState::Active, Some(billing.host.now()))
    );
    agree(&billing, &id, 8_900, resumed.asked.map(|it| it.from)).await.unwrap();
    assert_eq!(paid(&billing), [(0, 8_900)]);
}
