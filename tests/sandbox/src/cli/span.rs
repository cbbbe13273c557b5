//! Spans of time as people write them: `31d`, `2h`, `1h30m`.

/// Seconds of a span.
///
/// # Errors
/// One line that shows how a span is written.
pub(super) fn parse(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is not a span of time: write 90s, 10m, 2h, 31d or 1h30m");
    let mut seconds: i64 = 0;
    let mut digits = String::new();
    for letter in text.chars() {
        if letter.is_ascii_digit() {
            digits.push(letter);
            continue;
        }
        let unit: i64 = match letter {
            's' => 1,
            'm' => 60,
            'h' => 3_600,
            'd' => 86_400,
            _ => return Err(wrong()),
        };
        let count: i64 = digits.parse().map_err(|_| wrong())?;
        digits.clear();
        seconds = count.checked_mul(unit).and_then(|part| seconds.checked_add(part)).ok_or_else(wrong)?;
    }
    if !digits.is_empty() || text.is_empty() {
        return Err(wrong());
    }
    Ok(seconds)
}

#[cfg(test)]
mod tests {
    use super::parse;

    #[test]
    fn spans_are_numbers_with_units() {
        assert_eq!(parse("31d"), Ok(31 * 86_400));
        assert_eq!(parse("1h30m"), Ok(5_400));
        assert_eq!(parse("90s"), Ok(90));
    }

    #[test]
    fn anything_else_is_refused_with_an_example() {
        for text in ["", "31", "d", "1w", "-1d", "1.5h", "1h30", "99999999999999999999d", "9223372036854775807d"] {
            let why = parse(text).expect_err(text);
            assert!(why.contains("31d"), "{text}: {why}");
        }
    }
}
