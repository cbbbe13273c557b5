//! Text that must not be repeated as it came: personal data, the PSP's own words, card numbers.

use std::fmt;
use std::ops::Deref;

/// Longest message of the PSP that is kept, in characters.
const PSP_TEXT_CHARS_MAX: usize = 500;

/// Text that names a person or opens a door (buyer data, notice URLs, channel keys). Readable through `Deref`, but
/// `Debug` prints the name of the type, so that no log of a request or reply carries it.
///
/// ```
/// let name = iamport::Sensitive::from("홍길동");
/// assert_eq!(&*name, "홍길동");
/// assert_eq!(format!("{name:?}"), "Sensitive");
/// ```
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Sensitive(String);

impl Sensitive {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Gives the text away.
    #[must_use]
    pub fn into_string(self) -> String {
        self.0
    }
}

impl Deref for Sensitive {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl From<String> for Sensitive {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for Sensitive {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

impl fmt::Debug for Sensitive {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Sensitive")
    }
}

/// What the payment service provider (PSP: Iamport, or a gateway behind it) said in its own words, made fit to be stored
/// and shown: runs of 13 and more digits (with or without single separators) are starred out, control characters removed,
/// 500 characters kept. There is no table of these texts, so never branch on them.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct PspText(String);

impl PspText {
    /// The scrubbed text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<String> for PspText {
    fn from(text: String) -> Self {
        let visible: String = text.chars().filter(|character| !character.is_control()).collect();
        // Cut last: a cut through a card number would leave too few digits to know it by.
        Self(star_long_digit_runs(&visible).chars().take(PSP_TEXT_CHARS_MAX).collect())
    }
}

impl Deref for PspText {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for PspText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for PspText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

/// ASCII and full-width digits: both are in use in Korean terminals' messages.
fn is_digit(character: char) -> bool {
    character.is_ascii_digit() || ('０'..='９').contains(&character)
}

/// Replaces every digit by a star wherever 13 or more digits follow each other, single separators between them
/// allowed. A card number has 13 to 19; a longer run may contain one.
fn star_long_digit_runs(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut run = String::new();
    let mut digits = 0_usize;
    let flush = |run: &mut String, digits: &mut usize, out: &mut String| {
        let hide = *digits >= 13;
        out.extend(run.drain(..).map(|character| if hide && is_digit(character) { '*' } else { character }));
        *digits = 0;
    };
    for character in text.chars() {
        if is_digit(character) {
            run.push(character);
            digits = digits.saturating_add(1);
        } else if matches!(character, ' ' | '-' | '.' | '_' | '/') && run.chars().next_back().is_some_and(is_digit) {
            run.push(character);
        } else {
            flush(&mut run, &mut digits, &mut out);
            out.push(character);
        }
    }
    flush(&mut run, &mut digits, &mut out);
    out
}

/// A card number of a reply: at most the first six and the last four digits, stars between.
///
/// Gateways mask in several ways, and one that does not mask at all must not carry a whole number into a database or log:
/// the text is masked again on arrival and the original is gone.
#[derive(Clone, PartialEq, Eq)]
pub struct MaskedCard {
    masked: String,
    was_exposed: bool,
}

impl MaskedCard {
    /// The masked number, e.g. `424242******4242`.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.masked
    }

    /// Whether the reply showed more than ten digits of the number: worth an alarm.
    #[must_use]
    pub const fn was_exposed(&self) -> bool {
        self.was_exposed
    }
}

impl From<String> for MaskedCard {
    fn from(text: String) -> Self {
        let places: Vec<char> = text.chars().filter(|character| !matches!(character, ' ' | '-')).take(32).collect();
        let shown = places.iter().filter(|place| is_digit(**place)).count();
        let tail_from = places.len().saturating_sub(4);
        let masked = places
            .iter()
            .enumerate()
            .map(|(at, place)| if (at < 6 || at >= tail_from) && place.is_ascii_digit() { *place } else { '*' })
            .collect();
        Self { masked, was_exposed: shown > 10 }
    }
}

impl fmt::Debug for MaskedCard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.masked, f)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::{Strategy, prop, prop_assert_eq, prop_oneof, proptest};

    use super::{MaskedCard, PspText};

    fn scrub(text: &str) -> String {
        PspText::from(text.to_owned()).as_str().to_owned()
    }

    #[test]
    fn messages_lose_what_may_be_a_card_number() {
        assert_eq!(scrub("card 4242424242424242 refused [51]"), "card **************** refused [51]");
        assert_eq!(scrub("4242-4242 4242.4242"), "****-**** ****.****");
        assert_eq!(scrub("４２４２４２４２４２４２４２４２"), "*".repeat(16));
        assert_eq!(scrub("at 010-1234-5678 for 8900"), "at 010-1234-5678 for 8900");
        assert_eq!(scrub("123456789012"), "123456789012");
        assert_eq!(scrub("1234567890123"), "*".repeat(13));
        assert_eq!(scrub("a\r\nb\u{0}"), "ab");
        assert_eq!(scrub(&"가".repeat(600)).chars().count(), 500);
    }

    #[test]
    fn a_card_number_across_the_end_of_what_is_kept_is_starred_too() {
        for kept in 0..=16 {
            let before = "x".repeat(500 - kept);
            let told = scrub(&format!("{before}4242424242424242 was refused"));
            assert_eq!(told.strip_prefix(&before), Some("*".repeat(kept).as_str()));
        }
    }

    #[test]
    fn a_message_reads_the_same_in_every_way_and_is_scrubbed_in_each() {
        let text = PspText::from("한도초과\n (4242-4242-4242-4242)".to_owned());
        let scrubbed = "한도초과 (****-****-****-****)";
        assert_eq!((text.as_str(), &*text, text.to_string().as_str()), (scrubbed, scrubbed, scrubbed));
        assert_eq!(format!("{text:?}"), format!("{scrubbed:?}"), "what the gateway said belongs in a log");
    }

    /// Digits with nothing or one separator between them, and what ends such a run: a separator too many, or a word.
    fn run_and_end() -> impl Strategy<Value = (Vec<(char, &'static str)>, &'static str)> {
        let digit = prop_oneof![prop::char::range('0', '9'), prop::char::range('０', '９')];
        let separator = prop::sample::select(vec!["", "", "", " ", "-", ".", "_", "/"]);
        let end = prop::sample::select(vec!["  ", "--", " -", "x", "원", ", ", "()", "*", "--x"]);
        (prop::collection::vec((digit, separator), 1..20), end)
    }

    proptest! {
        #[test]
        fn thirteen_digits_that_follow_each_other_are_starred_and_all_else_stays(
            runs in prop::collection::vec(run_and_end(), 0..4),
        ) {
            let (mut text, mut expected) = (String::new(), String::new());
            for (digits, end) in runs {
                let hidden = digits.len() >= 13;
                for (at, (digit, separator)) in digits.iter().enumerate() {
                    let separator = if at + 1 == digits.len() { end } else { separator };
                    text.extend([digit.to_string().as_str(), separator]);
                    expected.extend([if hidden { "*".to_owned() } else { digit.to_string() }.as_str(), separator]);
                }
            }
            prop_assert_eq!(scrub(&text), expected, "{}", text);
        }
    }

    #[test]
    fn cards_keep_six_and_four_at_most() {
        let cases = [
            ("4242424242424242", "424242******4242", true),
            ("4242-4242-4242-4242", "424242******4242", true),
            ("424242******4242", "424242******4242", false),
            ("43300012****1234", "433000******1234", true),
            ("53715512****123*", "537155******123*", true),
            ("5371-55**-****-123*", "537155******123*", false),
            ("****-****-****-4242", "************4242", false),
            ("378282246310005", "378282*****0005", true),
            ("", "", false),
            ("<script>4242", "********4242", false),
        ];
        for (shown, masked, exposed) in cases {
            let card = MaskedCard::from(shown.to_owned());
            assert_eq!((card.as_str(), card.was_exposed()), (masked, exposed), "{shown}");
            assert_eq!(format!("{card:?}"), format!("{masked:?}"), "a log tells which card, and no more of it");
        }
    }
}
