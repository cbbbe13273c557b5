//! Which planted bug is found by which rule, and how soon.

use std::path::Path;

use crate::bug::Bug;
use crate::rule::Rule;
use crate::world::{World, WorldError};

/// Seeds within which every bug must be found.
pub const SEEDS_MAX: u64 = 10_000;

/// How a bug was found.
#[derive(Debug, Clone, Copy)]
pub struct Caught {
    /// The bug.
    pub bug: Bug,
    /// The rule that found it, and the seed.
    pub by: Option<(Rule, u64)>,
}

/// Looks for a bug by seeds. A rule that the same seed breaks without the bug does not count. `program` is this crate's
/// binary.
///
/// # Errors
/// If a scenario cannot run.
pub async fn hunt(bug: Bug, program: &Path) -> Result<Caught, WorldError> {
    if bug.rules.contains(&Rule::NoPanic) {
        // Its panics are what is looked for: they need no backtrace.
        let usual = std::panic::take_hook();
        std::panic::set_hook(Box::new(|_| {}));
        let caught = look(bug, program).await;
        std::panic::set_hook(usual);
        return caught;
    }
    look(bug, program).await
}

async fn look(bug: Bug, program: &Path) -> Result<Caught, WorldError> {
    let mut with = World::start(bug.kind, Some(bug.number), program).await?;
    let mut without = World::start(bug.kind, None, program).await?;
    for seed in 1..=SEEDS_MAX {
        let broken = with.run(seed).await?.violations;
        let Some(found) = broken.iter().find(|violation| bug.rules.contains(&violation.rule)) else { continue };
        let clean = without.run(seed).await?.violations;
        if clean.iter().all(|other| other.rule != found.rule) {
            return Ok(Caught { bug, by: Some((found.rule, seed)) });
        }
    }
    Ok(Caught { bug, by: None })
}
