//! Billing's table ports.

use std::future::Future;

use futures_util::FutureExt;

use billing::key::{BillingKey, KeyState};
use billing::payment::Payment;
use billing::ports::{DueRow, DueStore, KeyStore, Page, PaymentStore, Saved, ScheduleFilter, StoreError, WriteError};
use billing::subscription::Attempt;
use billing::{CustomerId, CustomerUid, MerchantUid, Nonce, Timestamp};

use super::landing::Landing;
use super::rows::Rows;
use super::wired::Wired;
use crate::check::{moves, recorded, subscription, window};
use crate::fault::{Call, Fault};
use crate::kernel::Event;
use crate::planted::{self, Bug};
use crate::sim::Sim;

/// The table's own operation timeout, in seconds.
pub(super) const OPERATION_SECONDS: i64 = 3;
/// Longest that a write reaches the table after its sender has given up on it, in seconds.
const LANDING_SECONDS_MAX: i64 = 30;
/// Rows that the real table takes in one transaction: a larger batch is written piece by piece (`store`, `CHUNK`).
const CHUNK: usize = 50;

/// The table, as every process sees it.
#[derive(Debug, Clone, Copy)]
pub struct Table<'a> {
    sim: &'a Sim,
}

/// The in-memory table answers at once.
pub(super) fn now<T, E: From<StoreError>>(answer: impl Future<Output = Result<T, E>>) -> Result<T, E> {
    answer.now_or_never().unwrap_or(Err(StoreError::Unavailable.into()))
}

impl<'a> Table<'a> {
    /// The table of a world.
    #[must_use]
    pub const fn new(sim: &'a Sim) -> Self {
        Self { sim }
    }

    pub(super) async fn reading<T>(
        &self,
        call: Call,
        read: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let fault = self.sim.enter(call).await;
        let answer = if fault == Some(Fault::Throttled) { Err(StoreError::Unavailable) } else { read.await };
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, 0).await;
        answer
    }

    /// A conditional write. `perform` does it, and may be done twice; `rival` lets somebody else write first; `landing` is
    /// the same write, to be done later.
    pub(super) async fn writing<T>(
        &self,
        call: Call,
        rival: impl FnOnce(),
        landing: impl FnOnce() -> Landing,
        perform: impl Fn() -> Result<T, WriteError>,
    ) -> Result<T, WriteError> {
        let fault = self.sim.enter(call).await;
        let (answer, seconds) = match fault {
            Some(Fault::Throttled) => (Err(StoreError::Unavailable.into()), 0),
            Some(Fault::SilentDrop) => (Err(WriteError::Unknown), OPERATION_SECONDS),
            Some(Fault::LateCommit) => {
                let mut world = self.sim.world();
                let process = world.kernel.current;
                let late = world.chooser.lateness(process).min(LANDING_SECONDS_MAX);
                let landing = Event::Landing(process, Box::new(landing()));
                world.kernel.after(OPERATION_SECONDS + late, landing);
                (Err(WriteError::Unknown), OPERATION_SECONDS)
            }
            Some(Fault::SilentCommit) => {
                perform()?;
                (Err(WriteError::Unknown), OPERATION_SECONDS)
            }
            Some(Fault::OwnWriteAgain) => {
                perform()?;
                (perform(), 1)
            }
            Some(Fault::Conflict) => {
                rival();
                (perform(), 0)
            }
            _ => (perform(), 0),
        };
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, seconds).await;
        answer
    }

    /// Somebody else's mark.
    pub(super) fn mark(&self) -> Option<Nonce> {
        Nonce::parse(&self.sim.world().mark()).ok()
    }

    /// Now, and how far a lagging index is behind, in seconds.
    pub(super) fn lag(&self) -> (i64, i64) {
        let world = self.sim.world();
        (world.kernel.now(), world.index.lag_seconds)
    }

    pub(super) const fn sim(&self) -> &'a Sim {
        self.sim
    }

    pub(super) const fn rows(&self) -> &'a Rows {
        &self.sim.rows
    }

    /// The same calls over another table than the one in memory.
    pub(super) fn wired(&self) -> Option<Wired<'a>> {
        self.rows().backend().map(|backend| Wired { sim: self.sim, backend })
    }

    /// What stands before and after one write: the index follows, and the rules of moving are checked.
    pub(super) fn payment_written(&self, before: Option<Payment>, tried: &Payment) {
        let Ok(Some(after)) = now(self.rows().payment(tried.merchant_uid())) else { return };
        if before.is_none() {
            subscription::check_put(self.sim, &after);
        }
        let mut world = self.sim.world();
        let clock = world.kernel.now();
        if before.as_ref() != Some(&after) {
            moves::check_payment(&mut world, before.as_ref(), &after);
        }
        world.subscriptions.paid(&after);
        let process = world.kernel.current;
        world.seen.stands(process, after.merchant_uid().as_str(), after.claim.as_ref(), &after.writer);
        let claim = after.receipt.as_deref().and_then(|receipt| receipt.claim.as_ref());
        world.seen.receipt_stands(process, claim, &after.writer);
        world.index.set(DueRow::Payment(after.merchant_uid().clone()), after.next_due_at(), clock);
    }

    pub(super) fn key_written(&self, before: Option<KeyState>, row: &BillingKey) {
        let mut world = self.sim.world();
        let now = world.kernel.now();
        world.write(|| format!("    {} v{} {}", row.customer_uid, row.version, row.state.name()));
        window::check_activated(&mut world, before, row);
        if let Err(rule) = row.check() {
            world.violation("I12", format!("{}: {rule}", row.customer_uid));
        }
        let process = world.kernel.current;
        world.seen.stands(process, row.customer_uid.as_str(), row.claim.as_ref(), &row.writer);
        world.index.set(DueRow::Key(row.customer_uid.clone()), row.due_at, now);
    }

    /// The polled process knows what came of its write of a payment.
    fn see_payment(&self, row: &Payment) {
        let Ok(Some(state)) = now(self.rows().payment(row.merchant_uid())) else { return };
        let mut world = self.sim.world();
        let (process, now) = (world.kernel.current, Timestamp(world.kernel.now()));
        world.seen.payment_written(process, row, &state, now);
    }

    /// The polled process knows what came of its write of a key.
    fn see_key(&self, row: &BillingKey) {
        let Ok(Some(state)) = now(self.rows().key(&row.customer_uid)) else { return };
        let mut world = self.sim.world();
        let (process, now) = (world.kernel.current, Timestamp(world.kernel.now()));
        world.seen.key_written(process, row, &state, now);
    }

    /// Planted: our own write, seen again, is somebody else's.
    fn own_write(&self, state: Option<&Payment>, row: &Payment) -> Option<Saved<Payment>> {
        let own = state.filter(|state| state.writer == row.writer && state.version == row.version);
        let misread = own.filter(|_| self.sim.has(Bug::OwnWriteTakenAsConflict))?;
        Some(Saved::Conflict(Some(Box::new(misread.clone()))))
    }

    /// Planted: whether the lagging index that decides does not show a row yet.
    fn hidden(&self, state: Option<&Payment>) -> bool {
        let (now, lag) = self.lag();
        self.sim.has(Bug::IndexDecidesUniqueness) && state.is_some_and(|state| now - state.created_at.0 < lag)
    }

    /// Planted: whether a row is written without asking its subscription.
    fn unguarded(&self, row: &Payment) -> bool {
        let bug = self.sim.world().bug;
        matches!(bug, Some(Bug::NextPutCarelessly | Bug::PutUnasked)) && Attempt::of(row.merchant_uid()).is_some()
    }

    /// Planted: a row as it is written over whatever stands there.
    fn forced(&self, state: Option<&Payment>, row: &Payment, careless: bool) -> Payment {
        let version = state.filter(|_| careless).map_or(row.version, |state| state.version + 1);
        Payment { version, ..row.clone() }
    }

    /// Planted: writes what was sent before it was written.
    pub(crate) fn write_withheld(&self) {
        for row in planted::withheld(self.sim) {
            if now(self.rows().insert(std::slice::from_ref(&row))).is_ok() {
                self.payment_written(None, &row);
            }
        }
    }

    /// Writes new rows, each for itself.
    pub(super) fn insert_rows(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let mut saved: Vec<Option<Saved<Payment>>> = Vec::with_capacity(rows.len());
        let (mut together, mut befores) = (Vec::new(), Vec::with_capacity(rows.len()));
        for row in rows {
            let before = now(self.rows().payment(row.merchant_uid()))?;
            let conflict = self.own_write(before.as_ref(), row);
            let unguarded = self.unguarded(row);
            let careless = unguarded && self.sim.has(Bug::NextPutCarelessly);
            let row = self.forced(before.as_ref(), row, careless || self.hidden(before.as_ref()));
            saved.push(match conflict {
                Some(conflict) => Some(conflict),
                None if unguarded => {
                    let answer = now(self.rows().save(&row))?;
                    self.inserted(&answer, before.clone(), &row);
                    Some(answer)
                }
                None => {
                    together.push(row);
                    None
                }
            });
            befores.push(before);
        }
        // One transaction, as far as its key is concerned.
        let answers = now(self.rows().insert(&together))?;
        let mut answers = together.iter().zip(answers);
        let mut all = Vec::with_capacity(rows.len());
        for (answer, before) in saved.into_iter().zip(befores) {
            all.push(match answer {
                Some(answer) => answer,
                None => match answers.next() {
                    Some((row, answer)) => {
                        self.inserted(&answer, before, row);
                        answer
                    }
                    None => Saved::Conflict(None),
                },
            });
        }
        Ok(all)
    }

    /// The world hears of a row that was inserted.
    fn inserted(&self, answer: &Saved<Payment>, before: Option<Payment>, row: &Payment) {
        if *answer == Saved::Done {
            recorded::payment(self.sim, before.as_ref(), row);
            self.payment_written(before, row);
        }
    }

    /// Writes the new row of a window.
    pub(super) fn insert_window(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let before = now(self.rows().payment(row.merchant_uid()))?;
        if let Some(conflict) = self.own_write(before.as_ref(), row) {
            return Ok(conflict);
        }
        let saved = now(self.rows().insert_checkout(row))?;
        if saved == Saved::Done {
            recorded::payment(self.sim, before.as_ref(), row);
            self.payment_written(before, row);
        }
        Ok(saved)
    }

    /// Writes new rows as the real table does: piece by piece, so that a later piece may be refused after an earlier one was
    /// written.
    async fn insert_pieces(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        let mut saved = Vec::with_capacity(rows.len());
        for piece in rows.chunks(CHUNK) {
            let rival = || {
                if let Some(first) = piece.first() {
                    self.rival_payment(first);
                }
            };
            let landing = || Landing::Insert(piece.to_vec());
            match self.writing(Call::Insert, rival, landing, || self.insert_rows(piece)).await {
                Ok(answers) => saved.extend(answers),
                // An earlier piece stands in the table already.
                Err(WriteError::Store(StoreError::Unavailable)) if saved.contains(&Saved::Done) => {
                    return Err(WriteError::Unknown);
                }
                Err(error) => return Err(error),
            }
        }
        Ok(saved)
    }

    pub(super) fn put_payment(&self, row: &Payment, reclaim: bool) -> Result<Saved<Payment>, WriteError> {
        let before = now(self.rows().payment(row.merchant_uid()))?;
        if let Some(conflict) = self.own_write(before.as_ref(), row) {
            return Ok(conflict);
        }
        let careless = if reclaim { Bug::ClaimWithoutCondition } else { Bug::SaveWithoutCondition };
        let row = &self.forced(before.as_ref(), row, self.sim.has(careless));
        let saved = if reclaim { now(self.rows().reclaim(row))? } else { now(self.rows().save(row))? };
        if saved == Saved::Done {
            recorded::payment(self.sim, before.as_ref(), row);
            self.payment_written(before, row);
        }
        Ok(saved)
    }

    pub(super) fn put_key(&self, row: &BillingKey, new: bool) -> Result<Saved<BillingKey>, WriteError> {
        if self.sim.has(Bug::OwnWriteTakenAsConflict) {
            let state = now(self.rows().key(&row.customer_uid))?.filter(|state| state.writer == row.writer);
            if let Some(state) = state {
                return Ok(Saved::Conflict(Some(Box::new(state))));
            }
        }
        let before = now(self.rows().key(&row.customer_uid))?.map(|row| row.state);
        let saved = if new { now(self.rows().insert_key(row))? } else { now(self.rows().save_key(row))? };
        if saved == Saved::Done {
            recorded::key(self.sim, before, row);
            self.key_written(before, row);
        }
        Ok(saved)
    }
}

impl PaymentStore for Table<'_> {
    async fn payment(&self, uid: &MerchantUid) -> Result<Option<Payment>, StoreError> {
        if let Some(wired) = self.wired() {
            return wired.reading(Call::ReadPayment, wired.backend.payment(uid)).await;
        }
        self.reading(Call::ReadPayment, self.rows().payment(uid)).await
    }

    async fn payments(&self, uids: &[MerchantUid]) -> Result<Vec<Payment>, StoreError> {
        if let Some(wired) = self.wired() {
            return wired.reading(Call::ReadPayments, wired.backend.payments(uids)).await;
        }
        self.reading(Call::ReadPayments, self.rows().payments(uids)).await
    }

    async fn insert(&self, rows: &[Payment]) -> Result<Vec<Saved<Payment>>, WriteError> {
        if planted::withholds(self.sim, rows) {
            return Ok(rows.iter().map(|_| Saved::Done).collect());
        }
        let rival = || {
            if let Some(first) = rows.first() {
                self.rival_payment(first);
            }
        };
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::Insert, rival, || wired.backend.insert(rows)).await,
            None => self.insert_pieces(rows).await,
        };
        if answer.is_ok() {
            rows.iter().for_each(|row| self.see_payment(row));
        }
        if answer == Err(WriteError::Unknown) {
            let uids = rows.iter().map(|row| row.merchant_uid().to_string());
            self.sim.world().unanswered.extend(uids);
        }
        answer
    }

    async fn insert_checkout(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let rival = || self.rival_payment(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::InsertCheckout, rival, || wired.backend.insert_checkout(row)).await,
            None => {
                let landing = || Landing::InsertCheckout(Box::new(row.clone()));
                self.writing(Call::InsertCheckout, rival, landing, || self.insert_window(row)).await
            }
        };
        if answer == Err(WriteError::Unknown) {
            self.sim.world().unanswered.insert(row.merchant_uid().to_string());
        }
        let answer = answer?;
        self.see_payment(row);
        Ok(answer)
    }

    async fn reclaim(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let rival = || self.rival_payment(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::Reclaim, rival, || wired.backend.reclaim(row)).await?,
            None => {
                let landing = || Landing::Reclaim(Box::new(row.clone()));
                self.writing(Call::Reclaim, rival, landing, || self.put_payment(row, true)).await?
            }
        };
        self.see_payment(row);
        Ok(answer)
    }

    async fn save(&self, row: &Payment) -> Result<Saved<Payment>, WriteError> {
        let rival = || self.rival_payment(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::Save, rival, || wired.backend.save(row)).await?,
            None => {
                let landing = || Landing::Save(Box::new(row.clone()));
                self.writing(Call::Save, rival, landing, || self.put_payment(row, false)).await?
            }
        };
        self.see_payment(row);
        Ok(answer)
    }

    async fn schedules_of(&self, owner: &CustomerId, filter: &ScheduleFilter) -> Result<Page<Payment>, StoreError> {
        let call = Call::ListSchedules;
        let fault = self.sim.enter(call).await;
        let answer = match fault {
            Some(Fault::Throttled) => Err(StoreError::Unavailable),
            _ => match self.wired() {
                Some(wired) => wired.drive(wired.backend.schedules_of(owner, filter)).await,
                None => self.rows().schedules_of(owner, filter).await,
            },
        };
        let answer = answer.map(|mut page| {
            if fault == Some(Fault::Stale) {
                let (now, lag) = self.lag();
                page.items.retain(|row| now - row.created_at.0 >= lag);
            }
            page
        });
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, 0).await;
        answer
    }
}

impl KeyStore for Table<'_> {
    async fn key(&self, uid: &CustomerUid) -> Result<Option<BillingKey>, StoreError> {
        if let Some(wired) = self.wired() {
            return wired.reading(Call::ReadKey, wired.backend.key(uid)).await;
        }
        self.reading(Call::ReadKey, self.rows().key(uid)).await
    }

    async fn insert_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        let rival = || self.rival_key(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::InsertKey, rival, || wired.backend.save_key(row, true)).await?,
            None => {
                let landing = || Landing::InsertKey(Box::new(row.clone()));
                self.writing(Call::InsertKey, rival, landing, || self.put_key(row, true)).await?
            }
        };
        self.see_key(row);
        Ok(answer)
    }

    async fn save_key(&self, row: &BillingKey) -> Result<Saved<BillingKey>, WriteError> {
        let rival = || self.rival_key(row);
        let answer = match self.wired() {
            Some(wired) => wired.writing(Call::SaveKey, rival, || wired.backend.save_key(row, false)).await?,
            None => {
                let landing = || Landing::SaveKey(Box::new(row.clone()));
                self.writing(Call::SaveKey, rival, landing, || self.put_key(row, false)).await?
            }
        };
        self.see_key(row);
        Ok(answer)
    }

    async fn keys_of(
        &self,
        owner: &CustomerId,
        limit: usize,
        cursor: Option<&str>,
    ) -> Result<Page<BillingKey>, StoreError> {
        if let Some(wired) = self.wired() {
            return wired.reading(Call::ListKeys, wired.backend.keys_of(owner, limit, cursor)).await;
        }
        self.reading(Call::ListKeys, self.rows().keys_of(owner, limit, cursor)).await
    }
}

impl DueStore for Table<'_> {
    async fn due(&self, shard: u8, until: Timestamp, cursor: Option<&str>) -> Result<Page<DueRow>, StoreError> {
        if let Some(wired) = self.wired() {
            if !wired.backend.is_calm() {
                return wired.due(shard, until, cursor).await;
            }
            if shard == 0 {
                wired.compare(until);
            }
        }
        let call = Call::Due;
        let fault = self.sim.enter(call).await;
        let answer = if fault == Some(Fault::Throttled) {
            Err(StoreError::Unavailable)
        } else {
            let world = self.sim.world();
            let lagging_at = (fault == Some(Fault::Stale)).then(|| world.kernel.now());
            let page = world.index.page(shard, until, cursor, lagging_at);
            planted::due(&world, until, page)
        };
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, 0).await;
        answer
    }
}
