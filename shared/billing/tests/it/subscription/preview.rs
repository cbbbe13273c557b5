//! What a preview says, and what the change then does: they differ by nothing, whatever state a subscription is in.

use billing::payment::State;
use billing::ports::Clock;
use billing::subscription::{Attempt, ChargeAhead, Ending, Interval, RefundPolicy, SubscriptionState, Unit};
use billing::usecase::{Caller, Failure, NewPlan, PlanPreview};
use billing::{CustomerId, Timestamp};

use super::{DAY, pass, plan, wanted};
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld, another_card, billing};
use crate::sweep::sweep;

/// Small numbers in an order that looks drawn, the same each time.
struct Drawn(u64);

impl Drawn {
    fn below(&mut self, most: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % most
    }

    fn days(&mut self, most: u64) -> i64 {
        i64::try_from(self.below(most)).unwrap()
    }

    fn plan(&mut self) -> NewPlan {
        let name = ["월간 이용권", "더 많이", "최고"][usize::try_from(self.below(3)).unwrap()];
        let won = [4_900, 8_900, 12_900, 19_900][usize::try_from(self.below(4)).unwrap()];
        let (unit, count) = [(Unit::Month, 1), (Unit::Month, 1), (Unit::Week, 2), (Unit::Month, 3)]
            [usize::try_from(self.below(4)).unwrap()];
        NewPlan { interval: Interval::new(unit, count).unwrap(), ..plan(name, won) }
    }

    /// Something happens to a subscription, or somebody changes it.
    async fn befall(&mut self, billing: &TestBilling, id: &str) {
        let merchant = Caller::Merchant;
        let declines: &[&str] = if self.below(3) == 0 { &["key1"] } else { &[] };
        match self.below(8) {
            0..=2 => pass(billing, 1 + self.days(20), declines, true).await,
            3 => drop(Box::pin(billing.change_plan(&merchant, id, self.plan())).await),
            4 => drop(Box::pin(billing.change_plan_now(&merchant, id, self.plan())).await),
            5 => drop(billing.pause_subscription(&merchant, id).await),
            6 => drop(billing.resume_subscription(&merchant, id).await),
            _ if self.below(2) == 0 => drop(billing.cancel_subscription(&merchant, id, Ending::AtPeriodEnd).await),
            _ => drop(billing.reactivate_subscription(&merchant, id).await),
        }
        billing.advance(self.days(30) * 3_600);
    }
}

/// A subscription that has lived for a while.
async fn lived(drawn: &mut Drawn) -> (TestBilling, String) {
    let billing = billing().await;
    let trial_days = (drawn.below(4) == 0).then_some(10);
    let periods_max = (drawn.below(5) == 0).then_some(3);
    let refund = if drawn.below(2) == 0 { RefundPolicy::Unused } else { RefundPolicy::None };
    let id = begun(&billing, billing::usecase::NewSubscription { trial_days, periods_max, refund, ..wanted() }).await;
    for _ in 0..drawn.below(5) {
        Box::pin(drawn.befall(&billing, &id)).await;
    }
    (billing, id)
}

/// A subscription whose plan became cheaper within a period.
async fn credited(drawn: &mut Drawn) -> (TestBilling, String) {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 1 + drawn.days(40), &[], true).await;
    Box::pin(billing.change_plan_now(&Caller::Merchant, &id, plan("가볍게", 4_900))).await.unwrap();
    (billing, id)
}

/// What there is to compare of a charge: its number differs, as something was registered under another meanwhile.
fn said(charge: &ChargeAhead) -> (u32, String, u64, Vec<(&'static str, i64)>, Timestamp) {
    let parts = charge.parts.iter().map(|part| (part.reason.name(), part.amount)).collect();
    (charge.attempt.period, charge.plan.to_string(), charge.amount.minor, parts, charge.at)
}

/// Amounts that were paid since `before`, with their periods.
fn paid_since(billing: &TestBilling, before: &[String]) -> Vec<(Attempt, u64)> {
    let payments = billing.store.all_payments().into_iter();
    let new = payments.filter(|it| it.state == State::Paid && !before.contains(&it.merchant_uid().to_string()));
    let mut paid: Vec<(Attempt, u64)> =
        new.filter_map(|it| Some((Attempt::of(it.merchant_uid())?.1, it.order.amount.minor))).collect();
    paid.sort_unstable();
    paid
}

fn all_paid(billing: &TestBilling) -> Vec<String> {
    let paid = billing.store.all_payments().into_iter().filter(|it| it.state.was_paid());
    paid.map(|it| it.merchant_uid().to_string()).collect()
}

async fn preview(billing: &TestBilling, id: &str, plan: &NewPlan, now: bool) -> Result<PlanPreview, Failure> {
    billing.preview_plan(&Caller::Merchant, id, plan.clone(), now).await
}

#[tokio::test]
async fn what_a_plan_was_said_to_cost_is_what_is_charged_and_when() {
    let (mut changed, mut refused, mut differences) = (0, 0, 0);
    for seed in 0..400 {
        let mut drawn = Drawn(seed);
        let (billing, id) = Box::pin(lived(&mut drawn)).await;
        let (plan, at_once) = (drawn.plan(), drawn.below(2) == 0);
        // What is due is done before a change, and by no preview.
        sweep(&billing).await;
        let said_before = preview(&billing, &id, &plan, at_once).await;
        assert_eq!(said_before, preview(&billing, &id, &plan, at_once).await, "{seed}: a preview changes nothing");
        let (before, now) = (all_paid(&billing), billing.host.now());
        let done = if at_once {
            Box::pin(billing.change_plan_now(&Caller::Merchant, &id, plan))
                .await
                .map(|(row, stated)| (row, Some(stated)))
        } else {
            billing.change_plan(&Caller::Merchant, &id, plan).await.map(|row| (row, None))
        };
        let (preview, (after, stated)) = match (said_before, done) {
            (Ok(preview), Ok(done)) => (preview, done),
            (preview, done) => {
                assert_eq!(preview.map(|_| ()), done.map(|_| ()), "{seed}");
                refused += 1;
                continue;
            }
        };
        changed += 1;
        assert_eq!(preview.proration, stated, "{seed}");
        let (at_once, later): (Vec<_>, Vec<_>) = preview.charges.iter().partition(|it| it.attempt.is_difference());
        let charged: Vec<u64> = paid_since(&billing, &before).iter().map(|(_, amount)| *amount).collect();
        let expected: Vec<u64> = at_once.iter().map(|it| it.amount.minor).collect();
        assert_eq!(charged, expected, "{seed}: charged at once");
        assert!(at_once.iter().all(|it| it.at == now), "{seed}");
        differences += at_once.len();
        let ahead: Vec<_> = after.ahead(2, now).iter().map(said).collect();
        assert_eq!(later.iter().map(|it| said(it)).collect::<Vec<_>>(), ahead, "{seed}");
        assert_eq!(preview.row.plans(now), after.plans(now), "{seed}");
        // And that is what is paid, if the card is good.
        let before = all_paid(&billing);
        let until = later.last().map_or(now, |charge| charge.at);
        pass(&billing, (until.0 - now.0) / DAY + 2, &[], true).await;
        let paid = paid_since(&billing, &before);
        let paid: Vec<(u32, u64)> = paid.iter().map(|(of, amount)| (of.period, *amount)).take(later.len()).collect();
        let expected: Vec<(u32, u64)> = later.iter().map(|it| (it.attempt.period, it.amount.minor)).collect();
        assert_eq!(paid, expected, "{seed}: {:?}", row(&billing, &id).await.state);
    }
    assert!(changed > 100 && refused > 20 && differences > 10, "{changed} changed, {refused} refused, {differences}");
}

#[tokio::test]
async fn what_an_end_was_said_to_come_to_is_what_it_does() {
    let (mut given, mut ended, mut over) = (0, 0, 0);
    for seed in 0..200 {
        let mut drawn = Drawn(seed + 1_000);
        // A credit is rare by chance alone.
        let (billing, id) =
            if drawn.below(3) == 0 { Box::pin(credited(&mut drawn)).await } else { Box::pin(lived(&mut drawn)).await };
        sweep(&billing).await;
        let ends = billing.preview_end(&Caller::Merchant, &id, None).await.unwrap();
        let place = usize::try_from(drawn.below(2)).unwrap();
        let Some(said) = ends.get(place).or(ends.first()).cloned() else {
            let before = row(&billing, &id).await;
            let ending = [Ending::AtPeriodEnd, Ending::Now][place];
            let after = billing.cancel_subscription(&Caller::Merchant, &id, ending).await.unwrap();
            assert_eq!(
                (before.state, before.ending, before.access_until),
                (after.state, after.ending, after.access_until)
            );
            over += 1;
            continue;
        };
        let after = billing.cancel_subscription(&Caller::Merchant, &id, said.ending).await.unwrap();
        assert_eq!((after.ending, after.access_until), (said.row.ending, said.row.access_until), "{seed}");
        for _ in 0..3 {
            billing.advance(3_600);
            sweep(&billing).await;
        }
        let payments = billing.store.all_payments();
        for back in &said.given_back {
            let payment = payments.iter().find(|it| *it.merchant_uid() == back.merchant_uid).unwrap();
            let refund = payment.refunds.last().unwrap();
            assert_eq!((refund.amount, refund.parts), (back.amount.minor, back.parts), "{seed}");
            given += 1;
        }
        let credited: u64 = row(&billing, &id).await.credits.iter().map(|credit| credit.amount).sum();
        assert_eq!(credited, said.given_back.iter().map(|it| it.amount.minor).sum::<u64>(), "{seed}");
        pass(&billing, (said.ends_at.0 - billing.host.now().0).max(0) / DAY + 1, &[], true).await;
        let state = row(&billing, &id).await.state;
        assert!(!state.charges() && state != SubscriptionState::Paused, "{seed}: {state:?}");
        ended += 1;
    }
    assert!(given > 40 && ended > 150 && over > 0 && ended + over == 200, "{given} given back, {over} were over");
}

#[tokio::test]
async fn nothing_follows_from_a_preview_whatever_is_due() {
    for days in [0, 31, 62, 400] {
        let billing = billing().await;
        let id = begun(&billing, wanted()).await;
        billing.advance(days * DAY + 11 * 3_600);
        billing.psp.world().posts.clear();
        let before = (row(&billing, &id).await, billing.store.all_payments());
        for at_once in [false, true] {
            preview(&billing, &id, &plan("더 많이", 12_900), at_once).await.ok();
        }
        billing.preview_end(&Caller::Merchant, &id, None).await.unwrap();
        assert_eq!(billing.psp.world().posts, Vec::<String>::new(), "{days}");
        assert_eq!((row(&billing, &id).await, billing.store.all_payments()), before, "{days}");
    }
}

#[tokio::test]
async fn a_charge_that_is_due_is_the_first_of_those_that_are_told() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let (now, attempt_at) = (billing.host.now(), row(&billing, &id).await.attempt_at);
    billing.advance(attempt_at.0 - now.0 + 3_600);
    let said = preview(&billing, &id, &plan("더 많이", 12_900), false).await.unwrap();
    let told: Vec<(u32, u64)> = said.charges.iter().map(|it| (it.attempt.period, it.amount.minor)).collect();
    assert_eq!(told, [(1, 8_900), (2, 12_900)]);
}

async fn offered(billing: &TestBilling, id: &str) -> Vec<Ending> {
    let ends = billing.preview_end(&Caller::Merchant, id, None).await.unwrap();
    ends.iter().map(|it| it.ending).collect()
}

#[tokio::test]
async fn an_end_that_would_change_nothing_is_not_offered() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    assert_eq!(offered(&billing, &id).await, [Ending::AtPeriodEnd, Ending::Now]);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
    assert_eq!(offered(&billing, &id).await, [Ending::Now]);
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(offered(&billing, &id).await, []);
}

#[tokio::test]
async fn a_difference_that_no_card_could_be_charged_for_is_not_promised() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let dearer = plan("더 많이", 12_900);
    let other = another_card(&billing, "another-card", "4111111111111111").await;
    let gone = billing::usecase::ScheduleDisposition::Revoke;
    billing.delete_key(&Caller::Merchant, "key1", gone).await.unwrap();
    let refused = preview(&billing, &id, &dearer, true).await;
    let done = billing.change_plan_now(&Caller::Merchant, &id, dearer.clone()).await;
    assert_eq!(refused.map(|_| ()), done.map(|_| ()));
    billing.change_card(&Caller::Merchant, &id, &other).await.unwrap();
    assert_eq!(preview(&billing, &id, &dearer, true).await.unwrap().charges[0].amount.minor, 4_000);
    // Whose it is not sees nothing of it.
    let stranger = Caller::Customer(CustomerId::parse("nobody").unwrap());
    assert_eq!(billing.preview_end(&stranger, &id, None).await.map(|_| ()), Err(Failure::NotFound));
}
