//! Test cards. The number is read once, turned into a masked [`Card`] with a behaviour, and forgotten:
//! no row, log or snapshot of the simulator can hold a card number.

use serde::{Deserialize, Serialize};

use super::days;
use super::refusal::Refusal;

/// How a charge to a card turns out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Behaviour {
    /// Every charge is approved.
    Approve,
    /// No billing key can be issued.
    RefuseIssue,
    /// A key is issued; every charge is declined.
    Decline,
    /// Declined for want of money.
    InsufficientFunds,
    /// Declined as expired.
    Expired,
    /// Paid, but the reply does not come in time.
    HangPaid,
    /// Nothing happens, and no reply comes in time.
    HangNothing,
    /// No reply comes in time; paid `late_seconds` afterwards.
    Late,
    /// HTTP 500, though paid.
    ErrorPaid,
    /// `code != 0`, though paid.
    RefusedPaid,
}

impl Behaviour {
    /// The PG's words when a charge is declined; `None` when it is not.
    #[must_use]
    pub const fn decline_reason(self) -> Option<&'static str> {
        match self {
            Self::Decline | Self::RefuseIssue => Some("[51] 카드사 승인 거절"),
            Self::InsufficientFunds => Some("[61] 잔액 부족"),
            Self::Expired => Some("[54] 유효기간이 지난 카드"),
            Self::Approve | Self::HangPaid | Self::HangNothing | Self::Late | Self::ErrorPaid | Self::RefusedPaid => {
                None
            }
        }
    }
}

/// One line of the test card table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TestCard {
    /// Digits only.
    pub number: &'static str,
    /// How charges to it turn out.
    pub behaviour: Behaviour,
    /// For a person who picks one.
    pub note: &'static str,
}

const fn test_card(number: &'static str, behaviour: Behaviour, note: &'static str) -> TestCard {
    TestCard { number, behaviour, note }
}

/// The cards with a behaviour of their own. The first seven are numbers developers know from elsewhere; the
/// rest are Luhn-valid and unused elsewhere. Any other Luhn-valid number approves.
pub const TEST_CARDS: [TestCard; 12] = [
    test_card("4242424242424242", Behaviour::Approve, "approves"),
    test_card("5555555555554444", Behaviour::Approve, "approves"),
    test_card("378282246310005", Behaviour::Approve, "approves (Amex, 15 digits)"),
    test_card("4000000000000002", Behaviour::RefuseIssue, "refused when a key is issued"),
    test_card("4000000000000341", Behaviour::Decline, "issues a key, declines every charge"),
    test_card("4000000000009995", Behaviour::InsufficientFunds, "declines: insufficient funds"),
    test_card("4000000000000069", Behaviour::Expired, "declines: expired card"),
    test_card("4000000000004087", Behaviour::HangPaid, "no reply in time, but paid"),
    test_card("4000000000002024", Behaviour::HangNothing, "no reply in time, and nothing happens"),
    test_card("4000000000001000", Behaviour::Late, "no reply in time, paid later"),
    test_card("4000000000005001", Behaviour::ErrorPaid, "HTTP 500, though paid"),
    test_card("4000000000005043", Behaviour::RefusedPaid, "code -1, though paid"),
];

/// A card as the books keep it: masked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Card {
    /// First six and last four digits, stars between; empty where there is no number.
    pub masked: String,
    /// Issuer's name.
    pub name: String,
    /// Issuer's code at the card companies' association; empty where there is no card.
    pub code: String,
    /// How charges turn out.
    pub behaviour: Behaviour,
}

/// What a billing key of a wallet or a telephone bill has in a card's place: a name, no number, and every charge is
/// approved.
#[must_use]
pub fn without_number(name: &str) -> Card {
    Card { masked: String::new(), name: name.to_owned(), code: String::new(), behaviour: Behaviour::Approve }
}

/// Reads a card number (digits, with or without `-` and spaces) and an expiry (`YYYY-MM`, `YYYYMM`).
///
/// # Errors
/// A PG refusal (HTTP 200, code -1) when the number fails the Luhn check or the expiry is malformed or past.
pub fn read(number: &str, expiry: &str, now: i64) -> Result<Card, Refusal> {
    let digits: String = number.chars().filter(|c| *c != '-' && *c != ' ').collect();
    // Sixteen zeroes pass the check and are nobody's card.
    if !(14..=19).contains(&digits.len()) || digits.starts_with('0') || !luhn(&digits) {
        return Err(Refusal::pg("카드번호가 유효하지 않습니다"));
    }
    match read_expiry(expiry) {
        None => return Err(Refusal::pg("유효기간 형식이 올바르지 않습니다")),
        Some(month) if month < days::month(now) => return Err(Refusal::pg("유효기간이 지난 카드입니다")),
        Some(_) => {}
    }
    let behaviour =
        TEST_CARDS.iter().find(|card| card.number == digits).map_or(Behaviour::Approve, |card| card.behaviour);
    let (code, name) = issuer(&digits);
    Ok(Card { masked: mask(&digits), name: name.to_owned(), code: code.to_owned(), behaviour })
}

fn mask(digits: &str) -> String {
    let hidden = digits.len().saturating_sub(10);
    let head = digits.get(..6).unwrap_or_default();
    let tail = digits.get(digits.len().saturating_sub(4)..).unwrap_or_default();
    format!("{head}{}{tail}", "*".repeat(hidden))
}

fn issuer(digits: &str) -> (&'static str, &'static str) {
    match digits.as_bytes().first() {
        Some(b'4') => ("366", "신한카드"),
        Some(b'5') => ("381", "KB국민카드"),
        Some(b'3') => ("365", "삼성카드"),
        _ => ("361", "BC카드"),
    }
}

fn luhn(digits: &str) -> bool {
    let mut sum = 0;
    for (place, character) in digits.chars().rev().enumerate() {
        let Some(digit) = character.to_digit(10) else { return false };
        let weighted = if place % 2 == 1 { digit * 2 } else { digit };
        sum += if weighted > 9 { weighted - 9 } else { weighted };
    }
    sum % 10 == 0
}

/// Months since year 0, as [`days::month`] counts them.
fn read_expiry(expiry: &str) -> Option<i64> {
    let digits = match expiry.split_once('-') {
        Some((year, month)) if year.len() == 4 && month.len() == 2 => format!("{year}{month}"),
        Some(_) => return None,
        None => expiry.to_owned(),
    };
    if digits.len() != 6 || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    let year: i64 = digits.get(..4)?.parse().ok()?;
    let month: i64 = digits.get(4..)?.parse().ok()?;
    (1..=12).contains(&month).then_some(year * 12 + month - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    // 2026-03-31T23:59:59 in Seoul.
    const LAST_SECOND_OF_MARCH: i64 = 1_774_969_199;

    #[test]
    fn every_test_card_passes_luhn_and_keeps_its_behaviour() {
        for card in TEST_CARDS {
            let read = read(card.number, "2099-12", 0).unwrap();
            assert_eq!(read.behaviour, card.behaviour, "{}", card.note);
            assert_eq!(read.masked.len(), card.number.len());
            let hidden = &read.masked[6..card.number.len() - 4];
            assert!(hidden.chars().all(|character| character == '*'), "{}", read.masked);
        }
    }

    #[test]
    fn a_wrong_check_digit_is_refused() {
        assert!(read("4242-4242-4242-4241", "2099-12", 0).is_err());
        assert!(read("4242-4242-4242-424x", "2099-12", 0).is_err());
        assert!(read("0", "2099-12", 0).is_err());
        assert!(read("0000-0000-0000-0000", "2099-12", 0).is_err());
    }

    #[test]
    fn both_spellings_of_the_expiry_are_read_and_others_are_not() {
        for good in ["2099-12", "209912"] {
            assert!(read("4242-4242-4242-4242", good, 0).is_ok(), "{good}");
        }
        for bad in ["", "99-12", "2099-13", "2099-00", "12/99", "2099-1", "20991", "２０９９12"] {
            assert!(read("4242-4242-4242-4242", bad, 0).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_card_lives_to_the_end_of_its_month_in_seoul() {
        assert!(read("4242424242424242", "2026-03", LAST_SECOND_OF_MARCH).is_ok());
        assert!(read("4242424242424242", "2026-03", LAST_SECOND_OF_MARCH + 1).is_err());
    }
}
