//! Another plan within the period that runs.

use billing::order::Order;
use billing::payment::{PspStatus, State};
use billing::ports::{Clock, PaymentStore, SubscriptionStore};
use billing::subscription::{Ending, Interval, Proration, Subscription, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};
use billing::{MerchantUid, Money};

use super::{DAY, paid_for};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, billing};
use crate::subscription::{plan, wanted};

async fn change(billing: &TestBilling, id: &str, to: NewPlan) -> Result<(Subscription, Proration), Failure> {
    billing.change_plan_now(&Caller::Merchant, id, to).await
}

#[tokio::test]
async fn a_paid_period_may_change_its_plan_to_its_last_second_and_what_is_left_of_it_is_counted_in_days() {
    for (seconds, left) in [
        (-2 * DAY - 1, Some(3)),
        (-2 * DAY, Some(2)),
        (-DAY - 1, Some(2)),
        (-DAY, Some(1)),
        (-1, Some(1)),
        (0, None),
        (1, None),
        (36_000 - 1, None),
    ] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let period = row(&billing, &id).await.calendar.period(0).unwrap();
        billing.wait_until(period.ends.start().plus(seconds));
        let changed = change(&billing, &id, plan("더 적게", 5_900)).await;
        match left {
            Some(left) => {
                let (row, stated) = changed.unwrap();
                assert_eq!((stated.days_left, stated.days), (left, 30), "{seconds} s");
                assert_eq!((stated.amount, row.adjustment), (-100 * left, -100 * left), "{seconds} s");
            }
            None => {
                // The next one has begun, and its charge is still to come.
                assert_eq!(changed.map(|_| ()), Err(Failure::SubscriptionNotChangeable), "{seconds} s");
                assert_eq!(row(&billing, &id).await.plan_id.as_str(), "월간 이용권", "{seconds} s");
            }
        }
    }
}

#[tokio::test]
async fn nothing_changes_at_once_while_it_stands_still_or_is_to_end() {
    for paused in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        if paused {
            billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
        } else {
            billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        }
        let before = row(&billing, &id).await;
        for won in [5_900, 12_900] {
            let changed = change(&billing, &id, plan("다른", won)).await;
            assert_eq!(changed.map(|_| ()), Err(Failure::SubscriptionNotChangeable), "{paused}, {won}");
        }
        assert_eq!(row(&billing, &id).await, before);
    }
}

#[tokio::test]
async fn asked_for_again_the_plan_that_runs_changes_nothing() {
    for won in [8_900, 5_900, 12_900] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let (changed, _) = change(&billing, &id, plan("월간 이용권", won)).await.unwrap();
        for days in [0, 1, 20] {
            billing.advance(days * DAY);
            let (again, stated) = change(&billing, &id, plan("월간 이용권", won)).await.unwrap();
            assert_eq!((again, stated.amount, stated.charged), (changed.clone(), 0, 0), "{won}");
        }
    }
}

#[tokio::test]
async fn a_plan_that_was_to_follow_begins_at_once_when_that_is_asked_for_though_it_costs_the_same() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let shown = |row: &Subscription| {
        let plans = row.plans(billing.host.now());
        (plans.running.0.id.to_string(), plans.next.map(|(next, ..)| next.id.to_string()))
    };
    let same_price = || plan("같은 값", 8_900);
    let later = billing.change_plan(&Caller::Merchant, &id, same_price()).await.unwrap();
    assert_eq!(shown(&later), ("월간 이용권".to_owned(), Some("같은 값".to_owned())));
    let (now, stated) = change(&billing, &id, same_price()).await.unwrap();
    assert_eq!((shown(&now), stated.amount), (("같은 값".to_owned(), None), 0));
    assert_eq!(now.order().unwrap().amount.minor, 8_900);
}

#[tokio::test]
async fn who_asks_for_the_plan_that_runs_keeps_it_and_no_other_follows() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let weekly = NewPlan { interval: Interval::new(Unit::Week, 1).unwrap(), ..plan("주간", 2_900) };
    // What is registered for the next month cannot be taken back yet, so the weeks still wait.
    billing.psp.world().down = true;
    let waits = billing.change_plan(&Caller::Merchant, &id, weekly).await.unwrap();
    assert!(waits.awaits_plan());
    let (kept, stated) = change(&billing, &id, plan("월간 이용권", 8_900)).await.unwrap();
    assert_eq!((kept.next_plan, stated.amount), (None, 0));
    assert_eq!((kept.plan_id.as_str(), kept.price.amount.minor), ("월간 이용권", 8_900));
}

#[tokio::test]
async fn a_dearer_plan_costs_at_once_what_the_next_charge_is_not_lowered_by() {
    let billing = billing().await;
    let id = begun(&billing, NewSubscription { plan: plan("최고", 30_000), ..wanted() }).await;
    let (down, _) = change(&billing, &id, plan("중간", 20_000)).await.unwrap();
    assert_eq!(down.adjustment, -10_000);
    // Less than that still lowers the next charge by the rest, and nothing is paid.
    let (less, stated) = change(&billing, &id, plan("조금 더", 26_000)).await.unwrap();
    assert_eq!((stated.amount, stated.charged, less.adjustment), (6_000, 0, -4_000));
    assert_eq!(paid_for(&billing, 0), [30_000]);
    let (more, stated) = change(&billing, &id, plan("더 많이", 50_000)).await.unwrap();
    assert_eq!((stated.amount, stated.charged, more.adjustment), (24_000, 20_000, 0));
    let paid: u64 = paid_for(&billing, 0).iter().sum();
    assert_eq!((paid, more.order().unwrap().amount.minor), (50_000, 50_000), "a month of it costs what it costs");
}

#[tokio::test]
async fn what_an_older_version_has_left_to_the_next_charge_stays_with_it() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let stored = row(&billing, &id).await;
    let older = Subscription { adjustment: 1_000, version: stored.version + 1, ..stored };
    billing.store.save_subscription(&older).await.unwrap();
    let (changed, stated) = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!((stated.amount, stated.charged, changed.adjustment), (4_000, 0, 5_000));
    assert_eq!((changed.order().unwrap().amount.minor, paid_for(&billing, 0)), (17_900, vec![8_900]));
}

#[tokio::test]
async fn a_difference_that_was_paid_and_given_back_is_not_told_as_declined() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let uid = MerchantUid::parse(&format!("{id}p0t1000")).unwrap();
    let of_period = row(&billing, &id).await.order().unwrap();
    let difference = Order { merchant_uid: uid.clone(), amount: Money::krw(4_000), ..of_period };
    let now = billing.host.now();
    billing.psp.world().record(&difference, PspStatus::Paid, now);
    {
        // Somebody has cancelled it in the PSP's console by the time that it is looked for.
        let mut world = billing.psp.world();
        let record = &mut world.payments.get_mut(uid.as_str()).unwrap()[0];
        (record.status, record.cancel_amount, record.cancelled_at) = (PspStatus::Cancelled, 4_000, Some(now));
    }
    // The schedule of the next period is taken back first; the charge is not answered.
    billing.psp.will([Act::Approve, Act::Lose]);
    let refused = change(&billing, &id, plan("더 많이", 12_900)).await;
    assert_eq!(billing.store.payment(&uid).await.unwrap().unwrap().state, State::Refunded);
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
    assert_eq!(row(&billing, &id).await.plan_id.as_str(), "월간 이용권");
}
