//! Refunds, by the rules of the gateway that was paid.

use billing::pg::{Demand, Field, Operation};
use e2e::stack::fresh;
use rules::cases::{AMOUNT, Case};
use serde_json::{Value, json};

use super::requests::{Dates, body};
use super::{Line, Wrong, lines};
use crate::shop::card;
use crate::world::World;

const DAY: i64 = 86_400;

/// How many days after the payment a rule is broken.
fn days(line: &Line) -> i64 {
    match line.rule.demand {
        Demand::SameMonth(_) | Demand::SameMonthOrAccount => 31,
        Demand::Days(days) => days + 1,
        Demand::Months(months) => months * 31 + 1,
        _ => 0,
    }
}

/// What a refund says.
fn refund(case: &Case) -> Value {
    let whole = case.facts.refunded.is_some_and(|refunded| refunded.whole);
    let mut body = json!({ "amount": if whole { AMOUNT } else { 1_000 } });
    for (field, value) in &case.facts.fields {
        match field {
            Field::RefundAccount => {
                body["refund_holder"] = json!("홍길동");
                body["refund_bank"] = json!("88");
                body["refund_account"] = json!("110123456789");
            }
            Field::Reason => body["reason"] = json!(value),
            _ => {}
        }
    }
    if body["refund_account"].is_string() && case.get(Field::RefundTel).is_some() {
        body["refund_tel"] = json!("01042424242");
    }
    body
}

impl World {
    /// An order that was paid at a gateway: its number.
    async fn paid_at(&self, case: &Case, dates: &Dates) -> String {
        self.paid_in(&Case::kept(case.gateway, Operation::Window, case.pay_method), dates).await
    }

    /// An order that was paid in this window: its number.
    pub(super) async fn paid_in(&self, case: &Case, dates: &Dates) -> String {
        let asked = body(case, dates);
        let opened = self.checkout(&asked).await.ok(201);
        let form = match case.pay_method {
            "card" => json!({ "card_number": card::APPROVES, "expiry": "2099-12" }),
            _ => json!({}),
        };
        let payment = self.in_window(&opened["request_pay"], form).await;
        let uid = asked["merchant_uid"].as_str().unwrap().to_owned();
        if payment["status"] == "ready" {
            self.sim("vbank/deposit", json!({ "imp_uid": payment["imp_uid"] })).await;
        }
        self.eventually("it is paid", || async { (self.charge_status(&uid).await["status"] == "paid").then_some(()) })
            .await;
        uid
    }
}

#[tokio::test]
async fn money_goes_back_by_the_rules_of_the_gateway_or_not_at_all() {
    let world = World::alone().await;
    let began = world.now().await;
    let dates = Dates::from(began);
    let mut lines = lines(&[Operation::Refund]);
    lines.sort_by_key(days);
    let mut orders = Vec::new();
    world.gateway_rules(false).await;
    for line in &lines {
        let (one, other) = (world.paid_at(&line.kept, &dates).await, world.paid_at(&line.broken, &dates).await);
        let parts = line.broken.facts.refunded.map_or(0, |refunded| refunded.parts_before);
        for _ in 0..parts {
            world.refund(&other, &fresh("refund"), &json!({ "amount": 1_000 })).await.ok(200);
        }
        orders.push((one, other));
    }
    world.gateway_rules(true).await;
    let mut wrong = Wrong::default();
    for (line, (one, _)) in lines.iter().zip(&orders).filter(|(line, _)| !line.is_impossible()) {
        wrong.taken(line, &world.refund(one, &fresh("refund"), &refund(&line.kept)).await);
    }
    for (line, (_, other)) in lines.iter().zip(&orders) {
        world.advance_to(began + days(line) * DAY).await;
        let (writes, asked) = (world.writes_so_far().await, refund(&line.broken));
        wrong.refused(line, &world.refund(other, &fresh("refund"), &asked).await, "");
        let paid = world.charge_status(other).await["status"] == "paid";
        wrong.left_nothing(paid && world.writes_so_far().await == writes, line.rule.id);
        let mut past = asked;
        past["merchant_uid"] = json!(other);
        past["extra"] = json!({ "requester": "admin" });
        wrong.refused_there(line, &world.past_us("/payments/cancel", &past).await);
    }
    assert!(lines.len() > 15, "{}", lines.len());
    wrong.none();
}
