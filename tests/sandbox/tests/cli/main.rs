//! The `sandbox` command as a developer's script sees it: exit codes, lines, files, signals.

#![expect(clippy::expect_used, reason = "a helper that cannot go on fails the test")]

mod serve;
mod support;
mod tools;
