//! The three layers of a reply, kept apart: HTTP status, envelope `code`, content.

use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::amount::Amount;
use crate::error::{Error, GatewayRefusal};
use crate::text::PspText;
use crate::transport::RawReply;

/// Content of a reply that can be checked beyond its shape.
pub(crate) trait Content: DeserializeOwned {
    /// [`Error::Suspect`] if the content cannot be true. Most content has nothing to be compared with.
    fn vet(&self) -> Result<(), Error> {
        Ok(())
    }

    /// What code 0 without a response stands for. By default the two contradict each other.
    fn missing() -> Option<Self> {
        None
    }
}

/// The content of a reply of which nothing but the code is documented: whatever it holds is passed over.
#[derive(Debug)]
pub(crate) struct Nothing;

impl<'de> Deserialize<'de> for Nothing {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Content for Nothing {
    fn missing() -> Option<Self> {
        Some(Self)
    }
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
    /// A list by ids, of which some may be missing, or of what was done to several things one by one: HTTP 207.
    Partial,
}

/// What one operation's own documentation says of a status that elsewhere says nothing. It holds only for a reply with an
/// envelope whose code is not 0: a proxy in trouble answers the same statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// What was asked for does not exist.
    Absent,
    /// Not done: the request does not fit, or the gateway cannot do this at all.
    Rejected,
    /// The gateway said no.
    Refused,
}

/// The statuses that an operation gives a meaning of its own.
pub(crate) type Documented = &'static [(u16, Meaning)];

#[derive(Deserialize)]
struct Envelope {
    #[serde(default)]
    code: Option<Box<RawValue>>,
    #[serde(default, deserialize_with = "crate::lenient::text")]
    message: Option<PspText>,
    #[serde(default)]
    response: Option<Box<RawValue>>,
    /// A fourth member, which only the release of FIDO is documented to have: the gateway's own code and words.
    #[serde(default, deserialize_with = "crate::lenient::object")]
    error: Option<GatewayRefusal>,
}

impl Envelope {
    /// `0`, `0.0` and `"0"` have been seen for the same thing; anything that is no whole number is no code.
    fn code(&self) -> Option<i64> {
        let raw = self.code.as_ref()?;
        serde_json::from_str::<Amount>(raw.get()).ok()?.to_i64()
    }
}

/// Classifies a reply and reads its content. HTTP 401 and 429 are decided before, on the status alone.
pub(crate) fn read<T: Content>(reply: &RawReply, shape: Shape, documented: Documented) -> Result<T, Error> {
    match reply.status {
        200 => read_content(reply),
        207 if shape == Shape::Partial => read_content(reply),
        status @ (400 | 403) => Err(read_refusal(reply, Meaning::Rejected, status)),
        404 => Err(read_refusal(reply, Meaning::Absent, 404)),
        status => Err(match documented.iter().find(|(documented, _)| *documented == status) {
            Some((_, meaning)) => read_documented(reply, *meaning, status),
            None => Error::unknown("unexpected HTTP status", Some(status)),
        }),
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
            let Some(response) = envelope.response else {
                return T::missing().ok_or_else(|| Error::suspect("code 0 without a response"));
            };
            let content: T = serde_json::from_str(response.get()).map_err(|error| suspect_shape(&error))?;
            content.vet()?;
            Ok(content)
        }
        Some(code) => Err(refused(code, envelope)),
    }
}

fn refused(code: i64, envelope: Envelope) -> Error {
    Error::Refused { code, message: envelope.message, gateway: envelope.error.map(Box::new) }
}

fn read_refusal(reply: &RawReply, meaning: Meaning, status: u16) -> Error {
    let envelope = serde_json::from_slice::<Envelope>(&reply.body).ok().filter(|_| reply.may_be_json);
    let Some((code, envelope)) = envelope.and_then(|envelope| Some((envelope.code()?, envelope))) else {
        return Error::unknown("an HTTP error without an envelope", Some(status));
    };
    match meaning {
        Meaning::Absent => Error::NotFound { code, message: envelope.message },
        Meaning::Rejected => Error::Rejected { status, code, message: envelope.message },
        Meaning::Refused => refused(code, envelope),
    }
}

/// As [`read_refusal`]; success in the envelope contradicts what the documentation says of the status.
fn read_documented(reply: &RawReply, meaning: Meaning, status: u16) -> Error {
    match read_refusal(reply, meaning, status) {
        refusal if refusal.code() == Some(0) => Error::unknown("an HTTP error with code 0", Some(status)),
        refusal => refusal,
    }
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
