//! More time for an account, as the storefront sees it.

use billing::pg;

use super::super::window::extended;
use super::*;

/// What holds is the PSP's word; what is asked for is not shown in its place.
#[test]
fn more_time_is_told_once_the_psp_has_agreed() {
    let account = PaymentSnapshot { cancel_amount: 0, paid_at: None, cancelled_at: None, ..everything() };
    let account = PaymentSnapshot { status: PspStatus::Ready, cancel_history: Vec::new(), ..account };
    let row = payment_by(Flow::Checkout { open_until: RUNS_AT }, order());
    let row = Payment { state: State::Awaiting, record: Some(account), refusal: None, ..row };
    let claim = Claim::new(Purpose::Extend { due: Timestamp(99) }, nonce(), NOW, &Policy::default());
    let asked = Payment { claim: Some(claim), ..row.clone() };
    for (row, status) in [(&row, 200), (&asked, 202)] {
        let reply = extended(row, &[]);
        let view = body(&reply);
        contract::keeps("RequestedPayment", &view);
        assert_eq!((reply.status(), &view["status"], &view["vbank_date"]), (status, &json!("ready"), &json!(21)));
        let response = reply.into_response("id");
        assert_eq!(response.headers().get("location").is_some(), status == 202);
    }
    let rule = pg::rules().find(|rule| !rule.certain).unwrap();
    let warned = body(&extended(&row, &[Warning::GatewayRule(rule)]));
    assert_eq!(warned["warnings"][0]["code"], json!("gateway_rule"));
}
