//! What a customer is asked to agree to, and what they have agreed to.

use billing::Timestamp;
use billing::subscription::{Ask, Consent, Subscription};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{exact, length};

/// What a customer is asked.
#[derive(Debug, Serialize)]
pub(super) struct AskView {
    reason: &'static str,
    amount: Option<Box<RawValue>>,
    currency: &'static str,
    interval: Option<&'static str>,
    interval_count: Option<u16>,
    from: Timestamp,
    opens_at: Timestamp,
    /// Until when they may agree; nothing is charged before they do.
    until: Option<Timestamp>,
    given: bool,
    without_consent: &'static str,
}

pub(super) fn ask(row: &Subscription, ask: &Ask) -> AskView {
    let (interval, interval_count) = length(ask.interval);
    AskView {
        reason: ask.increase.name(),
        amount: exact(ask.price),
        currency: ask.price.currency.code(),
        interval,
        interval_count,
        from: ask.from,
        opens_at: ask.opens_at,
        // What was offered at once waits until its period is over.
        until: (!ask.is_at_once()).then(|| row.consent_until()),
        given: ask.given,
        without_consent: row.without_consent.name(),
    }
}

#[derive(Debug, Serialize)]
struct ConsentView<'a> {
    customer_id: &'a str,
    at: Timestamp,
    reason: &'static str,
    amount: Option<Box<RawValue>>,
    currency: &'static str,
    interval: Option<&'static str>,
    interval_count: Option<u16>,
    from: Timestamp,
    text: &'a str,
}

#[derive(Debug, Serialize)]
struct ConsentsView<'a> {
    list: Vec<ConsentView<'a>>,
}

fn consent(consent: &Consent) -> ConsentView<'_> {
    let (interval, interval_count) = length(consent.interval);
    ConsentView {
        customer_id: consent.by.as_str(),
        at: consent.at,
        reason: consent.increase.name(),
        amount: exact(consent.price),
        currency: consent.price.currency.code(),
        interval,
        interval_count,
        from: consent.from,
        text: consent.text.as_str(),
    }
}

/// Everything that a subscription's customer has agreed to, oldest first.
#[must_use]
pub fn consents(row: &Subscription) -> impl Serialize + use<'_> {
    ConsentsView { list: row.consents.iter().map(consent).collect() }
}
