//! Money that comes late, twice, or goes back.

use super::{pass, run_schedules, timeline, wanted};
use crate::fixture::payments::paid_after_all;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, TestBilling, TestWorld, billing, hint_of, refund_request};
use crate::sweep::{sweep, sweeps};
use billing::payment::{PspStatus, ScheduleStatus, State};
use billing::ports::Clock;
use billing::subscription::{Ending, SubscriptionState};
use billing::usecase::{Caller, WebhookHint};

const DAY: i64 = 86_400;

pub(super) fn states_of(billing: &TestBilling, period: u32) -> Vec<State> {
    timeline(billing).iter().filter(|(of, ..)| of.period == period).map(|(.., state)| *state).collect()
}

#[tokio::test]
async fn late_money_pays_the_period_and_the_next_try_is_taken_back_first() {
    for told in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        pass(&billing, 31, &["key1"], true).await;
        let behind = row(&billing, &id).await;
        assert_eq!((behind.state, behind.attempt.number), (SubscriptionState::PastDue, 1));
        let hint = paid_after_all(&billing, &format!("{id}p1t0"));
        if told {
            billing.notice(&hint).await.unwrap();
        } else {
            // The console is not the webhook: the next look at the row brings it.
            billing.notice(&hint).await.unwrap();
            sweep(&billing).await;
        }
        let row = row(&billing, &id).await;
        assert_eq!((row.state, row.attempt.period), (SubscriptionState::Active, 2));
        assert_eq!(states_of(&billing, 1), [State::Paid, State::Revoked]);
        pass(&billing, 10, &[], true).await;
        assert_eq!(states_of(&billing, 1), [State::Paid, State::Revoked]);
    }
}

#[tokio::test]
async fn late_money_takes_up_again_what_was_given_up() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 40, &["key1"], true).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
    let hint = paid_after_all(&billing, &format!("{id}p1t4"));
    billing.notice(&hint).await.unwrap();
    sweep(&billing).await;
    let row = row(&billing, &id).await;
    assert_eq!((row.state, row.attempt.period), (SubscriptionState::Active, 2));
    assert!(row.access_until > Some(billing.host.now()));
}

#[tokio::test]
async fn of_two_attempts_that_are_paid_the_later_goes_back() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    // The second try pays the period, and weeks later the first turns out paid, too.
    pass(&billing, 12, &[], true).await;
    assert_eq!(states_of(&billing, 1), [State::Failed, State::Paid]);
    let hint = paid_after_all(&billing, &format!("{id}p1t0"));
    billing.notice(&hint).await.unwrap();
    sweep(&billing).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded, State::Paid]);
    assert!(billing.alarms().contains(&"double_paid"));
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
}

#[tokio::test]
async fn money_for_a_past_period_goes_back_even_if_the_first_try_to_send_it_fails() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    pass(&billing, 12, &[], true).await;
    let hint = paid_after_all(&billing, &format!("{id}p1t0"));
    billing.psp.will([Act::Lose]);
    billing.notice(&hint).await.unwrap();
    sweeps(&billing, 6, 900).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded, State::Paid]);
}

#[tokio::test]
async fn a_charge_that_pays_after_the_end_goes_back_and_one_that_paid_before_stays() {
    for (ended_before, told) in [(true, true), (true, false), (false, true), (false, false)] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        billing.advance(32 * DAY);
        let hints = if ended_before {
            // The PSP does not take the schedule back any more: it is running.
            billing.psp.world().down = true;
            billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
            billing.advance(5);
            billing.psp.world().down = false;
            run_late(&billing, &id)
        } else {
            let hints = run_schedules(&billing, &[]);
            billing.advance(5);
            billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
            hints
        };
        if told {
            for hint in &hints {
                billing.notice(hint).await.unwrap();
            }
        }
        sweeps(&billing, 4, 3_600).await;
        let wanted = if ended_before { State::Refunded } else { State::Paid };
        assert_eq!(states_of(&billing, 1), [wanted], "{ended_before} {told}");
        let row = row(&billing, &id).await;
        assert_eq!((row.state, row.due_at), (SubscriptionState::Canceled, None));
    }
}

/// The PSP runs the next period's schedule now.
pub(super) fn run_late(billing: &TestBilling, id: &str) -> Vec<WebhookHint> {
    let now = billing.host.now();
    let uid = format!("{id}p1t0");
    let mut world = billing.psp.world();
    let schedule = world.schedules[&uid].clone();
    assert_eq!(schedule.schedule_status, ScheduleStatus::Scheduled);
    let mut order = crate::fixture::order(&uid);
    order.amount = schedule.amount;
    let record = world.execute(&order, PspStatus::Paid, now);
    vec![hint_of(&record)]
}

#[tokio::test]
async fn what_is_given_back_in_full_is_not_the_customers_any_more() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let paid = row(&billing, &id).await;
    assert!(paid.access_until > Some(billing.host.now()));
    let refund = |amount: &str, key: &str| refund_request(&format!("{id}p0t0"), amount, key);
    billing.refund(refund("900", "a-part-of-it")).await.unwrap();
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.access_until, paid.access_until, "a part is a discount");
    billing.refund(refund("8000", "all-the-rest")).await.unwrap();
    sweep(&billing).await;
    let refunded = row(&billing, &id).await;
    assert_eq!(refunded.access_until, Some(billing.host.now()));
    assert_eq!((refunded.state, refunded.attempt), (SubscriptionState::Active, paid.attempt), "it goes on next month");
}
