//! Checkouts, keys that are issued in a window, and what Iamport and a customer's browser bring of them.

use serde_json::{Value, json};

use super::{Caller, Door, Visit, without};
use crate::shop::place::LISTED;

/// An amount of a checkout.
const AMOUNT: u64 = 64_900;

fn checkout(order: &str, customer: &str) -> Value {
    json!({
        "merchant_uid": order, "customer_id": customer, "pg": "html5_inicis", "pay_method": "card", "name": "chair",
        "amount": AMOUNT, "buyer_tel": "010-4242-4242",
    })
}

/// The token of an order's own addresses.
fn token(opened: &Value) -> String {
    let address = opened["request_pay"]["confirm_url"].as_str().unwrap_or_default();
    address.rsplit('/').next().unwrap_or_default().to_owned()
}

impl Visit<'_> {
    pub(in crate::doors) async fn checkouts(&mut self) {
        let (kim, order, other) = (self.named("kim"), self.named("window"), self.named("other"));
        let required = ["customer_id", "pay_method", "merchant_uid", "amount", "name"]
            .map(|field| (field, format!("{field}_required")));
        let open = Door {
            sample: "checkout",
            caller: Caller::Merchant,
            names: &[],
            body: checkout(&order, &kim),
            required: &required.each_ref().map(|(field, code)| (*field, code.as_str())),
            status: 201,
        };
        let opened = self.guarded(open).await;
        self.says("the amount of the window", &opened["request_pay"]["amount"], &json!(AMOUNT));
        let own = token(&opened);
        let opened = self.ask("checkout", Caller::Merchant, &[], checkout(&other, &kim), (201, "")).await;
        let others = token(&opened);

        self.questions(&order, &own, &others).await;
        let names = [("merchant_uid", order.as_str())];
        let complete = Door {
            sample: "checkout-complete",
            caller: Caller::Customer(&kim),
            names: &names,
            body: json!({ "imp_uid": "imp_999999999999" }),
            required: &[("imp_uid", "imp_uid_required")],
            // The PSP knows of no such payment yet.
            status: 202,
        };
        self.guarded(complete).await;
        let withdraw = Door {
            sample: "checkout-withdraw",
            caller: Caller::Merchant,
            names: &names,
            body: Value::Null,
            required: &[],
            status: 200,
        };
        self.guarded(withdraw).await;
        let closed = self.question(&own, &order, &json!(AMOUNT), 409).await;
        self.says(
            "why a withdrawn order is not approved",
            &closed["reason"],
            &json!("이미 처리되었거나 만료된 주문입니다"),
        );
        let again = self.ask("checkout", Caller::Merchant, &[], checkout(&order, &kim), (201, "")).await;
        self.says("the window of a withdrawn order", &again["request_pay"], &Value::Null);
        self.window_keys(&kim, &own).await;
        self.done_in_window(&kim).await;
    }

    /// Iamport's question before a payment is approved.
    async fn question(&mut self, token: &str, order: &str, amount: &Value, status: u64) -> Value {
        let body = json!({ "imp_uid": "imp_448280090638", "merchant_uid": order, "amount": amount });
        let event = self.event("checkout-confirm", Caller::Nobody, &[("token", token)], &body);
        self.expect("checkout-confirm about an order", event, status, None).await
    }

    async fn questions(&mut self, order: &str, own: &str, others: &str) {
        self.question(own, order, &json!(AMOUNT), 200).await;
        self.question(own, order, &json!(AMOUNT.to_string()), 200).await;
        let dear = self.question(own, order, &json!(1), 409).await;
        self.says("why another amount is not approved", &dear["reason"], &json!("결제 금액이 주문 금액과 다릅니다"));
        self.question(others, order, &json!(AMOUNT), 404).await;
        self.question(own, "nobodys", &json!(AMOUNT), 404).await;
        self.question(own, order, &Value::Null, 404).await;
        for (amount, status) in [(AMOUNT, 200), (1, 409)] {
            let mut form = self.event("checkout-confirm", Caller::Nobody, &[("token", own)], &Value::Null);
            form["headers"]["content-type"] = json!("application/x-www-form-urlencoded");
            form["body"] = json!(format!("imp_uid=imp_448280090638&merchant_uid={order}&amount={amount}"));
            self.expect("checkout-confirm by a form", form, status, None).await;
        }
    }

    /// A browser that comes back is sent on in any case, and told of its own order only.
    async fn returns(&mut self, order: &str, own: &str, others: &str) {
        let names = [("merchant_uid", order)];
        // Whose order is a key's name is told what became of the key.
        for (token, name) in [(own, "customer_uid"), (others, "merchant_uid"), ("", "merchant_uid")] {
            let query = [("token", token), ("imp_uid", "imp_999999999999"), ("imp_success", "true")];
            let sent = self.ask_for("checkout-return", Caller::Nobody, &names, &query, (303, "")).await;
            let page = format!("?{name}={order}&status=pending&imp_uid=imp_999999999999");
            if !sent.as_str().is_some_and(|text| text.contains(&page)) {
                self.broken(format!("a browser is sent to {sent} and not to {page}"));
            }
        }
        self.ask("checkout-return", Caller::Nobody, &[("merchant_uid", "no order")], Value::Null, (404, "not_found"))
            .await;
    }

    async fn window_keys(&mut self, kim: &str, others: &str) {
        let window = json!({ "pay_method": "card", "pg": "html5_inicis", "buyer_tel": "010-4242-4242" });
        let own = Caller::Customer(kim);
        for (field, value) in [("amount", json!(8_900)), ("merchant_uid", json!("mine"))] {
            let mut paid = window.clone();
            paid[field] = value;
            self.ask("billing-keys-window", own, &[], paid, (403, "insufficient_scope")).await;
        }
        let mut foreign = window.clone();
        foreign["customer_id"] = json!("mallory");
        self.ask("billing-keys-window", own, &[], foreign, (422, "customer_id_invalid")).await;
        self.ask("billing-keys-window", Caller::Merchant, &[], window.clone(), (422, "customer_id_required")).await;
        let prepare =
            Door { sample: "billing-keys-window", caller: own, names: &[], body: window, required: &[], status: 201 };
        let prepared = self.guarded(prepare).await;
        self.says("the amount of a window for a card", &prepared["request_pay"]["amount"], &json!(0));
        let key = prepared["customer_uid"].as_str().unwrap_or_default().to_owned();
        self.returns(&key, &token(&prepared), others).await;
        let confirm = Door {
            sample: "billing-keys-confirm",
            caller: own,
            names: &[("customer_uid", &key)],
            body: Value::Null,
            required: &[],
            // Nobody has put a card in yet.
            status: 202,
        };
        self.guarded(confirm).await;
        let active = self.card_of(kim).await;
        let names = [("customer_uid", active.as_str())];
        let key = self.ask("billing-keys-confirm", own, &names, Value::Null, (200, "")).await;
        self.says("the status of a confirmed key", &key["status"], &json!("active"));
    }

    /// What its customer did in the window is told to their browser, and no window is opened twice.
    async fn done_in_window(&mut self, kim: &str) {
        let (own, order) = (Caller::Customer(kim), self.named("bought"));
        let window = json!({ "pay_method": "card", "pg": "html5_inicis", "buyer_tel": "010-4242-4242" });
        let of_key = self.event("billing-keys-window", own, &[], &window);
        let of_order = self.event("checkout", Caller::Merchant, &[], &checkout(&order, kim));
        for (event, place, name, told) in
            [(of_key, "billing-keys-window", "customer_uid", "active"), (of_order, "checkout", "merchant_uid", "paid")]
        {
            let opened = self.expect(&format!("{place} that is used"), event.clone(), 201, None).await;
            // Nobody listens at the shop's own address.
            let mut used = without(&opened["request_pay"], "confirm_url");
            (used["card_number"], used["expiry"]) = (json!("4242-4242-4242-4242"), json!("2040-12"));
            let done = self.at_psp("POST", "window", &used).await;
            let imp_uid = done["imp_uid"].as_str().unwrap_or_default().to_owned();
            let named = opened["request_pay"]["merchant_uid"].as_str().unwrap_or_default().to_owned();
            let query = [("token", token(&opened)), ("imp_uid", imp_uid)];
            let query = query.each_ref().map(|(name, value)| (*name, value.as_str()));
            let names = [("merchant_uid", named.as_str())];
            let sent = self.ask_for("checkout-return", Caller::Nobody, &names, &query, (303, "")).await;
            if !sent.as_str().is_some_and(|text| text.contains(&format!("?{name}={named}&status={told}&"))) {
                self.broken(format!("a browser is sent to {sent} after {name} was {told}"));
            }
            let again = self.expect(&format!("{place} that was used"), event, 201, None).await;
            self.says(&format!("the window of {place} that was used"), &again["request_pay"], &Value::Null);
        }
    }

    /// Notices at an order's own address, which its customer's browser has seen.
    pub(in crate::doors) async fn notices(&mut self) {
        let (kim, order, other) = (self.named("kim"), self.named("noticed"), self.named("other"));
        let mut tokens = Vec::new();
        for order in [&order, &other] {
            let opened = self.ask("checkout", Caller::Merchant, &[], checkout(order, &kim), (201, "")).await;
            tokens.push(token(&opened));
        }
        let shops = self.doors.place.webhook_token.clone();
        let notice = |order: &str| json!({ "imp_uid": "imp_999999999999", "merchant_uid": order, "status": "paid" });
        let [own, others] = tokens.as_slice() else { return };
        for (what, token, body, status) in [
            ("at its own address", own, notice(&order), 200),
            ("at the shop's address", &shops, notice(&order), 200),
            ("at another order's address", others, notice(&order), 404),
            ("of no order at an order's address", own, json!({ "imp_uid": "imp_999999999999" }), 404),
            ("of no order", &shops, json!({ "imp_uid": "imp_999999999999" }), 400),
            ("of no payment", &shops, json!({ "merchant_uid": order }), 400),
            ("of something else", &shops, notice("somebody else's order, whatever its name"), 200),
        ] {
            for source in [LISTED[0], "203.0.113.9"] {
                let mut event = self.event("webhook", Caller::Nobody, &[("token", token)], &body);
                event["requestContext"]["http"]["sourceIp"] = json!(source);
                // By default an address that is not listed is taken, and tells a person.
                self.expect(&format!("webhook {what}"), event, status, None).await;
            }
        }
        let log = self.doors.place.lambda.take_log();
        if !log.contains("webhook_source_unlisted") {
            self.broken("a notice from an address that is not listed told nobody".to_owned());
        }
    }
}
