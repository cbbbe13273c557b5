//! CORS as an HTTP API with a `CorsConfiguration` does it: preflights are answered by the gateway, and the headers of
//! the functions are replaced by the configured ones.

use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use serde_json::Value;

use super::sam::mapping;
use crate::net::Reply;
use crate::template::{Template, TemplateError};

/// A `CorsConfiguration`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Cors {
    origins: Vec<String>,
    methods: Vec<String>,
    headers: Vec<String>,
    expose: Vec<String>,
    max_age: Option<u64>,
    credentials: bool,
    /// The template leaves the origins to whoever deploys. Locally, that is any page of this machine.
    loopback: bool,
}

/// The headers that only the gateway may set once CORS is configured.
const OWNED: [HeaderName; 6] = [
    header::ACCESS_CONTROL_ALLOW_ORIGIN,
    header::ACCESS_CONTROL_ALLOW_METHODS,
    header::ACCESS_CONTROL_ALLOW_HEADERS,
    header::ACCESS_CONTROL_EXPOSE_HEADERS,
    header::ACCESS_CONTROL_MAX_AGE,
    header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
];

impl Cors {
    /// Reads a `CorsConfiguration`: a mapping, or SAM's shorthand `true` for "any origin".
    ///
    /// # Errors
    /// [`TemplateError`] for members that are not known.
    pub(super) fn from_template(template: &Template, value: &Value) -> Result<Option<Self>, TemplateError> {
        let at = "HttpApi.CorsConfiguration";
        match value {
            Value::Bool(false) | Value::Null => return Ok(None),
            Value::Bool(true) => return Ok(Some(Self { origins: vec!["*".to_owned()], ..Self::default() })),
            _ => {}
        }
        let mut cors = Self::default();
        for (key, member) in mapping(value, at)? {
            match key.as_str() {
                "AllowOrigins" => match template.resolve_list(member, at) {
                    Ok(origins) => cors.origins = origins,
                    Err(TemplateError::Parameter(_)) => cors.loopback = true,
                    Err(error) => return Err(error),
                },
                "AllowMethods" => cors.methods = template.resolve_list(member, at)?,
                "AllowHeaders" => cors.headers = template.resolve_list(member, at)?,
                "ExposeHeaders" => cors.expose = template.resolve_list(member, at)?,
                "AllowCredentials" => cors.credentials = template.resolve_text(member, at)? == "true",
                "MaxAge" => {
                    let text = template.resolve_text(member, at)?;
                    let seconds = text.parse().map_err(|_| TemplateError::invalid(at, "MaxAge is not a number"))?;
                    cors.max_age = Some(seconds);
                }
                other => return Err(TemplateError::unsupported(at, other)),
            }
        }
        if cors.credentials && cors.origins.iter().any(|origin| origin == "*") {
            return Err(TemplateError::invalid(at, "AllowCredentials with any origin is refused by API Gateway"));
        }
        Ok(Some(cors))
    }

    /// The answer to a preflight.
    #[must_use]
    pub fn preflight(&self, headers: &HeaderMap) -> Reply {
        let mut reply = Reply::default();
        *reply.status_mut() = StatusCode::NO_CONTENT;
        let answer = reply.headers_mut();
        if self.grant(headers, answer) {
            set_list(answer, header::ACCESS_CONTROL_ALLOW_METHODS, &self.methods);
            set_list(answer, header::ACCESS_CONTROL_ALLOW_HEADERS, &self.headers);
            if let Some(seconds) = self.max_age {
                answer.insert(header::ACCESS_CONTROL_MAX_AGE, HeaderValue::from(seconds));
            }
        }
        reply
    }

    /// Replaces whatever CORS headers an answer has by the configured ones.
    pub fn decorate(&self, request: &HeaderMap, answer: &mut HeaderMap) {
        for name in OWNED {
            answer.remove(name);
        }
        if self.grant(request, answer) {
            set_list(answer, header::ACCESS_CONTROL_EXPOSE_HEADERS, &self.expose);
        }
    }

    fn admits(&self, origin: &str) -> bool {
        self.origins.iter().any(|pattern| matches_origin(pattern, origin)) || (self.loopback && is_loopback(origin))
    }

    /// Allows the origin of the request, if it is an allowed one. A request without an origin is not a CORS request.
    fn grant(&self, request: &HeaderMap, answer: &mut HeaderMap) -> bool {
        let Some(origin) = request.get(header::ORIGIN) else {
            return false;
        };
        let allowed = if self.origins.iter().any(|pattern| pattern == "*") {
            HeaderValue::from_static("*")
        } else if origin.to_str().is_ok_and(|origin| self.admits(origin)) {
            answer.append(header::VARY, HeaderValue::from_static("origin"));
            origin.clone()
        } else {
            return false;
        };
        answer.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, allowed);
        if self.credentials {
            answer.insert(header::ACCESS_CONTROL_ALLOW_CREDENTIALS, HeaderValue::from_static("true"));
        }
        true
    }
}

/// The method that a preflight asks about; `None` if the request is no preflight.
#[must_use]
pub fn requested_method(request: &http::request::Parts) -> Option<&str> {
    if request.method != Method::OPTIONS || !request.headers.contains_key(header::ORIGIN) {
        return None;
    }
    request.headers.get(header::ACCESS_CONTROL_REQUEST_METHOD)?.to_str().ok()
}

/// Origins are compared whole; `https://*` and `http://*` allow any host of that scheme, as API Gateway does.
fn matches_origin(pattern: &str, origin: &str) -> bool {
    match pattern {
        "https://*" => origin.starts_with("https://"),
        "http://*" => origin.starts_with("http://"),
        exact => exact.eq_ignore_ascii_case(origin),
    }
}

/// `http://localhost`, `http://127.0.0.1` or `http://[::1]`, on any port.
fn is_loopback(origin: &str) -> bool {
    let Some(host) = origin.strip_prefix("http://") else {
        return false;
    };
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|name| match host.strip_prefix(name) {
        Some("") => true,
        Some(rest) => {
            rest.strip_prefix(':').is_some_and(|port| !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()))
        }
        None => false,
    })
}

fn set_list(answer: &mut HeaderMap, name: HeaderName, items: &[String]) {
    if items.is_empty() {
        return;
    }
    if let Ok(value) = HeaderValue::from_str(&items.join(",")) {
        answer.insert(name, value);
    }
}
