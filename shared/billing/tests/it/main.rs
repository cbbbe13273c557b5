//! The domain through its public face: `apply` over every state and kind of evidence, and each use case against a PSP
//! whose answers a test decides and the table in memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod charge;
mod checkout;
mod compare;
mod evidence;
mod fixture;
mod foreign;
mod gone_key;
mod habits;
mod keys;
mod laws;
mod listing;
mod lossy;
mod machine;
mod overtaken;
mod periods;
mod refund;
mod registrations;
mod regressions;
mod replaced_key;
mod schedule;
mod subscription;
mod sweep;
mod webhook;
mod window_key;
mod windows;
mod withdraw;
mod writes;
