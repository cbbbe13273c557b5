//! Gets a token: whether address, key and secret are right, and whether the clocks agree.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example token`
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{Client, Config, Credentials, ImpKey, ImpSecret, SystemClock};

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let client = client()?;
    if let Err(error) = client.ready().await {
        // The error says that nothing was sent, and its source why: a wrong key or secret, or no connection.
        let why = error.source().map_or_else(|| "for no known reason".to_owned(), ToString::to_string);
        return Err(format!("{error}: {why}").into());
    }
    let ahead = client.clock_skew_seconds().unwrap_or(0);
    println!("a token is in hand; Iamport's clock is {ahead} s ahead of this machine's");
    Ok(())
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
