//! Which planted bug is found by which rule, and how soon.

use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::inside;
use crate::planted::{self, ELSEWHERE, Plant};
use crate::seeded;

/// Seeds within which every bug must be found.
pub const SEEDS_MAX: u64 = 20_000;
/// Seeds of which it is counted how many find a bug.
pub const SEEDS_COUNTED: u64 = 1_000;

/// What came of looking for a bug.
#[derive(Debug, Clone, Copy)]
pub enum Hunt {
    /// No seed found it.
    Missed,
    /// Found.
    Caught {
        /// The rule that found it first.
        rule: &'static str,
        /// The first seed that did.
        seed: u64,
        /// How many of the first [`SEEDS_COUNTED`] seeds find it.
        of_counted: u64,
    },
}

impl Hunt {
    const fn first_seed(&self) -> Option<u64> {
        match self {
            Self::Caught { seed, .. } => Some(*seed),
            Self::Missed => None,
        }
    }
}

/// The rule by which a seed finds a bug. A rule that the same seed breaks without the bug does not count.
#[must_use]
pub fn found_by(plant: &Plant, seed: u64) -> Option<&'static str> {
    let broken = seeded::run_with_bug(seed, plant.bug).violations;
    if !broken.iter().any(|violation| plant.rules.contains(&violation.rule)) {
        return None;
    }
    let without = seeded::run(seed).violations;
    let new = |rule: &str| plant.rules.contains(&rule) && without.iter().all(|other| other.rule != rule);
    broken.into_iter().map(|violation| violation.rule).find(|rule| new(rule))
}

/// Looks for a bug by seeds.
#[must_use]
pub fn hunt(plant: &Plant) -> Hunt {
    let first = (1..=SEEDS_MAX).find_map(|seed| Some((seed, found_by(plant, seed)?)));
    let Some((seed, rule)) = first else { return Hunt::Missed };
    let of_counted = (seed..=SEEDS_COUNTED).filter(|seed| found_by(plant, *seed).is_some()).count();
    Hunt::Caught { rule, seed, of_counted: u64::try_from(of_counted).unwrap_or(u64::MAX) }
}

/// Looks for every bug of this build, several at a time. The answers are in the order of [`planted::zoo`].
#[must_use]
pub fn hunt_all(threads: usize) -> Vec<(Plant, Hunt)> {
    hunt_each(&planted::zoo(), threads)
}

/// Looks for some of the bugs, several at a time. The answers are in their order.
#[must_use]
pub fn hunt_each(plants: &[Plant], threads: usize) -> Vec<(Plant, Hunt)> {
    let next = AtomicUsize::new(0);
    let hunted = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(|| {
                while let Some(plant) = plants.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let place = plants.iter().position(|other| other.bug == plant.bug);
                    let found = (place, *plant, hunt(plant));
                    if let Ok(mut hunted) = hunted.lock() {
                        hunted.push(found);
                    }
                }
            });
        }
    });
    let mut hunted = hunted.into_inner().unwrap_or_default();
    hunted.sort_by_key(|(place, ..)| *place);
    hunted.into_iter().map(|(_, plant, hunt)| (plant, hunt)).collect()
}

/// Every number of the list, and what came of it.
#[must_use]
pub fn table(hunted: &[(Plant, Hunt)]) -> String {
    let mut lines: Vec<(u8, String)> = Vec::new();
    for (plant, hunt) in hunted {
        let result = match hunt {
            Hunt::Missed => format!("MISSED by {SEEDS_MAX} seeds"),
            Hunt::Caught { rule, seed, of_counted } => format!("{rule:<10} {seed:>6}   {of_counted}/{SEEDS_COUNTED}"),
        };
        lines.push((plant.number, format!("{:<46} {result}", plant.name)));
    }
    for (number, name, place) in ELSEWHERE {
        lines.push((*number, format!("{name:<46} – {place}")));
    }
    lines.sort_by_key(|(number, _)| if *number == 0 { u8::MAX } else { *number });
    let mut text =
        format!("{:>3} {:<46} {:<10} {:>6}   seeds that find it\n", "no.", "planted bug", "caught by", "seed");
    for (number, line) in lines {
        let number = if number == 0 { "–".to_owned() } else { number.to_string() };
        let _ = writeln!(text, "{number:>3} {line}");
    }
    let caught = hunted.iter().filter(|(_, hunt)| matches!(hunt, Hunt::Caught { .. })).count();
    let mut firsts: Vec<u64> = hunted.iter().filter_map(|(_, hunt)| hunt.first_seed()).collect();
    firsts.sort_unstable();
    let median = firsts.get(firsts.len() / 2).copied().unwrap_or_default();
    let last = firsts.last().copied().unwrap_or_default();
    let left_out = if inside::IN_THIS_BUILD { "" } else { ", none of those inside the domain: `./dev zoo` has them" };
    let _ = writeln!(text, "{caught} of {} caught{left_out}", hunted.len());
    let _ = writeln!(text, "first seed: median {median}, last {last}");
    text
}
