//! The one algorithm of the gateway's tokens, RS256, as a provider for `jsonwebtoken`.
//!
//! Any other algorithm has no signer and no verifier here, so a token can never choose a weaker one.

use jsonwebtoken::crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils};
use jsonwebtoken::errors::{Error, ErrorKind};
use jsonwebtoken::{Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey};
use rsa::pkcs1::{DecodeRsaPrivateKey as _, DecodeRsaPublicKey as _};
use rsa::{Pkcs1v15Sign, PrivateKey, PublicKey};
use sha2::{Digest as _, Sha256};
use signature::{Signer, Verifier};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => Ok(Box::new(Rs256Signer::new(key)?)),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    verifier_factory: |algorithm, key| match algorithm {
        Algorithm::RS256 => Ok(Box::new(Rs256Verifier::new(key)?)),
        _ => Err(Error::from(ErrorKind::InvalidAlgorithm)),
    },
    key_utils: KeyUtils::new_unimplemented(),
};

/// Makes this provider the process's. Later calls change nothing.
pub(super) fn install() {
    // Refused only if one is installed already; nobody but this function installs one.
    PROVIDER.install_default().ok();
}

struct Rs256Signer(PrivateKey);

impl Rs256Signer {
    fn new(key: &EncodingKey) -> Result<Self, Error> {
        if key.family() != AlgorithmFamily::Rsa {
            return Err(Error::from(ErrorKind::InvalidKeyFormat));
        }
        PrivateKey::from_pkcs1_der(key.as_bytes()).map(Self).map_err(|_| Error::from(ErrorKind::InvalidKeyFormat))
    }
}

impl Signer<Vec<u8>> for Rs256Signer {
    fn try_sign(&self, message: &[u8]) -> Result<Vec<u8>, signature::Error> {
        let digest = Sha256::digest(message);
        // Blinded, so that the time it takes says nothing about the key.
        self.0
            .sign_with_rng(&mut getrandom::SysRng, Pkcs1v15Sign::new::<Sha256>(), &digest)
            .map_err(signature::Error::from_source)
    }
}

impl JwtSigner for Rs256Signer {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}

struct Rs256Verifier(PublicKey);

impl Rs256Verifier {
    fn new(key: &DecodingKey) -> Result<Self, Error> {
        match (key.family(), key.kind()) {
            (AlgorithmFamily::Rsa, DecodingKeyKind::SecretOrDer(der)) => {
                PublicKey::from_pkcs1_der(der).map(Self).map_err(|_| Error::from(ErrorKind::InvalidKeyFormat))
            }
            _ => Err(Error::from(ErrorKind::InvalidKeyFormat)),
        }
    }
}

impl Verifier<Vec<u8>> for Rs256Verifier {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> Result<(), signature::Error> {
        let digest = Sha256::digest(message);
        self.0.verify(Pkcs1v15Sign::new::<Sha256>(), &digest, signature).map_err(signature::Error::from_source)
    }
}

impl JwtVerifier for Rs256Verifier {
    fn algorithm(&self) -> Algorithm {
        Algorithm::RS256
    }
}
