//! The domain through its public face: `apply` over every state and kind of evidence, and each use case against a PSP
//! whose answers a test decides and the table in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod account;
mod attempt_rules;
mod change_rules;
mod channels;
mod charge;
mod checked_key;
mod checkout;
mod checkout_rules;
mod compare;
mod cost_rules;
mod event_rules;
mod evidence;
mod fixture;
mod foreign;
mod gateway_checks;
mod gateway_rules;
mod gateway_warnings;
mod gone_key;
mod habits;
mod key_rules;
mod keys;
mod laws;
mod listed_rules;
mod listing;
mod lossy;
mod machine;
mod order_rules;
mod overtaken;
mod payment_rules;
mod periods;
mod plan_rules;
mod receipt;
mod receipt_rules;
mod reconcile_rules;
mod refund;
mod refund_rules;
mod registrations;
mod regressions;
mod replaced_key;
mod schedule;
mod schedule_rules;
mod schedules_with_key;
mod step_rules;
mod subscription;
mod sweep;
mod use_of_keys;
mod use_of_schedules;
mod use_of_subscriptions;
mod webhook;
mod window_key;
mod windows;
mod withdraw;
mod writes;
