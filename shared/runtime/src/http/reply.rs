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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    fn headers(response: &Response<Body>) -> BTreeMap<&str, &str> {
        response.headers().iter().map(|(name, value)| (name.as_str(), value.to_str().unwrap())).collect()
    }

    #[test]
    fn every_answer_says_that_nobody_keeps_or_runs_it_and_which_request_it_is_to() {
        let of_every = [
            ("cache-control", "no-store"),
            ("content-security-policy", "default-src 'none'"),
            ("x-content-type-options", "nosniff"),
            ("x-request-id", "request-1"),
        ];
        let json = ("content-type", "application/json; charset=utf-8");
        for (reply, status, body, own) in [
            (Reply::json(200, &json!({ "a": "길" })), 200, r#"{"a":"길"}"#, vec![json]),
            (
                Reply::json(202, &json!([])).header("location", "/charges/a"),
                202,
                "[]",
                vec![json, ("location", "/charges/a")],
            ),
            (Reply::empty(204), 204, "", vec![]),
            (Reply::see_other("https://shop.example/done"), 303, "", vec![("location", "https://shop.example/done")]),
        ] {
            assert_eq!((reply.status(), reply.body()), (status, body));
            let response = reply.into_response("request-1");
            assert_eq!(response.status(), status);
            assert_eq!(headers(&response), of_every.into_iter().chain(own).collect());
            match response.body() {
                Body::Text(text) => assert_eq!(text, body),
                Body::Empty => assert_eq!(body, ""),
                other => panic!("{other:?}"),
            }
        }
    }

    #[test]
    fn what_cannot_be_written_is_an_error_of_ours_and_no_half_answer() {
        let unwritable = BTreeMap::from([((1, 2), "a key that JSON does not have")]);
        let reply = Reply::json(200, &unwritable);
        assert_eq!((reply.status(), reply.body()), (500, r#"{"code":"internal_error","status":500}"#));
        let response = Reply::json(200, &json!({})).header("location", "a\nb").into_response("request-1");
        assert_eq!((response.status().as_u16(), response.body().is_empty()), (500, true));
    }
}
