//! Windows as the storefront's page gets them, and what came of them.

use billing::checkout::Warning;
use billing::key::BillingKey;
use billing::payment::{Payment, State};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    KeyView, PaymentView, WarningView, fail_reason, key_view, payment, payment_view, pending, requested, warning_views,
};
use crate::config::ImpCode;
use crate::http::{Problem, Reply};

/// What a page needs to open the window.
#[derive(Debug)]
pub struct WindowParameters<'a> {
    /// The object for `IMP.request_pay`, as JSON; none once the window must not be opened any more.
    pub request_pay: Option<String>,
    /// What `IMP.init` or `IMP.agency` is called with, where it is configured.
    pub init: Option<&'a ImpCode>,
    /// What may still not be what the gateway wants.
    pub warnings: &'a [Warning],
}

#[derive(Debug, Serialize)]
struct OpeningView<'a> {
    request_pay: Option<Box<RawValue>>,
    init: Option<InitView<'a>>,
    warnings: Vec<WarningView>,
}

#[derive(Debug, Serialize)]
struct InitView<'a> {
    code: &'a str,
    tier: Option<&'a str>,
}

impl<'a> WindowParameters<'a> {
    fn view(&self) -> OpeningView<'a> {
        OpeningView {
            request_pay: self.request_pay.clone().and_then(|json| RawValue::from_string(json).ok()),
            init: self.init.map(|init| InitView { code: &init.code, tier: init.tier.as_deref() }),
            warnings: warning_views(self.warnings),
        }
    }
}

#[derive(Debug, Serialize)]
struct CheckoutView<'a> {
    #[serde(flatten)]
    payment: PaymentView<'a>,
    #[serde(flatten)]
    opening: OpeningView<'a>,
}

/// A checkout, as `POST /checkouts` answers it.
#[must_use]
pub fn checkout<'a>(row: &'a Payment, opening: &WindowParameters<'a>) -> impl Serialize + use<'a> {
    CheckoutView { payment: payment_view(row), opening: opening.view() }
}

/// The answer to an order for a virtual account: 201 with its number, or what has become of it; 202 while it is not known; 502 if the
/// PSP refused it, for ever.
///
/// # Errors
/// `request_refused`, with the PSP's reason.
pub fn account(row: &Payment, opening: &WindowParameters<'_>) -> Result<Reply, Problem> {
    let location = format!("/charges/{}", row.merchant_uid());
    match row.told_state() {
        State::Failed => Err(Problem::request_refused()
            .with("merchant_uid", &row.merchant_uid().as_str())
            .with("psp_message", &row.refusal.as_ref().map(|refusal| refusal.message.as_str()))),
        State::Intent | State::Claimed | State::Unknown | State::Scheduled | State::Suspect => {
            Ok(pending(&checkout(row, opening), &location))
        }
        State::Awaiting
        | State::Paid
        | State::PartiallyRefunded
        | State::Refunded
        | State::Revoked
        | State::Expired => Ok(Reply::json(201, &checkout(row, opening)).header("location", location)),
    }
}

/// The answer to more time for a virtual account: 200 once the PSP has agreed, and then `vbank_date` is what holds; 202 while that is
/// not known.
#[must_use]
pub fn extended(row: &Payment, warnings: &[Warning]) -> Reply {
    let body = requested(row, warnings);
    if row.extending_to().is_some() {
        return pending(&body, &format!("/charges/{}", row.merchant_uid()));
    }
    Reply::json(200, &body)
}

#[derive(Debug, Serialize)]
struct WithdrawnView<'a> {
    #[serde(flatten)]
    payment: PaymentView<'a>,
    withdrawn_at: Option<billing::Timestamp>,
    /// Whether nobody can pay into its virtual account any more; nothing where it has none.
    vbank_closed: Option<bool>,
}

/// A withdrawn checkout, as `DELETE /checkouts/{merchant_uid}` answers it.
#[must_use]
pub fn withdrawn(row: &Payment) -> impl Serialize + use<'_> {
    let account = row.record.as_ref().filter(|record| record.details.vbank_num.is_some());
    WithdrawnView {
        payment: payment_view(row),
        withdrawn_at: row.withdrawn_at,
        vbank_closed: account.map(|_| row.open_account().is_none()),
    }
}

#[derive(Debug, Serialize)]
struct PreparedKeyView<'a> {
    #[serde(flatten)]
    key: KeyView<'a>,
    /// Whether the gateway takes a payment along with issuing the key.
    charges: bool,
    open_until: Option<billing::Timestamp>,
    payment: Option<PaymentView<'a>>,
    #[serde(flatten)]
    opening: OpeningView<'a>,
}

/// A prepared billing key, as `POST /billing-keys/window` answers it.
#[must_use]
pub fn prepared_key<'a>(
    row: &'a BillingKey,
    charged: Option<&'a Payment>,
    opening: &WindowParameters<'a>,
) -> impl Serialize + use<'a> {
    PreparedKeyView {
        key: key_view(row),
        charges: charged.is_some(),
        open_until: row.window.as_ref().map(|window| window.open_until),
        payment: charged.map(payment_view),
        opening: opening.view(),
    }
}

/// The answer to a customer who comes back from the window: 200 paid, 402 failed, 409 too late, 202 for everything that
/// is not known yet, a virtual account that waits for its deposit included.
///
/// # Errors
/// `payment_failed`, with the PSP's reason; `checkout_expired`; `checkout_withdrawn`.
pub fn completed(row: &Payment) -> Result<Reply, Problem> {
    match row.state {
        State::Paid | State::PartiallyRefunded | State::Refunded => Ok(Reply::json(200, &payment(row))),
        State::Failed => {
            let detail = "The payment failed. A new attempt needs a new merchant_uid.";
            let problem = Problem::new(402, "payment_failed", detail);
            Err(problem
                .with("merchant_uid", &row.merchant_uid().as_str())
                .with("imp_uid", &row.imp_uid().map(billing::ImpUid::as_str))
                .with("fail_reason", &fail_reason(row)))
        }
        State::Expired => Err(Problem::new(
            409,
            "checkout_expired",
            "It was not paid in time. A new attempt needs a new merchant_uid.",
        )),
        State::Revoked => Err(Problem::new(
            409,
            "checkout_withdrawn",
            "The merchant has withdrawn it. What is paid for it all the same goes back.",
        )),
        State::Intent | State::Claimed | State::Unknown | State::Scheduled | State::Suspect | State::Awaiting => {
            Ok(pending(&payment(row), &format!("/charges/{}", row.merchant_uid())))
        }
    }
}
