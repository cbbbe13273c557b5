//! How the simulator is brought to each call of the fixtures.

use serde_json::{Value, json};

use crate::shop::{BAD, GOOD, Reply, Sim};

/// What the simulator does not do, and why.
pub(crate) const NOT_SIMULATED: &[(&str, &str)] = &[
    ("balance", "no function of ours asks for it"),
    ("bank_codes", "no function of ours asks for it"),
    ("card_code", "no function of ours asks for it"),
    ("certification_danal", "people are not identified in the sandbox"),
    ("certification_inicis", "people are not identified in the sandbox"),
    ("certification_not_found", "people are not identified in the sandbox"),
    ("escrow_delivery", "nothing is delivered in the sandbox"),
    ("key_of_a_group", "the simulator has no groups of channels"),
    ("payment_fixed_vbank_paid", "the simulator has no accounts that stay"),
    ("payment_promotion", "the simulator has no promotions"),
    ("receipt_of_cash_taken_elsewhere", "no function of ours issues one"),
    ("tier", "no function of ours asks for it"),
];

/// Those that [`play`] has a scene for.
pub(crate) const SCENES: &[&str] = &[
    "again_declined",
    "again_paid",
    "again_paid_2026",
    "again_refused",
    "amount_not_registered",
    "amount_registered",
    "cancel_done",
    "cancel_of_a_part_done",
    "cancel_refused_done_before",
    "cancel_refused_no_payment",
    "channels",
    "key_deleted",
    "key_deleted_before",
    "key_found",
    "key_issued",
    "key_not_found",
    "key_not_found_with_200",
    "key_of_paypal",
    "key_payments",
    "key_refused",
    "key_with_card_type_as_text",
    "keys_partly",
    "onetime_paid",
    "onetime_refused",
    "payment_cancelled_2022",
    "payment_card_paid",
    "payment_card_paid_2026",
    "payment_easy_pay_inside_a_gateway",
    "payment_easy_pay_paid",
    "payment_escrow",
    "payment_failed",
    "payment_foreign_currency",
    "payment_issue",
    "payment_not_found",
    "payment_not_found_with_200",
    "payment_partly_cancelled",
    "payment_scheduled",
    "payment_transfer_paid",
    "payment_vbank_paid",
    "payment_vbank_ready",
    "payment_vbank_ready_without_deadline",
    "payment_voucher_paid",
    "payment_window_open",
    "payments_by_number_partly",
    "payments_by_status",
    "payments_by_status_past_the_end",
    "payments_of_an_order",
    "receipt_failed",
    "receipt_found",
    "receipt_issued",
    "receipt_issued_before",
    "receipt_not_found",
    "receipt_revoked",
    "schedule_moved",
    "schedule_moved_too_late",
    "schedule_not_found",
    "schedule_registered",
    "schedule_retried",
    "schedule_revoked",
    "schedule_run",
    "schedule_run_and_refunded",
    "schedule_run_in_vain",
    "schedule_waiting",
    "schedule_without_a_key",
    "schedules_as_a_page",
    "schedules_as_an_array",
    "schedules_of_a_key",
    "schedules_of_a_key_by_the_other_path",
    "token_issued",
    "token_not_accepted",
    "token_refused",
    "unschedule_refused",
    "unscheduled",
    "vbank_changed",
    "vbank_closed",
    "vbank_issued",
    "vbank_not_waiting",
];

/// The simulator's reply to the call of a fixture, in the same situation.
pub(crate) async fn play(sim: &mut Sim, name: &str) -> Reply {
    match name {
        _ if name.starts_with("token") => token(sim, name).await,
        _ if name.starts_with("payment_") => payment(sim, name).await,
        _ if name.starts_with("payments_") || name.starts_with("amount_") => payments(sim, name).await,
        _ if name.starts_with("again") || name.starts_with("onetime") => charge(sim, name).await,
        _ if name.starts_with("schedule") || name.starts_with("unschedule") => schedule(sim, name).await,
        _ if name.starts_with("key") => key(sim, name).await,
        _ if name.starts_with("cancel") => cancel(sim, name).await,
        _ if name.starts_with("vbank") => vbank(sim, name).await,
        _ if name.starts_with("receipt") => receipt(sim, name).await,
        "channels" => sim.get("/users/pg").await,
        _ => panic!("no scene for {name}"),
    }
}

async fn token(sim: &mut Sim, name: &str) -> Reply {
    if name == "token_not_accepted" {
        sim.token = "another".to_owned();
        return sim.get("/payments/imp_100000000001").await;
    }
    let secret = sandbox::iamport::Options::default().imp_secret;
    let secret = if name == "token_issued" { secret } else { "another".to_owned() };
    sim.post("/users/getToken", json!({ "imp_key": "imp_apikey", "imp_secret": secret })).await
}

fn uid(row: &Value) -> String {
    row["imp_uid"].as_str().unwrap_or_else(|| panic!("{row}")).to_owned()
}

async fn seen(sim: &Sim, row: &Value) -> Reply {
    sim.get(&format!("/payments/{}?include_sandbox=true", uid(row))).await
}

async fn payment(sim: &Sim, name: &str) -> Reply {
    let row = match name {
        "payment_card_paid" | "payment_card_paid_2026" => sim.window("order-1", json!({})).await,
        "payment_easy_pay_paid" => sim.window("order-1", json!({ "pg": "kakaopay", "pay_method": "kakaopay" })).await,
        "payment_easy_pay_inside_a_gateway" => sim.window("order-1", json!({ "pay_method": "kakaopay" })).await,
        "payment_vbank_ready" | "payment_vbank_ready_without_deadline" => {
            sim.window("order-1", json!({ "pay_method": "vbank" })).await
        }
        "payment_vbank_paid" => {
            let row = sim.window("order-1", json!({ "pay_method": "vbank" })).await;
            sim.tell("vbank/deposit", json!({ "imp_uid": row["imp_uid"] })).await
        }
        "payment_transfer_paid" => sim.window("order-1", json!({ "pay_method": "trans" })).await,
        "payment_escrow" => sim.window("order-1", json!({ "pay_method": "trans", "escrow": true })).await,
        "payment_voucher_paid" => {
            let bypass = json!({ "nice_v2": { "MallUserID": "member-1" } });
            sim.window("order-1", json!({ "pg": "nice_v2", "pay_method": "cultureland", "bypass": bypass })).await
        }
        "payment_foreign_currency" => {
            let more = json!({ "pg": "paypal_v2", "pay_method": "paypal", "currency": "USD", "amount": 19.99 });
            sim.window("order-1", more).await
        }
        "payment_failed" => {
            sim.issue("key-bad", BAD).await.ok();
            sim.again("key-bad", "order-1").await.ok()
        }
        "payment_window_open" => {
            // A window is a record at Iamport from its first step on; in the simulator from what its customer does.
            sim.window("order-1", json!({ "pay_method": "vbank" })).await
        }
        "payment_partly_cancelled" | "payment_cancelled_2022" => {
            let row = sim.window("order-1", json!({})).await;
            let amount = if name == "payment_cancelled_2022" { 11_000 } else { 1000 };
            let body = json!({ "imp_uid": row["imp_uid"], "amount": amount, "reason": "예시" });
            sim.post("/payments/cancel", body).await.ok()
        }
        "payment_scheduled" => {
            sim.issue("key-1", GOOD).await.ok();
            sim.schedule("key-1", "order-1", sim.now().await + 10).await.ok();
            sim.advance(20).await;
            sim.get("/payments/find/order-1").await.ok()
        }
        "payment_issue" => sim.window("order-1", json!({ "customer_uid": "key-1", "amount": 5900 })).await,
        "payment_not_found" | "payment_not_found_with_200" => {
            return sim.get("/payments/imp_100000000001").await;
        }
        _ => panic!("no scene for {name}"),
    };
    seen(sim, &row).await
}

async fn payments(sim: &Sim, name: &str) -> Reply {
    if name == "amount_registered" {
        return sim.post("/payments/prepare", json!({ "merchant_uid": "order-1", "amount": 64_900 })).await;
    }
    if name == "amount_not_registered" {
        return sim.get("/payments/prepare/order-none").await;
    }
    sim.issue("key-1", GOOD).await.ok();
    let row = sim.again("key-1", "order-1").await.ok();
    sim.again("key-1", "order-2").await.ok();
    match name {
        "payments_by_number_partly" => {
            sim.get(&format!("/payments?imp_uid[]={}&imp_uid[]=imp_100000000001", uid(&row))).await
        }
        "payments_by_status" => sim.get("/payments/status/all?limit=1&page=2").await,
        "payments_by_status_past_the_end" => sim.get("/payments/status/all?limit=1&page=3").await,
        "payments_of_an_order" => sim.get("/payments/findAll/order-1").await,
        _ => panic!("no scene for {name}"),
    }
}

async fn charge(sim: &Sim, name: &str) -> Reply {
    match name {
        "again_paid" | "again_paid_2026" => {
            sim.issue("key-1", GOOD).await.ok();
            sim.again("key-1", "order-1").await
        }
        "again_declined" => {
            sim.issue("key-bad", BAD).await.ok();
            sim.again("key-bad", "order-1").await
        }
        "again_refused" => sim.again("key-none", "order-1").await,
        "onetime_paid" | "onetime_refused" => {
            let number = if name == "onetime_paid" { GOOD } else { "4242-4242-4242-4241" };
            let body = json!({ "merchant_uid": "order-1", "amount": 1000, "name": "예시", "pg": "nice", "card_number": number, "expiry": "2099-12" });
            sim.post("/subscribe/payments/onetime", body).await
        }
        _ => panic!("no scene for {name}"),
    }
}

async fn schedule(sim: &Sim, name: &str) -> Reply {
    sim.issue("key-1", if name.ends_with("in_vain") || name.ends_with("retried") { BAD } else { GOOD }).await.ok();
    let now = sim.now().await;
    if name == "schedule_without_a_key" {
        return sim.schedule("key-none", "order-1", now + 100).await;
    }
    let registered = sim.schedule("key-1", "order-1", now + 100).await;
    let window = format!("from={now}&to={}", now + 1000);
    let one = "/subscribe/payments/schedule/order-1";
    let name_it = json!({ "merchant_uid": ["order-1"] });
    match name {
        "schedule_registered" => return registered,
        "schedule_waiting" => {}
        "schedule_run" | "schedule_run_in_vain" => sim.advance(200).await,
        "schedule_run_and_refunded" => {
            sim.advance(200).await;
            sim.post("/payments/cancel", json!({ "merchant_uid": "order-1" })).await.ok();
        }
        "schedule_revoked" => {
            sim.post("/subscribe/payments/unschedule", name_it).await.ok();
        }
        "schedule_not_found" => return sim.get("/subscribe/payments/schedule/order-none").await,
        "schedule_moved" => return sim.put(one, json!({ "schedule_at": now + 500 })).await,
        "schedule_moved_too_late" => {
            sim.advance(200).await;
            return sim.put(one, json!({ "schedule_at": now + 500 })).await;
        }
        "schedule_retried" => {
            sim.advance(200).await;
            sim.issue("key-1", GOOD).await.ok();
            return sim.post(&format!("{one}/retry"), json!({})).await;
        }
        "schedules_as_a_page" | "schedules_as_an_array" => {
            let shape = if name.ends_with("array") { "array" } else { "paged" };
            sim.tell("knobs", json!({ "schedule_list_shape": shape })).await;
            let window = format!("schedule_from={now}&schedule_to={}", now + 1000);
            return sim.get(&format!("/subscribe/payments/schedule?{window}&sorting=scheduled")).await;
        }
        "schedules_of_a_key" => {
            sim.tell("knobs", json!({ "schedule_list_shape": "array" })).await;
            return sim.get(&format!("/subscribe/customers/key-1/schedules?{window}")).await;
        }
        "schedules_of_a_key_by_the_other_path" => {
            sim.tell("knobs", json!({ "schedule_list_shape": "array" })).await;
            return sim.get(&format!("/subscribe/payments/schedule/customers/key-1?{window}")).await;
        }
        "unscheduled" => return sim.post("/subscribe/payments/unschedule", name_it).await,
        "unschedule_refused" => {
            let other = json!({ "merchant_uid": ["order-none"] });
            return sim.post("/subscribe/payments/unschedule", other).await;
        }
        _ => panic!("no scene for {name}"),
    }
    sim.get(one).await
}

async fn key(sim: &Sim, name: &str) -> Reply {
    if name == "key_of_paypal" {
        let more = json!({ "pg": "paypal_v2", "pay_method": "paypal", "customer_uid": "key-1", "amount": 0, "currency": "USD" });
        sim.window("order-1", more).await;
        return sim.get("/subscribe/customers/key-1").await;
    }
    let issued = sim.issue("key-1", GOOD).await;
    match name {
        "key_issued" => issued,
        "key_refused" => sim.issue("key-2", "4242-4242-4242-4241").await,
        "key_found" | "key_with_card_type_as_text" => sim.get("/subscribe/customers/key-1").await,
        "key_not_found" => sim.get("/subscribe/customers/key-none").await,
        "key_not_found_with_200" => {
            sim.tell("knobs", json!({ "unknown_key": "refused" })).await;
            sim.get("/subscribe/customers/key-none").await
        }
        "keys_partly" => sim.get("/subscribe/customers?customer_uid[]=key-1&customer_uid[]=key-none").await,
        "key_payments" => {
            sim.again("key-1", "order-1").await.ok();
            sim.get("/subscribe/customers/key-1/payments").await
        }
        "key_deleted" => sim.delete("/subscribe/customers/key-1").await,
        "key_deleted_before" => {
            sim.delete("/subscribe/customers/key-1").await.ok();
            sim.delete("/subscribe/customers/key-1").await
        }
        _ => panic!("no scene for {name}"),
    }
}

async fn cancel(sim: &Sim, name: &str) -> Reply {
    let row = sim.window("order-1", json!({})).await;
    let body = json!({ "imp_uid": row["imp_uid"], "reason": "예시" });
    match name {
        "cancel_done" => sim.post("/payments/cancel", body).await,
        "cancel_of_a_part_done" => {
            let part = json!({ "imp_uid": row["imp_uid"], "reason": "예시", "amount": 1000, "checksum": 11_000 });
            sim.post("/payments/cancel", part).await
        }
        "cancel_refused_done_before" => {
            sim.post("/payments/cancel", body.clone()).await.ok();
            sim.post("/payments/cancel", body).await
        }
        "cancel_refused_no_payment" => sim.post("/payments/cancel", json!({ "imp_uid": "imp_100000000001" })).await,
        _ => panic!("no scene for {name}"),
    }
}

async fn vbank(sim: &Sim, name: &str) -> Reply {
    let settings = json!([{
        "pg_provider": "settle", "pg_id": "EXAMPLE01", "sandbox": false, "type": "payment",
        "channel_name": "예시", "channel_key": "channel-key-1",
    }]);
    sim.tell("channels", settings).await;
    let now = sim.now().await;
    let body = json!({
        "channel_key": "channel-key-1", "merchant_uid": "order-1", "amount": 30_000, "name": "예시", "vbank_code": "088",
        "vbank_due": now + 86_400, "vbank_holder": "예시상점", "buyer_name": "예시", "buyer_tel": "01000000000",
    });
    let issued = sim.post("/vbanks", body).await;
    if name == "vbank_issued" {
        return issued;
    }
    let row = issued.ok();
    let path = format!("/vbanks/{}", uid(&row));
    match name {
        "vbank_changed" => sim.put(&path, json!({ "vbank_due": now + 2 * 86_400 })).await,
        "vbank_not_waiting" => {
            sim.tell("vbank/deposit", json!({ "imp_uid": row["imp_uid"] })).await;
            sim.put(&path, json!({ "vbank_due": now + 2 * 86_400 })).await
        }
        "vbank_closed" => sim.delete(&format!("{path}?pg_api_key=key")).await,
        _ => panic!("no scene for {name}"),
    }
}

async fn receipt(sim: &Sim, name: &str) -> Reply {
    let row = sim.window("order-1", json!({ "pay_method": "trans" })).await;
    let path = format!("/receipts/{}", uid(&row));
    let identifier = json!({ "identifier": "01000000000" });
    if name == "receipt_not_found" {
        return sim.get(&path).await;
    }
    if name == "receipt_failed" {
        return sim.post(&path, json!({ "identifier": "nobody" })).await;
    }
    let issued = sim.post(&path, identifier.clone()).await;
    match name {
        "receipt_issued" => issued,
        "receipt_issued_before" => sim.post(&path, identifier).await,
        "receipt_found" => sim.get(&path).await,
        "receipt_revoked" => sim.delete(&path).await,
        _ => panic!("no scene for {name}"),
    }
}
