//! The Iamport secret: read from Secrets Manager, kept for five minutes, read anew as soon as Iamport refuses it.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use aws_sdk_secretsmanager::Client;
use billing::MerchantUid;
use billing::fingerprint::FingerprintKey;
use iamport::{Credentials, ImpKey, ImpSecret, Lifetime, Moment};
use serde::Deserialize;
use subtle::{Choice, ConstantTimeEq};
use tokio::sync::Mutex;
use zeroize::Zeroizing;

use crate::clock::SystemClock;

/// How long a secret is believed without asking again, by either clock: a rotation counts on it.
const MAX_AGE: Duration = Duration::from_secs(300);
/// Shortest webhook token accepted: 128 bits in hex.
const WEBHOOK_TOKEN_MIN: usize = 32;

/// What an order's own path token begins with. Global ones are letters and digits only.
const ORDER_TOKEN_MARK: &str = "o-";

/// Why there is no secret. Never holds a part of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SecretError {
    /// Secrets Manager could not be asked, or has no such secret.
    #[error("the secret {0} cannot be read from Secrets Manager")]
    Unreadable(&'static str),
    /// The secret is not a JSON object with the fields of the design.
    #[error("the secret must be JSON with imp_key, imp_secret, webhook_tokens[] and fingerprint_key: {0}")]
    Malformed(&'static str),
}

/// What the secret says.
#[derive(Clone)]
pub struct Secret {
    credentials: Credentials,
    webhook_tokens: Vec<Zeroizing<String>>,
    fingerprint_key: FingerprintKey,
}

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

#[derive(Deserialize)]
struct Written {
    imp_key: Zeroizing<String>,
    imp_secret: Zeroizing<String>,
    webhook_tokens: Vec<Zeroizing<String>>,
    fingerprint_key: Zeroizing<String>,
    /// While the key is being rotated: the next one, then the one before.
    #[serde(default)]
    other_fingerprint_keys: Vec<Zeroizing<String>>,
}

impl Secret {
    /// Reads the secret's text.
    ///
    /// # Errors
    /// [`SecretError::Malformed`], naming the field.
    pub fn parse(text: &str) -> Result<Self, SecretError> {
        let written: Written = serde_json::from_str(text).map_err(|_| SecretError::Malformed("a field is missing"))?;
        if written.imp_key.is_empty() || written.imp_secret.is_empty() {
            return Err(SecretError::Malformed("imp_key and imp_secret must not be empty"));
        }
        let long_enough = |token: &Zeroizing<String>| {
            token.len() >= WEBHOOK_TOKEN_MIN && token.bytes().all(|byte| byte.is_ascii_alphanumeric())
        };
        if written.webhook_tokens.is_empty() || !written.webhook_tokens.iter().all(long_enough) {
            return Err(SecretError::Malformed("webhook_tokens: at least one of 32 or more letters and digits"));
        }
        let fingerprint_key = |material: &Zeroizing<String>| {
            FingerprintKey::new(material.as_bytes()).ok_or(SecretError::Malformed(
                "fingerprint_key and each of other_fingerprint_keys: 16 or more characters",
            ))
        };
        let others = written.other_fingerprint_keys.iter().map(fingerprint_key).collect::<Result<_, _>>()?;
        Ok(Self {
            credentials: Credentials::new(
                ImpKey::new(written.imp_key.as_str()),
                ImpSecret::new(written.imp_secret.as_str()),
            ),
            webhook_tokens: written.webhook_tokens,
            fingerprint_key: fingerprint_key(&written.fingerprint_key)?.beside(others),
        })
    }

    /// The key under which card requests are fingerprinted.
    #[must_use]
    pub const fn fingerprint_key(&self) -> &FingerprintKey {
        &self.fingerprint_key
    }

    /// Whether a webhook's path token is the current one or, while it is being rotated, an earlier one. Takes the same
    /// time whichever it is.
    #[must_use]
    pub fn knows_webhook_token(&self, token: &str) -> bool {
        let none = Choice::from(0);
        self.webhook_tokens.iter().fold(none, |known, one| known | one.as_bytes().ct_eq(token.as_bytes())).into()
    }

    /// The path token of one order's own addresses, which its customer's browser sees: it opens nothing but the looks at
    /// that order.
    #[must_use]
    pub fn order_token(&self, merchant_uid: &MerchantUid) -> Zeroizing<String> {
        order_token(&self.fingerprint_key, merchant_uid)
    }

    /// Whether a path token is this order's own. Takes the same time whether it is or not.
    #[must_use]
    pub fn knows_order_token(&self, token: &str, merchant_uid: &MerchantUid) -> bool {
        let of = |key: &FingerprintKey| order_token(key, merchant_uid);
        let none = Choice::from(0);
        self.fingerprint_key.every().fold(none, |known, key| known | of(key).as_bytes().ct_eq(token.as_bytes())).into()
    }

    /// Where new payments send their webhooks: the configured address with the current token at its end.
    #[must_use]
    pub fn notice_url(&self, base: &str) -> Option<Zeroizing<String>> {
        let token = self.webhook_tokens.first()?;
        Some(Zeroizing::new(format!("{}/{}", base.trim_end_matches('/'), token.as_str())))
    }
}

/// Whether a path token has the form of an order's own. A webhook's global token has no such mark.
#[must_use]
pub fn is_order_token(token: &str) -> bool {
    token.strip_prefix(ORDER_TOKEN_MARK).is_some_and(|rest| rest.len() == 32)
}

fn order_token(key: &FingerprintKey, merchant_uid: &MerchantUid) -> Zeroizing<String> {
    let digest = billing::fingerprint::hex(&key.mac("order_token", &[merchant_uid.as_str()]));
    Zeroizing::new(format!("{ORDER_TOKEN_MARK}{}", digest.get(..32).unwrap_or(&digest)))
}

/// The secret's cache. Cheap to clone; clones share it.
#[derive(Clone)]
pub struct Secrets {
    client: Client,
    id: String,
    clock: SystemClock,
    kept: Arc<Mutex<Option<(Lifetime, Secret)>>>,
}

impl fmt::Debug for Secrets {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secrets")
    }
}

impl Secrets {
    pub(crate) fn new(client: Client, id: &str, clock: SystemClock) -> Self {
        Self { client, id: id.to_owned(), clock, kept: Arc::default() }
    }

    /// The secret, at most five minutes old.
    ///
    /// # Errors
    /// [`SecretError`].
    pub async fn current(&self) -> Result<Secret, SecretError> {
        let mut kept = self.kept.lock().await;
        match &*kept {
            Some((lifetime, secret)) if !lifetime.left(&self.clock).is_zero() => Ok(secret.clone()),
            _ => {
                let asked = Moment::now(&self.clock);
                let secret = self.read().await?;
                *kept = Some((asked.lasting(MAX_AGE), secret.clone()));
                Ok(secret)
            }
        }
    }

    async fn fresh(&self) -> Result<Secret, SecretError> {
        *self.kept.lock().await = None;
        self.current().await
    }

    async fn read(&self) -> Result<Secret, SecretError> {
        let reply = self.client.get_secret_value().secret_id(&self.id).send().await.map_err(|error| {
            tracing::error!(error = %aws_sdk_secretsmanager::error::DisplayErrorContext(&error), "no secret");
            SecretError::Unreadable("named by IAMPORT_SECRET_ID")
        })?;
        let text = Zeroizing::new(reply.secret_string.unwrap_or_default());
        Secret::parse(&text)
    }
}

impl iamport::CredentialSource for Secrets {
    async fn credentials(&self, fresh: bool) -> Result<Credentials, iamport::Cause> {
        let secret = if fresh { self.fresh().await } else { self.current().await };
        Ok(secret?.credentials)
    }
}

#[cfg(test)]
pub(crate) mod tests;
