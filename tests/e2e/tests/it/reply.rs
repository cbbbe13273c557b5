//! Answers, and what every refusal has to look like.

use reqwest::header::HeaderMap;
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug, Clone)]
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Reply {
    pub(crate) async fn read(response: reqwest::Response) -> Self {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        Self { status, headers, text: response.text().await.expect("a whole body in UTF-8") }
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|_| panic!("{}: not JSON: {}", self.status, self.text))
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The JSON of a success with this status.
    #[track_caller]
    pub(crate) fn ok(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        assert_eq!(self.header("content-type"), "application/json; charset=utf-8");
        self.common_headers();
        self.json()
    }

    /// The problem of a refusal with this status and code.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        let said = format!("expected {status} {code}, got {} {}", self.status, self.text);
        assert_eq!(self.status, status, "{said}");
        assert!(self.header("content-type").starts_with("application/problem+json"), "{said}");
        self.common_headers();
        let problem = self.json();
        assert_eq!(problem["code"], code, "{said}");
        assert_eq!(problem["status"], status, "{said}");
        assert_eq!(problem["request_id"], self.header("x-request-id"), "{said}");
        for member in ["type", "title", "detail", "request_id"] {
            assert!(problem[member].as_str().is_some_and(|text| !text.is_empty()), "no {member}: {said}");
        }
        assert_eq!(problem["retryable"] == true, self.headers.contains_key("retry-after"), "{said}");
        problem
    }

    /// A refusal that names the field.
    #[track_caller]
    pub(crate) fn refuses(&self, status: u16, code: &str, field: &str) -> Value {
        let problem = self.problem(status, code);
        assert_eq!(problem["field"], field, "{}", self.text);
        problem
    }

    /// "Not known yet": with the place where it will be known, and when to look.
    #[track_caller]
    pub(crate) fn pending(&self, location: &str) -> Value {
        let body = self.ok(202);
        assert_eq!(self.header("location"), location);
        assert!(self.header("retry-after").parse::<u32>().is_ok_and(|seconds| seconds > 0));
        body
    }

    #[track_caller]
    fn common_headers(&self) {
        assert_eq!(self.header("cache-control"), "no-store");
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert!(!self.header("x-request-id").is_empty());
    }
}

/// A refusal without what differs from one request to the next.
pub(crate) fn without_request_id(mut problem: Value) -> Value {
    problem.as_object_mut().unwrap().remove("request_id").expect("a request_id");
    problem
}
