//! Changes of a plan, registered cards and checkouts, as their use cases are asked for them.

mod checkouts;
mod later;
mod within;

use billing::payment::{PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, PaymentStore};
use billing::subscription::{Attempt, SubscriptionState};
use billing::usecase::{Caller, Failure, NewCheckout, NewSchedule, NewSubscription, ScheduleDisposition};
use billing::{CustomerUid, MerchantUid};

use crate::fixture::subscriptions::{begun, row, runs};
use crate::fixture::{TestBilling, TestWorld, another_card, billing, card_window, customer, order};
use crate::subscription::wanted;
use crate::sweep::sweep;

const DAY: i64 = 86_400;

/// The attempt that is next is due, and this comes of it: the PSP runs its schedule, or it is charged.
async fn next_comes_to(billing: &TestBilling, id: &str, status: PspStatus) {
    let next = row(billing, id).await;
    billing.wait_until(next.attempt_at);
    let waits = |uid: &MerchantUid| {
        let schedule = billing.psp.world().schedules.get(uid.as_str()).map(|schedule| schedule.schedule_status);
        schedule == Some(ScheduleStatus::Scheduled)
    };
    if waits(&next.order().unwrap().merchant_uid) {
        let hint = runs(billing, id, status).await;
        billing.notice(&hint).await.unwrap();
    }
    sweep(billing).await;
    if status == PspStatus::Failed {
        looked_at_again(billing).await;
    }
}

/// A decline counts once it was looked at again.
async fn looked_at_again(billing: &TestBilling) {
    billing.advance(3_600);
    sweep(billing).await;
}

/// What was paid for a period.
fn paid_for(billing: &TestBilling, period: u32) -> Vec<u64> {
    let rows = billing.store.all_payments().into_iter().filter(|row| row.state == State::Paid);
    let of_period = rows.filter(|row| Attempt::of(row.merchant_uid()).is_some_and(|(_, of)| of.period == period));
    of_period.map(|row| row.order.amount.minor).collect()
}

#[tokio::test]
async fn numbers_that_subscriptions_make_are_no_orders_of_a_storefront() {
    let billing = billing().await;
    let key = CustomerUid::parse("key1").unwrap();
    let schedule_at = billing.host.now().plus(DAY);
    let refused = |failure: Option<Failure>| match failure {
        Some(Failure::Invalid(invalid)) => invalid.code,
        other => panic!("{other:?}"),
    };
    let reserved = format!("sub{}p0t0", "0a".repeat(13));
    let checkout = |uid: &str| NewCheckout {
        order: billing::order::Order { customer_uid: None, ..order(uid) },
        customer_id: customer("kim"),
        window: card_window(),
    };
    let schedule = |uid: &str| vec![NewSchedule { order: order(uid), schedule_at }];
    let codes = [
        refused(billing.charge(order(&reserved), None).await.err()),
        refused(billing.checkout(checkout(&reserved)).await.err()),
        refused(billing.schedule(&key, None, schedule(&reserved)).await.err()),
    ];
    assert_eq!(codes, ["merchant_uid_invalid"; 3]);
    assert_eq!((billing.psp.world().posts.len(), billing.store.all_payments().len()), (0, 0));

    // Those that merely look alike are the storefront's own.
    let own = ["subp1t0", "sub1p1t1", "sub-1-2"];
    billing.charge(order(own[0]), None).await.unwrap();
    billing.checkout(checkout(own[1])).await.unwrap();
    billing.schedule(&key, None, schedule(own[2])).await.unwrap();
    for uid in own {
        assert!(billing.store.payment(&MerchantUid::parse(uid).unwrap()).await.unwrap().is_some(), "{uid}");
    }
}

#[tokio::test]
async fn of_two_cards_of_the_same_second_neither_stands_in_for_the_other() {
    let cards = billing().await.billing_keys(&customer("kim"), 10, None).await.unwrap().items;
    assert_eq!((cards.len(), cards[0].created_at), (2, cards[1].created_at));
    for card in cards {
        let billing = billing().await;
        let new = NewSubscription { customer_uid: card.customer_uid.clone(), fallback_cards: true, ..wanted() };
        let id = begun(&billing, new).await;
        next_comes_to(&billing, &id, PspStatus::Failed).await;
        let behind = row(&billing, &id).await;
        assert_eq!((behind.state, behind.attempt), (SubscriptionState::PastDue, Attempt { period: 1, number: 1 }));
        assert_eq!((behind.customer_uid, behind.fallbacks), (card.customer_uid, Vec::new()), "neither is newer");
    }
}

#[tokio::test]
async fn the_newest_card_that_is_active_stands_in_and_not_one_that_was_deleted_since() {
    let billing = billing().await;
    let id = begun(&billing, NewSubscription { fallback_cards: true, ..wanted() }).await;
    billing.advance(10);
    let newer = another_card(&billing, "newer-card", "4111111111111111").await;
    billing.advance(10);
    let newest = another_card(&billing, "newest-card", "5555555555554444").await;
    billing.delete_key(&Caller::Merchant, newest.as_str(), ScheduleDisposition::Revoke).await.unwrap();
    next_comes_to(&billing, &id, PspStatus::Failed).await;
    let behind = row(&billing, &id).await;
    assert_eq!((behind.state, &behind.customer_uid), (SubscriptionState::PastDue, &newer));
    next_comes_to(&billing, &id, PspStatus::Paid).await;
    let paid = row(&billing, &id).await;
    assert_eq!((paid.state, paid.attempt.period, paid_for(&billing, 1)), (SubscriptionState::Active, 2, vec![8_900]));
}
