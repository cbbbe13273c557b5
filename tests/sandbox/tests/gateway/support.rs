//! A gateway over the fixture's template, with a Lambda invoke API behind it that remembers every event.

use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body_util::Full;
use jiff::Timestamp;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use rsa::pkcs1::EncodeRsaPrivateKey as _;
use rsa::pkcs8::DecodePrivateKey as _;
use sandbox::gateway::keys::{AUDIENCE, ISSUER, KEY_FILE, SigningKey};
use sandbox::gateway::sam::Api;
use sandbox::gateway::{self, Options};
use sandbox::net::{self, Http, Reply};
use sandbox::template::Template;
use serde_json::{Map, Value, json};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};

/// The key that the gateways trust, and its private half for tokens that it would not sign by itself.
struct Keys {
    own: SigningKey,
    private: EncodingKey,
}

/// Made once: making a key takes longer than any test.
static KEYS: LazyLock<Keys> = LazyLock::new(|| {
    let directory = tempfile::tempdir().expect("a directory");
    let own = SigningKey::load_or_create(directory.path()).expect("a key");
    let pem = std::fs::read_to_string(directory.path().join(KEY_FILE)).expect("its file");
    let private = rsa::PrivateKey::from_pkcs8_pem(&pem).expect("PKCS#8").to_pkcs1_der().expect("PKCS#1");
    Keys { own, private: EncodingKey::from_rsa_der(private.as_bytes()) }
});

/// What the Lambda side does with an invocation.
#[derive(Clone, Debug)]
pub(crate) enum Lambda {
    /// 200 with this payload.
    Payload(Vec<u8>),
    /// 200 with this payload and the header that says the function failed.
    FunctionError(Vec<u8>),
    /// This status, as an invoke API answers when it cannot run the function.
    Status(u16),
    /// Never answers.
    Hang,
}

/// One invocation: the function's name and the event.
pub(crate) type Invocations = Arc<Mutex<Vec<(String, Value)>>>;

pub(crate) struct Gateway {
    pub(crate) url: String,
    pub(crate) port: u16,
    lambda: Arc<Mutex<Lambda>>,
    invocations: Invocations,
    http: Http,
}

#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).expect("JSON")
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().expect("text"))
    }
}

pub(crate) fn fixture() -> Api {
    let template = Template::parse(include_str!("../fixtures/template.yaml"), BTreeMap::new()).expect("the fixture");
    Api::from_template(&template).expect("its API")
}

impl Gateway {
    pub(crate) async fn start() -> Self {
        Self::with_timeout(Duration::from_secs(30)).await
    }

    pub(crate) async fn with_timeout(integration_timeout: Duration) -> Self {
        let lambda = Arc::new(Mutex::new(Lambda::Payload(br#"{"statusCode":200,"body":"ok"}"#.to_vec())));
        let invocations = Invocations::default();
        let behind = listener().await;
        let lambda_url = format!("http://{}", behind.local_addr().expect("an address"));
        let (behaviour, seen) = (Arc::clone(&lambda), Arc::clone(&invocations));
        tokio::spawn(net::serve(behind, std::future::pending(), move |request, _| {
            let (behaviour, seen) = (Arc::clone(&behaviour), Arc::clone(&seen));
            async move { Ok(invoke(request, &behaviour, &seen).await) }
        }));
        Self::start_with(fixture(), lambda_url, integration_timeout, lambda, invocations).await
    }

    /// A gateway whose functions are nowhere.
    pub(crate) async fn without_lambda() -> Self {
        let gone = listener().await.local_addr().expect("an address");
        let lambda = Arc::new(Mutex::new(Lambda::Hang));
        Self::start_with(fixture(), format!("http://{gone}"), Duration::from_secs(5), lambda, Invocations::default())
            .await
    }

    async fn start_with(
        api: Api,
        lambda_url: String,
        integration_timeout: Duration,
        lambda: Arc<Mutex<Lambda>>,
        invocations: Invocations,
    ) -> Self {
        let front = listener().await;
        let port = front.local_addr().expect("an address").port();
        let options = Options { api, key: KEYS.own.clone(), lambda_url, integration_timeout };
        tokio::spawn(async move {
            gateway::serve(front, options, std::future::pending()).await.expect("the gateway");
        });
        Self { url: format!("http://127.0.0.1:{port}"), port, lambda, invocations, http: Http::new() }
    }

    pub(crate) fn behave(&self, lambda: Lambda) {
        *self.lambda.lock().expect("the lock") = lambda;
    }

    pub(crate) fn answer_with(&self, payload: &Value) {
        self.behave(Lambda::Payload(payload.to_string().into_bytes()));
    }

    /// All invocations so far.
    pub(crate) fn invocations(&self) -> Vec<(String, Value)> {
        self.invocations.lock().expect("the lock").clone()
    }

    /// The one invocation there was.
    pub(crate) fn only_event(&self) -> Value {
        let mut invocations = self.invocations();
        assert_eq!(invocations.len(), 1, "{invocations:?}");
        invocations.remove(0).1
    }

    pub(crate) async fn send(&self, request: Request<Full<Bytes>>) -> Answer {
        let answer = self.http.send(request, Duration::from_secs(20), 32 << 20).await.expect("an answer");
        let (parts, body) = answer.into_parts();
        Answer { status: parts.status.as_u16(), headers: parts.headers, body }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.call(Method::GET, path, &[], "").await
    }

    pub(crate) async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.call(Method::GET, path, &[("authorization", &format!("Bearer {token}"))], "").await
    }

    pub(crate) async fn call(&self, method: Method, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(Full::new(Bytes::from(body.to_owned()))).expect("a request")).await
    }

    /// Bytes as they are, and everything that comes back until the connection is closed.
    pub(crate) async fn raw(&self, request: &[u8]) -> String {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.expect("a connection");
        stream.write_all(request).await.expect("sent");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).await.expect("read");
        String::from_utf8_lossy(&answer).into_owned()
    }
}

async fn listener() -> TcpListener {
    TcpListener::bind("127.0.0.1:0").await.expect("a port")
}

async fn invoke(request: Request<hyper::body::Incoming>, lambda: &Mutex<Lambda>, seen: &Invocations) -> Reply {
    let path = request.uri().path().to_owned();
    let function = path
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"))
        .expect("the path of the invoke API")
        .to_owned();
    assert_eq!(request.method(), Method::POST);
    let body = net::read_body(request.into_body(), 32 << 20).await.expect("the event");
    seen.lock().expect("the lock").push((function, serde_json::from_slice(&body).expect("JSON")));
    let behaviour = lambda.lock().expect("the lock").clone();
    let (status, payload, failed) = match behaviour {
        Lambda::Payload(payload) => (200, payload, false),
        Lambda::FunctionError(payload) => (200, payload, true),
        Lambda::Status(status) => (status, b"{}".to_vec(), false),
        Lambda::Hang => std::future::pending().await,
    };
    let mut reply = Response::new(Full::new(Bytes::from(payload)));
    *reply.status_mut() = StatusCode::from_u16(status).expect("a status");
    if failed {
        reply.headers_mut().insert("x-amz-function-error", http::HeaderValue::from_static("Unhandled"));
    }
    reply
}

/// Claims of a valid token.
pub(crate) fn claims(subject: &str, scope: &str) -> Map<String, Value> {
    let now = Timestamp::now().as_second();
    let claims = json!({
        "iss": ISSUER, "aud": AUDIENCE, "sub": subject, "scope": scope, "iat": now, "nbf": now, "exp": now + 600,
    });
    claims.as_object().expect("an object").clone()
}

pub(crate) fn sign(claims: &Map<String, Value>) -> String {
    KEYS.own.sign(claims).expect("signed")
}

/// The same, with a key id of the caller's choice; `None` leaves it out.
pub(crate) fn sign_as(key_id: Option<&str>, claims: &Map<String, Value>) -> String {
    let mut header = Header::new(Algorithm::RS256);
    header.kid = key_id.map(str::to_owned);
    jsonwebtoken::encode(&header, claims, &KEYS.private).expect("signed")
}

pub(crate) fn key_id() -> &'static str {
    KEYS.own.id()
}

pub(crate) fn merchant() -> String {
    sign(&claims("storefront-server", "billing/merchant"))
}

pub(crate) fn customer() -> String {
    sign(&claims("customer-1", "billing/customer"))
}
