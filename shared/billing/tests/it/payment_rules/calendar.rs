//! When a row is looked at next, what stays on the calendar, and what a look may show.

use std::collections::BTreeSet;

use billing::payment::{Evidence, PostFailure, PspStatus, ScheduleStatus, Source, State};
use billing::ports::Clock;
use billing::usecase::Caller;

use super::{DAY, SOURCES, all, one, posted, schedule, scheduled};
use crate::fixture::applied::{SCHEDULE_AT, after, alarms, applied, charge};
use crate::fixture::payments::order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, World, billing, order, refund_request};
use crate::schedule::new_schedule;
use crate::sweep::sweep;

async fn register(billing: &TestBilling) {
    let new = new_schedule("order_1", SCHEDULE_AT);
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
}

/// Seconds until the row is due.
async fn wait(billing: &TestBilling) -> i64 {
    order_1(billing).await.due_at.unwrap().0 - billing.host.now().0
}

/// Sweeps whenever the row is due, and says how long it was waited for each time that something had been sent.
async fn waits_after_sending(billing: &TestBilling) -> Vec<i64> {
    let mut waits = vec![wait(billing).await];
    for _ in 0..40 {
        let before = billing.psp.world().posts.len();
        billing.advance(wait(billing).await.max(0));
        sweep(billing).await;
        if billing.psp.world().posts.len() > before {
            waits.push(wait(billing).await);
        }
    }
    waits
}

#[tokio::test]
async fn whatever_is_sent_again_is_looked_for_as_soon_as_the_first_time() {
    let (charged, registered, refunded) = (billing().await, billing().await, billing().await);
    refunded.charge(order("order_1"), None).await.unwrap();
    for billing in [&charged, &registered, &refunded] {
        billing.psp.will(std::iter::repeat_n(Act::Lose, 1_000));
    }
    charged.charge(order("order_1"), None).await.unwrap();
    register(&registered).await;
    let request = refund_request("order_1", "900", "refund-1");
    refunded.refund(request).await.unwrap();
    for (what, billing) in [("charge", charged), ("registration", registered), ("refund", refunded)] {
        let waits = waits_after_sending(&billing).await;
        assert!(waits.len() > 4 && waits[0] <= 60, "{what}: {waits:?}");
        assert_eq!(BTreeSet::from_iter(waits.clone()).len(), 1, "{what}: {waits:?}");
    }
}

#[tokio::test]
async fn a_change_of_an_overdue_schedule_is_looked_for_as_soon_as_one_of_any_other() {
    for overdue in [false, true] {
        for revoked in [false, true] {
            let billing = billing().await;
            register(&billing).await;
            let looks = if overdue { 3 } else { 0 };
            for _ in 0..looks {
                billing.advance(wait(&billing).await);
                sweep(&billing).await;
            }
            assert_eq!(order_1(&billing).await.looks > 0, overdue);
            billing.psp.will([Act::Lose]);
            let to = billing.host.now().plus(DAY + 1);
            let changed = if revoked {
                billing.unschedule(&Caller::Merchant, "order_1").await
            } else {
                billing.reschedule(&Caller::Merchant, "order_1", to).await
            };
            assert!(changed.unwrap().claim.is_some(), "nobody knows what became of it");
            assert_eq!(wait(&billing).await, 10, "overdue: {overdue}, revoked: {revoked}");
        }
    }
}

#[test]
fn a_schedule_is_looked_at_a_quarter_of_an_hour_after_its_time_and_each_look_puts_off_the_next() {
    let waits = Evidence::Schedule(schedule(ScheduleStatus::Scheduled));
    for second in [-DAY, -1, 0, 1, 898, 899, 900, 901, 950, 5_000, 100_000] {
        let now = SCHEDULE_AT.plus(second);
        let first = after(&scheduled(), &waits, Source::Sweep, now);
        if second < 900 {
            assert_eq!(first.due_at, Some(SCHEDULE_AT.plus(900)), "{second}");
            continue;
        }
        let mut looked_at = now;
        let mut row = first;
        for wait in [3_600, 21_600, 21_600, 21_600] {
            assert_eq!(row.due_at, Some(looked_at.plus(wait)), "{second}");
            looked_at = looked_at.plus(wait);
            row = after(&row, &waits, Source::Sweep, looked_at);
        }
    }
}

/// Another payment under the number may be why the row is due. Who brings one alone does not know of the others.
#[test]
fn only_what_others_tell_of_a_single_payment_leaves_a_due_row_on_the_calendar() {
    let lost = after(&charge(), &posted(PostFailure::Lost), Source::Reply, START);
    let record = World::default().record(&order("order_1"), PspStatus::Paid, START);
    let due_at = lost.due_at.unwrap();
    for (seconds, is_due) in [(-1, false), (0, true), (60, true)] {
        let mut stays = Vec::new();
        for by in SOURCES {
            for (complete, seen) in [(false, one(&record)), (true, all(&[&record]))] {
                let paid = after(&lost, &seen, by, due_at.plus(seconds));
                assert_eq!(paid.state, State::Paid);
                if paid.due_at.is_some() {
                    assert_eq!(paid.due_at, Some(due_at));
                    stays.push((by, complete));
                }
            }
        }
        let told = [(Source::Webhook, false), (Source::Customer, false)];
        assert_eq!(stays, if is_due { &told[..] } else { &[] }, "{seconds} s after it is due");
    }
}

#[test]
fn a_row_remembers_the_last_twenty_four_things_that_a_person_was_told_of() {
    let mut world = World::default();
    let first = world.record(&order("order_1"), PspStatus::Paid, START);
    let more: Vec<_> = (1..=40).map(|n| world.record(&order("order_1"), PspStatus::Paid, START.plus(n))).collect();
    let paid = after(&charge(), &one(&first), Source::Reply, START);
    let mut row = paid.clone();
    for (number, record) in more.iter().enumerate() {
        let told = applied(&row, &one(record), Source::Webhook, record.paid_at.unwrap());
        assert_eq!(alarms(&told), ["double_paid"]);
        row = told.row;
        assert_eq!(row.alarmed_at.len(), (number + 1).min(24));
    }
    let again = |record| alarms(&applied(&row, &one(record), Source::Webhook, START.plus(100)));
    let silent: Vec<_> = more.iter().skip(16).flat_map(again).collect();
    assert!(silent.is_empty(), "the last ones are remembered: {silent:?}");
    assert_eq!(again(&more[15]), ["double_paid"], "and the one before them is not");
    // All at once.
    let everything: Vec<_> = std::iter::once(&first).chain(&more).collect();
    assert_eq!(after(&paid, &all(&everything), Source::Sweep, START.plus(100)).alarmed_at.len(), 24);
}
