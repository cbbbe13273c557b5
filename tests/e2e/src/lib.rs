//! What the live tests and the static ones read of the repository, and where the live ones find the running stack.
#![allow(clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

pub mod contract;
pub mod stack;
