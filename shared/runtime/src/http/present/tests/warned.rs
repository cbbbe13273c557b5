//! What is not certain of a gateway, or not known of it, stands beside each answer that promises something.

use billing::payment::receipt::{Receipt, ReceiptPurpose, ReceiptState, ReceiptWish};
use billing::usecase::IssuedKey;

use super::super::{issued, receipt, schedule};
use super::*;

fn codes(view: &Value) -> Vec<&str> {
    view["warnings"].as_array().into_iter().flatten().filter_map(|warning| warning["code"].as_str()).collect()
}

#[test]
fn a_key_and_each_of_its_schedules_have_warnings_of_their_own() {
    let row = payment_by(Flow::Schedule { schedule_at: RUNS_AT }, order());
    let row = Payment { state: State::Scheduled, refusal: None, claim: None, ..row };
    let warned = |warnings: Vec<Warning>, of_schedule: Vec<Warning>| IssuedKey {
        key: key_in(KeyState::Active, Some(key_record())),
        schedules: Some(vec![row.clone()]),
        warnings,
        of_schedules: [(row.merchant_uid().clone(), of_schedule)].into_iter().collect(),
    };
    let view = body(&issued::issued(&warned(vec![Warning::PgUnlisted], vec![Warning::PayMethodUnlisted]), 1).unwrap());
    contract::keeps("IssuedKey", &view);
    assert_eq!(codes(&view), ["pg_unlisted"]);
    assert_eq!(codes(&view["schedules"][0]), ["pay_method_unlisted"]);
    let view = body(&issued::issued(&warned(Vec::new(), Vec::new()), 1).unwrap());
    contract::keeps("IssuedKey", &view);
    assert_eq!((view.get("warnings"), view["schedules"][0].get("warnings")), (None, None));
}

#[test]
fn a_schedule_that_is_moved_is_warned_of_and_200_only_once_that_is_confirmed() {
    let row = payment_by(Flow::Schedule { schedule_at: RUNS_AT }, order());
    let row = Payment { state: State::Scheduled, refusal: None, claim: None, ..row };
    let claim = Claim::new(Purpose::Move { schedule_at: Timestamp(99) }, nonce(), NOW, &Policy::default());
    let under_way = Payment { claim: Some(claim), ..row.clone() };
    for (row, status) in [(&row, 200), (&under_way, 202)] {
        let reply = schedule::changed(row, &[Warning::PgUnlisted]);
        let view = body(&reply);
        contract::keeps("RequestedPayment", &view);
        assert_eq!((reply.status(), codes(&view)), (status, vec!["pg_unlisted"]));
    }
    assert_eq!(body(&schedule::changed(&row, &[])).get("warnings"), None);
}

#[test]
fn a_deletion_that_is_not_confirmed_says_what_is_not_known_of_the_keys_gateway() {
    for (pg, expected) in [("brand_new", vec!["pg_unlisted"]), ("galaxia", vec!["gateway_rule"]), ("nice", vec![])] {
        let record = KeySnapshot { pg_provider: Some(pg.to_owned()), ..key_record() };
        let reply = deleting(&key_in(KeyState::Deleting, Some(record)));
        let view = body(&reply);
        contract::keeps("DeletedBillingKey", &view);
        assert_eq!((reply.status(), codes(&view)), (202, expected), "{pg}");
    }
}

#[test]
fn a_receipt_says_what_is_not_known_of_its_gateway() {
    let wish = ReceiptWish::new(ReceiptPurpose::Person, None, "010-4242-1234").unwrap();
    for (pg, state, expected) in [
        ("brand_new", ReceiptState::Asked, vec!["pg_unlisted"]),
        ("brand_new", ReceiptState::Cancelling, vec!["pg_unlisted"]),
        ("mobilians_v2", ReceiptState::Cancelled, vec!["gateway_rule"]),
        ("html5_inicis", ReceiptState::Issued, vec![]),
    ] {
        let asked = Receipt::asked(ImpUid::parse("imp_1").unwrap(), wish.clone(), NOW);
        let mut record = PaymentSnapshot { cancel_amount: 0, cancelled_at: None, ..everything() };
        record.details.pg_provider = Some(pg.to_owned());
        record.details.pay_method = Some("trans".to_owned());
        (record.status, record.cancel_history) = (PspStatus::Paid, Vec::new());
        let row = charge_in(State::Paid, Some(record));
        let row = Payment { receipt: Some(Box::new(Receipt { state, ..asked })), ..row };
        let view = body(&receipt::answered(&row).unwrap());
        contract::keeps("RequestedReceipt", &view);
        assert_eq!(codes(&view), expected, "{pg}");
    }
}
