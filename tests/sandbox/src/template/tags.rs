//! YAML with CloudFormation's short tags, as one JSON tree with the long forms.
//!
//! `!Ref X` becomes `{"Ref": "X"}`, `!GetAtt A.B` becomes `{"Fn::GetAtt": ["A", "B"]}`, and so on, so that the rest
//! of the sandbox sees one spelling only.

use serde_json::{Map, Number, Value};
use yaml_serde::Value as Yaml;

use super::TemplateError;

/// Short tags that stand for `Fn::…`. A tag that is not known is refused: it may change what is open to whom.
const FUNCTIONS: &[&str] = &[
    "And",
    "Base64",
    "Cidr",
    "Equals",
    "FindInMap",
    "GetAZs",
    "GetAtt",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

/// Parses a template's text.
///
/// # Errors
/// [`TemplateError::Yaml`] for text that is not YAML, [`TemplateError::Unsupported`] for an unknown tag.
pub(super) fn parse(text: &str) -> Result<Value, TemplateError> {
    let yaml: Yaml = yaml_serde::from_str(text).map_err(|error| TemplateError::Yaml(error.to_string()))?;
    convert(yaml, "template")
}

fn convert(yaml: Yaml, at: &str) -> Result<Value, TemplateError> {
    Ok(match yaml {
        Yaml::Null => Value::Null,
        Yaml::Bool(flag) => Value::Bool(flag),
        Yaml::Number(number) => Value::Number(convert_number(&number, at)?),
        Yaml::String(text) => Value::String(text),
        Yaml::Sequence(items) => {
            let mut list = Vec::with_capacity(items.len());
            for (index, item) in items.into_iter().enumerate() {
                list.push(convert(item, &format!("{at}[{index}]"))?);
            }
            Value::Array(list)
        }
        Yaml::Mapping(mapping) => {
            let mut map = Map::new();
            for (key, value) in mapping {
                let key = convert_key(key, at)?;
                let value = convert(value, &format!("{at}.{key}"))?;
                map.insert(key, value);
            }
            Value::Object(map)
        }
        Yaml::Tagged(tagged) => {
            let tag = tagged.tag.to_string();
            let tag = tag.trim_start_matches('!');
            let value = convert(tagged.value, at)?;
            expand(tag, value, at)?
        }
    })
}

fn expand(tag: &str, value: Value, at: &str) -> Result<Value, TemplateError> {
    let (key, value) = match (tag, value) {
        ("Ref" | "Condition", value) => (tag.to_owned(), value),
        ("GetAtt", Value::String(path)) => {
            let (resource, attribute) = path.split_once('.').ok_or_else(|| TemplateError::Unsupported {
                at: at.to_owned(),
                what: format!("`!GetAtt {path}` names no attribute"),
            })?;
            ("Fn::GetAtt".to_owned(), Value::from(vec![resource, attribute]))
        }
        (tag, value) if FUNCTIONS.contains(&tag) => (format!("Fn::{tag}"), value),
        (tag, _) => {
            return Err(TemplateError::Unsupported { at: at.to_owned(), what: format!("the tag `!{tag}`") });
        }
    };
    Ok(Value::Object(Map::from_iter([(key, value)])))
}

fn convert_key(key: Yaml, at: &str) -> Result<String, TemplateError> {
    match key {
        Yaml::String(text) => Ok(text),
        Yaml::Number(number) => Ok(number.to_string()),
        Yaml::Bool(flag) => Ok(flag.to_string()),
        Yaml::Null | Yaml::Sequence(_) | Yaml::Mapping(_) | Yaml::Tagged(_) => {
            Err(TemplateError::Unsupported { at: at.to_owned(), what: "a key that is not a plain scalar".to_owned() })
        }
    }
}

fn convert_number(number: &yaml_serde::Number, at: &str) -> Result<Number, TemplateError> {
    let converted = if let Some(value) = number.as_i64() {
        Some(Number::from(value))
    } else if let Some(value) = number.as_u64() {
        Some(Number::from(value))
    } else {
        number.as_f64().and_then(Number::from_f64)
    };
    converted.ok_or_else(|| TemplateError::Unsupported { at: at.to_owned(), what: format!("the number {number}") })
}
