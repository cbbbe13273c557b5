//! Events as the gateway sends them, made from the repository's own samples.

use std::path::Path;

use serde_json::{Value, json};
use simulation::rng::Rng;

use crate::world::WorldError;

/// The sample events that the scenarios need.
#[derive(Debug)]
pub(super) struct Events {
    issue: Value,
    charge: Value,
    webhook: Value,
}

/// Who sends a webhook, as far as anybody can tell.
#[derive(Debug, Clone)]
pub(super) struct Source {
    /// The address that the gateway saw.
    pub(super) seen: String,
    /// `X-Forwarded-For`.
    pub(super) forwarded_for: String,
}

impl Events {
    pub(super) fn read() -> Result<Self, WorldError> {
        let read = |name: &str| {
            let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../events").join(name);
            serde_json::from_str(&std::fs::read_to_string(path)?).map_err(WorldError::made)
        };
        Ok(Self {
            issue: read("issue-billing-key.json")?,
            charge: read("charge.json")?,
            webhook: read("webhook.json")?,
        })
    }

    /// A customer's card form.
    pub(super) fn issue(&self, key: &str, form: &Value) -> Value {
        let mut event = self.issue.clone();
        event["headers"]["idempotency-key"] = json!(key);
        event["body"] = json!(form.to_string());
        event
    }

    /// A charge by the storefront's server.
    pub(super) fn charge(&self, order: &Value) -> Value {
        let mut event = self.charge.clone();
        event["body"] = json!(order.to_string());
        event
    }

    /// A notice, with this token at the end of its path.
    pub(super) fn webhook(&self, method: &str, token: &str, source: &Source, notice: &Value) -> Value {
        let mut event = self.webhook.clone();
        let path = json!(format!("/webhooks/iamport/{token}"));
        event["rawPath"] = path.clone();
        event["pathParameters"]["token"] = json!(token);
        event["headers"]["x-forwarded-for"] = json!(source.forwarded_for);
        event["body"] = json!(notice.to_string());
        let http = &mut event["requestContext"]["http"];
        http["method"] = json!(method);
        http["path"] = path;
        http["sourceIp"] = json!(source.seen);
        event
    }
}

/// The same event by a token of another issuer: scopes stand in `scope` or `scp`, as text or, by the gateway's hand, as a list.
pub(super) fn with_scopes(mut event: Value, rng: &mut Rng) -> Value {
    let claims = &mut event["requestContext"]["authorizer"]["jwt"]["claims"];
    let scope = claims["scope"].as_str().unwrap_or_default().to_owned();
    let (name, text) = match rng.between(0, 3) {
        0 => ("scp", scope),
        1 => ("scp", format!("[openid {scope}]")),
        2 => ("scope", format!("[{scope}]")),
        _ => return event,
    };
    if let Some(claims) = claims.as_object_mut() {
        claims.remove("scope");
        claims.insert(name.to_owned(), json!(text));
    }
    event
}
