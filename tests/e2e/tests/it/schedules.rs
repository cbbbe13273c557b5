//! Registering, listing and changing payments that the PSP runs later, when something goes wrong on the way.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::psp::SCHEDULE;
use crate::shop::card;
use crate::table::same_as_psp;
use crate::world::World;

const SOON: i64 = 600;

#[tokio::test]
async fn the_same_request_again_answers_the_same_and_registers_nothing() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, at) = (fresh("sch"), world.now().await + 86_400);
    let wanted = buyer.schedules(&[(&uid, at)]);
    let first = world.register(&wanted).await.ok(201);
    let row = world.the_row(&uid).await;
    assert_eq!(world.register(&wanted).await.ok(201), first);
    assert_eq!(world.the_row(&uid).await, row);
    assert_eq!(world.requests_to(SCHEDULE, &uid).await.len(), 1);

    let mut other = buyer.schedules(&[(&uid, at)]);
    other["schedules"][0]["amount"] = json!(8901);
    world.register(&other).await.refuses(422, "merchant_uid_reused", "merchant_uid");
    world.register(&buyer.schedules(&[(&uid, at + 1)])).await.refuses(422, "merchant_uid_reused", "merchant_uid");
    world.charge(&buyer.order(&uid)).await.refuses(422, "merchant_uid_reused", "merchant_uid");
    assert_eq!(world.the_row(&uid).await, row);
    assert!(world.payments(&uid).await.is_empty(), "a scheduled order is not charged now");
}

#[tokio::test]
async fn a_batch_with_one_foreign_order_registers_none_of_it() {
    let world = World::shared().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let taken = fresh("sch");
    world.charge(&other.order(&taken)).await.ok(200);
    let (fine, at) = (fresh("sch"), world.now().await + 86_400);
    let reply = world.register(&buyer.schedules(&[(&fine, at), (&taken, at + 1)])).await;
    reply.problem(422, "merchant_uid_reused");
    assert!(world.schedule_at_psp(&fine).await.is_none() && world.schedule_at_psp(&taken).await.is_none());
    assert_eq!(world.row(&fine).await, None, "checked before anything is written");
}

#[tokio::test]
async fn a_schedule_refused_by_the_psp_is_said_and_never_runs() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, at) = (fresh("sch"), world.now().await + SOON);
    let other = fresh("sch");
    world.fault(SCHEDULE, &other, json!({ "kind": "refused", "code": 1 })).await;
    let problem = world.register(&buyer.schedules(&[(&other, at)])).await.problem(502, "request_refused");
    assert_eq!(problem["list"]["list"][0]["schedule_status"], "refused");
    world.fault(SCHEDULE, &uid, json!({ "kind": "refused" })).await;
    let problem = world.register(&buyer.schedules(&[(&uid, at)])).await.problem(402, "schedule_refused");
    assert!(problem["psp_message"].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
    assert_eq!(problem["list"]["list"][0]["schedule_status"], "refused");
    let row = world.sweep_until_settled(&uid).await;
    assert_eq!(row["state"], "failed");
    world.advance(SOON).await;
    assert!(world.payments(&uid).await.is_empty());
}

#[tokio::test]
async fn a_lost_reply_to_a_registration_is_found_at_once() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, at) = (fresh("sch"), world.now().await + SOON);
    world.fault(SCHEDULE, &uid, json!({ "kind": "reset", "phase": "after" })).await;
    let answer = world.register(&buyer.schedules(&[(&uid, at)])).await.ok(201);
    assert_eq!(answer["list"][0]["status"], "scheduled");
    assert_eq!(world.requests_to(SCHEDULE, &uid).await.len(), 1);
}

#[tokio::test]
async fn a_registration_that_never_arrived_is_pending_and_sent_once_more_after_the_quarantine() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, at) = (fresh("sch"), world.now().await + SOON);
    world.fault(SCHEDULE, &uid, json!({ "kind": "reset", "phase": "before" })).await;
    let answer = world.register(&buyer.schedules(&[(&uid, at)])).await;
    let location = format!("/schedules?customer_uid={}", buyer.customer_uid);
    assert_eq!(answer.pending(&location)["list"][0]["status"], "pending");
    let first = world.requests_to(SCHEDULE, &uid).await[0]["at"].as_i64().unwrap();
    for _ in 0..8 {
        let row = world.the_row(&uid).await;
        if row["state"] == "scheduled" {
            break;
        }
        world.advance_to(row["due_at"].as_i64().unwrap()).await;
        world.sweep().await;
    }
    let posts = world.requests_to(SCHEDULE, &uid).await;
    assert_eq!(posts.len(), 2, "{posts:?}");
    // The claim is written before its POST arrives, so that much of its 155 seconds may be over by then.
    assert!(posts[1]["at"].as_i64().unwrap() >= first + 155 - 3, "not while the first may still run: {posts:?}");
    assert_eq!(world.schedule_at_psp(&uid).await.unwrap()["schedule_at"], at, "for the time that was asked for");
    world.advance_to(at + 5).await;
    same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
}

#[tokio::test]
async fn a_lost_reply_to_a_revocation_ends_revoked() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, SOON).await;
    world.fault("/subscribe/payments/unschedule", &uid, json!({ "kind": "reset", "phase": "after" })).await;
    let gone = world.call("DELETE", &format!("/schedules/{uid}"), &world.merchant()).await.ok(200);
    assert_eq!(gone["status"], "revoked");

    let uid = world.scheduled(&buyer, SOON).await;
    world.fault("/subscribe/payments/unschedule", &uid, json!({ "kind": "reset", "phase": "before" })).await;
    let open = world.call("DELETE", &format!("/schedules/{uid}"), &world.merchant()).await;
    assert_eq!(open.pending(&format!("/schedules/{uid}"))["status"], "scheduled", "not revoked before the PSP says so");
    let row = world.sweep_until_settled(&uid).await;
    assert_eq!(row["state"], "revoked");
    assert_eq!(world.schedule_at_psp(&uid).await.unwrap()["schedule_status"], "revoked");
    world.advance(SOON).await;
    assert!(world.payments(&uid).await.is_empty());
}

#[tokio::test]
async fn a_schedule_revoked_in_the_console_is_noticed_by_the_sweep() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, SOON).await;
    world.sim("console/revoke", json!({ "merchant_uid": uid })).await;
    world.advance(SOON).await;
    let row = world.sweep_until_settled(&uid).await;
    assert_eq!((&row["state"], &row["record"]), (&json!("revoked"), &Value::Null));
    assert!(world.payments(&uid).await.is_empty());
}

#[tokio::test]
async fn schedules_are_listed_by_key_and_time_in_pages() {
    let world = World::shared().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let start = world.now().await + 86_400;
    let uids: Vec<String> = (0..5).map(|_| fresh("sch")).collect();
    let wanted: Vec<(&str, i64)> = uids.iter().zip((start..).step_by(60)).map(|(uid, at)| (uid.as_str(), at)).collect();
    world.register(&buyer.schedules(&wanted)).await.ok(201);
    world.register(&other.schedules(&[(&fresh("sch"), start)])).await.ok(201);

    let merchant = world.merchant();
    let mut path = format!("/schedules?customer_uid={}&limit=2", buyer.customer_uid);
    let first = path.clone();
    let mut seen = Vec::new();
    loop {
        let page = world.call("GET", &path, &merchant).await.ok(200);
        let list = page["list"].as_array().unwrap();
        assert!(list.len() <= 2, "{page}");
        seen.extend(list.iter().map(|entry| entry["merchant_uid"].as_str().unwrap().to_owned()));
        let Some(next) = page["next"].as_str() else { break };
        path = format!("{first}&cursor={next}");
    }
    assert_eq!(seen, uids, "by time, each once, and nobody else's");

    let (from, to) = (start + 60, start + 180);
    let path = format!("/schedules?customer_uid={}&from={from}&to={to}", buyer.customer_uid);
    let page = world.call("GET", &path, &merchant).await.ok(200);
    let times: Vec<i64> = page["list"].as_array().unwrap().iter().map(|e| e["schedule_at"].as_i64().unwrap()).collect();
    assert_eq!(times, [start + 60, start + 120], "from inclusive, to exclusive");
}
