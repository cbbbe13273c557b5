//! Looks up the payment that a webhook names. Webhooks are not signed: anybody may send one, and say in it what they like.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example webhook_lookup -- '{"imp_uid":"imp_…","status":"paid"}'`
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{
    Amount, Client, Config, Credentials, ImpKey, ImpSecret, ImpUid, PaymentStatus, SystemClock, TestPayments,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let body = std::env::args().nth(1).ok_or("give the body of a webhook, as JSON")?;
    let client = client()?;

    // One thing is taken from it: which payment to look up. Its status and amount are not read.
    let webhook: serde_json::Value = serde_json::from_str(&body)?;
    let imp_uid = ImpUid::new(webhook["imp_uid"].as_str().ok_or("the webhook has no imp_uid")?)?;

    // A payment on a test channel brings no money: goods for it would be goods for nothing. TEST_CHANNEL=1 shows it all the same.
    let on_a_test_channel = std::env::var("TEST_CHANNEL").is_ok_and(|said| said == "1");
    let test_payments = if on_a_test_channel { TestPayments::Show } else { TestPayments::Hide };
    let payment = match client.payment(&imp_uid, test_payments).await {
        Ok(payment) => payment,
        Err(error) if error.says_absent() => {
            return Err(format!("Iamport has no {imp_uid}: forged, or too early").into());
        }
        Err(error) => return Err(error.into()),
    };
    // What Iamport says is compared with what was ordered.
    let ordered = won_of_order(&payment.merchant_uid).ok_or("nobody ordered that")?;
    if payment.currency != "KRW" || payment.amount.to_minor(0) != Some(ordered) {
        return Err(format!("{} is not about the {ordered} KRW that were ordered", payment.imp_uid).into());
    }
    match payment.status {
        PaymentStatus::Paid if payment.cancel_amount == Amount::ZERO => {
            println!("{} is paid in full: send the goods", payment.merchant_uid)
        }
        status => {
            println!("{} is {status}, with {} given back: send nothing", payment.merchant_uid, payment.cancel_amount)
        }
    }
    Ok(())
}

/// A shop asks its database. This one has sold what the example `charge` sells.
fn won_of_order(merchant_uid: &str) -> Option<u64> {
    merchant_uid.starts_with("order_").then_some(8_900)
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
