//! Billing's table ports over a [`Backend`] where faults of its own befall calls: each takes its time, others run
//! meanwhile, and what it has written is known to the world from the backend, whatever the caller is told.

use std::future::Future;

use futures_util::FutureExt;

use billing::Timestamp;
use billing::key::{BillingKey, KeyState};
use billing::payment::Payment;
use billing::ports::{DUE_SHARDS, DueRow, Page, StoreError, WriteError};
use billing::subscription::Subscription;

use super::Backend;
use super::port::{OPERATION_SECONDS, Table};
use crate::fault::{Call, Fault};
use crate::sim::Sim;

/// A backend, and the world that its calls happen in.
#[derive(Clone, Copy)]
pub(super) struct Wired<'a> {
    pub(super) sim: &'a Sim,
    pub(super) backend: &'a dyn Backend,
}

impl<'a> Wired<'a> {
    pub(super) async fn drive<T: Send, E: From<StoreError> + Send>(
        &self,
        call: impl Future<Output = Result<T, E>> + Send,
    ) -> Result<T, E> {
        let mut answer = Err(StoreError::Unavailable.into());
        self.backend.drive(self.sim, Box::pin(async { answer = call.await })).await;
        answer
    }

    /// A read.
    pub(super) async fn reading<T: Send>(
        &self,
        call: Call,
        read: impl Future<Output = Result<T, StoreError>> + Send,
    ) -> Result<T, StoreError> {
        let fault = self.sim.enter(call).await;
        let answer =
            if fault == Some(Fault::Throttled) { Err(StoreError::Unavailable) } else { self.drive(read).await };
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, 0).await;
        answer
    }

    /// A conditional write. `perform` does it, and may be done twice; `rival` lets somebody else write first.
    pub(super) async fn writing<T, F>(
        &self,
        call: Call,
        rival: impl FnOnce() + Send,
        perform: impl Fn() -> F + Send,
    ) -> Result<T, WriteError>
    where
        T: Send,
        F: Future<Output = Result<T, WriteError>> + Send,
    {
        let fault = self.sim.enter(call).await;
        let (answer, seconds) = match fault {
            Some(Fault::Throttled) => (Err(StoreError::Unavailable.into()), 0),
            // Late commits are met over the table in memory: the wire has its own way of losing writes.
            Some(Fault::SilentDrop | Fault::LateCommit) => (Err(WriteError::Unknown), OPERATION_SECONDS),
            Some(Fault::SilentCommit) => {
                let answer = self.drive(perform()).await;
                (answer.and(Err(WriteError::Unknown)), OPERATION_SECONDS)
            }
            Some(Fault::OwnWriteAgain) => match self.drive(perform()).await {
                Ok(_) => (self.drive(perform()).await, 1),
                Err(error) => (Err(error), 1),
            },
            Some(Fault::Conflict) => {
                rival();
                (self.drive(perform()).await, 0)
            }
            _ => (self.drive(perform()).await, 0),
        };
        self.sim.heard_from_table(&answer);
        self.sim.leave(call, fault, seconds).await;
        answer
    }

    /// I12 of the index: it shows exactly the rows that are due. For a backend where nothing goes wrong, whose pages are the
    /// simulation's own then, so that a seed is the same story as in memory.
    pub(super) fn compare(&self, until: Timestamp) {
        let shown = (0..DUE_SHARDS).map(|shard| self.shown(shard, until)).collect::<Result<Vec<_>, _>>();
        let mut shown = shown.map(|shards| shards.concat());
        if let Ok(rows) = &mut shown {
            rows.sort();
        }
        let mut world = self.sim.world();
        let due: Vec<DueRow> = world.index.due_rows(until).cloned().collect();
        if shown.as_ref() != Ok(&due) {
            world.violation("I12", format!("the index shows {shown:?}, and due are {due:?}"));
        }
    }

    /// What the index shows of a shard.
    fn shown(&self, shard: u8, until: Timestamp) -> Result<Vec<DueRow>, StoreError> {
        let mut rows = Vec::new();
        let mut cursor: Option<String> = None;
        loop {
            let page = self.backend.due(shard, until, cursor.as_deref()).now_or_never();
            let Page { items, next } = page.unwrap_or(Err(StoreError::Unavailable))?;
            rows.extend(items);
            cursor = next;
            if cursor.is_none() {
                return Ok(rows);
            }
        }
    }

    /// A page of what is due. A lagging index does not show the newest writes.
    pub(super) async fn due(
        &self,
        shard: u8,
        until: Timestamp,
        cursor: Option<&str>,
    ) -> Result<Page<DueRow>, StoreError> {
        let fault = self.sim.enter(Call::Due).await;
        let mut answer = match fault {
            Some(Fault::Throttled) => Err(StoreError::Unavailable),
            _ => self.drive(self.backend.due(shard, until, cursor)).await,
        };
        if let (Ok(page), Some(Fault::Stale)) = (&mut answer, fault) {
            let world = self.sim.world();
            let now = world.kernel.now();
            let lag = world.index.lag_seconds;
            page.items.retain(|row| world.index.written_at(row).is_none_or(|at| now - at >= lag));
        }
        self.sim.leave(Call::Due, fault, 0).await;
        answer
    }
}

/// A row that a backend has written.
#[derive(Debug)]
#[expect(clippy::large_enum_variant, reason = "one lives at a time, and a box would cost an allocation a write")]
pub enum Written {
    /// A payment's row, before and after.
    Payment {
        /// What stood there.
        before: Option<Payment>,
        /// What stands there.
        after: Payment,
    },
    /// A billing key's row.
    Key {
        /// Where it stood.
        before: Option<KeyState>,
        /// What stands there.
        after: BillingKey,
    },
    /// A subscription's row, before and after.
    Subscription {
        /// What stood there.
        before: Option<Subscription>,
        /// What stands there.
        after: Subscription,
    },
}

impl Sim {
    /// A backend has written a row, in a call that it drives: the index follows, and the rules of moving are checked.
    pub fn written(&self, row: Written) {
        let table = Table::new(self);
        match row {
            Written::Payment { before, after } => table.payment_written(before, &after),
            Written::Key { before, after } => table.key_written(before, &after),
            Written::Subscription { before, after } => table.subscription_written(before.as_ref(), &after),
        }
    }
}
