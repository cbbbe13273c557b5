//! What follows from an attempt that came to nothing.

use billing::payment::State;
use billing::subscription::{
    Attempt, Calendar, Dunning, GiveUp, Interval, Next, Periods, StepContext, Subscription, SubscriptionState, Unit,
};
use billing::{CustomerUid, KstDay};

use super::{Scene, around, other_card, refusal, stepped};

const DAY: i64 = 86_400;

#[tokio::test]
async fn a_refused_registration_is_no_decline_before_its_time_and_everything_else_that_failed_is_one() {
    let scene = Scene::new().await;
    let at = scene.row.attempt_at;
    for now in around(at) {
        for tried in [true, false] {
            for newer in [None, Some(other_card())] {
                let mut failed = scene.attempt(0, State::Failed);
                if !tried {
                    (failed.record, failed.refusal) = (None, Some(refusal()));
                }
                let known = StepContext { newer: newer.clone(), ..StepContext::default() };
                let row = Subscription { looks: 0, due_at: Some(now), ..scene.row.clone() };
                let after = stepped(&row, &[failed], &known, now);
                let what = format!("tried: {tried}, another card: {}, at {}", newer.is_some(), now.0 - at.0);
                assert_eq!(after.row.attempt, Attempt { period: 1, number: 1 }, "{what}");
                let card = newer.as_ref().map_or(&row.customer_uid, |newer| &newer.customer_uid);
                assert_eq!(after.row.customer_uid, *card, "{what}");
                if tried || now >= at {
                    assert_eq!((after.row.state, after.row.declines), (SubscriptionState::PastDue, 1), "{what}");
                    assert_eq!((after.next, after.row.attempt_at), (Next::Again, at.plus(DAY)), "{what}");
                } else {
                    assert_eq!((after.row.state, after.row.declines), (SubscriptionState::Active, 0), "{what}");
                    assert_eq!(after.row.attempt_at, at, "{what}");
                    // Only another card is worth another registration.
                    let next = if newer.is_some() { (Next::Again, Some(now)) } else { (Next::Wait, Some(at)) };
                    assert_eq!((after.next, after.row.due_at), next, "{what}");
                }
            }
        }
    }
}

/// What was stopped there is what we would have charged, and could have.
#[tokio::test]
async fn only_what_somebody_stopped_in_the_psps_console_pauses_and_all_else_that_was_taken_back_is_put_again() {
    let scene = Scene::new().await;
    let at = scene.row.attempt_at;
    for now in around(at) {
        for (refused, wanted, gone) in (0..8).map(|bits: u8| ((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0)) {
            let mut revoked = scene.attempt(0, State::Revoked);
            revoked.refusal = refused.then(refusal);
            if !wanted {
                revoked.order.customer_uid = CustomerUid::parse("the-card-before").ok();
            }
            let row = Subscription { looks: 3, due_at: Some(now), ..scene.row.clone() };
            let after = stepped(&row, &[revoked], &StepContext { gone, ..StepContext::default() }, now);
            let what = format!("refused: {refused}, wanted: {wanted}, gone: {gone}, at {}", now.0 - at.0);
            if !refused && wanted && !gone {
                assert_eq!((after.next, after.row.state), (Next::Wait, SubscriptionState::Paused), "{what}");
                assert_eq!((after.row.attempt, after.row.due_at), (row.attempt, None), "{what}");
                continue;
            }
            assert_eq!((after.row.state, after.row.declines), (SubscriptionState::Active, 0), "{what}");
            assert_eq!(after.row.attempt, Attempt { period: 1, number: 1 }, "{what}");
            assert_eq!((after.row.attempt_at, after.row.looks), (at, 0), "{what}");
            // What the PSP has refused to register is left alone until its time.
            let next = if refused && now < at { (Next::Wait, Some(at)) } else { (Next::Again, Some(now)) };
            assert_eq!((after.next, after.row.due_at), next, "{what}");
        }
    }
}

#[tokio::test]
async fn a_declined_card_is_tried_again_later_and_within_its_period_and_once_a_day_after_an_outage() {
    let scene = Scene::new().await;
    let first = KstDay::of(scene.row.created_at);
    let (mut tried, mut given_up) = (0, 0);
    for (unit, due_hour) in [(Unit::Week, 0), (Unit::Week, 10), (Unit::Month, 0), (Unit::Month, 23)] {
        let periods = Periods::new(first, None, Interval::new(unit, 1).unwrap(), due_hour).unwrap();
        let month = periods.period(1).unwrap();
        let end = month.ends.start();
        let days = [1, 3, 5, 7];
        let boundaries = [0, 1, 3, 5, 7].map(|day| month.due_at.plus(day * DAY));
        for now in boundaries.into_iter().chain([end.plus(-DAY), end]).flat_map(around) {
            for declines in 0..=4_u32 {
                let row = Subscription {
                    calendar: Calendar::new(periods),
                    dunning: Dunning::new(vec![1, 3, 5, 7], GiveUp::Unpaid).unwrap(),
                    attempt: Attempt { period: 1, number: declines },
                    attempt_at: month.due_at,
                    state: SubscriptionState::PastDue,
                    declines,
                    ..scene.row.clone()
                };
                let after = stepped(&row, &[scene.attempt(declines, State::Failed)], &StepContext::default(), now).row;
                let what =
                    format!("{unit:?} {due_hour}, {declines} before, {} s after its time", now.0 - month.due_at.0);
                assert_eq!(after.declines, declines + 1, "{what}");
                let planned = days.get(usize::try_from(declines).unwrap()).map(|day| month.due_at.plus(day * DAY));
                let at = planned.map(|planned| if now < planned { planned } else { now.plus(DAY) });
                if let Some(at) = at.filter(|at| *at < end) {
                    assert_eq!((after.state, after.attempt_at), (SubscriptionState::PastDue, at), "{what}");
                    assert!(now < after.attempt_at, "{what}");
                    assert_eq!((after.attempt.number, after.due_at), (declines + 1, Some(now)), "{what}");
                    tried += 1;
                } else {
                    assert_eq!((after.state, after.due_at), (SubscriptionState::Unpaid, None), "{what}");
                    given_up += 1;
                }
            }
        }
    }
    assert!(tried > 100 && given_up > 100, "{tried} {given_up}");
}
