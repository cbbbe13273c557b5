//! What a cheaper plan left over, where the merchant has given back a part of what it could be taken from.

use billing::ports::SubscriptionStore;
use billing::subscription::{Attempt, Credit, Ending};
use billing::usecase::{Caller, NewSubscription};

use crate::fixture::subscriptions::{begun, renewed, row};
use crate::fixture::{TestBilling, billing, refund_request};
use crate::subscription::{plan, wanted};
use crate::sweep::sweep;

async fn refunded(billing: &TestBilling, id: &str, period: u32, won: u64) {
    if won == 0 {
        return;
    }
    billing
        .refund(refund_request(&format!("{id}p{period}t0"), &won.to_string(), &format!("refund-of-{period}")))
        .await
        .unwrap();
    sweep(billing).await;
}

#[tokio::test]
async fn a_rest_goes_back_of_the_latest_payments_that_have_it_as_far_back_as_it_takes() {
    // What the merchant has given back of the periods 0, 1 and 2 before; of which periods the rest goes back, and how much.
    let cases = [
        ([0, 0, 0], vec![(2, 10_000)]),
        ([0, 0, 29_000], vec![(2, 1_000), (1, 9_000)]),
        ([0, 0, 30_000], vec![(1, 10_000)]),
        ([0, 29_500, 30_000], vec![(1, 500), (0, 9_500)]),
        ([0, 30_000, 30_000], vec![(0, 10_000)]),
        ([29_000, 30_000, 30_000], vec![(0, 1_000)]),
        ([30_000, 29_900, 29_900], vec![(2, 100), (1, 100)]),
    ];
    for (before, rest) in cases {
        let billing = billing().await;
        let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
        let id = begun(&billing, new).await;
        renewed(&billing, &id).await;
        renewed(&billing, &id).await;
        let (_, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        for (period, won) in (0..).zip(before) {
            refunded(&billing, &id, period, won).await;
        }
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
        sweep(&billing).await;

        assert_eq!(down.amount, -10_000);
        let credit = |&(period, amount)| Credit { attempt: Attempt { period, number: 0 }, amount };
        let expected: Vec<Credit> = rest.iter().map(credit).collect();
        let ended = row(&billing, &id).await;
        let ended = billing.store.subscription(&ended.id).await.unwrap().unwrap();
        let given: Vec<Credit> = ended.credits.iter().copied().filter(|credit| credit.amount > 0).collect();
        assert_eq!(given, expected, "{before:?}");
        assert_eq!((ended.adjustment, ended.due_at), (0, None), "{before:?}: nothing is owed any more");
    }
}
