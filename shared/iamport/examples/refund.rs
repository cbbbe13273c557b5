//! Gives money back: a part, or all that is left.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example refund -- IMP_UID WON|all`
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{
    Amount, Cancel, CancelTarget, Client, Config, Credentials, ImpKey, ImpSecret, ImpUid, Payment, SystemClock,
    TestPayments,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let imp_uid = ImpUid::new(std::env::args().nth(1).ok_or("name a payment: the imp_uid that charge printed")?)?;
    let client = client()?;

    // Examples may run on a test channel. A shop says `Hide` where goods depend on it.
    let payment = client.payment(&imp_uid, TestPayments::Show).await?;
    let left = won_left(&payment)?;
    if left == 0 {
        return Err(format!("nothing is left of {imp_uid}").into());
    }
    // Without an amount Iamport refunds everything. Here that has to be said.
    let back = match std::env::args().nth(2).ok_or("name an amount in won, or `all`")?.as_str() {
        "all" => left,
        won => won.parse()?,
    };

    // What we believe to be left goes along. If the first of two equal refunds worked, Iamport refuses the second.
    let (back, left) = (Amount::from_minor(back, 0), Amount::from_minor(left, 0));
    let mut cancel = Cancel::new(CancelTarget::Imp(imp_uid), back, left)?;
    cancel.reason = Some("returned".to_owned());
    let payment = client.cancel(&cancel).await?;
    println!("{back} KRW are refunded, {} KRW are left of {}", won_left(&payment)?, payment.imp_uid);
    Ok(())
}

/// What has not been given back yet.
fn won_left(payment: &Payment) -> Result<u64, Box<dyn Error>> {
    if payment.currency != "KRW" {
        return Err(format!("a payment in {}", payment.currency).into());
    }
    let won = |amount: Amount| amount.to_minor(0).ok_or("no whole number of won");
    Ok(won(payment.amount)?.saturating_sub(won(payment.cancel_amount)?))
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
