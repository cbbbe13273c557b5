//! The secret that the functions read, as the sandbox fills it.

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::files;

/// The file that keeps the generated values: those of one data or state directory stay the same over restarts, so that
/// notice URLs which the simulator has stored keep working.
pub const SEED_FILE: &str = "secret-seed.json";
/// The REST API key of the seed's getToken example.
pub const IMP_KEY: &str = "imp_apikey";
/// The REST API secret of the same example. It is public, and opens nothing but the simulator.
pub const IMP_SECRET: &str = "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3ZGseDA6bkA5lamv9OqDMnxyeB9wqOsuO9W3Mx9YSJ4dTqJ3f";

/// The fields of the secret (`IAMPORT_SECRET_ID`).
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SecretFields {
    /// REST API key.
    pub imp_key: String,
    /// REST API secret.
    pub imp_secret: String,
    /// Tokens of the webhook's path, the current one first.
    pub webhook_tokens: Vec<String>,
    /// Key of the fingerprints of card requests, hexadecimal.
    pub fingerprint_key: String,
}

impl fmt::Debug for SecretFields {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretFields")
    }
}

impl SecretFields {
    /// The fields of a directory; made there at the first use. Both random values have 256 bits.
    ///
    /// # Errors
    /// If the file cannot be read or written.
    pub fn load_or_create(directory: &Path) -> std::io::Result<Self> {
        let path = directory.join(SEED_FILE);
        if !path.exists() {
            let fresh = Self {
                imp_key: IMP_KEY.to_owned(),
                imp_secret: IMP_SECRET.to_owned(),
                webhook_tokens: vec![crate::random_hex::<32>()?],
                fingerprint_key: crate::random_hex::<32>()?,
            };
            files::create(&path, &serde_json::to_vec_pretty(&fresh)?)?;
        }
        // Read back: another process may have been first.
        Ok(serde_json::from_slice(&std::fs::read(&path)?)?)
    }
}
