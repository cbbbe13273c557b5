//! The product as its users meet it: HTTP through the gateway to the functions, and from there to the simulated PSP and
//! the table. Nothing of the product is linked but its list of what gateways ask for, of which one table is made;
//! `./dev test` starts everything and runs this.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

mod accounts;
mod auth;
mod bad_cards;
mod bad_json;
mod bad_orders;
mod bad_webhooks;
mod canary;
mod charge;
mod charge_faults;
mod checked_keys;
mod checkouts;
mod events;
mod examples;
mod gateways;
mod keys;
mod leaks;
mod ownership;
mod psp;
mod receipts;
mod refunds;
mod refusals;
mod reply;
mod report;
mod schedules;
mod seed;
mod shop;
mod slow;
mod subscriptions;
mod table;
mod table_faults;
mod told;
mod tour;
mod webhook;
mod window_keys;
mod withdrawals;
mod world;
