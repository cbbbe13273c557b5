//! Sub-merchants: each has books of its own, and the token is the agent's.

use serde_json::{Value, json};

use crate::harness::{CARD, Reply, Sim};

impl Sim {
    async fn as_tier(&self, tier: &str, method: &str, path: &str, body: &Value) -> Reply {
        self.send(self.json(method, path, body).header("Tier", tier)).await
    }
}

fn charge(merchant_uid: &str) -> Value {
    json!({"customer_uid": "k", "merchant_uid": merchant_uid, "amount": 8900, "name": "n"})
}

#[tokio::test]
async fn what_is_paid_at_a_sub_merchant_is_unknown_to_the_account_and_to_its_others() {
    let sim = Sim::start().await;
    sim.tell("tiers", json!({"code": "t01"})).await;
    assert_eq!(sim.tell("tiers", json!({"code": "t02"})).await, json!(["t01", "t02"]));
    let card = json!({"card_number": CARD, "expiry": "2099-12"});
    sim.as_tier("t01", "POST", "/subscribe/customers/k", &card).await.ok();
    sim.as_tier("t01", "POST", "/subscribe/payments/again", &charge("a")).await.ok();

    let path = "/payments/findAll/a";
    assert_eq!(sim.as_tier("t01", "GET", path, &json!({})).await.ok()["list"].as_array().unwrap().len(), 1);
    sim.as_tier("t02", "GET", path, &json!({})).await.refused(404, 1);
    sim.get(path).await.refused(404, 1);
    sim.get("/subscribe/customers/k").await.refused(404, 1);
    assert_eq!(sim.see("payments").await, json!([]));
    let shown = sim.as_tier("t01", "GET", "/_sim/payments", &json!({})).await.json;
    assert_eq!(shown[0]["merchant_uid"], "a");

    // The same names are free everywhere else.
    sim.issue("k", CARD).await.ok();
    sim.again("k", "a").await.ok();
}

#[tokio::test]
async fn a_tier_that_the_account_does_not_have_is_refused() {
    let sim = Sim::start().await;
    sim.tell("tiers", json!({"code": "t01"})).await;
    for tier in ["t02", "T01", "", "t0", "t01,t01"] {
        sim.as_tier(tier, "GET", "/payments/findAll/a", &json!({})).await.refused(401, -1);
    }
    // A token is the agent's own, whoever it is asked for.
    let keys = json!({"imp_key": "imp_apikey", "imp_secret": crate::harness::SECRET});
    assert_eq!(sim.as_tier("t02", "POST", "/users/getToken", &keys).await.ok()["access_token"], json!(sim.token));
    let reply = sim.post("/_sim/tiers", json!({"code": "long"})).await;
    assert_eq!(reply.status, 400);
}

#[tokio::test]
async fn schedules_of_a_sub_merchant_run_and_its_windows_pay_into_its_books() {
    let sim = Sim::start().await;
    sim.tell("tiers", json!({"code": "t01"})).await;
    let card = json!({"card_number": CARD, "expiry": "2099-12"});
    sim.as_tier("t01", "POST", "/subscribe/customers/k", &card).await.ok();
    let entry = json!({
        "merchant_uid": "s", "schedule_at": sim.now().await + 60, "amount": 8900, "currency": "KRW", "name": "n"
    });
    let body = json!({"customer_uid": "k", "schedules": [entry]});
    sim.as_tier("t01", "POST", "/subscribe/payments/schedule", &body).await.ok();
    sim.advance(120).await;
    let path = "/payments/find/s";
    assert_eq!(sim.as_tier("t01", "GET", path, &json!({})).await.ok()["status"], "paid");
    sim.get(path).await.refused(404, 1);

    let mut opening = json!({
        "code": "imp00000000", "tier": "t01", "request_id": "r", "mode": "popup", "mobile": false,
        "origin": "http://shop.example",
        "params": {"pg": "html5_inicis", "pay_method": "card", "merchant_uid": "w", "name": "n", "amount": 8900,
            "buyer_tel": "01042424242"},
    });
    let window = sim.send(sim.json("POST", "/v1/windows", &opening)).await.json;
    sim.act(&window, "pay", &crate::window::card()).await;
    assert_eq!(sim.as_tier("t01", "GET", "/payments/find/w", &json!({})).await.ok()["status"], "paid");
    sim.get("/payments/find/w").await.refused(404, 1);
    opening["tier"] = json!("t09");
    let refused = sim.send(sim.json("POST", "/v1/windows", &opening)).await.json;
    assert_eq!(refused["result"]["outcome"], "refused", "{refused}");
}
