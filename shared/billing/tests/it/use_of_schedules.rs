//! Use cases of schedules and refunds, and how a change is sent.

mod refunds;

use billing::payment::{
    Flow, Payment, PspStatus, Purpose, ScheduleSnapshot, ScheduleStatus, State, snapshot::PaymentSnapshot,
};
use billing::ports::{Clock, KeyStore, PaymentStore};
use billing::subscription::Attempt;
use billing::usecase::{Billing, Caller, Failure, NewSchedule, ScheduleDisposition, Scheduled, check_schedule_at};
use billing::{MerchantUid, Policy, Timestamp};

use crate::fixture::applied::{SCHEDULE_AT, claim};
use crate::fixture::payments::scheduled_order_1;
use crate::fixture::subscriptions::{begun, row};
use crate::fixture::{
    Act, START, TestHost, TestPsp, TestWorld, World, another_card, billing, customer, order, schedule_snapshot, uid,
};
use crate::lossy::{Fate, LossyBilling, lossy};
use crate::schedule::new_schedule;
use crate::subscription::wanted;
use crate::sweep::{sweep, sweeps};

const DAY: i64 = 86_400;

/// Another time that is asked for.
const LATER: Timestamp = Timestamp(SCHEDULE_AT.0 + 60);

const MERCHANT: Caller = Caller::Merchant;

/// Registers `order_1`, or tries to.
async fn registered<S>(billing: &Billing<TestPsp, S, TestHost>) -> Payment
where
    S: PaymentStore + KeyStore,
{
    let answers = billing.schedule(&uid("key1"), None, vec![new_schedule("order_1", SCHEDULE_AT)]).await.unwrap();
    billing.psp.world().posts.clear();
    answers[0].row().unwrap().clone()
}

fn posts<S>(billing: &Billing<TestPsp, S, TestHost>) -> Vec<String> {
    billing.psp.world().posts.clone()
}

fn record(status: PspStatus) -> PaymentSnapshot {
    World::default().record(&order("order_1"), status, SCHEDULE_AT)
}

// What is asked for.

#[test]
fn a_schedule_may_be_from_the_first_second_to_the_last_of_what_the_refusal_says() {
    for (minutes, days) in [(5, 400), (10, 30), (1, 1)] {
        let policy = Policy {
            schedule_lead_min_seconds: minutes * 60,
            schedule_ahead_max_seconds: days * DAY,
            ..Policy::default()
        };
        let said = format!("UNIX seconds, from {minutes} minutes to {days} days ahead");
        for (ahead, accepted) in [
            (minutes * 60 - 1, false),
            (minutes * 60, true),
            (minutes * 60 + 1, true),
            (days * DAY - 1, true),
            (days * DAY, true),
            (days * DAY + 1, false),
        ] {
            let checked = check_schedule_at(START.plus(ahead), START, &policy).map_err(|invalid| invalid.detail);
            assert_eq!(checked, if accepted { Ok(()) } else { Err(said.clone()) }, "{ahead} seconds");
        }
    }
}

#[tokio::test]
async fn neither_a_number_nor_a_time_may_stand_twice_in_one_request() {
    let billing = billing().await;
    let schedules = |list: [(&str, i64); 3]| -> Vec<NewSchedule> {
        list.into_iter().map(|(uid, second)| new_schedule(uid, SCHEDULE_AT.plus(second))).collect()
    };
    for (list, said) in [
        ([("order_1", 0), ("order_2", 1), ("order_1", 2)], "each merchant_uid once"),
        ([("order_1", 0), ("order_2", 1), ("order_3", 0)], "each schedule_at once"),
    ] {
        match billing.schedule(&uid("key1"), None, schedules(list)).await {
            Err(Failure::Invalid(invalid)) => {
                assert_eq!((invalid.field.as_str(), &*invalid.detail), ("schedules", said))
            }
            other => panic!("{other:?}"),
        }
        assert_eq!((billing.store.all_payments(), posts(&billing)), (Vec::new(), Vec::new()));
    }
    let answers =
        billing.schedule(&uid("key1"), None, schedules([("order_1", 0), ("order_2", 1), ("order_3", 2)])).await;
    assert_eq!(answers.unwrap().len(), 3);
}

/// A failure means that nothing was recorded; where some of a batch was, the rest says by itself that it was not.
#[tokio::test]
async fn a_batch_of_which_nothing_could_be_recorded_fails_as_a_whole_and_any_other_does_not() {
    let batch = || (0..60).map(|n| new_schedule(&format!("order_{n:02}"), SCHEDULE_AT.plus(n))).collect::<Vec<_>>();
    for recorded in [0, 50] {
        let billing = lossy().await;
        billing.store.will((0..recorded / 50).map(|_| Fate::Answered).chain([Fate::Throttled]));
        let answers = billing.schedule(&uid("key1"), None, batch()).await;
        assert_eq!(billing.store.rows.all_payments().len(), recorded);
        assert_eq!(posts(&billing).len(), usize::from(recorded > 0));
        if recorded == 0 {
            assert_eq!(answers, Err(Failure::Unavailable));
            continue;
        }
        let answers = answers.unwrap();
        let stands = |answer: &Scheduled| answer.row().is_some_and(|row| row.state == State::Scheduled);
        assert_eq!((answers.len(), answers.iter().filter(|answer| stands(answer)).count()), (60, recorded));
        assert!(answers.iter().all(|answer| stands(answer) || answer.row().is_none()));
    }
}

/// Whoever wants another time, or none, changes the subscription.
#[tokio::test]
async fn a_subscriptions_schedule_is_neither_moved_nor_taken_back_by_its_number() {
    let billing = billing().await;
    let id = Box::pin(begun(&billing, wanted())).await;
    let before = row(&billing, &id).await;
    let number = before.order().unwrap().merchant_uid;
    assert!(Attempt::of(&number).is_some());
    let scheduled = billing.scheduled(&MERCHANT, number.as_str()).await.unwrap();
    assert_eq!(scheduled.state, State::Scheduled);
    billing.psp.world().posts.clear();
    for to in [before.attempt_at.plus(DAY), LATER] {
        let moved = billing.reschedule(&MERCHANT, number.as_str(), to).await;
        assert_eq!(moved, Err(Failure::ScheduleNotChangeable), "to {to}");
    }
    assert_eq!(billing.unschedule(&MERCHANT, number.as_str()).await, Err(Failure::ScheduleNotChangeable));
    assert_eq!(billing.scheduled(&MERCHANT, number.as_str()).await, Ok(scheduled));
    assert_eq!((row(&billing, &id).await, posts(&billing)), (before, Vec::new()));
}

// What may not be changed any more.

/// A schedule's row that stands so.
fn stored(state: State, record: Option<PaymentSnapshot>, executed: Option<bool>) -> Payment {
    let plan = Flow::Schedule { schedule_at: SCHEDULE_AT };
    let row = Payment::claimed(order("order_1"), customer("kim"), plan, START, claim(Purpose::Register));
    let schedule = executed.map(|executed| {
        let status = if executed { ScheduleStatus::Executed } else { ScheduleStatus::Scheduled };
        ScheduleSnapshot {
            executed_at: executed.then_some(SCHEDULE_AT),
            ..schedule_snapshot("order_1", status, SCHEDULE_AT)
        }
    });
    let claim = row.claim.clone().filter(|_| matches!(state, State::Claimed | State::Unknown));
    Payment { state, claim, record, schedule, ..row }
}

#[tokio::test]
async fn a_schedule_that_is_not_registered_is_not_changed_and_whoever_asks_is_told_whether_it_ran() {
    let (paid, failed) = (Some(record(PspStatus::Paid)), Some(record(PspStatus::Failed)));
    for state in State::ALL {
        let records = match state {
            State::Paid | State::PartiallyRefunded | State::Refunded => vec![paid.clone()],
            State::Failed | State::Claimed | State::Unknown | State::Suspect => vec![None, failed.clone()],
            // These may be taken back, or are no schedules.
            State::Scheduled | State::Intent | State::Revoked | State::Awaiting | State::Expired => continue,
        };
        for (record, executed) in records.iter().flat_map(|it| [None, Some(false), Some(true)].map(|ran| (it, ran))) {
            let ran = match state {
                State::Paid | State::PartiallyRefunded | State::Refunded => true,
                State::Failed => record.is_some() || executed == Some(true),
                _ => executed == Some(true),
            };
            let billing = billing().await;
            let before = stored(state, record.clone(), executed);
            billing.store.save(&before).await.unwrap();
            let told = Err(if ran { Failure::AlreadyExecuted } else { Failure::ScheduleNotChangeable });
            let what = format!("{state:?}, a record: {}, executed: {executed:?}", record.is_some());
            assert_eq!(billing.unschedule(&MERCHANT, "order_1").await, told, "{what}");
            assert_eq!(billing.reschedule(&MERCHANT, "order_1", LATER).await, told, "{what}");
            assert_eq!((scheduled_order_1(&billing).await, posts(&billing).len()), (before, 0), "{what}");
        }
    }
}

/// Asks for `order_1` to be taken back, or to be moved to [`LATER`].
async fn changed<S>(billing: &Billing<TestPsp, S, TestHost>, purpose: Purpose) -> Result<Payment, Failure>
where
    S: PaymentStore + KeyStore,
{
    match purpose {
        Purpose::Move { schedule_at } => billing.reschedule(&MERCHANT, "order_1", schedule_at).await,
        _ => billing.unschedule(&MERCHANT, "order_1").await,
    }
}

#[tokio::test]
async fn while_one_change_is_not_known_to_have_ended_no_other_is_made() {
    let (back, later, elsewhere) =
        (Purpose::Revoke, Purpose::Move { schedule_at: LATER }, Purpose::Move { schedule_at: LATER.plus(60) });
    for (first, second) in [(back, later), (later, back), (later, elsewhere)] {
        let billing = billing().await;
        registered(&billing).await;
        billing.psp.will([Act::Lose]);
        let promised = changed(&billing, first).await.unwrap();
        assert_eq!(promised.claim.as_ref().map(|claim| claim.purpose), Some(first));
        // Also when it can arrive no more: until somebody has looked it may have been made.
        for seconds in [0, 154, 1, 3_600] {
            billing.advance(seconds);
            let other = changed(&billing, second).await;
            assert_eq!(other, Err(Failure::ScheduleNotChangeable), "{first:?} {second:?}");
            assert_eq!(
                (scheduled_order_1(&billing).await, posts(&billing).len()),
                (promised.clone(), 1),
                "{first:?} {second:?}"
            );
        }
        sweep(&billing).await;
        let row = scheduled_order_1(&billing).await;
        match first {
            Purpose::Move { schedule_at } => assert_eq!(row.schedule_at(), Some(schedule_at)),
            _ => assert_eq!(row.state, State::Revoked),
        }
    }
}

/// Somebody has a 202 for it: that a second request does not leave takes nothing back.
#[tokio::test]
async fn a_change_that_was_promised_stays_promised_when_it_cannot_be_sent_again() {
    let (back, later) = (Purpose::Revoke, Purpose::Move { schedule_at: LATER });
    for (purpose, told_refused) in [(back, false), (later, false), (back, true)] {
        let billing = billing().await;
        let promised = |row: Payment| assert_eq!(row.claim.map(|claim| claim.purpose), Some(purpose));
        let still = "a failure would say that nothing will be changed";
        if told_refused {
            // Its registration was made behind a refusal, and is to be taken back.
            billing.psp.will([Act::Refuse(-1), Act::Unreachable]);
            registered(&billing).await;
            let stands = schedule_snapshot("order_1", ScheduleStatus::Scheduled, SCHEDULE_AT);
            billing.psp.world().schedules.insert("order_1".to_owned(), stands);
            sweeps(&billing, 1, 156).await;
            promised(scheduled_order_1(&billing).await);
        } else {
            registered(&billing).await;
            billing.psp.will([Act::Lose]);
            promised(changed(&billing, purpose).await.expect(still));
        }
        billing.advance(200);
        billing.psp.will([Act::Unreachable]);
        promised(changed(&billing, purpose).await.expect(still));
        assert_eq!(posts(&billing).len(), usize::from(!told_refused), "the second never left");
        sweeps(&billing, 1, 200).await;
        for _ in 0..2 {
            let row = scheduled_order_1(&billing).await;
            match purpose {
                Purpose::Move { schedule_at } => assert_eq!((row.schedule_at(), row.claim), (Some(schedule_at), None)),
                _ => assert_eq!((row.state, row.claim), (State::Revoked, None), "told refused: {told_refused}"),
            }
            sweeps(&billing, 12, 300).await;
        }
    }
}

/// What somebody else makes of a row.
type Write = Box<dyn Fn(Payment) -> Payment>;

/// Somebody else writes just before a change is claimed. What they wrote may be as good as one of two wishes, or as none.
#[tokio::test]
async fn whoever_is_overtaken_is_told_that_it_is_done_or_under_way_exactly_if_it_is_and_sends_nothing() {
    let (back, later) = (Purpose::Revoke, Purpose::Move { schedule_at: LATER });
    let elsewhere = LATER.plus(60);
    let at = |schedule_at| Flow::Schedule { schedule_at };
    let claimed = |purpose| -> Write { Box::new(move |row| Payment { claim: Some(claim(purpose)), ..row }) };
    let moved = |schedule_at| -> Write { Box::new(move |row| Payment { flow: at(schedule_at), ..row }) };
    let settled = |state: State, status: Option<PspStatus>| -> Write {
        Box::new(move |row| Payment { state, record: status.map(record), due_at: None, ..row })
    };
    let unchanged: Write = Box::new(|row| row);
    let cases = [
        ("nothing of it", unchanged, None, Failure::ScheduleNotChangeable),
        ("is being taken back", claimed(back), Some(back), Failure::ScheduleNotChangeable),
        ("is being moved there", claimed(later), Some(later), Failure::ScheduleNotChangeable),
        (
            "is being moved elsewhere",
            claimed(Purpose::Move { schedule_at: elsewhere }),
            None,
            Failure::ScheduleNotChangeable,
        ),
        ("taken back", settled(State::Revoked, None), Some(back), Failure::ScheduleNotChangeable),
        ("moved there", moved(LATER), Some(later), Failure::ScheduleNotChangeable),
        ("moved elsewhere", moved(elsewhere), None, Failure::ScheduleNotChangeable),
        ("paid", settled(State::Paid, Some(PspStatus::Paid)), None, Failure::AlreadyExecuted),
        ("declined", settled(State::Failed, Some(PspStatus::Failed)), None, Failure::AlreadyExecuted),
    ];
    for (what, write, fulfils, failure) in &cases {
        for wish in [back, later] {
            let billing = lossy().await;
            let before = registered(&billing).await;
            let rival = Payment { version: before.version + 1, ..write(before) };
            billing.store.overtaken_by(rival.clone());
            let told = changed(&billing, wish).await;
            let expected = if *fulfils == Some(wish) { Ok(rival.clone()) } else { Err(failure.clone()) };
            assert_eq!(told, expected, "{what} {wish:?}");
            assert_eq!(posts(&billing), [""; 0], "{what} {wish:?}");
            assert_eq!(stands(&billing).await, rival, "{what} {wish:?}");
        }
    }
}

async fn stands(billing: &LossyBilling) -> Payment {
    billing.store.rows.payment(&MerchantUid::parse("order_1").unwrap()).await.unwrap().unwrap()
}

/// It is on its way to another key; whoever takes it back has to stop that first.
#[tokio::test]
async fn a_schedule_on_its_way_to_another_key_is_taken_back_exactly_if_it_stands_written_that_it_goes_nowhere() {
    for moves_to in [None, Some("key1"), Some("unchanged")] {
        let billing = lossy().await;
        registered(&billing).await;
        let second = another_card(&billing, "second-card", "5555555555554444").await;
        billing.psp.will([Act::Lose]);
        billing.delete_key(&MERCHANT, "key1", ScheduleDisposition::MoveTo(second.clone())).await.unwrap();
        let before = stands(&billing).await;
        assert_eq!(before.moves_to.as_ref(), Some(&second));
        let moves_to = moves_to.map(|to| if to == "unchanged" { second } else { uid(to) });
        let rival = Payment { version: before.version + 1, moves_to: moves_to.clone(), ..before };
        billing.store.overtaken_by(rival.clone());
        let told = changed(&billing, Purpose::Revoke).await;
        let expected = if moves_to.is_none() { Ok(rival.clone()) } else { Err(Failure::ScheduleNotChangeable) };
        assert_eq!(told, expected, "{moves_to:?}");
        assert_eq!(stands(&billing).await, rival, "{moves_to:?}");
    }
}

// What is sent, and what is found.

#[tokio::test]
async fn a_schedule_that_is_registered_late_runs_at_its_time_or_a_minute_from_now_once_that_has_come() {
    for (late, runs_at) in [
        (-2, SCHEDULE_AT),
        (-1, SCHEDULE_AT),
        (0, SCHEDULE_AT.plus(60)),
        (1, SCHEDULE_AT.plus(61)),
        (DAY, SCHEDULE_AT.plus(DAY + 60)),
    ] {
        let billing = billing().await;
        billing.psp.will([Act::Unreachable]);
        assert_eq!(registered(&billing).await.state, State::Intent);
        billing.advance(DAY + late);
        sweep(&billing).await;
        let row = scheduled_order_1(&billing).await;
        assert_eq!((row.state, row.schedule_at()), (State::Scheduled, Some(runs_at)), "{late}");
        assert_eq!(billing.psp.world().schedules["order_1"].schedule_at, runs_at, "{late}");
        assert!(runs_at > billing.host.now());
    }
}

/// What was revoked on the key before is no news; a payment under the number is.
#[tokio::test]
async fn a_payment_is_found_behind_the_schedule_that_was_taken_off_the_key_before() {
    for seconds in [156, 300] {
        let billing = billing().await;
        registered(&billing).await;
        let second = another_card(&billing, "second-card", "5555555555554444").await;
        billing.psp.world().posts.clear();
        billing.psp.will([Act::Approve, Act::Lose]);
        billing.delete_key(&MERCHANT, "key1", ScheduleDisposition::MoveTo(second.clone())).await.unwrap();
        let moved = scheduled_order_1(&billing).await;
        assert_eq!((moved.state, moved.order.customer_uid.as_ref()), (State::Unknown, Some(&second)));
        assert_eq!(billing.psp.world().schedules["order_1"].schedule_status, ScheduleStatus::Revoked);
        billing.psp.world().record(&moved.order, PspStatus::Paid, START);
        for _ in 0..3 {
            sweeps(&billing, 1, seconds).await;
            assert_eq!(scheduled_order_1(&billing).await.state, State::Paid);
        }
        let registrations = posts(&billing).into_iter().filter(|post| post.starts_with("register")).count();
        assert_eq!(registrations, 1, "once more and it would be charged twice");
    }
}

#[tokio::test]
async fn a_schedule_that_is_gone_is_registered_anew_whichever_way_the_psp_says_that_nothing_was_paid() {
    for says in [None, Some(Vec::new())] {
        let billing = billing().await;
        registered(&billing).await;
        {
            let mut world = billing.psp.world();
            world.schedules.clear();
            world.payments.extend(says.clone().map(|list| ("order_1".to_owned(), list)));
        }
        billing.advance(DAY + 900);
        sweep(&billing).await;
        assert_eq!((billing.alarms(), posts(&billing)), (vec!["missing_at_psp"], vec!["register order_1".to_owned()]));
        assert_eq!(scheduled_order_1(&billing).await.state, State::Scheduled, "{says:?}");
    }
}
