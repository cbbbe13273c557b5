//! Payments: the boundaries of `apply`, of claims and of what a row may be.

mod calendar;
mod records;

use billing::order::Order;
use billing::payment::{
    Claim, Evidence, Payment, PaymentSnapshot, PostFailure, PspStatus, Purpose, Refusal, ScheduleSnapshot,
    ScheduleStatus, Source, State,
};
use billing::{Money, Policy};

use crate::fixture::applied::{SCHEDULE_AT, after, charge, claim, nonce, registration};
use crate::fixture::{START, World, card_window, customer, order, schedule_snapshot};

const DAY: i64 = 86_400;
/// When nothing of what was claimed at [`START`] can execute any more, in seconds after it.
const QUARANTINE: i64 = 155;

const SOURCES: [Source; 6] =
    [Source::Reply, Source::Look, Source::Webhook, Source::Sweep, Source::Claim, Source::Customer];

/// An order that its customer may pay in the window for a day.
fn checkout() -> Payment {
    let order = Order { customer_uid: None, ..order("order_1") };
    Payment::awaiting(order, customer("kim"), card_window(), START.plus(DAY), nonce(), START)
}

/// Everything that the PSP holds under the number.
fn all(list: &[&PaymentSnapshot]) -> Evidence {
    Evidence::Records { list: list.iter().copied().cloned().collect(), complete: true }
}

/// One payment that it holds under the number, among others perhaps.
fn one(record: &PaymentSnapshot) -> Evidence {
    Evidence::Records { list: vec![record.clone()], complete: false }
}

fn posted(outcome: PostFailure) -> Evidence {
    Evidence::Posted { claim: nonce(), outcome }
}

fn refused(code: i64) -> Evidence {
    posted(PostFailure::Refused(Refusal { code, message: "거절".to_owned() }))
}

fn schedule(schedule_status: ScheduleStatus) -> ScheduleSnapshot {
    schedule_snapshot("order_1", schedule_status, SCHEDULE_AT)
}

/// A schedule that the PSP holds, and its row knows.
fn scheduled() -> Payment {
    after(&registration(), &Evidence::Schedule(schedule(ScheduleStatus::Scheduled)), Source::Reply, START)
}

#[test]
fn no_row_is_written_that_breaks_a_rule() {
    let mut world = World::default();
    let first = world.record(&order("order_1"), PspStatus::Paid, START);
    let second = world.record(&order("order_1"), PspStatus::Paid, START.plus(1));
    let paid = after(&charge(), &one(&first), Source::Reply, START);
    let twice = after(&charge(), &all(&[&first, &second]), Source::Sweep, START);
    let recorded = |change: fn(&mut PaymentSnapshot)| {
        let mut record = first.clone();
        change(&mut record);
        Payment { record: Some(record), ..paid.clone() }
    };
    let given_back = recorded(|record| record.cancel_amount = record.amount.minor);
    let withdrawn = Payment { withdrawn_at: Some(START), state: State::Revoked, ..checkout() };
    for row in [charge(), scheduled(), checkout(), twice.clone(), paid.clone(), given_back, withdrawn.clone()] {
        assert_eq!(row.check(), Ok(()), "{row:?}");
    }
    let in_state = |row: &Payment, state| Payment { state, ..row.clone() };
    let without_record = Payment { record: None, ..paid.clone() };
    let broken = [
        (Payment { due_at: None, ..charge() }, "an unsettled row is due"),
        (Payment { due_at: None, ..twice }, "a row with a pending refund is due"),
        (in_state(&withdrawn, State::Awaiting), "a withdrawn checkout is not waited for"),
        (in_state(&withdrawn, State::Expired), "a withdrawn checkout is not waited for"),
        (in_state(&without_record, State::Paid), "a paid row has the PSP's record"),
        (in_state(&without_record, State::PartiallyRefunded), "a paid row has the PSP's record"),
        (in_state(&without_record, State::Refunded), "a paid row has the PSP's record"),
        (Payment { claim: None, ..charge() }, "a claimed row has a claimant"),
        (recorded(|record| record.cancel_amount = record.amount.minor + 1), "refunds are within the amount"),
        (recorded(|record| record.amount = Money::krw(1)), "a paid row was paid what was ordered"),
        (recorded(|record| record.merchant_uid = "order_2".to_owned()), "the record is of this order"),
    ];
    for (row, rule) in broken {
        assert_eq!(row.check(), Err(rule));
    }
}

#[test]
fn a_registration_was_refused_only_where_nobody_has_tried_to_take_the_money() {
    let mut declined = World::default().record(&order("order_1"), PspStatus::Failed, SCHEDULE_AT);
    declined.details.customer_uid_usage = Some("payment.scheduled".to_owned());
    let executed = ScheduleSnapshot {
        payment_status: Some(PspStatus::Failed),
        executed_at: Some(SCHEDULE_AT),
        ..schedule(ScheduleStatus::Executed)
    };
    let stands = Evidence::Schedule(schedule(ScheduleStatus::Scheduled));
    let told_no = after(&registration(), &refused(-1), Source::Reply, START);
    let unsent = after(&registration(), &posted(PostFailure::NotSent), Source::Reply, START);
    let lost = after(&registration(), &posted(PostFailure::Lost), Source::Reply, START);
    let revoked = Evidence::Schedule(schedule(ScheduleStatus::Revoked));
    let cases = [
        ("the PSP refused it", told_no.clone(), true),
        ("it was made behind the refusal", after(&told_no, &stands, Source::Sweep, START.plus(QUARANTINE)), true),
        ("its key went first", after(&unsent, &Evidence::KeyInactive, Source::Claim, START), true),
        ("it is being registered", registration(), false),
        ("nobody knows", lost, false),
        ("it never left", unsent, false),
        ("it waits for its time", scheduled(), false),
        ("it was taken back", after(&scheduled(), &revoked, Source::Sweep, START), false),
        (
            "a notice says that it was declined",
            after(&scheduled(), &one(&declined), Source::Webhook, SCHEDULE_AT),
            false,
        ),
        (
            "it was declined before there was a payment",
            after(&scheduled(), &Evidence::Schedule(executed), Source::Sweep, SCHEDULE_AT),
            false,
        ),
    ];
    for (what, row, was_refused) in cases {
        assert_eq!(row.registration_was_refused(), was_refused, "{what}: {:?}", row.state);
    }
}

#[test]
fn callers_are_told_where_a_row_stands_unless_they_were_told_that_it_was_refused() {
    let sent = [None, Some(Purpose::Register), Some(Purpose::Revoke), Some(Purpose::Move { schedule_at: SCHEDULE_AT })];
    for purpose in sent {
        let in_state = |state| Payment { state, claim: purpose.map(claim), ..scheduled() };
        for state in State::ALL {
            assert_eq!(in_state(state).told_state(), state, "{purpose:?}");
            // A registration that stands behind its refusal is to be taken back: until then it has failed.
            let told = if state == State::Scheduled { State::Failed } else { state };
            let refusal = Some(Refusal { code: -1, message: "거절".to_owned() });
            assert_eq!(Payment { refusal, ..in_state(state) }.told_state(), told, "{purpose:?}");
        }
    }
}

/// So that the quarantine means something: whatever was begun in time has executed, or never will, when it ends.
#[test]
fn a_request_may_be_begun_exactly_as_long_as_it_is_over_within_the_quarantine_by_either_clock() {
    let slow = Policy { claim_write_seconds: 40, post_timeout_seconds: 9, quarantine_seconds: 77, ..Policy::default() };
    for policy in [Policy::default(), slow] {
        let claim = Claim::new(Purpose::Charge, nonce(), START, &policy);
        let (clocks_apart, executes_within) = (6, policy.post_timeout_seconds + policy.quarantine_seconds);
        for second in 0..=policy.claim_seconds() {
            let now = START.plus(second);
            let latest = now.plus(clocks_apart + executes_within);
            assert_eq!(claim.may_be_sent(now, &policy), claim.is_live(latest), "{second} s after the claim");
        }
    }
}

#[test]
fn a_row_is_due_in_the_very_second_from_which_its_claimant_is_not_about_to_send_any_more() {
    let intent = Payment { claim: None, ..after(&charge(), &posted(PostFailure::NotSent), Source::Reply, START) };
    for row in [charge(), registration(), intent.reclaimed(claim(Purpose::Charge), START)] {
        let claimed = row.claim.clone().unwrap();
        assert_eq!(row.due_at, Some(START.plus(30)));
        for second in 0..=60 {
            let is_being_sent = claimed.is_being_sent(START.plus(second));
            assert_eq!(is_being_sent, second < 30, "{second} s after the claim");
        }
    }
}
