//! The SDK, the window's page, and what that page asks. No token: a window's id is known to its page only.

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::book::{Mode, Page};
use super::flow::{self, Act, Stopped};
use super::request::Browser;
use crate::iamport::state::Shared;

const SDK: &str = include_str!("page/iamport.js");
const PAGE: &str = include_str!("page/window.html");
const SCRIPT: &str = include_str!("page/window.js");
const STYLE: &str = include_str!("page/window.css");

/// The window's own policy: nothing inline, nothing from elsewhere, in no frame.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; base-uri 'none'; \
                      form-action 'none'; frame-ancestors 'none'";
/// V1 keeps no more of what a browser calls itself.
const USER_AGENT_MAX: usize = 255;

const JAVASCRIPT: &str = "text/javascript; charset=utf-8";

pub(super) fn router(sim: &Shared) -> Router {
    Router::new()
        .route("/v1/iamport.js", get(sdk))
        .route("/v1/window", get(page))
        .route("/v1/window.js", get(|| async { file(JAVASCRIPT, SCRIPT) }))
        .route("/v1/window.css", get(|| async { file("text/css; charset=utf-8", STYLE) }))
        .route("/v1/windows", post(open))
        .route("/v1/windows/{id}", get(one))
        .route("/v1/windows/{id}/{act}", post(act))
        .with_state(sim.clone())
}

fn file(content_type: &'static str, content: &'static str) -> Response {
    let headers = [
        (header::CONTENT_TYPE, content_type),
        (header::CACHE_CONTROL, "no-store"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, content).into_response()
}

/// Any page may load it.
async fn sdk() -> Response {
    let shared = [("access-control-allow-origin", "*"), ("cross-origin-resource-policy", "cross-origin")];
    (shared, file(JAVASCRIPT, SDK)).into_response()
}

async fn page() -> Response {
    let guarded = [(header::CONTENT_SECURITY_POLICY, POLICY), (header::REFERRER_POLICY, "no-referrer")];
    (guarded, file("text/html; charset=utf-8", PAGE)).into_response()
}

pub(super) fn answer(status: StatusCode, value: &Value) -> Response {
    let headers = [(header::CONTENT_TYPE, "application/json"), (header::CACHE_CONTROL, "no-store")];
    (status, headers, value.to_string()).into_response()
}

fn failure(status: StatusCode, message: &str) -> Response {
    answer(status, &json!({ "error": message }))
}

/// Only JSON that says so: a page elsewhere cannot send it without asking first, and is not let.
fn body<T: serde::de::DeserializeOwned>(headers: &HeaderMap, bytes: &Bytes) -> Option<T> {
    let content_type = headers.get(header::CONTENT_TYPE)?.to_str().ok()?;
    let is_json = content_type.split(';').next()?.trim().eq_ignore_ascii_case("application/json");
    if is_json { serde_json::from_slice(bytes).ok() } else { None }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Opening {
    code: String,
    tier: Option<String>,
    request_id: String,
    mode: Mode,
    #[serde(default)]
    mobile: bool,
    origin: String,
    params: Map<String, Value>,
}

async fn open(State(sim): State<Shared>, headers: HeaderMap, bytes: Bytes) -> Response {
    let Some(opening) = body::<Opening>(&headers, &bytes) else {
        return failure(StatusCode::BAD_REQUEST, "결제 요청을 해석할 수 없습니다");
    };
    let page = Page {
        code: opening.code,
        tier: opening.tier,
        request_id: opening.request_id,
        mode: opening.mode,
        origin: opening.origin,
        return_url: None,
    };
    let user_agent = headers.get(header::USER_AGENT).and_then(|value| value.to_str().ok());
    let user_agent = user_agent.map(|text| text.chars().take(USER_AGENT_MAX).collect());
    let browser = Browser { mobile: opening.mobile, user_agent };
    match flow::open(&sim, page, &opening.params, browser) {
        Ok(view) => answer(StatusCode::OK, &view),
        Err(error) => failure(StatusCode::INTERNAL_SERVER_ERROR, &error.to_string()),
    }
}

async fn one(State(sim): State<Shared>, Path(id): Path<String>) -> Response {
    match sim.windows.book.lock().get(&id) {
        Some(window) => answer(StatusCode::OK, &window.view()),
        None => stopped(Stopped::Unknown),
    }
}

async fn act(
    State(sim): State<Shared>,
    Path((id, word)): Path<(String, String)>,
    headers: HeaderMap,
    bytes: Bytes,
) -> Response {
    let Some(form) = body(&headers, &bytes) else {
        return failure(StatusCode::BAD_REQUEST, "요청을 해석할 수 없습니다");
    };
    let Some(act) = act_of(&word, form) else { return stopped(Stopped::Unknown) };
    match flow::act(&sim, &id, act).await {
        Ok(view) => answer(StatusCode::OK, &view),
        Err(problem) => stopped(problem),
    }
}

/// The customer's act by its word in the address.
pub(super) fn act_of(word: &str, form: Map<String, Value>) -> Option<Act> {
    Some(match word {
        "pay" => Act::Pay(form),
        "decline" => Act::Decline,
        "close" => Act::Close,
        _ => return None,
    })
}

pub(super) fn stopped(problem: Stopped) -> Response {
    match problem {
        Stopped::Unknown => failure(StatusCode::NOT_FOUND, "열려 있는 결제창이 아닙니다"),
        Stopped::Busy => failure(StatusCode::CONFLICT, "결제가 진행 중입니다"),
        Stopped::Form(refusal) => failure(StatusCode::UNPROCESSABLE_ENTITY, &refusal.message),
        Stopped::Broken => failure(StatusCode::INTERNAL_SERVER_ERROR, "simulator fault"),
    }
}
