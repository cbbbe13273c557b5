//! Amounts on the wire are JSON numbers in the currency's major unit; in the books, integers in its minor unit.

use serde_json::{Number, Value};

/// Decimals of a currency (ISO 4217).
const fn decimals(currency: &str) -> usize {
    match currency.as_bytes() {
        b"KRW" | b"JPY" | b"VND" | b"CLP" => 0,
        _ => 2,
    }
}

/// Reads a number or numeric string exactly; `None` if it is negative, not a number, or finer than the currency.
pub(super) fn read(value: &Value, currency: &str) -> Option<u64> {
    match value {
        Value::Number(number) => parse(&number.to_string(), currency),
        Value::String(text) => parse(text.trim(), currency),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

fn parse(text: &str, currency: &str) -> Option<u64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let fraction = fraction.trim_end_matches('0');
    let decimals = decimals(currency);
    if whole.is_empty() || fraction.len() > decimals {
        return None;
    }
    let digits = format!("{whole}{fraction:0<decimals$}");
    digits.bytes().all(|b| b.is_ascii_digit()).then(|| digits.parse().ok()).flatten()
}

/// The JSON number for an amount: an integer when it is whole.
pub(super) fn write(minor: u64, currency: &str) -> Value {
    let decimals = decimals(currency);
    if decimals == 0 {
        return Value::from(minor);
    }
    let (whole, cents) = (minor / 100, minor % 100);
    if cents == 0 {
        return Value::from(whole);
    }
    format!("{whole}.{cents:02}").parse::<f64>().ok().and_then(Number::from_f64).map_or(Value::Null, Value::Number)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn reads_whole_and_fractional_amounts_exactly() {
        for (value, currency, minor) in [
            (json!(8900), "KRW", Some(8900)),
            (json!(8900.0), "KRW", Some(8900)),
            (json!("8900"), "KRW", Some(8900)),
            (json!(8900.5), "KRW", None),
            (json!(-1), "KRW", None),
            (json!("1e3"), "KRW", None),
            (json!(""), "KRW", None),
            (json!(19.99), "USD", Some(1999)),
            (json!(19.9), "USD", Some(1990)),
            (json!(19.999), "USD", None),
            (json!(true), "USD", None),
        ] {
            assert_eq!(read(&value, currency), minor, "{value} {currency}");
        }
    }

    #[test]
    fn what_is_written_reads_back() {
        for minor in [0, 1, 10, 100, 101, 1999, 123_456_789] {
            for currency in ["KRW", "USD"] {
                assert_eq!(read(&write(minor, currency), currency), Some(minor));
            }
        }
        assert_eq!(write(1990, "USD").to_string(), "19.9");
    }
}
