//! Use cases of subscriptions, and the sweep that carries them on.

mod asked;
mod carried_on;
mod seen;
mod swept;

use billing::payment::{Payment, PspStatus, State};
use billing::ports::{Clock, Entropy, PaymentStore, Saved};

use crate::fixture::payments::{paid_after_all, payment};
use crate::fixture::subscriptions::{begun, row, runs_in_time};
use crate::fixture::{Act, TestBilling, TestWorld, refund_request};
use crate::subscription::wanted;
use crate::sweep::sweep;

const DAY: i64 = 86_400;

/// The attempt that is next is declined, and that counts.
async fn is_declined(billing: &TestBilling, id: &str) {
    let hint = runs_in_time(billing, id, PspStatus::Failed).await;
    billing.notice(&hint).await.unwrap();
    billing.advance(3_600);
    sweep(billing).await;
}

/// A subscription whose second period was paid by its second attempt, while the first, once declined, turns out paid, too:
/// somebody has written that down and was stopped before anything followed from it. Its name, and that attempt's.
async fn paid_twice(billing: &TestBilling) -> (String, String) {
    let id = begun(billing, wanted()).await;
    is_declined(billing, &id).await;
    let hint = runs_in_time(billing, &id, PspStatus::Paid).await;
    billing.notice(&hint).await.unwrap();
    assert_eq!(row(billing, &id).await.attempt.period, 2);
    let uid = format!("{id}p1t0");
    paid_after_all(billing, &uid);
    let record = billing.psp.world().payments[&uid][0].clone();
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
