//! The payment that checks a card: a small charge of a billing key that becomes active only once it is paid, and that goes back in
//! full. It is a payment row like any other. That it is one follows from its order number, which follows from the key's name.

use super::Payment;
use crate::ids::{CustomerUid, MerchantUid};

/// How the order number of a check begins, where the name of the key that it checks begins with [`KEY_PREFIX`]. Letters and digits
/// only, because two gateways take nothing else (smartro_v2, payletter_global: see `pg::rules`).
const CHECK_PREFIX: &str = "chk";
const KEY_PREFIX: &str = "key";
/// Characters of a key's digest: 128 bits in hex.
const DIGEST_CHARACTERS: usize = 32;

/// The order number of the payment that checks this key's card. None for a name that is not made for a card form.
#[must_use]
pub fn number_of(key: &CustomerUid) -> Option<MerchantUid> {
    let digest = key.as_str().strip_prefix(KEY_PREFIX).filter(|digest| is_digest(digest))?;
    MerchantUid::parse(&format!("{CHECK_PREFIX}{digest}")).ok()
}

/// The key whose card a payment of this order number checks, if it is such a number.
#[must_use]
pub fn key_of(merchant_uid: &MerchantUid) -> Option<CustomerUid> {
    let digest = merchant_uid.as_str().strip_prefix(CHECK_PREFIX).filter(|digest| is_digest(digest))?;
    CustomerUid::parse(&format!("{KEY_PREFIX}{digest}")).ok()
}

fn is_digest(text: &str) -> bool {
    text.len() == DIGEST_CHARACTERS && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

impl Payment {
    /// Whether it checks the card of its billing key, and is never kept.
    #[must_use]
    pub fn checks_a_card(&self) -> bool {
        let key = key_of(self.merchant_uid());
        key.is_some() && key == self.order.customer_uid
    }
}
