//! What both the live tests and the static ones read of the repository.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

pub mod contract;
