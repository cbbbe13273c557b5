//! The identifiers of the field, each with its own rule, so that one cannot stand in for another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;
use crate::scrub::holds_card_number;

// Identifiers that machines make are random: some of them look like a card number, and refusing those would refuse one
// payment in a thousand. Only what a person may have typed is searched for one.
macro_rules! identifier {
    (
        $(#[$doc:meta])* $name:ident, $field:literal, max = $max:literal, chars = $chars:literal, allow = $allow:expr,
        typed_by_people = $typed:literal
    ) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// Reads the identifier.
            ///
            /// # Errors
            /// A code `…_invalid` when it is empty, too long or has a character outside the allowed set;
            /// `sensitive_data_in_field` when a person may have typed a card number into it.
            pub fn parse(text: &str) -> Result<Self, Invalid> {
                let allowed: fn(&str) -> bool = $allow;
                if text.is_empty() || text.chars().count() > $max || !allowed(text) {
                    return Err(Invalid::field($field, concat!("1 to ", $max, " characters of ", $chars)));
                }
                if $typed && holds_card_number(text) {
                    return Err(Invalid::new($field, "sensitive_data_in_field", "no card number belongs here"));
                }
                Ok(Self(text.to_owned()))
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl TryFrom<String> for $name {
            type Error = Invalid;

            fn try_from(text: String) -> Result<Self, Invalid> {
                Self::parse(&text)
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(&self.0)
            }
        }
    };
}

fn token(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// Whatever the PSP may call an order.
fn foreign(text: &str) -> bool {
    !text.chars().any(char::is_control)
}

/// A name that the PSP may hold although nobody here would make it. No percent sign: a gateway may decode a path once more
/// than it was encoded. No relative path segment either, which no encoding protects.
fn segment(text: &str) -> bool {
    text != "." && text != ".." && !text.chars().any(|character| character.is_control() || character == '%')
}

identifier!(
    /// One payment attempt: the storefront's order number. It is the idempotency key of everything that moves money.
    MerchantUid, "merchant_uid", max = 40, chars = "[A-Za-z0-9_-]", allow = token,
    typed_by_people = true
);
identifier!(
    /// An order number as the PSP, or whoever speaks for it, wrote it: another system's, which follows no rule of ours. It is
    /// good for naming that order to the PSP again, and for nothing else. The PSP's own limit is 40 characters.
    ForeignUid, "merchant_uid", max = 300, chars = "any kind but control characters",
    allow = foreign,
    typed_by_people = false
);

impl ForeignUid {
    /// The order number if it is one that could be ours.
    #[must_use]
    pub fn own(&self) -> Option<MerchantUid> {
        MerchantUid::parse(&self.0).ok()
    }
}

impl From<&MerchantUid> for ForeignUid {
    fn from(uid: &MerchantUid) -> Self {
        Self(uid.0.clone())
    }
}

identifier!(
    /// One billing key: one customer's one card. Written once, never pointed at another card. Those that are made here are
    /// letters and digits; an adopted one has whatever name the PSP holds it under (`customer_uid`, at most 80 characters:
    /// Iamport V1 schema, 2026-08).
    CustomerUid, "customer_uid", max = 80, chars = "any kind but control characters and %", allow = segment,
    typed_by_people = true
);
identifier!(
    /// The storefront's customer: the `sub` of the token, so wider than our own identifiers (`auth0|…`, an e-mail).
    CustomerId, "customer_id", max = 128, chars = "printable ASCII without spaces", allow = |text| text.bytes().all(|byte| byte.is_ascii_graphic()),
    typed_by_people = false
);
identifier!(
    /// The PSP's payment. The narrow set keeps path tricks (`../`, `%2e`, `?`) from ever leaving us.
    ImpUid, "imp_uid", max = 64, chars = "[A-Za-z0-9_-]", allow = token,
    typed_by_people = false
);
identifier!(
    /// One subscription: 104 random bits in hex, so that the numbers of its payments fit the PSP's 40 characters.
    SubscriptionId, "id", max = 29, chars = "sub[0-9a-f]{26}",
    allow = |text| text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f' | b's' | b'u')),
    typed_by_people = false
);
identifier!(
    /// A writer's mark on a row: 128 random bits in hex. A conflict that carries our own mark is our own write.
    Nonce, "nonce", max = 32, chars = "[0-9a-f]", allow = |text| text.bytes().all(|byte| byte.is_ascii_hexdigit()),
    typed_by_people = false
);

impl Nonce {
    /// The mark for 128 random bits.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 16]) -> Self {
        Self(crate::fingerprint::hex(&bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn random_identifiers_are_never_taken_for_card_numbers() {
        let mut state = 88_172_645_463_325_252_u64;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            state
        };
        for _ in 0..20_000 {
            let bits = (u128::from(next()) << 64) | u128::from(next());
            let hex = format!("{bits:032x}");
            let uuid = format!("{}-{}-{}-{}-{}", &hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]);
            assert!(Nonce::parse(&hex).is_ok() && CustomerUid::parse(&format!("key{hex}")).is_ok(), "{hex}");
            assert!(CustomerId::parse(&uuid).is_ok() && ImpUid::parse(&uuid).is_ok(), "{uuid}");
            assert!(
                MerchantUid::parse(&uuid).is_ok() && crate::usecase::check_idempotency_key(&uuid).is_ok(),
                "{uuid}"
            );
        }
    }

    #[test]
    fn order_numbers_of_the_seed_are_accepted() {
        for uid in ["order_monthly_0001", "ORD20180131-0000011"] {
            assert_eq!(MerchantUid::parse(uid).map(String::from), Ok(uid.to_owned()));
        }
        assert!(CustomerUid::parse("gildong_0001_1234").is_ok());
    }

    #[test]
    fn traversal_spaces_and_long_names_are_refused() {
        let long = "a".repeat(41);
        for uid in ["", "../users/getToken", "a b", "a\u{0}", "주문", "a/b", "%2e", long.as_str()] {
            assert_eq!(MerchantUid::parse(uid).map_err(|e| e.code), Err("merchant_uid_invalid".to_owned()), "{uid}");
        }
    }

    #[test]
    fn a_key_may_have_any_name_that_the_psp_holds() {
        for uid in ["shop/kim", "kim#1", "kim?card=1", "kim@shop.kr", "kim+1", "길동 0001:1", &"가".repeat(80)] {
            assert_eq!(CustomerUid::parse(uid).map(String::from), Ok(uid.to_owned()));
        }
        for uid in ["", ".", "..", "a\r\nb", "a\u{0}", "a%2Fb", &"가".repeat(81)] {
            assert_eq!(CustomerUid::parse(uid).map_err(|e| e.code), Err("customer_uid_invalid".to_owned()), "{uid}");
        }
        let card = CustomerUid::parse("kim/4242424242424242").map_err(|e| e.code);
        assert_eq!(card, Err("sensitive_data_in_field".to_owned()));
    }

    #[test]
    fn another_systems_order_number_is_kept_as_it_is_and_is_none_of_ours() {
        for uid in ["wc-renewal:11", "#1", "a.b", "주문 1", "../users/getToken", &"x".repeat(300)] {
            let foreign = ForeignUid::parse(uid).unwrap();
            assert_eq!((foreign.as_str(), foreign.own()), (uid, None));
        }
        assert!(["", "a\nb", &"x".repeat(301)].iter().all(|uid| ForeignUid::parse(uid).is_err()));
        let own = MerchantUid::parse("order_1").unwrap();
        assert_eq!(ForeignUid::from(&own).own(), Some(own));
    }

    #[test]
    fn a_card_number_is_not_an_order_number() {
        let refused = MerchantUid::parse("4242-4242-4242-4242").map_err(|e| e.code);
        assert_eq!(refused, Err("sensitive_data_in_field".to_owned()));
    }
}
