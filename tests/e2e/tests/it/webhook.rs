//! A webhook is a hint where to look. What it says is never believed, and nothing depends on its arrival.

use e2e::stack::fresh;
use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::psp::AGAIN;
use crate::shop::{Buyer, card};
use crate::table::same_as_psp;
use crate::world::World;

const SOON: i64 = 600;

/// A notice about this payment.
fn notice(payment: &Value, status: Value) -> Value {
    json!({ "imp_uid": payment["imp_uid"], "merchant_uid": payment["merchant_uid"], "status": status })
}

/// A schedule that has run at the PSP, while its webhook is held back: the row does not know yet.
async fn ran_unnoticed(world: &World, buyer: &Buyer) -> (String, Value) {
    world.webhook_settings(json!({ "hold": true })).await;
    let uid = world.scheduled(buyer, SOON).await;
    world.advance(SOON + 1).await;
    assert_eq!(world.the_row(&uid).await["state"], "scheduled");
    let payment = world.payment(&uid).await;
    (uid, payment)
}

#[tokio::test]
async fn an_unknown_order_is_answered_and_the_psp_is_not_asked() {
    let world = World::alone().await;
    let (calls, writes) = (world.requests_so_far().await, world.writes_so_far().await);
    let uid = fresh("nobody");
    let reply = world.notify(&json!({ "imp_uid": "imp_448280090638", "merchant_uid": uid, "status": "paid" })).await;
    assert_eq!((reply.status, reply.text.as_str()), (200, ""));
    let reply = world.notify_form(&[("imp_uid", "imp_448280090638"), ("merchant_uid", &uid), ("status", "paid")]).await;
    assert_eq!(reply.status, 200);
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes, "no write");
    assert_eq!(world.row(&uid).await, None);
}

/// Whoever shares the account numbers orders as they like.
#[tokio::test]
async fn a_notice_about_another_systems_order_is_taken_and_the_psp_is_not_asked() {
    let world = World::alone().await;
    let (calls, writes) = (world.requests_so_far().await, world.writes_so_far().await);
    let long = "order_of_another_system_with_more_than_forty_characters";
    for uid in
        ["wc-renewal:11", "#1001", "shop.kr/2026?11", "정기결제 11월", "../users/getToken", "4242424242424242", long]
    {
        let reply =
            world.notify(&json!({ "imp_uid": "imp_448280090638", "merchant_uid": uid, "status": "paid" })).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{uid}");
        let form = [("imp_uid", "imp_448280090638"), ("merchant_uid", uid), ("status", "paid")];
        assert_eq!(world.notify_form(&form).await.status, 200, "{uid}");
    }
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes, "no write");
}

#[tokio::test]
async fn a_wrong_token_is_not_found_whatever_is_sent_there() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, payment) = ran_unnoticed(&world, &buyer).await;
    let (calls, row) = (world.requests_so_far().await, world.the_row(&uid).await);
    let token = world.webhook_token().to_owned();
    let last = if token.ends_with('0') { '1' } else { '0' };
    let nearly = format!("{}{last}", &token[..token.len() - 1]);
    for wrong in [nearly.as_str(), &token[1..], &format!("{token}0"), "x", &token.to_uppercase()] {
        if wrong == token {
            continue;
        }
        for method in ["POST", "GET", "PUT"] {
            let request = world.request(method, &format!("/webhooks/iamport/{wrong}"));
            let request = request.header("content-type", "application/json");
            let reply = world.send(request.body(notice(&payment, json!("paid")).to_string())).await;
            let problem = reply.problem(404, "not_found");
            assert!(!problem.to_string().contains(wrong) || wrong == "x", "echoed: {problem}");
        }
    }
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.the_row(&uid).await, row);
}

#[tokio::test]
async fn fifty_at_once_are_one_transition_and_repeats_write_nothing() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, payment) = ran_unnoticed(&world, &buyer).await;
    let before = world.the_row(&uid).await;
    let (calls, hint) = (world.requests_so_far().await, notice(&payment, json!("paid")));
    let replies = join_all((0..50).map(|_| world.notify(&hint))).await;
    assert!(replies.iter().all(|reply| reply.status == 200), "{replies:?}");
    let row = world.the_row(&uid).await;
    same_as_psp(&row, &payment);
    assert_eq!(row["version"].as_i64(), before["version"].as_i64().map(|version| version + 1), "one write: {row}");
    assert_eq!(row["log"].as_array().unwrap().len(), before["log"].as_array().unwrap().len() + 1, "{row}");
    let asked = world.requests_since(calls).await;
    let gets = asked.iter().filter(|request| request["path"].as_str().unwrap().starts_with("/payments/"));
    assert!(gets.count() <= 50, "at most one GET each");

    let writes = world.writes_so_far().await;
    let replies = join_all((0..50).map(|_| world.notify(&hint))).await;
    assert!(replies.iter().all(|reply| reply.status == 200));
    assert_eq!(world.the_row(&uid).await, row);
    assert_eq!(world.writes_so_far().await, writes, "not even an attempt to write");
}

#[tokio::test]
async fn what_a_notice_claims_is_not_believed() {
    let world = World::alone().await;
    let (buyer, poor) = (world.buyer(card::APPROVES).await, world.buyer(card::DECLINES).await);
    world.webhook_settings(json!({ "hold": true })).await;
    let paid: Vec<String> = [world.scheduled(&buyer, SOON).await, world.scheduled(&buyer, SOON + 1).await].into();
    let declined: Vec<String> = [world.scheduled(&poor, SOON).await, world.scheduled(&poor, SOON + 1).await].into();
    world.advance(SOON + 5).await;
    let claims =
        [json!("paid"), json!("failed"), json!("cancelled"), json!("hacked"), json!(1), Value::Null, json!({})];
    for uid in paid.iter().chain(&declined) {
        let payment = world.payment(uid).await;
        for status in &claims {
            let mut lie = notice(&payment, status.clone());
            let more =
                json!({ "amount": 1, "currency": "USD", "customer_uid": "x", "paid_at": 1, "cancellation_id": "c" });
            lie.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            assert_eq!(world.notify(&lie).await.status, 200, "{lie}");
            same_as_psp(&world.the_row(uid).await, &payment);
        }
    }
}

#[tokio::test]
async fn a_payment_of_another_order_settles_nothing() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, _) = ran_unnoticed(&world, &buyer).await;
    let other = fresh("ord");
    world.charge(&buyer.order(&other)).await.ok(200);
    let (row, other_row) = (world.the_row(&uid).await, world.the_row(&other).await);
    let foreign = world.payment(&other).await["imp_uid"].clone();
    let reply = world.notify(&json!({ "imp_uid": foreign, "merchant_uid": uid, "status": "paid" })).await;
    assert_eq!(reply.status, 200);
    assert_eq!(world.the_row(&uid).await, row, "not paid by somebody else's money");
    assert_eq!(world.the_row(&other).await, other_row);

    let reply = world.notify(&json!({ "imp_uid": "imp_000000000000", "merchant_uid": uid, "status": "paid" })).await;
    assert_eq!(reply.status, 200, "the PSP knows no such payment");
    assert_eq!(world.the_row(&uid).await, row);
}

#[tokio::test]
async fn a_notice_that_comes_before_the_reply_is_stored_changes_nothing_in_the_end() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.fault(AGAIN, &uid, json!({ "kind": "latency", "ms": 2_500, "phase": "after" })).await;
    let order = buyer.order(&uid);
    let (reply, early) = tokio::join!(world.charge(&order), async {
        let row = world.eventually("the webhook settles the row", || async {
            world.row(&uid).await.filter(|row| row["state"] == "paid")
        });
        let row = row.await;
        assert_eq!(world.requests_to(AGAIN, &uid).await[0]["status"], Value::Null, "the reply is still on its way");
        row
    });
    assert_eq!(reply.ok(200)["status"], "paid");
    let row = world.the_row(&uid).await;
    assert_eq!(row, early, "the reply brought nothing new");
    same_as_psp(&row, &world.payment(&uid).await);
    assert_eq!(world.times_paid(&uid).await, 1);
}

#[tokio::test]
async fn notices_out_of_order_end_at_the_psps_truth() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, payment) = ran_unnoticed(&world, &buyer).await;
    world.sim("console/cancel", json!({ "imp_uid": payment["imp_uid"], "amount": 8900 })).await;
    world.sim("webhooks/release", json!({ "reverse": true })).await;
    let refunded = world.payment(&uid).await;
    assert_eq!(refunded["status"], "cancelled");
    same_as_psp(&world.the_row(&uid).await, &refunded);
    let row = world.the_row(&uid).await;
    world.notify(&notice(&payment, json!("paid"))).await;
    assert_eq!(world.the_row(&uid).await, row, "a late \"paid\" revives nothing");
}

#[tokio::test]
async fn a_refund_in_the_console_reaches_the_row_by_its_notice() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    world.charge(&buyer.order(&uid)).await.ok(200);
    let imp_uid = world.payment(&uid).await["imp_uid"].clone();
    world.sim("console/cancel", json!({ "imp_uid": imp_uid, "amount": 900 })).await;
    let row = world
        .eventually("the refund is in the row", || async {
            world.row(&uid).await.filter(|row| row["record"]["cancel_amount"] == 900)
        })
        .await;
    assert_eq!(row["state"], "partially_refunded");
    let seen = world.charge_status(&uid).await;
    assert_eq!((&seen["status"], &seen["cancel_amount"]), (&json!("paid"), &json!(900)));
}

#[tokio::test]
async fn when_the_psp_cannot_be_asked_the_row_is_due_and_the_sweep_settles_it() {
    for fault in ["html_unavailable", "reset", "empty_body"] {
        let world = World::alone().await;
        let buyer = world.buyer(card::APPROVES).await;
        let (uid, payment) = ran_unnoticed(&world, &buyer).await;
        let path = format!("/payments/{}", payment["imp_uid"].as_str().unwrap());
        world.fault_on(json!({ "path_prefix": path }), json!({ "kind": fault, "times": null })).await;
        let reply = world.notify(&notice(&payment, json!("paid"))).await;
        assert_eq!(reply.status, 200, "{fault}: asked once, kept for the sweep: {}", reply.text);
        let row = world.the_row(&uid).await;
        assert_eq!(row["state"], "scheduled", "nothing is believed without the PSP's record");
        assert!(row["due_at"].as_i64().unwrap() <= world.now().await, "due at once: {row}");
        world.no_faults().await;
        world.sweep().await;
        same_as_psp(&world.the_row(&uid).await, &payment);
    }
}

#[tokio::test]
async fn when_not_even_that_can_be_written_the_sender_is_asked_to_come_again() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let (uid, payment) = ran_unnoticed(&world, &buyer).await;
    let path = format!("/payments/{}", payment["imp_uid"].as_str().unwrap());
    world.fault_on(json!({ "path_prefix": path }), json!({ "kind": "html_unavailable", "times": null })).await;
    world.aws_fault("UpdateItem", "internal_error", 50, 0).await;
    let row = world.the_row(&uid).await;
    let problem = world.notify(&notice(&payment, json!("paid"))).await.problem(500, "temporarily_unavailable");
    assert_eq!(problem["retryable"], true);
    assert_eq!(world.the_row(&uid).await, row);
    world.no_aws_faults().await;
    world.no_faults().await;
    assert_eq!(world.notify(&notice(&payment, json!("paid"))).await.status, 200);
    same_as_psp(&world.the_row(&uid).await, &payment);
}

#[tokio::test]
async fn a_record_that_is_not_what_was_ordered_is_suspect_and_never_paid() {
    for field in ["amount", "currency", "customer_uid"] {
        let world = World::alone().await;
        let buyer = world.buyer(card::APPROVES).await;
        let (uid, payment) = ran_unnoticed(&world, &buyer).await;
        let path = format!("/payments/{}", payment["imp_uid"].as_str().unwrap());
        world.fault_on(json!({ "path_prefix": path }), json!({ "kind": "wrong", "field": field })).await;
        assert_eq!(world.notify(&notice(&payment, json!("paid"))).await.status, 200);
        assert_eq!(world.faults_fired().await, [1]);
        let row = world.the_row(&uid).await;
        assert_eq!(row["state"], "suspect", "{field}: {row}");
        assert_eq!(world.charge_status(&uid).await["status"], "pending", "{field}");
        same_as_psp(&world.sweep_until_settled(&uid).await, &payment);
    }
}

#[tokio::test]
async fn a_test_channels_payment_buys_nothing() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    world.sim("knobs", json!({ "sandbox": true })).await;
    let (uid, payment) = ran_unnoticed(&world, &buyer).await;
    assert_eq!((&payment["status"], &payment["sandbox"]), (&json!("paid"), &json!(true)));
    assert_eq!(world.notify(&notice(&payment, json!("paid"))).await.status, 200);
    world.advance(SOON + 900).await;
    world.sweep().await;
    let seen = world.charge_status(&uid).await;
    assert!(seen["status"] != "paid", "{seen}");
}

/// A documented notice: `tests/fixtures/webhooks`.
struct Documented {
    name: String,
    file: Value,
}

fn documented() -> Vec<Documented> {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/webhooks");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let documented = files.map(|path| Documented {
        name: path.file_stem().unwrap().to_string_lossy().into_owned(),
        file: serde_json::from_str(&std::fs::read_to_string(&path).unwrap()).unwrap(),
    });
    documented.collect()
}

impl Documented {
    /// The body with the numbers of another payment, escaped where the file's are.
    fn about(&self, payment: &Value) -> String {
        let mut body = self.file["body"].as_str().unwrap().to_owned();
        for name in ["imp_uid", "merchant_uid"] {
            let (theirs, ours) = (self.file["reads"][name].as_str().unwrap(), payment[name].as_str().unwrap());
            let escaped: String = ours.bytes().map(|byte| format!("%{byte:02X}")).collect();
            let told = [(theirs.to_owned(), ours), (theirs.replace('-', "%2D"), escaped.as_str())];
            let (from, to) = told.iter().find(|(theirs, _)| body.contains(theirs)).expect("a number that is not there");
            body = body.replace(from.as_str(), to);
        }
        body
    }
}

#[tokio::test]
async fn every_documented_notice_is_understood() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    world.webhook_settings(json!({ "hold": true })).await;
    let documented = documented();
    assert!(documented.len() >= 10, "{}", documented.len());
    let mut uids = Vec::new();
    for _ in &documented {
        uids.push(world.scheduled(&buyer, SOON).await);
    }
    world.advance(SOON + 1).await;
    let path = format!("/webhooks/iamport/{}", world.webhook_token());
    for (notice, uid) in documented.iter().zip(&uids) {
        let name = &notice.name;
        assert!(notice.file["source"].as_array().is_some_and(|sources| !sources.is_empty()), "{name} has no source");
        assert_eq!(world.the_row(uid).await["state"], "scheduled", "{name}");
        let payment = world.payment(uid).await;
        let content_type = notice.file["content_type"].as_str().unwrap();
        let request = world.request("POST", &path).header("content-type", content_type).body(notice.about(&payment));
        let reply = world.send(request).await;
        assert_eq!((reply.status, reply.text.as_str()), (200, ""), "{name}");
        same_as_psp(&world.the_row(uid).await, &payment);
    }
}
