//! Cash receipts of which something else is known meanwhile: a refund, the gateway's own one, a refusal that came late.

use billing::payment::receipt::{Identifier, IdentifierType, NoReceipt, ReceiptOrigin, ReceiptSnapshot, ReceiptState};
use billing::policy::CashReceiptPolicy;
use billing::ports::Clock;
use billing::usecase::Failure;

use crate::fixture::payments::order_1;
use crate::fixture::{Act, TestWorld, billing, kim};
use crate::receipt::{DAY, NUMBER, asked, by_itself, in_force, paid, paid_at, refund, state, wish};
use crate::sweep::{sweep, sweeps};

#[tokio::test]
async fn money_that_is_owed_back_has_no_receipt_issued_over_it() {
    let mut billing = billing().await;
    billing.policy.cash_receipts = CashReceiptPolicy::Required;
    let imp_uid = paid_at(&billing, 100_000, "html5_inicis", "trans").await;
    billing.psp.will([Act::Lose]);
    refund(&billing, "100000").await;
    assert_eq!(
        state(billing.ask_for_receipt(&kim(), "order_1", wish(NUMBER)).await),
        Err(Failure::NoReceipt(NoReceipt::NothingLeft))
    );
    assert_eq!(billing.psp.world().posts, [format!("cancel {imp_uid} 100000")]);
}

#[tokio::test]
async fn the_gateways_own_that_stood_before_is_not_taken_for_the_one_that_was_asked_for() {
    let (billing, imp_uid) = paid().await;
    let before = billing.host.now();
    billing.psp.will([Act::Unreachable]);
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Asked), "it could not be sent");
    billing.advance(DAY);
    let own = by_itself(&billing, &imp_uid, 8_900);
    billing.psp.world().receipts.insert(imp_uid.to_string(), ReceiptSnapshot { applied_at: Some(before), ..own });
    sweep(&billing).await;
    let receipt = order_1(&billing).await.receipt.unwrap();
    assert_eq!(
        (receipt.origin, receipt.state, receipt.masked, receipt.wish),
        (ReceiptOrigin::Found, ReceiptState::Issued, None, None)
    );
    assert_eq!(billing.psp.world().receipts_made, 0);
}

#[tokio::test]
async fn a_cancellation_that_is_refused_after_it_was_promised_is_told_to_a_person() {
    let (billing, _) = paid().await;
    asked(&billing).await.unwrap();
    billing.psp.will([Act::Unreachable]);
    assert_eq!(state(billing.cancel_receipt("order_1").await), Ok(ReceiptState::Cancelling));
    billing.psp.will([Act::Refuse(500)]);
    sweeps(&billing, 4, 160).await;
    assert_eq!((in_force(&billing), billing.alarms()), (vec![8_900], vec!["receipt_refused"]));
}

#[tokio::test]
async fn a_refusal_is_kept_without_the_number_that_it_repeats() {
    let number = Identifier::parse(NUMBER, IdentifierType::Phone).unwrap();
    for (said, kept) in [
        ("01042424242 은(는) 등록되지 않은 번호입니다", "*******4242 은(는) 등록되지 않은 번호입니다"),
        ("[010-4242-4242]", "[*******4242]"),
        ("번호 010 4242 4242, 010.4242.4242", "번호 *******4242, *******4242"),
        ("0101042424242", "01*******4242"),
        ("010-4242-424", "010-4242-424"),
        ("", ""),
    ] {
        assert_eq!(number.hidden_in(said), kept);
    }
    let (billing, _) = paid().await;
    billing.psp.will([Act::Refuse(500)]);
    assert_eq!(asked(&billing).await, Ok(ReceiptState::Refused));
    let refusal = order_1(&billing).await.receipt.unwrap().refusal.unwrap();
    assert_eq!(refusal.message, "PG 거절: *******4242");
}
