//! A notice's body: JSON or form, by a setting in Iamport's console.

use billing::{ForeignUid, ImpUid, Invalid};
use runtime::http::form::{self, Message};
use runtime::http::{Object, Problem, Request};

/// Where to look, as the notice names it: an order of ours, or of whoever shares the account.
pub(crate) struct Notice {
    pub(crate) imp_uid: ImpUid,
    pub(crate) merchant_uid: ForeignUid,
}

/// Reads where to look. Everything else that a notice says is for the PSP's own record to say.
pub(crate) fn read(request: &Request) -> Result<Notice, Problem> {
    let (imp_uid, merchant_uid) = match Message::of(request)? {
        Message::Json(body) => from_json(body),
        Message::Form(body) => from_form(body),
    }
    .map_err(malformed)?;
    let imp_uid = ImpUid::parse(&imp_uid).map_err(malformed)?;
    let merchant_uid = ForeignUid::parse(&merchant_uid).map_err(malformed)?;
    Ok(Notice { imp_uid, merchant_uid })
}

fn malformed(invalid: Invalid) -> Problem {
    Problem::new(400, &invalid.code, format!("Expected {}.", invalid.detail)).field(invalid.field)
}

/// Newer fields may appear at any time, so unknown ones are no fault.
fn from_json(body: &[u8]) -> Result<(String, String), Invalid> {
    let mut object = Object::parse(body)?;
    Ok((object.required_text("imp_uid")?, object.required_text("merchant_uid")?))
}

fn from_form(body: &[u8]) -> Result<(String, String), Invalid> {
    Ok((form::field(body, "imp_uid")?, form::field(body, "merchant_uid")?))
}
