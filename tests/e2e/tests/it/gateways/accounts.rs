//! Virtual accounts without a window, and more time for them, by the rules of the gateway that issues them.

use billing::pg::{Field, Operation};
use e2e::stack::JsonBody;
use reqwest::Method;
use rules::cases::Case;
use serde_json::{Value, json};

use super::requests::{Dates, body};
use super::{Line, Wrong, lines};
use crate::reply::Reply;
use crate::world::World;

const HOUR: i64 = 3_600;

/// The order for an account, as the API takes it. It says only once for which moment.
fn ordered(case: &Case, dates: &Dates) -> Value {
    let mut asked = body(case, dates);
    asked["pg"] = json!(case.gateway);
    let holder = asked.as_object_mut().expect("an object").remove("vbank_holder");
    asked["vbank"] = json!({ "code": "004", "due": dates.now + 24 * HOUR });
    if let Some(holder) = holder {
        asked["vbank"]["holder"] = holder;
    }
    asked
}

/// The same as the PSP takes it.
fn sent(case: &Case, dates: &Dates, channel_key: &Value) -> Value {
    let mut asked = ordered(case, dates);
    let vbank = asked.as_object_mut().expect("an object").remove("vbank").expect("an account");
    (asked["vbank_code"], asked["vbank_due"]) = (vbank["code"].clone(), vbank["due"].clone());
    if vbank["holder"].is_string() {
        asked["vbank_holder"] = vbank["holder"].clone();
    }
    asked["channel_key"] = channel_key.clone();
    asked
}

impl World {
    /// The key of the channel that issues accounts at a gateway.
    async fn channel_of(&self, gateway: &str) -> Value {
        let channels = self.channels().await;
        let all = channels.as_array().expect("channels");
        let of = all.iter().find(|it| it["pg_provider"] == gateway && it["type"] == "api_payment");
        of.unwrap_or_else(|| panic!("{gateway}: {channels}"))["channel_key"].clone()
    }

    async fn more_time(&self, merchant_uid: &str, due: i64) -> Reply {
        let request = self.request("PATCH", &format!("/checkouts/{merchant_uid}")).bearer_auth(self.merchant());
        self.send(request.json_body(&json!({ "vbank": { "due": due } }))).await
    }
}

#[tokio::test]
async fn an_account_is_issued_by_the_rules_of_its_gateway_or_not_at_all() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let (lines, mut wrong) = (lines(&[Operation::Account]), Wrong::default());
    let before = world.so_far().await;
    for line in &lines {
        wrong.refused(line, &world.checkout(&ordered(&line.broken, &dates)).await, "");
    }
    wrong.left_nothing(world.nothing_since(before).await, "all");
    for line in &lines {
        if !line.is_impossible() {
            wrong.taken(line, &world.checkout(&ordered(&line.kept, &dates)).await);
        }
        let channel_key = world.channel_of(line.broken.gateway).await;
        wrong.refused_there(line, &world.past_us("/vbanks", &sent(&line.broken, &dates, &channel_key)).await);
    }
    assert!(lines.len() > 10, "{}", lines.len());
    wrong.none();
}

/// Hecto's alone are given more time, if nothing of the order is free of tax.
#[tokio::test]
async fn an_account_is_given_more_time_where_its_gateway_gives_any_or_stays() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let (lines, mut wrong) = (lines(&[Operation::ExtendAccount]), Wrong::default());
    let later = dates.now + 48 * HOUR;
    let issued = async |line: &Line, broken: bool| {
        let mut order = Case::kept(line.kept.gateway, Operation::Account, "vbank");
        if let Some(free) = line.broken.get(Field::TaxFree).filter(|_| broken) {
            order.say(Field::TaxFree, free);
        }
        world.checkout(&ordered(&order, &dates)).await.ok(201)
    };
    for line in &lines {
        let account = issued(line, true).await;
        let uid = account["merchant_uid"].as_str().unwrap();
        let before = world.so_far().await;
        wrong.refused(line, &world.more_time(uid, later).await, "");
        wrong.left_nothing(world.nothing_since(before).await, line.rule.id);
        let path = format!("/vbanks/{}", account["imp_uid"].as_str().unwrap());
        wrong.refused_there(line, &world.past_us_by(Method::PUT, &path, &json!({ "vbank_due": later })).await);
        if !line.is_impossible() {
            let account = issued(line, false).await;
            wrong.taken(line, &world.more_time(account["merchant_uid"].as_str().unwrap(), later).await);
        }
    }
    assert!(lines.len() > 5, "{}", lines.len());
    wrong.none();
}
