//! Introductory prices: a plan's first periods cost less, and everybody knows when that ends.

use billing::subscription::{Ending, Intro, Reason, Subscription};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};

use super::changes::paid;
use super::{pass, plan, wanted};
use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, billing, secret};

fn introduced(name: &str, won: u64, amount: u64, periods: u32) -> NewPlan {
    let plan = plan(name, won);
    let intro = Intro { amount, periods, tax_free: None, vat_amount: None };
    NewPlan { price: plan.price.with_intro(Some(intro)).unwrap(), ..plan }
}

fn new(amount: u64, periods: u32) -> NewSubscription {
    NewSubscription { plan: introduced("월간 이용권", 8_900, amount, periods), ..wanted() }
}

/// What is told of the next charges: the amounts, and why.
fn ahead(billing: &TestBilling, row: &Subscription) -> Vec<(u64, Reason)> {
    use billing::ports::Clock;
    row.ahead(3, billing.host.now()).iter().map(|it| (it.amount.minor, it.parts[0].reason)).collect()
}

#[tokio::test]
async fn the_first_periods_cost_less_and_the_others_what_the_plan_says() {
    let billing = billing().await;
    let id = begun(&billing, new(900, 2)).await;
    let told = ahead(&billing, &row(&billing, &id).await);
    assert_eq!(told, [(900, Reason::Introductory), (8_900, Reason::Plan), (8_900, Reason::Plan)]);
    pass(&billing, 95, &[], true).await;
    assert_eq!(paid(&billing), [(0, 900), (1, 900), (2, 8_900), (3, 8_900)]);
}

#[tokio::test]
async fn it_is_counted_by_the_calendar_so_that_a_pause_does_not_put_its_end_off() {
    let billing = billing().await;
    let id = begun(&billing, new(900, 3)).await;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 65, &[], true).await;
    billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    pass(&billing, 35, &[], true).await;
    assert_eq!(paid(&billing), [(0, 900), (2, 900), (3, 8_900)]);
}

#[tokio::test]
async fn a_plan_that_follows_is_introduced_from_its_own_first_period_and_nobody_twice() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let next = introduced("더 많이", 19_900, 9_900, 2);
    for _ in 0..3 {
        // Asked for again, in the middle of it and after it, the same plan is the same.
        billing.change_plan(&Caller::Merchant, &id, next.clone()).await.unwrap();
        pass(&billing, 31, &[], true).await;
    }
    billing.change_plan_now(&Caller::Merchant, &id, next).await.unwrap();
    pass(&billing, 31, &[], true).await;
    assert_eq!(paid(&billing), [(0, 8_900), (1, 9_900), (2, 9_900), (3, 19_900), (4, 19_900)]);
}

#[tokio::test]
async fn whoever_goes_back_before_the_other_plan_began_is_not_introduced_once_more() {
    let billing = billing().await;
    let id = begun(&billing, new(900, 2)).await;
    let own = introduced("월간 이용권", 8_900, 900, 2);
    pass(&billing, 35, &[], true).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let back = billing.change_plan(&Caller::Merchant, &id, own).await.unwrap();
    assert_eq!((back.plan_since, back.running_plan), (0, None));
    pass(&billing, 31, &[], true).await;
    assert_eq!(paid(&billing), [(0, 900), (1, 900), (2, 8_900)]);
}

#[tokio::test]
async fn whoever_leaves_a_plan_and_comes_back_is_not_introduced_once_more() {
    let own = || introduced("월간 이용권", 8_900, 900, 1);
    // From the next period on, and within a period, where 29 of 31 days of the dearer plan are left: 4,000 won less for each month.
    for (at_once, last) in [(false, 8_900), (true, 8_900 - 3_742)] {
        let billing = billing().await;
        let id = begun(&billing, new(900, 1)).await;
        billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        pass(&billing, 32, &[], true).await;
        let back = if at_once {
            billing.change_plan_now(&Caller::Merchant, &id, own()).await.unwrap().0
        } else {
            billing.change_plan(&Caller::Merchant, &id, own()).await.unwrap()
        };
        assert_eq!((back.plan_since, back.cost_of_next().whole_amount().minor), (0, 8_900), "{at_once}");
        pass(&billing, 31, &[], true).await;
        assert_eq!(paid(&billing), [(0, 900), (1, 12_900), (2, last)], "{at_once}");
    }
}

#[tokio::test]
async fn a_change_that_is_taken_back_at_once_is_no_new_introduction() {
    let billing = billing().await;
    let id = begun(&billing, new(900, 1)).await;
    pass(&billing, 35, &[], true).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let own = introduced("월간 이용권", 8_900, 900, 1);
    let (back, proration) = billing.change_plan_now(&Caller::Merchant, &id, own).await.unwrap();
    assert_eq!((back.plan_since, proration.amount, back.running_plan, back.next_plan), (0, 0, None, None));
    pass(&billing, 31, &[], true).await;
    assert_eq!(paid(&billing), [(0, 900), (1, 8_900), (2, 8_900)]);
}

#[tokio::test]
async fn what_is_told_of_the_next_plan_is_what_is_charged_for_it() {
    let billing = billing().await;
    let id = begun(&billing, new(900, 1)).await;
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    pass(&billing, 31, &[], true).await;
    // Another interval: it waits as `next_plan`.
    let yearly = billing::subscription::Interval::new(billing::subscription::Unit::Year, 1).unwrap();
    let own = NewPlan { interval: yearly, ..introduced("월간 이용권", 8_900, 900, 1) };
    let row = billing.change_plan(&Caller::Merchant, &id, own).await.unwrap();
    use billing::ports::Clock;
    let (next, _, _) = row.plans(billing.host.now()).next.unwrap();
    let intro = next.intro.unwrap();
    assert!(intro.ends_with() <= row.attempt.period, "its introduction is over: {intro:?}");
    let told = ahead(&billing, &row).into_iter().map(|(won, _)| won).next_back();
    assert_eq!(told, Some(8_900));
}

#[tokio::test]
async fn a_change_within_a_period_is_counted_from_what_the_period_cost_and_to_what_it_costs_then() {
    // From an introduction to a whole price, at once: thirty days are left.
    let billing = billing().await;
    let id = begun(&billing, new(900, 2)).await;
    let (_, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert_eq!((up.amount, up.charged), (12_000, 12_000));
    // From a whole price to an introduction.
    let billing = self::billing().await;
    let id = begun(&billing, wanted()).await;
    let next = introduced("더 많이", 19_900, 9_900, 2);
    let (_, up) = billing.change_plan_now(&Caller::Merchant, &id, next).await.unwrap();
    assert_eq!((up.amount, up.charged), (1_000, 1_000));
    pass(&billing, 65, &[], true).await;
    assert_eq!(paid(&billing), [(0, 1_000), (0, 8_900), (1, 9_900), (2, 19_900)]);
}

#[tokio::test]
async fn what_goes_back_of_an_introduction_is_what_it_cost() {
    let billing = billing().await;
    let refund = billing::subscription::RefundPolicy::Unused;
    let id = begun(&billing, NewSubscription { refund, ..new(900, 2) }).await;
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(ended.unused_amount(), 870, "29 of 30 days");
}

#[tokio::test]
async fn the_parts_of_tax_are_its_own_or_the_same_shares_as_of_the_price() {
    for (own, wanted) in [(None, 404), (Some(0), 0), (Some(900), 900)] {
        let billing = billing().await;
        let mut plan = plan("월간 이용권", 8_900);
        (plan.price.details.tax_free, plan.price.details.vat_amount) = (Some(4_000), None);
        let intro = Intro { amount: 900, periods: 1, tax_free: own, vat_amount: None };
        plan.price = plan.price.with_intro(Some(intro)).unwrap();
        let id = begun(&billing, NewSubscription { plan, ..self::wanted() }).await;
        let details = payment(&billing, &format!("{id}p0t0")).await.order.details;
        assert_eq!(details.tax_free, Some(wanted));
        let next = payment(&billing, &format!("{id}p1t0")).await.order;
        assert_eq!((next.amount.minor, next.details.tax_free), (8_900, Some(4_000)));
    }
}

#[tokio::test]
async fn an_introduction_is_less_than_the_price_and_lasts_a_while() {
    let price = plan("월간 이용권", 8_900).price;
    for (amount, periods) in [(8_900, 1), (9_000, 1), (0, 1), (900, 0), (900, 121)] {
        let intro = Intro { amount, periods, tax_free: None, vat_amount: None };
        assert_eq!(price.clone().with_intro(Some(intro)).unwrap_err().code, "intro_invalid", "{amount} {periods}");
    }
    // More tax than there is money.
    let billing = billing().await;
    let mut plan = plan("월간 이용권", 8_900);
    let intro = Intro { amount: 900, periods: 1, tax_free: Some(901), vat_amount: None };
    plan.price = plan.price.with_intro(Some(intro)).unwrap();
    let refused = billing.subscribe(NewSubscription { plan, ..wanted() }, &secret()).await;
    assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "intro_invalid"));
}
