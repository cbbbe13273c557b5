//! The rules of a receipt, one by one: what a reply that comes late does, what a row must keep, and how its calendar stands beside
//! the payment's.

use billing::payment::receipt::{Receipt, ReceiptPurpose, ReceiptSeen, ReceiptSnapshot, ReceiptState, ReceiptWish};
use billing::payment::snapshot::RecordDetails;
use billing::payment::{
    Claim, Evidence, Flow, Payment, PostFailure, PspStatus, Purpose, Refusal, Source, State, apply,
};
use billing::{ImpUid, Nonce, Policy, Timestamp};

use crate::fixture::{START, World, customer, order};
use crate::receipt::wish;

fn imp_uid() -> ImpUid {
    ImpUid::parse("imp_000000000001").unwrap()
}

/// A payment by transfer, settled, with a receipt that is to be issued.
fn row() -> Payment {
    let claim = Claim::new(Purpose::Charge, Nonce::parse("f").unwrap(), START, &Policy::default());
    let mut row = Payment::claimed(order("order_1"), customer("kim"), Flow::Charge, START, claim);
    let mut record = World::default().record(&order("order_1"), PspStatus::Paid, START);
    record.details = RecordDetails { pay_method: Some("trans".to_owned()), ..RecordDetails::default() };
    (row.record, row.state, row.claim, row.due_at, row.under_way_since) = (Some(record), State::Paid, None, None, None);
    row.receipt = Some(Box::new(Receipt::asked(imp_uid(), wish("010-4242-4242"), START)));
    row
}

fn record(amount: u64, cancelled_at: Option<Timestamp>) -> ReceiptSnapshot {
    ReceiptSnapshot {
        imp_uid: imp_uid(),
        amount,
        vat: None,
        apply_num: None,
        receipt_tid: None,
        receipt_url: None,
        applied_at: Some(START),
        cancelled_at,
    }
}

fn seen(row: &Payment, seen: ReceiptSeen) -> Payment {
    apply(row, &Evidence::Receipt(seen), Source::Look, START.plus(10), &Policy::default()).row
}

#[test]
fn a_row_is_due_for_whichever_of_the_two_comes_first() {
    let mut row = row();
    assert_eq!((row.due_at, row.next_due_at()), (None, Some(START)));
    row.due_at = Some(START.plus(5));
    assert_eq!(row.next_due_at(), Some(START));
    row.receipt.as_mut().unwrap().due_at = Some(START.plus(9));
    assert_eq!(row.next_due_at(), Some(START.plus(5)));
    row.receipt = None;
    assert_eq!(row.next_due_at(), Some(START.plus(5)));
}

#[test]
fn what_is_learnt_of_a_receipt_moves_nothing_of_its_payment() {
    let row = row();
    let refusal = Refusal { code: 500, message: "거절".to_owned() };
    for what in [
        ReceiptSeen::Absent,
        ReceiptSeen::Record(record(8_900, None)),
        ReceiptSeen::Record(record(100, None)),
        ReceiptSeen::Record(record(8_900, Some(START))),
        ReceiptSeen::Posted { claim: Nonce::parse("a").unwrap(), outcome: PostFailure::Refused(refusal) },
    ] {
        let after = seen(&row, what);
        assert_eq!(
            (after.check(), Payment { receipt: None, updated_at: row.updated_at, ..after }),
            (Ok(()), Payment { receipt: None, ..row.clone() })
        );
    }
}

#[test]
fn the_outcome_of_a_request_under_another_claim_changes_nothing() {
    let row = row();
    for outcome in [PostFailure::NotSent, PostFailure::Lost] {
        let what = ReceiptSeen::Posted { claim: Nonce::parse("e").unwrap(), outcome };
        assert_eq!(seen(&row, what), row);
    }
}

#[test]
fn a_record_of_another_payment_says_nothing_of_this_one() {
    let row = row();
    let other = ReceiptSnapshot { imp_uid: ImpUid::parse("imp_000000000002").unwrap(), ..record(8_900, None) };
    assert_eq!(seen(&row, ReceiptSeen::Record(other.clone())), row);
    let none = Payment { receipt: None, ..row };
    assert_eq!(seen(&none, ReceiptSeen::Record(other)), none);
    assert_eq!(seen(&none, ReceiptSeen::Absent), none);
    assert_eq!(seen(&none, ReceiptSeen::Record(record(8_900, Some(START)))), none, "one that is over is none");
    assert_eq!(seen(&none, ReceiptSeen::Record(record(8_900, None))).receipt.unwrap().state, ReceiptState::Issued);
}

#[test]
fn a_row_whose_receipt_waits_for_nobody_breaks_a_rule() {
    let mut row = row();
    assert_eq!(row.check(), Ok(()));
    row.receipt.as_mut().unwrap().due_at = None;
    assert_eq!(row.check(), Err("a receipt that is not settled is due"));
    for state in ReceiptState::ALL {
        row.receipt.as_mut().unwrap().state = state;
        assert_eq!(row.check().is_ok(), state.is_settled(), "{state:?}");
    }
}

#[test]
fn whom_a_receipt_names_is_not_in_what_a_row_prints() {
    let printed = format!("{:?}", row());
    assert!(!printed.contains("01042424242") && printed.contains("*******4242"));
    let company = ReceiptWish::new(ReceiptPurpose::Company, None, "117-81-78260").unwrap();
    assert!(!format!("{company:?}").contains("1178178260"));
}
