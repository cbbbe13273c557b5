//! Looks for secrets in text, in every dress in which they tend to leave a program.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};

/// One way to write a secret.
#[derive(Debug, Clone)]
pub(crate) struct Form {
    pub(crate) name: String,
    pub(crate) text: String,
}

/// A secret and what to look for.
#[derive(Debug, Clone)]
pub(crate) struct Secret {
    pub(crate) name: &'static str,
    pub(crate) forms: Vec<Form>,
}

fn form(name: &str, text: String) -> Form {
    Form { name: name.to_owned(), text }
}

/// What base64 makes of a text inside a longer one, at each of the three offsets, without the characters at its ends that
/// depend on what stands around it.
fn inside_base64(text: &str, url_safe: bool) -> Vec<Form> {
    let engine = if url_safe { URL_SAFE_NO_PAD } else { STANDARD_NO_PAD };
    let alphabet = if url_safe { "URL-safe base64" } else { "base64" };
    (0..3)
        .map(|offset| {
            let encoded = engine.encode([vec![0; offset], text.as_bytes().to_vec()].concat());
            let start = [0, 2, 3][offset];
            let bits = (offset + text.len()) * 8;
            // A last character that carries fewer than six bits of ours depends on what follows.
            let end = bits / 6;
            form(&format!("{alphabet} at offset {offset}"), encoded[start..end].to_owned())
        })
        .collect()
}

/// A text in every dress.
fn dressed(secret: &str) -> Vec<Form> {
    let bytes = secret.as_bytes();
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let percent: String = bytes.iter().map(|byte| format!("%{byte:02X}")).collect();
    let escaped: String = bytes.iter().map(|byte| format!("\\u{byte:04x}")).collect();
    let list: Vec<String> = bytes.iter().map(ToString::to_string).collect();
    let url_encoded: String = form_urlencoded::byte_serialize(bytes).collect();
    let mut forms = vec![
        form("raw", secret.to_owned()),
        form("URL-encoded", url_encoded),
        form("percent-encoded", percent),
        form("JSON escapes", escaped),
        form("hex", hex.clone()),
        form("upper-case hex", hex.to_uppercase()),
        form("a list of bytes", list.join(", ")),
        form("a dense list of bytes", list.join(",")),
        form("reversed", secret.chars().rev().collect()),
    ];
    forms.extend(inside_base64(secret, false));
    forms.extend(inside_base64(secret, true));
    forms
}

impl Secret {
    /// A secret that is long enough to be told from chance: 8 characters or more.
    pub(crate) fn text(name: &'static str, secret: &str) -> Self {
        assert!(secret.len() >= 8, "{name} is too short to look for without its field");
        Self { name, forms: dressed(secret) }
    }

    /// A card number of 16 digits: as a text, and in groups.
    pub(crate) fn card_number(digits: &str) -> Self {
        let groups: Vec<&str> = (0..digits.len()).step_by(4).map(|at| &digits[at..at + 4]).collect();
        let mut secret = Self::text("card number", digits);
        for separator in ["-", " ", ".", "+", "%20", "%2D", "_", "/", "\u{a0}"] {
            let grouped = groups.join(separator);
            if separator == "-" || separator == " " {
                let grouped = dressed(&grouped).into_iter().filter(|one| one.name != "raw");
                let renamed = grouped.map(|one| form(&format!("grouped with {separator:?}, {}", one.name), one.text));
                secret.forms.extend(renamed);
            }
            secret.forms.push(form(&format!("grouped with {separator:?}"), grouped));
        }
        // More of the number than a mask shows: without its first two digits, or its last two.
        secret.forms.push(form("without its ends", digits[2..14].to_owned()));
        secret.forms.push(form("debug list", digits.chars().map(|c| c.to_string()).collect::<Vec<_>>().join(", ")));
        secret
    }

    /// A short secret, which only its field's name tells from other digits: `"birth":"900101"`, `birth=900101`,
    /// `Birth(900101)`, `birth: Some("900101")`.
    pub(crate) fn field(name: &'static str, digits: &str) -> Self {
        let mut forms = Vec::new();
        for (what, text) in [
            ("JSON", format!("{name}\":\"{digits}\"")),
            ("JSON with a space", format!("{name}\": \"{digits}\"")),
            ("JSON in JSON", format!("{name}\\\":\\\"{digits}\\\"")),
            ("a JSON number", format!("{name}\":{digits}")),
            ("an item", format!("{name}\":{{\"S\":\"{digits}\"")),
            ("a form", format!("{name}={digits}")),
            ("a quoted field", format!("{name}=\"{digits}\"")),
            ("debug", format!("{name}: \"{digits}\"")),
            ("debug of an option", format!("{name}: Some(\"{digits}\")")),
            ("debug of a number", format!("{name}: {digits}")),
        ] {
            forms.push(form(what, text.clone()));
            let encoded = dressed(&text).into_iter().filter(|one| one.name.contains("base64") || one.name == "hex");
            forms.extend(encoded.map(|one| form(&format!("{what}, {}", one.name), one.text)));
        }
        Self { name, forms }
    }

    /// The forms in which the secret stands in a text.
    pub(crate) fn found_in(&self, text: &str) -> Vec<&str> {
        self.forms.iter().filter(|form| text.contains(&form.text)).map(|form| form.name.as_str()).collect()
    }
}

#[test]
fn a_planted_leak_is_found_in_every_form() {
    let number = "4929382716051827";
    let clean =
        "2026-11-24T06:55:49Z {\"card_number\":\"492938******1827\",\"birth\":null,\"imp_uid\":\"imp_448280090638\"}";
    for secret in [
        Secret::card_number(number),
        Secret::text("imp_secret", "ekKoeW8RyKuT0zgaZsUtXXTLQ4AhPFW3"),
        Secret::field("birth", "870314"),
        Secret::field("pwd_2digit", "83"),
    ] {
        assert!(secret.found_in(clean).is_empty(), "{}: {:?}", secret.name, secret.found_in(clean));
        for form in &secret.forms {
            let scratch = format!("{clean}\nprefix {}suffix", form.text);
            assert!(secret.found_in(&scratch).contains(&form.name.as_str()), "{} as {}", secret.name, form.name);
        }
    }
}

/// The forms are right only if what really encodes such a text is found too, wherever in it the secret stands.
#[test]
fn a_secret_inside_an_encoded_document_is_found() {
    let number = "4929382716051827";
    let secret = Secret::card_number(number);
    let field = Secret::field("pwd_2digit", "83");
    for padding in 0..6 {
        let pad = "x".repeat(padding);
        let document = format!("{{\"{pad}\":1,\"card_number\":\"{number}\",\"pwd_2digit\":\"83\"}}");
        for encoded in [STANDARD.encode(&document), URL_SAFE_NO_PAD.encode(&document)] {
            assert!(!secret.found_in(&encoded).is_empty(), "{document} in {encoded}");
            assert!(!field.found_in(&encoded).is_empty(), "{document} in {encoded}");
        }
        let hex: String = document.bytes().map(|byte| format!("{byte:02x}")).collect();
        assert!(!secret.found_in(&hex).is_empty() && !field.found_in(&hex).is_empty());
        let debug = format!("{:?}", document.as_bytes());
        assert!(!secret.found_in(&debug).is_empty());
        let url: String =
            form_urlencoded::byte_serialize(document.replace(number, "4929 3827 1605 1827").as_bytes()).collect();
        assert!(!secret.found_in(&url).is_empty(), "{url}");
    }
}
