//! A card, a charge and webhooks by a seed, through the functions' own handlers: real events, real SDK, a real table.
//!
//! Two shops stand side by side. They differ in their secrets only.

mod events;
pub(crate) mod lambda;
pub(crate) mod place;

use std::path::Path;

use sandbox::aws::client::Client;
use sandbox::aws::{self, Options};
use serde_json::{Value, json};
use simulation::rng::Rng;
use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use self::events::{Events, Source};
use self::lambda::Answered;
use self::place::{LISTED, Place};
use crate::calls::BEGIN;
use crate::canary::Canaries;
use crate::peer::{Answer, Peer, Seen};
use crate::rule::{Rule, Violation};
use crate::world::{Outcome, WorldError};

/// The sub-merchant that both shops are.
const TIER: &str = "e01";
/// Host headers that no gateway lets through.
const NO_HOSTS: [&str; 6] = ["bad host", "a:99999999", "[::1", "ex%zz", "a<b", "shop.example,shop.example"];
/// The card that is refused for a fault of our own request, and the one that its issuer refuses, by their expiry.
const REFUSED_FOR_US: &str = "2041-12";
const REFUSED_BY_ISSUER: &str = "2042-12";
/// Most webhooks of a seed before the last, which is the true one.
const WEBHOOKS_MAX: i64 = 4;

/// Both shops, the AWS endpoint behind them, and their PSP.
#[derive(Debug)]
pub struct Shop {
    places: [Place; 2],
    psp: Peer,
    aws: Client,
    endpoint: JoinHandle<()>,
    events: Events,
}

impl Drop for Shop {
    fn drop(&mut self) {
        self.endpoint.abort();
    }
}

/// A webhook that a seed may bring.
#[derive(Debug, Clone, Copy)]
enum Sent {
    /// From a listed address.
    Listed,
    /// From a listed address, through a proxy whose client names itself.
    ListedBehindProxy,
    /// From elsewhere.
    Stranger,
    /// From elsewhere, with a listed address as the first hop.
    StrangerClaiming,
    /// From a listed address, with another token in the path.
    WrongToken,
    /// From a listed address, by GET.
    WrongMethod,
    /// From a listed address, about an order that is none.
    UnknownOrder,
}

const SENT: [Sent; 8] = [
    Sent::Listed,
    Sent::ListedBehindProxy,
    Sent::Stranger,
    Sent::Stranger,
    Sent::StrangerClaiming,
    Sent::WrongToken,
    Sent::WrongMethod,
    Sent::UnknownOrder,
];

impl Sent {
    const fn status(self) -> u64 {
        match self {
            Self::Listed | Self::ListedBehindProxy | Self::UnknownOrder => 200,
            Self::Stranger | Self::StrangerClaiming => 403,
            Self::WrongToken => 404,
            Self::WrongMethod => 405,
        }
    }

    fn source(self, rng: &mut Rng) -> Source {
        let listed = rng.pick(&LISTED).copied().unwrap_or("52.78.100.19").to_owned();
        let stranger = format!("203.0.113.{}", rng.between(1, 254));
        match self {
            Self::Listed | Self::WrongToken | Self::WrongMethod | Self::UnknownOrder => {
                Source { seen: listed.clone(), forwarded_for: listed }
            }
            Self::ListedBehindProxy => Source { forwarded_for: format!("{stranger}, {listed}"), seen: listed },
            Self::Stranger => Source { seen: stranger.clone(), forwarded_for: stranger },
            Self::StrangerClaiming => {
                let forwarded_for = if rng.chance(500) { format!("{listed}, {stranger}") } else { listed };
                Source { seen: stranger, forwarded_for }
            }
        }
    }
}

/// What the PSP makes of the charge. The payment exists in any case.
#[derive(Debug, Clone, Copy)]
enum Charged {
    Answered,
    Lost,
    Broken,
}

impl Shop {
    /// Starts everything; `program` plays the functions, with the bug or none.
    ///
    /// # Errors
    /// [`WorldError`].
    pub async fn start(bug: Option<u8>, program: &Path) -> Result<Self, WorldError> {
        let psp = Peer::start().await?;
        psp.begin(BEGIN, 1_800);
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let endpoint = tokio::spawn(async move {
            aws::serve(listener, Options::default(), std::future::pending()).await.ok();
        });
        let aws = Client::new(&url).map_err(WorldError::made)?;
        // Where a stranger's notice is refused, what comes of one shows whether it was: by default it is taken, with an alarm.
        let settings = [("IAMPORT_TIER", TIER), ("WEBHOOK_IP_MODE", "enforce")];
        let first = Place::start(program, bug, "one", (&url, &psp.url), &aws, &settings).await?;
        let second = Place::start(program, bug, "two", (&url, &psp.url), &aws, &settings).await?;
        Ok(Self { places: [first, second], psp, aws, endpoint, events: Events::read()? })
    }

    /// Runs one seed.
    ///
    /// # Errors
    /// If the AWS endpoint does not answer.
    pub async fn run(&mut self, seed: u64) -> Result<Outcome, WorldError> {
        let mut rng = Rng::new(seed);
        let canaries = Canaries::new(&mut rng);
        let charged = rng.pick(&[Charged::Answered, Charged::Lost, Charged::Broken]).copied().unwrap_or(Charged::Lost);
        let imp_uid = format!("imp_{seed:012}");
        self.psp.script(psp(charged, imp_uid.clone()));
        let mut run = Seed { shop: self, seed, rng, canaries, outcome: Outcome::default() };
        run.malformed().await;
        run.nobodys_card().await;
        run.refused_card().await;
        if let Some(key) = run.cards().await? {
            let order = format!("edge{seed}");
            run.charge(&key, &order, charged).await?;
            run.webhooks(&order, &imp_uid).await?;
        }
        run.texts();
        Ok(run.outcome)
    }
}

/// What the PSP answers in one seed: it keeps the one payment that is made.
fn psp(charged: Charged, imp_uid: String) -> impl FnMut(&Seen) -> Answer + Send + 'static {
    let mut made: Option<Value> = None;
    move |seen| {
        let name = seen.path.rsplit('/').next().unwrap_or_default();
        let nothing = || Answer::refused(404, -1, "존재하지 않습니다.");
        // The agent's own account has nothing of its sub-merchants'.
        if seen.tier.as_deref() != Some(TIER) {
            return nothing();
        }
        match (seen.method.as_str(), seen.path.as_str()) {
            ("POST", "/subscribe/payments/again") => {
                let mut payment = crate::calls::payment(&seen.body, "paid");
                payment["imp_uid"] = json!(imp_uid);
                let answer = match charged {
                    Charged::Answered => Answer::ok(&payment),
                    Charged::Lost => Answer::Lost,
                    Charged::Broken => Answer::Json(502, json!(null)),
                };
                made = Some(payment);
                answer
            }
            ("POST", path) if path.starts_with("/subscribe/customers/") => match seen.body["expiry"].as_str() {
                Some(REFUSED_FOR_US) => Answer::refused(200, 1, "channel_key is required"),
                Some(REFUSED_BY_ISSUER) => Answer::refused(200, -1, "[3001]거래거절(유효기간오류)"),
                _ => {
                    let key = json!({ "customer_uid": name, "card_number": "424242******4242", "inserted": BEGIN });
                    Answer::ok(&key)
                }
            },
            // Not listed yet: a payment shows up late.
            ("GET", path) if path.starts_with("/payments/findAll/") => nothing(),
            ("GET", path) if path.starts_with("/payments/") && name == imp_uid => {
                made.as_ref().map_or_else(nothing, Answer::ok)
            }
            _ => nothing(),
        }
    }
}

/// A seed under way.
struct Seed<'a> {
    shop: &'a mut Shop,
    seed: u64,
    rng: Rng,
    canaries: Canaries,
    outcome: Outcome,
}

impl Seed<'_> {
    fn broken(&mut self, rule: Rule, detail: impl Into<String>) {
        self.outcome.violations.push(Violation::new(rule, detail));
    }

    /// Hands an event to a shop's functions.
    async fn invoke(&mut self, place: usize, what: &str, event: Value) -> Option<Answered> {
        let answered = match self.shop.places.get_mut(place) {
            Some(place) => place.lambda.invoke(event).await,
            None => None,
        };
        let status = answered.as_ref().map_or(0, |answered| answered.status);
        self.outcome.journal.push(format!("{what}: {status}"));
        match &answered {
            None => self.broken(Rule::Answered, format!("{what} was not answered")),
            Some(answered) => self.look(what, &answered.text),
        }
        answered
    }

    fn look(&mut self, what: &str, text: &str) {
        let mut found = self.canaries.look(what, text);
        let mut secrets = self.shop.places.iter().flat_map(|place| &place.secrets);
        if secrets.any(|secret| text.contains(secret.as_str())) {
            found = Some(Violation::new(Rule::Secrecy, format!("{what} shows a secret of the shop's")));
        }
        self.outcome.violations.extend(found);
    }

    async fn row(&mut self, place: usize, pk: &str, sk: &str) -> Result<Value, WorldError> {
        let table = self.shop.places.get(place).map(|place| place.table.clone());
        let request = json!({
            "TableName": table, "ConsistentRead": true, "Key": { "pk": { "S": pk }, "sk": { "S": sk } },
        });
        let mut found = self.shop.aws.dynamodb("GetItem", &request).await.map_err(WorldError::made)?;
        let row = found["Item"].take();
        self.look("a row", &row.to_string());
        Ok(row)
    }

    /// A request without a host, as only a direct call can bring it.
    async fn malformed(&mut self) {
        let host = self.rng.pick(&NO_HOSTS).copied().unwrap_or_default();
        let mut event = self.shop.events.charge(&json!({}));
        event["headers"]["host"] = json!(host);
        let what = format!("a request for the host `{host}`");
        let Some(answered) = self.invoke(0, &what, event).await else { return };
        if answered.status != 400 {
            self.broken(Rule::Answered, format!("{what} was answered with {}", answered.status));
        }
    }

    /// A card number that passes every sum and is nobody's.
    async fn nobodys_card(&mut self) {
        let number = self.rng.pick(&["0000000000000000", "0000-0000-0000-0000", "8888888888888888"]).copied();
        let form = json!({ "card_number": number, "expiry": "2040-12" });
        let event = self.shop.events.issue(&format!("edge-none-{}", self.seed), &form);
        let Some(answered) = self.invoke(0, "nobody's card", event).await else { return };
        if answered.status != 422 {
            self.broken(Rule::Answered, format!("nobody's card was answered with {}", answered.status));
        }
    }

    /// A good number that is refused: the card is to blame only where its issuer says so.
    async fn refused_card(&mut self) {
        let (expiry, status) =
            *self.rng.pick(&[(REFUSED_FOR_US, 502), (REFUSED_BY_ISSUER, 402)]).unwrap_or(&(REFUSED_BY_ISSUER, 402));
        let form = json!({ "card_number": self.canaries.card_grouped(""), "expiry": expiry, "birth": self.canaries.birth, "pwd_2digit": "58" });
        let event = self.shop.events.issue(&format!("edge-refused-{}", self.seed), &form);
        let Some(answered) = self.invoke(0, "a refused card", event).await else { return };
        if answered.status != status {
            self.broken(
                Rule::Answered,
                format!("a card refused so that {status} is right was answered with {}", answered.text),
            );
        }
    }

    /// The same card form in both shops; the key's name in the first.
    async fn cards(&mut self) -> Result<Option<String>, WorldError> {
        let mark = self.rng.pick(&["", "-", " "]).copied().unwrap_or_default();
        let form = json!({
            "card_number": self.canaries.card_grouped(mark), "expiry": "2040-12", "birth": self.canaries.birth,
            "pwd_2digit": "58",
        });
        let event = self.shop.events.issue(&format!("edge-key-{}", self.seed), &form);
        let event = events::with_scopes(event, &mut self.rng);
        let (mut names, mut fingerprints) = (Vec::new(), Vec::new());
        for place in 0..2 {
            let Some(answered) = self.invoke(place, "POST /billing-keys", event.clone()).await else { return Ok(None) };
            let name = answered.body["customer_uid"].as_str().unwrap_or_default().to_owned();
            if answered.status != 201 {
                self.broken(Rule::Answered, format!("a good card was answered with {}", answered.text));
                return Ok(None);
            }
            let row = self.row(place, &format!("KEY#{name}"), "KEY").await?;
            fingerprints.push(row["fingerprint"]["S"].as_str().unwrap_or_default().to_owned());
            names.push(name);
        }
        if fingerprints.iter().any(String::is_empty) {
            self.broken(Rule::Answered, "a key's row has no fingerprint");
        } else if fingerprints.first() == fingerprints.get(1) {
            self.broken(Rule::KeyedFingerprint, "two secrets give one fingerprint of one card");
        }
        Ok(names.into_iter().next())
    }

    async fn charge(&mut self, key: &str, order: &str, charged: Charged) -> Result<(), WorldError> {
        let body = json!({ "customer_uid": key, "merchant_uid": order, "amount": 8_900, "name": "plan" });
        let event = events::with_scopes(self.shop.events.charge(&body), &mut self.rng);
        let Some(answered) = self.invoke(0, "POST /charges", event).await else { return Ok(()) };
        let expected = if matches!(charged, Charged::Answered) { 200..=201 } else { 202..=202 };
        if !expected.contains(&answered.status) {
            self.broken(Rule::Answered, format!("a charge ({charged:?}) was answered with {}", answered.text));
        }
        Ok(())
    }

    /// Some webhooks in any order, then the true one.
    async fn webhooks(&mut self, order: &str, imp_uid: &str) -> Result<(), WorldError> {
        for _ in 0..self.rng.between(1, WEBHOOKS_MAX) {
            let sent = self.rng.pick(&SENT).copied().unwrap_or(Sent::Listed);
            self.webhook(sent, order, imp_uid).await?;
        }
        self.webhook(Sent::Listed, order, imp_uid).await?;
        let row = self.row(0, &format!("PAY#{order}"), "PAY").await?;
        if row["state"] != json!({ "S": "paid" }) {
            self.broken(Rule::Answered, format!("after the true webhook the row says {}", row["state"]));
        }
        Ok(())
    }

    async fn webhook(&mut self, sent: Sent, order: &str, imp_uid: &str) -> Result<(), WorldError> {
        let source = sent.source(&mut self.rng);
        let token = self.shop.places.first().map(|place| place.webhook_token.clone()).unwrap_or_default();
        let token = if matches!(sent, Sent::WrongToken) { token.to_uppercase() } else { token };
        let method = if matches!(sent, Sent::WrongMethod) { "GET" } else { "POST" };
        let about = if matches!(sent, Sent::UnknownOrder) { "nobody" } else { order };
        let status = self.rng.pick(&["paid", "failed", "cancelled"]).copied().unwrap_or("paid");
        let notice = json!({ "imp_uid": imp_uid, "merchant_uid": about, "status": status });
        let event = self.shop.events.webhook(method, &token, &source, &notice);

        let before = self.row(0, &format!("PAY#{order}"), "PAY").await?;
        drop(self.shop.psp.take_seen());
        let what = format!("{sent:?} webhook");
        let Some(answered) = self.invoke(0, &what, event).await else { return Ok(()) };
        let asked = self.shop.psp.take_seen().len();
        let changed = self.row(0, &format!("PAY#{order}"), "PAY").await? != before;

        if answered.status != sent.status() {
            let source_decides = matches!(sent, Sent::Stranger | Sent::StrangerClaiming) || answered.status == 403;
            let rule = if source_decides { Rule::SourceOfGateway } else { Rule::Answered };
            let detail = format!("{what} from {source:?} was answered with {}", answered.status);
            self.broken(rule, detail);
        }
        let inert = answered.status != 200 || matches!(sent, Sent::UnknownOrder);
        if inert && (asked > 0 || changed) {
            let detail =
                format!("{what}, answered with {}: {asked} calls of the PSP, row changed: {changed}", answered.status);
            self.broken(Rule::RefusedWithoutEffect, detail);
        }
        Ok(())
    }

    /// What both shops have logged.
    fn texts(&mut self) {
        let logs: Vec<String> = self.shop.places.iter().map(|place| place.lambda.take_log()).collect();
        for log in logs {
            self.look("the log", &log);
        }
    }
}
