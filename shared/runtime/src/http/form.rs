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
    use super::segment;

    #[test]
    fn a_name_of_any_kind_is_one_segment() {
        assert_eq!(segment("key_8f-3a.b~"), "key_8f-3a.b~");
        assert_eq!(segment("shop/kim#1?a@b+c 길"), "shop%2Fkim%231%3Fa%40b%2Bc%20%EA%B8%B8");
    }
}
