//! Refunds as the storefront sees them.

use billing::fingerprint::Fingerprint;
use billing::payment::refund::Origin;
use billing::payment::refund::tax::TaxParts;
use billing::payment::{Refund, RefundState};

use super::*;
use crate::http::present::refund::refunded;

fn refund(state: RefundState) -> Refund {
    Refund {
        id: "r8f3a".to_owned(),
        imp_uid: ImpUid::parse("imp_1").unwrap(),
        amount: 3_000,
        parts: TaxParts { tax_free: Some(0), vat_amount: None },
        checksum: 8_900,
        exponent: 0,
        reason: Some("변심".to_owned()),
        account: None,
        origin: Origin::Request,
        fingerprint: Fingerprint::of(&"refund"),
        state,
        refusal: Some(refusal(1)),
        requests: Vec::new(),
        posts: 1,
        requested_at: NOW.plus(5),
    }
}

#[test]
fn a_refund_is_shown_with_its_payment_unless_it_was_refused() {
    let row = charge_in(State::Paid, Some(everything()));
    for (state, status, word) in [(RefundState::Done, 200, "done"), (RefundState::Pending, 202, "pending")] {
        let reply = refunded(&row, &refund(state)).unwrap();
        let mut view = body(&reply);
        contract::keeps("Refund", &view);
        assert_eq!((reply.status(), view["payment"].take()), (status, json_of(&payment(&row))));
        let expected = json!({
            "id": "r8f3a", "imp_uid": "imp_1", "amount": 3000, "tax_free": 0, "vat_amount": null, "status": word,
            "reason": "변심", "requested_at": NOW.0 + 5, "payment": null
        });
        assert_eq!(view, expected);
        let location = reply.into_response("id").headers().get("location").cloned();
        assert_eq!(location.is_some_and(|location| location == "/charges/order_1"), state == RefundState::Pending);
    }
    let mut unsure = row.clone();
    let details = &mut unsure.record.as_mut().unwrap().details;
    details.pg_provider = Some("ksnet".to_owned());
    details.pay_method = Some("vbank".to_owned());
    // NOW is in the morning in Seoul.
    let by_night = Refund { requested_at: NOW.plus(14 * 3_600), ..refund(RefundState::Done) };
    let view = body(&refunded(&unsure, &by_night).unwrap());
    contract::keeps("Refund", &view);
    assert_eq!(view["warnings"][0]["code"], json!("gateway_rule"));
    let problem = refunded(&row, &refund(RefundState::Refused)).unwrap_err();
    assert_eq!((problem.status(), problem.code()), (409, "refund_conflict"));
    assert_eq!(body(&problem.into_reply("id"))["psp_message"], json!("한도초과"));
}

/// Its parts are read where the payment is read, also of what is given back by itself.
#[test]
fn a_payment_shows_its_refunds_by_their_parts_and_not_why_they_were_asked_for() {
    let mut row = charge_in(State::PartiallyRefunded, Some(everything()));
    assert_eq!(json_of(&payment(&row)).get("refunds"), None);
    let named = TaxParts { tax_free: Some(900), vat_amount: Some(190) };
    row.refunds = vec![refund(RefundState::Done), Refund { parts: named, ..refund(RefundState::Pending) }];
    let view = json_of(&payment(&row));
    contract::keeps("Payment", &view);
    let of = |tax_free: i64, vat_amount: Option<i64>, status: &str| {
        json!({
            "id": "r8f3a", "imp_uid": "imp_1", "amount": 3000, "tax_free": tax_free, "vat_amount": vat_amount,
            "status": status, "requested_at": NOW.0 + 5
        })
    };
    assert_eq!(view["refunds"], json!([of(0, None, "done"), of(900, Some(190), "pending")]));
}
