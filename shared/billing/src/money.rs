//! Amounts as integers of the currency's smallest unit. There is no floating point anywhere near money.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::invalid::Invalid;

/// Largest amount accepted in minor units: 2^53 − 1, the last integer that every JSON reader on the way keeps exact.
pub const MINOR_MAX: u64 = (1 << 53) - 1;

/// A currency the PSP's documents price things in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
#[expect(missing_docs, reason = "the variants are ISO 4217 codes")]
pub enum Currency {
    Krw,
    Jpy,
    Usd,
    Eur,
    Cny,
    Gbp,
    Sgd,
    Hkd,
    Aud,
    Cad,
    Thb,
    Twd,
    Vnd,
}

impl Currency {
    /// ISO 4217 code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Krw => "KRW",
            Self::Jpy => "JPY",
            Self::Usd => "USD",
            Self::Eur => "EUR",
            Self::Cny => "CNY",
            Self::Gbp => "GBP",
            Self::Sgd => "SGD",
            Self::Hkd => "HKD",
            Self::Aud => "AUD",
            Self::Cad => "CAD",
            Self::Thb => "THB",
            Self::Twd => "TWD",
            Self::Vnd => "VND",
        }
    }

    /// Number of decimals: none for won, yen and dong, two for the others.
    #[must_use]
    pub const fn exponent(self) -> u8 {
        match self {
            Self::Krw | Self::Jpy | Self::Vnd => 0,
            Self::Usd
            | Self::Eur
            | Self::Cny
            | Self::Gbp
            | Self::Sgd
            | Self::Hkd
            | Self::Aud
            | Self::Cad
            | Self::Thb
            | Self::Twd => 2,
        }
    }

    /// Every currency this crate can count in.
    pub const ALL: [Self; 13] = [
        Self::Krw,
        Self::Jpy,
        Self::Usd,
        Self::Eur,
        Self::Cny,
        Self::Gbp,
        Self::Sgd,
        Self::Hkd,
        Self::Aud,
        Self::Cad,
        Self::Thb,
        Self::Twd,
        Self::Vnd,
    ];
}

impl FromStr for Currency {
    type Err = Invalid;

    /// Reads an upper-case ISO code; anything else is `currency_unsupported`.
    fn from_str(code: &str) -> Result<Self, Invalid> {
        Self::ALL
            .into_iter()
            .find(|currency| currency.code() == code)
            .ok_or_else(|| Invalid::new("currency", "currency_unsupported", "an upper-case ISO code such as KRW"))
    }
}

impl fmt::Display for Currency {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.code())
    }
}

/// An exact, non-negative amount of one currency.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Money {
    /// Count of the currency's smallest unit (won; cents).
    pub minor: u64,
    /// The currency counted.
    pub currency: Currency,
}

impl Money {
    /// `minor` smallest units of `currency`.
    #[must_use]
    pub const fn new(minor: u64, currency: Currency) -> Self {
        Self { minor, currency }
    }

    /// Whole won.
    #[must_use]
    pub const fn krw(won: u64) -> Self {
        Self::new(won, Currency::Krw)
    }

    /// Reads a JSON number as it was written. `8900` and `8900.0` are the same won; a fraction that the currency does
    /// not have, a sign, an exponent or more than [`MINOR_MAX`] units are refused, with the field named `field`.
    ///
    /// # Errors
    /// `{field}_invalid`.
    pub fn parse(field: &str, text: &str, currency: Currency) -> Result<Self, Invalid> {
        minor_units(text, currency.exponent())
            .map(|minor| Self::new(minor, currency))
            .ok_or_else(|| Invalid::field(field, "a plain JSON number without sign, exponent or extra decimals"))
    }

    /// The amount in the currency's main unit as the PSP writes it: `8900`, `10.50`.
    #[must_use]
    pub fn decimal(self) -> String {
        match self.currency.exponent() {
            0 => self.minor.to_string(),
            _ => format!("{}.{:02}", self.minor / 100, self.minor % 100),
        }
    }
}

impl fmt::Display for Money {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{} {}", self.decimal(), self.currency)
    }
}

fn minor_units(text: &str, exponent: u8) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) || (text.contains('.') && fraction.is_empty()) {
        return None;
    }
    let kept = usize::from(exponent);
    let (significant, rest) = fraction.split_at(fraction.len().min(kept));
    if rest.bytes().any(|digit| digit != b'0') {
        return None;
    }
    let joined = format!("{whole}{significant:0<kept$}");
    joined.parse::<u64>().ok().filter(|minor| *minor <= MINOR_MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn krw(text: &str) -> Option<u64> {
        Money::parse("amount", text, Currency::Krw).ok().map(|money| money.minor)
    }

    #[test]
    fn whole_won_is_read_however_it_is_written() {
        assert_eq!(krw("8900"), Some(8900));
        assert_eq!(krw("8900.0"), Some(8900));
        assert_eq!(krw("8900.000"), Some(8900));
        assert_eq!(krw("9007199254740991"), Some(MINOR_MAX));
    }

    #[test]
    fn anything_that_is_not_a_plain_number_of_won_is_refused() {
        for text in ["", "-1", "1.5", "1e3", "8900.", ".5", "+1", "9007199254740992", "1e30", "8 900", "NaN", "\"1\""] {
            assert_eq!(krw(text), None, "{text}");
        }
    }

    #[test]
    fn two_decimals_survive_the_round_trip() {
        let usd = |text| Money::parse("amount", text, Currency::Usd).map(|money| (money.minor, money.decimal()));
        assert_eq!(usd("10.5"), Ok((1050, "10.50".to_owned())));
        assert_eq!(usd("10"), Ok((1000, "10.00".to_owned())));
        assert!(usd("10.505").is_err());
    }

    /// Amounts around every number of digits, up to the largest.
    fn amounts() -> impl Iterator<Item = Money> {
        let around = (0..16).flat_map(|digits| {
            let power = 10_u64.pow(digits);
            [power - 1, power, power + 1, power * 5 + 4]
        });
        let minors: Vec<u64> = around.chain([MINOR_MAX - 1, MINOR_MAX]).filter(|minor| *minor <= MINOR_MAX).collect();
        Currency::ALL
            .into_iter()
            .flat_map(move |currency| minors.clone().into_iter().map(move |m| Money::new(m, currency)))
    }

    #[test]
    fn what_is_written_is_read_again_as_the_same_amount_of_the_same_currency() {
        for money in amounts() {
            let text = money.to_string();
            let (amount, code) = text.split_once(' ').unwrap();
            let currency = code.parse().unwrap();
            assert_eq!(amount, money.decimal());
            assert_eq!(Money::parse("amount", amount, currency), Ok(money), "{text}");
        }
    }

    #[test]
    fn a_decimal_more_or_less_is_the_same_amount_only_if_it_is_a_zero() {
        for money in amounts() {
            let (written, currency) = (money.decimal(), money.currency);
            let longer = if currency.exponent() == 0 { format!("{written}.") } else { written };
            assert_eq!(Money::parse("amount", &format!("{longer}0"), currency), Ok(money));
            assert!(Money::parse("amount", &format!("{longer}1"), currency).is_err(), "{longer}1");
            assert!(Money::parse("amount", &format!("{longer}-"), currency).is_err(), "{longer}-");
        }
    }

    #[test]
    fn currency_codes_are_exact() {
        assert_eq!("KRW".parse(), Ok(Currency::Krw));
        for code in ["krw", "KRW ", "", "XXX"] {
            assert!(code.parse::<Currency>().is_err(), "{code}");
        }
    }
}
