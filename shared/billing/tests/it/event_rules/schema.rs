//! The schemas of `events/schema/`: what the code writes is what they say, each has an example, and docs/events.md lists them all.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::PathBuf;
use std::sync::OnceLock;

use billing::event::{Event, Kind, SCHEMA_VERSION, SOURCE, derive};
use jsonschema::{Registry, Validator};
use proptest::prelude::*;
use serde_json::{Value, json};

use super::rows::versions;
use super::samples;

const DRAFT: &str = "https://json-schema.org/draft/2020-12/schema";
/// What the schemas of events share.
const PARTS: [&str; 5] = ["envelope", "payment", "billing_key", "subscription", "report"];

pub(super) fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn folder() -> PathBuf {
    root().join(format!("events/schema/v{SCHEMA_VERSION}"))
}

/// Every schema, by the name of its file.
fn schemas() -> BTreeMap<String, Value> {
    let files = fs::read_dir(folder()).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            let name = name.strip_suffix(".json").unwrap_or_else(|| panic!("{name}")).to_owned();
            (name, serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap())
        })
        .collect()
}

fn urn(name: &str) -> String {
    format!("urn:{SOURCE}:event:v{SCHEMA_VERSION}:{name}")
}

fn validators() -> &'static BTreeMap<Kind, Validator> {
    static VALIDATORS: OnceLock<BTreeMap<Kind, Validator>> = OnceLock::new();
    VALIDATORS.get_or_init(|| {
        let schemas = schemas();
        let mut registry = Registry::new();
        for (name, schema) in &schemas {
            registry = registry.add(urn(name), schema.clone()).unwrap();
        }
        let registry = registry.prepare().unwrap();
        let validator = |kind: Kind| {
            let options = jsonschema::options().with_registry(&registry).should_validate_formats(true);
            (kind, options.build(&schemas[kind.name()]).unwrap_or_else(|error| panic!("{}: {error}", kind.name())))
        };
        Kind::ALL.into_iter().map(validator).collect()
    })
}

fn json(event: &Event) -> Value {
    serde_json::from_str(&event.json().unwrap()).unwrap()
}

fn errors(kind: Kind, event: &Value) -> Vec<String> {
    validators()[&kind].iter_errors(event).map(|error| format!("{}: {error}", error.instance_path())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn whatever_a_row_tells_is_as_its_schema_says((before, after) in versions()) {
        for event in derive(before.as_ref(), &after) {
            let written = json(&event);
            prop_assert_eq!(errors(event.kind, &written), Vec::<String>::new(), "{}", written);
        }
    }
}

#[test]
fn each_kind_has_a_schema_and_there_is_no_other() {
    let schemas = schemas();
    let names: BTreeSet<&str> = schemas.keys().map(String::as_str).collect();
    let wanted: BTreeSet<&str> = Kind::ALL.iter().map(|kind| kind.name()).chain(PARTS).collect();
    assert_eq!(names, wanted);
    for (name, schema) in &schemas {
        assert_eq!((&schema["$schema"], &schema["$id"]), (&json!(DRAFT), &json!(urn(name))), "{name}");
        assert!(jsonschema::meta::is_valid(schema), "{name} is no schema");
        assert!(schema["description"].as_str().is_some_and(|text| text.ends_with('.')), "{name} says what it is");
    }
    for kind in Kind::ALL {
        assert_eq!(kind.schema(), urn(kind.name()));
    }
}

#[test]
fn each_schema_has_the_example_that_the_code_makes() {
    let schemas = schemas();
    for kind in Kind::ALL {
        let made = json(&samples::event(kind));
        assert_eq!(errors(kind, &made), Vec::<String>::new(), "{}", kind.name());
        let example = &schemas[kind.name()]["examples"];
        assert_eq!(*example, json!([made]), "{}: {}", kind.name(), serde_json::to_string_pretty(&made).unwrap());
    }
}

/// A schema that takes anything would hold nobody to anything.
#[test]
fn a_schema_refuses_another_kinds_event_what_is_missing_and_what_it_does_not_know() {
    for kind in Kind::ALL {
        let event = json(&samples::event(kind));
        for other in Kind::ALL.into_iter().filter(|other| *other != kind) {
            assert!(!errors(other, &event).is_empty(), "{} takes {}", other.name(), kind.name());
        }
        for field in event.as_object().unwrap().keys() {
            let mut less = event.clone();
            less.as_object_mut().unwrap().remove(field);
            assert!(!errors(kind, &less).is_empty(), "{}: without {field}", kind.name());
        }
        let mut card = event.clone();
        card["data"]["card_number"] = json!("4242424242424242");
        assert!(!errors(kind, &card).is_empty(), "{}: a card", kind.name());
        let mut other_state = event.clone();
        let of = if kind.name().starts_with("report.") { "verdict" } else { "state" };
        other_state["data"][of] = json!("eaten");
        assert!(!errors(kind, &other_state).is_empty(), "{}: any {of}", kind.name());
        let mut late = event;
        late["time"] = json!("yesterday");
        assert!(!errors(kind, &late).is_empty(), "{}: any time", kind.name());
    }
}

#[test]
fn the_page_of_the_events_lists_every_kind_and_no_other() {
    let page = fs::read_to_string(root().join("docs/events.md")).unwrap();
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `")?.split_once("` |"));
    let listed: Vec<&str> = rows.map(|(name, _)| name).filter(|name| name.contains('.')).collect();
    let kinds: Vec<&str> = Kind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(listed, kinds, "each once, in the order of the code");
    let schemas = schemas();
    for kind in Kind::ALL {
        let said = schemas[kind.name()]["description"].as_str().unwrap().trim_end_matches('.');
        assert!(page.contains(said), "{}: the page does not say `{said}`", kind.name());
    }
    // Every field of what is told is explained.
    for part in PARTS {
        for field in schemas[part]["properties"].as_object().unwrap().keys() {
            assert!(page.contains(&format!("`{field}`")), "docs/events.md does not explain {field} of {part}");
        }
    }
}
