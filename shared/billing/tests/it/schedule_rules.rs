//! Schedules, as the PSP has them: moved, revoked, overdue, run.

use billing::Nonce;
use billing::payment::{
    Effect, Evidence, Flow, Payment, PostFailure, PspStatus, Purpose, Refusal, RefusedBy, ScheduleSnapshot,
    ScheduleStatus, Source, State,
};
use billing::ports::{Clock, ScheduleFilter};
use billing::usecase::Caller;

use crate::fixture::applied::{SCHEDULE_AT, alarms, applied, claim, registration};
use crate::fixture::payments::scheduled_order_1;
use crate::fixture::{Act, START, TestBilling, TestWorld, World, billing, order, schedule_snapshot, uid};
use crate::schedule::new_schedule;
use crate::sweep::{look_when_due, sweep};

const DAY: i64 = 86_400;

/// Seconds during which a request may still be carried out: 20 for its claim, 15 of its own, 120 for a late one.
const QUARANTINE: i64 = 155;

const STATUSES: [ScheduleStatus; 4] =
    [ScheduleStatus::Scheduled, ScheduleStatus::Executed, ScheduleStatus::Revoked, ScheduleStatus::Unknown];

/// Every state that a schedule can be in.
fn states() -> impl Iterator<Item = State> {
    State::ALL.into_iter().filter(|state| !matches!(state, State::Awaiting | State::Expired))
}

fn at_the_psp(schedule_status: ScheduleStatus) -> ScheduleSnapshot {
    schedule_snapshot("order_1", schedule_status, SCHEDULE_AT)
}

async fn registered(billing: &TestBilling) -> Payment {
    billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", SCHEDULE_AT)]).await.unwrap();
    scheduled_order_1(billing).await
}

/// Lets the sweep look at the schedule `times` times, and says how many seconds after its time each time was.
async fn looked_for(billing: &TestBilling, times: usize) -> Vec<i64> {
    let looks = look_when_due(billing, times, async || scheduled_order_1(billing).await.due_at).await;
    looks.into_iter().map(|at| at.0 - SCHEDULE_AT.0).collect()
}

#[test]
fn what_was_revoked_on_a_key_before_it_was_claimed_anew_counts_as_no_schedule_and_nothing_else_does() {
    // From key1 to key2 and back: claimed there again, and registered there by now.
    let claimed = Payment { former_keys: vec![uid("key1"), uid("key2")], ..registration() };
    let registered = Payment { state: State::Scheduled, claim: None, ..claimed.clone() };
    for row in [&claimed, &registered] {
        for uid in ["key1", "key2", "key3"] {
            for (status, revoked) in
                STATUSES.iter().flat_map(|status| [None, Some(-1), Some(0), Some(1)].map(|at| (*status, at)))
            {
                let is_trace = match (uid, status) {
                    ("key2", ScheduleStatus::Revoked) => true,
                    ("key1", ScheduleStatus::Revoked) => row.claim.is_some() && matches!(revoked, Some(-1 | 0)),
                    _ => false,
                };
                let snapshot = ScheduleSnapshot {
                    customer_uid: uid.to_owned(),
                    revoked_at: revoked.map(|seconds| START.plus(seconds)),
                    ..at_the_psp(status)
                };
                for now in [1, QUARANTINE - 1, QUARANTINE].map(|seconds| START.plus(seconds)) {
                    let seen = applied(row, &Evidence::Schedule(snapshot.clone()), Source::Sweep, now);
                    let as_if_there_were_none = seen == applied(row, &Evidence::NoSchedule, Source::Sweep, now);
                    assert_eq!(as_if_there_were_none, is_trace, "{:?} at {now}: {snapshot:?}", row.state);
                }
            }
        }
    }
}

#[test]
fn the_payment_that_a_schedule_ran_as_is_fetched_until_the_row_is_settled_by_that_very_one() {
    let mut world = World::default();
    let [own, other] = [(); 2].map(|()| world.record(&order("order_1"), PspStatus::Failed, SCHEDULE_AT));
    let ran = Evidence::Schedule(ScheduleSnapshot {
        imp_uid: Some(own.imp_uid.clone()),
        payment_status: Some(PspStatus::Failed),
        executed_at: Some(SCHEDULE_AT),
        ..at_the_psp(ScheduleStatus::Executed)
    });
    let now = SCHEDULE_AT.plus(1);
    for state in states().filter(|state| !state.was_paid()) {
        for record in [None, Some(&other), Some(&own)] {
            let row = Payment { state, record: record.cloned(), ..registration() };
            let at_rest = record == Some(&own) && matches!(state, State::Failed | State::Revoked);
            let after = applied(&row, &ran, Source::Sweep, now);
            assert_eq!(after.effects.contains(&Effect::Fetch(own.imp_uid.clone())), !at_rest, "{state:?} {record:?}");
            let looks_again = after.row.due_at.map(|due_at| due_at > now);
            assert_eq!(looks_again, (!at_rest).then_some(true), "{state:?} {record:?}");
        }
    }
}

#[tokio::test]
async fn an_overdue_schedule_is_looked_at_after_a_quarter_of_an_hour_an_hour_and_every_six_and_anew_once_it_is_moved() {
    let billing = billing().await;
    registered(&billing).await;
    let last = 900 + 3_600 + 2 * 21_600;
    assert_eq!(looked_for(&billing, 4).await, [900, 900 + 3_600, last - 21_600, last]);
    assert_eq!(billing.alarms(), ["schedule_overdue"], "once");
    // In the console, to a time that has gone by, too, when somebody looks.
    billing.psp.world().schedules.get_mut("order_1").unwrap().schedule_at = billing.host.now().plus(60);
    let found = last + 21_600;
    assert_eq!(looked_for(&billing, 3).await, [found, found + 3_600, found + 3_600 + 21_600]);
    assert_eq!(billing.alarms().first(), Some(&"schedule_moved"));
}

#[test]
fn while_a_change_is_under_way_a_schedule_that_is_not_found_is_neither_gone_nor_taken_back() {
    let moved = Purpose::Move { schedule_at: SCHEDULE_AT.plus(60) };
    for (purpose, becomes) in [(Purpose::Revoke, State::Revoked), (moved, State::Intent)] {
        let row = Payment { state: State::Scheduled, claim: Some(claim(purpose)), ..registration() };
        let end = START.plus(QUARANTINE);
        for now in (1..QUARANTINE).map(|seconds| START.plus(seconds)) {
            let after = applied(&row, &Evidence::NoSchedule, Source::Sweep, now);
            assert_eq!((after.row.state, &after.row.claim, alarms(&after)), (State::Scheduled, &row.claim, vec![]));
            assert!(after.row.due_at.is_some_and(|due_at| now < due_at && due_at <= end), "{:?}", after.row.due_at);
        }
        for now in [end, end.plus(1)] {
            let after = applied(&row, &Evidence::NoSchedule, Source::Sweep, now);
            assert_eq!((after.row.state, &after.row.claim), (becomes, &None), "{purpose:?} at {now}");
            assert_eq!(alarms(&after), ["missing_at_psp"]);
        }
    }
}

#[test]
fn a_refused_registration_is_looked_for_in_the_moment_when_it_can_arrive_no_more() {
    let end = START.plus(QUARANTINE);
    let refusal = Refusal { code: -1, message: "거절".to_owned() };
    let refused = Evidence::Posted { claim: Nonce::parse("f").unwrap(), outcome: PostFailure::Refused(refusal) };
    let row = applied(&registration(), &refused, Source::Sweep, START.plus(1)).row;
    assert_eq!((row.state, row.due_at), (State::Failed, Some(end)));
    for now in (1..QUARANTINE + 5).map(|seconds| START.plus(seconds)) {
        let after = applied(&row, &Evidence::NoSchedule, Source::Sweep, now).row;
        assert_eq!((after.state, after.due_at), (State::Failed, (now < end).then_some(end)), "{now}");
        assert_eq!(after.claim.is_some(), now < end, "{now}");
    }
}

#[test]
fn a_status_that_nobody_knows_settles_nothing_wakes_nobody_and_is_looked_at_by_the_calendar() {
    let seen = Evidence::Schedule(at_the_psp(ScheduleStatus::Unknown));
    for state in states() {
        let record = state.was_paid().then(|| World::default().record(&order("order_1"), PspStatus::Paid, SCHEDULE_AT));
        let due = Payment { state, record, claim: None, due_at: Some(START), under_way_since: None, ..registration() };
        let at_rest = Payment { due_at: None, ..due.clone() };
        for now in [START, START.plus(1), SCHEDULE_AT, SCHEDULE_AT.plus(9 * DAY)] {
            let after = applied(&due, &seen, Source::Sweep, now);
            assert_eq!((after.row.state, alarms(&after)), (state, vec!["unknown_status"]));
            if state.was_paid() {
                assert_eq!(
                    after.row,
                    Payment { alarmed_at: after.row.alarmed_at.clone(), updated_at: now, ..due.clone() }
                );
            } else {
                assert!(after.row.due_at.is_some_and(|due_at| due_at > now), "{state:?} at {now}");
            }
            if state.is_settled() {
                let after = applied(&at_rest, &seen, Source::Sweep, now);
                assert_eq!((&after.row, alarms(&after)), (&at_rest, vec!["unknown_status"]), "{state:?} at {now}");
            }
        }
    }
}

#[test]
fn an_order_that_is_not_sent_because_its_key_is_gone_is_refused_by_nobody_but_this_system() {
    for flow in [Flow::Charge, Flow::Schedule { schedule_at: SCHEDULE_AT }] {
        let unsent = Payment { flow, state: State::Intent, claim: None, ..registration() };
        let after = applied(&unsent, &Evidence::KeyInactive, Source::Sweep, START.plus(60));
        assert_eq!((after.row.state, after.row.due_at), (State::Failed, None), "{flow:?}");
        assert_eq!(after.row.refused_by(), RefusedBy::Ourselves, "no card is to blame, and no setting of the PSP's");
        assert_eq!(alarms(&after), [""; 0], "{flow:?}");
    }
}

/// A person was told of the amount; that nobody knows the outcome would be wrong.
#[tokio::test]
async fn a_schedule_that_is_not_what_was_ordered_is_never_told_as_an_unknown_outcome() {
    let billing = billing().await;
    let mut wrong = at_the_psp(ScheduleStatus::Scheduled);
    wrong.amount.minor += 1;
    billing.psp.world().schedules.insert("order_1".to_owned(), wrong);
    billing.psp.will([Act::Lose]);
    assert_eq!(registered(&billing).await.state, State::Suspect);
    assert_eq!(billing.alarms(), ["psp_mismatch"]);
    for _ in 0..24 {
        billing.advance(300);
        sweep(&billing).await;
        let row = scheduled_order_1(&billing).await;
        assert_eq!((row.state, row.under_way_since), (State::Suspect, Some(START)), "it was sent");
        assert_eq!(row.unanswered_since(), None);
    }
    assert_eq!(billing.alarms(), [""; 0], "and of the amount once a day");
}

#[tokio::test]
async fn a_list_of_schedules_begins_with_its_first_second_and_ends_before_its_last() {
    let billing = billing().await;
    let wanted = (0..4).map(|second| new_schedule(&format!("order_{second}"), SCHEDULE_AT.plus(second))).collect();
    billing.schedule(&uid("key1"), None, wanted).await.unwrap();
    billing.charge(order("charged"), None).await.unwrap();
    let bounds: Vec<Option<i64>> = (-1..=4).map(Some).chain([None]).collect();
    for (from, to) in bounds.iter().flat_map(|from| bounds.iter().map(|to| (*from, *to))) {
        let (first, end) = (from.map(|second| SCHEDULE_AT.plus(second)), to.map(|second| SCHEDULE_AT.plus(second)));
        let filter = ScheduleFilter { customer_uid: Some(uid("key1")), from: first, to: end, limit: 10, cursor: None };
        let page = billing.schedules(&Caller::Merchant, &filter).await.unwrap();
        let listed: Vec<i64> = page.items.iter().map(|row| row.schedule_at().unwrap().0 - SCHEDULE_AT.0).collect();
        let seconds = from.unwrap_or(i64::MIN)..to.unwrap_or(i64::MAX);
        let expected: Vec<i64> = (0..4).filter(|second| seconds.contains(second)).collect();
        assert_eq!(listed, expected, "from {from:?} to {to:?}");
    }
}
