//! Until when something is waited for, to the second.

use billing::Policy;
use billing::payment::{Flow, Payment, State};
use billing::ports::Clock;
use billing::subscription::{
    Attempt, Ending, Next, NextPlan, NoticeDays, Subscription, SubscriptionState, Upgrade, holds_up, without_card,
};
use billing::usecase::Caller;

use super::{DAY, PRICE, first_paid, paid};
use crate::fixture::subscriptions::row;
use crate::fixture::{TestBilling, TestWorld, billing, secret};
use crate::subscription::{plan, wanted};
use crate::sweep::sweep;

/// A quarter of an hour after its time it is asked whether a schedule has run.
const OVERDUE: i64 = 900;

async fn subscribed(billing: &TestBilling) -> Subscription {
    billing.subscribe(wanted(), &secret()).await.unwrap()
}

#[tokio::test]
async fn an_attempt_of_before_holds_up_what_follows_until_its_time_is_over_and_that_has_come() {
    let (row, first) = first_paid(wanted()).await;
    let at = row.attempt_at;
    let scheduled = |seconds| Flow::Schedule { schedule_at: at.plus(seconds) };
    // How it is made, when the next one is to be, and until when that waits, in seconds after it was put.
    for (flow, next, until) in [
        (Flow::Charge, -DAY, 3_600),
        (Flow::Charge, 3_599, 3_600),
        (Flow::Charge, 3_601, 3_601),
        (Flow::Charge, DAY, DAY),
        (scheduled(60), 0, 3_600),
        (scheduled(DAY), 0, DAY + OVERDUE),
        (scheduled(DAY), DAY + OVERDUE + 1, DAY + OVERDUE + 1),
    ] {
        let next = Subscription { attempt_at: at.plus(next), ..row.clone() };
        let earlier = Payment { flow, due_at: Some(at), ..paid(&row, &first, (0, 1), at) };
        let holds = |state, seconds| holds_up(&next, &Payment { state, ..earlier.clone() }, at.plus(seconds));
        for state in State::ALL {
            let has_paid = matches!(state, State::Paid | State::PartiallyRefunded | State::Refunded | State::Suspect);
            for seconds in [0, until - 1] {
                assert_eq!(holds(state, seconds), !has_paid, "{state:?} {flow:?} {seconds}");
            }
            for seconds in [until, until + 1] {
                assert!(!holds(state, seconds), "{state:?} {flow:?} {seconds}");
            }
            let settled = Payment { state, due_at: None, ..earlier.clone() };
            assert!(!holds_up(&next, &settled, at), "{state:?}: nothing of it is owed");
        }
    }
}

#[tokio::test]
async fn without_a_card_an_attempt_is_declined_in_the_second_in_which_it_was_to_be_made() {
    let (row, _) = first_paid(wanted()).await;
    let after = |seconds| without_card(&row, None, row.attempt_at.plus(seconds), &Policy::default());
    for seconds in [-DAY, -1] {
        let waits = after(seconds);
        assert_eq!((waits.next, waits.row.due_at, waits.row.declines), (Next::Wait, Some(row.attempt_at), 0));
        assert_eq!((waits.row.state, waits.row.attempt), (SubscriptionState::Active, row.attempt));
    }
    for seconds in [0, 1] {
        let declined = after(seconds).row;
        assert_eq!((declined.state, declined.declines), (SubscriptionState::PastDue, 1), "{seconds}");
        assert_eq!(declined.attempt_at, row.attempt_at.plus(DAY));
    }
}

#[tokio::test]
async fn without_a_card_a_dearer_plan_does_not_begin_and_nothing_is_declined_for_that() {
    let (mut row, _) = first_paid(wanted()).await;
    row.notice_days = NoticeDays::new(0).unwrap();
    let dearer = plan("더 많이", PRICE + 4_000);
    let plan = NextPlan { id: dearer.id, price: dearer.price, interval: dearer.interval, with_next_attempt: false };
    let attempt = Attempt { period: 0, number: 1_000 };
    row.upgrade = Some(Upgrade { plan, attempt, amount: 4_000, credit: 0 });
    for seconds in [-DAY, -1, 0, 1] {
        let now = row.attempt_at.plus(seconds);
        let dropped = without_card(&row, None, now, &Policy::default());
        assert_eq!((dropped.next, dropped.row.due_at), (Next::Again, Some(now)), "{seconds}");
        let before = Subscription { upgrade: None, due_at: Some(now), updated_at: now, ..row.clone() };
        assert_eq!(dropped.row, before, "{seconds}");
    }
}

#[tokio::test]
async fn what_is_to_end_with_its_period_ends_in_that_very_second() {
    let billing = billing().await;
    let id = subscribed(&billing).await.id.to_string();
    let ending = billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    let end = ending.access_until.unwrap();
    assert_eq!((ending.state, ending.due_at), (SubscriptionState::Active, Some(end)));
    billing.wait_until(end.plus(-1));
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
    billing.wait_until(end);
    sweep(&billing).await;
    let ended = row(&billing, &id).await;
    assert_eq!((ended.state, ended.due_at, ended.access_until), (SubscriptionState::Canceled, None, Some(end)));
}

#[tokio::test]
async fn a_paused_one_ends_as_soon_as_that_is_wished_and_its_customer_keeps_what_was_paid_for() {
    let billing = billing().await;
    let id = subscribed(&billing).await.id.to_string();
    let paused = billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    assert!(paused.access_until > Some(billing.host.now()));
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!((ended.state, ended.due_at), (SubscriptionState::Canceled, None));
    assert_eq!(ended.access_until, paused.access_until);
}

#[tokio::test]
async fn a_missed_charge_is_past_due_when_its_day_is_over_and_then_only_waited_for() {
    let billing = billing().await;
    let begun = subscribed(&billing).await;
    let id = begun.id.to_string();
    let runs_at = begun.attempt_at.plus(3 * DAY);
    let deadline = begun.calendar.period(1).unwrap().starts.next().start();
    billing.psp.world().schedules.get_mut(&format!("{id}p1t0")).unwrap().schedule_at = runs_at;
    billing.wait_until(begun.attempt_at.plus(OVERDUE));
    for _ in 0..3 {
        sweep(&billing).await;
        billing.advance(300);
    }
    let waits = row(&billing, &id).await;
    assert_eq!((waits.state, waits.due_at), (SubscriptionState::Active, Some(deadline)), "whatever it waits for");
    billing.wait_until(deadline.plus(-1));
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await, waits);
    billing.wait_until(deadline);
    sweep(&billing).await;
    let late = row(&billing, &id).await;
    // A deadline that is over would have it looked at again and again.
    assert_eq!((late.state, late.due_at), (SubscriptionState::PastDue, Some(runs_at.plus(OVERDUE))));
}
