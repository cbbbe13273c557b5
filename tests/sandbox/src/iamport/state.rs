//! What the parts of the simulator share.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use axum::extract::FromRequestParts;
use axum::http::request::Parts;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use tokio::sync::Notify;

use super::clock::Clock;
use super::faults::FaultBook;
use super::http::envelope::unauthorized;
use super::requests::RequestLog;
use super::webhooks::Webhooks;
use super::window::Windows;
use ledger::Ledger;

/// While the clock is moved, the shop gets this long to answer the webhooks of one moment before time goes on.
const CALM: Duration = Duration::from_secs(10);

/// Names the sub-merchant that a call is about (developers.portone.io `api/rest-v1/_components/v1auth.mdx`, read on 2026-11-29).
const TIER: &str = "tier";

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

/// Shape of the lists of schedules (all, and those of a key by either path), which the schema and the SDKs model differently.
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
    /// The account's own books, and those of each of its sub-merchants by their tier.
    pub(super) ledger: Arc<Guarded<Ledger>>,
    tiers: Guarded<BTreeMap<String, Arc<Guarded<Ledger>>>>,
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

/// The simulator as one request finds it: the books are those of the account, or of the sub-merchant that the request names in
/// `Tier`. Everything else is shared.
#[derive(Debug, Clone)]
pub(super) struct Desk {
    sim: Shared,
    pub(super) ledger: Arc<Guarded<Ledger>>,
}

impl Desk {
    /// Changes these books and announces what follows.
    pub(super) fn command<T>(&self, change: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        self.sim.change(&self.ledger, change)
    }
}

impl std::ops::Deref for Desk {
    type Target = Shared;

    fn deref(&self) -> &Shared {
        &self.sim
    }
}

impl FromRequestParts<Shared> for Desk {
    type Rejection = Response;

    /// A tier that the account does not have is refused like a token that opens nothing. V1's documents name no status for it.
    async fn from_request_parts(parts: &mut Parts, sim: &Shared) -> Result<Self, Response> {
        let mut named = parts.headers.get_all(TIER).iter();
        let desk = match (named.next(), named.next()) {
            (None, _) => sim.desk(None),
            (Some(code), None) => code.to_str().ok().and_then(|code| sim.desk(Some(code))),
            (Some(_), Some(_)) => None,
        };
        desk.ok_or_else(unauthorized)
    }
}

impl Sim {
    pub(super) fn new(
        books: (Ledger, BTreeMap<String, Ledger>),
        clock: Arc<Clock>,
        credentials: Credentials,
        face: FaceKnobs,
        webhooks: Webhooks,
        windows: Windows,
        data_file: Option<PathBuf>,
    ) -> Self {
        let (ledger, tiers) = books;
        Self {
            ledger: Arc::new(Guarded::new(ledger)),
            tiers: Guarded::new(tiers.into_iter().map(|(code, books)| (code, Arc::new(Guarded::new(books)))).collect()),
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

    /// The books of the account itself, or of one of its sub-merchants; `None` for a tier that it does not have.
    pub(super) fn desk(self: &Arc<Self>, tier: Option<&str>) -> Option<Desk> {
        let ledger = match tier {
            None => Arc::clone(&self.ledger),
            Some(code) => Arc::clone(self.tiers.lock().get(code)?),
        };
        Some(Desk { sim: Arc::clone(self), ledger })
    }

    /// Opens the books of a sub-merchant. They are empty, and its account's settings are its own.
    pub(super) fn add_tier(&self, code: &str) {
        let ids =
            code.bytes().fold(self.clock.now().unsigned_abs(), |seed, byte| seed.wrapping_mul(257) ^ u64::from(byte));
        let mut books = Ledger::new(ids);
        books.set_knobs(self.ledger.lock().knobs().clone());
        self.tiers.lock().entry(code.to_owned()).or_insert_with(|| Arc::new(Guarded::new(books)));
        self.changed.notify_one();
    }

    /// The books of every sub-merchant, by tier.
    pub(super) fn tiers(&self) -> BTreeMap<String, Arc<Guarded<Ledger>>> {
        self.tiers.lock().clone()
    }

    /// Changes the account's own books and announces what follows.
    pub(super) fn command<T>(&self, change: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        self.change(&self.ledger, change)
    }

    /// Changes all books there are in the same way.
    pub(super) fn command_all(&self, change: impl Fn(&mut Ledger, i64)) {
        for books in self.all_books() {
            self.change(&books, &change);
        }
    }

    fn change<T>(&self, books: &Guarded<Ledger>, change: impl FnOnce(&mut Ledger, i64) -> T) -> T {
        let mut ledger = books.lock();
        let result = change(&mut ledger, self.clock.now());
        let notices = ledger.take_notices();
        drop(ledger);
        self.webhooks.announce(notices);
        self.changed.notify_one();
        result
    }

    fn all_books(&self) -> Vec<Arc<Guarded<Ledger>>> {
        let tiers = self.tiers.lock();
        std::iter::once(&self.ledger).chain(tiers.values()).cloned().collect()
    }

    /// When something happens next by itself, in any of the books.
    pub(super) fn next_due(&self) -> Option<i64> {
        self.all_books().iter().filter_map(|books| books.lock().next_due()).min()
    }

    /// Lets everything run that is due by now.
    pub(super) fn tick(&self) {
        if self.next_due().is_some_and(|due| due <= self.clock.now()) {
            self.command_all(Ledger::run_until);
        }
    }

    /// Moves the clock to `target`, stopping at each moment at which something happens, so that the shop can react
    /// to one payment before the next is due.
    pub(super) async fn travel(&self, target: i64) -> std::io::Result<()> {
        let _alone = self.journey.lock().await;
        loop {
            let due = self.next_due().filter(|due| *due <= target);
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
