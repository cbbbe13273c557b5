//! The local API Gateway, seen from both sides: a client in front, and a Lambda invoke API behind.

#![expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")]

mod answers;
mod authorizer;
mod cors;
mod events;
mod limits;
mod routing;
mod support;
mod template;
