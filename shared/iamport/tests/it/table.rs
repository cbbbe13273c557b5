//! The README's table of operations, against the client and these tests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

const README: &str = include_str!("../../README.md");

/// One row: method and path, name in the schema, methods of the client.
struct Row {
    operation: String,
    operation_id: String,
    methods: Vec<String>,
}

fn rows() -> Vec<Row> {
    let is_row = |line: &&str| {
        line.starts_with("| `GET ")
            || ["POST", "PUT", "DELETE"].iter().any(|method| line.starts_with(&format!("| `{method} ")))
    };
    let cells = |line: &str| line.trim_matches('|').split('|').map(|cell| cell.trim().to_owned()).collect::<Vec<_>>();
    let plain = |cell: &str| cell.trim_matches('`').to_owned();
    README
        .lines()
        .filter(is_row)
        .map(|line| {
            let cells = cells(line);
            let [operation, operation_id, methods] = &cells[..] else { panic!("{line}") };
            let methods = methods.split(", ").map(plain).collect();
            Row { operation: plain(operation), operation_id: plain(operation_id), methods }
        })
        .collect()
}

/// The text of every file of a folder of this crate.
fn texts(folder: &str) -> Vec<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    std::fs::read_dir(folder).unwrap().map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
}

/// Each public call of the client with its documentation.
fn documented() -> BTreeMap<String, String> {
    let mut calls = BTreeMap::new();
    for source in texts("src") {
        let mut doc = String::new();
        for line in source.lines().map(str::trim) {
            if let Some(words) = line.strip_prefix("///") {
                doc.push_str(words);
            } else if let Some(call) = line.strip_prefix("pub async fn ") {
                let name = call.split(['(', '<']).next().unwrap();
                assert!(calls.insert(name.to_owned(), std::mem::take(&mut doc)).is_none(), "{name} twice");
            } else if !line.starts_with("#[") {
                doc.clear();
            }
        }
    }
    calls
}

#[test]
fn the_table_and_the_client_name_the_same_operations() {
    let (rows, documented) = (rows(), documented());
    assert_eq!(rows.len(), 80);
    let operations: BTreeSet<_> = rows.iter().map(|row| &row.operation).collect();
    assert_eq!(operations.len(), 80, "an operation twice");
    for row in &rows {
        for method in &row.methods {
            let doc = documented.get(method).unwrap_or_else(|| panic!("no method {method}"));
            assert!(doc.contains(&format!("`{}`", row.operation)), "{method} does not name {}", row.operation);
            let source = format!("Source: `{}`, V1 schema of 2026-08-06", row.operation_id);
            assert!(doc.contains(&source), "{method} does not name {}", row.operation_id);
            assert!(doc.contains("```") && doc.contains(&format!("client.{method}(")), "{method} has no example");
        }
    }
    let listed: BTreeSet<_> = rows.iter().flat_map(|row| &row.methods).collect();
    let existing: BTreeSet<_> = documented.keys().collect();
    assert_eq!(listed, existing, "the table lists every call, and no other");
}

#[test]
fn every_operation_has_a_test_on_the_wire() {
    let tests = texts("tests/it").concat();
    for method in rows().iter().flat_map(|row| &row.methods) {
        assert!(tests.contains(&format!(".{method}(")), "{method} is in no test");
    }
}
