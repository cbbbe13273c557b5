//! Whose is what. The routes, who may call them, and each name in a request that may be somebody else's are read from
//! openapi.yaml: what is added there is asked about here, or these tests fail.

use std::collections::{BTreeMap, BTreeSet};

use e2e::contract::Contract;
use e2e::stack::{JsonBody, fresh};
use serde_json::{Value, json};

use crate::events::{self, Names, SAMPLE_KEY};
use crate::reply::{Reply, without_request_id};
use crate::shop::{Buyer, card, card_form};
use crate::world::World;

const CUSTOMER: &str = "billing/customer";
const MERCHANT: &str = "billing/merchant";

/// One method of one path.
pub(crate) struct Route {
    /// Such as `POST /charges`.
    pub(crate) key: String,
    /// Who is let in; nobody has to be named for a route without any.
    scopes: BTreeSet<String>,
    /// Names that may be somebody else's, by where they stand: `path id`, `query customer_uid`, `body imp_uid`.
    names: BTreeSet<String>,
}

impl Route {
    /// The method, and the path with names in it.
    pub(crate) fn filled(&self, name: impl Fn(&str) -> String) -> (&str, String) {
        let (method, path) = self.key.split_once(' ').unwrap();
        let part = |part: &str| match part.strip_prefix('{').and_then(|part| part.strip_suffix('}')) {
            Some(parameter) => name(parameter),
            None => part.to_owned(),
        };
        (method, path.split('/').map(part).collect::<Vec<_>>().join("/"))
    }
}

/// Every route that wants a token.
pub(crate) fn secured() -> Vec<Route> {
    let contract = Contract::read();
    let routes = contract.operations().into_iter().map(|operation| {
        let named = |place, of: BTreeSet<String>| {
            // An `id` is the name of a thing in a path only: a plan's or a product's is the merchant's own word.
            let names = of.into_iter().filter(move |name| is_a_name(name) || (place == "path" && name == "id"));
            names.map(move |name| format!("{place} {name}"))
        };
        let names = named("path", operation.parameters("path"))
            .chain(named("query", operation.parameters("query")))
            .chain(named("body", operation.request_fields()))
            .collect();
        Route { scopes: operation.scopes(), names, key: operation.key }
    });
    routes.filter(|route| !route.scopes.is_empty()).collect()
}

/// Whether a field of this name says whose or which one.
fn is_a_name(field: &str) -> bool {
    ["customer_uid", "customer_id", "merchant_uid", "imp_uid", "replaced_by"].contains(&field)
}

fn text_of(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// Somebody, and what is theirs.
struct Owner {
    buyer: Buyer,
    charge: String,
    schedule: String,
    checkout: String,
    /// The PSP's name of what was paid for the checkout.
    imp_uid: String,
    subscription: String,
}

impl Owner {
    async fn new(world: &World) -> Self {
        let buyer = world.buyer(card::APPROVES).await;
        let (charge, schedule) = (fresh("ord"), world.scheduled(&buyer, 86_400).await);
        world.charge(&buyer.order(&charge)).await.ok(200);
        let subscription = world.monthly(&buyer).await;
        let checkout = fresh("ord");
        let opened = world.checkout(&crate::checkouts::order(&checkout, &buyer.customer_id)).await.ok(201);
        let form = json!({ "card_number": card::APPROVES, "expiry": "2040-12" });
        let paid = world.in_window(&opened["request_pay"], form).await;
        let imp_uid = text_of(&paid["imp_uid"]);
        // Its notice has been worked off, so that nothing changes by itself any more.
        let merchant = world.merchant();
        let done = json!({ "imp_uid": imp_uid });
        world.post(&format!("/checkouts/{checkout}/complete"), &merchant, &done).await.ok(200);
        Self { buyer, charge, schedule, checkout, imp_uid, subscription }
    }

    /// Everything of theirs, as the merchant is shown it, and their key at the PSP.
    async fn all(&self, world: &World) -> Vec<Value> {
        let merchant = world.merchant();
        let mut all = Vec::new();
        for path in [
            format!("/charges/{}", self.charge),
            format!("/charges/{}", self.checkout),
            format!("/schedules/{}", self.schedule),
            format!("/billing-keys/{}", self.buyer.customer_uid),
            format!("/subscriptions/{}", self.subscription),
            format!("/billing-keys?customer_id={}", self.buyer.customer_id),
            format!("/subscriptions?customer_id={}", self.buyer.customer_id),
        ] {
            all.push(world.call("GET", &path, &merchant).await.ok(200));
        }
        all.push(world.key_at_psp(&self.buyer.customer_uid).await.unwrap());
        all
    }
}

/// What whoever names something of somebody else's is answered.
enum Answer {
    /// As if there were no such thing. The same request, with names that nobody has.
    NotThere(String, Value),
    /// A refusal.
    Refused(u16, &'static str),
    /// A list of what is their own.
    OwnOnly,
}

/// A request with one name in it that is not the caller's.
struct Case {
    route: &'static str,
    name: &'static str,
    path: String,
    body: Value,
    answer: Answer,
}

async fn ask(world: &World, token: &str, route: &str, path: &str, body: &Value) -> Reply {
    let (method, _) = route.split_once(' ').unwrap();
    let request = world.request(method, path).bearer_auth(token).header("idempotency-key", fresh("owner"));
    world.send(if body.is_null() { request } else { request.json_body(body) }).await
}

/// Whatever a customer may ask for, with each name in it being somebody else's.
fn of_a_customer(owner: &Owner, other: &Owner) -> Vec<Case> {
    use Answer::{NotThere, OwnOnly, Refused};

    let (theirs, own, nothing) = (&owner.buyer, &other.buyer, fresh("nothing"));
    let case = |route, name, path: String, body, answer| Case { route, name, path, body, answer };
    // The thing's name is the last part of the path, or stands before this.
    let of_path = |route, name, path: &str, thing: &str, body: &Value| {
        let not_there = NotThere(path.replace("{}", &nothing), body.clone());
        case(route, name, path.replace("{}", thing), body.clone(), not_there)
    };
    let (key, id, uid) = ("path customer_uid", "path id", "path merchant_uid");
    let paid = json!({ "imp_uid": owner.imp_uid });
    let named = |field: &str, value: &str, mut body: Value| {
        body[field] = json!(value);
        body
    };
    let issue = named("customer_id", &theirs.customer_id, card_form(card::APPROVES));
    let mut scheduled = card_form(card::APPROVES);
    scheduled["schedules"] =
        json!([{ "merchant_uid": owner.schedule, "amount": 8_900, "name": "x", "schedule_at": 0 }]);
    let window = json!({ "pg": "html5_inicis", "pay_method": "card", "buyer_tel": "010-4242-4242" });
    let order = json!({ "pg": "welcome", "pay_method": "phone", "buyer_tel": "010-4242-4242", "amount": 8_900 });
    let (my_sub, my_key) = (&other.subscription, &own.customer_uid);
    let other_card = |uid: &str| json!({ "customer_uid": uid });
    vec![
        case(
            "POST /billing-keys",
            "body customer_id",
            "/billing-keys".into(),
            issue,
            Refused(422, "customer_id_invalid"),
        ),
        case(
            "POST /billing-keys",
            "body merchant_uid",
            "/billing-keys".into(),
            scheduled,
            Refused(403, "insufficient_scope"),
        ),
        case(
            "GET /billing-keys",
            "query customer_id",
            format!("/billing-keys?customer_id={}", theirs.customer_id),
            Value::Null,
            OwnOnly,
        ),
        case(
            "POST /billing-keys/window",
            "body customer_id",
            "/billing-keys/window".into(),
            named("customer_id", &theirs.customer_id, window),
            Refused(422, "customer_id_invalid"),
        ),
        case(
            "POST /billing-keys/window",
            "body merchant_uid",
            "/billing-keys/window".into(),
            named("merchant_uid", &owner.charge, order),
            Refused(403, "insufficient_scope"),
        ),
        of_path(
            "POST /billing-keys/{customer_uid}/confirm",
            key,
            "/billing-keys/{}/confirm",
            &theirs.customer_uid,
            &Value::Null,
        ),
        of_path("GET /billing-keys/{customer_uid}", key, "/billing-keys/{}", &theirs.customer_uid, &Value::Null),
        of_path(
            "DELETE /billing-keys/{customer_uid}",
            key,
            "/billing-keys/{}?cascade=true",
            &theirs.customer_uid,
            &Value::Null,
        ),
        of_path(
            "DELETE /billing-keys/{customer_uid}",
            "query replaced_by",
            &format!("/billing-keys/{my_key}?replaced_by={{}}"),
            &theirs.customer_uid,
            &Value::Null,
        ),
        of_path("GET /charges/{merchant_uid}", uid, "/charges/{}", &owner.charge, &Value::Null),
        of_path(
            "POST /charges/{merchant_uid}/receipt",
            uid,
            "/charges/{}/receipt",
            &owner.charge,
            &json!({ "identifier": "010-4242-4242" }),
        ),
        of_path("POST /checkouts/{merchant_uid}/complete", uid, "/checkouts/{}/complete", &owner.checkout, &paid),
        case(
            "POST /checkouts/{merchant_uid}/complete",
            "body imp_uid",
            format!("/checkouts/{}/complete", other.checkout),
            paid,
            Refused(409, "imp_uid_mismatch"),
        ),
        of_path(
            "GET /schedules",
            "query customer_uid",
            "/schedules?customer_uid={}",
            &theirs.customer_uid,
            &Value::Null,
        ),
        of_path("GET /schedules/{merchant_uid}", uid, "/schedules/{}", &owner.schedule, &Value::Null),
        of_path(
            "GET /subscriptions",
            "query customer_id",
            "/subscriptions?customer_id={}",
            &theirs.customer_id,
            &Value::Null,
        ),
        of_path("GET /subscriptions/{id}", id, "/subscriptions/{}", &owner.subscription, &Value::Null),
        of_path("PATCH /subscriptions/{id}", id, "/subscriptions/{}", &owner.subscription, &other_card(my_key)),
        case(
            "PATCH /subscriptions/{id}",
            "body customer_uid",
            format!("/subscriptions/{my_sub}"),
            other_card(&theirs.customer_uid),
            NotThere(format!("/subscriptions/{my_sub}"), other_card(&nothing)),
        ),
        of_path("DELETE /subscriptions/{id}", id, "/subscriptions/{}?at=now", &owner.subscription, &Value::Null),
        of_path("GET /subscriptions/{id}/periods", id, "/subscriptions/{}/periods", &owner.subscription, &Value::Null),
        of_path(
            "POST /subscriptions/{id}/consent",
            id,
            "/subscriptions/{}/consent",
            &owner.subscription,
            &json!({ "amount": 8_900, "text": "0a".repeat(32) }),
        ),
        of_path(
            "GET /subscriptions/{id}/consents",
            id,
            "/subscriptions/{}/consents",
            &owner.subscription,
            &Value::Null,
        ),
        of_path(
            "GET /subscriptions/{id}/cancellation-preview",
            id,
            "/subscriptions/{}/cancellation-preview",
            &owner.subscription,
            &Value::Null,
        ),
    ]
}

#[tokio::test]
async fn whatever_a_customer_names_that_is_somebody_elses_is_not_there() {
    let world = World::alone().await;
    let (owner, other) = (Owner::new(&world).await, Owner::new(&world).await);
    let (theirs, own) = (owner.all(&world).await, other.all(&world).await);
    let token = world.customer(&other.buyer.customer_id);
    let cases = of_a_customer(&owner, &other);

    let asked: BTreeMap<&str, BTreeSet<String>> = cases.iter().fold(BTreeMap::new(), |mut asked, case| {
        asked.entry(case.route).or_insert_with(BTreeSet::new).insert(case.name.to_owned());
        asked
    });
    let routes = secured();
    let open = routes.iter().filter(|route| route.scopes.contains(CUSTOMER) && !route.names.is_empty());
    let described: BTreeMap<&str, BTreeSet<String>> =
        open.map(|route| (route.key.as_str(), route.names.clone())).collect();
    assert_eq!(asked, described, "each name that a customer may say");

    for Case { route, name, path, body, answer } in &cases {
        let what = format!("{route}, {name}: {path} {body}");
        let reply = ask(&world, &token, route, path, body).await;
        match answer {
            Answer::NotThere(elsewhere, nobodys) => {
                let missing = ask(&world, &token, route, elsewhere, nobodys).await;
                assert_eq!((reply.status, missing.status), (404, 404), "{what}: {}", reply.text);
                let (one, two) = (reply.problem(404, "not_found"), missing.problem(404, "not_found"));
                assert_eq!(without_request_id(one), without_request_id(two), "{what}");
                let names = |reply: &Reply| reply.headers.keys().map(ToString::to_string).collect::<BTreeSet<_>>();
                assert_eq!(names(&reply), names(&missing), "{what}: not even in the headers");
            }
            Answer::Refused(status, code) => {
                assert_eq!(reply.status, *status, "{what}: {}", reply.text);
                reply.problem(*status, code);
            }
            Answer::OwnOnly => {
                let list = reply.ok(200);
                let owners: BTreeSet<&str> =
                    list["list"].as_array().unwrap().iter().map(|one| one["customer_id"].as_str().unwrap()).collect();
                assert!(owners.iter().all(|of| *of == other.buyer.customer_id), "{what}: {list}");
            }
        }
        assert!(
            !reply.text.contains(&owner.buyer.customer_uid) && !reply.text.contains(&owner.subscription),
            "{what}: {}",
            reply.text
        );
    }
    assert_eq!(owner.all(&world).await, theirs, "nothing of theirs was changed");
    assert_eq!(other.all(&world).await, own, "nor of the one's who asked");
}

/// The storefront's server sees everything, but what is one customer's does not serve another one.
#[tokio::test]
async fn one_customers_card_pays_for_nobody_else() {
    let world = World::alone().await;
    let (owner, other) = (Owner::new(&world).await, Owner::new(&world).await);
    let (theirs, own) = (owner.all(&world).await, other.all(&world).await);
    let (key, merchant, calls) = (&owner.buyer.customer_uid, world.merchant(), world.requests_so_far().await);
    let named = |mut body: Value| {
        body["customer_id"] = json!(other.buyer.customer_id);
        body
    };
    let at = world.now().await + 90_000;
    let plan = json!({ "id": fresh("plan"), "name": "월간 이용권", "amount": 8900, "interval": "month" });
    let (sub, fresh_order) = (&other.subscription, fresh("ord"));
    for (route, path, body, status, code) in [
        ("POST /charges", "/charges".to_owned(), named(owner.buyer.order(&fresh_order)), 404, "not_found"),
        (
            "POST /schedules",
            "/schedules".to_owned(),
            named(owner.buyer.schedules(&[(&fresh_order, at)])),
            404,
            "not_found",
        ),
        (
            "POST /subscriptions",
            "/subscriptions".to_owned(),
            named(json!({ "customer_uid": key, "plan": plan })),
            404,
            "not_found",
        ),
        (
            "POST /billing-keys/import",
            "/billing-keys/import".to_owned(),
            named(json!({ "customer_uid": key })),
            409,
            "billing_key_exists",
        ),
        (
            "PATCH /subscriptions/{id}",
            format!("/subscriptions/{sub}"),
            json!({ "customer_uid": key }),
            404,
            "not_found",
        ),
        (
            "DELETE /billing-keys/{customer_uid}",
            format!("/billing-keys/{}?replaced_by={key}", other.buyer.customer_uid),
            Value::Null,
            404,
            "not_found",
        ),
        (
            "POST /checkouts",
            "/checkouts".to_owned(),
            crate::checkouts::order(&owner.charge, &other.buyer.customer_id),
            422,
            "merchant_uid_reused",
        ),
    ] {
        let reply = ask(&world, &merchant, route, &path, &body).await;
        assert_eq!(reply.status, status, "{route}: {}", reply.text);
        reply.problem(status, code);
    }
    assert_eq!(world.row(&fresh_order).await, None, "nothing was recorded");
    let sent: Vec<Value> =
        world.requests_since(calls).await.into_iter().filter(|request| request["method"] != "GET").collect();
    assert_eq!(sent, Vec::<Value>::new(), "and nothing sent");
    assert_eq!((owner.all(&world).await, other.all(&world).await), (theirs, own));
}

/// Whoever can invoke a function past the gateway gets nowhere without the claims that only the gateway adds, nor with those of
/// somebody whom the route is closed to.
#[tokio::test]
async fn a_function_lets_nobody_in_whom_only_the_gateway_would_have_stopped() {
    let world = World::alone().await;
    let samples = events::samples(&world, &Names::new(), SAMPLE_KEY).await;
    let (calls, writes) = (world.requests_so_far().await, world.writes_so_far().await);
    let routes = secured();
    let mut asked = BTreeSet::new();
    for (name, event) in &samples {
        let Some(route) = routes.iter().find(|route| event["routeKey"] == route.key) else { continue };
        asked.insert(&route.key);
        let mut nobody = event.clone();
        // A token in a header is not a verified token.
        nobody["headers"]["authorization"] = json!(format!("Bearer {}", world.merchant()));
        nobody["requestContext"].as_object_mut().unwrap().remove("authorizer");
        let (status, problem) = events::answer(&world, name, &nobody).await;
        assert_eq!((status, &problem["code"]), (401, &json!("unauthenticated")), "{name}: {problem}");

        let closed_to = [CUSTOMER, MERCHANT, "openid"].into_iter().filter(|scope| !route.scopes.contains(*scope));
        for scope in closed_to {
            let mut other = event.clone();
            let jwt = &mut other["requestContext"]["authorizer"]["jwt"];
            jwt["claims"]["scope"] = json!(scope);
            jwt["scopes"] = json!([scope]);
            let (status, problem) = events::answer(&world, name, &other).await;
            assert_eq!((status, &problem["code"]), (403, &json!("insufficient_scope")), "{name} {scope}: {problem}");
        }
    }
    assert_eq!(asked, routes.iter().map(|route| &route.key).collect(), "each route that wants a token has a sample");
    assert!(world.requests_since(calls).await.is_empty(), "no PSP call");
    assert_eq!(world.writes_so_far().await, writes, "no write");
}
