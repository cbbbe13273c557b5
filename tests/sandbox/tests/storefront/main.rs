//! The demo storefront: what it lets through, what it sends to the billing API, and what its pages may do.

#![expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")]

mod clock;
mod guard;
mod orders;
mod owner;
mod pages;
mod sessions;
mod subscriptions;
mod support;
mod texts;
