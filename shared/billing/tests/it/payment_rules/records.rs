//! What follows from the PSP's payments under a number, and from their absence.

use billing::Policy;
use billing::payment::{Evidence, Payment, PaymentSnapshot, PostFailure, PspStatus, RefusedBy, Source, State, apply};
use billing::policy::LatePaidPolicy;

use super::{DAY, QUARANTINE, all, checkout, one, posted, refused};
use crate::fixture::applied::{after, alarms, applied, charge};
use crate::fixture::{START, World, order};

/// A payment of which this much went back.
fn given_back(mut record: PaymentSnapshot, amount: u64) -> PaymentSnapshot {
    record.cancel_amount = amount;
    if record.amount.minor == amount {
        record.status = PspStatus::Cancelled;
    }
    record
}

#[test]
fn a_payment_is_missed_where_everything_is_listed_and_it_is_not_there() {
    let mut world = World::default();
    let ours = world.record(&order("order_1"), PspStatus::Paid, START);
    let theirs = world.record(&order("order_1"), PspStatus::Failed, START.plus(1));
    let as_never_seen = PaymentSnapshot { status: PspStatus::Unknown, ..ours.clone() };
    let paid = after(&charge(), &one(&ours), Source::Reply, START);
    let nothing = Evidence::Records { list: Vec::new(), complete: false };
    let cases: [(&str, Evidence, &[&str]); 6] = [
        ("nothing at all", all(&[]), &["missing_at_psp"]),
        ("a stranger's attempt alone", all(&[&theirs]), &["missing_at_psp"]),
        ("it, in a state that nobody knows", all(&[&as_never_seen]), &[]),
        ("it, beside a stranger's attempt", all(&[&theirs, &as_never_seen]), &[]),
        ("a notice of a stranger's attempt", one(&theirs), &[]),
        ("a notice of nothing", nothing, &[]),
    ];
    for (what, seen, told) in cases {
        let seen = applied(&paid, &seen, Source::Sweep, START.plus(60));
        assert_eq!(alarms(&seen), told, "{what}");
        assert_eq!((seen.row.state, seen.row.record.as_ref()), (State::Paid, Some(&ours)), "{what}: a person decides");
    }
}

/// A record that took no money and failed nobody: what else is under the number only the whole list says.
#[test]
fn one_payment_that_says_nothing_ends_nothing_and_the_whole_list_does() {
    let lost = after(&charge(), &posted(PostFailure::Lost), Source::Reply, START);
    let dear = |row: &Payment| {
        let mut other = row.order.clone();
        other.amount.minor += 1;
        other
    };
    let wrong = World::default().record(&dear(&checkout()), PspStatus::Paid, START);
    let suspect = after(&checkout(), &one(&wrong), Source::Webhook, START.plus(60));
    assert_eq!(suspect.state, State::Suspect);
    // Another amount that failed, and a window that was opened and left.
    let declined = World::default().record(&dear(&lost), PspStatus::Failed, START);
    let opened = World::default().record(&checkout().order, PspStatus::Ready, START);
    let window_is_over = START.plus(DAY + 3_600);
    let cases = [
        (&lost, &declined, START.plus(QUARANTINE), State::Intent),
        (&checkout(), &opened, window_is_over, State::Expired),
        (&suspect, &opened, window_is_over, State::Failed),
    ];
    for (row, record, now, end) in cases {
        for by in [Source::Webhook, Source::Look, Source::Sweep] {
            let told = after(row, &one(record), by, now);
            assert_eq!((told.state, told.due_at), (row.state, row.due_at), "{by:?}");
            assert_eq!(after(row, &all(&[record]), by, now).state, end, "{by:?}");
        }
    }
}

/// Three payments under one number, of which any may have gone back already, listed in any order.
#[test]
fn of_several_payments_the_earliest_that_still_holds_money_is_kept_and_the_later_ones_go_back() {
    for gone in 0..8_u32 {
        for order_of_list in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let mut world = World::default();
            let payments = [0, 1, 2].map(|n| {
                let record = world.record(&order("order_1"), PspStatus::Paid, START.plus(n));
                if gone & (1 << n) != 0 { given_back(record, 8_900) } else { record }
            });
            let list = order_of_list.map(|place: usize| &payments[place]);
            let row = after(&charge(), &all(&list), Source::Sweep, START.plus(60));
            let holding: Vec<_> = payments.iter().filter(|record| record.cancel_amount == 0).collect();
            let (kept, state) = match holding.first() {
                Some(earliest) => (*earliest, State::Paid),
                None => (&payments[0], State::Refunded),
            };
            assert_eq!((row.state, row.record.as_ref()), (state, Some(kept)), "{gone:03b}");
            let owed: Vec<_> = row.refunds.iter().map(|refund| (&refund.imp_uid, refund.amount)).collect();
            let later: Vec<_> = holding.iter().skip(1).map(|record| (&record.imp_uid, 8_900)).collect();
            assert_eq!(owed, later, "{gone:03b}");
        }
    }
}

#[test]
fn late_money_that_went_back_already_is_neither_told_of_nor_given_back_again() {
    let failed = after(&charge(), &refused(-1), Source::Reply, START);
    for late_paid in [LatePaidPolicy::Accept, LatePaidPolicy::Refund] {
        let policy = Policy { late_paid, ..Policy::default() };
        for (gone, state, told, owed) in
            [(8_899, State::PartiallyRefunded, vec!["late_paid"], 1), (8_900, State::Refunded, vec![], 0)]
        {
            let record = given_back(World::default().record(&order("order_1"), PspStatus::Paid, START), gone);
            let late = apply(&failed, &all(&[&record]), Source::Sweep, START.plus(60), &policy);
            assert_eq!((late.row.state, alarms(&late)), (state, told), "{late_paid:?}");
            let owed = if late_paid == LatePaidPolicy::Refund { owed } else { 0 };
            let amounts: Vec<_> = late.row.refunds.iter().map(|refund| refund.amount).collect();
            assert_eq!(amounts, vec![1; owed], "{late_paid:?}");
        }
    }
}

#[test]
fn a_failure_stays_the_one_that_its_caller_was_told() {
    let mut world = World::default();
    let told = world.record(&order("order_1"), PspStatus::Failed, START);
    let later = world.record(&order("order_1"), PspStatus::Failed, START.plus(30));
    let failed = after(&charge(), &one(&told), Source::Reply, START);
    assert_eq!((failed.state, failed.due_at), (State::Failed, None));
    for (seen, by) in
        [(one(&later), Source::Webhook), (all(&[&told, &later]), Source::Sweep), (all(&[&told, &later]), Source::Look)]
    {
        assert_eq!(after(&failed, &seen, by, START.plus(60)), failed, "{by:?}");
    }
}

#[test]
fn a_refusal_is_the_issuers_once_its_failed_record_is_found_however_late() {
    let record = World::default().record(&order("order_1"), PspStatus::Failed, START);
    let told = after(&charge(), &refused(1), Source::Reply, START);
    let settled = after(&told, &all(&[]), Source::Sweep, START.plus(QUARANTINE));
    assert_eq!((settled.due_at, settled.refused_by()), (None, RefusedBy::Psp));
    for (row, seconds) in [(&told, 60), (&told, QUARANTINE), (&settled, DAY)] {
        for seen in [one(&record), all(&[&record])] {
            let found = after(row, &seen, Source::Webhook, START.plus(seconds));
            assert_eq!((found.state, found.record.as_ref()), (State::Failed, Some(&record)), "{seconds}");
            assert_eq!(found.refused_by(), RefusedBy::Issuer, "{seconds}");
        }
    }
}

#[test]
fn that_nothing_is_found_ends_a_refused_and_a_suspect_charge_only_once_nothing_can_execute() {
    let mut other = order("order_1");
    other.amount.minor = 1;
    let wrong = World::default().record(&other, PspStatus::Paid, START);
    let refused = after(&charge(), &refused(-1), Source::Reply, START);
    let suspect = after(&charge(), &one(&wrong), Source::Webhook, START.plus(1));
    assert_eq!((refused.state, suspect.state), (State::Failed, State::Suspect));
    let end = START.plus(QUARANTINE);
    for second in 2..=200 {
        let now = START.plus(second);
        let [refused, suspect] = [&refused, &suspect].map(|row| after(row, &all(&[]), Source::Sweep, now));
        if now < end {
            assert_eq!((refused.state, refused.due_at), (State::Failed, Some(end)), "{second}");
            assert_eq!(suspect.state, State::Suspect, "{second}");
            assert!(suspect.due_at.is_some_and(|due_at| due_at > now && due_at <= end), "{second}");
        } else {
            assert_eq!((refused.state, refused.due_at), (State::Failed, None), "{second}");
            assert_eq!((suspect.state, suspect.due_at), (State::Failed, None), "{second}");
        }
    }
}
