//! A notice's body: JSON or form, by a setting in Iamport's console.

use billing::usecase::Hint;
use billing::{ImpUid, Invalid, MerchantUid};
use runtime::http::{Object, Problem, Request};

/// Largest notice, in bytes. A real one has about a hundred.
const BODY_MAX: usize = 8 * 1024;

/// Reads where to look. Everything else that a notice says is for the PSP's own record to say.
pub(crate) fn read(request: &Request) -> Result<Hint, Problem> {
    let body = request.body();
    if body.len() > BODY_MAX {
        return Err(Problem::new(413, "payload_too_large", "At most 8 KiB."));
    }
    let (imp_uid, merchant_uid) = match request.content_type().as_str() {
        "application/json" => json(body),
        "application/x-www-form-urlencoded" => form(body),
        _ => return Err(Problem::new(415, "unsupported_media_type", "JSON or a form.")),
    }
    .map_err(malformed)?;
    let imp_uid = ImpUid::parse(&imp_uid).map_err(malformed)?;
    let merchant_uid = MerchantUid::parse(&merchant_uid).map_err(malformed)?;
    Ok(Hint { imp_uid, merchant_uid })
}

fn malformed(invalid: Invalid) -> Problem {
    Problem::new(400, &invalid.code, format!("Expected {}.", invalid.detail)).field(invalid.field)
}

/// Newer fields may appear at any time, so unknown ones are no fault.
fn json(body: &[u8]) -> Result<(String, String), Invalid> {
    let mut object = Object::parse(body)?;
    Ok((object.required_text("imp_uid")?, object.required_text("merchant_uid")?))
}

fn form(body: &[u8]) -> Result<(String, String), Invalid> {
    let one = |wanted: &str| {
        let mut values = form_urlencoded::parse(body).filter(|(name, _)| name == wanted).map(|(_, value)| value);
        match (values.next(), values.next()) {
            (Some(value), None) => Ok(value.into_owned()),
            (Some(_), Some(_)) => Err(Invalid::new(wanted, "duplicate_field", "each field once")),
            (None, _) => Err(Invalid::new(wanted, format!("{wanted}_required"), "this field")),
        }
    };
    Ok((one("imp_uid")?, one("merchant_uid")?))
}
