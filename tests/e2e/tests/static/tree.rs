//! Rules on the files themselves: sizes, who may read a card, whose machine they were written on.

use std::collections::BTreeSet;

use crate::repository;
use crate::sources;

const MAIN_LINES_MAX: usize = 30;
const HANDLER_LINES_MAX: usize = 200;
const SOURCE_LINES_MAX: usize = 500;
/// Longer sources, and why they are not split.
const LONG: &[(&str, &str)] =
    &[("shared/iamport/tests/it/requests.rs", "one short test for each request of the client, read as a table")];

/// Where the digits of a card are taken out of their types.
const CARD_READERS: &[&str] = &["shared/billing/src/usecase/issue_key.rs", "shared/runtime/src/psp/write.rs"];

/// Hosts that the files may name, with all below them. Names reserved for examples (RFC 2606, RFC 6761) need no entry.
const HOSTS: &[&str] = &[
    "amazonaws.com",
    "api.iamport.kr",
    "docs.aws.amazon.com",
    // Where the documentation of the client will be, once it is published.
    "docs.rs",
    "github.com",
    // The name of the dialect that schemas are written in.
    "json-schema.org",
    "rustup.rs",
    "www.apache.org",
    "www.cargo-lambda.info",
    // Where docs/law.md was read.
    "biz.chosun.com",
    "biz.heraldcorp.com",
    "fsc.go.kr",
    "m.newssearch.kr",
    "news.kbs.co.kr",
    "www.ebn.co.kr",
    "www.hani.co.kr",
    "www.hankookilbo.com",
    "www.kimchang.com",
    "www.nepla.ai",
    // Strangers, in the tests of what is refused.
    "evil.kr",
    "x.kr",
    // The name of SVG's namespace.
    "www.w3.org",
];
const RESERVED: &[&str] = &["example", "example.com", "invalid", "local", "localhost", "test"];

fn lines(path: &str) -> usize {
    repository::read(path).lines().count()
}

#[test]
fn a_functions_main_is_wiring_and_its_handler_is_translation() {
    for function in repository::functions() {
        let (main, handler) =
            (format!("functions/{function}/src/main.rs"), format!("functions/{function}/src/handler.rs"));
        assert!(lines(&main) < MAIN_LINES_MAX, "{main}: {} lines", lines(&main));
        assert!(lines(&handler) < HANDLER_LINES_MAX, "{handler}: {} lines", lines(&handler));
    }
}

#[test]
fn no_source_is_long_without_a_reason() {
    let sources = repository::files().into_iter().filter(|path| path.ends_with(".rs") || path.ends_with(".py"));
    let long: BTreeSet<String> = sources.filter(|path| lines(path) > SOURCE_LINES_MAX).collect();
    let known: BTreeSet<String> = LONG.iter().map(|(path, _)| (*path).to_owned()).collect();
    assert_eq!(long, known);
}

#[test]
fn a_card_is_read_in_two_places_only() {
    let reading = sources::calls(sources::EDGE).into_iter().filter(|call| call.is_method && call.name == "expose");
    let readers: BTreeSet<String> = reading.map(|call| call.file).collect();
    assert_eq!(readers, CARD_READERS.iter().map(|path| (*path).to_owned()).collect());
}

/// Texts of the repository with their paths; what is no text is skipped.
fn texts() -> Vec<(String, String)> {
    let read = |path: String| {
        let text = String::from_utf8(std::fs::read(repository::root().join(&path)).expect("a file")).ok()?;
        Some((path, text))
    };
    repository::files().into_iter().filter_map(read).collect()
}

#[test]
fn what_is_deployed_knows_of_no_planted_bug() {
    let is_deployed = |path: &str| path.starts_with("functions/") || path.starts_with("shared/");
    let names_one = |(path, text): &(String, String)| path.contains("planted") || text.contains("planted");
    let deployed = texts().into_iter().filter(|(path, _)| is_deployed(path));
    let naming: Vec<String> = deployed.filter(names_one).map(|(path, _)| path).collect();
    assert_eq!(naming, Vec::<String>::new(), "a planted bug is a patch of tests/zoo");
}

/// The lines that name a folder at the root of somebody's machine.
fn machine_paths(text: &str) -> Vec<&str> {
    let names_machine = |line: &&str| {
        // In halves, so that this file keeps the rule too.
        [concat!("/", "work"), concat!("/", "root"), concat!("/", "home"), concat!("/", "Users")].iter().any(|folder| {
            line.match_indices(folder).any(|(at, _)| {
                let before = line[..at].chars().next_back();
                let after = line[at + folder.len()..].chars().next();
                let goes_on = |character: char| character.is_alphanumeric() || "_-.".contains(character);
                !before.is_some_and(|character| goes_on(character) || "/}*~)".contains(character))
                    && !after.is_some_and(goes_on)
            })
        })
    };
    text.lines().filter(names_machine).collect()
}

#[test]
fn no_file_names_a_folder_of_somebodys_machine() {
    assert_eq!(machine_paths(&format!("cd {}work/main", '/')).len(), 1);
    assert_eq!(machine_paths("target/home https://x.example/home src/root.rs"), Vec::<&str>::new());
    for (path, text) in texts() {
        assert_eq!(machine_paths(&text), Vec::<&str>::new(), "{path}");
    }
}

fn hosts(text: &str) -> BTreeSet<String> {
    let host = |after: &str| {
        let end = after.find(|character: char| !character.is_ascii_alphanumeric() && !"-.".contains(character));
        after[..end.unwrap_or(after.len())].trim_end_matches('.').to_lowercase()
    };
    let found = text.match_indices("://").map(|(at, mark)| host(&text[at + mark.len()..]));
    found.filter(|host| host.contains('.')).collect()
}

fn is_below(host: &str, name: &str) -> bool {
    host.strip_suffix(name).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

fn is_known(host: &str) -> bool {
    let is_address = host.split('.').all(|part| part.parse::<u8>().is_ok());
    is_address || RESERVED.iter().chain(HOSTS).any(|name| is_below(host, name))
}

#[test]
fn every_host_in_a_file_is_a_public_one_that_belongs_there() {
    let mut named = BTreeSet::new();
    for (path, text) in texts() {
        for host in hosts(&text) {
            assert!(is_known(&host), "{path} names {host}");
            named.insert(host);
        }
    }
    let unused: Vec<_> = HOSTS.iter().filter(|name| !named.iter().any(|host| is_below(host, name))).collect();
    assert!(unused.is_empty(), "no file names {unused:?} any more");
}

/// A folder's module is the file of its name beside it, so that an editor's tabs are told apart.
#[test]
fn modules_of_a_folder_stand_beside_it() {
    let inside: Vec<String> = repository::files().into_iter().filter(|path| path.ends_with("/mod.rs")).collect();
    assert_eq!(inside, Vec::<String>::new());
}
