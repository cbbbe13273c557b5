//! The JWT authorizer of an HTTP API: token, issuer, audience, times, scopes.

use http::{HeaderMap, header};
use jiff::Timestamp;
use jsonwebtoken::errors::ErrorKind;
use jsonwebtoken::{Algorithm, Validation};
use serde_json::{Map, Value};

use super::keys::{AUDIENCE, ISSUER, SigningKey};

/// What a token grants, as the function will see it in `requestContext.authorizer.jwt`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// All claims, as text.
    pub claims: Map<String, Value>,
    /// The route's scopes that the token holds; `None` if the route asks for none.
    pub scopes: Option<Vec<String>>,
}

/// Why a request may not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// 401, no token at all.
    Missing,
    /// 401, a token that is not valid, and why.
    Invalid(&'static str),
    /// 403, a valid token without any of the route's scopes.
    Scope,
}

/// Checks tokens against one key, [`ISSUER`] and [`AUDIENCE`].
#[derive(Clone, Debug)]
pub struct Authorizer {
    key: SigningKey,
    validation: Validation,
}

impl Authorizer {
    /// An authorizer that trusts tokens signed with `key`.
    #[must_use]
    pub fn new(key: SigningKey) -> Self {
        let mut validation = Validation::new(Algorithm::RS256);
        validation.set_issuer(&[ISSUER]);
        validation.set_audience(&[AUDIENCE]);
        validation.set_required_spec_claims(&["exp", "iss"]);
        validation.validate_nbf = true;
        // One machine, one clock.
        validation.leeway = 0;
        Self { key, validation }
    }

    /// Decides about a request for a route that asks for one of `scopes` (or for none).
    ///
    /// # Errors
    /// [`Refusal`] with the status that API Gateway would answer.
    pub fn check(&self, headers: &HeaderMap, scopes: &[String], now: Timestamp) -> Result<Grant, Refusal> {
        let token = bearer(headers)?;
        let claims = self.verify(token, now)?;
        let granted = granted_scopes(&claims);
        let held: Vec<String> = scopes.iter().filter(|scope| granted.contains(scope)).cloned().collect();
        if !scopes.is_empty() && held.is_empty() {
            return Err(Refusal::Scope);
        }
        let claims = claims.into_iter().filter_map(|(name, value)| Some((name, Value::from(written(&value)?))));
        Ok(Grant { claims: claims.collect(), scopes: (!scopes.is_empty()).then_some(held) })
    }

    fn verify(&self, token: &str, now: Timestamp) -> Result<Map<String, Value>, Refusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| Refusal::Invalid("the token is malformed"))?;
        if header.kid.as_deref() != Some(self.key.id()) {
            return Err(Refusal::Invalid("the token's signing key is not known"));
        }
        let decoded = jsonwebtoken::decode::<Map<String, Value>>(token, self.key.public(), &self.validation)
            .map_err(|error| Refusal::Invalid(describe(error.kind())))?;
        let claims = decoded.claims;
        // `client_id` stands in for a missing `aud`, as Cognito's access tokens have it.
        if !claims.contains_key("aud") && claims.get("client_id").and_then(Value::as_str) != Some(AUDIENCE) {
            return Err(Refusal::Invalid(describe(&ErrorKind::InvalidAudience)));
        }
        match claims.get("iat").map(Value::as_i64) {
            Some(None) => Err(Refusal::Invalid("the token's iat claim is not a time")),
            Some(Some(issued)) if issued > now.as_second() => {
                Err(Refusal::Invalid("the token was issued in the future"))
            }
            Some(Some(_)) | None => Ok(claims),
        }
    }
}

/// The token: the whole header, or what follows `Bearer `.
fn bearer(headers: &HeaderMap) -> Result<&str, Refusal> {
    let mut values = headers.get_all(header::AUTHORIZATION).iter();
    let value = values.next().ok_or(Refusal::Missing)?;
    if values.next().is_some() {
        return Err(Refusal::Invalid("there are several Authorization headers"));
    }
    let value = value.to_str().map_err(|_| Refusal::Invalid("the token is malformed"))?.trim();
    let token = match value.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim(),
        Some(_) => return Err(Refusal::Invalid("the Authorization header is not a bearer token")),
        None if value.eq_ignore_ascii_case("bearer") => "",
        None => value,
    };
    if token.is_empty() { Err(Refusal::Missing) } else { Ok(token) }
}

fn describe(error: &ErrorKind) -> &'static str {
    match error {
        ErrorKind::InvalidAudience => "the token does not have a valid audience",
        ErrorKind::InvalidIssuer => "the token does not have a valid issuer",
        ErrorKind::ExpiredSignature => "the token has expired",
        ErrorKind::ImmatureSignature => "the token is not valid yet",
        ErrorKind::InvalidAlgorithm => "the token's algorithm is not supported",
        ErrorKind::InvalidSignature => "the token's signature is not valid",
        ErrorKind::MissingRequiredClaim(_) => "the token lacks a required claim",
        _ => "the token is malformed",
    }
}

/// `scope` (text) or `scp` (text or list).
fn granted_scopes(claims: &Map<String, Value>) -> Vec<String> {
    let mut scopes = Vec::new();
    for name in ["scope", "scp"] {
        match claims.get(name) {
            Some(Value::String(text)) => scopes.extend(text.split_whitespace().map(str::to_owned)),
            Some(Value::Array(items)) => scopes.extend(items.iter().filter_map(Value::as_str).map(str::to_owned)),
            _ => {}
        }
    }
    scopes
}

/// A claim as API Gateway writes it into the event: text as it is, numbers and flags in their own writing, a list as
/// `[a b]`, an object as JSON; null is left out.
fn written(claim: &Value) -> Option<String> {
    match claim {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        Value::Bool(flag) => Some(flag.to_string()),
        Value::Number(number) => Some(number.to_string()),
        Value::Array(items) => {
            let items: Vec<String> = items.iter().filter_map(written).collect();
            Some(format!("[{}]", items.join(" ")))
        }
        Value::Object(_) => Some(claim.to_string()),
    }
}
