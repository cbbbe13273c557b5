//! Sends the shop its webhooks: once by default, as V1 does, or dropped, doubled, late, held back and reordered,
//! or forged, as V1's network may.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use tokio::sync::{Semaphore, watch};

use super::clock::{Clock, wall_millis};
use super::state::Guarded;
use ledger::{Notice, PaymentStatus};

/// V1: connect within 10 s, answer within 30 s.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);
/// V1: a resend has 15 s in all.
const RESEND_TIMEOUT: Duration = Duration::from_secs(15);
/// V1 never retries more often than this.
const RETRIES_MAX: u32 = 5;
/// Deliveries under way at once.
const CONCURRENT: usize = 16;
/// Older deliveries make room.
const KEPT: usize = 10_000;

/// Body format of webhooks; a setting of V1's console.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WebhookFormat {
    /// `application/json`.
    #[default]
    Json,
    /// `application/x-www-form-urlencoded`.
    Form,
}

/// How deliveries are made, or go wrong.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Settings {
    pub(super) format: WebhookFormat,
    /// Nothing is sent.
    pub(super) drop: bool,
    /// The next n are not sent.
    pub(super) drop_next: u32,
    /// Deliveries per event.
    pub(super) copies: u32,
    /// Sent this many seconds after the event, by the simulator's clock.
    pub(super) delay_seconds: i64,
    /// Kept until released.
    pub(super) hold: bool,
    /// Further attempts after a network error or a 5xx; at most 5.
    pub(super) retries: u32,
    /// Time between attempts; a minute at V1.
    pub(super) retry_interval_ms: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            format: WebhookFormat::Json,
            drop: false,
            drop_next: 0,
            copies: 1,
            delay_seconds: 0,
            hold: false,
            retries: 0,
            retry_interval_ms: 60_000,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum DeliveryState {
    /// Waiting for its delay, its turn or its answer.
    Pending,
    /// Held until released.
    Held,
    /// Answered with 2xx.
    Delivered,
    /// Answered otherwise, or not at all.
    Failed,
    /// Not sent on purpose.
    Dropped,
    /// Neither the payment nor the settings name an address.
    NoAddress,
}

#[derive(Debug, Clone, Serialize)]
struct Attempt {
    /// UNIX seconds by the simulator's clock.
    at: i64,
    http_status: Option<u16>,
    error: Option<&'static str>,
    elapsed_ms: i64,
}

/// One delivery. Its address may carry the shop's webhook token, so only the host and a digest of the path show.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Delivery {
    id: u64,
    at: i64,
    imp_uid: String,
    merchant_uid: String,
    status: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    cancellation_id: Option<String>,
    format: WebhookFormat,
    host: Option<String>,
    path_sha256: Option<String>,
    state: DeliveryState,
    attempts: Vec<Attempt>,
    #[serde(skip)]
    url: Option<reqwest::Url>,
}

impl Delivery {
    fn body(&self) -> (&'static str, String) {
        let mut fields =
            vec![("imp_uid", self.imp_uid.as_str()), ("merchant_uid", &self.merchant_uid), ("status", self.status)];
        if let Some(id) = &self.cancellation_id {
            fields.push(("cancellation_id", id));
        }
        match self.format {
            WebhookFormat::Json => {
                let map: Map<String, Value> =
                    fields.into_iter().map(|(key, value)| (key.to_owned(), Value::from(value))).collect();
                ("application/json", Value::Object(map).to_string())
            }
            WebhookFormat::Form => {
                let encoded = form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish();
                ("application/x-www-form-urlencoded", encoded)
            }
        }
    }
}

#[derive(Debug, Default)]
struct Deliveries {
    rows: VecDeque<Delivery>,
    next: u64,
}

/// The worker. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Webhooks(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    client: reqwest::Client,
    clock: Arc<Clock>,
    settings: Guarded<Settings>,
    default_url: Guarded<Option<String>>,
    deliveries: Guarded<Deliveries>,
    turns: Semaphore,
    /// Deliveries being sent right now; moving the clock waits for it to fall to zero.
    under_way: watch::Sender<usize>,
}

impl Webhooks {
    pub(super) fn new(clock: Arc<Clock>, settings: Settings, default_url: Option<String>) -> reqwest::Result<Self> {
        let client = reqwest::Client::builder()
            .connect_timeout(CONNECT_TIMEOUT)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .build()?;
        Ok(Self(Arc::new(Inner {
            client,
            clock,
            settings: Guarded::new(settings),
            default_url: Guarded::new(default_url),
            deliveries: Guarded::default(),
            turns: Semaphore::new(CONCURRENT),
            under_way: watch::Sender::new(0),
        })))
    }

    /// What other questions to the shop are asked with.
    pub(super) fn client(&self) -> &reqwest::Client {
        &self.0.client
    }

    pub(super) fn settings(&self) -> Settings {
        self.0.settings.lock().clone()
    }

    pub(super) fn set_settings(&self, settings: Settings) {
        *self.0.settings.lock() = settings;
    }

    pub(super) fn set_default_url(&self, url: Option<String>) {
        *self.0.default_url.lock() = url;
    }

    pub(super) fn list(&self) -> Vec<Delivery> {
        self.0.deliveries.lock().rows.iter().cloned().collect()
    }

    pub(super) fn clear(&self) {
        self.0.deliveries.lock().rows.clear();
    }

    /// Announces events of the books.
    pub(super) fn announce(&self, notices: Vec<Notice>) {
        for notice in notices {
            let (settings, dropped) = {
                let mut settings = self.0.settings.lock();
                let dropped = settings.drop || settings.drop_next > 0;
                settings.drop_next = settings.drop_next.saturating_sub(1);
                (settings.clone(), dropped)
            };
            for _ in 0..settings.copies.max(1) {
                let delivery = self.enter(&notice, settings.format);
                if delivery.url.is_none() {
                    continue;
                }
                if dropped {
                    self.set_state(delivery.id, DeliveryState::Dropped);
                } else if settings.hold {
                    self.set_state(delivery.id, DeliveryState::Held);
                } else {
                    self.launch(delivery, &settings, notice.at);
                }
            }
        }
    }

    fn launch(&self, delivery: Delivery, settings: &Settings, at: i64) {
        let (webhooks, settings) = (self.clone(), settings.clone());
        if settings.delay_seconds > 0 {
            tokio::spawn(async move {
                webhooks.0.clock.wait_until(at.saturating_add(settings.delay_seconds)).await;
                let ticket = UnderWay::new(&webhooks);
                webhooks.deliver(delivery, &settings, ticket).await;
            });
        } else {
            // Counted before the task starts, so that whoever waits for calm cannot miss it.
            let ticket = UnderWay::new(&webhooks);
            tokio::spawn(async move { webhooks.deliver(delivery, &settings, ticket).await });
        }
    }

    async fn deliver(&self, delivery: Delivery, settings: &Settings, ticket: UnderWay) {
        let mut ticket = Some(ticket);
        for retry in 0..=settings.retries.min(RETRIES_MAX) {
            if retry > 0 {
                tokio::time::sleep(Duration::from_millis(settings.retry_interval_ms)).await;
                ticket = Some(UnderWay::new(self));
            }
            let timeout = if retry == 0 { ANSWER_TIMEOUT } else { RESEND_TIMEOUT };
            let status = self.attempt(&delivery, timeout).await;
            drop(ticket.take());
            if status.is_some_and(|status| status < 500) {
                break;
            }
        }
    }

    /// One HTTP request; returns the status answered.
    async fn attempt(&self, delivery: &Delivery, timeout: Duration) -> Option<u16> {
        let url = delivery.url.clone()?;
        let Ok(_turn) = self.0.turns.acquire().await else { return None };
        let (content_type, body) = delivery.body();
        let at = self.0.clock.now();
        let started = wall_millis();
        let answer = self.post(url, content_type, body, timeout).await;
        let elapsed_ms = wall_millis() - started;
        let (http_status, error) = match answer {
            Ok(status) => (Some(status), None),
            Err(error) => (None, Some(error)),
        };
        let state = match http_status {
            Some(200..=299) => DeliveryState::Delivered,
            _ => DeliveryState::Failed,
        };
        let mut deliveries = self.0.deliveries.lock();
        if let Some(row) = deliveries.rows.iter_mut().find(|row| row.id == delivery.id) {
            row.state = state;
            row.attempts.push(Attempt { at, http_status, error, elapsed_ms });
        }
        http_status
    }

    async fn post(
        &self,
        url: reqwest::Url,
        content_type: &str,
        body: String,
        timeout: Duration,
    ) -> Result<u16, &'static str> {
        let request = self.0.client.post(url).header("content-type", content_type).timeout(timeout).body(body);
        match request.send().await {
            Ok(response) => Ok(response.status().as_u16()),
            Err(error) if error.is_timeout() => Err("timeout"),
            Err(error) if error.is_connect() => Err("connect"),
            Err(_) => Err("network"),
        }
    }

    /// Sends one at once, whatever the settings say; the console's "resend". Answers the HTTP status.
    pub(super) async fn send_now(&self, notice: &Notice) -> Option<u16> {
        let format = self.settings().format;
        let delivery = self.enter(notice, format);
        self.attempt(&delivery, RESEND_TIMEOUT).await
    }

    /// Sends a delivery of the list again, held or not. `None` if there is none of that number.
    pub(super) async fn resend(&self, id: u64) -> Option<Option<u16>> {
        let delivery = self.0.deliveries.lock().rows.iter().find(|row| row.id == id).cloned()?;
        Some(self.attempt(&delivery, RESEND_TIMEOUT).await)
    }

    /// Numbers of the held deliveries, oldest first.
    pub(super) fn held(&self) -> Vec<u64> {
        let deliveries = self.0.deliveries.lock();
        deliveries.rows.iter().filter(|row| row.state == DeliveryState::Held).map(|row| row.id).collect()
    }

    /// Posts a body of somebody else's making, to `url` or the configured address.
    pub(super) async fn forge(
        &self,
        url: Option<String>,
        content_type: &str,
        body: String,
    ) -> Result<u16, &'static str> {
        let url = url.or_else(|| self.0.default_url.lock().clone()).ok_or("no address")?;
        let url = url.parse().map_err(|_| "not a URL")?;
        self.post(url, content_type, body, ANSWER_TIMEOUT).await
    }

    /// Waits until nothing is being sent, or the time is up.
    pub(super) async fn calm(&self, limit: Duration) {
        let mut under_way = self.0.under_way.subscribe();
        // Running out of time is no failure: a slow shop does not stop the PSP's clock.
        let _ = tokio::time::timeout(limit, under_way.wait_for(|count| *count == 0)).await;
    }

    fn enter(&self, notice: &Notice, format: WebhookFormat) -> Delivery {
        let address = notice.notice_url.clone().or_else(|| self.0.default_url.lock().clone());
        let url: Option<reqwest::Url> = address.and_then(|address| address.parse().ok());
        let mut deliveries = self.0.deliveries.lock();
        let id = deliveries.next;
        deliveries.next += 1;
        let delivery = Delivery {
            id,
            at: notice.at,
            imp_uid: notice.imp_uid.clone(),
            merchant_uid: notice.merchant_uid.clone(),
            status: notice.status.as_str(),
            cancellation_id: notice.cancellation_id.clone(),
            format,
            host: url.as_ref().and_then(|url| url.host_str().map(str::to_owned)),
            path_sha256: url.as_ref().map(|url| digest(url.path())),
            state: if url.is_some() { DeliveryState::Pending } else { DeliveryState::NoAddress },
            attempts: Vec::new(),
            url,
        };
        if deliveries.rows.len() == KEPT {
            deliveries.rows.pop_front();
        }
        deliveries.rows.push_back(delivery.clone());
        delivery
    }

    fn set_state(&self, id: u64, state: DeliveryState) {
        if let Some(row) = self.0.deliveries.lock().rows.iter_mut().find(|row| row.id == id) {
            row.state = state;
        }
    }
}

/// Counts one delivery as being sent while it lives.
struct UnderWay(Webhooks);

impl UnderWay {
    fn new(webhooks: &Webhooks) -> Self {
        webhooks.0.under_way.send_modify(|count| *count += 1);
        Self(webhooks.clone())
    }
}

impl Drop for UnderWay {
    fn drop(&mut self) {
        self.0.0.under_way.send_modify(|count| *count = count.saturating_sub(1));
    }
}

fn digest(path: &str) -> String {
    use std::fmt::Write as _;
    Sha256::digest(path.as_bytes()).iter().take(8).fold(String::new(), |mut hex, byte| {
        // Writing to a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

/// The word for `POST /_sim/webhooks/send`.
pub(super) fn status_word(word: &str) -> Option<PaymentStatus> {
    Some(match word {
        "ready" => PaymentStatus::Ready,
        "paid" => PaymentStatus::Paid,
        "cancelled" => PaymentStatus::Cancelled,
        "failed" => PaymentStatus::Failed,
        _ => return None,
    })
}
