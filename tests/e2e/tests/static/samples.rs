//! The sample events, and what is filled in before one is sent.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::repository;

/// UNIX seconds thirty days ahead, inside a body.
pub(crate) const IN_30_DAYS: &str = "{{in 30 days}}";
/// The same sixty days ahead.
pub(crate) const IN_60_DAYS: &str = "{{in 60 days}}";
/// The secret part of the webhook's path.
pub(crate) const WEBHOOK_TOKEN: &str = "{{webhook token}}";

#[derive(Debug)]
pub(crate) struct Sample {
    /// The file's name without its ending.
    pub(crate) name: String,
    /// The function that it is for.
    pub(crate) function: String,
    text: String,
}

impl Sample {
    pub(crate) fn all() -> Vec<Self> {
        let functions = repository::functions();
        let read = |path: String| {
            let name = path.strip_prefix("events/")?.strip_suffix(".json")?.to_owned();
            if name.starts_with("schema/") {
                // Of what the storefront is told, not of what a function is sent.
                return None;
            }
            let fits = |function: &&String| name == **function || name.starts_with(&format!("{function}-"));
            let function = functions.iter().filter(fits).max_by_key(|function| function.len());
            let function = function.unwrap_or_else(|| panic!("{path} starts with no function's name")).clone();
            Some(Self { name, function, text: repository::read(&path) })
        };
        let samples: Vec<Self> = repository::files().into_iter().filter_map(read).collect();
        assert!(!samples.is_empty(), "there are no events");
        samples
    }

    /// The event as it stands, placeholders and all.
    pub(crate) fn raw(&self) -> &str {
        &self.text
    }

    /// The event as it is sent.
    pub(crate) fn filled(&self, now: i64, token: &str) -> String {
        let ahead = |days: i64| (now + days * 86_400).to_string();
        self.text.replace(IN_30_DAYS, &ahead(30)).replace(IN_60_DAYS, &ahead(60)).replace(WEBHOOK_TOKEN, token)
    }

    pub(crate) fn json(&self, now: i64, token: &str) -> Value {
        serde_json::from_str(&self.filled(now, token)).unwrap_or_else(|error| panic!("{}: {error}", self.name))
    }
}

/// The bytes that the caller of the API sent.
pub(crate) fn body(event: &Value) -> Vec<u8> {
    let text = event.get("body").map_or("", |body| body.as_str().expect("a body is text"));
    if event["isBase64Encoded"] == true { STANDARD.decode(text).expect("base64") } else { text.as_bytes().to_vec() }
}

/// The body as JSON, whether it was sent as JSON or as a form.
pub(crate) fn content(event: &Value) -> Option<Value> {
    let body = body(event);
    let kind = event["headers"]["content-type"].as_str()?.split(';').next()?;
    match kind {
        "application/json" => Some(serde_json::from_slice(&body).expect("JSON")),
        "application/x-www-form-urlencoded" => {
            let fields = form_urlencoded::parse(&body).map(|(name, value)| (name.into_owned(), Value::from(&*value)));
            Some(Value::Object(fields.collect()))
        }
        other => panic!("teach this test {other}"),
    }
}
