//! Bugs inside the domain. There are none in this build: the product knows nothing of them.
//!
//! `./dev zoo` makes a copy of the repository in which the patches of `tests/zoo` have made them, and puts
//! `tests/zoo/overlay/tests/simulation/src/inside.rs` in this file's place there.

use crate::planted::{Bug, Plant};

/// A mistake inside the domain.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Inner {}

/// Whether they are in this build.
pub const IN_THIS_BUILD: bool = false;

/// Every bug inside the domain.
pub const ZOO: &[Plant] = &[];

/// Plants a bug inside the domain on this thread. Any other is nothing to the domain.
pub(crate) const fn plant(_: Option<Bug>) {}
