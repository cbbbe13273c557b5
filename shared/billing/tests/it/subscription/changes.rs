//! Plans that change, pauses, ends, and periods that nobody came to charge.

use std::collections::BTreeMap;

use super::{pass, plan, timeline, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestWorld, billing, secret};
use crate::sweep::sweep;
use billing::KstDay;
use billing::ids::SubscriptionId;
use billing::payment::{ScheduleStatus, State};
use billing::ports::Clock;
use billing::subscription::{Attempt, Interval, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};

const DAY: i64 = 86_400;

/// What each paid period cost.
pub(super) fn paid(billing: &crate::fixture::TestBilling) -> Vec<(u32, u64)> {
    let mut paid: Vec<(u32, u64)> = billing
        .store
        .all_payments()
        .iter()
        .filter(|row| row.state == State::Paid)
        .map(|row| (Attempt::of(row.merchant_uid()).unwrap().1.period, row.order.amount.minor))
        .collect();
    paid.sort_unstable();
    paid
}

#[tokio::test]
async fn another_plan_begins_with_the_next_period_and_never_within_one() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    pass(&billing, 32, &["key1"], true).await;
    let behind = row(&billing, &id).await;
    assert_eq!(behind.state, SubscriptionState::PastDue);
    // A period that was tried costs what it did when it was.
    let later = billing.change_plan(&Caller::Merchant, &id, plan("최고", 18_900)).await.unwrap();
    assert_eq!((later.price.amount.minor, later.next_plan.is_some()), (12_900, true));
    pass(&billing, 32, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900), (1, 12_900), (2, 18_900)]);
    assert_eq!(row(&billing, &id).await.next_plan, None);
}

#[tokio::test]
async fn changed_now_a_dearer_plan_is_paid_for_at_once_and_a_cheaper_one_lowers_the_next_charge() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 10, &[], true).await;
    let (changed, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let period = changed.calendar.period(0).unwrap();
    assert_eq!((up.days, up.days_left), (period.starts.days_until(period.ends), up.days - 10));
    assert_eq!(up.amount, 4_000 * up.days_left / up.days);
    assert_eq!((changed.adjustment, changed.order().unwrap().amount.minor), (0, 12_900));
    let (_, nothing) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!((nothing.amount, nothing.charged), (0, 0), "a repeat owes nothing");
    let (_, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 적게", 6_900)).await.unwrap();
    assert_eq!(down.amount, (-6_000 * down.days_left).div_euclid(down.days), "fractions are the customer's");
    let first = u64::try_from(6_900 + down.amount).unwrap();
    pass(&billing, 60, &[], true).await;
    assert_eq!(paid(&billing), [(0, up.charged), (0, 8_900), (1, first), (2, 6_900)]);
}

#[tokio::test]
async fn a_difference_that_the_next_charge_cannot_take_is_refused() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await;
    let refused = billing.change_plan_now(&Caller::Merchant, &id, plan("거의 무료", 100)).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "proration_invalid"));
    let yearly = NewPlan { interval: Interval::new(Unit::Year, 1).unwrap(), ..plan("연간", 99_000) };
    let refused = billing.change_plan_now(&Caller::Merchant, &id, yearly).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "interval_invalid"));
    assert_eq!(row(&billing, &id).await, before);
}

#[tokio::test]
async fn periods_of_another_length_begin_where_the_last_one_ends() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let weekly = NewPlan { interval: Interval::new(Unit::Week, 1).unwrap(), ..plan("주간", 2_900) };
    let changed = billing.change_plan(&Caller::Merchant, &id, weekly).await.unwrap();
    let monthly = NewPlan { interval: Interval::new(Unit::Month, 1).unwrap(), ..plan("월간", 8_900) };
    pass(&billing, 46, &[], true).await;
    assert_eq!(paid(&billing).len(), 4, "a month and three weeks: {:?}", paid(&billing));
    billing.change_plan(&Caller::Merchant, &id, monthly).await.unwrap();
    pass(&billing, 60, &[], true).await;
    let calendar = row(&billing, &id).await.calendar;
    for number in 0..40 {
        let (period, next) = (calendar.period(number).unwrap(), calendar.period(number + 1).unwrap());
        assert_eq!((period.ends, period.number), (next.starts, number));
        assert_eq!(calendar.period_on(period.starts), Some(period));
        assert_eq!(calendar.period_on(KstDay::of(period.ends.start().plus(-1))), Some(period));
    }
    assert_eq!(changed.calendar.period(0).unwrap(), calendar.period(0).unwrap());
    let amounts: Vec<u64> = paid(&billing).iter().map(|(_, won)| *won).collect();
    assert_eq!(amounts[..5], [8_900, 2_900, 2_900, 2_900, 8_900]);
}

#[tokio::test]
async fn nobody_pays_afterwards_for_periods_that_nobody_came_to_charge() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    // The schedule is revoked in the console, and found so.
    billing.advance(31 * DAY);
    billing.psp.world().schedules.values_mut().for_each(|schedule| {
        schedule.schedule_status = ScheduleStatus::Revoked;
    });
    sweep(&billing).await;
    billing.advance(69 * DAY);
    sweep(&billing).await;
    let paused = row(&billing, &id).await;
    assert_eq!(paused.state, SubscriptionState::Paused, "what was stopped in the console stays stopped");
    assert!(billing.alarms().contains(&"schedule_revoked"));
    let resumed = billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(resumed.state, SubscriptionState::Active);
    let today = resumed.calendar.period_on(KstDay::of(billing.host.now())).unwrap().number;
    let periods: Vec<u32> = paid(&billing).iter().map(|(period, _)| *period).collect();
    assert_eq!(periods, [0, today], "the present period alone");
    assert_eq!(resumed.attempt.period, today + 1);
}

#[tokio::test]
async fn after_months_without_a_sweep_and_a_psp_that_ran_nothing_the_present_period_alone_is_charged() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.advance(100 * DAY);
    for _ in 0..4 {
        sweep(&billing).await;
        billing.advance(3_600);
    }
    let row = row(&billing, &id).await;
    let today = row.calendar.period_on(KstDay::of(billing.host.now())).unwrap().number;
    let periods: Vec<u32> = paid(&billing).iter().map(|(period, _)| *period).collect();
    assert_eq!(periods, [0, today]);
    assert_eq!((row.state, row.attempt.period), (SubscriptionState::Active, today + 1));
}

#[tokio::test]
async fn a_limited_one_is_completed_with_its_last_period() {
    let billing = billing().await;
    let new = NewSubscription { periods_max: Some(2), ..wanted() };
    let id = begun(&billing, new).await;
    pass(&billing, 80, &[], true).await;
    let row = row(&billing, &id).await;
    assert_eq!((row.state, row.due_at), (SubscriptionState::Completed, None));
    assert_eq!(paid(&billing).len(), 2);
    assert_eq!(row.access_until, row.calendar.period(1).map(|period| period.ends.start()));
}

#[tokio::test]
async fn of_one_plan_a_customer_has_one_that_lives() {
    let billing = billing().await;
    let first = billing.subscribe(wanted(), &secret()).await.unwrap();
    let second = NewSubscription { idempotency_key: "subscribe-2".to_owned(), ..wanted() };
    assert_eq!(billing.subscribe(second.clone(), &secret()).await, Err(Failure::SubscriptionExists));
    let yearly =
        NewSubscription { idempotency_key: "subscribe-3".to_owned(), plan: plan("연간", 99_000), ..wanted() };
    billing.subscribe(yearly, &secret()).await.unwrap();
    let ending = billing::subscription::Ending::Now;
    billing.cancel_subscription(&Caller::Merchant, first.id.as_str(), ending).await.unwrap();
    let second = billing.subscribe(second, &secret()).await.unwrap();
    assert!(second.is_live() && second.id != first.id);
    let metadata = BTreeMap::from([("k".to_owned(), "v".to_owned())]);
    let other = NewSubscription { metadata, ..wanted() };
    assert_eq!(billing.subscribe(other, &secret()).await, Err(Failure::IdempotencyKeyReused));
}

#[tokio::test]
async fn an_attempts_number_is_its_own_and_never_looks_like_a_card() {
    let mut digits = 1_u128;
    for number in 0..20_000_u32 {
        digits = digits.wrapping_mul(0x2545_F491_4F6C_DD1D).wrapping_add(u128::from(number));
        let id = SubscriptionId::parse(&format!("sub{:026x}", digits & ((1 << 104) - 1))).unwrap();
        let attempt = Attempt { period: number % 4_000, number: number % 12 };
        let uid = attempt.merchant_uid(&id).unwrap();
        assert_eq!(Attempt::of(&uid), Some((id, attempt)));
    }
    for other in [
        "order_1",
        "subp1t0",
        "sub-1-0",
        "sub00112233445566778899aabbccp01t0",
        "sub00112233445566778899aabbccp1t00",
        "sub00112233445566778899aabbccp1",
        "sub00112233445566778899aabbccp1t0t0",
        "sub00112233445566778899aabbcc-1-0",
    ] {
        assert_eq!(Attempt::of(&billing::MerchantUid::parse(other).unwrap()), None, "{other}");
    }
    assert_eq!(timeline(&billing().await), []);
}
