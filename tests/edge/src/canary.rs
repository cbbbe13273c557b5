//! Secrets of one seed, and the search for them in every text (reliability, I24).

use std::fmt::Debug;

use billing::fingerprint::hex;
use billing::scrub::luhn;
use iamport::Error;
use simulation::rng::Rng;

use crate::rule::{Rule, Violation};

/// What no text may show: unlike anything else that a scenario says.
#[derive(Clone)]
pub struct Canaries {
    /// A card number of 16 digits that passes the Luhn check.
    pub card: String,
    /// A business number of ten digits, where a birth date may stand.
    pub birth: String,
    /// The merchant's secret.
    pub secret: String,
}

impl std::fmt::Debug for Canaries {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str("Canaries")
    }
}

/// How the text of an access token begins.
pub const TOKEN: &str = "canary-token-";

impl Canaries {
    /// Fresh ones.
    #[must_use]
    pub fn new(rng: &mut Rng) -> Self {
        Self {
            card: card_number(rng),
            birth: business_number(rng),
            secret: format!("canary-secret-{:016x}", rng.next_u64()),
        }
    }

    /// The card number in groups of four.
    #[must_use]
    pub fn card_grouped(&self, mark: &str) -> String {
        let groups: Vec<&str> = (0..4).filter_map(|group| self.card.get(group * 4..group * 4 + 4)).collect();
        groups.join(mark)
    }

    /// The rule's breach if the text shows a secret: raw, in groups, or in hexadecimal.
    #[must_use]
    pub fn look(&self, what: &str, text: &str) -> Option<Violation> {
        let grouped = ["-", " ", ".", "%20"].map(|mark| self.card_grouped(mark));
        let hidden = [hex(self.card.as_bytes()), hex(self.secret.as_bytes())];
        let plain = [&self.card, &self.birth, &self.secret].map(String::as_str);
        let all = plain.into_iter().chain(grouped.iter().map(String::as_str)).chain(hidden.iter().map(String::as_str));
        let shown = all.chain([TOKEN]).find(|secret| text.contains(secret))?;
        let kind = if shown == TOKEN { "a token" } else { "card data or a secret" };
        Some(Violation::new(Rule::Secrecy, format!("{what} shows {kind}")))
    }
}

/// Both ways to print a value.
pub fn printed(value: &impl Debug) -> String {
    format!("{value:?} {value:#?}")
}

/// A result as it may be logged, with all causes of an error.
pub fn outcome_printed<T: Debug>(outcome: &Result<T, Error>) -> String {
    let mut text = printed(outcome);
    if let Err(error) = outcome {
        text.push_str(&error.to_string());
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            text.push_str(&format!(" {cause} {cause:?}"));
            source = cause.source();
        }
    }
    text
}

fn digits(rng: &mut Rng, count: usize) -> Vec<u8> {
    (0..count).map(|_| u8::try_from(rng.below(10)).unwrap_or(0)).collect()
}

fn text(digits: &[u8]) -> String {
    digits.iter().map(|digit| char::from(b'0' + digit)).collect()
}

/// A number as of a card: `4`, fourteen digits of chance, and the check digit.
fn card_number(rng: &mut Rng) -> String {
    let mut number = vec![4];
    number.extend(digits(rng, 14));
    number.push(0);
    for check in 0..10 {
        number[15] = check;
        if luhn(&number) {
            break;
        }
    }
    text(&number)
}

/// A business number whose check digit holds (weights 1 3 7 1 3 7 1 3 5; the ninth counts its tens too).
fn business_number(rng: &mut Rng) -> String {
    const WEIGHTS: [u32; 9] = [1, 3, 7, 1, 3, 7, 1, 3, 5];
    let mut number = digits(rng, 9);
    let weighted: u32 = number.iter().zip(WEIGHTS).map(|(digit, weight)| u32::from(*digit) * weight).sum();
    let ninth = number.last().map_or(0, |digit| u32::from(*digit) * 5 / 10);
    number.push(u8::try_from((10 - (weighted + ninth) % 10) % 10).unwrap_or(0));
    text(&number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn canaries_pass_the_products_own_checks_and_differ_by_seed() {
        for seed in 0..200 {
            let canaries = Canaries::new(&mut Rng::new(seed));
            assert!(billing::card::CardNumber::parse(&canaries.card).is_ok(), "{seed}");
            assert!(billing::card::Birth::parse(&canaries.birth).is_ok(), "{seed}");
            assert_ne!(canaries.card, Canaries::new(&mut Rng::new(seed + 1)).card);
        }
    }

    #[test]
    fn a_secret_is_found_in_each_of_its_spellings() {
        let canaries = Canaries::new(&mut Rng::new(1));
        let number = &canaries.card;
        for text in [
            number.clone(),
            canaries.card_grouped("-"),
            canaries.card_grouped(" "),
            hex(number.as_bytes()),
            canaries.birth.clone(),
            canaries.secret.clone(),
            format!("{TOKEN}1"),
        ] {
            assert!(canaries.look("it", &format!("x{text}y")).is_some(), "{text}");
        }
        assert!(canaries.look("it", &format!("{}******{}", &number[..6], &number[12..])).is_none());
    }
}
