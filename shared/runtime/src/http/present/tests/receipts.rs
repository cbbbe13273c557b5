//! Cash receipts as the storefront sees them.

use billing::ImpUid;
use billing::payment::Refusal;
use billing::payment::receipt::{Receipt, ReceiptPurpose, ReceiptSnapshot, ReceiptState, ReceiptWish};

use super::*;

/// Whom a receipt names is shown by its last four digits, wherever it is shown.
#[test]
fn a_receipt_is_shown_masked_and_its_state_is_the_answer() {
    let wish = ReceiptWish::new(ReceiptPurpose::Person, None, "010-4242-1234").unwrap();
    let asked = Receipt::asked(ImpUid::parse("imp_1").unwrap(), wish, NOW);
    let issued = ReceiptSnapshot {
        imp_uid: ImpUid::parse("imp_1").unwrap(),
        amount: 8_900,
        vat: Some(809),
        apply_num: Some("G1".to_owned()),
        receipt_tid: Some("tid".to_owned()),
        receipt_url: Some("https://pg.example/cash".to_owned()),
        applied_at: Some(Timestamp(31)),
        cancelled_at: None,
    };
    for (state, status, word) in [
        (ReceiptState::Asked, 202, "pending"),
        (ReceiptState::Issued, 200, "issued"),
        (ReceiptState::Replacing, 202, "pending"),
        (ReceiptState::Cancelling, 202, "cancelling"),
        (ReceiptState::Cancelled, 200, "cancelled"),
        (ReceiptState::Refused, 409, "refused"),
    ] {
        let refusal = Some(Refusal { code: 500, message: "발급 실패".to_owned() });
        let receipt = Receipt { state, record: Some(issued.clone()), refusal, ..asked.clone() };
        let row = Payment { receipt: Some(Box::new(receipt)), ..charge_in(State::Paid, Some(everything())) };
        let expected = json!({
            "imp_uid": "imp_1", "status": word, "type": "person", "identifier_type": "phone", "identifier": "*******1234",
            "amount": 8900, "vat": 809, "apply_num": "G1", "receipt_tid": "tid", "receipt_url": "https://pg.example/cash",
            "applied_at": 31, "cancelled_at": null, "psp_message": "발급 실패"
        });
        let whole = json_of(&payment(&row));
        contract::keeps("Payment", &whole);
        assert_eq!(whole["cash_receipt"], expected);
        assert!(!whole.to_string().contains("42421234"));
        match receipt::answered(&row) {
            Ok(reply) => {
                assert_eq!(reply.status(), status);
                let body: Value = serde_json::from_str(reply.body()).unwrap();
                contract::keeps("RequestedReceipt", &body);
                assert_eq!(body, expected);
            }
            Err(problem) => assert_eq!((problem.status(), problem.code()), (status, "receipt_refused")),
        }
    }
    let none = charge_in(State::Paid, Some(everything()));
    assert_eq!(receipt::answered(&none).unwrap_err().status(), 404);
}
