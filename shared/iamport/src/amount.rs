//! Exact decimal amounts, as they stand in Iamport's JSON.

use std::cmp::Ordering;
use std::fmt;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};
use serde_json::value::RawValue;

/// Longest text accepted as a number. Real amounts have at most a dozen characters; the bound keeps a hostile
/// reply from costing time.
const TEXT_CHARS_MAX: usize = 64;

/// Most decimal places that survive parsing. No currency has more than four.
const SCALE_MAX: u8 = 30;

/// A decimal number held exactly: Iamport declares amounts as JSON numbers ("double"), and no double is ever made
/// of them here.
///
/// `8900`, `8900.0` and (on replies) `"8900"` are equal. Negative values and fractions can be held, because a reply
/// may contain them; [`Amount::to_minor`] is where they are refused.
///
/// ```
/// use iamport::Amount;
///
/// let won = Amount::from_minor(8_900, 0);
/// let read: Amount = serde_json::from_str("8900.0")?;
/// assert_eq!(won, read);
/// assert_eq!(read.to_minor(0), Some(8_900));
///
/// let dollars = Amount::from_minor(1_999, 2);
/// assert_eq!(serde_json::to_string(&dollars)?, "19.99");
/// assert_eq!(dollars.to_minor(0), None, "19.99 is no whole number of won");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Amount {
    /// The value times `10^scale`; never divisible by ten unless `scale` is zero, so that equality is of values.
    mantissa: i128,
    scale: u8,
}

impl Amount {
    /// Zero, in any currency.
    pub const ZERO: Self = Self { mantissa: 0, scale: 0 };

    /// The amount of `minor` units of a currency with `exponent` decimal places (ISO 4217: KRW and JPY 0, USD 2).
    #[must_use]
    pub fn from_minor(minor: u64, exponent: u8) -> Self {
        Self { mantissa: i128::from(minor), scale: exponent }.normal()
    }

    /// The amount in minor units of a currency with `exponent` decimal places. `None` if it is negative, has a
    /// non-zero fraction beyond the exponent, or exceeds `u64`.
    #[must_use]
    pub fn to_minor(self, exponent: u8) -> Option<u64> {
        let missing = exponent.checked_sub(self.scale)?;
        let factor = 10_i128.checked_pow(u32::from(missing))?;
        u64::try_from(self.mantissa.checked_mul(factor)?).ok()
    }

    /// Whether the amount is above zero.
    #[must_use]
    pub const fn is_positive(self) -> bool {
        self.mantissa > 0
    }

    /// Whether the amount is below zero.
    #[must_use]
    pub const fn is_negative(self) -> bool {
        self.mantissa < 0
    }

    /// Whether the amount has no fraction.
    #[must_use]
    pub const fn is_whole(self) -> bool {
        self.scale == 0
    }

    /// The amount as an integer, for the API's integer fields that arrive as `0.0` or `"0"`.
    pub(crate) fn to_i64(self) -> Option<i64> {
        if self.is_whole() { i64::try_from(self.mantissa).ok() } else { None }
    }

    /// Reads a number of JSON's grammar. `None` for anything else, and for what 128 bits cannot hold.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        if text.len() > TEXT_CHARS_MAX {
            return None;
        }
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (decimal, exponent) = match unsigned.split_once(['e', 'E']) {
            // What JSON takes for an exponent is what an integer's own parser takes: digits, and one sign at most.
            Some((decimal, exponent)) => (decimal, exponent.parse::<i64>().ok()?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match decimal.split_once('.') {
            Some((_, "")) => return None,
            Some((whole, fraction)) => (whole, fraction.trim_end_matches('0')),
            None => (decimal, ""),
        };
        if whole.is_empty() || (whole.len() > 1 && whole.starts_with('0')) {
            return None;
        }
        let mut mantissa = 0_i128;
        for digit in whole.bytes().chain(fraction.bytes()) {
            let digit = digit.checked_sub(b'0').filter(|digit| *digit <= 9)?;
            mantissa = mantissa.checked_mul(10)?.checked_add(i128::from(digit))?;
        }
        if mantissa == 0 {
            return Some(Self::ZERO);
        }
        // The fraction's places as the exponent moves them; fewer than none are zeros before the point.
        let places = i64::try_from(fraction.len()).ok()?.checked_sub(exponent)?;
        let zeros = u32::try_from(places.min(0).unsigned_abs()).ok()?;
        let mantissa = mantissa.checked_mul(10_i128.checked_pow(zeros)?)?;
        let mantissa = if negative { mantissa.checked_neg()? } else { mantissa };
        let amount = Self { mantissa, scale: u8::try_from(places.max(0)).ok()? }.normal();
        (amount.scale <= SCALE_MAX).then_some(amount)
    }

    fn normal(mut self) -> Self {
        while self.scale > 0 && self.mantissa % 10 == 0 {
            self.mantissa /= 10;
            self.scale -= 1;
        }
        self
    }

    /// Digits before and after the decimal point, without sign.
    fn digits(self) -> (String, String) {
        let scale = usize::from(self.scale);
        let mut whole = format!("{:0>width$}", self.mantissa.unsigned_abs(), width = scale.saturating_add(1));
        let fraction = whole.split_off(whole.len().saturating_sub(scale));
        (whole, fraction)
    }
}

impl fmt::Display for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = self.digits();
        let sign = if self.is_negative() { "-" } else { "" };
        if fraction.is_empty() { write!(f, "{sign}{whole}") } else { write!(f, "{sign}{whole}.{fraction}") }
    }
}

impl fmt::Debug for Amount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Amount({self})")
    }
}

impl Ord for Amount {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = || {
            let ((whole, fraction), (other_whole, other_fraction)) = (self.digits(), other.digits());
            // Neither side has leading zeros before nor trailing zeros after the point, so text order is value order.
            (whole.len(), whole, fraction).cmp(&(other_whole.len(), other_whole, other_fraction))
        };
        match (self.is_negative(), other.is_negative()) {
            (false, false) => magnitude(),
            (true, true) => magnitude().reverse(),
            (true, false) => Ordering::Less,
            (false, true) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Amount {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Serialize for Amount {
    /// A JSON number. Whole amounts work with every serde format; fractions only with `serde_json`.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.to_i64() {
            Some(whole) => serializer.serialize_i64(whole),
            None => RawValue::from_string(self.to_string()).map_err(ser::Error::custom)?.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Amount {
    /// A JSON number, or a JSON string that holds one. Only `serde_json` gives numbers exactly.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let raw = Box::<RawValue>::deserialize(deserializer)?;
        let text: String = if raw.get().starts_with('"') {
            serde_json::from_str(raw.get()).map_err(|_| de::Error::custom("an amount is not a decimal number"))?
        } else {
            raw.get().to_owned()
        };
        Self::parse(&text).ok_or_else(|| de::Error::custom("an amount is not a decimal number"))
    }
}

#[cfg(test)]
mod tests {
    use super::Amount;

    fn read(text: &str) -> Option<Amount> {
        serde_json::from_str(text).ok()
    }

    #[test]
    fn equal_values_are_equal_however_they_are_spelt() {
        for spelling in ["8900", "8900.0", "8900.000", "\"8900\"", "\"8900.00\"", "8.9e3", "89E+2", "890000e-2"] {
            assert_eq!(read(spelling), Some(Amount::from_minor(8900, 0)), "{spelling}");
        }
        assert_eq!(read("-0"), Some(Amount::ZERO));
        assert_eq!(read("0.00"), Some(Amount::ZERO));
        assert_eq!(Amount::from_minor(890_000, 2), Amount::from_minor(8900, 0));
    }

    #[test]
    fn what_is_no_decimal_number_is_refused() {
        for bad in [
            "null",
            "true",
            "[]",
            "{}",
            "\"\"",
            "\" 1\"",
            "\"1 \"",
            "\"+1\"",
            "\"08900\"",
            "\"1.\"",
            "\".5\"",
            "\"1e\"",
            "\"1e+\"",
            "\"1e+-5\"",
            "\"1e 5\"",
            "\"1e1.0\"",
            "\"1e5000\"",
            "\"1e-5000\"",
            "\"1e99999999999999999999\"",
            "\"0x10\"",
            "\"NaN\"",
            "\"１\"",
            "1e40",
            "1e-31",
            "999999999999999999999999999999999999999999",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    #[test]
    fn what_is_held_ends_where_128_bits_and_30_places_end() {
        let zeros = |chars: usize| format!("8900.{}", "0".repeat(chars - "8900.".len()));
        let most = i128::MAX.to_string();
        let cases = [
            (zeros(64), Some("8900".to_owned())),
            (zeros(65), None),
            (zeros(100_000), None),
            (most.clone(), Some(most.clone())),
            (format!("-{most}"), Some(format!("-{most}"))),
            ("170141183460469231731687303715884105728".to_owned(), None),
            ("1e38".to_owned(), Some(format!("1{}", "0".repeat(38)))),
            ("1e39".to_owned(), None),
            ("1e-30".to_owned(), Some(format!("0.{}1", "0".repeat(29)))),
            ("1000e-33".to_owned(), Some(format!("0.{}1", "0".repeat(29)))),
            ("1e-31".to_owned(), None),
            ("1e0002".to_owned(), Some("100".to_owned())),
            ("0e-5000".to_owned(), Some("0".to_owned())),
        ];
        for (text, held) in cases {
            assert_eq!(Amount::parse(&text).map(|amount| amount.to_string()), held, "{text:.70}");
        }
    }

    #[test]
    fn minor_units_are_exact_or_absent() {
        let cases: [(&str, u8, Option<u64>); 9] = [
            ("8900", 0, Some(8900)),
            ("8900.01", 0, None),
            ("8900.01", 2, Some(890_001)),
            ("8900.10", 1, Some(89_001)),
            ("-8900", 0, None),
            ("0", 0, Some(0)),
            ("18446744073709551615", 0, Some(u64::MAX)),
            ("18446744073709551616", 0, None),
            ("9007199254740993", 0, Some(9_007_199_254_740_993)),
        ];
        for (text, exponent, minor) in cases {
            assert_eq!(read(text).and_then(|amount| amount.to_minor(exponent)), minor, "{text} at {exponent}");
        }
        assert_eq!(Amount::from_minor(1, u8::MAX).to_minor(u8::MAX), Some(1));
        assert_eq!(Amount::from_minor(1, 0).to_minor(u8::MAX), None, "no 10^255 in 128 bits");
    }

    #[test]
    fn text_and_value_agree_both_ways() {
        for text in ["0", "1", "-1", "0.01", "-0.5", "19.99", "8900", "123456789012345678901234567890.5"] {
            let amount = Amount::parse(text).unwrap();
            assert_eq!(amount.to_string(), text);
            assert_eq!(serde_json::to_string(&amount).unwrap(), text);
        }
        assert_eq!(Amount::from_minor(5, 3).to_string(), "0.005");
        assert_eq!(format!("{:?}", Amount::from_minor(1_999, 2)), "Amount(19.99)", "a log of a charge tells its sum");
    }

    #[test]
    fn order_is_of_values() {
        let ascending = ["-100", "-99.5", "-1", "-0.5", "0", "0.05", "0.5", "1", "1.25", "9", "10", "10.01", "100"];
        for pair in ascending.windows(2) {
            assert!(Amount::parse(pair[0]) < Amount::parse(pair[1]), "{pair:?}");
        }
    }

    proptest::proptest! {
        /// A decimal number is its digits and the place of its point, and nothing else.
        #[test]
        fn a_value_is_the_same_wherever_its_point_is_written(minor in 1_u64.., places in 0_u8..=30, shift in 0_usize..=18) {
            let amount = Amount::from_minor(minor, places);
            let zeros = "0".repeat(shift);
            let longer = usize::from(places).saturating_add(shift);
            let spellings = [amount.to_string(), format!("{minor}e-{places}"), format!("{minor}{zeros}E-{longer}")];
            for text in spellings {
                proptest::prop_assert_eq!(Amount::parse(&text), Some(amount), "{}", text);
            }
            proptest::prop_assert_eq!(Amount::parse(&format!("{minor}e+{shift}")), Amount::parse(&format!("{minor}{zeros}")));
            proptest::prop_assert_eq!(amount.to_minor(places), Some(minor));
        }
    }
}
