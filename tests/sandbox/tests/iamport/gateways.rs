//! What the gateways refuse, over HTTP: that what the rules ask for gets to the books.

use serde_json::{Value, json};

use crate::harness::{CARD, Reply, Sim};
use crate::window::{params, with};

#[track_caller]
fn told(reply: &Reply, rule: &str) {
    let message = reply.json["message"].as_str().unwrap_or_default();
    assert!(message.ends_with(&format!("[{rule}]")), "{}", reply.text);
    assert_eq!((reply.status, &reply.json["code"]), (200, &json!(1)), "{}", reply.text);
}

fn key(pg: &str) -> Value {
    json!({"card_number": CARD, "expiry": "2099-12", "pg": pg})
}

impl Sim {
    /// A key in the window of a gateway.
    async fn key_at(&self, pg: &str, pay_method: &str, more: Value) {
        let wish = json!({"pg": pg, "pay_method": pay_method, "amount": 0, "customer_uid": "k", "customer_id": "m1"});
        let window = self.open(&with(with(params("order1"), wish), more)).await;
        assert_eq!(window["state"], "open", "{window}");
        assert_eq!(self.press(&window, "pay", &crate::window::card()).await["outcome"], "paid");
    }

    async fn charge(&self, merchant_uid: &str, more: Value) -> Reply {
        let order = json!({"customer_uid": "k", "merchant_uid": merchant_uid, "amount": 8900, "name": "plan"});
        self.post("/subscribe/payments/again", with(order, more)).await
    }
}

#[tokio::test]
async fn card_data_is_taken_by_some_and_asked_for_in_full_by_one() {
    let sim = Sim::start().await;
    told(&sim.post("/subscribe/customers/k", key("kakaopay")).await, "kakaopay.issue");
    told(&sim.post("/subscribe/customers/k", key("ksnet")).await, "ksnet.issue.birth");
    let whole = with(key("ksnet"), json!({"birth": "900101", "pwd_2digit": "12"}));
    sim.post("/subscribe/customers/k", whole).await.ok();
    told(&sim.charge("a", json!({})).await, "ksnet.again.buyer_name");
    told(&sim.charge("a", json!({"buyer_name": "홍길동"})).await, "ksnet.again.product_type");
    sim.charge("a", json!({"buyer_name": "홍길동", "product_type": "digital"})).await.ok();
}

#[tokio::test]
async fn a_day_that_is_nested_in_extra_is_not_before_the_payment() {
    let sim = Sim::start().await;
    sim.key_at("naverpay", "card", json!({"naverProductCode": "plan", "naverProductCount": 1})).await;
    told(&sim.charge("a", json!({"extra": {"naverUseCfm": "20200101"}})).await, "naverpay.again.extra.naverUseCfm.day");
    sim.charge("a", json!({"extra": {"naverUseCfm": "20991231"}})).await.ok();
    // 2099-01-01T09:00 in Seoul.
    let entry = |day: &str| {
        json!({"customer_uid": "k", "schedules": [{"merchant_uid": "s", "schedule_at": 4_070_908_800_i64, "amount": 8900,
            "name": "plan", "currency": "KRW", "extra": {"naverUseCfm": day}}]})
    };
    let reply = sim.post("/subscribe/payments/schedule", entry("20981231")).await;
    told(&reply, "naverpay.schedule.extra.naverUseCfm.day");
    sim.post("/subscribe/payments/schedule", entry("20990101")).await.ok();
    let form = "customer_uid=k&merchant_uid=f&amount=8900&name=plan&extra%5BnaverUseCfm%5D=20200101";
    told(&sim.form("/subscribe/payments/again", form).await, "naverpay.again.extra.naverUseCfm.day");
}

#[tokio::test]
async fn why_and_at_whose_wish_is_heard() {
    let sim = Sim::start().await;
    sim.key_at("naverpay", "card", json!({"naverProductCode": "plan", "naverProductCount": 1})).await;
    sim.charge("a", json!({})).await.ok();
    let refund = json!({"merchant_uid": "a"});
    told(&sim.post("/payments/cancel", refund.clone()).await, "naverpay.cancel.reason");
    let reasoned = with(refund, json!({"reason": "변심"}));
    told(&sim.post("/payments/cancel", reasoned.clone()).await, "naverpay.cancel.extra.requester");
    sim.post("/payments/cancel", with(reasoned, json!({"extra": {"requester": "customer"}}))).await.ok();
    told(&sim.delete("/subscribe/customers/k").await, "naverpay.delete.reason");
    told(&sim.delete("/subscribe/customers/k?reason=x").await, "naverpay.delete.extra.requester");
    sim.delete("/subscribe/customers/k?reason=x&extra%5Brequester%5D=customer").await.ok();
}

#[tokio::test]
async fn a_window_opens_with_what_its_gateway_asks_for() {
    let sim = Sim::start().await;
    for (changes, rule) in [
        (json!({"pg": "html5_inicis", "buyer_tel": null}), "html5_inicis.window.buyer_tel"),
        (json!({"pg": "html5_inicis", "pay_method": "samsungpay"}), "html5_inicis.window.pay_method.value"),
        (json!({"pg": "nice_v2", "name": "커피 1+1"}), "nice_v2.window.name.alphabet"),
        (json!({"pg": "nice_v2", "pay_method": "phone"}), "nice_v2.window.digital"),
        (json!({"pg": "kcp", "pay_method": "phone"}), "kcp.window.bypass.shop_user_id"),
        (json!({"pg": "smartro_v2", "merchant_uid": "a-1"}), "smartro_v2.window.merchant_uid.alphabet"),
        (json!({"pg": "welcome", "card": {"direct": {"code": "361"}}}), "welcome.window.card.direct.quota"),
        (json!({"pg": "naverpay"}), "naverpay.window.naverProducts"),
        (json!({"pg": "paypal_v2", "pay_method": "paypal", "currency": "KRW"}), "paypal_v2.window.currency.value"),
    ] {
        let window = sim.open(&with(params("a1"), changes)).await;
        assert_eq!(window["result"]["outcome"], "refused", "{rule}");
        let message = window["result"]["message"].as_str().unwrap();
        assert!(message.ends_with(&format!("[{rule}]")), "{rule}: {message}");
    }
    for changes in [
        json!({"pg": "kcp", "pay_method": "phone", "bypass": {"shop_user_id": "m1"}}),
        json!({"pg": "naverpay", "naverProducts": [{"categoryType": "BOOK"}]}),
        json!({"pg": "paypal_v2", "pay_method": "paypal", "amount": 20.5}),
    ] {
        assert_eq!(sim.open(&with(params("a1"), changes.clone())).await["state"], "open", "{changes}");
    }
    let usd = sim.open(&with(params("a2"), json!({"pg": "paypal_v2", "pay_method": "paypal", "amount": 20.5}))).await;
    assert_eq!(usd["currency"], "USD", "where dollars are the default");
}

#[tokio::test]
async fn the_switch_and_the_answers_are_knobs() {
    let sim = Sim::start().await;
    sim.tell("knobs", json!({"rule_answers": {"ksnet.issue.birth": false, "ksnet.issue.pwd_2digit": false}})).await;
    sim.post("/subscribe/customers/k", key("ksnet")).await.ok();
    sim.tell("knobs", json!({"rule_answers": {}, "rules_refuse_as": "pg"})).await;
    sim.post("/subscribe/customers/k", key("ksnet")).await.refused(200, -1);
    sim.tell("knobs", json!({"gateway_rules": false})).await;
    sim.post("/subscribe/customers/k", key("kakaopay")).await.ok();
}

#[tokio::test]
async fn a_schedule_cannot_be_moved_at_every_gateway() {
    let sim = Sim::start().await;
    sim.key_at("tosspay_v2", "tosspay", json!({})).await;
    let at = sim.now().await + 600;
    sim.schedule("k", "s", at).await.ok();
    let moved = sim.put("/subscribe/payments/schedule/s", json!({"schedule_at": at + 60})).await;
    told(&moved, "tosspay_v2.move");
}

#[tokio::test]
async fn a_channel_is_named_by_its_key() {
    let sim = Sim::start().await;
    let channels = sim.get("/users/pg").await.ok();
    let nice = channels.as_array().unwrap().iter().find(|channel| channel["pg_provider"] == "nice_v2").unwrap();
    for name in ["pg_provider", "pg_id", "sandbox", "type", "channel_name", "channel_key"] {
        assert!(!nice[name].is_null(), "{name}");
    }
    let named = json!({"card_number": CARD, "expiry": "2099-12", "channel_key": nice["channel_key"]});
    let key = sim.post("/subscribe/customers/k", named.clone()).await.ok();
    assert_eq!((&key["pg_provider"], &key["pg_id"]), (&json!("nice_v2"), &nice["pg_id"]));
    let window = sim.open(&with(params("a"), json!({"pg": null, "channelKey": nice["channel_key"]}))).await;
    assert_eq!(window["pg"], "nice_v2");

    let mut test = nice.clone();
    test["sandbox"] = json!(true);
    assert_eq!(sim.tell("channels", json!([test])).await, json!([test]));
    assert_eq!(sim.see("channels").await, sim.get("/users/pg").await.ok());
    assert_eq!(sim.post("/subscribe/customers/k2", named).await.ok()["sandbox"], json!(true));
    let unknown = with(key_of_nobody(), json!({"card_number": CARD, "expiry": "2099-12"}));
    assert_eq!(sim.post("/subscribe/customers/k3", unknown.clone()).await.ok()["pg_provider"], "html5_inicis");
    sim.tell("knobs", json!({"unknown_channel_key": "refuse"})).await;
    sim.post("/subscribe/customers/k3", unknown).await.refused(200, 1);
}

fn key_of_nobody() -> Value {
    json!({"channel_key": "channel-key-of-nobody"})
}

#[tokio::test]
async fn a_record_says_what_the_gateway_tells() {
    let sim = Sim::start().await;
    let pays = |pg: &'static str, pay_method: &'static str, more: Value| {
        with(
            with(params(&format!("{}{pay_method}", pg.replace('_', ""))), json!({"pg": pg, "pay_method": pay_method})),
            more,
        )
    };
    for (params, recorded, wallet) in [
        (pays("tosspayments", "kakaopay", json!({})), "point", json!("kakaopay")),
        (
            pays("nice_v2", "ssgpay_bank", json!({"merchant_uid": "ssg1", "bypass": {"cashReceiptType": "corporate"}})),
            "trans",
            json!("ssgpay"),
        ),
    ] {
        let window = sim.open(&params).await;
        assert_eq!(window["state"], "open", "{window}");
        sim.press(&window, "pay", &json!({})).await;
        let row = sim.attempts(params["merchant_uid"].as_str().unwrap()).await.remove(0);
        assert_eq!((&row["pay_method"], &row["emb_pg_provider"]), (&json!(recorded), &wallet));
    }
    let voucher = pays("nice_v2", "cultureland", json!({"bypass": {"nice_v2": {"MallUserID": "m1"}}}));
    sim.press(&sim.open(&voucher).await, "pay", &json!({})).await;
    assert_eq!(sim.attempts("nicev2cultureland").await.remove(0)["apply_num"], Value::Null);
    sim.press(&sim.open(&pays("tosspayments", "vbank", json!({}))).await, "pay", &json!({})).await;
    assert_eq!(sim.attempts("tosspaymentsvbank").await.remove(0)["vbank_holder"], Value::Null);
}
