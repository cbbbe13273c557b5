//! What customers and merchants see of subscriptions.

use billing::payment::{PspStatus, State};
use billing::ports::Clock;
use billing::subscription::{Attempt, Ending, SubscriptionState};
use billing::usecase::{Caller, Failure, NewSubscription, SubscriptionView};
use billing::{CustomerId, Timestamp};

use super::is_declined;
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{Act, TestBilling, TestWorld, another_card, billing, customer, refund_request};
use crate::subscription::{plan, wanted};
use crate::sweep::{sweep, sweeps};

async fn view(billing: &TestBilling, id: &str) -> SubscriptionView {
    billing.view(row(billing, id).await).await.unwrap()
}

#[tokio::test]
async fn a_charge_that_is_due_and_was_not_made_is_pending_from_its_very_second_until_it_is() {
    let billing = billing().await;
    // It cannot be registered, so that it is made when its time has come.
    billing.psp.will([Act::Approve, Act::Refuse(-1)]);
    let id = begun(&billing, wanted()).await;
    sweeps(&billing, 3, 300).await;
    let next = row(&billing, &id).await;
    assert_eq!(next.attempt, Attempt { period: 1, number: 1 });
    for (second, pending) in [(-1, false), (0, true), (1, true)] {
        billing.wait_until(next.attempt_at.plus(second));
        let seen = view(&billing, &id).await;
        assert_eq!((seen.is_due, seen.is_pending()), (pending, pending), "{second} s");
        assert!(seen.payments.iter().all(|it| it.order.merchant_uid.as_str() != format!("{id}p1t1")));
    }
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.attempt.period, 2);
    assert!(!view(&billing, &id).await.is_pending());
}

#[tokio::test]
async fn a_dearer_plan_that_has_not_begun_is_pending_and_so_is_a_rest_that_is_owed() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let settled = SubscriptionView { payments: Vec::new(), ..view(&billing, &id).await };
    assert!(!settled.is_pending());
    // The old schedule cannot be taken back yet.
    billing.psp.world().down = true;
    let (dearer, _) = billing.change_plan_now(&Caller::Merchant, &id, plan("최고", 30_000)).await.unwrap();
    assert!(dearer.upgrade.is_some());
    let mut owed = settled.row.clone();
    (owed.adjustment, owed.ending) = (-1_000, Some((Ending::Now, billing.host.now())));
    for (row, what) in [(dearer, "a dearer plan"), (owed, "a rest")] {
        assert!(SubscriptionView { row, is_due: false, ..settled.clone() }.is_pending(), "{what}");
    }
}

#[tokio::test]
async fn one_is_ending_from_the_wish_on_until_it_is_taken_back() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    assert!(!view(&billing, &id).await.is_ending());
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert!(view(&billing, &id).await.is_ending());
    billing.reactivate_subscription(&Caller::Merchant, &id).await.unwrap();
    assert!(!view(&billing, &id).await.is_ending());
}

#[tokio::test]
async fn a_customer_lists_their_own_and_nobody_elses() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let (kim, lee) = (customer("kim"), customer("lee"));
    let list = async |caller: Caller, of: Option<&CustomerId>, state: Option<SubscriptionState>| {
        let page = billing.subscriptions(&caller, of, state, 10, None).await;
        page.map(|page| page.items.iter().map(|row| row.id.to_string()).collect::<Vec<_>>())
    };
    let one = Ok(vec![id]);
    for of in [None, Some(&kim)] {
        assert_eq!(list(Caller::Customer(kim.clone()), of, None).await, one);
    }
    assert_eq!(list(Caller::Customer(lee.clone()), Some(&kim), None).await, Err(Failure::NotFound));
    assert_eq!(list(Caller::Customer(kim.clone()), Some(&lee), None).await, Err(Failure::NotFound));
    for of in [None, Some(&lee)] {
        assert_eq!(list(Caller::Customer(lee.clone()), of, None).await, Ok(Vec::new()));
    }
    assert_eq!(list(Caller::Merchant, Some(&kim), None).await, one);
    assert_eq!(list(Caller::Merchant, None, Some(SubscriptionState::Active)).await, one);
    assert!(matches!(list(Caller::Merchant, None, None).await, Err(Failure::Invalid(_))));
    assert!(matches!(
        list(Caller::Customer(kim), None, Some(SubscriptionState::Active)).await,
        Err(Failure::Invalid(_))
    ));
}

/// Who is to be charged in the morning keeps access through that day; nobody else has it a second longer than was paid for.
#[tokio::test]
async fn access_is_shown_beyond_what_was_paid_for_only_through_the_day_of_the_next_charge() {
    let shown = async |billing: &TestBilling, id: &str| -> (Option<Timestamp>, Option<Timestamp>) {
        let seen = view(billing, id).await;
        (seen.access_until, seen.row.access_until)
    };
    let billing_of = async || {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        (billing, id)
    };
    let (billing, id) = billing_of().await;
    let day = row(&billing, &id).await.calendar.period(1).unwrap().starts;
    assert_eq!(shown(&billing, &id).await, (Some(day.next().start()), Some(day.start())));
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!(shown(&billing, &id).await, (Some(day.start()), Some(day.start())), "it is to end");

    let (billing, id) = billing_of().await;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(shown(&billing, &id).await, (Some(day.start()), Some(day.start())), "it is paused");

    let (billing, id) = billing_of().await;
    is_declined(&billing, &id).await;
    assert_eq!(shown(&billing, &id).await, (Some(day.start()), Some(day.start())), "it was declined");

    let (billing, id) = billing_of().await;
    billing.refund(refund_request(&format!("{id}p0t0"), "8900", "all-of-it")).await.unwrap();
    sweep(&billing).await;
    let now = Some(billing.host.now());
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
    assert_eq!(shown(&billing, &id).await, (now, now), "it was given back");
}

#[tokio::test]
async fn periods_are_listed_newest_first_from_any_cursor_of_the_list_and_from_no_other() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    for _ in 0..3 {
        let hint = runs_in_time(&billing, &id, PspStatus::Paid).await;
        billing.notice(&hint).await.unwrap();
    }
    let last = row(&billing, &id).await.attempt.period;
    assert_eq!(last, 4);
    let page = async |limit: usize, cursor: Option<&str>| {
        let page = billing.instalments(&Caller::Merchant, &id, limit, cursor).await;
        page.map(|page| (page.items.iter().map(|it| it.period.number).collect::<Vec<u32>>(), page.next))
    };
    for limit in 1..=6 {
        let (mut numbers, mut cursor) = (Vec::new(), None);
        for _ in 0..6 {
            let (more, next) = page(limit, cursor.as_deref()).await.unwrap();
            numbers.extend(more);
            cursor = next;
            if cursor.is_none() {
                break;
            }
        }
        assert_eq!((numbers, cursor), (vec![4, 3, 2, 1, 0], None), "{limit} a page");
    }
    for number in 0..last {
        let (numbers, _) = page(10, Some(&number.to_string())).await.unwrap();
        assert_eq!(numbers, (0..=number).rev().collect::<Vec<u32>>(), "from {number}");
    }
    for text in ["4", "5", "4294967295", "-1", "first", ""] {
        let refused = page(10, Some(text)).await;
        assert!(matches!(refused, Err(Failure::Invalid(invalid)) if invalid.code == "cursor_invalid"), "{text}");
    }
}

#[tokio::test]
async fn a_period_is_shown_as_paid_from_its_payment_on_also_where_no_other_follows() {
    for periods_max in [None, Some(1)] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { periods_max, ..wanted() }).await;
        let shown = billing.instalments(&Caller::Merchant, &id, 10, None).await.unwrap().items;
        let paid: Vec<(u32, bool)> = shown.iter().map(|it| (it.period.number, it.paid)).collect();
        let expected = if periods_max.is_some() { vec![(0, true)] } else { vec![(1, false), (0, true)] };
        assert_eq!(paid, expected);
    }
}

#[tokio::test]
async fn a_period_names_those_of_its_payments_that_are_on_a_card_which_nobody_had_named() {
    let billing = billing().await;
    let id = begun(&billing, NewSubscription { fallback_cards: true, ..wanted() }).await;
    billing.advance(10);
    another_card(&billing, "newer-card", "4111111111111111").await;
    is_declined(&billing, &id).await;
    let hint = runs_in_time(&billing, &id, PspStatus::Paid).await;
    billing.notice(&hint).await.unwrap();
    let shown = billing.instalments(&Caller::Merchant, &id, 10, None).await.unwrap().items;
    let names: Vec<(u32, usize, Vec<String>)> = shown
        .iter()
        .map(|it| (it.period.number, it.payments.len(), it.on_fallback.iter().map(ToString::to_string).collect()))
        .collect();
    let expected = [(2, 1, vec![format!("{id}p2t0")]), (1, 2, vec![format!("{id}p1t1")]), (0, 1, Vec::new())];
    assert_eq!(names, expected);
    assert_eq!(shown[1].payments.iter().map(|it| it.state).collect::<Vec<_>>(), [State::Failed, State::Paid]);
}
