//! Forms and queries: what is not JSON at this edge.

use billing::Invalid;

/// One field of a form body.
///
/// # Errors
/// `{name}_required`; `duplicate_field` if it stands there twice.
pub fn field(body: &[u8], name: &str) -> Result<String, Invalid> {
    let mut values = form_urlencoded::parse(body).filter(|(key, _)| key == name).map(|(_, value)| value);
    match (values.next(), values.next()) {
        (Some(value), None) => Ok(value.into_owned()),
        (Some(_), Some(_)) => Err(Invalid::new(name, "duplicate_field", "each field once")),
        (None, _) => Err(Invalid::new(name, format!("{name}_required"), "this field")),
    }
}

/// A page's address with further query parameters.
#[must_use]
pub fn with_query(page: &str, pairs: &[(&str, &str)]) -> String {
    let query = form_urlencoded::Serializer::new(String::new()).extend_pairs(pairs).finish();
    let joint = if page.contains('?') { '&' } else { '?' };
    format!("{page}{joint}{query}")
}
