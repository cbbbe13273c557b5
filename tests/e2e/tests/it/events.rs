//! Every sample event, handed to its function, answers as its documentation says.

use std::collections::BTreeMap;
use std::path::Path;

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::shop::Buyer;
use crate::world::World;

/// The key that the samples speak of.
pub(crate) const SAMPLE_KEY: &str = "gildong_0001_1234";

/// Names of this run for the samples' own, so that a stack that has seen them before takes them for new.
pub(crate) struct Names {
    customer: String,
    orders: String,
}

impl Names {
    pub(crate) fn new() -> Self {
        Self { customer: fresh("kim"), orders: fresh("order") }
    }

    fn order(&self, number: &str) -> String {
        format!("{}_{number}", self.orders)
    }

    /// A sample's text with these names in it.
    fn fill(&self, text: &str) -> String {
        let customer = &self.customer;
        text.replace("kim-first-card", &format!("{customer}-first-card"))
            .replace("kim-checked-card", &format!("{customer}-checked-card"))
            .replace("kim-scheduled-card", &format!("{customer}-scheduled-card"))
            .replace("\"kim\"", &format!("\"{customer}\""))
            .replace("\\\"kim\\\"", &format!("\\\"{customer}\\\""))
            .replace("kim-window-card", &format!("{customer}-window-card"))
            .replace("order_monthly_", &self.order(""))
            .replace("ORD20180131-00000", &self.order("00"))
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).ancestors().nth(2).unwrap()
}

/// The function whose name the file's name starts with; the longest, where several do.
fn function_of(event: &str) -> String {
    let functions = std::fs::read_dir(root().join("functions")).unwrap();
    let names = functions.map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let fitting = names.filter(|name| event == name || event.starts_with(&format!("{name}-")));
    fitting.max_by_key(String::len).unwrap_or_else(|| panic!("events/{event}.json belongs to no function"))
}

/// All samples by name, with their placeholders filled in and their names and key replaced.
pub(crate) async fn samples(world: &World, names: &Names, customer_uid: &str) -> BTreeMap<String, Value> {
    let now = world.now().await;
    let ahead = |days: i64| (now + days * 86_400).to_string();
    let mut samples = BTreeMap::new();
    for entry in std::fs::read_dir(root().join("events")).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        let text = text.replace("{{in 30 days}}", &ahead(30)).replace("{{in 60 days}}", &ahead(60));
        let text = text.replace("{{webhook token}}", world.webhook_token());
        let text = names.fill(&text).replace(SAMPLE_KEY, customer_uid);
        assert!(!text.contains("{{"), "a placeholder that nobody fills in: {}", path.display());
        samples.insert(path.file_stem().unwrap().to_str().unwrap().to_owned(), serde_json::from_str(&text).unwrap());
    }
    samples
}

/// The status of a function's answer and its body.
pub(crate) async fn answer(world: &World, name: &str, event: &Value) -> (u64, Value) {
    let answer = world.invoke(&function_of(name), event).await;
    let status = answer["statusCode"].as_u64().unwrap_or_else(|| panic!("{name}: {answer}"));
    let body = answer["body"].as_str().filter(|body| !body.is_empty());
    (status, body.map_or(Value::Null, |body| serde_json::from_str(body).unwrap()))
}

#[tokio::test]
async fn samples_about_a_key_that_nobody_has_are_not_found() {
    let world = World::alone().await;
    let expected = BTreeMap::from([
        ("billing-keys", 200),
        ("billing-keys-confirm", 404),
        ("billing-keys-import", 404),
        ("billing-keys-delete", 404),
        ("billing-keys-get", 404),
        ("charge", 404),
        ("charge-all-fields", 404),
        ("refund", 404),
        ("refund-receipt", 404),
        ("refund-receipt-cancel", 404),
        ("schedule", 404),
        ("schedule-list", 404),
        ("schedule-move", 404),
        ("schedule-revoke", 404),
        ("checkout-extend", 404),
        ("checkout-withdraw", 404),
        ("subscription", 404),
        ("subscription-all-fields", 404),
        ("subscription-cancel", 404),
        ("subscription-cancellation-preview", 404),
        ("subscription-change", 404),
        ("subscription-consent", 404),
        ("subscription-consents", 404),
        ("subscription-get", 404),
        ("subscription-periods", 404),
        ("subscription-preview", 404),
    ]);
    let samples = samples(&world, &Names::new(), SAMPLE_KEY).await;
    for (name, status) in expected {
        let (answered, body) = answer(&world, name, &samples[name]).await;
        assert_eq!(answered, status, "{name}: {body}");
        if status == 404 {
            assert_eq!(body["code"], "not_found", "{name}");
        }
    }
}

/// The walk of events/README.md: a card is registered, its key goes into the samples, and each does what it is about.
#[tokio::test]
async fn with_a_real_key_every_sample_does_what_it_says() {
    let world = World::alone().await;
    // The notice of a first charge would register the next period beside the request, which is pending then.
    world.webhook_settings(json!({ "drop": true })).await;
    let names = Names::new();
    let (first, second) = (names.order("0001"), names.order("0002"));
    let issue = samples(&world, &names, SAMPLE_KEY).await.remove("issue-billing-key").unwrap();
    let (status, key) = answer(&world, "issue-billing-key", &issue).await;
    assert_eq!((status, &key["status"], &key["customer_id"]), (201, &json!("active"), &json!(names.customer)));
    let customer_uid = key["customer_uid"].as_str().unwrap();
    let mut samples = samples(&world, &names, customer_uid).await;
    // The answer, and the field of it that shows that the right thing was done.
    let walk: &[(&str, u64, &str, Value)] = &[
        ("issue-billing-key", 201, "/customer_uid", json!(customer_uid)),
        ("billing-keys", 200, "/list/0/customer_uid", json!(customer_uid)),
        ("billing-keys-get", 200, "/card_number", json!("424242******4242")),
        ("billing-keys-confirm", 200, "/status", json!("active")),
        ("billing-keys-import", 201, "/customer_id", json!(names.customer)),
        ("billing-keys-window", 201, "/status", json!("prepared")),
        ("checkout", 201, "/request_pay/amount", json!(64_900)),
        ("checkout-all-fields", 201, "/request_pay/products/0/unitPrice", json!(64_900)),
        ("checkout-vbank", 201, "/vbank_code", json!("004")),
        ("checkout-extend", 200, "/status", json!("ready")),
        ("checkout-complete", 202, "/status", json!("pending")),
        ("checkout-return", 303, "", Value::Null),
        ("checkout-confirm", 404, "/reason", json!("주문을 찾을 수 없습니다")),
        ("checkout-withdraw", 200, "/status", json!("revoked")),
        ("charge", 200, "/status", json!("paid")),
        ("charge-get", 200, "/merchant_uid", json!(first)),
        ("charge-all-fields", 200, "/card_quota", json!(3)),
        ("refund", 200, "/payment/cancel_amount", json!(900)),
        ("refund-receipt", 409, "/code", json!("not_cash")),
        ("refund-receipt-cancel", 404, "/code", json!("not_found")),
        ("webhook", 200, "", Value::Null),
        ("webhook-form", 200, "", Value::Null),
        ("schedule", 201, "/list/0/schedule_status", json!("scheduled")),
        ("schedule-get", 200, "/merchant_uid", json!(second)),
        ("schedule-list", 200, "/list/0/merchant_uid", json!(second)),
        ("schedule-move", 200, "/status", json!("scheduled")),
        ("schedule-revoke", 200, "/status", json!("revoked")),
        ("subscription", 201, "/attempts/0/status", json!("paid")),
        ("subscription-all-fields", 201, "/plan/interval_count", json!(3)),
        // The name of a subscription is not known before it is begun: these say one that nobody has.
        ("subscription-get", 404, "/code", json!("not_found")),
        ("subscription-periods", 404, "/code", json!("not_found")),
        ("subscription-preview", 404, "/code", json!("not_found")),
        ("subscription-cancellation-preview", 404, "/code", json!("not_found")),
        ("subscription-consent", 404, "/code", json!("not_found")),
        ("subscription-consents", 404, "/code", json!("not_found")),
        ("subscription-change", 404, "/code", json!("not_found")),
        ("subscription-cancel", 404, "/code", json!("not_found")),
        ("subscription-list", 200, "/list", json!([])),
        ("billing-keys-delete", 204, "", Value::Null),
        // More keys of the same customer: they come after the lists.
        ("issue-billing-key-checked", 201, "/status", json!("active")),
        ("issue-billing-key-schedules", 201, "/schedules/0/status", json!("scheduled")),
    ];
    for (name, status, place, value) in walk {
        let event = samples.remove(*name).unwrap_or_else(|| panic!("events/{name}.json is gone"));
        let (answered, body) = answer(&world, name, &event).await;
        assert_eq!(answered, *status, "{name}: {body}");
        assert_eq!(body.pointer(place).unwrap_or(&Value::Null), value, "{name}: {body}");
    }
    assert!(world.key_at_psp(customer_uid).await.is_none(), "deleted");
    let sweep = samples.remove("reconcile").unwrap();
    let report = world.invoke("reconcile", &sweep).await;
    assert!(report["seen"].is_u64() && report["cut_short"] == false, "{report}");
    let told = samples.remove("publish").unwrap();
    assert_eq!(world.invoke("publish", &told).await, json!({ "batchItemFailures": [] }));
    assert!(samples.is_empty(), "samples that no test knows: {:?}", samples.keys());
    let again = Buyer { customer_id: names.customer, customer_uid: customer_uid.to_owned() };
    world.charge(&again.order(&first)).await.ok(200);
}

/// A timer's event carries no authority: doubled, ancient, empty or strange, it is one more sweep.
#[tokio::test]
async fn any_tick_is_only_a_sweep() {
    let world = World::alone().await;
    let buyer = world.buyer(crate::shop::card::APPROVES).await;
    let uid = world.scheduled(&buyer, 86_400).await;
    let row = world.the_row(&uid).await;
    for event in [
        json!({}),
        json!({ "detail": { "charge": uid, "amount": 1 } }),
        json!({ "time": "1999-01-01T00:00:00Z", "source": "aws.scheduler" }),
        json!({ "time": "2999-01-01T00:00:00Z", "source": "somebody" }),
        json!({ "Records": [{ "body": "poison" }] }),
        json!([]),
        json!("tick"),
        Value::Null,
    ] {
        let report = world.invoke("reconcile", &event).await;
        assert!(report["seen"].is_u64(), "{event}: {report}");
    }
    assert_eq!(world.the_row(&uid).await, row);
}
