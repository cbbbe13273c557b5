//! The repository's files.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Folders that hold nothing of the repository's own.
const NOT_OURS: &[&str] = &["target", "__pycache__", "node_modules"];
/// Folders with a dot that are part of the repository.
const HIDDEN: &[&str] = &[".ci", ".github", ".cargo", ".config"];

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().expect("the root")
}

pub(crate) fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// Every file of the repository, by its path from the root with slashes, in order. They are looked for once.
pub(crate) fn files() -> Vec<String> {
    static FILES: OnceLock<Vec<String>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let mut found = Vec::new();
        walk(&root(), "", &mut found);
        found.sort();
        assert!(found.len() > 50, "only {} files: the walk went wrong", found.len());
        found
    });
    files.clone()
}

/// The Rust sources whose path starts with one of `under`.
pub(crate) fn rust_files(under: &[&str]) -> Vec<String> {
    let ours = |path: &String| path.ends_with(".rs") && under.iter().any(|start| path.starts_with(start));
    let found: Vec<String> = files().into_iter().filter(ours).collect();
    assert!(!found.is_empty(), "no sources under {under:?}");
    found
}

/// The functions' names: one folder each.
pub(crate) fn functions() -> Vec<String> {
    let of = |path: String| Some(path.strip_prefix("functions/")?.strip_suffix("/Cargo.toml")?.to_owned());
    files().into_iter().filter_map(of).collect()
}

/// In a work tree of its own `.git` is a file.
fn walk(folder: &Path, path: &str, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let entry = entry.expect("an entry");
        let name = entry.file_name().into_string().expect("a name in UTF-8");
        let kind = entry.file_type().expect("a type");
        let path = if path.is_empty() { name.clone() } else { format!("{path}/{name}") };
        let hidden = name.starts_with('.') && !HIDDEN.contains(&name.as_str());
        if kind.is_dir() && !hidden && !NOT_OURS.contains(&name.as_str()) {
            walk(&entry.path(), &path, found);
        } else if kind.is_file() && name != ".git" {
            found.push(path);
        }
    }
}
