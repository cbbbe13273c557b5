//! The key that signs development tokens. It lives in the state directory, so that `sandbox token` works offline.

use std::fmt;
use std::path::Path;

use jiff::Timestamp;
use jsonwebtoken::{Algorithm, DecodingKey, EncodingKey, Header};
use rsa::pkcs1::{EncodeRsaPrivateKey as _, EncodeRsaPublicKey as _};
use rsa::pkcs8::{DecodePrivateKey as _, EncodePrivateKey as _, LineEnding};
use rsa::{PrivateKey, PublicKey};
use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};

use super::rs256;
use crate::files;

/// The issuer (`iss`) of development tokens. A deployed API has its own and refuses this one.
pub const ISSUER: &str = "https://sandbox.local/";
/// The audience (`aud`) of development tokens.
pub const AUDIENCE: &str = "iamport-billing-sandbox";
/// The `sub` of the storefront's server.
const MERCHANT_SUBJECT: &str = "storefront-server";
/// The file in the state directory.
pub const KEY_FILE: &str = "jwt-key.pem";
/// The size that identity providers use; smaller keys are refused by some verifiers.
const MODULUS_BITS: usize = 2048;

/// Why there is no usable key.
#[derive(Debug, thiserror::Error)]
pub enum KeyError {
    /// The file cannot be read or written.
    #[error("the token key {path}")]
    File {
        /// The file.
        path: String,
        /// What the system says.
        #[source]
        source: std::io::Error,
    },
    /// The file holds no RSA key in PKCS#8 PEM.
    #[error("the token key {0} is not an RSA key in PKCS#8 PEM: delete it, and a new one is made")]
    Format(String),
    /// No key could be made, or nothing could be signed with it.
    #[error("RS256: {0}")]
    Crypto(String),
}

/// Whom a development token speaks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Bearer<'a> {
    /// A signed-in customer, by their id: scope `billing/customer`.
    Customer(&'a str),
    /// The storefront's server: scope `billing/merchant`.
    Merchant,
}

/// An RSA key pair and its id.
#[derive(Clone)]
pub struct SigningKey {
    private: EncodingKey,
    public: DecodingKey,
    id: String,
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("id", &self.id).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// The key of a state directory; made there at the first use.
    ///
    /// # Errors
    /// [`KeyError`] if the file cannot be read, written or understood.
    pub fn load_or_create(state: &Path) -> Result<Self, KeyError> {
        let path = state.join(KEY_FILE);
        let shown = path.display().to_string();
        let file_error = |source| KeyError::File { path: shown.clone(), source };
        let pem = match std::fs::read_to_string(&path) {
            Ok(pem) => pem,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let key = generate()?;
                let pem = key.to_pkcs8_pem(LineEnding::LF).map_err(|e| KeyError::Crypto(e.to_string()))?;
                files::create(&path, pem.as_bytes()).map_err(file_error)?;
                // Read back: another process may have been first.
                std::fs::read_to_string(&path).map_err(file_error)?
            }
            Err(error) => return Err(file_error(error)),
        };
        let key = PrivateKey::from_pkcs8_pem(&pem).map_err(|_| KeyError::Format(shown.clone()))?;
        Self::new(&key)
    }

    /// A new key that is kept nowhere.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if the system has no randomness.
    pub fn ephemeral() -> Result<Self, KeyError> {
        Self::new(&generate()?)
    }

    fn new(key: &PrivateKey) -> Result<Self, KeyError> {
        rs256::install();
        let crypto = |error: rsa::pkcs1::Error| KeyError::Crypto(error.to_string());
        let private = key.to_pkcs1_der().map_err(crypto)?;
        let public = PublicKey::from(key).to_pkcs1_der().map_err(crypto)?;
        let digest = Sha256::digest(public.as_bytes());
        let id = digest.iter().take(8).map(|byte| format!("{byte:02x}")).collect();
        Ok(Self {
            private: EncodingKey::from_rsa_der(private.as_bytes()),
            public: DecodingKey::from_rsa_der(public.as_bytes()),
            id,
        })
    }

    /// The key's id (`kid`).
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The verifying half.
    #[must_use]
    pub fn public(&self) -> &DecodingKey {
        &self.public
    }

    /// A token that the local gateway accepts, from `now` on for `lifetime` seconds.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if signing fails.
    pub fn token(&self, bearer: Bearer<'_>, lifetime: i64, now: Timestamp) -> Result<String, KeyError> {
        let (scope, subject) = match bearer {
            Bearer::Customer(id) => ("billing/customer", id),
            Bearer::Merchant => ("billing/merchant", MERCHANT_SUBJECT),
        };
        let issued = now.as_second();
        let claims = json!({
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": subject,
            "scope": scope,
            "iat": issued,
            "nbf": issued,
            "exp": issued.saturating_add(lifetime),
        });
        self.sign(claims.as_object().unwrap_or(&Map::new()))
    }

    /// Signs claims as they are: no claim is added.
    ///
    /// # Errors
    /// [`KeyError::Crypto`] if signing fails.
    pub fn sign(&self, claims: &Map<String, Value>) -> Result<String, KeyError> {
        let mut header = Header::new(Algorithm::RS256);
        header.kid = Some(self.id.clone());
        jsonwebtoken::encode(&header, claims, &self.private).map_err(|error| KeyError::Crypto(error.to_string()))
    }
}

fn generate() -> Result<PrivateKey, KeyError> {
    PrivateKey::new(&mut getrandom::SysRng, MODULUS_BITS).map_err(|error| KeyError::Crypto(error.to_string()))
}
