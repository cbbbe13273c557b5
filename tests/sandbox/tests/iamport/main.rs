//! The Iamport simulator through its HTTP face, one module per story.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]
#![allow(clippy::disallowed_methods, reason = "a test measures how long a real reply took")]

mod charges;
mod faults;
mod gateways;
mod harness;
mod journey;
mod keys;
mod payments;
mod persistence;
mod receipts;
mod schedules;
mod seed;
mod tiers;
mod token;
mod webhooks;
mod window;
mod window_confirm;
mod window_keys;
