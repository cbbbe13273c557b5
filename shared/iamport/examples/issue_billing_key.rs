//! Stores a card at Iamport as a billing key.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example issue_billing_key`
//!
//! The card is one of the simulator's that approves. An account of your own may want `CHANNEL_KEY` besides.
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{
    Birth, CardNumber, Client, Clock, Config, Credentials, CustomerUid, Expiry, ImpKey, ImpSecret, IssueBillingKey,
    Pwd2, Sensitive, SystemClock,
};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = client()?;

    // A name of its own for each card: under an old name the key would silently change its card.
    let customer_uid = CustomerUid::new(format!("key_{}_{}", SystemClock::new().unix_seconds(), std::process::id()))?;
    let mut issue =
        IssueBillingKey::new(customer_uid, CardNumber::new("4242-4242-4242-4242")?, Expiry::new("2030-12")?);
    issue.birth = Some(Birth::new("900101")?);
    issue.pwd_2digit = Some(Pwd2::new("00")?);
    issue.channel_key = std::env::var("CHANNEL_KEY").ok().map(Sensitive::from);

    match client.issue_billing_key(&issue).await {
        Ok(key) => {
            let card = key.card_number.as_ref().map_or("a card that is not shown", |card| card.as_str());
            println!("{} charges {card}", key.customer_uid);
            Ok(())
        }
        Err(error) => {
            // The gateway's own words, if there are any: fit to be shown, card numbers in them are starred out.
            let said = error.psp_message().map_or("", |message| message.as_str());
            Err(format!("no key: {error} {said}").into())
        }
    }
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
