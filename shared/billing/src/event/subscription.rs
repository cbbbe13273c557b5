//! What is told of a subscription.

use std::collections::BTreeMap;

use serde::Serialize;

use super::amount::amount;
use super::kind::Kind;
use crate::day::KstDay;
use crate::ids::{CustomerId, CustomerUid, SubscriptionId};
use crate::money::Money;
use crate::subscription::{Asked, Ending, Interval, Notice, PlanId, Subscription, SubscriptionState};
use crate::time::Timestamp;

/// The subscription as the storefront knows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SubscriptionFacts {
    /// Its name.
    pub id: SubscriptionId,
    /// Whose it is: the `sub` of the storefront's tokens.
    pub customer_id: CustomerId,
    /// The billing key that the next charge is on.
    pub customer_uid: CustomerUid,
    /// Where it stands.
    pub state: &'static str,
    /// The plan of the period that runs.
    pub plan: PlanFact,
    /// The plan that comes after it, if another one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub next_plan: Option<PlanFact>,
    /// The period that was paid last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub paid_period: Option<PeriodFact>,
    /// Until when its customer has what was paid for, or given for a trial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_until: Option<Timestamp>,
    /// When its trial ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub trial_until: Option<Timestamp>,
    /// How it is to end, or ended by somebody's wish.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cancel: Option<CancelFact>,
    /// What its customer is asked to agree to, while they are.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub consent: Option<ConsentFact>,
    /// A dearer plan that begins at once as soon as its customer agrees, while it is offered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferFact>,
    /// The charge that its customer was to be told of last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub notice: Option<NoticeFact>,
    /// The storefront's own notes.
    pub metadata: BTreeMap<String, String>,
}

/// A consent that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ConsentFact {
    /// What each period is to cost.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// The currency of that.
    pub currency: &'static str,
    /// Why that is more than they have paid: a trial or an introduction ends, or another plan costs more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
    /// From when on.
    pub from: Timestamp,
    /// Until when they may agree.
    pub until: Timestamp,
    /// When its customer was asked.
    pub asked_at: Timestamp,
    /// How often they were to be reminded since.
    pub reminders: u32,
}

/// A dearer plan that is offered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferFact {
    /// The plan.
    pub plan_id: PlanId,
    /// What each period is to cost.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// The currency of that.
    pub currency: &'static str,
    /// When it was offered.
    pub offered_at: Timestamp,
}

/// A charge that is to come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NoticeFact {
    /// The period that it is for.
    pub period: u32,
    /// How much is charged, as far as was known.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// The currency of that.
    pub currency: &'static str,
    /// When.
    pub at: Timestamp,
}

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PlanFact {
    /// Its name.
    pub id: PlanId,
    /// What a whole period of it costs.
    #[serde(serialize_with = "amount")]
    pub amount: Money,
    /// The currency of that.
    pub currency: &'static str,
}

/// A period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PeriodFact {
    /// Its number, from 0.
    pub number: u32,
    /// Its first second.
    pub starts_at: Timestamp,
    /// The first second after it.
    pub ends_at: Timestamp,
    /// `day`, `week`, `month` or `year`: what it is counted in,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval: Option<&'static str>,
    /// and how many of them it has.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub interval_count: Option<u16>,
}

/// Somebody's wish that it end, or that it ended for want of a consent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CancelFact {
    /// `period_end` or `now`.
    pub at: &'static str,
    /// `customer` or `merchant`; `nobody`, where its customer had not agreed to pay more.
    pub by: &'static str,
    /// When they said so, or when the time to agree was over.
    pub requested_at: Timestamp,
    /// Why, where nobody wished it: `no_consent`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<&'static str>,
}

impl PlanFact {
    fn new(id: &PlanId, amount: Money) -> Self {
        Self { id: id.clone(), amount, currency: amount.currency.code() }
    }
}

impl SubscriptionFacts {
    /// As the row has it: what time alone changes is told once the row says so.
    pub(super) fn of(row: &Subscription) -> Self {
        let of_attempt = PlanFact::new(&row.plan_id, row.price.amount);
        let later = row.next_plan.as_ref().map(|plan| PlanFact::new(&plan.id, plan.price.amount));
        let (plan, next_plan) = match &row.running_plan {
            Some(running) => (PlanFact::new(&running.id, running.amount), later.or(Some(of_attempt))),
            None => (of_attempt, later),
        };
        Self {
            id: row.id.clone(),
            customer_id: row.customer_id.clone(),
            customer_uid: row.customer_uid.clone(),
            state: row.state.name(),
            plan,
            next_plan,
            paid_period: paid_period(row),
            access_until: row.access_until,
            trial_until: row.trial_until,
            cancel: row.ending.map(|(ending, requested_at)| CancelFact {
                at: ending.name(),
                by: ended_by(row),
                requested_at,
                reason: row.ended_without_consent.then_some("no_consent"),
            }),
            consent: row.asked.filter(|_| row.charges()).map(|asked| ConsentFact {
                amount: asked.price,
                currency: asked.price.currency.code(),
                reason: row.ask_of_next(row.updated_at).map(|ask| ask.increase.name()),
                from: asked.from,
                until: row.consent_until(),
                asked_at: asked.since,
                reminders: asked.reminders,
            }),
            offer: row.offer.as_ref().filter(|_| row.charges()).map(|offer| OfferFact {
                plan_id: offer.plan.id.clone(),
                amount: row.first_price_of(&offer.plan, row.attempt.period.saturating_sub(1)),
                currency: offer.plan.price.amount.currency.code(),
                offered_at: offer.at,
            }),
            notice: row.last_notice.map(|Notice { period, amount, at, ends_trial: _ }| NoticeFact {
                period,
                amount,
                currency: amount.currency.code(),
                at,
            }),
            metadata: row.metadata.clone(),
        }
    }
}

/// Who wished the end. What ended because its customer had not agreed to pay more was nobody's wish.
const fn ended_by(row: &Subscription) -> &'static str {
    match (row.ended_without_consent, row.ended_by_merchant) {
        (true, _) => "nobody",
        (false, true) => "merchant",
        (false, false) => "customer",
    }
}

/// The period whose attempt was paid last.
fn paid_period(row: &Subscription) -> Option<PeriodFact> {
    // The last one is paid without another after it.
    let open = row.calendar.period(row.attempt.period);
    let open = open.filter(|period| row.access_until.is_some_and(|until| KstDay::of(until) >= period.ends));
    let period = open.or_else(|| row.calendar.period(row.last_paid()?))?;
    let interval = row.calendar.interval_of(period.number);
    Some(PeriodFact {
        number: period.number,
        starts_at: period.starts.start(),
        ends_at: period.ends.start(),
        interval: interval.map(|interval| interval.unit().name()),
        interval_count: interval.map(Interval::count),
    })
}

/// What a new version of a subscription tells.
pub(super) fn news(before: Option<&Subscription>, after: &Subscription) -> (Vec<Kind>, SubscriptionFacts) {
    let is = SubscriptionFacts::of(after);
    let Some(before) = before else {
        return (vec![Kind::SubscriptionCreated], is);
    };
    let was = SubscriptionFacts::of(before);
    let paid = |row: &Subscription| row.closed_periods.iter().filter(|past| past.paid.is_some()).count();
    // The last period is paid without being closed; and one that was paid before its end was wished gives no more access.
    let granted = is.access_until > was.access_until && is.paid_period.is_some();
    let is_paid = granted || paid(after) > paid(before);
    let mut kinds: Vec<Kind> = moved(before.state, after.state, is_paid).into_iter().collect();
    if is_paid {
        kinds.push(Kind::SubscriptionRenewed);
    }
    if (&was.plan, &was.next_plan) != (&is.plan, &is.next_plan) {
        kinds.push(Kind::SubscriptionPlanChanged);
    }
    match (before.ending, after.ending) {
        (None, Some((Ending::AtPeriodEnd, _))) if after.is_live() => kinds.push(Kind::SubscriptionCancelScheduled),
        (Some(_), None) => kinds.push(Kind::SubscriptionCancelRevoked),
        (None | Some(_), Some(_)) | (None, None) => {}
    }
    kinds.extend(asked_anew(before.asked.as_ref(), after.asked.as_ref().filter(|_| after.charges())));
    if is.offer.is_some() && before.offer != after.offer && !kinds.contains(&Kind::SubscriptionConsentRequired) {
        kinds.push(Kind::SubscriptionConsentRequired);
    }
    if let Some(notice) = after.last_notice.filter(|_| before.last_notice != after.last_notice) {
        kinds.push(if notice.ends_trial { Kind::SubscriptionTrialEnding } else { Kind::SubscriptionRenewalUpcoming });
    }
    if kinds.is_empty() && was != is {
        kinds.push(Kind::SubscriptionUpdated);
    }
    (kinds, is)
}

/// Whether its customer is asked for something that they were not asked for before, or is to be reminded of it.
fn asked_anew(before: Option<&Asked>, after: Option<&Asked>) -> Option<Kind> {
    let after = after?;
    match before.filter(|before| before.question() == after.question()) {
        Some(before) => (before.reminders < after.reminders).then_some(Kind::SubscriptionConsentReminder),
        None => Some(Kind::SubscriptionConsentRequired),
    }
}

/// What a change of the state tells. `is_paid`: a period was paid with it. What was given up is charged again before it is paid, if
/// the merchant resumes it.
fn moved(from: SubscriptionState, to: SubscriptionState, is_paid: bool) -> Option<Kind> {
    use SubscriptionState::{Active, Canceled, Completed, PastDue, Paused, Unpaid};
    match (from, to) {
        (Active, Active)
        | (PastDue, PastDue)
        | (Paused, Paused)
        | (Canceled, Canceled)
        | (Unpaid, Unpaid)
        | (Completed, Completed) => None,
        (PastDue | Canceled | Unpaid | Completed, Active) if is_paid => Some(Kind::SubscriptionRecovered),
        (PastDue | Paused | Canceled | Unpaid | Completed, Active) => Some(Kind::SubscriptionResumed),
        (Active | Paused | Canceled | Unpaid | Completed, PastDue) => Some(Kind::SubscriptionPastDue),
        (Active | PastDue | Canceled | Unpaid | Completed, Paused) => Some(Kind::SubscriptionPaused),
        (Active | PastDue | Paused | Unpaid | Completed, Canceled) => Some(Kind::SubscriptionCanceled),
        (Active | PastDue | Paused | Canceled | Completed, Unpaid) => Some(Kind::SubscriptionUnpaid),
        (Active | PastDue | Paused | Canceled | Unpaid, Completed) => Some(Kind::SubscriptionCompleted),
    }
}
