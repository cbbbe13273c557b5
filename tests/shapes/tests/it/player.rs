//! A server that gives one reply to every call.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{Method, StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use iamport::{Client, Config, Credentials, ImpKey, ImpSecret, SystemClock};
use serde_json::{Value, json};
use tokio::net::TcpListener;

#[derive(Debug, Default)]
struct Desk {
    status: u16,
    body: String,
    /// Method and path of the last call that was not for a token.
    called: Option<(String, String)>,
    /// Whether the reply is to calls for a token instead; whatever is called with it is then not found.
    to_token_calls: bool,
}

/// The server, and a client of it.
pub(crate) struct Player {
    pub(crate) client: Client,
    desk: Arc<Mutex<Desk>>,
}

const TOKEN: &str = "POST /users/getToken";

impl Player {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let desk = Arc::new(Mutex::new(Desk::default()));
        let router = Router::new().fallback(answer).with_state(Arc::clone(&desk));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let _ = rustls::crypto::ring::default_provider().install_default();
        let credentials = Credentials::new(ImpKey::new("key"), ImpSecret::new("secret"));
        Self { client: Client::new(Config::new(&url).unwrap(), credentials, SystemClock::new()).unwrap(), desk }
    }

    /// The reply from now on.
    pub(crate) fn plays(&self, call: &str, status: u16, body: &Value) {
        *self.desk.lock().unwrap() =
            Desk { status, body: body.to_string(), called: None, to_token_calls: call == TOKEN };
    }

    /// Whether the client called what it was meant to: `GET /payments/{imp_uid}`.
    #[track_caller]
    pub(crate) fn was_called(&self, call: &str) {
        let called = self.desk.lock().unwrap().called.clone();
        let (method, path) = called.expect("nothing was called");
        let (asked, template) = call.split_once(' ').unwrap();
        let segments = |path: &str| path.split('/').map(str::to_owned).collect::<Vec<_>>();
        let (told, wanted) = (segments(&path), segments(template));
        let fits = told.len() == wanted.len()
            && told.iter().zip(&wanted).all(|(told, wanted)| wanted.starts_with('{') || told == wanted);
        assert!(method == asked && fits, "{method} {path} is not {call}");
    }
}

async fn answer(State(desk): State<Arc<Mutex<Desk>>>, method: Method, uri: Uri, _body: Bytes) -> Response {
    let mut desk = desk.lock().unwrap();
    let for_token = format!("{method} {}", uri.path()) == TOKEN;
    if for_token == desk.to_token_calls {
        desk.called = Some((method.to_string(), uri.path().to_owned()));
    }
    let (status, body) = if for_token == desk.to_token_calls {
        (desk.status, desk.body.clone())
    } else if for_token {
        let token = json!({ "access_token": "token", "now": 1_790_000_000, "expired_at": 1_790_001_800 });
        (200, json!({ "code": 0, "message": null, "response": token }).to_string())
    } else {
        (404, json!({ "code": -1, "message": "with that token there was nothing", "response": null }).to_string())
    };
    (StatusCode::from_u16(status).unwrap(), [(header::CONTENT_TYPE, "application/json; charset=UTF-8")], body)
        .into_response()
}
