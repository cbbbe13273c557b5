//! The card that is charged: declined for good, replaced, deleted, or the customer's next.

use super::{pass, run_schedules, timeline, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld, another_card, billing, customer, secret};
use crate::sweep::sweep;
use billing::payment::{Payment, State};
use billing::subscription::{Attempt, SubscriptionState};
use billing::usecase::{Caller, Failure, KeyDeleted, NewSubscription, ScheduleDisposition};
use billing::{CustomerUid, Timestamp};

/// Every other card of the customer is deleted.
async fn only_key1(billing: &TestBilling) {
    for key in billing.billing_keys(&customer("kim"), 10, None).await.unwrap().items {
        if key.customer_uid.as_str() != "key1" {
            billing
                .delete_key(&Caller::Merchant, key.customer_uid.as_str(), ScheduleDisposition::Revoke)
                .await
                .unwrap();
        }
    }
}

/// The PSP declines what is due, for this reason.
async fn decline_for(billing: &TestBilling, reason: &str) {
    for hint in run_schedules(billing, &["key1"]) {
        for record in billing.psp.world().payments.get_mut(hint.merchant_uid.as_str()).unwrap() {
            record.fail_reason = Some(reason.to_owned());
        }
        billing.notice(&hint).await.unwrap();
    }
    billing.advance(3_600);
    sweep(billing).await;
}

#[tokio::test]
async fn a_card_that_is_lost_or_over_is_not_tried_again() {
    for (reason, tried_again) in [("도난 카드", false), ("[54] 유효기간이 지난 카드", false), ("[61] 잔액 부족", true)]
    {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        pass(&billing, 29, &[], true).await;
        // Two hours after the period was due.
        billing.advance(86_400 + 3 * 3_600);
        decline_for(&billing, reason).await;
        let stored = row(&billing, &id).await.state;
        assert_eq!(
            stored,
            if tried_again { SubscriptionState::PastDue } else { SubscriptionState::Canceled },
            "{reason}"
        );
        pass(&billing, 20, &["key1"], true).await;
        let tries = timeline(&billing).iter().filter(|(of, ..)| of.period == 1).count();
        assert_eq!(tries, if tried_again { 5 } else { 1 }, "{reason}");
    }
}

#[tokio::test]
async fn the_next_try_is_on_the_customers_newer_card_where_that_was_agreed_to_and_nowhere_else() {
    for agreed in [true, false] {
        let billing = billing().await;
        let new = NewSubscription { fallback_cards: agreed, ..wanted() };
        let id = begun(&billing, new).await;
        billing.advance(10);
        let newer = another_card(&billing, "another-card", "4111111111111111").await;
        pass(&billing, 34, &["key1"], true).await;
        let row = row(&billing, &id).await;
        let charged: Vec<(String, State)> = billing
            .instalments(&Caller::Merchant, &id, 10, None)
            .await
            .unwrap()
            .items
            .into_iter()
            .filter(|instalment| instalment.period.number == 1)
            .flat_map(|instalment| instalment.payments)
            .map(|payment| (payment.order.customer_uid.unwrap().to_string(), payment.state))
            .collect();
        if agreed {
            assert_eq!((row.state, &row.customer_uid), (SubscriptionState::Active, &newer));
            assert_eq!(charged, [("key1".to_owned(), State::Failed), (newer.to_string(), State::Paid)]);
            let of = |number| Attempt { period: 1, number };
            assert!(row.is_on_fallback(of(1), &newer) && !row.is_on_fallback(of(0), &newer));
        } else {
            assert_eq!((row.state, row.customer_uid.as_str()), (SubscriptionState::PastDue, "key1"));
            assert!(charged.iter().all(|(card, _)| card == "key1"), "{charged:?}");
            assert_eq!(row.fallbacks, []);
        }
    }
}

#[tokio::test]
async fn what_was_agreed_to_can_be_changed_and_a_card_that_is_named_is_no_fallback() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let owner = Caller::Customer(customer("kim"));
    assert!(billing.change_fallback_cards(&owner, &id, true).await.unwrap().fallback_cards);
    billing.advance(10);
    let newer = another_card(&billing, "another-card", "4111111111111111").await;
    pass(&billing, 34, &["key1"], true).await;
    let since = row(&billing, &id).await.attempt;
    assert!(row(&billing, &id).await.is_on_fallback(since, &newer));
    let named = billing.change_card(&owner, &id, &newer).await.unwrap();
    assert!(!named.is_on_fallback(since, &newer), "named from now on");
    assert!(named.is_on_fallback(Attempt { period: 1, number: 1 }, &newer), "and what was charged before stays said");
    assert!(!billing.change_fallback_cards(&owner, &id, false).await.unwrap().fallback_cards);
    let asked = NewSubscription { fallback_cards: true, ..wanted() };
    assert_eq!(billing.subscribe(asked, &secret()).await, Err(Failure::IdempotencyKeyReused));
    assert!(billing.subscribe(wanted(), &secret()).await.is_ok(), "the request of before is the same still");
}

#[tokio::test]
async fn a_deleted_card_gives_way_to_another_only_where_agreed_and_without_one_the_period_waits_for_its_day() {
    for (has_another, agreed) in [(true, true), (true, false), (false, true)] {
        let billing = billing().await;
        let new = NewSubscription { fallback_cards: agreed, ..wanted() };
        let id = begun(&billing, new).await;
        let refused = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await;
        assert_eq!(refused.map(|_| ()), Err(Failure::KeyInUse), "the next period is registered on it");
        only_key1(&billing).await;
        let another =
            if has_another { Some(another_card(&billing, "another-card", "4111111111111111").await) } else { None };
        let deleted = billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
        assert_eq!(deleted, KeyDeleted::Done);
        sweep(&billing).await;
        billing.advance(3_600);
        sweep(&billing).await;
        let stored = row(&billing, &id).await;
        assert_eq!((stored.state, stored.declines), (SubscriptionState::Active, 0), "its day has not come");
        if let Some(another) = another.filter(|_| agreed) {
            assert_eq!(stored.customer_uid, another);
            pass(&billing, 40, &[], true).await;
            assert_eq!(timeline(&billing).iter().filter(|(.., state)| *state == State::Paid).count(), 2);
        } else {
            let shown = billing.view(stored).await.unwrap();
            assert_eq!((shown.has_no_card, shown.customer_uid.as_str()), (true, "key1"));
            pass(&billing, 32, &[], true).await;
            assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
            pass(&billing, 10, &[], true).await;
            assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
        }
    }
}

#[tokio::test]
async fn a_period_does_not_go_back_to_a_card_that_was_refused_for_good() {
    let billing = billing().await;
    only_key1(&billing).await;
    let new = NewSubscription { fallback_cards: true, ..wanted() };
    let id = begun(&billing, new).await;
    pass(&billing, 29, &[], true).await;
    let newer = another_card(&billing, "another-card", "4111111111111111").await;
    billing.advance(86_400 + 3 * 3_600);
    decline_for(&billing, "도난 카드").await;
    assert_eq!(row(&billing, &id).await.customer_uid, newer);
    let deleted = billing.delete_key(&Caller::Merchant, newer.as_str(), ScheduleDisposition::Revoke).await;
    assert_eq!(deleted, Ok(KeyDeleted::Done));
    pass(&billing, 20, &[], true).await;
    let on_key1 = |it: &Payment| it.order.customer_uid.as_ref().is_some_and(|key| key.as_str() == "key1");
    let is_of_period = |it: &Payment| Attempt::of(it.merchant_uid()).is_some_and(|(_, of)| of.period == 1);
    let tries = billing.store.all_payments().iter().filter(|it| is_of_period(it) && on_key1(it)).count();
    assert_eq!((tries, row(&billing, &id).await.state), (1, SubscriptionState::Canceled));
}

#[tokio::test]
async fn a_card_that_is_named_and_taken_back_leaves_no_schedule_at_another_time_than_is_shown() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.advance(10);
    let newer = another_card(&billing, "another-card", "4111111111111111").await;
    pass(&billing, 31, &["key1"], true).await;
    let behind = row(&billing, &id).await;
    assert_eq!((behind.state, behind.attempt), (SubscriptionState::PastDue, Attempt { period: 1, number: 1 }));
    // The PSP is away: what was registered for the next try cannot be taken off yet.
    billing.psp.world().down = true;
    let first = behind.customer_uid.clone();
    for card in [&newer, &first] {
        billing.change_card(&Caller::Merchant, &id, card).await.unwrap();
    }
    billing.psp.world().down = false;
    let at = row(&billing, &id).await.attempt_at;
    assert!(at < behind.attempt_at, "a card that is named is tried at once");
    billing.advance(3_600);
    sweep(&billing).await;
    let tried: Vec<_> = timeline(&billing)
        .into_iter()
        .filter(|(of, ..)| of.period == 1)
        .map(|(of, _, state)| (of.number, state))
        .collect();
    assert_eq!(tried, [(0, State::Failed), (1, State::Revoked), (2, State::Paid)]);
}

#[tokio::test]
async fn a_replaced_card_takes_the_subscription_along() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let new = another_card(&billing, "another-card", "4111111111111111").await;
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::MoveTo(new.clone())).await.unwrap();
    pass(&billing, 64, &[], true).await;
    let row = row(&billing, &id).await;
    assert_eq!((row.state, &row.customer_uid, row.attempt.period), (SubscriptionState::Active, &new, 3));
    let paid: Vec<Attempt> =
        timeline(&billing).iter().filter(|(.., state)| *state == State::Paid).map(|(of, ..)| *of).collect();
    assert_eq!(paid, [0, 1, 2].map(|period| Attempt { period, number: 0 }));
}

#[tokio::test]
async fn only_the_customers_own_active_card_can_be_named() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let unknown = CustomerUid::parse("nobodys").unwrap();
    assert_eq!(billing.change_card(&Caller::Merchant, &id, &unknown).await, Err(Failure::NotFound));
    let before = row(&billing, &id).await;
    assert_eq!(before.customer_uid.as_str(), "key1");
    let again = billing.change_card(&Caller::Merchant, &id, &before.customer_uid).await.unwrap();
    assert_eq!(again, before, "the same card is no change");
    assert!(before.due_at > Some(Timestamp(0)));
}
