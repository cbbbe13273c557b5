//! Arrows point downward only, and one TLS stack serves all: what `cargo metadata` says of the crates that get linked.

use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

use serde_json::Value;

use crate::repository;

/// TLS stacks and crypto providers beside rustls with ring.
const OTHER_TLS: &[&str] = &["openssl", "openssl-sys", "native-tls", "aws-lc-rs", "aws-lc-sys", "aws-lc-fips-sys"];

struct Graph {
    names: BTreeMap<String, String>,
    /// By package id, its dependencies: id, and kind (`normal`, `dev`, `build`).
    edges: BTreeMap<String, Vec<(String, BTreeSet<String>)>>,
    /// Our own crates: name, and folder from the root.
    members: BTreeMap<String, String>,
}

fn run(arguments: &[&str]) -> Vec<u8> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into());
    let ran = Command::new(cargo).args(arguments).current_dir(repository::root()).output().expect("cargo");
    assert!(ran.status.success(), "cargo {arguments:?}: {}", String::from_utf8_lossy(&ran.stderr));
    ran.stdout
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("not a text: {value}")).to_owned()
}

impl Graph {
    /// The dependencies on this machine's platform: those of others may not be downloaded.
    fn read() -> Self {
        let version = String::from_utf8(run(&["--version", "--verbose"])).expect("UTF-8");
        let host = version.lines().find_map(|line| line.strip_prefix("host: ")).expect("a host").to_owned();
        let output = run(&["metadata", "--format-version", "1", "--locked", "--filter-platform", &host]);
        let metadata: Value = serde_json::from_slice(&output).expect("JSON");
        let root = text(&metadata["workspace_root"]);
        let workspace: BTreeSet<String> =
            metadata["workspace_members"].as_array().expect("members").iter().map(text).collect();
        let mut graph = Self { names: BTreeMap::new(), edges: BTreeMap::new(), members: BTreeMap::new() };
        for package in metadata["packages"].as_array().expect("packages") {
            let (id, name) = (text(&package["id"]), text(&package["name"]));
            if workspace.contains(&id) {
                let manifest = text(&package["manifest_path"]);
                let folder = manifest.strip_prefix(&root).and_then(|path| path.strip_suffix("/Cargo.toml"));
                graph.members.insert(name.clone(), folder.expect("below the root").trim_start_matches('/').to_owned());
            }
            graph.names.insert(id, name);
        }
        for node in metadata["resolve"]["nodes"].as_array().expect("nodes") {
            let of = |dependency: &Value| {
                let kinds = dependency["dep_kinds"].as_array().expect("kinds").iter();
                let kinds = kinds.map(|kind| kind["kind"].as_str().unwrap_or("normal").to_owned());
                (text(&dependency["pkg"]), kinds.collect())
            };
            graph.edges.insert(text(&node["id"]), node["deps"].as_array().expect("deps").iter().map(of).collect());
        }
        assert!(graph.members.len() >= 12, "{:?}", graph.members);
        graph
    }

    fn id(&self, name: &str) -> &str {
        // Our names are taken by nobody else in the graph.
        let mut ids = self.names.iter().filter(|(_, known)| *known == name).map(|(id, _)| id.as_str());
        let id = ids.next().unwrap_or_else(|| panic!("there is no crate {name}"));
        assert_eq!(ids.next(), None, "{name} twice");
        id
    }

    /// Names of the crates that a crate depends on directly, by any of the kinds.
    fn direct(&self, name: &str, kinds: &[&str]) -> BTreeSet<String> {
        let edges = self.edges[self.id(name)].iter();
        edges
            .filter(|(_, of)| kinds.iter().any(|kind| of.contains(*kind)))
            .map(|(id, _)| self.names[id].clone())
            .collect()
    }

    /// Names of all the crates that get built into a crate.
    fn linked(&self, name: &str) -> BTreeSet<String> {
        let mut seen = BTreeSet::new();
        let mut open = vec![self.id(name).to_owned()];
        while let Some(id) = open.pop() {
            for (dependency, kinds) in &self.edges[&id] {
                if kinds.contains("normal") && seen.insert(dependency.clone()) {
                    open.push(dependency.clone());
                }
            }
        }
        seen.iter().map(|id| self.names[id].clone()).collect()
    }

    fn ours(&self, names: &BTreeSet<String>) -> BTreeSet<String> {
        names.iter().filter(|name| self.members.contains_key(*name)).cloned().collect()
    }
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

fn starting_with<'a>(names: &'a BTreeSet<String>, starts: &[&str]) -> Vec<&'a String> {
    names.iter().filter(|name| starts.iter().any(|start| name.starts_with(start))).collect()
}

#[test]
fn the_domain_and_the_client_know_nothing_of_us_or_of_aws() {
    let graph = Graph::read();
    for name in ["billing", "iamport"] {
        let linked = graph.linked(name);
        assert_eq!(graph.ours(&linked), BTreeSet::new(), "{name}");
        assert_eq!(starting_with(&linked, &["aws-", "lambda_"]), Vec::<&String>::new(), "{name}");
    }
    let io = ["reqwest", "hyper", "tokio", "mio", "rustls", "ring"];
    assert_eq!(starting_with(&graph.linked("billing"), &io), Vec::<&String>::new(), "the domain does no I/O");
    let read = graph.linked("runtime");
    assert!(read.contains("aws-sdk-dynamodb") && read.contains("lambda_http"), "the graph is not read: {read:?}");
}

#[test]
fn arrows_point_downward() {
    let graph = Graph::read();
    let normal = |name: &str| graph.ours(&graph.direct(name, &["normal", "build"]));
    assert_eq!(normal("store"), set(&["billing"]));
    assert_eq!(normal("runtime"), set(&["billing", "iamport", "store"]));
    let functions: Vec<_> = graph.members.iter().filter(|(_, folder)| folder.starts_with("functions/")).collect();
    assert_eq!(functions.len(), repository::functions().len());
    for (name, folder) in functions {
        assert_eq!(*folder, format!("functions/{name}"), "a function is named as its folder");
        let ours = normal(name);
        assert!(ours.contains("runtime") && ours.is_subset(&set(&["billing", "runtime"])), "{name}: {ours:?}");
    }
}

#[test]
fn nobody_is_deployed_with_the_sandbox_and_the_sandbox_is_built_with_nobody() {
    let graph = Graph::read();
    let all = ["normal", "build", "dev"];
    assert_eq!(graph.ours(&graph.direct("ledger", &all)), BTreeSet::new(), "the PSP's books know nobody");
    assert_eq!(graph.ours(&graph.direct("sandbox", &all)), set(&["ledger"]), "its wire types are its own");
    for (name, folder) in graph.members.iter().filter(|(_, folder)| !folder.starts_with("tests/")) {
        let linked = graph.direct(name, &["normal", "build"]);
        let of_tests = |name: &&String| graph.members.get(*name).is_some_and(|folder| folder.starts_with("tests/"));
        let tests: Vec<_> = linked.iter().filter(of_tests).collect();
        assert!(tests.is_empty(), "{name} in {folder} links {tests:?}");
    }
}

#[test]
fn one_tls_stack_is_linked() {
    let graph = Graph::read();
    for name in graph.members.keys() {
        let linked = graph.linked(name);
        let others: Vec<_> = OTHER_TLS.iter().filter(|other| linked.contains(**other)).collect();
        assert!(others.is_empty(), "{name} links {others:?}");
    }
    let everything: BTreeSet<String> = graph.names.values().cloned().collect();
    let others: Vec<_> = OTHER_TLS.iter().filter(|other| everything.contains(**other)).collect();
    assert!(others.is_empty(), "{others:?} would be built for some test");
    assert!(graph.linked("charge").contains("rustls") && graph.linked("charge").contains("ring"));
}
