//! The table of the simulation: the in-memory store with its conditions, and everything a real table does besides.

mod index;
mod port;
mod report;

pub use index::DueIndex;
pub use port::Table;
