//! What a period costs, and why: the parts of a charge are those that its order adds up to.

use billing::order::Order;
use billing::subscription::{Attempt, Cost, NextPlan, Part, Reason, Subscription, Upgrade};
use billing::usecase::Caller;

use crate::fixture::{billing, secret};
use crate::subscription::{plan, wanted};

async fn subscribed() -> Subscription {
    billing().await.subscribe(wanted(), &secret()).await.unwrap()
}

fn parts(cost: &Cost<'_>) -> Vec<(Reason, i64)> {
    cost.parts().iter().map(|Part { reason, amount }| (*reason, *amount)).collect()
}

fn next_plan(name: &str, won: u64) -> NextPlan {
    let plan = plan(name, won);
    NextPlan { id: plan.id, price: plan.price, interval: plan.interval, with_next_attempt: false }
}

#[tokio::test]
async fn a_charge_is_the_sum_of_its_parts_and_never_below_nothing() {
    let row = subscribed().await;
    let cases = [
        (0, vec![(Reason::Plan, 8_900)], 8_900),
        (-900, vec![(Reason::Plan, 8_900), (Reason::Credit, -900)], 8_000),
        (1_100, vec![(Reason::Plan, 8_900), (Reason::Difference, 1_100)], 10_000),
        (-8_900, vec![(Reason::Plan, 8_900), (Reason::Credit, -8_900)], 0),
        (-9_000, vec![(Reason::Plan, 8_900), (Reason::Credit, -9_000)], 0),
    ];
    for (adjustment, wanted, amount) in cases {
        let row = Subscription { adjustment, ..row.clone() };
        let cost = row.cost(row.attempt.period).unwrap();
        assert_eq!((parts(&cost).as_slice(), cost.amount().minor), (wanted.as_slice(), amount));
        let Order { amount, details, name, .. } = row.order().unwrap();
        assert_eq!((amount, name.as_str()), (cost.amount(), cost.name()));
        // Tax is the same share of the charge as of the price.
        let whole = &row.price.details;
        let share = |of: Option<u64>| of.map(|of| of * amount.minor / 8_900);
        assert_eq!((details.tax_free, details.vat_amount), (share(whole.tax_free), share(whole.vat_amount)));
    }
}

#[tokio::test]
async fn a_later_period_costs_what_the_plan_of_it_does_and_is_raised_by_nothing() {
    let row = Subscription { adjustment: -500, ..subscribed().await };
    let next = row.attempt.period;
    let amounts = |row: &Subscription| {
        let periods = [next.checked_sub(1), Some(next), next.checked_add(1), Some(next + 7)].into_iter().flatten();
        periods.map(|period| row.cost(period).map(|cost| cost.amount().minor)).collect::<Vec<_>>()
    };
    assert_eq!(amounts(&row), [None, Some(8_400), Some(8_900), Some(8_900)]);
    let waits = Subscription { next_plan: Some(next_plan("더 많이", 12_900)), ..row.clone() };
    assert_eq!(amounts(&waits), [None, Some(8_400), Some(12_900), Some(12_900)]);
    let two = Subscription { periods_max: Some(next + 2), ..row };
    assert_eq!(amounts(&two), [None, Some(8_400), Some(8_900), None]);
}

#[tokio::test]
async fn the_charge_of_a_dearer_plan_names_the_difference_and_what_was_owed_to_its_customer() {
    let (row, plan) = (subscribed().await, next_plan("더 많이", 12_900));
    let attempt = Attempt { period: 0, number: 1_000 };
    let upgrade = |amount, credit| Upgrade { plan: plan.clone(), attempt, amount, credit };
    assert_eq!(parts(&row.cost_of_upgrade(&upgrade(4_000, 0))), [(Reason::Difference, 4_000)]);
    let lowered = upgrade(2_500, -1_500);
    let cost = row.cost_of_upgrade(&lowered);
    assert_eq!(parts(&cost), [(Reason::Difference, 4_000), (Reason::Credit, -1_500)]);
    assert_eq!((cost.amount().minor, cost.name()), (2_500, "더 많이"));
}

#[tokio::test]
async fn what_is_charged_within_a_period_is_what_the_cost_says() {
    let billing = billing().await;
    let id = billing.subscribe(wanted(), &secret()).await.unwrap().id.to_string();
    let (_, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let charged = billing.store.all_payments().into_iter().find(|it| it.merchant_uid().as_str().ends_with("t1000"));
    assert_eq!(charged.unwrap().order.amount.minor, up.charged);
}
