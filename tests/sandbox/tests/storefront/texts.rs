//! Every word of the pages is in one table, in both languages.

use std::collections::{BTreeMap, BTreeSet};

use crate::pages::sources;

/// The table: name to Korean and English.
fn table() -> BTreeMap<String, (String, String)> {
    let (_, script) = sources("js").into_iter().find(|(name, _)| name == "texts.js").expect("texts.js");
    let (_, rest) = script.split_once("export const TEXTS = {\n").expect("the table");
    let (body, _) = rest.split_once("\n};").expect("its end");
    let lines: Vec<&str> = body.lines().map(str::trim).filter(|line| !line.starts_with("//")).collect();
    let mut table = BTreeMap::new();
    for entry in lines.join(" ").split("],").map(str::trim).filter(|entry| !entry.is_empty()) {
        let (name, pair) = entry.split_once(": [").expect("NAME: [..]");
        let texts = format!("[{}]", pair.trim().trim_end_matches(','));
        let texts: Vec<String> = serde_json::from_str(&texts).expect(name);
        let [korean, english] = texts.try_into().expect("two languages");
        let twice = table.insert(name.to_owned(), (korean, english));
        assert!(twice.is_none(), "{name} twice");
    }
    assert!(table.len() > 100, "only {}", table.len());
    table
}

fn placeholders(text: &str) -> BTreeSet<&str> {
    text.split('{').skip(1).filter_map(|rest| rest.split('}').next()).collect()
}

#[test]
fn both_languages_say_it_all() {
    let hangul = |text: &str| text.chars().any(|letter| ('가'..='힣').contains(&letter));
    for (name, (korean, english)) in table() {
        assert!(!korean.is_empty() && !english.is_empty(), "{name}");
        assert_eq!(placeholders(&korean), placeholders(&english), "{name}");
        if !["other_language", "paid_detail"].contains(&name.as_str()) {
            assert!(hangul(&korean), "{name} has no Korean");
            assert!(!hangul(&english), "{name} has no English");
        }
    }
}

#[test]
fn the_pages_are_korean_until_somebody_asks_for_english() {
    let table = table();
    for (name, html) in sources("html") {
        assert!(html.contains("<html lang=\"ko\">"), "{name}");
        let mut marked = 0;
        for (at, mark) in html.match_indices(" data-text=\"") {
            let (key, rest) = html[at + mark.len()..].split_once('"').expect("its end");
            let shown = rest.split_once('>').and_then(|(_, rest)| rest.split('<').next()).expect("a text");
            let (korean, _) = table.get(key).unwrap_or_else(|| panic!("{name}: no text {key}"));
            assert_eq!(shown, korean, "{name}: {key}");
            marked += 1;
        }
        assert!(marked > 5, "{name}");
    }
}

#[test]
fn every_text_that_a_script_asks_for_is_there() {
    let table = table();
    for (name, script) in sources("js") {
        for (at, mark) in script.match_indices("text(\"") {
            let key = script[at + mark.len()..].split('"').next().expect("a name");
            assert!(table.contains_key(key), "{name}: no text {key}");
        }
        for (at, _) in script.match_indices("button(") {
            let arguments = script[at..].split(')').next().expect("arguments");
            let literal = arguments.split(',').nth(1).map(str::trim).and_then(|name| name.strip_prefix('"'));
            if let Some(key) = literal {
                assert!(table.contains_key(key.trim_end_matches('"')), "{name}: no text {key}");
            }
        }
    }
    // Names that are put together.
    let statuses = ["pending", "ready", "scheduled", "paid", "failed", "cancelled", "revoked", "expired", "partly"];
    let more = ["unrecorded", "unanswered"];
    let names = statuses.iter().chain(&more).map(|status| format!("status_{status}"));
    let ways = ["checkout", "charge", "schedule"].iter().map(|way| format!("way_of_{way}"));
    let cards = ["card_issuing", "card_prepared"].map(str::to_owned);
    let states = ["trial", "active", "ending", "past_due", "paused", "canceled", "unpaid", "completed"];
    let states = states.iter().flat_map(|state| [format!("state_{state}"), format!("state_{state}_detail")]);
    let kinds =
        ["paid", "failed", "scheduled", "revoked", "refunded", "partially_refunded", "pending", "suspect"].iter();
    let looks = ["trial", "gap", "paid", "refunded", "open", "failed", "scheduled", "none"].iter();
    let pictures = kinds.map(|kind| format!("attempt_{kind}")).chain(looks.map(|look| format!("period_{look}")));
    let units = ["day", "week", "month", "year"].iter();
    let often = units.flat_map(|unit| [format!("every_{unit}"), format!("every_n_{unit}")]);
    let changes = ["next_period", "now"].iter().map(|when| format!("change_plan_{when}"));
    for key in names.chain(ways).chain(cards).chain(states).chain(pictures).chain(often).chain(changes) {
        assert!(table.contains_key(&key), "no text {key}");
    }
}

#[test]
fn no_text_is_left_over() {
    let mut used = String::new();
    for (_, text) in sources("html").into_iter().chain(sources("js").into_iter().filter(|(name, _)| name != "texts.js"))
    {
        used.push_str(&text);
    }
    let starts = ["status_", "way_of_", "error_", "bank_", "state_", "attempt_", "period_", "every_", "change_plan_"];
    let composed = starts.iter().chain(&["card_issuing", "card_prepared"]);
    for name in table().keys() {
        let known = used.contains(&format!("\"{name}\"")) || composed.clone().any(|start| name.starts_with(start));
        assert!(known, "nothing shows {name}");
    }
}
