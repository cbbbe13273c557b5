//! `/api/*`: the shop's own server.
//!
//! | route | does |
//! |---|---|
//! | GET, POST, DELETE `session` | who is signed in, and what a page needs to know; sign-in by picking a name; sign-out |
//! | POST `token` | a short-lived token of the customer's own, for the billing API's customer routes |
//! | POST `orders` | gives out an order number for a product, or the one that is not finished yet |
//! | GET `orders` | the customer's orders, each as the billing API has it now |
//! | POST `orders/{merchant_uid}/checkout` | starts a payment in the PG's window |
//! | POST `orders/{merchant_uid}/charge` | charges a registered card |
//! | POST `orders/{merchant_uid}/schedule` | schedules a payment with one |
//! | POST `subscriptions` | [subscribes](super::subscriptions) |
//! | GET, POST `clock` | reads and moves the [sandbox's clock](super::clock): no real shop has this |

use futures_util::StreamExt as _;
use futures_util::stream;
use http::{StatusCode, header};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::catalogue::{self, LATER, PAY_METHODS, PLANS, PRODUCTS, Plan, Product, TRIAL_DAYS};
use super::guard::{Asked, Refused};
use super::orders::{Order, Way};
use super::sessions::{self, Customer, TELEPHONE};
use super::{Shop, billing, clock, done, lock, subscriptions};
use crate::net::{self, Reply};

/// Orders that a list shows.
pub(super) const LISTED: usize = 20;
/// Payments that are read at once for a list.
const READ_AT_ONCE: usize = 4;
/// The longest name of a billing key.
const CUSTOMER_UID_MAX: usize = 80;
/// The languages of the shop and of the PG's window.
const LANGUAGES: [&str; 2] = ["ko", "en"];

pub(super) async fn answer(shop: &Shop, asked: &Asked, path: &str) -> Result<Reply, Refused> {
    let segments: Vec<&str> = path.split('/').collect();
    match (asked.method.as_str(), segments.as_slice()) {
        ("GET", ["session"]) => Ok(session(shop, lock(&shop.sessions).customer(&asked.headers))),
        ("POST", ["session"]) => sign_in(shop, asked),
        ("DELETE", ["session"]) => Ok(sign_out(shop, asked)),
        ("POST", ["token"]) => token(shop, asked),
        ("POST", ["orders"]) => open(shop, asked).await,
        ("GET", ["orders"]) => {
            let customer = signed_in(shop, asked)?;
            let orders = lock(&shop.orders).begun(Some(&customer.id()), LISTED);
            Ok(net::json(StatusCode::OK, &listed(shop, orders).await))
        }
        ("POST", ["orders", merchant_uid, "checkout"]) => checkout(shop, asked, merchant_uid).await,
        ("POST", ["orders", merchant_uid, "charge"]) => charge(shop, asked, merchant_uid).await,
        ("POST", ["orders", merchant_uid, "schedule"]) => schedule(shop, asked, merchant_uid).await,
        ("POST", ["subscriptions"]) => subscriptions::begin(shop, asked, &signed_in(shop, asked)?).await,
        ("GET", ["clock"]) => clock::read(shop),
        ("POST", ["clock"]) => clock::step(shop, asked).await,
        _ => Err(Refused::not_found()),
    }
}

fn signed_in(shop: &Shop, asked: &Asked) -> Result<Customer, Refused> {
    lock(&shop.sessions).customer(&asked.headers).ok_or_else(Refused::signed_out)
}

fn session(shop: &Shop, customer: Option<Customer>) -> Reply {
    let customer = customer.map(|customer| json!({ "name": customer.name, "customer_id": customer.id() }));
    let later: Vec<&str> = LATER.iter().map(|(word, _)| *word).collect();
    net::json(
        StatusCode::OK,
        &json!({
            "customer": customer,
            "billing_api": shop.billing.url(),
            "products": PRODUCTS.iter().map(Product::view).collect::<Vec<_>>(),
            "pay_methods": PAY_METHODS,
            "later": later,
            "plans": PLANS.iter().map(Plan::view).collect::<Vec<_>>(),
            "trial_days": TRIAL_DAYS,
            "clock": shop.clock.is_some().then(|| shop.now()),
        }),
    )
}

fn sign_in(shop: &Shop, asked: &Asked) -> Result<Reply, Refused> {
    let customer = Customer::named(asked.text("name")?)?;
    let id = {
        let mut sessions = lock(&shop.sessions);
        // A sign-in never goes on in the session before it.
        sessions.leave(&sessions::CUSTOMER, &asked.headers);
        sessions.enter(customer.clone())?
    };
    let mut reply = session(shop, Some(customer));
    if let Some(cookie) = sessions::CUSTOMER.set(&id) {
        reply.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(reply)
}

fn sign_out(shop: &Shop, asked: &Asked) -> Reply {
    lock(&shop.sessions).leave(&sessions::CUSTOMER, &asked.headers);
    let mut reply = done();
    if let Some(cookie) = sessions::CUSTOMER.clear() {
        reply.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    reply
}

fn token(shop: &Shop, asked: &Asked) -> Result<Reply, Refused> {
    let token = shop.billing.customer_token(&signed_in(shop, asked)?.id())?;
    let expires_at = Timestamp::now().as_second().saturating_add(billing::CUSTOMER_TOKEN_SECONDS);
    Ok(net::json(StatusCode::OK, &json!({ "token": token, "expires_at": expires_at })))
}

/// An order number for a product. While an order of the product is not settled it is that order's, so that a second
/// tab or a reload pays the same order; `another` asks for a second order all the same.
async fn open(shop: &Shop, asked: &Asked) -> Result<Reply, Refused> {
    let customer_id = signed_in(shop, asked)?.id();
    let product = catalogue::product(asked.text("product")?).ok_or_else(Refused::not_found)?;
    let another = asked.get("another") == Some(&json!(true));
    let unfinished = lock(&shop.orders).unfinished(&customer_id, product).cloned();
    let pending = match unfinished {
        Some(order) if order.way().is_some() && !another => match shop.billing.payment(&order.merchant_uid).await {
            Ok(Some(payment)) if is_settled(&payment) => None,
            // Nobody knows how it stands, so no second order is made of it.
            Err(_) => return Ok(net::json(StatusCode::OK, &view(&order, None))),
            Ok(payment) => return Ok(net::json(StatusCode::OK, &view(&order, Some(payment)))),
        },
        Some(order) if order.way().is_none() => Some(order),
        Some(_) | None => None,
    };
    let order = match pending {
        Some(order) => order,
        None => lock(&shop.orders).open(&customer_id, product)?,
    };
    Ok(net::json(StatusCode::OK, &view(&order, Some(None))))
}

/// Whether nothing more is to come of an order number.
fn is_settled(payment: &Value) -> bool {
    let status = payment.get("status").and_then(Value::as_str).unwrap_or_default();
    ["paid", "failed", "cancelled", "revoked", "scheduled", "expired"].contains(&status)
}

async fn checkout(shop: &Shop, asked: &Asked, merchant_uid: &str) -> Result<Reply, Refused> {
    let customer = signed_in(shop, asked)?;
    let pay_method = asked.one_of("pay_method", &PAY_METHODS)?;
    let language = asked.one_of("language", &LANGUAGES)?;
    begin(shop, &customer, merchant_uid, Way::Checkout, json!({ "pay_method": pay_method }), |order| {
        let mut request = order_of(order, &customer);
        request["customer_id"] = json!(order.customer_id);
        request["pay_method"] = json!(pay_method);
        request["language"] = json!(language);
        if pay_method == "phone" {
            request["digital"] = json!(order.product.digital);
        }
        request
    })
    .await
}

async fn charge(shop: &Shop, asked: &Asked, merchant_uid: &str) -> Result<Reply, Refused> {
    let customer = signed_in(shop, asked)?;
    let customer_uid = customer_uid(asked)?;
    begin(shop, &customer, merchant_uid, Way::Charge, json!({ "customer_uid": customer_uid }), |order| {
        let mut request = order_of(order, &customer);
        request["customer_uid"] = json!(customer_uid);
        // With it the API refuses a card that is not this customer's.
        request["customer_id"] = json!(order.customer_id);
        request
    })
    .await
}

async fn schedule(shop: &Shop, asked: &Asked, merchant_uid: &str) -> Result<Reply, Refused> {
    let customer = signed_in(shop, asked)?;
    let customer_uid = customer_uid(asked)?;
    let after = asked.one_of("after", &LATER.map(|(word, _)| word))?;
    let seconds = LATER.iter().find(|(word, _)| *word == after).map_or(0, |(_, seconds)| *seconds);
    let schedule_at = shop.now().saturating_add(seconds);
    let choice = json!({ "customer_uid": customer_uid, "after": after });
    begin(shop, &customer, merchant_uid, Way::Schedule, choice, |order| {
        let mut entry = order_of(order, &customer);
        entry["schedule_at"] = json!(schedule_at);
        json!({ "customer_uid": customer_uid, "customer_id": order.customer_id, "schedules": [entry] })
    })
    .await
}

/// What is to be paid: name and price from the shop's own catalogue.
fn order_of(order: &Order, customer: &Customer) -> Value {
    json!({
        "merchant_uid": order.merchant_uid,
        "amount": order.product.price,
        "name": order.product.name,
        "buyer_name": customer.buyer_name(),
        "buyer_email": customer.email(),
        "buyer_tel": TELEPHONE,
    })
}

pub(super) fn customer_uid(asked: &Asked) -> Result<&str, Refused> {
    let text = asked.text("customer_uid")?;
    let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if text.is_empty() || text.len() > CUSTOMER_UID_MAX || !plain {
        return Err(Refused::invalid("customer_uid", "customer_uid is a registered card"));
    }
    Ok(text)
}

/// Sends what an order number stands for, and passes the answer on.
async fn begin(
    shop: &Shop,
    customer: &Customer,
    merchant_uid: &str,
    way: Way,
    choice: Value,
    make: impl FnOnce(&Order) -> Value,
) -> Result<Reply, Refused> {
    let request = lock(&shop.orders).begin(&customer.id(), merchant_uid, way, choice, make)?;
    let answer = shop.billing.post(way.route(), &request, None).await?;
    if answer.is_final_refusal() {
        lock(&shop.orders).close(merchant_uid);
    }
    answer.pass_on()
}

/// Orders as the billing API has them now.
pub(super) async fn listed(shop: &Shop, orders: Vec<Order>) -> Value {
    let read = stream::iter(orders).map(|order| async move {
        let payment = shop.billing.payment(&order.merchant_uid).await.ok();
        view(&order, payment)
    });
    json!({ "list": read.buffered(READ_AT_ONCE).collect::<Vec<Value>>().await })
}

/// An order. Its payment is `null` where the API knows none, or (`answered` is false) did not say.
fn view(order: &Order, payment: Option<Option<Value>>) -> Value {
    json!({
        "merchant_uid": order.merchant_uid,
        "customer_id": order.customer_id,
        "product": order.product.view(),
        "way": order.way().map(Way::name),
        "choice": order.choice(),
        "answered": payment.is_some(),
        "payment": payment.flatten(),
    })
}
