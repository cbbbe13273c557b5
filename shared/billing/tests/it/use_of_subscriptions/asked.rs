//! What storefronts and customers ask of a subscription, and what they are refused.

use billing::KstDay;
use billing::ports::Clock;
use billing::subscription::{Ending, Subscription, SubscriptionState};
use billing::usecase::{Caller, Failure, NewSubscription};

use super::{DAY, is_declined, posts};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestWorld, billing, customer, secret};
use crate::subscription::wanted;

/// What a subscription that is asked for so comes to, in a world of its own.
async fn asked(new: NewSubscription) -> Result<Subscription, String> {
    billing().await.subscribe(new, &secret()).await.map_err(|failure| match failure {
        Failure::Invalid(invalid) => invalid.code.to_owned(),
        other => format!("{other:?}"),
    })
}

#[tokio::test]
async fn a_card_is_charged_only_for_the_customer_whose_it_is() {
    for (name, allowed) in [(None, true), (Some("kim"), true), (Some("lee"), false)] {
        let billing = billing().await;
        let new = NewSubscription { customer_id: name.map(customer), ..wanted() };
        match billing.subscribe(new, &secret()).await {
            Ok(row) => assert_eq!((allowed, row.customer_id), (true, customer("kim")), "{name:?}"),
            Err(failure) => assert_eq!((allowed, failure), (false, Failure::NotFound), "{name:?}"),
        }
        assert_eq!(billing.psp.world().posts.is_empty(), !allowed);
    }
}

#[tokio::test]
async fn a_trial_lasts_as_many_days_as_were_asked_for_from_one_to_a_year() {
    let today = KstDay::of(billing().await.host.now());
    for days in [1_u16, 2, 7, 30, 31, 364, 365] {
        let begun = asked(NewSubscription { trial_days: Some(days), ..wanted() }).await.unwrap();
        let ends = (0..days).fold(today, |day, _| day.next());
        assert_eq!(begun.calendar.period(0).unwrap().starts, ends, "{days} days");
        assert_eq!((begun.trial_until, begun.access_until), (Some(ends.start()), Some(ends.start())), "{days} days");
    }
    for days in [0_u16, 366, u16::MAX] {
        let refused = asked(NewSubscription { trial_days: Some(days), ..wanted() }).await;
        assert_eq!(refused.map(|_| ()), Err("trial_days_invalid".to_owned()), "{days} days");
    }
}

#[tokio::test]
async fn a_first_period_begins_now_or_as_far_ahead_as_the_psp_registers_and_no_second_before_or_after() {
    let (now, ahead) = {
        let billing = billing().await;
        (billing.host.now(), billing.policy.schedule_ahead_max_seconds)
    };
    for (after, allowed) in [(-DAY, false), (-1, false), (0, true), (1, true), (ahead, true), (ahead + 1, false)] {
        let begun = asked(NewSubscription { start_at: Some(now.plus(after)), ..wanted() }).await;
        match begun {
            Ok(begun) => {
                assert!(allowed, "{after} s");
                assert_eq!(begun.calendar.period(0).unwrap().starts, KstDay::of(now.plus(after)));
            }
            Err(code) => assert_eq!((allowed, code.as_str()), (false, "start_at_invalid"), "{after} s"),
        }
    }
}

#[tokio::test]
async fn a_wish_to_end_that_comes_again_changes_nothing_whoever_has_it() {
    for who in ["kim", "merchant"] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let customer = Caller::Customer(customer("kim"));
        let first = if who == "kim" { &customer } else { &Caller::Merchant };
        let ended = billing.cancel_subscription(first, &id, Ending::AtPeriodEnd).await.unwrap();
        billing.advance(60);
        for again in [&customer, &Caller::Merchant] {
            let same = billing.cancel_subscription(again, &id, Ending::AtPeriodEnd).await.unwrap();
            assert_eq!((same.ending, same.ended_by_merchant), (ended.ending, who == "merchant"));
        }
        // Only its customer's own end is theirs to take back.
        assert_eq!(billing.reactivate_subscription(&customer, &id).await.is_ok(), who == "kim");
        let now = billing.cancel_subscription(&customer, &id, Ending::Now).await.unwrap();
        assert_eq!(now.state, SubscriptionState::Canceled, "an end can be brought forward");
        let later = billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        assert_eq!(later, now, "and not put off");
    }
}

#[tokio::test]
async fn what_was_not_to_end_stays_as_it_is_when_it_is_reactivated() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await;
    for who in [Caller::Customer(customer("kim")), Caller::Merchant] {
        assert_eq!(billing.reactivate_subscription(&who, &id).await.as_ref(), Ok(&before));
    }
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    let refused = billing.reactivate_subscription(&Caller::Merchant, &id).await;
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
}

#[tokio::test]
async fn nothing_is_paused_that_has_ended_or_is_to_end() {
    for ending in [None, Some(Ending::AtPeriodEnd), Some(Ending::Now)] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        if let Some(ending) = ending {
            billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
        }
        let before = row(&billing, &id).await;
        match billing.pause_subscription(&Caller::Merchant, &id).await {
            Ok(paused) => assert_eq!((ending, paused.state), (None, SubscriptionState::Paused)),
            Err(failure) => {
                assert_eq!((ending.is_some(), failure), (true, Failure::SubscriptionNotChangeable));
                assert_eq!(row(&billing, &id).await, before);
            }
        }
    }
    // Nor what was given up without anybody's wish.
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    for _ in 0..5 {
        is_declined(&billing, &id).await;
    }
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
    let refused = billing.pause_subscription(&Caller::Merchant, &id).await;
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
}

#[tokio::test]
async fn naming_the_card_that_was_declined_once_more_tries_it_no_sooner() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    is_declined(&billing, &id).await;
    let behind = row(&billing, &id).await;
    assert_eq!((behind.state, behind.attempt_at > billing.host.now()), (SubscriptionState::PastDue, true));
    let before = posts(&billing, "");
    let named = billing.change_card(&Caller::Merchant, &id, &behind.customer_uid).await.unwrap();
    assert_eq!((named, posts(&billing, "")), (behind, before));
}
