//! Reads request bodies and queries: JSON, or forms whose names nest as `schedules[0][name]` and `merchant_uid[]`.

use serde_json::{Map, Value};

/// Deepest nesting of a form name; V1 needs two.
const DEPTH_MAX: usize = 4;

/// Whether a form or JSON arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    None,
    Json,
    Form,
}

impl Format {
    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Json => "json",
            Self::Form => "form",
        }
    }
}

/// A body's fields; `None` if it is neither a JSON object nor a form.
pub(super) fn read(content_type: Option<&str>, bytes: &[u8]) -> Option<(Format, Map<String, Value>)> {
    if bytes.is_empty() {
        return Some((Format::None, Map::new()));
    }
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match essence.as_str() {
        "application/json" => match serde_json::from_slice(bytes) {
            Ok(Value::Object(fields)) => Some((Format::Json, fields)),
            Ok(_) | Err(_) => None,
        },
        "application/x-www-form-urlencoded" => Some((Format::Form, read_pairs(bytes)?)),
        _ => None,
    }
}

/// `a=1&b[]=2&c[0][d]=3` as nested values; every leaf is a string.
pub(in crate::iamport) fn read_pairs(bytes: &[u8]) -> Option<Map<String, Value>> {
    let mut root = Map::new();
    for (name, value) in form_urlencoded::parse(bytes) {
        let (first, path) = split_name(&name)?;
        let slot = root.entry(first.to_owned()).or_insert(Value::Null);
        *descend(slot, &path)? = Value::String(value.into_owned());
    }
    Some(root)
}

fn split_name(name: &str) -> Option<(&str, Vec<&str>)> {
    let Some(bracket) = name.find('[') else { return Some((name, Vec::new())) };
    let (first, rest) = name.split_at(bracket);
    let inner = rest.strip_prefix('[')?.strip_suffix(']')?;
    let path: Vec<&str> = inner.split("][").collect();
    (path.len() <= DEPTH_MAX).then_some((first, path))
}

fn descend<'a>(slot: &'a mut Value, path: &[&str]) -> Option<&'a mut Value> {
    let Some((step, rest)) = path.split_first() else { return Some(slot) };
    let index = if step.is_empty() { None } else { step.parse::<usize>().ok() };
    if step.is_empty() || index.is_some() {
        if slot.is_null() {
            *slot = Value::Array(Vec::new());
        }
        let items = slot.as_array_mut()?;
        let index = index.unwrap_or(items.len());
        if index == items.len() {
            items.push(Value::Null);
        }
        // An index with a gap before it names nothing.
        descend(items.get_mut(index)?, rest)
    } else {
        if slot.is_null() {
            *slot = Value::Object(Map::new());
        }
        descend(slot.as_object_mut()?.entry(*step).or_insert(Value::Null), rest)
    }
}

/// Every `merchant_uid` in a request's fields, for matching faults and for the log.
pub(super) fn merchant_uids(fields: &Map<String, Value>, found: &mut Vec<String>) {
    match fields.get("merchant_uid") {
        Some(Value::String(uid)) => found.push(uid.clone()),
        Some(Value::Array(uids)) => found.extend(uids.iter().filter_map(|uid| uid.as_str().map(str::to_owned))),
        _ => {}
    }
    if let Some(Value::Array(entries)) = fields.get("schedules") {
        for entry in entries.iter().filter_map(Value::as_object) {
            merchant_uids(entry, found);
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn forms_nest_as_php_clients_write_them() {
        let form = "a=1&uid[]=x&uid[]=y&s[0][m]=p&s[0][n]=q&s[1][m]=r&extra[k]=%ED%95%9C+%3D";
        assert_eq!(
            Value::Object(read_pairs(form.as_bytes()).unwrap()),
            json!({"a": "1", "uid": ["x", "y"], "s": [{"m": "p", "n": "q"}, {"m": "r"}], "extra": {"k": "한 ="}})
        );
    }

    #[test]
    fn hostile_names_are_refused_without_growing() {
        for name in ["a[9999999999]", "a[5]", "a[x", "a[b][c][d][e][f]", "a=1&a[b]"] {
            assert_eq!(read_pairs(format!("{name}=1").as_bytes()), None, "{name}");
        }
    }

    #[test]
    fn a_body_is_an_object_of_the_declared_type() {
        assert!(read(Some("application/json; charset=utf-8"), b"{}").is_some());
        assert!(read(Some("application/json"), b"[]").is_none());
        assert!(read(Some("application/json"), b"a=b").is_none());
        assert!(read(Some("text/plain"), b"{}").is_none());
        assert!(read(None, b"{}").is_none());
        assert_eq!(read(None, b""), Some((Format::None, Map::new())));
    }
}
