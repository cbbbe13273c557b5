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
    let shaped = text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit());
    (shaped && text.parse::<jiff::civil::Date>().is_ok()).then(|| text.to_owned())
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
}
