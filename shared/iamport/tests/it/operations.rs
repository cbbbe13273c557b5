//! What holds for every operation beside payments, billing keys and schedules: how often it is sent, and what the statuses mean
//! that only some of them document.

use std::pin::Pin;

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::*;

type Outcome = Pin<Box<dyn Future<Output = Result<(), Error>> + Send>>;

/// Name of the method, whether it reads, what statuses mean that it documents, and a call of it.
type Operation = (&'static str, bool, &'static [(u16, ErrorClass)], fn(Client) -> Outcome);

const NONE: &[(u16, ErrorClass)] = &[];
const FAILED: &[(u16, ErrorClass)] = &[(500, ErrorClass::Refused)];
const RECEIPT: &[(u16, ErrorClass)] = &[(500, ErrorClass::Refused), (501, ErrorClass::Rejected)];
const ESCROW: &[(u16, ErrorClass)] =
    &[(405, ErrorClass::Rejected), (409, ErrorClass::Rejected), (500, ErrorClass::Refused)];

macro_rules! operations {
    ($($reads:literal $documented:expr, $method:ident ( $($argument:expr),* );)+) => {
        [$((stringify!($method), $reads, $documented, |client: Client| -> Outcome {
            Box::pin(async move { client.$method($($argument),*).await.map(drop) })
        })),+]
    };
}

fn all() -> ProductOrders {
    ProductOrders::All
}

fn account() -> BenepiaAccount {
    BenepiaAccount::new("u".into(), BenepiaPassword::new("p"), "k".into())
}

fn prepare() -> PrepareKcpQuick {
    let verifier = CodeVerifier::new("v").unwrap();
    PrepareKcpQuick::new(merchant_uid(), "b", "203.0.113.9".parse().unwrap(), verifier).unwrap()
}

fn member() -> MemberId {
    MemberId::new("m").unwrap()
}

fn carrier() -> NaverDelivery {
    NaverDelivery::other(NaverDeliveryMethod::Nothing)
}

fn code() -> StandardCode {
    StandardCode::new("004").unwrap()
}

fn escrow() -> EscrowDelivery {
    EscrowDelivery::new(imp_uid(), "c", "i", 1).unwrap()
}

/// The 53, in the order of the README's table.
fn operations() -> [Operation; 53] {
    operations! {
        false FAILED, benepia_point(&account());
        false FAILED, pay_benepia(
            &PayBenepia::new(account(), BenepiaMember::Test, merchant_uid(), won(1), "n").unwrap()
        );
        true NONE, certification(&imp_uid());
        false FAILED, delete_certification(&imp_uid());
        false FAILED, request_otp(&RequestOtp::new(
            "k".into(), "n".into(), "p".into(), "b".into(), "1".into(), Carrier::Kt
        ));
        false FAILED, confirm_otp(&imp_uid(), None);
        false NONE, issue_cvs(&IssueCvs::new("k".into(), merchant_uid(), won(1)).unwrap());
        false NONE, revoke_cvs(&imp_uid());
        true &[(409, ErrorClass::NotFound)], escrow_delivery(&imp_uid());
        false ESCROW, update_escrow_delivery(&escrow());
        false ESCROW, register_escrow_delivery(&escrow());
        false NONE, delete_kcp_quick_member(&DeleteKcpQuickMember::new(member(), "s", "t", "u").unwrap());
        false NONE, pay_kcp_quick_money(
            &PayKcpQuickMoney::new(member(), "k".into(), merchant_uid(), "n", won(1), imp_uid()).unwrap()
        );
        false NONE, update_kcp_quick(&prepare());
        false &[(409, ErrorClass::Rejected)], prepare_kcp_quick(&prepare());
        false NONE, pay_kcp_quick_autopay(
            &PayKcpQuickAutopay::new(customer_uid(), merchant_uid(), "n", "b".into(), won(1)).unwrap()
        );
        false FAILED, delete_kcp_quick_autopay(&customer_uid());
        false NONE, release_kcp_quick_fido(&member(), &"k".into());
        false FAILED, naver_cancel(&imp_uid(), &all(), None);
        false FAILED, naver_approve_cancel(&imp_uid(), &all());
        false FAILED, naver_ship(&imp_uid(), &all(), &carrier(), 1);
        false FAILED, naver_ship_exchanged(&imp_uid(), &all(), &carrier());
        false FAILED, naver_collect_exchanged(&imp_uid(), &all());
        false FAILED, naver_place(&imp_uid(), &all());
        false FAILED, naver_request_return(&imp_uid(), &all(), &NaverReturnDelivery::individual(), None);
        false FAILED, naver_approve_return(&imp_uid(), &all(), None);
        false FAILED, naver_reject_return(&imp_uid(), &all(), "m");
        false FAILED, naver_withhold_return(&imp_uid(), &all(), &NaverWithhold::new("m"));
        false FAILED, naver_resolve_return(&imp_uid(), &all());
        false FAILED, naver_point(&imp_uid());
        false FAILED, naver_confirm(&imp_uid(), None);
        true NONE, naver_product_orders(&imp_uid());
        true NONE, naver_product_order(&ProductOrderId::new("1").unwrap());
        true NONE, naver_reviews(&NaverReviews::new("k".into(), 1, 2, ReviewType::General).unwrap());
        true NONE, naver_cash_amount(&imp_uid());
        false &[(501, ErrorClass::Rejected)], register_partner_receipt(
            &imp_uid(), &NonEmpty::new(PartnerShare::new("1", "n", won(1)).unwrap())
        );
        false NONE, set_payco_status(&imp_uid(), PaycoStatus::Canceled);
        true &[(405, ErrorClass::Rejected)], payment_balance(&imp_uid());
        false NONE, paymentwall_delivery(&PaymentwallDelivery::new(
            imp_uid(), merchant_uid(), PaymentwallStatus::Delivered, 1, 1, true, "e".into()
        ).unwrap());
        true NONE, receipt(&imp_uid());
        false RECEIPT, issue_receipt(&IssueReceipt::new(imp_uid(), "i".into()));
        false RECEIPT, revoke_receipt(&imp_uid());
        true NONE, external_receipt(&merchant_uid());
        false RECEIPT, issue_external_receipt(
            &IssueExternalReceipt::new(merchant_uid(), "k".into(), "n", won(1), "i".into()).unwrap()
        );
        false RECEIPT, revoke_external_receipt(&merchant_uid());
        true NONE, card_codes();
        true NONE, card_code(&code());
        true NONE, bank_codes();
        true NONE, bank_code(&code());
        true NONE, tier(&TierCode::new("AB1").unwrap());
        true NONE, pg_settings();
        false NONE, issue_vbank(&IssueVbank::new("k".into(), merchant_uid(), won(1), code(), 1).unwrap());
        false NONE, modify_vbank(&ModifyVbank::amount(imp_uid(), won(1)).unwrap());
    }
}

/// A status that an operation documents has its meaning there, with an envelope that says no; anywhere else, and without one,
/// it says nothing. What changes something is sent once whatever the reply; what reads is repeated after one that says nothing.
#[tokio::test]
async fn statuses_mean_what_the_operation_documents() {
    let no = json!({ "code": 1, "message": "아니오", "response": null });
    let replies = [
        ("application/json", no.to_string(), true),
        ("application/json", json!({ "code": 0, "response": null }).to_string(), false),
        ("text/html", no.to_string(), false),
    ];
    for status in [405, 409, 500, 501] {
        let cases =
            replies.clone().into_iter().flat_map(|reply| operations().map(|operation| (operation, reply.clone())));
        each(cases, move |((name, reads, documented, act), (content_type, body, says_no))| async move {
            let server = Server::always(Reply::text(status, content_type, body)).await;
            let error = act(client(&server)).await.unwrap_err();
            let meaning = documented.iter().find(|(documented, _)| *documented == status && says_no);
            let class = meaning.map_or(ErrorClass::Unknown, |(_, class)| *class);
            assert_eq!(error.class(), class, "{name} after {status}");
            if class != ErrorClass::Unknown {
                assert_eq!(error.psp_message().map(PspText::as_str), Some("아니오"), "{name}");
            }
            let sent = if reads && class == ErrorClass::Unknown { 3 } else { 1 };
            assert_eq!(server.calls().len(), sent, "{name} after {status}");
        })
        .await;
    }
}

/// What is the same for all of them: 400, 403 and 404 with an envelope, a refusal on 200, and content that is missing.
#[tokio::test]
async fn what_is_the_same_everywhere() {
    let no = json!({ "code": 1, "message": null, "response": null });
    let replies = [
        (Reply::json(400, &no), ErrorClass::Rejected),
        (Reply::json(403, &no), ErrorClass::Rejected),
        (Reply::json(404, &no), ErrorClass::NotFound),
        (Reply::json(200, &no), ErrorClass::Refused),
        (Reply::text(429, "text/html", ""), ErrorClass::RateLimited),
        (Reply::text(401, "text/html", ""), ErrorClass::Unauthorized),
        (Reply::json(200, &json!({ "code": 0, "response": 7 })), ErrorClass::Suspect),
        (Reply::json(200, &json!({ "code": 0, "response": null })), ErrorClass::Suspect),
    ];
    for (reply, class) in replies {
        each(operations(), move |(name, _, _, act)| {
            let reply = reply.clone();
            async move {
                let server = Server::always(reply).await;
                let outcome = act(client(&server)).await;
                // Nothing but the code is documented of these replies.
                let bare = ["naver_point", "naver_confirm", "prepare_kcp_quick", "update_kcp_quick"];
                if class == ErrorClass::Suspect && bare.contains(&name) {
                    return outcome.unwrap();
                }
                assert_eq!(outcome.unwrap_err().class(), class, "{name}");
            }
        })
        .await;
    }
}
