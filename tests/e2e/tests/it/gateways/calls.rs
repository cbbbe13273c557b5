//! Calls that some gateways take and others do not: keys for typed cards, the deletion of keys, and moves of schedules. Windows, charges
//! and schedules are asked for with the rest of what a gateway's rules say.

use billing::pg::{Field, Operation};
use e2e::stack::{JsonBody, fresh};
use reqwest::Method;
use rules::cases::Case;
use serde_json::{Value, json};

use super::requests::Dates;
use super::{Wrong, lines};
use crate::reply::Reply;
use crate::shop::{Buyer, card, card_form};
use crate::world::World;

const DAY: i64 = 86_400;
/// On the list of each call.
const TAKES_ALL: &str = "nice";

/// A card form that says what the case says.
fn form(case: &Case) -> Value {
    let mut form = card_form(card::APPROVES);
    for (field, name) in [(Field::Birth, "birth"), (Field::PwdTwoDigits, "pwd_2digit")] {
        if case.get(field).is_none() {
            form.as_object_mut().expect("an object").remove(name);
        }
    }
    if let Some(name) = case.get(Field::CustomerName) {
        form["customer_name"] = json!(name);
    }
    form["pg"] = json!(case.gateway);
    form
}

impl World {
    async fn card_key(&self, case: &Case) -> Reply {
        let mut asked = form(case);
        asked["customer_id"] = json!(fresh("buyer"));
        let request = self.request("POST", "/billing-keys").bearer_auth(self.merchant());
        self.send(request.header("idempotency-key", fresh("issue")).json_body(&asked)).await
    }

    async fn deleted(&self, buyer: &Buyer) -> Reply {
        self.call("DELETE", &format!("/billing-keys/{}", buyer.customer_uid), &self.merchant()).await
    }

    async fn moved(&self, merchant_uid: &str, to: i64) -> Reply {
        let request = self.request("PATCH", &format!("/schedules/{merchant_uid}")).bearer_auth(self.merchant());
        self.send(request.json_body(&json!({ "schedule_at": to }))).await
    }
}

#[tokio::test]
async fn a_typed_card_becomes_a_key_where_its_gateway_issues_them_or_not_at_all() {
    let world = World::alone().await;
    let (lines, mut wrong) = (lines(&[Operation::CardKey]), Wrong::default());
    let before = world.so_far().await;
    for line in &lines {
        wrong.refused(line, &world.card_key(&line.broken).await, "");
    }
    wrong.left_nothing(world.nothing_since(before).await, "all");
    for line in &lines {
        if !line.is_impossible() {
            wrong.taken(line, &world.card_key(&line.kept).await);
        }
        let path = format!("/subscribe/customers/{}", fresh("key"));
        wrong.refused_there(line, &world.past_us(&path, &form(&line.broken)).await);
    }
    let taken = Case::kept(TAKES_ALL, Operation::CardKey, "card");
    assert_eq!(world.card_key(&taken).await.ok(201).get("warnings"), None);
    for (gateway, code) in [("brand_new", "pg_unlisted"), ("settle", "gateway_rule")] {
        let issued = world.card_key(&Case { gateway, ..taken.clone() }).await.ok(201);
        assert_eq!(issued["warnings"][0]["code"], code, "{issued}");
    }
    assert!(lines.len() > 25, "{}", lines.len());
    wrong.none();
}

/// A list refuses nobody who wants their card forgotten: the gateway is asked. What it does not do is told, and is not forgotten.
#[tokio::test]
async fn a_key_is_deleted_where_its_gateway_deletes_them_and_tried_elsewhere() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    world.gateway_rules(false).await;
    let (stays, goes) = (world.key_at("uplus", "card", &dates).await, world.key_at(TAKES_ALL, "card", &dates).await);
    world.gateway_rules(true).await;
    assert_eq!(world.deleted(&goes).await.status, 204);
    let tried = world.deleted(&stays).await.ok(202);
    assert!(tried["warnings"].to_string().contains("uplus.delete_key.impossible"), "{tried}");
    assert_eq!(tried["status"], "deleting");
}

/// Toss Pay schedules charges, and moves none.
#[tokio::test]
async fn a_schedule_is_moved_where_its_keys_gateway_moves_them_or_stays() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let (lines, mut wrong) = (lines(&[Operation::MoveSchedule]), Wrong::default());
    assert_eq!(lines.iter().map(|line| line.broken.gateway).collect::<Vec<_>>(), ["tosspay_v2"]);
    world.gateway_rules(false).await;
    let there = world.key_at("tosspay_v2", "card", &dates).await;
    let elsewhere = world.key_at(TAKES_ALL, "card", &dates).await;
    world.gateway_rules(true).await;
    let (stays, moves) = (world.scheduled(&there, DAY).await, world.scheduled(&elsewhere, DAY).await);
    let (before, to) = (world.so_far().await, dates.now + 3 * DAY);
    for line in &lines {
        wrong.refused(line, &world.moved(&stays, to).await, "");
        wrong.left_nothing(world.nothing_since(before).await, line.rule.id);
        let path = format!("{}/{stays}", crate::psp::SCHEDULE);
        wrong.refused_there(line, &world.past_us_by(Method::PUT, &path, &json!({ "schedule_at": to })).await);
    }
    assert_eq!(world.moved(&moves, to).await.ok(200)["schedule_at"], to);
    // It can still be taken back.
    let revoked = world.call("DELETE", &format!("/schedules/{stays}"), &world.merchant()).await.ok(200);
    assert_eq!(revoked["status"], "revoked");
    wrong.none();
}
