//! The browser's side: `/v1/iamport.js`, a stand-in for the SDK, and the payment window that it opens.
//!
//! The page that embeds the SDK needs the simulator's origin in `script-src` and nothing else: the request travels in
//! the fragment of the window's address, which no server and no log sees, and the result comes back as a message to
//! the opener's origin or in the query of `m_redirect_url`.
//!
//! | address | what it is |
//! |---|---|
//! | `/v1/iamport.js` | the SDK |
//! | `/v1/window#{request}` | the window's page; it opens a window and goes on as `/v1/window?id={id}` |
//! | POST `/v1/windows` | opens a window |
//! | GET `/v1/windows/{id}` | how it stands |
//! | POST `/v1/windows/{id}/{pay,decline,close}` | what the customer does in it |
//! | GET `/_sim/windows` | all of them |
//! | POST `/_sim/windows/{id}/{pay,decline,close}` | the same, behind the customer's back: the page is not told |
//! | POST `/_sim/window`, `/_sim/vbank` | a payment without a browser |

mod book;
mod confirm;
mod control;
mod flow;
mod http;
mod request;
mod told;

use axum::Router;

pub(super) use self::book::WindowBook;
use super::state::{Guarded, Shared};

/// All windows of one shop.
#[derive(Debug, Default)]
pub(super) struct Windows {
    /// The shop's code in `IMP.init`.
    pub(super) code: String,
    pub(super) book: Guarded<WindowBook>,
}

impl Windows {
    pub(super) fn of(code: String) -> Self {
        Self { code, book: Guarded::default() }
    }
}

pub(super) fn router(sim: &Shared) -> Router {
    http::router(sim).merge(control::router(sim))
}
