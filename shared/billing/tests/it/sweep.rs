//! The sweep: everything that is owed comes to its end without a single webhook.

use billing::Timestamp;
use billing::payment::{Flow, PspStatus, State};
use billing::ports::{Clock, PaymentStore};
use billing::usecase::{Along, Caller, IssueKey, ScheduleDisposition, SweepReport};

use crate::fixture::payments::{order_1, payment};
use crate::fixture::{Act, TestBilling, TestWorld, billing, customer, issue_request, order, refund_request, secret};
use crate::schedule::new_schedule;

/// A sweep with all the time it wants.
pub(crate) async fn sweep(billing: &TestBilling) -> SweepReport {
    let report = billing.sweep(billing.host.now().plus(3_600)).await.unwrap();
    // Every row that was due is settled, stays due, or went wrong.
    assert!(report.failed > 0 || report.seen == report.settled + report.pending, "{report:?}");
    report
}

/// As many sweeps, one after another, each so many seconds after the one before.
pub(crate) async fn sweeps(billing: &TestBilling, times: u32, seconds: i64) {
    for _ in 0..times {
        billing.advance(seconds);
        sweep(billing).await;
    }
}

/// Lets the sweep look `times` times, each in the very second in which the only row that is waited for is due, and not one
/// before it. Says when that was.
pub(crate) async fn look_when_due(
    billing: &TestBilling,
    times: usize,
    due_at: impl AsyncFn() -> Option<Timestamp>,
) -> Vec<Timestamp> {
    let mut looks = Vec::new();
    for _ in 0..times {
        let due_at = due_at().await.expect("it is waited for");
        billing.wait_until(due_at.plus(-1));
        assert_eq!(sweep(billing).await.seen, 0);
        billing.advance(1);
        assert_eq!(sweep(billing).await.seen, 1);
        looks.push(due_at);
    }
    looks
}

async fn state(billing: &TestBilling, uid: &str) -> State {
    payment(billing, uid).await.state
}

#[tokio::test]
async fn a_lost_charge_that_was_executed_is_found() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().record(&order("order_1"), PspStatus::Paid, Timestamp(0));
    billing.advance(60);
    let report = sweep(&billing).await;
    assert_eq!((report.seen, report.settled), (1, 1));
    assert_eq!(state(&billing, "order_1").await, State::Paid);
    assert_eq!(billing.psp.world().posts, ["charge order_1"], "found, not sent again");
}

#[tokio::test]
async fn a_lost_charge_is_sent_again_under_the_same_number_only_after_the_quarantine() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.advance(154);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Unknown);
    assert_eq!(billing.psp.world().posts.len(), 1, "it may still be executing");
    billing.advance(1);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Paid);
    assert_eq!(billing.psp.world().posts, ["charge order_1", "charge order_1"]);
}

#[tokio::test]
async fn a_claimant_that_died_is_carried_on() {
    use billing::payment::{Claim, Payment, Purpose};

    let billing = billing().await;
    let now = billing.host.now();
    let nonce = billing::Nonce::parse(&"f".repeat(32)).unwrap();
    let claim = Claim::new(Purpose::Charge, nonce, now, &billing.policy);
    let row = Payment::claimed(order("order_1"), customer("kim"), Flow::Charge, now, claim);
    billing.store.insert(&[row]).await.unwrap();

    assert_eq!(sweep(&billing).await.seen, 0, "the claimant has its 30 seconds");
    billing.advance(31);
    assert_eq!(sweep(&billing).await.pending, 1);
    assert!(billing.psp.world().posts.is_empty());
    billing.advance(200);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Paid);
}

#[tokio::test]
async fn a_refusal_is_confirmed_once_and_then_settled() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.advance(155);
    assert_eq!(sweep(&billing).await.settled, 1);
    assert_eq!(state(&billing, "order_1").await, State::Failed);
    billing.advance(86_400);
    assert_eq!(sweep(&billing).await.seen, 0, "nothing is owed any more");
}

#[tokio::test]
async fn a_refusal_that_turns_out_paid_wins_with_an_alarm() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(-1)]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().record(&order("order_1"), PspStatus::Paid, Timestamp(1));
    billing.advance(155);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Paid);
    assert_eq!(billing.alarms(), ["late_paid"]);
}

#[tokio::test]
async fn an_outage_changes_nothing_and_loses_nothing() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let before = billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.world().down = true;
    billing.advance(3_600);
    let report = sweep(&billing).await;
    assert_eq!((report.pending, report.oldest_seconds), (1, 3_600));
    let after = order_1(&billing).await;
    assert_eq!((after.state, after.due_at, &after.claim), (before.state, before.due_at, &before.claim));
    assert_eq!(billing.alarms(), ["outcome_unknown"]);
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Paid);
}

#[tokio::test]
async fn a_schedule_that_ran_without_a_webhook_is_settled() {
    let billing = billing().await;
    for (uid, status, wanted) in
        [("order_1", PspStatus::Paid, State::Paid), ("order_2", PspStatus::Failed, State::Failed)]
    {
        let new = new_schedule(uid, billing.host.now().plus(86_400));
        billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new.clone()]).await.unwrap();
        billing.advance(86_400);
        billing.psp.world().execute(&new.order, status, new.schedule_at);
        assert_eq!(sweep(&billing).await.seen, 0, "its quarter of an hour");
        billing.advance(900);
        assert_eq!(sweep(&billing).await.settled, 1);
        assert_eq!(state(&billing, uid).await, wanted);
    }
}

#[tokio::test]
async fn an_overdue_schedule_is_never_charged_beside() {
    let billing = billing().await;
    let new = new_schedule("order_1", billing.host.now().plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    billing.psp.world().posts.clear();
    billing.advance(86_400 + 900);
    for _ in 0..5 {
        sweep(&billing).await;
        billing.advance(43_200);
    }
    assert!(billing.psp.world().posts.is_empty());
    assert_eq!(state(&billing, "order_1").await, State::Scheduled);
    assert!(billing.alarms().iter().all(|alarm| *alarm == "schedule_overdue"));
}

#[tokio::test]
async fn a_lost_registration_is_registered_again_under_the_same_number() {
    let billing = billing().await;
    billing.psp.will([Act::Lose]);
    let new = new_schedule("order_1", billing.host.now().plus(86_400));
    billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::Unknown);
    billing.advance(155);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Scheduled);
    assert_eq!(billing.psp.world().posts, ["register order_1", "register order_1"]);
}

#[tokio::test]
async fn a_sweep_that_is_out_of_time_leaves_the_rest_for_the_next() {
    let billing = billing().await;
    billing.psp.will([Act::Lose, Act::Lose]);
    billing.charge(order("order_1"), None).await.unwrap();
    billing.advance(60);
    let report = billing.sweep(billing.host.now().plus(5)).await.unwrap();
    assert!(report.cut_short && report.seen == 0);
}

#[tokio::test]
async fn sixteen_rows_are_worked_on_at_once_and_no_more() {
    let billing = billing().await;
    for number in 0..50 {
        billing.psp.will([Act::Unreachable]);
        billing.charge(order(&format!("order_{number}")), None).await.unwrap();
    }
    billing.advance(3_600);
    billing.psp.world().hesitates = true;
    let report = sweep(&billing).await;
    assert_eq!((report.seen, report.settled, report.failed), (50, 50, 0));
    assert_eq!(billing.psp.world().line, (0, 16));
}

#[tokio::test]
async fn orders_come_before_checks_of_cards_whoever_was_first() {
    let billing = billing().await;
    let checked = issue_request("request-1", "4242424242424242");
    let checked = IssueKey { along: Along { checking_amount: Some(100), ..checked.along.clone() }, ..checked };
    billing.psp.will([Act::Approve, Act::Unreachable]);
    billing.issue_key(checked, &secret()).await.unwrap();
    let orders = ["order_1", "order_2", "order_3", "order_4"];
    for uid in orders {
        billing.psp.will([Act::Unreachable]);
        billing.charge(order(uid), None).await.unwrap();
    }
    billing.psp.world().posts.clear();
    billing.advance(3_600);
    sweep(&billing).await;
    let posts = billing.psp.world().posts.clone();
    let place = |of: &str| posts.iter().position(|post| post.contains(of));
    let check = place("chk");
    assert!(check.is_some() && orders.iter().all(|uid| place(uid) < check), "{posts:?}");
}

#[tokio::test]
async fn an_order_whose_key_went_away_before_it_was_sent_fails() {
    let billing = billing().await;
    billing.psp.will([Act::Unreachable]);
    billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(state(&billing, "order_1").await, State::Intent);
    billing.delete_key(&Caller::Merchant, "key1", ScheduleDisposition::InTheWay).await.unwrap();
    billing.advance(60);
    sweep(&billing).await;
    assert_eq!(state(&billing, "order_1").await, State::Failed);
    assert_eq!(billing.psp.world().posts, ["delete key1"]);
}

/// The PSP takes the order and never says what became of it, and shows nothing: a permanent 5xx, or a firewall.
#[tokio::test]
async fn an_order_that_is_never_answered_is_sent_more_and_more_rarely_and_a_person_is_told_each_day() {
    let billing = billing().await;
    billing.psp.will(std::iter::repeat_n(Act::Lose, 5_000));
    billing.charge(order("order_1"), None).await.unwrap();
    let (mut alarms, mut oldest) = (Vec::new(), Vec::new());
    for day in 1..=7 {
        for _ in 0..288 {
            billing.advance(300);
            oldest.push(sweep(&billing).await.oldest_seconds);
        }
        let told = billing.alarms();
        assert_eq!(told, ["outcome_unknown"], "once a day: day {day}");
        alarms.extend(told);
        // Whoever asks again and again does not send it again and again.
        let before = billing.psp.world().posts.len();
        billing.charge(order("order_1"), None).await.unwrap();
        assert_eq!(billing.psp.world().posts.len(), before);
    }
    let posts = billing.psp.world().posts.len();
    assert!((20..=40).contains(&posts), "{posts} in a week");
    assert!(oldest.iter().max() > Some(&(6 * 86_400)), "and its age grows");
    // What the PSP says in the end counts at once.
    billing.psp.world().record(&order("order_1"), PspStatus::Paid, Timestamp(0));
    sweeps(&billing, 72, 300).await;
    let row = order_1(&billing).await;
    assert_eq!((row.state, row.under_way_since, row.alarmed_at.len()), (State::Paid, None, 0));
}

#[tokio::test]
async fn a_change_that_is_never_answered_or_always_refused_is_sent_hourly_and_told_of_daily() {
    for act in [Act::Lose, Act::Refuse(1)] {
        let billing = billing().await;
        let new = new_schedule("order_1", billing.host.now().plus(30 * 86_400));
        billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
        billing.psp.will(std::iter::repeat_n(act.clone(), 5_000));
        billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
        sweeps(&billing, 2 * 288, 300).await;
        let posts = billing.psp.world().posts.len();
        assert!((20..=70).contains(&posts), "{posts} in two days: {act:?}");
        assert_eq!(billing.alarms(), ["outcome_unknown"; 2], "{act:?}");
    }
}

#[tokio::test]
async fn what_is_to_be_taken_back_does_not_run_because_the_psp_failed_an_hour_before() {
    for act in [Act::Lose, Act::Refuse(1), Act::Unreachable] {
        for ahead in [1_800, 3_600, 7_200, 86_400] {
            let billing = billing().await;
            let runs_at = billing.host.now().plus(ahead);
            let new = new_schedule("order_1", runs_at);
            billing.schedule(&new.order.customer_uid.clone().unwrap(), None, vec![new]).await.unwrap();
            billing.psp.will(std::iter::repeat_n(act.clone(), 5_000));
            billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
            // Out of order until a third of the time is left, or ten minutes.
            let back_at = runs_at.plus(-(ahead / 3).max(600));
            while billing.host.now() < back_at {
                sweeps(&billing, 1, 300).await;
            }
            billing.psp.forgives();
            while billing.host.now().plus(300) < runs_at {
                sweeps(&billing, 1, 300).await;
            }
            assert_eq!(state(&billing, "order_1").await, State::Revoked, "{act:?}, {ahead} s ahead");
        }
    }
}

#[tokio::test]
async fn a_refund_that_is_never_answered_is_sent_more_and_more_rarely() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    billing.psp.will(std::iter::repeat_n(Act::Lose, 5_000));
    billing.refund(refund_request("order_1", "900", "refund-1")).await.unwrap();
    sweeps(&billing, 3 * 288, 300).await;
    let posts = billing.psp.world().posts.len();
    assert!((8..=20).contains(&posts), "{posts} in three days");
    assert_eq!(billing.alarms(), ["outcome_unknown"; 3]);
}
