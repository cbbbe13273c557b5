//! Answers.

use lambda_http::{Body, Response};
use serde::Serialize;

/// An answer: status, headers, JSON.
#[derive(Debug, Clone)]
pub struct Reply {
    status: u16,
    headers: Vec<(&'static str, String)>,
    body: String,
}

impl Reply {
    /// A JSON answer.
    #[must_use]
    pub fn json(status: u16, body: &impl Serialize) -> Self {
        Self::written(status, "application/json; charset=utf-8", body)
    }

    /// An answer without content.
    #[must_use]
    pub fn empty(status: u16) -> Self {
        Self { status, headers: Vec::new(), body: String::new() }
    }

    /// Sends a browser on to another page.
    #[must_use]
    pub fn see_other(location: impl Into<String>) -> Self {
        Self::empty(303).header("location", location)
    }

    pub(super) fn problem(status: u16, body: &impl Serialize) -> Self {
        Self::written(status, "application/problem+json; charset=utf-8", body)
    }

    fn written(status: u16, content_type: &str, body: &impl Serialize) -> Self {
        let headers = vec![("content-type", content_type.to_owned())];
        match serde_json::to_string(body) {
            Ok(body) => Self { status, headers, body },
            Err(_) => Self { status: 500, headers, body: r#"{"code":"internal_error","status":500}"#.to_owned() },
        }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// The body's text.
    #[must_use]
    pub fn body(&self) -> &str {
        &self.body
    }

    /// The answer as the platform takes it, with the headers that every answer has.
    pub(crate) fn into_response(self, request_id: &str) -> Response<Body> {
        let mut response = Response::builder()
            .status(self.status)
            .header("cache-control", "no-store")
            .header("x-content-type-options", "nosniff")
            .header("content-security-policy", "default-src 'none'")
            .header("x-request-id", request_id);
        for (name, value) in self.headers {
            response = response.header(name, value);
        }
        let body = if self.body.is_empty() { Body::Empty } else { Body::Text(self.body) };
        response.body(body).unwrap_or_else(|_| {
            let mut failed = Response::new(Body::Empty);
            *failed.status_mut() = lambda_http::http::StatusCode::INTERNAL_SERVER_ERROR;
            failed
        })
    }
}
