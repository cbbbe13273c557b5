//! Registers a payment for later, moves it, and revokes it again.
//!
//! `IMP_KEY=… IMP_SECRET=… cargo run -p iamport --example schedule -- CUSTOMER_UID`
#![expect(clippy::print_stdout, reason = "an example shows what it got")]

use std::error::Error;

use iamport::{
    Amount, Client, Clock, Config, Credentials, CustomerUid, ImpKey, ImpSecret, MerchantUid, NonEmpty, Schedule,
    ScheduleItem, SystemClock, Unschedule,
};

const DAY: i64 = 86_400;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let customer_uid = std::env::args().nth(1).ok_or("name a billing key: what issue_billing_key printed")?;
    let client = client()?;

    // By Iamport's clock: it is the one that runs the schedule. It is known once there is a token.
    client.ready().await?;
    let now = SystemClock::new().unix_seconds() + client.clock_skew_seconds().unwrap_or(0);
    let merchant_uid = MerchantUid::new(format!("order_{now}_{}", std::process::id()))?;
    let won = Amount::from_minor(8_900, 0);
    let item = ScheduleItem::new(merchant_uid.clone(), now + 30 * DAY, won, "KRW", "월간 이용권")?;

    println!("registering {merchant_uid}");
    let registered = client.schedule(&Schedule::new(CustomerUid::new(customer_uid)?, NonEmpty::new(item))).await?;
    // The answer may list less than was asked for.
    let entry = registered.first().ok_or("nothing was registered")?;
    println!("{} will be charged in 30 days: {}", entry.merchant_uid, entry.schedule_status);

    // Whatever becomes of the move, it is revoked: a schedule that is left runs, and charges.
    let moved = client.move_schedule(&merchant_uid, now + 31 * DAY).await;
    client.unschedule(&Unschedule::new(NonEmpty::new(merchant_uid.clone().into()))).await?;
    let moved = moved?;
    println!("{} will be charged in 31 days: {}", moved.merchant_uid, moved.schedule_status);

    // Whether it was revoked before it ran is what a look says, not the answer.
    let seen = client.scheduled(&merchant_uid).await?;
    println!("{} will not be charged: {}", seen.merchant_uid, seen.schedule_status);
    Ok(())
}

/// A client of the simulator unless `IAMPORT_URL` names another server.
fn client() -> Result<Client, Box<dyn Error>> {
    let url = std::env::var("IAMPORT_URL").unwrap_or_else(|_| "http://127.0.0.1:8010".to_owned());
    let imp_key = ImpKey::new(std::env::var("IMP_KEY").map_err(|_| "IMP_KEY is not set")?);
    let imp_secret = ImpSecret::new(std::env::var("IMP_SECRET").map_err(|_| "IMP_SECRET is not set")?);
    Ok(Client::new(Config::new(&url)?, Credentials::new(imp_key, imp_secret), SystemClock::new())?)
}
