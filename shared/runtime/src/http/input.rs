//! JSON bodies read strictly: numbers exactly as written, no field unknown, none twice, no value in an error.

use std::collections::BTreeMap;
use std::fmt;

use billing::Invalid;
use billing::scrub::holds_card_number;
use serde::Deserialize;
use serde::de::{MapAccess, Visitor};
use serde_json::value::RawValue;

/// Deepest nesting of a request. Ours has three levels.
const DEPTH_MAX: u32 = 16;
/// Longest field name that is shown in an error.
const NAME_SHOWN_MAX: usize = 64;

/// A JSON object whose fields are taken one by one. What is left at the end is unknown.
#[derive(Debug)]
pub struct Object {
    path: String,
    fields: BTreeMap<String, Box<RawValue>>,
}

struct Fields {
    fields: BTreeMap<String, Box<RawValue>>,
    twice: Option<String>,
}

impl<'de> Deserialize<'de> for Fields {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Reader;

        impl<'de> Visitor<'de> for Reader {
            type Value = Fields;

            fn expecting(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
                out.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields, A::Error> {
                let mut read = Fields { fields: BTreeMap::new(), twice: None };
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if read.fields.insert(name.clone(), value).is_some() {
                        read.twice.get_or_insert(name);
                    }
                }
                Ok(read)
            }
        }

        deserializer.deserialize_map(Reader)
    }
}

fn malformed() -> Invalid {
    Invalid::new("body", "malformed_json", "one JSON object in UTF-8")
}

fn wrong_type(field: &str, wanted: &str) -> Invalid {
    Invalid::new(field, "field_type", wanted)
}

impl Object {
    /// Reads a request's body.
    ///
    /// # Errors
    /// `malformed_json`, `duplicate_field`.
    pub fn parse(body: &[u8]) -> Result<Self, Invalid> {
        let text = std::str::from_utf8(body).map_err(|_| malformed())?;
        if too_deep(text) {
            return Err(malformed());
        }
        Self::read(text, String::new()).ok_or_else(malformed)?
    }

    /// `None`: not an object at all.
    fn read(text: &str, path: String) -> Option<Result<Self, Invalid>> {
        let Fields { fields, twice } = serde_json::from_str(text).ok()?;
        Some(match twice {
            Some(name) => Err(Invalid::new(join(&path, &shown(&name)), "duplicate_field", "each field once")),
            None => Ok(Self { path, fields }),
        })
    }

    /// The field's full name, as errors show it.
    fn at(&self, name: &str) -> String {
        join(&self.path, name)
    }

    /// Puts the field's full name on an error of the domain's.
    #[must_use]
    pub fn placed(&self, invalid: Invalid) -> Invalid {
        if self.path.is_empty() { invalid } else { invalid.within(&self.path) }
    }

    fn take(&mut self, name: &str) -> Option<Box<RawValue>> {
        self.fields.remove(name).filter(|value| value.get() != "null")
    }

    /// Whether the field is there and `null`.
    #[must_use]
    pub fn is_null(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value.get() == "null")
    }

    /// Whether the field is there at all.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        self.fields.contains_key(name)
    }

    /// Accepts another spelling of a field: the seed's `carf_quota` for `card_quota`.
    ///
    /// # Errors
    /// `duplicate_field` if both stand there.
    pub fn alias(&mut self, alias: &str, name: &str) -> Result<(), Invalid> {
        if let Some(value) = self.fields.remove(alias)
            && self.fields.insert(name.to_owned(), value).is_some()
        {
            return Err(Invalid::new(self.at(name), "duplicate_field", "each field once, in one spelling"));
        }
        Ok(())
    }

    /// A text field; absent and `null` are the same.
    ///
    /// # Errors
    /// `field_type`.
    pub fn text(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        let Some(value) = self.take(name) else { return Ok(None) };
        serde_json::from_str(value.get()).map(Some).map_err(|_| wrong_type(&self.at(name), "a string"))
    }

    /// A text field that must be there.
    ///
    /// # Errors
    /// `{name}_required`, `field_type`.
    pub fn required_text(&mut self, name: &str) -> Result<String, Invalid> {
        self.text(name)?.ok_or_else(|| self.missing(name))
    }

    /// A text field read further by a rule of the domain's.
    ///
    /// # Errors
    /// `{name}_required`, `field_type`, and the rule's own.
    pub fn required<T>(&mut self, name: &str, rule: impl FnOnce(&str) -> Result<T, Invalid>) -> Result<T, Invalid> {
        let text = self.required_text(name)?;
        rule(&text).map_err(|invalid| self.placed(invalid))
    }

    /// An optional text field read further by a rule of the domain's.
    ///
    /// # Errors
    /// `field_type`, and the rule's own.
    pub fn optional<T>(
        &mut self,
        name: &str,
        rule: impl FnOnce(&str) -> Result<T, Invalid>,
    ) -> Result<Option<T>, Invalid> {
        let text = self.text(name)?;
        text.map(|text| rule(&text)).transpose().map_err(|invalid| self.placed(invalid))
    }

    /// A number as it was written.
    ///
    /// # Errors
    /// `{name}_invalid` for anything but a JSON number: an amount in quotes is not an amount.
    pub fn number(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let text = value.get();
        if text.starts_with(|first: char| first.is_ascii_digit() || first == '-') {
            Ok(Some(text.to_owned()))
        } else {
            Err(Invalid::new(self.at(name), format!("{name}_invalid"), "a JSON number"))
        }
    }

    /// A whole number, written without fraction and exponent (`3` and `3.0` are whole).
    ///
    /// # Errors
    /// `{name}_invalid`.
    pub fn integer<T: std::str::FromStr>(&mut self, name: &str) -> Result<Option<T>, Invalid> {
        let Some(text) = self.number(name)? else { return Ok(None) };
        let whole = match text.split_once('.') {
            Some((whole, fraction)) if fraction.bytes().all(|digit| digit == b'0') => whole,
            Some(_) => "",
            None => text.as_str(),
        };
        let number =
            whole.parse().map_err(|_| Invalid::new(self.at(name), format!("{name}_invalid"), "a whole number"));
        number.map(Some)
    }

    /// A flag.
    ///
    /// # Errors
    /// `field_type`.
    pub fn flag(&mut self, name: &str) -> Result<Option<bool>, Invalid> {
        match self.take(name).as_deref().map(RawValue::get) {
            None => Ok(None),
            Some("true") => Ok(Some(true)),
            Some("false") => Ok(Some(false)),
            Some(_) => Err(wrong_type(&self.at(name), "true or false")),
        }
    }

    /// An object within this one.
    ///
    /// # Errors
    /// `field_type`, `duplicate_field`.
    pub fn object(&mut self, name: &str) -> Result<Option<Self>, Invalid> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let path = self.at(name);
        Self::read(value.get(), path.clone()).ok_or_else(|| wrong_type(&path, "an object"))?.map(Some)
    }

    /// A list of objects that must be there, of at most `max` entries.
    ///
    /// # Errors
    /// `{name}_required`, `{name}_invalid` for too many, `field_type`, `duplicate_field`.
    pub fn list(&mut self, name: &str, max: usize) -> Result<Vec<Self>, Invalid> {
        let value = self.take(name).ok_or_else(|| self.missing(name))?;
        let path = self.at(name);
        let entries: Vec<Box<RawValue>> =
            serde_json::from_str(value.get()).map_err(|_| wrong_type(&path, "a list of objects"))?;
        if entries.len() > max {
            return Err(self.placed(Invalid::field(name, format!("1 to {max} entries"))));
        }
        let read = |(index, entry): (usize, Box<RawValue>)| {
            let path = format!("{path}[{index}]");
            Self::read(entry.get(), path.clone()).ok_or_else(|| wrong_type(&path, "an object"))?
        };
        entries.into_iter().enumerate().map(read).collect()
    }

    /// A list of objects that may be absent, of at most `max` entries.
    ///
    /// # Errors
    /// As [`Self::list`].
    pub fn optional_list(&mut self, name: &str, max: usize) -> Result<Vec<Self>, Invalid> {
        if self.has(name) && !self.is_null(name) {
            return self.list(name, max);
        }
        self.fields.remove(name);
        Ok(Vec::new())
    }

    /// A list of whole numbers.
    ///
    /// # Errors
    /// `{name}_invalid`.
    pub fn integers(&mut self, name: &str) -> Result<Option<Vec<u32>>, Invalid> {
        let Some(value) = self.take(name) else { return Ok(None) };
        let numbers = serde_json::from_str(value.get()).map(Some);
        numbers.map_err(|_| Invalid::new(self.at(name), format!("{name}_invalid"), "a list of whole numbers"))
    }

    /// An object of texts.
    ///
    /// # Errors
    /// `field_type`, `duplicate_field`.
    pub fn texts(&mut self, name: &str) -> Result<BTreeMap<String, String>, Invalid> {
        let Some(mut object) = self.object(name)? else { return Ok(BTreeMap::new()) };
        let names: Vec<String> = object.fields.keys().cloned().collect();
        let read = |name: String| {
            let Some(value) = object.fields.remove(&name) else { return Ok((name, String::new())) };
            let text = serde_json::from_str(value.get()).map_err(|_| wrong_type(&object.at(&shown(&name)), "a string"));
            text.map(|text| (name, text))
        };
        names.into_iter().map(read).collect()
    }

    /// Whether the field is a string.
    #[must_use]
    pub fn is_text(&self, name: &str) -> bool {
        self.fields.get(name).is_some_and(|value| value.get().starts_with('"'))
    }

    /// A field of any JSON shape, as text: a string's content, or the JSON itself.
    ///
    /// # Errors
    /// `field_type` for a string that cannot be read.
    pub fn text_or_json(&mut self, name: &str) -> Result<Option<String>, Invalid> {
        if self.is_text(name) {
            return self.text(name);
        }
        Ok(self.take(name).map(|value| value.get().to_owned()))
    }

    /// A field of any JSON shape, as it was written.
    pub fn json(&mut self, name: &str) -> Option<String> {
        self.take(name).map(|value| value.get().to_owned())
    }

    /// A refusal for a field that must be there.
    #[must_use]
    pub fn missing(&self, name: &str) -> Invalid {
        Invalid::new(self.at(name), format!("{name}_required"), "this field")
    }

    /// Ends the reading: any field that nobody took is unknown.
    ///
    /// # Errors
    /// `unknown_field`.
    pub fn finish(self) -> Result<(), Invalid> {
        match self.fields.keys().next() {
            None => Ok(()),
            Some(name) => Err(Invalid::new(self.at(&shown(name)), "unknown_field", "only the documented fields")),
        }
    }
}

fn join(path: &str, name: &str) -> String {
    if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") }
}

/// A caller's field name as it may be shown: plain ones only, since a name can hold a value.
fn shown(name: &str) -> String {
    let plain = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '-' | '.');
    if name.len() <= NAME_SHOWN_MAX && name.chars().all(plain) && !holds_card_number(name) {
        name.to_owned()
    } else {
        "(a field with an unusual name)".to_owned()
    }
}

/// Whether brackets nest deeper than a request of ours can. Counted before parsing, in one pass.
fn too_deep(text: &str) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0_u32, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            // Outside of a string it is no JSON anyway.
            b'\\' => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => {
                depth += 1;
                if depth > DEPTH_MAX {
                    return true;
                }
            }
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests;
