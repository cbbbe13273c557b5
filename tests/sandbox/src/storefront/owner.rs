//! `/api/owner/*`: what the shop's owner may do. A customer's session opens none of it.
//!
//! | route | does |
//! |---|---|
//! | POST, DELETE `session` | sign-in (a demo asks for no password) and sign-out |
//! | GET `orders` | every order of the shop, each as the billing API has it now |
//! | POST `orders/{merchant_uid}/refund` | gives back a part or all of what was paid |
//! | `subscriptions/…` | everybody's [subscriptions](super::subscriptions) |

use http::{StatusCode, header};
use serde_json::{Value, json};

use super::guard::{Asked, Refused};
use super::sessions;
use super::{Shop, api, done, lock, subscriptions};
use crate::net::{self, Reply};

/// What the refund is called at Iamport.
const REASON: &str = "구매자 요청";

pub(super) async fn answer(shop: &Shop, asked: &Asked, path: &str) -> Result<Reply, Refused> {
    let segments: Vec<&str> = path.split('/').collect();
    match (asked.method.as_str(), segments.as_slice()) {
        ("POST", ["session"]) => sign_in(shop),
        ("DELETE", ["session"]) => Ok(sign_out(shop, asked)),
        ("GET", ["orders"]) => {
            require_owner(shop, asked)?;
            let orders = lock(&shop.orders).begun(None, api::LISTED);
            Ok(net::json(StatusCode::OK, &api::listed(shop, orders).await))
        }
        ("POST", ["orders", merchant_uid, "refund"]) => {
            require_owner(shop, asked)?;
            refund(shop, asked, merchant_uid).await
        }
        (_, ["subscriptions", rest @ ..]) => {
            require_owner(shop, asked)?;
            subscriptions::owner(shop, asked, rest).await
        }
        _ => Err(Refused::not_found()),
    }
}

fn require_owner(shop: &Shop, asked: &Asked) -> Result<(), Refused> {
    if lock(&shop.sessions).is_owner(&asked.headers) { Ok(()) } else { Err(Refused::signed_out()) }
}

fn sign_in(shop: &Shop) -> Result<Reply, Refused> {
    let id = lock(&shop.sessions).enter_owner()?;
    let mut reply = done();
    if let Some(cookie) = sessions::OWNER.set(&id) {
        reply.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    Ok(reply)
}

fn sign_out(shop: &Shop, asked: &Asked) -> Reply {
    lock(&shop.sessions).leave(&sessions::OWNER, &asked.headers);
    let mut reply = done();
    if let Some(cookie) = sessions::OWNER.clear() {
        reply.headers_mut().insert(header::SET_COOKIE, cookie);
    }
    reply
}

/// One refund. The page names it when its form is shown, so that the button pressed twice is one refund.
async fn refund(shop: &Shop, asked: &Asked, merchant_uid: &str) -> Result<Reply, Refused> {
    if !lock(&shop.orders).knows(merchant_uid) {
        return Err(Refused::not_found());
    }
    refund_of(shop, asked, merchant_uid).await
}

/// Gives money back that was paid under a number of this shop's.
pub(super) async fn refund_of(shop: &Shop, asked: &Asked, merchant_uid: &str) -> Result<Reply, Refused> {
    let amount = asked.get("amount").filter(|amount| amount.is_number());
    let amount = amount.ok_or_else(|| Refused::invalid("amount", "amount is a number"))?;
    let refund = asked.request_name("refund")?;
    let mut body: Value = json!({ "amount": amount, "reason": REASON });
    // Money that came into a virtual account has no card to go back to. Whether all of it is there, the API says.
    for field in ["refund_holder", "refund_bank", "refund_account"] {
        if asked.get(field).is_some() {
            body[field] = json!(asked.text(field)?);
        }
    }
    let route = format!("/charges/{merchant_uid}/refunds");
    shop.billing.post(&route, &body, Some(&format!("refund-{refund}"))).await?.pass_on()
}
