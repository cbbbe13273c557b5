//! Recognising the same request again.

use hmac::{Hmac, KeyInit, Mac};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

/// A digest of a request in its normal form. Equal requests have equal fingerprints, however they were spelt.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Fingerprint(String);

impl Fingerprint {
    /// The digest of a request without card data. `v1` names the normal form, so that a later form can be told apart.
    #[must_use]
    pub fn of(request: &impl Serialize) -> Self {
        let normal_form = serde_json::to_vec(request).unwrap_or_default();
        Self(format!("v1:{}", hex(&Sha256::digest(normal_form))))
    }

    /// The digest of a request with card data, under a secret key: a bare hash of a card number can be searched.
    #[must_use]
    pub fn keyed(key: &FingerprintKey, parts: &[&str]) -> Self {
        Self(format!("k1:{}", hex(&key.mac("fingerprint", parts))))
    }

    /// The digest as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The secret under which card requests are fingerprinted and billing keys are named.
///
/// While it is being rotated others are known beside it: what was asked under one of them is still found.
#[derive(Clone)]
pub struct FingerprintKey {
    material: zeroize::Zeroizing<Vec<u8>>,
    others: Vec<Self>,
}

impl std::fmt::Debug for FingerprintKey {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("FingerprintKey")
    }
}

impl FingerprintKey {
    /// Fewest bytes of key material accepted: 128 bits.
    pub const BYTES_MIN: usize = 16;

    /// Takes key material of at least [`Self::BYTES_MIN`] bytes.
    #[must_use]
    pub fn new(material: &[u8]) -> Option<Self> {
        let long_enough = material.len() >= Self::BYTES_MIN;
        long_enough.then(|| Self { material: zeroize::Zeroizing::new(material.to_vec()), others: Vec::new() })
    }

    /// The same key, and others under which earlier requests may have been recorded.
    #[must_use]
    pub fn beside(self, others: Vec<Self>) -> Self {
        Self { others, ..self }
    }

    /// This key, then the others.
    pub fn every(&self) -> impl Iterator<Item = &Self> {
        std::iter::once(self).chain(&self.others)
    }

    /// HMAC-SHA-256 over the purpose and the parts, each with its length, so that no two lists can run together.
    #[must_use]
    pub fn mac(&self, purpose: &str, parts: &[&str]) -> Vec<u8> {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(&self.material) else { return Vec::new() };
        for part in std::iter::once(&purpose).chain(parts) {
            mac.update(part.len().to_string().as_bytes());
            mac.update(b":");
            mac.update(part.as_bytes());
        }
        mac.finalize().into_bytes().to_vec()
    }
}

/// Lower-case hexadecimal.
#[must_use]
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_that_run_together_are_told_apart() {
        let key = FingerprintKey::new(&[7; 32]).unwrap();
        assert_ne!(Fingerprint::keyed(&key, &["ab", "c"]), Fingerprint::keyed(&key, &["a", "bc"]));
        assert_eq!(Fingerprint::keyed(&key, &["ab", "c"]), Fingerprint::keyed(&key, &["ab", "c"]));
    }

    #[test]
    fn another_key_gives_another_fingerprint() {
        let of = |byte| Fingerprint::keyed(&FingerprintKey::new(&[byte; 32]).unwrap(), &["4242424242424242"]);
        assert_ne!(of(1), of(2));
    }

    #[test]
    fn short_key_material_is_refused() {
        assert!(FingerprintKey::new(&[0; 15]).is_none());
    }

    #[test]
    fn every_key_prints_its_type_alone() {
        let key = |byte: u8| FingerprintKey::new(&[byte; 32]).unwrap();
        let printed = |byte| format!("{:?}", key(byte).beside(vec![key(byte)]));
        assert!((0..=u8::MAX).all(|byte| printed(byte) == "FingerprintKey"));
    }
}
