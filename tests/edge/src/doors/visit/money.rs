//! Cards, keys, charges and refunds.

use serde_json::{Value, json};

use super::{Caller, Door, Visit, card};

const NOT_FOUND: (u64, &str) = (404, "not_found");

impl Visit<'_> {
    pub(in crate::doors) async fn cards(&mut self) {
        let (kim, lee) = (self.named("kim"), self.named("lee"));
        let required = [("card_number", "card_number_required"), ("expiry", "expiry_required")];
        let door = Door {
            sample: "issue-billing-key",
            caller: Caller::Customer(&kim),
            names: &[],
            body: card(),
            required: &required,
            status: 201,
        };
        let key = self.guarded(door).await;
        self.says("whose card it is", &key["customer_id"], &json!(kim));
        let named = |customer: &str| {
            let mut form = card();
            form["customer_id"] = json!(customer);
            form
        };
        let sample = "issue-billing-key";
        self.ask(sample, Caller::Merchant, &[], card(), (422, "customer_id_required")).await;
        self.ask(sample, Caller::Customer(&kim), &[], named(&lee), (422, "customer_id_invalid")).await;
        let key = self.ask(sample, Caller::Merchant, &[], named(&lee), (201, "")).await;
        self.says("whose card the merchant brought", &key["customer_id"], &json!(lee));
    }

    pub(in crate::doors) async fn keys(&mut self) {
        let (kim, lee) = (self.named("kim"), self.named("lee"));
        let (one, two, theirs) = (self.card_of(&kim).await, self.card_of(&kim).await, self.card_of(&lee).await);
        let own = Caller::Customer(&kim);
        let read = Door {
            sample: "billing-keys-get",
            caller: own,
            names: &[("customer_uid", &one)],
            body: Value::Null,
            required: &[],
            status: 200,
        };
        let key = self.guarded(read).await;
        self.says("the key's name", &key["customer_uid"], &json!(one));

        let list =
            Door { sample: "billing-keys", caller: own, names: &[], body: Value::Null, required: &[], status: 200 };
        let listed = self.guarded(list).await;
        let names = |list: &Value| {
            list["list"].as_array().map(|keys| keys.iter().map(|key| key["customer_uid"].clone()).collect())
        };
        // Of one second, so in the order of their names.
        let mut mine = vec![json!(one), json!(two)];
        mine.sort_by_key(ToString::to_string);
        let shown = |list: &Value| -> Vec<Value> {
            let mut keys: Vec<Value> = names(list).unwrap_or_default();
            keys.sort_by_key(ToString::to_string);
            keys
        };
        self.says("a customer's list", &json!(shown(&listed)), &json!(mine));
        let merchant = Caller::Merchant;
        self.ask_for("billing-keys", merchant, &[], &[], (422, "customer_id_required")).await;
        let listed = self.ask_for("billing-keys", merchant, &[], &[("customer_id", &lee)], (200, "")).await;
        self.says("the list that the merchant asks for", &json!(shown(&listed)), &json!([theirs]));
        let listed = self.ask_for("billing-keys", own, &[], &[("customer_id", &lee)], (200, "")).await;
        self.says("a customer's list, whoever they name", &json!(shown(&listed)), &json!(mine));
        self.ask_for("billing-keys", own, &[], &[("limit", "0")], (422, "limit_invalid")).await;
        self.ask_for("billing-keys", own, &[], &[("cursor", "forged")], (400, "cursor_invalid")).await;
        let first = self.ask_for("billing-keys", own, &[], &[("limit", "1")], (200, "")).await;
        self.says("the length of a page of one", &json!(shown(&first).len()), &json!(1));

        let imported = json!({ "customer_uid": one, "customer_id": kim });
        let import = Door {
            sample: "billing-keys-import",
            caller: Caller::Merchant,
            names: &[],
            body: imported,
            required: &[("customer_uid", "customer_uid_required"), ("customer_id", "customer_id_required")],
            // It is here already.
            status: 201,
        };
        let key = self.guarded(import).await;
        self.says("whose key was imported", &key["customer_id"], &json!(kim));

        let delete = "billing-keys-delete";
        let names = [("customer_uid", one.as_str())];
        for (query, code) in [
            (vec![("cascade", "perhaps")], "cascade_invalid"),
            (vec![("cascade", "true"), ("replaced_by", two.as_str())], "cascade_invalid"),
            (vec![("cascade", "perhaps"), ("replaced_by", two.as_str())], "cascade_invalid"),
            (vec![("replaced_by", "%")], "replaced_by_invalid"),
        ] {
            self.ask_for(delete, own, &names, &query, (422, code)).await;
        }
        let gone = Door { sample: delete, caller: own, names: &names, body: Value::Null, required: &[], status: 204 };
        self.guarded(gone).await;
        let key = self.ask("billing-keys-get", own, &names, Value::Null, (200, "")).await;
        self.says("the status of a deleted key", &key["status"], &json!("deleted"));
        let after = [("cascade", "true")];
        self.ask_for(delete, own, &[("customer_uid", &two)], &after, (204, "")).await;
        self.ask_for(delete, merchant, &[("customer_uid", &theirs)], &[("cascade", "false")], (204, "")).await;
    }

    /// A paid order of this customer's.
    pub(super) async fn paid(&mut self, key: &str, order: &str) {
        let body = json!({ "customer_uid": key, "merchant_uid": order, "amount": 8_900, "name": "plan" });
        self.ask("charge", Caller::Merchant, &[], body, (200, "")).await;
    }

    pub(in crate::doors) async fn charges(&mut self) {
        let (kim, order) = (self.named("kim"), self.named("order"));
        let key = self.card_of(&kim).await;
        let body = json!({
            "customer_uid": key, "merchant_uid": order, "amount": 8_900, "name": "plan", "customer_id": kim,
        });
        let mut foreign = body.clone();
        foreign["customer_id"] = json!("mallory");
        self.ask("charge", Caller::Merchant, &[], foreign, NOT_FOUND).await;
        let charge = Door {
            sample: "charge",
            caller: Caller::Merchant,
            names: &[],
            body,
            required: &[
                ("customer_uid", "customer_uid_required"),
                ("merchant_uid", "merchant_uid_required"),
                ("amount", "amount_required"),
                ("name", "name_required"),
            ],
            status: 200,
        };
        let paid = self.guarded(charge).await;
        self.says("the state of a charge", &paid["state"], &json!("paid"));
        let read = Door {
            sample: "charge-get",
            caller: Caller::Customer(&kim),
            names: &[("merchant_uid", &order)],
            body: Value::Null,
            required: &[],
            status: 200,
        };
        let seen = self.guarded(read).await;
        self.says("what a customer sees of it", &seen, &paid);
        let seen = self.ask("charge-get", Caller::Merchant, &[("merchant_uid", &order)], Value::Null, (200, "")).await;
        self.says("what the merchant sees of it", &seen, &paid);
    }

    pub(in crate::doors) async fn refunds(&mut self) {
        let (kim, order) = (self.named("kim"), self.named("order"));
        let key = self.card_of(&kim).await;
        self.paid(&key, &order).await;
        let names = [("merchant_uid", order.as_str())];
        let account = |fields: &[&str]| {
            let mut body = json!({ "amount": 900 });
            fields.iter().for_each(|field| body[format!("refund_{field}")] = json!("1"));
            body
        };
        for (fields, missing) in [
            (["tel"].as_slice(), "refund_holder_required"),
            (&["bank", "account"], "refund_holder_required"),
            (&["holder"], "refund_bank_required"),
            (&["holder", "account"], "refund_bank_required"),
            (&["holder", "bank"], "refund_account_required"),
        ] {
            self.ask("refund", Caller::Merchant, &names, account(fields), (422, missing)).await;
        }
        let quoted = json!({ "amount": "900" });
        self.ask("refund", Caller::Merchant, &names, quoted, (422, "refund_amount_invalid")).await;
        let nothing = [("merchant_uid", "no order")];
        self.ask("refund", Caller::Merchant, &nothing, account(&[]), NOT_FOUND).await;
        let refund = Door {
            sample: "refund",
            caller: Caller::Merchant,
            names: &names,
            body: json!({ "amount": 900, "reason": "changed mind", "tax_free": 0 }),
            required: &[("amount", "refund_amount_invalid")],
            status: 200,
        };
        let done = self.guarded(refund).await;
        self.says("the amount given back", &done["amount"], &json!(900));
        self.says("why it was given back", &done["reason"], &json!("changed mind"));
        self.says("the status of a refund", &done["status"], &json!("done"));
        self.says("what the order says of it", &done["payment"]["cancel_amount"], &json!(900));
    }

    pub(in crate::doors) async fn ticks(&mut self) {
        let Some(event) = self.doors.samples.get("reconcile").cloned() else { return };
        let Some(done) = self.doors.ticks.answer(event).await else {
            self.broken("a tick was not answered".to_owned());
            return;
        };
        self.outcome.journal.push("reconcile by the timer: done".to_owned());
        let numbers = ["seen", "settled", "pending", "failed", "oldest_seconds"];
        if numbers.iter().any(|name| !done[name].is_u64()) || !done["cut_short"].is_boolean() {
            self.broken(format!("a tick does not say what it has seen: {done}"));
        }
        self.says("rows that a tick could not look at", &done["failed"], &json!(0));
        let (day, tick) = (&done["report"]["day"], &done["report"]["tick"]);
        if !day.is_string() || !["done", "held", "unfinished", "finished"].iter().any(|known| *tick == json!(known)) {
            self.broken(format!("a tick does not say what it has compared: {done}"));
        }
    }
}
