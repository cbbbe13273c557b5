//! Subscribing, and what the shop's owner does with everybody's subscriptions. What customers do with their own
//! (another card, the end of it) their page asks of the billing API itself.
//!
//! | route | does |
//! |---|---|
//! | POST `/api/subscriptions` | subscribes the customer to a plan of the shop's |
//! | GET `/api/owner/subscriptions?state=` | everybody's in a state, paged by `cursor` |
//! | GET `/api/owner/subscriptions/{id}/periods` | its periods with their payments, paged by `cursor` |
//! | POST `/api/owner/subscriptions/{id}/change` | pauses, resumes, or changes the plan |
//! | POST `/api/owner/subscriptions/{id}/refund` | gives back what one of its payments took |

use http::Method;
use serde_json::{Value, json};

use super::Shop;
use super::catalogue::{self, Plan, TRIAL_DAYS};
use super::guard::{Asked, Refused};
use super::sessions::{Customer, TELEPHONE};
use super::{api, owner};
use crate::net::Reply;

/// When a subscription begins to cost money.
const STARTS: [&str; 2] = ["now", "trial"];
/// Every state that the owner can ask for.
const STATES: [&str; 6] = ["active", "past_due", "paused", "canceled", "unpaid", "completed"];
/// When another plan begins.
const CHANGES: [&str; 2] = ["next_period", "now"];
/// Subscriptions on a page of the owner's list.
const LISTED: usize = 20;
/// Periods in a picture.
const PERIODS: usize = 100;

/// Subscribes. The plan is the shop's own, price and all. `request` names this wish: the page keeps the name until it
/// knows what came of it, so that neither a second press nor a reload subscribes twice.
pub(super) async fn begin(shop: &Shop, asked: &Asked, customer: &Customer) -> Result<Reply, Refused> {
    let plan = named_plan(asked)?;
    let customer_uid = api::customer_uid(asked)?;
    let start = asked.one_of("start", &STARTS)?;
    let request = asked.request_name("request")?;
    let mut terms = plan.request();
    terms["buyer_name"] = json!(customer.buyer_name());
    terms["buyer_email"] = json!(customer.email());
    terms["buyer_tel"] = json!(TELEPHONE);
    let mut body = json!({ "customer_uid": customer_uid, "customer_id": customer.id(), "plan": terms });
    if start == "trial" {
        body["trial_days"] = json!(TRIAL_DAYS);
    }
    // With the customer's name in it nobody else's page can mean the same request.
    let key = format!("subscribe-{}-{request}", customer.name);
    shop.billing.post("/subscriptions", &body, Some(&key)).await?.pass_on()
}

/// What the owner does; `rest` is the path below `subscriptions`.
pub(super) async fn owner(shop: &Shop, asked: &Asked, rest: &[&str]) -> Result<Reply, Refused> {
    match (&asked.method, rest) {
        (&Method::GET, []) => list(shop, asked).await,
        (&Method::GET, [id, "periods"]) => {
            let route = format!("/subscriptions/{}/periods?limit={PERIODS}{}", known(id)?, cursor(asked));
            shop.billing.get(&route).await?.pass_on()
        }
        (&Method::POST, [id, "change"]) => change(shop, asked, known(id)?).await,
        (&Method::POST, [id, "refund"]) => {
            let merchant_uid = asked.text("merchant_uid")?;
            // Its payments are numbered after it: period and attempt.
            let number = merchant_uid.strip_prefix(known(id)?).and_then(|number| number.strip_prefix('p'));
            let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
            let numbered = number.and_then(|number| number.split_once('t'));
            if !numbered.is_some_and(|(period, attempt)| digits(period) && digits(attempt)) {
                return Err(Refused::not_found());
            }
            owner::refund_of(shop, asked, merchant_uid).await
        }
        _ => Err(Refused::not_found()),
    }
}

async fn list(shop: &Shop, asked: &Asked) -> Result<Reply, Refused> {
    let state = asked.query("state").unwrap_or_default();
    if !STATES.contains(&state.as_str()) {
        return Err(Refused::invalid("state", &format!("state is one of {}", STATES.join(", "))));
    }
    let route = format!("/subscriptions?state={state}&limit={LISTED}{}", cursor(asked));
    shop.billing.get(&route).await?.pass_on()
}

/// One change: `paused`, or another plan of the shop's.
async fn change(shop: &Shop, asked: &Asked, id: &str) -> Result<Reply, Refused> {
    let body = match asked.get("paused").and_then(Value::as_bool) {
        Some(paused) => json!({ "paused": paused }),
        None => json!({ "plan": named_plan(asked)?.request(), "change": asked.one_of("change", &CHANGES)? }),
    };
    shop.billing.patch(&format!("/subscriptions/{id}"), &body).await?.pass_on()
}

fn named_plan(asked: &Asked) -> Result<&'static Plan, Refused> {
    catalogue::plan(asked.text("plan")?).ok_or_else(Refused::not_found)
}

/// An id that could be one, so that it says nothing else in a path.
fn known(id: &str) -> Result<&str, Refused> {
    let plain = id.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if plain && id.starts_with("sub") { Ok(id) } else { Err(Refused::not_found()) }
}

/// Where a list goes on, for the end of a query.
fn cursor(asked: &Asked) -> String {
    let cursor = asked.query("cursor").unwrap_or_default();
    if cursor.is_empty() {
        return cursor;
    }
    form_urlencoded::Serializer::for_suffix("&".to_owned(), 1).append_pair("cursor", &cursor).finish()
}
