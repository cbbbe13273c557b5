//! The rules of reliability §4, read from the PSP's books, the table and what callers were told. Nothing here looks
//! inside a handler.

pub(crate) mod account;
pub(crate) mod checked;
pub(crate) mod events;
pub(crate) mod moves;
pub mod parts;
pub mod receipt;
pub mod recorded;
pub mod rest;
pub mod seen;
pub mod subscription;
pub mod told;
pub(crate) mod window;
pub(crate) mod with_key;
