//! What the parts of the simulator share.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::clock::Clock;
use super::faults::FaultBook;
use super::requests::RequestLog;
use super::webhooks::Webhooks;
use super::window::Windows;
use ledger::Ledger;

/// While the clock is moved, the shop gets this long to answer the webhooks of one moment before time goes on.
const CALM: Duration = Duration::from_secs(10);

/// A mutex whose data stays usable after a panic elsewhere: every change here is complete in itself.
#[derive(Debug, Default)]
pub(super) struct Guarded<T>(Mutex<T>);

impl<T> Guarded<T> {
    pub(super) const fn new(value: T) -> Self {
        Self(Mutex::new(value))
    }

    pub(super) fn lock(&self) -> MutexGuard<'_, T> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// REST credentials of the shop.
#[derive(Clone)]
pub(super) struct Credentials {
    pub(super) imp_key: String,
    pub(super) imp_secret: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Credentials(..)")
    }
}

/// Shape of `GET /subscribe/payments/schedule`, which the schema and the SDKs model differently.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ListShape {
    /// `{total, previous, next, list}`.
    Paged,
    /// A bare array.
    Array,
}

/// How `GET /subscribe/customers/{customer_uid}` says that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum UnknownKey {
    /// HTTP 404.
    NotFound,
    /// HTTP 200 with `code != 0`.
    Refused,
}

/// When the browser learns how a payment in its window ended, next to the webhook of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum WindowResult {
    /// At once: it races the webhook. To have the callback first, hold or delay webhooks.
    AtOnce,
    /// Once the shop has answered the webhook.
    AfterWebhook,
    /// Never: the application was closed, the network is gone.
    Never,
}

/// What the callback and the redirect say.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CallbackFields {
    /// As the PG's module does.
    ByPg,
    /// All of the documented fields.
    Full,
    /// Order, payment and error only, without a word on success.
    Bare,
}

/// Open questions of V1 that concern only its HTTP face.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct FaceKnobs {
    /// How long a reply that comes too late takes, milliseconds. Past the 20 s a client may wait.
    pub(super) hang_ms: u64,
    /// Time between admission of a charge and the payment, milliseconds.
    pub(super) processing_ms: u64,
    pub(super) schedule_list_shape: ListShape,
    pub(super) unknown_key: UnknownKey,
    pub(super) window_result: WindowResult,
    pub(super) callback_fields: CallbackFields,
    /// How long the shop's `confirm_url` may take, milliseconds.
    pub(super) confirm_timeout_ms: u64,
}

impl Default for FaceKnobs {
    fn default() -> Self {
        Self {
            hang_ms: 25_000,
            processing_ms: 0,
            schedule_list_shape: ListShape::Paged,
            unknown_key: UnknownKey::NotFound,
            window_result: WindowResult::AtOnce,
            callback_fields: CallbackFields::ByPg,
            confirm_timeout_ms: 10_000,
        }
    }
}

/// The running simulator.
#[derive(Debug)]
pub(super) struct Sim {
    pub(super) ledger: Guarded<Ledger>,
    pub(super) clock: Arc<Clock>,
    pub(super) credentials: Guarded<Credentials>,
    pub(super) face: Guarded<FaceKnobs>,
    pub(super) faults: Guarded<FaultBook>,
    pub(super) requests: Guarded<RequestLog>,
    pub(super) webhooks: Webhooks,
    pub(super) windows: Windows,
    /// Something worth a snapshot has changed.
    pub(super) changed: Notify,
    pub(super) data_file: Option<PathBuf>,
    /// One journey through time at a time.
    journey: tokio::sync::Mutex<()>,
}

pub(super) type Shared = Arc<Sim>;

impl Sim {
    pub(super) fn new(
        ledger: Ledger,
        clock: Arc<Clock>,
        credentials: Credentials,
        face: FaceKnobs,
        webhooks: Webhooks,
        windows: Windows,
        data_file: Option<PathBuf>,
    ) -> Self {
        Self {
            ledger: Guarded::new(ledger),
            clock,
            credentials: Guarded::new(credentials),
            face: Guarded::new(face),
            faults: Guarded::default(),
            requests: Guarded::default(),
            webhooks,
            windows,
            changed: Notify::new(),
            data_file,
            journey: tokio::sync::Mutex::new(()),
        }
    }

    /// Changes the books and announces what follows.
    pub(super) fn command<T>(&self, change: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        let mut ledger = self.ledger.lock();
        let result = change(&mut ledger, self.clock.now());
        let notices = ledger.take_notices();
        drop(ledger);
        self.webhooks.announce(notices);
        self.changed.notify_one();
        result
    }

    /// Lets everything run that is due by now.
    pub(super) fn tick(&self) {
        if self.ledger.lock().next_due().is_some_and(|due| due <= self.clock.now()) {
            self.command(|ledger, now| ledger.run_until(now));
        }
    }

    /// Moves the clock to `target`, stopping at each moment at which something happens, so that the shop can react
    /// to one payment before the next is due.
    pub(super) async fn travel(&self, target: i64) -> std::io::Result<()> {
        let _alone = self.journey.lock().await;
        loop {
            let due = self.ledger.lock().next_due().filter(|due| *due <= target);
            self.clock.move_to(due.unwrap_or(target))?;
            self.tick();
            self.webhooks.calm(CALM).await;
            if due.is_none() {
                self.changed.notify_one();
                return Ok(());
            }
        }
    }
}
