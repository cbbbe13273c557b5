//! The whole machine: every state met by every kind of evidence. The moves that come out are the published table.

use std::collections::BTreeSet;

use billing::checkout::{AccountOrder, Window};
use billing::payment::{
    Claim, Evidence, Flow, Payment, PaymentSnapshot, PostFailure, PspStatus, Purpose, Refusal, ScheduleSnapshot,
    ScheduleStatus, Source, State, apply,
};
use billing::{CustomerUid, Nonce, Policy, Timestamp};

use crate::fixture::{START, World, card_window, customer, order, schedule_snapshot};

const SCHEDULE_AT: Timestamp = Timestamp(START.0 + 86_400);

/// Rows in every state, charged and scheduled, with and without a claim, early and late.
fn rows() -> Vec<Payment> {
    let mut rows = Vec::new();
    let checkout = Flow::Checkout { open_until: START.plus(86_400) };
    for flow in [Flow::Charge, Flow::Schedule { schedule_at: SCHEDULE_AT }, checkout] {
        let register = if flow == Flow::Charge { Purpose::Charge } else { Purpose::Register };
        let moved = Purpose::Move { schedule_at: SCHEDULE_AT.plus(60) };
        for purpose in [None, Some(register), Some(Purpose::Revoke), Some(moved)] {
            for state in State::ALL {
                if reachable(state, flow, purpose) {
                    rows.push(row(state, flow, purpose));
                }
                if reachable(state, flow, purpose)
                    && flow == checkout
                    && !matches!(state, State::Awaiting | State::Expired)
                {
                    rows.push(Payment { withdrawn_at: Some(START), ..row(state, flow, purpose) });
                }
                if reachable(state, flow, purpose) && purpose == Some(Purpose::Revoke) {
                    let moves_to = CustomerUid::parse("key2").ok();
                    rows.push(Payment { moves_to, ..row(state, flow, purpose) });
                }
            }
        }
    }
    rows.extend(accounts(checkout));
    rows
}

/// Orders for a virtual account that is issued without a window.
fn accounts(flow: Flow) -> Vec<Payment> {
    let account = AccountOrder { bank: "004".to_owned(), due: START.plus(3_600), holder: None };
    let window = Window { pay_method: "vbank".to_owned(), ..card_window() };
    let of = |(state, purpose)| Payment {
        window: Some(Box::new(window.clone())),
        account: Some(account.clone()),
        ..row(state, flow, purpose)
    };
    let sent = [State::Claimed, State::Unknown, State::Failed, State::Suspect].map(|it| (it, Some(Purpose::Issue)));
    let known = [
        State::Intent,
        State::Awaiting,
        State::Expired,
        State::Failed,
        State::Revoked,
        State::Suspect,
        State::Paid,
        State::PartiallyRefunded,
        State::Refunded,
    ];
    let extended = [State::Awaiting, State::Suspect].map(|state| Payment {
        record: Some(deposit(START.plus(3_600))),
        ..of((state, Some(Purpose::Extend { due: START.plus(3 * 86_400) })))
    });
    sent.into_iter().chain(known.map(|it| (it, None))).map(of).chain(extended).collect()
}

/// An account that takes its deposit until then.
fn deposit(due: Timestamp) -> PaymentSnapshot {
    let mut deposit = World::default().record(&order("order_1"), PspStatus::Ready, START);
    deposit.details.vbank_num = Some("56123456789012".to_owned());
    deposit.details.vbank_date = Some(due);
    deposit
}

/// Combinations that the use cases produce.
fn reachable(state: State, flow: Flow, purpose: Option<Purpose>) -> bool {
    let scheduled = matches!(flow, Flow::Schedule { .. });
    if matches!(flow, Flow::Checkout { .. }) {
        let settled = state.was_paid() || matches!(state, State::Failed | State::Expired | State::Revoked);
        return purpose.is_none() && (settled || matches!(state, State::Awaiting | State::Suspect));
    }
    match (state, purpose) {
        (State::Scheduled, Some(Purpose::Revoke | Purpose::Move { .. })) => scheduled,
        (State::Scheduled | State::Revoked, None) => scheduled,
        (State::Claimed | State::Unknown, Some(Purpose::Charge | Purpose::Register)) => true,
        (State::Failed, Some(Purpose::Charge | Purpose::Register)) => true,
        (State::Intent | State::Failed | State::Suspect, None) => true,
        (State::Suspect, Some(Purpose::Charge | Purpose::Register)) => true,
        // The reply to the revocation was not what was ordered.
        (State::Suspect, Some(Purpose::Revoke)) => scheduled,
        (State::Paid | State::PartiallyRefunded | State::Refunded, None) => true,
        _ => false,
    }
}

fn row(state: State, flow: Flow, purpose: Option<Purpose>) -> Payment {
    let policy = Policy::default();
    let claim = |purpose| Claim::new(purpose, Nonce::parse("f").unwrap(), START, &policy);
    let first = claim(purpose.unwrap_or(Purpose::Charge));
    let mut row = Payment::claimed(order("order_1"), customer("kim"), flow, START, first);
    if matches!(flow, Flow::Checkout { .. }) {
        row.window = Some(Box::new(card_window()));
    }
    let withdrawn = row.window.is_some() && state == State::Revoked;
    row.withdrawn_at = withdrawn.then_some(START);
    row.claim = purpose.map(claim);
    row.state = state;
    row.due_at = (!state.is_settled() || purpose.is_some()).then_some(START);
    let sending = matches!(state, State::Intent | State::Claimed | State::Unknown);
    row.under_way_since = (sending || purpose.is_some()).then_some(START);
    if state.was_paid() {
        let mut record = World::default().record(&order("order_1"), PspStatus::Paid, START);
        record.cancel_amount = match state {
            State::PartiallyRefunded => 900,
            State::Refunded => 8_900,
            _ => 0,
        };
        row.record = Some(record);
    }
    if state == State::Failed && purpose.is_some() {
        row.refusal = Some(Refusal { code: -1, message: "거절".to_owned() });
    }
    row
}

fn schedule(status: ScheduleStatus, payment: Option<PspStatus>) -> Evidence {
    Evidence::Schedule(ScheduleSnapshot {
        payment_status: payment,
        executed_at: payment.map(|_| SCHEDULE_AT),
        ..schedule_snapshot("order_1", status, SCHEDULE_AT)
    })
}

/// The outcome of a POST that was sent under the claim with this mark.
fn posted(claim: &str, outcome: PostFailure) -> Evidence {
    Evidence::Posted { claim: Nonce::parse(claim).unwrap(), outcome }
}

#[test]
fn the_outcome_of_a_post_under_another_claim_changes_nothing() {
    let refusal = Refusal { code: -1, message: "거절".to_owned() };
    for row in rows() {
        for outcome in [PostFailure::Refused(refusal.clone()), PostFailure::NotSent, PostFailure::Lost] {
            let seen = posted("e", outcome);
            assert_eq!(apply(&row, &seen, Source::Reply, START.plus(1), &Policy::default()).row, row);
        }
    }
}

/// One of every kind of evidence.
fn evidence() -> Vec<Evidence> {
    let record = |status| World::default().record(&order("order_1"), status, START);
    let refunded = |amount| {
        let mut record = record(PspStatus::Paid);
        record.cancel_amount = amount;
        record
    };
    let mut foreign = record(PspStatus::Paid);
    foreign.amount.minor = 1;
    let extended = |record| Evidence::Extended { claim: Nonce::parse("f").unwrap(), record: Box::new(record) };
    let lists = [
        vec![],
        vec![record(PspStatus::Paid)],
        vec![record(PspStatus::Failed)],
        vec![record(PspStatus::Ready)],
        vec![deposit(START.plus(3 * 86_400))],
        vec![record(PspStatus::Unknown)],
        vec![record(PspStatus::Failed), record(PspStatus::Paid)],
        vec![refunded(900)],
        vec![refunded(8_900)],
        vec![foreign.clone()],
    ];
    let mut kinds: Vec<Evidence> = [true, false]
        .into_iter()
        .flat_map(|complete| lists.clone().map(|list| Evidence::Records { list, complete }))
        .collect();
    kinds.extend([
        schedule(ScheduleStatus::Scheduled, None),
        schedule(ScheduleStatus::Executed, Some(PspStatus::Failed)),
        schedule(ScheduleStatus::Executed, None),
        schedule(ScheduleStatus::Revoked, None),
        schedule(ScheduleStatus::Unknown, None),
        Evidence::NoSchedule,
        posted("f", PostFailure::Refused(Refusal { code: -1, message: "거절".to_owned() })),
        posted("f", PostFailure::NotSent),
        posted("f", PostFailure::Lost),
        posted("e", PostFailure::NotSent),
        extended(deposit(START.plus(3 * 86_400))),
        extended(deposit(START.plus(60))),
        extended(record(PspStatus::Paid)),
        extended(foreign),
        Evidence::KeyInactive,
        Evidence::Withdrawn,
        Evidence::KeyReplaced(CustomerUid::parse("key2").unwrap()),
    ]);
    kinds
}

/// Calls `with` for every row, kind of evidence, source and moment.
fn everything(mut with: impl FnMut(&Payment, &Evidence, Source, Timestamp)) {
    for row in rows() {
        for seen in evidence() {
            for by in [Source::Reply, Source::Look, Source::Webhook, Source::Sweep, Source::Customer] {
                for seconds in [1, 154, 155, 86_399, 86_400, 200_000, 500_000] {
                    with(&row, &seen, by, START.plus(seconds));
                }
            }
        }
    }
}

#[test]
fn every_row_that_comes_out_keeps_the_rules() {
    let mut cells = 0;
    everything(|row, seen, by, now| {
        row.check().expect("a row of the test keeps them too");
        let applied = apply(row, seen, by, now, &Policy::default());
        assert_eq!(applied.row.check(), Ok(()), "{:?} on {:?} at {now}", seen, row.state);
        cells += 1;
    });
    assert!(cells > 10_000, "{cells}");
}

#[test]
fn applying_the_same_evidence_twice_is_applying_it_once() {
    everything(|row, seen, by, now| {
        let once = apply(row, seen, by, now, &Policy::default()).row;
        let twice = apply(&once, seen, by, now, &Policy::default()).row;
        assert_eq!(once.state, twice.state, "{seen:?} on {:?} at {now}", row.state);
        assert_eq!(once.record, twice.record);
    });
}

#[test]
fn paid_is_said_only_on_a_record_that_says_paid() {
    everything(|row, seen, by, now| {
        let after = apply(row, seen, by, now, &Policy::default()).row;
        if after.state.was_paid() && !row.state.was_paid() {
            let list = match seen {
                Evidence::Records { list, .. } => list.as_slice(),
                Evidence::Extended { record, .. } => std::slice::from_ref(&**record),
                _ => panic!("{seen:?} made {:?} paid", row.state),
            };
            assert!(list.iter().any(|record| record.status == PspStatus::Paid && record.amount == row.order.amount));
        }
    });
}

/// The moves of the machine, as ARCHITECTURE.md prints them: `| from | to, to, … |`.
fn table() -> String {
    let mut moves: BTreeSet<(State, State)> = BTreeSet::new();
    everything(|row, seen, by, now| {
        let after = apply(row, seen, by, now, &Policy::default()).row;
        if after.state != row.state {
            moves.insert((row.state, after.state));
        }
    });
    // The one move that `apply` does not make: a claim, written before its POST.
    moves.insert((State::Intent, State::Claimed));
    let line = |from: State| {
        let to: Vec<&str> = State::ALL.into_iter().filter(|to| moves.contains(&(from, *to))).map(State::name).collect();
        format!("| `{}` | {} |\n", from.name(), if to.is_empty() { "–".to_owned() } else { to.join(", ") })
    };
    State::ALL.into_iter().map(line).collect()
}

#[test]
fn the_published_table_is_the_machine() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../ARCHITECTURE.md");
    let published = std::fs::read_to_string(root).unwrap();
    let table = table();
    assert!(published.contains(&table), "ARCHITECTURE.md must contain this table:\n\n{table}");
}
