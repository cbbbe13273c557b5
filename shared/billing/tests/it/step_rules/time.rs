//! When an attempt is put, and when what was put is looked at again.

use billing::payment::{Purpose, State};
use billing::subscription::{Next, NoticeDays, StepContext, Subscription, SubscriptionState};
use billing::{Policy, Timestamp};

use super::{Scene, around, claim, stepped};

/// The longest of the waits for an outcome that is not known.
const HOUR: i64 = 3_600;

#[tokio::test]
async fn an_attempt_is_registered_as_soon_as_the_psp_takes_it_and_charged_at_its_time_where_it_is_too_late_for_that() {
    let scene = Scene::new().await;
    let (at, policy) = (scene.row.attempt_at, Policy::default());
    let (most, least) = (policy.schedule_ahead_max_seconds, policy.schedule_lead_min_seconds);
    for state in [SubscriptionState::Active, SubscriptionState::PastDue] {
        let put = |ahead: i64| {
            let now = at.plus(-ahead);
            let row = Subscription { state, looks: 0, due_at: Some(now), ..scene.row.clone() };
            let stepped = stepped(&row, &[], &StepContext::default(), now);
            match stepped.next {
                Next::Put(order, time) => Ok((order.merchant_uid, time)),
                Next::Wait => Err(stepped.row.due_at.unwrap()),
                next => panic!("{next:?}, {ahead} s before its time"),
            }
        };
        let uid = scene.attempt(0, State::Intent).order.merchant_uid;
        for ahead in [most, most - 1, least + 61, least + 60] {
            assert_eq!(put(ahead), Ok((uid.clone(), Some(at))), "{ahead} s before its time");
        }
        assert_eq!(put(most + 1), Err(at.plus(-most)));
        for ahead in [least + 59, least, 1] {
            assert_eq!(put(ahead), Err(at), "{ahead} s before its time");
        }
        for behind in [0, 1, 60] {
            assert_eq!(put(-behind), Ok((uid.clone(), None)), "{behind} s after its time");
        }
    }
}

#[tokio::test]
async fn a_schedule_is_left_alone_until_a_quarter_of_an_hour_after_its_time_and_all_else_is_looked_at_soon() {
    let scene = Scene::new().await;
    let at = scene.row.attempt_at;
    let first_look = at.plus(900);
    let moments = [at.plus(-20 * 86_400)].into_iter().chain(around(at)).chain(around(first_look));
    for now in moments {
        for state in [State::Scheduled, State::Claimed, State::Unknown, State::Intent] {
            for purpose in [None, Some(Purpose::Register), Some(Purpose::Revoke)] {
                let mut payment = scene.attempt(0, state);
                payment.claim = purpose.map(|purpose| claim(purpose, now));
                let notice_days = NoticeDays::new(0).unwrap();
                let row = Subscription { looks: 4, due_at: Some(now), notice_days, ..scene.row.clone() };
                let waits = stepped(&row, &[payment], &StepContext::default(), now);
                let what = format!("{state:?} {purpose:?}, {} s after its time", now.0 - at.0);
                assert_eq!((waits.next, waits.row.attempt), (Next::Wait, row.attempt), "{what}");
                let due_at = waits.row.due_at.unwrap();
                if state == State::Scheduled && purpose.is_none() && now < first_look {
                    assert_eq!((due_at, waits.row.looks), (first_look, 0), "{what}");
                } else {
                    assert!(now < due_at && due_at <= now.plus(HOUR), "{what}");
                }
            }
        }
    }
}

#[tokio::test]
async fn what_may_still_pay_an_earlier_period_is_looked_at_soon_and_nothing_is_put_beside_it() {
    let scene = Scene::new().await;
    let (at, held) = (scene.row.attempt_at, StepContext { held: true, ..StepContext::default() });
    let scheduled = scene.attempt(0, State::Scheduled);
    for now in [at.plus(-500 * 86_400), at.plus(-86_400), at.plus(-1), at] {
        for payments in [&[][..], std::slice::from_ref(&scheduled)] {
            let row = Subscription { looks: 0, due_at: Some(now), ..scene.row.clone() };
            let waits = stepped(&row, payments, &held, now);
            assert_eq!((waits.next, waits.row.due_at), (Next::Wait, Some(now.plus(10))), "at {now}");
            // It may take longer, and is asked about more and more rarely.
            let later = stepped(&waits.row, payments, &held, now.plus(10)).row;
            assert_eq!(later.due_at, Some(now.plus(70)), "at {now}");
        }
    }
}

/// Callers may ask as often as they like. What it rested for before says nothing about how long a PSP takes.
#[tokio::test]
async fn the_first_look_is_ten_seconds_later_whatever_it_was_due_for_and_asking_again_puts_none_off() {
    let scene = Scene::new().await;
    let payments = [scene.attempt(0, State::Scheduled)];
    let now = scene.row.attempt_at.plus(-86_400);
    let asked = |row: &Subscription, now: Timestamp| {
        let stepped = stepped(row, &payments, &StepContext::default(), now);
        assert_eq!(stepped.next, Next::Unschedule(payments[0].merchant_uid().clone()));
        stepped.row
    };
    for rested in [None, Some(-1), Some(0), Some(1), Some(5), Some(10), Some(11), Some(86_400)] {
        let due_at = rested.map(|seconds| now.plus(seconds));
        let paused = Subscription { state: SubscriptionState::Paused, looks: 0, due_at, ..scene.row.clone() };
        let first = asked(&paused, now);
        assert_eq!((first.due_at, first.looks), (Some(now.plus(10)), 1), "{rested:?}");
        for seconds in [0, 1, 9] {
            assert_eq!(asked(&first, now.plus(seconds)).due_at, first.due_at, "{rested:?}, asked after {seconds} s");
        }
        assert_eq!(asked(&first, now.plus(10)).due_at, Some(now.plus(70)), "{rested:?}");
    }
}
