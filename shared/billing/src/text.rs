//! Free text that travels to the PSP: bounded, printable, and never a hiding place for a card number.

use crate::invalid::Invalid;
use crate::scrub::holds_card_number;

/// Longest `custom_data` kept, in characters. The PSP documents no limit; a row has one.
pub const CUSTOM_DATA_MAX: usize = 2000;

/// Checks one line of text of 1 to `max` characters.
///
/// # Errors
/// `{field}_invalid` when it is empty, longer than `max` characters, or holds a control or direction-changing
/// character; `sensitive_data_in_field` when it holds a card number.
pub fn line(field: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let length = text.chars().count();
    if length == 0 || length > max || text.trim().is_empty() || text.chars().any(unprintable) {
        return Err(Invalid::field(field, format!("1 to {max} printable characters on one line")));
    }
    if holds_card_number(text) {
        return Err(Invalid::new(field, "sensitive_data_in_field", "no card number belongs here"));
    }
    Ok(text.to_owned())
}

/// Checks an e-mail address of at most `max` characters: one `@` with something on both sides, no spaces.
///
/// # Errors
/// As [`line()`].
pub fn email(field: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = line(field, text, max)?;
    let mut parts = text.split('@');
    let shaped = matches!((parts.next(), parts.next(), parts.next()), (Some(local), Some(domain), None)
        if !local.is_empty() && domain.contains('.') && !domain.starts_with('.') && !domain.ends_with('.'));
    if shaped && !text.chars().any(char::is_whitespace) {
        Ok(text)
    } else {
        Err(Invalid::field(field, format!("an e-mail address of at most {max} characters")))
    }
}

/// Checks a telephone number of at most `max` characters and drops its separators: the PSP wants `01012345678`.
///
/// # Errors
/// As [`line()`].
pub fn telephone(field: &str, text: &str, max: usize) -> Result<String, Invalid> {
    let text = line(field, text, max)?;
    let (sign, rest) = text.strip_prefix('+').map_or(("", text.as_str()), |rest| ("+", rest));
    let digits: String = rest.chars().filter(char::is_ascii_digit).collect();
    if digits.len() >= 7 && rest.chars().all(|c| c.is_ascii_digit() || matches!(c, '-' | ' ' | '.' | '(' | ')')) {
        Ok(format!("{sign}{digits}"))
    } else {
        Err(Invalid::field(field, format!("a telephone number of at most {max} characters")))
    }
}

/// Checks free data (line breaks allowed) of at most [`CUSTOM_DATA_MAX`] characters.
///
/// # Errors
/// As [`line()`].
pub fn data(field: &str, text: &str) -> Result<String, Invalid> {
    let stray = |character: char| unprintable(character) && !matches!(character, '\n' | '\t' | '\r');
    if text.chars().count() > CUSTOM_DATA_MAX || text.chars().any(stray) {
        return Err(Invalid::field(field, format!("at most {CUSTOM_DATA_MAX} printable characters")));
    }
    if holds_card_number(text) {
        return Err(Invalid::new(field, "sensitive_data_in_field", "no card number belongs here"));
    }
    Ok(text.to_owned())
}

/// Control characters, and the invisible ones that reorder text (`U+202A`–`U+202E`, `U+2066`–`U+2069`).
fn unprintable(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// What [`civil_day`] takes, in words.
pub(crate) const CIVIL_DAY: &str = "a day as yyyyMMdd";

/// A day of the calendar as `yyyyMMdd`, if it is one.
pub(crate) fn civil_day(text: &str) -> Option<String> {
    let date: jiff::civil::Date = text.parse().ok()?;
    Some(date.strftime("%Y%m%d").to_string()).filter(|day| day == text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hangul_counts_characters_not_bytes() {
        assert_eq!(line("name", &"가".repeat(40), 40).unwrap().chars().count(), 40);
        assert!(line("name", &"가".repeat(41), 40).is_err());
    }

    #[test]
    fn markup_is_text_but_control_and_direction_characters_are_not() {
        assert!(line("name", "<b>의자</b>", 40).is_ok());
        for text in ["", "  ", "a\r\nb", "a\u{0}", "\u{202E}abc"] {
            assert_eq!(line("name", text, 40).map_err(|e| e.code), Err("name_invalid".to_owned()), "{text:?}");
        }
    }

    #[test]
    fn a_card_number_in_the_wrong_field_is_refused_without_repeating_it() {
        let refused = line("customer_name", "4242 4242 4242 4242", 20).unwrap_err();
        assert_eq!(refused.code, "sensitive_data_in_field");
        assert!(!format!("{refused:?}").contains("4242"));
    }

    #[test]
    fn telephone_numbers_lose_their_separators() {
        assert_eq!(telephone("buyer_tel", "010-4242-4242", 16).as_deref(), Ok("01042424242"));
        assert_eq!(telephone("buyer_tel", "+82-10-4242-4242", 20).as_deref(), Ok("+821042424242"));
        for text in ["010-abcd", "123", "+", "010-4242-4242-4242-4"] {
            assert!(telephone("buyer_tel", text, 16).is_err(), "{text}");
        }
    }

    #[test]
    fn e_mail_has_one_at_sign() {
        assert!(email("buyer_email", "gildong@gmail.com", 64).is_ok());
        for text in ["gildong", "a@@b.c", "a@b@c.d", "a b@c.de", "@b.c", "a@", "a@b", "a@b.c\r\nBcc: x@y.z"] {
            assert!(email("buyer_email", text, 64).is_err(), "{text}");
        }
    }
    #[test]
    fn data_may_break_its_lines_and_hold_no_other_control_or_direction_character() {
        let unseen = |c: char| {
            c.is_control()
                || "\u{200E}\u{200F}\u{202A}\u{202B}\u{202C}\u{202D}\u{202E}\u{2066}\u{2067}\u{2068}\u{2069}"
                    .contains(c)
        };
        for character in ('\0'..='\u{2100}').chain(['가', '힣', '😀']) {
            let text = format!("한 줄{character}다음 줄");
            let kept = !unseen(character) || "\n\r\t".contains(character);
            let expected = if kept { Ok(text.clone()) } else { Err("custom_data_invalid".to_owned()) };
            assert_eq!(data("custom_data", &text).map_err(|e| e.code), expected, "{character:?}");
        }
    }

    #[test]
    fn data_is_kept_as_it_is_up_to_its_length_in_characters() {
        for length in [0, 1, CUSTOM_DATA_MAX - 1, CUSTOM_DATA_MAX] {
            let text = "가".repeat(length);
            assert_eq!(data("custom_data", &text), Ok(text.clone()), "{length}");
        }
        for length in [CUSTOM_DATA_MAX + 1, 2 * CUSTOM_DATA_MAX] {
            assert_eq!(data("custom_data", &"a".repeat(length)).unwrap_err().code, "custom_data_invalid", "{length}");
        }
        let refused = data("custom_data", "{\"card\":\n\"4242 4242 4242 4242\"}").unwrap_err();
        assert_eq!(refused.code, "sensitive_data_in_field");
        assert!(!format!("{refused:?}").contains("4242"));
    }

    #[test]
    fn a_day_is_one_of_the_calendar_written_in_eight_digits() {
        let days = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
        for month in 0..=99 {
            for day in 0..=99 {
                let text = format!("2026{month:02}{day:02}");
                let exists = (1..=12).contains(&month) && (1..=days[month - 1]).contains(&day);
                assert_eq!(civil_day(&text), exists.then(|| text.clone()), "{text}");
            }
        }
        assert_eq!((civil_day("20280229").is_some(), civil_day("00010101").is_some()), (true, true));
        for other in [
            "",
            "2026",
            "2026123",
            "202612311",
            "2026-12-31",
            "2026-1231",
            "20261231T10",
            "20261231 ",
            " 20261231",
            "+0020261231",
            "-0020261231",
            "20261231T000000Z",
            "2026W531",
            "２０２６１２３１",
        ] {
            assert_eq!(civil_day(other), None, "{other}");
        }
    }
}
