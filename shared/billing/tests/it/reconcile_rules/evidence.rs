//! What was seen is written onto what stands there now: where somebody else wrote in between, and where somebody is still
//! to be told.

use billing::key::{BillingKey, KeyState};
use billing::payment::{Flow, Payment, PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, KeyStore, PaymentStore, SubscriptionStore};
use billing::subscription::{Attempt, SubscriptionState};
use billing::usecase::{Caller, Failure};
use billing::{CustomerUid, MerchantUid};

use super::{DAY, HOUR, finished, scheduled};
use crate::fixture::payments::{paid_after_all, payment};
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{START, TestBilling, TestWorld, billing, customer, refund_request};
use crate::lossy::{Fate, lossy};
use crate::subscription::wanted;
use crate::sweep::sweep;

#[tokio::test]
async fn what_was_seen_of_a_schedule_is_not_written_onto_one_that_was_registered_since() {
    for gone in [true, false] {
        let table = billing().await;
        let planned = table.host.now().plus(DAY);
        scheduled(&table, &["order_1"], planned).await;
        table.advance(DAY + HOUR);
        let uid = MerchantUid::parse("order_1").unwrap();
        let row = table.store.payment(&uid).await.unwrap().unwrap();
        let posts = {
            let mut world = table.psp.world();
            if gone {
                world.schedules.clear();
            } else {
                let schedule = world.schedules.get_mut("order_1").unwrap();
                (schedule.schedule_status, schedule.revoked_at) = (ScheduleStatus::Revoked, Some(planned));
            }
            world.posts.clone()
        };
        // Somebody else has found the same, and has registered it for another day by now.
        let schedule_at = planned.plus(5 * DAY);
        let mut since = Payment { version: row.version + 1, flow: Flow::Schedule { schedule_at }, ..row };
        since.due_at = Some(schedule_at.plus(900));
        let mut billing = lossy().await;
        (billing.psp, billing.host, billing.store.rows) = (table.psp, table.host, table.store);
        billing.store.overtaken_by(since.clone());
        let report = billing.sweep(billing.host.now().plus(HOUR)).await.unwrap();
        assert_eq!((report.seen, report.failed), (1, 0), "gone: {gone}");
        assert_eq!(billing.store.rows.payment(&uid).await.unwrap(), Some(since), "gone: {gone}");
        assert_eq!(billing.psp.world().posts, posts, "gone: {gone}: nor is it registered a second time");
    }
}

#[tokio::test]
async fn only_who_has_waited_long_leaves_a_key_that_is_due_anyway_to_the_sweep() {
    let uid = CustomerUid::parse("key1").unwrap();
    for (waited, due) in [(10, false), (10, true), (11, false), (11, true)] {
        let billing = lossy().await;
        let row = billing.store.rows.key(&uid).await.unwrap().unwrap();
        billing.psp.world().keys.remove("key1");
        *billing.host.came_at.lock().unwrap() = Some(billing.host.now().plus(-waited));
        // The look is overtaken by somebody else's write.
        let theirs = BillingKey { version: row.version + 1, due_at: due.then_some(START), ..row };
        billing.store.will([Fate::Dropped]);
        billing.store.meanwhile(theirs.clone());
        let confirmed = billing.confirm_key(&Caller::Customer(customer("kim")), "key1").await;
        let stored = billing.store.rows.key(&uid).await.unwrap().unwrap();
        let case = format!("after {waited} s, due: {due}");
        if waited > 10 && due {
            assert_eq!(confirmed, Err(Failure::Unavailable), "{case}");
            assert_eq!(stored, theirs, "{case}");
        } else {
            assert_eq!(confirmed.map(|key| key.state), Ok(KeyState::Active), "{case}");
            assert_eq!((stored.version, stored.missing_since), (theirs.version + 1, Some(START)), "{case}");
        }
    }
}

/// A subscription whose first renewal was declined; hours later the PSP's console makes it paid. Nobody tells us.
async fn paid_in_the_console(billing: &TestBilling) -> (String, MerchantUid) {
    let id = begun(billing, wanted()).await;
    let declined = runs_in_time(billing, &id, PspStatus::Failed).await.merchant_uid;
    billing.advance(HOUR);
    sweep(billing).await;
    let behind = row(billing, &id).await;
    assert_eq!((behind.state, behind.attempt), (SubscriptionState::PastDue, Attempt { period: 1, number: 1 }));
    billing.advance(6 * HOUR);
    paid_after_all(billing, declined.as_str());
    billing.advance(HOUR);
    (id, declined)
}

/// The next sweep, and nothing of the subscription's own calendar, closes the period that is paid.
async fn is_told_by_the_next_sweep(billing: &TestBilling, id: &str) {
    let before = row(billing, id).await;
    billing.advance(300);
    assert_eq!(before.state, SubscriptionState::PastDue);
    assert!(before.due_at.is_none_or(|due_at| due_at > billing.host.now()));
    sweep(billing).await;
    let told = billing.store.subscription(&before.id).await.unwrap().unwrap();
    assert_eq!((told.state, told.attempt.period), (SubscriptionState::Active, 2));
    // Nor is it charged once more.
    let retry = before.attempt.merchant_uid(&before.id).unwrap();
    assert_eq!(payment(billing, retry.as_str()).await.state, State::Revoked);
}

#[tokio::test]
async fn refunds_in_between_do_not_keep_late_money_from_its_subscription() {
    let billing = billing().await;
    let (id, uid) = paid_in_the_console(&billing).await;
    assert_eq!(finished(&billing).await.counts.healed, 1);
    for part in ["one", "another"] {
        billing.refund(refund_request(uid.as_str(), "100", &format!("refund-{part}"))).await.unwrap();
    }
    let payment = billing.store.payment(&uid).await.unwrap().unwrap();
    assert_eq!((payment.state, payment.record.unwrap().net_paid()), (State::PartiallyRefunded, 8_700));
    is_told_by_the_next_sweep(&billing, &id).await;
}

/// The PSP lists a payment where it began, and its row stands where it was paid.
#[tokio::test]
async fn a_second_look_of_the_comparison_does_not_keep_late_money_from_its_subscription() {
    let billing = billing().await;
    let (id, uid) = paid_in_the_console(&billing).await;
    let imp_uid = billing.psp.world().payments[uid.as_str()][0].imp_uid.to_string();
    billing.psp.world().listing.hidden.insert(imp_uid);
    finished(&billing).await;
    assert_eq!(billing.store.payment(&uid).await.unwrap().unwrap().state, State::Paid);
    is_told_by_the_next_sweep(&billing, &id).await;
}

/// An attempt failed without a payment, and later the PSP shows the payment that it was.
#[tokio::test]
async fn what_a_schedule_names_is_fetched_and_a_subscription_that_is_still_to_be_told_is_told() {
    for is_to_be_told in [true, false] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let hint = runs_in_time(&billing, &id, PspStatus::Failed).await;
        billing.psp.world().listing.hidden.insert(hint.imp_uid.to_string());
        billing.advance(HOUR);
        let before = billing.store.payment(&hint.merchant_uid).await.unwrap().unwrap();
        let due_at = Some(billing.host.now()).filter(|_| is_to_be_told);
        let failed = Payment { state: State::Failed, due_at, version: before.version + 1, ..before };
        billing.store.save(&failed).await.unwrap();
        finished(&billing).await;
        let seen = billing.store.payment(&hint.merchant_uid).await.unwrap().unwrap();
        assert_eq!((seen.state, seen.imp_uid()), (State::Failed, Some(&hint.imp_uid)));
        assert_eq!(seen.due_at.is_some(), is_to_be_told);
    }
}
