//! Writing, for every use case: what becomes of a write that the table does not answer.
//!
//! Such a write may stand, or may be carried out yet. It is read back by its mark. If it does not show, the very same
//! conditional write is sent once more: whichever of the two lands first, the other is refused by the row's version, so that
//! after such an answer to the second nothing of the first can come later. If the second is not answered either, or is refused
//! for a reason that may pass ([`Saved::is_final`]), and the row does not show, "not known" reaches the use case. It then answers
//! with its row as pending, because the sweep carries the row on if it stands.
//!
//! What somebody else has written on top of ours is a conflict like any other, with the row that stands there: whether ours
//! is part of it is for the domain to judge (is the refund among its refunds, is the change under way, is it what was asked).

use std::future::Future;

use super::Billing;
use crate::ids::{MerchantUid, Nonce, SubscriptionId};
use crate::key::BillingKey;
use crate::payment::Payment;
use crate::ports::{
    Clock, INSERT_MAX, Inserted, KeyStore, PaymentStore, Saved, StoreError, SubscriptionStore, WriteError,
};
use crate::subscription::Subscription;

/// After so many seconds a write is not sent once more: its caller waits, and the gateway gives up after thirty. A transaction
/// that nobody answers takes some thirteen, its row may have to be read before and after, and the PSP may have taken thirteen
/// of its own: a write and a read that both ran out of time leave none for a second one.
const REPEATED_WITHIN_SECONDS: i64 = 5;

/// After so many seconds whoever waits does not wait for a second write, nor for what was seen to be written on top of what somebody
/// else wrote meanwhile: what stands claimed is the sweep's to carry on. The gateway gives up after thirty.
const WAITED_SECONDS: i64 = 10;

/// Whether somebody waits, and has waited long.
pub(super) fn has_waited(clock: &impl Clock) -> bool {
    clock.came_at().is_some_and(|came_at| came_at.plus(WAITED_SECONDS) < clock.now())
}

/// What one write is known by.
trait Marked {
    fn version(&self) -> u64;
    fn writer(&self) -> &Nonce;

    /// What `stored` says of this write: it stands, somebody else's does, or it does not show.
    fn shown_by(&self, stored: Option<Self>) -> Option<Saved<Self>>
    where
        Self: Sized,
    {
        let stored = stored.filter(|stored| stored.version() >= self.version())?;
        let ours = stored.version() == self.version() && stored.writer() == self.writer();
        Some(if ours { Saved::Done } else { Saved::Conflict(Some(Box::new(stored))) })
    }
}

impl Marked for Payment {
    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }
}

impl Marked for BillingKey {
    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }
}

impl Marked for Subscription {
    fn version(&self) -> u64 {
        self.version
    }

    fn writer(&self) -> &Nonce {
        &self.writer
    }
}

/// What reading a row back says of the write of it. A read that fails says nothing.
async fn read_back<R: Marked>(row: &R, read: impl Future<Output = Result<Option<R>, StoreError>>) -> Option<Saved<R>> {
    row.shown_by(read.await.ok().flatten())
}

/// What a second write says of the first one, which was not answered and may land yet.
trait Answer {
    /// Whether the first one cannot land any more, or is what the second has seen.
    fn is_final(&self) -> bool;
}

impl<R> Answer for Saved<R> {
    fn is_final(&self) -> bool {
        Self::is_final(self)
    }
}

impl Answer for Inserted {
    /// What was begun last only moves forward: what was overtaken stays so.
    fn is_final(&self) -> bool {
        match self {
            Self::Done | Self::Conflict(_) | Self::Overtaken => true,
        }
    }
}

/// Writes until it is known what became of that, as far as it can be known. `shown`: what the table shows of the write.
async fn settled<T, W, F>(clock: &impl Clock, write: impl Fn() -> W, shown: impl Fn() -> F) -> Result<T, WriteError>
where
    T: Answer,
    W: Future<Output = Result<T, WriteError>>,
    F: Future<Output = Option<T>>,
{
    let until = clock.now().plus(REPEATED_WITHIN_SECONDS);
    match write().await {
        Err(WriteError::Unknown) => {}
        answered => return answered,
    }
    if let Some(answer) = shown().await {
        return Ok(answer);
    }
    if has_waited(clock) || clock.now() > until {
        return Err(WriteError::Unknown);
    }
    match write().await {
        Ok(answer) if answer.is_final() => Ok(answer),
        // That this one failed says nothing of the first.
        Ok(_) | Err(_) => shown().await.ok_or(WriteError::Unknown),
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: PaymentStore,
    H: Clock,
{
    /// Writes the next version of a payment.
    pub(super) async fn save_payment(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        settled(&self.host, || self.store.save(row), || read_back(row, self.store.payment(row.merchant_uid()))).await
    }

    /// Writes the next version of a payment that is about to be sent again.
    pub(super) async fn reclaim_payment(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        settled(&self.host, || self.store.reclaim(row), || read_back(row, self.store.payment(row.merchant_uid()))).await
    }

    /// Writes a new payment that no billing key has to be active for.
    pub(super) async fn insert_awaiting_payment(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        settled(
            &self.host,
            || self.store.insert_checkout(row),
            || read_back(row, self.store.payment(row.merchant_uid())),
        )
        .await
    }

    /// Writes new payments of one billing key. One answer a row, in order: a batch is more than one transaction, and they may
    /// end in different ways. After one that did not succeed the rest are not tried.
    pub(super) async fn insert_payments(&self, rows: &[Payment]) -> Vec<Result<Saved<Payment>, WriteError>> {
        let mut answers = Vec::with_capacity(rows.len());
        let mut stopped = None;
        for chunk in rows.chunks(INSERT_MAX) {
            match &stopped {
                Some(error) => answers.extend(chunk.iter().map(|_| Err(WriteError::Store(StoreError::clone(error))))),
                None => answers.extend(self.insert_together(chunk).await),
            }
            stopped = stopped.or_else(|| match answers.last() {
                Some(Err(WriteError::Store(error))) => Some(error.clone()),
                Some(Err(WriteError::Unknown)) => Some(StoreError::Unavailable),
                Some(Ok(_)) | None => None,
            });
        }
        answers
    }

    /// Writes the rows of one transaction.
    async fn insert_together(&self, rows: &[Payment]) -> Vec<Result<Saved<Payment>, WriteError>> {
        let until = self.host.now().plus(REPEATED_WITHIN_SECONDS);
        match self.store.insert(rows).await {
            Ok(saved) => return saved.into_iter().map(Ok).collect(),
            Err(WriteError::Unknown) => {}
            Err(error @ WriteError::Store(_)) => return rows.iter().map(|_| Err(error.clone())).collect(),
        }
        let mut answers = self.shown(rows).await;
        let missing: Vec<Payment> =
            rows.iter().zip(&answers).filter(|(_, answer)| answer.is_none()).map(|(row, _)| row.clone()).collect();
        if !missing.is_empty() && self.host.now() <= until && !has_waited(&self.host) {
            let again = match self.store.insert(&missing).await {
                Ok(saved) if saved.iter().all(Saved::is_final) => saved.into_iter().map(Some).collect(),
                // That this one failed says nothing of the first.
                Ok(_) | Err(_) => self.shown(&missing).await,
            };
            let open = answers.iter_mut().filter(|answer| answer.is_none());
            open.zip(again).for_each(|(answer, again)| *answer = again);
        }
        answers.into_iter().map(|answer| answer.ok_or(WriteError::Unknown)).collect()
    }

    /// What the table shows of writes that were not answered.
    async fn shown(&self, rows: &[Payment]) -> Vec<Option<Saved<Payment>>> {
        let uids: Vec<MerchantUid> = rows.iter().map(|row| row.merchant_uid().clone()).collect();
        let stored = self.store.payments(&uids).await.unwrap_or_default();
        let of = |row: &Payment| stored.iter().find(|found| found.merchant_uid() == row.merchant_uid()).cloned();
        rows.iter().map(|row| row.shown_by(of(row))).collect()
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: KeyStore,
    H: Clock,
{
    /// Writes a new billing key.
    pub(super) async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        settled(&self.host, || self.store.insert_key(row), || read_back(row, self.store.key(&row.customer_uid))).await
    }

    /// Writes the next version of a billing key.
    pub(super) async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        settled(&self.host, || self.store.save_key(row), || read_back(row, self.store.key(&row.customer_uid))).await
    }
}

impl<P, S, H> Billing<P, S, H>
where
    S: SubscriptionStore,
    H: Clock,
{
    /// Writes the next version of a subscription.
    pub(super) async fn save_subscription(&self, row: &Subscription) -> Result<Saved<Subscription>, WriteError> {
        settled(&self.host, || self.store.save_subscription(row), || read_back(row, self.store.subscription(&row.id)))
            .await
    }

    /// Writes a new subscription, and that it is the last one of its plan.
    pub(super) async fn begin_subscription(
        &self,
        row: &Subscription,
        last: Option<&SubscriptionId>,
    ) -> Result<Inserted, WriteError> {
        settled(&self.host, || self.store.begin_subscription(row, last), || self.begun(row)).await
    }

    /// What the table shows of a beginning that was not answered.
    async fn begun(&self, row: &Subscription) -> Option<Inserted> {
        Some(match read_back(row, self.store.subscription(&row.id)).await? {
            Saved::Conflict(Some(current)) => Inserted::Conflict(current),
            Saved::Done | Saved::Conflict(None) | Saved::KeyNotActive | Saved::NotExpected => Inserted::Done,
        })
    }
}
