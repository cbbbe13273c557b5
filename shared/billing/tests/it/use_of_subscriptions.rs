//! Use cases of subscriptions, and the sweep that carries them on.

mod asked;
mod carried_on;
mod seen;
mod swept;

use billing::payment::{Payment, PspStatus, ScheduleStatus, State};
use billing::ports::{Clock, Entropy, PaymentStore, Saved};
use billing::subscription::Subscription;
use billing::usecase::{Caller, NewSubscription, WebhookHint};
use billing::{CustomerUid, Timestamp};

use crate::fixture::{Act, TestBilling, TestWorld, issue_request, refund_request, secret};
use crate::subscription::wanted;
use crate::sweep::sweep;

const DAY: i64 = 86_400;

async fn begun(billing: &TestBilling, new: NewSubscription) -> String {
    billing.subscribe(new, &secret()).await.unwrap().id.to_string()
}

async fn row(billing: &TestBilling, id: &str) -> Subscription {
    billing.subscription(&Caller::Merchant, id).await.unwrap()
}

async fn payment(billing: &TestBilling, uid: &str) -> Payment {
    billing.payment(&Caller::Merchant, uid).await.unwrap()
}

async fn another_card(billing: &TestBilling, name: &str) -> CustomerUid {
    billing.issue_key(issue_request(name, "4111111111111111"), &secret()).await.unwrap().customer_uid
}

/// Time goes by until then, and nobody comes meanwhile.
fn wait_until(billing: &TestBilling, then: Timestamp) {
    billing.advance(then.0 - billing.host.now().0);
}

/// The PSP runs the schedule of the attempt that is next; nobody has told us yet.
async fn runs(billing: &TestBilling, id: &str, status: PspStatus) -> WebhookHint {
    let next = row(billing, id).await;
    let order = next.order().unwrap();
    let waits = billing.psp.world().schedules[order.merchant_uid.as_str()].schedule_status;
    assert_eq!(waits, ScheduleStatus::Scheduled);
    wait_until(billing, next.attempt_at);
    let record = billing.psp.world().execute(&order, status, next.attempt_at);
    WebhookHint { imp_uid: record.imp_uid, merchant_uid: order.merchant_uid }
}

/// The attempt that is next is declined, and that counts.
async fn is_declined(billing: &TestBilling, id: &str) {
    let hint = runs(billing, id, PspStatus::Failed).await;
    billing.notice(&hint).await.unwrap();
    billing.advance(3_600);
    sweep(billing).await;
}

/// A subscription whose second period was paid by its second attempt, while the first, once declined, turns out paid, too:
/// somebody has written that down and was stopped before anything followed from it. Its name, and that attempt's.
async fn paid_twice(billing: &TestBilling) -> (String, String) {
    let id = begun(billing, wanted()).await;
    is_declined(billing, &id).await;
    let hint = runs(billing, &id, PspStatus::Paid).await;
    billing.notice(&hint).await.unwrap();
    assert_eq!(row(billing, &id).await.attempt.period, 2);
    let uid = format!("{id}-1-0");
    let now = billing.host.now();
    let record = {
        let mut world = billing.psp.world();
        let record = world.payments.get_mut(&uid).unwrap().first_mut().unwrap();
        (record.status, record.paid_at, record.failed_at, record.fail_reason) =
            (PspStatus::Paid, Some(now), None, None);
        record.clone()
    };
    let before = payment(billing, &uid).await;
    let (version, writer) = (before.version + 1, billing.host.nonce());
    let paid = Payment { state: State::Paid, record: Some(record), version, writer, due_at: None, ..before };
    assert_eq!(billing.store.save(&paid).await.unwrap(), Saved::Done);
    (id, uid)
}

/// The merchant gives a part of a payment back, and the PSP does not answer.
async fn part_goes_back_unanswered(billing: &TestBilling, uid: &str) -> Payment {
    billing.psp.will([Act::Lose]);
    let row = billing.refund(refund_request(uid, "900", "a-part-of-it")).await.unwrap().0;
    assert!(row.pending_refund().is_some() && row.due_at > Some(billing.host.now()));
    row
}

/// Calls of the PSP that begin so.
fn posts(billing: &TestBilling, kind: &str) -> Vec<String> {
    billing.psp.world().posts.iter().filter(|post| post.starts_with(kind)).cloned().collect()
}
