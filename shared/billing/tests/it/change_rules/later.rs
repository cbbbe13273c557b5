//! Another plan from the next period on.

use billing::payment::PspStatus;
use billing::ports::Clock;
use billing::subscription::{Dunning, Ending, GiveUp, Interval, PlanId, Subscription, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};
use billing::{Currency, Money};

use super::{DAY, looked_at_again, next_comes_to, paid_for};
use crate::fixture::subscriptions::{begun, row, runs};
use crate::fixture::{Act, START, TestBilling, TestWorld, another_card, billing};
use crate::subscription::{plan, wanted};
use crate::sweep::sweep;

async fn change(billing: &TestBilling, id: &str, to: NewPlan) -> Result<Subscription, Failure> {
    billing.change_plan(&Caller::Merchant, id, to).await
}

fn code<T>(result: Result<T, Failure>) -> Option<String> {
    match result {
        Err(Failure::Invalid(invalid)) => Some(invalid.code),
        Ok(_) | Err(_) => None,
    }
}

/// What the next attempt costs, and what those of the period after it are to cost, if that is something else.
fn prices(row: &Subscription) -> (u64, Option<u64>) {
    (row.order().unwrap().amount.minor, row.next_plan.as_ref().map(|plan| plan.price.amount.minor))
}

fn gives_up(give_up: GiveUp) -> NewSubscription {
    NewSubscription { dunning: Dunning::new(Vec::new(), give_up).unwrap(), ..wanted() }
}

#[tokio::test]
async fn a_period_costs_what_its_plan_did_when_it_was_due() {
    // From days before the next period is due to a day after, across its midnight and the last minutes before it.
    for seconds in [-9 * DAY, -DAY, -36_001, -36_000, -35_999, -3_600, -361, -360, -60, -1, 0, 1, 600] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
        billing.wait_until(due.plus(seconds));
        let changed = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
        let in_time = seconds < 0;
        assert_eq!(prices(&changed), if in_time { (12_900, None) } else { (8_900, Some(12_900)) }, "{seconds} s");
        if in_time {
            next_comes_to(&billing, &id, PspStatus::Paid).await;
        } else {
            let hint = runs(&billing, &id, PspStatus::Paid).await;
            billing.notice(&hint).await.unwrap();
        }
        sweep(&billing).await;
        assert_eq!(paid_for(&billing, 1), [if in_time { 12_900 } else { 8_900 }], "{seconds} s");
        assert_eq!(prices(&row(&billing, &id).await), (12_900, None), "{seconds} s");
    }
}

#[tokio::test]
async fn one_that_begins_in_days_to_come_begins_with_the_plan_that_it_has_by_then() {
    for days in [1, 5, 9] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { start_at: Some(START.plus(10 * DAY)), ..wanted() }).await;
        billing.advance(days * DAY);
        let changed = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!(prices(&changed), (12_900, None), "{days} days on");
        next_comes_to(&billing, &id, PspStatus::Paid).await;
        assert_eq!(paid_for(&billing, 0), [12_900], "{days} days on");
    }
}

#[tokio::test]
async fn a_first_period_that_may_be_paid_already_keeps_its_price_though_its_hour_has_not_come() {
    let billing = billing().await;
    // It is charged at once, an hour before the one that is for the days to come, and nobody hears what came of it.
    billing.psp.world().listing.single_looks_fail = true;
    billing.psp.will([Act::ApproveAndLose]);
    let id = begun(&billing, wanted()).await;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    billing.advance(60);
    let resumed = billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    assert!(resumed.attempt_at > billing.host.now() && resumed.attempt.period == 0);
    let changed = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!(prices(&changed), (8_900, Some(12_900)));
    billing.psp.world().listing.single_looks_fail = false;
    billing.advance(3_600);
    sweep(&billing).await;
    assert_eq!(paid_for(&billing, 0), [8_900]);
    let next = row(&billing, &id).await;
    assert_eq!((next.attempt.period, prices(&next)), (1, (12_900, None)));
}

#[tokio::test]
async fn a_period_that_was_tried_once_keeps_its_price_however_early_that_was_and_whatever_was_done_since() {
    for since in ["nothing", "paused", "another card"] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let card = another_card(&billing, "another-card", "4111111111111111").await;
        let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
        // Its schedule was given an earlier time in the PSP's console, and was declined. One record does not say that it is
        // the only one, so all of them are looked for.
        billing.advance(10 * DAY);
        billing.psp.world().looks_fail = true;
        let hint = runs(&billing, &id, PspStatus::Failed).await;
        billing.notice(&hint).await.unwrap();
        billing.psp.world().looks_fail = false;
        looked_at_again(&billing).await;
        let behind = row(&billing, &id).await;
        assert_eq!((behind.state, behind.attempt.number), (SubscriptionState::PastDue, 1));
        match since {
            "paused" => drop(billing.pause_subscription(&Caller::Merchant, &id).await.unwrap()),
            "another card" => drop(billing.change_card(&Caller::Merchant, &id, &card).await.unwrap()),
            _ => {}
        }
        assert!(billing.host.now() < due && due <= row(&billing, &id).await.attempt_at, "{since}");
        let changed = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!(prices(&changed), (8_900, Some(12_900)), "{since}");
    }
}

#[tokio::test]
async fn another_plan_follows_on_a_period_that_was_tried_if_anything_about_it_is_another() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    next_comes_to(&billing, &id, PspStatus::Failed).await;
    let behind = row(&billing, &id).await;
    assert_eq!(behind.state, SubscriptionState::PastDue);
    let weekly = Interval::new(Unit::Week, 1).unwrap();
    for other in 0..8 {
        let mut asked = plan("월간 이용권", 8_900);
        if other & 1 != 0 {
            asked.id = PlanId::parse("다른").unwrap();
        }
        if other & 2 != 0 {
            asked.price.amount = Money::krw(12_900);
        }
        if other & 4 != 0 {
            asked.interval = weekly;
        }
        // Whatever was to follow before does not any more.
        let changed = change(&billing, &id, asked.clone()).await.unwrap();
        let next = changed.next_plan.map(|next| (next.id, next.price, next.interval));
        assert_eq!(next, (other != 0).then_some((asked.id, asked.price, asked.interval)), "{other:b}");
        assert_eq!((changed.plan_id, changed.price), (behind.plan_id.clone(), behind.price.clone()), "{other:b}");
    }
    change(&billing, &id, plan("월간 이용권", 8_900)).await.unwrap();
    assert_eq!(row(&billing, &id).await.next_plan, None, "it stays as it is after all");
}

#[tokio::test]
async fn what_has_ended_or_is_to_end_is_changed_no_more() {
    for how in ["now", "with its period", "given up", "completed"] {
        let billing = billing().await;
        let new = match how {
            "given up" => gives_up(GiveUp::Cancel),
            _ => NewSubscription { periods_max: (how == "completed").then_some(1), ..wanted() },
        };
        let id = begun(&billing, new).await;
        let state = match how {
            "now" => billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap().state,
            "with its period" => {
                billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap().state
            }
            "given up" => {
                next_comes_to(&billing, &id, PspStatus::Failed).await;
                row(&billing, &id).await.state
            }
            _ => row(&billing, &id).await.state,
        };
        let expected = match how {
            "with its period" => SubscriptionState::Active,
            "completed" => SubscriptionState::Completed,
            _ => SubscriptionState::Canceled,
        };
        assert_eq!(state, expected, "{how}");
        let before = row(&billing, &id).await;
        let later = change(&billing, &id, plan("더 많이", 12_900)).await;
        assert_eq!(later, Err(Failure::SubscriptionNotChangeable), "{how}");
        let now = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await;
        assert_eq!(now.map(|_| ()), Err(Failure::SubscriptionNotChangeable), "{how}");
        assert_eq!(row(&billing, &id).await, before, "{how}");
    }
}

#[tokio::test]
async fn what_stands_still_may_go_on_with_another_plan() {
    for unpaid in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, gives_up(GiveUp::Unpaid)).await;
        if unpaid {
            next_comes_to(&billing, &id, PspStatus::Failed).await;
        } else {
            billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
        }
        let state = row(&billing, &id).await.state;
        assert_eq!(state, if unpaid { SubscriptionState::Unpaid } else { SubscriptionState::Paused });
        let changed = change(&billing, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!(changed.state, state);
        assert_eq!(prices(&changed), if unpaid { (8_900, Some(12_900)) } else { (12_900, None) });
    }
}

#[tokio::test]
async fn a_plan_of_another_currency_follows_only_where_nothing_was_counted_in_the_one_before() {
    for (unit, tried) in [(Unit::Month, false), (Unit::Month, true), (Unit::Week, false)] {
        let dollars = NewPlan {
            price: billing::subscription::Price {
                amount: Money::new(20_000, Currency::Usd), ..plan("달러", 1).price
            },
            interval: Interval::new(unit, 1).unwrap(),
            ..plan("달러", 1)
        };
        for counted in [true, false] {
            let mut billing = billing().await;
            billing.policy.currencies = vec![Currency::Krw, Currency::Usd];
            let id = begun(&billing, NewSubscription { plan: plan("최고", 30_000), ..wanted() }).await;
            if counted {
                billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
                assert_eq!(row(&billing, &id).await.adjustment, -10_000);
            }
            if tried {
                next_comes_to(&billing, &id, PspStatus::Failed).await;
                assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
            }
            let before = row(&billing, &id).await;
            let changed = change(&billing, &id, dollars.clone()).await;
            if counted {
                assert_eq!(code(changed).as_deref(), Some("proration_invalid"), "{unit:?}, {tried}");
                assert_eq!(row(&billing, &id).await, before);
            } else {
                let changed = changed.unwrap();
                let next = changed.next_plan.map_or(changed.price, |next| next.price);
                assert_eq!(next.amount, Money::new(20_000, Currency::Usd), "{unit:?}, {tried}");
            }
        }
    }
}

#[tokio::test]
async fn a_plan_has_to_cost_more_than_what_the_next_charge_is_lowered_by() {
    for (won, taken) in [(1, false), (9_999, false), (10_000, false), (10_001, true), (20_001, true)] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { plan: plan("최고", 30_000), ..wanted() }).await;
        billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        let changed = change(&billing, &id, plan("다른", won)).await;
        if taken {
            assert_eq!(prices(&changed.unwrap()), (won - 10_000, None));
        } else {
            assert_eq!(code(changed).as_deref(), Some("proration_invalid"), "{won}");
        }
    }
}
