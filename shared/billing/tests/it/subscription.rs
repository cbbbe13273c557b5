//! Subscriptions that renew themselves, over years, with and without webhooks.

mod cards;
mod changes;
pub(crate) mod consent;
mod consent_edges;
mod differences;
mod edges;
mod found;
mod intro;
mod meetings;
mod money;
mod notice;
mod permanent;
mod preview;
mod reviewed;
mod shown;
mod unused;

use std::collections::BTreeMap;

use billing::payment::{PspStatus, ScheduleStatus, State};
use billing::ports::Clock;
use billing::subscription::periods::DUE_HOUR;
use billing::subscription::{
    Attempt, Dunning, Ending, Interval, NoticeDays, PlanId, Price, RefundPolicy, SubscriptionState, Unit,
    WithoutConsent,
};
use billing::usecase::{Caller, NewPlan, NewSubscription, WebhookHint};
use billing::{CustomerUid, KstDay, MerchantUid, Money, Timestamp};

use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{START, TestBilling, TestWorld, another_card, billing, hint_of, order, secret};
use crate::sweep::sweep;

const DAY: i64 = 86_400;
/// 2027-01-31 in Seoul, noon.
const JANUARY_31: i64 = 1_801_364_400;

pub(crate) fn wanted() -> NewSubscription {
    NewSubscription {
        idempotency_key: "subscribe-1".to_owned(),
        customer_id: None,
        customer_uid: CustomerUid::parse("key1").unwrap(),
        plan: plan("월간 이용권", 8_900),
        anchor_day: None,
        due_hour: DUE_HOUR,
        start_at: None,
        trial_days: None,
        periods_max: None,
        dunning: Dunning::default(),
        fallback_cards: false,
        refund: RefundPolicy::None,
        without_consent: WithoutConsent::End,
        notice_days: NoticeDays::default(),
        metadata: BTreeMap::new(),
    }
}

pub(crate) fn plan(name: &str, won: u64) -> NewPlan {
    NewPlan {
        id: PlanId::parse(name).unwrap(),
        price: Price::new(name.to_owned(), Money::krw(won), order("x").details).unwrap(),
        interval: Interval::new(Unit::Month, 1).unwrap(),
    }
}

/// The PSP runs what is due; a key of the list is declined.
pub(crate) fn run_schedules(billing: &TestBilling, declined: &[&str]) -> Vec<WebhookHint> {
    let now = billing.host.now();
    let mut world = billing.psp.world();
    let due: Vec<_> = world
        .schedules
        .values()
        .filter(|it| it.schedule_status == ScheduleStatus::Scheduled && it.schedule_at <= now)
        .cloned()
        .collect();
    let mut hints = Vec::new();
    for schedule in due {
        let mut order = order(&schedule.merchant_uid);
        order.customer_uid = CustomerUid::parse(&schedule.customer_uid).ok();
        order.amount = schedule.amount;
        let bad = declined.contains(&schedule.customer_uid.as_str());
        let status = if bad { PspStatus::Failed } else { PspStatus::Paid };
        let record = world.execute(&order, status, schedule.schedule_at);
        hints.push(hint_of(&record));
    }
    hints
}

/// Hours go by: the PSP runs schedules, says so or not, and the sweep comes.
async fn pass(billing: &TestBilling, days: i64, declined: &[&str], told: bool) {
    for _ in 0..days * 4 {
        billing.advance(DAY / 4);
        for hint in run_schedules(billing, declined) {
            if told {
                billing.notice(&hint).await.unwrap();
            }
        }
        sweep(billing).await;
    }
}

/// Every payment of a subscription: when it was to be, what it came to.
fn timeline(billing: &TestBilling) -> Vec<(Attempt, Option<Timestamp>, State)> {
    let rows = billing.store.all_payments();
    let mut line: Vec<_> = rows
        .iter()
        .filter_map(|row| {
            let (_, attempt) = Attempt::of(row.merchant_uid())?;
            Some((attempt, row.schedule_at(), row.state))
        })
        .collect();
    line.sort_by_key(|(attempt, ..)| *attempt);
    line
}

/// The same for people: period, attempt, when it was due in Seoul, how it was made, what it came to.
fn picture(billing: &TestBilling) -> String {
    let line = |(attempt, at, state): (Attempt, Option<Timestamp>, State)| {
        let when = at.map_or_else(|| "at once".to_owned(), |at| KstDay::of(at).to_string());
        format!("{:>2}.{} {when:<10} {}\n", attempt.period, attempt.number, state.name())
    };
    timeline(billing).into_iter().map(line).collect()
}

/// Three years from 2027-01-31. In June the card is declined, and on July 3 its customer names another.
const THREE_YEARS: &str = include_str!("subscription/three-years.txt");

#[tokio::test]
async fn three_years_from_a_january_31_with_a_card_that_fails_and_is_replaced() {
    for told in [true, false] {
        let billing = billing().await;
        billing.advance(JANUARY_31 - START.0);
        let id = begun(&billing, wanted()).await;
        let again = billing.subscribe(wanted(), &secret()).await.unwrap();
        assert_eq!((again.id.as_str(), again.attempt), (id.as_str(), Attempt { period: 1, number: 0 }));
        pass(&billing, 148, &[], told).await;
        // In June the card is declined; after two more tries its customer registers another.
        pass(&billing, 6, &["key1"], told).await;
        assert_eq!(row(&billing, &id).await.state, SubscriptionState::PastDue);
        let new = another_card(&billing, "second-key", "4111111111111111").await;
        billing.change_card(&Caller::Merchant, &id, &new).await.unwrap();
        pass(&billing, 940, &["key1"], told).await;
        let written = picture(&billing);
        assert_eq!(written.lines().filter(|line| line.ends_with("paid")).count(), 36);
        assert_eq!(written, THREE_YEARS, "{written}");
        assert_eq!(row(&billing, &id).await.state, SubscriptionState::Active);
        assert!(billing.alarms().is_empty());
    }
}

#[tokio::test]
async fn a_card_that_stays_bad_is_tried_four_times_more_and_then_given_up() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 29, &["key1"], true).await;
    pass(&billing, 10, &["key1"], true).await;
    let tries: Vec<(u32, State)> =
        timeline(&billing).iter().filter(|(it, ..)| it.period == 1).map(|(it, _, state)| (it.number, *state)).collect();
    let failed: Vec<(u32, State)> = (0..5).map(|number| (number, State::Failed)).collect();
    assert_eq!(tries, failed);
    let row = row(&billing, &id).await;
    assert_eq!((row.state, row.due_at), (SubscriptionState::Canceled, None));
}

#[tokio::test]
async fn cancelled_now_takes_the_schedule_back_and_at_the_periods_end_lets_it_run_out() {
    for ending in [Ending::Now, Ending::AtPeriodEnd] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let row = billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
        let next = MerchantUid::parse(&format!("{id}p1t0")).unwrap();
        let schedule = billing.psp.world().schedules[next.as_str()].clone();
        assert_eq!(schedule.schedule_status, ScheduleStatus::Revoked);
        let again = billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
        assert_eq!(again, row);
        let over = ending == Ending::Now;
        assert_eq!(row.state, if over { SubscriptionState::Canceled } else { SubscriptionState::Active });
        pass(&billing, 40, &[], true).await;
        assert_eq!(self::row(&billing, &id).await.state, SubscriptionState::Canceled);
        assert_eq!(timeline(&billing).iter().filter(|(_, _, state)| *state == State::Paid).count(), 1);
    }
}
