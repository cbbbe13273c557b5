//! Which planted bug is found by which rule, and how soon.

use crate::planted::Bug;
use crate::seeded;

/// Seeds within which every bug must be found.
pub const SEEDS_MAX: u64 = 10_000;

/// How a bug was found.
#[derive(Debug, Clone, Copy)]
pub struct Caught {
    /// The bug.
    pub bug: Bug,
    /// The rule that found it, and the seed.
    pub by: Option<(&'static str, u64)>,
}

/// Looks for a bug by seeds. A rule that the same seed breaks without the bug does not count.
#[must_use]
pub fn hunt(bug: Bug, rules: &[&str]) -> Caught {
    for seed in 1..=SEEDS_MAX {
        let broken = seeded::run_with_bug(seed, bug).violations;
        let Some(violation) = broken.iter().find(|violation| rules.contains(&violation.rule)) else { continue };
        let without = seeded::run(seed).violations;
        if without.iter().all(|other| other.rule != violation.rule) {
            return Caught { bug, by: Some((violation.rule, seed)) };
        }
    }
    Caught { bug, by: None }
}
