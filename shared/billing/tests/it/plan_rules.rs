//! Plans, periods and their prices: what may be said of a plan, and what a dearer one costs within a period.

use std::collections::BTreeMap;

use billing::KstDay;
use billing::payment::{Payment, PspStatus, State};
use billing::ports::Clock;
use billing::subscription::plan::checked_metadata;
use billing::subscription::{Attempt, Ending, Interval, Periods, PlanId, Subscription, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription, WebhookHint};

use crate::fixture::payments::payment;
use crate::fixture::subscriptions::{begun, renewed, row};
use crate::fixture::{Act, TestBilling, TestWorld, billing, refund_request, secret};
use crate::subscription::{plan, wanted};
use crate::sweep::sweep;

const DAY: i64 = 86_400;
const UNITS: [(&str, Unit); 4] =
    [("day", Unit::Day), ("week", Unit::Week), ("month", Unit::Month), ("year", Unit::Year)];

/// News of a payment, of which there need not be any.
async fn notice(billing: &TestBilling, payment: &Payment) {
    let hint =
        WebhookHint { imp_uid: payment.imp_uid().unwrap().clone(), merchant_uid: payment.merchant_uid().clone() };
    billing.notice(&hint).await.unwrap();
}

/// Asks for a dearer plan, whose difference is declined.
async fn declined(billing: &TestBilling, id: &str, dearer: NewPlan) {
    // The schedule of the next period is taken back first.
    billing.psp.will([Act::Approve, Act::Decline]);
    let refused = billing.change_plan_now(&Caller::Merchant, id, dearer).await;
    assert!(matches!(refused, Err(Failure::DifferenceDeclined(_))), "{refused:?}");
}

#[test]
fn a_unit_is_read_and_shown_by_the_name_that_rows_have_for_it() {
    for (name, unit) in UNITS {
        assert_eq!((Unit::parse(name), unit.name()), (Ok(unit), name));
        assert_eq!(serde_json::to_value(unit).unwrap(), name);
    }
    for other in ["", "days", "Month", "month ", "hour"] {
        assert_eq!(Unit::parse(other).unwrap_err().code, "interval_invalid", "{other}");
    }
}

#[test]
fn an_interval_is_shown_as_it_was_asked_for() {
    for ((_, unit), longest) in UNITS.into_iter().zip([365, 52, 12, 1]) {
        for count in 1..=longest {
            let interval = Interval::new(unit, count).unwrap();
            assert_eq!((interval.unit(), interval.count()), (unit, count));
        }
    }
}

#[test]
fn each_hour_of_the_day_is_shown_as_it_was_asked_for_and_is_when_periods_are_due() {
    let monthly = Interval::new(Unit::Month, 1).unwrap();
    for hour in 0..=23 {
        let periods = Periods::new(KstDay::parse("2025-01-31").unwrap(), None, monthly, hour).unwrap();
        assert_eq!(periods.due_hour(), hour);
        for number in 0..12 {
            let period = periods.period(number).unwrap();
            assert_eq!(period.due_at.0 - period.starts.start().0, i64::from(hour) * 3_600);
        }
    }
}

#[test]
fn a_days_period_is_the_one_that_has_begun_and_has_not_ended() {
    for ((_, unit), longest) in UNITS.into_iter().zip([365, 52, 12, 1]) {
        for count in [1, 2, 3, longest].into_iter().filter(|count| *count <= longest) {
            let first = KstDay::parse("2024-02-29").unwrap();
            let periods = Periods::new(first, None, Interval::new(unit, count).unwrap(), 10).unwrap();
            let (mut day, mut number) = (first, 0);
            for _ in 0..5 * 366 {
                let period = periods.period_on(day).unwrap();
                number += u32::from(periods.period(number).unwrap().ends == day);
                assert_eq!((period.number, Some(period)), (number, periods.period(number)), "{day}, {count} {unit:?}");
                assert!(period.starts <= day && day < period.ends, "{day}, {count} {unit:?}");
                day = day.next();
            }
        }
    }
}

#[test]
fn notes_are_kept_as_they_are_within_their_bounds_and_refused_beyond() {
    let notes = |number: usize, name: usize, note: usize| -> BTreeMap<String, String> {
        (0..number).map(|place| (format!("{place:가>name$}"), "나".repeat(note))).collect()
    };
    let code = |notes| checked_metadata(notes).map_err(|invalid| invalid.code);
    let refused = || Err("metadata_invalid".to_owned());
    for number in 0..=23 {
        let kept = if number <= 20 { Ok(notes(number, 10, 10)) } else { refused() };
        assert_eq!(code(notes(number, 10, 10)), kept, "{number} notes");
    }
    for length in 1..=43 {
        let kept = if length <= 40 { Ok(notes(1, length, 1)) } else { refused() };
        assert_eq!(code(notes(1, length, 1)), kept, "a name of {length}");
    }
    // A note may be empty; a name may not.
    for length in 0..=503 {
        let kept = if length <= 500 { Ok(notes(1, 10, length)) } else { refused() };
        assert_eq!(code(notes(1, 10, length)), kept, "a note of {length}");
    }
    let one = |name: &str, note: &str| BTreeMap::from([(name.to_owned(), note.to_owned())]);
    for wrong in [one("", "note"), one("name\n", "note"), one("name", "a\u{202E}b"), one("name", " ")] {
        assert_eq!(code(wrong.clone()), refused(), "{wrong:?}");
    }
    for card in [one("name", "4242 4242 4242 4242"), one("4242424242424242", "note")] {
        assert_eq!(code(card), Err("sensitive_data_in_field".to_owned()));
    }
}

#[tokio::test]
async fn a_subscription_shows_the_notes_that_it_was_begun_with() {
    let billing = billing().await;
    let notes = BTreeMap::from([("캠페인".to_owned(), "봄".to_owned()), ("empty".to_owned(), String::new())]);
    let id = begun(&billing, NewSubscription { metadata: notes.clone(), ..wanted() }).await;
    assert_eq!(row(&billing, &id).await.metadata, notes);
}

#[tokio::test]
async fn a_plan_that_is_changed_and_changed_back_is_the_one_that_runs_and_no_other_follows() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let before = row(&billing, &id).await.plans(billing.host.now());
    assert_eq!(before.next, None);
    for coming in [plan("더 많이", 12_900), plan("월간 이용권", 9_900), plan("더 적게", 6_900)] {
        let changed = billing.change_plan(&Caller::Merchant, &id, coming.clone()).await.unwrap();
        let plans = changed.plans(billing.host.now());
        let (next, ..) = plans.next.unwrap();
        assert_eq!((plans.running, next.id, next.amount), (before.running.clone(), coming.id, coming.price.amount));
        let back = billing.change_plan(&Caller::Merchant, &id, plan("월간 이용권", 8_900)).await.unwrap();
        assert_eq!(back.plans(billing.host.now()), before);
    }
}

#[tokio::test]
async fn a_plan_that_is_changed_before_it_began_was_nobodys_unless_a_trial_of_it_runs() {
    for in_trial in [true, false] {
        let billing = billing().await;
        let now = billing.host.now();
        let new = if in_trial {
            NewSubscription { trial_days: Some(10), ..wanted() }
        } else {
            NewSubscription { start_at: Some(now.plus(10 * DAY)), ..wanted() }
        };
        let id = begun(&billing, new).await;
        let changed = billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        let plans = changed.plans(now);
        let running = if in_trial { "월간 이용권" } else { "더 많이" };
        assert_eq!((plans.running.0.id.as_str(), plans.next.is_some()), (running, in_trial));
        let beside = NewSubscription { idempotency_key: "beside-it".to_owned(), ..wanted() };
        let begun = billing.subscribe(beside, &secret()).await.map(|_| ());
        assert_eq!(begun, if in_trial { Err(Failure::SubscriptionExists) } else { Ok(()) });
    }
}

#[tokio::test]
async fn a_customer_has_a_plan_exactly_as_long_as_it_is_shown_and_the_coming_one_besides() {
    for (paused, ending) in
        [(false, None), (true, None), (false, Some(Ending::AtPeriodEnd)), (false, Some(Ending::Now))]
    {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        billing.change_plan(&Caller::Merchant, &id, plan("더 많이", 12_900)).await.unwrap();
        if paused {
            billing.pause_subscription(&Caller::Merchant, &id).await.unwrap();
        }
        if let Some(ending) = ending {
            billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
        }
        let row = row(&billing, &id).await;
        let [first, coming] = ["월간 이용권", "더 많이"].map(|name| PlanId::parse(name).unwrap());
        let begins = row.calendar.period(1).unwrap().starts.start();
        for seconds in [-DAY, -1, 0, 1, DAY, 40 * DAY] {
            let at = begins.plus(seconds);
            // What stands still, or has ended, goes on to no other plan.
            let stays = seconds < 0 || paused || ending.is_some();
            assert_eq!(row.is_of_plan(&first, at), stays, "{seconds} {paused} {ending:?}");
            assert_eq!(row.plans(at).running.0.id == first, stays, "{seconds} {paused} {ending:?}");
            assert!(row.is_of_plan(&coming, at) && !row.is_of_plan(&PlanId::parse("최고").unwrap(), at));
        }
    }
}

#[tokio::test]
async fn a_difference_is_free_of_tax_in_the_part_that_its_plan_is_and_a_fraction_is_taxed() {
    // For a plan of 12,900 after one of 8,900, on the first day of the period.
    for (of_plan, free, taxed) in [
        (0, 0, 4_000),
        (1, 0, 3_999),
        (3, 0, 3_999),
        (4, 1, 3_998),
        (7, 2, 3_997),
        (1_290, 400, 3_600),
        (6_450, 2_000, 2_000),
        (12_899, 3_999, 0),
        (12_900, 4_000, 0),
    ] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        let mut dearer = plan("더 많이", 12_900);
        (dearer.price.details.tax_free, dearer.price.details.vat_amount) = (Some(of_plan), Some(12_900 - of_plan));
        let (_, up) = billing.change_plan_now(&Caller::Merchant, &id, dearer).await.unwrap();
        let order = payment(&billing, &format!("{id}p0t1000")).await.order;
        assert_eq!((up.charged, order.amount.minor), (4_000, 4_000));
        assert_eq!((order.details.tax_free, order.details.vat_amount), (Some(free), Some(taxed)), "{of_plan}");
        // A fraction of a won is in neither of them.
        assert!((3_999..=4_000).contains(&(free + taxed)), "{of_plan}");
    }
}

#[tokio::test]
async fn a_difference_is_tried_twenty_times_within_a_period_and_again_in_the_next() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let dearer = || plan("더 많이", 12_900);
    for number in 0..20 {
        declined(&billing, &id, dearer()).await;
        let tried = payment(&billing, &format!("{id}p0t{}", 1_000 + number)).await;
        assert_eq!((tried.state, tried.order.amount.minor), (State::Failed, 4_000));
        billing.advance(1);
    }
    let (before, sent) = (row(&billing, &id).await, billing.psp.world().posts.len());
    for _ in 0..2 {
        let refused = billing.change_plan_now(&Caller::Merchant, &id, dearer()).await;
        assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionNotChangeable));
    }
    assert_eq!((&row(&billing, &id).await, billing.psp.world().posts.len()), (&before, sent), "nothing is done");
    renewed(&billing, &id).await;
    let (changed, _) = billing.change_plan_now(&Caller::Merchant, &id, dearer()).await.unwrap();
    assert_eq!(changed.plan_id, dearer().id);
}

#[tokio::test]
async fn of_differences_those_that_were_kept_are_remembered_for_ever_and_the_others_for_their_period() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let mut kept: Vec<Attempt> = Vec::new();
    for period in 0..6 {
        let dearer = plan("더 많이", 10_000 + 1_000 * u64::from(period));
        let tries = [1_000, 1_001].map(|number| Attempt { period, number });
        declined(&billing, &id, dearer.clone()).await;
        billing.change_plan_now(&Caller::Merchant, &id, dearer).await.unwrap();
        let remembered = |row: &Subscription| row.differences.iter().map(|it| it.attempt).collect::<Vec<_>>();
        let all: Vec<Attempt> = kept.iter().copied().chain(tries).collect();
        assert_eq!(remembered(&row(&billing, &id).await), all);
        renewed(&billing, &id).await;
        kept.push(tries[1]);
        assert_eq!(remembered(&row(&billing, &id).await), kept);
    }
    let shown = billing.instalments(&Caller::Merchant, &id, 10, None).await.unwrap().items;
    for difference in &kept {
        let uid = difference.merchant_uid(&row(&billing, &id).await.id).unwrap();
        notice(&billing, &payment(&billing, uid.as_str()).await).await;
        assert_eq!(payment(&billing, uid.as_str()).await.state, State::Paid, "it is not taken for one too many");
        let instalment = shown.iter().find(|it| it.period.number == difference.period).unwrap();
        assert_eq!(instalment.payments.last().map(Payment::merchant_uid), Some(&uid), "it is shown with its period");
    }
}

/// Who gives the payment of a period back.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Back {
    /// A cheaper plan left it over.
    Rest,
    /// The merchant.
    Merchant,
    /// Somebody in the PSP's console, which does not say how much.
    Console,
}

#[tokio::test]
async fn a_period_whose_whole_payment_a_cheaper_plan_left_over_lasts_to_its_end_and_one_that_is_given_back_is_over() {
    for back in [Back::Rest, Back::Merchant, Back::Console] {
        let billing = billing().await;
        let id = begun(&billing, NewSubscription { plan: plan("최고", 39_000), ..wanted() }).await;
        // The cheaper plan leaves almost all of the next charge over.
        billing.change_plan_now(&Caller::Merchant, &id, plan("중간", 20_000)).await.unwrap();
        let paid = renewed(&billing, &id).await;
        assert_eq!((paid.state, paid.order.amount.minor), (State::Paid, 1_000));
        let ends = row(&billing, &id).await.calendar.period(1).unwrap().ends.start();
        if back == Back::Rest {
            // One that is cheaper still leaves over more than this period has cost.
            billing.change_plan_now(&Caller::Merchant, &id, plan("조금", 15_000)).await.unwrap();
        }
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        assert_eq!(row(&billing, &id).await.access_until, Some(ends));
        match back {
            Back::Rest => {}
            Back::Merchant => {
                billing.refund(refund_request(paid.merchant_uid().as_str(), "1000", "all-of-it")).await.unwrap();
            }
            Back::Console => {
                let mut world = billing.psp.world();
                let record = world.payments.get_mut(paid.merchant_uid().as_str()).unwrap().first_mut().unwrap();
                record.status = PspStatus::Cancelled;
            }
        }
        notice(&billing, &paid).await;
        assert_eq!(payment(&billing, paid.merchant_uid().as_str()).await.state, State::Refunded);
        let now = billing.host.now();
        let until = if back == Back::Rest { ends } else { now };
        assert_eq!(row(&billing, &id).await.access_until, Some(until), "{back:?}");
        billing.advance(ends.0 - 1 - now.0);
        sweep(&billing).await;
        notice(&billing, &paid).await;
        let last = row(&billing, &id).await;
        assert_eq!(last.access_until, Some(until), "{back:?}, on the last second");
        if back == Back::Rest {
            assert_eq!(last.state, SubscriptionState::Active);
        }
    }
}
