//! Billing keys through the window: what the amount does, PG by PG.

use serde_json::{Value, json};

use crate::harness::Sim;
use crate::window::{card, params, with};

const DISPLAY: Option<&str> = Some("display");
const CHARGE: Option<&str> = Some("charge");

/// PG, method, what an amount does (`None`: refused), what 0 does.
type Line = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

const LINES: [Line; 25] = [
    ("html5_inicis", "card", DISPLAY, DISPLAY),
    ("kcp_billing", "card", DISPLAY, DISPLAY),
    ("tosspayments", "card", DISPLAY, DISPLAY),
    ("kicc", "card", DISPLAY, DISPLAY),
    ("payco", "payco", DISPLAY, DISPLAY),
    ("naverpay", "naverpay", DISPLAY, DISPLAY),
    ("smartro_v2", "card", DISPLAY, DISPLAY),
    ("welcome", "card", DISPLAY, DISPLAY),
    ("galaxia", "card", DISPLAY, DISPLAY),
    ("kakaopay", "card", CHARGE, DISPLAY),
    ("danal_tpay", "card", CHARGE, DISPLAY),
    ("settle_acc", "trans", CHARGE, DISPLAY),
    ("mobilians", "phone", CHARGE, None),
    ("mobilians", "card", CHARGE, DISPLAY),
    ("welcome", "phone", CHARGE, None),
    ("galaxia", "phone", CHARGE, None),
    ("paymentwall", "card", CHARGE, None),
    ("nice_v2", "kakaopay", None, DISPLAY),
    ("nice_v2", "naverpay_point", None, DISPLAY),
    ("nice_v2", "naverpay", None, None),
    ("nice_v2", "card", None, None),
    ("tosspay_v2", "tosspay", DISPLAY, DISPLAY),
    ("tosspay_v2", "card", None, None),
    ("kcp", "card", None, None),
    ("something_new", "card", None, None),
];

fn key(pg: &str, pay_method: &str, name: &str, amount: u64) -> Value {
    let wish = json!({
        "pg": pg, "pay_method": pay_method, "amount": amount, "customer_uid": name, "customer_id": "m1",
        "buyer_name": "Gildong Hong", "digital": true, "naverProductCode": "plan", "naverProductCount": 1,
    });
    // Letters and digits only: not every gateway takes more.
    with(params(&name.replace('_', "")), wish)
}

#[tokio::test]
async fn line_by_line() {
    let (sim, shop) = Sim::with_shop().await;
    let mut issued = 0;
    for (pg, pay_method, positive, zero) in LINES {
        for (amount, expected) in [(1000, positive), (0, zero)] {
            let name = format!("{pg}{pay_method}{amount}");
            let window = sim.open(&key(pg, pay_method, &name, amount)).await;
            let Some(expected) = expected else {
                assert_eq!(window["result"]["outcome"], "refused", "{name}");
                sim.get(&format!("/subscribe/customers/{name}")).await.refused(404, 1);
                continue;
            };
            assert_eq!(window["issue"], expected, "{name}");
            assert_eq!(sim.press(&window, "pay", &card()).await["outcome"], "paid", "{name}");
            let row = sim.get(&format!("/payments/{}", window["imp_uid"].as_str().unwrap())).await.ok();
            let charged = if expected == "charge" { amount } else { 0 };
            assert_eq!((&row["status"], &row["amount"]), (&json!("paid"), &json!(charged)), "{name}");
            assert_eq!((&row["customer_uid"], &row["customer_uid_usage"]), (&json!(name), &json!("issue")));
            let found = sim.get(&format!("/subscribe/customers/{name}")).await.ok();
            assert_eq!((&found["pg_provider"], &found["customer_id"]), (&json!(pg), &json!("m1")), "{name}");
            assert_eq!(found["customer_tel"], row["buyer_tel"]);
            let order = json!({
                "customer_uid": name, "merchant_uid": format!("again{issued}"), "amount": 8900, "name": "월간 이용권",
                "buyer_name": "Gildong Hong", "buyer_email": "gildong@example.com", "buyer_tel": "01042424242",
                "browser_ip": "203.0.113.7",
            });
            let charge = sim.post("/subscribe/payments/again", order).await.ok();
            assert_eq!(charge["status"], "paid", "{name}");
            issued += 1;
        }
    }
    let told = shop.expect(issued * 2).await;
    assert!(told.iter().all(|webhook| webhook.json()["status"] == "paid"));
}

#[tokio::test]
async fn the_customer_id_where_it_is_wanted() {
    let sim = Sim::start().await;
    for (pg, pay_method, customer_id, opens) in [
        ("nice_v2", "kakaopay", Value::Null, false),
        ("nice_v2", "kakaopay", json!("m1"), true),
        ("tosspay_v2", "tosspay", Value::Null, false),
        ("tosspay_v2", "tosspay", json!("m".repeat(50)), true),
        ("tosspay_v2", "tosspay", json!("m".repeat(51)), false),
        ("html5_inicis", "card", Value::Null, true),
    ] {
        let wish = with(key(pg, pay_method, "k", 0), json!({"customer_id": customer_id}));
        assert_eq!(sim.open(&wish).await["state"] == "open", opens, "{wish}");
    }
}

#[tokio::test]
async fn a_declined_card_issues_no_key() {
    let sim = Sim::start().await;
    for (name, pg, amount, number, issued) in [
        ("refused", "html5_inicis", 0, "4000-0000-0000-0002", false),
        ("charged", "danal_tpay", 1000, "4000-0000-0000-0341", false),
        ("shown", "html5_inicis", 1000, "4000-0000-0000-0341", true),
    ] {
        let window = sim.open(&key(pg, "card", name, amount)).await;
        let ended = sim.press(&window, "pay", &json!({"card_number": number, "expiry": "2099-12"})).await;
        assert_eq!(ended["outcome"] == "paid", issued, "{name}");
        let found = sim.get(&format!("/subscribe/customers/{name}")).await;
        assert_eq!(found.status, if issued { 200 } else { 404 }, "{name}");
    }
    let window = sim.open(&key("html5_inicis", "card", "button", 0)).await;
    sim.press(&window, "decline", &json!({})).await;
    sim.get("/subscribe/customers/button").await.refused(404, 1);
    sim.again("shown", "first").await.ok();
    assert_eq!(sim.paid("first").await, 0, "the card declines what is charged to it");
}

#[tokio::test]
async fn an_amount_that_is_only_shown_is_nobodys_money() {
    let sim = Sim::start().await;
    sim.register_amount("k", 1000).await;
    sim.tell("knobs", json!({"issue_shows_amount": true})).await;
    let tampered = sim.open(&key("html5_inicis", "card", "k", 999)).await;
    assert_eq!(tampered["result"]["outcome"], "refused");
    assert_eq!(sim.buy(&key("html5_inicis", "card", "k", 1000)).await["callback"]["paid_amount"], json!(1000));
    sim.post("/payments/cancel", json!({"merchant_uid": "k"})).await.refused(200, 1);
}

#[tokio::test]
async fn a_wallets_key_has_no_card_number() {
    let sim = Sim::start().await;
    let window = sim.open(&key("kakaopay", "card", "k", 0)).await;
    assert_eq!(window["means"], "consent");
    sim.press(&window, "pay", &json!({})).await;
    let found = sim.get("/subscribe/customers/k").await.ok();
    assert_eq!(
        (&found["card_number"], &found["card_type"], &found["card_code"]),
        (&Value::Null, &Value::Null, &Value::Null)
    );
    let charge = sim.again("k", "a").await.ok();
    assert_eq!((&charge["status"], &charge["pg_provider"]), (&json!("paid"), &json!("kakaopay")));
}

#[tokio::test]
async fn without_a_browser_all_of_it_can_be_had_as_well() {
    let sim = Sim::start().await;
    let fields = with(key("danal_tpay", "card", "k", 1000), json!({"mobile": true, "user_agent": "Fox/1"}));
    let row = sim.tell("window", with(fields.clone(), card())).await;
    assert_eq!(
        (&row["amount"], &row["channel"], &row["user_agent"]),
        (&json!(1000), &json!("mobile"), &json!("Fox/1"))
    );
    assert_eq!((&row["pg_provider"], &row["customer_uid_usage"]), (&json!("danal_tpay"), &json!("issue")));
    let declined = with(key("danal_tpay", "card", "no", 1000), json!({"approve": false}));
    assert_eq!(sim.tell("window", declined).await["status"], "failed");
    sim.get("/subscribe/customers/no").await.refused(404, 1);
    assert_eq!(sim.tell("window", with(params("p"), json!({"pay_method": "phone"}))).await["pay_method"], "phone");
    for bad in [with(fields, card()), key("paymentwall", "card", "zero", 0), json!({"merchant_uid": "a"})] {
        assert_eq!(sim.send(sim.json("POST", "/_sim/window", &bad)).await.status, 400, "{bad}");
    }
}
