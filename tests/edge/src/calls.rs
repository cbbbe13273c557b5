//! Some calls of the client by a seed, while time passes: charges, cards, refunds, schedules, lists.

mod lists;
mod money;
mod plans;

use std::fmt::Debug;
use std::future::Future;
use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use iamport::{Client, Clock, Config, Credentials, Error, ImpKey, ImpSecret};
use serde_json::{Value, json};
use simulation::rng::Rng;

use crate::canary::{Canaries, outcome_printed, printed};
use crate::peer::{Answer, Peer, Seen};
use crate::rule::{Rule, Violation};
use crate::world::{Outcome, WorldError};

pub(crate) use self::money::payment;

/// When every seed begins, in UNIX seconds.
pub const BEGIN: i64 = 1_800_000_000;
/// Most steps of a seed.
const STEPS_MAX: i64 = 7;
/// A token with more than this left needs no successor: the client renews in its last 5 minutes.
const RENEWAL_BELOW: i64 = 300;

/// Time as both the client and the peer see it: it passes when the scenario says so.
#[derive(Debug, Clone)]
struct Time {
    now: Arc<AtomicI64>,
    /// Seconds in which the environment was frozen: the monotonic clock stood still.
    frozen: Arc<AtomicI64>,
}

impl Time {
    fn begin() -> Self {
        Self { now: Arc::new(AtomicI64::new(BEGIN)), frozen: Arc::default() }
    }

    fn pass(&self, seconds: i64, frozen: bool) {
        self.now.fetch_add(seconds, Ordering::SeqCst);
        self.frozen.fetch_add(if frozen { seconds } else { 0 }, Ordering::SeqCst);
    }
}

impl Clock for Time {
    fn monotonic(&self) -> Duration {
        let awake = self.unix_seconds() - BEGIN - self.frozen.load(Ordering::SeqCst);
        Duration::from_secs(u64::try_from(awake).unwrap_or(0))
    }

    fn unix_seconds(&self) -> i64 {
        self.now.load(Ordering::SeqCst)
    }
}

/// Iamport, and somebody to whom nothing may be sent.
#[derive(Debug)]
pub struct Calls {
    peer: Peer,
    stranger: Peer,
}

/// A seed under way.
struct Run<'a> {
    peer: &'a Peer,
    stranger: &'a Peer,
    client: Client,
    time: Time,
    rng: Rng,
    canaries: Canaries,
    orders: u32,
    outcome: Outcome,
}

impl Calls {
    /// Starts both peers.
    ///
    /// # Errors
    /// If there are no ports.
    pub async fn start() -> Result<Self, WorldError> {
        Ok(Self { peer: Peer::start().await?, stranger: Peer::start().await? })
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// If the client cannot be made.
    pub async fn run(&self, seed: u64) -> Result<Outcome, WorldError> {
        let mut rng = Rng::new(seed);
        let canaries = Canaries::new(&mut rng);
        let time = Time::begin();
        self.peer.begin(BEGIN, rng.between(90, 1_800));
        self.stranger.begin(BEGIN, 1_800);
        self.stranger.script(|seen| Answer::ok(&money::payment(&seen.body, "paid")));
        let credentials = Credentials::new(ImpKey::new("imp_apikey"), ImpSecret::new(canaries.secret.as_str()));
        let config = Config::new(&self.peer.url).map_err(WorldError::made)?;
        let client = Client::new(config, credentials, time.clone()).map_err(WorldError::made)?;
        let (peer, stranger) = (&self.peer, &self.stranger);
        let mut run = Run { peer, stranger, client, time, rng, canaries, orders: 0, outcome: Outcome::default() };
        for _ in 0..run.rng.between(1, STEPS_MAX) {
            run.step().await.map_err(WorldError::made)?;
        }
        run.end();
        Ok(run.outcome)
    }
}

/// Where a call goes: its method, and its path as the API names it.
struct Address {
    method: &'static str,
    path: String,
}

impl Run<'_> {
    async fn step(&mut self) -> Result<(), iamport::InvalidInput> {
        match self.rng.below(13) {
            0 | 1 => self.charge().await,
            2 => self.charge_card().await,
            3 => self.issue_key().await,
            4 => self.refund().await,
            5 => self.schedule().await,
            6 => self.move_schedule().await,
            7 => self.unschedule().await,
            8 => self.list().await,
            9 => self.look_at_once().await,
            10 | 11 => self.look_for_nothing().await,
            _ => {
                let seconds = self.rng.between(1, 2_000);
                let frozen = self.rng.chance(300);
                self.journal(format!("time passes: {seconds} s, frozen: {frozen}"));
                self.time.pass(seconds, frozen);
                self.peer.advance(seconds);
                Ok(())
            }
        }
    }

    fn journal(&mut self, line: String) {
        self.outcome.journal.push(line);
    }

    fn broken(&mut self, rule: Rule, detail: impl Into<String>) {
        self.outcome.violations.push(Violation::new(rule, detail));
    }

    fn fresh(&mut self, kind: &str) -> String {
        self.orders += 1;
        format!("{kind}{}x{:06x}", self.orders, self.rng.below(1 << 24))
    }

    /// Looks for secrets in whatever may be printed of a value.
    fn look(&mut self, what: &str, text: &str) {
        let found = self.canaries.look(what, text);
        self.outcome.violations.extend(found);
    }

    /// Makes a call that changes something, and holds what left against `address`. `None` after a panic.
    async fn change<T: Debug>(
        &mut self,
        what: &'static str,
        request: &impl Debug,
        address: &Address,
        call: impl Future<Output = Result<T, Error>>,
    ) -> (Option<Result<T, Error>>, Vec<Seen>) {
        self.look(what, &printed(request));
        let (outcome, seen) = self.observe(what, call).await;
        // A request with an ended token was not processed: it may be followed by one with another.
        let processed: Vec<&Seen> = seen.iter().filter(|seen| !seen.token_ended).collect();
        let strangers = self.stranger.take_seen().len() + self.stranger.asked_for_token().len();
        let right = |seen: &&Seen| seen.method == address.method && seen.path == address.path;
        if processed.len() != 1 || !processed.iter().all(right) || strangers != 0 {
            let ways: Vec<String> = processed.iter().map(|seen| format!("{} {}", seen.method, seen.path)).collect();
            let detail = format!("{what}: {} left, and {strangers} to a stranger", ways.join(", "));
            self.broken(Rule::SentOnce, detail);
        }
        (outcome, seen)
    }

    /// Makes a call; what it brings may be printed, and it may not panic.
    async fn observe<T: Debug>(
        &mut self,
        what: &'static str,
        call: impl Future<Output = Result<T, Error>>,
    ) -> (Option<Result<T, Error>>, Vec<Seen>) {
        let outcome = AssertUnwindSafe(call).catch_unwind().await.ok();
        let seen = self.peer.take_seen();
        if seen.iter().any(|seen| seen.token_ended) {
            self.broken(Rule::LiveToken, format!("{what} went out with a token that had ended"));
        }
        match &outcome {
            None => self.broken(Rule::NoPanic, format!("{what} ended in a panic")),
            Some(outcome) => self.look(what, &outcome_printed(outcome)),
        }
        let came = match &outcome {
            None => "panic".to_owned(),
            Some(Ok(_)) => "ok".to_owned(),
            Some(Err(error)) => format!("{:?}", error.class()),
        };
        self.journal(format!("{what}: {came}"));
        (outcome, seen)
    }

    /// The rules on a whole seed.
    fn end(&mut self) {
        let printed_client = printed(&self.client);
        self.look("the client", &printed_client);
        let asked = self.peer.asked_for_token();
        if let Some(left) = asked.iter().find(|left| **left >= RENEWAL_BELOW) {
            let detail = format!("{} requests for a token, one while another had {left} s left", asked.len());
            self.broken(Rule::OneToken, detail);
        }
    }
}

/// What the peer makes of a call that changes something.
#[derive(Debug, Clone)]
enum Told {
    /// What was asked for, in this state.
    Honest(&'static str),
    /// The same in another currency.
    OtherCurrency,
    /// The same over another amount.
    OtherAmount,
    /// `code` is not 0; the message repeats the card number.
    Refused(u16, String),
    /// A redirect.
    Elsewhere(u16, String),
    /// No answer.
    Lost,
}

/// A state that no version of the client knows.
const NEW_STATE: &str = "approving";

impl Told {
    /// Any of them; the redirect leads to the stranger, or back to the same host.
    fn any(run: &mut Run<'_>, path: &str) -> Self {
        match run.rng.below(10) {
            0..=4 => {
                let states = ["paid", "failed", "ready", "cancelled", NEW_STATE];
                Self::Honest(run.rng.pick(&states).copied().unwrap_or("paid"))
            }
            5 => Self::OtherCurrency,
            6 => Self::OtherAmount,
            7 => {
                let mark = run.rng.pick(&["", "-", " "]).copied().unwrap_or_default();
                let status = run.rng.pick(&[200, 400, 404]).copied().unwrap_or(200);
                Self::Refused(status, format!("card {} was refused", run.canaries.card_grouped(mark)))
            }
            8 => {
                let status = run.rng.pick(&[301, 302, 303, 307, 308]).copied().unwrap_or(307);
                let host = if run.rng.chance(700) { &run.stranger.url } else { &run.peer.url };
                Self::Elsewhere(status, format!("{host}{path}"))
            }
            _ => Self::Lost,
        }
    }

    /// The answer; `record` makes the record that was asked for, in a state.
    fn answer(&self, record: impl FnOnce(&str) -> Value) -> Answer {
        match self {
            Self::Honest(state) => Answer::ok(&record(state)),
            Self::OtherCurrency => {
                let other = |known: &Value| json!(if known == "USD" { "KRW" } else { "USD" });
                Answer::ok(&altered(record("paid"), "currency", other))
            }
            Self::OtherAmount => Answer::ok(&altered(record("paid"), "amount", |_| json!(1))),
            Self::Refused(status, message) => Answer::refused(*status, -1, message),
            Self::Elsewhere(status, address) => Answer::Elsewhere(*status, address.clone()),
            Self::Lost => Answer::Lost,
        }
    }

    /// Whether the answer is a record that a caller has to be given.
    const fn is_honest(&self) -> bool {
        matches!(self, Self::Honest(_))
    }
}

/// A record, or each of a list, with another value of one field.
fn altered(record: Value, field: &str, other: impl Fn(&Value) -> Value) -> Value {
    let alter = |mut record: Value| {
        let value = other(&record[field]);
        record[field] = value;
        record
    };
    match record {
        Value::Array(list) => list.into_iter().map(alter).collect(),
        one => alter(one),
    }
}
