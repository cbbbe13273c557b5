//! A customer is told of a charge some days before it: once, and in time.

use billing::Timestamp;
use billing::ports::Clock;
use billing::subscription::{Ending, NoticeDays, SubscriptionState};
use billing::usecase::{Caller, NewSubscription};

use super::consent::{agree, asking};
use super::{DAY, pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, another_card, billing};
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
        if let Some(notice) =
            row(billing, id).await.last_notice.filter(|it| told.iter().all(|(of, _)| *of != it.period))
        {
            told.push((notice.period, notice.at.0 - billing.host.now().0));
        }
    }
    told
}

#[tokio::test]
async fn a_renewal_is_told_of_seven_days_before_it_or_as_many_as_were_asked_for() {
    for days in [1, 7, 14] {
        let billing = billing().await;
        let id = begun(&billing, noticing(days)).await;
        let at = row(&billing, &id).await.attempt_at;
        let told = told(&billing, &id, at).await;
        let days = i64::try_from(days).unwrap() * DAY;
        let [(1, before)] = told[..] else { panic!("{told:?}") };
        assert!((days - 3_600..=days).contains(&before), "{before} s before");
        let notice = row(&billing, &id).await.last_notice.unwrap();
        assert_eq!((notice.at, notice.amount.minor, notice.ends_trial), (at, 8_900, false));
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
            let before = row(&billing, &id).await.last_notice;
            pass(&billing, 1, &[], true).await;
            all += u32::from(row(&billing, &id).await.last_notice != before);
        }
        assert_eq!(all, times);
    }
}

#[tokio::test]
async fn the_end_of_a_trial_is_told_of_and_at_once_if_it_is_nearer() {
    for trial in [3, 10] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { trial_days: Some(trial), ..noticing(7) }).await;
        let at = row(&billing, &id).await.attempt_at;
        if trial < 7 {
            assert!(row(&billing, &id).await.last_notice.is_some(), "at once");
        } else {
            assert!(row(&billing, &id).await.last_notice.is_none());
            let ends = row(&billing, &id).await.trial_until.unwrap();
            let [(0, before)] = told(&billing, &id, at).await[..] else { panic!() };
            let before = before - (at.0 - ends.0);
            assert!((7 * DAY..8 * DAY).contains(&before), "seven days before it is over, and not six: {before} s");
        }
        let notice = row(&billing, &id).await.last_notice.unwrap();
        assert_eq!((notice.period, notice.at, notice.ends_trial), (0, at, true));
    }
}

/// Each of them puts another attempt in the place of the one that is registered.
#[tokio::test]
async fn whatever_was_changed_before_the_next_charge_is_told_of_and_what_it_costs_then() {
    for change in ["another card", "reactivated", "resumed", "another plan", "registered anew"] {
        let billing = billing().await;
        if change == "registered anew" {
            billing.psp.will([Act::Approve, Act::Refuse(-1)]);
        }
        let id = begun(&billing, noticing(7)).await;
        billing.advance(3 * DAY);
        match change {
            "another card" => {
                let other = another_card(&billing, "another-card", "4111111111111111").await;
                billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
            }
            "reactivated" => {
                billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
                billing.reactivate_subscription(&Caller::Merchant, &id).await.unwrap();
            }
            "resumed" => {
                billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
                billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
            }
            "another plan" => {
                billing.change_plan(&Caller::Merchant, &id, plan("덜", 4_900)).await.unwrap();
            }
            _ => {}
        }
        let at = row(&billing, &id).await.attempt_at;
        let told = told(&billing, &id, at).await;
        assert!(
            matches!(told[..], [(1, before)] if (7 * DAY - 3_600..=7 * DAY).contains(&before)),
            "{change}: {told:?}"
        );
        let notice = row(&billing, &id).await.last_notice.unwrap();
        assert_eq!(notice.amount.minor, if change == "another plan" { 4_900 } else { 8_900 }, "{change}");
    }
}

#[tokio::test]
async fn what_nobody_has_agreed_to_is_not_announced_and_is_once_they_have() {
    let billing = asking().await;
    let id = begun(&billing, NewSubscription { trial_days: Some(10), ..noticing(7) }).await;
    pass(&billing, 5, &[], true).await;
    let waits = row(&billing, &id).await;
    assert!(waits.asked.is_some() && waits.last_notice.is_none());
    // With another length of its periods it is another question, which is put in its own time.
    let week = billing::subscription::Interval::new(billing::subscription::Unit::Week, 1).unwrap();
    let weekly = billing::usecase::NewPlan { interval: week, ..plan("주간", 2_900) };
    let changed = billing.change_plan(&Caller::Merchant, &id, weekly).await.unwrap();
    assert!(changed.asked.is_some() && changed.last_notice.is_none());
    let agreed = agree(&billing, &id, 2_900, changed.asked.map(|it| it.from)).await.unwrap();
    assert_eq!(agreed.last_notice.map(|it| (it.at, it.ends_trial)), Some((agreed.attempt_at, true)));
}

#[tokio::test]
async fn a_retry_is_not_told_of_and_a_charge_whose_time_is_over_tells_of_itself() {
    let billing = billing().await;
    let id = begun(&billing, noticing(7)).await;
    pass(&billing, 33, &["key1"], true).await;
    let declined = row(&billing, &id).await;
    assert_eq!((declined.state, declined.last_notice.map(|it| it.period)), (SubscriptionState::PastDue, Some(1)));
    // Nobody came for weeks.
    let billing = self::billing().await;
    let id = begun(&billing, noticing(7)).await;
    billing.advance(32 * DAY);
    sweep(&billing).await;
    assert!(row(&billing, &id).await.last_notice.is_none_or(|it| it.period != 1));
}
