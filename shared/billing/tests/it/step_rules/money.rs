//! What money does to a subscription: whose it is, whatever was meant to happen meanwhile.

use billing::Timestamp;
use billing::payment::refund::Origin;
use billing::payment::{Payment, Refund, RefundState, State};
use billing::subscription::{
    Attempt, ClosedPeriod, Ending, Next, NextPlan, StepContext, Subscription, SubscriptionState, Upgrade, step_closed,
};
use billing::subscription::{Interval, Unit};

use super::{Scene, around, refusal, stepped};

/// A refund of all that a payment brought.
fn refund(payment: &Payment, origin: Origin, state: RefundState) -> Refund {
    let record = payment.record.as_ref().unwrap();
    Refund {
        id: "back".to_owned(),
        imp_uid: record.imp_uid.clone(),
        amount: record.amount.minor,
        parts: billing::payment::TaxParts::default(),
        checksum: record.amount.minor,
        exponent: 0,
        reason: None,
        account: None,
        origin,
        fingerprint: payment.fingerprint.clone(),
        state,
        refusal: None,
        requests: Vec::new(),
        posts: 1,
        requested_at: record.paid_at.unwrap(),
    }
}

/// Each way in which a subscription may have come to its end, or not, and whether money that was paid then still pays for its
/// period: until that is over, unless its tries had been given up and the plan was begun anew, or somebody had ended it.
fn cases(scene: &Scene, paid_at: Timestamp) -> Vec<(Subscription, StepContext, Timestamp, bool)> {
    let mut cases = Vec::new();
    let end = scene.month().ends.start();
    for state in SubscriptionState::ALL {
        for ending in [None, Some(-1), Some(0), Some(1)] {
            for how in [Ending::Now, Ending::AtPeriodEnd] {
                for (now, superseded) in around(end).into_iter().flat_map(|now| [(now, false), (now, true)]) {
                    let row = Subscription {
                        state,
                        ending: ending.map(|after: i64| (how, paid_at.plus(after))),
                        looks: 0,
                        due_at: Some(now),
                        ..scene.row.clone()
                    };
                    let counts = match (ending, state) {
                        (Some(after), _) => after >= 0,
                        (None, SubscriptionState::Canceled | SubscriptionState::Unpaid) => now < end && !superseded,
                        (None, _) => true,
                    };
                    cases.push((row, StepContext { superseded, ..StepContext::default() }, now, counts));
                }
            }
        }
    }
    cases
}

#[tokio::test]
async fn late_money_pays_its_period_unless_that_is_over_and_given_up_or_begun_anew_or_was_ended_before() {
    let scene = Scene::new().await;
    for state in [State::Paid, State::PartiallyRefunded] {
        let payment = scene.attempt(0, state);
        let paid_at = payment.record.as_ref().unwrap().paid_at.unwrap();
        for (row, known, now, counts) in cases(&scene, paid_at) {
            let after = stepped(&row, std::slice::from_ref(&payment), &known, now);
            let what = format!("{:?} {:?} {known:?} at {now}", row.state, row.ending);
            assert_eq!(after.alarms, [], "nothing was paid twice: {what}");
            if counts {
                assert_eq!(
                    after.row.closed_periods.get(1),
                    Some(&ClosedPeriod { attempts: 1, paid: Some(0) }),
                    "{what}"
                );
                assert!(after.row.access_until > row.access_until, "{what}");
            } else {
                assert_eq!(after.next, Next::Refund(payment.merchant_uid().clone()), "{what}");
                assert_eq!(
                    (after.row.closed_periods, after.row.access_until),
                    (row.closed_periods, row.access_until),
                    "{what}"
                );
            }
        }
    }
}

#[tokio::test]
async fn money_that_the_psp_will_not_give_back_pays_its_period_in_the_same_cases() {
    let scene = Scene::new().await;
    let mut payment = scene.attempt(0, State::Paid);
    let stuck = refund(&payment, Origin::Request, RefundState::Pending);
    payment.refunds = vec![Refund { refusal: Some(refusal()), ..stuck }];
    payment.due_at = Some(scene.month().ends.start());
    let paid_at = payment.record.as_ref().unwrap().paid_at.unwrap();
    for (row, known, now, counts) in cases(&scene, paid_at) {
        let after = stepped(&row, std::slice::from_ref(&payment), &known, now);
        let what = format!("{:?} {:?} {known:?} at {now}", row.state, row.ending);
        assert_eq!(after.alarms, [], "{what}");
        assert!(!matches!(after.next, Next::Refund(_) | Next::Put(..)), "{what}");
        let paid = after.row.closed_periods.get(1).and_then(|past| past.paid);
        assert_eq!(paid, counts.then_some(0), "{what}");
        assert_eq!(after.row.access_until > row.access_until, counts, "{what}");
    }
}

#[tokio::test]
async fn of_two_payments_of_the_last_period_the_later_goes_back_and_a_person_is_told() {
    let scene = Scene::new().await;
    let row = Subscription { periods_max: Some(2), attempt: Attempt { period: 1, number: 1 }, ..scene.row.clone() };
    let payments = [scene.attempt(0, State::Paid), scene.attempt(1, State::Paid)];
    for now in around(scene.month().due_at.plus(86_400)) {
        let after = stepped(&row, &payments, &StepContext::default(), now);
        assert_eq!(after.next, Next::Refund(payments[1].merchant_uid().clone()));
        assert_eq!(after.alarms.iter().map(billing::Alarm::name).collect::<Vec<_>>(), ["double_paid"]);
        assert_eq!(after.row.access_until, Some(scene.month().ends.start()), "it is paid for");
    }
}

#[tokio::test]
async fn a_payment_that_was_given_back_closes_its_period_once_nothing_else_may_pay_it() {
    let scene = Scene::new().await;
    let back = scene.attempt(0, State::Refunded);
    let now = scene.month().due_at.plus(3_600);
    for state in [SubscriptionState::Active, SubscriptionState::PastDue] {
        let row = Subscription { state, ..scene.row.clone() };
        let closed = stepped(&row, std::slice::from_ref(&back), &StepContext::default(), now);
        assert_eq!((closed.next, closed.row.attempt), (Next::Again, Attempt { period: 2, number: 0 }));
        assert_eq!(closed.row.closed_periods.get(1), Some(&ClosedPeriod { attempts: 1, paid: None }));
        // Another attempt is still under way.
        let again = Subscription { attempt: Attempt { period: 1, number: 1 }, ..row };
        for state in [State::Scheduled, State::Claimed, State::Unknown, State::Intent] {
            let waits = stepped(&again, &[back.clone(), scene.attempt(1, state)], &StepContext::default(), now);
            assert_eq!((waits.next, waits.row.attempt), (Next::Wait, again.attempt), "{state:?}");
        }
        // Its customer was told that it had failed: the period is still to be paid.
        for origin in [Origin::LatePaid, Origin::Unwanted] {
            let mut late = back.clone();
            late.refunds = vec![refund(&back, origin, RefundState::Done)];
            let declined = stepped(
                &Subscription { attempt: scene.row.attempt, ..again.clone() },
                &[late],
                &StepContext::default(),
                now,
            );
            assert_eq!((declined.next, declined.row.attempt), (Next::Again, Attempt { period: 1, number: 1 }));
            assert_eq!((declined.row.state, declined.row.declines), (SubscriptionState::PastDue, 1));
        }
    }
}

#[tokio::test]
async fn money_of_a_past_period_goes_back_unless_it_paid_it_or_a_plan_and_is_called_double_where_it_is() {
    let scene = Scene::new().await;
    let now = scene.month().due_at;
    let of = |number| scene.attempt_at(Attempt { period: 0, number }, State::Paid);
    let plan = NextPlan {
        id: scene.row.plan_id.clone(),
        price: scene.row.price.clone(),
        interval: Interval::new(Unit::Month, 1).unwrap(),
        with_next_attempt: false,
    };
    let waited_for = Attempt { period: 0, number: 1_001 };
    let upgrade = Upgrade { plan, attempt: waited_for, amount: 100, credit: 0 };
    for upgrade in [None, Some(upgrade)] {
        for paid in [None, Some(0)] {
            let row = Subscription {
                upgrade: upgrade.clone(),
                closed_periods: vec![ClosedPeriod { attempts: 2, paid }],
                ..scene.row.clone()
            };
            // The attempts at the period, and the charges of two differences.
            for number in [0, 1, 1_000, 1_001] {
                let payment = of(number);
                let seen = step_closed(&row, &payment, now);
                let is_its_own = paid == Some(number);
                let is_waited_for = upgrade.is_some() && number == waited_for.number;
                let back = !is_its_own && !is_waited_for;
                let what = format!("{number}, paid by {paid:?}, upgrade: {}", upgrade.is_some());
                let next = if back { Next::Refund(payment.merchant_uid().clone()) } else { Next::Wait };
                assert_eq!(seen.next, next, "{what}");
                // A difference is no second payment of a period, and what nobody has paid was not paid twice.
                let twice = back && paid.is_some() && number < 1_000;
                let told: Vec<&str> = seen.alarms.iter().map(billing::Alarm::name).collect();
                assert_eq!(told, if twice { vec!["double_paid"] } else { Vec::new() }, "{what}");
            }
        }
    }
}
