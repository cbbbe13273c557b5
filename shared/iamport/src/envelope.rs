//! The three layers of a reply, kept apart: HTTP status, envelope `code`, content.

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::value::RawValue;

use crate::amount::Amount;
use crate::error::Error;
use crate::text::PspText;
use crate::transport::RawReply;

/// Content of a reply that can be checked beyond its shape.
pub(crate) trait Content: DeserializeOwned {
    /// [`Error::Suspect`] if the content cannot be true.
    fn vet(&self) -> Result<(), Error>;
}

impl<T: Content> Content for Vec<T> {
    fn vet(&self) -> Result<(), Error> {
        self.iter().try_for_each(Content::vet)
    }
}

/// Which statuses beside 200 carry content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Shape {
    /// One object or one list.
    Whole,
    /// A list by ids, of which some may be missing: HTTP 207.
    Partial,
}

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    code: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    message: Option<PspText>,
    #[serde(default)]
    response: Option<Box<RawValue>>,
}

impl Envelope {
    /// `0`, `0.0` and `"0"` have been seen for the same thing; anything that is no whole number is no code.
    fn code(&self) -> Option<i64> {
        let raw = self.code.as_ref()?;
        serde_json::from_str::<Amount>(raw.get()).ok()?.to_i64()
    }
}

/// Classifies a reply and reads its content. HTTP 401 and 429 are decided before, on the status alone.
pub(crate) fn read<T: Content>(reply: &RawReply, shape: Shape) -> Result<T, Error> {
    match reply.status {
        200 => read_content(reply),
        207 if shape == Shape::Partial => read_content(reply),
        status @ (400 | 403 | 404) => Err(read_refusal(reply, status)),
        status => Err(Error::unknown("unexpected HTTP status", Some(status))),
    }
}

fn read_content<T: Content>(reply: &RawReply) -> Result<T, Error> {
    let unknown = |reason| Error::unknown(reason, Some(reply.status));
    if !reply.may_be_json {
        return Err(unknown("the content type is not JSON"));
    }
    // Syntax first and by itself: a reply that was cut off says nothing, one of the wrong shape is a contradiction.
    let text = std::str::from_utf8(&reply.body).map_err(|_| unknown("the body is not UTF-8"))?;
    if serde_json::from_str::<IgnoredAny>(text).is_err() {
        return Err(unknown("the body is not JSON"));
    }
    let envelope: Envelope = serde_json::from_str(text).map_err(|error| suspect_shape(&error))?;
    match envelope.code() {
        None => Err(Error::suspect("the envelope has no code")),
        Some(0) => {
            let response = envelope.response.ok_or_else(|| Error::suspect("code 0 without a response"))?;
            let content: T = serde_json::from_str(response.get()).map_err(|error| suspect_shape(&error))?;
            content.vet()?;
            Ok(content)
        }
        Some(code) => Err(Error::Refused { code, message: envelope.message }),
    }
}

fn read_refusal(reply: &RawReply, status: u16) -> Error {
    let envelope = serde_json::from_slice::<Envelope>(&reply.body).ok().filter(|_| reply.may_be_json);
    let Some((code, message)) = envelope.and_then(|envelope| Some((envelope.code()?, envelope.message))) else {
        return Error::unknown("an HTTP error without an envelope", Some(status));
    };
    if status == 404 { Error::NotFound { code, message } } else { Error::Rejected { status, code, message } }
}

fn suspect_shape(error: &serde_json::Error) -> Error {
    Error::suspect(safe_reason(error))
}

/// What a parser's complaint says about fields, without what it says about values: serde quotes the input.
pub(crate) fn safe_reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let text = text.split_once(" at line ").map_or(text.as_str(), |(head, _)| head);
    if text.starts_with("invalid ") || text.starts_with("unknown ") {
        return match text.rsplit_once(", expected ") {
            Some((_, expected)) => format!("a value is not {expected}"),
            None => "a value is of the wrong kind".to_owned(),
        };
    }
    text.to_owned()
}

/// [`Error::Suspect`] unless the reply speaks of the same thing as the request.
pub(crate) fn same(field: &'static str, asked: &str, told: &str) -> Result<(), Error> {
    if asked == told { Ok(()) } else { Err(Error::suspect(format!("{field} is not the one that was asked for"))) }
}

/// As [`same`], where the reply may leave the field out.
pub(crate) fn same_if_told(field: &'static str, asked: &str, told: Option<&str>) -> Result<(), Error> {
    told.map_or(Ok(()), |told| same(field, asked, told))
}

#[cfg(test)]
mod tests {
    use super::safe_reason;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its parse errors matter")]
    struct Sample {
        number: u8,
    }

    #[test]
    fn parse_errors_never_repeat_the_input() {
        for (json, reason) in [
            (r#"{"number":"4242424242424242, expected secret"}"#, "a value is not u8"),
            (r#"{"number":4242424242424242}"#, "a value is not u8"),
            ("{}", "missing field `number`"),
            ("[[]]", "a value is not u8"),
            (r#"{"number":1,"number":2}"#, "duplicate field `number`"),
        ] {
            assert_eq!(safe_reason(&serde_json::from_str::<Sample>(json).unwrap_err()), reason);
        }
    }
}
