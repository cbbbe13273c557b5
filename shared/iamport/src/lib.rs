//! Typed async client of the Iamport REST API (PortOne V1, `https://api.iamport.kr`).
//!
//! Iamport has no idempotency key: whoever sends a charge twice may charge twice. This crate is built around that.
//!
//! - **A call that changes something leaves at most once.** No retries, no redirects, no reused connection that may
//!   have gone stale. (After a 401, which means "not processed", it is replayed once with a new token.)
//! - **A failure says what it means for the money.** [`Error::class`] tells "not sent" from "refused" from "perhaps
//!   done". HTTP status, envelope `code` and [`Payment::status`] are three layers; none implies the next.
//! - **Dangerous defaults cannot be written.** [`Cancel`] always carries amount and checksum, [`Unschedule`] a list
//!   that is not empty; identifiers cannot leave their path segment.
//! - **Card data and credentials cannot be printed**, neither from requests nor from errors; personal data in
//!   requests and replies is [`Sensitive`]; a card number that a gateway forgot to mask is masked on arrival.
//! - **Amounts are exact** ([`Amount`]); no floating-point number exists in this crate.
//! - **Replies are read tolerantly**, as the API's compatibility rules ask, except where a decision rests on a field.
//!
//! Text from a request of the browser or a webhook is a hint; look the payment up with [`Client::payment`] or
//! [`Client::find_all_payments`] and compare it with your own record.
//!
//! # Example
//!
//! ```
//! use std::time::Duration;
//!
//! use iamport::{
//!     Again, Amount, BASE_URL, Client, Config, Credentials, CustomerUid, ErrorClass, FindAll, ImpKey, ImpSecret, MerchantUid,
//!     PaymentStatus, SystemClock,
//! };
//!
//! async fn charge(imp_key: String, imp_secret: String) -> Result<(), Box<dyn std::error::Error>> {
//!     let credentials = Credentials::new(ImpKey::new(imp_key), ImpSecret::new(imp_secret));
//!     let client = Client::new(Config::new(BASE_URL)?, credentials, SystemClock::new())?;
//!
//!     let merchant_uid = MerchantUid::new("order_monthly_0001")?;
//!     let customer_uid = CustomerUid::new("key_8f3a")?;
//!     let again = Again::new(customer_uid, merchant_uid.clone(), Amount::from_minor(8_900, 0), "월간 이용권")?;
//!
//!     client.ready().await?; // no token, no promise
//!     // … write the intention to charge down here …
//!     let payment = match client.within(Duration::from_secs(15)).again(&again).await {
//!         Ok(payment) => payment,
//!         Err(error) => match error.class() {
//!             ErrorClass::NotSent | ErrorClass::Unauthorized | ErrorClass::RateLimited => return Ok(()), // later, same number
//!             ErrorClass::Refused | ErrorClass::Rejected | ErrorClass::NotFound | ErrorClass::Suspect | ErrorClass::Unknown => {
//!                 // What does Iamport know? Nothing found is no proof until late executions are out of the question.
//!                 let found = client.find_all_payments(&merchant_uid, &FindAll::default()).await?;
//!                 let Some(first) = found.list.into_iter().next() else { return Ok(()) };
//!                 first
//!             }
//!         },
//!     };
//!     if payment.status == PaymentStatus::Paid {
//!         println!("{} is paid", payment.merchant_uid);
//!     }
//!     Ok(())
//! }
//! ```

mod amount;
mod cancel;
mod charge;
mod client;
mod clock;
mod config;
mod customer;
mod deadline;
mod envelope;
mod error;
mod ids;
mod lenient;
mod lifetime;
mod lookup;
mod page;
mod payment;
mod prepare;
mod request_pay;
mod schedule;
mod scheduled;
mod secret;
mod text;
mod token;
mod transport;
mod vbank;
mod wire;

pub use amount::Amount;
pub use cancel::{Cancel, CancelTarget};
pub use charge::{Again, CashReceiptType, Details, Onetime, ProductType};
pub use client::Client;
pub use clock::{Clock, SystemClock};
pub use config::{BASE_URL, Config};
pub use customer::{BillingKey, DeleteBillingKey, FailedChannel, IssueBillingKey, Requester, SucceededChannel};
pub use error::{Cause, Error, ErrorClass, NotSentReason};
pub use ids::{AnyMerchantUid, CustomerUid, ImpUid, InvalidInput, MerchantUid, NonEmpty};
pub use lifetime::{Lifetime, Moment};
pub use lookup::{ByStatus, FindAll, PaymentIds, Sorting, StatusFilter, TestPayments};
pub use page::{Found, Page};
pub use payment::{
    Anomaly, Cancellation, CardType, Channel, CustomerUidUsage, Deposit, Payment, PaymentStatus, Promotion,
};
pub use prepare::{Prepare, Prepared};
pub use request_pay::{NaverProduct, RequestPay, ServicePeriod, WindowProduct};
pub use schedule::{NewCard, Schedule, ScheduleItem, Unschedule};
pub use scheduled::{KeySchedules, ScheduleFilter, ScheduleSorting, ScheduleStatus, ScheduledPayment, Schedules};
pub use secret::{Birth, CardNumber, Credentials, Cvc, Expiry, ImpKey, ImpSecret, Pwd2};
pub use text::{MaskedCard, PspText, Sensitive};
pub use token::CredentialSource;
pub use transport::BuildError;
