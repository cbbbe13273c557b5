//! Requests, as the gateway hands them over.

use std::borrow::Cow;
use std::net::IpAddr;
use std::time::Duration;

use billing::scrub::holds_card_number;
use billing::usecase::{Caller, check_idempotency_key};
use billing::{CustomerId, Invalid};
use lambda_http::aws_lambda_events::apigw::ApiGatewayV2httpRequestContext;
use lambda_http::request::RequestContext;
use lambda_http::{Body, RequestExt};

use super::{Object, Problem};
use crate::clock::SystemClock;
use crate::deadline::Deadline;

/// Largest JSON body, in bytes.
const BODY_MAX: usize = 16 * 1024;
/// Largest JSON body of a route that takes a hundred orders, in bytes.
const LIST_BODY_MAX: usize = 256 * 1024;
/// Entries of a page: unless asked otherwise, and at most.
const PAGE_DEFAULT: usize = 20;
const PAGE_MAX: usize = 100;
/// What a caller must hold.
const CUSTOMER_SCOPE: &str = "billing/customer";
const MERCHANT_SCOPE: &str = "billing/merchant";

/// A request of the storefront's or of Iamport's.
#[derive(Debug)]
pub struct Request {
    inner: lambda_http::Request,
    deadline: Deadline,
    request_id: String,
}

impl Request {
    /// Takes over the platform's request; it has `budget` from now on.
    pub(crate) fn new(inner: lambda_http::Request, clock: &SystemClock, budget: Duration) -> Self {
        let request_id = Self::id_of(&inner).to_owned();
        Self { inner, deadline: Deadline::of_request(clock, budget), request_id }
    }

    /// The gateway's name for a request.
    pub(crate) fn id_of(inner: &lambda_http::Request) -> &str {
        context(inner).and_then(|context| context.request_id.as_deref()).unwrap_or_default()
    }

    /// The gateway's name for this request.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.request_id
    }

    /// When the answer has to be out.
    #[must_use]
    pub const fn deadline(&self) -> &Deadline {
        &self.deadline
    }

    /// The gateway's route, such as `POST /charges`. Decided there: no path is matched twice.
    #[must_use]
    pub fn route(&self) -> &str {
        context(&self.inner).and_then(|context| context.route_key.as_deref()).unwrap_or_default()
    }

    /// The address that this request's API has by itself, as the gateway names it: never what a header claims.
    #[must_use]
    pub fn own_url(&self) -> Option<String> {
        let domain = context(&self.inner)?.domain_name.as_ref()?;
        Some(format!("https://{domain}"))
    }

    /// The HTTP method.
    #[must_use]
    pub fn method(&self) -> &str {
        self.inner.method().as_str()
    }

    /// A parameter of the route's path.
    ///
    /// # Errors
    /// 404: without it there is no such thing.
    pub fn path(&self, name: &str) -> Result<String, Problem> {
        let parameters = self.inner.path_parameters_ref();
        let value = parameters.and_then(|parameters| parameters.first(name));
        value.map(decode).ok_or_else(|| Problem::new(404, "not_found", "There is no such thing here."))
    }

    /// A query parameter.
    ///
    /// # Errors
    /// `{name}_invalid` if it is given twice.
    pub fn query(&self, name: &str) -> Result<Option<String>, Invalid> {
        let values = self.inner.query_string_parameters_ref().and_then(|parameters| parameters.all(name));
        match values.as_deref() {
            None | Some([]) => Ok(None),
            // The gateway joins repeated parameters with a comma; none of ours contains one.
            Some([one]) if !one.contains(',') => Ok(Some((*one).to_owned())),
            Some(_) => Err(Invalid::field(name, "one value")),
        }
    }

    /// How many entries a page may have: `limit`, 1 to 100, 20 if absent.
    ///
    /// # Errors
    /// `limit_invalid`.
    pub fn limit(&self) -> Result<usize, Invalid> {
        let Some(text) = self.query("limit")? else { return Ok(PAGE_DEFAULT) };
        let limit = text.parse().ok().filter(|limit| (1..=PAGE_MAX).contains(limit));
        limit.ok_or_else(|| Invalid::field("limit", format!("1 to {PAGE_MAX}")))
    }

    /// Refuses a card number anywhere in the URL: it would stand in other people's logs by now.
    ///
    /// # Errors
    /// `sensitive_data_in_url`.
    pub fn check_url(&self) -> Result<(), Problem> {
        let url = self.inner.uri();
        let text = format!("{}?{}", decode(url.path()), decode(url.query().unwrap_or_default()));
        if holds_card_number(&text) {
            let detail = "No card number belongs in a URL. Treat this card as exposed.";
            return Err(Problem::new(400, "sensitive_data_in_url", detail));
        }
        Ok(())
    }

    /// A header's value, if it is text.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.inner.headers().get(name).and_then(|value| value.to_str().ok())
    }

    /// The caller's name for this request (IETF draft `Idempotency-Key`).
    ///
    /// # Errors
    /// `idempotency_key_required`, `idempotency_key_invalid` (also for two of them).
    pub fn idempotency_key(&self) -> Result<&str, Invalid> {
        const NAME: &str = "Idempotency-Key";
        let mut values = self.inner.headers().get_all(NAME).iter();
        let (first, second) = (values.next(), values.next());
        let Some(first) = first else {
            return Err(Invalid::new(NAME, "idempotency_key_required", "this header, one fresh value a request"));
        };
        // The gateway joins repeated headers with a comma, which no key has.
        let one = first.to_str().ok().filter(|_| second.is_none());
        let key = one.ok_or_else(|| Invalid::new(NAME, "idempotency_key_invalid", "one value in printable ASCII"))?;
        check_idempotency_key(key)?;
        Ok(key)
    }

    /// The network address the gateway saw; never a header's claim.
    #[must_use]
    pub fn source_ip(&self) -> Option<IpAddr> {
        context(&self.inner)?.http.source_ip.as_deref()?.parse().ok()
    }

    /// Who asks, by the token that the gateway has verified. A route that takes both scopes gets the wider one.
    ///
    /// # Errors
    /// 401 without a verified token, 403 without a scope of ours.
    pub fn caller(&self) -> Result<Caller, Problem> {
        let unauthenticated = || Problem::new(401, "unauthenticated", "A verified token is required.");
        let authorizer = context(&self.inner).and_then(|context| context.authorizer.as_ref());
        let jwt = authorizer.and_then(|authorizer| authorizer.jwt.as_ref()).ok_or_else(unauthenticated)?;
        let claim = |name: &str| jwt.claims.get(name).map(String::as_str);
        let holds = |wanted: &str| scopes(claim).any(|scope| scope == wanted);
        if holds(MERCHANT_SCOPE) {
            return Ok(Caller::Merchant);
        }
        if !holds(CUSTOMER_SCOPE) {
            return Err(Problem::new(403, "insufficient_scope", "The token lacks the scope of this route."));
        }
        let subject = jwt.claims.get("sub").ok_or_else(unauthenticated)?;
        CustomerId::parse(subject).map(Caller::Customer).map_err(|_| unauthenticated())
    }

    /// The storefront's own server, or a refusal.
    ///
    /// # Errors
    /// As [`Self::caller`]; 403 for a customer.
    pub fn merchant(&self) -> Result<(), Problem> {
        match self.caller()? {
            Caller::Merchant => Ok(()),
            Caller::Customer(_) => {
                Err(Problem::new(403, "insufficient_scope", "Whoever names an amount holds billing/merchant."))
            }
        }
    }

    /// The body's bytes, of any content type.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        match self.inner.body() {
            Body::Text(text) => text.as_bytes(),
            Body::Binary(bytes) => bytes,
            _ => &[],
        }
    }

    /// The content type without its parameters, in lower case.
    #[must_use]
    pub fn content_type(&self) -> String {
        let value = self.header("content-type").unwrap_or_default();
        value.split(';').next().unwrap_or_default().trim().to_ascii_lowercase()
    }

    /// The body as a JSON object.
    ///
    /// # Errors
    /// 413, 415, and those of [`Object::parse`].
    pub fn json(&self) -> Result<Object, Problem> {
        self.json_up_to(BODY_MAX)
    }

    /// The body of a route that takes many orders at once.
    ///
    /// # Errors
    /// As [`Self::json`].
    pub fn json_list(&self) -> Result<Object, Problem> {
        self.json_up_to(LIST_BODY_MAX)
    }

    fn json_up_to(&self, max: usize) -> Result<Object, Problem> {
        if self.body().len() > max {
            return Err(Problem::new(413, "payload_too_large", format!("At most {} KiB.", max / 1024)));
        }
        if self.content_type() != "application/json" {
            return Err(Problem::new(415, "unsupported_media_type", "Send application/json."));
        }
        Ok(Object::parse(self.body())?)
    }
}

/// What the gateway says of a request, beside the request itself.
fn context(inner: &lambda_http::Request) -> Option<&ApiGatewayV2httpRequestContext> {
    match inner.request_context_ref()? {
        RequestContext::ApiGatewayV2(context) => Some(context),
        _ => None,
    }
}

/// Every scope of a token. API Gateway looks for a route's scopes in `scope` and in `scp` (developer guide, "Controlling access
/// to HTTP APIs with JWT authorizers", read on 2026-11-29): issuers differ, and some write a list, which the gateway hands over
/// as `[a b]`.
fn scopes<'a>(claim: impl Fn(&str) -> Option<&'a str>) -> impl Iterator<Item = &'a str> {
    ["scope", "scp"].into_iter().filter_map(claim).flat_map(|claim| {
        let list = claim.strip_prefix('[').and_then(|rest| rest.strip_suffix(']'));
        list.unwrap_or(claim).split_whitespace()
    })
}

/// Percent-decodes, leaving what is malformed as it stands.
fn decode(text: &str) -> String {
    let joined = format!("x={}", text.replace('&', "%26").replace('+', "%2B"));
    let mut pairs = form_urlencoded::parse(joined.as_bytes());
    pairs.next().map_or_else(|| text.to_owned(), |(_, value)| Cow::into_owned(value))
}

#[cfg(test)]
mod tests;
