//! A customer is told of a charge some days before it: once, and in time.

use billing::Timestamp;
use billing::ports::Clock;
use billing::subscription::{Ending, NoticeDays, Subscription, SubscriptionState};
use billing::usecase::{Caller, NewSubscription};

use super::{DAY, pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld, billing};
use crate::sweep::sweep;

fn noticing(days: u64) -> NewSubscription {
    NewSubscription { notice_days: NoticeDays::new(days).unwrap(), ..wanted() }
}

/// Sweeps each hour until `until`. When its customer was to be told of a charge, and of which period.
async fn told(billing: &TestBilling, id: &str, until: Timestamp) -> Vec<(u32, i64)> {
    let mut told: Vec<(u32, i64)> = Vec::new();
    while billing.host.now() < until {
        billing.advance(3_600);
        sweep(billing).await;
        if let Some(notice) = row(billing, id).await.noticed.filter(|it| told.iter().all(|(of, _)| *of != it.period)) {
            told.push((notice.period, notice.charge_at.0 - billing.host.now().0));
        }
    }
    told
}

fn next_charge(row: &Subscription) -> Timestamp {
    row.attempt_at
}

#[tokio::test]
async fn a_renewal_is_told_of_seven_days_before_it_or_as_many_as_were_asked_for() {
    for days in [1, 7, 14] {
        let billing = billing().await;
        let id = begun(&billing, noticing(days)).await;
        let at = next_charge(&row(&billing, &id).await);
        let told = told(&billing, &id, at).await;
        let days = i64::try_from(days).unwrap() * DAY;
        let [(1, before)] = told[..] else { panic!("{told:?}") };
        assert!((days - 3_600..=days).contains(&before), "{before} s before");
        let notice = row(&billing, &id).await.noticed.unwrap();
        assert_eq!((notice.charge_at, notice.amount.minor, notice.ends_trial), (at, 8_900, false));
    }
}

#[tokio::test]
async fn nobody_is_told_who_does_not_want_to_be_whose_periods_are_short_or_whose_subscription_is_to_end() {
    let weekly = |days| {
        let interval = billing::subscription::Interval::new(billing::subscription::Unit::Week, 1).unwrap();
        let plan = billing::usecase::NewPlan { interval, ..plan("주간", 2_900) };
        NewSubscription { plan, ..noticing(days) }
    };
    for (new, ends, times) in
        [(noticing(0), false, 0), (weekly(7), false, 0), (weekly(6), false, 4), (noticing(7), true, 0)]
    {
        let billing = billing().await;
        let id = begun(&billing, new).await;
        if ends {
            billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        }
        let until = billing.host.now().plus(29 * DAY);
        let mut all = 0;
        while billing.host.now() < until {
            let before = row(&billing, &id).await.noticed;
            pass(&billing, 1, &[], true).await;
            all += u32::from(row(&billing, &id).await.noticed != before);
        }
        assert_eq!(all, times);
    }
}

#[tokio::test]
async fn the_end_of_a_trial_is_told_of_and_at_once_if_it_is_nearer() {
    for trial in [3, 10] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { trial_days: Some(trial), ..noticing(7) }).await;
        let at = next_charge(&row(&billing, &id).await);
        if trial < 7 {
            assert!(row(&billing, &id).await.noticed.is_some(), "at once");
        } else {
            assert!(row(&billing, &id).await.noticed.is_none());
            let [(0, before)] = told(&billing, &id, at).await[..] else { panic!() };
            assert!(before <= 7 * DAY);
        }
        let notice = row(&billing, &id).await.noticed.unwrap();
        assert_eq!((notice.period, notice.charge_at, notice.ends_trial), (0, at, true));
    }
}

#[tokio::test]
async fn a_retry_is_not_told_of_and_a_charge_whose_time_is_over_tells_of_itself() {
    let billing = billing().await;
    let id = begun(&billing, noticing(7)).await;
    pass(&billing, 33, &["key1"], true).await;
    let declined = row(&billing, &id).await;
    assert_eq!((declined.state, declined.noticed.map(|it| it.period)), (SubscriptionState::PastDue, Some(1)));
    // Nobody came for weeks.
    let billing = self::billing().await;
    let id = begun(&billing, noticing(7)).await;
    billing.advance(32 * DAY);
    sweep(&billing).await;
    assert!(row(&billing, &id).await.noticed.is_none_or(|it| it.period != 1));
}
