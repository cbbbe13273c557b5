//! The fixtures, against the client through its public face, and against the simulator through its HTTP face.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod ask;
mod client;
mod files;
mod meaning;
mod player;
mod scenes;
mod shop;
mod simulator;
