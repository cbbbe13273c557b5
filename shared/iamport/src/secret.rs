//! Card data and credentials as types that cannot be printed, compared by strangers, or serialised.
//!
//! [`Expose`] is the only way to the text, and only `wire.rs` uses it (`tests/it/secrecy.rs` greps for that).

use std::fmt;

use zeroize::Zeroizing;

use crate::ids::{InvalidInput, check_text};

/// Access to the text of a secret. Private to the crate on purpose.
pub(crate) trait Expose {
    fn expose(&self) -> &str;
}

macro_rules! secret {
    ($(#[$doc:meta])* $visibility:vis $name:ident) => {
        $(#[$doc])*
        ///
        /// `Debug` prints the name of the type. There is no `Display` and no `Serialize`; the memory is wiped on drop.
        #[derive(Clone)]
        $visibility struct $name(Zeroizing<String>);

        impl Expose for $name {
            fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(stringify!($name))
            }
        }
    };
}

secret! {
    /// A whole card number, 13 to 19 digits. Sent as `dddd-dddd-dddd-dddd` if it has 16 digits, else bare.
    ///
    /// ```compile_fail
    /// fn print(card: iamport::CardNumber) -> String { card.to_string() }
    /// ```
    /// ```compile_fail
    /// fn dump(card: iamport::CardNumber) -> String { serde_json::to_string(&card).unwrap_or_default() }
    /// ```
    /// ```compile_fail
    /// fn read(card: &iamport::CardNumber) -> &str { card.expose() }
    /// ```
    pub CardNumber
}
secret! {
    /// The verification code on the card, 3 or 4 digits. Only Paymentwall takes it.
    pub Cvc
}
secret! {
    /// The holder's birth date `YYMMDD`, or the 10-digit business number of a corporate card.
    pub Birth
}
secret! {
    /// The first two digits of the card's password.
    pub Pwd2
}
secret! {
    /// The REST API secret of the merchant.
    pub ImpSecret
}
secret! {
    /// The REST API key of the merchant: the secret's other half, so treated alike.
    pub ImpKey
}
secret! {
    /// The merchant's own API key at KG Inicis, from Inicis' console. It is not a key of Iamport's.
    pub PgApiKey
}
secret! {
    /// The password of a customer's Benepia account.
    pub BenepiaPassword
}
secret! {
    /// The password of an escrow deposit, which the buyer chooses.
    pub EscrowPassword
}
secret! {
    /// The code that a person was sent for an identity check.
    pub Otp
}
secret! {
    /// The random text with which a KCP QuickPay transaction proves who registered it.
    pub CodeVerifier
}
secret! {
    /// A token from `POST /users/getToken`.
    pub(crate) AccessToken
}

fn only_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

impl CardNumber {
    /// Takes a card number with or without single spaces or dashes between its digits. Luhn's check digit is the
    /// caller's affair, as issuers of test cards do not always keep it.
    ///
    /// # Errors
    /// [`InvalidInput`] unless the text is 13 to 19 ASCII digits with single separators.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        let invalid = || InvalidInput::new("card_number", "must be 13 to 19 digits");
        // Full capacity at once: a growing string would leave copies behind that nobody wipes.
        let mut digits = Zeroizing::new(String::with_capacity(text.len()));
        let mut after_digit = false;
        for character in text.chars() {
            if character.is_ascii_digit() {
                digits.push(character);
                after_digit = true;
            } else if after_digit && (character == '-' || character == ' ') {
                after_digit = false;
            } else {
                return Err(invalid());
            }
        }
        if after_digit && (13..=19).contains(&digits.len()) { Ok(Self(digits)) } else { Err(invalid()) }
    }
}

impl Cvc {
    /// Takes 3 or 4 digits.
    ///
    /// # Errors
    /// [`InvalidInput`] for anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        if (3..=4).contains(&text.len()) && only_digits(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidInput::new("cvc", "must be 3 or 4 digits"))
        }
    }
}

impl Birth {
    /// Takes 6 digits (a person) or 10 digits (a company). Whether the date exists is the caller's affair.
    ///
    /// # Errors
    /// [`InvalidInput`] for anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        if (text.len() == 6 || text.len() == 10) && only_digits(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidInput::new("birth", "must be 6 or 10 digits"))
        }
    }
}

impl Pwd2 {
    /// Takes 2 digits.
    ///
    /// # Errors
    /// [`InvalidInput`] for anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        if text.len() == 2 && only_digits(&text) {
            Ok(Self(text))
        } else {
            Err(InvalidInput::new("pwd_2digit", "must be 2 digits"))
        }
    }
}

/// A constructor for secrets that have no form to check.
macro_rules! as_given {
    ($($(#[$doc:meta])* $name:ident),+ $(,)?) => {
        $(impl $name {
            $(#[$doc])*
            #[must_use]
            pub fn new(text: impl Into<String>) -> Self {
                Self(Zeroizing::new(text.into()))
            }
        })+
    };
}

as_given! {
    /// Takes the REST API secret as the console shows it.
    ImpSecret,
    /// Takes the REST API key as the console shows it.
    ImpKey,
    /// Takes the key as Inicis' console shows it.
    PgApiKey,
    /// Takes the password as the customer gave it.
    BenepiaPassword,
    /// Takes the password as the buyer gave it.
    EscrowPassword,
    /// Takes the code as the person typed it.
    Otp,
}

impl CodeVerifier {
    /// Takes 1 to 200 characters.
    ///
    /// # Errors
    /// [`InvalidInput`] for anything else.
    pub fn new(text: impl Into<String>) -> Result<Self, InvalidInput> {
        let text = Zeroizing::new(text.into());
        check_text("code_verifier", &text, 200)?;
        Ok(Self(text))
    }
}

impl AccessToken {
    /// `None` if the text cannot be a token: empty, longer than a header should be, or not visible ASCII.
    pub(crate) fn new(text: Zeroizing<String>) -> Option<Self> {
        let plausible = !text.is_empty() && text.len() <= 4096 && text.bytes().all(|byte| byte.is_ascii_graphic());
        plausible.then_some(Self(text))
    }
}

/// What `POST /users/getToken` wants.
#[derive(Debug, Clone)]
pub struct Credentials {
    pub(crate) imp_key: ImpKey,
    pub(crate) imp_secret: ImpSecret,
}

impl Credentials {
    /// The key and the secret of the merchant's console.
    #[must_use]
    pub const fn new(imp_key: ImpKey, imp_secret: ImpSecret) -> Self {
        Self { imp_key, imp_secret }
    }

    /// Whether both halves are the same as another's: decides if asking for a token again is worth a call.
    pub(crate) fn same_as(&self, other: &Self) -> bool {
        *self.imp_key.0 == *other.imp_key.0 && *self.imp_secret.0 == *other.imp_secret.0
    }
}

/// The month in which a card expires. Emitted as `YYYY-MM`, the API's only spelling. `Debug` prints the type's name.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Expiry {
    year: u16,
    month: u8,
}

impl Expiry {
    /// Reads `YYYY-MM`, `YYYYMM` or `MM/YY` (of this century).
    ///
    /// ```
    /// # use iamport::Expiry;
    /// assert_eq!(Expiry::new("202712")?, Expiry::new("2027-12")?);
    /// assert_eq!(Expiry::new("12/27")?, Expiry::new("2027-12")?);
    /// assert!(Expiry::new("2027-13").is_err());
    /// # Ok::<(), iamport::InvalidInput>(())
    /// ```
    ///
    /// # Errors
    /// [`InvalidInput`] for any other spelling, a month outside 1 to 12, or a year outside 2000 to 2099.
    pub fn new(text: &str) -> Result<Self, InvalidInput> {
        Self::parse(text).ok_or(InvalidInput::new("expiry", "must be YYYY-MM, YYYYMM or MM/YY"))
    }

    fn parse(text: &str) -> Option<Self> {
        let digits = |part: &str, len: usize| -> Option<u16> {
            if part.len() == len && only_digits(part) { part.parse().ok() } else { None }
        };
        let (year, month) = if let Some((month, year)) = text.split_once('/') {
            (digits(year, 2)?.checked_add(2000)?, digits(month, 2)?)
        } else if let Some((year, month)) = text.split_once('-') {
            (digits(year, 4)?, digits(month, 2)?)
        } else {
            (digits(text.get(..4)?, 4)?, digits(text.get(4..)?, 2)?)
        };
        let month = u8::try_from(month).ok().filter(|month| (1..=12).contains(month))?;
        (2000..=2099).contains(&year).then_some(Self { year, month })
    }

    /// The year, 2000 to 2099.
    #[must_use]
    pub const fn year(self) -> u16 {
        self.year
    }

    /// The month, 1 to 12; the card is good until its last day.
    #[must_use]
    pub const fn month(self) -> u8 {
        self.month
    }
}

impl fmt::Debug for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Expiry")
    }
}

#[cfg(test)]
mod tests {
    use super::{Birth, CardNumber, Cvc, Expiry, Expose, Pwd2};

    #[test]
    fn card_numbers_are_normalised_or_refused() {
        for good in ["4242424242424242", "4242-4242-4242-4242", "4242 4242 4242 4242"] {
            assert_eq!(CardNumber::new(good).unwrap().expose(), "4242424242424242");
        }
        for good in ["3782-822463-10005", "3056 930902 5904", "4000000000006"] {
            assert!(CardNumber::new(good).is_ok(), "{good}");
        }
        for bad in [
            "",
            "424242424242",
            "42424242424242424242",
            "4242--4242-4242-4242",
            " 4242424242424242",
            "4242424242424242 ",
            "-4242424242424242",
            "424242424242424x",
            "４２４２424242424242",
            "٤٢٤٢٤٢٤٢٤٢٤٢٤٢٤٢",
        ] {
            assert!(CardNumber::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn expiry_takes_three_spellings() {
        for good in ["202712", "2027-12", "12/27"] {
            let expiry = Expiry::new(good).unwrap();
            assert_eq!((expiry.year(), expiry.month()), (2027, 12));
        }
        for bad in [
            "", "2025-13", "2025-00", "25-01", "2027-1", "1/27", "2027/12", "20271", "2027121", "202 12", "1999-12",
            "가가",
        ] {
            assert!(Expiry::new(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn small_card_fields_are_digits_only() {
        assert!(Cvc::new("123").is_ok() && Cvc::new("1234").is_ok());
        assert!(Cvc::new("12").is_err() && Cvc::new("12a").is_err() && Cvc::new("12345").is_err());
        assert!(Birth::new("880101").is_ok() && Birth::new("1234567890").is_ok());
        assert!(Birth::new("88010").is_err() && Birth::new("8801011").is_err() && Birth::new("88010a").is_err());
        assert!(Pwd2::new("12").is_ok());
        assert!(Pwd2::new("1").is_err() && Pwd2::new("123").is_err() && Pwd2::new("ab").is_err());
        assert!(Pwd2::new("１２").is_err());
    }
}
