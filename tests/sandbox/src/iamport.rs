//! A simulator of the Iamport (PortOne V1) REST API: stateful, with test cards, webhooks, a clock that can be moved,
//! and every fault a network or a PSP can produce. Its wire types are its own, so that an error in the client crate
//! cannot hide behind the same error here.
//!
//! | part | what it is |
//! |---|---|
//! | [`ledger`] | the PSP's books: a deterministic state machine without I/O |
//! | `http` | V1's routes, bodies and envelope over it |
//! | `webhooks` | deliveries to the shop |
//! | `window` | the browser SDK and the payment window |
//! | `faults` | what goes wrong on demand |
//! | `control` | `/_sim`: clock, knobs, faults, console actions, inspection |
//!
//! `/_sim` in short: GET `health`, `cards`, `requests`, `payments`, `keys`, `schedules`, `webhooks`, `clock`, `knobs`,
//! `faults`, `windows`, `tiers`, `channels`, `webhooks/settings`; POST `tiers` `{"code": "t01"}`, `channels`, `clock` `{"advance_seconds": n}`, `knobs`, `faults`, `reset`,
//! `token/revoke`, `token/expire`, `credentials`, `console/{cancel,retry,revoke,edit,recover,approve}`, `window`,
//! `vbank`, `vbank/deposit`, `windows/{id}/{pay,decline,close}`, `webhooks/{settings,url,release,send,forge}`,
//! `webhooks/{id}/resend`; DELETE `faults`. What concerns books is about those of the sub-merchant that the header `Tier` names.
//!
//! Where V1 is not documented the choice is a knob (`GET /_sim/knobs`) with the documented or likeliest behaviour
//! as its default. V1's misspellings of the wild (`carf_quota`, `buyer_post`) are unknown fields here, as there.

mod clock;
mod control;
mod faults;
mod http;
mod money;
mod persist;
mod requests;
mod server;
mod state;
mod webhooks;
mod window;

use std::collections::BTreeMap;
use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;

use self::clock::Clock;
use self::state::{Credentials, FaceKnobs, Shared, Sim};
pub use self::webhooks::WebhookFormat;
use self::webhooks::{Settings, Webhooks};
use self::window::Windows;
use ledger::Ledger;

/// How often due schedules are looked for.
const TICK: Duration = Duration::from_secs(1);

/// How a simulator starts.
#[derive(Clone)]
pub struct Options {
    /// REST API key that `POST /users/getToken` accepts.
    pub imp_key: String,
    /// REST API secret that goes with it.
    pub imp_secret: String,
    /// The shop's code, as the browser names it in `IMP.init`.
    pub merchant_code: String,
    /// Webhook address for payments that bring none of their own.
    pub default_notice_url: Option<String>,
    /// Body format of webhooks; a data file's setting wins.
    pub webhook_format: WebhookFormat,
    /// Where the clock's offset from the machine's is published, in whole seconds as text.
    pub clock_file: Option<PathBuf>,
    /// Where the books are kept across restarts; in memory only without it.
    pub data_file: Option<PathBuf>,
    /// Decides every id that will be made up; taken from the time without it.
    pub seed: Option<u64>,
}

impl std::fmt::Debug for Options {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter
            .debug_struct("Options")
            .field("imp_key", &self.imp_key)
            .field("webhook_format", &self.webhook_format)
            .field("clock_file", &self.clock_file)
            .field("data_file", &self.data_file)
            .finish_non_exhaustive()
    }
}

impl Default for Options {
    /// The published example credentials, no webhooks, nothing on disk.
    fn default() -> Self {
        Self {
            imp_key: "imp_apikey".to_owned(),
            imp_secret: "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f".to_owned(),
            merchant_code: "imp00000000".to_owned(),
            default_notice_url: None,
            webhook_format: WebhookFormat::default(),
            clock_file: None,
            data_file: None,
            seed: None,
        }
    }
}

/// Runs a simulator on `listener` until `shutdown` resolves.
///
/// # Errors
/// If the data file cannot be read or is of another version, if the clock file or the last snapshot cannot be
/// written, or if no HTTP client for webhooks can be made.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> std::io::Result<()> {
    // Fails only if the process has a provider already, which serves as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let sim = start(options)?;
    let router = http::router(&sim).merge(control::router(&sim)).merge(window::router(&sim));
    {
        let background = async {
            tokio::join!(tick(&sim), persist::keep_saving(&sim));
        };
        tokio::select! {
            () = server::run(listener, router, shutdown) => {}
            () = background => {}
        }
    }
    persist::save(&sim)
}

fn start(options: Options) -> std::io::Result<Shared> {
    let snapshot = options.data_file.as_deref().map(persist::load).transpose()?.flatten();
    let (offset, face, settings, ledger, tiers) = match snapshot {
        Some(snapshot) => (snapshot.clock_offset, snapshot.face, snapshot.webhooks, snapshot.ledger, snapshot.tiers),
        None => {
            let seed = options.seed.unwrap_or_else(|| clock::wall_millis().unsigned_abs());
            let settings = Settings { format: options.webhook_format, ..Settings::default() };
            (0, FaceKnobs::default(), settings, Ledger::new(seed), BTreeMap::new())
        }
    };
    let clock = Arc::new(Clock::start(offset, options.clock_file)?);
    let webhooks = Webhooks::new(clock.clone(), settings, options.default_notice_url).map_err(std::io::Error::other)?;
    let credentials = Credentials { imp_key: options.imp_key, imp_secret: options.imp_secret };
    let windows = Windows::of(options.merchant_code);
    Ok(Arc::new(Sim::new((ledger, tiers), clock, credentials, face, webhooks, windows, options.data_file)))
}

async fn tick(sim: &Shared) {
    let mut interval = tokio::time::interval(TICK);
    interval.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
    loop {
        interval.tick().await;
        sim.tick();
    }
}
