//! `apply` at the edges: what counts as evidence, and for what.

use billing::payment::{Effect, Evidence, PaymentSnapshot, PostFailure, PspStatus, Source, State, apply};
use billing::policy::LatePaidPolicy;
use billing::{Currency, Money, Nonce, Policy};

use crate::fixture::applied::{after, charge};
use crate::fixture::{START, World, order};

fn record(status: PspStatus) -> PaymentSnapshot {
    World::default().record(&order("order_1"), status, START)
}

fn all(list: Vec<PaymentSnapshot>) -> Evidence {
    Evidence::Records { list, complete: true }
}

#[test]
fn each_field_that_differs_makes_a_paid_row_suspect() {
    type Change = fn(&mut PaymentSnapshot);
    let changes: [(&str, Change); 6] = [
        ("merchant_uid", |record| record.merchant_uid = "order_1 ".to_owned()),
        ("merchant_uid", |record| record.merchant_uid = "ORDER_1".to_owned()),
        ("amount", |record| record.amount = Money::krw(1)),
        ("currency", |record| record.amount = Money::new(8_900, Currency::Usd)),
        ("customer_uid", |record| record.customer_uid = Some("key2".to_owned())),
        ("sandbox", |record| record.sandbox = true),
    ];
    for (field, change) in changes {
        let mut wrong = record(PspStatus::Paid);
        change(&mut wrong);
        let applied = apply(&charge(), &all(vec![wrong]), Source::Sweep, START, &Policy::default());
        assert_eq!(applied.row.state, State::Suspect, "{field}");
        assert!(applied.row.record.is_none(), "nothing of it is adopted");
        assert!(format!("{:?}", applied.effects).contains(field), "{field}");
    }
}

#[test]
fn a_newer_failure_does_not_hide_an_older_payment() {
    let list = vec![record(PspStatus::Failed), record(PspStatus::Paid), record(PspStatus::Failed)];
    assert_eq!(after(&charge(), &all(list), Source::Sweep, START).state, State::Paid);
}

#[test]
fn nothing_found_proves_nothing_until_the_quarantine_is_over() {
    let row = after(
        &charge(),
        &Evidence::Posted { claim: Nonce::parse("f").unwrap(), outcome: PostFailure::Lost },
        Source::Reply,
        START,
    );
    let nothing = all(vec![]);
    assert_eq!(after(&row, &nothing, Source::Sweep, START.plus(154)).state, State::Unknown);
    assert_eq!(after(&row, &nothing, Source::Sweep, START.plus(155)).state, State::Intent);
}

#[test]
fn a_failure_that_is_not_our_replys_is_confirmed_when_nothing_can_be_under_way() {
    let failed = all(vec![record(PspStatus::Failed)]);
    let early = after(&charge(), &failed, Source::Webhook, START.plus(5));
    assert_eq!((early.state, early.due_at), (State::Failed, Some(START.plus(155))));
    let confirmed = after(&early, &failed, Source::Sweep, START.plus(155));
    assert_eq!((confirmed.state, confirmed.due_at), (State::Failed, None));
    let paid_after_all = all(vec![record(PspStatus::Failed), record(PspStatus::Paid)]);
    assert_eq!(after(&early, &paid_after_all, Source::Sweep, START.plus(155)).state, State::Paid);
}

#[test]
fn an_unknown_status_is_neither_paid_nor_failed() {
    let applied = apply(&charge(), &all(vec![record(PspStatus::Unknown)]), Source::Sweep, START, &Policy::default());
    assert_eq!(applied.row.state, State::Claimed);
    assert!(applied.row.due_at.is_some());
    assert!(matches!(applied.effects.as_slice(), [Effect::Alarm(_)]));
}

#[test]
fn a_late_payment_is_refunded_where_the_merchant_wants_it_so() {
    let mut failed = charge();
    failed.state = State::Failed;
    failed.claim = None;
    failed.due_at = None;
    let policy = Policy { late_paid: LatePaidPolicy::Refund, ..Policy::default() };
    let applied = apply(&failed, &all(vec![record(PspStatus::Paid)]), Source::Webhook, START, &policy);
    assert_eq!(applied.row.state, State::Paid, "the row says what the PSP says");
    let owed = applied.row.pending_refund().unwrap();
    assert_eq!((owed.amount, owed.checksum, applied.row.due_at), (8_900, 8_900, Some(START)));
}

#[test]
fn of_two_payments_the_later_one_goes_back() {
    let mut world = World::default();
    let first = world.record(&order("order_1"), PspStatus::Paid, START);
    let second = world.record(&order("order_1"), PspStatus::Paid, START.plus(9));
    let applied = apply(&charge(), &all(vec![second.clone(), first.clone()]), Source::Sweep, START, &Policy::default());
    assert_eq!(applied.row.imp_uid(), Some(&first.imp_uid));
    let owed = applied.row.pending_refund().unwrap();
    assert_eq!((&owed.imp_uid, owed.amount), (&second.imp_uid, 8_900));
}

#[test]
fn a_second_look_that_brings_nothing_new_changes_nothing() {
    let paid = after(&charge(), &all(vec![record(PspStatus::Paid)]), Source::Reply, START);
    assert_eq!(after(&paid, &all(vec![record(PspStatus::Paid)]), Source::Webhook, START.plus(99)), paid);
}
