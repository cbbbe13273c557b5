//! What the storefront is told: each change once, in the order of its row's versions, whatever the bus does meanwhile.

use std::collections::BTreeSet;

use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::shop::card;
use crate::world::World;

impl World {
    /// Everything that was put on the bus so far, in its order.
    pub(crate) async fn told(&self) -> Vec<Value> {
        let mut events = Vec::new();
        loop {
            let page = self.http.get(format!("{}/_aws/events?after={}", self.aws, events.len())).send().await.unwrap();
            let page: Value = serde_json::from_str(&page.text().await.unwrap()).unwrap();
            let found = page["events"].as_array().unwrap();
            if found.is_empty() {
                return events;
            }
            events.extend(found.iter().cloned());
        }
    }

    /// What was told of one thing, repeats dropped, once the last of it has been told.
    async fn told_of(&self, subject: &str, last: &str) -> Vec<Value> {
        self.eventually(&format!("{last} of {subject}"), async || {
            let all = self.told().await;
            let mut known = BTreeSet::new();
            let of: Vec<Value> = all
                .iter()
                .map(|put| put["detail"].clone())
                .filter(|event| event["subject"] == subject && known.insert(event["id"].to_string()))
                .collect();
            of.iter().any(|event| event["type"] == last).then_some(of)
        })
        .await
    }

    /// The bus refuses the next entries, each by itself.
    async fn refuse_events(&self, entries: u64) {
        let asked =
            self.http.post(format!("{}/_aws/events/refuse", self.aws)).json_body(&json!({ "entries": entries }));
        assert_eq!(asked.send().await.unwrap().status(), 201);
    }
}

fn types(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

/// Each is a CloudEvents object, and of one subject they come in the order of its versions.
fn check(events: &[Value]) {
    let mut sequences: Vec<&str> = events.iter().map(|event| event["sequence"].as_str().unwrap()).collect();
    let came = sequences.clone();
    sequences.sort_unstable();
    assert_eq!(came, sequences);
    for event in events {
        assert_eq!((&event["specversion"], &event["source"]), (&json!("1.0"), &json!("iamport-billing")), "{event}");
        assert!(event["id"].as_str().unwrap().starts_with("evt"), "{event}");
    }
}

#[tokio::test]
async fn a_charge_and_its_refunds_are_told_once_each_in_their_order() {
    let world = World::shared().await;
    let (buyer, uid) = (world.buyer(card::APPROVES).await, fresh("told"));
    world.charge(&buyer.order(&uid)).await.ok(200);
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 900 })).await.ok(200);
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 8000 })).await.ok(200);
    let events = world.told_of(&format!("payment/{uid}"), "payment.refunded").await;
    let wanted = ["payment.paid", "payment.partially_refunded", "refund.made", "payment.refunded", "refund.made"];
    assert_eq!(types(&events), wanted);
    check(&events);
    let (row, last) = (world.the_row(&uid).await, &events[3]);
    assert_eq!(last["sequence"].as_str().unwrap().parse::<i64>().ok(), row["version"].as_i64());
    assert_eq!((&last["data"]["state"], &last["data"]["cancel_amount"]), (&json!("refunded"), &json!(8900)));
    assert_eq!(last["data"]["imp_uid"], row["imp_uid"]);
    let key = world.told_of(&format!("billing_key/{}", buyer.customer_uid), "billing_key.active").await;
    assert_eq!(types(&key), ["billing_key.active"]);
}

#[tokio::test]
async fn a_declined_charge_is_told_as_failed_and_says_nothing_of_the_card() {
    let world = World::shared().await;
    let (buyer, uid) = (world.buyer(card::DECLINES).await, fresh("told"));
    world.charge(&buyer.order(&uid)).await.problem(402, "card_declined");
    let events = world.told_of(&format!("payment/{uid}"), "payment.failed").await;
    assert_eq!(types(&events), ["payment.failed"]);
    let fields: BTreeSet<&str> = events[0]["data"].as_object().unwrap().keys().map(String::as_str).collect();
    let wanted = [
        "amount",
        "cancel_amount",
        "currency",
        "customer_id",
        "customer_uid",
        "flow",
        "merchant_uid",
        "refunds",
        "remedy",
        "state",
    ];
    assert_eq!(fields, BTreeSet::from(wanted));
    assert_eq!(events[0]["data"]["remedy"], "retry");
}

#[tokio::test]
async fn a_subscription_is_told_of_from_its_beginning_to_its_end() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let id = world.monthly(&buyer).await;
    world.call("DELETE", &format!("/subscriptions/{id}?at=now"), &world.merchant()).await;
    let events = world.told_of(&format!("subscription/{id}"), "subscription.canceled").await;
    assert_eq!(types(&events), ["subscription.created", "subscription.renewed", "subscription.canceled"]);
    check(&events);
    assert_eq!(
        (&events[1]["data"]["state"], &events[1]["data"]["paid_period"]["number"]),
        (&json!("active"), &json!(0))
    );
    let first = world.told_of(&format!("payment/{id}p0t0"), "payment.paid").await;
    assert_eq!(first[0]["data"]["subscription"], json!({ "id": id, "period": 0, "attempt": 0 }));
}

/// A bus that takes a part, refuses all for a while, breaks off before or after it has taken something: nothing is lost, and what
/// comes twice has the same name and the same text.
#[tokio::test]
async fn nothing_is_lost_by_a_bus_that_fails_and_a_repeat_is_known_by_its_name() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uids: Vec<String> = (0..4).map(|_| fresh("told")).collect();
    for (uid, fault) in
        uids.iter().zip(["throttle", "drop_before_commit", "drop_after_commit", "internal_error_after_commit"])
    {
        // More often than the SDK tries by itself.
        world.aws_fault("PutEvents", fault, 4, 0).await;
        world.charge(&buyer.order(uid)).await.ok(200);
        world.told_of(&format!("payment/{uid}"), "payment.paid").await;
        world.no_aws_faults().await;
    }
    let uid = fresh("told");
    world.refuse_events(7).await;
    world.charge(&buyer.order(&uid)).await.ok(200);
    world.told_of(&format!("payment/{uid}"), "payment.paid").await;

    let all = world.told().await;
    for uid in uids.iter().chain([&uid]) {
        let of = all.iter().map(|put| &put["detail"]).filter(|event| event["subject"] == format!("payment/{uid}"));
        let texts: BTreeSet<String> = of.clone().map(Value::to_string).collect();
        assert_eq!(texts.len(), 1, "{uid}: {texts:?}");
        assert!(of.clone().all(|event| event["type"] == "payment.paid"));
    }
    let repeated =
        |uid: &&String| all.iter().filter(|put| put["detail"]["subject"] == format!("payment/{uid}")).count() > 1;
    assert!(uids.iter().any(|uid| repeated(&uid)), "no fault had an event come twice");
}

/// The sample of a stream's event: the report of a day.
#[tokio::test]
async fn a_batch_is_answered_as_done_and_one_that_is_poison_holds_up_nothing() {
    let world = World::shared().await;
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../events/publish.json");
    let mut event: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut poison = event["Records"][0].clone();
    poison["dynamodb"]["NewImage"]["version"] = json!({ "S": "two" });
    event["Records"].as_array_mut().unwrap().insert(0, poison);
    assert_eq!(world.invoke("publish", &event).await, json!({ "batchItemFailures": [] }));
    let told = world.told_of("report/2026-11-23", "report.matched").await;
    assert_eq!((&told[0]["sequence"], &told[0]["data"]["counts"]["healed"]), (&json!("0000000012"), &json!(1)));
    for nothing in [json!({}), json!({ "Records": [] }), Value::Null] {
        assert_eq!(world.invoke("publish", &nothing).await, json!({ "batchItemFailures": [] }), "{nothing}");
    }
}
