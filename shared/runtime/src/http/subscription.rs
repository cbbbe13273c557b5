//! Subscriptions and their plans out of JSON bodies.

use billing::subscription::periods::DUE_HOUR;
use billing::subscription::{
    Dunning, GiveUp, Interval, Intro, NoticeDays, PlanId, Price, RefundPolicy, Unit, WithoutConsent,
};
use billing::usecase::{NewPlan, NewSubscription};
use billing::{Currency, CustomerId, CustomerUid, Invalid, Timestamp};

use super::Object;
use super::order::{currency, details, money};

/// Takes a subscription's fields out of `object`. Whether they keep the rules is checked by the domain.
///
/// # Errors
/// The first field that is missing or of the wrong form; `plan_unavailable` for a plan by its name alone.
pub fn subscription(object: &mut Object, idempotency_key: String) -> Result<NewSubscription, Invalid> {
    let customer_uid = object.required("customer_uid", CustomerUid::parse)?;
    let customer_id = object.optional("customer_id", CustomerId::parse)?;
    let mut of = plan_object(object)?;
    let dunning = dunning(&mut of)?;
    let refund = of.optional("refund", RefundPolicy::parse)?.unwrap_or_default();
    let without_consent = of.optional("without_consent", WithoutConsent::parse)?.unwrap_or_default();
    let notice_days =
        of.integer("notice_days")?.map(NoticeDays::new).transpose().map_err(|invalid| of.placed(invalid))?;
    let plan = plan(&mut of)?;
    of.finish()?;
    Ok(NewSubscription {
        idempotency_key,
        customer_id,
        customer_uid,
        plan,
        anchor_day: object.integer("anchor_day")?,
        due_hour: object.integer("due_hour")?.unwrap_or(DUE_HOUR),
        start_at: object.integer("start_at")?.map(Timestamp),
        trial_days: object.integer("trial_days")?,
        periods_max: object.integer("periods")?,
        dunning,
        fallback_cards: object.flag("fallback_cards")?.unwrap_or(false),
        refund,
        without_consent,
        notice_days: notice_days.unwrap_or_default(),
        metadata: object.texts("metadata")?,
    })
}

/// A plan that takes another's place: its price, and how long its periods are.
///
/// # Errors
/// As [`subscription()`].
pub fn other_plan(object: &mut Object) -> Result<NewPlan, Invalid> {
    let mut of = plan_object(object)?;
    let plan = plan(&mut of)?;
    of.finish()?;
    Ok(plan)
}

/// There is no list of plans here: who names one without saying what it is means one that does not exist.
fn plan_object(object: &mut Object) -> Result<Object, Invalid> {
    if object.is_text("plan") {
        let detail = "the whole plan, as an object: there is none by this name";
        return Err(Invalid::new("plan", "plan_unavailable", detail));
    }
    object.object("plan")?.ok_or_else(|| object.missing("plan"))
}

fn plan(of: &mut Object) -> Result<NewPlan, Invalid> {
    let currency = currency(of)?;
    let amount = money(of, "amount", currency)?.ok_or_else(|| of.missing("amount"))?;
    let name = of.required_text("name")?;
    let id = of.optional("id", PlanId::parse)?;
    let unit = of.required("interval", Unit::parse)?;
    let count = of.integer("interval_count")?.unwrap_or(1);
    let interval = Interval::new(unit, count).map_err(|invalid| of.placed(invalid))?;
    let details = details(of, currency)?;
    let id = id.map_or_else(|| PlanId::parse(&name).map_err(|invalid| of.placed(invalid)), Ok)?;
    let price = Price::new(name, amount, details).map_err(|invalid| of.placed(invalid))?;
    let intro = intro(of, currency)?;
    let price = price.with_intro(intro).map_err(|invalid| of.placed(invalid))?;
    Ok(NewPlan { id, price, interval })
}

fn intro(of: &mut Object, currency: Currency) -> Result<Option<Intro>, Invalid> {
    let Some(mut of) = of.object("intro")? else { return Ok(None) };
    let amount = money(&mut of, "amount", currency)?.ok_or_else(|| of.missing("amount"))?;
    let periods = of.integer("periods")?.ok_or_else(|| of.missing("periods"))?;
    let tax_free = money(&mut of, "tax_free", currency)?.map(|money| money.minor);
    let vat_amount = money(&mut of, "vat_amount", currency)?.map(|money| money.minor);
    of.finish()?;
    Ok(Some(Intro { amount: amount.minor, periods, tax_free, vat_amount }))
}

fn dunning(of: &mut Object) -> Result<Dunning, Invalid> {
    let give_up = of.optional("give_up", GiveUp::parse)?.unwrap_or(Dunning::default().give_up);
    let days = match of.integers("retry_days")? {
        None => Dunning::default().retry_days().to_vec(),
        // What no day can be is refused with the others.
        Some(days) => days.into_iter().map(|day| u16::try_from(day).unwrap_or(u16::MAX)).collect(),
    };
    Dunning::new(days, give_up).map_err(|invalid| of.placed(invalid))
}

#[cfg(test)]
mod tests;
