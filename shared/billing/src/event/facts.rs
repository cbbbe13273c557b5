//! All that is told of a row.

use serde::Serialize;

use super::key::KeyFacts;
use super::payment::PaymentFacts;
use super::report::ReportFacts;
use super::subscription::SubscriptionFacts;

/// What is told of one row: identifiers, amounts, states, times, and the storefront's own notes on a subscription. No card, no name,
/// no address, no account, no words of the PSP's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Facts {
    /// Of a payment.
    Payment(Box<PaymentFacts>),
    /// Of a billing key.
    Key(KeyFacts),
    /// Of a subscription.
    Subscription(Box<SubscriptionFacts>),
    /// Of a day's report.
    Report(Box<ReportFacts>),
}
