//! What a subscription does where two things meet: a refusal, a race, an outage, a change of mind.

use std::sync::atomic::Ordering;

use super::changes::paid;
use super::money::{run_late, states_of};
use super::{JANUARY_31, pass, plan, run_schedules, wanted};
use crate::fixture::payments::{paid_after_all, payment};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{Act, START, TestWorld, another_card, billing, order, refund_request, secret};
use crate::sweep::{sweep, sweeps};
use billing::payment::{PspStatus, State};
use billing::policy::LatePaidPolicy;
use billing::ports::Clock;
use billing::subscription::{Ending, Interval, NoticeDays, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};

const DAY: i64 = 86_400;

#[tokio::test]
async fn money_that_the_psp_refuses_to_give_back_is_asked_for_until_it_does() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.advance(32 * DAY);
    billing.psp.world().down = true;
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    billing.advance(5);
    billing.psp.world().down = false;
    let hints = run_late(&billing, &id);
    billing.psp.will([Act::Refuse(1), Act::Refuse(1)]);
    billing.notice(&hints[0]).await.unwrap();
    sweeps(&billing, 6, 3_600).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded]);
    assert!(billing.alarms().contains(&"refund_refused"));
    assert_eq!(billing.psp.world().posts.iter().filter(|post| post.starts_with("cancel")).count(), 3);
}

#[tokio::test]
async fn so_is_money_of_a_period_that_was_paid_otherwise() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    pass(&billing, 12, &[], true).await;
    let hint = paid_after_all(&billing, &format!("{id}p1t0"));
    billing.psp.will([Act::Refuse(1), Act::Refuse(1)]);
    billing.notice(&hint).await.unwrap();
    sweeps(&billing, 60, 300).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded, State::Paid]);
    assert_eq!(billing.psp.world().posts.iter().filter(|post| post.starts_with("cancel")).count(), 3);
}

#[tokio::test]
async fn late_money_does_not_take_up_again_what_its_customer_has_ended() {
    for ending in [Ending::Now, Ending::AtPeriodEnd] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        pass(&billing, 40, &["key1"], true).await;
        assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled, "given up");
        let ended = billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
        assert_eq!(billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap(), ended);
        billing.advance(60);
        let hint = paid_after_all(&billing, &format!("{id}p1t4"));
        billing.notice(&hint).await.unwrap();
        pass(&billing, 40, &[], true).await;
        assert_eq!(states_of(&billing, 1).last(), Some(&State::Refunded));
        assert_eq!((row(&billing, &id).await.state, states_of(&billing, 2)), (SubscriptionState::Canceled, Vec::new()));
    }
}

#[tokio::test]
async fn one_that_was_to_end_with_its_last_period_ends_with_it() {
    let billing = billing().await;
    let new = NewSubscription { periods_max: Some(2), ..wanted() };
    let id = begun(&billing, new).await;
    let last = row(&billing, &id).await.calendar.period(1).unwrap();
    billing.advance(last.due_at.0 + 60 - billing.host.now().0);
    // The last period is paid, and nobody has told us yet.
    run_schedules(&billing, &[]);
    billing.advance(60);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    billing.advance(900);
    sweep(&billing).await;
    let ending = row(&billing, &id).await;
    assert_eq!((ending.state, ending.due_at), (SubscriptionState::Active, Some(last.ends.start())));
    pass(&billing, 32, &[], true).await;
    let ended = row(&billing, &id).await;
    assert_eq!(
        (ended.state, ended.due_at, ended.access_until),
        (SubscriptionState::Canceled, None, Some(last.ends.start()))
    );
}

#[tokio::test]
async fn a_schedule_that_ran_while_it_was_taken_back_is_given_back_before_the_answer() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let period = row(&billing, &id).await.calendar.period(1).unwrap();
    billing.wait_until(period.due_at);
    let next = order(&format!("{id}p1t0"));
    billing.psp.world().execute(&next, PspStatus::Paid, billing.host.now().plus(1));
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(states_of(&billing, 1), [State::Refunded]);
    assert!(!billing.view(ended.clone()).await.unwrap().is_pending());
    assert_eq!(ended.state, SubscriptionState::Canceled);
}

#[tokio::test]
async fn a_card_or_a_plan_that_changes_back_while_its_schedule_is_taken_back_pauses_nothing() {
    for card in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let first = row(&billing, &id).await.customer_uid;
        let other = another_card(&billing, "another-card", "4111111111111111").await;
        // Whether the schedule is off is not known yet.
        billing.psp.will([Act::Lose]);
        for (uid, price) in [(&other, 12_900), (&first, 8_900)] {
            if card {
                billing.change_card(&Caller::Merchant, &id, uid).await.unwrap();
            } else {
                billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권", price)).await.unwrap();
            }
            billing.advance(3);
        }
        sweeps(&billing, 6, 300).await;
        assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
        assert_eq!(states_of(&billing, 1), [State::Revoked, State::Scheduled]);
    }
}

#[tokio::test]
async fn a_lost_card_that_was_replaced_in_time_ends_nothing() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let other = another_card(&billing, "another-card", "4111111111111111").await;
    let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
    billing.wait_until(due.plus(60));
    for hint in run_schedules(&billing, &["key1"]) {
        for record in billing.psp.world().payments.get_mut(hint.merchant_uid.as_str()).unwrap() {
            record.fail_reason = Some("도난 카드".to_owned());
        }
    }
    billing.advance(60);
    let changed = billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
    assert_eq!(states_of(&billing, 1), [State::Failed, State::Paid]);
    assert_eq!((changed.state, changed.attempt.period), (SubscriptionState::Active, 2));
}

#[tokio::test]
async fn a_registration_that_is_refused_is_no_decline_and_the_period_is_charged_on_its_day() {
    let billing = billing().await;
    billing.psp.will([Act::Approve, Act::Refuse(-1)]);
    let id = begun(&billing, NewSubscription { notice_days: NoticeDays::new(0).unwrap(), ..wanted() }).await;
    sweeps(&billing, 3, 300).await;
    let period = row(&billing, &id).await.calendar.period(1).unwrap();
    let waits = row(&billing, &id).await;
    assert_eq!((waits.state, waits.declines, waits.due_at), (SubscriptionState::Active, 0, Some(period.due_at)));
    billing.advance(period.due_at.0 - 1 - billing.host.now().0);
    sweep(&billing).await;
    assert_eq!(states_of(&billing, 1), [State::Failed], "never before its time");
    billing.advance(1);
    sweep(&billing).await;
    assert_eq!(states_of(&billing, 1), [State::Failed, State::Paid]);
}

#[tokio::test]
async fn a_plan_that_is_cheaper_than_what_the_next_charge_is_lowered_by_is_refused() {
    let billing = billing().await;
    let new = NewSubscription { plan: plan("최고", 30_000), ..wanted() };
    let id = begun(&billing, new).await;
    let (before, down) = billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
    assert_eq!(down.amount, -10_000);
    for won in [8_900, 10_000] {
        let refused = billing.change_plan(&Caller::Merchant, &id, plan("조금", won)).await;
        assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "proration_invalid"));
    }
    assert_eq!(row(&billing, &id).await, before);
    let cheap = billing.change_plan(&Caller::Merchant, &id, plan("조금", 10_001)).await.unwrap();
    assert_eq!(cheap.order().unwrap().amount.minor, 1);
}

#[tokio::test]
async fn a_period_that_was_given_back_is_not_counted_for_another_plan() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.refund(refund_request(&format!("{id}p0t0"), "8900", "all-of-it")).await.unwrap();
    sweep(&billing).await;
    let refused = billing.change_plan_now(&Caller::Merchant, &id, plan("더 적게", 5_900)).await;
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
    assert_eq!(row(&billing, &id).await.adjustment, 0);
}

#[tokio::test]
async fn a_change_within_a_period_is_counted_from_what_that_period_costs() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    // The next period was to be dearer, and then all stays as it is.
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    let (back, nothing) = billing.change_plan_now(&Caller::Merchant, &id, plan("월간 이용권", 8_900)).await.unwrap();
    assert_eq!((nothing.amount, back.adjustment), (0, 0));
    // It was to be dearer from the next period on, and then is at once.
    billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    for amount in [4_000, 0] {
        let (_, up) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        assert_eq!(up.amount, amount, "the whole period is left, and a repeat owes nothing");
    }
    assert_eq!(paid(&billing), [(0, 4_000), (0, 8_900)]);
    assert_eq!(row(&billing, &id).await.order().unwrap().amount.minor, 12_900);
}

#[tokio::test]
async fn a_dearer_plan_that_could_not_be_paid_before_its_period_was_over_does_not_begin() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
    pass(&billing, 10, &[], true).await;
    billing.psp.world().down = true;
    let (waits, _) = billing.change_plan_now(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
    assert!(billing.view(waits).await.unwrap().is_pending());
    billing.wait_until(due.plus(30));
    billing.psp.world().down = false;
    for hint in run_schedules(&billing, &[]) {
        billing.notice(&hint).await.unwrap();
    }
    let next = row(&billing, &id).await;
    assert_eq!((next.attempt.period, next.running.unwrap().minor), (2, 8_900));
    assert_eq!((next.order().unwrap().amount.minor, next.upgrade), (8_900, None));
    assert_eq!(paid(&billing), [(0, 8_900), (1, 8_900)]);
}

#[tokio::test]
async fn months_that_become_weeks_and_then_months_again_keep_their_anchor() {
    let billing = billing().await;
    billing.advance(JANUARY_31 - START.0);
    let id = begun(&billing, wanted()).await;
    let weekly = NewPlan { interval: Interval::new(Unit::Week, 1).unwrap(), ..plan("주간", 2_900) };
    let weeks = billing.change_plan(&Caller::Merchant, &id, weekly).await.unwrap();
    assert_eq!(weeks.calendar.period(2).unwrap().starts.to_string(), "2027-03-07");
    billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권", 8_900)).await.unwrap();
    let calendar = row(&billing, &id).await.calendar;
    let starts = [1, 2, 3].map(|number| calendar.period(number).unwrap().starts.to_string());
    assert_eq!(starts, ["2027-02-28", "2027-03-31", "2027-04-30"]);
}

#[tokio::test]
async fn after_an_outage_a_declined_card_is_tried_once_a_day_and_not_over_and_over() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
    billing.wait_until(due.plus(60));
    run_schedules(&billing, &["key1"]);
    // Nobody came for eight days, in which it would have been tried four times.
    billing.advance(8 * DAY);
    sweep(&billing).await;
    let behind = row(&billing, &id).await;
    assert_eq!((behind.state, behind.attempt.number), (SubscriptionState::PastDue, 1));
    assert_eq!(behind.attempt_at, billing.host.now().plus(DAY));
    pass(&billing, 6, &["key1"], true).await;
    assert_eq!(states_of(&billing, 1), [State::Failed; 5]);
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
}

#[tokio::test]
async fn what_begins_later_than_anything_can_be_registered_for_waits_without_an_alarm() {
    let billing = billing().await;
    let start_at = Some(START.plus(400 * DAY));
    let new = NewSubscription { start_at, anchor_day: Some(1), ..wanted() };
    let begun = billing.subscribe(new, &secret()).await.unwrap();
    assert!(begun.attempt_at > START.plus(400 * DAY));
    assert_eq!(begun.due_at, Some(begun.attempt_at.plus(-400 * DAY)));
    pass(&billing, 10, &[], true).await;
    assert_eq!(billing.alarms(), Vec::<&str>::new());
    let schedule = billing.psp.world().schedules[&format!("{}p0t0", begun.id)].clone();
    assert_eq!(schedule.schedule_at, begun.attempt_at);
}

#[tokio::test]
async fn what_is_to_be_registered_with_hardly_a_second_to_spare_is_charged_instead() {
    for seconds in 300..312 {
        let billing = billing().await;
        let new = NewSubscription { start_at: Some(START.plus(30 * DAY)), ..wanted() };
        billing.psp.world().down = true;
        let begun = billing.subscribe(new, &secret()).await.unwrap();
        billing.advance(begun.attempt_at.0 - seconds - billing.host.now().0);
        billing.psp.world().down = false;
        billing.host.ticking.store(1, Ordering::Relaxed);
        sweep(&billing).await;
        billing.host.ticking.store(0, Ordering::Relaxed);
        assert_eq!(billing.alarms(), Vec::<&str>::new(), "{seconds}");
        billing.advance(seconds);
        sweep(&billing).await;
        assert_eq!(states_of(&billing, 0), [State::Paid]);
    }
}

#[tokio::test]
async fn a_first_charge_that_could_not_be_made_yet_is_pending() {
    let billing = billing().await;
    billing.psp.world().down = true;
    let begun = billing.subscribe(wanted(), &secret()).await.unwrap();
    let id = begun.id.to_string();
    assert!(billing.view(begun).await.unwrap().is_pending());
    billing.psp.world().down = false;
    billing.advance(300);
    sweep(&billing).await;
    assert!(!billing.view(row(&billing, &id).await).await.unwrap().is_pending());
    assert_eq!(states_of(&billing, 0), [State::Paid]);
}

#[tokio::test]
async fn late_money_that_the_merchant_does_not_keep_leaves_the_period_to_be_paid() {
    let mut billing = billing().await;
    billing.policy.late_paid = LatePaidPolicy::Refund;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    let hint = paid_after_all(&billing, &format!("{id}p1t0"));
    billing.notice(&hint).await.unwrap();
    sweeps(&billing, 4, 300).await;
    // The second try is declined, too, and the third one pays.
    pass(&billing, 1, &["key1"], true).await;
    pass(&billing, 4, &[], true).await;
    assert_eq!(states_of(&billing, 1), [State::Refunded, State::Failed, State::Paid]);
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
}

#[tokio::test]
async fn a_second_payment_on_its_way_back_does_not_hide_the_first() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let due = row(&billing, &id).await.calendar.period(1).unwrap().due_at;
    billing.wait_until(due);
    run_schedules(&billing, &[]);
    let again = order(&format!("{id}p1t0"));
    let first = billing.psp.world().payments[again.merchant_uid.as_str()][0].imp_uid.clone();
    billing.psp.world().record(&again, PspStatus::Paid, due.plus(5));
    // The schedule does not name its payment, so that all of them are looked for.
    billing.psp.world().schedules.clear();
    // The second one is not given back for as long as anybody looks.
    billing.psp.will(std::iter::repeat_n(Act::Refuse(1), 3));
    billing.advance(1_000);
    sweep(&billing).await;
    assert!(billing.alarms().contains(&"double_paid"));
    let paid = payment(&billing, again.merchant_uid.as_str()).await;
    assert_eq!((paid.state, paid.imp_uid(), paid.refunds.len()), (State::Paid, Some(&first), 1));
    assert_eq!(row(&billing, &id).await.attempt.period, 2);
}
