//! Cash receipts by what the gateway that was paid asks for.

use billing::checkout::Passed;
use billing::order::Details;
use billing::payment::receipt::{IdentifierType, ReceiptPurpose, ReceiptState, ReceiptWish};
use billing::policy::{CashReceiptPolicy, ReceiptIssuer};
use billing::usecase::Failure;

use crate::fixture::payments::order_1;
use crate::fixture::{billing, kim};
use crate::receipt::{DAY, asked, in_force, paid_at, paid_in};
use crate::sweep::sweeps;

/// A buyer with a telephone.
fn told() -> Details {
    Details { buyer_tel: Some("01042424242".to_owned()), ..Details::default() }
}

/// NICE issues a receipt of SSGPAY's bank accounts as its window was told to, and shows it to nobody: a second one would be false.
#[tokio::test]
async fn no_second_receipt_is_issued_where_the_first_is_not_shown() {
    let mut billing = billing().await;
    billing.policy.cash_receipts = CashReceiptPolicy::Required;
    let bypass = r#"{"cashReceiptType":"personal","customerIdentifier":"01042424242"}"#;
    let passed = Passed::default().with("bypass", Some(bypass)).unwrap();
    paid_in(&billing, 200_000, ("nice_v2", "ssgpay_bank"), told(), passed).await;
    assert_eq!(asked(&billing).await, Err(Failure::ReceiptExists));
    sweeps(&billing, 3, DAY).await;
    assert_eq!((order_1(&billing).await.receipt, billing.psp.world().posts.len()), (None, 0));
}

#[tokio::test]
async fn what_a_gateway_asks_for_is_asked_for_before_anything_is_sent() {
    for (pg, field) in [("kakaopay", "merchant_uid"), ("ksnet", "buyer_name"), ("welcome", "buyer_tel")] {
        let billing = billing().await;
        paid_at(&billing, 8_900, pg, "trans").await;
        let Err(Failure::Invalid(refused)) = asked(&billing).await else { panic!("{pg} took it") };
        assert_eq!((refused.code.as_str(), refused.field.as_str()), ("gateway_rule", field), "{pg}");
        assert_eq!((order_1(&billing).await.receipt, billing.psp.world().posts.len()), (None, 0), "{pg}");
    }
    let billing = billing().await;
    paid_at(&billing, 8_900, "nice_v2", "trans").await;
    let card = ReceiptWish::new(ReceiptPurpose::Person, Some(IdentifierType::Taxcard), "154420200000012345").unwrap();
    let Err(Failure::Invalid(refused)) = billing.ask_for_receipt(&kim(), "order_1", card).await else { panic!() };
    assert_eq!((refused.code.as_str(), refused.field.as_str()), ("gateway_rule", "identifier_type"));
    // Who issues it is a setting.
    for (pg, field) in [("daou", "corp_reg_no"), ("welcome", "corp_reg_no")] {
        let mut billing = crate::fixture::billing().await;
        paid_in(&billing, 8_900, (pg, "trans"), told(), Passed::default()).await;
        let Err(Failure::Invalid(refused)) = asked(&billing).await else { panic!("{pg} took it") };
        assert_eq!((refused.code.as_str(), refused.field.as_str()), ("gateway_rule", field), "{pg}");
        let text = |text: &str| Some(text.to_owned());
        billing.policy.receipt_issuer = ReceiptIssuer {
            corp_reg_no: text("1178178260"),
            company_name: text("길동상점"),
            company_tel: text("02-1234-5678"),
        };
        assert_eq!(asked(&billing).await, Ok(ReceiptState::Issued), "{pg}");
    }
    // One that issues and does not cancel says so when it is asked to.
    let kicc = crate::fixture::billing().await;
    paid_at(&kicc, 8_900, "kicc", "trans").await;
    assert_eq!(asked(&kicc).await, Ok(ReceiptState::Issued));
    assert!(matches!(kicc.cancel_receipt("order_1").await, Err(Failure::Invalid(_))));
    assert_eq!(in_force(&kicc), [8_900]);
}
