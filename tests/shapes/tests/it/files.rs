//! The files themselves: each says where it is from, fits the schema, and is read.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shapes::{Schemas, fixture};

use crate::meaning::MEANINGS;
use crate::scenes::{NOT_SIMULATED, SCENES};

/// What recorded replies have and the schema has not, or has otherwise.
const BESIDE_THE_SCHEMA: [(&str, &[&str]); 6] = [
    // Of a field that the schema dropped; it is the day of birth once more, in UNIX seconds.
    ("certification_danal", &["Certification.birth is not in the schema"]),
    ("certification_inicis", &["Certification.birth is not in the schema"]),
    // The page of the gateway has the schema's pg_provider under another name.
    ("payment_voucher_paid", &["Payment.pg is not in the schema"]),
    // The Java client has a text where the schema has an integer.
    ("key_with_card_type_as_text", &["Customer.card_type is no integer"]),
    // The schema requires the card's name, and a page of paypal shows it null.
    ("key_of_paypal", &["Customer.card_name is required"]),
    // The schema requires `update` and lists `updated`.
    ("key_of_a_group", &["SuperBillingKey.succeededChannels.update is not in the schema"]),
];

/// Required by the schema, and missing from replies that are older than that.
const CAME_LATER: [&str; 3] = [
    "Payment.sandbox is required",
    "Customer.sandbox is required",
    "Payment.cancel_history.cancellation_id is required",
];

fn is_dated(date: &str) -> bool {
    let parts: Vec<&str> = date.split('-').collect();
    let widths: Vec<usize> = parts.iter().map(|part| part.len()).collect();
    let digits = parts.iter().all(|part| part.bytes().all(|byte| byte.is_ascii_digit()));
    digits && [vec![4], vec![4, 2], vec![4, 2, 2]].contains(&widths)
}

#[test]
fn every_reply_says_where_it_was_seen_and_when() {
    let replies = fixture::all().unwrap().into_iter().map(|fixture| (fixture.name, fixture.source));
    let webhooks = fixture::webhooks().unwrap().into_iter().map(|webhook| (webhook.name, webhook.source));
    let files: Vec<_> = replies.chain(webhooks).collect();
    assert!(files.len() > 90, "{}", files.len());
    for (name, sources) in &files {
        assert!(!sources.is_empty(), "{name}");
        for source in sources {
            assert!(source.document.len() > 10 && source.shows.len() > 2, "{name}: {source:?}");
            assert!(is_dated(&source.date), "{name}: {source:?}");
            let commit = source.commit.as_deref().unwrap_or("00000000");
            assert!(commit.len() >= 8 && commit.bytes().all(|byte| byte.is_ascii_hexdigit()), "{name}");
        }
    }
    let of_schema = Schemas::read().unwrap().source;
    assert!(is_dated(&of_schema.date) && of_schema.commit.is_some(), "{of_schema:?}");
}

#[test]
fn every_reply_is_read_by_the_client_and_held_against_the_simulator() {
    let names: BTreeSet<String> = fixture::all().unwrap().into_iter().map(|fixture| fixture.name).collect();
    let meant: Vec<&str> = MEANINGS.iter().map(|(name, _)| *name).collect();
    assert_eq!(meant.iter().copied().map(str::to_owned).collect::<BTreeSet<_>>(), names, "meaning.rs");
    assert_eq!(meant.len(), names.len(), "one of them twice");
    let played: Vec<&str> = SCENES.iter().copied().chain(NOT_SIMULATED.iter().map(|(name, _)| *name)).collect();
    assert_eq!(played.iter().copied().map(str::to_owned).collect::<BTreeSet<_>>(), names, "scenes.rs");
    assert_eq!(played.len(), names.len(), "one of them twice");
    for (name, reason) in NOT_SIMULATED {
        assert!(reason.len() > 10, "{name} without a reason");
    }
}

#[test]
fn every_reply_is_an_envelope_and_fits_the_schema() {
    let schemas = Schemas::read().unwrap();
    for fixture in fixture::all().unwrap() {
        let code = fixture.body["code"].as_i64().unwrap();
        let success = code == 0;
        assert_eq!(success, matches!(fixture.status, 200 | 207) && fixture.schema.is_some(), "{}", fixture.name);
        if !success {
            assert_eq!(
                (fixture.response(), fixture.body["message"].is_string()),
                (&Value::Null, true),
                "{}",
                fixture.name
            );
            continue;
        }
        assert_eq!(fixture.body["message"], json!(null), "{}", fixture.name);
        let known =
            BESIDE_THE_SCHEMA.iter().find(|(name, _)| *name == fixture.name).map_or(&[][..], |(_, known)| known);
        let told = schemas.differences(fixture.schema.as_deref().unwrap(), fixture.response());
        let ours: BTreeSet<&str> = told.iter().map(String::as_str).filter(|told| !CAME_LATER.contains(told)).collect();
        assert_eq!(ours, known.iter().copied().collect(), "{}", fixture.name);
    }
}

#[test]
fn no_reply_names_anybody() {
    // Invented values are recognisable: no number that could be somebody's, no address but of an example.
    for fixture in fixture::all().unwrap() {
        let text = fixture.body.to_string();
        for (place, _) in text.match_indices('@') {
            assert!(text[place..].starts_with("@shop.example"), "{}", fixture.name);
        }
        for (place, _) in text.match_indices("://") {
            let host = text[place + 3..].split(['/', '"']).next().unwrap();
            assert!(host.ends_with(".example"), "{}: {host}", fixture.name);
        }
        for (place, _) in text.match_indices("\"010") {
            let number: String = text[place..].chars().skip(1).take_while(|one| *one != '"').collect();
            assert!(
                number.trim_start_matches("010").chars().all(|one| "-0".contains(one)),
                "{}: {number}",
                fixture.name
            );
        }
    }
}
