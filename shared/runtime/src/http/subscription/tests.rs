//! Every field of a subscription and of its plan in its place, the defaults, and what is refused under which name.

use std::collections::BTreeMap;

use billing::{Currency, Money};
use serde_json::{Value, json};

use super::*;
use crate::http::order::tests::{each_field_is_refused_by_name, every_detail, merged, object, said};

fn every_plan_field() -> Value {
    let plan = json!({
        "id": "pro", "name": "월간 이용권", "amount": 8900, "currency": "KRW", "interval": "week", "interval_count": 2,
        "intro": { "amount": 900, "periods": 2, "tax_free": 100, "vat_amount": 70 }
    });
    merged(merged(plan, &every_detail()), &json!({ "extra": { "naverUseCfm": "period_end" } }))
}

fn every_field() -> Value {
    let plan = merged(
        every_plan_field(),
        &json!({ "retry_days": [2, 4], "give_up": "unpaid", "refund": "unused", "without_consent": "old_price" }),
    );
    json!({
        "customer_uid": "key1", "customer_id": "kim", "plan": plan, "anchor_day": 31, "due_hour": 9,
        "start_at": 1_795_478_400, "trial_days": 14, "periods": 12, "fallback_cards": true,
        "metadata": { "source": "app", "note": "" }
    })
}

fn pro() -> NewPlan {
    let details = billing::order::Details { naver_use_cfm: Some("period_end".to_owned()), ..said() };
    let intro = Intro { amount: 900, periods: 2, tax_free: Some(100), vat_amount: Some(70) };
    NewPlan {
        id: PlanId::parse("pro").unwrap(),
        price: Price::new("월간 이용권".to_owned(), Money::krw(8_900), details)
            .unwrap()
            .with_intro(Some(intro))
            .unwrap(),
        interval: Interval::new(Unit::Week, 2).unwrap(),
    }
}

fn read(body: &Value) -> Result<NewSubscription, Invalid> {
    let mut object = object(body);
    let new = subscription(&mut object, "8f3a-0001".to_owned())?;
    object.finish()?;
    Ok(new)
}

#[test]
fn every_field_of_a_subscription_is_read_into_its_place() {
    let new = read(&every_field()).unwrap();
    assert_eq!(new.idempotency_key, "8f3a-0001");
    assert_eq!(new.customer_uid, CustomerUid::parse("key1").unwrap());
    assert_eq!(new.customer_id, CustomerId::parse("kim").ok());
    assert_eq!((&new.plan.id, &new.plan.price, new.plan.interval), (&pro().id, &pro().price, pro().interval));
    assert_eq!((new.anchor_day, new.due_hour, new.start_at), (Some(31), 9, Some(Timestamp(1_795_478_400))));
    assert_eq!((new.trial_days, new.periods_max, new.fallback_cards), (Some(14), Some(12), true));
    assert_eq!(new.dunning, Dunning::new(vec![2, 4], GiveUp::Unpaid).unwrap());
    assert_eq!((new.refund, new.without_consent), (RefundPolicy::Unused, WithoutConsent::OldPrice));
    let notes = [("source", "app"), ("note", "")].map(|(name, note)| (name.to_owned(), note.to_owned()));
    assert_eq!(new.metadata, BTreeMap::from(notes));
    each_field_is_refused_by_name(&every_field(), |object| subscription(object, String::new()));
}

#[test]
fn what_is_not_said_is_the_default() {
    let bare = json!({ "customer_uid": "key1", "plan": { "name": "Pass", "amount": 8900, "interval": "month" } });
    let new = read(&bare).unwrap();
    assert_eq!(new.plan.id.as_str(), "Pass", "its name stands for it");
    assert_eq!(new.plan.interval, Interval::new(Unit::Month, 1).unwrap());
    assert_eq!(new.plan.price.amount, Money::new(8_900, Currency::Krw));
    assert_eq!((new.customer_id, new.anchor_day, new.due_hour, new.start_at), (None, None, DUE_HOUR, None));
    assert_eq!((new.trial_days, new.periods_max, new.fallback_cards), (None, None, false));
    assert_eq!((new.dunning, new.metadata), (Dunning::default(), BTreeMap::new()));
    let with = |of: Value| read(&merged(bare.clone(), &json!({ "plan": merged(bare["plan"].clone(), &of) }))).unwrap();
    let days = |days: &[u16], give_up| Dunning::new(days.to_vec(), give_up).unwrap();
    assert_eq!(with(json!({ "retry_days": [] })).dunning, days(&[], GiveUp::Cancel));
    assert_eq!(with(json!({ "give_up": "unpaid" })).dunning, days(&[1, 3, 5, 7], GiveUp::Unpaid));
}

#[test]
fn a_plan_is_an_object_and_each_of_its_fields_is_named_with_it() {
    let plan = |plan: Value| {
        let invalid = read(&json!({ "customer_uid": "key1", "plan": plan })).err().unwrap();
        (invalid.field, invalid.code)
    };
    let with = |of: Value| plan(merged(every_plan_field(), &of));
    let refused = |field: &str, code: &str| (field.to_owned(), code.to_owned());
    assert_eq!(plan(json!("pro")), refused("plan", "plan_unavailable"));
    assert_eq!(plan(json!(null)), refused("plan", "plan_required"));
    assert_eq!(plan(json!(["pro"])), refused("plan", "field_type"));
    assert_eq!(with(json!({ "amount": null })), refused("plan.amount", "amount_required"));
    assert_eq!(with(json!({ "name": null })), refused("plan.name", "name_required"));
    assert_eq!(with(json!({ "interval": null })), refused("plan.interval", "interval_required"));
    assert_eq!(with(json!({ "interval": "fortnight" })), refused("plan.interval", "interval_invalid"));
    assert_eq!(with(json!({ "interval_count": 0 })), refused("plan.interval_count", "interval_count_invalid"));
    assert_eq!(with(json!({ "id": "" })), refused("plan.id", "id_invalid"));
    assert_eq!(with(json!({ "id": null, "name": "가".repeat(41) })), refused("plan.id", "id_invalid"));
    assert_eq!(
        with(json!({ "extra": { "naverUseCfm": "20261231" } })),
        refused("plan.extra.naverUseCfm", "extra_invalid")
    );
    assert_eq!(with(json!({ "give_up": "never" })), refused("plan.give_up", "give_up_invalid"));
    for days in [json!([3, 2]), json!([0]), json!([65_536]), json!([4_294_967_295_u32]), json!([70_000, 70_001])] {
        assert_eq!(with(json!({ "retry_days": days })), refused("plan.retry_days", "retry_days_invalid"), "{days}");
    }
    assert_eq!(with(json!({ "colour": 1 })), refused("plan.colour", "unknown_field"));
}

#[test]
fn another_plan_has_a_price_and_no_dunning_of_its_own() {
    let mut body = object(&json!({ "plan": every_plan_field() }));
    let plan = other_plan(&mut body).unwrap();
    assert_eq!((plan.id, plan.price, plan.interval), (pro().id, pro().price, pro().interval));
    assert_eq!(body.finish(), Ok(()));
    let with = merged(every_plan_field(), &json!({ "retry_days": [2] }));
    assert_eq!(other_plan(&mut object(&json!({ "plan": with }))).err().unwrap().field, "plan.retry_days");
    assert_eq!(other_plan(&mut object(&json!({}))).err().unwrap().code, "plan_required");
}
