//! The fixtures of `tests/fixtures`: replies of Iamport as documents and public code show them, with invented values.
//!
//! Client and simulator were written by the same people from the same documents. Here both are held against something that
//! neither of them was made from.

pub mod fixture;
pub mod schema;
pub mod shape;

pub use fixture::{Fixture, Source, Webhook};
pub use schema::Schemas;
