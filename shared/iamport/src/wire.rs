//! The one module that turns requests into bytes, and so the only one that reads secrets.

use bytes::Bytes;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::HeaderValue;
use zeroize::Zeroizing;

use crate::amount::Amount;
use crate::secret::{AccessToken, CardNumber, Credentials, Expiry, Expose};
use crate::text::Sensitive;

/// What an address must not hold as it is: all but the unreserved characters (RFC 3986, 2.3).
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// First size of a body's buffer; most bodies fit, so that nothing has to be moved.
const BODY_BYTES_FIRST: usize = 2048;

/// A buffer whose memory is wiped when it is given up, also when it grows. Its room is a boxed slice, because that cannot
/// grow by itself: a vector that does leaves a copy behind that nobody wipes.
struct Buffer {
    room: Zeroizing<Box<[u8]>>,
    filled: usize,
}

impl Buffer {
    fn with_room(bytes: usize) -> Self {
        Self { room: Zeroizing::new(vec![0; bytes].into_boxed_slice()), filled: 0 }
    }

    fn push(&mut self, bytes: &[u8]) {
        let end = self.filled.saturating_add(bytes.len());
        if let Some(free) = self.room.get_mut(self.filled..end) {
            free.copy_from_slice(bytes);
            self.filled = end;
            return;
        }
        let mut larger = Self::with_room(end.saturating_mul(2));
        larger.push(self.as_ref());
        larger.push(bytes);
        *self = larger;
    }

    /// A JSON string.
    fn push_quoted(&mut self, text: &str) {
        self.push(b"\"");
        for character in text.chars() {
            match character {
                '"' => self.push(b"\\\""),
                '\\' => self.push(b"\\\\"),
                '\u{0}'..='\u{1f}' => self.push(format!("\\u{:04x}", u32::from(character)).as_bytes()),
                _ => self.push(character.encode_utf8(&mut [0; 4]).as_bytes()),
            }
        }
        self.push(b"\"");
    }
}

impl AsRef<[u8]> for Buffer {
    fn as_ref(&self) -> &[u8] {
        self.room.get(..self.filled).unwrap_or_default()
    }
}

/// A JSON object under construction. Absent optional values leave no trace in it.
pub(crate) struct Object<'a> {
    out: &'a mut Buffer,
    empty: bool,
}

/// Builds a request body. Its memory is wiped when the last handle on it is dropped, which the transport does when
/// the exchange has ended.
pub(crate) fn body(fill: impl FnOnce(&mut Object<'_>)) -> Bytes {
    let mut buffer = Buffer::with_room(BODY_BYTES_FIRST);
    write_object(&mut buffer, fill);
    Bytes::from_owner(buffer)
}

fn write_object(out: &mut Buffer, fill: impl FnOnce(&mut Object<'_>)) {
    out.push(b"{");
    fill(&mut Object { out, empty: true });
    out.push(b"}");
}

impl Object<'_> {
    fn key(&mut self, key: &str) {
        if !self.empty {
            self.out.push(b",");
        }
        self.empty = false;
        self.out.push_quoted(key);
        self.out.push(b":");
    }

    pub(crate) fn text(&mut self, key: &str, value: &str) {
        self.key(key);
        self.out.push_quoted(value);
    }

    pub(crate) fn maybe_text(&mut self, key: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(key, value);
        }
    }

    pub(crate) fn concealed(&mut self, key: &str, value: Option<&Sensitive>) {
        self.maybe_text(key, value.map(Sensitive::as_str));
    }

    pub(crate) fn secret(&mut self, key: &str, value: Option<&impl Expose>) {
        self.maybe_text(key, value.map(Expose::expose));
    }

    /// The spelling that the API shows for 16 digits; other lengths have no common grouping.
    pub(crate) fn card_number(&mut self, key: &str, value: &CardNumber) {
        let digits = value.expose();
        if digits.len() != 16 {
            return self.text(key, digits);
        }
        self.key(key);
        self.out.push(b"\"");
        for (at, group) in digits.as_bytes().chunks(4).enumerate() {
            if at > 0 {
                self.out.push(b"-");
            }
            self.out.push(group);
        }
        self.out.push(b"\"");
    }

    pub(crate) fn expiry(&mut self, key: &str, value: Expiry) {
        self.text(key, &Zeroizing::new(format!("{:04}-{:02}", value.year(), value.month())));
    }

    pub(crate) fn amount(&mut self, key: &str, value: Amount) {
        self.key(key);
        self.out.push(value.to_string().as_bytes());
    }

    pub(crate) fn maybe_amount(&mut self, key: &str, value: Option<Amount>) {
        if let Some(value) = value {
            self.amount(key, value);
        }
    }

    pub(crate) fn integer(&mut self, key: &str, value: i64) {
        self.key(key);
        self.out.push(value.to_string().as_bytes());
    }

    pub(crate) fn maybe_integer(&mut self, key: &str, value: Option<impl Into<i64>>) {
        if let Some(value) = value {
            self.integer(key, value.into());
        }
    }

    pub(crate) fn flag(&mut self, key: &str, value: Option<bool>) {
        if let Some(value) = value {
            self.key(key);
            self.out.push(if value { b"true" } else { b"false" });
        }
    }

    pub(crate) fn object(&mut self, key: &str, fill: impl FnOnce(&mut Object<'_>)) {
        self.key(key);
        write_object(self.out, fill);
    }

    pub(crate) fn texts<'t>(&mut self, key: &str, values: impl Iterator<Item = &'t str>) {
        self.key(key);
        self.out.push(b"[");
        for (at, value) in values.enumerate() {
            if at > 0 {
                self.out.push(b",");
            }
            self.out.push_quoted(value);
        }
        self.out.push(b"]");
    }

    /// A list of texts that must not be printed. An empty one leaves no trace.
    pub(crate) fn concealed_texts(&mut self, key: &str, values: &[Sensitive]) {
        if !values.is_empty() {
            self.texts(key, values.iter().map(Sensitive::as_str));
        }
    }

    pub(crate) fn integers(&mut self, key: &str, values: impl Iterator<Item = u32>) {
        let list: Vec<String> = values.map(|value| value.to_string()).collect();
        self.json(key, &format!("[{}]", list.join(",")));
    }

    /// A value that is JSON already.
    pub(crate) fn json(&mut self, key: &str, json: &str) {
        self.key(key);
        self.out.push(json.as_bytes());
    }

    pub(crate) fn objects<T>(
        &mut self,
        key: &str,
        items: impl Iterator<Item = T>,
        mut fill: impl FnMut(&mut Object<'_>, T),
    ) {
        self.key(key);
        self.out.push(b"[");
        for (at, item) in items.enumerate() {
            if at > 0 {
                self.out.push(b",");
            }
            write_object(self.out, |object| fill(object, item));
        }
        self.out.push(b"]");
    }
}

/// The body of `POST /users/getToken`.
pub(crate) fn credentials_body(credentials: &Credentials) -> Bytes {
    body(|object| {
        object.text("imp_key", credentials.imp_key.expose());
        object.text("imp_secret", credentials.imp_secret.expose());
    })
}

/// The `Authorization` header, marked so that no layer below logs it. `None` cannot happen: an [`AccessToken`] is
/// visible ASCII.
pub(crate) fn authorization(token: &AccessToken) -> Option<HeaderValue> {
    let text = Zeroizing::new(format!("Bearer {}", token.expose()));
    let mut value = HeaderValue::from_str(&text).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// Path and query of a request, each part encoded so that it stays one part.
/// It has no `Debug`, because a gateway's key may stand in its query.
#[derive(Clone)]
pub(crate) struct Target {
    path: String,
    query: String,
}

impl Target {
    /// Starts with a fixed path, which must begin with a slash.
    pub(crate) fn new(path: &'static str) -> Self {
        Self { path: path.to_owned(), query: String::new() }
    }

    /// Appends one path segment.
    pub(crate) fn segment(mut self, segment: &str) -> Self {
        self.path.push('/');
        push_encoded(&mut self.path, segment);
        self
    }

    /// Appends one query parameter.
    pub(crate) fn query(mut self, key: &str, value: &str) -> Self {
        if !self.query.is_empty() {
            self.query.push('&');
        }
        push_encoded(&mut self.query, key);
        self.query.push('=');
        push_encoded(&mut self.query, value);
        self
    }

    /// Appends a credential as a query parameter, which is where the API wants one of them.
    pub(crate) fn secret_query(self, key: &str, value: &impl Expose) -> Self {
        self.query(key, value.expose())
    }

    /// Appends one query parameter, if there is a value.
    pub(crate) fn maybe_query(self, key: &str, value: Option<impl ToString>) -> Self {
        match value {
            Some(value) => self.query(key, &value.to_string()),
            None => self,
        }
    }

    pub(crate) fn path(&self) -> &str {
        &self.path
    }

    pub(crate) fn query_text(&self) -> Option<&str> {
        (!self.query.is_empty()).then_some(self.query.as_str())
    }
}

/// Percent-encodes everything but RFC 3986's unreserved characters.
fn push_encoded(out: &mut String, text: &str) {
    out.extend(utf8_percent_encode(text, RESERVED));
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::{BODY_BYTES_FIRST, Target, authorization, body};
    use crate::amount::Amount;
    use crate::secret::AccessToken;

    #[test]
    fn any_text_survives_as_json() {
        let text: String = (0..0x250_u32).filter_map(char::from_u32).chain("\"\\/가\u{2028}😀".chars()).collect();
        let bytes = body(|object| object.text("k\"ey", &text));
        let read: serde_json::Value = serde_json::from_slice(&bytes).unwrap();
        assert_eq!(read["k\"ey"], serde_json::Value::String(text));
    }

    #[test]
    fn the_authorization_header_does_not_print_its_token() {
        let token = AccessToken::new(Zeroizing::new("token-1".to_owned())).unwrap();
        let header = authorization(&token).unwrap();
        assert_eq!((header.to_str().unwrap(), format!("{header:?}").as_str()), ("Bearer token-1", "Sensitive"));
    }

    #[test]
    fn bodies_around_the_first_buffers_size_are_whole() {
        for length in (0..3).flat_map(|times| (0..24).map(move |less| (BODY_BYTES_FIRST << times) - less)) {
            let text = "x".repeat(length);
            let bytes = body(|object| {
                object.text("a", &text);
                object.integer("b", 7);
            });
            assert_eq!(bytes, format!(r#"{{"a":"{text}","b":7}}"#).as_bytes(), "{length}");
        }
    }

    #[test]
    fn bodies_larger_than_the_first_buffer_are_whole() {
        let long = "x".repeat(10_000);
        let bytes = body(|object| {
            object.text("a", &long);
            object.amount("b", Amount::from_minor(1_999, 2));
            object.objects("c", [1_i64, 2].into_iter(), |inner, value| inner.integer("d", value));
        });
        let expected = format!(r#"{{"a":"{long}","b":19.99,"c":[{{"d":1}},{{"d":2}}]}}"#);
        assert_eq!(bytes, expected.as_bytes());
    }

    #[test]
    fn a_segment_stays_a_segment() {
        let target = Target::new("/payments").segment("a/b?c#d%2e%2e\\\r\n가").query("x[]", "1&y=2");
        assert_eq!(target.path(), "/payments/a%2Fb%3Fc%23d%252e%252e%5C%0D%0A%EA%B0%80");
        assert_eq!(target.query_text(), Some("x%5B%5D=1%26y%3D2"));
    }

    proptest::proptest! {
        /// RFC 3986, section 2.3: letters, digits and four marks stand for themselves; everything else is bytes in hex.
        #[test]
        fn whatever_a_name_holds_it_stays_one_part_and_reads_back(names in proptest::collection::vec("\\PC{0,40}", 1..4)) {
            let start = Target::new("/subscribe/customers");
            let target = names.iter().fold(start, |target, name| target.segment(name)).query("k", &names[0]);
            let parts: Vec<&str> = target.path().split('/').skip(3).collect();
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~%".contains(&byte);
            proptest::prop_assert!(parts.iter().all(|part| part.bytes().all(plain)), "{parts:?}");
            let read = |part: &&str| percent_encoding::percent_decode_str(part).decode_utf8().unwrap().into_owned();
            proptest::prop_assert_eq!(parts.iter().map(read).collect::<Vec<_>>(), names.clone());
            let query = target.query_text().unwrap().strip_prefix("k=").unwrap();
            proptest::prop_assert_eq!(read(&query), names[0].clone());
        }
    }
}
