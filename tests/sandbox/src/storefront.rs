//! A small shop that integrates with the billing API, and so shows how a storefront does it.
//!
//! | part | what it is |
//! |---|---|
//! | `static/` | the shop's pages; `billing.js` is the integration, quoted in the README |
//! | `pages` | serves them, under a strict content security policy |
//! | `api` | `/api/*`, the shop's own server: it knows prices, gives out order numbers and holds the merchant's token |
//! | `owner` | `/api/owner/*`: what the shop's owner may do, behind a sign-in of its own |
//! | `billing` | the billing API as the shop's server calls it |
//! | `subscriptions` | subscribing, and what the owner does with everybody's subscriptions |
//! | `clock` | the sandbox's clock, moved from the page: no real shop has this |
//! | `orders` | which order number was given out for what, in memory |
//!
//! Whoever names an amount holds the merchant's token, so the browser names a product and the server its price. The
//! token never reaches a browser; a signed-in customer gets a short-lived one of their own, with which the page calls
//! the billing API's customer routes itself.

mod api;
mod billing;
mod catalogue;
mod clock;
mod guard;
mod orders;
mod owner;
mod pages;
mod sessions;
mod subscriptions;

use std::future::Future;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::{Method, Request, StatusCode};
use hyper::body::Incoming;
use jiff::Timestamp;
use serde_json::json;
use tokio::net::TcpListener;

use self::billing::Billing;
use self::clock::Clock;
use self::guard::{Asked, Refused};
use self::orders::Orders;
use self::pages::Pages;
use self::sessions::Sessions;
use crate::gateway::keys::SigningKey;
use crate::journey::Places;
use crate::net::{self, Reply};

/// What the shop needs to know.
#[derive(Clone, Debug)]
pub struct Options {
    /// The key that signs the tokens of the shop and of its customers.
    pub key: SigningKey,
    /// The billing API, for example `http://127.0.0.1:3000`.
    pub gateway_url: String,
    /// Where `/v1/iamport.js` is served.
    pub iamport_url: String,
    /// Seconds by which the sandbox's clock is ahead of the machine's, as text. Without the file it is not ahead.
    pub clock_file: Option<PathBuf>,
    /// What has to be told when the page moves the clock; without it the page cannot.
    pub clock: Option<Places>,
}

/// Why the shop cannot open.
#[derive(Debug, thiserror::Error)]
pub enum StorefrontError {
    /// The listener has no address.
    #[error("the storefront's listener")]
    Listener(#[source] std::io::Error),
    /// An address that no header can hold.
    #[error("`{0}` is not a URL")]
    Url(String),
}

struct Shop {
    /// The one authority that the shop answers to, as in `127.0.0.1:3100`.
    authority: String,
    pages: Pages,
    billing: Billing,
    sessions: Mutex<Sessions>,
    orders: Mutex<Orders>,
    clock_file: Option<PathBuf>,
    clock: Option<Clock>,
}

/// Serves the shop on `listener` until `shutdown` resolves.
///
/// # Errors
/// [`StorefrontError`] before anything is served.
pub async fn serve(
    listener: TcpListener,
    options: Options,
    shutdown: impl Future<Output = ()>,
) -> Result<(), StorefrontError> {
    let authority = listener.local_addr().map_err(StorefrontError::Listener)?.to_string();
    let shop = Arc::new(Shop {
        authority,
        pages: Pages::new(&options.gateway_url, &options.iamport_url)?,
        billing: Billing::new(options.key, &options.gateway_url),
        sessions: Mutex::default(),
        orders: Mutex::default(),
        clock_file: options.clock_file,
        clock: options.clock.map(Clock::new),
    });
    net::serve(listener, shutdown, move |request, _peer| {
        let shop = Arc::clone(&shop);
        async move { Ok(shop.handle(request).await) }
    })
    .await;
    Ok(())
}

impl Shop {
    async fn handle(&self, request: Request<Incoming>) -> Reply {
        let (parts, body) = request.into_parts();
        let path = parts.uri.path().to_owned();
        if !path.starts_with("/api/") {
            return self.page(&parts);
        }
        let method = parts.method.clone();
        let answered = async {
            let asked = Asked::read(parts, body, &self.authority).await?;
            match path.strip_prefix("/api/owner/") {
                Some(rest) => owner::answer(self, &asked, rest).await,
                None => api::answer(self, &asked, path.trim_start_matches("/api/")).await,
            }
        };
        let reply = answered.await.unwrap_or_else(Refused::into_reply);
        // Neither query nor body: a person may have typed anything into them.
        tracing::info!(%method, path, status = reply.status().as_u16(), "storefront");
        pages::secured_answer(reply)
    }

    fn page(&self, parts: &http::request::Parts) -> Reply {
        if parts.method != Method::GET && parts.method != Method::HEAD {
            return self.pages.refused(StatusCode::METHOD_NOT_ALLOWED);
        }
        match guard::host(&parts.headers) {
            Some(host) if host == self.authority => self.pages.get(parts.uri.path()),
            // A cookie belongs to a host, and the PG's window returns to this one: there has to be one name for it.
            Some(host) if guard::is_another_name_of(&host, &self.authority) => {
                let target = parts.uri.path_and_query().map_or("/", |target| target.as_str());
                self.pages.moved(&format!("http://{}{target}", self.authority))
            }
            // Somebody else's name that leads here (DNS rebinding).
            Some(_) | None => self.pages.refused(StatusCode::MISDIRECTED_REQUEST),
        }
    }

    /// UNIX seconds by the sandbox's clock, which the functions go by: a real shop takes its own.
    fn now(&self) -> i64 {
        let offset = self.clock_file.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        let ahead: i64 = offset.and_then(|text| text.trim().parse().ok()).unwrap_or_default();
        Timestamp::now().as_second().saturating_add(ahead)
    }
}

/// A panic while a lock is held leaves maps of plain values, none of them half-changed.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// An answer without news.
fn done() -> Reply {
    net::json(StatusCode::OK, &json!({}))
}
