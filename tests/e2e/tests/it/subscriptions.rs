//! Subscriptions from the first charge to the last, through the gateway, with the simulated PSP's own books beside them.

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::shop::card;
use crate::world::World;

mod requests;

const DAY: i64 = 86_400;

fn plan(id: &str) -> Value {
    json!({ "id": id, "name": "월간 이용권", "amount": 8900, "interval": "month" })
}

#[tokio::test]
async fn a_subscription_is_charged_at_once_and_goes_on_by_itself() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (key, body) = (fresh("subscribe"), json!({ "customer_uid": buyer.customer_uid, "plan": plan("monthly") }));
    let begun = world.begun_again(&key, &body).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    assert_eq!((&begun["state"], &begun["customer_id"]), (&json!("active"), &json!(buyer.customer_id)));
    assert_eq!(begun["attempts"][0]["status"], "paid");
    assert_eq!(begun["next_charge"]["merchant_uid"], format!("{id}p1t0"));
    let access_until = begun["access_until"].as_i64().unwrap();
    let period_ends = begun["current_period"]["ends_at"].as_i64().unwrap();
    assert_eq!(access_until, period_ends + DAY, "through the day on which the next one is charged");
    let scheduled = world.schedule_at_psp(&format!("{id}p1t0")).await.unwrap();
    assert_eq!((&scheduled["schedule_at"], &scheduled["amount"]), (&begun["next_charge"]["at"], &json!(8900)));
    assert_eq!(world.begun_again(&key, &body).await, begun, "the same request, the same answer");
    let mut other = body.clone();
    other["plan"]["amount"] = json!(9900);
    world.subscribe_again(&key, &other).await.refuses(422, "idempotency_key_reused", "Idempotency-Key");
    world.subscribe(&body).await.refuses(409, "subscription_exists", "plan");

    world.days(70, 10).await;
    let now = world.subscription(&id).await;
    assert!(now["access_until"].as_i64().unwrap() > world.now().await, "{now}");
    let paid = world.paid_for(&id).await;
    assert_eq!(paid, [format!("{id}p0t0"), format!("{id}p1t0"), format!("{id}p2t0")]);

    let own = world.customer(&buyer.customer_id);
    let path = format!("/subscriptions/{id}/periods?limit=2");
    let first = world.call("GET", &path, &own).await.ok(200);
    assert_eq!((&first["list"][0]["number"], &first["list"][0]["paid"]), (&json!(3), &json!(false)));
    assert_eq!((&first["list"][1]["number"], &first["list"][1]["paid"]), (&json!(2), &json!(true)));
    let next = format!("{path}&cursor={}", first["next"].as_str().unwrap());
    let rest = world.call("GET", &next, &own).await.ok(200);
    assert_eq!((&rest["list"][1]["number"], &rest["next"]), (&json!(0), &Value::Null));
    assert_eq!(rest["list"][1]["attempts"][0]["status"], "paid");
    let listed = world.call("GET", "/subscriptions", &own).await.ok(200);
    assert_eq!((&listed["list"][0]["id"], &listed["list"][0]["attempts"]), (&json!(id), &Value::Null));
}

#[tokio::test]
async fn no_webhook_ever_and_the_sweep_carries_it_on() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let buyer = world.buyer(card::APPROVES).await;
    let id = world.monthly(&buyer).await;
    world.days(64, 8).await;
    assert_eq!(world.paid_for(&id).await, [format!("{id}p0t0"), format!("{id}p1t0"), format!("{id}p2t0")]);
}

#[tokio::test]
async fn a_declined_period_is_tried_again_and_a_new_card_pays_at_once() {
    let world = World::alone().await;
    let buyer = world.buyer(card::DECLINES).await;
    let begun = world.begun(&json!({ "customer_uid": buyer.customer_uid, "plan": plan("monthly") })).await;
    let id = begun["id"].as_str().unwrap().to_owned();
    assert_eq!((&begun["state"], &begun["access_until"]), (&json!("past_due"), &Value::Null));
    let failed = &begun["attempts"][0];
    assert_eq!(failed["status"], "failed");
    assert!(failed["fail_reason"].as_str().is_some_and(|reason| !reason.is_empty()), "{failed}");
    let behind = world.call("GET", "/subscriptions?state=past_due&limit=100", &world.merchant()).await.ok(200);
    assert!(behind["list"].as_array().unwrap().iter().any(|row| row["id"] == id), "{behind}");

    world.days(2, 1).await;
    let retried = world.subscription(&id).await;
    assert_eq!(retried["attempts"].as_array().unwrap().len(), 3, "{retried}");
    let own = world.customer(&buyer.customer_id);
    let form = crate::shop::card_form(card::APPROVES);
    let better = world.issue(&own, &fresh("issue"), &form).await.ok(201)["customer_uid"].clone();
    let changed = world.change_as(&own, &id, &json!({ "customer_uid": better })).await.ok(200);
    assert_eq!((&changed["state"], &changed["customer_uid"]), (&json!("active"), &better));
    assert_eq!(world.paid_for(&id).await.len(), 1);
    assert!(changed["access_until"].as_i64().unwrap() > world.now().await);
}

#[tokio::test]
async fn what_is_never_paid_is_given_up() {
    let world = World::alone().await;
    let buyer = world.buyer(card::DECLINES).await;
    let id = world.monthly(&buyer).await;
    world.days(9, 1).await;
    let given_up = world.subscription(&id).await;
    assert_eq!((&given_up["state"], &given_up["next_charge"]), (&json!("canceled"), &Value::Null));
    assert_eq!(given_up["attempts"].as_array().unwrap().len(), 5);
    assert!(world.paid_for(&id).await.is_empty());
    // The plan is free again.
    let body =
        json!({ "customer_uid": buyer.customer_uid, "plan": plan("monthly"), "start_at": world.now().await + DAY });
    world.begun(&body).await;
}

#[tokio::test]
async fn an_end_is_confirmed_and_the_same_again_and_again() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let own = world.customer(&buyer.customer_id);
    let id = world.monthly(&buyer).await;
    let path = format!("/subscriptions/{id}");
    let ending = world.call("DELETE", &path, &own).await.ok(200);
    assert_eq!((&ending["state"], &ending["cancel"]["at"]), (&json!("active"), &json!("period_end")));
    assert_eq!(ending["access_until"], ending["current_period"]["ends_at"], "nothing is charged that day");
    assert_eq!(world.schedule_at_psp(&format!("{id}p1t0")).await.unwrap()["schedule_status"], "revoked");
    assert_eq!(world.call("DELETE", &path, &own).await.ok(200), ending);
    let on = world.change_as(&own, &id, &json!({ "cancel_at_period_end": false })).await.ok(200);
    assert_eq!((&on["cancel"], &on["next_charge"]["merchant_uid"]), (&Value::Null, &json!(format!("{id}p1t1"))));
    assert_eq!(world.schedule_at_psp(&format!("{id}p1t1")).await.unwrap()["schedule_status"], "scheduled");

    let over = world.cancel(&id, "now").await.ok(200);
    assert_eq!((&over["state"], &over["cancel"]["at"]), (&json!("canceled"), &json!("now")));
    assert_eq!(world.cancel(&id, "now").await.ok(200), over);
    assert_eq!(world.cancel(&id, "period_end").await.ok(200), over);
    world.change(&id, &json!({ "cancel_at_period_end": false })).await.problem(409, "subscription_not_changeable");
    world.days(40, 20).await;
    assert_eq!(world.paid_for(&id).await, [format!("{id}p0t0")]);
}

#[tokio::test]
async fn what_is_paid_after_the_end_is_given_back() {
    let world = World::alone().await;
    let buyer = world.buyer(card::NO_REPLY_PAID_LATER).await;
    let begun = world.subscribe(&json!({ "customer_uid": buyer.customer_uid, "plan": plan("monthly") })).await;
    let id = begun.json()["id"].as_str().unwrap().to_owned();
    let location = format!("/subscriptions/{id}");
    assert_eq!(begun.pending(&location)["pending"], "pending");
    let open = world.call("DELETE", &format!("/subscriptions/{id}?at=now"), &world.merchant()).await;
    assert_eq!(open.pending(&location)["pending"], "cancellation_pending");
    for _ in 0..8 {
        world.advance(120).await;
        world.sweep().await;
    }
    let over = world.cancel(&id, "now").await.ok(200);
    assert_eq!(over["attempts"][0]["status"], "cancelled", "{over}");
    assert!(world.paid_for(&id).await.is_empty());
}

#[tokio::test]
async fn plans_change_with_the_next_period_or_at_once_with_the_difference_stated() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let id = world.monthly(&buyer).await;
    let better = json!({ "id": "premium", "name": "프리미엄", "amount": 12900, "interval": "month" });
    let changed = world.change(&id, &json!({ "plan": better })).await.ok(200);
    // The period that is paid runs on under its own plan.
    assert_eq!((&changed["plan"]["id"], &changed["plan"]["amount"]), (&json!("monthly"), &json!(8900)));
    assert_eq!((&changed["next_plan"]["id"], &changed["next_charge"]["amount"]), (&json!("premium"), &json!(12900)));
    assert_eq!(changed["next_plan"]["begins_at"], changed["current_period"]["ends_at"]);
    for taken in [plan("monthly"), better.clone()] {
        let second = json!({ "customer_uid": buyer.customer_uid, "plan": taken });
        world.subscribe(&second).await.refuses(409, "subscription_exists", "plan");
    }
    assert_eq!(world.schedule_at_psp(&format!("{id}p1t0")).await.unwrap()["schedule_status"], "revoked");
    assert_eq!(world.schedule_at_psp(&format!("{id}p1t1")).await.unwrap()["amount"], 12900);

    world.days(10, 5).await;
    let best = json!({ "id": "best", "name": "최고", "amount": 18900, "interval": "month" });
    let now = world.change(&id, &json!({ "plan": best, "change": "now" })).await.ok(200);
    let of = |name: &str| now["proration"][name].as_i64().unwrap();
    let whole = (now["current_period"]["ends_at"].as_i64().unwrap()
        - now["current_period"]["starts_at"].as_i64().unwrap())
        / DAY;
    assert_eq!((of("days"), of("days_left")), (whole, whole - 10));
    // From what the running period was paid at, not from what the next one was to cost.
    assert_eq!(of("amount"), 10_000 * (whole - 10) / whole);
    assert_eq!(of("charged"), of("amount"), "it is paid for before it begins");
    assert_eq!((&now["plan"]["id"], &now["next_plan"]), (&json!("best"), &Value::Null));
    assert_eq!(now["next_charge"]["amount"], 18900);
    let paid = world.payments(&format!("{id}p0t1000")).await;
    assert_eq!((&paid[0]["status"], &paid[0]["amount"]), (&json!("paid"), &now["proration"]["charged"]));
    let difference = now["attempts"].as_array().unwrap().iter().find(|it| it["charges"] == "difference").unwrap();
    assert_eq!((&difference["attempt"], &difference["status"]), (&json!(1000), &json!("paid")));
    let yearly = json!({ "id": "yearly", "name": "연간", "amount": 99000, "interval": "year" });
    let refused = world.change(&id, &json!({ "plan": yearly, "change": "now" })).await;
    refused.problem(422, "interval_invalid");
    let later = world.change(&id, &json!({ "plan": yearly })).await.ok(200);
    assert_eq!((&later["plan"]["id"], &later["next_plan"]["id"]), (&json!("best"), &json!("yearly")));
    assert_eq!(later["next_charge"]["amount"], 99000);
    world.days(30, 10).await;
    let shown = world.subscription(&id).await;
    let period = &shown["current_period"];
    assert_eq!(
        (&period["number"], &shown["plan"]["id"], &shown["next_plan"]),
        (&json!(1), &json!("yearly"), &Value::Null)
    );
    assert!(period["ends_at"].as_i64().unwrap() - period["starts_at"].as_i64().unwrap() >= 365 * DAY, "{shown}");
}

#[tokio::test]
async fn a_dearer_plan_that_is_declined_does_not_begin_and_what_a_cheaper_one_leaves_is_given_back() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let own = world.customer(&buyer.customer_id);
    let id = world.monthly(&buyer).await;
    let form = crate::shop::card_form(card::DECLINES);
    let bad = world.issue(&own, &fresh("issue"), &form).await.ok(201)["customer_uid"].clone();
    world.change_as(&own, &id, &json!({ "customer_uid": bad })).await.ok(200);
    let best = json!({ "id": "best", "name": "최고", "amount": 890_000, "interval": "month" });
    let refused = world.change(&id, &json!({ "plan": best, "change": "now" })).await;
    refused.problem(402, "difference_declined");
    let same = world.subscription(&id).await;
    assert_eq!((&same["plan"]["id"], &same["plan"]["amount"]), (&json!("monthly"), &json!(8900)));
    world.change_as(&own, &id, &json!({ "customer_uid": buyer.customer_uid })).await.ok(200);
    world.change(&id, &json!({ "plan": best, "change": "now" })).await.ok(200);
    let less = json!({ "id": "less", "name": "조금", "amount": 800_000, "interval": "month" });
    let lowered = world.change(&id, &json!({ "plan": less, "change": "now" })).await.ok(200);
    assert_eq!(lowered["credit"], json!({ "next_charge": 90_000, "given_back": 0 }));
    assert_eq!(lowered["next_charge"]["amount"], 710_000);
    let ended = world.call("DELETE", &format!("/subscriptions/{id}"), &own).await.ok(200);
    assert_eq!(ended["credit"], json!({ "next_charge": 0, "given_back": 90_000 }));
    let again = world.call("DELETE", &format!("/subscriptions/{id}"), &own).await.ok(200);
    assert_eq!(again["credit"], ended["credit"]);
    let difference = ended["attempts"].as_array().unwrap().iter().find(|it| it["cancel_amount"] == 90_000);
    let uid = difference.unwrap()["merchant_uid"].as_str().unwrap().to_owned();
    let records = world.payments(&uid).await;
    assert!(records.iter().any(|record| record["cancel_amount"] == 90_000), "{records:?}");
}

#[tokio::test]
async fn no_card_is_charged_that_was_not_named_and_what_took_its_place_is_shown() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let own = world.customer(&buyer.customer_id);
    let id = world.monthly(&buyer).await;
    let another = || async {
        let form = crate::shop::card_form(card::APPROVES);
        world.issue(&own, &fresh("issue"), &form).await.ok(201)["customer_uid"].as_str().unwrap().to_owned()
    };
    let named = another().await;
    let replaced = format!("/billing-keys/{}?replaced_by={named}", buyer.customer_uid);
    world.call("DELETE", &replaced, &own).await;
    let listed = world.call("GET", "/subscriptions", &own).await.ok(200);
    for shown in [&world.subscription(&id).await, &listed["list"][0]] {
        assert_eq!((&shown["customer_uid"], &shown["card_problem"]), (&json!(named), &Value::Null));
        assert_eq!(shown["fallback_cards"], false);
    }
    // Another one is there, and nobody named it.
    let unnamed = another().await;
    world.call("DELETE", &format!("/billing-keys/{named}?cascade=true"), &own).await;
    world.days(33, 11).await;
    let behind = world.subscription(&id).await;
    assert_eq!((&behind["state"], &behind["card_problem"]), (&json!("past_due"), &json!("billing_key_inactive")));
    assert_eq!(world.paid_for(&id).await.len(), 1);
    world.change_as(&own, &id, &json!({ "fallback_cards": true })).await;
    world.days(4, 1).await;
    let on = world.subscription(&id).await;
    assert_eq!((&on["state"], &on["customer_uid"]), (&json!("active"), &json!(unnamed)));
    let paid = on["attempts"].as_array().unwrap().iter().find(|it| it["status"] == "paid" && it["period"] == 1);
    assert_eq!(paid.map(|paid| &paid["fallback"]), Some(&json!(true)), "{on}");
}

#[tokio::test]
async fn a_paused_one_charges_nothing_until_it_is_resumed() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let id = world.monthly(&buyer).await;
    let paused = world.change(&id, &json!({ "paused": true })).await.ok(200);
    assert_eq!((&paused["state"], &paused["next_charge"]), (&json!("paused"), &Value::Null));
    assert_eq!(world.schedule_at_psp(&format!("{id}p1t0")).await.unwrap()["schedule_status"], "revoked");
    world.days(40, 20).await;
    assert_eq!(world.paid_for(&id).await.len(), 1);
    let resumed = world.change(&id, &json!({ "paused": false })).await.ok(200);
    assert_eq!(resumed["state"], "active");
    assert_eq!(world.paid_for(&id).await.len(), 2, "for the period that it is now: {resumed}");
}

#[tokio::test]
async fn a_trial_and_a_time_to_come_charge_nothing_before() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let mut body = json!({ "customer_uid": buyer.customer_uid, "plan": plan("trial"), "trial_days": 14 });
    let trial = world.begun(&body).await;
    assert_eq!((&trial["state"], &trial["current_period"]), (&json!("active"), &Value::Null));
    assert!(
        trial["trial_until"].is_i64() && trial["trial_until"].as_i64().unwrap() + DAY == trial["access_until"],
        "{trial}"
    );
    let later =
        json!({ "customer_uid": buyer.customer_uid, "plan": plan("later"), "start_at": world.now().await + 20 * DAY });
    let later = world.begun(&later).await;
    assert_eq!((&later["access_until"], &later["trial_until"]), (&Value::Null, &Value::Null));
    body["plan"]["id"] = json!("both");
    body["start_at"] = json!(world.now().await + DAY);
    world.subscribe(&body).await.problem(422, "trial_days_invalid");
    world.days(12, 6).await;
    let (first, second) = (trial["id"].as_str().unwrap(), later["id"].as_str().unwrap());
    assert!(world.paid_for(first).await.is_empty() && world.paid_for(second).await.is_empty());
    world.days(10, 5).await;
    assert_eq!((world.paid_for(first).await.len(), world.paid_for(second).await.len()), (1, 1));
}

#[tokio::test]
async fn a_subscription_is_its_customers_own_and_its_money_the_merchants() {
    let world = World::shared().await;
    let (buyer, other) = (world.buyer(card::APPROVES).await, world.buyer(card::APPROVES).await);
    let id = world.monthly(&buyer).await;
    let (own, foreign) = (world.customer(&buyer.customer_id), world.customer(&other.customer_id));
    let path = format!("/subscriptions/{id}");
    for (method, path) in [("GET", path.clone()), ("GET", format!("{path}/periods")), ("DELETE", path.clone())] {
        world.call(method, &path, &foreign).await.problem(404, "not_found");
    }
    world.change_as(&foreign, &id, &json!({ "customer_uid": other.customer_uid })).await.problem(404, "not_found");
    world.change_as(&own, &id, &json!({ "customer_uid": other.customer_uid })).await.problem(404, "not_found");
    for wanted in [json!({ "paused": true }), json!({ "plan": plan("cheap") })] {
        world.change_as(&own, &id, &wanted).await.problem(403, "insufficient_scope");
    }
    world.call("GET", "/subscriptions?state=active", &own).await.refuses(422, "state_invalid", "state");
    let named = format!("/subscriptions?customer_id={}", other.customer_id);
    world.call("GET", &named, &own).await.problem(404, "not_found");
    world.call("GET", "/subscriptions", &world.merchant()).await.refuses(422, "customer_id_required", "customer_id");
    for unknown in ["sub00112233445566778899aabbcc", "nonsense", "sub..%2f"] {
        world.call("GET", &format!("/subscriptions/{unknown}"), &own).await.problem(404, "not_found");
        world.call("DELETE", &format!("/subscriptions/{unknown}"), &own).await.problem(404, "not_found");
    }
    world.call("GET", &format!("{path}/periods?cursor=99"), &own).await.problem(400, "cursor_invalid");
    world.call("GET", "/subscriptions?limit=0", &own).await.refuses(422, "limit_invalid", "limit");
}

#[tokio::test]
async fn numbers_and_timers_of_a_subscription_are_its_own() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let id = world.monthly(&buyer).await;
    let (taken, next) = (format!("{id}p7t0"), format!("{id}p1t0"));
    world.charge(&buyer.order(&taken)).await.refuses(422, "merchant_uid_invalid", "merchant_uid");
    let later = world.now().await + DAY;
    let schedules = buyer.schedules(&[(&taken, later)]);
    world.register(&schedules).await.refuses(422, "merchant_uid_invalid", "schedules[0].merchant_uid");
    let path = format!("/schedules/{next}");
    world.call("DELETE", &path, &world.merchant()).await.problem(409, "schedule_not_changeable");
    let moved = world.request("PATCH", &path).bearer_auth(world.merchant()).json_body(&json!({ "schedule_at": later }));
    world.send(moved).await.problem(409, "schedule_not_changeable");
    assert!(world.requests_to(AGAIN, &taken).await.is_empty());
}

#[tokio::test]
async fn bad_subscriptions_are_refused_before_anything_is_written() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let now = world.now().await;
    let good = json!({ "customer_uid": buyer.customer_uid, "plan": plan("bad") });
    let with = |path: &[&str], value: Value| {
        let mut body = good.clone();
        let place = path.iter().fold(&mut body, |place, name| &mut place[*name]);
        *place = value;
        body
    };
    let cases: Vec<(Value, &str, &str)> = vec![
        (with(&["plan"], json!("basic")), "plan_unavailable", "plan"),
        (with(&["plan"], Value::Null), "plan_required", "plan"),
        (with(&["start_at"], json!(now - 60)), "start_at_invalid", "start_at"),
        (with(&["start_at"], json!(now + 401 * DAY)), "start_at_invalid", "start_at"),
        (with(&["start_at"], json!(now * 1000)), "start_at_invalid", "start_at"),
        (with(&["start_at"], json!("2027-01-31T10:00:00")), "start_at_invalid", "start_at"),
        (with(&["start_at"], json!("2025-02-30")), "start_at_invalid", "start_at"),
        (with(&["start_at"], json!("2016-12-31T23:59:60Z")), "start_at_invalid", "start_at"),
        (with(&["anchor_day"], json!(0)), "anchor_day_invalid", "anchor_day"),
        (with(&["anchor_day"], json!(32)), "anchor_day_invalid", "anchor_day"),
        (with(&["anchor_day"], json!("31")), "anchor_day_invalid", "anchor_day"),
        (with(&["due_hour"], json!(24)), "due_hour_invalid", "due_hour"),
        (with(&["trial_days"], json!(0)), "trial_days_invalid", "trial_days"),
        (with(&["periods"], json!(0)), "periods_invalid", "periods"),
        (with(&["metadata"], json!({ "k": "v".repeat(501) })), "metadata_invalid", "metadata"),
        (with(&["metadata"], json!({ "k": 1 })), "field_type", "metadata.k"),
        (with(&["plan", "amount"], json!(0)), "amount_invalid", "amount"),
        (with(&["plan", "amount"], json!("8900")), "amount_invalid", "plan.amount"),
        (with(&["plan", "interval"], json!("fortnight")), "interval_invalid", "plan.interval"),
        (with(&["plan", "interval_count"], json!(13)), "interval_count_invalid", "plan.interval_count"),
        (with(&["plan", "retry_days"], json!([3, 1])), "retry_days_invalid", "plan.retry_days"),
        (with(&["plan", "give_up"], json!("never")), "give_up_invalid", "plan.give_up"),
        (with(&["plan", "card_number"], json!("4242")), "unknown_field", "plan.card_number"),
        (with(&["merchant_uid"], json!("mine")), "unknown_field", "merchant_uid"),
        (with(&["customer_uid"], json!("a%b")), "customer_uid_invalid", "customer_uid"),
    ];
    for (body, code, field) in cases {
        world.subscribe(&body).await.refuses(422, code, field);
    }
    world.subscribe(&with(&["customer_id"], json!("somebody-else"))).await.problem(404, "not_found");
    let without = world.request("POST", "/subscriptions").bearer_auth(world.merchant()).json_body(&good);
    world.send(without).await.problem(400, "idempotency_key_required");
    let own = world.customer(&buyer.customer_id);
    assert_eq!(world.call("GET", "/subscriptions", &own).await.ok(200)["list"], json!([]));
    let begun = world.begun(&with(&["anchor_day"], json!(31))).await;
    let id = begun["id"].as_str().unwrap();
    for bad in [json!({}), json!({ "paused": true, "cancel_at_period_end": true })] {
        world.change(id, &bad).await.refuses(422, "changes_invalid", "body");
    }
    world.change(id, &json!({ "change": "now" })).await.refuses(422, "plan_required", "plan");
    world.call("DELETE", &format!("/subscriptions/{id}?at=tomorrow"), &own).await.refuses(422, "at_invalid", "at");
}
