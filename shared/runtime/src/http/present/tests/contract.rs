//! What openapi.yaml says of an answer, as far as an answer can be held against it without a whole validator: which fields it
//! has, which of them always, of which types, and the words that a field may say.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use serde_json::Value;

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/../../openapi.yaml")).unwrap();
    yaml_serde::from_str(&text).unwrap()
});

fn resolved(schema: &'static Value) -> &'static Value {
    let Some(reference) = schema["$ref"].as_str() else { return schema };
    resolved(DOCUMENT.pointer(reference.strip_prefix('#').unwrap()).unwrap())
}

fn schema(name: &str) -> &'static Value {
    DOCUMENT["components"]["schemas"].get(name).unwrap()
}

fn parts(schema: &'static Value, word: &str) -> impl Iterator<Item = &'static Value> {
    schema[word].as_array().into_iter().flatten().map(resolved)
}

fn fields(schema: &'static Value) -> BTreeSet<&'static str> {
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name.as_str());
    own.chain(parts(schema, "allOf").flat_map(fields)).collect()
}

fn is_of_type(value: &Value, name: &str) -> bool {
    match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => panic!("no type {name}"),
    }
}

/// What is wrong with a value; nothing if it is what the schema says.
fn errors(schema: &'static Value, value: &Value, at: &str) -> Vec<String> {
    let schema = resolved(schema);
    let mut found: Vec<String> = parts(schema, "allOf").flat_map(|part| errors(part, value, at)).collect();
    for word in ["anyOf", "oneOf"] {
        if schema[word].is_array() && !parts(schema, word).any(|part| errors(part, value, at).is_empty()) {
            found.push(format!("{at}: none of {}", schema[word]));
        }
    }
    let types: Vec<&str> = match &schema["type"] {
        Value::Array(types) => types.iter().filter_map(Value::as_str).collect(),
        of => of.as_str().into_iter().collect(),
    };
    if !types.is_empty() && !types.iter().any(|name| is_of_type(value, name)) {
        found.push(format!("{at}: {value} is none of {types:?}"));
    }
    if schema["enum"].as_array().is_some_and(|words| !words.contains(value)) {
        found.push(format!("{at}: {value} is not listed"));
    }
    for (place, item) in value.as_array().into_iter().flatten().enumerate() {
        found.extend(errors(&schema["items"], item, &format!("{at}[{place}]")));
    }
    let Some(object) = value.as_object() else { return found };
    let missing = schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str);
    found.extend(missing.filter(|name| !object.contains_key(*name)).map(|name| format!("{at}: no {name}")));
    let closed = schema["additionalProperties"] == false || schema["unevaluatedProperties"] == false;
    let known = fields(schema);
    found.extend(
        object.keys().filter(|name| closed && !known.contains(name.as_str())).map(|name| format!("{at}: {name}")),
    );
    for (name, property) in schema["properties"].as_object().into_iter().flatten() {
        found.extend(object.get(name).into_iter().flat_map(|value| errors(property, value, &format!("{at}.{name}"))));
    }
    found
}

/// Holds an answer against a schema of the document.
#[track_caller]
pub(crate) fn keeps(name: &str, value: &Value) {
    let found = errors(schema(name), value, name);
    assert!(found.is_empty(), "{found:?} in {value}");
}

/// The words that a field of a schema may say.
pub(crate) fn words(name: &str, field: &str) -> BTreeSet<String> {
    let listed = schema(name)["properties"][field]["enum"].as_array().unwrap();
    listed.iter().filter_map(Value::as_str).map(str::to_owned).collect()
}

#[test]
fn an_answer_that_is_not_as_described_is_noticed() {
    let refund = schema("Refund");
    let whole = serde_json::json!({
        "id": "r1", "imp_uid": "imp_1", "amount": 1, "tax_free": null, "vat_amount": 0.5, "status": "done", "reason": null,
        "requested_at": 1
    });
    assert_eq!(errors(refund, &whole, ""), [": no payment"]);
    for (field, value) in [("status", "gone".into()), ("requested_at", 0.5.into()), ("colour", 1.into())] {
        let mut wrong: Value = whole.clone();
        wrong[field] = value;
        assert_eq!(errors(refund, &wrong, "").len(), 2, "{field}");
    }
}
