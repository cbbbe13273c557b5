//! Late money, another plan and somebody's end, each where another subscription or a running schedule stands in the way.

use super::changes::paid;
use super::money::states_of;
use super::{pass, plan, run_schedules, timeline, wanted};
use crate::fixture::payments::paid_after_all;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{TestBilling, TestWorld, billing, secret};
use crate::sweep::{sweep, sweeps};
use billing::payment::{Claim, Payment, PspStatus, Purpose, State};
use billing::ports::{Clock, Entropy, PaymentStore, Saved, SubscriptionStore};
use billing::subscription::{Ending, Interval, StepContext, Subscription, SubscriptionState, Unit, step};
use billing::usecase::{Caller, Failure, NewPlan, NewSubscription};

const DAY: i64 = 86_400;

fn again() -> NewSubscription {
    NewSubscription { idempotency_key: "subscribe-2".to_owned(), ..wanted() }
}

pub(super) fn yearly() -> NewPlan {
    NewPlan { interval: Interval::new(Unit::Year, 1).unwrap(), ..plan("연간", 99_000) }
}

/// One whose next period was declined until it was given up.
async fn given_up(billing: &TestBilling) -> String {
    let id = begun(billing, wanted()).await;
    pass(billing, 40, &["key1"], true).await;
    assert_eq!(row(billing, &id).await.state, SubscriptionState::Canceled);
    id
}

#[tokio::test]
async fn late_money_takes_up_nothing_that_was_begun_anew_meanwhile() {
    let billing = billing().await;
    let id = given_up(&billing).await;
    let second = billing.subscribe(again(), &secret()).await.unwrap();
    billing.notice(&paid_after_all(&billing, &format!("{id}p1t4"))).await.unwrap();
    sweep(&billing).await;
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
    assert_eq!(row(&billing, second.id.as_str()).await.state, SubscriptionState::Active);
    assert!(timeline(&billing).iter().any(|(of, _, state)| (of.number, *state) == (4, State::Refunded)));
}

#[tokio::test]
async fn late_money_for_a_period_that_is_over_goes_back_and_takes_up_nothing() {
    let billing = billing().await;
    let id = given_up(&billing).await;
    pass(&billing, 120, &[], true).await;
    let before = timeline(&billing).len();
    billing.notice(&paid_after_all(&billing, &format!("{id}p1t4"))).await.unwrap();
    pass(&billing, 2, &[], true).await;
    assert_eq!(timeline(&billing).len(), before, "nothing new is charged");
    assert_eq!(states_of(&billing, 1).last(), Some(&State::Refunded));
    assert_eq!(row(&billing, &id).await.state, SubscriptionState::Canceled);
}

#[tokio::test]
async fn what_a_running_schedule_pays_is_a_period_of_the_length_that_it_was_for() {
    for yearly_first in [false, true] {
        let billing = billing().await;
        let (one, other) =
            if yearly_first { (yearly(), plan("월간", 8_900)) } else { (plan("월간", 8_900), yearly()) };
        let id = begun(&billing, NewSubscription { plan: one, ..wanted() }).await;
        // A year ahead it is registered once the PSP takes it.
        pass(&billing, 1, &[], true).await;
        let next = row(&billing, &id).await.calendar.period(1).unwrap();
        billing.advance(next.due_at.0 - 60 - billing.host.now().0);
        billing.psp.world().down = true;
        billing.change_plan(&Caller::Merchant, &id, other).await.unwrap();
        billing.psp.world().down = false;
        billing.advance(90);
        for hint in run_schedules(&billing, &[]) {
            billing.notice(&hint).await.unwrap();
        }
        let after = row(&billing, &id).await;
        let days = (after.access_until.unwrap().0 - next.starts.start().0) / DAY;
        let amounts: Vec<u64> = paid(&billing).iter().map(|(_, won)| *won).collect();
        assert_eq!(amounts, if yearly_first { [99_000, 99_000] } else { [8_900, 8_900] });
        assert_eq!(days > 300, yearly_first, "{days} days");
        assert_eq!((after.attempt.period, after.next_plan), (2, None), "the other length begins with the period after");
        let wanted = if yearly_first { Unit::Month } else { Unit::Year };
        assert_eq!(after.calendar.latest().unwrap().interval().unit(), wanted);
    }
}

#[tokio::test]
async fn a_change_of_the_length_waits_for_the_old_schedule_to_be_off() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    billing.psp.world().down = true;
    let waits = billing.change_plan(&Caller::Merchant, &id, yearly()).await.unwrap();
    assert_eq!((waits.awaits_plan(), waits.expected_order()), (true, None), "nothing may be put meanwhile");
    assert!(billing.view(waits).await.unwrap().is_pending());
    billing.psp.world().down = false;
    sweeps(&billing, 3, 300).await;
    let done = row(&billing, &id).await;
    assert_eq!((done.price.amount.minor, done.next_plan.is_none()), (99_000, true));
    assert_eq!(states_of(&billing, 1), [State::Revoked, State::Scheduled]);
}

#[tokio::test]
async fn a_plan_that_its_customer_has_is_not_changed_to_nor_begun() {
    let billing = billing().await;
    let monthly = begun(&billing, wanted()).await;
    let other = NewSubscription { plan: yearly(), ..again() };
    let second = begun(&billing, other).await;
    let same = plan("월간 이용권", 8_900);
    let refused = billing.change_plan(&Caller::Merchant, &second, same.clone()).await;
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionExists));
    billing.change_plan(&Caller::Merchant, &monthly, plan("최고", 18_900)).await.unwrap();
    let third = NewSubscription { plan: plan("최고", 18_900), idempotency_key: "subscribe-3".to_owned(), ..wanted() };
    assert_eq!(billing.subscribe(third, &secret()).await.map(|_| ()), Err(Failure::SubscriptionExists));
    // The paid month is still of it.
    let anew = NewSubscription { idempotency_key: "subscribe-4".to_owned(), ..wanted() };
    let refused = billing.change_plan(&Caller::Merchant, &second, same.clone()).await;
    assert_eq!(refused.map(|_| ()), Err(Failure::SubscriptionExists));
    assert_eq!(billing.subscribe(anew, &secret()).await.map(|_| ()), Err(Failure::SubscriptionExists));
    pass(&billing, 32, &[], true).await;
    billing.change_plan(&Caller::Merchant, &second, same).await.unwrap();
}

#[tokio::test]
async fn a_customer_takes_back_an_end_of_their_own_and_not_the_merchants() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let customer = Caller::Customer(row(&billing, &id).await.customer_id);
    for (who, allowed) in [(&customer, true), (&Caller::Merchant, false)] {
        billing.cancel_subscription(who, &id, Ending::AtPeriodEnd).await.unwrap();
        let back = billing.reactivate_subscription(&customer, &id).await;
        assert_eq!(back.is_ok(), allowed);
    }
    let back = billing.reactivate_subscription(&Caller::Merchant, &id).await.unwrap();
    assert_eq!((back.ending, back.ended_by_merchant), (None, false));
}

#[tokio::test]
async fn nobody_makes_attempts_at_a_period_without_end() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    let mut rounds = 0;
    let refused = loop {
        billing.cancel_subscription(&Caller::Merchant, &id, Ending::AtPeriodEnd).await.unwrap();
        billing.advance(1);
        match billing.reactivate_subscription(&Caller::Merchant, &id).await {
            Ok(_) if rounds < 200 => rounds += 1,
            ended => break ended.map(|_| ()),
        }
    };
    assert_eq!(refused, Err(Failure::SubscriptionNotChangeable));
    assert!((50..=70).contains(&rounds), "{rounds}");
    // It can always be ended.
    let over = billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(over.state, SubscriptionState::Canceled);
}

/// Writes a row of the table as somebody else has made it.
async fn stands(billing: &TestBilling, row: Payment) {
    let next = Payment { version: row.version + 1, writer: billing.host.nonce(), ..row };
    assert_eq!(billing.store.save(&next).await.unwrap(), Saved::Done);
}

/// Seed 770028484: an attempt is put between the reading of the payments and the write that closes their period. It is sent
/// after that, and the next period's used to be registered beside it.
#[tokio::test]
async fn nothing_is_put_beside_an_attempt_that_was_put_while_its_period_was_closed() {
    let billing = billing().await;
    let id = begun(&billing, wanted()).await;
    pass(&billing, 31, &["key1"], true).await;
    let behind = row(&billing, &id).await;
    assert_eq!((behind.state, behind.attempt.number), (SubscriptionState::PastDue, 1));
    let uid = |text: String| billing::MerchantUid::parse(&text).unwrap();
    let mut first = billing.store.payment(&uid(format!("{id}p1t0"))).await.unwrap().unwrap();
    let mut second = billing.store.payment(&uid(format!("{id}p1t1"))).await.unwrap().unwrap();
    // The first attempt turns out paid, and the second is just being sent.
    let now = billing.host.now();
    let mut paid = first.record.clone().unwrap();
    (paid.status, paid.paid_at, paid.failed_at) = (PspStatus::Paid, Some(now), None);
    billing.psp.world().payments.insert(format!("{id}p1t0"), vec![paid.clone()]);
    (first.state, first.record) = (State::Paid, Some(paid));
    stands(&billing, first.clone()).await;
    let claim = Claim::new(Purpose::Register, billing.host.nonce(), now, &billing.policy);
    (second.state, second.due_at, second.created_at) = (State::Claimed, Some(now.plus(30)), now);
    second.claim = Some(claim);
    stands(&billing, second).await;
    // Whoever closes the period has read its payments before.
    let closed = step(&behind, &[first], &StepContext::default(), now, &billing.policy).row;
    let closed = Subscription { version: behind.version + 1, writer: billing.host.nonce(), ..closed };
    assert_eq!((billing.store.save_subscription(&closed).await.unwrap(), closed.attempt.period), (Saved::Done, 2));
    let before = billing.psp.world().posts.len();
    sweep(&billing).await;
    let waits = row(&billing, &id).await;
    assert_eq!(billing.psp.world().posts.len(), before, "nothing is registered beside it");
    assert_eq!((waits.state, states_of(&billing, 2)), (SubscriptionState::Active, Vec::new()));
    assert!(waits.due_at.is_some_and(|due_at| due_at <= now.plus(60)), "and it is looked at soon");
    sweeps(&billing, 4, 300).await;
    assert_eq!(
        (states_of(&billing, 1), states_of(&billing, 2)),
        (vec![State::Paid, State::Revoked], vec![State::Scheduled])
    );
}

/// The same with the last period, after which nothing would look at it again.
#[tokio::test]
async fn an_attempt_that_was_put_while_the_last_period_was_closed_is_taken_back() {
    let billing = billing().await;
    let new = NewSubscription { periods_max: Some(2), ..wanted() };
    let id = begun(&billing, new).await;
    pass(&billing, 31, &["key1"], true).await;
    let behind = row(&billing, &id).await;
    let hint = paid_after_all(&billing, &format!("{id}p1t0"));
    let mut first = billing.store.payment(&hint.merchant_uid).await.unwrap().unwrap();
    first.record = billing.psp.world().payments[hint.merchant_uid.as_str()].first().cloned();
    first.state = State::Paid;
    stands(&billing, first.clone()).await;
    let stepped = step(&behind, &[first], &StepContext::default(), billing.host.now(), &billing.policy);
    assert_eq!((stepped.row.state, stepped.next), (SubscriptionState::Completed, billing::subscription::Next::Again));
    let closed = Subscription { version: behind.version + 1, writer: billing.host.nonce(), ..stepped.row };
    billing.store.save_subscription(&closed).await.unwrap();
    // Whoever asks for anything looks at it once more.
    billing.cancel_subscription(&Caller::Merchant, &id, Ending::Now).await.unwrap();
    assert_eq!(states_of(&billing, 1), [State::Paid, State::Revoked]);
    let done = row(&billing, &id).await;
    assert_eq!((done.state, done.due_at), (SubscriptionState::Completed, None));
}
