//! Rows of subscriptions, and their payments, which are written only while they are asked for.

use std::collections::BTreeMap;

use billing::fingerprint::Fingerprint;
use billing::key::KeyState;
use billing::order::Details;
use billing::payment::{Flow, Payment};
use billing::ports::{DUE_SHARDS, DueRow, Inserted, Saved, StoreError};
use billing::subscription::{
    Asked, Attempt, Calendar, ClosedPeriod, Consent, Credit, Difference, Dunning, Ending, Fallback, Increase, Interval,
    Intro, Introduced, NextPlan, Notice, NoticeDays, Offer, OldPlan, Periods, PlanId, Price, RefundPolicy,
    RunningIntro, RunningPlan, Subscription, SubscriptionId, SubscriptionState, TextDigest, Unit, UnusedDays, Upgrade,
    WithoutConsent,
};
use billing::{CustomerUid, KstDay, Money};

use crate::rows::{NOW, customer, key, nonce, payment};

pub(crate) fn subscription(owner: &str, number: u64) -> Subscription {
    let monthly = Interval::new(Unit::Month, 1).unwrap();
    Subscription {
        id: SubscriptionId::parse(&format!("sub{number:026x}")).unwrap(),
        customer_id: customer(owner),
        customer_uid: CustomerUid::parse("key1").unwrap(),
        plan_id: PlanId::parse("월간").unwrap(),
        calendar: Calendar::new(Periods::new(KstDay::of(NOW), Some(31), monthly, 10).unwrap()),
        periods_max: Some(12),
        price: Price::new("월간 이용권".to_owned(), Money::krw(8_900), Details::default()).unwrap(),
        plan_since: 2,
        introduced: vec![Introduced {
            plan_id: PlanId::parse("주간").unwrap(),
            intro: RunningIntro {
                intro: Intro { amount: 900, periods: 3, tax_free: None, vat_amount: None },
                since: 1,
            },
        }],
        adjustment: -900,
        carried: vec![(0, 300), (1, -900)],
        running: Some(Money::krw(8_900)),
        next_plan: Some(NextPlan {
            id: PlanId::parse("연간").unwrap(),
            price: Price {
                name: "연간 이용권".to_owned(),
                amount: Money::krw(89_000),
                details: Details::default(),
                naver_use_by_period: true,
                intro: Some(Box::new(Intro { amount: 9_900, periods: 2, tax_free: Some(900), vat_amount: None })),
            },
            interval: Interval::new(Unit::Year, 1).unwrap(),
            with_next_attempt: false,
        }),
        running_plan: Some(RunningPlan {
            id: PlanId::parse("주간").unwrap(),
            name: "주간 이용권".to_owned(),
            amount: Money::krw(2_900),
            intro: Some(Box::new(RunningIntro {
                intro: Intro { amount: 900, periods: 3, tax_free: None, vat_amount: None },
                since: 1,
            })),
        }),
        upgrade: None,
        differences: vec![Difference { attempt: Attempt { period: 2, number: 1_000 }, kept: true }],
        credits: vec![Credit { attempt: Attempt { period: 2, number: 3 }, amount: 900 }],
        fallback_cards: true,
        fallbacks: vec![Fallback {
            customer_uid: CustomerUid::parse("key2").unwrap(),
            since: Attempt { period: 1, number: 1 },
            until: Some(Attempt { period: 2, number: 0 }),
        }],
        dunning: Dunning::default(),
        state: SubscriptionState::Active,
        ending: None,
        agreed: Some(Money::krw(8_900)),
        consents: vec![Consent {
            by: customer(owner),
            at: NOW,
            increase: Increase::IntroEnd,
            price: Money::krw(8_900),
            interval: Interval::new(Unit::Month, 1).ok(),
            from: NOW.plus(3_600),
            text: TextDigest::parse(&"0a".repeat(32)).unwrap(),
        }],
        asked: Some(Asked { price: Money::krw(9_900), from: NOW.plus(7_200), since: NOW, reminders: 1 }),
        without_consent: WithoutConsent::OldPrice,
        notice_days: NoticeDays::new(14).unwrap(),
        last_notice: Some(Notice { period: 2, amount: Money::krw(8_900), at: NOW, ends_trial: true }),
        ended_without_consent: true,
        offer: Some(Box::new(Offer {
            plan: NextPlan {
                id: PlanId::parse("최고").unwrap(),
                price: Price::new("최고 이용권".to_owned(), Money::krw(19_900), Details::default()).unwrap(),
                interval: monthly,
                with_next_attempt: false,
            },
            at: NOW,
        })),
        old_plan: Some(Box::new(OldPlan {
            id: PlanId::parse("기본").unwrap(),
            price: Price::new("기본 이용권".to_owned(), Money::krw(4_900), Details::default()).unwrap(),
            since: 2,
        })),
        refund: RefundPolicy::Unused,
        unused: Some(vec![UnusedDays { period: 2, days_left: 10, days: 31, amount: 2_871 }]),
        ended_by_merchant: true,
        attempt: Attempt { period: 3, number: 1 },
        attempt_at: NOW.plus(3_600),
        declines: 1,
        closed_periods: vec![
            ClosedPeriod { attempts: 1, paid: Some(0) },
            ClosedPeriod { attempts: 4, paid: Some(3) },
            ClosedPeriod::default(),
        ],
        access_until: Some(NOW.plus(86_400)),
        trial_until: Some(NOW),
        metadata: BTreeMap::from([("source".to_owned(), "광고".to_owned())]),
        fingerprint: Fingerprint::of(&number),
        version: 1,
        writer: nonce(number),
        looks: 0,
        due_at: Some(NOW),
        created_at: NOW.plus(i64::try_from(number).unwrap()),
        updated_at: NOW,
    }
}

fn after(row: &Subscription, writer: u64) -> Subscription {
    Subscription { version: row.version + 1, writer: nonce(writer), ..row.clone() }
}

fn payment_of(row: &Subscription, writer: u64) -> Payment {
    let order = row.order().unwrap();
    let mut new = payment(order.merchant_uid.as_str(), "key1", row.customer_id.as_str(), Flow::Charge);
    (new.order, new.writer) = (order, nonce(writer));
    new
}

both_stores!(a_subscription_reads_back_as_it_was_written_and_one_write_follows_another, |store| {
    let row = subscription("kim", 1);
    assert_eq!(store.save_subscription(&row).await.unwrap(), Saved::Done);
    assert_eq!(store.save_subscription(&row).await.unwrap(), Saved::Done, "our own write, seen again");
    assert_eq!(store.subscription(&row.id).await.unwrap(), Some(row.clone()));
    let ended = Subscription {
        state: SubscriptionState::Canceled,
        ending: Some((Ending::Now, NOW)),
        agreed: None,
        consents: Vec::new(),
        asked: None,
        without_consent: WithoutConsent::End,
        notice_days: NoticeDays::default(),
        last_notice: None,
        ended_without_consent: false,
        offer: None,
        old_plan: None,
        refund: RefundPolicy::None,
        unused: None,
        running_plan: None,
        introduced: Vec::new(),
        differences: Vec::new(),
        credits: Vec::new(),
        fallback_cards: false,
        fallbacks: Vec::new(),
        periods_max: None,
        access_until: None,
        trial_until: None,
        next_plan: None,
        adjustment: 0,
        carried: Vec::new(),
        running: None,
        closed_periods: Vec::new(),
        metadata: BTreeMap::new(),
        due_at: None,
        ..after(&row, 2)
    };
    assert_eq!(store.save_subscription(&ended).await.unwrap(), Saved::Done);
    assert_eq!(store.subscription(&row.id).await.unwrap(), Some(ended.clone()));
    let rival = after(&row, 3);
    assert_eq!(store.save_subscription(&rival).await.unwrap(), Saved::Conflict(Some(Box::new(ended))));
    assert_eq!(store.subscription(&subscription("kim", 9).id).await.unwrap(), None);
});

both_stores!(subscriptions_are_listed_for_their_owner_and_found_when_they_are_due, |store| {
    let rows = [subscription("kim", 1), subscription("kim", 2), subscription("lee", 3), subscription("kim", 4)];
    for row in &rows {
        store.save_subscription(row).await.unwrap();
    }
    let first = store.subscriptions_of(&customer("kim"), 2, None).await.unwrap();
    assert_eq!(first.items, rows[..2]);
    let rest = store.subscriptions_of(&customer("kim"), 2, first.next.as_deref()).await.unwrap();
    assert_eq!((rest.items, rest.next), (vec![rows[3].clone()], None));

    let mut due = Vec::new();
    for shard in 0..DUE_SHARDS {
        due.extend(store.due(shard, NOW, None).await.unwrap().items);
    }
    due.sort();
    assert_eq!(due, rows.map(|row| DueRow::Subscription(row.id)));
});

both_stores!(subscriptions_are_listed_by_where_they_stand, |store| {
    let mut rows: Vec<Subscription> =
        (1..=5).map(|number| subscription(&format!("customer{number}"), number)).collect();
    for row in &mut rows {
        row.state = if row.created_at == NOW.plus(2) { SubscriptionState::Active } else { SubscriptionState::PastDue };
        store.save_subscription(row).await.unwrap();
    }
    let behind: Vec<Subscription> =
        rows.iter().filter(|row| row.state == SubscriptionState::PastDue).cloned().collect();
    let first = store.subscriptions_in(SubscriptionState::PastDue, 3, None).await.unwrap();
    assert_eq!(first.items, behind[..3]);
    let rest = store.subscriptions_in(SubscriptionState::PastDue, 3, first.next.as_deref()).await.unwrap();
    assert_eq!((rest.items, rest.next), (behind[3..].to_vec(), None));
    let foreign = store.subscriptions_in(SubscriptionState::Active, 3, first.next.as_deref()).await;
    assert_eq!(foreign, Err(StoreError::Cursor));

    let recovered = Subscription { state: SubscriptionState::Active, ..after(&rows[0], 77) };
    store.save_subscription(&recovered).await.unwrap();
    let behind = store.subscriptions_in(SubscriptionState::PastDue, 10, None).await.unwrap().items;
    assert_eq!(behind.len(), 3);
});

both_stores!(of_one_plan_a_customer_begins_one_after_the_other, |store| {
    let (first, second) = (subscription("kim", 1), subscription("kim", 2));
    let begin = async |row: &Subscription, last: Option<&Subscription>| {
        store.begin_subscription(row, last.map(|last| &last.id)).await.unwrap()
    };
    let last = async |owner: &str| store.last_of_plan(&customer(owner), &first.plan_id).await.unwrap();
    assert_eq!(last("kim").await, None);
    assert_eq!(begin(&first, None).await, Inserted::Done);
    assert_eq!(begin(&first, None).await, Inserted::Done, "our own write, seen again");
    assert_eq!(begin(&second, None).await, Inserted::Overtaken, "two at once");
    assert_eq!(store.subscription(&second.id).await.unwrap(), None);
    assert_eq!(last("kim").await, Some(first.id.clone()));
    let rival = Subscription { writer: nonce(50), ..first.clone() };
    assert_eq!(begin(&rival, None).await, Inserted::Conflict(Box::new(first.clone())));
    assert_eq!(begin(&second, Some(&first)).await, Inserted::Done);
    assert_eq!(last("kim").await, Some(second.id.clone()));
    assert_eq!(begin(&subscription("kim", 3), Some(&first)).await, Inserted::Overtaken);
    // Another customer's, and another plan's, are others.
    assert_eq!(begin(&subscription("lee", 4), None).await, Inserted::Done);
    let yearly = Subscription { plan_id: PlanId::parse("연간").unwrap(), ..subscription("kim", 5) };
    assert_eq!(begin(&yearly, None).await, Inserted::Done);
});

both_stores!(a_payment_is_written_only_while_its_subscription_asks_for_it, |store| {
    store.insert_key(&key("key1", "kim", KeyState::Active)).await.unwrap();
    let row = subscription("kim", 1);
    let payment = payment_of(&row, 1);
    let refused = vec![Saved::NotExpected];
    assert_eq!(store.insert(std::slice::from_ref(&payment)).await.unwrap(), refused, "there is no subscription");
    store.save_subscription(&row).await.unwrap();

    let mut changes = vec![row.clone(); 6];
    changes[0].ending = Some((Ending::AtPeriodEnd, NOW));
    changes[1].state = SubscriptionState::Paused;
    changes[2].attempt.number += 1;
    changes[3].price.amount = Money::krw(9_900);
    changes[4].next_plan.as_mut().unwrap().with_next_attempt = true;
    // While the difference of a dearer plan is charged, nothing else is.
    let dearer = Upgrade {
        plan: row.next_plan.clone().unwrap(),
        attempt: Attempt { period: 2, number: 1_001 },
        amount: 4_000,
        credit: -900,
    };
    changes[5].upgrade = Some(dearer);
    let mut stored = row.clone();
    for changed in changes {
        stored = Subscription { version: stored.version + 1, writer: nonce(stored.version + 10), ..changed };
        assert_eq!(store.save_subscription(&stored).await.unwrap(), Saved::Done);
        assert_eq!(store.insert(std::slice::from_ref(&payment)).await.unwrap(), refused);
        assert_eq!(store.payment(payment.merchant_uid()).await.unwrap(), None);
    }
    let again = Subscription { version: stored.version + 1, writer: nonce(99), ..row };
    store.save_subscription(&again).await.unwrap();
    assert_eq!(store.insert(std::slice::from_ref(&payment)).await.unwrap(), [Saved::Done]);
    assert_eq!(store.insert(std::slice::from_ref(&payment)).await.unwrap(), [Saved::Done], "our own write, seen again");
});

#[tokio::test]
async fn the_table_in_memory_shows_all_of_its_rows_by_their_names() {
    use billing::ports::{KeyStore, PaymentStore, SubscriptionStore};

    let store = store::MemoryStore::new();
    let keys = ["key1", "key2"].map(|uid| key(uid, "kim", KeyState::Active));
    let payments = ["order_1", "order_2"].map(|uid| payment(uid, "key1", "kim", Flow::Charge));
    let subscriptions = [subscription("kim", 1), subscription("lee", 2)];
    for place in [1, 0] {
        store.insert_key(&keys[place]).await.unwrap();
        store.save(&payments[place]).await.unwrap();
        store.save_subscription(&subscriptions[place]).await.unwrap();
    }
    assert_eq!(store.all_keys(), keys);
    assert_eq!(store.all_payments(), payments);
    assert_eq!(store.all_subscriptions(), subscriptions);
}
