//! Finding and hiding card numbers in free text: the last line behind types that cannot print.

/// Shortest and longest card numbers in use (ISO/IEC 7812).
const PAN_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;

/// Whether `text` holds 13 to 19 digits in a row, single separators allowed, that pass the Luhn check.
#[must_use]
pub fn holds_card_number(text: &str) -> bool {
    find_card_number(text, 0).is_some()
}

/// `text` with every card number replaced by `[card]`, and cut to `max` characters.
#[must_use]
pub fn scrub(text: &str, max: usize) -> String {
    let mut clean = String::with_capacity(text.len());
    let mut from = 0;
    while let Some((start, end)) = find_card_number(text, from) {
        clean.push_str(text.get(from..start).unwrap_or_default());
        clean.push_str("[card]");
        from = end;
    }
    clean.push_str(text.get(from..).unwrap_or_default());
    clean.chars().filter(|character| !character.is_control()).take(max).collect()
}

/// First 6 digits, `*`, last 4: re-masks whatever the PSP answered with, so that more than that is never kept.
#[must_use]
pub fn mask_card_number(text: &str) -> String {
    let marks: Vec<char> = text.chars().filter(|c| c.is_ascii_digit() || *c == '*').take(19).collect();
    let shown_head = if marks.len() > 10 { 6 } else { 0 };
    let shown_tail = marks.len().saturating_sub(4);
    let mask = |(place, mark): (usize, &char)| if place < shown_head || place >= shown_tail { *mark } else { '*' };
    marks.iter().enumerate().map(mask).collect()
}

/// Byte range of the first card number at or after `from`.
fn find_card_number(text: &str, from: usize) -> Option<(usize, usize)> {
    let bytes = text.as_bytes();
    let part_of_a_word = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
    (from..bytes.len())
        .filter(|at| bytes[*at].is_ascii_digit() && (*at == 0 || !part_of_a_word(*at - 1)))
        .find_map(|start| card_number_at(bytes, start).map(|end| (start, end)))
}

/// End of the card number that starts at `start`: digits in one run, or in the groups that are printed on cards, as a word
/// of its own. Random identifiers and UUIDs are full of digits, and seldom of such words.
fn card_number_at(bytes: &[u8], start: usize) -> Option<usize> {
    let mut groups = Vec::with_capacity(5);
    let mut digits = Vec::with_capacity(20);
    let mut separator = None;
    let mut at = start;
    loop {
        let run = bytes[at..].iter().take(20).take_while(|byte| byte.is_ascii_digit()).count();
        groups.push(run);
        digits.extend(bytes[at..at + run].iter().map(|byte| byte - b'0'));
        at += run;
        let ends_a_word = !bytes.get(at).is_some_and(u8::is_ascii_alphanumeric);
        let shaped = matches!(groups[..], [_] | [4, 4, 4, 1..=4] | [4, 4, 4, 4, 1..=3] | [4, 6, 4..=5]);
        if ends_a_word && shaped && PAN_DIGITS.contains(&digits.len()) && issuer_prefix(&digits) && luhn(&digits) {
            return Some(at);
        }
        let Some(mark @ (b' ' | b'-' | b'.')) = bytes.get(at) else { return None };
        // Where two marks stand side by side, a group without digits lies between them, and no card is printed so.
        if *separator.get_or_insert(*mark) != *mark || groups.len() == 5 {
            return None;
        }
        at += 1;
    }
}

/// Whether a number starts as cards do: 3–6 (the international schemes), 2221–2720 (Mastercard), 9 (Korean domestic).
/// Dates (`2026…`) and UNIX times (`17…`) do not.
fn issuer_prefix(digits: &[u8]) -> bool {
    let lead = digits.iter().take(4).fold(0_u32, |value, digit| value * 10 + u32::from(*digit));
    matches!(lead / 1000, 3..=6 | 9) || (2221..=2720).contains(&lead)
}

/// The Luhn check over digits 0–9.
#[must_use]
pub fn luhn(digits: &[u8]) -> bool {
    let sum: u32 = digits
        .iter()
        .rev()
        .enumerate()
        .map(|(place, digit)| match (place % 2, u32::from(*digit)) {
            (0, value) => value,
            (_, value) if value > 4 => value * 2 - 9,
            (_, value) => value * 2,
        })
        .sum();
    sum.is_multiple_of(10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn card_numbers_are_found_however_they_are_separated() {
        for text in ["4242424242424242", "x 4242-4242-4242-4242 y", "4242 4242 4242 4242", "3782-822463-10005"] {
            assert!(holds_card_number(text), "{text}");
            assert!(!scrub(text, 200).contains("4242424242424242") && scrub(text, 200).contains("[card]"), "{text}");
        }
    }

    #[test]
    fn order_numbers_and_times_are_left_alone() {
        for text in [
            "ORD20180131-0000011",
            "1519862400",
            "imp_448280090638",
            "01012345678",
            "42424242****4242",
            "2026112400012344",
        ] {
            assert!(!holds_card_number(text), "{text}");
            assert_eq!(scrub(text, 200), text);
        }
    }

    #[test]
    fn groups_of_digits_are_a_card_number_only_with_one_and_the_same_mark_between_them() {
        for marks in ["   ", "---", "...", "  -", "- -", ".--", " --"] {
            let mut between = marks.chars().map(String::from).chain([String::new()]);
            let text: String = (0..4).map(|_| format!("4242{}", between.next().unwrap())).collect();
            let same = marks.chars().all(|mark| marks.starts_with(mark));
            assert_eq!(holds_card_number(&text), same, "{text}");
        }
        for text in ["4242 4242 4242  4242", "4242--4242-4242-4242", "4242 4242 4242 ", "4242 4242 4242 x4242"] {
            assert!(!holds_card_number(text), "{text}");
        }
    }

    /// Sixteen digits that begin so and pass the Luhn check.
    fn passing(lead: &str) -> String {
        let digits = |text: &str| text.bytes().map(|byte| byte - b'0').collect::<Vec<u8>>();
        (0..10).map(|check| format!("{lead:0<15}{check}")).find(|text| luhn(&digits(text))).unwrap()
    }

    #[test]
    fn no_number_that_begins_with_a_year_or_a_unix_time_is_taken_for_a_card() {
        for begins in (1_900..=2_220).chain([2_721, 2_999, 7_000, 7_999, 8_000, 8_999]) {
            let text = passing(&begins.to_string());
            assert!(!holds_card_number(&text), "{text}");
        }
        for begins in ["0", "1519862400", "1795489200", "20261124"] {
            assert!(!holds_card_number(&passing(begins)), "{begins}");
        }
    }

    #[test]
    fn a_card_of_every_scheme_is_found() {
        for begins in ["2221", "2720", "3000", "3528", "3782", "4000", "5555", "6011", "6999", "9000", "9999"] {
            let text = passing(begins);
            assert!(holds_card_number(&text), "{text}");
        }
    }

    #[test]
    fn a_mask_hides_something_of_all_that_is_longer_than_its_last_four() {
        for length in 0..=30 {
            let digits: String = "1234567890".chars().cycle().take(length).collect();
            let mask = mask_card_number(&digits);
            let shown = mask.chars().filter(char::is_ascii_digit).count();
            assert_eq!(mask.contains('*'), length > 4, "{digits}");
            assert!(shown <= 10 && mask.len() == length.min(19), "{digits}: {mask}");
        }
        // Too short to be a card's: what it begins with stays hidden.
        assert_eq!([9, 10, 11].map(|n| mask_card_number(&"1".repeat(n))), ["*****1111", "******1111", "111111*1111"]);
    }

    #[test]
    fn a_mask_keeps_at_most_six_and_four() {
        assert_eq!(mask_card_number("4242424242424242"), "424242******4242");
        assert_eq!(mask_card_number("42424242****4242"), "424242******4242");
        assert_eq!(mask_card_number("4242-42**-****-4242"), "424242******4242");
        assert_eq!(mask_card_number("12345678"), "****5678");
        assert_eq!(mask_card_number(""), "");
    }
}
