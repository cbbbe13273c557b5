//! What becomes of a dearer plan that waits for its difference.

use billing::CustomerUid;
use billing::payment::{Payment, State};
use billing::subscription::{
    Attempt, Ending, Interval, Next, NextPlan, StepContext, Subscription, SubscriptionState, Unit, Upgrade,
};

use super::{Scene, stepped};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_difference_is_charged_on_the_card_that_is_named_and_only_as_long_as_its_plan_is_wanted() {
    let scene = Scene::new().await;
    let now = scene.month().due_at.plus(-10 * DAY);
    let first = Attempt { period: 0, number: 1_000 };
    let plan = NextPlan {
        id: scene.row.plan_id.clone(),
        price: scene.row.price.clone(),
        interval: Interval::new(Unit::Month, 1).unwrap(),
        with_next_attempt: false,
    };
    let upgrade = Some(Upgrade { plan, attempt: first, amount: 100, credit: 0 });
    let waiting = Subscription { upgrade, due_at: Some(now), ..scene.row.clone() };
    let unwanted = [
        Subscription { ending: Some((Ending::AtPeriodEnd, now)), ..waiting.clone() },
        Subscription { state: SubscriptionState::Paused, ..waiting.clone() },
    ];
    let of = |state| Payment { record: None, ..scene.attempt_at(first, state) };
    for (row, is_wanted) in unwanted.iter().map(|row| (row, false)).chain([(&waiting, true)]) {
        for other_card in [false, true] {
            let charged = |state| {
                let mut payment = of(state);
                if other_card {
                    payment.order.customer_uid = Some(CustomerUid::parse("the-card-before").unwrap());
                }
                stepped(row, &[payment], &StepContext::default(), now)
            };
            let what = format!("{:?} {:?}, another card: {other_card}", row.state, row.ending);
            for state in [State::Claimed, State::Unknown] {
                let after = charged(state);
                assert_eq!((after.next, &after.row.upgrade), (Next::Wait, &row.upgrade), "{what} {state:?}");
            }
            // It was not sent: it is not, on a card that is not named any more, nor for a plan that is not wanted.
            let after = charged(State::Intent);
            let waits = is_wanted && !other_card;
            let next = if waits { Next::Wait } else { Next::Unschedule(of(State::Intent).order.merchant_uid) };
            assert_eq!((after.next, &after.row.upgrade), (next, &row.upgrade), "{what}");
            for state in [State::Failed, State::Revoked, State::Refunded] {
                let after = charged(state);
                let again = state == State::Revoked && is_wanted && other_card;
                let number = after.row.upgrade.as_ref().map(|upgrade| upgrade.attempt.number);
                // Its first charge is not in the list of the row that this test made.
                assert_eq!((after.next, number), (Next::Again, again.then_some(1_000)), "{what} {state:?}");
                assert_eq!(after.row.differences.len(), usize::from(again), "{what} {state:?}");
            }
        }
    }
}
