//! Schedules and subscriptions.

use serde_json::{Value, json};

use super::{Caller, Door, Visit};

const DAY: i64 = 86_400;
/// Most requests until a subscription has begun: on a busy machine its steps outlast its caller's patience.
const BEGUN_MAX: u32 = 20;

fn plan() -> Value {
    json!({ "id": "monthly", "name": "월간 이용권", "amount": 8_900, "interval": "month" })
}

impl Visit<'_> {
    pub(in crate::doors) async fn schedules(&mut self) {
        let (kim, order) = (self.named("kim"), self.named("later"));
        let key = self.card_of(&kim).await;
        let at = self.now(&key).await + 30 * DAY;
        let entry = json!({ "merchant_uid": order, "schedule_at": at, "amount": 8_900, "name": "plan" });
        let body = |entry: &Value| json!({ "customer_uid": key, "customer_id": kim, "schedules": [entry] });
        for field in ["merchant_uid", "schedule_at", "amount", "name"] {
            let code = format!("{field}_required");
            let less = body(&super::without(&entry, field));
            self.ask("schedule", Caller::Merchant, &[], less, (422, &code)).await;
        }
        let mut more = entry.clone();
        more["surprise"] = json!(1);
        self.ask("schedule", Caller::Merchant, &[], body(&more), (422, "unknown_field")).await;
        let mut foreign = body(&entry);
        foreign["customer_id"] = json!("mallory");
        self.ask("schedule", Caller::Merchant, &[], foreign, (404, "not_found")).await;
        let register = Door {
            sample: "schedule",
            caller: Caller::Merchant,
            names: &[],
            body: body(&entry),
            required: &[("customer_uid", "customer_uid_required"), ("schedules", "schedules_required")],
            status: 201,
        };
        self.guarded(register).await;

        let names = [("merchant_uid", order.as_str())];
        let own = Caller::Customer(&kim);
        let none = Value::Null;
        let read =
            Door { sample: "schedule-get", caller: own, names: &names, body: none.clone(), required: &[], status: 200 };
        let seen = self.guarded(read).await;
        self.says("when it is to run", &seen["schedule_at"], &json!(at));
        let list =
            Door { sample: "schedule-list", caller: own, names: &[], body: none.clone(), required: &[], status: 200 };
        let listed = self.guarded(list).await;
        self.says("a customer's schedules", &listed["list"], &json!([seen]));
        let (before, after) = (at.to_string(), (at + 1).to_string());
        for (query, found) in [
            (vec![("customer_uid", key.as_str())], true),
            (vec![("from", &before), ("to", &after)], true),
            (vec![("from", &after)], false),
            (vec![("to", &before)], false),
        ] {
            let listed = self.ask_for("schedule-list", own, &[], &query, (200, "")).await;
            let wanted = if found { json!([seen]) } else { json!([]) };
            self.says("the schedules that were asked for", &listed["list"], &wanted);
        }
        for (query, refusal) in [
            (("customer_uid", "another"), (404, "not_found")),
            (("from", "soon"), (422, "from_invalid")),
            (("to", "soon"), (422, "to_invalid")),
            (("limit", "101"), (422, "limit_invalid")),
            (("cursor", "forged"), (400, "cursor_invalid")),
        ] {
            self.ask_for("schedule-list", own, &[], &[query], refusal).await;
        }

        let later = Door {
            sample: "schedule-move",
            caller: Caller::Merchant,
            names: &names,
            body: json!({ "schedule_at": at + DAY }),
            required: &[("schedule_at", "schedule_at_required")],
            status: 200,
        };
        let moved = self.guarded(later).await;
        self.says("when it is to run now", &moved["schedule_at"], &json!(at + DAY));
        let revoke = Door {
            sample: "schedule-revoke",
            caller: Caller::Merchant,
            names: &names,
            body: none,
            required: &[],
            status: 200,
        };
        let revoked = self.guarded(revoke).await;
        self.says("the state of a revoked schedule", &revoked["state"], &json!("revoked"));
        self.unanswered(&key, at).await;
    }

    /// What the PSP does not answer is not said to be done.
    async fn unanswered(&mut self, key: &str, at: i64) {
        let order = self.named("open");
        let entry = json!({ "merchant_uid": order, "schedule_at": at, "amount": 8_900, "name": "plan" });
        let body = json!({ "customer_uid": key, "schedules": [entry] });
        self.ask("schedule", Caller::Merchant, &[], body, (201, "")).await;
        let names = [("merchant_uid", order.as_str())];
        let fault = json!({ "matcher": { "path_prefix": "/subscribe" }, "kind": "html_unavailable", "times": null });
        self.at_psp("POST", "faults", &fault).await;
        self.ask("schedule-revoke", Caller::Merchant, &names, Value::Null, (202, "")).await;
        self.at_psp("DELETE", "faults", &Value::Null).await;
    }

    /// One that is begun; its name.
    async fn begun(&mut self, body: &Value) -> String {
        let mut event = self.event("subscription", Caller::Merchant, &[], body);
        event["headers"]["idempotency-key"] = json!(self.named("doors-begin-"));
        let mut last = None;
        for _ in 0..BEGUN_MAX {
            let Some(answered) = self.doors.place.lambda.invoke(event.clone()).await else { break };
            if answered.status == 201 {
                return answered.body["id"].as_str().unwrap_or_default().to_owned();
            }
            last = Some(answered.text);
        }
        self.broken(format!("a subscription never began: {last:?}"));
        String::new()
    }

    pub(in crate::doors) async fn subscriptions(&mut self) {
        let kim = self.named("kim");
        let (key, other) = (self.card_of(&kim).await, self.card_of(&kim).await);
        let body = json!({ "customer_uid": key, "customer_id": kim, "plan": plan() });
        let mut more = body.clone();
        more["plan"]["surprise"] = json!(1);
        self.ask("subscription", Caller::Merchant, &[], more, (422, "unknown_field")).await;
        let (mut free, first) = (body.clone(), body.clone());
        free["plan"]["id"] = json!("another");
        free["trial_days"] = json!(7);
        let subscribe = Door {
            sample: "subscription",
            caller: Caller::Merchant,
            names: &[],
            // Nothing is charged before its trial ends, so it begins at once.
            body: free,
            required: &[("customer_uid", "customer_uid_required"), ("plan", "plan_required")],
            status: 201,
        };
        let trial = self.guarded(subscribe).await;
        self.says("whose subscription it is", &trial["customer_id"], &json!(kim));
        let id = self.begun(&first).await;
        let (names, own, none) = ([("id", id.as_str())], Caller::Customer(&kim), Value::Null);
        let read = Door {
            sample: "subscription-get",
            caller: own,
            names: &names,
            body: none.clone(),
            required: &[],
            status: 200,
        };
        let seen = self.guarded(read).await;
        self.says("the plan of a subscription", &seen["plan"]["id"], &json!("monthly"));
        let list = Door {
            sample: "subscription-list",
            caller: own,
            names: &[],
            body: none.clone(),
            required: &[],
            status: 200,
        };
        let listed = self.guarded(list).await;
        self.says("how many subscriptions there are", &count(&listed), &json!(2));
        let listed = self.ask_for("subscription-list", Caller::Customer("mallory"), &[], &[], (200, "")).await;
        self.says("how many somebody else has", &count(&listed), &json!(0));
        let listed =
            self.ask_for("subscription-list", Caller::Merchant, &[], &[("customer_id", &kim)], (200, "")).await;
        self.says("how many the merchant sees", &count(&listed), &json!(2));
        for (query, refusal) in [
            (("state", "odd"), (422, "state_invalid")),
            (("limit", "0"), (422, "limit_invalid")),
            (("cursor", "forged"), (400, "cursor_invalid")),
        ] {
            let merchant = Caller::Merchant;
            self.ask_for("subscription-list", merchant, &[], &[("customer_id", &kim), query], refusal).await;
        }
        let periods = Door {
            sample: "subscription-periods",
            caller: own,
            names: &names,
            body: none.clone(),
            required: &[],
            status: 200,
        };
        let listed = self.guarded(periods).await;
        // The first one comes last.
        let first = listed["list"].as_array().and_then(|periods| periods.last()).cloned().unwrap_or_default();
        self.says("whether its first period is paid", &first["paid"], &json!(true));
        self.previews(&id, &kim).await;
        self.changes(&id, &kim, &other).await;

        let cancel = "subscription-cancel";
        self.ask_for(cancel, own, &names, &[("at", "never")], (422, "at_invalid")).await;
        let end = Door { sample: cancel, caller: own, names: &names, body: none, required: &[], status: 200 };
        let ending = self.guarded(end).await;
        self.says("when it ends unless one says", &ending["cancel"]["at"], &json!("period_end"));
        let ended = self.ask_for(cancel, own, &names, &[("at", "now")], (200, "")).await;
        self.says("when it ends if one says now", &ended["cancel"]["at"], &json!("now"));
    }

    /// What a change would come to.
    async fn previews(&mut self, id: &str, kim: &str) {
        let names = [("id", id)];
        let mut dearer = plan();
        (dearer["id"], dearer["amount"]) = (json!("premium"), json!(12_900));
        let body = json!({ "plan": dearer, "change": "now" });
        let preview = Door {
            sample: "subscription-preview",
            caller: Caller::Merchant,
            names: &names,
            body: body.clone(),
            required: &[("plan", "plan_required")],
            status: 200,
        };
        let seen = self.guarded(preview).await;
        self.says("what a dearer plan would cost at once", &seen["charges"][0]["amount"], &json!(4_000));
        let mut soon = body;
        soon["change"] = json!("soon");
        self.ask("subscription-preview", Caller::Merchant, &names, soon, (422, "change_invalid")).await;
        let ends = Door {
            sample: "subscription-cancellation-preview",
            caller: Caller::Customer(kim),
            names: &names,
            body: Value::Null,
            required: &[],
            status: 200,
        };
        let seen = self.guarded(ends).await;
        self.says("the ends that there are", &seen["ends"][0]["at"], &json!("period_end"));
        self.says("what is refunded of a period that is kept", &seen["ends"][1]["refund"], &json!(0));
    }

    async fn changes(&mut self, id: &str, kim: &str, other: &str) {
        let (names, own, change) = ([("id", id)], Caller::Customer(kim), "subscription-change");
        let mut yearly = plan();
        (yearly["id"], yearly["amount"]) = (json!("premium"), json!(12_900));
        for (body, refusal) in [
            (json!({}), (422, "changes_invalid")),
            (json!({ "customer_uid": other, "fallback_cards": true }), (422, "changes_invalid")),
            (json!({ "change": "now" }), (422, "plan_required")),
            (json!({ "change": "soon", "plan": yearly }), (422, "change_invalid")),
            (json!({ "paused": true }), (403, "insufficient_scope")),
            (json!({ "plan": yearly }), (403, "insufficient_scope")),
        ] {
            self.ask(change, own, &names, body, refusal).await;
        }
        let card = Door {
            sample: change,
            caller: own,
            names: &names,
            body: json!({ "customer_uid": other }),
            required: &[("customer_uid", "changes_invalid")],
            status: 200,
        };
        let changed = self.guarded(card).await;
        self.says("its new card", &changed["customer_uid"], &json!(other));
        for (caller, body, field, wanted) in [
            (own, json!({ "fallback_cards": true }), "/fallback_cards", json!(true)),
            (own, json!({ "cancel_at_period_end": true }), "/cancel/at", json!("period_end")),
            (own, json!({ "cancel_at_period_end": false }), "/cancel", Value::Null),
            (Caller::Merchant, json!({ "plan": yearly }), "/next_plan/id", json!("premium")),
            (Caller::Merchant, json!({ "plan": yearly, "change": "next_period" }), "/proration", Value::Null),
            (Caller::Merchant, json!({ "paused": true }), "/state", json!("paused")),
            (Caller::Merchant, json!({ "paused": false }), "/state", json!("active")),
        ] {
            let what = body.to_string();
            let changed = self.ask(change, caller, &names, body, (200, "")).await;
            let found = changed.pointer(field).cloned().unwrap_or_default();
            self.says(&format!("{field} after {what}"), &found, &wanted);
        }
        let dearer = json!({ "plan": yearly, "change": "now" });
        let offered = self.ask(change, Caller::Merchant, &names, dearer, (202, "")).await;
        self.says("what a dearer plan waits for", &offered["pending"], &json!("consent_required"));
        self.consent(id, kim).await;
    }

    /// The customer agrees to the dearer plan that they were offered, and it begins.
    async fn consent(&mut self, id: &str, kim: &str) {
        let (names, own, sample) = ([("id", id)], Caller::Customer(kim), "subscription-consent");
        let body = json!({ "amount": 12_900, "text": "0a".repeat(32) });
        let (mut other, mut wordy) = (body.clone(), body.clone());
        (other["amount"], wordy["text"]) = (json!(12_901), json!("I agree"));
        self.ask(sample, own, &names, other, (409, "consent_mismatch")).await;
        self.ask(sample, own, &names, wordy, (422, "text_invalid")).await;
        self.ask(sample, Caller::Merchant, &names, body.clone(), (403, "insufficient_scope")).await;
        self.ask(sample, Caller::Customer("mallory"), &names, body.clone(), (404, "not_found")).await;
        let required = &[("amount", "amount_required"), ("text", "text_required")];
        let agreed = self.guarded(Door { sample, caller: own, names: &names, body, required, status: 200 }).await;
        self.says("the plan that was agreed to", &agreed["plan"]["id"], &json!("premium"));
        let none = Value::Null;
        let list = "subscription-consents";
        let listed = self
            .guarded(Door { sample: list, caller: own, names: &names, body: none, required: &[], status: 200 })
            .await;
        self.says("what was agreed to", &listed["list"][0]["amount"], &json!(12_900));
        self.says("who has agreed", &listed["list"][0]["customer_id"], &json!(kim));
    }
}

fn count(listed: &Value) -> Value {
    json!(listed["list"].as_array().map(Vec::len))
}
