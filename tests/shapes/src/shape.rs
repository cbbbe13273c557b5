//! Whether two replies are of one shape.

use serde_json::Value;

/// Fields of which several gateways say nothing, so that `null` may stand in the place of a number or flag.
const NULLABLE: [&str; 3] = ["card_type", "foreigner_v2", "promotion"];

const fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null | Value::String(_) => "a text or null",
        Value::Bool(_) => "a flag",
        Value::Number(_) => "a number",
        Value::Array(_) => "a list",
        Value::Object(_) => "an object",
    }
}

/// What differs between a recorded value and another of the same call: a type, for every field that both have.
///
/// A text may be `null` on either side, because that is how the API says "nothing". A number, a flag and a list may not: the
/// API says 0, `false` and `[]`. Lists are compared by their first elements.
#[must_use]
pub fn differences(recorded: &Value, other: &Value) -> Vec<String> {
    let mut told = Vec::new();
    compare(recorded, other, "", &mut told);
    told
}

fn compare(recorded: &Value, other: &Value, at: &str, told: &mut Vec<String>) {
    match (recorded, other) {
        (Value::Object(recorded), Value::Object(other)) => {
            for (name, value) in recorded {
                if let Some(other) = other.get(name) {
                    compare(value, other, &format!("{at}/{name}"), told);
                }
            }
        }
        (Value::Array(recorded), Value::Array(other)) => {
            if let (Some(recorded), Some(other)) = (recorded.first(), other.first()) {
                compare(recorded, other, &format!("{at}/0"), told);
            }
        }
        (recorded, other) => {
            let nullable = NULLABLE.iter().any(|name| at.ends_with(&format!("/{name}")));
            let (one, two) = (kind(recorded), kind(other));
            if one != two && !(nullable && (recorded.is_null() || other.is_null())) {
                told.push(format!("{at} is {one} as recorded, {two} here"));
            }
        }
    }
}

/// The places of everything that is not a list, beginning with `at`: `/response/list/0/amount`.
#[must_use]
pub fn places(value: &Value, at: &str) -> Vec<String> {
    let inner: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields.iter().map(|(name, value)| (format!("{at}/{name}"), value)).collect(),
        Value::Array(elements) => {
            elements.iter().enumerate().map(|(at_, value)| (format!("{at}/{at_}"), value)).collect()
        }
        _ => Vec::new(),
    };
    let here = inner.iter().filter(|_| value.is_object()).map(|(place, _)| place.clone());
    let below = inner.iter().flat_map(|(place, value)| places(value, place));
    here.chain(below).collect()
}

/// The value without the field at that place.
#[must_use]
pub fn without(value: &Value, place: &str) -> Value {
    let mut value = value.clone();
    if let Some((parent, name)) = place.rsplit_once('/')
        && let Some(Value::Object(fields)) = value.pointer_mut(parent)
    {
        fields.remove(name);
    }
    value
}
