//! Payments for later: registering, moving, taking back.

use billing::payment::{PspStatus, State};
use billing::ports::{Clock, ScheduleFilter};
use billing::usecase::{Caller, Failure, NewSchedule, Scheduled};
use billing::{CustomerUid, Timestamp};

use crate::fixture::payments::scheduled_order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, billing, customer, order, schedule_snapshot};
use crate::sweep::sweep;

const DAY: i64 = 86_400;

pub(crate) fn new_schedule(uid: &str, schedule_at: Timestamp) -> NewSchedule {
    NewSchedule { order: order(uid), schedule_at }
}

fn key1() -> CustomerUid {
    CustomerUid::parse("key1").unwrap()
}

async fn registered(billing: &TestBilling, uid: &str) -> State {
    let rows = billing.schedule(&key1(), None, vec![new_schedule(uid, START.plus(DAY))]).await.unwrap();
    rows.first().unwrap().row().unwrap().state
}

fn code<T: std::fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Invalid(invalid)) => format!("{} {}", invalid.field, invalid.code),
        other => format!("{other:?}"),
    }
}

#[tokio::test]
async fn a_hundred_payments_are_registered_with_one_post() {
    let billing = billing().await;
    let wanted: Vec<_> = (0..100).map(|n| new_schedule(&format!("order_{n:03}"), START.plus(DAY + n))).collect();
    let rows = billing.schedule(&key1(), None, wanted).await.unwrap();
    assert_eq!(rows.len(), 100);
    let mut rows = rows.iter().filter_map(Scheduled::row);
    assert!(rows.all(|row| row.state == State::Scheduled && row.due_at == row.schedule_at().map(|at| at.plus(900))));
    assert_eq!(billing.psp.world().posts.len(), 1);
}

#[tokio::test]
async fn the_whole_request_is_checked_before_anything_is_written() {
    let billing = billing().await;
    let good = || new_schedule("order_1", START.plus(DAY));
    let at = |seconds| vec![good(), new_schedule("order_2", START.plus(seconds))];
    for (wanted, refused) in [
        (vec![], "schedules schedules_invalid"),
        (vec![good(); 101], "schedules schedules_invalid"),
        (vec![good(), good()], "schedules schedules_invalid"),
        (vec![good(), new_schedule("order_2", START.plus(DAY))], "schedules schedules_invalid"),
        (at(-1), "schedules[1].schedule_at schedule_at_invalid"),
        (at(1), "schedules[1].schedule_at schedule_at_invalid"),
        (at(401 * DAY), "schedules[1].schedule_at schedule_at_invalid"),
        (vec![new_schedule("order_1", Timestamp(START.0 * 1_000))], "schedules[0].schedule_at schedule_at_invalid"),
    ] {
        assert_eq!(code(billing.schedule(&key1(), None, wanted).await), refused);
    }
    assert_eq!((billing.store.all_payments(), billing.psp.world().posts.len()), (Vec::new(), 0));
}

#[tokio::test]
async fn the_same_request_again_registers_nothing_even_when_its_time_has_passed() {
    let billing = billing().await;
    assert_eq!(registered(&billing, "order_1").await, State::Scheduled);
    billing.advance(2 * DAY);
    assert_eq!(registered(&billing, "order_1").await, State::Scheduled);
    assert_eq!(billing.psp.world().posts, ["register order_1"]);

    let mut other = new_schedule("order_1", START.plus(DAY));
    other.order.amount.minor = 1;
    assert_eq!(billing.schedule(&key1(), None, vec![other]).await, Err(Failure::MerchantUidReused));
    assert_eq!(billing.charge(order("order_1"), None).await, Err(Failure::MerchantUidReused));
}

#[tokio::test]
async fn a_refused_registration_is_failed_and_taken_back_if_it_was_made_all_the_same() {
    let billing = billing().await;
    billing.psp.will([Act::Refuse(1)]);
    assert_eq!(registered(&billing, "order_1").await, State::Failed);
    // The PSP made it after we had looked: the customer was told that it is not registered.
    let schedule = schedule_snapshot("order_1", billing::payment::ScheduleStatus::Scheduled, START.plus(DAY));
    billing.psp.world().schedules.insert("order_1".to_owned(), schedule);
    billing.advance(155);
    sweep(&billing).await;
    assert_eq!(scheduled_order_1(&billing).await.state, State::Revoked);
    assert_eq!(billing.psp.world().posts, ["register order_1", "revoke order_1"]);
}

#[tokio::test]
async fn a_batch_that_was_registered_in_part_is_looked_up_order_by_order() {
    let billing = billing().await;
    billing.psp.will([Act::ApproveAndLose]);
    let wanted = vec![new_schedule("order_1", START.plus(DAY)), new_schedule("order_2", START.plus(2 * DAY))];
    let rows = billing.schedule(&key1(), None, wanted).await.unwrap();
    assert!(rows.iter().all(|answer| answer.row().unwrap().state == State::Scheduled));
    assert_eq!(billing.psp.world().gets, 2);
}

#[tokio::test]
async fn a_schedule_is_moved_and_taken_back() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    let moved = billing.reschedule(&Caller::Merchant, "order_1", START.plus(3 * DAY)).await.unwrap();
    assert_eq!((moved.schedule_at(), moved.claim.is_none()), (Some(START.plus(3 * DAY)), true));
    assert_eq!(moved.due_at, Some(START.plus(3 * DAY + 900)));
    assert!(billing.alarms().is_empty(), "a move of our own is no surprise");

    let revoked = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    assert_eq!((revoked.state, revoked.due_at), (State::Revoked, None));
    let again = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    assert_eq!(again, revoked);
    assert_eq!(billing.psp.world().posts, ["register order_1", "move order_1", "revoke order_1"]);
    let refused = billing.reschedule(&Caller::Merchant, "order_1", START.plus(3 * DAY)).await;
    assert_eq!(refused, Err(Failure::ScheduleNotChangeable));
}

#[tokio::test]
async fn what_has_run_cannot_be_taken_back() {
    let billing = billing().await;
    for (uid, status) in [("order_1", PspStatus::Paid), ("order_2", PspStatus::Failed)] {
        registered(&billing, uid).await;
        billing.psp.world().execute(&order(uid), status, START.plus(DAY));
        // Our row does not know yet; the PSP refuses and its record says why.
        assert_eq!(billing.unschedule(&Caller::Merchant, uid).await, Err(Failure::AlreadyExecuted));
        let row = billing.scheduled(&Caller::Merchant, uid).await.unwrap();
        assert_eq!(row.state, if status == PspStatus::Paid { State::Paid } else { State::Failed });
        assert_eq!(billing.unschedule(&Caller::Merchant, uid).await, Err(Failure::AlreadyExecuted));
    }
}

#[tokio::test]
async fn a_lost_revocation_is_pending_and_the_sweep_repeats_it() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    billing.psp.will([Act::Lose]);
    let row = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    assert_eq!((row.state, row.claim.is_some()), (State::Scheduled, true));
    billing.advance(60);
    sweep(&billing).await;
    assert_eq!(scheduled_order_1(&billing).await.state, State::Revoked);
}

#[tokio::test]
async fn a_revocation_that_does_not_leave_stays_claimed_and_is_sent_by_the_sweep() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    billing.psp.will([Act::Unreachable]);
    let row = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    // Somebody else who asked meanwhile may have read the claim, and has a 202 for it.
    assert_eq!((row.state, row.claim.is_some()), (State::Scheduled, true), "202");
    assert_eq!(billing.psp.world().posts, ["register order_1"]);
    billing.advance(60);
    sweep(&billing).await;
    assert_eq!(scheduled_order_1(&billing).await.state, State::Revoked);
}

#[tokio::test]
async fn a_change_that_stands_claimed_is_pending_also_where_the_psp_cannot_be_reached_at_all() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    billing.psp.will([Act::Unreachable]);
    let first = billing.unschedule(&Caller::Merchant, "order_1").await.unwrap();
    billing.psp.world().down = true;
    for seconds in [0, 31, 155, 3_600] {
        billing.advance(seconds);
        // 503 would say that nothing comes of it, and the sweep takes it back.
        assert_eq!(billing.unschedule(&Caller::Merchant, "order_1").await, Ok(first.clone()), "after {seconds} s");
    }
    billing.psp.world().down = false;
    sweep(&billing).await;
    assert_eq!(scheduled_order_1(&billing).await.state, State::Revoked);
}

#[tokio::test]
async fn a_move_that_the_psp_refuses_changes_nothing() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    billing.psp.will([Act::Refuse(1)]);
    let refused = billing.reschedule(&Caller::Merchant, "order_1", START.plus(3 * DAY)).await;
    assert!(matches!(refused, Err(Failure::Refused(_))), "{refused:?}");
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.schedule_at(), row.claim), (Some(START.plus(DAY)), None));
}

#[tokio::test]
async fn a_time_that_was_changed_in_the_console_is_adopted_with_an_alarm() {
    let billing = billing().await;
    registered(&billing, "order_1").await;
    billing.psp.world().schedules.get_mut("order_1").unwrap().schedule_at = START.plus(9 * DAY);
    billing.advance(DAY + 900);
    sweep(&billing).await;
    assert_eq!(billing.alarms(), ["schedule_moved"]);
    let row = scheduled_order_1(&billing).await;
    assert_eq!((row.schedule_at(), row.due_at), (Some(START.plus(9 * DAY)), Some(START.plus(9 * DAY + 900))));
}

#[tokio::test]
async fn a_charge_is_not_a_schedule_and_foreign_ones_are_unseen() {
    let billing = billing().await;
    billing.charge(order("order_1"), None).await.unwrap();
    assert_eq!(billing.scheduled(&Caller::Merchant, "order_1").await, Err(Failure::NotFound));
    registered(&billing, "order_2").await;
    let lee = Caller::Customer(customer("lee"));
    assert_eq!(billing.scheduled(&lee, "order_2").await, Err(Failure::NotFound));
    let of_kim = ScheduleFilter { customer_uid: Some(key1()), limit: 10, ..ScheduleFilter::default() };
    assert_eq!(billing.schedules(&lee, &of_kim).await, Err(Failure::NotFound));
    assert_eq!(billing.schedules(&Caller::Merchant, &of_kim).await.unwrap().items.len(), 1);
    let unnamed = ScheduleFilter { limit: 10, ..ScheduleFilter::default() };
    assert_eq!(code(billing.schedules(&Caller::Merchant, &unnamed).await), "customer_uid customer_uid_required");
    assert_eq!(billing.host.now(), START);
}
