//! Identifiers that travel in paths and bodies, checked once when they are made.

use std::fmt;

use crate::error::{Error, NotSentReason};

/// A value that the caller gave and that Iamport could not take. Holds the field and the rule, never the value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct InvalidInput {
    /// Iamport's name of the field.
    pub field: &'static str,
    /// The rule that the value breaks.
    pub rule: &'static str,
}

impl InvalidInput {
    pub(crate) const fn new(field: &'static str, rule: &'static str) -> Self {
        Self { field, rule }
    }

    /// The failure of a call that was not sent because of it.
    pub(crate) fn not_sent(self) -> Error {
        Error::NotSent { reason: NotSentReason::Request, source: Some(self.into()) }
    }
}

/// Text with `1..=max` characters that can stand as one path segment.
fn check_segment(text: &str, max: usize) -> Result<(), &'static str> {
    if text.is_empty() {
        return Err("must not be empty");
    }
    if text.chars().count() > max {
        return Err("is too long");
    }
    if text.chars().any(char::is_control) {
        return Err("must not contain control characters");
    }
    // Percent-encoding does not help here: URL parsers resolve `%2e%2e` exactly like `..`.
    if text == "." || text == ".." {
        return Err("must not be a relative path segment");
    }
    Ok(())
}

/// Latest time taken: the year 2286. A larger number is milliseconds, the mistake that puts a time into the year 50,000.
const SECONDS_MAX: i64 = 9_999_999_999;

/// [`InvalidInput`] unless `seconds` can be UNIX seconds.
pub(crate) fn check_seconds(field: &'static str, seconds: i64) -> Result<(), InvalidInput> {
    if (1..=SECONDS_MAX).contains(&seconds) { Ok(()) } else { Err(InvalidInput::new(field, "must be UNIX seconds")) }
}

/// [`InvalidInput`] unless `text` has `1..=max` characters and none of them is a control character.
pub(crate) fn check_text(field: &'static str, text: &str, max: usize) -> Result<(), InvalidInput> {
    let rule = if text.is_empty() {
        "must not be empty"
    } else if text.chars().count() > max {
        "is too long"
    } else if text.chars().any(char::is_control) {
        "must not contain control characters"
    } else {
        return Ok(());
    };
    Err(InvalidInput::new(field, rule))
}

macro_rules! identifier {
    ($(#[$doc:meta])* $name:ident, $field:literal, $check:expr) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(String);

        impl $name {
            #[doc = concat!("Checks and takes a `", $field, "`.")]
            ///
            /// # Errors
            /// [`InvalidInput`] if the text breaks the rule of the type.
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
                let text = text.into();
                let check: fn(&str) -> Result<(), &'static str> = $check;
                match check(&text) {
                    Ok(()) => Ok(Self(text)),
                    Err(rule) => Err(InvalidInput::new($field, rule)),
                }
            }

            /// The identifier as text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.debug_tuple(stringify!($name)).field(&self.0).finish()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl AsRef<str> for $name {
            fn as_ref(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = InvalidInput;

            fn from_str(text: &str) -> Result<Self, InvalidInput> {
                Self::new(text)
            }
        }
    };
}

identifier! {
    /// Iamport's number of one payment (`imp_…`, or `imps_…` for a scheduled one): `[A-Za-z0-9_-]`, 1 to 64.
    ImpUid, "imp_uid", |text| {
        check_segment(text, 64)?;
        if text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-') {
            Ok(())
        } else {
            Err("may contain only letters, digits, '_' and '-'")
        }
    }
}

identifier! {
    /// The merchant's number of one payment attempt, 1 to 40 characters. A number that was once paid cannot be paid
    /// again, which makes it the only protection against a double charge that Iamport has: store it before the call,
    /// and never make a new one for a retry whose outcome is not known. `smartro_v2` takes letters and digits only.
    ///
    /// ```
    /// use iamport::MerchantUid;
    ///
    /// let merchant_uid = MerchantUid::new("order_monthly_0001")?;
    /// assert_eq!(merchant_uid.as_str(), "order_monthly_0001");
    /// assert!(MerchantUid::new("..").is_err(), "it would leave its place in the path");
    /// # Ok::<(), iamport::InvalidInput>(())
    /// ```
    MerchantUid, "merchant_uid", |text| check_segment(text, 40)
}

identifier! {
    /// A `merchant_uid` of any spelling, as a list of Iamport's may have it: another system on the same account has its own
    /// rules. 1 to 300 characters without control characters. It goes into bodies only, as one JSON string, never into a
    /// path; every [`MerchantUid`] is one.
    ///
    /// ```
    /// use iamport::{AnyMerchantUid, MerchantUid};
    ///
    /// let own: AnyMerchantUid = MerchantUid::new("order_monthly_0001")?.into();
    /// let listed = AnyMerchantUid::new("wc/renewal #11")?;
    /// # Ok::<(), iamport::InvalidInput>(())
    /// ```
    AnyMerchantUid, "merchant_uid", |text| {
        let rule = check_text("merchant_uid", text, 300);
        rule.map_err(|invalid| invalid.rule)
    }
}

impl From<MerchantUid> for AnyMerchantUid {
    fn from(uid: MerchantUid) -> Self {
        Self(uid.0)
    }
}

identifier! {
    /// The merchant's name of one billing key (one card), 1 to 80 characters. Issuing again under the same name
    /// silently points it at the newer card, so make one per card.
    CustomerUid, "customer_uid", |text| check_segment(text, 80)
}

identifier! {
    /// NAVER Pay's number of one product order, 1 to 64 characters.
    ProductOrderId, "product_order_id", |text| check_segment(text, 64)
}

identifier! {
    /// A customer's id at KCP QuickPay, 1 to 80 characters. A payment with prepaid money takes 16 at most.
    MemberId, "member_id", |text| check_segment(text, 80)
}

identifier! {
    /// The code of a sub-merchant: three capital letters or digits.
    TierCode, "tier_code", |text| {
        let allowed = |byte: u8| byte.is_ascii_uppercase() || byte.is_ascii_digit();
        if text.len() == 3 && text.bytes().all(allowed) { Ok(()) } else { Err("must be three capital letters or digits") }
    }
}

identifier! {
    /// The standard code of a bank or a card company, 1 to 8 letters or digits, e.g. `004`.
    StandardCode, "standard_code", |text| {
        let length = (1..=8).contains(&text.len());
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if length && plain { Ok(()) } else { Err("must be 1 to 8 letters or digits") }
    }
}

/// A list with at least one element. Iamport reads a missing list in [`Unschedule`](crate::Unschedule) as "all".
///
/// ```
/// use iamport::NonEmpty;
///
/// let mut list = NonEmpty::new("first");
/// list.push("second");
/// assert_eq!(list.count(), 2);
/// assert!(NonEmpty::<&str>::try_from(vec![]).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NonEmpty<T> {
    first: T,
    rest: Vec<T>,
}

impl<T> NonEmpty<T> {
    /// A list of one.
    pub const fn new(first: T) -> Self {
        Self { first, rest: Vec::new() }
    }

    /// Adds an element at the end.
    pub fn push(&mut self, element: T) {
        self.rest.push(element);
    }

    /// How many elements there are; at least one.
    pub fn count(&self) -> usize {
        self.rest.len().saturating_add(1)
    }

    /// The elements in order.
    pub fn iter(&self) -> impl Iterator<Item = &T> {
        std::iter::once(&self.first).chain(self.rest.iter())
    }
}

impl<T> TryFrom<Vec<T>> for NonEmpty<T> {
    type Error = InvalidInput;

    fn try_from(list: Vec<T>) -> Result<Self, InvalidInput> {
        let mut elements = list.into_iter();
        match elements.next() {
            Some(first) => Ok(Self { first, rest: elements.collect() }),
            None => Err(InvalidInput::new("list", "must not be empty")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{AnyMerchantUid, CustomerUid, ImpUid, MemberId, MerchantUid, NonEmpty, ProductOrderId, check_seconds};

    #[test]
    fn identifiers_that_could_change_a_path_are_refused() {
        for bad in ["", ".", "..", "a\r\nb", "a\0b", "\u{85}", &"x".repeat(41)] {
            assert!(MerchantUid::new(bad).is_err(), "{bad:?}");
        }
        for bad in ["", "../users/getToken", "a/b", "%2e%2e", "a?x=", "a#b", "a b", "가", &"x".repeat(65)] {
            assert!(ImpUid::new(bad).is_err(), "{bad:?}");
        }
        assert!(CustomerUid::new("길동_0001_1234").is_ok());
        assert!(MerchantUid::new("가".repeat(40)).is_ok(), "the limit is of characters, not bytes");
    }

    #[test]
    fn the_other_identifiers_keep_their_rules_too() {
        for bad in ["", ".", "..", "a\r\nb"] {
            assert!(ProductOrderId::new(bad).is_err() && MemberId::new(bad).is_err(), "{bad:?}");
        }
        assert!(ProductOrderId::new("1".repeat(64)).is_ok() && ProductOrderId::new("1".repeat(65)).is_err());
        assert!(MemberId::new("m".repeat(80)).is_ok() && MemberId::new("m".repeat(81)).is_err());
    }

    #[test]
    fn a_time_is_in_seconds() {
        for good in [1, 1_800_000_000, 9_999_999_999] {
            assert!(check_seconds("at", good).is_ok(), "{good}");
        }
        for bad in [i64::MIN, -1, 0, 10_000_000_000, i64::MAX] {
            assert!(check_seconds("at", bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn an_order_number_of_somebody_else_is_taken_as_it_is() {
        for told in ["wc-renewal:11", "..", "a/b", "주문 #1", &"x".repeat(300)] {
            assert_eq!(AnyMerchantUid::new(told).unwrap().as_str(), told);
        }
        for bad in ["", "a\r\nb", &"x".repeat(301)] {
            assert!(AnyMerchantUid::new(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn the_rejected_value_is_not_in_the_error() {
        let error = ImpUid::new("4242424242424242!").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("4242"));
    }

    #[test]
    fn an_empty_list_cannot_be_made() {
        assert!(NonEmpty::<u8>::try_from(Vec::new()).is_err());
        let mut list = NonEmpty::try_from(vec![1, 2]).unwrap();
        list.push(3);
        assert_eq!((list.count(), list.iter().copied().collect::<Vec<_>>()), (3, vec![1, 2, 3]));
    }
}
