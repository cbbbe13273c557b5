//! The simulation's own tests: one program, because each is linked with all of the product, optimised.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]
#![expect(clippy::print_stdout, reason = "what a test prints is its report")]

mod backlog;
mod crash_points;
mod faults;
mod index;
mod periods;
mod planted;
mod regressions;
mod rng;
mod seeds;
mod webhooks;
