//! The main path, as a newcomer walks it: register a card, charge it, schedule, let time pass, and see the webhook settle.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::shop::{card, card_form};
use crate::table::same_as_psp;
use crate::world::World;

/// Far enough ahead for a schedule, near enough for a test.
const SOON: i64 = 600;
/// After its time a schedule is left this long before anyone asks about it.
const OVERDUE: i64 = 900;

#[tokio::test]
async fn a_key_is_issued_with_either_spelling_of_the_expiry() {
    let world = World::shared().await;
    for expiry in ["2040-12", "204012"] {
        let customer_id = fresh("tour");
        let mut form = card_form(card::APPROVES);
        form["expiry"] = json!(expiry);
        let reply = world.issue(&world.customer(&customer_id), &fresh("issue"), &form).await;
        let key = reply.ok(201);
        let customer_uid = key["customer_uid"].as_str().unwrap();
        assert_eq!(reply.header("location"), format!("/billing-keys/{customer_uid}"));
        assert_eq!((&key["status"], &key["customer_id"]), (&json!("active"), &json!(customer_id)));
        assert_eq!(key["card_number"], "424242******4242", "masked");

        let psp = world.key_at_psp(customer_uid).await.expect("the key is at the PSP");
        for name in ["card_number", "card_name", "card_code", "pg_provider", "pg_id", "inserted"] {
            assert_eq!(key[name], psp[name], "{name}");
        }
        assert_eq!(psp["customer_id"], customer_id);
        let row = world.key_row(customer_uid).await;
        assert_eq!((&row["state"], &row["due_at"]), (&json!("active"), &Value::Null), "nothing is owed");
    }
}

#[tokio::test]
async fn a_key_carries_its_holder_to_the_psp_and_not_into_the_row() {
    let world = World::shared().await;
    let customer_id = fresh("tour");
    let mut form = card_form(card::APPROVES);
    let holder = json!({
        "customer_name": "홍길동", "customer_tel": "010-4242-4242", "customer_email": "gildong@gmail.com",
        "customer_addr": "서울특별시 강남구 신사동", "customer_postcode": "01181", "customer_id": customer_id,
    });
    form.as_object_mut().unwrap().extend(holder.as_object().unwrap().clone());
    let key = world.issue(&world.merchant(), &fresh("issue"), &form).await.ok(201);
    let customer_uid = key["customer_uid"].as_str().unwrap();
    let psp = world.key_at_psp(customer_uid).await.unwrap();
    assert_eq!((&psp["customer_name"], &psp["customer_postcode"]), (&json!("홍길동"), &json!("01181")));
    assert_eq!(psp["customer_tel"], "01042424242", "without separators, as the PSP wants it");
    let row = world.key_row(customer_uid).await.to_string();
    for text in ["홍길동", "4242-4242", "01042424242", "gildong@", "신사동"] {
        assert!(!row.contains(text), "{text} is nobody's business here: {row}");
    }
}

#[tokio::test]
async fn a_charge_is_paid_and_its_row_equals_the_psps_record() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("tour");
    let paid = world.charge(&buyer.order(&uid)).await.ok(200);
    let payment = world.payment(&uid).await;
    same_as_psp(&world.the_row(&uid).await, &payment);
    for name in ["imp_uid", "merchant_uid", "customer_uid", "amount", "currency", "status", "paid_at", "pg_tid"] {
        assert_eq!(paid[name], payment[name], "{name}");
    }
    assert_eq!((&paid["state"], &paid["cancel_amount"]), (&json!("paid"), &json!(0)));
    assert_eq!(paid["customer_id"], buyer.customer_id);
    assert_eq!(world.charge_status(&uid).await, paid, "and so it stays");
    let own = world.call("GET", &format!("/charges/{uid}"), &world.customer(&buyer.customer_id)).await.ok(200);
    assert_eq!(own, paid, "its customer sees the same");
}

#[tokio::test]
async fn a_declined_charge_says_why_and_its_row_equals_the_psps_record() {
    let world = World::shared().await;
    let buyer = world.buyer(card::DECLINES).await;
    let uid = fresh("tour");
    let problem = world.charge(&buyer.order(&uid)).await.problem(402, "card_declined");
    let payment = world.payment(&uid).await;
    assert_eq!((&problem["fail_reason"], &problem["imp_uid"]), (&payment["fail_reason"], &payment["imp_uid"]));
    assert_eq!((&problem["merchant_uid"], &problem["retryable"]), (&json!(uid), &json!(false)));
    same_as_psp(&world.the_row(&uid).await, &payment);
    let seen = world.charge_status(&uid).await;
    assert_eq!((&seen["status"], &seen["fail_reason"]), (&json!("failed"), &payment["fail_reason"]));
    assert_eq!(seen["paid_at"], Value::Null);
}

#[tokio::test]
async fn a_schedule_runs_in_its_time_and_a_json_webhook_settles_it() {
    runs_and_is_settled_by_a_webhook("json").await;
}

#[tokio::test]
async fn a_schedule_runs_in_its_time_and_a_form_webhook_settles_it() {
    runs_and_is_settled_by_a_webhook("form").await;
}

async fn runs_and_is_settled_by_a_webhook(format: &str) {
    let world = World::alone().await;
    world.webhook_settings(json!({ "format": format })).await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("tour");
    let at = world.now().await + SOON;
    let answer = world.register(&buyer.schedules(&[(&uid, at)])).await.ok(201);
    assert_eq!(answer["list"].as_array().unwrap().len(), 1);
    let entry = &answer["list"][0];
    assert_eq!((&entry["merchant_uid"], &entry["schedule_at"]), (&json!(uid), &json!(at)));
    assert_eq!((&entry["status"], &entry["schedule_status"]), (&json!("scheduled"), &json!("scheduled")));
    let psp = world.schedule_at_psp(&uid).await.unwrap();
    assert_eq!((&psp["schedule_at"], &psp["amount"], &psp["currency"]), (&json!(at), &json!(8900), &json!("KRW")));
    assert_eq!(world.the_row(&uid).await["due_at"], at + OVERDUE, "owed if there is no news");

    world.advance(SOON - 5).await;
    assert!(world.payments(&uid).await.is_empty(), "not before its time");
    world.advance(10).await;
    let webhooks = world.webhooks_of(&uid).await;
    assert_eq!(webhooks.len(), 1, "{webhooks:?}");
    assert_eq!((&webhooks[0]["state"], &webhooks[0]["format"]), (&json!("delivered"), &json!(format)));
    let payment = world.payment(&uid).await;
    assert_eq!(payment["customer_uid_usage"], "payment.scheduled");
    same_as_psp(&world.the_row(&uid).await, &payment);
    let seen = world.call("GET", &format!("/schedules/{uid}"), &world.customer(&buyer.customer_id)).await.ok(200);
    assert_eq!((&seen["status"], &seen["schedule_status"]), (&json!("paid"), &json!("executed")));
    assert_eq!(seen["imp_uid"], payment["imp_uid"]);
}

#[tokio::test]
async fn a_schedule_whose_webhook_is_lost_is_settled_by_the_sweep() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let poor = world.buyer(card::DECLINES).await;
    let (paid, declined) = (world.scheduled(&buyer, SOON).await, world.scheduled(&poor, SOON).await);
    world.webhook_settings(json!({ "drop": true })).await;
    world.advance(SOON + 1).await;
    world.sweep().await;
    for uid in [&paid, &declined] {
        assert_eq!(world.webhooks_of(uid).await[0]["state"], "dropped");
        assert_eq!(world.the_row(uid).await["state"], "scheduled", "the webhook usually comes first: not asked yet");
    }
    world.advance(OVERDUE).await;
    world.sweep().await;
    for uid in [&paid, &declined] {
        same_as_psp(&world.the_row(uid).await, &world.payment(uid).await);
    }
    let seen = world.charge_status(&declined).await;
    assert_eq!(
        (&seen["status"], &seen["fail_reason"]),
        (&json!("failed"), &world.payment(&declined).await["fail_reason"])
    );
    assert_eq!(world.sweep().await["settled"], 0, "nothing is left of it");
}

#[tokio::test]
async fn a_hundred_schedules_are_registered_with_one_post_and_all_settle() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uids: Vec<String> = (0..100).map(|_| fresh("tour")).collect();
    let first = world.now().await + SOON;
    let wanted: Vec<(&str, i64)> = uids.iter().zip(first..).map(|(uid, at)| (uid.as_str(), at)).collect();
    let before = world.requests_so_far().await;
    let answer = world.register(&buyer.schedules(&wanted)).await.ok(201);
    let list = answer["list"].as_array().unwrap();
    let order: Vec<&str> = list.iter().map(|entry| entry["merchant_uid"].as_str().unwrap()).collect();
    assert_eq!(order, uids, "each in its place");
    assert!(list.iter().all(|entry| entry["status"] == "scheduled"), "{answer}");
    let mut posts = world.requests_since(before).await;
    posts.retain(|request| request["path"] == crate::psp::SCHEDULE);
    assert_eq!(posts.len(), 1, "{posts:?}");

    world.advance(SOON + 120).await;
    let ledger = world.ledger().await;
    let mut unsettled = 0;
    for uid in &uids {
        let paid = ledger.iter().filter(|payment| payment["merchant_uid"] == *uid && payment["status"] == "paid");
        assert_eq!(paid.count(), 1, "{uid}");
        unsettled += usize::from(world.the_row(uid).await["state"] != "paid");
    }
    assert_eq!(unsettled, 0, "rows that their webhook did not settle");
}

#[tokio::test]
async fn a_schedule_is_moved_revoked_and_cannot_be_changed_once_it_ran() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let merchant = world.merchant();
    let (moved, revoked) = (world.scheduled(&buyer, SOON).await, world.scheduled(&buyer, SOON + 1).await);

    let later = world.now().await + SOON + 3_600;
    let path = format!("/schedules/{moved}");
    let change = world.request("PATCH", &path).bearer_auth(&merchant).header("content-type", "application/json");
    let change = world.send(change.body(json!({ "schedule_at": later }).to_string())).await.ok(200);
    assert_eq!((&change["schedule_at"], &change["status"]), (&json!(later), &json!("scheduled")));
    assert_eq!(world.schedule_at_psp(&moved).await.unwrap()["schedule_at"], later);

    for _ in 0..2 {
        let gone = world.call("DELETE", &format!("/schedules/{revoked}"), &merchant).await.ok(200);
        assert_eq!((&gone["status"], &gone["schedule_status"]), (&json!("revoked"), &json!("revoked")));
    }
    assert_eq!(world.schedule_at_psp(&revoked).await.unwrap()["schedule_status"], "revoked");

    world.advance(SOON + 10).await;
    assert!(world.payments(&moved).await.is_empty(), "moved, so not yet");
    world.advance(3_600).await;
    same_as_psp(&world.the_row(&moved).await, &world.payment(&moved).await);
    assert!(world.payments(&revoked).await.is_empty(), "revoked, so never");

    let before = world.the_row(&moved).await;
    let again = world.now().await + SOON;
    let change = world.request("PATCH", &path).bearer_auth(&merchant).header("content-type", "application/json");
    let change = world.send(change.body(json!({ "schedule_at": again }).to_string())).await;
    change.problem(409, "already_executed");
    world.call("DELETE", &path, &merchant).await.problem(409, "already_executed");
    assert_eq!(world.the_row(&moved).await, before, "a refused change changes nothing");
}

#[tokio::test]
async fn a_key_with_live_schedules_is_not_deleted_unless_they_go_with_it() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = world.scheduled(&buyer, SOON).await;
    let (token, path) = (world.customer(&buyer.customer_id), format!("/billing-keys/{}", buyer.customer_uid));
    world.call("DELETE", &path, &token).await.problem(409, "billing_key_in_use");
    assert!(world.key_at_psp(&buyer.customer_uid).await.is_some());
    assert_eq!(world.key_row(&buyer.customer_uid).await["state"], "active", "refused is not half done");
    assert_eq!(world.schedule_at_psp(&uid).await.unwrap()["schedule_status"], "scheduled");

    for _ in 0..2 {
        let gone = world.call("DELETE", &format!("{path}?cascade=true"), &token).await;
        assert_eq!((gone.status, gone.text.as_str()), (204, ""));
    }
    assert!(world.key_at_psp(&buyer.customer_uid).await.is_none(), "gone at the PSP");
    assert_eq!(world.schedule_at_psp(&uid).await.unwrap()["schedule_status"], "revoked");
    assert_eq!(world.the_row(&uid).await["state"], "revoked");
    let row = world.key_row(&buyer.customer_uid).await;
    assert_eq!((&row["state"], &row["due_at"]), (&json!("deleted"), &Value::Null));

    world.advance(SOON + 10).await;
    assert!(world.payments(&uid).await.is_empty(), "nothing is charged on a deleted key");
    world.charge(&buyer.order(&fresh("tour"))).await.problem(409, "billing_key_inactive");
    let list = world.call("GET", "/billing-keys", &token).await.ok(200);
    assert_eq!(list["list"][0]["status"], "deleted");
}
