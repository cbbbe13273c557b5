//! The simulator answers in the recorded shape, in the schema's, and with whatever the client reads.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value, json};
use shapes::{Fixture, Schemas, Webhook, fixture, shape};

use crate::ask::ask;
use crate::player::Player;
use crate::scenes::{NOT_SIMULATED, SCENES, play};
use crate::shop::{BAD, GOOD, Sim};

/// Where the simulator differs from a recorded reply, and why it may.
const DIFFERENT: &[(&str, &str, &str)] = &[
    ("payment_not_found_with_200", "status", "the schema's 404 is what the simulator answers; the client reads both"),
    ("payment_not_found_with_200", "code", "codes of refusals are not documented: -1 was seen, the simulator has 1"),
    ("payment_not_found", "code", "codes of refusals are not documented: -1 was seen, the simulator has 1"),
    ("amount_not_registered", "code", "codes of refusals are not documented: -1 was seen, the simulator has 1"),
    ("receipt_not_found", "code", "codes of refusals are not documented: -1 was seen, the simulator has 1"),
    (
        "key_with_card_type_as_text",
        "/response/card_type is a text or null as recorded, a number here",
        "the schema has an integer, one client of the API a text",
    ),
];

/// Required by the schema and not so in the simulator, and why.
const NOT_AS_REQUIRED: &[(&str, &str, &str)] =
    &[("key_of_paypal", "Customer.card_name is required", "the gateway's own page shows it null")];

fn all() -> BTreeMap<String, Fixture> {
    fixture::all().unwrap().into_iter().map(|fixture| (fixture.name.clone(), fixture)).collect()
}

/// The definition of a reply, and what of it is an element of a list.
fn normal(place: &str) -> String {
    place.split('/').filter(|part| part.parse::<usize>().is_err()).collect::<Vec<_>>().join("/")
}

/// Of each definition the places that a reply changes its meaning to the client without.
async fn read_by_the_client(fixtures: &BTreeMap<String, Fixture>) -> BTreeMap<String, BTreeSet<String>> {
    let mut read: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for fixture in fixtures.values() {
        let Some(schema) = &fixture.schema else { continue };
        let mut player = Player::start().await;
        player.plays(&fixture.call, fixture.status, &fixture.body);
        let whole = format!("{:?}", ask(&player.client, fixture).await);
        for place in shape::places(fixture.response(), "/response") {
            if schema == "Auth" {
                // A client that has a token asks for none.
                player = Player::start().await;
            }
            player.plays(&fixture.call, fixture.status, &shape::without(&fixture.body, &place));
            if format!("{:?}", ask(&player.client, fixture).await) != whole {
                read.entry(schema.clone()).or_default().insert(normal(&place));
            }
        }
    }
    read
}

/// The places of a reply, with a list that is empty standing for all that it could hold.
fn told(body: &Value) -> (BTreeSet<String>, Vec<String>) {
    let places = shape::places(&body["response"], "/response");
    let empty = |place: &&String| body.pointer(place).is_some_and(|value| value.is_null() || value == &json!([]));
    (
        places.iter().map(|place| normal(place)).collect(),
        places.iter().filter(empty).map(|place| normal(place)).collect(),
    )
}

#[tokio::test]
async fn every_reply_of_the_simulator_has_the_recorded_shape() {
    let (fixtures, schemas) = (all(), Schemas::read().unwrap());
    let read = read_by_the_client(&fixtures).await;
    assert!(read["Payment"].len() > 30 && read["ScheduleResult"].len() > 8, "{read:?}");
    let (mut wrong, mut excused) = (Vec::new(), BTreeSet::new());
    for name in SCENES {
        let fixture = &fixtures[*name];
        let mut sim = Sim::start().await;
        let reply = play(&mut sim, name).await;
        let mut differs = Vec::new();
        if reply.status != fixture.status {
            differs.push("status".to_owned());
        }
        if reply.body["code"] != fixture.body["code"] {
            differs.push("code".to_owned());
        }
        differs.extend(shape::differences(&fixture.body, &reply.body));
        for differs in differs {
            match DIFFERENT.iter().find(|(of, what, _)| of == name && *what == differs) {
                Some(known) => drop(excused.insert(known.1)),
                None => wrong.push(format!("{name}: {differs} (HTTP {}: {})", reply.status, reply.body)),
            }
        }
        let Some(schema) = &fixture.schema else { continue };
        for differs in schemas.differences(schema, &reply.body["response"]) {
            match NOT_AS_REQUIRED.iter().find(|(of, what, _)| of == name && *what == differs) {
                Some(known) => drop(excused.insert(known.1)),
                None => wrong.push(format!("{name}: {differs}")),
            }
        }
        let (has, empty) = told(&reply.body);
        let missing = read[schema].iter().filter(|place| !has.contains(*place));
        let missing = missing.filter(|place| !empty.iter().any(|empty| place.starts_with(&format!("{empty}/"))));
        // A list is an array or a page, and what is read of its elements shows in the shape that it has.
        let missing = missing.filter(|place| !place.starts_with("/response/list") || has.contains("/response/list"));
        wrong.extend(missing.map(|place| format!("{name}: the client reads {place}, and it is not there")));
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    let listed: BTreeSet<&str> = DIFFERENT.iter().chain(NOT_AS_REQUIRED).map(|(_, what, _)| *what).collect();
    assert_eq!(excused, listed, "a difference that is listed and is none any more");
}

#[tokio::test]
async fn what_is_listed_as_not_simulated_is_not_answered() {
    let fixtures = all();
    for (name, _) in NOT_SIMULATED {
        let call = &fixtures[*name].call;
        if !["/certifications", "/banks", "/cards", "/escrows", "/tiers", "/balance", "/external"]
            .iter()
            .any(|path| call.contains(path))
        {
            continue;
        }
        let (_, path) = call.split_once(' ').unwrap();
        let sim = Sim::start().await;
        assert_eq!(sim.get(&path.replace(['{', '}'], "")).await.status, 404, "{name}: write a scene for it");
    }
}

fn hook(name: &str) -> Webhook {
    fixture::webhooks().unwrap().into_iter().find(|webhook| webhook.name == name).unwrap()
}

/// Names and values of a body of either kind.
fn fields(content_type: &str, body: &str) -> Map<String, Value> {
    if content_type.starts_with("application/json") {
        return serde_json::from_str(body).unwrap();
    }
    body.split('&')
        .filter_map(|pair| pair.split_once('='))
        .map(|(name, value)| (name.to_owned(), json!(value)))
        .collect()
}

#[tokio::test]
async fn webhooks_of_the_simulator_are_as_documented() {
    let sim = Sim::start().await;
    sim.issue("key-1", GOOD).await.ok();
    sim.issue("key-bad", BAD).await.ok();
    sim.again("key-1", "order-1").await.ok();
    let mut heard = vec![("paid", sim.heard(0).await)];
    sim.post("/payments/cancel", json!({ "merchant_uid": "order-1", "enable_webhook": true })).await.ok();
    heard.push(("cancelled", sim.heard(1).await));
    sim.schedule("key-bad", "order-2", sim.now().await + 10).await.ok();
    sim.advance(20).await;
    heard.push(("schedule_failed", sim.heard(2).await));
    sim.window("order-3", json!({ "pay_method": "vbank" })).await;
    heard.push(("vbank_issued", sim.heard(3).await));
    sim.tell("webhooks/settings", json!({ "format": "form" })).await;
    sim.again("key-1", "order-4").await.ok();
    heard.push(("form_paid", sim.heard(4).await));
    sim.post("/payments/cancel", json!({ "merchant_uid": "order-4", "enable_webhook": true })).await.ok();
    heard.push(("form_cancelled", sim.heard(5).await));
    for (name, (content_type, body)) in heard {
        let recorded = hook(name);
        let media = |text: &str| text.split(';').next().unwrap().to_owned();
        assert_eq!(media(&content_type), media(&recorded.content_type), "{name}");
        let (here, there) = (fields(&content_type, &body), fields(&recorded.content_type, &recorded.body));
        assert_eq!(here.keys().collect::<BTreeSet<_>>(), there.keys().collect::<BTreeSet<_>>(), "{name}");
        assert!(here.values().all(Value::is_string), "{name}: {body}");
        assert_eq!(here["status"], there["status"], "{name}");
    }
}
