//! Charges a billing key once, and finds out what became of it if the answer does not say.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example charge -- CUSTOMER_UID [MERCHANT_UID]`
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{
    Again, Amount, Client, Clock, Config, Credentials, CustomerUid, ErrorClass, FindAll, ImpKey, ImpSecret,
    MerchantUid, Payment, PaymentStatus, SystemClock,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let customer_uid = std::env::args().nth(1).ok_or("name a billing key: what issue_billing_key printed")?;
    let client = client()?;

    // The number is the only protection against a second charge. A shop makes it once and stores it with the order;
    // whoever sends that charge again, after a crash too, sends it under the same number.
    let merchant_uid = MerchantUid::new(std::env::args().nth(2).unwrap_or_else(new_number))?;
    let won = Amount::from_minor(8_900, 0);
    let again = Again::new(CustomerUid::new(customer_uid)?, merchant_uid.clone(), won, "월간 이용권")?;

    // A shop has stored it by now: who runs this again after a crash charges the same number, and not another.
    println!("charging {merchant_uid}");
    let payment = match client.again(&again).await {
        Ok(payment) => payment,
        Err(error) => match error.class() {
            ErrorClass::NotSent | ErrorClass::Unauthorized | ErrorClass::RateLimited => {
                return Err(format!("{error}: not charged, send it again as {merchant_uid}").into());
            }
            ErrorClass::Rejected
            | ErrorClass::NotFound
            | ErrorClass::Refused
            | ErrorClass::Suspect
            | ErrorClass::Unknown => {
                println!("{error}: what does Iamport have?");
                look_up(&client, &merchant_uid)
                    .await?
                    .ok_or_else(|| format!("no payment under {merchant_uid} (yet)"))?
            }
        },
    };
    // An answer alone is no payment: the status says whether money moved.
    match payment.status {
        PaymentStatus::Paid => {
            println!("{} is paid: {} {}, {}", payment.merchant_uid, payment.amount, payment.currency, payment.imp_uid);
            Ok(())
        }
        status => {
            let reason = payment.fail_reason.as_ref().map_or("", |reason| reason.as_str());
            Err(format!("{} is {status}: {reason}", payment.merchant_uid).into())
        }
    }
}

/// Enough for an example: the time, and the number of this process.
fn new_number() -> String {
    format!("order_{}_{}", SystemClock::new().unix_seconds(), std::process::id())
}

/// The payment under this number. Of several attempts the one that is paid, wherever it stands: a later one that failed must
/// not hide it. Else the latest.
async fn look_up(client: &Client, merchant_uid: &MerchantUid) -> Result<Option<Payment>, iamport::Error> {
    match client.find_all_payments(merchant_uid, &FindAll::default()).await {
        Ok(page) => {
            let paid = page.list.iter().position(|payment| payment.status == PaymentStatus::Paid);
            Ok(page.list.into_iter().nth(paid.unwrap_or(0)))
        }
        Err(error) if error.says_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
