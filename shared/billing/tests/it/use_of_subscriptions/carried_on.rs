//! How a subscription is carried on: step by step, as far as there is time, and nothing keeps the rest waiting.

use billing::alarm::Alarm;
use billing::payment::{PspStatus, State};
use billing::ports::{AlarmSink, Clock, Entropy, Saved, SubscriptionStore};
use billing::subscription::{Attempt, Ending, Subscription};
use billing::usecase::{Billing, Caller, NewSubscription, ScheduleDisposition, WebhookOutcome};
use billing::{MerchantUid, Nonce, Timestamp};

use super::{paid_twice, part_goes_back_unanswered, posts};
use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{Act, TestHost, TestWorld, another_card, billing};
use crate::subscription::wanted;
use crate::sweep::{sweep, sweeps};

/// A host whose table takes so long to write: a mark is drawn for each write.
#[derive(Debug)]
struct Slow {
    host: TestHost,
    write_seconds: i64,
}

impl Clock for Slow {
    fn now(&self) -> Timestamp {
        self.host.now()
    }

    fn came_at(&self) -> Option<Timestamp> {
        self.host.came_at()
    }
}

impl Entropy for Slow {
    fn nonce(&self) -> Nonce {
        self.host.pass(self.write_seconds);
        self.host.nonce()
    }
}

impl AlarmSink for Slow {
    fn alarm(&self, alarm: &Alarm) {
        self.host.alarm(alarm);
    }
}

/// Eight seconds after a webhook came nothing more is begun for it: what it brought is written first, then its period is closed,
/// and then the next one is registered.
#[tokio::test]
async fn a_webhook_begins_no_step_once_its_eight_seconds_are_over_and_the_sweep_takes_them_all() {
    for write_seconds in 0..=12 {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let hint = runs_in_time(&billing, &id, PspStatus::Paid).await;
        let Billing { psp, store, host, policy } = billing;
        let slow = Billing { psp, store, host: Slow { host, write_seconds }, policy };
        let noticed = slow.notice(&hint).await.unwrap();
        let stored = slow.subscription(&Caller::Merchant, &id).await.unwrap();
        let closed = stored.attempt.period == 2;
        assert_eq!(closed, write_seconds <= 8, "{write_seconds} s a write");
        let next = format!("register {id}p2t0");
        assert_eq!(slow.psp.world().posts.contains(&next), 2 * write_seconds <= 8, "{write_seconds} s a write");
        if !closed {
            let paid = slow.payment(&Caller::Merchant, hint.merchant_uid.as_str()).await.unwrap();
            assert_eq!((noticed, paid.state), (WebhookOutcome::Deferred, State::Paid), "{write_seconds} s a write");
            assert!(paid.due_at.is_some_and(|due_at| due_at <= slow.host.now()), "{write_seconds} s a write");
        }
        // Later the table is fast again.
        let Billing { psp, store, host, policy } = slow;
        let billing = Billing { psp, store, host: host.host, policy };
        sweeps(&billing, 2, 1_200).await;
        assert_eq!(row(&billing, &id).await.attempt, Attempt { period: 2, number: 0 });
        assert_eq!(payment(&billing, &format!("{id}p2t0")).await.state, State::Scheduled);
    }
}

#[tokio::test]
async fn what_was_asked_of_the_psp_a_moment_ago_is_waited_for_and_not_gone_through_again_and_again() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await;
    billing.psp.will([Act::Lose]);
    let ended = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(posts(&billing, "revoke").len(), 1);
    // The wish, the step that follows from it, and that it is waited for.
    assert!(ended.version <= before.version + 3, "{} writes", ended.version - before.version);
}

#[tokio::test]
async fn a_card_that_is_gone_is_replaced_by_the_agreed_one_in_the_same_go() {
    let billing = billing().await;
    let id = begun(&billing, NewSubscription { fallback_cards: true, ..wanted() }).await;
    billing.advance(10);
    let newer = another_card(&billing, "newer-card", "4111111111111111").await;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
    let resumed = billing.resume_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(resumed.customer_uid, newer);
    let next = payment(&billing, resumed.order().unwrap().merchant_uid.as_str()).await;
    assert_eq!((next.state, next.order.customer_uid), (State::Scheduled, Some(newer)));
}

#[tokio::test]
async fn however_often_a_period_was_tried_the_next_one_is_registered_as_soon_as_it_is_paid() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    for _ in 0..12 {
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        billing.advance(1);
        billing.reactivate_subscription(&Caller::Merchant, &id).await.unwrap();
    }
    let tried = row(&billing, &id).await;
    assert_eq!(tried.attempt, Attempt { period: 1, number: 12 });
    let hint = runs_in_time(&billing, &id, PspStatus::Paid).await;
    assert_eq!(billing.notice(&hint).await.unwrap(), WebhookOutcome::Applied);
    assert_eq!(row(&billing, &id).await.attempt, Attempt { period: 2, number: 0 });
    assert_eq!(payment(&billing, &format!("{id}p2t0")).await.state, State::Scheduled);
}

#[tokio::test]
async fn money_that_cannot_go_back_now_is_looked_at_by_the_next_sweep() {
    let billing = billing().await;
    let (id, uid) = paid_twice(&billing).await;
    billing.psp.world().down = true;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    let owed = payment(&billing, &uid).await;
    assert_eq!((owed.state, owed.due_at), (State::Paid, Some(billing.host.now())));
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(payment(&billing, &uid).await.state, State::Refunded);
}

#[tokio::test]
async fn money_that_waits_for_another_refund_of_its_payment_keeps_to_the_calendar_of_that() {
    let billing = billing().await;
    let (id, uid) = paid_twice(&billing).await;
    let before = part_goes_back_unanswered(&billing, &uid).await;
    billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!(payment(&billing, &uid).await.due_at, before.due_at);
    assert_eq!(posts(&billing, "cancel").len(), 1);
}

#[tokio::test]
async fn of_a_payment_that_is_not_to_be_kept_the_rest_goes_back_after_the_part_that_was_on_its_way() {
    let billing = billing().await;
    let (_, uid) = paid_twice(&billing).await;
    part_goes_back_unanswered(&billing, &uid).await;
    sweeps(&billing, 6, 900).await;
    let back = payment(&billing, &uid).await;
    let amounts: Vec<u64> = back.refunds.iter().map(|refund| refund.amount).collect();
    assert_eq!((back.state, amounts), (State::Refunded, vec![900, 8_000]));
    let kept = MerchantUid::parse(&uid.replace("p1t0", "p1t1")).unwrap();
    assert_eq!(payment(&billing, kept.as_str()).await.state, State::Paid, "the one that has paid the period");
}

#[tokio::test]
async fn a_key_that_takes_a_schedule_along_makes_its_subscription_due_and_leaves_one_alone_that_is() {
    for (from_now, woken) in [(-1, false), (0, false), (1, true), (3_600, true)] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let before = row(&billing, &id).await;
        let due_at = Some(billing.host.now().plus(from_now));
        let due = Subscription { due_at, version: before.version + 1, writer: billing.host.nonce(), ..before };
        assert_eq!(billing.store.save_subscription(&due).await.unwrap(), Saved::Done);
        billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::Revoke).await.unwrap();
        assert_eq!(payment(&billing, &format!("{id}p1t0")).await.state, State::Revoked);
        let after = row(&billing, &id).await;
        assert_eq!(after.due_at, if woken { Some(billing.host.now()) } else { due_at }, "due {from_now} s from now");
        assert_eq!(after == due, !woken, "due {from_now} s from now");
    }
}
