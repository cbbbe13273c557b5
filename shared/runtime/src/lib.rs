//! The Lambda edge: what the functions share around the domain.
//!
//! Every environment variable, log field, metric and HTTP status of the system is named in this crate, and the `psp` module is the
//! one place that knows both the Iamport client and the domain.

mod app;
mod aws;
mod bus;
mod clock;
pub mod config;
mod deadline;
mod host;
pub mod http;
mod log;
pub mod metrics;
mod psp;
pub mod secret;
mod serve;
#[cfg(test)]
#[expect(dead_code, reason = "the client's own tests use the rest of it")]
#[path = "../../iamport/tests/it/server.rs"]
mod server;
mod stream;
mod window;

pub use app::App;
pub use bus::Bus;
pub use config::Config;
pub use deadline::Deadline;
pub use host::Host;
pub use psp::Psp;
pub use serve::{Ended, HANDLER_BUDGET, serve_http, serve_stream, serve_ticks};
pub use stream::Batch;
