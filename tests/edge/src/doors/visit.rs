//! How a route is asked, and what all of them refuse.

mod money;
mod plans;
mod windows;

use serde_json::{Value, json};
use simulation::rng::Rng;

use super::Doors;
use crate::rule::{Rule, Violation};
use crate::shop::lambda::Answered;
use crate::world::Outcome;

/// Who asks.
#[derive(Debug, Clone, Copy)]
pub(super) enum Caller<'a> {
    /// The storefront's server.
    Merchant,
    /// A customer, by their token.
    Customer(&'a str),
    /// Somebody with a token of which no scope is ours.
    Unscoped,
    /// Somebody without a token.
    Nobody,
}

/// A request as it should be, and what it is answered with.
struct Door<'a> {
    sample: &'static str,
    caller: Caller<'a>,
    /// What the path names.
    names: &'a [(&'a str, &'a str)],
    body: Value,
    /// Fields without which it is refused, and how.
    required: &'a [(&'a str, &'a str)],
    status: u64,
}

/// A seed under way.
pub(super) struct Visit<'a> {
    doors: &'a mut Doors,
    seed: u64,
    rng: Rng,
    sent: u32,
    pub(super) outcome: Outcome,
}

impl<'a> Visit<'a> {
    pub(super) fn new(doors: &'a mut Doors, seed: u64, rng: Rng) -> Self {
        Self { doors, seed, rng, sent: 0, outcome: Outcome::default() }
    }

    fn broken(&mut self, detail: String) {
        self.outcome.violations.push(Violation::new(Rule::Answered, detail));
    }

    /// A name that no other seed gives.
    fn named(&self, kind: &str) -> String {
        format!("{kind}{}", self.seed)
    }

    /// The sample, asked by somebody else about something else.
    fn event(&mut self, sample: &str, caller: Caller<'_>, names: &[(&str, &str)], body: &Value) -> Value {
        let mut event = self.doors.samples.get(sample).cloned().unwrap_or_default();
        let mut path = event["routeKey"].as_str().and_then(|key| key.split(' ').nth(1)).unwrap_or_default().to_owned();
        for (name, value) in names {
            path = path.replace(&format!("{{{name}}}"), value);
            event["pathParameters"][name] = json!(value);
        }
        event["rawPath"] = json!(path);
        event["requestContext"]["http"]["path"] = json!(path);
        with_query(&mut event, &[]);
        event["body"] = if body.is_null() { Value::Null } else { json!(body.to_string()) };
        if event["headers"].get("idempotency-key").is_some() {
            self.sent += 1;
            event["headers"]["idempotency-key"] = json!(format!("doors-{}-{}", self.seed, self.sent));
        }
        let (scope, sub) = match caller {
            Caller::Merchant => ("billing/merchant", "storefront-server"),
            Caller::Customer(id) => ("billing/customer", id),
            Caller::Unscoped => ("openid", "mallory"),
            Caller::Nobody => {
                event["requestContext"]["authorizer"] = Value::Null;
                return event;
            }
        };
        let claims = &mut event["requestContext"]["authorizer"]["jwt"]["claims"];
        (claims["scope"], claims["sub"]) = (json!(scope), json!(sub));
        event
    }

    /// Sends an event that has to be answered with this status, and this code if there is one.
    async fn expect(&mut self, what: &str, event: Value, status: u64, code: Option<&str>) -> Value {
        let Some(Answered { status: said, body, text }) = self.doors.place.lambda.invoke(event).await else {
            self.broken(format!("{what} was not answered"));
            return Value::Null;
        };
        self.outcome.journal.push(format!("{what}: {said}"));
        if said != status || code.is_some_and(|code| body["code"] != json!(code)) {
            self.broken(format!("{what} has to be {status} {}, and is {text}", code.unwrap_or_default()));
        }
        if self.doors.place.secrets.iter().any(|secret| text.contains(secret)) {
            self.broken(format!("{what} shows a secret of the shop's"));
        }
        if body.is_null() { json!(text) } else { body }
    }

    /// Whatever a route refuses by itself is refused, and then it does what it is for.
    async fn guarded(&mut self, door: Door<'_>) -> Value {
        let Door { sample, caller, names, body, required, status } = door;
        let nobody = self.event(sample, Caller::Nobody, names, &body);
        self.expect(&format!("{sample} without a token"), nobody, 401, Some("unauthenticated")).await;
        let unscoped = self.event(sample, Caller::Unscoped, names, &body);
        self.expect(&format!("{sample} without a scope"), unscoped, 403, Some("insufficient_scope")).await;
        let stranger = self.event(sample, Caller::Customer("mallory"), names, &body);
        match caller {
            Caller::Merchant => {
                let what = format!("{sample} by a customer");
                self.expect(&what, stranger, 403, Some("insufficient_scope")).await;
            }
            Caller::Customer(_) if !names.is_empty() => {
                self.expect(&format!("{sample} by another customer"), stranger, 404, Some("not_found")).await;
            }
            Caller::Customer(_) | Caller::Unscoped | Caller::Nobody => {}
        }
        let good = self.event(sample, caller, names, &body);
        let mut elsewhere = good.clone();
        let other = good["routeKey"].as_str().unwrap_or_default().replacen(char::is_uppercase, "X", 1);
        (elsewhere["routeKey"], elsewhere["requestContext"]["routeKey"]) = (json!(other), json!(other));
        self.expect(&format!("{sample} by another method"), elsewhere, 404, Some("not_found")).await;
        if good["headers"].get("idempotency-key").is_some() {
            let mut unnamed = good.clone();
            if let Some(headers) = unnamed["headers"].as_object_mut() {
                headers.remove("idempotency-key");
            }
            let what = format!("{sample} without an Idempotency-Key");
            self.expect(&what, unnamed, 400, Some("idempotency_key_required")).await;
        }
        if body.is_object() {
            let mut more = body.clone();
            more["surprise"] = json!(self.rng.below(9));
            let more = self.event(sample, caller, names, &more);
            self.expect(&format!("{sample} with an unknown field"), more, 422, Some("unknown_field")).await;
        }
        for (field, code) in required {
            let less = self.event(sample, caller, names, &without(&body, field));
            self.expect(&format!("{sample} without {field}"), less, 422, Some(code)).await;
        }
        self.expect(sample, good, status, None).await
    }

    /// Asks once.
    async fn ask(
        &mut self,
        sample: &str,
        caller: Caller<'_>,
        names: &[(&str, &str)],
        body: Value,
        (status, code): (u64, &str),
    ) -> Value {
        let event = self.event(sample, caller, names, &body);
        let code = Some(code).filter(|code| !code.is_empty());
        let who = match caller {
            Caller::Merchant => "the merchant",
            Caller::Customer(_) => "a customer",
            Caller::Unscoped | Caller::Nobody => "nobody",
        };
        self.expect(&format!("{sample} by {who}"), event, status, code).await
    }

    /// Asks with a query.
    async fn ask_for(
        &mut self,
        sample: &str,
        caller: Caller<'_>,
        names: &[(&str, &str)],
        query: &[(&str, &str)],
        (status, code): (u64, &str),
    ) -> Value {
        let mut event = self.event(sample, caller, names, &Value::Null);
        with_query(&mut event, query);
        let asked: Vec<&str> = query.iter().map(|(name, _)| *name).collect();
        let what = format!("{sample} with {}", asked.join(" and "));
        self.expect(&what, event, status, Some(code).filter(|code| !code.is_empty())).await
    }

    /// What happens at the PSP itself.
    async fn at_psp(&mut self, method: &str, path: &str, body: &Value) -> Value {
        let answer = self.doors.sim(method, path, body).await;
        if answer.is_none() {
            self.broken(format!("the simulator did not do {path}"));
        }
        answer.unwrap_or_default()
    }

    /// What an answer has to say.
    fn says(&mut self, what: &str, answer: &Value, wanted: &Value) {
        if answer != wanted {
            self.broken(format!("{what} is {answer} and has to be {wanted}"));
        }
    }

    /// A card of a customer's own.
    async fn card_of(&mut self, customer: &str) -> String {
        let key = self.ask("issue-billing-key", Caller::Customer(customer), &[], card(), (201, "")).await;
        key["customer_uid"].as_str().unwrap_or_default().to_owned()
    }

    /// Seconds since 1970, as whoever made this row said.
    async fn now(&mut self, key: &str) -> i64 {
        let key =
            self.ask("billing-keys-get", Caller::Merchant, &[("customer_uid", key)], Value::Null, (200, "")).await;
        key["created_at"].as_i64().unwrap_or_default()
    }
}

/// The card form of the samples.
fn card() -> Value {
    json!({ "card_number": "4242-4242-4242-4242", "expiry": "204012", "birth": "900101", "pwd_2digit": "00" })
}

fn without(body: &Value, field: &str) -> Value {
    let mut less = body.clone();
    if let Some(fields) = less.as_object_mut() {
        fields.remove(field);
    }
    less
}

fn with_query(event: &mut Value, query: &[(&str, &str)]) {
    let pairs = || query.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
    event["queryStringParameters"] = Value::Object(pairs().collect());
    let text: Vec<String> = query.iter().map(|(name, value)| format!("{name}={value}")).collect();
    event["rawQueryString"] = json!(text.join("&"));
}
