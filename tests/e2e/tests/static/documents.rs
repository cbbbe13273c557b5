//! What the documents tell people to type exists.

use std::collections::BTreeSet;
use std::process::Command;

use crate::repository;
use crate::samples::Sample;

/// Each `./dev WORD …` in a document, as words up to the end of the command.
fn commands(text: &str) -> Vec<Vec<String>> {
    let command = |after: &str| {
        let end = after.find(['`', '\n', ')', '|', ';', '&', '"', '#']).unwrap_or(after.len());
        after[..end].split_whitespace().map(|word| word.trim_end_matches(['.', ',', ':']).to_owned()).collect()
    };
    text.match_indices("./dev ").map(|(at, mark)| command(&text[at + mark.len()..])).collect()
}

fn documents() -> Vec<(String, String)> {
    let found = repository::files().into_iter().filter(|path| path.ends_with(".md"));
    found.map(|path| (path.clone(), repository::read(&path))).collect()
}

#[test]
fn the_snippet_of_the_readme_is_the_storefronts_own_code() {
    let source = repository::read("tests/sandbox/src/storefront/static/billing.js");
    let (_, from) = source.split_once("// README: begin\n").expect("where it begins");
    let (snippet, _) = from.split_once("// README: end").expect("where it ends");
    assert!(snippet.lines().count() > 10, "there is nothing to it");
    let quoted = format!("```js\n{snippet}```\n");
    assert!(repository::read("README.md").contains(&quoted), "README.md must hold this:\n{quoted}");
}

/// The commands that `./dev help` lists.
fn known() -> BTreeSet<String> {
    let ran = Command::new("python3").args(["dev", "help"]).current_dir(repository::root()).output().expect("python3");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let help = String::from_utf8(ran.stdout).expect("UTF-8");
    let (_, listed) = help.split_once("  COMMAND\n").expect("a list of commands");
    let listed = listed.lines().take_while(|line| !line.trim().is_empty());
    listed
        .filter_map(|line| line.strip_prefix("    ")?.split(' ').next())
        .filter(|word| !word.is_empty())
        .map(str::to_owned)
        .collect()
}

#[test]
fn every_command_in_a_document_exists() {
    let known = known();
    assert!(known.contains("up") && known.contains("test") && known.contains("invoke"), "{known:?}");
    let mut used = BTreeSet::new();
    for (path, text) in documents() {
        for command in commands(&text) {
            let word = command.first().unwrap_or_else(|| panic!("{path}: ./dev and nothing"));
            assert!(known.contains(word), "{path}: there is no ./dev {word}");
            used.insert(word.clone());
        }
    }
    assert!(used.contains("invoke"), "the documents were not read: {used:?}");
}

#[test]
fn every_event_that_a_document_sends_exists() {
    let samples = Sample::all();
    let functions = repository::functions();
    for (path, text) in documents() {
        for command in commands(&text).into_iter().filter(|command| command[0] == "invoke") {
            let Some(function) = command.get(1).filter(|word| **word != word.to_uppercase()) else { continue };
            assert!(functions.contains(function), "{path}: there is no function {function}");
            let Some(event) = command.get(2).filter(|word| **word != word.to_uppercase()) else { continue };
            let sent = |sample: &Sample| sample.name == *event || sample.name == format!("{function}-{event}");
            // A path outside events/ is the reader's own file.
            assert!(event.contains('/') || samples.iter().any(sent), "{path}: there is no event {event}");
        }
    }
}
