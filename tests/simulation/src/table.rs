//! The table of the simulation: the in-memory store with its conditions, or another that is plugged in, and everything a
//! real table does besides.

pub mod index;
mod landing;
mod port;
mod report;
mod rival;
mod rows;
mod subscription;
mod wired;

pub use index::DueIndex;
pub use landing::Landing;
pub use port::Table;
pub use rows::{Backend, Call, Rows, WriteCall};
pub use wired::Written;
