//! Schedules: registering, moving, revoking.

use iamport::{
    Amount, AnyMerchantUid, Birth, CardNumber, CustomerUid, Expiry, InvalidInput, MerchantUid, NewCard, NonEmpty,
    Schedule, ScheduleItem, Unschedule,
};
use serde_json::{Value, json};

use super::{Address, BEGIN, Run, Told};
use crate::peer::Seen;
use crate::rule::Rule;

/// Longest way ahead of a schedule, in seconds (reliability, row 76).
const AHEAD_MAX: i64 = 400 * 86_400;
/// All that seeds let pass at most, in seconds.
const PASSED_MAX: i64 = 86_400;

fn scheduled(customer_uid: &Value, item: &Value, status: &str) -> Value {
    json!({
        "customer_uid": customer_uid,
        "merchant_uid": item["merchant_uid"],
        "schedule_at": item["schedule_at"],
        "amount": item["amount"],
        "currency": item["currency"],
        "schedule_status": status,
        "payment_status": null,
    })
}

impl Run<'_> {
    fn some_time_ahead(&mut self) -> i64 {
        BEGIN + PASSED_MAX + self.rng.between(300, AHEAD_MAX - PASSED_MAX)
    }

    fn check_times(&mut self, seen: &[Seen]) {
        let listed = seen.iter().flat_map(|seen| seen.body["schedules"].as_array().into_iter().flatten());
        let single = seen.iter().map(|seen| &seen.body).filter(|body| body.get("schedules").is_none());
        let times = listed.chain(single).map(|item| item["schedule_at"].as_i64());
        if let Some(wrong) =
            times.into_iter().find(|at| !at.is_some_and(|at| (BEGIN..=BEGIN + AHEAD_MAX).contains(&at)))
        {
            self.broken(Rule::ScheduleNear, format!("schedule_at {wrong:?} left at {BEGIN}"));
        }
    }

    pub(super) async fn schedule(&mut self) -> Result<(), InvalidInput> {
        const PATH: &str = "/subscribe/payments/schedule";
        let told = Told::any(self, PATH);
        let customer_uid = CustomerUid::new(self.fresh("key"))?;
        let mut items = Vec::new();
        for _ in 0..self.rng.between(1, 3) {
            let (order, at) = (MerchantUid::new(self.fresh("order"))?, self.some_time_ahead());
            items.push(ScheduleItem::new(order, at, Amount::from_minor(8_900, 0), "KRW", "plan")?);
        }
        let mut request = Schedule::new(customer_uid, NonEmpty::try_from(items)?);
        if self.rng.chance(400) {
            request.new_card = Some(NewCard {
                card_number: CardNumber::new(self.canaries.card.as_str())?,
                expiry: Expiry::new("2040-12")?,
                birth: Some(Birth::new(self.canaries.birth.as_str())?),
                pwd_2digit: None,
                cvc: None,
            });
        }
        let answer = told.clone();
        self.peer.script(move |seen| {
            answer.answer(|_| {
                let items = seen.body["schedules"].as_array().into_iter().flatten();
                items.map(|item| scheduled(&seen.body["customer_uid"], item, "scheduled")).collect()
            })
        });
        let address = Address { method: "POST", path: PATH.to_owned() };
        let client = self.client.clone();
        let (_, seen) = self.change("schedule", &request, &address, client.schedule(&request)).await;
        self.check_times(&seen);
        Ok(())
    }

    pub(super) async fn move_schedule(&mut self) -> Result<(), InvalidInput> {
        let order = MerchantUid::new(self.fresh("order"))?;
        let path = format!("/subscribe/payments/schedule/{order}");
        let (told, at) = (Told::any(self, &path), self.some_time_ahead());
        let (answer, named) = (told.clone(), order.to_string());
        self.peer.script(move |seen| {
            answer.answer(|state| {
                let item = json!({ "merchant_uid": named, "schedule_at": seen.body["schedule_at"], "amount": 8_900 });
                // A state of a schedule that is not known yet is no reason to stop either.
                let known = ["scheduled", "executed", "revoked"].contains(&state);
                scheduled(&json!("key"), &item, if known { state } else { "held" })
            })
        });
        let address = Address { method: "PUT", path };
        let client = self.client.clone();
        let (_, seen) = self.change("move", &order, &address, client.move_schedule(&order, at)).await;
        self.check_times(&seen);
        Ok(())
    }

    pub(super) async fn unschedule(&mut self) -> Result<(), InvalidInput> {
        const PATH: &str = "/subscribe/payments/unschedule";
        let told = Told::any(self, PATH);
        let mut orders = Vec::new();
        for _ in 0..self.rng.between(1, 3) {
            orders.push(AnyMerchantUid::new(self.fresh("order"))?);
        }
        let named: Value = orders.iter().map(|order| json!(order.as_str())).collect();
        let mut request = Unschedule::new(NonEmpty::try_from(orders)?);
        if self.rng.chance(700) {
            request.customer_uid = Some(CustomerUid::new(self.fresh("key"))?);
        }
        let answer = told.clone();
        self.peer.script(move |seen| {
            answer.answer(|_| {
                let orders = seen.body["merchant_uid"].as_array().into_iter().flatten();
                let item = |order| json!({ "merchant_uid": order, "schedule_at": BEGIN, "amount": 8_900 });
                orders.map(|order| scheduled(&json!("key"), &item(order), "revoked")).collect()
            })
        });
        let address = Address { method: "POST", path: PATH.to_owned() };
        let client = self.client.clone();
        let (_, seen) = self.change("unschedule", &request, &address, client.unschedule(&request)).await;
        if let Some(sent) = seen.iter().map(|seen| &seen.body["merchant_uid"]).find(|sent| **sent != named) {
            self.broken(Rule::RevokedByNumber, format!("{sent} left to revoke {named}"));
        }
        Ok(())
    }
}
