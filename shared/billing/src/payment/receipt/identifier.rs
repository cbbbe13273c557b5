//! Whom a receipt names: a telephone number, a business number, or a card of the tax office. Personal data: it is never printed.

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;
use crate::scrub::holds_card_number;

/// Digits that a mask shows at the end.
const SHOWN: usize = 4;

/// The number that the tax office has receipts issued to that nobody asked for
/// (`assets/docs/help/faq/payment-faq/cash-receipt-guide.md`, 2025-09; the National Tax Service's guide; read 2026-11-30).
const NOBODYS: &str = "0100001234";

/// Weights of a business number's check digit, as the tax office publishes them.
const BUSINESS_WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];

/// What a receipt is good for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ReceiptPurpose {
    /// A person's deduction from income.
    Person,
    /// A company's proof of expense.
    Company,
}

impl ReceiptPurpose {
    /// Reads Iamport's word.
    ///
    /// # Errors
    /// `type_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "person" => Ok(Self::Person),
            "company" => Ok(Self::Company),
            _ => Err(Invalid::field("type", "person or company")),
        }
    }

    /// Iamport's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Person => "person",
            Self::Company => "company",
        }
    }
}

/// What an identifier is. Iamport takes resident numbers, too; the law permits to ask for one only where a statute does (Personal
/// Information Protection Act, art. 24-2), and a telephone number does the same, so there is none here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum IdentifierType {
    /// A mobile telephone's number.
    Phone,
    /// A business number.
    Business,
    /// A card of the tax office.
    Taxcard,
}

impl IdentifierType {
    /// Reads Iamport's word.
    ///
    /// # Errors
    /// `identifier_type_invalid`.
    pub fn parse(text: &str) -> Result<Self, Invalid> {
        match text {
            "phone" => Ok(Self::Phone),
            "business" => Ok(Self::Business),
            "taxcard" => Ok(Self::Taxcard),
            _ => Err(Invalid::field("identifier_type", "phone, business or taxcard")),
        }
    }

    /// Iamport's word for it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Business => "business",
            Self::Taxcard => "taxcard",
        }
    }
}

/// The number itself, digits only. It cannot be printed; a row keeps it, and a request carries it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Identifier(String);

impl std::fmt::Debug for Identifier {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Identifier")
    }
}

impl Identifier {
    /// Reads a number of this kind. Hyphens and spaces may stand in it.
    ///
    /// # Errors
    /// `identifier_invalid`, without the value; `sensitive_data_in_field` for a payment card's number.
    pub fn parse(text: &str, kind: IdentifierType) -> Result<Self, Invalid> {
        if holds_card_number(text) {
            return Err(Invalid::new(
                "identifier",
                "sensitive_data_in_field",
                "no number of a payment card belongs here",
            ));
        }
        let digits: String = text.chars().filter(|c| !matches!(c, '-' | ' ')).collect();
        let numbered = digits.bytes().all(|byte| byte.is_ascii_digit());
        let (fits, expected) = match kind {
            IdentifierType::Phone => (is_mobile(&digits), "a Korean mobile telephone's number, such as 010-4242-4242"),
            IdentifierType::Business => (is_business(&digits), "a business number: ten digits, the last a check digit"),
            // The tax office's own cards have eighteen digits, and gateways take other cards of its (welfare, members') too.
            IdentifierType::Taxcard => ((13..=19).contains(&digits.len()), "a tax office's card: 13 to 19 digits"),
        };
        if numbered && fits { Ok(Self(digits)) } else { Err(Invalid::field("identifier", expected)) }
    }

    /// The number that stands for nobody.
    #[must_use]
    pub fn nobodys() -> Self {
        Self(NOBODYS.to_owned())
    }

    /// The digits, to be sent.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// A text of somebody else's that may repeat the number: all but its last four digits hidden, however it is written there.
    #[must_use]
    pub fn hidden_in(&self, text: &str) -> String {
        let (mut clean, mut rest) = (String::with_capacity(text.len()), text.chars());
        loop {
            if let Some(after) = self.written_first_in(rest.as_str()) {
                clean.push_str(&self.masked());
                rest = after.chars();
            } else if let Some(character) = rest.next() {
                clean.push(character);
            } else {
                return clean;
            }
        }
    }

    /// What follows on the number in a text that begins with it.
    fn written_first_in<'a>(&self, text: &'a str) -> Option<&'a str> {
        let mut rest = text;
        for (place, digit) in self.0.chars().enumerate() {
            let grouped = if place > 0 { rest.trim_start_matches(['-', ' ', '.']) } else { rest };
            rest = grouped.strip_prefix(digit)?;
        }
        Some(rest)
    }

    /// All but the last four digits hidden.
    #[must_use]
    pub fn masked(&self) -> String {
        let hidden = self.0.len().saturating_sub(SHOWN);
        self.0.chars().enumerate().map(|(place, digit)| if place < hidden { '*' } else { digit }).collect()
    }
}

fn is_mobile(digits: &str) -> bool {
    let prefix = digits.strip_prefix("01").and_then(|rest| rest.chars().next());
    matches!(prefix, Some('0' | '1' | '6' | '7' | '8' | '9')) && matches!(digits.len(), 10 | 11)
}

fn is_business(text: &str) -> bool {
    let digits: Vec<u32> = text.chars().filter_map(|c| c.to_digit(10)).collect();
    let [body @ .., eighth, check] = digits.as_slice() else { return false };
    if digits.len() != BUSINESS_WEIGHTS.len() + 1 || text.len() != digits.len() {
        return false;
    }
    let sum: u32 = body.iter().chain([eighth]).zip(BUSINESS_WEIGHTS).map(|(digit, weight)| digit * weight).sum();
    // The last weighted digit counts with its tens, too.
    let sum = sum + (eighth * 5) / 10;
    (10 - sum % 10) % 10 == *check
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_of_its_kind_or_refused_without_being_repeated() {
        use IdentifierType::{Business, Phone, Taxcard};
        for (kind, text, kept) in [
            (Phone, "010-4242-4242", Some("01042424242")),
            (Phone, "0100001234", Some("0100001234")),
            (Phone, "011 424 4242", Some("0114244242")),
            (Phone, "02-424-4242", None),
            (Phone, "0104242", None),
            (Phone, "010424242421", None),
            (Phone, "+82-10-4242-4242", None),
            // The business numbers of the documentation and of two well-known companies.
            (Business, "117-81-78260", Some("1178178260")),
            (Business, "124-81-00998", Some("1248100998")),
            (Business, "220-81-62517", Some("2208162517")),
            (Business, "220-81-62518", None),
            (Business, "22081625170", None),
            (Taxcard, "154420200000012345", Some("154420200000012345")),
            (Taxcard, "123456789012", None),
            // A resident number is none of these.
            (Phone, "901010-2012345", None),
            (Business, "9010102012345", None),
        ] {
            let read = Identifier::parse(text, kind);
            assert_eq!(read.as_ref().ok().map(Identifier::expose), kept, "{text}");
            if let Err(refused) = read {
                let digits: String = text.chars().filter(char::is_ascii_digit).collect();
                assert_eq!(refused.code, "identifier_invalid");
                assert!(!format!("{refused:?}").contains(&digits));
            }
        }
        let refused = Identifier::parse("4242-4242-4242-4242", Taxcard).unwrap_err();
        assert_eq!(refused.code, "sensitive_data_in_field");
    }

    #[test]
    fn a_number_prints_nothing_and_is_shown_by_its_last_four() {
        let number = Identifier::parse("010-4242-1234", IdentifierType::Phone).unwrap();
        assert_eq!((number.masked().as_str(), format!("{number:?}").as_str()), ("*******1234", "Identifier"));
    }
}
