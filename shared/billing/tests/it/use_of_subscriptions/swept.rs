//! What a sweep takes on, and what it leaves for the next one.

use std::sync::atomic::Ordering;

use billing::CustomerUid;
use billing::key::{BillingKey, KeyState};
use billing::payment::{Payment, PspStatus, State};
use billing::ports::{Clock, Entropy, KeyStore, PaymentStore, Saved};

use super::{is_declined, paid_twice, posts};
use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{Act, TestBilling, TestWorld, billing, hint_of, order};
use crate::subscription::wanted;
use crate::sweep::sweep;

/// Keys that are being issued, and due.
async fn due_keys(billing: &TestBilling, count: usize) {
    let uid = CustomerUid::parse("key1").unwrap();
    let like = billing.store.key(&uid).await.unwrap().unwrap();
    for number in 0..count {
        let row = BillingKey {
            customer_uid: CustomerUid::parse(&format!("due{number}")).unwrap(),
            state: KeyState::Issuing,
            due_at: Some(billing.host.now()),
            version: 1,
            ..like.clone()
        };
        assert_eq!(billing.store.insert_key(&row).await.unwrap(), Saved::Done);
    }
}

#[tokio::test]
async fn a_payment_is_begun_only_while_forty_seconds_are_left() {
    for left in 38..=42 {
        let billing = billing().await;
        billing.psp.will([Act::Lose]);
        billing.charge(order("order_1"), None).await.unwrap();
        billing.advance(60);
        let report = billing.sweep(billing.host.now().plus(left)).await.unwrap();
        assert_eq!((report.seen == 1, report.cut_short), (left >= 40, left < 40), "{left} s left");
    }
}

/// Keys come last: what went before them has taken time. The clock is looked at when the sweep begins, and before it begins with
/// the key.
#[tokio::test]
async fn a_key_is_begun_only_while_forty_seconds_are_left_by_then() {
    for left in 38..=60 {
        let billing = billing().await;
        due_keys(&billing, 1).await;
        let deadline = billing.host.now().plus(left);
        billing.host.ticking.store(5, Ordering::Relaxed);
        let report = billing.sweep(deadline).await.unwrap();
        assert_eq!((report.seen == 1, report.cut_short), (left >= 45, left < 45), "{left} s left");
    }
}

#[tokio::test]
async fn one_sweep_takes_two_thousand_keys_and_says_that_there_are_more() {
    for (count, seen, cut_short) in [(1_999, 1_999, false), (2_000, 2_000, false), (2_001, 2_000, true)] {
        let billing = billing().await;
        due_keys(&billing, count).await;
        // Nothing is learnt about them, so that each is counted as pending.
        billing.psp.world().down = true;
        let report = sweep(&billing).await;
        assert_eq!((report.seen, report.pending, report.cut_short), (seen, seen, cut_short), "of {count}");
    }
}

#[tokio::test]
async fn what_could_not_be_told_to_its_subscription_is_counted_as_failed_and_stays_due() {
    let billing = billing().await;
    let (_, uid) = paid_twice(&billing).await;
    let record = billing.psp.world().payments[&uid][0].clone();
    let hint = hint_of(&record);
    // A notice that cannot be looked up makes it due.
    billing.psp.world().down = true;
    billing.notice(&hint).await.unwrap();
    for _ in 0..2 {
        let report = sweep(&billing).await;
        assert_eq!((report.seen, report.failed, report.settled, report.pending), (1, 1, 0, 0));
        let owed = payment(&billing, &uid).await;
        assert!(owed.due_at.is_some_and(|due_at| due_at <= billing.host.now()));
    }
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(payment(&billing, &uid).await.state, State::Refunded);
}

#[tokio::test]
async fn an_order_that_never_left_is_not_sent_once_its_period_is_over_however_long_ago_that_was() {
    for periods in 0..=2 {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        is_declined(&billing, &id).await;
        for _ in 0..=periods {
            let hint = runs_in_time(&billing, &id, PspStatus::Paid).await;
            billing.notice(&hint).await.unwrap();
        }
        assert_eq!(row(&billing, &id).await.attempt.period, periods + 2);
        let before = payment(&billing, &format!("{id}p1t0")).await;
        let (version, writer, now) = (before.version + 1, billing.host.nonce(), billing.host.now());
        let unsent = Payment { state: State::Intent, record: None, due_at: Some(now), version, writer, ..before };
        assert_eq!(billing.store.save(&unsent).await.unwrap(), Saved::Done);
        let sent = posts(&billing, "");
        sweep(&billing).await;
        let after = payment(&billing, &format!("{id}p1t0")).await;
        assert_eq!((after.state, after.due_at, posts(&billing, "")), (State::Revoked, None, sent), "{periods}");
    }
}
