//! What is typed on a card form. These values pass through memory once, on their way to the PSP: they cannot be
//! printed, serialised or stored, and are overwritten when dropped.

use std::fmt;

use zeroize::Zeroizing;

use crate::invalid::Invalid;
use crate::scrub::luhn;
use crate::time::Timestamp;

/// A card is refused when it claims to expire further ahead than this: no issuer prints such a card.
const EXPIRY_YEARS_AHEAD_MAX: i16 = 20;

macro_rules! secret_text {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone)]
        pub struct $name(Zeroizing<String>);

        impl $name {
            /// The value itself. Only the PSP gateway and the keyed fingerprint may ask for it.
            #[must_use]
            pub fn expose(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str(stringify!($name))
            }
        }
    };
}

secret_text!(
    /// A card number: 13–19 digits that pass the Luhn check, without separators.
    CardNumber
);
secret_text!(
    /// `YYMMDD` of the holder, or the ten digits of a company's business registration number.
    Birth
);
secret_text!(
    /// First two digits of the card's PIN, as Korean issuers ask for them.
    Pwd2Digit
);
secret_text!(
    /// The printed verification code, three or four digits.
    Cvc
);

impl CardNumber {
    /// Reads `dddd-dddd-dddd-dddd`, the same with single spaces, or digits alone.
    ///
    /// # Errors
    /// `card_number_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let refused = || Invalid::field("card_number", "13 to 19 digits, optionally in groups joined by - or a space");
        let separator = text.chars().find(|character| !character.is_ascii_digit());
        let grouped = match separator {
            None => true,
            Some(mark @ ('-' | ' ')) => {
                text.split(mark).all(|group| group.len() >= 2 && group.bytes().all(|b| b.is_ascii_digit()))
            }
            Some(_) => false,
        };
        let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
        if !grouped || !(13..=19).contains(&digits.len()) || !luhn(&digits) || !has_an_issuer(&digits) {
            return Err(refused());
        }
        Ok(Self(Zeroizing::new(text.chars().filter(char::is_ascii_digit).collect())))
    }
}

impl Birth {
    /// Reads six digits of a date that exists in this century or the last, or a business number whose check digit holds.
    ///
    /// # Errors
    /// `birth_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        let digits: Option<Vec<u8>> = text.bytes().map(|b| b.is_ascii_digit().then(|| b - b'0')).collect();
        let known = digits.is_some_and(|digits| match digits.len() {
            6 => date_exists(text),
            10 => business_number(&digits),
            _ => false,
        });
        if known {
            Ok(Self(Zeroizing::new(text.to_owned())))
        } else {
            Err(Invalid::field("birth", "YYMMDD, or a business registration number of ten digits"))
        }
    }
}

impl Pwd2Digit {
    /// Reads exactly two ASCII digits.
    ///
    /// # Errors
    /// `pwd_2digit_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        exact_digits(text, 2..=2)
            .map(Self)
            .ok_or_else(|| Invalid::field("pwd_2digit", "exactly two digits, as a string"))
    }
}

impl Cvc {
    /// Reads three or four ASCII digits.
    ///
    /// # Errors
    /// `cvc_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        exact_digits(text, 3..=4).map(Self).ok_or_else(|| Invalid::field("cvc", "three or four digits, as a string"))
    }
}

/// Whether anybody may have issued a number. Refused is only what is certain to be nobody's: a first digit 0, which is for
/// ISO/TC 68's own assignments and no payment card's (ISO/IEC 7812-1:2017, major industry identifiers), and one digit
/// throughout. Which other ranges are in use changes from year to year, and Korean cards for use at home begin with 9.
fn has_an_issuer(digits: &[u8]) -> bool {
    let Some((first, rest)) = digits.split_first() else { return false };
    *first != 0 && rest.iter().any(|digit| digit != first)
}

fn exact_digits(text: &str, length: std::ops::RangeInclusive<usize>) -> Option<Zeroizing<String>> {
    (length.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| Zeroizing::new(text.to_owned()))
}

/// Six digits. Which century they mean makes no difference: of 1900 and 2000 only one has a 29 February, and it is the one taken.
fn date_exists(text: &str) -> bool {
    jiff::civil::Date::strptime("%y%m%d", text).is_ok()
}

/// The check digit of a Korean business registration number (weights 1 3 7 1 3 7 1 3 5; the ninth counts its tens too).
fn business_number(digits: &[u8]) -> bool {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let weighted: u32 = digits.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let ninth = digits.get(8).map_or(0, |digit| u32::from(*digit) * 5 / 10);
    digits.get(9).is_some_and(|check| (10 - (weighted + ninth) % 10) % 10 == u32::from(*check))
}

/// Month and year printed on a card.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    year: i16,
    month: i8,
}

impl fmt::Debug for Expiry {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Expiry")
    }
}

impl Expiry {
    /// Reads `YYYY-MM`, or the seed's `YYYYMM`. `now` decides in Korean time: a card is good through its last month.
    ///
    /// # Errors
    /// `expiry_invalid`; `card_expired` when the month is over.
    pub fn parse(text: &str, now: Timestamp) -> Result<Self, Invalid> {
        let refused = || Invalid::field("expiry", "YYYY-MM or YYYYMM");
        let (year, month) = match text.len() {
            7 => text.split_once('-').ok_or_else(refused)?,
            6 => text.split_at_checked(4).ok_or_else(refused)?,
            _ => return Err(refused()),
        };
        let all_digits = |part: &str, length| part.len() == length && part.bytes().all(|b| b.is_ascii_digit());
        if !all_digits(year, 4) || !all_digits(month, 2) {
            return Err(refused());
        }
        let (year, month): (i16, i8) = year.parse().ok().zip(month.parse().ok()).ok_or_else(refused)?;
        let today = now.kst_year_month().ok_or_else(refused)?;
        if !(1..=12).contains(&month) || year > today.0 + EXPIRY_YEARS_AHEAD_MAX {
            return Err(refused());
        }
        if (year, month) < today {
            return Err(Invalid::new("expiry", "card_expired", "the card's last month is over"));
        }
        Ok(Self { year, month })
    }

    /// `YYYY-MM`, the one spelling the PSP takes.
    #[must_use]
    pub fn expose(self) -> String {
        format!("{:04}-{:02}", self.year, self.month)
    }
}

/// A whole card form.
#[derive(Debug, Clone)]
pub struct Card {
    /// The number on the front.
    pub number: CardNumber,
    /// Month and year of expiry.
    pub expiry: Expiry,
    /// Date of birth or business number; most PG contracts ask for it.
    pub birth: Option<Birth>,
    /// First two digits of the PIN; most PG contracts ask for it.
    pub pwd_2digit: Option<Pwd2Digit>,
    /// Verification code; only some PGs take it (see [`crate::Policy::cvc_accepted`]).
    pub cvc: Option<Cvc>,
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-11-24T00:00:00Z.
    const NOW: Timestamp = Timestamp(1_795_478_400);

    fn code<T>(result: Result<T, Invalid>) -> String {
        result.err().map_or_else(|| "accepted".to_owned(), |invalid| invalid.code)
    }

    #[test]
    fn card_numbers_in_every_usual_form_are_accepted() {
        for text in
            ["4242-4242-4242-4242", "4242 4242 4242 4242", "4242424242424242", "3782-822463-10005", "30569309025904"]
        {
            assert_eq!(code(CardNumber::parse(text)), "accepted", "{text}");
        }
        assert_eq!(CardNumber::parse("4242-4242-4242-4242").unwrap().expose(), "4242424242424242");
    }

    #[test]
    fn numbers_that_no_issuer_can_have_are_refused() {
        for text in ["0000000000000000", "0000-0000-0000-0000", "0000000000000", "0424242424242424", "8888888888888888"]
        {
            let digits: Vec<u8> = text.bytes().filter(u8::is_ascii_digit).map(|byte| byte - b'0').collect();
            assert!(luhn(&digits), "{text} would pass otherwise");
            assert_eq!(code(CardNumber::parse(text)), "card_number_invalid", "{text}");
        }
        // A Korean card for use at home.
        assert_eq!(code(CardNumber::parse("9410850000000003")), "accepted");
    }

    #[test]
    fn damaged_card_numbers_are_refused() {
        for text in [
            "",
            "abcd",
            "424242424242",
            "42424242424242424242",
            "4242424242424241",
            "４２４２424242424242",
            "1234--5678",
            " 4242424242424242",
            "4242424242424242 ",
            "4242-4242 4242-4242",
            "4242_4242_4242_4242",
            "٤٢٤٢424242424242",
        ] {
            assert_eq!(code(CardNumber::parse(text)), "card_number_invalid", "{text}");
        }
    }

    #[test]
    fn expiry_takes_both_spellings_of_the_seed() {
        for text in ["2027-12", "202712", "2026-11", "2046-12"] {
            assert_eq!(code(Expiry::parse(text, NOW)), "accepted", "{text}");
        }
        let expiry = Expiry::parse("202712", NOW).unwrap();
        assert_eq!((expiry.expose().as_str(), format!("{expiry:?}").as_str()), ("2027-12", "Expiry"));
    }

    #[test]
    fn expiry_that_cannot_be_is_refused() {
        for text in ["2027-13", "2027-00", "27-01", "01/27", "2027-1", "2047-01", "20271 ", "２０２７12", "+02712"]
        {
            assert_eq!(code(Expiry::parse(text, NOW)), "expiry_invalid", "{text}");
        }
        assert_eq!(code(Expiry::parse("2026-10", NOW)), "card_expired");
    }

    #[test]
    fn birth_is_a_date_or_a_business_number() {
        for text in ["900101", "000229", "1208147521", "2208162517"] {
            assert_eq!(code(Birth::parse(text)), "accepted", "{text}");
        }
        for text in
            ["90010", "9001011", "991332", "000230", "010229", "120814752", "12081475211", "1208147522", "９00101"]
        {
            assert_eq!(code(Birth::parse(text)), "birth_invalid", "{text}");
        }
    }

    #[test]
    fn short_codes_are_exact() {
        assert_eq!(code(Pwd2Digit::parse("12")), "accepted");
        for text in ["1", "123", "ab", "１２"] {
            assert_eq!(code(Pwd2Digit::parse(text)), "pwd_2digit_invalid", "{text}");
        }
        for text in ["12", "12345", "12a"] {
            assert_eq!(code(Cvc::parse(text)), "cvc_invalid", "{text}");
        }
    }

    #[test]
    fn nothing_of_a_card_can_be_printed() {
        let card = Card {
            number: CardNumber::parse("4242424242424242").unwrap(),
            expiry: Expiry::parse("2027-12", NOW).unwrap(),
            birth: Birth::parse("900101").ok(),
            pwd_2digit: Pwd2Digit::parse("98").ok(),
            cvc: Cvc::parse("735").ok(),
        };
        let printed = format!("{card:?} {card:#?}");
        for canary in ["4242", "2027", "900101", "98", "735"] {
            assert!(!printed.contains(canary), "{printed}");
        }
    }
}
