//! The table, behind billing's ports: [`DynamoStore`] for production, [`MemoryStore`] for simulations and tests. One
//! contract suite (`tests/it`) holds both to the same behaviour.
//!
//! Every attribute, index and condition expression of the system is named in this crate and nowhere else.

mod cursor;
#[cfg(feature = "dynamo")]
mod dynamo;
mod memory;
mod shard;

#[cfg(feature = "dynamo")]
pub use dynamo::{DynamoStore, change};
pub use memory::MemoryStore;
