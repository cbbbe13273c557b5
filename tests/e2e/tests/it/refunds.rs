//! Giving money back: once under one Idempotency-Key, whatever gets lost, and never more than was paid.

use e2e::stack::{JsonBody, fresh};
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::reply::Reply;
use crate::shop::{Buyer, card};
use crate::table::same_as_psp;
use crate::world::World;

const CANCEL: &str = "/payments/cancel";

/// An order of 8,900 won, paid.
async fn paid(world: &World) -> (Buyer, String) {
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ref");
    world.charge(&buyer.order(&uid)).await.ok(200);
    (buyer, uid)
}

impl World {
    pub(crate) async fn refund(&self, uid: &str, name: &str, body: &Value) -> Reply {
        let request = self.request("POST", &format!("/charges/{uid}/refunds")).bearer_auth(self.merchant());
        self.send(request.header("idempotency-key", name).json_body(body)).await
    }

    /// What the PSP has given back of an order, refund by refund.
    async fn given_back(&self, uid: &str) -> Vec<i64> {
        let payment = self.payment(uid).await;
        payment["cancel_history"].as_array().unwrap().iter().map(|entry| entry["amount"].as_i64().unwrap()).collect()
    }
}

#[tokio::test]
async fn parts_and_then_the_rest_are_given_back_and_the_row_follows() {
    let world = World::shared().await;
    let (_, uid) = paid(&world).await;
    let part = world.refund(&uid, &fresh("refund"), &json!({ "amount": 900, "reason": "단순 변심" })).await.ok(200);
    assert_eq!((&part["status"], &part["amount"], &part["reason"]), (&json!("done"), &json!(900), &json!("단순 변심")));
    assert_eq!((&part["payment"]["status"], &part["payment"]["cancel_amount"]), (&json!("paid"), &json!(900)));
    assert_eq!(world.the_row(&uid).await["state"], "partially_refunded");
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 8001 })).await.refuses(
        422,
        "refund_amount_invalid",
        "amount",
    );
    let rest = world.refund(&uid, &fresh("refund"), &json!({ "amount": 8000 })).await.ok(200);
    assert_eq!((&rest["payment"]["status"], &rest["payment"]["cancel_amount"]), (&json!("cancelled"), &json!(8900)));
    assert_eq!(world.given_back(&uid).await, [900, 8000]);
    same_as_psp(&world.the_row(&uid).await, &world.payment(&uid).await);
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 1 })).await.problem(409, "not_refundable");
    assert_eq!(world.charge_status(&uid).await["cancel_amount"], 8900);
}

#[tokio::test]
async fn a_payment_in_part_free_of_tax_goes_back_by_the_parts_that_it_named() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ref");
    let mut order = buyer.order(&uid);
    (order["tax_free"], order["vat_amount"]) = (json!(2_900), json!(545));
    world.charge(&order).await.ok(200);
    let (world, uid) = (&world, uid.as_str());
    let part = |body: Value| async move { world.refund(uid, &fresh("refund"), &body).await };
    part(json!({ "amount": 3_000 })).await.refuses(422, "tax_free_required", "tax_free");
    part(json!({ "amount": 3_000, "tax_free": 3_001 })).await.refuses(422, "tax_free_invalid", "tax_free");
    assert!(world.given_back(uid).await.is_empty());
    // The gateway refuses what does not name its tax, or is more than is left of a part.
    let first = part(json!({ "amount": 3_000, "tax_free": 1_900, "vat_amount": 100 })).await.ok(200);
    assert_eq!((&first["tax_free"], &first["vat_amount"]), (&json!(1_900), &json!(100)));
    part(json!({ "amount": 3_000, "tax_free": 1_001 })).await.refuses(422, "tax_free_invalid", "tax_free");
    let rest = part(json!({ "amount": 5_900 })).await.ok(200);
    assert_eq!((&rest["tax_free"], &rest["vat_amount"]), (&json!(1_000), &json!(445)), "what is left");
    assert_eq!(world.given_back(uid).await, [3_000, 5_900]);
}

#[tokio::test]
async fn the_same_request_again_gives_nothing_more() {
    let world = World::shared().await;
    let (_, uid) = paid(&world).await;
    let (name, body) = (fresh("refund"), json!({ "amount": 900 }));
    let first = world.refund(&uid, &name, &body).await.ok(200);
    let replies = join_all((0..5).map(|_| world.refund(&uid, &name, &body))).await;
    for reply in replies {
        let again = reply.ok(200);
        assert_eq!((&again["id"], &again["status"]), (&first["id"], &json!("done")));
    }
    for other in [json!({ "amount": 901 }), json!({ "amount": 900, "reason": "x" })] {
        world.refund(&uid, &name, &other).await.refuses(422, "idempotency_key_reused", "Idempotency-Key");
    }
    assert_eq!(world.given_back(&uid).await, [900]);
    assert_eq!(world.the_row(&uid).await["refunds"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn of_two_full_refunds_at_once_one_is_given() {
    let world = World::shared().await;
    let (_, uid) = paid(&world).await;
    let body = json!({ "amount": 8900 });
    let names: Vec<String> = (0..6).map(|_| fresh("refund")).collect();
    let replies = join_all(names.iter().map(|name| world.refund(&uid, name, &body))).await;
    let done = replies.iter().filter(|reply| reply.status == 200).count();
    assert_eq!(done, 1, "{replies:?}");
    for reply in replies.iter().filter(|reply| reply.status != 200) {
        let code = reply.json()["code"].as_str().unwrap_or_default().to_owned();
        assert!(["refund_in_progress", "not_refundable"].contains(&code.as_str()), "{}", reply.text);
        reply.problem(409, &code);
    }
    assert_eq!(world.given_back(&uid).await, [8900]);
}

#[tokio::test]
async fn a_lost_reply_is_looked_up_and_nothing_is_given_twice() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    for fault in [
        json!({ "kind": "reset", "phase": "after" }),
        json!({ "kind": "html_unavailable", "phase": "after" }),
        json!({ "kind": "null_response" }),
        json!({ "kind": "truncated", "bytes": 100 }),
        json!({ "kind": "refused", "phase": "after" }),
    ] {
        let (_, uid) = paid(&world).await;
        world.fault_on(json!({ "path_prefix": CANCEL }), fault.clone()).await;
        let (name, body) = (fresh("refund"), json!({ "amount": 900 }));
        let reply = world.refund(&uid, &name, &body).await;
        assert_eq!(reply.ok(200)["status"], "done", "{fault}");
        world.refund(&uid, &name, &body).await.ok(200);
        assert_eq!(world.given_back(&uid).await, [900], "{fault}");
        world.no_faults().await;
    }
}

#[tokio::test]
async fn a_refund_that_never_arrived_is_pending_and_sent_once_more_after_the_quarantine() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let (_, uid) = paid(&world).await;
    world.fault_on(json!({ "path_prefix": CANCEL }), json!({ "kind": "reset", "phase": "before" })).await;
    let (name, body) = (fresh("refund"), json!({ "amount": 900 }));
    let open = world.refund(&uid, &name, &body).await.pending(&format!("/charges/{uid}"));
    assert_eq!((&open["status"], &open["payment"]["cancel_amount"]), (&json!("pending"), &json!(0)));
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 1 })).await.problem(409, "refund_in_progress");
    assert_eq!(world.refund(&uid, &name, &body).await.status, 202, "a repeat sends nothing");
    world.advance(120).await;
    world.sweep().await;
    assert!(world.given_back(&uid).await.is_empty(), "the first may still be carried out");
    let row = world.sweep_until_settled(&uid).await;
    assert_eq!(row["state"], "partially_refunded");
    assert_eq!(world.given_back(&uid).await, [900]);
    assert_eq!(world.refund(&uid, &name, &body).await.ok(200)["status"], "done");
}

#[tokio::test]
async fn a_refund_that_the_psps_history_does_not_show_is_never_told_refused() {
    for history in [json!(null), json!([])] {
        let world = World::alone().await;
        world.webhook_settings(json!({ "drop": true })).await;
        let (_, uid) = paid(&world).await;
        let hidden = json!({ "kind": "wrong", "field": "cancel_history", "value": history, "times": null });
        world.fault_on(json!({ "path_prefix": "/payments" }), hidden.clone()).await;
        // The answer to our own request, with a balance that is down by it, is evidence.
        for amount in [1000, 1500] {
            let (name, body) = (fresh("refund"), json!({ "amount": amount }));
            assert_eq!(world.refund(&uid, &name, &body).await.ok(200)["status"], "done");
            world.sweep().await;
            world.refund(&uid, &name, &body).await.ok(200);
        }
        // Without that answer it is in doubt: pending, and nothing more is given back.
        // The first rule that matches a request is the one that befalls it.
        world.no_faults().await;
        world.fault_on(json!({ "path_prefix": CANCEL }), json!({ "kind": "reset", "phase": "after" })).await;
        world.fault_on(json!({ "path_prefix": "/payments" }), hidden).await;
        let (name, body) = (fresh("refund"), json!({ "amount": 2000 }));
        world.refund(&uid, &name, &body).await.pending(&format!("/charges/{uid}"));
        for _ in 0..3 {
            world.advance(300).await;
            world.sweep().await;
            world.refund(&uid, &name, &body).await.pending(&format!("/charges/{uid}"));
            world.refund(&uid, &fresh("refund"), &body).await.problem(409, "refund_in_progress");
        }
        assert_eq!(world.given_back(&uid).await, [1000, 1500, 2000]);
        // The history is there again.
        world.no_faults().await;
        world.advance(86_400).await;
        world.sweep().await;
        assert_eq!(world.refund(&uid, &name, &body).await.ok(200)["status"], "done");
    }
}

#[tokio::test]
async fn a_refund_that_the_psp_refuses_gives_nothing_and_says_so() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let (_, uid) = paid(&world).await;
    // Given back in the console meanwhile: what is left is not what the row believes.
    let imp_uid = world.payment(&uid).await["imp_uid"].clone();
    world.sim("console/cancel", json!({ "imp_uid": imp_uid, "amount": 500 })).await;
    let name = fresh("refund");
    let problem = world.refund(&uid, &name, &json!({ "amount": 900 })).await.problem(409, "refund_conflict");
    assert!(problem["psp_message"].as_str().is_none_or(|text| !text.is_empty()), "{problem}");
    assert_eq!(world.given_back(&uid).await, [500], "only what was given in the console");
    assert_eq!(world.charge_status(&uid).await["cancel_amount"], 500, "and the row knows it now");
    world.sweep_until_settled(&uid).await;
    world.refund(&uid, &name, &json!({ "amount": 900 })).await.problem(409, "refund_conflict");
    world.refund(&uid, &fresh("refund"), &json!({ "amount": 900 })).await.ok(200);
    assert_eq!(world.given_back(&uid).await, [500, 900]);
}

#[tokio::test]
async fn the_second_payment_of_one_order_is_given_back_by_the_sweep() {
    let world = World::alone().await;
    world.webhook_settings(json!({ "drop": true })).await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ref");
    world.sim("knobs", json!({ "double_charges": 1 })).await;
    world.fault(crate::psp::AGAIN, &uid, json!({ "kind": "reset", "phase": "after" })).await;
    world.charge(&buyer.order(&uid)).await.ok(200);
    let row = world.sweep_until_settled(&uid).await;
    let payments = world.payments(&uid).await;
    assert_eq!(payments.len(), 2, "{payments:?}");
    let left = |payment: &Value| payment["amount"].as_i64().unwrap() - payment["cancel_amount"].as_i64().unwrap();
    assert_eq!(payments.iter().map(left).sum::<i64>(), 8900, "paid once, all in all");
    let kept = payments.iter().find(|payment| left(payment) > 0).unwrap();
    assert_eq!((&row["imp_uid"], &row["state"]), (&kept["imp_uid"], &json!("paid")));
}

#[tokio::test]
async fn refunds_that_must_not_be_made_are_refused() {
    let world = World::alone().await;
    let (_, uid) = paid(&world).await;
    let declined = {
        let poor = world.buyer(card::DECLINES).await;
        let uid = fresh("ref");
        world.charge(&poor.order(&uid)).await.problem(402, "card_declined");
        uid
    };
    world
        .eventually("the webhooks are through", || async {
            world.webhooks().await.iter().all(|webhook| webhook["state"] != "pending").then_some(())
        })
        .await;
    let mut table = Vec::new();
    let mut bad =
        |uid: &str, body: String, status: u16, code: &'static str, field: Option<&str>, secret: Option<&str>| {
            let request = world.request("POST", &format!("/charges/{uid}/refunds")).bearer_auth(world.merchant());
            table.push(Refusal {
                name: format!("{uid} {body}"),
                request: request
                    .header("idempotency-key", fresh("refund"))
                    .header("content-type", "application/json")
                    .body(body),
                status,
                code,
                field: field.map(str::to_owned),
                secret: secret.map(str::to_owned),
            });
        };
    for amount in ["null", "0", "-900", "0.5", "1e3", "\"9000\"", "true", "8901", "9007199254740993"] {
        bad(&uid, format!("{{\"amount\":{amount}}}"), 422, "refund_amount_invalid", Some("amount"), None);
    }
    bad(&uid, "{}".to_owned(), 422, "refund_amount_invalid", Some("amount"), None);
    let long = format!("{{\"amount\":1,\"reason\":\"{}\"}}", "가".repeat(81));
    bad(&uid, long, 422, "reason_invalid", Some("reason"), Some("가가"));
    let card = "{\"amount\":1,\"reason\":\"4242-4242-4242-4242\"}".to_owned();
    bad(&uid, card, 422, "sensitive_data_in_field", Some("reason"), Some("4242"));
    for field in ["checksum", "imp_uid", "refund_email", "tax", "extra"] {
        let body = format!("{{\"amount\":1,\"{field}\":\"canary-value\"}}");
        bad(&uid, body, 422, "unknown_field", Some(field), Some("canary-value"));
    }
    for field in ["tax_free", "vat_amount"] {
        let code = if field == "tax_free" { "tax_free_invalid" } else { "vat_amount_invalid" };
        for part in ["1", "-1", "0.5"] {
            bad(&uid, format!("{{\"amount\":900,\"{field}\":{part}}}"), 422, code, Some(field), None);
        }
        bad(&uid, format!("{{\"amount\":900,\"{field}\":\"1\"}}"), 422, code, Some(field), None);
    }
    bad(&declined, "{\"amount\":1}".to_owned(), 409, "not_refundable", None, None);
    bad("nobodys-order", "{\"amount\":1}".to_owned(), 404, "not_found", None, None);
    bad("..%2Forder", "{\"amount\":1}".to_owned(), 404, "not_found", None, None);
    all_refused(&world, table).await;
    assert!(world.given_back(&uid).await.is_empty());
}

#[tokio::test]
async fn a_refund_needs_an_idempotency_key_and_the_merchants_scope() {
    let world = World::shared().await;
    let (buyer, uid) = paid(&world).await;
    let request = |token: &str| {
        world.request("POST", &format!("/charges/{uid}/refunds")).bearer_auth(token).json_body(&json!({ "amount": 1 }))
    };
    let reply = world.send(request(&world.merchant())).await;
    reply.refuses(400, "idempotency_key_required", "Idempotency-Key");
    let reply =
        world.send(request(&world.customer(&buyer.customer_id)).header("idempotency-key", fresh("refund"))).await;
    assert_eq!(reply.status, 403, "{}", reply.text);
    let reply = world.send(request("nonsense").header("idempotency-key", fresh("refund"))).await;
    assert_eq!(reply.status, 401, "{}", reply.text);
    assert!(world.given_back(&uid).await.is_empty());
}
