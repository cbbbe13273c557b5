//! What goes wrong in one seed, and how often.

use super::DAY;
use crate::chooser::{Outage, Side};
use crate::fault::{Class, Fault};
use crate::rng::Rng;
use crate::sim::START;

/// How often any fault befalls a call of one kind, in a thousand: each kind of call draws one.
const STRENGTHS: [u64; 6] = [0, 0, 20, 60, 200, 500];
const CLASSES: [Class; 6] = [Class::Token, Class::Post, Class::Get, Class::Read, Class::Write, Class::Index];

/// Which faults are on, and how strong.
pub(super) fn rates(rng: &mut Rng) -> Vec<(Class, Vec<(Fault, u64)>)> {
    let only = rng.chance(333).then(|| *rng.pick(&Fault::ALL).unwrap_or(&Fault::Late));
    let all = |class: Class| {
        let strength = *rng.pick(&STRENGTHS).unwrap_or(&0);
        let faults = class.faults();
        let mut kinds = Vec::new();
        for fault in faults {
            let on = only.map_or_else(|| rng.chance(500), |only| only == *fault);
            if on {
                kinds.push(*fault);
            }
        }
        let each = strength / u64::try_from(kinds.len().max(1)).unwrap_or(1);
        (class, kinds.into_iter().map(|fault| (fault, each)).filter(|(_, rate)| *rate > 0).collect())
    };
    CLASSES.into_iter().map(all).collect()
}

/// A side that is out of reach for a while: minutes, or, where years pass, up to three days.
pub(super) fn outages(rng: &mut Rng, long: bool) -> Vec<Outage> {
    let mut outages = Vec::new();
    for of in [Side::Psp, Side::Table] {
        if rng.chance(60) {
            let from = START + if long { rng.between(0, 300 * DAY) } else { rng.between(0, 900) };
            let seconds = if long { rng.between(DAY / 24, 3 * DAY) } else { rng.between(20, 1_200) };
            outages.push(Outage { of, from, until: from + seconds });
        }
    }
    outages
}
