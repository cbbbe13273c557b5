//! The template as JSON: `!Ref Name` is `{"!Ref": "Name"}`.

use std::sync::OnceLock;

use serde_json::{Map, Value, json};

use crate::repository;

/// All of it, read once.
pub(crate) fn document() -> &'static Value {
    static DOCUMENT: OnceLock<Value> = OnceLock::new();
    DOCUMENT.get_or_init(|| {
        plain(&yaml_serde::from_str(&repository::read("template.yaml")).expect("template.yaml is YAML"))
    })
}

fn plain(value: &yaml_serde::Value) -> Value {
    match value {
        yaml_serde::Value::Tagged(tagged) => {
            let name = tagged.tag.to_string();
            json!({ format!("!{}", name.trim_start_matches('!')): plain(&tagged.value) })
        }
        yaml_serde::Value::Sequence(items) => items.iter().map(plain).collect(),
        yaml_serde::Value::Mapping(entries) => {
            let entry = |(name, value): (&yaml_serde::Value, &yaml_serde::Value)| {
                (name.as_str().expect("a key is a text").to_owned(), plain(value))
            };
            Value::Object(entries.iter().map(entry).collect())
        }
        other => serde_json::to_value(other).expect("a scalar"),
    }
}

/// A resource by its name.
pub(crate) fn resource(name: &str) -> &'static Value {
    let found = &document()["Resources"][name];
    assert!(found.is_object(), "template.yaml has no resource {name}");
    found
}

/// What a resource is made of. It has to be of that type.
pub(crate) fn properties(name: &str, kind: &str) -> &'static Map<String, Value> {
    assert_eq!(resource(name)["Type"], kind, "{name}");
    object(&resource(name)["Properties"], name)
}

pub(crate) fn object<'a>(value: &'a Value, at: &str) -> &'a Map<String, Value> {
    value.as_object().unwrap_or_else(|| panic!("{at} is no map: {value}"))
}

/// The names of all resources of a type, in order.
pub(crate) fn resources_of(kind: &str) -> Vec<&'static str> {
    let all = object(&document()["Resources"], "Resources").iter();
    all.filter(|(_, body)| body["Type"] == kind).map(|(name, _)| name.as_str()).collect()
}

/// The names of a function's resources begin with the folder's: `issue-billing-key` is `IssueBillingKey`.
pub(crate) fn logical(function: &str) -> String {
    camel(function.split('-'))
}

pub(crate) fn camel<'a>(words: impl Iterator<Item = &'a str>) -> String {
    let capital = |word: &str| {
        let (first, rest) = word.split_at(1);
        format!("{}{}", first.to_uppercase(), rest.to_lowercase())
    };
    words.map(capital).collect()
}

pub(crate) fn reference(name: &str) -> Value {
    json!({ "!Ref": name })
}

pub(crate) fn attribute(of: &str) -> Value {
    json!({ "!GetAtt": of })
}

pub(crate) fn substituted(text: &str) -> Value {
    json!({ "!Sub": text })
}

/// A parameter that is left out where it says nothing.
pub(crate) fn unless_absent(condition: &str, value: Value) -> Value {
    json!({ "!If": [condition, value, reference("AWS::NoValue")] })
}

pub(crate) fn number(value: &Value, at: &str) -> i64 {
    value.as_i64().unwrap_or_else(|| panic!("{at}: a number, not {value}"))
}

pub(crate) fn text<'a>(value: &'a Value, at: &str) -> &'a str {
    value.as_str().unwrap_or_else(|| panic!("{at}: a text, not {value}"))
}
