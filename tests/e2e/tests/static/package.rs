//! The client is the one crate that others may take from a registry: its manifest, its licences and its page.

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::{Value, json};

use crate::repository;

const FOLDER: &str = "shared/iamport";

/// The workspace's crates as cargo reads their manifests.
fn crates() -> Vec<Value> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let mut command = Command::new(cargo);
    command.args(["metadata", "--format-version", "1", "--no-deps", "--locked"]).current_dir(repository::root());
    let ran = command.output().expect("cargo");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let metadata: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn client() -> Value {
    crates().into_iter().find(|each| each["name"] == "iamport").expect("the client")
}

#[test]
fn one_crate_may_be_published() {
    // No list of registries is every registry, an empty one none.
    let all = crates();
    assert!(all.len() >= 12, "{} crates", all.len());
    let published = all.iter().filter(|each| each["publish"] != json!([]));
    let names: Vec<&str> = published.map(|each| each["name"].as_str().expect("a name")).collect();
    assert_eq!(names, ["iamport"]);
}

#[test]
fn its_manifest_says_what_a_registry_shows() {
    let client = client();
    assert_eq!(client["license"], "MIT OR Apache-2.0");
    assert_eq!(client["documentation"], "https://docs.rs/iamport");
    assert_eq!(client["readme"], "README.md");
    assert!(client["description"].as_str().is_some_and(|text| text.contains("Iamport")), "{client}");
    // The registry takes five keywords and five categories.
    for list in ["keywords", "categories"] {
        assert!(client[list].as_array().is_some_and(|words| (1..=5).contains(&words.len())), "{list}: {client}");
    }
    let dependencies = client["dependencies"].as_array().expect("dependencies");
    assert!(dependencies.len() > 5, "{dependencies:?}");
    for dependency in dependencies {
        assert_eq!((&dependency["path"], dependency["req"] == "*"), (&Value::Null, false), "{dependency}");
    }
}

#[test]
fn its_licences_and_lints_are_those_of_the_repository() {
    for name in ["LICENSE-APACHE", "LICENSE-MIT", "clippy.toml"] {
        assert_eq!(repository::read(&format!("{FOLDER}/{name}")), repository::read(name), "{name}");
    }
}

#[test]
fn the_page_of_the_client_lists_its_examples_and_its_rust() {
    let page = repository::read(&format!("{FOLDER}/README.md"));
    let (_, examples) = page.split_once("\n## Examples\n").expect("the examples");
    let (examples, _) = examples.split_once("\n## ").expect("the end of the examples");
    let rows = examples.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next());
    let listed: BTreeSet<String> = rows.map(str::to_owned).collect();
    let start = format!("{FOLDER}/examples/");
    let files = repository::files();
    let of = |path: &String| Some(path.strip_prefix(&start)?.strip_suffix(".rs")?.to_owned());
    assert_eq!(listed, files.iter().filter_map(of).collect());
    assert!(!listed.is_empty(), "no example");

    let client = client();
    let rust = client["rust_version"].as_str().expect("an oldest Rust");
    assert!(page.contains(&format!("\n- Rust {rust} or later.")), "README.md of the client must name Rust {rust}");
    let version = client["version"].as_str().expect("a version");
    let (minor, _) = version.rsplit_once('.').expect("three numbers");
    assert!(page.contains(&format!("\niamport = \"{minor}\"\n")), "README.md of the client must name version {minor}");
}

/// What stands above an example is all that its reader has.
#[test]
fn each_example_of_the_client_says_what_it_shows_and_how_it_is_run() {
    for path in repository::rust_files(&[&format!("{FOLDER}/examples/")]) {
        let name = path.rsplit('/').next().and_then(|file| file.strip_suffix(".rs")).expect("a name");
        let text = repository::read(&path);
        let head: Vec<&str> = text.lines().take_while(|line| line.starts_with("//!")).collect();
        assert!(head[0].ends_with('.') || head[0].contains(". "), "{path}: {}", head[0]);
        let command = format!("cargo run -p iamport --example {name}");
        assert!(head.iter().any(|line| line.contains(&command)), "{path}: `{command}` is missing");
    }
}
