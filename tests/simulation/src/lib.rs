//! Crash points and seeded simulation over the production use cases.
//!
//! One thread, virtual time, and one seed that decides everything: order, delays, faults, ids. The code under test is
//! `billing`'s own; only what lies beyond its ports is simulated. The PSP is the sandbox's ledger.
//!
//! | module | what it is |
//! |---|---|
//! | [`exec`], [`kernel`] | the scheduler: a process runs only when it says so, and may be dropped at any boundary |
//! | [`sim`], [`psp`], [`table`], [`host`] | the world behind the ports, with everything that goes wrong in it |
//! | [`lambda`] | an invocation of a function: one production use case |
//! | [`check`] | the rules, read from books, table and answers only |
//! | [`crash`] | every boundary of every flow, times every fault, one and two deep |
//! | [`stubborn`] | a gateway that refuses or ignores one thing for ever |
//! | [`quiet`] | when nothing is owed any more |
//! | [`planted`], [`inside`] | bugs to see whether the rules find them |
//! | [`seeded`], [`card`] | many clients, webhooks, a console and time, by seed; and what a run of seeds came to |

pub mod card;
pub mod check;
pub mod chooser;
pub mod crash;
pub mod exec;
pub mod fault;
pub mod host;
pub mod inside;
pub mod kernel;
pub mod lambda;
pub mod planted;
pub mod psp;
pub mod quiet;
pub mod rng;
pub mod seeded;
pub mod sim;
pub mod stage;
pub mod stubborn;
pub mod table;
pub mod zoo;

/// A third of a seed's time goes into copies of rows.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;
