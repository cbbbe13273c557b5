//! The storefront page and the PG's window as a person meets them: a real Chromium, driven over WebDriver. What the page
//! shows is held against what the API says and what the PSP's books say. `./dev test` starts everything and runs this.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod cards;
mod checkout;
mod chromium;
mod harness;
mod page;
mod pages;
mod rights;
mod session;
mod settle;
mod site;
mod storefront;
mod subscribing;
mod subscriptions;
mod twice;
mod window;
mod window_keys;
mod world;
