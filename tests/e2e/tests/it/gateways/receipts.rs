//! Cash receipts, by the rules of the gateway that was paid.

use billing::pg::{Field, Operation};
use reqwest::Method;
use rules::cases::Case;
use rules::reach::deposited;
use serde_json::{Value, json};

use super::requests::Dates;
use super::{Wrong, lines};
use crate::reply::Reply;
use crate::world::World;

const TELEPHONE: &str = "01042424242";
const TAXCARD: &str = "1234567890123456";

/// What is said of a receipt: whom it names. The rest is of its order.
fn wish(case: &Case) -> Value {
    match case.get(Field::Taxcard) {
        Some(_) => json!({ "identifier": TAXCARD, "identifier_type": "taxcard" }),
        None => json!({ "identifier": TELEPHONE }),
    }
}

/// The same as the PSP takes it.
fn sent(case: &Case) -> Value {
    let mut asked = wish(case);
    asked["identifier_type"] = json!(if case.get(Field::Taxcard).is_some() { "taxcard" } else { "phone" });
    for field in [Field::BuyerName, Field::BuyerTel, Field::ProductType] {
        if let Some(value) = case.get(field) {
            asked[field.name()] = json!(value);
        }
    }
    asked
}

impl World {
    /// An order that was paid at the gateway of the case, and says of itself what the case says; its number.
    async fn deposited_at(&self, case: &Case, dates: &Dates) -> String {
        let method = deposited(case.gateway).expect("a method");
        let mut window = Case::kept(case.gateway, Operation::Window, method);
        if case.operation == Operation::Receipt {
            for field in [Field::BuyerName, Field::BuyerTel, Field::ProductType] {
                match case.get(field) {
                    Some(value) => window.say(field, value),
                    None => window.empty(field),
                }
            }
        }
        self.paid_in(&window, dates).await
    }

    async fn receipt(&self, merchant_uid: &str, wish: &Value) -> Reply {
        self.post(&format!("/charges/{merchant_uid}/receipt"), &self.merchant(), wish).await
    }

    async fn no_receipt(&self, merchant_uid: &str) -> Reply {
        self.call("DELETE", &format!("/charges/{merchant_uid}/receipt"), &self.merchant()).await
    }

    async fn imp_uid_of(&self, merchant_uid: &str) -> String {
        self.charge_status(merchant_uid).await["imp_uid"].as_str().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_receipt_is_issued_by_the_rules_of_the_gateway_or_not_at_all() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let (lines, mut wrong) = (lines(&[Operation::Receipt]), Wrong::default());
    let mut orders = Vec::new();
    world.gateway_rules(false).await;
    for line in &lines {
        let other = world.deposited_at(&line.broken, &dates).await;
        let one = if line.is_impossible() { other.clone() } else { world.deposited_at(&line.kept, &dates).await };
        orders.push((one, other));
    }
    world.gateway_rules(true).await;
    for (line, (one, other)) in lines.iter().zip(&orders) {
        let before = world.so_far().await;
        wrong.refused(line, &world.receipt(other, &wish(&line.broken)).await, "");
        wrong.left_nothing(world.nothing_since(before).await, line.rule.id);
        let path = format!("/receipts/{}", world.imp_uid_of(other).await);
        wrong.refused_there(line, &world.past_us(&path, &sent(&line.broken)).await);
        if !line.is_impossible() {
            wrong.taken(line, &world.receipt(one, &wish(&line.kept)).await);
        }
    }
    assert!(lines.len() > 15, "{}", lines.len());
    wrong.none();
}

/// One that the gateway has issued by itself, as its customer wished in the window, is in the way of nothing and stays.
#[tokio::test]
async fn a_receipt_is_taken_back_where_its_gateway_takes_any_or_stays() {
    let world = World::alone().await;
    let dates = Dates::from(world.now().await);
    let (lines, mut wrong) = (lines(&[Operation::CancelReceipt]), Wrong::default());
    for line in &lines {
        world.gateway_rules(false).await;
        let order = world.deposited_at(&line.broken, &dates).await;
        let imp_uid = world.imp_uid_of(&order).await;
        world.sim("receipts", json!({ "imp_uid": imp_uid })).await;
        // It is found as somebody asks for one.
        world.receipt(&order, &wish(&line.broken)).await;
        world.gateway_rules(true).await;
        let before = world.so_far().await;
        wrong.refused(line, &world.no_receipt(&order).await, "");
        wrong.left_nothing(world.nothing_since(before).await, line.rule.id);
        let path = format!("/receipts/{imp_uid}");
        wrong.refused_there(line, &world.past_us_by(Method::DELETE, &path, &json!({})).await);
    }
    assert!(lines.len() > 1, "{}", lines.len());
    wrong.none();
}
