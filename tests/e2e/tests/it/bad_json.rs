//! What every route with a JSON body refuses, whatever the body is about.

use e2e::stack::fresh;
use serde_json::{Value, json};

use crate::refusals::{Refusal, all_refused};
use crate::shop::{Buyer, card, card_form};
use crate::world::World;

const JSON: &str = "application/json";
/// Stands in every body, and in no answer.
const CANARY: &str = "Canarienvogel";

/// A route and a body that it would take.
struct Route {
    method: &'static str,
    path: String,
    good: Value,
}

async fn routes(world: &World, buyer: &Buyer) -> Vec<Route> {
    let at = world.now().await + 86_400;
    let scheduled = world.scheduled(buyer, 86_400).await;
    let route = |method, path: &str, good| Route { method, path: path.to_owned(), good };
    vec![
        route("POST", "/charges", buyer.order(&fresh("bad"))),
        route("POST", "/schedules", buyer.schedules(&[(&fresh("bad"), at)])),
        route("PATCH", &format!("/schedules/{scheduled}"), json!({ "schedule_at": at + 60 })),
        route("POST", "/billing-keys", {
            let mut form = card_form(card::APPROVES);
            form["customer_id"] = json!(buyer.customer_id);
            form
        }),
    ]
}

/// name, content type, body, status, code, field.
type Row = (&'static str, Option<&'static str>, Vec<u8>, u16, &'static str, Option<&'static str>);

fn rows(route: &Route) -> Vec<Row> {
    let good = route.good.to_string();
    // A hundred orders with their buyers do not fit into what is plenty for one. A merchant's card may bring orders along.
    let takes_orders = route.method == "POST" && ["/schedules", "/billing-keys"].contains(&route.path.as_str());
    let most = if takes_orders { 256 * 1024 } else { 16 * 1024 };
    let with = |text: &str| good.replacen('{', text, 1);
    let padded = |total: usize| {
        let frame = with("{\"pad\":\"\",").len();
        with(&format!("{{\"pad\":\"{}\",", "x".repeat(total - frame)))
    };
    let utf16 = |bytes: fn(u16) -> [u8; 2]| good.encode_utf16().flat_map(bytes).collect::<Vec<u8>>();
    let first = route.good.as_object().unwrap().iter().next().unwrap();
    let twice = with(&format!("{{\"{}\":{},", first.0, first.1));
    let nul = good.replacen('{', "{\u{0}", 1);
    let malformed = |name, body: Vec<u8>| (name, Some(JSON), body, 400, "malformed_json", Some("body"));
    let twice_field: &'static str = Box::leak(first.0.clone().into_boxed_str());
    let too_large = |name, bytes| (name, Some(JSON), padded(bytes).into_bytes(), 413, "payload_too_large", None);
    let media = |name, kind| (name, kind, good.clone().into_bytes(), 415, "unsupported_media_type", None);
    vec![
        malformed("no body", Vec::new()),
        malformed("truncated", good.as_bytes()[..good.len() - 1].to_vec()),
        malformed("trailing text", format!("{good} {CANARY}").into_bytes()),
        malformed("two documents", format!("{good}{good}").into_bytes()),
        malformed("null", b"null".to_vec()),
        malformed("a list", format!("[{good}]").into_bytes()),
        malformed("a string", format!("\"{CANARY}\"").into_bytes()),
        malformed("a number", b"1".to_vec()),
        malformed("invalid UTF-8", [b"{\"name\":\"\xff\xfe\",".as_slice(), &good.as_bytes()[1..]].concat()),
        malformed("UTF-16, big end first", utf16(u16::to_be_bytes)),
        malformed("UTF-16, little end first", utf16(u16::to_le_bytes)),
        malformed("NUL", nul.into_bytes()),
        malformed("byte order mark", format!("\u{feff}{good}").into_bytes()),
        malformed("a comment", with(&format!("{{/* {CANARY} */")).into_bytes()),
        malformed("a trailing comma", format!("{},}}", &good[..good.len() - 1]).into_bytes()),
        malformed("single quotes", good.replace('"', "'").into_bytes()),
        malformed("NaN", with("{\"amount\":NaN,").into_bytes()),
        malformed("Infinity", with("{\"amount\":Infinity,").into_bytes()),
        malformed("a number with a leading zero", with("{\"amount\":08900,").into_bytes()),
        malformed("a number with a plus", with("{\"amount\":+8900,").into_bytes()),
        malformed(
            "deep nesting of lists",
            with(&format!("{{\"a\":{}{},", "[".repeat(2_000), "]".repeat(2_000))).into(),
        ),
        malformed(
            "deep nesting of objects",
            with(&format!("{{\"a\":{}1{},", "{\"a\":".repeat(1_000), "}".repeat(1_000))).into(),
        ),
        ("a field twice", Some(JSON), twice.into_bytes(), 400, "duplicate_field", Some(twice_field)),
        too_large("one byte too many", most + 1),
        too_large("1 MB", 1_000_000),
        media("no content type", None),
        media("text", Some("text/plain")),
        media("a form", Some("application/x-www-form-urlencoded")),
        media("JSON by another name", Some("application/jsonp")),
        media("text that says JSON", Some("text/json")),
        (
            "an unknown field",
            Some(JSON),
            with(&format!("{{\"surprise\":\"{CANARY}\",")).into_bytes(),
            422,
            "unknown_field",
            Some("surprise"),
        ),
        (
            "as much as fits, of which most is an unknown field",
            Some(JSON),
            padded(most).into_bytes(),
            422,
            "unknown_field",
            Some("pad"),
        ),
        (
            "an unknown field whose name is markup",
            Some(JSON),
            with(&format!("{{\"<b>{CANARY}</b>\":1,")).into_bytes(),
            422,
            "unknown_field",
            Some("(a field with an unusual name)"),
        ),
        (
            "an unknown field whose name is a card number",
            Some(JSON),
            with("{\"4242424242424242\":1,").into_bytes(),
            422,
            "unknown_field",
            Some("(a field with an unusual name)"),
        ),
    ]
}

#[tokio::test]
async fn broken_bodies_are_refused_on_every_route() {
    let world = World::alone().await;
    let buyer = world.buyer(card::APPROVES).await;
    let mut table = Vec::new();
    for route in routes(&world, &buyer).await {
        for (name, content_type, body, status, code, field) in rows(&route) {
            let mut request = world.request(route.method, &route.path).bearer_auth(world.merchant());
            if let Some(content_type) = content_type {
                request = request.header("content-type", content_type);
            }
            if route.path == "/billing-keys" {
                request = request.header("idempotency-key", fresh("bad"));
            }
            table.push(Refusal {
                name: format!("{} {}: {name}", route.method, route.path),
                request: request.body(body),
                status,
                code,
                field: field.map(str::to_owned),
                secret: Some(CANARY.to_owned()),
            });
        }
    }
    assert!(table.len() > 100, "{}", table.len());
    all_refused(&world, table).await;
}

#[tokio::test]
async fn json_with_a_charset_and_spaces_is_json() {
    let world = World::shared().await;
    let buyer = world.buyer(card::APPROVES).await;
    let uid = fresh("ord");
    let body = serde_json::to_string_pretty(&buyer.order(&uid)).unwrap();
    let request = world.request("POST", "/charges").bearer_auth(world.merchant());
    let request =
        request.header("content-type", "Application/JSON; charset=\"UTF-8\"").body(format!("\r\n\t {body} \n"));
    world.send(request).await.ok(200);
}

#[tokio::test]
async fn routes_and_methods_that_do_not_exist_are_not_found() {
    let world = World::shared().await;
    for (method, path) in [
        ("GET", "/charges"),
        ("PUT", "/charges/x"),
        ("DELETE", "/charges/x"),
        ("PUT", "/schedules/x"),
        ("PATCH", "/billing-keys/x"),
        ("GET", "/nothing"),
        ("GET", "/"),
        ("POST", "/webhooks/iamport"),
        ("GET", "/_sim/health"),
    ] {
        let reply = world.call(method, path, &world.merchant()).await;
        assert_eq!(reply.status, 404, "{method} {path}: {}", reply.text);
    }
}
