//! The PSP of the simulation: billing's ports over the sandbox's ledger, with everything that may go wrong in between.

mod listing;
mod port;
pub mod request;
pub(crate) mod wire;

pub use port::{Named, Psp};
pub(crate) use request::ACCOUNTS_AT;
