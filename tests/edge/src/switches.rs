//! What plants a bug into the code under test. There is nothing of it in this build: the product knows of no bugs.
//!
//! `./dev zoo` makes a copy of the repository in which the patches of `tests/zoo` have made them, and puts
//! `tests/zoo/overlay/tests/edge/src/switches.rs` in this file's place there. Bug 41 is a property of what is deployed, and
//! needs no switch: see [`crate::deploy`].

/// Whether the bugs are in this build.
pub const IN_THIS_BUILD: bool = false;

/// Plants the bug with this number on this thread, or none.
pub const fn plant(_: Option<u8>) {}
