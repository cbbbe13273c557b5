//! Refusals: RFC 9457 problem+json with a stable code. A rejected value is never echoed.

use billing::Invalid;
use billing::payment::RefusedBy;
use billing::payment::receipt::NoReceipt;
use billing::usecase::Failure;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Reply;

/// Seconds after which a repeat may find another answer.
const RETRY_AFTER_SECONDS: u32 = 5;

/// A refusal.
#[derive(Debug, Clone)]
pub struct Problem {
    status: u16,
    code: String,
    title: &'static str,
    detail: String,
    field: Option<String>,
    retryable: bool,
    /// Further members: what the PSP said, which order it was.
    extra: Vec<(&'static str, Box<RawValue>)>,
}

impl Problem {
    /// A refusal by HTTP status and code.
    #[must_use]
    pub fn new(status: u16, code: &str, detail: impl Into<String>) -> Self {
        let title = match status {
            400 => "Bad request",
            401 => "Unauthenticated",
            402 => "Payment required",
            403 => "Forbidden",
            404 => "Not found",
            405 => "Method not allowed",
            409 => "Conflict",
            413 => "Payload too large",
            415 => "Unsupported media type",
            422 => "Unprocessable content",
            429 => "Too many requests",
            502 => "Bad gateway",
            503 => "Temporarily unavailable",
            _ => "Internal error",
        };
        let (code, detail) = (code.to_owned(), detail.into());
        Self { status, code, title, detail, field: None, retryable: status == 503, extra: Vec::new() }
    }

    /// Names the field.
    #[must_use]
    pub fn field(mut self, field: impl Into<String>) -> Self {
        self.field = Some(field.into());
        self
    }

    /// Says that the same request may succeed later.
    #[must_use]
    pub const fn retryable(mut self) -> Self {
        self.retryable = true;
        self
    }

    /// Adds a member.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: &impl Serialize) -> Self {
        if let Ok(json) = serde_json::value::to_raw_value(value) {
            self.extra.push((name, json));
        }
        self
    }

    /// Anything that should not have happened; the logs say what.
    #[must_use]
    pub fn internal() -> Self {
        Self::new(500, "internal_error", "The request failed. The logs hold the reason under the request_id.")
    }

    /// The PSP refused our request, not a card. An alarm was raised where it was refused; the same request gets the same answer.
    #[must_use]
    pub fn request_refused() -> Self {
        let detail = "The payment provider refused our request. No card is at fault; the operator has been told.";
        Self::new(502, "request_refused", detail)
    }

    /// Why something that was asked of the PSP has failed: `declined` only if that is the word of a card's issuer.
    #[must_use]
    pub fn refused(by: RefusedBy, declined: impl FnOnce() -> Self) -> Self {
        match by {
            RefusedBy::Issuer => declined(),
            RefusedBy::Psp => Self::request_refused(),
            RefusedBy::Ourselves => Failure::KeyInactive.into(),
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The stable code.
    #[must_use]
    pub fn code(&self) -> &str {
        &self.code
    }

    /// Whether the same request may succeed later.
    #[must_use]
    pub const fn is_retryable(&self) -> bool {
        self.retryable
    }

    /// The refusal as a reply to the request named `request_id`.
    #[must_use]
    pub fn into_reply(self, request_id: &str) -> Reply {
        let mut members = serde_json::Map::new();
        let mut text = |name: &str, value: String| members.insert(name.to_owned(), value.into());
        text("type", format!("urn:iamport-billing:problem:{}", self.code));
        text("title", self.title.to_owned());
        text("code", self.code);
        text("detail", self.detail);
        text("request_id", request_id.to_owned());
        if let Some(field) = self.field {
            text("field", field);
        }
        members.insert("status".to_owned(), self.status.into());
        members.insert("retryable".to_owned(), self.retryable.into());
        for (name, json) in self.extra {
            if let Ok(value) = serde_json::from_str(json.get()) {
                members.insert(name.to_owned(), value);
            }
        }
        let reply = Reply::problem(self.status, &members);
        if self.retryable { reply.header("retry-after", RETRY_AFTER_SECONDS.to_string()) } else { reply }
    }
}

impl From<Invalid> for Problem {
    fn from(invalid: Invalid) -> Self {
        // What breaks the shape of the request is a bad request; what breaks a rule of its content is not.
        let status = match invalid.code.as_str() {
            "malformed_json"
            | "duplicate_field"
            | "idempotency_key_invalid"
            | "idempotency_key_required"
            | "sensitive_data_in_url"
            | "cursor_invalid" => 400,
            _ => 422,
        };
        Self::new(status, &invalid.code, format!("Expected {}.", invalid.detail)).field(invalid.field)
    }
}

impl From<Failure> for Problem {
    fn from(failure: Failure) -> Self {
        let conflict = |code, detail: &str| Self::new(409, code, detail);
        match failure {
            Failure::Invalid(invalid) => invalid.into(),
            Failure::NotFound => Self::new(404, "not_found", "There is no such thing here."),
            Failure::KeyPending => conflict(
                "billing_key_pending",
                "The billing key is still being issued, or its card is being checked. Try again shortly.",
            )
            .retryable(),
            Failure::KeyInactive => conflict("billing_key_inactive", "The billing key can no longer be used."),
            Failure::MerchantUidReused => Self::new(
                422,
                "merchant_uid_reused",
                "This merchant_uid belongs to another request. One merchant_uid is one payment attempt.",
            )
            .field("merchant_uid"),
            Failure::IdempotencyKeyReused => Self::new(
                422,
                "idempotency_key_reused",
                "This Idempotency-Key belongs to a request with another content.",
            )
            .field("Idempotency-Key"),
            Failure::IdempotencyInProgress => {
                conflict("idempotency_in_progress", "The same request is being worked on.").retryable()
            }
            Failure::TooManyPrepared => {
                let detail =
                    "Too many billing keys of this customer wait for their window. They are given up within a day.";
                Self::new(429, "rate_limited", detail).retryable()
            }
            Failure::KeyTaken => {
                conflict("billing_key_exists", "This billing key was adopted for another customer already.")
            }
            Failure::ImpUidMismatch => {
                conflict("imp_uid_mismatch", "This payment belongs to another order.").field("imp_uid")
            }
            Failure::KeyInUse => conflict(
                "billing_key_in_use",
                "Schedules on this key are still to run. Revoke them first, or delete with ?cascade=true or ?replaced_by=.",
            ),
            Failure::AlreadyExecuted => conflict("already_executed", "The schedule has run."),
            Failure::ScheduleNotChangeable => conflict(
                "schedule_not_changeable",
                "The schedule is not registered (yet), was revoked, or is being changed.",
            ),
            Failure::SubscriptionExists => {
                conflict("subscription_exists", "The customer has a live subscription of this plan.").field("plan")
            }
            Failure::SubscriptionNotChangeable => conflict(
                "subscription_not_changeable",
                "The subscription has ended, is about to, or is not in a state that this change is for.",
            ),
            Failure::ConsentNotAsked => {
                conflict("consent_not_asked", "Nothing is to cost more, or nothing is to be charged: there is nothing to agree to.")
            }
            Failure::ConsentTooEarly { opens_at } => conflict(
                "consent_too_early",
                &format!("A price can be agreed to in the thirty days before it holds: from {opens_at} on."),
            )
            .field("from"),
            Failure::ConsentMismatch => conflict(
                "consent_mismatch",
                "The customer is asked to agree to another price, or from another day on: read the subscription's `consent`.",
            )
            .field("amount"),
            Failure::DifferenceDeclined(said) => Self::new(
                402,
                "difference_declined",
                "The card was not charged with what the other plan costs more. The plan stays as it was.",
            )
            .with("fail_reason", &said),
            Failure::NotRefundable => conflict("not_refundable", "Nothing of this payment can be given back."),
            Failure::RefundInProgress => {
                conflict("refund_in_progress", "Another refund of this payment is under way.").retryable()
            }
            Failure::NoReceipt(NoReceipt::NotPaid) => {
                conflict("not_paid", "It is not paid, so there is no cash receipt of it.")
            }
            Failure::NoReceipt(NoReceipt::NotCash) => conflict(
                "not_cash",
                "Cash receipts are of deposits (vbank) and transfers (trans) in won. A card's payment is known to the tax office anyway.",
            ),
            Failure::NoReceipt(NoReceipt::NothingLeft) => {
                conflict("nothing_left", "All of it was given back, so there is nothing to issue a cash receipt of.")
            }
            Failure::ReceiptsOff => conflict(
                "receipts_off",
                "Cash receipts are not issued here: by its settings the merchant's gateway issues them itself.",
            ),
            Failure::ReceiptExists => conflict(
                "receipt_exists",
                "The payment has a cash receipt of another content, or one that its gateway has issued. Cancel it first.",
            ),
            Failure::ReceiptInProgress => {
                conflict("receipt_in_progress", "A request about this cash receipt is under way.").retryable()
            }
            Failure::AlreadyPaid => conflict(
                "already_paid",
                "It was paid. Give it back with POST /charges/{merchant_uid}/refunds.",
            ),
            Failure::AccountNotExtendable => conflict(
                "account_not_extendable",
                "No virtual account of it can be given more time: it has none that was issued without a window, or that one has closed, \
                 or it is not known yet.",
            ),
            Failure::ExtensionInProgress => {
                conflict("extension_in_progress", "Its virtual account is being given more time, until another moment.")
                    .retryable()
            }
            Failure::CheckoutNotWithdrawable => conflict(
                "checkout_not_withdrawable",
                "Something was paid for it that is not what was ordered. A person decides about that first.",
            ),
            Failure::RefundOwed { amount } => Self::new(
                409,
                "refund_owed",
                format!(
                    "{} of this order goes back anyway, and waits for an account: ask for that amount, and name the account.",
                    amount.decimal()
                ),
            ),
            Failure::Refused(refusal) => {
                conflict("psp_refused", "The payment provider refused the change; nothing was changed.")
                    .with("psp_message", &refusal.message)
            }
            // Each repeat registers the amount anew, so the same request works once the cause is gone.
            Failure::RequestRefused(refusal) => {
                Self::request_refused().with("psp_message", &refusal.message).retryable()
            }
            Failure::CardNotSent => Self::new(
                502,
                "card_not_sent",
                "The card did not reach the payment provider. There is no key, none of its schedules is registered or will be, and their \
                 order numbers are used. Begin anew with another Idempotency-Key and other numbers.",
            ),
            Failure::UpstreamMismatch => Self::new(
                502,
                "upstream_mismatch",
                "The payment provider answered for another channel. Nothing can be charged with it.",
            ),
            Failure::Unavailable => Self::new(
                503,
                "temporarily_unavailable",
                "The table or the payment provider is out of reach. Send the same request again: it cannot be done twice.",
            ),
            Failure::Store(error) => {
                tracing::error!(%error, "a row cannot be read");
                Self::internal()
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    #[test]
    fn a_refusal_is_problem_json_with_all_that_was_said() {
        let problem =
            Problem::new(409, "already_paid", "It was paid.").field("imp_uid").with("psp_message", &"한도초과");
        assert_eq!((problem.status(), problem.code(), problem.is_retryable()), (409, "already_paid", false));
        let reply = problem.into_reply("request-1");
        let body: Value = serde_json::from_str(reply.body()).unwrap();
        let expected = json!({
            "type": "urn:iamport-billing:problem:already_paid", "title": "Conflict", "status": 409,
            "code": "already_paid", "detail": "It was paid.", "field": "imp_uid", "retryable": false,
            "request_id": "request-1", "psp_message": "한도초과"
        });
        assert_eq!(body, expected);
        let response = reply.into_response("request-1");
        assert_eq!(response.status(), 409);
        assert_eq!(response.headers()["content-type"], "application/problem+json; charset=utf-8");
        assert!(!response.headers().contains_key("retry-after"));
    }

    #[test]
    fn only_what_may_succeed_later_says_so_and_when() {
        for (problem, retryable) in [
            (Problem::internal(), false),
            (Problem::request_refused(), false),
            (Problem::new(404, "not_found", "no"), false),
            (Problem::new(409, "already_paid", "no").retryable(), true),
            (Problem::new(503, "temporarily_unavailable", "no"), true),
            (Failure::KeyPending.into(), true),
            (Failure::KeyInactive.into(), false),
            (Failure::Unavailable.into(), true),
        ] {
            assert_eq!(problem.is_retryable(), retryable, "{problem:?}");
            let reply = problem.into_reply("request-1");
            let body: Value = serde_json::from_str(reply.body()).unwrap();
            assert_eq!((&body["retryable"], body.get("field")), (&json!(retryable), None));
            let retry_after = reply.into_response("request-1").headers().get("retry-after").cloned();
            assert_eq!(retry_after.is_some_and(|seconds| seconds == "5"), retryable);
        }
    }

    /// What breaks the shape of a request is a bad request; what breaks a rule of its content is not.
    #[test]
    fn a_request_of_the_wrong_shape_is_400_and_one_of_the_wrong_content_422() {
        for (code, status) in [
            ("malformed_json", 400),
            ("duplicate_field", 400),
            ("idempotency_key_invalid", 400),
            ("idempotency_key_required", 400),
            ("sensitive_data_in_url", 400),
            ("cursor_invalid", 400),
            ("unknown_field", 422),
            ("field_type", 422),
            ("amount_required", 422),
            ("amount_invalid", 422),
            ("sensitive_data_in_field", 422),
        ] {
            let problem = Problem::from(Invalid::new("schedules[0].amount", code, "a number"));
            assert_eq!((problem.status(), problem.code()), (status, code));
            let body: Value = serde_json::from_str(problem.into_reply("").body()).unwrap();
            assert_eq!(
                (&body["field"], &body["detail"]),
                (&json!("schedules[0].amount"), &json!("Expected a number."))
            );
        }
    }
}
