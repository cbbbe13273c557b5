//! The AWS endpoint, seen through the real SDKs.

#![expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")]

mod dynamodb;
mod faults;
mod persistence;
mod secrets;
mod support;
