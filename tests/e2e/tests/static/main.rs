//! What holds the repository's files together: events, contract, template, sources, dependencies, words. Nothing here needs
//! a running stack.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test that cannot go on says so")]

mod codes;
mod dependencies;
mod documents;
mod events;
mod fields;
mod korean;
mod modules;
mod openapi;
mod package;
mod repository;
mod rows;
mod samples;
mod sources;
mod template;
mod tree;
