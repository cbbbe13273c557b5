//! The seeds of the simulation with the table behind production's own adapter and the real AWS SDK.
//!
//! The SDK's requests go to an embedded engine in process, through a wire on which they are throttled, lost, repeated and
//! cut short. Time, backoff and chance of the SDK are the simulation's: one seed decides everything.
//!
//! | module | what it is |
//! |---|---|
//! | [`backend`] | the simulation's table port over `store::DynamoStore` |
//! | [`wire`], [`fault`] | the SDK's HTTP client, and what goes wrong on the way |
//! | [`clock`] | the SDK's clock and its waits |
//! | [`engine`] | the embedded engine with the table of `template.yaml` |
//! | [`seeded`] | a seed, and what a run of seeds came to |

pub mod backend;
pub mod clock;
pub mod engine;
pub mod fault;
pub mod seeded;
pub mod wire;
