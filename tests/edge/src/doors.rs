//! Every route by itself: what it refuses before it does anything, and that it does what it is for.
//!
//! A seed is a visit to one function. The PSP is the sandbox's: what is asked of it here is answered as usual.

mod visit;

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Duration;

use bytes::Bytes;
use http::Request;
use sandbox::aws::{self, client::Client};
use sandbox::iamport;
use sandbox::net::Http;
use serde_json::Value;
use simulation::rng::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::visit::Visit;
use crate::shop::lambda::Lambda;
use crate::shop::place::Place;
use crate::world::{Outcome, WorldError};

/// The sample events that are sent.
pub const SAMPLES: [&str; 32] = [
    "billing-keys",
    "billing-keys-confirm",
    "billing-keys-delete",
    "billing-keys-get",
    "billing-keys-import",
    "billing-keys-window",
    "charge",
    "charge-get",
    "checkout",
    "checkout-complete",
    "checkout-confirm",
    "checkout-return",
    "checkout-withdraw",
    "issue-billing-key",
    "reconcile",
    "refund",
    "schedule",
    "schedule-get",
    "schedule-list",
    "schedule-move",
    "schedule-revoke",
    "subscription",
    "subscription-cancel",
    "subscription-cancellation-preview",
    "subscription-change",
    "subscription-consent",
    "subscription-consents",
    "subscription-get",
    "subscription-list",
    "subscription-periods",
    "subscription-preview",
    "webhook",
];
/// Longest wait for the simulator's own answer, and most of it that is read.
const PATIENCE: Duration = Duration::from_secs(10);
const ANSWER_MAX: usize = 1 << 20;
/// Where the storefront's customers come back to.
const RETURN_PAGE: &str = "https://shop.example/back";

/// One shop, its PSP, and the AWS endpoint behind it.
#[derive(Debug)]
pub struct Doors {
    place: Place,
    ticks: Lambda,
    samples: BTreeMap<&'static str, Value>,
    psp_url: String,
    tasks: [JoinHandle<()>; 2],
}

impl Drop for Doors {
    fn drop(&mut self) {
        self.tasks.iter().for_each(JoinHandle::abort);
    }
}

impl Doors {
    /// Starts everything; `program` plays the functions, with the bug or none.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn start(bug: Option<u8>, program: &Path) -> Result<Self, WorldError> {
        let (table, psp) = (TcpListener::bind(("127.0.0.1", 0)).await?, TcpListener::bind(("127.0.0.1", 0)).await?);
        let [aws_url, psp_url] = [table.local_addr()?, psp.local_addr()?].map(|address| format!("http://{address}"));
        let endpoint = tokio::spawn(async move {
            aws::serve(table, aws::Options::default(), std::future::pending()).await.ok();
        });
        let aws = Client::new(&aws_url).map_err(WorldError::made)?;
        let settings = [
            ("IAMPORT_CHECKOUT_PGS", "html5_inicis"),
            ("CHECKOUT_RETURN_URL", RETURN_PAGE),
            ("CHECKOUT_CONFIRM", "true"),
            // The simulator would send its notices there; here they are made by hand.
            ("NOTICE_URL", ""),
        ];
        let place = Place::start(program, bug, "doors", (&aws_url, &psp_url), &aws, &settings).await?;
        let options =
            iamport::Options { imp_secret: place.imp_secret.clone(), seed: Some(1), ..iamport::Options::default() };
        let simulator = tokio::spawn(async move {
            iamport::serve(psp, options, std::future::pending()).await.ok();
        });
        let ticks = Lambda::start(program, "tick", None, &place.variables).await?;
        let events = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events");
        let mut samples = BTreeMap::new();
        for name in SAMPLES {
            let text = std::fs::read_to_string(events.join(name).with_extension("json"))?;
            samples.insert(name, serde_json::from_str(&text).map_err(WorldError::made)?);
        }
        Ok(Self { place, ticks, samples, psp_url, tasks: [endpoint, simulator] })
    }

    /// Does something to the simulator, or asks it to.
    async fn sim(&self, method: &str, path: &str, body: &Value) -> Option<Value> {
        let request = Request::builder().method(method).uri(format!("{}/_sim/{path}", self.psp_url));
        let request = request.body(Bytes::from(body.to_string()).into()).ok()?;
        let answer = Http::new().send(request, PATIENCE, ANSWER_MAX).await.ok()?;
        answer.status().is_success().then(|| serde_json::from_slice(answer.body()).unwrap_or_default())
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// None of its own.
    pub async fn run(&mut self, seed: u64) -> Result<Outcome, WorldError> {
        let mut visit = Visit::new(self, seed, Rng::new(seed));
        match seed % 9 {
            0 => visit.cards().await,
            1 => visit.keys().await,
            2 => visit.charges().await,
            3 => visit.refunds().await,
            4 => visit.checkouts().await,
            5 => visit.schedules().await,
            6 => visit.subscriptions().await,
            7 => visit.notices().await,
            _ => visit.ticks().await,
        }
        Ok(visit.outcome)
    }
}
