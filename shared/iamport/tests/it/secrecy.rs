//! Nothing that can be printed contains what must not be.

use std::path::Path;
use std::time::Duration;

use iamport::*;
use serde_json::json;

use crate::server::{Reply, Server};
use crate::support::*;

const PAN: &str = "4111111111111111";
const CVC: &str = "739";
const BIRTH: &str = "751231";
const PWD: &str = "58";
const TOKEN: &str = "canary-token-0f1e2d";
const NOTICE: &str = "https://shop.example/webhooks/canary-path-token";
const PERSON: &str = "카나리아";

/// Everything that a request may hold and no text of ours may show.
const CANARIES: [&str; 9] =
    [PAN, "4111-1111-1111-1111", CVC, BIRTH, PWD, IMP_SECRET, TOKEN, "canary-path-token", PERSON];

fn assert_clean(what: &str, text: &str) {
    let numbers: Vec<_> = text.split(|character: char| !character.is_ascii_digit()).collect();
    for canary in CANARIES {
        // A short number is a leak if it stands alone; inside a port number it is chance.
        let short = canary.len() < 6 && canary.bytes().all(|byte| byte.is_ascii_digit());
        let shown = if short { numbers.contains(&canary) } else { text.contains(canary) };
        assert!(!shown, "{what} shows {canary}: {text}");
    }
    assert!(numbers.iter().all(|run| run.len() < 13), "{what} shows a long number: {text}");
}

fn details() -> Details {
    let hidden = || Some(Sensitive::from(PERSON));
    Details {
        buyer_name: hidden(),
        buyer_email: hidden(),
        buyer_tel: hidden(),
        buyer_addr: hidden(),
        buyer_postcode: hidden(),
        custom_data: hidden(),
        browser_ip: hidden(),
        bypass: hidden(),
        notice_url: Some(NOTICE.into()),
        ..Details::default()
    }
}

fn issue() -> IssueBillingKey {
    let mut issue =
        IssueBillingKey::new(customer_uid(), CardNumber::new(PAN).unwrap(), Expiry::new("2027-12").unwrap());
    issue.birth = Some(Birth::new(BIRTH).unwrap());
    issue.pwd_2digit = Some(Pwd2::new(PWD).unwrap());
    issue.cvc = Some(Cvc::new(CVC).unwrap());
    issue.channel_key = Some(PERSON.into());
    issue.customer_name = Some(PERSON.into());
    issue.customer_tel = Some(PERSON.into());
    issue.customer_email = Some(PERSON.into());
    issue.customer_addr = Some(PERSON.into());
    issue.customer_postcode = Some(PERSON.into());
    issue
}

fn onetime() -> Onetime {
    let number = CardNumber::new("4111-1111-1111-1111").unwrap();
    let mut onetime = Onetime::new(merchant_uid(), won(8900), number, Expiry::new("2027-12").unwrap()).unwrap();
    onetime.birth = Some(Birth::new(BIRTH).unwrap());
    onetime.pwd_2digit = Some(Pwd2::new(PWD).unwrap());
    onetime.cvc = Some(Cvc::new(CVC).unwrap());
    onetime.secure_3d_charge_id = Some(PERSON.into());
    onetime.secure_3d_token = Some(PERSON.into());
    onetime.details = details();
    onetime
}

fn schedule() -> Schedule {
    let mut item = ScheduleItem::new(merchant_uid(), 1_830_297_600, won(8900), "KRW", "plan").unwrap();
    item.details = details();
    let mut schedule = Schedule::new(customer_uid(), NonEmpty::new(item));
    schedule.channel_key = Some(PERSON.into());
    schedule.new_card = Some(NewCard {
        card_number: CardNumber::new(PAN).unwrap(),
        expiry: Expiry::new("2027-12").unwrap(),
        birth: Some(Birth::new(BIRTH).unwrap()),
        pwd_2digit: Some(Pwd2::new(PWD).unwrap()),
        cvc: Some(Cvc::new(CVC).unwrap()),
    });
    schedule
}

fn charge() -> Again {
    let mut charge = again();
    charge.details = details();
    charge.channel_key = Some(PERSON.into());
    charge
}

#[test]
fn requests_print_without_their_secrets() {
    assert_clean("IssueBillingKey", &format!("{:?} {:#?}", issue(), issue()));
    assert_clean("Onetime", &format!("{:?} {:#?}", onetime(), onetime()));
    assert_clean("Schedule", &format!("{:?}", schedule()));
    assert_clean("Again", &format!("{:?}", charge()));
    let mut cancel = Cancel::new(CancelTarget::Imp(imp_uid()), won(1), won(1)).unwrap();
    cancel.refund_holder = Some(PERSON.into());
    cancel.refund_bank = Some(PERSON.into());
    cancel.refund_account = Some(PAN.into());
    cancel.refund_tel = Some(PERSON.into());
    assert_clean("Cancel", &format!("{cancel:?}"));
    assert_clean("Credentials", &format!("{:?}", credentials()));
    assert!(!format!("{:?}", credentials()).contains("imp_apikey"));
    assert_eq!(format!("{:?}", CardNumber::new(PAN).unwrap()), "CardNumber");
    assert_eq!(format!("{:?}", Expiry::new("2027-12").unwrap()), "Expiry");
}

/// The requests of the other operations, with something to hide wherever there may be.
fn others() -> Vec<String> {
    let hidden = || Sensitive::from(PERSON);
    let buyer = || Buyer {
        buyer_name: Some(hidden()),
        buyer_email: Some(hidden()),
        buyer_tel: Some(hidden()),
        buyer_addr: Some(hidden()),
        buyer_postcode: Some(hidden()),
    };
    let mut vbank = vbank();
    vbank.vbank_num = Some(PAN.into());
    vbank.vbank_key = Some(hidden());
    vbank.buyer = buyer();
    vbank.business_registration_number = Some(hidden());
    vbank.notice_url = vec![NOTICE.into()];
    vbank.custom_data = Some(hidden());
    vbank.escrow_password = Some(EscrowPassword::new(PWD));
    let mut cvs = IssueCvs::new(hidden(), merchant_uid(), won(1)).unwrap();
    cvs.barcode = Some(PAN.into());
    cvs.confirm_url = Some(NOTICE.into());
    cvs.notice_url = vec![NOTICE.into()];
    cvs.buyer = buyer();
    let mut receipt = IssueReceipt::new(imp_uid(), PAN.into());
    receipt.details.buyer_name = Some(hidden());
    receipt.details.buyer_tel = Some(hidden());
    receipt.details.buyer_email = Some(hidden());
    let mut otp = otp();
    otp.bypass = Some(hidden());
    let mut delivery = EscrowDelivery::new(imp_uid(), "CJGLS", "1", 1).unwrap();
    delivery.sender_relationship = Some(hidden());
    delivery.address = Some(hidden());
    delivery.receiver = EscrowParty {
        name: Some(hidden()),
        tel: Some(hidden()),
        addr: Some(hidden()),
        postcode: Some(hidden()),
        formed_address: Some(FormedAddress { address_line_1: hidden(), address_line_2: hidden() }),
    };
    vbank.vbank_holder = Some(hidden());
    let address = "203.0.113.9".parse().unwrap();
    let prepare = PrepareKcpQuick::new(merchant_uid(), "b", address, CodeVerifier::new(TOKEN).unwrap()).unwrap();
    assert!(!format!("{prepare:?}").contains("203.0"), "an address is of a person");
    let reviews = NaverReviews::new(hidden(), 1, 2, ReviewType::General).unwrap();
    let autopay = PayKcpQuickAutopay::new(customer_uid(), merchant_uid(), "n", hidden(), won(1)).unwrap();
    vec![
        format!("{vbank:?}"),
        format!("{cvs:?}"),
        format!("{receipt:?}"),
        format!("{otp:?}"),
        format!("{delivery:?}"),
        format!("{:?} {:?}", benepia(), Otp::new(CVC)),
        format!("{prepare:?} {reviews:?} {autopay:?}"),
    ]
}

fn vbank() -> IssueVbank {
    let code = StandardCode::new("004").unwrap();
    let mut vbank = IssueVbank::new(PERSON.into(), merchant_uid(), won(1), code, 1).unwrap();
    vbank.pg_api_key = Some(PgApiKey::new(TOKEN));
    vbank
}

fn benepia() -> BenepiaAccount {
    BenepiaAccount::new(PERSON.into(), BenepiaPassword::new(TOKEN), PERSON.into())
}

fn otp() -> RequestOtp {
    let hidden = || Sensitive::from(PERSON);
    RequestOtp::new(hidden(), hidden(), hidden(), BIRTH.into(), hidden(), Carrier::Skt)
}

#[test]
fn the_other_requests_print_without_their_secrets_too() {
    for printed in others() {
        assert_clean("a request", &printed);
    }
}

/// Whoever reads a log must learn which call it was.
#[test]
fn what_hides_something_still_says_what_it_is() {
    assert_eq!(format!("{:?}", Sensitive::from(PERSON)), "Sensitive");
    let config = Config::new("https://api.iamport.kr/v1").unwrap().with_tier("abc").unwrap();
    let client = client_with(config.clone(), credentials(), TestClock::new()).within(Duration::from_millis(4_321));
    let mut window = RequestPay::new(merchant_uid(), "card", won(8900));
    window.buyer_name = Some(PERSON.into());
    window.confirm_url = Some(NOTICE.into());
    let told: [(String, &[&str]); 3] = [
        (format!("{config:?}"), &["Config", "https://api.iamport.kr/v1", "abc"]),
        (format!("{client:?}"), &["Client", "https://api.iamport.kr/v1", "abc", "4.321s"]),
        (format!("{window:?}"), &["RequestPay", "order_monthly_0001"]),
    ];
    for (printed, names) in told {
        assert!(names.iter().all(|name| printed.contains(name)), "{printed}");
        assert_clean(names[0], &printed);
    }
}

/// A server may say anything, also what it was told.
fn echoes() -> Vec<Reply> {
    let everything = CANARIES.join(" | ");
    let spoiled = payment_with(&json!({ "amount": { "you said": everything }, "customer_uid": null }));
    let half = Reply::json(200, &json!({ "code": 0, "message": everything, "response": payment() })).bytes();
    let refusal = json!({ "code": -1, "message": format!("card {PAN} was refused"), "response": null });
    vec![
        Reply::json(200, &refusal),
        Reply::json(400, &refusal),
        Reply::json(404, &refusal),
        Reply::text(200, "text/html", everything.clone()),
        Reply::text(200, "application/json", everything.clone()),
        Reply::text(500, "text/html", everything.clone()),
        Reply::text(429, "text/html", everything.clone()).with_header("retry-after", PAN),
        Reply::text(302, "text/html", "").with_header("location", &format!("https://evil.example/{PAN}")),
        Reply::ok(&spoiled),
        Reply::ok(&payment_with(&json!({ "currency": everything, "merchant_uid": everything, "customer_uid": null }))),
        Reply::ok(&payment_with(&json!({ "sandbox": everything, "customer_uid": null }))),
        Reply::ok(&payment_with(&json!({ "cancel_history": [everything], "customer_uid": null }))),
        Reply::ok(&json!(everything)),
        Reply::ok(&json!([everything])),
        Reply::Bytes(half[..half.len() - 5].to_vec()),
        Reply::Bytes(everything.into_bytes()),
        Reply::Reset(vec![]),
        Reply::text(401, "text/html", "no"),
    ]
}

/// An error with all its sources, in both ways to print.
fn all_of(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        text.push_str(&format!(" {cause} {cause:?}"));
        source = cause.source();
    }
    text
}

#[tokio::test]
async fn errors_print_nothing_of_requests_or_replies() {
    each(echoes(), |echo| async move {
        let answer = echo.clone();
        let server =
            Server::start(move |seen| if seen.is_token() { Reply::token_named(TOKEN, 1800) } else { answer.clone() })
                .await;
        let client = client(&server);
        let item = ImpUid::new(PAN).unwrap();
        let named = CustomerUid::new(PAN).unwrap();
        let errors = [
            client.issue_billing_key(&issue()).await.map(drop),
            client.onetime(&onetime()).await.map(drop),
            client.schedule(&schedule()).await.map(drop),
            client.again(&charge()).await.map(drop),
            client.payment(&item, TestPayments::Hide).await.map(drop),
            client.billing_key(&named).await.map(drop),
            client.find_all_payments(&merchant_uid(), &FindAll::default()).await.map(drop),
        ];
        for error in errors {
            assert_clean(&format!("the error after {echo:?}"), &all_of(&error.unwrap_err()));
        }
        // Some of these ask for less than what a spoiled payment still tells.
        let others = [
            client.issue_vbank(&vbank()).await.map(drop),
            client.revoke_vbank_with_key(&imp_uid(), &PgApiKey::new(TOKEN)).await.map(drop),
            client.benepia_point(&benepia()).await.map(drop),
            client.request_otp(&otp()).await.map(drop),
            client.confirm_otp(&imp_uid(), Some(&Otp::new(CVC))).await.map(drop),
            client.naver_place(&imp_uid(), &ProductOrders::All).await.map(drop),
        ];
        for error in others.into_iter().filter_map(Result::err) {
            assert_clean(&format!("the error after {echo:?}"), &all_of(&error));
        }
        assert_clean("Client", &format!("{client:?}"));
        assert!(server.calls().iter().any(|call| call.body.contains(CVC)), "the canaries did leave");
    })
    .await;
}

#[tokio::test]
async fn token_failures_print_nothing_either() {
    each(echoes(), |echo| async move {
        let server = Server::start(move |_| echo.clone()).await;
        let error = client(&server).again(&charge()).await.unwrap_err();
        assert_eq!(error.class(), ErrorClass::NotSent);
        assert_clean("the token's error", &all_of(&error));
    })
    .await;
}

#[tokio::test]
async fn replies_print_without_persons_and_cards() {
    let hidden = [
        "buyer_name",
        "buyer_email",
        "buyer_tel",
        "buyer_addr",
        "buyer_postcode",
        "custom_data",
        "user_agent",
        "vbank_num",
        "vbank_holder",
        "receipt_url",
    ];
    let mut reply = payment_with(&json!({
        "card_number": "4111-1111-1111-1111",
        "fail_reason": format!("card {PAN}"),
        "cancel_reason": PAN,
        "cancel_receipt_urls": [NOTICE],
        "deposit_history": [{ "amount": 1, "depositor_name": PERSON }],
        "cancel_history": [{ "amount": 1, "reason": PAN, "receipt_url": NOTICE }],
        "status": format!("odd {PAN}"),
    }));
    for field in hidden {
        reply[field] = json!(PERSON);
    }
    let server = Server::always(Reply::ok(&reply)).await;
    let payment = client(&server).payment(&imp_uid(), TestPayments::Hide).await.unwrap();
    assert_eq!(payment.buyer_name.as_deref(), Some(PERSON), "readable where it is wanted");
    let printed = format!("{payment:?}").replace("1800000001", "");
    assert_clean("Payment", &printed);
}

/// `expose` is called in the module that builds requests and nowhere else; nothing but it could leak a secret.
#[test]
fn secrets_are_read_in_one_module_only() {
    let sources = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut users = Vec::new();
    for entry in std::fs::read_dir(sources).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let code = std::fs::read_to_string(&path).unwrap();
        let code = code.split("#[cfg(test)]").next().unwrap();
        let called = |line: &str| line.contains(".expose()") || line.contains("Expose::expose");
        if code.lines().any(|line| called(line) && !line.trim_start().starts_with("//")) {
            users.push(name);
        }
    }
    assert_eq!(users, ["wire.rs"]);
}
