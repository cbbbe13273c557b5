//! Forms and queries: what is not JSON at this edge.

use billing::Invalid;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::{Problem, Request};

/// What a path must not hold as it is: all but the unreserved characters (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Largest message of the PSP's, in bytes. A real one has about a hundred.
const MESSAGE_MAX: usize = 8 * 1024;

/// A message of the PSP's: JSON or a form, by a setting in its console.
#[derive(Debug, Clone, Copy)]
pub enum Message<'a> {
    /// JSON.
    Json(&'a [u8]),
    /// A form.
    Form(&'a [u8]),
}

impl<'a> Message<'a> {
    /// The body of a request that the PSP sends.
    ///
    /// # Errors
    /// `payload_too_large`, `unsupported_media_type`.
    pub fn of(request: &'a Request) -> Result<Self, Problem> {
        let body = request.body();
        if body.len() > MESSAGE_MAX {
            return Err(Problem::new(413, "payload_too_large", "At most 8 KiB."));
        }
        match request.content_type().as_str() {
            "application/json" => Ok(Self::Json(body)),
            "application/x-www-form-urlencoded" => Ok(Self::Form(body)),
            _ => Err(Problem::new(415, "unsupported_media_type", "JSON or a form.")),
        }
    }
}

/// One field of a form body.
///
/// # Errors
/// `{name}_required`; `duplicate_field` if it stands there twice.
pub fn field(body: &[u8], name: &str) -> Result<String, Invalid> {
    let mut values = form_urlencoded::parse(body).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.into_owned()),
        (Some(_), Some(_)) => Err(Invalid::new(name, "duplicate_field", "each field once")),
        (None, _) => Err(Invalid::new(name, format!("{name}_required"), "this field")),
    }
}

/// A page's address with further query parameters.
#[must_use]
pub fn with_query(page: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}{query}")
}

/// Text as one segment of a path: whatever is not unreserved (RFC 3986, 2.3) is percent-encoded.
#[must_use]
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, RESERVED).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;
    use crate::http::tests::request;

    #[test]
    fn a_name_of_any_kind_is_one_segment() {
        assert_eq!(segment("key_8f-3a.b~"), "key_8f-3a.b~");
        assert_eq!(segment("shop/kim#1?a@b+c 길"), "shop%2Fkim%231%3Fa%40b%2Bc%20%EA%B8%B8");
    }

    #[test]
    fn a_message_is_json_or_a_form_of_eight_kib_at_most() {
        let of = |content_type: &str, bytes: usize| {
            let asked = request(&[("/headers/content-type", json!(content_type)), ("/body", json!("a".repeat(bytes)))]);
            match Message::of(&asked) {
                Ok(Message::Json(body)) => format!("{} of JSON", body.len()),
                Ok(Message::Form(body)) => format!("{} of a form", body.len()),
                Err(problem) => problem.code().to_owned(),
            }
        };
        let form = "application/x-www-form-urlencoded";
        assert_eq!(of("application/json; charset=utf-8", 2), "2 of JSON");
        assert_eq!(of(form, 0), "0 of a form");
        assert_eq!((of(form, 8_191), of(form, 8_192)), ("8191 of a form".to_owned(), "8192 of a form".to_owned()));
        for too_long in [8_193, 8_194, 100_000] {
            assert_eq!((of("application/json", too_long), of(form, too_long)).0, "payload_too_large");
            assert_eq!(of(form, too_long), "payload_too_large");
        }
        for other in ["text/plain", "multipart/form-data", ""] {
            assert_eq!(of(other, 2), "unsupported_media_type", "{other}");
        }
    }

    #[test]
    fn a_field_of_a_form_stands_there_once() {
        for (body, read) in [
            ("imp_uid=imp_1&status=paid", Ok("imp_1")),
            ("status=paid&imp_uid=", Ok("")),
            ("imp_uid=a%20b%2Bc+d", Ok("a b+c d")),
            ("imp%5Fuid=imp_1", Ok("imp_1")),
            ("", Err("imp_uid_required")),
            ("IMP_UID=imp_1", Err("imp_uid_required")),
            ("imp_uid=imp_1&imp_uid=imp_1", Err("duplicate_field")),
        ] {
            let found = field(body.as_bytes(), "imp_uid").map_err(|invalid| invalid.code);
            assert_eq!(found.as_deref().map_err(String::as_str), read, "{body}");
        }
    }

    proptest! {
        /// What a page is sent on with is what it can read there, whatever it is, and its own query stays.
        #[test]
        fn what_is_added_to_an_address_is_read_there(name in "[a-z_]{1,8}", value in "\\PC{0,30}", own: bool) {
            let page = if own { "https://shop.example/done?lang=ko" } else { "https://shop.example/done" };
            let url = with_query(page, &[(&name, &value), ("last", "1")]);
            let (path, query) = url.split_once('?').unwrap();
            let pairs: Vec<(String, String)> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
            let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
            let mut expected = if own { vec![pair("lang", "ko")] } else { vec![] };
            expected.extend([pair(&name, &value), pair("last", "1")]);
            prop_assert_eq!((path, pairs), ("https://shop.example/done", expected));
        }
    }
}
