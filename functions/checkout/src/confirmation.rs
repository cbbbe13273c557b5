//! Iamport's question before a payment is approved (`confirm_url`): JSON or form, by a setting in its console.

use billing::{Invalid, MerchantUid};
use runtime::http::form::{self, Message};
use runtime::http::{Object, Problem, Reply, Request};

/// What is asked.
pub(crate) struct ConfirmRequest {
    pub(crate) merchant_uid: MerchantUid,
    /// As it was written.
    pub(crate) amount: String,
}

/// Reads the question. Other fields than these two decide nothing here.
pub(crate) fn read(request: &Request) -> Result<ConfirmRequest, Problem> {
    match Message::of(request)? {
        Message::Json(body) => Ok(from_json(body)?),
        Message::Form(body) => Ok(from_form(body)?),
    }
}

fn from_json(body: &[u8]) -> Result<ConfirmRequest, Invalid> {
    let mut object = Object::parse(body)?;
    let merchant_uid = object.required("merchant_uid", MerchantUid::parse)?;
    // The API writes numbers in quotes here and there.
    let amount = object.text_or_json("amount")?.ok_or_else(|| object.missing("amount"))?;
    Ok(ConfirmRequest { merchant_uid, amount })
}

fn from_form(body: &[u8]) -> Result<ConfirmRequest, Invalid> {
    let merchant_uid = MerchantUid::parse(&form::field(body, "merchant_uid")?)?;
    Ok(ConfirmRequest { merchant_uid, amount: form::field(body, "amount")? })
}

/// A refusal in the form that Iamport shows to the customer.
pub(crate) fn refused(status: u16, reason: &str) -> Reply {
    Reply::json(status, &serde_json::json!({ "reason": reason }))
}
