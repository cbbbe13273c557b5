//! What the V1 schema says of the fields of replies, as facts: name, type, required or not.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use crate::fixture::{Source, folder};

/// The definitions of `tests/fixtures/schema.json`.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Schemas {
    /// Where they are from.
    pub source: Source,
    /// Of each definition its fields, as `string`, `integer!` (required), `[Payment]` (a list).
    pub definitions: BTreeMap<String, BTreeMap<String, String>>,
}

impl Schemas {
    /// Reads the file.
    ///
    /// # Errors
    /// A file that cannot be read, or is not of this form.
    pub fn read() -> Result<Self, String> {
        let path = folder().join("schema.json");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", path.display()))
    }

    /// What of `value`, a `definition` or a list of them, is not as the schema has it. A field without a value is `null`
    /// there, or 0 if it is a time, so `null` is in order wherever the schema does not require the field.
    #[must_use]
    pub fn differences(&self, definition: &str, value: &Value) -> Vec<String> {
        let mut told = Vec::new();
        self.compare(definition, value, definition, &mut told);
        told
    }

    fn compare(&self, definition: &str, value: &Value, at: &str, told: &mut Vec<String>) {
        if let Value::Array(elements) = value {
            return elements.iter().for_each(|element| self.compare(definition, element, at, told));
        }
        let (Some(fields), Some(object)) = (self.definitions.get(definition), value.as_object()) else {
            return told.push(format!("{at} is no {definition}"));
        };
        for name in object.keys().filter(|name| !fields.contains_key(*name)) {
            told.push(format!("{at}.{name} is not in the schema"));
        }
        for (name, kind) in fields {
            let (kind, required) = kind.strip_suffix('!').map_or((kind.as_str(), false), |kind| (kind, true));
            let at = format!("{at}.{name}");
            match object.get(name) {
                None | Some(Value::Null) if required => told.push(format!("{at} is required")),
                None | Some(Value::Null) => {}
                Some(value) => self.compare_kind(kind, value, &at, told),
            }
        }
    }

    fn compare_kind(&self, kind: &str, value: &Value, at: &str, told: &mut Vec<String>) {
        if let Some(element) = kind.strip_prefix('[').and_then(|kind| kind.strip_suffix(']')) {
            let Some(elements) = value.as_array() else { return told.push(format!("{at} is no list")) };
            return elements.iter().for_each(|value| self.compare_kind(element, value, at, told));
        }
        let fits = match kind {
            "string" => value.is_string(),
            "integer" => value.is_i64() || value.is_u64(),
            "number" => value.is_number(),
            "boolean" => value.is_boolean(),
            "object" => value.is_object(),
            definition => return self.compare(definition, value, at, told),
        };
        if !fits {
            told.push(format!("{at} is no {kind}"));
        }
    }
}
